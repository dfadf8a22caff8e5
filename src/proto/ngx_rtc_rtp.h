
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTP on the wire (RFC 3550, RFC 8285, RFC 4588, RFC 7983): parsing into a
 * flat struct, header extensions, building, sequence number arithmetic.
 * No state of streams, no allocation, nothing is kept between packets.
 */


#ifndef _NGX_RTC_RTP_H_INCLUDED_
#define _NGX_RTC_RTP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_RTP_HEADER_SIZE      12

#define NGX_RTC_RTP_ONE_BYTE         0xbede
#define NGX_RTC_RTP_TWO_BYTE         0x1000

/*
 * Header extension ids 1 .. NGX_RTC_RTP_EXT_IDS - 1 can be looked up;
 * elements with higher two-byte ids are skipped by the parser.
 */
#define NGX_RTC_RTP_EXT_IDS          32

/* elements that one ngx_rtc_rtp_exts_t can hold */
#define NGX_RTC_RTP_EXTS_MAX         12

/* RFC 8843, section 15.2 recommends short mids; longer ones are refused */
#define NGX_RTC_RTP_MID_MAX          32


/* the well-known header extensions; ids are negotiated, see ngx_rtc_sdp.h */

typedef enum {
    NGX_RTC_EXT_UNKNOWN = 0,
    NGX_RTC_EXT_MID,
    NGX_RTC_EXT_RID,
    NGX_RTC_EXT_RRID,
    NGX_RTC_EXT_ABS_SEND_TIME,
    NGX_RTC_EXT_TWCC,
    NGX_RTC_EXT_AUDIO_LEVEL,
    NGX_RTC_EXT_CSRC_AUDIO_LEVEL,
    NGX_RTC_EXT_VIDEO_ORIENTATION,
    NGX_RTC_EXT_TOFFSET,
    NGX_RTC_EXT_PLAYOUT_DELAY,
    NGX_RTC_EXT_DD,
    NGX_RTC_EXT_ABS_CAPTURE_TIME,
    NGX_RTC_EXT_VIDEO_LAYERS,
    NGX_RTC_EXT_CONTENT_TYPE,
    NGX_RTC_EXT_TIMING,
    NGX_RTC_EXT_COLOR_SPACE,
    NGX_RTC_EXT_MAX
} ngx_rtc_ext_e;


/* what a datagram on a shared port is */

typedef enum {
    NGX_RTC_PACKET_UNKNOWN = 0,
    NGX_RTC_PACKET_STUN,
    NGX_RTC_PACKET_DTLS,
    NGX_RTC_PACKET_TURN,
    NGX_RTC_PACKET_RTP,
    NGX_RTC_PACKET_RTCP
} ngx_rtc_packet_e;


/*
 * A parsed packet.  All pointers go into the caller's buffer.  "padding" is
 * the number of padding bytes, which "payload_size" doesn't count; a packet
 * with payload_size == 0 carries nothing but padding (or nothing at all).
 */

typedef struct {
    u_char      *start;
    u_char      *end;               /* including padding */

    u_char      *csrc;              /* csrc_count words, network order */
    u_char      *payload;
    size_t       payload_size;

    u_char      *ext;               /* after the 4 bytes of its header */
    uint16_t     ext_size;
    uint16_t     ext_profile;       /* ONE_BYTE, TWO_BYTE or another; 0: none */
    uint16_t     header_size;       /* payload - start */
    uint16_t     seq;

    uint32_t     timestamp;
    uint32_t     ssrc;

    uint8_t      pt;
    uint8_t      marker;
    uint8_t      csrc_count;
    uint8_t      padding;

    /* bit n set: the element with id n is there; see ngx_rtc_rtp_ext() */

    uint32_t     ext_mask;
    uint16_t     ext_pos[NGX_RTC_RTP_EXT_IDS];      /* offset from start */
    uint8_t      ext_len[NGX_RTC_RTP_EXT_IDS];
} ngx_rtc_rtp_t;


/*
 * A list of header extension elements to be written.  The data that isn't
 * inlined must live until ngx_rtc_rtp_exts_write(), which leaves in "pos"
 * where the value landed, so that a sender can renew it in place.
 */

typedef struct {
    uint8_t      id;
    uint8_t      len;
    u_char       value[4];          /* used if data is NULL */
    u_char      *data;
    u_char      *pos;
} ngx_rtc_rtp_ext_t;


typedef struct {
    ngx_uint_t         n;
    ngx_uint_t         two_byte;    /* unsigned  two_byte:1; */
    ngx_rtc_rtp_ext_t  elts[NGX_RTC_RTP_EXTS_MAX];
} ngx_rtc_rtp_exts_t;


#define ngx_rtc_get_16(p)                                                     \
    ((uint16_t) (((uint16_t) (p)[0] << 8) | (p)[1]))

