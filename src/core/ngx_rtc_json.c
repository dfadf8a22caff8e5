
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * jansson for signaling.  Its parser builds as it reads and knows no limits
 * but a depth of 2048, so the text is measured before; its grammar, UTF-8
 * and escapes are jansson's to check.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <jansson.h>

#include "ngx_rtc.h"
#include "ngx_rtc_json.h"


static json_t *ngx_rtc_json_member(json_t *obj, const char *name,
    ngx_int_t *rc);


json_t *
ngx_rtc_json_parse(u_char *p, size_t len, ngx_uint_t depth,
    ngx_uint_t values)
{
    json_error_t  error;

    if (ngx_rtc_json_bounds(p, len, depth, values) != NGX_OK) {
        return NULL;
    }

    return json_loadb((char *) p, len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);
}


/*
 * A value comes at the start, and after each "[", "{", "," and ":" outside
 * of strings: this counts too much ("[]" is two), never too little.
 */

ngx_int_t
ngx_rtc_json_bounds(u_char *p, size_t len, ngx_uint_t depth,
    ngx_uint_t values)
{
    u_char      *end;
    ngx_uint_t   d, n;

    end = p + len;
    d = 0;
    n = 0;

    while (p < end) {

        switch (*p++) {

        case '"':

            while (p < end && *p != '"') {

                if (*p == '\\') {
                    p++;
                }

                p++;
            }

            if (p >= end) {
                return NGX_ERROR;
            }

            p++;
            break;

        case '[':
        case '{':

            if (++d > depth || ++n > values) {
                return NGX_ERROR;
            }

            break;

        case ']':
        case '}':

            if (d-- == 0) {
                return NGX_ERROR;
            }

            break;

        case ',':

            if (++n > values) {
                return NGX_ERROR;
            }

            break;

        default:
            break;
        }
    }

    return d ? NGX_ERROR : NGX_OK;
}


static json_t *
ngx_rtc_json_member(json_t *obj, const char *name, ngx_int_t *rc)
{
    json_t  *v;

    if (!json_is_object(obj)) {
        *rc = NGX_ERROR;
        return NULL;
    }

    v = json_object_get(obj, name);

    if (v == NULL || json_is_null(v)) {
        *rc = NGX_DECLINED;
        return NULL;
    }

    *rc = NGX_OK;

    return v;
}


ngx_int_t
ngx_rtc_json_str(json_t *obj, const char *name, ngx_str_t *v, size_t min,
    size_t max)
{
    size_t      len;
    json_t     *s;
    ngx_int_t   rc;

    s = ngx_rtc_json_member(obj, name, &rc);

    if (s == NULL) {
        return rc;
    }

    if (!json_is_string(s)) {
        return NGX_ERROR;
    }

    len = json_string_length(s);

    if (len < min || len > max) {
        return NGX_ERROR;
    }

    v->data = (u_char *) json_string_value(s);
    v->len = len;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_json_text(json_t *obj, const char *name, ngx_str_t *v, size_t min,
    size_t max)
{
    ngx_int_t  rc;
    ngx_str_t  s;

    rc = ngx_rtc_json_str(obj, name, &s, min, max);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_rtc_utf8_text(s.data, s.len)) {
        return NGX_ERROR;
    }

    *v = s;

    return NGX_OK;
}


/* 1.0 is an integer to a client that has but one type of number */

ngx_int_t
ngx_rtc_json_int(json_t *obj, const char *name, int64_t *v, int64_t min,
    int64_t max)
{
    double      d;
    json_t     *n;
    int64_t     i;
    ngx_int_t   rc;

    n = ngx_rtc_json_member(obj, name, &rc);

    if (n == NULL) {
        return rc;
    }

    if (json_is_integer(n)) {
        i = json_integer_value(n);

    } else if (json_is_real(n)) {

        d = json_real_value(n);

        if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0)) {
            return NGX_ERROR;
        }

        i = (int64_t) d;

        if ((double) i != d) {
            return NGX_ERROR;
        }

    } else {
        return NGX_ERROR;
    }

    if (i < min || i > max) {
        return NGX_ERROR;
    }

    *v = i;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_json_bool(json_t *obj, const char *name, ngx_uint_t *v)
{
    json_t     *b;
    ngx_int_t   rc;

    b = ngx_rtc_json_member(obj, name, &rc);

    if (b == NULL) {
        return rc;
    }

    if (!json_is_boolean(b)) {
        return NGX_ERROR;
    }

    *v = json_is_true(b) ? 1 : 0;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_json_object(json_t *obj, const char *name, json_t **v)
{
    json_t     *o;
    ngx_int_t   rc;

    o = ngx_rtc_json_member(obj, name, &rc);

    if (o == NULL) {
        return rc;
    }

    if (!json_is_object(o)) {
        return NGX_ERROR;
    }

    *v = o;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_json_array(json_t *obj, const char *name, json_t **v, size_t max)
{
    json_t     *a;
    ngx_int_t   rc;

    a = ngx_rtc_json_member(obj, name, &rc);

    if (a == NULL) {
        return rc;
    }

    if (!json_is_array(a) || json_array_size(a) > max) {
        return NGX_ERROR;
    }

    *v = a;

    return NGX_OK;
}


ngx_int_t
ngx_rtc_json_set_str(json_t *obj, const char *name, ngx_str_t *s)
{
    json_t  *v;

    v = json_stringn(s->len ? (char *) s->data : "", s->len);

    return (json_object_set_new(obj, name, v) == 0) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_rtc_json_dump(json_t *value, ngx_str_t *text)
{
    char  *p;

    /* jansson allocates by malloc(), as ngx_alloc() does */

    p = json_dumps(value, JSON_COMPACT|JSON_ENCODE_ANY);

    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = (u_char *) p;
    text->len = ngx_strlen(p);

    return NGX_OK;
}


size_t
ngx_rtc_json_size(json_t *value)
{
    return json_dumpb(value, NULL, 0, JSON_COMPACT|JSON_ENCODE_ANY);
}
