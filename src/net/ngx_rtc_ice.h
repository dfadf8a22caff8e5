
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * An ICE-lite agent (RFC 8445, RFC 7675) of one transport: answers checks,
 * keeps the tuples that proved themselves, tells the one to send to.
 * Sans-IO: it neither reads nor sends nor asks for the time.
 */


#ifndef _NGX_RTC_ICE_H_INCLUDED_
#define _NGX_RTC_ICE_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_addr.h"


#define NGX_RTC_ICE_TUPLES        8
#define NGX_RTC_ICE_RESPONSE      256  /* bytes, the largest response */

#define NGX_RTC_ICE_DISCONNECTED  (5 * 1000000)
#define NGX_RTC_ICE_OVERLAP       (20 * 1000000)


/*
 * A path that a peer proved to be its own: exactly this remote address and
 * port talks to exactly this local one.
 */

typedef struct {
    ngx_rtc_addr_t        remote;
    ngx_rtc_addr_t        local;
    ngx_rtc_usec_t        checked;     /* the last valid check */
    unsigned              used:1;
    unsigned              nominated:1;
    unsigned              old:1;       /* with credentials before a restart */
    unsigned              refused:1;   /* the owner wants nothing from it */
    unsigned              published:1; /* of the owner: others know it */
} ngx_rtc_ice_tuple_t;


typedef struct {
    u_char                ufrag[NGX_RTC_UFRAG_LEN];
    u_char                pwd[NGX_RTC_PWD_LEN];
} ngx_rtc_ice_cred_t;


typedef struct {
    ngx_rtc_usec_t        last;
    ngx_int_t             tokens;      /* thousandths of a check */
} ngx_rtc_ice_bucket_t;


/* a tuple leaves the table: outdated, or the oldest of too many */
typedef void (*ngx_rtc_ice_gone_pt)(void *data, ngx_rtc_ice_tuple_t *tuple);


typedef struct {
    ngx_rtc_ice_cred_t    local;
    ngx_rtc_ice_cred_t    old;
    ngx_rtc_usec_t        old_until;   /* 0: no old ones */

    ngx_rtc_ice_tuple_t   tuples[NGX_RTC_ICE_TUPLES];
    ngx_rtc_ice_tuple_t  *selected;    /* where to send */

    uint32_t              nomination;  /* the highest value seen */
    ngx_rtc_usec_t        timeout;
    ngx_rtc_usec_t        checked;     /* the last valid check, or since when
                                          one is awaited; NGX_RTC_NEVER: it
                                          isn't */
    ngx_rtc_ice_bucket_t  known;       /* checks of tuples */
    ngx_rtc_ice_bucket_t  unknown;     /* checks of other addresses */

    unsigned              alive:1;     /* a valid check has been */

    ngx_rtc_ice_gone_pt   gone;
    void                 *data;
} ngx_rtc_ice_t;


typedef enum {
    NGX_RTC_ICE_NEW = 0,
    NGX_RTC_ICE_CONNECTED,
    NGX_RTC_ICE_SILENT,                /* no check for 5 s */
    NGX_RTC_ICE_FAILED                 /* consent expired */
} ngx_rtc_ice_state_e;


/* what a check's nomination changes */

typedef struct {
    ngx_rtc_ice_tuple_t  *selected;
    ngx_uint_t            nominated;   /* unsigned  nominated:1; */
    uint32_t              nomination;
    ngx_rtc_usec_t        old_until;
} ngx_rtc_ice_before_t;


typedef struct {
    ngx_rtc_ice_tuple_t  *tuple;       /* of a valid check */
    ngx_rtc_ice_before_t  before;
    unsigned              fresh:1;     /* the tuple is new */
    unsigned              selected:1;  /* the selected tuple has changed */
    size_t                len;         /* of the response, 0: none */
    u_char                response[NGX_RTC_ICE_RESPONSE];
} ngx_rtc_ice_result_t;


/* timeout: microseconds without a valid check until consent expires */

void ngx_rtc_ice_init(ngx_rtc_ice_t *ice, ngx_rtc_ice_cred_t *cred,
    ngx_rtc_usec_t timeout, ngx_rtc_ice_gone_pt gone, void *data);

/* the peer can start to check */
void ngx_rtc_ice_start(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now);

void ngx_rtc_ice_restart(ngx_rtc_ice_t *ice, ngx_rtc_ice_cred_t *cred,
    ngx_rtc_usec_t now);


/*
 * A STUN message from remote that came to local.  NGX_OK: a valid check;
 * NGX_DECLINED: not valid, and to an authentic one there may be an error
 * response; NGX_ERROR: to be ignored.  A response is never larger than the
 * message, except a valid check's by a few bytes of a longer address.
 */

ngx_int_t ngx_rtc_ice_check(ngx_rtc_ice_t *ice, u_char *p, size_t len,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local, ngx_rtc_usec_t now,
    ngx_rtc_ice_result_t *res);

/* the owner can't use the tuple of a valid check: its nomination is undone,
   so that it may be repeated; the tuple stays */
void ngx_rtc_ice_undo(ngx_rtc_ice_t *ice, ngx_rtc_ice_result_t *res);

ngx_rtc_ice_tuple_t *ngx_rtc_ice_find(ngx_rtc_ice_t *ice,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local);
void ngx_rtc_ice_remove(ngx_rtc_ice_t *ice, ngx_rtc_ice_tuple_t *tuple);

/* drops what is outdated; returns the state */
ngx_uint_t ngx_rtc_ice_expire(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now);

/* when ngx_rtc_ice_expire() is due */
ngx_rtc_usec_t ngx_rtc_ice_deadline(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now);


/*
 * The local part of the USERNAME of a binding request, unverified, for
 * routing: a pointer into the message of NGX_RTC_UFRAG_LEN bytes, or NULL.
 */

u_char *ngx_rtc_ice_ufrag(u_char *p, size_t len);


/*
 * Our ufrags name the worker: slot, incarnation, 72 random bits, as 24
 * characters of base32.
 */

#define NGX_RTC_ICE_RANDOM    9

void ngx_rtc_ice_ufrag_encode(u_char *ufrag, ngx_rtc_ref_t *ref,
    u_char *random);
ngx_int_t ngx_rtc_ice_ufrag_decode(u_char *ufrag, ngx_rtc_ref_t *ref);


#endif /* _NGX_RTC_ICE_H_INCLUDED_ */
