/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PARK and UNPARK through the calling thread's ring, and the words of the locks on them. */
#include "capos/park.h"

#include "abi/atomic.h"
#include "capos/capset.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "capos/thread.h"
#include "schema/generated/capos.h"
#include "words.h"

static int32_t run(const struct ring_sqe *sqe)
{
    struct capos_completion done;
    enum capos_status status;
    while ((status = capos_ring_run(capos_ring(), sqe, &done)) == CAPOS_RING_FULL)
        capos_cap_enter(0, 0); /* what the program has queued itself goes first */
    return status == CAPOS_OK ? done.result : (int32_t)status;
}

int32_t capos_park(uint32_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct ring_sqe sqe = {
        .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = space, .addr = (uintptr_t)word,
        .len = expected, .pipeline_dep = timeout_ns, .call_id = capos_thread_id(),
    };
    return run(&sqe);
}

int32_t capos_unpark(uint32_t space, const uint32_t *word, uint32_t count)
{
    struct ring_sqe sqe = { .opcode = RING_OP_UNPARK, .cap_id = space, .addr = (uintptr_t)word, .len = count };
    return run(&sqe);
}

/* The first ParkSpace of the CapSet, whatever its name. */
static bool find_space(uint32_t *space)
{
    const struct capset_entry *entry;
    for (uint32_t i = 0; (entry = capos_capset_entry(i)) != NULL; i++) {
        if (entry->interface_id != CAPOS_PARK_SPACE_INTERFACE_ID)
            continue;
        *space = entry->cap_id;
        return true;
    }
    return false;
}

int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    uint32_t space;
    int32_t result = find_space(&space) ? capos_park(space, word, expected, timeout_ns) : (int32_t)CAPOS_NOT_GRANTED;
    if (result < 0)
        __asm__ volatile("pause");
    return result;
}

void capos_word_wake(const uint32_t *word, uint32_t count)
{
    uint32_t space;
    if (find_space(&space))
        (void)capos_unpark(space, word, count);
}
