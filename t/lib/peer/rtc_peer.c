
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A scripted WebRTC peer for tests: any number of endpoints, each with one
 * UDP socket, an ICE agent, DTLS 1.2 and SRTP, that publish synthetic Opus
 * and VP8 and check what they receive.  It shares no code with the module,
 * so that a mistake on one side is not mirrored on the other.
 *
 * Commands are JSON objects, one a line, on standard input; answers and
 * events the same on standard output.  The list stands at the end of
 * t/lib/Test/Nginx/RTC.pm, the library that tests use.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <srtp2/srtp.h>


#define MAX_PEERS      2000
#define MAX_SENDS      8
#define MAX_STREAMS    64
#define HISTORY        1024            /* sent packets kept for NACK */
#define WINDOW         4096            /* received packets remembered */
#define MAX_PACKET     1500
#define MAGIC          0x7274637065657231ULL


typedef struct {
    uint8_t     kind;                  /* 'a' or 'v' */
    uint8_t     pt;
    uint8_t     rtx_pt;
    uint32_t    ssrc;
    uint32_t    rtx_ssrc;
    uint32_t    clock;
    double      fps;
    int         burst;                 /* packets of a frame */
    int         size;                  /* of an RTP packet */
    int         key_every;             /* frames; 0: only when asked */
    int         ext_mid;
    int         ext_twcc;
    int         ext_level;
    int         ext_rid;
    char        mid[17];
    char        rid[17];
    double      drop;                  /* percent not sent the first time */
    int         active;

    uint16_t    seq;
    uint16_t    rtx_seq;
    uint32_t    ts;
    uint64_t    counter;
    uint16_t    picture_id;
    uint64_t    frames;
    int         want_key;
    int64_t     next;
    uint64_t    packets;
    uint64_t    octets;
    uint64_t    dropped;
    uint64_t    retransmitted;
    uint64_t    keyframes;

    struct {
        uint16_t    len;
        uint16_t    seq;
        uint8_t     data[MAX_PACKET];
    }          *history;
} send_t;


typedef struct {
    uint32_t    ssrc;
    uint8_t     pt;
    int         started;
    int64_t     highest;               /* extended sequence number */
    int64_t     contiguous;            /* all up to here have come */
    uint8_t     seen[WINDOW];          /* by extended number % WINDOW */
    int         tries[WINDOW];
    int64_t     asked[WINDOW];
    uint64_t    packets;
    uint64_t    dup;
    uint64_t    reordered;
    uint64_t    recovered;
    uint64_t    nacked;
    uint64_t    dropped;
    uint64_t    keyframes;
    uint64_t    jumps;                 /* of the timestamp, > 10 s */
    uint64_t    foreign;               /* payload is not a peer's */
    uint64_t    bad_order;             /* counter fell though seq rose */
    uint64_t    counter;               /* of the newest */
    uint64_t    first_counter;
    uint64_t    counter_gaps;
    uint32_t    ts;
    uint32_t    sr_ntp;
    int64_t     sr_at;
    uint64_t    srs;
    int64_t     first_at;
    int64_t     last_at;
    int64_t     progress_at;
    int64_t     longest_gap;           /* µs without progress */
    double      latency_sum;
    double      latency_max;
    uint32_t    interval_expected;
    uint32_t    interval_received;
    uint64_t    received_prior;
    int64_t     expected_prior;
    uint32_t    jitter;
    int64_t     transit;
    char        mid[17];
    int         bye;
} stream_t;


typedef struct {
    int         used;
    int         id;
    int         fd;
    int         family;
    struct sockaddr_storage  remote;
    socklen_t   remotelen;
    char        ufrag[9];
    char        pwd[33];
    char        rufrag[64];
    char        rpwd[128];
    char        rfp[128];
    int         controlling;
    int         client;                /* DTLS */
    int         ice;                   /* 0 idle, 1 checking, 2 connected */
    int         nominate;
    int         stall;                 /* says nothing after ClientHello */
    uint8_t     txid[12];
    int64_t     next_check;
    int64_t     last_response;
    int         checks;
    uint64_t    tiebreaker;
    int         consent;               /* keep checking */

    SSL        *ssl;
    BIO        *in;
    int         dtls;                  /* 0 idle, 1 handshake, 2 up, 3 failed,
                                          4 closed by the peer */
    int64_t     started;
    const char *profile;
    char        profiles[256];
    srtp_t      tx;
    srtp_t      rx;

    send_t      sends[MAX_SENDS];
    int         nsends;
    stream_t   *streams[MAX_STREAMS];
    int         nstreams;

    int         nack;
    int         twcc_ext;
    int         mid_ext;
    uint32_t    rtx_ssrc[MAX_STREAMS];
    uint32_t    rtx_of[MAX_STREAMS];   /* the stream it repairs */
    int         nrtx;
    double      drop;                  /* percent of what arrives */
    int         mute;                  /* sends no RTCP */
    uint16_t    twcc_seq;
    uint16_t    fb_base;
    int64_t     fb_at[512];
    int         fb_n;
    uint8_t     fb_count;
    int64_t     next_rtcp;
    int64_t     next_fb;

    uint64_t    rx_packets;
    uint64_t    rx_bad;
    uint64_t    rx_before;             /* media before DTLS was up */
    uint64_t    got_nack;
    uint64_t    got_pli;
    uint64_t    got_fir;
    uint64_t    got_twcc;
    uint64_t    got_remb;
    uint64_t    got_rr;
    uint64_t    got_sr;
    uint64_t    got_bye;
    uint64_t    got_sdes;
    uint64_t    stun_errors;
    int         stun_error;
    uint64_t    twcc_acked;
    char        cname[64];
} peer_t;


static peer_t       *peers[MAX_PEERS];
static SSL_CTX      *ctx;
static X509         *cert;
static char          fingerprint[128];
static unsigned      seed = 1;
static const char    profiles[] =
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";


static void stream_ask(peer_t *p, stream_t *s, int64_t now);


static int64_t
now_us(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void
say(json_t *o)
{
    char  *s;

    s = json_dumps(o, JSON_COMPACT);
    printf("%s\n", s);
    fflush(stdout);

    free(s);
    json_decref(o);
}


static double
chance(void)
{
    return rand_r(&seed) / (double) RAND_MAX * 100;
}


static void
put16(uint8_t *p, unsigned v)
{
    p[0] = v >> 8;
    p[1] = v;
}


static void
put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}


static unsigned
get16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}


static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t) get16(p) << 16 | get16(p + 2);
}


static void
put64(uint8_t *p, uint64_t v)
{
    put32(p, v >> 32);
    put32(p + 4, v);
}


static uint64_t
get64(const uint8_t *p)
{
    return (uint64_t) get32(p) << 32 | get32(p + 4);
}


static void
transmit(peer_t *p, const void *data, size_t len)
{
    if (sendto(p->fd, data, len, MSG_DONTWAIT, (struct sockaddr *) &p->remote,
               p->remotelen)
        < 0)
    {
        /* as lost as on any network */
    }
}


/* ICE: RFC 8489 messages, RFC 8445 checks of a full agent */

static uint32_t
crc32_of(const uint8_t *p, size_t n)
{
    int       i;
    uint32_t  c = 0xffffffff;

    while (n--) {
        c ^= *p++;

        for (i = 0; i < 8; i++) {
            c = (c >> 1) ^ (0xedb88320 & -(c & 1));
        }
    }

    return ~c;
}


