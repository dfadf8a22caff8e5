
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * RTP packets: parsing, header extensions, building, RTX.  What streams they
 * belong to isn't known here.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_rtp.h"


#define NGX_RTC_RTP_MARKER           0x80
#define NGX_RTC_RTP_PADDING          0x20
#define NGX_RTC_RTP_EXTENSION        0x10


static void ngx_rtc_rtp_parse_one_byte(ngx_rtc_rtp_t *rtp);
static void ngx_rtc_rtp_parse_two_byte(ngx_rtc_rtp_t *rtp);
static ngx_rtc_rtp_ext_t *ngx_rtc_rtp_exts_push(ngx_rtc_rtp_exts_t *exts,
    ngx_uint_t id, size_t len);


ngx_int_t
ngx_rtc_rtp_parse(ngx_rtc_rtp_t *rtp, u_char *p, u_char *end)
{
    size_t   size;
    u_char  *start;

    start = p;

    if (end - p < NGX_RTC_RTP_HEADER_SIZE || end - p > 65535
        || (p[0] >> 6) != 2)
    {
        return NGX_ERROR;
    }

    rtp->start = p;
    rtp->end = end;

    rtp->csrc_count = p[0] & 0x0f;
    rtp->marker = p[1] >> 7;
    rtp->pt = p[1] & 0x7f;
    rtp->seq = ngx_rtc_get_16(p + 2);
    rtp->timestamp = ngx_rtc_get_32(p + 4);
    rtp->ssrc = ngx_rtc_get_32(p + 8);

    p += NGX_RTC_RTP_HEADER_SIZE;

    rtp->csrc = p;

    if ((size_t) (end - p) < (size_t) rtp->csrc_count * 4) {
        return NGX_ERROR;
    }

    p += rtp->csrc_count * 4;

    rtp->ext = NULL;
    rtp->ext_size = 0;
    rtp->ext_profile = 0;
    rtp->ext_mask = 0;

    if (start[0] & NGX_RTC_RTP_EXTENSION) {

        if (end - p < 4) {
            return NGX_ERROR;
        }

        rtp->ext_profile = ngx_rtc_get_16(p);
        size = (size_t) ngx_rtc_get_16(p + 2) * 4;

        p += 4;

        if ((size_t) (end - p) < size) {
            return NGX_ERROR;
        }

        rtp->ext = p;
        rtp->ext_size = (uint16_t) size;

        p += size;

        if (rtp->ext_profile == NGX_RTC_RTP_ONE_BYTE) {
            ngx_rtc_rtp_parse_one_byte(rtp);

        } else if ((rtp->ext_profile & 0xfff0) == NGX_RTC_RTP_TWO_BYTE) {
            ngx_rtc_rtp_parse_two_byte(rtp);
        }
    }

    rtp->payload = p;
    rtp->header_size = (uint16_t) (p - start);
    rtp->padding = 0;

    if (start[0] & NGX_RTC_RTP_PADDING) {

        /* a padding of 0 is wrong, but is sent, and does no harm */

        if (p == end || end[-1] > end - p) {
            return NGX_ERROR;
        }

        rtp->padding = end[-1];
    }

    rtp->payload_size = end - p - rtp->padding;

    return NGX_OK;
}


/* RFC 8285, section 4.2 */

static void
ngx_rtc_rtp_parse_one_byte(ngx_rtc_rtp_t *rtp)
{
    size_t       len;
    u_char      *p, *end;
    ngx_uint_t   id;

    p = rtp->ext;
    end = p + rtp->ext_size;

    while (p < end) {

        if (*p == 0) {
            p++;
            continue;
        }

        id = *p >> 4;
        len = (*p & 0x0f) + 1;

        /* an id of 0 with a length ends the list as 15 does */

        if (id == 0 || id == 15) {
            return;
        }

        p++;

        if ((size_t) (end - p) < len) {
            return;
        }

        if (!(rtp->ext_mask & ((uint32_t) 1 << id))) {
            rtp->ext_mask |= (uint32_t) 1 << id;
            rtp->ext_pos[id] = (uint16_t) (p - rtp->start);
            rtp->ext_len[id] = (uint8_t) len;
        }

        p += len;
    }
}


/* RFC 8285, section 4.3 */

