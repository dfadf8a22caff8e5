
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The zone: what the directory's operations do, and that a process killed
 * at any step of any section leaves nothing that the next one can't repair.
 * The sources are included, built with the steps that kill.
 *
 * link: src/core/ngx_rtc_id.c
 */


#define NGX_RTC_DEBUG_CRASH  1

#include "../../src/core/ngx_rtc_table.c"
#include "../../src/core/ngx_rtc_zone.c"
#include "../../src/core/ngx_rtc_reap.c"

#include "test.h"

#include <sys/mman.h>
#include <sys/wait.h>


#define ROOMS     4
#define SESSIONS  5
#define SLOTS     4

#define NOW       1000


typedef struct {
    const char   *name;
    void        (*run)(void);
    ngx_uint_t    again;               /* several sections: the rest is done
                                          by whoever comes next */
} op_t;


typedef struct {
    u_char        text[8192];
    size_t        len;
} state_t;


static ngx_rtc_shm_t  *sh;
static size_t          size;

static ngx_rtc_ref_t   ref[SLOTS];
static uint64_t        room[2], member[4];

static ngx_rtc_shm_addr_key_t  key[3];


static void
str(ngx_str_t *s, const char *text)
{
    s->data = (u_char *) text;
    s->len = strlen(text);
}


static ngx_int_t
open_room(const char *name, ngx_rtc_ref_t *self, ngx_rtc_room_ref_t *r)
{
    ngx_str_t  id;

    str(&id, name);

    return ngx_rtc_zone_room_open(sh, &id,
                                  ngx_rtc_shm_hash(sh, id.data, id.len),
                                  self, ROOMS, 77, r);
}


static ngx_int_t
find_room(const char *name, ngx_rtc_room_ref_t *r)
{
    ngx_str_t  id;

    str(&id, name);

    return ngx_rtc_zone_room_find(sh, &id,
                                  ngx_rtc_shm_hash(sh, id.data, id.len), r);
}


static uint64_t
add_member(uint64_t r, const char *user, ngx_rtc_ref_t *owner)
{
    uint64_t          k;
    ngx_rtc_member_t  m;

    memset(&m, 0, sizeof(m));
    m.user_len = strlen(user);
    memcpy(m.user, user, m.user_len);
    m.session_owner = *owner;
    k = 0;

    (void) ngx_rtc_zone_member_add(sh, r, &m, &k);

    return k;
}


static uint32_t
addr_hash(ngx_rtc_shm_addr_key_t *k)
{
    return ngx_rtc_shm_hash(sh, k, sizeof(*k));
}


/* three workers, two rooms, four members, two addresses */

static void
setup(void)
{
    uint64_t            hash_key[2] = { 1, 2 };
    ngx_uint_t          i;
    ngx_rtc_room_ref_t  r;

    ngx_rtc_crash_step = 0;

    memset(sh, 0xa5, size);
    ngx_rtc_shm_carve(sh, ROOMS, SESSIONS, SLOTS, hash_key);

    (void) ngx_rtc_shm_enter(sh, 1);

    for (i = 0; i < 3; i++) {
        (void) ngx_rtc_zone_slot_claim(sh, 100 + i, 5, 1, NOW, &ref[i]);
        (void) ngx_rtc_zone_session_count(sh, &ref[i], 1, SESSIONS);

        ngx_rtc_shm_slot(sh, i)->counters[ngx_rtc_cnt_joins] = 10 + i;
        ngx_rtc_shm_slot(sh, i)->counters[ngx_rtc_cnt_rooms] = 1;
    }

    (void) open_room("alpha", &ref[0], &r);
    room[0] = r.key;
    ngx_rtc_shm_slot(sh, 0)->load = 100;
    (void) open_room("beta", &ref[1], &r);
    room[1] = r.key;

    member[0] = add_member(room[0], "ann", &ref[0]);
    member[1] = add_member(room[0], "bob", &ref[1]);
    member[2] = add_member(room[0], "cid", &ref[2]);
    member[3] = add_member(room[1], "dan", &ref[0]);

    for (i = 0; i < 3; i++) {
        memset(&key[i], 0, sizeof(key[i]));
        key[i].addr[15] = i + 1;
        key[i].remote = 1000 + i;
        key[i].local = 3478;
    }

    (void) ngx_rtc_zone_addr_publish(sh, &key[0], addr_hash(&key[0]), &ref[0]);
    (void) ngx_rtc_zone_addr_publish(sh, &key[1], addr_hash(&key[1]), &ref[1]);

    ngx_rtc_shm_leave(sh);
}


