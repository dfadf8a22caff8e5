
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What hosts may do to others and to the room: mute, kick, roles, the lock,
 * its limits and its end.  That the sender is one was checked before.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_negotiation.h"
#include "ngx_rtc_transport.h"


static ngx_uint_t ngx_rtc_moderation_target(ngx_rtc_request_t *r,
    ngx_rtc_participant_t **target);
static void ngx_rtc_moderation_muted(ngx_rtc_request_t *r,
    ngx_rtc_participant_t *p, ngx_rtc_publication_t *pub, ngx_uint_t kind,
    ngx_uint_t locked);
static void ngx_rtc_moderation_mute(ngx_rtc_request_t *r,
    ngx_rtc_participant_t *p, ngx_uint_t kind, ngx_int_t lock);
static void ngx_rtc_moderation_mute_track(ngx_rtc_request_t *r,
    ngx_rtc_publication_t *pub, ngx_int_t lock);
static ngx_uint_t ngx_rtc_moderation_lock(ngx_rtc_request_t *r,
    ngx_uint_t locked);
static void ngx_rtc_moderation_updated(ngx_rtc_room_t *room);


static ngx_uint_t
ngx_rtc_moderation_target(ngx_rtc_request_t *r,
    ngx_rtc_participant_t **target)
{
    ngx_str_t  user;

    (void) ngx_rtc_schema_str(r->data, "userId", &user);

    *target = ngx_rtc_room_user(r->participant->room, &user);

    return *target ? NGX_RTC_E_OK : NGX_RTC_E_NO_SUCH_USER;
}


/*
 * One track, all of a kind, or all.  "locked": true keeps it so against its
 * owner, false gives it back; without it a lock stays as it is.
 */

ngx_uint_t
ngx_rtc_event_mute(ngx_rtc_request_t *r)
{
    json_t                 *value;
    ngx_int_t               lock;
    ngx_str_t               s;
    ngx_uint_t              rc;
    ngx_rtc_participant_t  *p;
    ngx_rtc_publication_t  *pub;

    rc = ngx_rtc_moderation_target(r, &p);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    value = json_object_get(r->data, "locked");
    lock = json_is_boolean(value) ? json_is_true(value) : -1;

    if (ngx_rtc_schema_str(r->data, "trackId", &s)) {
        pub = ngx_rtc_publication_find(p->room, (char *) s.data);

        if (pub == NULL || pub->participant != p) {
            return NGX_RTC_E_NO_SUCH_TRACK;
        }

        ngx_rtc_moderation_mute_track(r, pub, lock);
        return NGX_RTC_E_OK;
    }

    if (!ngx_rtc_schema_str(r->data, "kind", &s)) {
        ngx_rtc_moderation_mute(r, p, NGX_RTC_KIND_AUDIO, lock);
        ngx_rtc_moderation_mute(r, p, NGX_RTC_KIND_VIDEO, lock);

    } else if (s.len == 5 && ngx_strncmp(s.data, "audio", 5) == 0) {
        ngx_rtc_moderation_mute(r, p, NGX_RTC_KIND_AUDIO, lock);

    } else if (s.len == 5 && ngx_strncmp(s.data, "video", 5) == 0) {
        ngx_rtc_moderation_mute(r, p, NGX_RTC_KIND_VIDEO, lock);

    } else {
        r->message = "kind must be audio or video";
        return NGX_RTC_E_BAD_REQUEST;
    }

    ngx_rtc_participant_save(p);

    return NGX_RTC_E_OK;
}


static void
ngx_rtc_moderation_mute(ngx_rtc_request_t *r, ngx_rtc_participant_t *p,
    ngx_uint_t kind, ngx_int_t lock)
{
    json_t                 *changes;
    ngx_uint_t              n, locked;
    ngx_queue_t            *q;
    ngx_rtc_publication_t  *pub;

    if (lock >= 0) {
        if (kind == NGX_RTC_KIND_AUDIO) {
            p->mute_audio = lock;

        } else {
            p->mute_video = lock;
        }
    }

    n = 0;

    for (q = ngx_queue_head(&p->publications);
         q != ngx_queue_sentinel(&p->publications);
         q = ngx_queue_next(q))
    {
        pub = ngx_queue_data(q, ngx_rtc_publication_t, own);

        if (pub->kind == kind) {
            ngx_rtc_moderation_mute_track(r, pub, lock);
            n++;
        }
    }

    if (n == 0) {

        /* p2p, or nothing is published yet */

        locked = (kind == NGX_RTC_KIND_AUDIO) ? p->mute_audio : p->mute_video;
        ngx_rtc_moderation_muted(r, p, NULL, kind, locked);
    }

    changes = json_pack("{s:b}", kind == NGX_RTC_KIND_AUDIO ? "audio"
                                                            : "video", 0);

    ngx_rtc_event_media_state(p, changes, NULL);

    json_decref(changes);
}


static void
ngx_rtc_moderation_mute_track(ngx_rtc_request_t *r,
    ngx_rtc_publication_t *pub, ngx_int_t lock)
{
    pub->muted = 1;

    if (lock >= 0) {
        pub->locked = lock;
    }

    ngx_rtc_negotiation_muted(pub);

    ngx_rtc_moderation_muted(r, pub->participant, pub, pub->kind,
                             pub->locked);

    ngx_rtc_room_event(pub->participant->room, NULL, "track-updated",
                       json_pack("{s:o}", "track",
                                 ngx_rtc_publication_json(pub)));
}


