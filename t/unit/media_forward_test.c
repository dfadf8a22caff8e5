
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Forwarding: what a subscriber sees of a source, and that it never sees a
 * jump of sequence numbers or timestamps.
 */


#include "media_sim.h"
#include "ngx_rtc_transport.h"


/* of Ethernet's 1500: without IPv4, UDP and the shorter of SRTP's tags */
#define LARGEST  (1500 - 28 - 10)


typedef struct {
    sim_end_t               *a;        /* publishers */
    sim_end_t               *b;        /* a subscriber */
    ngx_rtc_track_t         *video;
    ngx_rtc_track_t         *audio;
    ngx_rtc_subscription_t  *vsub;
    ngx_rtc_subscription_t  *asub;
    ngx_rtc_send_params_t    vparams;
    ngx_rtc_send_params_t    aparams;
    sim_pub_t               *vpub;
    sim_pub_t               *apub;
} call_t;


static void
call_start(call_t *c, uint16_t seq)
{
    ngx_rtc_recv_params_t  rp;

    memset(c, 0, sizeof(call_t));

    c->a = sim_end_create();
    c->b = sim_end_create();

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "v", 1000, 1001);
    c->video = ngx_rtc_track_create(c->a->ep, &rp, &sim_track_handler, c->a,
                                    sim_now);

    sim_recv_params(&rp, NGX_RTC_KIND_AUDIO, "a", 2000, 0);
    c->audio = ngx_rtc_track_create(c->a->ep, &rp, NULL, NULL, sim_now);

    sim_send_params(&c->vparams, c->b, NGX_RTC_KIND_VIDEO, "v7");
    c->vsub = ngx_rtc_subscription_create(c->b->ep, c->video, &c->vparams,
                                          &sim_sub_handler, c->b, sim_now);

    sim_send_params(&c->aparams, c->b, NGX_RTC_KIND_AUDIO, "a7");
    c->asub = ngx_rtc_subscription_create(c->b->ep, c->audio, &c->aparams,
                                          NULL, NULL, sim_now);

    c->vpub = sim_pub_create(c->a, 1, 1000, 1001, seq);
    c->apub = sim_pub_create(c->a, 0, 2000, 0, seq);

    ngx_rtc_subscription_pause(c->vsub, 0, sim_now);
    ngx_rtc_subscription_pause(c->asub, 0, sim_now);
}


static void
call_end(call_t *c)
{
    ngx_rtc_subscription_close(c->vsub, sim_now);
    ngx_rtc_subscription_close(c->asub, sim_now);

    if (c->video) {
        ngx_rtc_track_close(c->video, sim_now);
    }

    ngx_rtc_track_close(c->audio, sim_now);

    sim_end_free(c->a);
    sim_end_free(c->b);

    free(c->vpub);
    free(c->apub);
}


static void
test_header(void)
{
    call_t                  c;
    size_t                  len;
    u_char                 *p;
    ngx_str_t               mid;
    uint16_t                twcc, first;
    uint32_t                ast;
    ngx_uint_t              level, voice;
    ngx_rtc_rtp_t           rtp;
    ngx_rtc_track_stats_t   ts;

    call_start(&c, 65000);

    sim_pub_frame(c.vpub, 1, 2);

    need(sim_next_rtp(c.b, &rtp) != NULL, "a keyframe is forwarded");

    is(rtp.pt, 120, "payload type of the subscriber");
    is(rtp.ssrc, c.vparams.ssrc, "own SSRC");
    is(rtp.marker, 0, "no marker");
    ok(rtp.seq > 1 && rtp.seq < 32768, "starts below 2^15 and not at 0");
    ok(ngx_rtc_rtp_ext_text(&rtp, 9, &mid) == NGX_OK && mid.len == 2
       && memcmp(mid.data, "v7", 2) == 0, "mid of the subscriber's m-line");
    is(ngx_rtc_rtp_ext_twcc(&rtp, 5, &twcc), NGX_OK, "transport-wide number");
    is(ngx_rtc_rtp_ext_abs_send_time(&rtp, 6, &ast), NGX_OK,
       "abs-send-time");
    is(ast, ngx_rtc_abs_send_time(sim_now), "it is that of now");

    first = rtp.seq;
    p = rtp.payload;
    ok(p[0] == 0x10 && rtp.payload_size == 20, "payload as it was");

    need(sim_next_rtp(c.b, &rtp) != NULL, "the second packet");
    is(rtp.seq, first + 1, "next sequence number");
    is(rtp.marker, 1, "marker is kept");

    sim_pub_frame(c.apub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "audio is forwarded");
    is(rtp.pt, 109, "payload type of audio");
    is(ngx_rtc_rtp_ext_audio_level(&rtp, 8, &level, &voice), NGX_OK,
       "audio level by the subscriber's id");
    is(level, 30, "its value");
    ok(ngx_rtc_rtp_ext(&rtp, 1, &len) == NULL, "not by the publisher's");
    is(ngx_rtc_rtp_ext_twcc(&rtp, 5, &twcc), NGX_OK, "number of audio");

    is(c.a->active, 1, "the track was announced once");
    is(c.a->codec, NGX_RTC_CODEC_VP8, "with its codec");

    ngx_rtc_track_stats(c.video, &ts, sim_now);
    is(ts.width, 640, "width");
    is(ts.height, 480, "height");
    is(ts.keyframes, 1, "keyframes");
    is(ts.frames, 1, "frames");

    call_end(&c);
}


