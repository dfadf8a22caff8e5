
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A session and the home of its room: the join, which may have to look for
 * the home again, events on their way there, what comes back, and a home
 * that died.  Nothing that the home must know is kept here.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_session_home.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"


#define NGX_RTC_JOIN_TRIES     4       /* the first one and 3 more */


static ngx_uint_t ngx_rtc_session_open(ngx_rtc_session_t *s,
    ngx_rtc_room_ref_t *ref);
static void ngx_rtc_session_try(ngx_rtc_session_t *s);
static void ngx_rtc_session_refused(ngx_rtc_session_t *s, ngx_uint_t error,
    const char *message);
static void ngx_rtc_session_joined(ngx_rtc_session_t *s);
static void ngx_rtc_session_free_again(ngx_rtc_session_t *s);
static void ngx_rtc_session_fail_pending(ngx_rtc_session_t *s,
    ngx_uint_t error);
static ngx_int_t ngx_rtc_session_pend(ngx_rtc_session_t *s, uint64_t id,
    uint64_t *request);
static ngx_int_t ngx_rtc_session_unpend(ngx_rtc_session_t *s,
    uint64_t request, uint64_t *id);
static ngx_int_t ngx_rtc_session_send(ngx_rtc_session_t *s,
    ngx_rtc_message_t *m);

static void ngx_rtc_session_from_home(ngx_rtc_ref_t *from, u_char *p,
    size_t len);
static void ngx_rtc_session_home_answer(ngx_rtc_session_t *s,
    ngx_rtc_message_t *m);
static void ngx_rtc_session_set(ngx_str_t *dst, size_t size, ngx_str_t *src);
static ngx_int_t ngx_rtc_session_gather(ngx_rtc_session_t *s,
    ngx_str_t *text);
static void ngx_rtc_session_home_gone(ngx_rtc_ref_t *ref);
static void ngx_rtc_session_lose_home(ngx_rtc_session_t *s);


