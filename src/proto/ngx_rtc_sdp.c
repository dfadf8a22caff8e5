
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What is asked of a parsed session description: lookups, header extension
 * URIs, format parameters and whether two payloads are the same format.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"


#define NGX_RTC_HDREXT   "urn:ietf:params:rtp-hdrext:"
#define NGX_RTC_WEBRTC   "http://www.webrtc.org/experiments/rtp-hdrext/"

/* constraint_set3_flag, which with level_idc 11 means level 1b */
#define NGX_RTC_H264_SET3            0x10


static ngx_uint_t ngx_rtc_sdp_fmtp_uint(ngx_str_t *fmtp, char *name,
    ngx_uint_t max, ngx_uint_t value);
static ngx_uint_t ngx_rtc_h264_level(uint32_t profile_level_id);
static ngx_uint_t ngx_rtc_sdp_same_format(ngx_rtc_sdp_payload_t *a,
    ngx_rtc_sdp_payload_t *b);


static ngx_str_t  ngx_rtc_ext_uris[NGX_RTC_EXT_MAX] = {

    [NGX_RTC_EXT_UNKNOWN] = ngx_string(""),
    [NGX_RTC_EXT_MID] = ngx_string(NGX_RTC_HDREXT "sdes:mid"),
    [NGX_RTC_EXT_RID] = ngx_string(NGX_RTC_HDREXT "sdes:rtp-stream-id"),
    [NGX_RTC_EXT_RRID] =
        ngx_string(NGX_RTC_HDREXT "sdes:repaired-rtp-stream-id"),
    [NGX_RTC_EXT_ABS_SEND_TIME] = ngx_string(NGX_RTC_WEBRTC "abs-send-time"),
    [NGX_RTC_EXT_TWCC] =
        ngx_string("http://www.ietf.org/id/"
                   "draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    [NGX_RTC_EXT_AUDIO_LEVEL] = ngx_string(NGX_RTC_HDREXT "ssrc-audio-level"),
    [NGX_RTC_EXT_CSRC_AUDIO_LEVEL] =
        ngx_string(NGX_RTC_HDREXT "csrc-audio-level"),
    [NGX_RTC_EXT_VIDEO_ORIENTATION] = ngx_string("urn:3gpp:video-orientation"),
    [NGX_RTC_EXT_TOFFSET] = ngx_string(NGX_RTC_HDREXT "toffset"),
    [NGX_RTC_EXT_PLAYOUT_DELAY] = ngx_string(NGX_RTC_WEBRTC "playout-delay"),
    [NGX_RTC_EXT_DD] =
        ngx_string("https://aomediacodec.github.io/av1-rtp-spec/"
                   "#dependency-descriptor-rtp-header-extension"),
    [NGX_RTC_EXT_ABS_CAPTURE_TIME] =
        ngx_string(NGX_RTC_WEBRTC "abs-capture-time"),
    [NGX_RTC_EXT_VIDEO_LAYERS] =
        ngx_string(NGX_RTC_WEBRTC "video-layers-allocation00"),
    [NGX_RTC_EXT_CONTENT_TYPE] =
        ngx_string(NGX_RTC_WEBRTC "video-content-type"),
    [NGX_RTC_EXT_TIMING] = ngx_string(NGX_RTC_WEBRTC "video-timing"),
    [NGX_RTC_EXT_COLOR_SPACE] = ngx_string(NGX_RTC_WEBRTC "color-space"),
};


/* the profiles whose streams a decoder of the indexed one decodes */

#define ngx_rtc_h264_bit_of(p)  (1 << NGX_RTC_H264_##p)

static ngx_uint_t  ngx_rtc_h264_decodes[] = {

    [NGX_RTC_H264_UNKNOWN] = 0,

    [NGX_RTC_H264_CONSTRAINED_BASELINE] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE),

    [NGX_RTC_H264_BASELINE] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE)
        | ngx_rtc_h264_bit_of(BASELINE),

    [NGX_RTC_H264_MAIN] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE)
        | ngx_rtc_h264_bit_of(MAIN),

    [NGX_RTC_H264_CONSTRAINED_HIGH] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE)
        | ngx_rtc_h264_bit_of(CONSTRAINED_HIGH),

    [NGX_RTC_H264_HIGH] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE)
        | ngx_rtc_h264_bit_of(MAIN)
        | ngx_rtc_h264_bit_of(CONSTRAINED_HIGH)
        | ngx_rtc_h264_bit_of(HIGH),

    [NGX_RTC_H264_HIGH_444] =
        ngx_rtc_h264_bit_of(CONSTRAINED_BASELINE)
        | ngx_rtc_h264_bit_of(MAIN)
        | ngx_rtc_h264_bit_of(CONSTRAINED_HIGH)
        | ngx_rtc_h264_bit_of(HIGH)
        | ngx_rtc_h264_bit_of(HIGH_444),
};


