
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The memory of the zone: arrays of records, hash chains, free lists, and
 * their recovery after a process died inside of a section.  What records
 * mean is in ngx_rtc_zone.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_shm.h"


typedef struct {
    uint32_t              offset;
    uint32_t              len;
} ngx_rtc_shm_undo_t;


/* the largest that is saved: one of a section */

typedef char  ngx_rtc_shm_undo_is_enough
    [(sizeof(ngx_rtc_shm_member_t) + 16 <= NGX_RTC_SHM_UNDO
      && sizeof(ngx_rtc_shm_room_t) + 16 <= NGX_RTC_SHM_UNDO
      && NGX_RTC_NCOUNTERS * 8 + 64 <= NGX_RTC_SHM_UNDO) ? 1 : -1];


#define ngx_rtc_rotl(x, b)    (((x) << (b)) | ((x) >> (64 - (b))))


static size_t ngx_rtc_shm_layout(ngx_rtc_shm_t *sh, uint32_t max_rooms,
    uint32_t max_sessions, uint32_t nslots);
static size_t ngx_rtc_shm_layout_table(ngx_rtc_shm_table_t *t, size_t offset,
    size_t size, uint32_t n, ngx_uint_t hashed);
static void ngx_rtc_shm_rollback(ngx_rtc_shm_t *sh);
static void ngx_rtc_shm_rebuild(ngx_rtc_shm_t *sh);
static void ngx_rtc_shm_rebuild_table(ngx_rtc_shm_t *sh,
    ngx_rtc_shm_table_t *t);
static void ngx_rtc_shm_next_generation(ngx_rtc_shm_record_t *rec);
static void ngx_rtc_shm_push_free(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t,
    uint32_t i);
static void ngx_rtc_sipround(uint64_t *v);


#if (NGX_RTC_DEBUG_CRASH)

#include <signal.h>

ngx_uint_t  ngx_rtc_crash_step;
ngx_uint_t  ngx_rtc_crash_steps;


void
ngx_rtc_shm_step(void)
{
    if (++ngx_rtc_crash_steps == ngx_rtc_crash_step) {
        (void) kill(getpid(), SIGKILL);
    }
}

#endif


size_t
ngx_rtc_shm_size(uint32_t max_rooms, uint32_t max_sessions, uint32_t nslots)
{
    ngx_rtc_shm_t  sh;

    return ngx_rtc_shm_layout(&sh, max_rooms, max_sessions, nslots);
}


void
ngx_rtc_shm_carve(ngx_rtc_shm_t *sh, uint32_t max_rooms,
    uint32_t max_sessions, uint32_t nslots, uint64_t *hash_key)
{
    size_t  size;

    ngx_memzero(sh, sizeof(ngx_rtc_shm_t));

    size = ngx_rtc_shm_layout(sh, max_rooms, max_sessions, nslots);

    ngx_memzero((u_char *) sh + sizeof(ngx_rtc_shm_t),
                size - sizeof(ngx_rtc_shm_t));

    sh->size = size;
    sh->max_rooms = max_rooms;
    sh->max_sessions = max_sessions;
    sh->nslots = nslots;
    sh->hash_key[0] = hash_key[0];
    sh->hash_key[1] = hash_key[1];

    ngx_rtc_shm_rebuild(sh);

    sh->version = NGX_RTC_SHM_VERSION;
    ngx_rtc_shm_step();
    sh->magic = NGX_RTC_SHM_MAGIC;
}


static size_t
ngx_rtc_shm_layout(ngx_rtc_shm_t *sh, uint32_t max_rooms,
    uint32_t max_sessions, uint32_t nslots)
{
    size_t    offset;
    uint32_t  n;

    offset = ngx_align(sizeof(ngx_rtc_shm_t), 64);

    sh->slots = offset;
    offset += (size_t) nslots * ngx_rtc_shm_slot_size;

    offset = ngx_rtc_shm_layout_table(&sh->rooms, offset,
                                      sizeof(ngx_rtc_shm_room_t), max_rooms,
                                      1);

    /* a participant outlives its session by resume_timeout */

    n = max_sessions + max_sessions / 4 + 1;

    offset = ngx_rtc_shm_layout_table(&sh->members, offset,
                                      sizeof(ngx_rtc_shm_member_t), n, 0);

    /* two transports each, and addresses that come and go */

    n = max_sessions * 4;

    return ngx_rtc_shm_layout_table(&sh->addrs, offset,
                                    sizeof(ngx_rtc_shm_addr_t), n, 1);
}


