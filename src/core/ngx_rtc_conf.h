
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The rtc{} block inside of core: setters and checks of its directives, the
 * DTLS identity.  Other layers see only the result, ngx_rtc_conf_t.
 */


#ifndef _NGX_RTC_CONF_H_INCLUDED_
#define _NGX_RTC_CONF_H_INCLUDED_


#include "ngx_rtc.h"


#define NGX_RTC_TYPE_LEN      32

#define NGX_RTC_MAX_SLOTS     1024


/* "post" of directives that take a number, a size or a time */

typedef struct {
    ngx_uint_t            min;
    ngx_uint_t            max;
} ngx_rtc_conf_bounds_t;


char *ngx_rtc_conf_num(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_msec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_announce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_ice_server(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_codecs(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_bitrate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_room_type(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_rtc_conf_token_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* logs "invalid value ..." and returns NGX_CONF_ERROR */
char *ngx_rtc_conf_invalid(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name);

void ngx_rtc_conf_codecs_default(ngx_rtc_conf_t *rcf);
ngx_int_t ngx_rtc_conf_room_types(ngx_cycle_t *cycle, ngx_rtc_conf_t *conf);

/* loads or makes the DTLS identity and its fingerprint */
ngx_int_t ngx_rtc_conf_identity(ngx_cycle_t *cycle, ngx_rtc_conf_t *conf);


#endif /* _NGX_RTC_CONF_H_INCLUDED_ */
