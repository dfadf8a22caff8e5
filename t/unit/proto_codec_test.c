
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Payload headers: VP8, VP9, H.264, AV1, Opus, RED, and the codec table.
 */


#include "test.h"

#include "ngx_rtc_codec.h"


static u_char                 buf[256];
static size_t                 len;
static ngx_rtc_codec_info_t   in;


/* parses a copy in a block of its own size, for ASan's sake */

static ngx_int_t
parse(ngx_rtc_codec_e codec, ngx_uint_t marker, const char *hex)
{
    u_char     *p;
    ngx_int_t   rc;

    len = test_unhex(buf, sizeof(buf), hex);
    p = malloc(len ? len : 1);
    memcpy(p, buf, len);
    rc = ngx_rtc_codec_parse(codec, p, p + len, marker, &in);
    free(p);

    return rc;
}


static ngx_uint_t
opus_duration(const char *hex)
{
    len = test_unhex(buf, sizeof(buf), hex);

    return ngx_rtc_opus_duration(buf, buf + len);
}


static ngx_uint_t
opus_dtx(const char *hex)
{
    len = test_unhex(buf, sizeof(buf), hex);

    return ngx_rtc_opus_dtx(buf, buf + len);
}


static void
test_table(void)
{
    is(ngx_rtc_codec_find(NGX_RTC_KIND_AUDIO, (u_char *) "OPUS", 4),
       NGX_RTC_CODEC_OPUS, "names have no case");
    is(ngx_rtc_codec_find(NGX_RTC_KIND_VIDEO, (u_char *) "opus", 4),
       NGX_RTC_CODEC_UNKNOWN, "opus isn't video");
    is(ngx_rtc_codec_find(NGX_RTC_KIND_VIDEO, (u_char *) "red", 3),
       NGX_RTC_CODEC_RED, "red is both");
    is(ngx_rtc_codec_find(NGX_RTC_KIND_AUDIO, (u_char *) "red", 3),
       NGX_RTC_CODEC_RED, "audio, too");
    is(ngx_rtc_codec_find(NGX_RTC_KIND_UNKNOWN, (u_char *) "VP80", 4),
       NGX_RTC_CODEC_UNKNOWN, "a longer name is another one");
    is_str(*ngx_rtc_codec_name(NGX_RTC_CODEC_H264), "H264", "name");
    is(ngx_rtc_codec_clock_rate(NGX_RTC_CODEC_OPUS), 48000, "clock rate");
    is(ngx_rtc_codec_kind(NGX_RTC_CODEC_AV1), NGX_RTC_KIND_VIDEO, "kind");
    is(ngx_rtc_kind_find((u_char *) "audio", 5), NGX_RTC_KIND_AUDIO,
       "kind by name");
}


