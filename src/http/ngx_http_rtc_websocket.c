
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The plain framing of signaling: a WebSocket (RFC 6455) whose text
 * messages are JSON objects.  Handshake, frames, heartbeat and send queue
 * are here; what the messages mean is the session's business.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_rtc.h"
#include "ngx_rtc_ws.h"


#define NGX_HTTP_RTC_WS_BUFFER      16384
#define NGX_HTTP_RTC_WS_OVERSIZE    8
#define NGX_HTTP_RTC_WS_LINGER      3000   /* msec for the close handshake */
#define NGX_HTTP_RTC_WS_PONGS       16     /* of a turn */


typedef struct ngx_http_rtc_ws_out_s  ngx_http_rtc_ws_out_t;

struct ngx_http_rtc_ws_out_s {
    ngx_http_rtc_ws_out_t   *next;
    u_char                  *pos;
    u_char                  *last;
};


/* what a frame takes beside its payload, for the limit of the queue */

#define NGX_HTTP_RTC_WS_OVERHEAD                                              \
    (sizeof(ngx_http_rtc_ws_out_t) + NGX_RTC_WS_HEADER_MAX)


typedef struct {
    ngx_http_request_t      *request;
    ngx_http_rtc_ctx_t      *ctx;

    ngx_rtc_ws_t             parser;
    u_char                  *message;      /* gathered so far */
    size_t                   len;
    size_t                   size;         /* allocated */
    size_t                   message_size;

    ngx_http_rtc_ws_out_t   *out;
    ngx_http_rtc_ws_out_t  **last_out;
    size_t                   queued;
    size_t                   send_queue;

    ngx_uint_t               pongs;        /* in this turn */
    size_t                   pong_len;
    u_char                   pong[NGX_RTC_WS_CONTROL_MAX];

    ngx_event_t              timer;
    ngx_msec_t               ping_interval;
    ngx_msec_t               ping_timeout;
    ngx_msec_t               heard;        /* when the client last sent */

    unsigned                 close_sent:1;
    unsigned                 close_received:1;
    unsigned                 clean:1;      /* by the client's Close frame */
    unsigned                 skip:1;       /* the message is too large */
    unsigned                 broken:1;     /* nothing more can be sent */
    unsigned                 late_pong:1;  /* for the last of many pings */
    unsigned                 stuck:1;      /* the first frame is to be sent
                                              again, by the same buffer */
    unsigned                 finalized:1;
} ngx_http_rtc_ws_ctx_t;


static ngx_int_t ngx_http_rtc_ws_refuse(ngx_http_request_t *r,
    ngx_uint_t status, const char *text);
static ngx_int_t ngx_http_rtc_ws_check(ngx_http_request_t *r,
    ngx_str_t *accept);
static ngx_uint_t ngx_http_rtc_ws_has_token(ngx_str_t *value,
    const char *token);
static ngx_int_t ngx_http_rtc_ws_accept(ngx_http_request_t *r,
    ngx_str_t *accept);
static ngx_int_t ngx_http_rtc_ws_add_header(ngx_http_request_t *r,
    const char *key, ngx_str_t *value);

static void ngx_http_rtc_ws_read_handler(ngx_http_request_t *r);
static void ngx_http_rtc_ws_write_handler(ngx_http_request_t *r);
static void ngx_http_rtc_ws_timer_handler(ngx_event_t *ev);
static void ngx_http_rtc_ws_cleanup(void *data);

static void ngx_http_rtc_ws_feed(ngx_http_rtc_ws_ctx_t *ws, u_char *p,
    u_char *end);
static void ngx_http_rtc_ws_received(ngx_http_rtc_ws_ctx_t *ws,
    ngx_rtc_ws_event_t *ev);
static void ngx_http_rtc_ws_gather(ngx_http_rtc_ws_ctx_t *ws,
    ngx_rtc_ws_event_t *ev);
static ngx_int_t ngx_http_rtc_ws_queue(ngx_http_rtc_ws_ctx_t *ws,
    ngx_uint_t opcode, ngx_str_t *parts, ngx_uint_t n);
