
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * DTLS before authentication.  The first byte is our role; then come
 * datagrams, each behind its length in two bytes.  Time goes on with each.
 *
 * link: src/net/ngx_rtc_dtls.c src/net/ngx_rtc_srtp.c
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "ngx_rtc_dtls.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


extern ngx_log_t  test_log;


static void
transmit(void *data, u_char *p, size_t len)
{
    if (len == 0 || len > NGX_RTC_DTLS_MTU) {
        abort();
    }
}


static const ngx_rtc_dtls_handler_t  handler = { transmit, NULL };


static void *
context(void)
{
    X509      *cert;
    EVP_PKEY  *key;

    key = EVP_EC_gen("P-256");
    cert = X509_new();

    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());

    return ngx_rtc_dtls_ctx_create(cert, key, &test_log);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char          *p;
    size_t           len;
    ngx_rtc_usec_t   now;
    ngx_rtc_dtls_t  *d;

    static void  *ctx;

    if (ctx == NULL) {
        ctx = context();
        test_log.log_level = 0;
    }

    if (size < 1) {
        return 0;
    }

    now = 1000000;

    d = ngx_rtc_dtls_create(ctx, &handler, NULL, 10000000, &test_log);
    if (d == NULL) {
        abort();
    }

    if (ngx_rtc_dtls_start(d, data[0] & 1, now) != NGX_OK) {
        abort();
    }

    data++;
    size--;

    while (size > 2) {
        len = (data[0] << 8) | data[1];
        data += 2;
        size -= 2;

        len = ngx_min(len, size);

        p = malloc(len ? len : 1);
        ngx_memcpy(p, data, len);

        (void) ngx_rtc_dtls_input(d, p, len, now);

        free(p);

        data += len;
        size -= len;

        now += 300000;
        (void) ngx_rtc_dtls_timer(d, now);

        if (ngx_rtc_dtls_state(d) == NGX_RTC_DTLS_ESTABLISHED) {

            /* nobody has our peer's key */

            abort();
        }
    }

    ngx_rtc_dtls_shutdown(d);
    ngx_rtc_dtls_destroy(d);

    return 0;
}
