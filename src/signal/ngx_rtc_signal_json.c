
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the server says, as JSON: Participant, Room, Track, errors, ICE
 * servers; and the secrets that go along with it.  Takes no decisions.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_signal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>


#define NGX_RTC_LIST_ROOMS     32      /* infos copied at a time */


static json_t *ngx_rtc_json_ice_server(ngx_rtc_ice_server_t *server,
    ngx_str_t *user);
static json_t *ngx_rtc_json_track_layers(ngx_rtc_publication_t *pub);
static const char *ngx_rtc_json_codec(ngx_uint_t codec);


static struct {
    const char  *code;
    const char  *message;
} ngx_rtc_errors[] = {
    { "ok", "" },
    { "bad-request", "the request is malformed" },
    { "unknown-event", "there is no such event" },
    { "unauthorized", "a valid token is needed" },
    { "forbidden", "not allowed" },
    { "not-in-room", "join a room first" },
    { "already-joined", "this session is in a room already" },
    { "room-full", "the room is full" },
    { "room-locked", "the room is locked" },
    { "room-not-found", "there is no such room" },
    { "user-id-taken", "the user id is in use in this room" },
    { "no-such-user", "there is no such user in the room" },
    { "no-such-track", "there is no such track in the room" },
    { "no-such-transport", "there is no such transport" },
    { "wrong-mode", "not in the room's mode" },
    { "bad-sdp", "the session description can't be used" },
    { "codec-unsupported", "no codec in common" },
    { "resume-failed", "there is no such session to resume" },
    { "too-many", "a limit is reached" },
    { "draining", "the server is about to exit, try again" },
    { "room-moved", "the room is moving, try again" },
    { "sfu-unavailable", "this server carries no media" },
    { "internal", "internal error" }
};


const char *
ngx_rtc_error_code(ngx_uint_t e)
{
    if (e >= sizeof(ngx_rtc_errors) / sizeof(ngx_rtc_errors[0])) {
        e = NGX_RTC_E_INTERNAL;
    }

    return ngx_rtc_errors[e].code;
}


json_t *
ngx_rtc_json_error(ngx_uint_t error, const char *message)
{
    if (error >= sizeof(ngx_rtc_errors) / sizeof(ngx_rtc_errors[0])) {
        error = NGX_RTC_E_INTERNAL;
    }

    if (message == NULL) {
        message = ngx_rtc_errors[error].message;
    }

    return json_pack("{s:s, s:s}", "code", ngx_rtc_errors[error].code,
                     "message", message);
}


json_t *
ngx_rtc_json_string(ngx_str_t *s)
{
    return json_stringn((char *) s->data, s->len);
}


json_t *
ngx_rtc_json_user(ngx_rtc_participant_t *p)
{
    return json_pack("{s:o}", "userId", ngx_rtc_json_string(&p->user));
}


const char *
ngx_rtc_role_name(ngx_uint_t role)
{
    switch (role) {

    case NGX_RTC_ROLE_HOST:
        return "host";

    case NGX_RTC_ROLE_PARTICIPANT:
        return "participant";

    default:
        return "viewer";
    }
}


ngx_int_t
ngx_rtc_role_number(ngx_str_t *name)
{
    if (name->len == 4 && ngx_strncmp(name->data, "host", 4) == 0) {
        return NGX_RTC_ROLE_HOST;
    }

    if (name->len == 11 && ngx_strncmp(name->data, "participant", 11) == 0) {
        return NGX_RTC_ROLE_PARTICIPANT;
    }

    if (name->len == 6 && ngx_strncmp(name->data, "viewer", 6) == 0) {
        return NGX_RTC_ROLE_VIEWER;
    }

    return -1;
}


const char *
ngx_rtc_mode_name(ngx_uint_t mode)
{
    return (mode == NGX_RTC_MODE_SFU) ? "sfu" : "p2p";
}


