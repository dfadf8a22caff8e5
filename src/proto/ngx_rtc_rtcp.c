
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP packets: reading and writing all but transport-wide feedback, which
 * is in ngx_rtc_rtcp_twcc.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


#define NGX_RTC_RTCP_PADDING         0x20

#define NGX_RTC_RTCP_SDES_CNAME      1

/* XR block types, RFC 3611 */
#define NGX_RTC_RTCP_XR_RRTR         4
#define NGX_RTC_RTCP_XR_DLRR         5


static u_char *ngx_rtc_rtcp_write_header(u_char *p, u_char *end,
    ngx_uint_t type, ngx_uint_t count, size_t size);
static u_char *ngx_rtc_rtcp_write_reports(u_char *p,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n);


int64_t
ngx_rtc_rtcp_rtt(uint32_t now, uint32_t lsr, uint32_t dlsr)
{
    int32_t  rtt;

    if (lsr == 0) {
        return -1;
    }

    rtt = (int32_t) (now - lsr - dlsr);

    if (rtt < 0) {
        return 0;
    }

    return ngx_rtc_ntp_compact_to_usec((uint32_t) rtt);
}


void
ngx_rtc_rtcp_iter_init(ngx_rtc_rtcp_iter_t *it, u_char *p, u_char *end)
{
    it->pos = p;
    it->end = end;
}


