
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * An endpoint: whose packet is it, and what is due when.  RTCP is read in
 * ngx_rtc_feedback.c and written in ngx_rtc_report.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"



static ngx_rtc_stream_t *ngx_rtc_endpoint_discover(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtp_t *rtp, ngx_uint_t *rtx, ngx_rtc_usec_t now);
static ngx_rtc_track_t *ngx_rtc_endpoint_mid(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtp_t *rtp, ngx_uint_t *found);
static ngx_rtc_track_t *ngx_rtc_endpoint_pt(ngx_rtc_endpoint_t *ep,
    ngx_rtc_rtp_t *rtp);
static ngx_int_t ngx_rtc_endpoint_layer(ngx_rtc_track_t *track,
    ngx_rtc_rtp_t *rtp, ngx_uint_t rtx);
static void ngx_rtc_endpoint_unknown(ngx_rtc_endpoint_t *ep, uint32_t ssrc);
static void ngx_rtc_endpoint_known(ngx_rtc_endpoint_t *ep, uint32_t ssrc);
static void ngx_rtc_endpoint_arrived(ngx_rtc_endpoint_t *ep,
    ngx_rtc_track_t *track, ngx_rtc_rtp_t *rtp, ngx_rtc_usec_t arrival,
    ngx_rtc_usec_t now);


ngx_rtc_endpoint_t *
ngx_rtc_endpoint_create(const ngx_rtc_media_out_t *out, void *data,
    ngx_log_t *log, ngx_rtc_usec_t now)
{
    ngx_uint_t           i;
    ngx_rtc_endpoint_t  *ep;

    ep = ngx_calloc(sizeof(ngx_rtc_endpoint_t), log);
    if (ep == NULL) {
        return NULL;
    }

    ep->out = out;
    ep->data = data;
    ep->log = log;

    ngx_queue_init(&ep->tracks);
    ngx_queue_init(&ep->subs);
    ngx_rtc_ssrcs_init(&ep->recv, NGX_RTC_MAX_RECV_SSRCS);
    ngx_rtc_ssrcs_init(&ep->send, NGX_RTC_MAX_SEND_SSRCS);

    ep->ssrc = ngx_rtc_endpoint_ssrc(ep);
    ep->twcc_seq = (uint16_t) (ngx_random() & 0x3fff);

    for (i = 0; i < 8; i++) {
        ep->cname[i] = (u_char) ('a' + ((ep->ssrc >> (i * 4)) & 0x0f));
    }

    ep->deadline = NGX_RTC_NEVER;
    ep->report_at = NGX_RTC_NEVER;
    ep->nack_at = NGX_RTC_NEVER;
    ep->keyframe_at = NGX_RTC_NEVER;

    return ep;
}


void
ngx_rtc_endpoint_destroy(ngx_rtc_endpoint_t *ep)
{
    if (ep->gone) {
        *ep->gone = 1;
    }

    ngx_rtc_ssrcs_free(&ep->recv);
    ngx_rtc_ssrcs_free(&ep->send);

    if (ep->twcc) {
        ngx_free(ep->twcc);
    }

    ngx_free(ep);
}


void
ngx_rtc_endpoint_connected(ngx_rtc_endpoint_t *ep, ngx_uint_t connected,
    ngx_rtc_usec_t now)
{
    ngx_queue_t             *q;
    ngx_rtc_subscription_t  *sub;

    ep->connected = connected ? 1 : 0;

    for (q = ngx_queue_head(&ep->subs);
         q != ngx_queue_sentinel(&ep->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_rtc_subscription_t, queue);

        ngx_rtc_subscription_resync(sub);
        ngx_rtc_subscription_live(sub);

        if (sub->live && sub->waiting) {
            ngx_rtc_track_keyframe(sub->track, now);
        }
    }

    if (connected) {
        ngx_rtc_report_schedule(ep, now);
        ngx_rtc_report_keyframes(ep, now);
        ngx_rtc_endpoint_wake(ep, ep->keyframe_at);
    }
}


