
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Messages between sessions and homes: what is read lies within the input,
 * and written again it is the same.
 * link: src/signal/ngx_rtc_message.c
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_message.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char             *p, *end, header[NGX_RTC_MSG_HEADER];
    size_t              len;
    ngx_uint_t          i;
    ngx_rtc_message_t   m;

    p = (u_char *) data;
    end = p + size;

    if (ngx_rtc_message_read(&m, p, end) != NGX_OK) {
        return 0;
    }

    len = ngx_rtc_message_write(header, &m) - header;

    if (len > size || ngx_memcmp(header, p, len) != 0) {
        abort();
    }

    for (i = 0; i < m.n; i++) {

        if (m.str[i].data != p + len || m.str[i].len > size - len) {
            abort();
        }

        len += m.str[i].len;
    }

    if (len != size) {
        abort();
    }

    return 0;
}