static size_t
ngx_rtc_shm_layout_table(ngx_rtc_shm_table_t *t, size_t offset, size_t size,
    uint32_t n, ngx_uint_t hashed)
{
    t->n = n;
    t->size = ngx_align(size, 8);
    t->records = offset;
    t->pad = 0;

    offset += (size_t) t->size * n;
    offset = ngx_align(offset, 64);

    t->buckets = offset;
    t->nbuckets = 0;

    if (hashed) {

        t->nbuckets = 16;

        while (t->nbuckets < n) {
            t->nbuckets *= 2;
        }

        offset += t->nbuckets * sizeof(uint32_t);
    }

    return ngx_align(offset, 64);
}


ngx_uint_t
ngx_rtc_shm_enter(ngx_rtc_shm_t *sh, ngx_pid_t pid)
{
    int32_t  locker;

    locker = sh->locker;

    sh->locker = (int32_t) pid;
    ngx_rtc_shm_step();

    if (locker == 0) {
        return 0;
    }

    ngx_rtc_shm_rollback(sh);
    ngx_rtc_shm_rebuild(sh);

    return 1;
}


void
ngx_rtc_shm_leave(ngx_rtc_shm_t *sh)
{
    ngx_rtc_shm_step();
    sh->locker = 0;
    ngx_rtc_shm_step();
}


/* before a change in place: should this process die, the old bytes return */

void
ngx_rtc_shm_save(ngx_rtc_shm_t *sh, void *p, size_t len)
{
    u_char              *undo;
    ngx_rtc_shm_undo_t   u;

    u.offset = (u_char *) p - (u_char *) sh;
    u.len = len;

    undo = sh->undo + sh->undo_len;

    ngx_memcpy(undo, &u, sizeof(ngx_rtc_shm_undo_t));
    ngx_memcpy(undo + sizeof(ngx_rtc_shm_undo_t), p, len);

    ngx_rtc_shm_step();
    sh->undo_len += sizeof(ngx_rtc_shm_undo_t) + len;
    ngx_rtc_shm_step();
}


void
ngx_rtc_shm_commit(ngx_rtc_shm_t *sh)
{
    ngx_rtc_shm_step();
    sh->undo_len = 0;
    ngx_rtc_shm_step();
}


static void
ngx_rtc_shm_rollback(ngx_rtc_shm_t *sh)
{
    u_char              *p, *last;
    ngx_rtc_shm_undo_t   u;

    p = sh->undo;
    last = p + ngx_min(sh->undo_len, NGX_RTC_SHM_UNDO);

    while ((size_t) (last - p) >= sizeof(ngx_rtc_shm_undo_t)) {

        ngx_memcpy(&u, p, sizeof(ngx_rtc_shm_undo_t));
        p += sizeof(ngx_rtc_shm_undo_t);

        if (u.len > (size_t) (last - p) || u.offset > sh->size - u.len) {
            break;
        }

        ngx_memcpy((u_char *) sh + u.offset, p, u.len);
        p += u.len;

        ngx_rtc_shm_step();
    }

    ngx_rtc_shm_commit(sh);
}