uint32_t
ngx_rtc_endpoint_ssrc(ngx_rtc_endpoint_t *ep)
{
    uint32_t  ssrc;

    /* the numbers below 2^16 are those that people write by hand */

    do {
        ssrc = (uint32_t) ngx_random() ^ ((uint32_t) ngx_random() << 12);

    } while (ssrc < 0x10000 || ssrc == ep->ssrc
             || ngx_rtc_ssrcs_find(&ep->recv, ssrc)
             || ngx_rtc_ssrcs_find(&ep->send, ssrc));

    return ssrc;
}


void
ngx_rtc_endpoint_rtp(ngx_rtc_endpoint_t *ep, u_char *p, size_t len,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    ngx_uint_t         rtx;
    ngx_rtc_rtp_t      rtp;
    ngx_rtc_ssrc_t    *entry;
    ngx_rtc_stream_t  *stream;
    ngx_rtc_track_t   *track;

    ngx_rtc_count(rtp_received);

    if (ngx_rtc_rtp_parse(&rtp, p, p + len) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return;
    }

    entry = ngx_rtc_ssrcs_find(&ep->recv, rtp.ssrc);

    if (entry) {
        stream = entry->data;
        rtx = entry->rtx;

    } else {
        stream = ngx_rtc_endpoint_discover(ep, &rtp, &rtx, now);

        if (stream == NULL) {
            ngx_rtc_endpoint_arrived(ep, NULL, &rtp, arrival, now);
            ngx_rtc_count(rtp_bad);
            return;
        }
    }

    track = stream->track;

    ngx_rtc_endpoint_arrived(ep, track, &rtp, arrival, now);

    ngx_rtc_stream_rtp(stream, &rtp, rtx, arrival, now);

    if (track->codec != NGX_RTC_CODEC_UNKNOWN && !track->active) {
        track->active = 1;

        /* whatever the handler does, nothing is touched after it */

        if (track->handler && track->handler->active) {
            track->handler->active(track->data, track->codec);
        }
    }
}


/*
 * An SSRC that nobody has signaled.  It is found by MID, whose id may differ
 * between m-lines, then by RID; without a MID by its payload type.
 */

static ngx_rtc_stream_t *
ngx_rtc_endpoint_discover(ngx_rtc_endpoint_t *ep, ngx_rtc_rtp_t *rtp,
    ngx_uint_t *rtx, ngx_rtc_usec_t now)
{
    ngx_int_t          layer;
    ngx_uint_t         found;
    ngx_rtc_recv_t    *recv;
    ngx_rtc_track_t   *track;
    ngx_rtc_stream_t  *stream;

    track = ngx_rtc_endpoint_mid(ep, rtp, &found);

    if (track == NULL && !found) {
        track = ngx_rtc_endpoint_pt(ep, rtp);
    }

    if (track == NULL) {
        goto unknown;
    }

    if (track->media[rtp->pt]) {
        *rtx = 0;

    } else if (track->rtx[rtp->pt]) {
        *rtx = 1;

    } else {
        goto unknown;
    }

    layer = ngx_rtc_endpoint_layer(track, rtp, *rtx);

    if (layer == NGX_DECLINED) {
        goto unknown;
    }

    stream = &track->streams[layer];
    recv = *rtx ? &stream->rtx : &stream->media;

    if (recv->ssrc) {

        /* the place is taken by an SSRC that is alive, or may yet come */

        if (recv->highest >= 0 && now - stream->arrival
                                  < NGX_RTC_STREAM_SILENT)
        {
            goto unknown;
        }

        ngx_rtc_endpoint_unbind(ep, stream, *rtx);

        if (!*rtx && stream->rtx.highest >= 0) {

            /* what retransmitted for the SSRC that is gone is gone, too */

            ngx_rtc_endpoint_unbind(ep, stream, 1);
        }
    }

    if (ngx_rtc_endpoint_bind(ep, stream, rtp->ssrc, *rtx) != NGX_OK) {
        goto unknown;
    }

    return stream;

unknown:

    ngx_rtc_endpoint_unknown(ep, rtp->ssrc);

    return NULL;
}


/* found: the packet names a MID, so nothing but that counts */

