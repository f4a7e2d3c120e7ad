/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Service of a ring: takes submission entries, answers each once, posts or
 * parks completions, wakes the thread that waits for them (kernel/ipc/ipc.h).
 *
 * While an entry is dispatched, completions of other operations on the same
 * ring are kept back, so the slot that the entry was promised stays its own.
 * Source: docs/abi.md, "Index protocol", "cap_enter", "Consumer ownership".
 */
#include "kernel/ipc/internal.h"

#include <stddef.h>

#include "abi/syscall.h"
#include "core/cap/transfer.h"
#include "core/ring/address.h"
#include "core/ring/wire.h"
#include "kernel/log/audit.h"
#include "kernel/log/diagnose.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trace.h"

void ipc_ring_init(struct thread_ring *ring, struct ring_page *page)
{
    *ring = (struct thread_ring){.page = page};
    ring_init_page(page, &ring->state);
    ring_parked_init(&ring->parked);
    ring_consumer_init(&ring->consumer);
}

static struct ring_view view_of(struct thread_ring *ring)
{
    return (struct ring_view){.state = &ring->state, .page = ring->page, .parked = &ring->parked};
}

/* ---- completions ------------------------------------------------------------ */

/* `record` is the ring's own, the thread's PARK's or a call's; once posted, what it stands in is free. */
static void record_done(struct thread *thread, struct ring_parked *record)
{
    if (record == &thread->ring.own)
        return;
    if (record == &thread->park.record)
        park_done(thread);
    else
        call_free((struct call *)(void *)((uint8_t *)record - offsetof(struct call, parked)));
}

static void post(struct thread *thread, struct ring_parked *record, const struct ring_cqe *cqe)
{
    struct ring_view view = view_of(&thread->ring);
    bool posted = ring_post_or_park(&view, record, cqe);
    trace_event(posted ? TRACE_CQE_POSTED : TRACE_CQE_PARKED, (uint64_t)(int64_t)cqe->result, cqe->user_data);
    if (posted)
        record_done(thread, record);
}

static void flush_parked(struct thread *thread)
{
    struct ring_view view = view_of(&thread->ring);
    struct ring_parked *record;
    while ((record = ring_flush_one(&view)) != NULL)
        record_done(thread, record);
}

static void wake_if_satisfied(struct thread *thread)
{
    struct thread_ring *ring = &thread->ring;
    if (thread->state == THREAD_BLOCKED &&
        ring_enter_is_satisfied(&ring->wait, ring_available(&ring->state, ring->page)))
        sched_wake(thread);
}

void ring_complete_record(struct thread *thread, struct ring_parked *record, const struct ring_cqe *cqe)
{
    struct thread_ring *ring = &thread->ring;
    if (thread->state == THREAD_DEAD) {
        record_done(thread, record); /* nothing is posted to its ring any more */
        return;
    }
    if (!ring->dispatching) {
        post(thread, record, cqe);
        wake_if_satisfied(thread);
        return;
    }
    *record = (struct ring_parked){.cqe = *cqe};
    if (ring->finished == NULL)
        ring->finished = record;
    else
        ring->finished_last->next = record;
    ring->finished_last = record;
}

void ring_complete(struct call *call, const struct ring_cqe *cqe)
{
    call->state = CALL_FINISHED;
    ring_complete_record(call->thread, &call->parked, cqe);
}

/* Completions that were kept back while the entry just answered was dispatched. */
static void post_finished(struct thread *thread)
{
    struct thread_ring *ring = &thread->ring;
    while (ring->finished != NULL) {
        struct ring_parked *record = ring->finished;
        struct ring_cqe cqe = record->cqe;
        ring->finished = record->next;
        post(thread, record, &cqe);
    }
}

/* ---- entries ------------------------------------------------------------------ */

/* The slot's reference comes to the caller. */
static enum cap_error remove_capability(struct process *process, uint32_t id, struct object **object)
{
    struct cap_removed removed;
    enum cap_error error = cap_table_remove(&process->table, id, &removed);
    if (error != CAP_OK)
        return error;
    *object = removed.object;
    trace_event(TRACE_CAP_REMOVE, id, removed.hold.object_id);
    return CAP_OK;
}

static int32_t release_capability(struct process *process, uint32_t id)
{
    struct object *object;
    enum cap_error error = remove_capability(process, id, &object);
    if (error != CAP_OK)
        return cap_error_release_code(error);
    if (object->ops->released != NULL)
        object->ops->released(object, process, OBJECT_RELEASE_EXPLICIT);
    object_drop(object);
    return 0;
}

