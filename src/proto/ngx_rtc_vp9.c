
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * VP9's payload descriptor (RFC 9628), in flexible and non-flexible mode,
 * with its scalability structure.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


#define NGX_RTC_VP9_I                0x80
#define NGX_RTC_VP9_P                0x40
#define NGX_RTC_VP9_L                0x20
#define NGX_RTC_VP9_F                0x10
#define NGX_RTC_VP9_B                0x08
#define NGX_RTC_VP9_E                0x04
#define NGX_RTC_VP9_V                0x02
#define NGX_RTC_VP9_Z                0x01

#define NGX_RTC_VP9_MAX_DIFFS        3


static u_char *ngx_rtc_vp9_parse_ss(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);


ngx_int_t
ngx_rtc_vp9_parse(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    u_char      *start;
    ngx_uint_t   flags, i;

    start = p;

    if (p == end) {
        return NGX_ERROR;
    }

    flags = *p++;

    info->flexible = (flags & NGX_RTC_VP9_F) ? 1 : 0;
    info->inter_picture = (flags & NGX_RTC_VP9_P) ? 1 : 0;
    info->frame_start = (flags & NGX_RTC_VP9_B) ? 1 : 0;
    info->frame_end = (flags & NGX_RTC_VP9_E) ? 1 : 0;
    info->discardable = (flags & NGX_RTC_VP9_Z) ? 1 : 0;

    if (flags & NGX_RTC_VP9_I) {

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

    } else if (info->flexible) {

        /* section 4.2: I must be set in flexible mode */

        return NGX_ERROR;
    }

    if (flags & NGX_RTC_VP9_L) {

        if (p == end) {
            return NGX_ERROR;
        }

        info->has_tid = 1;
        info->has_sid = 1;
        info->tid = *p >> 5;
        info->switching_point = (*p >> 4) & 1;
        info->sid = (*p >> 1) & 7;
        info->inter_layer = *p & 1;

        p++;

        if (!info->flexible) {

            if (p == end) {
                return NGX_ERROR;
            }

            info->has_tl0picidx = 1;
            info->tl0picidx = *p++;
        }
    }

    if (info->flexible && info->inter_picture) {

        for (i = 0; /* void */ ; i++) {

            if (p == end || i == NGX_RTC_VP9_MAX_DIFFS) {
                return NGX_ERROR;
            }

            if (!(*p++ & 1)) {
                break;
            }
        }
    }

    if (flags & NGX_RTC_VP9_V) {

        p = ngx_rtc_vp9_parse_ss(p, end, info);
        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    if (p == end) {
        return NGX_ERROR;
    }

    info->header_size = (uint16_t) (p - start);

    if (info->frame_start && !info->inter_picture && !info->inter_layer
        && info->sid == 0)
    {
        info->keyframe = 1;
    }

    return NGX_OK;
}


static u_char *
ngx_rtc_vp9_parse_ss(u_char *p, u_char *end, ngx_rtc_codec_info_t *info)
{
    ngx_uint_t  i, n, flags, groups, diffs;

    if (p == end) {
        return NULL;
    }

    flags = *p++;
    n = (flags >> 5) + 1;

    info->has_layers = 1;
    info->nspatial = (uint8_t) n;

    if (flags & 0x10) {

        if ((size_t) (end - p) < n * 4) {
            return NULL;
        }

        info->has_size = 1;

        for (i = 0; i < n; i++) {
            info->layers[i].width = ngx_rtc_get_16(p);
            info->layers[i].height = ngx_rtc_get_16(p + 2);

            if (info->layers[i].width >= info->width) {
                info->width = info->layers[i].width;
                info->height = info->layers[i].height;
            }

            p += 4;
        }
    }

    if (flags & 0x08) {

        if (p == end) {
            return NULL;
        }

        for (groups = *p++; groups; groups--) {

            if (p == end) {
                return NULL;
            }

            diffs = (*p++ >> 2) & 3;

            if ((size_t) (end - p) < diffs) {
                return NULL;
            }

            p += diffs;
        }
    }

    return p;
}


ngx_int_t
ngx_rtc_vp9_rewrite(u_char *p, u_char *end, uint16_t picture_id,
    uint8_t tl0picidx)
{
    ngx_rtc_codec_info_t  info;

    ngx_memzero(&info, sizeof(ngx_rtc_codec_info_t));

    if (ngx_rtc_vp9_parse(p, end, &info) != NGX_OK) {
        return NGX_ERROR;
    }

    p++;

    if (info.has_picture_id) {

        if (info.picture_id_15) {
            p = ngx_rtc_put_16(p, (uint16_t) (0x8000 | picture_id));

        } else {
            *p++ = (u_char) (picture_id & 0x7f);
        }
    }

    if (info.has_tl0picidx) {
        p[1] = tl0picidx;
    }

    return NGX_OK;
}
