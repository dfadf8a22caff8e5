
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Subscriptions: which packets of a track go to one subscriber, and which of
 * them once more.  How they are rewritten is in ngx_rtc_rewrite.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


#define NGX_RTC_RTX_TRIES    10
#define NGX_RTC_RTX_RTT      100000    /* usec, while it isn't known */
#define NGX_RTC_RTX_RTT_MIN  10000
#define NGX_RTC_RTX_RTT_MAX  400000


static ngx_int_t ngx_rtc_subscription_params(ngx_rtc_subscription_t *sub,
    const ngx_rtc_send_params_t *params);
static ngx_int_t ngx_rtc_subscription_ssrc(ngx_rtc_subscription_t *sub,
    uint32_t old, uint32_t ssrc, ngx_uint_t rtx);
static ngx_int_t ngx_rtc_subscription_begin(ngx_rtc_subscription_t *sub,
    ngx_rtc_stream_t *stream, ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now);
static void ngx_rtc_subscription_packet(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now);
static void ngx_rtc_subscription_resend(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *sent, ngx_rtc_usec_t now);
static size_t ngx_rtc_subscription_output(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *sent, ngx_uint_t pt,
    ngx_uint_t rtx, ngx_uint_t twcc);
static ngx_rtc_stream_t *ngx_rtc_subscription_stream(
    ngx_rtc_subscription_t *sub);


ngx_rtc_subscription_t *
ngx_rtc_subscription_create(ngx_rtc_endpoint_t *ep, ngx_rtc_track_t *track,
    const ngx_rtc_send_params_t *params,
    const ngx_rtc_subscription_handler_t *h, void *data, ngx_rtc_usec_t now)
{
    ngx_rtc_subscription_t  *sub;

    sub = ngx_calloc(sizeof(ngx_rtc_subscription_t), ep->log);
    if (sub == NULL) {
        return NULL;
    }

    sub->ep = ep;
    sub->handler = h;
    sub->data = data;
    sub->paused = 1;
    sub->fir_seq = -1;
    sub->budget = NGX_RTC_RTX_BUDGET;

    if (ngx_rtc_rewrite_init(&sub->rw,
                             params->kind == NGX_RTC_KIND_VIDEO
                             ? NGX_RTC_RING_VIDEO : NGX_RTC_RING_AUDIO,
                             ep->log)
        != NGX_OK)
    {
        ngx_free(sub);
        return NULL;
    }

    ngx_queue_insert_tail(&ep->subs, &sub->queue);
    ngx_rtc_count(subscriptions);

    if (ngx_rtc_subscription_params(sub, params) != NGX_OK
        || (track && ngx_rtc_track_attach(track, sub) != NGX_OK))
    {
        ngx_rtc_subscription_close(sub, now);
        return NULL;
    }

    ngx_rtc_subscription_map(sub);
    ngx_rtc_subscription_resync(sub);
    ngx_rtc_report_schedule(ep, now);

    return sub;
}


ngx_int_t
ngx_rtc_subscription_update(ngx_rtc_subscription_t *sub,
    const ngx_rtc_send_params_t *params, ngx_rtc_usec_t now)
{
    ngx_int_t  rc;

    rc = ngx_rtc_subscription_params(sub, params);

    ngx_rtc_subscription_map(sub);

    return rc;
}


void
ngx_rtc_subscription_track(ngx_rtc_subscription_t *sub,
    ngx_rtc_track_t *track, ngx_rtc_usec_t now)
{
    if (sub->track == track) {
        return;
    }

    ngx_rtc_track_detach(sub);

    if (track && ngx_rtc_track_attach(track, sub) != NGX_OK) {
        track = NULL;
    }

    sub->reported = 0;

    ngx_rtc_subscription_map(sub);
    ngx_rtc_subscription_resync(sub);
    ngx_rtc_subscription_live(sub);

    if (sub->live && sub->waiting) {
        ngx_rtc_track_keyframe(track, now);
    }
}


void
ngx_rtc_subscription_pause(ngx_rtc_subscription_t *sub, ngx_uint_t paused,
    ngx_rtc_usec_t now)
{
    paused = paused ? 1 : 0;

    if (sub->paused == paused) {
        return;
    }

    sub->paused = paused;

    ngx_rtc_subscription_resync(sub);
    ngx_rtc_subscription_live(sub);

    if (sub->live && sub->waiting) {
        ngx_rtc_track_keyframe(sub->track, now);
    }
}