#define ngx_rtc_get_24(p)                                                     \
    (((uint32_t) (p)[0] << 16) | ((uint32_t) (p)[1] << 8) | (p)[2])

#define ngx_rtc_get_32(p)                                                     \
    (((uint32_t) (p)[0] << 24) | ((uint32_t) (p)[1] << 16)                    \
     | ((uint32_t) (p)[2] << 8) | (p)[3])

#define ngx_rtc_get_64(p)                                                     \
    (((uint64_t) ngx_rtc_get_32(p) << 32) | ngx_rtc_get_32((p) + 4))


static ngx_inline u_char *
ngx_rtc_put_16(u_char *p, uint16_t v)
{
    p[0] = (u_char) (v >> 8);
    p[1] = (u_char) v;

    return p + 2;
}


static ngx_inline u_char *
ngx_rtc_put_24(u_char *p, uint32_t v)
{
    p[0] = (u_char) (v >> 16);
    p[1] = (u_char) (v >> 8);
    p[2] = (u_char) v;

    return p + 3;
}


static ngx_inline u_char *
ngx_rtc_put_32(u_char *p, uint32_t v)
{
    p[0] = (u_char) (v >> 24);
    p[1] = (u_char) (v >> 16);
    p[2] = (u_char) (v >> 8);
    p[3] = (u_char) v;

    return p + 4;
}


static ngx_inline u_char *
ngx_rtc_put_64(u_char *p, uint64_t v)
{
    p = ngx_rtc_put_32(p, (uint32_t) (v >> 32));

    return ngx_rtc_put_32(p, (uint32_t) v);
}


/*
 * Sequence numbers and timestamps (RFC 1982).  diff is a - b in the shorter
 * direction; "newer" is false for equal ones.
 *
 * ngx_rtc_seq_unwrap() extends seq to 64 bits by the nearest distance to
 * *last, the highest value so far, and advances *last if seq is newer.  A
 * negative *last means "none yet"; the first result is seq + 2^16, so what
 * was reordered before it is still positive.  The low bits are seq's own.
 */

static ngx_inline ngx_int_t
ngx_rtc_seq_diff(uint16_t a, uint16_t b)
{
    return (int16_t) (uint16_t) (a - b);
}


static ngx_inline ngx_uint_t
ngx_rtc_seq_newer(uint16_t a, uint16_t b)
{
    return ngx_rtc_seq_diff(a, b) > 0;
}


static ngx_inline int64_t
ngx_rtc_seq_unwrap(int64_t *last, uint16_t seq)
{
    int64_t  v;

    if (*last < 0) {
        *last = (int64_t) seq + 0x10000;
        return *last;
    }

    v = *last + ngx_rtc_seq_diff(seq, (uint16_t) *last);

    if (v > *last) {
        *last = v;
    }

    return v;
}


static ngx_inline int64_t
ngx_rtc_ts_diff(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b);
}


static ngx_inline ngx_uint_t
ngx_rtc_ts_newer(uint32_t a, uint32_t b)
{
    return ngx_rtc_ts_diff(a, b) > 0;
}


static ngx_inline int64_t
ngx_rtc_ts_unwrap(int64_t *last, uint32_t ts)
{
    int64_t  v;

    if (*last < 0) {
        *last = (int64_t) ts + 0x100000000LL;
        return *last;
    }

    v = *last + ngx_rtc_ts_diff(ts, (uint32_t) *last);

    if (v > *last) {
        *last = v;
    }

    return v;
}


/*
 * RFC 7983 demultiplexing by the first byte, RFC 5761 by the second (RTCP
 * is 192 .. 223, so payload types 64 .. 95 must never be negotiated).
 */

static ngx_inline ngx_rtc_packet_e
ngx_rtc_packet_type(u_char *p, u_char *end)
{
    if (end - p < 2) {
        return NGX_RTC_PACKET_UNKNOWN;
    }

    if (p[0] >= 128 && p[0] <= 191) {
        return (p[1] >= 192 && p[1] <= 223) ? NGX_RTC_PACKET_RTCP
                                            : NGX_RTC_PACKET_RTP;
    }

    if (p[0] <= 3) {
        return NGX_RTC_PACKET_STUN;
    }

    if (p[0] >= 20 && p[0] <= 63) {
        return NGX_RTC_PACKET_DTLS;
    }

    if (p[0] >= 64 && p[0] <= 79) {
        return NGX_RTC_PACKET_TURN;
    }

    return NGX_RTC_PACKET_UNKNOWN;
}


/*
 * NGX_OK, or NGX_ERROR: the packet is malformed and must be dropped.  An
 * inconsistent extension element ends the list of elements, it doesn't fail
 * the packet (RFC 8285, section 4.1.1).
 */