ngx_int_t
ngx_rtc_rtcp_next(ngx_rtc_rtcp_iter_t *it, ngx_rtc_rtcp_t *pkt)
{
    size_t   size, padding;
    u_char  *p;

    p = it->pos;

    if (p == it->end) {
        return NGX_DONE;
    }

    /* whatever goes wrong, there is no finding the next one */

    it->pos = it->end;

    if (it->end - p < 4 || (p[0] >> 6) != 2) {
        return NGX_ERROR;
    }

    size = ((size_t) ngx_rtc_get_16(p + 2) + 1) * 4;

    if ((size_t) (it->end - p) < size) {
        return NGX_ERROR;
    }

    pkt->start = p;
    pkt->body = p + 4;
    pkt->end = p + size;
    pkt->count = p[0] & 0x1f;
    pkt->type = p[1];

    if (p[0] & NGX_RTC_RTCP_PADDING) {

        /*
         * RFC 3550, section 6.4.1 allows it for the last one and in words;
         * browsers pad each transport-wide feedback to its last word by 1 to
         * 3 bytes.
         */

        padding = pkt->end[-1];

        if (padding == 0 || padding > size - 4) {
            return NGX_ERROR;
        }

        pkt->end -= padding;
    }

    it->pos = p + size;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_parse_sr(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_sr_t *sr,
    u_char **reports, ngx_uint_t *n)
{
    u_char  *p;

    p = pkt->body;

    if ((size_t) (pkt->end - p)
        < 24 + (size_t) pkt->count * NGX_RTC_RTCP_REPORT_SIZE)
    {
        return NGX_ERROR;
    }

    sr->ssrc = ngx_rtc_get_32(p);
    sr->ntp = ngx_rtc_get_64(p + 4);
    sr->timestamp = ngx_rtc_get_32(p + 12);
    sr->packets = ngx_rtc_get_32(p + 16);
    sr->octets = ngx_rtc_get_32(p + 20);

    *reports = p + 24;
    *n = pkt->count;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_parse_rr(ngx_rtc_rtcp_t *pkt, uint32_t *ssrc, u_char **reports,
    ngx_uint_t *n)
{
    u_char  *p;

    p = pkt->body;

    if ((size_t) (pkt->end - p)
        < 4 + (size_t) pkt->count * NGX_RTC_RTCP_REPORT_SIZE)
    {
        return NGX_ERROR;
    }

    *ssrc = ngx_rtc_get_32(p);
    *reports = p + 4;
    *n = pkt->count;

    return NGX_OK;
}


void
ngx_rtc_rtcp_get_report(u_char *reports, ngx_uint_t i,
    ngx_rtc_rtcp_report_t *report)
{
    u_char    *p;
    uint32_t   lost;

    p = reports + i * NGX_RTC_RTCP_REPORT_SIZE;

    lost = ngx_rtc_get_24(p + 5);

    report->ssrc = ngx_rtc_get_32(p);
    report->fraction_lost = p[4];
    report->lost = (lost & 0x800000) ? (int32_t) lost - 0x1000000
                                     : (int32_t) lost;
    report->highest_seq = ngx_rtc_get_32(p + 8);
    report->jitter = ngx_rtc_get_32(p + 12);
    report->lsr = ngx_rtc_get_32(p + 16);
    report->dlsr = ngx_rtc_get_32(p + 20);
}


/* RFC 3550, section 6.5: items end with a zero byte, then up to 4 bytes */

ngx_int_t
ngx_rtc_rtcp_sdes_next(ngx_rtc_rtcp_t *pkt, u_char **pos, ngx_uint_t *index,
    uint32_t *ssrc, ngx_str_t *cname)
{
    size_t   len;
    u_char  *p, *end;

    if (*pos == NULL) {
        *pos = pkt->body;
        *index = 0;
    }

    if (*index == pkt->count) {
        return NGX_DONE;
    }

    p = *pos;
    end = pkt->end;

    if (end - p < 4) {
        return NGX_ERROR;
    }

    *ssrc = ngx_rtc_get_32(p);
    p += 4;

    ngx_str_null(cname);

    for ( ;; ) {

        if (p == end) {
            return NGX_ERROR;
        }

        if (*p == 0) {
            p++;
            break;
        }

        if (end - p < 2) {
            return NGX_ERROR;
        }

        len = p[1];

        if ((size_t) (end - p) < len + 2) {
            return NGX_ERROR;
        }

        if (p[0] == NGX_RTC_RTCP_SDES_CNAME && cname->len == 0) {
            cname->len = len;
            cname->data = p + 2;
        }

        p += len + 2;
    }

    /* packets are multiples of 4 bytes, so this stays within */

    p = pkt->start + ngx_align((size_t) (p - pkt->start), 4);

    *pos = p;
    (*index)++;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_parse_bye(ngx_rtc_rtcp_t *pkt, u_char **ssrcs, ngx_uint_t *n,
    ngx_str_t *reason)
{
    u_char  *p;

    p = pkt->body;

    if ((size_t) (pkt->end - p) < (size_t) pkt->count * 4) {
        return NGX_ERROR;
    }

    *ssrcs = p;
    *n = pkt->count;

    p += pkt->count * 4;

    ngx_str_null(reason);

    if (p < pkt->end && *p <= pkt->end - p - 1) {
        reason->len = *p;
        reason->data = p + 1;
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_parse_fb(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_fb_t *fb)
{
    if (pkt->end - pkt->body < 8) {
        return NGX_ERROR;
    }

    fb->sender = ngx_rtc_get_32(pkt->body);
    fb->media = ngx_rtc_get_32(pkt->body + 4);
    fb->fci = pkt->body + 8;
    fb->end = pkt->end;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_fir_next(ngx_rtc_rtcp_fb_t *fb, u_char **pos,
    ngx_rtc_rtcp_fir_t *fir)
{
    u_char  *p;

    p = *pos;

    if (fb->end - p < 8) {
        return NGX_DONE;
    }

    fir->ssrc = ngx_rtc_get_32(p);
    fir->seq = p[4];

    *pos = p + 8;

    return NGX_OK;
}


ngx_uint_t
ngx_rtc_rtcp_nack_seqs(ngx_rtc_rtcp_fb_t *fb, uint16_t *seqs, ngx_uint_t max)
{
    u_char      *p;
    uint16_t     seq, blp;
    ngx_uint_t   n;

    n = 0;

    for (p = fb->fci; fb->end - p >= 4; p += 4) {

        seq = ngx_rtc_get_16(p);
        blp = ngx_rtc_get_16(p + 2);

        if (n == max) {
            return n;
        }

        seqs[n++] = seq;

        for ( /* void */ ; blp; blp >>= 1) {
            seq++;

            if (blp & 1) {

                if (n == max) {
                    return n;
                }

                seqs[n++] = seq;
            }
        }
    }

    return n;
}


/* draft-alvestrand-rmcat-remb-03, section 2.2 */

ngx_int_t
ngx_rtc_rtcp_parse_remb(ngx_rtc_rtcp_fb_t *fb, ngx_rtc_rtcp_remb_t *remb)
{
    u_char      *p;
    uint32_t     mantissa;
    ngx_uint_t   exp;

    p = fb->fci;

    if (fb->end - p < 8 || ngx_memcmp(p, "REMB", 4) != 0) {
        return NGX_DECLINED;
    }

    exp = p[5] >> 2;
    mantissa = ((uint32_t) (p[5] & 3) << 16) | ngx_rtc_get_16(p + 6);

    /* an 18-bit mantissa: what doesn't fit into 64 bits is "no limit" */

    remb->bitrate = (exp > 46 && mantissa) ? (uint64_t) -1
                                           : (uint64_t) mantissa << (exp & 63);
    remb->nssrcs = p[4];
    remb->ssrcs = p + 8;

    if ((size_t) (fb->end - remb->ssrcs) < remb->nssrcs * 4) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtcp_parse_xr(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_xr_t *xr)
{
    size_t   size;
    u_char  *p;

    p = pkt->body;

    if (pkt->end - p < 4) {
        return NGX_ERROR;
    }

    xr->sender = ngx_rtc_get_32(p);
    xr->rrtr = 0;
    xr->ndlrr = 0;
    xr->dlrr = NULL;

    p += 4;

    while (p < pkt->end) {

        if (pkt->end - p < 4) {
            return NGX_ERROR;
        }

        size = (size_t) ngx_rtc_get_16(p + 2) * 4;

        if ((size_t) (pkt->end - p) < size + 4) {
            return NGX_ERROR;
        }

        if (p[0] == NGX_RTC_RTCP_XR_RRTR && size >= 8) {
            xr->rrtr = ngx_rtc_get_64(p + 4);

        } else if (p[0] == NGX_RTC_RTCP_XR_DLRR) {
            xr->dlrr = p + 4;
            xr->ndlrr = size / 12;
        }

        p += size + 4;
    }

    return NGX_OK;
}


void
ngx_rtc_rtcp_get_dlrr(u_char *dlrr, ngx_uint_t i, ngx_rtc_rtcp_dlrr_t *block)
{
    dlrr += i * 12;

    block->ssrc = ngx_rtc_get_32(dlrr);
    block->lrr = ngx_rtc_get_32(dlrr + 4);
    block->dlrr = ngx_rtc_get_32(dlrr + 8);
}


/* size is that of the whole packet, a multiple of 4 */

static u_char *
ngx_rtc_rtcp_write_header(u_char *p, u_char *end, ngx_uint_t type,
    ngx_uint_t count, size_t size)
{
    if (count > 31 || (size_t) (end - p) < size) {
        return NULL;
    }

    *p++ = (u_char) (0x80 | count);
    *p++ = (u_char) type;

    return ngx_rtc_put_16(p, (uint16_t) (size / 4 - 1));
}


static u_char *
ngx_rtc_rtcp_write_reports(u_char *p, ngx_rtc_rtcp_report_t *reports,
    ngx_uint_t n)
{
    int32_t      lost;
    ngx_uint_t   i;

    for (i = 0; i < n; i++) {

        lost = ngx_max(reports[i].lost, -0x800000);
        lost = ngx_min(lost, 0x7fffff);

        p = ngx_rtc_put_32(p, reports[i].ssrc);
        *p++ = reports[i].fraction_lost;
        p = ngx_rtc_put_24(p, (uint32_t) lost);
        p = ngx_rtc_put_32(p, reports[i].highest_seq);
        p = ngx_rtc_put_32(p, reports[i].jitter);
        p = ngx_rtc_put_32(p, reports[i].lsr);
        p = ngx_rtc_put_32(p, reports[i].dlsr);
    }

    return p;
}


u_char *
ngx_rtc_rtcp_write_sr(u_char *p, u_char *end, ngx_rtc_rtcp_sr_t *sr,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n)
{
    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_SR, n,
                                  28 + n * NGX_RTC_RTCP_REPORT_SIZE);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, sr->ssrc);
    p = ngx_rtc_put_64(p, sr->ntp);
    p = ngx_rtc_put_32(p, sr->timestamp);
    p = ngx_rtc_put_32(p, sr->packets);
    p = ngx_rtc_put_32(p, sr->octets);

    return ngx_rtc_rtcp_write_reports(p, reports, n);
}


u_char *
ngx_rtc_rtcp_write_rr(u_char *p, u_char *end, uint32_t ssrc,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n)
{
    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_RR, n,
                                  8 + n * NGX_RTC_RTCP_REPORT_SIZE);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, ssrc);

    return ngx_rtc_rtcp_write_reports(p, reports, n);
}


u_char *
ngx_rtc_rtcp_write_sdes(u_char *p, u_char *end, uint32_t *ssrcs, ngx_uint_t n,
    ngx_str_t *cname)
{
    size_t       len, chunk, pad;
    ngx_uint_t   i;

    len = ngx_min(cname->len, 255);

    /* ssrc, type, length, text, and from 1 to 4 zero bytes */

    chunk = ngx_align(4 + 2 + len + 1, 4);
    pad = chunk - (4 + 2 + len);

    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_SDES, n,
                                  4 + n * chunk);
    if (p == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        p = ngx_rtc_put_32(p, ssrcs[i]);
        *p++ = NGX_RTC_RTCP_SDES_CNAME;
        *p++ = (u_char) len;
        p = ngx_cpymem(p, cname->data, len);

        ngx_memzero(p, pad);
        p += pad;
    }

    return p;
}


u_char *
ngx_rtc_rtcp_write_bye(u_char *p, u_char *end, uint32_t *ssrcs, ngx_uint_t n)
{
    ngx_uint_t  i;

    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_BYE, n, 4 + n * 4);
    if (p == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        p = ngx_rtc_put_32(p, ssrcs[i]);
    }

    return p;
}


u_char *
ngx_rtc_rtcp_write_pli(u_char *p, u_char *end, uint32_t sender,
    uint32_t media)
{
    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_PSFB,
                                  NGX_RTC_RTCP_FMT_PLI, 12);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, sender);

    return ngx_rtc_put_32(p, media);
}


