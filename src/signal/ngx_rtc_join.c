
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * join-room: what its data must be, who is let in and as what, and the
 * resumption of a session whose socket was lost.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_negotiation.h"
#include "ngx_rtc_transport.h"

#include <openssl/crypto.h>


#define NGX_RTC_USER_ID_LEN    16      /* of one that the server makes up */


/* what is found out of a join before anything is changed */

typedef struct {
    ngx_rtc_ref_t           *from;
    ngx_rtc_message_t       *message;
    ngx_rtc_room_t          *room;     /* NULL: to be made */
    ngx_rtc_join_t           join;
    ngx_str_t                user;
    ngx_rtc_participant_t   *earlier;  /* to be replaced */
    ngx_uint_t               role;
    unsigned                 identified:1;
    unsigned                 assigned:1;
    unsigned                 sfu:1;
    const char              *reason;
} ngx_rtc_joining_t;


static ngx_uint_t ngx_rtc_join_resume(ngx_rtc_joining_t *j);
static ngx_uint_t ngx_rtc_join_check(ngx_rtc_joining_t *j);
static ngx_uint_t ngx_rtc_join_user(ngx_rtc_joining_t *j, u_char *buf);
static ngx_uint_t ngx_rtc_join_role(ngx_rtc_joining_t *j);
static ngx_uint_t ngx_rtc_join_enter(ngx_rtc_joining_t *j);
static void ngx_rtc_join_replace(ngx_rtc_joining_t *j,
    ngx_rtc_participant_t *p);
static void ngx_rtc_join_welcome(ngx_rtc_participant_t *p,
    ngx_rtc_message_t *m, u_char *secret, ngx_uint_t resumed);


static const ngx_rtc_field_t  ngx_rtc_join_fields[] = {
    { "roomId", NGX_RTC_FIELD_ID, 0, 0 },
    { "userId", NGX_RTC_FIELD_ID, 0, 0 },
    { "name", NGX_RTC_FIELD_TEXT, 0, NGX_RTC_NAME_LEN },
    { "mediaState", NGX_RTC_FIELD_MEDIA_STATE, 0, 0 },
    { "metadata", NGX_RTC_FIELD_METADATA, 0, 0 },
    { "role", NGX_RTC_FIELD_ROLE, 0, 0 },
    { "token", NGX_RTC_FIELD_STRING, 0, 0 },
    { "resume", NGX_RTC_FIELD_STRING, 0, 0 },
    { "style", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "mode", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "autoSubscribe", NGX_RTC_FIELD_BOOL, 0, 0 },
    { "type", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "maxParticipants", NGX_RTC_FIELD_INT, 0, 0 },
    { "isPublic", NGX_RTC_FIELD_BOOL, 0, 0 },
    { "roomMetadata", NGX_RTC_FIELD_METADATA, 0, 0 },
    { NULL, 0, 0, 0 }
};


/*
 * Reads and checks the data of a join-room, in the session's worker and
 * again in the home.  What is in join points into data.
 */

