
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Offers of real clients and our answers to them; our offers and what
 * answers make of them.  Whatever we write is parsed again.
 *
 * link: src/signal/ngx_rtc_codecs.c src/signal/ngx_rtc_answer.c
 * link: src/signal/ngx_rtc_offer.c
 */


#include "ngx_rtc_mline.h"
#include "test.h"


#define DATA  "t/unit/data/"


static u_char            arena_data[2][NGX_RTC_SDP_ARENA_SIZE];
static u_char            text[NGX_RTC_SDP_MAX_SIZE];

static uint8_t           all_codecs[] = {
    NGX_RTC_CODEC_OPUS, NGX_RTC_CODEC_RED, NGX_RTC_CODEC_VP8,
    NGX_RTC_CODEC_VP9, NGX_RTC_CODEC_H264, NGX_RTC_CODEC_AV1
};

static ngx_rtc_prefs_t   prefs = {
    all_codecs, sizeof(all_codecs), 0xffffffff, 0
};

static ngx_rtc_mline_t   lines[NGX_RTC_MAX_MLINES];
static ngx_rtc_mline_t  *mlines[NGX_RTC_MAX_MLINES];

static u_char           *file;         /* of the last answer_file() */


static ngx_uint_t
parse(ngx_uint_t n, u_char *p, size_t len, ngx_rtc_sdp_t *sdp)
{
    ngx_rtc_sdp_err_t    err;
    ngx_rtc_sdp_arena_t  arena;

    arena.pos = arena_data[n];
    arena.end = arena_data[n] + NGX_RTC_SDP_ARENA_SIZE;

    if (ngx_rtc_sdp_parse(&arena, p, p + len, sdp, &err) != NGX_OK) {
        diag("line %d: %s", (int) err.line, err.text);
        return 0;
    }

    return 1;
}


static void
describe(ngx_rtc_sdp_desc_t *desc, ngx_rtc_sdp_setup_e setup)
{
    static ngx_rtc_sdp_candidate_t  cand;

    memset(desc, 0, sizeof(*desc));
    memset(&cand, 0, sizeof(cand));

    ngx_str_set(&cand.foundation, "1");
    ngx_str_set(&cand.address, "127.0.0.1");
    cand.priority = 2130706431;
    cand.component = 1;
    cand.port = 3478;
    cand.type = NGX_RTC_SDP_CAND_HOST;

    desc->sess_id = 4711;
    desc->version = 2;
    desc->ice_lite = 1;
    desc->end_of_candidates = 1;
    desc->setup = setup;
    ngx_str_set(&desc->ufrag, "abcdefghijklmnop");
    ngx_str_set(&desc->pwd, "qrstuvwxyz234567abcdefgh");
    ngx_str_set(&desc->fingerprint_hash, "sha-256");
    ngx_str_set(&desc->fingerprint, "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:"
                "DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF");
    desc->candidates = &cand;
    desc->ncandidates = 1;
}


static ngx_uint_t
has(ngx_rtc_sdp_buf_t *buf, const char *line)
{
    static char  copy[NGX_RTC_SDP_MAX_SIZE + 1];

    memcpy(copy, buf->pos, buf->last - buf->pos);
    copy[buf->last - buf->pos] = '\0';

    return strstr(copy, line) != NULL;
}


/* offer → answer in buf and again in *sdp, which the lines must match */

static void
answer(const char *name, u_char *p, size_t len, ngx_rtc_sdp_t *offer,
    ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_t *sdp)
{
    ngx_uint_t            i, order;
    const char           *why;
    ngx_rtc_sdp_desc_t    desc;

    need(parse(0, p, len, offer), "%s is parsed", name);

    why = ngx_rtc_answer_check(offer, mlines, 0);
    ok(why == NULL, "%s can be answered%s%s", name, why ? ": " : "",
       why ? why : "");

    memset(lines, 0, sizeof(lines));

    for (i = 0; i < offer->nmedia; i++) {
        mlines[i] = &lines[i];
        (void) ngx_rtc_answer_mline(&lines[i], &offer->media[i], &prefs);
    }

    describe(&desc, NGX_RTC_SDP_SETUP_PASSIVE);

    buf->pos = text;
    buf->last = text;
    buf->end = text + sizeof(text);
    buf->overflow = 0;

    is(ngx_rtc_answer_write(buf, &desc, offer, mlines, offer->nmedia, &prefs),
       NGX_OK, "%s: answer is written", name);

    need(parse(1, buf->pos, buf->last - buf->pos, sdp),
         "%s: answer is parsed again", name);

    is(sdp->nmedia, offer->nmedia, "%s: as many m-lines", name);

    order = 1;

    for (i = 0; i < sdp->nmedia; i++) {
        if (sdp->media[i].kind != offer->media[i].kind
            || sdp->media[i].rejected != lines[i].rejected
            || sdp->media[i].mid.len != offer->media[i].mid.len
            || memcmp(sdp->media[i].mid.data, offer->media[i].mid.data,
                      sdp->media[i].mid.len)
               != 0)
        {
            order = 0;
        }
    }

    ok(order, "%s: order, kinds and mids are kept", name);
}


