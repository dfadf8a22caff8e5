
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP that we send: reports of both directions, and feedback to publishers.
 * All of it goes through one builder of compound packets.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


#define NGX_RTC_REPORT_FIRST  50000    /* usec after something began */


static void ngx_rtc_compound_begin(ngx_rtc_compound_t *c);
static void ngx_rtc_compound_receiver(ngx_rtc_compound_t *c,
    ngx_rtc_usec_t now);
static void ngx_rtc_compound_blocks(ngx_rtc_compound_t *c,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n);
static void ngx_rtc_compound_xr(ngx_rtc_compound_t *c, ngx_rtc_usec_t now);
static ngx_int_t ngx_rtc_compound_sender(ngx_rtc_compound_t *c,
    ngx_rtc_subscription_t *sub, ngx_rtc_usec_t now);
static u_char *ngx_rtc_compound_sr(ngx_rtc_compound_t *c, u_char *p,
    ngx_rtc_rtcp_sr_t *sr, ngx_str_t *cname);
static void ngx_rtc_report_idle(ngx_rtc_track_t *track, ngx_rtc_usec_t now);
static void ngx_rtc_report_keyframe(ngx_rtc_stream_t *stream);


/*
 * A compound packet has to begin with a report and a CNAME, unless
 * reduced-size RTCP (RFC 5506) was negotiated.
 */

void
ngx_rtc_compound_init(ngx_rtc_compound_t *c, ngx_rtc_endpoint_t *ep,
    ngx_uint_t rsize)
{
    c->ep = ep;
    c->end = c->buf + NGX_RTC_RTCP_SIZE;
    c->rsize = rsize ? 1 : 0;

    ngx_rtc_compound_begin(c);
}


static void
ngx_rtc_compound_begin(ngx_rtc_compound_t *c)
{
    ngx_str_t  cname;

    c->pos = c->buf;

    if (!c->rsize) {
        cname.data = c->ep->cname;
        cname.len = ngx_strlen(c->ep->cname);

        c->pos = ngx_rtc_rtcp_write_rr(c->pos, c->end, c->ep->ssrc, NULL, 0);
        c->pos = ngx_rtc_rtcp_write_sdes(c->pos, c->end, &c->ep->ssrc, 1,
                                         &cname);
    }

    c->last = c->pos;
}


void
ngx_rtc_compound_flush(ngx_rtc_compound_t *c)
{
    if (c->pos != c->last) {
        (void) c->ep->out->rtcp(c->ep->data, c->buf, c->pos - c->buf);
    }

    ngx_rtc_compound_begin(c);
}


void
ngx_rtc_report_schedule(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now)
{
    if (!ep->connected || ep->report_at != NGX_RTC_NEVER) {
        return;
    }

    ep->report_at = now + NGX_RTC_REPORT_FIRST
                    + (ngx_rtc_usec_t) (ngx_random() % NGX_RTC_REPORT_FIRST);

    ngx_rtc_endpoint_wake(ep, ep->report_at);
}


/* all reports of an endpoint at once */

void
ngx_rtc_report_send(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now)
{
    ngx_queue_t             *q;
    ngx_rtc_track_t         *track;
    ngx_rtc_compound_t       c;
    ngx_rtc_subscription_t  *sub;

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);
        ngx_rtc_report_idle(track, now);
    }

    if (!ep->connected
        || (ngx_queue_empty(&ep->tracks) && ngx_queue_empty(&ep->subs)))
    {
        ep->report_at = NGX_RTC_NEVER;
        return;
    }

    ep->report_at = now + NGX_RTC_REPORT_INTERVAL / 2
                    + (ngx_rtc_usec_t) (ngx_random()
                                        % NGX_RTC_REPORT_INTERVAL);

    /* each part below begins with a report, so nothing need precede it */

    ngx_rtc_compound_init(&c, ep, 1);

    if (!ngx_queue_empty(&ep->tracks) || ep->rrtr) {
        ngx_rtc_compound_receiver(&c, now);
    }

    for (q = ngx_queue_head(&ep->subs);
         q != ngx_queue_sentinel(&ep->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_rtc_subscription_t, queue);
        (void) ngx_rtc_compound_sender(&c, sub, now);
    }

    ngx_rtc_compound_flush(&c);
}


