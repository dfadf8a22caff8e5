
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The attributes of a session description: the table of all, and those of
 * transports and sections; those of RTP are in ngx_rtc_sdp_rtp_attr.c.  What
 * is malformed and matters fails the description; what is malformed and can
 * be done without (a candidate) is skipped.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"
#include "ngx_rtc_sdp_ctx.h"


typedef const char *(*ngx_rtc_sdp_attr_pt)(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);


typedef struct {
    ngx_str_t             name;
    ngx_rtc_sdp_attr_pt   handler;
    ngx_uint_t            session;  /* unsigned  session:1; */
} ngx_rtc_sdp_attr_t;


static const char *ngx_rtc_sdp_group(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_ufrag(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_pwd(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
static const char *ngx_rtc_sdp_ice_options(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_ice_lite(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_setup(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_fingerprint(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_sendrecv(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_sendonly(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_recvonly(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_inactive(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static void ngx_rtc_sdp_set_direction(ngx_rtc_sdp_ctx_t *ctx,
    ngx_uint_t direction);
static const char *ngx_rtc_sdp_allow_mixed(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_end_of_candidates(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_mid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
static const char *ngx_rtc_sdp_bundle_only(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_rtcp_mux(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_rtcp_mux_only(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_rtcp_rsize(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_rtcp_xr(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_candidate(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_sctp_port(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_sctpmap(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);
static const char *ngx_rtc_sdp_max_message_size(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *value);


static ngx_rtc_sdp_attr_t  ngx_rtc_sdp_attrs[] = {

    { ngx_string("rtcp-fb"), ngx_rtc_sdp_rtcp_fb, 0 },
    { ngx_string("fmtp"), ngx_rtc_sdp_fmtp, 0 },
    { ngx_string("rtpmap"), ngx_rtc_sdp_rtpmap, 0 },
    { ngx_string("extmap"), ngx_rtc_sdp_extmap, 0 },
    { ngx_string("ssrc"), ngx_rtc_sdp_ssrc, 0 },
    { ngx_string("candidate"), ngx_rtc_sdp_candidate, 0 },

    { ngx_string("group"), ngx_rtc_sdp_group, 1 },
    { ngx_string("ice-ufrag"), ngx_rtc_sdp_ufrag, 1 },
    { ngx_string("ice-pwd"), ngx_rtc_sdp_pwd, 1 },
    { ngx_string("ice-options"), ngx_rtc_sdp_ice_options, 1 },
    { ngx_string("ice-lite"), ngx_rtc_sdp_ice_lite, 1 },
    { ngx_string("setup"), ngx_rtc_sdp_setup, 1 },
    { ngx_string("fingerprint"), ngx_rtc_sdp_fingerprint, 1 },
    { ngx_string("sendrecv"), ngx_rtc_sdp_sendrecv, 1 },
    { ngx_string("sendonly"), ngx_rtc_sdp_sendonly, 1 },
    { ngx_string("recvonly"), ngx_rtc_sdp_recvonly, 1 },
    { ngx_string("inactive"), ngx_rtc_sdp_inactive, 1 },
    { ngx_string("extmap-allow-mixed"), ngx_rtc_sdp_allow_mixed, 1 },
    { ngx_string("end-of-candidates"), ngx_rtc_sdp_end_of_candidates, 1 },

    { ngx_string("mid"), ngx_rtc_sdp_mid, 0 },
    { ngx_string("bundle-only"), ngx_rtc_sdp_bundle_only, 0 },
    { ngx_string("rtcp-mux"), ngx_rtc_sdp_rtcp_mux, 0 },
    { ngx_string("rtcp-mux-only"), ngx_rtc_sdp_rtcp_mux_only, 0 },
    { ngx_string("rtcp-rsize"), ngx_rtc_sdp_rtcp_rsize, 0 },
    { ngx_string("rtcp-xr"), ngx_rtc_sdp_rtcp_xr, 0 },
    { ngx_string("msid"), ngx_rtc_sdp_msid, 0 },
    { ngx_string("ssrc-group"), ngx_rtc_sdp_ssrc_group, 0 },
    { ngx_string("rid"), ngx_rtc_sdp_rid, 0 },
    { ngx_string("simulcast"), ngx_rtc_sdp_simulcast, 0 },
    { ngx_string("sctp-port"), ngx_rtc_sdp_sctp_port, 0 },
    { ngx_string("sctpmap"), ngx_rtc_sdp_sctpmap, 0 },
    { ngx_string("max-message-size"), ngx_rtc_sdp_max_message_size, 0 },

    { ngx_null_string, NULL, 0 }
};


const char *
ngx_rtc_sdp_attribute(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *line)
{
    u_char              *p, *end, *colon;
    size_t               len;
    ngx_str_t            value;
    ngx_rtc_sdp_attr_t  *attr;

    p = line->data + 2;
    end = line->data + line->len;

    while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    colon = memchr(p, ':', end - p);

    if (colon) {
        len = colon - p;
        value.data = colon + 1;
        value.len = end - value.data;

    } else {
        len = end - p;
        value.data = end;
        value.len = 0;
    }

    for (attr = ngx_rtc_sdp_attrs; attr->name.len; attr++) {

        if (attr->name.len != len
            || ngx_memcmp(attr->name.data, p, len) != 0)
        {
            continue;
        }

        if (ctx->media == NULL && !attr->session) {
            return NULL;
        }

        return attr->handler(ctx, &value);
    }

    return NULL;
}


void
ngx_rtc_sdp_count(ngx_rtc_sdp_capacity_t *cap, ngx_str_t *line)
{
    size_t   len;
    u_char  *p, *colon;

    p = line->data + 2;

    colon = memchr(p, ':', line->len - 2);
    if (colon == NULL) {
        return;
    }

    len = colon - p;

    if (ngx_rtc_sdp_name(p, len, "ssrc")) {
        cap->ssrcs++;

    } else if (ngx_rtc_sdp_name(p, len, "candidate")) {
        cap->candidates++;

    } else if (ngx_rtc_sdp_name(p, len, "extmap")) {
        cap->extmaps++;

    } else if (ngx_rtc_sdp_name(p, len, "fingerprint")) {
        cap->fingerprints++;

    } else if (ngx_rtc_sdp_name(p, len, "ssrc-group")) {
        cap->ssrc_groups++;

    } else if (ngx_rtc_sdp_name(p, len, "rid")) {
        cap->rids++;
    }
}


/* BUNDLE <mid> ... */

static const char *
ngx_rtc_sdp_group(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char               *p, *pos, *end;
    ngx_str_t             s;
    ngx_uint_t            n;
    ngx_rtc_sdp_t        *sdp;
    ngx_rtc_sdp_group_t  *group;

    sdp = ctx->sdp;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || !ngx_rtc_sdp_name(s.data, s.len, "BUNDLE")
        || sdp->ngroups == NGX_RTC_SDP_MAX_GROUPS)
    {
        return NULL;
    }

    pos = p;

    for (n = 0; ngx_rtc_sdp_token(&p, end, &s) == NGX_OK; n++) {
        if (n == NGX_RTC_SDP_MAX_MEDIA) {
            return "BUNDLE group has too many members";
        }
    }

    group = &sdp->groups[sdp->ngroups];

    group->mids = ngx_rtc_sdp_alloc(ctx, n * sizeof(ngx_str_t));
    if (group->mids == NULL) {
        return ngx_rtc_sdp_no_memory;
    }

    while (ngx_rtc_sdp_token(&pos, end, &s) == NGX_OK) {
        group->mids[group->n++] = s;
    }

    sdp->ngroups++;

    return NULL;
}


/* RFC 8839, section 5.4: 4 to 256 characters; base64, and what is in use */

static const char *
ngx_rtc_sdp_ufrag(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    if (value->len < 4 || !ngx_rtc_sdp_is_token(value, 256)) {
        return "invalid ice-ufrag";
    }

    ctx->transport->ufrag = *value;

    return NULL;
}


static const char *
ngx_rtc_sdp_pwd(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    if (value->len < 22 || !ngx_rtc_sdp_is_token(value, 256)) {
        return "invalid ice-pwd";
    }

    ctx->transport->pwd = *value;

    return NULL;
}


static const char *
ngx_rtc_sdp_ice_options(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->transport->ice_options = *value;

    return NULL;
}


static const char *
ngx_rtc_sdp_ice_lite(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->sdp->ice_lite = 1;

    return NULL;
}


static const char *
ngx_rtc_sdp_setup(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_setup_e  setup;

    if (ngx_rtc_sdp_name(value->data, value->len, "actpass")) {
        setup = NGX_RTC_SDP_SETUP_ACTPASS;

    } else if (ngx_rtc_sdp_name(value->data, value->len, "active")) {
        setup = NGX_RTC_SDP_SETUP_ACTIVE;

    } else if (ngx_rtc_sdp_name(value->data, value->len, "passive")) {
        setup = NGX_RTC_SDP_SETUP_PASSIVE;

    } else if (ngx_rtc_sdp_name(value->data, value->len, "holdconn")) {
        setup = NGX_RTC_SDP_SETUP_HOLDCONN;

    } else {
        return "invalid setup";
    }

    ctx->transport->setup = setup;

    return NULL;
}


static const char *
ngx_rtc_sdp_fingerprint(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                     *p, *end, c;
    size_t                      i;
    ngx_rtc_sdp_transport_t    *t;
    ngx_rtc_sdp_fingerprint_t   fp;

    t = ctx->transport;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &fp.hash) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &fp.value) != NGX_OK
        || (fp.value.len + 1) % 3 != 0 || fp.value.len > 64 * 3)
    {
        return "invalid fingerprint";
    }

    for (i = 0; i < fp.value.len; i++) {
        c = ngx_tolower(fp.value.data[i]);

        if (i % 3 == 2) {
            if (c != ':') {
                return "invalid fingerprint";
            }

        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return "invalid fingerprint";
        }
    }

    if (t->nfingerprints < ctx->cap.fingerprints) {
        t->fingerprints[t->nfingerprints++] = fp;
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_sendrecv(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_set_direction(ctx, NGX_RTC_SDP_SENDRECV);

    return NULL;
}


static const char *
ngx_rtc_sdp_sendonly(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_set_direction(ctx, NGX_RTC_SDP_SEND);

    return NULL;
}


static const char *
ngx_rtc_sdp_recvonly(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_set_direction(ctx, NGX_RTC_SDP_RECV);

    return NULL;
}


static const char *
ngx_rtc_sdp_inactive(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_set_direction(ctx, NGX_RTC_SDP_INACTIVE);

    return NULL;
}


static void
ngx_rtc_sdp_set_direction(ngx_rtc_sdp_ctx_t *ctx, ngx_uint_t direction)
{
    if (ctx->media) {
        ctx->media->direction = (uint8_t) direction;

    } else {
        ctx->sdp->direction = (uint8_t) direction;
    }
}


static const char *
ngx_rtc_sdp_allow_mixed(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->media) {
        ctx->media->extmap_allow_mixed = 1;

    } else {
        ctx->sdp->extmap_allow_mixed = 1;
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_end_of_candidates(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->media) {
        ctx->media->end_of_candidates = 1;

    } else {
        ctx->sdp->end_of_candidates = 1;
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_mid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    if (!ngx_rtc_sdp_is_token(value, NGX_RTC_SDP_TOKEN_MAX)) {
        return "invalid mid";
    }

    ctx->media->mid = *value;

    return NULL;
}


static const char *
ngx_rtc_sdp_bundle_only(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->media->bundle_only = 1;

    return NULL;
}


static const char *
ngx_rtc_sdp_rtcp_mux(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->media->rtcp_mux = 1;

    return NULL;
}


static const char *
ngx_rtc_sdp_rtcp_mux_only(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->media->rtcp_mux = 1;
    ctx->media->rtcp_mux_only = 1;

    return NULL;
}


static const char *
ngx_rtc_sdp_rtcp_rsize(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ctx->media->rtcp_rsize = 1;

    return NULL;
}


static const char *
ngx_rtc_sdp_rtcp_xr(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char     *p, *end;
    ngx_str_t   s;

    p = value->data;
    end = p + value->len;

    while (ngx_rtc_sdp_token(&p, end, &s) == NGX_OK) {

        if (s.len >= 9 && ngx_strncmp(s.data, "rcvr-rtt=", 9) == 0) {
            ctx->media->rrtr = 1;
        }
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_candidate(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    if (m->ncandidates == ctx->cap.candidates) {
        return NULL;
    }

    /* from "candidate:" on */

    if (ngx_rtc_sdp_parse_candidate(value->data - 10,
                                    value->data + value->len,
                                    &m->candidates[m->ncandidates])
        == NGX_OK)
    {
        m->ncandidates++;
    }

    return NULL;
}


/*
 * candidate:<foundation> <component> <transport> <priority> <address> <port>
 * typ <type> [raddr <address>] [rport <port>] [<name> <value>] ...
 */

ngx_int_t
ngx_rtc_sdp_parse_candidate(u_char *p, u_char *end,
    ngx_rtc_sdp_candidate_t *cand)
{
    uint32_t     n;
    ngx_str_t    s, value, transport, type;
    ngx_int_t    rc;

    ngx_memzero(cand, sizeof(ngx_rtc_sdp_candidate_t));

    while (end > p && (end[-1] == LF || end[-1] == CR || end[-1] == ' ')) {
        end--;
    }

    if (end - p > 2 && p[0] == 'a' && p[1] == '=') {
        p += 2;
    }

    if (end - p < 10 || ngx_strncmp(p, "candidate:", 10) != 0
        || end - p > 1024)
    {
        return NGX_ERROR;
    }

    cand->raw.data = p;
    cand->raw.len = end - p;

    p += 10;

    if (ngx_rtc_sdp_token(&p, end, &cand->foundation) != NGX_OK
        || !ngx_rtc_sdp_is_token(&cand->foundation, 64)
        || ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &n) != NGX_OK || n == 0 || n > 256)
    {
        return NGX_ERROR;
    }

    cand->component = (uint16_t) n;

    if (ngx_rtc_sdp_token(&p, end, &transport) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &cand->priority) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &cand->address) != NGX_OK
        || !ngx_rtc_sdp_is_token(&cand->address, 255)
        || ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &n) != NGX_OK || n > 65535)
    {
        return NGX_ERROR;
    }

    cand->port = (in_port_t) n;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || !ngx_rtc_sdp_name(s.data, s.len, "typ")
        || ngx_rtc_sdp_token(&p, end, &type) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (transport.len == 3
        && ngx_strncasecmp(transport.data, (u_char *) "tcp", 3) == 0)
    {
        cand->tcp = 1;

    } else if (transport.len != 3
               || ngx_strncasecmp(transport.data, (u_char *) "udp", 3) != 0)
    {
        rc = NGX_DECLINED;
    }

    if (ngx_rtc_sdp_name(type.data, type.len, "host")) {
        cand->type = NGX_RTC_SDP_CAND_HOST;

    } else if (ngx_rtc_sdp_name(type.data, type.len, "srflx")) {
        cand->type = NGX_RTC_SDP_CAND_SRFLX;

    } else if (ngx_rtc_sdp_name(type.data, type.len, "prflx")) {
        cand->type = NGX_RTC_SDP_CAND_PRFLX;

    } else if (ngx_rtc_sdp_name(type.data, type.len, "relay")) {
        cand->type = NGX_RTC_SDP_CAND_RELAY;

    } else {
        rc = NGX_DECLINED;
    }

    while (ngx_rtc_sdp_token(&p, end, &s) == NGX_OK
           && ngx_rtc_sdp_token(&p, end, &value) == NGX_OK)
    {
        if (ngx_rtc_sdp_name(s.data, s.len, "raddr")) {
            cand->raddr = value;

        } else if (ngx_rtc_sdp_name(s.data, s.len, "rport")) {

            if (ngx_rtc_sdp_uint32(&value, &n) == NGX_OK && n <= 65535) {
                cand->rport = (in_port_t) n;
            }

        } else if (ngx_rtc_sdp_name(s.data, s.len, "ufrag")) {
            cand->ufrag = value;

        } else if (ngx_rtc_sdp_name(s.data, s.len, "tcptype")) {

            if (ngx_rtc_sdp_name(value.data, value.len, "active")) {
                cand->tcptype = NGX_RTC_SDP_TCP_ACTIVE;

            } else if (ngx_rtc_sdp_name(value.data, value.len, "passive")) {
                cand->tcptype = NGX_RTC_SDP_TCP_PASSIVE;

            } else if (ngx_rtc_sdp_name(value.data, value.len, "so")) {
                cand->tcptype = NGX_RTC_SDP_TCP_SO;
            }
        }
    }

    return rc;
}


static const char *
ngx_rtc_sdp_sctp_port(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    uint32_t  n;

    if (ngx_rtc_sdp_uint32(value, &n) != NGX_OK || n > 65535) {
        return "invalid sctp-port";
    }

    ctx->media->sctp_port = n;

    return NULL;
}


/* 5000 webrtc-datachannel 1024 */

static const char *
ngx_rtc_sdp_sctpmap(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char     *p;
    uint32_t    n;
    ngx_str_t   s;

    p = value->data;

    if (ngx_rtc_sdp_token(&p, p + value->len, &s) == NGX_OK
        && ngx_rtc_sdp_uint32(&s, &n) == NGX_OK && n <= 65535)
    {
        ctx->media->sctpmap = 1;
        ctx->media->sctp_port = n;
    }

    return NULL;
}


/* 0: the peer takes messages of any size, RFC 8841, section 6 */

static const char *
ngx_rtc_sdp_max_message_size(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR) {
        return "invalid max-message-size";
    }

    ctx->media->max_message_size = n;

    return NULL;
}


ngx_uint_t
ngx_rtc_sdp_name(u_char *data, size_t len, char *name)
{
    return ngx_strlen(name) == len && ngx_strncmp(data, name, len) == 0;
}


ngx_uint_t
ngx_rtc_sdp_is_token(ngx_str_t *s, size_t max)
{
    size_t  i;

    if (s->len == 0 || s->len > max) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        if (s->data[i] <= ' ' || s->data[i] >= 0x7f) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_rtc_sdp_uint32(ngx_str_t *s, uint32_t *value)
{
    size_t    i;
    uint64_t  v;

    if (s->len == 0 || s->len > 10) {
        return NGX_ERROR;
    }

    v = 0;

    for (i = 0; i < s->len; i++) {

        if (s->data[i] < '0' || s->data[i] > '9') {
            return NGX_ERROR;
        }

        v = v * 10 + (s->data[i] - '0');
    }

    if (v > 0xffffffff) {
        return NGX_ERROR;
    }

    *value = (uint32_t) v;

    return NGX_OK;
}
