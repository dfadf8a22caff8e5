
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Transport-wide congestion control feedback, as in
 * draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1: reading
 * and writing one message.  Neither arrival records nor estimation are here.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


/* packet status symbols */
#define NGX_RTC_TWCC_NOT_RECEIVED    0
#define NGX_RTC_TWCC_SMALL           1       /* 8-bit delta, unsigned */
#define NGX_RTC_TWCC_LARGE           2       /* 16-bit delta, signed */

/* 3 is reserved, it has no delta */
#define ngx_rtc_twcc_delta_size(symbol)  (((symbol) == 3) ? 0 : (symbol))

#define NGX_RTC_TWCC_HEADER_SIZE     20
#define NGX_RTC_TWCC_DELTA_UNIT      250     /* microseconds */
#define NGX_RTC_TWCC_TIME_UNIT       64000

#define NGX_RTC_TWCC_RUN_MAX         8191
#define NGX_RTC_TWCC_ONE_BIT         14      /* symbols of a vector chunk */
#define NGX_RTC_TWCC_TWO_BIT         7


/*
 * The chunk that is being filled.  It always can be written as one chunk:
 * as a run if all symbols are the same, else as a vector of 1-bit symbols
 * (no large one) or of 2-bit symbols (not more than 7).
 */

typedef struct {
    u_char      *pos;               /* NULL: only count */
    ngx_uint_t   chunks;            /* finished ones */
    ngx_uint_t   n;
    unsigned     same:1;
    unsigned     large:1;
    uint8_t      symbols[NGX_RTC_TWCC_ONE_BIT];
} ngx_rtc_twcc_chunk_t;


static ngx_int_t ngx_rtc_twcc_symbol(ngx_rtc_twcc_t *twcc);
static void ngx_rtc_twcc_chunk_add(ngx_rtc_twcc_chunk_t *chunk,
    ngx_uint_t symbol);
static void ngx_rtc_twcc_chunk_flush(ngx_rtc_twcc_chunk_t *chunk,
    ngx_uint_t last);
static int64_t ngx_rtc_twcc_floor(int64_t v, int64_t unit);


