/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The `null` source: a capability that answers every method with
 * unimplemented, for measuring the path of a call.
 */
#include "kernel/objects/objects.h"

static enum capn_outcome dispatch(struct object *object, struct capn_call_context *context)
{
    (void)object;
    return capn_call_unknown_method(context);
}

static const struct object_ops ops = {.interface_id = NULL_INTERFACE_ID, .label = "null", .dispatch = dispatch};

static struct object null_object;

struct object *null_create(struct process *holder)
{
    (void)holder;
    return object_init_static(&null_object, &ops);
}
