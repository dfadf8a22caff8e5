
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Checks of what clients send, by tables of fields.  Only jansson is needed:
 * this file links without nginx.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_schema.h"
#include "ngx_rtc_json.h"

#include <stdio.h>


static ngx_uint_t ngx_rtc_schema_field(const ngx_rtc_field_t *f,
    json_t *value, size_t metadata_size, const char **what);
static ngx_uint_t ngx_rtc_schema_description(const char *type,
    json_t *value);
static ngx_uint_t ngx_rtc_schema_text(json_t *value, size_t size);


static char  ngx_rtc_schema_message[128];

static const char  *ngx_rtc_media_flags[] = {
    "video", "audio", "screenShare", NULL
};

static const char  *ngx_rtc_media_qualities[] = {
    "low", "medium", "high", "4k", NULL
};


ngx_int_t
ngx_rtc_schema_check(const ngx_rtc_field_t *fields, json_t *data,
    size_t metadata_size, const char **message)
{
    json_t                 *value;
    const char             *what;
    const ngx_rtc_field_t  *f;

    if (!json_is_object(data)) {
        *message = "data must be an object";
        return NGX_ERROR;
    }

    if (fields == NULL) {
        return NGX_OK;
    }

    for (f = fields; f->name; f++) {

        value = json_object_get(data, f->name);

        if (value == NULL
            || (json_is_null(value)
                && f->type != NGX_RTC_FIELD_ANY
                && f->type != NGX_RTC_FIELD_METADATA
                && f->type != NGX_RTC_FIELD_OBJECT_OR_NULL
                && f->type != NGX_RTC_FIELD_TEXT_OR_NULL))
        {
            if (!f->required) {
                continue;
            }

            snprintf(ngx_rtc_schema_message, sizeof(ngx_rtc_schema_message),
                     "%s is missing", f->name);

            *message = ngx_rtc_schema_message;
            return NGX_ERROR;
        }

        if (!ngx_rtc_schema_field(f, value, metadata_size, &what)) {

            snprintf(ngx_rtc_schema_message, sizeof(ngx_rtc_schema_message),
                     "%s must be %s", f->name, what);

            *message = ngx_rtc_schema_message;
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_rtc_schema_field(const ngx_rtc_field_t *f, json_t *value,
    size_t metadata_size, const char **what)
{
    ngx_str_t    s;
    const char  *text;

    switch (f->type) {

    case NGX_RTC_FIELD_BOOL:
        *what = "true or false";
        return json_is_boolean(value);

    case NGX_RTC_FIELD_INT:
        *what = "a positive integer";
        return json_is_integer(value) && json_integer_value(value) > 0
               && json_integer_value(value) <= INT32_MAX;

    case NGX_RTC_FIELD_ID:
        *what = "a text of 1 to 128 characters without control characters, "
                "and not \"sfu\"";

        if (!json_is_string(value)) {
            return 0;
        }

        s.data = (u_char *) json_string_value(value);
        s.len = json_string_length(value);

        if (ngx_strcmp(f->name, "targetUserId") == 0 && s.len == 3
            && ngx_strncmp(s.data, "sfu", 3) == 0)
        {
            return 1;
        }

        if (ngx_strcmp(f->name, "roomId") == 0) {
            *what = "a text of 1 to 128 characters without control "
                    "characters";

            return s.len > 0 && ngx_rtc_schema_text(value, NGX_RTC_ID_LEN);
        }

        return ngx_rtc_schema_id(s.data, s.len);

    case NGX_RTC_FIELD_TEXT_OR_NULL:
        if (json_is_null(value)) {
            return 1;
        }

        /* fall through */

    case NGX_RTC_FIELD_TEXT:
        *what = "a text without control characters, not too long";
        return ngx_rtc_schema_text(value, f->size ? f->size
                                                  : NGX_RTC_LABEL_LEN);

    case NGX_RTC_FIELD_STRING:
        *what = "a string";
        return json_is_string(value);

    case NGX_RTC_FIELD_OBJECT_OR_NULL:
        *what = "an object or null";
        return json_is_object(value) || json_is_null(value);

    case NGX_RTC_FIELD_OBJECT:
        *what = "an object";
        return json_is_object(value);

    case NGX_RTC_FIELD_DESCRIPTION:
        *what = "a session description of that type, with an sdp";
        return ngx_rtc_schema_description(f->name, value);

    case NGX_RTC_FIELD_METADATA:
        *what = "smaller: its JSON is larger than metadata_size";
        return ngx_rtc_json_size(value) <= metadata_size;

    case NGX_RTC_FIELD_MEDIA_STATE:
        *what = "an object with video, audio, screenShare (true or false) "
                "and quality (low, medium, high, 4k)";
        return ngx_rtc_media_state_valid(value);

    case NGX_RTC_FIELD_ROLE:
        *what = "host, participant or viewer";
        text = json_string_value(value);

        return text != NULL
               && (ngx_strcmp(text, "host") == 0
                   || ngx_strcmp(text, "participant") == 0
                   || ngx_strcmp(text, "viewer") == 0);

    default: /* NGX_RTC_FIELD_ANY */
        return 1;
    }
}


static ngx_uint_t
ngx_rtc_schema_description(const char *type, json_t *value)
{
    json_t  *sdp;

    if (!json_is_object(value)) {
        return 0;
    }

    sdp = json_object_get(value, "sdp");

    if (!json_is_string(sdp) || json_string_length(sdp) == 0) {
        return 0;
    }

    value = json_object_get(value, "type");

    return json_is_string(value)
           && ngx_strcmp(json_string_value(value), type) == 0;
}


ngx_uint_t
ngx_rtc_media_state_valid(json_t *value)
{
    json_t       *v;
    const char   *text;
    ngx_uint_t    i;

    if (!json_is_object(value)) {
        return 0;
    }

    for (i = 0; ngx_rtc_media_flags[i]; i++) {
        v = ngx_rtc_schema_get(value, ngx_rtc_media_flags[i]);

        if (v && !json_is_boolean(v)) {
            return 0;
        }
    }

    v = ngx_rtc_schema_get(value, "quality");

    if (v == NULL) {
        return 1;
    }

    text = json_string_value(v);

    if (text == NULL) {
        return 0;
    }

    for (i = 0; ngx_rtc_media_qualities[i]; i++) {
        if (ngx_strcmp(text, ngx_rtc_media_qualities[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_rtc_schema_text(json_t *value, size_t size)
{
    size_t  len;

    if (!json_is_string(value)) {
        return 0;
    }

    len = json_string_length(value);

    return len <= size
           && ngx_rtc_utf8_text((u_char *) json_string_value(value), len);
}


json_t *
ngx_rtc_schema_get(json_t *data, const char *name)
{
    json_t  *value;

    value = json_object_get(data, name);

    return json_is_null(value) ? NULL : value;
}


ngx_uint_t
ngx_rtc_schema_str(json_t *data, const char *name, ngx_str_t *s)
{
    json_t  *value;

    value = json_object_get(data, name);

    if (!json_is_string(value)) {
        ngx_str_null(s);
        return 0;
    }

    s->data = (u_char *) json_string_value(value);
    s->len = json_string_length(value);

    return 1;
}


/* a user id: "sfu" is the server's own name */

ngx_uint_t
ngx_rtc_schema_id(u_char *p, size_t len)
{
    if (len == 0 || len > NGX_RTC_ID_LEN) {
        return 0;
    }

    if (len == 3 && ngx_strncmp(p, "sfu", 3) == 0) {
        return 0;
    }

    return ngx_rtc_utf8_text(p, len);
}


json_t *
ngx_rtc_media_state_create(void)
{
    return json_pack("{s:b, s:b, s:b, s:s}", "video", 0, "audio", 0,
                     "screenShare", 0, "quality", "high");
}


ngx_int_t
ngx_rtc_media_state_merge(json_t *state, json_t *changes)
{
    json_t      *value;
    ngx_int_t    rc;
    ngx_uint_t   i;

    rc = NGX_DECLINED;

    for (i = 0; ngx_rtc_media_flags[i]; i++) {
        value = json_object_get(changes, ngx_rtc_media_flags[i]);

        if (!json_is_boolean(value)
            || json_equal(value,
                          json_object_get(state, ngx_rtc_media_flags[i])))
        {
            continue;
        }

        if (json_object_set(state, ngx_rtc_media_flags[i], value) != 0) {
            return NGX_ERROR;
        }

        rc = NGX_OK;
    }

    value = json_object_get(changes, "quality");

    if (json_is_string(value)
        && !json_equal(value, json_object_get(state, "quality")))
    {
        if (json_object_set(state, "quality", value) != 0) {
            return NGX_ERROR;
        }

        rc = NGX_OK;
    }

    return rc;
}
