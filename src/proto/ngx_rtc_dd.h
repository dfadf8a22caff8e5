
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The dependency descriptor header extension (AV1 RTP specification,
 * appendix A), used with AV1 and by some senders with VP8, VP9 and H.264.
 */


#ifndef _NGX_RTC_DD_H_INCLUDED_
#define _NGX_RTC_DD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_RTC_DD_MAX_TEMPLATES     64
#define NGX_RTC_DD_MAX_TARGETS       32
#define NGX_RTC_DD_MAX_CHAINS        32
#define NGX_RTC_DD_MAX_SPATIAL       4
#define NGX_RTC_DD_MAX_FDIFFS        8      /* those beyond aren't kept */

/* the largest descriptor that ngx_rtc_dd_rewrite() takes or makes */
#define NGX_RTC_DD_MAX_SIZE          255


/* decode target indications, see ngx_rtc_dd_dti() */

typedef enum {
    NGX_RTC_DD_NOT_PRESENT = 0,
    NGX_RTC_DD_DISCARDABLE,
    NGX_RTC_DD_SWITCH,
    NGX_RTC_DD_REQUIRED
} ngx_rtc_dd_dti_e;


typedef struct {
    uint64_t     dtis;                  /* 2 bits for each decode target */
    uint8_t      sid;
    uint8_t      tid;
    uint8_t      nfdiffs;
    uint8_t      fdiffs[NGX_RTC_DD_MAX_FDIFFS];
    uint8_t      chain_fdiffs[NGX_RTC_DD_MAX_CHAINS];
} ngx_rtc_dd_template_t;


/*
 * The template structure.  It comes with keyframes only; the caller keeps one
 * per stream, zeroed at first (ntemplates == 0: none yet).
 */

typedef struct {
    uint8_t      id_offset;
    uint8_t      ntemplates;
    uint8_t      ntargets;              /* decode targets, 1 .. 32 */
    uint8_t      nchains;
    uint8_t      nspatial;
    uint8_t      ntemporal;
    uint8_t      has_sizes;

    /* the highest layers that a decode target contains */

    uint8_t      target_sid[NGX_RTC_DD_MAX_TARGETS];
    uint8_t      target_tid[NGX_RTC_DD_MAX_TARGETS];
    uint8_t      target_chain[NGX_RTC_DD_MAX_TARGETS];

    uint16_t     width[NGX_RTC_DD_MAX_SPATIAL];
    uint16_t     height[NGX_RTC_DD_MAX_SPATIAL];

    ngx_rtc_dd_template_t  templates[NGX_RTC_DD_MAX_TEMPLATES];
} ngx_rtc_dd_structure_t;


/* one descriptor, with the template's values filled in */

typedef struct {
    unsigned     first_packet:1;        /* of the frame */
    unsigned     last_packet:1;
    unsigned     extended:1;
    unsigned     has_structure:1;       /* it came with this packet */
    unsigned     has_active_targets:1;
    unsigned     custom_dtis:1;
    unsigned     custom_fdiffs:1;
    unsigned     custom_chains:1;
    unsigned     has_size:1;

    uint8_t      template_id;
    uint16_t     frame_number;
    uint32_t     active_targets;        /* bit n: decode target n */

    uint8_t      sid;
    uint8_t      tid;
    uint8_t      ntargets;
    uint8_t      nchains;
    uint64_t     dtis;
    uint8_t      nfdiffs;
    uint16_t     fdiffs[NGX_RTC_DD_MAX_FDIFFS];
    uint8_t      chain_fdiffs[NGX_RTC_DD_MAX_CHAINS];

    uint16_t     width;
    uint16_t     height;

    /* positions in bits, for ngx_rtc_dd_rewrite() */

    uint16_t     structure_end;
    uint16_t     frame_start;
    uint16_t     frame_end;
} ngx_rtc_dd_t;


static ngx_inline ngx_rtc_dd_dti_e
ngx_rtc_dd_dti(uint64_t dtis, ngx_uint_t target)
{
    return (ngx_rtc_dd_dti_e) ((dtis >> (target * 2)) & 3);
}


/*
 * Parses the value of the extension.  A structure in it replaces *st if all
 * of the descriptor is right.  NGX_OK; NGX_DECLINED: the structure that this
 * packet needs hasn't been seen (first_packet, last_packet, template_id and
 * frame_number are valid); NGX_ERROR: malformed.
 */
ngx_int_t ngx_rtc_dd_parse(u_char *p, u_char *end,
    ngx_rtc_dd_structure_t *st, ngx_rtc_dd_t *dd);

/*
 * Copies the descriptor that was parsed into dd from p to dst with another
 * frame number and the decode targets that are active for this receiver: a
 * mask of st->ntargets bits, which holds until the next one.  A receiver
 * needs it when it changes and with each structure; 0: what the descriptor
 * says, if it says anything.  Returns the end of what was written, or NULL:
 * no space.
 */
u_char *ngx_rtc_dd_rewrite(u_char *dst, u_char *dst_end, u_char *p,
    u_char *end, ngx_rtc_dd_structure_t *st, ngx_rtc_dd_t *dd,
    uint16_t frame_number, uint32_t active_targets);

/* in place, for a descriptor of at least 3 bytes */

static ngx_inline void
ngx_rtc_dd_set_frame_number(u_char *p, uint16_t frame_number)
{
    p[1] = (u_char) (frame_number >> 8);
    p[2] = (u_char) frame_number;
}


#endif /* _NGX_RTC_DD_H_INCLUDED_ */
