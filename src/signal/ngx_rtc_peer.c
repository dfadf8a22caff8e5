
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A peer connection: a media transport with its endpoint, bound together,
 * told to the client, replaced when it is lost.  What is negotiated on it is
 * in ngx_rtc_publish.c and ngx_rtc_subscribe.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_peer.h"
#include "ngx_rtc_signal.h"


#define NGX_RTC_MAX_CANDIDATES   16
#define NGX_RTC_SDP_OUT_SIZE     (160 * 1024)   /* as JSON within a message
                                                   of the mesh */


static void ngx_rtc_peer_state(void *data, ngx_uint_t state);
static void ngx_rtc_peer_connected(ngx_rtc_peer_t *peer);
static void ngx_rtc_peer_rtp(void *data, u_char *p, size_t len,
    ngx_rtc_usec_t arrival);
static void ngx_rtc_peer_rtcp(void *data, u_char *p, size_t len,
    ngx_rtc_usec_t arrival);
static ngx_rtc_usec_t ngx_rtc_peer_deadline(void *data, ngx_rtc_usec_t now);
static u_char *ngx_rtc_peer_out_reserve(void *data, size_t size);
static ngx_int_t ngx_rtc_peer_out_commit(void *data, size_t len);
static ngx_int_t ngx_rtc_peer_out_rtcp(void *data, u_char *p, size_t len);
static void ngx_rtc_peer_out_wake(void *data, ngx_rtc_usec_t deadline);
static void ngx_rtc_peer_out_forget(void *data, uint32_t ssrc,
    ngx_uint_t sending);
static void ngx_rtc_peer_timer(ngx_event_t *ev);
static const char *ngx_rtc_peer_state_name(ngx_uint_t state);


static const ngx_rtc_transport_handler_t  ngx_rtc_peer_handler = {
    ngx_rtc_peer_state,
    ngx_rtc_peer_rtp,
    ngx_rtc_peer_rtcp,
    ngx_rtc_peer_deadline,
    NULL
};


static const ngx_rtc_media_out_t  ngx_rtc_peer_out = {
    ngx_rtc_peer_out_reserve,
    ngx_rtc_peer_out_commit,
    ngx_rtc_peer_out_rtcp,
    ngx_rtc_peer_out_wake,
    ngx_rtc_peer_out_forget
};


static const char  *ngx_rtc_peer_directions[] = { "send", "recv" };


/* of all peers of the worker: one description is worked on at a time */

static u_char  ngx_rtc_peer_arena[NGX_RTC_SDP_ARENA_SIZE];
static u_char  ngx_rtc_peer_text[NGX_RTC_SDP_OUT_SIZE];


ngx_rtc_peer_t *
ngx_rtc_peer_create(ngx_rtc_negotiation_t *n, ngx_uint_t direction,
    ngx_rtc_peer_t *replaces)
{
    ngx_log_t              *log;
    ngx_rtc_peer_t         *peer;
    ngx_rtc_participant_t  *p;

    p = n->participant;
    log = p->room->log;

    peer = ngx_calloc(sizeof(ngx_rtc_peer_t), log);
    if (peer == NULL) {
        return NULL;
    }

    peer->negotiation = n;
    peer->direction = direction;
    peer->version = 1;

    if (ngx_rtc_random_id(peer->id, 24) != NGX_OK
        || ngx_rtc_random((u_char *) &peer->session, sizeof(uint64_t))
           != NGX_OK)
    {
        ngx_free(peer);
        return NULL;
    }

    peer->session &= 0x7fffffffffffffff;

    if (replaces) {
        ngx_memcpy(peer->replaces, replaces->id, sizeof(peer->id));
    }

    peer->event.handler = ngx_rtc_offer_event;
    peer->event.data = peer;
    peer->event.log = log;

    peer->timer.handler = ngx_rtc_peer_timer;
    peer->timer.data = peer;
    peer->timer.log = log;

    peer->transport = ngx_rtc_transport_create(&ngx_rtc_peer_handler, peer,
                                               &p->local_addr, &p->room->id,
                                               &p->user, log);
    if (peer->transport == NULL) {
        ngx_free(peer);
        return NULL;
    }

    ngx_rtc_peer_label(peer);

    peer->endpoint = ngx_rtc_endpoint_create(&ngx_rtc_peer_out, peer, log,
                                             ngx_rtc_now());
    if (peer->endpoint == NULL) {
        ngx_rtc_transport_close(peer->transport);
        ngx_free(peer);
        return NULL;
    }

    return peer;
}


