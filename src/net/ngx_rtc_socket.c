
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The addresses of listeners: their buffers and send-only sockets, made in
 * the master, and what a worker looks up of them.  Reading is done in
 * ngx_rtc_listen.c, sending in ngx_rtc_udp.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"


#define NGX_RTC_SOCKET_BUFFER    (4 * 1024 * 1024)


/* send-only sockets of the master, for all workers to come */

typedef struct {
    ngx_rtc_addr_t     local;
    ngx_socket_t       fd;
    ngx_uint_t         used;           /* unsigned  used:1; */
} ngx_rtc_send_only_t;


static void ngx_rtc_socket_buffers(ngx_cycle_t *cycle, ngx_listening_t *ls);
static void ngx_rtc_socket_buffer(ngx_cycle_t *cycle, ngx_listening_t *ls,
    int force, int option, const char *limit);
static void ngx_rtc_socket_prepare_sender(ngx_cycle_t *cycle,
    ngx_listening_t *ls);
static ngx_uint_t ngx_rtc_socket_address(ngx_rtc_socket_t *sock, int family,
    ngx_str_t *local, ngx_str_t *address);


ngx_rtc_listen_match_pt      ngx_rtc_listen_match;

ngx_rtc_socket_t            *ngx_rtc_sockets;
ngx_uint_t                   ngx_rtc_nsockets;

static ngx_rtc_send_only_t  *ngx_rtc_send_only;
static ngx_uint_t            ngx_rtc_nsend_only;


/* in the master, which may be root: never fails, the worker can do without */

void
ngx_rtc_socket_prepare(ngx_cycle_t *cycle)
{
    ngx_uint_t        i, n;
    ngx_listening_t  *ls;

    for (i = 0; i < ngx_rtc_nsend_only; i++) {
        ngx_rtc_send_only[i].used = 0;
    }

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ls[i].fd == (ngx_socket_t) -1 || !ngx_rtc_listen_match(&ls[i])) {
            continue;
        }

        ngx_rtc_socket_buffers(cycle, &ls[i]);

        if (ls[i].worker == 0) {
            ngx_rtc_socket_prepare_sender(cycle, &ls[i]);
        }
    }

    /* workers of before have their own copies of what is closed here */

    n = 0;

    for (i = 0; i < ngx_rtc_nsend_only; i++) {

        if (!ngx_rtc_send_only[i].used) {
            (void) ngx_close_socket(ngx_rtc_send_only[i].fd);
            continue;
        }

        ngx_rtc_send_only[n++] = ngx_rtc_send_only[i];
    }

    ngx_rtc_nsend_only = n;
}


static void
ngx_rtc_socket_buffers(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    /* the kernel's default holds less than a hundred video packets */

    if (ls->rcvbuf == -1) {
        ngx_rtc_socket_buffer(cycle, ls, SO_RCVBUFFORCE, SO_RCVBUF,
                              "net.core.rmem_max");
    }

    if (ls->sndbuf == -1) {
        ngx_rtc_socket_buffer(cycle, ls, SO_SNDBUFFORCE, SO_SNDBUF,
                              "net.core.wmem_max");
    }
}


/* only root may pass by the limit of the kernel, which is applied silently */

static void
ngx_rtc_socket_buffer(ngx_cycle_t *cycle, ngx_listening_t *ls, int force,
    int option, const char *limit)
{
    int        size, got;
    socklen_t  len;

    size = NGX_RTC_SOCKET_BUFFER;

    if (setsockopt(ls->fd, SOL_SOCKET, force, &size, sizeof(int)) == 0) {
        return;
    }

    if (setsockopt(ls->fd, SOL_SOCKET, option, &size, sizeof(int)) == -1) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_socket_errno,
                      "setting a socket buffer of %d bytes for %V failed, "
                      "ignored", size, &ls->addr_text);
        return;
    }

    len = sizeof(int);

    /* the kernel tells twice the size, for its own needs are in it */

    if (getsockopt(ls->fd, SOL_SOCKET, option, &got, &len) == 0
        && got / 2 < size)
    {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "the socket buffer of %V has %d bytes only: raise "
                      "%s to %d, or start nginx as root",
                      &ls->addr_text, got / 2, limit, size);
    }
}


