
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The table of media formats and the rules by which a payload type of a
 * client is one of them.  What is offered to whom is not decided here.
 */


#include "ngx_rtc_codecs.h"


static u_char *ngx_rtc_format_param(u_char *p, u_char *start,
    const char *text);


/* the order is that of preference among variants of one codec */

const ngx_rtc_format_t  ngx_rtc_formats[] = {

    { NGX_RTC_CODEC_OPUS, NGX_RTC_KIND_AUDIO, 111, 0, 0, 0, "" },

    { NGX_RTC_CODEC_VP8, NGX_RTC_KIND_VIDEO, 96, 97, 0, 0, "" },

    { NGX_RTC_CODEC_VP9, NGX_RTC_KIND_VIDEO, 98, 99, 0, 0,
      "profile-id=0" },

    { NGX_RTC_CODEC_VP9, NGX_RTC_KIND_VIDEO, 100, 101, 2, 0,
      "profile-id=2" },

    { NGX_RTC_CODEC_VP9, NGX_RTC_KIND_VIDEO, 35, 36, 1, 0,
      "profile-id=1" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 102, 103,
      NGX_RTC_H264_CONSTRAINED_BASELINE, 1,
      "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=42e01f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 106, 107,
      NGX_RTC_H264_BASELINE, 1,
      "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=42001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 104, 105,
      NGX_RTC_H264_CONSTRAINED_BASELINE, 0,
      "level-asymmetry-allowed=1;packetization-mode=0;"
      "profile-level-id=42e01f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 108, 109,
      NGX_RTC_H264_BASELINE, 0,
      "level-asymmetry-allowed=1;packetization-mode=0;"
      "profile-level-id=42001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 112, 113,
      NGX_RTC_H264_MAIN, 1,
      "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=4d001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 116, 117,
      NGX_RTC_H264_HIGH, 1,
      "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=64001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 120, 121,
      NGX_RTC_H264_CONSTRAINED_HIGH, 1,
      "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=640c1f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 114, 115,
      NGX_RTC_H264_MAIN, 0,
      "level-asymmetry-allowed=1;packetization-mode=0;"
      "profile-level-id=4d001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 118, 119,
      NGX_RTC_H264_HIGH, 0,
      "level-asymmetry-allowed=1;packetization-mode=0;"
      "profile-level-id=64001f" },

    { NGX_RTC_CODEC_H264, NGX_RTC_KIND_VIDEO, 122, 123,
      NGX_RTC_H264_CONSTRAINED_HIGH, 0,
      "level-asymmetry-allowed=1;packetization-mode=0;"
      "profile-level-id=640c1f" },

    { NGX_RTC_CODEC_AV1, NGX_RTC_KIND_VIDEO, 45, 46, 0, 0,
      "level-idx=5;profile=0;tier=0" },

    { NGX_RTC_CODEC_AV1, NGX_RTC_KIND_VIDEO, 47, 48, 1, 0,
      "level-idx=5;profile=1;tier=0" }
};


const ngx_uint_t  ngx_rtc_nformats = sizeof(ngx_rtc_formats)
                                     / sizeof(ngx_rtc_formats[0]);


ngx_uint_t
ngx_rtc_format_find(ngx_rtc_sdp_payload_t *payload)
{
    ngx_uint_t               i, profile, mode;
    const ngx_rtc_format_t  *f;

    if (payload->clock_rate != ngx_rtc_codec_clock_rate(payload->codec)) {
        return NGX_RTC_NO_FORMAT;
    }

    profile = 0;
    mode = 0;

    switch (payload->codec) {

    case NGX_RTC_CODEC_OPUS:

        /* RFC 7587: always 48000/2, whatever is sent */

        if (payload->channels != 2) {
            return NGX_RTC_NO_FORMAT;
        }

        break;

    case NGX_RTC_CODEC_VP9:
    case NGX_RTC_CODEC_AV1:
        profile = payload->params.profile;
        break;

    case NGX_RTC_CODEC_H264:
        profile = ngx_rtc_h264_profile(payload->params.profile_level_id);
        mode = payload->params.packetization_mode;
        break;

    default:
        break;
    }

    for (i = 0; i < ngx_rtc_nformats; i++) {
        f = &ngx_rtc_formats[i];

        if (f->codec == payload->codec && f->profile == profile
            && f->mode == mode)
        {
            return i;
        }
    }

    return NGX_RTC_NO_FORMAT;
}


