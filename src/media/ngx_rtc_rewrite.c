
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Rewriting of packets: the mapping of sequence numbers and timestamps, which
 * never jump whatever the source does, and the header that goes out.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rewrite.h"


/* a source begins at least that much later than another ended, usec */
#define NGX_RTC_REWRITE_STEP  10000


static uint32_t ngx_rtc_rewrite_random(void);
static ngx_inline u_char *ngx_rtc_rewrite_ext(u_char *p, ngx_uint_t two_byte,
    ngx_uint_t id, size_t len);


ngx_int_t
ngx_rtc_rewrite_init(ngx_rtc_rewrite_t *rw, ngx_uint_t slots, ngx_log_t *log)
{
    if (slots) {
        rw->ring = ngx_calloc(slots * sizeof(ngx_rtc_sent_t), log);
        if (rw->ring == NULL) {
            return NGX_ERROR;
        }

        rw->mask = (uint32_t) slots - 1;
    }

    rw->epoch = 1;

    /*
     * far from 0 and below 2^15, so that a receiver which misses the first
     * packets can't guess SRTP's rollover counter wrong (RFC 3711, 3.3.1)
     */

    rw->begin = 0x10000 + 1024 + ngx_rtc_rewrite_random() % 8192;
    rw->highest = rw->begin - 1;
    rw->rtx_seq = (uint16_t) (1024 + ngx_rtc_rewrite_random() % 8192);

    return NGX_OK;
}


void
ngx_rtc_rewrite_free(ngx_rtc_rewrite_t *rw)
{
    if (rw->ring) {
        ngx_free(rw->ring);
        rw->ring = NULL;
    }
}


void
ngx_rtc_rewrite_params(ngx_rtc_rewrite_t *rw,
    const ngx_rtc_send_params_t *params)
{
    ngx_uint_t  i;

    rw->ssrc = params->ssrc;
    rw->rtx_ssrc = params->rtx_ssrc;

    rw->mid_len = (uint8_t) ngx_min(ngx_strlen(params->mid),
                                    NGX_RTC_MAX_MID);
    ngx_memcpy(rw->mid, params->mid, rw->mid_len);

    rw->two_byte = 0;

    for (i = 0; i < NGX_RTC_EXT_MAX; i++) {
        rw->ext[i] = params->ext.id[i];

        if (rw->ext[i] > 14) {
            rw->two_byte = 1;
        }
    }

    /* abs-send-time, transport-wide number, mid */

    rw->ext_size = 2 + 3 + 2 + 2 + 2 + rw->mid_len;

    /* what was sent before can't be made again alike */

    if (rw->started && ++rw->epoch == 0) {
        rw->epoch = 1;
    }
}


void
ngx_rtc_rewrite_sync(ngx_rtc_rewrite_t *rw, ngx_rtc_packet_t *pkt,
    ngx_uint_t source, uint32_t clock, ngx_rtc_usec_t now)
{
    uint32_t        ts;
    ngx_rtc_usec_t  elapsed;

    if (!rw->started) {
        rw->ts_offset = ngx_rtc_rewrite_random() - pkt->timestamp;

    } else if (source || clock != rw->clock) {

        elapsed = ngx_max(now - rw->last_time, NGX_RTC_REWRITE_STEP);

        ts = rw->last_ts + (uint32_t) (elapsed * clock / 1000000);

        rw->ts_offset = ts - pkt->timestamp;

        if (++rw->epoch == 0) {
            rw->epoch = 1;
        }
    }

    rw->clock = clock;
    rw->first = pkt->seq;
    rw->newest = pkt->seq - 1;
    rw->seq_offset = rw->highest + 1 - pkt->seq;
    rw->synced = 1;
}


ngx_rtc_sent_t *
ngx_rtc_rewrite_map(ngx_rtc_rewrite_t *rw, ngx_rtc_packet_t *pkt,
    ngx_rtc_sent_t *scratch, ngx_rtc_usec_t now)
{
    int64_t          seq;
    ngx_rtc_sent_t  *sent;

    if (pkt->seq < rw->first) {
        return NULL;
    }

    seq = pkt->seq + rw->seq_offset;

    sent = rw->ring ? &rw->ring[seq & rw->mask] : scratch;

    if (pkt->seq > rw->newest) {
        rw->newest = pkt->seq;
        rw->highest = seq;

    } else if (rw->ring == NULL || rw->highest - seq > (int64_t) rw->mask) {
        sent = scratch;
    }

    sent->source = (uint32_t) pkt->seq;
    sent->timestamp = pkt->timestamp + rw->ts_offset;
    sent->sent = (uint32_t) (now / 1000);
    sent->abs_send_time = ngx_rtc_abs_send_time((uint64_t) now);
    sent->tries = 0;
    sent->seq = (uint16_t) seq;
    sent->twcc = 0;
    sent->epoch = rw->epoch;
    sent->mid = 0;

    if (!rw->started || ngx_rtc_ts_newer(sent->timestamp, rw->last_ts)) {
        rw->started = 1;
        rw->last_ts = sent->timestamp;
        rw->last_time = now;
    }

    return sent;
}


