
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Inside of signal/, the room side: what its files share.  Nothing here is
 * for the negotiation or for another layer.
 */


#ifndef _NGX_RTC_SIGNAL_H_INCLUDED_
#define _NGX_RTC_SIGNAL_H_INCLUDED_


#include "ngx_rtc_json.h"
#include "ngx_rtc_message.h"
#include "ngx_rtc_room.h"
#include "ngx_rtc_schema.h"


#define NGX_RTC_SESSION_ID_LEN   24
#define NGX_RTC_RESUME_LEN       32    /* 128 bits in hexadecimal */

#define NGX_RTC_PROBE_TIMEOUT    3000  /* an earlier session's to answer */
#define NGX_RTC_TURN_TIMEOUT     10000 /* to serve all former p2p pairs */
#define NGX_RTC_TURN_QUIET       3000  /* then who shows nothing is served */

#define NGX_RTC_MAX_PENDING      128   /* unanswered requests of a session */
#define NGX_RTC_MAX_DEFERRED     64    /* ... of a participant, in its home */
#define NGX_RTC_MAX_WAITERS      8     /* joins that wait for a probe */
#define NGX_RTC_MAX_KICKED       1024  /* user ids that a room remembers */
#define NGX_RTC_MAX_METADATA     (384 * 1024)  /* of all members: what tells
                                                  of a room fits into the
                                                  queues to a client, twice */
#define NGX_RTC_MAX_GATHERED     (8 * 1024 * 1024)

#define NGX_RTC_CLOSE_POLICY     1008
#define NGX_RTC_CLOSE_INTERNAL   1011
#define NGX_RTC_CLOSE_RESTART    1012
#define NGX_RTC_CLOSE_OVERFLOW   1013


/* sends m over the mesh, in parts if its last string is long; as
   ngx_rtc_mesh_send() */

ngx_int_t ngx_rtc_signal_send(ngx_rtc_ref_t *to, ngx_uint_t type,
    ngx_rtc_message_t *m);


/* what an event is; also asked by sessions, for the names */

#define NGX_RTC_EVENT_LOCAL      0x01  /* served by the session itself */
#define NGX_RTC_EVENT_HOST       0x02  /* for those that may moderate */
#define NGX_RTC_EVENT_SFU        0x04  /* makes sense with transports only */

typedef ngx_uint_t (*ngx_rtc_event_pt)(ngx_rtc_request_t *r);

typedef struct {
    ngx_str_t                name;
    ngx_rtc_event_pt         handler;
    ngx_uint_t               flags;
    const ngx_rtc_field_t   *fields;
} ngx_rtc_event_t;

const ngx_rtc_event_t *ngx_rtc_event_find(ngx_str_t *name);


/* join-room's data */

typedef struct {
    ngx_str_t                room;
    ngx_str_t                user;         /* empty: none */
    ngx_str_t                resume;
    json_t                  *name;         /* borrowed; NULL: none */
    json_t                  *metadata;
    json_t                  *media_state;
    json_t                  *room_metadata;
    ngx_rtc_room_type_t     *type;
    ngx_int_t                role;         /* -1: none */
    ngx_uint_t               max_participants;     /* 0: none */
    unsigned                 style:1;
    unsigned                 sfu:1;
    unsigned                 auto_subscribe:1;
    unsigned                 is_public:1;
} ngx_rtc_join_t;

/* room and user: as nginx decided, or empty; style: the default */
ngx_uint_t ngx_rtc_join_parse(json_t *data, ngx_str_t *room, ngx_str_t *user,
    ngx_uint_t style, ngx_rtc_join_t *join, const char **message);

/* ngx_rtc_home.c: the tables of this worker's rooms and what sessions say */

ngx_int_t ngx_rtc_home_init(ngx_cycle_t *cycle);
void ngx_rtc_home_exit(void);

