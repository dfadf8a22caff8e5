
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Session descriptions and WHIP fragments from text to structs: lines,
 * sections, and what one section takes from another.  The attributes are in
 * ngx_rtc_sdp_attr.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"
#include "ngx_rtc_sdp_ctx.h"


static ngx_int_t ngx_rtc_sdp_parse_text(ngx_rtc_sdp_arena_t *arena,
    u_char *p, u_char *end, ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err,
    ngx_uint_t fragment);
static const char *ngx_rtc_sdp_sections(ngx_rtc_sdp_ctx_t *ctx, u_char *p,
    u_char *end);
static const char *ngx_rtc_sdp_session(ngx_rtc_sdp_ctx_t *ctx, u_char *p,
    u_char *end);
static const char *ngx_rtc_sdp_section(ngx_rtc_sdp_ctx_t *ctx, u_char *p,
    u_char *end);
static const char *ngx_rtc_sdp_reserve(ngx_rtc_sdp_ctx_t *ctx, u_char *p,
    u_char *end);
static const char *ngx_rtc_sdp_origin(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *line);
static const char *ngx_rtc_sdp_media_line(ngx_rtc_sdp_ctx_t *ctx,
    ngx_str_t *line);
static const char *ngx_rtc_sdp_formats(ngx_rtc_sdp_ctx_t *ctx);
static void ngx_rtc_sdp_inherit(ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_media_t *m);
static const char *ngx_rtc_sdp_bundle(ngx_rtc_sdp_t *sdp);
static u_char *ngx_rtc_sdp_line(u_char *p, u_char *end, ngx_str_t *line);


ngx_int_t
ngx_rtc_sdp_parse(ngx_rtc_sdp_arena_t *arena, u_char *p, u_char *end,
    ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err)
{
    return ngx_rtc_sdp_parse_text(arena, p, end, sdp, err, 0);
}


ngx_int_t
ngx_rtc_sdp_parse_frag(ngx_rtc_sdp_arena_t *arena, u_char *p, u_char *end,
    ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err)
{
    return ngx_rtc_sdp_parse_text(arena, p, end, sdp, err, 1);
}


static ngx_int_t
ngx_rtc_sdp_parse_text(ngx_rtc_sdp_arena_t *arena, u_char *p, u_char *end,
    ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err, ngx_uint_t fragment)
{
    const char         *text;
    ngx_rtc_sdp_ctx_t   ctx;

    ngx_memzero(sdp, sizeof(ngx_rtc_sdp_t));
    ngx_memzero(&ctx, sizeof(ngx_rtc_sdp_ctx_t));

    sdp->fragment = fragment ? 1 : 0;
    sdp->direction = NGX_RTC_SDP_SENDRECV;

    ctx.arena = arena;
    ctx.sdp = sdp;

    if (end - p > NGX_RTC_SDP_MAX_SIZE) {
        text = "SDP is too large";

    } else {
        text = ngx_rtc_sdp_sections(&ctx, p, end);
    }

    if (text == NULL) {
        ctx.line = 0;
        text = ngx_rtc_sdp_bundle(sdp);
    }

    err->text = text;
    err->line = ctx.line;

    return text ? NGX_ERROR : NGX_OK;
}


