
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Messages of the mesh that wait in the memory of this worker.  How many
 * may wait is the mesh's to say.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_mesh_queue.h"


ngx_rtc_mesh_item_t *
ngx_rtc_mesh_push(ngx_rtc_mesh_queue_t *queue, ngx_uint_t type,
    ngx_str_t *parts, ngx_uint_t n, size_t total)
{
    u_char               *p;
    ngx_uint_t            i;
    ngx_rtc_mesh_item_t  *item;

    item = ngx_alloc(sizeof(ngx_rtc_mesh_item_t) + total, ngx_cycle->log);

    if (item == NULL) {
        return NULL;
    }

    item->next = NULL;
    item->type = type;
    item->message = 0;
    item->total = total;
    item->sent = 0;

    p = item->data;

    for (i = 0; i < n; i++) {
        if (parts[i].len) {
            p = ngx_cpymem(p, parts[i].data, parts[i].len);
        }
    }

    *queue->last = item;
    queue->last = &item->next;
    queue->size += total;

    return item;
}


void
ngx_rtc_mesh_pop(ngx_rtc_mesh_queue_t *queue)
{
    ngx_rtc_mesh_item_t  *item;

    item = queue->first;

    queue->first = item->next;
    queue->size -= item->total;

    if (queue->first == NULL) {
        queue->last = &queue->first;
    }

    ngx_free(item);
}