static void
test_vp8(void)
{
    is(parse(NGX_RTC_CODEC_VP8, 0, ""), NGX_ERROR, "vp8: empty");
    is(parse(NGX_RTC_CODEC_VP8, 0, "10"), NGX_ERROR,
       "vp8: nothing behind the descriptor");

    is(parse(NGX_RTC_CODEC_VP8, 0, "10 00 00 00"), NGX_OK,
       "vp8: keyframe without X");
    is(in.keyframe, 1, "vp8: is one");
    is(in.frame_start, 1, "vp8: and a start");
    is(in.has_size, 0, "vp8: too short for its size");

    is(parse(NGX_RTC_CODEC_VP8, 1,
             "90 f0 8123 45 d1 10 02 00 9d 01 2a 80 02 68 01"), NGX_OK,
       "vp8: all fields");
    is(in.picture_id, 0x123, "vp8: picture id of 15 bits");
    is(in.picture_id_15, 1, "vp8: its width");
    is(in.tl0picidx, 0x45, "vp8: tl0picidx");
    is(in.tid, 3, "vp8: tid");
    is(in.layer_sync, 0, "vp8: no layer sync");
    is(in.keyidx, 0x11, "vp8: keyidx");
    is(in.header_size, 6, "vp8: header size");
    is(in.keyframe, 1, "vp8: keyframe");
    is(in.width, 640, "vp8: width");
    is(in.height, 360, "vp8: height");
    is(in.frame_end, 1, "vp8: marker ends the frame");

    is(parse(NGX_RTC_CODEC_VP8, 0, "b0 e0 7f 01 60 01"), NGX_OK,
       "vp8: picture id of 7 bits");
    is(in.picture_id, 0x7f, "vp8: its value");
    is(in.picture_id_15, 0, "vp8: its width");
    is(in.tid, 1, "vp8: tid");
    is(in.layer_sync, 1, "vp8: layer sync");
    is(in.discardable, 1, "vp8: N");
    is(in.keyframe, 0, "vp8: an interframe");
    is(in.has_keyidx, 0, "vp8: no keyidx");

    is(parse(NGX_RTC_CODEC_VP8, 0, "00 00"), NGX_OK, "vp8: continuation");
    is(in.keyframe, 0, "vp8: is no keyframe");
    is(in.frame_start, 0, "vp8: nor a start");
    is(parse(NGX_RTC_CODEC_VP8, 0, "11 00"), NGX_OK, "vp8: partition 1");
    is(in.frame_start, 0, "vp8: doesn't start a frame");

    is(parse(NGX_RTC_CODEC_VP8, 0, "90"), NGX_ERROR, "vp8: X cut");
    is(parse(NGX_RTC_CODEC_VP8, 0, "90 80"), NGX_ERROR, "vp8: I cut");
    is(parse(NGX_RTC_CODEC_VP8, 0, "90 80 80"), NGX_ERROR,
       "vp8: second byte of I cut");
    is(parse(NGX_RTC_CODEC_VP8, 0, "90 40"), NGX_ERROR, "vp8: L cut");
    is(parse(NGX_RTC_CODEC_VP8, 0, "90 20"), NGX_ERROR, "vp8: T cut");

    /* rewriting */

    len = test_unhex(buf, sizeof(buf), "90 f0 8123 45 d1 00");
    is(ngx_rtc_vp8_rewrite(buf, buf + len, 0x7abc, 0x99, 0x3e), NGX_OK,
       "vp8: rewrite");
    is_mem(buf, len, "\x90\xf0\xfa\xbc\x99\xde\x00", 7, "vp8: all fields");
    len = test_unhex(buf, sizeof(buf), "90 80 23 00");
    is(ngx_rtc_vp8_rewrite(buf, buf + len, 0x7abc, 0x99, 0x3e), NGX_OK,
       "vp8: rewrite 7 bits");
    is_mem(buf, len, "\x90\x80\x3c\x00", 4, "vp8: keeps the width");
    len = test_unhex(buf, sizeof(buf), "10 80 23 00");
    is(ngx_rtc_vp8_rewrite(buf, buf + len, 1, 2, 3), NGX_OK,
       "vp8: rewrite nothing");
    is_mem(buf, len, "\x10\x80\x23\x00", 4, "vp8: nothing changed");
    is(ngx_rtc_vp8_rewrite(buf, buf + 1, 1, 2, 3), NGX_ERROR,
       "vp8: a cut descriptor isn't rewritten");
}


