
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Session descriptions and WHIP fragments from structs to text, in the form
 * and order that browsers themselves write.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"


static void ngx_rtc_sdp_write_groups(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc);
static void ngx_rtc_sdp_write_media(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc, ngx_rtc_sdp_media_desc_t *m, ngx_uint_t first);
static void ngx_rtc_sdp_write_media_line(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m);
static void ngx_rtc_sdp_write_transport(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc, ngx_uint_t first);
static void ngx_rtc_sdp_write_candidates(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc);
static void ngx_rtc_sdp_write_ice_options(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc);
static void ngx_rtc_sdp_write_rtp(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m);
static void ngx_rtc_sdp_write_codec(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m, ngx_rtc_sdp_codec_desc_t *codec);
static void ngx_rtc_sdp_write_fb(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_codec_desc_t *codec);
static void ngx_rtc_sdp_write_ssrcs(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m);
static void ngx_rtc_sdp_write_ssrc(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m, uint32_t ssrc);
static void ngx_rtc_sdp_write_rids(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m);
static void ngx_rtc_sdp_write_attr(ngx_rtc_sdp_buf_t *buf, const char *name,
    ngx_str_t *value);


static ngx_str_t  ngx_rtc_sdp_directions[] = {
    ngx_string("inactive"),
    ngx_string("sendonly"),
    ngx_string("recvonly"),
    ngx_string("sendrecv")
};


static ngx_str_t  ngx_rtc_sdp_setups[] = {
    ngx_null_string,
    ngx_string("actpass"),
    ngx_string("active"),
    ngx_string("passive"),
    ngx_string("holdconn")
};


static ngx_str_t  ngx_rtc_sdp_cand_types[] = {
    ngx_string("host"),
    ngx_string("srflx"),
    ngx_string("prflx"),
    ngx_string("relay")
};


static ngx_str_t  ngx_rtc_sdp_tcp_types[] = {
    ngx_null_string,
    ngx_string("active"),
    ngx_string("passive"),
    ngx_string("so")
};


