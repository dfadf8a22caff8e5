
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Codecs by name and the payload headers an SFU must read: where frames
 * begin, which are keyframes, which layer a packet belongs to.  Nothing is
 * decoded.  The dependency descriptor has a header of its own.
 */


#ifndef _NGX_RTC_CODEC_H_INCLUDED_
#define _NGX_RTC_CODEC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_VP9_MAX_LAYERS       8
#define NGX_RTC_RED_MAX_BLOCKS       10


typedef enum {
    NGX_RTC_KIND_UNKNOWN = 0,
    NGX_RTC_KIND_AUDIO,
    NGX_RTC_KIND_VIDEO,
    NGX_RTC_KIND_APPLICATION
} ngx_rtc_kind_e;


typedef enum {
    NGX_RTC_CODEC_UNKNOWN = 0,

    NGX_RTC_CODEC_OPUS,
    NGX_RTC_CODEC_G722,
    NGX_RTC_CODEC_PCMU,
    NGX_RTC_CODEC_PCMA,
    NGX_RTC_CODEC_CN,
    NGX_RTC_CODEC_TELEPHONE_EVENT,

    NGX_RTC_CODEC_VP8,
    NGX_RTC_CODEC_VP9,
    NGX_RTC_CODEC_H264,
    NGX_RTC_CODEC_H265,
    NGX_RTC_CODEC_AV1,

    /* wrappers; red is both audio (RFC 2198) and video */

    NGX_RTC_CODEC_RED,
    NGX_RTC_CODEC_RTX,
    NGX_RTC_CODEC_ULPFEC,
    NGX_RTC_CODEC_FLEXFEC,

    NGX_RTC_CODEC_MAX
} ngx_rtc_codec_e;


/*
 * What a packet's payload header says.  A field without its has_* flag (or
 * without its codec's notion) is 0.
 *
 *     frame_start      a frame (VP9: a layer frame) starts in this packet;
 *                      with H.264 and AV1 it may be set more than once in a
 *                      frame: on each packet that begins a NAL unit before
 *                      the first slice, on each packet that doesn't go on
 *                      with the OBU of the one before
 *     frame_end        the last packet of a frame (VP9: of a layer frame;
 *                      others: the marker bit)
 *     keyframe         decoding can start here.  VP8: first packet of a
 *                      keyframe; VP9: a packet of a picture's base layer
 *                      that isn't inter predicted; H.264: SPS or the start
 *                      of an IDR; AV1: first packet of a coded video sequence
 *     layer_sync       VP8 Y: this frame depends on the base layer only
 *     switching_point  VP9 U: from here one may go up to this temporal layer
 *     inter_layer      VP9 D: depends on the lower spatial layer
 *     inter_picture    VP9 P: depends on an earlier picture
 *     discardable      nothing refers to this frame (VP8 N, H.264 nal_ref_idc
 *                      0, VP9 Z: no upper spatial layer does)
 */

typedef struct {
    unsigned     keyframe:1;
    unsigned     frame_start:1;
    unsigned     frame_end:1;
    unsigned     marker:1;
    unsigned     layer_sync:1;
    unsigned     switching_point:1;
    unsigned     inter_layer:1;
    unsigned     inter_picture:1;
    unsigned     discardable:1;
    unsigned     flexible:1;            /* VP9 F */

    unsigned     has_picture_id:1;
    unsigned     picture_id_15:1;       /* 15 bits on the wire, else 7 */
    unsigned     has_tl0picidx:1;
    unsigned     has_keyidx:1;
    unsigned     has_tid:1;
    unsigned     has_sid:1;
    unsigned     has_size:1;            /* width and height */
    unsigned     has_layers:1;          /* nspatial and layers[] (VP9 SS) */

    uint16_t     picture_id;
    uint8_t      tl0picidx;
    uint8_t      keyidx;
    uint8_t      tid;
    uint8_t      sid;

    uint16_t     width;                 /* of the largest layer */
    uint16_t     height;

    uint8_t      nspatial;
    struct {
        uint16_t width;
        uint16_t height;
    } layers[NGX_RTC_VP9_MAX_LAYERS];

    uint16_t     header_size;           /* of the payload descriptor */
} ngx_rtc_codec_info_t;


