
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * WebSocket: the accept key, frames of RFC 6455, section 5.7, fragments,
 * limits, UTF-8, close codes, and every way of cutting a stream.
 */


#include "test.h"

#include "ngx_rtc_ws.h"


static u_char              buf[4096];
static ngx_rtc_ws_t        ws;
static ngx_rtc_ws_event_t  ev;


/* feeds bytes in pieces of the given size; a trace of what came of it */

static const char *
feed(size_t max, size_t piece, const u_char *data, size_t len)
{
    char         *t;
    u_char       *p, *end, *copy;
    size_t        n;
    ngx_int_t     rc;

    static char   trace[8192];

    t = trace;
    *t = '\0';

    ngx_rtc_ws_init(&ws, max);

    while (len) {

        n = ngx_min(piece, len);
        copy = malloc(n);
        memcpy(copy, data, n);
        data += n;
        len -= n;

        p = copy;
        end = copy + n;

        do {
            rc = ngx_rtc_ws_parse(&ws, &p, end, &ev);

            if (rc != NGX_OK) {
                break;
            }

            switch (ev.opcode) {

            case NGX_RTC_WS_TEXT:
            case NGX_RTC_WS_BINARY:
                t += sprintf(t, "%s%.*s%s",
                             ev.first ? ev.opcode == NGX_RTC_WS_TEXT
                                        ? "T(" : "B(" : "",
                             (int) ev.len, (char *) ev.data,
                             ev.last ? ")" : "");
                break;

            case NGX_RTC_WS_PING:
                t += sprintf(t, "[ping %.*s]", (int) ev.len,
                             (char *) ev.data);
                break;

            case NGX_RTC_WS_PONG:
                t += sprintf(t, "[pong %.*s]", (int) ev.len,
                             (char *) ev.data);
                break;

            case NGX_RTC_WS_CLOSE:
                t += sprintf(t, "[close %d %.*s]", (int) ev.code,
                             (int) ev.len, (char *) ev.data);
                break;
            }

        } while (rc == NGX_OK);

        free(copy);

        if (rc == NGX_ERROR) {
            (void) sprintf(t, "!%d", (int) ws.close_code);
            break;
        }

        if (p != end) {
            (void) sprintf(t, "?left");
            break;
        }
    }

    return trace;
}


static const char *
frames(size_t max, size_t piece, const char *hex)
{
    return feed(max, piece, buf, test_unhex(buf, sizeof(buf), hex));
}


static void
test_accept(void)
{
    u_char     accept[28];
    ngx_str_t  key;

    ngx_str_set(&key, "dGhlIHNhbXBsZSBub25jZQ==");
    is(ngx_rtc_ws_accept(&key, accept), NGX_OK, "key of RFC 6455");
    is_mem(accept, 28, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28, "its answer");
    ngx_str_set(&key, "dGhlIHNhbXBsZSBub25jZQ=");
    is(ngx_rtc_ws_accept(&key, accept), NGX_DECLINED, "a short key");
    ngx_str_set(&key, "dGhlIHNhbXBsZSBub25j ZQ=");
    is(ngx_rtc_ws_accept(&key, accept), NGX_DECLINED, "not base64");
}


