
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A transport: what comes from the dispatcher goes through ICE, DTLS and
 * SRTP to its owner and back.  It holds the one timer of these machines;
 * their rules are in their own files.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_directory.h"
#include "ngx_rtc_net.h"
#include "ngx_rtc_rtp.h"


#define NGX_RTC_LOAD             4     /* of a transport */


static ngx_int_t ngx_rtc_transport_credentials(ngx_rtc_ice_cred_t *cred);
static u_char *ngx_rtc_transport_text(u_char *p, ngx_str_t *dst,
    ngx_str_t *src);
static void ngx_rtc_transport_free(ngx_rtc_transport_t *t);
static void ngx_rtc_transport_gone(void *data, ngx_rtc_ice_tuple_t *tuple);
static void ngx_rtc_transport_stun(ngx_rtc_transport_t *t,
    ngx_rtc_datagram_t *dg);
static ngx_int_t ngx_rtc_transport_admit(ngx_rtc_transport_t *t,
    ngx_rtc_ice_tuple_t *tuple, ngx_uint_t selected, ngx_rtc_datagram_t *dg);
static void ngx_rtc_transport_selected(ngx_rtc_transport_t *t);
static ngx_uint_t ngx_rtc_transport_allowed(ngx_rtc_transport_t *t,
    ngx_rtc_ice_tuple_t *tuple, ngx_rtc_datagram_t *dg);
static void ngx_rtc_transport_handler(ngx_event_t *ev);
static void ngx_rtc_transport_timer(ngx_event_t *ev);
static void ngx_rtc_transport_arm(ngx_rtc_transport_t *t,
    ngx_rtc_usec_t deadline, ngx_rtc_usec_t now);


static ngx_queue_t  ngx_rtc_transports;
static ngx_uint_t   ngx_rtc_turn;
static ngx_uint_t   ngx_rtc_net_running;


ngx_int_t
ngx_rtc_net_init(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_rtc_transports);

    if (ngx_rtc_dispatch_init(cycle->log) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_rtc_secure_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_rtc_net_running = 1;

    return ngx_rtc_listen_init(cycle);
}


void
ngx_rtc_net_exit(ngx_cycle_t *cycle)
{
    ngx_queue_t          *q;
    ngx_rtc_transport_t  *t;

    if (!ngx_rtc_net_running) {
        return;
    }

    ngx_rtc_net_running = 0;

    /* what their owners left: sessions get their log lines, peers a notice */

    while (!ngx_queue_empty(&ngx_rtc_transports)) {
        q = ngx_queue_head(&ngx_rtc_transports);
        t = ngx_queue_data(q, ngx_rtc_transport_t, queue);

        ngx_rtc_transport_close(t);

        if (t->event.posted) {
            ngx_delete_posted_event(&t->event);
        }

        ngx_rtc_transport_free(t);
    }

    ngx_rtc_listen_exit();
    ngx_rtc_dispatch_exit();

    ngx_rtc_secure_exit();
}


