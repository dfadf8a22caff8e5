
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Inside of signal/: what a session is, for the two files that make it:
 * ngx_rtc_session.c (its client) and ngx_rtc_session_home.c (its room).
 */


#ifndef _NGX_RTC_SESSION_HOME_H_INCLUDED_
#define _NGX_RTC_SESSION_HOME_H_INCLUDED_


#include "ngx_rtc_signal.h"


typedef enum {
    NGX_RTC_SESSION_FREE = 0,          /* in no room */
    NGX_RTC_SESSION_JOINING,
    NGX_RTC_SESSION_JOINED
} ngx_rtc_session_state_e;


typedef struct {
    ngx_uint_t               has_id;
    uint64_t                 id;
} ngx_rtc_request_id_t;


/* a request that went to the home and isn't answered yet */

typedef struct {
    ngx_queue_t              queue;
    uint64_t                 request;
    uint64_t                 id;
} ngx_rtc_pending_t;


struct ngx_rtc_session_s {
    ngx_rbtree_node_t        node;         /* key: its number */
    ngx_queue_t              queue;

    const ngx_rtc_session_end_pt  *pt;
    void                    *end;
    ngx_log_t               *log;

    /* as nginx decided; behind the structure */
    ngx_str_t                conf_room;
    ngx_str_t                conf_user;
    ngx_str_t                conf_role;
    ngx_str_t                remote_addr;
    ngx_str_t                local_addr;
    ngx_uint_t               create;
    ngx_uint_t               style;

    ngx_uint_t               state;        /* NGX_RTC_SESSION_* */
    unsigned                 closing:1;
    unsigned                 probing:1;

    ngx_str_t                id;
    ngx_str_t                room;
    ngx_str_t                user;
    ngx_str_t                role;
    u_char                   id_data[NGX_RTC_SESSION_ID_LEN];
    u_char                   room_data[NGX_RTC_ID_LEN];
    u_char                   user_data[NGX_RTC_ID_LEN];
    u_char                   role_data[16];

    /* its room's home, while joining and joined */
    ngx_rtc_ref_t            home;
    uint64_t                 key;
    uint32_t                 epoch;

    /* the join that waits for its answer */
    ngx_str_t                join_text;    /* malloc'ed */
    ngx_rtc_request_id_t     join_id;
    ngx_uint_t               join_tries;
    uint64_t                 join_request;
    unsigned                 join_resume:1;

    uint64_t                 request;      /* the last one's number */
    ngx_queue_t              pending;      /* ngx_rtc_pending_t */
    ngx_uint_t               npending;

    u_char                  *gathered;     /* of a long message */
    size_t                   gathered_len;
    size_t                   gathered_size;

    ngx_int_t                messages;     /* buckets: 1/1000 messages */
    ngx_int_t                bytes;
    ngx_msec_t               seen;
};


extern ngx_queue_t  ngx_rtc_session_list;


/* ngx_rtc_session.c */

ngx_rtc_session_t *ngx_rtc_session_find(uint64_t number);
void ngx_rtc_session_close(ngx_rtc_session_t *s, ngx_uint_t code,
    const char *reason);
void ngx_rtc_session_answer(ngx_rtc_session_t *s, ngx_rtc_request_id_t *id,
    json_t *data);
void ngx_rtc_session_fail(ngx_rtc_session_t *s, ngx_str_t *event,
    ngx_rtc_request_id_t *id, ngx_uint_t error, const char *message);
void ngx_rtc_session_leave_worker(ngx_rtc_session_t *s);


/* ngx_rtc_session_home.c */

ngx_int_t ngx_rtc_session_home_init(void);
void ngx_rtc_session_home_end(ngx_rtc_session_t *s);
void ngx_rtc_session_join(ngx_rtc_session_t *s, json_t *data,
    ngx_rtc_request_id_t *id);
void ngx_rtc_session_forward(ngx_rtc_session_t *s, ngx_str_t *name,
    json_t *data, ngx_rtc_request_id_t *id);


#endif /* _NGX_RTC_SESSION_HOME_H_INCLUDED_ */