static void
test_frames(void)
{
    size_t  piece, bad;

    is_cstr(frames(0, 999, "818537fa213d7f9f4d5158"), "T(Hello)",
            "masked Hello of the RFC");
    is_cstr(frames(0, 999, "0103 48656c"), "!1002",
            "an unmasked frame is refused, as is a lone continuation");
    is_cstr(frames(0, 999, "810548656c6c6f"), "!1002",
            "unmasked Hello of the RFC");
    is_cstr(frames(0, 999, "8985 37fa213d 7f9f4d5158"), "[ping Hello]",
            "ping of the RFC, masked");
    is_cstr(frames(0, 999, "8a85 37fa213d 7f9f4d5158"), "[pong Hello]",
            "pong");

    /* Hel, ping, lo with a zero mask, in pieces of all sizes */

    bad = 0;

    for (piece = 1; piece < 60; piece++) {
        if (strcmp(frames(0, piece, "0183 00000000 48656c"
                                    "8982 00000000 6162"
                                    "0080 00000000"
                                    "8082 00000000 6c6f"
                                    "8280 01020304"
                                    "8882 00000000 03e8"),
                   "T(Hel[ping ab]lo)B()[close 1000 ]") != 0)
        {
            bad = piece;
        }
    }

    is(bad, 0, "fragments with a ping between, cut anywhere");

    is_cstr(frames(0, 999, "8180 00000000"), "T()", "empty text");
    is_cstr(frames(0, 999, "0180 00000000 8080 00000000"), "T()",
            "empty text of two frames");

    is_cstr(frames(0, 999, "c180 00000000"), "!1002", "RSV1");
    is_cstr(frames(0, 999, "8380 00000000"), "!1002", "opcode 3");
    is_cstr(frames(0, 999, "8b80 00000000"), "!1002", "opcode 11");
    is_cstr(frames(0, 999, "0980 00000000"), "!1002", "ping in fragments");
    is_cstr(frames(0, 999, "89fe 007e 00000000"), "!1002", "ping of 126");
    is_cstr(frames(0, 2, "89fe"), "!1002", "at once");
    is_cstr(frames(0, 999, "8080 00000000"), "!1002", "lone continuation");
    is_cstr(frames(0, 999, "0180 00000000 8180 00000000"), "!1002",
            "a message in a message");
    is_cstr(frames(0, 999, "82ff 8000000000000000 00000000"), "!1002",
            "length of 2^63");
}


static void
test_limits(void)
{
    is_cstr(frames(5, 999, "8185 00000000 48656c6c6f"), "T(Hello)",
            "as large as allowed");
    is_cstr(frames(4, 999, "8185 00000000 48656c6c6f"), "!1009",
            "one more byte");
    is_cstr(frames(4, 999, "0183 00000000 48656c 8082 00000000 6c6f"),
            "T(Hel!1009", "the sum of fragments counts");
    is_cstr(frames(5, 999, "82ff 7fffffffffffffff 00000000 00"), "!1009",
            "length of 2^63 - 1");
    is_cstr(frames(3, 999, "8183 00000000 616263 8183 00000000 616263"),
            "T(abc)T(abc)", "each message counts alone");
    is_cstr(frames(2, 999, "8983 00000000 616263"), "[ping abc]",
            "pings don't count");
}


static void
test_utf8(void)
{
    is_cstr(frames(0, 999, "8184 00000000 ceba6162"), "T(\xce\xba" "ab)",
            "two-byte character");
    is_cstr(frames(0, 999, "0181 00000000 ce 8081 00000000 ba"),
            "T(\xce\xba)", "a character over two frames");
    is_cstr(frames(0, 999, "8181 00000000 ce"), "!1007",
            "a message that ends in a character");
    is_cstr(frames(0, 999, "8182 00000000 c0af"), "!1007", "overlong");
    is_cstr(frames(0, 999, "8183 00000000 eda080"), "!1007", "surrogate");
    is_cstr(frames(0, 999, "8184 00000000 f4908080"), "!1007",
            "beyond U+10FFFF");
    is_cstr(frames(0, 999, "8184 00000000 f48fbfbf"), "T(\xf4\x8f\xbf\xbf)",
            "U+10FFFF");
    is_cstr(frames(0, 999, "8183 00000000 e08080"), "!1007",
            "overlong of three");
    is_cstr(frames(0, 999, "8181 00000000 80"), "!1007",
            "lone continuation byte");
    is_cstr(frames(0, 999, "8189 00000000 6161616161616161ff"), "!1007",
            "behind a whole word");
    is_cstr(frames(0, 999, "01b2 00000000 f4 90"), "!1007",
            "fails as soon as it is wrong");
    is_cstr(frames(0, 999, "8282 00000000 c0af"), "B(\xc0\xaf)",
            "binary may be anything");
}


