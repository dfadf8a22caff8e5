
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A worker among workers: it claims a slot at start and gives it back at
 * exit, is told when nginx drains it, and sweeps the slots of processes
 * that died.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <sys/eventfd.h>
#include <jansson.h>

#include "ngx_rtc.h"
#include "ngx_rtc_counters.h"
#include "ngx_rtc_shm.h"
#include "ngx_rtc_worker.h"


#define NGX_RTC_HANDLERS      8

#define NGX_RTC_SWEEP_MSEC    200
#define NGX_RTC_SWEEP_STEPS   64       /* sections in one sweep */

/* a process that hasn't swept for so long may be another with its pid */

#define NGX_RTC_SILENT_MSEC   30000


static void ngx_rtc_drain_handler(ngx_event_t *ev);
static void ngx_rtc_sweep_handler(ngx_event_t *ev);
static void ngx_rtc_sweep(ngx_uint_t whole);
static void ngx_rtc_sweep_gone(void);
static ngx_uint_t ngx_rtc_process_gone(ngx_pid_t pid, uint64_t start,
    uint64_t seen);
static uint64_t ngx_rtc_process_start(ngx_pid_t pid);
static void ngx_rtc_worker_dead(ngx_rtc_ref_t *ref, ngx_pid_t pid);
static void ngx_rtc_worker_reap(uint32_t slot, ngx_uint_t whole);
static uint64_t ngx_rtc_msec(void);


ngx_rtc_ref_t       ngx_rtc_self = { NGX_RTC_NONE, 0 };
ngx_uint_t          ngx_rtc_has_slot;
uint32_t            ngx_rtc_cycle_number;
ngx_uint_t          ngx_rtc_draining;

static uint64_t     ngx_rtc_no_counters[NGX_RTC_NCOUNTERS];

volatile uint64_t  *ngx_rtc_counter = ngx_rtc_no_counters;


static ngx_rtc_shm_slot_t  *ngx_rtc_slot;      /* this worker's */

static ngx_rtc_drain_pt     ngx_rtc_drain_handlers[NGX_RTC_HANDLERS];
static ngx_uint_t           ngx_rtc_drain_n;

static ngx_rtc_gone_pt      ngx_rtc_gone_handlers[NGX_RTC_HANDLERS];
static ngx_uint_t           ngx_rtc_gone_n;

static ngx_uint_t           ngx_rtc_started;
static ngx_connection_t    *ngx_rtc_drain_connection;
static ngx_connection_t     ngx_rtc_sweep_dummy;
static ngx_event_t          ngx_rtc_sweep_event;
static uint32_t             ngx_rtc_sweep_room;
static uint32_t            *ngx_rtc_seen;      /* incarnations, by slot */


ngx_int_t
ngx_rtc_worker_init(ngx_cycle_t *cycle)
{
    uint64_t   start;
    ngx_int_t  rc;

    /* else the first JSON object of a worker reads a seed from a file */

    json_object_seed(0);

    ngx_rtc_seen = ngx_pcalloc(cycle->pool,
                               ngx_rtc_shm->nslots * sizeof(uint32_t));
    if (ngx_rtc_seen == NULL) {
        return NGX_ERROR;
    }

    start = ngx_rtc_process_start(ngx_pid);

    ngx_rtc_sweep(1);

    ngx_rtc_lock();

    rc = ngx_rtc_zone_slot_claim(ngx_rtc_shm, ngx_pid, start,
                                 ngx_rtc_cycle_number, ngx_rtc_msec(),
                                 &ngx_rtc_self);
    ngx_rtc_unlock();

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_CRIT, cycle->log, 0,
                      "no free slot in zone \"%V\": this worker reads no "
                      "media and holds no rooms; old workers still drain, or "
                      "\"zone\" needs more than slots=%ui",
                      &ngx_rtc_conf->zone_name, ngx_rtc_conf->slots);

    } else {
        ngx_rtc_slot = ngx_rtc_shm_slot(ngx_rtc_shm, ngx_rtc_self.slot);
        ngx_rtc_counter = ngx_rtc_slot->counters;
        ngx_rtc_has_slot = 1;
    }

    ngx_rtc_sweep_gone();

    if (cycle->connections == NULL) {
        return NGX_OK;
    }

    return ngx_rtc_worker_start();
}


