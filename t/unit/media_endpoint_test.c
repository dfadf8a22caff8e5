
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Whose packet is it: discovery by SSRC, MID, RID and payload type, floods of
 * SSRCs, and lives that end while others go on.
 */


#include "media_sim.h"


static sim_end_t  *end, *viewer;


static void
test_ssrcs(void)
{
    uint32_t         i, n, bad, keys[300];
    ngx_rtc_ssrcs_t  t;

    ngx_rtc_ssrcs_init(&t, 200);

    ok(ngx_rtc_ssrcs_find(&t, 0) == NULL, "an empty table");

    bad = 0;
    n = 0;

    for (i = 0; i < 300; i++) {
        keys[i] = (sim_random() << 16) ^ sim_random();

        if (ngx_rtc_ssrcs_add(&t, keys[i], &keys[i], i & 1, &test_log)
            == NGX_OK)
        {
            n++;
        }
    }

    is(n, 200, "as many as it may hold");
    is(ngx_rtc_ssrcs_add(&t, keys[5], &keys[0], 0, &test_log), NGX_DECLINED,
       "full");

    for (i = 0; i < 200; i += 3) {
        ngx_rtc_ssrcs_delete(&t, keys[i], &keys[i]);
    }

    ngx_rtc_ssrcs_delete(&t, keys[1], &keys[2]);
    is(ngx_rtc_ssrcs_add(&t, keys[1], &keys[0], 0, &test_log), NGX_DECLINED,
       "there already");

    for (i = 0; i < 200; i++) {
        if (i % 3 == 0) {
            bad += (ngx_rtc_ssrcs_find(&t, keys[i]) != NULL);

        } else {
            bad += (ngx_rtc_ssrcs_find(&t, keys[i]) == NULL
                    || ngx_rtc_ssrcs_find(&t, keys[i])->data != &keys[i]
                    || ngx_rtc_ssrcs_find(&t, keys[i])->rtx != (i & 1));
        }
    }

    is(bad, 0, "found after deletions");

    ngx_rtc_ssrcs_free(&t);
}


static ngx_rtc_subscription_t *
subscribe(ngx_rtc_track_t *track, ngx_uint_t kind, const char *mid,
    ngx_rtc_send_params_t *sp)
{
    ngx_rtc_subscription_t  *sub;

    sim_send_params(sp, viewer, kind, mid);
    sub = ngx_rtc_subscription_create(viewer->ep, track, sp, NULL, NULL,
                                      sim_now);
    ngx_rtc_subscription_pause(sub, 0, sim_now);

    return sub;
}


/* the id of MID in one m-line is that of another element in the next */