/* one block of a RED payload (RFC 2198); the last one is the primary */

typedef struct {
    u_char      *data;
    uint16_t     len;
    uint16_t     ts_offset;             /* how much older than the packet */
    uint8_t      pt;
} ngx_rtc_red_block_t;


/*
 * name is compared without case; wrappers fit any kind, the others only
 * theirs.  NGX_RTC_KIND_UNKNOWN fits all.
 */
ngx_rtc_codec_e ngx_rtc_codec_find(ngx_rtc_kind_e kind, u_char *name,
    size_t len);

/* as in SDP, "opus", "VP8"; an empty string for an unknown one */
ngx_str_t *ngx_rtc_codec_name(ngx_rtc_codec_e codec);

/* defaults; 0 for RED and RTX: those take their primary's */
ngx_uint_t ngx_rtc_codec_clock_rate(ngx_rtc_codec_e codec);
ngx_uint_t ngx_rtc_codec_channels(ngx_rtc_codec_e codec);
ngx_rtc_kind_e ngx_rtc_codec_kind(ngx_rtc_codec_e codec);

/* "audio", "video", "application" */
ngx_str_t *ngx_rtc_kind_name(ngx_rtc_kind_e kind);
ngx_rtc_kind_e ngx_rtc_kind_find(u_char *name, size_t len);


/*
 * Parses the payload of one RTP packet by codec.  marker is the RTP marker
 * bit.  NGX_OK; NGX_DECLINED: nothing to be known about that codec (info is
 * cleared, frame_end is the marker); NGX_ERROR: malformed or empty.
 */
ngx_int_t ngx_rtc_codec_parse(ngx_rtc_codec_e codec, u_char *p, u_char *end,
    ngx_uint_t marker, ngx_rtc_codec_info_t *info);

ngx_int_t ngx_rtc_vp8_parse(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);
ngx_int_t ngx_rtc_vp9_parse(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);
ngx_int_t ngx_rtc_h264_parse(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);
ngx_int_t ngx_rtc_av1_parse(u_char *p, u_char *end,
    ngx_rtc_codec_info_t *info);

/*
 * Rewrites the fields that the VP8 descriptor has, in its own width (7 or 15
 * bits of picture id); fields that it lacks stay away.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_rtc_vp8_rewrite(u_char *p, u_char *end, uint16_t picture_id,
    uint8_t tl0picidx, uint8_t keyidx);

/* the same for VP9's picture id and TL0PICIDX */
ngx_int_t ngx_rtc_vp9_rewrite(u_char *p, u_char *end, uint16_t picture_id,
    uint8_t tl0picidx);

/*
 * The width and height of an H.264 SPS NAL unit (with its header byte) and
 * of an AV1 sequence header's payload.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_rtc_h264_sps_size(u_char *p, u_char *end, uint16_t *width,
    uint16_t *height);
ngx_int_t ngx_rtc_av1_sequence_size(u_char *p, u_char *end, uint16_t *width,
    uint16_t *height);


/*
 * Opus (RFC 6716, section 3).  The duration of a packet in samples at 48 kHz,
 * or 0: malformed.  ngx_rtc_opus_dtx(): 1 if all its frames are empty or one
 * byte long, that is, silence of discontinuous transmission.
 */
ngx_uint_t ngx_rtc_opus_duration(u_char *p, u_char *end);
ngx_uint_t ngx_rtc_opus_dtx(u_char *p, u_char *end);

/*
 * The blocks of a RED payload, oldest first, primary last.  Returns their
 * number, or NGX_ERROR: malformed or more than max.
 */
ngx_int_t ngx_rtc_red_parse(u_char *p, u_char *end,
    ngx_rtc_red_block_t *blocks, ngx_uint_t max);


#endif /* _NGX_RTC_CODEC_H_INCLUDED_ */
