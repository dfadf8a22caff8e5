
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The mesh in nginx: the mapping and the eventfds that the master makes
 * once, wakeups, the queues of what found a mailbox full, local delivery.
 * The mailbox itself is in ngx_rtc_ring.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "ngx_rtc.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_mesh_queue.h"
#include "ngx_rtc_ring.h"
#include "ngx_rtc_shm.h"
#include "ngx_rtc_worker.h"


#define NGX_RTC_MESH_TURN     256      /* cells or messages read at once */
#define NGX_RTC_MESH_QUEUE    (1024 * 1024)        /* to one worker, bytes */
#define NGX_RTC_MESH_LOCAL    (64 * 1024 * 1024)   /* to itself */
#define NGX_RTC_MESH_RETRY    5        /* msec */


typedef struct {
    uint32_t               incarnation;
    unsigned               wake:1;
    ngx_rtc_mesh_queue_t   queue;
} ngx_rtc_mesh_dest_t;


static ngx_rtc_mesh_dest_t *ngx_rtc_mesh_dest(ngx_rtc_ref_t *to);
static size_t ngx_rtc_mesh_total(ngx_str_t *parts, ngx_uint_t n);
static size_t ngx_rtc_mesh_write(ngx_rtc_ref_t *to, ngx_uint_t type,
    uint32_t message, ngx_str_t *parts, ngx_uint_t n, size_t total,
    size_t sent, ngx_uint_t *done);
static ngx_int_t ngx_rtc_mesh_local(ngx_uint_t type, ngx_str_t *parts,
    ngx_uint_t n, size_t total, size_t max);
static void ngx_rtc_mesh_clear(ngx_rtc_mesh_queue_t *queue);
static void ngx_rtc_mesh_read_handler(ngx_event_t *rev);
static ngx_uint_t ngx_rtc_mesh_read(void);
static void ngx_rtc_mesh_read_cell(ngx_rtc_cell_t *cell);
static ngx_uint_t ngx_rtc_mesh_writer_gone(ngx_pid_t pid);
static void ngx_rtc_mesh_local_handler(ngx_event_t *ev);
static void ngx_rtc_mesh_flush_handler(ngx_event_t *ev);
static void ngx_rtc_mesh_retry_handler(ngx_event_t *ev);
static void ngx_rtc_mesh_event(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log);


/* made by the master, the same in all processes */

static u_char                *ngx_rtc_mesh_map;
static size_t                 ngx_rtc_mesh_ring_size;
static uint32_t               ngx_rtc_mesh_n;
static int                   *ngx_rtc_mesh_fds;

#define ngx_rtc_mesh_ring(i)                                                  \
    ((ngx_rtc_ring_t *) (ngx_rtc_mesh_map + (i) * ngx_rtc_mesh_ring_size))


/* of this worker */

static ngx_rtc_mesh_pt        ngx_rtc_mesh_handlers[NGX_RTC_MESH_TYPES];

static ngx_uint_t             ngx_rtc_mesh_started;
static uint32_t               ngx_rtc_mesh_message;
static ngx_connection_t      *ngx_rtc_mesh_connection;
static ngx_rtc_mesh_dest_t   *ngx_rtc_mesh_dests;
static ngx_rtc_partial_t     *ngx_rtc_mesh_partials;
static ngx_rtc_mesh_queue_t   ngx_rtc_mesh_locals;
static ngx_uint_t             ngx_rtc_mesh_waiting;    /* queues not empty */
static uint32_t              *ngx_rtc_mesh_wakes;
static ngx_uint_t             ngx_rtc_mesh_nwakes;

static ngx_connection_t       ngx_rtc_mesh_dummy;
static ngx_event_t            ngx_rtc_mesh_local_event;
static ngx_event_t            ngx_rtc_mesh_flush_event;
static ngx_event_t            ngx_rtc_mesh_retry_event;


