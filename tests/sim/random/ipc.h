/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The model's endpoints: section 6 of docs/kernel-semantics.md. See world.h. */
#pragma once

#include "tests/sim/random/ring.h"

#define QUEUED_MAX 32u
#define FLIGHT_MAX 16u
#define TRAVELLING_MAX 64u
#define HEADER_BYTES 56u

static void after_removal(struct proc *p, struct obj *obj); /* life.h: a hold has gone */

static inline void take_out(struct waiting **list, uint32_t *count, const struct waiting *call)
{
    uint32_t i = 0;
    while (i < *count && list[i] != call)
        i++;
    MUST(i < *count, "not in its list");
    memmove(list + i, list + i + 1, (*count - i - 1) * sizeof *list);
    --*count;
}

static inline void leave_endpoint(struct waiting *call)
{
    struct obj *ep = endpoint_of(call->target);
    if (call->place == P_QUEUED)
        take_out(ep->queue, &ep->queued, call);
    else if (call->place == P_FLIGHT)
        take_out(ep->flight, &ep->in_flight, call);
    else if (call->place == P_RECEIVING)
        take_out(ep->receives, &ep->receiving, call);
}

static inline void settle(struct waiting *call)
{
    struct prep caps[OP_CAPS];
    uint32_t count = call->cap_count;
    memcpy(caps, call->caps, sizeof caps);
    undo_caps(call->proc, caps, count);
    call->cap_count = 0;
    call->held_pages = 0;
    for (uint32_t i = count; i > 0; i--)
        after_removal(NULL, caps[i - 1].obj);
}

static inline void end_call(struct waiting *call, int32_t result)
{
    leave_endpoint(call);
    settle(call);
    complete_code(call, result);
}

static inline void disconnect(struct waiting *call, const char *text)
{
    leave_endpoint(call);
    settle(call);
    complete_code(call, thr_lives(call->thr) ? exception(call->proc, &call->op, CAP_EXCEPTION_DISCONNECTED, text) : 0);
}

static inline void end_receive(struct waiting *receive, int32_t result)
{
    leave_endpoint(receive);
    complete_code(receive, result);
}

/* The capabilities are with their receiver, which pays for them, not for mappings; what was moved leaves its sender. */
static inline void commit_caps(struct proc *from, struct proc *to, const struct prep *caps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t n = 0; n < to->map_count; n++)
            if (to->maps[n].obj == caps[i].obj)
                to->maps[n].charged = false;
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].move) {
            from->slots[caps[i].source & 0xffffff].reserved = false;
            vacate(from, caps[i].source);
        }
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].move)
            after_removal(from, caps[i].obj);
}

static inline bool buffer_takes(const struct proc *p, const struct op *op, uint64_t total)
{
    return total <= op->sqe.result_len && writable(p, op->sqe.result_addr, total);
}

static inline void message_same(const struct waiting *call, const struct waiting *receive)
{
    struct endpoint_message header = { .interface_id = call->iface, .method_id = call->op.sqe.method_id,
                                       .params_len = call->op.sqe.len };
    if (!is_private(receive->proc, &receive->op))
        return;
    user_same(receive->proc, receive->op.sqe.result_addr, &header, sizeof header, "message header");
    if (call->op.plain)
        user_same(receive->proc, receive->op.sqe.result_addr + HEADER_BYTES, call->op.data, call->op.sqe.len, "params");
}

/* EN-08 to EN-11, TX-14. */
static inline void deliver(struct obj *ep, struct waiting *call, struct waiting *receive)
{
    uint32_t ids[OP_CAPS], count = call->cap_count;
    uint32_t total = HEADER_BYTES + call->op.sqe.len + 16 * count;
    if (!thr_lives(call->thr)) {
        end_call(call, CAP_ERR_INVOKE_FAILED);
    } else if (!thr_lives(receive->thr)) {
        end_receive(receive, CAP_ERR_INVOKE_FAILED);
    } else if (!buffer_takes(receive->proc, &receive->op, total)) {
        end_receive(receive, CAP_ERR_INVALID_RESULT_BUFFER);
    } else if (!arrive(receive->proc, call->caps, count, CAP_ORIGIN_IPC_TRANSFER, ids)) {
        end_call(call, CAP_ERR_TRANSFER_ABORTED);
    } else {
        message_same(call, receive);
        if (is_private(receive->proc, &receive->op))
            records_same(receive->proc, receive->op.sqe.result_addr + HEADER_BYTES + call->op.sqe.len, ids, count);
        struct prep caps[OP_CAPS];
        memcpy(caps, call->caps, sizeof caps);
        call->cap_count = 0;
        call->held_pages = 0;
        commit_caps(call->proc, receive->proc, caps, count);
        leave_endpoint(call);
        call->place = P_FLIGHT;
        call->id = ++ep->last_id;
        call->server = receive->proc;
        call->server_thr = receive->thr;
        ep->flight[ep->in_flight++] = call;
        struct ring_cqe cqe = { .result = (int32_t)(HEADER_BYTES + call->op.sqe.len), .badge = call->badge, .call_id = call->id,
                                .cap_count = (uint16_t)count, .flags = count > 0 ? CQE_FLAG_TRANSFER_RESULT_CAPS : 0 };
        leave_endpoint(receive);
        complete(receive, cqe);
    }
}

