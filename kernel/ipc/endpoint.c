/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Messages through endpoints: CALL, RECV, RETURN, CANCEL, and what becomes of
 * those who wait when somebody goes. core/endpoint says whose turn it is; here
 * the bytes and capabilities move, all of a message or nothing.
 *
 * A call that is delivered at once passes through its process's input buffer;
 * one that must wait keeps its message in memory of its own (call->held),
 * charged to the caller. Completions lie in the records of those who wait for
 * them, so none is ever lost with an endpoint (EN-31).
 * Source: docs/abi.md, "Endpoint IPC"; docs/kernel-semantics.md, EN-01 to EN-32.
 */
#include "kernel/ipc/endpoint.h"

#include <stddef.h>

#include "abi/endpoint.h"
#include "core/base/bytes.h"
#include "core/ring/address.h"
#include "kernel/ipc/internal.h"
#include "kernel/ipc/transfer.h"
#include "kernel/log/diagnose.h"
#include "kernel/objects/endpoint.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "kernel/sched/sched.h"
#include "kernel/trace.h"

/* Those of the request that is being served; copied to held memory when it has to wait. */
static struct cap_transaction on_way;

static struct call *call_of(struct endpoint_call *sent)
{
    return (struct call *)(void *)((uint8_t *)sent - offsetof(struct call, sent));
}

static struct call *receive_of(struct endpoint_receive *receive)
{
    return (struct call *)(void *)((uint8_t *)receive - offsetof(struct call, receive));
}

static struct endpoint_object *owned(const struct process *process, uint32_t cap_id)
{
    const struct cap_slot *slot;
    return cap_table_lookup(&process->table, cap_id, &slot) == CAP_OK ? endpoint_owned(slot->object) : NULL;
}

static uint32_t caps_of(const struct cap_transaction *tx)
{
    return tx != NULL ? tx->length : 0;
}

/* ---- ends of calls and receives ------------------------------------------------------ */

/* What a call keeps besides its record goes back; the sender keeps what was not delivered. */
static void settle(struct call *call)
{
    if (call->transfers != NULL)
        transfer_undo(call->transfers, call->process);
    call->transfers = NULL;
    call->message = NULL;
    scratch_free(call->process, &call->held);
    cap_ledger_release(process_ledger(call->process), CAP_RESOURCE_FRAME_GRANT_PAGES, call->held_pages);
    call->held_pages = 0;
}

static void complete(struct call *call, const struct ring_cqe *cqe)
{
    struct object *object = call->object;
    trace_event(TRACE_CALL_FINISH, object->id, (uint64_t)(int64_t)cqe->result);
    if (!call->receives)
        call->thread->last_call.running = false;
    call->object = NULL;
    ring_complete(call, cqe);
    object_drop(object);
}

static void complete_code(struct call *call, int32_t result)
{
    if (result != CAP_ERR_INVOKE_FAILED) /* which is how waiting ends when somebody goes */
        diagnose_answer(call->process, &call->sqe, result);
    complete(call, &(struct ring_cqe){.user_data = call->sqe.user_data, .result = result});
}

/* Its waiter runs next if the running thread now blocks. */
static void complete_handing_over(struct call *call, const struct ring_cqe *cqe)
{
    sched_hand_off(call->thread);
    complete(call, cqe);
}

static void disconnect(struct call *call, const char *text)
{
    settle(call);
    call_finish_exception(call, CAP_EXCEPTION_DISCONNECTED, text);
}

/* ---- delivery --------------------------------------------------------------------------- */

/*
 * Disclosed is what the call asks for and the hold allows. The session is told as it is now, at delivery. Each endpoint is
 * a service scope of its own: no two of them can compare what they know of a caller.
 */
static struct endpoint_message header_of(const struct endpoint_object *endpoint, const struct call *call)
{
    return (struct endpoint_message){
        .interface_id = call->interface_id,
        .method_id = call->sqe.method_id,
        .params_len = call->sqe.len,
        .session = session_seen_by(call->process->session, endpoint->object.id,
                                   call->sqe.session_disclosure & call->disclosure),
    };
}

static bool write_message(const struct endpoint_object *endpoint, const struct call *call, struct call *receive,
                          const struct transfer_slots *slots)
{
    struct aspace *as = &receive->process->aspace;
    struct endpoint_message header = header_of(endpoint, call);
    uint64_t at = receive->sqe.result_addr;
    if (!aspace_copy_out(as, at, &header, sizeof header))
        return false;
    at += sizeof header;
    if (call->sqe.len > 0 && !aspace_copy_out(as, at, call->message, call->sqe.len))
        return false;
    return call->transfers == NULL ||
           transfer_write_records(call->transfers, receive->process, at + call->sqe.len, slots);
}

