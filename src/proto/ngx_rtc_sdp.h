
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Session descriptions (RFC 8866, RFC 8829 and what they refer to) and the
 * fragments of WHIP's PATCH (RFC 8840): text to structs and structs to text.
 * What to offer or to answer is decided elsewhere.
 */


#ifndef _NGX_RTC_SDP_H_INCLUDED_
#define _NGX_RTC_SDP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_codec.h"


#define NGX_RTC_SDP_MAX_SIZE         65536
#define NGX_RTC_SDP_MAX_MEDIA        64
#define NGX_RTC_SDP_MAX_LINES        1024    /* of one m-section */
#define NGX_RTC_SDP_MAX_PAYLOADS     128
#define NGX_RTC_SDP_MAX_EXTMAPS      64
#define NGX_RTC_SDP_MAX_SSRCS        64
#define NGX_RTC_SDP_MAX_SSRC_GROUPS  32
#define NGX_RTC_SDP_MAX_CANDIDATES   64      /* those beyond are ignored */
#define NGX_RTC_SDP_MAX_FINGERPRINTS 8       /* likewise */
#define NGX_RTC_SDP_MAX_RIDS         16
#define NGX_RTC_SDP_MAX_SIMULCAST    8
#define NGX_RTC_SDP_MAX_GROUPS       8

/* an arena of this size is enough for what any browser makes */
#define NGX_RTC_SDP_ARENA_SIZE       (512 * 1024)


/* directions are sets: what the author of the description does */

#define NGX_RTC_SDP_INACTIVE         0
#define NGX_RTC_SDP_SEND             1
#define NGX_RTC_SDP_RECV             2
#define NGX_RTC_SDP_SENDRECV         (NGX_RTC_SDP_SEND|NGX_RTC_SDP_RECV)

/* RTCP feedback, flags */

#define NGX_RTC_SDP_FB_NACK          0x01
#define NGX_RTC_SDP_FB_PLI           0x02
#define NGX_RTC_SDP_FB_FIR           0x04
#define NGX_RTC_SDP_FB_TWCC          0x08
#define NGX_RTC_SDP_FB_REMB          0x10
#define NGX_RTC_SDP_FB_RRTR          0x20


typedef enum {
    NGX_RTC_SDP_SETUP_NONE = 0,
    NGX_RTC_SDP_SETUP_ACTPASS,
    NGX_RTC_SDP_SETUP_ACTIVE,
    NGX_RTC_SDP_SETUP_PASSIVE,
    NGX_RTC_SDP_SETUP_HOLDCONN
} ngx_rtc_sdp_setup_e;


typedef enum {
    NGX_RTC_SDP_CAND_HOST = 0,
    NGX_RTC_SDP_CAND_SRFLX,
    NGX_RTC_SDP_CAND_PRFLX,
    NGX_RTC_SDP_CAND_RELAY
} ngx_rtc_sdp_cand_e;


typedef enum {
    NGX_RTC_SDP_TCP_NONE = 0,
    NGX_RTC_SDP_TCP_ACTIVE,
    NGX_RTC_SDP_TCP_PASSIVE,
    NGX_RTC_SDP_TCP_SO
} ngx_rtc_sdp_tcp_e;


typedef enum {
    NGX_RTC_SDP_SSRC_OTHER = 0,
    NGX_RTC_SDP_SSRC_FID,
    NGX_RTC_SDP_SSRC_SIM,
    NGX_RTC_SDP_SSRC_FEC_FR
} ngx_rtc_sdp_ssrc_group_e;


/* memory for the parser, owned by the caller; pos moves up to end */

typedef struct {
    u_char                     *pos;
    u_char                     *end;
} ngx_rtc_sdp_arena_t;


/* why a description was refused; text is a constant, line counts from 1 */

typedef struct {
    const char                 *text;
    ngx_uint_t                  line;
} ngx_rtc_sdp_err_t;


typedef struct {
    ngx_str_t                   hash;       /* "sha-256" */
    ngx_str_t                   value;      /* "AA:BB:.." */
} ngx_rtc_sdp_fingerprint_t;


