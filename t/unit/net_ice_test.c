
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * ICE-lite with a simulated time.  Requests are made and responses checked
 * by a small STUN of this file, which has to pass RFC 5769 first.
 *
 * link: src/net/ngx_rtc_ice.c
 */


#include "test.h"

#include <openssl/hmac.h>

#include "ngx_rtc_ice.h"


#define SECOND         1000000

#define CONTROLLING    0x01
#define CONTROLLED     0x02
#define USE_CANDIDATE  0x04
#define BAD_INTEGRITY  0x08
#define BAD_CRC        0x10
#define UNKNOWN        0x20
#define NO_INTEGRITY   0x40
#define AFTER          0x80    /* USE-CANDIDATE behind MESSAGE-INTEGRITY */


static ngx_rtc_ice_t          ice;
static ngx_rtc_ice_cred_t     cred;
static ngx_rtc_ice_result_t   res;
static ngx_rtc_addr_t         host, other, local;
static ngx_uint_t             gone;
static u_char                 request[512];


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


static void
set_len(u_char *p, size_t len)
{
    p[2] = (u_char) ((len - 20) >> 8);
    p[3] = (u_char) (len - 20);
}


static u_char *
attr(u_char *p, ngx_uint_t type, const void *data, size_t len)
{
    *p++ = (u_char) (type >> 8);
    *p++ = (u_char) type;
    *p++ = (u_char) (len >> 8);
    *p++ = (u_char) len;

    memset(p, 0, (len + 3) & ~3);

    if (len) {
        memcpy(p, data, len);
    }

    return p + ((len + 3) & ~3);
}


static void
integrity(u_char *msg, u_char *at, const char *pwd, size_t pwd_len,
    u_char *mac)
{
    u_char        len[2];
    unsigned int  n;

    memcpy(len, msg + 2, 2);
    set_len(msg, at - msg + 24);

    HMAC(EVP_sha1(), pwd, (int) pwd_len, msg, at - msg, mac, &n);

    memcpy(msg + 2, len, 2);
}


/* the value of an attribute, or NULL */

static u_char *
find(u_char *msg, size_t len, ngx_uint_t type, size_t *size)
{
    size_t   n;
    u_char  *p;

    for (p = msg + 20; p + 4 <= msg + len; p += 4 + ((n + 3) & ~3)) {
        n = (p[2] << 8) | p[3];

        if ((ngx_uint_t) ((p[0] << 8) | p[1]) == type) {
            *size = n;
            return p + 4;
        }
    }

    return NULL;
}


/* MESSAGE-INTEGRITY and FINGERPRINT of a message */

static ngx_uint_t
authentic(u_char *msg, size_t len, const char *pwd, size_t pwd_len)
{
    size_t    n;
    u_char   *mi, *fp, mac[20];
    uint32_t  c;

    mi = find(msg, len, 0x0008, &n);
    fp = find(msg, len, 0x8028, &n);

    if (mi == NULL || fp == NULL) {
        return 0;
    }

    integrity(msg, mi - 4, pwd, pwd_len, mac);

    c = crc(msg, fp - 4 - msg) ^ 0x5354554e;

    return memcmp(mac, mi, 20) == 0
           && fp[0] == (u_char) (c >> 24) && fp[1] == (u_char) (c >> 16)
           && fp[2] == (u_char) (c >> 8) && fp[3] == (u_char) c;
}