/* everything derived agrees with the records; NULL or what doesn't */

static const char *
broken_table(ngx_rtc_shm_table_t *t)
{
    uint32_t               i, n, b, used;
    ngx_rtc_shm_record_t  *rec;

    used = 0;

    for (i = 0; i < t->n; i++) {
        rec = ngx_rtc_shm_record(sh, t, i);

        if (rec->state != NGX_RTC_FREE && rec->state != NGX_RTC_USED) {
            return "state";
        }

        used += (rec->state == NGX_RTC_USED);
    }

    if (t->used != used) {
        return "number of used records";
    }

    for (n = 0, i = t->free; i != NGX_RTC_NONE; n++) {

        if (i >= t->n || n > t->n) {
            return "free list";
        }

        rec = ngx_rtc_shm_record(sh, t, i);

        if (rec->state != NGX_RTC_FREE) {
            return "used record in the free list";
        }

        i = rec->next;
    }

    if (n != t->n - used) {
        return "length of the free list";
    }

    for (n = 0, b = 0; b < t->nbuckets; b++) {
        for (i = *ngx_rtc_shm_bucket(sh, t, b); i != NGX_RTC_NONE; n++) {

            if (i >= t->n || n > t->n) {
                return "chain";
            }

            rec = ngx_rtc_shm_record(sh, t, i);

            if (rec->state != NGX_RTC_USED
                || (rec->hash & (t->nbuckets - 1)) != b)
            {
                return "record in a chain";
            }

            i = rec->next;
        }
    }

    return (t->nbuckets && n != used) ? "length of chains" : NULL;
}


static const char *
broken(void)
{
    uint32_t               i, m, prev, n, sessions, orphans, homes[SLOTS];
    const char            *what;
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_member_t  *mm;

    if ((what = broken_table(&sh->rooms)) != NULL
        || (what = broken_table(&sh->members)) != NULL
        || (what = broken_table(&sh->addrs)) != NULL)
    {
        return what;
    }

    memset(homes, 0, sizeof(homes));
    orphans = 0;
    n = 0;

    for (i = 0; i < sh->rooms.n; i++) {

        r = ngx_rtc_shm_room(sh, i);

        if (r->record.state != NGX_RTC_USED) {
            continue;
        }

        orphans += r->orphaned;

        if (ngx_rtc_shm_slot(sh, r->home.slot)->incarnation
            == r->home.incarnation)
        {
            homes[r->home.slot]++;
        }

        prev = NGX_RTC_NONE;

        for (m = r->members; m != NGX_RTC_NONE; m = mm->next) {

            if (m >= sh->members.n || ++n > sh->members.n) {
                return "list of members";
            }

            mm = ngx_rtc_shm_member(sh, m);

            if (mm->record.state != NGX_RTC_USED || mm->prev != prev
                || mm->room != ngx_rtc_shm_key(sh, &sh->rooms, i))
            {
                return "member in a list";
            }

            prev = m;
        }
    }

    if (n != sh->members.used) {
        return "length of lists of members";
    }

    if (orphans != sh->orphans) {
        return "number of orphans";
    }

    sessions = 0;

    for (i = 0; i < sh->nslots; i++) {

        sessions += ngx_rtc_shm_slot(sh, i)->sessions;

        if (ngx_rtc_shm_slot(sh, i)->state != NGX_RTC_SLOT_FREE
            && ngx_rtc_shm_slot(sh, i)->homes != homes[i])
        {
            return "homes of a slot";
        }
    }

    if (sessions != sh->sessions) {
        return "number of sessions";
    }

    return sh->undo_len ? "undo" : NULL;
}


