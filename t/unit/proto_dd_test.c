
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The dependency descriptor: parsing with and without a structure, and
 * rewriting.
 */


#include "test.h"

#include "ngx_rtc_dd.h"


/*
 * L2T2: templates at id 60: S0T0 (key), S0T0, S0T1, S1T0, S1T1; 4 decode
 * targets, 2 chains, 640x360 and 1280x720
 */

#define KEY  "bc03e8 878319eabfc4c3c0514108be8c00844444fe04fe02ce09fe059e"


static u_char                  buf[256];
static size_t                  len;
static ngx_rtc_dd_t            dd;
static ngx_rtc_dd_structure_t  st;


static ngx_int_t
parse(const char *hex)
{
    u_char     *p;
    ngx_int_t   rc;

    len = test_unhex(buf, sizeof(buf), hex);
    p = malloc(len ? len : 1);
    memcpy(p, buf, len);
    rc = ngx_rtc_dd_parse(p, p + len, &st, &dd);
    free(p);

    return rc;
}


static void
test_parse(void)
{
    size_t      n;
    ngx_uint_t  bad;

    is(parse("fe03e9"), NGX_DECLINED, "no structure yet");
    is(dd.frame_number, 1001, "the frame number is there");
    is(dd.first_packet, 1, "first packet");
    is(dd.last_packet, 1, "last packet");
    is(parse("fe03"), NGX_ERROR, "two bytes");

    is(parse(KEY), NGX_OK, "keyframe with a structure");
    is(dd.has_structure, 1, "has it");
    is(dd.first_packet, 1, "first packet");
    is(dd.last_packet, 0, "not the last");
    is(dd.frame_number, 1000, "frame number");
    is(dd.active_targets, 0xf, "all targets are active");
    is(dd.sid, 0, "sid");
    is(dd.tid, 0, "tid");
    is(dd.nfdiffs, 0, "refers to nothing");
    is(dd.width, 640, "width of its layer");

    is(st.id_offset, 60, "template ids from 60 on");
    is(st.ntemplates, 5, "5 templates");
    is(st.ntargets, 4, "4 targets");
    is(st.nchains, 2, "2 chains");
    is(st.nspatial, 2, "2 spatial layers");
    is(st.ntemporal, 2, "2 temporal layers");
    is(st.width[1], 1280, "width");
    is(st.height[1], 720, "height");
    is(st.target_sid[0], 0, "target 0: sid");
    is(st.target_tid[0], 0, "target 0: tid");
    is(st.target_sid[1], 0, "target 1: sid");
    is(st.target_tid[1], 1, "target 1: tid");
    is(st.target_sid[2], 1, "target 2: sid");
    is(st.target_sid[3], 1, "target 3: sid");
    is(st.target_tid[3], 1, "target 3: tid");
    is(st.target_chain[1], 0, "target 1 is protected by chain 0");
    is(st.target_chain[2], 1, "target 2 by chain 1");
    is(ngx_rtc_dd_dti(st.templates[2].dtis, 0), NGX_RTC_DD_NOT_PRESENT,
       "S0T1 isn't in target 0");
    is(ngx_rtc_dd_dti(st.templates[2].dtis, 1), NGX_RTC_DD_DISCARDABLE,
       "is discardable in target 1");
    is(ngx_rtc_dd_dti(st.templates[2].dtis, 3), NGX_RTC_DD_REQUIRED,
       "and required in target 3");
    is(st.templates[3].nfdiffs, 2, "S1T0 refers to two frames");
    is(st.templates[4].fdiffs[0], 16, "largest difference of a template");
    is(st.templates[4].chain_fdiffs[1], 15, "chain difference");

    is(parse("fe03e9"), NGX_OK, "descriptor of 3 bytes");
    is(dd.sid, 0, "sid");
    is(dd.tid, 1, "tid");
    is(dd.fdiffs[0], 1, "frame difference");
    is(dd.has_active_targets, 0, "no mask");

    is(parse("4003ea4180"), NGX_OK, "template id that went around");
    is(dd.first_packet, 0, "not the first packet");
    is(dd.sid, 1, "sid");
    is(dd.tid, 1, "tid");
    is(dd.has_active_targets, 1, "has a mask");
    is(dd.active_targets, 3, "of two targets");
    is(dd.width, 1280, "width of its layer");

    is(parse("ffffff3b62108625664038"), NGX_OK, "everything custom");
    is(dd.frame_number, 65535, "frame number");
    is(dd.sid, 1, "the layer is the template's");
    is(ngx_rtc_dd_dti(dd.dtis, 0), 1, "target 0");
    is(ngx_rtc_dd_dti(dd.dtis, 2), 3, "target 2");
    is(ngx_rtc_dd_dti(dd.dtis, 3), 0, "target 3");
    is(dd.nfdiffs, 3, "three frame differences");
    is(dd.fdiffs[0], 1, "of 4 bits");
    is(dd.fdiffs[1], 17, "of 8 bits");
    is(dd.fdiffs[2], 300, "of 12 bits");
    is(dd.chain_fdiffs[0], 200, "chain 0");
    is(dd.chain_fdiffs[1], 7, "chain 1");

    is(parse("c503ea"), NGX_DECLINED, "template that the structure lacks");
    is(parse("ffffff3b62"), NGX_ERROR, "cut custom fields");

    /* all of the cut ones fail, and leave the structure alone */

    bad = 0;
    len = test_unhex(buf, sizeof(buf), KEY);

    for (n = 4; n < len; n++) {
        if (ngx_rtc_dd_parse(buf, buf + n, &st, &dd) != NGX_ERROR) {
            bad = n;
        }
    }

    is(bad, 0, "every cut structure is refused");
    is(st.ntemplates, 5, "the old one is kept");
    is(parse("fe03e9"), NGX_OK, "and used");

    is(parse("800000 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
             "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"),
       NGX_ERROR, "more templates than 64");
    is(parse("800000 80 3a aa aa aa aa"), NGX_ERROR,
       "more spatial layers than 4");
}


