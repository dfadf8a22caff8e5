
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP on the wire: RFC 3550 reports, RFC 4585/5104 feedback, transport-wide
 * congestion control, REMB, RFC 3611 extended reports.  Parsers and writers
 * of single packets over the caller's buffer; when to send what isn't known
 * here.
 */


#ifndef _NGX_RTC_RTCP_H_INCLUDED_
#define _NGX_RTC_RTCP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_RTCP_SR              200
#define NGX_RTC_RTCP_RR              201
#define NGX_RTC_RTCP_SDES            202
#define NGX_RTC_RTCP_BYE             203
#define NGX_RTC_RTCP_APP             204
#define NGX_RTC_RTCP_RTPFB           205
#define NGX_RTC_RTCP_PSFB            206
#define NGX_RTC_RTCP_XR              207

/* the count field of RTPFB */
#define NGX_RTC_RTCP_FMT_NACK        1
#define NGX_RTC_RTCP_FMT_TWCC        15

/* the count field of PSFB */
#define NGX_RTC_RTCP_FMT_PLI         1
#define NGX_RTC_RTCP_FMT_FIR         4
#define NGX_RTC_RTCP_FMT_ALFB        15      /* REMB */

#define NGX_RTC_RTCP_MAX_REPORTS     31
#define NGX_RTC_RTCP_REPORT_SIZE     24

/* arrival time of a packet that hasn't arrived, for the TWCC writer */
#define NGX_RTC_TWCC_LOST            INT64_MIN

/* of one message; more than any interval of feedback has */
#define NGX_RTC_TWCC_MAX_STATUSES    16384


/* one packet of a compound; "end" excludes the padding */

typedef struct {
    u_char      *start;
    u_char      *body;              /* after the 4 bytes of the header */
    u_char      *end;
    uint8_t      type;
    uint8_t      count;             /* RC, SC or FMT */
} ngx_rtc_rtcp_t;


typedef struct {
    u_char      *pos;
    u_char      *end;
} ngx_rtc_rtcp_iter_t;


typedef struct {
    uint32_t     ssrc;
    uint8_t      fraction_lost;     /* of 256 */
    int32_t      lost;              /* cumulative, 24-bit signed */
    uint32_t     highest_seq;       /* cycles in the high half */
    uint32_t     jitter;            /* in timestamp units */
    uint32_t     lsr;
    uint32_t     dlsr;              /* in 1/65536 s */
} ngx_rtc_rtcp_report_t;


typedef struct {
    uint32_t     ssrc;
    uint64_t     ntp;
    uint32_t     timestamp;
    uint32_t     packets;
    uint32_t     octets;
} ngx_rtc_rtcp_sr_t;


/* RTPFB and PSFB; fci .. end are the feedback control information */

typedef struct {
    uint32_t     sender;
    uint32_t     media;
    u_char      *fci;
    u_char      *end;
} ngx_rtc_rtcp_fb_t;


typedef struct {
    uint32_t     ssrc;
    uint8_t      seq;
} ngx_rtc_rtcp_fir_t;


typedef struct {
    uint64_t     bitrate;           /* bits per second */
    ngx_uint_t   nssrcs;
    u_char      *ssrcs;             /* words in network order */
} ngx_rtc_rtcp_remb_t;


typedef struct {
    uint32_t     ssrc;
    uint32_t     lrr;
    uint32_t     dlrr;              /* in 1/65536 s */
} ngx_rtc_rtcp_dlrr_t;


typedef struct {
    uint32_t     sender;
    uint64_t     rrtr;              /* NTP time, 0 if absent */
    ngx_uint_t   ndlrr;
    u_char      *dlrr;              /* see ngx_rtc_rtcp_get_dlrr() */
} ngx_rtc_rtcp_xr_t;


/*
 * TWCC feedback.  The first six fields are the message, the others the state
 * of ngx_rtc_twcc_next().
 */

typedef struct {
    uint32_t     sender;
    uint32_t     media;
    uint16_t     base_seq;
    uint16_t     count;             /* of packet statuses */
    int32_t      reference_time;    /* signed, in units of 64 ms */
    uint8_t      fb_count;

    u_char      *chunk;
    u_char      *delta;
    int64_t      time;
    uint16_t     next;              /* index of the next status */
    uint16_t     left;              /* statuses left in the chunk */
    uint16_t     bits;
} ngx_rtc_twcc_t;