static void
test_mid(void)
{
    sim_pub_t               *v, *a, *s;
    ngx_rtc_rtp_t            rtp;
    ngx_rtc_track_t         *video, *audio, *screen;
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    vp, ap, sp;
    ngx_rtc_subscription_t  *vsub, *asub, *ssub;

    end = sim_end_create();
    viewer = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "0", 0, 0);
    video = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    sim_recv_params(&rp, NGX_RTC_KIND_AUDIO, "1", 0, 0);
    rp.ext.id[NGX_RTC_EXT_MID] = 6;
    rp.ext.id[NGX_RTC_EXT_AUDIO_LEVEL] = 4;
    audio = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "scr", 0, 0);
    screen = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    vsub = subscribe(video, NGX_RTC_KIND_VIDEO, "a", &vp);
    asub = subscribe(audio, NGX_RTC_KIND_AUDIO, "b", &ap);
    ssub = subscribe(screen, NGX_RTC_KIND_VIDEO, "c", &sp);

    v = sim_pub_create(end, 1, 100, 101, 5);
    a = sim_pub_create(end, 0, 200, 0, 5);
    s = sim_pub_create(end, 1, 300, 301, 5);

    v->mid = "0";
    sim_pub_frame(v, 1, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "found by MID");
    is(rtp.ssrc, vp.ssrc, "the video");

    a->mid = "1";
    a->mid_id = 6;
    sim_pub_frame(a, 0, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "another id in its m-line");
    is(rtp.ssrc, ap.ssrc, "the audio");

    s->mid = "scr";
    sim_pub_frame(s, 1, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "MID of three letters");
    is(rtp.ssrc, sp.ssrc, "the screen");

    v->mid = NULL;
    sim_pub_frame(v, 0, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "known by SSRC from then on");
    is(rtp.ssrc, vp.ssrc, "the video");

    /* a retransmission is found too, by MID and payload type */

    v->mid = "0";
    v->lose = 1;
    sim_pub_frame(v, 0, 1);
    sim_pub_frame(v, 0, 1);
    sim_skip(viewer);
    sim_pub_rtx(v, (uint16_t) (v->seq - 2));
    need(sim_next_rtp(viewer, &rtp) != NULL, "RTX of an unknown SSRC");
    is(sim_payload_seq(&rtp), (uint16_t) (v->seq - 2), "the lost packet");

    /* an SSRC takes a living one's place by no means */

    v->ssrc = 111;
    sim_pub_frame(v, 0, 1);
    ok(sim_next_rtp(viewer, &rtp) == NULL, "a second SSRC with the MID");

    sim_now += 1500000;
    sim_pub_frame(v, 1, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "when the first was silent");
    is(rtp.ssrc, vp.ssrc, "under the same SSRC of ours");
    is(end->forgotten, 2, "the transport may forget the old one and its RTX");

    v->ssrc = 112;
    v->mid = "nobody";
    sim_pub_frame(v, 1, 1);
    ok(sim_next_rtp(viewer, &rtp) == NULL, "an unknown MID");

    v->mid = NULL;
    v->ssrc = 113;
    sim_pub_frame(v, 1, 1);
    ok(sim_next_rtp(viewer, &rtp) == NULL, "VP8 could be two tracks'");

    a->ssrc = 201;
    a->mid = NULL;
    sim_now += 1500000;
    sim_pub_frame(a, 0, 1);
    need(sim_next_rtp(viewer, &rtp) != NULL, "Opus only one's");
    is(rtp.ssrc, ap.ssrc, "the audio, by payload type");

    ngx_rtc_subscription_close(vsub, sim_now);
    ngx_rtc_subscription_close(asub, sim_now);
    ngx_rtc_subscription_close(ssub, sim_now);
    ngx_rtc_track_close(video, sim_now);
    ngx_rtc_track_close(audio, sim_now);
    ngx_rtc_track_close(screen, sim_now);
    sim_end_free(end);
    sim_end_free(viewer);
    free(v);
    free(a);
    free(s);
}


static size_t
rid_packet(u_char *buf, uint32_t ssrc, ngx_uint_t pt, uint16_t seq,
    const char *rid, const char *rrid, ngx_uint_t osn)
{
    u_char              *p;
    ngx_rtc_rtp_exts_t   exts;

    p = ngx_rtc_rtp_write_header(buf, buf + 200, 1, pt, seq, 1000, ssrc);

    ngx_rtc_rtp_exts_init(&exts);
    ngx_rtc_rtp_exts_add(&exts, 4, (u_char *) "v", 1);

    if (rid) {
        ngx_rtc_rtp_exts_add(&exts, 10, (u_char *) rid, strlen(rid));
    }

    if (rrid) {
        ngx_rtc_rtp_exts_add(&exts, 11, (u_char *) rrid, strlen(rrid));
    }

    p = ngx_rtc_rtp_exts_write(&exts, buf, p, buf + 200);

    if (pt == SIM_VP8_RTX) {
        p = ngx_rtc_put_16(p, (uint16_t) osn);
    }

    return ngx_cpymem(p, "\x10\x50\x01\x00\x9d\x01\x2a\x80\x02\xe0\x01xyz",
                      14)
           - buf;
}


