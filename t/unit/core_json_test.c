
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * JSON of clients: limits before anything is built, getters, texts.
 *
 * link: src/core/ngx_rtc_json.c src/core/ngx_rtc_id.c
 */


#include "ngx_rtc.h"
#include "ngx_rtc_json.h"

#include "test.h"


static ngx_uint_t
parses(const char *text, ngx_uint_t depth, ngx_uint_t values)
{
    json_t  *v;

    v = ngx_rtc_json_parse((u_char *) text, strlen(text), depth, values);

    if (v == NULL) {
        return 0;
    }

    json_decref(v);

    return 1;
}


static void
test_limits(void)
{
    char    *text;
    size_t   i;

    ok(parses("{\"a\":[1,2,{\"b\":null}]}", 16, 100), "an object");
    ok(parses("\"text\"", 16, 100), "a string alone");
    ok(parses(" 1 ", 16, 100), "a number alone");

    ok(!parses("", 16, 100), "nothing");
    ok(!parses("{", 16, 100), "half an object");
    ok(!parses("}", 16, 100), "an end without a start");
    ok(!parses("{\"a\":1}}", 16, 100), "an end too much");
    ok(!parses("\"abc", 16, 100), "half a string");
    ok(!parses("\"abc\\", 16, 100), "half an escape");
    ok(!parses("{\"a\":1,\"a\":2}", 16, 100), "a name twice");
    ok(!parses("\"a\\u0000b\"", 16, 100), "a zero in a string");
    ok(!parses("{\"a\\u0000b\":1}", 16, 100), "a zero in a name");
    ok(!parses("\"\xc0\x80\"", 16, 100), "an overlong zero");
    ok(!parses("\"\xed\xa0\x80\"", 16, 100), "a surrogate");
    ok(!parses("\"\\ud800\"", 16, 100), "half a pair of surrogates");
    ok(!parses("{} x", 16, 100), "bytes behind the value");

    ok(parses("[[[[]]]]", 4, 100), "as deep as allowed");
    ok(!parses("[[[[[]]]]]", 4, 100), "deeper than allowed");
    ok(parses("[\"[[[[[[\"]", 4, 100), "brackets in a string don't count");
    ok(parses("[\"\\\"[[[[[\"]", 4, 100), "nor behind an escaped quote");

    ok(parses("[1,2,3,4]", 4, 4), "as many values as allowed");
    ok(!parses("[1,2,3,4,5]", 4, 4), "more values than allowed");
    ok(!parses("[{},{},{}]", 4, 5), "empty objects are values");
    ok(parses("[\",,,,,,\"]", 4, 2), "commas in a string don't count");

    /* refused without building: jansson alone would take 100 MB for this */

    text = malloc(1000001);
    memset(text, ' ', 1000000);
    text[1000000] = '\0';

    for (i = 0; i < 500000; i++) {
        text[i] = '[';
        text[999999 - i] = ']';
    }

    ok(!parses(text, NGX_RTC_JSON_DEPTH, NGX_RTC_JSON_VALUES),
       "half a million arrays in each other");

    free(text);
}


static void
test_getters(void)
{
    u_char       text[] = "{\"s\":\"abc\",\"e\":\"\",\"n\":7,\"r\":7.0,"
                          "\"f\":7.5,\"b\":true,\"z\":null,\"o\":{\"x\":1},"
                          "\"a\":[1,2,3],\"c\":\"a\\r\\nb\",\"u\":\"\xc3\xa4\","
                          "\"big\":1e300}";
    json_t      *obj, *v;
    int64_t      i;
    ngx_str_t    s;
    ngx_uint_t   b;

    obj = ngx_rtc_json_parse(text, sizeof(text) - 1, 16, 100);

    if (!ok(obj != NULL, "the object")) {
        return;
    }

    is(ngx_rtc_json_str(obj, "s", &s, 1, 3), NGX_OK, "a string");
    ok(s.len == 3 && memcmp(s.data, "abc", 3) == 0, "its text");
    is(ngx_rtc_json_str(obj, "s", &s, 4, 9), NGX_ERROR, "too short");
    is(ngx_rtc_json_str(obj, "s", &s, 1, 2), NGX_ERROR, "too long");
    is(ngx_rtc_json_str(obj, "e", &s, 1, 9), NGX_ERROR, "empty");
    is(ngx_rtc_json_str(obj, "no", &s, 1, 9), NGX_DECLINED, "absent");
    is(ngx_rtc_json_str(obj, "z", &s, 1, 9), NGX_DECLINED, "null is absent");
    is(ngx_rtc_json_str(obj, "n", &s, 1, 9), NGX_ERROR, "a number");
    is(ngx_rtc_json_str(obj, "c", &s, 1, 9), NGX_OK, "lines, as in SDP");
    is(ngx_rtc_json_text(obj, "c", &s, 1, 9), NGX_ERROR, "lines in a name");
    is(ngx_rtc_json_text(obj, "u", &s, 2, 2), NGX_OK, "bytes are counted");

    is(ngx_rtc_json_int(obj, "n", &i, 0, 7), NGX_OK, "an integer");
    is(i, 7, "its value");
    i = 0;
    is(ngx_rtc_json_int(obj, "r", &i, 0, 7), NGX_OK, "7.0 is an integer");
    is(i, 7, "its value");
    is(ngx_rtc_json_int(obj, "f", &i, 0, 7), NGX_ERROR, "7.5 is none");
    is(ngx_rtc_json_int(obj, "big", &i, 0, INT64_MAX), NGX_ERROR, "1e300");
    is(ngx_rtc_json_int(obj, "n", &i, 8, 9), NGX_ERROR, "too small");
    is(ngx_rtc_json_int(obj, "n", &i, 0, 6), NGX_ERROR, "too large");
    is(ngx_rtc_json_int(obj, "s", &i, 0, 6), NGX_ERROR, "a string");
    is(ngx_rtc_json_int(obj, "no", &i, 0, 6), NGX_DECLINED, "absent");

    is(ngx_rtc_json_bool(obj, "b", &b), NGX_OK, "a boolean");
    is(b, 1, "true");
    is(ngx_rtc_json_bool(obj, "n", &b), NGX_ERROR, "7 is no boolean");

    is(ngx_rtc_json_object(obj, "o", &v), NGX_OK, "an object");
    is(ngx_rtc_json_object(obj, "a", &v), NGX_ERROR, "an array is none");
    is(ngx_rtc_json_array(obj, "a", &v, 3), NGX_OK, "an array");
    is(ngx_rtc_json_array(obj, "a", &v, 2), NGX_ERROR, "too long");

    is(ngx_rtc_json_str(json_object_get(obj, "a"), "s", &s, 0, 9), NGX_ERROR,
       "a member of an array");

    json_decref(obj);
}


