
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Setters of the directives of rtc{}.  Each refuses a wrong value with a
 * message that names the directive and the value; what concerns several
 * directives is checked in ngx_rtc_module.c, after the whole file is read.
 * room_type is in ngx_rtc_conf_type.c, what reads files in ngx_rtc_conf_ice.c.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc.h"
#include "ngx_rtc_codec.h"
#include "ngx_rtc_conf.h"
#include "ngx_rtc_shm.h"


#define NGX_RTC_BITRATE_MIN   50000ULL
#define NGX_RTC_BITRATE_MAX   10000000000ULL


static ngx_int_t ngx_rtc_conf_in_bounds(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_int_t n);
static ngx_int_t ngx_rtc_parse_bitrate(ngx_str_t *value, uint64_t *bitrate);


static struct {
    ngx_str_t             name;
    ngx_uint_t            codec;
} ngx_rtc_codec_names[] = {
    { ngx_string("opus"), NGX_RTC_CODEC_OPUS },
    { ngx_string("red"), NGX_RTC_CODEC_RED },
    { ngx_string("vp8"), NGX_RTC_CODEC_VP8 },
    { ngx_string("vp9"), NGX_RTC_CODEC_VP9 },
    { ngx_string("h264"), NGX_RTC_CODEC_H264 },
    { ngx_string("av1"), NGX_RTC_CODEC_AV1 },
    { ngx_null_string, 0 }
};


char *
ngx_rtc_conf_num(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t    n;
    ngx_str_t   *value;
    ngx_uint_t  *np;

    np = (ngx_uint_t *) (p + cmd->offset);

    if (*np != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (ngx_rtc_conf_in_bounds(cf, cmd, n) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *np = n;

    return NGX_CONF_OK;
}


char *
ngx_rtc_conf_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    size_t     *sp;
    ssize_t     size;
    ngx_str_t  *value;

    sp = (size_t *) (p + cmd->offset);

    if (*sp != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);

    if (ngx_rtc_conf_in_bounds(cf, cmd, size) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *sp = size;

    return NGX_CONF_OK;
}


char *
ngx_rtc_conf_msec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t    msec;
    ngx_str_t   *value;
    ngx_msec_t  *mp;

    mp = (ngx_msec_t *) (p + cmd->offset);

    if (*mp != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    msec = ngx_parse_time(&value[1], 0);

    if (ngx_rtc_conf_in_bounds(cf, cmd, msec) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *mp = msec;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_rtc_conf_in_bounds(ngx_conf_t *cf, ngx_command_t *cmd, ngx_int_t n)
{
    ngx_str_t              *value;
    ngx_rtc_conf_bounds_t  *b;

    b = cmd->post;

    if (n != NGX_ERROR && (ngx_uint_t) n >= b->min && (ngx_uint_t) n <= b->max)
    {
        return NGX_OK;
    }

    value = cf->args->elts;

    if (cmd->set == ngx_rtc_conf_msec) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be a time between %uis and %uis",
                           &value[1], &cmd->name, b->min / 1000,
                           b->max / 1000);

    } else if (cmd->set == ngx_rtc_conf_size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be a size between %uik and %uik",
                           &value[1], &cmd->name, b->min / 1024,
                           b->max / 1024);

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be a number between %ui and %ui",
                           &value[1], &cmd->name, b->min, b->max);
    }

    return NGX_ERROR;
}


char *
ngx_rtc_conf_invalid(ngx_conf_t *cf, ngx_str_t *value, ngx_str_t *name)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive", value, name);

    return NGX_CONF_ERROR;
}


char *
ngx_rtc_conf_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t  *value, *sp;

    sp = (ngx_str_t *) (p + cmd->offset);

    if (sp->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    *sp = value[1];

    if (ngx_conf_full_name(cf->cycle, sp, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_rtc_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    u_char      *p;
    ssize_t      size;
    ngx_int_t    n;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (rcf->zone_name.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    rcf->zone_name.data = value[1].data;
    rcf->zone_name.len = p - value[1].data;

    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR || size == 0) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    rcf->zone_size = size;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "slots=", 6) == 0) {

            if (rcf->slots != NGX_CONF_UNSET_UINT) {
                goto duplicate;
            }

            n = ngx_atoi(value[i].data + 6, value[i].len - 6);

            if (n == NGX_ERROR || n < 2 || n > NGX_RTC_MAX_SLOTS) {
                goto invalid;
            }

            rcf->slots = n;

            continue;
        }

        if (ngx_strncmp(value[i].data, "mailbox=", 8) == 0) {

            if (rcf->mailbox != NGX_CONF_UNSET_SIZE) {
                goto duplicate;
            }

            s.data = value[i].data + 8;
            s.len = value[i].len - 8;

            size = ngx_parse_size(&s);

            if (size == NGX_ERROR || size < 32 * 1024
                || size > 16 * 1024 * 1024)
            {
                goto invalid;
            }

            rcf->mailbox = size;

            continue;
        }

        goto invalid;
    }

    rcf->zone = ngx_shared_memory_add(cf, &rcf->zone_name, rcf->zone_size,
                                      &ngx_rtc_module);
    if (rcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    rcf->zone->init = ngx_rtc_shm_init_zone;
    rcf->zone->data = rcf;

    return NGX_CONF_OK;

duplicate:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "duplicate parameter \"%V\" in \"%V\" directive",
                       &value[i], &cmd->name);

    return NGX_CONF_ERROR;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" in \"%V\" directive",
                       &value[i], &cmd->name);

    return NGX_CONF_ERROR;
}


