
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The recv transport: when to offer, our offers, and what the client's
 * answers make of them.  One offer is outstanding at most; what changes
 * meanwhile goes into the next.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_peer.h"


static void ngx_rtc_offer_send(ngx_rtc_peer_t *peer);
static void ngx_rtc_answer_apply(ngx_rtc_peer_t *peer, ngx_rtc_sdp_t *sdp);


void
ngx_rtc_offer_later(ngx_rtc_peer_t *peer)
{
    /* a change while an offer is outstanding waits for its answer */

    if (peer == NULL || peer->offer || peer->replaced) {
        return;
    }

    ngx_post_event(&peer->event, &ngx_posted_events);
}


void
ngx_rtc_offer_event(ngx_event_t *ev)
{
    ngx_uint_t              i, rc, changed;
    ngx_queue_t            *q;
    ngx_rtc_want_t         *want;
    ngx_rtc_peer_t         *peer;
    ngx_rtc_mline_t        *mline;
    ngx_rtc_formats_t       formats;
    ngx_rtc_negotiation_t  *n;

    peer = ev->data;
    n = peer->negotiation;

    if (peer->offer || peer->replaced || peer->broken
        || !n->participant->connected)
    {
        return;
    }

    changed = 0;

    for (q = ngx_queue_head(&n->wants);
         q != ngx_queue_sentinel(&n->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, queue);

        if (want->failed || want->mline) {
            continue;
        }

        if (!ngx_rtc_subscribe_decodes(want, want->published->pub.codec)) {
            ngx_rtc_want_failed(want, "codec-unsupported");
            continue;
        }

        rc = ngx_rtc_subscribe_bind(want, peer);

        if (rc == NGX_RTC_E_TOO_MANY) {

            /* told once; it gets the m-line of another that ends */

            if (!want->crowded) {
                ngx_rtc_want_failed(want, ngx_rtc_error_code(rc));
                want->failed = 0;
                want->crowded = 1;
            }

            continue;
        }

        if (rc != NGX_RTC_E_OK) {
            ngx_rtc_want_failed(want, ngx_rtc_error_code(rc));
            continue;
        }

        want->crowded = 0;
        changed = 1;
    }

    for (i = 0; i < peer->nmlines; i++) {
        mline = peer->mlines[i];

        if (mline->want == NULL) {

            if (mline->sending) {
                mline->sending = 0;
                changed = 1;
            }

            continue;
        }

        ngx_rtc_subscribe_formats(peer, mline->want->published, &formats);

        if (ngx_memcmp(&mline->formats, &formats, sizeof(ngx_rtc_formats_t))
            != 0)
        {
            mline->formats = formats;
            changed = 1;
        }
    }

    peer->dirty = 0;

    if (peer->restart && peer->nmlines) {

        if (ngx_rtc_transport_restart_ice(peer->transport) != NGX_OK) {
            return;
        }

        changed = 1;
    }

    peer->restart = 0;

    if (changed) {
        ngx_rtc_offer_send(peer);
    }
}


static void
ngx_rtc_offer_send(ngx_rtc_peer_t *peer)
{
    json_t                 *tracks, *data;
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_rtc_mline_t        *mline;
    ngx_rtc_sdp_buf_t       buf;
    ngx_rtc_sdp_desc_t      desc;
    ngx_rtc_published_t    *pb;
    ngx_rtc_participant_t  *p;

    p = peer->negotiation->participant;

    ngx_rtc_peer_describe(peer, &desc, NGX_RTC_SDP_SETUP_ACTPASS);
    ngx_rtc_peer_buf(&buf);

    rc = ngx_rtc_offer_write(&buf, &desc, peer->mlines, peer->nmlines);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, p->room->log, 0,
                      "no room for an SDP offer of %ui m-lines",
                      peer->nmlines);
        return;
    }

    tracks = json_object();

    for (i = 0; i < peer->nmlines; i++) {
        mline = peer->mlines[i];

        if (mline->want == NULL) {
            continue;
        }

        pb = mline->want->published;

        json_object_set_new(tracks, (char *) mline->mid,
                            json_pack("{s:s, s:s%, s:s, s:s}",
                                "trackId", pb->pub.id,
                                "userId", pb->pub.participant->user.data,
                                          pb->pub.participant->user.len,
                                "kind", pb->pub.kind == NGX_RTC_KIND_VIDEO
                                        ? "video" : "audio",
                                "source", pb->pub.source));
    }

    data = json_pack("{s:s, s:{s:s, s:s%}, s:s, s:I, s:o}",
                     "fromUserId", "sfu",
                     "offer",
                         "type", "offer",
                         "sdp", buf.pos, (size_t) (buf.last - buf.pos),
                     "transportId", peer->id,
                     "negotiation", ++peer->counter,
                     "tracks", tracks);

    if (data == NULL) {
        return;
    }

    peer->offer = data;

    ngx_rtc_offer_repeat(peer);
}


