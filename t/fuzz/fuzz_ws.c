
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * WebSocket frames: any stream, cut in two ways, must give the same events.
 * The first byte is the size of a piece.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_ws.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* a digest of all that the caller sees */

static uint64_t
feed(const uint8_t *data, size_t size, size_t piece)
{
    u_char              *copy, *p, *end;
    size_t               n, i;
    uint64_t             h;
    ngx_int_t            rc;
    ngx_rtc_ws_t         ws;
    ngx_rtc_ws_event_t   ev;

    ngx_rtc_ws_init(&ws, 1000);
    h = 1469598103934665603ULL;
    rc = NGX_AGAIN;

#define mix(v)  h = (h ^ (uint64_t) (v)) * 1099511628211ULL

    while (size) {

        n = ngx_min(piece, size);
        copy = malloc(n);
        memcpy(copy, data, n);
        data += n;
        size -= n;
        p = copy;
        end = copy + n;

        for ( ;; ) {
            rc = ngx_rtc_ws_parse(&ws, &p, end, &ev);

            if (rc != NGX_OK) {
                break;
            }

            if (ev.opcode & 8) {

                if (ev.len > NGX_RTC_WS_CONTROL_MAX) {
                    abort();
                }

                mix(ev.opcode);
                mix(ev.code);

            } else {

                if (ev.len && (ev.data < copy || ev.data + ev.len > end)) {
                    abort();
                }

                if (ev.first) {
                    mix(ev.opcode);
                }
            }

            for (i = 0; i < ev.len; i++) {
                mix(ev.data[i]);
            }

            if (ev.last) {
                mix(256);
            }
        }

        if (rc != NGX_ERROR && p != end) {
            abort();
        }

        free(copy);

        if (rc == NGX_ERROR) {

            if (!ngx_rtc_ws_close_code_valid(ws.close_code)) {
                abort();
            }

            break;
        }
    }

    /*
     * Of a text that turns wrong, a smaller piece may have been given out
     * before; the error itself must be the same.
     */

    if (rc == NGX_ERROR) {
        return ws.close_code;
    }

    return h;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      piece;
    uint8_t    *copy;
    uint32_t    utf8;

    static u_char  mask[] = { 1, 2, 3, 4 };

    if (size < 2) {
        return 0;
    }

    piece = data[0] + 1;
    data++;
    size--;

    if (feed(data, size, piece) != feed(data, size, size)) {
        abort();
    }

    copy = malloc(size);
    memcpy(copy, data, size);
    utf8 = 0;
    (void) ngx_rtc_utf8_validate(&utf8, copy, size);
    ngx_rtc_ws_unmask(copy, size, mask, piece & 3);
    free(copy);

    return 0;
}
