
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A simulated clock and network for tests of media: publishers, endpoints
 * and subscribers, links with delay, reordering and loss.  Time moves by
 * milliseconds; nothing here waits.
 */


#ifndef _NGX_RTC_MEDIA_SIM_H_INCLUDED_
#define _NGX_RTC_MEDIA_SIM_H_INCLUDED_


#include "ngx_rtc_endpoint.h"
#include "test.h"


#define SIM_PACKETS   4096
#define SIM_HISTORY   2048
#define SIM_VP8       96
#define SIM_VP8_RTX   97
#define SIM_OPUS      111


static uint64_t     sim_counters[NGX_RTC_NCOUNTERS];
volatile uint64_t  *ngx_rtc_counter = sim_counters;

static ngx_rtc_usec_t  sim_now = 5000000;
static uint32_t        sim_seed = 1;


/* the same numbers in every run */

static __attribute__ ((unused)) uint32_t
sim_random(void)
{
    sim_seed = sim_seed * 1103515245u + 12345u;

    return (sim_seed >> 8) & 0xffff;
}


/* what an endpoint has sent, kept in order */

typedef struct {
    ngx_rtc_usec_t    time;
    size_t            len;
    ngx_uint_t        rtcp;
    u_char            data[2048];
} sim_packet_t;


typedef struct {
    ngx_rtc_endpoint_t  *ep;
    ngx_rtc_usec_t       deadline;
    u_char               buf[2048];
    ngx_uint_t           reserved;
    ngx_uint_t           refuse;       /* no room in the batch */
    ngx_uint_t           forgotten;
    ngx_uint_t           acked;
    ngx_uint_t           active;
    ngx_uint_t           codec;

    sim_packet_t        *out;          /* a ring */
    ngx_uint_t           nout;
    ngx_uint_t           seen;         /* of nout, by sim_next() */
    ngx_uint_t           plis;
    ngx_uint_t           firs;
    ngx_uint_t           nacks;        /* packets asked for */
    ngx_uint_t           twccs;
    size_t               largest;      /* RTCP */
} sim_end_t;


static u_char *
sim_reserve(void *data, size_t size)
{
    sim_end_t  *end = data;

    if (end->refuse) {
        return NULL;
    }

    end->reserved = size;

    return end->buf;
}


static sim_packet_t *
sim_push(sim_end_t *end, u_char *p, size_t len, ngx_uint_t rtcp)
{
    sim_packet_t  *pkt;

    pkt = &end->out[end->nout++ % SIM_PACKETS];

    pkt->time = sim_now;
    pkt->len = len;
    pkt->rtcp = rtcp;
    memcpy(pkt->data, p, len);

    return pkt;
}


static ngx_int_t
sim_commit(void *data, size_t len)
{
    sim_end_t  *end = data;

    if (len > end->reserved) {
        fail("a packet of %zu bytes in a place of %zu", len,
             (size_t) end->reserved);
        exit(2);
    }

    sim_push(end, end->buf, len, 0);

    return NGX_OK;
}


static ngx_int_t
sim_rtcp(void *data, u_char *p, size_t len)
{
    uint16_t              seqs[512];
    sim_end_t            *end = data;
    ngx_rtc_rtcp_t        pkt;
    ngx_rtc_rtcp_fb_t     fb;
    ngx_rtc_rtcp_iter_t   it;

    if (len > 1200 || len % 4) {
        fail("RTCP of %zu bytes", len);
        exit(2);
    }

    end->largest = ngx_max(end->largest, len);

    ngx_rtc_rtcp_iter_init(&it, p, p + len);

    while (ngx_rtc_rtcp_next(&it, &pkt) == NGX_OK) {

        if (pkt.type == NGX_RTC_RTCP_PSFB && pkt.count == 1) {
            end->plis++;
        }

        if (pkt.type == NGX_RTC_RTCP_PSFB && pkt.count == 4) {
            end->firs++;
        }

        if (pkt.type == NGX_RTC_RTCP_RTPFB && pkt.count == 15) {
            end->twccs++;
        }

        if (pkt.type == NGX_RTC_RTCP_RTPFB && pkt.count == 1
            && ngx_rtc_rtcp_parse_fb(&pkt, &fb) == NGX_OK)
        {
            end->nacks += ngx_rtc_rtcp_nack_seqs(&fb, seqs, 512);
        }
    }

    sim_push(end, p, len, 1);

    return NGX_OK;
}