ngx_int_t ngx_rtc_rtp_parse(ngx_rtc_rtp_t *rtp, u_char *p, u_char *end);


/* the value of the element, or NULL; id 0 (not negotiated) is never found */

static ngx_inline u_char *
ngx_rtc_rtp_ext(ngx_rtc_rtp_t *rtp, ngx_uint_t id, size_t *len)
{
    if (id == 0 || id >= NGX_RTC_RTP_EXT_IDS
        || !(rtp->ext_mask & ((uint32_t) 1 << id)))
    {
        return NULL;
    }

    *len = rtp->ext_len[id];

    return rtp->start + rtp->ext_pos[id];
}


/*
 * Typed values.  NGX_OK, or NGX_DECLINED: absent or of a wrong size.
 *
 * ngx_rtc_rtp_ext_text() is for mid, rid and rrid; the value is a non-empty
 * token without trailing zero bytes.
 * abs-send-time: 24 bits, 6.18 fixed point seconds.
 * audio level: 0 .. 127, in -dBov (0 is loudest), voice: the V bit.
 * orientation: 0 .. 3, clockwise quarter turns (the byte is kept raw).
 */
ngx_int_t ngx_rtc_rtp_ext_text(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    ngx_str_t *value);
ngx_int_t ngx_rtc_rtp_ext_abs_send_time(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    uint32_t *value);
ngx_int_t ngx_rtc_rtp_ext_twcc(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    uint16_t *seq);
ngx_int_t ngx_rtc_rtp_ext_audio_level(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    ngx_uint_t *level, ngx_uint_t *voice);
ngx_int_t ngx_rtc_rtp_ext_orientation(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    uint8_t *value);


/* microseconds of any monotonic clock to abs-send-time's 24 bits */

static ngx_inline uint32_t
ngx_rtc_abs_send_time(uint64_t usec)
{
    /* (usec << 18) / 10^6, without overflow; 64 s is the period */

    return (uint32_t) ((((usec % 64000000) << 18) / 1000000) & 0xffffff);
}


/*
 * Writes a 12-byte header without CSRCs, padding or extension.  The next
 * cursor, or NULL if there is no space.
 */
u_char *ngx_rtc_rtp_write_header(u_char *p, u_char *end, ngx_uint_t marker,
    ngx_uint_t pt, uint16_t seq, uint32_t timestamp, uint32_t ssrc);


/*
 * ngx_rtc_rtp_exts_add() refers to data, ngx_rtc_rtp_exts_add_value() keeps
 * up to 4 bytes of the number, the most significant first.  Id 0 (not
 * negotiated) and len 0 are silently left out; NGX_DECLINED if there is no
 * room left or the element can't be written (len > 255).  The index of the
 * element is n - 1 afterwards.
 */

static ngx_inline void
ngx_rtc_rtp_exts_init(ngx_rtc_rtp_exts_t *exts)
{
    exts->n = 0;
    exts->two_byte = 0;
}

ngx_int_t ngx_rtc_rtp_exts_add(ngx_rtc_rtp_exts_t *exts, ngx_uint_t id,
    u_char *data, size_t len);
ngx_int_t ngx_rtc_rtp_exts_add_value(ngx_rtc_rtp_exts_t *exts, ngx_uint_t id,
    uint32_t value, size_t len);

/*
 * Writes the extension header and its elements at p, pads to 4 bytes, and
 * sets the X bit in "header", the start of the packet.  One-byte headers
 * if all ids are below 15 and all values within 16 bytes, else two-byte
 * ones, to be used only with extmap-allow-mixed.  Nothing is written for an
 * empty list.  The next cursor (of the payload), or NULL: no space.
 */
u_char *ngx_rtc_rtp_exts_write(ngx_rtc_rtp_exts_t *exts, u_char *header,
    u_char *p, u_char *end);


/*
 * RTX (RFC 4588).  ngx_rtc_rtx_unwrap() turns a parsed RTX packet into the
 * original one in place: the header moves up by two bytes.  Returns the new
 * start (the end stays), or NULL if it carries no packet (padding only).
 * Padding, if any, stays.
 *
 * ngx_rtc_rtx_wrap() copies a packet as RTX to dst, without padding and with
 * its extension bytes as they are.  Returns the end, or NULL: no space.
 */
u_char *ngx_rtc_rtx_unwrap(ngx_rtc_rtp_t *rtx, ngx_uint_t pt, uint32_t ssrc);
u_char *ngx_rtc_rtx_wrap(u_char *dst, u_char *end, ngx_rtc_rtp_t *rtp,
    ngx_uint_t pt, uint16_t seq, uint32_t ssrc);


#endif /* _NGX_RTC_RTP_H_INCLUDED_ */
