
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Reports and feedback: transport-wide arrival times, sender reports and lip
 * sync, receiver reports, round trip times, BYE, compound rules.
 */


#include "media_sim.h"


/* feedback of some arrivals, as the peer reads it */

static void
test_twcc(void)
{
    u_char                 buf[1200], *p;
    int64_t                base;
    ngx_int_t              rc;
    ngx_uint_t             i, k, n, bad, told, messages;
    ngx_rtc_rtcp_t         pkt;
    ngx_rtc_twcc_t         fb;
    ngx_rtc_usec_t         now, sent[3000];
    ngx_rtc_rtcp_iter_t    it;
    ngx_rtc_twcc_recv_t   *t;
    ngx_rtc_twcc_packet_t  packet;

    t = calloc(1, sizeof(ngx_rtc_twcc_recv_t));
    ngx_rtc_twcc_init(t);

    now = 100000000;

    ok(ngx_rtc_twcc_write(t, buf, buf + 1200, 1) == buf,
       "no feedback before the first packet");

    is(ngx_rtc_twcc_received(t, 65534, 5, now, now), NGX_AGAIN,
       "the first packet, number above 2^15");
    is(t->deadline, now + NGX_RTC_TWCC_INTERVAL, "is told after 100 ms");
    is(ngx_rtc_twcc_received(t, 65535, 5, now + 1000, now), NGX_OK, "next");
    ngx_rtc_twcc_received(t, 1, 5, now + 2000, now);
    ngx_rtc_twcc_received(t, 2, 5, now + 90000, now);
    ngx_rtc_twcc_received(t, 1, 5, now + 95000, now);

    p = ngx_rtc_twcc_write(t, buf, buf + 1200, 0xaabbccdd);
    need(p != NULL && p != buf, "feedback");

    ngx_rtc_rtcp_iter_init(&it, buf, p);
    is(ngx_rtc_rtcp_next(&it, &pkt), NGX_OK, "one packet");
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK, "well formed");
    is(fb.base_seq, 65534, "base over the wrap");
    is(fb.count, 5, "statuses");
    is(fb.media, 5, "media SSRC");
    is(fb.reference_time, (now / 64000) & 0x7fffff, "reference time");

    n = 0;
    base = 0;

    while (ngx_rtc_twcc_next(&fb, &packet) == NGX_OK) {

        if (packet.seq == 0) {
            is(packet.received, 0, "the lost one");
            continue;
        }

        n++;

        if (packet.seq == 65534) {
            base = packet.time;
        }

        if (packet.seq == 2) {
            ok(packet.time - base >= 89750 && packet.time - base <= 90250,
               "arrival times in steps of 250 us");
        }
    }

    is(n, 4, "received ones");
    ok(ngx_rtc_twcc_write(t, p, buf + 1200, 1) == p, "nothing more to tell");
    is(t->deadline, NGX_RTC_NEVER, "until another comes");

    /* the lost one was late: it is told with all that follows it */

    ngx_rtc_twcc_received(t, 0, 5, now + 120000, now + 120000);
    p = ngx_rtc_twcc_write(t, buf, buf + 1200, 1);
    ngx_rtc_rtcp_iter_init(&it, buf, p);
    ngx_rtc_rtcp_next(&it, &pkt);
    is(ngx_rtc_rtcp_parse_twcc(&pkt, &fb), NGX_OK, "feedback of a late one");
    is(fb.base_seq, 0, "begins with it");
    is(fb.fb_count, 1, "the next feedback number");
    ngx_rtc_twcc_write(t, buf, buf + 1200, 1);

    /* much, with 5 % loss: each number is told once and right */

    ngx_rtc_twcc_init(t);
    memset(sent, 0, sizeof(sent));

    bad = 0;
    messages = 0;
    told = 0;
    n = 0;
    base = 0;

    for (i = 0; i < 3000; i++) {
        now += 100 + sim_random() % 800;

        if (sim_random() % 20 && i < 2999) {
            sent[i] = now;
            rc = ngx_rtc_twcc_received(t, (uint16_t) (60000 + i), 5, now,
                                       now);
            if (rc != NGX_DONE && t->deadline > now) {
                continue;
            }

        } else if (i < 2999) {
            continue;
        }

        for ( ;; ) {
            p = ngx_rtc_twcc_write(t, buf, buf + 400, 1);

            if (p == buf || p == NULL) {
                break;
            }

            messages++;
            ngx_rtc_rtcp_iter_init(&it, buf, p);

            if (ngx_rtc_rtcp_next(&it, &pkt) != NGX_OK
                || ngx_rtc_rtcp_parse_twcc(&pkt, &fb) != NGX_OK)
            {
                bad++;
                break;
            }

            while (ngx_rtc_twcc_next(&fb, &packet) == NGX_OK) {

                told++;

                if (!packet.received) {
                    continue;
                }

                n++;

                base = packet.time
                       - sent[(uint16_t) (packet.seq - 60000)]
                         % (64000LL << 24);

                if (base > 250 || base < -250) {
                    bad++;
                }
            }
        }
    }

    k = 0;

    for (i = 0, messages = messages > 10; i < 3000; i++) {
        n -= (sent[i] != 0);

        if (sent[i]) {
            k = i + 1;
        }
    }

    is(told, k, "no number is left out, lost or not");

    is(n, 0, "every packet is told once");
    is(bad, 0, "with its time");
    ok(messages, "in many messages");

    /* jumps don't make long messages */

    ngx_rtc_twcc_init(t);

    for (i = 0, bad = 0; i < 1000; i++) {
        now += 1000;
        ngx_rtc_twcc_received(t, (uint16_t) (i * 30011), 5, now, now);
        p = ngx_rtc_twcc_write(t, buf, buf + 1200, 1);
        bad += (p == NULL || p - buf > 400);
        ngx_rtc_twcc_write(t, buf, buf + 1200, 1);
    }

    is(bad, 0, "wild numbers are harmless");

    free(t);
}


