
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The media formats this server can forward: their names in SDP, our
 * payload types for offers, and the matching of format parameters.  Pure:
 * no nginx objects, no state.
 */


#ifndef _NGX_RTC_CODECS_H_INCLUDED_
#define _NGX_RTC_CODECS_H_INCLUDED_


#include "ngx_rtc_media.h"


/*
 * A format is a codec with the parameters that tell incompatible variants
 * apart.  Its index in the table is its profile in ngx_rtc_payload_t and its
 * bit in masks of what a participant can decode.
 */

typedef struct {
    uint8_t               codec;       /* NGX_RTC_CODEC_* */
    uint8_t               kind;        /* NGX_RTC_KIND_* */
    uint8_t               pt;          /* in our offers */
    uint8_t               rtx_pt;
    uint8_t               profile;     /* VP9, AV1; NGX_RTC_H264_* */
    uint8_t               mode;        /* H.264: packetization */
    const char           *fmtp;        /* in our offers, "" for none */
} ngx_rtc_format_t;


#define NGX_RTC_MAX_FORMATS     32     /* bits of a mask */
#define NGX_RTC_NO_FORMAT       255

/* Opus parameters that pass from a publisher to its subscribers */

#define NGX_RTC_OPUS_FEC        0x01
#define NGX_RTC_OPUS_DTX        0x02
#define NGX_RTC_OPUS_STEREO     0x04   /* it sends stereo */
#define NGX_RTC_OPUS_MINPTIME   0x08


extern const ngx_rtc_format_t  ngx_rtc_formats[];
extern const ngx_uint_t        ngx_rtc_nformats;


/* the format that a payload of a description means, as index, or
   NGX_RTC_NO_FORMAT */
ngx_uint_t ngx_rtc_format_find(ngx_rtc_sdp_payload_t *payload);

/* the formats of a kind or of a codec as a mask */
uint32_t ngx_rtc_format_kind_mask(ngx_uint_t kind);
uint32_t ngx_rtc_format_mask(ngx_uint_t codec);

/*
 * Writes format parameters and returns the end; at most NGX_RTC_FMTP_SIZE
 * bytes.  answered: the offer's payload, or NULL in our own offers.
 */
#define NGX_RTC_FMTP_SIZE       96
u_char *ngx_rtc_format_fmtp(u_char *p, ngx_uint_t format, ngx_uint_t opus,
    ngx_rtc_sdp_payload_t *answered);

/* NGX_RTC_OPUS_* of a payload */
ngx_uint_t ngx_rtc_opus_flags(ngx_rtc_sdp_payload_t *payload);


#endif /* _NGX_RTC_CODECS_H_INCLUDED_ */
