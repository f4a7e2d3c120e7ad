/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The model's spawns, threads, and the way of a submission entry through all checks. See world.h. */
#pragma once

#include "tests/sim/random/methods.h"

#define CHILDREN_MAX 8u
#define ANY_BADGE UINT64_MAX

struct source {
    enum kind kind;
    const char *name;
    uint32_t number;
    uint64_t iface;
    bool copy, bound;
};

static const struct source sources[] = {
    { K_ENDPOINT, "endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID, false, false },
    { K_FRAMES, "frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID, false, false },
    { K_VM, "virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID, false, true },
    { K_SPAWNER, "process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID, false, false },
    { K_TIMER, "timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID, false, false },
    { K_THREADS, "thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID, false, false },
    { K_CONTROL, "thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID, false, false },
    { K_PARK, "park_space", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID, false, true },
    { K_CONSOLE, "console", CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID, true, false },
};
#define SOURCES (sizeof sources / sizeof sources[0])

static inline const struct source *source_of(enum kind kind)
{
    uint32_t i = 0;
    while (sources[i].kind != kind)
        i++;
    return &sources[i];
}

/* A kernel source makes an object of its own for that process. */
static inline struct obj *from_source(struct proc *p, const struct source *source, uint32_t *id)
{
    struct obj *obj = new_obj(source->kind, source->iface);
    obj->aspace_bound = source->bound;
    if (source->kind == K_ENDPOINT) {
        obj->open = true;
        obj->owners = 1;
    }
    (void)insert_new(p, obj, source->copy, CAP_ORIGIN_KERNEL, id);
    return obj;
}

static inline struct thr *add_thread(struct proc *p)
{
    struct thr *t = make(sizeof *t);
    t->used = true;
    t->proc = p;
    t->tid = ++p->next_tid;
    memmove(p->threads + 1, p->threads, p->thread_count * sizeof p->threads[0]);
    p->threads[0] = t;
    p->thread_count++;
    return t;
}

static inline struct proc *add_process(struct proc *parent)
{
    uint32_t n = 0;
    while (n < W_PROCS && W.procs[n].used)
        n++;
    MUST(n < W_PROCS, "processes");
    struct proc *p = &W.procs[n];
    memset(p, 0, sizeof *p);
    p->used = true;
    p->parent = parent;
    p->parent_pid = parent != NULL ? parent->pid : 0;
    add_thread(p);
    return p;
}

/* ---- grants: PL-08, FA-01 to FA-03, TX-02, TX-05 ------------------------------------------------------------------ */

static inline enum miss grant_hold(struct proc *child, struct hold *hold, uint64_t disclosure, bool move)
{
    uint32_t id;
    if (hold->reserved)
        return M_PENDING;
    if (move && hold->mode == 0)
        return M_NOT_ALLOWED;
    struct hold copy = *hold;
    copy.origin = CAP_ORIGIN_SPAWN_GRANT;
    copy.reserved = false;
    copy.disclosure = disclosure;
    enum miss miss = insert(child, &copy, &id);
    if (miss != HIT)
        return miss;
    hold->reserved = move;
    if (copy.obj->kind == K_ENDPOINT)
        copy.obj->owners++;
    return HIT;
}

/* HIT, or why not; *unimplemented: what is asked for is no endpoint. */
static inline enum miss grant_own(struct proc *parent, struct proc *child, const struct grant *grant, bool *unimplemented)
{
    enum miss miss;
    uint32_t id;
    struct hold *hold = look_up(parent, grant->cap_id, &miss);
    if (hold == NULL)
        return miss;
    struct obj *endpoint = endpoint_of(hold->obj);
    bool facet = grant->mode == CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT || grant->mode == CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
    bool owns = hold->obj->kind == K_ENDPOINT;
    uint64_t badge = grant->badge == ANY_BADGE ? hold->badge : grant->badge;
    uint64_t disclosure = grant->disclosure == 0 ? hold->disclosure : grant->disclosure & 7u;
    if ((disclosure & ~hold->disclosure) != 0)
        return M_NOT_ALLOWED;
    if (facet) {
        *unimplemented = endpoint == NULL;
        if (endpoint == NULL || (!owns && (grant->iface != hold->iface || badge != hold->badge)))
            return M_NOT_ALLOWED;
        if (!owns)
            return grant_hold(child, hold, disclosure, false);
        struct obj *minted = new_obj(K_FACET, grant->iface);
        minted->endpoint = endpoint;
        struct hold fresh = { .obj = minted, .cell = make(sizeof(struct cell)), .iface = grant->iface, .badge = badge,
                              .disclosure = disclosure, .mode = 1, .origin = CAP_ORIGIN_SPAWN_GRANT };
        return insert(child, &fresh, &id);
    }
    bool move = grant->mode == CAPOS_CAP_GRANT_MODE_MOVE;
    if ((hold->mode == 0 && (endpoint == NULL || move)) || hold->obj->aspace_bound || hold->iface != grant->iface)
        return M_NOT_ALLOWED;
    return grant_hold(child, hold, disclosure, move);
}

static inline void undo_spawn(struct proc *parent, struct proc *child, const struct op *op, uint32_t done)
{
    for (uint32_t i = 0; i < done; i++)
        if (!op->grants[i].kernel && op->grants[i].mode == CAPOS_CAP_GRANT_MODE_MOVE)
            parent->slots[op->grants[i].cap_id & 0xffffff].reserved = false;
    child->ending = true;
    strip_process(child);
    child->used = false;
}

static inline int32_t spawn_refused(const struct proc *p, const struct op *op, enum miss miss, bool unimplemented)
{
    if (unimplemented)
        REFUSE(UNIMPLEMENTED, "capability is not an endpoint");
    if (miss >= M_FULL)
        REFUSE(OVERLOADED, NULL);
    REFUSE(FAILED, NULL);
}

/* Handle, manager and a facet of each endpoint that the child owns, for the parent: all of them or none. */
static inline enum miss spawn_results(struct proc *p, struct proc *child, const struct op *op, uint32_t *ids, uint32_t *count)
{
    struct obj *objs[2 + OP_GRANTS] = { new_obj(K_HANDLE, CAPOS_PROCESS_HANDLE_INTERFACE_ID),
                                      new_obj(K_MANAGER, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID) };
    uint64_t disclosures[2 + OP_GRANTS];
    uint32_t wanted = 2;
    objs[0]->proc = objs[1]->proc = child;
    child->handle = objs[0];
    for (uint32_t i = 0; i < op->grant_count; i++) {
        if (!op->grants[i].kernel || op->grants[i].kind != K_ENDPOINT)
            continue;
        disclosures[wanted] = child->slots[i].disclosure;
        objs[wanted] = new_obj(K_FACET, CAPOS_ENDPOINT_INTERFACE_ID);
        objs[wanted++]->endpoint = child->slots[i].obj; /* slots of a new table are taken in order */
    }
    for (*count = 0; *count < wanted; ++*count) {
        enum miss miss = insert_new(p, objs[*count], *count >= 2, *count >= 2 ? CAP_ORIGIN_SPAWNER_ENDPOINT : CAP_ORIGIN_RESULT_CAP,
                                    &ids[*count]);
        if (miss == HIT) {
            if (*count >= 2)
                p->slots[ids[*count] & 0xffffff].disclosure = disclosures[*count];
            continue;
        }
        remove_inserted(p, ids, *count);
        return miss;
    }
    return HIT;
}

static inline int32_t spawn_method(struct proc *p, const struct op *op, struct ring_cqe *cqe)
{
    uint32_t ids[2 + OP_GRANTS], count = 2, id;
    for (uint32_t i = 0; i < op->grant_count; i++)
        count += op->grants[i].kernel && op->grants[i].kind == K_ENDPOINT;
    if (op->same_name && op->grant_count > 1)
        REFUSE(INVALID_ARGUMENT, "duplicate grant name");
    if (p->used_slots + count > CAP_SLOTS_MAX)
        REFUSE(OVERLOADED, "capability resource exhausted: cap slots");
    if (p->children >= CHILDREN_MAX)
        REFUSE(OVERLOADED, "process limit reached");
    struct proc *child = add_process(p);
    for (uint32_t i = 0; i < op->grant_count; i++) {
        bool unimplemented = false;
        enum miss miss = HIT;
        if (op->grants[i].kernel) {
            (void)from_source(child, source_of(op->grants[i].kind), &id);
            child->slots[id & 0xffffff].disclosure = op->grants[i].disclosure & 7; /* no session: all of it may be said */
        } else
            miss = grant_own(p, child, &op->grants[i], &unimplemented);
        if (miss == HIT)
            continue;
        undo_spawn(p, child, op, i);
        return spawn_refused(p, op, miss, unimplemented);
    }
    enum miss last = spawn_results(p, child, op, ids, &count);
    if (last != HIT) {
        undo_spawn(p, child, op, op->grant_count);
        return spawn_refused(p, op, last, false);
    }
    for (uint32_t i = 0; i < op->grant_count; i++)
        if (!op->grants[i].kernel && op->grants[i].mode == CAPOS_CAP_GRANT_MODE_MOVE) {
            struct obj *obj = p->slots[op->grants[i].cap_id & 0xffffff].obj;
            p->slots[op->grants[i].cap_id & 0xffffff].reserved = false;
            vacate(p, op->grants[i].cap_id);
            after_removal(p, obj);
        }
    p->children++;
    return reply_caps(p, op, 24, ids, count, cqe);
}

static inline int32_t create_pipe(struct proc *p, const struct op *op, struct ring_cqe *cqe)
{
    struct pipe_model *pipe = make(sizeof *pipe);
    uint32_t ids[2];
    pipe->capacity = (uint32_t)op->arg[0];
    for (uint32_t i = 0; i < 2; i++) {
        struct obj *end = new_obj(K_PIPE, CAPOS_PIPE_INTERFACE_ID);
        end->pipe = pipe;
        end->pages = 2;
        end->writes = i == 1;
        enum miss miss = insert_new(p, end, 1, CAP_ORIGIN_RESULT_CAP, &ids[i]);
        if (miss == HIT)
            continue;
        if (i == 1)
            vacate(p, ids[0]);
        REFUSE(OVERLOADED, NULL);
    }
    return reply_caps(p, op, 24, ids, 2, cqe);
}

static inline int32_t threads_method(struct proc *p, const struct op *op, struct ring_cqe *cqe)
{
    uint32_t id;
    if (op->sqe.method_id != CAPOS_THREAD_SPAWNER_CREATE_METHOD)
        REFUSE(UNIMPLEMENTED, "unknown method");
    if (op->arg[0] != 0)
        REFUSE(INVALID_ARGUMENT, "unknown thread flags");
    struct obj *handle = new_obj(K_JOIN, CAPOS_THREAD_HANDLE_INTERFACE_ID);
    if (p->thread_count >= 16)
        REFUSE(OVERLOADED, "thread limit reached");
    if (insert_new(p, handle, 0, CAP_ORIGIN_RESULT_CAP, &id) != HIT) {
        p->next_tid++;
        REFUSE(OVERLOADED, NULL);
    }
    struct thr *t = add_thread(p);
    t->handle = handle;
    handle->thr = t;
    return reply_caps(p, op, 24, &id, 1, cqe);
}

/* ---- an entry -------------------------------------------------------------------------------------------------------- */

static inline int32_t kernel_call(struct thr *t, const struct op *op, const struct hold *hold, struct ring_cqe *cqe)
{
    struct proc *p = t->proc;
    struct obj *obj = hold->obj;
    switch (obj->kind) {
    case K_FRAMES:
        return frames_method(p, op, cqe);
    case K_VM:
        return vm_method(p, op);
    case K_MEMORY:
        return memory_method(p, op, obj);
    case K_PIPE:
        return pipe_method(t, op, hold);
    case K_TIMER:
        return timer_method(t, op, hold);
    case K_HANDLE:
    case K_JOIN:
        return handle_method(t, op, hold);
    case K_MANAGER:
        return manager_method(p, op, obj);
    case K_SPAWNER:
        if (op->sqe.method_id > 1)
            REFUSE(UNIMPLEMENTED, "unknown method");
        return op->sqe.method_id == 0 ? spawn_method(p, op, cqe) : create_pipe(p, op, cqe);
    case K_THREADS:
        return threads_method(p, op, cqe);
    case K_CONTROL:
        if (op->sqe.method_id == CAPOS_THREAD_CONTROL_EXIT_THREAD_METHOD) {
            end_thread(t, (int64_t)op->arg[0]);
            return 0;
        }
        REFUSE(UNIMPLEMENTED, "unknown method");
    case K_OTHER:
    case K_CONSOLE:
    case K_PARK:
    case K_ENDPOINT:
    case K_FACET:
        break;
    }
    REFUSE(UNIMPLEMENTED, "unknown method");
}

/* IN-11. PENDS: no completion yet. */
static inline int32_t run_call(struct thr *t, const struct op *op, struct ring_cqe *cqe)
{
    struct proc *p = t->proc;
    enum miss miss;
    int32_t result;
    struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    if (miss == M_NOT_LIVE)
        REFUSE(DISCONNECTED, "endpoint owner exited");
    if (hold == NULL)
        return CAP_ERR_INVOKE_FAILED;
    bool endpoint = endpoint_of(hold->obj) != NULL;
    if (op->sqe.xfer_cap_count > 0 && !endpoint)
        return CAP_ERR_TRANSFER_NOT_SUPPORTED;
    if (op->unreadable && op->sqe.len > 0)
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    if (endpoint)
        return ep_call(t, op, hold, &result) ? result : PENDS;
    if (!writable(p, op->sqe.result_addr, op->sqe.result_len))
        return CAP_ERR_INVALID_RESULT_BUFFER;
    return kernel_call(t, op, hold, cqe);
}

static inline int32_t park_or_wake(struct thr *t, const struct op *op)
{
    struct proc *p = t->proc;
    enum miss miss;
    uint32_t word;
    struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    if (hold == NULL || hold->obj->kind != K_PARK)
        return CAP_ERR_INVOKE_FAILED;
    uint64_t at = op->sqe.addr;
    bool stack = at >= USER_STACK_BASE && at < USER_STACK_TOP;
    const struct page *page = at >= W_ARENA && at < W_ARENA + W_PAGES * PAGE_SIZE ? &p->pages[(at - W_ARENA) / PAGE_SIZE] : NULL;
    if (!stack && (page == NULL || page->state < PG_COMMITTED || page->prot == 0))
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    if (op->sqe.opcode == RING_OP_UNPARK)
        return unpark(p, at, op->sqe.len);
    if (t->park.outstanding)
        return CAP_ERR_INVALID_REQUEST;
    word = stack ? (uint32_t)op->arg[0] : 0; /* what was there when it was submitted */
    if (stack && is_there(p))
        user_get(p, at, &word, sizeof word);
    if (word != op->sqe.len)
        return 1;
    if (op->sqe.pipeline_dep == 0)
        return 2;
    t->park = (struct parked){ .outstanding = true, .queued = true, .addr = at, .sequence = W.sequence++,
                               .user_data = op->sqe.user_data, .deadline = UINT64_MAX };
    if (op->sqe.pipeline_dep != UINT64_MAX)
        t->park.deadline = machine_now_ns() + op->sqe.pipeline_dep;
    return PENDS;
}

static inline int32_t run_op(struct thr *t, const struct op *op, struct ring_cqe *cqe)
{
    int32_t result = 0;
    if (op->refused != 0)
        return op->refused;
    switch (op->sqe.opcode) {
    case RING_OP_CALL:
        return run_call(t, op, cqe);
    case RING_OP_RECV:
        return ep_recv(t, op, &result) ? result : PENDS;
    case RING_OP_RETURN:
        return ep_return(t, op);
    case RING_OP_CANCEL:
        return ep_cancel(t, op);
    case RING_OP_RELEASE:
        return release(t->proc, op->sqe.cap_id);
    case RING_OP_PARK:
    case RING_OP_UNPARK:
        return park_or_wake(t, op);
    default:
        return 0; /* NOP */
    }
}

/* IN-04 to IN-10, IN-24, IN-25. */
static inline void drain(struct thr *t, bool tick)
{
    flush_late(t);
    uint32_t tail = t->page_tail, left = tick ? 4 : RING_SQ_ENTRIES;
    if (t->page_head != t->sq_head || tail - t->sq_head > RING_SQ_ENTRIES) {
        t->corruptions++;
        drop_entries(t);
        t->sq_head = tail;
    }
    while (left-- > 0 && thr_lives(t) && t->late_count == 0 && cq_room(t) > 0 && t->sq_head != tail) {
        struct op *op = &t->ops[t->sq_head & RING_SQ_MASK];
        uint8_t code = op->sqe.opcode;
        if (tick && (code == RING_OP_CALL || code == RING_OP_PARK || code == RING_OP_UNPARK || code == RING_OP_PARK_BENCH))
            break;
        t->sq_head++;
        op->queued = false;
        struct ring_cqe cqe = { .user_data = op->sqe.user_data };
        W.dispatching = t;
        W.log[W.logged % 16].pid = t->proc->pid;
        W.log[W.logged % 16].tid = t->tid;
        W.log[W.logged % 16].sqe = op->sqe;
        cqe.result = run_op(t, op, &cqe);
        W.dispatching = NULL;
        W.log[W.logged % 16].result = cqe.result;
        W.logged++;
        W.dirty |= op->sqe.result_addr >= W_ARENA;
        if (cqe.result != PENDS)
            free_block(t->proc, op);
        if (!thr_lives(t)) {
            t->fin_count = 0;
            break;
        }
        if (cqe.result != PENDS)
            post(t, &(struct done){ .cqe = cqe });
        post_fin(t);
    }
    t->page_head = t->sq_head; /* it is published */
    t->answer = RING_CQ_ENTRIES - cq_room(t); /* all of them when its indices make no sense */
}
