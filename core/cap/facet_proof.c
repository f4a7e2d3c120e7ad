/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The rules of a transfer that need no table, each for every input: which
 * descriptors are accepted, what a facet grant gives, who crosses sessions,
 * and that cookies and ids come back as they were made.
 */
#include "core/base/base_proof.h"
#include "core/cap/facet.c"
#include "core/cap/id.h"

#define COUNT 4u

/* PROOF descriptors_accepted_exactly
 * of: cap_descriptors_check, descriptor_is_valid
 * bound: lists of up to 4 descriptors, every content: the rule speaks of single descriptors and of pairs; longer lists up to
 *  16 are loops over the same
 * next: 6 descriptors: about four times the time
 * unwind: 5
 */
void descriptors_accepted_exactly(void)
{
    struct ring_transfer_descriptor list[COUNT];
    uint32_t count = nondet_u32();
    bool fine = true;
    assume(count <= COUNT);
    for (uint32_t i = 0; i < COUNT; i++) { /* member by member: arbitrary values in a compound literal of a loop are all the same */
        list[i].cap_id = nondet_u32();
        list[i].transfer_mode = nondet_u16();
        list[i].reserved = nondet_u16();
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        fine = fine && (i >= count || ((list[i].transfer_mode == 1 || list[i].transfer_mode == 2) && list[i].reserved == 0));
        for (uint32_t j = i + 1; j < COUNT; j++)
            fine = fine && (j >= count || list[i].cap_id != list[j].cap_id ||
                            (list[i].transfer_mode == 1 && list[j].transfer_mode == 1));
    }
    enum cap_error error = cap_descriptors_check(list, count);
    if (fine) {
        probe(1);
        assert(error == CAP_OK);
    } else {
        probe(2);
        assert(error == CAP_INVALID_DESCRIPTOR);
    }
}

/* PROOF no_more_than_sixteen
 * of: cap_descriptors_check
 * bound: none: every count above 16, with a list that is never read
 */
void no_more_than_sixteen(void)
{
    uint32_t count = nondet_u32();
    assume(count > 16);
    probe(1);
    assert(cap_descriptors_check(NULL, count) == CAP_INVALID_DESCRIPTOR);
}

/* PROOF only_an_owner_relabels
 * of: cap_facet_resolve
 * bound: none: every source, every request
 */
void only_an_owner_relabels(void)
{
    const struct cap_hold source = {.interface_id = nondet_u64(), .badge = nondet_u64()};
    const struct cap_facet wanted = {nondet_u64(), nondet_u64()};
    struct cap_facet got = {0};
    bool may_mint = nondet_bool();
    bool keeps_badge = wanted.badge == UINT64_MAX || wanted.badge == source.badge;
    enum cap_error error = cap_facet_resolve(&source, may_mint, &wanted, &got);
    if (error == CAP_OK) {
        probe(1);
        assert(got.interface_id == wanted.interface_id);
        assert(got.badge == (wanted.badge == UINT64_MAX ? source.badge : wanted.badge));
        assert(may_mint || (got.interface_id == source.interface_id && got.badge == source.badge));
    } else if (wanted.interface_id != source.interface_id) {
        probe(2);
        assert(error == CAP_INTERFACE_RELABEL && !may_mint);
    } else {
        probe(3);
        assert(error == CAP_RECEIVER_COOKIE_RELABEL && !may_mint && !keeps_badge);
    }
    assert(error == CAP_OK || (got.interface_id == 0 && got.badge == 0));
}

/* PROOF crossing_sessions
 * of: cap_scope_allows, cap_sessions_equal
 * bound: none: every scope, also unknown ones, every pair of sessions
 */
void crossing_sessions(void)
{
    uint8_t scope = nondet_u8();
    uint64_t from = nondet_u64(), to = nondet_u64();
    bool regrant = nondet_bool();
    bool allowed = cap_scope_allows(scope, cap_sessions_equal(from, to), regrant);
    if (from == to || scope == CAP_SCOPE_CROSS_SESSION || (scope == CAP_SCOPE_SERVICE_REGRANT && regrant)) {
        probe(1);
        assert(allowed);
    } else {
        probe(2);
        assert(!allowed);
    }
}

/* PROOF cookies_come_back
 * of: cap_cookie_make, cap_cookie_split
 * bound: none: every generation and index, every cookie
 */
void cookies_come_back(void)
{
    uint32_t generation = nondet_u32(), index = nondet_u32();
    uint32_t found_generation = 0, found_index = 0;
    uint64_t cookie = nondet_u64(), again = 0;
    if (cap_cookie_split(cookie, &found_generation, &found_index)) {
        probe(1);
        assert(cap_cookie_make(found_generation, found_index, &again) && again == cookie);
    } else {
        probe(2);
        assert(cookie >> 48 != 0x51c0 || (cookie >> 24 & 0xffffff) == 0);
    }
    if (cap_cookie_make(generation, index, &cookie)) {
        probe(3);
        assert(cap_cookie_split(cookie, &found_generation, &found_index));
        assert(found_generation == generation && found_index == index);
    } else {
        probe(4);
        assert(generation == 0 || generation > 0xffffff || index > 0xffffff);
    }
}

/* PROOF ids_come_back
 * of: cap_id_make, cap_id_index, cap_id_generation
 * bound: none: every id, every generation and index
 */
void ids_come_back(void)
{
    uint32_t id = nondet_u32(), index = nondet_u32();
    uint8_t generation = nondet_u8();
    assert(cap_id_make(cap_id_generation(id), cap_id_index(id)) == id);
    assume(index <= CAP_ID_INDEX_MAX);
    probe(1);
    assert(cap_id_index(cap_id_make(generation, index)) == index);
    assert(cap_id_generation(cap_id_make(generation, index)) == generation);
}
