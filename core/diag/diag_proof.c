/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The arithmetic of the token buckets, counts and byte budgets (LA-07): one step on an arbitrary state each.
 */
#include "core/base/base_proof.h"
#include "core/diag/diag.c"

/* A little more than the two seconds that fill the bucket. Much more makes the division too hard for the prover. */
#define LONGEST_NS (1ull << 31)

/* PROOF refill_of_a_key
 * of: refill
 * bound: at most 2^31 ns since the last refill, which is more than fills the bucket; every bucket and start, also in the future
 * next: 2^33 ns: 9 s with Z3; 2^41 ns: more than a minute with each solver
 */
void refill_of_a_key(void)
{
    uint64_t now = nondet_u64();
    struct diag_bucket bucket = {.last_ns = nondet_u64(), .tokens = nondet_u32()};
    const struct diag_bucket old = bucket;
    assume(old.tokens <= DIAG_BURST && (now < old.last_ns || now - old.last_ns <= LONGEST_NS));
    refill(&bucket, DIAG_BURST, DIAG_REFILL_NS, now);
    assert(bucket.tokens >= old.tokens && bucket.tokens <= DIAG_BURST);
    if (now <= old.last_ns) {
        probe(1);
        assert(bucket.tokens == old.tokens && bucket.last_ns == old.last_ns);
        return;
    }
    uint64_t added = bucket.last_ns - old.last_ns;
    assert(added <= now - old.last_ns && now - bucket.last_ns < DIAG_REFILL_NS);
    if (bucket.tokens < DIAG_BURST) {
        probe(2);
        assert(added == (uint64_t)(bucket.tokens - old.tokens) * DIAG_REFILL_NS);
    } else {
        probe(3);
        assert(added >= (uint64_t)(DIAG_BURST - old.tokens) * DIAG_REFILL_NS);
    }
}

/* PROOF counts_saturate
 * of: count
 * bound: none: every count, every number of events
 */
void counts_saturate(void)
{
    struct diag_entry entry = {.suppressed = nondet_u32(), .first_ns = nondet_u64()};
    const struct diag_entry old = entry;
    uint64_t events = nondet_u64(), now = nondet_u64();
    count(&entry, events, now);
    assert(entry.first_ns == (old.suppressed == 0 ? now : old.first_ns));
    if (events <= UINT32_MAX - old.suppressed) {
        probe(1);
        assert(entry.suppressed - old.suppressed == events);
    } else {
        probe(2);
        assert(entry.suppressed == UINT32_MAX);
    }
}

/* PROOF budgets_hold
 * of: budget_allows
 * bound: none: every budget, every line, every time
 */
void budgets_hold(void)
{
    struct diag_budget budget = {.limit = nondet_u64(), .used = nondet_u64(), .window_ns = nondet_u64()};
    const struct diag_budget old = budget;
    uint64_t bytes = nondet_u64(), now = nondet_u64();
    bool fresh = now > old.window_ns && now - old.window_ns >= DIAG_SECOND_NS;
    assume(old.used <= old.limit);
    bool allowed = budget_allows(&budget, bytes, now);
    assert(budget.limit == old.limit);
    assert(budget.window_ns == (fresh && old.limit != 0 ? now : old.window_ns));
    assert(budget.used == (fresh && old.limit != 0 ? 0 : old.used));
    if (old.limit == 0) {
        probe(1);
        assert(allowed);
    } else if (allowed) {
        probe(2);
        assert(bytes <= old.limit && budget.used <= old.limit - bytes); /* so the sum is within it */
    } else {
        probe(3);
        assert(bytes > old.limit || budget.used > old.limit - bytes);
    }
}
