/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The step language: calls on kernel objects. See steps.h. */
#pragma once

#include "tests/sim/random/steps.h"

#define ENCODE(op, method, ...) encode(op, block_at(op), &capos_##method##_method, &(struct capos_##method##_params){ __VA_ARGS__ })

static inline void arena_args(struct op *op)
{
    uint32_t first = pick(W_PAGES), count = 1 + pick(5);
    if (first + count > W_PAGES)
        count = W_PAGES - first;
    op->arg[0] = W_ARENA + first * PAGE_SIZE;
    op->arg[1] = count * PAGE_SIZE;
    op->arg[2] = pick(8);
    if (op->arg[2] == 0 || one_in(2))
        op->arg[2] = 3;
    switch (pick(40)) {
    case 0:
        op->arg[0] += 8;
        break;
    case 1:
        op->arg[1] = 0;
        break;
    case 2:
        op->arg[0] = USER_MAP_LIMIT;
        break;
    case 3:
        op->arg[2] = 6 + 8 * pick(3);
        break;
    default:
        break;
    }
}

static inline void make_vm(struct op *op)
{
    arena_args(op);
    switch (pick(7)) {
    case 0:
    case 1:
        ENCODE(op, virtual_memory_map, .hint = op->arg[0], .size = op->arg[1], .prot = (uint32_t)op->arg[2]);
        break;
    case 2:
        ENCODE(op, virtual_memory_unmap, .addr = op->arg[0], .size = op->arg[1]);
        break;
    case 3:
        ENCODE(op, virtual_memory_protect, .addr = op->arg[0], .size = op->arg[1], .prot = (uint32_t)op->arg[2]);
        break;
    case 4:
        ENCODE(op, virtual_memory_reserve, .hint = op->arg[0], .size = op->arg[1]);
        break;
    case 5:
        ENCODE(op, virtual_memory_commit, .addr = op->arg[0], .size = op->arg[1], .prot = (uint32_t)op->arg[2]);
        break;
    default:
        ENCODE(op, virtual_memory_decommit, .addr = op->arg[0], .size = op->arg[1]);
        break;
    }
}

/* Where the object is mapped, mostly. */
static inline void aim_at_mapping(const struct proc *p, struct op *op)
{
    enum miss miss;
    const struct hold *hold = look_up((struct proc *)(uintptr_t)p, op->sqe.cap_id, &miss);
    uint32_t start = pick(W_PAGES);
    for (uint32_t i = 0; hold != NULL && i < W_PAGES; i++) {
        uint32_t n = (start + i) % W_PAGES;
        if (p->pages[n].state != PG_OBJECT || p->pages[n].obj != hold->obj)
            continue;
        op->arg[0] = W_ARENA + n * PAGE_SIZE;
        op->arg[1] = PAGE_SIZE * (1 + pick(2));
        return;
    }
}

static inline void make_memory(const struct proc *p, struct op *op)
{
    arena_args(op);
    op->arg[3] = one_in(3) ? pick(4) * PAGE_SIZE : 0;
    if (!one_in(3) && op->arg[1] > PAGE_SIZE)
        op->arg[1] = PAGE_SIZE;
    switch (pick(6)) {
    case 0:
        ENCODE(op, memory_object_info, 0);
        break;
    case 1:
    case 2:
        ENCODE(op, memory_object_map, .hint = op->arg[0], .size = op->arg[1], .prot = (uint32_t)op->arg[2], .offset = op->arg[3]);
        break;
    case 3:
    case 4:
        aim_at_mapping(p, op);
        ENCODE(op, memory_object_unmap, .addr = op->arg[0], .size = op->arg[1]);
        break;
    default:
        aim_at_mapping(p, op);
        ENCODE(op, memory_object_protect, .addr = op->arg[0], .size = op->arg[1], .prot = (uint32_t)op->arg[2]);
        break;
    }
}

static inline void make_pipe(const struct obj *end, struct op *op)
{
    static const uint8_t fitting[2][4] = { { 2, 2, 2, 7 }, { 7, 7, 7, 2 } };
    switch (one_in(6) ? pick(12) : fitting[end->writes][pick(4)]) {
    case 0:
        ENCODE(op, pipe_close, 0);
        break;
    case 1:
        ENCODE(op, pipe_is_closed, 0);
        break;
    case 2: case 3: case 4: case 5: case 6:
        op->arg[0] = pick(200);
        ENCODE(op, pipe_read, .max_len = (uint32_t)op->arg[0]);
        break;
    default:
        random_data(op, W_DATA);
        ENCODE(op, pipe_write, .data = { .bytes = op->data, .len = op->data_len });
        break;
    }
}

