/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PARK and UNPARK: see park.h. The order of the checks is that of docs/abi.md. */
#include "kernel/ipc/park.h"

#include <stddef.h>

#include "core/base/checked.h"
#include "core/ring/address.h"
#include "kernel/ipc/internal.h"
#include "kernel/state.h"
#include "schema/generated/capos.h"

enum park_result {
    PARK_WOKEN = 0,
    PARK_DIFFERENT = 1,
    PARK_TIMED_OUT = 2,
    PARK_INTERRUPTED = 3,
};

/* ---- what both begin with --------------------------------------------------------- */

/* The capability says whose words the addresses name. */
static int32_t find_space(const struct process *process, uint32_t cap_id, bool *shared)
{
    const struct cap_slot *slot;
    if (cap_table_lookup(&process->table, cap_id, &slot) != CAP_OK)
        return CAP_ERR_INVOKE_FAILED;
    const struct object *object = slot->object;
    *shared = object->ops->interface_id == CAPOS_SHARED_PARK_SPACE_INTERFACE_ID;
    return *shared || object->ops->interface_id == CAPOS_PARK_SPACE_INTERFACE_ID ? 0 : CAP_ERR_INVOKE_FAILED;
}

/* A word of a shared space is one of a memory object, wherever it is mapped. */
static int32_t key_of(const struct process *process, uint64_t addr, bool shared, struct park_key *key)
{
    uint64_t offset;
    *key = park_key_private(process->generation, addr);
    if (!shared)
        return 0;
    const struct object *object = aspace_object_at(&process->aspace, addr, &offset);
    if (object == NULL)
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    *key = park_key_shared(object->id, offset);
    return 0;
}

/* Everything before the word is compared; reads it. */
static int32_t open_word(struct thread *thread, const struct ring_sqe *sqe, struct park_key *key, uint32_t *word)
{
    struct process *process = thread->process;
    bool shared;
    int32_t code = ring_address_check(sqe, process->profile.ring_scratch);
    if (code == 0)
        code = find_space(process, sqe->cap_id, &shared);
    if (code == 0 && !aspace_read_word(&process->aspace, sqe->addr, word))
        code = CAP_ERR_INVALID_PARAMS_BUFFER;
    if (code == 0)
        code = key_of(process, sqe->addr, shared, key);
    return code;
}

/* ---- waiting ------------------------------------------------------------------------ */

static void finish(struct thread *thread, enum park_result result)
{
    struct thread_park *park = &thread->park;
    struct ring_cqe cqe = {.user_data = park->user_data, .result = (int32_t)result};
    (void)park_remove(&kernel.parks, &park->waiter);
    timer_stop(park->timer);
    park->timer = TIMER_NONE;
    ring_complete_record(thread, &park->record, &cqe);
}

static void expired(void *context)
{
    struct thread *thread = context;
    thread->park.timer = TIMER_NONE; /* it has fired */
    finish(thread, PARK_TIMED_OUT);
}

bool park_wait(struct thread *thread, const struct ring_sqe *sqe, struct ring_cqe *cqe)
{
    struct thread_park *park = &thread->park;
    struct park_key key;
    uint32_t word;
    uint64_t timeout = sqe->pipeline_dep;
    cqe->result = open_word(thread, sqe, &key, &word);
    if (cqe->result != 0)
        return true;
    if (park->outstanding)
        cqe->result = CAP_ERR_INVALID_REQUEST;
    else if (word != sqe->len)
        cqe->result = PARK_DIFFERENT;
    else if (timeout == 0)
        cqe->result = PARK_TIMED_OUT;
    if (cqe->result != 0)
        return true;
    if (timeout != UINT64_MAX) {
        park->timer = timer_start(saturating_add_u64(machine_now_ns(), timeout), expired, thread);
        if (park->timer == TIMER_NONE) {
            cqe->result = CAP_ERR_INVOKE_FAILED;
            return true;
        }
    }
    park->outstanding = true;
    park->addr = sqe->addr;
    park->user_data = sqe->user_data;
    (void)park_enqueue(&kernel.parks, &park->waiter, key);
    trace_event(TRACE_PARK, thread->tid, sqe->addr);
    return false;
}

/* ---- what ends it --------------------------------------------------------------------- */

struct thread *park_thread(struct park_waiter *waiter)
{
    uint8_t *park = (uint8_t *)waiter - offsetof(struct thread_park, waiter);
    return (struct thread *)(void *)(park - offsetof(struct thread, park));
}

int32_t park_wake(struct thread *thread, const struct ring_sqe *sqe)
{
    struct park_key key;
    uint32_t word;
    int32_t code = open_word(thread, sqe, &key, &word);
    if (code != 0)
        return code;
    uint32_t woken = 0;
    struct park_waiter *waiter;
    while (woken < sqe->len && (waiter = park_take(&kernel.parks, key)) != NULL) {
        finish(park_thread(waiter), PARK_WOKEN);
        woken++;
    }
    trace_event(TRACE_UNPARK, sqe->addr, woken);
    return (int32_t)woken;
}

void park_unmapped(struct process *process, uint64_t addr, uint64_t size)
{
    for (struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process) {
        struct thread_park *park = &thread->park;
        if (park->waiter.queued && park->addr >= addr && park->addr - addr < size)
            finish(thread, PARK_INTERRUPTED);
    }
}

void park_drop(struct thread *thread)
{
    (void)park_remove(&kernel.parks, &thread->park.waiter);
    timer_stop(thread->park.timer);
    thread->park.timer = TIMER_NONE;
    thread->park.outstanding = false;
}

void park_done(struct thread *thread)
{
    thread->park.outstanding = false;
}