typedef struct {
    ngx_str_t                   raw;        /* from "candidate:" on */
    ngx_str_t                   foundation;
    ngx_str_t                   address;    /* IP, host name or x.local */
    ngx_str_t                   raddr;
    ngx_str_t                   ufrag;
    uint32_t                    priority;
    uint16_t                    component;
    in_port_t                   port;       /* host byte order */
    in_port_t                   rport;
    ngx_rtc_sdp_cand_e          type;
    ngx_rtc_sdp_tcp_e           tcptype;
    unsigned                    tcp:1;      /* else udp */
} ngx_rtc_sdp_candidate_t;


/* format parameters that matter to us; defaults are filled in */

typedef struct {
    uint32_t                    profile_level_id;   /* H264, 24 bits */
    uint8_t                     packetization_mode;
    uint8_t                     level_asymmetry;
    uint8_t                     profile;            /* VP9, AV1 */
    uint8_t                     level_idx;          /* AV1 */
    uint8_t                     tier;
    uint8_t                     stereo;             /* opus */
    uint8_t                     useinbandfec;
    uint8_t                     usedtx;
    uint32_t                    maxaveragebitrate;
} ngx_rtc_sdp_fmtp_t;


typedef struct {
    ngx_rtc_codec_e             codec;
    ngx_str_t                   name;       /* as written, "OPUS" */
    ngx_str_t                   fmtp;       /* raw, empty if there is none */
    uint32_t                    clock_rate;
    uint8_t                     pt;
    uint8_t                     channels;   /* 0 for video */
    uint8_t                     fb;         /* NGX_RTC_SDP_FB_* */
    uint8_t                     apt;        /* of rtx and red */
    unsigned                    has_apt:1;
    ngx_rtc_sdp_fmtp_t          params;
} ngx_rtc_sdp_payload_t;


typedef struct {
    ngx_str_t                   uri;
    ngx_rtc_ext_e               ext;
    uint16_t                    id;         /* 1 .. 255 */
    uint8_t                     direction;
} ngx_rtc_sdp_extmap_t;


typedef struct {
    uint32_t                    ssrc;
    ngx_str_t                   cname;
    ngx_str_t                   stream;     /* of msid */
    ngx_str_t                   track;
} ngx_rtc_sdp_ssrc_t;


typedef struct {
    ngx_rtc_sdp_ssrc_group_e    semantics;
    ngx_uint_t                  n;
    uint32_t                    ssrcs[NGX_RTC_SDP_MAX_SIMULCAST];
} ngx_rtc_sdp_ssrc_group_t;


typedef struct {
    ngx_str_t                   id;
    ngx_str_t                   params;     /* "pt=97;max-width=1280" */
    uint8_t                     direction;  /* SEND or RECV */
} ngx_rtc_sdp_rid_t;


/* one stream of a=simulcast, in the order of the line; first alternative */

typedef struct {
    ngx_str_t                   rid;
    unsigned                    paused:1;
} ngx_rtc_sdp_simulcast_t;


/*
 * ICE and DTLS of a section.  In a media section what is absent there is
 * taken from the session.
 */

typedef struct {
    ngx_str_t                   ufrag;
    ngx_str_t                   pwd;
    ngx_str_t                   ice_options;
    ngx_rtc_sdp_setup_e         setup;
    ngx_uint_t                  nfingerprints;
    ngx_rtc_sdp_fingerprint_t  *fingerprints;
} ngx_rtc_sdp_transport_t;