static void
test_twcc_endpoint(void)
{
    uint16_t               twcc;
    ngx_uint_t             i;
    sim_end_t             *end;
    sim_pub_t             *pub;
    ngx_rtc_track_t       *track;
    ngx_rtc_recv_params_t  rp;

    end = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    rp.payloads[0].twcc = 0;
    track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    twcc = 40000;
    pub = sim_pub_create(end, 1, 1000, 1001, 7);
    pub->twcc = &twcc;

    for (i = 0; i < 300; i++) {
        sim_pub_packet(pub, 0, 1, 1, 0);
        sim_now += 1000;
        sim_timers(&end, 1);
    }

    is(end->twccs, 0, "no feedback unless negotiated");

    rp.payloads[0].twcc = 1;
    ngx_rtc_track_update(track, &rp, sim_now);

    for (i = 0; i < 1000; i++) {
        if (i % 20 == 0) {
            sim_pub_packet(pub, 0, 1, 1, 0);
        }

        sim_now += 1000;
        sim_timers(&end, 1);
    }

    ok(end->twccs >= 9 && end->twccs <= 10, "each 100 ms at a low rate");

    end->twccs = 0;

    for (i = 0; i < 1000; i++) {
        sim_pub_packet(pub, 0, 1, 1, 0);
        sim_pub_packet(pub, 0, 1, 1, 0);
        sim_now += 1000;
        sim_timers(&end, 1);
    }

    ok(end->twccs >= 17 && end->twccs <= 40, "each 50 ms at a high one");
    ok(end->largest <= 1200, "no RTCP above 1200 bytes");

    ngx_rtc_track_close(track, sim_now);
    sim_end_free(end);
    free(pub);
}


static void
send_sr(sim_end_t *end, uint32_t ssrc, uint64_t ntp, uint32_t timestamp)
{
    u_char             buf[100], *p;
    ngx_rtc_rtcp_sr_t  sr;

    sr.ssrc = ssrc;
    sr.ntp = ntp;
    sr.timestamp = timestamp;
    sr.packets = 1;
    sr.octets = 1;

    p = ngx_rtc_rtcp_write_sr(buf, buf + 100, &sr, NULL, 0);
    sim_rtcp_in(end, buf, p - buf);
}


/*
 * A publisher whose clock is years away from ours and whose timestamps have
 * random beginnings: sound and picture captured at one time must have one NTP
 * time at the subscriber.
 */

