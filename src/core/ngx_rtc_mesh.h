
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The mesh: messages between workers of all generations, in shared-memory
 * mailboxes with an eventfd each.  A message to this very worker takes the
 * same road without the memory: it is delivered by a posted event, never
 * inside of the call, so that no caller is ever re-entered.
 */


#ifndef _NGX_RTC_MESH_H_INCLUDED_
#define _NGX_RTC_MESH_H_INCLUDED_


#include "ngx_rtc.h"


/* message types; the number is on the wire between generations, so a type
   keeps its number */

#define NGX_RTC_MESH_TO_HOME      1    /* session → home of its room */
#define NGX_RTC_MESH_TO_SESSION   2    /* home → session */
#define NGX_RTC_MESH_DATAGRAM     3    /* reader → home of the transport */
#define NGX_RTC_MESH_CACHE        4    /* home → reader: no such transport */
#define NGX_RTC_MESH_TYPES        16

#define NGX_RTC_MESH_MAX          (256 * 1024)  /* bytes of one message */


/* p is only valid during the call; len is exact */

typedef void (*ngx_rtc_mesh_pt)(ngx_rtc_ref_t *from, u_char *p, size_t len);

/* in the init_process of the layer that owns the type */
ngx_int_t ngx_rtc_mesh_handler(ngx_uint_t type, ngx_rtc_mesh_pt handler);

/*
 * The message is the concatenation of n parts.
 *
 * send: for signaling.  Order is kept per pair of workers.  When the
 *     mailbox is full the message waits in a bounded queue of this worker.
 *     NGX_OK: sent or waiting; NGX_DECLINED: that worker is gone;
 *     NGX_ERROR: the queue is full or no memory, the message is lost: the
 *     caller ends the session it belongs to.
 * post: for media.  NGX_OK, or NGX_DECLINED when it was dropped (counted).
 *     The wakeup is coalesced until ngx_rtc_mesh_flush() or the end of the
 *     event loop turn.
 */

ngx_int_t ngx_rtc_mesh_send(ngx_rtc_ref_t *to, ngx_uint_t type,
    ngx_str_t *parts, ngx_uint_t n);
ngx_int_t ngx_rtc_mesh_post(ngx_rtc_ref_t *to, ngx_uint_t type,
    ngx_str_t *parts, ngx_uint_t n);
void ngx_rtc_mesh_flush(void);


#endif /* _NGX_RTC_MESH_H_INCLUDED_ */
