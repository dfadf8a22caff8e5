
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Coalescing of keyframe requests: the first at once, one outstanding, a
 * minimum interval, repeated until the keyframe comes.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_keyframe.h"


void
ngx_rtc_keyframe_init(ngx_rtc_keyframe_t *kf)
{
    kf->sent = 0;
    kf->next = NGX_RTC_NEVER;
    kf->tries = 0;
    kf->fir_seq = 0;
}


void
ngx_rtc_keyframe_want(ngx_rtc_keyframe_t *kf, ngx_rtc_usec_t now)
{
    if (kf->next != NGX_RTC_NEVER) {
        return;
    }

    kf->next = kf->sent ? kf->sent + NGX_RTC_KEYFRAME_INTERVAL : now;

    if (kf->next < now) {
        kf->next = now;
    }
}


ngx_int_t
ngx_rtc_keyframe_due(ngx_rtc_keyframe_t *kf, ngx_rtc_usec_t now)
{
    if (kf->next > now) {
        return NGX_DECLINED;
    }

    if (kf->tries == NGX_RTC_KEYFRAME_TRIES) {
        kf->tries = 0;
        kf->next = NGX_RTC_NEVER;
        return NGX_DECLINED;
    }

    kf->tries++;
    kf->sent = now;
    kf->next = now + NGX_RTC_KEYFRAME_RETRY;

    return NGX_OK;
}


void
ngx_rtc_keyframe_arrived(ngx_rtc_keyframe_t *kf)
{
    kf->next = NGX_RTC_NEVER;
    kf->tries = 0;
}


ngx_int_t
ngx_rtc_keyframe_limit(ngx_rtc_keyframe_limit_t *limit, ngx_rtc_usec_t now)
{
    ngx_uint_t  n;

    if (limit->since == 0) {
        limit->since = now;
        limit->tokens = NGX_RTC_KEYFRAME_BURST;
    }

    n = (ngx_uint_t) ((now - limit->since) / NGX_RTC_KEYFRAME_REFILL);

    if (n) {
        limit->since += (ngx_rtc_usec_t) n * NGX_RTC_KEYFRAME_REFILL;
        limit->tokens = ngx_min(limit->tokens + n, NGX_RTC_KEYFRAME_BURST);
    }

    if (limit->tokens == 0) {
        return NGX_DECLINED;
    }

    limit->tokens--;

    return NGX_OK;
}