static void
test_rid(void)
{
    u_char                   buf[200];
    ngx_rtc_track_t         *track;
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    sp;
    ngx_rtc_subscription_t  *sub;

    end = sim_end_create();
    viewer = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 0, 0);
    rp.nrid = 3;
    strcpy((char *) rp.rid[0], "hi");
    strcpy((char *) rp.rid[1], "lo");
    strcpy((char *) rp.rid[2], "mid");
    track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    sim_deliver(end, buf, rid_packet(buf, 10, SIM_VP8, 1, "lo", NULL, 0));
    sim_deliver(end, buf, rid_packet(buf, 11, SIM_VP8, 1, "hi", NULL, 0));
    sim_deliver(end, buf, rid_packet(buf, 12, SIM_VP8, 1, "no", NULL, 0));
    sim_deliver(end, buf, rid_packet(buf, 13, SIM_VP8, 1, NULL, NULL, 0));

    is(track->streams[0].media.ssrc, 11, "rid hi");
    is(track->streams[1].media.ssrc, 10, "rid lo");
    is(track->streams[2].media.ssrc, 0, "unknown and absent rids: nothing");

    sim_deliver(end, buf, rid_packet(buf, 21, SIM_VP8_RTX, 1, NULL, "lo", 0));
    is(track->streams[1].rtx.ssrc, 21, "rrid lo");
    is(track->streams[1].recovered, 1, "older than the base: taken too");

    sim_deliver(end, buf, rid_packet(buf, 22, SIM_VP8_RTX, 1, NULL, "mid",
                                     77));
    is(track->streams[2].rtx.ssrc, 22, "RTX before its base stream");
    sim_deliver(end, buf, rid_packet(buf, 14, SIM_VP8, 78, "mid", NULL, 0));
    is(track->streams[2].frames, 1, "is accepted");

    /* one of them is forwarded, another when that falls silent */

    sub = subscribe(track, NGX_RTC_KIND_VIDEO, "m", &sp);
    sim_deliver(end, buf, rid_packet(buf, 10, SIM_VP8, 2, "lo", NULL, 0));
    sim_deliver(end, buf, rid_packet(buf, 11, SIM_VP8, 2, "hi", NULL, 0));
    is(sub->packets, 1, "one stream is forwarded");
    sim_now += 1500000;
    sim_deliver(end, buf, rid_packet(buf, 11, SIM_VP8, 3, "hi", NULL, 0));
    is(sub->packets, 2, "another takes over");
    sim_deliver(end, buf, rid_packet(buf, 10, SIM_VP8, 3, "lo", NULL, 0));
    is(sub->packets, 2, "and keeps the place");
    ngx_rtc_subscription_close(sub, sim_now);
    sim_end_free(viewer);

    /* a sender that begins anew with other SSRCs, of both */

    sim_now += 1500000;
    sim_deliver(end, buf, rid_packet(buf, 30, SIM_VP8, 1, "lo", NULL, 0));
    is(track->streams[1].media.ssrc, 30, "a new SSRC in place of a silent one");
    sim_deliver(end, buf, rid_packet(buf, 31, SIM_VP8_RTX, 1, NULL, "lo", 0));
    is(track->streams[1].rtx.ssrc, 31, "and that of its retransmissions");
    is(end->forgotten, 2, "the old ones are forgotten");

    ngx_rtc_track_close(track, sim_now);
    is(end->forgotten, 7, "all SSRCs are forgotten with the track");
    is(end->ep->recv.n, 0, "and not in the table");
    sim_end_free(end);
}


