
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * One stream of a publisher: sequence, duplicates, losses, retransmissions,
 * what its packets contain and what its reports say.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_endpoint.h"


static ngx_int_t ngx_rtc_stream_unwrap(ngx_rtc_stream_t *stream,
    ngx_rtc_rtp_t *rtp);
static ngx_int_t ngx_rtc_stream_seq(ngx_rtc_stream_t *stream, uint16_t seq,
    ngx_uint_t rtx, ngx_rtc_usec_t now, int64_t *ext);
static void ngx_rtc_stream_begin(ngx_rtc_stream_t *stream,
    ngx_rtc_usec_t now);
static void ngx_rtc_stream_lost(ngx_rtc_stream_t *stream, int64_t first,
    int64_t last, ngx_rtc_usec_t now);
static ngx_int_t ngx_rtc_stream_compact(ngx_rtc_stream_t *stream,
    int64_t seq, int64_t *compact);
static void ngx_rtc_stream_media(ngx_rtc_stream_t *stream,
    ngx_rtc_rtp_t *rtp, int64_t seq, ngx_uint_t newest, ngx_uint_t rtx,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now);
static void ngx_rtc_stream_exts(ngx_rtc_track_t *track, ngx_rtc_rtp_t *rtp,
    ngx_rtc_packet_t *pkt);
static void ngx_rtc_stream_cache(ngx_rtc_stream_t *stream,
    ngx_rtc_packet_t *pkt, ngx_rtc_usec_t now);
static void ngx_rtc_recv_packet(ngx_rtc_recv_t *recv, int64_t seq);
static void ngx_rtc_recv_jitter(ngx_rtc_recv_t *recv, uint32_t timestamp,
    uint32_t clock, ngx_rtc_usec_t arrival);


/* header extensions that subscribers get, where both sides have them */

static const uint8_t  ngx_rtc_stream_forwarded[] = {
    NGX_RTC_EXT_AUDIO_LEVEL,
    NGX_RTC_EXT_VIDEO_ORIENTATION,
    NGX_RTC_EXT_PLAYOUT_DELAY,
    NGX_RTC_EXT_DD,
    NGX_RTC_EXT_CONTENT_TYPE,
    NGX_RTC_EXT_COLOR_SPACE
};


static uint32_t  ngx_rtc_stream_id;


void
ngx_rtc_stream_init(ngx_rtc_stream_t *stream, ngx_rtc_track_t *track,
    ngx_uint_t layer)
{
    stream->track = track;
    stream->layer = layer;
    stream->rtx.highest = -1;

    ngx_rtc_keyframe_init(&stream->keyframe);
    ngx_rtc_stream_reset(stream);
}


/* whatever comes next has nothing to do with what came before */

void
ngx_rtc_stream_reset(ngx_rtc_stream_t *stream)
{
    uint32_t  ssrc;

    if (++ngx_rtc_stream_id == 0) {
        ngx_rtc_stream_id = 1;
    }

    stream->id = ngx_rtc_stream_id;

    ssrc = stream->media.ssrc;

    ngx_memzero(&stream->media, sizeof(ngx_rtc_recv_t));

    stream->media.ssrc = ssrc;
    stream->media.highest = -1;

    stream->last = -1;
    stream->bad_seq = -1;
    stream->ngaps = 0;
    stream->sr_ntp = 0;
    stream->active = 0;
    stream->sized = 0;

    ngx_rtc_keyframe_arrived(&stream->keyframe);

    if (stream->nack) {
        ngx_rtc_nack_init(stream->nack);
    }

    if (stream->cache) {
        ngx_rtc_cache_destroy(stream->cache);
        stream->cache = NULL;
    }
}


void
ngx_rtc_stream_free(ngx_rtc_stream_t *stream)
{
    if (stream->nack) {
        ngx_free(stream->nack);
        stream->nack = NULL;
    }

    if (stream->cache) {
        ngx_rtc_cache_destroy(stream->cache);
        stream->cache = NULL;
    }
}