ngx_rtc_room_t *ngx_rtc_home_room(ngx_str_t *id);
void ngx_rtc_home_add(ngx_rtc_room_t *room);
ngx_rtc_participant_t *ngx_rtc_home_session(ngx_rtc_ref_t *owner,
    uint64_t session);
void ngx_rtc_home_link(ngx_rtc_participant_t *p);

/* what has been unlinked is freed when the event loop's turn is over:
   callers up the stack may still look at it */
void ngx_rtc_home_bury(ngx_rtc_participant_t *p);
void ngx_rtc_home_bury_room(ngx_rtc_room_t *room);

/* an answer of success: json is taken over, NULL is {} */
void ngx_rtc_home_answer(ngx_rtc_ref_t *to, uint64_t session,
    uint64_t request, ngx_uint_t flags, json_t *json);
void ngx_rtc_home_refuse(ngx_rtc_ref_t *to, uint64_t session,
    uint64_t request, ngx_uint_t flags, ngx_uint_t error,
    const char *message);
/* kinds without strings: PROBE, MOVED, LEFT */
ngx_int_t ngx_rtc_home_tell(ngx_rtc_ref_t *to, uint64_t session,
    uint64_t request, ngx_uint_t kind);
ngx_int_t ngx_rtc_home_close(ngx_rtc_ref_t *to, uint64_t session,
    ngx_uint_t code);


/* ngx_rtc_room.c */

ngx_rtc_room_t *ngx_rtc_room_create(ngx_str_t *id, uint64_t key,
    uint32_t epoch, ngx_rtc_join_t *join);
/* whoever is still in it is told room-closed; by: user id or NULL */
void ngx_rtc_room_end(ngx_rtc_room_t *room, ngx_str_t *by);
void ngx_rtc_room_free(ngx_rtc_room_t *room);
/* tells the directory: NGX_DECLINED: the room isn't ours */
ngx_int_t ngx_rtc_room_changed(ngx_rtc_room_t *room);
void ngx_rtc_room_schedule(ngx_rtc_room_t *room);
ngx_uint_t ngx_rtc_room_limit(ngx_rtc_room_type_t *type);


/* ngx_rtc_join.c */

void ngx_rtc_room_join(ngx_rtc_ref_t *from, ngx_rtc_message_t *m);

/* ngx_rtc_identity.c: joins that wait until an earlier session with their
   user id has answered a probe */

void ngx_rtc_identity_init(void);
void ngx_rtc_identity_wait(ngx_rtc_participant_t *p, ngx_rtc_ref_t *from,
    ngx_rtc_message_t *m);
void ngx_rtc_identity_alive(ngx_rtc_participant_t *p);
/* it can't answer: is replaced by the first who waits */
void ngx_rtc_identity_dead(ngx_rtc_participant_t *p);
/* the newcomer's session is gone */
void ngx_rtc_identity_gone(ngx_rtc_ref_t *from, uint64_t session);
/* refuses those who wait */
void ngx_rtc_identity_refuse(ngx_rtc_participant_t *p, ngx_uint_t error);
/* p has left: those who wait try again */
void ngx_rtc_identity_free(ngx_rtc_participant_t *p);


/* ngx_rtc_participant.c */

/* not in the room yet */
ngx_rtc_participant_t *ngx_rtc_participant_create(ngx_rtc_room_t *room,
    ngx_str_t *user, ngx_rtc_join_t *join);
void ngx_rtc_participant_free(ngx_rtc_participant_t *p);

/* NGX_DECLINED: the zone is full */
ngx_int_t ngx_rtc_participant_enter(ngx_rtc_participant_t *p);
void ngx_rtc_participant_leave(ngx_rtc_participant_t *p, const char *reason);
void ngx_rtc_participant_attach(ngx_rtc_participant_t *p,
    ngx_rtc_ref_t *owner, ngx_rtc_message_t *m);