static void
answer_file(const char *name, ngx_rtc_sdp_t *offer, ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_t *sdp)
{
    char     path[256];
    size_t   len;

    free(file);

    snprintf(path, sizeof(path), DATA "%s", name);
    file = test_read_file(path, &len);

    answer(name, file, len, offer, buf, sdp);
}


static void
test_answers(void)
{
    u_char                 *p;
    size_t                  len;
    const char             *why;
    ngx_rtc_sdp_t           offer, sdp;
    ngx_rtc_sdp_buf_t       buf;
    ngx_rtc_recv_params_t   params;
    ngx_rtc_mline_remote_t  remote;

    answer_file("chromium156-offer-vp8-simulcast.sdp", &offer, &buf, &sdp);

    ok(!has(&buf, "a=simulcast") && !has(&buf, "a=rid"),
       "simulcast is not accepted: one encoding comes");
    ok(has(&buf, "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
       "its header extension is, else Chromium can't offer again");
    ok(has(&buf, "a=setup:passive"), "we are the DTLS server");
    ok(has(&buf, "a=ice-lite"), "and ICE-lite");
    ok(has(&buf, "a=recvonly"), "media is received");
    ok(has(&buf, "a=rtcp-fb:96 transport-cc"), "transport-cc is taken");
    ok(!has(&buf, "goog-remb"), "goog-remb is not, beside it");
    ok(has(&buf, "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid"),
       "extensions keep the offer's ids");
    is(lines[0].payloads[0].rtx_pt, 97, "RTX is taken");
    ok(lines[0].payloads[0].nack && lines[0].payloads[0].pli
       && lines[0].payloads[0].fir, "NACK, PLI and FIR too");

    ngx_rtc_answer_params(&lines[0], &offer.media[0], &params);
    is(params.nssrc, 0, "the SSRC is unknown yet");
    is(params.nrid, 1, "one RID");
    is_cstr((char *) params.rid[0], "q", "the first offered");

    is(ngx_rtc_mline_remote(&offer, &remote, &why), NGX_OK,
       "ICE and DTLS of the offer");
    is_str(remote.ufrag, "yR/c", "ufrag");
    is(remote.nfingerprints, 1, "fingerprint");

    answer_file("firefox153-offer.sdp", &offer, &buf, &sdp);

    is(lines[0].npayloads, 1, "Firefox: Opus alone of its audio codecs");
    is(lines[0].payloads[0].pt, 109, "with its payload type");
    is(lines[1].payloads[0].codec, NGX_RTC_CODEC_VP8, "VP8 first");
    is(lines[1].npayloads, 3, "VP9 and AV1 behind it");
    is(lines[1].payloads[1].rtx_pt, 125, "each with its RTX");
    ok(lines[2].rejected && sdp.media[2].rejected,
       "the data channel's m-line is refused");
    ok(has(&buf, "stereo=1;usedtx=1") == 0 && has(&buf, "useinbandfec=1"),
       "Opus parameters only as offered");
    ok(!has(&buf, "ulpfec") && !has(&buf, "red/"), "no FEC");
    ok(!has(&buf, "playout-delay"),
       "an extension that the client only receives is not answered");

    ngx_rtc_answer_params(&lines[1], &offer.media[1], &params);
    is(params.nssrc, 1, "Firefox: one SSRC");
    is(params.ssrc[0], 3702137834u, "the media's");
    is(params.rtx_ssrc[0], 341939780, "and its RTX");

    answer_file("gst1.22-simple-whip-offer.sdp", &offer, &buf, &sdp);

    ok(!lines[1].rejected, "bundle-only with port 0 is no rejection");
    is(lines[0].payloads[0].codec, NGX_RTC_CODEC_OPUS, "OPUS in capitals");
    is(lines[1].payloads[0].rtx_pt, 0, "no RTX was offered");

    ngx_rtc_answer_params(&lines[1], &offer.media[1], &params);
    is(params.ssrc[0], 2, "SSRC 2");

    answer_file("aiortc1.4-offer.sdp", &offer, &buf, &sdp);

    is(lines[0].payloads[1].profile, lines[0].formats.format[1],
       "profiles are formats");
    is(ngx_rtc_formats[lines[0].payloads[1].profile].profile,
       NGX_RTC_H264_CONSTRAINED_BASELINE,
       "of H.264's variants the one that is preferred");
    ok(lines[0].payloads[0].remb && !lines[0].payloads[0].twcc,
       "goog-remb where there is no transport-cc");
    is(lines[0].ext.id[NGX_RTC_EXT_ABS_SEND_TIME], 2,
       "extension ids are the m-line's own: video");
    is(lines[1].ext.id[NGX_RTC_EXT_AUDIO_LEVEL], 2, "audio");
    ok(has(&buf, "DTLS/SCTP"), "an old data channel keeps its protocol");

    answer_file("chromium156-offer-av1-svc.sdp", &offer, &buf, &sdp);
    answer_file("roamhq-wrtc0.10-offer-simulcast.sdp", &offer, &buf, &sdp);

    /* preferences */

    p = test_read_file(DATA "firefox153-offer.sdp", &len);

    prefs.decoded = ~ngx_rtc_format_mask(NGX_RTC_CODEC_VP8);
    answer("without VP8", p, len, &offer, &buf, &sdp);
    is(lines[1].payloads[0].codec, NGX_RTC_CODEC_VP9,
       "the first that all decode comes first");
    is(lines[1].payloads[1].codec, NGX_RTC_CODEC_VP8,
       "the others follow in our order");

    prefs.decoded = 0;
    answer("nothing in common", p, len, &offer, &buf, &sdp);
    is(lines[1].payloads[0].codec, NGX_RTC_CODEC_VP8,
       "where nobody decodes it all, our order holds");

    prefs.decoded = 0xffffffff;
    prefs.ncodecs = 1;
    answer("audio only", p, len, &offer, &buf, &sdp);
    ok(!lines[0].rejected && lines[1].rejected,
       "video is refused where no codec is allowed, audio stays");
    is(ngx_rtc_answer_mline(&lines[1], &offer.media[1], &prefs),
       NGX_DECLINED, "and that is told");
    prefs.ncodecs = sizeof(all_codecs);

    prefs.bitrate = 1500000;
    answer("limited", p, len, &offer, &buf, &sdp);
    ok(has(&buf, "b=AS:1500\r\n") && has(&buf, "b=TIAS:1500000\r\n"),
       "the bitrate limit is told");
    prefs.bitrate = 0;

    /* renegotiation */

    need(parse(0, p, len, &offer), "Firefox once more");
    (void) ngx_rtc_answer_mline(&lines[1], &offer.media[1], &prefs);

    ok(ngx_rtc_answer_check(&offer, mlines, 3) == NULL,
       "the same m-lines again");

    offer.nmedia = 2;
    ok(ngx_rtc_answer_check(&offer, mlines, 3) != NULL,
       "fewer m-lines than before");

    offer.nmedia = 3;
    ngx_str_set(&offer.media[1].mid, "9");
    ok(ngx_rtc_answer_check(&offer, mlines, 3) != NULL,
       "another mid on a live m-line");
    ngx_str_set(&offer.media[1].mid, "0");
    ok(ngx_rtc_answer_check(&offer, mlines, 3) != NULL, "a mid twice");
    ngx_str_set(&offer.media[1].mid, "1");
    ngx_str_set(&offer.media[2].mid, "9");
    ok(ngx_rtc_answer_check(&offer, mlines, 3) == NULL,
       "another mid on a rejected one");

    offer.media[1].rtcp_mux = 0;
    ok(ngx_rtc_answer_check(&offer, mlines, 3) != NULL, "no rtcp-mux");
    offer.media[1].rtcp_mux = 1;
    offer.media[1].bundled = 0;
    ok(ngx_rtc_answer_check(&offer, mlines, 3) != NULL, "no BUNDLE");
    offer.media[1].bundled = 1;

    offer.media[1].direction = NGX_RTC_SDP_INACTIVE;
    is(ngx_rtc_answer_mline(&lines[1], &offer.media[1], &prefs), NGX_OK,
       "an m-line goes inactive");
    ok(!lines[1].sending && !lines[1].rejected, "and stays");

    free(p);
    free(file);
}


static void
test_offers(void)
{
    u_char                  *p, *end;
    char                     copy[NGX_RTC_SDP_MAX_SIZE];
    uint32_t                 can, cannot;
    ngx_uint_t               i;
    ngx_rtc_sdp_t            sdp, ans;
    ngx_rtc_sdp_buf_t        buf;
    ngx_rtc_sdp_desc_t       desc;
    ngx_rtc_mline_remote_t   remote;
    ngx_rtc_send_params_t    params;
    ngx_rtc_sdp_payload_t    pl;
    const char              *why;

    /* audio, video with VP8 and H.264, an inactive and a rejected line */

    memset(lines, 0, sizeof(lines));

    for (i = 0; i < 4; i++) {
        mlines[i] = &lines[i];
        lines[i].mid[0] = '0' + i;
        lines[i].kind = NGX_RTC_KIND_VIDEO;
        lines[i].formats.n = 2;
        lines[i].formats.format[0] = 1;

        memset(&pl, 0, sizeof(pl));
        pl.codec = NGX_RTC_CODEC_H264;
        pl.clock_rate = 90000;
        pl.params.profile_level_id = 0x42e01f;
        pl.params.packetization_mode = 1;

        lines[i].formats.format[1] = ngx_rtc_format_find(&pl);
    }

    lines[0].kind = NGX_RTC_KIND_AUDIO;
    lines[0].formats.n = 1;
    lines[0].formats.format[0] = 0;
    lines[0].formats.opus = NGX_RTC_OPUS_MINPTIME|NGX_RTC_OPUS_FEC;
    lines[3].rejected = 1;

    for (i = 0; i < 2; i++) {
        lines[i].sending = 1;
        lines[i].ssrc = 1000 + i;
        lines[i].rtx_ssrc = i ? 2001 : 0;
        strcpy((char *) lines[i].cname, "participant");
        strcpy((char *) lines[i].stream, "alice~screen");
        sprintf((char *) lines[i].track, "track%d", (int) i);
        ngx_rtc_offer_mline(&lines[i]);
    }

    describe(&desc, NGX_RTC_SDP_SETUP_ACTPASS);

    buf.pos = text;
    buf.last = text;
    buf.end = text + sizeof(text);
    buf.overflow = 0;

    is(ngx_rtc_offer_write(&buf, &desc, mlines, 4), NGX_OK,
       "an offer is written");
    need(parse(1, buf.pos, buf.last - buf.pos, &sdp), "and parsed again");

    is(sdp.nmedia, 4, "four m-lines");
    is(sdp.media[0].direction, NGX_RTC_SDP_SEND, "audio is sent");
    is(sdp.media[1].direction, NGX_RTC_SDP_SEND, "video is sent");
    is(sdp.media[2].direction, NGX_RTC_SDP_INACTIVE, "one is inactive");
    ok(sdp.media[3].rejected, "one is rejected");
    is(sdp.groups[0].n, 3, "it isn't in the BUNDLE group");
    is_str(sdp.media[1].stream, "alice~screen", "msid: stream");
    is_str(sdp.media[1].track, "track1", "msid: track");
    is(sdp.media[1].transport.setup, NGX_RTC_SDP_SETUP_ACTPASS, "actpass");
    is(ngx_rtc_sdp_find_rtx_ssrc(&sdp.media[1], 1001), 2001,
       "FID groups media and RTX");
    is_str(sdp.media[0].ssrcs[0].cname, "participant", "cname of audio");
    is_str(sdp.media[1].ssrcs[1].cname, "participant", "cname of RTX");
    is(sdp.media[1].payloads[0].pt, 96, "our payload type of VP8");
    is(ngx_rtc_sdp_find_rtx(&sdp.media[1], 102)->pt, 103, "RTX of H.264");
    ok(has(&buf, "a=fmtp:111 minptime=10;useinbandfec=1\r\n"), "Opus' fmtp");
    ok(!has(&buf, "goog-remb"), "transport-cc alone");
    ok(sdp.media[2].nssrcs == 0, "no SSRC where nothing is sent");

    /* the answer: a browser's would look like ours turned round */

    end = buf.last;
    p = text;
    memcpy(copy, p, end - p);
    copy[end - p] = '\0';

    for (p = (u_char *) copy; *p; p++) {
        if (strncmp((char *) p, "a=sendonly", 10) == 0) {
            memcpy(p, "a=recvonly", 10);
        }

        if (strncmp((char *) p, "a=ice-lite", 10) == 0) {
            memcpy(p, "a=x-unused", 10);
        }
    }

    need(parse(0, (u_char *) copy, strlen(copy), &ans), "an answer");

    why = ngx_rtc_offer_check(&ans, mlines, 4);
    ok(why == NULL, "is an answer to the offer%s%s", why ? ": " : "",
       why ? why : "");

    can = 0;
    cannot = 0;

    is(ngx_rtc_offer_answered(&lines[1], &ans.media[1], &can, &cannot),
       NGX_OK, "video is accepted");
    is(can, 1u << 1 | 1u << lines[1].formats.format[1], "with both codecs");
    is(cannot, 0, "none removed");
    is(lines[1].payloads[1].rtx_pt, 103, "RTX stays");
    is(lines[1].payloads[1].profile, lines[1].formats.format[1],
       "the profile is the publisher's");
    is(lines[1].ext.id[NGX_RTC_EXT_MID], 1, "MID is sent");

    ngx_rtc_offer_params(&lines[1], &params);
    is(params.npayloads, 2, "media's parameters: payloads");
    is(params.ssrc, 1001, "SSRC");
    is(params.rtx_ssrc, 2001, "RTX SSRC");
    is_cstr(params.cname, "participant", "cname");

    /* an answerer with numbers of its own and without H.264 */

    ans.media[1].payloads[0].pt = 120;
    ans.media[1].payloads[1].apt = 120;
    ans.media[1].npayloads = 2;
    can = 0;

    is(ngx_rtc_offer_answered(&lines[1], &ans.media[1], &can, &cannot),
       NGX_OK, "video is accepted in one codec");
    is(lines[1].payloads[0].pt, 120, "under the answerer's payload type");
    is(cannot, 1u << lines[1].formats.format[1], "the other is removed");

    ans.media[1].npayloads = 0;
    is(ngx_rtc_offer_answered(&lines[1], &ans.media[1], &can, &cannot),
       NGX_DECLINED, "no codec is left");

    ans.media[0].direction = NGX_RTC_SDP_INACTIVE;
    is(ngx_rtc_offer_answered(&lines[0], &ans.media[0], &can, &cannot),
       NGX_DONE, "the client does not want it");

    ans.media[0].rejected = 1;
    is(ngx_rtc_offer_answered(&lines[0], &ans.media[0], &can, &cannot),
       NGX_DECLINED, "rejected");
    ok(lines[0].rejected, "the line is over");

    ans.media[0].rejected = 0;
    ok(ngx_rtc_offer_check(&ans, mlines, 4) != NULL,
       "what was not offered can't be accepted");

    ans.media[0].rejected = 1;
    ans.nmedia = 3;
    ok(ngx_rtc_offer_check(&ans, mlines, 4) != NULL,
       "an m-line is missing");
    ans.nmedia = 4;
    ngx_str_set(&ans.media[1].mid, "x");
    ok(ngx_rtc_offer_check(&ans, mlines, 4) != NULL, "another mid");

    /* nothing but rejections */

    for (i = 0; i < 4; i++) {
        ans.media[i].rejected = 1;
    }

    is(ngx_rtc_mline_remote(&ans, &remote, &why), NGX_DONE,
       "no transport in an answer that rejects all");
}


int
main(void)
{
    test_answers();
    test_offers();

    return test_done();
}
