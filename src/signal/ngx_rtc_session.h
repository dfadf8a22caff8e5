
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A session: the end of signaling that lives in the worker of its socket.
 * The ends (WebSocket, later Socket.IO and WHIP) do the framing; this part
 * parses events, answers what needs no room, and carries the rest to the
 * room's home and back.  Room logic is not here but in the home (ngx_rtc_
 * room.h), which may be another worker.
 */


#ifndef _NGX_RTC_SESSION_H_INCLUDED_
#define _NGX_RTC_SESSION_H_INCLUDED_


#include "ngx_rtc.h"


typedef struct ngx_rtc_session_s  ngx_rtc_session_t;


/*
 * What an end gives.  All of them may be called from inside of
 * ngx_rtc_session_message() and from mesh events; the end must not call
 * ngx_rtc_session_end() from inside of them (it defers).  Texts are JSON,
 * valid during the call only.
 */

typedef struct {
    void   (*event)(void *end, ngx_str_t *name, ngx_str_t *data);
    void   (*answer)(void *end, uint64_t id, ngx_uint_t failed,
               ngx_str_t *data);      /* failed: data is {code, message} */
    void   (*close)(void *end, ngx_uint_t code, const char *reason);
    void   (*probe)(void *end);       /* ping; when the client answers:
                                         ngx_rtc_session_alive() */
} ngx_rtc_session_end_pt;


#define NGX_RTC_CREATE_ANY     0
#define NGX_RTC_CREATE_TOKEN   1
#define NGX_RTC_CREATE_API     2

#define NGX_RTC_STYLE_NATIVE   0
#define NGX_RTC_STYLE_PER_USER 1


/* what nginx says of a session; copied by ngx_rtc_session_start() */

typedef struct {
    ngx_str_t             room;        /* rtc_room, rtc_user, rtc_role: empty */
    ngx_str_t             user;        /* where nginx decided nothing */
    ngx_str_t             role;
    ngx_str_t             remote_addr; /* texts */
    ngx_str_t             local_addr;
    ngx_uint_t            create;
    ngx_uint_t            style;       /* the framing's default */
    ngx_log_t            *log;         /* the connection's */
} ngx_rtc_session_conf_t;


/* NULL: no memory, or max_sessions reached (*full = 1) */

ngx_rtc_session_t *ngx_rtc_session_start(const ngx_rtc_session_end_pt *pt,
    void *end, ngx_rtc_session_conf_t *conf, ngx_uint_t *full);


/*
 * One message of the plain framing: {"event", "data", "id"} in p..p+len.
 * ngx_rtc_session_message parses and checks it, and answers errors.
 * ngx_rtc_session_event is the same for ends that have their own envelope;
 * data is a JSON text or empty.
 */

void ngx_rtc_session_message(ngx_rtc_session_t *s, u_char *p, size_t len);
void ngx_rtc_session_event(ngx_rtc_session_t *s, ngx_str_t *name,
    ngx_str_t *data, ngx_uint_t has_id, uint64_t id);

/* a message that never got to be JSON: too large for the framing or so */
void ngx_rtc_session_bad(ngx_rtc_session_t *s, const char *why);

/* the client answered a probe, or anything else came */
void ngx_rtc_session_alive(ngx_rtc_session_t *s);

/*
 * The socket is gone; s is freed.  clean: the client closed it on purpose
 * (close code 1000 or 1001): its participant still lives on for
 * resume_timeout, a browser's reload looks the same.
 */

void ngx_rtc_session_end(ngx_rtc_session_t *s, ngx_uint_t clean);


/* for the http variables: what holds after a join; empty before it */

ngx_str_t *ngx_rtc_session_id(ngx_rtc_session_t *s);
ngx_str_t *ngx_rtc_session_room(ngx_rtc_session_t *s);
ngx_str_t *ngx_rtc_session_user(ngx_rtc_session_t *s);
ngx_str_t *ngx_rtc_session_role(ngx_rtc_session_t *s);


/* by the http module's init_process, after core's */
ngx_int_t ngx_rtc_signal_init(ngx_cycle_t *cycle);
void ngx_rtc_signal_exit(ngx_cycle_t *cycle);


#endif /* _NGX_RTC_SESSION_H_INCLUDED_ */
