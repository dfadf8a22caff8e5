
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Descriptions, fragments and candidates.  A first byte of 1 means a
 * fragment, 2 a candidate, 3 a small arena; anything else is the text itself.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_sdp.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(ngx_rtc_sdp_t *sdp, u_char *p, u_char *end)
{
    ngx_uint_t               i, n;
    ngx_rtc_sdp_media_t     *m;
    ngx_rtc_sdp_payload_t   *a;

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];

        if (m->mid.len && (m->mid.data < p || m->mid.data + m->mid.len > end))
        {
            abort();
        }

        if (ngx_rtc_sdp_transport_media(sdp, m) == NULL) {
            abort();
        }

        for (n = 0; n < m->npayloads; n++) {
            a = &m->payloads[n];

            if (a->codec >= NGX_RTC_CODEC_MAX || a->pt > 127) {
                abort();
            }

            (void) ngx_rtc_sdp_find_rtx(m, a->pt);

            if (a->codec && !ngx_rtc_sdp_payload_match(a, a)) {
                abort();
            }

            if (a->codec && !ngx_rtc_sdp_payload_accepts(a, a)) {
                abort();
            }
        }

        for (n = 0; n < m->nssrcs; n++) {
            (void) ngx_rtc_sdp_find_rtx_ssrc(m, m->ssrcs[n].ssrc);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                    *p, *text, mode;
    ngx_rtc_sdp_t              sdp;
    ngx_rtc_sdp_err_t          err;
    ngx_rtc_sdp_buf_t          buf;
    ngx_rtc_sdp_arena_t        arena;
    ngx_rtc_sdp_candidate_t    c, again;

    static u_char  memory[NGX_RTC_SDP_ARENA_SIZE], out[4096];

    mode = 0;

    if (size && data[0] <= 3) {
        mode = data[0];
        data++;
        size--;
    }

    p = malloc(size + 1);
    text = p + 1;
    if (size) {
        memcpy(text, data, size);
    }

    arena.pos = memory;
    arena.end = memory + (mode == 3 ? 2048 : sizeof(memory));

    switch (mode) {

    case 1:
        if (ngx_rtc_sdp_parse_frag(&arena, text, text + size, &sdp, &err)
            == NGX_OK)
        {
            check(&sdp, text, text + size);

        } else if (err.text == NULL) {
            abort();
        }

        break;

    case 2:
        if (ngx_rtc_sdp_parse_candidate(text, text + size, &c) != NGX_OK) {
            break;
        }

        buf.pos = out;
        buf.last = out;
        buf.end = out + sizeof(out);
        buf.overflow = 0;

        ngx_rtc_sdp_write_candidate(&buf, &c);

        if (buf.overflow
            || ngx_rtc_sdp_parse_candidate(out, buf.last, &again) != NGX_OK
            || again.priority != c.priority || again.port != c.port
            || again.type != c.type || again.tcp != c.tcp
            || again.tcptype != c.tcptype
            || again.address.len != c.address.len)
        {
            abort();
        }

        break;

    default:
        if (ngx_rtc_sdp_parse(&arena, text, text + size, &sdp, &err)
            == NGX_OK)
        {
            check(&sdp, text, text + size);

        } else if (err.text == NULL) {
            abort();
        }
    }

    free(p);

    return 0;
}
