
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * ICE-lite on libnice's stun/ library.  We are always controlled and never
 * send checks: the peer's checks are candidates, nomination and consent in
 * one.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#include "ngx_rtc_ice.h"


#define NGX_RTC_ICE_HEADER        20
#define NGX_RTC_ICE_COOKIE        0x2112a442
#define NGX_RTC_ICE_BINDING       0x0001
#define NGX_RTC_ICE_NOMINATION    0x0030    /* draft-ietf-ice-renomination */
#define NGX_RTC_ICE_NOMINATION0   0xc001    /* draft-thatcher, libwebrtc */

/* checks per second and at once; each costs a HMAC */
#define NGX_RTC_ICE_RATE          100
#define NGX_RTC_ICE_BURST         100


static ngx_int_t ngx_rtc_ice_limit(ngx_rtc_ice_bucket_t *b,
    ngx_rtc_usec_t now);
static bool ngx_rtc_ice_validater(StunAgent *agent, StunMessage *msg,
    uint8_t *username, uint16_t username_len, uint8_t **password,
    size_t *password_len, void *data);
static void ngx_rtc_ice_error(StunMessage *req, StunError code, size_t len,
    ngx_rtc_ice_result_t *res);
static ngx_rtc_ice_tuple_t *ngx_rtc_ice_add(ngx_rtc_ice_t *ice,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local);
static void ngx_rtc_ice_select(ngx_rtc_ice_t *ice, StunMessage *msg,
    ngx_rtc_ice_tuple_t *tuple, ngx_rtc_ice_result_t *res);
static void ngx_rtc_ice_mapped(ngx_rtc_addr_t *remote,
    struct sockaddr_storage *ss, socklen_t *len);


static const uint16_t  ngx_rtc_ice_attributes[] = {
    STUN_ATTRIBUTE_MAPPED_ADDRESS,
    STUN_ATTRIBUTE_USERNAME,
    STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
    STUN_ATTRIBUTE_ERROR_CODE,
    STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES,
    STUN_ATTRIBUTE_REALM,
    STUN_ATTRIBUTE_NONCE,
    STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
    STUN_ATTRIBUTE_PRIORITY,
    STUN_ATTRIBUTE_USE_CANDIDATE,
    NGX_RTC_ICE_NOMINATION,
    0
};

static u_char      ngx_rtc_ice_base32[] = "abcdefghijklmnopqrstuvwxyz234567";

static StunAgent   ngx_rtc_ice_agent;
static ngx_uint_t  ngx_rtc_ice_agent_ready;


void
ngx_rtc_ice_init(ngx_rtc_ice_t *ice, ngx_rtc_ice_cred_t *cred,
    ngx_rtc_usec_t timeout, ngx_rtc_ice_gone_pt gone, void *data)
{
    if (!ngx_rtc_ice_agent_ready) {
        stun_agent_init(&ngx_rtc_ice_agent, ngx_rtc_ice_attributes,
                        STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS
                        |STUN_AGENT_USAGE_USE_FINGERPRINT);

        ngx_rtc_ice_agent_ready = 1;
    }

    ngx_memzero(ice, sizeof(ngx_rtc_ice_t));

    ice->local = *cred;
    ice->timeout = timeout;
    ice->checked = NGX_RTC_NEVER;
    ice->gone = gone;
    ice->data = data;
}


void
ngx_rtc_ice_start(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now)
{
    if (ice->checked == NGX_RTC_NEVER) {
        ice->checked = now;
    }
}


void
ngx_rtc_ice_restart(ngx_rtc_ice_t *ice, ngx_rtc_ice_cred_t *cred,
    ngx_rtc_usec_t now)
{
    ngx_uint_t  i;

    ice->old = ice->local;
    ice->old_until = now + NGX_RTC_ICE_OVERLAP;

    ice->local = *cred;
    ice->nomination = 0;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        ice->tuples[i].old = 1;
    }
}


