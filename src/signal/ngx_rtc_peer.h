
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Private to the negotiation side: peer connections, publications with what
 * they may come as, and who wants which.  The room side sees ngx_rtc_
 * negotiation.h.
 */


#ifndef _NGX_RTC_PEER_H_INCLUDED_
#define _NGX_RTC_PEER_H_INCLUDED_


#include "ngx_rtc_mline.h"
#include "ngx_rtc_negotiation.h"
#include "ngx_rtc_transport.h"


#define NGX_RTC_SEND             0     /* seen from the client */
#define NGX_RTC_RECV             1

#define NGX_RTC_ANSWER_TIMEOUT   10000 /* of our offers, milliseconds */
#define NGX_RTC_TAKEOVER         15000 /* a replaced transport is closed at
                                          the latest */
#define NGX_RTC_CLOSED_DELAY     1000  /* a client that closes its connection
                                          mostly goes altogether */
#define NGX_RTC_MAX_FAILURES     3     /* transports in a row that did not
                                          connect */
#define NGX_RTC_MAX_TRACKS       16    /* a participant publishes */

typedef struct ngx_rtc_peer_s       ngx_rtc_peer_t;
typedef struct ngx_rtc_published_s  ngx_rtc_published_t;
typedef struct ngx_rtc_want_s       ngx_rtc_want_t;


struct ngx_rtc_negotiation_s {
    ngx_rtc_participant_t   *participant;
    ngx_rtc_peer_t          *peer[2];      /* by direction; NULL only while
                                              there was no memory */
    ngx_queue_t              old;          /* replaced, not yet closed */
    ngx_queue_t              wants;
    ngx_uint_t               npublished;
    ngx_uint_t               failures[2];

    /* what the client decodes, by formats: what its answers took and what
       they removed; before there is one, what its own offers list */
    uint32_t                 can;
    uint32_t                 cannot;
    uint32_t                 listed[2];    /* by kind; 0: no offer yet */
};


struct ngx_rtc_peer_s {
    ngx_queue_t              queue;        /* negotiation->old */
    ngx_rtc_negotiation_t   *negotiation;
    ngx_rtc_transport_t     *transport;
    ngx_rtc_endpoint_t      *endpoint;
    u_char                   id[25];
    u_char                   replaces[25]; /* "": none */
    ngx_uint_t               direction;
    ngx_uint_t               state;        /* NGX_RTC_TRANSPORT_* */
    json_int_t               counter;      /* of offers on it */

    ngx_rtc_mline_t        **mlines;       /* in their order */
    ngx_uint_t               nmlines;
    ngx_uint_t               nalloc;
    ngx_uint_t               next_mid;

    uint64_t                 session;      /* o= line */
    uint64_t                 version;

    ngx_str_t                remote_ufrag; /* as last applied */
    ngx_str_t                remote_pwd;
    u_char                   remote_data[512];
    ngx_uint_t               dtls_role;    /* ours; remote is set */

    json_t                  *offer;        /* data of the outstanding
                                              webrtc-offer; NULL: none */
    ngx_event_t              event;        /* posted: there may be something
                                              to offer */
    ngx_event_t              timer;        /* the answer, or a new try */

    unsigned                 able:1;       /* media may be sent */
    unsigned                 remote:1;     /* parameters of the peer known */
    unsigned                 dirty:1;      /* lines differ from what was
                                              offered last */
    unsigned                 restart:1;    /* new credentials in the next
                                              offer */
    unsigned                 replaced:1;   /* it is in negotiation->old */
    unsigned                 broken:1;     /* to be replaced as soon as its
                                              client is there */
};


struct ngx_rtc_published_s {
    ngx_rtc_publication_t    pub;          /* first */
    ngx_queue_t              wants;        /* ngx_rtc_want_t.of */
    ngx_rtc_peer_t          *peer;
    ngx_rtc_mline_t         *mline;        /* of peer */
    ngx_rtc_formats_t        formats;
    ngx_event_t              event;        /* posted: the codec is another */
    unsigned                 told:1;       /* track-published is out */
};

#define ngx_rtc_published(p)  ((ngx_rtc_published_t *) (p))


/* a subscription as an intent; ngx_rtc_subscription_t is its media */

struct ngx_rtc_want_s {
    ngx_queue_t              queue;        /* negotiation->wants */
    ngx_queue_t              of;           /* published->wants */
    ngx_rtc_negotiation_t   *negotiation;
    ngx_rtc_published_t     *published;
    ngx_rtc_mline_t         *mline;        /* of the current recv peer; NULL:
                                              not offered yet or failed */
    unsigned                 paused:1;
    unsigned                 failed:1;
    unsigned                 crowded:1;    /* all m-lines are taken */
};


/* ngx_rtc_peer.c */

ngx_rtc_peer_t *ngx_rtc_peer_create(ngx_rtc_negotiation_t *n,
    ngx_uint_t direction, ngx_rtc_peer_t *replaces);
void ngx_rtc_peer_destroy(ngx_rtc_peer_t *peer);

/* tells the transport, for the access log, who its participant is now */
void ngx_rtc_peer_label(ngx_rtc_peer_t *peer);

