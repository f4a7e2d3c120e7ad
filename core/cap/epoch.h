/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Epoch cells: one counter shared by all holds that descend from one
 * insertion. Revocation bumps the counter, and every hold that saw an older
 * value stops resolving, in whichever table it lies.
 * Source: docs/kernel-semantics.md, "Epoch cells".
 *
 * The caller owns pool and cells and serialises all calls. Cells are counted:
 * one reference per table slot and one per prepared transfer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cap_epoch {
    uint64_t value;
    uint64_t revoke_mark; /* last revocation that bumped this cell, so that it bumps it once */
    uint32_t references;  /* 0 = on the free list */
    uint32_t next_free;
};

struct cap_epoch_pool {
    struct cap_epoch *cells;
    uint32_t capacity;
    uint32_t free_head;
    uint32_t in_use;
    uint64_t revocations;
};

/* Takes over `capacity` cells of any content. */
void cap_epoch_pool_init(struct cap_epoch_pool *pool, struct cap_epoch *cells, uint32_t capacity);

/* A cell with value 0 and one reference, or NULL when the pool is exhausted. Constant time. */
struct cap_epoch *cap_epoch_new(struct cap_epoch_pool *pool);

void cap_epoch_ref(struct cap_epoch *cell);

/* Gives back one reference; the last one frees the cell. */
void cap_epoch_drop(struct cap_epoch_pool *pool, struct cap_epoch *cell);

/* Adds one, stepping over 0 when it wraps. Returns the new value. */
uint64_t cap_epoch_bump(struct cap_epoch *cell);

/* Walks the whole pool: for tests and debug kernels. */
bool cap_epoch_pool_is_valid(const struct cap_epoch_pool *pool);