/* the caches of a source that has fallen silent */

static void
ngx_rtc_report_idle(ngx_rtc_track_t *track, ngx_rtc_usec_t now)
{
    ngx_uint_t         i;
    ngx_rtc_stream_t  *stream;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        stream = &track->streams[i];

        if (stream->cache && now - stream->arrival > NGX_RTC_STREAM_IDLE) {
            ngx_rtc_cache_destroy(stream->cache);
            stream->cache = NULL;
        }
    }
}


static void
ngx_rtc_compound_receiver(ngx_rtc_compound_t *c, ngx_rtc_usec_t now)
{
    u_char                 *p;
    ngx_str_t               cname;
    ngx_uint_t              i, n;
    ngx_queue_t            *q;
    ngx_rtc_track_t        *track;
    ngx_rtc_endpoint_t     *ep;
    ngx_rtc_rtcp_report_t   reports[NGX_RTC_RTCP_MAX_REPORTS];

    ep = c->ep;
    n = 0;

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {

            if (ngx_rtc_recv_report(&track->streams[i].media, now,
                                    &reports[n])
                == NGX_OK)
            {
                n++;
            }

            if (n == NGX_RTC_RTCP_MAX_REPORTS) {
                ngx_rtc_compound_blocks(c, reports, n);
                n = 0;
            }

            if (ngx_rtc_recv_report(&track->streams[i].rtx, now, &reports[n])
                == NGX_OK)
            {
                n++;
            }

            if (n == NGX_RTC_RTCP_MAX_REPORTS) {
                ngx_rtc_compound_blocks(c, reports, n);
                n = 0;
            }
        }
    }

    ngx_rtc_compound_blocks(c, reports, n);

    cname.data = ep->cname;
    cname.len = ngx_strlen(ep->cname);

    p = ngx_rtc_rtcp_write_sdes(c->pos, c->end, &ep->ssrc, 1, &cname);
    if (p) {
        c->pos = p;
    }

    ngx_rtc_compound_xr(c, now);
}


static void
ngx_rtc_compound_blocks(ngx_rtc_compound_t *c, ngx_rtc_rtcp_report_t *reports,
    ngx_uint_t n)
{
    u_char  *p;

    p = ngx_rtc_rtcp_write_rr(c->pos, c->end, c->ep->ssrc, reports, n);

    if (p == NULL) {
        ngx_rtc_compound_flush(c);

        p = ngx_rtc_rtcp_write_rr(c->pos, c->end, c->ep->ssrc, reports, n);
        if (p == NULL) {
            return;
        }
    }

    c->pos = p;
}


/* RFC 3611, sections 4.4 and 4.5: round trip times of receivers */

static void
ngx_rtc_compound_xr(ngx_rtc_compound_t *c, ngx_rtc_usec_t now)
{
    u_char               *p;
    ngx_rtc_endpoint_t   *ep;
    ngx_rtc_rtcp_dlrr_t   dlrr;

    ep = c->ep;

    if (!ngx_queue_empty(&ep->tracks)) {
        p = ngx_rtc_rtcp_write_xr_rrtr(c->pos, c->end, ep->ssrc,
                                       ngx_rtc_ntp(now));
        if (p) {
            c->pos = p;
        }
    }

    if (ep->rrtr) {
        dlrr.ssrc = ep->rrtr_ssrc;
        dlrr.lrr = ep->rrtr;
        dlrr.dlrr = (uint32_t) ((uint64_t) ngx_max(now - ep->rrtr_arrival, 0)
                                * 65536 / 1000000);

        p = ngx_rtc_rtcp_write_xr_dlrr(c->pos, c->end, ep->ssrc, &dlrr, 1);
        if (p) {
            c->pos = p;
        }

        ep->rrtr = 0;
    }
}


/* NGX_DECLINED: there is nothing to report, or no clock to report it by */