json_t *
ngx_rtc_json_participant(ngx_rtc_participant_t *p)
{
    json_t                 *json, *tracks;
    struct tm               tm;
    ngx_queue_t            *q;
    char                    joined[sizeof("2026-01-01T00:00:00Z")];
    ngx_rtc_publication_t  *pub;

    (void) gmtime_r(&p->joined, &tm);
    (void) strftime(joined, sizeof(joined), "%Y-%m-%dT%H:%M:%SZ", &tm);

    tracks = json_array();

    for (q = ngx_queue_head(&p->publications);
         q != ngx_queue_sentinel(&p->publications);
         q = ngx_queue_next(q))
    {
        pub = ngx_queue_data(q, ngx_rtc_publication_t, own);
        json_array_append_new(tracks, ngx_rtc_publication_json(pub));
    }

    json = json_pack("{s:s, s:o, s:s, s:O, s:s, s:o}",
                     "id", p->id,
                     "userId", ngx_rtc_json_string(&p->user),
                     "role", ngx_rtc_role_name(p->role),
                     "mediaState", p->media_state,
                     "joinedAt", joined,
                     "tracks", tracks);

    if (json && p->name) {
        json_object_set(json, "name", p->name);
    }

    if (json && p->metadata) {
        json_object_set(json, "metadata", p->metadata);
    }

    return json;
}


json_t *
ngx_rtc_json_room(ngx_rtc_room_t *room, ngx_uint_t participants)
{
    json_t                 *json, *list;
    ngx_queue_t            *q;
    ngx_rtc_participant_t  *p;

    json = json_pack("{s:o, s:o, s:s, s:b, s:I, s:b, s:O?}",
                     "id", ngx_rtc_json_string(&room->id),
                     "type", ngx_rtc_json_string(&room->type->name),
                     "mode", ngx_rtc_mode_name(room->mode),
                     "isPublic", room->is_public,
                     "maxParticipants", (json_int_t) room->max_participants,
                     "locked", room->locked,
                     "metadata", room->metadata);

    if (json == NULL || !participants) {
        return json;
    }

    list = json_array();

    for (q = ngx_queue_head(&room->participants);
         q != ngx_queue_sentinel(&room->participants);
         q = ngx_queue_next(q))
    {
        p = ngx_queue_data(q, ngx_rtc_participant_t, queue);
        json_array_append_new(list, ngx_rtc_json_participant(p));
    }

    json_object_set_new(json, "participants", list);

    return json;
}


json_t *
ngx_rtc_publication_json(ngx_rtc_publication_t *pub)
{
    json_t  *json, *layers;

    json = json_pack("{s:s, s:o, s:s, s:s, s:s, s:b, s:b}",
                     "id", pub->id,
                     "userId", ngx_rtc_json_string(&pub->participant->user),
                     "kind", pub->kind == NGX_RTC_KIND_AUDIO ? "audio"
                                                             : "video",
                     "source", pub->source,
                     "codec", ngx_rtc_json_codec(pub->codec),
                     "simulcast", pub->nrid > 1,
                     "muted", pub->muted || pub->locked);

    if (json && pub->nrid > 1) {
        layers = ngx_rtc_json_track_layers(pub);
        json_object_set_new(json, "layers", layers);
    }

    return json;
}


static json_t *
ngx_rtc_json_track_layers(ngx_rtc_publication_t *pub)
{
    json_t      *layers;
    ngx_uint_t   i;

    layers = json_array();

    for (i = 0; i < pub->nrid && i < NGX_RTC_MAX_LAYERS; i++) {
        json_array_append_new(layers,
                              json_pack("{s:s, s:b}", "rid", pub->rid[i],
                                        "active", 1));
    }

    return layers;
}


static const char *
ngx_rtc_json_codec(ngx_uint_t codec)
{
    switch (codec) {

    case NGX_RTC_CODEC_OPUS:
        return "opus";

    case NGX_RTC_CODEC_RED:
        return "red";

    case NGX_RTC_CODEC_VP8:
        return "vp8";

    case NGX_RTC_CODEC_VP9:
        return "vp9";

    case NGX_RTC_CODEC_H264:
        return "h264";

    case NGX_RTC_CODEC_AV1:
        return "av1";

    default:
        return "";
    }
}


