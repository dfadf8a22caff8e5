
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The UDP listeners: nginx opens them, this file takes them over in each
 * worker and reads them.  It doesn't know what the datagrams mean.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"
#include "ngx_rtc_worker.h"


#define NGX_RTC_LISTEN_BATCH     32
#define NGX_RTC_LISTEN_TURN      8     /* batches of an event loop turn */
#define NGX_RTC_LISTEN_DRAIN     1024  /* batches, at most, when leaving */

#define NGX_RTC_LISTEN_CONTROL                                                \
    (CMSG_SPACE(sizeof(struct in6_pktinfo))                                   \
     + CMSG_SPACE(sizeof(struct in_pktinfo))                                  \
     + CMSG_SPACE(sizeof(struct timespec)))


static ngx_uint_t ngx_rtc_listen_order(ngx_cycle_t *cycle,
    ngx_listening_t *ls, ngx_uint_t *count);
static ngx_uint_t ngx_rtc_listen_mine(ngx_cycle_t *cycle,
    ngx_listening_t *ls);
static ngx_rtc_socket_t *ngx_rtc_listen_socket(ngx_listening_t *ls);
static ngx_int_t ngx_rtc_listen_take(ngx_cycle_t *cycle, ngx_listening_t *ls,
    ngx_rtc_socket_t *sock);
static void ngx_rtc_listen_options(ngx_rtc_socket_t *sock, ngx_log_t *log);
static void ngx_rtc_listen_handler(ngx_event_t *rev);
static ngx_int_t ngx_rtc_listen_read(ngx_rtc_socket_t *sock);
static ngx_int_t ngx_rtc_listen_control(struct msghdr *msg,
    ngx_rtc_datagram_t *dg, struct timespec *ts);
static void ngx_rtc_listen_drain(void);


static struct mmsghdr   ngx_rtc_listen_msgs[NGX_RTC_LISTEN_BATCH];
static struct iovec     ngx_rtc_listen_iovs[NGX_RTC_LISTEN_BATCH];
static ngx_sockaddr_t   ngx_rtc_listen_names[NGX_RTC_LISTEN_BATCH];

static u_char
    ngx_rtc_listen_controls[NGX_RTC_LISTEN_BATCH][NGX_RTC_LISTEN_CONTROL]
    __attribute__((aligned(8)));

static u_char
    ngx_rtc_listen_data[NGX_RTC_LISTEN_BATCH][NGX_RTC_DATAGRAM_MAX]
    __attribute__((aligned(16)));


ngx_int_t
ngx_rtc_listen_init(ngx_cycle_t *cycle)
{
    ngx_uint_t         i, n, reads;
    ngx_listening_t   *ls;
    ngx_rtc_socket_t  *sock;

    ls = cycle->listening.elts;

    n = 0;

    for (i = 0; i < cycle->listening.nelts; i++) {
        if (ngx_rtc_listen_match(&ls[i])) {
            n++;
        }
    }

    ngx_rtc_nsockets = 0;

    if (n == 0) {
        return NGX_OK;
    }

    ngx_rtc_sockets = ngx_calloc(n * sizeof(ngx_rtc_socket_t), cycle->log);
    if (ngx_rtc_sockets == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_RTC_LISTEN_BATCH; i++) {
        ngx_rtc_listen_iovs[i].iov_base = ngx_rtc_listen_data[i];
        ngx_rtc_listen_iovs[i].iov_len = NGX_RTC_DATAGRAM_MAX;

        ngx_rtc_listen_msgs[i].msg_hdr.msg_iov = &ngx_rtc_listen_iovs[i];
        ngx_rtc_listen_msgs[i].msg_hdr.msg_iovlen = 1;
        ngx_rtc_listen_msgs[i].msg_hdr.msg_name = &ngx_rtc_listen_names[i];
        ngx_rtc_listen_msgs[i].msg_hdr.msg_control =
                                                   ngx_rtc_listen_controls[i];
    }

    reads = 0;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ls[i].fd == (ngx_socket_t) -1 || !ngx_rtc_listen_match(&ls[i])) {
            continue;
        }

        sock = ngx_rtc_listen_socket(&ls[i]);

        if (ngx_rtc_listen_mine(cycle, &ls[i]) && ngx_rtc_has_slot) {
            sock->mine = 1;
            sock->listening = &ls[i];
        }

        if (ngx_rtc_listen_take(cycle, &ls[i], sock) != NGX_OK) {
            return NGX_ERROR;
        }

        if (sock->reader && sock->listening == &ls[i]) {
            reads++;
        }
    }

    ngx_rtc_listeners(reads);

    if (!ngx_rtc_net_ready()) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "worker %ui has no \"rtc\" port to listen on and "
                      "will be home of no room", ngx_worker);
    }

    return ngx_rtc_on_drain(ngx_rtc_listen_drain);
}