static ngx_rtc_track_t *
ngx_rtc_endpoint_mid(ngx_rtc_endpoint_t *ep, ngx_rtc_rtp_t *rtp,
    ngx_uint_t *found)
{
    uint8_t           id;
    ngx_str_t         mid;
    ngx_queue_t      *q;
    ngx_rtc_track_t  *track;

    *found = 0;

    if (rtp->ext_mask == 0) {
        return NULL;
    }

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        id = track->params.ext.id[NGX_RTC_EXT_MID];

        if (ngx_rtc_rtp_ext_text(rtp, id, &mid) != NGX_OK) {
            continue;
        }

        if (mid.len == ngx_strlen(track->params.mid)
            && ngx_memcmp(mid.data, track->params.mid, mid.len) == 0)
        {
            *found = 1;
            return track;
        }

        /* in another m-line this id may be something else */

        if (track->media[rtp->pt] || track->rtx[rtp->pt]) {
            *found = 1;
        }
    }

    return NULL;
}


static ngx_rtc_track_t *
ngx_rtc_endpoint_pt(ngx_rtc_endpoint_t *ep, ngx_rtc_rtp_t *rtp)
{
    ngx_queue_t      *q;
    ngx_rtc_track_t  *track, *found;

    found = NULL;

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        if (track->media[rtp->pt] == 0 && track->rtx[rtp->pt] == 0) {
            continue;
        }

        if (found) {
            return NULL;
        }

        found = track;
    }

    return found;
}