/*
 * RTCIceServer objects.  Those with a secret get credentials of the TURN
 * REST API (draft-uberti-behave-turn-rest-00): the time at which they
 * expire and the user, signed.
 */

json_t *
ngx_rtc_json_ice_servers(ngx_str_t *user)
{
    json_t                *list;
    ngx_uint_t             i;
    ngx_rtc_ice_server_t  *server;

    list = json_array();

    if (ngx_rtc_conf->ice_servers == NULL) {
        return list;
    }

    server = ngx_rtc_conf->ice_servers->elts;

    for (i = 0; i < ngx_rtc_conf->ice_servers->nelts; i++) {
        json_array_append_new(list, ngx_rtc_json_ice_server(&server[i],
                                                            user));
    }

    return list;
}


static json_t *
ngx_rtc_json_ice_server(ngx_rtc_ice_server_t *server, ngx_str_t *user)
{
    u_char      *p;
    ngx_str_t    digest, credential, username;
    unsigned     len;
    u_char       name[NGX_TIME_T_LEN + 1 + NGX_RTC_ID_LEN];
    u_char       base64[ngx_base64_encoded_length(EVP_MAX_MD_SIZE)];
    u_char       md[EVP_MAX_MD_SIZE];

    if (server->secret.len == 0) {
        return json_pack("{s:o}", "urls", ngx_rtc_json_string(&server->url));
    }

    p = ngx_sprintf(name, "%T:%V", ngx_time() + server->ttl, user);

    username.data = name;
    username.len = p - name;

    if (HMAC(EVP_sha1(), server->secret.data, (int) server->secret.len,
             username.data, username.len, md, &len)
        == NULL)
    {
        return NULL;
    }

    digest.data = md;
    digest.len = len;

    credential.data = base64;
    ngx_encode_base64(&credential, &digest);

    return json_pack("{s:o, s:o, s:o}",
                     "urls", ngx_rtc_json_string(&server->url),
                     "username", ngx_rtc_json_string(&username),
                     "credential", ngx_rtc_json_string(&credential));
}


/* the public rooms of all workers, from the directory */

json_t *
ngx_rtc_json_rooms(void)
{
    json_t                *list, *room;
    ngx_uint_t             cursor, i, n;
    ngx_rtc_room_info_t   *info;
    ngx_rtc_room_info_t    infos[NGX_RTC_LIST_ROOMS];

    list = json_array();
    cursor = 0;

    for ( ;; ) {

        n = ngx_rtc_room_list(infos, NGX_RTC_LIST_ROOMS, &cursor, 0);

        if (n == 0) {
            return list;
        }

        for (i = 0; i < n; i++) {
            info = &infos[i];

            room = json_pack("{s:s%, s:s%, s:s, s:b, s:I, s:b, s:I}",
                             "id", info->id, (size_t) info->id_len,
                             "type", info->type, (size_t) info->type_len,
                             "mode", ngx_rtc_mode_name(info->mode),
                             "isPublic", 1,
                             "maxParticipants",
                             (json_int_t) info->max_participants,
                             "locked", info->locked,
                             "participants",
                             (json_int_t) info->participants);

            json_array_append_new(list, room);
        }
    }
}


void
ngx_rtc_signal_dump(json_t *json, ngx_str_t *text)
{
    ngx_str_null(text);

    if (json) {
        (void) ngx_rtc_json_dump(json, text);
    }
}


ngx_int_t
ngx_rtc_resume_hash(u_char *hash, ngx_str_t *secret)
{
    unsigned  len;

    return EVP_Digest(secret->data, secret->len, hash, &len, EVP_sha256(),
                      NULL)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_rtc_resume_make(ngx_rtc_participant_t *p, u_char *secret)
{
    u_char     random[NGX_RTC_RESUME_LEN / 2];
    ngx_str_t  text;

    if (ngx_rtc_random(random, sizeof(random)) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(secret, random, sizeof(random));

    text.data = secret;
    text.len = NGX_RTC_RESUME_LEN;

    return ngx_rtc_resume_hash(p->resume_hash, &text);
}
