
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The status location: counters of all workers and the list of rooms, as a
 * page, JSON or Prometheus text.  It reads the zone only: no worker is
 * asked, and nothing of a room's content is shown but its id and numbers.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_rtc.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_directory.h"


#define NGX_HTTP_RTC_STATUS_BATCH    16
#define NGX_HTTP_RTC_STATUS_ROOMS    10000
#define NGX_HTTP_RTC_STATUS_CHUNK    8192


typedef enum {
    NGX_HTTP_RTC_STATUS_PAGE = 0,
    NGX_HTTP_RTC_STATUS_JSON,
    NGX_HTTP_RTC_STATUS_PROMETHEUS
} ngx_http_rtc_status_format_e;


typedef struct {
    ngx_pool_t       *pool;
    ngx_chain_t      *out;
    ngx_chain_t     **last;
    ngx_buf_t        *buf;
    off_t             size;
    ngx_uint_t        failed;
} ngx_http_rtc_status_t;


typedef struct {
    const char       *name;
    const char       *type;
    const char       *text;
} ngx_http_rtc_counter_t;


static ngx_int_t ngx_http_rtc_status_format(ngx_http_request_t *r,
    ngx_uint_t *format);
static ngx_uint_t ngx_http_rtc_status_accepts(ngx_str_t *value,
    const char *type);
static u_char *ngx_http_rtc_status_room(ngx_http_rtc_status_t *st,
    size_t size);
static void ngx_http_rtc_status_text(ngx_http_rtc_status_t *st,
    const char *text);
static void ngx_http_rtc_status_escaped(ngx_http_rtc_status_t *st,
    u_char *p, size_t len, ngx_uint_t format);
static void ngx_http_rtc_status_prometheus(ngx_http_rtc_status_t *st,
    uint64_t *sum, ngx_rtc_slot_info_t *slots, ngx_uint_t nslots);
static void ngx_http_rtc_status_json(ngx_http_rtc_status_t *st,
    uint64_t *sum, ngx_rtc_slot_info_t *slots, ngx_uint_t nslots);
static void ngx_http_rtc_status_page(ngx_http_rtc_status_t *st,
    uint64_t *sum, ngx_rtc_slot_info_t *slots, ngx_uint_t nslots);
static void ngx_http_rtc_status_rooms(ngx_http_rtc_status_t *st,
    ngx_uint_t format);


#define NGX_HTTP_RTC_COUNTER_ROW(name, type, text)  { #name, #type, text },

static const ngx_http_rtc_counter_t  ngx_http_rtc_counters[] = {
    NGX_RTC_COUNTERS(NGX_HTTP_RTC_COUNTER_ROW)
    { NULL, NULL, NULL }
};


static const char  ngx_http_rtc_status_head[] =
    "<!DOCTYPE html>" CRLF
    "<html lang=\"en\"><head><meta charset=\"utf-8\">" CRLF
    "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">" CRLF
    "<meta http-equiv=\"refresh\" content=\"5\">" CRLF
    "<link rel=\"icon\" href=\"data:,\">" CRLF
    "<title>Real-time status</title><style>" CRLF
    ":root{color-scheme:light dark}" CRLF
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;"
        "margin:2rem auto;padding:0 1rem}" CRLF
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}" CRLF
    "table{border-collapse:collapse;width:100%}" CRLF
    "th,td{text-align:left;padding:.3rem .6rem;"
        "border-bottom:1px solid #8884}" CRLF
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}" CRLF
    ".w{overflow-x:auto}" CRLF
    "</style></head><body><h1>Real-time status</h1>" CRLF;


