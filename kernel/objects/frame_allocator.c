/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * FrameAllocator: physical frames as MemoryObjects, bounded by the caller's
 * frame grants. Order of steps and texts: docs/kernel-semantics.md, IN-22, MO-01, MO-02.
 */
#include "abi/limits.h"
#include "kernel/ipc/call.h"
#include "kernel/mm/frames.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_dispatch.h"

#define NO_SLOT "failed to reserve MemoryObject cap slot"
#define NO_PAGES "failed to reserve frame grant pages"
#define NO_FRAMES "out of physical frames"

/* What stands in the way of `count` frames, or NULL. */
static const char *preflight(struct process *process, uint32_t count)
{
    if (cap_table_preflight(&process->table, 1) != CAP_OK)
        return NO_SLOT;
    if (count > FRAME_GRANT_PAGES_MAX ||
        cap_ledger_preflight(process_ledger(process), CAP_RESOURCE_FRAME_GRANT_PAGES, count) != CAP_OK)
        return NO_PAGES;
    return NULL;
}

static enum capn_outcome allocate(struct call *call, uint32_t count, uint16_t *index)
{
    uint64_t first;
    const char *refusal = preflight(call_process(call), count);
    if (refusal == NULL && !frames_alloc_run(FRAME_OBJECT, count, &first))
        refusal = NO_FRAMES;
    if (refusal != NULL)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, refusal);
    struct object *memory = memory_object_create(first, count);
    if (memory == NULL) {
        frames_free_run(FRAME_OBJECT, first, count);
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, NO_SLOT);
    }
    struct call_result_cap cap = {.object = memory, .transfer_mode = CAP_MODE_COPY};
    if (call_add_result_cap(call, cap, index) != CAP_OK)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, NO_SLOT);
    return CAPN_DONE;
}

static enum capn_outcome alloc_frame(void *env, void *object, const struct capos_frame_allocator_alloc_frame_params *in,
                                     struct capos_frame_allocator_alloc_frame_results *out)
{
    (void)object, (void)in;
    return allocate(env, 1, &out->handle_index);
}

static enum capn_outcome alloc_contiguous(void *env, void *object,
                                          const struct capos_frame_allocator_alloc_contiguous_params *in,
                                          struct capos_frame_allocator_alloc_contiguous_results *out)
{
    (void)object;
    if (in->count == 0)
        return call_invalid(env, "count is zero");
    return allocate(env, in->count, &out->handle_index);
}

static const struct capos_frame_allocator_ops methods = {
    .alloc_frame = alloc_frame,
    .alloc_contiguous = alloc_contiguous,
};

const struct object_ops frame_allocator_ops = {
    .interface_id = CAPOS_FRAME_ALLOCATOR_INTERFACE_ID,
    .label = "frame_allocator",
    .methods = &methods,
    .serve = capos_frame_allocator_serve,
};
