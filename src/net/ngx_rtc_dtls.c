
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * DTLS on OpenSSL through a BIO of our own that keeps datagrams apart: what
 * is written at once is one datagram, what is read is the one at hand.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "ngx_rtc_dtls.h"


#define NGX_RTC_DTLS_RETRANSMIT      200000       /* microseconds */
#define NGX_RTC_DTLS_RETRANSMIT_MAX  3200000

#define NGX_RTC_DTLS_RECORD          13
#define NGX_RTC_DTLS_BUFFER          16384

#define NGX_RTC_DTLS_EXPORTER        "EXTRACTOR-dtls_srtp"

/* GCM first: the server's order decides, and it is the cheaper one */
#define NGX_RTC_DTLS_PROFILES                                                 \
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

#define NGX_RTC_DTLS_CIPHERS                                                  \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"              \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"              \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"              \
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"                            \
    "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"

#define NGX_RTC_DTLS_GROUPS          "X25519:P-256:P-384"


struct ngx_rtc_dtls_s {
    SSL                           *ssl;
    SSL_CTX                       *ctx;

    const ngx_rtc_dtls_handler_t  *handler;
    void                          *data;

    u_char                        *in;         /* the datagram at hand */
    size_t                         in_len;

    ngx_rtc_usec_t                 timeout;
    ngx_rtc_usec_t                 expires;    /* the handshake does */
    ngx_rtc_usec_t                 deadline;
    ngx_rtc_usec_t                 progress;

    ngx_uint_t                     state;
    unsigned                       client:1;
    unsigned                       verified:1;

    ngx_log_t                     *log;
};


static int ngx_rtc_dtls_verify_callback(int ok, X509_STORE_CTX *store);
static unsigned int ngx_rtc_dtls_timer_callback(SSL *ssl, unsigned int us);
static BIO_METHOD *ngx_rtc_dtls_bio_method(void);
static int ngx_rtc_dtls_bio_create(BIO *bio);
static int ngx_rtc_dtls_bio_write(BIO *bio, const char *p, int len);
static int ngx_rtc_dtls_bio_read(BIO *bio, char *p, int len);
static long ngx_rtc_dtls_bio_ctrl(BIO *bio, int cmd, long num, void *ptr);
static void ngx_rtc_dtls_handshake(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now);
static void ngx_rtc_dtls_read(ngx_rtc_dtls_t *d);
static void ngx_rtc_dtls_arm(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now);
static void ngx_rtc_dtls_error(ngx_rtc_dtls_t *d, const char *what);
static ngx_int_t ngx_rtc_dtls_hex(u_char c);


static BIO_METHOD  *ngx_rtc_dtls_method;

static u_char  ngx_rtc_dtls_buffer[NGX_RTC_DTLS_BUFFER];