static const char *
ngx_rtc_sdp_sections(ngx_rtc_sdp_ctx_t *ctx, u_char *p, u_char *end)
{
    u_char          *q, *next, *start[NGX_RTC_SDP_MAX_MEDIA + 1];
    ngx_str_t        line;
    ngx_uint_t       i, n;
    const char      *text;
    ngx_rtc_sdp_t   *sdp;

    sdp = ctx->sdp;
    n = 0;

    for (q = p; q < end; q = next) {

        next = ngx_rtc_sdp_line(q, end, &line);

        if (line.len >= 2 && line.data[0] == 'm' && line.data[1] == '=') {

            if (n == NGX_RTC_SDP_MAX_MEDIA) {
                return "SDP has too many media sections";
            }

            start[n++] = q;
        }
    }

    if (n == 0 && sdp->fragment) {

        /* candidates without a pseudo m-line are those of the first one */

        start[n++] = p;
    }

    start[n] = end;

    sdp->media = ngx_rtc_sdp_alloc(ctx, n * sizeof(ngx_rtc_sdp_media_t));
    if (sdp->media == NULL) {
        return ngx_rtc_sdp_no_memory;
    }

    text = ngx_rtc_sdp_session(ctx, p, start[0]);
    if (text) {
        return text;
    }

    for (i = 0; i < n; i++) {

        ctx->media = &sdp->media[i];
        ctx->media->index = i;

        sdp->nmedia = i + 1;

        text = ngx_rtc_sdp_section(ctx, start[i], start[i + 1]);
        if (text) {
            return text;
        }

        ngx_rtc_sdp_inherit(sdp, ctx->media);
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_session(ngx_rtc_sdp_ctx_t *ctx, u_char *p, u_char *end)
{
    ngx_str_t       line;
    ngx_uint_t      version, lines;
    const char     *text;
    ngx_rtc_sdp_t  *sdp;

    sdp = ctx->sdp;
    version = 0;
    lines = 0;

    ctx->transport = &sdp->transport;

    text = ngx_rtc_sdp_reserve(ctx, p, end);
    if (text) {
        return text;
    }

    while (p < end) {

        p = ngx_rtc_sdp_line(p, end, &line);
        ctx->line++;

        if (line.len == 0) {
            continue;
        }

        if (++lines > NGX_RTC_SDP_MAX_LINES) {
            return "SDP has too many lines";
        }

        text = ngx_rtc_sdp_check_line(&line);
        if (text) {
            return text;
        }

        switch (line.data[0]) {

        case 'v':
            if (line.len != 3 || line.data[2] != '0') {
                return "SDP version is not 0";
            }

            version = 1;
            break;

        case 'o':
            text = ngx_rtc_sdp_origin(ctx, &line);
            break;

        case 's':
            sdp->name.len = line.len - 2;
            sdp->name.data = line.data + 2;
            break;

        case 'a':
            text = ngx_rtc_sdp_attribute(ctx, &line);
            break;
        }

        if (text) {
            return text;
        }

        if (!version && !sdp->fragment) {
            return "SDP does not start with \"v=0\"";
        }
    }

    if (sdp->fragment) {
        return NULL;
    }

    if (!version) {
        return "SDP does not start with \"v=0\"";
    }

    if (sdp->sess_id.len == 0) {
        return "SDP has no origin";
    }

    return NULL;
}


static const char *
ngx_rtc_sdp_section(ngx_rtc_sdp_ctx_t *ctx, u_char *p, u_char *end)
{
    u_char                 *start;
    ngx_str_t               line;
    ngx_uint_t              i, lines;
    const char             *text;
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_sdp_payload_t  *payload;

    m = ctx->media;
    start = p;
    lines = 0;

    m->direction = ctx->sdp->direction;
    m->max_message_size = 65536;

    ctx->transport = &m->transport;

    while (p < end) {

        p = ngx_rtc_sdp_line(p, end, &line);
        ctx->line++;

        if (line.len == 0) {
            continue;
        }

        if (++lines > NGX_RTC_SDP_MAX_LINES) {
            return "media section has too many lines";
        }

        text = ngx_rtc_sdp_check_line(&line);
        if (text) {
            return text;
        }

        if (lines == 1) {

            if (line.data[0] == 'm') {
                text = ngx_rtc_sdp_media_line(ctx, &line);
                if (text) {
                    return text;
                }
            }

            text = ngx_rtc_sdp_reserve(ctx, start, end);
            if (text) {
                return text;
            }
        }

        if (line.data[0] == 'a') {
            text = ngx_rtc_sdp_attribute(ctx, &line);
            if (text) {
                return text;
            }
        }
    }

    /* a=fmtp and a=rtpmap come in any order */

    for (i = 0; i < m->npayloads; i++) {
        payload = &m->payloads[i];

        ngx_rtc_sdp_fmtp_parse(payload->codec, &payload->fmtp,
                               &payload->params);
        ngx_rtc_sdp_set_apt(payload);
    }

    /* older endpoints name the track on a=ssrc only */

    for (i = 0; i < m->nssrcs && m->track.len == 0; i++) {
        m->stream = m->ssrcs[i].stream;
        m->track = m->ssrcs[i].track;
    }

    return NULL;
}


/*
 * Counts what the section has lists of and makes arrays of these sizes, so
 * that the attributes only fill them.
 */

static const char *
ngx_rtc_sdp_reserve(ngx_rtc_sdp_ctx_t *ctx, u_char *p, u_char *end)
{
    ngx_str_t                line;
    ngx_uint_t               n;
    ngx_rtc_sdp_media_t     *m;
    ngx_rtc_sdp_capacity_t  *cap;

    m = ctx->media;
    cap = &ctx->cap;

    ngx_memzero(cap, sizeof(ngx_rtc_sdp_capacity_t));

    while (p < end) {

        p = ngx_rtc_sdp_line(p, end, &line);

        if (line.len > 2 && line.data[0] == 'a') {
            ngx_rtc_sdp_count(cap, &line);
        }
    }

    n = ngx_min(cap->fingerprints, NGX_RTC_SDP_MAX_FINGERPRINTS);
    cap->fingerprints = n;

    ctx->transport->fingerprints =
                 ngx_rtc_sdp_alloc(ctx, n * sizeof(ngx_rtc_sdp_fingerprint_t));
    if (ctx->transport->fingerprints == NULL) {
        return ngx_rtc_sdp_no_memory;
    }

    if (m == NULL) {
        return NULL;
    }

    if (cap->extmaps > NGX_RTC_SDP_MAX_EXTMAPS) {
        return "media section has too many header extensions";
    }

    if (cap->ssrc_groups > NGX_RTC_SDP_MAX_SSRC_GROUPS) {
        return "media section has too many SSRC groups";
    }

    cap->ssrcs = ngx_min(cap->ssrcs, NGX_RTC_SDP_MAX_SSRCS);
    cap->rids = ngx_min(cap->rids, NGX_RTC_SDP_MAX_RIDS);
    cap->candidates = ngx_min(cap->candidates, NGX_RTC_SDP_MAX_CANDIDATES);

    m->extmaps = ngx_rtc_sdp_alloc(ctx,
                                cap->extmaps * sizeof(ngx_rtc_sdp_extmap_t));
    m->ssrcs = ngx_rtc_sdp_alloc(ctx,
                                cap->ssrcs * sizeof(ngx_rtc_sdp_ssrc_t));
    m->ssrc_groups = ngx_rtc_sdp_alloc(ctx,
                        cap->ssrc_groups * sizeof(ngx_rtc_sdp_ssrc_group_t));
    m->rids = ngx_rtc_sdp_alloc(ctx, cap->rids * sizeof(ngx_rtc_sdp_rid_t));
    m->candidates = ngx_rtc_sdp_alloc(ctx,
                          cap->candidates * sizeof(ngx_rtc_sdp_candidate_t));

    if (m->extmaps == NULL || m->ssrcs == NULL || m->ssrc_groups == NULL
        || m->rids == NULL || m->candidates == NULL)
    {
        return ngx_rtc_sdp_no_memory;
    }

    return NULL;
}


/* o=<username> <sess-id> <sess-version> <nettype> <addrtype> <address> */

static const char *
ngx_rtc_sdp_origin(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *line)
{
    u_char     *p, *end;
    ngx_str_t   name;

    p = line->data + 2;
    end = line->data + line->len;

    if (ngx_rtc_sdp_token(&p, end, &name) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &ctx->sdp->sess_id) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &ctx->sdp->sess_version) != NGX_OK)
    {
        return "invalid origin";
    }

    return NULL;
}