/* all that a user of the directory can see */

static void
see(state_t *s)
{
    char                  *p, *end;
    uint32_t               i;
    uint64_t               counters[NGX_RTC_NCOUNTERS];
    ngx_rtc_shm_addr_t    *a;
    ngx_rtc_shm_room_t    *r;
    ngx_rtc_shm_slot_t    *slot;
    ngx_rtc_shm_member_t  *m;

    p = (char *) s->text;
    end = p + sizeof(s->text);

    for (i = 0; i < sh->rooms.n; i++) {
        r = ngx_rtc_shm_room(sh, i);

        if (r->record.state == NGX_RTC_USED) {
            p += snprintf(p, end - p, "room %.*s %u/%u %u %u %.*s %u %u\n",
                          r->info.id_len, r->info.id, r->home.slot,
                          r->home.incarnation, r->epoch, r->orphaned,
                          r->info.type_len, r->info.type, r->info.locked,
                          r->info.participants);
        }
    }

    for (i = 0; i < sh->members.n; i++) {
        m = ngx_rtc_shm_member(sh, i);

        if (m->record.state == NGX_RTC_USED) {
            p += snprintf(p, end - p, "member %.*s of %llx owner %u role %u\n",
                          m->m.user_len, m->m.user,
                          (unsigned long long) m->room,
                          m->m.session_owner.slot, m->m.role);
        }
    }

    for (i = 0; i < sh->addrs.n; i++) {
        a = ngx_rtc_shm_addr(sh, i);

        if (a->record.state == NGX_RTC_USED) {
            p += snprintf(p, end - p, "addr %u of %u\n", a->key.remote,
                          a->owner.slot);
        }
    }

    for (i = 0; i < sh->nslots; i++) {
        slot = ngx_rtc_shm_slot(sh, i);

        p += snprintf(p, end - p, "slot %u %u", i, slot->state);

        if (slot->state == NGX_RTC_SLOT_LIVE) {
            p += snprintf(p, end - p, " %d", slot->pid);
        }

        p += snprintf(p, end - p, "\n");
    }

    ngx_rtc_zone_counters(sh, counters);

    p += snprintf(p, end - p, "sessions %u joins %llu rooms %llu\n",
                  sh->sessions,
                  (unsigned long long) counters[ngx_rtc_cnt_joins],
                  (unsigned long long) counters[ngx_rtc_cnt_rooms]);

    s->len = p - (char *) s->text;
}


static ngx_uint_t
same(state_t *a, state_t *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}


static void
op_open(void)
{
    ngx_rtc_room_ref_t  r;

    (void) open_room("gamma", &ref[2], &r);
}


static void
op_open_orphan(void)
{
    ngx_rtc_room_ref_t  r;

    (void) open_room("alpha", &ref[2], &r);
}


static void
op_update(void)
{
    ngx_rtc_room_info_t  info;

    memset(&info, 0, sizeof(info));
    memcpy(info.type, "cinema", 6);
    info.type_len = 6;
    info.locked = 1;
    info.participants = 3;

    (void) ngx_rtc_zone_room_update(sh, room[0], &ref[0], &info);
}


static void
op_close(void)
{
    (void) ngx_rtc_zone_room_close(sh, room[0], &ref[0]);
}


static void
op_member_add(void)
{
    (void) add_member(room[0], "eve", &ref[1]);
}


static void
op_member_update(void)
{
    ngx_rtc_member_t  m;

    memset(&m, 0, sizeof(m));
    memcpy(m.user, "bobby", 5);
    m.user_len = 5;
    m.role = 2;
    m.session_owner = ref[2];

    (void) ngx_rtc_zone_member_update(sh, member[1], &m);
}


