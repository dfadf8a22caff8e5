
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The table of formats: payload types don't collide, profiles of clients
 * are found, Opus parameters pass only as asked for.
 *
 * link: src/signal/ngx_rtc_codecs.c
 */


#include "ngx_rtc_codecs.h"
#include "test.h"


static ngx_uint_t
find(ngx_rtc_codec_e codec, ngx_uint_t channels, const char *fmtp)
{
    static ngx_rtc_sdp_payload_t  p;

    memset(&p, 0, sizeof(p));

    p.codec = codec;
    p.clock_rate = (codec == NGX_RTC_CODEC_OPUS) ? 48000 : 90000;
    p.channels = channels;
    p.fmtp.data = (u_char *) fmtp;
    p.fmtp.len = strlen(fmtp);

    ngx_rtc_sdp_fmtp_parse(codec, &p.fmtp, &p.params);

    return ngx_rtc_format_find(&p);
}


static void
fmtp_is(ngx_uint_t opus, const char *expected)
{
    u_char  buf[NGX_RTC_FMTP_SIZE], *p;

    p = ngx_rtc_format_fmtp(buf, find(NGX_RTC_CODEC_OPUS, 2, ""), opus,
                            NULL);

    is_mem(buf, p - buf, expected, strlen(expected), "opus \"%s\"",
           expected);
}


static void
answer_is(ngx_rtc_codec_e codec, const char *offered, const char *expected)
{
    u_char                 buf[NGX_RTC_FMTP_SIZE], *p;
    ngx_rtc_sdp_payload_t  pl;

    memset(&pl, 0, sizeof(pl));

    pl.codec = codec;
    pl.clock_rate = 90000;
    pl.fmtp.data = (u_char *) offered;
    pl.fmtp.len = strlen(offered);

    ngx_rtc_sdp_fmtp_parse(codec, &pl.fmtp, &pl.params);

    p = ngx_rtc_format_fmtp(buf, ngx_rtc_format_find(&pl), 0, &pl);

    is_mem(buf, p - buf, expected, strlen(expected), "answer to \"%s\"",
           offered);
}


