/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MemoryObject: a run of frames that its holders can map. The frames live as
 * long as the object: every slot and every mapping holds a reference.
 * Source: docs/kernel-semantics.md, MO-03 to MO-09, FG-01 to FG-04.
 */
#include "abi/layout.h"
#include "kernel/ipc/call.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/frames.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_dispatch.h"

struct memory_object {
    struct object object;
    uint64_t first; /* frame */
    uint32_t pages;
};

static enum capn_outcome outcome_of(struct call *call, enum aspace_error error)
{
    if (error == ASPACE_OK)
        return CAPN_DONE;
    return call_exception(call, aspace_error_type(error), aspace_error_text(error));
}

static enum capn_outcome info(void *env, void *object, const struct capos_memory_object_info_params *in,
                              struct capos_memory_object_info_results *out)
{
    (void)env, (void)in;
    const struct memory_object *memory = object;
    out->page_count = memory->pages;
    out->size_bytes = memory->pages * PAGE_SIZE;
    return CAPN_DONE;
}

static enum capn_outcome map(void *env, void *object, const struct capos_memory_object_map_params *in,
                             struct capos_memory_object_map_results *out)
{
    struct memory_object *memory = object;
    struct aspace_memory what = {.object = &memory->object, .first_frame = memory->first, .pages = memory->pages};
    struct aspace_mapping how = {.hint = in->hint, .offset = in->offset, .size = in->size, .prot = in->prot};
    return outcome_of(env, aspace_map_object(&call_process(env)->aspace, &what, &how, &out->addr));
}

static enum capn_outcome unmap(void *env, void *object, const struct capos_memory_object_unmap_params *in,
                               struct capos_memory_object_unmap_results *out)
{
    (void)out;
    struct process *process = call_process(env);
    enum aspace_error error = aspace_unmap_object(&process->aspace, object, in->addr, in->size);
    if (error == ASPACE_OK)
        park_unmapped(process, in->addr, in->size);
    return outcome_of(env, error);
}

static enum capn_outcome protect(void *env, void *object, const struct capos_memory_object_protect_params *in,
                                 struct capos_memory_object_protect_results *out)
{
    (void)out;
    struct aspace *as = &call_process(env)->aspace;
    return outcome_of(env, aspace_protect_object(as, object, in->addr, in->size, in->prot));
}

static const struct capos_memory_object_ops methods = {.info = info, .map = map, .unmap = unmap, .protect = protect};

/* At exit the mappings go as well, so there is no charge to pass on. */
static void released(struct object *object, struct process *holder, enum object_release_reason reason)
{
    if (reason == OBJECT_RELEASE_EXPLICIT)
        aspace_object_released(&holder->aspace, object);
}

static uint32_t frame_pages(const struct object *object)
{
    return ((const struct memory_object *)object)->pages;
}

static void destroy(struct object *object)
{
    const struct memory_object *memory = (struct memory_object *)object;
    frames_free_run(FRAME_OBJECT, memory->first, memory->pages);
}

static const struct object_ops ops = {
    .interface_id = CAPOS_MEMORY_OBJECT_INTERFACE_ID,
    .label = "memory_object",
    .methods = &methods,
    .serve = capos_memory_object_serve,
    .released = released,
    .destroy = destroy,
    .frame_pages = frame_pages,
};

struct object *memory_object_create(uint64_t first, uint32_t pages)
{
    _Static_assert(sizeof(struct memory_object) <= OBJECT_BYTES, "pool block");
    struct memory_object *memory = (struct memory_object *)object_new(&ops);
    if (memory == NULL)
        return NULL;
    memory->first = first;
    memory->pages = pages;
    return &memory->object;
}
