
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The SDP parser: offers of real clients, hand-made oddities, limits,
 * candidates, WHIP fragments, and format matching.
 */


#include "test.h"

#include "ngx_rtc_sdp.h"


#define HEAD  "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define MEDIA "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


static u_char               memory[NGX_RTC_SDP_ARENA_SIZE];
static ngx_rtc_sdp_t        sdp;
static ngx_rtc_sdp_err_t    err;
static ngx_rtc_sdp_arena_t  arena;


static ngx_int_t
parse_text(u_char *p, size_t len, ngx_uint_t frag)
{
    arena.pos = memory;
    arena.end = memory + sizeof(memory);

    return frag ? ngx_rtc_sdp_parse_frag(&arena, p, p + len, &sdp, &err)
                : ngx_rtc_sdp_parse(&arena, p, p + len, &sdp, &err);
}


static ngx_int_t
parse(const char *text)
{
    return parse_text((u_char *) text, strlen(text), 0);
}


static ngx_int_t
parse_file(const char *name)
{
    char            path[256];
    size_t          len;
    static u_char  *p;

    /* what was parsed points into it */

    free(p);

    (void) snprintf(path, sizeof(path), "t/unit/data/%s", name);
    p = test_read_file(path, &len);

    if (!is(parse_text(p, len, 0), NGX_OK, "%s", name)) {
        diag("%s in line %d", err.text, (int) err.line);
        exit(test_done());
    }

    return NGX_OK;
}


static ngx_rtc_sdp_payload_t *
payload(ngx_uint_t m, ngx_uint_t pt)
{
    return ngx_rtc_sdp_find_payload(&sdp.media[m], pt);
}


static ngx_uint_t
ext(ngx_uint_t m, ngx_rtc_ext_e e)
{
    ngx_rtc_sdp_extmap_t  *x;

    x = ngx_rtc_sdp_find_ext(&sdp.media[m], e);

    return x ? x->id : 0;
}


static void
test_chromium(void)
{
    ngx_rtc_sdp_media_t    *m;
    ngx_rtc_sdp_payload_t  *p;

    (void) parse_file("chromium156-offer-vp8-simulcast.sdp");
    is(sdp.nmedia, 1, "one section");
    m = &sdp.media[0];
    is(m->kind, NGX_RTC_KIND_VIDEO, "video");
    is(m->direction, NGX_RTC_SDP_SEND, "sendonly");
    is(m->nsend, 3, "three streams");
    is_str(m->send[0].rid, "q", "first rid");
    is_str(m->send[2].rid, "f", "last rid");
    is(m->nrids, 3, "three rids");
    is(m->rids[1].direction, NGX_RTC_SDP_SEND, "sent");
    is(ext(0, NGX_RTC_EXT_MID), 9, "mid");
    is(ext(0, NGX_RTC_EXT_RID), 10, "rid");
    is(ext(0, NGX_RTC_EXT_RRID), 11, "rrid");
    is(ext(0, NGX_RTC_EXT_TWCC), 4, "twcc");
    is(ext(0, NGX_RTC_EXT_DD), 13, "dependency descriptor");
    is(ext(0, NGX_RTC_EXT_VIDEO_LAYERS), 14, "layers allocation");
    is(m->nssrcs, 0, "no ssrcs");
    is(m->rtcp_mux, 1, "rtcp-mux");
    is(m->rtcp_rsize, 1, "rtcp-rsize");
    is(m->rrtr, 1, "rtcp-xr");
    is(m->extmap_allow_mixed, 1, "extmap-allow-mixed of the session");
    is_str(m->mid, "0", "mid");
    is(m->bundled, 1, "bundled");
    is(m->transport.setup, NGX_RTC_SDP_SETUP_ACTPASS, "actpass");
    is_str(m->transport.ufrag, "yR/c", "ufrag");
    is(m->transport.nfingerprints, 1, "fingerprint");
    is_str(m->transport.fingerprints[0].hash, "sha-256", "its hash");
    is_str(m->stream, "43d10b14-f76f-404a-954e-c740d847402b", "stream");
    is_str(m->track, "f6ab8a59-f190-4407-9bb2-c5064d44d292", "track");
    p = payload(0, 96);
    is(p->codec, NGX_RTC_CODEC_VP8, "VP8");
    is(p->fb, NGX_RTC_SDP_FB_NACK|NGX_RTC_SDP_FB_PLI|NGX_RTC_SDP_FB_FIR
              |NGX_RTC_SDP_FB_TWCC|NGX_RTC_SDP_FB_REMB, "its feedback");
    is(ngx_rtc_sdp_find_rtx(m, 96)->pt, 97, "its rtx");

    (void) parse_file("chromium156-offer-av1-svc.sdp");
    is(sdp.nmedia, 3, "three sections");
    is_str(sdp.sess_id, "1921986159361469732", "session id");
    is(sdp.groups[0].n, 3, "all in the group");
    is(payload(0, 111)->codec, NGX_RTC_CODEC_OPUS, "opus");
    is(payload(0, 111)->channels, 2, "stereo");
    is(payload(0, 111)->params.useinbandfec, 1, "with FEC");
    is(payload(0, 111)->params.usedtx, 0, "without DTX");
    is(payload(0, 63)->codec, NGX_RTC_CODEC_RED, "red");
    is(payload(0, 63)->apt, 111, "of opus");
    is(payload(0, 13)->codec, NGX_RTC_CODEC_CN, "comfort noise");
    is(payload(0, 126)->codec, NGX_RTC_CODEC_TELEPHONE_EVENT, "DTMF");
    is(ext(0, NGX_RTC_EXT_AUDIO_LEVEL), 1, "audio level");
    is(sdp.media[0].nssrcs, 1, "one ssrc");
    is(sdp.media[0].ssrcs[0].ssrc, 3812040580, "its value");
    is_str(sdp.media[0].ssrcs[0].cname, "QhV0u4+jHxMoshIG", "its cname");
    p = payload(1, 45);
    is(p->codec, NGX_RTC_CODEC_AV1, "AV1");
    is(p->params.level_idx, 5, "level");
    is(ngx_rtc_sdp_find_rtx_ssrc(&sdp.media[1], 1698618803), 2915405641,
       "rtx ssrc of the FID group");
    is(ngx_rtc_sdp_find_rtx_ssrc(&sdp.media[1], 1), 0, "none of another");
    m = &sdp.media[2];
    is(m->kind, NGX_RTC_KIND_APPLICATION, "data channels");
    is(m->sctp_port, 5000, "sctp port");
    is(m->sctpmap, 0, "new style");
    is(m->max_message_size, 262144, "message size");
}