typedef struct {
    uint16_t     seq;
    uint8_t      received;

    /*
     * Of a received packet, in microseconds: since the reference time's
     * zero, and since the packet received before it in this message (the
     * first one: since the reference time).
     */
    int64_t      time;
    int32_t      delta;
} ngx_rtc_twcc_packet_t;


/*
 * NTP time is 32.32 fixed point seconds since 1900; "compact" is its middle
 * 32 bits (1/65536 s).  unix_usec: microseconds since 1970.
 */

#define NGX_RTC_NTP_UNIX_OFFSET  2208988800ULL


static ngx_inline uint64_t
ngx_rtc_ntp_from_usec(uint64_t unix_usec)
{
    return ((unix_usec / 1000000 + NGX_RTC_NTP_UNIX_OFFSET) << 32)
           | (((unix_usec % 1000000) << 32) / 1000000);
}


static ngx_inline int64_t
ngx_rtc_ntp_to_usec(uint64_t ntp)
{
    /* rounded, so that ngx_rtc_ntp_from_usec() is undone exactly */

    return ((int64_t) (ntp >> 32) - (int64_t) NGX_RTC_NTP_UNIX_OFFSET)
           * 1000000
           + (int64_t) (((ntp & 0xffffffff) * 1000000 + 0x80000000) >> 32);
}


static ngx_inline uint32_t
ngx_rtc_ntp_compact(uint64_t ntp)
{
    return (uint32_t) (ntp >> 16);
}


static ngx_inline int64_t
ngx_rtc_ntp_compact_to_usec(uint32_t compact)
{
    return (int64_t) (((uint64_t) compact * 1000000) >> 16);
}


/*
 * Round trip time in microseconds from a report block or a DLRR; now is the
 * compact NTP time of its arrival.  -1 if there is none to compute yet
 * (lsr == 0); clocks that disagree give 0, never a negative time.
 */
int64_t ngx_rtc_rtcp_rtt(uint32_t now, uint32_t lsr, uint32_t dlsr);


/*
 * Walks over a compound or reduced-size packet.  NGX_OK: *pkt is the next
 * one, of whatever type; NGX_DONE: no more; NGX_ERROR: the rest is
 * malformed (what was returned before stays valid).
 */
void ngx_rtc_rtcp_iter_init(ngx_rtc_rtcp_iter_t *it, u_char *p, u_char *end);
ngx_int_t ngx_rtc_rtcp_next(ngx_rtc_rtcp_iter_t *it, ngx_rtc_rtcp_t *pkt);


/*
 * Parsers; the caller has looked at type and, for feedback, at count.
 * NGX_OK or NGX_ERROR.  A report count that exceeds the packet fails it.
 *
 * The n report blocks of SR and RR are read by ngx_rtc_rtcp_get_report().
 */
ngx_int_t ngx_rtc_rtcp_parse_sr(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_sr_t *sr,
    u_char **reports, ngx_uint_t *n);
ngx_int_t ngx_rtc_rtcp_parse_rr(ngx_rtc_rtcp_t *pkt, uint32_t *ssrc,
    u_char **reports, ngx_uint_t *n);
void ngx_rtc_rtcp_get_report(u_char *reports, ngx_uint_t i,
    ngx_rtc_rtcp_report_t *report);

/*
 * *pos is NULL at first.  NGX_OK: a chunk, its cname is empty if it has
 * none; NGX_DONE: no more; NGX_ERROR.
 */
ngx_int_t ngx_rtc_rtcp_sdes_next(ngx_rtc_rtcp_t *pkt, u_char **pos,
    ngx_uint_t *index, uint32_t *ssrc, ngx_str_t *cname);

/* the n SSRCs are words in network order; reason may be empty */
ngx_int_t ngx_rtc_rtcp_parse_bye(ngx_rtc_rtcp_t *pkt, u_char **ssrcs,
    ngx_uint_t *n, ngx_str_t *reason);

/* the common part of RTPFB and PSFB; all there is for PLI */
ngx_int_t ngx_rtc_rtcp_parse_fb(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_fb_t *fb);

/* *pos is fb->fci at first.  NGX_OK or NGX_DONE */
ngx_int_t ngx_rtc_rtcp_fir_next(ngx_rtc_rtcp_fb_t *fb, u_char **pos,
    ngx_rtc_rtcp_fir_t *fir);

/*
 * Expands NACK items into at most max sequence numbers, in the order given.
 * Returns their number; what doesn't fit is left out.
 */