static void
ngx_rtc_moderation_muted(ngx_rtc_request_t *r, ngx_rtc_participant_t *p,
    ngx_rtc_publication_t *pub, ngx_uint_t kind, ngx_uint_t locked)
{
    json_t  *data;

    data = json_pack("{s:o, s:s?, s:s, s:o, s:b}",
                     "userId", ngx_rtc_json_string(&p->user),
                     "trackId", pub ? (char *) pub->id : NULL,
                     "kind", kind == NGX_RTC_KIND_AUDIO ? "audio" : "video",
                     "by", ngx_rtc_json_string(&r->participant->user),
                     "locked", (int) locked);

    ngx_rtc_room_event(p->room, NULL, "muted", data);
}


ngx_uint_t
ngx_rtc_event_kick(ngx_rtc_request_t *r)
{
    json_t                 *data;
    ngx_str_t               reason;
    ngx_uint_t              rc;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;
    void                   *iter;
    u_char                  key[NGX_RTC_ID_LEN + 1];

    rc = ngx_rtc_moderation_target(r, &p);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    if (p == r->participant) {
        r->message = "leave-room is for that";
        return NGX_RTC_E_BAD_REQUEST;
    }

    room = p->room;

    (void) ngx_cpystrn(key, p->user.data, p->user.len + 1);

    if (json_object_set_new(room->kicked, (char *) key, json_true()) != 0) {
        return NGX_RTC_E_INTERNAL;
    }

    if (json_object_size(room->kicked) > NGX_RTC_MAX_KICKED) {

        /* jansson keeps the order: the first is who was kicked first */

        iter = json_object_iter(room->kicked);

        (void) ngx_cpystrn(key, (u_char *) json_object_iter_key(iter),
                           sizeof(key));
        (void) json_object_del(room->kicked, (char *) key);
    }

    data = ngx_rtc_schema_str(r->data, "reason", &reason)
           ? json_pack("{s:o}", "reason", ngx_rtc_json_string(&reason))
           : json_pack("{s:s}", "reason", "kicked");

    ngx_rtc_participant_event(p, "kicked", data);

    ngx_rtc_identity_refuse(p, NGX_RTC_E_FORBIDDEN);

    ngx_rtc_participant_leave(p, "kicked");

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_event_set_role(ngx_rtc_request_t *r)
{
    ngx_int_t               role;
    ngx_str_t               name;
    ngx_uint_t              rc, was, turns;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    rc = ngx_rtc_moderation_target(r, &p);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    room = p->room;
    was = p->role;

    (void) ngx_rtc_schema_str(r->data, "role", &name);
    role = ngx_rtc_role_number(&name);

    if (was == (ngx_uint_t) role) {
        return NGX_RTC_E_OK;
    }

    turns = room->mode == NGX_RTC_MODE_P2P && role == NGX_RTC_ROLE_VIEWER;

    if (turns && !ngx_rtc_net_ready()) {
        return NGX_RTC_E_SFU_UNAVAILABLE;
    }

    if (turns) {
        ngx_rtc_mode_turn(room, NULL);
    }

    ngx_rtc_participant_role(p, role);

    if (turns) {
        ngx_rtc_mode_start(room, NULL);
        (void) ngx_rtc_room_changed(room);
    }

    if (was == NGX_RTC_ROLE_HOST) {
        ngx_rtc_room_succession(room, p);
    }

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_event_lock_room(ngx_rtc_request_t *r)
{
    return ngx_rtc_moderation_lock(r, 1);
}


ngx_uint_t
ngx_rtc_event_unlock_room(ngx_rtc_request_t *r)
{
    return ngx_rtc_moderation_lock(r, 0);
}


static ngx_uint_t
ngx_rtc_moderation_lock(ngx_rtc_request_t *r, ngx_uint_t locked)
{
    ngx_rtc_room_t  *room;

    room = r->participant->room;

    if (room->locked != locked) {
        room->locked = locked;
        ngx_rtc_moderation_updated(room);
    }

    return NGX_RTC_E_OK;
}


static void
ngx_rtc_moderation_updated(ngx_rtc_room_t *room)
{
    (void) ngx_rtc_room_changed(room);

    ngx_rtc_room_event(room, NULL, "room-updated",
                       ngx_rtc_json_room(room, 0));
}


ngx_uint_t
ngx_rtc_event_close_room(ngx_rtc_request_t *r)
{
    ngx_rtc_participant_t  *p;

    p = r->participant;

    /* first the answer, for after the end its session is in no room */

    ngx_rtc_request_answer(p, r->id, NGX_RTC_E_OK, NULL, NULL);

    ngx_rtc_room_end(p->room, &p->user);

    return NGX_RTC_E_OK;
}


ngx_uint_t
ngx_rtc_event_update_room(ngx_rtc_request_t *r)
{
    json_t          *metadata, *limit, *is_public;
    ngx_rtc_room_t  *room;

    room = r->participant->room;

    metadata = json_object_get(r->data, "metadata");
    limit = ngx_rtc_schema_get(r->data, "maxParticipants");
    is_public = ngx_rtc_schema_get(r->data, "isPublic");

    if (metadata == NULL && limit == NULL && is_public == NULL) {
        r->message = "metadata, maxParticipants or isPublic is missing";
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (metadata) {
        json_decref(room->metadata);
        room->metadata = json_is_null(metadata) ? NULL
                                                : json_incref(metadata);
    }

    if (limit) {
        room->max_participants = ngx_min(
                                  (ngx_uint_t) json_integer_value(limit),
                                  ngx_rtc_room_limit(room->type));
    }

    if (is_public) {
        room->is_public = json_is_true(is_public);
    }

    ngx_rtc_moderation_updated(room);

    return NGX_RTC_E_OK;
}