void
ngx_rtc_stream_rtp(ngx_rtc_stream_t *stream, ngx_rtc_rtp_t *rtp,
    ngx_uint_t rtx, ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    int64_t           seq;
    ngx_uint_t        newest;
    ngx_rtc_track_t  *track;

    track = stream->track;

    stream->arrival = now;
    stream->packets++;
    stream->bytes += rtp->end - rtp->start;

    ngx_rtc_rate_add(&stream->rate, rtp->end - rtp->start, now);

    if (rtx) {
        if (ngx_rtc_stream_unwrap(stream, rtp) != NGX_OK) {
            return;
        }

    } else if (track->media[rtp->pt] == 0) {

        /*
         * a payload type that wasn't negotiated; its place in the sequence
         * is closed as that of padding is
         */

        ngx_rtc_count(rtp_bad);
        rtp->payload_size = 0;
    }

    if (rtp->payload_size > NGX_RTC_PACKET_MAX) {
        ngx_rtc_count(rtp_bad);
        rtp->payload_size = 0;
    }

    if (ngx_rtc_stream_seq(stream, rtp->seq, rtx, now, &seq) != NGX_OK) {
        return;
    }

    newest = (seq == stream->last);

    if (!rtx) {
        ngx_rtc_recv_packet(&stream->media, seq);
    }

    ngx_rtc_stream_media(stream, rtp, seq, newest, rtx, arrival, now);
}


/* an RTX packet becomes the one that it repeats; NGX_DECLINED: padding */