static bool fits(struct call *waiting, uint64_t bytes, uint32_t caps)
{
    uint64_t total = bytes + (uint64_t)caps * sizeof(struct ring_result_cap);
    if (total > waiting->sqe.result_len)
        return false;
    return total == 0 || aspace_range_ok(&waiting->process->aspace, waiting->sqe.result_addr, total, true);
}

static void end_receive(struct endpoint_object *endpoint, struct call *receive, int32_t result)
{
    endpoint_remove_receive(&endpoint->state, &receive->receive);
    complete_code(receive, result);
}

static void end_call(struct endpoint_object *endpoint, struct call *call, int32_t result)
{
    endpoint_remove_call(&endpoint->state, &call->sent);
    settle(call);
    complete_code(call, result);
}

/* The message is in the receiver's buffer, its capabilities in the receiver's table. */
static void hand_to_receiver(struct endpoint_object *endpoint, struct call *call, struct call *receive,
                             const struct transfer_slots *slots)
{
    uint32_t caps = caps_of(call->transfers);
    struct ring_cqe cqe = {
        .user_data = receive->sqe.user_data,
        .result = (int32_t)(sizeof(struct endpoint_message) + call->sqe.len),
        .flags = caps > 0 ? CQE_FLAG_TRANSFER_RESULT_CAPS : 0,
        .cap_count = (uint16_t)caps,
        .badge = call->badge,
    };
    if (caps > 0)
        transfer_finish(call->transfers, call->process, slots);
    call->transfers = NULL;
    settle(call);
    cqe.call_id = endpoint_deliver(&endpoint->state, &call->sent, &receive->receive);
    complete_handing_over(receive, &cqe);
}

/* One attempt. Afterwards the call is in flight, or at least one of the two has left the endpoint. */
static void deliver(struct endpoint_object *endpoint, struct call *call, struct call *receive)
{
    struct transfer_slots slots;
    uint32_t caps = caps_of(call->transfers);
    if (call->thread->state == THREAD_DEAD)
        end_call(endpoint, call, CAP_ERR_INVOKE_FAILED);
    else if (receive->thread->state == THREAD_DEAD)
        end_receive(endpoint, receive, CAP_ERR_INVOKE_FAILED);
    else if (!fits(receive, sizeof(struct endpoint_message) + call->sqe.len, caps))
        end_receive(endpoint, receive, CAP_ERR_INVALID_RESULT_BUFFER);
    else if (caps > 0 && transfer_insert(call->transfers, receive->process, &slots) != CAP_OK)
        end_call(endpoint, call, CAP_ERR_TRANSFER_ABORTED);
    else if (write_message(endpoint, call, receive, &slots))
        hand_to_receiver(endpoint, call, receive, &slots);
    else {
        if (caps > 0)
            transfer_take_back(call->transfers, receive->process, &slots);
        end_receive(endpoint, receive, CAP_ERR_INVALID_RESULT_BUFFER);
    }
}

static bool write_release(struct call *receive, const struct endpoint_facet *facet)
{
    struct endpoint_message header = {.interface_id = facet->interface_id, .method_id = ENDPOINT_RELEASED_METHOD,
                                      .flags = ENDPOINT_MESSAGE_RELEASED};
    return fits(receive, sizeof header, 0) &&
           aspace_copy_out(&receive->process->aspace, receive->sqe.result_addr, &header, sizeof header);
}

/* Service objects without holder, before calls: all calls through them have ended. */
static void tell_releases(struct endpoint_object *endpoint)
{
    struct endpoint_receive *first;
    const struct endpoint_facet *facet;
    while ((facet = endpoint_untold(endpoint)) != NULL && (first = endpoint_first_receive(&endpoint->state)) != NULL) {
        struct call *receive = receive_of(first);
        if (receive->thread->state == THREAD_DEAD || !write_release(receive, facet)) {
            end_receive(endpoint, receive, CAP_ERR_INVALID_RESULT_BUFFER);
            continue;
        }
        struct ring_cqe cqe = {.user_data = receive->sqe.user_data, .result = sizeof(struct endpoint_message),
                               .badge = facet->badge, .call_id = endpoint_spare_id(&endpoint->state)};
        endpoint_remove_receive(&endpoint->state, first);
        complete(receive, &cqe);
        endpoint_told(endpoint);
    }
}

