/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * VirtualMemory: anonymous memory in the holder's own address space. The
 * object has no state, because it never leaves the process it was made for.
 * Source: docs/kernel-semantics.md, VM-01 to VM-11.
 */
#include "kernel/ipc/call.h"
#include "kernel/mm/aspace.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_dispatch.h"

static struct aspace *space(const struct call *call)
{
    return &call_process(call)->aspace;
}

static enum capn_outcome outcome_of(struct call *call, enum aspace_error error)
{
    if (error == ASPACE_OK)
        return CAPN_DONE;
    return call_exception(call, aspace_error_type(error), aspace_error_text(error));
}

static enum capn_outcome map(void *env, void *object, const struct capos_virtual_memory_map_params *in,
                             struct capos_virtual_memory_map_results *out)
{
    (void)object;
    return outcome_of(env, aspace_map(space(env), in->hint, in->size, in->prot, &out->addr));
}

static enum capn_outcome unmap(void *env, void *object, const struct capos_virtual_memory_unmap_params *in,
                               struct capos_virtual_memory_unmap_results *out)
{
    (void)object, (void)out;
    enum aspace_error error = aspace_unmap(space(env), in->addr, in->size);
    if (error == ASPACE_OK)
        park_unmapped(call_process(env), in->addr, in->size);
    return outcome_of(env, error);
}

static enum capn_outcome protect(void *env, void *object, const struct capos_virtual_memory_protect_params *in,
                                 struct capos_virtual_memory_protect_results *out)
{
    (void)object, (void)out;
    return outcome_of(env, aspace_protect(space(env), in->addr, in->size, in->prot));
}

static enum capn_outcome reserve(void *env, void *object, const struct capos_virtual_memory_reserve_params *in,
                                 struct capos_virtual_memory_reserve_results *out)
{
    (void)object;
    return outcome_of(env, aspace_reserve(space(env), in->hint, in->size, &out->addr));
}

static enum capn_outcome commit(void *env, void *object, const struct capos_virtual_memory_commit_params *in,
                                struct capos_virtual_memory_commit_results *out)
{
    (void)object, (void)out;
    return outcome_of(env, aspace_commit(space(env), in->addr, in->size, in->prot));
}

static enum capn_outcome decommit(void *env, void *object, const struct capos_virtual_memory_decommit_params *in,
                                  struct capos_virtual_memory_decommit_results *out)
{
    (void)object, (void)out;
    enum aspace_error error = aspace_decommit(space(env), in->addr, in->size);
    if (error == ASPACE_OK)
        park_unmapped(call_process(env), in->addr, in->size);
    return outcome_of(env, error);
}

static const struct capos_virtual_memory_ops methods = {
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
};

const struct object_ops virtual_memory_ops = {
    .interface_id = CAPOS_VIRTUAL_MEMORY_INTERFACE_ID,
    .label = "virtual_memory",
    .methods = &methods,
    .serve = capos_virtual_memory_serve,
    .aspace_bound = true,
};
