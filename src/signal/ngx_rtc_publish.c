
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The send transport: a client's offer becomes publications and our answer.
 * An offer is taken as a whole or not at all.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_peer.h"


/* an integer that any JSON number keeps */

#define NGX_RTC_MAX_NEGOTIATION  (((json_int_t) 1 << 53) - 1)


/* what an offer wants of one m-line */

typedef struct {
    ngx_rtc_mline_t          mline;        /* as negotiated now */
    ngx_rtc_recv_params_t    params;
    ngx_str_t                source;       /* of a new publication */
    ngx_rtc_published_t     *published;    /* one that goes on, or is new */
    ngx_rtc_track_t         *track;        /* of one that comes from another
                                              transport */
    unsigned                 fresh:1;
} ngx_rtc_publish_t;


static ngx_uint_t ngx_rtc_publish_plan(ngx_rtc_request_t *r,
    ngx_rtc_peer_t *peer, ngx_rtc_sdp_t *sdp, ngx_rtc_prefs_t *prefs);
static ngx_uint_t ngx_rtc_publish_source(ngx_rtc_request_t *r,
    ngx_rtc_publish_t *pl, ngx_uint_t n);
static ngx_uint_t ngx_rtc_publish_is_used(ngx_rtc_publish_t *pl, ngx_uint_t n,
    const char *source);
static ngx_rtc_published_t *ngx_rtc_publish_adopt(ngx_rtc_participant_t *p,
    ngx_rtc_peer_t *peer, ngx_rtc_publish_t *pl, ngx_uint_t n);
static ngx_uint_t ngx_rtc_publish_make(ngx_rtc_peer_t *peer, ngx_uint_t n);
static void ngx_rtc_publish_undo(ngx_uint_t n);
static void ngx_rtc_publish_shrink(ngx_rtc_peer_t *peer, ngx_uint_t n);
static void ngx_rtc_publish_apply(ngx_rtc_peer_t *peer, ngx_uint_t n);
static void ngx_rtc_publish_tell(ngx_rtc_request_t *r, ngx_rtc_peer_t *peer,
    ngx_rtc_sdp_buf_t *buf);
static uint32_t ngx_rtc_publish_decoded(ngx_rtc_participant_t *p);
static void ngx_rtc_published_active(void *data, ngx_uint_t codec);
static void ngx_rtc_published_codec(ngx_event_t *ev);


static const ngx_rtc_track_handler_t  ngx_rtc_published_handler = {
    ngx_rtc_published_active
};


/* of the offer that is worked on */

static ngx_rtc_publish_t  ngx_rtc_publish_lines[NGX_RTC_MAX_MLINES];