typedef struct {
    ngx_rtc_kind_e              kind;
    ngx_str_t                   media;      /* "audio" as written */
    ngx_str_t                   proto;      /* "UDP/TLS/RTP/SAVPF" */
    ngx_str_t                   fmts;       /* the rest of the m-line, raw */
    in_port_t                   port;
    ngx_str_t                   mid;        /* empty if there is none */
    ngx_uint_t                  index;      /* in sdp->media */
    uint8_t                     direction;

    /*
     * rejected: port 0, unless bundle-only in a BUNDLE group with others
     * (RFC 9143, section 6: port 0 isn't a rejection there)
     */

    unsigned                    rejected:1;
    unsigned                    bundled:1;  /* in a BUNDLE group */
    unsigned                    bundle_only:1;
    unsigned                    rtcp_mux:1;
    unsigned                    rtcp_mux_only:1;
    unsigned                    rtcp_rsize:1;
    unsigned                    extmap_allow_mixed:1;
    unsigned                    end_of_candidates:1;
    unsigned                    sctpmap:1;  /* old style "DTLS/SCTP 5000" */
    unsigned                    rrtr:1;     /* a=rtcp-xr:rcvr-rtt */

    ngx_rtc_sdp_transport_t     transport;

    ngx_str_t                   stream;     /* of a=msid, "-" is kept */
    ngx_str_t                   track;

    ngx_uint_t                  npayloads;
    ngx_rtc_sdp_payload_t      *payloads;   /* in order of preference */
    ngx_uint_t                  nextmaps;
    ngx_rtc_sdp_extmap_t       *extmaps;
    ngx_uint_t                  nssrcs;
    ngx_rtc_sdp_ssrc_t         *ssrcs;
    ngx_uint_t                  nssrc_groups;
    ngx_rtc_sdp_ssrc_group_t   *ssrc_groups;
    ngx_uint_t                  ncandidates;
    ngx_rtc_sdp_candidate_t    *candidates;
    ngx_uint_t                  nrids;
    ngx_rtc_sdp_rid_t          *rids;

    ngx_uint_t                  nsend;      /* of a=simulcast */
    ngx_uint_t                  nrecv;
    ngx_rtc_sdp_simulcast_t     send[NGX_RTC_SDP_MAX_SIMULCAST];
    ngx_rtc_sdp_simulcast_t     recv[NGX_RTC_SDP_MAX_SIMULCAST];

    ngx_uint_t                  sctp_port;  /* 0 if there is none */
    uint64_t                    max_message_size;   /* 65536 by default */
} ngx_rtc_sdp_media_t;


typedef struct {
    ngx_uint_t                  n;
    ngx_str_t                  *mids;
} ngx_rtc_sdp_group_t;


typedef struct {
    ngx_str_t                   sess_id;    /* of the o-line */
    ngx_str_t                   sess_version;
    ngx_str_t                   name;
    uint8_t                     direction;

    unsigned                    fragment:1;
    unsigned                    ice_lite:1;
    unsigned                    extmap_allow_mixed:1;
    unsigned                    end_of_candidates:1;

    ngx_rtc_sdp_transport_t     transport;

    ngx_uint_t                  ngroups;    /* BUNDLE */
    ngx_rtc_sdp_group_t         groups[NGX_RTC_SDP_MAX_GROUPS];

    ngx_uint_t                  nmedia;
    ngx_rtc_sdp_media_t        *media;
} ngx_rtc_sdp_t;


/*
 * Parses a description.  The structs are made in the arena, all strings
 * point into the text, which must live as long.  Line ends may be CRLF or
 * LF; unknown lines and attributes are skipped.  NGX_OK, or NGX_ERROR with
 * *err filled in: malformed, over a limit, or the arena is too small.
 *
 * ngx_rtc_sdp_parse_frag() takes application/trickle-ice-sdpfrag: attributes
 * and pseudo m-lines only.
 */
ngx_int_t ngx_rtc_sdp_parse(ngx_rtc_sdp_arena_t *arena, u_char *p,
    u_char *end, ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err);
ngx_int_t ngx_rtc_sdp_parse_frag(ngx_rtc_sdp_arena_t *arena, u_char *p,
    u_char *end, ngx_rtc_sdp_t *sdp, ngx_rtc_sdp_err_t *err);

/*
 * One candidate as in trickle ("candidate:..", with or without "a=").
 * NGX_OK; NGX_DECLINED: well-formed, but of an unknown transport or type;
 * NGX_ERROR.
 */
ngx_int_t ngx_rtc_sdp_parse_candidate(u_char *p, u_char *end,
    ngx_rtc_sdp_candidate_t *cand);

/* lookups; NULL if there is none */
ngx_rtc_sdp_media_t *ngx_rtc_sdp_find_mid(ngx_rtc_sdp_t *sdp,
    ngx_str_t *mid);
