
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the files of the SDP parser share; nobody else includes it.
 */


#ifndef _NGX_RTC_SDP_CTX_H_INCLUDED_
#define _NGX_RTC_SDP_CTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_sdp.h"


/* sizes of the arrays of the section that is being parsed */

typedef struct {
    ngx_uint_t                fingerprints;
    ngx_uint_t                extmaps;
    ngx_uint_t                ssrcs;
    ngx_uint_t                ssrc_groups;
    ngx_uint_t                rids;
    ngx_uint_t                candidates;
} ngx_rtc_sdp_capacity_t;


typedef struct {
    ngx_rtc_sdp_arena_t      *arena;
    ngx_rtc_sdp_t            *sdp;
    ngx_rtc_sdp_media_t      *media;        /* NULL in the session part */
    ngx_rtc_sdp_transport_t  *transport;    /* of the media or the session */
    ngx_rtc_sdp_capacity_t    cap;
    ngx_uint_t                line;
} ngx_rtc_sdp_ctx_t;


#define NGX_RTC_SDP_TOKEN_MAX        64      /* of mid and rid */

#define ngx_rtc_sdp_no_memory  "SDP is too complex"


/* functions that return a text return NULL if all is well, else the error */

const char *ngx_rtc_sdp_check_line(ngx_str_t *line);
void *ngx_rtc_sdp_alloc(ngx_rtc_sdp_ctx_t *ctx, size_t size);

/* the next word; NGX_DECLINED if there is none */
ngx_int_t ngx_rtc_sdp_token(u_char **pos, u_char *end, ngx_str_t *token);

/* is it that word? is it printable without blanks and at most max long? */
ngx_uint_t ngx_rtc_sdp_name(u_char *data, size_t len, char *name);
ngx_uint_t ngx_rtc_sdp_is_token(ngx_str_t *s, size_t max);
ngx_int_t ngx_rtc_sdp_uint32(ngx_str_t *s, uint32_t *value);

/* an "a=" line; unknown attributes are none of our business */
const char *ngx_rtc_sdp_attribute(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *line);
void ngx_rtc_sdp_count(ngx_rtc_sdp_capacity_t *cap, ngx_str_t *line);

/* the attributes of RTP */
const char *ngx_rtc_sdp_rtpmap(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_fmtp(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_rtcp_fb(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_extmap(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_msid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_ssrc(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_ssrc_group(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_rid(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);
const char *ngx_rtc_sdp_simulcast(ngx_rtc_sdp_ctx_t *ctx, ngx_str_t *value);

/* the payload type that rtx and red refer to */
void ngx_rtc_sdp_set_apt(ngx_rtc_sdp_payload_t *payload);


#endif /* _NGX_RTC_SDP_CTX_H_INCLUDED_ */
