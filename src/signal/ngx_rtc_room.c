
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A room's life in its home: made by the first join, ended by its host or
 * when nobody has been in it for empty_timeout; its record in the directory;
 * and what the negotiation tells of tracks.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_negotiation.h"


#define NGX_RTC_ROOM_IDLE      60000   /* msec; the timer keeps the worker */
#define NGX_RTC_ROOM_OVERFLOW  200


static void ngx_rtc_room_timer(ngx_event_t *ev);
static void ngx_rtc_room_forget_members(ngx_rtc_room_t *room);


/*
 * NULL: no memory.  The record exists; ngx_rtc_room_changed() tells whether
 * it is ours.
 */

ngx_rtc_room_t *
ngx_rtc_room_create(ngx_str_t *id, uint64_t key, uint32_t epoch,
    ngx_rtc_join_t *join)
{
    ngx_uint_t       limit;
    ngx_rtc_room_t  *room;

    room = ngx_calloc(sizeof(ngx_rtc_room_t), ngx_cycle->log);
    if (room == NULL) {
        return NULL;
    }

    room->kicked = json_object();

    if (room->kicked == NULL) {
        ngx_free(room);
        return NULL;
    }

    ngx_memcpy(room->id_data, id->data, id->len);
    room->id.data = room->id_data;
    room->id.len = id->len;

    room->type = join->type ? join->type
                            : ngx_rtc_room_type(ngx_rtc_conf, NULL);
    room->key = key;
    room->epoch = epoch;
    room->mode = NGX_RTC_MODE_P2P;
    room->p2p_max = room->type->p2p_max;
    room->is_public = join->is_public;
    room->log = ngx_cycle->log;
    room->empty_since = ngx_current_msec;

    limit = ngx_rtc_room_limit(room->type);

    room->max_participants = join->max_participants
                             ? ngx_min(join->max_participants, limit) : limit;

    if (join->room_metadata) {
        room->metadata = json_incref(join->room_metadata);
    }

    ngx_queue_init(&room->participants);
    ngx_queue_init(&room->publications);
    ngx_queue_init(&room->pairs);

    room->timer.handler = ngx_rtc_room_timer;
    room->timer.data = room;
    room->timer.log = ngx_cycle->log;

    ngx_rtc_home_add(room);
    ngx_rtc_count(rooms);

    if (epoch > 1) {
        ngx_rtc_room_forget_members(room);
    }

    ngx_rtc_room_schedule(room);

    ngx_log_error(NGX_LOG_NOTICE, room->log, 0, "room \"%V\" of type \"%V\" "
                  "created", &room->id, &room->type->name);

    return room;
}


/* the home before this one died; whoever was there joins anew */

static void
ngx_rtc_room_forget_members(ngx_rtc_room_t *room)
{
    uint64_t          cursor, keys[16];
    ngx_uint_t        i, n;
    ngx_rtc_member_t  members[16];

    do {
        cursor = 0;
        n = ngx_rtc_member_list(room->key, members, keys, 16, &cursor);

        for (i = 0; i < n; i++) {
            if (ngx_rtc_member_remove(keys[i]) != NGX_OK) {
                return;
            }
        }

    } while (n);
}


ngx_uint_t
ngx_rtc_room_limit(ngx_rtc_room_type_t *type)
{
    return type->max_participants ? type->max_participants
                                  : ngx_rtc_conf->max_participants;
}


ngx_int_t
ngx_rtc_room_changed(ngx_rtc_room_t *room)
{
    ngx_rtc_room_info_t  info;

    ngx_memzero(&info, sizeof(ngx_rtc_room_info_t));

    info.id_len = (u_char) room->id.len;
    ngx_memcpy(info.id, room->id.data, room->id.len);

    info.type_len = (u_char) ngx_min(room->type->name.len, sizeof(info.type));
    ngx_memcpy(info.type, room->type->name.data, info.type_len);

    info.mode = (u_char) room->mode;
    info.is_public = room->is_public;
    info.locked = room->locked;
    info.listed = room->type->listed ? 1 : 0;
    info.participants = (uint32_t) room->nparticipants;
    info.max_participants = (uint32_t) room->max_participants;

    return ngx_rtc_room_update(room->key, &info);
}


