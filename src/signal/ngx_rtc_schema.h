
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The shapes of what clients send: fields of an event's data, MediaState,
 * texts and sizes.  Looks at JSON values only and knows no room.
 */


#ifndef _NGX_RTC_SCHEMA_H_INCLUDED_
#define _NGX_RTC_SCHEMA_H_INCLUDED_


#include "ngx_rtc.h"

#include <jansson.h>


#define NGX_RTC_NAME_LEN       256     /* bytes of a participant's name */
#define NGX_RTC_REASON_LEN     256
#define NGX_RTC_LABEL_LEN      32      /* bytes of ids of tracks, kinds ... */

typedef enum {
    NGX_RTC_FIELD_ANY = 0,             /* null is a value */
    NGX_RTC_FIELD_BOOL,
    NGX_RTC_FIELD_INT,                 /* positive */
    NGX_RTC_FIELD_ID,                  /* a room or user id */
    NGX_RTC_FIELD_TEXT,                /* up to size bytes, no controls */
    NGX_RTC_FIELD_STRING,              /* anything */
    NGX_RTC_FIELD_OBJECT,
    NGX_RTC_FIELD_OBJECT_OR_NULL,
    NGX_RTC_FIELD_TEXT_OR_NULL,
    NGX_RTC_FIELD_DESCRIPTION,         /* {type, sdp}; type is the name */
    NGX_RTC_FIELD_METADATA,            /* any, size is metadata_size */
    NGX_RTC_FIELD_MEDIA_STATE,
    NGX_RTC_FIELD_ROLE
} ngx_rtc_field_e;

typedef struct {
    const char               *name;    /* NULL: the end */
    ngx_uint_t                type;
    ngx_uint_t                required;
    size_t                    size;    /* of a text; 0: NGX_RTC_LABEL_LEN */
} ngx_rtc_field_t;

/*
 * Checks an object against fields; other members are let through.  An
 * optional field may be null, which is as if it were not there (ANY,
 * METADATA and _OR_NULL keep it).  NGX_OK, or NGX_ERROR and *message, valid
 * until the next call.
 */

ngx_int_t ngx_rtc_schema_check(const ngx_rtc_field_t *fields, json_t *data,
    size_t metadata_size, const char **message);

/* a value that is there and not null; NULL */
json_t *ngx_rtc_schema_get(json_t *data, const char *name);

/* 1 and s, which lives as long as data */
ngx_uint_t ngx_rtc_schema_str(json_t *data, const char *name, ngx_str_t *s);

ngx_uint_t ngx_rtc_schema_id(u_char *p, size_t len);

/*
 * MediaState.  create: the default.  merge: what of changes is new goes into
 * state; NGX_OK: something was, NGX_DECLINED: nothing, NGX_ERROR: no memory.
 */

ngx_uint_t ngx_rtc_media_state_valid(json_t *value);
json_t *ngx_rtc_media_state_create(void);
ngx_int_t ngx_rtc_media_state_merge(json_t *state, json_t *changes);


#endif /* _NGX_RTC_SCHEMA_H_INCLUDED_ */
