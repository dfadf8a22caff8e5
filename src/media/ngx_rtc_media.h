
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The media machines: what arrives on one transport (tracks, their streams)
 * and what leaves on others (subscriptions).  Sans-IO: bytes and times in,
 * bytes out through a table of functions.  One room's machines live in one
 * thread; nothing here is shared between workers.
 */


#ifndef _NGX_RTC_MEDIA_H_INCLUDED_
#define _NGX_RTC_MEDIA_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_codec.h"
#include "ngx_rtc_rtp.h"
#include "ngx_rtc_sdp.h"


/* kinds are NGX_RTC_KIND_AUDIO and NGX_RTC_KIND_VIDEO of ngx_rtc_codec.h */

#define NGX_RTC_MAX_PAYLOADS     16    /* media payload types of an m-line */
#define NGX_RTC_MAX_LAYERS       3
#define NGX_RTC_MAX_MID          16

typedef struct ngx_rtc_endpoint_s      ngx_rtc_endpoint_t;
typedef struct ngx_rtc_track_s         ngx_rtc_track_t;
typedef struct ngx_rtc_subscription_s  ngx_rtc_subscription_t;


/* a payload type as negotiated in one m-line */

typedef struct {
    uint8_t               pt;
    uint8_t               codec;       /* NGX_RTC_CODEC_* */
    uint8_t               rtx_pt;      /* 0: no RTX */
    uint8_t               profile;     /* tells variants of one codec apart
                                          (H.264 packetization mode and
                                          profile, VP9 profile): equal
                                          numbers are compatible */
    unsigned              nack:1;
    unsigned              pli:1;
    unsigned              fir:1;
    unsigned              twcc:1;
    unsigned              remb:1;
    uint32_t              clock;
} ngx_rtc_payload_t;


/* header extension ids of an m-line by NGX_RTC_EXT_*; 0: not negotiated */

typedef struct {
    uint8_t               id[NGX_RTC_EXT_MAX];
} ngx_rtc_extmap_t;


/*
 * An endpoint is media's side of a transport, of both directions: it takes
 * the packets of tracks that the peer publishes and the feedback of
 * subscriptions that the peer receives.
 */

typedef struct {
    /* ngx_rtc_transport_rtp_reserve() and the like */
    u_char         *(*reserve)(void *data, size_t size);
    ngx_int_t       (*commit)(void *data, size_t len);
    ngx_int_t       (*rtcp)(void *data, u_char *p, size_t len);
    void            (*wake)(void *data, ngx_rtc_usec_t deadline);
    void            (*forget)(void *data, uint32_t ssrc, ngx_uint_t sending);
} ngx_rtc_media_out_t;

ngx_rtc_endpoint_t *ngx_rtc_endpoint_create(const ngx_rtc_media_out_t *out,
    void *data, ngx_log_t *log, ngx_rtc_usec_t now);

/* its tracks and subscriptions must be closed before */
void ngx_rtc_endpoint_destroy(ngx_rtc_endpoint_t *ep);

/* the transport became able to send, or was lost */
void ngx_rtc_endpoint_connected(ngx_rtc_endpoint_t *ep, ngx_uint_t connected,
    ngx_rtc_usec_t now);

void ngx_rtc_endpoint_rtp(ngx_rtc_endpoint_t *ep, u_char *p, size_t len,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);
void ngx_rtc_endpoint_rtcp(ngx_rtc_endpoint_t *ep, u_char *p, size_t len,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);

/* returns the next deadline or NGX_RTC_NEVER */
ngx_rtc_usec_t ngx_rtc_endpoint_timer(ngx_rtc_endpoint_t *ep,
    ngx_rtc_usec_t now);

typedef struct {
    ngx_rtc_usec_t        rtt;         /* 0: not known yet */
    uint64_t              lost;        /* packets, as the peer reports or as
                                          missed from it */
    uint64_t              bitrate_in;  /* bits per second, last second */
    uint64_t              bitrate_out;
    ngx_uint_t            loss_in;     /* 1/256, last report interval */
    ngx_uint_t            loss_out;
} ngx_rtc_endpoint_stats_t;

void ngx_rtc_endpoint_stats(ngx_rtc_endpoint_t *ep,
    ngx_rtc_endpoint_stats_t *st, ngx_rtc_usec_t now);


/*
 * A track: what one m-line of a publisher brings.  Streams (SSRCs) are
 * found by SSRC where known, else by MID and RID, else by payload type.
 */

typedef struct {
    u_char                mid[NGX_RTC_MAX_MID + 1];
    ngx_uint_t            kind;
    ngx_rtc_payload_t     payloads[NGX_RTC_MAX_PAYLOADS];
    ngx_uint_t            npayloads;
    ngx_rtc_extmap_t      ext;
    uint32_t              ssrc[NGX_RTC_MAX_LAYERS];       /* 0: unknown */
    uint32_t              rtx_ssrc[NGX_RTC_MAX_LAYERS];
    ngx_uint_t            nssrc;
    u_char                rid[NGX_RTC_MAX_LAYERS][NGX_RTC_MAX_MID + 1];
    ngx_uint_t            nrid;
    unsigned              rsize:1;     /* reduced-size RTCP */
} ngx_rtc_recv_params_t;

