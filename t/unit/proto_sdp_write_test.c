
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The SDP writer: an answer and an offer word by word, and every field
 * through the parser again.
 */


#include "test.h"

#include "ngx_rtc_sdp.h"


static u_char                    text[16384];
static u_char                    memory[65536];
static ngx_rtc_sdp_t             sdp;
static ngx_rtc_sdp_buf_t         buf;
static ngx_rtc_sdp_err_t         err;
static ngx_rtc_sdp_desc_t        desc;
static ngx_rtc_sdp_arena_t       arena;
static ngx_rtc_sdp_candidate_t   cands[2];


static void
start(void)
{
    buf.pos = text;
    buf.last = text;
    buf.end = text + sizeof(text);
    buf.overflow = 0;

    memset(cands, 0, sizeof(cands));
    ngx_str_set(&cands[0].foundation, "1");
    ngx_str_set(&cands[0].address, "203.0.113.1");
    cands[0].component = 1;
    cands[0].priority = 2130706431;
    cands[0].port = 3478;
    cands[1] = cands[0];
    ngx_str_set(&cands[1].foundation, "2");
    ngx_str_set(&cands[1].raddr, "10.0.0.1");
    cands[1].rport = 99;
    cands[1].tcp = 1;
    cands[1].tcptype = NGX_RTC_SDP_TCP_PASSIVE;
    cands[1].type = NGX_RTC_SDP_CAND_SRFLX;

    memset(&desc, 0, sizeof(desc));
    desc.sess_id = 4611686018427387905ULL;
    desc.version = 2;
    desc.ice_lite = 1;
    desc.end_of_candidates = 1;
    ngx_str_set(&desc.ufrag, "abcd");
    ngx_str_set(&desc.pwd, "0123456789012345678901");
    ngx_str_set(&desc.fingerprint_hash, "sha-256");
    ngx_str_set(&desc.fingerprint, "AA:BB");
    desc.setup = NGX_RTC_SDP_SETUP_PASSIVE;
    desc.ncandidates = 2;
    desc.candidates = cands;
}


static ngx_int_t
parse(void)
{
    arena.pos = memory;
    arena.end = memory + sizeof(memory);

    return ngx_rtc_sdp_parse(&arena, text, buf.last, &sdp, &err);
}


