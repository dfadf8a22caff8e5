
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Inside of core: a queue of messages that wait for a mailbox to have room,
 * or for the end of the turn when they are for this very worker.
 */


#ifndef _NGX_RTC_MESH_QUEUE_H_INCLUDED_
#define _NGX_RTC_MESH_QUEUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_rtc_mesh_item_s  ngx_rtc_mesh_item_t;

struct ngx_rtc_mesh_item_s {
    ngx_rtc_mesh_item_t   *next;
    ngx_uint_t             type;
    uint32_t               message;
    size_t                 total;
    size_t                 sent;
    u_char                 data[1];
};


typedef struct {
    ngx_rtc_mesh_item_t   *first;
    ngx_rtc_mesh_item_t  **last;
    size_t                 size;
} ngx_rtc_mesh_queue_t;


/* NULL: no memory */
ngx_rtc_mesh_item_t *ngx_rtc_mesh_push(ngx_rtc_mesh_queue_t *queue,
    ngx_uint_t type, ngx_str_t *parts, ngx_uint_t n, size_t total);

/* frees the first one */
void ngx_rtc_mesh_pop(ngx_rtc_mesh_queue_t *queue);


#endif /* _NGX_RTC_MESH_QUEUE_H_INCLUDED_ */