static void
test_vp9(void)
{
    /* I L B V E, non-flexible: tid 0, sid 0; SS with 2 sizes and a group */

    is(parse(NGX_RTC_CODEC_VP9, 0,
             "ae 8123 00 07 38 0140 00b4 0280 0168 02 00 14 01 aa"), NGX_OK,
       "vp9: keyframe with a structure");
    is(in.keyframe, 1, "vp9: is one");
    is(in.frame_start, 1, "vp9: B");
    is(in.frame_end, 1, "vp9: E");
    is(in.picture_id, 0x123, "vp9: picture id");
    is(in.has_tl0picidx, 1, "vp9: tl0picidx in non-flexible mode");
    is(in.tl0picidx, 7, "vp9: its value");
    is(in.nspatial, 2, "vp9: two layers");
    is(in.width, 640, "vp9: largest width");
    is(in.height, 360, "vp9: largest height");
    is(in.layers[0].width, 320, "vp9: lower layer's width");
    is(in.header_size, 18, "vp9: header size");

    /* I P L F B, flexible: tid 2 with U, sid 1 with D, two differences */

    is(parse(NGX_RTC_CODEC_VP9, 1, "f8 05 53 03 04 aa"), NGX_OK,
       "vp9: flexible");
    is(in.picture_id, 5, "vp9: picture id of 7 bits");
    is(in.tid, 2, "vp9: tid");
    is(in.switching_point, 1, "vp9: U");
    is(in.sid, 1, "vp9: sid");
    is(in.inter_layer, 1, "vp9: D");
    is(in.inter_picture, 1, "vp9: P");
    is(in.flexible, 1, "vp9: F");
    is(in.has_tl0picidx, 0, "vp9: no tl0picidx");
    is(in.keyframe, 0, "vp9: no keyframe");
    is(in.frame_end, 0, "vp9: the marker isn't the end of a layer frame");
    is(in.header_size, 5, "vp9: header size");

    is(parse(NGX_RTC_CODEC_VP9, 1, "a8 05 03 01 aa"), NGX_OK,
       "vp9: upper layer of a key picture");
    is(in.keyframe, 0, "vp9: isn't where decoding starts");

    is(parse(NGX_RTC_CODEC_VP9, 0, "f8 05 53 03 05 03 01 aa"), NGX_ERROR,
       "vp9: more than 3 differences");
    is(parse(NGX_RTC_CODEC_VP9, 0, "18 aa"), NGX_ERROR,
       "vp9: flexible without a picture id");
    is(parse(NGX_RTC_CODEC_VP9, 0, "80 81"), NGX_ERROR, "vp9: I cut");
    is(parse(NGX_RTC_CODEC_VP9, 0, "a0 01 00"), NGX_ERROR, "vp9: L cut");
    is(parse(NGX_RTC_CODEC_VP9, 0, "0a f8 0140"), NGX_ERROR, "vp9: SS cut");
    is(parse(NGX_RTC_CODEC_VP9, 0, "0a 08 ff 04"), NGX_ERROR,
       "vp9: groups cut");
    is(parse(NGX_RTC_CODEC_VP9, 0, "08"), NGX_ERROR, "vp9: no payload");

    len = test_unhex(buf, sizeof(buf), "a8 8123 00 07 aa");
    is(ngx_rtc_vp9_rewrite(buf, buf + len, 0x7abc, 9), NGX_OK,
       "vp9: rewrite");
    is_mem(buf, len, "\xa8\xfa\xbc\x00\x09\xaa", 6, "vp9: both fields");
    len = test_unhex(buf, sizeof(buf), "f8 05 53 02 aa");
    is(ngx_rtc_vp9_rewrite(buf, buf + len, 0x7abc, 9), NGX_OK,
       "vp9: rewrite flexible");
    is_mem(buf, len, "\xf8\x3c\x53\x02\xaa", 5, "vp9: picture id only");
}