void
ngx_rtc_peer_label(ngx_rtc_peer_t *peer)
{
    ngx_str_t               id;
    ngx_rtc_participant_t  *p;

    p = peer->negotiation->participant;

    id.data = p->id;
    id.len = sizeof(p->id) - 1;

    ngx_rtc_transport_label(peer->transport, &id, ngx_rtc_role_name(p->role));
}


void
ngx_rtc_peer_destroy(ngx_rtc_peer_t *peer)
{
    ngx_uint_t              i;
    ngx_rtc_mline_t        *mline;
    ngx_rtc_negotiation_t  *n;

    n = peer->negotiation;

    if (peer->event.posted) {
        ngx_delete_posted_event(&peer->event);
    }

    if (peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }

    if (peer->replaced) {
        ngx_queue_remove(&peer->queue);

    } else if (n->peer[peer->direction] == peer) {
        n->peer[peer->direction] = NULL;
    }

    ngx_rtc_subscribe_release(peer);

    for (i = 0; i < peer->nmlines; i++) {
        mline = peer->mlines[i];

        if (mline->published) {
            ngx_rtc_published_end(mline->published);
        }

        ngx_free(mline);
    }

    if (peer->mlines) {
        ngx_free(peer->mlines);
    }

    if (peer->offer) {
        json_decref(peer->offer);
    }

    ngx_rtc_endpoint_destroy(peer->endpoint);
    ngx_rtc_transport_close(peer->transport);

    ngx_free(peer);
}


ngx_int_t
ngx_rtc_peer_replace(ngx_rtc_peer_t *peer)
{
    ngx_rtc_peer_t         *new, *old;
    ngx_queue_t            *q, *next;
    ngx_rtc_negotiation_t  *n;

    n = peer->negotiation;

    new = ngx_rtc_peer_create(n, peer->direction, peer);
    if (new == NULL) {
        return NGX_ERROR;
    }

    /* one generation waits at most; what an older one still published has
       had its time */

    for (q = ngx_queue_head(&n->old);
         q != ngx_queue_sentinel(&n->old);
         q = next)
    {
        next = ngx_queue_next(q);
        old = ngx_queue_data(q, ngx_rtc_peer_t, queue);

        if (old->direction == peer->direction) {
            ngx_rtc_peer_destroy(old);
        }
    }

    if (peer->event.posted) {
        ngx_delete_posted_event(&peer->event);
    }

    if (peer->offer) {
        json_decref(peer->offer);
        peer->offer = NULL;
    }

    peer->replaced = 1;
    peer->broken = 0;
    ngx_queue_insert_tail(&n->old, &peer->queue);
    ngx_add_timer(&peer->timer, NGX_RTC_TAKEOVER);

    n->peer[new->direction] = new;

    ngx_rtc_peer_announce(new);

    if (new->direction == NGX_RTC_RECV) {
        ngx_rtc_subscribe_all(new);
    }

    return NGX_OK;
}


void
ngx_rtc_peer_renew(ngx_rtc_peer_t *peer, ngx_msec_t delay)
{
    ngx_rtc_negotiation_t  *n;

    n = peer->negotiation;

    peer->broken = 1;

    if (peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }

    if (n->failures[peer->direction] >= NGX_RTC_MAX_FAILURES) {
        ngx_log_error(NGX_LOG_INFO, n->participant->room->log, 0,
                      "user \"%V\" of room \"%V\": %s transport failed "
                      "%ui times, giving up", &n->participant->user,
                      &n->participant->room->id,
                      ngx_rtc_peer_directions[peer->direction],
                      n->failures[peer->direction]);
        return;
    }

    /* never inside of a handler of the transport itself */

    ngx_add_timer(&peer->timer, delay ? delay : 1);
}


static void
ngx_rtc_peer_timer(ngx_event_t *ev)
{
    ngx_rtc_peer_t         *peer;
    ngx_rtc_negotiation_t  *n;

    peer = ev->data;
    n = peer->negotiation;

    if (peer->replaced) {
        ngx_rtc_peer_destroy(peer);
        return;
    }

    if (!n->participant->connected) {

        /* its client can't hear of it: done when the client resumes */

        return;
    }

    if (peer->broken) {
        n->failures[peer->direction]++;

        if (ngx_rtc_peer_replace(peer) != NGX_OK) {
            ngx_add_timer(&peer->timer, NGX_RTC_CLOSED_DELAY);
        }

        return;
    }

    if (peer->offer) {
        ngx_log_error(NGX_LOG_INFO, ev->log, 0,
                      "user \"%V\" of room \"%V\" did not answer an offer",
                      &n->participant->user, &n->participant->room->id);

        ngx_rtc_peer_renew(peer, 0);
    }
}


