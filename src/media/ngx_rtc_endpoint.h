
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The structures of the media machines, for the files of this folder only:
 * an endpoint owns tracks and subscriptions, a track owns its streams.
 */


#ifndef _NGX_RTC_ENDPOINT_H_INCLUDED_
#define _NGX_RTC_ENDPOINT_H_INCLUDED_


#include "ngx_rtc_media.h"
#include "ngx_rtc_cache.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_keyframe.h"
#include "ngx_rtc_nack.h"
#include "ngx_rtc_rewrite.h"
#include "ngx_rtc_rtcp.h"
#include "ngx_rtc_ssrc.h"
#include "ngx_rtc_twcc.h"


#define NGX_RTC_MAX_RECV_SSRCS     128
#define NGX_RTC_MAX_SEND_SSRCS     2048
#define NGX_RTC_MAX_UNKNOWN        16

#define NGX_RTC_RTCP_SIZE          1200

#define NGX_RTC_REPORT_INTERVAL    1000000   /* usec, 0.5 to 1.5 of it */
#define NGX_RTC_STREAM_SILENT      1000000   /* another SSRC may replace it */
#define NGX_RTC_STREAM_IDLE        3000000   /* its cache is given back */
#define NGX_RTC_STREAM_WINDOW      1024      /* of duplicates, bits */
#define NGX_RTC_STREAM_GAPS        128
#define NGX_RTC_STREAM_JUMP        2000      /* more is a new beginning */
#define NGX_RTC_STREAM_NO_SR       5000000   /* then arrival times serve */

#define NGX_RTC_RTX_BUDGET         300

#define NGX_RTC_PT_NONE            0xff


typedef struct ngx_rtc_stream_s  ngx_rtc_stream_t;


/* bits of the last second, in tenths of it */

#define NGX_RTC_RATE_SLOTS         10
#define NGX_RTC_RATE_SLOT          100000    /* usec */

typedef struct {
    int64_t               tick;
    uint64_t              sum;
    uint32_t              bytes[NGX_RTC_RATE_SLOTS];
} ngx_rtc_rate_t;


/* what a receiver's report tells of one SSRC (RFC 3550, appendix A) */

typedef struct {
    uint32_t              ssrc;        /* 0: not known yet */
    int64_t               base;
    int64_t               highest;     /* -1: nothing has come */
    uint64_t              received;
    uint64_t              expected_prior;
    uint64_t              received_prior;
    uint8_t               fraction;
    uint32_t              jitter;      /* timestamp units, 1/16 */
    uint32_t              transit;
    uint32_t              lsr;
    ngx_rtc_usec_t        sr_arrival;
} ngx_rtc_recv_t;


/* one encoding of a track: an SSRC, and that of its retransmissions */

struct ngx_rtc_stream_s {
    ngx_rtc_track_t      *track;
    uint32_t              id;          /* another after each beginning */
    ngx_uint_t            layer;       /* its place in the track */

    ngx_rtc_recv_t        media;
    ngx_rtc_recv_t        rtx;
    int64_t               last;        /* of ngx_rtc_seq_unwrap() */

    unsigned              active:1;    /* media has come */
    unsigned              sized:1;     /* keyframes tell their size */

    ngx_rtc_usec_t        arrival;     /* of the last packet */
    int32_t               bad_seq;     /* a beginning? -1: none */

    uint64_t              seen[NGX_RTC_STREAM_WINDOW / 64];

    int64_t               gaps[NGX_RTC_STREAM_GAPS];
    uint64_t              ngaps;

    uint32_t              timestamp;   /* the newest */
    ngx_rtc_usec_t        ts_arrival;
    uint32_t              clock;
    ngx_uint_t            payload;     /* index of the last one */

    uint64_t              sr_ntp;      /* 0: no sender report yet */
    uint32_t              sr_timestamp;
    ngx_rtc_usec_t        begun;

    uint64_t              packets;
    uint64_t              bytes;
    uint64_t              recovered;
    uint64_t              duplicates;
    uint64_t              nacks;
    uint64_t              keyframes;
    uint64_t              keyframe_requests;
    uint64_t              frames;
    uint16_t              width;
    uint16_t              height;
    ngx_rtc_rate_t        rate;

    ngx_rtc_keyframe_t    keyframe;
    ngx_rtc_nack_t       *nack;
    ngx_rtc_cache_t      *cache;
};


struct ngx_rtc_track_s {
    ngx_rtc_endpoint_t             *ep;
    ngx_queue_t                     queue;
    ngx_rtc_recv_params_t           params;
    const ngx_rtc_track_handler_t  *handler;
    void                           *data;

