
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The directory's operations on the zone, each inside of a section that the
 * caller has entered: no syscalls, no logging, no allocation but records.
 * Slots and what a dead worker leaves are in ngx_rtc_reap.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_shm.h"


static uint32_t ngx_rtc_zone_lookup_room(ngx_rtc_shm_t *sh, ngx_str_t *id,
    uint32_t hash);
static void ngx_rtc_zone_room_ref(ngx_rtc_shm_t *sh, uint32_t i,
    ngx_rtc_room_ref_t *ref);
static void ngx_rtc_zone_room_copy(ngx_rtc_shm_t *sh, uint32_t i,
    ngx_rtc_room_info_t *info);
static ngx_int_t ngx_rtc_zone_choose_home(ngx_rtc_shm_t *sh,
    ngx_rtc_ref_t *self, ngx_rtc_ref_t *home);
static uint32_t ngx_rtc_zone_lookup_addr(ngx_rtc_shm_t *sh,
    ngx_rtc_shm_addr_key_t *key, uint32_t hash);


ngx_uint_t
ngx_rtc_zone_alive(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *ref)
{
    ngx_rtc_shm_slot_t  *slot;

    if (ref->slot >= sh->nslots) {
        return 0;
    }

    slot = ngx_rtc_shm_slot(sh, ref->slot);

    return slot->state == NGX_RTC_SLOT_LIVE
           && slot->incarnation == ref->incarnation;
}


