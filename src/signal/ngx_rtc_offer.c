
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The recv transport's SDP: our offers, and what a client's answer leaves
 * of them.  Which track goes on which line is decided elsewhere.
 */


#include "ngx_rtc_mline.h"


typedef struct {
    uint8_t               ext;
    uint8_t               kind;        /* 0: both */
    uint8_t               id;
} ngx_rtc_offer_ext_t;


static ngx_rtc_sdp_payload_t *ngx_rtc_offer_find(ngx_rtc_sdp_media_t *m,
    ngx_uint_t format, ngx_uint_t pt);


/* the ids are the same in all offers of this server */

static const ngx_rtc_offer_ext_t  ngx_rtc_offer_ext_list[] = {
    { NGX_RTC_EXT_MID,               0,                  1 },
    { NGX_RTC_EXT_ABS_SEND_TIME,     0,                  2 },
    { NGX_RTC_EXT_TWCC,              0,                  3 },
    { NGX_RTC_EXT_AUDIO_LEVEL,       NGX_RTC_KIND_AUDIO, 4 },
    { NGX_RTC_EXT_VIDEO_ORIENTATION, NGX_RTC_KIND_VIDEO, 5 },
    { NGX_RTC_EXT_PLAYOUT_DELAY,     NGX_RTC_KIND_VIDEO, 6 }
};

#define NGX_RTC_OFFER_EXTS  (sizeof(ngx_rtc_offer_ext_list)                   \
                             / sizeof(ngx_rtc_offer_ext_t))


void
ngx_rtc_offer_mline(ngx_rtc_mline_t *mline)
{
    ngx_uint_t                  i;
    ngx_rtc_payload_t          *p;
    const ngx_rtc_format_t     *f;
    const ngx_rtc_offer_ext_t  *e;

    mline->npayloads = mline->formats.n;
    mline->rsize = 1;

    for (i = 0; i < mline->formats.n; i++) {
        f = &ngx_rtc_formats[mline->formats.format[i]];
        p = &mline->payloads[i];

        ngx_memzero(p, sizeof(ngx_rtc_payload_t));

        p->pt = f->pt;
        p->codec = f->codec;
        p->rtx_pt = f->rtx_pt;
        p->profile = mline->formats.format[i];
        p->clock = ngx_rtc_codec_clock_rate(f->codec);
        p->twcc = 1;

        if (mline->kind == NGX_RTC_KIND_VIDEO) {
            p->nack = 1;
            p->pli = 1;
            p->fir = 1;
        }
    }

    ngx_memzero(&mline->ext, sizeof(ngx_rtc_extmap_t));

    for (i = 0; i < NGX_RTC_OFFER_EXTS; i++) {
        e = &ngx_rtc_offer_ext_list[i];

        if (e->kind == 0 || e->kind == mline->kind) {
            mline->ext.id[e->ext] = e->id;
        }
    }
}