static void
test_answer(void)
{
    size_t                      n;
    ngx_uint_t                  bad;
    ngx_rtc_sdp_media_t        *pm;
    ngx_rtc_sdp_media_desc_t    m[4];
    ngx_rtc_sdp_codec_desc_t    a[2], v[1];
    ngx_rtc_sdp_extmap_desc_t   e[2];
    ngx_rtc_sdp_simulcast_t     rids[2];

    static const char  expected[] =
        "v=0\r\n"
        "o=- 4611686018427387905 2 IN IP4 127.0.0.1\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=ice-lite\r\n"
        "a=group:BUNDLE 0 1 3\r\n"
        "a=msid-semantic: WMS *\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=rtcp:9 IN IP4 0.0.0.0\r\n"
        "a=candidate:1 1 udp 2130706431 203.0.113.1 3478 typ host\r\n"
        "a=candidate:2 1 tcp 2130706431 203.0.113.1 3478 typ srflx"
            " raddr 10.0.0.1 rport 99 tcptype passive\r\n"
        "a=end-of-candidates\r\n"
        "a=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\n"
        "a=fingerprint:sha-256 AA:BB\r\n"
        "a=setup:passive\r\n"
        "a=mid:0\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:63 red/48000/2\r\n"
        "a=fmtp:63 111/111\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=rtcp-fb:111 transport-cc\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=rtcp:9 IN IP4 0.0.0.0\r\n"
        "a=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\n"
        "a=fingerprint:sha-256 AA:BB\r\n"
        "a=setup:passive\r\n"
        "a=mid:1\r\n"
        "a=extmap-allow-mixed\r\n"
        "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=extmap:13/recvonly https://aomediacodec.github.io/av1-rtp-spec/"
            "#dependency-descriptor-rtp-header-extension\r\n"
        "a=recvonly\r\n"
        "a=rtcp-mux\r\n"
        "a=rtcp-mux-only\r\n"
        "a=rtcp-rsize\r\n"
        "a=rtpmap:96 VP8/90000\r\n"
        "a=rtcp-fb:96 goog-remb\r\n"
        "a=rtcp-fb:96 transport-cc\r\n"
        "a=rtcp-fb:96 ccm fir\r\n"
        "a=rtcp-fb:96 nack\r\n"
        "a=rtcp-fb:96 nack pli\r\n"
        "a=rtpmap:97 rtx/90000\r\n"
        "a=fmtp:97 apt=96\r\n"
        "a=rid:q recv\r\n"
        "a=rid:f recv\r\n"
        "a=simulcast:recv q;~f\r\n"
        "m=video 0 UDP/TLS/RTP/SAVPF 98 99\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=mid:2\r\n"
        "a=inactive\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\n"
        "a=fingerprint:sha-256 AA:BB\r\n"
        "a=setup:passive\r\n"
        "a=mid:3\r\n"
        "a=sctp-port:5000\r\n"
        "a=max-message-size:262144\r\n";

    start();
    memset(m, 0, sizeof(m));
    memset(a, 0, sizeof(a));
    memset(v, 0, sizeof(v));

    a[0].codec = NGX_RTC_CODEC_RED;
    a[0].pt = 63;
    ngx_str_set(&a[0].fmtp, "111/111");
    a[1].codec = NGX_RTC_CODEC_OPUS;
    a[1].pt = 111;
    a[1].fb = NGX_RTC_SDP_FB_TWCC;
    ngx_str_set(&a[1].fmtp, "minptime=10;useinbandfec=1");

    m[0].kind = NGX_RTC_KIND_AUDIO;
    ngx_str_set(&m[0].mid, "0");
    m[0].direction = NGX_RTC_SDP_RECV;
    m[0].ncodecs = 2;
    m[0].codecs = a;

    /* a receiver names no track */

    ngx_str_set(&m[0].track, "t");

    v[0].codec = NGX_RTC_CODEC_VP8;
    v[0].pt = 96;
    v[0].rtx_pt = 97;
    v[0].fb = 0x1f;

    e[0].ext = NGX_RTC_EXT_MID;
    e[0].id = 9;
    e[0].direction = NGX_RTC_SDP_SENDRECV;
    e[1].ext = NGX_RTC_EXT_DD;
    e[1].id = 13;
    e[1].direction = NGX_RTC_SDP_RECV;

    memset(rids, 0, sizeof(rids));
    ngx_str_set(&rids[0].rid, "q");
    ngx_str_set(&rids[1].rid, "f");
    rids[1].paused = 1;

    m[1].kind = NGX_RTC_KIND_VIDEO;
    ngx_str_set(&m[1].mid, "1");
    m[1].direction = NGX_RTC_SDP_RECV;
    m[1].extmap_allow_mixed = 1;
    m[1].rtcp_rsize = 1;
    m[1].rtcp_mux_only = 1;
    m[1].ncodecs = 1;
    m[1].codecs = v;
    m[1].nextmaps = 2;
    m[1].extmaps = e;
    m[1].nrids = 2;
    m[1].rids = rids;

    m[2].kind = NGX_RTC_KIND_VIDEO;
    ngx_str_set(&m[2].mid, "2");
    ngx_str_set(&m[2].fmts, "98 99");
    m[2].rejected = 1;

    m[3].kind = NGX_RTC_KIND_APPLICATION;
    ngx_str_set(&m[3].mid, "3");
    m[3].sctp_port = 5000;
    m[3].max_message_size = 262144;

    desc.nmedia = 4;
    desc.media = m;

    is(ngx_rtc_sdp_write(&buf, &desc), NGX_OK, "answer");
    is_mem(text, buf.last - text, expected, sizeof(expected) - 1,
           "word by word");

    is(parse(), NGX_OK, "parses");
    pm = sdp.media;
    is(sdp.ice_lite, 1, "ice-lite");
    is(pm[1].bundled, 1, "bundled");
    is(pm[1].nrecv, 2, "simulcast");
    is(pm[1].recv[1].paused, 1, "paused stream");
    is(pm[1].payloads[0].fb, 0x1f, "feedback");
    is(pm[2].rejected, 1, "rejected");
    is(pm[2].bundled, 0, "out of the group");
    is(pm[0].ncandidates, 2, "candidates");
    is(pm[0].candidates[1].rport, 99, "related port");

    /* every smaller buffer overflows, nothing is written behind it */

    bad = 0;

    for (n = 0; n < sizeof(expected) - 1; n++) {
        start();
        desc.nmedia = 4;
        desc.media = m;
        buf.end = text + n;
        text[n] = 0xee;

        if (ngx_rtc_sdp_write(&buf, &desc) != NGX_ERROR || text[n] != 0xee) {
            bad = n + 1;
        }
    }

    is(bad, 0, "every smaller buffer is an overflow");
}


