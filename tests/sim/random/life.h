/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The model's ends and times: releases, exits of threads and processes, sleeps, parks, pipes. See world.h. */
#pragma once

#include "tests/sim/random/ipc.h"

/* ---- pipes ------------------------------------------------------------------------------------------------ */

static inline bool answers_read(const struct pipe_model *pipe)
{
    return pipe->len > 0 || pipe->writer_closed || pipe->reader_closed;
}

static inline bool answers_write(const struct pipe_model *pipe)
{
    return pipe->len < pipe->capacity || pipe->reader_closed || pipe->writer_closed;
}

/* The reply of a read that is answered now; it is in the buffer already. */
static inline int32_t pipe_take_model(const struct proc *p, struct pipe_model *pipe, const struct op *op, uint32_t wanted)
{
    uint32_t room = (op->sqe.result_len - 32) & ~7u;
    uint32_t len = wanted < pipe->len ? wanted : pipe->len;
    struct capos_pipe_read_results got;
    len = len < room ? len : room;
    len = pipe->reader_closed ? 0 : len;
    bool eof = len == 0 && (pipe->reader_closed || (pipe->writer_closed && pipe->len == 0));
    uint32_t total = 32 + ((len + 7) & ~7u);
    if (is_private(p, op)) {
        MUST(capos_pipe_read_method.decode(opened(p, op->sqe.result_addr, total), &got) == CAPN_OK, "pipe read");
        MUST(got.data.len == len && got.eof == eof, "read %u of %u, eof %d", got.data.len, len, got.eof);
        MUST(len == 0 || memcmp(got.data.bytes, pipe->bytes, len) == 0, "other bytes");
    }
    memmove(pipe->bytes, pipe->bytes + len, pipe->len - len);
    pipe->len -= len;
    return (int32_t)total;
}

static inline int32_t pipe_put_model(const struct proc *p, struct pipe_model *pipe, const struct op *op, const uint8_t *bytes, uint32_t len)
{
    uint32_t room = pipe->capacity - pipe->len;
    struct capos_pipe_write_results got;
    len = len < room ? len : room;
    len = pipe->reader_closed || pipe->writer_closed ? 0 : len;
    if (len > 0)
        memcpy(pipe->bytes + pipe->len, bytes, len);
    pipe->len += len;
    if (is_private(p, op)) {
        MUST(capos_pipe_write_method.decode(opened(p, op->sqe.result_addr, 24), &got) == CAPN_OK, "pipe write");
        SAME(got.bytes_written, len, "bytes written");
    }
    return 24;
}

static inline void pipe_settle(struct pipe_model *pipe)
{
    struct waiting *call = pipe->reading;
    if (call != NULL && answers_read(pipe)) {
        pipe->reading = NULL;
        complete_code(call, pipe_take_model(call->proc, pipe, &call->op, call->wanted));
    }
    call = pipe->writing;
    if (call != NULL && answers_write(pipe)) {
        pipe->writing = NULL;
        complete_code(call, pipe_put_model(call->proc, pipe, &call->op, call->kept, call->wanted));
    }
}

static inline void pipe_close(struct obj *end)
{
    *(end->writes ? &end->pipe->writer_closed : &end->pipe->reader_closed) = true;
    pipe_settle(end->pipe);
}

/* ---- holds that go ------------------------------------------------------------------------------------------ */

static inline struct charged *mapping_of(struct proc *p, const struct obj *obj)
{
    for (uint32_t i = 0; i < p->map_count; i++)
        if (p->maps[i].obj == obj)
            return &p->maps[i];
    return NULL;
}

/* A hold of p, or with p NULL something else that kept the object, has gone; not at the end of its process. */
static void after_removal(struct proc *p, struct obj *obj)
{
    if (obj->kind == K_MEMORY && p != NULL) {
        struct charged *map = mapping_of(p, obj);
        if (map != NULL && !holds(p, obj))
            map->charged = true; /* FG-04 */
    }
    if (obj->kind == K_PIPE) {
        const struct waiting *waiting = obj->writes ? obj->pipe->writing : obj->pipe->reading;
        uint32_t left = references(obj);
        if (left == 0 || (p != NULL && left == (waiting != NULL)))
            pipe_close(obj);
    }
    if (obj->kind == K_ENDPOINT && p != NULL) {
        if (--obj->owners == 0)
            ep_close(obj, "endpoint owner exited");
        else if (!holds(p, obj))
            ep_leave(obj, p, NULL);
    }
}

static inline int32_t release(struct proc *p, uint32_t id)
{
    uint32_t index = id & 0xffffff;
    struct hold *hold = index < p->slot_count ? &p->slots[index] : NULL;
    if (hold == NULL || hold->generation != id >> 24 || hold->reserved || hold->obj == NULL)
        return CAP_ERR_INVALID_REQUEST;
    struct obj *obj = hold->obj;
    vacate(p, id);
    after_removal(p, obj);
    return 0;
}

