
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Shapes of what clients send, and the merge of media states.
 * link: src/signal/ngx_rtc_schema.c src/core/ngx_rtc_id.c
 * link: src/core/ngx_rtc_json.c
 */


#include "test.h"

#include "ngx_rtc_schema.h"


static ngx_int_t check(const ngx_rtc_field_t *fields, const char *text);
static ngx_int_t merge(json_t *state, const char *text);


static const char  *message;


static const ngx_rtc_field_t  fields[] = {
    { "roomId", NGX_RTC_FIELD_ID, 1, 0 },
    { "userId", NGX_RTC_FIELD_ID, 0, 0 },
    { "targetUserId", NGX_RTC_FIELD_ID, 0, 0 },
    { "flag", NGX_RTC_FIELD_BOOL, 0, 0 },
    { "number", NGX_RTC_FIELD_INT, 0, 0 },
    { "text", NGX_RTC_FIELD_TEXT, 0, 4 },
    { "label", NGX_RTC_FIELD_TEXT, 0, 0 },
    { "erasable", NGX_RTC_FIELD_TEXT_OR_NULL, 0, 4 },
    { "object", NGX_RTC_FIELD_OBJECT, 0, 0 },
    { "candidate", NGX_RTC_FIELD_OBJECT_OR_NULL, 0, 0 },
    { "offer", NGX_RTC_FIELD_DESCRIPTION, 0, 0 },
    { "metadata", NGX_RTC_FIELD_METADATA, 0, 0 },
    { "mediaState", NGX_RTC_FIELD_MEDIA_STATE, 0, 0 },
    { "role", NGX_RTC_FIELD_ROLE, 0, 0 },
    { NULL, 0, 0, 0 }
};


static void
test_fields(void)
{
    ngx_uint_t  i;

    static const char  *good[] = {
        "{'roomId':'r'}",
        "{'roomId':'sfu','targetUserId':'sfu'}",
        "{'roomId':'r','unknown':[1,2]}",
        "{'roomId':'r','userId':null,'flag':null,'number':null}",
        "{'roomId':'\\u00e4','userId':'a b'}",
        "{'roomId':'r','flag':false,'number':1}",
        "{'roomId':'r','text':'','label':"
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}",
        "{'roomId':'r','text':'xxxx','erasable':null}",
        "{'roomId':'r','object':{},'candidate':null}",
        "{'roomId':'r','offer':{'type':'offer','sdp':'v=0'}}",
        "{'roomId':'r','metadata':'12345678'}",
        "{'roomId':'r','metadata':null}",
        "{'roomId':'r','mediaState':{}}",
        "{'roomId':'r','mediaState':{'video':true,'quality':'4k'}}",
        "{'roomId':'r','role':'viewer'}",
        NULL
    };

    static const char  *bad[] = {
        "{}",
        "[]",
        "'r'",
        "{'roomId':null}",
        "{'roomId':''}",
        "{'roomId':1}",
        "{'roomId':'a\\u007fb'}",
        "{'roomId':'a\\u0000b'}",
        "{'roomId':'r','userId':'sfu'}",
        "{'roomId':'r','userId':''}",
        "{'roomId':'r','flag':0}",
        "{'roomId':'r','number':0}",
        "{'roomId':'r','number':-1}",
        "{'roomId':'r','number':1.0}",
        "{'roomId':'r','number':2147483648}",
        "{'roomId':'r','text':'xxxxx'}",
        "{'roomId':'r','text':'\\n'}",
        "{'roomId':'r','label':"
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}",
        "{'roomId':'r','object':[]}",
        "{'roomId':'r','candidate':'x'}",
        "{'roomId':'r','offer':{'type':'answer','sdp':'v=0'}}",
        "{'roomId':'r','offer':{'type':'offer','sdp':''}}",
        "{'roomId':'r','offer':{'type':'offer'}}",
        "{'roomId':'r','offer':'v=0'}",
        "{'roomId':'r','metadata':'123456789'}",
        "{'roomId':'r','mediaState':[]}",
        "{'roomId':'r','mediaState':{'audio':'on'}}",
        "{'roomId':'r','mediaState':{'quality':'best'}}",
        "{'roomId':'r','mediaState':{'quality':1}}",
        "{'roomId':'r','role':'king'}",
        NULL
    };

    for (i = 0; good[i]; i++) {
        is(check(fields, good[i]), NGX_OK, "good: %s", good[i]);
    }

    for (i = 0; bad[i]; i++) {
        is(check(fields, bad[i]), NGX_ERROR, "bad: %s", bad[i]);
    }

    is(check(NULL, "{'any':1}"), NGX_OK, "no fields");
    is(check(NULL, "[]"), NGX_ERROR, "no fields, no object");

    (void) check(fields, "{}");
    is_cstr(message, "roomId is missing", "says what is missing");

    (void) check(fields, "{'roomId':'r','flag':1}");
    is_cstr(message, "flag must be true or false", "says what it must be");
}


