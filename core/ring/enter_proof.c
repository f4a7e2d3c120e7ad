/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The decisions of cap_enter, for every content of the registers: what is
 * waited for, when it blocks, and that nobody sleeps who need not.
 */
#include "core/base/base_proof.h"
#include "core/ring/enter.c"

/* PROOF what_is_waited_for
 * of: ring_enter_parse
 * bound: none: every register, every time
 */
void what_is_waited_for(void)
{
    uint64_t min_complete = nondet_u64(), timeout = nondet_u64(), now = nondet_u64();
    struct ring_enter_request request = ring_enter_parse(min_complete, timeout, now);
    assert(request.wanted <= 32 && (request.wanted == min_complete || min_complete > 32));
    assert(min_complete <= 32 || request.wanted == 32);
    assert(request.may_block == (min_complete != 0 && timeout != 0));
    if (timeout > UINT64_MAX - now) {
        probe(1);
        assert(request.deadline == RING_DEADLINE_NEVER);
    } else {
        probe(2);
        assert(request.deadline == now + timeout);
    }
}

/* PROOF nobody_sleeps_in_vain
 * of: ring_enter_decide, ring_enter_is_satisfied
 * bound: none: every request, every number of completions
 */
void nobody_sleeps_in_vain(void)
{
    const struct ring_enter_request request = {.wanted = nondet_u32(), .may_block = nondet_bool(), .deadline = nondet_u64()};
    uint32_t available = nondet_u32();
    bool foreign = nondet_bool();
    struct ring_enter_decision decision = ring_enter_decide(&request, available, foreign);
    switch (decision.action) {
    case RING_ENTER_BLOCK:
        probe(1);
        assert(request.may_block && available < request.wanted && !foreign && decision.value == 0);
        break;
    case RING_ENTER_YIELD_AND_RETURN:
        probe(2);
        assert(foreign && (available == 0 || available < request.wanted));
        assert(decision.value == CAP_ENTER_THREAD_OWNED_HEAD);
        break;
    case RING_ENTER_RETURN:
        probe(3);
        assert(decision.value == available && (available >= request.wanted || (!request.may_block && !foreign)));
        assert(!foreign || available > 0);
        break;
    }
}