ngx_rtc_sdp_payload_t *ngx_rtc_sdp_find_payload(ngx_rtc_sdp_media_t *m,
    ngx_uint_t pt);
ngx_rtc_sdp_payload_t *ngx_rtc_sdp_find_rtx(ngx_rtc_sdp_media_t *m,
    ngx_uint_t pt);
ngx_rtc_sdp_extmap_t *ngx_rtc_sdp_find_ext(ngx_rtc_sdp_media_t *m,
    ngx_rtc_ext_e ext);
ngx_rtc_sdp_ssrc_t *ngx_rtc_sdp_find_ssrc(ngx_rtc_sdp_media_t *m,
    uint32_t ssrc);

/* the repair SSRC that an FID group pairs with ssrc; 0: none */
uint32_t ngx_rtc_sdp_find_rtx_ssrc(ngx_rtc_sdp_media_t *m, uint32_t ssrc);

/*
 * The m-section whose transport attributes count for a bundled one (RFC
 * 9143: the first of its group that isn't rejected), else m itself.
 */
ngx_rtc_sdp_media_t *ngx_rtc_sdp_transport_media(ngx_rtc_sdp_t *sdp,
    ngx_rtc_sdp_media_t *m);

/* a parameter of a raw fmtp, without case; NGX_OK or NGX_DECLINED */
ngx_int_t ngx_rtc_sdp_fmtp_get(ngx_str_t *fmtp, char *name,
    ngx_str_t *value);
void ngx_rtc_sdp_fmtp_parse(ngx_rtc_codec_e codec, ngx_str_t *fmtp,
    ngx_rtc_sdp_fmtp_t *params);


/* header extensions by URI */
ngx_str_t *ngx_rtc_ext_uri(ngx_rtc_ext_e ext);
ngx_rtc_ext_e ngx_rtc_ext_find(u_char *uri, size_t len);


/* RFC 6184, section 8.1, table 5 */

typedef enum {
    NGX_RTC_H264_UNKNOWN = 0,
    NGX_RTC_H264_CONSTRAINED_BASELINE,
    NGX_RTC_H264_BASELINE,
    NGX_RTC_H264_MAIN,
    NGX_RTC_H264_CONSTRAINED_HIGH,
    NGX_RTC_H264_HIGH,
    NGX_RTC_H264_HIGH_444
} ngx_rtc_h264_profile_e;

ngx_rtc_h264_profile_e ngx_rtc_h264_profile(uint32_t profile_level_id);

/*
 * The profile-level-id of an answer to an offered payload of the same
 * profile: ours if levels may differ, else the lower level of the two.
 */
uint32_t ngx_rtc_h264_answer(ngx_rtc_sdp_fmtp_t *offer,
    ngx_rtc_sdp_fmtp_t *ours);

/*
 * Offer/answer matching: the same codec, clock rate, channels and profile
 * (H264 also packetization-mode); levels may differ.  Unknown parameters
 * don't count.
 */
ngx_uint_t ngx_rtc_sdp_payload_match(ngx_rtc_sdp_payload_t *a,
    ngx_rtc_sdp_payload_t *b);

/*
 * May what is sent as "send" be forwarded to one who receives "recv"?  As
 * above, but a profile that contains the other will do, and a receiver of
 * packetization-mode 1 takes mode 0.
 */
ngx_uint_t ngx_rtc_sdp_payload_accepts(ngx_rtc_sdp_payload_t *recv,
    ngx_rtc_sdp_payload_t *send);


/*
 * Building.  Text goes from pos to last; when it would pass end, overflow is
 * set and nothing more is appended.
 */

typedef struct {
    u_char                     *pos;
    u_char                     *last;
    u_char                     *end;
    ngx_uint_t                  overflow;   /* unsigned  overflow:1; */
} ngx_rtc_sdp_buf_t;


typedef struct {
    ngx_rtc_codec_e             codec;
    uint32_t                    clock_rate; /* 0: the codec's default */
    uint8_t                     channels;   /* 0: the codec's default */
    uint8_t                     pt;
    uint8_t                     rtx_pt;     /* 0: no rtx */
    uint8_t                     fb;         /* NGX_RTC_SDP_FB_* */
    ngx_str_t                   fmtp;
} ngx_rtc_sdp_codec_desc_t;


