
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The attributes of a session description that are about RTP: payload types,
 * header extensions, sources, simulcast.  Lines about a payload type that
 * isn't in the media line are skipped: browsers leave such lines behind.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"
#include "ngx_rtc_sdp_ctx.h"


static void ngx_rtc_sdp_streams(ngx_str_t *list,
    ngx_rtc_sdp_simulcast_t *streams, ngx_uint_t *n);


/* <pt> <encoding>/<clock rate>[/<channels>] */

const char *
ngx_rtc_sdp_rtpmap(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                 *p, *end, *slash;
    uint32_t                n;
    ngx_str_t               s;
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_sdp_payload_t  *payload;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &n) != NGX_OK)
    {
        return "invalid rtpmap";
    }

    payload = ngx_rtc_sdp_find_payload(m, n);

    if (payload == NULL) {
        return NULL;
    }

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK) {
        return "invalid rtpmap";
    }

    p = s.data;
    end = p + s.len;

    slash = memchr(p, '/', end - p);

    if (slash == NULL || slash == p) {
        return "invalid rtpmap";
    }

    payload->name.data = p;
    payload->name.len = slash - p;

    p = slash + 1;

    slash = memchr(p, '/', end - p);

    s.data = p;
    s.len = (slash ? slash : end) - p;

    if (ngx_rtc_sdp_uint32(&s, &payload->clock_rate) != NGX_OK
        || payload->clock_rate == 0)
    {
        return "invalid rtpmap";
    }

    payload->channels = (m->kind == NGX_RTC_KIND_AUDIO) ? 1 : 0;

    if (slash) {
        s.data = slash + 1;
        s.len = end - s.data;

        if (ngx_rtc_sdp_uint32(&s, &n) != NGX_OK || n == 0 || n > 255) {
            return "invalid rtpmap";
        }

        if (m->kind == NGX_RTC_KIND_AUDIO) {
            payload->channels = (uint8_t) n;
        }
    }

    payload->codec = ngx_rtc_codec_find(m->kind, payload->name.data,
                                        payload->name.len);

    return NULL;
}


const char *
ngx_rtc_sdp_fmtp(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                 *p, *end;
    uint32_t                n;
    ngx_str_t               s;
    ngx_rtc_sdp_payload_t  *payload;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &n) != NGX_OK)
    {
        return "invalid fmtp";
    }

    payload = ngx_rtc_sdp_find_payload(ctx->media, n);

    if (payload == NULL || payload->fmtp.len) {
        return NULL;
    }

    while (p < end && *p == ' ') {
        p++;
    }

    payload->fmtp.data = p;
    payload->fmtp.len = end - p;

    return NULL;
}


void
ngx_rtc_sdp_set_apt(ngx_rtc_sdp_payload_t *payload)
{
    size_t      i;
    uint32_t    n;
    ngx_str_t   s;

    if (payload->codec == NGX_RTC_CODEC_RTX) {

        if (ngx_rtc_sdp_fmtp_get(&payload->fmtp, "apt", &s) != NGX_OK) {
            return;
        }

    } else if (payload->codec == NGX_RTC_CODEC_RED) {

        /* "111/111", RFC 2198, section 5 */

        s = payload->fmtp;

        for (i = 0; i < s.len && s.data[i] != '/'; i++) { /* void */ }

        s.len = i;

    } else {
        return;
    }

    if (ngx_rtc_sdp_uint32(&s, &n) == NGX_OK && n <= 127) {
        payload->has_apt = 1;
        payload->apt = (uint8_t) n;
    }
}


/* <pt>|* <type> [<parameter>] */

const char *
ngx_rtc_sdp_rtcp_fb(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                 *p, *end;
    uint8_t                 fb;
    uint32_t                n;
    ngx_str_t               pt, s, param;
    ngx_uint_t              i;
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_sdp_payload_t  *payload;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &pt) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &s) != NGX_OK)
    {
        return NULL;
    }

    (void) ngx_rtc_sdp_token(&p, end, &param);

    fb = 0;

    if (ngx_rtc_sdp_name(s.data, s.len, "nack")) {

        if (param.len == 0) {
            fb = NGX_RTC_SDP_FB_NACK;

        } else if (ngx_rtc_sdp_name(param.data, param.len, "pli")) {
            fb = NGX_RTC_SDP_FB_PLI;
        }

    } else if (ngx_rtc_sdp_name(s.data, s.len, "ccm")) {

        if (ngx_rtc_sdp_name(param.data, param.len, "fir")) {
            fb = NGX_RTC_SDP_FB_FIR;
        }

    } else if (ngx_rtc_sdp_name(s.data, s.len, "transport-cc")) {
        fb = NGX_RTC_SDP_FB_TWCC;

    } else if (ngx_rtc_sdp_name(s.data, s.len, "goog-remb")) {
        fb = NGX_RTC_SDP_FB_REMB;

    } else if (ngx_rtc_sdp_name(s.data, s.len, "rrtr")) {
        fb = NGX_RTC_SDP_FB_RRTR;
    }

    if (pt.len == 1 && pt.data[0] == '*') {

        for (i = 0; i < m->npayloads; i++) {
            m->payloads[i].fb |= fb;
        }

        return NULL;
    }

    if (ngx_rtc_sdp_uint32(&pt, &n) != NGX_OK) {
        return NULL;
    }

    payload = ngx_rtc_sdp_find_payload(m, n);

    if (payload) {
        payload->fb |= fb;
    }

    return NULL;
}