/*
 * The place of a listener among those of the same host, by port: worker
 * i mod worker_processes reads port i of a range.
 */

static ngx_uint_t
ngx_rtc_listen_order(ngx_cycle_t *cycle, ngx_listening_t *ls,
    ngx_uint_t *count)
{
    ngx_uint_t        i, n, order;
    ngx_rtc_addr_t    addr, other;
    ngx_listening_t  *l;

    ngx_rtc_addr_set(&addr, ls->sockaddr);

    l = cycle->listening.elts;
    n = 0;
    order = 0;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (l[i].reuseport || !ngx_rtc_listen_match(&l[i])) {
            continue;
        }

        ngx_rtc_addr_set(&other, l[i].sockaddr);

        if (!ngx_rtc_addr_host_eq(&addr, &other)) {
            continue;
        }

        n++;

        if (ngx_rtc_addr_port(&other) < ngx_rtc_addr_port(&addr)) {
            order++;
        }
    }

    *count = n;

    return order;
}


static ngx_uint_t
ngx_rtc_listen_mine(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    ngx_uint_t        count, order;
    ngx_core_conf_t  *ccf;

    if (ngx_process == NGX_PROCESS_SINGLE) {
        return ls->worker == 0;
    }

#if (NGX_HAVE_REUSEPORT)
    if (ls->reuseport) {
        return ls->worker == ngx_worker;
    }
#endif

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    order = ngx_rtc_listen_order(cycle, ls, &count);

    return order % ccf->worker_processes == ngx_worker;
}


static ngx_rtc_socket_t *
ngx_rtc_listen_socket(ngx_listening_t *ls)
{
    ngx_uint_t         i;
    ngx_rtc_addr_t     local;
    ngx_rtc_socket_t  *sock;

    ngx_rtc_addr_set(&local, ls->sockaddr);

    /* reuseport: one address, as many listening sockets as workers */

    for (i = 0; i < ngx_rtc_nsockets; i++) {

        if (ngx_rtc_addr_eq(&ngx_rtc_sockets[i].local, &local)) {
            return &ngx_rtc_sockets[i];
        }
    }

    sock = &ngx_rtc_sockets[ngx_rtc_nsockets++];

    sock->listening = ls;
    sock->local = local;
    sock->send_only = ngx_rtc_socket_send_only(&local);
    sock->wildcard = ngx_rtc_addr_wildcard(&local) ? 1 : 0;

    if (local.sa.sa_family == AF_INET6) {
        sock->dual = (sock->wildcard && !ls->ipv6only);
    }

    sock->fd = (sock->send_only != (ngx_socket_t) -1) ? sock->send_only
                                                      : ls->fd;

    return sock;
}


/*
 * nginx's own event on the socket goes; ours is on a descriptor of our own,
 * so that neither accept_mutex nor a lack of descriptors elsewhere stops us.
 */

