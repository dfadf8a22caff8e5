
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * DTLS 1.2 (RFC 6347) with SRTP keys (RFC 5764) and fingerprints (RFC 8122)
 * of one transport.  Sans-IO: datagrams in by a call, out by a callback,
 * time as a parameter.
 */


#ifndef _NGX_RTC_DTLS_H_INCLUDED_
#define _NGX_RTC_DTLS_H_INCLUDED_


#include "ngx_rtc.h"
#include "ngx_rtc_srtp.h"


#define NGX_RTC_DTLS_MTU            1200
#define NGX_RTC_DTLS_FINGERPRINTS   8


typedef struct ngx_rtc_dtls_s  ngx_rtc_dtls_t;


typedef enum {
    NGX_RTC_DTLS_IDLE = 0,
    NGX_RTC_DTLS_HANDSHAKE,
    NGX_RTC_DTLS_ESTABLISHED,
    NGX_RTC_DTLS_CLOSED,               /* by the peer */
    NGX_RTC_DTLS_FAILED                /* an error or the timeout */
} ngx_rtc_dtls_state_e;


typedef struct {
    /* one datagram of at most NGX_RTC_DTLS_MTU bytes */
    void        (*send)(void *data, u_char *p, size_t len);

    /* application data of a verified peer; may be NULL */
    void        (*data)(void *data, u_char *p, size_t len);
} ngx_rtc_dtls_handler_t;


/* what SDP tells of the peer's certificate, decoded */

typedef struct {
    const void           *md;          /* EVP_MD */
    size_t                len;
    u_char                value[64];
} ngx_rtc_dtls_fingerprint_t;


/* NGX_DECLINED: an algorithm that we don't know; NGX_ERROR: malformed */
ngx_int_t ngx_rtc_dtls_fingerprint(ngx_rtc_dtls_fingerprint_t *fp,
    ngx_str_t *algorithm, ngx_str_t *value);


/* an SSL_CTX of our identity, X509 and EVP_PKEY; one per process */

void *ngx_rtc_dtls_ctx_create(void *x509, void *pkey, ngx_log_t *log);
void ngx_rtc_dtls_ctx_free(void *ctx);


/* timeout: of the handshake, from ngx_rtc_dtls_start() on */

ngx_rtc_dtls_t *ngx_rtc_dtls_create(void *ctx,
    const ngx_rtc_dtls_handler_t *handler, void *data,
    ngx_rtc_usec_t timeout, ngx_log_t *log);
void ngx_rtc_dtls_destroy(ngx_rtc_dtls_t *d);

/* as a client it sends the first flight; NGX_OK or NGX_ERROR */
ngx_int_t ngx_rtc_dtls_start(ngx_rtc_dtls_t *d, ngx_uint_t client,
    ngx_rtc_usec_t now);

/* these return the state */
ngx_uint_t ngx_rtc_dtls_input(ngx_rtc_dtls_t *d, u_char *p, size_t len,
    ngx_rtc_usec_t now);
ngx_uint_t ngx_rtc_dtls_timer(ngx_rtc_dtls_t *d, ngx_rtc_usec_t now);
ngx_uint_t ngx_rtc_dtls_state(ngx_rtc_dtls_t *d);

ngx_rtc_usec_t ngx_rtc_dtls_deadline(ngx_rtc_dtls_t *d);

/* when the peer last brought the handshake forward, or when it began */
ngx_rtc_usec_t ngx_rtc_dtls_progress(ngx_rtc_dtls_t *d);
ngx_uint_t ngx_rtc_dtls_client(ngx_rtc_dtls_t *d);


/*
 * Of an established association: NGX_OK, the peer's certificate is one of
 * these; NGX_DECLINED: it isn't.  Before NGX_OK no data is passed.
 */

ngx_int_t ngx_rtc_dtls_verify(ngx_rtc_dtls_t *d,
    ngx_rtc_dtls_fingerprint_t *fps, ngx_uint_t n);

/*
 * The SRTP profile and the keys (key, then salt), each of
 * NGX_RTC_SRTP_MAX_KEY bytes.  NGX_DECLINED: no profile was agreed.
 */

ngx_int_t ngx_rtc_dtls_keys(ngx_rtc_dtls_t *d, ngx_uint_t *profile,
    u_char *in, u_char *out);

/* NGX_OK, NGX_ERROR */
ngx_int_t ngx_rtc_dtls_write(ngx_rtc_dtls_t *d, u_char *p, size_t len);

/* sends close_notify */
void ngx_rtc_dtls_shutdown(ngx_rtc_dtls_t *d);


#endif /* _NGX_RTC_DTLS_H_INCLUDED_ */