static inline void deliver_all(struct obj *ep)
{
    while (ep->open && ep->queued > 0 && ep->receiving > 0 && ep->in_flight < FLIGHT_MAX)
        deliver(ep, ep->queue[0], ep->receives[0]);
}

static inline uint32_t travelling(const struct proc *p)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < W_CALLS; i++)
        if (p->calls[i].place != P_FREE)
            sum += p->calls[i].cap_count;
    return sum;
}

static inline struct waiting *free_call(struct waiting *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (records[i].place == P_FREE)
            return &records[i];
    return NULL;
}

static inline struct waiting *pend(struct thr *t, const struct op *op, const struct hold *hold)
{
    struct waiting *call = free_call(t->proc->calls, W_CALLS);
    if (call == NULL)
        return NULL;
    *call = (struct waiting){ .place = P_WAITING, .proc = t->proc, .thr = t, .target = hold->obj, .op = *op, .iface = hold->iface,
                           .badge = hold->badge, .disclosure = hold->disclosure };
    return call;
}

/* Charges for a call that waits. NULL: fine. */
static inline const char *hold_message(struct waiting *call)
{
    uint64_t pages = 0;
    if (call->cap_count > 0 && travelling(call->proc) > TRAVELLING_MAX)
        return "capability resource exhausted: scratch bytes";
    for (uint32_t i = 0; i < call->cap_count; i++)
        pages += call->caps[i].move ? 0 : pages_of(call->caps[i].obj);
    if (frame_pages(call->proc) + pages > FRAME_PAGES)
        return "capability resource exhausted: frame grant pages";
    call->held_pages = pages;
    return NULL;
}

/* EN-07. True: *result is the answer. */
static inline bool ep_call(struct thr *t, const struct op *op, const struct hold *hold, int32_t *result)
{
    struct prep caps[OP_CAPS];
    uint32_t count = 0;
    struct obj *ep = endpoint_of(hold->obj);
    *result = 0;
    if (!writable(t->proc, op->sqe.result_addr, op->sqe.result_len))
        *result = CAP_ERR_INVALID_RESULT_BUFFER;
    if (*result == 0)
        *result = prepare(t->proc, op, caps, &count);
    if (*result != 0)
        return true;
    const char *refusal = NULL;
    struct waiting *call = pend(t, op, hold);
    if (call == NULL)
        refusal = "capability resource exhausted: outstanding calls";
    else if (ep->queued >= QUEUED_MAX) {
        call->place = P_FREE;
        refusal = "endpoint queue full";
    }
    if (refusal == NULL) {
        memcpy(call->caps, caps, sizeof caps);
        call->cap_count = count;
        call->place = P_QUEUED;
        ep->queue[ep->queued++] = call;
        deliver_all(ep);
        refusal = call->place == P_QUEUED ? hold_message(call) : NULL;
        if (refusal == NULL)
            return false;
        leave_endpoint(call);
        call->cap_count = 0;
        call->place = P_FREE;
    }
    undo_caps(t->proc, caps, count);
    *result = exception(t->proc, op, CAP_EXCEPTION_OVERLOADED, refusal);
    return true;
}

static inline struct obj *owned(struct proc *p, uint32_t cap_id)
{
    enum miss miss;
    struct hold *hold = look_up(p, cap_id, &miss);
    return hold != NULL && hold->obj->kind == K_ENDPOINT && hold->obj->open ? hold->obj : NULL;
}

static inline bool ep_recv(struct thr *t, const struct op *op, int32_t *result)
{
    struct proc *p = t->proc;
    if (!writable(p, op->sqe.result_addr, op->sqe.result_len)) {
        *result = CAP_ERR_INVALID_RESULT_BUFFER;
        return true;
    }
    struct obj *ep = owned(p, op->sqe.cap_id);
    struct waiting *receive = ep != NULL && ep->receiving < FLIGHT_MAX ? free_call(p->receives, W_RECEIVES) : NULL;
    *result = CAP_ERR_INVOKE_FAILED;
    if (receive == NULL)
        return true;
    *receive = (struct waiting){ .place = P_RECEIVING, .receives = true, .proc = p, .thr = t, .target = ep, .op = *op };
    ep->receives[ep->receiving++] = receive;
    deliver_all(ep);
    return false;
}

