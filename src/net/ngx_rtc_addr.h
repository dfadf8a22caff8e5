
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Transport addresses in a form that can be compared and hashed.  Inlines
 * only, so that the sans-IO machines link without nginx.
 */


#ifndef _NGX_RTC_ADDR_H_INCLUDED_
#define _NGX_RTC_ADDR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* zeroed but for family, port, address and scope */

typedef union {
    struct sockaddr       sa;
    struct sockaddr_in    sin;
    struct sockaddr_in6   sin6;
} ngx_rtc_addr_t;


static ngx_inline void
ngx_rtc_addr_set(ngx_rtc_addr_t *addr, struct sockaddr *sa)
{
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    ngx_memzero(addr, sizeof(ngx_rtc_addr_t));

    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;

        addr->sin6.sin6_family = AF_INET6;
        addr->sin6.sin6_port = sin6->sin6_port;
        addr->sin6.sin6_addr = sin6->sin6_addr;

        if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr)) {
            addr->sin6.sin6_scope_id = sin6->sin6_scope_id;
        }

        return;
    }

    sin = (struct sockaddr_in *) sa;

    addr->sin.sin_family = AF_INET;
    addr->sin.sin_port = sin->sin_port;
    addr->sin.sin_addr = sin->sin_addr;
}


static ngx_inline socklen_t
ngx_rtc_addr_len(ngx_rtc_addr_t *addr)
{
    return (addr->sa.sa_family == AF_INET6) ? sizeof(struct sockaddr_in6)
                                            : sizeof(struct sockaddr_in);
}


/* host order */

static ngx_inline in_port_t
ngx_rtc_addr_port(ngx_rtc_addr_t *addr)
{
    return ntohs((addr->sa.sa_family == AF_INET6) ? addr->sin6.sin6_port
                                                  : addr->sin.sin_port);
}


/* the same host, whatever the port */

static ngx_inline ngx_uint_t
ngx_rtc_addr_host_eq(ngx_rtc_addr_t *a, ngx_rtc_addr_t *b)
{
    if (a->sa.sa_family != b->sa.sa_family) {
        return 0;
    }

    if (a->sa.sa_family == AF_INET6) {
        return ngx_memcmp(&a->sin6.sin6_addr, &b->sin6.sin6_addr, 16) == 0
               && a->sin6.sin6_scope_id == b->sin6.sin6_scope_id;
    }

    return a->sin.sin_addr.s_addr == b->sin.sin_addr.s_addr;
}


static ngx_inline ngx_uint_t
ngx_rtc_addr_eq(ngx_rtc_addr_t *a, ngx_rtc_addr_t *b)
{
    return ngx_rtc_addr_port(a) == ngx_rtc_addr_port(b)
           && ngx_rtc_addr_host_eq(a, b);
}


/* whom limits count: a host, or the network where hosts choose addresses */

static ngx_inline void
ngx_rtc_addr_source(ngx_rtc_addr_t *source, ngx_rtc_addr_t *addr)
{
    *source = *addr;

    if (addr->sa.sa_family == AF_INET6
        && !IN6_IS_ADDR_V4MAPPED(&addr->sin6.sin6_addr))
    {
        ngx_memzero(&source->sin6.sin6_addr.s6_addr[8], 8);
    }
}


static ngx_inline ngx_uint_t
ngx_rtc_addr_wildcard(ngx_rtc_addr_t *addr)
{
    if (addr->sa.sa_family == AF_INET6) {
        return IN6_IS_ADDR_UNSPECIFIED(&addr->sin6.sin6_addr);
    }

    return addr->sin.sin_addr.s_addr == INADDR_ANY;
}


static ngx_inline uint32_t
ngx_rtc_addr_mix(uint32_t h, uint32_t k)
{
    h ^= k;
    h *= 0x85ebca6b;
    h ^= h >> 13;
    h *= 0xc2b2ae35;

    return h ^ (h >> 16);
}


/* seed: random per process, or peers could choose their buckets */

static ngx_inline uint32_t
ngx_rtc_addr_host_hash(ngx_rtc_addr_t *addr, uint32_t seed)
{
    uint32_t    w[4];
    ngx_uint_t  i;

    if (addr->sa.sa_family == AF_INET6) {
        ngx_memcpy(w, &addr->sin6.sin6_addr, 16);

        for (i = 0; i < 4; i++) {
            seed = ngx_rtc_addr_mix(seed, w[i]);
        }

        return seed;
    }

    return ngx_rtc_addr_mix(seed, addr->sin.sin_addr.s_addr);
}


/* of a remote address and the local port it talks to */

static ngx_inline uint32_t
ngx_rtc_addr_hash(ngx_rtc_addr_t *remote, in_port_t local, uint32_t seed)
{
    return ngx_rtc_addr_mix(ngx_rtc_addr_host_hash(remote, seed),
                            (uint32_t) ngx_rtc_addr_port(remote) << 16
                            | local);
}


#endif /* _NGX_RTC_ADDR_H_INCLUDED_ */
