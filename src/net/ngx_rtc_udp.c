
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The send batch of a socket: a ring of packets that is flushed by
 * sendmmsg() at the end of the event loop turn, and earlier when it is long.
 * Packets leave in the order in which they came, or not at all.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"


#define NGX_RTC_UDP_PACKETS   256      /* a power of two */
#define NGX_RTC_UDP_BATCH     64

/* room for the source address and, one day, UDP_SEGMENT */
#define NGX_RTC_UDP_CONTROL                                                   \
    (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)))


struct ngx_rtc_batch_s {
    ngx_uint_t        head;            /* the first packet to send */
    ngx_uint_t        count;           /* packets to send */
    ngx_event_t       event;           /* flushes */
    unsigned          blocked:1;       /* until the socket is writable */

    struct mmsghdr    msgs[NGX_RTC_UDP_PACKETS];
    struct iovec      iovs[NGX_RTC_UDP_PACKETS];
    ngx_rtc_addr_t    names[NGX_RTC_UDP_PACKETS];
    u_char            controls[NGX_RTC_UDP_PACKETS][NGX_RTC_UDP_CONTROL]
                      __attribute__((aligned(8)));
    u_char            packets[NGX_RTC_UDP_PACKETS][NGX_RTC_UDP_SIZE]
                      __attribute__((aligned(16)));
};


static ngx_rtc_batch_t *ngx_rtc_udp_batch(ngx_rtc_socket_t *sock);
static void ngx_rtc_udp_source(struct msghdr *msg, ngx_rtc_addr_t *local);
static void ngx_rtc_udp_flush_handler(ngx_event_t *ev);
static ngx_uint_t ngx_rtc_udp_error(ngx_rtc_socket_t *sock, ngx_err_t err);
static void ngx_rtc_udp_block(ngx_rtc_socket_t *sock);
static void ngx_rtc_udp_writable(ngx_event_t *wev);


u_char *
ngx_rtc_udp_reserve(ngx_rtc_socket_t *sock)
{
    ngx_rtc_batch_t  *b;

    b = sock->batch;

    if (b == NULL) {
        b = ngx_rtc_udp_batch(sock);
        if (b == NULL) {
            return NULL;
        }
    }

    if (b->count == NGX_RTC_UDP_PACKETS) {
        ngx_rtc_udp_flush(sock);

        if (b->count == NGX_RTC_UDP_PACKETS) {
            ngx_rtc_count(datagrams_dropped);
            return NULL;
        }
    }

    return b->packets[(b->head + b->count) & (NGX_RTC_UDP_PACKETS - 1)];
}


/* local: the source; only needed where the socket is bound to none */

void
ngx_rtc_udp_commit(ngx_rtc_socket_t *sock, size_t len, ngx_rtc_addr_t *remote,
    ngx_rtc_addr_t *local)
{
    ngx_uint_t        n;
    struct msghdr    *msg;
    ngx_rtc_batch_t  *b;

    b = sock->batch;
    n = (b->head + b->count) & (NGX_RTC_UDP_PACKETS - 1);

    b->iovs[n].iov_len = len;
    b->names[n] = *remote;

    msg = &b->msgs[n].msg_hdr;

    msg->msg_namelen = ngx_rtc_addr_len(remote);
    msg->msg_control = NULL;
    msg->msg_controllen = 0;

    if (sock->wildcard) {
        msg->msg_control = b->controls[n];
        ngx_rtc_udp_source(msg, local);
    }

    b->count++;

    if (b->count >= NGX_RTC_UDP_BATCH && !b->blocked) {
        ngx_rtc_udp_flush(sock);
        return;
    }

    ngx_post_event(&b->event, &ngx_posted_events);
}


ngx_int_t
ngx_rtc_udp_send(ngx_rtc_socket_t *sock, u_char *p, size_t len,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local)
{
    u_char  *place;

    if (len > NGX_RTC_UDP_SIZE) {
        return NGX_ERROR;
    }

    place = ngx_rtc_udp_reserve(sock);
    if (place == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(place, p, len);

    ngx_rtc_udp_commit(sock, len, remote, local);

    return NGX_OK;
}


static ngx_rtc_batch_t *
ngx_rtc_udp_batch(ngx_rtc_socket_t *sock)
{
    ngx_uint_t        i;
    struct msghdr    *msg;
    ngx_rtc_batch_t  *b;

    b = ngx_calloc(sizeof(ngx_rtc_batch_t), ngx_cycle->log);
    if (b == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_RTC_UDP_PACKETS; i++) {
        b->iovs[i].iov_base = b->packets[i];

        msg = &b->msgs[i].msg_hdr;

        msg->msg_name = &b->names[i];
        msg->msg_iov = &b->iovs[i];
        msg->msg_iovlen = 1;
    }

    b->event.data = sock;
    b->event.handler = ngx_rtc_udp_flush_handler;
    b->event.log = ngx_cycle->log;

    sock->batch = b;

    return b;
}


static void
ngx_rtc_udp_source(struct msghdr *msg, ngx_rtc_addr_t *local)
{
    struct cmsghdr      *cmsg;
    struct in_pktinfo    pkt;
    struct in6_pktinfo   pkt6;

    if (local->sa.sa_family == AF_INET6) {

        msg->msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));

        cmsg = CMSG_FIRSTHDR(msg);
        cmsg->cmsg_level = IPPROTO_IPV6;
        cmsg->cmsg_type = IPV6_PKTINFO;
        cmsg->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));

        ngx_memzero(&pkt6, sizeof(struct in6_pktinfo));
        pkt6.ipi6_addr = local->sin6.sin6_addr;
        pkt6.ipi6_ifindex = local->sin6.sin6_scope_id;

        ngx_memcpy(CMSG_DATA(cmsg), &pkt6, sizeof(struct in6_pktinfo));

        return;
    }

    msg->msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));

    cmsg = CMSG_FIRSTHDR(msg);
    cmsg->cmsg_level = IPPROTO_IP;
    cmsg->cmsg_type = IP_PKTINFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));

    ngx_memzero(&pkt, sizeof(struct in_pktinfo));
    pkt.ipi_spec_dst = local->sin.sin_addr;

    ngx_memcpy(CMSG_DATA(cmsg), &pkt, sizeof(struct in_pktinfo));
}