typedef struct {
    /* the first packet of media has come, or the first of another codec;
       it may close whatever it likes */
    void                (*active)(void *data, ngx_uint_t codec);
} ngx_rtc_track_handler_t;

ngx_rtc_track_t *ngx_rtc_track_create(ngx_rtc_endpoint_t *ep,
    const ngx_rtc_recv_params_t *params, const ngx_rtc_track_handler_t *h,
    void *data, ngx_rtc_usec_t now);

/* a renegotiation; NGX_DECLINED: too many payloads or SSRCs */
ngx_int_t ngx_rtc_track_update(ngx_rtc_track_t *track,
    const ngx_rtc_recv_params_t *params, ngx_rtc_usec_t now);

/* detaches its subscriptions, which stay silent until they are closed or
   given another track */
void ngx_rtc_track_close(ngx_rtc_track_t *track, ngx_rtc_usec_t now);

/* muted: what comes is not forwarded (moderation) */
void ngx_rtc_track_mute(ngx_rtc_track_t *track, ngx_uint_t muted);

typedef struct {
    ngx_uint_t            codec;       /* NGX_RTC_CODEC_UNKNOWN: nothing
                                          has come yet */
    uint64_t              packets;
    uint64_t              bytes;
    uint64_t              lost;
    uint64_t              recovered;
    uint64_t              nacks;
    uint64_t              keyframe_requests;
    uint64_t              keyframes;
    uint64_t              frames;
    ngx_uint_t            width;
    ngx_uint_t            height;
    uint64_t              bitrate;
    uint32_t              jitter;      /* microseconds */
} ngx_rtc_track_stats_t;

void ngx_rtc_track_stats(ngx_rtc_track_t *track, ngx_rtc_track_stats_t *st,
    ngx_rtc_usec_t now);


/*
 * A subscription: one track towards one subscriber, as one m-line of the
 * subscriber's.  Starts paused; resumed when the subscriber has applied the
 * SDP (a resume asks for a keyframe).
 */

typedef struct {
    u_char                mid[NGX_RTC_MAX_MID + 1];
    ngx_uint_t            kind;
    ngx_rtc_payload_t     payloads[NGX_RTC_MAX_PAYLOADS];
    ngx_uint_t            npayloads;
    ngx_rtc_extmap_t      ext;
    uint32_t              ssrc;        /* ours, from ngx_rtc_endpoint_ssrc */
    uint32_t              rtx_ssrc;    /* 0: no RTX */
    u_char                cname[24];
    unsigned              rsize:1;
} ngx_rtc_send_params_t;

typedef struct {
    /* the subscriber's first report that covers packets of ours; it may
       close whatever it likes */
    void                (*acked)(void *data);
} ngx_rtc_subscription_handler_t;

/* an SSRC that is free on this endpoint, in both directions */
uint32_t ngx_rtc_endpoint_ssrc(ngx_rtc_endpoint_t *ep);

ngx_rtc_subscription_t *ngx_rtc_subscription_create(ngx_rtc_endpoint_t *ep,
    ngx_rtc_track_t *track, const ngx_rtc_send_params_t *params,
    const ngx_rtc_subscription_handler_t *h, void *data, ngx_rtc_usec_t now);

ngx_int_t ngx_rtc_subscription_update(ngx_rtc_subscription_t *sub,
    const ngx_rtc_send_params_t *params, ngx_rtc_usec_t now);

/* another track on the same m-line and SSRC: sequence numbers and timestamps
   go on.  NULL: none */
void ngx_rtc_subscription_track(ngx_rtc_subscription_t *sub,
    ngx_rtc_track_t *track, ngx_rtc_usec_t now);

void ngx_rtc_subscription_pause(ngx_rtc_subscription_t *sub,
    ngx_uint_t paused, ngx_rtc_usec_t now);

/* sends BYE where it had sent */
void ngx_rtc_subscription_close(ngx_rtc_subscription_t *sub,
    ngx_rtc_usec_t now);

typedef struct {
    uint64_t              packets;
    uint64_t              bytes;
    uint64_t              lost;        /* cumulative, the subscriber's */
    uint64_t              rtx;
    uint64_t              nacks;
    uint64_t              dropped;     /* no payload type for the codec */
    ngx_uint_t            fraction;    /* 1/256 */
    uint32_t              jitter;      /* microseconds */
    ngx_rtc_usec_t        rtt;
    uint64_t              bitrate;
    unsigned              paused:1;
    unsigned              acked:1;
} ngx_rtc_subscription_stats_t;

void ngx_rtc_subscription_stats(ngx_rtc_subscription_t *sub,
    ngx_rtc_subscription_stats_t *st, ngx_rtc_usec_t now);


#endif /* _NGX_RTC_MEDIA_H_INCLUDED_ */
