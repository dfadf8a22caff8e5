
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The schema of the shared memory zone, and the operations on it.  Only
 * core includes this; others use ngx_rtc_directory.h and ngx_rtc_counters.h.
 */


#ifndef _NGX_RTC_SHM_H_INCLUDED_
#define _NGX_RTC_SHM_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_directory.h"


/*
 * The zone is one block, carved once:
 *
 *   header | slots | rooms | their buckets | members | addresses | buckets
 *
 * A record is known by its index; "state" alone says whether it is in use.
 * Hash chains, lists of members, free lists and totals are derived: after a
 * process died inside of a section they are built anew from the records.
 * So a record is filled first, then marked used, then linked, and freed the
 * other way round; what is changed in place is saved in the header before.
 */

#define NGX_RTC_SHM_MAGIC     0x31435452           /* "RTC1" */
#define NGX_RTC_SHM_VERSION   1

#define NGX_RTC_NONE          ((uint32_t) -1)

#define NGX_RTC_FREE          0
#define NGX_RTC_USED          1

#define NGX_RTC_SLOT_FREE     0
#define NGX_RTC_SLOT_LIVE     1
#define NGX_RTC_SLOT_DEAD     2        /* being reaped */

#define NGX_RTC_SHM_UNDO      1024

#define NGX_RTC_REAP_STEP     1024     /* records in one section */
#define NGX_RTC_ORPHAN_MSEC   5000     /* a room waits for a new home */


typedef struct {
    uint32_t              state;
    uint32_t              generation;  /* grows when the record is freed */
    uint32_t              next;        /* in the chain or the free list */
    uint32_t              hash;
} ngx_rtc_shm_record_t;


typedef struct {
    ngx_rtc_shm_record_t  record;

    ngx_rtc_ref_t         home;        /* these are changed together */
    uint32_t              epoch;
    uint32_t              orphaned;    /* the home was found dead */
    uint64_t              orphaned_at; /* msec */

    uint32_t              members;     /* the first one */
    ngx_rtc_room_info_t   info;        /* without key and home */
} ngx_rtc_shm_room_t;


typedef struct {
    ngx_rtc_shm_record_t  record;
    uint64_t              room;        /* key */
    uint32_t              prev;        /* of the same room */
    uint32_t              next;
    ngx_rtc_member_t      m;
} ngx_rtc_shm_member_t;


typedef struct {
    u_char                addr[16];    /* IPv4 as ::ffff:a.b.c.d */
    uint16_t              remote;      /* ports */
    uint16_t              local;
} ngx_rtc_shm_addr_key_t;


typedef struct {
    ngx_rtc_shm_record_t    record;
    ngx_rtc_ref_t           owner;
    ngx_rtc_shm_addr_key_t  key;
} ngx_rtc_shm_addr_t;


typedef struct {
    uint32_t              state;
    uint32_t              incarnation;
    int32_t               pid;
    uint32_t              draining;
    uint32_t              listeners;
    uint32_t              cycle;       /* number of its configuration */
    uint32_t              load;        /* written by the owner alone */
    uint32_t              homes;       /* rooms */
    uint32_t              sessions;
    uint64_t              start;       /* of the process, by the kernel */
    uint64_t              seen;        /* msec, by the owner's sweep */
    uint32_t              folded;      /* incarnation whose counters went to
                                          "gone" */
    uint32_t              cursor;      /* of reaping */

    volatile uint64_t     counters[NGX_RTC_NCOUNTERS];
} ngx_rtc_shm_slot_t;


typedef struct {
    uint32_t              n;           /* records */
    uint32_t              nbuckets;    /* a power of 2, 0: not hashed */
    uint32_t              used;
    uint32_t              free;        /* the first one */
    uint64_t              records;     /* offsets from the header */
    uint64_t              buckets;
    uint32_t              size;        /* of a record */
    uint32_t              pad;
} ngx_rtc_shm_table_t;


typedef struct {
    uint32_t              magic;
    uint32_t              version;
    uint64_t              size;

    uint32_t              max_rooms;
    uint32_t              max_sessions;
    uint32_t              nslots;
    uint32_t              sessions;
    uint32_t              orphans;     /* rooms */
    volatile int32_t      locker;      /* pid inside of a section */

    uint64_t              hash_key[2];
    uint64_t              slots;       /* offset */

    ngx_rtc_shm_table_t   rooms;
    ngx_rtc_shm_table_t   members;
    ngx_rtc_shm_table_t   addrs;

    uint64_t              gone[NGX_RTC_NCOUNTERS];

    uint32_t              undo_len;
    uint32_t              pad;
    u_char                undo[NGX_RTC_SHM_UNDO];
} ngx_rtc_shm_t;