static void
test_h264(void)
{
    uint16_t  w, h;

    is(parse(NGX_RTC_CODEC_H264, 0, "6742c01fda014016e4"), NGX_OK,
       "h264: single SPS");
    is(in.keyframe, 1, "h264: is a keyframe");
    is(in.width, 1280, "h264: width");
    is(in.height, 720, "h264: height");

    is(parse(NGX_RTC_CODEC_H264, 0,
             "78 0009 6742c01fda014016e4 0004 68ce3c80"), NGX_OK,
       "h264: STAP-A of SPS and PPS");
    is(in.keyframe, 1, "h264: is a keyframe");
    is(in.height, 720, "h264: with a size");
    is(in.discardable, 0, "h264: not discardable");

    is(parse(NGX_RTC_CODEC_H264, 0, "78 0004 68ce3c80 0003 65 88 84"), NGX_OK,
       "h264: STAP-A of PPS and IDR");
    is(in.keyframe, 1, "h264: is a keyframe");
    is(parse(NGX_RTC_CODEC_H264, 0, "78 0009 6742c01fda014016e4 0009 68"),
       NGX_ERROR, "h264: STAP-A with a unit beyond its end");
    is(parse(NGX_RTC_CODEC_H264, 0, "78 0000 65"), NGX_ERROR,
       "h264: STAP-A with an empty unit");
    is(parse(NGX_RTC_CODEC_H264, 0, "78 0001 09 00"), NGX_ERROR,
       "h264: STAP-A with half a length");

    is(parse(NGX_RTC_CODEC_H264, 0, "7c 85 88 84"), NGX_OK,
       "h264: FU-A starts an IDR");
    is(in.keyframe, 1, "h264: is a keyframe");
    is(in.frame_start, 1, "h264: and a start");
    is(parse(NGX_RTC_CODEC_H264, 0, "7c 05 88 84"), NGX_OK,
       "h264: FU-A goes on");
    is(in.keyframe, 0, "h264: is none");
    is(in.frame_start, 0, "h264: nor a start");
    is(parse(NGX_RTC_CODEC_H264, 1, "7c 45 88 84"), NGX_OK,
       "h264: FU-A ends");
    is(in.frame_end, 1, "h264: the marker ends the frame");
    is(parse(NGX_RTC_CODEC_H264, 0, "7c 85 08 84"), NGX_OK,
       "h264: second slice of an IDR");
    is(in.keyframe, 0, "h264: isn't where decoding starts");
    is(parse(NGX_RTC_CODEC_H264, 0, "7c 85"), NGX_ERROR, "h264: FU-A cut");

    is(parse(NGX_RTC_CODEC_H264, 0, "01 9a 00"), NGX_OK,
       "h264: slice that nothing refers to");
    is(in.discardable, 1, "h264: discardable");
    is(in.frame_start, 1, "h264: first slice");
    is(in.keyframe, 0, "h264: no keyframe");
    is(parse(NGX_RTC_CODEC_H264, 0, "e5 88"), NGX_ERROR,
       "h264: forbidden bit");
    is(parse(NGX_RTC_CODEC_H264, 0, "79 88"), NGX_ERROR, "h264: STAP-B");
    is(parse(NGX_RTC_CODEC_H264, 0, "65"), NGX_OK, "h264: one byte");

    len = test_unhex(buf, sizeof(buf), "67640028adffff80a6c85280f0044fca80");
    is(ngx_rtc_h264_sps_size(buf, buf + len, &w, &h), NGX_OK,
       "h264: high profile, scaling lists, POC type 1, cropping");
    is(w, 1920, "h264: width");
    is(h, 1080, "h264: height");
    is(ngx_rtc_h264_sps_size(buf, buf + len - 4, &w, &h), NGX_ERROR,
       "h264: cut SPS");
    len = test_unhex(buf, sizeof(buf), "67420000 03 f40a0fc8");
    is(ngx_rtc_h264_sps_size(buf, buf + len, &w, &h), NGX_OK,
       "h264: emulation prevention");
    is(w, 320, "h264: width");
    is(h, 240, "h264: height");
    len = test_unhex(buf, sizeof(buf), "6742001f 00000100000100000100000100");
    is(ngx_rtc_h264_sps_size(buf, buf + len, &w, &h), NGX_ERROR,
       "h264: endless exponential code");
}


static void
test_av1(void)
{
    uint16_t  w, h;

    /* N, W = 2: sequence header with a length, frame without */

    is(parse(NGX_RTC_CODEC_AV1, 0, "28 0b 08 0000002d4cffb3c0 0000 30 aabb"),
       NGX_OK, "av1: sequence header and frame");
    is(in.keyframe, 1, "av1: is a keyframe");
    is(in.frame_start, 1, "av1: and a start");
    is(in.width, 1280, "av1: width");
    is(in.height, 720, "av1: height");

    is(parse(NGX_RTC_CODEC_AV1, 0, "00 0a 0a08 0000002d4cffb3c0 02 3000"),
       NGX_OK, "av1: W = 0, OBU with a size field");
    is(in.keyframe, 1, "av1: a sequence header tells it without N");
    is(in.width, 1280, "av1: width");

    is(parse(NGX_RTC_CODEC_AV1, 1, "10 34 28 aabb"), NGX_OK,
       "av1: OBU with an extension");
    is(in.tid, 1, "av1: tid");
    is(in.sid, 1, "av1: sid");
    is(in.keyframe, 0, "av1: no keyframe");
    is(in.frame_end, 1, "av1: the marker ends the frame");

    is(parse(NGX_RTC_CODEC_AV1, 0, "90 08 0000"), NGX_OK,
       "av1: continuation that looks like a sequence header");
    is(in.keyframe, 0, "av1: is no keyframe");
    is(in.frame_start, 0, "av1: nor a start");

    is(parse(NGX_RTC_CODEC_AV1, 0, "98 08 0000"), NGX_ERROR,
       "av1: N and Z together");
    is(parse(NGX_RTC_CODEC_AV1, 0, "20 05 30 aa"), NGX_ERROR,
       "av1: element beyond its end");
    is(parse(NGX_RTC_CODEC_AV1, 0, "30 01 30"), NGX_ERROR,
       "av1: fewer elements than W says");
    is(parse(NGX_RTC_CODEC_AV1, 0, "00 ff ff ff ff ff 01"), NGX_ERROR,
       "av1: leb128 too long");
    is(parse(NGX_RTC_CODEC_AV1, 0, "00 80"), NGX_ERROR, "av1: leb128 cut");
    is(parse(NGX_RTC_CODEC_AV1, 0, "10"), NGX_ERROR, "av1: no payload");

    len = test_unhex(buf, sizeof(buf),
        "04000000040000007a4a4000000040084001080a032600084050193889facc");
    is(ngx_rtc_av1_sequence_size(buf, buf + len, &w, &h), NGX_OK,
       "av1: timing, decoder model, two operating points");
    is(w, 320, "av1: width");
    is(h, 180, "av1: height");
    is(ngx_rtc_av1_sequence_size(buf, buf + len - 2, &w, &h), NGX_ERROR,
       "av1: cut");
}


