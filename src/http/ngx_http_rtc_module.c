
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The http end of the module: directives of signaling and status locations,
 * variables, the checks that all kinds of sessions share.  The framings are
 * in files of their own.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_rtc.h"
#include "ngx_rtc_directory.h"


#define NGX_HTTP_RTC_MIN_MESSAGE  1024
#define NGX_HTTP_RTC_MAX_MESSAGE  (128 * 1024)


typedef ngx_str_t *(*ngx_http_rtc_text_pt)(ngx_rtc_session_t *s);


static ngx_int_t ngx_http_rtc_value(ngx_http_request_t *r,
    ngx_http_complex_value_t *cv, const char *directive, ngx_str_t *value);
static ngx_uint_t ngx_http_rtc_same_host(ngx_http_request_t *r,
    ngx_str_t *origin);
static ngx_uint_t ngx_http_rtc_is_role(ngx_str_t *role);

static ngx_int_t ngx_http_rtc_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_rtc_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_rtc_participants_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_rtc_reason_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

static void *ngx_http_rtc_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_rtc_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_rtc_handler_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_rtc_role(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_rtc_create(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_rtc_allow_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_rtc_timeout(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_rtc_message_size(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_rtc_send_queue(ngx_conf_t *cf, void *post, void *data);
static ngx_int_t ngx_http_rtc_init_process(ngx_cycle_t *cycle);
static void ngx_http_rtc_exit_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_rtc_creators[] = {
    { ngx_string("any"), NGX_RTC_CREATE_ANY },
    { ngx_string("token"), NGX_RTC_CREATE_TOKEN },
    { ngx_string("api"), NGX_RTC_CREATE_API },
    { ngx_null_string, 0 }
};


static ngx_conf_post_t  ngx_http_rtc_timeout_post = { ngx_http_rtc_timeout };
static ngx_conf_post_t  ngx_http_rtc_message_size_post =
    { ngx_http_rtc_message_size };
static ngx_conf_post_t  ngx_http_rtc_send_queue_post =
    { ngx_http_rtc_send_queue };


static ngx_command_t  ngx_http_rtc_commands[] = {

    { ngx_string("rtc_signaling"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_rtc_handler_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      ngx_http_rtc_websocket_handler },

    { ngx_string("rtc_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_rtc_handler_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      ngx_http_rtc_status_handler },

    { ngx_string("rtc_room"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, room),
      NULL },

    { ngx_string("rtc_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, user),
      NULL },

    { ngx_string("rtc_role"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_rtc_role,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, role),
      NULL },

    { ngx_string("rtc_create"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_rtc_create,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, create),
      &ngx_http_rtc_creators },

    { ngx_string("rtc_allow_origin"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_rtc_allow_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("rtc_message_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, message_size),
      &ngx_http_rtc_message_size_post },

    { ngx_string("rtc_send_queue"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, send_queue),
      &ngx_http_rtc_send_queue_post },

    { ngx_string("rtc_ping_interval"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, ping_interval),
      &ngx_http_rtc_timeout_post },

    { ngx_string("rtc_ping_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_rtc_loc_conf_t, ping_timeout),
      &ngx_http_rtc_timeout_post },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_rtc_module_ctx = {
    ngx_http_rtc_add_variables,            /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_rtc_create_loc_conf,          /* create location configuration */
    ngx_http_rtc_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_rtc_module = {
    NGX_MODULE_V1,
    &ngx_http_rtc_module_ctx,              /* module context */
    ngx_http_rtc_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_rtc_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_rtc_exit_process,             /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t  ngx_http_rtc_variables[] = {

    { ngx_string("rtc_session"), NULL, ngx_http_rtc_text_variable,
      offsetof(ngx_http_rtc_ctx_t, id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_room"), NULL, ngx_http_rtc_text_variable,
      offsetof(ngx_http_rtc_ctx_t, room), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_user"), NULL, ngx_http_rtc_text_variable,
      offsetof(ngx_http_rtc_ctx_t, user), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_role"), NULL, ngx_http_rtc_text_variable,
      offsetof(ngx_http_rtc_ctx_t, role), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_participants"), NULL,
      ngx_http_rtc_participants_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_close_reason"), NULL, ngx_http_rtc_reason_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_table_elt_t *
ngx_http_rtc_header(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash != 0
            && h[i].key.len == len
            && ngx_strncmp(h[i].lowcase_key, name, len) == 0)
        {
            return &h[i];
        }
    }
}


ngx_int_t
ngx_http_rtc_check_origin(ngx_http_request_t *r)
{
    ngx_str_t                *origin;
    ngx_uint_t                i;
    ngx_table_elt_t          *h;
    ngx_http_rtc_loc_conf_t  *rlcf;

    h = ngx_http_rtc_header(r, "origin");

    if (h == NULL) {
        return NGX_OK;
    }

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_rtc_module);

    if (rlcf->origins == NULL) {
        if (ngx_http_rtc_same_host(r, &h->value)) {
            return NGX_OK;
        }

    } else {
        origin = rlcf->origins->elts;

        for (i = 0; i < rlcf->origins->nelts; i++) {

            if ((origin[i].len == 1 && origin[i].data[0] == '*')
                || (origin[i].len == h->value.len
                    && ngx_strncasecmp(origin[i].data, h->value.data,
                                       h->value.len)
                       == 0))
            {
                return NGX_OK;
            }
        }
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "origin \"%V\" is not allowed, see \"rtc_allow_origin\"",
                  &h->value);

    return NGX_HTTP_FORBIDDEN;
}


static ngx_uint_t
ngx_http_rtc_same_host(ngx_http_request_t *r, ngx_str_t *origin)
{
    size_t   len;
    u_char  *p;

    /* RFC 6454, Section 7: scheme "://" host [ ":" port ] or "null" */

    p = ngx_strlcasestrn(origin->data, origin->data + origin->len,
                         (u_char *) "://", 3 - 1);
    if (p == NULL || r->headers_in.host == NULL) {
        return 0;
    }

    p += 3;
    len = origin->data + origin->len - p;

    return len == r->headers_in.host->value.len
           && ngx_strncasecmp(p, r->headers_in.host->value.data, len) == 0;
}


ngx_int_t
ngx_http_rtc_session_conf(ngx_http_request_t *r, ngx_rtc_session_conf_t *conf)
{
    u_char                   *p;
    ngx_connection_t         *c;
    ngx_http_rtc_loc_conf_t  *rlcf;

    c = r->connection;
    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_rtc_module);

    ngx_memzero(conf, sizeof(ngx_rtc_session_conf_t));

    if (ngx_http_rtc_value(r, rlcf->room, "rtc_room", &conf->room) != NGX_OK
        || ngx_http_rtc_value(r, rlcf->user, "rtc_user", &conf->user)
           != NGX_OK
        || ngx_http_rtc_value(r, rlcf->role, "rtc_role", &conf->role)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->role.len && !ngx_http_rtc_is_role(&conf->role)) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "\"rtc_role\" evaluated to \"%V\", it must be "
                      "\"host\", \"participant\", \"viewer\", or empty",
                      &conf->role);
        return NGX_ERROR;
    }

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, NGX_SOCKADDR_STRLEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    conf->local_addr.data = p;
    conf->local_addr.len = ngx_sock_ntop(c->local_sockaddr, c->local_socklen,
                                         p, NGX_SOCKADDR_STRLEN, 0);
    conf->remote_addr = c->addr_text;
    conf->create = rlcf->create;
    conf->style = NGX_RTC_STYLE_NATIVE;
    conf->log = c->log;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_rtc_is_role(ngx_str_t *role)
{
    ngx_uint_t  i;

    static ngx_str_t  roles[] = {
        ngx_string("host"),
        ngx_string("participant"),
        ngx_string("viewer")
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (role->len == roles[i].len
            && ngx_strncmp(role->data, roles[i].data, role->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_rtc_value(ngx_http_request_t *r, ngx_http_complex_value_t *cv,
    const char *directive, ngx_str_t *value)
{
    if (cv == NULL) {
        ngx_str_null(value);
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, cv, value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value->len > NGX_RTC_ID_LEN
        || !ngx_rtc_utf8_text(value->data, value->len))
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"%s\" evaluated to more than %d bytes, or to text "
                      "that is not UTF-8 without control characters",
                      directive, NGX_RTC_ID_LEN);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_rtc_keep(ngx_http_request_t *r, ngx_http_rtc_ctx_t *ctx)
{
    ngx_str_t             *src;
    ngx_str_t             *dst;
    ngx_uint_t             i;

    static struct {
        size_t                offset;
        ngx_http_rtc_text_pt  text;
    } keep[] = {
        { offsetof(ngx_http_rtc_ctx_t, id), ngx_rtc_session_id },
        { offsetof(ngx_http_rtc_ctx_t, room), ngx_rtc_session_room },
        { offsetof(ngx_http_rtc_ctx_t, user), ngx_rtc_session_user },
        { offsetof(ngx_http_rtc_ctx_t, role), ngx_rtc_session_role }
    };

    if (ctx->session == NULL) {
        return;
    }

    for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
        src = keep[i].text(ctx->session);
        dst = (ngx_str_t *) ((u_char *) ctx + keep[i].offset);

        if (src->len == 0) {
            continue;
        }

        dst->data = ngx_pstrdup(r->pool, src);
        dst->len = dst->data ? src->len : 0;
    }
}


static ngx_int_t
ngx_http_rtc_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_rtc_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_rtc_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t           *s;
    ngx_http_rtc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_rtc_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    /* while the session lives the values may still come */

    ngx_http_rtc_keep(r->main, ctx);

    s = (ngx_str_t *) ((u_char *) ctx + data);

    if (s->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = s->len;
    v->data = s->data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_rtc_participants_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_rtc_room_info_t   info;
    ngx_http_rtc_ctx_t   *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_rtc_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_rtc_keep(r->main, ctx);

    if (ctx->room.len == 0
        || ngx_rtc_room_info(&ctx->room, &info) != NGX_OK)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = ngx_pnalloc(r->pool, NGX_INT32_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%uD", info.participants) - v->data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_rtc_reason_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_rtc_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_rtc_module);

    if (ctx == NULL || ctx->reason == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) ctx->reason;
    v->len = ngx_strlen(ctx->reason);
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


static void *
ngx_http_rtc_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_rtc_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_rtc_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->room = NULL;
     *     conf->user = NULL;
     *     conf->role = NULL;
     */

    conf->origins = NGX_CONF_UNSET_PTR;
    conf->create = NGX_CONF_UNSET_UINT;
    conf->message_size = NGX_CONF_UNSET_SIZE;
    conf->send_queue = NGX_CONF_UNSET_SIZE;
    conf->ping_interval = NGX_CONF_UNSET_MSEC;
    conf->ping_timeout = NGX_CONF_UNSET_MSEC;

    return conf;
}


static char *
ngx_http_rtc_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_rtc_loc_conf_t *prev = parent;
    ngx_http_rtc_loc_conf_t *conf = child;

    if (conf->room == NULL) {
        conf->room = prev->room;
    }

    if (conf->user == NULL) {
        conf->user = prev->user;
    }

    if (conf->role == NULL) {
        conf->role = prev->role;
    }

    ngx_conf_merge_ptr_value(conf->origins, prev->origins, NULL);
    ngx_conf_merge_uint_value(conf->create, prev->create,
                              NGX_RTC_CREATE_ANY);
    ngx_conf_merge_size_value(conf->message_size, prev->message_size,
                              64 * 1024);
    ngx_conf_merge_size_value(conf->send_queue, prev->send_queue,
                              1024 * 1024);
    ngx_conf_merge_msec_value(conf->ping_interval, prev->ping_interval,
                              25000);
    ngx_conf_merge_msec_value(conf->ping_timeout, prev->ping_timeout, 20000);

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_handler_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    ngx_rtc_need(cf, &cmd->name);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL) {
        return "duplicates the handler of the location";
    }

    clcf->handler = (ngx_http_handler_pt) cmd->post;

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_role(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                      *rv;
    ngx_str_t                 *value;
    ngx_http_complex_value_t  *cv;
    ngx_http_rtc_loc_conf_t   *rlcf = conf;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    cv = rlcf->role;
    value = cf->args->elts;

    if (cv->lengths == NULL && cv->value.len
        && !ngx_http_rtc_is_role(&cv->value))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be \"host\", \"participant\", "
                           "\"viewer\", or empty", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_create(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_rtc_loc_conf_t *rlcf = conf;

    ngx_str_t        *value;
    ngx_conf_enum_t  *e;

    if (rlcf->create != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (e = cmd->post; e->name.len; e++) {
        if (e->name.len == value[1].len
            && ngx_strcmp(e->name.data, value[1].data) == 0)
        {
            rlcf->create = e->value;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive, "
                       "it must be \"any\", \"token\", or \"api\"",
                       &value[1], &cmd->name);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_rtc_allow_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_rtc_loc_conf_t *rlcf = conf;

    u_char      *p;
    ngx_str_t   *value, *origin;
    ngx_uint_t   i;

    if (rlcf->origins == NGX_CONF_UNSET_PTR) {
        rlcf->origins = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
        if (rlcf->origins == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len != 1 || value[i].data[0] != '*') {

            /* an origin has no path: https://app.example.com[:port] */

            p = (u_char *) ngx_strstr(value[i].data, "://");

            if (p == NULL || p == value[i].data || p[3] == '\0'
                || ngx_strchr(p + 3, '/') != NULL)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid value \"%V\" in \"%V\" "
                                   "directive, it must be an origin like "
                                   "https://app.example.com, or *",
                                   &value[i], &cmd->name);
                return NGX_CONF_ERROR;
            }
        }

        origin = ngx_array_push(rlcf->origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = value[i];
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *msec = data;

    if (*msec < 100) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be 100ms at least",
                           &((ngx_str_t *) cf->args->elts)[1],
                           &((ngx_str_t *) cf->args->elts)[0]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_message_size(ngx_conf_t *cf, void *post, void *data)
{
    size_t *size = data;

    if (*size < NGX_HTTP_RTC_MIN_MESSAGE || *size > NGX_HTTP_RTC_MAX_MESSAGE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"rtc_message_size\" "
                           "directive, it must be between 1k and 128k",
                           &((ngx_str_t *) cf->args->elts)[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_rtc_send_queue(ngx_conf_t *cf, void *post, void *data)
{
    size_t *size = data;

    if (*size < NGX_HTTP_RTC_MAX_MESSAGE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"rtc_send_queue\" "
                           "directive, it must be 128k at least",
                           &((ngx_str_t *) cf->args->elts)[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_rtc_init_process(ngx_cycle_t *cycle)
{
    if ((ngx_process != NGX_PROCESS_WORKER
         && ngx_process != NGX_PROCESS_SINGLE)
        || ngx_rtc_get_conf(cycle) == NULL)
    {
        return NGX_OK;
    }

    return ngx_rtc_signal_init(cycle);
}


static void
ngx_http_rtc_exit_process(ngx_cycle_t *cycle)
{
    if ((ngx_process != NGX_PROCESS_WORKER
         && ngx_process != NGX_PROCESS_SINGLE)
        || ngx_rtc_get_conf(cycle) == NULL)
    {
        return;
    }

    ngx_rtc_signal_exit(cycle);
}