char *
ngx_rtc_conf_announce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    u_char     *p;
    size_t      len;
    u_char      text[NGX_SOCKADDR_STRLEN];
    ngx_str_t  *value, *announce;
    ngx_addr_t  addr;

    value = cf->args->elts;

    /* literal addresses only, so that nothing is resolved at start */

    if (ngx_parse_addr(cf->pool, &addr, value[1].data, value[1].len)
        != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be an IPv4 or IPv6 address",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_inet_wildcard(addr.sockaddr)) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    announce = (addr.sockaddr->sa_family == AF_INET) ? &rcf->announce4
                                                     : &rcf->announce6;

    if (announce->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"%V\" directive \"%V\", there is "
                           "\"%V\" of the same address family already",
                           &cmd->name, &value[1], announce);
        return NGX_CONF_ERROR;
    }

    len = ngx_sock_ntop(addr.sockaddr, addr.socklen, text,
                        NGX_SOCKADDR_STRLEN, 0);

    /* an IPv6 address comes in brackets */

    p = text;

    if (len && *p == '[') {
        p++;
        len -= 2;
    }

    announce->data = ngx_pnalloc(cf->pool, len);
    if (announce->data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(announce->data, p, len);
    announce->len = len;

    return NGX_CONF_OK;
}


char *
ngx_rtc_conf_codecs(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, j, k, opus, red;

    if (rcf->ncodecs) {
        return "is duplicate";
    }

    value = cf->args->elts;

    opus = 0;
    red = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        for (j = 0; ngx_rtc_codec_names[j].name.len; j++) {
            if (ngx_rtc_codec_names[j].name.len == value[i].len
                && ngx_strncmp(ngx_rtc_codec_names[j].name.data, value[i].data,
                               value[i].len)
                   == 0)
            {
                break;
            }
        }

        if (ngx_rtc_codec_names[j].name.len == 0) {
            return ngx_rtc_conf_invalid(cf, &value[i], &cmd->name);
        }

        for (k = 0; k < rcf->ncodecs; k++) {
            if (rcf->codecs[k] == ngx_rtc_codec_names[j].codec) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate value \"%V\" in \"%V\" "
                                   "directive", &value[i], &cmd->name);
                return NGX_CONF_ERROR;
            }
        }

        opus |= (ngx_rtc_codec_names[j].codec == NGX_RTC_CODEC_OPUS);
        red |= (ngx_rtc_codec_names[j].codec == NGX_RTC_CODEC_RED);

        rcf->codecs[rcf->ncodecs++] = ngx_rtc_codec_names[j].codec;
    }

    if (red && !opus) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"red\" in \"%V\" directive requires \"opus\"",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_rtc_conf_codecs_default(ngx_rtc_conf_t *rcf)
{
    ngx_uint_t  i;

    for (i = 0; ngx_rtc_codec_names[i].name.len; i++) {
        rcf->codecs[i] = ngx_rtc_codec_names[i].codec;
    }

    rcf->ncodecs = i;
}


char *
ngx_rtc_conf_bitrate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    uint64_t    *bitrate;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (rcf->max_bitrate_send || rcf->max_bitrate_recv) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "send=", 5) == 0) {
            bitrate = &rcf->max_bitrate_send;

        } else if (ngx_strncmp(value[i].data, "recv=", 5) == 0) {
            bitrate = &rcf->max_bitrate_recv;

        } else {
            goto invalid;
        }

        if (*bitrate) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\" in \"%V\" "
                               "directive", &value[i], &cmd->name);
            return NGX_CONF_ERROR;
        }

        s.data = value[i].data + 5;
        s.len = value[i].len - 5;

        if (ngx_rtc_parse_bitrate(&s, bitrate) != NGX_OK) {
            goto invalid;
        }
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" in \"%V\" directive",
                       &value[i], &cmd->name);

    return NGX_CONF_ERROR;
}


/* bits per second; k and m are decimal, as bitrates are */

static ngx_int_t
ngx_rtc_parse_bitrate(ngx_str_t *value, uint64_t *bitrate)
{
    size_t     len;
    uint64_t   scale, rate;
    ngx_int_t  n;

    len = value->len;
    scale = 1;

    if (len) {
        switch (value->data[len - 1]) {

        case 'k':
        case 'K':
            scale = 1000;
            len--;
            break;

        case 'm':
        case 'M':
            scale = 1000000;
            len--;
            break;

        default:
            break;
        }
    }

    n = ngx_atoi(value->data, len);

    if (n == NGX_ERROR || (uint64_t) n > NGX_RTC_BITRATE_MAX) {
        return NGX_ERROR;
    }

    rate = n * scale;

    if (rate < NGX_RTC_BITRATE_MIN || rate > NGX_RTC_BITRATE_MAX) {
        return NGX_ERROR;
    }

    *bitrate = rate;

    return NGX_OK;
}