static void
test_lip_sync(void)
{
    int64_t                  capture, v, a, worst;
    uint32_t                 vts, ats;
    ngx_uint_t               i, k;
    sim_end_t               *ends[2];
    sim_pub_t               *vpub, *apub;
    ngx_rtc_rtp_t            rtp;
    ngx_rtc_rtcp_t           pkt;
    sim_packet_t            *p;
    ngx_rtc_track_t         *video, *audio;
    ngx_rtc_rtcp_sr_t        sr, vsr, asr;
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    vp, ap;
    ngx_rtc_rtcp_iter_t      it;
    ngx_rtc_subscription_t  *vsub, *asub;

    ends[0] = sim_end_create();
    ends[1] = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    video = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);
    sim_recv_params(&rp, NGX_RTC_KIND_AUDIO, "a", 2000, 0);
    audio = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);

    sim_send_params(&vp, ends[1], NGX_RTC_KIND_VIDEO, "v7");
    vsub = ngx_rtc_subscription_create(ends[1]->ep, video, &vp, NULL, NULL,
                                       sim_now);
    sim_send_params(&ap, ends[1], NGX_RTC_KIND_AUDIO, "a7");
    asub = ngx_rtc_subscription_create(ends[1]->ep, audio, &ap, NULL, NULL,
                                       sim_now);
    ngx_rtc_subscription_pause(vsub, 0, sim_now);
    ngx_rtc_subscription_pause(asub, 0, sim_now);

    vpub = sim_pub_create(ends[0], 1, 1000, 1001, 100);
    apub = sim_pub_create(ends[0], 0, 2000, 0, 100);

    vts = 4294000000u;
    ats = 77;
    worst = 0;
    memset(&vsr, 0, sizeof(vsr));
    memset(&asr, 0, sizeof(asr));

    for (i = 0; i < 10000; i++) {
        sim_now += 1000;

        /* the publisher's clock: 2^40 us off and 100 ppm too fast */

        capture = 1700000000000000LL + sim_now + sim_now / 10000;

        vpub->timestamp = vts + (uint32_t) (capture * 9 / 100);
        apub->timestamp = ats + (uint32_t) (capture * 48 / 1000);

        if (i % 33 == 0) {
            sim_pub_packet(vpub, i == 0, 1, 1, 0);
        }

        if (i % 20 == 0) {
            sim_pub_packet(apub, 0, 1, 0, 0);
        }

        /* reports of both at different times, 0 to 40 ms on the way */

        if (i % 1000 == 300 || i % 1000 == 800) {
            k = sim_random() % 40;
            capture -= k * 1000;

            if (i % 1000 == 300) {
                send_sr(ends[0], 1000, ngx_rtc_ntp_from_usec(capture),
                        vts + (uint32_t) (capture * 9 / 100));
            } else {
                send_sr(ends[0], 2000, ngx_rtc_ntp_from_usec(capture),
                        ats + (uint32_t) (capture * 48 / 1000));
            }
        }

        sim_timers(ends, 2);

        while ((p = sim_next(ends[1])) != NULL) {

            if (!p->rtcp) {
                ngx_rtc_rtp_parse(&rtp, p->data, p->data + p->len);
                continue;
            }

            ngx_rtc_rtcp_iter_init(&it, p->data, p->data + p->len);

            while (ngx_rtc_rtcp_next(&it, &pkt) == NGX_OK) {
                u_char      *reports;
                ngx_uint_t   n;

                if (pkt.type != NGX_RTC_RTCP_SR
                    || ngx_rtc_rtcp_parse_sr(&pkt, &sr, &reports, &n)
                       != NGX_OK)
                {
                    continue;
                }

                if (sr.ssrc == vp.ssrc) {
                    vsr = sr;
                } else if (sr.ssrc == ap.ssrc) {
                    asr = sr;
                }
            }
        }

        if (vsr.ssrc == 0 || asr.ssrc == 0) {
            continue;
        }

        /* what the subscriber makes of the newest packets' capture time */

        v = ngx_rtc_ntp_to_usec(vsr.ntp)
            + ngx_rtc_ts_diff(vpub->timestamp + vsub->rw.ts_offset,
                              vsr.timestamp) * 100 / 9;
        a = ngx_rtc_ntp_to_usec(asr.ntp)
            + ngx_rtc_ts_diff(apub->timestamp + asub->rw.ts_offset,
                              asr.timestamp) * 1000 / 48;

        if (v - a > worst) {
            worst = v - a;
        }

        if (a - v > worst) {
            worst = a - v;
        }
    }

    diag("worst skew %d us", (int) worst);

    ok(vsr.ssrc && asr.ssrc, "sender reports for both");
    ok(worst < 5000, "sound and picture agree within 5 ms");
    ok(vsr.packets <= vsub->packets && vsr.packets + 50 > vsub->packets,
       "packet counts are the outgoing stream's");

    ngx_rtc_subscription_close(vsub, sim_now);
    ngx_rtc_subscription_close(asub, sim_now);
    ngx_rtc_track_close(video, sim_now);
    ngx_rtc_track_close(audio, sim_now);
    sim_end_free(ends[0]);
    sim_end_free(ends[1]);
    free(vpub);
    free(apub);
}