static void
ngx_rtc_shm_rebuild(ngx_rtc_shm_t *sh)
{
    uint32_t               i, room;
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_slot_t    *slot;
    ngx_rtc_shm_member_t  *m;

    sh->sessions = 0;
    sh->orphans = 0;

    for (i = 0; i < sh->nslots; i++) {
        slot = ngx_rtc_shm_slot(sh, i);
        slot->homes = 0;
        sh->sessions += slot->sessions;
        ngx_rtc_shm_step();
    }

    ngx_rtc_shm_rebuild_table(sh, &sh->rooms);

    for (i = 0; i < sh->rooms.n; i++) {

        r = ngx_rtc_shm_room(sh, i);

        if (r->record.state != NGX_RTC_USED) {
            continue;
        }

        r->members = NGX_RTC_NONE;
        sh->orphans += r->orphaned;

        if (r->home.slot < sh->nslots) {

            slot = ngx_rtc_shm_slot(sh, r->home.slot);

            if (slot->incarnation == r->home.incarnation) {
                slot->homes++;
            }
        }

        ngx_rtc_shm_step();
    }

    /* a member whose room was being freed goes with it */

    for (i = 0; i < sh->members.n; i++) {

        m = ngx_rtc_shm_member(sh, i);

        if (m->record.state == NGX_RTC_USED
            && ngx_rtc_shm_by_key(sh, &sh->rooms, m->room) == NGX_RTC_NONE)
        {
            m->record.state = NGX_RTC_FREE;
            ngx_rtc_shm_step();
        }
    }

    ngx_rtc_shm_rebuild_table(sh, &sh->members);

    for (i = sh->members.n; i-- > 0; /* void */ ) {

        m = ngx_rtc_shm_member(sh, i);

        if (m->record.state == NGX_RTC_USED) {
            room = ngx_rtc_shm_by_key(sh, &sh->rooms, m->room);
            ngx_rtc_shm_link_member(sh, room, i);
        }
    }

    ngx_rtc_shm_rebuild_table(sh, &sh->addrs);
}


static void
ngx_rtc_shm_rebuild_table(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t)
{
    uint32_t               i, *bucket;
    ngx_rtc_shm_record_t  *rec;

    t->free = NGX_RTC_NONE;
    t->used = 0;

    for (i = 0; i < t->nbuckets; i++) {
        *ngx_rtc_shm_bucket(sh, t, i) = NGX_RTC_NONE;
    }

    ngx_rtc_shm_step();

    for (i = t->n; i-- > 0; /* void */ ) {

        rec = ngx_rtc_shm_record(sh, t, i);

        if (rec->state != NGX_RTC_USED) {

            /* it may have been freed and not have got to this */

            ngx_rtc_shm_next_generation(rec);
            ngx_rtc_shm_push_free(sh, t, i);
            continue;
        }

        t->used++;

        if (t->nbuckets) {
            bucket = ngx_rtc_shm_bucket(sh, t, rec->hash);
            rec->next = *bucket;
            *bucket = i;
        }

        ngx_rtc_shm_step();
    }
}


/* the generation 0 is in no key, so that a key is never 0 */

static void
ngx_rtc_shm_next_generation(ngx_rtc_shm_record_t *rec)
{
    rec->generation = (rec->generation == NGX_MAX_UINT32_VALUE)
                      ? 1 : rec->generation + 1;
}


static void
ngx_rtc_shm_push_free(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint32_t i)
{
    ngx_rtc_shm_record_t  *rec;

    rec = ngx_rtc_shm_record(sh, t, i);

    rec->next = t->free;
    ngx_rtc_shm_step();
    t->free = i;
    ngx_rtc_shm_step();
}


/* the record is to be filled and linked within the same section */

uint32_t
ngx_rtc_shm_alloc(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t)
{
    uint32_t               i;
    ngx_rtc_shm_record_t  *rec;

    i = t->free;

    if (i == NGX_RTC_NONE) {
        return i;
    }

    rec = ngx_rtc_shm_record(sh, t, i);

    t->free = rec->next;
    ngx_rtc_shm_step();

    return i;
}


void
ngx_rtc_shm_link(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint32_t i,
    uint32_t hash)
{
    uint32_t              *bucket;
    ngx_rtc_shm_record_t  *rec;

    rec = ngx_rtc_shm_record(sh, t, i);

    rec->hash = hash;
    ngx_rtc_shm_step();
    rec->state = NGX_RTC_USED;
    ngx_rtc_shm_step();
    t->used++;
    ngx_rtc_shm_step();

    if (t->nbuckets == 0) {
        return;
    }

    bucket = ngx_rtc_shm_bucket(sh, t, hash);

    rec->next = *bucket;
    ngx_rtc_shm_step();
    *bucket = i;
    ngx_rtc_shm_step();
}


/* takes the record out of its chain and frees it */