static void
test_wrap(void)
{
    int64_t         last;
    call_t          c;
    uint16_t        twcc, expected;
    ngx_uint_t      i, bad, badts, badtwcc, n;
    uint32_t        ts;
    ngx_rtc_rtp_t   rtp;

    call_start(&c, 65500);

    sim_pub_frame(c.vpub, 1, 2);

    n = 0;
    bad = 0;
    badts = 0;
    badtwcc = 0;
    last = -1;
    ts = 0;
    expected = 0;

    /* more than the whole range of sequence numbers */

    for (i = 0; i < 35000; i++) {
        sim_now += 33000;
        sim_pub_frame(c.vpub, 0, 2);

        while (sim_next_rtp(c.b, &rtp)) {

            if (last >= 0 && (uint16_t) (last + 1) != rtp.seq) {
                bad++;
            }

            if (last >= 0 && ngx_rtc_ts_diff(rtp.timestamp, ts) < 0) {
                badts++;
            }

            ngx_rtc_rtp_ext_twcc(&rtp, 5, &twcc);

            if (n && twcc != expected) {
                badtwcc++;
            }

            expected = twcc + 1;
            last = rtp.seq;
            ts = rtp.timestamp;
            n++;
        }
    }

    is(n, 70002, "everything was forwarded");
    is(bad, 0, "sequence numbers have no gap over wraps");
    is(badts, 0, "timestamps never go back");
    is(badtwcc, 0, "transport-wide numbers have no gap");

    call_end(&c);
}


static void
test_start(void)
{
    call_t          c;
    ngx_uint_t      n;
    ngx_rtc_rtp_t   rtp;

    call_start(&c, 100);

    sim_pub_frame(c.vpub, 0, 3);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "nothing before a keyframe");
    is(c.a->plis, 1, "it was asked for");

    /* the keyframe's first packet is overtaken by the second */

    sim_now += 33000;
    c.vpub->timestamp += 3000;
    sim_pub_packet(c.vpub, 1, 1, 0, 1);
    sim_pub_packet(c.vpub, 1, 0, 0, 0);
    sim_pub_packet(c.vpub, 1, 0, 1, 0);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "nor parts of one");

    sim_pub_again(c.vpub, (uint16_t) (c.vpub->seq - 3));

    for (n = 0; sim_next_rtp(c.b, &rtp); n++) { /* void */ }

    is(n, 3, "the overtaken keyframe is sent whole");
    is(sim_payload_seq(&rtp), (uint16_t) (c.vpub->seq - 1), "in its order");

    sim_pub_frame(c.vpub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "and what follows");

    /* old ones from before the keyframe don't burn a number */

    sim_skip(c.b);
    sim_pub_again(c.vpub, 101);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "duplicates are dropped");

    call_end(&c);
}