void
ngx_rtc_offer_repeat(ngx_rtc_peer_t *peer)
{
    ngx_rtc_participant_event(peer->negotiation->participant, "webrtc-offer",
                              json_incref(peer->offer));

    ngx_add_timer(&peer->timer, NGX_RTC_ANSWER_TIMEOUT);
}


ngx_uint_t
ngx_rtc_negotiation_answer(ngx_rtc_request_t *r)
{
    json_t                  *counter;
    ngx_int_t                found;
    ngx_uint_t               rc;
    const char              *why;
    ngx_rtc_sdp_t            sdp;
    ngx_rtc_peer_t          *peer;
    ngx_rtc_negotiation_t   *n;
    ngx_rtc_mline_remote_t   remote;

    n = r->participant->negotiation;

    if (n == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    peer = ngx_rtc_peer_find(n, NGX_RTC_RECV, r->data, &rc);

    if (peer == NULL) {
        return rc;
    }

    counter = json_object_get(r->data, "negotiation");

    if (counter && !json_is_null(counter) && !json_is_integer(counter)) {
        r->message = "negotiation must be an integer";
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (peer->offer == NULL
        || (json_is_integer(counter)
            && json_integer_value(counter) != peer->counter))
    {
        /* stale */
        return NGX_RTC_E_OK;
    }

    rc = ngx_rtc_peer_parse(r, "answer", &sdp);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    why = ngx_rtc_offer_check(&sdp, peer->mlines, peer->nmlines);

    if (why) {
        r->message = why;
        return NGX_RTC_E_BAD_SDP;
    }

    found = ngx_rtc_mline_remote(&sdp, &remote, &why);

    if (found == NGX_DECLINED) {
        r->message = why;
        return NGX_RTC_E_BAD_SDP;
    }

    if (found == NGX_OK) {

        if (remote.setup == NGX_RTC_SDP_SETUP_ACTPASS) {
            r->message = "a=setup of an answer must be active or passive";
            return NGX_RTC_E_BAD_SDP;
        }

        rc = ngx_rtc_peer_remote(peer, &remote, r);

        if (rc != NGX_RTC_E_OK) {

            if (rc == NGX_RTC_E_BAD_SDP && peer->remote) {

                /* another RTCPeerConnection than before */

                ngx_rtc_peer_renew(peer, 0);
            }

            return rc;
        }
    }

    json_decref(peer->offer);
    peer->offer = NULL;

    if (peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }

    ngx_rtc_answer_apply(peer, &sdp);

    ngx_rtc_offer_later(peer);

    return NGX_RTC_E_OK;
}


static void
ngx_rtc_answer_apply(ngx_rtc_peer_t *peer, ngx_rtc_sdp_t *sdp)
{
    uint32_t                can, cannot;
    ngx_int_t               rc;
    ngx_uint_t              i, k, codec;
    ngx_rtc_usec_t          now;
    ngx_rtc_want_t         *want;
    ngx_rtc_mline_t        *mline;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_send_params_t   params;

    n = peer->negotiation;
    now = ngx_rtc_now();

    for (i = 0; i < peer->nmlines; i++) {
        mline = peer->mlines[i];
        want = mline->want;

        if (!mline->sending) {
            if (sdp->media[i].rejected) {
                mline->rejected = 1;
            }

            continue;
        }

        can = 0;
        cannot = 0;

        rc = ngx_rtc_offer_answered(mline, &sdp->media[i], &can, &cannot);

        n->can |= can;
        n->cannot = (n->cannot | cannot) & ~can;

        if (mline->rejected) {
            mline->sending = 0;

            /* whatever the reason, others need not count on these */

            for (k = 0; k < mline->formats.n; k++) {
                n->cannot |= ((uint32_t) 1 << mline->formats.format[k])
                             & ~n->can;
            }
        }

        if (want == NULL) {

            /* was given up meanwhile */

            continue;
        }

        mline->answered = 1;

        codec = want->published->pub.codec;

        if (rc == NGX_DECLINED
            || (rc == NGX_OK
                && ngx_rtc_subscribe_offered(mline, codec)
                && !ngx_rtc_subscribe_decodes(want, codec)))
        {
            ngx_rtc_want_failed(want, "codec-unsupported");
            continue;
        }

        if (rc == NGX_DONE) {

            /* the client's own wish: silent until it subscribes again */

            ngx_rtc_subscribe_unbind(mline);
            want->failed = 1;
            continue;
        }

        ngx_rtc_offer_params(mline, &params);

        if (ngx_rtc_subscription_update(mline->subscription, &params, now)
            != NGX_OK)
        {
            ngx_rtc_want_failed(want, "internal");
            continue;
        }

        if (!want->paused) {
            ngx_rtc_subscription_pause(mline->subscription, 0, now);
        }
    }
}
