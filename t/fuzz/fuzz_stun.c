
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * ICE checks.  The first byte chooses: the message as it is, or its
 * attributes with a header before and a valid MESSAGE-INTEGRITY and
 * FINGERPRINT behind them, so that what stands behind these is reached too.
 *
 * link: src/net/ngx_rtc_ice.c
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include <openssl/hmac.h>

#include "ngx_rtc_ice.h"


#define UFRAG  "aaaaaaaaabqwertyuiopasdf"
#define PWD    "234567abcdefghijklmnopqr"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static uint32_t
crc(u_char *p, size_t len)
{
    size_t      i;
    uint32_t    c;
    ngx_uint_t  n;

    c = 0xffffffff;

    for (i = 0; i < len; i++) {
        c ^= p[i];

        for (n = 0; n < 8; n++) {
            c = (c & 1) ? (c >> 1) ^ 0xedb88320 : c >> 1;
        }
    }

    return ~c;
}


static size_t
sign(u_char *msg, const uint8_t *data, size_t size)
{
    u_char        *p;
    uint32_t       c;
    unsigned int   n;

    ngx_memcpy(msg, "\x00\x01\x00\x00\x21\x12\xa4\x42" "0123456789ab", 20);
    p = msg + 20;

    ngx_memcpy(p, "\x00\x06\x00\x1d" UFRAG ":peer\0\0\0", 36);
    p += 36;

    size &= ~3;
    ngx_memcpy(p, data, size);
    p += size;

    msg[2] = (u_char) ((p - msg + 4) >> 8);
    msg[3] = (u_char) (p - msg + 4);

    ngx_memcpy(p, "\x00\x08\x00\x14", 4);
    HMAC(EVP_sha1(), PWD, 24, msg, p - msg, p + 4, &n);
    p += 24;

    msg[2] = (u_char) ((p - msg - 12) >> 8);
    msg[3] = (u_char) (p - msg - 12);

    c = crc(msg, p - msg) ^ 0x5354554e;

    ngx_memcpy(p, "\x80\x28\x00\x04", 4);
    p[4] = (u_char) (c >> 24);
    p[5] = (u_char) (c >> 16);
    p[6] = (u_char) (c >> 8);
    p[7] = (u_char) c;

    return p + 8 - msg;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                *msg;
    size_t                 len;
    ngx_int_t              rc;
    ngx_rtc_ice_t          ice;
    ngx_rtc_addr_t         remote, local;
    ngx_rtc_ice_cred_t     cred;
    ngx_rtc_ice_result_t   res;

    if (size < 1 || size > 1500) {
        return 0;
    }

    ngx_memcpy(cred.ufrag, UFRAG, NGX_RTC_UFRAG_LEN);
    ngx_memcpy(cred.pwd, PWD, NGX_RTC_PWD_LEN);

    ngx_rtc_ice_init(&ice, &cred, 30000000, NULL, NULL);

    ngx_memzero(&remote, sizeof(ngx_rtc_addr_t));
    remote.sin.sin_family = AF_INET;
    remote.sin.sin_port = htons(5000);
    local = remote;

    /* exactly sized, so that the sanitizer sees a read beyond it */

    if (data[0] & 1) {
        u_char  whole[2048];

        len = sign(whole, data + 1, size - 1);
        msg = malloc(len);
        ngx_memcpy(msg, whole, len);

    } else {
        len = size - 1;
        msg = malloc(len ? len : 1);
        ngx_memcpy(msg, data + 1, len);
    }

    (void) ngx_rtc_ice_ufrag(msg, len);

    rc = ngx_rtc_ice_check(&ice, msg, len, &remote, &local, 1000000, &res);

    if (res.len > NGX_RTC_ICE_RESPONSE) {
        abort();
    }

    switch (rc) {

    case NGX_OK:
        if (res.len == 0 || res.tuple == NULL || ice.selected != res.tuple) {
            abort();
        }

        break;

    case NGX_DECLINED:
        if (res.len > len || ice.selected) {
            abort();
        }

        break;

    default:
        if (res.len || ice.selected) {
            abort();
        }
    }

    free(msg);

    return 0;
}
