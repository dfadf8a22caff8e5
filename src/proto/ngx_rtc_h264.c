
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * H.264 payloads (RFC 6184): single NAL units, STAP-A and FU-A.  A keyframe
 * is an SPS or the start of an IDR slice; of the SPS only the picture size
 * is read.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


#define NGX_RTC_H264_SLICE           1
#define NGX_RTC_H264_PART_A          2
#define NGX_RTC_H264_IDR             5
#define NGX_RTC_H264_SEI             6
#define NGX_RTC_H264_SPS             7
#define NGX_RTC_H264_PPS             8
#define NGX_RTC_H264_AUD             9
#define NGX_RTC_H264_STAP_A          24
#define NGX_RTC_H264_FU_A            28

#define NGX_RTC_H264_SPS_MAX         128     /* bytes of it that are read */


/* a bit reader; reading beyond the end gives zeros and sets overrun */

typedef struct {
    u_char      *data;
    size_t       pos;
    size_t       size;
    ngx_uint_t   overrun;           /* unsigned  overrun:1; */
} ngx_rtc_h264_bits_t;


static void ngx_rtc_h264_nal(ngx_uint_t nal, u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);
static ngx_uint_t ngx_rtc_h264_bit(ngx_rtc_h264_bits_t *b);
static uint32_t ngx_rtc_h264_bits(ngx_rtc_h264_bits_t *b, ngx_uint_t n);
static uint32_t ngx_rtc_h264_ue(ngx_rtc_h264_bits_t *b);
static void ngx_rtc_h264_skip_scaling(ngx_rtc_h264_bits_t *b,
    ngx_uint_t size);


ngx_int_t
ngx_rtc_h264_parse(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    size_t      len;
    ngx_uint_t  type, nal;

    if (p == end || (p[0] & 0x80)) {
        return NGX_ERROR;
    }

    type = p[0] & 0x1f;

    info->discardable = (p[0] & 0x60) == 0;

    switch (type) {

    case NGX_RTC_H264_STAP_A:

        info->header_size = 1;
        p++;

        if (end - p < 3) {
            return NGX_ERROR;
        }

        while (p < end) {

            if (end - p < 2) {
                return NGX_ERROR;
            }

            len = ngx_rtc_get_16(p);
            p += 2;

            if (len == 0 || (size_t) (end - p) < len) {
                return NGX_ERROR;
            }

            ngx_rtc_h264_nal(p[0] & 0x1f, p + 1, p + len, info);

            p += len;
        }

        return NGX_OK;

    case NGX_RTC_H264_FU_A:

        if (end - p < 3) {
            return NGX_ERROR;
        }

        info->header_size = 2;

        /* S: only the first fragment says something */

        if (p[1] & 0x80) {
            nal = p[1] & 0x1f;
            ngx_rtc_h264_nal(nal, p + 2, end, info);
        }

        return NGX_OK;

    default:

        if (type == 0 || type > NGX_RTC_H264_STAP_A) {

            /* STAP-B, MTAP and FU-B aren't used with WebRTC */

            return NGX_ERROR;
        }

        info->header_size = 0;

        ngx_rtc_h264_nal(type, p + 1, end, info);

        return NGX_OK;
    }
}


/* p .. end is what is there of the NAL unit behind its header byte */

static void
ngx_rtc_h264_nal(ngx_uint_t nal, u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info)
{
    uint16_t  width, height;

    switch (nal) {

    case NGX_RTC_H264_SPS:
        info->keyframe = 1;
        info->frame_start = 1;

        if (ngx_rtc_h264_sps_size(p - 1, end, &width, &height) == NGX_OK) {
            info->has_size = 1;
            info->width = width;
            info->height = height;
        }

        break;

    case NGX_RTC_H264_PPS:
    case NGX_RTC_H264_SEI:
    case NGX_RTC_H264_AUD:
        info->frame_start = 1;
        break;

    case NGX_RTC_H264_IDR:
    case NGX_RTC_H264_SLICE:
    case NGX_RTC_H264_PART_A:

        /* first_mb_in_slice: ue(v), 0 is a single 1 bit */

        if (p < end && (p[0] & 0x80)) {
            info->frame_start = 1;

            if (nal == NGX_RTC_H264_IDR) {
                info->keyframe = 1;
            }
        }

        break;
    }
}


static ngx_uint_t
ngx_rtc_h264_bit(ngx_rtc_h264_bits_t *b)
{
    ngx_uint_t  bit;

    if (b->pos == b->size) {
        b->overrun = 1;
        return 0;
    }

    bit = (b->data[b->pos >> 3] >> (7 - (b->pos & 7))) & 1;
    b->pos++;

    return bit;
}


static uint32_t
ngx_rtc_h264_bits(ngx_rtc_h264_bits_t *b, ngx_uint_t n)
{
    uint32_t  v;

    for (v = 0; n; n--) {
        v = (v << 1) | (uint32_t) ngx_rtc_h264_bit(b);
    }

    return v;
}


static uint32_t
ngx_rtc_h264_ue(ngx_rtc_h264_bits_t *b)
{
    ngx_uint_t  zeros;

    for (zeros = 0; ngx_rtc_h264_bit(b) == 0; zeros++) {

        if (b->overrun || zeros == 31) {
            b->overrun = 1;
            return 0;
        }
    }

    return (((uint32_t) 1 << zeros) - 1) + ngx_rtc_h264_bits(b, zeros);
}