static void
ngx_rtc_udp_flush_handler(ngx_event_t *ev)
{
    ngx_rtc_udp_flush(ev->data);
}


void
ngx_rtc_udp_flush(ngx_rtc_socket_t *sock)
{
    int               i, n;
    size_t            bytes;
    ngx_uint_t        count, again;
    ngx_rtc_batch_t  *b;

    b = sock->batch;

    if (b == NULL || b->blocked) {
        return;
    }

    if (sock->fd == (ngx_socket_t) -1) {

        /* a worker that leaves has got no socket to send by */

        ngx_rtc_count_n(datagrams_dropped, b->count);
        b->count = 0;

        return;
    }

    again = 0;

    while (b->count) {

        count = ngx_min(b->count, NGX_RTC_UDP_PACKETS - b->head);
        count = ngx_min(count, NGX_RTC_UDP_BATCH);

        n = sendmmsg(sock->fd, &b->msgs[b->head], count, 0);

        if (n > 0) {
            bytes = 0;

            for (i = 0; i < n; i++) {
                bytes += b->iovs[b->head + i].iov_len;
            }

            ngx_rtc_count_n(datagrams_sent, n);
            ngx_rtc_count_n(bytes_sent, bytes);

            b->head = (b->head + n) & (NGX_RTC_UDP_PACKETS - 1);
            b->count -= n;
            again = 0;

            continue;
        }

        /* the error is that of the first packet, nothing was sent */

        switch (ngx_rtc_udp_error(sock, ngx_socket_errno)) {

        case NGX_AGAIN:
            ngx_rtc_udp_block(sock);

            if (b->blocked) {
                return;
            }

            break;

        case NGX_OK:
            if (again++ < 2) {
                continue;
            }

            break;
        }

        /* this one can't be sent; those behind it may be to others */

        ngx_rtc_count(datagrams_dropped);

        b->head = (b->head + 1) & (NGX_RTC_UDP_PACKETS - 1);
        b->count--;
        again = 0;
    }
}


/* NGX_AGAIN: wait, NGX_OK: try it again, else: give the packet up */

static ngx_uint_t
ngx_rtc_udp_error(ngx_rtc_socket_t *sock, ngx_err_t err)
{
    switch (err) {

    case NGX_EAGAIN:
        return NGX_AGAIN;

    case NGX_EINTR:
        return NGX_OK;

    case NGX_ECONNREFUSED:

        /* an ICMP answer to something sent before; reading it cleared it */

        return NGX_OK;

    case ENOBUFS:
    case NGX_EPERM:                    /* a packet filter */
    case NGX_ENETUNREACH:
    case NGX_EHOSTUNREACH:
    case NGX_ENETDOWN:
    case EMSGSIZE:
    case EINVAL:
    case NGX_ENOPATH:
        ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ngx_cycle->log, err,
                       "rtc sendmmsg(%d) failed", sock->fd);
        return NGX_ABORT;

    default:
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                      "sendmmsg() from %V failed",
                      &sock->listening->addr_text);
        return NGX_ABORT;
    }
}


static void
ngx_rtc_udp_block(ngx_rtc_socket_t *sock)
{
    ngx_connection_t  *c;

    c = sock->reader ? sock->reader : sock->sender;

    if (c == NULL) {
        c = ngx_get_connection(sock->fd, ngx_cycle->log);
        if (c == NULL) {
            return;
        }

        c->log = ngx_cycle->log;
        c->read->log = c->log;
        c->write->log = c->log;
        c->read->channel = 1;

        sock->sender = c;
    }

    c->data = sock;
    c->write->handler = ngx_rtc_udp_writable;

    /* level-triggered, as the reading event of the same socket is */

    if (ngx_add_event(c->write, NGX_WRITE_EVENT, 0) != NGX_OK) {
        return;
    }

    sock->batch->blocked = 1;
}


static void
ngx_rtc_udp_writable(ngx_event_t *wev)
{
    ngx_connection_t  *c;
    ngx_rtc_socket_t  *sock;

    c = wev->data;
    sock = c->data;

    (void) ngx_del_event(wev, NGX_WRITE_EVENT, 0);

    sock->batch->blocked = 0;

    ngx_rtc_udp_flush(sock);
}


void
ngx_rtc_udp_detach(ngx_rtc_socket_t *sock)
{
    ngx_connection_t  *c;

    c = sock->reader ? sock->reader : sock->sender;

    if (c && c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    if (sock->batch) {
        sock->batch->blocked = 0;
    }

    c = sock->sender;

    if (c) {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;

        sock->sender = NULL;
    }
}


void
ngx_rtc_udp_free(ngx_rtc_socket_t *sock)
{
    ngx_rtc_batch_t  *b;

    b = sock->batch;

    if (b == NULL) {
        return;
    }

    if (b->event.posted) {
        ngx_delete_posted_event(&b->event);
    }

    ngx_free(b);
    sock->batch = NULL;
}
