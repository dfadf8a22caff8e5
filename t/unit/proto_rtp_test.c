
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTP: parsing, header extensions, building, RTX, sequence numbers.
 */


#include "test.h"

#include "ngx_rtc_rtp.h"


static ngx_int_t
parse(ngx_rtc_rtp_t *rtp, u_char *buf, size_t size, const char *hex)
{
    size_t   n;
    u_char  *copy;

    n = test_unhex(buf, size, hex);

    /* in a block of its own size, so that ASan sees an overread */

    copy = malloc(n);
    memcpy(copy, buf, n);
    (void) ngx_rtc_rtp_parse(rtp, copy, copy + n);
    free(copy);

    return ngx_rtc_rtp_parse(rtp, buf, buf + n);
}


static void
test_demux(void)
{
    size_t  i;
    u_char  p[2];

    static struct {
        u_char            b0, b1;
        ngx_rtc_packet_e  type;
    } t[] = {
        { 0, 1, NGX_RTC_PACKET_STUN },
        { 3, 0, NGX_RTC_PACKET_STUN },
        { 4, 0, NGX_RTC_PACKET_UNKNOWN },
        { 19, 0, NGX_RTC_PACKET_UNKNOWN },
        { 20, 254, NGX_RTC_PACKET_DTLS },
        { 63, 254, NGX_RTC_PACKET_DTLS },
        { 64, 0, NGX_RTC_PACKET_TURN },
        { 79, 0, NGX_RTC_PACKET_TURN },
        { 80, 0, NGX_RTC_PACKET_UNKNOWN },
        { 128, 96, NGX_RTC_PACKET_RTP },
        { 128, 96 | 128, NGX_RTC_PACKET_RTP },
        { 128, 63, NGX_RTC_PACKET_RTP },
        { 128, 191, NGX_RTC_PACKET_RTP },
        { 129, 192, NGX_RTC_PACKET_RTCP },
        { 191, 223, NGX_RTC_PACKET_RTCP },
        { 144, 224, NGX_RTC_PACKET_RTP },
        { 192, 200, NGX_RTC_PACKET_UNKNOWN },
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        p[0] = t[i].b0;
        p[1] = t[i].b1;
        is(ngx_rtc_packet_type(p, p + 2), t[i].type,
           "demultiplexing of %d %d", p[0], p[1]);
    }

    is(ngx_rtc_packet_type(p, p + 1), NGX_RTC_PACKET_UNKNOWN,
       "one byte is nothing");
}