ngx_int_t
ngx_http_rtc_status_handler(ngx_http_request_t *r)
{
    uint64_t                sum[NGX_RTC_NCOUNTERS];
    ngx_int_t               rc;
    ngx_uint_t              format, nslots;
    ngx_rtc_slot_info_t    *slots;
    ngx_http_rtc_status_t   st;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_rtc_status_format(r, &format) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    slots = ngx_palloc(r->pool,
                       ngx_rtc_conf->slots * sizeof(ngx_rtc_slot_info_t));
    if (slots == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    nslots = ngx_rtc_slots_info(slots, ngx_rtc_conf->slots);
    ngx_rtc_counters_sum(sum);

    ngx_memzero(&st, sizeof(ngx_http_rtc_status_t));
    st.pool = r->pool;
    st.last = &st.out;

    switch (format) {

    case NGX_HTTP_RTC_STATUS_PROMETHEUS:
        ngx_http_rtc_status_prometheus(&st, sum, slots, nslots);
        ngx_str_set(&r->headers_out.content_type,
                    "text/plain; version=0.0.4; charset=utf-8");
        break;

    case NGX_HTTP_RTC_STATUS_JSON:
        ngx_http_rtc_status_json(&st, sum, slots, nslots);
        ngx_str_set(&r->headers_out.content_type, "application/json");
        break;

    default: /* NGX_HTTP_RTC_STATUS_PAGE */
        ngx_http_rtc_status_page(&st, sum, slots, nslots);
        ngx_str_set(&r->headers_out.content_type,
                    "text/html; charset=utf-8");
        break;
    }

    if (st.failed || st.buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    st.buf->last_buf = 1;
    st.buf->last_in_chain = 1;
    *st.last = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = st.size;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, st.out);
}


static ngx_int_t
ngx_http_rtc_status_format(ngx_http_request_t *r, ngx_uint_t *format)
{
    ngx_str_t         value;
    ngx_table_elt_t  *h;

    *format = NGX_HTTP_RTC_STATUS_JSON;

    if (ngx_http_arg(r, (u_char *) "format", 6, &value) == NGX_OK) {

        if (value.len == 4 && ngx_strncmp(value.data, "json", 4) == 0) {
            return NGX_OK;
        }

        if (value.len == 4 && ngx_strncmp(value.data, "html", 4) == 0) {
            *format = NGX_HTTP_RTC_STATUS_PAGE;
            return NGX_OK;
        }

        if (value.len == 10
            && ngx_strncmp(value.data, "prometheus", 10) == 0)
        {
            *format = NGX_HTTP_RTC_STATUS_PROMETHEUS;
            return NGX_OK;
        }

        return NGX_DECLINED;
    }

    h = ngx_http_rtc_header(r, "accept");

    if (h == NULL || ngx_http_rtc_status_accepts(&h->value,
                                                 "application/json"))
    {
        return NGX_OK;
    }

    if (ngx_http_rtc_status_accepts(&h->value, "text/html")) {
        *format = NGX_HTTP_RTC_STATUS_PAGE;

    } else if (ngx_http_rtc_status_accepts(&h->value, "text/plain")
               || ngx_http_rtc_status_accepts(&h->value, "openmetrics"))
    {
        *format = NGX_HTTP_RTC_STATUS_PROMETHEUS;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_rtc_status_accepts(ngx_str_t *value, const char *type)
{
    return ngx_strlcasestrn(value->data, value->data + value->len,
                            (u_char *) type, ngx_strlen(type) - 1)
           != NULL;
}


/* room for size bytes, at most a chunk, in the last buffer */

static u_char *
ngx_http_rtc_status_room(ngx_http_rtc_status_t *st, size_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (st->failed) {
        return NULL;
    }

    if (st->buf && (size_t) (st->buf->end - st->buf->last) >= size) {
        return st->buf->last;
    }

    b = ngx_create_temp_buf(st->pool, NGX_HTTP_RTC_STATUS_CHUNK);
    cl = ngx_alloc_chain_link(st->pool);

    if (b == NULL || cl == NULL) {
        st->failed = 1;
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    *st->last = cl;
    st->last = &cl->next;
    st->buf = b;

    return b->last;
}


/* format, at most 1024 bytes */

#define ngx_http_rtc_status_print(st, ...)                                    \
    do {                                                                      \
        u_char  *p_ = ngx_http_rtc_status_room(st, 1024);                     \
                                                                              \
        if (p_) {                                                             \
            (st)->buf->last = ngx_snprintf(p_, 1024, __VA_ARGS__);            \
            (st)->size += (st)->buf->last - p_;                               \
        }                                                                     \
    } while (0)


static void
ngx_http_rtc_status_text(ngx_http_rtc_status_t *st, const char *text)
{
    size_t   len;
    u_char  *p;

    len = ngx_strlen(text);
    p = ngx_http_rtc_status_room(st, len);

    if (p) {
        st->buf->last = ngx_cpymem(p, text, len);
        st->size += len;
    }
}


/* a name that users chose: at most NGX_RTC_ID_LEN bytes */

static void
ngx_http_rtc_status_escaped(ngx_http_rtc_status_t *st, u_char *src,
    size_t len, ngx_uint_t format)
{
    u_char  *p;

    p = ngx_http_rtc_status_room(st, 6 * NGX_RTC_ID_LEN);

    if (p == NULL) {
        return;
    }

    if (format == NGX_HTTP_RTC_STATUS_JSON) {
        st->buf->last = (u_char *) ngx_escape_json(p, src, len);

    } else {
        st->buf->last = (u_char *) ngx_escape_html(p, src, len);
    }

    st->size += st->buf->last - p;
}


static void
ngx_http_rtc_status_prometheus(ngx_http_rtc_status_t *st, uint64_t *sum,
    ngx_rtc_slot_info_t *slots, ngx_uint_t nslots)
{
    ngx_uint_t                     i;
    const char                    *suffix;
    const ngx_http_rtc_counter_t  *c;

    for (i = 0; i < NGX_RTC_NCOUNTERS; i++) {
        c = &ngx_http_rtc_counters[i];

        suffix = (c->type[0] == 'c' && ngx_strstr(c->name, "_total") == NULL)
                 ? "_total" : "";

        ngx_http_rtc_status_print(st, "# HELP ngx_rtc_%s%s %s\n"
                                      "# TYPE ngx_rtc_%s%s %s\n"
                                      "ngx_rtc_%s%s %uL\n",
                                  c->name, suffix, c->text,
                                  c->name, suffix, c->type,
                                  c->name, suffix, sum[i]);
    }

    ngx_http_rtc_status_text(st, "# HELP ngx_rtc_worker_load Load as home "
                                 "selection sees it\n"
                                 "# TYPE ngx_rtc_worker_load gauge\n");

    for (i = 0; i < nslots; i++) {
        ngx_http_rtc_status_print(st, "ngx_rtc_worker_load{slot=\"%uD\","
                                      "pid=\"%P\",draining=\"%ui\"} %ui\n",
                                  slots[i].ref.slot, slots[i].pid,
                                  slots[i].draining, slots[i].load);
    }
}


static void
ngx_http_rtc_status_json(ngx_http_rtc_status_t *st, uint64_t *sum,
    ngx_rtc_slot_info_t *slots, ngx_uint_t nslots)
{
    ngx_uint_t  i, n;

    ngx_http_rtc_status_text(st, "{\"version\":\"" NGX_RTC_VERSION "\","
                                 "\"counters\":{");

    for (i = 0; i < NGX_RTC_NCOUNTERS; i++) {
        ngx_http_rtc_status_print(st, "%s\"%s\":%uL", i ? "," : "",
                                  ngx_http_rtc_counters[i].name, sum[i]);
    }

    ngx_http_rtc_status_text(st, "},\"workers\":[");

    for (n = 0; n < nslots; n++) {
        ngx_http_rtc_status_print(st, "%s{\"slot\":%uD,\"pid\":%P,"
                                      "\"draining\":%s,\"load\":%ui,"
                                      "\"counters\":{",
                                  n ? "," : "", slots[n].ref.slot,
                                  slots[n].pid,
                                  slots[n].draining ? "true" : "false",
                                  slots[n].load);

        for (i = 0; i < NGX_RTC_NCOUNTERS; i++) {
            ngx_http_rtc_status_print(st, "%s\"%s\":%uL", i ? "," : "",
                                      ngx_http_rtc_counters[i].name,
                                      slots[n].counters[i]);
        }

        ngx_http_rtc_status_text(st, "}}");
    }

    ngx_http_rtc_status_text(st, "],\"rooms\":[");
    ngx_http_rtc_status_rooms(st, NGX_HTTP_RTC_STATUS_JSON);
    ngx_http_rtc_status_text(st, "]}\n");
}


static void
ngx_http_rtc_status_page(ngx_http_rtc_status_t *st, uint64_t *sum,
    ngx_rtc_slot_info_t *slots, ngx_uint_t nslots)
{
    ngx_uint_t  i;

    ngx_http_rtc_status_text(st, ngx_http_rtc_status_head);

    ngx_http_rtc_status_text(st, "<h2>Rooms</h2><div class=\"w\"><table><tr>"
                                 "<th>Room</th><th>Type</th><th>Mode</th>"
                                 "<th class=\"n\">Participants</th>"
                                 "<th class=\"n\">Limit</th>"
                                 "<th class=\"n\">Worker</th></tr>" CRLF);
    ngx_http_rtc_status_rooms(st, NGX_HTTP_RTC_STATUS_PAGE);
    ngx_http_rtc_status_text(st, "</table></div>" CRLF);

    ngx_http_rtc_status_text(st, "<h2>Workers</h2><div class=\"w\"><table>"
                                 "<tr><th class=\"n\">Slot</th>"
                                 "<th class=\"n\">Process</th>"
                                 "<th>State</th>"
                                 "<th class=\"n\">Rooms</th>"
                                 "<th class=\"n\">Sessions</th>"
                                 "<th class=\"n\">Transports</th>"
                                 "<th class=\"n\">Load</th></tr>" CRLF);

    for (i = 0; i < nslots; i++) {
        ngx_http_rtc_status_print(st, "<tr><td class=\"n\">%uD</td>"
                                      "<td class=\"n\">%P</td><td>%s</td>"
                                      "<td class=\"n\">%uL</td>"
                                      "<td class=\"n\">%uL</td>"
                                      "<td class=\"n\">%uL</td>"
                                      "<td class=\"n\">%ui</td></tr>" CRLF,
                                  slots[i].ref.slot, slots[i].pid,
                                  slots[i].draining ? "draining" : "active",
                                  slots[i].counters[ngx_rtc_cnt_rooms],
                                  slots[i].counters[ngx_rtc_cnt_sessions],
                                  slots[i].counters[ngx_rtc_cnt_transports],
                                  slots[i].load);
    }

    ngx_http_rtc_status_text(st, "</table></div><h2>Counters</h2>"
                                 "<div class=\"w\"><table>" CRLF);

    for (i = 0; i < NGX_RTC_NCOUNTERS; i++) {
        ngx_http_rtc_status_print(st, "<tr><td>%s</td>"
                                      "<td class=\"n\">%uL</td></tr>" CRLF,
                                  ngx_http_rtc_counters[i].text, sum[i]);
    }

    ngx_http_rtc_status_text(st, "</table></div></body></html>" CRLF);
}


static void
ngx_http_rtc_status_rooms(ngx_http_rtc_status_t *st, ngx_uint_t format)
{
    ngx_uint_t            i, n, cursor, total;
    const char           *mode;
    ngx_rtc_room_info_t  *info, *infos;

    infos = ngx_palloc(st->pool, NGX_HTTP_RTC_STATUS_BATCH
                                 * sizeof(ngx_rtc_room_info_t));
    if (infos == NULL) {
        st->failed = 1;
        return;
    }

    cursor = 0;
    total = 0;

    while (total < NGX_HTTP_RTC_STATUS_ROOMS) {

        n = ngx_rtc_room_list(infos, NGX_HTTP_RTC_STATUS_BATCH, &cursor, 1);
        if (n == 0) {
            break;
        }

        for (i = 0; i < n; i++) {
            info = &infos[i];
            mode = info->mode == NGX_RTC_MODE_SFU ? "sfu" : "p2p";

            if (format == NGX_HTTP_RTC_STATUS_JSON) {
                ngx_http_rtc_status_text(st, total ? ",{\"id\":\""
                                                   : "{\"id\":\"");
                ngx_http_rtc_status_escaped(st, info->id, info->id_len,
                                            format);
                ngx_http_rtc_status_text(st, "\",\"type\":\"");
                ngx_http_rtc_status_escaped(st, info->type, info->type_len,
                                            format);
                ngx_http_rtc_status_print(st, "\",\"mode\":\"%s\","
                                              "\"participants\":%uD,"
                                              "\"maxParticipants\":%uD,"
                                              "\"isPublic\":%s,"
                                              "\"locked\":%s,"
                                              "\"worker\":%uD}",
                                          mode, info->participants,
                                          info->max_participants,
                                          info->is_public ? "true" : "false",
                                          info->locked ? "true" : "false",
                                          info->home.slot);

            } else {
                ngx_http_rtc_status_text(st, "<tr><td>");
                ngx_http_rtc_status_escaped(st, info->id, info->id_len,
                                            format);
                ngx_http_rtc_status_text(st, "</td><td>");
                ngx_http_rtc_status_escaped(st, info->type, info->type_len,
                                            format);
                ngx_http_rtc_status_print(st, "</td><td>%s</td>"
                                              "<td class=\"n\">%uD</td>"
                                              "<td class=\"n\">%uD</td>"
                                              "<td class=\"n\">%uD</td>"
                                              "</tr>" CRLF,
                                          mode, info->participants,
                                          info->max_participants,
                                          info->home.slot);
            }

            total++;
        }
    }
}
