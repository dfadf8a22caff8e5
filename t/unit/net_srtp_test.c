
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * SRTP against a small one of this file, which has to pass the vectors of
 * RFC 3711 and RFC 7714 first; replays, streams that come and go, limits.
 *
 * link: src/net/ngx_rtc_srtp.c
 */


#include "test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ngx_rtc_srtp.h"


#define CM     NGX_RTC_SRTP_AES128_CM_SHA1_80
#define GCM    NGX_RTC_SRTP_AES128_GCM
#define GCM256 NGX_RTC_SRTP_AES256_GCM


static const ngx_uint_t  profiles[] = { CM, GCM, GCM256 };

static u_char  master[NGX_RTC_SRTP_MAX_KEY];

static u_char  packet[2048] __attribute__((aligned(16)));


/* AES-CM with a 16 byte counter block: the key stream */

static void
keystream(u_char *key, size_t key_len, u_char *block, u_char *out, size_t len)
{
    int              n;
    u_char          *zero;
    EVP_CIPHER_CTX  *ctx;

    zero = calloc(1, len);

    ctx = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ctx, (key_len == 32) ? EVP_aes_256_ctr()
                                            : EVP_aes_128_ctr(),
                       NULL, key, block);
    EVP_EncryptUpdate(ctx, out, &n, zero, (int) len);
    EVP_CIPHER_CTX_free(ctx);

    free(zero);
}


/* RFC 3711, 4.3.1; RFC 7714, 11: a short salt is padded at its end */

static void
derive(u_char *key, size_t key_len, u_char *salt, size_t salt_len,
    u_char label, u_char *out, size_t len)
{
    u_char  block[16];

    memset(block, 0, 16);
    memcpy(block, salt, salt_len);
    block[7] ^= label;

    keystream(key, key_len, block, out, len);
}


/* one GCM packet, RFC 7714, 8.1 */

static size_t
gcm_packet(u_char *key, size_t key_len, u_char *salt, u_char *p, size_t len,
    u_char *out)
{
    int              n;
    u_char           iv[12];
    ngx_uint_t       i;
    EVP_CIPHER_CTX  *ctx;

    memset(iv, 0, 12);
    memcpy(iv + 2, p + 8, 4);
    memcpy(iv + 10, p + 2, 2);

    for (i = 0; i < 12; i++) {
        iv[i] ^= salt[i];
    }

    memcpy(out, p, 12);

    ctx = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ctx, (key_len == 32) ? EVP_aes_256_gcm()
                                            : EVP_aes_128_gcm(),
                       NULL, key, iv);
    EVP_EncryptUpdate(ctx, NULL, &n, p, 12);
    EVP_EncryptUpdate(ctx, out + 12, &n, p + 12, (int) len - 12);
    EVP_EncryptFinal_ex(ctx, out + len, &n);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len);
    EVP_CIPHER_CTX_free(ctx);

    return len + 16;
}


/* one AES-CM, HMAC-SHA1-80 packet, RFC 3711, 4.1.1 and 4.2 */

static size_t
cm_packet(u_char *key, u_char *salt, u_char *auth, u_char *p, size_t len,
    u_char *out)
{
    u_char         block[16], stream[2048], mac[20];
    unsigned int   n;
    ngx_uint_t     i;

    memset(block, 0, 16);
    memcpy(block, salt, 14);

    for (i = 0; i < 4; i++) {
        block[4 + i] ^= p[8 + i];
    }

    block[12] ^= p[2];
    block[13] ^= p[3];

    keystream(key, 16, block, stream, len - 12);

    memcpy(out, p, 12);

    for (i = 12; i < len; i++) {
        out[i] = p[i] ^ stream[i - 12];
    }

    /* the rollover counter is authenticated too */

    memset(out + len, 0, 4);
    HMAC(EVP_sha1(), auth, 20, out, len + 4, mac, &n);
    memcpy(out + len, mac, 10);

    return len + 10;
}