static ngx_int_t
ngx_rtc_stream_unwrap(ngx_rtc_stream_t *stream, ngx_rtc_rtp_t *rtp)
{
    u_char           *p, *end;
    int64_t           seq, last;
    ngx_uint_t        i;
    ngx_rtc_track_t  *track;

    track = stream->track;

    last = stream->rtx.highest;
    seq = ngx_rtc_seq_unwrap(&last, rtp->seq);

    ngx_rtc_recv_packet(&stream->rtx, seq);

    i = track->rtx[rtp->pt];

    if (i == 0) {
        ngx_rtc_count(rtp_bad);
        return NGX_ERROR;
    }

    end = rtp->end;

    p = ngx_rtc_rtx_unwrap(rtp, track->params.payloads[i - 1].pt,
                           stream->media.ssrc);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_rtc_rtp_parse(rtp, p, end) != NGX_OK) {
        ngx_rtc_count(rtp_bad);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* extends the sequence number; NGX_DECLINED: a duplicate, or too old */

static ngx_int_t
ngx_rtc_stream_seq(ngx_rtc_stream_t *stream, uint16_t seq, ngx_uint_t rtx,
    ngx_rtc_usec_t now, int64_t *ext)
{
    int64_t     i, v, last;
    uint64_t   *word, bit;
    ngx_uint_t  rc;

    last = stream->last;

    if (last < 0) {
        ngx_rtc_stream_begin(stream, now);

        v = ngx_rtc_seq_unwrap(&stream->last, seq);
        stream->seen[(v / 64) % (NGX_RTC_STREAM_WINDOW / 64)]
                                                 |= (uint64_t) 1 << (v % 64);
        *ext = v;

        return NGX_OK;
    }

    v = last + ngx_rtc_seq_diff(seq, (uint16_t) last);

    if (v > last + NGX_RTC_STREAM_JUMP || v <= last - NGX_RTC_STREAM_WINDOW) {

        /*
         * A sender that begins anew, if the next packet follows this one
         * (RFC 3550, appendix A.1); an old retransmission never does.
         */

        if (rtx || stream->bad_seq != seq) {

            if (!rtx) {
                stream->bad_seq = (uint16_t) (seq + 1);
            }

            stream->duplicates++;
            return NGX_DECLINED;
        }

        ngx_rtc_stream_reset(stream);

        return ngx_rtc_stream_seq(stream, seq, rtx, now, ext);
    }

    word = &stream->seen[(v / 64) % (NGX_RTC_STREAM_WINDOW / 64)];
    bit = (uint64_t) 1 << (v % 64);

    if (v > last) {
        stream->bad_seq = -1;

        if (v - last > NGX_RTC_STREAM_WINDOW) {
            ngx_memzero(stream->seen, sizeof(stream->seen));

        } else {
            for (i = last + 1; i < v; i++) {
                stream->seen[(i / 64) % (NGX_RTC_STREAM_WINDOW / 64)]
                                              &= ~((uint64_t) 1 << (i % 64));
            }
        }

        stream->last = v;

        if (v > last + 1) {
            ngx_rtc_stream_lost(stream, last + 1, v, now);
        }

    } else {

        if (*word & bit) {
            stream->duplicates++;
            return NGX_DECLINED;
        }

        if (stream->nack) {
            rc = ngx_rtc_nack_received(stream->nack, v);

            if (rtx || rc == 2) {
                stream->recovered++;
                ngx_rtc_count(rtx_received);
            }
        }
    }

    *word |= bit;
    *ext = v;

    return NGX_OK;
}


static void
ngx_rtc_stream_begin(ngx_rtc_stream_t *stream, ngx_rtc_usec_t now)
{
    ngx_memzero(stream->seen, sizeof(stream->seen));
    stream->begun = now;
}


static void
ngx_rtc_stream_lost(ngx_rtc_stream_t *stream, int64_t first, int64_t last,
    ngx_rtc_usec_t now)
{
    ngx_rtc_endpoint_t  *ep;

    if (stream->nack == NULL) {
        return;
    }

    ep = stream->track->ep;

    if (ngx_rtc_nack_gap(stream->nack, first, last, now) != NGX_OK) {

        if (stream->track->params.kind == NGX_RTC_KIND_VIDEO) {
            ngx_rtc_track_keyframe(stream->track, now);
        }

        return;
    }

    if (now + NGX_RTC_NACK_DELAY < ep->nack_at) {
        ep->nack_at = now + NGX_RTC_NACK_DELAY;
        ngx_rtc_endpoint_wake(ep, ep->nack_at);
    }
}


/*
 * The sequence without the places of packets that nobody gets.  Only what
 * comes late looks further than at the newest gap.
 */

static ngx_int_t
ngx_rtc_stream_compact(ngx_rtc_stream_t *stream, int64_t seq,
    int64_t *compact)
{
    uint64_t  i, oldest;

    oldest = (stream->ngaps > NGX_RTC_STREAM_GAPS)
             ? stream->ngaps - NGX_RTC_STREAM_GAPS : 0;

    for (i = stream->ngaps; i > oldest; i--) {
        if (stream->gaps[(i - 1) % NGX_RTC_STREAM_GAPS] < seq) {
            break;
        }
    }

    if (i == oldest && oldest) {
        return NGX_DECLINED;
    }

    *compact = seq - (int64_t) i;

    return NGX_OK;
}


static void
ngx_rtc_stream_media(ngx_rtc_stream_t *stream, ngx_rtc_rtp_t *rtp,
    int64_t seq, ngx_uint_t newest, ngx_uint_t rtx, ngx_rtc_usec_t arrival,
    ngx_rtc_usec_t now)
{
    ngx_uint_t              i;
    ngx_rtc_track_t        *track;
    ngx_rtc_packet_t        pkt;
    ngx_rtc_payload_t      *payload;
    ngx_rtc_codec_info_t    info;

    track = stream->track;

    i = track->media[rtp->pt];
    payload = i ? &track->params.payloads[i - 1] : NULL;

    if (payload && rtp->payload_size) {

        switch (payload->codec) {

        case NGX_RTC_CODEC_RED:
        case NGX_RTC_CODEC_ULPFEC:
        case NGX_RTC_CODEC_FLEXFEC:

            /* not to be forwarded without being understood */

            rtp->payload_size = 0;
            break;

        default:
            break;
        }
    }

    pkt.padding = 0;

    if (payload == NULL || rtp->payload_size == 0) {

        if (newest) {
            stream->gaps[stream->ngaps++ % NGX_RTC_STREAM_GAPS] = seq;
            return;
        }

        /* its place is already given away: something must stand there */

        if (!stream->active) {
            return;
        }

        pkt.padding = 1;
        i = stream->payload + 1;
        payload = &track->params.payloads[stream->payload];
        rtp->payload_size = 0;
        rtp->marker = 0;
    }

    if (ngx_rtc_stream_compact(stream, seq, &pkt.seq) != NGX_OK) {
        return;
    }

    pkt.payload = rtp->payload;
    pkt.size = (uint16_t) rtp->payload_size;
    pkt.timestamp = rtp->timestamp;
    pkt.index = (uint8_t) (i - 1);
    pkt.marker = rtp->marker;
    pkt.keyframe = 0;
    pkt.two_byte = 0;
    pkt.nexts = 0;
    pkt.ext_size = 0;

    if (!pkt.padding) {

        if (!stream->active) {
            stream->active = 1;
            stream->clock = payload->clock;
            stream->timestamp = rtp->timestamp - 1;

            if (track->codec == NGX_RTC_CODEC_UNKNOWN) {
                track->codec = payload->codec;
                track->selected = stream;
            }
        }

        if (newest) {
            stream->payload = i - 1;
            stream->clock = payload->clock;

            if (track->selected == stream
                && track->codec != payload->codec)
            {
                /* the publisher may change it at any time: told again */

                track->codec = payload->codec;
                track->active = 0;
            }
        }

        if (ngx_rtc_ts_newer(rtp->timestamp, stream->timestamp)) {
            stream->timestamp = rtp->timestamp;
            stream->ts_arrival = arrival;
            stream->frames++;
        }

        if (newest && !rtx) {
            ngx_rtc_recv_jitter(&stream->media, rtp->timestamp,
                                payload->clock, arrival);
        }

        if (track->params.kind == NGX_RTC_KIND_VIDEO) {

            if (ngx_rtc_codec_parse((ngx_rtc_codec_e) payload->codec,
                                    rtp->payload,
                                    rtp->payload + rtp->payload_size,
                                    rtp->marker, &info)
                == NGX_ERROR)
            {
                ngx_rtc_count(rtp_bad);
            }

            if (info.has_size && info.width && info.height) {
                stream->width = info.width;
                stream->height = info.height;
            }

            if (info.keyframe && info.frame_start && info.sid == 0) {

                if (payload->codec != NGX_RTC_CODEC_H264) {
                    pkt.keyframe = 1;

                } else if (info.has_size) {
                    pkt.keyframe = 1;
                    stream->sized = 1;

                } else if (!stream->sized) {

                    /* an IDR of a sender that has sent no SPS so far */

                    pkt.keyframe = 1;
                }
            }

            if (pkt.keyframe) {
                stream->keyframes++;

                ngx_rtc_keyframe_arrived(&stream->keyframe);

                if (stream->nack) {
                    ngx_rtc_nack_keyframe(stream->nack, seq);
                }
            }
        }

        ngx_rtc_stream_exts(track, rtp, &pkt);
    }

    if (track->muted || track->nsubs == 0) {
        return;
    }

    ngx_rtc_stream_cache(stream, &pkt, now);

    ngx_rtc_track_forward(track, stream, &pkt, now);
}


static void
ngx_rtc_stream_exts(ngx_rtc_track_t *track, ngx_rtc_rtp_t *rtp,
    ngx_rtc_packet_t *pkt)
{
    size_t                 len;
    u_char                *data;
    ngx_uint_t             i, ext;
    ngx_rtc_packet_ext_t  *e;

    if (rtp->ext_mask == 0) {
        return;
    }

    for (i = 0; i < sizeof(ngx_rtc_stream_forwarded); i++) {
        ext = ngx_rtc_stream_forwarded[i];

        data = ngx_rtc_rtp_ext(rtp, track->params.ext.id[ext], &len);

        if (data == NULL || len == 0 || pkt->nexts == NGX_RTC_PACKET_EXTS) {
            continue;
        }

        e = &pkt->exts[pkt->nexts++];

        e->data = data;
        e->ext = (uint8_t) ext;
        e->len = (uint8_t) len;

        pkt->ext_size += (uint16_t) (len + 2);

        if (len > 16) {
            pkt->two_byte = 1;
        }
    }
}


static void
ngx_rtc_stream_cache(ngx_rtc_stream_t *stream, ngx_rtc_packet_t *pkt,
    ngx_rtc_usec_t now)
{
    ngx_uint_t  slots;

    if (stream->cache == NULL) {

        slots = (stream->track->params.kind == NGX_RTC_KIND_VIDEO)
                ? NGX_RTC_CACHE_VIDEO : NGX_RTC_CACHE_AUDIO;

        stream->cache = ngx_rtc_cache_create(slots, stream->track->ep->log);

        if (stream->cache == NULL) {
            return;
        }
    }

    (void) ngx_rtc_cache_put(stream->cache, pkt, now);
}


void
ngx_rtc_stream_sr(ngx_rtc_stream_t *stream, ngx_rtc_rtcp_sr_t *sr,
    ngx_rtc_usec_t arrival, ngx_rtc_usec_t now)
{
    int64_t              diff;
    ngx_uint_t           i;
    ngx_rtc_track_t     *track;
    ngx_rtc_recv_t      *recv;
    ngx_rtc_endpoint_t  *ep;

    track = stream->track;
    ep = track->ep;

    recv = (sr->ssrc == stream->rtx.ssrc) ? &stream->rtx : &stream->media;

    recv->lsr = ngx_rtc_ntp_compact(sr->ntp);
    recv->sr_arrival = arrival;

    if (recv == &stream->rtx || sr->ntp == 0) {
        return;
    }

    stream->sr_ntp = sr->ntp;
    stream->sr_timestamp = sr->timestamp;

    /*
     * One offset for all tracks of the publisher keeps its sound and picture
     * together whatever its value is; it follows the clocks' drift slowly,
     * so that what was told to subscribers at different times agrees.
     */

    diff = arrival - ngx_rtc_ntp_to_usec(sr->ntp);

    if (!ep->ntp_known || diff - ep->ntp_offset > 5000000
        || diff - ep->ntp_offset < -5000000)
    {
        ep->ntp_known = 1;
        ep->ntp_offset = diff;

    } else if (diff > ep->ntp_offset) {
        ep->ntp_offset += ngx_min((diff - ep->ntp_offset) / 16, 1000);

    } else {
        ep->ntp_offset -= ngx_min((ep->ntp_offset - diff) / 16, 1000);
    }

    for (i = 0; i < track->nsubs; i++) {
        if (!track->subs[i]->reported) {
            ngx_rtc_report_sender(track->subs[i], now);
        }
    }
}


ngx_int_t
ngx_rtc_stream_timestamp(ngx_rtc_stream_t *stream, ngx_rtc_usec_t now,
    uint32_t *timestamp)
{
    int64_t         elapsed;
    ngx_rtc_usec_t  since;

    if (!stream->active) {
        return NGX_DECLINED;
    }

    if (stream->sr_ntp) {
        elapsed = now - stream->track->ep->ntp_offset
                  - ngx_rtc_ntp_to_usec(stream->sr_ntp);

        /* a publisher's report from the future or from another age */

        if (elapsed > -60000000LL && elapsed < 86400000000LL) {
            *timestamp = stream->sr_timestamp
                         + (uint32_t) (elapsed * stream->clock / 1000000);
            return NGX_OK;
        }
    }

    since = now - stream->begun;

    if (since < NGX_RTC_STREAM_NO_SR) {
        return NGX_DECLINED;
    }

    elapsed = now - stream->ts_arrival;

    *timestamp = stream->timestamp
                 + (uint32_t) (elapsed * stream->clock / 1000000);

    return NGX_OK;
}


static void
ngx_rtc_recv_packet(ngx_rtc_recv_t *recv, int64_t seq)
{
    if (recv->highest < 0) {
        recv->base = seq;
        recv->highest = seq;

    } else if (seq > recv->highest) {
        recv->highest = seq;

    } else if (seq < recv->base) {
        recv->base = seq;
    }

    recv->received++;
}


/* RFC 3550, appendix A.8 */

static void
ngx_rtc_recv_jitter(ngx_rtc_recv_t *recv, uint32_t timestamp, uint32_t clock,
    ngx_rtc_usec_t arrival)
{
    int64_t   d;
    uint32_t  transit;

    transit = (uint32_t) (arrival / 1000000) * clock
              + (uint32_t) (arrival % 1000000 * clock / 1000000) - timestamp;

    if (recv->transit) {
        d = (int32_t) (transit - recv->transit);

        if (d < 0) {
            d = -d;
        }

        /* a jump of the source's clock isn't jitter */

        if (d < (int64_t) clock * 5) {
            recv->jitter += (uint32_t) d - ((recv->jitter + 8) >> 4);
        }
    }

    recv->transit = transit;
}


uint64_t
ngx_rtc_recv_lost(ngx_rtc_recv_t *recv)
{
    uint64_t  expected;

    if (recv->highest < 0) {
        return 0;
    }

    expected = (uint64_t) (recv->highest - recv->base + 1);

    return (expected > recv->received) ? expected - recv->received : 0;
}


/* RFC 3550, appendix A.3 */

ngx_int_t
ngx_rtc_recv_report(ngx_rtc_recv_t *recv, ngx_rtc_usec_t now,
    ngx_rtc_rtcp_report_t *report)
{
    int64_t         expected, lost, interval, received, fraction;
    ngx_rtc_usec_t  delay;

    if (recv->highest < 0) {
        return NGX_DECLINED;
    }

    expected = recv->highest - recv->base + 1;
    lost = expected - (int64_t) recv->received;

    interval = expected - (int64_t) recv->expected_prior;
    received = (int64_t) (recv->received - recv->received_prior);

    recv->expected_prior = (uint64_t) expected;
    recv->received_prior = recv->received;

    if (interval <= 0 || received >= interval) {
        recv->fraction = 0;

    } else {
        fraction = ((interval - received) << 8) / interval;
        recv->fraction = (uint8_t) ngx_min(fraction, 255);
    }

    report->ssrc = recv->ssrc;
    report->fraction_lost = recv->fraction;
    report->lost = (int32_t) ngx_max(ngx_min(lost, 0x7fffff), -0x800000);

    /* our extended numbers begin with a cycle of 1 */

    report->highest_seq = (uint32_t) (recv->highest - 0x10000);
    report->jitter = recv->jitter >> 4;
    report->lsr = recv->lsr;
    report->dlsr = 0;

    if (recv->lsr) {
        delay = ngx_max(now - recv->sr_arrival, 0);
        report->dlsr = (uint32_t) ((uint64_t) delay * 65536 / 1000000);
    }

    return NGX_OK;
}
