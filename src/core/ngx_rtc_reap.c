
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Worker slots in the zone: claimed by a process, and reaped when it is
 * gone, in sections of bounded length that any worker may continue.  Who is
 * gone is found out in ngx_rtc_worker.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_shm.h"


#define NGX_RTC_IS_counter  0
#define NGX_RTC_IS_gauge    1

#define ngx_rtc_counter_is_gauge(name, type, text)  NGX_RTC_IS_##type,


static void ngx_rtc_zone_fold(ngx_rtc_shm_t *sh, ngx_rtc_shm_slot_t *slot);


static const u_char  ngx_rtc_gauges[] = {
    NGX_RTC_COUNTERS(ngx_rtc_counter_is_gauge)
};


ngx_int_t
ngx_rtc_zone_slot_claim(ngx_rtc_shm_t *sh, ngx_pid_t pid, uint64_t start,
    uint32_t cycle, uint64_t now, ngx_rtc_ref_t *ref)
{
    uint32_t             i;
    ngx_uint_t           n;
    ngx_rtc_shm_slot_t  *slot;

    for (i = 0; i < sh->nslots; i++) {
        if (ngx_rtc_shm_slot(sh, i)->state == NGX_RTC_SLOT_FREE) {
            break;
        }
    }

    if (i == sh->nslots) {
        return NGX_DECLINED;
    }

    slot = ngx_rtc_shm_slot(sh, i);

    slot->pid = (int32_t) pid;
    slot->start = start;
    slot->cycle = cycle;
    slot->seen = now;
    slot->draining = 0;
    slot->listeners = 0;
    slot->load = 0;
    slot->homes = 0;
    slot->sessions = 0;
    slot->cursor = 0;
    ngx_rtc_shm_step();

    for (n = 0; n < NGX_RTC_NCOUNTERS; n++) {
        slot->counters[n] = 0;
    }

    ngx_rtc_shm_step();

    slot->incarnation = (slot->incarnation == NGX_MAX_UINT32_VALUE)
                        ? 1 : slot->incarnation + 1;
    ngx_rtc_shm_step();
    slot->state = NGX_RTC_SLOT_LIVE;
    ngx_rtc_shm_step();

    ref->slot = i;
    ref->incarnation = slot->incarnation;

    return NGX_OK;
}


void
ngx_rtc_zone_slot_dead(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *ref)
{
    ngx_rtc_shm_slot_t  *slot;

    if (!ngx_rtc_zone_alive(sh, ref)) {
        return;
    }

    slot = ngx_rtc_shm_slot(sh, ref->slot);

    slot->cursor = 0;
    ngx_rtc_shm_step();
    slot->state = NGX_RTC_SLOT_DEAD;
    ngx_rtc_shm_step();
}


/*
 * The cursor runs over rooms, members and addresses.  What is done twice,
 * after a reaper died, changes nothing.
 */