static void
test_flood(void)
{
    ngx_uint_t              i, allocs;
    sim_pub_t              *pub;
    ngx_rtc_track_t        *track;
    ngx_rtc_recv_params_t   rp;

    end = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);
    pub = sim_pub_create(end, 1, 1000, 1001, 5);
    sim_pub_frame(pub, 1, 1);

    allocs = test_allocs;

    pub->mid = "v";

    for (i = 0; i < 20000; i++) {
        pub->ssrc = 5000 + i;
        sim_pub_packet(pub, 1, 1, 1, 0);
    }

    pub->mid = "x";

    for (i = 0; i < 20000; i++) {
        pub->ssrc = 50000 + i;
        sim_pub_packet(pub, 1, 1, 1, 0);
    }

    is(end->ep->recv.n, 2, "40000 SSRCs: two are known");
    is(test_allocs, allocs, "nothing was allocated for the others");
    is(end->forgotten, 40000 - NGX_RTC_MAX_UNKNOWN,
       "the transport was told to forget all but the last few");

    pub->ssrc = 1000;
    sim_pub_packet(pub, 0, 1, 1, 0);
    is(track->streams[0].packets, 2, "the track is unharmed");

    ngx_rtc_track_close(track, sim_now);
    sim_end_free(end);
    free(pub);
}


/* packets come before their m-line is negotiated */

static void
test_early(void)
{
    ngx_uint_t              i;
    sim_pub_t              *pub;
    ngx_rtc_track_t        *track, *twin;
    ngx_rtc_recv_params_t   rp;

    end = sim_end_create();
    pub = sim_pub_create(end, 1, 1000, 1001, 5);

    for (i = 0; i < 10; i++) {
        sim_pub_packet(pub, i == 0, 1, 1, 0);
    }

    is(end->forgotten, 0, "early packets: the SSRC isn't forgotten yet");

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);
    sim_pub_packet(pub, 0, 1, 1, 0);
    is(track->streams[0].packets, 1, "it is known now");

    /* another m-line with the same SSRC is no reason to fail */

    strcpy((char *) rp.mid, "w");
    twin = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);
    need(twin != NULL, "an SSRC of another track");
    sim_pub_packet(pub, 0, 1, 1, 0);
    is(track->streams[0].packets, 2, "stays with it");

    ngx_rtc_track_close(track, sim_now);

    pub->mid = "w";
    sim_pub_packet(pub, 0, 1, 1, 0);
    is(twin->streams[0].packets, 1, "and is found by MID afterwards");

    /* renegotiated with other SSRCs */

    rp.ssrc[0] = 3000;
    rp.rtx_ssrc[0] = 0;
    is(ngx_rtc_track_update(twin, &rp, sim_now), NGX_OK, "another SSRC");
    pub->ssrc = 3000;
    pub->mid = NULL;
    sim_pub_packet(pub, 0, 1, 1, 0);
    is(twin->streams[0].media.ssrc, 3000, "takes the place");

    ngx_rtc_track_close(twin, sim_now);
    sim_end_free(end);
    free(pub);
}


/* handlers may do what they like */

static ngx_rtc_track_t         *h_track;
static ngx_rtc_subscription_t  *h_subs[3];
static ngx_uint_t               h_calls;


static void
close_track(void *data, ngx_uint_t codec)
{
    h_calls++;
    ngx_rtc_track_close(h_track, sim_now);
}


static void
close_all(void *data)
{
    ngx_uint_t  i;

    h_calls++;

    for (i = 0; i < 3; i++) {
        ngx_rtc_subscription_close(h_subs[i], sim_now);
    }

    ngx_rtc_endpoint_destroy(viewer->ep);
    viewer->ep = NULL;
}


