
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * p2p and sfu: what is relayed between members, when a room needs the
 * server, and the turn from one mode to the other in two steps, so that no
 * picture is lost.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_negotiation.h"


/*
 * What of one member has to reach another by the server before the p2p
 * connection between them may go.
 */

typedef struct {
    ngx_queue_t             queue;     /* room->pairs */
    ngx_rtc_participant_t  *from;
    ngx_rtc_participant_t  *to;
    ngx_uint_t              served;
} ngx_rtc_pair_t;


static void ngx_rtc_mode_pair(ngx_rtc_room_t *room,
    ngx_rtc_participant_t *from, ngx_rtc_participant_t *to);
static ngx_uint_t ngx_rtc_mode_paired(ngx_rtc_participant_t *a,
    ngx_rtc_participant_t *b);
static ngx_uint_t ngx_rtc_mode_served(ngx_rtc_pair_t *pair,
    ngx_msec_t elapsed);
static ngx_uint_t ngx_rtc_mode_shows(ngx_rtc_participant_t *p);
static ngx_uint_t ngx_rtc_mode_relay(ngx_rtc_request_t *r, const char *event,
    ngx_rtc_event_pt sfu);


ngx_uint_t
ngx_rtc_mode_needed(ngx_rtc_room_t *room, ngx_rtc_room_type_t *type,
    ngx_uint_t participants, ngx_uint_t role, ngx_uint_t asked)
{
    ngx_uint_t  p2p_max;

    /* there is no way back while anybody is in it */

    if (room && room->mode == NGX_RTC_MODE_SFU) {
        return 1;
    }

    if (room) {
        type = room->type;

    } else if (type == NULL) {
        type = ngx_rtc_room_type(ngx_rtc_conf, NULL);
    }

    p2p_max = room ? room->p2p_max : type->p2p_max;

    return asked || role == NGX_RTC_ROLE_VIEWER || participants > p2p_max;
}


/* the first step: said before the user-joined that made it necessary */

void
ngx_rtc_mode_turn(ngx_rtc_room_t *room, ngx_rtc_participant_t *except)
{
    ngx_queue_t            *q, *e;
    ngx_rtc_participant_t  *a, *b;

    room->mode = NGX_RTC_MODE_SFU;
    room->turning = 1;
    room->turned = ngx_current_msec;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        a = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (a == except) {
            continue;
        }

        for (e = ngx_queue_head(&room->participants);
             e != ngx_queue_sentinel(&room->participants);
             e = ngx_queue_next(e))
        {
            b = ngx_queue_data(e, ngx_rtc_participant_t, queue);

            if (b != except && b != a) {
                ngx_rtc_mode_pair(room, a, b);
            }
        }
    }

    ngx_log_error(NGX_LOG_INFO, room->log, 0,
                  "room \"%V\" turns from p2p to sfu", &room->id);

    ngx_rtc_room_event(room, except, "mode-changed",
                       json_pack("{s:s, s:b}", "mode", "sfu",
                                 "complete", 0));

    ngx_rtc_room_schedule(room);
}


/* without memory for it the pair doesn't count */

static void
ngx_rtc_mode_pair(ngx_rtc_room_t *room, ngx_rtc_participant_t *from,
    ngx_rtc_participant_t *to)
{
    ngx_rtc_pair_t  *pair;

    pair = ngx_calloc(sizeof(ngx_rtc_pair_t), room->log);
    if (pair == NULL) {
        return;
    }

    pair->from = from;
    pair->to = to;

    ngx_queue_insert_tail(&room->pairs, &pair->queue);
}


void
ngx_rtc_mode_start(ngx_rtc_room_t *room, ngx_rtc_participant_t *except)
{
    json_t                 *data;
    ngx_uint_t              rc;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (p == except || p->negotiation) {
            continue;
        }

        rc = ngx_rtc_negotiation_start(p);

        if (rc == NGX_RTC_E_OK) {
            continue;
        }

        /* it stays a member, without media of the server */

        ngx_log_error(NGX_LOG_ERR, room->log, 0,
                      "user \"%V\" of room \"%V\" can't be served: %s",
                      &p->user, &room->id, ngx_rtc_error_code(rc));

        data = ngx_rtc_json_error(rc, NULL);
        json_object_set_new(data, "event", json_string("mode-changed"));

        ngx_rtc_participant_event(p, "error", data);
    }

    ngx_rtc_mode_check(room);
}