ngx_int_t
ngx_rtc_zone_reap(ngx_rtc_shm_t *sh, uint32_t i, uint64_t now, ngx_uint_t n,
    ngx_uint_t *reaped)
{
    uint32_t               cursor, room, total;
    ngx_rtc_ref_t          ref;
    ngx_rtc_shm_addr_t    *a;
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_slot_t    *slot;
    ngx_rtc_shm_member_t  *m;

    slot = ngx_rtc_shm_slot(sh, i);

    if (slot->state != NGX_RTC_SLOT_DEAD) {
        return NGX_OK;
    }

    ref.slot = i;
    ref.incarnation = slot->incarnation;

    if (slot->folded != slot->incarnation) {
        ngx_rtc_zone_fold(sh, slot);
    }

    total = sh->rooms.n + sh->members.n + sh->addrs.n;

    for (cursor = slot->cursor; cursor < total && n; cursor++, n--) {

        i = cursor;

        if (i < sh->rooms.n) {

            r = ngx_rtc_shm_room(sh, i);

            if (r->record.state == NGX_RTC_USED
                && !r->orphaned
                && ngx_rtc_ref_eq(&r->home, &ref))
            {
                r->orphaned_at = now;
                ngx_rtc_shm_step();
                r->orphaned = 1;
                ngx_rtc_shm_step();
                sh->orphans++;
                (*reaped)++;
            }

            continue;
        }

        i -= sh->rooms.n;

        if (i < sh->members.n) {

            m = ngx_rtc_shm_member(sh, i);

            if (m->record.state != NGX_RTC_USED
                || !ngx_rtc_ref_eq(&m->m.session_owner, &ref))
            {
                continue;
            }

            /* its home, if it lives, waits for it to resume */

            room = ngx_rtc_shm_by_key(sh, &sh->rooms, m->room);

            if (room == NGX_RTC_NONE
                || !ngx_rtc_zone_alive(sh, &ngx_rtc_shm_room(sh, room)->home))
            {
                ngx_rtc_zone_member_free(sh, i);
                (*reaped)++;
            }

            continue;
        }

        i -= sh->members.n;

        a = ngx_rtc_shm_addr(sh, i);

        if (a->record.state == NGX_RTC_USED
            && ngx_rtc_ref_eq(&a->owner, &ref))
        {
            ngx_rtc_shm_unlink(sh, &sh->addrs, i);
            (*reaped)++;
        }
    }

    ngx_rtc_shm_step();
    slot->cursor = cursor;
    ngx_rtc_shm_step();

    if (cursor < total) {
        return NGX_AGAIN;
    }

    sh->sessions -= slot->sessions;
    slot->sessions = 0;
    ngx_rtc_shm_step();
    slot->state = NGX_RTC_SLOT_FREE;
    ngx_rtc_shm_step();

    return NGX_OK;
}


/* its counters live on in a sum, its gauges end with it */

static void
ngx_rtc_zone_fold(ngx_rtc_shm_t *sh, ngx_rtc_shm_slot_t *slot)
{
    ngx_uint_t  i;

    ngx_rtc_shm_save(sh, sh->gone, sizeof(sh->gone));
    ngx_rtc_shm_save(sh, &slot->folded, sizeof(uint32_t));

    for (i = 0; i < NGX_RTC_NCOUNTERS; i++) {
        if (!ngx_rtc_gauges[i]) {
            sh->gone[i] += slot->counters[i];
            ngx_rtc_shm_step();
        }
    }

    slot->folded = slot->incarnation;

    ngx_rtc_shm_commit(sh);
}


ngx_uint_t
ngx_rtc_zone_orphans(ngx_rtc_shm_t *sh, uint64_t now, uint32_t from,
    uint32_t n)
{
    uint32_t             i, last;
    ngx_uint_t           freed;
    ngx_rtc_shm_room_t  *r;

    freed = 0;
    last = ngx_min(from + n, sh->rooms.n);

    for (i = from; i < last; i++) {

        r = ngx_rtc_shm_room(sh, i);

        if (r->record.state == NGX_RTC_USED
            && r->orphaned
            && now >= r->orphaned_at + NGX_RTC_ORPHAN_MSEC)
        {
            ngx_rtc_zone_room_free(sh, i);
            freed++;
        }
    }

    return freed;
}


void
ngx_rtc_zone_counters(ngx_rtc_shm_t *sh, uint64_t *out)
{
    uint32_t             i;
    ngx_uint_t           n;
    ngx_rtc_shm_slot_t  *slot;

    for (n = 0; n < NGX_RTC_NCOUNTERS; n++) {
        out[n] = sh->gone[n];
    }

    for (i = 0; i < sh->nslots; i++) {

        slot = ngx_rtc_shm_slot(sh, i);

        if (slot->state == NGX_RTC_SLOT_FREE
            || slot->folded == slot->incarnation)
        {
            continue;
        }

        for (n = 0; n < NGX_RTC_NCOUNTERS; n++) {
            if (!ngx_rtc_gauges[n] || slot->state == NGX_RTC_SLOT_LIVE) {
                out[n] += slot->counters[n];
            }
        }
    }
}
