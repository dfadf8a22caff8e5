
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A stream of dependency descriptors: each is a length byte and its bytes;
 * what is rewritten must say the same as before.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_dd.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                  *p, *end, out[512];
    size_t                   n;
    uint32_t                 mask;
    ngx_rtc_dd_t             dd, again;
    ngx_rtc_dd_structure_t   st, st2;

    ngx_memzero(&st, sizeof(st));

    while (size > 1) {

        n = ngx_min((size_t) data[0], size - 1);
        p = malloc(n + 1);
        memcpy(p, data + 1, n);
        memmove(p + 1, p, n);

        data += n + 1;
        size -= n + 1;

        if (ngx_rtc_dd_parse(p + 1, p + 1 + n, &st, &dd) == NGX_OK) {

            if (st.ntargets == 0 || st.ntargets > 32 || st.nspatial > 4
                || dd.sid >= st.nspatial || dd.tid >= st.ntemporal)
            {
                abort();
            }

            for (mask = 0; mask < 2; mask++) {
                end = ngx_rtc_dd_rewrite(out, out + sizeof(out), p + 1,
                                         p + 1 + n, &st, &dd, 4711, mask);

                if (end == NULL) {

                    /* five more bytes didn't fit into the largest one */

                    if (n < 250) {
                        abort();
                    }

                    continue;
                }

                st2 = st;

                if (ngx_rtc_dd_parse(out, end, &st2, &again) != NGX_OK
                    || again.frame_number != 4711
                    || again.dtis != dd.dtis
                    || again.nfdiffs != dd.nfdiffs
                    || memcmp(again.fdiffs, dd.fdiffs, sizeof(dd.fdiffs)) != 0
                    || memcmp(again.chain_fdiffs, dd.chain_fdiffs,
                              sizeof(dd.chain_fdiffs)) != 0
                    || st.id_offset != st2.id_offset
                    || st.ntemplates != st2.ntemplates
                    || st.ntargets != st2.ntargets
                    || again.active_targets != (mask ? mask
                                                     : dd.active_targets))
                {
                    abort();
                }
            }
        }

        free(p);
    }

    return 0;
}