static void deliver_all(struct endpoint_object *endpoint)
{
    tell_releases(endpoint);
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    while (endpoint_match(&endpoint->state, &call, &receive))
        deliver(endpoint, call_of(call), receive_of(receive));
}

bool ipc_tell_releases(void)
{
    bool any = false;
    for (struct endpoint_object *endpoint; (endpoint = endpoint_next_released()) != NULL; any = true)
        tell_releases(endpoint);
    return any;
}

/* ---- CALL ------------------------------------------------------------------------------------ */

static uint32_t travelling(const struct process *process)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        if (process->calls.records[i].state == CALL_PENDING)
            sum += caps_of(process->calls.records[i].transfers);
    return sum;
}

/* Memory must not wait in a queue at nobody's expense. What is moved stays charged to its slot. */
static enum cap_error charge_copies(struct call *call)
{
    uint32_t pages = call->transfers != NULL ? transfer_copied_pages(call->transfers) : 0;
    enum cap_error error =
        cap_ledger_reserve(process_ledger(call->process), CAP_RESOURCE_FRAME_GRANT_PAGES, pages);
    if (error == CAP_OK)
        call->held_pages = pages;
    return error;
}

/* The call has to wait: its message moves out of what the next request will use. On failure nothing has changed. */
static enum cap_error hold_message(struct call *call)
{
    uint32_t caps_bytes = call->transfers != NULL ? sizeof *call->transfers : 0;
    if (caps_bytes + call->sqe.len == 0)
        return CAP_OK;
    if (caps_bytes > 0 && travelling(call->process) > TRAVELLING_CAPS_MAX)
        return CAP_EXHAUSTED_SCRATCH_BYTES;
    uint8_t *memory = scratch_reserve(call->process, &call->held, caps_bytes + call->sqe.len);
    if (memory == NULL)
        return CAP_EXHAUSTED_SCRATCH_BYTES;
    enum cap_error error = charge_copies(call);
    if (error != CAP_OK) {
        scratch_free(call->process, &call->held);
        return error;
    }
    if (caps_bytes > 0) {
        memcpy(memory, call->transfers, caps_bytes);
        call->transfers = (struct cap_transaction *)(void *)memory;
    }
    if (call->sqe.len > 0)
        memcpy(memory + caps_bytes, call->message, call->sqe.len);
    call->message = memory + caps_bytes;
    return CAP_OK;
}

static bool in_one_session(const struct process *a, const struct process *b)
{
    return cap_sessions_equal(session_serial(a->session), session_serial(b->session));
}

bool endpoint_in_session_of(const struct endpoint_object *endpoint, const struct process *process)
{
    return cap_sessions_equal(endpoint->session, session_serial(process->session));
}

/* True: it waits or is delivered. False: the exception is set, the transfers are still `on_way`. */
static bool enqueue(struct endpoint_object *endpoint, struct call *call)
{
    if (call->sqe.len > endpoint->message_max)
        return call_exception(call, CAP_EXCEPTION_FAILED, "endpoint message too large") == CAPN_DONE;
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return false;
    if (endpoint_enqueue(&endpoint->state, &pending->sent, call->sqe.len) != ENDPOINT_OK) {
        call_unpend(pending);
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "endpoint queue full") == CAPN_DONE;
    }
    call_note(pending);
    deliver_all(endpoint);
    enum cap_error error = pending->sent.place == ENDPOINT_QUEUED ? hold_message(pending) : CAP_OK;
    if (error == CAP_OK)
        return true;
    endpoint_remove_call(&endpoint->state, &pending->sent);
    call_unpend(pending);
    return call_cap_exception(call, error) == CAPN_DONE;
}

bool endpoint_invoke(struct endpoint_object *endpoint, struct call *call, struct call_running *run, struct ring_cqe *cqe)
{
    struct process *process = call->process;
    struct transfer_request request;
    request.rule = (struct cap_transfer_rule){
        .origin = CAP_ORIGIN_IPC_TRANSFER, .same_session = endpoint_in_session_of(endpoint, process)};
    *cqe = (struct ring_cqe){.user_data = call->sqe.user_data};
    if (!transfer_read(&request, process, call->sqe.addr + call->sqe.len, call->sqe.xfer_cap_count))
        cqe->result = CAP_ERR_INVALID_PARAMS_BUFFER;
    else if (!fits(call, call->sqe.result_len, 0))
        cqe->result = CAP_ERR_INVALID_RESULT_BUFFER;
    else
        cqe->result = transfer_prepare(&request, process, &on_way);
    if (cqe->result != 0)
        return true;
    call->message = run->context.params;
    call->transfers = request.count > 0 ? &on_way : NULL;
    if (enqueue(endpoint, call))
        return false;
    transfer_undo(&on_way, process);
    *cqe = call_conclude(call, run, CAPN_EXCEPTION);
    return true;
}

