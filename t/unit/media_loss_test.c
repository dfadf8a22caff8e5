
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Loss on both sides: NACK, RTX, the cache, keyframe requests and their
 * limits.
 */


#include "media_sim.h"


static sim_pub_t               *pub;
static sim_end_t               *ends[2];   /* publisher's, viewer's */
static ngx_rtc_track_t         *track;
static ngx_rtc_subscription_t  *sub;
static ngx_rtc_send_params_t    sp;


static void
start(ngx_uint_t rtx, uint16_t seq)
{
    ngx_rtc_recv_params_t  rp;

    ends[0] = sim_end_create();
    ends[1] = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, rtx ? 1001 : 0);

    if (!rtx) {
        rp.payloads[0].rtx_pt = 0;
    }

    track = ngx_rtc_track_create(ends[0]->ep, &rp, NULL, NULL, sim_now);

    sim_send_params(&sp, ends[1], NGX_RTC_KIND_VIDEO, "v7");

    if (!rtx) {
        sp.payloads[0].rtx_pt = 0;
        sp.rtx_ssrc = 0;
    }

    sub = ngx_rtc_subscription_create(ends[1]->ep, track, &sp, NULL, NULL,
                                      sim_now);
    ngx_rtc_subscription_pause(sub, 0, sim_now);

    pub = sim_pub_create(ends[0], 1, 1000, 1001, seq);
}


static void
stop(void)
{
    ngx_rtc_subscription_close(sub, sim_now);
    ngx_rtc_track_close(track, sim_now);
    sim_end_free(ends[0]);
    sim_end_free(ends[1]);
    free(pub);
}


static void
test_nack(void)
{
    uint16_t         seqs[NGX_RTC_NACK_MAX];
    ngx_uint_t       i, n, asked;
    ngx_rtc_usec_t   now, last;
    ngx_rtc_nack_t   nack;

    ngx_rtc_nack_init(&nack);

    now = 1000000;

    is(ngx_rtc_nack_deadline(&nack), NGX_RTC_NEVER, "nothing missing");
    ngx_rtc_nack_gap(&nack, 65534, 65538, now);
    is(nack.n, 4, "four missing");
    is(ngx_rtc_nack_collect(&nack, seqs, 0, now), 0, "not at once");
    is(ngx_rtc_nack_received(&nack, 65535), 1, "one was only late");
    is(ngx_rtc_nack_received(&nack, 65535), 0, "but once");

    now = ngx_rtc_nack_deadline(&nack);
    n = ngx_rtc_nack_collect(&nack, seqs, 50000, now);
    ok(n == 3 && seqs[0] == 65534 && seqs[1] == 0 && seqs[2] == 1,
       "three are asked for, in order over the wrap");
    is(ngx_rtc_nack_received(&nack, 65536), 2, "one comes");

    last = now;
    asked = 1;

    for (i = 0; i < 100 && nack.n; i++) {
        now = ngx_rtc_nack_deadline(&nack);

        n = ngx_rtc_nack_collect(&nack, seqs, 50000, now);

        if (n) {
            asked++;

            if (now - last < 50000) {
                fail("asked again within an RTT");
            }

            last = now;
        }
    }

    is(asked, NGX_RTC_NACK_TRIES, "given up after ten tries");
    is(nack.n, 0, "and forgotten");

    is(ngx_rtc_nack_gap(&nack, 1, NGX_RTC_NACK_MAX + 1, now), NGX_OK,
       "as many as it holds");
    is(ngx_rtc_nack_gap(&nack, 1000, 1001, now), NGX_DECLINED,
       "one more is too many");
    is(nack.n, 0, "so nothing is asked");

    ngx_rtc_nack_gap(&nack, 10, 20, now);
    ngx_rtc_nack_keyframe(&nack, 15);
    is(nack.n, 5, "what is before a keyframe isn't missed");
    is(nack.entries[0].seq, 15, "the rest is");
}


/* one endpoint's NACKs answered by the publisher an RTT later, with loss */

