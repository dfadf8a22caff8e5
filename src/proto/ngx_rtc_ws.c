
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * WebSocket frames (RFC 6455) in and out of the caller's buffers.  Reading
 * and writing sockets, gathering messages and deadlines are the caller's.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>

#include "ngx_rtc_ws.h"


#define NGX_RTC_WS_GUID  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#define NGX_RTC_WS_FIN               0x80
#define NGX_RTC_WS_RSV               0x70
#define NGX_RTC_WS_MASK              0x80


typedef enum {
    sw_header = 0,
    sw_payload,
    sw_control,
    sw_closed,
    sw_failed
} ngx_rtc_ws_state_e;


static ngx_int_t ngx_rtc_ws_header(ngx_rtc_ws_t *ws);
static ngx_int_t ngx_rtc_ws_data(ngx_rtc_ws_t *ws, u_char **pos,
    u_char *end, ngx_rtc_ws_event_t *ev);
static ngx_int_t ngx_rtc_ws_control(ngx_rtc_ws_t *ws, ngx_rtc_ws_event_t *ev);
static ngx_int_t ngx_rtc_ws_fail(ngx_rtc_ws_t *ws, ngx_uint_t code);


ngx_int_t
ngx_rtc_ws_accept(ngx_str_t *key, u_char *accept)
{
    u_char   c, md[EVP_MAX_MD_SIZE], text[24 + sizeof(NGX_RTC_WS_GUID) - 1];
    u_char   b64[NGX_RTC_WS_ACCEPT_SIZE + 1];
    size_t   i;

    /* 16 bytes in base64: 22 characters, the last with 4 zero bits, "==" */

    if (key->len != 24 || key->data[22] != '=' || key->data[23] != '=') {
        return NGX_DECLINED;
    }

    for (i = 0; i < 22; i++) {
        c = key->data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '+' || c == '/'))
        {
            return NGX_DECLINED;
        }
    }

    ngx_memcpy(text, key->data, 24);
    ngx_memcpy(text + 24, NGX_RTC_WS_GUID, sizeof(NGX_RTC_WS_GUID) - 1);

    if (EVP_Digest(text, sizeof(text), md, NULL, EVP_sha1(), NULL) != 1) {
        return NGX_ERROR;
    }

    (void) EVP_EncodeBlock(b64, md, 20);

    ngx_memcpy(accept, b64, NGX_RTC_WS_ACCEPT_SIZE);

    return NGX_OK;
}


void
ngx_rtc_ws_init(ngx_rtc_ws_t *ws, size_t max_message)
{
    ngx_memzero(ws, sizeof(ngx_rtc_ws_t));

    ws->max_message = max_message;
    ws->header_size = 2;
}


ngx_int_t
ngx_rtc_ws_parse(ngx_rtc_ws_t *ws, u_char **pos, u_char *end,
    ngx_rtc_ws_event_t *ev)
{
    size_t      n;
    ngx_int_t   rc;
    ngx_uint_t  len;

    for ( ;; ) {

        switch (ws->state) {

        case sw_header:

            n = ngx_min((size_t) (end - *pos),
                        ws->header_size - ws->header_len);

            if (n) {
                ngx_memcpy(ws->header + ws->header_len, *pos, n);
            }

            ws->header_len += n;
            *pos += n;

            if (ws->header_len < ws->header_size) {
                return NGX_AGAIN;
            }

            if (ws->header_size == 2) {

                len = ws->header[1] & 0x7f;

                ws->header_size += (len == 127) ? 8 : (len == 126) ? 2 : 0;
                ws->header_size += (ws->header[1] & NGX_RTC_WS_MASK) ? 4 : 0;

                /* what is wrong in two bytes must not wait for the others */

                if (ngx_rtc_ws_header(ws) != NGX_OK) {
                    return NGX_ERROR;
                }

                if (ws->header_size > 2) {
                    break;
                }

            } else if (ngx_rtc_ws_header(ws) != NGX_OK) {
                return NGX_ERROR;
            }

            ws->header_len = 0;
            ws->header_size = 2;
            ws->mask_pos = 0;
            ws->control_len = 0;
            ws->state = (ws->opcode & 0x08) ? sw_control : sw_payload;

            break;

        case sw_payload:

            /* an empty part is an event only if it ends the message */

            if (*pos == end && ws->left) {
                return NGX_AGAIN;
            }

            rc = ngx_rtc_ws_data(ws, pos, end, ev);

            if (rc == NGX_DECLINED) {
                break;
            }

            return rc;

        case sw_control:

            n = (size_t) ngx_min((uint64_t) (end - *pos), ws->left);

            if (n) {
                ngx_memcpy(ws->control + ws->control_len, *pos, n);
                ws->control_len += (uint8_t) n;
                ws->left -= n;
                *pos += n;
            }

            if (ws->left) {
                return NGX_AGAIN;
            }

            if (!ws->client) {
                ngx_rtc_ws_unmask(ws->control, ws->control_len, ws->mask, 0);
            }

            ws->state = sw_header;

            return ngx_rtc_ws_control(ws, ev);

        case sw_closed:

            *pos = end;

            return NGX_DONE;

        default: /* sw_failed */

            return NGX_ERROR;
        }
    }
}