ngx_uint_t ngx_rtc_rtcp_nack_seqs(ngx_rtc_rtcp_fb_t *fb, uint16_t *seqs,
    ngx_uint_t max);

/* NGX_DECLINED: application layer feedback, but not REMB */
ngx_int_t ngx_rtc_rtcp_parse_remb(ngx_rtc_rtcp_fb_t *fb,
    ngx_rtc_rtcp_remb_t *remb);

/*
 * The whole message is checked by ngx_rtc_rtcp_parse_twcc(), then
 * ngx_rtc_twcc_next() gives one status after the other: NGX_OK or NGX_DONE.
 */
ngx_int_t ngx_rtc_rtcp_parse_twcc(ngx_rtc_rtcp_t *pkt, ngx_rtc_twcc_t *twcc);
ngx_int_t ngx_rtc_twcc_next(ngx_rtc_twcc_t *twcc,
    ngx_rtc_twcc_packet_t *packet);

/* blocks of other types are skipped */
ngx_int_t ngx_rtc_rtcp_parse_xr(ngx_rtc_rtcp_t *pkt, ngx_rtc_rtcp_xr_t *xr);
void ngx_rtc_rtcp_get_dlrr(u_char *dlrr, ngx_uint_t i,
    ngx_rtc_rtcp_dlrr_t *block);


/*
 * Writers append one packet at p and return the next cursor, so packets make
 * a compound; NULL if it doesn't fit before end (nothing is written then).
 *
 * At most 31 reports, SSRCs or chunks.  The CNAME is cut at 255 bytes.
 */
u_char *ngx_rtc_rtcp_write_sr(u_char *p, u_char *end, ngx_rtc_rtcp_sr_t *sr,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n);
u_char *ngx_rtc_rtcp_write_rr(u_char *p, u_char *end, uint32_t ssrc,
    ngx_rtc_rtcp_report_t *reports, ngx_uint_t n);
u_char *ngx_rtc_rtcp_write_sdes(u_char *p, u_char *end, uint32_t *ssrcs,
    ngx_uint_t n, ngx_str_t *cname);
u_char *ngx_rtc_rtcp_write_bye(u_char *p, u_char *end, uint32_t *ssrcs,
    ngx_uint_t n);
u_char *ngx_rtc_rtcp_write_pli(u_char *p, u_char *end, uint32_t sender,
    uint32_t media);
u_char *ngx_rtc_rtcp_write_fir(u_char *p, u_char *end, uint32_t sender,
    ngx_rtc_rtcp_fir_t *firs, ngx_uint_t n);

/*
 * seqs are sorted in RTP order (65535 before 0), without duplicates.  As
 * many as fit are written, *consumed tells how many; NULL if none fits or n
 * is 0.
 */
u_char *ngx_rtc_rtcp_write_nack(u_char *p, u_char *end, uint32_t sender,
    uint32_t media, uint16_t *seqs, ngx_uint_t n, ngx_uint_t *consumed);

/*
 * TWCC feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) for the
 * n packets from base_seq on; times[i] is the arrival of base_seq + i in
 * microseconds or NGX_RTC_TWCC_LOST.  Stops where a delta doesn't fit into
 * 16 bits, where the message would pass end, and at the largest number of
 * statuses.  *consumed tells how many were written: the caller goes on from
 * there with the next fb_count until all are.  If none of them was received,
 * there is nothing to say: p is returned.  NULL: not even one status fits.
 */
u_char *ngx_rtc_rtcp_write_twcc(u_char *p, u_char *end, uint32_t sender,
    uint32_t media, ngx_uint_t fb_count, uint16_t base_seq, int64_t *times,
    ngx_uint_t n, ngx_uint_t *consumed);

/* at most 255 SSRCs */
u_char *ngx_rtc_rtcp_write_remb(u_char *p, u_char *end, uint32_t sender,
    uint64_t bitrate, uint32_t *ssrcs, ngx_uint_t n);

u_char *ngx_rtc_rtcp_write_xr_rrtr(u_char *p, u_char *end, uint32_t sender,
    uint64_t ntp);
u_char *ngx_rtc_rtcp_write_xr_dlrr(u_char *p, u_char *end, uint32_t sender,
    ngx_rtc_rtcp_dlrr_t *blocks, ngx_uint_t n);


#endif /* _NGX_RTC_RTCP_H_INCLUDED_ */