void ngx_rtc_participant_lost(ngx_rtc_participant_t *p);
/* what was held goes out */
void ngx_rtc_participant_release(ngx_rtc_participant_t *p);
void ngx_rtc_participant_save(ngx_rtc_participant_t *p);
void ngx_rtc_participant_role(ngx_rtc_participant_t *p, ngx_uint_t role);
/* closes the socket of one that couldn't be told something */
ngx_uint_t ngx_rtc_participant_overflow(ngx_rtc_participant_t *p);
ngx_uint_t ngx_rtc_role_permissions(ngx_uint_t role);
/* is there space for metadata (or NULL) besides that of those but one */
ngx_uint_t ngx_rtc_room_metadata_fits(ngx_rtc_room_t *room,
    ngx_rtc_participant_t *except, json_t *metadata);
size_t ngx_rtc_metadata_len(json_t *metadata);

/* a room whose last host has gone gets another, if it may */
ngx_uint_t ngx_rtc_room_has_host(ngx_rtc_room_t *room);
void ngx_rtc_room_succession(ngx_rtc_room_t *room,
    ngx_rtc_participant_t *except);


/* ngx_rtc_event.c, ngx_rtc_moderation.c */

void ngx_rtc_event_handle(ngx_rtc_participant_t *p, ngx_rtc_message_t *m);
void ngx_rtc_event_drop(ngx_rtc_participant_t *p);
void ngx_rtc_event_media_state(ngx_rtc_participant_t *p, json_t *changes,
    ngx_rtc_participant_t *except);

ngx_uint_t ngx_rtc_event_mute(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_kick(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_set_role(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_lock_room(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_unlock_room(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_close_room(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_update_room(ngx_rtc_request_t *r);


/* ngx_rtc_mode.c */

/* does the room need the sfu with this one in it */
ngx_uint_t ngx_rtc_mode_needed(ngx_rtc_room_t *room,
    ngx_rtc_room_type_t *type, ngx_uint_t participants,
    ngx_uint_t role, ngx_uint_t asked);
/* members other than except are told and get transports; two steps, for
   what goes between them */
void ngx_rtc_mode_turn(ngx_rtc_room_t *room, ngx_rtc_participant_t *except);
void ngx_rtc_mode_start(ngx_rtc_room_t *room, ngx_rtc_participant_t *except);
void ngx_rtc_mode_check(ngx_rtc_room_t *room);
void ngx_rtc_mode_forget(ngx_rtc_participant_t *p);
/* msec until the next check; NGX_TIMER_INFINITE: none */
ngx_msec_t ngx_rtc_mode_timeout(ngx_rtc_room_t *room);

ngx_uint_t ngx_rtc_event_offer(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_answer(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_event_candidate(ngx_rtc_request_t *r);


/* ngx_rtc_signal_json.c */

json_t *ngx_rtc_json_participant(ngx_rtc_participant_t *p);
json_t *ngx_rtc_json_room(ngx_rtc_room_t *room, ngx_uint_t participants);
json_t *ngx_rtc_json_error(ngx_uint_t error, const char *message);
json_t *ngx_rtc_json_ice_servers(ngx_str_t *user);
json_t *ngx_rtc_json_rooms(void);
json_t *ngx_rtc_json_string(ngx_str_t *s);
json_t *ngx_rtc_json_user(ngx_rtc_participant_t *p);   /* {userId} */
const char *ngx_rtc_role_name(ngx_uint_t role);
const char *ngx_rtc_mode_name(ngx_uint_t mode);
ngx_int_t ngx_rtc_role_number(ngx_str_t *name);        /* -1: none such */

/* as ngx_rtc_json_dump(), but json may be NULL, and then or without memory
   text->data is */
void ngx_rtc_signal_dump(json_t *json, ngx_str_t *text);

/* SHA-256 of a resume secret */
ngx_int_t ngx_rtc_resume_hash(u_char *hash, ngx_str_t *secret);
/* makes a new one for p and writes it, NGX_RTC_RESUME_LEN characters */
ngx_int_t ngx_rtc_resume_make(ngx_rtc_participant_t *p, u_char *secret);


#endif /* _NGX_RTC_SIGNAL_H_INCLUDED_ */
