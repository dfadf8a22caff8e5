
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Sessions in the worker of their sockets: parsing and checking of events,
 * the local ones, limits against floods, and what each request is owed: one
 * answer.  The road to the room's home is in ngx_rtc_session_home.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_session_home.h"
#include "ngx_rtc_counters.h"


/* a flood closes: messages and bytes in a second, and what may be saved up */

#define NGX_RTC_FLOOD_MESSAGES      50
#define NGX_RTC_FLOOD_BURST         200
#define NGX_RTC_FLOOD_BYTES         (512 * 1024)
#define NGX_RTC_FLOOD_BYTES_BURST   (2 * 1024 * 1024)


static ngx_int_t ngx_rtc_session_flood(ngx_rtc_session_t *s, size_t len);
static void ngx_rtc_session_dispatch(ngx_rtc_session_t *s, ngx_str_t *name,
    json_t *data, ngx_rtc_request_id_t *id);
static void ngx_rtc_session_copy(u_char **p, ngx_str_t *dst, ngx_str_t *src);
static void ngx_rtc_session_free(ngx_rtc_session_t *s);
static void ngx_rtc_session_drain(void);


ngx_queue_t         ngx_rtc_session_list;

static ngx_rbtree_t        ngx_rtc_session_tree;
static ngx_rbtree_node_t   ngx_rtc_session_sentinel;
static uint64_t            ngx_rtc_session_number;
static ngx_uint_t          ngx_rtc_session_ready;


