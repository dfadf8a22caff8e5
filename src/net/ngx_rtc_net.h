
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Inside of net: sockets, the send batch, the way of a datagram to its
 * transport.  Other layers see ngx_rtc_transport.h only; the stream module
 * also needs the part on listeners.
 */


#ifndef _NGX_RTC_NET_H_INCLUDED_
#define _NGX_RTC_NET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc.h"
#include "ngx_rtc_addr.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_dtls.h"
#include "ngx_rtc_ice.h"
#include "ngx_rtc_srtp.h"
#include "ngx_rtc_transport.h"


#define NGX_RTC_DATAGRAM_MAX    2048   /* bytes; larger ones are dropped */


/*
 * A listening address, seen from this worker: it reads a dup of the
 * listening socket if the address is its own to read.
 */

typedef struct ngx_rtc_batch_s   ngx_rtc_batch_t;
typedef struct ngx_rtc_access_s  ngx_rtc_access_t;

typedef struct {
    ngx_listening_t       *listening;
    ngx_connection_t      *reader;     /* NULL: not read by this worker */
    ngx_connection_t      *sender;     /* write events of fd without reader */
    ngx_socket_t           fd;         /* to send from this address */
    ngx_socket_t           send_only;  /* the master's, or -1 */
    ngx_rtc_addr_t         local;
    ngx_rtc_batch_t       *batch;      /* NULL: nothing was sent yet */

    unsigned               mine:1;     /* candidates name it */
    unsigned               wildcard:1;
    unsigned               dual:1;     /* IPv6 that takes IPv4 too */
} ngx_rtc_socket_t;


typedef struct {
    u_char                *p;
    size_t                 len;
    ngx_rtc_addr_t         remote;
    ngx_rtc_addr_t         local;
    ngx_rtc_usec_t         arrival;
    ngx_rtc_socket_t      *sock;
} ngx_rtc_datagram_t;


/* ngx_rtc_socket.c */

/*
 * The stream module tells which listeners are ours, before anything else:
 * in the master (init_module) and in the worker.
 */

typedef ngx_uint_t (*ngx_rtc_listen_match_pt)(ngx_listening_t *ls);

extern ngx_rtc_listen_match_pt  ngx_rtc_listen_match;

extern ngx_rtc_socket_t  *ngx_rtc_sockets;
extern ngx_uint_t         ngx_rtc_nsockets;

void ngx_rtc_socket_prepare(ngx_cycle_t *cycle);
ngx_socket_t ngx_rtc_socket_sender(ngx_listening_t *ls, ngx_log_t *log);
ngx_socket_t ngx_rtc_socket_send_only(ngx_rtc_addr_t *local);
ngx_rtc_socket_t *ngx_rtc_socket_find(ngx_rtc_addr_t *local);
ngx_uint_t ngx_rtc_socket_candidates(ngx_rtc_candidate_t *c, ngx_uint_t n,
    ngx_str_t *local, ngx_uint_t turn);


/* ngx_rtc_listen.c */

ngx_int_t ngx_rtc_listen_init(ngx_cycle_t *cycle);
void ngx_rtc_listen_exit(void);


/* ngx_rtc_udp.c */

#define NGX_RTC_UDP_SIZE        1600   /* bytes of a place in the batch */

u_char *ngx_rtc_udp_reserve(ngx_rtc_socket_t *sock);
void ngx_rtc_udp_commit(ngx_rtc_socket_t *sock, size_t len,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local);
ngx_int_t ngx_rtc_udp_send(ngx_rtc_socket_t *sock, u_char *p, size_t len,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local);
void ngx_rtc_udp_flush(ngx_rtc_socket_t *sock);

/* the socket's fd is about to change or to close */
void ngx_rtc_udp_detach(ngx_rtc_socket_t *sock);
void ngx_rtc_udp_free(ngx_rtc_socket_t *sock);


/* ngx_rtc_dispatch.c */

typedef struct {
    ngx_queue_t            queue;
    ngx_rtc_transport_t   *transport;
    u_char                 ufrag[NGX_RTC_UFRAG_LEN];
    ngx_uint_t             used;       /* unsigned  used:1; */
} ngx_rtc_name_t;

ngx_int_t ngx_rtc_dispatch_init(ngx_log_t *log);
void ngx_rtc_dispatch_exit(void);

void ngx_rtc_dispatch(ngx_rtc_datagram_t *dg);

void ngx_rtc_dispatch_name(ngx_rtc_name_t *name, u_char *ufrag,
    ngx_rtc_transport_t *t);
void ngx_rtc_dispatch_unname(ngx_rtc_name_t *name);

/* NGX_DECLINED: another transport uses the address; NGX_ERROR: no memory */
ngx_int_t ngx_rtc_dispatch_add(ngx_rtc_transport_t *t,
    ngx_rtc_ice_tuple_t *tuple);

