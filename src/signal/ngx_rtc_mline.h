
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The m-lines of a peer connection: what is negotiated in each, how a
 * description of the peer changes that, and how it is written.  Pure: no
 * nginx objects, no rooms; tested alone.
 */


#ifndef _NGX_RTC_MLINE_H_INCLUDED_
#define _NGX_RTC_MLINE_H_INCLUDED_


#include "ngx_rtc_codecs.h"


#define NGX_RTC_MAX_MLINES      NGX_RTC_SDP_MAX_MEDIA
#define NGX_RTC_MAX_CODECS      8      /* formats of a track */
#define NGX_RTC_STREAM_LEN      64     /* "userId~screen" */

typedef struct ngx_rtc_mline_s  ngx_rtc_mline_t;


/* what a track may come as, in the order of the answer */

typedef struct {
    uint8_t                format[NGX_RTC_MAX_CODECS];
    ngx_uint_t             n;
    ngx_uint_t             opus;       /* NGX_RTC_OPUS_* */
} ngx_rtc_formats_t;


struct ngx_rtc_mline_s {
    u_char                 mid[NGX_RTC_MAX_MID + 1];
    ngx_uint_t             kind;       /* NGX_RTC_KIND_* */

    unsigned               rejected:1; /* port 0 */
    unsigned               sending:1;  /* media goes: from the peer on a send
                                          transport, from us on a recv one */
    unsigned               answered:1; /* recv transport: what is sent is
                                          what the peer has accepted */
    unsigned               rsize:1;

    ngx_rtc_payload_t      payloads[NGX_RTC_MAX_PAYLOADS];
    ngx_uint_t             npayloads;
    ngx_rtc_formats_t      formats;
    ngx_rtc_extmap_t       ext;

    /* of a recv transport's line that sends */

    u_char                 stream[NGX_RTC_STREAM_LEN + 1];
    u_char                 track[25];
    u_char                 cname[24];
    uint32_t               ssrc;
    uint32_t               rtx_ssrc;

    /* whose it is; nothing to the SDP side */

    struct ngx_rtc_published_s  *published;
    struct ngx_rtc_want_s       *want;
    ngx_rtc_subscription_t      *subscription;
};


/* how the send side chooses */

typedef struct {
    uint8_t               *codecs;     /* NGX_RTC_CODEC_*, by preference */
    ngx_uint_t             ncodecs;
    uint32_t               decoded;    /* formats that all present decode */
    uint64_t               bitrate;    /* a publisher's limit; 0: none */
} ngx_rtc_prefs_t;


/* ICE and DTLS of a description: pointers into its text and arena */

typedef struct {
    ngx_str_t                   ufrag;
    ngx_str_t                   pwd;
    ngx_rtc_sdp_setup_e         setup;
    ngx_rtc_sdp_fingerprint_t  *fingerprints;
    ngx_uint_t                  nfingerprints;
} ngx_rtc_mline_remote_t;


/* ngx_rtc_answer.c: the peer offers (send transports) */

/* NULL, or why the offer can't follow on the lines negotiated before */
const char *ngx_rtc_answer_check(ngx_rtc_sdp_t *offer,
    ngx_rtc_mline_t **mlines, ngx_uint_t n);

/*
 * One section of the offer into a line: rejected, sending, payloads in the
 * answer's order, extensions.  NGX_OK; NGX_DECLINED: media was offered, but
 * in no codec of ours (the line is rejected).
 */
ngx_int_t ngx_rtc_answer_mline(ngx_rtc_mline_t *mline,
    ngx_rtc_sdp_media_t *m, ngx_rtc_prefs_t *prefs);

/* the track's parameters for media */
void ngx_rtc_answer_params(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m,
    ngx_rtc_recv_params_t *params);

/* desc has all but media; buf gets the answer.  NGX_ERROR: no room */
ngx_int_t ngx_rtc_answer_write(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc, ngx_rtc_sdp_t *offer,
    ngx_rtc_mline_t **mlines, ngx_uint_t n, ngx_rtc_prefs_t *prefs);


/* ngx_rtc_offer.c: we offer (recv transports) */

/* payloads and extensions of a line that is going to send its formats */
void ngx_rtc_offer_mline(ngx_rtc_mline_t *mline);

ngx_int_t ngx_rtc_offer_write(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc, ngx_rtc_mline_t **mlines, ngx_uint_t n);

/* NULL, or why this is no answer to the offer of these lines */
const char *ngx_rtc_offer_check(ngx_rtc_sdp_t *answer,
    ngx_rtc_mline_t **mlines, ngx_uint_t n);

/*
 * What the answer left of a line that sends.  NGX_OK; NGX_DONE: the peer
 * doesn't want to receive; NGX_DECLINED: no codec left, the line may be
 * rejected altogether.  *can, *cannot: formats taken and removed.
 */
ngx_int_t ngx_rtc_offer_answered(ngx_rtc_mline_t *mline,
    ngx_rtc_sdp_media_t *m, uint32_t *can, uint32_t *cannot);

void ngx_rtc_offer_params(ngx_rtc_mline_t *mline,
    ngx_rtc_send_params_t *params);


/* NGX_OK; NGX_DONE: nothing but rejected lines, hence no transport;
   NGX_DECLINED with *why */
ngx_int_t ngx_rtc_mline_remote(ngx_rtc_sdp_t *sdp,
    ngx_rtc_mline_remote_t *remote, const char **why);


#endif /* _NGX_RTC_MLINE_H_INCLUDED_ */
