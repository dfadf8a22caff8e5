
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A participant in its home: coming, going, losing and regaining its
 * session, its role, and what is sent to it.  Whether it may come is decided
 * in ngx_rtc_join.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_negotiation.h"


typedef struct {
    ngx_queue_t             queue;
    ngx_str_t               event;
    ngx_str_t               data;      /* behind it */
} ngx_rtc_held_t;


static void ngx_rtc_participant_timer(ngx_event_t *ev);
static void ngx_rtc_participant_member(ngx_rtc_participant_t *p,
    ngx_rtc_member_t *m);
static void ngx_rtc_participant_text(ngx_rtc_participant_t *p,
    ngx_str_t *event, ngx_str_t *data);
static void ngx_rtc_participant_hold(ngx_rtc_participant_t *p,
    ngx_str_t *event, ngx_str_t *data);
static void ngx_rtc_participant_copy(ngx_str_t *dst, u_char *buf,
    ngx_str_t *src);


ngx_rtc_participant_t *
ngx_rtc_participant_create(ngx_rtc_room_t *room, ngx_str_t *user,
    ngx_rtc_join_t *join)
{
    ngx_rtc_participant_t  *p;

    p = ngx_calloc(sizeof(ngx_rtc_participant_t), ngx_cycle->log);
    if (p == NULL) {
        return NULL;
    }

    p->room = room;

    ngx_queue_init(&p->publications);
    ngx_queue_init(&p->held);
    ngx_queue_init(&p->deferred);
    ngx_queue_init(&p->waiters);
    ngx_queue_init(&p->link);

    p->media_state = ngx_rtc_media_state_create();

    if (p->media_state == NULL
        || ngx_rtc_random_id(p->id, sizeof(p->id) - 1) != NGX_OK)
    {
        ngx_rtc_participant_free(p);
        return NULL;
    }

    ngx_memcpy(p->user_data, user->data, user->len);
    p->user.data = p->user_data;
    p->user.len = user->len;

    if (join->media_state
        && ngx_rtc_media_state_merge(p->media_state, join->media_state)
           == NGX_ERROR)
    {
        ngx_rtc_participant_free(p);
        return NULL;
    }

    if (join->name) {
        p->name = json_incref(join->name);
    }

    if (join->metadata) {
        p->metadata = json_incref(join->metadata);
        p->metadata_len = ngx_rtc_metadata_len(join->metadata);
    }

    p->style = join->style;
    p->auto_subscribe = join->auto_subscribe;
    p->joined = ngx_time();
    p->joined_msec = ngx_current_msec;

    p->timer.handler = ngx_rtc_participant_timer;
    p->timer.data = p;
    p->timer.log = room->log;

    return p;
}


/* one that isn't in its room, or not any more */

void
ngx_rtc_participant_free(ngx_rtc_participant_t *p)
{
    ngx_queue_t     *q;
    ngx_rtc_held_t  *held;

    while (!ngx_queue_empty(&p->held)) {
        q = ngx_queue_head(&p->held);
        ngx_queue_remove(q);

        held = ngx_queue_data(q, ngx_rtc_held_t, queue);
        ngx_free(held);
    }

    ngx_rtc_event_drop(p);

    json_decref(p->name);
    json_decref(p->metadata);
    json_decref(p->media_state);

    ngx_free(p);
}


