
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A worker as the home of rooms: its tables of rooms and of the sessions in
 * them, and the road between these sessions and the rooms' logic.  What
 * events mean is in ngx_rtc_event.c, who may join in ngx_rtc_join.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_negotiation.h"


#define NGX_RTC_HOME_BUCKETS   1024
#define NGX_RTC_HOME_FAREWELL  1000    /* msec before the end of a drain */
#define NGX_RTC_MSG_PART_SIZE  (64 * 1024)


static void ngx_rtc_home_message(ngx_rtc_ref_t *from, u_char *p, size_t len);
static void ngx_rtc_home_event(ngx_rtc_ref_t *from, ngx_rtc_message_t *m);
static void ngx_rtc_home_worker_gone(ngx_rtc_ref_t *ref);
static void ngx_rtc_home_drain(void);
static void ngx_rtc_home_drain_handler(ngx_event_t *ev);
static void ngx_rtc_home_reap(ngx_event_t *ev);
static ngx_queue_t *ngx_rtc_home_bucket(ngx_rtc_ref_t *owner,
    uint64_t session);
static void ngx_rtc_home_send_answer(ngx_rtc_ref_t *to,
    ngx_rtc_message_t *m);


static ngx_rbtree_t        ngx_rtc_rooms;
static ngx_rbtree_node_t   ngx_rtc_rooms_sentinel;
static ngx_queue_t         ngx_rtc_room_list_head;

/* participants by worker and number of their session */
static ngx_queue_t         ngx_rtc_sessions[NGX_RTC_HOME_BUCKETS];

static ngx_queue_t         ngx_rtc_dead;
static ngx_queue_t         ngx_rtc_dead_rooms;
static ngx_event_t         ngx_rtc_reaper;
static ngx_event_t         ngx_rtc_drain_timer;
static ngx_msec_t          ngx_rtc_drain_left;
static ngx_uint_t          ngx_rtc_home_ready;