/* Is there certainly so much in a row? The kernel may not answer for want of memory here. */
static inline bool run_of_frames(uint64_t wanted)
{
    uint64_t row = 0;
    for (uint64_t frame = 0; frame < kernel.frames.total && row < wanted; frame++)
        row = kernel.frames.classes[frame] == FRAME_FREE ? row + 1 : 0;
    return row >= wanted && frames_free_count() > wanted + 1200;
}

static inline void make_frames(const struct proc *p, struct op *op)
{
    if ((p->used_slots > (keeps_all(p) ? 256 : 200) && !one_in(8)) || frames_free_count() < 1200) {
        ENCODE(op, timer_now, 0);
        op->sqe.method_id = 77;
        return;
    }
    op->arg[0] = pick(4) + (one_in(40) ? 0 : 1);
    if (one_in(60))
        op->arg[0] = 4097;
    if (one_in(20) && run_of_frames(1400))
        op->arg[0] = 400 + pick(300);
    if (op->arg[0] < 4 && one_in(2))
        ENCODE(op, frame_allocator_alloc_frame, 0);
    else
        ENCODE(op, frame_allocator_alloc_contiguous, .count = (uint32_t)op->arg[0]);
    if (one_in(20))
        op->sqe.result_len = pick(64);
}

/* ---- spawning --------------------------------------------------------------------------------------------------------- */

static inline void kernel_grant_of(struct op *op, enum kind kind)
{
    op->grants[op->grant_count++] = (struct grant){ .kernel = true, .kind = kind, .iface = source_of(kind)->iface,
                                                    .disclosure = one_in(3) ? (uint8_t)pick(9) : 0 };
}

static inline void own_grant(struct proc *p, struct op *op)
{
    enum miss miss;
    struct grant *grant = &op->grants[op->grant_count++];
    *grant = (struct grant){ .cap_id = one_in(3) ? pick_cap(p, K_FACET) : give_cap(p), .mode = (uint8_t)pick(4), .disclosure = one_in(6) ? (uint8_t)pick(9) : 0 };
    const struct hold *hold = look_up(p, grant->cap_id, &miss);
    grant->iface = hold != NULL && !one_in(16) ? hold->iface : CAPOS_ENDPOINT_INTERFACE_ID;
    bool facet = grant->mode == CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT || grant->mode == CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
    bool owns = hold != NULL && hold->obj->kind == K_ENDPOINT;
    if (facet)
        grant->badge = !owns || one_in(3) ? ANY_BADGE : pick(5) * 0x100000001ull;
    if (facet && !owns && one_in(3))
        grant->badge = pick(5) * 0x100000001ull;
    if (facet && (owns || one_in(8)))
        grant->iface = one_in(3) ? CAPOS_ENDPOINT_INTERFACE_ID : 0x1000 + (uint64_t)pick(3) * 0xf000000000000000;
    if (facet && hold != NULL && endpoint_of(hold->obj) == NULL && !one_in(10))
        grant->mode = CAPOS_CAP_GRANT_MODE_RAW;
}

static inline void encode_spawn(struct op *op)
{
    static const char *const names[OP_GRANTS] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
    struct capos_cap_grant grants[OP_GRANTS];
    for (uint32_t i = 0; i < op->grant_count; i++) {
        const struct grant *grant = &op->grants[i];
        grants[i] = (struct capos_cap_grant){ .name = capn_text_of(names[op->same_name ? 0 : i]), .cap_id = grant->cap_id,
                                              .interface_id = grant->iface, .badge = grant->badge,
                                              .mode = (enum capos_cap_grant_mode)grant->mode,
                                              .disclosure_scope = grant->disclosure };
        if (grant->kernel) {
            grants[i].has_source = true;
            grants[i].source = (struct capos_cap_grant_source){ .which = CAPOS_CAP_GRANT_SOURCE_KERNEL,
                                                                .kernel = (enum capos_kernel_cap_source)source_of(grant->kind)->number };
        }
    }
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("worker"), .binary_name = capn_text_of("worker"),
                                                     .grants = capn_list_over(grants, op->grant_count, sizeof grants[0]) };
    encode(op, W_SPAWN_PARAMS, &capos_process_spawner_spawn_method, &in);
}

