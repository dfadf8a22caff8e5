
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The list of missing packets: a sorted array, since gaps are appended at
 * its end and what fills them is mostly near it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_nack.h"


static ngx_uint_t ngx_rtc_nack_lower(ngx_rtc_nack_t *nack, int64_t seq);


void
ngx_rtc_nack_init(ngx_rtc_nack_t *nack)
{
    nack->n = 0;
}


ngx_int_t
ngx_rtc_nack_gap(ngx_rtc_nack_t *nack, int64_t first, int64_t last,
    ngx_rtc_usec_t now)
{
    ngx_rtc_nack_entry_t  *e;

    if (first >= last) {
        return NGX_OK;
    }

    if (last - first > (int64_t) (NGX_RTC_NACK_MAX - nack->n)) {
        nack->n = 0;
        return NGX_DECLINED;
    }

    for ( /* void */ ; first < last; first++) {
        e = &nack->entries[nack->n++];

        e->seq = first;
        e->since = now;
        e->next = now + NGX_RTC_NACK_DELAY;
        e->tries = 0;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_rtc_nack_received(ngx_rtc_nack_t *nack, int64_t seq)
{
    ngx_uint_t  i, rc;

    i = ngx_rtc_nack_lower(nack, seq);

    if (i == nack->n || nack->entries[i].seq != seq) {
        return 0;
    }

    rc = nack->entries[i].tries ? 2 : 1;

    nack->n--;

    ngx_memmove(&nack->entries[i], &nack->entries[i + 1],
                (nack->n - i) * sizeof(ngx_rtc_nack_entry_t));

    return rc;
}


void
ngx_rtc_nack_keyframe(ngx_rtc_nack_t *nack, int64_t seq)
{
    ngx_uint_t  i;

    i = ngx_rtc_nack_lower(nack, seq);

    if (i == 0) {
        return;
    }

    nack->n -= i;

    ngx_memmove(nack->entries, &nack->entries[i],
                nack->n * sizeof(ngx_rtc_nack_entry_t));
}


ngx_rtc_usec_t
ngx_rtc_nack_deadline(ngx_rtc_nack_t *nack)
{
    ngx_uint_t      i;
    ngx_rtc_usec_t  next;

    next = NGX_RTC_NEVER;

    for (i = 0; i < nack->n; i++) {
        if (nack->entries[i].next < next) {
            next = nack->entries[i].next;
        }
    }

    return next;
}


ngx_uint_t
ngx_rtc_nack_collect(ngx_rtc_nack_t *nack, uint16_t *seqs, ngx_rtc_usec_t rtt,
    ngx_rtc_usec_t now)
{
    ngx_uint_t             i, n, kept;
    ngx_rtc_usec_t         pace;
    ngx_rtc_nack_entry_t  *e;

    /* the first answer may come an RTT after the asking, and a little more */

    pace = rtt ? rtt + rtt / 4 : NGX_RTC_NACK_RTT;
    pace = ngx_max(pace, NGX_RTC_NACK_MIN);

    n = 0;
    kept = 0;

    for (i = 0; i < nack->n; i++) {
        e = &nack->entries[i];

        if (e->next <= now) {

            if (e->tries == NGX_RTC_NACK_TRIES
                || now - e->since > NGX_RTC_NACK_AGE)
            {
                continue;
            }

            e->tries++;
            e->next = now + pace;

            seqs[n++] = (uint16_t) e->seq;
        }

        if (kept != i) {
            nack->entries[kept] = *e;
        }

        kept++;
    }

    nack->n = kept;

    return n;
}


/* the first entry that isn't below seq */

static ngx_uint_t
ngx_rtc_nack_lower(ngx_rtc_nack_t *nack, int64_t seq)
{
    ngx_uint_t  i, left, right;

    left = 0;
    right = nack->n;

    while (left < right) {
        i = (left + right) / 2;

        if (nack->entries[i].seq < seq) {
            left = i + 1;

        } else {
            right = i;
        }
    }

    return left;
}
