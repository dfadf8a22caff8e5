
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Messages between sessions and homes: what was written is read again, and
 * nothing that is cut, stretched or of another version is taken.
 * link: src/signal/ngx_rtc_message.c
 */


#include "test.h"

#include "ngx_rtc_message.h"


static size_t message(u_char *buf, ngx_rtc_message_t *m);
static ngx_int_t read_copy(ngx_rtc_message_t *m, u_char *p, size_t len);


static void
test_round_trip(void)
{
    u_char             buf[512];
    size_t             len;
    ngx_rtc_message_t  m, r;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_ANSWER;
    m.flags = NGX_RTC_MSG_JOINED|NGX_RTC_MSG_DETACH;
    m.code = 4711;
    m.epoch = 0xfffffffe;
    m.session = 0x0123456789abcdefULL;
    m.request = 0xfedcba9876543210ULL;
    m.key = 42;
    m.n = 3;
    ngx_str_set(&m.str[0], "ann");
    ngx_str_set(&m.str[2], "{\"a\":\"\\u0000\"}");

    len = message(buf, &m);

    need(ngx_rtc_message_read(&r, buf, buf + len) == NGX_OK, "read");

    is(r.kind, NGX_RTC_MSG_ANSWER, "kind");
    is(r.flags, NGX_RTC_MSG_JOINED|NGX_RTC_MSG_DETACH, "flags");
    is(r.code, 4711, "code");
    is(r.epoch, 0xfffffffe, "epoch");
    ok(r.session == m.session, "session");
    ok(r.request == m.request, "request");
    ok(r.key == 42, "key");
    is(r.n, 3, "strings");
    is_str(r.str[0], "ann", "first string");
    is(r.str[1].len, 0, "empty string");
    is_mem(r.str[2].data, r.str[2].len, m.str[2].data, m.str[2].len,
           "last string");
}


static void
test_every_cut(void)
{
    u_char             buf[512];
    size_t             len, i, taken;
    ngx_rtc_message_t  m, r;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_JOIN;
    m.n = NGX_RTC_JOIN_STRINGS;

    for (i = 0; i < NGX_RTC_JOIN_STRINGS; i++) {
        ngx_str_set(&m.str[i], "text");
    }

    len = message(buf, &m);

    is(read_copy(&r, buf, len), NGX_OK, "whole");

    taken = 0;

    for (i = 0; i < len; i++) {
        taken += read_copy(&r, buf, i) == NGX_OK;
    }

    is(taken, 0, "cut anywhere");
    is(read_copy(&r, buf, len + 1), NGX_ERROR, "a byte too many");
}


static void
test_wrong(void)
{
    u_char             buf[512], copy[512];
    size_t             len;
    uint32_t           n;
    ngx_uint_t         kind, taken;
    ngx_rtc_message_t  m, r;

    ngx_memzero(&m, sizeof(ngx_rtc_message_t));

    m.kind = NGX_RTC_MSG_EVENT;
    m.n = 2;
    ngx_str_set(&m.str[0], "ping");
    ngx_str_set(&m.str[1], "{}");

    len = message(buf, &m);

    ngx_memcpy(copy, buf, len);
    copy[0]++;
    is(read_copy(&r, copy, len), NGX_ERROR, "another version");

    ngx_memcpy(copy, buf, len);
    copy[3] = NGX_RTC_MSG_STRINGS + 1;
    is(read_copy(&r, copy, len), NGX_ERROR, "too many strings");

    copy[3] = 255;
    is(read_copy(&r, copy, len), NGX_ERROR, "far too many strings");

    ngx_memcpy(copy, buf, len);
    n = 0xffffffff;
    ngx_memcpy(copy + NGX_RTC_MSG_FIXED, &n, sizeof(uint32_t));
    is(read_copy(&r, copy, len), NGX_ERROR, "a string without end");

    taken = 0;

    for (kind = 0; kind < 256; kind++) {
        ngx_memcpy(copy, buf, len);
        copy[1] = (u_char) kind;
        taken += read_copy(&r, copy, len) == NGX_OK;
    }

    /* EVENT, GONE, ALIVE, DELIVER, CLOSE, PROBE, MOVED, LEFT, PART */

    is(taken, 9, "kinds that have no more than two strings");

    m.n = 1;
    len = message(buf, &m);
    is(read_copy(&r, buf, len), NGX_ERROR, "an event without data");

    m.kind = NGX_RTC_MSG_GONE;
    m.n = 0;
    len = message(buf, &m);
    is(len, NGX_RTC_MSG_FIXED, "the shortest message");
    is(read_copy(&r, buf, len), NGX_OK, "is read");
}


static size_t
message(u_char *buf, ngx_rtc_message_t *m)
{
    u_char      *p;
    ngx_uint_t   i;

    p = ngx_rtc_message_write(buf, m);

    for (i = 0; i < m->n; i++) {
        if (m->str[i].len) {
            p = ngx_cpymem(p, m->str[i].data, m->str[i].len);
        }
    }

    return p - buf;
}


/* from memory of exactly that size, so that a read behind it is noticed */

static ngx_int_t
read_copy(ngx_rtc_message_t *m, u_char *p, size_t len)
{
    u_char     *copy;
    ngx_int_t   rc;

    copy = malloc(len ? len : 1);
    memcpy(copy, p, len);

    rc = ngx_rtc_message_read(m, copy, copy + len);

    free(copy);

    return rc;
}


int
main(void)
{
    test_round_trip();
    test_every_cut();
    test_wrong();

    return test_done();
}