static void
test_close(void)
{
    u_char     *p;
    ngx_str_t   s;

    is_cstr(frames(0, 999, "8880 00000000 ffff"), "[close 1005 ]",
            "empty close, what follows is ignored");
    is_cstr(frames(0, 999, "8885 00000000 03e9 627965"), "[close 1001 bye]",
            "close with a reason");
    is_cstr(frames(0, 999, "8881 00000000 03"), "!1002", "half a code");
    is_cstr(frames(0, 999, "8882 00000000 03ed"), "!1002", "code 1005");
    is_cstr(frames(0, 999, "8882 00000000 03e7"), "!1002", "code 999");
    is_cstr(frames(0, 999, "8882 00000000 1388"), "!1002", "code 5000");
    is_cstr(frames(0, 999, "8882 00000000 0bb8"), "[close 3000 ]",
            "code 3000");
    is_cstr(frames(0, 999, "8883 00000000 03e8 ff"), "!1007",
            "reason that is no UTF-8");

    ok(ngx_rtc_ws_close_code_valid(1014), "code 1014 is valid");
    ok(!ngx_rtc_ws_close_code_valid(1015), "code 1015 isn't");
    ok(!ngx_rtc_ws_close_code_valid(2999), "code 2999 isn't");

    ngx_str_set(&s, "bye");
    p = ngx_rtc_ws_write_close(buf, buf + 7, 1001, &s);
    need(p != NULL, "close frame written");
    is_mem(buf, p - buf, "\x88\x05\x03\xe9" "bye", 7, "its bytes");
    ok(ngx_rtc_ws_write_close(buf, buf + 6, 1001, &s) == NULL, "no space");
    p = ngx_rtc_ws_write_close(buf, buf + 6, 0, NULL);
    need(p != NULL, "empty close frame written");
    is_mem(buf, p - buf, "\x88\x00", 2, "its bytes");

    s.data = buf + 1000;
    s.len = 200;
    memset(s.data, 'a', 200);
    s.data[122] = 0xce;
    s.data[123] = 0xba;
    p = ngx_rtc_ws_write_close(buf, buf + 500, 1000, &s);
    need(p != NULL, "long reason");
    is(p - buf, 2 + 2 + 122, "is cut before a character, not in it");
}


static void
test_write(void)
{
    u_char      *p, mask[4], a[100], b[100];
    ngx_uint_t   i, n, pos, bad;

    p = ngx_rtc_ws_write_header(buf, buf + 10, NGX_RTC_WS_TEXT, 1, 125);
    is_mem(buf, p - buf, "\x81\x7d", 2, "125 bytes");
    p = ngx_rtc_ws_write_header(buf, buf + 10, NGX_RTC_WS_BINARY, 1, 256);
    is_mem(buf, p - buf, "\x82\x7e\x01\x00", 4, "256 bytes of the RFC");
    p = ngx_rtc_ws_write_header(buf, buf + 10, NGX_RTC_WS_BINARY, 1, 65536);
    is_mem(buf, p - buf, "\x82\x7f\0\0\0\0\0\x01\0\0", 10,
           "64 KiB of the RFC");
    p = ngx_rtc_ws_write_header(buf, buf + 10, NGX_RTC_WS_CONTINUATION, 0, 1);
    is_mem(buf, p - buf, "\x00\x01", 2, "a fragment");
    ok(ngx_rtc_ws_write_header(buf, buf + 9, 1, 1, 65536) == NULL,
       "no space");

    ngx_memcpy(mask, "\x01\x22\xf3\x84", 4);
    bad = 0;

    for (n = 0; n < 70; n++) {
        for (pos = 0; pos < 4; pos++) {

            for (i = 0; i < n; i++) {
                a[i] = (u_char) (i * 7);
                b[i] = a[i] ^ mask[(pos + i) & 3];
            }

            ngx_rtc_ws_unmask(a, n, mask, pos);

            if (memcmp(a, b, n) != 0) {
                bad++;
            }
        }
    }

    is(bad, 0, "unmasking of all lengths and offsets");
}


int
main(void)
{
    test_accept();
    test_frames();
    test_limits();
    test_utf8();
    test_close();
    test_write();

    return test_done();
}