static void
ngx_rtc_peer_state(void *data, ngx_uint_t state)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_uint_t       able;

    ngx_log_debug4(NGX_LOG_DEBUG_CORE, peer->timer.log, 0,
                   "rtc peer %s %s: state %ui, was %ui", peer->id,
                   ngx_rtc_peer_directions[peer->direction], state,
                   peer->state);

    peer->state = state;

    /* one that is disconnected for now still may be sent to */

    able = state == NGX_RTC_TRANSPORT_CONNECTED
           || (peer->able && state == NGX_RTC_TRANSPORT_DISCONNECTED);

    if (able != peer->able) {
        peer->able = able;
        ngx_rtc_endpoint_connected(peer->endpoint, able, ngx_rtc_now());
    }

    switch (state) {

    case NGX_RTC_TRANSPORT_CONNECTED:
        ngx_rtc_peer_connected(peer);
        break;

    case NGX_RTC_TRANSPORT_DISCONNECTED:

        /* on a send transport it is the client that restarts ICE */

        if (peer->direction == NGX_RTC_RECV && !peer->replaced
            && peer->remote && !peer->restart)
        {
            peer->restart = 1;
            ngx_rtc_offer_later(peer);
        }

        break;

    case NGX_RTC_TRANSPORT_FAILED:
    case NGX_RTC_TRANSPORT_CLOSED:

        if (peer->replaced) {
            if (peer->direction == NGX_RTC_RECV) {
                ngx_rtc_peer_destroy(peer);
            }

            break;
        }

        ngx_rtc_peer_renew(peer, state == NGX_RTC_TRANSPORT_CLOSED
                                 ? NGX_RTC_CLOSED_DELAY : 0);
        break;
    }
}


static void
ngx_rtc_peer_connected(ngx_rtc_peer_t *peer)
{
    ngx_queue_t            *q, *next;
    ngx_rtc_peer_t         *old;
    ngx_rtc_negotiation_t  *n;

    if (peer->replaced) {
        return;
    }

    n = peer->negotiation;
    n->failures[peer->direction] = 0;

    for (q = ngx_queue_head(&n->old);
         q != ngx_queue_sentinel(&n->old);
         q = next)
    {
        next = ngx_queue_next(q);
        old = ngx_queue_data(q, ngx_rtc_peer_t, queue);

        if (old->direction == peer->direction) {
            ngx_rtc_peer_destroy(old);
        }
    }
}


static void
ngx_rtc_peer_rtp(void *data, u_char *p, size_t len, ngx_rtc_usec_t arrival)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_rtc_endpoint_rtp(peer->endpoint, p, len, arrival, ngx_rtc_now());
}


static void
ngx_rtc_peer_rtcp(void *data, u_char *p, size_t len, ngx_rtc_usec_t arrival)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_rtc_endpoint_rtcp(peer->endpoint, p, len, arrival, ngx_rtc_now());
}


static ngx_rtc_usec_t
ngx_rtc_peer_deadline(void *data, ngx_rtc_usec_t now)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_rtc_usec_t            next;
    ngx_rtc_endpoint_stats_t  st;

    next = ngx_rtc_endpoint_timer(peer->endpoint, now);

    ngx_rtc_endpoint_stats(peer->endpoint, &st, now);
    ngx_rtc_transport_note(peer->transport, st.rtt, st.lost);

    return next;
}


static u_char *
ngx_rtc_peer_out_reserve(void *data, size_t size)
{
    ngx_rtc_peer_t  *peer = data;

    return ngx_rtc_transport_rtp_reserve(peer->transport, size);
}


static ngx_int_t
ngx_rtc_peer_out_commit(void *data, size_t len)
{
    ngx_rtc_peer_t  *peer = data;

    return ngx_rtc_transport_rtp_commit(peer->transport, len);
}


static ngx_int_t
ngx_rtc_peer_out_rtcp(void *data, u_char *p, size_t len)
{
    ngx_rtc_peer_t  *peer = data;

    return ngx_rtc_transport_rtcp(peer->transport, p, len);
}


static void
ngx_rtc_peer_out_wake(void *data, ngx_rtc_usec_t deadline)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_rtc_transport_wake(peer->transport, deadline);
}