static ngx_int_t
ngx_rtc_listen_take(ngx_cycle_t *cycle, ngx_listening_t *ls,
    ngx_rtc_socket_t *sock)
{
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    c = ls->connection;

    if (c) {

        if (c->read->active
            && ngx_del_event(c->read, NGX_READ_EVENT, 0) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_process != NGX_PROCESS_SINGLE) {

            /* nginx looks at it again when a single process reloads */

            ngx_free_connection(c);
            c->fd = (ngx_socket_t) -1;

            ls->connection = NULL;
        }
    }

    if (!sock->mine || sock->listening != ls) {
        return NGX_OK;
    }

    fd = dup(ls->fd);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "dup() of %V failed", &ls->addr_text);
        return NGX_ERROR;
    }

    (void) fcntl(fd, F_SETFD, FD_CLOEXEC);

    c = ngx_get_connection(fd, cycle->log);

    if (c == NULL) {
        (void) ngx_close_socket(fd);
        return NGX_ERROR;
    }

    c->type = SOCK_DGRAM;
    c->data = sock;
    c->log = &ls->log;

    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_rtc_listen_handler;

    /* not to be closed by worker_shutdown_timeout */

    c->read->channel = 1;

    sock->reader = c;
    sock->fd = fd;

    ngx_rtc_listen_options(sock, cycle->log);

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_rtc_listen_options(ngx_rtc_socket_t *sock, ngx_log_t *log)
{
    int  value, rc;

    value = 1;

    if (setsockopt(sock->fd, SOL_SOCKET, SO_TIMESTAMPNS, &value, sizeof(int))
        == -1)
    {
        ngx_log_error(NGX_LOG_WARN, log, ngx_socket_errno,
                      "setsockopt(SO_TIMESTAMPNS) %V failed, ignored",
                      &sock->listening->addr_text);
    }

    if (!sock->wildcard) {
        return;
    }

    if (sock->local.sa.sa_family == AF_INET6) {
        rc = setsockopt(sock->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &value,
                        sizeof(int));

    } else {
        rc = setsockopt(sock->fd, IPPROTO_IP, IP_PKTINFO, &value,
                        sizeof(int));
    }

    if (rc == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_socket_errno,
                      "setsockopt(PKTINFO) %V failed",
                      &sock->listening->addr_text);
    }
}


static void
ngx_rtc_listen_handler(ngx_event_t *rev)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;
    ngx_rtc_socket_t  *sock;

    c = rev->data;
    sock = c->data;

    /* other events want their turn too; the rest is read in the next one */

    for (i = 0; i < NGX_RTC_LISTEN_TURN; i++) {

        if (ngx_rtc_listen_read(sock) != NGX_OK) {
            return;
        }
    }
}


/* NGX_OK: there may be more, NGX_AGAIN: there is not, NGX_ERROR */

static ngx_int_t
ngx_rtc_listen_read(ngx_rtc_socket_t *sock)
{
    int                  i, n;
    ngx_err_t            err;
    ngx_rtc_usec_t       now, wall, age;
    struct msghdr       *msg;
    struct timespec      ts;
    ngx_rtc_datagram_t   dg;

    for (i = 0; i < NGX_RTC_LISTEN_BATCH; i++) {
        msg = &ngx_rtc_listen_msgs[i].msg_hdr;

        msg->msg_namelen = sizeof(ngx_sockaddr_t);
        msg->msg_controllen = NGX_RTC_LISTEN_CONTROL;
        msg->msg_flags = 0;
    }

    n = recvmmsg(sock->reader->fd, ngx_rtc_listen_msgs, NGX_RTC_LISTEN_BATCH,
                 MSG_DONTWAIT, NULL);

    if (n == -1) {
        err = ngx_socket_errno;

        if (err == NGX_EAGAIN) {
            return NGX_AGAIN;
        }

        if (err == NGX_EINTR || err == NGX_ECONNREFUSED) {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_ERR, sock->reader->log, err,
                      "recvmmsg() of %V failed",
                      &sock->listening->addr_text);

        return NGX_ERROR;
    }

    /* the kernel stamps by the wall clock: only ages are taken from it */

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    wall = (ngx_rtc_usec_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
    now = ngx_rtc_now();

    for (i = 0; i < n; i++) {
        msg = &ngx_rtc_listen_msgs[i].msg_hdr;

        ngx_rtc_count(datagrams_received);
        ngx_rtc_count_n(bytes_received, ngx_rtc_listen_msgs[i].msg_len);

        if ((msg->msg_flags & MSG_TRUNC)
            || msg->msg_namelen < sizeof(struct sockaddr_in))
        {
            ngx_rtc_count(datagrams_unknown);
            continue;
        }

        dg.p = ngx_rtc_listen_data[i];
        dg.len = ngx_rtc_listen_msgs[i].msg_len;
        dg.sock = sock;
        dg.local = sock->local;

        ngx_rtc_addr_set(&dg.remote, msg->msg_name);

        ts.tv_sec = 0;

        if (ngx_rtc_listen_control(msg, &dg, &ts) != NGX_OK) {
            ngx_rtc_count(datagrams_unknown);
            continue;
        }

        dg.arrival = now;

        if (ts.tv_sec) {
            age = wall - ((ngx_rtc_usec_t) ts.tv_sec * 1000000
                          + ts.tv_nsec / 1000);

            if (age > 0 && age < 1000000) {
                dg.arrival = now - age;
            }
        }

        ngx_rtc_dispatch(&dg);
    }

    return (n == NGX_RTC_LISTEN_BATCH) ? NGX_OK : NGX_AGAIN;
}


static ngx_int_t
ngx_rtc_listen_control(struct msghdr *msg, ngx_rtc_datagram_t *dg,
    struct timespec *ts)
{
    ngx_uint_t           found;
    struct cmsghdr      *cmsg;
    struct in_pktinfo    pkt;
    struct in6_pktinfo   pkt6;

    found = !dg->sock->wildcard;

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {

        if (cmsg->cmsg_level == SOL_SOCKET
            && cmsg->cmsg_type == SCM_TIMESTAMPNS)
        {
            ngx_memcpy(ts, CMSG_DATA(cmsg), sizeof(struct timespec));
            continue;
        }

        if (found) {
            continue;
        }

        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO
            && dg->local.sa.sa_family == AF_INET)
        {
            ngx_memcpy(&pkt, CMSG_DATA(cmsg), sizeof(struct in_pktinfo));
            dg->local.sin.sin_addr = pkt.ipi_addr;
            found = 1;
            continue;
        }

        if (cmsg->cmsg_level == IPPROTO_IPV6
            && cmsg->cmsg_type == IPV6_PKTINFO
            && dg->local.sa.sa_family == AF_INET6)
        {
            ngx_memcpy(&pkt6, CMSG_DATA(cmsg), sizeof(struct in6_pktinfo));
            dg->local.sin6.sin6_addr = pkt6.ipi6_addr;

            if (IN6_IS_ADDR_LINKLOCAL(&pkt6.ipi6_addr)) {
                dg->local.sin6.sin6_scope_id = pkt6.ipi6_ifindex;
            }

            found = 1;
        }
    }

    return found ? NGX_OK : NGX_ERROR;
}