    ngx_uint_t                      codec;
    unsigned                        muted:1;
    unsigned                        active:1;    /* was announced */

    /* by payload type: index + 1 of media, of what an RTX repairs */

    uint8_t                         media[128];
    uint8_t                         rtx[128];

    ngx_rtc_stream_t                streams[NGX_RTC_MAX_LAYERS];
    ngx_rtc_stream_t               *selected;    /* what is forwarded */

    ngx_rtc_subscription_t        **subs;
    ngx_uint_t                      nsubs;
    ngx_uint_t                      nalloc;
};


typedef struct {
    uint8_t               pt;          /* NGX_RTC_PT_NONE: not for them */
    uint8_t               rtx_pt;      /* 0: none */
    unsigned              nack:1;
    unsigned              twcc:1;
    uint32_t              clock;
} ngx_rtc_map_t;


struct ngx_rtc_subscription_s {
    ngx_rtc_rewrite_t                      rw;
    ngx_rtc_track_t                       *track;
    ngx_rtc_endpoint_t                    *ep;
    uint32_t                               stream;    /* id, of rw's mapping */

    unsigned                               live:1;    /* may send */
    unsigned                               paused:1;
    unsigned                               waiting:1; /* for a keyframe */
    unsigned                               acked:1;
    unsigned                               acking:1;  /* to be told */
    unsigned                               reported:1;

    ngx_rtc_map_t                          map[NGX_RTC_MAX_PAYLOADS];

    uint64_t                               packets;
    uint64_t                               bytes;
    uint64_t                               octets;    /* of payload */
    uint64_t                               rtx_octets;
    uint64_t                               rtx;
    uint64_t                               rtx_packets;
    uint64_t                               nacks;
    uint64_t                               dropped;
    ngx_uint_t                             budget;    /* retransmissions */
    ngx_rtc_rate_t                         rate;

    /* the subscriber's last report */

    int32_t                                lost;
    uint8_t                                fraction;
    uint32_t                               jitter;
    ngx_rtc_usec_t                         rtt;

    ngx_rtc_keyframe_limit_t               limit;
    int32_t                                fir_seq;   /* -1: none yet */

    ngx_uint_t                             index;     /* in track->subs */
    ngx_queue_t                            queue;     /* of ep */
    ngx_rtc_send_params_t                  params;
    const ngx_rtc_subscription_handler_t  *handler;
    void                                  *data;
};


struct ngx_rtc_endpoint_s {
    const ngx_rtc_media_out_t  *out;
    void                       *data;
    ngx_log_t                  *log;

    uint32_t                    ssrc;  /* ours, of reports and feedback */
    u_char                      cname[16];
    unsigned                    connected:1;
    unsigned                    rsize:1;

    ngx_queue_t                 tracks;
    ngx_queue_t                 subs;
    ngx_rtc_ssrcs_t             recv;  /* to ngx_rtc_stream_t */
    ngx_rtc_ssrcs_t             send;  /* to ngx_rtc_subscription_t */

    /* SSRCs that belong to nothing: the transport keeps a state of each
       until it is told to forget it */

    uint32_t                    unknown[NGX_RTC_MAX_UNKNOWN];
    ngx_uint_t                  nunknown;

    ngx_rtc_twcc_recv_t        *twcc;
    uint16_t                    twcc_seq;     /* of what we send */

    /* the publisher's NTP clock to ours, one for all its tracks */

    int64_t                     ntp_offset;
    unsigned                    ntp_known:1;

    ngx_rtc_usec_t              rtt;
    uint64_t                    remb;         /* 0: none received */

    /* the receiver's reference time, to be answered by a DLRR */

    uint32_t                    rrtr_ssrc;
    uint32_t                    rrtr;         /* 0: none */
    ngx_rtc_usec_t              rrtr_arrival;

    ngx_rtc_usec_t              deadline;     /* that the transport knows */
    ngx_rtc_usec_t              report_at;
    ngx_rtc_usec_t              nack_at;
    ngx_rtc_usec_t              keyframe_at;

    ngx_uint_t                  nacking;      /* acks to be told */
    ngx_uint_t                 *gone;         /* set by destroy */
};


/* one compound packet after the other, each within NGX_RTC_RTCP_SIZE */

typedef struct {
    ngx_rtc_endpoint_t   *ep;
    u_char               *pos;
    u_char               *last;        /* of what must begin a compound */
    u_char               *end;
    unsigned              rsize:1;
    u_char                buf[NGX_RTC_RTCP_SIZE];
} ngx_rtc_compound_t;


/* ngx_rtc_endpoint.c */

