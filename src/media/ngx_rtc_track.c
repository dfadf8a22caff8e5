
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Tracks: what a publisher's m-line brings, and to whom it goes.  What
 * happens within an SSRC is in ngx_rtc_stream.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


static ngx_int_t ngx_rtc_track_params(ngx_rtc_track_t *track,
    const ngx_rtc_recv_params_t *params);
static ngx_int_t ngx_rtc_track_ssrc(ngx_rtc_track_t *track, ngx_uint_t layer,
    uint32_t old, uint32_t ssrc, ngx_uint_t rtx);
static ngx_int_t ngx_rtc_track_feedback(ngx_rtc_track_t *track);


ngx_rtc_track_t *
ngx_rtc_track_create(ngx_rtc_endpoint_t *ep,
    const ngx_rtc_recv_params_t *params, const ngx_rtc_track_handler_t *h,
    void *data, ngx_rtc_usec_t now)
{
    ngx_uint_t        i;
    ngx_rtc_track_t  *track;

    track = ngx_calloc(sizeof(ngx_rtc_track_t), ep->log);
    if (track == NULL) {
        return NULL;
    }

    track->ep = ep;
    track->handler = h;
    track->data = data;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        ngx_rtc_stream_init(&track->streams[i], track, i);
    }

    track->selected = &track->streams[0];

    ngx_queue_insert_tail(&ep->tracks, &track->queue);
    ngx_rtc_count(tracks);

    if (ngx_rtc_track_params(track, params) != NGX_OK) {
        ngx_rtc_track_close(track, now);
        return NULL;
    }

    ngx_rtc_report_schedule(ep, now);

    return track;
}


ngx_int_t
ngx_rtc_track_update(ngx_rtc_track_t *track,
    const ngx_rtc_recv_params_t *params, ngx_rtc_usec_t now)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = ngx_rtc_track_params(track, params);

    for (i = 0; i < track->nsubs; i++) {
        ngx_rtc_subscription_map(track->subs[i]);
    }

    return rc;
}


void
ngx_rtc_track_close(ngx_rtc_track_t *track, ngx_rtc_usec_t now)
{
    ngx_uint_t               i;
    ngx_rtc_endpoint_t      *ep;
    ngx_rtc_subscription_t  *sub;

    ep = track->ep;

    while (track->nsubs) {
        sub = track->subs[track->nsubs - 1];

        ngx_rtc_track_detach(sub);
        ngx_rtc_subscription_live(sub);
    }

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        ngx_rtc_endpoint_unbind(ep, &track->streams[i], 0);
        ngx_rtc_endpoint_unbind(ep, &track->streams[i], 1);
        ngx_rtc_stream_free(&track->streams[i]);
    }

    ngx_queue_remove(&track->queue);
    ngx_rtc_count_down(tracks);

    ngx_rtc_endpoint_rsize(ep);

    if (track->subs) {
        ngx_free(track->subs);
    }

    ngx_free(track);
}


void
ngx_rtc_track_mute(ngx_rtc_track_t *track, ngx_uint_t muted)
{
    muted = muted ? 1 : 0;

    if (track->muted == muted) {
        return;
    }

    track->muted = muted;

    ngx_rtc_track_resync(track);
}


/* nothing was forwarded for a while: sequence numbers go on without a gap */

void
ngx_rtc_track_resync(ngx_rtc_track_t *track)
{
    ngx_uint_t  i;

    for (i = 0; i < track->nsubs; i++) {
        ngx_rtc_subscription_resync(track->subs[i]);
    }
}


static ngx_int_t
ngx_rtc_track_params(ngx_rtc_track_t *track,
    const ngx_rtc_recv_params_t *params)
{
    ngx_uint_t                 i, changed;
    ngx_rtc_recv_params_t     *old;
    const ngx_rtc_payload_t   *p;

    if (params->npayloads > NGX_RTC_MAX_PAYLOADS
        || params->nssrc > NGX_RTC_MAX_LAYERS
        || params->nrid > NGX_RTC_MAX_LAYERS)
    {
        return NGX_DECLINED;
    }

    old = &track->params;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {

        if (ngx_rtc_track_ssrc(track, i, i < old->nssrc ? old->ssrc[i] : 0,
                               i < params->nssrc ? params->ssrc[i] : 0, 0)
            == NGX_ERROR
            || ngx_rtc_track_ssrc(track, i,
                                  i < old->nssrc ? old->rtx_ssrc[i] : 0,
                                  i < params->nssrc ? params->rtx_ssrc[i] : 0,
                                  1)
               == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }

    changed = (old->npayloads != params->npayloads
               || ngx_memcmp(old->payloads, params->payloads,
                             params->npayloads * sizeof(ngx_rtc_payload_t))
                  != 0);

    ngx_memzero(track->media, sizeof(track->media));
    ngx_memzero(track->rtx, sizeof(track->rtx));

    for (i = 0; i < params->npayloads; i++) {
        p = &params->payloads[i];

        track->media[p->pt & 0x7f] = (uint8_t) (i + 1);

        if (p->rtx_pt) {
            track->rtx[p->rtx_pt & 0x7f] = (uint8_t) (i + 1);
        }
    }

    track->params = *params;

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        if (track->streams[i].payload >= params->npayloads) {
            track->streams[i].payload = 0;
        }
    }

    /* what is cached refers to the old list of payload types */

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        if (changed && track->streams[i].cache) {
            ngx_rtc_cache_empty(track->streams[i].cache);
        }
    }

    ngx_rtc_endpoint_rsize(track->ep);

    return ngx_rtc_track_feedback(track);
}


