
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Packets as they travel inside: what one packet of a source is to all its
 * subscribers, and the cache of them that answers everybody's NACKs.
 */


#ifndef _NGX_RTC_CACHE_H_INCLUDED_
#define _NGX_RTC_CACHE_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_rtp.h"


#define NGX_RTC_PACKET_EXTS    6
#define NGX_RTC_PACKET_MAX     1500    /* bytes of payload */

#define NGX_RTC_CACHE_VIDEO    1024    /* packets, powers of 2 */
#define NGX_RTC_CACHE_AUDIO    128
#define NGX_RTC_CACHE_BLOCK    16384
#define NGX_RTC_CACHE_BLOCKS   128     /* 2 MB a stream at most */
#define NGX_RTC_CACHE_TIME     1500000 /* usec */


/* a header extension element that goes on to subscribers */

typedef struct {
    u_char               *data;
    uint8_t               ext;         /* NGX_RTC_EXT_* */
    uint8_t               len;
} ngx_rtc_packet_ext_t;


/*
 * seq is the source's extended sequence number without the gaps that packets
 * of padding leave.  Pointers go into the received datagram or the cache.
 */

typedef struct {
    int64_t               seq;
    u_char               *payload;
    uint32_t              timestamp;
    uint16_t              size;
    uint8_t               index;       /* of the track's payload types */
    uint8_t               nexts;

    unsigned              marker:1;
    unsigned              keyframe:1;  /* decoding can start here */
    unsigned              padding:1;   /* nothing but padding */
    unsigned              two_byte:1;  /* an element of more than 16 bytes */

    uint16_t              ext_size;    /* of all elements, two-byte form */
    ngx_rtc_packet_ext_t  exts[NGX_RTC_PACKET_EXTS];
} ngx_rtc_packet_t;


typedef struct {
    int64_t               seq;         /* 0: free */
    uint32_t              generation;  /* of the block */
    uint32_t              timestamp;
    uint32_t              offset;
    uint16_t              size;
    uint8_t               block;
    uint8_t               index;
    uint8_t               nexts;
    unsigned              marker:1;
    unsigned              keyframe:1;
    unsigned              padding:1;
    unsigned              two_byte:1;
} ngx_rtc_cache_slot_t;


typedef struct {
    u_char               *data;
    uint32_t              generation;  /* of what is in it */
    uint32_t              used;
    ngx_uint_t            next;        /* the block written after this */
    ngx_rtc_usec_t        last;        /* when it was written to */
} ngx_rtc_cache_block_t;


typedef struct {
    ngx_rtc_cache_slot_t  *slots;
    uint32_t               mask;
    uint32_t               generation;
    ngx_uint_t             nblocks;
    ngx_uint_t             current;
    ngx_log_t             *log;
    ngx_rtc_cache_block_t  blocks[NGX_RTC_CACHE_BLOCKS];
} ngx_rtc_cache_t;


/* slots: a power of 2; blocks of memory come with the packets */

ngx_rtc_cache_t *ngx_rtc_cache_create(ngx_uint_t slots, ngx_log_t *log);
void ngx_rtc_cache_destroy(ngx_rtc_cache_t *cache);

/* NGX_OK, NGX_ERROR: no memory, the packet isn't kept */
ngx_int_t ngx_rtc_cache_put(ngx_rtc_cache_t *cache, ngx_rtc_packet_t *pkt,
    ngx_rtc_usec_t now);

/* NGX_OK; the pointers are valid until the next ngx_rtc_cache_put();
   NGX_DECLINED: not kept any more */
ngx_int_t ngx_rtc_cache_get(ngx_rtc_cache_t *cache, int64_t seq,
    ngx_rtc_packet_t *pkt);

/* gives all memory of packets back */
void ngx_rtc_cache_empty(ngx_rtc_cache_t *cache);


#endif /* _NGX_RTC_CACHE_H_INCLUDED_ */
