
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * DTLS, client against server over a simulated network that loses, reorders
 * and duplicates datagrams, with a simulated time: OpenSSL's too, since
 * gettimeofday() is the one of this file.
 *
 * link: src/net/ngx_rtc_dtls.c src/net/ngx_rtc_srtp.c
 */


#include "test.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "ngx_rtc_dtls.h"


#define MS        1000
#define SECOND    (1000 * MS)
#define DELAY     (10 * MS)
#define QUEUE     512


typedef struct {
    X509           *cert;
    EVP_PKEY       *key;
    void           *ctx;
} identity_t;

typedef struct peer_s  peer_t;

struct peer_s {
    ngx_rtc_dtls_t  *dtls;
    peer_t          *other;
    ngx_uint_t       sent;
    size_t           largest;
    u_char           data[256];
    size_t           data_len;
};

typedef struct {
    ngx_rtc_usec_t   time;
    peer_t          *to;
    size_t           len;
    u_char           data[2048];
} datagram_t;


static ngx_rtc_usec_t  now;
static datagram_t      queue[QUEUE];
static ngx_uint_t      nqueue;

/* the network: what is lost, in percent, and otherwise */

static ngx_uint_t      loss, duplicates, jitter;
static ngx_uint_t      seed;
static uint64_t        lose;           /* by the number of the datagram */
static ngx_uint_t      ndatagrams;

static identity_t      alice, bob, rsa;
static peer_t          client, server;


int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    ngx_rtc_usec_t  t;

    t = now + (ngx_rtc_usec_t) 1700000000 * SECOND;

    tv->tv_sec = t / SECOND;
    tv->tv_usec = t % SECOND;

    return 0;
}


static ngx_uint_t
chance(ngx_uint_t percent)
{
    seed = seed * 1103515245 + 12345;

    return (seed >> 16) % 100 < percent;
}


static void
network(peer_t *to, u_char *p, size_t len)
{
    datagram_t  *d;

    if (nqueue == QUEUE || len > sizeof(queue[0].data)) {
        printf("Bail out! the network is full\n");
        exit(2);
    }

    d = &queue[nqueue++];

    d->to = to;
    d->len = len;
    d->time = now + DELAY;
    memcpy(d->data, p, len);

    if (jitter) {
        seed = seed * 1103515245 + 12345;
        d->time += (seed >> 16) % (jitter * MS);
    }
}


static void
transmit(void *data, u_char *p, size_t len)
{
    peer_t *peer = data;

    peer->sent++;

    if (len > peer->largest) {
        peer->largest = len;
    }

    if (ndatagrams < 64 && (lose & ((uint64_t) 1 << ndatagrams))) {
        ndatagrams++;
        return;
    }

    ndatagrams++;

    if (chance(loss)) {
        return;
    }

    network(peer->other, p, len);

    if (chance(duplicates)) {
        network(peer->other, p, len);
    }
}


static void
receive(void *data, u_char *p, size_t len)
{
    peer_t *peer = data;

    memcpy(peer->data + peer->data_len, p, len);
    peer->data_len += len;
}


static const ngx_rtc_dtls_handler_t  handler = { transmit, receive };


static void
begin(identity_t *c, identity_t *s)
{
    if (client.dtls) {
        ngx_rtc_dtls_destroy(client.dtls);
        ngx_rtc_dtls_destroy(server.dtls);
    }

    memset(&client, 0, sizeof(peer_t));
    memset(&server, 0, sizeof(peer_t));

    client.other = &server;
    server.other = &client;

    client.dtls = ngx_rtc_dtls_create(c->ctx, &handler, &client, 10 * SECOND,
                                      &test_log);
    server.dtls = ngx_rtc_dtls_create(s->ctx, &handler, &server, 10 * SECOND,
                                      &test_log);

    nqueue = 0;
    ndatagrams = 0;
    loss = duplicates = jitter = 0;
    lose = 0;
}


/* until both are established, or nothing happens any more */