ngx_str_t *
ngx_rtc_ext_uri(ngx_rtc_ext_e ext)
{
    return &ngx_rtc_ext_uris[ext];
}


ngx_rtc_ext_e
ngx_rtc_ext_find(u_char *uri, size_t len)
{
    ngx_uint_t  i;

    for (i = 1; i < NGX_RTC_EXT_MAX; i++) {

        if (ngx_rtc_ext_uris[i].len == len
            && ngx_memcmp(ngx_rtc_ext_uris[i].data, uri, len) == 0)
        {
            return (ngx_rtc_ext_e) i;
        }
    }

    return NGX_RTC_EXT_UNKNOWN;
}


ngx_rtc_sdp_media_t *
ngx_rtc_sdp_find_mid(ngx_rtc_sdp_t *sdp, ngx_str_t *mid)
{
    ngx_uint_t            i;
    ngx_rtc_sdp_media_t  *m;

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];

        if (m->mid.len && m->mid.len == mid->len
            && ngx_memcmp(m->mid.data, mid->data, mid->len) == 0)
        {
            return m;
        }
    }

    return NULL;
}


ngx_rtc_sdp_payload_t *
ngx_rtc_sdp_find_payload(ngx_rtc_sdp_media_t *m, ngx_uint_t pt)
{
    ngx_uint_t  i;

    for (i = 0; i < m->npayloads; i++) {
        if (m->payloads[i].pt == pt) {
            return &m->payloads[i];
        }
    }

    return NULL;
}


ngx_rtc_sdp_payload_t *
ngx_rtc_sdp_find_rtx(ngx_rtc_sdp_media_t *m, ngx_uint_t pt)
{
    ngx_uint_t              i;
    ngx_rtc_sdp_payload_t  *payload;

    for (i = 0; i < m->npayloads; i++) {
        payload = &m->payloads[i];

        if (payload->codec == NGX_RTC_CODEC_RTX && payload->has_apt
            && payload->apt == pt)
        {
            return payload;
        }
    }

    return NULL;
}


ngx_rtc_sdp_extmap_t *
ngx_rtc_sdp_find_ext(ngx_rtc_sdp_media_t *m, ngx_rtc_ext_e ext)
{
    ngx_uint_t  i;

    for (i = 0; i < m->nextmaps; i++) {
        if (m->extmaps[i].ext == ext) {
            return &m->extmaps[i];
        }
    }

    return NULL;
}


ngx_rtc_sdp_ssrc_t *
ngx_rtc_sdp_find_ssrc(ngx_rtc_sdp_media_t *m, uint32_t ssrc)
{
    ngx_uint_t  i;

    for (i = 0; i < m->nssrcs; i++) {
        if (m->ssrcs[i].ssrc == ssrc) {
            return &m->ssrcs[i];
        }
    }

    return NULL;
}


uint32_t
ngx_rtc_sdp_find_rtx_ssrc(ngx_rtc_sdp_media_t *m, uint32_t ssrc)
{
    ngx_uint_t                 i;
    ngx_rtc_sdp_ssrc_group_t  *group;

    for (i = 0; i < m->nssrc_groups; i++) {
        group = &m->ssrc_groups[i];

        if (group->semantics == NGX_RTC_SDP_SSRC_FID && group->n == 2
            && group->ssrcs[0] == ssrc)
        {
            return group->ssrcs[1];
        }
    }

    return 0;
}


ngx_rtc_sdp_media_t *
ngx_rtc_sdp_transport_media(ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_media_t *m)
{
    ngx_str_t            *mid;
    ngx_uint_t            i, n, found;
    ngx_rtc_sdp_group_t  *group;
    ngx_rtc_sdp_media_t  *first, *member;

    if (!m->bundled) {
        return m;
    }

    for (i = 0; i < sdp->ngroups; i++) {
        group = &sdp->groups[i];

        first = NULL;
        found = 0;

        for (n = 0; n < group->n; n++) {
            mid = &group->mids[n];

            member = ngx_rtc_sdp_find_mid(sdp, mid);

            if (member == NULL) {
                continue;
            }

            if (first == NULL && !member->rejected && !member->bundle_only) {
                first = member;
            }

            if (member == m) {
                found = 1;
            }
        }

        if (found && first) {
            return first;
        }
    }

    return m;
}