ngx_int_t
ngx_rtc_home_init(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    ngx_rbtree_init(&ngx_rtc_rooms, &ngx_rtc_rooms_sentinel,
                    ngx_str_rbtree_insert_value);

    ngx_queue_init(&ngx_rtc_room_list_head);
    ngx_queue_init(&ngx_rtc_dead);
    ngx_queue_init(&ngx_rtc_dead_rooms);

    for (i = 0; i < NGX_RTC_HOME_BUCKETS; i++) {
        ngx_queue_init(&ngx_rtc_sessions[i]);
    }

    ngx_rtc_reaper.handler = ngx_rtc_home_reap;
    ngx_rtc_reaper.log = cycle->log;

    ngx_rtc_identity_init();

    ngx_rtc_home_ready = 1;

    if (ngx_rtc_mesh_handler(NGX_RTC_MESH_TO_HOME, ngx_rtc_home_message)
        != NGX_OK
        || ngx_rtc_on_gone(ngx_rtc_home_worker_gone) != NGX_OK
        || ngx_rtc_on_drain(ngx_rtc_home_drain) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the process ends: nobody is told anything any more */

void
ngx_rtc_home_exit(void)
{
    ngx_queue_t            *q, *e;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    if (!ngx_rtc_home_ready) {
        return;
    }

    ngx_rtc_home_ready = 0;

    for (q = ngx_queue_head(&ngx_rtc_room_list_head);
         q != ngx_queue_sentinel(&ngx_rtc_room_list_head);
         q = ngx_queue_next(q))
    {
        room = ngx_queue_data(q, ngx_rtc_room_t, queue);
        room->closing = 1;

        for (e = ngx_queue_head(&room->participants);
             e != ngx_queue_sentinel(&room->participants);
             e = ngx_queue_next(e))
        {
            p = ngx_queue_data(e, ngx_rtc_participant_t, queue);
            p->leaving = 1;
        }
    }

    while (!ngx_queue_empty(&ngx_rtc_room_list_head)) {
        q = ngx_queue_head(&ngx_rtc_room_list_head);
        room = ngx_queue_data(q, ngx_rtc_room_t, queue);
        ngx_rtc_room_end(room, NULL);
    }

    if (ngx_rtc_drain_timer.timer_set) {
        ngx_del_timer(&ngx_rtc_drain_timer);
    }

    if (ngx_rtc_reaper.posted) {
        ngx_delete_posted_event(&ngx_rtc_reaper);
    }

    ngx_rtc_home_reap(&ngx_rtc_reaper);
}


static void
ngx_rtc_home_message(ngx_rtc_ref_t *from, u_char *p, size_t len)
{
    ngx_rtc_message_t       m;
    ngx_rtc_participant_t  *participant;

    if (!ngx_rtc_home_ready) {
        return;
    }

    if (ngx_rtc_message_read(&m, p, p + len) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "malformed message from a session in worker slot %uD",
                      from->slot);
        return;
    }

    switch (m.kind) {

    case NGX_RTC_MSG_JOIN:
        ngx_rtc_room_join(from, &m);
        break;

    case NGX_RTC_MSG_EVENT:
        ngx_rtc_home_event(from, &m);
        break;

    case NGX_RTC_MSG_GONE:
        participant = ngx_rtc_home_session(from, m.session);

        if (participant == NULL) {
            ngx_rtc_identity_gone(from, m.session);
            break;
        }

        ngx_rtc_participant_lost(participant);
        break;

    case NGX_RTC_MSG_ALIVE:
        participant = ngx_rtc_home_session(from, m.session);

        if (participant) {
            ngx_rtc_identity_alive(participant);
        }

        break;

    default:
        break;
    }
}


static void
ngx_rtc_home_event(ngx_rtc_ref_t *from, ngx_rtc_message_t *m)
{
    ngx_rtc_participant_t  *p;

    p = ngx_rtc_home_session(from, m->session);

    if (p == NULL) {

        /* it left on its own, or was told so while this was on its way */

        if (m->request) {
            ngx_rtc_home_refuse(from, m->session, m->request,
                                NGX_RTC_MSG_DETACH, NGX_RTC_E_NOT_IN_ROOM,
                                NULL);
            return;
        }

        (void) ngx_rtc_home_tell(from, m->session, 0, NGX_RTC_MSG_LEFT);
        return;
    }

    ngx_rtc_identity_alive(p);

    ngx_rtc_event_handle(p, m);
}


ngx_rtc_room_t *
ngx_rtc_home_room(ngx_str_t *id)
{
    uint32_t  hash;

    hash = ngx_crc32_long(id->data, id->len);

    return (ngx_rtc_room_t *) ngx_str_rbtree_lookup(&ngx_rtc_rooms, id, hash);
}


void
ngx_rtc_home_add(ngx_rtc_room_t *room)
{
    room->node.node.key = ngx_crc32_long(room->id.data, room->id.len);
    room->node.str = room->id;

    ngx_rbtree_insert(&ngx_rtc_rooms, &room->node.node);
    ngx_queue_insert_tail(&ngx_rtc_room_list_head, &room->queue);
}


static ngx_queue_t *
ngx_rtc_home_bucket(ngx_rtc_ref_t *owner, uint64_t session)
{
    return &ngx_rtc_sessions[(session + owner->slot * 61)
                             % NGX_RTC_HOME_BUCKETS];
}


ngx_rtc_participant_t *
ngx_rtc_home_session(ngx_rtc_ref_t *owner, uint64_t session)
{
    ngx_queue_t            *q, *bucket;
    ngx_rtc_participant_t  *p;

    bucket = ngx_rtc_home_bucket(owner, session);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, link);

        if (p->session == session && ngx_rtc_ref_eq(&p->owner, owner)) {
            return p;
        }
    }

    return NULL;
}


void
ngx_rtc_home_link(ngx_rtc_participant_t *p)
{
    ngx_queue_insert_head(ngx_rtc_home_bucket(&p->owner, p->session),
                          &p->link);
}


void
ngx_rtc_home_bury(ngx_rtc_participant_t *p)
{
    ngx_queue_insert_tail(&ngx_rtc_dead, &p->queue);
    ngx_post_event(&ngx_rtc_reaper, &ngx_posted_events);
}


void
ngx_rtc_home_bury_room(ngx_rtc_room_t *room)
{
    ngx_rbtree_delete(&ngx_rtc_rooms, &room->node.node);
    ngx_queue_remove(&room->queue);

    ngx_queue_insert_tail(&ngx_rtc_dead_rooms, &room->queue);
    ngx_post_event(&ngx_rtc_reaper, &ngx_posted_events);
}


static void
ngx_rtc_home_reap(ngx_event_t *ev)
{
    ngx_queue_t            *q;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    while (!ngx_queue_empty(&ngx_rtc_dead)) {
        q = ngx_queue_head(&ngx_rtc_dead);
        ngx_queue_remove(q);

        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);
        ngx_rtc_participant_free(p);
    }

    while (!ngx_queue_empty(&ngx_rtc_dead_rooms)) {
        q = ngx_queue_head(&ngx_rtc_dead_rooms);
        ngx_queue_remove(q);

        room = ngx_queue_data(q, ngx_rtc_room_t, queue);
        ngx_rtc_room_free(room);
    }
}


/* another worker is gone, and with it the sockets that it had */