static void
test_reports(void)
{
    u_char                        buf[400], *p, *reports;
    uint16_t                      seq;
    uint32_t                      ssrc;
    ngx_str_t                     cname;
    ngx_uint_t                    i, n, k, index;
    sim_end_t                    *ends[2];
    sim_pub_t                    *pub;
    ngx_rtc_rtp_t                 rtp;
    ngx_rtc_rtcp_t                pkt;
    ngx_rtc_track_t              *track;
    ngx_rtc_rtcp_xr_t             xr;
    ngx_rtc_rtcp_dlrr_t           dlrr;
    ngx_rtc_recv_params_t         rp;
    ngx_rtc_send_params_t         sp;
    ngx_rtc_rtcp_report_t         report;
    ngx_rtc_subscription_t       *sub;
    ngx_rtc_endpoint_stats_t      es;
    ngx_rtc_subscription_stats_t  st;

    ends[0] = sim_end_create();
    ends[1] = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    track = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);
    sim_send_params(&sp, ends[1], NGX_RTC_KIND_VIDEO, "v7");
    sub = ngx_rtc_subscription_create(ends[1]->ep, track, &sp,
                                      &sim_sub_handler, ends[1], sim_now);
    ngx_rtc_subscription_pause(sub, 0, sim_now);
    pub = sim_pub_create(ends[0], 1, 1000, 1001, 65000);

    /* every tenth is lost, and not found again */

    seq = 0;

    for (i = 0; i < 3000; i++) {
        sim_now += 1000;

        if (i % 10 == 0) {
            pub->timestamp += 900;
            sim_pub_packet(pub, i == 0, 1, 1, i % 100 == 50);
        }

        if (i == 1500) {
            send_sr(ends[0], 1000, ngx_rtc_ntp_from_usec(sim_now),
                    pub->timestamp);
        }

        sim_timers(ends, 2);
    }

    k = 0;
    n = 0;
    p = NULL;
    memset(&report, 0, sizeof(report));

    while (sim_next_rtcp(ends[0], NGX_RTC_RTCP_RR, &pkt) == NGX_OK) {
        if (ngx_rtc_rtcp_parse_rr(&pkt, &ssrc, &reports, &n) == NGX_OK
            && n == 1)
        {
            ngx_rtc_rtcp_get_report(reports, 0, &report);
            k++;
        }
    }

    ok(k >= 2 && k <= 7, "receiver reports about once a second");
    is(report.ssrc, 1000, "of the publisher's SSRC");
    ok(report.fraction_lost >= 15 && report.fraction_lost <= 36,
       "a tenth is lost");
    ok(report.lost >= 20 && report.lost <= 30, "in all");
    ok(report.highest_seq >= 65250 && report.highest_seq < 65301,
       "highest sequence number, no cycle yet");
    is(report.jitter, 0, "no jitter");
    ok(report.lsr != 0 && report.dlsr > 0, "LSR and DLSR");

    /* the round trip time, by DLRR */

    ends[0]->seen = 0;

    while (sim_next_rtcp(ends[0], NGX_RTC_RTCP_XR, &pkt) == NGX_OK) {
        ngx_rtc_rtcp_parse_xr(&pkt, &xr);
    }

    need(xr.rrtr != 0, "a receiver reference time");

    dlrr.ssrc = ends[0]->ep->ssrc;
    dlrr.lrr = ngx_rtc_ntp_compact(ngx_rtc_ntp(sim_now));
    dlrr.dlrr = 65536 / 10;
    sim_now += 180000;
    p = ngx_rtc_rtcp_write_xr_dlrr(buf, buf + 400, 1000, &dlrr, 1);
    sim_rtcp_in(ends[0], buf, p - buf);
    ngx_rtc_endpoint_stats(ends[0]->ep, &es, sim_now);
    ok(es.rtt >= 79900 && es.rtt <= 80100, "RTT by DLRR");
    ok(es.loss_in > 0, "loss of the publisher");

    /* a subscriber's report */

    sim_skip(ends[1]);
    sim_pub_packet(pub, 0, 1, 1, 0);
    need(sim_next_rtp(ends[1], &rtp) != NULL, "a packet");
    seq = rtp.seq;

    is(ends[1]->acked, 0, "not acked yet");

    memset(&report, 0, sizeof(report));
    report.ssrc = 12345;
    p = ngx_rtc_rtcp_write_rr(buf, buf + 400, 1, &report, 1);
    sim_rtcp_in(ends[1], buf, p - buf);
    is(ends[1]->acked, 0, "a report of an unknown SSRC");

    report.ssrc = sp.ssrc;
    report.highest_seq = (uint16_t) (seq + 10000);
    p = ngx_rtc_rtcp_write_rr(buf, buf + 400, 1, &report, 1);
    sim_rtcp_in(ends[1], buf, p - buf);
    is(ends[1]->acked, 0, "a report of what wasn't sent");

    report.highest_seq = seq;
    report.fraction_lost = 64;
    report.lost = 17;
    report.jitter = 900;
    report.lsr = ngx_rtc_ntp_compact(ngx_rtc_ntp(sim_now));
    report.dlsr = 65536;
    sim_now += 1040000;
    p = ngx_rtc_rtcp_write_rr(buf, buf + 400, 1, &report, 1);
    sim_rtcp_in(ends[1], buf, p - buf);
    sim_rtcp_in(ends[1], buf, p - buf);
    is(ends[1]->acked, 1, "acked once");

    ngx_rtc_subscription_stats(sub, &st, sim_now);
    is(st.fraction, 64, "fraction");
    is(st.lost, 17, "lost");
    is(st.jitter, 10000, "jitter in microseconds");
    ok(st.rtt >= 39900 && st.rtt <= 40100, "RTT by LSR and DLSR");
    is(st.acked, 1, "acked");

    sim_pub_packet(pub, 0, 1, 1, 0);
    sim_next_rtp(ends[1], &rtp);
    ok(!(rtp.ext_mask & (1 << 9)), "the mid isn't repeated then");

    /* the receiver's reference time is answered */

    p = ngx_rtc_rtcp_write_xr_rrtr(buf, buf + 400, 4711,
                                   ngx_rtc_ntp_from_usec(5000000));
    sim_rtcp_in(ends[1], buf, p - buf);

    for (i = 0; i < 2000; i++) {
        sim_now += 1000;
        sim_timers(ends, 2);
    }

    xr.ndlrr = 0;
    sim_next_rtcp(ends[1], NGX_RTC_RTCP_XR, &pkt);
    ngx_rtc_rtcp_parse_xr(&pkt, &xr);
    need(xr.ndlrr == 1, "DLRR");
    ngx_rtc_rtcp_get_dlrr(xr.dlrr, 0, &dlrr);
    is(dlrr.ssrc, 4711, "to whom asked");
    is(dlrr.lrr, ngx_rtc_ntp_compact(ngx_rtc_ntp_from_usec(5000000)),
       "with the time that was told");

    ends[1]->seen = 0;
    need(sim_next_rtcp(ends[1], NGX_RTC_RTCP_SDES, &pkt) == NGX_OK, "SDES");

    /* garbage, applications' packets and unknown types do no harm */

    memcpy(buf, "\x80\xcc\x00\x02\0\0\0\1name"
                "\x80\xd0\x00\x01\0\0\0\1", 20);
    p = ngx_rtc_rtcp_write_pli(buf + 20, buf + 400, 1, sp.ssrc);
    ends[0]->plis = 0;
    sim_now += 3000000;
    sim_rtcp_in(ends[1], buf, p - buf);
    is(ends[0]->plis, 1, "what follows an unknown packet is read");

    /* a BYE of the SSRC doesn't close the track; another may come */

    ssrc = 1000;
    p = ngx_rtc_rtcp_write_bye(buf, buf + 400, &ssrc, 1);
    sim_rtcp_in(ends[0], buf, p - buf);
    pub->ssrc = 1002;
    pub->mid = "v";
    sim_skip(ends[1]);
    sim_pub_frame(pub, 1, 1);
    need(sim_next_rtp(ends[1], &rtp) != NULL, "another SSRC after BYE");
    is(rtp.seq, (uint16_t) (seq + 2), "the sequence goes on");

    /* BYE of ours */

    sim_skip(ends[1]);
    ngx_rtc_subscription_close(sub, sim_now);
    need(sim_next_rtcp(ends[1], NGX_RTC_RTCP_BYE, &pkt) == NGX_OK, "BYE");
    ok(ngx_rtc_get_32(pkt.body) == sp.ssrc, "of our SSRC");

    ngx_rtc_track_close(track, sim_now);

    /* without reduced size each packet begins with a report and a CNAME */

    rp.rsize = 0;
    track = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);
    sim_skip(ends[0]);
    sub = ngx_rtc_subscription_create(ends[1]->ep, track, &sp, NULL, NULL,
                                      sim_now);
    ngx_rtc_subscription_pause(sub, 0, sim_now);

    sim_next_rtcp(ends[0], NGX_RTC_RTCP_RR, &pkt);
    ok(pkt.start[1] == NGX_RTC_RTCP_RR
       && ends[0]->out[(ends[0]->seen - 1) % SIM_PACKETS].data[1]
          == NGX_RTC_RTCP_RR, "PLI behind a report");
    ends[0]->seen--;
    need(sim_next_rtcp(ends[0], NGX_RTC_RTCP_SDES, &pkt) == NGX_OK, "SDES");
    p = NULL;
    is(ngx_rtc_rtcp_sdes_next(&pkt, &p, &index, &ssrc, &cname), NGX_OK,
       "chunk");
    ok(cname.len == 8, "CNAME");

    ngx_rtc_subscription_close(sub, sim_now);
    ngx_rtc_track_close(track, sim_now);
    sim_end_free(ends[0]);
    sim_end_free(ends[1]);
    free(pub);
}