static void
ngx_rtc_peer_out_forget(void *data, uint32_t ssrc, ngx_uint_t sending)
{
    ngx_rtc_peer_t  *peer = data;

    ngx_rtc_transport_forget(peer->transport, ssrc, sending);
}


void
ngx_rtc_peer_announce(ngx_rtc_peer_t *peer)
{
    json_t  *data;

    data = ngx_rtc_peer_json(peer);

    if (data) {
        ngx_rtc_participant_event(peer->negotiation->participant,
                                  "transport-created", data);
    }
}


json_t *
ngx_rtc_peer_json(ngx_rtc_peer_t *peer)
{
    char                  foundation[17];
    json_t               *list, *item;
    ngx_str_t            *ufrag, *pwd;
    ngx_uint_t            i, n;
    ngx_rtc_candidate_t   candidates[NGX_RTC_MAX_CANDIDATES], *c;

    ufrag = ngx_rtc_transport_ufrag(peer->transport);
    pwd = ngx_rtc_transport_pwd(peer->transport);

    list = json_array();
    n = ngx_rtc_transport_candidates(peer->transport, candidates,
                                     NGX_RTC_MAX_CANDIDATES);

    for (i = 0; i < n; i++) {
        c = &candidates[i];

        ngx_memcpy(foundation, c->foundation, 16);
        foundation[16] = '\0';

        item = json_pack("{s:s, s:I, s:s, s:s, s:s, s:i, s:s}",
                         "foundation", foundation,
                         "priority", (json_int_t) c->priority,
                         "ip", c->address,
                         "address", c->address,
                         "protocol", c->tcp ? "tcp" : "udp",
                         "port", (int) c->port,
                         "type", "host");

        if (c->tcp) {
            json_object_set_new(item, "tcpType", json_string("passive"));
        }

        json_array_append_new(list, item);
    }

    return json_pack("{s:s, s:s, s:o, s:{s:s%, s:s%, s:b}, s:o,"
                     " s:{s:s, s:[{s:s, s:s%}]}, s:n}",
                     "id", peer->id,
                     "direction", ngx_rtc_peer_directions[peer->direction],
                     "replaces", peer->replaces[0]
                                 ? json_string((char *) peer->replaces)
                                 : json_null(),
                     "iceParameters",
                         "usernameFragment", ufrag->data, ufrag->len,
                         "password", pwd->data, pwd->len,
                         "iceLite", 1,
                     "iceCandidates", list,
                     "dtlsParameters",
                         "role", "auto",
                         "fingerprints",
                             "algorithm", "sha-256",
                             "value", ngx_rtc_conf->fingerprint.data,
                                      ngx_rtc_conf->fingerprint.len,
                     "sctpParameters");
}


json_t *
ngx_rtc_peer_stats(ngx_rtc_peer_t *peer)
{
    json_t                     *stats;
    ngx_rtc_transport_stats_t   ts;
    ngx_rtc_endpoint_stats_t    es;

    ngx_rtc_transport_stats(peer->transport, &ts);
    ngx_rtc_endpoint_stats(peer->endpoint, &es, ngx_rtc_now());

    stats = json_pack("{s:s, s:s, s:s, s:f, s:I, s:I, s:f, s:f,"
                      " s:I, s:I, s:I, s:I, s:I}",
                      "id", peer->id,
                      "direction", ngx_rtc_peer_directions[peer->direction],
                      "state", ngx_rtc_peer_state_name(peer->state),
                      "rtt", (double) es.rtt / 1000000,
                      "bitrateIn", (json_int_t) es.bitrate_in,
                      "bitrateOut", (json_int_t) es.bitrate_out,
                      "lossIn", (double) es.loss_in / 256,
                      "lossOut", (double) es.loss_out / 256,
                      "packetsLost", (json_int_t) es.lost,
                      "packetsReceived", (json_int_t) ts.packets_received,
                      "packetsSent", (json_int_t) ts.packets_sent,
                      "bytesReceived", (json_int_t) ts.bytes_received,
                      "bytesSent", (json_int_t) ts.bytes_sent);

    if (stats && ts.srtp_profile) {
        json_object_set_new(stats, "srtpProfile",
                            json_string(ts.srtp_profile));
    }

    return stats;
}


static const char *
ngx_rtc_peer_state_name(ngx_uint_t state)
{
    static const char  *names[] = {
        "new", "connecting", "connected", "disconnected", "failed", "closed"
    };

    return names[state];
}


