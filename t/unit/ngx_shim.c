
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The few functions of nginx that code without nginx's object files may
 * call: allocation and logging.  Linked into unit tests and fuzz targets,
 * never into the module.  Strings are weak, so that a test may bring its own.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>


#define TEST_WEAK  __attribute__ ((weak))


ngx_uint_t            test_allocs;
ngx_uint_t            test_log_lines;
ngx_int_t             test_alloc_fail = -1;

ngx_log_t             test_log = { .log_level = NGX_LOG_NOTICE };

TEST_WEAK ngx_uint_t  ngx_pagesize = 4096;
TEST_WEAK ngx_uint_t  ngx_cacheline_size = 64;
TEST_WEAK ngx_pid_t   ngx_pid = 1;

TEST_WEAK volatile ngx_msec_t    ngx_current_msec;
TEST_WEAK volatile ngx_cycle_t  *ngx_cycle;


static ngx_uint_t
test_alloc_refused(void)
{
    test_allocs++;

    if (test_alloc_fail < 0) {
        return 0;
    }

    if (test_alloc_fail == 0) {
        return 1;
    }

    test_alloc_fail--;

    return 0;
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    if (test_alloc_refused()) {
        return NULL;
    }

    return malloc(size);
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    if (test_alloc_refused()) {
        return NULL;
    }

    return calloc(1, size);
}


/* the format's text only: its arguments are nginx's, not printf()'s */

void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    test_log_lines++;

    if (level <= NGX_LOG_WARN) {
        fprintf(stderr, "# log %d: %s\n", (int) level, fmt);
    }
}


TEST_WEAK ngx_int_t
ngx_strcasecmp(u_char *s1, u_char *s2)
{
    return strcasecmp((char *) s1, (char *) s2);
}


TEST_WEAK ngx_int_t
ngx_strncasecmp(u_char *s1, u_char *s2, size_t n)
{
    return strncasecmp((char *) s1, (char *) s2, n);
}


TEST_WEAK ngx_int_t
ngx_memn2cmp(u_char *s1, u_char *s2, size_t n1, size_t n2)
{
    size_t     n;
    ngx_int_t  m, z;

    n = ngx_min(n1, n2);
    z = (n1 == n2) ? 0 : (n1 < n2) ? -1 : 1;
    m = ngx_memcmp(s1, s2, n);

    return m ? m : z;
}


TEST_WEAK ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    ngx_int_t  value;

    if (n == 0) {
        return NGX_ERROR;
    }

    for (value = 0; n--; line++) {

        if (*line < '0' || *line > '9'
            || value > (NGX_MAX_INT_T_VALUE - (*line - '0')) / 10)
        {
            return NGX_ERROR;
        }

        value = value * 10 + (*line - '0');
    }

    return value;
}
