
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The packet cache: slots by sequence number over a ring of memory blocks.
 * A block is written again when all that it holds is too old to be asked
 * for, so a running stream allocates nothing.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_rtc_cache.h"


static u_char *ngx_rtc_cache_place(ngx_rtc_cache_t *cache, size_t size,
    ngx_rtc_usec_t now);


ngx_rtc_cache_t *
ngx_rtc_cache_create(ngx_uint_t slots, ngx_log_t *log)
{
    ngx_rtc_cache_t  *cache;

    cache = ngx_calloc(sizeof(ngx_rtc_cache_t), log);
    if (cache == NULL) {
        return NULL;
    }

    cache->slots = ngx_calloc(slots * sizeof(ngx_rtc_cache_slot_t), log);
    if (cache->slots == NULL) {
        ngx_free(cache);
        return NULL;
    }

    cache->mask = (uint32_t) slots - 1;
    cache->log = log;

    return cache;
}


void
ngx_rtc_cache_destroy(ngx_rtc_cache_t *cache)
{
    ngx_rtc_cache_empty(cache);

    ngx_free(cache->slots);
    ngx_free(cache);
}


ngx_int_t
ngx_rtc_cache_put(ngx_rtc_cache_t *cache, ngx_rtc_packet_t *pkt,
    ngx_rtc_usec_t now)
{
    u_char                 *p;
    ngx_uint_t              i;
    ngx_rtc_cache_slot_t   *slot;
    ngx_rtc_cache_block_t  *block;

    slot = &cache->slots[pkt->seq & cache->mask];

    if (slot->seq > pkt->seq) {
        return NGX_OK;
    }

    p = ngx_rtc_cache_place(cache, (size_t) pkt->size + pkt->ext_size, now);
    if (p == NULL) {
        return NGX_ERROR;
    }

    block = &cache->blocks[cache->current];

    slot->seq = pkt->seq;
    slot->generation = block->generation;
    slot->timestamp = pkt->timestamp;
    slot->offset = (uint32_t) (p - block->data);
    slot->size = pkt->size;
    slot->block = (uint8_t) cache->current;
    slot->index = pkt->index;
    slot->nexts = pkt->nexts;
    slot->marker = pkt->marker;
    slot->keyframe = pkt->keyframe;
    slot->padding = pkt->padding;
    slot->two_byte = pkt->two_byte;

    p = ngx_cpymem(p, pkt->payload, pkt->size);

    for (i = 0; i < pkt->nexts; i++) {
        *p++ = pkt->exts[i].ext;
        *p++ = pkt->exts[i].len;
        p = ngx_cpymem(p, pkt->exts[i].data, pkt->exts[i].len);
    }

    return NGX_OK;
}


ngx_int_t
ngx_rtc_cache_get(ngx_rtc_cache_t *cache, int64_t seq, ngx_rtc_packet_t *pkt)
{
    u_char                 *p;
    ngx_uint_t              i;
    ngx_rtc_cache_slot_t   *slot;
    ngx_rtc_cache_block_t  *block;

    slot = &cache->slots[seq & cache->mask];
    block = &cache->blocks[slot->block];

    if (slot->seq != seq || seq == 0 || block->data == NULL
        || block->generation != slot->generation)
    {
        return NGX_DECLINED;
    }

    p = block->data + slot->offset;

    pkt->seq = seq;
    pkt->payload = p;
    pkt->timestamp = slot->timestamp;
    pkt->size = slot->size;
    pkt->index = slot->index;
    pkt->nexts = slot->nexts;
    pkt->marker = slot->marker;
    pkt->keyframe = slot->keyframe;
    pkt->padding = slot->padding;
    pkt->two_byte = slot->two_byte;
    pkt->ext_size = 0;

    p += slot->size;

    for (i = 0; i < slot->nexts; i++) {
        pkt->exts[i].ext = p[0];
        pkt->exts[i].len = p[1];
        pkt->exts[i].data = p + 2;

        pkt->ext_size += 2 + p[1];

        p += 2 + p[1];
    }

    return NGX_OK;
}


void
ngx_rtc_cache_empty(ngx_rtc_cache_t *cache)
{
    ngx_uint_t  i;

    for (i = 0; i < cache->nblocks; i++) {
        ngx_free(cache->blocks[i].data);
        cache->blocks[i].data = NULL;
    }

    cache->nblocks = 0;
    cache->current = 0;
}


/* room for size bytes; cache->current is the block that they are in */

static u_char *
ngx_rtc_cache_place(ngx_rtc_cache_t *cache, size_t size, ngx_rtc_usec_t now)
{
    u_char                 *p;
    ngx_uint_t              next;
    ngx_rtc_cache_block_t  *block;

    block = &cache->blocks[cache->current];

    if (cache->nblocks && NGX_RTC_CACHE_BLOCK - block->used >= size) {
        goto found;
    }

    /* blocks are linked into a ring: behind the current is the oldest */

    next = block->next;

    if (cache->nblocks < 2
        || (cache->nblocks < NGX_RTC_CACHE_BLOCKS
            && now - cache->blocks[next].last < NGX_RTC_CACHE_TIME))
    {
        p = ngx_alloc(NGX_RTC_CACHE_BLOCK, cache->log);

        if (p) {
            next = cache->nblocks++;

            cache->blocks[next].data = p;
            cache->blocks[next].next = next ? block->next : 0;
            block->next = next;

        } else if (cache->nblocks == 0) {
            return NULL;
        }
    }

    cache->current = next;
    block = &cache->blocks[next];

    block->generation = ++cache->generation;
    block->used = 0;

found:

    p = block->data + block->used;

    block->used += (uint32_t) size;
    block->last = now;

    return p;
}
