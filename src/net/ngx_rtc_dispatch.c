
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The way of a datagram to its transport: by its address in this worker,
 * by its address or its ufrag in another one, and what nobody wants is
 * dropped cheaply.  It trusts nothing it reads and verifies nothing.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_directory.h"
#include "ngx_rtc_mesh.h"
#include "ngx_rtc_net.h"
#include "ngx_rtc_rtp.h"


#define NGX_RTC_DISPATCH_MIN      1024 /* places of the table, at first */
#define NGX_RTC_DISPATCH_NAMES    4096
#define NGX_RTC_DISPATCH_SETS     1024
#define NGX_RTC_DISPATCH_WAYS     4
#define NGX_RTC_DISPATCH_SLOTS    1024
#define NGX_RTC_DISPATCH_SOURCES  1024
#define NGX_RTC_DISPATCH_PUBLISH  2    /* addresses of a transport in the
                                          zone; it has room for as many */

#define NGX_RTC_DISPATCH_NEGATIVE 1000000  /* how long "nobody" is believed */
#define NGX_RTC_DISPATCH_NONE     0xffffffff


/* a place of the table of tuples: open addressing, linear probing */

typedef struct {
    ngx_rtc_ice_tuple_t  *tuple;       /* NULL: free */
    ngx_rtc_transport_t  *transport;
    uint32_t              hash;
} ngx_rtc_dispatch_place_t;


/* what other workers serve; slot NONE: nobody, until then */

typedef struct {
    ngx_rtc_addr_t        remote;      /* family 0: free */
    in_port_t             local;
    ngx_rtc_ref_t         ref;
    ngx_rtc_usec_t        until;
} ngx_rtc_dispatch_cache_t;


typedef struct {
    ngx_rtc_usec_t        last;
    ngx_int_t             tokens;      /* thousandths */
} ngx_rtc_dispatch_bucket_t;


/* before a datagram that crosses */

typedef struct {
    ngx_rtc_addr_t        remote;
    ngx_rtc_addr_t        local;
    ngx_rtc_usec_t        arrival;
} ngx_rtc_dispatch_header_t;


/* back to the reader: no transport has this address */

typedef struct {
    ngx_rtc_addr_t        remote;
    uint32_t              local;
} ngx_rtc_dispatch_unknown_t;


static ngx_uint_t ngx_rtc_dispatch_here(ngx_rtc_datagram_t *dg,
    u_char *ufrag);
static void ngx_rtc_dispatch_ufrag(ngx_rtc_datagram_t *dg, u_char *ufrag);
static void ngx_rtc_dispatch_post(ngx_rtc_datagram_t *dg, ngx_rtc_ref_t *ref,
    ngx_rtc_dispatch_cache_t *cache);
static void ngx_rtc_dispatch_datagram(ngx_rtc_ref_t *from, u_char *p,
    size_t len);
static void ngx_rtc_dispatch_unknown(ngx_rtc_ref_t *from, u_char *p,
    size_t len);
static void ngx_rtc_dispatch_gone(ngx_rtc_ref_t *ref);
static ngx_uint_t ngx_rtc_dispatch_limit(ngx_rtc_dispatch_bucket_t *b,
    ngx_uint_t rate, ngx_uint_t burst, ngx_rtc_usec_t now);
static ngx_rtc_dispatch_bucket_t *ngx_rtc_dispatch_source(
    ngx_rtc_dispatch_bucket_t *sources, ngx_rtc_addr_t *remote);
static ngx_rtc_dispatch_cache_t *ngx_rtc_dispatch_cached(
    ngx_rtc_addr_t *remote, in_port_t local);
static ngx_rtc_dispatch_cache_t *ngx_rtc_dispatch_cache(
    ngx_rtc_addr_t *remote, in_port_t local);
static ngx_rtc_dispatch_place_t *ngx_rtc_dispatch_find(ngx_rtc_addr_t *remote,
    ngx_rtc_addr_t *local);