static void
test_parse(void)
{
    u_char         b[256], *v;
    size_t         len;
    uint8_t        o;
    uint16_t       seq;
    uint32_t       t;
    ngx_str_t      s;
    ngx_uint_t     level, voice;
    ngx_rtc_rtp_t  r;

    is(parse(&r, b, 256, "80e0 1234 00000001 deadbeef aabb"), NGX_OK,
       "plain packet");
    is(r.marker, 1, "marker");
    is(r.pt, 96, "payload type");
    is(r.seq, 0x1234, "sequence number");
    is(r.timestamp, 1, "timestamp");
    is(r.ssrc, 0xdeadbeef, "ssrc");
    is(r.payload_size, 2, "payload size");
    is(r.header_size, 12, "header size");
    is(r.ext_mask, 0, "no extensions");

    is(parse(&r, b, 256, "40e0 1234 00000001 deadbeef aabb"), NGX_ERROR,
       "version 1 refused");
    is(parse(&r, b, 256, "80e0 1234 00000001 deadbe"), NGX_ERROR,
       "11 bytes refused");
    is(parse(&r, b, 256, "81e0 1234 00000001 deadbeef 000000"), NGX_ERROR,
       "csrc beyond the end refused");

    is(parse(&r, b, 256, "82e0 1234 00000001 deadbeef 00000007 00000008 cc"),
       NGX_OK, "two csrcs");
    is(r.csrc_count, 2, "their number");
    is(ngx_rtc_get_32(r.csrc + 4), 8, "the second one");
    is(*r.payload, 0xcc, "payload behind them");

    /* padding */

    is(parse(&r, b, 256, "a0e0 1234 00000001 deadbeef aa 000003"), NGX_OK,
       "padding");
    is(r.padding, 3, "its length");
    is(r.payload_size, 1, "payload without it");
    is(parse(&r, b, 256, "a0e0 1234 00000001 deadbeef 000003"), NGX_OK,
       "nothing but padding");
    is(r.payload_size, 0, "payload is empty");
    is(parse(&r, b, 256, "a0e0 1234 00000001 deadbeef 000004"), NGX_ERROR,
       "padding longer than the payload refused");
    is(parse(&r, b, 256, "a0e0 1234 00000001 deadbeef"), NGX_ERROR,
       "padding bit without a byte refused");
    is(parse(&r, b, 256, "a0e0 1234 00000001 deadbeef aa00"), NGX_OK,
       "padding of 0 tolerated");
    is(r.payload_size, 2, "nothing removed");

    /* one-byte extensions: mid "0" = 4, twcc = 3, abs-send-time = 2 */

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0003"
                         "40 30  31 abcd  22 010203 00 10 85 ff"), NGX_OK,
       "one-byte extensions");
    is(r.header_size, 28, "header size");
    is(r.payload_size, 1, "payload size");
    is(ngx_rtc_rtp_ext_text(&r, 4, &s), NGX_OK, "mid");
    is_str(s, "0", "its value");
    is(ngx_rtc_rtp_ext_twcc(&r, 3, &seq), NGX_OK, "twcc");
    is(seq, 0xabcd, "its value");
    is(ngx_rtc_rtp_ext_abs_send_time(&r, 2, &t), NGX_OK, "abs-send-time");
    is(t, 0x010203, "its value");
    is(ngx_rtc_rtp_ext_audio_level(&r, 1, &level, &voice), NGX_OK,
       "audio level");
    is(level, 5, "its level");
    is(voice, 1, "its voice flag");
    is(ngx_rtc_rtp_ext_orientation(&r, 1, &o), NGX_OK, "orientation");
    ok(ngx_rtc_rtp_ext(&r, 5, &len) == NULL, "absent id");
    ok(ngx_rtc_rtp_ext(&r, 0, &len) == NULL, "id 0 is never found");
    ok(ngx_rtc_rtp_ext(&r, 1000, &len) == NULL, "nor a large one");
    is(ngx_rtc_rtp_ext_twcc(&r, 2, &seq), NGX_DECLINED,
       "a value of the wrong size is absent");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0002"
                         "10 01 f0 20 20 02 00 00"), NGX_OK, "id 15");
    ok(ngx_rtc_rtp_ext(&r, 1, &len) != NULL, "elements before it count");
    ok(ngx_rtc_rtp_ext(&r, 2, &len) == NULL, "elements behind it don't");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0002"
                         "10 01 01 aa 20 02 00 00"), NGX_OK,
       "id 0 with a length");
    ok(ngx_rtc_rtp_ext(&r, 2, &len) == NULL, "ends the list as well");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0001"
                         "10 01 23 aa"), NGX_OK, "element beyond its end");
    ok(ngx_rtc_rtp_ext(&r, 1, &len) != NULL, "the one before it counts");
    ok(ngx_rtc_rtp_ext(&r, 2, &len) == NULL, "it doesn't");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0002 10013000"),
       NGX_ERROR, "extension beyond the packet refused");
    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede"), NGX_ERROR,
       "cut extension header refused");
    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0000 77"),
       NGX_OK, "empty extension");
    is(r.payload_size, 1, "payload behind it");

    /* two-byte extensions */

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef 1003 0004"
                         "0402 6162 00 1f01 07 0500 ff02 0102 0000"), NGX_OK,
       "two-byte extensions with appbits");
    is(ngx_rtc_rtp_ext_text(&r, 4, &s), NGX_OK, "mid");
    is_str(s, "ab", "its value");
    v = ngx_rtc_rtp_ext(&r, 31, &len);
    ok(v && len == 1 && *v == 7, "id 31");
    v = ngx_rtc_rtp_ext(&r, 5, &len);
    ok(v && len == 0, "an empty element is there");
    ok(ngx_rtc_rtp_ext(&r, 255, &len) == NULL, "id 255 is skipped");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef 1000 0001"
                         "0000 00 04"), NGX_OK,
       "two-byte element cut after its id");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef 1000 0002"
                         "0404 61 00 00 00 0000"), NGX_OK, "padded mid");
    is(ngx_rtc_rtp_ext_text(&r, 4, &s), NGX_OK, "is a text");
    is_str(s, "a", "without its zero bytes");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef bede 0001"
                         "41 6120 00"), NGX_OK, "mid with a blank");
    is(ngx_rtc_rtp_ext_text(&r, 4, &s), NGX_DECLINED, "is refused");

    is(parse(&r, b, 256, "90e0 1234 00000001 deadbeef cafe 0001 11223344"),
       NGX_OK, "unknown profile");
    is(r.ext_mask, 0, "has no elements");
    is(r.ext_size, 4, "but a size");
}


