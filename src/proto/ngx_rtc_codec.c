
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The table of codecs, the dispatcher of payload parsers, and the audio
 * ones: Opus and RED.  Each video codec has a file of its own.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


typedef struct {
    ngx_str_t        name;
    ngx_rtc_kind_e   kind;
    ngx_uint_t       clock_rate;
    ngx_uint_t       channels;
} ngx_rtc_codec_def_t;


static ngx_rtc_codec_def_t  ngx_rtc_codecs[NGX_RTC_CODEC_MAX] = {

    [NGX_RTC_CODEC_UNKNOWN] =
        { ngx_string(""), NGX_RTC_KIND_UNKNOWN, 0, 0 },
    [NGX_RTC_CODEC_OPUS] =
        { ngx_string("opus"), NGX_RTC_KIND_AUDIO, 48000, 2 },
    [NGX_RTC_CODEC_G722] =
        { ngx_string("G722"), NGX_RTC_KIND_AUDIO, 8000, 1 },
    [NGX_RTC_CODEC_PCMU] =
        { ngx_string("PCMU"), NGX_RTC_KIND_AUDIO, 8000, 1 },
    [NGX_RTC_CODEC_PCMA] =
        { ngx_string("PCMA"), NGX_RTC_KIND_AUDIO, 8000, 1 },
    [NGX_RTC_CODEC_CN] =
        { ngx_string("CN"), NGX_RTC_KIND_AUDIO, 8000, 1 },
    [NGX_RTC_CODEC_TELEPHONE_EVENT] =
        { ngx_string("telephone-event"), NGX_RTC_KIND_AUDIO, 8000, 1 },

    [NGX_RTC_CODEC_VP8] =
        { ngx_string("VP8"), NGX_RTC_KIND_VIDEO, 90000, 0 },
    [NGX_RTC_CODEC_VP9] =
        { ngx_string("VP9"), NGX_RTC_KIND_VIDEO, 90000, 0 },
    [NGX_RTC_CODEC_H264] =
        { ngx_string("H264"), NGX_RTC_KIND_VIDEO, 90000, 0 },
    [NGX_RTC_CODEC_H265] =
        { ngx_string("H265"), NGX_RTC_KIND_VIDEO, 90000, 0 },
    [NGX_RTC_CODEC_AV1] =
        { ngx_string("AV1"), NGX_RTC_KIND_VIDEO, 90000, 0 },

    [NGX_RTC_CODEC_RED] =
        { ngx_string("red"), NGX_RTC_KIND_UNKNOWN, 0, 0 },
    [NGX_RTC_CODEC_RTX] =
        { ngx_string("rtx"), NGX_RTC_KIND_UNKNOWN, 0, 0 },
    [NGX_RTC_CODEC_ULPFEC] =
        { ngx_string("ulpfec"), NGX_RTC_KIND_UNKNOWN, 90000, 0 },
    [NGX_RTC_CODEC_FLEXFEC] =
        { ngx_string("flexfec-03"), NGX_RTC_KIND_UNKNOWN, 90000, 0 },
};


static ngx_str_t  ngx_rtc_kinds[] = {
    ngx_string(""),
    ngx_string("audio"),
    ngx_string("video"),
    ngx_string("application")
};


ngx_rtc_codec_e
ngx_rtc_codec_find(ngx_rtc_kind_e kind, u_char *name, size_t len)
{
    ngx_uint_t            i;
    ngx_rtc_codec_def_t  *def;

    for (i = 1; i < NGX_RTC_CODEC_MAX; i++) {
        def = &ngx_rtc_codecs[i];

        if (def->name.len != len
            || ngx_strncasecmp(def->name.data, name, len) != 0)
        {
            continue;
        }

        if (kind != NGX_RTC_KIND_UNKNOWN && def->kind != NGX_RTC_KIND_UNKNOWN
            && def->kind != kind)
        {
            break;
        }

        return (ngx_rtc_codec_e) i;
    }

    return NGX_RTC_CODEC_UNKNOWN;
}


ngx_str_t *
ngx_rtc_codec_name(ngx_rtc_codec_e codec)
{
    return &ngx_rtc_codecs[codec].name;
}


ngx_uint_t
ngx_rtc_codec_clock_rate(ngx_rtc_codec_e codec)
{
    return ngx_rtc_codecs[codec].clock_rate;
}


ngx_uint_t
ngx_rtc_codec_channels(ngx_rtc_codec_e codec)
{
    return ngx_rtc_codecs[codec].channels;
}


ngx_rtc_kind_e
ngx_rtc_codec_kind(ngx_rtc_codec_e codec)
{
    return ngx_rtc_codecs[codec].kind;
}


