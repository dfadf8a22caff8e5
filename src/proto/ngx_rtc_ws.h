
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The WebSocket protocol (RFC 6455) of a server without its I/O: the accept
 * key, an incremental frame parser and writers of frame headers.
 */


#ifndef _NGX_RTC_WS_H_INCLUDED_
#define _NGX_RTC_WS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_WS_CONTINUATION      0x0
#define NGX_RTC_WS_TEXT              0x1
#define NGX_RTC_WS_BINARY            0x2
#define NGX_RTC_WS_CLOSE             0x8
#define NGX_RTC_WS_PING              0x9
#define NGX_RTC_WS_PONG              0xa

/* close codes, RFC 6455, section 7.4.1 */
#define NGX_RTC_WS_NORMAL            1000
#define NGX_RTC_WS_GOING_AWAY        1001
#define NGX_RTC_WS_PROTOCOL_ERROR    1002
#define NGX_RTC_WS_UNSUPPORTED       1003
#define NGX_RTC_WS_NO_STATUS         1005    /* never on the wire */
#define NGX_RTC_WS_ABNORMAL          1006    /* never on the wire */
#define NGX_RTC_WS_BAD_DATA          1007
#define NGX_RTC_WS_POLICY            1008
#define NGX_RTC_WS_TOO_BIG           1009
#define NGX_RTC_WS_INTERNAL          1011
#define NGX_RTC_WS_TRY_LATER         1013

#define NGX_RTC_WS_ACCEPT_SIZE       28
#define NGX_RTC_WS_HEADER_MAX        10      /* of a server's frame */
#define NGX_RTC_WS_CONTROL_MAX       125


/*
 * What ngx_rtc_ws_parse() has found.
 *
 *     TEXT, BINARY   a part of a message, unmasked where it was read: "first"
 *                    and "last" tell where the message begins and ends; a
 *                    part may be empty
 *     PING, PONG     data is the whole payload
 *     CLOSE          code (NO_STATUS if none was sent), data is the reason
 *
 * data is valid until the next call and as long as the caller's buffer is.
 */

typedef struct {
    ngx_uint_t   opcode;
    unsigned     first:1;
    unsigned     last:1;
    ngx_uint_t   code;
    u_char      *data;
    size_t       len;
} ngx_rtc_ws_event_t;


typedef struct {
    ngx_uint_t   state;
    ngx_uint_t   close_code;        /* to be sent after NGX_ERROR */

    size_t       max_message;       /* 0: no limit */
    uint64_t     message_size;      /* declared by its frames so far */

    uint64_t     left;              /* bytes left in the frame */
    ngx_uint_t   header_len;        /* bytes of header[] that are there */
    ngx_uint_t   header_size;       /* and that are needed */
    uint32_t     utf8;
    uint8_t      opcode;            /* of the frame */
    uint8_t      message;           /* opcode of the message, 0: none open */
    uint8_t      mask_pos;
    uint8_t      control_len;

    unsigned     fin:1;
    unsigned     first:1;
    unsigned     client:1;          /* we are the client: nothing is masked */

    u_char       mask[4];
    u_char       header[14];
    u_char       control[NGX_RTC_WS_CONTROL_MAX];
} ngx_rtc_ws_t;


/*
 * The value of Sec-WebSocket-Accept for a key, into 28 bytes.  NGX_OK;
 * NGX_DECLINED: the key isn't 16 bytes in base64; NGX_ERROR: OpenSSL failed.
 */
ngx_int_t ngx_rtc_ws_accept(ngx_str_t *key, u_char *accept);


/* max_message: bytes of a whole message, 0: no limit */
void ngx_rtc_ws_init(ngx_rtc_ws_t *ws, size_t max_message);

/*
 * Consumes bytes from *pos on, which it advances; they are changed in place
 * by unmasking.  Called until it doesn't return NGX_OK:
 *
 *     NGX_OK     *ev is the next event
 *     NGX_AGAIN  *pos is end, more bytes are needed
 *     NGX_DONE   after CLOSE: what follows it is ignored, *pos is end
 *     NGX_ERROR  the connection must be failed with ws->close_code
 */
ngx_int_t ngx_rtc_ws_parse(ngx_rtc_ws_t *ws, u_char **pos, u_char *end,
    ngx_rtc_ws_event_t *ev);


/*
 * The header of an unmasked frame with fin set as said.  Returns the cursor
 * where the payload goes, or NULL: no space (10 bytes always suffice).
 */
u_char *ngx_rtc_ws_write_header(u_char *p, u_char *end, ngx_uint_t opcode,
    ngx_uint_t fin, uint64_t len);

/* a whole close frame; code 0 or NO_STATUS: an empty one; reason is cut */
u_char *ngx_rtc_ws_write_close(u_char *p, u_char *end, ngx_uint_t code,
    ngx_str_t *reason);

/* may this code stand in a close frame of a peer? */
ngx_uint_t ngx_rtc_ws_close_code_valid(ngx_uint_t code);

/* XORs len bytes with the mask, of which pos bytes were used before */
void ngx_rtc_ws_unmask(u_char *p, size_t len, u_char *mask, ngx_uint_t pos);

/*
 * Streaming UTF-8 validation (no surrogates, no overlong forms).  *state is 0
 * at first and again at the end of a whole character.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_rtc_utf8_validate(uint32_t *state, u_char *p, size_t len);


#endif /* _NGX_RTC_WS_H_INCLUDED_ */