ngx_int_t
ngx_rtc_mesh_create(ngx_rtc_conf_t *rcf, ngx_log_t *log)
{
    int        fd, *fds;
    size_t     size;
    u_char    *map;
    uint32_t   i, n, ncells;

    ncells = ngx_rtc_ring_cells(rcf->mailbox);
    size = ngx_rtc_ring_size(ncells);
    n = rcf->slots;

    if (ngx_rtc_mesh_map) {

        /* rtc{} was taken out and came back in other sizes */

        if (n != ngx_rtc_mesh_n || size != ngx_rtc_mesh_ring_size) {
            ngx_log_error(NGX_LOG_EMERG, log, 0,
                          "\"zone\" slots or mailbox changed: restart is "
                          "needed, new workers hold no rooms until then");
        }

        return NGX_OK;
    }

    fds = ngx_alloc(n * sizeof(int), log);
    if (fds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (fd == -1) {
            ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "eventfd() failed");
            goto failed;
        }

        fds[i] = fd;
    }

    map = mmap(NULL, n * size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1,
               0);

    if (map == MAP_FAILED) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "mmap(MAP_ANON|MAP_SHARED, %uz) failed", n * size);
        goto failed;
    }

    ngx_rtc_mesh_map = map;
    ngx_rtc_mesh_ring_size = size;
    ngx_rtc_mesh_n = n;
    ngx_rtc_mesh_fds = fds;

    for (i = 0; i < n; i++) {
        ngx_rtc_ring_init(ngx_rtc_mesh_ring(i), ncells);
    }

    return NGX_OK;

failed:

    while (i) {
        (void) close(fds[--i]);
    }

    ngx_free(fds);

    return NGX_ERROR;
}


