/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SharedParkSpace: authority to PARK and UNPARK on words of memory objects that
 * the holder has mapped. The mapping at the address says which object, and
 * having it mapped is the authority over that one. It has no methods.
 */
#include "kernel/objects/objects.h"
#include "schema/generated/capos.h"

static enum capn_outcome serve(const void *methods, void *object, struct capn_call_context *context)
{
    (void)methods, (void)object;
    return capn_call_unknown_method(context);
}

const struct object_ops shared_park_space_ops = {
    .interface_id = CAPOS_SHARED_PARK_SPACE_INTERFACE_ID,
    .label = "shared_park_space",
    .serve = serve,
};