static void
test_publisher_loss(ngx_uint_t rtx, ngx_uint_t percent)
{
    uint16_t              seqs[512];
    ngx_uint_t            i, j, k, n, head, tail, lost, keyframe;
    ngx_rtc_rtcp_t        pkt;
    ngx_rtc_rtp_t         rtp;
    sim_packet_t         *p;
    static u_char         got[65536];
    ngx_rtc_rtcp_fb_t     fb;
    ngx_rtc_rtcp_iter_t   it;
    ngx_rtc_track_stats_t st;

    static struct {
        ngx_rtc_usec_t  at;
        uint16_t        seq;
    }                     queue[65536];

    start(rtx, 65000);
    memset(got, 0, sizeof(got));

    head = 0;
    tail = 0;
    lost = 0;
    keyframe = 1;

    for (i = 0; i < 10000; i++) {

        if (i % 33 == 0 && i < 9500) {
            pub->timestamp += 2970;

            for (j = 0; j < 4; j++) {
                k = (!keyframe && i < 9400
                     && sim_random() % 100 < percent);
                lost += k;
                sim_pub_packet(pub, keyframe && j == 0, j == 0, j == 3, k);
            }

            keyframe = 0;
        }

        sim_now += 1000;

        while (head != tail && queue[head].at <= sim_now) {
            if (sim_random() % 100 >= percent) {
                if (rtx) {
                    sim_pub_rtx(pub, queue[head].seq);

                } else {
                    sim_pub_again(pub, queue[head].seq);
                }
            }

            head = (head + 1) % 65536;
        }

        sim_timers(ends, 2);

        while ((p = sim_next(ends[0])) != NULL) {
            ngx_rtc_rtcp_iter_init(&it, p->data, p->data + p->len);

            while (ngx_rtc_rtcp_next(&it, &pkt) == NGX_OK) {
                if (pkt.type == NGX_RTC_RTCP_RTPFB && pkt.count == 1
                    && ngx_rtc_rtcp_parse_fb(&pkt, &fb) == NGX_OK)
                {
                    n = ngx_rtc_rtcp_nack_seqs(&fb, seqs, 512);

                    for (k = 0; k < n; k++) {
                        queue[tail].at = sim_now + 50000;
                        queue[tail].seq = seqs[k];
                        tail = (tail + 1) % 65536;
                    }
                }
            }
        }

        while (sim_next_rtp(ends[1], &rtp)) {
            got[sim_payload_seq(&rtp)]++;
        }
    }

    n = 0;
    k = 0;

    for (i = 65000; (uint16_t) i != pub->seq; i++) {
        n += (got[(uint16_t) i] == 0);
        k += (got[(uint16_t) i] > 1);
    }

    diag("%u lost, %u asked, %u missing at the end", (unsigned) lost,
         (unsigned) ends[0]->nacks, (unsigned) n);

    ok(lost > 50, "packets were lost");
    is(n, 0, "%s: every one of %d%% lost packets was recovered",
       rtx ? "RTX" : "no RTX", (int) percent);
    is(k, 0, "none went out twice");
    ok(ends[0]->nacks < lost * 2, "asked less than twice for each");

    ngx_rtc_track_stats(track, &st, sim_now);
    ok(st.recovered >= lost - 2 && st.recovered <= lost, "recovered count");

    if (rtx) {
        ok(st.lost >= lost - 2 && st.lost <= lost + 2,
           "reports tell the network's loss");
    }

    stop();
}


static void
test_storm(void)
{
    ngx_uint_t  i, plis;

    start(1, 500);

    sim_pub_frame(pub, 1, 1);
    sim_now += 600000;
    sim_timers(ends, 2);

    plis = ends[0]->plis;

    /* the last packet again and again is no reason to ask for 65535 */

    for (i = 0; i < 10; i++) {
        sim_pub_again(pub, 500);
    }

    sim_now += 20000;
    sim_timers(ends, 2);
    is(ends[0]->nacks, 0, "duplicates cause no NACKs");

    pub->seq += 1000;
    sim_pub_frame(pub, 0, 1);
    sim_now += 20000;
    sim_timers(ends, 2);
    is(ends[0]->nacks, 0, "a gap of 1000 isn't asked for");
    is(ends[0]->plis, plis + 1, "a keyframe is");

    pub->seq += 20000;
    sim_pub_frame(pub, 0, 1);
    sim_pub_frame(pub, 0, 1);
    sim_now += 20000;
    sim_timers(ends, 2);
    is(ends[0]->nacks, 0, "nor one of 20000");

    sim_now += 1100000;
    sim_skip(ends[1]);
    sim_pub_frame(pub, 1, 1);
    ok(ends[1]->nout != ends[1]->seen, "the stream goes on at a keyframe");

    stop();
}