static ngx_int_t
ngx_rtc_compound_sender(ngx_rtc_compound_t *c, ngx_rtc_subscription_t *sub,
    ngx_rtc_usec_t now)
{
    u_char             *p;
    uint32_t            timestamp;
    ngx_str_t           cname;
    ngx_uint_t          i;
    ngx_rtc_rtcp_sr_t   sr;
    ngx_rtc_stream_t   *stream;

    if (sub->packets == 0 || !sub->live || !sub->rw.synced) {
        return NGX_DECLINED;
    }

    stream = NULL;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        if (sub->track->streams[i].id == sub->stream) {
            stream = &sub->track->streams[i];
        }
    }

    if (stream == NULL
        || ngx_rtc_stream_timestamp(stream, now, &timestamp) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    cname.data = sub->params.cname;
    cname.len = ngx_strlen(cname.data);

    sr.ssrc = sub->rw.ssrc;
    sr.ntp = ngx_rtc_ntp(now);
    sr.timestamp = timestamp + sub->rw.ts_offset;
    sr.packets = (uint32_t) (sub->packets + sub->rtx - sub->rtx_packets);
    sr.octets = (uint32_t) sub->octets;

    p = ngx_rtc_compound_sr(c, c->pos, &sr, &cname);

    if (p == NULL) {
        ngx_rtc_compound_flush(c);

        p = ngx_rtc_compound_sr(c, c->pos, &sr, &cname);
        if (p == NULL) {
            return NGX_DECLINED;
        }
    }

    c->pos = p;
    sub->reported = 1;

    if (sub->rtx_packets) {
        sr.ssrc = sub->rw.rtx_ssrc;
        sr.packets = (uint32_t) sub->rtx_packets;
        sr.octets = (uint32_t) sub->rtx_octets;

        p = ngx_rtc_compound_sr(c, c->pos, &sr, &cname);
        if (p) {
            c->pos = p;
        }
    }

    return NGX_OK;
}


static u_char *
ngx_rtc_compound_sr(ngx_rtc_compound_t *c, u_char *p, ngx_rtc_rtcp_sr_t *sr,
    ngx_str_t *cname)
{
    p = ngx_rtc_rtcp_write_sr(p, c->end, sr, NULL, 0);

    if (p == NULL || cname->len == 0) {
        return p;
    }

    return ngx_rtc_rtcp_write_sdes(p, c->end, &sr->ssrc, 1, cname);
}


/* a sender report between the regular ones: the clock has become known */

void
ngx_rtc_report_sender(ngx_rtc_subscription_t *sub, ngx_rtc_usec_t now)
{
    ngx_rtc_compound_t  c;

    ngx_rtc_compound_init(&c, sub->ep, 1);

    if (ngx_rtc_compound_sender(&c, sub, now) == NGX_OK) {
        ngx_rtc_compound_flush(&c);
    }
}


void
ngx_rtc_report_bye(ngx_rtc_subscription_t *sub)
{
    u_char              *p;
    uint32_t             ssrcs[2];
    ngx_rtc_compound_t   c;

    if (!sub->ep->connected) {
        return;
    }

    ngx_rtc_compound_init(&c, sub->ep, sub->ep->rsize);

    ssrcs[0] = sub->rw.ssrc;
    ssrcs[1] = sub->rw.rtx_ssrc;

    p = ngx_rtc_rtcp_write_bye(c.pos, c.end, ssrcs,
                               sub->rtx_packets ? 2 : 1);
    if (p) {
        c.pos = p;
        ngx_rtc_compound_flush(&c);
    }
}


/* what is missing from publishers and due to be asked for */