static void
test_audio(void)
{
    ngx_int_t             n;
    ngx_rtc_red_block_t   b[4];

    is(opus_duration("78 01 02"), 960, "opus: hybrid 20 ms");
    is(opus_duration("18 01 02"), 2880, "opus: SILK 60 ms");
    is(opus_duration("08 01 02"), 960, "opus: SILK 20 ms");
    is(opus_duration("80 01"), 120, "opus: CELT 2.5 ms");
    is(opus_duration("f9 0102"), 1920, "opus: two frames");
    is(opus_duration("fb 06 0102"), 5760, "opus: 6 frames");
    is(opus_duration("fb 07 0102"), 0, "opus: over 120 ms");
    is(opus_duration("fb"), 0, "opus: no count");
    is(ngx_rtc_opus_duration(buf, buf), 0, "opus: empty");

    is(opus_dtx("f8"), 1, "opus: TOC only is DTX");
    is(opus_dtx("f8 00"), 1, "opus: one byte is DTX");
    is(opus_dtx("f8 00 01"), 0, "opus: two aren't");
    is(opus_dtx("f9 00 01"), 1, "opus: two of one byte are");
    is(opus_dtx("f9 00"), 0, "opus: two of a half aren't");
    is(opus_dtx("fa 01 00 00"), 1, "opus: code 2 of one byte");
    is(opus_dtx("fa 02 00 00"), 0, "opus: code 2 of two");
    is(opus_dtx("fb 02"), 1, "opus: code 3 of nothing");
    is(opus_dtx("fb 02 01 01 02"), 0, "opus: code 3");
    is(ngx_rtc_opus_dtx(buf, buf), 0, "opus: empty isn't DTX");

    /* two redundant blocks of 1920 and 960, 2 and 1 bytes */

    len = test_unhex(buf, sizeof(buf), "ef1e0002 ef0f0001 6f aaaa bb cccccc");
    n = ngx_rtc_red_parse(buf, buf + len, b, 4);
    need(n == 3, "red: three blocks");
    is(b[0].ts_offset, 1920, "red: oldest");
    is(b[0].len, 2, "red: its length");
    is(b[0].pt, 111, "red: its payload type");
    is(b[1].ts_offset, 960, "red: second");
    is(*b[1].data, 0xbb, "red: its data");
    is(b[2].len, 3, "red: primary");
    is(b[2].ts_offset, 0, "red: isn't older");
    is(ngx_rtc_red_parse(buf, buf + len, b, 2), NGX_ERROR,
       "red: more than the caller takes");
    is(ngx_rtc_red_parse(buf, buf + 10, b, 4), NGX_ERROR,
       "red: block beyond the end");
    is(ngx_rtc_red_parse(buf, buf + 4, b, 4), NGX_ERROR, "red: no primary");
    is(ngx_rtc_red_parse(buf, buf, b, 4), NGX_ERROR, "red: empty");
    is(ngx_rtc_red_parse(buf + 8, buf + 9, b, 4), 1,
       "red: an empty primary alone");

    is(parse(NGX_RTC_CODEC_OPUS, 1, "f800"), NGX_DECLINED,
       "opus has no layers to tell");
    is(in.frame_end, 1, "but a marker");
}


int
main(void)
{
    test_table();
    test_vp8();
    test_vp9();
    test_h264();
    test_av1();
    test_audio();

    return test_done();
}