ngx_int_t
ngx_rtc_dtls_fingerprint(ngx_rtc_dtls_fingerprint_t *fp, ngx_str_t *algorithm,
    ngx_str_t *value)
{
    size_t         n, size;
    u_char        *p, *end;
    ngx_int_t      high, low;
    ngx_uint_t     i;
    const EVP_MD  *md;

    static const struct {
        ngx_str_t      name;
        const EVP_MD  *(*md)(void);
    } algorithms[] = {
        { ngx_string("sha-256"), EVP_sha256 },
        { ngx_string("sha-1"), EVP_sha1 },
        { ngx_string("sha-224"), EVP_sha224 },
        { ngx_string("sha-384"), EVP_sha384 },
        { ngx_string("sha-512"), EVP_sha512 }
    };

    md = NULL;

    for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {

        if (algorithms[i].name.len == algorithm->len
            && strncasecmp((char *) algorithms[i].name.data,
                           (char *) algorithm->data, algorithm->len)
               == 0)
        {
            md = algorithms[i].md();
            break;
        }
    }

    if (md == NULL) {
        return NGX_DECLINED;
    }

    size = EVP_MD_get_size(md);

    if (value->len != size * 3 - 1) {
        return NGX_ERROR;
    }

    p = value->data;
    end = p + value->len;

    for (n = 0; n < size; n++) {

        high = ngx_rtc_dtls_hex(p[0]);
        low = ngx_rtc_dtls_hex(p[1]);

        if (high < 0 || low < 0) {
            return NGX_ERROR;
        }

        fp->value[n] = (u_char) (high << 4 | low);

        p += 2;

        if (p < end && *p++ != ':') {
            return NGX_ERROR;
        }
    }

    fp->md = md;
    fp->len = size;

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_dtls_hex(u_char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return -1;
}


void *
ngx_rtc_dtls_ctx_create(void *x509, void *pkey, ngx_log_t *log)
{
    SSL_CTX  *ctx;

    if (ngx_rtc_dtls_method == NULL) {
        ngx_rtc_dtls_method = ngx_rtc_dtls_bio_method();
        if (ngx_rtc_dtls_method == NULL) {
            return NULL;
        }
    }

    ctx = SSL_CTX_new(DTLS_method());
    if (ctx == NULL) {
        goto failed;
    }

    /* an OpenSSL that has DTLS 1.3 is yet to be tested with SRTP keys */

    if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1
        || SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) != 1
        || SSL_CTX_set_cipher_list(ctx, NGX_RTC_DTLS_CIPHERS) != 1
        || SSL_CTX_set1_groups_list(ctx, NGX_RTC_DTLS_GROUPS) != 1
        || SSL_CTX_use_certificate(ctx, x509) != 1
        || SSL_CTX_use_PrivateKey(ctx, pkey) != 1
        || SSL_CTX_check_private_key(ctx) != 1)
    {
        goto failed;
    }

    /* 0 is success here */

    if (SSL_CTX_set_tlsext_use_srtp(ctx, NGX_RTC_DTLS_PROFILES) != 0) {
        goto failed;
    }

    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU|SSL_OP_NO_TICKET
                             |SSL_OP_NO_RENEGOTIATION|SSL_OP_NO_COMPRESSION
                             |SSL_OP_CIPHER_SERVER_PREFERENCE);

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1);

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER|SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       ngx_rtc_dtls_verify_callback);

    ERR_clear_error();

    return ctx;

failed:

    ngx_log_error(NGX_LOG_ERR, log, 0, "DTLS context failed: %s",
                  ERR_error_string(ERR_peek_error(), NULL));

    ERR_clear_error();
    SSL_CTX_free(ctx);

    return NULL;
}


void
ngx_rtc_dtls_ctx_free(void *ctx)
{
    SSL_CTX_free(ctx);

    BIO_meth_free(ngx_rtc_dtls_method);
    ngx_rtc_dtls_method = NULL;
}


/* certificates are self-signed: their fingerprints are what counts */

static int
ngx_rtc_dtls_verify_callback(int ok, X509_STORE_CTX *store)
{
    return 1;
}


static unsigned int
ngx_rtc_dtls_timer_callback(SSL *ssl, unsigned int us)
{
    if (us == 0) {
        return NGX_RTC_DTLS_RETRANSMIT;
    }

    return ngx_min(us * 2, NGX_RTC_DTLS_RETRANSMIT_MAX);
}


static BIO_METHOD *
ngx_rtc_dtls_bio_method(void)
{
    BIO_METHOD  *m;

    m = BIO_meth_new(BIO_get_new_index()|BIO_TYPE_SOURCE_SINK, "ngx_rtc_dtls");
    if (m == NULL) {
        return NULL;
    }

    BIO_meth_set_create(m, ngx_rtc_dtls_bio_create);
    BIO_meth_set_write(m, ngx_rtc_dtls_bio_write);
    BIO_meth_set_read(m, ngx_rtc_dtls_bio_read);
    BIO_meth_set_ctrl(m, ngx_rtc_dtls_bio_ctrl);

    return m;
}