static void
sim_wake(void *data, ngx_rtc_usec_t deadline)
{
    sim_end_t  *end = data;

    if (deadline < end->deadline) {
        end->deadline = deadline;
    }
}


static void
sim_forget(void *data, uint32_t ssrc, ngx_uint_t sending)
{
    sim_end_t  *end = data;

    end->forgotten++;
}


static const ngx_rtc_media_out_t  sim_out = {
    sim_reserve, sim_commit, sim_rtcp, sim_wake, sim_forget
};


static void
sim_active(void *data, ngx_uint_t codec)
{
    sim_end_t  *end = data;

    end->active++;
    end->codec = codec;
}


static void
sim_acked(void *data)
{
    sim_end_t  *end = data;

    end->acked++;
}


static const ngx_rtc_track_handler_t  sim_track_handler
                                          __attribute__ ((unused)) = {
    sim_active
};

static const ngx_rtc_subscription_handler_t  sim_sub_handler
                                          __attribute__ ((unused)) = {
    sim_acked
};


static __attribute__ ((unused)) sim_end_t *
sim_end_create(void)
{
    sim_end_t  *end;

    end = calloc(1, sizeof(sim_end_t));
    end->out = calloc(SIM_PACKETS, sizeof(sim_packet_t));
    end->deadline = NGX_RTC_NEVER;
    end->ep = ngx_rtc_endpoint_create(&sim_out, end, &test_log, sim_now);

    ngx_rtc_endpoint_connected(end->ep, 1, sim_now);

    return end;
}


static __attribute__ ((unused)) void
sim_end_free(sim_end_t *end)
{
    ngx_rtc_endpoint_destroy(end->ep);
    free(end->out);
    free(end);
}


static __attribute__ ((unused)) void
sim_timers(sim_end_t **ends, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (ends[i]->deadline <= sim_now) {
            ends[i]->deadline = NGX_RTC_NEVER;
            ends[i]->deadline = ngx_min(ends[i]->deadline,
                                 ngx_rtc_endpoint_timer(ends[i]->ep,
                                                        sim_now));
        }
    }
}


/* the next packet that an endpoint has sent since, or NULL */

static __attribute__ ((unused)) sim_packet_t *
sim_next(sim_end_t *end)
{
    if (end->seen == end->nout) {
        return NULL;
    }

    if (end->nout - end->seen > SIM_PACKETS) {
        end->seen = end->nout - SIM_PACKETS;
    }

    return &end->out[end->seen++ % SIM_PACKETS];
}


/* and of RTP only */

static __attribute__ ((unused)) sim_packet_t *
sim_next_rtp(sim_end_t *end, ngx_rtc_rtp_t *rtp)
{
    sim_packet_t  *pkt;

    while ((pkt = sim_next(end)) != NULL) {
        if (!pkt->rtcp
            && ngx_rtc_rtp_parse(rtp, pkt->data, pkt->data + pkt->len)
               == NGX_OK)
        {
            return pkt;
        }
    }

    return NULL;
}


static __attribute__ ((unused)) void
sim_skip(sim_end_t *end)
{
    end->seen = end->nout;
}


/* the next packet of a type, in any compound sent since */