static void
ngx_rtc_h264_skip_scaling(ngx_rtc_h264_bits_t *b, ngx_uint_t size)
{
    uint32_t    v;
    ngx_int_t   last, next;
    ngx_uint_t  i;

    last = 8;
    next = 8;

    for (i = 0; i < size && !b->overrun; i++) {

        if (next != 0) {

            /* se(v) */

            v = ngx_rtc_h264_ue(b);
            next = last + ((v & 1) ? (ngx_int_t) (v / 2 + 1)
                                   : -(ngx_int_t) (v / 2));
            next &= 0xff;
        }

        last = (next == 0) ? last : next;
    }
}


/* ITU-T H.264, section 7.3.2.1.1 */

ngx_int_t
ngx_rtc_h264_sps_size(u_char *p, u_char *end, uint16_t *width,
    uint16_t *height)
{
    u_char                data[NGX_RTC_H264_SPS_MAX];
    size_t                n;
    uint64_t              w, h;
    ngx_uint_t            profile, chroma, frame_mbs_only, separate, i, zeros;
    uint32_t              poc, mbs_w, mbs_h, left, right, top, bottom;
    ngx_rtc_h264_bits_t   b;

    if (end - p < 4) {
        return NGX_ERROR;
    }

    /* the RBSP: 00 00 03 is 00 00 */

    zeros = 0;
    n = 0;

    for (p++; p < end && n < NGX_RTC_H264_SPS_MAX; p++) {

        if (zeros >= 2 && *p == 3) {
            zeros = 0;
            continue;
        }

        zeros = (*p == 0) ? zeros + 1 : 0;
        data[n++] = *p;
    }

    b.data = data;
    b.pos = 0;
    b.size = n * 8;
    b.overrun = 0;

    profile = ngx_rtc_h264_bits(&b, 8);

    /* constraint flags, level_idc */

    (void) ngx_rtc_h264_bits(&b, 16);
    (void) ngx_rtc_h264_ue(&b);

    chroma = 1;
    separate = 0;

    switch (profile) {

    case 100: case 110: case 122: case 244: case 44: case 83: case 86:
    case 118: case 128: case 138: case 139: case 134: case 135:

        chroma = ngx_rtc_h264_ue(&b);

        if (chroma == 3) {
            separate = ngx_rtc_h264_bit(&b);
        }

        /* bit depths, qpprime_y_zero_transform_bypass_flag */

        (void) ngx_rtc_h264_ue(&b);
        (void) ngx_rtc_h264_ue(&b);
        (void) ngx_rtc_h264_bit(&b);

        if (ngx_rtc_h264_bit(&b)) {

            for (i = 0; i < ((chroma != 3) ? 8 : 12); i++) {

                if (ngx_rtc_h264_bit(&b)) {
                    ngx_rtc_h264_skip_scaling(&b, (i < 6) ? 16 : 64);
                }
            }
        }

        break;
    }

    /* log2_max_frame_num_minus4 */

    (void) ngx_rtc_h264_ue(&b);

    poc = ngx_rtc_h264_ue(&b);

    if (poc == 0) {
        (void) ngx_rtc_h264_ue(&b);

    } else if (poc == 1) {
        (void) ngx_rtc_h264_bit(&b);
        (void) ngx_rtc_h264_ue(&b);
        (void) ngx_rtc_h264_ue(&b);

        for (poc = ngx_rtc_h264_ue(&b); poc && !b.overrun; poc--) {
            (void) ngx_rtc_h264_ue(&b);
        }
    }

    /* max_num_ref_frames, gaps_in_frame_num_value_allowed_flag */

    (void) ngx_rtc_h264_ue(&b);
    (void) ngx_rtc_h264_bit(&b);

    mbs_w = ngx_rtc_h264_ue(&b);
    mbs_h = ngx_rtc_h264_ue(&b);
    frame_mbs_only = ngx_rtc_h264_bit(&b);

    if (!frame_mbs_only) {
        (void) ngx_rtc_h264_bit(&b);
    }

    /* direct_8x8_inference_flag */

    (void) ngx_rtc_h264_bit(&b);

    left = 0;
    right = 0;
    top = 0;
    bottom = 0;

    if (ngx_rtc_h264_bit(&b)) {
        left = ngx_rtc_h264_ue(&b);
        right = ngx_rtc_h264_ue(&b);
        top = ngx_rtc_h264_ue(&b);
        bottom = ngx_rtc_h264_ue(&b);
    }

    if (b.overrun || mbs_w > 4095 || mbs_h > 4095 || left > 65535
        || right > 65535 || top > 65535 || bottom > 65535)
    {
        return NGX_ERROR;
    }

    w = ((uint64_t) mbs_w + 1) * 16;
    h = ((uint64_t) mbs_h + 1) * 16 * (frame_mbs_only ? 1 : 2);

    if (separate) {
        chroma = 0;
    }

    left = (left + right) * ((chroma == 1 || chroma == 2) ? 2 : 1);
    top = (top + bottom) * ((chroma == 1) ? 2 : 1) * (frame_mbs_only ? 1 : 2);

    if (left >= w || top >= h || w - left > 65535 || h - top > 65535) {
        return NGX_ERROR;
    }

    *width = (uint16_t) (w - left);
    *height = (uint16_t) (h - top);

    return NGX_OK;
}
