/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What handlers do with calls (kernel/ipc/call.h), and how every call ends:
 * the reply, its result capabilities or the exception go out, or nothing does.
 */
#include "kernel/ipc/internal.h"

#include <stddef.h>

#include "kernel/log/diagnose.h"
#include "kernel/proc/process.h"
#include "kernel/trace.h"
#include "schema/generated/capos_dispatch.h"

/* An exception message with the longest text. */
#define EXCEPTION_BYTES_MAX 160u

struct process *call_process(const struct call *call)
{
    return call->process;
}

struct thread *call_thread(const struct call *call)
{
    return call->thread;
}

struct object *call_object(const struct call *call)
{
    return call->object;
}

uint64_t *call_words(struct call *call)
{
    return call->words;
}

struct call **call_next(struct call *call)
{
    return &call->next;
}

static enum capn_exception_type wire_type(enum cap_exception_type type)
{
    return (enum capn_exception_type)type; /* the numbers are the same */
}

enum capn_outcome call_exception(struct call *call, enum cap_exception_type type, const char *text)
{
    return capn_call_exception(&call->running->context, wire_type(type), text);
}

struct capn_text call_exception_text(const struct call *call)
{
    const struct capn_exception *exception = &call->running->context.exception;
    return (struct capn_text){.bytes = exception->text, .len = exception->len};
}

enum capn_outcome call_cap_exception(struct call *call, enum cap_error error)
{
    return call_exception(call, cap_error_exception_type(error), cap_error_text(error));
}

enum capn_outcome call_invalid(struct call *call, const char *text)
{
    return call_exception(call, CAP_EXCEPTION_INVALID_ARGUMENT, text);
}

/* ---- replies --------------------------------------------------------------- */

uint32_t call_reply_room(const struct call *call)
{
    uint32_t limit = call->process->profile.reply_scratch;
    return call->sqe.result_len < limit ? call->sqe.result_len : limit;
}

static uint64_t reply_total(uint64_t bytes, uint32_t caps)
{
    return bytes + (uint64_t)caps * sizeof(struct ring_result_cap);
}

static enum capn_outcome check_reply(const struct call *call, struct capn_call_context *context, uint64_t bytes,
                                     uint32_t caps)
{
    if (bytes > call->process->profile.reply_scratch)
        return capn_call_exception_number(context, CAPN_FAILED, "reply scratch capacity exceeded: ", bytes);
    if (reply_total(bytes, caps) > call->sqe.result_len)
        return capn_call_exception_number(context, CAPN_FAILED, "result buffer too small: ",
                                          reply_total(bytes, caps));
    return CAPN_DONE;
}

bool call_reply_fits(struct call *call, uint32_t bytes, uint32_t caps, enum capn_outcome *outcome)
{
    *outcome = check_reply(call, &call->running->context, bytes, caps);
    return *outcome == CAPN_DONE;
}

enum cap_error call_add_result_cap(struct call *call, struct call_result_cap cap, uint16_t *index)
{
    struct call_running *run = call->running;
    struct cap_hold hold = cap_hold_default(cap.object->ops->interface_id);
    hold.transfer_mode = cap.transfer_mode;
    hold.disclosure_scope = cap.disclosure;
    hold.origin = cap.origin != 0 ? cap.origin : CAP_ORIGIN_RESULT_CAP;
    enum cap_error error = CAP_TRANSACTION_FULL;
    uint32_t id = 0;
    if (run->cap_count < RESULT_CAPS_MAX)
        error = cap_table_insert(&call->process->table, cap.object, &hold, &id);
    if (error != CAP_OK) {
        object_drop(cap.object);
        return error;
    }
    trace_event(TRACE_CAP_INSERT, id, cap.object->id);
    *index = (uint16_t)run->cap_count;
    run->cap_ids[run->cap_count++] = id;
    return CAP_OK;
}

/* Last one first. */
static void undo_result_caps(struct call *call, struct call_running *run)
{
    while (run->cap_count > 0) {
        struct cap_removed removed;
        uint32_t id = run->cap_ids[--run->cap_count];
        if (cap_table_remove(&call->process->table, id, &removed) == CAP_OK)
            object_drop(removed.object);
    }
}

void call_undo_result_caps(struct call *call)
{
    undo_result_caps(call, call->running);
}

/* Message, then records, unpadded. */
static bool write_reply(struct call *call, const struct call_running *run)
{
    struct aspace *as = &call->process->aspace;
    uint64_t at = call->sqe.result_addr;
    if (run->context.reply_len > 0 && !aspace_copy_out(as, at, run->context.reply, run->context.reply_len))
        return false;
    at += run->context.reply_len;
    for (uint32_t i = 0; i < run->cap_count; i++, at += sizeof(struct ring_result_cap)) {
        const struct cap_slot *slot;
        if (cap_table_lookup(&call->process->table, run->cap_ids[i], &slot) != CAP_OK)
            return false;
        struct ring_result_cap record = {.cap_id = run->cap_ids[i], .interface_id = slot->hold.interface_id};
        if (!aspace_copy_out(as, at, &record, sizeof record))
            return false;
    }
    return true;
}