static __attribute__ ((unused)) ngx_int_t
sim_next_rtcp(sim_end_t *end, ngx_uint_t type, ngx_rtc_rtcp_t *pkt)
{
    sim_packet_t         *p;
    ngx_rtc_rtcp_iter_t   it;

    while ((p = sim_next(end)) != NULL) {

        if (!p->rtcp) {
            continue;
        }

        ngx_rtc_rtcp_iter_init(&it, p->data, p->data + p->len);

        while (ngx_rtc_rtcp_next(&it, pkt) == NGX_OK) {
            if (pkt->type == type) {
                return NGX_OK;
            }
        }
    }

    return NGX_DECLINED;
}


/* parameters as a browser negotiates them */

static __attribute__ ((unused)) void
sim_recv_params(ngx_rtc_recv_params_t *p, ngx_uint_t kind, const char *mid,
    uint32_t ssrc, uint32_t rtx_ssrc)
{
    memset(p, 0, sizeof(ngx_rtc_recv_params_t));

    strcpy((char *) p->mid, mid);

    p->kind = kind;
    p->rsize = 1;
    p->npayloads = 1;
    p->payloads[0].twcc = 1;

    if (kind == NGX_RTC_KIND_VIDEO) {
        p->payloads[0].pt = SIM_VP8;
        p->payloads[0].codec = NGX_RTC_CODEC_VP8;
        p->payloads[0].rtx_pt = SIM_VP8_RTX;
        p->payloads[0].clock = 90000;
        p->payloads[0].nack = 1;
        p->payloads[0].pli = 1;
        p->payloads[0].fir = 1;

    } else {
        p->payloads[0].pt = SIM_OPUS;
        p->payloads[0].codec = NGX_RTC_CODEC_OPUS;
        p->payloads[0].clock = 48000;
    }

    p->ext.id[NGX_RTC_EXT_MID] = 4;
    p->ext.id[NGX_RTC_EXT_TWCC] = 3;
    p->ext.id[NGX_RTC_EXT_ABS_SEND_TIME] = 2;
    p->ext.id[NGX_RTC_EXT_AUDIO_LEVEL] = 1;
    p->ext.id[NGX_RTC_EXT_VIDEO_ORIENTATION] = 7;
    p->ext.id[NGX_RTC_EXT_RID] = 10;
    p->ext.id[NGX_RTC_EXT_RRID] = 11;
    p->ext.id[NGX_RTC_EXT_DD] = 12;

    if (ssrc) {
        p->nssrc = 1;
        p->ssrc[0] = ssrc;
        p->rtx_ssrc[0] = rtx_ssrc;
    }
}


static __attribute__ ((unused)) void
sim_send_params(ngx_rtc_send_params_t *p, sim_end_t *end, ngx_uint_t kind,
    const char *mid)
{
    memset(p, 0, sizeof(ngx_rtc_send_params_t));

    strcpy((char *) p->mid, mid);
    strcpy((char *) p->cname, "alice");

    p->kind = kind;
    p->rsize = 1;
    p->ssrc = ngx_rtc_endpoint_ssrc(end->ep);
    p->npayloads = 1;
    p->payloads[0].twcc = 1;

    if (kind == NGX_RTC_KIND_VIDEO) {
        p->rtx_ssrc = ngx_rtc_endpoint_ssrc(end->ep);
        p->payloads[0].pt = 120;
        p->payloads[0].codec = NGX_RTC_CODEC_VP8;
        p->payloads[0].rtx_pt = 124;
        p->payloads[0].clock = 90000;
        p->payloads[0].nack = 1;
        p->payloads[0].pli = 1;

    } else {
        p->payloads[0].pt = 109;
        p->payloads[0].codec = NGX_RTC_CODEC_OPUS;
        p->payloads[0].clock = 48000;
    }

    p->ext.id[NGX_RTC_EXT_MID] = 9;
    p->ext.id[NGX_RTC_EXT_TWCC] = 5;
    p->ext.id[NGX_RTC_EXT_ABS_SEND_TIME] = 6;
    p->ext.id[NGX_RTC_EXT_AUDIO_LEVEL] = 8;
    p->ext.id[NGX_RTC_EXT_VIDEO_ORIENTATION] = 11;
}


/* a publisher of one SSRC */

