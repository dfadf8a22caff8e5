
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What is missing from a publisher's stream and when it is asked again.
 * Sequence numbers are extended ones; writing RTCP isn't done here.
 */


#ifndef _NGX_RTC_NACK_H_INCLUDED_
#define _NGX_RTC_NACK_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_NACK_MAX       256     /* missing packets kept */
#define NGX_RTC_NACK_TRIES     10
#define NGX_RTC_NACK_DELAY     10000   /* reordering that isn't loss, usec */
#define NGX_RTC_NACK_RTT       100000  /* while it isn't known */
#define NGX_RTC_NACK_MIN       20000   /* between two tries */
#define NGX_RTC_NACK_AGE       1500000 /* too late to be of use */


typedef struct {
    int64_t               seq;
    ngx_rtc_usec_t        since;
    ngx_rtc_usec_t        next;
    ngx_uint_t            tries;
} ngx_rtc_nack_entry_t;


typedef struct {
    ngx_uint_t            n;           /* in the order of sequence numbers */
    ngx_rtc_nack_entry_t  entries[NGX_RTC_NACK_MAX];
} ngx_rtc_nack_t;


void ngx_rtc_nack_init(ngx_rtc_nack_t *nack);

/*
 * first .. last - 1 are newer than all known and haven't come.  NGX_DECLINED:
 * too many, nothing is asked any more: a keyframe is the cheaper remedy.
 */
ngx_int_t ngx_rtc_nack_gap(ngx_rtc_nack_t *nack, int64_t first, int64_t last,
    ngx_rtc_usec_t now);

/* 2: it had been asked for, 1: it was missing, 0: neither */
ngx_uint_t ngx_rtc_nack_received(ngx_rtc_nack_t *nack, int64_t seq);

/* a keyframe starts at seq: nobody needs what was before it */
void ngx_rtc_nack_keyframe(ngx_rtc_nack_t *nack, int64_t seq);

/* when ngx_rtc_nack_collect() has something to do; NGX_RTC_NEVER */
ngx_rtc_usec_t ngx_rtc_nack_deadline(ngx_rtc_nack_t *nack);

/*
 * Sequence numbers that are due, in order, up to NGX_RTC_NACK_MAX of them;
 * what was asked often enough is forgotten.  rtt: 0 if unknown.
 */
ngx_uint_t ngx_rtc_nack_collect(ngx_rtc_nack_t *nack, uint16_t *seqs,
    ngx_rtc_usec_t rtt, ngx_rtc_usec_t now);


#endif /* _NGX_RTC_NACK_H_INCLUDED_ */