ngx_int_t
ngx_rtc_participant_enter(ngx_rtc_participant_t *p)
{
    ngx_rtc_room_t    *room;
    ngx_rtc_member_t   m;

    room = p->room;

    ngx_rtc_participant_member(p, &m);

    if (ngx_rtc_member_add(room->key, &m, &p->key) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_queue_insert_tail(&room->participants, &p->queue);
    room->nparticipants++;

    ngx_rtc_load(1);
    ngx_rtc_count(participants);

    (void) ngx_rtc_room_changed(room);
    ngx_rtc_room_schedule(room);

    return NGX_OK;
}


/*
 * The end of a participant.  reason is what others are told, or NULL if they
 * never heard of it; it itself was told before, if it is to be told
 * anything, and its session is only detached.
 */

void
ngx_rtc_participant_leave(ngx_rtc_participant_t *p, const char *reason)
{
    json_t          *data;
    ngx_rtc_room_t  *room;

    room = p->room;

    if (reason) {
        ngx_log_error(NGX_LOG_INFO, room->log, 0,
                      "user \"%V\" left room \"%V\": %s", &p->user,
                      &room->id, reason);
    }

    ngx_rtc_event_drop(p);

    if (p->connected && !p->leaving) {
        (void) ngx_rtc_home_tell(&p->owner, p->session, 0, NGX_RTC_MSG_LEFT);
    }

    p->leaving = 1;
    p->connected = 0;

    if (p->negotiation) {
        ngx_rtc_negotiation_stop(p);
    }

    if (p->timer.timer_set) {
        ngx_del_timer(&p->timer);
    }

    ngx_queue_remove(&p->link);
    ngx_queue_init(&p->link);

    ngx_queue_remove(&p->queue);
    room->nparticipants--;

    (void) ngx_rtc_member_remove(p->key);

    ngx_rtc_load(-1);
    ngx_rtc_count_down(participants);

    if (room->nparticipants == 0) {
        room->empty_since = ngx_current_msec;
    }

    ngx_rtc_mode_forget(p);

    if (!room->closing) {

        if (reason) {
            data = ngx_rtc_json_user(p);
            json_object_set_new(data, "reason", json_string(reason));

            ngx_rtc_room_event(room, NULL, "user-left", data);

            if (p->role == NGX_RTC_ROLE_HOST) {
                ngx_rtc_room_succession(room, NULL);
            }
        }

        ngx_rtc_mode_check(room);

        (void) ngx_rtc_room_changed(room);
        ngx_rtc_room_schedule(room);
    }

    ngx_rtc_home_bury(p);

    ngx_rtc_identity_free(p);
}


/* the session that asked by m is its own now */

void
ngx_rtc_participant_attach(ngx_rtc_participant_t *p, ngx_rtc_ref_t *owner,
    ngx_rtc_message_t *m)
{
    p->owner = *owner;
    p->session = m->session;

    ngx_rtc_participant_copy(&p->local_addr, p->local_data,
                             &m->str[NGX_RTC_JOIN_LOCAL]);
    ngx_rtc_participant_copy(&p->remote_addr, p->remote_data,
                             &m->str[NGX_RTC_JOIN_REMOTE]);

    ngx_queue_remove(&p->link);
    ngx_rtc_home_link(p);

    if (p->timer.timer_set) {
        ngx_del_timer(&p->timer);
    }

    p->connected = 1;
    p->overflow = 0;
}


static void
ngx_rtc_participant_copy(ngx_str_t *dst, u_char *buf, ngx_str_t *src)
{
    dst->data = buf;
    dst->len = ngx_min(src->len, NGX_SOCKADDR_STRLEN);

    ngx_memcpy(buf, src->data, dst->len);
}


/* its socket is gone; its media, if any, goes on */

void
ngx_rtc_participant_lost(ngx_rtc_participant_t *p)
{
    json_t  *data;

    if (p->leaving || p->timer.timer_set) {
        return;
    }

    p->connected = 0;

    if (!p->overflow) {

        /* its session will not be heard of any more */

        ngx_queue_remove(&p->link);
        ngx_queue_init(&p->link);
    }

    ngx_rtc_event_drop(p);

    if (p->nwaiters) {
        ngx_rtc_identity_dead(p);
        return;
    }

    if (ngx_rtc_conf->resume_timeout == 0) {
        ngx_rtc_participant_leave(p, "timeout");
        return;
    }

    ngx_add_timer(&p->timer, ngx_rtc_conf->resume_timeout);

    data = ngx_rtc_json_user(p);
    json_object_set_new(data, "state", json_string("lost"));

    ngx_rtc_room_event(p->room, p, "user-connection", data);
}


static void
ngx_rtc_participant_timer(ngx_event_t *ev)
{
    ngx_rtc_participant_leave(ev->data, "timeout");
}


/*
 * The mesh had no place for an event of it: what it knows of the room has a
 * hole, so its socket is closed and it has to resume.  Returns 1 if it has
 * left the room.
 */

ngx_uint_t
ngx_rtc_participant_overflow(ngx_rtc_participant_t *p)
{
    if (!p->timer.timer_set) {

        if (ngx_rtc_conf->resume_timeout == 0) {
            (void) ngx_rtc_home_close(&p->owner, p->session,
                                      NGX_RTC_CLOSE_OVERFLOW);
            ngx_rtc_participant_leave(p, "timeout");
            return 1;
        }

        ngx_rtc_participant_lost(p);

        if (p->leaving) {
            return 1;
        }
    }

    if (ngx_rtc_home_close(&p->owner, p->session, NGX_RTC_CLOSE_OVERFLOW)
        != NGX_ERROR)
    {
        p->overflow = 0;

        ngx_queue_remove(&p->link);
        ngx_queue_init(&p->link);
    }

    return 0;
}


static void
ngx_rtc_participant_member(ngx_rtc_participant_t *p, ngx_rtc_member_t *m)
{
    ngx_memzero(m, sizeof(ngx_rtc_member_t));

    ngx_memcpy(m->id, p->id, sizeof(m->id));
    ngx_memcpy(m->user, p->user.data, p->user.len);
    ngx_memcpy(m->resume_hash, p->resume_hash, sizeof(m->resume_hash));

    m->user_len = (u_char) p->user.len;
    m->role = (u_char) p->role;
    m->permissions = (u_char) p->permissions;
    m->identified = p->identified;
    m->mute_audio = p->mute_audio;
    m->mute_video = p->mute_video;
    m->expires = p->expires;
    m->joined = p->joined;
    m->session_owner = p->owner;
    m->session = p->session;
}


void
ngx_rtc_participant_save(ngx_rtc_participant_t *p)
{
    ngx_rtc_member_t  m;

    ngx_rtc_participant_member(p, &m);

    (void) ngx_rtc_member_update(p->key, &m);
}


ngx_uint_t
ngx_rtc_role_permissions(ngx_uint_t role)
{
    switch (role) {

    case NGX_RTC_ROLE_HOST:
        return NGX_RTC_MAY_PUBLISH|NGX_RTC_MAY_SUBSCRIBE|NGX_RTC_MAY_MESSAGE
               |NGX_RTC_MAY_MODERATE;

    case NGX_RTC_ROLE_PARTICIPANT:
        return NGX_RTC_MAY_PUBLISH|NGX_RTC_MAY_SUBSCRIBE|NGX_RTC_MAY_MESSAGE;

    default:
        return NGX_RTC_MAY_SUBSCRIBE|NGX_RTC_MAY_MESSAGE;
    }
}


ngx_uint_t
ngx_rtc_room_metadata_fits(ngx_rtc_room_t *room,
    ngx_rtc_participant_t *except, json_t *metadata)
{
    size_t                  len;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    len = ngx_rtc_metadata_len(metadata);

    if (len == 0) {
        return 1;
    }

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p != except) {
            len += p->metadata_len;
        }
    }

    return len <= ngx_max(NGX_RTC_MAX_METADATA, ngx_rtc_conf->metadata_size);
}