ngx_rtc_mline_t *
ngx_rtc_peer_add_mline(ngx_rtc_peer_t *peer)
{
    ngx_log_t         *log;
    ngx_uint_t         nalloc;
    ngx_rtc_mline_t   *mline, **mlines;

    if (peer->nmlines == NGX_RTC_MAX_MLINES) {
        return NULL;
    }

    log = peer->negotiation->participant->room->log;

    if (peer->nmlines == peer->nalloc) {
        nalloc = peer->nalloc ? peer->nalloc * 2 : 4;

        mlines = ngx_alloc(nalloc * sizeof(ngx_rtc_mline_t *), log);
        if (mlines == NULL) {
            return NULL;
        }

        if (peer->mlines) {
            ngx_memcpy(mlines, peer->mlines,
                       peer->nmlines * sizeof(ngx_rtc_mline_t *));
            ngx_free(peer->mlines);
        }

        peer->mlines = mlines;
        peer->nalloc = nalloc;
    }

    mline = ngx_calloc(sizeof(ngx_rtc_mline_t), log);

    if (mline) {
        peer->mlines[peer->nmlines++] = mline;
    }

    return mline;
}


ngx_rtc_peer_t *
ngx_rtc_peer_find(ngx_rtc_negotiation_t *n, ngx_uint_t direction,
    json_t *data, ngx_uint_t *error)
{
    json_t          *id;
    const char      *text;
    ngx_rtc_peer_t  *peer;

    *error = NGX_RTC_E_NO_SUCH_TRANSPORT;

    peer = n->peer[direction];

    if (peer == NULL) {
        return NULL;
    }

    id = json_object_get(data, "transportId");

    if (id == NULL || json_is_null(id)) {
        return peer;
    }

    text = json_string_value(id);

    if (text == NULL) {
        return NULL;
    }

    if (ngx_strcmp(text, peer->id) == 0) {
        return peer;
    }

    if (peer->replaces[0] && ngx_strcmp(text, peer->replaces) == 0) {
        *error = NGX_RTC_E_OK;
    }

    return NULL;
}