ngx_int_t
ngx_rtc_session_home_init(void)
{
    if (ngx_rtc_mesh_handler(NGX_RTC_MESH_TO_SESSION,
                             ngx_rtc_session_from_home)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_rtc_on_gone(ngx_rtc_session_home_gone);
}


/* the socket is gone: the home decides how long the participant lives on */

void
ngx_rtc_session_home_end(ngx_rtc_session_t *s)
{
    ngx_rtc_message_t  m;

    if (s->state == NGX_RTC_SESSION_FREE) {
        return;
    }

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_GONE;

    s->closing = 1;

    (void) ngx_rtc_session_send(s, &m);

    s->state = NGX_RTC_SESSION_FREE;
}


void
ngx_rtc_session_join(ngx_rtc_session_t *s, json_t *data,
    ngx_rtc_request_id_t *id)
{
    ngx_str_t       text, event = ngx_string("join-room");
    ngx_uint_t      rc;
    const char     *message;
    ngx_rtc_join_t  join;

    if (s->state != NGX_RTC_SESSION_FREE) {
        ngx_rtc_session_fail(s, &event, id, NGX_RTC_E_ALREADY_JOINED, NULL);
        return;
    }

    message = NULL;

    rc = ngx_rtc_join_parse(data, &s->conf_room, &s->conf_user, s->style,
                            &join, &message);

    if (rc == NGX_RTC_E_OK && ngx_rtc_conf->token_key.len) {
        rc = NGX_RTC_E_UNAUTHORIZED;
    }

    ngx_rtc_signal_dump(data, &text);

    if (rc == NGX_RTC_E_OK && text.data == NULL) {
        rc = NGX_RTC_E_INTERNAL;
    }

    if (rc != NGX_RTC_E_OK) {
        ngx_rtc_count(joins_refused);
        ngx_rtc_session_fail(s, &event, id, rc, message);

        ngx_free(text.data);
        return;
    }

    ngx_rtc_session_set(&s->room, sizeof(s->room_data), &join.room);

    ngx_free(s->join_text.data);

    s->join_text = text;
    s->join_id = *id;
    s->join_tries = 0;
    s->join_resume = join.resume.len != 0;
    s->state = NGX_RTC_SESSION_JOINING;

    ngx_rtc_session_try(s);
}


/* the room's record, made if this join may */

static ngx_uint_t
ngx_rtc_session_open(ngx_rtc_session_t *s, ngx_rtc_room_ref_t *ref)
{
    ngx_int_t  rc;

    if (s->join_resume) {

        if (ngx_rtc_room_find(&s->room, ref) != NGX_OK
            || !ngx_rtc_ref_alive(&ref->home))
        {
            return NGX_RTC_E_RESUME_FAILED;
        }

        return NGX_RTC_E_OK;
    }

    if (s->create != NGX_RTC_CREATE_ANY
        && ngx_rtc_room_find(&s->room, ref) != NGX_OK)
    {
        return (s->create == NGX_RTC_CREATE_TOKEN) ? NGX_RTC_E_UNAUTHORIZED
                                                   : NGX_RTC_E_FORBIDDEN;
    }

    rc = ngx_rtc_room_open(&s->room, ref);

    if (rc == NGX_OK) {
        return NGX_RTC_E_OK;
    }

    if (rc == NGX_DECLINED) {
        return NGX_RTC_E_TOO_MANY;
    }

    return ngx_rtc_draining ? NGX_RTC_E_DRAINING : NGX_RTC_E_INTERNAL;
}


static void
ngx_rtc_session_try(ngx_rtc_session_t *s)
{
    ngx_int_t            rc;
    ngx_uint_t           error;
    ngx_rtc_message_t    m;
    ngx_rtc_room_ref_t   ref;

    while (s->join_tries++ < NGX_RTC_JOIN_TRIES) {

        error = ngx_rtc_session_open(s, &ref);

        if (error != NGX_RTC_E_OK) {
            ngx_rtc_session_refused(s, error, NULL);
            return;
        }

        s->home = ref.home;
        s->key = ref.key;
        s->epoch = ref.epoch;
        s->join_request = ++s->request;

        ngx_memzero(&m, sizeof(ngx_rtc_message_t));

        m.kind = NGX_RTC_MSG_JOIN;
        m.request = s->join_request;
        m.n = NGX_RTC_JOIN_STRINGS;

        if (s->create == NGX_RTC_CREATE_ANY) {
            m.flags |= NGX_RTC_MSG_MAY_CREATE;
        }

        if (s->style == NGX_RTC_STYLE_PER_USER) {
            m.flags |= NGX_RTC_MSG_PER_USER;
        }

        m.str[NGX_RTC_JOIN_ROOM] = s->room;
        m.str[NGX_RTC_JOIN_USER] = s->conf_user;
        m.str[NGX_RTC_JOIN_ROLE] = s->conf_role;
        m.str[NGX_RTC_JOIN_REMOTE] = s->remote_addr;
        m.str[NGX_RTC_JOIN_LOCAL] = s->local_addr;
        m.str[NGX_RTC_JOIN_SESSION] = s->id;
        m.str[NGX_RTC_JOIN_DATA] = s->join_text;

        rc = ngx_rtc_session_send(s, &m);

        if (rc != NGX_DECLINED) {
            return;
        }

        /* that worker is gone: another becomes the home */
    }

    ngx_rtc_session_refused(s, NGX_RTC_E_ROOM_MOVED, NULL);
}


static void
ngx_rtc_session_refused(ngx_rtc_session_t *s, ngx_uint_t error,
    const char *message)
{
    ngx_str_t             event = ngx_string("join-room");
    ngx_rtc_request_id_t  id;

    ngx_rtc_count(joins_refused);

    id = s->join_id;

    ngx_rtc_session_fail(s, &event, &id, error, message);

    ngx_rtc_session_free_again(s);
}


/*
 * The session is in no room (any more).  What its home still says to
 * requests that crossed this on the way isn't listened to.
 */

static void
ngx_rtc_session_free_again(ngx_rtc_session_t *s)
{
    ngx_rtc_session_fail_pending(s, NGX_RTC_E_NOT_IN_ROOM);

    s->state = NGX_RTC_SESSION_FREE;
    s->gathered_len = 0;
    s->probing = 0;
    s->room.len = 0;
    s->user.len = 0;
    s->role.len = 0;

    ngx_free(s->join_text.data);
    ngx_str_null(&s->join_text);

    if (ngx_rtc_draining) {
        ngx_rtc_session_leave_worker(s);
    }
}


static void
ngx_rtc_session_joined(ngx_rtc_session_t *s)
{
    s->state = NGX_RTC_SESSION_JOINED;

    ngx_free(s->join_text.data);
    ngx_str_null(&s->join_text);
}


void
ngx_rtc_session_forward(ngx_rtc_session_t *s, ngx_str_t *name, json_t *data,
    ngx_rtc_request_id_t *id)
{
    ngx_int_t          rc;
    ngx_str_t          text;
    ngx_rtc_message_t  m;

    if (s->state != NGX_RTC_SESSION_JOINED) {
        ngx_rtc_session_fail(s, name, id, NGX_RTC_E_NOT_IN_ROOM, NULL);
        return;
    }

    ngx_rtc_signal_dump(data, &text);

    if (text.data == NULL) {
        ngx_rtc_session_fail(s, name, id, NGX_RTC_E_INTERNAL, NULL);
        return;
    }

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_EVENT;
    m.n = 2;
    m.str[0] = *name;
    m.str[1] = text;

    if (id->has_id) {
        rc = ngx_rtc_session_pend(s, id->id, &m.request);

        if (rc != NGX_OK) {
            ngx_free(text.data);

            ngx_rtc_session_fail(s, name, id,
                                 rc == NGX_DECLINED ? NGX_RTC_E_TOO_MANY
                                                    : NGX_RTC_E_INTERNAL,
                                 NULL);
            return;
        }
    }

    rc = ngx_rtc_session_send(s, &m);

    ngx_free(text.data);

    if (rc == NGX_DECLINED) {
        ngx_rtc_session_lose_home(s);
    }
}


/* as ngx_rtc_mesh_send(); without a place in the queue the session ends */

static ngx_int_t
ngx_rtc_session_send(ngx_rtc_session_t *s, ngx_rtc_message_t *m)
{
    ngx_int_t  rc;

    m->session = s->node.key;
    m->key = s->key;
    m->epoch = s->epoch;

    rc = ngx_rtc_signal_send(&s->home, NGX_RTC_MESH_TO_HOME, m);

    if (rc == NGX_ERROR) {
        ngx_rtc_session_close(s, NGX_RTC_CLOSE_OVERFLOW, "server overloaded");
    }

    return rc;
}


static ngx_int_t
ngx_rtc_session_pend(ngx_rtc_session_t *s, uint64_t id, uint64_t *request)
{
    ngx_rtc_pending_t  *pending;

    if (s->npending == NGX_RTC_MAX_PENDING) {
        return NGX_DECLINED;
    }

    pending = ngx_alloc(sizeof(ngx_rtc_pending_t), s->log);
    if (pending == NULL) {
        return NGX_ERROR;
    }

    /* 0 is none */

    if (++s->request == 0) {
        s->request = 1;
    }

    pending->request = s->request;
    pending->id = id;

    ngx_queue_insert_tail(&s->pending, &pending->queue);
    s->npending++;

    *request = pending->request;

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_session_unpend(ngx_rtc_session_t *s, uint64_t request, uint64_t *id)
{
    ngx_queue_t        *q;
    ngx_rtc_pending_t  *pending;

    for (q = ngx_queue_head(&s->pending);
         q != ngx_queue_sentinel(&s->pending);
         q = ngx_queue_next(q))
    {
        pending = ngx_queue_data(q, ngx_rtc_pending_t, queue);

        if (pending->request == request) {
            *id = pending->id;

            ngx_queue_remove(q);
            s->npending--;
            ngx_free(pending);

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


void
ngx_rtc_session_alive(ngx_rtc_session_t *s)
{
    ngx_rtc_message_t  m;

    if (!s->probing) {
        return;
    }

    s->probing = 0;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_ALIVE;

    (void) ngx_rtc_session_send(s, &m);
}


static void
ngx_rtc_session_from_home(ngx_rtc_ref_t *from, u_char *p, size_t len)
{
    ngx_rtc_message_t   m;
    ngx_rtc_session_t  *s;

    if (ngx_rtc_message_read(&m, p, p + len) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "malformed message from a room in worker slot %uD",
                      from->slot);
        return;
    }

    s = ngx_rtc_session_find(m.session);

    if (s == NULL && m.kind == NGX_RTC_MSG_DELIVER) {

        /* its end was not told, or this crossed it on the way */

        m.kind = NGX_RTC_MSG_GONE;
        m.n = 0;

        (void) ngx_rtc_signal_send(from, NGX_RTC_MESH_TO_HOME, &m);
        return;
    }

    if (s == NULL || s->closing || s->state == NGX_RTC_SESSION_FREE
        || !ngx_rtc_ref_eq(&s->home, from))
    {
        return;
    }

    switch (m.kind) {

    case NGX_RTC_MSG_PART:
        (void) ngx_rtc_session_gather(s, &m.str[m.n - 1]);
        return;

    case NGX_RTC_MSG_ANSWER:
    case NGX_RTC_MSG_DELIVER:

        if (s->gathered_len
            && ngx_rtc_session_gather(s, &m.str[m.n - 1]) != NGX_OK)
        {
            return;
        }

        if (m.kind == NGX_RTC_MSG_ANSWER) {
            ngx_rtc_session_home_answer(s, &m);
            break;
        }

        ngx_rtc_count(messages_sent);

        s->pt->event(s->end, &m.str[0], &m.str[1]);
        break;

    case NGX_RTC_MSG_CLOSE:

        /* the home has let go of it before */

        s->state = NGX_RTC_SESSION_FREE;

        switch (m.code) {

        case NGX_RTC_CLOSE_OVERFLOW:
            ngx_rtc_session_close(s, m.code, "server overloaded");
            return;

        case NGX_RTC_CLOSE_RESTART:
            ngx_rtc_session_close(s, m.code, "server is restarting");
            return;

        default:
            ngx_rtc_session_close(s, 1000, "resumed");
            return;
        }

    case NGX_RTC_MSG_PROBE:
        s->probing = 1;
        s->pt->probe(s->end);
        return;

    case NGX_RTC_MSG_MOVED:

        if (s->state == NGX_RTC_SESSION_JOINING
            && m.request == s->join_request)
        {
            ngx_rtc_session_try(s);
        }

        return;

    case NGX_RTC_MSG_LEFT:

        if (s->state == NGX_RTC_SESSION_JOINED) {
            ngx_rtc_session_free_again(s);
        }

        return;

    default:
        return;
    }

    /* a long message is done */

    s->gathered_len = 0;

    if (s->gathered_size > 64 * 1024) {
        ngx_free(s->gathered);
        s->gathered = NULL;
        s->gathered_size = 0;
    }
}


static void
ngx_rtc_session_home_answer(ngx_rtc_session_t *s, ngx_rtc_message_t *m)
{
    uint64_t              id;
    ngx_uint_t            failed;
    ngx_str_t            *data;
    ngx_rtc_request_id_t  join;

    data = &m->str[2];
    failed = (m->flags & NGX_RTC_MSG_FAILED) ? 1 : 0;

    if (m->flags & NGX_RTC_MSG_JOINED) {

        if (s->state != NGX_RTC_SESSION_JOINING
            || m->request != s->join_request)
        {
            return;
        }

        join = s->join_id;

        if (failed) {

            if (join.has_id) {
                ngx_rtc_count(messages_sent);
                s->pt->answer(s->end, join.id, 1, data);

            } else {
                ngx_str_t  event = ngx_string("join-room");

                ngx_rtc_session_fail(s, &event, &join, m->code, NULL);
            }

            ngx_rtc_session_free_again(s);
            return;
        }

        ngx_rtc_session_set(&s->user, sizeof(s->user_data), &m->str[0]);
        ngx_rtc_session_set(&s->role, sizeof(s->role_data), &m->str[1]);

        s->key = m->key;
        s->epoch = m->epoch;

        ngx_rtc_session_joined(s);

        if (join.has_id) {
            ngx_rtc_count(messages_sent);
            s->pt->answer(s->end, join.id, 0, data);
        }

        return;
    }

    if (ngx_rtc_session_unpend(s, m->request, &id) == NGX_OK) {
        ngx_rtc_count(messages_sent);
        s->pt->answer(s->end, id, failed, data);
    }

    if ((m->flags & NGX_RTC_MSG_DETACH)
        && s->state == NGX_RTC_SESSION_JOINED)
    {
        ngx_rtc_session_free_again(s);
    }
}


static void
ngx_rtc_session_set(ngx_str_t *dst, size_t size, ngx_str_t *src)
{
    dst->len = ngx_min(src->len, size);
    ngx_memcpy(dst->data, src->data, dst->len);
}


/* appends a part and points text to the whole */

static ngx_int_t
ngx_rtc_session_gather(ngx_rtc_session_t *s, ngx_str_t *text)
{
    size_t   size;
    u_char  *p;

    if (s->gathered_len + text->len > s->gathered_size) {

        size = ngx_max(2 * s->gathered_size, s->gathered_len + text->len);

        p = (size <= 2 * NGX_RTC_MAX_GATHERED) ? ngx_alloc(size, s->log)
                                               : NULL;
        if (p == NULL) {
            ngx_rtc_session_close(s, NGX_RTC_CLOSE_INTERNAL,
                                  "message too long");
            return NGX_ERROR;
        }

        if (s->gathered) {
            ngx_memcpy(p, s->gathered, s->gathered_len);
            ngx_free(s->gathered);
        }

        s->gathered = p;
        s->gathered_size = size;
    }

    ngx_memcpy(s->gathered + s->gathered_len, text->data, text->len);
    s->gathered_len += text->len;

    text->data = s->gathered;
    text->len = s->gathered_len;

    return NGX_OK;
}


/* a worker is gone, and with it the rooms that it was home of */

static void
ngx_rtc_session_home_gone(ngx_rtc_ref_t *ref)
{
    ngx_queue_t        *q, *next;
    ngx_rtc_session_t  *s;

    for (q = ngx_queue_head(&ngx_rtc_session_list);
         q != ngx_queue_sentinel(&ngx_rtc_session_list);
         q = next)
    {
        next = ngx_queue_next(q);
        s = ngx_queue_data(q, ngx_rtc_session_t, queue);

        if (s->state != NGX_RTC_SESSION_FREE
            && ngx_rtc_ref_eq(&s->home, ref))
        {
            ngx_rtc_session_lose_home(s);
        }
    }
}


/*
 * What is owed is answered.  A join looks for the new home; a session that
 * was in the room is closed, and its client comes again and finds it.
 */

static void
ngx_rtc_session_lose_home(ngx_rtc_session_t *s)
{
    s->gathered_len = 0;

    ngx_rtc_session_fail_pending(s, NGX_RTC_E_ROOM_MOVED);

    if (s->state == NGX_RTC_SESSION_JOINING) {
        ngx_rtc_session_try(s);
        return;
    }

    if (s->state == NGX_RTC_SESSION_JOINED) {
        s->state = NGX_RTC_SESSION_FREE;

        ngx_rtc_session_close(s, NGX_RTC_CLOSE_RESTART, "room moved");
    }
}


static void
ngx_rtc_session_fail_pending(ngx_rtc_session_t *s, ngx_uint_t error)
{
    ngx_str_t              event;
    ngx_queue_t           *q;
    ngx_rtc_pending_t     *pending;
    ngx_rtc_request_id_t   id;

    ngx_str_null(&event);

    while (!ngx_queue_empty(&s->pending)) {
        q = ngx_queue_head(&s->pending);
        ngx_queue_remove(q);
        s->npending--;

        pending = ngx_queue_data(q, ngx_rtc_pending_t, queue);

        id.has_id = 1;
        id.id = pending->id;

        ngx_free(pending);

        ngx_rtc_session_fail(s, &event, &id, error, NULL);
    }
}