static void
op_member_remove(void)
{
    (void) ngx_rtc_zone_member_remove(sh, member[1]);
}


static void
op_addr_publish(void)
{
    (void) ngx_rtc_zone_addr_publish(sh, &key[2], addr_hash(&key[2]), &ref[2]);
}


static void
op_addr_move(void)
{
    (void) ngx_rtc_zone_addr_publish(sh, &key[0], addr_hash(&key[0]), &ref[2]);
}


static void
op_addr_remove(void)
{
    ngx_rtc_zone_addr_remove(sh, &key[0], addr_hash(&key[0]), &ref[0]);
}


static void
op_session(void)
{
    (void) ngx_rtc_zone_session_count(sh, &ref[1], 1, SESSIONS);
}


static void
op_claim(void)
{
    ngx_rtc_ref_t  r;

    (void) ngx_rtc_zone_slot_claim(sh, 200, 5, 1, NOW, &r);
}


static void
op_dead(void)
{
    ngx_rtc_zone_slot_dead(sh, &ref[0]);
}


static void
op_reap(void)
{
    ngx_uint_t  reaped;

    reaped = 0;

    while (ngx_rtc_zone_reap(sh, 0, NOW, 3, &reaped) == NGX_AGAIN) {
        /* void */
    }
}


static void
op_orphans(void)
{
    (void) ngx_rtc_zone_orphans(sh, NOW + NGX_RTC_ORPHAN_MSEC, 0, ROOMS);
}


/* what must be so before the operation */

static void
prepare(op_t *op)
{
    setup();

    (void) ngx_rtc_shm_enter(sh, 1);

    if (op->run == op_reap || op->run == op_open_orphan
        || op->run == op_orphans)
    {
        op_dead();
    }

    if (op->run == op_open_orphan || op->run == op_orphans) {
        op_reap();
    }

    ngx_rtc_shm_leave(sh);
}


static op_t  ops[] = {
    { "open a room", op_open, 0 },
    { "open a room whose home is dead", op_open_orphan, 0 },
    { "update a room", op_update, 0 },
    { "close a room with members", op_close, 0 },
    { "add a member", op_member_add, 0 },
    { "update a member", op_member_update, 0 },
    { "remove a member", op_member_remove, 0 },
    { "publish an address", op_addr_publish, 0 },
    { "move an address", op_addr_move, 0 },
    { "remove an address", op_addr_remove, 0 },
    { "count a session", op_session, 0 },
    { "claim a slot", op_claim, 0 },
    { "declare a worker dead", op_dead, 0 },
    { "reap a dead worker", op_reap, 1 },
    { "free orphaned rooms", op_orphans, 0 },
    { NULL, NULL, 0 }
};


/* runs a section in a child that dies at the step; 1: it did */

static ngx_uint_t
die_at(op_t *op, ngx_uint_t step)
{
    int    status;
    pid_t  pid;

    pid = fork();

    if (pid == 0) {
        ngx_rtc_crash_steps = 0;
        ngx_rtc_crash_step = step;

        (void) ngx_rtc_shm_enter(sh, getpid());

        if (op) {
            op->run();
        }

        ngx_rtc_shm_leave(sh);

        _exit(0);
    }

    if (waitpid(pid, &status, 0) != pid) {
        return 0;
    }

    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}


