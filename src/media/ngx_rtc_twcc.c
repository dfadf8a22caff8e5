
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Transport-wide feedback: a ring of arrival times from the first packet not
 * told yet up to the newest one.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"
#include "ngx_rtc_twcc.h"


#define ngx_rtc_twcc_slot(seq)                                                \
    ((ngx_uint_t) ((seq) & (NGX_RTC_TWCC_WINDOW - 1)))


void
ngx_rtc_twcc_init(ngx_rtc_twcc_recv_t *t)
{
    t->start = 0;
    t->highest = -1;
    t->deadline = NGX_RTC_NEVER;
    t->media = 0;
    t->received = 0;
    t->fb_count = 0;
    t->busy = 0;
}


ngx_int_t
ngx_rtc_twcc_received(ngx_rtc_twcc_recv_t *t, uint16_t seq, uint32_t ssrc,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    int64_t     v, i, last;
    ngx_uint_t  n;

    last = t->highest;
    v = ngx_rtc_seq_unwrap(&t->highest, seq);

    if (last < 0) {
        t->start = v;

        for (n = 0; n < NGX_RTC_TWCC_WINDOW; n++) {
            t->times[n] = NGX_RTC_TWCC_LOST;
        }

    } else if (v > last) {

        if (v - last >= NGX_RTC_TWCC_WINDOW) {

            /* the sender has begun anew, there is no loss to tell */

            for (n = 0; n < NGX_RTC_TWCC_WINDOW; n++) {
                t->times[n] = NGX_RTC_TWCC_LOST;
            }

            t->start = v;

        } else {
            for (i = last + 1; i <= v; i++) {
                t->times[ngx_rtc_twcc_slot(i)] = NGX_RTC_TWCC_LOST;
            }

            /* not possible while feedback is made in time */

            if (v - t->start >= NGX_RTC_TWCC_WINDOW) {
                t->start = v - NGX_RTC_TWCC_WINDOW + 1;
            }
        }

    } else {

        if (last - v >= NGX_RTC_TWCC_BACK
            || t->times[ngx_rtc_twcc_slot(v)] != NGX_RTC_TWCC_LOST)
        {
            return NGX_OK;
        }

        /* told as lost: the whole rest is told again, with it */

        if (v < t->start) {
            t->start = v;
        }
    }

    t->times[ngx_rtc_twcc_slot(v)] = arrival;
    t->media = ssrc;
    t->received++;

    if (t->highest - t->start >= NGX_RTC_TWCC_EARLY) {
        t->deadline = now;
        return NGX_DONE;
    }

    if (t->deadline != NGX_RTC_NEVER) {
        return NGX_OK;
    }

    t->deadline = now + (t->busy ? NGX_RTC_TWCC_FAST : NGX_RTC_TWCC_INTERVAL);

    return NGX_AGAIN;
}


u_char *
ngx_rtc_twcc_write(ngx_rtc_twcc_recv_t *t, u_char *p, u_char *end,
    uint32_t sender)
{
    u_char      *last;
    int64_t     *times, window[NGX_RTC_TWCC_WINDOW];
    ngx_uint_t   n, slot, rest, consumed;

    if (t->highest < 0 || t->start > t->highest) {
        t->busy = (t->received >= NGX_RTC_TWCC_BUSY) ? 1 : 0;
        t->received = 0;
        t->deadline = NGX_RTC_NEVER;

        return p;
    }

    /*
     * All from the first not told, whether it has come or not: what no
     * message mentions isn't lost to the sender, it is nothing.  The newest
     * one has come, so there always is something to tell.
     */

    n = (ngx_uint_t) (t->highest - t->start + 1);
    slot = ngx_rtc_twcc_slot(t->start);
    rest = NGX_RTC_TWCC_WINDOW - slot;

    if (n <= rest) {
        times = &t->times[slot];

    } else {
        times = window;

        ngx_memcpy(window, &t->times[slot], rest * sizeof(int64_t));
        ngx_memcpy(&window[rest], t->times, (n - rest) * sizeof(int64_t));
    }

    last = ngx_rtc_rtcp_write_twcc(p, end, sender, t->media, t->fb_count,
                                   (uint16_t) t->start, times, n, &consumed);

    if (last == NULL || last == p || consumed == 0) {
        return NULL;
    }

    t->start += consumed;
    t->fb_count++;

    return last;
}