static inline int32_t ep_cancel(struct thr *t, const struct op *op)
{
    struct obj *ep = owned(t->proc, op->sqe.cap_id);
    if (ep == NULL)
        return CAP_ERR_INVOKE_FAILED;
    for (uint32_t i = 0; i < ep->receiving; i++) {
        struct waiting *receive = ep->receives[i];
        if (receive->thr != t || receive->op.sqe.user_data != op->sqe.pipeline_dep)
            continue;
        W.dispatching = NULL; /* its completion goes first */
        end_receive(receive, CAP_ERR_INVOKE_FAILED);
        W.dispatching = t;
        return 0;
    }
    return CAP_ERR_INVALID_REQUEST;
}

/* The answer arrives at the caller, or does not: EN-13, EN-15, EN-16. */
static inline int32_t give_answer(struct waiting *call, const struct op *op, struct prep *caps, uint32_t count, struct proc *server)
{
    uint32_t ids[OP_CAPS];
    bool failed = (op->sqe.flags & SQE_FLAG_RETURN_APPLICATION_EXCEPTION) != 0;
    if (failed && op->sqe.len > call->op.sqe.result_len) {
        end_call(call, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
        return 0;
    }
    if (!buffer_takes(call->proc, &call->op, op->sqe.len + 16 * count)) {
        undo_caps(server, caps, count);
        end_call(call, CAP_ERR_INVALID_RESULT_BUFFER);
        return CAP_ERR_INVALID_RESULT_BUFFER;
    }
    if (!arrive(call->proc, caps, count, CAP_ORIGIN_RESULT_CAP, ids)) {
        undo_caps(server, caps, count);
        return CAP_ERR_TRANSFER_ABORTED;
    }
    if (is_private(call->proc, &call->op)) {
        user_same(call->proc, call->op.sqe.result_addr, op->data, op->sqe.len, "answer");
        records_same(call->proc, call->op.sqe.result_addr + op->sqe.len, ids, count);
    }
    commit_caps(server, call->proc, caps, count);
    leave_endpoint(call);
    complete(call, (struct ring_cqe){ .result = failed ? CAP_ERR_APPLICATION_EXCEPTION : (int32_t)op->sqe.len, .badge = call->badge,
                                      .cap_count = (uint16_t)count, .flags = count > 0 ? CQE_FLAG_TRANSFER_RESULT_CAPS : 0 });
    return 0;
}

static inline int32_t ep_return(struct thr *t, const struct op *op)
{
    struct prep caps[OP_CAPS];
    uint32_t count;
    struct obj *ep = owned(t->proc, op->sqe.cap_id);
    struct waiting *call = NULL;
    for (uint32_t i = 0; ep != NULL && i < ep->in_flight; i++)
        if (ep->flight[i]->id == op->sqe.call_id && ep->flight[i]->server == t->proc)
            call = ep->flight[i];
    if (call == NULL || !thr_lives(call->thr))
        return CAP_ERR_INVOKE_FAILED;
    if (op->unreadable && op->sqe.len > 0)
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    int32_t code = prepare(t->proc, op, caps, &count);
    if (code != 0)
        return code;
    code = give_answer(call, op, caps, count, t->proc);
    deliver_all(ep);
    return code;
}

/* ---- ends: EN-29 --------------------------------------------------------------------------------------- */

static inline void ep_close(struct obj *ep, const char *text)
{
    ep->open = false;
    while (ep->queued > 0)
        disconnect(ep->queue[0], text);
    while (ep->in_flight > 0)
        disconnect(ep->flight[0], text);
    while (ep->receiving > 0)
        end_receive(ep->receives[0], CAP_ERR_INVOKE_FAILED);
}

/* A process, or one thread of it, receives no more; thread NULL: all. */
static inline void ep_leave(struct obj *ep, const struct proc *p, const struct thr *t)
{
    for (uint32_t i = 0; i < ep->receiving;)
        if (ep->receives[i]->proc == p && (t == NULL || ep->receives[i]->thr == t))
            end_receive(ep->receives[i], CAP_ERR_INVOKE_FAILED);
        else
            i++;
    for (uint32_t i = 0; i < ep->in_flight;)
        if (ep->flight[i]->server == p && (t == NULL || ep->flight[i]->server_thr == t))
            disconnect(ep->flight[i], "endpoint receiver exited");
        else
            i++;
    deliver_all(ep);
}