/* reports of many streams are split */

static void
test_split(void)
{
    ngx_uint_t               i, n, seen[200];
    uint32_t                 ssrc;
    sim_end_t               *ends[2];
    sim_pub_t               *pub;
    ngx_rtc_rtcp_t           pkt;
    ngx_rtc_track_t         *track;
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    sp[100];
    ngx_rtc_subscription_t  *subs[100];

    ends[0] = sim_end_create();
    ends[1] = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_AUDIO, "a", 2000, 0);
    track = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);
    pub = sim_pub_create(ends[0], 0, 2000, 0, 1);

    for (i = 0; i < 100; i++) {
        sim_send_params(&sp[i], ends[1], NGX_RTC_KIND_AUDIO, "a");
        subs[i] = ngx_rtc_subscription_create(ends[1]->ep, track, &sp[i],
                                              NULL, NULL, sim_now);
        ngx_rtc_subscription_pause(subs[i], 0, sim_now);
        seen[i] = 0;
    }

    sim_pub_frame(pub, 0, 1);
    send_sr(ends[0], 2000, ngx_rtc_ntp_from_usec(sim_now), pub->timestamp);

    for (i = 0; i < 100; i++) {
        n = subs[i]->reported;
        seen[i] += n;
    }

    for (i = 0; i < 1600; i++) {
        sim_now += 1000;
        sim_timers(ends, 2);
    }

    for (i = 0, n = 0; i < 100; i++) {
        n += seen[i];
    }

    is(n, 100, "first reports as soon as the clock is known");
    ok(ends[1]->largest > 600 && ends[1]->largest <= 1200,
       "compounds are filled, up to 1200 bytes");

    sim_skip(ends[1]);

    for (i = 0; i < 100; i++) {
        ngx_rtc_subscription_close(subs[i], sim_now);
    }

    n = 0;
    ssrc = 0;

    while (sim_next_rtcp(ends[1], NGX_RTC_RTCP_BYE, &pkt) == NGX_OK) {
        ssrc ^= ngx_rtc_get_32(pkt.body);
        n++;
    }

    for (i = 0; i < 100; i++) {
        ssrc ^= sp[i].ssrc;
    }

    is(n, 100, "BYE for each");
    is(ssrc, 0, "for those SSRCs");

    ngx_rtc_track_close(track, sim_now);
    sim_end_free(ends[0]);
    sim_end_free(ends[1]);
    free(pub);
}


int
main(void)
{
    test_twcc();
    test_twcc_endpoint();
    test_lip_sync();
    test_reports();
    test_split();

    return test_done();
}