static size_t
make(ngx_rtc_ice_cred_t *c, ngx_uint_t flags, ngx_uint_t type,
    uint32_t nomination)
{
    u_char    *p, mac[20], name[64], value[8];
    uint32_t   n;

    static u_char  id;

    p = request;

    memcpy(p, "\x00\x01\x00\x00\x21\x12\xa4\x42", 8);
    memset(p + 8, ++id, 12);
    p += 20;

    memcpy(name, c->ufrag, NGX_RTC_UFRAG_LEN);
    memcpy(name + NGX_RTC_UFRAG_LEN, ":peer", 5);

    p = attr(p, 0x0006, name, NGX_RTC_UFRAG_LEN + 5);
    p = attr(p, 0x0024, "\x6e\x00\x01\xff", 4);

    memset(value, 7, 8);

    if (flags & CONTROLLING) {
        p = attr(p, 0x802a, value, 8);
    }

    if (flags & CONTROLLED) {
        p = attr(p, 0x8029, value, 8);
    }

    if (flags & USE_CANDIDATE) {
        p = attr(p, 0x0025, NULL, 0);
    }

    if (flags & UNKNOWN) {
        p = attr(p, 0x7fff, value, 4);
    }

    if (type) {
        value[0] = (u_char) (nomination >> 24);
        value[1] = (u_char) (nomination >> 16);
        value[2] = (u_char) (nomination >> 8);
        value[3] = (u_char) nomination;

        p = attr(p, type, value, 4);
    }

    if (!(flags & NO_INTEGRITY)) {
        integrity(request, p, (char *) c->pwd, NGX_RTC_PWD_LEN, mac);

        if (flags & BAD_INTEGRITY) {
            mac[3] ^= 1;
        }

        p = attr(p, 0x0008, mac, 20);
    }

    if (flags & AFTER) {
        p = attr(p, 0x0025, NULL, 0);
    }

    set_len(request, p - request + 8);

    n = crc(request, p - request) ^ 0x5354554e;

    if (flags & BAD_CRC) {
        n ^= 1;
    }

    value[0] = (u_char) (n >> 24);
    value[1] = (u_char) (n >> 16);
    value[2] = (u_char) (n >> 8);
    value[3] = (u_char) n;

    p = attr(p, 0x8028, value, 4);

    return p - request;
}


static ngx_int_t
check(ngx_uint_t flags, ngx_rtc_addr_t *from, ngx_rtc_usec_t now)
{
    return ngx_rtc_ice_check(&ice, request, make(&cred, flags, 0, 0), from,
                             &local, now, &res);
}


static ngx_int_t
renominate(ngx_uint_t type, uint32_t value, ngx_rtc_addr_t *from,
    ngx_rtc_usec_t now)
{
    return ngx_rtc_ice_check(&ice, request,
                             make(&cred, CONTROLLING, type, value), from,
                             &local, now, &res);
}


static ngx_uint_t
error_code(void)
{
    size_t   n;
    u_char  *p;

    if (res.len == 0) {
        return 0;
    }

    p = find(res.response, res.len, 0x0009, &n);

    return (p && n >= 4) ? p[2] * 100 + p[3] : 0;
}


static void
address(ngx_rtc_addr_t *addr, const char *text, in_port_t port)
{
    memset(addr, 0, sizeof(ngx_rtc_addr_t));

    if (strchr(text, ':')) {
        addr->sin6.sin6_family = AF_INET6;
        addr->sin6.sin6_port = htons(port);
        inet_pton(AF_INET6, text, &addr->sin6.sin6_addr);
        return;
    }

    addr->sin.sin_family = AF_INET;
    addr->sin.sin_port = htons(port);
    inet_pton(AF_INET, text, &addr->sin.sin_addr);
}


static void
count_gone(void *data, ngx_rtc_ice_tuple_t *tuple)
{
    gone++;
}


static void
begin(void)
{
    memcpy(cred.ufrag, "abcdefghijklmnopqrstuvwx", NGX_RTC_UFRAG_LEN);
    memcpy(cred.pwd, "234567abcdefghijklmnopqr", NGX_RTC_PWD_LEN);

    ngx_rtc_ice_init(&ice, &cred, 30 * SECOND, count_gone, NULL);

    gone = 0;
}


