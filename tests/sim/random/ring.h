/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Completions as the model expects them: IN-24, IN-25, EN-31; and what exceptions look like. See world.h. */
#pragma once

#include "tests/sim/random/table.h"

static inline uint32_t cq_room(const struct thr *t)
{
    uint32_t span = t->cq_tail - t->page_cq_head;
    return span > RING_CQ_ENTRIES ? 0 : RING_CQ_ENTRIES - span;
}

static inline void free_block(struct proc *p, const struct op *op)
{
    if (op->block < W_BLOCKS)
        p->blocks[op->block] = false;
    if (op->sqe.addr == W_SPAWN_PARAMS)
        p->spawn_params = false;
}

/* What was submitted is not consumed any more. */
static inline void drop_entries(struct thr *t)
{
    for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
        if (t->ops[i].queued) {
            t->ops[i].queued = false;
            free_block(t->proc, &t->ops[i]);
        }
}

static inline void posted(struct thr *t, const struct done *done)
{
    t->cq[t->cq_tail++ & RING_CQ_MASK] = done->cqe;
    if (done->call != NULL)
        done->call->place = P_FREE;
    if (done->park)
        t->park.outstanding = false;
}

static inline void post(struct thr *t, const struct done *done)
{
    int32_t result = done->cqe.result;
    W.seen_codes[result < 0 && result > -16 ? -result : 0]++;
    if (t->late_count == 0 && cq_room(t) > 0) {
        posted(t, done);
        return;
    }
    t->overflow++;
    MUST(t->late_count < FIN_MAX, "completions");
    t->late[t->late_count++] = *done;
}

static inline void flush_late(struct thr *t)
{
    uint32_t n = 0;
    while (n < t->late_count && cq_room(t) > 0)
        posted(t, &t->late[n++]);
    memmove(t->late, t->late + n, (t->late_count - n) * sizeof t->late[0]);
    t->late_count -= n;
}

/* A completion of an operation that has a record. */
static inline void complete_done(struct thr *t, struct done done)
{
    if (!thr_lives(t)) {
        if (done.call != NULL)
            done.call->place = P_FREE;
        if (done.park)
            t->park.outstanding = false;
        return;
    }
    if (W.dispatching == t) {
        MUST(t->fin_count < FIN_MAX, "completions");
        t->fin[t->fin_count++] = done;
        return;
    }
    post(t, &done);
}

static inline void complete(struct waiting *call, struct ring_cqe cqe)
{
    cqe.user_data = call->op.sqe.user_data;
    call->place = P_FINISHED;
    call->cap_count = 0;
    call->held_pages = 0;
    W.dirty |= call->op.sqe.result_addr >= W_ARENA;
    free_block(call->proc, &call->op);
    complete_done(call->thr, (struct done){ .cqe = cqe, .call = call });
}

static inline void complete_code(struct waiting *call, int32_t result)
{
    complete(call, (struct ring_cqe){ .result = result });
}

static inline void post_fin(struct thr *t)
{
    for (uint32_t i = 0; i < t->fin_count; i++)
        post(t, &t->fin[i]);
    t->fin_count = 0;
}

/* ---- exceptions ------------------------------------------------------------------------------------------- */

static inline struct capn_struct opened(const struct proc *p, uint64_t at, uint32_t len)
{
    static uint8_t bytes[W_RESULT_BYTES];
    static struct capn_message message;
    struct capn_struct root;
    MUST(len <= sizeof bytes, "length %u", len);
    user_get(p, at, bytes, len);
    MUST(capn_message_open(&message, bytes, len, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK && capn_root(&message, &root) == CAPN_OK,
         "no message at %llx", (unsigned long long)at);
    return root;
}

/* Can the results be looked at? Buffers elsewhere than in blocks overlap. */
static inline bool is_private(const struct proc *p, const struct op *op)
{
    return op->block < W_BLOCKS && op->sqe.result_addr >= USER_STACK_BASE && op->sqe.result_addr < USER_STACK_TOP && is_there(p);
}

/* The result code of an exception; what was written is looked at. text NULL: any. */
static inline int32_t exception(const struct proc *p, const struct op *op, enum cap_exception_type type, const char *text)
{
    uint64_t at = op->sqe.result_addr;
    uint32_t len = op->sqe.result_len;
    if (text == NULL && len < 128 && len > 0)
        len = 0; /* none of the texts that are not known is longer than fits 128, and none fits less than 40 */
    uint32_t needed = text == NULL ? 40 : 32 + (((uint32_t)strlen(text) + 8) & ~7u);
    if (needed > len)
        return CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED;
    if (!writable(p, at, needed))
        return CAP_ERR_INVALID_RESULT_BUFFER;
    if (!is_private(p, op))
        return CAP_ERR_APPLICATION_EXCEPTION;
    struct capn_struct root = opened(p, at, len < W_RESULT_BYTES ? len & ~7u : W_RESULT_BYTES);
    struct capn_text got;
    MUST(capn_get_text(&root, 0, &got) == CAPN_OK, "exception");
    MUST(capn_get_u16(&root, 0) == type && (text == NULL || (got.len == strlen(text) && memcmp(got.bytes, text, got.len) == 0)),
         "exception is %u `%.*s`, expected %u `%s`", capn_get_u16(&root, 0), (int)got.len, got.bytes, type, text == NULL ? "?" : text);
    return CAP_ERR_APPLICATION_EXCEPTION;
}