/* A spawn that was refused, or a limit that was met. Every other exception is an answer like any. */
static void diagnose_exception(const struct call *call, const struct capn_exception *exception, int32_t code)
{
    uint64_t id = call->interface_id;
    bool spawns = id == CAPOS_PROCESS_SPAWNER_INTERFACE_ID || id == CAPOS_RESTRICTED_LAUNCHER_INTERFACE_ID;
    if (spawns || exception->type == CAP_EXCEPTION_OVERLOADED)
        diagnose(call->process, &call->sqe, spawns ? DIAG_SPAWN : DIAG_QUOTA, code,
                 (struct capn_text){.bytes = exception->text, .len = exception->len});
}

static int32_t write_exception(struct call *call, const struct call_running *run)
{
    const struct capn_exception *exception = &run->context.exception;
    uint8_t bytes[EXCEPTION_BYTES_MAX];
    size_t len;
    int32_t code = CAP_ERR_APPLICATION_EXCEPTION;
    if (capn_exception_encode(exception, bytes, sizeof bytes, &len) != CAPN_OK || len > call_reply_room(call))
        code = CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED;
    else if (!aspace_copy_out(&call->process->aspace, call->sqe.result_addr, bytes, len))
        code = CAP_ERR_INVALID_RESULT_BUFFER;
    if (code != CAP_ERR_APPLICATION_EXCEPTION && run->unwritten != 0)
        return run->unwritten;
    if (code != CAP_ERR_INVALID_RESULT_BUFFER)
        diagnose_exception(call, exception, code);
    return code;
}

struct ring_cqe call_conclude(struct call *call, struct call_running *run, enum capn_outcome outcome)
{
    struct ring_cqe cqe = {.user_data = call->sqe.user_data};
    if (outcome == CAPN_DONE)
        outcome = check_reply(call, &run->context, run->context.reply_needed, run->cap_count);
    if (outcome == CAPN_DONE && write_reply(call, run)) {
        cqe.result = (int32_t)run->context.reply_len;
        cqe.cap_count = (uint16_t)run->cap_count;
        cqe.flags = run->cap_count > 0 ? CQE_FLAG_TRANSFER_RESULT_CAPS : 0;
        return cqe;
    }
    undo_result_caps(call, run);
    if (outcome == CAPN_DONE)
        cqe.result = CAP_ERR_INVALID_RESULT_BUFFER; /* the effect stays */
    else if (outcome == CAPN_EXCEPTION)
        cqe.result = write_exception(call, run);
    else
        cqe.result = run->context.transport;
    if (call->running == NULL)
        diagnose_answer(call->process, &call->sqe, cqe.result); /* the dispatcher does it for others */
    return cqe;
}

void call_note(const struct call *call)
{
    call->thread->last_call = (struct thread_last_call){
        .interface_id = call->interface_id, .method_id = call->sqe.method_id, .running = true};
}

/* ---- pending calls ------------------------------------------------------------ */

struct call *call_pend(struct call *call)
{
    struct process *process = call->process;
    enum cap_error error = cap_ledger_reserve(process_ledger(process), CAP_RESOURCE_OUTSTANDING_CALLS, 1);
    if (error != CAP_OK) {
        (void)call_cap_exception(call, error);
        return NULL;
    }
    struct call *record = process->calls.records; /* the charge says that one is free */
    while (record->state != CALL_FREE)
        record++;
    *record = *call;
    record->state = CALL_PENDING;
    record->running = NULL;
    object_hold(record->object);
    trace_event(TRACE_CALL_PEND, record->object->id, record->sqe.user_data);
    return record;
}

void call_unpend(struct call *pending)
{
    object_drop(pending->object);
    call_free(pending);
}

void call_free(struct call *call)
{
    if (!call->receives)
        cap_ledger_release(process_ledger(call->process), CAP_RESOURCE_OUTSTANDING_CALLS, 1);
    call->state = CALL_FREE;
}

static void finish(struct call *call, struct call_running *run, enum capn_outcome outcome)
{
    struct ring_cqe cqe = call_conclude(call, run, outcome);
    struct object *object = call->object;
    trace_event(TRACE_CALL_FINISH, object->id, (uint64_t)(int64_t)cqe.result);
    call->thread->last_call.running = false;
    call->object = NULL;
    ring_complete(call, &cqe);
    object_drop(object);
}

/* The reply buffer is as large as when the call was dispatched, so this does not grow it. */
static struct call_running finished_run(const struct call *call)
{
    const struct scratch_buffer *reply = &call->process->scratch.reply;
    uint32_t room = call_reply_room(call);
    return (struct call_running){
        .context = {.reply = scratch_bytes(reply), .reply_capacity = room < reply->charged ? room : reply->charged}};
}

void call_finish(struct call *call, const struct capos_method_reply *reply, const void *results)
{
    struct call_running run = finished_run(call);
    finish(call, &run, capos_reply_encode(&run.context, reply, results));
}

void call_finish_exception(struct call *call, enum cap_exception_type type, const char *text)
{
    struct call_running run = finished_run(call);
    finish(call, &run, capn_call_exception(&run.context, wire_type(type), text));
}