static void
test_firefox(void)
{
    ngx_str_t                 mid = ngx_string("1");
    ngx_rtc_sdp_media_t      *m;
    ngx_rtc_sdp_extmap_t     *e;
    ngx_rtc_sdp_candidate_t  *c;

    (void) parse_file("firefox153-offer.sdp");
    is(sdp.direction, NGX_RTC_SDP_SENDRECV, "direction of the session");
    is(sdp.media[0].direction, NGX_RTC_SDP_SEND, "the section's own");
    is(sdp.media[2].direction, NGX_RTC_SDP_SENDRECV, "and another one's");
    m = ngx_rtc_sdp_find_mid(&sdp, &mid);
    need(m == &sdp.media[1], "section by mid");
    is(m->transport.nfingerprints, 1, "fingerprint of the session");
    is_str(m->transport.ice_options, "trickle", "options of the session");
    is(m->end_of_candidates, 1, "end of candidates");
    is(m->ncandidates, 8, "8 candidates");
    c = &m->candidates[2];
    is(c->tcp, 1, "TCP");
    is(c->tcptype, NGX_RTC_SDP_TCP_ACTIVE, "active");
    is(m->candidates[4].component, 2, "component 2");
    e = ngx_rtc_sdp_find_ext(m, NGX_RTC_EXT_PLAYOUT_DELAY);
    need(e != NULL, "extmap with a direction");
    is(e->direction, NGX_RTC_SDP_RECV, "recvonly");
    is(m->npayloads, 9, "9 payloads");
    is(payload(1, 99)->codec, NGX_RTC_CODEC_AV1, "AV1");
    is(ngx_rtc_sdp_find_rtx(m, 99)->pt, 100, "its rtx");
    is(payload(1, 99)->fb & NGX_RTC_SDP_FB_PLI, NGX_RTC_SDP_FB_PLI,
       "rtcp-fb before rtpmap");
    ok(ngx_rtc_sdp_find_rtx(m, 123) == NULL, "no rtx of ulpfec");
    is(ngx_rtc_sdp_find_rtx_ssrc(m, 3702137834), 341939780,
       "a group behind its ssrcs");
    is_str(m->stream, "{7cb5d8c4-3927-440d-a368-006f7b36e85f}",
           "stream in braces");
    is(payload(0, 9)->channels, 1, "G722/8000/1");
    is(sdp.media[2].max_message_size, 1073741823, "large messages");
}