static void
test_crash(op_t *op)
{
    state_t      before, after, now;
    ngx_uint_t   step, steps, good;
    const char  *what;

    static u_char  copy[65536];

    prepare(op);
    see(&before);

    ngx_rtc_crash_steps = 0;

    (void) ngx_rtc_shm_enter(sh, 1);
    op->run();
    ngx_rtc_shm_leave(sh);

    steps = ngx_rtc_crash_steps;

    see(&after);

    what = broken();

    ok(what == NULL, "%s: sound when undisturbed: %s", op->name,
       what ? what : "yes");
    ok(!same(&before, &after), "%s: does something", op->name);

    good = 0;

    for (step = 1; step <= steps; step++) {

        prepare(op);

        if (!die_at(op, step)) {
            diag("step %d: not reached", (int) step);
            break;
        }

        if (ngx_rtc_shm_enter(sh, 1) != (step < steps)) {
            diag("step %d: death noticed wrongly", (int) step);
            break;
        }

        what = broken();

        if (what == NULL && op->again) {
            op->run();
            what = broken();
        }

        ngx_rtc_shm_leave(sh);

        if (what) {
            diag("step %d: %s", (int) step, what);
            break;
        }

        see(&now);

        if (!same(&now, &after) && (op->again || !same(&now, &before))) {
            diag("step %d: half done:\n%s", (int) step, now.text);
            diag("before:\n%s", before.text);
            diag("after:\n%s", after.text);
            break;
        }

        good++;
    }

    is(good, steps, "%s: done or not done after death at each of %d steps",
       op->name, (int) steps);

    /* the one who repairs dies as well, at each of its steps */

    prepare(op);
    (void) die_at(op, steps / 2);
    memcpy(copy, sh, size);

    for (step = 1, good = 1; good; step++) {

        memcpy(sh, copy, size);

        if (!die_at(NULL, step)) {
            break;
        }

        (void) ngx_rtc_shm_enter(sh, 1);

        what = broken();

        if (what == NULL && op->again) {
            op->run();
        }

        ngx_rtc_shm_leave(sh);

        see(&now);

        if (what
            || (!same(&now, &after) && (op->again || !same(&now, &before))))
        {
            diag("step %d of recovery: %s", (int) step,
                 what ? what : "half done");
            good = 0;
        }
    }

    ok(good && step > 20, "%s: repaired after death at each of %d steps of "
       "the repair", op->name, (int) step - 1);
}


static void
test_rooms(void)
{
    ngx_str_t            id;
    ngx_uint_t           cursor, i;
    ngx_rtc_room_ref_t   r, r2;
    ngx_rtc_room_info_t  infos[ROOMS];

    setup();

    is(find_room("alpha", &r), NGX_OK, "a room is found");
    ok(ngx_rtc_ref_eq(&r.home, &ref[0]), "its home is who opened it");
    is(find_room("alph", &r2), NGX_DECLINED, "another isn't");

    is(open_room("alpha", &ref[2], &r2), NGX_OK, "it is opened again");
    ok(!r2.created && r2.key == r.key, "the same");

    is(open_room("gamma", &ref[0], &r2), NGX_OK, "a new one");
    ok(r2.created && ngx_rtc_ref_eq(&r2.home, &ref[2]),
       "goes to the least load");

    ngx_rtc_shm_slot(sh, 0)->listeners = 1;

    is(open_room("delta", &ref[2], &r2), NGX_OK, "another");
    ok(ngx_rtc_ref_eq(&r2.home, &ref[0]), "goes to who has listeners");

    is(open_room("omega", &ref[0], &r2), NGX_DECLINED, "no more than limit");

    is(ngx_rtc_zone_room_close(sh, room[1], &ref[0]), NGX_DECLINED,
       "a room is not closed by others");
    is(ngx_rtc_zone_room_close(sh, room[1], &ref[1]), NGX_OK,
       "but by its home");
    is(ngx_rtc_zone_room_close(sh, room[1], &ref[1]), NGX_DECLINED, "once");
    is(ngx_rtc_zone_member_remove(sh, member[3]), NGX_DECLINED,
       "its members are gone with it");

    ngx_rtc_shm_slot(sh, 0)->draining = 1;
    ngx_rtc_shm_slot(sh, 2)->cycle = 6;

    is(open_room("omega", &ref[0], &r2), NGX_OK, "while one drains");
    ok(ngx_rtc_ref_eq(&r2.home, &ref[2]), "the newest cycle is home");
    ok(r2.key != room[1], "a key is never used twice");

    cursor = 0;
    i = ngx_rtc_zone_room_list(sh, infos, ROOMS, &cursor, 0);
    is(i, 0, "no public room");

    infos[0].is_public = 1;
    infos[0].listed = 1;
    infos[0].type_len = 0;
    infos[0].participants = 9;
    is(ngx_rtc_zone_room_update(sh, room[0], &ref[1], infos), NGX_DECLINED,
       "a room is not updated by others");
    is(ngx_rtc_zone_room_update(sh, room[0], &ref[0], infos), NGX_OK,
       "but by its home");

    cursor = 0;
    i = ngx_rtc_zone_room_list(sh, infos, ROOMS, &cursor, 0);
    is(i, 1, "one public room");
    ok(infos[0].key == room[0] && infos[0].participants == 9
       && infos[0].id_len == 5 && memcmp(infos[0].id, "alpha", 5) == 0,
       "with what its home told");

    str(&id, "alpha");
    is(ngx_rtc_zone_room_info(sh, &id, ngx_rtc_shm_hash(sh, id.data, id.len),
                              &infos[1]),
       NGX_OK, "by its id");
    ok(infos[1].key == room[0] && infos[1].participants == 9, "the same");
    str(&id, "sigma");
    is(ngx_rtc_zone_room_info(sh, &id, ngx_rtc_shm_hash(sh, id.data, id.len),
                              &infos[1]),
       NGX_DECLINED, "by another id");

    cursor = 0;
    is(ngx_rtc_zone_room_list(sh, infos, 3, &cursor, 1), 3, "all: a part");
    is(ngx_rtc_zone_room_list(sh, infos, 3, &cursor, 1), 1, "all: the rest");
    is(ngx_rtc_zone_room_list(sh, infos, 3, &cursor, 1), 0, "all: the end");

    for (i = 0; i < 3; i++) {
        ngx_rtc_zone_slot_dead(sh, &ref[i]);
    }

    is(open_room("alpha", &ref[0], &r2), NGX_ERROR, "nobody lives");
}