static uint8_t *
stun_attr(uint8_t *p, unsigned type, const void *v, size_t len)
{
    put16(p, type);
    put16(p + 2, len);
    memcpy(p + 4, v, len);
    memset(p + 4 + len, 0, -len & 3);

    return p + 4 + ((len + 3) & ~3UL);
}


static size_t
stun_finish(uint8_t *msg, uint8_t *p, const char *key)
{
    uint8_t   mac[20];
    unsigned  maclen = 20;

    put16(msg + 2, p - msg - 20 + 24);
    HMAC(EVP_sha1(), key, strlen(key), msg, p - msg, mac, &maclen);
    p = stun_attr(p, 0x0008, mac, 20);

    put16(msg + 2, p - msg - 20 + 8);
    put32(mac, crc32_of(msg, p - msg) ^ 0x5354554e);
    p = stun_attr(p, 0x8028, mac, 4);

    return p - msg;
}


static void
stun_check(peer_t *p, int64_t now)
{
    char     name[256];
    uint8_t  msg[512], v[8], *q;

    if (p->checks == 0 || p->ice == 2) {
        RAND_bytes(p->txid, 12);
    }

    put16(msg, 0x0001);
    put32(msg + 4, 0x2112a442);
    memcpy(msg + 8, p->txid, 12);

    q = msg + 20;
    snprintf(name, sizeof(name), "%s:%s", p->rufrag, p->ufrag);
    q = stun_attr(q, 0x0006, name, strlen(name));
    put32(v, 1853824767);
    q = stun_attr(q, 0x0024, v, 4);
    put64(v, p->tiebreaker);
    q = stun_attr(q, p->controlling ? 0x802a : 0x8029, v, 8);

    if (p->controlling && p->nominate) {
        q = stun_attr(q, 0x0025, "", 0);
    }

    transmit(p, msg, stun_finish(msg, q, p->rpwd));

    p->checks++;
    p->next_check = now + (p->ice == 2 ? 2500000
                                       : 50000 << (p->checks < 4 ? p->checks
                                                                 : 4));
}


static void dtls_start(peer_t *p, int64_t now);
static void dtls_step(peer_t *p);


static void
stun_receive(peer_t *p, uint8_t *d, size_t n, int64_t now)
{
    size_t    at, len;
    unsigned  type, mac_at;
    uint8_t   mac[20], msg[128], v[20], *q;
    unsigned  maclen = 20;

    if (n < 20 || get16(d + 2) + 20U != n) {
        p->rx_bad++;
        return;
    }

    type = get16(d);

    if (type == 0x0001) {

        /* a full agent answers checks; the module, being lite, sends none */

        put16(msg, 0x0101);
        memcpy(msg + 4, d + 4, 16);
        v[0] = 0;
        v[1] = 1;
        put16(v + 2, ntohs(((struct sockaddr_in *) &p->remote)->sin_port)
                     ^ 0x2112);
        memcpy(v + 4, &((struct sockaddr_in *) &p->remote)->sin_addr, 4);
        put32(v + 4, get32(v + 4) ^ 0x2112a442);
        q = stun_attr(msg + 20, 0x0020, v, 8);
        transmit(p, msg, stun_finish(msg, q, p->pwd));
        return;
    }

    if (memcmp(d + 8, p->txid, 12) != 0) {
        return;
    }

    if (type == 0x0111) {
        for (at = 20; at + 4 <= n; at += 4 + ((len + 3) & ~3UL)) {
            len = get16(d + at + 2);

            if (get16(d + at) == 0x0009 && len >= 4 && at + 8 <= n) {
                p->stun_error = d[at + 6] * 100 + d[at + 7];
            }
        }

        p->stun_errors++;

        if (p->stun_error == 487) {
            p->controlling = !p->controlling;
            p->checks = 0;
            p->next_check = now;
        }

        return;
    }

    if (type != 0x0101) {
        return;
    }

    /* RFC 8489, Section 14.5: the length up to and with the attribute */

    mac_at = 0;

    for (at = 20; at + 4 <= n; at += 4 + ((len + 3) & ~3UL)) {
        len = get16(d + at + 2);

        if (get16(d + at) == 0x0008 && len == 20 && at + 24 <= n) {
            mac_at = at;
            break;
        }
    }

    if (mac_at == 0) {
        p->rx_bad++;
        return;
    }

    put16(d + 2, mac_at - 20 + 24);
    HMAC(EVP_sha1(), p->rpwd, strlen(p->rpwd), d, mac_at, mac, &maclen);

    if (memcmp(mac, d + mac_at + 4, 20) != 0) {
        p->rx_bad++;
        return;
    }

    p->last_response = now;

    if (p->ice == 1) {
        p->ice = 2;
        p->next_check = p->nominate ? now + 2500000 : now;
        p->nominate = 1;

        say(json_pack("{s:s,s:i,s:i}", "ev", "ice", "id", p->id, "checks",
                      p->checks));

        if (p->dtls == 0) {
            dtls_start(p, now);
        }
    }
}


/* DTLS */

static int
verify_any(int ok, X509_STORE_CTX *store)
{
    (void) ok;
    (void) store;

    return 1;
}


static void
dtls_init(void)
{
    int             n;
    char           *q;
    X509_NAME      *name;
    EVP_PKEY       *key;
    unsigned        i, len;
    unsigned char   md[32];

    key = EVP_EC_gen("P-256");
    cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400 * 30);
    X509_set_pubkey(cert, key);
    name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (unsigned char *) "peer", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_sign(cert, key, EVP_sha256());

    X509_digest(cert, EVP_sha256(), md, &len);

    for (q = fingerprint, i = 0; i < len; i++) {
        n = sprintf(q, "%s%02X", i ? ":" : "", md[i]);
        q += n;
    }

    ctx = SSL_CTX_new(DTLS_method());
    SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER|SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       verify_any);
    SSL_CTX_set_read_ahead(ctx, 1);
    EVP_PKEY_free(key);
}


