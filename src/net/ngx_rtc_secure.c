
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * DTLS and SRTP of a transport: how many handshakes run at once, the keys
 * they give, what is decrypted by these.  The state of the transport that
 * follows is in ngx_rtc_transport.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"


/* a handshake costs half a millisecond of CPU, and memory while it runs */

#define NGX_RTC_HANDSHAKES         256
#define NGX_RTC_HANDSHAKES_SOURCE  64       /* of one source */
#define NGX_RTC_HANDSHAKES_SILENT  2000000  /* then others may take its place */


static ngx_int_t ngx_rtc_secure_place(ngx_rtc_transport_t *t,
    ngx_rtc_usec_t now);
static void ngx_rtc_secure_send(void *data, u_char *p, size_t len);
static void ngx_rtc_secure_data(void *data, u_char *p, size_t len);


static const ngx_rtc_dtls_handler_t  ngx_rtc_secure_handler = {
    ngx_rtc_secure_send,
    ngx_rtc_secure_data
};

static void        *ngx_rtc_dtls_ctx;
static ngx_queue_t  ngx_rtc_handshakes;
static ngx_uint_t   ngx_rtc_nhandshakes;


ngx_int_t
ngx_rtc_secure_init(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_rtc_handshakes);
    ngx_rtc_nhandshakes = 0;

    if (ngx_rtc_srtp_init() != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "SRTP library failed");
        return NGX_ERROR;
    }

    ngx_rtc_dtls_ctx = ngx_rtc_dtls_ctx_create(ngx_rtc_conf->x509,
                                               ngx_rtc_conf->pkey,
                                               cycle->log);

    return ngx_rtc_dtls_ctx ? NGX_OK : NGX_ERROR;
}


void
ngx_rtc_secure_exit(void)
{
    ngx_rtc_srtp_exit();

    ngx_rtc_dtls_ctx_free(ngx_rtc_dtls_ctx);
    ngx_rtc_dtls_ctx = NULL;
}


ngx_rtc_dtls_t *
ngx_rtc_secure_create(ngx_rtc_transport_t *t)
{
    return ngx_rtc_dtls_create(ngx_rtc_dtls_ctx, &ngx_rtc_secure_handler, t,
                               (ngx_rtc_usec_t) ngx_rtc_conf->dtls_timeout
                               * 1000, t->log);
}


void
ngx_rtc_secure_input(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg)
{
    ngx_uint_t      state, before;
    ngx_rtc_usec_t  now;

    now = ngx_rtc_now();

    before = ngx_rtc_dtls_state(t->dtls);

    if (before == NGX_RTC_DTLS_IDLE) {

        /* as the passive one, before the peer's parameters at times */

        if (ngx_rtc_secure_start(t, t->remote ? t->role : NGX_RTC_DTLS_SERVER,
                                 now)
            != NGX_OK)
        {
            return;
        }
    }

    state = ngx_rtc_dtls_input(t->dtls, dg->p, dg->len, now);

    if (t->closed) {
        return;
    }

    if (state == NGX_RTC_DTLS_ESTABLISHED
        && before != NGX_RTC_DTLS_ESTABLISHED && t->remote)
    {
        ngx_rtc_secure_keys(t);
    }

    ngx_rtc_transport_update(t, now);
}


ngx_int_t
ngx_rtc_secure_start(ngx_rtc_transport_t *t, ngx_uint_t role,
    ngx_rtc_usec_t now)
{
    if (!t->handshaking) {

        if (ngx_rtc_secure_place(t, now) != NGX_OK) {

            /* the peer asks again, or we with its next check */

            return NGX_AGAIN;
        }

        t->handshaking = 1;

        ngx_queue_insert_tail(&ngx_rtc_handshakes, &t->place_queue);
        ngx_rtc_nhandshakes++;
    }

    return ngx_rtc_dtls_start(t->dtls, role == NGX_RTC_DTLS_CLIENT, now);
}


void
ngx_rtc_secure_done(ngx_rtc_transport_t *t)
{
    if (t->handshaking) {
        t->handshaking = 0;

        ngx_queue_remove(&t->place_queue);
        ngx_rtc_nhandshakes--;
    }
}


/*
 * Peers that begin and fall silent must not keep others out: when all places
 * are taken, or all of this source, the most silent handshake ends.
 */