#define ngx_rtc_shm_slot(sh, i)                                               \
    ((ngx_rtc_shm_slot_t *) ((u_char *) (sh) + (sh)->slots                    \
                             + (size_t) (i) * ngx_rtc_shm_slot_size))

#define ngx_rtc_shm_slot_size                                                 \
    ngx_align(sizeof(ngx_rtc_shm_slot_t), 64)

#define ngx_rtc_shm_record(sh, t, i)                                          \
    ((void *) ((u_char *) (sh) + (t)->records + (size_t) (i) * (t)->size))

#define ngx_rtc_shm_bucket(sh, t, hash)                                       \
    ((uint32_t *) ((u_char *) (sh) + (t)->buckets)                            \
     + ((hash) & ((t)->nbuckets - 1)))

#define ngx_rtc_shm_room(sh, i)                                               \
    ((ngx_rtc_shm_room_t *) ngx_rtc_shm_record(sh, &(sh)->rooms, i))

#define ngx_rtc_shm_member(sh, i)                                             \
    ((ngx_rtc_shm_member_t *) ngx_rtc_shm_record(sh, &(sh)->members, i))

#define ngx_rtc_shm_addr(sh, i)                                               \
    ((ngx_rtc_shm_addr_t *) ngx_rtc_shm_record(sh, &(sh)->addrs, i))


/*
 * A step inside of a section: the stores before it reach memory before
 * those after it.  A build with NGX_RTC_DEBUG_CRASH kills the process at
 * the step whose number is in ngx_rtc_crash_step.
 */

#if (NGX_RTC_DEBUG_CRASH)

extern ngx_uint_t  ngx_rtc_crash_step;
extern ngx_uint_t  ngx_rtc_crash_steps;     /* passed so far */

void ngx_rtc_shm_step(void);

#else

#define ngx_rtc_shm_step()    __asm__ volatile ("" : : : "memory")

#endif


/* ngx_rtc_table.c: memory, sections, records; links without nginx */

size_t ngx_rtc_shm_size(uint32_t max_rooms, uint32_t max_sessions,
    uint32_t nslots);
void ngx_rtc_shm_carve(ngx_rtc_shm_t *sh, uint32_t max_rooms,
    uint32_t max_sessions, uint32_t nslots, uint64_t *hash_key);

/*
 * With the mutex held: enter before, leave after.  enter returns 1 if the
 * last one who entered died inside and the zone was rebuilt.
 */

ngx_uint_t ngx_rtc_shm_enter(ngx_rtc_shm_t *sh, ngx_pid_t pid);
void ngx_rtc_shm_leave(ngx_rtc_shm_t *sh);

void ngx_rtc_shm_save(ngx_rtc_shm_t *sh, void *p, size_t len);
void ngx_rtc_shm_commit(ngx_rtc_shm_t *sh);

uint32_t ngx_rtc_shm_alloc(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t);
void ngx_rtc_shm_link(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t, uint32_t i,
    uint32_t hash);
void ngx_rtc_shm_unlink(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t,
    uint32_t i);
void ngx_rtc_shm_link_member(ngx_rtc_shm_t *sh, uint32_t room, uint32_t i);
uint32_t ngx_rtc_shm_by_key(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t,
    uint64_t key);
uint64_t ngx_rtc_shm_key(ngx_rtc_shm_t *sh, ngx_rtc_shm_table_t *t,
    uint32_t i);

/* SipHash-1-3: ids and addresses are chosen by clients */
uint32_t ngx_rtc_shm_hash(ngx_rtc_shm_t *sh, void *p, size_t len);


/* ngx_rtc_zone.c: what ngx_rtc_directory.h says, inside of a section;
   links without nginx */

ngx_uint_t ngx_rtc_zone_alive(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *ref);

ngx_int_t ngx_rtc_zone_room_find(ngx_rtc_shm_t *sh, ngx_str_t *id,
    uint32_t hash, ngx_rtc_room_ref_t *ref);
