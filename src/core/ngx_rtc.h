
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What every layer shares: identities of workers, time, the configuration
 * of the rtc{} block.  Not for anything of one layer only.
 */


#ifndef _NGX_RTC_H_INCLUDED_
#define _NGX_RTC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_VERSION       "0.1.0"

#define NGX_RTC_ID_LEN        128      /* room and user ids, bytes */
#define NGX_RTC_UFRAG_LEN     24
#define NGX_RTC_PWD_LEN       24

/* command types, inside of rtc{} only; bits, as all of nginx's are */

#define NGX_RTC_CONF          0x02000000


/* monotonic time, microseconds; never the wall clock */

typedef int64_t  ngx_rtc_usec_t;

#define NGX_RTC_NEVER         ((ngx_rtc_usec_t) INT64_MAX)


/*
 * A worker process: its slot in the zone and the number that the slot got
 * when this process claimed it.  A ref whose incarnation is not the slot's
 * names a process that is gone.
 */

typedef struct {
    uint32_t              slot;
    uint32_t              incarnation;
} ngx_rtc_ref_t;

#define ngx_rtc_ref_eq(a, b)                                                  \
    ((a)->slot == (b)->slot && (a)->incarnation == (b)->incarnation)


typedef struct {
    ngx_str_t             url;         /* stun:, turn:, turns: */
    ngx_str_t             secret;      /* TURN REST; empty: none */
    time_t                ttl;
} ngx_rtc_ice_server_t;


typedef struct {
    ngx_str_t             name;
    ngx_uint_t            max_participants;
    ngx_uint_t            p2p_max;
    ngx_flag_t            listed;      /* 0: never in list-rooms */
} ngx_rtc_room_type_t;


typedef struct {
    ngx_shm_zone_t       *zone;
    ngx_str_t             zone_name;
    size_t                zone_size;
    ngx_uint_t            slots;
    size_t                mailbox;

    ngx_str_t             certificate;
    ngx_str_t             certificate_key;
    void                 *x509;        /* X509 *, the DTLS identity */
    void                 *pkey;        /* EVP_PKEY * */
    ngx_str_t             fingerprint; /* "AB:CD:..", SHA-256 */

    ngx_str_t             announce4;   /* address texts, empty: none */
    ngx_str_t             announce6;

    ngx_array_t          *ice_servers; /* ngx_rtc_ice_server_t */
    ngx_array_t          *room_types;  /* ngx_rtc_room_type_t, built in ones
                                          included, never NULL after init */
    uint8_t               codecs[16];  /* NGX_RTC_CODEC_*, by preference */
    ngx_uint_t            ncodecs;

    ngx_uint_t            p2p_max;
    ngx_uint_t            max_participants;
    ngx_uint_t            max_rooms;
    ngx_uint_t            max_sessions;
    ngx_msec_t            drain_notice;
    ngx_uint_t            drain_sockets;
    uint64_t              max_bitrate_send;       /* bits per second */
    uint64_t              max_bitrate_recv;
    size_t                metadata_size;
    ngx_msec_t            empty_timeout;
    ngx_msec_t            resume_timeout;
    ngx_msec_t            ice_timeout;
    ngx_msec_t            dtls_timeout;
    ngx_str_t             token_key;

    ngx_str_t             needed_by;   /* a directive of http{} or stream{}
                                          that needs the block; checked in
                                          init_conf, so blocks may stand in
                                          any order */
    ngx_uint_t            listeners;   /* UDP rtc listeners, counted by the
                                          stream module while parsing */
    ngx_str_t             listen_alone;  /* one of them that several workers
                                          can't share, empty: none */
    ngx_uint_t            present;     /* the rtc{} block was there */
} ngx_rtc_conf_t;


/*
 * The configuration of a cycle.  While the configuration is parsed (setters,
 * merging, postconfiguration) it is never NULL and may be incomplete, for
 * rtc{} may come last in the file; after that (init_module, init_process,
 * run time) it is NULL without an rtc{} block.  ngx_rtc_conf is that of the
 * cycle the worker was started with.
 */

ngx_rtc_conf_t *ngx_rtc_get_conf(ngx_cycle_t *cycle);

/* a directive outside of the block needs it, wherever the block stands */
void ngx_rtc_need(ngx_conf_t *cf, ngx_str_t *directive);

extern ngx_rtc_conf_t  *ngx_rtc_conf;
extern ngx_rtc_ref_t    ngx_rtc_self;  /* this worker; valid from the core
                                          module's init_process on */
extern ngx_uint_t       ngx_rtc_draining;  /* nginx told us to exit */

extern ngx_module_t     ngx_rtc_module;


/* clock_gettime(CLOCK_MONOTONIC), microseconds: a vDSO call, no syscall */

ngx_rtc_usec_t ngx_rtc_now(void);


/*
 * Draining: called once when nginx asks this worker to exit gracefully.
 * Each layer may add a handler in its init_process.
 */

typedef void (*ngx_rtc_drain_pt)(void);

ngx_int_t ngx_rtc_on_drain(ngx_rtc_drain_pt handler);


/*
 * Identities.  Random bytes from OpenSSL; base32 text without padding,
 * alphabet a-z2-7.  ngx_rtc_random_id() writes n characters, no zero.
 */

ngx_int_t ngx_rtc_random(u_char *p, size_t n);
ngx_int_t ngx_rtc_random_id(u_char *p, size_t n);
ngx_uint_t ngx_rtc_utf8_text(u_char *p, size_t len);  /* 1: valid UTF-8 with
                                          no control characters */

ngx_rtc_room_type_t *ngx_rtc_room_type(ngx_rtc_conf_t *conf, ngx_str_t *name);


#endif /* _NGX_RTC_H_INCLUDED_ */
