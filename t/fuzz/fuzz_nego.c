
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A description of a peer, as an offer that we answer and as the answer to
 * an offer that has the same m-lines.  What we write must be parsed again.
 *
 * link: src/signal/ngx_rtc_codecs.c src/signal/ngx_rtc_answer.c
 * link: src/signal/ngx_rtc_offer.c
 */


#include "ngx_rtc_mline.h"

#include <stdlib.h>


static u_char             arena_data[NGX_RTC_SDP_ARENA_SIZE];
static u_char             again_data[NGX_RTC_SDP_ARENA_SIZE];
static u_char             text[160 * 1024];
static ngx_rtc_mline_t    lines[NGX_RTC_MAX_MLINES];
static ngx_rtc_mline_t   *mlines[NGX_RTC_MAX_MLINES];

static uint8_t            codecs[] = {
    NGX_RTC_CODEC_OPUS, NGX_RTC_CODEC_VP8, NGX_RTC_CODEC_VP9,
    NGX_RTC_CODEC_H264, NGX_RTC_CODEC_AV1
};


static ngx_int_t
parse(u_char *data, u_char *p, u_char *end, ngx_rtc_sdp_t *sdp)
{
    ngx_rtc_sdp_err_t    err;
    ngx_rtc_sdp_arena_t  arena;

    arena.pos = data;
    arena.end = data + NGX_RTC_SDP_ARENA_SIZE;

    return ngx_rtc_sdp_parse(&arena, p, end, sdp, &err);
}


static void
init(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc)
{
    ngx_memzero(desc, sizeof(ngx_rtc_sdp_desc_t));

    desc->ice_lite = 1;
    desc->setup = NGX_RTC_SDP_SETUP_PASSIVE;
    ngx_str_set(&desc->ufrag, "abcd");
    ngx_str_set(&desc->pwd, "abcdefghijklmnopqrstuvwx");
    ngx_str_set(&desc->fingerprint_hash, "sha-256");
    ngx_str_set(&desc->fingerprint, "00:11:22:33:44:55:66:77:88:99:AA:BB:"
                "CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:"
                "FF");

    buf->pos = text;
    buf->last = text;
    buf->end = text + sizeof(text);
    buf->overflow = 0;
}


static void
check(ngx_int_t rc, ngx_rtc_sdp_buf_t *buf, ngx_uint_t n)
{
    ngx_rtc_sdp_t  sdp;

    if (buf->last - buf->pos > NGX_RTC_SDP_MAX_SIZE) {
        return;
    }

    if (rc != NGX_OK
        || parse(again_data, buf->pos, buf->last, &sdp) != NGX_OK
        || sdp.nmedia != n)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                 *copy;
    uint32_t                can, cannot;
    ngx_uint_t              i;
    const char             *why;
    ngx_rtc_sdp_t           sdp;
    ngx_rtc_prefs_t         prefs;
    ngx_rtc_sdp_buf_t       buf;
    ngx_rtc_sdp_desc_t      desc;
    ngx_rtc_recv_params_t   recv;
    ngx_rtc_send_params_t   send;
    ngx_rtc_mline_remote_t  remote;

    copy = malloc(size ? size : 1);
    ngx_memcpy(copy, data, size);

    if (parse(arena_data, copy, copy + size, &sdp) != NGX_OK) {
        goto done;
    }

    prefs.codecs = codecs;
    prefs.ncodecs = sizeof(codecs);
    prefs.decoded = size * 2654435761u;
    prefs.bitrate = 1000000;

    ngx_memzero(lines, sizeof(lines));

    for (i = 0; i < NGX_RTC_MAX_MLINES; i++) {
        mlines[i] = &lines[i];
    }

    (void) ngx_rtc_mline_remote(&sdp, &remote, &why);

    if (ngx_rtc_answer_check(&sdp, mlines, 0) != NULL) {
        goto done;
    }

    for (i = 0; i < sdp.nmedia; i++) {
        (void) ngx_rtc_answer_mline(&lines[i], &sdp.media[i], &prefs);
        ngx_rtc_answer_params(&lines[i], &sdp.media[i], &recv);
    }

    init(&buf, &desc);
    check(ngx_rtc_answer_write(&buf, &desc, &sdp, mlines, sdp.nmedia, &prefs),
          &buf, sdp.nmedia);

    /* the other way round: we offer what was just negotiated */

    for (i = 0; i < sdp.nmedia; i++) {
        if (lines[i].rejected || lines[i].formats.n == 0) {
            lines[i].rejected = 1;
            lines[i].kind = NGX_RTC_KIND_AUDIO;
            continue;
        }

        lines[i].ssrc = 1 + i;
        lines[i].rtx_ssrc = 1000 + i;
        ngx_memcpy(lines[i].stream, "user~screen", 12);
        ngx_memcpy(lines[i].track, "track", 6);
        ngx_memcpy(lines[i].cname, "cname", 6);
        ngx_rtc_offer_mline(&lines[i]);
    }

    init(&buf, &desc);
    desc.setup = NGX_RTC_SDP_SETUP_ACTPASS;
    check(ngx_rtc_offer_write(&buf, &desc, mlines, sdp.nmedia), &buf,
          sdp.nmedia);

    if (ngx_rtc_offer_check(&sdp, mlines, sdp.nmedia) != NULL) {
        goto done;
    }

    can = 0;
    cannot = 0;

    for (i = 0; i < sdp.nmedia; i++) {
        if (lines[i].rejected) {
            continue;
        }

        (void) ngx_rtc_offer_answered(&lines[i], &sdp.media[i], &can,
                                      &cannot);
        ngx_rtc_offer_params(&lines[i], &send);
    }

done:

    free(copy);

    return 0;
}