void
ngx_rtc_subscription_close(ngx_rtc_subscription_t *sub, ngx_rtc_usec_t now)
{
    ngx_rtc_endpoint_t  *ep;

    ep = sub->ep;

    if (sub->packets) {
        ngx_rtc_report_bye(sub);
    }

    ngx_rtc_track_detach(sub);

    (void) ngx_rtc_subscription_ssrc(sub, sub->params.ssrc, 0, 0);
    (void) ngx_rtc_subscription_ssrc(sub, sub->params.rtx_ssrc, 0, 1);

    if (sub->acking) {
        ep->nacking--;
    }

    ngx_queue_remove(&sub->queue);
    ngx_rtc_count_down(subscriptions);

    ngx_rtc_endpoint_rsize(ep);

    ngx_rtc_rewrite_free(&sub->rw);
    ngx_free(sub);
}


static ngx_int_t
ngx_rtc_subscription_params(ngx_rtc_subscription_t *sub,
    const ngx_rtc_send_params_t *params)
{
    ngx_uint_t              changed;
    ngx_rtc_send_params_t  *old;

    old = &sub->params;

    if (params->npayloads > NGX_RTC_MAX_PAYLOADS) {
        return NGX_DECLINED;
    }

    changed = (old->ssrc != params->ssrc
               || old->rtx_ssrc != params->rtx_ssrc);

    if (ngx_rtc_subscription_ssrc(sub, old->ssrc, params->ssrc, 0)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    old->ssrc = params->ssrc;

    if (ngx_rtc_subscription_ssrc(sub, old->rtx_ssrc, params->rtx_ssrc, 1)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    old->rtx_ssrc = params->rtx_ssrc;

    if (changed
        || !sub->rw.started
        || ngx_memcmp(&old->ext, &params->ext, sizeof(ngx_rtc_extmap_t)) != 0
        || ngx_memcmp(old->payloads, params->payloads,
                      sizeof(old->payloads)) != 0
        || ngx_strcmp(old->mid, params->mid) != 0)
    {
        ngx_rtc_rewrite_params(&sub->rw, params);
    }

    *old = *params;

    old->cname[sizeof(old->cname) - 1] = '\0';

    ngx_rtc_endpoint_rsize(sub->ep);

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_subscription_ssrc(ngx_rtc_subscription_t *sub, uint32_t old,
    uint32_t ssrc, ngx_uint_t rtx)
{
    ngx_int_t            rc;
    ngx_rtc_endpoint_t  *ep;

    ep = sub->ep;

    if (old == ssrc) {
        return NGX_OK;
    }

    if (ssrc) {
        rc = ngx_rtc_ssrcs_add(&ep->send, ssrc, sub, rtx, ep->log);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (old) {
        ngx_rtc_ssrcs_delete(&ep->send, old, sub);

        if (ep->out->forget) {
            ep->out->forget(ep->data, old, 1);
        }
    }

    return NGX_OK;
}


/* the track's payload types in this subscriber's numbers */

void
ngx_rtc_subscription_map(ngx_rtc_subscription_t *sub)
{
    ngx_uint_t          i, j;
    ngx_rtc_map_t      *map;
    ngx_rtc_track_t    *track;
    ngx_rtc_payload_t  *from, *to;

    track = sub->track;

    for (i = 0; i < NGX_RTC_MAX_PAYLOADS; i++) {
        map = &sub->map[i];

        ngx_memzero(map, sizeof(ngx_rtc_map_t));
        map->pt = NGX_RTC_PT_NONE;

        if (track == NULL || i >= track->params.npayloads) {
            continue;
        }

        from = &track->params.payloads[i];

        for (j = 0; j < sub->params.npayloads; j++) {
            to = &sub->params.payloads[j];

            if (to->codec != from->codec || to->profile != from->profile
                || to->clock != from->clock)
            {
                continue;
            }

            map->pt = to->pt & 0x7f;
            map->rtx_pt = sub->params.rtx_ssrc ? to->rtx_pt & 0x7f : 0;
            map->nack = to->nack;
            map->twcc = to->twcc && sub->params.ext.id[NGX_RTC_EXT_TWCC];
            map->clock = to->clock ? to->clock : 90000;

            break;
        }
    }
}


void
ngx_rtc_subscription_live(ngx_rtc_subscription_t *sub)
{
    sub->live = (sub->ep->connected && !sub->paused && sub->track) ? 1 : 0;
}


void
ngx_rtc_subscription_resync(ngx_rtc_subscription_t *sub)
{
    sub->rw.synced = 0;
    sub->waiting = (sub->params.kind == NGX_RTC_KIND_VIDEO) ? 1 : 0;
}


void
ngx_rtc_subscription_send(ngx_rtc_subscription_t *sub,
    ngx_rtc_stream_t *stream, ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now)
{
    int64_t           seq, last;
    ngx_rtc_packet_t  next;

    if (sub->map[pkt->index].pt == NGX_RTC_PT_NONE) {
        sub->dropped++;

        if (sub->rw.synced) {
            ngx_rtc_subscription_resync(sub);
        }

        return;
    }

    if (sub->rw.synced && sub->stream == stream->id) {
        ngx_rtc_subscription_packet(sub, pkt, now);
        return;
    }

    if (ngx_rtc_subscription_begin(sub, stream, pkt, now) != NGX_OK) {
        return;
    }

    seq = pkt->seq;

    ngx_rtc_subscription_packet(sub, pkt, now);

    if (stream->cache == NULL) {
        return;
    }

    /* packets behind the first one may have overtaken it */

    last = stream->last - (int64_t) stream->ngaps;

    if (last - seq > NGX_RTC_CACHE_VIDEO) {
        return;
    }

    while (++seq <= last) {
        if (ngx_rtc_cache_get(stream->cache, seq, &next) == NGX_OK
            && sub->map[next.index].pt != NGX_RTC_PT_NONE)
        {
            ngx_rtc_subscription_packet(sub, &next, now);
        }
    }
}


/* may this packet be the first one of a mapping? */

static ngx_int_t
ngx_rtc_subscription_begin(ngx_rtc_subscription_t *sub,
    ngx_rtc_stream_t *stream, ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now)
{
    if (sub->rw.synced) {

        /* another source without notice */

        ngx_rtc_subscription_resync(sub);
    }

    if (pkt->padding) {
        return NGX_DECLINED;
    }

    if (sub->waiting && !pkt->keyframe) {
        ngx_rtc_track_keyframe(sub->track, now);
        return NGX_DECLINED;
    }

    ngx_rtc_rewrite_sync(&sub->rw, pkt, sub->stream != stream->id,
                         sub->map[pkt->index].clock, now);

    sub->stream = stream->id;
    sub->waiting = 0;

    return NGX_OK;
}


static void
ngx_rtc_subscription_packet(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now)
{
    size_t           len;
    ngx_rtc_map_t   *map;
    ngx_rtc_sent_t  *sent, scratch;

    map = &sub->map[pkt->index];

    sent = ngx_rtc_rewrite_map(&sub->rw, pkt, &scratch, now);
    if (sent == NULL) {
        return;
    }

    /* once the subscriber has reported on the SSRC it knows whose it is */

    sent->mid = !sub->acked && sub->rw.mid_len
                && sub->rw.ext[NGX_RTC_EXT_MID];

    if (map->twcc) {
        sent->twcc = sub->ep->twcc_seq;
    }

    len = ngx_rtc_subscription_output(sub, pkt, sent, map->pt, 0, map->twcc);

    sub->ep->twcc_seq += map->twcc;

    if (len == 0) {
        return;
    }

    sub->packets++;
    sub->bytes += len;
    sub->octets += pkt->size;

    if (sub->budget < NGX_RTC_RTX_BUDGET) {
        sub->budget++;
    }

    ngx_rtc_rate_add(&sub->rate, len, now);
    ngx_rtc_count(rtp_sent);
}


void
ngx_rtc_subscription_nack(ngx_rtc_subscription_t *sub, uint16_t *seqs,
    ngx_uint_t n, ngx_rtc_usec_t now)
{
    int64_t            seq;
    uint32_t           ms, rtt;
    ngx_uint_t         i;
    ngx_rtc_sent_t    *sent;
    ngx_rtc_packet_t   pkt;
    ngx_rtc_stream_t  *stream;

    sub->nacks += n;
    ngx_rtc_count_n(nacks_received, n);

    stream = ngx_rtc_subscription_stream(sub);

    if (stream == NULL || stream->cache == NULL || !sub->ep->connected) {
        ngx_rtc_count_n(nacks_missed, n);
        return;
    }

    rtt = (uint32_t) (sub->rtt ? sub->rtt : NGX_RTC_RTX_RTT);
    rtt = ngx_min(ngx_max(rtt, NGX_RTC_RTX_RTT_MIN), NGX_RTC_RTX_RTT_MAX);
    rtt /= 1000;

    ms = (uint32_t) (now / 1000);

    for (i = 0; i < n; i++) {

        sent = ngx_rtc_rewrite_find(&sub->rw, seqs[i]);

        if (sent == NULL) {
            ngx_rtc_count(nacks_missed);
            continue;
        }

        /* asked again before the answer can have come */

        if (sent->tries && ms - sent->sent < rtt) {
            continue;
        }

        if (sent->tries == NGX_RTC_RTX_TRIES || sub->budget == 0) {
            continue;
        }

        seq = sub->rw.newest
              - (int64_t) (uint32_t) ((uint32_t) sub->rw.newest
                                      - sent->source);

        if (ngx_rtc_cache_get(stream->cache, seq, &pkt) != NGX_OK) {
            ngx_rtc_count(nacks_missed);
            continue;
        }

        sent->tries++;
        sent->sent = ms;
        sub->budget--;

        ngx_rtc_subscription_resend(sub, &pkt, sent, now);
    }
}


static void
ngx_rtc_subscription_resend(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *sent, ngx_rtc_usec_t now)
{
    size_t          len;
    ngx_rtc_map_t  *map;
    ngx_rtc_sent_t  again;

    map = &sub->map[pkt->index];

    if (map->rtx_pt) {

        /* a packet of its own: times and numbers are those of now */

        again = *sent;

        again.abs_send_time = ngx_rtc_abs_send_time((uint64_t) now);
        again.twcc = sub->ep->twcc_seq;
        again.mid = !sub->acked && sub->rw.mid_len
                    && sub->rw.ext[NGX_RTC_EXT_MID];

        len = ngx_rtc_subscription_output(sub, pkt, &again, map->rtx_pt, 1,
                                          map->twcc);
        if (len == 0) {
            return;
        }

        sub->ep->twcc_seq += map->twcc;

        sub->rw.rtx_seq++;
        sub->rtx_packets++;
        sub->rtx_octets += pkt->size + 2;

    } else if (map->nack && map->pt != NGX_RTC_PT_NONE) {

        /* the same SRTP index: it must be the same to the last bit */

        len = ngx_rtc_subscription_output(sub, pkt, sent, map->pt, 0,
                                          map->twcc);
        if (len == 0) {
            return;
        }

    } else {
        return;
    }

    sub->rtx++;
    sub->bytes += len;

    ngx_rtc_rate_add(&sub->rate, len, now);
    ngx_rtc_count(rtx_sent);
}


/* the length of what went out, or 0 */

static size_t
ngx_rtc_subscription_output(ngx_rtc_subscription_t *sub,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *sent, ngx_uint_t pt,
    ngx_uint_t rtx, ngx_uint_t twcc)
{
    size_t               len;
    u_char              *p;
    ngx_rtc_endpoint_t  *ep;

    ep = sub->ep;

    p = ep->out->reserve(ep->data, ngx_rtc_rewrite_size(&sub->rw, pkt));
    if (p == NULL) {
        return 0;
    }

    len = ngx_rtc_rewrite_write(&sub->rw, p, pkt, sent, pt, rtx, twcc) - p;

    if (ep->out->commit(ep->data, len) != NGX_OK) {
        return 0;
    }

    return len;
}


/* the stream that the mapping is of, if it is still there */

static ngx_rtc_stream_t *
ngx_rtc_subscription_stream(ngx_rtc_subscription_t *sub)
{
    ngx_uint_t         i;
    ngx_rtc_stream_t  *stream;

    if (sub->track == NULL || !sub->rw.started) {
        return NULL;
    }

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        stream = &sub->track->streams[i];

        if (stream->id == sub->stream) {
            return stream;
        }
    }

    return NULL;
}


/* what one viewer's network loses doesn't make keyframes for all */

void
ngx_rtc_subscription_pli(ngx_rtc_subscription_t *sub, ngx_rtc_usec_t now)
{
    if (!sub->live || ngx_rtc_keyframe_limit(&sub->limit, now) != NGX_OK) {
        return;
    }

    ngx_rtc_track_keyframe(sub->track, now);
}