static void ngx_rtc_dispatch_unpublish(ngx_rtc_ice_tuple_t *tuple);
static ngx_int_t ngx_rtc_dispatch_grow(void);
static ngx_rtc_transport_t *ngx_rtc_dispatch_by_name(u_char *ufrag);
static ngx_queue_t *ngx_rtc_dispatch_bucket(u_char *ufrag);


static ngx_rtc_dispatch_place_t   *ngx_rtc_places;
static ngx_uint_t                  ngx_rtc_nplaces;
static ngx_uint_t                  ngx_rtc_ntuples;
static uint32_t                    ngx_rtc_seed;

static ngx_queue_t                 ngx_rtc_names[NGX_RTC_DISPATCH_NAMES];

static ngx_rtc_dispatch_cache_t
    ngx_rtc_caches[NGX_RTC_DISPATCH_SETS][NGX_RTC_DISPATCH_WAYS];

static ngx_rtc_dispatch_bucket_t   ngx_rtc_slots[NGX_RTC_DISPATCH_SLOTS];
static ngx_rtc_dispatch_bucket_t   ngx_rtc_sources[NGX_RTC_DISPATCH_SOURCES];
static ngx_rtc_dispatch_bucket_t   ngx_rtc_seekers[NGX_RTC_DISPATCH_SOURCES];
static ngx_rtc_dispatch_bucket_t   ngx_rtc_lookups;
static ngx_rtc_dispatch_bucket_t   ngx_rtc_unknowns;