static void
test_ids(void)
{
    u_char  id[130];

    ngx_memset(id, 'x', sizeof(id));

    is(ngx_rtc_schema_id(id, 1), 1, "shortest id");
    is(ngx_rtc_schema_id(id, 128), 1, "longest id");
    is(ngx_rtc_schema_id(id, 129), 0, "too long");
    is(ngx_rtc_schema_id(id, 0), 0, "too short");
    is(ngx_rtc_schema_id((u_char *) "sfu", 3), 0, "the server's own");
    is(ngx_rtc_schema_id((u_char *) "sfux", 4), 1, "nearly the server's");
    is(ngx_rtc_schema_id((u_char *) "\xff", 1), 0, "no UTF-8");
}


static void
test_media_state(void)
{
    json_t  *state, *expected;

    state = ngx_rtc_media_state_create();
    need(state != NULL, "default");

    is(merge(state, "{}"), NGX_DECLINED, "nothing");
    is(merge(state, "{'video':false,'quality':'high'}"), NGX_DECLINED,
       "as it is");
    is(merge(state, "{'video':true}"), NGX_OK, "video");
    is(merge(state, "{'quality':'4k','audio':false}"), NGX_OK, "quality");
    is(merge(state, "{'other':true,'roomId':'r'}"), NGX_DECLINED,
       "what isn't of it");
    is(merge(state, "{'audio':null}"), NGX_DECLINED, "null");

    expected = json_pack("{s:b, s:b, s:b, s:s}", "video", 1, "audio", 0,
                         "screenShare", 0, "quality", "4k");

    ok(json_equal(state, expected), "merged");

    json_decref(expected);
    json_decref(state);
}


/* texts with single quotes, for the eye */

static json_t *
json(const char *text)
{
    char     buf[256];
    size_t   i;
    json_t  *value;

    for (i = 0; text[i] && i < sizeof(buf); i++) {
        buf[i] = text[i] == '\'' ? '"' : text[i];
    }

    value = json_loadb(buf, i, JSON_DECODE_ANY|JSON_ALLOW_NUL, NULL);

    if (value == NULL) {
        printf("Bail out! not JSON: %s\n", text);
        exit(2);
    }

    return value;
}


static ngx_int_t
check(const ngx_rtc_field_t *f, const char *text)
{
    json_t     *data;
    ngx_int_t   rc;

    data = json(text);
    rc = ngx_rtc_schema_check(f, data, 10, &message);
    json_decref(data);

    return rc;
}


static ngx_int_t
merge(json_t *state, const char *text)
{
    json_t     *changes;
    ngx_int_t   rc;

    changes = json(text);
    rc = ngx_rtc_media_state_merge(state, changes);
    json_decref(changes);

    return rc;
}


int
main(void)
{
    test_fields();
    test_ids();
    test_media_state();

    return test_done();
}