static void
test_texts(void)
{
    json_t     *obj;
    ngx_str_t   s, text;

    obj = json_object();

    s.data = (u_char *) "a\"\xc3\xa4xyz";
    s.len = 4;

    is(ngx_rtc_json_set_str(obj, "k", &s), NGX_OK, "a text is set");

    s.data = (u_char *) "\xc3";
    s.len = 1;

    is(ngx_rtc_json_set_str(obj, "bad", &s), NGX_ERROR, "but no bad UTF-8");

    s.data = NULL;
    s.len = 0;

    is(ngx_rtc_json_set_str(obj, "nil", &s), NGX_OK, "an empty text");

    is(ngx_rtc_json_dump(obj, &text), NGX_OK, "dumped");
    is(text.len, ngx_rtc_json_size(obj), "as long as measured");
    ok(strcmp((char *) text.data,
              "{\"k\":\"a\\\"\xc3\xa4\",\"nil\":\"\"}")
       == 0, "compact");

    ngx_free(text.data);
    json_decref(obj);

    obj = json_true();

    is(ngx_rtc_json_dump(obj, &text), NGX_OK, "a value alone is dumped");
    is(text.len, 4, "true");

    ngx_free(text.data);
}


static void
test_utf8(void)
{
    ngx_uint_t  i;

    static struct {
        const char  *text;
        ngx_uint_t   valid;
        const char  *name;
    } t[] = {
        { "", 1, "empty" },
        { "plain ~", 1, "ASCII" },
        { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 1, "2, 3 and 4 bytes" },
        { "\xc2\xa0", 1, "U+00A0" },
        { "\xf4\x8f\xbf\xbf", 1, "U+10FFFF" },
        { "a\tb", 0, "a tab" },
        { "a\x7f", 0, "DEL" },
        { "\xc2\x85", 0, "U+0085" },
        { "\xc0\xaf", 0, "overlong, 2 bytes" },
        { "\xe0\x9f\xbf", 0, "overlong, 3 bytes" },
        { "\xf0\x8f\xbf\xbf", 0, "overlong, 4 bytes" },
        { "\xed\xbf\xbf", 0, "a surrogate" },
        { "\xf4\x90\x80\x80", 0, "above U+10FFFF" },
        { "\xf8\x88\x80\x80\x80", 0, "5 bytes" },
        { "\x80", 0, "a continuation alone" },
        { "\xe2\x82", 0, "cut off" },
        { "\xe2\x82z", 0, "no continuation" },
        { "\xff", 0, "0xff" },
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        is(ngx_rtc_utf8_text((u_char *) t[i].text, strlen(t[i].text)),
           t[i].valid, "text: %s", t[i].name);
    }

    is(ngx_rtc_utf8_text((u_char *) "a\0b", 3), 0, "text: a zero");
}


static void
test_ids(void)
{
    size_t  i;
    u_char  a[25], b[25];

    a[24] = 'X';

    is(ngx_rtc_random_id(a, 24), NGX_OK, "a random id");
    is(ngx_rtc_random_id(b, 24), NGX_OK, "another one");

    for (i = 0; i < 24; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz234567", a[i]) == NULL) {
            break;
        }
    }

    is(i, 24, "of base32");
    is(a[24], 'X', "without a zero behind it");
    ok(memcmp(a, b, 24) != 0, "they differ");
}


int
main(void)
{
    test_limits();
    test_getters();
    test_texts();
    test_utf8();
    test_ids();

    return test_done();
}