ngx_int_t
ngx_rtc_signal_init(ngx_cycle_t *cycle)
{
    ngx_rbtree_init(&ngx_rtc_session_tree, &ngx_rtc_session_sentinel,
                    ngx_rbtree_insert_value);

    ngx_queue_init(&ngx_rtc_session_list);

    ngx_rtc_session_ready = 1;

    if (ngx_rtc_home_init(cycle) != NGX_OK
        || ngx_rtc_session_home_init() != NGX_OK
        || ngx_rtc_on_drain(ngx_rtc_session_drain) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_rtc_signal_exit(ngx_cycle_t *cycle)
{
    ngx_queue_t        *q;
    ngx_rtc_session_t  *s;

    if (!ngx_rtc_session_ready) {
        return;
    }

    ngx_rtc_home_exit();

    while (!ngx_queue_empty(&ngx_rtc_session_list)) {
        q = ngx_queue_head(&ngx_rtc_session_list);
        s = ngx_queue_data(q, ngx_rtc_session_t, queue);
        ngx_rtc_session_free(s);
    }

    ngx_rtc_session_ready = 0;
}


ngx_rtc_session_t *
ngx_rtc_session_start(const ngx_rtc_session_end_pt *pt, void *end,
    ngx_rtc_session_conf_t *conf, ngx_uint_t *full)
{
    size_t              len;
    u_char             *p;
    ngx_rtc_session_t  *s;

    *full = 0;

    if (!ngx_rtc_session_ready) {
        return NULL;
    }

    if (ngx_rtc_session_count(1) != NGX_OK) {
        ngx_rtc_count(sessions_refused);
        *full = 1;
        return NULL;
    }

    len = conf->room.len + conf->user.len + conf->role.len
          + conf->remote_addr.len + conf->local_addr.len;

    s = ngx_calloc(sizeof(ngx_rtc_session_t) + len, conf->log);

    if (s == NULL
        || ngx_rtc_random_id(s->id_data, NGX_RTC_SESSION_ID_LEN) != NGX_OK
        || ngx_rtc_random((u_char *) &s->request, sizeof(uint64_t)) != NGX_OK)
    {
        ngx_free(s);
        (void) ngx_rtc_session_count(-1);
        return NULL;
    }

    s->pt = pt;
    s->end = end;
    s->log = conf->log;
    s->create = conf->create;
    s->style = conf->style;

    p = (u_char *) s + sizeof(ngx_rtc_session_t);

    ngx_rtc_session_copy(&p, &s->conf_room, &conf->room);
    ngx_rtc_session_copy(&p, &s->conf_user, &conf->user);
    ngx_rtc_session_copy(&p, &s->conf_role, &conf->role);
    ngx_rtc_session_copy(&p, &s->remote_addr, &conf->remote_addr);
    ngx_rtc_session_copy(&p, &s->local_addr, &conf->local_addr);

    s->id.data = s->id_data;
    s->id.len = NGX_RTC_SESSION_ID_LEN;
    s->room.data = s->room_data;
    s->user.data = s->user_data;
    s->role.data = s->role_data;

    ngx_queue_init(&s->pending);

    s->messages = NGX_RTC_FLOOD_BURST * 1000;
    s->bytes = NGX_RTC_FLOOD_BYTES_BURST;
    s->seen = ngx_current_msec;

    /* 0 is none */

    s->node.key = (ngx_rbtree_key_t) ++ngx_rtc_session_number;

    ngx_rbtree_insert(&ngx_rtc_session_tree, &s->node);
    ngx_queue_insert_tail(&ngx_rtc_session_list, &s->queue);

    ngx_rtc_count(sessions);
    ngx_rtc_count(sessions_total);

    return s;
}


static void
ngx_rtc_session_copy(u_char **p, ngx_str_t *dst, ngx_str_t *src)
{
    dst->data = *p;
    dst->len = src->len;

    if (src->len) {
        *p = ngx_cpymem(*p, src->data, src->len);
    }
}


ngx_rtc_session_t *
ngx_rtc_session_find(uint64_t number)
{
    ngx_rbtree_key_t    key;
    ngx_rbtree_node_t  *node;

    key = (ngx_rbtree_key_t) number;
    node = ngx_rtc_session_tree.root;

    while (node != &ngx_rtc_session_sentinel) {

        if (key == node->key) {
            return ngx_rbtree_data(node, ngx_rtc_session_t, node);
        }

        node = (key < node->key) ? node->left : node->right;
    }

    return NULL;
}


void
ngx_rtc_session_end(ngx_rtc_session_t *s, ngx_uint_t clean)
{
    ngx_rtc_session_home_end(s);
    ngx_rtc_session_free(s);
}


static void
ngx_rtc_session_free(ngx_rtc_session_t *s)
{
    ngx_queue_t          *q;
    ngx_rtc_pending_t    *pending;

    while (!ngx_queue_empty(&s->pending)) {
        q = ngx_queue_head(&s->pending);
        ngx_queue_remove(q);

        pending = ngx_queue_data(q, ngx_rtc_pending_t, queue);
        ngx_free(pending);
    }

    ngx_rbtree_delete(&ngx_rtc_session_tree, &s->node);
    ngx_queue_remove(&s->queue);

    (void) ngx_rtc_session_count(-1);
    ngx_rtc_count_down(sessions);

    ngx_free(s->join_text.data);
    ngx_free(s->gathered);
    ngx_free(s);
}


ngx_str_t *
ngx_rtc_session_id(ngx_rtc_session_t *s)
{
    return &s->id;
}


ngx_str_t *
ngx_rtc_session_room(ngx_rtc_session_t *s)
{
    return &s->room;
}


ngx_str_t *
ngx_rtc_session_user(ngx_rtc_session_t *s)
{
    return &s->user;
}


ngx_str_t *
ngx_rtc_session_role(ngx_rtc_session_t *s)
{
    return &s->role;
}


void
ngx_rtc_session_message(ngx_rtc_session_t *s, u_char *p, size_t len)
{
    json_t                *root, *data, *id, *name;
    ngx_str_t              event;
    const char            *message;
    ngx_rtc_request_id_t   request;

    if (s->closing || ngx_rtc_session_flood(s, len) != NGX_OK) {
        return;
    }

    root = ngx_rtc_json_parse(p, len, NGX_RTC_JSON_DEPTH, NGX_RTC_JSON_VALUES);

    ngx_str_null(&event);
    ngx_memzero(&request, sizeof(ngx_rtc_request_id_t));

    if (!json_is_object(root)) {
        message = root ? "the message must be an object" : "the message is "
                                                           "not JSON";
        goto bad;
    }

    name = json_object_get(root, "event");

    if (json_is_string(name)) {
        event.data = (u_char *) json_string_value(name);
        event.len = json_string_length(name);
    }

    id = json_object_get(root, "id");

    if (id) {
        if (!json_is_integer(id) || json_integer_value(id) < 0) {
            message = "id must be a non-negative integer";
            goto bad;
        }

        request.has_id = 1;
        request.id = json_integer_value(id);
    }

    if (event.len == 0) {
        message = "event must be the name of one";
        goto bad;
    }

    data = json_object_get(root, "data");

    if (data == NULL) {
        data = json_object();
        json_object_set_new(root, "data", data);
    }

    if (!json_is_object(data)) {
        message = "data must be an object";
        goto bad;
    }

    ngx_rtc_session_dispatch(s, &event, data, &request);

    json_decref(root);

    return;

bad:

    ngx_rtc_session_fail(s, &event, &request, NGX_RTC_E_BAD_REQUEST, message);

    json_decref(root);
}


void
ngx_rtc_session_event(ngx_rtc_session_t *s, ngx_str_t *name, ngx_str_t *data,
    ngx_uint_t has_id, uint64_t id)
{
    json_t                *json;
    ngx_rtc_request_id_t   request;

    if (s->closing || ngx_rtc_session_flood(s, data->len) != NGX_OK) {
        return;
    }

    request.has_id = has_id;
    request.id = id;

    json = data->len ? ngx_rtc_json_parse(data->data, data->len,
                                          NGX_RTC_JSON_DEPTH,
                                          NGX_RTC_JSON_VALUES)
                     : json_object();

    if (json_is_object(json)) {
        ngx_rtc_session_dispatch(s, name, json, &request);

    } else {
        ngx_rtc_session_fail(s, name, &request, NGX_RTC_E_BAD_REQUEST,
                             "data must be an object");
    }

    json_decref(json);
}


void
ngx_rtc_session_bad(ngx_rtc_session_t *s, const char *why)
{
    ngx_str_t              event;
    ngx_rtc_request_id_t   request;

    if (s->closing || ngx_rtc_session_flood(s, 0) != NGX_OK) {
        return;
    }

    ngx_str_null(&event);
    ngx_memzero(&request, sizeof(ngx_rtc_request_id_t));

    ngx_rtc_session_fail(s, &event, &request, NGX_RTC_E_BAD_REQUEST, why);
}


/* two token buckets; NGX_DECLINED: the session is being closed */

static ngx_int_t
ngx_rtc_session_flood(ngx_rtc_session_t *s, size_t len)
{
    ngx_msec_int_t  elapsed;

    ngx_rtc_count(messages_received);

    elapsed = (ngx_msec_int_t) (ngx_current_msec - s->seen);
    elapsed = ngx_min(elapsed, 60000);

    if (elapsed > 0) {
        s->seen = ngx_current_msec;

        s->messages += elapsed * NGX_RTC_FLOOD_MESSAGES;
        s->messages = ngx_min(s->messages, NGX_RTC_FLOOD_BURST * 1000);

        s->bytes += elapsed * (NGX_RTC_FLOOD_BYTES / 1000);
        s->bytes = ngx_min(s->bytes, NGX_RTC_FLOOD_BYTES_BURST);
    }

    s->messages -= 1000;
    s->bytes -= (ngx_int_t) len;

    if (s->messages >= 0 && s->bytes >= 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, s->log, 0, "client sends too much");

    ngx_rtc_count(messages_bad);

    ngx_rtc_session_close(s, NGX_RTC_CLOSE_POLICY, "too many messages");

    return NGX_DECLINED;
}


void
ngx_rtc_session_close(ngx_rtc_session_t *s, ngx_uint_t code,
    const char *reason)
{
    if (s->closing) {
        return;
    }

    s->closing = 1;
    s->pt->close(s->end, code, reason);
}


static void
ngx_rtc_session_dispatch(ngx_rtc_session_t *s, ngx_str_t *name, json_t *data,
    ngx_rtc_request_id_t *id)
{
    json_t                 *rooms;
    const ngx_rtc_event_t  *ev;

    ev = ngx_rtc_event_find(name);

    if (ev == NULL) {
        ngx_rtc_session_fail(s, name, id, NGX_RTC_E_UNKNOWN_EVENT, NULL);
        return;
    }

    if (!(ev->flags & NGX_RTC_EVENT_LOCAL)) {
        ngx_rtc_session_forward(s, name, data, id);
        return;
    }

    switch (name->data[0]) {

    case 'j': /* join-room */
        ngx_rtc_session_join(s, data, id);
        return;

    case 'p': /* ping */
        ngx_rtc_session_answer(s, id, NULL);
        return;

    default: /* list-rooms */

        if (ngx_rtc_conf->token_key.len) {
            ngx_rtc_session_fail(s, name, id, NGX_RTC_E_UNAUTHORIZED, NULL);
            return;
        }

        rooms = json_pack("{s:o}", "rooms", ngx_rtc_json_rooms());

        if (rooms == NULL) {
            ngx_rtc_session_fail(s, name, id, NGX_RTC_E_INTERNAL, NULL);
            return;
        }

        ngx_rtc_session_answer(s, id, rooms);
        json_decref(rooms);
    }
}


/* data NULL: {} */

void
ngx_rtc_session_answer(ngx_rtc_session_t *s, ngx_rtc_request_id_t *id,
    json_t *data)
{
    ngx_str_t  text, empty = ngx_string("{}");

    if (!id->has_id || s->closing) {
        return;
    }

    ngx_rtc_count(messages_sent);

    if (data == NULL) {
        s->pt->answer(s->end, id->id, 0, &empty);
        return;
    }

    ngx_rtc_signal_dump(data, &text);

    if (text.data) {
        s->pt->answer(s->end, id->id, 0, &text);
        ngx_free(text.data);
    }
}


/* an error: the answer to the id, or the event "error" without one */

void
ngx_rtc_session_fail(ngx_rtc_session_t *s, ngx_str_t *event,
    ngx_rtc_request_id_t *id, ngx_uint_t error, const char *message)
{
    json_t     *json, *name;
    ngx_str_t   text, error_event = ngx_string("error");

    ngx_rtc_count(messages_bad);

    if (s->closing) {
        return;
    }

    json = ngx_rtc_json_error(error, message);

    if (!id->has_id) {
        name = event->len ? ngx_rtc_json_string(event) : NULL;
        json_object_set_new(json, "event", name ? name : json_null());
    }

    ngx_rtc_signal_dump(json, &text);
    json_decref(json);

    if (text.data == NULL) {
        ngx_rtc_session_close(s, NGX_RTC_CLOSE_INTERNAL, "out of memory");
        return;
    }

    ngx_rtc_count(messages_sent);

    if (id->has_id) {
        s->pt->answer(s->end, id->id, 1, &text);

    } else {
        s->pt->event(s->end, &error_event, &text);
    }

    ngx_free(text.data);
}


/*
 * nginx has told this worker to exit.  Sessions in a room stay, for the call
 * goes on; the others are sent to the new workers.
 */

static void
ngx_rtc_session_drain(void)
{
    ngx_queue_t        *q, *next;
    ngx_rtc_session_t  *s;

    for (q = ngx_queue_head(&ngx_rtc_session_list);
         q != ngx_queue_sentinel(&ngx_rtc_session_list);
         q = next)
    {
        next = ngx_queue_next(q);
        s = ngx_queue_data(q, ngx_rtc_session_t, queue);

        if (s->state == NGX_RTC_SESSION_FREE) {
            ngx_rtc_session_leave_worker(s);
        }
    }
}


void
ngx_rtc_session_leave_worker(ngx_rtc_session_t *s)
{
    ngx_str_t  event = ngx_string("server-draining");
    ngx_str_t  data = ngx_string("{}");

    if (s->closing) {
        return;
    }

    s->pt->event(s->end, &event, &data);

    ngx_rtc_session_close(s, NGX_RTC_CLOSE_RESTART, "server is restarting");
}