static void
test_vectors(void)
{
    size_t   len;
    u_char   buf[256];

    /* RFC 5769, 2.1: the sample request */

    len = test_unhex(buf, sizeof(buf),
        "00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
        "80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74"
        "00 24 00 04 6e 00 01 ff 80 29 00 08 93 2f f9 b1 51 26 3b 36"
        "00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20"
        "00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49"
        "c1 b5 71 a2 80 28 00 04 e5 7a 3b cf");

    ok(authentic(buf, len, "VOkJxbRl1RmTxUk/WvJxBt", 22),
       "RFC 5769 request by this file's STUN");

    ok(ngx_rtc_ice_ufrag(buf, len) == NULL,
       "a ufrag of another length isn't ours");

    /* RFC 5769, 2.2: the sample IPv4 response */

    len = test_unhex(buf, sizeof(buf),
        "01 01 00 3c 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
        "80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20"
        "00 20 00 08 00 01 a1 47 e1 12 a6 43"
        "00 08 00 14 2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53"
        "f0 6b e7 d7 80 28 00 04 c0 7d 4c 96");

    ok(authentic(buf, len, "VOkJxbRl1RmTxUk/WvJxBt", 22),
       "RFC 5769 response by this file's STUN");

    ok(ngx_rtc_ice_ufrag(buf, len) == NULL, "a response has no ufrag");
}


static void
test_check(void)
{
    size_t   n, len;
    u_char  *p;

    begin();
    ngx_rtc_ice_start(&ice, SECOND);

    is(ngx_rtc_ice_expire(&ice, 2 * SECOND), NGX_RTC_ICE_NEW, "new");

    is(check(CONTROLLING, &host, 2 * SECOND), NGX_OK, "valid check");
    ok(res.fresh && res.selected, "its tuple is new and selected");
    ok(res.tuple == ice.selected, "before any nomination");

    ok(authentic(res.response, res.len, (char *) cred.pwd, NGX_RTC_PWD_LEN),
       "response is authentic");
    is_mem(res.response + 8, 12, request + 8, 12, "transaction id");
    is((res.response[0] << 8) | res.response[1], 0x0101, "success response");

    p = find(res.response, res.len, 0x0020, &n);
    need(p && n == 8, "XOR-MAPPED-ADDRESS");
    is(((p[2] << 8) | p[3]) ^ 0x2112, 5000, "mapped port");
    ok((p[4] ^ 0x21) == 10 && (p[5] ^ 0x12) == 0 && (p[6] ^ 0xa4) == 0
       && (p[7] ^ 0x42) == 1, "mapped address");

    len = make(&cred, CONTROLLING, 0, 0);
    ok(res.len <= len, "response isn't larger than the check");

    is(ngx_rtc_ice_expire(&ice, 2 * SECOND), NGX_RTC_ICE_CONNECTED,
       "connected");

    is(check(CONTROLLING, &host, 3 * SECOND), NGX_OK, "the next check");
    ok(!res.fresh && !res.selected, "changes nothing");

    ok(ngx_rtc_ice_find(&ice, &host, &local) == ice.selected, "found");
    address(&other, "10.0.0.1", 5001);
    ok(ngx_rtc_ice_find(&ice, &other, &local) == NULL, "not by host alone");
    ok(ngx_rtc_ice_find(&ice, &host, &other) == NULL,
       "not by remote address alone");
}


static void
test_mapped(void)
{
    size_t           n;
    u_char          *p;
    ngx_rtc_addr_t   v6;

    begin();

    address(&v6, "::ffff:10.0.0.1", 5000);

    is(check(CONTROLLING, &v6, SECOND), NGX_OK, "check on a dual socket");

    p = find(res.response, res.len, 0x0020, &n);
    ok(p && n == 8 && p[1] == 1, "IPv4 peer of it is told its IPv4 address");

    address(&v6, "2001:db8::1", 5000);

    is(check(CONTROLLING, &v6, SECOND), NGX_OK, "check over IPv6");

    p = find(res.response, res.len, 0x0020, &n);
    ok(p && n == 20 && p[1] == 2, "IPv6 address");
}


