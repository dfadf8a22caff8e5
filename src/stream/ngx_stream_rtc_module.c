
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The rtc directive of a stream server: its checks, the session of a media
 * transport from nginx's side, variables.  The media itself is in net.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_stream.h>
#include <nginx.h>

#include "ngx_rtc.h"
#include "ngx_rtc_directory.h"
#include "ngx_rtc_net.h"
#include "ngx_rtc_transport.h"


typedef struct {
    ngx_flag_t                     enable;
} ngx_stream_rtc_srv_conf_t;


/* an address that some server listens on, whatever nginx calls it */

typedef struct {
    struct sockaddr               *sockaddr;
    ngx_str_t                      addr_text;
    ngx_stream_core_srv_conf_t    *cscf;
    in_port_t                      port;
    unsigned                       rtc:1;
    unsigned                       udp:1;
    unsigned                       reuseport:1;
    unsigned                       wildcard:1;
} ngx_stream_rtc_listen_t;


static void ngx_stream_rtc_handler(ngx_stream_session_t *s);
static void ngx_stream_rtc_event_handler(ngx_event_t *ev);
static u_char *ngx_stream_rtc_log_error(ngx_log_t *log, u_char *buf,
    size_t len);

static ngx_int_t ngx_stream_rtc_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);

static ngx_int_t ngx_stream_rtc_add_variables(ngx_conf_t *cf);
static void *ngx_stream_rtc_create_srv_conf(ngx_conf_t *cf);
static char *ngx_stream_rtc(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

static ngx_int_t ngx_stream_rtc_init(ngx_conf_t *cf);
static ngx_array_t *ngx_stream_rtc_listens(ngx_conf_t *cf);
static ngx_stream_rtc_listen_t *ngx_stream_rtc_add_listen(ngx_array_t *a,
    struct sockaddr *sockaddr, ngx_str_t *addr_text,
    ngx_stream_core_srv_conf_t *cscf);
static ngx_int_t ngx_stream_rtc_check_listens(ngx_conf_t *cf,
    ngx_array_t *listens);
static ngx_uint_t ngx_stream_rtc_same_host(ngx_stream_rtc_listen_t *a,
    ngx_stream_rtc_listen_t *b);
static ngx_uint_t ngx_stream_rtc_match(ngx_listening_t *ls);

static ngx_int_t ngx_stream_rtc_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_stream_rtc_init_process(ngx_cycle_t *cycle);
static void ngx_stream_rtc_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  ngx_stream_rtc_commands[] = {

    { ngx_string("rtc"),
      NGX_STREAM_SRV_CONF|NGX_CONF_NOARGS,
      ngx_stream_rtc,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_rtc_module_ctx = {
    ngx_stream_rtc_add_variables,          /* preconfiguration */
    ngx_stream_rtc_init,                   /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_stream_rtc_create_srv_conf,        /* create server configuration */
    NULL                                   /* merge server configuration */
};


ngx_module_t  ngx_stream_rtc_module = {
    NGX_MODULE_V1,
    &ngx_stream_rtc_module_ctx,            /* module context */
    ngx_stream_rtc_commands,               /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    ngx_stream_rtc_init_module,            /* init module */
    ngx_stream_rtc_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_stream_rtc_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


enum {
    NGX_STREAM_RTC_ROOM = 0,
    NGX_STREAM_RTC_USER,
    NGX_STREAM_RTC_ROLE,
    NGX_STREAM_RTC_SESSION,
    NGX_STREAM_RTC_PARTICIPANTS,
    NGX_STREAM_RTC_CLOSE_REASON,
    NGX_STREAM_RTC_BYTES_SENT,
    NGX_STREAM_RTC_BYTES_RECEIVED,
    NGX_STREAM_RTC_PACKETS_LOST,
    NGX_STREAM_RTC_RTT,
    NGX_STREAM_RTC_ICE_STATE
};


static ngx_stream_variable_t  ngx_stream_rtc_vars[] = {

    { ngx_string("rtc_room"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_ROOM, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_user"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_USER, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_role"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_ROLE, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_session"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_SESSION, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_participants"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_PARTICIPANTS, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_close_reason"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_CLOSE_REASON, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_bytes_sent"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_BYTES_SENT, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_bytes_received"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_BYTES_RECEIVED, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_packets_lost"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_PACKETS_LOST, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_rtt"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_RTT, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("rtc_ice_state"), NULL, ngx_stream_rtc_variable,
      NGX_STREAM_RTC_ICE_STATE, NGX_STREAM_VAR_NOCACHEABLE, 0 },

      ngx_stream_null_variable
};


static ngx_str_t  ngx_stream_rtc_states[] = {
    ngx_string("new"),
    ngx_string("connecting"),
    ngx_string("connected"),
    ngx_string("disconnected"),
    ngx_string("failed"),
    ngx_string("closed")
};


/* the phases have let the peer in: its transport may go on */

static void
ngx_stream_rtc_handler(ngx_stream_session_t *s)
{
    ngx_connection_t  *c;

    c = s->connection;

    if (ngx_rtc_transport_by_connection(c) == NULL) {

        /* it has gone while some phase was waiting */

        ngx_stream_finalize_session(s, NGX_STREAM_OK);
        return;
    }

    s->log_handler = ngx_stream_rtc_log_error;
    c->log->action = "exchanging media";

    c->read->handler = ngx_stream_rtc_event_handler;
    c->write->handler = ngx_stream_rtc_event_handler;

    ngx_rtc_transport_access(c, 1);
}


/* the transport ends (eof), or nginx wants the session to (close) */

static void
ngx_stream_rtc_event_handler(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_rtc_transport_t        *t;
    ngx_stream_session_t       *s;
    ngx_rtc_transport_stats_t   st;

    c = ev->data;
    s = c->data;

    if (!c->read->eof && !c->close) {
        return;
    }

    t = ngx_rtc_transport_by_connection(c);

    if (t) {
        ngx_rtc_transport_stats(t, &st);

        s->received = st.bytes_received;
        c->sent = st.bytes_sent;
    }

    ngx_stream_finalize_session(s, NGX_STREAM_OK);
}


static u_char *
ngx_stream_rtc_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                *p;
    ngx_rtc_transport_t   *t;
    ngx_stream_session_t  *s;

    s = log->data;

    t = ngx_rtc_transport_by_connection(s->connection);

    if (t == NULL) {
        return buf;
    }

    p = ngx_snprintf(buf, len, ", room: \"%V\", user: \"%V\"",
                     ngx_rtc_transport_room(t), ngx_rtc_transport_user(t));

    return p;
}


static ngx_int_t
ngx_stream_rtc_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    u_char                     *p;
    ngx_str_t                   text;
    const char                 *name;
    ngx_rtc_room_info_t         info;
    ngx_rtc_transport_t        *t;
    ngx_rtc_transport_stats_t   st;

    t = ngx_rtc_transport_by_connection(s->connection);

    if (t == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_rtc_transport_stats(t, &st);

    name = NULL;

    switch (data) {

    case NGX_STREAM_RTC_ROLE:
        name = ngx_rtc_transport_role(t);
        v->not_found = (name == NULL);
        break;

    case NGX_STREAM_RTC_CLOSE_REASON:
        name = ngx_rtc_transport_reason(s->connection);
        v->not_found = (name == NULL);
        break;

    case NGX_STREAM_RTC_PARTICIPANTS:
        v->not_found = (ngx_rtc_room_info(ngx_rtc_transport_room(t), &info)
                        != NGX_OK);
        break;

    case NGX_STREAM_RTC_RTT:
        v->not_found = (st.rtt == 0);
        break;

    default:
        v->not_found = 0;
    }

    if (v->not_found) {
        return NGX_OK;
    }

    switch (data) {

    case NGX_STREAM_RTC_ROLE:
    case NGX_STREAM_RTC_CLOSE_REASON:
        text.data = (u_char *) name;
        text.len = ngx_strlen(name);
        break;

    case NGX_STREAM_RTC_SESSION:
        text = *ngx_rtc_transport_session(t);
        break;

    case NGX_STREAM_RTC_ROOM:
        text = *ngx_rtc_transport_room(t);
        break;

    case NGX_STREAM_RTC_USER:
        text = *ngx_rtc_transport_user(t);
        break;

    case NGX_STREAM_RTC_ICE_STATE:
        text = ngx_stream_rtc_states[st.state];
        break;

    default:

        p = ngx_pnalloc(s->connection->pool, NGX_INT64_LEN + 4);
        if (p == NULL) {
            return NGX_ERROR;
        }

        text.data = p;

        switch (data) {

        case NGX_STREAM_RTC_PARTICIPANTS:
            p = ngx_sprintf(p, "%uD", info.participants);
            break;

        case NGX_STREAM_RTC_BYTES_SENT:
            p = ngx_sprintf(p, "%uL", st.bytes_sent);
            break;

        case NGX_STREAM_RTC_BYTES_RECEIVED:
            p = ngx_sprintf(p, "%uL", st.bytes_received);
            break;

        case NGX_STREAM_RTC_PACKETS_LOST:
            p = ngx_sprintf(p, "%uL", st.lost);
            break;

        default: /* NGX_STREAM_RTC_RTT, as $request_time: in seconds */
            p = ngx_sprintf(p, "%L.%03L", st.rtt / 1000000,
                            st.rtt / 1000 % 1000);
        }

        text.len = p - text.data;
    }

    v->data = text.data;
    v->len = text.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_rtc_add_variables(ngx_conf_t *cf)
{
    ngx_stream_variable_t  *var, *v;

    for (v = ngx_stream_rtc_vars; v->name.len; v++) {
        var = ngx_stream_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void *
ngx_stream_rtc_create_srv_conf(ngx_conf_t *cf)
{
    ngx_stream_rtc_srv_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_rtc_srv_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->enable = 0;
     */

    return conf;
}


static char *
ngx_stream_rtc(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_rtc_srv_conf_t *rscf = conf;

    ngx_rtc_conf_t              *rcf;
    ngx_stream_core_srv_conf_t  *cscf;

    if (rscf->enable) {
        return "is duplicate";
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler) {
        return "cannot stand in one server with \"proxy_pass\", \"return\" "
               "or \"pass\"";
    }

    rscf->enable = 1;
    cscf->handler = ngx_stream_rtc_handler;

    /* the rtc{} block may follow: core looks when everything is read */

    rcf = ngx_rtc_get_conf(cf->cycle);

    if (rcf) {
        ngx_str_set(&rcf->needed_by, "rtc");
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_rtc_init(ngx_conf_t *cf)
{
    ngx_uint_t                     i;
    ngx_array_t                   *listens;
    ngx_stream_rtc_srv_conf_t     *rscf;
    ngx_stream_core_srv_conf_t   **cscfp;
    ngx_stream_core_main_conf_t   *cmcf;

    ngx_rtc_listen_match = ngx_stream_rtc_match;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    cscfp = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {
        rscf = cscfp[i]->ctx->srv_conf[ngx_stream_rtc_module.ctx_index];

        if (rscf->enable && cscfp[i]->handler != ngx_stream_rtc_handler) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"rtc\" directive cannot stand in one server with "
                          "\"proxy_pass\", \"return\" or \"pass\" in %s:%ui",
                          cscfp[i]->file_name, cscfp[i]->line);
            return NGX_ERROR;
        }
    }

    listens = ngx_stream_rtc_listens(cf);
    if (listens == NULL) {
        return NGX_ERROR;
    }

    return ngx_stream_rtc_check_listens(cf, listens);
}


#if (nginx_version >= 1025005)

static ngx_array_t *
ngx_stream_rtc_listens(ngx_conf_t *cf)
{
    ngx_uint_t                    i, j, k;
    ngx_array_t                  *a;
    ngx_stream_conf_addr_t       *addr;
    ngx_stream_conf_port_t       *port;
    ngx_stream_rtc_listen_t      *l;
    ngx_stream_rtc_srv_conf_t    *rscf;
    ngx_stream_core_srv_conf_t  **cscfp;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    a = ngx_array_create(cf->temp_pool, 4, sizeof(ngx_stream_rtc_listen_t));

    if (a == NULL || cmcf->ports == NULL) {
        return a;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (j = 0; j < port[i].addrs.nelts; j++) {

            l = ngx_stream_rtc_add_listen(a, addr[j].opt.sockaddr,
                                          &addr[j].opt.addr_text,
                                          addr[j].default_server);
            if (l == NULL) {
                return NULL;
            }

            l->udp = (addr[j].opt.type == SOCK_DGRAM);
            l->reuseport = addr[j].opt.reuseport;
            l->wildcard = addr[j].opt.wildcard;

            /* there are no names in datagrams to choose a server by */

            cscfp = addr[j].servers.elts;

            for (k = 0; k < addr[j].servers.nelts; k++) {
                rscf = cscfp[k]->ctx->srv_conf[
                                             ngx_stream_rtc_module.ctx_index];

                if (rscf->enable != l->rtc) {
                    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                                  "server with \"rtc\" directive shares "
                                  "\"listen %V\" with another in %s:%ui",
                                  &l->addr_text, cscfp[k]->file_name,
                                  cscfp[k]->line);
                    return NULL;
                }
            }
        }
    }

    return a;
}

#else

static ngx_array_t *
ngx_stream_rtc_listens(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_array_t                  *a;
    ngx_stream_listen_t          *listen;
    ngx_stream_rtc_listen_t      *l;
    ngx_stream_core_srv_conf_t   *cscf;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    a = ngx_array_create(cf->temp_pool, 4, sizeof(ngx_stream_rtc_listen_t));
    if (a == NULL) {
        return NULL;
    }

    listen = cmcf->listen.elts;

    for (i = 0; i < cmcf->listen.nelts; i++) {

        cscf = listen[i].ctx->srv_conf[ngx_stream_core_module.ctx_index];

        l = ngx_stream_rtc_add_listen(a, listen[i].sockaddr,
                                      &listen[i].addr_text, cscf);
        if (l == NULL) {
            return NULL;
        }

        l->udp = (listen[i].type == SOCK_DGRAM);
        l->reuseport = listen[i].reuseport;
        l->wildcard = listen[i].wildcard;
    }

    return a;
}

#endif


static ngx_stream_rtc_listen_t *
ngx_stream_rtc_add_listen(ngx_array_t *a, struct sockaddr *sockaddr,
    ngx_str_t *addr_text, ngx_stream_core_srv_conf_t *cscf)
{
    ngx_stream_rtc_listen_t    *l;
    ngx_stream_rtc_srv_conf_t  *rscf;

    l = ngx_array_push(a);
    if (l == NULL) {
        return NULL;
    }

    ngx_memzero(l, sizeof(ngx_stream_rtc_listen_t));

    rscf = cscf->ctx->srv_conf[ngx_stream_rtc_module.ctx_index];

    l->sockaddr = sockaddr;
    l->addr_text = *addr_text;
    l->cscf = cscf;
    l->port = ngx_inet_get_port(sockaddr);
    l->rtc = rscf->enable ? 1 : 0;

    return l;
}


static ngx_int_t
ngx_stream_rtc_check_listens(ngx_conf_t *cf, ngx_array_t *listens)
{
    ngx_uint_t                i, j, ports;
    ngx_rtc_conf_t           *rcf;
    ngx_stream_rtc_listen_t  *l, *o;

    rcf = ngx_rtc_get_conf(cf->cycle);

    l = listens->elts;

    for (i = 0; i < listens->nelts; i++) {

        if (!l[i].rtc) {
            continue;
        }

        if (l[i].sockaddr->sa_family != AF_INET
            && l[i].sockaddr->sa_family != AF_INET6)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"rtc\" directive needs \"listen\" on an internet "
                          "address, not \"%V\" in %s:%ui", &l[i].addr_text,
                          l[i].cscf->file_name, l[i].cscf->line);
            return NGX_ERROR;
        }

        if (!l[i].udp) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"rtc\" directive needs \"udp\" parameter of "
                          "\"listen %V\" in %s:%ui: ICE over TCP is not "
                          "supported", &l[i].addr_text,
                          l[i].cscf->file_name, l[i].cscf->line);
            return NGX_ERROR;
        }

        ports = 0;

        for (j = 0; j < listens->nelts; j++) {
            o = &l[j];

            if (!o->udp
                || o->sockaddr->sa_family != l[i].sockaddr->sa_family)
            {
                continue;
            }

            if (!o->rtc) {

                /* nginx makes one socket of a port's addresses */

                if (o->port == l[i].port && (o->wildcard || l[i].wildcard)) {
                    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                                  "\"listen %V\" of a server with \"rtc\" "
                                  "directive in %s:%ui overlaps \"listen %V\" "
                                  "of a server without it in %s:%ui",
                                  &l[i].addr_text, l[i].cscf->file_name,
                                  l[i].cscf->line, &o->addr_text,
                                  o->cscf->file_name, o->cscf->line);
                    return NGX_ERROR;
                }

                continue;
            }

            if (!ngx_stream_rtc_same_host(o, &l[i])) {
                continue;
            }

            if (!o->reuseport) {
                ports++;
            }

            if (o->reuseport && l[i].reuseport
                && o->port == l[i].port + 1)
            {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "\"reuseport\" parameter of \"listen %V\" on a "
                              "range of ports with \"rtc\" directive in "
                              "%s:%ui: each port of a range belongs to one "
                              "worker", &l[i].addr_text,
                              l[i].cscf->file_name, l[i].cscf->line);
                return NGX_ERROR;
            }
        }

        if (rcf == NULL) {
            continue;
        }

        rcf->listeners++;

        /* how many workers there will be isn't known yet: core looks later */

        if (!l[i].reuseport && ports == 1) {
            rcf->listen_alone = l[i].addr_text;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_rtc_same_host(ngx_stream_rtc_listen_t *a,
    ngx_stream_rtc_listen_t *b)
{
    return ngx_cmp_sockaddr(a->sockaddr,
                            (a->sockaddr->sa_family == AF_INET6)
                            ? sizeof(struct sockaddr_in6)
                            : sizeof(struct sockaddr_in),
                            b->sockaddr,
                            (b->sockaddr->sa_family == AF_INET6)
                            ? sizeof(struct sockaddr_in6)
                            : sizeof(struct sockaddr_in), 0)
           == NGX_OK;
}


/* is it a UDP listener of ours; servers that share one are all or none */

static ngx_uint_t
ngx_stream_rtc_match(ngx_listening_t *ls)
{
    ngx_stream_port_t          *port;
    ngx_stream_conf_ctx_t      *ctx;
    ngx_stream_in_addr_t       *addr;
    ngx_stream_in6_addr_t      *addr6;
    ngx_stream_addr_conf_t     *conf;
    ngx_stream_rtc_srv_conf_t  *rscf;

    if (ls->handler != ngx_stream_init_connection || ls->type != SOCK_DGRAM) {
        return 0;
    }

    port = ls->servers;

    switch (ls->sockaddr->sa_family) {

    case AF_INET6:
        addr6 = port->addrs;
        conf = &addr6[0].conf;
        break;

    case AF_INET:
        addr = port->addrs;
        conf = &addr[0].conf;
        break;

    default:
        return 0;
    }

#if (nginx_version >= 1025005)
    ctx = conf->default_server->ctx;
#else
    ctx = conf->ctx;
#endif

    rscf = ctx->srv_conf[ngx_stream_rtc_module.ctx_index];

    return rscf->enable;
}


static ngx_int_t
ngx_stream_rtc_init_module(ngx_cycle_t *cycle)
{
    /* without any listener, too: those of before are to be closed */

    if (ngx_rtc_listen_match && !ngx_test_config) {
        ngx_rtc_socket_prepare(cycle);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_rtc_init_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    if (ngx_rtc_conf == NULL || ngx_rtc_conf->listeners == 0) {
        return NGX_OK;
    }

    return ngx_rtc_net_init(cycle);
}


static void
ngx_stream_rtc_exit_process(ngx_cycle_t *cycle)
{
    ngx_rtc_net_exit(cycle);
}
