
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Transport-wide feedback: golden messages, splitting, and random arrivals
 * through writer and parser.
 */


#include "test.h"

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


#define LOST  NGX_RTC_TWCC_LOST


static u_char  buf[70000];


static void
golden(const char *name, uint16_t base, int64_t *times, ngx_uint_t n,
    ngx_uint_t used, const char *hex)
{
    u_char      *end, expected[256];
    size_t       len;
    ngx_uint_t   consumed;

    end = ngx_rtc_rtcp_write_twcc(buf, buf + 1200, 0xa, 0xb, 7, base, times,
                                  n, &consumed);
    len = test_unhex(expected, 256, hex);

    if (!ok(end != NULL, "%s", name)) {
        return;
    }

    is(consumed, used, "%s: consumed", name);
    is_mem(buf, end - buf, expected, len, "%s: bytes", name);
}


static void
test_golden(void)
{
    int64_t     t[10000];
    ngx_uint_t  i;

    t[0] = 6400000;
    t[1] = 6401000;
    t[2] = 6402000;
    golden("three in a row", 1, t, 3, 3,
           "8fcd0006 0000000a 0000000b 0001 0003 000064 07"
           "2003 00 04 04 000000");

    t[1] = LOST;
    golden("one lost in the middle", 65535, t, 3, 3,
           "8fcd0005 0000000a 0000000b ffff 0003 000064 07 a800 00 08");

    t[1] = 6500000;
    t[2] = 6495000;
    golden("large and negative deltas", 1, t, 3, 3,
           "8fcd0006 0000000a 0000000b 0001 0003 000064 07"
           "da00 00 0190 ffec 00");

    t[0] = -320000 + 300;
    golden("negative reference time, rounded delta", 1, t, 1, 1,
           "8fcd0005 0000000a 0000000b 0001 0001 fffffb 07 2001 01 00");

    t[0] = 64000LL * 0x1800001;
    golden("reference time beyond 24 bits", 1, t, 1, 1,
           "8fcd0005 0000000a 0000000b 0001 0001 800001 07 2001 00 00");

    t[0] = 6400000;
    t[1] = 6400000 + 32768 * 250;
    golden("a delta beyond 16 bits splits", 1, t, 2, 1,
           "8fcd0005 0000000a 0000000b 0001 0001 000064 07 2001 00 00");

    t[1] = 6400000 + 32767 * 250;
    golden("the largest one doesn't", 1, t, 2, 2,
           "8fcd0006 0000000a 0000000b 0001 0002 000064 07"
           "d800 00 7fff 000000");

    t[0] = 6400000;
    for (i = 1; i < 9001; i++) {
        t[i] = LOST;
    }
    t[9001] = 6400250;
    golden("a run longer than a chunk counts", 1, t, 9002, 9002,
           "8fcd0007 0000000a 0000000b 0001 232a 000064 07"
           "a000 1fff 031c 2001 00 01 0000");

    /* seven small ones go out as 2-bit symbols before a large one */

    for (i = 0; i < 8; i++) {
        t[i] = 6400000;
    }
    t[1] = LOST;
    t[3] = LOST;
    t[5] = LOST;
    t[8] = 6400000 + 256 * 250;
    golden("vector of both kinds", 1, t, 9, 9,
           "8fcd0007 0000000a 0000000b 0001 0009 000064 07"
           "d111 d800 00 00 00 00 00 0100 00");
}