static void
test_refused(void)
{
    size_t              len;
    ngx_rtc_ice_cred_t  foreign;

    begin();

    is(check(CONTROLLING|BAD_INTEGRITY, &host, SECOND), NGX_DECLINED,
       "bad integrity");
    is(res.len, 0, "is not answered");
    ok(ice.selected == NULL && !ice.alive, "and makes no tuple");

    is(check(CONTROLLING|NO_INTEGRITY, &host, SECOND), NGX_DECLINED,
       "no integrity");
    is(res.len, 0, "is not answered either");

    is(check(CONTROLLING|BAD_CRC, &host, SECOND), NGX_ERROR,
       "bad fingerprint is ignored");
    is(res.len, 0, "silently");

    is(check(CONTROLLED, &host, SECOND), NGX_DECLINED, "controlled peer");
    is(error_code(), 487, "has to switch roles");

    is(check(CONTROLLED|CONTROLLING, &host, SECOND), NGX_DECLINED,
       "peer with both roles");
    is(error_code(), 487, "likewise");

    is(check(CONTROLLING|UNKNOWN, &host, SECOND), NGX_DECLINED,
       "unknown attribute");
    is(error_code(), 420, "is named");

    ok(ice.selected == NULL, "nothing was selected by any of these");

    foreign = cred;
    foreign.ufrag[20] ^= 1;
    len = make(&foreign, CONTROLLING, 0, 0);

    is(ngx_rtc_ice_check(&ice, request, len, &host, &local, SECOND, &res),
       NGX_ERROR, "unknown ufrag is ignored");
    is(res.len, 0, "silently too");

    /* every length of a good check */

    len = make(&cred, CONTROLLING, 0, 0);

    while (--len > 0) {
        if (ngx_rtc_ice_check(&ice, request, len, &host, &local,
                              (ngx_rtc_usec_t) len * SECOND, &res)
            != NGX_ERROR)
        {
            break;
        }
    }

    is(len, 0, "a check that was cut is ignored");

    ok(check(CONTROLLING|AFTER, &host, 300 * SECOND) != NGX_OK
       || !ice.selected->nominated,
       "attributes behind MESSAGE-INTEGRITY don't count");
}


static void
test_nomination(void)
{
    begin();
    address(&other, "10.0.0.2", 6000);

    (void) check(CONTROLLING, &host, SECOND);
    (void) check(CONTROLLING, &other, SECOND);
    ok(!res.selected && ngx_rtc_addr_eq(&ice.selected->remote, &host),
       "a plain check doesn't move media");

    (void) check(CONTROLLING|USE_CANDIDATE, &other, SECOND);
    ok(res.selected && ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "a nomination does");

    (void) check(CONTROLLING, &host, 2 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &other), "no flapping");

    (void) check(CONTROLLING|USE_CANDIDATE, &host, 3 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &host),
       "the latest nomination holds");

    /* renomination: values only grow */

    (void) renominate(0x0030, 2, &other, 4 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &other), "NOMINATION 2");

    (void) renominate(0x0030, 1, &host, 5 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "NOMINATION 1 came too late");

    (void) renominate(0x0030, 2, &host, 5 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "the same value belongs to one tuple");

    (void) renominate(0xc001, 3, &host, 6 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &host),
       "libwebrtc's attribute number");

    /* the owner isn't ready for it yet: the peer repeats it */

    (void) renominate(0x0030, 4, &other, 7 * SECOND);
    ngx_rtc_ice_undo(&ice, &res);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &host)
       && ice.selected->nominated && !res.tuple->nominated,
       "a nomination that is undone");

    (void) renominate(0x0030, 4, &other, 8 * SECOND);
    ok(res.selected && ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "holds when it comes again");

    begin();

    (void) check(CONTROLLING|USE_CANDIDATE, &host, SECOND);
    ngx_rtc_ice_undo(&ice, &res);
    ok(ice.selected == NULL && !res.tuple->nominated,
       "the very first one, undone");
}