ngx_uint_t
ngx_rtc_peer_parse(ngx_rtc_request_t *r, const char *name,
    ngx_rtc_sdp_t *sdp)
{
    size_t                len;
    u_char               *text;
    json_t               *desc, *type, *value;
    ngx_rtc_sdp_err_t     err;
    ngx_rtc_sdp_arena_t   arena;

    static char           message[256];

    desc = json_object_get(r->data, name);
    type = json_object_get(desc, "type");
    value = json_object_get(desc, "sdp");

    if (!json_is_string(value)) {
        (void) ngx_snprintf((u_char *) message, sizeof(message),
                            "\"%s\" must be an object with \"type\" and "
                            "\"sdp\"%Z", name);
        r->message = message;
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (type
        && (!json_is_string(type)
            || ngx_strcmp(json_string_value(type), name) != 0))
    {
        (void) ngx_snprintf((u_char *) message, sizeof(message),
                            "the \"type\" of \"%s\" must be \"%s\"%Z",
                            name, name);
        r->message = message;
        return NGX_RTC_E_BAD_REQUEST;
    }

    text = (u_char *) json_string_value(value);
    len = json_string_length(value);

    arena.pos = ngx_rtc_peer_arena;
    arena.end = ngx_rtc_peer_arena + sizeof(ngx_rtc_peer_arena);

    if (ngx_rtc_sdp_parse(&arena, text, text + len, sdp, &err) != NGX_OK) {
        (void) ngx_snprintf((u_char *) message, sizeof(message),
                            "%s, line %ui of the SDP%Z", err.text, err.line);
        message[sizeof(message) - 1] = '\0';
        r->message = message;
        return NGX_RTC_E_BAD_SDP;
    }

    return NGX_RTC_E_OK;
}


void
ngx_rtc_peer_describe(ngx_rtc_peer_t *peer, ngx_rtc_sdp_desc_t *desc,
    ngx_rtc_sdp_setup_e setup)
{
    ngx_uint_t                i;
    ngx_rtc_candidate_t      *c;
    ngx_rtc_sdp_candidate_t  *sc;

    static ngx_rtc_candidate_t      ours[NGX_RTC_MAX_CANDIDATES];
    static ngx_rtc_sdp_candidate_t  candidates[NGX_RTC_MAX_CANDIDATES];

    ngx_memzero(desc, sizeof(ngx_rtc_sdp_desc_t));
    ngx_memzero(candidates, sizeof(candidates));

    desc->sess_id = peer->session;
    desc->version = ++peer->version;
    desc->ice_lite = 1;
    desc->end_of_candidates = 1;
    desc->setup = setup;
    desc->ufrag = *ngx_rtc_transport_ufrag(peer->transport);
    desc->pwd = *ngx_rtc_transport_pwd(peer->transport);
    ngx_str_set(&desc->fingerprint_hash, "sha-256");
    desc->fingerprint = ngx_rtc_conf->fingerprint;
    desc->candidates = candidates;
    desc->ncandidates = ngx_rtc_transport_candidates(peer->transport, ours,
                                                     NGX_RTC_MAX_CANDIDATES);

    for (i = 0; i < desc->ncandidates; i++) {
        c = &ours[i];
        sc = &candidates[i];

        sc->foundation.data = c->foundation;
        sc->foundation.len = ngx_strnlen(c->foundation,
                                         sizeof(c->foundation));
        sc->address.data = c->address;
        sc->address.len = ngx_strlen(c->address);
        sc->priority = c->priority;
        sc->component = 1;
        sc->port = c->port;
        sc->type = NGX_RTC_SDP_CAND_HOST;
        sc->tcp = c->tcp;
        sc->tcptype = c->tcp ? NGX_RTC_SDP_TCP_PASSIVE : NGX_RTC_SDP_TCP_NONE;
    }
}


void
ngx_rtc_peer_buf(ngx_rtc_sdp_buf_t *buf)
{
    buf->pos = ngx_rtc_peer_text;
    buf->last = ngx_rtc_peer_text;
    buf->end = ngx_rtc_peer_text + sizeof(ngx_rtc_peer_text);
    buf->overflow = 0;
}


ngx_uint_t
ngx_rtc_peer_restarts(ngx_rtc_peer_t *peer, ngx_rtc_mline_remote_t *remote)
{
    return peer->remote
           && (remote->ufrag.len != peer->remote_ufrag.len
               || remote->pwd.len != peer->remote_pwd.len
               || ngx_memcmp(remote->ufrag.data, peer->remote_ufrag.data,
                             remote->ufrag.len)
                  != 0
               || ngx_memcmp(remote->pwd.data, peer->remote_pwd.data,
                             remote->pwd.len)
                  != 0);
}


ngx_uint_t
ngx_rtc_peer_remote(ngx_rtc_peer_t *peer, ngx_rtc_mline_remote_t *remote,
    ngx_rtc_request_t *r)
{
    u_char                 *p;
    ngx_uint_t              i, role;
    ngx_rtc_remote_t        rem;
    ngx_rtc_fingerprint_t   fingerprints[NGX_RTC_SDP_MAX_FINGERPRINTS];

    /* RFC 8842: who began as a server stays one; a client that says actpass
       gets what holds, and passive from the start */

    switch (remote->setup) {

    case NGX_RTC_SDP_SETUP_PASSIVE:
        role = NGX_RTC_DTLS_CLIENT;
        break;

    case NGX_RTC_SDP_SETUP_ACTPASS:
    case NGX_RTC_SDP_SETUP_NONE:
        role = peer->remote ? peer->dtls_role : NGX_RTC_DTLS_SERVER;
        break;

    default:
        role = NGX_RTC_DTLS_SERVER;
    }

    for (i = 0; i < remote->nfingerprints; i++) {
        fingerprints[i].algorithm = remote->fingerprints[i].hash;
        fingerprints[i].value = remote->fingerprints[i].value;
    }

    rem.ufrag = remote->ufrag;
    rem.pwd = remote->pwd;
    rem.fingerprints = fingerprints;
    rem.nfingerprints = remote->nfingerprints;
    rem.dtls_role = role;

    switch (ngx_rtc_transport_remote(peer->transport, &rem)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        r->message = "the fingerprint or a=setup is not that of the "
                     "connection on this transport";
        return NGX_RTC_E_BAD_SDP;

    default:
        return NGX_RTC_E_INTERNAL;
    }

    p = peer->remote_data;

    peer->remote_ufrag.data = p;
    peer->remote_ufrag.len = remote->ufrag.len;
    p = ngx_cpymem(p, remote->ufrag.data, remote->ufrag.len);

    peer->remote_pwd.data = p;
    peer->remote_pwd.len = remote->pwd.len;
    ngx_memcpy(p, remote->pwd.data, remote->pwd.len);

    peer->dtls_role = role;
    peer->remote = 1;

    return NGX_RTC_E_OK;
}
