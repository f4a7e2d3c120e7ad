/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The `null` source: a capability that answers every method with
 * unimplemented, for measuring the path of a call.
 */
#include "kernel/objects/objects.h"

static enum capn_outcome serve(const void *methods, void *object, struct capn_call_context *call)
{
    (void)methods, (void)object;
    return capn_call_unknown_method(call);
}

const struct object_ops null_ops = {.interface_id = NULL_INTERFACE_ID, .label = "null", .serve = serve};