static void
test_members(void)
{
    uint64_t          cursor, keys[8];
    ngx_uint_t        n;
    ngx_rtc_member_t  members[8];

    setup();

    cursor = 0;
    n = ngx_rtc_zone_member_list(sh, room[0], members, keys, 2, &cursor);
    is(n, 2, "members: a part");
    n += ngx_rtc_zone_member_list(sh, room[0], members + n, keys + n, 2,
                                  &cursor);
    is(n, 3, "members: the rest");
    is(ngx_rtc_zone_member_list(sh, room[0], members, keys, 2, &cursor), 0,
       "members: the end");
    ok(keys[0] == member[2] && keys[1] == member[1] && keys[2] == member[0],
       "each once");

    for (n = 4; add_member(room[1], "x", &ref[0]) != 0; n++) { /* void */ }

    is(n, SESSIONS + SESSIONS / 4 + 1, "as many as the zone is made for");
    is(add_member(0, "x", &ref[0]), 0, "none without a room");
}


static void
test_sessions(void)
{
    setup();

    is(sh->sessions, 3, "three sessions");
    is(ngx_rtc_zone_session_count(sh, &ref[0], 2, SESSIONS), NGX_OK, "five");
    is(ngx_rtc_zone_session_count(sh, &ref[1], 1, SESSIONS), NGX_DECLINED,
       "no more than the limit");
    is(ngx_rtc_zone_session_count(sh, &ref[0], -1, SESSIONS), NGX_OK, "four");
    is(ngx_rtc_zone_session_count(sh, &ref[1], -5, SESSIONS), NGX_OK,
       "never below zero");
    is(sh->sessions, 3, "three");
}