static void ngx_http_rtc_ws_drop(ngx_http_rtc_ws_ctx_t *ws,
    ngx_uint_t unsent);
static ngx_int_t ngx_http_rtc_ws_flush(ngx_http_rtc_ws_ctx_t *ws);
static void ngx_http_rtc_ws_close(ngx_http_rtc_ws_ctx_t *ws, ngx_uint_t code,
    const char *reason);
static void ngx_http_rtc_ws_done(ngx_http_rtc_ws_ctx_t *ws);
static void ngx_http_rtc_ws_finalize(ngx_http_rtc_ws_ctx_t *ws);

static void ngx_http_rtc_ws_event(void *end, ngx_str_t *name,
    ngx_str_t *data);
static void ngx_http_rtc_ws_answer(void *end, uint64_t id, ngx_uint_t failed,
    ngx_str_t *data);
static void ngx_http_rtc_ws_end(void *end, ngx_uint_t code,
    const char *reason);
static void ngx_http_rtc_ws_probe(void *end);


static const ngx_rtc_session_end_pt  ngx_http_rtc_ws_pt = {
    ngx_http_rtc_ws_event,
    ngx_http_rtc_ws_answer,
    ngx_http_rtc_ws_end,
    ngx_http_rtc_ws_probe
};


/* one read at a time in a worker: what is incomplete is gathered apart */

static u_char  ngx_http_rtc_ws_buffer[NGX_HTTP_RTC_WS_BUFFER];