static inline bool make_spawn(struct proc *p, struct op *op)
{
    static const enum kind useful[] = { K_FRAMES, K_VM, K_TIMER, K_THREADS, K_CONTROL, K_PARK, K_SPAWNER, K_ENDPOINT };
    uint32_t live = 0;
    for (uint32_t i = 0; i < W_PROCS; i++)
        live += W.procs[i].used;
    if (p->spawn_params || live + 3 > W_PROCS) { /* others may be on their way */
        op->arg[0] = 1 + pick(one_in(2) ? W_PIPE_BYTES : 24);
        ENCODE(op, process_spawner_create_pipe, .buffer_bytes = (uint32_t)op->arg[0]);
        return true;
    }
    if (!one_in(4))
        kernel_grant_of(op, K_ENDPOINT);
    if (one_in(6))
        own_grant(p, op);
    for (uint32_t i = 0, mask = next_byte(); i < 8 && op->grant_count < 8; i++)
        if ((mask >> i & 1) != 0 || one_in(3))
            kernel_grant_of(op, useful[i]);
    while (op->grant_count < OP_GRANTS && !one_in(4))
        own_grant(p, op);
    op->same_name = one_in(40);
    p->spawn_params = true;
    encode_spawn(op);
    return true;
}

static int64_t worker(uint64_t ring, uint64_t pid, uint64_t capset);
static int64_t extra_thread(uint64_t arg, uint64_t tid, uint64_t ring);

/* A call on a kernel object; its results are in a block. */
static inline bool make_call(struct thr *t, struct op *op)
{
    static const enum kind kinds[] = { K_MEMORY, K_MEMORY, K_MEMORY, K_VM, K_VM, K_VM, K_FRAMES, K_FRAMES, K_PIPE, K_PIPE, K_PIPE,
                                       K_SPAWNER, K_SPAWNER, K_HANDLE, K_HANDLE, K_MANAGER, K_TIMER, K_TIMER, K_THREADS, K_JOIN, K_TIMER, K_PIPE, K_THREADS, K_PIPE };
    struct proc *p = t->proc;
    enum kind kind = kinds[pick(24)];
    enum miss miss;
    if (!has_kind(p, kind) || !take_block(p, op))
        return false;
    op->sqe.opcode = RING_OP_CALL;
    op->sqe.cap_id = pick_cap(p, kind);
    const struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    switch (hold != NULL ? hold->obj->kind : K_OTHER) {
    case K_MEMORY:
        make_memory(p, op);
        break;
    case K_VM:
        make_vm(op);
        break;
    case K_FRAMES:
        make_frames(p, op);
        break;
    case K_PIPE:
        make_pipe(hold->obj, op);
        break;
    case K_SPAWNER:
        return make_spawn(p, op);
    case K_HANDLE:
        ENCODE(op, process_handle_wait, 0);
        if (one_in(5))
            ENCODE(op, process_handle_terminate, 0);
        break;
    case K_JOIN:
        ENCODE(op, thread_handle_join, 0);
        op->sqe.method_id = (uint16_t)pick(2);
        break;
    case K_MANAGER: {
        struct proc *child = hold->obj->proc;
        op->arg[0] = child != NULL && child->used ? pick_cap(child, K_OTHER) : pick(20);
        ENCODE(op, capability_manager_revoke, .cap_id = (uint32_t)op->arg[0]);
        break;
    }
    case K_TIMER:
        op->arg[0] = one_in(8) ? 0 : pick(256) * (one_in(3) ? 60000u : 2000u);
        ENCODE(op, timer_sleep, .duration_ns = op->arg[0]);
        if (one_in(4))
            ENCODE(op, timer_now, 0);
        break;
    case K_THREADS:
        if (p->thread_count + 2 > W_THREADS)
            return free_block(p, op), false;
        op->arg[0] = one_in(20);
        ENCODE(op, thread_spawner_create, .entry = sim_entry(extra_thread), .stack_top = 0x3000000, .flags = op->arg[0]);
        break;
    case K_OTHER: case K_CONSOLE: case K_ENDPOINT: case K_FACET: case K_CONTROL: case K_PARK:
        op->data_len = 0;
        op->sqe.method_id = 99;
        break;
    }
    if (one_in(40) && op->sqe.len > 0) {
        op->sqe.addr = 0x70000000;
        op->unreadable = true;
    } else if (one_in(60) && hold != NULL && endpoint_of(hold->obj) == NULL) {
        op->sqe.xfer_cap_count = 1;
        op->sqe.addr = USER_STACK_BASE;
        op->sqe.len &= ~3u;
    }
    return true;
}

static inline bool make_exit_thread(struct thr *t, struct op *op)
{
    struct proc *p = t->proc;
    if (!has_kind(p, K_CONTROL) || (p->pid == 1 && t->tid == 1) || !take_block(p, op))
        return false;
    op->sqe.opcode = RING_OP_CALL;
    op->sqe.cap_id = pick_cap(p, K_CONTROL);
    op->arg[0] = pick(100);
    enum miss miss;
    const struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    if (hold == NULL || hold->obj->kind != K_CONTROL)
        return free_block(p, op), false;
    ENCODE(op, thread_control_exit_thread, .code = (int64_t)op->arg[0]);
    return true;
}
