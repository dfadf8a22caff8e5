
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Rooms and participants in their home worker: plain memory of one thread.
 * The room side (ngx_rtc_room.c, ngx_rtc_participant.c, ngx_rtc_event*.c)
 * knows who is there and who may what; the negotiation side (ngx_rtc_
 * negotiation.h) has transports, SDP and tracks.
 */


#ifndef _NGX_RTC_ROOM_H_INCLUDED_
#define _NGX_RTC_ROOM_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_directory.h"
#include "ngx_rtc_media.h"
#include "ngx_rtc_session.h"

#include <ngx_event.h>

#include <jansson.h>


typedef struct ngx_rtc_room_s          ngx_rtc_room_t;
typedef struct ngx_rtc_participant_s   ngx_rtc_participant_t;
typedef struct ngx_rtc_publication_s   ngx_rtc_publication_t;
typedef struct ngx_rtc_negotiation_s   ngx_rtc_negotiation_t;


/* the error codes of the wire contract */

typedef enum {
    NGX_RTC_E_OK = 0,
    NGX_RTC_E_BAD_REQUEST,
    NGX_RTC_E_UNKNOWN_EVENT,
    NGX_RTC_E_UNAUTHORIZED,
    NGX_RTC_E_FORBIDDEN,
    NGX_RTC_E_NOT_IN_ROOM,
    NGX_RTC_E_ALREADY_JOINED,
    NGX_RTC_E_ROOM_FULL,
    NGX_RTC_E_ROOM_LOCKED,
    NGX_RTC_E_ROOM_NOT_FOUND,
    NGX_RTC_E_USER_ID_TAKEN,
    NGX_RTC_E_NO_SUCH_USER,
    NGX_RTC_E_NO_SUCH_TRACK,
    NGX_RTC_E_NO_SUCH_TRANSPORT,
    NGX_RTC_E_WRONG_MODE,
    NGX_RTC_E_BAD_SDP,
    NGX_RTC_E_CODEC_UNSUPPORTED,
    NGX_RTC_E_RESUME_FAILED,
    NGX_RTC_E_TOO_MANY,
    NGX_RTC_E_DRAINING,
    NGX_RTC_E_ROOM_MOVED,
    NGX_RTC_E_SFU_UNAVAILABLE,
    NGX_RTC_E_INTERNAL,
    NGX_RTC_E_DEFERRED                 /* not an error: the answer is given
                                          later by ngx_rtc_request_answer() */
} ngx_rtc_error_e;

const char *ngx_rtc_error_code(ngx_uint_t e);


/* a request of a client while it is worked on */

typedef struct {
    ngx_rtc_participant_t  *participant;   /* NULL: join-room */
    json_t                 *data;          /* borrowed, an object */
    const char             *message;       /* of an error: says what to
                                              change; NULL: a default */
    json_t                 *answer;        /* of a success; taken over;
                                              NULL: {} */
    uint64_t                id;
    unsigned                has_id:1;
} ngx_rtc_request_t;


struct ngx_rtc_room_s {
    ngx_str_node_t          node;          /* of the home's rooms, by id */
    ngx_queue_t             queue;         /* all of them */
    u_char                  id_data[NGX_RTC_ID_LEN];
    ngx_str_t               id;
    ngx_rtc_room_type_t    *type;
    uint64_t                key;           /* in the directory */
    uint32_t                epoch;
    ngx_uint_t              mode;          /* NGX_RTC_MODE_* */
    unsigned                turning:1;     /* mode-changed complete:false is
                                              out, complete:true is not */
    unsigned                locked:1;
    unsigned                is_public:1;
    unsigned                closing:1;
    ngx_uint_t              max_participants;
    ngx_uint_t              p2p_max;
    json_t                 *metadata;
    ngx_queue_t             participants;  /* by joinedAt */
    ngx_uint_t              nparticipants;
    ngx_queue_t             publications;  /* all tracks of the room */
    ngx_event_t             timer;         /* not cancelable: keeps the
                                              worker while the room lives */
    ngx_msec_t              empty_since;
    json_t                 *kicked;        /* set of user ids */
    ngx_queue_t             pairs;         /* of the turn; ngx_rtc_mode.c */
    ngx_msec_t              turned;        /* when the turn began */
    unsigned                assigned:1;    /* nginx or tokens give roles: no
                                              one else becomes host */
    unsigned                replacing:1;   /* one goes for another to come */
    unsigned                vacant:1;      /* the last host left and nobody
                                              could follow */
    ngx_log_t              *log;
};


