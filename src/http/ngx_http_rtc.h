
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the files of the http end share: the location's configuration and
 * the context of a request that is a session.
 */


#ifndef _NGX_HTTP_RTC_H_INCLUDED_
#define _NGX_HTTP_RTC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_rtc.h"
#include "ngx_rtc_session.h"


typedef struct {
    ngx_http_complex_value_t   *room;
    ngx_http_complex_value_t   *user;
    ngx_http_complex_value_t   *role;
    ngx_array_t                *origins;   /* ngx_str_t; NULL: the page's
                                              own origin only */
    ngx_uint_t                  create;    /* NGX_RTC_CREATE_* */
    size_t                      message_size;
    size_t                      send_queue;
    ngx_msec_t                  ping_interval;
    ngx_msec_t                  ping_timeout;
} ngx_http_rtc_loc_conf_t;


/* kept in the request's pool, so that the access log still has it */

typedef struct {
    ngx_rtc_session_t          *session;   /* NULL: ended */
    ngx_str_t                   id;
    ngx_str_t                   room;
    ngx_str_t                   user;
    ngx_str_t                   role;
    const char                 *reason;    /* why it was closed */
    void                       *ws;        /* the WebSocket end */
} ngx_http_rtc_ctx_t;


ngx_int_t ngx_http_rtc_websocket_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_rtc_status_handler(ngx_http_request_t *r);

/* NGX_OK, or NGX_HTTP_FORBIDDEN: the Origin header names another site */
ngx_int_t ngx_http_rtc_check_origin(ngx_http_request_t *r);

/* the first header of that name, or NULL; name in lower case */
ngx_table_elt_t *ngx_http_rtc_header(ngx_http_request_t *r, const char *name);

/* what nginx decided of the session: rtc_room and the like; texts live in
   the request's pool */
ngx_int_t ngx_http_rtc_session_conf(ngx_http_request_t *r,
    ngx_rtc_session_conf_t *conf);

/* the session is about to end: keeps what the log's variables tell */
void ngx_http_rtc_keep(ngx_http_request_t *r, ngx_http_rtc_ctx_t *ctx);


extern ngx_module_t  ngx_http_rtc_module;


#endif /* _NGX_HTTP_RTC_H_INCLUDED_ */
