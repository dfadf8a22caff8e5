
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Payload headers of all codecs; the first byte says which.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdlib.h>

#include "ngx_rtc_codec.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char                *p, *end;
    uint16_t               w, h;
    ngx_int_t              n, i;
    ngx_uint_t             codec;
    ngx_rtc_red_block_t    blocks[NGX_RTC_RED_MAX_BLOCKS];
    ngx_rtc_codec_info_t   info, again;

    if (size < 1) {
        return 0;
    }

    codec = data[0] % NGX_RTC_CODEC_MAX;
    data++;
    size--;

    p = malloc(size + 1);
    memcpy(p, data, size);

    /* exactly at the end of the block */

    memmove(p + 1, p, size);
    p++;
    end = p + size;

    if (ngx_rtc_codec_parse(codec, p, end, 1, &info) == NGX_OK) {

        if (info.header_size > size) {
            abort();
        }

        if ((codec == NGX_RTC_CODEC_VP8
             && ngx_rtc_vp8_rewrite(p, end, 77, 3, 4) != NGX_OK)
            || (codec == NGX_RTC_CODEC_VP9
                && ngx_rtc_vp9_rewrite(p, end, 77, 3) != NGX_OK))
        {
            abort();
        }

        if (codec == NGX_RTC_CODEC_VP8 || codec == NGX_RTC_CODEC_VP9) {

            if (ngx_rtc_codec_parse(codec, p, end, 1, &again) != NGX_OK
                || again.header_size != info.header_size
                || again.keyframe != info.keyframe
                || again.tid != info.tid
                || (info.has_picture_id && again.picture_id != 77)
                || (info.has_tl0picidx && again.tl0picidx != 3)
                || (info.has_keyidx && again.keyidx != 4))
            {
                abort();
            }
        }
    }

    (void) ngx_rtc_h264_sps_size(p, end, &w, &h);
    (void) ngx_rtc_av1_sequence_size(p, end, &w, &h);

    if (ngx_rtc_opus_duration(p, end) > 5760) {
        abort();
    }

    (void) ngx_rtc_opus_dtx(p, end);

    n = ngx_rtc_red_parse(p, end, blocks, NGX_RTC_RED_MAX_BLOCKS);

    for (i = 0; i < n; i++) {
        if (blocks[i].data + blocks[i].len > end) {
            abort();
        }
    }

    free(p - 1);

    return 0;
}