ngx_rtc_transport_t *
ngx_rtc_transport_create(const ngx_rtc_transport_handler_t *handler,
    void *data, ngx_str_t *local_addr, ngx_str_t *room, ngx_str_t *user,
    ngx_log_t *log)
{
    u_char               *p;
    ngx_str_t             local;
    ngx_rtc_transport_t  *t;
    ngx_rtc_ice_cred_t    cred;

    if (ngx_rtc_transport_credentials(&cred) != NGX_OK) {
        return NULL;
    }

    local = *local_addr;

    /* a dual-stack HTTP listener tells IPv4 addresses in this form */

    if (local.len > 7
        && ngx_strncasecmp(local.data, (u_char *) "::ffff:", 7) == 0
        && ngx_strlchr(local.data, local.data + local.len, '.'))
    {
        local.data += 7;
        local.len -= 7;
    }

    t = ngx_calloc(sizeof(ngx_rtc_transport_t)
                   + local.len + room->len + user->len, log);
    if (t == NULL) {
        return NULL;
    }

    p = (u_char *) t + sizeof(ngx_rtc_transport_t);

    p = ngx_rtc_transport_text(p, &t->local_addr, &local);
    p = ngx_rtc_transport_text(p, &t->room, room);
    (void) ngx_rtc_transport_text(p, &t->user, user);

    t->handler = handler;
    t->data = data;
    t->log = log;

    t->dtls = ngx_rtc_secure_create(t);
    if (t->dtls == NULL) {
        ngx_free(t);
        return NULL;
    }

    ngx_rtc_ice_init(&t->ice, &cred,
                     (ngx_rtc_usec_t) ngx_rtc_conf->ice_timeout * 1000,
                     ngx_rtc_transport_gone, t);

    t->ufrag.data = t->ice.local.ufrag;
    t->ufrag.len = NGX_RTC_UFRAG_LEN;
    t->pwd.data = t->ice.local.pwd;
    t->pwd.len = NGX_RTC_PWD_LEN;

    ngx_rtc_dispatch_name(&t->names[0], cred.ufrag, t);

    t->turn = ngx_rtc_turn++;
    t->armed = NGX_RTC_NEVER;
    t->wake = NGX_RTC_NEVER;
    t->expires = NGX_RTC_NEVER;

    /* a live session: not cancelable, deleted by close */

    t->timer.handler = ngx_rtc_transport_timer;
    t->timer.data = t;
    t->timer.log = log;

    t->event.handler = ngx_rtc_transport_handler;
    t->event.data = t;
    t->event.log = log;

    ngx_queue_insert_tail(&ngx_rtc_transports, &t->queue);

    ngx_rtc_count(transports);
    ngx_rtc_load(NGX_RTC_LOAD);

    return t;
}


static ngx_int_t
ngx_rtc_transport_credentials(ngx_rtc_ice_cred_t *cred)
{
    u_char  random[NGX_RTC_ICE_RANDOM];

    if (ngx_rtc_random(random, NGX_RTC_ICE_RANDOM) != NGX_OK
        || ngx_rtc_random_id(cred->pwd, NGX_RTC_PWD_LEN) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_rtc_ice_ufrag_encode(cred->ufrag, &ngx_rtc_self, random);

    return NGX_OK;
}


static u_char *
ngx_rtc_transport_text(u_char *p, ngx_str_t *dst, ngx_str_t *src)
{
    dst->data = p;
    dst->len = src->len;

    return ngx_cpymem(p, src->data, src->len);
}


void
ngx_rtc_transport_close(ngx_rtc_transport_t *t)
{
    ngx_uint_t         i;
    ngx_rtc_access_t  *st;

    if (t->closed) {
        return;
    }

    t->closed = 1;

    if (t->reason == NULL) {
        t->reason = "closed";
    }

    ngx_rtc_dtls_shutdown(t->dtls);

    if (t->timer.timer_set) {
        ngx_del_timer(&t->timer);
    }

    if (t->connected) {
        t->connected = 0;
        ngx_rtc_count_down(transports_connected);
    }

    ngx_rtc_secure_done(t);

    ngx_rtc_dispatch_unname(&t->names[0]);
    ngx_rtc_dispatch_unname(&t->names[1]);

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        if (t->ice.tuples[i].used) {
            ngx_rtc_dispatch_remove(&t->ice.tuples[i]);
        }
    }

    if (t->opening) {
        ngx_rtc_access_close(t->opening);
    }

    st = t->stream;

    if (st) {
        /* it writes its access log line, and looks at us for that */
        ngx_rtc_access_close(st);
    }

    ngx_rtc_count_down(transports);
    ngx_rtc_load(-NGX_RTC_LOAD);

    /* somebody up the stack may still work with it */

    ngx_post_event(&t->event, &ngx_posted_events);
}


static void
ngx_rtc_transport_free(ngx_rtc_transport_t *t)
{
    ngx_queue_remove(&t->queue);

    ngx_rtc_dtls_destroy(t->dtls);

    if (t->in) {
        ngx_rtc_srtp_destroy(t->in);
    }

    if (t->out) {
        ngx_rtc_srtp_destroy(t->out);
    }

    ngx_free(t);
}


