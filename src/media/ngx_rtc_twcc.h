
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Arrival times of a transport's packets by transport-wide sequence number
 * and the feedback made of them.  Receiving side only: estimation from a
 * peer's feedback isn't here.
 */


#ifndef _NGX_RTC_TWCC_H_INCLUDED_
#define _NGX_RTC_TWCC_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_TWCC_WINDOW    1024    /* packets, a power of 2 */
#define NGX_RTC_TWCC_EARLY     512     /* feedback at once from so many on */
#define NGX_RTC_TWCC_BACK      256     /* how far a late one is told anew */

#define NGX_RTC_TWCC_INTERVAL  100000  /* usec */
#define NGX_RTC_TWCC_FAST      50000
#define NGX_RTC_TWCC_BUSY      100     /* packets in an interval: the fast
                                          interval follows */


typedef struct {
    int64_t               start;       /* first one not yet told */
    int64_t               highest;     /* -1: nothing has come */
    ngx_rtc_usec_t        deadline;    /* of the next feedback */
    uint32_t              media;       /* SSRC of the last packet */
    uint32_t              received;    /* since the last feedback */
    uint8_t               fb_count;
    unsigned              busy:1;
    int64_t               times[NGX_RTC_TWCC_WINDOW];
} ngx_rtc_twcc_recv_t;


void ngx_rtc_twcc_init(ngx_rtc_twcc_recv_t *t);

/*
 * A packet has come.  NGX_AGAIN: feedback is due at t->deadline; NGX_DONE:
 * it is due at once; NGX_OK: nothing changed.
 */
ngx_int_t ngx_rtc_twcc_received(ngx_rtc_twcc_recv_t *t, uint16_t seq,
    uint32_t ssrc, ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);

/*
 * Writes one message.  Returns the next cursor; p if there is nothing more
 * to tell; NULL if end is too near.  To be called until it returns p.
 */
u_char *ngx_rtc_twcc_write(ngx_rtc_twcc_recv_t *t, u_char *p, u_char *end,
    uint32_t sender);


#endif /* _NGX_RTC_TWCC_H_INCLUDED_ */
