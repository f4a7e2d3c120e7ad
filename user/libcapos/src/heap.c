/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The heap: blocks in address order, each with a header that says its size and
 * whether it is free. First fit; neighbours merge when a block is freed.
 */
#include "capos/heap.h"

#include <stdbool.h>
#include <stdint.h>

#include "capos/park.h"

struct block {
    size_t size; /* header included, a multiple of 16 */
    bool used;
};

#define HEADER 16u
_Static_assert(sizeof(struct block) <= HEADER, "the header keeps blocks 16-byte aligned");

static _Alignas(16) unsigned char arena[CAPOS_HEAP_BYTES];
static bool ready;
static struct capos_mutex lock; /* guards all of it */

static struct block *first_block(void)
{
    struct block *first = (struct block *)(void *)arena;
    if (!ready) {
        *first = (struct block){ .size = sizeof arena, .used = false };
        ready = true;
    }
    return first;
}

static struct block *next_block(struct block *block)
{
    unsigned char *next = (unsigned char *)block + block->size;
    return next == arena + sizeof arena ? NULL : (struct block *)(void *)next;
}

static void merge_free(struct block *block)
{
    for (struct block *next = next_block(block); next != NULL && !next->used; next = next_block(block))
        block->size += next->size;
}

static void *take(size_t need)
{
    for (struct block *block = first_block(); block != NULL; block = next_block(block)) {
        if (block->used)
            continue;
        merge_free(block);
        if (block->size < need)
            continue;
        if (block->size - need > HEADER) {
            struct block *rest = (struct block *)(void *)((unsigned char *)block + need);
            *rest = (struct block){ .size = block->size - need, .used = false };
            block->size = need;
        }
        block->used = true;
        return (unsigned char *)block + HEADER;
    }
    return NULL;
}

void *capos_alloc(size_t bytes)
{
    if (bytes == 0 || bytes > sizeof arena - HEADER)
        return NULL;
    capos_mutex_lock(&lock);
    void *memory = take(((bytes + 15) & ~(size_t)15) + HEADER);
    capos_mutex_unlock(&lock);
    return memory;
}

void capos_free(void *memory)
{
    if (memory == NULL)
        return;
    struct block *block = (struct block *)(void *)((unsigned char *)memory - HEADER);
    capos_mutex_lock(&lock);
    block->used = false;
    merge_free(block);
    capos_mutex_unlock(&lock);
}

size_t capos_heap_used(void)
{
    size_t used = 0;
    capos_mutex_lock(&lock);
    for (struct block *block = first_block(); block != NULL; block = next_block(block))
        used += block->used ? block->size : 0;
    capos_mutex_unlock(&lock);
    return used;
}