/* <id>[/<direction>] <uri> [<attributes>] */

const char *
ngx_rtc_sdp_extmap(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                *p, *end, *slash;
    uint32_t               n;
    ngx_str_t              s, dir;
    ngx_uint_t             i;
    ngx_rtc_sdp_media_t   *m;
    ngx_rtc_sdp_extmap_t  *extmap;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK) {
        return "invalid extmap";
    }

    slash = memchr(s.data, '/', s.len);

    ngx_str_null(&dir);

    if (slash) {
        dir.data = slash + 1;
        dir.len = s.len - (dir.data - s.data);
        s.len = slash - s.data;
    }

    if (ngx_rtc_sdp_uint32(&s, &n) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &s) != NGX_OK)
    {
        return "invalid extmap";
    }

    /* RFC 8285, section 7: 4096 and more stand for "any", 15 is reserved */

    if (n == 0 || n > 255 || n == 15) {
        return NULL;
    }

    for (i = 0; i < m->nextmaps; i++) {
        if (m->extmaps[i].id == n) {
            return NULL;
        }
    }

    extmap = &m->extmaps[m->nextmaps++];

    extmap->id = (uint16_t) n;
    extmap->uri = s;
    extmap->ext = ngx_rtc_ext_find(s.data, s.len);
    extmap->direction = NGX_RTC_SDP_SENDRECV;

    if (ngx_rtc_sdp_name(dir.data, dir.len, "sendonly")) {
        extmap->direction = NGX_RTC_SDP_SEND;

    } else if (ngx_rtc_sdp_name(dir.data, dir.len, "recvonly")) {
        extmap->direction = NGX_RTC_SDP_RECV;

    } else if (ngx_rtc_sdp_name(dir.data, dir.len, "inactive")) {
        extmap->direction = NGX_RTC_SDP_INACTIVE;
    }

    return NULL;
}


/* <stream> [<track>]; a track of several streams has several lines */

const char *
ngx_rtc_sdp_msid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char               *p, *end;
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    if (m->stream.len) {
        return NULL;
    }

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &m->stream) == NGX_OK) {
        (void) ngx_rtc_sdp_token(&p, end, &m->track);
    }

    return NULL;
}


/* <ssrc> <attribute>[:<value>] */

const char *
ngx_rtc_sdp_ssrc(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char               *p, *end;
    uint32_t              n;
    ngx_str_t             s;
    ngx_rtc_sdp_ssrc_t   *ssrc;
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK
        || ngx_rtc_sdp_uint32(&s, &n) != NGX_OK)
    {
        return "invalid ssrc";
    }

    ssrc = ngx_rtc_sdp_find_ssrc(m, n);

    if (ssrc == NULL) {

        if (m->nssrcs == ctx->cap.ssrcs) {
            return "media section has too many SSRCs";
        }

        ssrc = &m->ssrcs[m->nssrcs++];
        ssrc->ssrc = n;
    }

    while (p < end && *p == ' ') {
        p++;
    }

    if (end - p > 6 && ngx_strncmp(p, "cname:", 6) == 0) {
        ssrc->cname.data = p + 6;
        ssrc->cname.len = end - ssrc->cname.data;

    } else if (end - p > 5 && ngx_strncmp(p, "msid:", 5) == 0) {
        p += 5;
        (void) ngx_rtc_sdp_token(&p, end, &ssrc->stream);
        (void) ngx_rtc_sdp_token(&p, end, &ssrc->track);
    }

    return NULL;
}


/* <semantics> <ssrc> ... */