static void
ngx_rtc_home_worker_gone(ngx_rtc_ref_t *ref)
{
    ngx_uint_t              i;
    ngx_queue_t            *q, *next;
    ngx_rtc_participant_t  *p;

    if (!ngx_rtc_home_ready) {
        return;
    }

    /* first its newcomers: none of them may follow one that is lost now */

    ngx_rtc_identity_gone(ref, 0);

    for (i = 0; i < NGX_RTC_HOME_BUCKETS; i++) {

        for (q = ngx_queue_head(&ngx_rtc_sessions[i]);
             q != ngx_queue_sentinel(&ngx_rtc_sessions[i]);
             q = next)
        {
            next = ngx_queue_next(q);
            p = ngx_queue_data(q, ngx_rtc_participant_t, link);

            if (ngx_rtc_ref_eq(&p->owner, ref)) {
                ngx_rtc_participant_lost(p);
            }
        }
    }
}


/*
 * Rooms with somebody in them go on until they are empty, or until shortly
 * before worker_shutdown_timeout closes all connections; drain_notice before
 * that their members are told.
 */

static void
ngx_rtc_home_drain(void)
{
    ngx_msec_t        timeout;
    ngx_queue_t      *q, *next;
    ngx_rtc_room_t   *room;
    ngx_core_conf_t  *ccf;

    static ngx_connection_t  dumb;

    for (q = ngx_queue_head(&ngx_rtc_room_list_head);
         q != ngx_queue_sentinel(&ngx_rtc_room_list_head);
         q = next)
    {
        next = ngx_queue_next(q);
        room = ngx_queue_data(q, ngx_rtc_room_t, queue);

        if (room->nparticipants == 0) {
            ngx_rtc_room_end(room, NULL);
        }
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    if (ccf->shutdown_timeout == 0) {
        return;
    }

    timeout = ccf->shutdown_timeout - ngx_min(ccf->shutdown_timeout / 4,
                                              NGX_RTC_HOME_FAREWELL);

    ngx_rtc_drain_left = ngx_min(timeout, ngx_rtc_conf->drain_notice);
    timeout -= ngx_rtc_drain_left;

    /* debug logs want a connection */

    dumb.fd = (ngx_socket_t) -1;

    ngx_rtc_drain_timer.handler = ngx_rtc_home_drain_handler;
    ngx_rtc_drain_timer.data = &dumb;
    ngx_rtc_drain_timer.log = ngx_cycle->log;
    ngx_rtc_drain_timer.cancelable = 1;

    ngx_add_timer(&ngx_rtc_drain_timer, timeout);
}


static void
ngx_rtc_home_drain_handler(ngx_event_t *ev)
{
    json_t                 *data;
    ngx_msec_t              timeout;
    ngx_queue_t            *q, *e;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *p;

    if (ngx_rtc_drain_left) {
        timeout = ngx_rtc_drain_left;
        ngx_rtc_drain_left = 0;

        for (q = ngx_queue_head(&ngx_rtc_room_list_head);
             q != ngx_queue_sentinel(&ngx_rtc_room_list_head);
             q = ngx_queue_next(q))
        {
            room = ngx_queue_data(q, ngx_rtc_room_t, queue);

            data = json_pack("{s:I}", "timeout", (json_int_t) timeout);
            ngx_rtc_room_event(room, NULL, "server-draining", data);
        }

        ngx_add_timer(ev, timeout);
        return;
    }

    /* their clients come again, to another worker */

    while (!ngx_queue_empty(&ngx_rtc_room_list_head)) {
        q = ngx_queue_head(&ngx_rtc_room_list_head);
        room = ngx_queue_data(q, ngx_rtc_room_t, queue);

        for (e = ngx_queue_head(&room->participants);
             e != ngx_queue_sentinel(&room->participants);
             e = ngx_queue_next(e))
        {
            p = ngx_queue_data(e, ngx_rtc_participant_t, queue);

            if (p->connected) {
                (void) ngx_rtc_home_close(&p->owner, p->session,
                                          NGX_RTC_CLOSE_RESTART);
            }

            p->leaving = 1;
        }

        ngx_log_error(NGX_LOG_NOTICE, ev->log, 0,
                      "room \"%V\" is closed by \"worker_shutdown_timeout\"",
                      &room->id);

        ngx_rtc_room_end(room, NULL);
    }
}


void
ngx_rtc_home_answer(ngx_rtc_ref_t *to, uint64_t session, uint64_t request,
    ngx_uint_t flags, json_t *json)
{
    ngx_rtc_message_t  m;

    if (request == 0) {
        json_decref(json);

        if (flags & NGX_RTC_MSG_DETACH) {
            (void) ngx_rtc_home_tell(to, session, 0, NGX_RTC_MSG_LEFT);
        }

        return;
    }

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_ANSWER;
    m.flags = flags;
    m.session = session;
    m.request = request;
    m.n = 3;

    if (json == NULL) {
        ngx_str_set(&m.str[2], "{}");
        ngx_rtc_home_send_answer(to, &m);
        return;
    }

    ngx_rtc_signal_dump(json, &m.str[2]);
    json_decref(json);

    if (m.str[2].data == NULL) {
        ngx_rtc_home_refuse(to, session, request, flags, NGX_RTC_E_INTERNAL,
                            NULL);
        return;
    }

    ngx_rtc_home_send_answer(to, &m);

    ngx_free(m.str[2].data);
}


/* one that gets lost is as bad as any event: its session has to resume */

static void
ngx_rtc_home_send_answer(ngx_rtc_ref_t *to, ngx_rtc_message_t *m)
{
    ngx_rtc_participant_t  *p;

    if (ngx_rtc_signal_send(to, NGX_RTC_MESH_TO_SESSION, m) != NGX_ERROR) {
        return;
    }

    p = ngx_rtc_home_session(to, m->session);

    if (p && !p->leaving) {
        p->connected = 0;
        p->overflow = 1;

        ngx_rtc_room_schedule(p->room);
    }
}


void
ngx_rtc_home_refuse(ngx_rtc_ref_t *to, uint64_t session, uint64_t request,
    ngx_uint_t flags, ngx_uint_t error, const char *message)
{
    json_t             *json;
    ngx_str_t           text;
    ngx_rtc_message_t   m;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_ANSWER;
    m.flags = flags | NGX_RTC_MSG_FAILED;
    m.code = error;
    m.session = session;
    m.request = request;
    m.n = 3;

    json = ngx_rtc_json_error(error, message);
    ngx_rtc_signal_dump(json, &text);
    json_decref(json);

    if (text.data == NULL) {
        ngx_str_set(&m.str[2], "{\"code\":\"internal\",\"message\":\"\"}");

    } else {
        m.str[2] = text;
    }

    ngx_rtc_home_send_answer(to, &m);

    ngx_free(text.data);
}


ngx_int_t
ngx_rtc_home_tell(ngx_rtc_ref_t *to, uint64_t session, uint64_t request,
    ngx_uint_t kind)
{
    ngx_rtc_message_t  m;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = kind;
    m.session = session;
    m.request = request;

    return ngx_rtc_signal_send(to, NGX_RTC_MESH_TO_SESSION, &m);
}


ngx_int_t
ngx_rtc_home_close(ngx_rtc_ref_t *to, uint64_t session, ngx_uint_t code)
{
    ngx_rtc_message_t  m;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_CLOSE;
    m.code = code;
    m.session = session;

    return ngx_rtc_signal_send(to, NGX_RTC_MESH_TO_SESSION, &m);
}


ngx_int_t
ngx_rtc_signal_send(ngx_rtc_ref_t *to, ngx_uint_t type, ngx_rtc_message_t *m)
{
    u_char             *p;
    ngx_int_t           rc;
    ngx_str_t           parts[1 + NGX_RTC_MSG_STRINGS], *last;
    ngx_uint_t          i;
    ngx_rtc_message_t   part;
    u_char              header[NGX_RTC_MSG_HEADER];

    last = m->n ? &m->str[m->n - 1] : NULL;

    if (last && last->len > NGX_RTC_MSG_PART_SIZE
        && type == NGX_RTC_MESH_TO_SESSION)
    {
        ngx_memzero(&part, sizeof(ngx_rtc_message_t));

        part.kind = NGX_RTC_MSG_PART;
        part.session = m->session;
        part.n = 1;

        p = last->data;

        while (last->len > NGX_RTC_MSG_PART_SIZE) {
            part.str[0].data = last->data;
            part.str[0].len = NGX_RTC_MSG_PART_SIZE;

            last->data += NGX_RTC_MSG_PART_SIZE;
            last->len -= NGX_RTC_MSG_PART_SIZE;

            rc = ngx_rtc_signal_send(to, type, &part);

            if (rc != NGX_OK) {
                goto done;
            }
        }

        rc = ngx_rtc_signal_send(to, type, m);

    done:

        /* as the caller has it */

        last->len += last->data - p;
        last->data = p;

        return rc;
    }

    p = ngx_rtc_message_write(header, m);

    parts[0].data = header;
    parts[0].len = p - header;

    for (i = 0; i < m->n; i++) {
        parts[i + 1] = m->str[i];
    }

    return ngx_rtc_mesh_send(to, type, parts, m->n + 1);
}