static void
test_subscriber(ngx_uint_t rtx)
{
    size_t                         len;
    u_char                         first[1500];
    uint16_t                       seq, twcc, again;
    uint32_t                       ts;
    ngx_uint_t                     i, n, marker;
    sim_packet_t                  *p;
    ngx_rtc_rtp_t                  rtp;
    ngx_rtc_subscription_stats_t   st;

    start(rtx, 10);

    sim_pub_frame(pub, 1, 3);

    seq = 0;
    ts = 0;
    len = 0;
    marker = 0;
    twcc = 0;
    again = 0;

    for (i = 0; i < 3; i++) {
        p = sim_next_rtp(ends[1], &rtp);
        need(p != NULL, "a packet");

        seq = rtp.seq;
        ts = rtp.timestamp;
        marker = rtp.marker;
        len = p->len;
        memcpy(first, p->data, len);
        ngx_rtc_rtp_ext_twcc(&rtp, 5, &twcc);
    }

    sim_now += 30000;
    sim_nack(ends[1], sp.ssrc, &seq, 1);

    p = sim_next_rtp(ends[1], &rtp);
    need(p != NULL, "%s: NACK is answered from the cache",
         rtx ? "RTX" : "no RTX");

    if (rtx) {
        is(rtp.pt, 124, "payload type of RTX");
        is(rtp.ssrc, sp.rtx_ssrc, "SSRC of RTX");
        is(ngx_rtc_get_16(rtp.payload), seq, "original number");
        is(rtp.timestamp, ts, "timestamp");
        is(rtp.marker, marker, "marker");
        is(ngx_rtc_rtp_ext_twcc(&rtp, 5, &again), NGX_OK, "a number");
        is(again, (uint16_t) (twcc + 1), "which is a new one");
        is_mem(rtp.payload + 2, rtp.payload_size - 2, first + len
               - (rtp.payload_size - 2), rtp.payload_size - 2, "payload");

    } else {
        is_mem(p->data, p->len, first, len, "the same bytes");
    }

    sim_now += 5000;
    sim_nack(ends[1], sp.ssrc, &seq, 1);
    ok(sim_next_rtp(ends[1], &rtp) == NULL, "not twice within an RTT");

    for (i = 0, n = 1; i < 50; i++) {
        sim_now += 120000;
        sim_nack(ends[1], sp.ssrc, &seq, 1);
        n += (sim_next_rtp(ends[1], &rtp) != NULL);
    }

    is(n, 10, "ten times at most");

    again = (uint16_t) (seq + 100);
    sim_nack(ends[1], sp.ssrc, &again, 1);
    again = (uint16_t) (seq - 100);
    sim_nack(ends[1], sp.ssrc, &again, 1);
    ok(sim_next_rtp(ends[1], &rtp) == NULL, "what was never sent isn't");

    ngx_rtc_subscription_stats(sub, &st, sim_now);
    is(st.rtx, 10, "stats: rtx");
    is(st.nacks, 54, "stats: nacks");
    is(st.packets, 3, "stats: packets");

    /* a viewer that asks for all again gets a bounded part */

    n = 0;

    for (i = 0; i < 2000; i++) {
        sim_pub_frame(pub, 0, 1);

        p = sim_next_rtp(ends[1], &rtp);
        seq = rtp.seq;
        sim_now += 1000;
        sim_nack(ends[1], sp.ssrc, &seq, 1);
        n += (sim_next_rtp(ends[1], &rtp) != NULL);
        sim_now += 120000;
        sim_nack(ends[1], sp.ssrc, &seq, 1);
        n += (sim_next_rtp(ends[1], &rtp) != NULL);
    }

    ok(n > 1000 && n <= 2000 + NGX_RTC_RTX_BUDGET,
       "no more retransmissions than packets");

    stop();
}


