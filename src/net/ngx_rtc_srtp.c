
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The one file on libsrtp2.  Streams are made from a template by the first
 * authentic packet of an SSRC; their number is bounded here, since the
 * library doesn't.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <srtp2/srtp.h>

#include "ngx_rtc_srtp.h"


/*
 * Retransmissions and bursts come late (RTX has its own SSRC, but NACKed
 * packets of peers without it don't).
 */
#define NGX_RTC_SRTP_WINDOW       2048

#define NGX_RTC_SRTP_RTP_HEADER   12
#define NGX_RTC_SRTP_RTCP_HEADER  8


struct ngx_rtc_srtp_s {
    srtp_t          session;
    ngx_uint_t      nssrcs;
    uint32_t        ssrcs[NGX_RTC_SRTP_STREAMS];    /* network order */
};


static ngx_int_t ngx_rtc_srtp_known(ngx_rtc_srtp_t *s, uint32_t ssrc);
static ngx_int_t ngx_rtc_srtp_result(ngx_rtc_srtp_t *s, uint32_t ssrc,
    ngx_int_t known, srtp_err_status_t status);


static ngx_uint_t  ngx_rtc_srtp_ready;


ngx_int_t
ngx_rtc_srtp_init(void)
{
    if (ngx_rtc_srtp_ready) {
        return NGX_OK;
    }

    if (srtp_init() != srtp_err_status_ok) {
        return NGX_ERROR;
    }

    ngx_rtc_srtp_ready = 1;

    return NGX_OK;
}


void
ngx_rtc_srtp_exit(void)
{
    if (ngx_rtc_srtp_ready) {
        srtp_shutdown();
        ngx_rtc_srtp_ready = 0;
    }
}


size_t
ngx_rtc_srtp_key_len(ngx_uint_t profile)
{
    switch (profile) {

    case NGX_RTC_SRTP_AES128_CM_SHA1_80:
    case NGX_RTC_SRTP_AES128_GCM:
        return 16;

    case NGX_RTC_SRTP_AES256_GCM:
        return 32;

    default:
        return 0;
    }
}


size_t
ngx_rtc_srtp_salt_len(ngx_uint_t profile)
{
    switch (profile) {

    case NGX_RTC_SRTP_AES128_CM_SHA1_80:
        return 14;

    case NGX_RTC_SRTP_AES128_GCM:
    case NGX_RTC_SRTP_AES256_GCM:
        return 12;

    default:
        return 0;
    }
}


const char *
ngx_rtc_srtp_name(ngx_uint_t profile)
{
    switch (profile) {

    case NGX_RTC_SRTP_AES128_CM_SHA1_80:
        return "AES128_CM_SHA1_80";

    case NGX_RTC_SRTP_AES128_GCM:
        return "AEAD_AES_128_GCM";

    case NGX_RTC_SRTP_AES256_GCM:
        return "AEAD_AES_256_GCM";

    default:
        return "";
    }
}


ngx_rtc_srtp_t *
ngx_rtc_srtp_create(ngx_uint_t profile, u_char *key, ngx_uint_t direction,
    ngx_log_t *log)
{
    srtp_policy_t    policy;
    ngx_rtc_srtp_t  *s;

    ngx_memzero(&policy, sizeof(srtp_policy_t));

    switch (profile) {

    case NGX_RTC_SRTP_AES128_CM_SHA1_80:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
        break;

    case NGX_RTC_SRTP_AES128_GCM:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
        break;

    case NGX_RTC_SRTP_AES256_GCM:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
        break;

    default:
        return NULL;
    }

    policy.ssrc.type = (direction == NGX_RTC_SRTP_IN) ? ssrc_any_inbound
                                                      : ssrc_any_outbound;
    policy.key = key;
    policy.window_size = NGX_RTC_SRTP_WINDOW;
    policy.allow_repeat_tx = 1;

    s = ngx_calloc(sizeof(ngx_rtc_srtp_t), log);
    if (s == NULL) {
        return NULL;
    }

    if (srtp_create(&s->session, &policy) != srtp_err_status_ok) {
        ngx_free(s);
        return NULL;
    }

    return s;
}


void
ngx_rtc_srtp_destroy(ngx_rtc_srtp_t *s)
{
    srtp_dealloc(s->session);
    ngx_free(s);
}