static void
test_switch(void)
{
    call_t                  c;
    uint16_t                seq;
    uint32_t                ts;
    sim_pub_t              *other;
    ngx_rtc_rtp_t           rtp;
    ngx_rtc_track_t        *track;
    ngx_rtc_recv_params_t   rp;

    call_start(&c, 300);

    sim_recv_params(&rp, NGX_RTC_KIND_VIDEO, "s", 5000, 5001);
    track = ngx_rtc_track_create(c.a->ep, &rp, NULL, NULL, sim_now);
    other = sim_pub_create(c.a, 1, 5000, 5001, 40000);

    sim_pub_frame(c.vpub, 1, 2);
    sim_now += 100000;
    sim_pub_frame(c.vpub, 0, 1);
    sim_skip(c.b);
    sim_pub_frame(other, 1, 1);

    seq = (uint16_t) c.vsub->rw.highest;
    ts = c.vsub->rw.last_ts;

    sim_now += 40000;
    c.a->plis = 0;
    ngx_rtc_subscription_track(c.vsub, track, sim_now);
    is(c.a->plis, 1, "a switch asks for a keyframe");

    sim_pub_frame(c.vpub, 0, 1);
    other->timestamp = 12345;
    sim_pub_packet(other, 0, 1, 1, 0);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "neither track before it");

    sim_pub_packet(other, 1, 1, 1, 0);
    need(sim_next_rtp(c.b, &rtp) != NULL, "the new track's keyframe");
    is(rtp.seq, (uint16_t) (seq + 1), "its number is the next");
    is(rtp.timestamp - ts, 40 * 90, "its timestamp is later by 40 ms");
    is(rtp.ssrc, c.vparams.ssrc, "the SSRC stays");

    /* a pause of an hour */

    seq = rtp.seq;
    ts = rtp.timestamp;

    ngx_rtc_subscription_pause(c.vsub, 1, sim_now);
    sim_now += 3600000000LL;
    other->timestamp += 3600 * 90000u;
    other->seq += 30000;
    sim_pub_packet(other, 0, 1, 1, 0);
    ngx_rtc_subscription_pause(c.vsub, 0, sim_now);
    sim_pub_packet(other, 1, 1, 1, 0);
    sim_pub_packet(other, 1, 1, 1, 0);

    need(sim_next_rtp(c.b, &rtp) != NULL, "a keyframe after the pause");
    is(rtp.seq, (uint16_t) (seq + 1), "its number is the next");
    is(rtp.timestamp - ts, 3600 * 90000u, "the timestamp went on by an hour");

    /* a moderator mutes and unmutes */

    sim_skip(c.b);
    seq = (uint16_t) c.vsub->rw.highest;

    ngx_rtc_track_mute(track, 1);
    sim_pub_packet(other, 1, 1, 1, 0);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "a muted track is silent");

    ngx_rtc_track_mute(track, 0);
    sim_now += 1000000;
    c.a->plis = 0;
    sim_pub_packet(other, 0, 1, 1, 0);
    is(c.a->plis, 1, "unmuting needs a keyframe");
    sim_pub_packet(other, 1, 1, 1, 0);
    need(sim_next_rtp(c.b, &rtp) != NULL, "a keyframe after muting");
    is(rtp.seq, (uint16_t) (seq + 1), "its number is the next");

    /* no track at all, and back */

    ngx_rtc_subscription_track(c.vsub, NULL, sim_now);
    sim_pub_packet(other, 1, 1, 1, 0);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "no track, no packets");

    ngx_rtc_subscription_track(c.vsub, track, sim_now);
    sim_pub_packet(other, 1, 1, 1, 0);
    need(sim_next_rtp(c.b, &rtp) != NULL, "the track again");
    is(rtp.seq, (uint16_t) (seq + 2), "its number is the next");

    ngx_rtc_track_close(track, sim_now);
    sim_pub_packet(other, 1, 1, 1, 0);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "a closed track, no packets");

    free(other);
    call_end(&c);
}


