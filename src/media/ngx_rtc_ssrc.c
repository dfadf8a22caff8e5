
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The hash of SSRCs: growing and deleting.  Looking up is in the header.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_ssrc.h"


#define NGX_RTC_SSRCS_MIN  8


static ngx_int_t ngx_rtc_ssrcs_grow(ngx_rtc_ssrcs_t *t, ngx_log_t *log);
static void ngx_rtc_ssrcs_place(ngx_rtc_ssrcs_t *t, ngx_rtc_ssrc_t *elt);


void
ngx_rtc_ssrcs_init(ngx_rtc_ssrcs_t *t, ngx_uint_t max)
{
    t->elts = NULL;
    t->mask = 0;
    t->n = 0;
    t->max = (uint32_t) max;
}


void
ngx_rtc_ssrcs_free(ngx_rtc_ssrcs_t *t)
{
    if (t->elts) {
        ngx_free(t->elts);
    }

    ngx_rtc_ssrcs_init(t, t->max);
}


ngx_int_t
ngx_rtc_ssrcs_add(ngx_rtc_ssrcs_t *t, uint32_t ssrc, void *data,
    ngx_uint_t rtx, ngx_log_t *log)
{
    ngx_rtc_ssrc_t  elt;

    if (t->n == t->max || ngx_rtc_ssrcs_find(t, ssrc)) {
        return NGX_DECLINED;
    }

    /* half of the places stay free */

    if (t->elts == NULL || (t->n + 1) * 2 > t->mask + 1) {
        if (ngx_rtc_ssrcs_grow(t, log) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    elt.data = data;
    elt.ssrc = ssrc;
    elt.rtx = (uint32_t) rtx;

    ngx_rtc_ssrcs_place(t, &elt);
    t->n++;

    return NGX_OK;
}


void
ngx_rtc_ssrcs_delete(ngx_rtc_ssrcs_t *t, uint32_t ssrc, void *data)
{
    uint32_t         i, j, home;
    ngx_rtc_ssrc_t  *elt;

    elt = ngx_rtc_ssrcs_find(t, ssrc);

    if (elt == NULL || elt->data != data) {
        return;
    }

    t->n--;

    /* those behind move up, unless they would pass their first choice */

    i = (uint32_t) (elt - t->elts);
    j = i;

    for ( ;; ) {
        j = (j + 1) & t->mask;

        if (t->elts[j].data == NULL) {
            break;
        }

        home = ngx_rtc_ssrc_hash(t->elts[j].ssrc) & t->mask;

        if (((j - home) & t->mask) >= ((j - i) & t->mask)) {
            t->elts[i] = t->elts[j];
            i = j;
        }
    }

    t->elts[i].data = NULL;
}


static ngx_int_t
ngx_rtc_ssrcs_grow(ngx_rtc_ssrcs_t *t, ngx_log_t *log)
{
    uint32_t         i, size, n;
    ngx_rtc_ssrc_t  *old, *elts;

    n = (t->elts == NULL) ? 0 : t->mask + 1;
    size = n ? n * 2 : NGX_RTC_SSRCS_MIN;

    elts = ngx_calloc(size * sizeof(ngx_rtc_ssrc_t), log);
    if (elts == NULL) {
        return NGX_ERROR;
    }

    old = t->elts;

    t->elts = elts;
    t->mask = size - 1;

    for (i = 0; i < n; i++) {
        if (old[i].data) {
            ngx_rtc_ssrcs_place(t, &old[i]);
        }
    }

    if (old) {
        ngx_free(old);
    }

    return NGX_OK;
}


static void
ngx_rtc_ssrcs_place(ngx_rtc_ssrcs_t *t, ngx_rtc_ssrc_t *elt)
{
    uint32_t  i;

    i = ngx_rtc_ssrc_hash(elt->ssrc) & t->mask;

    while (t->elts[i].data) {
        i = (i + 1) & t->mask;
    }

    t->elts[i] = *elt;
}
