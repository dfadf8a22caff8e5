
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The events that clients send: a table of names, shapes and rights, and
 * the handlers of those that concern the sender itself.  Moderation, the
 * relay and the media events have files of their own.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_negotiation.h"


/* a request whose answer comes later, by ngx_rtc_request_answer() */

typedef struct {
    ngx_queue_t              queue;    /* participant->deferred */
    ngx_str_t               *event;
    ngx_rtc_ref_t            owner;
    uint64_t                 session;
    uint64_t                 request;
    uint64_t                 id;
    unsigned                 answered:1;
    unsigned                 deferred:1;
} ngx_rtc_deferred_t;


static void ngx_rtc_event_finish(ngx_rtc_deferred_t *d, ngx_uint_t rc,
    const char *message, json_t *answer);

static ngx_uint_t ngx_rtc_event_leave(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_set_media_state(ngx_rtc_request_t *r);
static void ngx_rtc_event_mute_source(ngx_rtc_participant_t *p,
    const char *source, ngx_uint_t muted);
static ngx_uint_t ngx_rtc_event_start_share(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_stop_share(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_share(ngx_rtc_participant_t *p,
    ngx_uint_t on);
static ngx_uint_t ngx_rtc_event_subscribe(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_message(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_update_self(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_update_token(ngx_rtc_request_t *r);
static ngx_uint_t ngx_rtc_event_stats(ngx_rtc_request_t *r);


static const ngx_rtc_field_t  ngx_rtc_room_fields[] = {
    { "roomId", NGX_RTC_FIELD_ID, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_offer_fields[] = {
    { "offer", NGX_RTC_FIELD_DESCRIPTION, 1, 0 },
    { "targetUserId", NGX_RTC_FIELD_ID, 0, 0 },
    { "transportId", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "tracks", NGX_RTC_FIELD_OBJECT, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_answer_fields[] = {
    { "answer", NGX_RTC_FIELD_DESCRIPTION, 1, 0 },
    { "targetUserId", NGX_RTC_FIELD_ID, 0, 0 },
    { "transportId", NGX_RTC_FIELD_TEXT, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_candidate_fields[] = {
    { "candidate", NGX_RTC_FIELD_OBJECT_OR_NULL, 1, 0 },
    { "targetUserId", NGX_RTC_FIELD_ID, 0, 0 },
    { "direction", NGX_RTC_FIELD_TEXT, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_subscribe_fields[] = {
    { "trackId", NGX_RTC_FIELD_TEXT, 1, 0 },
    { "paused", NGX_RTC_FIELD_BOOL, 0, 0 },
    { "quality", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "maxWidth", NGX_RTC_FIELD_INT, 0, 0 },
    { "maxHeight", NGX_RTC_FIELD_INT, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_message_fields[] = {
    { "data", NGX_RTC_FIELD_ANY, 1, 0 },
    { "to", NGX_RTC_FIELD_ID, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_self_fields[] = {
    { "name", NGX_RTC_FIELD_TEXT_OR_NULL, 0, NGX_RTC_NAME_LEN },
    { "metadata", NGX_RTC_FIELD_METADATA, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_token_fields[] = {
    { "token", NGX_RTC_FIELD_STRING, 1, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_transport_fields[] = {
    { "transportId", NGX_RTC_FIELD_TEXT, 1, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_mute_fields[] = {
    { "userId", NGX_RTC_FIELD_ID, 1, 0 },
    { "kind", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "trackId", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "locked", NGX_RTC_FIELD_BOOL, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_kick_fields[] = {
    { "userId", NGX_RTC_FIELD_ID, 1, 0 },
    { "reason", NGX_RTC_FIELD_TEXT, 0, NGX_RTC_REASON_LEN },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_role_fields[] = {
    { "userId", NGX_RTC_FIELD_ID, 1, 0 },
    { "role", NGX_RTC_FIELD_ROLE, 1, 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_rtc_field_t  ngx_rtc_update_fields[] = {
    { "metadata", NGX_RTC_FIELD_METADATA, 0, 0 },
    { "maxParticipants", NGX_RTC_FIELD_INT, 0, 0 },
    { "isPublic", NGX_RTC_FIELD_BOOL, 0, 0 },
    { NULL, 0, 0, 0 }
};


static const ngx_rtc_event_t  ngx_rtc_events[] = {

    { ngx_string("join-room"), NULL, NGX_RTC_EVENT_LOCAL, NULL },
    { ngx_string("ping"), NULL, NGX_RTC_EVENT_LOCAL, NULL },
    { ngx_string("list-rooms"), NULL, NGX_RTC_EVENT_LOCAL, NULL },

    { ngx_string("ice-candidate"), ngx_rtc_event_candidate, 0,
      ngx_rtc_candidate_fields },
    { ngx_string("webrtc-offer"), ngx_rtc_event_offer, 0,
      ngx_rtc_offer_fields },
    { ngx_string("webrtc-answer"), ngx_rtc_event_answer, 0,
      ngx_rtc_answer_fields },
    { ngx_string("media-state"), ngx_rtc_event_set_media_state, 0, NULL },
    { ngx_string("message"), ngx_rtc_event_message, 0,
      ngx_rtc_message_fields },
    { ngx_string("leave-room"), ngx_rtc_event_leave, 0,
      ngx_rtc_room_fields },
    { ngx_string("start-screen-share"), ngx_rtc_event_start_share, 0, NULL },
    { ngx_string("stop-screen-share"), ngx_rtc_event_stop_share, 0, NULL },
    { ngx_string("update-self"), ngx_rtc_event_update_self, 0,
      ngx_rtc_self_fields },
    { ngx_string("update-token"), ngx_rtc_event_update_token, 0,
      ngx_rtc_token_fields },
    { ngx_string("get-stats"), ngx_rtc_event_stats, 0, NULL },

    { ngx_string("subscribe"), ngx_rtc_event_subscribe,
      NGX_RTC_EVENT_SFU, ngx_rtc_subscribe_fields },
    { ngx_string("unsubscribe"), ngx_rtc_negotiation_unsubscribe,
      NGX_RTC_EVENT_SFU, ngx_rtc_subscribe_fields },
    { ngx_string("restart-ice"), ngx_rtc_negotiation_restart_ice,
      NGX_RTC_EVENT_SFU, ngx_rtc_transport_fields },

    { ngx_string("mute"), ngx_rtc_event_mute, NGX_RTC_EVENT_HOST,
      ngx_rtc_mute_fields },
    { ngx_string("kick"), ngx_rtc_event_kick, NGX_RTC_EVENT_HOST,
      ngx_rtc_kick_fields },
    { ngx_string("set-role"), ngx_rtc_event_set_role, NGX_RTC_EVENT_HOST,
      ngx_rtc_role_fields },
    { ngx_string("lock-room"), ngx_rtc_event_lock_room, NGX_RTC_EVENT_HOST,
      NULL },
    { ngx_string("unlock-room"), ngx_rtc_event_unlock_room,
      NGX_RTC_EVENT_HOST, NULL },
    { ngx_string("close-room"), ngx_rtc_event_close_room,
      NGX_RTC_EVENT_HOST, NULL },
    { ngx_string("update-room"), ngx_rtc_event_update_room,
      NGX_RTC_EVENT_HOST, ngx_rtc_update_fields },

    { ngx_null_string, NULL, 0, NULL }
};


static uint64_t             ngx_rtc_request_id;

/* the one that is worked on */
static ngx_rtc_deferred_t  *ngx_rtc_request_now;


const ngx_rtc_event_t *
ngx_rtc_event_find(ngx_str_t *name)
{
    const ngx_rtc_event_t  *ev;

    for (ev = ngx_rtc_events; ev->name.len; ev++) {
        if (ev->name.len == name->len
            && ngx_memcmp(ev->name.data, name->data, name->len) == 0)
        {
            return ev;
        }
    }

    return NULL;
}


void
ngx_rtc_event_handle(ngx_rtc_participant_t *p, ngx_rtc_message_t *m)
{
    json_t                 *data;
    ngx_uint_t              rc;
    ngx_rtc_request_t       r;
    ngx_rtc_deferred_t      d, *later;
    const ngx_rtc_event_t  *ev;

    ngx_memzero(&r, sizeof(ngx_rtc_request_t));
    ngx_memzero(&d, sizeof(ngx_rtc_deferred_t));

    d.owner = p->owner;
    d.session = m->session;
    d.request = m->request;
    d.id = ++ngx_rtc_request_id;
    d.event = &m->str[0];

    r.participant = p;
    r.id = d.id;
    r.has_id = m->request != 0;

    data = NULL;
    later = NULL;

    ev = ngx_rtc_event_find(&m->str[0]);

    if (ev == NULL || ev->handler == NULL) {
        rc = NGX_RTC_E_UNKNOWN_EVENT;
        goto done;
    }

    d.event = (ngx_str_t *) &ev->name;

    data = ngx_rtc_json_parse(m->str[1].data, m->str[1].len,
                              NGX_RTC_JSON_DEPTH, NGX_RTC_JSON_VALUES);
    r.data = data;

    if (ngx_rtc_schema_check(ev->fields, data, ngx_rtc_conf->metadata_size,
                             &r.message)
        != NGX_OK)
    {
        rc = NGX_RTC_E_BAD_REQUEST;
        goto done;
    }

    if ((ev->flags & NGX_RTC_EVENT_HOST)
        && !(p->permissions & NGX_RTC_MAY_MODERATE))
    {
        r.message = "only a host may do this";
        rc = NGX_RTC_E_FORBIDDEN;
        goto done;
    }

    if ((ev->flags & NGX_RTC_EVENT_SFU) && p->negotiation == NULL) {
        r.message = "the room is p2p: nothing goes over the server";
        rc = NGX_RTC_E_WRONG_MODE;
        goto done;
    }

    if (p->ndeferred == NGX_RTC_MAX_DEFERRED) {
        rc = NGX_RTC_E_TOO_MANY;
        goto done;
    }

    ngx_rtc_request_now = &d;

    rc = ev->handler(&r);

    ngx_rtc_request_now = NULL;

    if (rc == NGX_RTC_E_DEFERRED) {

        if (d.answered) {
            goto out;
        }

        later = p->leaving ? NULL
                           : ngx_alloc(sizeof(ngx_rtc_deferred_t),
                                       p->room->log);
        if (later) {
            *later = d;
            ngx_queue_insert_tail(&p->deferred, &later->queue);
            p->ndeferred++;
            goto out;
        }

        rc = NGX_RTC_E_INTERNAL;
    }

done:

    ngx_rtc_event_finish(&d, rc, r.message, r.answer);

    r.answer = NULL;

out:

    json_decref(r.answer);
    json_decref(data);
}


/* takes the answer over */

static void
ngx_rtc_event_finish(ngx_rtc_deferred_t *d, ngx_uint_t rc,
    const char *message, json_t *answer)
{
    json_t             *error;
    ngx_str_t           text;
    ngx_rtc_message_t   m;

    if (d->answered) {
        json_decref(answer);
        return;
    }

    d->answered = 1;

    if (rc == NGX_RTC_E_OK) {
        ngx_rtc_home_answer(&d->owner, d->session, d->request, 0, answer);
        return;
    }

    json_decref(answer);

    ngx_rtc_count(messages_bad);

    if (d->request) {
        ngx_rtc_home_refuse(&d->owner, d->session, d->request, 0, rc,
                            message);
        return;
    }

    /* nobody waits for an answer, but a failure is told */

    error = ngx_rtc_json_error(rc, message);
    json_object_set_new(error, "event", ngx_rtc_json_string(d->event));

    ngx_rtc_signal_dump(error, &text);
    json_decref(error);

    if (text.data) {
        ngx_memzero(&m, sizeof(ngx_rtc_message_t));

        m.kind = NGX_RTC_MSG_DELIVER;
        m.session = d->session;
        m.n = 2;
        ngx_str_set(&m.str[0], "error");
        m.str[1] = text;

        (void) ngx_rtc_signal_send(&d->owner, NGX_RTC_MESH_TO_SESSION, &m);

        ngx_free(text.data);
    }
}


void
ngx_rtc_request_answer(ngx_rtc_participant_t *p, uint64_t id,
    ngx_uint_t error, const char *message, json_t *answer)
{
    ngx_queue_t         *q;
    ngx_rtc_deferred_t  *d;

    if (ngx_rtc_request_now && ngx_rtc_request_now->id == id) {
        ngx_rtc_event_finish(ngx_rtc_request_now, error, message, answer);
        return;
    }

    for (q = ngx_queue_head(&p->deferred);
         q != ngx_queue_sentinel(&p->deferred);
         q = ngx_queue_next(q))
    {
        d = ngx_queue_data(q, ngx_rtc_deferred_t, queue);

        if (d->id == id) {
            ngx_queue_remove(q);
            p->ndeferred--;

            ngx_rtc_event_finish(d, error, message, answer);

            ngx_free(d);
            return;
        }
    }

    json_decref(answer);
}


/* the session that asked is gone or leaves the room */

void
ngx_rtc_event_drop(ngx_rtc_participant_t *p)
{
    ngx_queue_t         *q;
    ngx_rtc_deferred_t  *d;

    while (!ngx_queue_empty(&p->deferred)) {
        q = ngx_queue_head(&p->deferred);
        ngx_queue_remove(q);
        p->ndeferred--;

        d = ngx_queue_data(q, ngx_rtc_deferred_t, queue);

        if (p->connected && d->request) {
            ngx_rtc_event_finish(d, NGX_RTC_E_NOT_IN_ROOM, NULL, NULL);
        }

        ngx_free(d);
    }
}


static ngx_uint_t
ngx_rtc_event_leave(ngx_rtc_request_t *r)
{
    ngx_str_t               room;
    ngx_rtc_participant_t  *p;

    p = r->participant;

    if (ngx_rtc_schema_str(r->data, "roomId", &room)
        && (room.len != p->room->id.len
            || ngx_memcmp(room.data, p->room->id.data, room.len) != 0))
    {
        r->message = "not in that room";
        return NGX_RTC_E_NOT_IN_ROOM;
    }

    /* the answer is the last thing that it gets of the room */

    ngx_rtc_home_answer(&p->owner, p->session, ngx_rtc_request_now->request,
                        NGX_RTC_MSG_DETACH, NULL);

    ngx_rtc_request_now->answered = 1;

    p->leaving = 1;

    ngx_rtc_participant_leave(p, "left");

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_event_set_media_state(ngx_rtc_request_t *r)
{
    json_t                 *video, *audio, *share;
    ngx_str_t               screen = ngx_string("screen");
    ngx_rtc_participant_t  *p;

    p = r->participant;

    if (!ngx_rtc_media_state_valid(r->data)) {
        r->message = "video, audio and screenShare must be true or false, "
                     "quality low, medium, high or 4k";
        return NGX_RTC_E_BAD_REQUEST;
    }

    video = json_object_get(r->data, "video");
    audio = json_object_get(r->data, "audio");
    share = json_object_get(r->data, "screenShare");

    if ((p->mute_video && json_is_true(video))
        || (p->mute_audio && json_is_true(audio)))
    {
        r->message = "muted by a host";
        return NGX_RTC_E_FORBIDDEN;
    }

    if (json_is_true(share) && !ngx_rtc_may_publish(p, &screen)) {
        r->message = "may not publish";
        return NGX_RTC_E_FORBIDDEN;
    }

    if (json_is_boolean(video)) {
        ngx_rtc_event_mute_source(p, "camera", json_is_false(video));
    }

    if (json_is_boolean(audio)) {
        ngx_rtc_event_mute_source(p, "microphone", json_is_false(audio));
    }

    if (json_is_boolean(share)) {
        (void) ngx_rtc_event_share(p, json_is_true(share));
    }

    ngx_rtc_event_media_state(p, r->data, p);

    return NGX_RTC_E_OK;
}


/* merges the changes and tells all but one of the outcome, if there is any */

void
ngx_rtc_event_media_state(ngx_rtc_participant_t *p, json_t *changes,
    ngx_rtc_participant_t *except)
{
    json_t  *data;

    if (ngx_rtc_media_state_merge(p->media_state, changes) != NGX_OK) {
        return;
    }

    data = ngx_rtc_json_user(p);
    json_object_set(data, "mediaState", p->media_state);

    ngx_rtc_room_event(p->room, except, "media-state-changed", data);
}


static void
ngx_rtc_event_mute_source(ngx_rtc_participant_t *p, const char *source,
    ngx_uint_t muted)
{
    ngx_queue_t            *q;
    ngx_rtc_publication_t  *pub;

    for (q = ngx_queue_head(&p->publications);
         q != ngx_queue_sentinel(&p->publications);
         q = ngx_queue_next(q))
    {
        pub = ngx_queue_data(q, ngx_rtc_publication_t, own);

        if (ngx_strcmp(pub->source, source) != 0
            || pub->muted == muted
            || (pub->locked && !muted))
        {
            continue;
        }

        pub->muted = muted;

        ngx_rtc_negotiation_muted(pub);

        ngx_rtc_room_event(p->room, NULL, "track-updated",
                           json_pack("{s:o}", "track",
                                     ngx_rtc_publication_json(pub)));
    }
}


static ngx_uint_t
ngx_rtc_event_start_share(ngx_rtc_request_t *r)
{
    ngx_str_t  source = ngx_string("screen");

    if (!ngx_rtc_may_publish(r->participant, &source)) {
        r->message = "may not publish";
        return NGX_RTC_E_FORBIDDEN;
    }

    return ngx_rtc_event_share(r->participant, 1);
}


static ngx_uint_t
ngx_rtc_event_stop_share(ngx_rtc_request_t *r)
{
    return ngx_rtc_event_share(r->participant, 0);
}


static ngx_uint_t
ngx_rtc_event_share(ngx_rtc_participant_t *p, ngx_uint_t on)
{
    json_t  *changes;

    if (json_is_true(json_object_get(p->media_state, "screenShare"))
        == (int) on)
    {
        return NGX_RTC_E_OK;
    }

    changes = json_pack("{s:b}", "screenShare", (int) on);

    if (changes == NULL) {
        return NGX_RTC_E_INTERNAL;
    }

    ngx_rtc_room_event(p->room, p,
                       on ? "screen-share-started" : "screen-share-stopped",
                       ngx_rtc_json_user(p));

    ngx_rtc_event_media_state(p, changes, p);

    json_decref(changes);

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_event_subscribe(ngx_rtc_request_t *r)
{
    if (!(r->participant->permissions & NGX_RTC_MAY_SUBSCRIBE)) {
        return NGX_RTC_E_FORBIDDEN;
    }

    return ngx_rtc_negotiation_subscribe(r);
}


static ngx_uint_t
ngx_rtc_event_message(ngx_rtc_request_t *r)
{
    json_t                 *data;
    ngx_str_t               to;
    ngx_rtc_participant_t  *p, *target;

    p = r->participant;

    if (!(p->permissions & NGX_RTC_MAY_MESSAGE)) {
        return NGX_RTC_E_FORBIDDEN;
    }

    target = NULL;

    if (ngx_rtc_schema_str(r->data, "to", &to)) {
        target = ngx_rtc_room_user(p->room, &to);

        if (target == NULL) {
            return NGX_RTC_E_NO_SUCH_USER;
        }
    }

    data = json_pack("{s:o, s:O}",
                     "fromUserId", ngx_rtc_json_string(&p->user),
                     "data", json_object_get(r->data, "data"));

    if (data == NULL) {
        return NGX_RTC_E_INTERNAL;
    }

    if (target) {
        ngx_rtc_participant_event(target, "message", data);

    } else {
        ngx_rtc_room_event(p->room, p, "message", data);
    }

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_event_update_self(ngx_rtc_request_t *r)
{
    json_t                 *name, *metadata, *data;
    ngx_rtc_participant_t  *p;

    p = r->participant;

    name = json_object_get(r->data, "name");
    metadata = json_object_get(r->data, "metadata");

    if (name == NULL && metadata == NULL) {
        r->message = "name or metadata is missing";
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (metadata && !ngx_rtc_room_metadata_fits(p->room, p, metadata)) {
        r->message = "the metadata of the room's members are too large";
        return NGX_RTC_E_TOO_MANY;
    }

    if (name) {
        json_decref(p->name);
        p->name = json_is_null(name) ? NULL : json_incref(name);
    }

    if (metadata) {
        json_decref(p->metadata);
        p->metadata = json_is_null(metadata) ? NULL : json_incref(metadata);
        p->metadata_len = ngx_rtc_metadata_len(metadata);
    }

    data = ngx_rtc_json_participant(p);

    if (data) {

        /* what was taken away is told too */

        if (p->name == NULL) {
            json_object_set_new(data, "name", json_null());
        }

        if (p->metadata == NULL) {
            json_object_set_new(data, "metadata", json_null());
        }
    }

    ngx_rtc_room_event(p->room, p, "user-updated", data);

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_event_update_token(ngx_rtc_request_t *r)
{
    r->message = "this server takes no tokens";

    return NGX_RTC_E_UNAUTHORIZED;
}


static ngx_uint_t
ngx_rtc_event_stats(ngx_rtc_request_t *r)
{
    if (r->participant->negotiation) {
        return ngx_rtc_negotiation_stats(r);
    }

    r->answer = json_pack("{s:s, s:[], s:[], s:[]}",
                          "mode", ngx_rtc_mode_name(NGX_RTC_MODE_P2P),
                          "transports", "tracks", "subscriptions");

    return r->answer ? NGX_RTC_E_OK : NGX_RTC_E_INTERNAL;
}
