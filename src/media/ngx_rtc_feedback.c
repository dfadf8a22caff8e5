
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP that we receive: publishers' sender reports, subscribers' reports and
 * feedback.  A viewer's wishes end at our cache and our coalescing.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


#define NGX_RTC_MAX_NACKS  512         /* of one message */


static void ngx_rtc_feedback_sr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);
static void ngx_rtc_feedback_rr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival);
static void ngx_rtc_feedback_reports(ngx_rtc_endpoint_t *ep, u_char *reports,
    ngx_uint_t n, ngx_rtc_usec_t arrival);
static void ngx_rtc_feedback_rtpfb(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtcp_t *pkt, ngx_rtc_usec_t now);
static void ngx_rtc_feedback_psfb(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtcp_t *pkt, ngx_rtc_usec_t now);
static void ngx_rtc_feedback_fir(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtcp_fb_t *fb, ngx_rtc_usec_t now);
static void ngx_rtc_feedback_xr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival);
static void ngx_rtc_feedback_bye(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtcp_t *pkt);
static void ngx_rtc_feedback_rtt(ngx_rtc_endpoint_t *ep, int64_t rtt);
static void ngx_rtc_feedback_acked(ngx_rtc_endpoint_t *ep);


void
ngx_rtc_endpoint_rtcp(ngx_rtc_endpoint_t *ep, u_char *p, size_t len,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    ngx_int_t            rc;
    ngx_rtc_rtcp_t       pkt;
    ngx_rtc_rtcp_iter_t  it;

    ngx_rtc_rtcp_iter_init(&it, p, p + len);

    while ((rc = ngx_rtc_rtcp_next(&it, &pkt)) == NGX_OK) {

        switch (pkt.type) {

        case NGX_RTC_RTCP_SR:
            ngx_rtc_feedback_sr(ep, &pkt, arrival, now);
            break;

        case NGX_RTC_RTCP_RR:
            ngx_rtc_feedback_rr(ep, &pkt, arrival);
            break;

        case NGX_RTC_RTCP_RTPFB:
            ngx_rtc_feedback_rtpfb(ep, &pkt, now);
            break;

        case NGX_RTC_RTCP_PSFB:
            ngx_rtc_feedback_psfb(ep, &pkt, now);
            break;

        case NGX_RTC_RTCP_XR:
            ngx_rtc_feedback_xr(ep, &pkt, arrival);
            break;

        case NGX_RTC_RTCP_BYE:
            ngx_rtc_feedback_bye(ep, &pkt);
            break;

        default:

            /* SDES, APP and what isn't known */

            break;
        }
    }

    if (rc == NGX_ERROR) {
        ngx_rtc_count(rtp_bad);
    }

    if (ep->nacking) {
        ngx_rtc_feedback_acked(ep);
    }
}


static void
ngx_rtc_feedback_sr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    u_char             *reports;
    ngx_uint_t          n;
    ngx_rtc_ssrc_t     *entry;
    ngx_rtc_rtcp_sr_t   sr;

    if (ngx_rtc_rtcp_parse_sr(pkt, &sr, &reports, &n) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    entry = ngx_rtc_ssrcs_find(&ep->recv, sr.ssrc);

    if (entry) {
        ngx_rtc_stream_sr(entry->data, &sr, arrival, now);
    }

    ngx_rtc_feedback_reports(ep, reports, n, arrival);
}