ngx_int_t
ngx_rtc_dispatch_init(ngx_log_t *log)
{
    ngx_uint_t  i;

    if (ngx_rtc_random((u_char *) &ngx_rtc_seed, sizeof(uint32_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_RTC_DISPATCH_NAMES; i++) {
        ngx_queue_init(&ngx_rtc_names[i]);
    }

    ngx_rtc_places = ngx_calloc(NGX_RTC_DISPATCH_MIN
                                * sizeof(ngx_rtc_dispatch_place_t), log);
    if (ngx_rtc_places == NULL) {
        return NGX_ERROR;
    }

    ngx_rtc_nplaces = NGX_RTC_DISPATCH_MIN;
    ngx_rtc_ntuples = 0;

    if (ngx_rtc_mesh_handler(NGX_RTC_MESH_DATAGRAM, ngx_rtc_dispatch_datagram)
        != NGX_OK
        || ngx_rtc_mesh_handler(NGX_RTC_MESH_CACHE, ngx_rtc_dispatch_unknown)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_rtc_on_gone(ngx_rtc_dispatch_gone);
}


void
ngx_rtc_dispatch_exit(void)
{
    if (ngx_rtc_places) {
        ngx_free(ngx_rtc_places);
        ngx_rtc_places = NULL;
    }

    ngx_rtc_nplaces = 0;
    ngx_rtc_ntuples = 0;
}


void
ngx_rtc_dispatch(ngx_rtc_datagram_t *dg)
{
    u_char                    *ufrag;
    in_port_t                  local;
    ngx_rtc_ref_t              ref;
    ngx_rtc_packet_e           type;
    ngx_rtc_dispatch_cache_t  *cache;

    type = ngx_rtc_packet_type(dg->p, dg->p + dg->len);

    ufrag = NULL;

    if (type == NGX_RTC_PACKET_STUN) {
        ufrag = ngx_rtc_ice_ufrag(dg->p, dg->len);
    }

    if (ngx_rtc_dispatch_here(dg, ufrag)) {
        return;
    }

    if (ufrag) {
        ngx_rtc_dispatch_ufrag(dg, ufrag);
        return;
    }

    if (type == NGX_RTC_PACKET_STUN || type == NGX_RTC_PACKET_TURN
        || type == NGX_RTC_PACKET_UNKNOWN)
    {
        ngx_rtc_count(datagrams_unknown);
        return;
    }

    local = ngx_rtc_addr_port(&dg->local);

    cache = ngx_rtc_dispatch_cached(&dg->remote, local);

    if (cache) {

        if (cache->ref.slot != NGX_RTC_DISPATCH_NONE) {
            ngx_rtc_dispatch_post(dg, &cache->ref, cache);
            return;
        }

        if (dg->arrival < cache->until) {
            ngx_rtc_count(datagrams_unknown);
            return;
        }

        cache->remote.sa.sa_family = 0;
    }

    /* one host with many ports must not take the lookups of all others */

    if (!ngx_rtc_dispatch_limit(ngx_rtc_dispatch_source(ngx_rtc_seekers,
                                                        &dg->remote),
                                50, 200, dg->arrival)
        || !ngx_rtc_dispatch_limit(&ngx_rtc_lookups, 2000, 500, dg->arrival))
    {
        ngx_rtc_count(datagrams_unknown);
        return;
    }

    cache = ngx_rtc_dispatch_cache(&dg->remote, local);

    if (ngx_rtc_addr_find(&dg->remote.sa, local, &ref) == NGX_OK
        && !ngx_rtc_ref_eq(&ref, &ngx_rtc_self))
    {
        cache->ref = ref;
        cache->until = NGX_RTC_NEVER;

        ngx_rtc_dispatch_post(dg, &ref, cache);
        return;
    }

    cache->ref.slot = NGX_RTC_DISPATCH_NONE;
    cache->until = dg->arrival + NGX_RTC_DISPATCH_NEGATIVE;

    ngx_rtc_count(datagrams_unknown);
}


/* 1: there is a transport for it in this worker */

static ngx_uint_t
ngx_rtc_dispatch_here(ngx_rtc_datagram_t *dg, u_char *ufrag)
{
    ngx_rtc_ref_t              ref;
    ngx_rtc_transport_t       *t;
    ngx_rtc_dispatch_place_t  *place;

    if (ufrag) {

        /* an address may have changed hands, so a check goes by its name */

        if (ngx_rtc_ice_ufrag_decode(ufrag, &ref) != NGX_OK
            || !ngx_rtc_ref_eq(&ref, &ngx_rtc_self))
        {
            return 0;
        }

        t = ngx_rtc_dispatch_by_name(ufrag);
        if (t == NULL) {
            return 0;
        }

        place = ngx_rtc_dispatch_find(&dg->remote, &dg->local);

        ngx_rtc_transport_input(t, (place && place->transport == t)
                                   ? place->tuple : NULL, dg);
        return 1;
    }

    place = ngx_rtc_dispatch_find(&dg->remote, &dg->local);
    if (place == NULL) {
        return 0;
    }

    ngx_rtc_transport_input(place->transport, place->tuple, dg);

    return 1;
}


static void
ngx_rtc_dispatch_ufrag(ngx_rtc_datagram_t *dg, u_char *ufrag)
{
    ngx_rtc_ref_t              ref;
    ngx_rtc_dispatch_cache_t  *cache;

    if (ngx_rtc_ice_ufrag_decode(ufrag, &ref) != NGX_OK
        || ngx_rtc_ref_eq(&ref, &ngx_rtc_self)
        || ref.slot >= NGX_RTC_DISPATCH_SLOTS)
    {
        ngx_rtc_count(datagrams_unknown);
        return;
    }

    cache = ngx_rtc_dispatch_cached(&dg->remote,
                                    ngx_rtc_addr_port(&dg->local));

    if (cache && ngx_rtc_ref_eq(&cache->ref, &ref)) {
        ngx_rtc_dispatch_post(dg, &ref, cache);
        return;
    }

    /* anybody can write these: neither source nor target gets too many */

    if (!ngx_rtc_dispatch_limit(ngx_rtc_dispatch_source(ngx_rtc_sources,
                                                        &dg->remote),
                                200, 400, dg->arrival)
        || !ngx_rtc_dispatch_limit(&ngx_rtc_slots[ref.slot], 2000, 2000,
                                   dg->arrival)
        || !ngx_rtc_ref_alive(&ref))
    {
        ngx_rtc_count(datagrams_unknown);
        return;
    }

    /*
     * what was believed to be nobody's may be somebody's after this check
     */

    if (cache) {
        cache->remote.sa.sa_family = 0;
    }

    ngx_rtc_dispatch_post(dg, &ref, NULL);
}


static void
ngx_rtc_dispatch_post(ngx_rtc_datagram_t *dg, ngx_rtc_ref_t *ref,
    ngx_rtc_dispatch_cache_t *cache)
{
    ngx_str_t                  parts[2];
    ngx_rtc_dispatch_header_t  header;

    header.remote = dg->remote;
    header.local = dg->local;
    header.arrival = dg->arrival;

    parts[0].data = (u_char *) &header;
    parts[0].len = sizeof(ngx_rtc_dispatch_header_t);

    parts[1].data = dg->p;
    parts[1].len = dg->len;

    if (ngx_rtc_mesh_post(ref, NGX_RTC_MESH_DATAGRAM, parts, 2) == NGX_OK) {
        ngx_rtc_count(datagrams_crossed);
        return;
    }

    if (cache && !ngx_rtc_ref_alive(ref)) {
        cache->remote.sa.sa_family = 0;
    }
}


/* at the home: it doesn't travel any further */

static void
ngx_rtc_dispatch_datagram(ngx_rtc_ref_t *from, u_char *p, size_t len)
{
    u_char                      *ufrag;
    ngx_str_t                    part;
    ngx_rtc_datagram_t           dg;
    ngx_rtc_dispatch_header_t    header;
    ngx_rtc_dispatch_unknown_t   unknown;

    /* SRTP wants it aligned, and in a place where it can be changed */

    static u_char  buffer[NGX_RTC_DATAGRAM_MAX] __attribute__((aligned(16)));

    if (len < sizeof(ngx_rtc_dispatch_header_t)
        || len - sizeof(ngx_rtc_dispatch_header_t) > NGX_RTC_DATAGRAM_MAX)
    {
        return;
    }

    ngx_memcpy(&header, p, sizeof(ngx_rtc_dispatch_header_t));

    dg.p = buffer;
    dg.len = len - sizeof(ngx_rtc_dispatch_header_t);
    dg.remote = header.remote;
    dg.local = header.local;
    dg.arrival = header.arrival;

    dg.sock = ngx_rtc_socket_find(&dg.local);

    if (dg.sock == NULL) {

        /* a listener that this generation doesn't have */

        ngx_rtc_count(datagrams_unknown);
        return;
    }

    ngx_memcpy(buffer, p + sizeof(ngx_rtc_dispatch_header_t), dg.len);

    ufrag = NULL;

    if (ngx_rtc_packet_type(dg.p, dg.p + dg.len) == NGX_RTC_PACKET_STUN) {
        ufrag = ngx_rtc_ice_ufrag(dg.p, dg.len);
    }

    if (ngx_rtc_dispatch_here(&dg, ufrag)) {
        return;
    }

    ngx_rtc_count(datagrams_unknown);

    if (ufrag
        || !ngx_rtc_dispatch_limit(&ngx_rtc_unknowns, 200, 200, dg.arrival))
    {
        return;
    }

    ngx_memzero(&unknown, sizeof(ngx_rtc_dispatch_unknown_t));

    unknown.remote = dg.remote;
    unknown.local = ngx_rtc_addr_port(&dg.local);

    part.data = (u_char *) &unknown;
    part.len = sizeof(ngx_rtc_dispatch_unknown_t);

    (void) ngx_rtc_mesh_post(from, NGX_RTC_MESH_CACHE, &part, 1);
}


static void
ngx_rtc_dispatch_unknown(ngx_rtc_ref_t *from, u_char *p, size_t len)
{
    ngx_rtc_dispatch_cache_t    *cache;
    ngx_rtc_dispatch_unknown_t   unknown;

    if (len != sizeof(ngx_rtc_dispatch_unknown_t)) {
        return;
    }

    ngx_memcpy(&unknown, p, sizeof(ngx_rtc_dispatch_unknown_t));

    cache = ngx_rtc_dispatch_cached(&unknown.remote,
                                    (in_port_t) unknown.local);

    if (cache && ngx_rtc_ref_eq(&cache->ref, from)) {
        cache->remote.sa.sa_family = 0;
    }
}


static void
ngx_rtc_dispatch_gone(ngx_rtc_ref_t *ref)
{
    ngx_uint_t                 i, n;
    ngx_rtc_dispatch_cache_t  *cache;

    for (i = 0; i < NGX_RTC_DISPATCH_SETS; i++) {
        for (n = 0; n < NGX_RTC_DISPATCH_WAYS; n++) {
            cache = &ngx_rtc_caches[i][n];

            if (cache->remote.sa.sa_family
                && ngx_rtc_ref_eq(&cache->ref, ref))
            {
                cache->remote.sa.sa_family = 0;
            }
        }
    }
}


/* 1: may pass */

static ngx_uint_t
ngx_rtc_dispatch_limit(ngx_rtc_dispatch_bucket_t *b, ngx_uint_t rate,
    ngx_uint_t burst, ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  elapsed;

    elapsed = now - b->last;

    if (b->last == 0 || elapsed > 10000000) {
        b->tokens = burst * 1000;
        b->last = now;

    } else if (elapsed > 0) {
        b->tokens += elapsed * (ngx_int_t) rate / 1000;
        b->tokens = ngx_min(b->tokens, (ngx_int_t) burst * 1000);
        b->last = now;
    }

    if (b->tokens < 1000) {
        return 0;
    }

    b->tokens -= 1000;

    return 1;
}


static ngx_rtc_dispatch_bucket_t *
ngx_rtc_dispatch_source(ngx_rtc_dispatch_bucket_t *sources,
    ngx_rtc_addr_t *remote)
{
    ngx_rtc_addr_t  source;

    ngx_rtc_addr_source(&source, remote);

    return &sources[ngx_rtc_addr_host_hash(&source, ngx_rtc_seed)
                    % NGX_RTC_DISPATCH_SOURCES];
}


static ngx_rtc_dispatch_cache_t *
ngx_rtc_dispatch_cached(ngx_rtc_addr_t *remote, in_port_t local)
{
    uint32_t                   set;
    ngx_uint_t                 i;
    ngx_rtc_dispatch_cache_t  *cache;

    set = ngx_rtc_addr_hash(remote, local, ngx_rtc_seed)
          % NGX_RTC_DISPATCH_SETS;

    for (i = 0; i < NGX_RTC_DISPATCH_WAYS; i++) {
        cache = &ngx_rtc_caches[set][i];

        if (cache->remote.sa.sa_family && cache->local == local
            && ngx_rtc_addr_eq(&cache->remote, remote))
        {
            return cache;
        }
    }

    return NULL;
}


/* a place for a new entry: a free one, the oldest "nobody", or any */

static ngx_rtc_dispatch_cache_t *
ngx_rtc_dispatch_cache(ngx_rtc_addr_t *remote, in_port_t local)
{
    uint32_t                   set;
    ngx_uint_t                 i;
    ngx_rtc_dispatch_cache_t  *cache, *best;

    static ngx_uint_t  victim;

    set = ngx_rtc_addr_hash(remote, local, ngx_rtc_seed)
          % NGX_RTC_DISPATCH_SETS;

    best = NULL;

    for (i = 0; i < NGX_RTC_DISPATCH_WAYS; i++) {
        cache = &ngx_rtc_caches[set][i];

        if (cache->remote.sa.sa_family == 0) {
            best = cache;
            break;
        }

        if (cache->ref.slot == NGX_RTC_DISPATCH_NONE
            && (best == NULL || cache->until < best->until))
        {
            best = cache;
        }
    }

    if (best == NULL) {
        best = &ngx_rtc_caches[set][victim++ % NGX_RTC_DISPATCH_WAYS];
    }

    best->remote = *remote;
    best->local = local;

    return best;
}


static ngx_rtc_dispatch_place_t *
ngx_rtc_dispatch_find(ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local)
{
    uint32_t                   hash;
    ngx_uint_t                 i;
    ngx_rtc_dispatch_place_t  *place;

    hash = ngx_rtc_addr_hash(remote, ngx_rtc_addr_port(local), ngx_rtc_seed);

    for (i = hash; /* void */ ; i++) {
        place = &ngx_rtc_places[i & (ngx_rtc_nplaces - 1)];

        if (place->tuple == NULL) {
            return NULL;
        }

        if (place->hash == hash
            && ngx_rtc_addr_eq(&place->tuple->remote, remote)
            && ngx_rtc_addr_eq(&place->tuple->local, local))
        {
            return place;
        }
    }
}


ngx_int_t
ngx_rtc_dispatch_add(ngx_rtc_transport_t *t, ngx_rtc_ice_tuple_t *tuple)
{
    uint32_t                   hash;
    in_port_t                  port;
    ngx_uint_t                 i;
    ngx_rtc_transport_t       *other;
    ngx_rtc_ice_tuple_t       *lost;
    ngx_rtc_dispatch_place_t  *place;

    port = ngx_rtc_addr_port(&tuple->local);

    place = ngx_rtc_dispatch_find(&tuple->remote, &tuple->local);

    if (place) {

        other = place->transport;
        lost = place->tuple;

        /*
         * No NAT gives an address away that was in use a moment ago: these
         * are checks of a participant that claims to be another.
         */

        if (!lost->refused && !other->failed
            && other->state != NGX_RTC_TRANSPORT_CLOSED
            && tuple->checked - lost->checked < NGX_RTC_ICE_DISCONNECTED)
        {
            return NGX_DECLINED;
        }

        /* the peer, or another behind its NAT, uses the address anew */

        place->transport = t;
        place->tuple = tuple;

        /* its record goes on, as ours */

        tuple->published = lost->published;
        lost->published = 0;

        ngx_rtc_ice_remove(&other->ice, lost);

        return NGX_OK;
    }

    if ((ngx_rtc_ntuples + 1) * 2 > ngx_rtc_nplaces
        && ngx_rtc_dispatch_grow() != NGX_OK)
    {
        return NGX_ERROR;
    }

    hash = ngx_rtc_addr_hash(&tuple->remote, port, ngx_rtc_seed);

    for (i = hash; /* void */ ; i++) {
        place = &ngx_rtc_places[i & (ngx_rtc_nplaces - 1)];

        if (place->tuple == NULL) {
            break;
        }
    }

    place->tuple = tuple;
    place->transport = t;
    place->hash = hash;

    ngx_rtc_ntuples++;

    return NGX_OK;
}


void
ngx_rtc_dispatch_publish(ngx_rtc_transport_t *t, ngx_rtc_ice_tuple_t *tuple)
{
    ngx_uint_t            i, n;
    ngx_rtc_ice_tuple_t  *other, *spare;

    if (tuple->published || t->stream == NULL
        || !ngx_rtc_addr_host_eq(&t->stream->remote, &tuple->remote))
    {
        return;
    }

    n = 0;
    spare = NULL;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        other = &t->ice.tuples[i];

        if (!other->used || !other->published) {
            continue;
        }

        n++;

        if (other != t->ice.selected
            && (spare == NULL || other->checked < spare->checked))
        {
            spare = other;
        }
    }

    if (n >= NGX_RTC_DISPATCH_PUBLISH) {

        /* of several that prove themselves, media uses but one */

        if (tuple != t->ice.selected || spare == NULL) {
            return;
        }

        ngx_rtc_dispatch_unpublish(spare);
    }

    /* a full zone costs only what another worker reads */

    if (ngx_rtc_addr_publish(&tuple->remote.sa,
                             ngx_rtc_addr_port(&tuple->local))
        == NGX_OK)
    {
        tuple->published = 1;
    }
}


static void
ngx_rtc_dispatch_unpublish(ngx_rtc_ice_tuple_t *tuple)
{
    if (tuple->published) {
        tuple->published = 0;

        ngx_rtc_addr_remove(&tuple->remote.sa,
                            ngx_rtc_addr_port(&tuple->local));
    }
}


void
ngx_rtc_dispatch_remove(ngx_rtc_ice_tuple_t *tuple)
{
    ngx_uint_t                 i, j, home, mask;
    ngx_rtc_dispatch_place_t  *place;

    place = ngx_rtc_dispatch_find(&tuple->remote, &tuple->local);

    if (place == NULL || place->tuple != tuple) {
        return;
    }

    ngx_rtc_dispatch_unpublish(tuple);

    /* what stands behind the gap, and would not be found, moves into it */

    mask = ngx_rtc_nplaces - 1;
    i = place - ngx_rtc_places;

    for (j = (i + 1) & mask; ngx_rtc_places[j].tuple; j = (j + 1) & mask) {

        home = ngx_rtc_places[j].hash & mask;

        if (((j - home) & mask) >= ((j - i) & mask)) {
            ngx_rtc_places[i] = ngx_rtc_places[j];
            i = j;
        }
    }

    ngx_rtc_places[i].tuple = NULL;
    ngx_rtc_ntuples--;
}


static ngx_int_t
ngx_rtc_dispatch_grow(void)
{
    ngx_uint_t                 i, j, n;
    ngx_rtc_dispatch_place_t  *places;

    n = ngx_rtc_nplaces * 2;

    places = ngx_calloc(n * sizeof(ngx_rtc_dispatch_place_t), ngx_cycle->log);
    if (places == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < ngx_rtc_nplaces; i++) {

        if (ngx_rtc_places[i].tuple == NULL) {
            continue;
        }

        j = ngx_rtc_places[i].hash & (n - 1);

        while (places[j].tuple) {
            j = (j + 1) & (n - 1);
        }

        places[j] = ngx_rtc_places[i];
    }

    ngx_free(ngx_rtc_places);

    ngx_rtc_places = places;
    ngx_rtc_nplaces = n;

    return NGX_OK;
}


void
ngx_rtc_dispatch_name(ngx_rtc_name_t *name, u_char *ufrag,
    ngx_rtc_transport_t *t)
{
    ngx_memcpy(name->ufrag, ufrag, NGX_RTC_UFRAG_LEN);

    name->transport = t;
    name->used = 1;

    ngx_queue_insert_head(ngx_rtc_dispatch_bucket(ufrag), &name->queue);
}


void
ngx_rtc_dispatch_unname(ngx_rtc_name_t *name)
{
    if (name->used) {
        ngx_queue_remove(&name->queue);
        name->used = 0;
    }
}


static ngx_rtc_transport_t *
ngx_rtc_dispatch_by_name(u_char *ufrag)
{
    ngx_queue_t     *bucket, *q;
    ngx_rtc_name_t  *name;

    bucket = ngx_rtc_dispatch_bucket(ufrag);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        name = ngx_queue_data(q, ngx_rtc_name_t, queue);

        if (ngx_memcmp(name->ufrag, ufrag, NGX_RTC_UFRAG_LEN) == 0) {
            return name->transport;
        }
    }

    return NULL;
}


/* the last characters are random, and nobody but us chose them */

static ngx_queue_t *
ngx_rtc_dispatch_bucket(u_char *ufrag)
{
    uint32_t  h;

    ngx_memcpy(&h, ufrag + NGX_RTC_UFRAG_LEN - sizeof(uint32_t),
               sizeof(uint32_t));

    return &ngx_rtc_names[ngx_rtc_addr_mix(ngx_rtc_seed, h)
                          % NGX_RTC_DISPATCH_NAMES];
}
