
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * When a source is asked for a keyframe: wishes of any number of subscribers
 * become few requests.  Writing PLI or FIR isn't done here.
 */


#ifndef _NGX_RTC_KEYFRAME_H_INCLUDED_
#define _NGX_RTC_KEYFRAME_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_KEYFRAME_INTERVAL  500000     /* between requests, usec */
#define NGX_RTC_KEYFRAME_RETRY     1000000    /* no keyframe has come */
#define NGX_RTC_KEYFRAME_TRIES     30

/* of one subscriber: as many at once, and then one in so many usec */
#define NGX_RTC_KEYFRAME_BURST     4
#define NGX_RTC_KEYFRAME_REFILL    2000000


typedef struct {
    ngx_rtc_usec_t        sent;        /* the last request; 0: none yet */
    ngx_rtc_usec_t        next;        /* of the next; NGX_RTC_NEVER */
    ngx_uint_t            tries;       /* since the last keyframe */
    uint8_t               fir_seq;
} ngx_rtc_keyframe_t;


/* what one subscriber may still ask for */

typedef struct {
    ngx_rtc_usec_t        since;       /* 0: nothing asked yet */
    ngx_uint_t            tokens;
} ngx_rtc_keyframe_limit_t;


void ngx_rtc_keyframe_init(ngx_rtc_keyframe_t *kf);

/* somebody needs a keyframe; a request is due at kf->next */
void ngx_rtc_keyframe_want(ngx_rtc_keyframe_t *kf, ngx_rtc_usec_t now);

/* NGX_OK: send a request now, NGX_DECLINED: not yet */
ngx_int_t ngx_rtc_keyframe_due(ngx_rtc_keyframe_t *kf, ngx_rtc_usec_t now);

/* one has come */
void ngx_rtc_keyframe_arrived(ngx_rtc_keyframe_t *kf);

/* NGX_OK or NGX_DECLINED: this subscriber asks too often */
ngx_int_t ngx_rtc_keyframe_limit(ngx_rtc_keyframe_limit_t *limit,
    ngx_rtc_usec_t now);


#endif /* _NGX_RTC_KEYFRAME_H_INCLUDED_ */