uint32_t
ngx_rtc_format_kind_mask(ngx_uint_t kind)
{
    uint32_t    mask;
    ngx_uint_t  i;

    mask = 0;

    for (i = 0; i < ngx_rtc_nformats; i++) {
        if (ngx_rtc_formats[i].kind == kind) {
            mask |= (uint32_t) 1 << i;
        }
    }

    return mask;
}


uint32_t
ngx_rtc_format_mask(ngx_uint_t codec)
{
    uint32_t    mask;
    ngx_uint_t  i;

    mask = 0;

    for (i = 0; i < ngx_rtc_nformats; i++) {
        if (ngx_rtc_formats[i].codec == codec) {
            mask |= (uint32_t) 1 << i;
        }
    }

    return mask;
}


u_char *
ngx_rtc_format_fmtp(u_char *p, ngx_uint_t format, ngx_uint_t opus,
    ngx_rtc_sdp_payload_t *answered)
{
    u_char                  *start;
    ngx_uint_t               n;
    const ngx_rtc_format_t  *f;

    static const u_char  hex[] = "0123456789abcdef";

    f = &ngx_rtc_formats[format];
    start = p;

    switch (f->codec) {

    case NGX_RTC_CODEC_OPUS:

        if (opus & NGX_RTC_OPUS_MINPTIME) {
            p = ngx_rtc_format_param(p, start, "minptime=10");
        }

        if (opus & NGX_RTC_OPUS_FEC) {
            p = ngx_rtc_format_param(p, start, "useinbandfec=1");
        }

        if (opus & NGX_RTC_OPUS_STEREO) {
            p = ngx_rtc_format_param(p, start, "stereo=1");

            if (answered == NULL) {
                p = ngx_rtc_format_param(p, start, "sprop-stereo=1");
            }
        }

        if (opus & NGX_RTC_OPUS_DTX) {
            p = ngx_rtc_format_param(p, start, "usedtx=1");
        }

        return p;

    case NGX_RTC_CODEC_H264:

        if (answered == NULL) {
            break;
        }

        /*
         * A forwarder has no level of its own: where levels may differ it
         * takes what is offered, else RFC 6184 wants the same anyway.
         */

        if (answered->params.level_asymmetry) {
            p = ngx_rtc_format_param(p, start, "level-asymmetry-allowed=1");
        }

        p = ngx_rtc_format_param(p, start, f->mode ? "packetization-mode=1"
                                                   : "packetization-mode=0");
        p = ngx_rtc_format_param(p, start, "profile-level-id=");

        for (n = 24; n != 0; n -= 4) {
            *p++ = hex[answered->params.profile_level_id >> (n - 4) & 0xf];
        }

        return p;

    default:

        if (answered != NULL) {

            /* profiles are equal; the rest is declared by each for itself */

            if (answered->fmtp.len == 0) {
                return p;
            }

            if (f->codec == NGX_RTC_CODEC_VP8) {
                return p;
            }
        }

        break;
    }

    return ngx_cpymem(p, f->fmtp, ngx_strlen(f->fmtp));
}


static u_char *
ngx_rtc_format_param(u_char *p, u_char *start, const char *text)
{
    if (p != start) {
        *p++ = ';';
    }

    return ngx_cpymem(p, text, ngx_strlen(text));
}


ngx_uint_t
ngx_rtc_opus_flags(ngx_rtc_sdp_payload_t *payload)
{
    ngx_str_t   value;
    ngx_uint_t  flags;

    flags = 0;

    if (payload->params.useinbandfec) {
        flags |= NGX_RTC_OPUS_FEC;
    }

    if (payload->params.usedtx) {
        flags |= NGX_RTC_OPUS_DTX;
    }

    if (payload->params.stereo
        || (ngx_rtc_sdp_fmtp_get(&payload->fmtp, "sprop-stereo", &value)
            == NGX_OK
            && value.len == 1 && value.data[0] == '1'))
    {
        flags |= NGX_RTC_OPUS_STEREO;
    }

    if (ngx_rtc_sdp_fmtp_get(&payload->fmtp, "minptime", &value) == NGX_OK) {
        flags |= NGX_RTC_OPUS_MINPTIME;
    }

    return flags;
}