ngx_uint_t
ngx_rtc_join_parse(json_t *data, ngx_str_t *room, ngx_str_t *user,
    ngx_uint_t style, ngx_rtc_join_t *join, const char **message)
{
    ngx_str_t   s;
    json_t     *value;

    ngx_memzero(join, sizeof(ngx_rtc_join_t));

    if (ngx_rtc_schema_check(ngx_rtc_join_fields, data,
                             ngx_rtc_conf->metadata_size, message)
        != NGX_OK)
    {
        return NGX_RTC_E_BAD_REQUEST;
    }

    (void) ngx_rtc_schema_str(data, "roomId", &join->room);
    (void) ngx_rtc_schema_str(data, "userId", &join->user);

    /* what nginx decided overrules the client */

    if (room->len) {
        if (room->len > NGX_RTC_ID_LEN
            || !ngx_rtc_utf8_text(room->data, room->len))
        {
            *message = "the room that the server chose has an invalid id";
            return NGX_RTC_E_BAD_REQUEST;
        }

        join->room = *room;
    }

    if (user->len) {
        if (!ngx_rtc_schema_id(user->data, user->len)) {
            *message = "the user that the server chose has an invalid id";
            return NGX_RTC_E_BAD_REQUEST;
        }

        join->user = *user;
    }

    if (join->room.len == 0) {
        *message = "roomId is missing";
        return NGX_RTC_E_BAD_REQUEST;
    }

    join->style = style;

    if (ngx_rtc_schema_str(data, "style", &s)) {

        if (s.len == 6 && ngx_strncmp(s.data, "native", 6) == 0) {
            join->style = NGX_RTC_STYLE_NATIVE;

        } else if (s.len == 8 && ngx_strncmp(s.data, "per-user", 8) == 0) {
            join->style = NGX_RTC_STYLE_PER_USER;

        } else {
            *message = "style must be native or per-user";
            return NGX_RTC_E_BAD_REQUEST;
        }
    }

    if (join->style == NGX_RTC_STYLE_PER_USER) {
        *message = "style per-user is not available";
        return NGX_RTC_E_BAD_REQUEST;
    }

    if (ngx_rtc_schema_str(data, "mode", &s)) {

        if (s.len == 3 && ngx_strncmp(s.data, "sfu", 3) == 0) {
            join->sfu = 1;

        } else if (s.len != 3 || ngx_strncmp(s.data, "p2p", 3) != 0) {
            *message = "mode must be p2p or sfu";
            return NGX_RTC_E_BAD_REQUEST;
        }
    }

    if (ngx_rtc_schema_str(data, "type", &s)) {
        join->type = ngx_rtc_room_type(ngx_rtc_conf, &s);

        if (join->type == NULL || s.len == 0) {
            *message = "there is no such type of rooms";
            return NGX_RTC_E_BAD_REQUEST;
        }
    }

    join->role = ngx_rtc_schema_str(data, "role", &s)
                 ? ngx_rtc_role_number(&s) : -1;

    if (ngx_rtc_schema_str(data, "resume", &join->resume)
        && join->resume.len == 0)
    {
        *message = "resume is empty";
        return NGX_RTC_E_BAD_REQUEST;
    }

    join->name = ngx_rtc_schema_get(data, "name");
    join->metadata = ngx_rtc_schema_get(data, "metadata");
    join->media_state = ngx_rtc_schema_get(data, "mediaState");
    join->room_metadata = ngx_rtc_schema_get(data, "roomMetadata");

    value = ngx_rtc_schema_get(data, "autoSubscribe");
    join->auto_subscribe = (value == NULL || json_is_true(value));

    join->is_public = json_is_true(json_object_get(data, "isPublic"));

    join->max_participants = json_integer_value(
                                  json_object_get(data, "maxParticipants"));

    return NGX_RTC_E_OK;
}


/* a join that a session sent, or that had to wait for a probe */

void
ngx_rtc_room_join(ngx_rtc_ref_t *from, ngx_rtc_message_t *m)
{
    json_t             *data;
    ngx_str_t          *str;
    ngx_uint_t          rc;
    ngx_rtc_joining_t   j;
    u_char              user[NGX_RTC_USER_ID_LEN];

    str = m->str;

    ngx_memzero(&j, sizeof(ngx_rtc_joining_t));

    j.from = from;
    j.message = m;
    j.room = ngx_rtc_home_room(&str[NGX_RTC_JOIN_ROOM]);

    data = ngx_rtc_json_parse(str[NGX_RTC_JOIN_DATA].data,
                              str[NGX_RTC_JOIN_DATA].len,
                              NGX_RTC_JSON_DEPTH, NGX_RTC_JSON_VALUES);

    if (ngx_rtc_home_session(from, m->session)) {
        rc = NGX_RTC_E_ALREADY_JOINED;
        goto done;
    }

    rc = ngx_rtc_join_parse(data, &str[NGX_RTC_JOIN_ROOM],
                            &str[NGX_RTC_JOIN_USER],
                            (m->flags & NGX_RTC_MSG_PER_USER)
                            ? NGX_RTC_STYLE_PER_USER : NGX_RTC_STYLE_NATIVE,
                            &j.join, &j.reason);

    if (rc != NGX_RTC_E_OK) {
        goto done;
    }

    if (j.join.resume.len) {
        rc = ngx_rtc_join_resume(&j);
        goto done;
    }

    if (j.room == NULL && !(m->flags & NGX_RTC_MSG_MAY_CREATE)) {
        rc = NGX_RTC_E_ROOM_NOT_FOUND;
        goto done;
    }

    rc = ngx_rtc_join_user(&j, user);

    if (rc == NGX_RTC_E_OK) {
        rc = ngx_rtc_join_check(&j);
    }

    if (rc == NGX_RTC_E_OK) {
        rc = ngx_rtc_join_enter(&j);
    }

done:

    json_decref(data);

    if (rc == NGX_RTC_E_OK || rc == NGX_RTC_E_DEFERRED) {
        return;
    }

    if (ngx_rtc_home_room(&str[NGX_RTC_JOIN_ROOM]) == NULL) {

        /* the record was made for this join */

        (void) ngx_rtc_room_close(m->key);
    }

    if (rc == NGX_RTC_E_ROOM_MOVED) {
        (void) ngx_rtc_home_tell(from, m->session, m->request,
                                 NGX_RTC_MSG_MOVED);
        return;
    }

    ngx_rtc_count(joins_refused);

    ngx_rtc_home_refuse(from, m->session, m->request, NGX_RTC_MSG_JOINED, rc,
                        j.reason);
}


