
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The messages between a session and the home of its room, as they cross
 * the mesh: a header and up to ten strings.  Format only: who sends what
 * when is in ngx_rtc_session.c and ngx_rtc_home.c.
 */


#ifndef _NGX_RTC_MESSAGE_H_INCLUDED_
#define _NGX_RTC_MESSAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_MSG_VERSION     1

#define NGX_RTC_MSG_STRINGS     10

/* version, kind, flags, count; code, epoch; session, request, key; lengths */
#define NGX_RTC_MSG_FIXED       (4 + 4 + 4 + 3 * 8)
#define NGX_RTC_MSG_HEADER      (NGX_RTC_MSG_FIXED + NGX_RTC_MSG_STRINGS * 4)


/*
 * Numbers are on the wire between generations of workers: they never change
 * their meaning.
 */

/* session → home */

#define NGX_RTC_MSG_JOIN        1      /* strings: NGX_RTC_JOIN_* */
#define NGX_RTC_MSG_EVENT       2      /* name, data */
#define NGX_RTC_MSG_GONE        3      /* the socket is gone */
#define NGX_RTC_MSG_ALIVE       4      /* answers a probe */

/* home → session */

#define NGX_RTC_MSG_ANSWER      16     /* data, and of a join: user, role */
#define NGX_RTC_MSG_DELIVER     17     /* name, data */
#define NGX_RTC_MSG_CLOSE       18     /* code: the socket's */
#define NGX_RTC_MSG_PROBE       19
#define NGX_RTC_MSG_MOVED       20     /* a join came to the wrong worker */
#define NGX_RTC_MSG_LEFT        21     /* the session is in no room now */
#define NGX_RTC_MSG_PART        22     /* data: goes before the data of the
                                          next message of another kind */

#define NGX_RTC_MSG_FAILED      0x01   /* the answer is an error */
#define NGX_RTC_MSG_JOINED      0x02   /* the answer of a join */
#define NGX_RTC_MSG_DETACH      0x04   /* and the session is in no room now */
#define NGX_RTC_MSG_MAY_CREATE  0x08   /* the join may make the room */
#define NGX_RTC_MSG_PER_USER    0x10   /* the framing's default style */

enum {
    NGX_RTC_JOIN_ROOM = 0,
    NGX_RTC_JOIN_USER,                 /* as nginx decided, or empty */
    NGX_RTC_JOIN_ROLE,
    NGX_RTC_JOIN_REMOTE,
    NGX_RTC_JOIN_LOCAL,
    NGX_RTC_JOIN_SESSION,              /* public id */
    NGX_RTC_JOIN_DATA,
    NGX_RTC_JOIN_STRINGS
};


typedef struct {
    ngx_uint_t              kind;
    ngx_uint_t              flags;
    uint32_t                code;
    uint32_t                epoch;
    uint64_t                session;   /* its number in its worker */
    uint64_t                request;   /* 0: wants no answer */
    uint64_t                key;       /* of the room, in the directory */
    ngx_uint_t              n;
    ngx_str_t               str[NGX_RTC_MSG_STRINGS];
} ngx_rtc_message_t;


/* fills the header, NGX_RTC_MSG_HEADER bytes at most, and returns its end;
   the strings follow it on the wire, one after the other */

u_char *ngx_rtc_message_write(u_char *p, ngx_rtc_message_t *m);

/*
 * NGX_OK, or NGX_ERROR for what isn't a message of this version, is cut off
 * or lacks a string that its kind has.  The strings point into p..end.
 */

ngx_int_t ngx_rtc_message_read(ngx_rtc_message_t *m, u_char *p, u_char *end);


#endif /* _NGX_RTC_MESSAGE_H_INCLUDED_ */
