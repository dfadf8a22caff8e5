
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Writing and reading the messages between sessions and homes.  Pure: links
 * without nginx into unit tests and fuzzers.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_message.h"


static ngx_uint_t ngx_rtc_message_strings(ngx_uint_t kind);


u_char *
ngx_rtc_message_write(u_char *p, ngx_rtc_message_t *m)
{
    uint32_t    len;
    ngx_uint_t  i;

    *p++ = NGX_RTC_MSG_VERSION;
    *p++ = (u_char) m->kind;
    *p++ = (u_char) m->flags;
    *p++ = (u_char) m->n;

    p = ngx_cpymem(p, &m->code, sizeof(uint32_t));
    p = ngx_cpymem(p, &m->epoch, sizeof(uint32_t));
    p = ngx_cpymem(p, &m->session, sizeof(uint64_t));
    p = ngx_cpymem(p, &m->request, sizeof(uint64_t));
    p = ngx_cpymem(p, &m->key, sizeof(uint64_t));

    for (i = 0; i < m->n; i++) {
        len = (uint32_t) m->str[i].len;
        p = ngx_cpymem(p, &len, sizeof(uint32_t));
    }

    return p;
}


ngx_int_t
ngx_rtc_message_read(ngx_rtc_message_t *m, u_char *p, u_char *end)
{
    u_char      *lengths;
    uint32_t     len;
    ngx_uint_t   i;

    if (end - p < NGX_RTC_MSG_FIXED || p[0] != NGX_RTC_MSG_VERSION) {
        return NGX_ERROR;
    }

    ngx_memzero(m, sizeof(ngx_rtc_message_t));

    m->kind = p[1];
    m->flags = p[2];
    m->n = p[3];

    p += 4;

    if (m->n > NGX_RTC_MSG_STRINGS
        || m->n < ngx_rtc_message_strings(m->kind))
    {
        return NGX_ERROR;
    }

    ngx_memcpy(&m->code, p, sizeof(uint32_t));
    p += sizeof(uint32_t);

    ngx_memcpy(&m->epoch, p, sizeof(uint32_t));
    p += sizeof(uint32_t);

    ngx_memcpy(&m->session, p, sizeof(uint64_t));
    p += sizeof(uint64_t);

    ngx_memcpy(&m->request, p, sizeof(uint64_t));
    p += sizeof(uint64_t);

    ngx_memcpy(&m->key, p, sizeof(uint64_t));
    p += sizeof(uint64_t);

    if ((size_t) (end - p) < m->n * sizeof(uint32_t)) {
        return NGX_ERROR;
    }

    lengths = p;
    p += m->n * sizeof(uint32_t);

    for (i = 0; i < m->n; i++) {
        ngx_memcpy(&len, lengths + i * sizeof(uint32_t), sizeof(uint32_t));

        if ((size_t) (end - p) < len) {
            return NGX_ERROR;
        }

        m->str[i].data = p;
        m->str[i].len = len;

        p += len;
    }

    return (p == end) ? NGX_OK : NGX_ERROR;
}


/* how many strings a message of this kind has at least */

static ngx_uint_t
ngx_rtc_message_strings(ngx_uint_t kind)
{
    switch (kind) {

    case NGX_RTC_MSG_JOIN:
        return NGX_RTC_JOIN_STRINGS;

    case NGX_RTC_MSG_EVENT:
    case NGX_RTC_MSG_DELIVER:
        return 2;

    case NGX_RTC_MSG_ANSWER:
        return 3;

    case NGX_RTC_MSG_PART:
        return 1;

    case NGX_RTC_MSG_GONE:
    case NGX_RTC_MSG_ALIVE:
    case NGX_RTC_MSG_CLOSE:
    case NGX_RTC_MSG_PROBE:
    case NGX_RTC_MSG_MOVED:
    case NGX_RTC_MSG_LEFT:
        return 0;

    default:
        return NGX_RTC_MSG_STRINGS + 1;
    }
}
