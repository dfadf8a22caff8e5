
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The negotiation as the room side sees it: when a participant is served by
 * the SFU and when not, what the room tells of tracks and roles, and the
 * requests that are not SDP.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_peer.h"


static ngx_uint_t ngx_rtc_negotiation_positive(ngx_rtc_request_t *r,
    const char *name);


ngx_uint_t
ngx_rtc_negotiation_start(ngx_rtc_participant_t *p)
{
    ngx_queue_t            *q;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    if (p->negotiation) {
        return NGX_RTC_E_OK;
    }

    if (!ngx_rtc_net_ready()) {
        return NGX_RTC_E_SFU_UNAVAILABLE;
    }

    n = ngx_calloc(sizeof(ngx_rtc_negotiation_t), p->room->log);
    if (n == NULL) {
        return NGX_RTC_E_INTERNAL;
    }

    n->participant = p;
    ngx_queue_init(&n->old);
    ngx_queue_init(&n->wants);

    p->negotiation = n;

    n->peer[NGX_RTC_SEND] = ngx_rtc_peer_create(n, NGX_RTC_SEND, NULL);
    n->peer[NGX_RTC_RECV] = ngx_rtc_peer_create(n, NGX_RTC_RECV, NULL);

    if (n->peer[NGX_RTC_SEND] == NULL || n->peer[NGX_RTC_RECV] == NULL) {
        ngx_rtc_negotiation_stop(p);
        return NGX_RTC_E_INTERNAL;
    }

    ngx_rtc_peer_announce(n->peer[NGX_RTC_SEND]);
    ngx_rtc_peer_announce(n->peer[NGX_RTC_RECV]);

    if (!p->auto_subscribe || !(p->permissions & NGX_RTC_MAY_SUBSCRIBE)) {
        return NGX_RTC_E_OK;
    }

    for (q = ngx_queue_head(&p->room->publications);
         q != ngx_queue_sentinel(&p->room->publications);
         q = ngx_queue_next(q))
    {
        pub = ngx_queue_data(q, ngx_rtc_publication_t, queue);

        if (pub->participant != p) {
            (void) ngx_rtc_want_add(n, ngx_rtc_published(pub));
        }
    }

    return NGX_RTC_E_OK;
}


void
ngx_rtc_negotiation_stop(ngx_rtc_participant_t *p)
{
    ngx_queue_t            *q;
    ngx_uint_t              i;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    n = p->negotiation;

    if (n == NULL) {
        return;
    }

    while (!ngx_queue_empty(&p->publications)) {
        q = ngx_queue_head(&p->publications);
        pub = ngx_queue_data(q, ngx_rtc_publication_t, own);
        ngx_rtc_published_end(ngx_rtc_published(pub));
    }

    while (!ngx_queue_empty(&n->wants)) {
        q = ngx_queue_head(&n->wants);
        ngx_rtc_want_remove(ngx_queue_data(q, ngx_rtc_want_t, queue));
    }

    while (!ngx_queue_empty(&n->old)) {
        q = ngx_queue_head(&n->old);
        ngx_rtc_peer_destroy(ngx_queue_data(q, ngx_rtc_peer_t, queue));
    }

    for (i = 0; i < 2; i++) {
        if (n->peer[i]) {
            ngx_rtc_peer_destroy(n->peer[i]);
        }
    }

    p->negotiation = NULL;

    ngx_free(n);
}


json_t *
ngx_rtc_negotiation_transports(ngx_rtc_participant_t *p)
{
    json_t      *list, *item;
    ngx_uint_t   i;

    list = json_array();

    if (p->negotiation == NULL) {
        return list;
    }

    for (i = 0; i < 2; i++) {
        if (p->negotiation->peer[i] == NULL) {
            continue;
        }

        item = ngx_rtc_peer_json(p->negotiation->peer[i]);

        if (item) {
            json_array_append_new(list, item);
        }
    }

    return list;
}


void
ngx_rtc_negotiation_resumed(ngx_rtc_participant_t *p)
{
    ngx_uint_t              i;
    ngx_rtc_peer_t         *peer;
    ngx_rtc_negotiation_t  *n;

    n = p->negotiation;

    if (n == NULL) {
        return;
    }

    for (i = 0; i < 2; i++) {
        peer = n->peer[i];

        if (peer == NULL) {
            continue;
        }

        n->failures[i] = 0;

        if (peer->broken) {
            ngx_rtc_peer_renew(peer, 0);

        } else if (peer->offer) {
            ngx_rtc_offer_repeat(peer);

        } else if (i == NGX_RTC_RECV) {
            ngx_rtc_offer_later(peer);
        }
    }
}


/* ICE-lite: the client's checks tell where it is; its candidates don't */

