/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The frame ledger: one operation on any list of distinct frames, of up to as
 * many as fit. Nothing is listed twice, never more than the capacity, a range
 * goes in whole or not at all, and what comes out leaves the others listed.
 */
#include "core/base/base_proof.h"
#include "core/frames/ledger.c"

#define CAPACITY 3u

static struct frames_ledger ledger;
static uint64_t entries[CAPACITY], before[CAPACITY];
static uint32_t count;

static void any_entries(uint64_t mask)
{
    count = nondet_u8();
    assume(count <= CAPACITY);
    ledger.entries = entries;
    ledger.capacity = CAPACITY;
    ledger.count = count;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        entries[i] = nondet_u64() & mask;
        before[i] = entries[i];
        for (uint32_t j = 0; j < i; j++)
            assume(i >= count || entries[i] != entries[j]);
    }
}

static bool was_listed(uint64_t frame)
{
    bool listed = false;
    for (uint32_t i = 0; i < CAPACITY; i++)
        listed = listed || (i < count && before[i] == frame);
    return listed;
}

static bool is_listed(uint64_t frame)
{
    bool listed = false;
    for (uint32_t i = 0; i < CAPACITY; i++)
        listed = listed || (i < ledger.count && entries[i] == frame);
    return listed;
}

static void assert_valid(void)
{
    assert(ledger.entries == entries && ledger.capacity == CAPACITY && ledger.count <= CAPACITY);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        for (uint32_t j = 0; j < i; j++)
            assert(i >= ledger.count || entries[i] != entries[j]);
    }
}

/* PROOF a_range_goes_in_whole_or_not
 * of: frames_ledger_track_range, any_in_range, frames_ledger_init
 * bound: capacity 3, frames, strides and counts below 256: the division by an arbitrary stride of 64 bits does not close in 100 s;
 *  ranges that leave 64 bits are in a_range_does_not_wrap
 * next: 9 bits: about three times the time
 * unwind: 5
 */
void a_range_goes_in_whole_or_not(void)
{
    any_entries(0xff);
    ledger.entries = NULL;
    ledger.capacity = nondet_size();
    frames_ledger_init(&ledger, entries, CAPACITY);
    assert(ledger.count == 0);
    ledger.count = count;
    uint64_t start = nondet_u8(), stride = nondet_u8(), n = nondet_u8(), frame = nondet_u16();
    bool in_range = (n > 0 && frame == start) || (n > 1 && frame == start + stride) || (n > 2 && frame == start + 2 * stride);
    bool twice = (n > 0 && was_listed(start)) || (n > 1 && was_listed(start + stride)) || (n > 2 && was_listed(start + 2 * stride));
    enum frames_ledger_error error = frames_ledger_track_range(&ledger, start, n, stride);
    if (n > CAPACITY - count) {
        probe(1);
        assert(error == FRAMES_LEDGER_QUOTA);
    } else if (twice || (n > 1 && stride == 0)) {
        probe(2);
        assert(error == FRAMES_LEDGER_ALREADY_TRACKED);
    } else {
        probe(3);
        assert(error == FRAMES_LEDGER_OK && ledger.count == count + n);
    }
    if (error != FRAMES_LEDGER_OK)
        assert(ledger.count == count);
    assert(is_listed(frame) == (was_listed(frame) || (error == FRAMES_LEDGER_OK && in_range)));
    assert_valid();
}

/* PROOF a_range_does_not_wrap
 * of: frames_ledger_track_range, frames_ledger_track
 * bound: capacity 3, an empty list: every start, stride and count of 64 bits
 * next: a listed frame brings the division in, which does not close
 * unwind: 5
 */
void a_range_does_not_wrap(void)
{
    any_entries(0);
    ledger.count = 0;
    uint64_t start = nondet_u64(), stride = nondet_u64(), n = nondet_u64();
    assume(n == 1 || stride != 0);
    enum frames_ledger_error error = frames_ledger_track_range(&ledger, start, n, stride);
    bool wraps = (n == 2 && start + stride < start) || (n == 3 && (stride >> 63 != 0 || start + 2 * stride < start));
    if (n > CAPACITY || wraps) {
        probe(1);
        assert(error == FRAMES_LEDGER_QUOTA && ledger.count == 0);
    } else {
        probe(2);
        assert(error == FRAMES_LEDGER_OK && ledger.count == n);
        assert(n < 1 || entries[0] == start);
        assert(n < 2 || entries[1] == start + stride);
        assert(n < 3 || entries[2] == start + 2 * stride);
    }
    any_entries(UINT64_MAX);
    error = frames_ledger_track(&ledger, start);
    assert(error == (count == CAPACITY    ? FRAMES_LEDGER_QUOTA
                     : was_listed(start) ? FRAMES_LEDGER_ALREADY_TRACKED
                                         : FRAMES_LEDGER_OK));
    assert(error != FRAMES_LEDGER_OK || (ledger.count == count + 1 && entries[count] == start));
}

/* PROOF what_leaves_leaves_the_others
 * of: frames_ledger_untrack, frames_ledger_pop, frames_ledger_contains, place_of
 * bound: capacity 3: an operation moves at most one entry; every frame
 * next: 4: about twice the time
 * unwind: 5
 */
void what_leaves_leaves_the_others(void)
{
    any_entries(UINT64_MAX);
    uint64_t frame = nondet_u64(), other = nondet_u64(), popped = 0;
    assert(frames_ledger_contains(&ledger, other) == was_listed(other));
    if (nondet_bool()) {
        bool any = frames_ledger_pop(&ledger, &popped);
        assert(any == (count > 0));
        if (any) {
            probe(1);
            assert(popped == before[count - 1] && ledger.count == count - 1);
        } else {
            probe(2);
            assert(popped == 0 && ledger.count == 0);
        }
        assert(is_listed(other) == (was_listed(other) && (!any || other != popped)));
    } else {
        enum frames_ledger_error error = frames_ledger_untrack(&ledger, frame);
        if (was_listed(frame)) {
            probe(3);
            assert(error == FRAMES_LEDGER_OK && ledger.count == count - 1 && !is_listed(frame));
        } else {
            probe(4);
            assert(error == FRAMES_LEDGER_NOT_TRACKED && ledger.count == count);
        }
        assert(is_listed(other) == (was_listed(other) && other != frame));
    }
    assert_valid();
}
