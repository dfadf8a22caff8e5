
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The send transport's SDP: what of a client's offer is taken, and our
 * answer.  Publications are made of it elsewhere.
 */


#include "ngx_rtc_mline.h"


static ngx_uint_t ngx_rtc_answer_preferred(ngx_rtc_sdp_media_t *m,
    ngx_rtc_prefs_t *prefs, ngx_rtc_sdp_payload_t **found);
static void ngx_rtc_answer_payload(ngx_rtc_mline_t *mline,
    ngx_rtc_sdp_media_t *m, ngx_rtc_sdp_payload_t *p, ngx_uint_t format);
static void ngx_rtc_answer_exts(ngx_rtc_mline_t *mline,
    ngx_rtc_sdp_media_t *m);


/*
 * What media does something with; the ids are the client's.  RID goes even
 * without simulcast: Chromium fails at its own next offer if an answer to
 * a=simulcast leaves that one out.
 */

static const uint8_t  ngx_rtc_answer_ext_list[] = {
    NGX_RTC_EXT_MID,
    NGX_RTC_EXT_RID,
    NGX_RTC_EXT_RRID,
    NGX_RTC_EXT_ABS_SEND_TIME,
    NGX_RTC_EXT_TWCC,
    NGX_RTC_EXT_AUDIO_LEVEL,
    NGX_RTC_EXT_VIDEO_ORIENTATION,
    NGX_RTC_EXT_PLAYOUT_DELAY
};


const char *
ngx_rtc_answer_check(ngx_rtc_sdp_t *offer, ngx_rtc_mline_t **mlines,
    ngx_uint_t n)
{
    ngx_uint_t            i, k, live;
    ngx_rtc_sdp_media_t  *m;

    if (offer->nmedia == 0) {
        return "the offer has no m-lines";
    }

    if (offer->ice_lite) {
        return "ICE-lite on both sides can't connect";
    }

    if (offer->nmedia < n) {
        return "the offer has fewer m-lines than the one before";
    }

    live = 0;

    for (i = 0; i < offer->nmedia; i++) {
        if (!offer->media[i].rejected) {
            live++;
        }
    }

    for (i = 0; i < offer->nmedia; i++) {
        m = &offer->media[i];

        if (m->mid.len == 0 || m->mid.len > NGX_RTC_MAX_MID) {
            return "every m-line needs an a=mid of 1 to 16 characters";
        }

        for (k = 0; k < i; k++) {
            if (offer->media[k].mid.len == m->mid.len
                && ngx_memcmp(offer->media[k].mid.data, m->mid.data,
                              m->mid.len)
                   == 0)
            {
                return "a=mid occurs twice in the offer";
            }
        }

        if (i < n && !mlines[i]->rejected
            && (m->mid.len != ngx_strlen(mlines[i]->mid)
                || ngx_memcmp(m->mid.data, mlines[i]->mid, m->mid.len) != 0
                || m->kind != mlines[i]->kind))
        {
            return "the m-lines are not in the order of the offer before";
        }

        if (m->rejected
            || (m->kind != NGX_RTC_KIND_AUDIO
                && m->kind != NGX_RTC_KIND_VIDEO))
        {
            continue;
        }

        if (!m->rtcp_mux && !m->rtcp_mux_only) {
            return "a=rtcp-mux is required";
        }

        if (live > 1 && !m->bundled) {
            return "all m-lines must be in one BUNDLE group";
        }
    }

    if (offer->ngroups > 1) {
        return "all m-lines must be in one BUNDLE group";
    }

    return NULL;
}


