
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The mailbox of ngx_rtc_ring.h: a bounded queue after D. Vyukov's, with
 * the writer's pid in the word of its cell, so that no reservation can be
 * without a name.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_ring.h"


#define NGX_RTC_CELL_FREE      0ULL
#define NGX_RTC_CELL_RESERVED  1ULL
#define NGX_RTC_CELL_READY     2ULL

#define ngx_rtc_cell_word(lap, state, pid)                                    \
    (((uint64_t) (lap) << 32) | ((state) << 30)                               \
     | ((uint64_t) (pid) & 0x3fffffff))

#define ngx_rtc_ring_lap(ring, pos)                                           \
    ((uint32_t) (pos) & ~((ring)->ncells - 1))

#define ngx_rtc_word_lap(w)    ((uint32_t) ((w) >> 32))
#define ngx_rtc_word_state(w)  (((w) >> 30) & 3)
#define ngx_rtc_word_pid(w)    ((ngx_pid_t) ((w) & 0x3fffffff))

#define ngx_rtc_load_acquire(p)                                               \
    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define ngx_rtc_store_release(p, v)                                           \
    __atomic_store_n(p, v, __ATOMIC_RELEASE)


static ngx_uint_t ngx_rtc_ring_cas(uint64_t *p, uint64_t old, uint64_t set);


uint32_t
ngx_rtc_ring_cells(size_t size)
{
    uint32_t  n;

    for (n = 4; (size_t) n * 2 * NGX_RTC_CELL <= size; n *= 2) { /* void */ }

    return n;
}


size_t
ngx_rtc_ring_size(uint32_t ncells)
{
    return ngx_align(offsetof(ngx_rtc_ring_t, cells)
                     + (size_t) ncells * NGX_RTC_CELL, 4096);
}


void
ngx_rtc_ring_init(ngx_rtc_ring_t *ring, uint32_t ncells)
{
    ring->tail = 0;
    ring->head = 0;
    ring->asleep = 0;
    ring->ncells = ncells;
}


/*
 * A cell is taken by the CAS on its word; the tail only follows, moved by
 * whoever sees it behind.  So a writer that dies between the two leaves
 * nothing that others can't go on from.
 */

ngx_rtc_cell_t *
ngx_rtc_ring_reserve(ngx_rtc_ring_t *ring, ngx_pid_t pid)
{
    uint32_t         lap;
    uint64_t         pos, word, set;
    ngx_rtc_cell_t  *cell;

    for ( ;; ) {

        pos = ngx_rtc_load_acquire(&ring->tail);
        lap = ngx_rtc_ring_lap(ring, pos);
        cell = &ring->cells[pos & (ring->ncells - 1)];
        word = ngx_rtc_load_acquire(&cell->head.word);

        if (ngx_rtc_word_lap(word) == lap) {

            if (ngx_rtc_word_state(word) == NGX_RTC_CELL_FREE) {

                set = ngx_rtc_cell_word(lap, NGX_RTC_CELL_RESERVED, pid);

                if (ngx_rtc_ring_cas(&cell->head.word, word, set)) {
                    (void) ngx_rtc_ring_cas(&ring->tail, pos, pos + 1);
                    return cell;
                }

                continue;
            }

            (void) ngx_rtc_ring_cas(&ring->tail, pos, pos + 1);
            continue;
        }

        if (ngx_rtc_load_acquire(&ring->tail) != pos) {
            continue;
        }

        if ((int32_t) (ngx_rtc_word_lap(word) - lap) < 0) {

            /* a lap behind: not read yet */

            return NULL;
        }

        /* read already: somebody died before the tail followed */

        (void) ngx_rtc_ring_cas(&ring->tail, pos, pos + 1);
    }
}


void
ngx_rtc_ring_publish(ngx_rtc_cell_t *cell, ngx_pid_t pid)
{
    uint64_t  word, set;

    word = ngx_rtc_load_acquire(&cell->head.word);

    if (ngx_rtc_word_state(word) != NGX_RTC_CELL_RESERVED
        || ngx_rtc_word_pid(word) != pid)
    {
        /* the reader took us for dead */

        return;
    }

    set = ngx_rtc_cell_word(ngx_rtc_word_lap(word), NGX_RTC_CELL_READY, pid);

    (void) ngx_rtc_ring_cas(&cell->head.word, word, set);
}


