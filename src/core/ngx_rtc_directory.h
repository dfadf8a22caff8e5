
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The directory: what every worker must know of rooms, participants,
 * worker slots and remote addresses.  All functions take and release the
 * zone's mutex by themselves; none blocks longer than a short section.
 * The records' layout is in ngx_rtc_shm.h and is nobody else's business.
 */


#ifndef _NGX_RTC_DIRECTORY_H_INCLUDED_
#define _NGX_RTC_DIRECTORY_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_MODE_P2P       0
#define NGX_RTC_MODE_SFU       1

typedef struct {
    uint64_t              key;         /* record index and generation; a key
                                          of a record that was freed is never
                                          valid again */
    ngx_rtc_ref_t         home;
    uint32_t              epoch;       /* grows with each new home */
    unsigned              created:1;   /* by this very call */
} ngx_rtc_room_ref_t;


/* what the home publishes of a room for others (list-rooms, status) */

typedef struct {
    u_char                id[NGX_RTC_ID_LEN];
    u_char                type[32];
    u_char                id_len;
    u_char                type_len;
    u_char                mode;
    unsigned              is_public:1;
    unsigned              locked:1;
    unsigned              listed:1;    /* the type may be listed */
    uint32_t              participants;
    uint32_t              max_participants;
    time_t                created;     /* wall clock, seconds */
    uint64_t              key;
    ngx_rtc_ref_t         home;
} ngx_rtc_room_info_t;


/*
 * Rooms.
 *
 * find: NGX_OK, or NGX_DECLINED when there is none.
 * open: finds or makes the record; a new one gets as home the live worker
 *     with the least load (workers with listeners first, draining ones
 *     never); a record whose home is dead gets a new home at epoch + 1.
 *     NGX_OK, NGX_DECLINED: the zone is full, NGX_ERROR: no live worker.
 * update: by the home; mode, flags, type, limits, participants.
 *     NGX_DECLINED: the key isn't valid or the caller isn't home.
 * close: by the home, when the room ends.
 * info: what the home published; NGX_OK or NGX_DECLINED.
 * list: copies up to n infos of listed public rooms, from *cursor on (start
 *     at 0); returns their number, 0 at the end.  all: every room.
 */

ngx_int_t ngx_rtc_room_find(ngx_str_t *id, ngx_rtc_room_ref_t *ref);
ngx_int_t ngx_rtc_room_open(ngx_str_t *id, ngx_rtc_room_ref_t *ref);
ngx_int_t ngx_rtc_room_update(uint64_t key, ngx_rtc_room_info_t *info);
ngx_int_t ngx_rtc_room_close(uint64_t key);
ngx_int_t ngx_rtc_room_info(ngx_str_t *id, ngx_rtc_room_info_t *info);
ngx_uint_t ngx_rtc_room_list(ngx_rtc_room_info_t *infos, ngx_uint_t n,
    ngx_uint_t *cursor, ngx_uint_t all);


/* participants: what must outlive the home */

#define NGX_RTC_ROLE_VIEWER       0
#define NGX_RTC_ROLE_PARTICIPANT  1
#define NGX_RTC_ROLE_HOST         2

typedef struct {
    u_char                id[24];      /* participant id, text, zero padded */
    u_char                user[NGX_RTC_ID_LEN];
    u_char                user_len;
    u_char                role;
    u_char                permissions; /* NGX_RTC_MAY_* */
    unsigned              identified:1;    /* by token or nginx variable */
    unsigned              mute_audio:1;
    unsigned              mute_video:1;
    time_t                expires;     /* token; 0: never */
    time_t                joined;
    u_char                resume_hash[32]; /* SHA-256 of the secret */
    ngx_rtc_ref_t         session_owner;
    uint64_t              session;
} ngx_rtc_member_t;

#define NGX_RTC_MAY_PUBLISH    0x01
#define NGX_RTC_MAY_SUBSCRIBE  0x02
#define NGX_RTC_MAY_MESSAGE    0x04
#define NGX_RTC_MAY_MODERATE   0x08

/* NGX_OK and *key, or NGX_DECLINED: the zone is full */
ngx_int_t ngx_rtc_member_add(uint64_t room, ngx_rtc_member_t *m,
    uint64_t *key);
ngx_int_t ngx_rtc_member_update(uint64_t key, ngx_rtc_member_t *m);
ngx_int_t ngx_rtc_member_remove(uint64_t key);

/* copies the members of a room, for its new home: up to n of them, from
 *cursor on (start at 0); keys has n places.  Returns their number, 0 at the
   end. */
ngx_uint_t ngx_rtc_member_list(uint64_t room, ngx_rtc_member_t *members,
    uint64_t *keys, ngx_uint_t n, uint64_t *cursor);


/*
 * Worker slots.  A slot's process is dead when its pid is; whoever finds
 * that reaps what the slot owned.
 */

ngx_uint_t ngx_rtc_ref_alive(ngx_rtc_ref_t *ref);

/* called in every worker, from the sweep, when another worker is gone:
   exited, or found dead within 200 ms.  Up to 8 handlers. */
typedef void (*ngx_rtc_gone_pt)(ngx_rtc_ref_t *ref);
ngx_int_t ngx_rtc_on_gone(ngx_rtc_gone_pt handler);

/* the number of UDP rtc listeners that this worker reads, told by the
   stream module: without any it is home of a room only if nobody has one */
void ngx_rtc_listeners(ngx_uint_t n);

/* load of this worker as seen by room_open; sums of small integers: a
   participant is 1, a transport 4, a subscription 1 */
void ngx_rtc_load(ngx_int_t delta);


/*
 * Remote addresses of media transports → the worker that serves them.  The
 * key is the remote address and port, and the local port it talks to.
 */

ngx_int_t ngx_rtc_addr_publish(struct sockaddr *remote, in_port_t local);
void ngx_rtc_addr_remove(struct sockaddr *remote, in_port_t local);
ngx_int_t ngx_rtc_addr_find(struct sockaddr *remote, in_port_t local,
    ngx_rtc_ref_t *ref);


/* sessions (signaling sockets), counted against max_sessions */

ngx_int_t ngx_rtc_session_count(ngx_int_t delta);   /* NGX_DECLINED: full */


#endif /* _NGX_RTC_DIRECTORY_H_INCLUDED_ */