void
ngx_rtc_room_end(ngx_rtc_room_t *room, ngx_str_t *by)
{
    json_t                 *data;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    if (!ngx_queue_empty(&room->participants)) {
        data = json_object();

        if (by) {
            json_object_set_new(data, "by", ngx_rtc_json_string(by));
        }

        ngx_rtc_room_event(room, NULL, "room-closed", data);
    }

    room->closing = 1;

    while (!ngx_queue_empty(&room->participants)) {
        q = ngx_queue_head(&room->participants);
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);
        ngx_rtc_participant_leave(p, "closed");
    }

    ngx_log_error(NGX_LOG_NOTICE, room->log, 0, "room \"%V\" ended",
                  &room->id);

    if (room->timer.timer_set) {
        ngx_del_timer(&room->timer);
    }

    (void) ngx_rtc_room_close(room->key);

    ngx_rtc_count_down(rooms);

    ngx_rtc_home_bury_room(room);
}


void
ngx_rtc_room_free(ngx_rtc_room_t *room)
{
    json_decref(room->metadata);
    json_decref(room->kicked);

    ngx_free(room);
}


void
ngx_rtc_room_schedule(ngx_rtc_room_t *room)
{
    ngx_msec_t              timeout, elapsed, retry;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    if (room->closing) {
        return;
    }

    if (room->nparticipants == 0) {

        /* on a draining worker nobody comes any more */

        elapsed = ngx_current_msec - room->empty_since;

        timeout = (ngx_rtc_draining || elapsed >= ngx_rtc_conf->empty_timeout)
                  ? 1 : ngx_rtc_conf->empty_timeout - elapsed;

    } else {
        timeout = ngx_min(NGX_RTC_ROOM_IDLE, ngx_rtc_mode_timeout(room));

        for (q = ngx_queue_head(&room->participants);
             q != ngx_queue_sentinel(&room->participants);
             q = ngx_queue_next(q))
        {
            p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

            if (p->overflow) {
                retry = p->timer.timer_set ? NGX_RTC_ROOM_OVERFLOW : 1;
                timeout = ngx_min(timeout, retry);
            }
        }
    }

    /* a timer that is set to nearly the same time already would stay */

    if (room->timer.timer_set) {
        ngx_del_timer(&room->timer);
    }

    ngx_add_timer(&room->timer, timeout);
}


static void
ngx_rtc_room_timer(ngx_event_t *ev)
{
    ngx_queue_t            *q;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    room = ev->data;

    if (room->nparticipants == 0
        && (ngx_rtc_draining
            || ngx_current_msec - room->empty_since
               >= ngx_rtc_conf->empty_timeout))
    {
        ngx_rtc_room_end(room, NULL);
        return;
    }

again:

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p->overflow && ngx_rtc_participant_overflow(p)) {

            /* it has left, and others perhaps with it */

            goto again;
        }
    }

    ngx_rtc_mode_check(room);

    ngx_rtc_room_schedule(room);
}


ngx_rtc_participant_t *
ngx_rtc_room_user(ngx_rtc_room_t *room, ngx_str_t *user)
{
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p->user.len == user->len
            && ngx_memcmp(p->user.data, user->data, user->len) == 0)
        {
            return p;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_rtc_may_publish(ngx_rtc_participant_t *p, ngx_str_t *source)
{
    return p->role != NGX_RTC_ROLE_VIEWER
           && (p->permissions & NGX_RTC_MAY_PUBLISH);
}


void
ngx_rtc_room_published(ngx_rtc_publication_t *pub)
{
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    p = pub->participant;
    room = p->room;

    /* a host's lock outlives the track */

    if (pub->kind == NGX_RTC_KIND_AUDIO ? p->mute_audio : p->mute_video) {
        pub->muted = 1;
        pub->locked = 1;
        ngx_rtc_negotiation_muted(pub);
    }

    ngx_rtc_room_event(room, NULL, "track-published",
                       json_pack("{s:o}", "track",
                                 ngx_rtc_publication_json(pub)));

    ngx_rtc_negotiation_published(pub);

    ngx_rtc_mode_check(room);
}


void
ngx_rtc_room_unpublished(ngx_rtc_publication_t *pub)
{
    ngx_rtc_participant_t  *p;

    p = pub->participant;

    /* offering it anew is no way out of the lock of a single track: what
       else of its kind is offered from now on is locked as well */

    if (pub->locked && !p->leaving) {

        if (pub->kind == NGX_RTC_KIND_AUDIO) {
            p->mute_audio = 1;

        } else {
            p->mute_video = 1;
        }

        ngx_rtc_participant_save(p);
    }

    ngx_rtc_room_event(pub->participant->room, NULL, "track-unpublished",
                       json_pack("{s:o}", "track",
                                 ngx_rtc_publication_json(pub)));

    ngx_rtc_negotiation_unpublished(pub);

    ngx_rtc_mode_check(pub->participant->room);
}