static ngx_uint_t
ngx_rtc_join_resume(ngx_rtc_joining_t *j)
{
    json_t                 *data;
    ngx_str_t              *user;
    ngx_uint_t              lost;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;
    u_char                  hash[32];
    u_char                  secret[NGX_RTC_RESUME_LEN];

    if (j->room == NULL
        || ngx_rtc_resume_hash(hash, &j->join.resume) != NGX_OK)
    {
        return NGX_RTC_E_RESUME_FAILED;
    }

    p = NULL;

    for (q = ngx_queue_head(&j->room->participants);
         q != ngx_queue_sentinel(&j->room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);

        if (CRYPTO_memcmp(p->resume_hash, hash, sizeof(hash)) == 0) {
            break;
        }
    }

    if (q == ngx_queue_sentinel(&j->room->participants)) {
        return NGX_RTC_E_RESUME_FAILED;
    }

    /* where nginx says who it is, it must be the same one */

    user = &j->message->str[NGX_RTC_JOIN_USER];

    if (user->len
        && (user->len != p->user.len
            || ngx_memcmp(user->data, p->user.data, user->len) != 0))
    {
        return NGX_RTC_E_RESUME_FAILED;
    }

    if (ngx_rtc_resume_make(p, secret) != NGX_OK) {
        return NGX_RTC_E_INTERNAL;
    }

    lost = p->timer.timer_set;

    if (!lost || p->overflow) {

        /* quietly: the client itself has given up that socket */

        (void) ngx_rtc_home_close(&p->owner, p->session, 1000);
    }

    ngx_rtc_event_drop(p);
    ngx_rtc_identity_alive(p);

    ngx_rtc_participant_attach(p, j->from, j->message);
    ngx_rtc_participant_save(p);

    ngx_rtc_count(resumed);

    ngx_rtc_join_welcome(p, j->message, secret, 1);

    if (p->negotiation) {
        ngx_rtc_negotiation_resumed(p);
    }

    if (lost) {
        data = ngx_rtc_json_user(p);
        json_object_set_new(data, "state", json_string("back"));

        ngx_rtc_room_event(p->room, p, "user-connection", data);
    }

    return NGX_RTC_E_OK;
}


/* whom it wants to be, and whether somebody else is that already */