static void
test_consent(void)
{
    begin();

    is(ngx_rtc_ice_expire(&ice, 1000 * SECOND), NGX_RTC_ICE_NEW,
       "nothing expires before the peer can start");
    ok(ngx_rtc_ice_deadline(&ice, 1000 * SECOND) == NGX_RTC_NEVER,
       "nor has a deadline");

    ngx_rtc_ice_start(&ice, 1000 * SECOND);

    is(ngx_rtc_ice_deadline(&ice, 1000 * SECOND), 1030 * SECOND,
       "a peer that never checks has 30 s");
    is(ngx_rtc_ice_expire(&ice, 1030 * SECOND - 1), NGX_RTC_ICE_NEW,
       "until then it is new");
    is(ngx_rtc_ice_expire(&ice, 1030 * SECOND), NGX_RTC_ICE_FAILED,
       "then it failed");

    begin();

    (void) check(CONTROLLING|USE_CANDIDATE, &host, 10 * SECOND);

    is(ngx_rtc_ice_deadline(&ice, 10 * SECOND), 15 * SECOND, "5 s of silence");
    is(ngx_rtc_ice_expire(&ice, 15 * SECOND - 1), NGX_RTC_ICE_CONNECTED,
       "connected until then");
    is(ngx_rtc_ice_expire(&ice, 15 * SECOND), NGX_RTC_ICE_SILENT,
       "disconnected then");
    is(ngx_rtc_ice_deadline(&ice, 15 * SECOND), 40 * SECOND,
       "and 30 s until consent expires");

    (void) check(CONTROLLING, &host, 20 * SECOND);
    is(ngx_rtc_ice_expire(&ice, 20 * SECOND), NGX_RTC_ICE_CONNECTED,
       "a check brings it back");

    is(check(CONTROLLING|BAD_INTEGRITY, &host, 49 * SECOND), NGX_DECLINED,
       "an invalid check");
    is(ngx_rtc_ice_expire(&ice, 50 * SECOND), NGX_RTC_ICE_FAILED,
       "is no consent");

    /* the selected tuple dies while another lives */

    begin();
    address(&other, "10.0.0.2", 6000);

    (void) check(CONTROLLING|USE_CANDIDATE, &host, SECOND);
    (void) check(CONTROLLING, &other, 20 * SECOND);

    is(ngx_rtc_ice_expire(&ice, 31 * SECOND), NGX_RTC_ICE_SILENT,
       "the transport lives");
    is(gone, 1, "the silent tuple is dropped");
    ok(ice.selected && ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "nothing is sent to it any more");
}


static void
test_tuples(void)
{
    ngx_uint_t      i, n;
    ngx_rtc_addr_t  addr;

    begin();

    (void) check(CONTROLLING|USE_CANDIDATE, &host, SECOND);

    for (i = 0; i < 100; i++) {
        address(&addr, "10.1.0.1", (in_port_t) (1000 + i));
        (void) check(CONTROLLING, &addr, (2 + i) * SECOND);
    }

    n = 0;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        n += ice.tuples[i].used;
    }

    is(n, NGX_RTC_ICE_TUPLES, "tuples are bounded");
    is(gone, 101 - NGX_RTC_ICE_TUPLES, "the owner is told of each that goes");
    ok(ngx_rtc_ice_find(&ice, &host, &local) == ice.selected,
       "the selected one stays, old as it is");
    ok(ngx_rtc_ice_find(&ice, &addr, &local) != NULL, "so does the newest");

    /* a flood costs no HMACs */

    begin();
    n = 0;

    for (i = 0; i < 1000; i++) {
        address(&addr, "10.1.0.1", (in_port_t) (1000 + i));

        if (check(CONTROLLING|BAD_INTEGRITY, &addr, SECOND) == NGX_DECLINED) {
            n++;
        }
    }

    is(n, 100, "checks of unknown addresses are limited");
    is(check(CONTROLLING, &host, 2 * SECOND), NGX_OK, "not for long");

    for (i = 0; i < 1000; i++) {
        (void) check(CONTROLLING|BAD_INTEGRITY, &addr, 2 * SECOND);
    }

    is(check(CONTROLLING, &host, 2 * SECOND), NGX_OK,
       "and a known tuple isn't hit by a flood from elsewhere");

    ice.selected->refused = 1;
    is(check(CONTROLLING, &host, 3 * SECOND), NGX_ERROR,
       "a refused tuple gets no answer");
    is(res.len, 0, "none at all");
}