static void
dtls_start(peer_t *p, int64_t now)
{
    BIO  *out;

    if (connect(p->fd, (struct sockaddr *) &p->remote, p->remotelen) < 0) {
        perror("connect");
    }

    p->ssl = SSL_new(ctx);
    SSL_set_tlsext_use_srtp(p->ssl, p->profiles);

    p->in = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(p->in, -1);

    out = BIO_new_dgram(p->fd, BIO_NOCLOSE);
    BIO_ctrl(out, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &p->remote);

    SSL_set_options(p->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(p->ssl, 1200);
    SSL_set_bio(p->ssl, p->in, out);

    if (p->client) {
        SSL_set_connect_state(p->ssl);

    } else {
        SSL_set_accept_state(p->ssl);
    }

    p->dtls = 1;
    p->started = now;
    dtls_step(p);
}


static void
fail(peer_t *p, const char *why)
{
    p->dtls = 3;
    say(json_pack("{s:s,s:i,s:s}", "ev", "failed", "id", p->id, "why", why));
}


static void
dtls_keys(peer_t *p)
{
    int                       klen, slen, i;
    char                      got[128], *q;
    X509                     *peer;
    uint8_t                   km[2 * (32 + 14)], key[2][46];
    unsigned                  len;
    unsigned char             md[32];
    srtp_policy_t             policy;
    srtp_profile_t            prof;
    SRTP_PROTECTION_PROFILE  *sp;

    peer = SSL_get1_peer_certificate(p->ssl);
    X509_digest(peer, EVP_sha256(), md, &len);
    X509_free(peer);

    for (q = got, i = 0; i < (int) len; i++) {
        q += sprintf(q, "%s%02X", i ? ":" : "", md[i]);
    }

    if (strcasecmp(got, p->rfp) != 0) {
        fail(p, "fingerprint");
        return;
    }

    sp = SSL_get_selected_srtp_profile(p->ssl);
    if (sp == NULL) {
        fail(p, "no srtp profile");
        return;
    }

    p->profile = sp->name;

    switch (sp->id) {

    case SRTP_AEAD_AES_128_GCM:
        prof = srtp_profile_aead_aes_128_gcm;
        klen = 16;
        slen = 12;
        break;

    case SRTP_AEAD_AES_256_GCM:
        prof = srtp_profile_aead_aes_256_gcm;
        klen = 32;
        slen = 12;
        break;

    default:
        prof = srtp_profile_aes128_cm_sha1_80;
        klen = 16;
        slen = 14;
        break;
    }

    if (SSL_export_keying_material(p->ssl, km, 2 * (klen + slen),
                                   "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0)
        != 1)
    {
        fail(p, "exporter");
        return;
    }

    /* RFC 5764, Section 4.2: client key, server key, client and server salt */

    for (i = 0; i < 2; i++) {
        memcpy(key[i], km + i * klen, klen);
        memcpy(key[i] + klen, km + 2 * klen + i * slen, slen);
    }

    memset(&policy, 0, sizeof(policy));
    srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, prof);
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, prof);
    policy.window_size = 2048;
    policy.allow_repeat_tx = 1;

    policy.ssrc.type = ssrc_any_outbound;
    policy.key = key[p->client ? 0 : 1];

    if (srtp_create(&p->tx, &policy) != srtp_err_status_ok) {
        fail(p, "srtp");
        return;
    }

    policy.ssrc.type = ssrc_any_inbound;
    policy.key = key[p->client ? 1 : 0];

    if (srtp_create(&p->rx, &policy) != srtp_err_status_ok) {
        fail(p, "srtp");
        return;
    }

    p->dtls = 2;
    p->next_rtcp = now_us() + 300000;
    p->next_fb = now_us() + 100000;

    say(json_pack("{s:s,s:i,s:s,s:f}", "ev", "connected", "id", p->id,
                  "profile", p->profile, "ms",
                  (now_us() - p->started) / 1000.0));
}


static void
dtls_step(peer_t *p)
{
    int      rc, err;
    uint8_t  buf[2048];

    ERR_clear_error();

    if (p->dtls == 1) {
        rc = SSL_do_handshake(p->ssl);

        if (rc == 1) {
            dtls_keys(p);
            return;
        }

        err = SSL_get_error(p->ssl, rc);

        if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE) {
            fail(p, "handshake");
        }

        return;
    }

    if (p->dtls == 2) {
        rc = SSL_read(p->ssl, buf, sizeof(buf));

        if (rc <= 0 && SSL_get_error(p->ssl, rc) == SSL_ERROR_ZERO_RETURN) {
            p->dtls = 4;
            say(json_pack("{s:s,s:i}", "ev", "closed", "id", p->id));
        }
    }
}


/* media out */

static void
send_rtp(peer_t *p, uint8_t *pkt, int len)
{
    uint8_t  out[MAX_PACKET + 64];

    if (p->dtls != 2) {
        return;
    }

    memcpy(out, pkt, len);

    if (srtp_protect(p->tx, out, &len) == srtp_err_status_ok) {
        transmit(p, out, len);
    }
}


static void
send_rtcp(peer_t *p, uint8_t *pkt, int len)
{
    uint8_t  out[MAX_PACKET + 64];

    if (p->dtls != 2 || p->mute) {
        return;
    }

    memcpy(out, pkt, len);

    if (srtp_protect_rtcp(p->tx, out, &len) == srtp_err_status_ok) {
        transmit(p, out, len);
    }
}


static int
write_ext(peer_t *p, send_t *s, uint8_t *q)
{
    int  n, len;

    n = 4;

    if (s->ext_mid) {
        len = strlen(s->mid);
        q[n++] = s->ext_mid << 4 | (len - 1);
        memcpy(q + n, s->mid, len);
        n += len;
    }

    if (s->ext_rid && s->rid[0]) {
        len = strlen(s->rid);
        q[n++] = s->ext_rid << 4 | (len - 1);
        memcpy(q + n, s->rid, len);
        n += len;
    }

    if (s->ext_twcc) {
        q[n++] = s->ext_twcc << 4 | 1;
        put16(q + n, p->twcc_seq++);
        n += 2;
    }

    if (s->ext_level) {
        q[n++] = s->ext_level << 4;
        q[n++] = 0x80 | 30;
    }

    if (n == 4) {
        return 0;
    }

    while (n & 3) {
        q[n++] = 0;
    }

    put16(q, 0xbede);
    put16(q + 2, n / 4 - 1);

    return n;
}


static void
send_frame(peer_t *p, send_t *s, int64_t now)
{
    int       i, n, key, count, at;
    uint8_t   pkt[MAX_PACKET];

    key = 0;
    count = s->burst;

    if (s->kind == 'v') {
        key = s->frames == 0 || s->want_key
              || (s->key_every && s->frames % s->key_every == 0);
        s->want_key = 0;

        if (key) {
            s->keyframes++;
            count *= 2;
        }
    }

    for (i = 0; i < count; i++) {
        memset(pkt, 0, sizeof(pkt));
        pkt[0] = 0x80;
        pkt[1] = s->pt | ((s->kind == 'v' && i == count - 1) ? 0x80 : 0);
        put16(pkt + 2, s->seq);
        put32(pkt + 4, s->ts);
        put32(pkt + 8, s->ssrc);

        at = 12;
        n = write_ext(p, s, pkt + 12);

        if (n) {
            pkt[0] |= 0x10;
            at += n;
        }

        if (s->kind == 'v') {

            /* RFC 7741: X, S; I; a picture id of 15 bits */

            pkt[at++] = 0x80 | (i == 0 ? 0x10 : 0);
            pkt[at++] = 0x80;
            put16(pkt + at, 0x8000 | (s->picture_id & 0x7fff));
            at += 2;

            if (i == 0) {
                pkt[at] = key ? 0x10 : 0x11;
                pkt[at + 1] = 0;
                pkt[at + 2] = 0;

                if (key) {
                    memcpy(pkt + at + 3, "\x9d\x01\x2a\x40\x01\xb4\x00", 7);
                }
            }

            at += 10;

        } else {
            pkt[at++] = 0xfc;          /* Opus, CELT 20 ms, one frame */
        }

        put64(pkt + at, MAGIC);
        put64(pkt + at + 8, s->counter++);
        put64(pkt + at + 16, now_us());
        at += 24;

        if (at < s->size) {
            memset(pkt + at, s->counter, s->size - at);
            at = s->size;
        }

        if (s->history) {
            n = s->seq % HISTORY;
            s->history[n].len = at;
            s->history[n].seq = s->seq;
            memcpy(s->history[n].data, pkt, at);
        }

        s->packets++;
        s->octets += at;
        s->seq++;

        if (s->drop > 0 && chance() < s->drop) {
            s->dropped++;
            continue;
        }

        send_rtp(p, pkt, at);
    }

    s->frames++;
    s->picture_id++;
    s->ts += s->clock / s->fps;
    s->next += 1000000 / s->fps;

    if (s->next < now - 1000000) {
        s->next = now;
    }
}


