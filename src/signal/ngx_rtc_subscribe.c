
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Subscriptions: who wants which publication, and the m-lines of the recv
 * transport that carry it.  Offers and answers are in ngx_rtc_recv.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_peer.h"


/* beyond so many m-lines each offers only the codec that comes: an answer
   has to fit into a message */

#define NGX_RTC_FEW_MLINES  16


static void ngx_rtc_subscribe_stream(ngx_rtc_mline_t *mline,
    ngx_rtc_published_t *pb);
static void ngx_rtc_subscribe_acked(void *data);


static const ngx_rtc_subscription_handler_t  ngx_rtc_subscribe_handler = {
    ngx_rtc_subscribe_acked
};


ngx_rtc_want_t *
ngx_rtc_want_add(ngx_rtc_negotiation_t *n, ngx_rtc_published_t *pb)
{
    ngx_rtc_want_t  *want;

    want = ngx_rtc_want_find(n, pb);

    if (want) {
        return want;
    }

    want = ngx_calloc(sizeof(ngx_rtc_want_t), n->participant->room->log);
    if (want == NULL) {
        return NULL;
    }

    want->negotiation = n;
    want->published = pb;

    ngx_queue_insert_tail(&n->wants, &want->queue);
    ngx_queue_insert_tail(&pb->wants, &want->of);

    ngx_rtc_offer_later(n->peer[NGX_RTC_RECV]);

    return want;
}


ngx_rtc_want_t *
ngx_rtc_want_find(ngx_rtc_negotiation_t *n, ngx_rtc_published_t *pb)
{
    ngx_queue_t     *q;
    ngx_rtc_want_t  *want;

    for (q = ngx_queue_head(&pb->wants);
         q != ngx_queue_sentinel(&pb->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, of);

        if (want->negotiation == n) {
            return want;
        }
    }

    return NULL;
}


void
ngx_rtc_want_remove(ngx_rtc_want_t *want)
{
    if (want->mline) {
        ngx_rtc_subscribe_unbind(want->mline);
        ngx_rtc_offer_later(want->negotiation->peer[NGX_RTC_RECV]);
    }

    ngx_queue_remove(&want->queue);
    ngx_queue_remove(&want->of);

    ngx_free(want);
}


void
ngx_rtc_want_retry(ngx_rtc_want_t *want)
{
    if (want->failed || want->crowded) {
        want->failed = 0;
        want->crowded = 0;
        ngx_rtc_offer_later(want->negotiation->peer[NGX_RTC_RECV]);
    }
}


void
ngx_rtc_want_pause(ngx_rtc_want_t *want, ngx_uint_t paused)
{
    if (want->paused == paused) {
        return;
    }

    want->paused = paused;

    /* before its answer it is paused anyway */

    if (want->mline && want->mline->answered) {
        ngx_rtc_subscription_pause(want->mline->subscription, paused,
                                   ngx_rtc_now());
    }
}


void
ngx_rtc_want_failed(ngx_rtc_want_t *want, const char *code)
{
    json_t  *data;

    if (want->mline) {
        ngx_rtc_subscribe_unbind(want->mline);
        ngx_rtc_offer_later(want->negotiation->peer[NGX_RTC_RECV]);
    }

    want->failed = 1;

    data = json_pack("{s:s, s:s}", "trackId", want->published->pub.id,
                     "code", code);

    if (data) {
        ngx_rtc_participant_event(want->negotiation->participant,
                                  "subscription-failed", data);
    }
}


ngx_uint_t
ngx_rtc_decodes(ngx_rtc_negotiation_t *n, ngx_uint_t format)
{
    uint32_t  mask, listed;

    mask = (uint32_t) 1 << format;

    if ((n->can | n->cannot) & mask) {
        return (n->can & mask) ? 1 : 0;
    }

    listed = n->listed[ngx_rtc_formats[format].kind == NGX_RTC_KIND_VIDEO];

    return listed == 0 || (listed & mask);
}


/* as its answer says; before that, as is known of the client */

