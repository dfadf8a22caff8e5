
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The DTLS identity: a certificate and key from files, or a self-signed
 * ECDSA one made at start, and the fingerprint that goes into SDP.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "ngx_rtc.h"
#include "ngx_rtc_conf.h"


#define NGX_RTC_CERTIFICATE_DAYS  3650


static ngx_int_t ngx_rtc_certificate_load(ngx_cycle_t *cycle,
    ngx_rtc_conf_t *rcf);
static ngx_int_t ngx_rtc_certificate_check(ngx_cycle_t *cycle,
    ngx_rtc_conf_t *rcf);
static ngx_int_t ngx_rtc_certificate_make(ngx_cycle_t *cycle);
static ngx_int_t ngx_rtc_certificate_fingerprint(ngx_cycle_t *cycle,
    ngx_rtc_conf_t *rcf);
static int ngx_rtc_certificate_no_password(char *buf, int size, int rwflag,
    void *data);
static void ngx_rtc_certificate_cleanup(void *data);
static void ngx_rtc_certificate_error(ngx_cycle_t *cycle, const char *what,
    ngx_str_t *name);


/*
 * The one made by this process, so that a reload changes nothing for rooms
 * that old and new workers both serve.
 */

static X509      *ngx_rtc_own_x509;
static EVP_PKEY  *ngx_rtc_own_pkey;


ngx_int_t
ngx_rtc_conf_identity(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    ngx_pool_cleanup_t  *cln;

    if (rcf->certificate.len && rcf->certificate_key.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no \"certificate_key\" is defined for "
                      "\"certificate\" \"%V\"", &rcf->certificate);
        return NGX_ERROR;
    }

    if (rcf->certificate_key.len && rcf->certificate.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no \"certificate\" is defined for "
                      "\"certificate_key\" \"%V\"", &rcf->certificate_key);
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_rtc_certificate_cleanup;
    cln->data = rcf;

    if (rcf->certificate.len) {

        if (ngx_rtc_certificate_load(cycle, rcf) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {

        if (ngx_rtc_own_x509 == NULL
            && ngx_rtc_certificate_make(cycle) != NGX_OK)
        {
            return NGX_ERROR;
        }

        X509_up_ref(ngx_rtc_own_x509);
        rcf->x509 = ngx_rtc_own_x509;

        EVP_PKEY_up_ref(ngx_rtc_own_pkey);
        rcf->pkey = ngx_rtc_own_pkey;
    }

    return ngx_rtc_certificate_fingerprint(cycle, rcf);
}


static ngx_int_t
ngx_rtc_certificate_load(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    BIO  *bio;

    bio = BIO_new_file((char *) rcf->certificate.data, "r");

    if (bio == NULL) {
        ngx_rtc_certificate_error(cycle, "cannot open \"certificate\"",
                                  &rcf->certificate);
        return NGX_ERROR;
    }

    rcf->x509 = PEM_read_bio_X509(bio, NULL, ngx_rtc_certificate_no_password,
                                  NULL);
    BIO_free(bio);

    if (rcf->x509 == NULL) {
        ngx_rtc_certificate_error(cycle, "cannot load \"certificate\"",
                                  &rcf->certificate);
        return NGX_ERROR;
    }

    bio = BIO_new_file((char *) rcf->certificate_key.data, "r");

    if (bio == NULL) {
        ngx_rtc_certificate_error(cycle, "cannot open \"certificate_key\"",
                                  &rcf->certificate_key);
        return NGX_ERROR;
    }

    rcf->pkey = PEM_read_bio_PrivateKey(bio, NULL,
                                        ngx_rtc_certificate_no_password, NULL);
    BIO_free(bio);

    if (rcf->pkey == NULL) {
        ngx_rtc_certificate_error(cycle, "cannot load \"certificate_key\"",
                                  &rcf->certificate_key);
        return NGX_ERROR;
    }

    return ngx_rtc_certificate_check(cycle, rcf);
}


static ngx_int_t
ngx_rtc_certificate_check(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    int  type, bits;

    if (X509_check_private_key(rcf->x509, rcf->pkey) != 1) {
        ngx_rtc_certificate_error(cycle, "\"certificate_key\" does not match "
                                  "\"certificate\"", &rcf->certificate_key);
        return NGX_ERROR;
    }

    /* RFC 8827, 6.5: what browsers take in DTLS */

    type = EVP_PKEY_base_id(rcf->pkey);
    bits = EVP_PKEY_bits(rcf->pkey);

    if ((type != EVP_PKEY_EC && type != EVP_PKEY_RSA)
        || (type == EVP_PKEY_EC && bits < 256)
        || (type == EVP_PKEY_RSA && bits < 2048))
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "the key of \"certificate_key\" \"%V\" must be ECDSA "
                      "of 256 or RSA of 2048 bits at least",
                      &rcf->certificate_key);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_certificate_make(ngx_cycle_t *cycle)
{
    X509       *x509;
    uint64_t    serial;
    EVP_PKEY   *pkey;
    X509_NAME  *name;

    x509 = NULL;

    pkey = EVP_EC_gen("P-256");
    if (pkey == NULL) {
        goto failed;
    }

    x509 = X509_new();
    if (x509 == NULL) {
        goto failed;
    }

    if (RAND_bytes((u_char *) &serial, sizeof(uint64_t)) != 1) {
        goto failed;
    }

    /* clocks of clients may be wrong by a day */

    if (X509_set_version(x509, 2) != 1
        || ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1)
           != 1
        || X509_gmtime_adj(X509_getm_notBefore(x509), -86400) == NULL
        || X509_time_adj_ex(X509_getm_notAfter(x509),
                            NGX_RTC_CERTIFICATE_DAYS, 0, NULL)
           == NULL
        || X509_set_pubkey(x509, pkey) != 1)
    {
        goto failed;
    }

    name = X509_get_subject_name(x509);

    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (u_char *) "nginx rtc", -1, -1, 0)
        != 1
        || X509_set_issuer_name(x509, name) != 1
        || X509_sign(x509, pkey, EVP_sha256()) == 0)
    {
        goto failed;
    }

    ngx_rtc_own_x509 = x509;
    ngx_rtc_own_pkey = pkey;

    return NGX_OK;