static void
test_restart(void)
{
    ngx_rtc_ice_cred_t  old, next;

    begin();
    address(&other, "10.0.0.2", 6000);

    (void) check(CONTROLLING|USE_CANDIDATE, &host, SECOND);

    old = cred;
    next = cred;
    next.ufrag[23] = '7';
    next.pwd[0] = 'x';

    ngx_rtc_ice_restart(&ice, &next, 2 * SECOND);

    ok(ice.selected && ngx_rtc_addr_eq(&ice.selected->remote, &host),
       "media stays on the old pair");

    is(check(CONTROLLING, &host, 3 * SECOND), NGX_OK,
       "old credentials still serve");

    cred = next;
    is(check(CONTROLLING, &other, 4 * SECOND), NGX_OK, "new ones too");
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &host),
       "a check alone moves nothing");

    cred = old;
    is(check(CONTROLLING, &host, 5 * SECOND), NGX_OK,
       "the old pair is kept alive");

    cred = next;
    (void) check(CONTROLLING|USE_CANDIDATE, &other, 6 * SECOND);
    ngx_rtc_ice_undo(&ice, &res);

    cred = old;
    is(check(CONTROLLING, &host, 6 * SECOND), NGX_OK,
       "the old credentials are back when the new nomination is undone");

    cred = next;
    (void) check(CONTROLLING|USE_CANDIDATE, &other, 6 * SECOND);
    ok(res.selected && ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "a nomination with the new ones moves it");

    cred = old;
    is(check(CONTROLLING|USE_CANDIDATE, &host, 7 * SECOND), NGX_ERROR,
       "and ends the old ones");

    /* nobody comes with new ones */

    begin();
    (void) check(CONTROLLING|USE_CANDIDATE, &host, SECOND);
    ngx_rtc_ice_restart(&ice, &next, 2 * SECOND);

    is(check(CONTROLLING, &host, 21 * SECOND), NGX_OK, "19 s: old ones");
    is(check(CONTROLLING, &host, 22 * SECOND), NGX_ERROR, "20 s: no more");

    /* an old nomination doesn't undo a new one */

    begin();
    (void) renominate(0x0030, 9, &host, SECOND);
    ngx_rtc_ice_restart(&ice, &next, 2 * SECOND);
    cred = next;
    (void) renominate(0x0030, 1, &other, 3 * SECOND);
    ok(ngx_rtc_addr_eq(&ice.selected->remote, &other),
       "nomination values start anew with a restart");
}


static void
test_ufrag(void)
{
    size_t          len;
    u_char          ufrag[NGX_RTC_UFRAG_LEN], again[NGX_RTC_UFRAG_LEN];
    u_char          random[NGX_RTC_ICE_RANDOM];
    ngx_rtc_ref_t   ref, out;

    memset(random, 0x5a, sizeof(random));

    ref.slot = 1023;
    ref.incarnation = 0xfedcba98;

    ngx_rtc_ice_ufrag_encode(ufrag, &ref, random);

    is(ngx_rtc_ice_ufrag_decode(ufrag, &out), NGX_OK, "ufrag decodes");
    ok(ngx_rtc_ref_eq(&ref, &out), "to the worker");

    random[0] ^= 0x80;
    ngx_rtc_ice_ufrag_encode(again, &ref, random);
    ok(memcmp(ufrag, again, NGX_RTC_UFRAG_LEN) != 0, "random bits count");
    (void) ngx_rtc_ice_ufrag_decode(again, &out);
    ok(ngx_rtc_ref_eq(&ref, &out), "but don't change the worker");

    ufrag[3] = 'A';
    is(ngx_rtc_ice_ufrag_decode(ufrag, &out), NGX_DECLINED,
       "a character that isn't ours");

    begin();
    len = make(&cred, CONTROLLING, 0, 0);
    is_mem(ngx_rtc_ice_ufrag(request, len), NGX_RTC_UFRAG_LEN, cred.ufrag,
           NGX_RTC_UFRAG_LEN, "ufrag of a request");
}


int
main(void)
{
    address(&host, "10.0.0.1", 5000);
    address(&local, "192.0.2.1", 3478);

    test_vectors();
    test_ufrag();
    test_check();
    test_mapped();
    test_refused();
    test_nomination();
    test_consent();
    test_tuples();
    test_restart();

    return test_done();
}