ngx_int_t
ngx_rtc_sdp_fmtp_get(ngx_str_t *fmtp, char *name, ngx_str_t *value)
{
    size_t   len;
    u_char  *p, *end, *last, *eq;

    if (fmtp->len == 0) {
        return NGX_DECLINED;
    }

    len = ngx_strlen(name);
    end = fmtp->data + fmtp->len;

    for (p = fmtp->data; p < end; p = last + 1) {

        while (p < end && *p == ' ') {
            p++;
        }

        eq = NULL;

        for (last = p; last < end && *last != ';'; last++) {

            if (*last == '=' && eq == NULL) {
                eq = last;
            }
        }

        if (eq && (size_t) (eq - p) == len
            && ngx_strncasecmp(p, (u_char *) name, len) == 0)
        {
            value->data = eq + 1;
            value->len = last - (eq + 1);

            while (value->len && value->data[value->len - 1] == ' ') {
                value->len--;
            }

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_rtc_sdp_fmtp_uint(ngx_str_t *fmtp, char *name, ngx_uint_t max,
    ngx_uint_t value)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (ngx_rtc_sdp_fmtp_get(fmtp, name, &s) != NGX_OK) {
        return value;
    }

    n = ngx_atoi(s.data, s.len);

    return (n == NGX_ERROR || (ngx_uint_t) n > max) ? value : (ngx_uint_t) n;
}


void
ngx_rtc_sdp_fmtp_parse(ngx_rtc_codec_e codec, ngx_str_t *fmtp,
    ngx_rtc_sdp_fmtp_t *params)
{
    u_char      c;
    uint32_t    id;
    ngx_str_t   s;
    ngx_uint_t  i;

    ngx_memzero(params, sizeof(ngx_rtc_sdp_fmtp_t));

    switch (codec) {

    case NGX_RTC_CODEC_H264:

        /*
         * RFC 6184 infers baseline, level 1; who leaves it out means what
         * all WebRTC endpoints take: constrained baseline, level 3.1
         */

        params->profile_level_id = 0x42e01f;

        if (ngx_rtc_sdp_fmtp_get(fmtp, "profile-level-id", &s) == NGX_OK
            && s.len == 6)
        {
            id = 0;

            for (i = 0; i < 6; i++) {
                c = ngx_tolower(s.data[i]);

                if (c >= '0' && c <= '9') {
                    id = (id << 4) | (uint32_t) (c - '0');

                } else if (c >= 'a' && c <= 'f') {
                    id = (id << 4) | (uint32_t) (c - 'a' + 10);

                } else {
                    break;
                }
            }

            if (i == 6) {
                params->profile_level_id = id;
            }
        }

        params->packetization_mode = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "packetization-mode", 2, 0);
        params->level_asymmetry = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "level-asymmetry-allowed", 1, 0);
        break;

    case NGX_RTC_CODEC_VP9:
        params->profile = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "profile-id", 3, 0);
        break;

    case NGX_RTC_CODEC_AV1:
        params->profile = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "profile", 2, 0);
        params->level_idx = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "level-idx", 31, 5);
        params->tier = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "tier", 1, 0);
        break;

    case NGX_RTC_CODEC_OPUS:
        params->stereo = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "stereo", 1, 0);
        params->useinbandfec = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "useinbandfec", 1, 0);
        params->usedtx = (uint8_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "usedtx", 1, 0);
        params->maxaveragebitrate = (uint32_t)
                ngx_rtc_sdp_fmtp_uint(fmtp, "maxaveragebitrate", 510000, 0);
        break;

    default:
        break;
    }
}