static void
run(ngx_rtc_usec_t limit)
{
    ngx_uint_t       i, first;
    datagram_t       d;
    ngx_rtc_usec_t   next;

    limit += now;

    for ( ;; ) {

        next = ngx_min(ngx_rtc_dtls_deadline(client.dtls),
                       ngx_rtc_dtls_deadline(server.dtls));
        first = nqueue;

        for (i = 0; i < nqueue; i++) {
            if (queue[i].time < next
                || (first == nqueue && queue[i].time == next))
            {
                next = queue[i].time;
                first = i;
            }
        }

        if (next > limit || next == NGX_RTC_NEVER) {
            return;
        }

        now = ngx_max(now, next);

        if (first < nqueue) {
            d = queue[first];
            queue[first] = queue[--nqueue];

            (void) ngx_rtc_dtls_input(d.to->dtls, d.data, d.len, now);
            continue;
        }

        (void) ngx_rtc_dtls_timer(client.dtls, now);
        (void) ngx_rtc_dtls_timer(server.dtls, now);
    }
}


static void
start(void)
{
    (void) ngx_rtc_dtls_start(server.dtls, 0, now);
    (void) ngx_rtc_dtls_start(client.dtls, 1, now);
}


static ngx_uint_t
established(void)
{
    return ngx_rtc_dtls_state(client.dtls) == NGX_RTC_DTLS_ESTABLISHED
           && ngx_rtc_dtls_state(server.dtls) == NGX_RTC_DTLS_ESTABLISHED;
}