/* `wire` is what the wire check says. True: *cqe is the completion. False: a call pends. */
static bool run_entry(struct thread *thread, const struct ring_sqe *sqe, enum ring_wire_result wire, struct ring_cqe *cqe)
{
    *cqe = (struct ring_cqe){.user_data = sqe->user_data, .result = (int32_t)wire};
    if (wire != RING_WIRE_OK)
        return true;
    switch (sqe->opcode) {
    case RING_OP_CALL:
        return call_invoke(thread, sqe, cqe);
    case RING_OP_NOP:
        return true;
    case RING_OP_RELEASE:
        cqe->result = release_capability(thread->process, sqe->cap_id);
        return true;
    case RING_OP_PARK:
        return park_wait(thread, sqe, cqe);
    case RING_OP_UNPARK:
        cqe->result = park_wake(thread, sqe);
        return true;
    case RING_OP_RECV:
        cqe->result = endpoint_recv(thread, sqe);
        return cqe->result != 0;
    case RING_OP_RETURN:
        cqe->result = endpoint_return(thread, sqe);
        return true;
    case RING_OP_CANCEL:
        cqe->result = endpoint_cancel(thread, sqe);
        return true;
    default: /* the wire check lets nothing else through */
        cqe->result = CAP_ERR_INVALID_REQUEST;
        return true;
    }
}

static bool is_alive(const struct thread *thread)
{
    return thread->state != THREAD_DEAD && thread->process->state == PROCESS_LIVE;
}

/* An entry that ends its own thread gets no completion. */
static void answer_entry(struct thread *thread, const struct ring_sqe *sqe, enum ring_wire_result wire)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_cqe cqe;
    trace_event(TRACE_SQE_CONSUMED, (uint64_t)sqe->opcode | (uint64_t)sqe->method_id << 16, sqe->user_data);
    ring->dispatching = true;
    bool completed = run_entry(thread, sqe, wire, &cqe);
    ring->dispatching = false;
    if (completed && cqe.result < 0) {
        audit_answered(thread->process, sqe->cap_id, cqe.result);
        diagnose_answer(thread->process, sqe, cqe.result);
    }
    if (!is_alive(thread))
        return;
    if (completed)
        post(thread, &ring->own, &cqe);
    post_finished(thread);
}

enum drain_end {
    DRAIN_DONE,
    DRAIN_FOREIGN, /* an entry of another thread stopped it */
    DRAIN_PAUSED,  /* interrupts were off for long enough, and entries are left */
};

/* `tick`: the bounds of timer-side servicing. */
static enum drain_end drain(struct thread *thread, bool tick)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_view view = view_of(ring);
    uint32_t most = tick ? RING_TICK_ENTRIES_MAX : RING_SQ_ENTRIES, left = most;
    uint64_t started = 0; /* read where there is a second entry that it may keep from being answered */
    struct ring_sqe sqe;
    if (!ring_begin_drain(&ring->state, ring->page))
        diagnose(thread->process, NULL, DIAG_RING_CORRUPT, 0, capn_text_of("submission indices make no sense"));
    for (; left > 0 && is_alive(thread) && ring_may_consume(&view); left--) {
        if (!ring_next_sqe(&ring->state, ring->page, &sqe) || (tick && !ring_wire_is_tick_safe(&sqe)))
            return DRAIN_DONE;
        enum ring_wire_result wire = ring_wire_check(&sqe);
        if (wire == RING_WIRE_OK && ring_wire_is_foreign(&sqe, thread->tid))
            return DRAIN_FOREIGN;
        if (left < most && machine_now_ns() - started >= SCHED_TICK_NS)
            return DRAIN_PAUSED;
        ring_consume(&ring->state, ring->page);
        if (left == most && ring->state.sq_head != ring->state.drain_tail)
            started = machine_now_ns();
        answer_entry(thread, &sqe, wire);
    }
    if (left > 0 && is_alive(thread) && ring_cq_is_corrupted(&ring->state, ring->page))
        diagnose(thread->process, NULL, DIAG_RING_CORRUPT, 0, capn_text_of("completion indices make no sense"));
    return DRAIN_DONE;
}

/* ---- entries into the kernel ------------------------------------------------------ */

uint64_t ipc_enter_value(const struct thread *thread)
{
    return ring_available(&thread->ring.state, thread->ring.page);
}

