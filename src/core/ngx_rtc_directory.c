
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The directory for all layers: takes the zone's mutex around the
 * operations of ngx_rtc_zone.c, hashes and asks the kernel outside of it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc.h"
#include "ngx_rtc_shm.h"
#include "ngx_rtc_worker.h"


#define NGX_RTC_LIST_STEP     32       /* infos copied in one section */


static ngx_int_t ngx_rtc_addr_key(struct sockaddr *remote, in_port_t local,
    ngx_rtc_shm_addr_key_t *key);


ngx_rtc_shm_t  *ngx_rtc_shm;

static ngx_slab_pool_t  *ngx_rtc_shpool;


/* what the slab pool of the zone needs around our one block of pages */

size_t
ngx_rtc_shm_zone_size(ngx_rtc_conf_t *rcf)
{
    size_t  size, pages;

    size = ngx_rtc_shm_size(rcf->max_rooms, rcf->max_sessions, rcf->slots);

    pages = (size + ngx_pagesize - 1) / ngx_pagesize;

    size = pages * (ngx_pagesize + sizeof(ngx_slab_page_t))
           + 4 * ngx_pagesize;

    return ngx_align(size, 1024);
}


ngx_int_t
ngx_rtc_shm_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    uint64_t         key[2];
    ngx_rtc_shm_t   *sh;
    ngx_slab_pool_t *shpool;
    ngx_rtc_conf_t  *rcf;

    rcf = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    sh = data;

    if (sh == NULL && shm_zone->shm.exists) {
        sh = shpool->data;
    }

    if (sh) {

        if (sh->magic != NGX_RTC_SHM_MAGIC
            || sh->version != NGX_RTC_SHM_VERSION)
        {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "zone \"%V\" was made by another version of the "
                          "module: restart is needed", &shm_zone->shm.name);
            return NGX_ERROR;
        }

        goto done;
    }

    if (ngx_rtc_random((u_char *) key, sizeof(key)) != NGX_OK) {
        return NGX_ERROR;
    }

    shpool->log_nomem = 0;

    sh = ngx_slab_alloc(shpool, ngx_rtc_shm_size(rcf->max_rooms,
                                                 rcf->max_sessions,
                                                 rcf->slots));
    if (sh == NULL) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" is too small", &shm_zone->shm.name);
        return NGX_ERROR;
    }

    ngx_rtc_shm_carve(sh, rcf->max_rooms, rcf->max_sessions, rcf->slots, key);

    shpool->data = sh;

done:

    shm_zone->data = sh;

    ngx_rtc_shm = sh;
    ngx_rtc_shpool = shpool;

    return NGX_OK;
}


void
ngx_rtc_lock(void)
{
    ngx_shmtx_lock(&ngx_rtc_shpool->mutex);

    if (ngx_rtc_shm_enter(ngx_rtc_shm, ngx_pid)) {
        ngx_rtc_count(mutex_recovered);
    }
}


void
ngx_rtc_unlock(void)
{
    ngx_rtc_shm_leave(ngx_rtc_shm);

    ngx_shmtx_unlock(&ngx_rtc_shpool->mutex);
}


ngx_int_t
ngx_rtc_room_find(ngx_str_t *id, ngx_rtc_room_ref_t *ref)
{
    uint32_t   hash;
    ngx_int_t  rc;

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, id->data, id->len);

    ngx_rtc_lock();

    rc = ngx_rtc_zone_room_find(ngx_rtc_shm, id, hash, ref);

    ngx_rtc_unlock();

    return rc;
}


ngx_int_t
ngx_rtc_room_open(ngx_str_t *id, ngx_rtc_room_ref_t *ref)
{
    uint32_t    hash;
    ngx_int_t   rc;
    ngx_uint_t  created, tries;

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, id->data, id->len);

    created = 0;
    rc = NGX_ERROR;

    /* each further round is for a home that turned out to be dead */

    for (tries = 0; tries < ngx_rtc_shm->nslots; tries++) {

        ngx_rtc_lock();

        rc = ngx_rtc_zone_room_open(ngx_rtc_shm, id, hash, &ngx_rtc_self,
                                    ngx_rtc_conf->max_rooms, ngx_time(), ref);

        ngx_rtc_unlock();

        if (rc != NGX_OK) {
            break;
        }

        created |= ref->created;

        if (ngx_rtc_worker_check(&ref->home)) {
            break;
        }

        rc = NGX_ERROR;
    }

    ref->created = created;

    return rc;
}


ngx_int_t
ngx_rtc_room_update(uint64_t key, ngx_rtc_room_info_t *info)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_room_update(ngx_rtc_shm, key, &ngx_rtc_self, info);

    ngx_rtc_unlock();

    return rc;
}


ngx_int_t
ngx_rtc_room_close(uint64_t key)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_room_close(ngx_rtc_shm, key, &ngx_rtc_self);

    ngx_rtc_unlock();

    return rc;
}


ngx_int_t
ngx_rtc_room_info(ngx_str_t *id, ngx_rtc_room_info_t *info)
{
    uint32_t   hash;
    ngx_int_t  rc;

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, id->data, id->len);

    ngx_rtc_lock();

    rc = ngx_rtc_zone_room_info(ngx_rtc_shm, id, hash, info);

    ngx_rtc_unlock();

    return rc;
}