static void
identify(identity_t *id, ngx_uint_t bits)
{
    X509_NAME  *name;

    id->key = bits ? EVP_RSA_gen(bits) : EVP_EC_gen("P-256");
    id->cert = X509_new();

    X509_set_version(id->cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(id->cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(id->cert), 86400);
    X509_set_pubkey(id->cert, id->key);

    name = X509_get_subject_name(id->cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (u_char *) "rtc", -1,
                               -1, 0);
    X509_set_issuer_name(id->cert, name);
    X509_sign(id->cert, id->key, EVP_sha256());

    id->ctx = ngx_rtc_dtls_ctx_create(id->cert, id->key, &test_log);
}


static void
print_of(identity_t *id, const EVP_MD *md, char *name,
    ngx_rtc_dtls_fingerprint_t *fp)
{
    char          text[256];
    u_char        digest[EVP_MAX_MD_SIZE];
    ngx_str_t     algorithm, value;
    unsigned int  i, n;

    X509_digest(id->cert, md, digest, &n);

    for (i = 0; i < n; i++) {
        sprintf(text + 3 * i, i % 2 ? "%02x:" : "%02X:", digest[i]);
    }

    algorithm.data = (u_char *) name;
    algorithm.len = strlen(name);
    value.data = (u_char *) text;
    value.len = 3 * n - 1;

    memset(fp, 0, sizeof(ngx_rtc_dtls_fingerprint_t));
    is(ngx_rtc_dtls_fingerprint(fp, &algorithm, &value), NGX_OK, "%s", name);
}


static void
test_handshake(void)
{
    u_char                      in[2][NGX_RTC_SRTP_MAX_KEY];
    u_char                      out[2][NGX_RTC_SRTP_MAX_KEY];
    ngx_uint_t                  p[2];
    ngx_rtc_usec_t              t;
    ngx_rtc_dtls_fingerprint_t  fp[2];

    begin(&alice, &bob);
    t = now;
    start();
    run(SECOND);

    ok(established(), "established");
    ok(now - t <= 4 * DELAY, "in two round trips");
    ok(ngx_rtc_dtls_client(client.dtls) && !ngx_rtc_dtls_client(server.dtls),
       "in both roles");
    ok(ngx_rtc_dtls_deadline(client.dtls) == NGX_RTC_NEVER
       && ngx_rtc_dtls_deadline(server.dtls) == NGX_RTC_NEVER,
       "no timer is left");

    is(ngx_rtc_dtls_keys(client.dtls, &p[0], in[0], out[0]), NGX_OK, "keys");
    is(ngx_rtc_dtls_keys(server.dtls, &p[1], in[1], out[1]), NGX_OK, "keys");
    is(p[0], NGX_RTC_SRTP_AES128_GCM, "the cheap profile");
    is(p[0], p[1], "is agreed");
    is_mem(in[0], 28, out[1], 28, "server's keys");
    is_mem(out[0], 28, in[1], 28, "client's keys");
    ok(memcmp(in[0], out[0], 28) != 0, "which differ");

    /* no data before the fingerprint is known to be right */

    (void) ngx_rtc_dtls_write(client.dtls, (u_char *) "early", 5);
    run(SECOND);
    is(server.data_len, 0, "data of a peer not yet verified is dropped");

    print_of(&bob, EVP_sha256(), "sha-256", &fp[0]);
    is(ngx_rtc_dtls_verify(server.dtls, fp, 1), NGX_DECLINED,
       "another's fingerprint");

    print_of(&alice, EVP_sha384(), "SHA-384", &fp[1]);
    is(ngx_rtc_dtls_verify(server.dtls, fp, 2), NGX_OK, "one of several");
    is(ngx_rtc_dtls_verify(client.dtls, fp, 2), NGX_OK, "and bob's");

    (void) ngx_rtc_dtls_write(client.dtls, (u_char *) "hello", 5);
    run(SECOND);
    is_mem(server.data, server.data_len, "hello", 5, "data");

    print_of(&alice, EVP_sha1(), "sha-1", &fp[0]);
    is(ngx_rtc_dtls_verify(server.dtls, fp, 1), NGX_OK, "verified");
    print_of(&alice, EVP_sha224(), "sha-224", &fp[0]);
    is(ngx_rtc_dtls_verify(server.dtls, fp, 1), NGX_OK, "verified");
    print_of(&alice, EVP_sha512(), "sha-512", &fp[0]);
    is(ngx_rtc_dtls_verify(server.dtls, fp, 1), NGX_OK, "verified");
    is(ngx_rtc_dtls_verify(server.dtls, fp, 0), NGX_DECLINED,
       "no fingerprint at all");

    /* the end */

    ngx_rtc_dtls_shutdown(client.dtls);
    run(SECOND);
    is(ngx_rtc_dtls_state(server.dtls), NGX_RTC_DTLS_CLOSED, "close_notify");
    is(ngx_rtc_dtls_write(server.dtls, (u_char *) "late", 4), NGX_ERROR,
       "nothing is sent after it");
}


static void
test_loss(void)
{
    ngx_uint_t      i, n, bad;
    ngx_rtc_usec_t  t, worst;

    begin(&alice, &bob);
    start();
    run(SECOND);
    n = ndatagrams;

    /* each datagram of a handshake, and each two, lost once */

    for (i = 0; i < n; i++) {
        begin(&alice, &bob);
        lose = (uint64_t) 1 << i;
        t = now;
        start();
        run(9 * SECOND);

        ok(established() , "datagram %d of %d lost", (int) i + 1, (int) n);
    }

    begin(&alice, &bob);
    lose = 1;
    t = now;
    start();
    run(9 * SECOND);
    ok(now - t < 300 * MS, "the first retransmission comes after 200 ms");

    bad = 0;
    worst = 0;

    for (i = 1; i <= 100; i++) {
        begin(&alice, &bob);
        seed = i;
        loss = 20;
        duplicates = 20;
        jitter = 60;
        t = now;
        start();
        run(9900 * MS);

        if (!established()) {
            bad++;
        }

        worst = ngx_max(worst, now - t);
    }

    ok(bad <= 2, "20%% loss, 20%% duplicates, reordering: %d of 100 failed",
       (int) bad);
    diag("slowest: %d ms", (int) (worst / MS));

    bad = 0;

    for (i = 1; i <= 100; i++) {
        begin(&alice, &bob);
        seed = i;
        duplicates = 100;
        jitter = 100;
        start();
        run(9900 * MS);
        bad += !established();
    }

    is(bad, 0, "everything twice and in any order");
}


static void
test_mtu(void)
{
    begin(&rsa, &rsa);
    start();
    run(5 * SECOND);

    ok(established(), "RSA 4096");
    ok(client.largest <= NGX_RTC_DTLS_MTU
       && server.largest <= NGX_RTC_DTLS_MTU,
       "no datagram is larger than the MTU: %d, %d",
       (int) client.largest, (int) server.largest);
    ok(server.sent > 2, "flights are cut");

    /* retransmissions too */

    begin(&rsa, &rsa);
    lose = 0xfc;
    start();
    run(9 * SECOND);
    ok(established(), "RSA 4096 with most of the first flights lost");
    ok(client.largest <= NGX_RTC_DTLS_MTU
       && server.largest <= NGX_RTC_DTLS_MTU,
       "within the MTU");
}


/*
 * Browsers' first flights don't fit one datagram (post-quantum key shares),
 * so their ClientHello comes in two fragments.
 */

static void
test_split_hello(void)
{
    size_t      body, half;
    u_char      part[2][2048], *p;
    datagram_t  d;
    ngx_uint_t  order, i, k;

    for (order = 0; order < 3; order++) {
        begin(&alice, &bob);
        start();

        need(nqueue == 1 && queue[0].data[0] == 22, "ClientHello");

        d = queue[0];
        nqueue = 0;

        body = d.len - 25;
        half = body / 2;

        for (i = 0; i < 2; i++) {
            p = part[i];
            k = i ? body - half : half;

            memcpy(p, d.data, 25);
            memcpy(p + 25, d.data + 25 + (i ? half : 0), k);

            p[10] = (u_char) i;                 /* record number */
            p[11] = (u_char) ((k + 12) >> 8);
            p[12] = (u_char) (k + 12);
            p[19] = 0;                          /* fragment offset, length */
            p[20] = (u_char) ((i ? half : 0) >> 8);
            p[21] = (u_char) (i ? half : 0);
            p[22] = 0;
            p[23] = (u_char) (k >> 8);
            p[24] = (u_char) k;
        }

        switch (order) {

        case 0:
            network(&server, part[0], 25 + half);
            run(DELAY);
            network(&server, part[1], 25 + body - half);
            break;

        case 1:
            network(&server, part[1], 25 + body - half);
            run(DELAY);
            network(&server, part[0], 25 + half);
            break;

        case 2:

            /* one half is lost: the client comes again with all of it */

            network(&server, part[0], 25 + half);
            break;
        }

        run(5 * SECOND);

        ok(established(), "ClientHello in two datagrams, case %d",
           (int) order);
    }
}


static void
test_garbage(void)
{
    size_t      len;
    u_char      p[1500];
    ngx_uint_t  i, n;

    begin(&alice, &bob);
    start();

    for (i = 0; i < 2000; i++) {

        len = 1 + (i * 37) % 1400;

        for (n = 0; n < len; n++) {
            seed = seed * 1103515245 + 12345;
            p[n] = (u_char) (seed >> 16);
        }

        /* handshake and application records among it */

        p[0] = 20 + i % 4;

        if (p[0] == 21) {
            p[0] = 64;
        }

        if (len > 13) {
            p[1] = 0xfe;
            p[2] = 0xfd;
            p[11] = (u_char) ((len - 13) >> 8);
            p[12] = (u_char) (len - 13);
        }

        if (p[0] == 22) {
            continue;
        }

        (void) ngx_rtc_dtls_input(server.dtls, p, len, now);
        (void) ngx_rtc_dtls_input(client.dtls, p, len, now);
    }

    run(5 * SECOND);
    ok(established(), "garbage is ignored in a handshake");

    for (i = 0; i < 1000; i++) {
        (void) ngx_rtc_dtls_input(server.dtls, p, 1 + i, now);
    }

    is(ngx_rtc_dtls_state(server.dtls), NGX_RTC_DTLS_ESTABLISHED,
       "and after it");
}


static void
test_timeout(void)
{
    ngx_rtc_usec_t  t;

    begin(&alice, &bob);
    loss = 100;
    t = now;
    start();
    run(60 * SECOND);

    is(ngx_rtc_dtls_state(client.dtls), NGX_RTC_DTLS_FAILED, "client gave up");
    is(ngx_rtc_dtls_state(server.dtls), NGX_RTC_DTLS_FAILED, "server too");
    is(now - t, 10 * SECOND, "after the timeout");
    ok(client.sent >= 5 && client.sent <= 8, "having asked %d times",
       (int) client.sent);
    is(server.sent, 0, "a server that hears nothing says nothing");
    is(ngx_rtc_dtls_progress(server.dtls), t, "nor has it made progress");

    /* a peer that falls silent: our repetitions are no progress */

    begin(&alice, &bob);
    t = now;
    start();
    run(DELAY);
    loss = 100;
    is(ngx_rtc_dtls_progress(server.dtls), t + DELAY,
       "ClientHello is progress");
    nqueue = 0;
    run(5 * SECOND);
    ok(server.sent > 2 && ngx_rtc_dtls_progress(server.dtls) == t + DELAY,
       "repetitions are not");

    /* the first start may turn out to be the wrong role */

    begin(&alice, &bob);
    (void) ngx_rtc_dtls_start(client.dtls, 0, now);
    (void) ngx_rtc_dtls_start(client.dtls, 1, now);
    (void) ngx_rtc_dtls_start(server.dtls, 0, now);
    run(5 * SECOND);
    ok(established(), "a role can be changed before the handshake is done");
}


static void
test_fingerprint(void)
{
    size_t                      i;
    ngx_str_t                   algorithm, value;
    ngx_rtc_dtls_fingerprint_t  fp;

    static const struct {
        const char  *algorithm;
        const char  *value;
        ngx_int_t    rc;
    } cases[] = {
        { "md5", "00:11", NGX_DECLINED },
        { "", "", NGX_DECLINED },
        { "sha-1", "", NGX_ERROR },
        { "sha-1", "00:11", NGX_ERROR },
        { "sha-1", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22"
                   ":3G", NGX_ERROR },
        { "sha-1", "00-11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22"
                   ":33", NGX_ERROR },
        { "sha-1", "00:11:22:33:44:55:66:77:88:99:AA:bb:CC:DD:EE:FF:00:11:22"
                   ":33", NGX_OK },
        { "SHA-1", "00:11:22:33:44:55:66:77:88:99:AA:bb:CC:DD:EE:FF:00:11:22"
                   ":33", NGX_OK }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        algorithm.data = (u_char *) cases[i].algorithm;
        algorithm.len = strlen(cases[i].algorithm);
        value.data = (u_char *) cases[i].value;
        value.len = strlen(cases[i].value);

        is(ngx_rtc_dtls_fingerprint(&fp, &algorithm, &value), cases[i].rc,
           "fingerprint \"%s %s\"", cases[i].algorithm, cases[i].value);
    }
}


int
main(void)
{
    now = SECOND;

    identify(&alice, 0);
    identify(&bob, 0);
    identify(&rsa, 4096);

    need(alice.ctx && bob.ctx && rsa.ctx, "identities");

    test_fingerprint();
    test_handshake();
    test_loss();
    test_mtu();
    test_split_hello();
    test_garbage();
    test_timeout();

    ngx_rtc_dtls_destroy(client.dtls);
    ngx_rtc_dtls_destroy(server.dtls);

    SSL_CTX_free(bob.ctx);
    SSL_CTX_free(rsa.ctx);
    ngx_rtc_dtls_ctx_free(alice.ctx);

    X509_free(alice.cert);
    X509_free(bob.cert);
    X509_free(rsa.cert);
    EVP_PKEY_free(alice.key);
    EVP_PKEY_free(bob.key);
    EVP_PKEY_free(rsa.key);

    return test_done();
}