size_t
ngx_rtc_metadata_len(json_t *metadata)
{
    if (metadata == NULL || json_is_null(metadata)) {
        return 0;
    }

    return ngx_rtc_json_size(metadata);
}


void
ngx_rtc_participant_role(ngx_rtc_participant_t *p, ngx_uint_t role)
{
    json_t  *data;

    p->role = role;
    p->max_role = role;
    p->permissions = ngx_rtc_role_permissions(role);

    if (role == NGX_RTC_ROLE_HOST) {
        p->room->vacant = 0;
    }

    ngx_rtc_participant_save(p);

    data = ngx_rtc_json_user(p);
    json_object_set_new(data, "role", json_string(ngx_rtc_role_name(role)));

    ngx_rtc_room_event(p->room, NULL, "role-changed", data);

    if (p->negotiation) {
        ngx_rtc_negotiation_role(p);
    }
}


ngx_uint_t
ngx_rtc_room_has_host(ngx_rtc_room_t *room)
{
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p->role == NGX_RTC_ROLE_HOST) {
            return 1;
        }
    }

    return 0;
}


/*
 * The longest present participant, rather one whose session is there; never
 * a viewer.  When nobody can follow, the next one that joins does.
 */

void
ngx_rtc_room_succession(ngx_rtc_room_t *room, ngx_rtc_participant_t *except)
{
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p, *heir;

    if (room->assigned || room->replacing || ngx_rtc_room_has_host(room)) {
        return;
    }

    heir = NULL;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p == except || p->role != NGX_RTC_ROLE_PARTICIPANT) {
            continue;
        }

        if (p->connected) {
            heir = p;
            break;
        }

        if (heir == NULL) {
            heir = p;
        }
    }

    if (heir == NULL) {
        room->vacant = 1;
        return;
    }

    ngx_rtc_participant_role(heir, NGX_RTC_ROLE_HOST);
}