static void
test_handlers(void)
{
    u_char                                 buf[300], *p;
    ngx_uint_t                             i;
    sim_pub_t                             *pub;
    ngx_rtc_rtcp_report_t                  reports[3];
    ngx_rtc_recv_params_t                  rp;
    ngx_rtc_send_params_t                  sp[3];
    static const ngx_rtc_track_handler_t   th = { close_track };
    static const ngx_rtc_subscription_handler_t  sh = { close_all };

    end = sim_end_create();
    pub = sim_pub_create(end, 1, 1000, 1001, 5);

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    h_track = ngx_rtc_track_create(end->ep, &rp, &th, NULL, sim_now);
    sim_pub_frame(pub, 1, 2);
    is(h_calls, 1, "a track closed by its own handler");

    h_calls = 0;
    viewer = sim_end_create();
    h_track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);

    for (i = 0; i < 3; i++) {
        sim_send_params(&sp[i], viewer, NGX_RTC_KIND_VIDEO, "m");
        h_subs[i] = ngx_rtc_subscription_create(viewer->ep, h_track, &sp[i],
                                                &sh, NULL, sim_now);
        ngx_rtc_subscription_pause(h_subs[i], 0, sim_now);
    }

    sim_pub_frame(pub, 1, 2);

    memset(reports, 0, sizeof(reports));

    for (i = 0; i < 3; i++) {
        reports[i].ssrc = sp[i].ssrc;
        reports[i].highest_seq = (uint16_t) h_subs[i]->rw.begin;
    }

    p = ngx_rtc_rtcp_write_rr(buf, buf + 300, 1, reports, 3);
    sim_rtcp_in(viewer, buf, p - buf);
    is(h_calls, 1, "all is closed by the handler of the first report");

    free(viewer->out);
    free(viewer);

    ngx_rtc_track_close(h_track, sim_now);
    sim_end_free(end);
    free(pub);
}


/*
 * Publishers and viewers come, go, switch and ask at random; under the
 * address sanitizer nothing else need be checked, but that media flows.
 */

#define NTRACKS  4
#define NSUBS    24

static void
test_churn(void)
{
    u_char                   buf[100], *p;
    uint16_t                 seqs[2];
    ngx_uint_t               i, k, t;
    sim_end_t               *ends[NSUBS + 1], *pubs[NTRACKS];
    sim_pub_t               *pub[NTRACKS];
    ngx_rtc_track_t         *track[NTRACKS];
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    sp;
    ngx_rtc_rtcp_report_t    report;
    ngx_rtc_subscription_t  *sub[NSUBS];

    for (i = 0; i < NTRACKS; i++) {
        pubs[i] = sim_end_create();
        pub[i] = sim_pub_create(pubs[i], 1, 1000 + i * 10, 1001 + i * 10,
                                (uint16_t) (65000 + i));
        track[i] = NULL;
    }

    for (i = 0; i < NSUBS; i++) {
        ends[i] = sim_end_create();
        sub[i] = NULL;
    }

    for (i = 0; i < 60000; i++) {
        sim_now += 1000;

        k = sim_random() % NSUBS;
        t = sim_random() % NTRACKS;

        switch (sim_random() % 64) {

        case 0:
            if (track[t] && sim_random() % 8 == 0) {
                ngx_rtc_track_close(track[t], sim_now);
                track[t] = NULL;
            }

            break;

        case 1:
        case 2:
        case 3:
            if (track[t] == NULL) {
                sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", pub[t]->ssrc,
                                pub[t]->rtx_ssrc);
                track[t] = ngx_rtc_track_create(pubs[t]->ep, &rp, NULL, NULL,
                                                sim_now);
            }

            break;

        case 4:
        case 5:
            if (sub[k]) {
                ngx_rtc_subscription_close(sub[k], sim_now);
                sub[k] = NULL;
                break;
            }

            sim_send_params(&sp, ends[k], NGX_RTC_KIND_VIDEO, "s");
            sub[k] = ngx_rtc_subscription_create(ends[k]->ep, track[t], &sp,
                                                 NULL, NULL, sim_now);
            break;

        case 6:
        case 7:
        case 8:
            if (sub[k]) {
                ngx_rtc_subscription_track(sub[k], track[t], sim_now);
            }

            break;

        case 9:
        case 10:
        case 11:
            if (sub[k]) {
                ngx_rtc_subscription_pause(sub[k],
                                           sim_random() % 4 == 0, sim_now);
            }

            break;

        case 12:
            ngx_rtc_endpoint_connected(ends[k]->ep, sim_random() % 8 != 0,
                                       sim_now);
            break;

        case 13:
            if (sub[k]) {
                seqs[0] = (uint16_t) (sub[k]->rw.highest - sim_random() % 9);
                seqs[1] = (uint16_t) (seqs[0] + 1);
                sim_nack(ends[k], sub[k]->params.ssrc, seqs, 2);
                sim_pli(ends[k], sub[k]->params.ssrc);
            }

            break;

        case 14:
            if (track[t]) {
                ngx_rtc_track_mute(track[t], sim_random() % 4 == 0);
            }

            break;

        case 15:
            if (sub[k]) {
                memset(&report, 0, sizeof(report));
                report.ssrc = sub[k]->params.ssrc;
                report.highest_seq = (uint16_t) sub[k]->rw.highest;
                p = ngx_rtc_rtcp_write_rr(buf, buf + 100, 1, &report, 1);
                sim_rtcp_in(ends[k], buf, p - buf);
            }

            break;

        case 16:
            ends[k]->refuse = (sim_random() % 4 == 0);
            break;

        default:
            sim_pub_packet(pub[t], sim_random() % 10 == 0, 1, 1,
                           sim_random() % 10 == 0);
            break;
        }

        sim_timers(pubs, NTRACKS);
        sim_timers(ends, NSUBS);
    }

    for (i = 0, k = 0; i < NSUBS; i++) {
        k += ends[i]->nout;

        if (sub[i]) {
            ngx_rtc_subscription_close(sub[i], sim_now);
        }

        is(ends[i]->ep->send.n, 0, "no SSRC is left behind");

        sim_end_free(ends[i]);
    }

    for (i = 0; i < NTRACKS; i++) {
        if (track[i]) {
            ngx_rtc_track_close(track[i], sim_now);
        }

        sim_end_free(pubs[i]);
        free(pub[i]);
    }

    diag("%u packets", (unsigned) k);
    ok(k > 8000, "media flowed all the time");
}