static void
test_build(void)
{
    u_char              b[256], big[20], *p;
    size_t              len;
    ngx_uint_t          i;
    ngx_rtc_rtp_t       r;
    ngx_rtc_rtp_exts_t  e;

    p = ngx_rtc_rtp_write_header(b, b + 256, 1, 96, 7, 8, 9);
    ok(p == b + 12, "header written");
    ok(ngx_rtc_rtp_write_header(b, b + 11, 1, 96, 7, 8, 9) == NULL,
       "no header in 11 bytes");

    ngx_rtc_rtp_exts_init(&e);
    is(ngx_rtc_rtp_exts_add(&e, 4, (u_char *) "abc", 3), NGX_OK, "add mid");
    is(ngx_rtc_rtp_exts_add(&e, 0, (u_char *) "abc", 3), NGX_OK,
       "id 0 is left out");
    is(ngx_rtc_rtp_exts_add_value(&e, 3, 0x1234, 2), NGX_OK, "add twcc");
    is(ngx_rtc_rtp_exts_add_value(&e, 3, 1, 5), NGX_DECLINED,
       "a number of 5 bytes declined");
    is(e.n, 2, "two elements");

    ok(ngx_rtc_rtp_exts_write(&e, b, p, p + 11) == NULL, "no space");
    p = ngx_rtc_rtp_exts_write(&e, b, p, b + 256);
    need(p != NULL, "extensions written");
    is_mem(b, p - b, "\x90\xe0\x00\x07\x00\x00\x00\x08\x00\x00\x00\x09"
                     "\xbe\xde\x00\x02\x42" "abc" "\x31\x12\x34\x00", 24,
           "one-byte form, padded");
    ok(e.elts[1].pos == b + 21, "place of the number");

    (void) ngx_rtc_put_16(e.elts[1].pos, 0x5678);
    is(ngx_rtc_rtp_parse(&r, b, p), NGX_OK, "parses");
    is(ngx_rtc_get_16(ngx_rtc_rtp_ext(&r, 3, &len)), 0x5678,
       "renewed in place");

    memset(big, 'x', 20);
    ngx_rtc_rtp_exts_init(&e);
    (void) ngx_rtc_rtp_exts_add(&e, 4, big, 17);
    (void) ngx_rtc_rtp_exts_add_value(&e, 3, 1, 2);
    p = ngx_rtc_rtp_write_header(b, b + 256, 0, 96, 7, 8, 9);
    p = ngx_rtc_rtp_exts_write(&e, b, p, b + 256);
    is(ngx_rtc_get_16(b + 12), 0x1000, "17 bytes need the two-byte form");
    is(ngx_rtc_rtp_parse(&r, b, p), NGX_OK, "which parses");
    ok(ngx_rtc_rtp_ext(&r, 4, &len) != NULL && len == 17, "17 bytes");

    ngx_rtc_rtp_exts_init(&e);
    (void) ngx_rtc_rtp_exts_add_value(&e, 15, 1, 1);
    is(e.two_byte, 1, "so does id 15");

    ngx_rtc_rtp_exts_init(&e);
    p = ngx_rtc_rtp_write_header(b, b + 256, 0, 96, 7, 8, 9);
    ok(ngx_rtc_rtp_exts_write(&e, b, p, b + 256) == p && b[0] == 0x80,
       "an empty list writes nothing");

    for (i = 0; i < NGX_RTC_RTP_EXTS_MAX; i++) {
        (void) ngx_rtc_rtp_exts_add_value(&e, 1 + i, 1, 1);
    }

    is(ngx_rtc_rtp_exts_add_value(&e, 14, 1, 1), NGX_DECLINED,
       "one more than it holds");

    is(ngx_rtc_abs_send_time(0), 0, "abs-send-time of 0");
    is(ngx_rtc_abs_send_time(1000000), 1 << 18, "of 1 s");
    is(ngx_rtc_abs_send_time(63500000), 0xfe0000, "of 63.5 s");
    is(ngx_rtc_abs_send_time(64000000ULL * 1000 + 500000), 1 << 17,
       "goes around at 64 s");
}