void
ngx_rtc_report_nacks(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now)
{
    u_char              *p;
    uint16_t             seqs[NGX_RTC_NACK_MAX];
    ngx_uint_t           i, n, done, consumed;
    ngx_queue_t         *q;
    ngx_rtc_usec_t       next;
    ngx_rtc_track_t     *track;
    ngx_rtc_stream_t    *stream;
    ngx_rtc_compound_t   c;

    next = NGX_RTC_NEVER;

    ngx_rtc_compound_init(&c, ep, ep->rsize);

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
            stream = &track->streams[i];

            if (stream->nack == NULL || stream->nack->n == 0) {
                continue;
            }

            /* what nobody watches needn't be whole; nor can a lost
               transport be asked */

            if (!ep->connected || track->nsubs == 0) {
                ngx_rtc_nack_init(stream->nack);
                continue;
            }

            n = ngx_rtc_nack_collect(stream->nack, seqs, ep->rtt, now);

            stream->nacks += n;
            ngx_rtc_count_n(nacks_sent, n);

            for (done = 0; done < n; done += consumed) {

                p = ngx_rtc_rtcp_write_nack(c.pos, c.end, ep->ssrc,
                                            stream->media.ssrc, &seqs[done],
                                            n - done, &consumed);
                if (p == NULL) {
                    if (c.pos == c.last) {
                        break;
                    }

                    consumed = 0;
                    ngx_rtc_compound_flush(&c);
                    continue;
                }

                c.pos = p;
            }

            next = ngx_min(next, ngx_rtc_nack_deadline(stream->nack));
        }
    }

    ep->nack_at = next;

    ngx_rtc_compound_flush(&c);
    ngx_rtc_endpoint_wake(ep, next);
}


void
ngx_rtc_report_keyframes(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now)
{
    ngx_uint_t         i;
    ngx_queue_t       *q;
    ngx_rtc_usec_t     next;
    ngx_rtc_track_t   *track;
    ngx_rtc_stream_t  *stream;

    next = NGX_RTC_NEVER;

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks) && ep->connected;
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
            stream = &track->streams[i];

            if (stream->keyframe.next == NGX_RTC_NEVER) {
                continue;
            }

            if (ngx_rtc_keyframe_due(&stream->keyframe, now) == NGX_OK) {
                ngx_rtc_report_keyframe(stream);
            }

            next = ngx_min(next, stream->keyframe.next);
        }
    }

    ep->keyframe_at = next;
}


static void
ngx_rtc_report_keyframe(ngx_rtc_stream_t *stream)
{
    u_char              *p;
    ngx_rtc_track_t     *track;
    ngx_rtc_payload_t   *payload;
    ngx_rtc_endpoint_t  *ep;
    ngx_rtc_compound_t   c;
    ngx_rtc_rtcp_fir_t   fir;

    track = stream->track;
    ep = track->ep;

    if (track->params.npayloads == 0) {
        return;
    }

    payload = &track->params.payloads[stream->payload];

    ngx_rtc_compound_init(&c, ep, ep->rsize);

    if (payload->pli || !payload->fir) {

        /* without either PLI is the one that senders know */

        p = ngx_rtc_rtcp_write_pli(c.pos, c.end, ep->ssrc,
                                   stream->media.ssrc);

    } else {
        fir.ssrc = stream->media.ssrc;
        fir.seq = stream->keyframe.fir_seq++;

        p = ngx_rtc_rtcp_write_fir(c.pos, c.end, ep->ssrc, &fir, 1);
    }

    if (p == NULL) {
        return;
    }

    c.pos = p;
    ngx_rtc_compound_flush(&c);

    stream->keyframe_requests++;
    ngx_rtc_count(keyframe_requests);
}


void
ngx_rtc_report_twcc(ngx_rtc_endpoint_t *ep)
{
    u_char              *p;
    ngx_rtc_compound_t   c;

    if (!ep->connected) {
        ngx_rtc_twcc_init(ep->twcc);
        return;
    }

    ngx_rtc_compound_init(&c, ep, ep->rsize);

    for ( ;; ) {
        p = ngx_rtc_twcc_write(ep->twcc, c.pos, c.end, ep->ssrc);

        if (p == NULL) {

            if (c.pos == c.last) {
                ngx_rtc_twcc_init(ep->twcc);
                return;
            }

            ngx_rtc_compound_flush(&c);
            continue;
        }

        if (p == c.pos) {
            break;
        }

        c.pos = p;
    }

    ngx_rtc_compound_flush(&c);
}