static void
ngx_rtc_feedback_rr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival)
{
    u_char      *reports;
    uint32_t     ssrc;
    ngx_uint_t   n;

    if (ngx_rtc_rtcp_parse_rr(pkt, &ssrc, &reports, &n) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    ngx_rtc_feedback_reports(ep, reports, n, arrival);
}


static void
ngx_rtc_feedback_reports(ngx_rtc_endpoint_t *ep, u_char *reports,
    ngx_uint_t n, ngx_rtc_usec_t arrival)
{
    int64_t                  rtt, ahead;
    ngx_uint_t               i;
    ngx_rtc_ssrc_t          *entry;
    ngx_rtc_rtcp_report_t    report;
    ngx_rtc_subscription_t  *sub;

    for (i = 0; i < n; i++) {
        ngx_rtc_rtcp_get_report(reports, i, &report);

        entry = ngx_rtc_ssrcs_find(&ep->send, report.ssrc);

        if (entry == NULL) {
            continue;
        }

        sub = entry->data;

        rtt = ngx_rtc_rtcp_rtt(ngx_rtc_ntp_compact(ngx_rtc_ntp(arrival)),
                               report.lsr, report.dlsr);

        /* more than a minute is an echo of something else */

        if (rtt >= 0 && rtt < 60000000) {
            sub->rtt = sub->rtt ? (sub->rtt * 7 + rtt) / 8 : ngx_max(rtt, 1);
            ngx_rtc_feedback_rtt(ep, rtt);
        }

        if (entry->rtx) {
            continue;
        }

        sub->lost = report.lost;
        sub->fraction = report.fraction_lost;
        sub->jitter = report.jitter;

        if (sub->acked || sub->packets == 0) {
            continue;
        }

        ahead = ngx_rtc_seq_diff((uint16_t) report.highest_seq,
                                 (uint16_t) sub->rw.begin);

        if (ahead >= 0 && ahead <= sub->rw.highest - sub->rw.begin) {
            sub->acked = 1;
            sub->acking = 1;
            ep->nacking++;
        }
    }
}


static void
ngx_rtc_feedback_rtt(ngx_rtc_endpoint_t *ep, int64_t rtt)
{
    ep->rtt = ep->rtt ? (ep->rtt * 7 + rtt) / 8 : rtt;

    if (ep->rtt == 0) {
        ep->rtt = 1;
    }
}


static void
ngx_rtc_feedback_rtpfb(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t now)
{
    uint16_t             seqs[NGX_RTC_MAX_NACKS];
    ngx_uint_t           n;
    ngx_rtc_ssrc_t      *entry;
    ngx_rtc_rtcp_fb_t    fb;

    /* transport-wide feedback is the bandwidth estimation's; without that,
       there is nothing to be done with it */

    if (pkt->count != NGX_RTC_RTCP_FMT_NACK) {
        return;
    }

    if (ngx_rtc_rtcp_parse_fb(pkt, &fb) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    entry = ngx_rtc_ssrcs_find(&ep->send, fb.media);

    if (entry == NULL || entry->rtx) {
        return;
    }

    n = ngx_rtc_rtcp_nack_seqs(&fb, seqs, NGX_RTC_MAX_NACKS);

    ngx_rtc_subscription_nack(entry->data, seqs, n, now);
}


static void
ngx_rtc_feedback_psfb(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t now)
{
    ngx_rtc_ssrc_t       *entry;
    ngx_rtc_rtcp_fb_t     fb;
    ngx_rtc_rtcp_remb_t   remb;

    if (ngx_rtc_rtcp_parse_fb(pkt, &fb) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    switch (pkt->count) {

    case NGX_RTC_RTCP_FMT_PLI:
        entry = ngx_rtc_ssrcs_find(&ep->send, fb.media);

        if (entry) {
            ngx_rtc_subscription_pli(entry->data, now);
        }

        break;

    case NGX_RTC_RTCP_FMT_FIR:
        ngx_rtc_feedback_fir(ep, &fb, now);
        break;

    case NGX_RTC_RTCP_FMT_ALFB:

        if (ngx_rtc_rtcp_parse_remb(&fb, &remb) == NGX_OK) {
            ep->remb = remb.bitrate;
        }

        break;

    default:
        break;
    }
}


/* RFC 5104, section 4.3.1: the same number is a repetition */

static void
ngx_rtc_feedback_fir(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_fb_t *fb,
    ngx_rtc_usec_t now)
{
    u_char                  *pos;
    ngx_rtc_ssrc_t          *entry;
    ngx_rtc_rtcp_fir_t       fir;
    ngx_rtc_subscription_t  *sub;

    pos = fb->fci;

    while (ngx_rtc_rtcp_fir_next(fb, &pos, &fir) == NGX_OK) {

        entry = ngx_rtc_ssrcs_find(&ep->send, fir.ssrc);

        if (entry == NULL) {
            continue;
        }

        sub = entry->data;

        if (sub->fir_seq != fir.seq) {
            sub->fir_seq = fir.seq;
            ngx_rtc_subscription_pli(sub, now);
        }
    }
}


static void
ngx_rtc_feedback_xr(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt,
    ngx_rtc_usec_t arrival)
{
    int64_t              rtt;
    ngx_uint_t           i;
    ngx_rtc_rtcp_xr_t    xr;
    ngx_rtc_rtcp_dlrr_t  block;

    if (ngx_rtc_rtcp_parse_xr(pkt, &xr) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    if (xr.rrtr) {
        ep->rrtr_ssrc = xr.sender;
        ep->rrtr = ngx_rtc_ntp_compact(xr.rrtr);
        ep->rrtr_arrival = arrival;
    }

    for (i = 0; i < xr.ndlrr; i++) {
        ngx_rtc_rtcp_get_dlrr(xr.dlrr, i, &block);

        if (block.ssrc != ep->ssrc) {
            continue;
        }

        rtt = ngx_rtc_rtcp_rtt(ngx_rtc_ntp_compact(ngx_rtc_ntp(arrival)),
                               block.lrr, block.dlrr);

        if (rtt >= 0 && rtt < 60000000) {
            ngx_rtc_feedback_rtt(ep, rtt);
        }
    }
}


/* an SSRC is gone; its track lives, and another may come in its place */

static void
ngx_rtc_feedback_bye(ngx_rtc_endpoint_t *ep, ngx_rtc_rtcp_t *pkt)
{
    u_char            *ssrcs;
    ngx_str_t          reason;
    ngx_uint_t         i, n;
    ngx_rtc_ssrc_t    *entry;
    ngx_rtc_stream_t  *stream;

    if (ngx_rtc_rtcp_parse_bye(pkt, &ssrcs, &n, &reason) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    for (i = 0; i < n; i++) {
        entry = ngx_rtc_ssrcs_find(&ep->recv, ngx_rtc_get_32(ssrcs + i * 4));

        if (entry == NULL || entry->rtx) {
            continue;
        }

        stream = entry->data;

        stream->arrival -= NGX_RTC_STREAM_SILENT;
        ngx_rtc_keyframe_arrived(&stream->keyframe);
    }
}


/*
 * A handler may close any subscription or track, or the endpoint itself; so
 * the search begins anew after each.
 */

static void
ngx_rtc_feedback_acked(ngx_rtc_endpoint_t *ep)
{
    ngx_uint_t               gone;
    ngx_queue_t             *q;
    ngx_rtc_subscription_t  *sub;

    gone = 0;
    ep->gone = &gone;

again:

    for (q = ngx_queue_head(&ep->subs);
         q != ngx_queue_sentinel(&ep->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_rtc_subscription_t, queue);

        if (!sub->acking) {
            continue;
        }

        sub->acking = 0;
        ep->nacking--;

        if (sub->handler && sub->handler->acked) {
            sub->handler->acked(sub->data);

            if (gone) {
                return;
            }

            if (ep->nacking) {
                goto again;
            }

            break;
        }
    }

    ep->gone = NULL;
}
