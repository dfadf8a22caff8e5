
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTP parsing, extension values, rebuilding and RTX of any packet.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_rtp.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char              *p, *out, *end, *v, *x;
    size_t               len;
    uint8_t              o;
    uint16_t             seq;
    uint32_t             t;
    ngx_str_t            s;
    ngx_uint_t           i, level, voice;
    ngx_rtc_rtp_t        r, again;
    ngx_rtc_rtp_exts_t   e;

    if (size > 4096) {
        return 0;
    }

    p = malloc(size + 1);
    memcpy(p, data, size);

    (void) ngx_rtc_packet_type(p, p + size);

    if (ngx_rtc_rtp_parse(&r, p, p + size) != NGX_OK) {
        free(p);
        return 0;
    }

    if (r.payload + r.payload_size + r.padding != r.end) {
        abort();
    }

    ngx_rtc_rtp_exts_init(&e);

    for (i = 0; i < 40; i++) {

        v = ngx_rtc_rtp_ext(&r, i, &len);

        if (v == NULL) {
            continue;
        }

        if (v < r.ext || v + len > r.ext + r.ext_size) {
            abort();
        }

        (void) ngx_rtc_rtp_ext_text(&r, i, &s);
        (void) ngx_rtc_rtp_ext_abs_send_time(&r, i, &t);
        (void) ngx_rtc_rtp_ext_twcc(&r, i, &seq);
        (void) ngx_rtc_rtp_ext_audio_level(&r, i, &level, &voice);
        (void) ngx_rtc_rtp_ext_orientation(&r, i, &o);
        (void) ngx_rtc_rtp_exts_add(&e, i, v, len);
    }

    /* what is written parses, and says the same */

    out = malloc(8192);
    end = ngx_rtc_rtp_write_header(out, out + 8192, r.marker, r.pt, r.seq,
                                   r.timestamp, r.ssrc);
    end = ngx_rtc_rtp_exts_write(&e, out, end, out + 8192);

    if (end == NULL || ngx_rtc_rtp_parse(&again, out, end) != NGX_OK
        || again.seq != r.seq || again.ssrc != r.ssrc)
    {
        abort();
    }

    for (i = 0; i < e.n; i++) {
        v = ngx_rtc_rtp_ext(&again, e.elts[i].id, &len);

        if (v != e.elts[i].pos || len != e.elts[i].len
            || memcmp(v, e.elts[i].data, len) != 0)
        {
            abort();
        }
    }

    end = ngx_rtc_rtx_wrap(out, out + 8192, &r, 99, 1, 2);

    if (end == NULL || ngx_rtc_rtp_parse(&again, out, end) != NGX_OK) {
        abort();
    }

    x = ngx_rtc_rtx_unwrap(&again, r.pt, r.ssrc);

    if (x == NULL || ngx_rtc_rtp_parse(&again, x, end) != NGX_OK
        || again.seq != r.seq || again.payload_size != r.payload_size
        || memcmp(again.payload, r.payload, r.payload_size) != 0)
    {
        abort();
    }

    (void) ngx_rtc_rtx_unwrap(&r, 1, 2);

    free(out);
    free(p);

    return 0;
}
