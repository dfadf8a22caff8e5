
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * SRTP (RFC 3711, RFC 7714): one session protects or unprotects all streams
 * of one direction of a transport, in place.  The library behind it is the
 * business of ngx_rtc_srtp.c alone.
 */


#ifndef _NGX_RTC_SRTP_H_INCLUDED_
#define _NGX_RTC_SRTP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* IANA's DTLS-SRTP protection profiles */

#define NGX_RTC_SRTP_AES128_CM_SHA1_80  0x0001
#define NGX_RTC_SRTP_AES128_GCM         0x0007
#define NGX_RTC_SRTP_AES256_GCM         0x0008

#define NGX_RTC_SRTP_MAX_KEY            44   /* master key and salt */

/* SSRCs of a session, at most: 64 m-lines, their RTX, those of RTCP */
#define NGX_RTC_SRTP_STREAMS            192

/* room that a packet needs behind it, RTCP's index included */
#define NGX_RTC_SRTP_TRAILER            (16 + 4 + 128)

#define NGX_RTC_SRTP_IN                 0
#define NGX_RTC_SRTP_OUT                1


typedef struct ngx_rtc_srtp_s  ngx_rtc_srtp_t;


/* once per process */
ngx_int_t ngx_rtc_srtp_init(void);
void ngx_rtc_srtp_exit(void);


/* lengths of a profile's master key and salt; 0: unknown profile */
size_t ngx_rtc_srtp_key_len(ngx_uint_t profile);
size_t ngx_rtc_srtp_salt_len(ngx_uint_t profile);
const char *ngx_rtc_srtp_name(ngx_uint_t profile);


/* key: the master key followed by the salt; copied.  NULL: no memory */

ngx_rtc_srtp_t *ngx_rtc_srtp_create(ngx_uint_t profile, u_char *key,
    ngx_uint_t direction, ngx_log_t *log);
void ngx_rtc_srtp_destroy(ngx_rtc_srtp_t *s);


/*
 * *len: of the packet, before and after.  p is aligned to 4 bytes; behind
 * a packet to protect there are NGX_RTC_SRTP_TRAILER bytes of room.
 * NGX_OK; NGX_DECLINED: not authentic, a replay or malformed, and the
 * packet may be garbled; NGX_ERROR: too many streams or no memory.
 * A packet that is protected twice must be the same.
 */

ngx_int_t ngx_rtc_srtp_protect(ngx_rtc_srtp_t *s, u_char *p, size_t *len);
ngx_int_t ngx_rtc_srtp_protect_rtcp(ngx_rtc_srtp_t *s, u_char *p,
    size_t *len);
ngx_int_t ngx_rtc_srtp_unprotect(ngx_rtc_srtp_t *s, u_char *p, size_t *len);
ngx_int_t ngx_rtc_srtp_unprotect_rtcp(ngx_rtc_srtp_t *s, u_char *p,
    size_t *len);

/* the SSRC is gone: its state too */
void ngx_rtc_srtp_forget(ngx_rtc_srtp_t *s, uint32_t ssrc);


#endif /* _NGX_RTC_SRTP_H_INCLUDED_ */