/* m=<media> <port>[/<number>] <proto> <fmt> ... */

static const char *
ngx_rtc_sdp_media_line(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *line)
{
    u_char               *p, *end;
    ngx_int_t             n;
    ngx_str_t             port;
    ngx_uint_t            i;
    ngx_rtc_sdp_media_t  *m;

    m = ctx->media;

    p = line->data + 2;
    end = line->data + line->len;

    if (ngx_rtc_sdp_token(&p, end, &m->media) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &port) != NGX_OK
        || ngx_rtc_sdp_token(&p, end, &m->proto) != NGX_OK)
    {
        return "invalid media line";
    }

    for (i = 0; i < port.len; i++) {
        if (port.data[i] == '/') {
            break;
        }
    }

    n = ngx_atoi(port.data, i);

    if (n == NGX_ERROR || n > 65535) {
        return "invalid port in media line";
    }

    m->port = (in_port_t) n;
    m->kind = ngx_rtc_kind_find(m->media.data, m->media.len);

    while (p < end && *p == ' ') {
        p++;
    }

    m->fmts.data = p;
    m->fmts.len = end - p;

    if (m->fmts.len == 0) {
        return "no formats in media line";
    }

    switch (m->kind) {

    case NGX_RTC_KIND_AUDIO:
    case NGX_RTC_KIND_VIDEO:
        return ngx_rtc_sdp_formats(ctx);

    case NGX_RTC_KIND_APPLICATION:

        /* draft-ietf-mmusic-sctp-sdp before -07: the port is the format */

        n = ngx_atoi(m->fmts.data, m->fmts.len);

        if (n > 0 && n <= 65535) {
            m->sctpmap = 1;
            m->sctp_port = n;
        }

        return NULL;

    default:
        return NULL;
    }
}