ngx_int_t
ngx_rtc_offer_write(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc,
    ngx_rtc_mline_t **mlines, ngx_uint_t n)
{
    u_char                     *text;
    ngx_uint_t                  i, k;
    ngx_rtc_mline_t            *mline;
    const ngx_rtc_format_t     *f;
    ngx_rtc_sdp_codec_desc_t   *c;
    ngx_rtc_sdp_media_desc_t   *d;
    const ngx_rtc_offer_ext_t  *e;
    ngx_rtc_sdp_extmap_desc_t  *x;

    static ngx_rtc_sdp_media_desc_t   media[NGX_RTC_MAX_MLINES];
    static ngx_rtc_sdp_codec_desc_t   codecs[NGX_RTC_MAX_MLINES]
                                            [NGX_RTC_MAX_CODECS];
    static ngx_rtc_sdp_extmap_desc_t  exts[NGX_RTC_MAX_MLINES]
                                          [NGX_RTC_OFFER_EXTS];
    static u_char                     fmtps[NGX_RTC_MAX_MLINES]
                                           [NGX_RTC_MAX_CODECS]
                                           [NGX_RTC_FMTP_SIZE];

    ngx_memzero(media, n * sizeof(ngx_rtc_sdp_media_desc_t));

    for (i = 0; i < n; i++) {
        mline = mlines[i];
        d = &media[i];

        d->kind = mline->kind;
        d->mid.data = mline->mid;
        d->mid.len = ngx_strlen(mline->mid);

        if (mline->rejected) {
            d->rejected = 1;
            continue;
        }

        d->rtcp_rsize = 1;
        d->direction = NGX_RTC_SDP_INACTIVE;

        if (mline->sending) {
            d->direction = NGX_RTC_SDP_SEND;
            d->stream.data = mline->stream;
            d->stream.len = ngx_strlen(mline->stream);
            d->track.data = mline->track;
            d->track.len = ngx_strlen(mline->track);
            d->cname.data = mline->cname;
            d->cname.len = ngx_strlen(mline->cname);
            d->ssrc = mline->ssrc;
            d->rtx_ssrc = mline->rtx_ssrc;
        }

        d->ncodecs = mline->formats.n;
        d->codecs = codecs[i];

        for (k = 0; k < mline->formats.n; k++) {
            f = &ngx_rtc_formats[mline->formats.format[k]];
            c = &codecs[i][k];
            text = fmtps[i][k];

            ngx_memzero(c, sizeof(ngx_rtc_sdp_codec_desc_t));

            c->codec = f->codec;
            c->pt = f->pt;
            c->rtx_pt = f->rtx_pt;
            c->fb = NGX_RTC_SDP_FB_TWCC;

            if (mline->kind == NGX_RTC_KIND_VIDEO) {
                c->fb |= NGX_RTC_SDP_FB_NACK|NGX_RTC_SDP_FB_PLI
                         |NGX_RTC_SDP_FB_FIR;
            }

            c->fmtp.data = text;
            c->fmtp.len = ngx_rtc_format_fmtp(text,
                                    mline->formats.format[k],
                                    mline->formats.opus, NULL)
                          - text;
        }

        d->extmaps = exts[i];

        for (k = 0; k < NGX_RTC_OFFER_EXTS; k++) {
            e = &ngx_rtc_offer_ext_list[k];

            if (e->kind != 0 && e->kind != mline->kind) {
                continue;
            }

            x = &exts[i][d->nextmaps++];
            x->ext = e->ext;
            x->id = e->id;
            x->direction = NGX_RTC_SDP_SENDRECV;
        }
    }

    desc->media = media;
    desc->nmedia = n;

    return ngx_rtc_sdp_write(buf, desc);
}


const char *
ngx_rtc_offer_check(ngx_rtc_sdp_t *answer, ngx_rtc_mline_t **mlines,
    ngx_uint_t n)
{
    ngx_uint_t            i;
    ngx_rtc_sdp_media_t  *m;

    if (answer->nmedia != n) {
        return "the answer has not as many m-lines as the offer";
    }

    if (answer->ice_lite) {
        return "ICE-lite on both sides can't connect";
    }

    for (i = 0; i < n; i++) {
        m = &answer->media[i];

        if (m->kind != mlines[i]->kind) {
            return "the m-lines are not in the order of the offer";
        }

        if (m->rejected) {
            continue;
        }

        if (m->mid.len != ngx_strlen(mlines[i]->mid)
            || ngx_memcmp(m->mid.data, mlines[i]->mid, m->mid.len) != 0)
        {
            return "a=mid of the answer is not that of the offer";
        }

        if (mlines[i]->rejected) {
            return "the answer accepts an m-line that was not offered";
        }

        if (!m->rtcp_mux && !m->rtcp_mux_only) {
            return "a=rtcp-mux is required";
        }
    }

    return NULL;
}


