
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Media machines fed with packets and RTCP made of the input: one endpoint
 * publishes two tracks and receives them through subscriptions of its own and
 * of another.  Input: records of { type, length, bytes }.
 */


#include "ngx_rtc_endpoint.h"


static uint64_t     counters[NGX_RTC_NCOUNTERS];
volatile uint64_t  *ngx_rtc_counter = counters;

static ngx_log_t    log_none;

typedef struct {
    u_char          buf[2048];
    size_t          size;
} out_t;


static u_char *
out_reserve(void *data, size_t size)
{
    out_t  *out = data;

    if (size > sizeof(out->buf)) {
        abort();
    }

    out->size = size;

    return out->buf;
}


static ngx_int_t
out_commit(void *data, size_t len)
{
    out_t          *out = data;
    ngx_rtc_rtp_t   rtp;

    /* whatever comes in, what goes out is well-formed */

    if (len > out->size
        || ngx_rtc_rtp_parse(&rtp, out->buf, out->buf + len) != NGX_OK)
    {
        abort();
    }

    return NGX_OK;
}


static ngx_int_t
out_rtcp(void *data, u_char *p, size_t len)
{
    ngx_rtc_rtcp_t       pkt;
    ngx_rtc_rtcp_iter_t  it;

    if (len > 1200) {
        abort();
    }

    ngx_rtc_rtcp_iter_init(&it, p, p + len);

    while (ngx_rtc_rtcp_next(&it, &pkt) == NGX_OK) { /* void */ }

    if (it.pos != p + len) {
        abort();
    }

    return NGX_OK;
}


static void
out_wake(void *data, ngx_rtc_usec_t deadline)
{
}


static void
out_forget(void *data, uint32_t ssrc, ngx_uint_t sending)
{
}


static const ngx_rtc_media_out_t  out_table = {
    out_reserve, out_commit, out_rtcp, out_wake, out_forget
};


static void
recv_params(ngx_rtc_recv_params_t *p, ngx_uint_t video)
{
    static const uint8_t  codecs[] = {
        NGX_RTC_CODEC_VP8, NGX_RTC_CODEC_VP9, NGX_RTC_CODEC_H264,
        NGX_RTC_CODEC_AV1, NGX_RTC_CODEC_RED
    };

    ngx_uint_t  i;

    ngx_memzero(p, sizeof(ngx_rtc_recv_params_t));

    p->mid[0] = video ? 'v' : 'a';
    p->kind = video ? NGX_RTC_KIND_VIDEO : NGX_RTC_KIND_AUDIO;
    p->npayloads = video ? sizeof(codecs) : 1;
    p->rsize = video;

    for (i = 0; i < p->npayloads; i++) {
        p->payloads[i].pt = (uint8_t) (video ? 96 + i * 2 : 111);
        p->payloads[i].rtx_pt = (uint8_t) (video ? 97 + i * 2 : 0);
        p->payloads[i].codec = video ? codecs[i] : NGX_RTC_CODEC_OPUS;
        p->payloads[i].clock = video ? 90000 : 48000;
        p->payloads[i].nack = 1;
        p->payloads[i].pli = 1;
        p->payloads[i].twcc = 1;
    }

    for (i = 1; i < NGX_RTC_EXT_MAX; i++) {
        p->ext.id[i] = (uint8_t) i;
    }

    p->nssrc = 1;
    p->ssrc[0] = video ? 0x01010101 : 0x03030303;
    p->rtx_ssrc[0] = video ? 0x02020202 : 0;
}


static void
send_params(ngx_rtc_send_params_t *p, ngx_rtc_recv_params_t *rp,
    ngx_uint_t n)
{
    ngx_memzero(p, sizeof(ngx_rtc_send_params_t));

    p->mid[0] = 'x';
    p->cname[0] = 'c';
    p->kind = rp->kind;
    p->npayloads = rp->npayloads;
    p->ext = rp->ext;
    p->rsize = rp->rsize;
    p->ssrc = 0x04040404 + (uint32_t) n * 0x01010101;
    p->rtx_ssrc = (n & 1) ? 0 : p->ssrc + 1;

    ngx_memcpy(p->payloads, rp->payloads, sizeof(p->payloads));

    if (n & 1) {
        p->ext.id[NGX_RTC_EXT_VIDEO_ORIENTATION] = 30;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                  *copy;
    size_t                   len;
    out_t                    outs[2];
    uint8_t                  type;
    ngx_uint_t               i;
    ngx_rtc_usec_t           now;
    ngx_rtc_track_t         *tracks[2];
    ngx_rtc_endpoint_t      *eps[2];
    ngx_rtc_recv_params_t    rp[2];
    ngx_rtc_send_params_t    sp;
    ngx_rtc_subscription_t  *subs[4];

    srandom(1);

    now = 1000000;

    for (i = 0; i < 2; i++) {
        eps[i] = ngx_rtc_endpoint_create(&out_table, &outs[i], &log_none,
                                         now);
        ngx_rtc_endpoint_connected(eps[i], 1, now);
    }

    for (i = 0; i < 2; i++) {
        recv_params(&rp[i], i == 0);
        tracks[i] = ngx_rtc_track_create(eps[0], &rp[i], NULL, NULL, now);
    }

    for (i = 0; i < 4; i++) {
        send_params(&sp, &rp[i / 2], i);
        subs[i] = ngx_rtc_subscription_create(eps[i & 1], tracks[i / 2], &sp,
                                              NULL, NULL, now);
        ngx_rtc_subscription_pause(subs[i], 0, now);
    }

    while (size >= 2) {
        type = data[0];
        len = data[1];

        data += 2;
        size -= 2;

        len = ngx_min(len, size);

        /* of its exact size */

        copy = malloc(len ? len : 1);
        ngx_memcpy(copy, data, len);

        switch (type & 7) {

        case 0:
        case 1:
        case 2:
        case 3:
            ngx_rtc_endpoint_rtp(eps[0], copy, len, now, now);
            break;

        case 4:
            ngx_rtc_endpoint_rtcp(eps[0], copy, len, now, now);
            break;

        case 5:
            ngx_rtc_endpoint_rtcp(eps[1], copy, len, now, now);
            break;

        case 6:
            i = (type >> 3) & 3;

            if (type & 0x20) {
                ngx_rtc_subscription_pause(subs[i], type >> 7, now);

            } else if (type & 0x40) {
                ngx_rtc_track_mute(tracks[i & 1], type >> 7);

            } else {
                ngx_rtc_subscription_track(subs[i], (type & 0x80) ? NULL
                                                    : tracks[i / 2], now);
            }

            break;

        default:

            for (i = 0; i < 2; i++) {
                (void) ngx_rtc_endpoint_timer(eps[i], now);
            }

            break;
        }

        free(copy);

        now += (type >> 3) * 5000;
        data += len;
        size -= len;
    }

    /* in an order that the input tells */

    if (now & 8) {
        ngx_rtc_track_close(tracks[0], now);
        ngx_rtc_track_close(tracks[1], now);
    }

    for (i = 0; i < 4; i++) {
        ngx_rtc_subscription_close(subs[i], now);
    }

    if (!(now & 8)) {
        ngx_rtc_track_close(tracks[0], now);
        ngx_rtc_track_close(tracks[1], now);
    }

    ngx_rtc_endpoint_destroy(eps[0]);
    ngx_rtc_endpoint_destroy(eps[1]);

    return 0;
}