void
ngx_rtc_room_served(ngx_rtc_room_t *room, ngx_rtc_participant_t *from,
    ngx_rtc_participant_t *to)
{
    ngx_queue_t     *q;
    ngx_rtc_pair_t  *pair;

    if (!room->turning) {
        return;
    }

    for (q = ngx_queue_head(&room->pairs);
         q != ngx_queue_sentinel(&room->pairs);
         q = ngx_queue_next(q))
    {
        pair = ngx_queue_data(q, ngx_rtc_pair_t, queue);

        if (pair->from == from && pair->to == to) {
            pair->served = 1;
            ngx_rtc_mode_check(room);
            return;
        }
    }
}


/* the second step, if it is time for it */

void
ngx_rtc_mode_check(ngx_rtc_room_t *room)
{
    ngx_msec_t       elapsed;
    ngx_queue_t     *q;
    ngx_rtc_pair_t  *pair;

    if (!room->turning || room->closing) {
        return;
    }

    elapsed = ngx_current_msec - room->turned;

    if (elapsed < NGX_RTC_TURN_TIMEOUT) {

        for (q = ngx_queue_head(&room->pairs);
             q != ngx_queue_sentinel(&room->pairs);
             q = ngx_queue_next(q))
        {
            pair = ngx_queue_data(q, ngx_rtc_pair_t, queue);

            if (!ngx_rtc_mode_served(pair, elapsed)) {
                return;
            }
        }
    }

    room->turning = 0;

    while (!ngx_queue_empty(&room->pairs)) {
        q = ngx_queue_head(&room->pairs);
        ngx_queue_remove(q);

        pair = ngx_queue_data(q, ngx_rtc_pair_t, queue);
        ngx_free(pair);
    }

    ngx_rtc_room_event(room, NULL, "mode-changed",
                       json_pack("{s:s, s:b}", "mode", "sfu",
                                 "complete", 1));
}


/*
 * Nobody knows what went over the p2p connection.  Who has something on, or
 * publishes, is waited for; who has shown nothing within the first seconds,
 * or whom the other one doesn't want to receive, is not.
 */

static ngx_uint_t
ngx_rtc_mode_served(ngx_rtc_pair_t *pair, ngx_msec_t elapsed)
{
    if (pair->served
        || !pair->to->auto_subscribe
        || !(pair->to->permissions & NGX_RTC_MAY_SUBSCRIBE)
        || !(pair->from->permissions & NGX_RTC_MAY_PUBLISH))
    {
        return 1;
    }

    return elapsed >= NGX_RTC_TURN_QUIET && !ngx_rtc_mode_shows(pair->from);
}


static ngx_uint_t
ngx_rtc_mode_shows(ngx_rtc_participant_t *p)
{
    return !ngx_queue_empty(&p->publications)
           || json_is_true(json_object_get(p->media_state, "video"))
           || json_is_true(json_object_get(p->media_state, "audio"))
           || json_is_true(json_object_get(p->media_state, "screenShare"));
}


ngx_msec_t
ngx_rtc_mode_timeout(ngx_rtc_room_t *room)
{
    ngx_msec_t  elapsed;

    if (!room->turning) {
        return NGX_TIMER_INFINITE;
    }

    elapsed = ngx_current_msec - room->turned;

    if (elapsed < NGX_RTC_TURN_QUIET) {
        return NGX_RTC_TURN_QUIET - elapsed;
    }

    if (elapsed < NGX_RTC_TURN_TIMEOUT) {
        return NGX_RTC_TURN_TIMEOUT - elapsed;
    }

    return 1;
}


/* p leaves, and its pairs with it */