ngx_str_t *
ngx_rtc_kind_name(ngx_rtc_kind_e kind)
{
    return &ngx_rtc_kinds[kind];
}


ngx_rtc_kind_e
ngx_rtc_kind_find(u_char *name, size_t len)
{
    ngx_uint_t  i;

    for (i = 1; i < sizeof(ngx_rtc_kinds) / sizeof(ngx_str_t); i++) {

        if (ngx_rtc_kinds[i].len == len
            && ngx_memcmp(ngx_rtc_kinds[i].data, name, len) == 0)
        {
            return (ngx_rtc_kind_e) i;
        }
    }

    return NGX_RTC_KIND_UNKNOWN;
}


ngx_int_t
ngx_rtc_codec_parse(ngx_rtc_codec_e codec, u_char *p, u_char *end,
    ngx_uint_t marker, ngx_rtc_codec_info_t *info)
{
    ngx_int_t  rc;

    ngx_memzero(info, sizeof(ngx_rtc_codec_info_t));

    if (p == end) {
        return NGX_ERROR;
    }

    switch (codec) {

    case NGX_RTC_CODEC_VP8:
        rc = ngx_rtc_vp8_parse(p, end, info);
        break;

    case NGX_RTC_CODEC_VP9:
        rc = ngx_rtc_vp9_parse(p, end, info);
        break;

    case NGX_RTC_CODEC_H264:
        rc = ngx_rtc_h264_parse(p, end, info);
        break;

    case NGX_RTC_CODEC_AV1:
        rc = ngx_rtc_av1_parse(p, end, info);
        break;

    default:
        rc = NGX_DECLINED;
    }

    info->marker = marker ? 1 : 0;

    if (codec != NGX_RTC_CODEC_VP9) {
        info->frame_end = info->marker;
    }

    return rc;
}


ngx_uint_t
ngx_rtc_opus_duration(u_char *p, u_char *end)
{
    ngx_uint_t  config, frame, n;

    if (p == end) {
        return 0;
    }

    config = p[0] >> 3;

    if (config < 12) {

        /* SILK: 10, 20, 40 and 60 ms */

        frame = (config & 3) == 3 ? 2880 : (ngx_uint_t) 480 << (config & 3);

    } else if (config < 16) {

        /* hybrid: 10 and 20 ms */

        frame = (ngx_uint_t) 480 << (config & 1);

    } else {

        /* CELT: 2.5, 5, 10 and 20 ms */

        frame = (ngx_uint_t) 120 << (config & 3);
    }

    switch (p[0] & 3) {

    case 0:
        n = 1;
        break;

    case 1:
    case 2:
        n = 2;
        break;

    default:
        if (end - p < 2) {
            return 0;
        }

        n = p[1] & 0x3f;
    }

    /* RFC 6716, section 3.4, R5: at most 120 ms */

    if (frame * n > 5760) {
        return 0;
    }

    return frame * n;
}


ngx_uint_t
ngx_rtc_opus_dtx(u_char *p, u_char *end)
{
    size_t  len;

    if (p == end) {
        return 0;
    }

    len = end - p - 1;

    switch (p[0] & 3) {

    case 0:
        return len <= 1;

    case 1:
        return len == 0 || len == 2;

    case 2:
        return len == 0 || (p[1] <= 1 && len <= (size_t) p[1] + 2);

    default:

        /* a count byte and nothing: all frames are empty */

        return len <= 1;
    }
}


ngx_int_t
ngx_rtc_red_parse(u_char *p, u_char *end, ngx_rtc_red_block_t *blocks,
    ngx_uint_t max)
{
    uint32_t    header;
    ngx_uint_t  i, n;

    n = 0;

    for ( ;; ) {

        if (p == end || n == max) {
            return NGX_ERROR;
        }

        blocks[n].pt = p[0] & 0x7f;

        if (!(p[0] & 0x80)) {
            p++;
            break;
        }

        if (end - p < 4) {
            return NGX_ERROR;
        }

        header = ngx_rtc_get_24(p + 1);

        blocks[n].ts_offset = (uint16_t) (header >> 10);
        blocks[n].len = (uint16_t) (header & 0x3ff);

        n++;
        p += 4;
    }

    for (i = 0; i < n; i++) {

        if (end - p < blocks[i].len) {
            return NGX_ERROR;
        }

        blocks[i].data = p;
        p += blocks[i].len;
    }

    if (end - p > 65535) {
        return NGX_ERROR;
    }

    blocks[n].data = p;
    blocks[n].len = (uint16_t) (end - p);
    blocks[n].ts_offset = 0;

    return n + 1;
}