ngx_uint_t
ngx_rtc_negotiation_offer(ngx_rtc_request_t *r)
{
    json_t                  *counter;
    ngx_int_t                found;
    ngx_uint_t               i, k, rc, had, format, restarts;
    const char              *why;
    ngx_rtc_sdp_t            sdp;
    ngx_rtc_peer_t          *peer;
    ngx_rtc_mline_t         *mline;
    ngx_rtc_prefs_t          prefs;
    ngx_rtc_sdp_buf_t        buf;
    ngx_rtc_sdp_desc_t       desc;
    ngx_rtc_publish_t       *pl;
    ngx_rtc_negotiation_t   *n;
    ngx_rtc_mline_remote_t   remote;

    n = r->participant->negotiation;

    if (n == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    peer = ngx_rtc_peer_find(n, NGX_RTC_SEND, r->data, &rc);

    if (peer == NULL) {
        return rc;
    }

    if (peer->broken) {
        r->message = "this transport is lost, transport-created names its "
                     "successor";
        return NGX_RTC_E_NO_SUCH_TRANSPORT;
    }

    counter = json_object_get(r->data, "negotiation");

    if (counter && !json_is_null(counter)
        && (!json_is_integer(counter) || json_integer_value(counter) < 0
            || json_integer_value(counter) > NGX_RTC_MAX_NEGOTIATION))
    {
        r->message = "negotiation must be an integer from 0 to 2^53 - 1";
        return NGX_RTC_E_BAD_REQUEST;
    }

    rc = ngx_rtc_peer_parse(r, "offer", &sdp);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    why = ngx_rtc_answer_check(&sdp, peer->mlines, peer->nmlines);

    if (why) {
        r->message = why;
        return NGX_RTC_E_BAD_SDP;
    }

    found = ngx_rtc_mline_remote(&sdp, &remote, &why);

    if (found == NGX_DECLINED) {
        r->message = why;
        return NGX_RTC_E_BAD_SDP;
    }

    prefs.codecs = ngx_rtc_conf->codecs;
    prefs.ncodecs = ngx_rtc_conf->ncodecs;
    prefs.decoded = ngx_rtc_publish_decoded(r->participant);
    prefs.bitrate = ngx_rtc_conf->max_bitrate_send;

    rc = ngx_rtc_publish_plan(r, peer, &sdp, &prefs);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    had = peer->nmlines;

    while (peer->nmlines < sdp.nmedia) {
        mline = ngx_rtc_peer_add_mline(peer);

        if (mline == NULL) {
            ngx_rtc_publish_shrink(peer, had);
            return NGX_RTC_E_INTERNAL;
        }

        /* not negotiated yet: any section may take its place */

        mline->rejected = 1;
        mline->kind = sdp.media[peer->nmlines - 1].kind;
    }

    if (ngx_rtc_publish_make(peer, sdp.nmedia) != NGX_RTC_E_OK) {
        ngx_rtc_publish_shrink(peer, had);
        return NGX_RTC_E_INTERNAL;
    }

    if (found == NGX_OK) {

        /* credentials of ours change only with an offer that is taken */

        restarts = ngx_rtc_peer_restarts(peer, &remote);

        rc = ngx_rtc_peer_remote(peer, &remote, r);

        if (rc == NGX_RTC_E_OK && restarts
            && ngx_rtc_transport_restart_ice(peer->transport) != NGX_OK)
        {
            rc = NGX_RTC_E_INTERNAL;
        }

        if (rc != NGX_RTC_E_OK) {
            ngx_rtc_publish_undo(sdp.nmedia);
            ngx_rtc_publish_shrink(peer, had);

            if (rc == NGX_RTC_E_BAD_SDP && peer->remote) {

                /* another RTCPeerConnection of the client: a page that was
                   loaded again; it needs another transport */

                ngx_rtc_peer_renew(peer, 0);
            }

            return rc;
        }
    }

    if (json_is_integer(counter)) {
        peer->counter = json_integer_value(counter);

    } else {
        peer->counter++;
    }

    /* what it sends it decodes, as far as nobody says otherwise */

    for (i = 0; i < sdp.nmedia; i++) {

        for (k = 0; k < sdp.media[i].npayloads; k++) {
            format = ngx_rtc_format_find(&sdp.media[i].payloads[k]);

            if (format != NGX_RTC_NO_FORMAT) {
                n->listed[ngx_rtc_formats[format].kind == NGX_RTC_KIND_VIDEO]
                    |= (uint32_t) 1 << format;
            }
        }
    }

    ngx_rtc_publish_apply(peer, sdp.nmedia);

    ngx_rtc_peer_describe(peer, &desc,
                          peer->dtls_role == NGX_RTC_DTLS_CLIENT
                          ? NGX_RTC_SDP_SETUP_ACTIVE
                          : NGX_RTC_SDP_SETUP_PASSIVE);
    ngx_rtc_peer_buf(&buf);

    rc = ngx_rtc_answer_write(&buf, &desc, &sdp, peer->mlines, sdp.nmedia,
                              &prefs);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, r->participant->room->log, 0,
                      "no room for an SDP answer of %ui m-lines",
                      sdp.nmedia);

        for (i = 0; i < sdp.nmedia; i++) {
            if (ngx_rtc_publish_lines[i].fresh) {
                ngx_rtc_published_end(peer->mlines[i]->published);
            }
        }

        return NGX_RTC_E_INTERNAL;
    }

    /* first the request's answer, then the SDP, then what follows from it */

    ngx_rtc_request_answer(r->participant, r->id, NGX_RTC_E_OK, NULL, NULL);

    ngx_rtc_publish_tell(r, peer, &buf);

    for (i = 0; i < sdp.nmedia; i++) {
        pl = &ngx_rtc_publish_lines[i];

        if (pl->published == NULL && peer->mlines[i]->published) {
            ngx_rtc_published_end(peer->mlines[i]->published);

        } else if (pl->fresh) {
            pl->published->told = 1;
            ngx_rtc_room_published(&pl->published->pub);
        }
    }

    return NGX_RTC_E_DEFERRED;
}