static void
retransmit(peer_t *p, send_t *s, uint16_t seq)
{
    int       n, hdr;
    uint8_t   pkt[MAX_PACKET + 2], *src;

    n = seq % HISTORY;

    if (s->history == NULL || s->history[n].len == 0
        || s->history[n].seq != seq)
    {
        return;
    }

    s->retransmitted++;
    src = s->history[n].data;

    /* the copies get lost like the originals */

    if (s->drop > 0 && chance() < s->drop) {
        return;
    }

    if (s->rtx_pt == 0) {
        send_rtp(p, src, s->history[n].len);
        return;
    }

    hdr = 12;

    if (src[0] & 0x10) {
        hdr += 4 + 4 * get16(src + 14);
    }

    memcpy(pkt, src, hdr);
    pkt[1] = (src[1] & 0x80) | s->rtx_pt;
    put16(pkt + 2, s->rtx_seq++);
    put32(pkt + 8, s->rtx_ssrc);
    put16(pkt + hdr, seq);
    memcpy(pkt + hdr + 2, src + hdr, s->history[n].len - hdr);

    send_rtp(p, pkt, s->history[n].len + 2);
}


/* media in */

static stream_t *
stream_find(peer_t *p, uint32_t ssrc, int create)
{
    int        i;
    stream_t  *s;

    for (i = 0; i < p->nstreams; i++) {
        if (p->streams[i]->ssrc == ssrc) {
            return p->streams[i];
        }
    }

    if (!create || p->nstreams == MAX_STREAMS) {
        return NULL;
    }

    s = calloc(1, sizeof(stream_t));
    s->ssrc = ssrc;
    p->streams[p->nstreams++] = s;

    return s;
}


static void
stream_packet(peer_t *p, uint8_t *d, int n, int64_t now, int rtx)
{
    int        at, ext, i, len;
    int16_t    diff;
    int32_t    d32;
    int64_t    seq, transit;
    uint32_t   ts;
    uint64_t   counter;
    stream_t  *s;

    s = stream_find(p, get32(d + 8), 1);

    if (s == NULL) {
        p->rx_bad++;
        return;
    }

    at = 12 + 4 * (d[0] & 15);

    if (d[0] & 0x10) {
        ext = at + 4;
        len = 4 * get16(d + at + 2);
        at += 4 + len;

        if (at > n) {
            p->rx_bad++;
            return;
        }

        for (i = ext; get16(d + ext - 4) == 0xbede && i < at; /* void */) {
            if (d[i] == 0) {
                i++;
                continue;
            }

            if (d[i] >> 4 == p->mid_ext && (d[i] & 15) < 16) {
                len = (d[i] & 15) + 1;
                memcpy(s->mid, d + i + 1, len);
                s->mid[len] = '\0';
            }

            i += (d[i] & 15) + 2;
        }
    }

    ts = get32(d + 4);

    if (!s->started) {
        s->started = 1;
        s->highest = get16(d + 2);
        s->contiguous = s->highest - 1;
        s->expected_prior = s->highest - 1;
        s->first_at = s->progress_at = now;
        s->ts = ts;
        s->pt = d[1] & 127;
        memset(s->seen, 0, sizeof(s->seen));
    }

    diff = (int16_t) (get16(d + 2) - (s->highest & 0xffff));
    seq = s->highest + diff;

    if (seq <= s->contiguous || s->seen[seq % WINDOW]) {
        s->dup++;
        return;
    }

    if (diff > 0) {

        if (diff >= WINDOW / 2) {
            s->jumps++;
            s->contiguous = seq - 1;
            memset(s->seen, 0, sizeof(s->seen));
        }

        for (i = 1; i < diff && i < WINDOW; i++) {
            s->tries[(s->highest + i) % WINDOW] = 0;
            s->asked[(s->highest + i) % WINDOW] = now + 10000;
        }

        s->highest = seq;

        d32 = (int32_t) (ts - s->ts);

        if (d32 > 900000 || d32 < -900000) {
            s->jumps++;
        }

        s->ts = ts;

        transit = now * 90 / 1000 - ts;
        if (s->transit) {
            s->jitter += (llabs(transit - s->transit) - s->jitter) / 16;
        }

        s->transit = transit;

    } else if (!rtx) {
        s->reordered++;
    }

    if (rtx) {
        s->recovered++;
    }

    s->packets++;
    s->last_at = now;
    s->seen[seq % WINDOW] = 1;

    if (n - at > 14 && (d[at] & 0x90) == 0x90 && (d[at + 1] & 0x80)
        && memcmp(d + at + 7, "\x9d\x01\x2a", 3) == 0)
    {
        s->keyframes++;
    }

    for (i = at; i + 24 <= n && i < at + 20; i++) {
        if (get64(d + i) == MAGIC) {
            break;
        }
    }

    if (i + 24 > n || i >= at + 20) {
        s->foreign++;

    } else {
        counter = get64(d + i + 8);

        if (diff > 0 || s->packets == 1) {

            if (s->packets == 1) {
                s->first_counter = counter;

            } else if (counter <= s->counter) {
                s->bad_order++;
            }

            s->counter = counter;
        }

        if (!rtx) {
            double  ms = (now - (int64_t) get64(d + i + 16)) / 1000.0;

            s->latency_sum += ms;

            if (ms > s->latency_max) {
                s->latency_max = ms;
            }
        }
    }

    /* what a decoder could show: all without a hole */

    if (s->seen[(s->contiguous + 1) % WINDOW]) {

        if (now - s->progress_at > s->longest_gap) {
            s->longest_gap = now - s->progress_at;
        }

        s->progress_at = now;

        while (s->contiguous < s->highest
               && s->seen[(s->contiguous + 1) % WINDOW])
        {
            s->contiguous++;
            s->seen[s->contiguous % WINDOW] = 0;
        }
    }

    stream_ask(p, s, now);
}


/* NACK for holes; after ten tries the hole is given up */

static void
stream_ask(peer_t *p, stream_t *s, int64_t now)
{
    int       n;
    int64_t   seq;
    uint8_t   pkt[1200];

    if (s->highest - s->contiguous > WINDOW - 2) {
        s->contiguous = s->highest - WINDOW / 2;
    }

    if (!p->nack) {

        /* holes older than 300 packets never close */

        while (s->highest - s->contiguous > 300) {
            s->contiguous++;
            s->seen[s->contiguous % WINDOW] = 0;
        }

        return;
    }

    n = 12;

    for (seq = s->contiguous + 1; seq < s->highest && n < 1000; seq++) {

        if (s->seen[seq % WINDOW] || s->asked[seq % WINDOW] > now) {
            continue;
        }

        if (s->tries[seq % WINDOW] >= 10) {
            if (seq == s->contiguous + 1) {
                s->contiguous++;
            }

            continue;
        }

        s->tries[seq % WINDOW]++;
        s->asked[seq % WINDOW] = now + 60000;
        s->nacked++;

        put16(pkt + n, seq & 0xffff);
        put16(pkt + n + 2, 0);
        n += 4;
    }

    if (n > 12) {
        pkt[0] = 0x81;
        pkt[1] = 205;
        put16(pkt + 2, n / 4 - 1);
        put32(pkt + 4, 1);
        put32(pkt + 8, s->ssrc);
        send_rtcp(p, pkt, n);
    }
}