static const char *
ngx_rtc_sdp_formats(ngx_rtc_sdp_ctx_t *ctx)
{
    u_char                 *p, *end;
    ngx_int_t               n;
    ngx_str_t               fmt;
    ngx_uint_t              count;
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_sdp_payload_t  *payload;

    m = ctx->media;
    count = 0;

    p = m->fmts.data;
    end = p + m->fmts.len;

    while (ngx_rtc_sdp_token(&p, end, &fmt) == NGX_OK) {
        count++;
    }

    if (count > NGX_RTC_SDP_MAX_PAYLOADS) {
        return "media section has too many payload types";
    }

    m->payloads = ngx_rtc_sdp_alloc(ctx,
                                    count * sizeof(ngx_rtc_sdp_payload_t));
    if (m->payloads == NULL) {
        return ngx_rtc_sdp_no_memory;
    }

    p = m->fmts.data;

    while (ngx_rtc_sdp_token(&p, end, &fmt) == NGX_OK) {

        n = ngx_atoi(fmt.data, fmt.len);

        if (n == NGX_ERROR || n > 127) {
            return "invalid payload type";
        }

        if (ngx_rtc_sdp_find_payload(m, n)) {
            continue;
        }

        payload = &m->payloads[m->npayloads++];
        payload->pt = (uint8_t) n;

        /* the static ones need no a=rtpmap, RFC 3551, section 6 */

        if (m->kind != NGX_RTC_KIND_AUDIO) {
            continue;
        }

        switch (n) {

        case 0:
            payload->codec = NGX_RTC_CODEC_PCMU;
            break;

        case 8:
            payload->codec = NGX_RTC_CODEC_PCMA;
            break;

        case 9:
            payload->codec = NGX_RTC_CODEC_G722;
            break;

        case 13:
            payload->codec = NGX_RTC_CODEC_CN;
            break;

        default:
            continue;
        }

        payload->name = *ngx_rtc_codec_name(payload->codec);
        payload->clock_rate = 8000;
        payload->channels = 1;
    }

    return NULL;
}


static void
ngx_rtc_sdp_inherit(ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_media_t *m)
{
    ngx_rtc_sdp_transport_t  *t, *s;

    t = &m->transport;
    s = &sdp->transport;

    if (t->ufrag.len == 0 && t->pwd.len == 0) {
        t->ufrag = s->ufrag;
        t->pwd = s->pwd;
    }

    if (t->ice_options.len == 0) {
        t->ice_options = s->ice_options;
    }

    if (t->setup == NGX_RTC_SDP_SETUP_NONE) {
        t->setup = s->setup;
    }

    if (t->nfingerprints == 0) {
        t->nfingerprints = s->nfingerprints;
        t->fingerprints = s->fingerprints;
    }

    m->extmap_allow_mixed |= sdp->extmap_allow_mixed;
    m->end_of_candidates |= sdp->end_of_candidates;
}


static const char *
ngx_rtc_sdp_bundle(ngx_rtc_sdp_t *sdp)
{
    ngx_uint_t            i, n;
    ngx_rtc_sdp_media_t  *m;

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];

        if (m->mid.len && ngx_rtc_sdp_find_mid(sdp, &m->mid) != m) {
            return "SDP has a duplicate mid";
        }
    }

    for (i = 0; i < sdp->ngroups; i++) {

        for (n = 0; n < sdp->groups[i].n; n++) {

            m = ngx_rtc_sdp_find_mid(sdp, &sdp->groups[i].mids[n]);

            if (m) {
                m->bundled = 1;
            }
        }
    }

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];

        if (m->port == 0 && !(m->bundle_only && m->bundled)
            && !sdp->fragment)
        {
            m->rejected = 1;
        }
    }

    return NULL;
}


/* the line without its end; returns where the next one starts */

static u_char *
ngx_rtc_sdp_line(u_char *p, u_char *end, ngx_str_t *line)
{
    u_char  *last;

    line->data = p;

    last = memchr(p, LF, end - p);

    if (last == NULL) {
        last = end;
        p = end;

    } else {
        p = last + 1;
    }

    while (last > line->data && last[-1] == CR) {
        last--;
    }

    line->len = last - line->data;

    return p;
}


const char *
ngx_rtc_sdp_check_line(ngx_str_t *line)
{
    size_t  i;

    if (line->len < 2 || line->data[1] != '=') {
        return "invalid line";
    }

    for (i = 0; i < line->len; i++) {

        if ((line->data[i] < ' ' && line->data[i] != '\t')
            || line->data[i] == 0x7f)
        {
            return "control character in line";
        }
    }

    return NULL;
}


void *
ngx_rtc_sdp_alloc(ngx_rtc_sdp_ctx_t *ctx, size_t size)
{
    u_char               *p;
    ngx_rtc_sdp_arena_t  *arena;

    arena = ctx->arena;

    p = ngx_align_ptr(arena->pos, NGX_ALIGNMENT);

    if (p > arena->end || (size_t) (arena->end - p) < size) {
        return NULL;
    }

    arena->pos = p + size;

    ngx_memzero(p, size);

    return p;
}


ngx_int_t
ngx_rtc_sdp_token(u_char **pos, u_char *end, ngx_str_t *token)
{
    u_char  *p;

    p = *pos;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    token->data = p;

    while (p < end && *p != ' ' && *p != '\t') {
        p++;
    }

    token->len = p - token->data;

    *pos = p;

    return token->len ? NGX_OK : NGX_DECLINED;
}