static void
test_rtx(void)
{
    u_char         b[64], out[64], *p, *end;
    ngx_rtc_rtp_t  r, x, u;

    is(parse(&r, b, 64, "b0e0 1234 00000001 deadbeef bede 0001 31abcd00"
                        "112233 02 02"), NGX_OK, "packet to wrap");

    ok(ngx_rtc_rtx_wrap(out, out + 24, &r, 97, 5, 0xcafe) == NULL,
       "no space");
    end = ngx_rtc_rtx_wrap(out, out + 64, &r, 97, 5, 0xcafe);
    need(end != NULL, "wrapped");
    is(ngx_rtc_rtp_parse(&x, out, end), NGX_OK, "parses");
    is(x.pt, 97, "payload type of rtx");
    is(x.marker, 1, "marker is kept");
    is(x.seq, 5, "own sequence number");
    is(x.ssrc, 0xcafe, "own ssrc");
    is(x.timestamp, 1, "the timestamp is the original's");
    is(x.padding, 0, "padding is gone");
    is_mem(x.payload, x.payload_size, "\x12\x34\x11\x22\x33", 5,
           "original number and payload");

    p = ngx_rtc_rtx_unwrap(&x, 96, 0xdeadbeef);
    need(p == out + 2, "unwrapped in place");
    is(ngx_rtc_rtp_parse(&u, p, end), NGX_OK, "parses");
    is(u.seq, 0x1234, "original sequence number");
    is(u.ssrc, 0xdeadbeef, "original ssrc");
    is(u.pt, 96, "original payload type");
    is_mem(u.payload, u.payload_size, "\x11\x22\x33", 3, "payload");

    is(parse(&r, b, 64, "a0e1 1234 00000001 deadbeef 000003"), NGX_OK,
       "rtx of padding only");
    ok(ngx_rtc_rtx_unwrap(&r, 96, 1) == NULL, "carries no packet");
    is(parse(&r, b, 64, "80e1 1234 00000001 deadbeef 0001"), NGX_OK,
       "rtx of an empty packet");
    ok(ngx_rtc_rtx_unwrap(&r, 96, 1) == b + 2, "is a packet");
}


static void
test_seq(void)
{
    int64_t   last;
    uint16_t  seq;
    uint32_t  i;

    is(ngx_rtc_seq_diff(0, 65535), 1, "0 - 65535");
    is(ngx_rtc_seq_diff(65535, 0), -1, "65535 - 0");
    ok(ngx_rtc_seq_newer(0, 65535), "0 is newer than 65535");
    ok(!ngx_rtc_seq_newer(5, 5), "5 isn't newer than 5");

    last = -1;
    is(ngx_rtc_seq_unwrap(&last, 40000), 65536 + 40000,
       "first number above 32768");
    is(ngx_rtc_seq_unwrap(&last, 39999), 65536 + 39999, "reordered");
    is(last, 65536 + 40000, "the highest stays");

    last = -1;
    is(ngx_rtc_seq_unwrap(&last, 0), 65536, "first is 0");
    is(ngx_rtc_seq_unwrap(&last, 65535), 65535, "65535 came before it");

    last = -1;
    for (i = 0, seq = 65000; i < 200000; i++, seq++) {
        if (ngx_rtc_seq_unwrap(&last, seq) != 65536 + 65000 + (int64_t) i) {
            break;
        }
    }
    is(i, 200000, "three turns without a jump");

    last = -1;
    (void) ngx_rtc_ts_unwrap(&last, 0xfffffff0);
    is(ngx_rtc_ts_unwrap(&last, 0x10), 0x200000010LL, "timestamp goes around");
    is(ngx_rtc_ts_diff(0x10, 0xfffffff0), 0x20, "timestamp difference");
    ok(ngx_rtc_ts_newer(0, 0xffffffff), "0 is newer");
}


int
main(void)
{
    test_demux();
    test_parse();
    test_build();
    test_rtx();
    test_seq();

    return test_done();
}