ngx_int_t
ngx_rtc_ice_check(ngx_rtc_ice_t *ice, u_char *p, size_t len,
    ngx_rtc_addr_t *remote, ngx_rtc_addr_t *local, ngx_rtc_usec_t now,
    ngx_rtc_ice_result_t *res)
{
    bool                      control;
    u_char                   *ufrag;
    size_t                    size;
    uint64_t                  tie;
    ngx_uint_t                old;
    socklen_t                 socklen;
    StunMessage               msg, reply;
    ngx_rtc_ice_tuple_t      *tuple;
    StunValidationStatus      status;
    struct sockaddr_storage   ss;

    res->tuple = NULL;
    res->fresh = 0;
    res->selected = 0;
    res->len = 0;

    ufrag = ngx_rtc_ice_ufrag(p, len);
    if (ufrag == NULL) {
        return NGX_ERROR;
    }

    if (ngx_memcmp(ufrag, ice->local.ufrag, NGX_RTC_UFRAG_LEN) == 0) {
        old = 0;

    } else if (ice->old_until > now
               && ngx_memcmp(ufrag, ice->old.ufrag, NGX_RTC_UFRAG_LEN) == 0)
    {
        old = 1;

    } else {
        return NGX_ERROR;
    }

    tuple = ngx_rtc_ice_find(ice, remote, local);

    if (tuple && tuple->refused) {
        return NGX_ERROR;
    }

    if (ngx_rtc_ice_limit(tuple ? &ice->known : &ice->unknown, now)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    status = stun_agent_validate(&ngx_rtc_ice_agent, &msg, p, len,
                                 ngx_rtc_ice_validater,
                                 old ? &ice->old : &ice->local);

    switch (status) {

    case STUN_VALIDATION_SUCCESS:
        break;

    case STUN_VALIDATION_UNAUTHORIZED:
    case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST:

        /* whoever doesn't know the password gets no answer at all */

        return NGX_DECLINED;

    case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:

        size = stun_agent_build_unknown_attributes_error(&ngx_rtc_ice_agent,
                                      &reply, res->response,
                                      NGX_RTC_ICE_RESPONSE, &msg);

        res->len = (size <= len) ? size : 0;

        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }

    /*
     * RFC 8445, 7.3.1.1: a lite agent never takes the controlling role, so
     * a peer that is controlled, or both in one, must switch
     */

    if (stun_message_has_attribute(&msg, STUN_ATTRIBUTE_ICE_CONTROLLED)) {
        ngx_rtc_ice_error(&msg, STUN_ERROR_ROLE_CONFLICT, len, res);
        return NGX_DECLINED;
    }

    ngx_rtc_ice_mapped(remote, &ss, &socklen);

    size = NGX_RTC_ICE_RESPONSE;
    control = false;
    tie = 0;

    if (stun_usage_ice_conncheck_create_reply(&ngx_rtc_ice_agent, &msg,
                                      &reply, res->response, &size, &ss,
                                      socklen, &control, tie,
                                      STUN_USAGE_ICE_COMPATIBILITY_RFC5245)
        != STUN_USAGE_ICE_RETURN_SUCCESS)
    {
        return NGX_ERROR;
    }

    res->len = size;

    res->before.selected = ice->selected;
    res->before.nominated = ice->selected ? ice->selected->nominated : 0;
    res->before.nomination = ice->nomination;
    res->before.old_until = ice->old_until;

    if (tuple == NULL) {
        tuple = ngx_rtc_ice_add(ice, remote, local);
        res->fresh = 1;
    }

    tuple->checked = now;
    ice->checked = now;
    ice->alive = 1;

    res->tuple = tuple;

    if (!old) {
        tuple->old = 0;
        ngx_rtc_ice_select(ice, &msg, tuple, res);

    } else if (ice->selected == NULL || ice->selected->old) {
        tuple->old = 1;
        ngx_rtc_ice_select(ice, &msg, tuple, res);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_rtc_ice_limit(ngx_rtc_ice_bucket_t *b, ngx_rtc_usec_t now)
{
    ngx_rtc_usec_t  elapsed;

    elapsed = now - b->last;

    if (b->last == 0 || elapsed > 1000000) {
        b->tokens = NGX_RTC_ICE_BURST * 1000;
        b->last = now;

    } else if (elapsed > 0) {
        b->tokens += elapsed * NGX_RTC_ICE_RATE / 1000;
        b->tokens = ngx_min(b->tokens, NGX_RTC_ICE_BURST * 1000);
        b->last = now;
    }

    if (b->tokens < 1000) {
        return NGX_DECLINED;
    }

    b->tokens -= 1000;

    return NGX_OK;
}


static bool
ngx_rtc_ice_validater(StunAgent *agent, StunMessage *msg, uint8_t *username,
    uint16_t username_len, uint8_t **password, size_t *password_len,
    void *data)
{
    ngx_rtc_ice_cred_t *cred = data;

    /*
     * the remote half isn't looked at: some peers never tell theirs, and
     * what authenticates is our password
     */

    if (username == NULL || username_len <= NGX_RTC_UFRAG_LEN
        || username[NGX_RTC_UFRAG_LEN] != ':'
        || ngx_memcmp(username, cred->ufrag, NGX_RTC_UFRAG_LEN) != 0)
    {
        return false;
    }

    *password = cred->pwd;
    *password_len = NGX_RTC_PWD_LEN;

    return true;
}


static void
ngx_rtc_ice_error(StunMessage *req, StunError code, size_t len,
    ngx_rtc_ice_result_t *res)
{
    size_t       size;
    StunMessage  reply;

    if (!stun_agent_init_error(&ngx_rtc_ice_agent, &reply, res->response,
                               NGX_RTC_ICE_RESPONSE, req, code))
    {
        return;
    }

    size = stun_agent_finish_message(&ngx_rtc_ice_agent, &reply, NULL, 0);

    /* the source may be forged: nothing is amplified */

    res->len = (size <= len) ? size : 0;
}


static ngx_rtc_ice_tuple_t *
ngx_rtc_ice_add(ngx_rtc_ice_t *ice, ngx_rtc_addr_t *remote,
    ngx_rtc_addr_t *local)
{
    ngx_uint_t            i;
    ngx_rtc_ice_tuple_t  *tuple, *t;

    tuple = NULL;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        t = &ice->tuples[i];

        if (!t->used) {
            tuple = t;
            break;
        }

        if (t == ice->selected) {
            continue;
        }

        if (tuple == NULL || t->checked < tuple->checked) {
            tuple = t;
        }
    }

    if (tuple->used) {
        ngx_rtc_ice_remove(ice, tuple);
    }

    ngx_memzero(tuple, sizeof(ngx_rtc_ice_tuple_t));

    tuple->remote = *remote;
    tuple->local = *local;
    tuple->used = 1;

    return tuple;
}


static void
ngx_rtc_ice_select(ngx_rtc_ice_t *ice, StunMessage *msg,
    ngx_rtc_ice_tuple_t *tuple, ngx_rtc_ice_result_t *res)
{
    uint32_t              value;
    ngx_uint_t            nominated;
    ngx_rtc_ice_tuple_t  *selected;

    selected = ice->selected;

    nominated = stun_usage_ice_conncheck_use_candidate(msg);

    if (stun_message_find32(msg, NGX_RTC_ICE_NOMINATION, &value)
        == STUN_MESSAGE_RETURN_SUCCESS
        || stun_message_find32(msg, NGX_RTC_ICE_NOMINATION0, &value)
           == STUN_MESSAGE_RETURN_SUCCESS)
    {
        /* a check that was overtaken must not win: values only grow */

        nominated = (value > ice->nomination
                     || (value == ice->nomination && tuple == selected));

        if (nominated) {
            ice->nomination = value;
        }
    }

    if (nominated) {
        tuple->nominated = 1;

        if (!tuple->old) {
            ice->old_until = 0;
        }

    } else if (selected) {

        /* plain checks move nothing once there is a path */

        return;
    }

    if (tuple == selected) {
        return;
    }

    if (selected && nominated) {
        selected->nominated = 0;
    }

    ice->selected = tuple;
    res->selected = 1;
}


void
ngx_rtc_ice_undo(ngx_rtc_ice_t *ice, ngx_rtc_ice_result_t *res)
{
    ngx_rtc_ice_before_t  *before;

    before = &res->before;

    ice->nomination = before->nomination;
    ice->old_until = before->old_until;

    if (before->selected == res->tuple) {
        return;
    }

    res->tuple->nominated = 0;

    ice->selected = before->selected;

    if (before->selected) {
        before->selected->nominated = before->nominated ? 1 : 0;
    }
}


/* RFC 8489: the peer of a dual-stack socket is an IPv4 one */

static void
ngx_rtc_ice_mapped(ngx_rtc_addr_t *remote, struct sockaddr_storage *ss,
    socklen_t *len)
{
    struct sockaddr_in  *sin;

    ngx_memzero(ss, sizeof(struct sockaddr_storage));

    if (remote->sa.sa_family == AF_INET6
        && IN6_IS_ADDR_V4MAPPED(&remote->sin6.sin6_addr))
    {
        sin = (struct sockaddr_in *) ss;

        sin->sin_family = AF_INET;
        sin->sin_port = remote->sin6.sin6_port;
        ngx_memcpy(&sin->sin_addr, &remote->sin6.sin6_addr.s6_addr[12], 4);

        *len = sizeof(struct sockaddr_in);

        return;
    }

    *len = ngx_rtc_addr_len(remote);

    ngx_memcpy(ss, remote, *len);
}


ngx_rtc_ice_tuple_t *
ngx_rtc_ice_find(ngx_rtc_ice_t *ice, ngx_rtc_addr_t *remote,
    ngx_rtc_addr_t *local)
{
    ngx_uint_t            i;
    ngx_rtc_ice_tuple_t  *t;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        t = &ice->tuples[i];

        if (t->used && ngx_rtc_addr_eq(&t->remote, remote)
            && ngx_rtc_addr_eq(&t->local, local))
        {
            return t;
        }
    }

    return NULL;
}


void
ngx_rtc_ice_remove(ngx_rtc_ice_t *ice, ngx_rtc_ice_tuple_t *tuple)
{
    ngx_uint_t            i;
    ngx_rtc_ice_tuple_t  *t;

    if (ice->gone) {
        ice->gone(ice->data, tuple);
    }

    tuple->used = 0;

    if (tuple != ice->selected) {
        return;
    }

    /* the best of what is left: the one that was checked last */

    ice->selected = NULL;

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        t = &ice->tuples[i];

        if (!t->used || t->refused) {
            continue;
        }

        if (ice->selected == NULL || t->checked > ice->selected->checked) {
            ice->selected = t;
        }
    }
}


