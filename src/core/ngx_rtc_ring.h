
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A mailbox in shared memory: many writers, one reader, cells of 2 KB.  A
 * writer may die anywhere; the reader may be replaced.  Knows bytes only;
 * processes, wakeups and handlers are the mesh's.  Links without nginx.
 */


#ifndef _NGX_RTC_RING_H_INCLUDED_
#define _NGX_RTC_RING_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_CELL          2048


/*
 * word: lap (32 bits) | state (2 bits) | pid of the writer (30 bits).  One
 * word, so that a reserved cell always tells whose it is.  The lap is the
 * position in the stream of cells less the index of the cell: zeroed memory
 * is an empty ring, and pages of slots that nobody uses are never touched.
 */

typedef struct {
    uint64_t              word;
    ngx_rtc_ref_t         from;
    uint32_t              to;          /* incarnation of the reader */
    uint32_t              type;
    uint32_t              message;     /* number, by the writer */
    uint32_t              total;       /* bytes of the message */
    uint32_t              offset;      /* of this cell's bytes */
    uint32_t              len;
} ngx_rtc_cell_head_t;

#define NGX_RTC_CELL_DATA     (NGX_RTC_CELL - sizeof(ngx_rtc_cell_head_t))

typedef struct {
    ngx_rtc_cell_head_t   head;
    u_char                data[NGX_RTC_CELL_DATA];
} ngx_rtc_cell_t;


typedef struct {
    uint64_t              tail;        /* writers */
    u_char                pad1[56];
    uint64_t              head;        /* the reader */
    u_char                pad2[56];
    uint32_t              asleep;      /* the reader wants a wakeup */
    uint32_t              ncells;      /* a power of 2 */
    u_char                pad3[56];
    ngx_rtc_cell_t        cells[1];
} ngx_rtc_ring_t;


/* cells that fit in a mailbox of size bytes; bytes of a ring of ncells */

uint32_t ngx_rtc_ring_cells(size_t size);
size_t ngx_rtc_ring_size(uint32_t ncells);

/* the memory is zeroed */
void ngx_rtc_ring_init(ngx_rtc_ring_t *ring, uint32_t ncells);


/*
 * Writer: reserve gives a cell (NULL: full), which is filled and published.
 * After the last of a burst, wake returns 1 if the reader sleeps and this
 * caller is the one to wake it.
 */

ngx_rtc_cell_t *ngx_rtc_ring_reserve(ngx_rtc_ring_t *ring, ngx_pid_t pid);
void ngx_rtc_ring_publish(ngx_rtc_cell_t *cell, ngx_pid_t pid);
ngx_uint_t ngx_rtc_ring_wake(ngx_rtc_ring_t *ring);

/* free cells, at least about now */
uint32_t ngx_rtc_ring_room(ngx_rtc_ring_t *ring);


/*
 * Reader: next gives the oldest cell or NULL; done gives it back.  A cell
 * reserved by a process for which gone() is true is skipped and counted in
 * *skipped.  sleep returns 1 if the reader may wait for a wakeup, 0 if
 * there is something to read.
 */

typedef ngx_uint_t (*ngx_rtc_ring_gone_pt)(ngx_pid_t pid);

ngx_rtc_cell_t *ngx_rtc_ring_next(ngx_rtc_ring_t *ring,
    ngx_rtc_ring_gone_pt gone, ngx_uint_t *skipped);
void ngx_rtc_ring_done(ngx_rtc_ring_t *ring);
ngx_uint_t ngx_rtc_ring_sleep(ngx_rtc_ring_t *ring);


/*
 * Messages of several cells, put together for each sender.  A message of
 * one cell passes by.  Memory: one buffer of at most max bytes a sender,
 * from ngx_alloc(), kept only while its message is incomplete.
 */

typedef struct {
    uint32_t              incarnation;
    uint32_t              message;
    uint32_t              type;
    uint32_t              total;
    uint32_t              got;
    u_char               *data;
} ngx_rtc_partial_t;

/*
 * NGX_OK: *p, *len is a whole message, valid until the next call or until
 * the cell is given back, whichever is first; NGX_AGAIN: not yet;
 * NGX_DECLINED: it is dropped (its head is lost, too large, no memory).
 */

ngx_int_t ngx_rtc_ring_assemble(ngx_rtc_partial_t *partials, uint32_t n,
    ngx_rtc_cell_t *cell, size_t max, u_char **p, size_t *len,
    ngx_log_t *log);
void ngx_rtc_ring_forget(ngx_rtc_partial_t *partial);


#endif /* _NGX_RTC_RING_H_INCLUDED_ */
