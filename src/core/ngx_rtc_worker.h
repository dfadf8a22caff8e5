
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Inside of core: start and end of a worker, its slot, and what the mesh
 * and the worker know of each other.
 */


#ifndef _NGX_RTC_WORKER_H_INCLUDED_
#define _NGX_RTC_WORKER_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_directory.h"


/*
 * init claims the slot and needs no events; start adds connections and
 * timers: a static build runs core's init_process before the event
 * module's, so there it is the first call of another layer that starts.
 */

ngx_int_t ngx_rtc_worker_init(ngx_cycle_t *cycle);
ngx_int_t ngx_rtc_worker_start(void);
void ngx_rtc_worker_exit(ngx_cycle_t *cycle);

/* asks the kernel whether the process is there; reaps it if not */
ngx_uint_t ngx_rtc_worker_check(ngx_rtc_ref_t *ref);

/* this worker has a slot */
extern ngx_uint_t  ngx_rtc_has_slot;

/* counted by the master: the highest is that of the newest workers */
extern uint32_t    ngx_rtc_cycle_number;


/* the mapping and the eventfds: by the master, once */
ngx_int_t ngx_rtc_mesh_create(ngx_rtc_conf_t *rcf, ngx_log_t *log);

ngx_int_t ngx_rtc_mesh_start(ngx_cycle_t *cycle);
void ngx_rtc_mesh_exit(void);
void ngx_rtc_mesh_gone(ngx_rtc_ref_t *ref);
void ngx_rtc_mesh_poll(void);


#endif /* _NGX_RTC_WORKER_H_INCLUDED_ */