ngx_int_t
ngx_rtc_answer_mline(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m,
    ngx_rtc_prefs_t *prefs)
{
    ngx_uint_t              i, n;
    ngx_rtc_sdp_payload_t  *found[NGX_RTC_MAX_CODECS];

    ngx_memcpy(mline->mid, m->mid.data, m->mid.len);
    mline->mid[m->mid.len] = '\0';

    mline->kind = m->kind;
    mline->rejected = 0;
    mline->sending = 0;
    mline->rsize = m->rtcp_rsize;
    mline->npayloads = 0;
    mline->formats.n = 0;
    mline->formats.opus = 0;
    ngx_memzero(&mline->ext, sizeof(ngx_rtc_extmap_t));

    if (m->rejected
        || (m->kind != NGX_RTC_KIND_AUDIO && m->kind != NGX_RTC_KIND_VIDEO))
    {
        mline->rejected = 1;
        return NGX_OK;
    }

    n = ngx_rtc_answer_preferred(m, prefs, found);

    for (i = 0; i < n; i++) {
        ngx_rtc_answer_payload(mline, m, found[i],
                               ngx_rtc_format_find(found[i]));
    }

    if (n == 0) {
        mline->rejected = 1;
        return (m->direction & NGX_RTC_SDP_SEND) ? NGX_DECLINED : NGX_OK;
    }

    mline->sending = (m->direction & NGX_RTC_SDP_SEND) ? 1 : 0;
    ngx_rtc_answer_exts(mline, m);

    return NGX_OK;
}


/*
 * The first of ours that all decode comes first: that is what a client then
 * sends.  The others follow in our order, so that an encoder that fails has
 * something to fall back to.  Of the variants of one codec, one is enough.
 */

static ngx_uint_t
ngx_rtc_answer_preferred(ngx_rtc_sdp_media_t *m, ngx_rtc_prefs_t *prefs,
    ngx_rtc_sdp_payload_t **found)
{
    ngx_uint_t              i, k, n, f, format, best;
    ngx_rtc_sdp_payload_t  *p, *variant;

    n = 0;
    best = NGX_RTC_MAX_CODECS;

    for (i = 0; i < prefs->ncodecs && n < NGX_RTC_MAX_CODECS; i++) {

        variant = NULL;
        format = NGX_RTC_NO_FORMAT;

        for (k = 0; k < m->npayloads; k++) {
            p = &m->payloads[k];

            if (p->codec != prefs->codecs[i]) {
                continue;
            }

            f = ngx_rtc_format_find(p);

            if (f == NGX_RTC_NO_FORMAT) {
                continue;
            }

            /* a variant that all decode, else the lowest in the table */

            if (format == NGX_RTC_NO_FORMAT
                || (prefs->decoded >> f & 1) > (prefs->decoded >> format & 1)
                || ((prefs->decoded >> f & 1)
                    == (prefs->decoded >> format & 1)
                    && f < format))
            {
                variant = p;
                format = f;
            }
        }

        if (variant == NULL) {
            continue;
        }

        if (best == NGX_RTC_MAX_CODECS && (prefs->decoded >> format & 1)) {
            best = n;
        }

        found[n++] = variant;
    }

    if (best != NGX_RTC_MAX_CODECS) {
        variant = found[best];

        for ( /* void */ ; best != 0; best--) {
            found[best] = found[best - 1];
        }

        found[0] = variant;
    }

    return n;
}


static void
ngx_rtc_answer_payload(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m,
    ngx_rtc_sdp_payload_t *p, ngx_uint_t format)
{
    ngx_rtc_payload_t      *payload;
    ngx_rtc_sdp_payload_t  *rtx;

    payload = &mline->payloads[mline->npayloads++];
    ngx_memzero(payload, sizeof(ngx_rtc_payload_t));

    rtx = ngx_rtc_sdp_find_rtx(m, p->pt);

    payload->pt = p->pt;
    payload->codec = p->codec;
    payload->profile = format;
    payload->clock = p->clock_rate;
    payload->rtx_pt = rtx ? rtx->pt : 0;
    payload->nack = (p->fb & NGX_RTC_SDP_FB_NACK) ? 1 : 0;
    payload->pli = (p->fb & NGX_RTC_SDP_FB_PLI) ? 1 : 0;
    payload->fir = (p->fb & NGX_RTC_SDP_FB_FIR) ? 1 : 0;

    if ((p->fb & NGX_RTC_SDP_FB_TWCC)
        && ngx_rtc_sdp_find_ext(m, NGX_RTC_EXT_TWCC) != NULL)
    {
        payload->twcc = 1;

    } else if (p->fb & NGX_RTC_SDP_FB_REMB) {
        payload->remb = 1;
    }

    mline->formats.format[mline->formats.n++] = format;

    if (p->codec == NGX_RTC_CODEC_OPUS) {
        mline->formats.opus = ngx_rtc_opus_flags(p);
    }
}


