
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * VP8's payload descriptor (RFC 7741): reading it and renumbering pictures
 * in it, as a forwarder that drops frames or switches layers must.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


/* the required byte: X R N S R PID */
#define NGX_RTC_VP8_X                0x80
#define NGX_RTC_VP8_N                0x20
#define NGX_RTC_VP8_S                0x10
#define NGX_RTC_VP8_PID              0x07

/* the extension byte */
#define NGX_RTC_VP8_I                0x80
#define NGX_RTC_VP8_L                0x40
#define NGX_RTC_VP8_T                0x20
#define NGX_RTC_VP8_K                0x10


ngx_int_t
ngx_rtc_vp8_parse(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    u_char      *start;
    ngx_uint_t   flags, ext;

    start = p;

    if (p == end) {
        return NGX_ERROR;
    }

    flags = *p++;

    info->discardable = (flags & NGX_RTC_VP8_N) ? 1 : 0;

    if (flags & NGX_RTC_VP8_X) {

        if (p == end) {
            return NGX_ERROR;
        }

        ext = *p++;

        if (ext & NGX_RTC_VP8_I) {

            if (p == end) {
                return NGX_ERROR;
            }

            info->has_picture_id = 1;

            if (*p & 0x80) {

                if (end - p < 2) {
                    return NGX_ERROR;
                }

                info->picture_id_15 = 1;
                info->picture_id = ngx_rtc_get_16(p) & 0x7fff;
                p += 2;

            } else {
                info->picture_id = *p++;
            }
        }

        if (ext & NGX_RTC_VP8_L) {

            if (p == end) {
                return NGX_ERROR;
            }

            info->has_tl0picidx = 1;
            info->tl0picidx = *p++;
        }

        if (ext & (NGX_RTC_VP8_T|NGX_RTC_VP8_K)) {

            if (p == end) {
                return NGX_ERROR;
            }

            if (ext & NGX_RTC_VP8_T) {
                info->has_tid = 1;
                info->tid = *p >> 6;
                info->layer_sync = (*p >> 5) & 1;
            }

            if (ext & NGX_RTC_VP8_K) {
                info->has_keyidx = 1;
                info->keyidx = *p & 0x1f;
            }

            p++;
        }
    }

    /* there is at least one byte of the frame */

    if (p == end) {
        return NGX_ERROR;
    }

    info->header_size = (uint16_t) (p - start);

    if (!(flags & NGX_RTC_VP8_S) || (flags & NGX_RTC_VP8_PID) != 0) {
        return NGX_OK;
    }

    info->frame_start = 1;

    /* RFC 6386, section 9.1: P is bit 0, 0 means a keyframe */

    if (p[0] & 0x01) {
        return NGX_OK;
    }

    info->keyframe = 1;

    if (end - p >= 10 && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a) {
        info->has_size = 1;
        info->width = (uint16_t) ((p[6] | (p[7] << 8)) & 0x3fff);
        info->height = (uint16_t) ((p[8] | (p[9] << 8)) & 0x3fff);
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_vp8_rewrite(u_char *p, u_char *end, uint16_t picture_id,
    uint8_t tl0picidx, uint8_t keyidx)
{
    ngx_rtc_codec_info_t  info;

    ngx_memzero(&info, sizeof(ngx_rtc_codec_info_t));

    if (ngx_rtc_vp8_parse(p, end, &info) != NGX_OK) {
        return NGX_ERROR;
    }

    p += 2;

    if (info.has_picture_id) {

        if (info.picture_id_15) {
            p = ngx_rtc_put_16(p, (uint16_t) (0x8000 | picture_id));

        } else {
            *p++ = (u_char) (picture_id & 0x7f);
        }
    }

    if (info.has_tl0picidx) {
        *p++ = tl0picidx;
    }

    if (info.has_keyidx) {
        *p = (u_char) ((*p & 0xe0) | (keyidx & 0x1f));
    }

    return NGX_OK;
}
