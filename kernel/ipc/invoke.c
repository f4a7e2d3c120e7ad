/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A CALL from its submission entry to its handler: the checks in their order
 * (docs/abi.md, "Result codes"), the params into scratch, the dispatch. The
 * entry is a private copy; user memory is read once and written once.
 */
#include "kernel/ipc/internal.h"

#include <stddef.h>

#include "core/ring/address.h"
#include "kernel/objects/endpoint.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"

/* Exceptions of the path itself. They carry no result capabilities. */
static struct ring_cqe refuse(struct call *call, struct call_running *run, enum cap_exception_type type,
                              const char *text)
{
    return call_conclude(call, run, capn_call_exception(&run->context, (enum capn_exception_type)type, text));
}

static struct ring_cqe transport(const struct call *call, int32_t code)
{
    return (struct ring_cqe){.user_data = call->sqe.user_data, .result = code};
}

/* Params into the input buffer. False: *cqe is the answer. */
static bool copy_params(struct call *call, struct call_running *run, struct ring_cqe *cqe)
{
    struct process *process = call->process;
    uint32_t len = call->sqe.len;
    if (len == 0)
        return true;
    uint8_t *input = scratch_reserve(process, &process->scratch.input, len);
    if (input == NULL) {
        run->unwritten = CAP_ERR_INVOKE_FAILED; /* IN-23: no exception that is cut off */
        *cqe = refuse(call, run, CAP_EXCEPTION_OVERLOADED, cap_error_text(CAP_EXHAUSTED_SCRATCH_BYTES));
        return false;
    }
    if (!aspace_copy_in(&process->aspace, input, call->sqe.addr, len)) {
        *cqe = transport(call, CAP_ERR_INVALID_PARAMS_BUFFER);
        return false;
    }
    run->context.params = input;
    run->context.params_len = len;
    return true;
}

/* Room for the reply, before anything has happened that a refusal would have to undo. */
static bool prepare_reply(struct call *call, struct call_running *run, struct ring_cqe *cqe)
{
    struct process *process = call->process;
    uint32_t room = call_reply_room(call);
    if (call->sqe.result_len > 0 &&
        !aspace_range_ok(&process->aspace, call->sqe.result_addr, call->sqe.result_len, true)) {
        *cqe = transport(call, CAP_ERR_INVALID_RESULT_BUFFER);
        return false;
    }
    run->context.reply = room > 0 ? scratch_reserve(process, &process->scratch.reply, room) : NULL;
    if (room > 0 && run->context.reply == NULL) {
        *cqe = refuse(call, run, CAP_EXCEPTION_FAILED, "reply scratch allocation failed");
        return false;
    }
    run->context.reply_capacity = room;
    return true;
}

static bool dispatch(struct call *call, struct call_running *run, struct ring_cqe *cqe)
{
    struct object *object = call->object;
    call_note(call);
    object_hold(object); /* the handler may release the last capability that names it */
    enum capn_outcome outcome = object->ops->serve(object->ops->methods, object, &run->context);
    if (outcome != CAPN_PENDING) {
        call->thread->last_call.running = false;
        *cqe = call_conclude(call, run, outcome);
    }
    object_drop(object);
    return outcome != CAPN_PENDING;
}

bool call_invoke(struct thread *thread, const struct ring_sqe *sqe, struct ring_cqe *cqe)
{
    struct process *process = thread->process;
    struct call_running run = {.cap_count = 0};
    struct call call = {
        .state = CALL_RUNNING, .process = process, .thread = thread, .sqe = *sqe, .running = &run};
    run.context = (struct capn_call_context){.env = &call, .method = sqe->method_id};

    int32_t code = ring_address_check(sqe, process->profile.ring_scratch);
    if (code != 0) {
        *cqe = transport(&call, code);
        return true;
    }
    const struct cap_slot *slot;
    enum cap_error error = cap_table_lookup(&process->table, sqe->cap_id, &slot);
    code = cap_error_lookup_code(error, true);
    if (code == CAP_ERR_APPLICATION_EXCEPTION) {
        *cqe = refuse(&call, &run, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited");
        return true;
    }
    struct endpoint_object *endpoint = code == 0 ? endpoint_behind(slot->object) : NULL;
    if (code == 0 && sqe->xfer_cap_count > 0 && endpoint == NULL)
        code = CAP_ERR_TRANSFER_NOT_SUPPORTED;
    if (code != 0) {
        *cqe = transport(&call, code);
        return true;
    }
    call.object = slot->object;
    call.badge = slot->hold.badge;
    call.interface_id = slot->hold.interface_id;
    call.disclosure = slot->hold.disclosure_scope;
    if (endpoint != NULL && !endpoint_in_session_of(endpoint, process) && session_is_stale_for(process)) {
        *cqe = refuse(&call, &run, CAP_EXCEPTION_DISCONNECTED, "caller session is not live");
        return true;
    }
    if (!copy_params(&call, &run, cqe))
        return true;
    if (endpoint != NULL)
        return endpoint_invoke(endpoint, &call, &run, cqe);
    return !prepare_reply(&call, &run, cqe) || dispatch(&call, &run, cqe);
}