static void
test_padding(void)
{
    call_t          c;
    uint16_t        seq, held;
    ngx_uint_t      i, bad;
    ngx_rtc_rtp_t   rtp;

    call_start(&c, 65530);

    sim_pub_padding(c.vpub, 0);
    is(c.a->active, 0, "padding doesn't announce a track");

    sim_pub_frame(c.vpub, 1, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "a keyframe");
    seq = rtp.seq;

    for (i = 0; i < 300; i++) {
        sim_pub_padding(c.vpub, 0);
    }

    ok(sim_next_rtp(c.b, &rtp) == NULL, "padding isn't forwarded");

    sim_pub_frame(c.vpub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "a frame after padding");
    is(rtp.seq, (uint16_t) (seq + 1), "leaves no gap");

    /* media, lost media, padding, media; then the lost one */

    sim_pub_packet(c.vpub, 0, 1, 0, 1);
    held = (uint16_t) (c.vpub->seq - 1);
    sim_pub_padding(c.vpub, 0);
    sim_pub_packet(c.vpub, 0, 0, 1, 0);
    need(sim_next_rtp(c.b, &rtp) != NULL, "a packet behind a loss");
    is(rtp.seq, (uint16_t) (seq + 3), "its number leaves room for the loss");
    sim_pub_again(c.vpub, held);
    need(sim_next_rtp(c.b, &rtp) != NULL, "the late one");
    is(rtp.seq, (uint16_t) (seq + 2), "takes its place");

    /* padding that was overtaken: a number is given to it already */

    sim_pub_padding(c.vpub, 1);
    held = (uint16_t) (c.vpub->seq - 1);
    sim_pub_packet(c.vpub, 0, 1, 1, 0);
    sim_skip(c.b);
    sim_pub_again(c.vpub, held);
    need(sim_next_rtp(c.b, &rtp) != NULL, "late padding fills its place");
    is(rtp.payload_size, 0, "as padding");
    is(rtp.seq, (uint16_t) (seq + 4), "its number");

    /* random mix: the subscriber's numbers are without a gap */

    sim_skip(c.b);
    seq = (uint16_t) c.vsub->rw.highest;
    bad = 0;

    for (i = 0; i < 5000; i++) {

        if (sim_random() % 3) {
            sim_pub_packet(c.vpub, 0, 1, 1, 0);
            seq++;

            if (sim_next_rtp(c.b, &rtp) == NULL || rtp.seq != seq) {
                bad++;
            }

        } else {
            sim_pub_padding(c.vpub, 0);
        }
    }

    is(bad, 0, "media among padding has no gaps");

    call_end(&c);
}


static void
test_payloads(void)
{
    call_t                         c;
    u_char                        *p;
    uint16_t                       seq;
    uint64_t                       bad;
    ngx_rtc_rtp_t                  rtp;
    ngx_rtc_recv_params_t          rp;
    ngx_rtc_subscription_stats_t   st;

    call_start(&c, 300);

    sim_pub_frame(c.apub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "audio");
    seq = rtp.seq;

    bad = sim_counters[ngx_rtc_cnt_rtp_bad];
    c.apub->pt = 77;
    sim_pub_frame(c.apub, 0, 1);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "unknown payload type is dropped");
    is(sim_counters[ngx_rtc_cnt_rtp_bad], bad + 1, "and counted");

    c.apub->pt = SIM_OPUS;
    sim_pub_frame(c.apub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "audio goes on");
    is(rtp.seq, (uint16_t) (seq + 1), "without a gap");

    /* RED is negotiated, but nobody unwraps it */

    sim_recv_params(&rp, NGX_RTC_KIND_AUDIO, "a", 2000, 0);
    rp.npayloads = 3;
    rp.payloads[1] = rp.payloads[0];
    rp.payloads[1].pt = 63;
    rp.payloads[1].codec = NGX_RTC_CODEC_RED;
    rp.payloads[2] = rp.payloads[0];
    rp.payloads[2].pt = 8;
    rp.payloads[2].codec = NGX_RTC_CODEC_PCMA;
    rp.payloads[2].clock = 8000;
    is(ngx_rtc_track_update(c.audio, &rp, sim_now), NGX_OK, "update");

    c.apub->pt = 63;
    sim_pub_frame(c.apub, 0, 1);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "RED isn't forwarded");

    c.apub->pt = 8;
    sim_pub_frame(c.apub, 0, 1);
    ok(sim_next_rtp(c.b, &rtp) == NULL, "nor what the subscriber lacks");
    ngx_rtc_subscription_stats(c.asub, &st, sim_now);
    is(st.dropped, 1, "that is counted");

    c.apub->pt = SIM_OPUS;
    sim_pub_frame(c.apub, 0, 1);
    need(sim_next_rtp(c.b, &rtp) != NULL, "audio goes on");
    is(rtp.seq, (uint16_t) (seq + 2), "without a gap");

    rp.npayloads = NGX_RTC_MAX_PAYLOADS + 1;
    is(ngx_rtc_track_update(c.audio, &rp, sim_now), NGX_DECLINED,
       "too many payload types");

    /* padding of a packet and its CSRCs don't go on */

    p = c.apub->history[1];
    p[0] = 0xa2;
    p[1] = SIM_OPUS;
    ngx_rtc_put_16(p + 2, c.apub->seq++);
    ngx_rtc_put_32(p + 4, c.apub->timestamp + 960);
    ngx_rtc_put_32(p + 8, 2000);
    memset(p + 12, 9, 8);
    memcpy(p + 20, "opus\0\0\0\4", 8);
    sim_deliver(c.a, p, 28);
    need(sim_next_rtp(c.b, &rtp) != NULL, "a packet with CSRCs and padding");
    is(rtp.csrc_count, 0, "CSRCs are dropped");
    is(rtp.padding, 0, "padding is stripped");
    is_mem(rtp.payload, rtp.payload_size, "opus", 4, "payload is kept");

    call_end(&c);
}