ngx_uint_t
ngx_rtc_ice_expire(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now)
{
    ngx_uint_t            i;
    ngx_rtc_usec_t        silent;
    ngx_rtc_ice_tuple_t  *t;

    if (ice->old_until && ice->old_until <= now) {
        ice->old_until = 0;
    }

    if (ice->checked == NGX_RTC_NEVER) {
        return NGX_RTC_ICE_NEW;
    }

    silent = now - ice->checked;

    if (silent >= ice->timeout) {
        return NGX_RTC_ICE_FAILED;
    }

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        t = &ice->tuples[i];

        if (t->used && now - t->checked >= ice->timeout) {
            ngx_rtc_ice_remove(ice, t);
        }
    }

    if (!ice->alive) {
        return NGX_RTC_ICE_NEW;
    }

    return (silent >= NGX_RTC_ICE_DISCONNECTED) ? NGX_RTC_ICE_SILENT
                                                : NGX_RTC_ICE_CONNECTED;
}


ngx_rtc_usec_t
ngx_rtc_ice_deadline(ngx_rtc_ice_t *ice, ngx_rtc_usec_t now)
{
    ngx_uint_t            i;
    ngx_rtc_usec_t        deadline;
    ngx_rtc_ice_tuple_t  *t;

    if (ice->checked == NGX_RTC_NEVER) {
        return NGX_RTC_NEVER;
    }

    deadline = ice->checked + ice->timeout;

    if (ice->alive && now < ice->checked + NGX_RTC_ICE_DISCONNECTED) {
        deadline = ngx_min(deadline,
                           ice->checked + NGX_RTC_ICE_DISCONNECTED);
    }

    for (i = 0; i < NGX_RTC_ICE_TUPLES; i++) {
        t = &ice->tuples[i];

        if (t->used) {
            deadline = ngx_min(deadline, t->checked + ice->timeout);
        }
    }

    return deadline;
}