static void
test_cache(void)
{
    u_char             payload[1400];
    int64_t            seq;
    ngx_uint_t         i, blocks, allocs, bad;
    ngx_rtc_usec_t     now;
    ngx_rtc_cache_t   *cache;
    ngx_rtc_packet_t   pkt, got;

    cache = ngx_rtc_cache_create(NGX_RTC_CACHE_VIDEO, &test_log);

    memset(&pkt, 0, sizeof(pkt));
    pkt.payload = payload;

    now = 1000000;
    bad = 0;
    blocks = 0;
    allocs = 0;

    /* 8 Mbit/s of packets of many sizes, for 20 s */

    for (i = 0; i < 20000; i++) {
        pkt.seq = 70000 + i;
        pkt.size = (uint16_t) (600 + i * 7 % 800);
        pkt.timestamp = i;
        pkt.marker = i & 1;
        memset(payload, i, pkt.size);

        if (ngx_rtc_cache_put(cache, &pkt, now) != NGX_OK) {
            bad++;
        }

        seq = pkt.seq - i % 900;

        if (seq >= 70000
            && (ngx_rtc_cache_get(cache, seq, &got) != NGX_OK
                || got.payload[0] != (u_char) (seq - 70000)
                || got.payload[got.size - 1] != (u_char) (seq - 70000)
                || got.timestamp != (uint32_t) (seq - 70000)
                || got.size != 600 + (seq - 70000) * 7 % 800))
        {
            bad++;
        }

        now += 1000;

        if (i == 10000) {
            blocks = cache->nblocks;
            allocs = test_allocs;
        }
    }

    is(bad, 0, "the last 900 packets are always there, unharmed");
    is(test_allocs, allocs, "no allocation once it runs");
    ok(blocks <= NGX_RTC_CACHE_BLOCKS && cache->nblocks == blocks,
       "memory is bounded");
    is(ngx_rtc_cache_get(cache, 70000, &got), NGX_DECLINED,
       "old ones are gone");
    is(ngx_rtc_cache_get(cache, 1 << 30, &got), NGX_DECLINED,
       "and those to come aren't there");

    /* a lot at once is bounded by memory */

    for (i = 0; i < 5000; i++) {
        pkt.seq++;
        pkt.size = 1400;
        ngx_rtc_cache_put(cache, &pkt, now);
    }

    ok(cache->nblocks <= NGX_RTC_CACHE_BLOCKS, "a burst: memory is bounded");

    ngx_rtc_cache_empty(cache);
    is(ngx_rtc_cache_get(cache, pkt.seq, &got), NGX_DECLINED, "emptied");

    /* a slow stream: memory is written again before its slots are */

    bad = 0;

    for (i = 0; i < 200; i++) {
        pkt.seq++;
        pkt.size = 1000;
        memset(payload, i, pkt.size);
        now += 100000;
        ngx_rtc_cache_put(cache, &pkt, now);

        for (seq = pkt.seq - ngx_min(i, 99); seq <= pkt.seq; seq++) {
            if (ngx_rtc_cache_get(cache, seq, &got) == NGX_OK
                && got.payload[500] != (u_char) (i - (pkt.seq - seq)))
            {
                bad++;
            }
        }
    }

    is(bad, 0, "what was written over isn't found");
    ok(cache->nblocks <= 3, "and little memory serves");

    ngx_rtc_cache_empty(cache);

    test_alloc_fail = 0;
    is(ngx_rtc_cache_put(cache, &pkt, now), NGX_ERROR, "no memory");
    test_alloc_fail = -1;
    is(ngx_rtc_cache_put(cache, &pkt, now), NGX_OK, "memory again");

    ngx_rtc_cache_destroy(cache);
}


