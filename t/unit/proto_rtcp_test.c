
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTCP: compounds, reports, feedback; writers against golden bytes and
 * through the parsers.
 */


#include "test.h"

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_rtcp.h"


static u_char  buf[70000];


static ngx_int_t
first(u_char *end, ngx_rtc_rtcp_t *pkt)
{
    ngx_rtc_rtcp_iter_t  it;

    ngx_rtc_rtcp_iter_init(&it, buf, end);

    return ngx_rtc_rtcp_next(&it, pkt);
}


static void
test_iter(void)
{
    u_char               *end;
    ngx_rtc_rtcp_t        pkt;
    ngx_rtc_rtcp_iter_t   it;

    /* RR, APP, unknown 210, PLI */

    end = buf + test_unhex(buf, sizeof(buf),
                           "80c90001 00000001"
                           "80cc0002 00000001 41424344"
                           "80d20000"
                           "81ce0002 00000001 00000002");
    ngx_rtc_rtcp_iter_init(&it, buf, end);
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "RR");
    is(pkt.type, 201, "its type");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "APP doesn't abort");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "nor does an unknown type");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "PLI");
    is(pkt.count, 1, "its format");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_DONE, "the end");

    end = buf + test_unhex(buf, sizeof(buf), "80c90002 00000001");
    is(first(end, &pkt), NGX_ERROR, "length beyond the end");
    end = buf + test_unhex(buf, sizeof(buf), "40c90001 00000001");
    is(first(end, &pkt), NGX_ERROR, "version 1");
    end = buf + test_unhex(buf, sizeof(buf), "80c900");
    is(first(end, &pkt), NGX_ERROR, "3 bytes");
    end = buf + test_unhex(buf, sizeof(buf),
                           "80c90001 00000001 80c90005 00000001");
    ngx_rtc_rtcp_iter_init(&it, buf, end);
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "good one first");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_ERROR, "then a bad one");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_DONE, "and no more");

    end = buf + test_unhex(buf, sizeof(buf), "a0c90002 00000001 00000004");
    is(first(end, &pkt), NGX_OK, "padded");
    is(pkt.end - pkt.body, 4, "body without padding");
    end = buf + test_unhex(buf, sizeof(buf), "a0c90001 0000000c");
    is(first(end, &pkt), NGX_ERROR, "padding beyond the body");
    end = buf + test_unhex(buf, sizeof(buf), "a0c90001 00000000");
    is(first(end, &pkt), NGX_ERROR, "padding of 0");
    end = buf + test_unhex(buf, sizeof(buf),
                           "a0c90002 00000001 00000004 80c90001 00000001");
    ngx_rtc_rtcp_iter_init(&it, buf, end);
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "padding before the last one");
    is(pkt.end - pkt.body, 4, "is left out");
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "and the last one is found");

    /* as Chromium sends it */

    end = buf + test_unhex(buf, sizeof(buf), "afcd0006 fa17fa17 024692e0"
                           "25d70004 01c63c00 2004734a 3b1d0002");
    is(first(end, &pkt), NGX_OK, "transport-wide feedback, padded by 2");
    is(pkt.end - pkt.body, 22, "its body");
}