static void
test_offer(void)
{
    ngx_rtc_sdp_media_t       *pm;
    ngx_rtc_sdp_codec_desc_t   h;
    ngx_rtc_sdp_media_desc_t   m[2];

    start();
    desc.setup = NGX_RTC_SDP_SETUP_ACTPASS;
    desc.trickle = 1;
    memset(m, 0, sizeof(m));
    memset(&h, 0, sizeof(h));

    h.codec = NGX_RTC_CODEC_H264;
    h.pt = 102;
    h.rtx_pt = 103;
    ngx_str_set(&h.fmtp, "level-asymmetry-allowed=1;packetization-mode=1;"
                         "profile-level-id=42e01f");

    m[0].kind = NGX_RTC_KIND_VIDEO;
    ngx_str_set(&m[0].mid, "v0");
    m[0].direction = NGX_RTC_SDP_SEND;
    m[0].bundle_only = 1;
    m[0].ncodecs = 1;
    m[0].codecs = &h;
    m[0].ssrc = 4000000000U;
    m[0].rtx_ssrc = 5;
    ngx_str_set(&m[0].cname, "c");
    ngx_str_set(&m[0].track, "t");

    m[1].kind = NGX_RTC_KIND_APPLICATION;
    ngx_str_set(&m[1].mid, "d");
    m[1].sctpmap = 1;
    m[1].sctp_port = 5000;

    desc.nmedia = 2;
    desc.media = m;

    is(ngx_rtc_sdp_write(&buf, &desc), NGX_OK, "offer");
    is(parse(), NGX_OK, "parses");
    pm = sdp.media;
    is(pm[0].port, 0, "bundle-only has port 0");
    is(pm[0].rejected, 0, "but isn't rejected");
    is(pm[0].direction, NGX_RTC_SDP_SEND, "direction");
    is_str(pm[0].stream, "-", "a track of no stream");
    is_str(pm[0].track, "t", "track");
    is(pm[0].nssrcs, 2, "ssrcs");
    is_str(pm[0].ssrcs[1].cname, "c", "cname of both");
    is_str(pm[0].ssrcs[1].track, "t", "track of both");
    is(ngx_rtc_sdp_find_rtx_ssrc(&pm[0], 4000000000U), 5, "FID group");
    is(ngx_rtc_sdp_find_rtx(&pm[0], 102)->pt, 103, "rtx");
    is(pm[0].payloads[0].params.profile_level_id, 0x42e01f, "profile");
    is_str(pm[0].transport.ice_options, "trickle", "trickle");
    is(pm[1].sctpmap, 1, "old style data channels");
    is_str(pm[1].proto, "DTLS/SCTP", "their protocol");
    is_str(pm[1].fmts, "5000", "their port");

    /* the text must not begin in the middle when all is rejected */

    start();
    m[0].rejected = 1;
    m[1].rejected = 1;
    desc.nmedia = 2;
    desc.media = m;
    is(ngx_rtc_sdp_write(&buf, &desc), NGX_OK, "all rejected");
    is(parse(), NGX_OK, "parses");
    is(sdp.ngroups, 0, "no group");
    is(sdp.media[0].rejected, 1, "rejected");
    is_str(sdp.media[0].fmts, "102 103", "its formats");
}


static void
test_frag(void)
{
    ngx_rtc_sdp_media_desc_t   m[2];

    static const char  expected[] =
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
        "a=mid:0\r\n"
        "a=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\n"
        "a=candidate:1 1 udp 2130706431 203.0.113.1 3478 typ host\r\n"
        "a=end-of-candidates\r\n";

    start();
    desc.trickle = 1;
    desc.ice2 = 1;
    desc.ncandidates = 1;
    memset(m, 0, sizeof(m));
    m[0].kind = NGX_RTC_KIND_AUDIO;
    ngx_str_set(&m[0].mid, "0");
    m[1].kind = NGX_RTC_KIND_VIDEO;
    ngx_str_set(&m[1].mid, "1");
    desc.nmedia = 2;
    desc.media = m;

    is(ngx_rtc_sdp_write_frag(&buf, &desc), NGX_OK, "fragment");
    is_mem(text, buf.last - text, expected, sizeof(expected) - 1,
           "word by word");
}


int
main(void)
{
    test_answer();
    test_offer();
    test_frag();

    return test_done();
}