static ngx_uint_t
ngx_rtc_join_user(ngx_rtc_joining_t *j, u_char *buf)
{
    ngx_rtc_participant_t  *p;
    u_char                  key[NGX_RTC_ID_LEN + 1];

    j->identified = j->message->str[NGX_RTC_JOIN_USER].len != 0;

    if (j->join.user.len == 0) {

        j->user.data = buf;
        j->user.len = NGX_RTC_USER_ID_LEN;

        return ngx_rtc_random_id(buf, NGX_RTC_USER_ID_LEN) == NGX_OK
               ? NGX_RTC_E_OK : NGX_RTC_E_INTERNAL;
    }

    j->user = j->join.user;

    if (j->room == NULL) {
        return NGX_RTC_E_OK;
    }

    (void) ngx_cpystrn(key, j->user.data, j->user.len + 1);

    if (json_object_get(j->room->kicked, (char *) key)) {
        j->reason = "removed from this room by a host";
        return NGX_RTC_E_FORBIDDEN;
    }

    p = ngx_rtc_room_user(j->room, &j->user);

    if (p && p->identified && !j->identified) {
        return NGX_RTC_E_USER_ID_TAKEN;
    }

    j->earlier = p;

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_join_check(ngx_rtc_joining_t *j)
{
    ngx_uint_t              n, rc;
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *earlier;

    rc = ngx_rtc_join_role(j);

    if (rc != NGX_RTC_E_OK) {
        return rc;
    }

    room = j->room;
    earlier = j->earlier;
    n = 1;

    if (room) {

        /* whoever is in already, and proves it, and hosts by nginx' word */

        if (room->locked
            && !(earlier && j->identified)
            && !(j->assigned && j->role == NGX_RTC_ROLE_HOST))
        {
            return NGX_RTC_E_ROOM_LOCKED;
        }

        n = room->nparticipants + (earlier ? 0 : 1);

        if (n > room->max_participants) {
            return NGX_RTC_E_ROOM_FULL;
        }

        if (!ngx_rtc_room_metadata_fits(room, earlier, j->join.metadata)) {
            j->reason = "the metadata of the room's members are too large";
            return NGX_RTC_E_TOO_MANY;
        }
    }

    j->sfu = ngx_rtc_mode_needed(room, j->join.type, n, j->role, j->join.sfu);

    if (j->sfu && !ngx_rtc_net_ready()) {
        return NGX_RTC_E_SFU_UNAVAILABLE;
    }

    if (earlier && !j->identified && earlier->connected) {
        ngx_rtc_identity_wait(earlier, j->from, j->message);
        return NGX_RTC_E_DEFERRED;
    }

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_join_role(ngx_rtc_joining_t *j)
{
    ngx_int_t   role;
    ngx_str_t  *given;

    given = &j->message->str[NGX_RTC_JOIN_ROLE];

    if (given->len) {
        role = ngx_rtc_role_number(given);

        if (role < 0) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "unknown role \"%V\" in \"rtc_role\"", given);

            j->reason = "the server gave an unknown role";
            return NGX_RTC_E_FORBIDDEN;
        }

        j->assigned = 1;

    } else if (j->earlier && j->identified && j->earlier->identified) {

        /* the same person anew */

        role = j->earlier->max_role;

    } else if (j->room == NULL || (j->room->vacant && !j->room->assigned)) {
        role = NGX_RTC_ROLE_HOST;

    } else {
        role = NGX_RTC_ROLE_PARTICIPANT;
    }

    if (j->join.role >= 0 && j->join.role < role) {
        role = j->join.role;
    }

    j->role = role;

    return NGX_RTC_E_OK;
}


static ngx_uint_t
ngx_rtc_join_enter(ngx_rtc_joining_t *j)
{
    json_t                 *data;
    ngx_uint_t              rc, turns;
    ngx_rtc_room_t         *room;
    ngx_rtc_message_t      *m;
    ngx_rtc_participant_t  *p;
    u_char                  secret[NGX_RTC_RESUME_LEN];

    m = j->message;
    room = j->room;

    if (room == NULL) {
        room = ngx_rtc_room_create(&m->str[NGX_RTC_JOIN_ROOM], m->key,
                                   m->epoch, &j->join);
        if (room == NULL) {
            return NGX_RTC_E_INTERNAL;
        }

        if (ngx_rtc_room_changed(room) != NGX_OK) {
            ngx_rtc_room_end(room, NULL);
            return NGX_RTC_E_ROOM_MOVED;
        }
    }

    rc = NGX_RTC_E_INTERNAL;

    p = ngx_rtc_participant_create(room, &j->user, &j->join);
    if (p == NULL) {
        goto failed;
    }

    p->role = j->role;
    p->max_role = j->role;
    p->permissions = ngx_rtc_role_permissions(j->role);
    p->identified = j->identified;

    if (ngx_rtc_resume_make(p, secret) != NGX_OK) {
        ngx_rtc_participant_free(p);
        goto failed;
    }

    if (j->earlier) {
        ngx_rtc_join_replace(j, p);
    }

    ngx_rtc_participant_attach(p, j->from, m);

    p->hold = 1;

    if (ngx_rtc_participant_enter(p) != NGX_OK) {
        ngx_queue_remove(&p->link);
        ngx_rtc_participant_free(p);

        rc = NGX_RTC_E_TOO_MANY;
        j->reason = "the server has no place for more participants";
        goto failed;
    }

    turns = (j->sfu && room->mode == NGX_RTC_MODE_P2P);

    if (j->sfu) {
        room->mode = NGX_RTC_MODE_SFU;

        rc = ngx_rtc_negotiation_start(p);

        if (rc != NGX_RTC_E_OK) {

            if (turns) {
                room->mode = NGX_RTC_MODE_P2P;
            }

            /* nobody was told of it */

            p->leaving = 1;
            ngx_rtc_participant_leave(p, NULL);
            goto failed;
        }
    }

    if (j->assigned) {
        room->assigned = 1;
    }

    if (p->role == NGX_RTC_ROLE_HOST) {
        room->vacant = 0;

    } else if (j->room == NULL && p->role == NGX_RTC_ROLE_VIEWER) {

        /* a viewer is never host: the next one is */

        room->vacant = 1;
    }

    ngx_rtc_count(joins);

    ngx_log_error(NGX_LOG_INFO, room->log, 0,
                  "user \"%V\" joined room \"%V\" as %s", &p->user, &room->id,
                  ngx_rtc_role_name(p->role));

    ngx_rtc_join_welcome(p, m, secret, 0);

    if (turns) {
        ngx_rtc_mode_turn(room, p);
    }

    data = ngx_rtc_json_participant(p);

    ngx_rtc_room_event(room, p, "user-joined", data);

    if (turns) {
        ngx_rtc_mode_start(room, p);
    }

    (void) ngx_rtc_room_changed(room);

    if (j->earlier) {
        ngx_rtc_room_succession(room, NULL);
    }

    return NGX_RTC_E_OK;

failed:

    if (j->earlier) {
        ngx_rtc_room_succession(room, NULL);
    }

    if (j->room == NULL) {
        ngx_rtc_room_end(room, NULL);
    }

    return rc;
}


