/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ThreadSpawner: new threads in the holder's own address space. The thread
 * starts only when nothing can fail any more but the copy of the reply.
 * Source: docs/kernel-semantics.md, PL-26 to PL-28; docs/abi.md, "Thread-owned entries".
 */
#include "abi/layout.h"
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_dispatch.h"

#define REPLY_BYTES 24u /* header, root, one word */

static enum capn_outcome add_handle(struct call *call, struct thread *thread, uint16_t *index)
{
    struct object *handle = thread_handle_create(thread);
    if (handle == NULL)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    enum cap_error error = call_add_result_cap(call, (struct call_result_cap){.object = handle}, index);
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(call, error);
}

static enum capn_outcome create(void *env, void *object, const struct capos_thread_spawner_create_params *in,
                                struct capos_thread_spawner_create_results *out)
{
    (void)object;
    enum capn_outcome outcome;
    struct thread *thread;
    struct process_refusal why;
    if (in->flags != 0)
        return call_invalid(env, "unknown thread flags");
    if (in->entry >= USER_HALF_LIMIT || in->stack_top >= USER_HALF_LIMIT || in->fs_base >= USER_HALF_LIMIT)
        return call_invalid(env, "not a user address");
    if (!call_reply_fits(env, REPLY_BYTES, 1, &outcome))
        return outcome;
    struct machine_start start = {
        .entry = in->entry,
        .stack = (in->stack_top & ~15ull) - 8,
        .args = {in->arg},
        .fs_base = in->fs_base,
    };
    if (!thread_create(call_process(env), &start, &thread, &why))
        return call_exception(env, why.type, why.text);
    outcome = add_handle(env, thread, &out->handle_index);
    if (outcome == CAPN_DONE)
        thread_start(thread);
    else
        thread_abandon(thread);
    return outcome;
}

static const struct capos_thread_spawner_ops methods = {.create = create};

const struct object_ops thread_spawner_ops = {
    .interface_id = CAPOS_THREAD_SPAWNER_INTERFACE_ID,
    .label = "thread_spawner",
    .methods = &methods,
    .serve = capos_thread_spawner_serve,
};