static void
test_keyframe(void)
{
    ngx_uint_t                i, n;
    ngx_rtc_keyframe_t        kf;
    ngx_rtc_keyframe_limit_t  limit;

    ngx_rtc_keyframe_init(&kf);

    is(ngx_rtc_keyframe_due(&kf, 1000), NGX_DECLINED, "nobody asked");
    ngx_rtc_keyframe_want(&kf, 1000000);
    is(ngx_rtc_keyframe_due(&kf, 1000000), NGX_OK, "the first at once");
    ngx_rtc_keyframe_want(&kf, 1100000);
    is(kf.next, 1000000 + NGX_RTC_KEYFRAME_RETRY, "one outstanding");
    ngx_rtc_keyframe_arrived(&kf);
    is(kf.next, NGX_RTC_NEVER, "it came");
    ngx_rtc_keyframe_want(&kf, 1200000);
    is(kf.next, 1000000 + NGX_RTC_KEYFRAME_INTERVAL,
       "the next not before the interval has passed");

    for (n = 0; kf.next != NGX_RTC_NEVER; /* void */ ) {
        n += (ngx_rtc_keyframe_due(&kf, kf.next) == NGX_OK);
    }

    is(n, NGX_RTC_KEYFRAME_TRIES, "given up at last");

    memset(&limit, 0, sizeof(limit));

    for (i = 0, n = 0; i < 1000; i++) {
        n += (ngx_rtc_keyframe_limit(&limit, 5000000 + i * 10000) == NGX_OK);
    }

    is(n, NGX_RTC_KEYFRAME_BURST + 4, "a burst, then one in two seconds");
}


static void
test_keyframes(void)
{
    sim_end_t               *viewers[100];
    ngx_uint_t               i, j;
    ngx_rtc_send_params_t    p;
    ngx_rtc_subscription_t  *subs[100];

    start(1, 900);

    sim_pub_frame(pub, 1, 1);
    sim_now += 2000000;
    sim_timers(ends, 2);
    ends[0]->plis = 0;

    for (i = 0; i < 100; i++) {
        viewers[i] = sim_end_create();
        sim_send_params(&p, viewers[i], NGX_RTC_KIND_VIDEO, "1");
        subs[i] = ngx_rtc_subscription_create(viewers[i]->ep, track, &p,
                                              NULL, NULL, sim_now);
        ngx_rtc_subscription_pause(subs[i], 0, sim_now);

        sim_now += 1000;
        sim_timers(ends, 2);
    }

    is(ends[0]->plis, 1, "100 joiners cause one request");

    for (i = 0; i < 2000; i++) {
        sim_now += 1000;
        sim_timers(ends, 2);
    }

    ok(ends[0]->plis >= 2 && ends[0]->plis <= 3,
       "repeated each second until the keyframe comes");

    sim_pub_frame(pub, 1, 1);

    for (i = 0, j = 0; i < 100; i++) {
        j += (subs[i]->packets == 1);
    }

    is(j, 100, "all have got it");

    ends[0]->plis = 0;

    for (i = 0; i < 3000; i++) {
        sim_now += 1000;
        sim_timers(ends, 2);
    }

    is(ends[0]->plis, 0, "no more requests then");

    /* a viewer that asks all the time, and the publisher obeys */

    for (i = 0; i < 60000; i++) {
        sim_now += 1000;
        sim_timers(ends, 2);

        if (i % 50 == 0) {
            sim_pli(viewers[0], subs[0]->params.ssrc);
        }

        if (i % 100 == 0) {
            sim_pub_frame(pub, 1, 1);
        }
    }

    ok(ends[0]->plis >= 10 && ends[0]->plis <= 36,
       "one viewer's wishes are limited");

    for (i = 0; i < 100; i++) {
        ngx_rtc_subscription_close(subs[i], sim_now);
        sim_end_free(viewers[i]);
    }

    stop();
}


int
main(void)
{
    test_nack();
    test_publisher_loss(1, 10);
    test_publisher_loss(0, 10);
    test_publisher_loss(1, 25);
    test_storm();
    test_subscriber(1);
    test_subscriber(0);
    test_cache();
    test_keyframe();
    test_keyframes();

    return test_done();
}