static void
rtp_receive(peer_t *p, uint8_t *d, int n, int64_t now)
{
    int        i, at;
    stream_t  *s;

    if (p->dtls != 2) {
        p->rx_before++;
        return;
    }

    if (srtp_unprotect(p->rx, d, &n) != srtp_err_status_ok) {
        p->rx_bad++;
        return;
    }

    p->rx_packets++;

    /* arrival for transport-wide feedback, lost ones included */

    if (d[0] & 0x20) {
        n -= d[n - 1];

        if (n <= 12) {
            return;
        }
    }

    at = 12 + 4 * (d[0] & 15);

    if (p->twcc_ext && (d[0] & 0x10)) {
        int  end = at + 4 + 4 * get16(d + at + 2);

        for (i = at + 4; i + 2 < end && i + 2 < n; i += (d[i] & 15) + 2) {
            if (d[i] >> 4 == p->twcc_ext) {
                uint16_t  t = get16(d + i + 1);

                if (p->fb_n == 0) {
                    p->fb_base = t;
                    memset(p->fb_at, 0, sizeof(p->fb_at));
                }

                if ((uint16_t) (t - p->fb_base) < 512) {
                    p->fb_at[(uint16_t) (t - p->fb_base)] = now;

                    if ((uint16_t) (t - p->fb_base) >= p->fb_n) {
                        p->fb_n = (uint16_t) (t - p->fb_base) + 1;
                    }
                }

                break;
            }

            if (d[i] == 0) {
                break;
            }
        }
    }

    if (p->drop > 0 && chance() < p->drop) {
        s = stream_find(p, get32(d + 8), 0);
        if (s) {
            s->dropped++;
        }

        return;
    }

    for (i = 0; i < p->nrtx; i++) {
        if (get32(d + 8) == p->rtx_ssrc[i]) {

            /* RFC 4588: the original sequence number leads the payload */

            at = 12 + 4 * (d[0] & 15);

            if (d[0] & 0x10) {
                at += 4 + 4 * get16(d + at + 2);
            }

            if (at + 2 > n) {
                return;
            }

            put16(d + 2, get16(d + at));
            memmove(d + at, d + at + 2, n - at - 2);
            put32(d + 8, p->rtx_of[i]);
            stream_packet(p, d, n - 2, now, 1);
            return;
        }
    }

    stream_packet(p, d, n, now, 0);
}


static send_t *
send_find(peer_t *p, uint32_t ssrc)
{
    int  i;

    for (i = 0; i < p->nsends; i++) {
        if (p->sends[i].ssrc == ssrc) {
            return &p->sends[i];
        }
    }

    return NULL;
}


static void
rtcp_receive(peer_t *p, uint8_t *d, int n, int64_t now)
{
    int        len, i, b, fmt;
    send_t    *s;
    stream_t  *st;

    if (p->dtls != 2) {
        p->rx_before++;
        return;
    }

    if (srtp_unprotect_rtcp(p->rx, d, &n) != srtp_err_status_ok) {
        p->rx_bad++;
        return;
    }

    for (/* void */; n >= 4; d += len, n -= len) {
        len = 4 + 4 * get16(d + 2);

        if (len > n) {
            p->rx_bad++;
            return;
        }

        fmt = d[0] & 31;

        switch (d[1]) {

        case 200:
            p->got_sr++;
            st = stream_find(p, get32(d + 4), 0);

            if (st && len >= 28) {
                st->sr_ntp = get32(d + 10);
                st->sr_at = now;
                st->srs++;
            }

            break;

        case 201:
            p->got_rr++;
            break;

        case 202:
            p->got_sdes++;

            if (len > 10 && d[8] == 1) {
                snprintf(p->cname, sizeof(p->cname), "%.*s",
                         d[9] < len - 10 ? d[9] : len - 10, d + 10);
            }

            break;

        case 203:
            p->got_bye++;
            st = len >= 8 ? stream_find(p, get32(d + 4), 0) : NULL;

            if (st) {
                st->bye = 1;
            }

            break;

        case 205:
            if (fmt == 1) {
                s = send_find(p, get32(d + 8));

                for (i = 12; s && i + 4 <= len; i += 4) {
                    p->got_nack++;
                    retransmit(p, s, get16(d + i));

                    for (b = 0; b < 16; b++) {
                        if (get16(d + i + 2) & 1 << b) {
                            p->got_nack++;
                            retransmit(p, s, get16(d + i) + b + 1);
                        }
                    }
                }

            } else if (fmt == 15) {
                p->got_twcc++;
                p->twcc_acked += len >= 20 ? get16(d + 14) : 0;
            }

            break;

        case 206:
            if (fmt == 1) {
                p->got_pli++;
                s = send_find(p, get32(d + 8));

                if (s) {
                    s->want_key = 1;
                }

            } else if (fmt == 4) {
                p->got_fir++;

                for (i = 12; i + 8 <= len; i += 8) {
                    s = send_find(p, get32(d + i));

                    if (s) {
                        s->want_key = 1;
                    }
                }

            } else if (fmt == 15) {
                p->got_remb++;
            }

            break;
        }
    }
}


static void
rtcp_report(peer_t *p, int64_t now)
{
    int               i, n, lost;
    int64_t           expected;
    uint8_t           pkt[1400], *q;
    send_t           *s;
    stream_t         *st;
    struct timespec   ts;

    clock_gettime(CLOCK_REALTIME, &ts);

    for (i = 0; i < p->nsends; i++) {
        s = &p->sends[i];

        if (s->packets == 0) {
            continue;
        }

        pkt[0] = 0x80;
        pkt[1] = 200;
        put16(pkt + 2, 6);
        put32(pkt + 4, s->ssrc);
        put32(pkt + 8, ts.tv_sec + 2208988800U);
        put32(pkt + 12, (uint32_t) (ts.tv_nsec * 4.294967296));
        put32(pkt + 16, s->ts);
        put32(pkt + 20, s->packets);
        put32(pkt + 24, s->octets);

        q = pkt + 28;
        q[0] = 0x81;
        q[1] = 202;
        put16(q + 2, 3);
        put32(q + 4, s->ssrc);
        memcpy(q + 8, "\x01\x04peer\0\0", 8);

        send_rtcp(p, pkt, 44);
    }

    n = 8;

    for (i = 0; i < p->nstreams && i < 31; i++) {
        st = p->streams[i];

        expected = st->highest - st->expected_prior;
        lost = expected - (int64_t) (st->packets - st->received_prior);

        q = pkt + n;
        put32(q, st->ssrc);
        put32(q + 4, 0);
        q[4] = expected > 0 && lost > 0 ? lost * 255 / expected : 0;
        put32(q + 8, st->highest);
        put32(q + 12, st->jitter);
        put32(q + 16, st->sr_ntp);
        put32(q + 20, st->sr_at ? (now - st->sr_at) * 65536 / 1000000 : 0);
        n += 24;

        st->expected_prior = st->highest;
        st->received_prior = st->packets;
    }

    if (n > 8) {
        pkt[0] = 0x80 | ((n - 8) / 24);
        pkt[1] = 201;
        put16(pkt + 2, n / 4 - 1);
        put32(pkt + 4, 1);
        send_rtcp(p, pkt, n);
    }
}


/* draft-holmer-rmcat-transport-wide-cc-extensions-01, two-bit symbols */