u_char *
ngx_rtc_rtcp_write_fir(u_char *p, u_char *end, uint32_t sender,
    ngx_rtc_rtcp_fir_t *firs, ngx_uint_t n)
{
    ngx_uint_t  i;

    if (n > 255) {
        return NULL;
    }

    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_PSFB,
                                  NGX_RTC_RTCP_FMT_FIR, 12 + n * 8);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, sender);

    /* RFC 5104, section 4.3.1.2: the SSRC of the media source is 0 */

    p = ngx_rtc_put_32(p, 0);

    for (i = 0; i < n; i++) {
        p = ngx_rtc_put_32(p, firs[i].ssrc);
        p = ngx_rtc_put_32(p, (uint32_t) firs[i].seq << 24);
    }

    return p;
}


u_char *
ngx_rtc_rtcp_write_nack(u_char *p, u_char *end, uint32_t sender,
    uint32_t media, uint16_t *seqs, ngx_uint_t n, ngx_uint_t *consumed)
{
    u_char      *start, *last;
    uint16_t     pid, blp, dist;
    ngx_uint_t   i;

    *consumed = 0;

    if (n == 0 || end - p < 16) {
        return NULL;
    }

    /* the length field counts words */

    if (end - p > 65532) {
        end = p + 65532;
    }

    start = p;
    last = p + 12;

    for (i = 0; i < n && end - last >= 4; /* void */ ) {

        pid = seqs[i++];
        blp = 0;

        for ( /* void */ ; i < n; i++) {

            dist = (uint16_t) (seqs[i] - pid);

            if (dist == 0 || dist > 16) {
                break;
            }

            blp |= (uint16_t) (1 << (dist - 1));
        }

        last = ngx_rtc_put_16(last, pid);
        last = ngx_rtc_put_16(last, blp);
    }

    *consumed = i;

    p = ngx_rtc_rtcp_write_header(start, end, NGX_RTC_RTCP_RTPFB,
                                  NGX_RTC_RTCP_FMT_NACK, last - start);
    p = ngx_rtc_put_32(p, sender);
    (void) ngx_rtc_put_32(p, media);

    return last;
}


