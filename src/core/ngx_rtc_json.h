
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * JSON of clients: jansson behind limits, and getters that tell "absent"
 * from "wrong".  Links without nginx.
 */


#ifndef _NGX_RTC_JSON_H_INCLUDED_
#define _NGX_RTC_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <jansson.h>


#define NGX_RTC_JSON_DEPTH    16       /* nested arrays and objects */
#define NGX_RTC_JSON_VALUES   4096     /* members and elements of all */


/*
 * Any JSON value.  depth and values bound what is built, and are checked
 * before anything is; objects with a name twice and strings with \u0000 are
 * refused.  NULL: not JSON, beyond the limits, or no memory.
 */

json_t *ngx_rtc_json_parse(u_char *p, size_t len, ngx_uint_t depth,
    ngx_uint_t values);

/* the check alone */
ngx_int_t ngx_rtc_json_bounds(u_char *p, size_t len, ngx_uint_t depth,
    ngx_uint_t values);


/*
 * Members of an object.  NGX_OK; NGX_DECLINED: absent or null, *v is
 * unchanged; NGX_ERROR: of another type or out of bounds (obj is no object,
 * too).  Results are borrowed from obj.  min and max of texts are bytes.
 *
 * str: any text.  text: without control characters, for names and ids.
 */

ngx_int_t ngx_rtc_json_str(json_t *obj, const char *name, ngx_str_t *v,
    size_t min, size_t max);
ngx_int_t ngx_rtc_json_text(json_t *obj, const char *name, ngx_str_t *v,
    size_t min, size_t max);
ngx_int_t ngx_rtc_json_int(json_t *obj, const char *name, int64_t *v,
    int64_t min, int64_t max);
ngx_int_t ngx_rtc_json_bool(json_t *obj, const char *name, ngx_uint_t *v);
ngx_int_t ngx_rtc_json_object(json_t *obj, const char *name, json_t **v);
ngx_int_t ngx_rtc_json_array(json_t *obj, const char *name, json_t **v,
    size_t max);


/* obj[name] = the text of s; NGX_ERROR: no memory or not UTF-8 */
ngx_int_t ngx_rtc_json_set_str(json_t *obj, const char *name, ngx_str_t *s);


/* compact text in memory to be freed by ngx_free(); NGX_ERROR: no memory */
ngx_int_t ngx_rtc_json_dump(json_t *value, ngx_str_t *text);

/* the length of that text, without making it */
size_t ngx_rtc_json_size(json_t *value);


#endif /* _NGX_RTC_JSON_H_INCLUDED_ */