/* ---- RECV and CANCEL ---------------------------------------------------------------------------- */

static struct endpoint_party party_of(const struct thread *thread)
{
    return (struct endpoint_party){.process = thread->process->generation, .thread = thread->generation};
}

static struct call *take_receive(struct process *process)
{
    for (uint32_t i = 0; i < PENDING_RECEIVES_MAX; i++)
        if (process->calls.receives[i].state == CALL_FREE)
            return &process->calls.receives[i];
    return NULL;
}

int32_t endpoint_recv(struct thread *thread, const struct ring_sqe *sqe)
{
    struct process *process = thread->process;
    /* A message to this owner: a header, params, capability records. A larger buffer is looked at no further. */
    uint64_t most = sizeof(struct endpoint_message) + process->profile.ring_scratch + RESULT_CAPS_MAX * sizeof(struct ring_result_cap);
    int32_t code = ring_address_check(sqe, process->profile.ring_scratch);
    if (code == 0 && !aspace_range_ok(&process->aspace, sqe->result_addr, sqe->result_len < most ? sqe->result_len : most, true))
        code = CAP_ERR_INVALID_RESULT_BUFFER;
    if (code != 0)
        return code;
    struct endpoint_object *endpoint = owned(process, sqe->cap_id);
    struct call *receive = endpoint != NULL ? take_receive(process) : NULL;
    if (receive == NULL)
        return CAP_ERR_INVOKE_FAILED;
    *receive = (struct call){
        .process = process,
        .thread = thread,
        .object = &endpoint->object,
        .sqe = *sqe,
        .receives = true,
        .receive = {.party = party_of(thread), .user_data = sqe->user_data},
    };
    if (endpoint_receive(&endpoint->state, &receive->receive) != ENDPOINT_OK)
        return CAP_ERR_INVOKE_FAILED;
    receive->state = CALL_PENDING;
    object_hold(receive->object);
    deliver_all(endpoint);
    return 0;
}

/* The cancelled RECV's completion goes out before that of the CANCEL. */
int32_t endpoint_cancel(struct thread *thread, const struct ring_sqe *sqe)
{
    struct endpoint_object *endpoint = owned(thread->process, sqe->cap_id);
    if (endpoint == NULL)
        return CAP_ERR_INVOKE_FAILED;
    struct endpoint_receive *receive =
        endpoint_find_receive(&endpoint->state, party_of(thread), sqe->pipeline_dep);
    if (receive == NULL)
        return CAP_ERR_INVALID_REQUEST;
    thread->ring.dispatching = false;
    end_receive(endpoint, receive_of(receive), CAP_ERR_INVOKE_FAILED);
    thread->ring.dispatching = true;
    return 0;
}

/* ---- RETURN ----------------------------------------------------------------------------------------- */

struct answer {
    const uint8_t *payload;
    uint32_t len;
    bool is_exception;
};

static bool write_answer(const struct answer *answer, struct call *call, const struct transfer_slots *slots)
{
    struct aspace *as = &call->process->aspace;
    if (answer->len > 0 && !aspace_copy_out(as, call->sqe.result_addr, answer->payload, answer->len))
        return false;
    return transfer_write_records(&on_way, call->process, call->sqe.result_addr + answer->len, slots);
}

/* Payload and capabilities are with the caller. */
static void conclude(struct endpoint_object *endpoint, struct call *call, const struct answer *answer, uint32_t caps)
{
    struct ring_cqe cqe = {
        .user_data = call->sqe.user_data,
        .result = answer->is_exception ? CAP_ERR_APPLICATION_EXCEPTION : (int32_t)answer->len,
        .flags = caps > 0 ? CQE_FLAG_TRANSFER_RESULT_CAPS : 0,
        .cap_count = (uint16_t)caps,
        .badge = call->badge,
    };
    endpoint_remove_call(&endpoint->state, &call->sent);
    complete_handing_over(call, &cqe);
}