static void
ngx_rtc_answer_exts(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m)
{
    ngx_uint_t            i, k;
    ngx_rtc_sdp_extmap_t  *e;

    for (i = 0; i < sizeof(ngx_rtc_answer_ext_list); i++) {

        for (k = 0; k < m->nextmaps; k++) {
            e = &m->extmaps[k];

            if (e->ext != (ngx_rtc_ext_e) ngx_rtc_answer_ext_list[i]
                || !(e->direction & NGX_RTC_SDP_SEND))
            {
                continue;
            }

            /* RFC 8285: above 14 only with two-byte headers; 15 never */

            if (e->id == 0 || e->id == 15 || e->id >= NGX_RTC_RTP_EXT_IDS
                || (e->id > 14 && !m->extmap_allow_mixed))
            {
                continue;
            }

            mline->ext.id[e->ext] = e->id;
            break;
        }
    }
}


void
ngx_rtc_answer_params(ngx_rtc_mline_t *mline, ngx_rtc_sdp_media_t *m,
    ngx_rtc_recv_params_t *params)
{
    uint32_t     rtx;
    ngx_uint_t   i, k, repair;

    ngx_memzero(params, sizeof(ngx_rtc_recv_params_t));

    ngx_memcpy(params->mid, mline->mid, sizeof(params->mid));
    params->kind = mline->kind;
    params->npayloads = mline->npayloads;
    params->ext = mline->ext;
    params->rsize = mline->rsize;

    ngx_memcpy(params->payloads, mline->payloads,
               mline->npayloads * sizeof(ngx_rtc_payload_t));

    /*
     * Without a=simulcast in the answer one encoding comes: the first that
     * was offered (JSEP, section 5.10), by its RID or without one, or by the
     * first SSRC that repairs no other.
     */

    if (m->nsend && m->send[0].rid.len <= NGX_RTC_MAX_MID) {
        ngx_memcpy(params->rid[0], m->send[0].rid.data, m->send[0].rid.len);
        params->nrid = 1;
    }

    for (i = 0; i < m->nssrcs; i++) {

        repair = 0;

        for (k = 0; k < m->nssrc_groups; k++) {
            if (m->ssrc_groups[k].semantics != NGX_RTC_SDP_SSRC_SIM
                && m->ssrc_groups[k].n > 1
                && m->ssrc_groups[k].ssrcs[1] == m->ssrcs[i].ssrc)
            {
                repair = 1;
            }
        }

        if (repair || m->ssrcs[i].ssrc == 0) {
            continue;
        }

        rtx = ngx_rtc_sdp_find_rtx_ssrc(m, m->ssrcs[i].ssrc);

        params->ssrc[0] = m->ssrcs[i].ssrc;
        params->rtx_ssrc[0] = rtx;
        params->nssrc = 1;

        break;
    }
}