static void
test_reports(void)
{
    u_char                 *end, *reports;
    uint32_t                ssrc;
    ngx_uint_t              n;
    ngx_rtc_rtcp_t          pkt;
    ngx_rtc_rtcp_sr_t       sr, sr2;
    ngx_rtc_rtcp_report_t   rb[2], got;

    memset(&sr, 0, sizeof(sr));
    sr.ssrc = 1;
    sr.ntp = 0x1122334455667788ULL;
    sr.timestamp = 2;
    sr.packets = 3;
    sr.octets = 4;

    memset(rb, 0, sizeof(rb));
    rb[0].ssrc = 5;
    rb[0].lost = -1;
    rb[1].ssrc = 6;
    rb[1].fraction_lost = 255;
    rb[1].lost = 0x1000000;
    rb[1].highest_seq = 0x10002;
    rb[1].jitter = 7;
    rb[1].lsr = 8;
    rb[1].dlsr = 9;

    end = ngx_rtc_rtcp_write_sr(buf, buf + 76, &sr, rb, 2);
    need(end == buf + 76, "SR with two blocks");
    ok(ngx_rtc_rtcp_write_sr(buf, buf + 75, &sr, rb, 2) == NULL, "no space");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_sr(&pkt, &sr2, &reports, &n), NGX_OK, "is an SR");
    is(sr2.ntp, sr.ntp, "ntp");
    is(sr2.octets, 4, "octets");
    is(n, 2, "blocks");
    ngx_rtc_rtcp_get_report(reports, 0, &got);
    is(got.lost, -1, "negative cumulative loss");
    ngx_rtc_rtcp_get_report(reports, 1, &got);
    is(got.lost, 0x7fffff, "loss is clamped to 24 bits signed");
    is(got.fraction_lost, 255, "fraction");
    is(got.highest_seq, 0x10002, "highest sequence number");
    is(got.jitter, 7, "jitter");
    is(got.lsr, 8, "lsr");
    is(got.dlsr, 9, "dlsr");

    buf[0]++;
    is(first(end, &pkt), NGX_OK, "a block too many");
    is(ngx_rtc_rtcp_parse_sr(&pkt, &sr2, &reports, &n), NGX_ERROR,
       "is refused");

    end = ngx_rtc_rtcp_write_rr(buf, buf + 100, 77, rb, 1);
    need(end == buf + 32, "RR");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_rr(&pkt, &ssrc, &reports, &n), NGX_OK, "is an RR");
    is(ssrc, 77, "sender");
    is(n, 1, "one block");

    end = buf + test_unhex(buf, sizeof(buf), "80c90000");
    is(first(end, &pkt), NGX_OK, "RR without a sender");
    is(ngx_rtc_rtcp_parse_rr(&pkt, &ssrc, &reports, &n), NGX_ERROR,
       "is refused");

    /* RFC 3550, section 6.4.1, figure 2: 6.125 s */

    is(ngx_rtc_rtcp_rtt(0xb7108000, 0xb7052000, 0x00054000), 6125000,
       "round trip time of the RFC's example");
    is(ngx_rtc_rtcp_rtt(100, 0, 5), -1, "none without lsr");
    is(ngx_rtc_rtcp_rtt(100, 90, 20), 0, "never negative");

    is(ngx_rtc_ntp_from_usec(0), 2208988800ULL << 32, "ntp of 1970");
    is(ngx_rtc_ntp_from_usec(500000) & 0xffffffff, 0x80000000, "half second");
    is(ngx_rtc_ntp_to_usec(ngx_rtc_ntp_from_usec(1700000000123456ULL)),
       1700000000123456ULL, "there and back");
    is(ngx_rtc_ntp_compact(0x1122334455667788ULL), 0x33445566, "compact");
    is(ngx_rtc_ntp_compact_to_usec(0x18000), 1500000, "compact to usec");
}


static void
test_sdes_bye(void)
{
    u_char          *end, *pos, *ssrcs;
    uint32_t         s[2], ssrc;
    ngx_str_t        cname, reason;
    ngx_uint_t       i, n, index;
    ngx_rtc_rtcp_t   pkt;

    static char  *names[] = { "a", "ab", "abc", "abcd", "abcde" };

    s[0] = 10;
    s[1] = 11;

    for (i = 0; i < 5; i++) {
        cname.data = (u_char *) names[i];
        cname.len = i + 1;
        end = ngx_rtc_rtcp_write_sdes(buf, buf + 100, s, 2, &cname);
        need(end != NULL && (end - buf) % 4 == 0, "SDES, %d bytes",
             (int) i + 1);
        is(end[-1], 0, "ends with a zero byte");
        is(first(end, &pkt), NGX_OK, "parses");
        pos = NULL;
        is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname), NGX_OK,
           "first chunk");
        is_str(cname, names[i], "cname");
        is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname), NGX_OK,
           "second chunk");
        is(ssrc, 11, "its ssrc");
        is_str(cname, names[i], "its cname");
        is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname),
           NGX_DONE, "no more");
        ok(ngx_rtc_rtcp_write_sdes(buf, end - 1, s, 2, &cname) == NULL,
           "no space");
    }

    end = buf + test_unhex(buf, sizeof(buf),
                           "81ca0003 0000000a 0203414243 010158");
    is(first(end, &pkt), NGX_OK, "SDES without an end");
    pos = NULL;
    is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname), NGX_ERROR,
       "is refused");
    end = buf + test_unhex(buf, sizeof(buf),
                           "81ca0004 0000000a 0203414243 010158 00000000");
    is(first(end, &pkt), NGX_OK, "SDES with a name before the cname");
    pos = NULL;
    is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname), NGX_OK,
       "parses");
    is_str(cname, "X", "cname is found");
    end = buf + test_unhex(buf, sizeof(buf), "81ca0002 0000000a 01ff4142");
    is(first(end, &pkt), NGX_OK, "SDES item beyond the end");
    pos = NULL;
    is(ngx_rtc_rtcp_sdes_next(&pkt, &pos, &index, &ssrc, &cname), NGX_ERROR,
       "is refused");

    end = ngx_rtc_rtcp_write_bye(buf, buf + 100, s, 2);
    need(end == buf + 12, "BYE");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_bye(&pkt, &ssrcs, &n, &reason), NGX_OK, "is a BYE");
    is(n, 2, "two sources");
    is(ngx_rtc_get_32(ssrcs + 4), 11, "the second");
    is(reason.len, 0, "no reason");
    end = buf + test_unhex(buf, sizeof(buf), "81cb0002 0000000a 03627965");
    is(first(end, &pkt), NGX_OK, "BYE with a reason");
    is(ngx_rtc_rtcp_parse_bye(&pkt, &ssrcs, &n, &reason), NGX_OK, "parses");
    is_str(reason, "bye", "the reason");
    buf[0] = 0x83;
    is(first(end, &pkt), NGX_OK, "BYE with a source too many");
    is(ngx_rtc_rtcp_parse_bye(&pkt, &ssrcs, &n, &reason), NGX_ERROR,
       "is refused");
}