/* The result code of the RETURN. */
static int32_t give_answer(struct endpoint_object *endpoint, struct call *call, const struct answer *answer,
                           struct process *server)
{
    struct transfer_slots slots;
    uint32_t caps = on_way.length;
    if (answer->is_exception && answer->len > call->sqe.result_len) {
        end_call(endpoint, call, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
        return 0;
    }
    bool written = fits(call, answer->len, caps);
    if (written && transfer_insert(&on_way, call->process, &slots) != CAP_OK) {
        transfer_undo(&on_way, server);
        return CAP_ERR_TRANSFER_ABORTED; /* the call stays in flight */
    }
    if (written && !write_answer(answer, call, &slots)) {
        transfer_take_back(&on_way, call->process, &slots);
        written = false;
    }
    if (!written) {
        transfer_undo(&on_way, server);
        end_call(endpoint, call, CAP_ERR_INVALID_RESULT_BUFFER);
        return CAP_ERR_INVALID_RESULT_BUFFER;
    }
    transfer_finish(&on_way, server, &slots);
    conclude(endpoint, call, answer, caps);
    return 0;
}

/* The payload, in the server's input buffer. 0 or the result code. */
static int32_t read_answer(struct process *server, const struct ring_sqe *sqe, struct answer *answer)
{
    *answer = (struct answer){.len = sqe->len, .is_exception = (sqe->flags & SQE_FLAG_RETURN_APPLICATION_EXCEPTION) != 0};
    if (sqe->len == 0)
        return 0;
    uint8_t *input = scratch_reserve(server, &server->scratch.input, sqe->len);
    answer->payload = input;
    if (input == NULL)
        return CAP_ERR_INVOKE_FAILED;
    return aspace_copy_in(&server->aspace, input, sqe->addr, sqe->len) ? 0 : CAP_ERR_INVALID_PARAMS_BUFFER;
}

int32_t endpoint_return(struct thread *thread, const struct ring_sqe *sqe)
{
    struct process *server = thread->process;
    struct transfer_request request;
    struct answer answer;
    int32_t code = ring_address_check(sqe, server->profile.ring_scratch);
    if (code != 0)
        return code;
    struct endpoint_object *endpoint = owned(server, sqe->cap_id);
    struct endpoint_call *found =
        endpoint != NULL ? endpoint_find(&endpoint->state, sqe->call_id, server->generation) : NULL;
    if (found == NULL || call_of(found)->thread->state == THREAD_DEAD)
        return CAP_ERR_INVOKE_FAILED;
    code = read_answer(server, sqe, &answer);
    if (code != 0)
        return code;
    if (!transfer_read(&request, server, sqe->addr + sqe->len, sqe->xfer_cap_count))
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    request.rule = (struct cap_transfer_rule){
        .origin = CAP_ORIGIN_RESULT_CAP, .same_session = in_one_session(server, call_of(found)->process)};
    code = transfer_prepare(&request, server, &on_way);
    if (code != 0)
        return code;
    code = give_answer(endpoint, call_of(found), &answer, server);
    deliver_all(endpoint); /* there may be room in flight now */
    return code;
}

/* ---- ends ----------------------------------------------------------------------------------------------- */

void ipc_endpoint_close(struct endpoint_object *endpoint, const char *text)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    endpoint->open = false;
    while ((call = endpoint_pop_call(&endpoint->state)) != NULL)
        disconnect(call_of(call), text);
    while ((receive = endpoint_pop_receive(&endpoint->state)) != NULL)
        complete_code(receive_of(receive), CAP_ERR_INVOKE_FAILED);
}

void ipc_endpoint_leave(struct endpoint_object *endpoint, struct endpoint_party party)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    while ((receive = endpoint_pop_receive_of(&endpoint->state, party)) != NULL)
        complete_code(receive_of(receive), CAP_ERR_INVOKE_FAILED);
    while ((call = endpoint_pop_received_by(&endpoint->state, party)) != NULL)
        disconnect(call_of(call), "endpoint receiver exited");
    deliver_all(endpoint);
}

void ipc_endpoint_cancel(struct object *object, struct call *call)
{
    struct endpoint_object *endpoint = endpoint_behind(object);
    if (call->receives) {
        endpoint_remove_receive(&endpoint->state, &call->receive);
        return;
    }
    endpoint_remove_call(&endpoint->state, &call->sent);
    settle(call);
    deliver_all(endpoint);
}

/* The process goes on without the thread; the threads of an ending one leave with their holds. */
void endpoint_thread_exit(struct thread *thread)
{
    uint32_t cursor = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&thread->process->table, &cursor, &row)) {
        struct endpoint_object *endpoint = endpoint_owned(row.object);
        if (endpoint != NULL)
            ipc_endpoint_leave(endpoint, party_of(thread));
    }
}