static void
twcc_report(peer_t *p)
{
    int       i, n, k, sym[512];
    int64_t   ref, last, d, delta[512];
    uint8_t   pkt[1400];

    if (p->fb_n == 0) {
        return;
    }

    for (i = 0; i < p->fb_n && p->fb_at[i] == 0; i++) { /* void */ }

    ref = p->fb_at[i] / 64000;
    last = ref * 64000;

    for (i = 0; i < p->fb_n; i++) {
        sym[i] = 0;

        if (p->fb_at[i] == 0) {
            continue;
        }

        d = (p->fb_at[i] - last) / 250;
        last += d * 250;
        delta[i] = d;
        sym[i] = d >= 0 && d < 256 ? 1 : 2;
    }

    pkt[0] = 0x8f;
    pkt[1] = 205;
    put32(pkt + 4, 1);
    put32(pkt + 8, p->nstreams ? p->streams[0]->ssrc : 0);
    put16(pkt + 12, p->fb_base);
    put16(pkt + 14, p->fb_n);
    put32(pkt + 16, (uint32_t) ref << 8 | p->fb_count++);
    n = 20;

    for (i = 0; i < p->fb_n; i += 7) {
        unsigned  chunk = 0xc000;

        for (k = 0; k < 7 && i + k < p->fb_n; k++) {
            chunk |= sym[i + k] << (12 - 2 * k);
        }

        put16(pkt + n, chunk);
        n += 2;
    }

    for (i = 0; i < p->fb_n && n < 1300; i++) {
        if (sym[i] == 1) {
            pkt[n++] = delta[i];

        } else if (sym[i] == 2) {
            put16(pkt + n, delta[i]);
            n += 2;
        }
    }

    while (n & 3) {
        pkt[n++] = 0;
    }

    put16(pkt + 2, n / 4 - 1);
    p->fb_n = 0;

    send_rtcp(p, pkt, n);
}


/* the loop */

static void
receive(peer_t *p, int64_t now)
{
    int       i;
    ssize_t   n;
    uint8_t   d[2048];

    for (i = 0; i < 64; i++) {
        n = recv(p->fd, d, sizeof(d), MSG_DONTWAIT);

        if (n <= 0) {
            return;
        }

        if (d[0] < 4) {
            stun_receive(p, d, n, now);

        } else if (d[0] >= 20 && d[0] < 64) {

            if (p->ssl == NULL) {
                if (p->ice == 0 || p->client) {
                    continue;
                }

                dtls_start(p, now);
            }

            if (p->stall) {
                continue;
            }

            BIO_write(p->in, d, n);
            dtls_step(p);

        } else if (d[0] >= 128 && d[0] < 192 && n >= 12) {

            if (d[1] >= 192 && d[1] <= 223) {
                rtcp_receive(p, d, n, now);

            } else {
                rtp_receive(p, d, n, now);
            }

        } else {
            p->rx_bad++;
        }
    }
}


static int64_t
timers(peer_t *p, int64_t now)
{
    int              i;
    int64_t          next = now + 100000;
    struct timeval   tv;

    if (p->ice && p->consent) {
        if (p->next_check <= now) {
            stun_check(p, now);
        }

        if (p->next_check < next) {
            next = p->next_check;
        }
    }

    if (p->dtls == 1 && !p->stall) {
        if (DTLSv1_get_timeout(p->ssl, &tv)) {
            int64_t  t = (int64_t) tv.tv_sec * 1000000 + tv.tv_usec;

            if (t == 0) {
                DTLSv1_handle_timeout(p->ssl);

            } else if (now + t < next) {
                next = now + t;
            }
        }
    }

    if (p->dtls != 2) {
        return next;
    }

    for (i = 0; i < p->nsends; i++) {
        while (p->sends[i].active && p->sends[i].next <= now) {
            send_frame(p, &p->sends[i], now);
        }

        if (p->sends[i].active && p->sends[i].next < next) {
            next = p->sends[i].next;
        }
    }

    if (p->next_rtcp <= now) {
        rtcp_report(p, now);
        p->next_rtcp = now + 1000000;
    }

    if (p->twcc_ext && p->next_fb <= now) {
        twcc_report(p);
        p->next_fb = now + 100000;
    }

    if (p->nack) {
        for (i = 0; i < p->nstreams; i++) {
            stream_ask(p, p->streams[i], now);
        }

        if (now + 20000 < next) {
            next = now + 20000;
        }
    }

    return next;
}


static void
peer_free(peer_t *p)
{
    int  i;

    if (p->dtls == 2) {
        SSL_shutdown(p->ssl);
    }

    SSL_free(p->ssl);

    if (p->tx) {
        srtp_dealloc(p->tx);
    }

    if (p->rx) {
        srtp_dealloc(p->rx);
    }

    for (i = 0; i < p->nsends; i++) {
        free(p->sends[i].history);
    }

    for (i = 0; i < p->nstreams; i++) {
        free(p->streams[i]);
    }

    close(p->fd);
    peers[p->id] = NULL;
    free(p);
}


/* commands */

static const char *
str(json_t *o, const char *k, const char *def)
{
    const char  *s = json_string_value(json_object_get(o, k));

    return s ? s : def;
}


static double
num(json_t *o, const char *k, double def)
{
    json_t  *v = json_object_get(o, k);

    return json_is_number(v) ? json_number_value(v)
           : json_is_boolean(v) ? json_is_true(v) : def;
}