ngx_int_t
ngx_rtc_answer_write(ngx_rtc_sdp_buf_t *buf, ngx_rtc_sdp_desc_t *desc,
    ngx_rtc_sdp_t *offer, ngx_rtc_mline_t **mlines, ngx_uint_t n,
    ngx_rtc_prefs_t *prefs)
{
    u_char                     *text;
    ngx_uint_t                  i, k, e;
    ngx_rtc_mline_t            *mline;
    ngx_rtc_payload_t          *p;
    ngx_rtc_sdp_media_t        *m;
    ngx_rtc_sdp_codec_desc_t   *c;
    ngx_rtc_sdp_media_desc_t   *d;
    ngx_rtc_sdp_extmap_desc_t  *x;

    static ngx_rtc_sdp_media_desc_t   media[NGX_RTC_MAX_MLINES];
    static ngx_rtc_sdp_codec_desc_t   codecs[NGX_RTC_MAX_MLINES]
                                            [NGX_RTC_MAX_CODECS];
    static ngx_rtc_sdp_extmap_desc_t  exts[NGX_RTC_MAX_MLINES]
                                          [NGX_RTC_EXT_MAX];
    static u_char                     fmtps[NGX_RTC_MAX_MLINES]
                                           [NGX_RTC_MAX_CODECS]
                                           [NGX_RTC_FMTP_SIZE];

    ngx_memzero(media, n * sizeof(ngx_rtc_sdp_media_desc_t));

    for (i = 0; i < n; i++) {
        mline = mlines[i];
        m = &offer->media[i];
        d = &media[i];

        d->kind = m->kind;
        d->mid = m->mid;
        d->proto = m->proto;

        if (mline->rejected) {
            d->rejected = 1;
            d->media = m->media;
            d->fmts = m->fmts;
            d->sctpmap = m->sctpmap;
            continue;
        }

        d->direction = mline->sending ? NGX_RTC_SDP_RECV
                                      : NGX_RTC_SDP_INACTIVE;
        d->rtcp_rsize = m->rtcp_rsize;
        d->extmap_allow_mixed = m->extmap_allow_mixed;

        if (mline->kind == NGX_RTC_KIND_VIDEO) {
            d->bitrate = prefs->bitrate;
        }

        d->ncodecs = mline->npayloads;
        d->codecs = codecs[i];

        for (k = 0; k < mline->npayloads; k++) {
            p = &mline->payloads[k];
            c = &codecs[i][k];
            text = fmtps[i][k];

            ngx_memzero(c, sizeof(ngx_rtc_sdp_codec_desc_t));

            c->codec = p->codec;
            c->clock_rate = p->clock;
            c->pt = p->pt;
            c->rtx_pt = p->rtx_pt;

            c->fb = (p->nack ? NGX_RTC_SDP_FB_NACK : 0)
                    | (p->pli ? NGX_RTC_SDP_FB_PLI : 0)
                    | (p->fir ? NGX_RTC_SDP_FB_FIR : 0)
                    | (p->twcc ? NGX_RTC_SDP_FB_TWCC : 0)
                    | (p->remb ? NGX_RTC_SDP_FB_REMB : 0);

            c->fmtp.data = text;
            c->fmtp.len = ngx_rtc_format_fmtp(text, p->profile,
                                    mline->formats.opus,
                                    ngx_rtc_sdp_find_payload(m, p->pt))
                          - text;
        }

        d->extmaps = exts[i];

        for (e = 1; e < NGX_RTC_EXT_MAX; e++) {
            if (mline->ext.id[e] == 0) {
                continue;
            }

            x = &exts[i][d->nextmaps++];
            x->ext = e;
            x->id = mline->ext.id[e];
            x->direction = NGX_RTC_SDP_SENDRECV;
        }
    }

    desc->media = media;
    desc->nmedia = n;

    return ngx_rtc_sdp_write(buf, desc);
}


ngx_int_t
ngx_rtc_mline_remote(ngx_rtc_sdp_t *sdp, ngx_rtc_mline_remote_t *remote,
    const char **why)
{
    ngx_uint_t                i;
    ngx_rtc_sdp_media_t      *m;
    ngx_rtc_sdp_transport_t  *t;

    t = NULL;

    for (i = 0; i < sdp->nmedia; i++) {
        m = &sdp->media[i];

        if (!m->rejected) {
            t = &ngx_rtc_sdp_transport_media(sdp, m)->transport;
            break;
        }
    }

    if (t == NULL) {
        return NGX_DONE;
    }

    /* RFC 8445, section 5.3: 4 and 22 characters at least, 256 at most */

    if (t->ufrag.len < 4 || t->ufrag.len > 256
        || t->pwd.len < 22 || t->pwd.len > 256)
    {
        *why = "a=ice-ufrag and a=ice-pwd are required";
        return NGX_DECLINED;
    }

    if (t->nfingerprints == 0) {
        *why = "a=fingerprint is required";
        return NGX_DECLINED;
    }

    if (t->setup == NGX_RTC_SDP_SETUP_HOLDCONN) {
        *why = "a=setup:holdconn is not supported";
        return NGX_DECLINED;
    }

    remote->ufrag = t->ufrag;
    remote->pwd = t->pwd;
    remote->setup = t->setup;
    remote->fingerprints = t->fingerprints;
    remote->nfingerprints = t->nfingerprints;

    return NGX_OK;
}
