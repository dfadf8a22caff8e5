
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The dependency descriptor (AV1 RTP specification, section A.8): a parser of
 * all of its syntax, and a copier that renumbers frames and tells a receiver
 * which decode targets it gets.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"
#include "ngx_rtc_dd.h"


/* next_layer_idc */
#define NGX_RTC_DD_SAME_LAYER        0
#define NGX_RTC_DD_NEXT_TEMPORAL     1
#define NGX_RTC_DD_NEXT_SPATIAL      2
#define NGX_RTC_DD_NO_MORE           3


typedef struct {
    u_char      *data;
    size_t       pos;
    size_t       size;
    ngx_uint_t   error;             /* unsigned  error:1; */
} ngx_rtc_dd_bits_t;


static uint32_t ngx_rtc_dd_bits(ngx_rtc_dd_bits_t *b, ngx_uint_t n);
static uint32_t ngx_rtc_dd_ns(ngx_rtc_dd_bits_t *b, uint32_t n);
static void ngx_rtc_dd_parse_structure(ngx_rtc_dd_bits_t *b,
    ngx_rtc_dd_structure_t *st);
static void ngx_rtc_dd_parse_layers(ngx_rtc_dd_bits_t *b,
    ngx_rtc_dd_structure_t *st);
static void ngx_rtc_dd_parse_chains(ngx_rtc_dd_bits_t *b,
    ngx_rtc_dd_structure_t *st);
static void ngx_rtc_dd_targets(ngx_rtc_dd_structure_t *st);
static ngx_int_t ngx_rtc_dd_parse_frame(ngx_rtc_dd_bits_t *b,
    ngx_rtc_dd_structure_t *st, ngx_rtc_dd_t *dd);
static void ngx_rtc_dd_put(ngx_rtc_dd_bits_t *b, uint32_t v, ngx_uint_t n);
static void ngx_rtc_dd_copy(ngx_rtc_dd_bits_t *dst, ngx_rtc_dd_bits_t *src,
    size_t n);


ngx_int_t
ngx_rtc_dd_parse(u_char *p, u_char *end, ngx_rtc_dd_structure_t *st,
    ngx_rtc_dd_t *dd)
{
    ngx_rtc_dd_bits_t        b;
    ngx_rtc_dd_structure_t   own;

    ngx_memzero(dd, sizeof(ngx_rtc_dd_t));

    if (end - p < 3 || end - p > NGX_RTC_DD_MAX_SIZE) {
        return NGX_ERROR;
    }

    b.data = p;
    b.pos = 0;
    b.size = (size_t) (end - p) * 8;
    b.error = 0;

    dd->first_packet = ngx_rtc_dd_bits(&b, 1);
    dd->last_packet = ngx_rtc_dd_bits(&b, 1);
    dd->template_id = (uint8_t) ngx_rtc_dd_bits(&b, 6);
    dd->frame_number = (uint16_t) ngx_rtc_dd_bits(&b, 16);

    if (b.size > b.pos) {

        dd->extended = 1;
        dd->has_structure = ngx_rtc_dd_bits(&b, 1);
        dd->has_active_targets = ngx_rtc_dd_bits(&b, 1);
        dd->custom_dtis = ngx_rtc_dd_bits(&b, 1);
        dd->custom_fdiffs = ngx_rtc_dd_bits(&b, 1);
        dd->custom_chains = ngx_rtc_dd_bits(&b, 1);

        if (dd->has_structure) {

            ngx_memzero(&own, sizeof(ngx_rtc_dd_structure_t));

            ngx_rtc_dd_parse_structure(&b, &own);

            if (b.error) {
                return NGX_ERROR;
            }

            /* active by default, section A.8.3 */

            dd->active_targets = (uint32_t)
                                 (((uint64_t) 1 << own.ntargets) - 1);
            dd->structure_end = (uint16_t) b.pos;

            if (ngx_rtc_dd_parse_frame(&b, &own, dd) != NGX_OK) {
                return NGX_ERROR;
            }

            *st = own;

            return NGX_OK;
        }
    }

    dd->structure_end = (uint16_t) b.pos;

    if (st->ntemplates == 0) {
        return NGX_DECLINED;
    }

    return ngx_rtc_dd_parse_frame(&b, st, dd);
}


/* f(n) */

static uint32_t
ngx_rtc_dd_bits(ngx_rtc_dd_bits_t *b, ngx_uint_t n)
{
    uint32_t  v;

    if (b->size - b->pos < n) {
        b->pos = b->size;
        b->error = 1;
        return 0;
    }

    for (v = 0; n; n--) {
        v = (v << 1) | ((b->data[b->pos >> 3] >> (7 - (b->pos & 7))) & 1);
        b->pos++;
    }

    return v;
}


/* ns(n): a number below n */

static uint32_t
ngx_rtc_dd_ns(ngx_rtc_dd_bits_t *b, uint32_t n)
{
    uint32_t    m, v, x;
    ngx_uint_t  w;

    for (w = 0, x = n; x; x >>= 1) {
        w++;
    }

    m = ((uint32_t) 1 << w) - n;
    v = ngx_rtc_dd_bits(b, w - 1);

    if (v < m) {
        return v;
    }

    return (v << 1) - m + ngx_rtc_dd_bits(b, 1);
}