ngx_int_t
ngx_rtc_offer_answered(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m,
    uint32_t *can, uint32_t *cannot)
{
    ngx_uint_t              i, k, ext, n, format;
    ngx_rtc_payload_t      *p;
    ngx_rtc_sdp_extmap_t   *e;
    ngx_rtc_sdp_payload_t  *a, *rtx;

    if (m->rejected) {

        /* maybe for want of a codec, maybe not wanted: only what sends was
           meant */

        mline->rejected = 1;
        mline->npayloads = 0;

        return NGX_DECLINED;
    }

    n = 0;

    for (i = 0; i < mline->formats.n; i++) {
        format = mline->formats.format[i];

        a = ngx_rtc_offer_find(m, format, ngx_rtc_formats[format].pt);

        if (a == NULL) {
            *cannot |= (uint32_t) 1 << format;
            continue;
        }

        *can |= (uint32_t) 1 << format;

        p = &mline->payloads[n++];
        ngx_memzero(p, sizeof(ngx_rtc_payload_t));

        rtx = ngx_rtc_formats[format].rtx_pt ? ngx_rtc_sdp_find_rtx(m, a->pt)
                                             : NULL;

        /* the number that the answerer wants to see it under */

        p->pt = a->pt;
        p->codec = a->codec;
        p->profile = format;
        p->clock = a->clock_rate;
        p->rtx_pt = rtx ? rtx->pt : 0;
        p->nack = (a->fb & NGX_RTC_SDP_FB_NACK) ? 1 : 0;
        p->pli = (a->fb & NGX_RTC_SDP_FB_PLI) ? 1 : 0;
        p->fir = (a->fb & NGX_RTC_SDP_FB_FIR) ? 1 : 0;
        p->twcc = (a->fb & NGX_RTC_SDP_FB_TWCC) ? 1 : 0;
    }

    mline->npayloads = n;
    mline->rsize = m->rtcp_rsize;

    ngx_memzero(&mline->ext, sizeof(ngx_rtc_extmap_t));

    for (k = 0; k < NGX_RTC_OFFER_EXTS; k++) {
        ext = ngx_rtc_offer_ext_list[k].ext;
        e = ngx_rtc_sdp_find_ext(m, ext);

        if (e != NULL && e->id == ngx_rtc_offer_ext_list[k].id
            && (e->direction & NGX_RTC_SDP_RECV))
        {
            mline->ext.id[ext] = e->id;
        }
    }

    if (n == 0) {
        return NGX_DECLINED;
    }

    return (m->direction & NGX_RTC_SDP_RECV) ? NGX_OK : NGX_DONE;
}


static ngx_rtc_sdp_payload_t *
ngx_rtc_offer_find(ngx_rtc_sdp_media_t *m, ngx_uint_t format, ngx_uint_t pt)
{
    ngx_uint_t              i;
    ngx_rtc_sdp_payload_t  *p, *found;

    found = NULL;

    for (i = 0; i < m->npayloads; i++) {
        p = &m->payloads[i];

        if (ngx_rtc_format_find(p) != format) {
            continue;
        }

        if (p->pt == pt) {
            return p;
        }

        if (found == NULL) {
            found = p;
        }
    }

    return found;
}


void
ngx_rtc_offer_params(ngx_rtc_mline_t *mline, ngx_rtc_send_params_t *params)
{
    ngx_memzero(params, sizeof(ngx_rtc_send_params_t));

    ngx_memcpy(params->mid, mline->mid, sizeof(params->mid));
    ngx_memcpy(params->cname, mline->cname, sizeof(params->cname));
    ngx_memcpy(params->payloads, mline->payloads,
               mline->npayloads * sizeof(ngx_rtc_payload_t));

    params->kind = mline->kind;
    params->npayloads = mline->npayloads;
    params->ext = mline->ext;
    params->ssrc = mline->ssrc;
    params->rtx_ssrc = mline->rtx_ssrc;
    params->rsize = mline->rsize;
}