ngx_int_t
ngx_rtc_zone_room_find(ngx_rtc_shm_t *sh, ngx_str_t *id, uint32_t hash,
    ngx_rtc_room_ref_t *ref)
{
    uint32_t  i;

    i = ngx_rtc_zone_lookup_room(sh, id, hash);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    ngx_rtc_zone_room_ref(sh, i, ref);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_zone_room_open(ngx_rtc_shm_t *sh, ngx_str_t *id, uint32_t hash,
    ngx_rtc_ref_t *self, uint32_t max_rooms, time_t now,
    ngx_rtc_room_ref_t *ref)
{
    uint32_t             i;
    ngx_rtc_ref_t        home;
    ngx_rtc_shm_room_t  *r;

    i = ngx_rtc_zone_lookup_room(sh, id, hash);

    if (i != NGX_RTC_NONE) {

        r = ngx_rtc_shm_room(sh, i);

        if (ngx_rtc_zone_alive(sh, &r->home)) {
            ngx_rtc_zone_room_ref(sh, i, ref);
            return NGX_OK;
        }

        if (ngx_rtc_zone_choose_home(sh, self, &home) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_rtc_shm_save(sh, &r->home, offsetof(ngx_rtc_shm_room_t, members)
                                       - offsetof(ngx_rtc_shm_room_t, home));

        r->home.slot = home.slot;
        ngx_rtc_shm_step();
        r->home.incarnation = home.incarnation;
        ngx_rtc_shm_step();
        r->epoch++;
        ngx_rtc_shm_step();

        sh->orphans -= r->orphaned;
        r->orphaned = 0;
        ngx_rtc_shm_step();

        ngx_rtc_shm_slot(sh, home.slot)->homes++;

        ngx_rtc_shm_commit(sh);

        ngx_rtc_zone_room_ref(sh, i, ref);

        return NGX_OK;
    }

    if (id->len == 0 || id->len > NGX_RTC_ID_LEN
        || sh->rooms.used >= max_rooms)
    {
        return NGX_DECLINED;
    }

    if (ngx_rtc_zone_choose_home(sh, self, &home) != NGX_OK) {
        return NGX_ERROR;
    }

    i = ngx_rtc_shm_alloc(sh, &sh->rooms);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    r = ngx_rtc_shm_room(sh, i);

    r->home = home;
    r->epoch = 1;
    r->orphaned = 0;
    r->orphaned_at = 0;
    r->members = NGX_RTC_NONE;

    ngx_memzero(&r->info, sizeof(ngx_rtc_room_info_t));
    ngx_memcpy(r->info.id, id->data, id->len);
    r->info.id_len = (u_char) id->len;
    r->info.created = now;

    ngx_rtc_shm_step();

    ngx_rtc_shm_link(sh, &sh->rooms, i, hash);

    ngx_rtc_shm_slot(sh, home.slot)->homes++;

    ngx_rtc_zone_room_ref(sh, i, ref);
    ref->created = 1;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_zone_room_update(ngx_rtc_shm_t *sh, uint64_t key, ngx_rtc_ref_t *self,
    ngx_rtc_room_info_t *info)
{
    uint32_t              i;
    ngx_rtc_shm_room_t   *r;
    ngx_rtc_room_info_t  *in;

    i = ngx_rtc_shm_by_key(sh, &sh->rooms, key);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    r = ngx_rtc_shm_room(sh, i);

    if (!ngx_rtc_ref_eq(&r->home, self)) {
        return NGX_DECLINED;
    }

    in = &r->info;

    ngx_rtc_shm_save(sh, in, sizeof(ngx_rtc_room_info_t));

    /* neither the id, which is hashed, nor the time of creation */

    in->type_len = ngx_min(info->type_len, sizeof(in->type));
    ngx_memcpy(in->type, info->type, in->type_len);
    ngx_rtc_shm_step();

    in->mode = info->mode;
    in->is_public = info->is_public;
    in->locked = info->locked;
    in->listed = info->listed;
    ngx_rtc_shm_step();

    in->participants = info->participants;
    in->max_participants = info->max_participants;

    ngx_rtc_shm_commit(sh);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_zone_room_close(ngx_rtc_shm_t *sh, uint64_t key, ngx_rtc_ref_t *self)
{
    uint32_t             i;
    ngx_rtc_shm_room_t  *r;

    i = ngx_rtc_shm_by_key(sh, &sh->rooms, key);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    r = ngx_rtc_shm_room(sh, i);

    if (!ngx_rtc_ref_eq(&r->home, self)) {
        return NGX_DECLINED;
    }

    ngx_rtc_zone_room_free(sh, i);

    return NGX_OK;
}


void
ngx_rtc_zone_room_free(ngx_rtc_shm_t *sh, uint32_t i)
{
    uint32_t               next;
    ngx_rtc_ref_t          home;
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_slot_t    *slot;
    ngx_rtc_shm_member_t  *m;

    r = ngx_rtc_shm_room(sh, i);

    home = r->home;
    next = r->members;
    sh->orphans -= r->orphaned;

    /* the room first: its members are nobody's then, even if we die here */

    ngx_rtc_shm_unlink(sh, &sh->rooms, i);

    while (next != NGX_RTC_NONE) {
        i = next;
        m = ngx_rtc_shm_member(sh, i);
        next = m->next;

        ngx_rtc_shm_unlink(sh, &sh->members, i);
    }

    slot = ngx_rtc_shm_slot(sh, home.slot);

    if (slot->incarnation == home.incarnation && slot->homes) {
        slot->homes--;
    }
}


ngx_int_t
ngx_rtc_zone_room_info(ngx_rtc_shm_t *sh, ngx_str_t *id, uint32_t hash,
    ngx_rtc_room_info_t *info)
{
    uint32_t  i;

    i = ngx_rtc_zone_lookup_room(sh, id, hash);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    ngx_rtc_zone_room_copy(sh, i, info);

    return NGX_OK;
}


ngx_uint_t
ngx_rtc_zone_room_list(ngx_rtc_shm_t *sh, ngx_rtc_room_info_t *infos,
    ngx_uint_t n, ngx_uint_t *cursor, ngx_uint_t all)
{
    uint32_t             i, last;
    ngx_uint_t           found;
    ngx_rtc_shm_room_t  *r;

    found = 0;
    i = (uint32_t) ngx_min(*cursor, sh->rooms.n);
    last = ngx_min(i + NGX_RTC_REAP_STEP, sh->rooms.n);

    for ( /* void */ ; i < last && found < n; i++) {

        r = ngx_rtc_shm_room(sh, i);

        if (r->record.state != NGX_RTC_USED) {
            continue;
        }

        if (!all && (!r->info.is_public || !r->info.listed)) {
            continue;
        }

        ngx_rtc_zone_room_copy(sh, i, &infos[found++]);
    }

    *cursor = i;

    return found;
}


static uint32_t
ngx_rtc_zone_lookup_room(ngx_rtc_shm_t *sh, ngx_str_t *id, uint32_t hash)
{
    uint32_t             i;
    ngx_rtc_shm_room_t  *r;

    i = *ngx_rtc_shm_bucket(sh, &sh->rooms, hash);

    while (i != NGX_RTC_NONE) {

        r = ngx_rtc_shm_room(sh, i);

        if (r->record.hash == hash
            && r->info.id_len == id->len
            && ngx_memcmp(r->info.id, id->data, id->len) == 0)
        {
            return i;
        }

        i = r->record.next;
    }

    return NGX_RTC_NONE;
}


static void
ngx_rtc_zone_room_ref(ngx_rtc_shm_t *sh, uint32_t i, ngx_rtc_room_ref_t *ref)
{
    ngx_rtc_shm_room_t  *r;

    r = ngx_rtc_shm_room(sh, i);

    ref->key = ngx_rtc_shm_key(sh, &sh->rooms, i);
    ref->home = r->home;
    ref->epoch = r->epoch;
    ref->created = 0;
}


static void
ngx_rtc_zone_room_copy(ngx_rtc_shm_t *sh, uint32_t i,
    ngx_rtc_room_info_t *info)
{
    ngx_rtc_shm_room_t  *r;

    r = ngx_rtc_shm_room(sh, i);

    *info = r->info;
    info->key = ngx_rtc_shm_key(sh, &sh->rooms, i);
    info->home = r->home;
}


/*
 * Workers that read media listeners first, then those of the newest cycle
 * (others are about to drain), then the least load, then the caller itself,
 * so that signaling needn't cross.  A room counts as long as nobody is in it
 * yet, else a burst of new rooms would pile up in one place.
 */

static ngx_int_t
ngx_rtc_zone_choose_home(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *self,
    ngx_rtc_ref_t *home)
{
    uint32_t             i, cycle;
    uint64_t             load, best;
    ngx_rtc_shm_slot_t  *slot;

    best = INT64_MAX;
    cycle = 0;

    for (i = 0; i < sh->nslots; i++) {

        slot = ngx_rtc_shm_slot(sh, i);

        if (slot->state == NGX_RTC_SLOT_LIVE) {
            cycle = ngx_max(cycle, slot->cycle);
        }
    }

    for (i = 0; i < sh->nslots; i++) {

        slot = ngx_rtc_shm_slot(sh, i);

        if (slot->state != NGX_RTC_SLOT_LIVE || slot->draining) {
            continue;
        }

        load = ((uint64_t) slot->load + slot->homes) * 2;

        if (slot->listeners == 0) {
            load += (uint64_t) 1 << 41;
        }

        if (slot->cycle != cycle) {
            load += (uint64_t) 1 << 40;
        }

        if (i != self->slot || slot->incarnation != self->incarnation) {
            load += 1;
        }

        if (load < best) {
            best = load;
            home->slot = i;
            home->incarnation = slot->incarnation;
        }
    }

    return (best == INT64_MAX) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_rtc_zone_member_add(ngx_rtc_shm_t *sh, uint64_t room, ngx_rtc_member_t *m,
    uint64_t *key)
{
    uint32_t               i, r;
    ngx_rtc_shm_member_t  *member;

    r = ngx_rtc_shm_by_key(sh, &sh->rooms, room);

    if (r == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    i = ngx_rtc_shm_alloc(sh, &sh->members);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    member = ngx_rtc_shm_member(sh, i);

    member->room = room;
    member->m = *m;

    ngx_rtc_shm_step();

    ngx_rtc_shm_link(sh, &sh->members, i, 0);
    ngx_rtc_shm_link_member(sh, r, i);

    *key = ngx_rtc_shm_key(sh, &sh->members, i);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_zone_member_update(ngx_rtc_shm_t *sh, uint64_t key,
    ngx_rtc_member_t *m)
{
    uint32_t               i;
    ngx_rtc_shm_member_t  *member;

    i = ngx_rtc_shm_by_key(sh, &sh->members, key);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    member = ngx_rtc_shm_member(sh, i);

    ngx_rtc_shm_save(sh, &member->m, sizeof(ngx_rtc_member_t));
    member->m = *m;
    ngx_rtc_shm_commit(sh);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_zone_member_remove(ngx_rtc_shm_t *sh, uint64_t key)
{
    uint32_t  i;

    i = ngx_rtc_shm_by_key(sh, &sh->members, key);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    ngx_rtc_zone_member_free(sh, i);

    return NGX_OK;
}


void
ngx_rtc_zone_member_free(ngx_rtc_shm_t *sh, uint32_t i)
{
    uint32_t               room;
    ngx_rtc_shm_member_t  *m;

    m = ngx_rtc_shm_member(sh, i);

    if (m->prev != NGX_RTC_NONE) {
        ngx_rtc_shm_member(sh, m->prev)->next = m->next;

    } else {
        room = ngx_rtc_shm_by_key(sh, &sh->rooms, m->room);

        if (room != NGX_RTC_NONE) {
            ngx_rtc_shm_room(sh, room)->members = m->next;
        }
    }

    ngx_rtc_shm_step();

    if (m->next != NGX_RTC_NONE) {
        ngx_rtc_shm_member(sh, m->next)->prev = m->prev;
        ngx_rtc_shm_step();
    }

    ngx_rtc_shm_unlink(sh, &sh->members, i);
}


/* the cursor is the key of the next member; one that is gone ends the list */

ngx_uint_t
ngx_rtc_zone_member_list(ngx_rtc_shm_t *sh, uint64_t room,
    ngx_rtc_member_t *members, uint64_t *keys, ngx_uint_t n, uint64_t *cursor)
{
    uint32_t               i;
    ngx_uint_t             found;
    ngx_rtc_shm_member_t  *m;

    if (*cursor == UINT64_MAX) {
        return 0;
    }

    if (*cursor) {
        i = ngx_rtc_shm_by_key(sh, &sh->members, *cursor);

    } else {
        i = ngx_rtc_shm_by_key(sh, &sh->rooms, room);

        if (i != NGX_RTC_NONE) {
            i = ngx_rtc_shm_room(sh, i)->members;
        }
    }

    for (found = 0; found < n && i != NGX_RTC_NONE; found++) {

        m = ngx_rtc_shm_member(sh, i);

        if (m->room != room) {
            i = NGX_RTC_NONE;
            break;
        }

        members[found] = m->m;
        keys[found] = ngx_rtc_shm_key(sh, &sh->members, i);

        i = m->next;
    }

    *cursor = (i == NGX_RTC_NONE) ? UINT64_MAX
                                  : ngx_rtc_shm_key(sh, &sh->members, i);

    return found;
}


ngx_int_t
ngx_rtc_zone_addr_publish(ngx_rtc_shm_t *sh, ngx_rtc_shm_addr_key_t *key,
    uint32_t hash, ngx_rtc_ref_t *self)
{
    uint32_t             i;
    ngx_rtc_shm_addr_t  *a;

    i = ngx_rtc_zone_lookup_addr(sh, key, hash);

    if (i != NGX_RTC_NONE) {

        /* a NAT gave the address to another client: the latest check holds */

        a = ngx_rtc_shm_addr(sh, i);

        if (ngx_rtc_ref_eq(&a->owner, self)) {
            return NGX_OK;
        }

        ngx_rtc_shm_save(sh, &a->owner, sizeof(ngx_rtc_ref_t));
        a->owner.slot = self->slot;
        ngx_rtc_shm_step();
        a->owner.incarnation = self->incarnation;
        ngx_rtc_shm_commit(sh);

        return NGX_OK;
    }

    i = ngx_rtc_shm_alloc(sh, &sh->addrs);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    a = ngx_rtc_shm_addr(sh, i);

    a->key = *key;
    a->owner = *self;

    ngx_rtc_shm_step();

    ngx_rtc_shm_link(sh, &sh->addrs, i, hash);

    return NGX_OK;
}


void
ngx_rtc_zone_addr_remove(ngx_rtc_shm_t *sh, ngx_rtc_shm_addr_key_t *key,
    uint32_t hash, ngx_rtc_ref_t *self)
{
    uint32_t             i;
    ngx_rtc_shm_addr_t  *a;

    i = ngx_rtc_zone_lookup_addr(sh, key, hash);

    if (i == NGX_RTC_NONE) {
        return;
    }

    a = ngx_rtc_shm_addr(sh, i);

    if (ngx_rtc_ref_eq(&a->owner, self)) {
        ngx_rtc_shm_unlink(sh, &sh->addrs, i);
    }
}


ngx_int_t
ngx_rtc_zone_addr_find(ngx_rtc_shm_t *sh, ngx_rtc_shm_addr_key_t *key,
    uint32_t hash, ngx_rtc_ref_t *ref)
{
    uint32_t             i;
    ngx_rtc_shm_addr_t  *a;

    i = ngx_rtc_zone_lookup_addr(sh, key, hash);

    if (i == NGX_RTC_NONE) {
        return NGX_DECLINED;
    }

    a = ngx_rtc_shm_addr(sh, i);

    if (!ngx_rtc_zone_alive(sh, &a->owner)) {
        return NGX_DECLINED;
    }

    *ref = a->owner;

    return NGX_OK;
}


static uint32_t
ngx_rtc_zone_lookup_addr(ngx_rtc_shm_t *sh, ngx_rtc_shm_addr_key_t *key,
    uint32_t hash)
{
    uint32_t             i;
    ngx_rtc_shm_addr_t  *a;

    i = *ngx_rtc_shm_bucket(sh, &sh->addrs, hash);

    while (i != NGX_RTC_NONE) {

        a = ngx_rtc_shm_addr(sh, i);

        if (a->record.hash == hash
            && ngx_memcmp(&a->key, key, sizeof(ngx_rtc_shm_addr_key_t)) == 0)
        {
            return i;
        }

        i = a->record.next;
    }

    return NGX_RTC_NONE;
}


/* the slot's number is the truth, the total follows from it */

ngx_int_t
ngx_rtc_zone_session_count(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *self,
    ngx_int_t delta, uint32_t max)
{
    ngx_rtc_shm_slot_t  *slot;

    if (!ngx_rtc_zone_alive(sh, self)) {
        return NGX_DECLINED;
    }

    slot = ngx_rtc_shm_slot(sh, self->slot);

    if (delta > 0 && (uint64_t) sh->sessions + delta > max) {
        return NGX_DECLINED;
    }

    if (delta < 0 && slot->sessions < (ngx_uint_t) -delta) {
        delta = - (ngx_int_t) slot->sessions;
    }

    slot->sessions += delta;
    ngx_rtc_shm_step();
    sh->sessions += delta;

    return NGX_OK;
}