static void
test_others(void)
{
    ngx_rtc_sdp_media_t  *m;

    (void) parse_file("aiortc1.4-offer.sdp");
    is(ext(0, NGX_RTC_EXT_ABS_SEND_TIME), 2, "id 2 in one section");
    is(ext(1, NGX_RTC_EXT_AUDIO_LEVEL), 2, "and in another");
    is(ext(1, NGX_RTC_EXT_ABS_SEND_TIME), 0, "are two extensions");
    is(payload(1, 0)->codec, NGX_RTC_CODEC_PCMU, "PCMU");
    is(payload(0, 99)->params.profile_level_id, 0x42001f, "baseline");
    is(payload(0, 99)->params.packetization_mode, 1, "mode 1");
    is(payload(0, 101)->params.level_asymmetry, 1, "level asymmetry");
    is_str(sdp.media[1].transport.ufrag, "OgKQ",
           "each section has its own credentials");
    ok(ngx_rtc_sdp_transport_media(&sdp, &sdp.media[1]) == &sdp.media[0],
       "the first one's count in a bundle");
    m = &sdp.media[2];
    is(m->sctpmap, 1, "old style data channels");
    is(m->sctp_port, 5000, "port");
    is_str(m->proto, "DTLS/SCTP", "protocol");
    is(m->max_message_size, 65536, "message size");

    (void) parse_file("gst1.22-simple-whip-offer.sdp");
    is(sdp.nmedia, 2, "two sections");
    is(payload(0, 100)->codec, NGX_RTC_CODEC_OPUS, "OPUS in upper case");
    is_str(payload(0, 100)->name, "OPUS", "its name as written");
    m = &sdp.media[1];
    is(m->port, 0, "port 0");
    is(m->rejected, 0, "of a bundle-only section is no rejection");
    is(m->bundle_only, 1, "bundle-only");
    is(m->rtcp_mux_only, 1, "rtcp-mux-only");
    is(m->ssrcs[0].ssrc, 2, "ssrc 2");
    is_str(m->track, "webrtctransceiver1", "track of the ssrc line");
    is(m->nextmaps, 0, "no extensions at all");
    is_str(m->transport.ice_options, "trickle", "options of the session");
    ok(ngx_rtc_sdp_transport_media(&sdp, m) == &sdp.media[0],
       "its transport is the first section's");

    (void) parse_file("roamhq-wrtc0.10-offer-simulcast.sdp");
    is(sdp.media[0].nsend, 2, "two streams");
    is(payload(0, 100)->params.profile, 2, "VP9 profile 2");
    is(payload(0, 98)->params.profile, 0, "VP9 profile 0");
    is(payload(1, 103)->codec, NGX_RTC_CODEC_UNKNOWN, "an unknown codec");
    is_str(payload(1, 103)->name, "ISAC", "its name");
    is_str(sdp.media[0].stream, "-", "no stream");
    is(sdp.media[1].direction, NGX_RTC_SDP_SENDRECV, "sendrecv");
}


static void
refused(const char *text, const char *why)
{
    is(parse(text), NGX_ERROR, "refused: %s", why);
    is_cstr(err.text ? err.text : "(none)", why, "the reason");
}