void
ngx_rtc_shm_unlink(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint32_t i)
{
    uint32_t              *p;
    ngx_rtc_shm_record_t  *rec, *prev;

    rec = ngx_rtc_shm_record(sh, t, i);

    if (t->nbuckets) {

        p = ngx_rtc_shm_bucket(sh, t, rec->hash);

        while (*p != NGX_RTC_NONE && *p != i) {
            prev = ngx_rtc_shm_record(sh, t, *p);
            p = &prev->next;
        }

        if (*p == i) {
            *p = rec->next;
            ngx_rtc_shm_step();
        }
    }

    rec->state = NGX_RTC_FREE;
    ngx_rtc_shm_step();
    ngx_rtc_shm_next_generation(rec);
    ngx_rtc_shm_step();
    t->used--;
    ngx_rtc_shm_step();

    ngx_rtc_shm_push_free(sh, t, i);
}


void
ngx_rtc_shm_link_member(ngx_rtc_shm_t *sh, uint32_t room, uint32_t i)
{
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_member_t  *m, *next;

    r = ngx_rtc_shm_room(sh, room);
    m = ngx_rtc_shm_member(sh, i);

    m->prev = NGX_RTC_NONE;
    m->next = r->members;
    ngx_rtc_shm_step();

    if (m->next != NGX_RTC_NONE) {
        next = ngx_rtc_shm_member(sh, m->next);
        next->prev = i;
        ngx_rtc_shm_step();
    }

    r->members = i;
    ngx_rtc_shm_step();
}


uint64_t
ngx_rtc_shm_key(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint32_t i)
{
    ngx_rtc_shm_record_t  *rec;

    rec = ngx_rtc_shm_record(sh, t, i);

    return ((uint64_t) rec->generation << 32) | i;
}


uint32_t
ngx_rtc_shm_by_key(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint64_t key)
{
    uint32_t               i;
    ngx_rtc_shm_record_t  *rec;

    i = (uint32_t) key;

    if (i >= t->n) {
        return NGX_RTC_NONE;
    }

    rec = ngx_rtc_shm_record(sh, t, i);

    if (rec->state != NGX_RTC_USED || rec->generation != key >> 32) {
        return NGX_RTC_NONE;
    }

    return i;
}


uint32_t
ngx_rtc_shm_hash(ngx_rtc_shm_t *sh, void *data, size_t len)
{
    size_t     left;
    u_char    *p;
    uint64_t   v[4], m;

    v[0] = sh->hash_key[0] ^ 0x736f6d6570736575ULL;
    v[1] = sh->hash_key[1] ^ 0x646f72616e646f6dULL;
    v[2] = sh->hash_key[0] ^ 0x6c7967656e657261ULL;
    v[3] = sh->hash_key[1] ^ 0x7465646279746573ULL;

    p = data;

    for (left = len; left >= 8; left -= 8) {
        ngx_memcpy(&m, p, 8);
        p += 8;

        v[3] ^= m;
        ngx_rtc_sipround(v);
        v[0] ^= m;
    }

    m = (uint64_t) len << 56;

    while (left) {
        left--;
        m |= (uint64_t) p[left] << (8 * left);
    }

    v[3] ^= m;
    ngx_rtc_sipround(v);
    v[0] ^= m;

    v[2] ^= 0xff;
    ngx_rtc_sipround(v);
    ngx_rtc_sipround(v);
    ngx_rtc_sipround(v);

    m = v[0] ^ v[1] ^ v[2] ^ v[3];

    return (uint32_t) (m ^ (m >> 32));
}


static void
ngx_rtc_sipround(uint64_t *v)
{
    v[0] += v[1];
    v[1] = ngx_rtc_rotl(v[1], 13);
    v[1] ^= v[0];
    v[0] = ngx_rtc_rotl(v[0], 32);
    v[2] += v[3];
    v[3] = ngx_rtc_rotl(v[3], 16);
    v[3] ^= v[2];
    v[0] += v[3];
    v[3] = ngx_rtc_rotl(v[3], 21);
    v[3] ^= v[0];
    v[2] += v[1];
    v[1] = ngx_rtc_rotl(v[1], 17);
    v[1] ^= v[2];
    v[2] = ngx_rtc_rotl(v[2], 32);
}