static size_t
rtp(uint32_t ssrc, ngx_uint_t seq, size_t payload)
{
    size_t  i;

    memset(packet, 0, 12);

    packet[0] = 0x80;
    packet[1] = 96;
    packet[2] = (u_char) (seq >> 8);
    packet[3] = (u_char) seq;
    packet[8] = (u_char) (ssrc >> 24);
    packet[9] = (u_char) (ssrc >> 16);
    packet[10] = (u_char) (ssrc >> 8);
    packet[11] = (u_char) ssrc;

    for (i = 0; i < payload; i++) {
        packet[12 + i] = (u_char) (i * 7 + seq);
    }

    return 12 + payload;
}


static size_t
rtcp(uint32_t ssrc)
{
    memset(packet, 0, 28);

    packet[0] = 0x80;
    packet[1] = 200;
    packet[3] = 6;
    packet[4] = (u_char) (ssrc >> 24);
    packet[5] = (u_char) (ssrc >> 16);
    packet[6] = (u_char) (ssrc >> 8);
    packet[7] = (u_char) ssrc;

    return 28;
}


static void
test_vectors(void)
{
    size_t  len, elen;
    u_char  key[32], salt[14], out[128], expected[128];

    /* RFC 3711, B.3 */

    test_unhex(key, 16, "E1F97A0D3E018BE0D64FA32C06DE4139");
    test_unhex(salt, 14, "0EC675AD498AFEEBB6960B3AABE6");

    derive(key, 16, salt, 14, 0, out, 16);
    test_unhex(expected, 16, "C61E7A93744F39EE10734AFE3FF7A087");
    is_mem(out, 16, expected, 16, "RFC 3711 cipher key");

    derive(key, 16, salt, 14, 2, out, 14);
    test_unhex(expected, 14, "30CBBC08863D8C85D49DB34A9AE1");
    is_mem(out, 14, expected, 14, "RFC 3711 salt");

    derive(key, 16, salt, 14, 1, out, 20);
    test_unhex(expected, 20, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
    is_mem(out, 20, expected, 20, "RFC 3711 authentication key");

    /* RFC 7714, 16.1.1 */

    len = test_unhex(packet, sizeof(packet),
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973"
        "20646976 69736120 696e2070 61727465 73207472 6573");
    elen = test_unhex(expected, sizeof(expected),
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca"
        "be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1"
        "6a9152cf 765ee439 0cce");

    test_unhex(key, 16, "000102030405060708090a0b0c0d0e0f");
    test_unhex(salt, 12, "517569642070726f2071756f");

    len = gcm_packet(key, 16, salt, packet, len, out);
    is_mem(out, len, expected, elen, "RFC 7714 AEAD_AES_128_GCM packet");
}


/* what goes out is what the RFCs say, not only what comes back */

static void
test_wire(void)
{
    size_t           len, elen, klen, slen;
    u_char           key[32], salt[14], auth[20], expected[2048];
    ngx_uint_t       i;
    ngx_rtc_srtp_t  *s;

    for (i = 0; i < 3; i++) {
        klen = ngx_rtc_srtp_key_len(profiles[i]);
        slen = ngx_rtc_srtp_salt_len(profiles[i]);

        derive(master, klen, master + klen, slen, 0, key, klen);
        derive(master, klen, master + klen, slen, 1, auth, 20);
        derive(master, klen, master + klen, slen, 2, salt, slen);

        len = rtp(0xdecafbad, 1234, 100);

        elen = (profiles[i] == CM)
               ? cm_packet(key, salt, auth, packet, len, expected)
               : gcm_packet(key, klen, salt, packet, len, expected);

        s = ngx_rtc_srtp_create(profiles[i], master, NGX_RTC_SRTP_OUT,
                                &test_log);
        need(s, "%s session", ngx_rtc_srtp_name(profiles[i]));

        is(ngx_rtc_srtp_protect(s, packet, &len), NGX_OK, "protect");
        is_mem(packet, len, expected, elen, "as the RFC has it");

        ngx_rtc_srtp_destroy(s);
    }
}


static void
test_round(ngx_uint_t profile)
{
    u_char           copy[2048], sent[2048];
    size_t           len, plain, wire;
    ngx_uint_t       i, bad;
    const char      *name;
    ngx_rtc_srtp_t  *in, *out;

    name = ngx_rtc_srtp_name(profile);

    in = ngx_rtc_srtp_create(profile, master, NGX_RTC_SRTP_IN, &test_log);
    out = ngx_rtc_srtp_create(profile, master, NGX_RTC_SRTP_OUT, &test_log);

    /* over the wrap of sequence numbers, with room as promised */

    bad = 0;

    for (i = 65000; i < 66000; i++) {
        plain = rtp(1, i & 0xffff, 1000);
        memcpy(copy, packet, plain);

        len = plain;
        bad += (ngx_rtc_srtp_protect(out, packet, &len) != NGX_OK);
        bad += (len - plain > NGX_RTC_SRTP_TRAILER);
        bad += (memcmp(copy + 12, packet + 12, 1000) == 0);

        bad += (ngx_rtc_srtp_unprotect(in, packet, &len) != NGX_OK);
        bad += (len != plain || memcmp(packet, copy, plain) != 0);
    }

    is(bad, 0, "%s: a thousand packets over the wrap", name);

    /* the same packet again: to send yes, to receive no */

    plain = rtp(2, 100, 50);
    len = plain;
    (void) ngx_rtc_srtp_protect(out, packet, &len);
    memcpy(copy, packet, len);
    wire = len;

    plain = rtp(2, 100, 50);
    len = plain;
    is(ngx_rtc_srtp_protect(out, packet, &len), NGX_OK,
       "%s: sent again", name);
    is_mem(packet, len, copy, wire, "%s: byte for byte", name);

    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_OK, "%s: received", name);

    memcpy(packet, copy, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_DECLINED,
       "%s: a replay is refused", name);

    /* late, by more than a thousand packets */

    len = rtp(3, 1000, 50);
    (void) ngx_rtc_srtp_protect(out, packet, &len);
    memcpy(sent, packet, len);
    wire = len;

    len = rtp(3, 2100, 50);
    (void) ngx_rtc_srtp_protect(out, packet, &len);
    (void) ngx_rtc_srtp_unprotect(in, packet, &len);

    memcpy(packet, sent, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_OK,
       "%s: 1100 packets late", name);

    /* every byte counts */

    len = rtp(4, 1, 20);
    (void) ngx_rtc_srtp_protect(out, packet, &len);
    memcpy(sent, packet, len);
    wire = len;
    bad = 0;

    for (i = 0; i < wire; i++) {
        memcpy(packet, sent, wire);
        packet[i] ^= 0x40;
        len = wire;

        if (ngx_rtc_srtp_unprotect(in, packet, &len) == NGX_OK) {
            bad++;
        }
    }

    is(bad, 0, "%s: no changed byte passes", name);

    memcpy(packet, sent, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_OK,
       "%s: the true one does", name);

    bad = 0;

    for (i = 0; i < wire; i++) {
        memcpy(packet, sent, wire);
        len = i;

        if (ngx_rtc_srtp_unprotect(in, packet, &len) == NGX_OK) {
            bad++;
        }
    }

    is(bad, 0, "%s: nor one that was cut", name);

    /* RTCP */

    plain = rtcp(1);
    memcpy(copy, packet, plain);
    len = plain;

    is(ngx_rtc_srtp_protect_rtcp(out, packet, &len), NGX_OK,
       "%s: RTCP out", name);
    ok(len > plain && len - plain <= NGX_RTC_SRTP_TRAILER,
       "%s: it grows by index and tag", name);

    memcpy(sent, packet, len);
    wire = len;

    is(ngx_rtc_srtp_unprotect_rtcp(in, packet, &len), NGX_OK,
       "%s: RTCP in", name);
    is_mem(packet, len, copy, plain, "%s: as it was", name);

    memcpy(packet, sent, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect_rtcp(in, packet, &len), NGX_DECLINED,
       "%s: RTCP replay", name);

    bad = 0;

    for (i = 0; i < wire; i++) {
        memcpy(packet, sent, wire);
        len = i;

        if (ngx_rtc_srtp_unprotect_rtcp(in, packet, &len) == NGX_OK) {
            bad++;
        }
    }

    is(bad, 0, "%s: RTCP that was cut", name);

    ngx_rtc_srtp_destroy(in);
    ngx_rtc_srtp_destroy(out);
}