static ngx_int_t
ngx_rtc_secure_place(ngx_rtc_transport_t *t, ngx_rtc_usec_t now)
{
    ngx_uint_t            n, same;
    ngx_queue_t          *q;
    ngx_rtc_addr_t        source, other;
    ngx_rtc_usec_t        progress, oldest, oldest_same;
    ngx_rtc_transport_t  *h, *victim, *victim_same;

    if (t->stream == NULL) {
        return NGX_ERROR;
    }

    if (ngx_rtc_nhandshakes < NGX_RTC_HANDSHAKES_SOURCE) {
        return NGX_OK;
    }

    ngx_rtc_addr_source(&source, &t->stream->remote);

    n = 0;
    victim = NULL;
    victim_same = NULL;
    oldest = now - NGX_RTC_HANDSHAKES_SILENT;
    oldest_same = oldest;

    for (q = ngx_queue_head(&ngx_rtc_handshakes);
         q != ngx_queue_sentinel(&ngx_rtc_handshakes);
         q = ngx_queue_next(q))
    {
        h = ngx_queue_data(q, ngx_rtc_transport_t, place_queue);

        progress = ngx_rtc_dtls_progress(h->dtls);
        same = 0;

        if (h->stream) {
            ngx_rtc_addr_source(&other, &h->stream->remote);
            same = ngx_rtc_addr_host_eq(&other, &source);
        }

        if (progress < oldest) {
            oldest = progress;
            victim = h;
        }

        if (same) {
            n++;

            if (progress < oldest_same) {
                oldest_same = progress;
                victim_same = h;
            }
        }
    }

    if (n >= NGX_RTC_HANDSHAKES_SOURCE) {
        victim = victim_same;

    } else if (ngx_rtc_nhandshakes < NGX_RTC_HANDSHAKES) {
        return NGX_OK;
    }

    if (victim == NULL) {
        return NGX_AGAIN;
    }

    ngx_rtc_transport_fail(victim, "dtls timeout");
    ngx_rtc_transport_update(victim, now);

    return NGX_OK;
}


void
ngx_rtc_secure_keys(ngx_rtc_transport_t *t)
{
    u_char  in[NGX_RTC_SRTP_MAX_KEY], out[NGX_RTC_SRTP_MAX_KEY];

    if (t->in) {
        return;
    }

    if (ngx_rtc_dtls_verify(t->dtls, t->fingerprints, t->nfingerprints)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_INFO, t->log, 0,
                      "certificate of the media peer does not match "
                      "its fingerprint");
        goto failed;
    }

    if (ngx_rtc_dtls_keys(t->dtls, &t->profile, in, out) != NGX_OK) {
        ngx_log_error(NGX_LOG_INFO, t->log, 0,
                      "media peer agreed to no SRTP profile");
        goto failed;
    }

    t->in = ngx_rtc_srtp_create(t->profile, in, NGX_RTC_SRTP_IN, t->log);
    t->out = ngx_rtc_srtp_create(t->profile, out, NGX_RTC_SRTP_OUT, t->log);

    ngx_explicit_memzero(in, NGX_RTC_SRTP_MAX_KEY);
    ngx_explicit_memzero(out, NGX_RTC_SRTP_MAX_KEY);

    if (t->in == NULL || t->out == NULL) {
        ngx_log_error(NGX_LOG_ERR, t->log, 0, "SRTP session failed");
        goto failed;
    }

    ngx_rtc_count(dtls_handshakes);

    return;

failed:

    ngx_rtc_count(dtls_failed);

    ngx_rtc_dtls_shutdown(t->dtls);
    ngx_rtc_transport_fail(t, "dtls failed");
}


void
ngx_rtc_secure_media(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg,
    ngx_uint_t rtcp)
{
    size_t     len;
    ngx_int_t  rc;

    if (t->in == NULL) {

        /* it may overtake the last flight, or the answer */

        return;
    }

    len = dg->len;

    rc = rtcp ? ngx_rtc_srtp_unprotect_rtcp(t->in, dg->p, &len)
              : ngx_rtc_srtp_unprotect(t->in, dg->p, &len);

    if (rc != NGX_OK) {
        ngx_rtc_count(srtp_bad);
        return;
    }

    if (rtcp) {
        t->handler->rtcp(t->data, dg->p, len, dg->arrival);

    } else {
        t->handler->rtp(t->data, dg->p, len, dg->arrival);
    }
}


static void
ngx_rtc_secure_send(void *data, u_char *p, size_t len)
{
    ngx_rtc_transport_t *t = data;

    if (t->sock == NULL || t->ice.selected == NULL) {
        return;
    }

    if (ngx_rtc_udp_send(t->sock, p, len, &t->ice.selected->remote,
                         &t->ice.selected->local)
        == NGX_OK)
    {
        t->packets_sent++;
        t->bytes_sent += len;
    }
}


static void
ngx_rtc_secure_data(void *data, u_char *p, size_t len)
{
    ngx_rtc_transport_t *t = data;

    if (!t->closed && t->handler->data) {
        t->handler->data(t->data, p, len);
    }
}
