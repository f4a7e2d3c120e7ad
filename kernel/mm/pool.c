/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fixed-size pools: see pool.h. */
#include "kernel/mm/pool.h"

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "kernel/fault.h"
#include "kernel/machine.h"
#include "kernel/mm/frames.h"

bool pool_init(struct pool *pool, const char *name, size_t item_bytes, uint32_t capacity)
{
    size_t rounded = (item_bytes + 63) & ~(size_t)63;
    uint64_t pages = (rounded * capacity + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t first;
    if (!frames_alloc_run(FRAME_KERNEL, pages, &first))
        return false;
    *pool = (struct pool){
        .name = name,
        .items = machine_frame_address(first),
        .item_bytes = rounded,
        .capacity = capacity,
    };
    for (uint32_t i = capacity; i-- > 0;) {
        struct pool_free *item = (struct pool_free *)(void *)(pool->items + i * rounded);
        item->next = pool->free;
        pool->free = item;
    }
    return true;
}

void *pool_take(struct pool *pool)
{
    if (pool->free == NULL || fault_point(FAULT_POOL))
        return NULL;
    struct pool_free *item = pool->free;
    pool->free = item->next;
    pool->in_use++;
    memset(item, 0, pool->item_bytes);
    return item;
}

void pool_give(struct pool *pool, void *item)
{
    size_t offset = (size_t)((uint8_t *)item - pool->items);
    if (offset % pool->item_bytes != 0 || offset / pool->item_bytes >= pool->capacity)
        kernel_panic("record given back to a foreign pool", offset);
    memset(item, 0, pool->item_bytes);
    struct pool_free *free = item;
    free->next = pool->free;
    pool->free = free;
    pool->in_use--;
}