ngx_int_t
ngx_rtc_transport_remote(ngx_rtc_transport_t *t, ngx_rtc_remote_t *remote)
{
    ngx_uint_t                   i, j, n, state;
    ngx_rtc_usec_t               now;
    ngx_rtc_dtls_fingerprint_t   fps[NGX_RTC_DTLS_FINGERPRINTS];

    n = 0;

    for (i = 0; i < remote->nfingerprints; i++) {

        if (n == NGX_RTC_DTLS_FINGERPRINTS) {
            break;
        }

        ngx_memzero(&fps[n], sizeof(ngx_rtc_dtls_fingerprint_t));

        if (ngx_rtc_dtls_fingerprint(&fps[n],
                                     &remote->fingerprints[i].algorithm,
                                     &remote->fingerprints[i].value)
            == NGX_OK)
        {
            n++;
        }
    }

    if (n == 0) {
        return NGX_DECLINED;
    }

    state = ngx_rtc_dtls_state(t->dtls);

    /* RFC 8842: other values would be a new association */

    if (state == NGX_RTC_DTLS_ESTABLISHED
        && ngx_rtc_dtls_client(t->dtls)
           != (remote->dtls_role == NGX_RTC_DTLS_CLIENT))
    {
        return NGX_DECLINED;
    }

    if (t->remote && state == NGX_RTC_DTLS_ESTABLISHED) {

        for (i = 0; i < n; i++) {
            for (j = 0; j < t->nfingerprints; j++) {
                if (ngx_memcmp(&fps[i], &t->fingerprints[j],
                               sizeof(ngx_rtc_dtls_fingerprint_t))
                    == 0)
                {
                    return NGX_OK;
                }
            }
        }

        return NGX_DECLINED;
    }

    now = ngx_rtc_now();

    ngx_memcpy(t->fingerprints, fps, n * sizeof(ngx_rtc_dtls_fingerprint_t));

    t->nfingerprints = n;
    t->role = remote->dtls_role;
    t->remote = 1;

    ngx_rtc_ice_start(&t->ice, now);

    /* the peer may have been faster than its answer */

    switch (state) {

    case NGX_RTC_DTLS_IDLE:

        if (t->role == NGX_RTC_DTLS_CLIENT && t->sock && t->stream) {
            (void) ngx_rtc_secure_start(t, NGX_RTC_DTLS_CLIENT, now);
        }

        break;

    case NGX_RTC_DTLS_HANDSHAKE:

        if (ngx_rtc_dtls_client(t->dtls)
            != (t->role == NGX_RTC_DTLS_CLIENT))
        {
            (void) ngx_rtc_secure_start(t, t->role, now);
        }

        break;

    case NGX_RTC_DTLS_ESTABLISHED:
        ngx_rtc_secure_keys(t);
        break;
    }

    ngx_rtc_transport_update(t, now);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_transport_restart_ice(ngx_rtc_transport_t *t)
{
    ngx_rtc_usec_t      now;
    ngx_rtc_ice_cred_t  cred;

    if (ngx_rtc_transport_credentials(&cred) != NGX_OK) {
        return NGX_ERROR;
    }

    now = ngx_rtc_now();

    ngx_rtc_ice_restart(&t->ice, &cred, now);

    ngx_rtc_dispatch_unname(&t->names[0]);
    ngx_rtc_dispatch_unname(&t->names[1]);

    ngx_rtc_dispatch_name(&t->names[0], t->ice.local.ufrag, t);
    ngx_rtc_dispatch_name(&t->names[1], t->ice.old.ufrag, t);

    return NGX_OK;
}


void
ngx_rtc_transport_input(ngx_rtc_transport_t *t, ngx_rtc_ice_tuple_t *tuple,
    ngx_rtc_datagram_t *dg)
{
    ngx_rtc_packet_e  type;

    if (t->closed || t->failed) {
        return;
    }

    t->packets_received++;
    t->bytes_received += dg->len;

    type = ngx_rtc_packet_type(dg->p, dg->p + dg->len);

    if (type == NGX_RTC_PACKET_STUN) {
        ngx_rtc_transport_stun(t, dg);
        return;
    }

    if (tuple == NULL || !ngx_rtc_transport_allowed(t, tuple, dg)) {
        ngx_rtc_count(datagrams_unknown);
        return;
    }

    switch (type) {

    case NGX_RTC_PACKET_RTP:
        ngx_rtc_secure_media(t, dg, 0);
        return;

    case NGX_RTC_PACKET_RTCP:
        ngx_rtc_secure_media(t, dg, 1);
        return;

    case NGX_RTC_PACKET_DTLS:
        ngx_rtc_secure_input(t, dg);
        return;

    default:
        ngx_rtc_count(datagrams_unknown);
    }
}


static void
ngx_rtc_transport_stun(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg)
{
    ngx_int_t             rc;
    ngx_rtc_usec_t        now;
    ngx_rtc_ice_result_t  res;

    now = ngx_rtc_now();

    rc = ngx_rtc_ice_check(&t->ice, dg->p, dg->len, &dg->remote, &dg->local,
                           now, &res);

    if (rc != NGX_OK) {

        /* a peer's indications and responses are no offence */

        if (ngx_rtc_ice_ufrag(dg->p, dg->len)) {
            ngx_rtc_count(stun_bad);
        }

        if (rc == NGX_DECLINED && res.len) {
            (void) ngx_rtc_udp_send(dg->sock, res.response, res.len,
                                    &dg->remote, &dg->local);
        }

        return;
    }

    if (res.fresh && ngx_rtc_dispatch_add(t, res.tuple) != NGX_OK) {
        ngx_rtc_ice_undo(&t->ice, &res);
        ngx_rtc_ice_remove(&t->ice, res.tuple);
        return;
    }

    if (ngx_rtc_transport_admit(t, res.tuple, res.selected, dg) != NGX_OK) {

        /* media stays where it was, for now or for good */

        ngx_rtc_ice_undo(&t->ice, &res);

        if (!res.tuple->refused) {
            ngx_rtc_ice_remove(&t->ice, res.tuple);
        }

        return;
    }

    (void) ngx_rtc_udp_send(dg->sock, res.response, res.len, &dg->remote,
                            &dg->local);

    ngx_rtc_count(stun_requests);

    t->packets_sent++;
    t->bytes_sent += res.len;

    if (res.selected) {
        ngx_rtc_transport_selected(t);
    }

    ngx_rtc_dispatch_publish(t, res.tuple);

    ngx_rtc_transport_update(t, now);
}


/*
 * The host of a tuple needs access when it is the first one, or when media
 * is to move there.
 */

static ngx_int_t
ngx_rtc_transport_admit(ngx_rtc_transport_t *t, ngx_rtc_ice_tuple_t *tuple,
    ngx_uint_t selected, ngx_rtc_datagram_t *dg)
{
    ngx_int_t  rc;

    if (t->stream
        && (!selected
            || ngx_rtc_addr_host_eq(&t->stream->remote, &tuple->remote)))
    {
        return NGX_OK;
    }

    rc = ngx_rtc_access_open(t, dg);

    if (rc == NGX_DECLINED) {
        tuple->refused = 1;
    }

    return rc;
}


static void
ngx_rtc_transport_selected(ngx_rtc_transport_t *t)
{
    t->sock = t->ice.selected ? ngx_rtc_socket_find(&t->ice.selected->local)
                              : NULL;

    if (t->sock && t->remote && t->role == NGX_RTC_DTLS_CLIENT
        && ngx_rtc_dtls_state(t->dtls) == NGX_RTC_DTLS_IDLE)
    {
        (void) ngx_rtc_secure_start(t, NGX_RTC_DTLS_CLIENT, ngx_rtc_now());
    }
}


static ngx_uint_t
ngx_rtc_transport_allowed(ngx_rtc_transport_t *t, ngx_rtc_ice_tuple_t *tuple,
    ngx_rtc_datagram_t *dg)
{
    if (tuple->refused) {
        return 0;
    }

    if (t->stream
        && ngx_rtc_addr_host_eq(&t->stream->remote, &tuple->remote))
    {
        return 1;
    }

    /*
     * a peer with several addresses may use one of them before it has
     * nominated any: that is its choice then
     */

    if (t->ice.selected && t->ice.selected->nominated) {
        return 0;
    }

    if (ngx_rtc_transport_admit(t, tuple, 1, dg) != NGX_OK) {
        return 0;
    }

    t->ice.selected = tuple;
    ngx_rtc_transport_selected(t);
    ngx_rtc_dispatch_publish(t, tuple);

    return 1;
}


static void
ngx_rtc_transport_gone(void *data, ngx_rtc_ice_tuple_t *tuple)
{
    ngx_rtc_transport_t *t = data;

    ngx_rtc_dispatch_remove(tuple);

    if (t->ice.selected == tuple) {
        /* the caller selects another; until then nothing is sent */
        t->sock = NULL;
    }
}


void
ngx_rtc_transport_wake(ngx_rtc_transport_t *t, ngx_rtc_usec_t deadline)
{
    if (t->closed || deadline >= t->wake) {
        return;
    }

    t->wake = deadline;

    if (deadline < t->armed) {
        ngx_rtc_transport_arm(t, deadline, ngx_rtc_now());
    }
}


/* nginx ended the stream session: worker_shutdown_timeout */

void
ngx_rtc_transport_ended(ngx_rtc_transport_t *t)
{
    if (t->closed) {
        return;
    }

    ngx_rtc_transport_fail(t, "shutdown");

    ngx_rtc_transport_update(t, ngx_rtc_now());
}


void
ngx_rtc_transport_fail(ngx_rtc_transport_t *t, const char *reason)
{
    t->failed = 1;

    if (t->reason == NULL) {
        t->reason = reason;
    }
}


void
ngx_rtc_transport_update(ngx_rtc_transport_t *t, ngx_rtc_usec_t now)
{
    ngx_uint_t      ice, dtls, state, connected;
    ngx_rtc_usec_t  deadline;

    ice = ngx_rtc_ice_expire(&t->ice, now);
    dtls = ngx_rtc_dtls_state(t->dtls);

    if (t->sock == NULL && t->ice.selected) {

        /* another path of the host that has access, or the next check's */

        if (t->stream && ngx_rtc_addr_host_eq(&t->stream->remote,
                                              &t->ice.selected->remote))
        {
            ngx_rtc_transport_selected(t);
            dtls = ngx_rtc_dtls_state(t->dtls);

        } else {
            t->ice.selected = NULL;
        }

    } else if (dtls == NGX_RTC_DTLS_IDLE && t->remote && t->sock
               && t->role == NGX_RTC_DTLS_CLIENT)
    {
        /* there were too many handshakes at once */

        (void) ngx_rtc_secure_start(t, NGX_RTC_DTLS_CLIENT, now);
        dtls = ngx_rtc_dtls_state(t->dtls);
    }

    if (t->out) {
        t->expires = NGX_RTC_NEVER;

    } else if (t->expires == NGX_RTC_NEVER && t->remote && t->sock) {
        t->expires = now + (ngx_rtc_usec_t) ngx_rtc_conf->dtls_timeout * 1000;
    }

    if (dtls == NGX_RTC_DTLS_FAILED) {
        ngx_rtc_transport_fail(t, "dtls failed");

    } else if (ice == NGX_RTC_ICE_FAILED) {
        ngx_rtc_transport_fail(t, "consent lost");

    } else if (now >= t->expires) {
        ngx_rtc_transport_fail(t, "dtls timeout");
    }

    if (t->handshaking && (t->failed || dtls != NGX_RTC_DTLS_HANDSHAKE)) {
        ngx_rtc_secure_done(t);

        if (dtls != NGX_RTC_DTLS_ESTABLISHED) {
            ngx_rtc_count(dtls_failed);
        }
    }

    if (t->failed) {
        state = NGX_RTC_TRANSPORT_FAILED;

    } else if (dtls == NGX_RTC_DTLS_CLOSED) {
        state = NGX_RTC_TRANSPORT_CLOSED;

        if (t->reason == NULL) {
            t->reason = "close_notify";
        }

    } else if (ice == NGX_RTC_ICE_NEW) {
        state = NGX_RTC_TRANSPORT_NEW;

    } else if (t->out == NULL) {
        state = NGX_RTC_TRANSPORT_CONNECTING;

    } else if (ice == NGX_RTC_ICE_SILENT) {
        state = NGX_RTC_TRANSPORT_DISCONNECTED;

    } else {
        state = NGX_RTC_TRANSPORT_CONNECTED;
    }

    /* final is final */

    if (t->state != NGX_RTC_TRANSPORT_FAILED
        && t->state != NGX_RTC_TRANSPORT_CLOSED)
    {
        t->state = state;
    }

    connected = (t->state == NGX_RTC_TRANSPORT_CONNECTED
                 || t->state == NGX_RTC_TRANSPORT_DISCONNECTED);

    if (connected != t->connected && !t->closed) {
        t->connected = connected ? 1 : 0;

        if (connected) {
            ngx_rtc_count(transports_connected);

        } else {
            ngx_rtc_count_down(transports_connected);
        }
    }

    if (t->closed) {
        return;
    }

    if (t->state != t->told) {
        ngx_post_event(&t->event, &ngx_posted_events);
    }

    deadline = t->wake;

    if (t->state != NGX_RTC_TRANSPORT_FAILED
        && t->state != NGX_RTC_TRANSPORT_CLOSED)
    {
        deadline = ngx_min(deadline, t->expires);
        deadline = ngx_min(deadline, ngx_rtc_ice_deadline(&t->ice, now));
        deadline = ngx_min(deadline, ngx_rtc_dtls_deadline(t->dtls));
    }

    ngx_rtc_transport_arm(t, deadline, now);
}


static void
ngx_rtc_transport_handler(ngx_event_t *ev)
{
    ngx_rtc_transport_t  *t;

    t = ev->data;

    if (t->closed) {
        ngx_rtc_transport_free(t);
        return;
    }

    if (t->state != t->told) {
        t->told = t->state;
        t->handler->state(t->data, t->state);
    }
}


static void
ngx_rtc_transport_timer(ngx_event_t *ev)
{
    ngx_rtc_usec_t        now, next;
    ngx_rtc_transport_t  *t;

    t = ev->data;

    now = ngx_rtc_now();

    t->armed = NGX_RTC_NEVER;

    if (!t->failed) {
        (void) ngx_rtc_dtls_timer(t->dtls, now);
    }

    if (t->wake <= now) {

        /* the handler may call wake(), and may close */

        t->wake = NGX_RTC_NEVER;

        next = t->handler->timer(t->data, now);

        if (t->closed) {
            return;
        }

        t->wake = ngx_min(t->wake, next);
    }

    ngx_rtc_transport_update(t, now);
}


/*
 * A timer that comes too early costs little, so it only moves forward;
 * nginx itself wouldn't move it by less than 300 ms.
 */

static void
ngx_rtc_transport_arm(ngx_rtc_transport_t *t, ngx_rtc_usec_t deadline,
    ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  left;

    if (deadline == NGX_RTC_NEVER
        || (t->timer.timer_set && deadline >= t->armed))
    {
        return;
    }

    if (t->timer.timer_set) {
        ngx_del_timer(&t->timer);
    }

    left = (deadline > now) ? (deadline - now + 999) / 1000 : 0;

    ngx_add_timer(&t->timer, (ngx_msec_t) left);

    t->armed = deadline;
}