static ngx_uint_t
ngx_rtc_publish_plan(ngx_rtc_request_t *r, ngx_rtc_peer_t *peer,
    ngx_rtc_sdp_t *sdp, ngx_rtc_prefs_t *prefs)
{
    ngx_uint_t              i, rc, taken, fresh, unsupported;
    ngx_rtc_mline_t        *old;
    ngx_rtc_publish_t      *pl;
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_participant_t  *p;

    p = r->participant;

    taken = 0;
    fresh = 0;
    unsupported = 0;

    ngx_memzero(ngx_rtc_publish_lines,
                sdp->nmedia * sizeof(ngx_rtc_publish_t));

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];
        pl = &ngx_rtc_publish_lines[i];
        old = i < peer->nmlines ? peer->mlines[i] : NULL;

        if (ngx_rtc_answer_mline(&pl->mline, m, prefs) == NGX_DECLINED) {
            unsupported++;
            continue;
        }

        if (!pl->mline.sending) {
            continue;
        }

        taken++;

        ngx_rtc_answer_params(&pl->mline, m, &pl->params);

        if (old && old->published) {
            pl->published = old->published;
            continue;
        }

        rc = ngx_rtc_publish_source(r, pl, i);

        if (rc != NGX_RTC_E_OK) {
            return rc;
        }

        if (!ngx_rtc_may_publish(p, &pl->source)) {

            if (old && !old->rejected) {

                /* it was ended by us, with the right to publish: a
                   renegotiation of other things goes on without it */

                pl->mline.sending = 0;
                continue;
            }

            r->message = "may not publish this source";
            return NGX_RTC_E_FORBIDDEN;
        }

        pl->published = ngx_rtc_publish_adopt(p, peer, pl, i);

        if (pl->published == NULL) {
            pl->fresh = 1;
            fresh++;
        }
    }

    if (taken == 0 && unsupported) {
        r->message = "none of the offered codecs is among those of this "
                     "server";
        return NGX_RTC_E_CODEC_UNSUPPORTED;
    }

    if (fresh && p->negotiation->npublished + fresh > NGX_RTC_MAX_TRACKS) {
        r->message = "too many tracks are published";
        return NGX_RTC_E_TOO_MANY;
    }

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_publish_source(ngx_rtc_request_t *r, ngx_rtc_publish_t *pl,
    ngx_uint_t n)
{
    json_t      *tracks, *source;
    const char  *text;

    tracks = json_object_get(r->data, "tracks");
    source = json_object_get(tracks, (char *) pl->mline.mid);

    if (source && !json_is_null(source)) {
        text = json_string_value(source);

        if (text == NULL || text[0] == '\0'
            || json_string_length(source) > 31
            || !ngx_rtc_utf8_text((u_char *) text,
                                  json_string_length(source)))
        {
            r->message = "a source in tracks must be a text of 1 to 31 "
                         "characters";
            return NGX_RTC_E_BAD_REQUEST;
        }

    } else if (pl->mline.kind == NGX_RTC_KIND_AUDIO) {
        text = ngx_rtc_publish_is_used(pl, n, "microphone") ? "screen-audio"
                                                            : "microphone";

    } else {
        text = ngx_rtc_publish_is_used(pl, n, "camera") ? "screen"
                                                        : "camera";
    }

    pl->source.data = (u_char *) text;
    pl->source.len = ngx_strlen(text);

    return NGX_RTC_E_OK;
}


