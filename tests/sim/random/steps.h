/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The step language: bytes, from a seed or a fuzzer, that the thread which the
 * scheduler lets run turns into its next submission entries and its next way
 * into the kernel. Every byte string is a program; where a byte chooses among
 * what the process holds or waits for, most values choose something that is
 * there. See world.h.
 */
#pragma once

#include "tests/sim/random/compare.h"

static struct {
    const uint8_t *bytes; /* NULL: from the generator */
    size_t len, at;
    uint64_t random;
    uint64_t left;        /* bytes before the end */
} input;

static inline uint8_t next_byte(void)
{
    if (input.bytes != NULL)
        return input.at < input.len ? input.bytes[input.at++] : 0;
    input.random ^= input.random << 13;
    input.random ^= input.random >> 7;
    input.random ^= input.random << 17;
    return (uint8_t)(input.random >> 32);
}

static inline bool input_ends(void)
{
    return input.bytes != NULL && input.at >= input.len;
}

static inline uint32_t pick(uint32_t bound)
{
    return (bound > 256 ? next_byte() * 256u + next_byte() : next_byte()) % bound;
}

static inline bool one_in(uint32_t n)
{
    return pick(n) == n - 1;
}

/* ---- what to name --------------------------------------------------------------------------------------------- */

/* A hold of that kind, mostly; K_OTHER: any. */
static inline uint32_t pick_cap(const struct proc *p, enum kind kind)
{
    uint32_t ids[CAP_SLOTS_MAX], count = 0;
    if (one_in(24))
        return (uint32_t)next_byte() % 5 << 24 | pick(p->slot_count + 2);
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].obj != NULL && (kind == K_OTHER || p->slots[i].obj->kind == kind))
            ids[count++] = (uint32_t)p->slots[i].generation << 24 | i;
    return count > 0 ? ids[pick(count)] : pick(p->slot_count + 1);
}

static inline bool has_kind(const struct proc *p, enum kind kind)
{
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].obj != NULL && p->slots[i].obj->kind == kind)
            return true;
    return false;
}

static inline uint32_t give_cap(const struct proc *p)
{
    static const enum kind kinds[] = { K_MEMORY, K_FACET, K_PIPE, K_MEMORY, K_FACET, K_OTHER, K_ENDPOINT, K_MEMORY };
    return pick_cap(p, kinds[pick(8)]);
}

