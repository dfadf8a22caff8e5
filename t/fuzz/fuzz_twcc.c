
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The TWCC writer: any list of arrivals, in messages of any size, through
 * the parser.  A byte of the input is a step of the clock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                 *buf, *end;
    size_t                  i, k, n, limit;
    int64_t                *times, now;
    ngx_uint_t              used;
    ngx_rtc_rtcp_t          pkt;
    ngx_rtc_twcc_t          twcc;
    ngx_rtc_rtcp_iter_t     it;
    ngx_rtc_twcc_packet_t   packet;

    static int32_t  steps[] = { 0, 250, 63750, 64000, -250, -1000000,
                                8191750, 8192000 };

    if (size < 3) {
        return 0;
    }

    limit = 24 + data[0] * 4;

    /* within the 24 bits of the reference time */

    now = (int64_t) (data[1] - 128) * 64000 * 60000;
    n = size - 2;
    data += 2;

    times = malloc(n * sizeof(int64_t));
    buf = malloc(limit);

    for (i = 0; i < n; i++) {
        now += steps[data[i] & 7] + (data[i] >> 4);
        times[i] = (data[i] & 8) ? NGX_RTC_TWCC_LOST : now;
    }

    for (i = 0; i < n; i += used) {

        end = ngx_rtc_rtcp_write_twcc(buf, buf + limit, 1, 2, 3, (uint16_t) i,
                                      times + i, n - i, &used);

        if (end == NULL || used == 0) {
            abort();
        }

        if (end == buf) {
            continue;
        }

        ngx_rtc_rtcp_iter_init(&it, buf, end);

        if (ngx_rtc_rtcp_next(&it, &pkt) != NGX_OK
            || ngx_rtc_rtcp_parse_twcc(&pkt, &twcc) != NGX_OK
            || twcc.count != used)
        {
            abort();
        }

        for (k = 0; ngx_rtc_twcc_next(&twcc, &packet) == NGX_OK; k++) {

            if (packet.received != (times[i + k] != NGX_RTC_TWCC_LOST)) {
                abort();
            }

            if (packet.received && llabs(times[i + k] - packet.time) > 125) {
                abort();
            }
        }
    }

    free(times);
    free(buf);

    return 0;
}
