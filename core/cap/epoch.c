/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Epoch cells: core/cap/epoch.h. The free list runs through the cells by
 * index; the pool's capacity is the end mark.
 */
#include "core/cap/epoch.h"

#include <stddef.h>

void cap_epoch_pool_init(struct cap_epoch_pool *pool, struct cap_epoch *cells, uint32_t capacity)
{
    for (uint32_t i = 0; i < capacity; i++)
        cells[i] = (struct cap_epoch){.next_free = i + 1};
    *pool = (struct cap_epoch_pool){.cells = cells, .capacity = capacity};
}

struct cap_epoch *cap_epoch_new(struct cap_epoch_pool *pool)
{
    if (pool->free_head >= pool->capacity)
        return NULL;
    struct cap_epoch *cell = &pool->cells[pool->free_head];
    pool->free_head = cell->next_free;
    pool->in_use++;
    *cell = (struct cap_epoch){.references = 1};
    return cell;
}

void cap_epoch_ref(struct cap_epoch *cell)
{
    cell->references++;
}

void cap_epoch_drop(struct cap_epoch_pool *pool, struct cap_epoch *cell)
{
    cell->references--;
    if (cell->references != 0)
        return;
    cell->next_free = pool->free_head;
    pool->free_head = (uint32_t)(cell - pool->cells);
    pool->in_use--;
}

uint64_t cap_epoch_bump(struct cap_epoch *cell)
{
    cell->value++;
    if (cell->value == 0)
        cell->value = 1;
    return cell->value;
}

bool cap_epoch_pool_is_valid(const struct cap_epoch_pool *pool)
{
    if (pool->in_use > pool->capacity)
        return false;
    uint32_t free = pool->capacity - pool->in_use;
    uint32_t at = pool->free_head;
    for (uint32_t i = 0; i < free; i++) {
        if (at >= pool->capacity || pool->cells[at].references != 0)
            return false;
        at = pool->cells[at].next_free;
    }
    uint32_t referenced = 0;
    for (uint32_t i = 0; i < pool->capacity; i++)
        referenced += pool->cells[i].references != 0;
    return at == pool->capacity && referenced == pool->in_use;
}
