
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The core module: the rtc{} block with its defaults and cross-checks, and
 * the start and end of a process.  What a directive's value may be is in
 * ngx_rtc_conf.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc.h"
#include "ngx_rtc_conf.h"
#include "ngx_rtc_shm.h"
#include "ngx_rtc_worker.h"


static char *ngx_rtc_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static void *ngx_rtc_create_conf(ngx_cycle_t *cycle);
static char *ngx_rtc_init_conf(ngx_cycle_t *cycle, void *conf);
static char *ngx_rtc_check_zone(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf);
static char *ngx_rtc_check_listen(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf);
static char *ngx_rtc_check_reload(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf,
    ngx_rtc_conf_t *old);
static ngx_int_t ngx_rtc_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_rtc_init_process(ngx_cycle_t *cycle);
static void ngx_rtc_exit_process(ngx_cycle_t *cycle);


static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_p2p_max = { 0, 16 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_participants = { 1, 100000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_rooms = { 1, 1000000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_sessions = { 1, 1000000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_sockets = { 0, 65535 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_metadata = { 0, 65536 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_notice = { 0, 3600000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_empty = { 0, 86400000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_resume = { 0, 3600000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_ice = { 1000, 3600000 };
static ngx_rtc_conf_bounds_t  ngx_rtc_bounds_dtls = { 1000, 300000 };


static ngx_command_t  ngx_rtc_commands[] = {

    { ngx_string("rtc"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_DIRECT_CONF|NGX_CONF_NOARGS,
      ngx_rtc_block,
      0,
      0,
      NULL },

    { ngx_string("zone"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE123,
      ngx_rtc_conf_zone,
      0,
      0,
      NULL },

    { ngx_string("certificate"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_file,
      0,
      offsetof(ngx_rtc_conf_t, certificate),
      NULL },

    { ngx_string("certificate_key"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_file,
      0,
      offsetof(ngx_rtc_conf_t, certificate_key),
      NULL },

    { ngx_string("announce"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_announce,
      0,
      0,
      NULL },

    { ngx_string("ice_server"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE123,
      ngx_rtc_conf_ice_server,
      0,
      0,
      NULL },

    { ngx_string("codecs"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_rtc_conf_codecs,
      0,
      0,
      NULL },

    { ngx_string("p2p_max"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_num,
      0,
      offsetof(ngx_rtc_conf_t, p2p_max),
      &ngx_rtc_bounds_p2p_max },

    { ngx_string("max_participants"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_num,
      0,
      offsetof(ngx_rtc_conf_t, max_participants),
      &ngx_rtc_bounds_participants },

    { ngx_string("max_rooms"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_num,
      0,
      offsetof(ngx_rtc_conf_t, max_rooms),
      &ngx_rtc_bounds_rooms },

    { ngx_string("max_sessions"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_num,
      0,
      offsetof(ngx_rtc_conf_t, max_sessions),
      &ngx_rtc_bounds_sessions },

    { ngx_string("drain_notice"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_msec,
      0,
      offsetof(ngx_rtc_conf_t, drain_notice),
      &ngx_rtc_bounds_notice },

    { ngx_string("drain_sockets"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_num,
      0,
      offsetof(ngx_rtc_conf_t, drain_sockets),
      &ngx_rtc_bounds_sockets },

    { ngx_string("max_bitrate"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_rtc_conf_bitrate,
      0,
      0,
      NULL },

    { ngx_string("metadata_size"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_size,
      0,
      offsetof(ngx_rtc_conf_t, metadata_size),
      &ngx_rtc_bounds_metadata },

    { ngx_string("empty_timeout"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_msec,
      0,
      offsetof(ngx_rtc_conf_t, empty_timeout),
      &ngx_rtc_bounds_empty },

    { ngx_string("resume_timeout"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_msec,
      0,
      offsetof(ngx_rtc_conf_t, resume_timeout),
      &ngx_rtc_bounds_resume },

    { ngx_string("ice_timeout"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_msec,
      0,
      offsetof(ngx_rtc_conf_t, ice_timeout),
      &ngx_rtc_bounds_ice },

    { ngx_string("dtls_timeout"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_msec,
      0,
      offsetof(ngx_rtc_conf_t, dtls_timeout),
      &ngx_rtc_bounds_dtls },

    { ngx_string("room_type"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_rtc_conf_room_type,
      0,
      0,
      NULL },

    { ngx_string("token_key"),
      NGX_RTC_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_rtc_conf_token_key,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_core_module_t  ngx_rtc_module_ctx = {
    ngx_string("rtc"),
    ngx_rtc_create_conf,
    ngx_rtc_init_conf
};


ngx_module_t  ngx_rtc_module = {
    NGX_MODULE_V1,
    &ngx_rtc_module_ctx,                   /* module context */
    ngx_rtc_commands,                      /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_rtc_init_module,                   /* init module */
    ngx_rtc_init_process,                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_rtc_exit_process,                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


ngx_rtc_conf_t  *ngx_rtc_conf;


ngx_rtc_conf_t *
ngx_rtc_get_conf(ngx_cycle_t *cycle)
{
    if (cycle == NULL || cycle->conf_ctx == NULL) {
        return NULL;
    }

    return (ngx_rtc_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_rtc_module);
}


void
ngx_rtc_need(ngx_conf_t *cf, ngx_str_t *directive)
{
    ngx_rtc_conf_t  *rcf;

    rcf = ngx_rtc_get_conf(cf->cycle);

    if (rcf && rcf->needed_by.len == 0) {
        rcf->needed_by = *directive;
    }
}


ngx_rtc_room_type_t *
ngx_rtc_room_type(ngx_rtc_conf_t *conf, ngx_str_t *name)
{
    ngx_uint_t            i;
    ngx_rtc_room_type_t  *types;

    types = conf->room_types->elts;

    if (name == NULL || name->len == 0) {
        return &types[0];
    }

    for (i = 0; i < conf->room_types->nelts; i++) {
        if (types[i].name.len == name->len
            && ngx_strncmp(types[i].name.data, name->data, name->len) == 0)
        {
            return &types[i];
        }
    }

    return NULL;
}


static char *
ngx_rtc_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    char        *rv;
    ngx_conf_t   save;

    if (rcf->present) {
        return "is duplicate";
    }

    rcf->present = 1;

    save = *cf;

    cf->module_type = NGX_CORE_MODULE;
    cf->cmd_type = NGX_RTC_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


static void *
ngx_rtc_create_conf(ngx_cycle_t *cycle)
{
    ngx_rtc_conf_t  *rcf;

    rcf = ngx_pcalloc(cycle->pool, sizeof(ngx_rtc_conf_t));
    if (rcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     all strings = { 0, NULL };
     *     rcf->zone = NULL;
     *     rcf->x509, pkey = NULL;
     *     rcf->room_types = NULL;
     *     rcf->ncodecs = 0;
     *     rcf->max_bitrate_send, max_bitrate_recv = 0;
     *     rcf->listeners = 0;
     *     rcf->present = 0;
     */

    rcf->slots = NGX_CONF_UNSET_UINT;
    rcf->mailbox = NGX_CONF_UNSET_SIZE;
    rcf->p2p_max = NGX_CONF_UNSET_UINT;
    rcf->max_participants = NGX_CONF_UNSET_UINT;
    rcf->max_rooms = NGX_CONF_UNSET_UINT;
    rcf->max_sessions = NGX_CONF_UNSET_UINT;
    rcf->drain_notice = NGX_CONF_UNSET_MSEC;
    rcf->drain_sockets = NGX_CONF_UNSET_UINT;
    rcf->metadata_size = NGX_CONF_UNSET_SIZE;
    rcf->empty_timeout = NGX_CONF_UNSET_MSEC;
    rcf->resume_timeout = NGX_CONF_UNSET_MSEC;
    rcf->ice_timeout = NGX_CONF_UNSET_MSEC;
    rcf->dtls_timeout = NGX_CONF_UNSET_MSEC;

    return rcf;
}


static char *
ngx_rtc_init_conf(ngx_cycle_t *cycle, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    if (!rcf->present) {

        if (rcf->needed_by.len) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "\"%V\" directive requires an \"rtc\" block "
                          "in the main context", &rcf->needed_by);
            return NGX_CONF_ERROR;
        }

        cycle->conf_ctx[ngx_rtc_module.index] = NULL;

        return NGX_CONF_OK;
    }

    ngx_conf_init_uint_value(rcf->p2p_max, 3);
    ngx_conf_init_uint_value(rcf->max_participants, 100);
    ngx_conf_init_uint_value(rcf->max_rooms, 1000);
    ngx_conf_init_uint_value(rcf->max_sessions, 5000);
    ngx_conf_init_msec_value(rcf->drain_notice, 15000);
    ngx_conf_init_uint_value(rcf->drain_sockets, 1000);
    ngx_conf_init_size_value(rcf->metadata_size, 16384);
    ngx_conf_init_msec_value(rcf->empty_timeout, 30000);
    ngx_conf_init_msec_value(rcf->resume_timeout, 20000);
    ngx_conf_init_msec_value(rcf->ice_timeout, 30000);
    ngx_conf_init_msec_value(rcf->dtls_timeout, 10000);

    if (rcf->max_bitrate_send == 0) {
        rcf->max_bitrate_send = 15000000;
    }

    if (rcf->max_bitrate_recv == 0) {
        rcf->max_bitrate_recv = 50000000;
    }

    if (rcf->ncodecs == 0) {
        ngx_rtc_conf_codecs_default(rcf);
    }

    if (rcf->ice_servers == NULL) {
        rcf->ice_servers = ngx_array_create(cycle->pool, 1,
                                            sizeof(ngx_rtc_ice_server_t));
        if (rcf->ice_servers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_rtc_conf_room_types(cycle, rcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_rtc_check_zone(cycle, rcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_rtc_check_listen(cycle, rcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_rtc_conf_identity(cycle, rcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_rtc_check_zone(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    size_t            size;
    ngx_uint_t        slots;
    ngx_rtc_conf_t   *old;
    ngx_core_conf_t  *ccf;

    if (rcf->zone == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no \"zone\" directive in the \"rtc\" block");
        return NGX_CONF_ERROR;
    }

    old = ngx_rtc_get_conf(cycle->old_cycle);

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (old) {

        /* what isn't said stays: the default depends on worker_processes */

        ngx_conf_init_uint_value(rcf->slots, old->slots);
        ngx_conf_init_size_value(rcf->mailbox, old->mailbox);
    }

    slots = ngx_min(ngx_max(64, 8 * (ngx_uint_t) ccf->worker_processes),
                    NGX_RTC_MAX_SLOTS);

    ngx_conf_init_uint_value(rcf->slots, slots);
    ngx_conf_init_size_value(rcf->mailbox, 256 * 1024);

    if (old && ngx_rtc_check_reload(cycle, rcf, old) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    size = ngx_rtc_shm_zone_size(rcf);

    if (rcf->zone_size < size) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "zone \"%V\" of %uzk in the \"rtc\" block is too small: "
                      "%uzk are needed for \"max_rooms\" %ui, "
                      "\"max_sessions\" %ui and slots=%ui",
                      &rcf->zone_name, rcf->zone_size / 1024,
                      (size + 1023) / 1024, rcf->max_rooms, rcf->max_sessions,
                      rcf->slots);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_rtc_check_listen(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (rcf->listen_alone.len == 0 || !ccf->master
        || ccf->worker_processes == 1)
    {
        return NGX_CONF_OK;
    }

    /* the kernel would spread packets over the workers, not addresses */

    ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                  "\"listen %V udp\" with \"rtc\" directive needs the "
                  "\"reuseport\" parameter or a range of ports for "
                  "%i worker processes",
                  &rcf->listen_alone, ccf->worker_processes);

    return NGX_CONF_ERROR;
}


static char *
ngx_rtc_check_reload(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf,
    ngx_rtc_conf_t *old)
{
    ngx_rtc_shm_t  *sh;

    /* old and new workers share these: they live until the last process */

    if (rcf->zone_name.len != old->zone_name.len
        || ngx_strncmp(rcf->zone_name.data, old->zone_name.data,
                       rcf->zone_name.len)
           != 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"zone\" name changed from \"%V\" to \"%V\": "
                      "restart is needed", &old->zone_name, &rcf->zone_name);
        return NGX_CONF_ERROR;
    }

    if (rcf->zone_size != old->zone_size) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"zone\" size changed from %uzk to %uzk: "
                      "restart is needed",
                      old->zone_size / 1024, rcf->zone_size / 1024);
        return NGX_CONF_ERROR;
    }

    if (rcf->slots != old->slots) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"zone\" slots changed from %ui to %ui: "
                      "restart is needed", old->slots, rcf->slots);
        return NGX_CONF_ERROR;
    }

    if (rcf->mailbox != old->mailbox) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"zone\" mailbox changed from %uzk to %uzk: "
                      "restart is needed",
                      old->mailbox / 1024, rcf->mailbox / 1024);
        return NGX_CONF_ERROR;
    }

    /* a lower limit holds at once, a higher one has no room in the arrays */

    sh = old->zone->data;

    if (rcf->max_rooms > sh->max_rooms) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"max_rooms\" %ui is above %uD, for which the zone "
                      "was made: restart is needed",
                      rcf->max_rooms, sh->max_rooms);
        return NGX_CONF_ERROR;
    }

    if (rcf->max_sessions > sh->max_sessions) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"max_sessions\" %ui is above %uD, for which the zone "
                      "was made: restart is needed",
                      rcf->max_sessions, sh->max_sessions);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_rtc_init_module(ngx_cycle_t *cycle)
{
    ngx_rtc_conf_t  *rcf;

    rcf = ngx_rtc_get_conf(cycle);

    if (rcf == NULL || ngx_test_config) {
        return NGX_OK;
    }

    ngx_rtc_cycle_number++;

    if (ngx_rtc_mesh_create(rcf, cycle->log) == NGX_OK) {
        return NGX_OK;
    }

    /* a failure here would end a master that runs already */

    return ngx_is_init_cycle(cycle->old_cycle) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_rtc_init_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    ngx_rtc_conf = ngx_rtc_get_conf(cycle);

    if (ngx_rtc_conf == NULL) {
        return NGX_OK;
    }

    return ngx_rtc_worker_init(cycle);
}


static void
ngx_rtc_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_rtc_conf == NULL) {
        return;
    }

    ngx_rtc_worker_exit(cycle);
}