/*
 * Checks the header as far as it is there.  Called with its first two bytes
 * and, if there are more, again with all of them.
 */

static ngx_int_t
ngx_rtc_ws_header(ngx_rtc_ws_t *ws)
{
    u_char      *p;
    uint64_t     len;
    ngx_uint_t   i;

    p = ws->header;

    ws->opcode = p[0] & 0x0f;
    ws->fin = (p[0] & NGX_RTC_WS_FIN) ? 1 : 0;

    /* no extension has been negotiated, nor any other opcode */

    if (p[0] & NGX_RTC_WS_RSV) {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
    }

    if (((p[1] & NGX_RTC_WS_MASK) == 0) != ws->client) {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
    }

    len = p[1] & 0x7f;

    switch (ws->opcode) {

    case NGX_RTC_WS_TEXT:
    case NGX_RTC_WS_BINARY:

        if (ws->message) {
            return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
        }

        break;

    case NGX_RTC_WS_CONTINUATION:

        if (ws->message == 0) {
            return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
        }

        break;

    case NGX_RTC_WS_CLOSE:
    case NGX_RTC_WS_PING:
    case NGX_RTC_WS_PONG:

        if (!ws->fin || len > NGX_RTC_WS_CONTROL_MAX) {
            return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
        }

        break;

    default:
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
    }

    if (ws->header_len < ws->header_size) {
        return NGX_OK;
    }

    p += 2;

    if (len >= 126) {

        i = (len == 127) ? 8 : 2;

        for (len = 0; i; i--) {
            len = (len << 8) | *p++;
        }

        if (len >> 63) {
            return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
        }
    }

    ws->left = len;

    if (!ws->client) {
        ngx_memcpy(ws->mask, p, 4);
    }

    if (ws->opcode & 0x08) {
        return NGX_OK;
    }

    if (ws->opcode != NGX_RTC_WS_CONTINUATION) {
        ws->message = ws->opcode;
        ws->message_size = 0;
        ws->first = 1;
        ws->utf8 = 0;
    }

    /* the sum can't wrap: what stands in it is below 2^63 + the limit */

    if (ws->max_message && ws->message_size + len > ws->max_message) {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_TOO_BIG);
    }

    ws->message_size = ngx_min(ws->message_size + len, (uint64_t) 1 << 62);

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_ws_data(ngx_rtc_ws_t *ws, u_char **pos, u_char *end,
    ngx_rtc_ws_event_t *ev)
{
    size_t      n;
    u_char     *p;
    ngx_uint_t  last;

    p = *pos;
    n = (size_t) ngx_min((uint64_t) (end - p), ws->left);

    if (!ws->client && n) {
        ngx_rtc_ws_unmask(p, n, ws->mask, ws->mask_pos);
        ws->mask_pos = (uint8_t) ((ws->mask_pos + n) & 3);
    }

    *pos = p + n;
    ws->left -= n;

    last = (ws->left == 0 && ws->fin) ? 1 : 0;

    if (ws->message == NGX_RTC_WS_TEXT) {

        if (ngx_rtc_utf8_validate(&ws->utf8, p, n) != NGX_OK
            || (last && ws->utf8 != 0))
        {
            return ngx_rtc_ws_fail(ws, NGX_RTC_WS_BAD_DATA);
        }
    }

    if (ws->left == 0) {
        ws->state = sw_header;
    }

    if (n == 0 && !last) {
        return NGX_DECLINED;
    }

    ngx_memzero(ev, sizeof(ngx_rtc_ws_event_t));

    ev->opcode = ws->message;
    ev->first = ws->first;
    ev->last = last;
    ev->data = p;
    ev->len = n;

    ws->first = 0;

    if (last) {
        ws->message = 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_ws_control(ngx_rtc_ws_t *ws, ngx_rtc_ws_event_t *ev)
{
    uint32_t  utf8;

    ngx_memzero(ev, sizeof(ngx_rtc_ws_event_t));

    ev->opcode = ws->opcode;
    ev->first = 1;
    ev->last = 1;
    ev->data = ws->control;
    ev->len = ws->control_len;

    if (ws->opcode != NGX_RTC_WS_CLOSE) {
        return NGX_OK;
    }

    if (ev->len == 0) {
        ev->code = NGX_RTC_WS_NO_STATUS;
        ws->state = sw_closed;
        return NGX_OK;
    }

    if (ev->len == 1) {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
    }

    ev->code = (ws->control[0] << 8) | ws->control[1];

    if (!ngx_rtc_ws_close_code_valid(ev->code)) {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_PROTOCOL_ERROR);
    }

    ev->data += 2;
    ev->len -= 2;

    utf8 = 0;

    if (ngx_rtc_utf8_validate(&utf8, ev->data, ev->len) != NGX_OK
        || utf8 != 0)
    {
        return ngx_rtc_ws_fail(ws, NGX_RTC_WS_BAD_DATA);
    }

    ws->state = sw_closed;

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_ws_fail(ngx_rtc_ws_t *ws, ngx_uint_t code)
{
    ws->state = sw_failed;
    ws->close_code = code;

    return NGX_ERROR;
}


u_char *
ngx_rtc_ws_write_header(u_char *p, u_char *end, ngx_uint_t opcode,
    ngx_uint_t fin, uint64_t len)
{
    ngx_uint_t  n, size;

    size = (len > 65535) ? 8 : (len > 125) ? 2 : 0;

    if ((size_t) (end - p) < 2 + size) {
        return NULL;
    }

    *p++ = (u_char) ((fin ? NGX_RTC_WS_FIN : 0) | (opcode & 0x0f));
    *p++ = (u_char) (size == 8 ? 127 : size == 2 ? 126 : len);

    for (n = size; n; n--) {
        *p++ = (u_char) (len >> ((n - 1) * 8));
    }

    return p;
}


u_char *
ngx_rtc_ws_write_close(u_char *p, u_char *end, ngx_uint_t code,
    ngx_str_t *reason)
{
    size_t  len;

    if (code == 0 || code == NGX_RTC_WS_NO_STATUS) {
        return ngx_rtc_ws_write_header(p, end, NGX_RTC_WS_CLOSE, 1, 0);
    }

    len = 0;

    if (reason) {
        len = ngx_min(reason->len, NGX_RTC_WS_CONTROL_MAX - 2);

        /* not in the middle of a character */

        while (len && len < reason->len
               && (reason->data[len] & 0xc0) == 0x80)
        {
            len--;
        }
    }

    if ((size_t) (end - p) < 4 + len) {
        return NULL;
    }

    p = ngx_rtc_ws_write_header(p, end, NGX_RTC_WS_CLOSE, 1, len + 2);
    if (p == NULL) {
        return NULL;
    }

    *p++ = (u_char) (code >> 8);
    *p++ = (u_char) code;

    return len ? ngx_cpymem(p, reason->data, len) : p;
}


ngx_uint_t
ngx_rtc_ws_close_code_valid(ngx_uint_t code)
{
    /* 1004 is reserved, 1005, 1006 and 1015 are never sent */

    return (code >= 1000 && code <= 1003)
           || (code >= 1007 && code <= 1014)
           || (code >= 3000 && code <= 4999);
}


void
ngx_rtc_ws_unmask(u_char *p, size_t len, u_char *mask, ngx_uint_t pos)
{
    u_char    key[8];
    uint64_t  word, key64;
    size_t    i;

    for (i = 0; i < 8; i++) {
        key[i] = mask[(pos + i) & 3];
    }

    ngx_memcpy(&key64, key, 8);

    for ( /* void */ ; len >= 8; len -= 8) {
        ngx_memcpy(&word, p, 8);
        word ^= key64;
        ngx_memcpy(p, &word, 8);
        p += 8;
    }

    for (i = 0; i < len; i++) {
        p[i] ^= key[i];
    }
}


/*
 * The state holds what the next byte must be: the number of continuation
 * bytes to come in its low byte, above it the bounds of the next one.
 */

#define ngx_rtc_utf8_state(n, lo, hi)                                         \
    ((uint32_t) (n) | ((uint32_t) (lo) << 8) | ((uint32_t) (hi) << 16))

ngx_int_t
ngx_rtc_utf8_validate(uint32_t *state, u_char *p, size_t len)
{
    u_char     c, *end;
    uint32_t   s;
    uint64_t   word;

    if (len == 0) {
        return NGX_OK;
    }

    s = *state;
    end = p + len;

    while (p < end) {

        if (s == 0) {

            while (end - p >= 8) {
                ngx_memcpy(&word, p, 8);

                if (word & 0x8080808080808080ULL) {
                    break;
                }

                p += 8;
            }

            if (p == end) {
                break;
            }

            c = *p++;

            if (c < 0x80) {
                continue;
            }

            /* Unicode, table 3-7 */

            if (c >= 0xc2 && c <= 0xdf) {
                s = ngx_rtc_utf8_state(1, 0x80, 0xbf);

            } else if (c == 0xe0) {
                s = ngx_rtc_utf8_state(2, 0xa0, 0xbf);

            } else if (c == 0xed) {
                s = ngx_rtc_utf8_state(2, 0x80, 0x9f);

            } else if (c >= 0xe1 && c <= 0xef) {
                s = ngx_rtc_utf8_state(2, 0x80, 0xbf);

            } else if (c == 0xf0) {
                s = ngx_rtc_utf8_state(3, 0x90, 0xbf);

            } else if (c >= 0xf1 && c <= 0xf3) {
                s = ngx_rtc_utf8_state(3, 0x80, 0xbf);

            } else if (c == 0xf4) {
                s = ngx_rtc_utf8_state(3, 0x80, 0x8f);

            } else {
                return NGX_ERROR;
            }

            continue;
        }

        c = *p++;

        if (c < ((s >> 8) & 0xff) || c > ((s >> 16) & 0xff)) {
            return NGX_ERROR;
        }

        s = ((s & 0xff) == 1) ? 0
                              : ngx_rtc_utf8_state((s & 0xff) - 1, 0x80, 0xbf);
    }

    *state = s;

    return NGX_OK;
}
