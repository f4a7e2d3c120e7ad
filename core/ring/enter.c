/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The decisions of cap_enter: core/ring/enter.h.
 */
#include "core/ring/enter.h"

#include "abi/ring.h"
#include "abi/syscall.h"
#include "core/base/checked.h"

struct ring_enter_request ring_enter_parse(uint64_t min_complete, uint64_t timeout_ns,
                                           uint64_t now_ns)
{
    return (struct ring_enter_request){
        .wanted = (uint32_t)(min_complete < RING_CQ_ENTRIES ? min_complete : RING_CQ_ENTRIES),
        .may_block = min_complete != 0 && timeout_ns != 0,
        .deadline = saturating_add_u64(now_ns, timeout_ns),
    };
}

bool ring_enter_is_satisfied(const struct ring_enter_request *request, uint32_t available)
{
    return available >= request->wanted;
}

struct ring_enter_decision ring_enter_decide(const struct ring_enter_request *request,
                                             uint32_t available, bool foreign_head)
{
    if (foreign_head && (available == 0 || !ring_enter_is_satisfied(request, available)))
        return (struct ring_enter_decision){RING_ENTER_YIELD_AND_RETURN,
                                            CAP_ENTER_THREAD_OWNED_HEAD};
    if (request->may_block && !ring_enter_is_satisfied(request, available))
        return (struct ring_enter_decision){RING_ENTER_BLOCK, 0};
    return (struct ring_enter_decision){RING_ENTER_RETURN, available};
}