static void
test_two_byte(void)
{
    call_t                   c;
    size_t                   len;
    u_char                  *p, buf[300], dd[40];
    ngx_rtc_rtp_t            rtp;
    ngx_rtc_rtp_exts_t       exts;
    ngx_rtc_send_params_t    sp;

    call_start(&c, 300);

    sp = c.vparams;
    sp.ext.id[NGX_RTC_EXT_VIDEO_ORIENTATION] = 20;
    sp.ext.id[NGX_RTC_EXT_DD] = 13;
    is(ngx_rtc_subscription_update(c.vsub, &sp, sim_now), NGX_OK, "update");

    len = 0;
    memset(dd, 0x55, sizeof(dd));

    p = ngx_rtc_rtp_write_header(buf, buf + 300, 1, SIM_VP8, c.vpub->seq++,
                                 1, 1000);
    ngx_rtc_rtp_exts_init(&exts);
    ngx_rtc_rtp_exts_add_value(&exts, 7, 3, 1);
    ngx_rtc_rtp_exts_add(&exts, 12, dd, sizeof(dd));
    ngx_rtc_rtp_exts_add(&exts, 10, (u_char *) "hi", 2);
    p = ngx_rtc_rtp_exts_write(&exts, buf, p, buf + 300);
    p = ngx_cpymem(p, "\x10\x50\x01\x00\x9d\x01\x2a\x80\x02\xe0\x01xyz", 14);

    sim_deliver(c.a, buf, p - buf);

    need(sim_next_rtp(c.b, &rtp) != NULL, "a packet with two-byte elements");
    is(rtp.ext_profile, NGX_RTC_RTP_TWO_BYTE, "goes on with such");

    p = ngx_rtc_rtp_ext(&rtp, 20, &len);
    ok(p && len == 1 && *p == 3, "orientation by an id above 14");

    p = ngx_rtc_rtp_ext(&rtp, 13, &len);
    need(p != NULL, "a long dependency descriptor");
    is_mem(p, len, dd, sizeof(dd), "its value");
    ok(ngx_rtc_rtp_ext(&rtp, 10, &len) == NULL, "rid is never forwarded");

    call_end(&c);
}


/* what a publisher can send whole finds its place in the transport, too */

static void
test_largest(void)
{
    call_t                   c;
    u_char                   buf[LARGEST];
    uint16_t                 seq;
    ngx_rtc_rtp_t            rtp;
    ngx_rtc_send_params_t    sp;

    call_start(&c, 300);

    sp = c.vparams;
    strcpy((char *) sp.mid, "0123456789abcdef");
    sp.ext.id[NGX_RTC_EXT_VIDEO_ORIENTATION] = 20;
    is(ngx_rtc_subscription_update(c.vsub, &sp, sim_now), NGX_OK, "update");

    memset(buf, 0x55, LARGEST);
    (void) ngx_rtc_rtp_write_header(buf, buf + LARGEST, 1, SIM_VP8,
                                    c.vpub->seq++, 1, 1000);
    memcpy(buf + 12, "\x10\x50\x01\x00\x9d\x01\x2a\x80\x02\xe0\x01", 11);

    sim_deliver(c.a, buf, LARGEST);

    need(sim_next_rtp(c.b, &rtp) != NULL, "the largest packet");
    is(rtp.payload_size, LARGEST - 12, "it is whole");
    ok(c.b->reserved <= NGX_RTC_RTP_MAX, "it fits into the transport's place");

    seq = rtp.seq;
    sim_nack(c.b, c.vparams.ssrc, &seq, 1);

    need(sim_next_rtp(c.b, &rtp) != NULL, "its retransmission");
    is(rtp.payload_size, LARGEST - 12 + 2, "with two bytes more");
    ok(c.b->reserved <= NGX_RTC_RTP_MAX, "fits, too");

    call_end(&c);
}


int
main(void)
{
    test_header();
    test_wrap();
    test_start();
    test_switch();
    test_padding();
    test_payloads();
    test_two_byte();
    test_largest();

    return test_done();
}
