/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The model's capability tables: sections 2, 3 and 5 of docs/kernel-semantics.md. See world.h. */
#pragma once

#include "tests/sim/random/world.h"

enum miss { HIT = 0, M_NOT_FOUND, M_STALE, M_REVOKED, M_NOT_LIVE, M_PENDING, M_NOT_ALLOWED, M_FULL, M_PAGES, M_STORAGE };

#define FRAME_PAGES 4096u

static inline struct obj *endpoint_of(struct obj *obj)
{
    if (obj->kind == K_FACET)
        return obj->endpoint;
    return obj->kind == K_ENDPOINT ? obj : NULL;
}

static inline bool is_live(struct obj *obj)
{
    struct obj *endpoint = endpoint_of(obj);
    return endpoint == NULL || endpoint->open;
}

static inline bool is_revoked(const struct hold *hold)
{
    return hold->obj == NULL ? hold->emptied_revoked : hold->seen != hold->cell->value;
}

/* CT-08. */
static inline struct hold *look_up(struct proc *p, uint32_t id, enum miss *miss)
{
    uint32_t index = id & 0xffffff;
    struct hold *hold = index < p->slot_count ? &p->slots[index] : NULL;
    *miss = HIT;
    if (hold == NULL)
        *miss = M_NOT_FOUND;
    else if (hold->generation != id >> 24)
        *miss = M_STALE;
    else if (is_revoked(hold))
        *miss = M_REVOKED;
    else if (hold->obj == NULL)
        *miss = M_NOT_FOUND;
    else if (!is_live(hold->obj))
        *miss = M_NOT_LIVE;
    return *miss == HIT ? hold : NULL;
}

static inline uint64_t pages_of(const struct obj *obj)
{
    return obj->kind == K_MEMORY || obj->kind == K_PIPE ? obj->pages : 0;
}

/* A5. */
static inline uint64_t frame_pages(const struct proc *p)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->slot_count; i++)
        sum += p->slots[i].obj != NULL ? pages_of(p->slots[i].obj) : 0;
    for (uint32_t i = 0; i < W_PAGES; i++)
        sum += p->pages[i].state == PG_COMMITTED;
    for (uint32_t i = 0; i < p->map_count; i++)
        sum += p->maps[i].charged ? pages_of(p->maps[i].obj) : 0;
    for (uint32_t i = 0; i < W_CALLS; i++)
        sum += p->calls[i].place != P_FREE ? p->calls[i].held_pages : 0;
    return sum;
}

static inline bool storage_for(const struct proc *p, uint32_t count)
{
    return count <= p->free_count || p->slot_count + (count - p->free_count) <= CAP_SLOTS_MAX;
}

/* CT-05, CT-06, RL-06. */
static inline enum miss insert(struct proc *p, const struct hold *what, uint32_t *id)
{
    if (!storage_for(p, 1))
        return M_STORAGE;
    if (p->used_slots >= CAP_SLOTS_MAX)
        return M_FULL;
    if (frame_pages(p) + pages_of(what->obj) > FRAME_PAGES)
        return M_PAGES;
    uint32_t index = p->free_count > 0 ? p->free_stack[--p->free_count] : p->slot_count++;
    uint8_t generation = p->slots[index].generation;
    p->slots[index] = *what;
    p->slots[index].generation = generation;
    p->used_slots++;
    *id = (uint32_t)generation << 24 | index;
    return HIT;
}

static inline enum miss insert_new(struct proc *p, struct obj *obj, uint8_t mode, uint8_t origin, uint32_t *id)
{
    struct hold hold = { .obj = obj, .cell = make(sizeof(struct cell)), .iface = obj->iface, .mode = mode, .origin = origin };
    return insert(p, &hold, id);
}

/* CT-04. */
static inline void vacate(struct proc *p, uint32_t id)
{
    struct hold *hold = &p->slots[id & 0xffffff];
    struct hold empty = { .generation = hold->generation, .emptied_revoked = is_revoked(hold) };
    if (hold->generation == 255)
        empty.retired = true;
    else {
        empty.generation++;
        p->free_stack[p->free_count++] = id & 0xffffff;
    }
    *hold = empty;
    p->used_slots--;
}

static inline uint32_t id_of(const struct proc *p, const struct hold *hold)
{
    return (uint32_t)hold->generation << 24 | (uint32_t)(hold - p->slots);
}

static inline bool holds(const struct proc *p, const struct obj *obj)
{
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].obj == obj)
            return true;
    return false;
}

