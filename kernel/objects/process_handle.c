/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ProcessHandle: waiting for one child and ending it. The handle is also the
 * child's exit record: it keeps the code for as long as anybody holds it.
 * Source: docs/kernel-semantics.md, PL-16 to PL-25.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_dispatch.h"

struct process_handle {
    struct object object;
    struct process *child; /* NULL once it has ended */
    int64_t code;          /* valid then */
    struct call *waiter;
};

static void child_exited(void *context, int64_t code)
{
    struct process_handle *handle = context;
    struct call *waiter = handle->waiter;
    handle->child = NULL;
    handle->code = code;
    handle->waiter = NULL;
    if (waiter != NULL)
        call_finish(waiter, &capos_process_handle_wait_reply,
                    &(struct capos_process_handle_wait_results){.exit_code = code});
}

static enum capn_outcome wait(void *env, void *object, const struct capos_process_handle_wait_params *in,
                              struct capos_process_handle_wait_results *out)
{
    (void)in;
    struct process_handle *handle = object;
    if (handle->child == NULL) {
        out->exit_code = handle->code;
        return CAPN_DONE;
    }
    if (handle->waiter != NULL)
        return call_exception(env, CAP_EXCEPTION_OVERLOADED, "process wait already registered");
    handle->waiter = call_pend(env);
    return handle->waiter != NULL ? CAPN_PENDING : CAPN_EXCEPTION;
}

/* The child ends when this kernel entry does. */
static enum capn_outcome terminate(void *env, void *object, const struct capos_process_handle_terminate_params *in,
                                   struct capos_process_handle_terminate_results *out)
{
    (void)env, (void)in, (void)out;
    struct process_handle *handle = object;
    if (handle->child != NULL)
        process_end(handle->child, EXIT_CODE_TERMINATED);
    return CAPN_DONE;
}

static const struct capos_process_handle_ops methods = {.wait = wait, .terminate = terminate};

static void cancel(struct object *object, struct call *call)
{
    (void)call;
    ((struct process_handle *)object)->waiter = NULL;
}

static void destroy(struct object *object)
{
    struct process *child = ((struct process_handle *)object)->child;
    if (child != NULL)
        child->exited = NULL;
}

static const struct object_ops ops = {
    .interface_id = CAPOS_PROCESS_HANDLE_INTERFACE_ID,
    .label = "process_handle",
    .methods = &methods,
    .serve = capos_process_handle_serve,
    .cancel = cancel,
    .destroy = destroy,
};

struct object *process_handle_create(struct process *child)
{
    _Static_assert(sizeof(struct process_handle) <= OBJECT_BYTES, "pool block");
    struct process_handle *handle = (struct process_handle *)object_new(&ops);
    if (handle == NULL)
        return NULL;
    handle->child = child;
    child->exited = child_exited;
    child->exited_context = handle;
    return &handle->object;
}