ngx_int_t
ngx_rtc_srtp_protect(ngx_rtc_srtp_t *s, u_char *p, size_t *len)
{
    int                n;
    uint32_t           ssrc;
    ngx_int_t          known;
    srtp_err_status_t  status;

    if (*len < NGX_RTC_SRTP_RTP_HEADER) {
        return NGX_DECLINED;
    }

    ngx_memcpy(&ssrc, p + 8, sizeof(uint32_t));

    known = ngx_rtc_srtp_known(s, ssrc);
    if (known == NGX_ERROR) {
        return NGX_ERROR;
    }

    n = (int) *len;
    status = srtp_protect(s->session, p, &n);
    *len = n;

    return ngx_rtc_srtp_result(s, ssrc, known, status);
}


ngx_int_t
ngx_rtc_srtp_protect_rtcp(ngx_rtc_srtp_t *s, u_char *p, size_t *len)
{
    int                n;
    uint32_t           ssrc;
    ngx_int_t          known;
    srtp_err_status_t  status;

    if (*len < NGX_RTC_SRTP_RTCP_HEADER) {
        return NGX_DECLINED;
    }

    ngx_memcpy(&ssrc, p + 4, sizeof(uint32_t));

    known = ngx_rtc_srtp_known(s, ssrc);
    if (known == NGX_ERROR) {
        return NGX_ERROR;
    }

    n = (int) *len;
    status = srtp_protect_rtcp(s->session, p, &n);
    *len = n;

    return ngx_rtc_srtp_result(s, ssrc, known, status);
}


ngx_int_t
ngx_rtc_srtp_unprotect(ngx_rtc_srtp_t *s, u_char *p, size_t *len)
{
    int                n;
    uint32_t           ssrc;
    ngx_int_t          known;
    srtp_err_status_t  status;

    if (*len < NGX_RTC_SRTP_RTP_HEADER) {
        return NGX_DECLINED;
    }

    ngx_memcpy(&ssrc, p + 8, sizeof(uint32_t));

    known = ngx_rtc_srtp_known(s, ssrc);
    if (known == NGX_ERROR) {
        return NGX_ERROR;
    }

    n = (int) *len;
    status = srtp_unprotect(s->session, p, &n);
    *len = n;

    return ngx_rtc_srtp_result(s, ssrc, known, status);
}


ngx_int_t
ngx_rtc_srtp_unprotect_rtcp(ngx_rtc_srtp_t *s, u_char *p, size_t *len)
{
    int                n;
    uint32_t           ssrc;
    ngx_int_t          known;
    srtp_err_status_t  status;

    if (*len < NGX_RTC_SRTP_RTCP_HEADER) {
        return NGX_DECLINED;
    }

    ngx_memcpy(&ssrc, p + 4, sizeof(uint32_t));

    known = ngx_rtc_srtp_known(s, ssrc);
    if (known == NGX_ERROR) {
        return NGX_ERROR;
    }

    n = (int) *len;
    status = srtp_unprotect_rtcp(s->session, p, &n);
    *len = n;

    return ngx_rtc_srtp_result(s, ssrc, known, status);
}


void
ngx_rtc_srtp_forget(ngx_rtc_srtp_t *s, uint32_t ssrc)
{
    ngx_uint_t  i;

    ssrc = htonl(ssrc);

    for (i = 0; i < s->nssrcs; i++) {

        if (s->ssrcs[i] == ssrc) {
            (void) srtp_remove_stream(s->session, ssrc);

            s->nssrcs--;
            s->ssrcs[i] = s->ssrcs[s->nssrcs];

            return;
        }
    }
}


/* NGX_OK: known, NGX_DECLINED: not, NGX_ERROR: not and there is no place */

static ngx_int_t
ngx_rtc_srtp_known(ngx_rtc_srtp_t *s, uint32_t ssrc)
{
    uint32_t    other;
    ngx_uint_t  i;

    for (i = 0; i < s->nssrcs; i++) {

        if (s->ssrcs[i] == ssrc) {

            /* the busy ones move to the front */

            if (i > 0) {
                other = s->ssrcs[i - 1];
                s->ssrcs[i - 1] = ssrc;
                s->ssrcs[i] = other;
            }

            return NGX_OK;
        }
    }

    return (s->nssrcs < NGX_RTC_SRTP_STREAMS) ? NGX_DECLINED : NGX_ERROR;
}


static ngx_int_t
ngx_rtc_srtp_result(ngx_rtc_srtp_t *s, uint32_t ssrc, ngx_int_t known,
    srtp_err_status_t status)
{
    if (status == srtp_err_status_ok) {

        if (known == NGX_DECLINED) {
            s->ssrcs[s->nssrcs++] = ssrc;
        }

        return NGX_OK;
    }

    if (known == NGX_DECLINED) {

        /* a packet that failed may have left a stream */

        (void) srtp_remove_stream(s->session, ssrc);
    }

    return (status == srtp_err_status_alloc_fail) ? NGX_ERROR : NGX_DECLINED;
}