static void
test_rewrite(void)
{
    u_char  out[256], expected[256], *p;

    is(parse(KEY), NGX_OK, "keyframe");
    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 1000, 0);
    need(p != NULL, "rewritten without a change");
    is_mem(out, p - out, buf, len, "is the same");

    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 5, 5);
    len = test_unhex(expected, 256, "bc0005c7"
              "8319eabfc4c3c0514108be8c00844444fe04fe02ce09fe059ea0");
    need(p != NULL, "with another number and a mask");
    is_mem(out, p - out, expected, len, "mask behind the structure");
    is(ngx_rtc_dd_parse(out, p, &st, &dd), NGX_OK, "parses");
    is(dd.active_targets, 5, "the mask");
    is(dd.frame_number, 5, "the number");
    ok(ngx_rtc_dd_rewrite(out, out + 28, out, p, &st, &dd, 5, 5) == NULL,
       "no space");

    is(parse("4003ea4180"), NGX_OK, "delta frame with a mask");
    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 77, 1);
    need(p != NULL, "another mask");
    is_mem(out, p - out, "\x40\x00\x4d\x40\x80", 5, "in its place");
    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 77, 0);
    need(p != NULL, "no opinion");
    is_mem(out, p - out, "\x40\x00\x4d\x41\x80", 5, "the sender's mask");

    is(parse("fe03e9"), NGX_OK, "descriptor of 3 bytes");
    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 1001, 3);
    need(p != NULL, "gets a mask");
    is_mem(out, p - out, "\xfe\x03\xe9\x41\x80", 5, "in two more bytes");
    p = ngx_rtc_dd_rewrite(out, out + 3, buf, buf + len, &st, &dd, 9, 0);
    need(p != NULL, "or stays short");
    is_mem(out, p - out, "\xfe\x00\x09", 3, "with another number");

    is(parse("ffffff3b62108625664038"), NGX_OK, "everything custom");
    p = ngx_rtc_dd_rewrite(out, out + 256, buf, buf + len, &st, &dd, 1, 0xf);
    need(p != NULL, "gets a mask");
    is(ngx_rtc_dd_parse(out, p, &st, &dd), NGX_OK, "parses");
    is(dd.active_targets, 0xf, "the mask");
    is(dd.fdiffs[2], 300, "frame differences are kept");
    is(dd.chain_fdiffs[0], 200, "chains are kept");
    ngx_rtc_dd_set_frame_number(out, 0xabcd);
    is(ngx_rtc_dd_parse(out, p, &st, &dd), NGX_OK, "number set in place");
    is(dd.frame_number, 0xabcd, "the number");
}


int
main(void)
{
    test_parse();
    test_rewrite();

    return test_done();
}