static void
test_oddities(void)
{
    u_char                 *p;
    size_t                  i, n;
    ngx_rtc_sdp_media_t    *m;

    is(parse(HEAD), NGX_OK, "no sections");
    refused("", "SDP does not start with \"v=0\"");
    refused("o=- 1 2 IN IP4 127.0.0.1\n", "SDP does not start with \"v=0\"");
    refused("v=1\r\n", "SDP version is not 0");
    refused("v=0\r\n", "SDP has no origin");
    refused("v=0\r\no=- 1\r\n", "invalid origin");
    refused(HEAD "garbage\r\n", "invalid line");
    is(err.line, 5, "with its line");
    refused(HEAD "a=x:\001\r\n", "control character in line");
    refused(HEAD "m=video\r\n", "invalid media line");
    refused(HEAD "m=video x UDP/TLS/RTP/SAVPF 96\r\n",
            "invalid port in media line");
    refused(HEAD "m=video 65536 UDP/TLS/RTP/SAVPF 96\r\n",
            "invalid port in media line");
    refused(HEAD "m=video 9 UDP/TLS/RTP/SAVPF\r\n",
            "no formats in media line");
    refused(HEAD "m=video 9 UDP/TLS/RTP/SAVPF 128\r\n",
            "invalid payload type");
    refused(HEAD MEDIA "a=mid:\r\n", "invalid mid");
    refused(HEAD MEDIA "a=mid:0\r\n" MEDIA "a=mid:0\r\n",
            "SDP has a duplicate mid");
    refused(HEAD MEDIA "a=setup:x\r\n", "invalid setup");
    refused(HEAD MEDIA "a=ice-ufrag:abc\r\n", "invalid ice-ufrag");
    refused(HEAD MEDIA "a=ice-pwd:short\r\n", "invalid ice-pwd");
    refused(HEAD MEDIA "a=fingerprint:sha-256 AA:B\r\n",
            "invalid fingerprint");
    refused(HEAD MEDIA "a=fingerprint:sha-256 AA:BG\r\n",
            "invalid fingerprint");
    refused(HEAD MEDIA "a=ssrc:4294967296 cname:x\r\n", "invalid ssrc");
    refused(HEAD MEDIA "a=rtpmap:96 VP8\r\n", "invalid rtpmap");
    refused(HEAD MEDIA "a=simulcast:q;h\r\n", "invalid simulcast");

    is(parse(HEAD MEDIA "a=rtpmap:97 VP8/90000\r\n"
                        "a=fmtp:97 x=y\r\n"
                        "a=rtcp-fb:97 nack\r\n"
                        "a=rtcp-fb:96 nack foo\r\n"
                        "a=candidate:nonsense\r\n"
                        "a=extmap:4200 urn:x\r\n"
                        "a=unknown:x\r\n"
                        "b=AS:300\r\n"), NGX_OK,
       "lines that can be done without are skipped");
    is(sdp.media[0].nextmaps, 0, "extmap of an id out of range");
    is(sdp.media[0].ncandidates, 0, "a bad candidate");

    is(parse(HEAD "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"), NGX_OK,
       "port 0");
    is(sdp.media[0].rejected, 1, "is a rejection");
    is(parse(HEAD "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
                  "a=bundle-only\r\n"), NGX_OK, "bundle-only out of a group");
    is(sdp.media[0].rejected, 1, "is a rejection, too");

    is(parse(HEAD "a=group:LS 0\r\na=group:BUNDLE x 1\r\n"
                  "m=audio 9/2 UDP/TLS/RTP/SAVPF 0 0 8 \r\na=mid:0\r\n"
                  "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n"
                  "m=text 9 RTP/AVP 98\r\na=mid:2\r\n"), NGX_OK,
       "groups");
    is(sdp.ngroups, 1, "LS isn't kept");
    is(sdp.media[0].bundled, 0, "section out of the group");
    is(sdp.media[1].bundled, 1, "section in it");
    is(sdp.media[0].npayloads, 2, "a repeated payload type counts once");
    is(payload(0, 8)->codec, NGX_RTC_CODEC_PCMA, "static payload type");
    is(sdp.media[2].kind, NGX_RTC_KIND_UNKNOWN, "unknown kind");
    is_str(sdp.media[2].fmts, "98", "its formats are kept");

    is(parse(HEAD MEDIA "a=rtcp-fb:* nack pli\r\na=rtcp-fb:96 ccm fir\r\n"),
       NGX_OK, "feedback for all");
    is(payload(0, 96)->fb, NGX_RTC_SDP_FB_PLI|NGX_RTC_SDP_FB_FIR,
       "is added to one's own");

    is(parse(HEAD MEDIA "a=rid:1 send pt=96;max-width=1280\r\n"
                        "a=rid:1 send\r\na=rid:2 recv\r\n"
                        "a=simulcast:send 1,4;~2;;~3,5 recv 7\r\n"), NGX_OK,
       "simulcast with alternatives and paused streams");
    m = &sdp.media[0];
    is(m->nrids, 2, "a repeated rid counts once");
    is_str(m->rids[0].params, "pt=96;max-width=1280", "restrictions");
    is(m->nsend, 3, "streams sent");
    is_str(m->send[0].rid, "1", "first alternative");
    is(m->send[0].paused, 0, "not paused");
    is(m->send[1].paused, 1, "paused");
    is_str(m->send[2].rid, "3", "empty ones are skipped");
    is(m->nrecv, 1, "streams received");
    is(parse(HEAD MEDIA "a=simulcast: send rid=q;h;f\r\n"), NGX_OK,
       "simulcast of an early draft");
    is(sdp.media[0].nsend, 3, "three streams");
    is_str(sdp.media[0].send[0].rid, "q", "the first");

    is(parse(HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
                  "a=sctp-port:5001\n"), NGX_OK, "LF only");
    is(sdp.media[0].sctp_port, 5001, "sctp port");
    is(sdp.media[0].max_message_size, 65536, "64 KiB by default");

    is(parse("v=0\n\no=- 1 2 IN IP4 0\ns=-\nt=0 0"), NGX_OK,
       "empty lines and no end of the last one");

    is(parse(HEAD "a=fingerprint:sha-1 AA\r\na=fingerprint:sha-256 BB:cc\r\n"
             "a=setup:active\r\na=ice-lite\r\n"
             MEDIA "a=mid:0\r\n"
             MEDIA "a=mid:1\r\na=fingerprint:sha-512 DD\r\n"), NGX_OK,
       "transport of the session");
    is(sdp.ice_lite, 1, "ice-lite");
    is(sdp.media[0].transport.nfingerprints, 2, "both fingerprints");
    is_str(sdp.media[0].transport.fingerprints[1].value, "BB:cc", "second");
    is(sdp.media[0].transport.setup, NGX_RTC_SDP_SETUP_ACTIVE, "setup");
    is(sdp.media[1].transport.nfingerprints, 1, "one's own");

    /* limits */

    p = malloc(200000);
    n = sprintf((char *) p, HEAD);
    for (i = 0; i < 65; i++) {
        n += sprintf((char *) p + n, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
    }
    is(parse_text(p, n, 0), NGX_ERROR, "65 sections");
    is_cstr(err.text, "SDP has too many media sections", "the reason");
    is(parse_text(p, n - 31, 0), NGX_OK, "64 sections");

    n = sprintf((char *) p, HEAD MEDIA);
    for (i = 0; i < 1024; i++) {
        n += sprintf((char *) p + n, "a=x\r\n");
    }
    is(parse_text(p, n, 0), NGX_ERROR, "1024 lines of attributes");

    n = sprintf((char *) p, HEAD MEDIA);
    for (i = 0; i < 65; i++) {
        n += sprintf((char *) p + n, "a=ssrc:%d cname:x\r\n", (int) i);
    }
    is(parse_text(p, n, 0), NGX_ERROR, "65 ssrcs");
    n = sprintf((char *) p, HEAD MEDIA);
    for (i = 0; i < 100; i++) {
        n += sprintf((char *) p + n,
                     "a=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\n");
    }
    is(parse_text(p, n, 0), NGX_OK, "100 candidates");
    is(sdp.media[0].ncandidates, 64, "64 are kept");

    memset(p, 'a', 200000);
    is(parse_text(p, 65537, 0), NGX_ERROR, "more than 64 KiB");
    is_cstr(err.text, "SDP is too large", "the reason");
    free(p);

    arena.pos = memory;
    arena.end = memory + 100;
    p = (u_char *) HEAD MEDIA;
    is(ngx_rtc_sdp_parse(&arena, p, p + sizeof(HEAD MEDIA) - 1, &sdp, &err),
       NGX_ERROR, "a small arena");
    is_cstr(err.text, "SDP is too complex", "the reason");
}


static ngx_int_t
cand(const char *text, ngx_rtc_sdp_candidate_t *c)
{
    return ngx_rtc_sdp_parse_candidate((u_char *) text,
                                       (u_char *) text + strlen(text), c);
}


static void
test_candidate(void)
{
    ngx_rtc_sdp_candidate_t  c;

    is(cand("candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ "
            "srflx raddr 10.0.0.1 rport 5 generation 0 ufrag EsAw "
            "network-cost 999", &c), NGX_OK, "candidate of trickle");
    is(c.type, NGX_RTC_SDP_CAND_SRFLX, "type");
    is(c.priority, 1677729535, "priority");
    is_str(c.address, "203.0.113.7", "address");
    is(c.port, 46154, "port");
    is_str(c.raddr, "10.0.0.1", "related address");
    is(c.rport, 5, "related port");
    is_str(c.ufrag, "EsAw", "ufrag");
    is(cand("a=candidate:0 1 TCP 2105458943 ::1 9 typ host tcptype passive"
            "\r\n", &c), NGX_OK, "with a= and a line end");
    is(c.tcptype, NGX_RTC_SDP_TCP_PASSIVE, "tcptype");
    is_str(c.raw, "candidate:0 1 TCP 2105458943 ::1 9 typ host tcptype "
           "passive", "raw text");
    is(cand("candidate:1 1 udp 1 4f5f7d36-1c5a.local 5 typ host", &c), NGX_OK,
       "mDNS name");
    is(cand("candidate:1 1 sctp 1 1.2.3.4 5 typ host", &c), NGX_DECLINED,
       "unknown transport");
    is(cand("candidate:1 1 udp 1 1.2.3.4 5 typ foo", &c), NGX_DECLINED,
       "unknown type");
    is(cand("candidate:1 1 udp 1 1.2.3.4 5", &c), NGX_ERROR, "no type");
    is(cand("candidate:1 1 udp 4294967296 1.2.3.4 5 typ host", &c),
       NGX_ERROR, "priority beyond 32 bits");
    is(cand("candidate:1 1 udp 1 1.2.3.4 65536 typ host", &c), NGX_ERROR,
       "port beyond 16 bits");
    is(cand("candidate:1 0 udp 1 1.2.3.4 5 typ host", &c), NGX_ERROR,
       "component 0");
    is(cand("", &c), NGX_ERROR, "empty");
}


static void
test_frag(void)
{
    const char  *t;

    t = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2122260223 198.51.100.1 61764 typ host\r\n"
        "a=candidate:2 1 quic 2122260223 198.51.100.1 61764 typ host\r\n"
        "a=end-of-candidates\r\n";
    is(parse_text((u_char *) t, strlen(t), 1), NGX_OK, "sdpfrag of WHIP");
    is(sdp.nmedia, 1, "one pseudo section");
    is_str(sdp.media[0].mid, "0", "its mid");
    is_str(sdp.media[0].transport.ufrag, "EsAw", "ufrag");
    is(sdp.media[0].ncandidates, 1, "an unknown transport is skipped");
    is(sdp.media[0].end_of_candidates, 1, "end of candidates");
    is(sdp.media[0].rejected, 0, "not rejected");

    t = "a=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n"
        "a=candidate:1 1 udp 1 198.51.100.1 61764 typ host\n";
    is(parse_text((u_char *) t, strlen(t), 1), NGX_OK, "without an m-line");
    is(sdp.media[0].ncandidates, 1, "its candidate");
    is_str(sdp.media[0].transport.ufrag, "EsAw", "its ufrag");

    t = "hello";
    is(parse_text((u_char *) t, strlen(t), 1), NGX_ERROR, "not a fragment");
    is(parse_text((u_char *) t, 0, 1), NGX_OK, "an empty one");
}


static void
format(ngx_rtc_sdp_payload_t *p, ngx_rtc_codec_e codec, char *fmtp)
{
    memset(p, 0, sizeof(*p));
    p->codec = codec;
    p->clock_rate = 90000;
    p->fmtp.data = (u_char *) fmtp;
    p->fmtp.len = strlen(fmtp);
    ngx_rtc_sdp_fmtp_parse(codec, &p->fmtp, &p->params);
}


static void
test_match(void)
{
    ngx_str_t               s, f;
    ngx_uint_t              i;
    ngx_rtc_sdp_payload_t   a, b;

    static struct {
        uint32_t                 plid;
        ngx_rtc_h264_profile_e   profile;
    } t[] = {
        { 0x42e01f, NGX_RTC_H264_CONSTRAINED_BASELINE },
        { 0x42c01f, NGX_RTC_H264_CONSTRAINED_BASELINE },
        { 0x42401f, NGX_RTC_H264_CONSTRAINED_BASELINE },
        { 0x4d801f, NGX_RTC_H264_CONSTRAINED_BASELINE },
        { 0x42001f, NGX_RTC_H264_BASELINE },
        { 0x42a01f, NGX_RTC_H264_BASELINE },
        { 0x4d001f, NGX_RTC_H264_MAIN },
        { 0x4d401f, NGX_RTC_H264_MAIN },
        { 0x64001f, NGX_RTC_H264_HIGH },
        { 0x640c1f, NGX_RTC_H264_CONSTRAINED_HIGH },
        { 0xf4001f, NGX_RTC_H264_HIGH_444 },
        { 0x42ef1f, NGX_RTC_H264_UNKNOWN },
        { 0x12001f, NGX_RTC_H264_UNKNOWN },
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        is(ngx_rtc_h264_profile(t[i].plid), t[i].profile,
           "profile of %06x", t[i].plid);
    }

    ngx_str_set(&f, "a=1; Profile-Level-Id=42E01F ;b");
    is(ngx_rtc_sdp_fmtp_get(&f, "profile-level-id", &s), NGX_OK,
       "parameter without case");
    is_str(s, "42E01F", "its value without blanks");
    is(ngx_rtc_sdp_fmtp_get(&f, "b", &s), NGX_DECLINED, "one without value");

    format(&a, NGX_RTC_CODEC_H264, "profile-level-id=42e01f;"
           "packetization-mode=1;level-asymmetry-allowed=1");
    format(&b, NGX_RTC_CODEC_H264, "profile-level-id=42c034;"
           "packetization-mode=1;level-asymmetry-allowed=1");
    ok(ngx_rtc_sdp_payload_match(&a, &b), "levels may differ");
    is(ngx_rtc_h264_answer(&a.params, &b.params), 0x42c034,
       "asymmetry: our own level");
    b.params.level_asymmetry = 0;
    is(ngx_rtc_h264_answer(&a.params, &b.params), 0x42e01f,
       "else the lower one");
    is(ngx_rtc_h264_answer(&b.params, &a.params), 0x42e01f,
       "whosever it is");
    b.params.profile_level_id = 0x42f00b;
    is(ngx_rtc_h264_answer(&a.params, &b.params), 0x42f00b,
       "level 1b is low");
    b.params.packetization_mode = 0;
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "modes may not");
    ok(ngx_rtc_sdp_payload_accepts(&a, &b), "but mode 1 takes mode 0");
    ok(!ngx_rtc_sdp_payload_accepts(&b, &a), "not the other way round");

    format(&b, NGX_RTC_CODEC_H264, "profile-level-id=42001f;"
           "packetization-mode=1");
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "baseline is another profile");
    ok(ngx_rtc_sdp_payload_accepts(&b, &a), "that takes the constrained one");
    ok(!ngx_rtc_sdp_payload_accepts(&a, &b), "not the other way round");
    format(&b, NGX_RTC_CODEC_H264, "profile-level-id=64001f;"
           "packetization-mode=1");
    ok(ngx_rtc_sdp_payload_accepts(&b, &a), "high takes it as well");

    format(&b, NGX_RTC_CODEC_H264, "packetization-mode=1;foo=bar");
    ok(ngx_rtc_sdp_payload_match(&a, &b), "no profile is the usual one");

    format(&a, NGX_RTC_CODEC_VP9, "");
    format(&b, NGX_RTC_CODEC_VP9, "profile-id=0");
    ok(ngx_rtc_sdp_payload_match(&a, &b), "VP9 profile 0 by default");
    format(&b, NGX_RTC_CODEC_VP9, "profile-id=2");
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "VP9 profile 2");
    format(&a, NGX_RTC_CODEC_AV1, "");
    format(&b, NGX_RTC_CODEC_AV1, "level-idx=9;profile=0;tier=1");
    ok(ngx_rtc_sdp_payload_match(&a, &b), "AV1 of another level");
    format(&b, NGX_RTC_CODEC_AV1, "profile=1");
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "AV1 of another profile");
    ok(ngx_rtc_sdp_payload_accepts(&b, &a), "high contains main");
    format(&b, NGX_RTC_CODEC_VP8, "");
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "another codec");
    a = b;
    a.clock_rate = 8000;
    ok(!ngx_rtc_sdp_payload_match(&a, &b), "another clock rate");
    memset(&a, 0, sizeof(a));
    ok(!ngx_rtc_sdp_payload_match(&a, &a), "unknown codecs never match");

    for (i = 1; i < NGX_RTC_EXT_MAX; i++) {
        s = *ngx_rtc_ext_uri(i);
        is(ngx_rtc_ext_find(s.data, s.len), i, "URI %.*s", (int) s.len,
           (char *) s.data);
    }
}


int
main(void)
{
    test_chromium();
    test_firefox();
    test_others();
    test_oddities();
    test_candidate();
    test_frag();
    test_match();

    return test_done();
}