/* ---- parks ----------------------------------------------------------------------------------------------------- */

static inline void park_end(struct thr *t, int32_t result)
{
    t->park.queued = false;
    complete_done(t, (struct done){ .park = true, .cqe = { .user_data = t->park.user_data, .result = result } });
}

static inline void park_drop_model(struct thr *t)
{
    t->park.queued = t->park.outstanding = false;
}

static inline void parks_unmapped(struct proc *p, uint64_t addr, uint64_t size)
{
    for (uint32_t i = 0; i < p->thread_count; i++)
        if (p->threads[i]->park.queued && p->threads[i]->park.addr - addr < size)
            park_end(p->threads[i], 3);
}

/* Oldest first. */
static inline int32_t unpark(struct proc *p, uint64_t addr, uint32_t count)
{
    uint32_t woken = 0;
    while (woken < count) {
        struct thr *first = NULL;
        for (uint32_t i = 0; i < p->thread_count; i++) {
            struct thr *t = p->threads[i];
            if (t->park.queued && t->park.addr == addr && (first == NULL || t->park.sequence < first->park.sequence))
                first = t;
        }
        if (first == NULL)
            break;
        park_end(first, 0);
        woken++;
    }
    return (int32_t)woken;
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

/* All that is due, in the order of deadlines, then of starting. */
static inline void fire_timers(uint64_t now)
{
    for (;;) {
        struct waiting *sleep = NULL;
        struct thr *park = NULL;
        uint64_t deadline = now, sequence = UINT64_MAX;
        for (uint32_t n = 0; n < W_PROCS; n++) {
            struct proc *p = &W.procs[n];
            if (!p->used)
                continue;
            for (uint32_t i = 0; i < W_CALLS; i++) {
                struct waiting *call = &p->calls[i];
                if (call->place != P_WAITING || call->target->kind != K_TIMER || call->deadline > deadline ||
                    (call->deadline == deadline && call->sequence > sequence))
                    continue;
                sleep = call, park = NULL, deadline = call->deadline, sequence = call->sequence;
            }
            for (uint32_t i = 0; i < p->thread_count; i++) {
                struct thr *t = p->threads[i];
                if (!t->park.queued || t->park.deadline > deadline || (t->park.deadline == deadline && t->park.sequence > sequence))
                    continue;
                park = t, sleep = NULL, deadline = t->park.deadline, sequence = t->park.sequence;
            }
        }
        if (sleep == NULL && park == NULL)
            return;
        if (park != NULL) {
            park_end(park, 2);
            continue;
        }
        sleep->proc->sleepers--;
        complete_code(sleep, 0);
    }
}

/* ---- ends of threads and processes --------------------------------------------------------------------------------- */

static inline void end_process(struct proc *p, int64_t code)
{
    if (!proc_lives(p))
        return;
    p->ending = true;
    p->code = code;
    memmove(W.ending + 1, W.ending, W.ending_count * sizeof W.ending[0]);
    W.ending[0] = p;
    W.ending_count++;
    for (uint32_t i = 0; i < W.ending_thread_count;)
        if (W.ending_threads[i]->proc == p)
            memmove(W.ending_threads + i, W.ending_threads + i + 1, (--W.ending_thread_count - i) * sizeof W.ending_threads[0]);
        else
            i++;
    for (uint32_t i = 0; i < p->thread_count; i++)
        park_drop_model(p->threads[i]);
}

static inline void end_thread(struct thr *t, int64_t code)
{
    struct proc *p = t->proc;
    if (t->ending || !proc_lives(p))
        return;
    if (p->thread_count - p->threads_ending == 1) {
        end_process(p, code);
        return;
    }
    p->threads_ending++;
    t->ending = true;
    t->code = code;
    park_drop_model(t);
    memmove(W.ending_threads + 1, W.ending_threads, W.ending_thread_count * sizeof W.ending_threads[0]);
    W.ending_threads[0] = t;
    W.ending_thread_count++;
}

static inline void cancel(struct waiting *call)
{
    struct obj *target = call->target;
    struct obj *ep = endpoint_of(target);
    if (call->receives) {
        leave_endpoint(call);
    } else if (ep != NULL) {
        leave_endpoint(call);
        settle(call);
        deliver_all(ep);
    } else if (target->kind == K_TIMER) {
        call->proc->sleepers--;
    } else if (target->kind == K_PIPE) {
        if (target->pipe->reading == call)
            target->pipe->reading = NULL;
        if (target->pipe->writing == call)
            target->pipe->writing = NULL;
    } else {
        target->waiter = NULL;
    }
    call->place = P_FREE;
    free_block(call->proc, &call->op);
    after_removal(NULL, target);
}

/* Its calls and receives; with the process living on, what its endpoints' callers get. */
static inline void strip_thread(struct thr *t)
{
    struct proc *p = t->proc;
    park_drop_model(t);
    for (uint32_t i = 0; i < W_CALLS + W_RECEIVES; i++) {
        struct waiting *call = i < W_CALLS ? &p->calls[i] : &p->receives[i - W_CALLS];
        if (call->thr != t || call->place == P_FREE)
            continue;
        if (call->place == P_FINISHED)
            call->place = P_FREE;
        else
            cancel(call);
    }
    for (uint32_t i = 0; !p->ending && i < p->slot_count; i++)
        if (p->slots[i].obj != NULL && p->slots[i].obj->kind == K_ENDPOINT && p->slots[i].obj->open)
            ep_leave(p->slots[i].obj, p, t);
    drop_entries(t);
    t->dead = true;
    t->page = NULL;
}

static inline void wake_waiter(struct obj *handle, int64_t code, const struct capos_method *method)
{
    struct waiting *waiter = handle->waiter;
    handle->proc = NULL;
    handle->thr = NULL;
    handle->code = code;
    handle->waiter = NULL;
    if (waiter == NULL)
        return;
    struct capos_process_handle_wait_results got;
    if (is_private(waiter->proc, &waiter->op) && thr_lives(waiter->thr)) {
        MUST(method->decode(opened(waiter->proc, waiter->op.sqe.result_addr, 24), &got) == CAPN_OK, "exit code");
        SAME(got.exit_code, code, "exit code");
    }
    complete_code(waiter, 24);
}

static inline void finish_thread(struct thr *t)
{
    struct proc *p = t->proc;
    uint32_t i = 0;
    p->threads_ending--;
    p->ran += t->ran;
    strip_thread(t);
    while (p->threads[i] != t)
        i++;
    memmove(p->threads + i, p->threads + i + 1, (--p->thread_count - i) * sizeof p->threads[0]);
    if (t->handle != NULL && references(t->handle) > 0)
        wake_waiter(t->handle, t->code, &capos_thread_handle_join_method);
}

/* PL-22 to PL-24, EN-29. */
static inline void strip_process(struct proc *p)
{
    for (uint32_t i = 0; i < p->thread_count; i++)
        strip_thread(p->threads[i]);
    memset(p->pages, 0, sizeof p->pages);
    p->map_count = 0;
    for (uint32_t i = 0; i < p->slot_count; i++) {
        struct obj *obj = p->slots[i].obj;
        if (obj == NULL)
            continue;
        if (obj->kind == K_ENDPOINT && --obj->owners == 0)
            ep_close(obj, "endpoint owner exited");
        else if (obj->kind == K_ENDPOINT)
            ep_leave(obj, p, NULL);
        if (obj->kind == K_PIPE && references(obj) == 1u + ((obj->writes ? obj->pipe->writing : obj->pipe->reading) != NULL))
            pipe_close(obj);
    }
    for (uint32_t i = 0; i < p->slot_count; i++) {
        struct obj *obj = p->slots[i].obj;
        p->slots[i].obj = NULL;
        if (obj != NULL && obj->kind == K_PIPE && references(obj) == 0)
            pipe_close(obj);
    }
}

static inline void finish_process(struct proc *p)
{
    strip_process(p);
    for (uint32_t i = 0; i < W_PROCS; i++)
        if (W.procs[i].used && W.procs[i].pid == p->parent_pid)
            W.procs[i].children--;
    p->used = false;
    if (p->handle != NULL && references(p->handle) > 0)
        wake_waiter(p->handle, p->code, &capos_process_handle_wait_method);
}

/* ---- what the kernel has taken apart by the end of this entry --------------------------------------------------------- */

static inline struct thread *kernel_thread(const struct proc *p, uint32_t tid)
{
    for (struct thread *k = p->k->threads; k != NULL; k = k->next_in_process)
        if (k->tid == tid)
            return k;
    return NULL;
}

static inline void reap(void)
{
    bool again = true;
    while (again) {
        again = false;
        for (uint32_t i = 0; i < W.ending_thread_count;) {
            struct thr *t = W.ending_threads[i];
            if (process_find_exact(t->proc->pid, t->proc->generation) == NULL || kernel_thread(t->proc, t->tid) != NULL) {
                i++;
                continue;
            }
            memmove(W.ending_threads + i, W.ending_threads + i + 1, (--W.ending_thread_count - i) * sizeof W.ending_threads[0]);
            finish_thread(t);
            again = true;
        }
        for (uint32_t i = 0; i < W.ending_count;) {
            struct proc *p = W.ending[i];
            if (process_find_exact(p->pid, p->generation) != NULL) {
                i++;
                continue;
            }
            memmove(W.ending + i, W.ending + i + 1, (--W.ending_count - i) * sizeof W.ending[0]);
            finish_process(p);
            again = true;
            i = 0;
        }
    }
}