ngx_int_t
ngx_rtc_mesh_start(ngx_cycle_t *cycle)
{
    uint32_t           i;
    ngx_int_t          flags;
    ngx_connection_t  *c;

    if (ngx_rtc_self.slot >= ngx_rtc_mesh_n) {
        return NGX_OK;
    }

    ngx_rtc_mesh_dests = ngx_pcalloc(cycle->pool, ngx_rtc_mesh_n
                                                * sizeof(ngx_rtc_mesh_dest_t));
    ngx_rtc_mesh_partials = ngx_pcalloc(cycle->pool, ngx_rtc_mesh_n
                                                  * sizeof(ngx_rtc_partial_t));
    ngx_rtc_mesh_wakes = ngx_pcalloc(cycle->pool,
                                     ngx_rtc_mesh_n * sizeof(uint32_t));

    if (ngx_rtc_mesh_dests == NULL
        || ngx_rtc_mesh_partials == NULL
        || ngx_rtc_mesh_wakes == NULL)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < ngx_rtc_mesh_n; i++) {
        ngx_rtc_mesh_dests[i].queue.last = &ngx_rtc_mesh_dests[i].queue.first;
    }

    ngx_rtc_mesh_locals.last = &ngx_rtc_mesh_locals.first;

    ngx_rtc_mesh_dummy.fd = (ngx_socket_t) -1;

    ngx_rtc_mesh_event(&ngx_rtc_mesh_local_event, ngx_rtc_mesh_local_handler,
                       cycle->log);
    ngx_rtc_mesh_event(&ngx_rtc_mesh_flush_event, ngx_rtc_mesh_flush_handler,
                       cycle->log);
    ngx_rtc_mesh_event(&ngx_rtc_mesh_retry_event, ngx_rtc_mesh_retry_handler,
                       cycle->log);

    c = ngx_get_connection(ngx_rtc_mesh_fds[ngx_rtc_self.slot], cycle->log);

    if (c == NULL) {
        return NGX_ERROR;
    }

    ngx_rtc_mesh_connection = c;

    c->log = cycle->log;
    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->read->channel = 1;
    c->write->channel = 1;
    c->read->handler = ngx_rtc_mesh_read_handler;

    /* edge-triggered: each write to an eventfd is an edge, so the counter
       needn't be read */

    flags = (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? NGX_CLEAR_EVENT
                                                    : NGX_LEVEL_EVENT;

    if (ngx_add_event(c->read, NGX_READ_EVENT, flags) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_rtc_mesh_started = 1;

    /* what the slot's last owner left unread, is skipped in the first turn */

    ngx_post_event(c->read, &ngx_posted_next_events);

    return NGX_OK;
}


void
ngx_rtc_mesh_exit(void)
{
    uint32_t  i;

    if (!ngx_rtc_mesh_started) {
        return;
    }

    ngx_rtc_mesh_flush();

    ngx_rtc_mesh_started = 0;

    if (ngx_rtc_mesh_retry_event.timer_set) {
        ngx_del_timer(&ngx_rtc_mesh_retry_event);
    }

    if (ngx_rtc_mesh_local_event.posted) {
        ngx_delete_posted_event(&ngx_rtc_mesh_local_event);
    }

    if (ngx_rtc_mesh_flush_event.posted) {
        ngx_delete_posted_event(&ngx_rtc_mesh_flush_event);
    }

    /* other processes hold the eventfd too: it must leave epoll by itself */

    (void) ngx_del_event(ngx_rtc_mesh_connection->read, NGX_READ_EVENT, 0);

    ngx_close_connection(ngx_rtc_mesh_connection);
    ngx_rtc_mesh_connection = NULL;

    for (i = 0; i < ngx_rtc_mesh_n; i++) {
        ngx_rtc_mesh_clear(&ngx_rtc_mesh_dests[i].queue);
        ngx_rtc_ring_forget(&ngx_rtc_mesh_partials[i]);
    }

    ngx_rtc_mesh_clear(&ngx_rtc_mesh_locals);
}


void
ngx_rtc_mesh_gone(ngx_rtc_ref_t *ref)
{
    ngx_rtc_partial_t    *part;
    ngx_rtc_mesh_dest_t  *dest;

    if (!ngx_rtc_mesh_started || ref->slot >= ngx_rtc_mesh_n) {
        return;
    }

    dest = &ngx_rtc_mesh_dests[ref->slot];

    if (dest->incarnation == ref->incarnation) {
        ngx_rtc_mesh_clear(&dest->queue);
    }

    part = &ngx_rtc_mesh_partials[ref->slot];

    if (part->incarnation == ref->incarnation) {
        ngx_rtc_ring_forget(part);
    }
}


void
ngx_rtc_mesh_poll(void)
{
    /* a writer that died may have left a cell half, or us not woken */

    if (ngx_rtc_mesh_started) {
        ngx_post_event(ngx_rtc_mesh_connection->read, &ngx_posted_events);
    }
}


ngx_int_t
ngx_rtc_mesh_handler(ngx_uint_t type, ngx_rtc_mesh_pt handler)
{
    if (type >= NGX_RTC_MESH_TYPES || ngx_rtc_worker_start() != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_rtc_mesh_handlers[type] = handler;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_mesh_send(ngx_rtc_ref_t *to, ngx_uint_t type, ngx_str_t *parts,
    ngx_uint_t n)
{
    size_t                total, sent;
    uint32_t              message;
    ngx_uint_t            done;
    ngx_rtc_mesh_dest_t  *dest;
    ngx_rtc_mesh_item_t  *item;

    if (!ngx_rtc_mesh_started) {
        return NGX_DECLINED;
    }

    total = ngx_rtc_mesh_total(parts, n);

    if (total > NGX_RTC_MESH_MAX) {
        ngx_rtc_count(mesh_dropped);
        return NGX_ERROR;
    }

    if (ngx_rtc_ref_eq(to, &ngx_rtc_self)) {
        return ngx_rtc_mesh_local(type, parts, n, total, NGX_RTC_MESH_LOCAL);
    }

    dest = ngx_rtc_mesh_dest(to);

    if (dest == NULL) {
        return NGX_DECLINED;
    }

    message = ++ngx_rtc_mesh_message;
    sent = 0;
    done = 0;

    if (dest->queue.first == NULL) {
        sent = ngx_rtc_mesh_write(to, type, message, parts, n, total, 0,
                                  &done);
    }

    if (done) {
        ngx_rtc_count(mesh_sent);
        return NGX_OK;
    }

    if (dest->queue.size + total > NGX_RTC_MESH_QUEUE) {
        ngx_rtc_count(mesh_dropped);
        return NGX_ERROR;
    }

    if (dest->queue.first == NULL) {
        ngx_rtc_mesh_waiting++;
    }

    item = ngx_rtc_mesh_push(&dest->queue, type, parts, n, total);

    if (item == NULL) {

        if (dest->queue.first == NULL) {
            ngx_rtc_mesh_waiting--;
        }

        ngx_rtc_count(mesh_dropped);
        return NGX_ERROR;
    }

    item->message = message;
    item->sent = sent;

    if (!ngx_rtc_mesh_retry_event.timer_set) {
        ngx_add_timer(&ngx_rtc_mesh_retry_event, NGX_RTC_MESH_RETRY);
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_mesh_post(ngx_rtc_ref_t *to, ngx_uint_t type, ngx_str_t *parts,
    ngx_uint_t n)
{
    size_t                total;
    ngx_uint_t            done;
    ngx_rtc_mesh_dest_t  *dest;

    if (!ngx_rtc_mesh_started) {
        return NGX_DECLINED;
    }

    total = ngx_rtc_mesh_total(parts, n);

    if (ngx_rtc_ref_eq(to, &ngx_rtc_self)) {

        return (ngx_rtc_mesh_local(type, parts, n, total, NGX_RTC_MESH_QUEUE)
                == NGX_OK)
               ? NGX_OK : NGX_DECLINED;
    }

    dest = ngx_rtc_mesh_dest(to);

    if (dest == NULL) {
        return NGX_DECLINED;
    }

    done = 0;

    /* what needs several cells must not get between those of a message that
       waits, and is written whole or not at all */

    if (total <= NGX_RTC_CELL_DATA
        || (total <= NGX_RTC_MESH_MAX
            && dest->queue.first == NULL
            && ngx_rtc_ring_room(ngx_rtc_mesh_ring(to->slot))
               > total / NGX_RTC_CELL_DATA))
    {
        (void) ngx_rtc_mesh_write(to, type, ++ngx_rtc_mesh_message, parts, n,
                                  total, 0, &done);
    }

    if (!done) {
        ngx_rtc_count(mesh_dropped);
        return NGX_DECLINED;
    }

    ngx_rtc_count(mesh_sent);

    return NGX_OK;
}


/* wakes the readers of what was written since the last flush */

void
ngx_rtc_mesh_flush(void)
{
    uint32_t    slot;
    uint64_t    one;
    ngx_uint_t  i;

    for (i = 0; i < ngx_rtc_mesh_nwakes; i++) {

        slot = ngx_rtc_mesh_wakes[i];

        ngx_rtc_mesh_dests[slot].wake = 0;

        if (!ngx_rtc_ring_wake(ngx_rtc_mesh_ring(slot))) {
            continue;
        }

        one = 1;

        if (write(ngx_rtc_mesh_fds[slot], &one, sizeof(uint64_t)) == -1
            && ngx_errno != NGX_EAGAIN)
        {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                          "write() to eventfd failed");
        }
    }

    ngx_rtc_mesh_nwakes = 0;
}


static ngx_rtc_mesh_dest_t *
ngx_rtc_mesh_dest(ngx_rtc_ref_t *to)
{
    ngx_rtc_mesh_dest_t  *dest;

    if (to->slot >= ngx_rtc_mesh_n || !ngx_rtc_ref_alive(to)) {
        return NULL;
    }

    dest = &ngx_rtc_mesh_dests[to->slot];

    if (dest->incarnation != to->incarnation) {
        ngx_rtc_mesh_clear(&dest->queue);
        dest->incarnation = to->incarnation;
    }

    return dest;
}


static size_t
ngx_rtc_mesh_total(ngx_str_t *parts, ngx_uint_t n)
{
    size_t      total;
    ngx_uint_t  i;

    total = 0;

    for (i = 0; i < n; i++) {
        total += parts[i].len;
    }

    return total;
}


/*
 * Writes cells of the message from the byte "sent" on; returns how many
 * bytes are written by then, and *done if these are all.
 */

static size_t
ngx_rtc_mesh_write(ngx_rtc_ref_t *to, ngx_uint_t type, uint32_t message,
    ngx_str_t *parts, ngx_uint_t n, size_t total, size_t sent,
    ngx_uint_t *done)
{
    u_char               *p;
    size_t                skip, len, size;
    ngx_uint_t            i;
    ngx_rtc_cell_t       *cell;
    ngx_rtc_ring_t       *ring;
    ngx_rtc_cell_head_t  *h;
    ngx_rtc_mesh_dest_t  *dest;

    ring = ngx_rtc_mesh_ring(to->slot);
    dest = &ngx_rtc_mesh_dests[to->slot];

    for (i = 0, skip = sent; i < n && skip >= parts[i].len; i++) {
        skip -= parts[i].len;
    }

    do {
        cell = ngx_rtc_ring_reserve(ring, ngx_pid);

        if (cell == NULL) {
            return sent;
        }

        h = &cell->head;

        h->from = ngx_rtc_self;
        h->to = to->incarnation;
        h->type = (uint32_t) type;
        h->message = message;
        h->total = (uint32_t) total;
        h->offset = (uint32_t) sent;
        h->len = (uint32_t) ngx_min(total - sent, NGX_RTC_CELL_DATA);

        p = cell->data;
        size = h->len;

        while (i < n && size) {

            len = ngx_min(parts[i].len - skip, size);

            p = ngx_cpymem(p, parts[i].data + skip, len);

            size -= len;
            skip += len;

            while (i < n && skip == parts[i].len) {
                skip = 0;
                i++;
            }
        }

        sent += h->len;

        ngx_rtc_ring_publish(cell, ngx_pid);

        if (!dest->wake) {
            dest->wake = 1;
            ngx_rtc_mesh_wakes[ngx_rtc_mesh_nwakes++] = to->slot;

            ngx_post_event(&ngx_rtc_mesh_flush_event, &ngx_posted_events);
        }

    } while (sent < total);

    *done = 1;

    return sent;
}


static ngx_int_t
ngx_rtc_mesh_local(ngx_uint_t type, ngx_str_t *parts, ngx_uint_t n,
    size_t total, size_t max)
{
    if (ngx_rtc_mesh_locals.size + total > max
        || ngx_rtc_mesh_push(&ngx_rtc_mesh_locals, type, parts, n, total)
           == NULL)
    {
        ngx_rtc_count(mesh_dropped);
        return NGX_ERROR;
    }

    ngx_post_event(&ngx_rtc_mesh_local_event, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_rtc_mesh_clear(ngx_rtc_mesh_queue_t *queue)
{
    if (queue->first && queue != &ngx_rtc_mesh_locals) {
        ngx_rtc_mesh_waiting--;
    }

    while (queue->first) {
        ngx_rtc_mesh_pop(queue);
    }
}


static void
ngx_rtc_mesh_read_handler(ngx_event_t *rev)
{
    uint64_t           count;
    ngx_connection_t  *c;

    c = rev->data;

    if (c->close) {
        c->close = 0;
        return;
    }

    if (!(ngx_event_flags & NGX_USE_CLEAR_EVENT)
        && read(c->fd, &count, sizeof(uint64_t)) == -1
        && ngx_errno != NGX_EAGAIN)
    {
        ngx_log_error(NGX_LOG_ALERT, c->log, ngx_errno,
                      "read() from the eventfd of the mesh failed");
    }

    if (ngx_rtc_mesh_read() && !rev->posted) {

        /* others have their turn in between */

        ngx_post_event(rev, &ngx_posted_next_events);
    }
}


/* 1: there is more */

static ngx_uint_t
ngx_rtc_mesh_read(void)
{
    ngx_uint_t       n, skipped;
    ngx_rtc_cell_t  *cell;
    ngx_rtc_ring_t  *ring;

    ring = ngx_rtc_mesh_ring(ngx_rtc_self.slot);
    skipped = 0;

    for (n = 0; n < NGX_RTC_MESH_TURN; /* void */ ) {

        cell = ngx_rtc_ring_next(ring, ngx_rtc_mesh_writer_gone, &skipped);

        if (cell == NULL) {

            if (!ngx_rtc_ring_sleep(ring)) {
                continue;
            }

            break;
        }

        ngx_rtc_mesh_read_cell(cell);

        ngx_rtc_ring_done(ring);

        n++;
    }

    if (skipped) {
        ngx_rtc_count_n(mesh_dropped, skipped);
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "skipped %ui messages of a worker that died",
                      skipped);
    }

    return n == NGX_RTC_MESH_TURN;
}


static void
ngx_rtc_mesh_read_cell(ngx_rtc_cell_t *cell)
{
    size_t                len;
    u_char               *p;
    uint32_t              type;
    ngx_int_t             rc;
    ngx_rtc_ref_t         from;
    ngx_rtc_cell_head_t  *h;

    h = &cell->head;

    if (h->to != ngx_rtc_self.incarnation) {

        /* for the slot's last owner */

        return;
    }

    rc = ngx_rtc_ring_assemble(ngx_rtc_mesh_partials, ngx_rtc_mesh_n, cell,
                               NGX_RTC_MESH_MAX, &p, &len, ngx_cycle->log);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_rtc_count(mesh_dropped);
        return;
    }

    type = h->type;
    from = h->from;

    if (type < NGX_RTC_MESH_TYPES && ngx_rtc_mesh_handlers[type]) {
        ngx_rtc_mesh_handlers[type](&from, p, len);
    }

    if (p != cell->data) {
        ngx_rtc_ring_forget(&ngx_rtc_mesh_partials[from.slot]);
    }
}


/* asked only about a cell that is reserved and not yet filled */

static ngx_uint_t
ngx_rtc_mesh_writer_gone(ngx_pid_t pid)
{
    uint32_t             i;
    ngx_rtc_shm_slot_t  *slot;

    if (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
        return 1;
    }

    /* the pid may be another process's by now; writers have slots */

    for (i = 0; i < ngx_rtc_shm->nslots; i++) {

        slot = ngx_rtc_shm_slot(ngx_rtc_shm, i);

        if (slot->state == NGX_RTC_SLOT_LIVE && slot->pid == pid) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_rtc_mesh_local_handler(ngx_event_t *ev)
{
    ngx_uint_t            n;
    ngx_rtc_mesh_item_t  *item;

    for (n = 0; ngx_rtc_mesh_locals.first; n++) {

        if (n == NGX_RTC_MESH_TURN) {
            ngx_post_event(ev, &ngx_posted_next_events);
            return;
        }

        item = ngx_rtc_mesh_locals.first;

        if (item->type < NGX_RTC_MESH_TYPES
            && ngx_rtc_mesh_handlers[item->type])
        {
            ngx_rtc_mesh_handlers[item->type](&ngx_rtc_self, item->data,
                                              item->total);
        }

        ngx_rtc_mesh_pop(&ngx_rtc_mesh_locals);
    }
}


static void
ngx_rtc_mesh_flush_handler(ngx_event_t *ev)
{
    ngx_rtc_mesh_flush();
}


static void
ngx_rtc_mesh_retry_handler(ngx_event_t *ev)
{
    uint32_t               i;
    ngx_str_t              part;
    ngx_uint_t             done;
    ngx_rtc_ref_t          to;
    ngx_rtc_mesh_dest_t   *dest;
    ngx_rtc_mesh_item_t   *item;

    for (i = 0; ngx_rtc_mesh_waiting && i < ngx_rtc_mesh_n; i++) {

        dest = &ngx_rtc_mesh_dests[i];

        if (dest->queue.first == NULL) {
            continue;
        }

        to.slot = i;
        to.incarnation = dest->incarnation;

        if (!ngx_rtc_ref_alive(&to)) {
            ngx_rtc_mesh_clear(&dest->queue);
            continue;
        }

        while (dest->queue.first) {

            item = dest->queue.first;

            part.data = item->data;
            part.len = item->total;
            done = 0;

            item->sent = ngx_rtc_mesh_write(&to, item->type, item->message,
                                            &part, 1, item->total,
                                            item->sent, &done);
            if (!done) {
                break;
            }

            ngx_rtc_count(mesh_sent);

            if (item->next == NULL) {
                ngx_rtc_mesh_waiting--;
            }

            ngx_rtc_mesh_pop(&dest->queue);
        }
    }

    if (ngx_rtc_mesh_waiting) {
        ngx_add_timer(ev, NGX_RTC_MESH_RETRY);
    }
}


static void
ngx_rtc_mesh_event(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log)
{
    ev->handler = handler;
    ev->data = &ngx_rtc_mesh_dummy;
    ev->log = log;
    ev->cancelable = 1;
}
