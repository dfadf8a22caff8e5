
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A media transport: ICE-lite, DTLS and SRTP over the listeners of this
 * worker.  It moves packets for whoever is above (a table of handlers) and
 * knows nothing of tracks or rooms.
 */


#ifndef _NGX_RTC_TRANSPORT_H_INCLUDED_
#define _NGX_RTC_TRANSPORT_H_INCLUDED_


#include "ngx_rtc.h"


typedef struct ngx_rtc_transport_s  ngx_rtc_transport_t;


typedef enum {
    NGX_RTC_TRANSPORT_NEW = 0,         /* no valid check yet */
    NGX_RTC_TRANSPORT_CONNECTING,      /* ICE has a pair, DTLS runs */
    NGX_RTC_TRANSPORT_CONNECTED,
    NGX_RTC_TRANSPORT_DISCONNECTED,    /* no check for 5 s; may come back */
    NGX_RTC_TRANSPORT_FAILED,          /* timeouts, bad fingerprint: final */
    NGX_RTC_TRANSPORT_CLOSED           /* the peer's close_notify: final */
} ngx_rtc_transport_state_e;


typedef struct {
    /* never called from inside a function of this header, so the handler
       may close the transport */
    void            (*state)(void *data, ngx_uint_t state);

    /*
     * Authenticated plaintext, in a buffer that is the receiver's until it
     * returns; the packet may be changed in place.  arrival: the kernel's
     * stamp on the monotonic clock.
     */
    void            (*rtp)(void *data, u_char *p, size_t len,
                        ngx_rtc_usec_t arrival);
    void            (*rtcp)(void *data, u_char *p, size_t len,
                        ngx_rtc_usec_t arrival);

    /* the deadline set by ngx_rtc_transport_wake() has come; returns the
       next one or NGX_RTC_NEVER */
    ngx_rtc_usec_t  (*timer)(void *data, ngx_rtc_usec_t now);

    /* SCTP over DTLS: a later issue; may be NULL */
    void            (*data)(void *data, u_char *p, size_t len);
} ngx_rtc_transport_handler_t;


/* the address at which the client's signaling request arrived, text; used
   for candidates of wildcard listeners when announce is absent */

ngx_rtc_transport_t *ngx_rtc_transport_create(
    const ngx_rtc_transport_handler_t *handler, void *data,
    ngx_str_t *local_addr, ngx_str_t *room, ngx_str_t *user, ngx_log_t *log);

/*
 * For variables: the public id of the participant, copied, and its role, a
 * constant.  May be called again when the role has changed.
 */

#define NGX_RTC_TRANSPORT_SESSION  32

void ngx_rtc_transport_label(ngx_rtc_transport_t *t, ngx_str_t *session,
    const char *role);

/* handlers are not called any more; sends close_notify; frees later */
void ngx_rtc_transport_close(ngx_rtc_transport_t *t);


/* ICE and DTLS parameters of ours */

typedef struct {
    u_char              foundation[16];
    u_char              address[NGX_INET6_ADDRSTRLEN + 1];
    uint32_t            priority;
    in_port_t           port;          /* host order */
    unsigned            tcp:1;         /* passive */
} ngx_rtc_candidate_t;

ngx_str_t *ngx_rtc_transport_ufrag(ngx_rtc_transport_t *t);
ngx_str_t *ngx_rtc_transport_pwd(ngx_rtc_transport_t *t);
ngx_uint_t ngx_rtc_transport_candidates(ngx_rtc_transport_t *t,
    ngx_rtc_candidate_t *c, ngx_uint_t n);


/*
 * The peer's parameters, from its SDP.  May be called again for an ICE
 * restart or with the same values (renegotiation).  Fingerprints are
 * { "sha-256", "AB:CD:.." } texts; any one that matches is accepted.
 * setup: the role WE take.  NGX_OK, NGX_DECLINED: fingerprints or role
 * changed on an established transport, NGX_ERROR: memory.
 */

#define NGX_RTC_DTLS_SERVER    0       /* we answered or are passive */
#define NGX_RTC_DTLS_CLIENT    1       /* active */

typedef struct {
    ngx_str_t           algorithm;
    ngx_str_t           value;
} ngx_rtc_fingerprint_t;