/* other workers may hand over what comes from there: access is granted */
void ngx_rtc_dispatch_publish(ngx_rtc_transport_t *t,
    ngx_rtc_ice_tuple_t *tuple);
void ngx_rtc_dispatch_remove(ngx_rtc_ice_tuple_t *tuple);


/* ngx_rtc_access.c: the stream session of a transport */

struct ngx_rtc_access_s {
    ngx_rtc_transport_t   *transport;  /* NULL: it went away meanwhile */
    ngx_connection_t      *connection;
    ngx_rtc_addr_t         remote;
    const char            *reason;     /* it ended, and the transport not */
};

/* NGX_OK: access is granted, NGX_AGAIN: not yet decided, NGX_DECLINED: it
   was denied, NGX_ERROR: no memory or connection now */
ngx_int_t ngx_rtc_access_open(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg);
void ngx_rtc_access_close(ngx_rtc_access_t *st);


/* a transport, all files */

struct ngx_rtc_transport_s {
    ngx_queue_t             queue;     /* of all of this worker */

    const ngx_rtc_transport_handler_t  *handler;
    void                   *data;

    ngx_uint_t              state;
    ngx_uint_t              told;      /* the state the handler knows */

    ngx_rtc_ice_t           ice;
    ngx_rtc_socket_t       *sock;      /* of the selected tuple */
    ngx_rtc_name_t          names[2];  /* the ufrag and that before it */

    ngx_rtc_dtls_t         *dtls;
    ngx_rtc_srtp_t         *in;
    ngx_rtc_srtp_t         *out;
    ngx_uint_t              profile;

    ngx_rtc_dtls_fingerprint_t  fingerprints[NGX_RTC_DTLS_FINGERPRINTS];
    ngx_uint_t              nfingerprints;
    ngx_uint_t              role;

    ngx_queue_t             place_queue;   /* of running handshakes */

    ngx_rtc_access_t       *stream;    /* granted */
    ngx_rtc_access_t       *opening;

    ngx_event_t             timer;
    ngx_rtc_usec_t          armed;     /* when the timer is due */
    ngx_rtc_usec_t          wake;
    ngx_rtc_usec_t          expires;   /* unless it is connected by then */
    ngx_event_t             event;     /* tells the state, frees */

    u_char                 *place;     /* reserved in the batch */

    uint64_t                packets_sent;
    uint64_t                packets_received;
    uint64_t                bytes_sent;
    uint64_t                bytes_received;
    ngx_rtc_usec_t          rtt;
    uint64_t                lost;

    ngx_str_t               ufrag;
    ngx_str_t               pwd;
    ngx_str_t               room;
    ngx_str_t               user;
    ngx_str_t               session;
    u_char                  session_data[NGX_RTC_TRANSPORT_SESSION];
    const char             *role_name;
    const char             *reason;    /* why it ended; NULL: it goes on */
    ngx_str_t               local_addr;
    ngx_uint_t              turn;      /* which port of several */

    ngx_log_t              *log;

    unsigned                remote:1;      /* its parameters are known */
    unsigned                handshaking:1; /* it is in handshakes */
    unsigned                connected:1;   /* likewise */
    unsigned                failed:1;
    unsigned                closed:1;      /* by its owner */
};


/* ngx_rtc_transport.c */

void ngx_rtc_transport_input(ngx_rtc_transport_t *t,
    ngx_rtc_ice_tuple_t *tuple, ngx_rtc_datagram_t *dg);
void ngx_rtc_transport_ended(ngx_rtc_transport_t *t);
void ngx_rtc_transport_update(ngx_rtc_transport_t *t, ngx_rtc_usec_t now);

/* final; the first reason counts */
void ngx_rtc_transport_fail(ngx_rtc_transport_t *t, const char *reason);


/* ngx_rtc_secure.c */

ngx_int_t ngx_rtc_secure_init(ngx_cycle_t *cycle);
void ngx_rtc_secure_exit(void);

ngx_rtc_dtls_t *ngx_rtc_secure_create(ngx_rtc_transport_t *t);

void ngx_rtc_secure_input(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg);
void ngx_rtc_secure_media(ngx_rtc_transport_t *t, ngx_rtc_datagram_t *dg,
    ngx_uint_t rtcp);

/* starts a handshake, or starts it again in the other role; NGX_AGAIN: too
   many are running */
ngx_int_t ngx_rtc_secure_start(ngx_rtc_transport_t *t, ngx_uint_t role,
    ngx_rtc_usec_t now);

/* the handshake is over, one way or the other: its place is free */
void ngx_rtc_secure_done(ngx_rtc_transport_t *t);

/* the association and the peer's fingerprints are both there */
void ngx_rtc_secure_keys(ngx_rtc_transport_t *t);


#endif /* _NGX_RTC_NET_H_INCLUDED_ */