static int
ngx_rtc_dtls_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
ngx_rtc_dtls_bio_write(BIO *bio, const char *p, int len)
{
    ngx_rtc_dtls_t  *d;

    d = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);

    d->handler->send(d->data, (u_char *) p, len);

    return len;
}


static int
ngx_rtc_dtls_bio_read(BIO *bio, char *p, int len)
{
    ngx_rtc_dtls_t  *d;

    d = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);

    if (d->in == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }

    /* what doesn't fit is lost, as with a socket */

    len = ngx_min((size_t) len, d->in_len);

    ngx_memcpy(p, d->in, len);

    d->in = NULL;

    return len;
}


static long
ngx_rtc_dtls_bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    switch (cmd) {

    case BIO_CTRL_FLUSH:
        return 1;

    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
        return NGX_RTC_DTLS_MTU;

    default:
        return 0;
    }
}


ngx_rtc_dtls_t *
ngx_rtc_dtls_create(void *ctx, const ngx_rtc_dtls_handler_t *handler,
    void *data, ngx_rtc_usec_t timeout, ngx_log_t *log)
{
    ngx_rtc_dtls_t  *d;

    d = ngx_calloc(sizeof(ngx_rtc_dtls_t), log);
    if (d == NULL) {
        return NULL;
    }

    d->ctx = ctx;
    d->handler = handler;
    d->data = data;
    d->timeout = timeout;
    d->deadline = NGX_RTC_NEVER;
    d->log = log;

    return d;
}


void
ngx_rtc_dtls_destroy(ngx_rtc_dtls_t *d)
{
    SSL_free(d->ssl);
    ngx_free(d);
}


ngx_int_t
ngx_rtc_dtls_start(ngx_rtc_dtls_t *d, ngx_uint_t client, ngx_rtc_usec_t now)
{
    BIO  *bio;

    /* a start again, in the other role */

    SSL_free(d->ssl);

    d->state = NGX_RTC_DTLS_FAILED;
    d->client = client ? 1 : 0;
    d->verified = 0;
    d->in = NULL;

    d->ssl = SSL_new(d->ctx);
    if (d->ssl == NULL) {
        ngx_rtc_dtls_error(d, "SSL_new()");
        return NGX_ERROR;
    }

    bio = BIO_new(ngx_rtc_dtls_method);
    if (bio == NULL) {
        ngx_rtc_dtls_error(d, "BIO_new()");
        return NGX_ERROR;
    }

    BIO_set_data(bio, d);
    SSL_set_bio(d->ssl, bio, bio);

    SSL_set_mtu(d->ssl, NGX_RTC_DTLS_MTU);
    DTLS_set_timer_cb(d->ssl, ngx_rtc_dtls_timer_callback);

    if (client) {
        SSL_set_connect_state(d->ssl);

    } else {
        SSL_set_accept_state(d->ssl);
    }

    d->state = NGX_RTC_DTLS_HANDSHAKE;
    d->expires = now + d->timeout;
    d->progress = now;

    if (client) {
        ngx_rtc_dtls_handshake(d, now);

    } else {
        d->deadline = d->expires;
    }

    return (d->state == NGX_RTC_DTLS_FAILED) ? NGX_ERROR : NGX_OK;
}


ngx_uint_t
ngx_rtc_dtls_input(ngx_rtc_dtls_t *d, u_char *p, size_t len,
    ngx_rtc_usec_t now)
{
    /* content types of DTLS 1.2 and the two version numbers on the wire */

    if (len < NGX_RTC_DTLS_RECORD || p[0] < SSL3_RT_CHANGE_CIPHER_SPEC
        || p[0] > SSL3_RT_APPLICATION_DATA || p[1] != DTLS1_VERSION_MAJOR
        || (p[2] != 0xff && p[2] != 0xfd))
    {
        return d->state;
    }

    if (d->state != NGX_RTC_DTLS_HANDSHAKE
        && d->state != NGX_RTC_DTLS_ESTABLISHED)
    {
        return d->state;
    }

    d->in = p;
    d->in_len = len;

    if (d->state == NGX_RTC_DTLS_HANDSHAKE) {
        ngx_rtc_dtls_handshake(d, now);
    }

    if (d->state == NGX_RTC_DTLS_ESTABLISHED) {
        ngx_rtc_dtls_read(d);
    }

    d->in = NULL;

    return d->state;
}