static void
ngx_rtc_dd_parse_structure(ngx_rtc_dd_bits_t *b, ngx_rtc_dd_structure_t *st)
{
    uint64_t                dti;
    ngx_uint_t              i, n, fdiff;
    ngx_rtc_dd_template_t  *t;

    st->id_offset = (uint8_t) ngx_rtc_dd_bits(b, 6);
    st->ntargets = (uint8_t) (ngx_rtc_dd_bits(b, 5) + 1);

    ngx_rtc_dd_parse_layers(b, st);

    for (i = 0; i < st->ntemplates; i++) {
        t = &st->templates[i];

        for (n = 0; n < st->ntargets; n++) {
            dti = ngx_rtc_dd_bits(b, 2);
            t->dtis |= dti << (n * 2);
        }
    }

    for (i = 0; i < st->ntemplates; i++) {
        t = &st->templates[i];

        while (ngx_rtc_dd_bits(b, 1)) {
            fdiff = ngx_rtc_dd_bits(b, 4) + 1;

            if (t->nfdiffs < NGX_RTC_DD_MAX_FDIFFS) {
                t->fdiffs[t->nfdiffs++] = (uint8_t) fdiff;
            }
        }
    }

    ngx_rtc_dd_parse_chains(b, st);

    ngx_rtc_dd_targets(st);

    st->has_sizes = (uint8_t) ngx_rtc_dd_bits(b, 1);

    if (st->has_sizes) {

        for (i = 0; i < st->nspatial; i++) {

            /* 65536 isn't told from 65535 here */

            n = ngx_rtc_dd_bits(b, 16) + 1;
            st->width[i] = (uint16_t) ngx_min(n, 65535);

            n = ngx_rtc_dd_bits(b, 16) + 1;
            st->height[i] = (uint16_t) ngx_min(n, 65535);
        }
    }
}


static void
ngx_rtc_dd_parse_layers(ngx_rtc_dd_bits_t *b, ngx_rtc_dd_structure_t *st)
{
    ngx_uint_t  sid, tid, next;

    sid = 0;
    tid = 0;

    do {
        if (b->error || st->ntemplates == NGX_RTC_DD_MAX_TEMPLATES) {
            b->error = 1;
            return;
        }

        st->templates[st->ntemplates].sid = (uint8_t) sid;
        st->templates[st->ntemplates].tid = (uint8_t) tid;
        st->ntemplates++;

        if (tid + 1 > st->ntemporal) {
            st->ntemporal = (uint8_t) (tid + 1);
        }

        next = ngx_rtc_dd_bits(b, 2);

        if (next == NGX_RTC_DD_NEXT_TEMPORAL) {
            tid++;

        } else if (next == NGX_RTC_DD_NEXT_SPATIAL) {
            tid = 0;
            sid++;
        }

        if (tid > 7 || sid >= NGX_RTC_DD_MAX_SPATIAL) {
            b->error = 1;
            return;
        }

    } while (next != NGX_RTC_DD_NO_MORE);

    st->nspatial = (uint8_t) (sid + 1);
}


static void
ngx_rtc_dd_parse_chains(ngx_rtc_dd_bits_t *b, ngx_rtc_dd_structure_t *st)
{
    ngx_uint_t  i, n;

    st->nchains = (uint8_t) ngx_rtc_dd_ns(b, st->ntargets + 1);

    if (st->nchains == 0) {
        return;
    }

    for (i = 0; i < st->ntargets; i++) {
        st->target_chain[i] = (uint8_t) ngx_rtc_dd_ns(b, st->nchains);
    }

    for (i = 0; i < st->ntemplates; i++) {

        for (n = 0; n < st->nchains; n++) {
            st->templates[i].chain_fdiffs[n]
                                          = (uint8_t) ngx_rtc_dd_bits(b, 4);
        }
    }
}


/* section A.8.2.3: a decode target has the layers that are present in it */

static void
ngx_rtc_dd_targets(ngx_rtc_dd_structure_t *st)
{
    ngx_uint_t              i, n;
    ngx_rtc_dd_template_t  *t;

    for (n = 0; n < st->ntargets; n++) {

        for (i = 0; i < st->ntemplates; i++) {
            t = &st->templates[i];

            if (ngx_rtc_dd_dti(t->dtis, n) == NGX_RTC_DD_NOT_PRESENT) {
                continue;
            }

            st->target_sid[n] = ngx_max(st->target_sid[n], t->sid);
            st->target_tid[n] = ngx_max(st->target_tid[n], t->tid);
        }
    }
}