ngx_uint_t
ngx_rtc_negotiation_candidate(ngx_rtc_request_t *r)
{
    json_t      *value;
    const char  *text;

    if (r->participant->negotiation == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    value = json_object_get(r->data, "candidate");

    if (value && !json_is_object(value) && !json_is_null(value)) {
        r->message = "candidate must be an RTCIceCandidateInit or null";
        return NGX_RTC_E_BAD_REQUEST;
    }

    value = json_object_get(r->data, "direction");

    if (value && !json_is_null(value)) {
        text = json_string_value(value);

        if (text == NULL
            || (ngx_strcmp(text, "send") != 0
                && ngx_strcmp(text, "recv") != 0))
        {
            r->message = "direction must be \"send\" or \"recv\"";
            return NGX_RTC_E_BAD_REQUEST;
        }
    }

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_negotiation_restart_ice(ngx_rtc_request_t *r)
{
    ngx_uint_t              rc;
    ngx_rtc_peer_t         *peer;
    ngx_rtc_negotiation_t  *n;

    n = r->participant->negotiation;

    if (n == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    peer = ngx_rtc_peer_find(n, NGX_RTC_RECV, r->data, &rc);

    if (peer == NULL) {

        if (rc == NGX_RTC_E_NO_SUCH_TRANSPORT
            && ngx_rtc_peer_find(n, NGX_RTC_SEND, r->data, &rc) != NULL)
        {
            r->message = "on a send transport the client restarts ICE, by "
                         "an offer";
            return NGX_RTC_E_BAD_REQUEST;
        }

        return rc;
    }

    if (peer->broken) {
        n->failures[NGX_RTC_RECV] = 0;
        ngx_rtc_peer_renew(peer, 0);

        return NGX_RTC_E_OK;
    }

    /* what never was connected has nothing to restart: its first offer is
       still unanswered, or nothing was offered */

    if (peer->remote) {
        peer->restart = 1;
        ngx_rtc_offer_later(peer);
    }

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_negotiation_subscribe(ngx_rtc_request_t *r)
{
    json_t                 *value;
    ngx_uint_t              i, rc;
    const char             *text;
    ngx_rtc_want_t         *want;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    static const char  *numbers[] = {
        "maxWidth", "maxHeight", "maxFrameRate", NULL
    };

    n = r->participant->negotiation;

    if (n == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    text = json_string_value(json_object_get(r->data, "trackId"));

    if (text == NULL) {
        r->message = "trackId must be a string";
        return NGX_RTC_E_BAD_REQUEST;
    }

    value = json_object_get(r->data, "paused");

    if (value && !json_is_null(value) && !json_is_boolean(value)) {
        r->message = "paused must be true or false";
        return NGX_RTC_E_BAD_REQUEST;
    }

    for (i = 0; numbers[i]; i++) {
        rc = ngx_rtc_negotiation_positive(r, numbers[i]);

        if (rc != NGX_RTC_E_OK) {
            r->message = "maxWidth, maxHeight and maxFrameRate must be "
                         "positive numbers";
            return rc;
        }
    }

    pub = ngx_rtc_publication_find(r->participant->room, text);

    if (pub == NULL) {
        return NGX_RTC_E_NO_SUCH_TRACK;
    }

    if (pub->participant == r->participant) {
        r->message = "one's own track can't be subscribed to";
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (!(r->participant->permissions & NGX_RTC_MAY_SUBSCRIBE)) {
        return NGX_RTC_E_FORBIDDEN;
    }

    want = ngx_rtc_want_add(n, ngx_rtc_published(pub));

    if (want == NULL) {
        return NGX_RTC_E_INTERNAL;
    }

    ngx_rtc_want_retry(want);

    if (json_is_boolean(value)) {
        ngx_rtc_want_pause(want, json_is_true(value));
    }

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_negotiation_positive(ngx_rtc_request_t *r, const char *name)
{
    json_t  *value;

    value = json_object_get(r->data, name);

    if (value == NULL || json_is_null(value)
        || (json_is_number(value) && json_number_value(value) > 0))
    {
        return NGX_RTC_E_OK;
    }

    return NGX_RTC_E_BAD_REQUEST;
}


ngx_uint_t
ngx_rtc_negotiation_unsubscribe(ngx_rtc_request_t *r)
{
    const char             *text;
    ngx_rtc_want_t         *want;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    n = r->participant->negotiation;

    if (n == NULL) {
        return NGX_RTC_E_WRONG_MODE;
    }

    text = json_string_value(json_object_get(r->data, "trackId"));

    if (text == NULL) {
        r->message = "trackId must be a string";
        return NGX_RTC_E_BAD_REQUEST;
    }

    pub = ngx_rtc_publication_find(r->participant->room, text);

    if (pub == NULL) {
        return NGX_RTC_E_NO_SUCH_TRACK;
    }

    want = ngx_rtc_want_find(n, ngx_rtc_published(pub));

    if (want) {
        ngx_rtc_want_remove(want);
    }

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_negotiation_stats(ngx_rtc_request_t *r)
{
    json_t                 *transports, *tracks, *subscriptions;
    ngx_uint_t              i;
    ngx_queue_t            *q;
    ngx_rtc_usec_t          now;
    ngx_rtc_want_t         *want;
    ngx_rtc_participant_t  *p;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    p = r->participant;
    n = p->negotiation;
    now = ngx_rtc_now();

    transports = json_array();
    tracks = json_array();
    subscriptions = json_array();

    if (n) {

        for (i = 0; i < 2; i++) {
            if (n->peer[i]) {
                json_array_append_new(transports,
                                      ngx_rtc_peer_stats(n->peer[i]));
            }
        }

        for (q = ngx_queue_head(&p->publications);
             q != ngx_queue_sentinel(&p->publications);
             q = ngx_queue_next(q))
        {
            pub = ngx_queue_data(q, ngx_rtc_publication_t, own);
            json_array_append_new(tracks,
                        ngx_rtc_published_stats(ngx_rtc_published(pub), now));
        }

        for (q = ngx_queue_head(&n->wants);
             q != ngx_queue_sentinel(&n->wants);
             q = ngx_queue_next(q))
        {
            want = ngx_queue_data(q, ngx_rtc_want_t, queue);
            json_array_append_new(subscriptions,
                                  ngx_rtc_want_stats(want, now));
        }
    }

    r->answer = json_pack("{s:o, s:o, s:o}", "transports", transports,
                          "tracks", tracks, "subscriptions", subscriptions);

    return r->answer ? NGX_RTC_E_OK : NGX_RTC_E_INTERNAL;
}


void
ngx_rtc_negotiation_muted(ngx_rtc_publication_t *pub)
{
    ngx_rtc_published_gate(ngx_rtc_published(pub));
}


void
ngx_rtc_negotiation_role(ngx_rtc_participant_t *p)
{
    ngx_str_t               source;
    ngx_queue_t            *q, *next;
    ngx_rtc_negotiation_t  *n;
    ngx_rtc_publication_t  *pub;

    n = p->negotiation;

    if (n == NULL) {
        return;
    }

    if (n->peer[NGX_RTC_SEND]) {
        ngx_rtc_peer_label(n->peer[NGX_RTC_SEND]);
    }

    if (n->peer[NGX_RTC_RECV]) {
        ngx_rtc_peer_label(n->peer[NGX_RTC_RECV]);
    }

    for (q = ngx_queue_head(&p->publications);
         q != ngx_queue_sentinel(&p->publications);
         q = next)
    {
        next = ngx_queue_next(q);
        pub = ngx_queue_data(q, ngx_rtc_publication_t, own);

        source.data = pub->source;
        source.len = ngx_strlen(pub->source);

        if (!ngx_rtc_may_publish(p, &source)) {
            ngx_rtc_published_end(ngx_rtc_published(pub));
        }
    }

    if (p->permissions & NGX_RTC_MAY_SUBSCRIBE) {
        return;
    }

    while (!ngx_queue_empty(&n->wants)) {
        q = ngx_queue_head(&n->wants);
        ngx_rtc_want_remove(ngx_queue_data(q, ngx_rtc_want_t, queue));
    }
}


void
ngx_rtc_negotiation_published(ngx_rtc_publication_t *pub)
{
    ngx_queue_t            *q;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    room = pub->participant->room;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p == pub->participant || p->negotiation == NULL
            || !p->auto_subscribe
            || !(p->permissions & NGX_RTC_MAY_SUBSCRIBE))
        {
            continue;
        }

        (void) ngx_rtc_want_add(p->negotiation, ngx_rtc_published(pub));
    }
}


void
ngx_rtc_negotiation_unpublished(ngx_rtc_publication_t *pub)
{
    ngx_queue_t          *q;
    ngx_rtc_published_t  *pb;

    pb = ngx_rtc_published(pub);

    while (!ngx_queue_empty(&pb->wants)) {
        q = ngx_queue_head(&pb->wants);
        ngx_rtc_want_remove(ngx_queue_data(q, ngx_rtc_want_t, of));
    }
}


ngx_rtc_publication_t *
ngx_rtc_publication_find(ngx_rtc_room_t *room, const char *id)
{
    ngx_queue_t            *q;
    ngx_rtc_publication_t  *pub;

    for (q = ngx_queue_head(&room->publications);
         q != ngx_queue_sentinel(&room->publications);
         q = ngx_queue_next(q))
    {
        pub = ngx_queue_data(q, ngx_rtc_publication_t, queue);

        if (ngx_strcmp(pub->id, id) == 0) {
            return pub;
        }
    }

    return NULL;
}