typedef struct {
    sim_end_t        *end;
    uint32_t          ssrc;
    uint32_t          rtx_ssrc;
    uint8_t           pt;
    uint8_t           rtx_pt;
    ngx_uint_t        video;
    uint16_t          seq;
    uint16_t          rtx_seq;
    uint16_t         *twcc;            /* of the transport; NULL: none */
    uint32_t          timestamp;
    const char       *mid;             /* NULL: not in packets */
    uint8_t           mid_id;
    ngx_uint_t        lose;            /* the next so many packets */

    u_char            history[SIM_HISTORY][300];
    uint16_t          length[SIM_HISTORY];
} sim_pub_t;


static __attribute__ ((unused)) sim_pub_t *
sim_pub_create(sim_end_t *end, ngx_uint_t video, uint32_t ssrc,
    uint32_t rtx_ssrc, uint16_t seq)
{
    sim_pub_t  *pub;

    pub = calloc(1, sizeof(sim_pub_t));

    pub->end = end;
    pub->video = video;
    pub->ssrc = ssrc;
    pub->rtx_ssrc = rtx_ssrc;
    pub->pt = video ? SIM_VP8 : SIM_OPUS;
    pub->rtx_pt = SIM_VP8_RTX;
    pub->seq = seq;
    pub->rtx_seq = 7;
    pub->timestamp = 4294960000u;
    pub->mid_id = 4;

    return pub;
}


static __attribute__ ((unused)) void
sim_deliver(sim_end_t *end, u_char *p, size_t len)
{
    u_char  *copy;

    /* of its exact size, so that overruns are seen; it may be changed */

    copy = malloc(len);
    memcpy(copy, p, len);

    ngx_rtc_endpoint_rtp(end->ep, copy, len, sim_now, sim_now);

    free(copy);
}


static __attribute__ ((unused)) void
sim_rtcp_in(sim_end_t *end, u_char *p, size_t len)
{
    u_char  *copy;

    copy = malloc(len);
    memcpy(copy, p, len);

    ngx_rtc_endpoint_rtcp(end->ep, copy, len, sim_now, sim_now);

    free(copy);
}


/* builds the next packet; its payload tells its place: "seq" in the end */

static size_t
sim_build(sim_pub_t *pub, u_char *buf, ngx_uint_t keyframe, ngx_uint_t start,
    ngx_uint_t marker)
{
    u_char              *p;
    ngx_rtc_rtp_exts_t   exts;

    p = ngx_rtc_rtp_write_header(buf, buf + 300, marker, pub->pt, pub->seq,
                                 pub->timestamp, pub->ssrc);

    ngx_rtc_rtp_exts_init(&exts);

    if (pub->mid) {
        ngx_rtc_rtp_exts_add(&exts, pub->mid_id, (u_char *) pub->mid,
                             strlen(pub->mid));
    }

    if (pub->twcc) {
        ngx_rtc_rtp_exts_add_value(&exts, 3, (*pub->twcc)++, 2);
    }

    if (!pub->video) {
        ngx_rtc_rtp_exts_add_value(&exts, 1, 0x80 | 30, 1);
    }

    p = ngx_rtc_rtp_exts_write(&exts, buf, p, buf + 300);

    if (pub->video) {
        *p++ = start ? 0x10 : 0x00;

        if (start) {
            *p++ = keyframe ? 0x50 : 0x51;
            *p++ = 0x01;
            *p++ = 0x00;

            if (keyframe) {
                p = ngx_cpymem(p, "\x9d\x01\x2a\x80\x02\xe0\x01", 7);
            }
        }

    } else {
        *p++ = 0x78;
    }

    p = ngx_cpymem(p, "payload", 7);

    return ngx_rtc_put_16(p, pub->seq) - buf;
}


/* sends one packet, if it isn't lost */

