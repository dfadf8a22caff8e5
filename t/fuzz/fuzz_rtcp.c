
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP: all parsers over any compound.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
feedback(ngx_rtc_rtcp_t *pkt)
{
    u_char                 *pos;
    uint16_t                seqs[100];
    uint32_t                ssrc;
    ngx_uint_t              i, n;
    ngx_rtc_twcc_t          twcc;
    ngx_rtc_rtcp_fb_t       fb;
    ngx_rtc_rtcp_fir_t      fir;
    ngx_rtc_rtcp_remb_t     remb;
    ngx_rtc_twcc_packet_t   packet;

    if (ngx_rtc_rtcp_parse_twcc(pkt, &twcc) == NGX_OK) {

        for (n = 0; ngx_rtc_twcc_next(&twcc, &packet) == NGX_OK; n++) {
            /* void */
        }

        if (n != twcc.count || twcc.delta > pkt->end) {
            abort();
        }
    }

    if (ngx_rtc_rtcp_parse_fb(pkt, &fb) != NGX_OK) {
        return;
    }

    pos = fb.fci;
    while (ngx_rtc_rtcp_fir_next(&fb, &pos, &fir) == NGX_OK) { /* void */ }

    if (ngx_rtc_rtcp_nack_seqs(&fb, seqs, 100) > 100) {
        abort();
    }

    if (ngx_rtc_rtcp_parse_remb(&fb, &remb) == NGX_OK) {
        ssrc = 0;

        for (i = 0; i < remb.nssrcs; i++) {
            ssrc ^= ngx_rtc_get_32(remb.ssrcs + i * 4);
        }

        (void) ssrc;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                 *p, *q;
    uint32_t                ssrc;
    ngx_str_t               text;
    ngx_uint_t              i, n;
    ngx_rtc_rtcp_t          pkt;
    ngx_rtc_rtcp_sr_t       sr;
    ngx_rtc_rtcp_xr_t       xr;
    ngx_rtc_rtcp_iter_t     it;
    ngx_rtc_rtcp_dlrr_t     dlrr;
    ngx_rtc_rtcp_report_t   report;

    p = malloc(size + 1);
    memcpy(p, data, size);

    ngx_rtc_rtcp_iter_init(&it, p, p + size);

    while (ngx_rtc_rtcp_next(&it, &pkt) == NGX_OK) {

        if (ngx_rtc_rtcp_parse_sr(&pkt, &sr, &q, &n) == NGX_OK) {
            for (i = 0; i < n; i++) {
                ngx_rtc_rtcp_get_report(q, i, &report);
            }
        }

        if (ngx_rtc_rtcp_parse_rr(&pkt, &ssrc, &q, &n) == NGX_OK) {
            for (i = 0; i < n; i++) {
                ngx_rtc_rtcp_get_report(q, i, &report);
            }
        }

        q = NULL;
        while (ngx_rtc_rtcp_sdes_next(&pkt, &q, &n, &ssrc, &text) == NGX_OK) {
            if (text.len && text.data + text.len > pkt.end) {
                abort();
            }
        }

        if (ngx_rtc_rtcp_parse_bye(&pkt, &q, &n, &text) == NGX_OK
            && text.len && text.data + text.len > pkt.end)
        {
            abort();
        }

        if (ngx_rtc_rtcp_parse_xr(&pkt, &xr) == NGX_OK) {
            for (i = 0; i < xr.ndlrr; i++) {
                ngx_rtc_rtcp_get_dlrr(xr.dlrr, i, &dlrr);
            }
        }

        feedback(&pkt);
    }

    free(p);

    return 0;
}