static void
test_limits(void)
{
    u_char          *end;
    int64_t          t[100];
    ngx_uint_t       i, used;
    ngx_rtc_rtcp_t   pkt;
    ngx_rtc_twcc_t   fb;

    for (i = 0; i < 100; i++) {
        t[i] = 64000 + i * 250;
    }

    ok(ngx_rtc_rtcp_write_twcc(buf, buf + 23, 1, 2, 0, 1, t, 100, &used)
       == NULL, "no message in 23 bytes");
    end = ngx_rtc_rtcp_write_twcc(buf, buf + 24, 1, 2, 0, 1, t, 100, &used);
    ok(end == buf + 24, "a message of 24 bytes");
    is(used, 2, "has two statuses");

    end = ngx_rtc_rtcp_write_twcc(buf, buf + 60, 1, 2, 0, 1, t, 100, &used);
    ok(end == buf + 60, "a message of 60 bytes");
    is(used, 38, "has 38");

    for (i = 0; i < 100; i++) {
        t[i] = LOST;
    }

    end = ngx_rtc_rtcp_write_twcc(buf, buf + 60, 1, 2, 0, 1, t, 100, &used);
    ok(end == buf, "nothing is said about lost ones only");
    is(used, 100, "they are done with");

    /* parser */

    pkt.start = buf;
    pkt.body = buf + 4;

    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0004 0000000a 0000000b 0001 0001 000064 07");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_ERROR, "no chunk");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0005 0000000a 0000000b 0001 0003 000064 07 2003 0000");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_ERROR, "a delta too few");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0005 0000000a 0000000b 0001 0003 000064 07 0000 2003");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_ERROR, "a run of 0");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0005 0000000a 0000000b 0001 0001 000064 07 2007 01 00");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK,
       "a run longer than the count needs no more deltas");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0004 0000000a 0000000b 0001 0000 000064 07");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK, "an empty message");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0006 0000000a 0000000b 0001 4001 000064 07 1fff 1fff 1fff 0000");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_ERROR,
       "more statuses than a message may have");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0006 0000000a 0000000b 0001 4000 000064 07 1fff 1fff 1fff 0000");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK, "as many as it may");
    pkt.end = buf + test_unhex(buf, sizeof(buf),
        "8fcd0005 0000000a 0000000b 0001 0003 000064 07 f400 0500");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK,
       "the reserved symbol has no delta");
}


static void
test_random(void)
{
    u_char                 *end;
    int64_t                 t[2000], now, diff;
    uint16_t                base;
    ngx_uint_t              i, k, n, used, bad, round, mode, limit;
    ngx_rtc_rtcp_t          pkt;
    ngx_rtc_twcc_t          fb;
    ngx_rtc_rtcp_iter_t     it;
    ngx_rtc_twcc_packet_t   packet;

    srandom(1);
    bad = 0;

    for (round = 0; round < 2000 && bad == 0; round++) {

        n = random() % 2000 + 1;
        mode = random() % 5;
        limit = 24 + random() % 1200;
        now = (int64_t) random() * 1000 - 100000000000LL;
        base = (uint16_t) random();

        for (i = 0; i < n; i++) {

            now += (mode == 0) ? 250
                   : (mode == 1) ? random() % 2000
                   : (mode == 2) ? random() % 200000
                   : (mode == 3) ? random() % 100000 - 50000
                   : (random() % 50 == 0) ? random() % 20000000 : 3;

            t[i] = (random() % 100 < (long) mode * 20) ? LOST : now;
        }

        for (i = 0; i < n; i += used) {

            end = ngx_rtc_rtcp_write_twcc(buf, buf + limit, 1, 2, round,
                                          (uint16_t) (base + i), t + i,
                                          n - i, &used);

            if (end == NULL || used == 0 || (end - buf) % 4
                || end > buf + limit)
            {
                bad = __LINE__;
                break;
            }

            if (end == buf) {
                for (k = 0; k < used; k++) {
                    if (t[i + k] != LOST) {
                        bad = __LINE__;
                    }
                }
                continue;
            }

            ngx_rtc_rtcp_iter_init(&it, buf, end);

            if (ngx_rtc_rtcp_next(&it, &pkt) != NGX_OK
                || ngx_rtc_rtcp_parse_twcc(&pkt, &fb) != NGX_OK
                || fb.count != used || fb.base_seq != (uint16_t) (base + i))
            {
                bad = __LINE__;
                break;
            }

            /* undo the cut to 24 bits */

            diff = 0;

            for (k = 0; ngx_rtc_twcc_next(&fb, &packet) == NGX_OK; k++) {

                if (packet.seq != (uint16_t) (base + i + k)
                    || packet.received != (t[i + k] != LOST))
                {
                    bad = __LINE__;
                    break;
                }

                if (!packet.received) {
                    continue;
                }

                if (diff == 0) {
                    diff = (t[i + k] - packet.time + 512000000000LL)
                           / 1073741824000LL * 1073741824000LL;
                }

                if (llabs(t[i + k] - packet.time - diff) > 125) {
                    bad = __LINE__;
                    break;
                }
            }

            if (bad || k != used) {
                bad = bad ? bad : __LINE__;
                break;
            }
        }
    }

    is(bad, 0, "2000 random lists: each arrival within 125 us, each status");
}


int
main(void)
{
    test_golden();
    test_limits();
    test_random();

    return test_done();
}
