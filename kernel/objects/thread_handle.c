/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ThreadHandle: waiting for one thread, and its exit code, kept for as long as
 * anybody holds the handle. It never leaves its process, so it never outlives it.
 * Source: docs/kernel-semantics.md, PL-17, PL-27, PL-30.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/thread.h"
#include "schema/generated/capos_dispatch.h"

struct thread_handle {
    struct object object;
    struct thread *thread; /* NULL once it has ended */
    int64_t code;          /* valid then */
    struct call *waiter;
};

static void thread_exited(void *context, int64_t code)
{
    struct thread_handle *handle = context;
    struct call *waiter = handle->waiter;
    handle->thread = NULL;
    handle->code = code;
    handle->waiter = NULL;
    if (waiter != NULL)
        call_finish(waiter, &capos_thread_handle_join_reply,
                    &(struct capos_thread_handle_join_results){.exit_code = code});
}

static enum capn_outcome join(void *env, void *object, const struct capos_thread_handle_join_params *in,
                              struct capos_thread_handle_join_results *out)
{
    (void)in;
    struct thread_handle *handle = object;
    if (handle->thread == NULL) {
        out->exit_code = handle->code;
        return CAPN_DONE;
    }
    if (handle->waiter != NULL)
        return call_exception(env, CAP_EXCEPTION_OVERLOADED, "thread join already registered");
    handle->waiter = call_pend(env);
    return handle->waiter != NULL ? CAPN_PENDING : CAPN_EXCEPTION;
}

static enum capn_outcome exit_code(void *env, void *object, const struct capos_thread_handle_exit_code_params *in,
                                   struct capos_thread_handle_exit_code_results *out)
{
    (void)env, (void)in;
    const struct thread_handle *handle = object;
    out->exited = handle->thread == NULL;
    out->exit_code = out->exited ? handle->code : 0;
    return CAPN_DONE;
}

static const struct capos_thread_handle_ops methods = {.join = join, .exit_code = exit_code};

static void cancel(struct object *object, struct call *call)
{
    (void)call;
    ((struct thread_handle *)object)->waiter = NULL;
}

static void destroy(struct object *object)
{
    struct thread *thread = ((struct thread_handle *)object)->thread;
    if (thread != NULL)
        thread->exited = NULL;
}

static const struct object_ops ops = {
    .interface_id = CAPOS_THREAD_HANDLE_INTERFACE_ID,
    .label = "thread_handle",
    .methods = &methods,
    .serve = capos_thread_handle_serve,
    .cancel = cancel,
    .destroy = destroy,
};

struct object *thread_handle_create(struct thread *thread)
{
    _Static_assert(sizeof(struct thread_handle) <= OBJECT_BYTES, "pool block");
    struct thread_handle *handle = (struct thread_handle *)object_new(&ops);
    if (handle == NULL)
        return NULL;
    handle->thread = thread;
    thread->exited = thread_exited;
    thread->exited_context = handle;
    return &handle->object;
}