static inline uint32_t endpoint_cap(const struct proc *p)
{
    return pick_cap(p, has_kind(p, K_FACET) && !one_in(3) ? K_FACET : K_ENDPOINT);
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static inline uint64_t block_at(const struct op *op)
{
    return USER_STACK_BASE + op->block * W_BLOCK_BYTES;
}

static inline bool take_block(struct proc *p, struct op *op)
{
    uint32_t n = 0;
    while (n < W_BLOCKS && p->blocks[n])
        n++;
    op->block = n;
    if (n == W_BLOCKS)
        return false;
    p->blocks[n] = true;
    op->sqe.addr = block_at(op);
    op->sqe.result_addr = block_at(op) + W_PARAMS_BYTES;
    op->sqe.result_len = W_RESULT_BYTES;
    return true;
}

static inline void write_bytes(uint64_t va, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *kit_byte(va + i) = ((const uint8_t *)bytes)[i];
}

static inline void random_data(struct op *op, uint32_t most)
{
    op->data_len = pick(most + 1);
    for (uint32_t i = 0; i < op->data_len; i++)
        op->data[i] = (uint8_t)(W.sequence * 31 + i);
    W.sequence++;
}

/* Params encoded at va. */
static inline void encode(struct op *op, uint64_t va, const struct capos_method *method, const void *in)
{
    static uint8_t bytes[3072];
    struct capn_builder builder;
    size_t len;
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        (void)method->encode(root, in);
    if (capn_builder_finish(&builder, &len) != CAPN_OK)
        abort();
    write_bytes(va, bytes, len);
    op->sqe.addr = va;
    op->sqe.len = (uint32_t)len;
    op->sqe.method_id = method->ordinal;
}

static inline void add_caps(struct proc *p, struct op *op)
{
    uint32_t count = one_in(2) ? pick(4) : 0;
    if (count == 3)
        count = 1 + pick(OP_CAPS);
    for (uint32_t i = 0; i < count; i++) {
        op->caps[i] = (struct ring_transfer_descriptor){ .cap_id = give_cap(p), .transfer_mode = (uint16_t)(1 + pick(2)) };
        if (one_in(40))
            op->caps[i].transfer_mode = (uint16_t)pick(5);
        if (one_in(60))
            op->caps[i].reserved = 1;
    }
    op->sqe.xfer_cap_count = (uint16_t)count;
    op->data_len &= count > 0 ? ~3u : ~0u; /* descriptors are aligned */
    write_bytes(op->sqe.addr + op->data_len, op->caps, count * sizeof op->caps[0]);
}

/* Where results go: mostly the block; sometimes too small, in memory that may go away, or nowhere. */
static inline void vary_results(struct op *op, bool receives)
{
    switch (pick(24)) {
    case 0:
        op->sqe.result_len = pick(120);
        break;
    case 1:
        op->sqe.result_addr = W_ARENA + pick(W_PAGES) * PAGE_SIZE + pick(7) * 512;
        op->sqe.result_len = 512;
        break;
    case 2:
        op->sqe.result_addr = 0x70000000; /* nothing is ever mapped there */
        break;
    default:
        break;
    }
    if (receives && op->sqe.result_len < HEADER_BYTES)
        op->refused = CAP_ERR_INVALID_RESULT_BUFFER;
}

static inline bool make_ep_call(struct proc *p, struct op *op)
{
    op->sqe.opcode = RING_OP_CALL;
    op->sqe.cap_id = endpoint_cap(p);
    enum miss miss;
    const struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    op->sqe.method_id = hold != NULL && endpoint_of(hold->obj) != NULL ? next_byte() : 99;
    op->sqe.session_disclosure = pick(8);
    op->plain = true;
    if (one_in(6)) { /* nothing but the call itself */
        op->block = W_BLOCKS;
        return true;
    }
    if (!take_block(p, op))
        return false;
    random_data(op, W_DATA);
    vary_results(op, false);
    add_caps(p, op);
    write_bytes(op->sqe.addr, op->data, op->data_len);
    op->sqe.len = op->data_len;
    return true;
}

static inline bool make_recv(struct proc *p, struct op *op)
{
    if (!take_block(p, op))
        return false;
    op->sqe.opcode = RING_OP_RECV;
    op->sqe.cap_id = pick_cap(p, K_ENDPOINT);
    op->sqe.addr = 0;
    vary_results(op, true);
    return true;
}

static inline bool make_return(struct proc *p, struct op *op)
{
    struct obj *ep = NULL;
    uint32_t ids[FLIGHT_MAX], count = 0;
    enum miss miss;
    if (!take_block(p, op))
        return false;
    op->sqe.opcode = RING_OP_RETURN;
    op->sqe.cap_id = pick_cap(p, K_ENDPOINT);
    struct hold *hold = look_up(p, op->sqe.cap_id, &miss);
    if (hold != NULL && hold->obj->kind == K_ENDPOINT)
        ep = hold->obj;
    for (uint32_t i = 0; ep != NULL && i < ep->in_flight; i++)
        if (ep->flight[i]->server == p || one_in(8))
            ids[count++] = ep->flight[i]->id;
    op->sqe.call_id = count > 0 && !one_in(16) ? ids[pick(count)] : 1 + pick(400);
    random_data(op, W_DATA);
    op->sqe.result_addr = 0;
    op->sqe.result_len = 0;
    if (one_in(8))
        op->sqe.flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    else
        add_caps(p, op);
    write_bytes(op->sqe.addr, op->data, op->data_len);
    op->sqe.len = op->data_len;
    if (one_in(12) && op->sqe.xfer_cap_count == 0) {
        op->sqe.addr = 0x70000000;
        op->unreadable = true;
    }
    return true;
}

static inline bool make_cancel(struct thr *t, struct op *op)
{
    struct proc *p = t->proc;
    op->block = W_BLOCKS;
    op->sqe.opcode = RING_OP_CANCEL;
    op->sqe.cap_id = pick_cap(p, K_ENDPOINT);
    op->sqe.pipeline_dep = 1 + pick(1000);
    for (uint32_t i = 0; i < W_RECEIVES; i++)
        if (p->receives[i].place == P_RECEIVING && p->receives[i].thr == t && !one_in(3)) {
            op->sqe.pipeline_dep = p->receives[i].op.sqe.user_data;
            for (uint32_t s = 0; s < p->slot_count; s++)
                if (p->slots[s].obj == p->receives[i].target && !one_in(12))
                    op->sqe.cap_id = (uint32_t)p->slots[s].generation << 24 | s;
            break;
        }
    return true;
}

static inline bool make_release(struct proc *p, struct op *op)
{
    static const enum kind kinds[] = { K_MEMORY, K_MEMORY, K_FACET, K_PIPE, K_HANDLE, K_MANAGER, K_JOIN, K_MEMORY };
    op->block = W_BLOCKS;
    op->sqe.opcode = RING_OP_RELEASE;
    enum kind kind = kinds[pick(8)];
    if ((!has_kind(p, kind) && !one_in(100)) || (keeps_all(p) && !one_in(p->used_slots > 250 ? 2 : 12)))
        return false;
    op->sqe.cap_id = pick_cap(p, kind);
    if (one_in(60) && (p->pid != 1 || one_in(20)))
        op->sqe.cap_id = pick_cap(p, K_OTHER);
    return true;
}

/* Where another thread of the process waits. */
static inline bool waited_for(const struct thr *t, uint64_t *at)
{
    for (uint32_t i = 0; i < t->proc->thread_count; i++)
        if (t->proc->threads[i]->park.queued && t->proc->threads[i] != t) {
            *at = t->proc->threads[i]->park.addr;
            return true;
        }
    return false;
}

static inline bool make_park(struct thr *t, struct op *op)
{
    uint64_t at = W_WORDS + pick(W_WORD_COUNT) * 4;
    op->block = W_BLOCKS;
    op->sqe.opcode = one_in(2) ? RING_OP_PARK : RING_OP_UNPARK;
    op->sqe.cap_id = pick_cap(t->proc, K_PARK);
    if (one_in(3)) {
        uint32_t n = pick(W_PAGES), tries = 0;
        while (t->proc->pages[n].state < PG_COMMITTED && tries++ < W_PAGES)
            n = (n + 1) % W_PAGES;
        at = W_ARENA + n * PAGE_SIZE + W_QUIET_WORD;
    } else if (at == W_WORDS) {
        (void)waited_for(t, &at);
    }
    op->sqe.addr = at;
    op->sqe.len = 1 + pick(3);
    if (op->sqe.opcode == RING_OP_UNPARK)
        return true;
    const uint32_t *word = sim_user(at, 4, false);
    op->arg[0] = word != NULL ? *word : 0;
    op->sqe.len = (uint32_t)op->arg[0] + one_in(6);
    op->sqe.flags = SQE_FLAG_THREAD_OWNED;
    op->sqe.call_id = t->tid;
    op->sqe.pipeline_dep = one_in(8) ? 0 : one_in(3) ? UINT64_MAX : 1000 + pick(256) * 8000u;
    return true;
}

/* What no state can make right. The codes are those of docs/abi.md, "Result codes". */
static inline bool make_hostile(struct proc *p, struct op *op)
{
    static const struct {
        struct ring_sqe sqe;
        int32_t code;
    } bad[] = {
        { { .opcode = 4 }, CAP_ERR_UNSUPPORTED_OPCODE },
        { { .opcode = 7 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = 10 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = 255 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_NOP, .len = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .flags = SQE_FLAG_MULTISHOT }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .session_disclosure = 8 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .len = 65537 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .result_len = 65537 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .xfer_cap_count = 17, .addr = USER_STACK_BASE }, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR },
        { { .opcode = RING_OP_CALL, .xfer_cap_count = 1, .addr = USER_STACK_BASE + 2 }, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR },
        { { .opcode = RING_OP_CALL, .len = 4, .addr = USER_HALF_LIMIT - 2 }, CAP_ERR_INVALID_PARAMS_BUFFER },
        { { .opcode = RING_OP_CALL, .result_len = 4, .result_addr = UINT64_MAX - 1 }, CAP_ERR_INVALID_RESULT_BUFFER },
        { { .opcode = RING_OP_RECV, .result_len = 64, .result_addr = USER_HALF_LIMIT }, CAP_ERR_INVALID_RESULT_BUFFER },
        { { .opcode = RING_OP_RECV, .result_len = 55, .result_addr = USER_STACK_BASE }, CAP_ERR_INVALID_RESULT_BUFFER },
        { { .opcode = RING_OP_UNPARK, .len = 1, .addr = USER_STACK_BASE + 1 }, CAP_ERR_INVALID_PARAMS_BUFFER },
        { { .opcode = RING_OP_RELEASE, .result_len = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_RELEASE, .session_disclosure = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_NOP, .pipeline_dep = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_NOP, .xfer_cap_count = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_RECV, .len = 4, .result_len = 64, .result_addr = USER_STACK_BASE }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_RECV, .method_id = 1, .result_len = 64, .result_addr = USER_STACK_BASE }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CANCEL, .call_id = 1, .pipeline_dep = 1 }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CANCEL }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_CALL, .flags = SQE_FLAG_THREAD_OWNED }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_UNPARK, .len = 0, .addr = USER_STACK_BASE }, CAP_ERR_INVALID_REQUEST },
        { { .opcode = RING_OP_RETURN, .call_id = 1, .result_len = 1 }, CAP_ERR_INVALID_REQUEST },
    };
    uint32_t n = pick(sizeof bad / sizeof bad[0]);
    op->block = W_BLOCKS;
    op->sqe = bad[n].sqe;
    op->sqe.cap_id = op->sqe.opcode == RING_OP_NOP ? 0 : pick_cap(p, K_OTHER);
    op->refused = bad[n].code;
    return true;
}