static void
ngx_rtc_socket_prepare_sender(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    ngx_uint_t            i;
    ngx_socket_t          fd;
    ngx_rtc_addr_t        local;
    ngx_rtc_send_only_t  *so;

    ngx_rtc_addr_set(&local, ls->sockaddr);

    for (i = 0; i < ngx_rtc_nsend_only; i++) {

        if (ngx_rtc_addr_eq(&ngx_rtc_send_only[i].local, &local)) {
            ngx_rtc_send_only[i].used = 1;
            return;
        }
    }

    so = ngx_alloc((ngx_rtc_nsend_only + 1) * sizeof(ngx_rtc_send_only_t),
                   cycle->log);
    if (so == NULL) {
        return;
    }

    fd = ngx_rtc_socket_sender(ls, cycle->log);

    if (fd == (ngx_socket_t) -1) {
        ngx_free(so);
        return;
    }

    if (ngx_rtc_nsend_only) {
        ngx_memcpy(so, ngx_rtc_send_only,
                   ngx_rtc_nsend_only * sizeof(ngx_rtc_send_only_t));
        ngx_free(ngx_rtc_send_only);
    }

    so[ngx_rtc_nsend_only].local = local;
    so[ngx_rtc_nsend_only].fd = fd;
    so[ngx_rtc_nsend_only].used = 1;

    ngx_rtc_send_only = so;
    ngx_rtc_nsend_only++;
}


/*
 * A socket of the listener's address that receives nothing: it is connected
 * to a port of this host that nobody sends from.  An extra descriptor of the
 * listening socket itself would do to send, but keep that socket in its
 * reuseport group, and so swallow datagrams, when nobody reads it any more.
 */

ngx_socket_t
ngx_rtc_socket_sender(ngx_listening_t *ls, ngx_log_t *log)
{
    int             value;
    ngx_socket_t    fd;
    ngx_rtc_addr_t  dummy;

    fd = ngx_socket(ls->sockaddr->sa_family, SOCK_DGRAM, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      ngx_socket_n " for %V failed", &ls->addr_text);
        return fd;
    }

    value = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(int)) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      "setsockopt(SO_REUSEADDR) %V failed", &ls->addr_text);
        goto failed;
    }

    if (ls->sockaddr->sa_family == AF_INET6) {
        value = ls->ipv6only;

        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(int))
            == -1)
        {
            ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                          "setsockopt(IPV6_V6ONLY) %V failed",
                          &ls->addr_text);
            goto failed;
        }
    }

    if (ngx_nonblocking(fd) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      ngx_nonblocking_n " %V failed", &ls->addr_text);
        goto failed;
    }

    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "fcntl(FD_CLOEXEC) %V failed", &ls->addr_text);
        goto failed;
    }

    if (bind(fd, ls->sockaddr, ls->socklen) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      "bind() of a sending socket to %V failed",
                      &ls->addr_text);
        goto failed;
    }

    ngx_rtc_addr_set(&dummy, ls->sockaddr);

    if (dummy.sa.sa_family == AF_INET6) {

        if (ngx_rtc_addr_wildcard(&dummy)) {
            dummy.sin6.sin6_addr = in6addr_loopback;
        }

        dummy.sin6.sin6_port = htons(9);

    } else {

        if (ngx_rtc_addr_wildcard(&dummy)) {
            dummy.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }

        dummy.sin.sin_port = htons(9);
    }

    if (connect(fd, &dummy.sa, ngx_rtc_addr_len(&dummy)) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      "connect() of a sending socket of %V failed",
                      &ls->addr_text);
        goto failed;
    }

    value = NGX_RTC_SOCKET_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof(int))
        == -1)
    {
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(int));
    }

    return fd;

failed:

    (void) ngx_close_socket(fd);

    return (ngx_socket_t) -1;
}