ngx_rtc_sent_t *
ngx_rtc_rewrite_find(ngx_rtc_rewrite_t *rw, uint16_t seq)
{
    ngx_rtc_sent_t  *sent;

    if (rw->ring == NULL) {
        return NULL;
    }

    sent = &rw->ring[seq & rw->mask];

    if (sent->seq != seq || sent->epoch != rw->epoch) {
        return NULL;
    }

    return sent;
}


u_char *
ngx_rtc_rewrite_write(ngx_rtc_rewrite_t *rw, u_char *p, ngx_rtc_packet_t *pkt,
    ngx_rtc_sent_t *sent, ngx_uint_t pt, ngx_uint_t rtx, ngx_uint_t twcc)
{
    size_t                 size;
    u_char                *header, *exts;
    ngx_uint_t             i, id, two_byte;
    ngx_rtc_packet_ext_t  *ext;

    header = p;

    *p++ = 0x80;
    *p++ = (u_char) ((pkt->marker ? 0x80 : 0) | pt);

    p = ngx_rtc_put_16(p, rtx ? rw->rtx_seq : sent->seq);
    p = ngx_rtc_put_32(p, sent->timestamp);
    p = ngx_rtc_put_32(p, rtx ? rw->rtx_ssrc : rw->ssrc);

    exts = p;
    p += 4;

    two_byte = rw->two_byte | pkt->two_byte;

    id = rw->ext[NGX_RTC_EXT_ABS_SEND_TIME];

    if (id) {
        p = ngx_rtc_rewrite_ext(p, two_byte, id, 3);
        p = ngx_rtc_put_24(p, sent->abs_send_time);
    }

    if (twcc) {
        p = ngx_rtc_rewrite_ext(p, two_byte, rw->ext[NGX_RTC_EXT_TWCC], 2);
        p = ngx_rtc_put_16(p, sent->twcc);
    }

    if (sent->mid) {
        p = ngx_rtc_rewrite_ext(p, two_byte, rw->ext[NGX_RTC_EXT_MID],
                                rw->mid_len);
        p = ngx_cpymem(p, rw->mid, rw->mid_len);
    }

    for (i = 0; i < pkt->nexts; i++) {
        ext = &pkt->exts[i];
        id = rw->ext[ext->ext];

        if (id) {
            p = ngx_rtc_rewrite_ext(p, two_byte, id, ext->len);
            p = ngx_cpymem(p, ext->data, ext->len);
        }
    }

    size = p - exts - 4;

    if (size) {
        while (size & 3) {
            *p++ = 0;
            size++;
        }

        ngx_rtc_put_16(exts, two_byte ? NGX_RTC_RTP_TWO_BYTE
                                      : NGX_RTC_RTP_ONE_BYTE);
        ngx_rtc_put_16(exts + 2, (uint16_t) (size / 4));

        header[0] |= 0x10;

    } else {
        p = exts;
    }

    if (rtx) {
        p = ngx_rtc_put_16(p, sent->seq);
    }

    if (pkt->padding) {

        /* it only fills its place in the sequence */

        if (rtx) {
            return p;
        }

        header[0] |= 0x20;
        return ngx_rtc_put_32(p, 4);
    }

    return ngx_cpymem(p, pkt->payload, pkt->size);
}


static ngx_inline u_char *
ngx_rtc_rewrite_ext(u_char *p, ngx_uint_t two_byte, ngx_uint_t id, size_t len)
{
    if (two_byte) {
        *p++ = (u_char) id;
        *p++ = (u_char) len;
        return p;
    }

    *p++ = (u_char) ((id << 4) | (len - 1));

    return p;
}


static uint32_t
ngx_rtc_rewrite_random(void)
{
    return (uint32_t) ngx_random() ^ ((uint32_t) ngx_random() << 16);
}