/* does an m-line before this one have the source */

static ngx_uint_t
ngx_rtc_publish_is_used(ngx_rtc_publish_t *pl, ngx_uint_t n,
    const char *source)
{
    u_char             *text;
    ngx_uint_t          i;
    ngx_rtc_publish_t  *before;

    for (i = 0; i < n; i++) {
        before = &ngx_rtc_publish_lines[i];

        if (!before->mline.sending || before->mline.kind != pl->mline.kind) {
            continue;
        }

        text = before->published ? before->published->pub.source
                                 : before->source.data;

        if (ngx_strcmp(text, source) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * A publication whose transport was replaced goes on under its id when the
 * client offers its source on the new transport.
 */

static ngx_rtc_published_t *
ngx_rtc_publish_adopt(ngx_rtc_participant_t *p, ngx_rtc_peer_t *peer,
    ngx_rtc_publish_t *pl, ngx_uint_t n)
{
    ngx_uint_t            i;
    ngx_queue_t          *q;
    ngx_rtc_published_t  *pb;

    for (q = ngx_queue_head(&p->publications);
         q != ngx_queue_sentinel(&p->publications);
         q = ngx_queue_next(q))
    {
        pb = ngx_rtc_published(ngx_queue_data(q, ngx_rtc_publication_t, own));

        if (pb->peer == peer || pb->pub.kind != pl->mline.kind
            || ngx_strcmp(pb->pub.source, pl->source.data) != 0)
        {
            continue;
        }

        for (i = 0; i < n; i++) {
            if (ngx_rtc_publish_lines[i].published == pb) {
                break;
            }
        }

        if (i == n) {
            return pb;
        }
    }

    return NULL;
}


/* all that may fail for want of memory */

static ngx_uint_t
ngx_rtc_publish_make(ngx_rtc_peer_t *peer, ngx_uint_t n)
{
    ngx_uint_t              i;
    ngx_rtc_usec_t          now;
    ngx_rtc_publish_t      *pl;
    ngx_rtc_published_t    *pb;
    ngx_rtc_participant_t  *p;

    p = peer->negotiation->participant;
    now = ngx_rtc_now();

    for (i = 0; i < n; i++) {
        pl = &ngx_rtc_publish_lines[i];

        if (!pl->mline.sending) {
            continue;
        }

        if (pl->published && pl->published->peer == peer) {
            continue;
        }

        if (pl->published == NULL) {
            pb = ngx_calloc(sizeof(ngx_rtc_published_t), p->room->log);

            if (pb == NULL || ngx_rtc_random_id(pb->pub.id, 24) != NGX_OK) {
                goto failed;
            }

            pb->pub.participant = p;
            pb->pub.kind = pl->mline.kind;
            ngx_memcpy(pb->pub.source, pl->source.data, pl->source.len);
            ngx_queue_init(&pb->wants);

            pb->event.handler = ngx_rtc_published_codec;
            pb->event.data = pb;
            pb->event.log = p->room->log;

            pl->published = pb;
        }

        pl->track = ngx_rtc_track_create(peer->endpoint, &pl->params,
                                         &ngx_rtc_published_handler,
                                         pl->published, now);
        if (pl->track == NULL) {
            pb = NULL;
            goto failed;
        }
    }

    return NGX_RTC_E_OK;

failed:

    if (pb) {
        ngx_free(pb);
    }

    ngx_rtc_publish_undo(n);

    return NGX_RTC_E_INTERNAL;
}


static void
ngx_rtc_publish_undo(ngx_uint_t n)
{
    ngx_uint_t          i;
    ngx_rtc_publish_t  *pl;

    for (i = 0; i < n; i++) {
        pl = &ngx_rtc_publish_lines[i];

        if (pl->track) {
            ngx_rtc_track_close(pl->track, ngx_rtc_now());
            pl->track = NULL;
        }

        if (pl->fresh && pl->published) {
            ngx_free(pl->published);
            pl->published = NULL;
        }
    }
}


/* an offer that was refused leaves no m-lines behind */

static void
ngx_rtc_publish_shrink(ngx_rtc_peer_t *peer, ngx_uint_t n)
{
    while (peer->nmlines > n) {
        ngx_free(peer->mlines[--peer->nmlines]);
    }
}


static void
ngx_rtc_publish_apply(ngx_rtc_peer_t *peer, ngx_uint_t n)
{
    ngx_uint_t              i, changed;
    ngx_rtc_mline_t        *mline;
    ngx_rtc_publish_t      *pl;
    ngx_rtc_published_t    *pb, *before;
    ngx_rtc_participant_t  *p;

    p = peer->negotiation->participant;

    for (i = 0; i < n; i++) {
        pl = &ngx_rtc_publish_lines[i];
        mline = peer->mlines[i];

        before = mline->published;
        pb = pl->published;

        *mline = pl->mline;
        mline->published = before;

        if (pb == NULL) {
            continue;
        }

        changed = 0;

        if (pl->track == NULL) {
            if (ngx_rtc_track_update(pb->pub.track, &pl->params,
                                     ngx_rtc_now())
                != NGX_OK)
            {
                ngx_log_error(NGX_LOG_INFO, p->room->log, 0,
                              "track %s of user \"%V\" keeps its old "
                              "parameters", pb->pub.id, &p->user);
            }

            changed = 1;

        } else if (pl->fresh) {
            ngx_queue_insert_tail(&p->room->publications, &pb->pub.queue);
            ngx_queue_insert_tail(&p->publications, &pb->pub.own);
            p->negotiation->npublished++;

            pb->pub.track = pl->track;
            pb->pub.codec = pl->mline.payloads[0].codec;

        } else {
            ngx_rtc_track_close(pb->pub.track, ngx_rtc_now());
            pb->mline->published = NULL;
            pb->pub.track = pl->track;
            ngx_rtc_wants_track(pb);
            ngx_rtc_published_gate(pb);
            changed = 1;
        }

        pl->track = NULL;

        pb->peer = peer;
        pb->mline = mline;
        mline->published = pb;
        ngx_memcpy(pb->pub.mid, mline->mid, sizeof(pb->pub.mid));

        if (ngx_memcmp(&pb->formats, &mline->formats,
                       sizeof(ngx_rtc_formats_t))
            != 0)
        {
            pb->formats = mline->formats;

            if (changed) {
                ngx_rtc_wants_formats(pb);
            }
        }
    }
}


static void
ngx_rtc_publish_tell(ngx_rtc_request_t *r, ngx_rtc_peer_t *peer,
    ngx_rtc_sdp_buf_t *buf)
{
    json_t            *tracks, *data;
    ngx_uint_t         i;
    ngx_rtc_mline_t   *mline;

    tracks = json_object();

    for (i = 0; i < peer->nmlines; i++) {
        mline = peer->mlines[i];

        if (mline->sending && mline->published) {
            json_object_set_new(tracks, (char *) mline->mid,
                           ngx_rtc_publication_json(&mline->published->pub));
        }
    }

    data = json_pack("{s:s, s:{s:s, s:s%}, s:s, s:I, s:o}",
                     "fromUserId", "sfu",
                     "answer",
                         "type", "answer",
                         "sdp", buf->pos, (size_t) (buf->last - buf->pos),
                     "transportId", peer->id,
                     "negotiation", peer->counter,
                     "tracks", tracks);

    if (data) {
        ngx_rtc_participant_event(r->participant, "webrtc-answer", data);
    }
}


/* formats that everybody else in the room can decode */

static uint32_t
ngx_rtc_publish_decoded(ngx_rtc_participant_t *p)
{
    uint32_t                mask;
    ngx_uint_t              i;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *other;

    mask = ngx_rtc_format_kind_mask(NGX_RTC_KIND_AUDIO)
           | ngx_rtc_format_kind_mask(NGX_RTC_KIND_VIDEO);

    for (q = ngx_queue_head(&p->room->participants);
         q != ngx_queue_sentinel(&p->room->participants);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (other == p || other->negotiation == NULL
            || !(other->permissions & NGX_RTC_MAY_SUBSCRIBE))
        {
            continue;
        }

        for (i = 0; i < ngx_rtc_nformats; i++) {
            if (!ngx_rtc_decodes(other->negotiation, i)) {
                mask &= ~((uint32_t) 1 << i);
            }
        }
    }

    return mask;
}


void
ngx_rtc_published_end(ngx_rtc_published_t *pb)
{
    ngx_queue_t            *q;
    ngx_rtc_negotiation_t  *n;

    n = pb->pub.participant->negotiation;

    if (pb->event.posted) {
        ngx_delete_posted_event(&pb->event);
    }

    ngx_queue_remove(&pb->pub.queue);
    ngx_queue_remove(&pb->pub.own);

    n->npublished--;

    pb->mline->published = NULL;

    if (pb->told) {
        ngx_rtc_room_unpublished(&pb->pub);
    }

    while (!ngx_queue_empty(&pb->wants)) {
        q = ngx_queue_head(&pb->wants);
        ngx_rtc_want_remove(ngx_queue_data(q, ngx_rtc_want_t, of));
    }

    ngx_rtc_track_close(pb->pub.track, ngx_rtc_now());

    ngx_free(pb);
}


void
ngx_rtc_published_gate(ngx_rtc_published_t *pb)
{
    ngx_rtc_track_mute(pb->pub.track, pb->pub.muted || pb->pub.locked);
}


json_t *
ngx_rtc_published_stats(ngx_rtc_published_t *pb, ngx_rtc_usec_t now)
{
    json_t                 *stats, *track;
    ngx_rtc_track_stats_t   st;

    ngx_rtc_track_stats(pb->pub.track, &st, now);

    stats = json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I,"
                      " s:I, s:I, s:I, s:I, s:f}",
                      "trackId", pb->pub.id,
                      "transportId", pb->peer->id,
                      "kind", pb->pub.kind == NGX_RTC_KIND_VIDEO ? "video"
                                                                 : "audio",
                      "source", pb->pub.source,
                      "muted", pb->pub.muted || pb->pub.locked,
                      "packets", (json_int_t) st.packets,
                      "bytes", (json_int_t) st.bytes,
                      "packetsLost", (json_int_t) st.lost,
                      "packetsRecovered", (json_int_t) st.recovered,
                      "nacks", (json_int_t) st.nacks,
                      "keyframeRequests", (json_int_t) st.keyframe_requests,
                      "keyframes", (json_int_t) st.keyframes,
                      "frames", (json_int_t) st.frames,
                      "bitrate", (json_int_t) st.bitrate,
                      "jitter", (double) st.jitter / 1000000);

    if (stats == NULL) {
        return NULL;
    }

    track = ngx_rtc_publication_json(&pb->pub);
    json_object_set(stats, "codec", json_object_get(track, "codec"));
    json_decref(track);

    if (st.width) {
        json_object_set_new(stats, "width", json_integer(st.width));
        json_object_set_new(stats, "height", json_integer(st.height));
    }

    return stats;
}


/*
 * Media has come; clients may choose any codec of the answer.  This is
 * called while media works on a packet, so that subscriptions are looked at
 * later.
 */

static void
ngx_rtc_published_active(void *data, ngx_uint_t codec)
{
    ngx_rtc_published_t  *pb = data;

    if (pb->pub.codec != codec) {
        pb->pub.codec = codec;
        ngx_post_event(&pb->event, &ngx_posted_events);
    }
}


static void
ngx_rtc_published_codec(ngx_event_t *ev)
{
    ngx_rtc_published_t  *pb;

    pb = ev->data;

    if (pb->told) {
        ngx_rtc_room_event(pb->pub.participant->room, NULL, "track-updated",
                           json_pack("{s:o}", "track",
                                     ngx_rtc_publication_json(&pb->pub)));
    }

    ngx_rtc_wants_codec(pb);
}