ngx_uint_t
ngx_rtc_subscribe_decodes(ngx_rtc_want_t *want, ngx_uint_t codec)
{
    ngx_uint_t          i;
    ngx_rtc_mline_t    *mline;
    ngx_rtc_formats_t  *f;

    mline = want->mline;

    if (mline && mline->answered) {

        for (i = 0; i < mline->npayloads; i++) {
            if (mline->payloads[i].codec == codec) {
                return 1;
            }
        }

        return 0;
    }

    f = &want->published->formats;

    for (i = 0; i < f->n; i++) {
        if (ngx_rtc_formats[f->format[i]].codec == codec
            && !(want->negotiation->cannot >> f->format[i] & 1))
        {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_rtc_subscribe_offered(ngx_rtc_mline_t *mline, ngx_uint_t codec)
{
    ngx_uint_t  i;

    for (i = 0; i < mline->formats.n; i++) {
        if (ngx_rtc_formats[mline->formats.format[i]].codec == codec) {
            return 1;
        }
    }

    return 0;
}


void
ngx_rtc_wants_track(ngx_rtc_published_t *pb)
{
    ngx_queue_t     *q;
    ngx_rtc_want_t  *want;

    for (q = ngx_queue_head(&pb->wants);
         q != ngx_queue_sentinel(&pb->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, of);

        if (want->mline) {
            ngx_rtc_subscription_track(want->mline->subscription,
                                       pb->pub.track, ngx_rtc_now());
        }
    }
}


void
ngx_rtc_wants_formats(ngx_rtc_published_t *pb)
{
    ngx_queue_t     *q;
    ngx_rtc_peer_t  *peer;
    ngx_rtc_want_t  *want;

    for (q = ngx_queue_head(&pb->wants);
         q != ngx_queue_sentinel(&pb->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, of);
        peer = want->negotiation->peer[NGX_RTC_RECV];

        want->failed = 0;

        if (peer) {
            peer->dirty = 1;
            ngx_rtc_offer_later(peer);
        }
    }
}


void
ngx_rtc_wants_codec(ngx_rtc_published_t *pb)
{
    ngx_uint_t       decodes;
    ngx_queue_t     *q;
    ngx_rtc_peer_t  *peer;
    ngx_rtc_want_t  *want;

    for (q = ngx_queue_head(&pb->wants);
         q != ngx_queue_sentinel(&pb->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, of);

        decodes = ngx_rtc_subscribe_decodes(want, pb->pub.codec);
        peer = want->negotiation->peer[NGX_RTC_RECV];

        if (!decodes && want->mline
            && !ngx_rtc_subscribe_offered(want->mline, pb->pub.codec))
        {
            /* it was not asked about this one */
            ngx_rtc_offer_later(peer);

        } else if (want->failed && decodes) {
            ngx_rtc_want_retry(want);

        } else if (!want->failed && !decodes) {
            ngx_rtc_want_failed(want, "codec-unsupported");
        }
    }
}


/*
 * Puts a wanted publication on an m-line: one that is over, with the same
 * kind (a rejected one gets a new mid and any kind), or a new one.
 */

ngx_uint_t
ngx_rtc_subscribe_bind(ngx_rtc_want_t *want, ngx_rtc_peer_t *peer)
{
    u_char                 *p;
    ngx_uint_t              i, kind;
    ngx_rtc_usec_t          now;
    ngx_rtc_mline_t        *mline, *m;
    ngx_rtc_published_t    *pb;
    ngx_rtc_send_params_t   params;

    pb = want->published;
    kind = pb->pub.kind;
    now = ngx_rtc_now();
    mline = NULL;

    for (i = 0; i < peer->nmlines; i++) {
        m = peer->mlines[i];

        if (m->want || m->sending) {
            continue;
        }

        if (m->rejected) {
            if (mline == NULL) {
                mline = m;
            }

            continue;
        }

        if (m->kind == kind) {
            mline = m;
            break;
        }
    }

    if (mline == NULL) {
        mline = ngx_rtc_peer_add_mline(peer);

        if (mline == NULL) {
            return NGX_RTC_E_TOO_MANY;
        }

        mline->rejected = 1;
    }

    if (mline->rejected) {
        ngx_memzero(mline, sizeof(ngx_rtc_mline_t));

        p = ngx_sprintf(mline->mid, "%ui", peer->next_mid++);
        *p = '\0';

        mline->kind = kind;
    }

    ngx_rtc_subscribe_formats(peer, pb, &mline->formats);
    ngx_rtc_offer_mline(mline);

    ngx_rtc_subscribe_stream(mline, pb);
    ngx_memcpy(mline->track, pb->pub.id, sizeof(mline->track));

    /* one per publisher: what a receiver synchronizes by */

    ngx_memzero(mline->cname, sizeof(mline->cname));
    ngx_memcpy(mline->cname, pb->pub.participant->id, 16);

    mline->ssrc = ngx_rtc_endpoint_ssrc(peer->endpoint);
    mline->rtx_ssrc = 0;

    if (kind == NGX_RTC_KIND_VIDEO) {
        do {
            mline->rtx_ssrc = ngx_rtc_endpoint_ssrc(peer->endpoint);
        } while (mline->rtx_ssrc == mline->ssrc);
    }

    ngx_rtc_offer_params(mline, &params);

    mline->subscription = ngx_rtc_subscription_create(peer->endpoint,
                                           pb->pub.track, &params,
                                           &ngx_rtc_subscribe_handler, mline,
                                           now);
    if (mline->subscription == NULL) {
        return NGX_RTC_E_INTERNAL;
    }

    ngx_rtc_load(1);

    mline->answered = 0;
    mline->sending = 1;
    mline->want = want;
    want->mline = mline;

    return NGX_RTC_E_OK;
}


void
ngx_rtc_subscribe_formats(ngx_rtc_peer_t *peer, ngx_rtc_published_t *pb,
    ngx_rtc_formats_t *formats)
{
    ngx_uint_t  i, format;

    *formats = pb->formats;

    if (peer->nmlines <= NGX_RTC_FEW_MLINES) {
        return;
    }

    ngx_memzero(formats, sizeof(ngx_rtc_formats_t));
    formats->opus = pb->formats.opus;

    for (i = 0; i < pb->formats.n; i++) {
        format = pb->formats.format[i];

        if (ngx_rtc_formats[format].codec == pb->pub.codec) {
            formats->format[formats->n++] = format;
        }
    }
}


/* the line still says sendonly until the next offer */

void
ngx_rtc_subscribe_unbind(ngx_rtc_mline_t *mline)
{
    if (mline->subscription) {
        ngx_rtc_subscription_close(mline->subscription, ngx_rtc_now());
        mline->subscription = NULL;

        ngx_rtc_load(-1);
    }

    if (mline->want) {
        mline->want->mline = NULL;
        mline->want = NULL;
    }
}


/* the user's id where it is a token of 1 to 56 characters that no client
   stumbles over, else the participant's */

static void
ngx_rtc_subscribe_stream(ngx_rtc_mline_t *mline, ngx_rtc_published_t *pb)
{
    u_char                 *p, ch;
    ngx_str_t               id;
    ngx_uint_t              i;
    ngx_rtc_participant_t  *publisher;

    publisher = pb->pub.participant;
    id = publisher->user;

    for (i = 0; i < id.len; i++) {
        ch = id.data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
              || (ch >= '0' && ch <= '9')
              || ch == '.' || ch == '_' || ch == '-'))
        {
            break;
        }
    }

    if (i != id.len || id.len == 0 || id.len > 56) {
        id.data = publisher->id;
        id.len = ngx_strlen(publisher->id);
    }

    p = ngx_cpymem(mline->stream, id.data, id.len);

    if (ngx_strncmp(pb->pub.source, "screen", 6) == 0) {
        p = ngx_cpymem(p, "~screen", 7);
    }

    *p = '\0';
}


static void
ngx_rtc_subscribe_acked(void *data)
{
    ngx_rtc_mline_t  *mline = data;

    ngx_rtc_participant_t  *from, *to;

    if (mline->want == NULL) {
        return;
    }

    from = mline->want->published->pub.participant;
    to = mline->want->negotiation->participant;

    ngx_rtc_room_served(to->room, from, to);
}


void
ngx_rtc_subscribe_all(ngx_rtc_peer_t *peer)
{
    ngx_queue_t            *q;
    ngx_rtc_want_t         *want;
    ngx_rtc_negotiation_t  *n;

    n = peer->negotiation;

    for (q = ngx_queue_head(&n->wants);
         q != ngx_queue_sentinel(&n->wants);
         q = ngx_queue_next(q))
    {
        want = ngx_queue_data(q, ngx_rtc_want_t, queue);

        if (want->mline) {

            /* goes on there until the old connection is closed */

            want->mline->want = NULL;
            want->mline = NULL;
        }
    }

    ngx_rtc_offer_later(peer);
}


void
ngx_rtc_subscribe_release(ngx_rtc_peer_t *peer)
{
    ngx_uint_t  i;

    for (i = 0; i < peer->nmlines; i++) {
        ngx_rtc_subscribe_unbind(peer->mlines[i]);
    }
}


json_t *
ngx_rtc_want_stats(ngx_rtc_want_t *want, ngx_rtc_usec_t now)
{
    json_t                        *stats;
    ngx_rtc_subscription_stats_t   st;

    stats = json_pack("{s:s, s:s%, s:s, s:s, s:b, s:b}",
                      "trackId", want->published->pub.id,
                      "userId", want->published->pub.participant->user.data,
                                want->published->pub.participant->user.len,
                      "kind", want->published->pub.kind
                              == NGX_RTC_KIND_VIDEO ? "video" : "audio",
                      "source", want->published->pub.source,
                      "paused", want->paused,
                      "failed", want->failed);

    if (stats == NULL || want->mline == NULL
        || want->mline->subscription == NULL)
    {
        return stats;
    }

    ngx_rtc_subscription_stats(want->mline->subscription, &st, now);

    json_object_set_new(stats, "mid",
                        json_string((char *) want->mline->mid));
    json_object_set_new(stats, "packets", json_integer(st.packets));
    json_object_set_new(stats, "bytes", json_integer(st.bytes));
    json_object_set_new(stats, "bitrate", json_integer(st.bitrate));
    json_object_set_new(stats, "packetsLost", json_integer(st.lost));
    json_object_set_new(stats, "fractionLost",
                        json_real((double) st.fraction / 256));
    json_object_set_new(stats, "retransmitted", json_integer(st.rtx));
    json_object_set_new(stats, "nacks", json_integer(st.nacks));
    json_object_set_new(stats, "dropped", json_integer(st.dropped));
    json_object_set_new(stats, "jitter",
                        json_real((double) st.jitter / 1000000));
    json_object_set_new(stats, "rtt", json_real((double) st.rtt / 1000000));

    return stats;
}