u_char *
ngx_rtc_ice_ufrag(u_char *p, size_t len)
{
    u_char  *end;
    size_t   size;

    if (len < NGX_RTC_ICE_HEADER
        || ((p[0] << 8) | p[1]) != NGX_RTC_ICE_BINDING
        || (((uint32_t) p[4] << 24) | (p[5] << 16) | (p[6] << 8) | p[7])
           != NGX_RTC_ICE_COOKIE
        || (size_t) ((p[2] << 8) | p[3]) != len - NGX_RTC_ICE_HEADER)
    {
        return NULL;
    }

    end = p + len;
    p += NGX_RTC_ICE_HEADER;

    while (end - p >= 4) {
        size = (p[2] << 8) | p[3];

        if ((size_t) (end - p - 4) < size) {
            return NULL;
        }

        if (((p[0] << 8) | p[1]) == STUN_ATTRIBUTE_USERNAME) {

            if (size <= NGX_RTC_UFRAG_LEN || p[4 + NGX_RTC_UFRAG_LEN] != ':') {
                return NULL;
            }

            return p + 4;
        }

        size = (size + 3) & ~3;

        if ((size_t) (end - p - 4) < size) {
            return NULL;
        }

        p += 4 + size;
    }

    return NULL;
}


void
ngx_rtc_ice_ufrag_encode(u_char *ufrag, ngx_rtc_ref_t *ref, u_char *random)
{
    u_char      b[6 + NGX_RTC_ICE_RANDOM], *p;
    uint64_t    v;
    ngx_uint_t  i, n;

    b[0] = (u_char) (ref->slot >> 8);
    b[1] = (u_char) ref->slot;
    b[2] = (u_char) (ref->incarnation >> 24);
    b[3] = (u_char) (ref->incarnation >> 16);
    b[4] = (u_char) (ref->incarnation >> 8);
    b[5] = (u_char) ref->incarnation;

    ngx_memcpy(&b[6], random, NGX_RTC_ICE_RANDOM);

    /* 5 bytes are 8 characters */

    p = ufrag;

    for (i = 0; i < sizeof(b); i += 5) {

        v = 0;

        for (n = 0; n < 5; n++) {
            v = (v << 8) | b[i + n];
        }

        for (n = 0; n < 8; n++) {
            *p++ = ngx_rtc_ice_base32[(v >> (35 - 5 * n)) & 31];
        }
    }
}


ngx_int_t
ngx_rtc_ice_ufrag_decode(u_char *ufrag, ngx_rtc_ref_t *ref)
{
    u_char      c;
    uint64_t    v;
    ngx_uint_t  i;

    v = 0;

    for (i = 0; i < 10; i++) {
        c = ufrag[i];

        if (c >= 'a' && c <= 'z') {
            c -= 'a';

        } else if (c >= '2' && c <= '7') {
            c = c - '2' + 26;

        } else {
            return NGX_DECLINED;
        }

        v = (v << 5) | c;
    }

    /* 50 bits, the last two of them random */

    v >>= 2;

    ref->slot = (uint32_t) (v >> 32);
    ref->incarnation = (uint32_t) v;

    return NGX_OK;
}
