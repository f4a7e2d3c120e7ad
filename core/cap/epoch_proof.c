/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Epoch cells: one operation on any pool whose free list runs through exactly
 * the cells without references. A cell in use is never given out a second
 * time, its value only grows, and it is free again exactly with its last
 * reference. That a hold with an older value does not resolve is shown in
 * table_proof.c; here, that a bump makes every value seen before an older one.
 */
#include "core/base/base_proof.h"
#include "core/cap/epoch.c"

#define CELLS 3u

static struct cap_epoch cells[CELLS];
static struct cap_epoch before[CELLS];
static struct cap_epoch_pool pool;
static struct cap_epoch_pool old;

/* Does the free list go through every cell without references once, and through no other? */
static bool free_list_is_sound(void)
{
    uint32_t at = pool.free_head, in_use = 0;
    bool seen[CELLS] = {false};
    if (pool.in_use > CELLS)
        return false;
    for (uint32_t i = 0; i < CELLS; i++) {
        if (i >= CELLS - pool.in_use)
            break;
        if (at >= CELLS || seen[at])
            return false;
        seen[at] = true;
        at = cells[at].next_free;
    }
    for (uint32_t i = 0; i < CELLS; i++) {
        if (seen[i] != (cells[i].references == 0))
            return false;
        in_use += cells[i].references != 0;
    }
    return at == CELLS && in_use == pool.in_use;
}

/* Any content at all. */
static void any_cells(void)
{
    pool.cells = cells;
    pool.capacity = CELLS;
    pool.free_head = nondet_u32();
    pool.in_use = nondet_u32();
    pool.revocations = nondet_u64();
    for (uint32_t i = 0; i < CELLS; i++) {
        cells[i].value = nondet_u64();
        cells[i].revoke_mark = nondet_u64();
        cells[i].references = nondet_u32();
        cells[i].next_free = nondet_u32();
        before[i] = cells[i];
    }
    old = pool;
}

static void any_pool(void)
{
    any_cells();
    assume(free_list_is_sound());
}

static uint32_t any_cell(void)
{
    uint32_t cell = nondet_u32();
    assume(cell < CELLS);
    return cell;
}

static bool is_unchanged(uint32_t i)
{
    return cells[i].value == before[i].value && cells[i].references == before[i].references &&
           cells[i].revoke_mark == before[i].revoke_mark;
}

static void assert_valid(void)
{
    assert(free_list_is_sound());
    assert(pool.cells == cells && pool.capacity == CELLS && pool.revocations == old.revocations);
}

/* PROOF a_new_cell_was_free
 * of: cap_epoch_new
 * bound: 3 cells: an operation looks at the head of the free list and at one cell
 * next: 4 cells: about twice the time
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void a_new_cell_was_free(void)
{
    any_pool();
    uint32_t other = any_cell();
    struct cap_epoch *cell = cap_epoch_new(&pool);
    if (cell == NULL) {
        probe(1);
        assert(old.in_use == CELLS && pool.in_use == CELLS && is_unchanged(other));
    } else {
        probe(2);
        uint32_t index = (uint32_t)(cell - cells);
        assert(index < CELLS && before[index].references == 0);
        assert(cell->value == 0 && cell->references == 1 && cell->revoke_mark == 0);
        assert(pool.in_use == old.in_use + 1 && (other == index || is_unchanged(other)));
    }
    assert_valid();
}

/* PROOF the_last_reference_frees_the_cell
 * of: cap_epoch_ref, cap_epoch_drop
 * bound: 3 cells: an operation looks at the head of the free list and at one cell
 * next: 4 cells: about twice the time
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void the_last_reference_frees_the_cell(void)
{
    any_pool();
    uint32_t cell = any_cell(), other = any_cell();
    assume(cells[cell].references != 0);
    if (nondet_bool()) {
        assume(cells[cell].references != UINT32_MAX); /* there are never so many slots */
        probe(1);
        cap_epoch_ref(&cells[cell]);
        assert(cells[cell].references == before[cell].references + 1 && pool.in_use == old.in_use);
    } else {
        cap_epoch_drop(&pool, &cells[cell]);
        assert(cells[cell].references == before[cell].references - 1);
        if (before[cell].references == 1) {
            probe(2);
            assert(pool.in_use == old.in_use - 1 && pool.free_head == cell);
        } else {
            probe(3);
            assert(pool.in_use == old.in_use && pool.free_head == old.free_head);
        }
    }
    assert(cells[cell].value == before[cell].value && (other == cell || is_unchanged(other)));
    assert_valid();
}

/* PROOF a_bump_leaves_every_older_value
 * of: cap_epoch_bump
 * bound: none: every value; it comes back only after 2^64 - 1 revocations of one object
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void a_bump_leaves_every_older_value(void)
{
    any_cells();
    struct cap_epoch *cell = &cells[0];
    uint64_t seen = nondet_u64();
    assume(seen <= before[0].value); /* by any hold made until now */
    uint64_t epoch = cap_epoch_bump(cell);
    assert(epoch == cell->value && epoch != 0 && cell->references == before[0].references);
    if (before[0].value != UINT64_MAX) {
        probe(1);
        assert(cell->value == before[0].value + 1 && seen < cell->value);
    } else {
        probe(2);
        assert(cell->value == 1 && (seen != UINT64_MAX || seen != cell->value));
    }
}

/* PROOF the_check_tells_sound_pools
 * of: cap_epoch_pool_is_valid
 * bound: 3 cells of any content
 * next: 4 cells: about twice the time
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void the_check_tells_sound_pools(void)
{
    any_cells();
    bool valid = cap_epoch_pool_is_valid(&pool);
    assert(valid == free_list_is_sound());
    if (valid)
        probe(1);
    else
        probe(2);
}