failed:

    ngx_rtc_certificate_error(cycle, "cannot make the DTLS certificate", NULL);

    X509_free(x509);
    EVP_PKEY_free(pkey);

    return NGX_ERROR;
}


static ngx_int_t
ngx_rtc_certificate_fingerprint(ngx_cycle_t *cycle, ngx_rtc_conf_t *rcf)
{
    u_char        *p;
    u_char         md[EVP_MAX_MD_SIZE];
    unsigned int   i, len;

    if (X509_digest(rcf->x509, EVP_sha256(), md, &len) != 1) {
        ngx_rtc_certificate_error(cycle, "cannot digest the DTLS certificate",
                                  NULL);
        return NGX_ERROR;
    }

    /* "AB:CD:...": RFC 8122 */

    p = ngx_pnalloc(cycle->pool, len * 3);
    if (p == NULL) {
        return NGX_ERROR;
    }

    rcf->fingerprint.data = p;

    for (i = 0; i < len; i++) {
        p = ngx_sprintf(p, "%02Xd:", (ngx_uint_t) md[i]);
    }

    rcf->fingerprint.len = len * 3 - 1;

    return NGX_OK;
}


/* without it OpenSSL asks at the terminal */

static int
ngx_rtc_certificate_no_password(char *buf, int size, int rwflag, void *data)
{
    return 0;
}


static void
ngx_rtc_certificate_cleanup(void *data)
{
    ngx_rtc_conf_t *rcf = data;

    X509_free(rcf->x509);
    EVP_PKEY_free(rcf->pkey);

    rcf->x509 = NULL;
    rcf->pkey = NULL;
}


static void
ngx_rtc_certificate_error(ngx_cycle_t *cycle, const char *what,
    ngx_str_t *name)
{
    char           text[256];
    unsigned long  e;

    e = ERR_peek_last_error();

    ERR_error_string_n(e, text, sizeof(text));

    if (name) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "%s \"%V\" (%s)",
                      what, name, e ? text : "no reason given");

    } else {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "%s (%s)",
                      what, e ? text : "no reason given");
    }

    ERR_clear_error();
}
