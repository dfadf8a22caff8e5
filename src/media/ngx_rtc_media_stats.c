
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the machines tell of themselves: bit rates of the last second, loss,
 * round trip times.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


static void ngx_rtc_rate_advance(ngx_rtc_rate_t *rate, ngx_rtc_usec_t now);


void
ngx_rtc_rate_add(ngx_rtc_rate_t *rate, size_t bytes, ngx_rtc_usec_t now)
{
    ngx_rtc_rate_advance(rate, now);

    rate->bytes[rate->tick % NGX_RTC_RATE_SLOTS] += (uint32_t) bytes;
    rate->sum += bytes;
}


uint64_t
ngx_rtc_rate_get(ngx_rtc_rate_t *rate, ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  span;

    ngx_rtc_rate_advance(rate, now);

    span = (NGX_RTC_RATE_SLOTS - 1) * NGX_RTC_RATE_SLOT
           + ngx_max(now, 0) % NGX_RTC_RATE_SLOT + 1;

    return rate->sum * 8 * 1000000 / (uint64_t) span;
}


static void
ngx_rtc_rate_advance(ngx_rtc_rate_t *rate, ngx_rtc_usec_t now)
{
    int64_t     tick;
    ngx_uint_t  i;

    tick = now / NGX_RTC_RATE_SLOT;

    if (tick <= rate->tick) {
        return;
    }

    if (tick - rate->tick >= NGX_RTC_RATE_SLOTS) {
        ngx_memzero(rate->bytes, sizeof(rate->bytes));

        rate->sum = 0;
        rate->tick = tick;

        return;
    }

    while (rate->tick < tick) {
        i = (ngx_uint_t) (++rate->tick % NGX_RTC_RATE_SLOTS);

        rate->sum -= rate->bytes[i];
        rate->bytes[i] = 0;
    }
}


void
ngx_rtc_track_stats(ngx_rtc_track_t *track, ngx_rtc_track_stats_t *st,
    ngx_rtc_usec_t now)
{
    ngx_uint_t         i;
    ngx_rtc_stream_t  *s;

    ngx_memzero(st, sizeof(ngx_rtc_track_stats_t));

    st->codec = track->codec;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        s = &track->streams[i];

        st->packets += s->packets;
        st->bytes += s->bytes;
        st->lost += ngx_rtc_recv_lost(&s->media);
        st->recovered += s->recovered;
        st->nacks += s->nacks;
        st->keyframe_requests += s->keyframe_requests;
        st->bitrate += ngx_rtc_rate_get(&s->rate, now);
    }

    s = track->selected;

    st->keyframes = s->keyframes;
    st->frames = s->frames;
    st->width = s->width;
    st->height = s->height;

    if (s->clock) {
        st->jitter = (uint32_t) ((uint64_t) (s->media.jitter >> 4) * 1000000
                                 / s->clock);
    }
}


void
ngx_rtc_subscription_stats(ngx_rtc_subscription_t *sub,
    ngx_rtc_subscription_stats_t *st, ngx_rtc_usec_t now)
{
    ngx_memzero(st, sizeof(ngx_rtc_subscription_stats_t));

    st->packets = sub->packets;
    st->bytes = sub->bytes;
    st->lost = sub->lost > 0 ? (uint64_t) sub->lost : 0;
    st->rtx = sub->rtx;
    st->nacks = sub->nacks;
    st->dropped = sub->dropped;
    st->fraction = sub->fraction;
    st->rtt = sub->rtt;
    st->bitrate = ngx_rtc_rate_get(&sub->rate, now);
    st->paused = sub->paused;
    st->acked = sub->acked;

    if (sub->rw.clock) {
        st->jitter = (uint32_t) ((uint64_t) sub->jitter * 1000000
                                 / sub->rw.clock);
    }
}


void
ngx_rtc_endpoint_stats(ngx_rtc_endpoint_t *ep, ngx_rtc_endpoint_stats_t *st,
    ngx_rtc_usec_t now)
{
    uint64_t                 rate, in, out;
    ngx_uint_t               i;
    ngx_queue_t             *q;
    ngx_rtc_track_t         *track;
    ngx_rtc_stream_t        *s;
    ngx_rtc_subscription_t  *sub;

    ngx_memzero(st, sizeof(ngx_rtc_endpoint_stats_t));

    st->rtt = ep->rtt;

    in = 0;
    out = 0;

    /* fractions are weighed by what flows */

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
            s = &track->streams[i];
            rate = ngx_rtc_rate_get(&s->rate, now);

            st->bitrate_in += rate;
            st->lost += ngx_rtc_recv_lost(&s->media);
            in += rate * s->media.fraction;
        }
    }

    for (q = ngx_queue_head(&ep->subs);
         q != ngx_queue_sentinel(&ep->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_rtc_subscription_t, queue);
        rate = ngx_rtc_rate_get(&sub->rate, now);

        st->bitrate_out += rate;
        st->lost += sub->lost > 0 ? (uint64_t) sub->lost : 0;
        out += rate * sub->fraction;
    }

    if (st->bitrate_in) {
        st->loss_in = (ngx_uint_t) (in / st->bitrate_in);
    }

    if (st->bitrate_out) {
        st->loss_out = (ngx_uint_t) (out / st->bitrate_out);
    }
}
