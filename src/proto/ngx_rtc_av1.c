
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * AV1 payloads (AV1 RTP specification, section 4): the aggregation header,
 * the OBU headers behind it, and the picture size of a sequence header.
 * Layers and dependencies are told by the dependency descriptor.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


#define NGX_RTC_AV1_Z                0x80
#define NGX_RTC_AV1_Y                0x40
#define NGX_RTC_AV1_W                0x30
#define NGX_RTC_AV1_N                0x08

#define NGX_RTC_AV1_OBU_SEQUENCE     1
#define NGX_RTC_AV1_OBU_EXTENSION    0x04
#define NGX_RTC_AV1_OBU_SIZE         0x02


typedef struct {
    u_char      *data;
    size_t       pos;
    size_t       size;
    ngx_uint_t   overrun;           /* unsigned  overrun:1; */
} ngx_rtc_av1_bits_t;


static u_char *ngx_rtc_av1_leb128(u_char *p, u_char *end, size_t *value);
static void ngx_rtc_av1_obu(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);
static uint32_t ngx_rtc_av1_bits(ngx_rtc_av1_bits_t *b, ngx_uint_t n);


ngx_int_t
ngx_rtc_av1_parse(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    size_t      len;
    ngx_uint_t  flags, w, i;

    if (end - p < 2) {
        return NGX_ERROR;
    }

    flags = *p++;
    w = (flags & NGX_RTC_AV1_W) >> 4;

    info->header_size = 1;

    if ((flags & NGX_RTC_AV1_N) && (flags & NGX_RTC_AV1_Z)) {

        /* a new coded video sequence doesn't begin with a continuation */

        return NGX_ERROR;
    }

    if (flags & NGX_RTC_AV1_N) {
        info->keyframe = 1;
    }

    if (!(flags & NGX_RTC_AV1_Z)) {
        info->frame_start = 1;
    }

    /* with W the last element has no length, without W all have one */

    for (i = 1; p < end; i++) {

        if (i == w) {
            len = end - p;

        } else {
            p = ngx_rtc_av1_leb128(p, end, &len);

            if (p == NULL || (size_t) (end - p) < len) {
                return NGX_ERROR;
            }
        }

        if (len && (i > 1 || !(flags & NGX_RTC_AV1_Z))) {
            ngx_rtc_av1_obu(p, p + len, info);
        }

        p += len;
    }

    if (w && i <= w) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static u_char *
ngx_rtc_av1_leb128(u_char *p, u_char *end, size_t *value)
{
    size_t      v;
    ngx_uint_t  shift;

    v = 0;

    for (shift = 0; shift < 32; shift += 7) {

        if (p == end) {
            return NULL;
        }

        v |= (size_t) (*p & 0x7f) << shift;

        if (!(*p++ & 0x80)) {
            *value = v;
            return p;
        }
    }

    return NULL;
}


/* an OBU or its first fragment */

static void
ngx_rtc_av1_obu(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    size_t      len;
    uint16_t    width, height;
    ngx_uint_t  flags, type;

    flags = *p++;
    type = (flags >> 3) & 0x0f;

    if (flags & NGX_RTC_AV1_OBU_EXTENSION) {

        if (p == end) {
            return;
        }

        if (!info->has_tid) {
            info->has_tid = 1;
            info->has_sid = 1;
            info->tid = *p >> 5;
            info->sid = (*p >> 3) & 3;
        }

        p++;
    }

    if (flags & NGX_RTC_AV1_OBU_SIZE) {

        /* senders should leave it out, section 4.3.1 */

        p = ngx_rtc_av1_leb128(p, end, &len);

        if (p == NULL) {
            return;
        }

        if (len < (size_t) (end - p)) {
            end = p + len;
        }
    }

    if (type != NGX_RTC_AV1_OBU_SEQUENCE) {
        return;
    }

    info->keyframe = 1;

    if (ngx_rtc_av1_sequence_size(p, end, &width, &height) == NGX_OK) {
        info->has_size = 1;
        info->width = width;
        info->height = height;
    }
}


static uint32_t
ngx_rtc_av1_bits(ngx_rtc_av1_bits_t *b, ngx_uint_t n)
{
    uint32_t  v;

    for (v = 0; n; n--) {

        if (b->pos == b->size) {
            b->overrun = 1;
            return 0;
        }

        v = (v << 1)
            | ((b->data[b->pos >> 3] >> (7 - (b->pos & 7))) & 1);
        b->pos++;
    }

    return v;
}


/* AV1 bitstream specification, section 5.5.1 */

ngx_int_t
ngx_rtc_av1_sequence_size(u_char *p, u_char *end, uint16_t *width,
    uint16_t *height)
{
    uint32_t            w, h, level, delay_bits;
    ngx_uint_t          i, n, decoder_model, initial_delay, zeros;
    ngx_rtc_av1_bits_t  b;

    b.data = p;
    b.pos = 0;
    b.size = (size_t) (end - p) * 8;
    b.overrun = 0;

    /* seq_profile, still_picture */

    (void) ngx_rtc_av1_bits(&b, 4);

    if (ngx_rtc_av1_bits(&b, 1)) {

        /* reduced_still_picture_header: seq_level_idx */

        (void) ngx_rtc_av1_bits(&b, 5);

    } else {

        decoder_model = 0;
        delay_bits = 0;

        if (ngx_rtc_av1_bits(&b, 1)) {

            /* timing_info() */

            (void) ngx_rtc_av1_bits(&b, 32);
            (void) ngx_rtc_av1_bits(&b, 32);

            if (ngx_rtc_av1_bits(&b, 1)) {

                /* num_ticks_per_picture_minus_1: uvlc() */

                for (zeros = 0; ngx_rtc_av1_bits(&b, 1) == 0; zeros++) {

                    if (b.overrun || zeros == 32) {
                        return NGX_ERROR;
                    }
                }

                (void) ngx_rtc_av1_bits(&b, zeros);
            }

            decoder_model = ngx_rtc_av1_bits(&b, 1);

            if (decoder_model) {
                delay_bits = ngx_rtc_av1_bits(&b, 5) + 1;
                (void) ngx_rtc_av1_bits(&b, 32);
                (void) ngx_rtc_av1_bits(&b, 10);
            }
        }

        initial_delay = ngx_rtc_av1_bits(&b, 1);
        n = ngx_rtc_av1_bits(&b, 5) + 1;

        for (i = 0; i < n; i++) {

            (void) ngx_rtc_av1_bits(&b, 12);

            level = ngx_rtc_av1_bits(&b, 5);

            if (level > 7) {
                (void) ngx_rtc_av1_bits(&b, 1);
            }

            if (decoder_model && ngx_rtc_av1_bits(&b, 1)) {
                (void) ngx_rtc_av1_bits(&b, delay_bits);
                (void) ngx_rtc_av1_bits(&b, delay_bits);
                (void) ngx_rtc_av1_bits(&b, 1);
            }

            if (initial_delay && ngx_rtc_av1_bits(&b, 1)) {
                (void) ngx_rtc_av1_bits(&b, 4);
            }
        }
    }

    w = ngx_rtc_av1_bits(&b, 4) + 1;
    h = ngx_rtc_av1_bits(&b, 4) + 1;

    w = ngx_rtc_av1_bits(&b, w) + 1;
    h = ngx_rtc_av1_bits(&b, h) + 1;

    if (b.overrun || w > 65535 || h > 65535) {
        return NGX_ERROR;
    }

    *width = (uint16_t) w;
    *height = (uint16_t) h;

    return NGX_OK;
}
