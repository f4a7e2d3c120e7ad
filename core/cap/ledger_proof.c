/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The resource ledger, for every ledger in which nothing is above its
 * maximum: one operation keeps that, refuses exactly what does not fit, and
 * touches no other resource. By induction over operations this holds for ever.
 */
#include "core/base/base_proof.h"
#include "core/cap/ledger.c"

static struct cap_ledger any_ledger(void)
{
    struct cap_ledger ledger;
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++) {
        ledger.pairs[i].used = nondet_u64();
        ledger.pairs[i].max = nondet_u64();
        assume(ledger.pairs[i].used <= ledger.pairs[i].max);
    }
    ledger.over_releases = 0;
    return ledger;
}

static enum cap_resource any_resource(void)
{
    uint32_t resource = nondet_u32();
    assume(resource < CAP_RESOURCE_COUNT);
    return (enum cap_resource)resource;
}

/* PROOF never_over_the_limit
 * of: cap_ledger_reserve, cap_ledger_preflight, cap_resource_exhausted
 * bound: none: every ledger, resource and amount
 * unwind: 8
 * solver: boolector
 */
void never_over_the_limit(void)
{
    struct cap_ledger ledger = any_ledger();
    const struct cap_ledger before = ledger;
    enum cap_resource resource = any_resource();
    uint64_t amount = nondet_u64();
    enum cap_error error = cap_ledger_reserve(&ledger, resource, amount);
    bool fits = amount <= before.pairs[resource].max - before.pairs[resource].used;
    if (error == CAP_OK) {
        probe(1);
        assert(fits && ledger.pairs[resource].used == before.pairs[resource].used + amount);
        assert(ledger.pairs[resource].used <= ledger.pairs[resource].max);
    } else {
        probe(2);
        assert(!fits && error == (enum cap_error)(CAP_EXHAUSTED_CAP_SLOTS + (uint32_t)resource));
        assert(ledger.pairs[resource].used == before.pairs[resource].used);
    }
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++) {
        assert(ledger.pairs[i].max == before.pairs[i].max);
        assert(i == (uint32_t)resource || ledger.pairs[i].used == before.pairs[i].used);
    }
    assert(ledger.over_releases == 0);
}

/* PROOF rollback_restores
 * of: cap_ledger_release, cap_ledger_reserve
 * bound: none: every ledger, resource and amount
 * unwind: 8
 * solver: boolector
 */
void rollback_restores(void)
{
    struct cap_ledger ledger = any_ledger();
    const struct cap_ledger before = ledger;
    enum cap_resource resource = any_resource();
    uint64_t amount = nondet_u64();
    assume(amount > 0);
    assume(cap_ledger_reserve(&ledger, resource, amount) == CAP_OK);
    probe(1);
    assert(!cap_ledger_is_empty(&ledger));
    cap_ledger_release(&ledger, resource, amount);
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++)
        assert(ledger.pairs[i].used == before.pairs[i].used && ledger.pairs[i].max == before.pairs[i].max);
    assert(ledger.over_releases == 0);
}

/* PROOF a_release_saturates
 * of: cap_ledger_release
 * bound: none: every ledger, resource and amount
 * unwind: 8
 * solver: boolector
 */
void a_release_saturates(void)
{
    struct cap_ledger ledger = any_ledger();
    const struct cap_ledger before = ledger;
    enum cap_resource resource = any_resource();
    uint64_t amount = nondet_u64();
    cap_ledger_release(&ledger, resource, amount);
    assert(cap_ledger_max(&ledger, resource) == before.pairs[resource].max);
    if (amount > before.pairs[resource].used) {
        probe(1);
        assert(cap_ledger_used(&ledger, resource) == 0 && ledger.over_releases == 1);
    } else {
        probe(2);
        assert(cap_ledger_used(&ledger, resource) == before.pairs[resource].used - amount && ledger.over_releases == 0);
    }
}

/* PROOF empty_means_nothing_used
 * of: cap_ledger_is_empty, cap_ledger_reset, cap_ledger_init
 * bound: none: every ledger
 * unwind: 8
 * solver: boolector
 */
void empty_means_nothing_used(void)
{
    struct cap_ledger ledger = any_ledger();
    enum cap_resource resource = any_resource();
    if (cap_ledger_is_empty(&ledger)) {
        probe(1);
        assert(ledger.pairs[resource].used == 0);
    } else {
        probe(2);
    }
    uint64_t tables = nondet_u64();
    uint64_t image = nondet_u64();
    cap_ledger_init(&ledger, tables, image);
    assert(cap_ledger_is_empty(&ledger));
    assert(ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max == 256 && ledger.pairs[CAP_RESOURCE_OUTSTANDING_CALLS].max == 64);
    assert(ledger.pairs[CAP_RESOURCE_SCRATCH_BYTES].max == 262144 && ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max == 4096);
    assert(ledger.pairs[CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES].max == 262144);
    assert(ledger.pairs[CAP_RESOURCE_PAGE_TABLE_PAGES].max == tables && ledger.pairs[CAP_RESOURCE_IMAGE_PAGES].max == image);
}
