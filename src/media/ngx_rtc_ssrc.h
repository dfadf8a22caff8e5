
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A hash of SSRCs with open addressing: bounded, grown only when a stream or
 * a subscription appears, never on a packet's road.
 */


#ifndef _NGX_RTC_SSRC_H_INCLUDED_
#define _NGX_RTC_SSRC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    void                 *data;        /* NULL: a free place */
    uint32_t              ssrc;
    uint32_t              rtx;         /* the SSRC of retransmissions */
} ngx_rtc_ssrc_t;


typedef struct {
    ngx_rtc_ssrc_t       *elts;
    uint32_t              mask;        /* places - 1 */
    uint32_t              n;
    uint32_t              max;
} ngx_rtc_ssrcs_t;


void ngx_rtc_ssrcs_init(ngx_rtc_ssrcs_t *t, ngx_uint_t max);
void ngx_rtc_ssrcs_free(ngx_rtc_ssrcs_t *t);

/* NGX_OK, NGX_DECLINED: the SSRC is there or the table is full, NGX_ERROR */
ngx_int_t ngx_rtc_ssrcs_add(ngx_rtc_ssrcs_t *t, uint32_t ssrc, void *data,
    ngx_uint_t rtx, ngx_log_t *log);

/* only if it belongs to data */
void ngx_rtc_ssrcs_delete(ngx_rtc_ssrcs_t *t, uint32_t ssrc, void *data);


static ngx_inline uint32_t
ngx_rtc_ssrc_hash(uint32_t ssrc)
{
    ssrc *= 2654435761u;

    return ssrc ^ (ssrc >> 16);
}


static ngx_inline ngx_rtc_ssrc_t *
ngx_rtc_ssrcs_find(ngx_rtc_ssrcs_t *t, uint32_t ssrc)
{
    uint32_t  i;

    if (t->n == 0) {
        return NULL;
    }

    i = ngx_rtc_ssrc_hash(ssrc) & t->mask;

    while (t->elts[i].data) {

        if (t->elts[i].ssrc == ssrc) {
            return &t->elts[i];
        }

        i = (i + 1) & t->mask;
    }

    return NULL;
}


#endif /* _NGX_RTC_SSRC_H_INCLUDED_ */