ngx_rtc_h264_profile_e
ngx_rtc_h264_profile(uint32_t profile_level_id)
{
    ngx_uint_t  iop;

    iop = (profile_level_id >> 8) & 0xff;

    switch (profile_level_id >> 16) {

    case 0x42:
        switch (iop & 0x4f) {
        case 0x40:
            return NGX_RTC_H264_CONSTRAINED_BASELINE;
        case 0x00:
            return NGX_RTC_H264_BASELINE;
        }

        break;

    case 0x4d:
        if ((iop & 0x8f) == 0x80) {
            return NGX_RTC_H264_CONSTRAINED_BASELINE;
        }

        if ((iop & 0xaf) == 0x00) {
            return NGX_RTC_H264_MAIN;
        }

        break;

    case 0x58:
        switch (iop & 0xcf) {
        case 0xc0:
            return NGX_RTC_H264_CONSTRAINED_BASELINE;
        case 0x80:
            return NGX_RTC_H264_BASELINE;
        }

        break;

    case 0x64:
        switch (iop) {
        case 0x00:
            return NGX_RTC_H264_HIGH;
        case 0x0c:
            return NGX_RTC_H264_CONSTRAINED_HIGH;
        }

        break;

    case 0xf4:
        if (iop == 0x00) {
            return NGX_RTC_H264_HIGH_444;
        }

        break;
    }

    return NGX_RTC_H264_UNKNOWN;
}


/* a number that grows with the level; 1b stands between 1 and 1.1 */

static ngx_uint_t
ngx_rtc_h264_level(uint32_t profile_level_id)
{
    ngx_uint_t  idc, level;

    idc = profile_level_id >> 16;
    level = profile_level_id & 0xff;

    if (level == 11 && (idc == 0x42 || idc == 0x4d || idc == 0x58)
        && ((profile_level_id >> 8) & NGX_RTC_H264_SET3))
    {
        return 10 * 2 + 1;
    }

    return level * 2;
}


uint32_t
ngx_rtc_h264_answer(ngx_rtc_sdp_fmtp_t *offer, ngx_rtc_sdp_fmtp_t *ours)
{
    if (offer->level_asymmetry && ours->level_asymmetry) {
        return ours->profile_level_id;
    }

    return ngx_rtc_h264_level(offer->profile_level_id)
           < ngx_rtc_h264_level(ours->profile_level_id)
           ? offer->profile_level_id : ours->profile_level_id;
}


static ngx_uint_t
ngx_rtc_sdp_same_format(ngx_rtc_sdp_payload_t *a, ngx_rtc_sdp_payload_t *b)
{
    return a->codec == b->codec
           && a->codec != NGX_RTC_CODEC_UNKNOWN
           && a->clock_rate == b->clock_rate
           && a->channels == b->channels;
}


ngx_uint_t
ngx_rtc_sdp_payload_match(ngx_rtc_sdp_payload_t *a, ngx_rtc_sdp_payload_t *b)
{
    ngx_rtc_h264_profile_e  profile;

    if (!ngx_rtc_sdp_same_format(a, b)) {
        return 0;
    }

    switch (a->codec) {

    case NGX_RTC_CODEC_H264:

        if (a->params.packetization_mode != b->params.packetization_mode) {
            return 0;
        }

        profile = ngx_rtc_h264_profile(a->params.profile_level_id);

        if (profile == NGX_RTC_H264_UNKNOWN) {
            return a->params.profile_level_id >> 8
                   == b->params.profile_level_id >> 8;
        }

        return profile == ngx_rtc_h264_profile(b->params.profile_level_id);

    case NGX_RTC_CODEC_VP9:
    case NGX_RTC_CODEC_AV1:
        return a->params.profile == b->params.profile;

    default:
        return 1;
    }
}


ngx_uint_t
ngx_rtc_sdp_payload_accepts(ngx_rtc_sdp_payload_t *recv,
    ngx_rtc_sdp_payload_t *send)
{
    ngx_rtc_h264_profile_e  rp, sp;

    if (!ngx_rtc_sdp_same_format(recv, send)) {
        return 0;
    }

    switch (recv->codec) {

    case NGX_RTC_CODEC_H264:

        if (recv->params.packetization_mode != send->params.packetization_mode
            && !(recv->params.packetization_mode == 1
                 && send->params.packetization_mode == 0))
        {
            return 0;
        }

        rp = ngx_rtc_h264_profile(recv->params.profile_level_id);
        sp = ngx_rtc_h264_profile(send->params.profile_level_id);

        if (rp == NGX_RTC_H264_UNKNOWN || sp == NGX_RTC_H264_UNKNOWN) {
            return recv->params.profile_level_id >> 8
                   == send->params.profile_level_id >> 8;
        }

        return (ngx_rtc_h264_decodes[rp] >> sp) & 1;

    case NGX_RTC_CODEC_AV1:

        /* main, high and professional contain one another */

        return recv->params.profile >= send->params.profile;

    case NGX_RTC_CODEC_VP9:
        return recv->params.profile == send->params.profile;

    default:
        return 1;
    }
}