const char *
ngx_rtc_sdp_ssrc_group(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char                    *p, *end;
    uint32_t                   n;
    ngx_str_t                  s;
    ngx_rtc_sdp_media_t       *m;
    ngx_rtc_sdp_ssrc_group_t  *group;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &s) != NGX_OK) {
        return "invalid ssrc-group";
    }

    group = &m->ssrc_groups[m->nssrc_groups++];

    if (ngx_rtc_sdp_name(s.data, s.len, "FID")) {
        group->semantics = NGX_RTC_SDP_SSRC_FID;

    } else if (ngx_rtc_sdp_name(s.data, s.len, "SIM")) {
        group->semantics = NGX_RTC_SDP_SSRC_SIM;

    } else if (ngx_rtc_sdp_name(s.data, s.len, "FEC-FR")) {
        group->semantics = NGX_RTC_SDP_SSRC_FEC_FR;
    }

    while (ngx_rtc_sdp_token(&p, end, &s) == NGX_OK
           && group->n < NGX_RTC_SDP_MAX_SIMULCAST)
    {
        if (ngx_rtc_sdp_uint32(&s, &n) != NGX_OK) {
            return "invalid ssrc-group";
        }

        group->ssrcs[group->n++] = n;
    }

    return NULL;
}


/* <id> send|recv [<restrictions>] */

const char *
ngx_rtc_sdp_rid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char               *p, *end;
    ngx_str_t             id, dir;
    ngx_uint_t            i;
    ngx_rtc_sdp_rid_t    *rid;
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    if (ngx_rtc_sdp_token(&p, end, &id) != NGX_OK
        || !ngx_rtc_sdp_is_token(&id, NGX_RTC_SDP_TOKEN_MAX)
        || ngx_rtc_sdp_token(&p, end, &dir) != NGX_OK)
    {
        return "invalid rid";
    }

    /* some browsers repeat them */

    for (i = 0; i < m->nrids; i++) {

        if (m->rids[i].id.len == id.len
            && ngx_memcmp(m->rids[i].id.data, id.data, id.len) == 0)
        {
            return NULL;
        }
    }

    if (m->nrids == ctx->cap.rids) {
        return "media section has too many rids";
    }

    rid = &m->rids[m->nrids];

    if (ngx_rtc_sdp_name(dir.data, dir.len, "send")) {
        rid->direction = NGX_RTC_SDP_SEND;

    } else if (ngx_rtc_sdp_name(dir.data, dir.len, "recv")) {
        rid->direction = NGX_RTC_SDP_RECV;

    } else {
        return "invalid rid";
    }

    while (p < end && *p == ' ') {
        p++;
    }

    rid->id = id;
    rid->params.data = p;
    rid->params.len = end - p;

    m->nrids++;

    return NULL;
}


/* send|recv <streams> [send|recv <streams>] */

const char *
ngx_rtc_sdp_simulcast(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value)
{
    u_char               *p, *end;
    ngx_str_t             s, list;
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    p = value->data;
    end = p + value->len;

    while (ngx_rtc_sdp_token(&p, end, &s) == NGX_OK) {

        if (ngx_rtc_sdp_token(&p, end, &list) != NGX_OK) {
            return "invalid simulcast";
        }

        if (ngx_rtc_sdp_name(s.data, s.len, "send")) {
            ngx_rtc_sdp_streams(&list, m->send, &m->nsend);

        } else if (ngx_rtc_sdp_name(s.data, s.len, "recv")) {
            ngx_rtc_sdp_streams(&list, m->recv, &m->nrecv);

        } else {
            return "invalid simulcast";
        }
    }

    return NULL;
}


/* RFC 8853, section 5.1: "1,~4;2;3", or "rid=1;2;3" of an early draft */

static void
ngx_rtc_sdp_streams(ngx_str_t *list, ngx_rtc_sdp_simulcast_t *streams,
    ngx_uint_t *n)
{
    u_char                   *p, *end, *next;
    ngx_rtc_sdp_simulcast_t  *stream;

    p = list->data;
    end = p + list->len;

    *n = 0;

    if (end - p > 4 && ngx_strncmp(p, "rid=", 4) == 0) {
        p += 4;
    }

    while (p < end && *n < NGX_RTC_SDP_MAX_SIMULCAST) {

        next = memchr(p, ';', end - p);
        if (next == NULL) {
            next = end;
        }

        stream = &streams[*n];
        stream->paused = 0;

        if (*p == '~') {
            stream->paused = 1;
            p++;
        }

        stream->rid.data = p;

        while (p < next && *p != ',') {
            p++;
        }

        stream->rid.len = p - stream->rid.data;

        if (stream->rid.len) {
            (*n)++;
        }

        p = next + 1;
    }
}