int
main(void)
{
    u_char                   used[128], buf[NGX_RTC_FMTP_SIZE];
    ngx_uint_t               i, k, twice, wide;
    ngx_rtc_sdp_payload_t    opus;
    const ngx_rtc_format_t  *f;

    memset(used, 0, sizeof(used));
    twice = 0;
    wide = 0;

    for (i = 0; i < ngx_rtc_nformats; i++) {
        f = &ngx_rtc_formats[i];

        twice += used[f->pt]++;

        if (f->rtx_pt) {
            twice += used[f->rtx_pt]++;
        }

        /* RFC 5761: 64 .. 95 would be taken for RTCP */

        if ((f->pt >= 64 && f->pt < 96) || f->pt < 35 || f->pt > 127
            || (f->rtx_pt >= 64 && f->rtx_pt < 96))
        {
            twice++;
        }

        for (k = 0; k < i; k++) {
            if (ngx_rtc_formats[k].codec == f->codec
                && ngx_rtc_formats[k].profile == f->profile
                && ngx_rtc_formats[k].mode == f->mode)
            {
                twice++;
            }
        }

        if (ngx_rtc_format_fmtp(buf, i, 15, NULL) > buf + sizeof(buf)) {
            wide++;
        }
    }

    is(twice, 0, "payload types are free of RTCP's and used once");
    is(wide, 0, "format parameters fit");
    ok(ngx_rtc_nformats <= NGX_RTC_MAX_FORMATS, "formats fit into a mask");

    i = find(NGX_RTC_CODEC_H264, 0, "level-asymmetry-allowed=1;"
             "packetization-mode=1;profile-level-id=42e01f");
    is(ngx_rtc_formats[i].pt, 102, "H.264 constrained baseline");

    is(find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=1;profile-level-id=42C02A"), i,
       "another level and case of hexadecimal are the same profile");
    is(find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=1;profile-level-id=4d8028"), i,
       "main with constraint set 0 is constrained baseline");
    is(find(NGX_RTC_CODEC_H264, 0, "packetization-mode=1"), i,
       "without profile-level-id it is constrained baseline");

    ok(find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=0;profile-level-id=42e01f") != i,
       "packetization modes differ");
    ok(find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=1;profile-level-id=42001f") != i,
       "baseline is another profile");
    is(ngx_rtc_formats[find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=1;profile-level-id=640c1f")].pt, 120,
       "constrained high");
    is(find(NGX_RTC_CODEC_H264, 0,
            "packetization-mode=1;profile-level-id=f4001f"),
       NGX_RTC_NO_FORMAT, "high 4:4:4 is not ours");

    is(find(NGX_RTC_CODEC_VP9, 0, ""),
       find(NGX_RTC_CODEC_VP9, 0, "profile-id=0"),
       "VP9 is profile 0 by default");
    ok(find(NGX_RTC_CODEC_VP9, 0, "profile-id=2")
       != find(NGX_RTC_CODEC_VP9, 0, ""), "VP9 profile 2 is another");
    is(find(NGX_RTC_CODEC_VP9, 0, "profile-id=3"), NGX_RTC_NO_FORMAT,
       "VP9 profile 3 is not ours");
    is(find(NGX_RTC_CODEC_AV1, 0, ""),
       find(NGX_RTC_CODEC_AV1, 0, "level-idx=5;profile=0;tier=0"),
       "AV1 without parameters is profile 0");
    is(find(NGX_RTC_CODEC_VP8, 0, "max-fs=12288;max-fr=60"),
       find(NGX_RTC_CODEC_VP8, 0, ""), "VP8's limits don't matter");
    is(find(NGX_RTC_CODEC_OPUS, 1, ""), NGX_RTC_NO_FORMAT,
       "opus/48000/1 does not exist");
    is(find(NGX_RTC_CODEC_PCMU, 0, ""), NGX_RTC_NO_FORMAT,
       "PCMU is not ours");

    fmtp_is(0, "");
    fmtp_is(NGX_RTC_OPUS_MINPTIME|NGX_RTC_OPUS_FEC,
            "minptime=10;useinbandfec=1");
    fmtp_is(NGX_RTC_OPUS_STEREO, "stereo=1;sprop-stereo=1");
    fmtp_is(NGX_RTC_OPUS_DTX, "usedtx=1");

    memset(&opus, 0, sizeof(opus));
    opus.codec = NGX_RTC_CODEC_OPUS;
    ngx_str_set(&opus.fmtp, "minptime=10;useinbandfec=1");
    ngx_rtc_sdp_fmtp_parse(opus.codec, &opus.fmtp, &opus.params);
    is(ngx_rtc_opus_flags(&opus), NGX_RTC_OPUS_MINPTIME|NGX_RTC_OPUS_FEC,
       "opus: what Chromium asks for");

    ngx_str_set(&opus.fmtp, "sprop-stereo=1;usedtx=1");
    ngx_rtc_sdp_fmtp_parse(opus.codec, &opus.fmtp, &opus.params);
    is(ngx_rtc_opus_flags(&opus), NGX_RTC_OPUS_STEREO|NGX_RTC_OPUS_DTX,
       "opus: stereo and DTX");

    answer_is(NGX_RTC_CODEC_H264, "level-asymmetry-allowed=1;"
              "packetization-mode=1;profile-level-id=42e034",
              "level-asymmetry-allowed=1;packetization-mode=1;"
              "profile-level-id=42e034");
    answer_is(NGX_RTC_CODEC_H264, "profile-level-id=42001e",
              "packetization-mode=0;profile-level-id=42001e");
    answer_is(NGX_RTC_CODEC_VP9, "profile-id=2", "profile-id=2");
    answer_is(NGX_RTC_CODEC_VP9, "", "");
    answer_is(NGX_RTC_CODEC_VP8, "max-fs=12288;max-fr=60", "");
    answer_is(NGX_RTC_CODEC_AV1, "level-idx=5;profile=0;tier=0",
              "level-idx=5;profile=0;tier=0");

    return test_done();
}