struct ipc_enter_result ipc_cap_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_owner owner;
    enum drain_end end = DRAIN_DONE;
    ring->wait = ring_enter_parse(min_complete, timeout_ns, machine_now_ns());
    flush_parked(thread);
    enum ring_enter_role role = ring_consumer_enter_role(&ring->consumer);
    if (role == RING_ENTER_BUSY)
        return (struct ipc_enter_result){IPC_ENTER_YIELD, CAP_ENTER_CONSUMER_BUSY, 0};
    if (role == RING_ENTER_ACQUIRE) {
        if (ring_consumer_acquire(&ring->consumer, RING_OWNER_SYSCALL, thread->tid, &owner) != RING_CONSUMER_OK)
            return (struct ipc_enter_result){IPC_ENTER_YIELD, CAP_ENTER_CONSUMER_BUSY, 0};
        end = drain(thread, false);
        (void)ring_consumer_release(&ring->consumer, &owner);
    }
    if (!is_alive(thread))
        return (struct ipc_enter_result){IPC_ENTER_ENDED, 0, 0};
    if (end == DRAIN_PAUSED)
        return (struct ipc_enter_result){IPC_ENTER_AGAIN, 0, 0};
    struct ring_enter_decision decision =
        ring_enter_decide(&ring->wait, ring_available(&ring->state, ring->page), end == DRAIN_FOREIGN);
    switch (decision.action) {
    case RING_ENTER_BLOCK:
        return (struct ipc_enter_result){IPC_ENTER_BLOCK, 0, ring->wait.deadline};
    case RING_ENTER_YIELD_AND_RETURN:
        return (struct ipc_enter_result){IPC_ENTER_YIELD, decision.value, 0};
    case RING_ENTER_RETURN:
        break;
    }
    return (struct ipc_enter_result){IPC_ENTER_RETURN, decision.value, 0};
}

void ipc_on_tick(struct thread *thread)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_owner owner;
    if (!is_alive(thread) || ring_consumer_enter_role(&ring->consumer) != RING_ENTER_ACQUIRE)
        return;
    if (ring_consumer_acquire(&ring->consumer, RING_OWNER_SYSCALL, thread->tid, &owner) != RING_CONSUMER_OK)
        return;
    flush_parked(thread);
    (void)drain(thread, true);
    (void)ring_consumer_release(&ring->consumer, &owner);
}

/* ---- ends ---------------------------------------------------------------------------- */

static void drop_calls(const struct thread *thread, struct call *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct call *call = &records[i];
        if (call->state == CALL_FREE || call->thread != thread)
            continue;
        if (call->state == CALL_PENDING) {
            struct object *object = call->object;
            object->ops->cancel(object, call);
            call->object = NULL;
            object_drop(object);
        }
        call_free(call);
    }
}

void ipc_thread_exit(struct thread *thread)
{
    struct thread_ring *ring = &thread->ring;
    struct call_table *calls = &thread->process->calls;
    ring->dispatching = true; /* nothing is posted any more, whatever a cancellation finishes */
    park_drop(thread);
    drop_calls(thread, calls->records, OUTSTANDING_CALLS_MAX);
    drop_calls(thread, calls->receives, PENDING_RECEIVES_MAX);
    if (thread->process->state == PROCESS_LIVE)
        endpoint_thread_exit(thread);
    ring->finished = NULL;
    ring_parked_init(&ring->parked);
    (void)ring_consumer_release_for_teardown(&ring->consumer);
    ring->page = NULL;
}

static void run_release_hooks(struct process *process)
{
    struct cap_release_cursor cursor = {0};
    struct cap_row row;
    while (cap_table_next_release(&process->table, &cursor, &row)) {
        struct object *object = row.object;
        if (object->ops->released != NULL)
            object->ops->released(object, process, OBJECT_RELEASE_EXIT);
    }
}

static void empty_table(struct process *process)
{
    uint32_t cursor = 0;
    struct cap_row row;
    struct object *object;
    while (cap_table_next_occupied(&process->table, &cursor, &row)) {
        (void)cap_move_rollback(&process->table, row.id);
        if (remove_capability(process, row.id, &object) == CAP_OK)
            object_drop(object);
    }
}

void ipc_process_exit(struct process *process)
{
    run_release_hooks(process);
    empty_table(process);
    scratch_free(process, &process->scratch.input);
    scratch_free(process, &process->scratch.reply);
}