ngx_int_t
ngx_rtc_rtcp_parse_twcc(ngx_rtc_rtcp_t *pkt, ngx_rtc_twcc_t *twcc)
{
    size_t       size;
    u_char      *p;
    uint16_t     bits;
    ngx_uint_t   i, n, left, width, symbol;

    p = pkt->body;

    if (pkt->end - p < 16) {
        return NGX_ERROR;
    }

    twcc->sender = ngx_rtc_get_32(p);
    twcc->media = ngx_rtc_get_32(p + 4);
    twcc->base_seq = ngx_rtc_get_16(p + 8);
    twcc->count = ngx_rtc_get_16(p + 10);
    twcc->reference_time = (int32_t) ngx_rtc_get_24(p + 12);
    twcc->fb_count = p[15];

    /* a few run chunks could keep the reader busy for long */

    if (twcc->count > NGX_RTC_TWCC_MAX_STATUSES) {
        return NGX_ERROR;
    }

    if (twcc->reference_time & 0x800000) {
        twcc->reference_time -= 0x1000000;
    }

    p += 16;

    twcc->chunk = p;
    twcc->time = (int64_t) twcc->reference_time * NGX_RTC_TWCC_TIME_UNIT;
    twcc->next = 0;
    twcc->left = 0;
    twcc->bits = 0;

    /* the deltas begin behind the chunk that completes the count */

    size = 0;

    for (left = twcc->count; left; left -= n) {

        if (pkt->end - p < 2) {
            return NGX_ERROR;
        }

        bits = ngx_rtc_get_16(p);
        p += 2;

        if (!(bits & 0x8000)) {

            n = bits & 0x1fff;

            if (n == 0) {
                return NGX_ERROR;
            }

            n = ngx_min(n, left);
            size += n * ngx_rtc_twcc_delta_size((bits >> 13) & 3);
            continue;
        }

        /* the symbols of a vector stand from its highest bits on */

        width = (bits & 0x4000) ? 2 : 1;
        n = 14 / width;
        n = ngx_min(n, left);

        for (i = 0; i < n; i++) {
            symbol = (bits >> (14 - width * (i + 1))) & ((1 << width) - 1);
            size += ngx_rtc_twcc_delta_size(symbol);
        }
    }

    twcc->delta = p;

    if ((size_t) (pkt->end - p) < size) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the symbol of the next status; chunks are known to suffice for the count */

static ngx_int_t
ngx_rtc_twcc_symbol(ngx_rtc_twcc_t *twcc)
{
    uint16_t  bits;

    if (twcc->left == 0) {

        bits = ngx_rtc_get_16(twcc->chunk);
        twcc->chunk += 2;

        twcc->bits = bits;

        if (!(bits & 0x8000)) {
            twcc->left = bits & 0x1fff;

        } else if (bits & 0x4000) {
            twcc->left = NGX_RTC_TWCC_TWO_BIT;

        } else {
            twcc->left = NGX_RTC_TWCC_ONE_BIT;
        }
    }

    twcc->left--;

    bits = twcc->bits;

    if (!(bits & 0x8000)) {
        return (bits >> 13) & 3;
    }

    if (bits & 0x4000) {
        return (bits >> (twcc->left * 2)) & 3;
    }

    return (bits >> twcc->left) & 1;
}


ngx_int_t
ngx_rtc_twcc_next(ngx_rtc_twcc_t *twcc, ngx_rtc_twcc_packet_t *packet)
{
    ngx_int_t  delta;

    if (twcc->next == twcc->count) {
        return NGX_DONE;
    }

    packet->seq = (uint16_t) (twcc->base_seq + twcc->next++);
    packet->received = 1;

    switch (ngx_rtc_twcc_symbol(twcc)) {

    case NGX_RTC_TWCC_SMALL:
        delta = *twcc->delta++;
        break;

    case NGX_RTC_TWCC_LARGE:
        delta = (int16_t) ngx_rtc_get_16(twcc->delta);
        twcc->delta += 2;
        break;

    default: /* not received, reserved */
        packet->received = 0;
        packet->time = 0;
        packet->delta = 0;
        return NGX_OK;
    }

    packet->delta = (int32_t) delta * NGX_RTC_TWCC_DELTA_UNIT;

    twcc->time += packet->delta;
    packet->time = twcc->time;

    return NGX_OK;
}


u_char *
ngx_rtc_rtcp_write_twcc(u_char *p, u_char *end, uint32_t sender,
    uint32_t media, ngx_uint_t fb_count, uint16_t base_seq, int64_t *times,
    ngx_uint_t n, ngx_uint_t *consumed)
{
    size_t                 size, deltas;
    u_char                *start;
    int64_t                delta, reference, last;
    ngx_uint_t             i, count, symbol;
    ngx_rtc_twcc_chunk_t   chunk, trial;

    *consumed = 0;

    n = ngx_min(n, NGX_RTC_TWCC_MAX_STATUSES);

    for (i = 0; i < n && times[i] == NGX_RTC_TWCC_LOST; i++) { /* void */ }

    if (i == n) {
        *consumed = n;
        return p;
    }

    reference = ngx_rtc_twcc_floor(times[i], NGX_RTC_TWCC_TIME_UNIT);

    /* the length field counts words */

    if (end - p > 65535) {
        end = p + 65535;
    }

    /* how many statuses fit, and into how many chunks */

    ngx_memzero(&chunk, sizeof(ngx_rtc_twcc_chunk_t));

    last = reference * NGX_RTC_TWCC_TIME_UNIT;
    deltas = 0;

    for (count = 0; count < n; count++) {

        symbol = NGX_RTC_TWCC_NOT_RECEIVED;
        delta = 0;

        if (times[count] != NGX_RTC_TWCC_LOST) {

            /* rounded against what the receiver has summed up so far */

            delta = ngx_rtc_twcc_floor(times[count] - last
                                       + NGX_RTC_TWCC_DELTA_UNIT / 2,
                                       NGX_RTC_TWCC_DELTA_UNIT);

            if (delta < -32768 || delta > 32767) {
                break;
            }

            symbol = (delta >= 0 && delta <= 255) ? NGX_RTC_TWCC_SMALL
                                                  : NGX_RTC_TWCC_LARGE;
        }

        trial = chunk;

        ngx_rtc_twcc_chunk_add(&trial, symbol);

        size = NGX_RTC_TWCC_HEADER_SIZE + (trial.chunks + 1) * 2
               + deltas + symbol;

        if ((size_t) (end - p) < ngx_align(size, 4)) {
            break;
        }

        chunk = trial;
        deltas += symbol;
        last += delta * NGX_RTC_TWCC_DELTA_UNIT;
    }

    if (count == 0) {
        return NULL;
    }

    *consumed = count;

    if (count <= i) {

        /* only lost ones fit before the first that was received */

        return p;
    }

    start = p;
    size = NGX_RTC_TWCC_HEADER_SIZE + (chunk.chunks + 1) * 2 + deltas;

    *p++ = 0x80 | NGX_RTC_RTCP_FMT_TWCC;
    *p++ = NGX_RTC_RTCP_RTPFB;

    p = ngx_rtc_put_16(p, (uint16_t) (ngx_align(size, 4) / 4 - 1));
    p = ngx_rtc_put_32(p, sender);
    p = ngx_rtc_put_32(p, media);
    p = ngx_rtc_put_16(p, base_seq);
    p = ngx_rtc_put_16(p, (uint16_t) count);
    p = ngx_rtc_put_24(p, (uint32_t) reference & 0xffffff);

    *p++ = (u_char) fb_count;

    /* the same walk again, now that the deltas' place is known */

    ngx_memzero(&trial, sizeof(ngx_rtc_twcc_chunk_t));

    trial.pos = p;
    p += (chunk.chunks + 1) * 2;

    last = reference * NGX_RTC_TWCC_TIME_UNIT;

    for (i = 0; i < count; i++) {

        if (times[i] == NGX_RTC_TWCC_LOST) {
            ngx_rtc_twcc_chunk_add(&trial, NGX_RTC_TWCC_NOT_RECEIVED);
            continue;
        }

        delta = ngx_rtc_twcc_floor(times[i] - last
                                   + NGX_RTC_TWCC_DELTA_UNIT / 2,
                                   NGX_RTC_TWCC_DELTA_UNIT);

        last += delta * NGX_RTC_TWCC_DELTA_UNIT;

        if (delta >= 0 && delta <= 255) {
            ngx_rtc_twcc_chunk_add(&trial, NGX_RTC_TWCC_SMALL);
            *p++ = (u_char) delta;

        } else {
            ngx_rtc_twcc_chunk_add(&trial, NGX_RTC_TWCC_LARGE);
            p = ngx_rtc_put_16(p, (uint16_t) delta);
        }
    }

    ngx_rtc_twcc_chunk_flush(&trial, 1);

    while ((p - start) % 4) {
        *p++ = 0;
    }

    return p;
}


static void
ngx_rtc_twcc_chunk_add(ngx_rtc_twcc_chunk_t *chunk, ngx_uint_t symbol)
{
    while (chunk->n) {

        if (chunk->same && symbol == chunk->symbols[0]
            && chunk->n < NGX_RTC_TWCC_RUN_MAX)
        {
            break;
        }

        if (chunk->n < NGX_RTC_TWCC_TWO_BIT) {
            break;
        }

        if (chunk->n < NGX_RTC_TWCC_ONE_BIT && !chunk->large
            && symbol != NGX_RTC_TWCC_LARGE)
        {
            break;
        }

        ngx_rtc_twcc_chunk_flush(chunk, 0);
    }

    if (chunk->n == 0) {
        chunk->same = 1;
        chunk->large = 0;

    } else if (symbol != chunk->symbols[0]) {
        chunk->same = 0;
    }

    if (symbol == NGX_RTC_TWCC_LARGE) {
        chunk->large = 1;
    }

    if (chunk->n < NGX_RTC_TWCC_ONE_BIT) {
        chunk->symbols[chunk->n] = (uint8_t) symbol;
    }

    chunk->n++;
}


/*
 * Writes one chunk.  All of the symbols go into it, except for those beyond
 * the seventh when a large one is to follow: a vector of 1-bit symbols that
 * isn't full can only be the last chunk.
 */

static void
ngx_rtc_twcc_chunk_flush(ngx_rtc_twcc_chunk_t *chunk, ngx_uint_t last)
{
    uint16_t    bits;
    ngx_uint_t  i, n;

    n = chunk->n;

    if (chunk->same) {
        bits = (uint16_t) ((chunk->symbols[0] << 13) | n);

    } else if (n == NGX_RTC_TWCC_ONE_BIT || (last && !chunk->large)) {
        bits = 0x8000;

        for (i = 0; i < n; i++) {
            bits |= (uint16_t) (chunk->symbols[i]
                                << (NGX_RTC_TWCC_ONE_BIT - 1 - i));
        }

    } else {
        bits = 0xc000;
        n = ngx_min(n, NGX_RTC_TWCC_TWO_BIT);

        for (i = 0; i < n; i++) {
            bits |= (uint16_t) (chunk->symbols[i]
                                << ((NGX_RTC_TWCC_TWO_BIT - 1 - i) * 2));
        }
    }

    if (chunk->pos) {
        chunk->pos = ngx_rtc_put_16(chunk->pos, bits);
    }

    chunk->chunks++;
    chunk->n -= n;
    chunk->large = 0;
    chunk->same = 1;

    for (i = 0; i < chunk->n; i++) {
        chunk->symbols[i] = chunk->symbols[n + i];

        if (chunk->symbols[i] != chunk->symbols[0]) {
            chunk->same = 0;
        }
    }
}


static int64_t
ngx_rtc_twcc_floor(int64_t v, int64_t unit)
{
    return (v >= 0) ? v / unit : -((-v + unit - 1) / unit);
}