/* the earlier session of the same user goes */

static void
ngx_rtc_join_replace(ngx_rtc_joining_t *j, ngx_rtc_participant_t *p)
{
    ngx_rtc_room_t         *room;
    ngx_rtc_participant_t  *earlier;

    room = p->room;
    earlier = j->earlier;

    if (p->identified && earlier->identified) {
        p->mute_audio = earlier->mute_audio;
        p->mute_video = earlier->mute_video;
    }

    /* those that wait for it have lost against this one */

    ngx_rtc_identity_refuse(earlier, NGX_RTC_E_USER_ID_TAKEN);

    ngx_rtc_participant_event(earlier, "session-replaced", json_object());

    room->replacing = 1;

    ngx_rtc_participant_leave(earlier, "replaced");

    room->replacing = 0;
}


/* the answer, the room's state, and then what else there is to tell */

static void
ngx_rtc_join_welcome(ngx_rtc_participant_t *p, ngx_rtc_message_t *m,
    u_char *secret, ngx_uint_t resumed)
{
    json_t             *json, *session, *transports;
    ngx_str_t           text;
    const char         *role;
    ngx_rtc_message_t   answer;

    /* a later event can't overtake these two */

    p->hold = 0;

    session = json_pack("{s:o, s:s%, s:I}",
                        "id", ngx_rtc_json_string(
                                          &m->str[NGX_RTC_JOIN_SESSION]),
                        "resume", secret, (size_t) NGX_RTC_RESUME_LEN,
                        "timeout",
                        (json_int_t) ngx_rtc_conf->resume_timeout);

    json = json_pack("{s:o, s:o, s:o, s:o}",
                     "self", ngx_rtc_json_participant(p),
                     "room", ngx_rtc_json_room(p->room, 1),
                     "iceServers", ngx_rtc_json_ice_servers(&p->user),
                     "session", session);

    if (json && resumed) {
        transports = p->negotiation ? ngx_rtc_negotiation_transports(p)
                                    : json_array();

        json_object_set_new(json, "resumed", json_true());
        json_object_set_new(json, "transports", transports);
    }

    ngx_rtc_signal_dump(json, &text);
    json_decref(json);

    role = ngx_rtc_role_name(p->role);

    ngx_memzero(&answer, sizeof(ngx_rtc_message_t));

    answer.kind = NGX_RTC_MSG_ANSWER;
    answer.flags = NGX_RTC_MSG_JOINED;
    answer.session = m->session;
    answer.request = m->request;
    answer.key = p->room->key;
    answer.epoch = p->room->epoch;
    answer.n = 3;
    answer.str[0] = p->user;
    answer.str[1].data = (u_char *) role;
    answer.str[1].len = ngx_strlen(role);
    answer.str[2] = text;

    if (text.data == NULL
        || ngx_rtc_signal_send(&p->owner, NGX_RTC_MESH_TO_SESSION, &answer)
           == NGX_ERROR)
    {
        /* as with any event that got lost: it has to come again */

        p->connected = 0;
        p->overflow = 1;

        ngx_rtc_room_schedule(p->room);
    }

    ngx_free(text.data);

    ngx_rtc_participant_event(p, "room-state",
                              ngx_rtc_json_room(p->room, 1));

    ngx_rtc_participant_release(p);
}