typedef struct {
    ngx_str_t               ufrag;
    ngx_str_t               pwd;
    ngx_rtc_fingerprint_t  *fingerprints;
    ngx_uint_t              nfingerprints;
    ngx_uint_t              dtls_role;
} ngx_rtc_remote_t;

ngx_int_t ngx_rtc_transport_remote(ngx_rtc_transport_t *t,
    ngx_rtc_remote_t *remote);

/* new local credentials; the old ones and their pair serve until a check
   with the new ones nominates another, 20 s at most */
ngx_int_t ngx_rtc_transport_restart_ice(ngx_rtc_transport_t *t);


/*
 * Output.  rtp_reserve gives the place for one RTP packet of at most size
 * bytes in the send batch, or NULL: not connected or the batch can't be
 * flushed (counted, the packet is dropped).  The caller writes the plain
 * packet and commits its length: it is encrypted in place and goes out with
 * the batch, at the end of the event loop turn at the latest.  Nothing else
 * may be called in between.  commit with len 0 gives the place back.
 */

/* plain RTP packet, bytes: what came in over Ethernet can go out too, with
   our extensions, as fragments where that must be */

#define NGX_RTC_RTP_MAX        1536

u_char *ngx_rtc_transport_rtp_reserve(ngx_rtc_transport_t *t, size_t size);
ngx_int_t ngx_rtc_transport_rtp_commit(ngx_rtc_transport_t *t, size_t len);

/* a plain compound or reduced-size packet of up to 1200 bytes */
ngx_int_t ngx_rtc_transport_rtcp(ngx_rtc_transport_t *t, u_char *p,
    size_t len);

/* ask for timer() at the deadline or earlier than that */
void ngx_rtc_transport_wake(ngx_rtc_transport_t *t, ngx_rtc_usec_t deadline);

/*
 * Forget the SRTP state of an SSRC that is gone, of one direction: the peer
 * may choose SSRCs that we send by, and a key must not see their packet
 * numbers again.
 */
void ngx_rtc_transport_forget(ngx_rtc_transport_t *t, uint32_t ssrc,
    ngx_uint_t sending);


typedef struct {
    ngx_uint_t          state;
    uint64_t            packets_sent;
    uint64_t            packets_received;
    uint64_t            bytes_sent;
    uint64_t            bytes_received;
    ngx_rtc_usec_t      rtt;           /* set by ngx_rtc_transport_note() */
    uint64_t            lost;
    u_char              remote[NGX_SOCKADDR_STRLEN];
    size_t              remote_len;
    const char         *srtp_profile;
} ngx_rtc_transport_stats_t;

void ngx_rtc_transport_stats(ngx_rtc_transport_t *t,
    ngx_rtc_transport_stats_t *st);

/* what the access log's variables tell: measured above, kept here */
void ngx_rtc_transport_note(ngx_rtc_transport_t *t, ngx_rtc_usec_t rtt,
    uint64_t lost);


/* does this worker have a UDP listener with rtc; */
ngx_uint_t ngx_rtc_net_ready(void);


/*
 * For the stream module: the transport whose session a connection is, and
 * what its variables tell of it.
 */

ngx_rtc_transport_t *ngx_rtc_transport_by_connection(ngx_connection_t *c);
ngx_str_t *ngx_rtc_transport_room(ngx_rtc_transport_t *t);
ngx_str_t *ngx_rtc_transport_user(ngx_rtc_transport_t *t);
ngx_str_t *ngx_rtc_transport_session(ngx_rtc_transport_t *t);
const char *ngx_rtc_transport_role(ngx_rtc_transport_t *t);

/* why the session of a connection ended; NULL: it goes on, as far as the
   transport knows */
const char *ngx_rtc_transport_reason(ngx_connection_t *c);

/* the stream session runs (1: access granted) or ends (0); until it is
   granted no datagram of the address goes further than ICE */
void ngx_rtc_transport_access(ngx_connection_t *c, ngx_uint_t granted);


/* by the core of the stream module: init and exit of a worker */
ngx_int_t ngx_rtc_net_init(ngx_cycle_t *cycle);
void ngx_rtc_net_exit(ngx_cycle_t *cycle);


#endif /* _NGX_RTC_TRANSPORT_H_INCLUDED_ */