static void
test_feedback(void)
{
    u_char               *end, *pos;
    uint16_t              seqs[600], got[600];
    uint32_t              s[3];
    ngx_uint_t            i, n, used, done;
    ngx_rtc_rtcp_t        pkt;
    ngx_rtc_rtcp_fb_t     fb;
    ngx_rtc_rtcp_xr_t     xr;
    ngx_rtc_rtcp_fir_t    fir[2], f;
    ngx_rtc_rtcp_remb_t   remb;
    ngx_rtc_rtcp_dlrr_t   dlrr[2], d;

    end = ngx_rtc_rtcp_write_pli(buf, buf + 12, 1, 2);
    need(end != NULL, "PLI");
    is_mem(buf, 12, "\x81\xce\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02", 12,
           "its bytes");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_fb(&pkt, &fb), NGX_OK, "is feedback");
    is(fb.media, 2, "media ssrc");
    ok(ngx_rtc_rtcp_write_pli(buf, buf + 11, 1, 2) == NULL, "no space");

    fir[0].ssrc = 5;
    fir[0].seq = 200;
    fir[1].ssrc = 6;
    fir[1].seq = 0;
    end = ngx_rtc_rtcp_write_fir(buf, buf + 100, 1, fir, 2);
    need(end == buf + 28, "FIR");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_fb(&pkt, &fb), NGX_OK, "is feedback");
    pos = fb.fci;
    is(ngx_rtc_rtcp_fir_next(&fb, &pos, &f), NGX_OK, "first entry");
    is(f.ssrc, 5, "its ssrc");
    is(f.seq, 200, "its number");
    is(ngx_rtc_rtcp_fir_next(&fb, &pos, &f), NGX_OK, "second entry");
    is(ngx_rtc_rtcp_fir_next(&fb, &pos, &f), NGX_DONE, "no more");

    /* NACK */

    seqs[0] = 65534;
    seqs[1] = 65535;
    seqs[2] = 14;
    seqs[3] = 15;
    end = ngx_rtc_rtcp_write_nack(buf, buf + 100, 1, 2, seqs, 4, &used);
    need(end != NULL, "NACK");
    is(used, 4, "all of them");
    is_mem(buf, end - buf, "\x81\xcd\x00\x04\x00\x00\x00\x01\x00\x00\x00\x02"
           "\xff\xfe\x80\x01\x00\x0f\x00\x00", 20,
           "16 behind the first is in its mask, 17 isn't");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_fb(&pkt, &fb), NGX_OK, "is feedback");
    n = ngx_rtc_rtcp_nack_seqs(&fb, got, 600);
    is_mem(got, n * 2, seqs, 8, "the same numbers");
    is(ngx_rtc_rtcp_nack_seqs(&fb, got, 3), 3, "a bound is kept");

    /* sorted, with holes, over several packets of 60 bytes */

    for (i = 0; i < 600; i++) {
        seqs[i] = (uint16_t) (65000 + i * 3 + (i % 2));
    }

    done = 0;
    n = 0;

    while (done < 600) {
        end = ngx_rtc_rtcp_write_nack(buf, buf + 60, 1, 2, seqs + done,
                                      600 - done, &used);
        if (end == NULL || used == 0) {
            break;
        }
        (void) first(end, &pkt);
        (void) ngx_rtc_rtcp_parse_fb(&pkt, &fb);
        n += ngx_rtc_rtcp_nack_seqs(&fb, got + n, 600 - n);
        done += used;
    }

    is(done, 600, "600 numbers in pieces");
    is_mem(got, n * 2, seqs, 1200, "arrive as they were");

    ok(ngx_rtc_rtcp_write_nack(buf, buf + 60, 1, 2, seqs, 0, &used) == NULL,
       "no empty NACK");
    ok(ngx_rtc_rtcp_write_nack(buf, buf + 15, 1, 2, seqs, 1, &used) == NULL,
       "no NACK in 15 bytes");

    /* REMB */

    s[0] = 0x11;
    s[1] = 0x22;
    end = ngx_rtc_rtcp_write_remb(buf, buf + 100, 1, 1000000, s, 2);
    need(end == buf + 28, "REMB");
    is_mem(buf + 12, 16, "REMB\x02\x0b\xd0\x90\0\0\0\x11\0\0\0\x22", 16,
           "1 Mbit/s is 250000 * 2^2");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_fb(&pkt, &fb), NGX_OK, "is feedback");
    is(ngx_rtc_rtcp_parse_remb(&fb, &remb), NGX_OK, "is REMB");
    is(remb.bitrate, 1000000, "bitrate");
    is(remb.nssrcs, 2, "sources");
    buf[16] = 3;
    is(ngx_rtc_rtcp_parse_remb(&fb, &remb), NGX_ERROR, "a source too many");
    buf[12] = 'X';
    is(ngx_rtc_rtcp_parse_remb(&fb, &remb), NGX_DECLINED, "not REMB");
    end = ngx_rtc_rtcp_write_remb(buf, buf + 100, 1, (uint64_t) -1, NULL, 0);
    (void) first(end, &pkt);
    (void) ngx_rtc_rtcp_parse_fb(&pkt, &fb);
    is(ngx_rtc_rtcp_parse_remb(&fb, &remb), NGX_OK, "REMB of 2^64 - 1");
    ok(remb.bitrate > ((uint64_t) 1 << 63), "is as large");
    buf[17] = 0xff;
    is(ngx_rtc_rtcp_parse_remb(&fb, &remb), NGX_OK, "largest exponent");
    ok(remb.bitrate == (uint64_t) -1, "saturates");

    /* XR */

    end = ngx_rtc_rtcp_write_xr_rrtr(buf, buf + 20, 1, 0x1122334455667788ULL);
    need(end == buf + 20, "XR with RRTR");
    is_mem(buf, 20, "\x80\xcf\x00\x04\x00\x00\x00\x01\x04\x00\x00\x02"
                    "\x11\x22\x33\x44\x55\x66\x77\x88", 20, "its bytes");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_xr(&pkt, &xr), NGX_OK, "is XR");
    is(xr.rrtr, 0x1122334455667788ULL, "ntp");

    dlrr[0].ssrc = 1;
    dlrr[0].lrr = 2;
    dlrr[0].dlrr = 3;
    dlrr[1] = dlrr[0];
    dlrr[1].ssrc = 9;
    end = ngx_rtc_rtcp_write_xr_dlrr(buf, buf + 100, 1, dlrr, 2);
    need(end == buf + 36, "XR with DLRR");
    is(first(end, &pkt), NGX_OK, "parses");
    is(ngx_rtc_rtcp_parse_xr(&pkt, &xr), NGX_OK, "is XR");
    is(xr.ndlrr, 2, "two blocks");
    ngx_rtc_rtcp_get_dlrr(xr.dlrr, 1, &d);
    is(d.ssrc, 9, "ssrc of the second");
    is(d.dlrr, 3, "its delay");
    end = buf + test_unhex(buf, sizeof(buf),
                           "80cf0004 00000001 2a000001 00000000 05000001");
    is(first(end, &pkt), NGX_OK, "XR with a block beyond the end");
    is(ngx_rtc_rtcp_parse_xr(&pkt, &xr), NGX_ERROR, "is refused");
}


int
main(void)
{
    test_iter();
    test_reports();
    test_sdes_bye();
    test_feedback();

    return test_done();
}