ngx_int_t ngx_rtc_zone_room_open(ngx_rtc_shm_t *sh, ngx_str_t *id,
    uint32_t hash, ngx_rtc_ref_t *self, uint32_t max_rooms, time_t now,
    ngx_rtc_room_ref_t *ref);
ngx_int_t ngx_rtc_zone_room_update(ngx_rtc_shm_t *sh, uint64_t key,
    ngx_rtc_ref_t *self, ngx_rtc_room_info_t *info);
ngx_int_t ngx_rtc_zone_room_close(ngx_rtc_shm_t *sh, uint64_t key,
    ngx_rtc_ref_t *self);
ngx_int_t ngx_rtc_zone_room_info(ngx_rtc_shm_t *sh, ngx_str_t *id,
    uint32_t hash, ngx_rtc_room_info_t *info);
ngx_uint_t ngx_rtc_zone_room_list(ngx_rtc_shm_t *sh,
    ngx_rtc_room_info_t *infos, ngx_uint_t n, ngx_uint_t *cursor,
    ngx_uint_t all);

ngx_int_t ngx_rtc_zone_member_add(ngx_rtc_shm_t *sh, uint64_t room,
    ngx_rtc_member_t *m, uint64_t *key);
ngx_int_t ngx_rtc_zone_member_update(ngx_rtc_shm_t *sh, uint64_t key,
    ngx_rtc_member_t *m);
ngx_int_t ngx_rtc_zone_member_remove(ngx_rtc_shm_t *sh, uint64_t key);
ngx_uint_t ngx_rtc_zone_member_list(ngx_rtc_shm_t *sh, uint64_t room,
    ngx_rtc_member_t *members, uint64_t *keys, ngx_uint_t n,
    uint64_t *cursor);

ngx_int_t ngx_rtc_zone_addr_publish(ngx_rtc_shm_t *sh,
    ngx_rtc_shm_addr_key_t *key, uint32_t hash, ngx_rtc_ref_t *self);
void ngx_rtc_zone_addr_remove(ngx_rtc_shm_t *sh, ngx_rtc_shm_addr_key_t *key,
    uint32_t hash, ngx_rtc_ref_t *self);
ngx_int_t ngx_rtc_zone_addr_find(ngx_rtc_shm_t *sh,
    ngx_rtc_shm_addr_key_t *key, uint32_t hash, ngx_rtc_ref_t *ref);

ngx_int_t ngx_rtc_zone_session_count(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *self,
    ngx_int_t delta, uint32_t max);


/* ngx_rtc_reap.c: slots and what a dead one leaves; links without nginx */

/* NGX_OK, or NGX_DECLINED: no free slot */
ngx_int_t ngx_rtc_zone_slot_claim(ngx_rtc_shm_t *sh, ngx_pid_t pid,
    uint64_t start, uint32_t cycle, uint64_t now, ngx_rtc_ref_t *ref);

/* the process of a slot is gone (or goes: its own); what it left is then
   reaped, n records at a time: NGX_AGAIN until all is done */
void ngx_rtc_zone_slot_dead(ngx_rtc_shm_t *sh, ngx_rtc_ref_t *ref);
ngx_int_t ngx_rtc_zone_reap(ngx_rtc_shm_t *sh, uint32_t slot, uint64_t now,
    ngx_uint_t n, ngx_uint_t *reaped);

/* frees rooms that have waited too long for a new home */
ngx_uint_t ngx_rtc_zone_orphans(ngx_rtc_shm_t *sh, uint64_t now,
    uint32_t from, uint32_t n);

void ngx_rtc_zone_counters(ngx_rtc_shm_t *sh, uint64_t *out);

/* frees the record and its members */
void ngx_rtc_zone_room_free(ngx_rtc_shm_t *sh, uint32_t i);
void ngx_rtc_zone_member_free(ngx_rtc_shm_t *sh, uint32_t i);


/* ngx_rtc_directory.c: what core needs of the zone in nginx */

size_t ngx_rtc_shm_zone_size(ngx_rtc_conf_t *rcf);
ngx_int_t ngx_rtc_shm_init_zone(ngx_shm_zone_t *shm_zone, void *data);

void ngx_rtc_lock(void);
void ngx_rtc_unlock(void);

extern ngx_rtc_shm_t  *ngx_rtc_shm;


#endif /* _NGX_RTC_SHM_H_INCLUDED_ */