static void
test_streams(void)
{
    size_t           len, wire;
    u_char           sent[256];
    ngx_uint_t       i, good;
    ngx_rtc_srtp_t  *in, *out, *other;

    in = ngx_rtc_srtp_create(GCM, master, NGX_RTC_SRTP_IN, &test_log);
    out = ngx_rtc_srtp_create(GCM, master, NGX_RTC_SRTP_OUT, &test_log);

    master[0] ^= 1;
    other = ngx_rtc_srtp_create(GCM, master, NGX_RTC_SRTP_OUT, &test_log);
    master[0] ^= 1;

    /* forged SSRCs take no places */

    for (i = 0; i < 4 * NGX_RTC_SRTP_STREAMS; i++) {
        len = rtp(0x1000 + i, 1, 20);

        ngx_rtc_srtp_forget(other, 0x1000 + i - 1);
        (void) ngx_rtc_srtp_protect(other, packet, &len);

        if (ngx_rtc_srtp_unprotect(in, packet, &len) != NGX_DECLINED) {
            break;
        }
    }

    is(i, 4 * NGX_RTC_SRTP_STREAMS, "packets of another key are refused");

    good = 0;

    for (i = 0; i < 2 * NGX_RTC_SRTP_STREAMS; i++) {
        len = rtp(i + 1, 1, 20);

        ngx_rtc_srtp_forget(out, i);
        (void) ngx_rtc_srtp_protect(out, packet, &len);

        if (ngx_rtc_srtp_unprotect(in, packet, &len) == NGX_OK) {
            good++;
        }
    }

    is(good, NGX_RTC_SRTP_STREAMS, "streams are bounded");

    len = rtp(5, 2, 20);
    (void) ngx_rtc_srtp_protect(out, packet, &len);
    memcpy(sent, packet, len);
    wire = len;

    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_OK,
       "those that are there go on");

    memcpy(packet, sent, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_DECLINED, "no replay");

    ngx_rtc_srtp_forget(in, 5);
    ngx_rtc_srtp_forget(in, 0xffffffff);

    memcpy(packet, sent, wire);
    len = wire;
    is(ngx_rtc_srtp_unprotect(in, packet, &len), NGX_OK,
       "a stream that was forgotten is new, and has a place");

    ngx_rtc_srtp_destroy(in);
    ngx_rtc_srtp_destroy(out);
    ngx_rtc_srtp_destroy(other);

    ok(ngx_rtc_srtp_create(0x0005, master, NGX_RTC_SRTP_IN, &test_log) == NULL,
       "unknown profile");
    is(ngx_rtc_srtp_key_len(0x0002), 0, "no key length of one either");
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(master); i++) {
        master[i] = (u_char) (i * 11 + 3);
    }

    test_vectors();

    need(ngx_rtc_srtp_init() == NGX_OK, "init");
    is(ngx_rtc_srtp_init(), NGX_OK, "init again does nothing");

    test_wire();

    for (i = 0; i < 3; i++) {
        test_round(profiles[i]);
    }

    test_streams();

    ngx_rtc_srtp_exit();

    return test_done();
}