/*
 * Makes a new transport in place of the peer's and tells the client; the old
 * one lives until the new one is connected.  NGX_ERROR: no memory, the peer
 * stays.  "renew" does it as soon as the client is there, after a delay in
 * milliseconds, and gives up after some failures.
 */
ngx_int_t ngx_rtc_peer_replace(ngx_rtc_peer_t *peer);
void ngx_rtc_peer_renew(ngx_rtc_peer_t *peer, ngx_msec_t delay);

void ngx_rtc_peer_announce(ngx_rtc_peer_t *peer);
json_t *ngx_rtc_peer_json(ngx_rtc_peer_t *peer);
json_t *ngx_rtc_peer_stats(ngx_rtc_peer_t *peer);

/* an m-line behind the others; NULL: no memory or too many */
ngx_rtc_mline_t *ngx_rtc_peer_add_mline(ngx_rtc_peer_t *peer);

/*
 * The current peer of the direction that an optional "transportId" names.
 * NULL and E_NO_SUCH_TRANSPORT, or E_OK: it has been replaced, the message
 * is stale.
 */
ngx_rtc_peer_t *ngx_rtc_peer_find(ngx_rtc_negotiation_t *n,
    ngx_uint_t direction, json_t *data, ngx_uint_t *error);

/*
 * SDP: the text of data[name].sdp, parsed into memory that the next parse
 * reuses; what our side has to say; the peer's ICE and DTLS parameters.
 * Errors: NGX_RTC_E_* and r->message.
 */
ngx_uint_t ngx_rtc_peer_parse(ngx_rtc_request_t *r, const char *name,
    ngx_rtc_sdp_t *sdp);
void ngx_rtc_peer_describe(ngx_rtc_peer_t *peer, ngx_rtc_sdp_desc_t *desc,
    ngx_rtc_sdp_setup_e setup);
void ngx_rtc_peer_buf(ngx_rtc_sdp_buf_t *buf);
ngx_uint_t ngx_rtc_peer_remote(ngx_rtc_peer_t *peer,
    ngx_rtc_mline_remote_t *remote, ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_peer_restarts(ngx_rtc_peer_t *peer,
    ngx_rtc_mline_remote_t *remote);


/* ngx_rtc_publish.c */

/* ends a publication: tells all, closes its media and frees it */
void ngx_rtc_published_end(ngx_rtc_published_t *pb);
void ngx_rtc_published_gate(ngx_rtc_published_t *pb);
json_t *ngx_rtc_published_stats(ngx_rtc_published_t *pb, ngx_rtc_usec_t now);


/* ngx_rtc_subscribe.c */

/* one that exists is given again; NULL: no memory */
ngx_rtc_want_t *ngx_rtc_want_add(ngx_rtc_negotiation_t *n,
    ngx_rtc_published_t *pb);
ngx_rtc_want_t *ngx_rtc_want_find(ngx_rtc_negotiation_t *n,
    ngx_rtc_published_t *pb);
void ngx_rtc_want_remove(ngx_rtc_want_t *want);
void ngx_rtc_want_retry(ngx_rtc_want_t *want);
void ngx_rtc_want_pause(ngx_rtc_want_t *want, ngx_uint_t paused);
json_t *ngx_rtc_want_stats(ngx_rtc_want_t *want, ngx_rtc_usec_t now);

/* may the client decode the format, as far as is known */
ngx_uint_t ngx_rtc_decodes(ngx_rtc_negotiation_t *n, ngx_uint_t format);

/* the publication has another track or other formats, or its codec is known
   by now */
void ngx_rtc_wants_track(ngx_rtc_published_t *pb);
void ngx_rtc_wants_formats(ngx_rtc_published_t *pb);
void ngx_rtc_wants_codec(ngx_rtc_published_t *pb);

/* the current peer has no lines yet: all wants go on it; an old one lets go
   of its own */
void ngx_rtc_subscribe_all(ngx_rtc_peer_t *peer);
void ngx_rtc_subscribe_release(ngx_rtc_peer_t *peer);

/*
 * Puts a wanted publication on an m-line: NGX_RTC_E_*; takes it away again;
 * tells the client why it gets nothing.
 */
ngx_uint_t ngx_rtc_subscribe_bind(ngx_rtc_want_t *want, ngx_rtc_peer_t *peer);
void ngx_rtc_subscribe_unbind(ngx_rtc_mline_t *mline);
void ngx_rtc_want_failed(ngx_rtc_want_t *want, const char *code);

/* what a line of the peer offers of a publication */
void ngx_rtc_subscribe_formats(ngx_rtc_peer_t *peer, ngx_rtc_published_t *pb,
    ngx_rtc_formats_t *formats);
ngx_uint_t ngx_rtc_subscribe_offered(ngx_rtc_mline_t *mline,
    ngx_uint_t codec);
ngx_uint_t ngx_rtc_subscribe_decodes(ngx_rtc_want_t *want, ngx_uint_t codec);


/* ngx_rtc_recv.c */

/* there may be something to offer: seen to at the end of the turn */
void ngx_rtc_offer_later(ngx_rtc_peer_t *peer);
void ngx_rtc_offer_repeat(ngx_rtc_peer_t *peer);
void ngx_rtc_offer_event(ngx_event_t *ev);


#endif /* _NGX_RTC_PEER_H_INCLUDED_ */