static ngx_int_t
ngx_rtc_dd_parse_frame(ngx_rtc_dd_bits_t *b, ngx_rtc_dd_structure_t *st,
    ngx_rtc_dd_t *dd)
{
    uint64_t                dti;
    ngx_uint_t              i, n, size, fdiff;
    ngx_rtc_dd_template_t  *t;

    if (dd->has_active_targets) {
        dd->active_targets = ngx_rtc_dd_bits(b, st->ntargets);
    }

    dd->frame_start = (uint16_t) b->pos;

    /* ids go around at 64 from the offset on */

    i = (dd->template_id + 64 - st->id_offset) & 63;

    if (i >= st->ntemplates) {
        return dd->has_structure ? NGX_ERROR : NGX_DECLINED;
    }

    t = &st->templates[i];

    dd->sid = t->sid;
    dd->tid = t->tid;
    dd->ntargets = st->ntargets;
    dd->nchains = st->nchains;

    if (dd->custom_dtis) {

        for (n = 0; n < st->ntargets; n++) {
            dti = ngx_rtc_dd_bits(b, 2);
            dd->dtis |= dti << (n * 2);
        }

    } else {
        dd->dtis = t->dtis;
    }

    if (dd->custom_fdiffs) {

        for ( ;; ) {
            size = ngx_rtc_dd_bits(b, 2);

            if (size == 0) {
                break;
            }

            fdiff = ngx_rtc_dd_bits(b, size * 4) + 1;

            if (dd->nfdiffs < NGX_RTC_DD_MAX_FDIFFS) {
                dd->fdiffs[dd->nfdiffs++] = (uint16_t) fdiff;
            }
        }

    } else {
        dd->nfdiffs = t->nfdiffs;

        for (n = 0; n < t->nfdiffs; n++) {
            dd->fdiffs[n] = t->fdiffs[n];
        }
    }

    for (n = 0; n < st->nchains; n++) {
        dd->chain_fdiffs[n] = dd->custom_chains
                              ? (uint8_t) ngx_rtc_dd_bits(b, 8)
                              : t->chain_fdiffs[n];
    }

    if (b->error) {
        return NGX_ERROR;
    }

    dd->frame_end = (uint16_t) b->pos;

    if (st->has_sizes) {
        dd->has_size = 1;
        dd->width = st->width[dd->sid];
        dd->height = st->height[dd->sid];
    }

    return NGX_OK;
}


u_char *
ngx_rtc_dd_rewrite(u_char *dst, u_char *dst_end, u_char *p, u_char *end,
    ngx_rtc_dd_structure_t *st, ngx_rtc_dd_t *dd, uint16_t frame_number,
    uint32_t active_targets)
{
    size_t             size;
    ngx_uint_t         active;
    ngx_rtc_dd_bits_t  in, out;

    active = (active_targets || dd->has_active_targets) ? 1 : 0;

    if (active_targets == 0) {
        active_targets = dd->active_targets;
    }

    if (!dd->extended && !active) {
        size = 24;

    } else {
        size = (dd->extended ? dd->structure_end : 29)
               + (active ? st->ntargets : 0)
               + (dd->extended ? dd->frame_end - dd->frame_start : 0);
    }

    size = (size + 7) / 8;

    if ((size_t) (dst_end - dst) < size || size > NGX_RTC_DD_MAX_SIZE) {
        return NULL;
    }

    in.data = p;
    in.pos = 0;
    in.size = (size_t) (end - p) * 8;
    in.error = 0;

    out.data = dst;
    out.pos = 0;
    out.size = size * 8;
    out.error = 0;

    ngx_memzero(dst, size);

    ngx_rtc_dd_copy(&out, &in, 8);
    ngx_rtc_dd_put(&out, frame_number, 16);

    if (size == 3) {
        return dst + size;
    }

    ngx_rtc_dd_put(&out, dd->has_structure, 1);
    ngx_rtc_dd_put(&out, active, 1);
    ngx_rtc_dd_put(&out, dd->custom_dtis, 1);
    ngx_rtc_dd_put(&out, dd->custom_fdiffs, 1);
    ngx_rtc_dd_put(&out, dd->custom_chains, 1);

    if (dd->extended) {
        in.pos = 29;
        ngx_rtc_dd_copy(&out, &in, dd->structure_end - in.pos);
    }

    if (active) {
        ngx_rtc_dd_put(&out, active_targets, st->ntargets);
    }

    if (dd->extended) {
        in.pos = dd->frame_start;
        ngx_rtc_dd_copy(&out, &in, dd->frame_end - dd->frame_start);
    }

    return dst + size;
}


static void
ngx_rtc_dd_put(ngx_rtc_dd_bits_t *b, uint32_t v, ngx_uint_t n)
{
    while (n--) {

        if (b->pos == b->size) {
            b->error = 1;
            return;
        }

        if ((v >> n) & 1) {
            b->data[b->pos >> 3] |= (u_char) (0x80 >> (b->pos & 7));
        }

        b->pos++;
    }
}


static void
ngx_rtc_dd_copy(ngx_rtc_dd_bits_t *dst, ngx_rtc_dd_bits_t *src, size_t n)
{
    ngx_uint_t  bits;

    for ( /* void */ ; n; n -= bits) {
        bits = ngx_min(n, 16);
        ngx_rtc_dd_put(dst, ngx_rtc_dd_bits(src, bits), bits);
    }
}
