/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ThreadControl: the FS base of the thread that calls, and its end. The object
 * has no state: the call says which thread it is.
 */
#include "abi/layout.h"
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/thread.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome get_fs_base(void *env, void *object, const struct capos_thread_control_get_fs_base_params *in,
                                     struct capos_thread_control_get_fs_base_results *out)
{
    (void)object, (void)in;
    out->fs_base = machine_context_fs_base(&call_thread(env)->context);
    return CAPN_DONE;
}

static enum capn_outcome set_fs_base(void *env, void *object, const struct capos_thread_control_set_fs_base_params *in,
                                     struct capos_thread_control_set_fs_base_results *out)
{
    (void)object, (void)out;
    if (in->fs_base >= USER_HALF_LIMIT)
        return call_invalid(env, "FS base is not a user address");
    machine_context_set_fs_base(&call_thread(env)->context, in->fs_base);
    return CAPN_DONE;
}

/* The ring goes with the thread: kernel/ipc posts nothing for this call. */
static enum capn_outcome exit_thread(void *env, void *object, const struct capos_thread_control_exit_thread_params *in,
                                     struct capos_thread_control_exit_thread_results *out)
{
    (void)object, (void)out;
    thread_end(call_thread(env), in->code);
    return CAPN_DONE;
}

static const struct capos_thread_control_ops methods = {
    .get_fs_base = get_fs_base,
    .set_fs_base = set_fs_base,
    .exit_thread = exit_thread,
};

const struct object_ops thread_control_ops = {
    .interface_id = CAPOS_THREAD_CONTROL_INTERFACE_ID,
    .label = "thread_control",
    .methods = &methods,
    .serve = capos_thread_control_serve,
};
