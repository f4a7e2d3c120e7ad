/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The model's kernel objects, and a submission entry from its checks to its answer. See world.h. */
#pragma once

#include "tests/sim/random/life.h"

#define PENDS INT32_MIN
#define REFUSE(type, text) return exception(p, op, CAP_EXCEPTION_##type, text)

/* One result: an index field names the first record; where the records lie and what they say. */
static inline int32_t reply_caps(struct proc *p, const struct op *op, uint32_t bytes, const uint32_t *ids, uint32_t count,
                                 struct ring_cqe *cqe)
{
    if (is_private(p, op))
        records_same(p, op->sqe.result_addr + bytes, ids, count);
    cqe->cap_count = (uint16_t)count;
    cqe->flags = CQE_FLAG_TRANSFER_RESULT_CAPS;
    return (int32_t)bytes;
}

static inline int32_t frames_method(struct proc *p, const struct op *op, struct ring_cqe *cqe)
{
    uint32_t count = op->sqe.method_id == CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD ? 1 : (uint32_t)op->arg[0], id;
    char text[64];
    if (op->sqe.method_id > 1)
        REFUSE(UNIMPLEMENTED, "unknown method");
    if (count == 0)
        REFUSE(INVALID_ARGUMENT, "count is zero");
    if (p->used_slots >= CAP_SLOTS_MAX)
        REFUSE(OVERLOADED, "failed to reserve MemoryObject cap slot");
    if (count > FRAME_PAGES || frame_pages(p) + count > FRAME_PAGES)
        REFUSE(OVERLOADED, "failed to reserve frame grant pages");
    struct obj *memory = new_obj(K_MEMORY, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    memory->pages = count;
    if (insert_new(p, memory, 1, CAP_ORIGIN_RESULT_CAP, &id) != HIT)
        REFUSE(OVERLOADED, "failed to reserve MemoryObject cap slot");
    if (op->sqe.result_len < 40) {
        vacate(p, id);
        snprintf(text, sizeof text, "result buffer too small: 40");
        REFUSE(FAILED, text);
    }
    return reply_caps(p, op, 24, &id, 1, cqe);
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

static inline bool arena_range(uint64_t addr, uint64_t size, uint32_t *first, uint32_t *count)
{
    if (size == 0 || (addr | size) % PAGE_SIZE != 0 || addr < W_ARENA || addr - W_ARENA + size > W_PAGES * PAGE_SIZE)
        return false;
    *first = (uint32_t)((addr - W_ARENA) / PAGE_SIZE);
    *count = (uint32_t)(size / PAGE_SIZE);
    return true;
}

static inline bool prot_ok(uint64_t prot)
{
    return prot <= 7 && (prot & 6) != 6;
}

static inline bool all_in(const struct proc *p, uint32_t first, uint32_t count, enum page_state least, enum page_state most)
{
    for (uint32_t i = first; i < first + count; i++)
        if (p->pages[i].state < least || p->pages[i].state > most)
            return false;
    return true;
}

static inline void decommit_pages(struct proc *p, uint32_t first, uint32_t count, enum page_state to)
{
    for (uint32_t i = first; i < first + count; i++)
        p->pages[i] = (struct page){ .state = to, .reservation = to == PG_FREE ? 0 : p->pages[i].reservation };
    parks_unmapped(p, W_ARENA + first * PAGE_SIZE, count * PAGE_SIZE);
}

static inline void commit_pages(struct proc *p, uint32_t first, uint32_t count, uint64_t prot)
{
    for (uint32_t i = first; i < first + count; i++) {
        p->pages[i].state = PG_COMMITTED;
        p->pages[i].prot = (uint8_t)prot;
        p->pages[i].stamp = 0;
        p->pages[i].fresh = true;
    }
}

static inline int32_t addr_reply(const struct proc *p, const struct op *op, uint64_t addr)
{
    struct capos_virtual_memory_map_results got;
    if (is_private(p, op)) {
        MUST(capos_virtual_memory_map_method.decode(opened(p, op->sqe.result_addr, 24), &got) == CAPN_OK, "map");
        SAME(got.addr, addr, "address");
    }
    return 24;
}

static inline int32_t vm_method(struct proc *p, const struct op *op)
{
    uint32_t first = 0, count = 0;
    uint16_t method = op->sqe.method_id;
    bool wants_prot = method == CAPOS_VIRTUAL_MEMORY_MAP_METHOD || method == CAPOS_VIRTUAL_MEMORY_COMMIT_METHOD ||
                      method == CAPOS_VIRTUAL_MEMORY_PROTECT_METHOD;
    bool ok = arena_range(op->arg[0], op->arg[1], &first, &count) && (!wants_prot || prot_ok(op->arg[2]));
    if (method > 5)
        REFUSE(UNIMPLEMENTED, "unknown method");
    switch (ok ? method : 99) {
    case CAPOS_VIRTUAL_MEMORY_MAP_METHOD:
    case CAPOS_VIRTUAL_MEMORY_RESERVE_METHOD:
        if (!all_in(p, first, count, PG_FREE, PG_FREE))
            REFUSE(INVALID_ARGUMENT, NULL);
        if (method == CAPOS_VIRTUAL_MEMORY_MAP_METHOD && frame_pages(p) + count > FRAME_PAGES)
            REFUSE(OVERLOADED, NULL);
        p->reservations++;
        for (uint32_t i = first; i < first + count; i++)
            p->pages[i] = (struct page){ .state = PG_RESERVED, .reservation = p->reservations };
        if (method == CAPOS_VIRTUAL_MEMORY_MAP_METHOD)
            commit_pages(p, first, count, op->arg[2]);
        return addr_reply(p, op, op->arg[0]);
    case CAPOS_VIRTUAL_MEMORY_COMMIT_METHOD:
        for (uint32_t i = first; ok && i < first + count; i++)
            ok = p->pages[i].reservation == p->pages[first].reservation;
        if (!ok || !all_in(p, first, count, PG_RESERVED, PG_RESERVED))
            REFUSE(INVALID_ARGUMENT, NULL);
        if (frame_pages(p) + count > FRAME_PAGES)
            REFUSE(OVERLOADED, NULL);
        commit_pages(p, first, count, op->arg[2]);
        return 0;
    case CAPOS_VIRTUAL_MEMORY_UNMAP_METHOD:
    case CAPOS_VIRTUAL_MEMORY_DECOMMIT_METHOD:
        if (!all_in(p, first, count, PG_RESERVED, PG_COMMITTED))
            REFUSE(INVALID_ARGUMENT, NULL);
        decommit_pages(p, first, count, method == CAPOS_VIRTUAL_MEMORY_UNMAP_METHOD ? PG_FREE : PG_RESERVED);
        return 0;
    case CAPOS_VIRTUAL_MEMORY_PROTECT_METHOD:
        if (!all_in(p, first, count, PG_COMMITTED, PG_COMMITTED))
            REFUSE(INVALID_ARGUMENT, NULL);
        for (uint32_t i = first; i < first + count; i++)
            p->pages[i].prot = (uint8_t)op->arg[2];
        return 0;
    default:
        REFUSE(INVALID_ARGUMENT, NULL);
    }
}

static inline bool maps_all(const struct proc *p, const struct obj *obj, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        if (p->pages[i].state != PG_OBJECT || p->pages[i].obj != obj)
            return false;
    return true;
}

static inline void forget_mapping(struct proc *p, struct obj *obj)
{
    for (uint32_t i = 0; i < W_PAGES; i++)
        if (p->pages[i].state == PG_OBJECT && p->pages[i].obj == obj)
            return;
    for (uint32_t i = 0; i < p->map_count; i++)
        if (p->maps[i].obj == obj)
            p->maps[i--] = p->maps[--p->map_count];
}

static inline int32_t map_object(struct proc *p, const struct op *op, struct obj *obj)
{
    uint32_t first, count;
    uint64_t offset = op->arg[3];
    if (!prot_ok(op->arg[2]) || offset % PAGE_SIZE != 0 || !arena_range(op->arg[0], op->arg[1], &first, &count) ||
        offset / PAGE_SIZE + count > obj->pages)
        REFUSE(INVALID_ARGUMENT, NULL);
    if (!all_in(p, first, count, PG_FREE, PG_FREE))
        REFUSE(INVALID_ARGUMENT, NULL);
    for (uint32_t i = 0; i < count; i++)
        p->pages[first + i] = (struct page){ .state = PG_OBJECT, .prot = (uint8_t)op->arg[2], .obj = obj,
                                             .obj_page = (uint32_t)(offset / PAGE_SIZE) + i };
    if (mapping_of(p, obj) == NULL)
        p->maps[p->map_count++] = (struct charged){ .obj = obj };
    return addr_reply(p, op, op->arg[0]);
}

static inline int32_t memory_method(struct proc *p, const struct op *op, struct obj *obj)
{
    uint32_t first = 0, count = 0;
    struct capos_memory_object_info_results info;
    bool ok = arena_range(op->arg[0], op->arg[1], &first, &count) && maps_all(p, obj, first, count);
    switch (op->sqe.method_id) {
    case CAPOS_MEMORY_OBJECT_INFO_METHOD:
        if (is_private(p, op)) {
            MUST(capos_memory_object_info_method.decode(opened(p, op->sqe.result_addr, 32), &info) == CAPN_OK, "info");
            MUST(info.page_count == obj->pages && info.size_bytes == obj->pages * PAGE_SIZE, "size of a memory object");
        }
        return 32;
    case CAPOS_MEMORY_OBJECT_MAP_METHOD:
        return map_object(p, op, obj);
    case CAPOS_MEMORY_OBJECT_UNMAP_METHOD:
        if (!ok)
            REFUSE(INVALID_ARGUMENT, NULL);
        decommit_pages(p, first, count, PG_FREE);
        forget_mapping(p, obj);
        return 0;
    case CAPOS_MEMORY_OBJECT_PROTECT_METHOD:
        if (!ok || !prot_ok(op->arg[2]))
            REFUSE(INVALID_ARGUMENT, NULL);
        for (uint32_t i = first; i < first + count; i++)
            p->pages[i].prot = (uint8_t)op->arg[2];
        return 0;
    default:
        REFUSE(UNIMPLEMENTED, "unknown method");
    }
}

/* ---- pipes, timers, handles ---------------------------------------------------------------------------------------- */

static inline int32_t wait_for(struct thr *t, const struct op *op, const struct hold *hold, struct waiting **out)
{
    struct proc *p = t->proc;
    *out = pend(t, op, hold);
    if (*out == NULL)
        REFUSE(OVERLOADED, "capability resource exhausted: outstanding calls");
    return PENDS;
}

static inline int32_t pipe_method(struct thr *t, const struct op *op, const struct hold *hold)
{
    struct proc *p = t->proc;
    struct obj *end = hold->obj;
    struct pipe_model *pipe = end->pipe;
    struct waiting *call;
    int32_t result;
    switch (op->sqe.method_id) {
    case CAPOS_PIPE_READ_METHOD:
        if (end->writes)
            REFUSE(INVALID_ARGUMENT, "this end of the pipe is written to");
        if (pipe->reading != NULL)
            REFUSE(OVERLOADED, "pipe read already pending");
        if (op->arg[0] > 0 && !answers_read(pipe)) {
            result = wait_for(t, op, hold, &call);
            if (call != NULL) {
                call->wanted = (uint32_t)op->arg[0];
                pipe->reading = call;
            }
            return result;
        }
        result = pipe_take_model(p, pipe, op, (uint32_t)op->arg[0]);
        pipe_settle(pipe);
        return result;
    case CAPOS_PIPE_WRITE_METHOD:
        if (!end->writes)
            REFUSE(INVALID_ARGUMENT, "this end of the pipe is read from");
        if (pipe->writing != NULL)
            REFUSE(OVERLOADED, "pipe write already pending");
        if (op->data_len > 0 && !answers_write(pipe)) {
            result = wait_for(t, op, hold, &call);
            if (call != NULL) {
                memcpy(call->kept, op->data, op->data_len);
                call->wanted = op->data_len;
                pipe->writing = call;
            }
            return result;
        }
        result = pipe_put_model(p, pipe, op, op->data, op->data_len);
        pipe_settle(pipe);
        return result;
    case CAPOS_PIPE_CLOSE_METHOD:
        pipe_close(end);
        return 0;
    case CAPOS_PIPE_IS_CLOSED_METHOD:
        if (is_private(p, op)) {
            struct capos_pipe_is_closed_results got;
            MUST(capos_pipe_is_closed_method.decode(opened(p, op->sqe.result_addr, 24), &got) == CAPN_OK, "isClosed");
            SAME(got.closed, end->writes ? pipe->writer_closed : pipe->reader_closed, "isClosed");
        }
        return 24;
    default:
        REFUSE(UNIMPLEMENTED, "unknown method");
    }
}

static inline int32_t timer_method(struct thr *t, const struct op *op, const struct hold *hold)
{
    struct proc *p = t->proc;
    struct waiting *call;
    if (op->sqe.method_id == CAPOS_TIMER_NOW_METHOD)
        return 32;
    if (op->sqe.method_id != CAPOS_TIMER_SLEEP_METHOD)
        REFUSE(UNIMPLEMENTED, "unknown method");
    if (op->arg[0] == 0)
        return 0;
    if (p->sleepers >= TIMER_SLEEP_WAITERS_MAX)
        REFUSE(OVERLOADED, "too many sleepers");
    int32_t result = wait_for(t, op, hold, &call);
    if (call == NULL)
        return result;
    call->deadline = machine_now_ns() + op->arg[0];
    call->sequence = W.sequence++;
    p->sleepers++;
    return PENDS;
}

static inline int32_t code_reply(const struct proc *p, const struct op *op, int64_t code)
{
    struct capos_process_handle_wait_results got;
    if (is_private(p, op)) {
        MUST(capos_process_handle_wait_method.decode(opened(p, op->sqe.result_addr, 24), &got) == CAPN_OK, "exit code");
        SAME(got.exit_code, code, "exit code");
    }
    return 24;
}

static inline int32_t handle_method(struct thr *t, const struct op *op, const struct hold *hold)
{
    struct proc *p = t->proc;
    struct obj *handle = hold->obj;
    bool ended = handle->proc == NULL && handle->thr == NULL;
    if (op->sqe.method_id == 0) {
        if (ended)
            return code_reply(p, op, handle->code);
        if (handle->waiter != NULL)
            REFUSE(OVERLOADED, handle->kind == K_HANDLE ? "process wait already registered" : "thread join already registered");
        return wait_for(t, op, hold, &handle->waiter);
    }
    if (op->sqe.method_id != 1)
        REFUSE(UNIMPLEMENTED, "unknown method");
    if (handle->kind == K_HANDLE) {
        if (!ended)
            end_process(handle->proc, EXIT_CODE_TERMINATED);
        return 0;
    }
    struct capos_thread_handle_exit_code_results got;
    if (is_private(p, op)) {
        MUST(capos_thread_handle_exit_code_method.decode(opened(p, op->sqe.result_addr, 32), &got) == CAPN_OK, "exitCode");
        MUST(got.exited == ended && (!ended || got.exit_code == handle->code), "exitCode");
    }
    return 32;
}

/* EP-04, EP-08. */
static inline int32_t manager_method(struct proc *p, const struct op *op, struct obj *manager)
{
    enum miss miss = M_NOT_FOUND;
    struct proc *child = manager->proc;
    if (op->sqe.method_id != CAPOS_CAPABILITY_MANAGER_REVOKE_METHOD)
        REFUSE(UNIMPLEMENTED, "unknown method");
    if (child != NULL && (!child->used || child->generation != manager->stamps[0]))
        child = NULL;
    struct hold *hold = child != NULL ? look_up(child, (uint32_t)op->arg[0], &miss) : NULL;
    if (hold == NULL)
        REFUSE(FAILED, NULL);
    struct obj *obj = hold->obj;
    struct cell *bumped[CAP_SLOTS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < child->slot_count; i++) {
        uint32_t k = 0;
        while (k < count && bumped[k] != child->slots[i].cell)
            k++;
        if (child->slots[i].obj == obj && k == count)
            bumped[count++] = child->slots[i].cell;
    }
    while (count > 0)
        bumped[--count]->value++;
    if (obj->kind == K_ENDPOINT)
        ep_close(obj, "capability has been revoked");
    if (obj->kind == K_PIPE)
        pipe_close(obj);
    return 16;
}
