
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What leaves by a transport, and what it tells of itself.  Nothing here
 * changes its state.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_net.h"


#define NGX_RTC_RTCP_MAX         1200

#if (NGX_RTC_RTP_MAX + 32 > NGX_RTC_UDP_SIZE)
#error "a protected packet must fit into its place in the batch"
#endif


u_char *
ngx_rtc_transport_rtp_reserve(ngx_rtc_transport_t *t, size_t size)
{
    t->place = NULL;

    if (t->out == NULL || t->sock == NULL || t->closed || t->failed
        || size > NGX_RTC_RTP_MAX)
    {
        return NULL;
    }

    t->place = ngx_rtc_udp_reserve(t->sock);

    return t->place;
}


ngx_int_t
ngx_rtc_transport_rtp_commit(ngx_rtc_transport_t *t, size_t len)
{
    u_char  *place;

    place = t->place;
    t->place = NULL;

    if (place == NULL || len == 0) {
        return NGX_OK;
    }

    if (ngx_rtc_srtp_protect(t->out, place, &len) != NGX_OK) {
        return NGX_ERROR;
    }

    t->packets_sent++;
    t->bytes_sent += len;

    ngx_rtc_udp_commit(t->sock, len, &t->ice.selected->remote,
                       &t->ice.selected->local);

    return NGX_OK;
}


ngx_int_t
ngx_rtc_transport_rtcp(ngx_rtc_transport_t *t, u_char *p, size_t len)
{
    u_char  *place;

    if (len > NGX_RTC_RTCP_MAX) {
        return NGX_ERROR;
    }

    place = ngx_rtc_transport_rtp_reserve(t, len);
    if (place == NULL) {
        return NGX_DECLINED;
    }

    t->place = NULL;

    ngx_memcpy(place, p, len);

    if (ngx_rtc_srtp_protect_rtcp(t->out, place, &len) != NGX_OK) {
        return NGX_ERROR;
    }

    t->packets_sent++;
    t->bytes_sent += len;

    ngx_rtc_udp_commit(t->sock, len, &t->ice.selected->remote,
                       &t->ice.selected->local);

    return NGX_OK;
}


void
ngx_rtc_transport_forget(ngx_rtc_transport_t *t, uint32_t ssrc,
    ngx_uint_t sending)
{
    ngx_rtc_srtp_t  *s;

    s = sending ? t->out : t->in;

    if (s) {
        ngx_rtc_srtp_forget(s, ssrc);
    }
}


void
ngx_rtc_transport_note(ngx_rtc_transport_t *t, ngx_rtc_usec_t rtt,
    uint64_t lost)
{
    t->rtt = rtt;
    t->lost = lost;
}


void
ngx_rtc_transport_stats(ngx_rtc_transport_t *t, ngx_rtc_transport_stats_t *st)
{
    ngx_rtc_addr_t  *remote;

    st->state = t->state;
    st->packets_sent = t->packets_sent;
    st->packets_received = t->packets_received;
    st->bytes_sent = t->bytes_sent;
    st->bytes_received = t->bytes_received;
    st->rtt = t->rtt;
    st->lost = t->lost;
    st->remote_len = 0;

    if (t->ice.selected) {
        remote = &t->ice.selected->remote;

        st->remote_len = ngx_sock_ntop(&remote->sa, ngx_rtc_addr_len(remote),
                                       st->remote, NGX_SOCKADDR_STRLEN, 1);
    }

    st->srtp_profile = t->in ? ngx_rtc_srtp_name(t->profile) : NULL;
}


ngx_str_t *
ngx_rtc_transport_room(ngx_rtc_transport_t *t)
{
    return &t->room;
}


ngx_str_t *
ngx_rtc_transport_user(ngx_rtc_transport_t *t)
{
    return &t->user;
}


void
ngx_rtc_transport_label(ngx_rtc_transport_t *t, ngx_str_t *session,
    const char *role)
{
    t->session.data = t->session_data;
    t->session.len = ngx_min(session->len, NGX_RTC_TRANSPORT_SESSION);

    ngx_memcpy(t->session_data, session->data, t->session.len);

    t->role_name = role;
}


ngx_str_t *
ngx_rtc_transport_session(ngx_rtc_transport_t *t)
{
    return &t->session;
}


const char *
ngx_rtc_transport_role(ngx_rtc_transport_t *t)
{
    return t->role_name;
}


ngx_str_t *
ngx_rtc_transport_ufrag(ngx_rtc_transport_t *t)
{
    return &t->ufrag;
}


ngx_str_t *
ngx_rtc_transport_pwd(ngx_rtc_transport_t *t)
{
    return &t->pwd;
}


ngx_uint_t
ngx_rtc_transport_candidates(ngx_rtc_transport_t *t, ngx_rtc_candidate_t *c,
    ngx_uint_t n)
{
    return ngx_rtc_socket_candidates(c, n, &t->local_addr, t->turn);
}
