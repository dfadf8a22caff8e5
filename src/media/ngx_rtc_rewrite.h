
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A source's packets as a subscriber sees them: payload type, SSRC, sequence
 * number, timestamp, header extensions.  Which packets go isn't decided here.
 */


#ifndef _NGX_RTC_REWRITE_H_INCLUDED_
#define _NGX_RTC_REWRITE_H_INCLUDED_


#include "ngx_rtc_cache.h"
#include "ngx_rtc_media.h"


#define NGX_RTC_RING_VIDEO     512     /* packets sent, powers of 2 */
#define NGX_RTC_RING_AUDIO     64

/* what of a packet sent is needed to send it once more, bit by bit */

typedef struct {
    uint32_t              source;      /* low bits of the packet's seq */
    uint32_t              timestamp;
    uint32_t              sent;        /* milliseconds, the last time */
    unsigned              abs_send_time:24;
    unsigned              tries:8;
    uint16_t              seq;
    uint16_t              twcc;
    uint8_t               epoch;       /* 0: free */
    unsigned              mid:1;
} ngx_rtc_sent_t;


typedef struct {
    /* fixed by negotiation */

    uint32_t              ssrc;
    uint32_t              rtx_ssrc;
    uint8_t               ext[NGX_RTC_EXT_MAX];
    uint8_t               mid_len;
    u_char                mid[NGX_RTC_MAX_MID];
    uint16_t              ext_size;    /* of our own elements, at most */
    unsigned              two_byte:1;  /* an id above 14 */

    /* the mapping: packet->seq + seq_offset, timestamp + ts_offset */

    uint8_t               epoch;       /* of the source, never 0 */
    unsigned              started:1;   /* something was sent */
    unsigned              synced:1;    /* the mapping is valid */
    uint32_t              ts_offset;
    uint32_t              clock;
    int64_t               seq_offset;
    int64_t               first;       /* packets before it are left out */
    int64_t               newest;      /* the newest packet mapped */
    int64_t               begin;       /* the first seq sent at all */
    int64_t               highest;     /* the highest one sent, extended */
    uint32_t              last_ts;     /* the newest one sent, */
    ngx_rtc_usec_t        last_time;   /* and when */

    uint16_t              rtx_seq;
    uint32_t              mask;
    ngx_rtc_sent_t       *ring;
} ngx_rtc_rewrite_t;


/* slots of the ring: a power of 2, or 0: nothing is ever sent twice */
ngx_int_t ngx_rtc_rewrite_init(ngx_rtc_rewrite_t *rw, ngx_uint_t slots,
    ngx_log_t *log);
void ngx_rtc_rewrite_free(ngx_rtc_rewrite_t *rw);

void ngx_rtc_rewrite_params(ngx_rtc_rewrite_t *rw,
    const ngx_rtc_send_params_t *params);

/*
 * The mapping begins anew with this packet.  source: it comes from another
 * source than the one before, so the timestamp goes on by the time that
 * passed; else it goes on by itself.
 */
void ngx_rtc_rewrite_sync(ngx_rtc_rewrite_t *rw, ngx_rtc_packet_t *pkt,
    ngx_uint_t source, uint32_t clock, ngx_rtc_usec_t now);

/*
 * Takes the packet into the mapping.  NULL: it is older than the mapping and
 * must not be sent.
 */
ngx_rtc_sent_t *ngx_rtc_rewrite_map(ngx_rtc_rewrite_t *rw,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *scratch, ngx_rtc_usec_t now);

/* the entry of a packet sent that can be sent again, or NULL */
ngx_rtc_sent_t *ngx_rtc_rewrite_find(ngx_rtc_rewrite_t *rw, uint16_t seq);

/* bytes that a packet may take, RTX's two included */

#define ngx_rtc_rewrite_size(rw, pkt)                                         \
    (NGX_RTC_RTP_HEADER_SIZE + 4 + (size_t) (rw)->ext_size + (pkt)->ext_size  \
     + (pkt)->size + 4 + 4)

/*
 * Writes the packet at p, where ngx_rtc_rewrite_size() bytes are free.  rtx:
 * as a retransmission with rw->rtx_seq (RFC 4588).  twcc: its extension is
 * wanted.  Returns the end.
 */
u_char *ngx_rtc_rewrite_write(ngx_rtc_rewrite_t *rw, u_char *p,
    ngx_rtc_packet_t *pkt, ngx_rtc_sent_t *sent, ngx_uint_t pt,
    ngx_uint_t rtx, ngx_uint_t twcc);


#endif /* _NGX_RTC_REWRITE_H_INCLUDED_ */