ngx_int_t
ngx_http_rtc_websocket_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 accept;
    ngx_uint_t                full;
    ngx_connection_t         *c;
    ngx_http_cleanup_t       *cln;
    ngx_http_rtc_ctx_t       *ctx;
    ngx_http_rtc_ws_ctx_t    *ws;
    ngx_rtc_session_conf_t    conf;
    ngx_http_rtc_loc_conf_t  *rlcf;

    rc = ngx_http_rtc_ws_check(r, &accept);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    c = r->connection;
    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_rtc_module);

    if (ngx_http_rtc_session_conf(r, &conf) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_rtc_ctx_t));
    ws = ngx_pcalloc(r->pool, sizeof(ngx_http_rtc_ws_ctx_t));

    if (ctx == NULL || ws == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ws->request = r;
    ws->ctx = ctx;
    ctx->ws = ws;
    ws->last_out = &ws->out;
    ws->message_size = rlcf->message_size;
    ws->send_queue = rlcf->send_queue;
    ws->ping_interval = rlcf->ping_interval;
    ws->ping_timeout = rlcf->ping_timeout;
    ws->heard = ngx_current_msec;

    ngx_rtc_ws_init(&ws->parser, NGX_HTTP_RTC_WS_OVERSIZE
                                  * rlcf->message_size);

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->session = ngx_rtc_session_start(&ngx_http_rtc_ws_pt, ws, &conf,
                                         &full);
    if (ctx->session == NULL) {
        return full ? NGX_HTTP_SERVICE_UNAVAILABLE
                    : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_rtc_ws_cleanup;
    cln->data = ws;

    ngx_http_set_ctx(r, ctx, ngx_http_rtc_module);

    if (ngx_http_rtc_ws_accept(r, &accept) != NGX_OK) {
        return r->header_sent ? NGX_ERROR : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    c->log->action = "exchanging signaling messages";

    r->read_event_handler = ngx_http_rtc_ws_read_handler;
    r->write_event_handler = ngx_http_rtc_ws_write_handler;

    ws->timer.handler = ngx_http_rtc_ws_timer_handler;
    ws->timer.data = ws;
    ws->timer.log = c->log;

    ngx_add_timer(&ws->timer, ws->ping_interval);

    /* frames may have come along with the handshake */

    if (r->header_in->pos < r->header_in->last || c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    r->main->count++;

    return NGX_DONE;
}


static ngx_int_t
ngx_http_rtc_ws_refuse(ngx_http_request_t *r, ngx_uint_t status,
    const char *text)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t   out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = (u_char *) text;
    b->last = b->pos + ngx_strlen(text);
    b->memory = 1;
    b->last_buf = 1;

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = status;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "text/plain");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


/*
 * NGX_DECLINED: nothing speaks against the handshake, the key is accepted.
 * Else what the handler returns.
 */

static ngx_int_t
ngx_http_rtc_ws_check(ngx_http_request_t *r, ngx_str_t *accept)
{
    ngx_int_t         rc;
    ngx_str_t         version = ngx_string("13");
    ngx_uint_t        body;
    ngx_table_elt_t  *h, *connection;

    if (r != r->main) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method != NGX_HTTP_GET) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    /* discarding counts it down */

    body = (r->headers_in.content_length_n > 0 || r->headers_in.chunked);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_rtc_check_origin(r) != NGX_OK) {
        return NGX_HTTP_FORBIDDEN;
    }

    h = ngx_http_rtc_header(r, "upgrade");
    connection = ngx_http_rtc_header(r, "connection");

    if (h == NULL || connection == NULL
        || !ngx_http_rtc_ws_has_token(&h->value, "websocket")
        || !ngx_http_rtc_ws_has_token(&connection->value, "upgrade"))
    {
        static ngx_str_t  websocket = ngx_string("websocket");

        if (ngx_http_rtc_ws_add_header(r, "Upgrade", &websocket) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_rtc_ws_refuse(r, 426,
                                      "This is a signaling endpoint: connect "
                                      "to it with a WebSocket.\n");
    }

    if (r->http_version != NGX_HTTP_VERSION_11
#if (NGX_HTTP_V2)
        || r->stream
#endif
       )
    {
        return ngx_http_rtc_ws_refuse(r, NGX_HTTP_BAD_REQUEST,
                                      "A WebSocket needs HTTP/1.1.\n");
    }

    /* what discards a body would read the frames, too */

    if (body) {
        return ngx_http_rtc_ws_refuse(r, NGX_HTTP_BAD_REQUEST,
                                      "A WebSocket handshake has no body.\n");
    }

    h = ngx_http_rtc_header(r, "sec-websocket-version");

    if (h == NULL || h->value.len != 2
        || ngx_strncmp(h->value.data, "13", 2) != 0)
    {
        if (ngx_http_rtc_ws_add_header(r, "Sec-WebSocket-Version", &version)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_rtc_ws_refuse(r, 426,
                                      "Only version 13 of the WebSocket "
                                      "protocol is spoken here.\n");
    }

    h = ngx_http_rtc_header(r, "sec-websocket-key");

    accept->data = ngx_pnalloc(r->pool, NGX_RTC_WS_ACCEPT_SIZE);
    accept->len = NGX_RTC_WS_ACCEPT_SIZE;

    if (accept->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = h ? ngx_rtc_ws_accept(&h->value, accept->data) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        return ngx_http_rtc_ws_refuse(r, NGX_HTTP_BAD_REQUEST,
                                      "Sec-WebSocket-Key must be 16 bytes "
                                      "in base64.\n");
    }

    return rc == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_uint_t
ngx_http_rtc_ws_has_token(ngx_str_t *value, const char *token)
{
    u_char  *p, *last, *start;
    size_t   len;

    len = ngx_strlen(token);
    p = value->data;
    last = p + value->len;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        start = p;

        while (p < last && *p != ',' && *p != ' ' && *p != '\t') {
            p++;
        }

        if ((size_t) (p - start) == len
            && ngx_strncasecmp(start, (u_char *) token, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_rtc_ws_accept(ngx_http_request_t *r, ngx_str_t *accept)
{
    ngx_table_elt_t           *h;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;

    static ngx_str_t  websocket = ngx_string("websocket");
    static ngx_str_t  protocol = ngx_string("rtc.json");

    c = r->connection;

    if (ngx_http_rtc_ws_add_header(r, "Upgrade", &websocket) != NGX_OK
        || ngx_http_rtc_ws_add_header(r, "Sec-WebSocket-Accept", accept)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    h = ngx_http_rtc_header(r, "sec-websocket-protocol");

    if (h && ngx_http_rtc_ws_has_token(&h->value, "rtc.json")
        && ngx_http_rtc_ws_add_header(r, "Sec-WebSocket-Protocol", &protocol)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    ngx_str_set(&r->headers_out.status_line, "101 Switching Protocols");
    r->keepalive = 0;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    if (ngx_http_send_header(r) == NGX_ERROR
        || ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->tcp_nodelay && ngx_tcp_nodelay(c) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_rtc_ws_add_header(ngx_http_request_t *r, const char *key,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) key;
    h->key.len = ngx_strlen(key);
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


static void
ngx_http_rtc_ws_read_handler(ngx_http_request_t *r)
{
    size_t                  size;
    ssize_t                 n;
    ngx_buf_t              *b;
    ngx_uint_t              i;
    ngx_connection_t       *c;
    ngx_http_rtc_ctx_t     *ctx;
    ngx_http_rtc_ws_ctx_t  *ws;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_rtc_module);
    ws = ctx->ws;

    b = r->header_in;

    if (b->pos < b->last) {
        size = b->last - b->pos;
        ws->heard = ngx_current_msec;
        b->pos = b->last;

        ngx_http_rtc_ws_feed(ws, b->last - size, b->last);
    }

    /* 16 buffers a turn, then others have theirs */

    for (i = 0; i < 16; i++) {

        if (ws->broken || ws->close_received) {
            ngx_http_rtc_ws_done(ws);
            return;
        }

        n = c->recv(c, ngx_http_rtc_ws_buffer, NGX_HTTP_RTC_WS_BUFFER);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
                ws->broken = 1;
            }

            ngx_http_rtc_ws_done(ws);
            return;
        }

        if (n == NGX_ERROR || n == 0) {
            ws->broken = 1;

            if (ctx->reason == NULL) {
                ctx->reason = n ? "connection error" : "connection lost";
            }

            ngx_http_rtc_ws_done(ws);
            return;
        }

        ws->heard = ngx_current_msec;

        ngx_http_rtc_ws_feed(ws, ngx_http_rtc_ws_buffer,
                             ngx_http_rtc_ws_buffer + n);
    }

    ngx_post_event(c->read, &ngx_posted_next_events);

    ngx_http_rtc_ws_done(ws);
}


static void
ngx_http_rtc_ws_write_handler(ngx_http_request_t *r)
{
    ngx_http_rtc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_rtc_module);

    ngx_http_rtc_ws_done(ctx->ws);
}


/*
 * One timer: the heartbeat, and after a Close frame the patience for the
 * client's own.  It isn't cancelable: a session keeps its worker.
 */

static void
ngx_http_rtc_ws_timer_handler(ngx_event_t *ev)
{
    ngx_msec_t              quiet;
    ngx_connection_t       *c;
    ngx_http_rtc_ws_ctx_t  *ws;

    ws = ev->data;
    c = ws->request->connection;

    ngx_http_set_log_request(c->log, ws->request);

    if (ws->close_sent) {
        ws->broken = 1;
        ngx_http_rtc_ws_done(ws);
        ngx_http_run_posted_requests(c);
        return;
    }

    quiet = ngx_current_msec - ws->heard;

    if (quiet >= ws->ping_interval + ws->ping_timeout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client answers no ping");

        ws->ctx->reason = "ping timeout";
        ws->broken = 1;

    } else if (quiet >= ws->ping_interval) {
        (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_PING, NULL, 0);
        ngx_add_timer(ev, ngx_min(ws->ping_interval, ws->ping_timeout));

    } else {
        ngx_add_timer(ev, ws->ping_interval - quiet);
    }

    ngx_http_rtc_ws_done(ws);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_rtc_ws_cleanup(void *data)
{
    ngx_http_rtc_ws_ctx_t *ws = data;

    ngx_http_rtc_ctx_t  *ctx;

    ctx = ws->ctx;

    if (ws->timer.timer_set) {
        ngx_del_timer(&ws->timer);
    }

    if (ctx->session) {
        ngx_http_rtc_keep(ws->request, ctx);
        ngx_rtc_session_end(ctx->session, ws->clean);
        ctx->session = NULL;
    }

    ngx_http_rtc_ws_drop(ws, 0);

    if (ws->message) {
        ngx_free(ws->message);
        ws->message = NULL;
    }

    ws->finalized = 1;
}


/* what the client sent: any number of whole and partial frames */

static void
ngx_http_rtc_ws_feed(ngx_http_rtc_ws_ctx_t *ws, u_char *p, u_char *end)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_rtc_ws_event_t   ev;

    c = ws->request->connection;

    while (!ws->close_received && !ws->broken) {

        rc = ngx_rtc_ws_parse(&ws->parser, &p, end, &ev);

        if (rc == NGX_OK) {
            ngx_http_rtc_ws_received(ws, &ev);
            continue;
        }

        if (rc == NGX_ERROR) {
            ngx_log_error(NGX_LOG_INFO, c->log, 0,
                          "client broke the WebSocket protocol, "
                          "closing with %ui", ws->parser.close_code);

            ngx_http_rtc_ws_close(ws, ws->parser.close_code,
                                  ws->parser.close_code == NGX_RTC_WS_TOO_BIG
                                  ? "message too big"
                                  : "protocol error");

            /* what follows can't be understood */

            ws->close_received = 1;
        }

        break;
    }

    ngx_rtc_session_alive(ws->ctx->session);
}


static void
ngx_http_rtc_ws_received(ngx_http_rtc_ws_ctx_t *ws, ngx_rtc_ws_event_t *ev)
{
    ngx_str_t   payload;
    ngx_uint_t  code;

    switch (ev->opcode) {

    case NGX_RTC_WS_TEXT:
        ngx_http_rtc_ws_gather(ws, ev);
        break;

    case NGX_RTC_WS_BINARY:
        ngx_http_rtc_ws_close(ws, NGX_RTC_WS_UNSUPPORTED,
                              "messages are text");
        break;

    case NGX_RTC_WS_PING:

        /*
         * RFC 6455, Section 5.5.3: of many pings only the last one must be
         * answered; each answer costs us a system call, a ping six bytes
         */

        if (ws->pongs == NGX_HTTP_RTC_WS_PONGS) {
            ngx_memcpy(ws->pong, ev->data, ev->len);
            ws->pong_len = ev->len;
            ws->late_pong = 1;
            break;
        }

        ws->pongs++;

        payload.data = ev->data;
        payload.len = ev->len;

        (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_PONG, &payload, 1);
        break;

    case NGX_RTC_WS_CLOSE:

        /* RFC 6455, Section 5.5.1: answered by the same code */

        code = (ev->code == NGX_RTC_WS_NO_STATUS) ? NGX_RTC_WS_NORMAL
                                                  : ev->code;

        if (ws->ctx->reason == NULL) {
            ws->ctx->reason = "closed by client";
        }

        ngx_http_rtc_ws_close(ws, code, NULL);

        ws->close_received = 1;
        ws->clean = 1;
        break;

    default: /* NGX_RTC_WS_PONG */
        break;
    }
}


/*
 * Gathers the parts of a message.  One that is too large is answered, not
 * kept; one that is far too large ends the session (the parser's limit).
 */

static void
ngx_http_rtc_ws_gather(ngx_http_rtc_ws_ctx_t *ws, ngx_rtc_ws_event_t *ev)
{
    size_t   size;
    u_char  *buf;

    if (ws->close_sent) {
        return;
    }

    if (ev->first) {
        ws->len = 0;
        ws->skip = 0;
    }

    if (ws->skip || ws->len + ev->len > ws->message_size) {
        ws->skip = 1;

        if (ev->last) {
            ngx_rtc_session_bad(ws->ctx->session,
                                "the message is larger than "
                                "rtc_message_size allows");
        }

        return;
    }

    if (ev->first && ev->last) {
        ngx_rtc_session_message(ws->ctx->session, ev->data, ev->len);
        return;
    }

    if (ws->len + ev->len > ws->size) {
        size = ngx_max(ws->size, 1024);

        while (size < ws->len + ev->len) {
            size *= 2;
        }

        buf = ngx_alloc(size, ws->request->connection->log);
        if (buf == NULL) {
            ngx_http_rtc_ws_close(ws, NGX_RTC_WS_INTERNAL, "no memory");
            return;
        }

        if (ws->message) {
            ngx_memcpy(buf, ws->message, ws->len);
            ngx_free(ws->message);
        }

        ws->message = buf;
        ws->size = size;
    }

    if (ev->len) {
        ngx_memcpy(ws->message + ws->len, ev->data, ev->len);
        ws->len += ev->len;
    }

    if (ev->last) {
        ngx_rtc_session_message(ws->ctx->session, ws->message, ws->len);
    }
}


/*
 * Queues one frame; NGX_OK, or NGX_ERROR when there is no room or memory:
 * then the session is on its way out.
 */

static ngx_int_t
ngx_http_rtc_ws_queue(ngx_http_rtc_ws_ctx_t *ws, ngx_uint_t opcode,
    ngx_str_t *parts, ngx_uint_t n)
{
    size_t                  len;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_http_rtc_ws_out_t  *out;

    if (ws->broken || ws->close_sent || ws->finalized) {
        return NGX_ERROR;
    }

    len = 0;

    for (i = 0; i < n; i++) {
        len += parts[i].len;
    }

    if (ws->queued + NGX_HTTP_RTC_WS_OVERHEAD + len > ws->send_queue
        && opcode != NGX_RTC_WS_CLOSE)
    {
        ngx_log_error(NGX_LOG_INFO, ws->request->connection->log, 0,
                      "client reads too slowly: %uz bytes are waiting",
                      ws->queued);

        /* what was begun must be ended, the rest will not be read anyway */

        ngx_http_rtc_ws_drop(ws, 1);
        ngx_http_rtc_ws_close(ws, 1008, "send queue overflow");

        return NGX_ERROR;
    }

    out = ngx_alloc(NGX_HTTP_RTC_WS_OVERHEAD + len,
                    ws->request->connection->log);
    if (out == NULL) {
        ws->broken = 1;
        return NGX_ERROR;
    }

    p = (u_char *) out + sizeof(ngx_http_rtc_ws_out_t);

    out->next = NULL;
    out->pos = p;

    p = ngx_rtc_ws_write_header(p, p + NGX_RTC_WS_HEADER_MAX, opcode, 1, len);

    for (i = 0; i < n; i++) {
        if (parts[i].len) {
            p = ngx_cpymem(p, parts[i].data, parts[i].len);
        }
    }

    out->last = p;

    ws->queued += NGX_HTTP_RTC_WS_OVERHEAD + (out->last - out->pos);

    *ws->last_out = out;
    ws->last_out = &out->next;

    /* several messages of one event loop turn go out in one write */

    ngx_post_event(ws->request->connection->write, &ngx_posted_events);

    return NGX_OK;
}


/*
 * Frees the queue; unsent: keeps a frame that was sent in part, or that TLS
 * may have encrypted already.
 */

static void
ngx_http_rtc_ws_drop(ngx_http_rtc_ws_ctx_t *ws, ngx_uint_t unsent)
{
    ngx_http_rtc_ws_out_t  *out, *next, *keep;

    keep = NULL;
    ws->queued = 0;

    for (out = ws->out; out; out = next) {
        next = out->next;

        if (unsent && out == ws->out
            && (ws->stuck
                || out->pos
                   != (u_char *) out + sizeof(ngx_http_rtc_ws_out_t)))
        {
            keep = out;
            keep->next = NULL;
            ws->queued = NGX_HTTP_RTC_WS_OVERHEAD + (out->last - out->pos);
            continue;
        }

        ngx_free(out);
    }

    ws->out = keep;
    ws->last_out = keep ? &keep->next : &ws->out;
}


static ngx_int_t
ngx_http_rtc_ws_flush(ngx_http_rtc_ws_ctx_t *ws)
{
    ssize_t                 n;
    ngx_connection_t       *c;
    ngx_http_rtc_ws_out_t  *out;

    c = ws->request->connection;

    while (ws->out) {
        out = ws->out;

        n = c->send(c, out->pos, out->last - out->pos);

        if (n == NGX_AGAIN || n == 0) {
            ws->stuck = 1;

            return ngx_handle_write_event(c->write, 0) == NGX_OK
                   ? NGX_AGAIN : NGX_ERROR;
        }

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        out->pos += n;
        ws->queued -= n;
        ws->stuck = 0;

        if (out->pos == out->last) {
            ws->out = out->next;
            ws->queued -= NGX_HTTP_RTC_WS_OVERHEAD;

            if (ws->out == NULL) {
                ws->last_out = &ws->out;
            }

            ngx_free(out);
        }
    }

    return NGX_OK;
}


/* our Close frame: the last one that we send */

static void
ngx_http_rtc_ws_close(ngx_http_rtc_ws_ctx_t *ws, ngx_uint_t code,
    const char *reason)
{
    u_char     prefix[2];
    ngx_str_t  parts[2];

    if (ws->close_sent || ws->broken || ws->finalized) {
        return;
    }

    if (ws->ctx->reason == NULL) {
        ws->ctx->reason = reason;
    }

    prefix[0] = (u_char) (code >> 8);
    prefix[1] = (u_char) code;

    parts[0].data = prefix;
    parts[0].len = 2;
    parts[1].data = (u_char *) reason;
    parts[1].len = reason ? ngx_min(ngx_strlen(reason), 123) : 0;

    (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_CLOSE, parts, 2);

    ws->close_sent = 1;

    ngx_add_timer(&ws->timer, NGX_HTTP_RTC_WS_LINGER);
}


/* at the end of every event of the connection */

static void
ngx_http_rtc_ws_done(ngx_http_rtc_ws_ctx_t *ws)
{
    ngx_str_t  payload;

    if (ws->finalized) {
        return;
    }

    ws->pongs = 0;

    if (ws->late_pong) {
        ws->late_pong = 0;

        payload.data = ws->pong;
        payload.len = ws->pong_len;

        (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_PONG, &payload, 1);
    }

    if (!ws->broken && ngx_http_rtc_ws_flush(ws) == NGX_ERROR) {
        ws->broken = 1;

        if (ws->ctx->reason == NULL) {
            ws->ctx->reason = "connection error";
        }
    }

    if (ws->broken
        || (ws->close_sent && ws->close_received && ws->out == NULL))
    {
        ngx_http_rtc_ws_finalize(ws);
    }
}


static void
ngx_http_rtc_ws_finalize(ngx_http_rtc_ws_ctx_t *ws)
{
    ngx_http_request_t  *r;

    r = ws->request;

    ws->finalized = 1;

    /* the cleanup ends the session */

    ngx_http_finalize_request(r, NGX_HTTP_CLOSE);
}


static void
ngx_http_rtc_ws_event(void *end, ngx_str_t *name, ngx_str_t *data)
{
    ngx_http_rtc_ws_ctx_t *ws = end;

    ngx_str_t  parts[5];

    ngx_str_set(&parts[0], "{\"event\":\"");
    parts[1] = *name;
    ngx_str_set(&parts[2], "\",\"data\":");
    parts[3] = *data;
    ngx_str_set(&parts[4], "}");

    (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_TEXT, parts, 5);
}


static void
ngx_http_rtc_ws_answer(void *end, uint64_t id, ngx_uint_t failed,
    ngx_str_t *data)
{
    ngx_http_rtc_ws_ctx_t *ws = end;

    u_char     buf[sizeof("{\"id\":,\"error\":") + NGX_INT64_LEN];
    ngx_str_t  parts[3];

    parts[0].data = buf;
    parts[0].len = ngx_sprintf(buf, "{\"id\":%uL,\"%s\":", id,
                               failed ? "error" : "data")
                   - buf;
    parts[1] = *data;
    ngx_str_set(&parts[2], "}");

    (void) ngx_http_rtc_ws_queue(ws, NGX_RTC_WS_TEXT, parts, 3);
}


static void
ngx_http_rtc_ws_end(void *end, ngx_uint_t code, const char *reason)
{
    ngx_http_rtc_ws_close(end, code, reason);
}


static void
ngx_http_rtc_ws_probe(void *end)
{
    (void) ngx_http_rtc_ws_queue(end, NGX_RTC_WS_PING, NULL, 0);
}