/* without memory nothing is half made */

static void
test_memory(void)
{
    ngx_int_t                i;
    ngx_rtc_track_t         *track;
    ngx_rtc_recv_params_t    rp;
    ngx_rtc_send_params_t    sp;
    ngx_rtc_subscription_t  *sub;

    end = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);

    track = NULL;

    for (i = 0; track == NULL && i < 20; i++) {
        test_alloc_fail = i;
        track = ngx_rtc_track_create(end->ep, &rp, NULL, NULL, sim_now);
    }

    test_alloc_fail = -1;

    ok(track != NULL && i > 2, "a track, when there was memory at last");

    sim_send_params(&sp, end, NGX_RTC_KIND_VIDEO, "m");

    sub = NULL;

    for (i = 0; sub == NULL && i < 20; i++) {
        test_alloc_fail = i;
        sub = ngx_rtc_subscription_create(end->ep, track, &sp, NULL, NULL,
                                          sim_now);
    }

    test_alloc_fail = -1;

    ok(sub != NULL && i > 2, "a subscription, likewise");
    is(end->ep->send.n, 2, "its SSRCs");
    is(track->nsubs, 1, "is attached once");

    ngx_rtc_subscription_close(sub, sim_now);
    ngx_rtc_track_close(track, sim_now);
    sim_end_free(end);
}


int
main(void)
{
    test_ssrcs();
    test_mid();
    test_rid();
    test_flood();
    test_early();
    test_handlers();
    test_churn();
    test_memory();

    is(sim_counters[ngx_rtc_cnt_tracks], 0, "no track is left");
    is(sim_counters[ngx_rtc_cnt_subscriptions], 0, "no subscription is left");

    return test_done();
}