void ngx_rtc_endpoint_wake(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t deadline);
void ngx_rtc_endpoint_rsize(ngx_rtc_endpoint_t *ep);
ngx_int_t ngx_rtc_endpoint_bind(ngx_rtc_endpoint_t *ep,
    ngx_rtc_stream_t *stream, uint32_t ssrc, ngx_uint_t rtx);
void ngx_rtc_endpoint_unbind(ngx_rtc_endpoint_t *ep, ngx_rtc_stream_t *stream,
    ngx_uint_t rtx);

/* ngx_rtc_stream.c */

void ngx_rtc_stream_init(ngx_rtc_stream_t *stream, ngx_rtc_track_t *track,
    ngx_uint_t layer);
void ngx_rtc_stream_reset(ngx_rtc_stream_t *stream);
void ngx_rtc_stream_free(ngx_rtc_stream_t *stream);

/* the packet belongs to the stream; it may be changed */
void ngx_rtc_stream_rtp(ngx_rtc_stream_t *stream, ngx_rtc_rtp_t *rtp,
    ngx_uint_t rtx, ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);

void ngx_rtc_stream_sr(ngx_rtc_stream_t *stream, ngx_rtc_rtcp_sr_t *sr,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);

/* the timestamp that the source's clock shows now; NGX_DECLINED: unknown */
ngx_int_t ngx_rtc_stream_timestamp(ngx_rtc_stream_t *stream,
    ngx_rtc_usec_t now, uint32_t *timestamp);

/* NGX_DECLINED: nothing to report */
ngx_int_t ngx_rtc_recv_report(ngx_rtc_recv_t *recv, ngx_rtc_usec_t now,
    ngx_rtc_rtcp_report_t *report);
uint64_t ngx_rtc_recv_lost(ngx_rtc_recv_t *recv);

/* ngx_rtc_track.c */

/* a subscriber needs a keyframe of what is forwarded */
void ngx_rtc_track_keyframe(ngx_rtc_track_t *track, ngx_rtc_usec_t now);
void ngx_rtc_track_forward(ngx_rtc_track_t *track, ngx_rtc_stream_t *stream,
    ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now);
ngx_int_t ngx_rtc_track_attach(ngx_rtc_track_t *track,
    ngx_rtc_subscription_t *sub);
void ngx_rtc_track_detach(ngx_rtc_subscription_t *sub);
void ngx_rtc_track_resync(ngx_rtc_track_t *track);

/* ngx_rtc_subscription.c */

void ngx_rtc_subscription_send(ngx_rtc_subscription_t *sub,
    ngx_rtc_stream_t *stream, ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now);
void ngx_rtc_subscription_nack(ngx_rtc_subscription_t *sub, uint16_t *seqs,
    ngx_uint_t n, ngx_rtc_usec_t now);
void ngx_rtc_subscription_pli(ngx_rtc_subscription_t *sub,
    ngx_rtc_usec_t now);
void ngx_rtc_subscription_map(ngx_rtc_subscription_t *sub);
void ngx_rtc_subscription_live(ngx_rtc_subscription_t *sub);

/* the mapping begins anew; video waits for a keyframe */
void ngx_rtc_subscription_resync(ngx_rtc_subscription_t *sub);

/* ngx_rtc_report.c */

void ngx_rtc_compound_init(ngx_rtc_compound_t *c, ngx_rtc_endpoint_t *ep,
    ngx_uint_t rsize);
void ngx_rtc_compound_flush(ngx_rtc_compound_t *c);

void ngx_rtc_report_schedule(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now);
void ngx_rtc_report_send(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now);
void ngx_rtc_report_sender(ngx_rtc_subscription_t *sub, ngx_rtc_usec_t now);
void ngx_rtc_report_bye(ngx_rtc_subscription_t *sub);
void ngx_rtc_report_nacks(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now);
void ngx_rtc_report_keyframes(ngx_rtc_endpoint_t *ep, ngx_rtc_usec_t now);
void ngx_rtc_report_twcc(ngx_rtc_endpoint_t *ep);

/* ngx_rtc_media_stats.c */

void ngx_rtc_rate_add(ngx_rtc_rate_t *rate, size_t bytes, ngx_rtc_usec_t now);
uint64_t ngx_rtc_rate_get(ngx_rtc_rate_t *rate, ngx_rtc_usec_t now);


/* a monotonic time as the NTP time that our sender reports carry; being
   consistent is all that it must be (RFC 3550, section 6.4.1) */

#define ngx_rtc_ntp(now)  ngx_rtc_ntp_from_usec((uint64_t) (now))


#endif /* _NGX_RTC_ENDPOINT_H_INCLUDED_ */