struct ngx_rtc_participant_s {
    ngx_queue_t             queue;         /* room->participants */
    ngx_rtc_room_t         *room;
    u_char                  id[25];        /* public participant id, zero
                                              terminated */
    u_char                  user_data[NGX_RTC_ID_LEN];
    ngx_str_t               user;
    json_t                 *name;          /* string or NULL */
    json_t                 *metadata;
    ngx_uint_t              role;          /* NGX_RTC_ROLE_* */
    ngx_uint_t              max_role;      /* what it may be at most */
    ngx_uint_t              permissions;   /* NGX_RTC_MAY_* */
    unsigned                identified:1;
    unsigned                connected:1;   /* its session is there */
    unsigned                auto_subscribe:1;
    unsigned                leaving:1;
    unsigned                mute_audio:1;  /* locked by a host */
    unsigned                mute_video:1;
    unsigned                style:1;       /* NGX_RTC_STYLE_* */
    json_t                 *media_state;   /* whole object */
    time_t                  joined;        /* wall clock */
    ngx_msec_t              joined_msec;
    time_t                  expires;
    uint64_t                key;           /* in the directory */

    ngx_rtc_ref_t           owner;         /* worker of its session */
    uint64_t                session;       /* its number there */
    ngx_str_t               local_addr;    /* where signaling arrived */
    ngx_str_t               remote_addr;
    u_char                  resume_hash[32];
    ngx_event_t             timer;         /* resume timeout and others */

    ngx_rtc_negotiation_t  *negotiation;   /* NULL while p2p only */
    ngx_queue_t             publications;  /* its tracks */

    /* of the room side only */

    ngx_queue_t             link;          /* by session */
    ngx_queue_t             held;          /* events that wait for an answer */
    ngx_queue_t             deferred;      /* requests answered later */
    ngx_uint_t              ndeferred;
    ngx_queue_t             waiters;       /* joins that want its user id */
    ngx_uint_t              nwaiters;
    ngx_event_t             probe;         /* its session is being pinged */
    size_t                  metadata_len;
    unsigned                hold:1;
    unsigned                overflow:1;    /* its session must be closed */
    u_char                  local_data[NGX_SOCKADDR_STRLEN];
    u_char                  remote_data[NGX_SOCKADDR_STRLEN];
};


/* a published track as the room knows it */

struct ngx_rtc_publication_s {
    ngx_queue_t             queue;         /* room->publications */
    ngx_queue_t             own;           /* participant->publications */
    ngx_rtc_participant_t  *participant;
    u_char                  id[25];        /* trackId, zero terminated */
    ngx_uint_t              kind;
    u_char                  source[32];    /* zero terminated */
    ngx_uint_t              codec;         /* first of the answer, then what
                                              really comes */
    ngx_rtc_track_t        *track;         /* media's; never NULL */
    u_char                  mid[NGX_RTC_MAX_MID + 1];
    ngx_uint_t              nrid;
    u_char                  rid[NGX_RTC_MAX_LAYERS][NGX_RTC_MAX_MID + 1];
    unsigned                muted:1;       /* by its owner's media-state */
    unsigned                locked:1;      /* muted by a host */
};


/*
 * The room side, for the negotiation.
 *
 * Every event reaches a client in the order of these calls.  data is taken
 * over (one reference).
 */

void ngx_rtc_participant_event(ngx_rtc_participant_t *p, const char *event,
    json_t *data);
void ngx_rtc_room_event(ngx_rtc_room_t *room, ngx_rtc_participant_t *except,
    const char *event, json_t *data);

/* answers a request that returned NGX_RTC_E_DEFERRED: error or answer */
void ngx_rtc_request_answer(ngx_rtc_participant_t *p, uint64_t id,
    ngx_uint_t error, const char *message, json_t *answer);

/* the negotiation has made or ended a publication (and has linked it into or
   out of both queues): the room tells all by track-published, track-
   unpublished; gone: it is freed after the call */
void ngx_rtc_room_published(ngx_rtc_publication_t *pub);
void ngx_rtc_room_unpublished(ngx_rtc_publication_t *pub);
json_t *ngx_rtc_publication_json(ngx_rtc_publication_t *pub);   /* Track */

/* may the participant publish this source: role, permissions */
ngx_uint_t ngx_rtc_may_publish(ngx_rtc_participant_t *p, ngx_str_t *source);

/* in a turn: media of "from" has been sent to "to" and acknowledged */
void ngx_rtc_room_served(ngx_rtc_room_t *room, ngx_rtc_participant_t *from,
    ngx_rtc_participant_t *to);

ngx_rtc_participant_t *ngx_rtc_room_user(ngx_rtc_room_t *room,
    ngx_str_t *user);


#endif /* _NGX_RTC_ROOM_H_INCLUDED_ */