/* Whoever keeps the object: slots, capabilities on their way, calls that wait on it, mappings. */
static inline uint32_t references(const struct obj *obj)
{
    uint32_t sum = 0;
    for (uint32_t n = 0; n < W_PROCS; n++) {
        const struct proc *p = &W.procs[n];
        if (!p->used)
            continue;
        for (uint32_t i = 0; i < p->slot_count; i++)
            sum += p->slots[i].obj == obj;
        for (uint32_t i = 0; i < p->map_count; i++)
            sum += p->maps[i].obj == obj;
        for (uint32_t i = 0; i < W_CALLS + W_RECEIVES; i++) {
            const struct waiting *call = i < W_CALLS ? &p->calls[i] : &p->receives[i - W_CALLS];
            if (call->place == P_FREE || call->place == P_FINISHED)
                continue;
            sum += call->target == obj;
            for (uint32_t c = 0; c < call->cap_count; c++)
                sum += call->caps[c].obj == obj;
        }
    }
    return sum;
}

/* ---- transfers ------------------------------------------------------------------------------------------ */

static inline int32_t transfer_code(enum miss miss)
{
    switch (miss) {
    case HIT:
        return 0;
    case M_NOT_FOUND:
    case M_STALE:
    case M_REVOKED:
    case M_NOT_LIVE:
        return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
    case M_NOT_ALLOWED:
        return CAP_ERR_TRANSFER_NOT_SUPPORTED;
    case M_PENDING:
    case M_FULL:
    case M_PAGES:
    case M_STORAGE:
        break;
    }
    return CAP_ERR_TRANSFER_ABORTED;
}

static inline struct prep prep_of(struct proc *p, struct hold *hold, bool move)
{
    return (struct prep){ .obj = hold->obj, .cell = hold->cell, .seen = hold->seen, .iface = hold->iface, .badge = hold->badge,
                          .disclosure = hold->disclosure, .source = id_of(p, hold), .mode = hold->mode, .move = move };
}

static inline void undo_caps(struct proc *p, const struct prep *caps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].move)
            p->slots[caps[i].source & 0xffffff].reserved = false;
}

static inline int32_t check_descriptors(const struct op *op)
{
    for (uint32_t i = 0; i < op->sqe.xfer_cap_count; i++) {
        if ((op->caps[i].transfer_mode != 1 && op->caps[i].transfer_mode != 2) || op->caps[i].reserved != 0)
            return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
        for (uint32_t j = 0; j < i; j++)
            if (op->caps[i].cap_id == op->caps[j].cap_id && op->caps[i].transfer_mode + op->caps[j].transfer_mode > 2)
                return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
    }
    return 0;
}

/* TX-01, TX-02, TX-14 steps 2 and 3. */
static inline int32_t prepare(struct proc *p, const struct op *op, struct prep *out, uint32_t *count)
{
    int32_t code = check_descriptors(op);
    *count = 0;
    for (uint32_t i = 0; code == 0 && i < op->sqe.xfer_cap_count; i++) {
        enum miss miss;
        struct hold *hold = look_up(p, op->caps[i].cap_id, &miss);
        bool move = op->caps[i].transfer_mode == TRANSFER_MODE_MOVE;
        if (hold != NULL && hold->reserved)
            miss = M_PENDING;
        else if (hold != NULL && (hold->mode == 0 || (!move && hold->mode != 1) || hold->obj->kind == K_CONSOLE))
            miss = M_NOT_ALLOWED;
        code = transfer_code(miss);
        if (code != 0)
            break;
        out[(*count)++] = prep_of(p, hold, move);
        hold->reserved = move;
    }
    if (code != 0) {
        undo_caps(p, out, *count);
        *count = 0;
    }
    return code;
}

static inline void remove_inserted(struct proc *p, const uint32_t *ids, uint32_t count)
{
    while (count > 0)
        vacate(p, ids[--count]);
}

/* TX-07 to TX-10: all of them, or none. */
static inline bool arrive(struct proc *to, const struct prep *caps, uint32_t count, uint8_t origin, uint32_t *ids)
{
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].seen != caps[i].cell->value)
            return false;
    if (!storage_for(to, count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct prep *cap = &caps[i];
        struct hold hold = { .obj = cap->obj, .cell = cap->cell, .seen = cap->seen, .iface = cap->iface, .badge = cap->badge,
                             .disclosure = cap->disclosure, .mode = cap->mode, .origin = origin };
        if (insert(to, &hold, &ids[i]) != HIT) {
            remove_inserted(to, ids, i);
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (!is_live(caps[i].obj)) {
            remove_inserted(to, ids, count);
            return false;
        }
    return true;
}

static inline void records_same(struct proc *p, uint64_t at, const uint32_t *ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ring_result_cap record = { .cap_id = ids[i], .interface_id = p->slots[ids[i] & 0xffffff].iface };
        user_same(p, at + i * sizeof record, &record, sizeof record, "capability record");
    }
}
