
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The stream session of a transport: a connection made of a datagram, as
 * nginx's own UDP path makes it, so that phases, variables, limits and the
 * access log of stream servers work on media.
 *
 * A session belongs to the host (address without port) that its first
 * datagram came from.  When ICE nominates a path of another host, that one
 * gets a session of its own, and if access is granted to it the transport
 * moves there and the session of before ends.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"


static ngx_connection_t *ngx_rtc_access_connection(ngx_rtc_datagram_t *dg);
static void ngx_rtc_access_free(ngx_connection_t *c);
static void ngx_rtc_access_cleanup(void *data);
static ngx_rtc_access_t *ngx_rtc_access_of(ngx_connection_t *c);
static ssize_t ngx_rtc_access_recv(ngx_connection_t *c, u_char *buf,
    size_t size);
static ssize_t ngx_rtc_access_send(ngx_connection_t *c, u_char *buf,
    size_t size);
static ngx_chain_t *ngx_rtc_access_send_chain(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);


ngx_int_t
ngx_rtc_access_open(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg)
{
    ngx_connection_t    *c;
    ngx_rtc_access_t    *st;
    ngx_pool_cleanup_t  *cln;

    if (t->opening) {
        return NGX_AGAIN;
    }

    c = ngx_rtc_access_connection(dg);
    if (c == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(c->pool, 0);
    if (cln == NULL) {
        ngx_rtc_access_free(c);
        return NGX_ERROR;
    }

    /* it is looked at after the pool is gone */

    st = ngx_calloc(sizeof(ngx_rtc_access_t), c->log);
    if (st == NULL) {
        ngx_rtc_access_free(c);
        return NGX_ERROR;
    }

    cln->handler = ngx_rtc_access_cleanup;
    cln->data = st;

    st->transport = t;
    st->connection = c;
    st->remote = dg->remote;

    t->opening = st;

    c->listening->handler(c);

    /* the session may be over, and st freed with it, by now */

    if (t->opening) {
        return NGX_AGAIN;
    }

    return (t->stream == st) ? NGX_OK : NGX_DECLINED;
}


void
ngx_rtc_transport_access(ngx_connection_t *c, ngx_uint_t granted)
{
    ngx_rtc_access_t     *st, *old;
    ngx_rtc_transport_t  *t;

    st = ngx_rtc_access_of(c);

    if (st == NULL || st->transport == NULL) {
        return;
    }

    t = st->transport;

    if (!granted) {

        /* the session says that it ends; its cleanup tells the rest */

        return;
    }

    if (t->opening != st) {
        return;
    }

    old = t->stream;

    t->stream = st;
    t->opening = NULL;

    if (old) {
        old->reason = "moved";
        ngx_rtc_access_close(old);
    }
}


/* ends the session: its read handler is the stream module's by then */

void
ngx_rtc_access_close(ngx_rtc_access_t *st)
{
    ngx_connection_t     *c;
    ngx_rtc_transport_t  *t;

    c = st->connection;
    t = st->transport;

    if (t && t->opening == st) {

        /* some phase waits; its content handler will find no transport */

        t->opening = NULL;
        st->transport = NULL;

        return;
    }

    c->read->eof = 1;
    c->read->handler(c->read);
}


static void
ngx_rtc_access_cleanup(void *data)
{
    ngx_rtc_access_t *st = data;

    ngx_rtc_transport_t  *t;

    t = st->transport;

    if (t) {

        if (t->opening == st) {
            t->opening = NULL;

        } else if (t->stream == st) {

            /* not by us: nginx ends the session, and so the transport */

            t->stream = NULL;
            ngx_rtc_transport_ended(t);
        }
    }

    ngx_free(st);
}


static ngx_rtc_access_t *
ngx_rtc_access_of(ngx_connection_t *c)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = c->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_rtc_access_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_rtc_transport_t *
ngx_rtc_transport_by_connection(ngx_connection_t *c)
{
    ngx_rtc_access_t  *st;

    st = ngx_rtc_access_of(c);

    return st ? st->transport : NULL;
}


const char *
ngx_rtc_transport_reason(ngx_connection_t *c)
{
    ngx_rtc_access_t     *st;
    ngx_rtc_transport_t  *t;

    st = ngx_rtc_access_of(c);

    if (st == NULL || st->transport == NULL) {
        return NULL;
    }

    if (st->reason) {
        return st->reason;
    }

    t = st->transport;

    if (t->opening == st) {
        return "access denied";
    }

    if (t->reason == NULL && c->close) {
        return "shutdown";
    }

    return t->reason;
}


static ngx_connection_t *
ngx_rtc_access_connection(ngx_rtc_datagram_t *dg)
{
    ngx_log_t         *log;
    ngx_event_t       *rev, *wev;
    ngx_listening_t   *ls;
    ngx_connection_t  *c;
    ngx_rtc_socket_t  *sock;

    sock = dg->sock;
    ls = sock->listening;

    if (sock->fd == (ngx_socket_t) -1) {

        /* nothing could be sent; and nginx takes -1 for a closed one */

        return NULL;
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_accepted, 1);
#endif

    /* the descriptor only stands for the socket: nothing is done with it */

    c = ngx_get_connection(sock->fd, ngx_cycle->log);
    if (c == NULL) {
        return NULL;
    }

    c->shared = 1;
    c->type = SOCK_DGRAM;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif

    c->pool = ngx_create_pool(ls->pool_size, ngx_cycle->log);
    if (c->pool == NULL) {
        ngx_rtc_access_free(c);
        return NULL;
    }

    c->socklen = ngx_rtc_addr_len(&dg->remote);
    c->sockaddr = ngx_palloc(c->pool, sizeof(ngx_rtc_addr_t));
    c->local_socklen = ngx_rtc_addr_len(&dg->local);
    c->local_sockaddr = ngx_palloc(c->pool, sizeof(ngx_rtc_addr_t));

    log = ngx_palloc(c->pool, sizeof(ngx_log_t));

    if (c->sockaddr == NULL || c->local_sockaddr == NULL || log == NULL) {
        ngx_rtc_access_free(c);
        return NULL;
    }

    ngx_memcpy(c->sockaddr, &dg->remote, sizeof(ngx_rtc_addr_t));
    ngx_memcpy(c->local_sockaddr, &dg->local, sizeof(ngx_rtc_addr_t));

    *log = ls->log;

    log->data = NULL;
    log->handler = NULL;

    c->recv = ngx_rtc_access_recv;
    c->send = ngx_rtc_access_send;
    c->send_chain = ngx_rtc_access_send_chain;

    c->log = log;
    c->pool->log = log;
    c->listening = ls;

    rev = c->read;
    wev = c->write;

    rev->active = 1;
    wev->ready = 1;

    rev->log = log;
    wev->log = log;

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_handled, 1);
#endif

    c->addr_text.data = ngx_pnalloc(c->pool, ls->addr_text_max_len);
    if (c->addr_text.data == NULL) {
        ngx_rtc_access_free(c);
        return NULL;
    }

    c->addr_text.len = ngx_sock_ntop(c->sockaddr, c->socklen,
                                     c->addr_text.data,
                                     ls->addr_text_max_len, 0);
    if (c->addr_text.len == 0) {
        ngx_rtc_access_free(c);
        return NULL;
    }

    return c;
}


static void
ngx_rtc_access_free(ngx_connection_t *c)
{
    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;

    if (c->pool) {
        ngx_destroy_pool(c->pool);
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif
}


/* what a phase of the session might call: there is no stream of bytes */

static ssize_t
ngx_rtc_access_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    return NGX_AGAIN;
}


static ssize_t
ngx_rtc_access_send(ngx_connection_t *c, u_char *buf, size_t size)
{
    return NGX_ERROR;
}


static ngx_chain_t *
ngx_rtc_access_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    return NGX_CHAIN_ERROR;
}