static ngx_int_t
ngx_rtc_endpoint_layer(ngx_rtc_track_t *track, ngx_rtc_rtp_t *rtp,
    ngx_uint_t rtx)
{
    ngx_int_t               rc;
    ngx_str_t               rid;
    ngx_uint_t              i;
    ngx_rtc_recv_params_t  *params;

    params = &track->params;

    if (params->nrid == 0) {

        /* what has no SSRC yet, else the only one */

        for (i = 0; i < params->nssrc; i++) {
            if (rtx ? params->rtx_ssrc[i] == 0 : params->ssrc[i] == 0) {
                return (ngx_int_t) i;
            }
        }

        return params->nssrc > 1 ? NGX_DECLINED : 0;
    }

    rc = NGX_DECLINED;

    if (rtx) {
        rc = ngx_rtc_rtp_ext_text(rtp, params->ext.id[NGX_RTC_EXT_RRID],
                                  &rid);
    }

    if (rc != NGX_OK) {
        rc = ngx_rtc_rtp_ext_text(rtp, params->ext.id[NGX_RTC_EXT_RID], &rid);
    }

    if (rc != NGX_OK) {
        return params->nrid == 1 ? 0 : NGX_DECLINED;
    }

    for (i = 0; i < params->nrid; i++) {
        if (rid.len == ngx_strlen(params->rid[i])
            && ngx_memcmp(rid.data, params->rid[i], rid.len) == 0)
        {
            return (ngx_int_t) i;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_rtc_endpoint_bind(ngx_rtc_endpoint_t *ep, ngx_rtc_stream_t *stream,
    uint32_t ssrc, ngx_uint_t rtx)
{
    ngx_int_t  rc;

    rc = ngx_rtc_ssrcs_add(&ep->recv, ssrc, stream, rtx, ep->log);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_rtc_endpoint_known(ep, ssrc);

    if (rtx) {
        stream->rtx.ssrc = ssrc;

    } else {
        stream->media.ssrc = ssrc;
    }

    return NGX_OK;
}


void
ngx_rtc_endpoint_unbind(ngx_rtc_endpoint_t *ep, ngx_rtc_stream_t *stream,
    ngx_uint_t rtx)
{
    ngx_rtc_recv_t  *recv;

    recv = rtx ? &stream->rtx : &stream->media;

    if (recv->ssrc == 0) {
        return;
    }

    ngx_rtc_ssrcs_delete(&ep->recv, recv->ssrc, stream);

    if (ep->out->forget) {
        ep->out->forget(ep->data, recv->ssrc, 0);
    }

    ngx_memzero(recv, sizeof(ngx_rtc_recv_t));
    recv->highest = -1;

    if (!rtx) {
        ngx_rtc_stream_reset(stream);
    }
}


/*
 * The transport has made a state for the SSRC.  The last few may yet become
 * known, when their m-line is negotiated; of others the state goes away.
 */

static void
ngx_rtc_endpoint_unknown(ngx_rtc_endpoint_t *ep, uint32_t ssrc)
{
    uint32_t    old;
    ngx_uint_t  i;

    for (i = 0; i < NGX_RTC_MAX_UNKNOWN; i++) {
        if (ep->unknown[i] == ssrc) {
            return;
        }
    }

    i = ep->nunknown++ % NGX_RTC_MAX_UNKNOWN;

    old = ep->unknown[i];
    ep->unknown[i] = ssrc;

    if (old && ep->out->forget) {
        ep->out->forget(ep->data, old, 0);
    }
}


static void
ngx_rtc_endpoint_known(ngx_rtc_endpoint_t *ep, uint32_t ssrc)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_RTC_MAX_UNKNOWN; i++) {
        if (ep->unknown[i] == ssrc) {
            ep->unknown[i] = 0;
        }
    }
}


/* every packet with a transport-wide number counts, whatever it carries */

static void
ngx_rtc_endpoint_arrived(ngx_rtc_endpoint_t *ep, ngx_rtc_track_t *track,
    ngx_rtc_rtp_t *rtp, ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    uint16_t      seq;
    ngx_queue_t  *q;

    if (ep->twcc == NULL) {
        return;
    }

    if (track == NULL) {
        q = ngx_queue_head(&ep->tracks);

        if (q == ngx_queue_sentinel(&ep->tracks)) {
            return;
        }

        track = ngx_queue_data(q, ngx_rtc_track_t, queue);

        /* a guess: most senders use the same id everywhere */

        if (track->media[rtp->pt] == 0 && track->rtx[rtp->pt] == 0) {
            return;
        }
    }

    if (ngx_rtc_rtp_ext_twcc(rtp, track->params.ext.id[NGX_RTC_EXT_TWCC],
                             &seq)
        != NGX_OK)
    {
        return;
    }

    switch (ngx_rtc_twcc_received(ep->twcc, seq, rtp->ssrc, arrival, now)) {

    case NGX_AGAIN:
        ngx_rtc_endpoint_wake(ep, ep->twcc->deadline);
        break;

    case NGX_DONE:
        ngx_rtc_report_twcc(ep);
        break;

    default:
        break;
    }
}


void
ngx_rtc_endpoint_wake(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t deadline)
{
    if (deadline >= ep->deadline) {
        return;
    }

    ep->deadline = deadline;

    if (ep->out->wake) {
        ep->out->wake(ep->data, deadline);
    }
}


ngx_rtc_usec_t
ngx_rtc_endpoint_timer(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  next;

    /* what is due is done before the deadline is known: no waking meanwhile */

    ep->deadline = 0;

    if (ep->twcc && ep->twcc->deadline <= now) {
        ngx_rtc_report_twcc(ep);
    }

    if (ep->nack_at <= now) {
        ngx_rtc_report_nacks(ep, now);
    }

    if (ep->keyframe_at <= now) {
        ngx_rtc_report_keyframes(ep, now);
    }

    if (ep->report_at <= now) {
        ngx_rtc_report_send(ep, now);
    }

    next = ngx_min(ep->nack_at, ep->keyframe_at);
    next = ngx_min(next, ep->report_at);

    if (ep->twcc && ep->twcc->deadline < next) {
        next = ep->twcc->deadline;
    }

    ep->deadline = next;

    return next;
}


/* reduced-size RTCP is for all m-lines of a transport or for none */

void
ngx_rtc_endpoint_rsize(ngx_rtc_endpoint_t *ep)
{
    ngx_uint_t               rsize;
    ngx_queue_t             *q;
    ngx_rtc_track_t         *track;
    ngx_rtc_subscription_t  *sub;

    rsize = 1;

    for (q = ngx_queue_head(&ep->tracks);
         q != ngx_queue_sentinel(&ep->tracks);
         q = ngx_queue_next(q))
    {
        track = ngx_queue_data(q, ngx_rtc_track_t, queue);
        rsize &= track->params.rsize;
    }

    for (q = ngx_queue_head(&ep->subs);
         q != ngx_queue_sentinel(&ep->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_rtc_subscription_t, queue);
        rsize &= sub->params.rsize;
    }

    ep->rsize = rsize ? 1 : 0;
}