u_char *
ngx_rtc_rtcp_write_remb(u_char *p, u_char *end, uint32_t sender,
    uint64_t bitrate, uint32_t *ssrcs, ngx_uint_t n)
{
    ngx_uint_t  i, exp;

    if (n > 255) {
        return NULL;
    }

    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_PSFB,
                                  NGX_RTC_RTCP_FMT_ALFB, 20 + n * 4);
    if (p == NULL) {
        return NULL;
    }

    for (exp = 0; bitrate > 0x3ffff; exp++) {
        bitrate >>= 1;
    }

    p = ngx_rtc_put_32(p, sender);
    p = ngx_rtc_put_32(p, 0);
    p = ngx_cpymem(p, "REMB", 4);

    *p++ = (u_char) n;
    *p++ = (u_char) ((exp << 2) | (bitrate >> 16));

    p = ngx_rtc_put_16(p, (uint16_t) bitrate);

    for (i = 0; i < n; i++) {
        p = ngx_rtc_put_32(p, ssrcs[i]);
    }

    return p;
}


u_char *
ngx_rtc_rtcp_write_xr_rrtr(u_char *p, u_char *end, uint32_t sender,
    uint64_t ntp)
{
    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_XR, 0, 20);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, sender);
    p = ngx_rtc_put_32(p, (NGX_RTC_RTCP_XR_RRTR << 24) | 2);

    return ngx_rtc_put_64(p, ntp);
}


u_char *
ngx_rtc_rtcp_write_xr_dlrr(u_char *p, u_char *end, uint32_t sender,
    ngx_rtc_rtcp_dlrr_t *blocks, ngx_uint_t n)
{
    ngx_uint_t  i;

    if (n > 255) {
        return NULL;
    }

    p = ngx_rtc_rtcp_write_header(p, end, NGX_RTC_RTCP_XR, 0, 12 + n * 12);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_rtc_put_32(p, sender);
    p = ngx_rtc_put_32(p, (NGX_RTC_RTCP_XR_DLRR << 24) | (uint32_t) (n * 3));

    for (i = 0; i < n; i++) {
        p = ngx_rtc_put_32(p, blocks[i].ssrc);
        p = ngx_rtc_put_32(p, blocks[i].lrr);
        p = ngx_rtc_put_32(p, blocks[i].dlrr);
    }

    return p;
}