static void
ngx_rtc_dtls_handshake(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now)
{
    int                   n;
    OSSL_HANDSHAKE_STATE  before;

    ERR_clear_error();

    before = SSL_get_state(d->ssl);

    n = SSL_do_handshake(d->ssl);

    if (SSL_get_state(d->ssl) != before) {
        d->progress = now;
    }

    if (n == 1) {
        d->state = NGX_RTC_DTLS_ESTABLISHED;
        d->deadline = NGX_RTC_NEVER;

        return;
    }

    switch (SSL_get_error(d->ssl, n)) {

    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        ERR_clear_error();
        ngx_rtc_dtls_arm(d, now);
        return;

    case SSL_ERROR_ZERO_RETURN:
        ERR_clear_error();
        d->state = NGX_RTC_DTLS_CLOSED;
        d->deadline = NGX_RTC_NEVER;
        return;

    default:
        ngx_rtc_dtls_error(d, "SSL_do_handshake()");
        d->state = NGX_RTC_DTLS_FAILED;
        d->deadline = NGX_RTC_NEVER;
    }
}


static void
ngx_rtc_dtls_read(ngx_rtc_dtls_t *d)
{
    int  n;

    /* a datagram holds several records at times */

    for ( ;; ) {
        ERR_clear_error();

        n = SSL_read(d->ssl, ngx_rtc_dtls_buffer, NGX_RTC_DTLS_BUFFER);

        if (n > 0) {

            if (d->verified && d->handler->data) {
                d->handler->data(d->data, ngx_rtc_dtls_buffer, n);
            }

            continue;
        }

        switch (SSL_get_error(d->ssl, n)) {

        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            break;

        case SSL_ERROR_ZERO_RETURN:
            d->state = NGX_RTC_DTLS_CLOSED;
            break;

        default:
            ngx_rtc_dtls_error(d, "SSL_read()");
            d->state = NGX_RTC_DTLS_CLOSED;
        }

        ERR_clear_error();

        return;
    }
}


static void
ngx_rtc_dtls_arm(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  left;
    struct timeval  tv;

    d->deadline = d->expires;

    if (DTLSv1_get_timeout(d->ssl, &tv) != 1) {
        return;
    }

    /* OpenSSL counts by the wall clock, which may jump */

    left = (ngx_rtc_usec_t) tv.tv_sec * 1000000 + tv.tv_usec;

    left = ngx_min(left, NGX_RTC_DTLS_RETRANSMIT_MAX);
    left = ngx_max(left, 1000);

    d->deadline = ngx_min(d->deadline, now + left);
}


ngx_uint_t
ngx_rtc_dtls_timer(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now)
{
    if (d->state != NGX_RTC_DTLS_HANDSHAKE || now < d->deadline) {
        return d->state;
    }

    if (now >= d->expires) {
        d->state = NGX_RTC_DTLS_FAILED;
        d->deadline = NGX_RTC_NEVER;

        return d->state;
    }

    ERR_clear_error();

    if (DTLSv1_handle_timeout(d->ssl) < 0) {
        ngx_rtc_dtls_error(d, "DTLSv1_handle_timeout()");
        d->state = NGX_RTC_DTLS_FAILED;
        d->deadline = NGX_RTC_NEVER;

        return d->state;
    }

    ngx_rtc_dtls_arm(d, now);

    return d->state;
}


ngx_uint_t
ngx_rtc_dtls_state(ngx_rtc_dtls_t *d)
{
    return d->state;
}