ngx_rtc_socket_t *
ngx_rtc_socket_find(ngx_rtc_addr_t *local)
{
    ngx_uint_t         i;
    ngx_rtc_socket_t  *sock, *wildcard;

    wildcard = NULL;

    for (i = 0; i < ngx_rtc_nsockets; i++) {
        sock = &ngx_rtc_sockets[i];

        if (sock->local.sa.sa_family != local->sa.sa_family
            || ngx_rtc_addr_port(&sock->local) != ngx_rtc_addr_port(local))
        {
            continue;
        }

        if (sock->wildcard) {
            wildcard = sock;

        } else if (ngx_rtc_addr_host_eq(&sock->local, local)) {
            return sock;
        }
    }

    return wildcard;
}


ngx_uint_t
ngx_rtc_net_ready(void)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_rtc_nsockets; i++) {
        if (ngx_rtc_sockets[i].mine) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_rtc_socket_candidates(ngx_rtc_candidate_t *c, ngx_uint_t n,
    ngx_str_t *local, ngx_uint_t turn)
{
    int                families[2], family;
    ngx_str_t          address;
    ngx_uint_t         i, j, k, f, count, pick, found;
    ngx_rtc_socket_t  *sock;

    found = 0;

    families[0] = AF_INET6;
    families[1] = AF_INET;

    for (f = 0; f < 2; f++) {
        family = families[f];

        for (i = 0; i < ngx_rtc_nsockets && found < n; i++) {
            sock = &ngx_rtc_sockets[i];

            if (!sock->mine) {
                continue;
            }

            /* one of several ports of the same host: a transport each */

            count = 0;
            pick = 0;

            for (j = 0; j < ngx_rtc_nsockets; j++) {

                if (ngx_rtc_sockets[j].mine
                    && ngx_rtc_addr_host_eq(&ngx_rtc_sockets[j].local,
                                            &sock->local))
                {
                    if (j == i) {
                        pick = count;
                    }

                    count++;
                }
            }

            if (turn % count != pick) {
                continue;
            }

            if (!ngx_rtc_socket_address(sock, family, local, &address)) {
                continue;
            }

            c[found].port = ngx_rtc_addr_port(&sock->local);

            ngx_memcpy(c[found].address, address.data, address.len);
            c[found].address[address.len] = '\0';

            for (k = 0; k < found; k++) {
                if (c[k].port == c[found].port
                    && ngx_strcmp(c[k].address, c[found].address) == 0)
                {
                    break;
                }
            }

            if (k < found) {
                continue;
            }

            /* RFC 8445, 5.1.2.1: host candidates, IPv6 first */

            c[found].priority = (126u << 24) | ((65535u - found) << 8) | 255;
            c[found].tcp = 0;

            *ngx_sprintf(c[found].foundation, "%ui", found + 1) = '\0';

            found++;
        }
    }

    return found;
}


/* what a candidate of this socket says in a family; 0: nothing */

static ngx_uint_t
ngx_rtc_socket_address(ngx_rtc_socket_t *sock, int family, ngx_str_t *local,
    ngx_str_t *address)
{
    static u_char  text[NGX_SOCKADDR_STRLEN];

    if (sock->local.sa.sa_family != family
        && !(sock->dual && family == AF_INET))
    {
        return 0;
    }

    *address = (family == AF_INET6) ? ngx_rtc_conf->announce6
                                    : ngx_rtc_conf->announce4;

    if (address->len == 0 && !sock->wildcard) {

        address->data = text;
        address->len = ngx_sock_ntop(&sock->local.sa,
                                     ngx_rtc_addr_len(&sock->local), text,
                                     NGX_SOCKADDR_STRLEN, 0);

        /* nginx writes IPv6 addresses in brackets */

        if (address->len > 2 && text[0] == '[') {
            address->data++;
            address->len -= 2;
        }
    }

    if (address->len == 0) {

        *address = *local;

        if ((ngx_strlchr(local->data, local->data + local->len, ':') != NULL)
            != (family == AF_INET6))
        {
            return 0;
        }
    }

    return address->len && address->len <= NGX_INET6_ADDRSTRLEN;
}


/* the master's socket of that address, or -1 */

ngx_socket_t
ngx_rtc_socket_send_only(ngx_rtc_addr_t *local)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_rtc_nsend_only; i++) {

        if (ngx_rtc_addr_eq(&ngx_rtc_send_only[i].local, local)) {
            return ngx_rtc_send_only[i].fd;
        }
    }

    return (ngx_socket_t) -1;
}
