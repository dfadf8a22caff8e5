
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Room types: those built in, and room_type blocks that override them or
 * add new ones.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc.h"
#include "ngx_rtc_conf.h"


typedef struct {
    ngx_str_t             name;
    ngx_uint_t            p2p_max;
    ngx_flag_t            listed;
} ngx_rtc_builtin_type_t;


static char *ngx_rtc_conf_type_param(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);


/* the first one is that of a room made without a type */

static ngx_rtc_builtin_type_t  ngx_rtc_builtin_types[] = {
    { ngx_string("mansion"), NGX_CONF_UNSET_UINT, 1 },
    { ngx_string("cinema"), 2, 1 },
    { ngx_string("private"), NGX_CONF_UNSET_UINT, 0 },
    { ngx_null_string, 0, 0 }
};


char *
ngx_rtc_conf_room_type(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    char                 *rv;
    u_char                ch;
    ngx_str_t            *value;
    ngx_conf_t            save;
    ngx_uint_t            i;
    ngx_rtc_room_type_t  *type, *types;

    value = cf->args->elts;

    if (value[1].len == 0 || value[1].len > NGX_RTC_TYPE_LEN) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    for (i = 0; i < value[1].len; i++) {

        ch = value[1].data[i];

        if ((ch < '0' || ch > '9') && ((ch | 0x20) < 'a' || (ch | 0x20) > 'z')
            && ch != '-' && ch != '_')
        {
            return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
        }
    }

    if (rcf->room_types == NULL) {
        rcf->room_types = ngx_array_create(cf->pool, 4,
                                           sizeof(ngx_rtc_room_type_t));
        if (rcf->room_types == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    types = rcf->room_types->elts;

    for (i = 0; i < rcf->room_types->nelts; i++) {
        if (types[i].name.len == value[1].len
            && ngx_strncmp(types[i].name.data, value[1].data, value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate value \"%V\" in \"%V\" directive",
                               &value[1], &cmd->name);
            return NGX_CONF_ERROR;
        }
    }

    type = ngx_array_push(rcf->room_types);
    if (type == NULL) {
        return NGX_CONF_ERROR;
    }

    type->name = value[1];
    type->max_participants = NGX_CONF_UNSET_UINT;
    type->p2p_max = NGX_CONF_UNSET_UINT;
    type->listed = 1;

    save = *cf;

    cf->handler = ngx_rtc_conf_type_param;
    cf->handler_conf = (void *) type;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


static char *
ngx_rtc_conf_type_param(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_rtc_room_type_t *type = conf;

    ngx_int_t    n, min, max;
    ngx_str_t   *value;
    ngx_uint_t  *np;

    value = cf->args->elts;

    if (ngx_strcmp(value[0].data, "max_participants") == 0) {
        np = &type->max_participants;
        min = 1;
        max = 100000;

    } else if (ngx_strcmp(value[0].data, "p2p_max") == 0) {
        np = &type->p2p_max;
        min = 0;
        max = 16;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in \"room_type\" \"%V\"",
                           &value[0], &type->name);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts != 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive "
                           "in \"room_type\" \"%V\"", &value[0], &type->name);
        return NGX_CONF_ERROR;
    }

    if (*np != NGX_CONF_UNSET_UINT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" directive is duplicate in \"room_type\" "
                           "\"%V\"", &value[0], &type->name);
        return NGX_CONF_ERROR;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n < min || n > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive in "
                           "\"room_type\" \"%V\", it must be a number between "
                           "%i and %i",
                           &value[1], &value[0], &type->name, min, max);
        return NGX_CONF_ERROR;
    }

    *np = n;

    return NGX_CONF_OK;
}


/* built in types first, then those of the configuration that are new */

ngx_int_t
ngx_rtc_conf_room_types(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    ngx_uint_t               i, j, nown;
    ngx_array_t             *types;
    ngx_rtc_room_type_t     *type, *own;
    ngx_rtc_builtin_type_t  *builtin;

    types = ngx_array_create(cycle->pool, 8, sizeof(ngx_rtc_room_type_t));
    if (types == NULL) {
        return NGX_ERROR;
    }

    own = rcf->room_types ? rcf->room_types->elts : NULL;
    nown = rcf->room_types ? rcf->room_types->nelts : 0;

    for (builtin = ngx_rtc_builtin_types; builtin->name.len; builtin++) {

        type = ngx_array_push(types);
        if (type == NULL) {
            return NGX_ERROR;
        }

        type->name = builtin->name;
        type->listed = builtin->listed;
        type->max_participants = NGX_CONF_UNSET_UINT;

        /* "p2p_max 0" turns p2p off in all rooms but those that say more */

        type->p2p_max = ngx_min(builtin->p2p_max, rcf->p2p_max);
    }

    for (i = 0; i < nown; i++) {

        type = types->elts;

        for (j = 0; j < types->nelts; j++) {
            if (type[j].name.len == own[i].name.len
                && ngx_strncmp(type[j].name.data, own[i].name.data,
                               own[i].name.len)
                   == 0)
            {
                break;
            }
        }

        if (j < types->nelts) {
            type[j].max_participants = own[i].max_participants;

            if (own[i].p2p_max != NGX_CONF_UNSET_UINT) {
                type[j].p2p_max = own[i].p2p_max;
            }

            continue;
        }

        type = ngx_array_push(types);
        if (type == NULL) {
            return NGX_ERROR;
        }

        *type = own[i];
    }

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        ngx_conf_init_uint_value(type[i].max_participants,
                                 rcf->max_participants);
        ngx_conf_init_uint_value(type[i].p2p_max, rcf->p2p_max);
    }

    rcf->room_types = types;

    return NGX_OK;
}