ngx_uint_t
ngx_rtc_room_list(ngx_rtc_room_info_t *infos, ngx_uint_t n,
    ngx_uint_t *cursor, ngx_uint_t all)
{
    ngx_uint_t  found, step;

    found = 0;

    while (found < n && *cursor < ngx_rtc_shm->rooms.n) {

        step = ngx_min(n - found, NGX_RTC_LIST_STEP);

        ngx_rtc_lock();

        found += ngx_rtc_zone_room_list(ngx_rtc_shm, infos + found, step,
                                        cursor, all);
        ngx_rtc_unlock();
    }

    return found;
}


ngx_int_t
ngx_rtc_member_add(uint64_t room, ngx_rtc_member_t *m, uint64_t *key)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_member_add(ngx_rtc_shm, room, m, key);

    ngx_rtc_unlock();

    return rc;
}


ngx_int_t
ngx_rtc_member_update(uint64_t key, ngx_rtc_member_t *m)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_member_update(ngx_rtc_shm, key, m);

    ngx_rtc_unlock();

    return rc;
}


ngx_int_t
ngx_rtc_member_remove(uint64_t key)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_member_remove(ngx_rtc_shm, key);

    ngx_rtc_unlock();

    return rc;
}


ngx_uint_t
ngx_rtc_member_list(uint64_t room, ngx_rtc_member_t *members, uint64_t *keys,
    ngx_uint_t n, uint64_t *cursor)
{
    ngx_uint_t  found;

    n = ngx_min(n, NGX_RTC_LIST_STEP);

    ngx_rtc_lock();

    found = ngx_rtc_zone_member_list(ngx_rtc_shm, room, members, keys, n,
                                     cursor);
    ngx_rtc_unlock();

    return found;
}


ngx_int_t
ngx_rtc_addr_publish(struct sockaddr *remote, in_port_t local)
{
    uint32_t                hash;
    ngx_int_t               rc;
    ngx_rtc_shm_addr_key_t  key;

    if (!ngx_rtc_has_slot
        || ngx_rtc_addr_key(remote, local, &key) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, &key, sizeof(key));

    ngx_rtc_lock();

    rc = ngx_rtc_zone_addr_publish(ngx_rtc_shm, &key, hash, &ngx_rtc_self);

    ngx_rtc_unlock();

    return rc;
}


void
ngx_rtc_addr_remove(struct sockaddr *remote, in_port_t local)
{
    uint32_t                hash;
    ngx_rtc_shm_addr_key_t  key;

    if (ngx_rtc_addr_key(remote, local, &key) != NGX_OK) {
        return;
    }

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, &key, sizeof(key));

    ngx_rtc_lock();

    ngx_rtc_zone_addr_remove(ngx_rtc_shm, &key, hash, &ngx_rtc_self);

    ngx_rtc_unlock();
}


ngx_int_t
ngx_rtc_addr_find(struct sockaddr *remote, in_port_t local,
    ngx_rtc_ref_t *ref)
{
    uint32_t                hash;
    ngx_int_t               rc;
    ngx_rtc_shm_addr_key_t  key;

    if (ngx_rtc_addr_key(remote, local, &key) != NGX_OK) {
        return NGX_DECLINED;
    }

    hash = ngx_rtc_shm_hash(ngx_rtc_shm, &key, sizeof(key));

    ngx_rtc_count(addr_lookups);

    ngx_rtc_lock();

    rc = ngx_rtc_zone_addr_find(ngx_rtc_shm, &key, hash, ref);

    ngx_rtc_unlock();

    return rc;
}


/* a dual stack socket shows an IPv4 peer as mapped: the same peer */

static ngx_int_t
ngx_rtc_addr_key(struct sockaddr *remote, in_port_t local,
    ngx_rtc_shm_addr_key_t *key)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (remote->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) remote;

        ngx_memzero(key->addr, 10);
        key->addr[10] = 0xff;
        key->addr[11] = 0xff;
        ngx_memcpy(&key->addr[12], &sin->sin_addr, 4);
        key->remote = sin->sin_port;
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) remote;

        ngx_memcpy(key->addr, &sin6->sin6_addr, 16);
        key->remote = sin6->sin6_port;
        break;
#endif

    default:
        return NGX_DECLINED;
    }

    key->local = local;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_session_count(ngx_int_t delta)
{
    ngx_int_t  rc;

    ngx_rtc_lock();

    rc = ngx_rtc_zone_session_count(ngx_rtc_shm, &ngx_rtc_self, delta,
                                    ngx_rtc_conf->max_sessions);
    ngx_rtc_unlock();

    return rc;
}


void
ngx_rtc_counters_sum(uint64_t *out)
{
    ngx_rtc_lock();

    ngx_rtc_zone_counters(ngx_rtc_shm, out);

    ngx_rtc_unlock();
}


ngx_uint_t
ngx_rtc_slots_info(ngx_rtc_slot_info_t *infos, ngx_uint_t n)
{
    uint32_t             i;
    ngx_uint_t           k, found;
    ngx_rtc_shm_slot_t  *slot;

    found = 0;

    ngx_rtc_lock();

    for (i = 0; i < ngx_rtc_shm->nslots && found < n; i++) {

        slot = ngx_rtc_shm_slot(ngx_rtc_shm, i);

        if (slot->state != NGX_RTC_SLOT_LIVE) {
            continue;
        }

        infos[found].ref.slot = i;
        infos[found].ref.incarnation = slot->incarnation;
        infos[found].pid = slot->pid;
        infos[found].draining = slot->draining;
        infos[found].load = slot->load;

        for (k = 0; k < NGX_RTC_NCOUNTERS; k++) {
            infos[found].counters[k] = slot->counters[k];
        }

        found++;
    }

    ngx_rtc_unlock();

    return found;
}