ngx_rtc_usec_t
ngx_rtc_dtls_deadline(ngx_rtc_dtls_t *d)
{
    return d->deadline;
}


ngx_rtc_usec_t
ngx_rtc_dtls_progress(ngx_rtc_dtls_t *d)
{
    return d->progress;
}


ngx_uint_t
ngx_rtc_dtls_client(ngx_rtc_dtls_t *d)
{
    return d->client;
}


ngx_int_t
ngx_rtc_dtls_verify(ngx_rtc_dtls_t *d, ngx_rtc_dtls_fingerprint_t *fps,
    ngx_uint_t n)
{
    X509          *cert;
    u_char         digest[EVP_MAX_MD_SIZE];
    ngx_int_t      rc;
    ngx_uint_t     i;
    unsigned int   len;

    if (d->state != NGX_RTC_DTLS_ESTABLISHED) {
        return NGX_DECLINED;
    }

    cert = SSL_get1_peer_certificate(d->ssl);
    if (cert == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    for (i = 0; i < n; i++) {

        if (X509_digest(cert, fps[i].md, digest, &len) == 1
            && len == fps[i].len
            && ngx_memcmp(digest, fps[i].value, len) == 0)
        {
            d->verified = 1;
            rc = NGX_OK;
            break;
        }
    }

    X509_free(cert);
    ERR_clear_error();

    return rc;
}


ngx_int_t
ngx_rtc_dtls_keys(ngx_rtc_dtls_t *d, ngx_uint_t *profile, u_char *in,
    u_char *out)
{
    size_t                    key, salt;
    u_char                    material[2 * NGX_RTC_SRTP_MAX_KEY];
    u_char                   *client, *server;
    SRTP_PROTECTION_PROFILE  *p;

    p = SSL_get_selected_srtp_profile(d->ssl);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    *profile = p->id;

    key = ngx_rtc_srtp_key_len(p->id);
    salt = ngx_rtc_srtp_salt_len(p->id);

    if (key == 0) {
        return NGX_DECLINED;
    }

    /* RFC 5764, 4.2: both keys, then both salts, the client's first */

    if (SSL_export_keying_material(d->ssl, material, 2 * (key + salt),
                                   NGX_RTC_DTLS_EXPORTER,
                                   sizeof(NGX_RTC_DTLS_EXPORTER) - 1,
                                   NULL, 0, 0)
        != 1)
    {
        ngx_rtc_dtls_error(d, "SSL_export_keying_material()");
        return NGX_DECLINED;
    }

    client = d->client ? out : in;
    server = d->client ? in : out;

    ngx_memcpy(client, material, key);
    ngx_memcpy(server, material + key, key);
    ngx_memcpy(client + key, material + 2 * key, salt);
    ngx_memcpy(server + key, material + 2 * key + salt, salt);

    OPENSSL_cleanse(material, sizeof(material));

    return NGX_OK;
}


ngx_int_t
ngx_rtc_dtls_write(ngx_rtc_dtls_t *d, u_char *p, size_t len)
{
    if (d->state != NGX_RTC_DTLS_ESTABLISHED) {
        return NGX_ERROR;
    }

    ERR_clear_error();

    if (SSL_write(d->ssl, p, (int) len) <= 0) {
        ngx_rtc_dtls_error(d, "SSL_write()");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_rtc_dtls_shutdown(ngx_rtc_dtls_t *d)
{
    if (d->state != NGX_RTC_DTLS_ESTABLISHED) {
        return;
    }

    ERR_clear_error();

    (void) SSL_shutdown(d->ssl);

    ERR_clear_error();
}


static void
ngx_rtc_dtls_error(ngx_rtc_dtls_t *d, const char *what)
{
    unsigned long  e;

    e = ERR_peek_error();

    ngx_log_error(NGX_LOG_INFO, d->log, 0, "%s failed: %s", what,
                  e ? ERR_reason_error_string(e) : "no reason");

    ERR_clear_error();
}