static __attribute__ ((unused)) void
sim_pub_packet(sim_pub_t *pub, ngx_uint_t keyframe, ngx_uint_t start,
    ngx_uint_t marker, ngx_uint_t lost)
{
    size_t   len;
    u_char  *p;

    p = pub->history[pub->seq % SIM_HISTORY];
    len = sim_build(pub, p, keyframe, start, marker);

    pub->length[pub->seq % SIM_HISTORY] = (uint16_t) len;
    pub->seq++;

    if (pub->lose) {
        pub->lose--;
        return;
    }

    if (!lost) {
        sim_deliver(pub->end, p, len);
    }
}


/* a frame of n packets; the timestamp is that of the simulated clock */

static __attribute__ ((unused)) void
sim_pub_frame(sim_pub_t *pub, ngx_uint_t keyframe, ngx_uint_t n)
{
    ngx_uint_t  i;

    pub->timestamp = (uint32_t) (sim_now * (pub->video ? 90 : 48) / 1000)
                     + 4000000000u;

    for (i = 0; i < n; i++) {
        sim_pub_packet(pub, keyframe, i == 0, i == n - 1, 0);
    }
}


/* a packet of padding only */

static __attribute__ ((unused)) void
sim_pub_padding(sim_pub_t *pub, ngx_uint_t hold)
{
    u_char   buf[64], *p;

    p = ngx_rtc_rtp_write_header(buf, buf + 64, 0, pub->pt, pub->seq,
                                 pub->timestamp, pub->ssrc);
    buf[0] |= 0x20;
    memset(p, 0, 20);
    p += 20;
    p[-1] = 20;

    if (hold) {
        memcpy(pub->history[pub->seq % SIM_HISTORY], buf, p - buf);
        pub->length[pub->seq % SIM_HISTORY] = (uint16_t) (p - buf);
    }

    pub->seq++;

    if (!hold) {
        sim_deliver(pub->end, buf, p - buf);
    }
}


/* what was sent or lost before, once more under its own SSRC */

static __attribute__ ((unused)) void
sim_pub_again(sim_pub_t *pub, uint16_t seq)
{
    sim_deliver(pub->end, pub->history[seq % SIM_HISTORY],
                pub->length[seq % SIM_HISTORY]);
}


/* and as RTX */

static __attribute__ ((unused)) void
sim_pub_rtx(sim_pub_t *pub, uint16_t seq)
{
    u_char          buf[400], *p;
    ngx_rtc_rtp_t   rtp;

    p = pub->history[seq % SIM_HISTORY];

    if (ngx_rtc_rtp_parse(&rtp, p, p + pub->length[seq % SIM_HISTORY])
        != NGX_OK)
    {
        return;
    }

    p = ngx_rtc_rtx_wrap(buf, buf + sizeof(buf), &rtp, pub->rtx_pt,
                         pub->rtx_seq++, pub->rtx_ssrc);

    sim_deliver(pub->end, buf, p - buf);
}


/* the seq that sim_build() wrote into the payload */

static __attribute__ ((unused)) uint16_t
sim_payload_seq(ngx_rtc_rtp_t *rtp)
{
    return ngx_rtc_get_16(rtp->payload + rtp->payload_size - 2);
}


/* feedback of a subscriber */

static __attribute__ ((unused)) void
sim_pli(sim_end_t *end, uint32_t ssrc)
{
    u_char  buf[64], *p;

    p = ngx_rtc_rtcp_write_pli(buf, buf + 64, 1, ssrc);
    sim_rtcp_in(end, buf, p - buf);
}


static __attribute__ ((unused)) void
sim_nack(sim_end_t *end, uint32_t ssrc, uint16_t *seqs, ngx_uint_t n)
{
    u_char      buf[1200], *p;
    ngx_uint_t  consumed;

    p = ngx_rtc_rtcp_write_nack(buf, buf + sizeof(buf), 1, ssrc, seqs, n,
                                &consumed);
    sim_rtcp_in(end, buf, p - buf);
}


#endif /* _NGX_RTC_MEDIA_SIM_H_INCLUDED_ */