typedef struct {
    ngx_rtc_ext_e               ext;
    uint16_t                    id;
    uint8_t                     direction;  /* SENDRECV: not written */
} ngx_rtc_sdp_extmap_desc_t;


typedef struct {
    ngx_rtc_kind_e              kind;
    ngx_str_t                   mid;
    uint8_t                     direction;

    /*
     * rejected: port 0, inactive, out of the group.  "media" and "proto" are
     * for sections of kinds unknown to us (and "DTLS/SCTP"), "fmts" for
     * rejected ones (the offer's, RFC 3264); empty: the usual.
     */
    unsigned                    rejected:1;
    unsigned                    bundle_only:1;      /* offers only */
    unsigned                    sctpmap:1;          /* old style */
    unsigned                    rtcp_mux_only:1;
    unsigned                    rtcp_rsize:1;
    unsigned                    extmap_allow_mixed:1;
    ngx_str_t                   media;
    ngx_str_t                   proto;
    ngx_str_t                   fmts;

    ngx_uint_t                  ncodecs;
    ngx_rtc_sdp_codec_desc_t   *codecs;
    ngx_uint_t                  nextmaps;
    ngx_rtc_sdp_extmap_desc_t  *extmaps;

    ngx_str_t                   stream;     /* msid; empty track: no msid */
    ngx_str_t                   track;
    uint32_t                    ssrc;       /* 0: no ssrc lines */
    uint32_t                    rtx_ssrc;   /* 0: none */
    ngx_str_t                   cname;

    /* simulcast received, in the offer's order */
    ngx_uint_t                  nrids;
    ngx_rtc_sdp_simulcast_t    *rids;

    ngx_uint_t                  sctp_port;
    uint64_t                    max_message_size;

    uint64_t                    bitrate;    /* bits per second, written as
                                               b=AS and b=TIAS; 0: neither */
} ngx_rtc_sdp_media_desc_t;


typedef struct {
    uint64_t                    sess_id;    /* < 2^63 */
    uint64_t                    version;
    unsigned                    ice_lite:1;
    unsigned                    trickle:1;  /* a=ice-options:trickle */
    unsigned                    ice2:1;     /* a=ice-options:ice2 */
    unsigned                    end_of_candidates:1;

    ngx_str_t                   ufrag;
    ngx_str_t                   pwd;
    ngx_rtc_sdp_setup_e         setup;
    ngx_str_t                   fingerprint_hash;   /* "sha-256" */
    ngx_str_t                   fingerprint;

    /* written in the first section that isn't rejected */
    ngx_uint_t                  ncandidates;
    ngx_rtc_sdp_candidate_t    *candidates;

    ngx_uint_t                  nmedia;
    ngx_rtc_sdp_media_desc_t   *media;
} ngx_rtc_sdp_desc_t;


/*
 * Writes a whole offer or answer.  All sections that aren't rejected are in
 * one BUNDLE group in their order.  NGX_OK, or NGX_ERROR: overflow.
 */
ngx_int_t ngx_rtc_sdp_write(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc);

/*
 * The sdpfrag of a WHIP answer to an ICE restart: ufrag, pwd, the first
 * section's mid and the candidates.
 */
ngx_int_t ngx_rtc_sdp_write_frag(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc);

/* "candidate:..." without "a=" and line end, as in trickle */
void ngx_rtc_sdp_write_candidate(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_candidate_t *cand);

void ngx_rtc_sdp_put(ngx_rtc_sdp_buf_t *buf, const void *data, size_t len);
void ngx_rtc_sdp_put_uint(ngx_rtc_sdp_buf_t *buf, uint64_t v);

#define ngx_rtc_sdp_puts(buf, text)                                           \
    ngx_rtc_sdp_put(buf, text, sizeof(text) - 1)

#define ngx_rtc_sdp_put_str(buf, s)                                           \
    ngx_rtc_sdp_put(buf, (s)->data, (s)->len)


#endif /* _NGX_RTC_SDP_H_INCLUDED_ */