static void
ngx_rtc_rtp_parse_two_byte(ngx_rtc_rtp_t *rtp)
{
    size_t       len;
    u_char      *p, *end;
    ngx_uint_t   id;

    p = rtp->ext;
    end = p + rtp->ext_size;

    while (p < end) {

        if (*p == 0) {
            p++;
            continue;
        }

        if (end - p < 2) {
            return;
        }

        id = p[0];
        len = p[1];

        p += 2;

        if ((size_t) (end - p) < len) {
            return;
        }

        if (id < NGX_RTC_RTP_EXT_IDS
            && !(rtp->ext_mask & ((uint32_t) 1 << id)))
        {
            rtp->ext_mask |= (uint32_t) 1 << id;
            rtp->ext_pos[id] = (uint16_t) (p - rtp->start);
            rtp->ext_len[id] = (uint8_t) len;
        }

        p += len;
    }
}


ngx_int_t
ngx_rtc_rtp_ext_text(ngx_rtc_rtp_t *rtp, ngx_uint_t id, ngx_str_t *value)
{
    size_t   i, len;
    u_char  *p;

    p = ngx_rtc_rtp_ext(rtp, id, &len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    /* some senders pad to a size that they reserved */

    while (len && p[len - 1] == '\0') {
        len--;
    }

    if (len == 0 || len > NGX_RTC_RTP_MID_MAX) {
        return NGX_DECLINED;
    }

    for (i = 0; i < len; i++) {
        if (p[i] <= ' ' || p[i] >= 0x7f) {
            return NGX_DECLINED;
        }
    }

    value->len = len;
    value->data = p;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtp_ext_abs_send_time(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    uint32_t *value)
{
    size_t   len;
    u_char  *p;

    p = ngx_rtc_rtp_ext(rtp, id, &len);
    if (p == NULL || len != 3) {
        return NGX_DECLINED;
    }

    *value = ngx_rtc_get_24(p);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtp_ext_twcc(ngx_rtc_rtp_t *rtp, ngx_uint_t id, uint16_t *seq)
{
    size_t   len;
    u_char  *p;

    /* version 02 of the draft adds two bytes behind the number */

    p = ngx_rtc_rtp_ext(rtp, id, &len);
    if (p == NULL || (len != 2 && len != 4)) {
        return NGX_DECLINED;
    }

    *seq = ngx_rtc_get_16(p);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtp_ext_audio_level(ngx_rtc_rtp_t *rtp, ngx_uint_t id,
    ngx_uint_t *level, ngx_uint_t *voice)
{
    size_t   len;
    u_char  *p;

    /* RFC 6464: one byte; a zero byte may follow in the two-byte form */

    p = ngx_rtc_rtp_ext(rtp, id, &len);
    if (p == NULL || len < 1) {
        return NGX_DECLINED;
    }

    *level = p[0] & 0x7f;
    *voice = p[0] >> 7;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtp_ext_orientation(ngx_rtc_rtp_t *rtp, ngx_uint_t id, uint8_t *value)
{
    size_t   len;
    u_char  *p;

    p = ngx_rtc_rtp_ext(rtp, id, &len);
    if (p == NULL || len < 1) {
        return NGX_DECLINED;
    }

    *value = p[0];

    return NGX_OK;
}


u_char *
ngx_rtc_rtp_write_header(u_char *p, u_char *end, ngx_uint_t marker,
    ngx_uint_t pt, uint16_t seq, uint32_t timestamp, uint32_t ssrc)
{
    if (end - p < NGX_RTC_RTP_HEADER_SIZE) {
        return NULL;
    }

    *p++ = 0x80;
    *p++ = (u_char) ((marker ? NGX_RTC_RTP_MARKER : 0) | (pt & 0x7f));

    p = ngx_rtc_put_16(p, seq);
    p = ngx_rtc_put_32(p, timestamp);

    return ngx_rtc_put_32(p, ssrc);
}


static ngx_rtc_rtp_ext_t *
ngx_rtc_rtp_exts_push(ngx_rtc_rtp_exts_t *exts, ngx_uint_t id, size_t len)
{
    ngx_rtc_rtp_ext_t  *ext;

    if (exts->n == NGX_RTC_RTP_EXTS_MAX || id > 255 || len > 255) {
        return NULL;
    }

    if (id > 14 || len > 16) {
        exts->two_byte = 1;
    }

    ext = &exts->elts[exts->n++];

    ext->id = (uint8_t) id;
    ext->len = (uint8_t) len;
    ext->data = NULL;
    ext->pos = NULL;

    return ext;
}


ngx_int_t
ngx_rtc_rtp_exts_add(ngx_rtc_rtp_exts_t *exts, ngx_uint_t id, u_char *data,
    size_t len)
{
    ngx_rtc_rtp_ext_t  *ext;

    if (id == 0 || len == 0) {
        return NGX_OK;
    }

    ext = ngx_rtc_rtp_exts_push(exts, id, len);
    if (ext == NULL) {
        return NGX_DECLINED;
    }

    ext->data = data;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_rtp_exts_add_value(ngx_rtc_rtp_exts_t *exts, ngx_uint_t id,
    uint32_t value, size_t len)
{
    size_t              i;
    ngx_rtc_rtp_ext_t  *ext;

    if (id == 0 || len == 0) {
        return NGX_OK;
    }

    if (len > 4) {
        return NGX_DECLINED;
    }

    ext = ngx_rtc_rtp_exts_push(exts, id, len);
    if (ext == NULL) {
        return NGX_DECLINED;
    }

    for (i = len; i > 0; i--) {
        ext->value[i - 1] = (u_char) value;
        value >>= 8;
    }

    return NGX_OK;
}


u_char *
ngx_rtc_rtp_exts_write(ngx_rtc_rtp_exts_t *exts, u_char *header, u_char *p,
    u_char *end)
{
    size_t              size, padded;
    ngx_uint_t          i;
    ngx_rtc_rtp_ext_t  *ext;

    if (exts->n == 0) {
        return p;
    }

    size = exts->n * (exts->two_byte ? 2 : 1);

    for (i = 0; i < exts->n; i++) {
        size += exts->elts[i].len;
    }

    padded = ngx_align(size, 4);

    if ((size_t) (end - p) < padded + 4) {
        return NULL;
    }

    p = ngx_rtc_put_16(p, exts->two_byte ? NGX_RTC_RTP_TWO_BYTE
                                         : NGX_RTC_RTP_ONE_BYTE);
    p = ngx_rtc_put_16(p, (uint16_t) (padded / 4));

    for (i = 0; i < exts->n; i++) {
        ext = &exts->elts[i];

        if (exts->two_byte) {
            *p++ = ext->id;
            *p++ = ext->len;

        } else {
            *p++ = (u_char) ((ext->id << 4) | (ext->len - 1));
        }

        ext->pos = p;
        p = ngx_cpymem(p, ext->data ? ext->data : ext->value, ext->len);
    }

    for ( /* void */ ; size < padded; size++) {
        *p++ = 0;
    }

    header[0] |= NGX_RTC_RTP_EXTENSION;

    return p;
}


u_char *
ngx_rtc_rtx_unwrap(ngx_rtc_rtp_t *rtx, ngx_uint_t pt, uint32_t ssrc)
{
    u_char    *p;
    uint16_t   seq;

    if (rtx->payload_size < 2) {
        return NULL;
    }

    seq = ngx_rtc_get_16(rtx->payload);

    p = rtx->start + 2;

    ngx_memmove(p, rtx->start, rtx->header_size);

    p[1] = (u_char) ((p[1] & NGX_RTC_RTP_MARKER) | (pt & 0x7f));

    (void) ngx_rtc_put_16(p + 2, seq);
    (void) ngx_rtc_put_32(p + 8, ssrc);

    return p;
}


u_char *
ngx_rtc_rtx_wrap(u_char *dst, u_char *end, ngx_rtc_rtp_t *rtp, ngx_uint_t pt,
    uint16_t seq, uint32_t ssrc)
{
    u_char  *p;

    if ((size_t) (end - dst) < rtp->header_size + rtp->payload_size + 2) {
        return NULL;
    }

    p = ngx_cpymem(dst, rtp->start, rtp->header_size);

    dst[0] &= (u_char) ~NGX_RTC_RTP_PADDING;
    dst[1] = (u_char) ((dst[1] & NGX_RTC_RTP_MARKER) | (pt & 0x7f));

    (void) ngx_rtc_put_16(dst + 2, seq);
    (void) ngx_rtc_put_32(dst + 8, ssrc);

    p = ngx_rtc_put_16(p, rtp->seq);

    return ngx_cpymem(p, rtp->payload, rtp->payload_size);
}
