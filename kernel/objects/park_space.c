/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ParkSpace: authority to PARK and UNPARK on words of the own address space.
 * It has no methods; kernel/ipc/park.c looks at the interface alone.
 */
#include "kernel/objects/objects.h"
#include "schema/generated/capos.h"

static enum capn_outcome serve(const void *methods, void *object, struct capn_call_context *context)
{
    (void)methods, (void)object;
    return capn_call_unknown_method(context);
}

const struct object_ops park_space_ops = {
    .interface_id = CAPOS_PARK_SPACE_INTERFACE_ID,
    .label = "park_space",
    .serve = serve,
    .aspace_bound = true,
};