static void
test_reap(void)
{
    uint64_t            counters[NGX_RTC_NCOUNTERS];
    ngx_uint_t          reaped;
    ngx_rtc_ref_t       r;
    ngx_rtc_room_ref_t  rr;

    setup();

    is(ngx_rtc_zone_addr_find(sh, &key[0], addr_hash(&key[0]), &r), NGX_OK,
       "an address is found");

    ngx_rtc_zone_slot_dead(sh, &ref[0]);

    ok(!ngx_rtc_zone_alive(sh, &ref[0]), "the worker is dead");
    is(ngx_rtc_zone_addr_find(sh, &key[0], addr_hash(&key[0]), &r),
       NGX_DECLINED, "its addresses at once");

    reaped = 0;
    is(ngx_rtc_zone_reap(sh, 0, NOW, 1000, &reaped), NGX_OK, "reaped");
    is(reaped, 3, "a room, a member, an address");
    is(sh->sessions, 2, "and its session");

    is(find_room("alpha", &rr), NGX_OK, "its room waits");
    is(ngx_rtc_shm_by_key(sh, &sh->members, member[0]), NGX_RTC_NONE,
       "without the member that died with it");
    ok(ngx_rtc_shm_by_key(sh, &sh->members, member[1]) != NGX_RTC_NONE,
       "with those that live");
    ok(ngx_rtc_shm_by_key(sh, &sh->members, member[3]) != NGX_RTC_NONE,
       "a member elsewhere waits to resume");

    ngx_rtc_zone_counters(sh, counters);
    is(counters[ngx_rtc_cnt_joins], 33, "counters stay");
    is(counters[ngx_rtc_cnt_rooms], 2, "gauges don't");

    is(ngx_rtc_zone_slot_claim(sh, 300, 5, 1, NOW, &r), NGX_OK, "claimed");
    ok(r.slot == 0 && r.incarnation != ref[0].incarnation,
       "the slot with a new incarnation");

    ngx_rtc_zone_counters(sh, counters);
    is(counters[ngx_rtc_cnt_joins], 33, "counters stay");

    is(ngx_rtc_zone_orphans(sh, NOW + NGX_RTC_ORPHAN_MSEC - 1, 0, ROOMS), 0,
       "the room still waits");

    is(open_room("alpha", &ref[1], &rr), NGX_OK, "it is opened");
    ok(!rr.created && rr.epoch == 2 && ngx_rtc_zone_alive(sh, &rr.home),
       "a new home, the next epoch");
    is(rr.key, room[0], "the same key");
    is(ngx_rtc_zone_orphans(sh, NOW + NGX_RTC_ORPHAN_MSEC, 0, ROOMS), 0,
       "it is no orphan any more");

    ngx_rtc_zone_slot_dead(sh, &rr.home);
    (void) ngx_rtc_zone_reap(sh, rr.home.slot, NOW, 1000, &reaped);
    is(ngx_rtc_zone_orphans(sh, NOW + NGX_RTC_ORPHAN_MSEC, 0, ROOMS), 1,
       "the next time nobody comes");
    is(find_room("alpha", &rr), NGX_DECLINED, "it is gone");
    ok(broken() == NULL, "all is sound");
}


static void
test_slots(void)
{
    ngx_rtc_ref_t  r;

    setup();

    is(ngx_rtc_zone_slot_claim(sh, 300, 5, 1, NOW, &r), NGX_OK, "the last");
    is(ngx_rtc_zone_slot_claim(sh, 301, 5, 1, NOW, &r), NGX_DECLINED,
       "no free slot");

    ngx_rtc_zone_slot_dead(sh, &ref[1]);

    is(ngx_rtc_zone_slot_claim(sh, 301, 5, 1, NOW, &r), NGX_DECLINED,
       "none before it is reaped");
}


int
main(void)
{
    op_t  *op;

    size = ngx_rtc_shm_size(ROOMS, SESSIONS, SLOTS);

    sh = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);

    if (sh == MAP_FAILED || size > 65536) {
        printf("Bail out! no memory\n");
        return 2;
    }

    setup();
    ok(broken() == NULL, "a zone in use is sound");

    test_rooms();
    test_members();
    test_sessions();
    test_slots();
    test_reap();

    for (op = ops; op->name; op++) {
        test_crash(op);
    }

    return test_done();
}