ngx_uint_t
ngx_rtc_ring_wake(ngx_rtc_ring_t *ring)
{
    uint32_t  asleep;

    /* pairs with ngx_rtc_ring_sleep() */

    __atomic_thread_fence(__ATOMIC_SEQ_CST);

    asleep = 1;

    return __atomic_load_n(&ring->asleep, __ATOMIC_RELAXED) == 1
           && __atomic_compare_exchange_n(&ring->asleep, &asleep, 0, 0,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}


uint32_t
ngx_rtc_ring_room(ngx_rtc_ring_t *ring)
{
    uint64_t  used;

    used = ngx_rtc_load_acquire(&ring->tail)
           - ngx_rtc_load_acquire(&ring->head);

    return (used >= ring->ncells) ? 0 : ring->ncells - (uint32_t) used;
}


ngx_rtc_cell_t *
ngx_rtc_ring_next(ngx_rtc_ring_t *ring, ngx_rtc_ring_gone_pt gone,
    ngx_uint_t *skipped)
{
    uint64_t         pos, word;
    ngx_rtc_cell_t  *cell;

    for ( ;; ) {

        pos = ring->head;
        cell = &ring->cells[pos & (ring->ncells - 1)];
        word = ngx_rtc_load_acquire(&cell->head.word);

        if (ngx_rtc_word_lap(word) != ngx_rtc_ring_lap(ring, pos)) {

            /* the last reader died between the two stores of done() */

            ngx_rtc_store_release(&ring->head, pos + 1);
            continue;
        }

        switch (ngx_rtc_word_state(word)) {

        case NGX_RTC_CELL_READY:
            return cell;

        case NGX_RTC_CELL_RESERVED:

            if (!gone(ngx_rtc_word_pid(word))) {
                return NULL;
            }

            /* it may have published before it died */

            if (ngx_rtc_load_acquire(&cell->head.word) != word) {
                continue;
            }

            (*skipped)++;
            ngx_rtc_ring_done(ring);
            continue;

        default: /* NGX_RTC_CELL_FREE */
            return NULL;
        }
    }
}


void
ngx_rtc_ring_done(ngx_rtc_ring_t *ring)
{
    uint64_t         pos;
    ngx_rtc_cell_t  *cell;

    pos = ring->head;
    cell = &ring->cells[pos & (ring->ncells - 1)];

    ngx_rtc_store_release(&cell->head.word,
                          ngx_rtc_cell_word(ngx_rtc_ring_lap(ring, pos)
                                            + ring->ncells,
                                            NGX_RTC_CELL_FREE, 0));
    ngx_rtc_store_release(&ring->head, pos + 1);
}


ngx_uint_t
ngx_rtc_ring_sleep(ngx_rtc_ring_t *ring)
{
    uint64_t         pos, word;
    ngx_rtc_cell_t  *cell;

    __atomic_store_n(&ring->asleep, 1, __ATOMIC_RELAXED);

    __atomic_thread_fence(__ATOMIC_SEQ_CST);

    pos = ring->head;
    cell = &ring->cells[pos & (ring->ncells - 1)];
    word = ngx_rtc_load_acquire(&cell->head.word);

    if (ngx_rtc_word_lap(word) == ngx_rtc_ring_lap(ring, pos)
        && ngx_rtc_word_state(word) != NGX_RTC_CELL_READY)
    {
        /* a writer that is still filling will see the flag */

        return 1;
    }

    __atomic_store_n(&ring->asleep, 0, __ATOMIC_RELAXED);

    return 0;
}


static ngx_uint_t
ngx_rtc_ring_cas(uint64_t *p, uint64_t old, uint64_t set)
{
    return __atomic_compare_exchange_n(p, &old, set, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}


ngx_int_t
ngx_rtc_ring_assemble(ngx_rtc_partial_t *partials, uint32_t n,
    ngx_rtc_cell_t *cell, size_t max, u_char **p, size_t *len, ngx_log_t *log)
{
    ngx_rtc_partial_t    *part;
    ngx_rtc_cell_head_t  *h;

    h = &cell->head;

    if (h->len > NGX_RTC_CELL_DATA || h->total > max || h->from.slot >= n
        || h->offset > h->total || h->len > h->total - h->offset)
    {
        return NGX_DECLINED;
    }

    if (h->len == h->total) {
        *p = cell->data;
        *len = h->len;
        return NGX_OK;
    }

    part = &partials[h->from.slot];

    if (h->offset == 0) {

        /* a message that was left half is never finished later */

        ngx_rtc_ring_forget(part);

        part->data = ngx_alloc(h->total, log);
        if (part->data == NULL) {
            return NGX_DECLINED;
        }

        part->incarnation = h->from.incarnation;
        part->message = h->message;
        part->type = h->type;
        part->total = h->total;
        part->got = 0;
    }

    if (part->data == NULL
        || part->incarnation != h->from.incarnation
        || part->message != h->message
        || part->total != h->total
        || part->got != h->offset
        || part->got == part->total)
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(part->data + part->got, cell->data, h->len);
    part->got += h->len;

    if (part->got < part->total) {
        return NGX_AGAIN;
    }

    /* the caller forgets it, or the next first cell does */

    *p = part->data;
    *len = part->total;

    return NGX_OK;
}


void
ngx_rtc_ring_forget(ngx_rtc_partial_t *part)
{
    if (part->data) {
        ngx_free(part->data);
        part->data = NULL;
    }

    part->got = 0;
    part->total = 0;
}