/*
 * This worker leaves: the next generation reads the same sockets, and hands
 * over what is for transports that live here.
 */

static void
ngx_rtc_listen_drain(void)
{
    ngx_uint_t         i, n;
    ngx_socket_t       fd;
    ngx_connection_t  *c;
    ngx_rtc_socket_t  *sock;

    for (i = 0; i < ngx_rtc_nsockets; i++) {
        sock = &ngx_rtc_sockets[i];

        c = sock->reader;

        if (c) {
            for (n = 0; n < NGX_RTC_LISTEN_DRAIN; n++) {
                if (ngx_rtc_listen_read(sock) != NGX_OK) {
                    break;
                }
            }
        }

        ngx_rtc_udp_flush(sock);
        ngx_rtc_udp_detach(sock);

        fd = sock->send_only;

        if (fd == (ngx_socket_t) -1) {
            fd = ngx_rtc_socket_sender(sock->listening, ngx_cycle->log);
            sock->send_only = fd;
        }

        sock->fd = fd;

        if (fd == (ngx_socket_t) -1) {
            ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
                          "nothing to send from %V by, media of this "
                          "worker ends", &sock->listening->addr_text);
        }

        if (c == NULL) {
            continue;
        }

        /*
         * epoll keeps what it was told of as long as anybody has the socket
         * open: without the deletion it would go on waking this process
         */

        if (c->read->active) {
            (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
        }

        sock->reader = NULL;

        if (ngx_close_socket(c->fd) == -1) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_socket_errno,
                          ngx_close_socket_n " failed");
        }

        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;
    }

    ngx_rtc_listeners(0);
}


void
ngx_rtc_listen_exit(void)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;
    ngx_rtc_socket_t  *sock;

    for (i = 0; i < ngx_rtc_nsockets; i++) {
        sock = &ngx_rtc_sockets[i];

        ngx_rtc_udp_flush(sock);
        ngx_rtc_udp_detach(sock);
        ngx_rtc_udp_free(sock);

        c = sock->reader;

        if (c == NULL) {
            continue;
        }

        if (c->read->active) {
            (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
        }

        (void) ngx_close_socket(c->fd);

        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;

        sock->reader = NULL;
    }

    ngx_rtc_nsockets = 0;

    if (ngx_rtc_sockets) {
        ngx_free(ngx_rtc_sockets);
        ngx_rtc_sockets = NULL;
    }
}