/*
 * NGX_DECLINED: the SSRC is another track's, or there are too many.  That
 * doesn't fail the m-line, what comes may be told by its MID.
 */

static ngx_int_t
ngx_rtc_track_ssrc(ngx_rtc_track_t *track, ngx_uint_t layer, uint32_t old,
    uint32_t ssrc, ngx_uint_t rtx)
{
    ngx_rtc_recv_t    *recv;
    ngx_rtc_stream_t  *stream;

    stream = &track->streams[layer];
    recv = rtx ? &stream->rtx : &stream->media;

    /* what was learnt stays as long as nothing else is signaled */

    if (ssrc == recv->ssrc || (ssrc == 0 && old == 0)) {
        return NGX_OK;
    }

    ngx_rtc_endpoint_unbind(track->ep, stream, rtx);

    if (ssrc == 0) {
        return NGX_OK;
    }

    return ngx_rtc_endpoint_bind(track->ep, stream, ssrc, rtx);
}


/* memory for the feedback that was negotiated */

static ngx_int_t
ngx_rtc_track_feedback(ngx_rtc_track_t *track)
{
    ngx_uint_t           i, nack, twcc, layers;
    ngx_rtc_stream_t    *stream;
    ngx_rtc_endpoint_t  *ep;

    ep = track->ep;
    nack = 0;
    twcc = 0;

    for (i = 0; i < track->params.npayloads; i++) {
        nack |= track->params.payloads[i].nack;
        twcc |= track->params.payloads[i].twcc;
    }

    if (nack) {
        layers = ngx_max(track->params.nrid, track->params.nssrc);
        layers = ngx_max(layers, 1);

        for (i = 0; i < layers; i++) {
            stream = &track->streams[i];

            if (stream->nack) {
                continue;
            }

            stream->nack = ngx_alloc(sizeof(ngx_rtc_nack_t), ep->log);
            if (stream->nack == NULL) {
                return NGX_ERROR;
            }

            ngx_rtc_nack_init(stream->nack);
        }
    }

    if (twcc && track->params.ext.id[NGX_RTC_EXT_TWCC] && ep->twcc == NULL) {

        ep->twcc = ngx_alloc(sizeof(ngx_rtc_twcc_recv_t), ep->log);
        if (ep->twcc == NULL) {
            return NGX_ERROR;
        }

        ngx_rtc_twcc_init(ep->twcc);
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_track_attach(ngx_rtc_track_t *track, ngx_rtc_subscription_t *sub)
{
    ngx_uint_t                n;
    ngx_rtc_subscription_t  **subs;

    if (track->nsubs == track->nalloc) {

        n = track->nalloc ? track->nalloc * 2 : 4;

        subs = ngx_alloc(n * sizeof(ngx_rtc_subscription_t *),
                         track->ep->log);
        if (subs == NULL) {
            return NGX_ERROR;
        }

        if (track->subs) {
            ngx_memcpy(subs, track->subs,
                       track->nsubs * sizeof(ngx_rtc_subscription_t *));
            ngx_free(track->subs);
        }

        track->subs = subs;
        track->nalloc = n;
    }

    sub->index = track->nsubs;
    sub->track = track;

    track->subs[track->nsubs++] = sub;

    return NGX_OK;
}


void
ngx_rtc_track_detach(ngx_rtc_subscription_t *sub)
{
    ngx_uint_t        i;
    ngx_rtc_track_t  *track;

    track = sub->track;

    if (track == NULL) {
        return;
    }

    track->nsubs--;

    track->subs[sub->index] = track->subs[track->nsubs];
    track->subs[sub->index]->index = sub->index;

    sub->track = NULL;

    if (track->nsubs) {
        return;
    }

    /* nobody is left to ask for old packets, or for a keyframe */

    for (i = 0; i < NGX_RTC_MAX_LAYERS; i++) {
        if (track->streams[i].cache) {
            ngx_rtc_cache_destroy(track->streams[i].cache);
            track->streams[i].cache = NULL;
        }

        ngx_rtc_keyframe_arrived(&track->streams[i].keyframe);
    }
}


void
ngx_rtc_track_keyframe(ngx_rtc_track_t *track, ngx_rtc_usec_t now)
{
    ngx_rtc_endpoint_t  *ep;
    ngx_rtc_keyframe_t  *kf;

    /* before the first packet there is nobody to be asked; the first frame
       will be a keyframe */

    if (track->params.kind != NGX_RTC_KIND_VIDEO || track->muted
        || track->selected->media.ssrc == 0)
    {
        return;
    }

    ep = track->ep;
    kf = &track->selected->keyframe;

    ngx_rtc_keyframe_want(kf, now);

    if (kf->next <= now) {
        ngx_rtc_report_keyframes(ep, now);

    } else if (kf->next < ep->keyframe_at) {
        ep->keyframe_at = kf->next;
    }

    ngx_rtc_endpoint_wake(ep, ep->keyframe_at);
}


/*
 * A packet of one stream to all who get it.  Which of several streams a
 * subscription gets is decided here; now it is the same one for all.
 */

void
ngx_rtc_track_forward(ngx_rtc_track_t *track, ngx_rtc_stream_t *stream,
    ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now)
{
    ngx_uint_t               i;
    ngx_rtc_subscription_t  *sub;

    if (stream != track->selected) {

        if (track->selected->active
            && now - track->selected->arrival < NGX_RTC_STREAM_SILENT)
        {
            return;
        }

        track->selected = stream;
    }

    for (i = 0; i < track->nsubs; i++) {
        sub = track->subs[i];

        if (sub->live) {
            ngx_rtc_subscription_send(sub, stream, pkt, now);
        }
    }
}
