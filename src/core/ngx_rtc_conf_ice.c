
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * ice_server and token_key: the directives that take secrets, from the
 * configuration or from files of their own.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <jansson.h>

#include "ngx_rtc.h"
#include "ngx_rtc_conf.h"


#define NGX_RTC_SECRET_LEN    1024
#define NGX_RTC_JWK_LEN       65536


static ngx_int_t ngx_rtc_conf_ice_url(ngx_str_t *url, ngx_uint_t *turn);
static ngx_int_t ngx_rtc_conf_read(ngx_conf_t *cf, ngx_str_t *directive,
    ngx_str_t *file, size_t max, ngx_str_t *text);


char *
ngx_rtc_conf_ice_server(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    time_t                 ttl;
    ngx_str_t             *value, s;
    ngx_uint_t             i, turn;
    ngx_rtc_ice_server_t  *server, *servers;

    value = cf->args->elts;

    if (ngx_rtc_conf_ice_url(&value[1], &turn) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be a stun:, stuns:, turn: or turns: URL",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (rcf->ice_servers == NULL) {
        rcf->ice_servers = ngx_array_create(cf->pool, 4,
                                            sizeof(ngx_rtc_ice_server_t));
        if (rcf->ice_servers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    servers = rcf->ice_servers->elts;

    for (i = 0; i < rcf->ice_servers->nelts; i++) {
        if (servers[i].url.len == value[1].len
            && ngx_strncmp(servers[i].url.data, value[1].data, value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate value \"%V\" in \"%V\" directive",
                               &value[1], &cmd->name);
            return NGX_CONF_ERROR;
        }
    }

    server = ngx_array_push(rcf->ice_servers);
    if (server == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(server, sizeof(ngx_rtc_ice_server_t));

    server->url = value[1];

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "secret=", 7) == 0) {

            if (server->secret.data) {
                goto duplicate;
            }

            server->secret.data = value[i].data + 7;
            server->secret.len = value[i].len - 7;

            if (server->secret.len == 0) {
                goto invalid;
            }

            continue;
        }

        if (ngx_strncmp(value[i].data, "secret_file=", 12) == 0) {

            if (server->secret.data) {
                goto duplicate;
            }

            s.data = value[i].data + 12;
            s.len = value[i].len - 12;

            if (s.len == 0) {
                goto invalid;
            }

            if (ngx_rtc_conf_read(cf, &cmd->name, &s, NGX_RTC_SECRET_LEN,
                                  &server->secret)
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_strncmp(value[i].data, "ttl=", 4) == 0) {

            if (server->ttl) {
                goto duplicate;
            }

            s.data = value[i].data + 4;
            s.len = value[i].len - 4;

            ttl = ngx_parse_time(&s, 1);

            if (ttl < 60 || ttl > 30 * 86400) {
                goto invalid;
            }

            server->ttl = ttl;

            continue;
        }

        goto invalid;
    }

    if (turn && server->secret.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"%V\" directive requires "
                           "\"secret\" or \"secret_file\"",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (!turn && (server->secret.len || server->ttl)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secret\", \"secret_file\" and \"ttl\" in \"%V\" "
                           "directive are for turn: and turns: only, not "
                           "for \"%V\"", &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    if (turn && server->ttl == 0) {
        server->ttl = 3600;
    }

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


/* RFC 7064, RFC 7065: scheme ":" host [ ":" port ] [ "?transport=" .. ] */

static ngx_int_t
ngx_rtc_conf_ice_url(ngx_str_t *url, ngx_uint_t *turn)
{
    u_char     *p, *end, *host, ch;
    ngx_int_t   port;
    u_char      addr[16];

    p = url->data;
    end = p + url->len;

    if (ngx_strncmp(p, "stun:", 5) == 0 || ngx_strncmp(p, "turn:", 5) == 0) {
        *turn = (*p == 't');
        p += 5;

    } else if (ngx_strncmp(p, "stuns:", 6) == 0
               || ngx_strncmp(p, "turns:", 6) == 0)
    {
        *turn = (*p == 't');
        p += 6;

    } else {
        return NGX_ERROR;
    }

    if (p < end && *p == '[') {

        host = ++p;

        while (p < end && *p != ']') {
            p++;
        }

        if (p == end || ngx_inet6_addr(host, p - host, addr) != NGX_OK) {
            return NGX_ERROR;
        }

        p++;

    } else {

        host = p;

        while (p < end && *p != ':' && *p != '?') {

            ch = *p | 0x20;

            if ((ch < 'a' || ch > 'z') && (*p < '0' || *p > '9')
                && *p != '.' && *p != '-' && *p != '_')
            {
                return NGX_ERROR;
            }

            p++;
        }

        if (p == host) {
            return NGX_ERROR;
        }
    }

    if (p < end && *p == ':') {

        host = ++p;

        while (p < end && *p != '?') {
            p++;
        }

        port = ngx_atoi(host, p - host);

        if (port < 1 || port > 65535) {
            return NGX_ERROR;
        }
    }

    if (p == end) {
        return NGX_OK;
    }

    /* RFC 7064, 3.1: a STUN URI has no query */

    if (!*turn || end - p != sizeof("?transport=udp") - 1) {
        return NGX_ERROR;
    }

    if (ngx_strncmp(p, "?transport=udp", end - p) == 0
        || ngx_strncmp(p, "?transport=tcp", end - p) == 0)
    {
        return NGX_OK;
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_rtc_conf_read(ngx_conf_t *cf, ngx_str_t *directive, ngx_str_t *file,
    size_t max, ngx_str_t *text)
{
    off_t             size;
    u_char           *p;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_str_t         name;
    ngx_file_info_t   fi;

    name = *file;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" of \"%V\" directive "
                           "failed", &name, directive);
        return NGX_ERROR;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" of \"%V\" directive failed",
                           &name, directive);
        goto done;
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size == 0 || size > (off_t) max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "file \"%V\" of \"%V\" directive must be a regular "
                           "file of 1 to %uz bytes", &name, directive, max);
        goto done;
    }

    p = ngx_pnalloc(cf->pool, size);
    if (p == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, p, size);

    if (n != (ssize_t) size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, (n == -1) ? ngx_errno : 0,
                           ngx_read_fd_n " \"%V\" of \"%V\" directive failed",
                           &name, directive);
        n = NGX_ERROR;
        goto done;
    }

    while (n && (p[n - 1] == LF || p[n - 1] == CR)) {
        n--;
    }

    if (n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "file \"%V\" of \"%V\" directive is empty",
                           &name, directive);
        n = NGX_ERROR;
        goto done;
    }

    text->data = p;
    text->len = n;

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return (n == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


char *
ngx_rtc_conf_token_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_rtc_conf_t *rcf = conf;

    json_t        *jwk;
    ngx_str_t     *value, text;
    json_error_t   error;

    if (rcf->token_key.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return ngx_rtc_conf_invalid(cf, &value[1], &cmd->name);
    }

    if (ngx_rtc_conf_read(cf, &cmd->name, &value[1], NGX_RTC_JWK_LEN, &text)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    jwk = json_loadb((char *) text.data, text.len, JSON_REJECT_DUPLICATES,
                     &error);

    ngx_explicit_memzero(text.data, text.len);

    if (jwk == NULL
        || (!json_is_string(json_object_get(jwk, "kty"))
            && !json_is_array(json_object_get(jwk, "keys"))))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "file \"%V\" of \"%V\" directive is not a JWK "
                           "or a JWK set", &value[1], &cmd->name);
        json_decref(jwk);
        return NGX_CONF_ERROR;
    }

    json_decref(jwk);

    rcf->token_key = value[1];

    /* never a server that seems to check tokens and doesn't */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" directive is not supported yet: tokens can't "
                       "be verified", &cmd->name);

    return NGX_CONF_ERROR;
}