void
ngx_rtc_mode_forget(ngx_rtc_participant_t *p)
{
    ngx_queue_t     *q, *next;
    ngx_rtc_room_t  *room;
    ngx_rtc_pair_t  *pair;

    room = p->room;

    for (q = ngx_queue_head(&room->pairs);
         q != ngx_queue_sentinel(&room->pairs);
         q = next)
    {
        next = ngx_queue_next(q);
        pair = ngx_queue_data(q, ngx_rtc_pair_t, queue);

        if (pair->from == p || pair->to == p) {
            ngx_queue_remove(q);
            ngx_free(pair);
        }
    }

    if (room->nparticipants == 0) {

        /* whoever comes next finds a room as new */

        room->turning = 0;
        room->mode = NGX_RTC_MODE_P2P;
    }
}


static ngx_uint_t
ngx_rtc_mode_paired(ngx_rtc_participant_t *a, ngx_rtc_participant_t *b)
{
    ngx_queue_t     *q;
    ngx_rtc_pair_t  *pair;

    for (q = ngx_queue_head(&a->room->pairs);
         q != ngx_queue_sentinel(&a->room->pairs);
         q = ngx_queue_next(q))
    {
        pair = ngx_queue_data(q, ngx_rtc_pair_t, queue);

        if (pair->from == a && pair->to == b) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_rtc_event_offer(ngx_rtc_request_t *r)
{
    return ngx_rtc_mode_relay(r, "webrtc-offer", ngx_rtc_negotiation_offer);
}


ngx_uint_t
ngx_rtc_event_answer(ngx_rtc_request_t *r)
{
    return ngx_rtc_mode_relay(r, "webrtc-answer", ngx_rtc_negotiation_answer);
}


ngx_uint_t
ngx_rtc_event_candidate(ngx_rtc_request_t *r)
{
    return ngx_rtc_mode_relay(r, "ice-candidate",
                              ngx_rtc_negotiation_candidate);
}


/*
 * To one member or to all others, as it came, but for the sender's name.  In
 * an sfu room only between those that had a p2p connection when it turned,
 * as long as they need it.
 */

static ngx_uint_t
ngx_rtc_mode_relay(ngx_rtc_request_t *r, const char *event,
    ngx_rtc_event_pt sfu)
{
    json_t                 *data;
    ngx_str_t               user;
    ngx_uint_t              n;
    ngx_queue_t            *q;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p, *to, *target;

    p = r->participant;
    room = p->room;
    target = NULL;

    if (ngx_rtc_schema_str(r->data, "targetUserId", &user)) {

        if (user.len == 3 && ngx_strncmp(user.data, "sfu", 3) == 0) {

            if (p->negotiation == NULL) {
                r->message = "the room is p2p: send to its members";
                return NGX_RTC_E_WRONG_MODE;
            }

            return sfu(r);
        }

        target = ngx_rtc_room_user(room, &user);

        if (target == NULL || target == p) {
            return NGX_RTC_E_NO_SUCH_USER;
        }
    }

    if (room->mode == NGX_RTC_MODE_SFU
        && (target ? !ngx_rtc_mode_paired(p, target) : !room->turning))
    {
        r->message = "the room is sfu: send to \"sfu\"";
        return NGX_RTC_E_WRONG_MODE;
    }

    data = json_copy(r->data);

    if (data == NULL
        || json_object_set_new(data, "fromUserId",
                               ngx_rtc_json_string(&p->user))
           != 0)
    {
        json_decref(data);
        return NGX_RTC_E_INTERNAL;
    }

    if (target) {
        ngx_rtc_participant_event(target, event, data);
        return NGX_RTC_E_OK;
    }

    n = 0;

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        to = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (to == p
            || (room->mode == NGX_RTC_MODE_SFU
                && !ngx_rtc_mode_paired(p, to)))
        {
            continue;
        }

        ngx_rtc_participant_event(to, event, json_incref(data));
        n++;
    }

    json_decref(data);

    if (n == 0 && room->mode == NGX_RTC_MODE_SFU) {
        r->message = "the room is sfu: send to \"sfu\"";
        return NGX_RTC_E_WRONG_MODE;
    }

    return NGX_RTC_E_OK;
}