void
ngx_rtc_participant_event(ngx_rtc_participant_t *p, const char *event,
    json_t *data)
{
    ngx_str_t  name, text;

    if (p->leaving || !p->connected) {
        json_decref(data);
        return;
    }

    name.data = (u_char *) event;
    name.len = ngx_strlen(event);

    ngx_rtc_signal_dump(data, &text);
    json_decref(data);

    ngx_rtc_participant_text(p, &name, &text);

    ngx_free(text.data);
}


void
ngx_rtc_room_event(ngx_rtc_room_t *room, ngx_rtc_participant_t *except,
    const char *event, json_t *data)
{
    ngx_str_t               name, text;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    name.data = (u_char *) event;
    name.len = ngx_strlen(event);

    ngx_rtc_signal_dump(data, &text);
    json_decref(data);

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p != except && p->connected && !p->leaving) {
            ngx_rtc_participant_text(p, &name, &text);
        }
    }

    ngx_free(text.data);
}


static void
ngx_rtc_participant_text(ngx_rtc_participant_t *p, ngx_str_t *event,
    ngx_str_t *data)
{
    ngx_int_t          rc;
    ngx_rtc_message_t  m;

    if (p->hold) {
        ngx_rtc_participant_hold(p, event, data);
        return;
    }

    rc = NGX_ERROR;

    if (data->data) {
        ngx_memzero(&m, sizeof(ngx_rtc_message_t));

        m.kind = NGX_RTC_MSG_DELIVER;
        m.session = p->session;
        m.n = 2;
        m.str[0] = *event;
        m.str[1] = *data;

        rc = ngx_rtc_signal_send(&p->owner, NGX_RTC_MESH_TO_SESSION, &m);
    }

    if (rc == NGX_ERROR) {

        /* not from here: somebody may be walking over the participants */

        p->connected = 0;
        p->overflow = 1;

        ngx_rtc_room_schedule(p->room);
    }
}


static void
ngx_rtc_participant_hold(ngx_rtc_participant_t *p, ngx_str_t *event,
    ngx_str_t *data)
{
    ngx_rtc_held_t  *held;

    held = ngx_alloc(sizeof(ngx_rtc_held_t) + event->len + data->len,
                     p->room->log);

    if (held == NULL || data->data == NULL) {
        ngx_free(held);

        p->connected = 0;
        p->overflow = 1;

        ngx_rtc_room_schedule(p->room);
        return;
    }

    held->event.data = (u_char *) held + sizeof(ngx_rtc_held_t);
    held->event.len = event->len;
    held->data.data = held->event.data + event->len;
    held->data.len = data->len;

    ngx_memcpy(held->event.data, event->data, event->len);
    ngx_memcpy(held->data.data, data->data, data->len);

    ngx_queue_insert_tail(&p->held, &held->queue);
}


void
ngx_rtc_participant_release(ngx_rtc_participant_t *p)
{
    ngx_queue_t     *q;
    ngx_rtc_held_t  *held;

    p->hold = 0;

    while (!ngx_queue_empty(&p->held)) {
        q = ngx_queue_head(&p->held);
        ngx_queue_remove(q);

        held = ngx_queue_data(q, ngx_rtc_held_t, queue);

        if (p->connected) {
            ngx_rtc_participant_text(p, &held->event, &held->data);
        }

        ngx_free(held);
    }
}