static int
open_socket(peer_t *p, const char *bind_to)
{
    int                      size = 4 * 1024 * 1024;
    struct sockaddr_in      *sin;
    struct sockaddr_in6     *sin6;
    struct sockaddr_storage  ss;
    socklen_t                len;

    memset(&ss, 0, sizeof(ss));
    sin = (struct sockaddr_in *) &ss;
    sin6 = (struct sockaddr_in6 *) &ss;

    if (strchr(bind_to, ':')) {
        sin6->sin6_family = AF_INET6;
        inet_pton(AF_INET6, bind_to, &sin6->sin6_addr);
        len = sizeof(*sin6);

    } else {
        sin->sin_family = AF_INET;
        inet_pton(AF_INET, bind_to, &sin->sin_addr);
        len = sizeof(*sin);
    }

    p->fd = socket(ss.ss_family, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    p->family = ss.ss_family;
    setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

    return p->fd < 0 ? -1 : bind(p->fd, (struct sockaddr *) &ss, len);
}


static void
cmd_create(int id, json_t *o)
{
    int       i;
    peer_t   *p;
    uint8_t   r[20];

    static const char  abc[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    p = calloc(1, sizeof(peer_t));
    p->id = id;
    p->used = 1;

    if (open_socket(p, str(o, "bind", "127.0.0.1")) < 0) {
        say(json_pack("{s:s,s:i,s:s}", "ev", "error", "id", id, "why",
                      strerror(errno)));
        free(p);
        return;
    }

    RAND_bytes(r, 20);

    for (i = 0; i < 8; i++) {
        p->ufrag[i] = abc[r[i] % 36];
    }

    for (i = 0; i < 32; i++) {
        RAND_bytes(r, 1);
        p->pwd[i] = abc[r[0] % 36];
    }

    RAND_bytes((uint8_t *) &p->tiebreaker, 8);

    peers[id] = p;

    say(json_pack("{s:s,s:i,s:s,s:s,s:s}", "ev", "created", "id", id, "ufrag",
                  p->ufrag, "pwd", p->pwd, "fingerprint", fingerprint));
}


static void
set_remote(peer_t *p, json_t *r)
{
    const char           *ip;
    struct sockaddr_in   *sin = (struct sockaddr_in *) &p->remote;
    struct sockaddr_in6  *sin6 = (struct sockaddr_in6 *) &p->remote;

    snprintf(p->rufrag, sizeof(p->rufrag), "%s", str(r, "ufrag", ""));
    snprintf(p->rpwd, sizeof(p->rpwd), "%s", str(r, "pwd", ""));

    if (json_object_get(r, "fingerprint")) {
        snprintf(p->rfp, sizeof(p->rfp), "%s", str(r, "fingerprint", ""));
    }

    ip = str(r, "ip", NULL);

    if (ip == NULL) {
        return;
    }

    memset(&p->remote, 0, sizeof(p->remote));

    if (strchr(ip, ':')) {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_port = htons(num(r, "port", 0));
        inet_pton(AF_INET6, ip, &sin6->sin6_addr);
        p->remotelen = sizeof(*sin6);

    } else {
        sin->sin_family = AF_INET;
        sin->sin_port = htons(num(r, "port", 0));
        inet_pton(AF_INET, ip, &sin->sin_addr);
        p->remotelen = sizeof(*sin);
    }
}


static void
cmd_connect(peer_t *p, json_t *o)
{
    set_remote(p, json_object_get(o, "remote"));
    snprintf(p->profiles, sizeof(p->profiles), "%s",
             str(o, "profiles", profiles));

    p->controlling = strcmp(str(o, "role", "controlling"), "controlling") == 0;
    p->client = strcmp(str(o, "setup", "active"), "active") == 0;
    p->nominate = num(o, "nominate", 1);
    p->stall = num(o, "stall", 0);
    p->consent = 1;
    p->checks = 0;
    p->ice = 1;
    p->next_check = 0;
    p->started = now_us();
}


static void
cmd_send(peer_t *p, json_t *o)
{
    send_t      *s;
    json_t      *e;
    uint16_t     r;
    const char  *kind;

    s = send_find(p, num(o, "ssrc", 0));

    if (s == NULL) {
        if (p->nsends == MAX_SENDS) {
            return;
        }

        s = &p->sends[p->nsends++];
        RAND_bytes((uint8_t *) &r, 2);
        s->seq = json_object_get(o, "seq") ? num(o, "seq", 0) : r;
        s->rtx_seq = 1000;
        RAND_bytes((uint8_t *) &s->ts, 4);
        s->picture_id = r;
    }

    kind = str(o, "kind", "audio");
    s->kind = kind[0];
    s->ssrc = num(o, "ssrc", 0);
    s->rtx_ssrc = num(o, "rtx_ssrc", 0);
    s->pt = num(o, "pt", 111);
    s->rtx_pt = num(o, "rtx_pt", 0);
    s->clock = s->kind == 'v' ? 90000 : 48000;
    s->fps = num(o, "fps", s->kind == 'v' ? 30 : 50);
    s->burst = num(o, "burst", s->kind == 'v' ? 4 : 1);
    s->size = num(o, "size", s->kind == 'v' ? 1100 : 100);
    s->key_every = num(o, "key_every", 0);
    s->drop = num(o, "drop", 0);
    s->active = 1;
    s->next = now_us();

    if (num(o, "nack", s->kind == 'v') && s->history == NULL) {
        s->history = calloc(HISTORY, sizeof(*s->history));
    }

    e = json_object_get(o, "ext");
    s->ext_mid = num(e, "mid", 0);
    s->ext_rid = num(e, "rid", 0);
    s->ext_twcc = num(e, "twcc", 0);
    s->ext_level = num(e, "level", 0);
    snprintf(s->mid, sizeof(s->mid), "%s", str(o, "mid", "0"));
    snprintf(s->rid, sizeof(s->rid), "%s", str(o, "rid", ""));
}


static void
cmd_receive(peer_t *p, json_t *o)
{
    size_t   i;
    json_t  *v;

    p->nack = num(o, "nack", 0);
    p->drop = num(o, "drop", 0);
    p->twcc_ext = num(o, "twcc_ext", 0);
    p->mid_ext = num(o, "mid_ext", 0);
    p->mute = num(o, "mute", 0);
    p->nrtx = 0;

    json_array_foreach(json_object_get(o, "rtx"), i, v) {
        if (i < MAX_STREAMS) {
            p->rtx_ssrc[i] = json_integer_value(json_array_get(v, 0));
            p->rtx_of[i] = json_integer_value(json_array_get(v, 1));
            p->nrtx++;
        }
    }
}


static void
cmd_stats(peer_t *p, json_t *o)
{
    int        i;
    json_t    *st, *streams, *sends;
    send_t    *s;
    stream_t  *t;
    int64_t    now, gap;

    now = now_us();
    streams = json_array();
    sends = json_array();

    for (i = 0; i < p->nstreams; i++) {
        t = p->streams[i];
        gap = now - t->progress_at > t->longest_gap ? now - t->progress_at
                                                    : t->longest_gap;

        st = json_pack("{s:I,s:i,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
                       "ssrc", (json_int_t) t->ssrc, "pt", t->pt,
                       "mid", t->mid,
                       "packets", (json_int_t) t->packets,
                       "missing", (json_int_t) (t->highest - t->contiguous),
                       "dup", (json_int_t) t->dup,
                       "reordered", (json_int_t) t->reordered,
                       "recovered", (json_int_t) t->recovered,
                       "nacked", (json_int_t) t->nacked,
                       "keyframes", (json_int_t) t->keyframes);

        json_object_set_new(st, "jumps", json_integer(t->jumps));
        json_object_set_new(st, "foreign", json_integer(t->foreign));
        json_object_set_new(st, "bad_order", json_integer(t->bad_order));
        json_object_set_new(st, "dropped", json_integer(t->dropped));
        json_object_set_new(st, "counter", json_integer(t->counter));
        json_object_set_new(st, "first_counter",
                            json_integer(t->first_counter));
        json_object_set_new(st, "gap_ms", json_real(gap / 1000.0));
        json_object_set_new(st, "first_ms",
                            json_real((t->first_at - p->started) / 1000.0));
        json_object_set_new(st, "idle_ms",
                            json_real((now - t->last_at) / 1000.0));
        json_object_set_new(st, "latency_ms",
                            json_real(t->packets ? t->latency_sum / t->packets
                                                 : 0));
        json_object_set_new(st, "latency_max_ms", json_real(t->latency_max));
        json_object_set_new(st, "srs", json_integer(t->srs));
        json_object_set_new(st, "bye", json_boolean(t->bye));
        json_array_append_new(streams, st);

        if (num(o, "reset", 0)) {
            t->longest_gap = 0;
            t->progress_at = now;
        }
    }

    for (i = 0; i < p->nsends; i++) {
        s = &p->sends[i];

        json_array_append_new(sends, json_pack(
            "{s:I,s:I,s:I,s:I,s:I,s:I}",
            "ssrc", (json_int_t) s->ssrc,
            "packets", (json_int_t) s->packets,
            "dropped", (json_int_t) s->dropped,
            "retransmitted", (json_int_t) s->retransmitted,
            "keyframes", (json_int_t) s->keyframes,
            "counter", (json_int_t) s->counter));
    }

    st = json_pack("{s:s,s:i,s:o,s:o,s:i,s:i,s:i,s:s}", "ev", "stats",
                   "id", p->id, "streams", streams, "sends", sends,
                   "ice", p->ice, "dtls", p->dtls, "stun_error",
                   p->stun_error, "cname", p->cname);

#define add(name)                                                             \
    json_object_set_new(st, #name, json_integer(p->name))

    add(rx_packets);
    add(rx_bad);
    add(rx_before);
    add(got_nack);
    add(got_pli);
    add(got_fir);
    add(got_twcc);
    add(twcc_acked);
    add(got_remb);
    add(got_rr);
    add(got_sr);
    add(got_sdes);
    add(got_bye);
    add(stun_errors);

#undef add

    json_object_set_new(st, "idle_ms",
                        json_real((now - p->last_response) / 1000.0));
    say(st);
}


static void
cmd_raw(peer_t *p, json_t *o)
{
    size_t       i, n;
    uint8_t      d[2048];
    unsigned     v;
    const char  *hex;

    hex = str(o, "hex", "");
    n = strlen(hex) / 2;

    for (i = 0; i < n && i < sizeof(d); i++) {
        sscanf(hex + 2 * i, "%2x", &v);
        d[i] = v;
    }

    transmit(p, d, i);
}


static void
cmd_pli(peer_t *p, json_t *o)
{
    int      i;
    uint8_t  pkt[12];

    for (i = 0; i < p->nstreams; i++) {
        if (num(o, "ssrc", p->streams[i]->ssrc) != p->streams[i]->ssrc) {
            continue;
        }

        pkt[0] = 0x81;
        pkt[1] = 206;
        put16(pkt + 2, 2);
        put32(pkt + 4, 1);
        put32(pkt + 8, p->streams[i]->ssrc);
        send_rtcp(p, pkt, 12);
    }
}


/* the peer's address changes, as by a new network: a new socket and checks */

static void
cmd_move(peer_t *p, json_t *o)
{
    int   fd;
    BIO  *out;

    fd = p->fd;

    if (open_socket(p, str(o, "bind", p->family == AF_INET6 ? "::1"
                                                            : "127.0.0.1"))
        < 0)
    {
        p->fd = fd;
        return;
    }

    if (connect(p->fd, (struct sockaddr *) &p->remote, p->remotelen) < 0) {
        perror("connect");
    }

    if (p->ssl) {
        out = BIO_new_dgram(p->fd, BIO_NOCLOSE);
        BIO_ctrl(out, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &p->remote);
        SSL_set0_wbio(p->ssl, out);
    }

    close(fd);

    p->ice = 1;
    p->checks = 0;
    p->next_check = 0;
}


static void
cmd_restart(peer_t *p, json_t *o)
{
    snprintf(p->ufrag, sizeof(p->ufrag), "%s", str(o, "ufrag", p->ufrag));
    snprintf(p->pwd, sizeof(p->pwd), "%s", str(o, "pwd", p->pwd));
    set_remote(p, json_object_get(o, "remote"));
    p->ice = 1;
    p->checks = 0;
    p->next_check = 0;
}


static int
command(char *line)
{
    int           id, i;
    json_t       *o;
    peer_t       *p;
    send_t       *s;
    const char   *cmd;
    json_error_t  err;

    o = json_loads(line, 0, &err);

    if (o == NULL) {
        say(json_pack("{s:s,s:s}", "ev", "error", "why", err.text));
        return 0;
    }

    cmd = str(o, "cmd", "");
    id = num(o, "id", 0);

    if (strcmp(cmd, "quit") == 0) {
        json_decref(o);
        return 1;
    }

    if (id < 0 || id >= MAX_PEERS) {
        say(json_pack("{s:s,s:i,s:s}", "ev", "error", "id", id, "why",
                      "no such id"));
        json_decref(o);
        return 0;
    }

    p = peers[id];

    if (strcmp(cmd, "create") == 0 && p == NULL) {
        cmd_create(id, o);
        json_decref(o);
        return 0;
    }

    if (p == NULL) {
        say(json_pack("{s:s,s:i,s:s}", "ev", "error", "id", id, "why",
                      "no such peer"));
        json_decref(o);
        return 0;
    }

    if (strcmp(cmd, "stats") == 0) {
        cmd_stats(p, o);
        json_decref(o);
        return 0;
    }

    if (strcmp(cmd, "connect") == 0) {
        cmd_connect(p, o);

    } else if (strcmp(cmd, "send") == 0) {
        cmd_send(p, o);

    } else if (strcmp(cmd, "stop") == 0) {
        for (i = 0; i < p->nsends; i++) {
            if (num(o, "ssrc", p->sends[i].ssrc) == p->sends[i].ssrc) {
                p->sends[i].active = 0;
            }
        }

    } else if (strcmp(cmd, "resume") == 0) {
        s = send_find(p, num(o, "ssrc", 0));

        if (s) {
            s->active = 1;
            s->next = now_us();
        }

    } else if (strcmp(cmd, "receive") == 0) {
        cmd_receive(p, o);

    } else if (strcmp(cmd, "pli") == 0) {
        cmd_pli(p, o);

    } else if (strcmp(cmd, "raw") == 0) {
        cmd_raw(p, o);

    } else if (strcmp(cmd, "move") == 0) {
        cmd_move(p, o);

    } else if (strcmp(cmd, "restart") == 0) {
        cmd_restart(p, o);

    } else if (strcmp(cmd, "silence") == 0) {
        p->consent = 0;                /* no checks any more: consent lost */

    } else if (strcmp(cmd, "close") == 0) {
        peer_free(p);

    } else {
        say(json_pack("{s:s,s:i,s:s}", "ev", "error", "id", id, "why",
                      "unknown command"));
        json_decref(o);
        return 0;
    }

    say(json_pack("{s:s,s:i,s:s}", "ev", "ok", "id", id, "cmd", cmd));
    json_decref(o);

    return 0;
}


int
main(int argc, char **argv)
{
    int             i, n, quit;
    char           *eol;
    size_t          used;
    int64_t         now, next, t;
    ssize_t         got;
    static char     in[256 * 1024];
    struct pollfd  *fds;
    int            *ids;

    if (argc > 1) {
        seed = atoi(argv[1]);
    }

    srtp_init();
    dtls_init();

    fds = calloc(MAX_PEERS + 1, sizeof(*fds));
    ids = calloc(MAX_PEERS + 1, sizeof(*ids));
    used = 0;
    quit = 0;

    while (!quit) {
        now = now_us();
        next = now + 100000;
        n = 1;
        fds[0].fd = 0;
        fds[0].events = POLLIN;

        for (i = 0; i < MAX_PEERS; i++) {
            if (peers[i] == NULL) {
                continue;
            }

            t = timers(peers[i], now);
            next = t < next ? t : next;

            fds[n].fd = peers[i]->fd;
            fds[n].events = POLLIN;
            ids[n++] = i;
        }

        now = now_us();
        t = next > now ? (next - now + 999) / 1000 : 0;

        if (poll(fds, n, t) < 0 && errno != EINTR) {
            break;
        }

        now = now_us();

        for (i = 1; i < n; i++) {
            if (fds[i].revents && peers[ids[i]]) {
                receive(peers[ids[i]], now);
            }
        }

        if (fds[0].revents) {
            got = read(0, in + used, sizeof(in) - used - 1);

            if (got <= 0) {
                break;
            }

            used += got;
            in[used] = '\0';

            while (!quit && (eol = strchr(in, '\n')) != NULL) {
                *eol = '\0';
                quit = command(in);
                used -= eol + 1 - in;
                memmove(in, eol + 1, used + 1);
            }
        }
    }

    for (i = 0; i < MAX_PEERS; i++) {
        if (peers[i]) {
            peer_free(peers[i]);
        }
    }

    SSL_CTX_free(ctx);
    X509_free(cert);
    srtp_shutdown();
    free(fds);
    free(ids);

    return 0;
}