ngx_int_t
ngx_rtc_sdp_write(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc)
{
    ngx_uint_t                 i, first;
    ngx_rtc_sdp_media_desc_t  *m;

    ngx_rtc_sdp_puts(buf, "v=0" CRLF "o=- ");
    ngx_rtc_sdp_put_uint(buf, desc->sess_id);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_uint(buf, desc->version);
    ngx_rtc_sdp_puts(buf, " IN IP4 127.0.0.1" CRLF "s=-" CRLF "t=0 0" CRLF);

    if (desc->ice_lite) {
        ngx_rtc_sdp_puts(buf, "a=ice-lite" CRLF);
    }

    ngx_rtc_sdp_write_groups(buf, desc);

    ngx_rtc_sdp_puts(buf, "a=msid-semantic: WMS *" CRLF);

    first = 1;

    for (i = 0; i < desc->nmedia; i++) {
        m = &desc->media[i];

        ngx_rtc_sdp_write_media(buf, desc, m, first);

        if (!m->rejected) {
            first = 0;
        }
    }

    return buf->overflow ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_rtc_sdp_write_frag(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc)
{
    ngx_uint_t                 i;
    ngx_rtc_sdp_media_desc_t  *m;

    if (desc->ice_lite) {
        ngx_rtc_sdp_puts(buf, "a=ice-lite" CRLF);
    }

    ngx_rtc_sdp_write_ice_options(buf, desc);
    ngx_rtc_sdp_write_groups(buf, desc);

    for (i = 0; i < desc->nmedia; i++) {
        m = &desc->media[i];

        if (m->rejected) {
            continue;
        }

        /* a pseudo m-line: only its media type says something, RFC 8840 */

        ngx_rtc_sdp_puts(buf, "m=");
        ngx_rtc_sdp_put_str(buf, m->media.len ? &m->media
                                              : ngx_rtc_kind_name(m->kind));

        if (m->kind == NGX_RTC_KIND_APPLICATION) {
            ngx_rtc_sdp_puts(buf, " 9 UDP/DTLS/SCTP webrtc-datachannel" CRLF);

        } else {
            ngx_rtc_sdp_puts(buf, " 9 UDP/TLS/RTP/SAVPF 0" CRLF);
        }

        ngx_rtc_sdp_write_attr(buf, "mid:", &m->mid);
        ngx_rtc_sdp_write_attr(buf, "ice-ufrag:", &desc->ufrag);
        ngx_rtc_sdp_write_attr(buf, "ice-pwd:", &desc->pwd);
        ngx_rtc_sdp_write_candidates(buf, desc);

        break;
    }

    return buf->overflow ? NGX_ERROR : NGX_OK;
}


static void
ngx_rtc_sdp_write_groups(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc)
{
    ngx_uint_t                 i, n;
    ngx_rtc_sdp_media_desc_t  *m;

    n = 0;

    for (i = 0; i < desc->nmedia; i++) {
        m = &desc->media[i];

        if (m->rejected || m->mid.len == 0) {
            continue;
        }

        if (n++ == 0) {
            ngx_rtc_sdp_puts(buf, "a=group:BUNDLE");
        }

        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_str(buf, &m->mid);
    }

    if (n) {
        ngx_rtc_sdp_puts(buf, CRLF);
    }
}


/*
 * The address is that of JSEP's trickle: 0.0.0.0 and 9, "discard"; the
 * candidates tell the real ones.
 */

static void
ngx_rtc_sdp_write_media(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc,
    ngx_rtc_sdp_media_desc_t *m, ngx_uint_t first)
{
    ngx_rtc_sdp_write_media_line(buf, m);

    ngx_rtc_sdp_puts(buf, "c=IN IP4 0.0.0.0" CRLF);

    if (m->rejected) {

        if (m->mid.len) {
            ngx_rtc_sdp_write_attr(buf, "mid:", &m->mid);
        }

        ngx_rtc_sdp_puts(buf, "a=inactive" CRLF);
        return;
    }

    if (m->bitrate) {
        ngx_rtc_sdp_puts(buf, "b=AS:");
        ngx_rtc_sdp_put_uint(buf, m->bitrate / 1000);
        ngx_rtc_sdp_puts(buf, CRLF "b=TIAS:");
        ngx_rtc_sdp_put_uint(buf, m->bitrate);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    if (m->kind != NGX_RTC_KIND_APPLICATION) {
        ngx_rtc_sdp_puts(buf, "a=rtcp:9 IN IP4 0.0.0.0" CRLF);
    }

    ngx_rtc_sdp_write_transport(buf, desc, first);

    if (m->mid.len) {
        ngx_rtc_sdp_write_attr(buf, "mid:", &m->mid);
    }

    if (m->bundle_only) {
        ngx_rtc_sdp_puts(buf, "a=bundle-only" CRLF);
    }

    if (m->kind != NGX_RTC_KIND_APPLICATION) {
        ngx_rtc_sdp_write_rtp(buf, m);
        return;
    }

    if (m->sctpmap) {
        ngx_rtc_sdp_puts(buf, "a=sctpmap:");
        ngx_rtc_sdp_put_uint(buf, m->sctp_port);
        ngx_rtc_sdp_puts(buf, " webrtc-datachannel 65535" CRLF);

    } else {
        ngx_rtc_sdp_puts(buf, "a=sctp-port:");
        ngx_rtc_sdp_put_uint(buf, m->sctp_port);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    if (m->max_message_size) {
        ngx_rtc_sdp_puts(buf, "a=max-message-size:");
        ngx_rtc_sdp_put_uint(buf, m->max_message_size);
        ngx_rtc_sdp_puts(buf, CRLF);
    }
}


static void
ngx_rtc_sdp_write_media_line(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_media_desc_t *m)
{
    ngx_uint_t  i;

    ngx_rtc_sdp_puts(buf, "m=");
    ngx_rtc_sdp_put_str(buf, m->media.len ? &m->media
                                          : ngx_rtc_kind_name(m->kind));

    if (m->rejected || m->bundle_only) {
        ngx_rtc_sdp_puts(buf, " 0 ");

    } else {
        ngx_rtc_sdp_puts(buf, " 9 ");
    }

    if (m->proto.len) {
        ngx_rtc_sdp_put_str(buf, &m->proto);

    } else if (m->kind != NGX_RTC_KIND_APPLICATION) {
        ngx_rtc_sdp_puts(buf, "UDP/TLS/RTP/SAVPF");

    } else if (m->sctpmap) {
        ngx_rtc_sdp_puts(buf, "DTLS/SCTP");

    } else {
        ngx_rtc_sdp_puts(buf, "UDP/DTLS/SCTP");
    }

    if (m->rejected && m->fmts.len) {
        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_str(buf, &m->fmts);

    } else if (m->kind == NGX_RTC_KIND_APPLICATION) {

        if (m->sctpmap) {
            ngx_rtc_sdp_puts(buf, " ");
            ngx_rtc_sdp_put_uint(buf, m->sctp_port);

        } else {
            ngx_rtc_sdp_puts(buf, " webrtc-datachannel");
        }

    } else if (m->ncodecs == 0) {
        ngx_rtc_sdp_puts(buf, " 0");
    }

    for (i = 0; i < m->ncodecs && !(m->rejected && m->fmts.len); i++) {
        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_uint(buf, m->codecs[i].pt);

        if (m->codecs[i].rtx_pt) {
            ngx_rtc_sdp_puts(buf, " ");
            ngx_rtc_sdp_put_uint(buf, m->codecs[i].rtx_pt);
        }
    }

    ngx_rtc_sdp_puts(buf, CRLF);
}


static void
ngx_rtc_sdp_write_transport(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc,
    ngx_uint_t first)
{
    /* RFC 9143, section 7.1.3: candidates only with the first of a group */

    if (first) {
        ngx_rtc_sdp_write_candidates(buf, desc);
    }

    ngx_rtc_sdp_write_attr(buf, "ice-ufrag:", &desc->ufrag);
    ngx_rtc_sdp_write_attr(buf, "ice-pwd:", &desc->pwd);
    ngx_rtc_sdp_write_ice_options(buf, desc);

    ngx_rtc_sdp_puts(buf, "a=fingerprint:");
    ngx_rtc_sdp_put_str(buf, &desc->fingerprint_hash);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_str(buf, &desc->fingerprint);
    ngx_rtc_sdp_puts(buf, CRLF);

    if (desc->setup != NGX_RTC_SDP_SETUP_NONE) {
        ngx_rtc_sdp_write_attr(buf, "setup:",
                               &ngx_rtc_sdp_setups[desc->setup]);
    }
}


static void
ngx_rtc_sdp_write_candidates(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc)
{
    ngx_uint_t  i;

    for (i = 0; i < desc->ncandidates; i++) {
        ngx_rtc_sdp_puts(buf, "a=");
        ngx_rtc_sdp_write_candidate(buf, &desc->candidates[i]);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    if (desc->end_of_candidates) {
        ngx_rtc_sdp_puts(buf, "a=end-of-candidates" CRLF);
    }
}


void
ngx_rtc_sdp_write_candidate(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_candidate_t *cand)
{
    ngx_rtc_sdp_puts(buf, "candidate:");
    ngx_rtc_sdp_put_str(buf, &cand->foundation);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_uint(buf, cand->component);

    if (cand->tcp) {
        ngx_rtc_sdp_puts(buf, " tcp ");

    } else {
        ngx_rtc_sdp_puts(buf, " udp ");
    }

    ngx_rtc_sdp_put_uint(buf, cand->priority);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_str(buf, &cand->address);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_uint(buf, cand->port);
    ngx_rtc_sdp_puts(buf, " typ ");
    ngx_rtc_sdp_put_str(buf, &ngx_rtc_sdp_cand_types[cand->type]);

    if (cand->raddr.len) {
        ngx_rtc_sdp_puts(buf, " raddr ");
        ngx_rtc_sdp_put_str(buf, &cand->raddr);
        ngx_rtc_sdp_puts(buf, " rport ");
        ngx_rtc_sdp_put_uint(buf, cand->rport);
    }

    if (cand->tcptype != NGX_RTC_SDP_TCP_NONE) {
        ngx_rtc_sdp_puts(buf, " tcptype ");
        ngx_rtc_sdp_put_str(buf, &ngx_rtc_sdp_tcp_types[cand->tcptype]);
    }
}


static void
ngx_rtc_sdp_write_ice_options(ngx_rtc_sdp_buf_t *buf,
    ngx_rtc_sdp_desc_t *desc)
{
    if (desc->trickle && desc->ice2) {
        ngx_rtc_sdp_puts(buf, "a=ice-options:trickle ice2" CRLF);

    } else if (desc->trickle) {
        ngx_rtc_sdp_puts(buf, "a=ice-options:trickle" CRLF);

    } else if (desc->ice2) {
        ngx_rtc_sdp_puts(buf, "a=ice-options:ice2" CRLF);
    }
}


static void
ngx_rtc_sdp_write_rtp(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_media_desc_t *m)
{
    ngx_uint_t                 i;
    ngx_rtc_sdp_extmap_desc_t  *e;

    if (m->extmap_allow_mixed) {
        ngx_rtc_sdp_puts(buf, "a=extmap-allow-mixed" CRLF);
    }

    for (i = 0; i < m->nextmaps; i++) {
        e = &m->extmaps[i];

        ngx_rtc_sdp_puts(buf, "a=extmap:");
        ngx_rtc_sdp_put_uint(buf, e->id);

        if (e->direction != NGX_RTC_SDP_SENDRECV) {
            ngx_rtc_sdp_puts(buf, "/");
            ngx_rtc_sdp_put_str(buf, &ngx_rtc_sdp_directions[e->direction]);
        }

        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_str(buf, ngx_rtc_ext_uri(e->ext));
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    ngx_rtc_sdp_write_attr(buf, "", &ngx_rtc_sdp_directions[m->direction & 3]);

    if ((m->direction & NGX_RTC_SDP_SEND) && m->track.len) {
        ngx_rtc_sdp_puts(buf, "a=msid:");

        if (m->stream.len) {
            ngx_rtc_sdp_put_str(buf, &m->stream);

        } else {
            ngx_rtc_sdp_puts(buf, "-");
        }

        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_str(buf, &m->track);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    ngx_rtc_sdp_puts(buf, "a=rtcp-mux" CRLF);

    if (m->rtcp_mux_only) {
        ngx_rtc_sdp_puts(buf, "a=rtcp-mux-only" CRLF);
    }

    if (m->rtcp_rsize) {
        ngx_rtc_sdp_puts(buf, "a=rtcp-rsize" CRLF);
    }

    for (i = 0; i < m->ncodecs; i++) {
        ngx_rtc_sdp_write_codec(buf, m, &m->codecs[i]);
    }

    ngx_rtc_sdp_write_ssrcs(buf, m);
    ngx_rtc_sdp_write_rids(buf, m);
}


static void
ngx_rtc_sdp_write_codec(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_media_desc_t *m,
    ngx_rtc_sdp_codec_desc_t *codec)
{
    ngx_uint_t  clock_rate, channels;

    clock_rate = codec->clock_rate;
    channels = codec->channels;

    if (clock_rate == 0) {
        clock_rate = ngx_rtc_codec_clock_rate(codec->codec);
    }

    if (channels == 0) {
        channels = ngx_rtc_codec_channels(codec->codec);
    }

    if (clock_rate == 0) {

        /* red: as opus in audio */

        clock_rate = (m->kind == NGX_RTC_KIND_AUDIO) ? 48000 : 90000;
        channels = (m->kind == NGX_RTC_KIND_AUDIO) ? 2 : 0;
    }

    ngx_rtc_sdp_puts(buf, "a=rtpmap:");
    ngx_rtc_sdp_put_uint(buf, codec->pt);
    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_str(buf, ngx_rtc_codec_name(codec->codec));
    ngx_rtc_sdp_puts(buf, "/");
    ngx_rtc_sdp_put_uint(buf, clock_rate);

    if (channels > 1) {
        ngx_rtc_sdp_puts(buf, "/");
        ngx_rtc_sdp_put_uint(buf, channels);
    }

    ngx_rtc_sdp_puts(buf, CRLF);

    ngx_rtc_sdp_write_fb(buf, codec);

    if (codec->fmtp.len) {
        ngx_rtc_sdp_puts(buf, "a=fmtp:");
        ngx_rtc_sdp_put_uint(buf, codec->pt);
        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_str(buf, &codec->fmtp);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    if (codec->rtx_pt) {
        ngx_rtc_sdp_puts(buf, "a=rtpmap:");
        ngx_rtc_sdp_put_uint(buf, codec->rtx_pt);
        ngx_rtc_sdp_puts(buf, " rtx/");
        ngx_rtc_sdp_put_uint(buf, clock_rate);
        ngx_rtc_sdp_puts(buf, CRLF "a=fmtp:");
        ngx_rtc_sdp_put_uint(buf, codec->rtx_pt);
        ngx_rtc_sdp_puts(buf, " apt=");
        ngx_rtc_sdp_put_uint(buf, codec->pt);
        ngx_rtc_sdp_puts(buf, CRLF);
    }
}


static void
ngx_rtc_sdp_write_fb(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_codec_desc_t *codec)
{
    ngx_uint_t  i;

    static struct {
        ngx_uint_t   flag;
        ngx_str_t    text;
    } fbs[] = {
        { NGX_RTC_SDP_FB_REMB, ngx_string(" goog-remb" CRLF) },
        { NGX_RTC_SDP_FB_TWCC, ngx_string(" transport-cc" CRLF) },
        { NGX_RTC_SDP_FB_FIR, ngx_string(" ccm fir" CRLF) },
        { NGX_RTC_SDP_FB_NACK, ngx_string(" nack" CRLF) },
        { NGX_RTC_SDP_FB_PLI, ngx_string(" nack pli" CRLF) },
        { NGX_RTC_SDP_FB_RRTR, ngx_string(" rrtr" CRLF) }
    };

    for (i = 0; i < sizeof(fbs) / sizeof(fbs[0]); i++) {

        if (codec->fb & fbs[i].flag) {
            ngx_rtc_sdp_puts(buf, "a=rtcp-fb:");
            ngx_rtc_sdp_put_uint(buf, codec->pt);
            ngx_rtc_sdp_put_str(buf, &fbs[i].text);
        }
    }
}


static void
ngx_rtc_sdp_write_ssrcs(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_media_desc_t *m)
{
    if (m->ssrc == 0) {
        return;
    }

    if (m->rtx_ssrc) {
        ngx_rtc_sdp_puts(buf, "a=ssrc-group:FID ");
        ngx_rtc_sdp_put_uint(buf, m->ssrc);
        ngx_rtc_sdp_puts(buf, " ");
        ngx_rtc_sdp_put_uint(buf, m->rtx_ssrc);
        ngx_rtc_sdp_puts(buf, CRLF);
    }

    ngx_rtc_sdp_write_ssrc(buf, m, m->ssrc);

    if (m->rtx_ssrc) {
        ngx_rtc_sdp_write_ssrc(buf, m, m->rtx_ssrc);
    }
}


static void
ngx_rtc_sdp_write_ssrc(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_media_desc_t *m,
    uint32_t ssrc)
{
    ngx_rtc_sdp_puts(buf, "a=ssrc:");
    ngx_rtc_sdp_put_uint(buf, ssrc);
    ngx_rtc_sdp_puts(buf, " cname:");
    ngx_rtc_sdp_put_str(buf, &m->cname);
    ngx_rtc_sdp_puts(buf, CRLF);

    if (m->track.len == 0) {
        return;
    }

    /* endpoints that learn tracks from a=ssrc only, as GStreamer's */

    ngx_rtc_sdp_puts(buf, "a=ssrc:");
    ngx_rtc_sdp_put_uint(buf, ssrc);
    ngx_rtc_sdp_puts(buf, " msid:");

    if (m->stream.len) {
        ngx_rtc_sdp_put_str(buf, &m->stream);

    } else {
        ngx_rtc_sdp_puts(buf, "-");
    }

    ngx_rtc_sdp_puts(buf, " ");
    ngx_rtc_sdp_put_str(buf, &m->track);
    ngx_rtc_sdp_puts(buf, CRLF);
}


static void
ngx_rtc_sdp_write_rids(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_media_desc_t *m)
{
    ngx_uint_t  i;

    if (m->nrids == 0) {
        return;
    }

    for (i = 0; i < m->nrids; i++) {
        ngx_rtc_sdp_puts(buf, "a=rid:");
        ngx_rtc_sdp_put_str(buf, &m->rids[i].rid);
        ngx_rtc_sdp_puts(buf, " recv" CRLF);
    }

    ngx_rtc_sdp_puts(buf, "a=simulcast:recv ");

    for (i = 0; i < m->nrids; i++) {

        if (i) {
            ngx_rtc_sdp_puts(buf, ";");
        }

        if (m->rids[i].paused) {
            ngx_rtc_sdp_puts(buf, "~");
        }

        ngx_rtc_sdp_put_str(buf, &m->rids[i].rid);
    }

    ngx_rtc_sdp_puts(buf, CRLF);
}


/* a line "a=<name><value>"; the colon is part of the name */

static void
ngx_rtc_sdp_write_attr(ngx_rtc_sdp_buf_t *buf, const char *name,
    ngx_str_t *value)
{
    ngx_rtc_sdp_puts(buf, "a=");
    ngx_rtc_sdp_put(buf, name, ngx_strlen(name));
    ngx_rtc_sdp_put_str(buf, value);
    ngx_rtc_sdp_puts(buf, CRLF);
}


void
ngx_rtc_sdp_put(ngx_rtc_sdp_buf_t *buf, const void *data, size_t len)
{
    if (buf->overflow || (size_t) (buf->end - buf->last) < len) {
        buf->overflow = 1;
        return;
    }

    if (len) {
        buf->last = ngx_cpymem(buf->last, data, len);
    }
}


void
ngx_rtc_sdp_put_uint(ngx_rtc_sdp_buf_t *buf, uint64_t v)
{
    u_char  *p, temp[NGX_INT64_LEN];

    p = temp + NGX_INT64_LEN;

    do {
        *--p = (u_char) (v % 10 + '0');
        v /= 10;
    } while (v);

    ngx_rtc_sdp_put(buf, p, temp + NGX_INT64_LEN - p);
}