ngx_int_t
ngx_rtc_worker_start(void)
{
    int                fd;
    ngx_cycle_t       *cycle;
    ngx_event_t       *ev;
    ngx_connection_t  *c;

    if (ngx_rtc_started) {
        return NGX_OK;
    }

    cycle = (ngx_cycle_t *) ngx_cycle;

    if (ngx_rtc_conf == NULL || cycle->connections == NULL) {
        return NGX_ERROR;
    }

    ngx_rtc_started = 1;

    /*
     * nginx tells idle connections that it drains; nothing is ever read
     * from this one
     */

    fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "eventfd() failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, cycle->log);

    if (c == NULL) {
        (void) close(fd);
        return NGX_ERROR;
    }

    c->log = cycle->log;
    c->idle = 1;
    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->read->channel = 1;
    c->write->channel = 1;
    c->read->handler = ngx_rtc_drain_handler;

    ngx_rtc_drain_connection = c;

    if (ngx_rtc_has_slot && ngx_rtc_mesh_start(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_rtc_sweep_dummy.fd = (ngx_socket_t) -1;

    ev = &ngx_rtc_sweep_event;

    ev->handler = ngx_rtc_sweep_handler;
    ev->data = &ngx_rtc_sweep_dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_RTC_SWEEP_MSEC);

    return NGX_OK;
}


void
ngx_rtc_worker_exit(ngx_cycle_t *cycle)
{
    if (ngx_rtc_sweep_event.timer_set) {
        ngx_del_timer(&ngx_rtc_sweep_event);
    }

    if (ngx_rtc_drain_connection) {
        ngx_close_connection(ngx_rtc_drain_connection);
        ngx_rtc_drain_connection = NULL;
    }

    if (!ngx_rtc_has_slot) {
        return;
    }

    ngx_rtc_lock();

    ngx_rtc_zone_slot_dead(ngx_rtc_shm, &ngx_rtc_self);

    ngx_rtc_unlock();

    ngx_rtc_mesh_exit();

    ngx_rtc_counter = ngx_rtc_no_counters;
    ngx_rtc_has_slot = 0;
    ngx_rtc_slot = NULL;

    /* what takes longer is left to those who sweep */

    ngx_rtc_worker_reap(ngx_rtc_self.slot, 0);
}


ngx_int_t
ngx_rtc_on_drain(ngx_rtc_drain_pt handler)
{
    if (ngx_rtc_worker_start() != NGX_OK
        || ngx_rtc_drain_n == NGX_RTC_HANDLERS)
    {
        return NGX_ERROR;
    }

    ngx_rtc_drain_handlers[ngx_rtc_drain_n++] = handler;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_on_gone(ngx_rtc_gone_pt handler)
{
    if (ngx_rtc_gone_n == NGX_RTC_HANDLERS) {
        return NGX_ERROR;
    }

    ngx_rtc_gone_handlers[ngx_rtc_gone_n++] = handler;

    return NGX_OK;
}


static void
ngx_rtc_drain_handler(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = ev->data;

    if (!c->close || ngx_rtc_draining) {
        return;
    }

    c->close = 0;
    c->idle = 0;

    ngx_log_error(NGX_LOG_NOTICE, c->log, 0, "draining rtc");

    ngx_rtc_draining = 1;

    if (ngx_rtc_slot) {
        ngx_rtc_slot->draining = 1;
    }

    for (i = 0; i < ngx_rtc_drain_n; i++) {
        ngx_rtc_drain_handlers[i]();
    }
}


ngx_uint_t
ngx_rtc_ref_alive(ngx_rtc_ref_t *ref)
{
    return ngx_rtc_zone_alive(ngx_rtc_shm, ref);
}


void
ngx_rtc_listeners(ngx_uint_t n)
{
    if (ngx_rtc_slot) {
        ngx_rtc_slot->listeners = (uint32_t) n;
    }
}


void
ngx_rtc_load(ngx_int_t delta)
{
    if (ngx_rtc_slot == NULL) {
        return;
    }

    if (delta < 0 && ngx_rtc_slot->load < (ngx_uint_t) -delta) {
        ngx_rtc_slot->load = 0;
        return;
    }

    ngx_rtc_slot->load += (int32_t) delta;
}


ngx_uint_t
ngx_rtc_worker_check(ngx_rtc_ref_t *ref)
{
    ngx_pid_t            pid;
    ngx_rtc_shm_slot_t  *slot;

    if (ngx_rtc_ref_eq(ref, &ngx_rtc_self)) {
        return 1;
    }

    if (!ngx_rtc_zone_alive(ngx_rtc_shm, ref)) {
        return 0;
    }

    slot = ngx_rtc_shm_slot(ngx_rtc_shm, ref->slot);
    pid = slot->pid;

    if (ngx_rtc_process_gone(pid, slot->start, slot->seen)) {
        ngx_rtc_worker_dead(ref, pid);
        return 0;
    }

    return 1;
}


static void
ngx_rtc_sweep_handler(ngx_event_t *ev)
{
    if (ngx_rtc_slot) {
        ngx_rtc_slot->seen = ngx_rtc_msec();
    }

    ngx_rtc_sweep(0);
    ngx_rtc_sweep_gone();
    ngx_rtc_mesh_poll();

    ngx_add_timer(ev, NGX_RTC_SWEEP_MSEC);
}


/* whole: at start, when a slot is wanted */

static void
ngx_rtc_sweep(ngx_uint_t whole)
{
    uint32_t             i;
    uint64_t             now;
    ngx_pid_t            pid;
    ngx_uint_t           steps, freed;
    ngx_rtc_ref_t        ref;
    ngx_rtc_shm_slot_t  *slot;

    for (i = 0; i < ngx_rtc_shm->nslots; i++) {

        slot = ngx_rtc_shm_slot(ngx_rtc_shm, i);

        if (slot->state == NGX_RTC_SLOT_DEAD) {
            ngx_rtc_worker_reap(i, whole);
            continue;
        }

        if (slot->state != NGX_RTC_SLOT_LIVE || slot == ngx_rtc_slot) {
            continue;
        }

        ref.slot = i;
        ref.incarnation = slot->incarnation;
        pid = slot->pid;

        if (ngx_rtc_process_gone(pid, slot->start, slot->seen)) {
            ngx_rtc_worker_dead(&ref, pid);
        }
    }

    now = ngx_rtc_msec();

    for (steps = 0; ngx_rtc_shm->orphans && steps < NGX_RTC_SWEEP_STEPS;
         steps++)
    {
        ngx_rtc_lock();

        freed = ngx_rtc_zone_orphans(ngx_rtc_shm, now, ngx_rtc_sweep_room,
                                     NGX_RTC_REAP_STEP);
        ngx_rtc_unlock();

        ngx_rtc_count_n(reaped, freed);

        ngx_rtc_sweep_room += NGX_RTC_REAP_STEP;

        if (ngx_rtc_sweep_room >= ngx_rtc_shm->rooms.n) {
            ngx_rtc_sweep_room = 0;
            break;
        }
    }
}


/* tells this worker's layers of workers that have ended, however they did */

static void
ngx_rtc_sweep_gone(void)
{
    uint32_t             i, seen, incarnation;
    ngx_uint_t           n;
    ngx_rtc_ref_t        ref;
    ngx_rtc_shm_slot_t  *slot;

    for (i = 0; i < ngx_rtc_shm->nslots; i++) {

        slot = ngx_rtc_shm_slot(ngx_rtc_shm, i);

        if (slot == ngx_rtc_slot) {
            continue;
        }

        incarnation = (slot->state == NGX_RTC_SLOT_LIVE) ? slot->incarnation
                                                         : 0;
        seen = ngx_rtc_seen[i];
        ngx_rtc_seen[i] = incarnation;

        if (seen == 0 || seen == incarnation) {
            continue;
        }

        ref.slot = i;
        ref.incarnation = seen;

        ngx_rtc_mesh_gone(&ref);

        for (n = 0; n < ngx_rtc_gone_n; n++) {
            ngx_rtc_gone_handlers[n](&ref);
        }
    }
}


static ngx_uint_t
ngx_rtc_process_gone(ngx_pid_t pid, uint64_t start, uint64_t seen)
{
    uint64_t  now;

    if (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
        return 1;
    }

    now = ngx_rtc_msec();

    if (start == 0 || now < seen + NGX_RTC_SILENT_MSEC) {
        return 0;
    }

    now = ngx_rtc_process_start(pid);

    return now != 0 && now != start;
}


/* proc(5): the 22nd field, counted behind the name, which may hold anything;
   0: unknown */

static uint64_t
ngx_rtc_process_start(ngx_pid_t pid)
{
    char      *p;
    ssize_t    n;
    ngx_fd_t   fd;
    ngx_int_t  field;
    char       buf[1024];
    u_char     name[NGX_INT64_LEN + sizeof("/proc//stat")];

    *ngx_snprintf(name, sizeof(name) - 1, "/proc/%P/stat", pid) = '\0';

    fd = ngx_open_file(name, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return 0;
    }

    n = ngx_read_fd(fd, buf, sizeof(buf) - 1);

    (void) ngx_close_file(fd);

    if (n <= 0) {
        return 0;
    }

    buf[n] = '\0';

    p = strrchr(buf, ')');

    for (field = 2; p && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }

    return p ? strtoull(p + 1, NULL, 10) : 0;
}


static void
ngx_rtc_worker_dead(ngx_rtc_ref_t *ref, ngx_pid_t pid)
{
    ngx_uint_t  found;

    ngx_rtc_lock();

    found = ngx_rtc_zone_alive(ngx_rtc_shm, ref);

    ngx_rtc_zone_slot_dead(ngx_rtc_shm, ref);

    ngx_rtc_unlock();

    if (found) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "rtc worker %P in slot %uD is gone", pid, ref->slot);
    }

    ngx_rtc_worker_reap(ref->slot, 0);
}


static void
ngx_rtc_worker_reap(uint32_t slot, ngx_uint_t whole)
{
    ngx_int_t   rc;
    ngx_uint_t  steps, reaped;

    reaped = 0;

    for (steps = 0; whole || steps < NGX_RTC_SWEEP_STEPS; steps++) {

        ngx_rtc_lock();

        rc = ngx_rtc_zone_reap(ngx_rtc_shm, slot, ngx_rtc_msec(),
                               NGX_RTC_REAP_STEP, &reaped);
        ngx_rtc_unlock();

        if (rc != NGX_AGAIN) {
            break;
        }
    }

    ngx_rtc_count_n(reaped, reaped);
}


static uint64_t
ngx_rtc_msec(void)
{
    return (uint64_t) ngx_rtc_now() / 1000;
}
