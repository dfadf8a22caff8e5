
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * TAP for unit tests.  Each t/unit/<name>_test.c is a program: it calls the
 * macros below and ends main() with "return test_done();".  A comment with
 * "link: src/net/ngx_rtc_x.c ..." in its first 40 lines names the sources
 * it needs besides all of src/proto and src/media.
 */


#ifndef _NGX_RTC_TEST_H_INCLUDED_
#define _NGX_RTC_TEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* from ngx_shim.c */

extern ngx_log_t   test_log;           /* writes to stderr as TAP comments */
extern ngx_uint_t  test_log_lines;     /* lines logged so far */
extern ngx_uint_t  test_allocs;        /* ngx_alloc() and ngx_calloc() calls */
extern ngx_int_t   test_alloc_fail;    /* fail after so many; -1: never */


static ngx_uint_t  test_count;
static ngx_uint_t  test_failed;


#define TEST_FORMAT(n, m)  __attribute__ ((format (printf, n, m), unused))


TEST_FORMAT(1, 2) static void
diag(const char *fmt, ...)
{
    va_list  args;

    printf("# ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}


/* what is shown is the first failure's place: file and line */

TEST_FORMAT(4, 5) static ngx_uint_t
test_ok(ngx_uint_t rc, const char *file, int line, const char *fmt, ...)
{
    va_list  args;

    printf("%s %d - ", rc ? "ok" : "not ok", (int) ++test_count);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');

    if (!rc) {
        test_failed++;
        diag("failed at %s line %d", file, line);
    }

    fflush(stdout);

    return rc;
}


static __attribute__ ((unused)) void
test_dump(const char *what, const void *data, size_t len)
{
    size_t         i;
    const u_char  *p;

    p = data;

    printf("# %s (%zu bytes):", what, len);

    for (i = 0; i < len && i < 512; i++) {
        printf("%s%02x", (i % 32) ? " " : "\n#   ", p[i]);
    }

    printf("\n");
}


TEST_FORMAT(5, 6) static ngx_uint_t
test_is(long long got, long long expected, const char *file, int line,
    const char *fmt, ...)
{
    char     name[512];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);

    if (test_ok(got == expected, file, line, "%s", name)) {
        return 1;
    }

    diag("     got: %lld (0x%llx)", got, (unsigned long long) got);
    diag("expected: %lld (0x%llx)", expected, (unsigned long long) expected);

    return 0;
}


TEST_FORMAT(7, 8) static ngx_uint_t
test_mem(const void *got, size_t glen, const void *expected, size_t elen,
    const char *file, int line, const char *fmt, ...)
{
    char     name[512];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);

    if (test_ok(glen == elen
                && (glen == 0 || memcmp(got, expected, glen) == 0),
                file, line, "%s", name))
    {
        return 1;
    }

    test_dump("     got", got, glen);
    test_dump("expected", expected, elen);

    return 0;
}


static __attribute__ ((unused)) int
test_done(void)
{
    printf("1..%d\n", (int) test_count);

    return test_failed != 0;
}


/*
 * Bytes of a hex text; blanks and colons are skipped.  Returns their number;
 * ends the test program on a bad text or a buffer too small.
 */

static __attribute__ ((unused)) size_t
test_unhex(u_char *buf, size_t size, const char *text)
{
    char    digit[3];
    char   *end;
    size_t  n;

    digit[2] = '\0';
    n = 0;

    while (*text) {

        if (*text == ' ' || *text == '\n' || *text == '\t' || *text == ':') {
            text++;
            continue;
        }

        digit[0] = text[0];
        digit[1] = text[1];

        if (n == size || digit[1] == '\0') {
            printf("Bail out! bad hex text\n");
            exit(2);
        }

        buf[n++] = (u_char) strtoul(digit, &end, 16);

        if (end != &digit[2]) {
            printf("Bail out! bad hex digit\n");
            exit(2);
        }

        text += 2;
    }

    return n;
}


/* the content of a file in an own buffer with a zero behind it */

static __attribute__ ((unused)) u_char *
test_read_file(const char *name, size_t *len)
{
    FILE    *f;
    u_char  *p;
    size_t   n, size;

    f = fopen(name, "rb");
    if (f == NULL) {
        printf("Bail out! cannot open %s\n", name);
        exit(2);
    }

    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);

    p = malloc(size + 1);
    n = (p != NULL) ? fread(p, 1, size, f) : 0;
    fclose(f);

    if (p == NULL || n != size) {
        printf("Bail out! cannot read %s\n", name);
        exit(2);
    }

    p[size] = '\0';
    *len = size;

    return p;
}


/*
 * The tests.  Each takes a printf format and its arguments as the name and
 * is 1 if it passed.
 */

#define ok(cond, ...)                                                         \
    test_ok((cond) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)

#define is(got, expected, ...)                                                \
    test_is((long long) (got), (long long) (expected), __FILE__, __LINE__,    \
            __VA_ARGS__)

#define is_mem(got, glen, expected, elen, ...)                                \
    test_mem(got, glen, expected, elen, __FILE__, __LINE__, __VA_ARGS__)

/* an ngx_str_t against a C string */

#define is_str(got, expected, ...)                                            \
    test_mem((got).data, (got).len, expected, strlen(expected),               \
             __FILE__, __LINE__, __VA_ARGS__)

/* a C string against a C string */

#define is_cstr(got, expected, ...)                                           \
    test_mem(got, strlen((char *) (got)), expected, strlen(expected),         \
             __FILE__, __LINE__, __VA_ARGS__)

#define pass(...)  test_ok(1, __FILE__, __LINE__, __VA_ARGS__)
#define fail(...)  test_ok(0, __FILE__, __LINE__, __VA_ARGS__)

/* what a test can't go on without */

#define need(cond, ...)                                                       \
    do {                                                                      \
        if (!ok(cond, __VA_ARGS__)) {                                         \
            exit(test_done());                                                \
        }                                                                     \
    } while (0)


#endif /* _NGX_RTC_TEST_H_INCLUDED_ */
