
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Small things that every layer needs: the monotonic clock, random bytes
 * and ids, the check of texts that come from clients.  Links without nginx.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <openssl/rand.h>

#include "ngx_rtc.h"


ngx_rtc_usec_t
ngx_rtc_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (ngx_rtc_usec_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


ngx_int_t
ngx_rtc_random(u_char *p, size_t n)
{
    return (RAND_bytes(p, (int) n) == 1) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_rtc_random_id(u_char *p, size_t n)
{
    size_t  i;

    static const char  base32[] = "abcdefghijklmnopqrstuvwxyz234567";

    if (ngx_rtc_random(p, n) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        p[i] = base32[p[i] & 0x1f];
    }

    return NGX_OK;
}


/* RFC 3629: no overlong forms, surrogates, or anything above U+10FFFF */

ngx_uint_t
ngx_rtc_utf8_text(u_char *p, size_t len)
{
    u_char    *end;
    uint32_t   cp, min;
    ngx_int_t  n;

    end = p + len;

    while (p < end) {

        cp = *p++;

        if (cp < 0x80) {

            if (cp < 0x20 || cp == 0x7f) {
                return 0;
            }

            continue;
        }

        if (cp >= 0xf8) {
            return 0;
        }

        if (cp >= 0xf0) {
            cp &= 0x07;
            min = 0x10000;
            n = 3;

        } else if (cp >= 0xe0) {
            cp &= 0x0f;
            min = 0x800;
            n = 2;

        } else if (cp >= 0xc2) {
            cp &= 0x1f;

            /* U+0080 to U+009F are control characters */

            min = 0xa0;
            n = 1;

        } else {
            return 0;
        }

        if (end - p < n) {
            return 0;
        }

        while (n--) {

            if ((*p & 0xc0) != 0x80) {
                return 0;
            }

            cp = (cp << 6) | (*p++ & 0x3f);
        }

        if (cp < min || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
            return 0;
        }
    }

    return 1;
}
