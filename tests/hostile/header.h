/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * States of a ring header that no honest program makes: one or two header words with a value class each, x how many entries
 * are queued x how many completions are unread. What must come is computed from docs/abi.md 6 and 19 with the indices that
 * the driver has counted itself. Rules: "6" unless said otherwise; H21 to H25 of docs/kernel-semantics.md.
 *
 * Reading: of a word that only the kernel writes, other than sq_head, the text says "not looked at and at most rewritten", so
 * afterwards it may hold the false value or the true one, and nothing else.
 */
#pragma once

#include "tests/hostile/drive.h"

/* Words of the header by their index. */
static const uint8_t sweep_words[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 31 };
static const char *const sweep_word_names[] = { "sq_head", "sq_tail", "sq_mask", "sq_entries", "sq_flags", "cq_head", "cq_tail", "cq_mask",
                                                "cq_entries", "cq_flags", "cq_overflow", "sqe_offset", "cqe_offset",
                                                "reserved[0]", "reserved[18]" };
#define SWEEP_WORDS (sizeof sweep_words)
enum { WORD_SQ_HEAD = 0, WORD_SQ_TAIL = 1, WORD_CQ_HEAD = 5, WORD_CQ_TAIL = 6 };

/* The true value plus `value`, or `value` itself. */
static const struct sweep_false {
    const char *name;
    bool relative;
    uint32_t value;
} sweep_falses[] = {
    { "0", false, 0 }, { "1", false, 1 }, { "sign-1", false, 0x7fffffff }, { "sign", false, 0x80000000 }, { "max-1", false, 0xfffffffe },
    { "max", false, 0xffffffff }, { "true-1", true, (uint32_t)-1 }, { "true+1", true, 1 }, { "true+2", true, 2 }, { "true+15", true, 15 },
    { "true+16", true, 16 }, { "true+17", true, 17 }, { "true+31", true, 31 }, { "true+32", true, 32 }, { "true+33", true, 33 },
    { "true-16", true, (uint32_t)-16 }, { "true-17", true, (uint32_t)-17 }, { "true-32", true, (uint32_t)-32 },
    { "true-33", true, (uint32_t)-33 }, { "true+sign", true, 0x80000000 },
};
#define SWEEP_FALSES (sizeof sweep_falses / sizeof sweep_falses[0])
#define SWEEP_LIES (SWEEP_WORDS * SWEEP_FALSES)

static const uint8_t sweep_queued[] = { 0, 1, 2, 15, 16 }, sweep_unread[] = { 0, 1, 16, 31, 32 };
#define SWEEP_SITUATIONS (sizeof sweep_queued * sizeof sweep_unread)

#define SWEEP_HEADER_SINGLES ((uint64_t)SWEEP_LIES * SWEEP_SITUATIONS)
#define SWEEP_HEADER_PAIRS ((uint64_t)SWEEP_LIES * SWEEP_LIES * SWEEP_SITUATIONS)
#define SWEEP_HEADER_POSITIONS (SWEEP_HEADER_SINGLES + SWEEP_HEADER_PAIRS)
#define SWEEP_HEADER_KEYS ((uint64_t)SWEEP_LIES * (SWEEP_LIES + 1) * SWEEP_SITUATIONS)
_Static_assert(SWEEP_HEADER_PAIRS % SWEEP_STRIDE != 0, "the walk would close early");

struct sweep_header {
    uint32_t first, second; /* lies; the second may be SWEEP_LIES: none */
    uint32_t queued, unread;
};

static inline bool sweep_header_at(uint64_t position, uint64_t seed, struct sweep_header *out)
{
    bool single = position < SWEEP_HEADER_SINGLES;
    uint64_t n = single ? position : ((position - SWEEP_HEADER_SINGLES) * SWEEP_STRIDE + seed * 104729) % SWEEP_HEADER_PAIRS;
    *out = (struct sweep_header){ .queued = sweep_queued[n % sizeof sweep_queued], .second = (uint32_t)SWEEP_LIES,
                                  .unread = sweep_unread[n / sizeof sweep_queued % sizeof sweep_unread],
                                  .first = (uint32_t)(n / SWEEP_SITUATIONS % SWEEP_LIES) };
    if (single)
        return true;
    out->second = (uint32_t)(n / SWEEP_SITUATIONS / SWEEP_LIES);
    return out->first / SWEEP_FALSES < out->second / SWEEP_FALSES;
}

static inline uint64_t sweep_header_key(uint64_t position, uint64_t seed, const struct sweep_header *s)
{
    bool single = position < SWEEP_HEADER_SINGLES;
    uint64_t n = single ? position : ((position - SWEEP_HEADER_SINGLES) * SWEEP_STRIDE + seed * 104729) % SWEEP_HEADER_PAIRS;
    return (s->first * (uint64_t)(SWEEP_LIES + 1) + s->second) * SWEEP_SITUATIONS + n % SWEEP_SITUATIONS;
}

/* ---- one state ------------------------------------------------------------------------------------------------------------------- */

static inline uint32_t *sweep_word(struct ring_page *page, uint32_t word)
{
    return (uint32_t *)(void *)page + sweep_words[word];
}

/* The header as a sound ring has it. */
struct sweep_truth {
    uint32_t words[SWEEP_WORDS];
};

static inline struct sweep_truth sweep_truth_of(const struct ring_header *h)
{
    return (struct sweep_truth){ { h->sq_head, h->sq_tail, RING_SQ_MASK, RING_SQ_ENTRIES, 0, h->cq_head, h->cq_tail, RING_CQ_MASK,
                                   RING_CQ_ENTRIES, 0, 0, RING_SQE_OFFSET, RING_CQE_OFFSET, 0, 0 } };
}

static inline uint32_t sweep_lie(const struct sweep_truth *truth, uint32_t lie)
{
    const struct sweep_false *f = &sweep_falses[lie % SWEEP_FALSES];
    return (f->relative ? truth->words[lie / SWEEP_FALSES] : 0) + f->value;
}

/* That many completions lie unread, the queue is empty. */
static inline void sweep_leave_unread(struct sweep_drive *d, uint32_t count)
{
    while (count > 0) {
        uint32_t now = count < RING_SQ_ENTRIES ? count : RING_SQ_ENTRIES;
        for (uint32_t i = 0; i < now; i++)
            sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = d->user_data++ });
        d->machine->enter(0, 0);
        count -= now;
    }
}

/* All 16 slots hold NOPs with user_data from `first` on, in the order in which they would be taken. */
static inline void sweep_fill_slots(struct sweep_drive *d, uint32_t head, uint64_t first)
{
    for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
        d->page->sqes[(head + i) & RING_SQ_MASK] = (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = first + i };
}

/* What must be there afterwards. */
struct sweep_outlook {
    uint32_t said[SWEEP_WORDS]; /* the words as the program stored them */
    bool corrupted;
    uint32_t taken;     /* entries, each with a completion */
    uint32_t available; /* the answer of cap_enter */
    uint32_t sq_head;
};

static inline void sweep_look_out(const struct sweep_truth *truth, const struct sweep_header *s, struct sweep_outlook *o)
{
    for (uint32_t i = 0; i < SWEEP_WORDS; i++)
        o->said[i] = truth->words[i];
    o->said[WORD_SQ_TAIL] += s->queued;
    struct sweep_truth with_tail = *truth;
    with_tail.words[WORD_SQ_TAIL] = o->said[WORD_SQ_TAIL];
    o->said[s->first / SWEEP_FALSES] = sweep_lie(&with_tail, s->first);
    if (s->second < SWEEP_LIES)
        o->said[s->second / SWEEP_FALSES] = sweep_lie(&with_tail, s->second);
    uint32_t head = truth->words[WORD_SQ_HEAD], tail = truth->words[WORD_CQ_TAIL];
    uint32_t queued = o->said[WORD_SQ_TAIL] - head, span = tail - o->said[WORD_CQ_HEAD];
    uint32_t room = span > RING_CQ_ENTRIES ? 0 : RING_CQ_ENTRIES - span;
    o->corrupted = o->said[WORD_SQ_HEAD] != head || queued > RING_SQ_ENTRIES;
    o->taken = o->corrupted ? 0 : queued < room ? queued : room;
    o->sq_head = o->corrupted ? o->said[WORD_SQ_TAIL] : head + o->taken;
    span += o->taken;
    o->available = span > RING_CQ_ENTRIES ? RING_CQ_ENTRIES : span;
}

/* The tail last: up to then the queue is empty, and a tick that serves the ring shows itself. False: one did. */
static inline bool sweep_store_header(struct sweep_drive *d, const struct sweep_truth *truth, const struct sweep_outlook *o, uint64_t first)
{
    for (uint32_t i = SWEEP_WORDS; i-- > 0;)
        if (i != WORD_SQ_TAIL && i != WORD_SQ_HEAD)
            store_release_u32(sweep_word(d->page, i), o->said[i]);
    store_release_u32(sweep_word(d->page, WORD_SQ_HEAD), o->said[WORD_SQ_HEAD]);
    store_release_u32(sweep_word(d->page, WORD_SQ_TAIL), o->said[WORD_SQ_TAIL]);
    fence_seq_cst();
    const struct ring_cqe *next = &d->page->cqes[truth->words[WORD_CQ_TAIL] & RING_CQ_MASK];
    return load_acquire_u32(sweep_word(d->page, WORD_SQ_HEAD)) == o->said[WORD_SQ_HEAD] &&
           (o->taken == 0 || *(const volatile uint64_t *)&next->user_data != first);
}

static inline void sweep_check_header(struct sweep_drive *d, const struct sweep_truth *truth, const struct sweep_header *s, const struct sweep_outlook *o,
                                      uint64_t first)
{
    uint32_t tail = truth->words[WORD_CQ_TAIL];
    sweep_expect(d, *sweep_word(d->page, WORD_SQ_HEAD), o->sq_head, "sq_head is published (H21, H22)");
    sweep_expect(d, *sweep_word(d->page, WORD_SQ_TAIL), o->said[WORD_SQ_TAIL], "sq_tail is the program's");
    sweep_expect(d, *sweep_word(d->page, WORD_CQ_HEAD), o->said[WORD_CQ_HEAD], "cq_head is the program's (H23)");
    for (uint32_t i = 0; i < SWEEP_WORDS; i++) {
        uint32_t now = *sweep_word(d->page, i), real = i == WORD_CQ_TAIL ? tail + o->taken : truth->words[i];
        if (i != WORD_SQ_HEAD && i != WORD_SQ_TAIL && i != WORD_CQ_HEAD && now != real)
            sweep_expect(d, now, o->said[i], "another word of the header (H25)");
    }
    for (uint32_t i = 0; i < RING_CQ_ENTRIES; i++) {
        const struct ring_cqe *cqe = &d->page->cqes[(tail + i) & RING_CQ_MASK];
        if (i < o->taken)
            sweep_expect(d, cqe->user_data == first + i && cqe->result == 0, true, "a completion for each entry taken");
        else
            sweep_expect(d, cqe->user_data - first < RING_SQ_ENTRIES, false, "a completion for an entry that was not taken");
    }
    for (uint32_t i = 0; i < s->unread && o->said[WORD_CQ_HEAD] == truth->words[WORD_CQ_HEAD]; i++)
        sweep_expect(d, d->page->cqes[(tail - s->unread + i) & RING_CQ_MASK].user_data == first - s->unread + i, true, "an unread completion (H24)");
}

/* Valid indices again: nothing queued, nothing unread. */
static inline void sweep_repair(struct sweep_drive *d, const struct sweep_truth *truth, uint32_t sq_head, uint32_t cq_tail)
{
    store_release_u32(sweep_word(d->page, WORD_SQ_TAIL), sq_head);
    for (uint32_t i = 0; i < SWEEP_WORDS; i++)
        if (i != WORD_SQ_HEAD && i != WORD_SQ_TAIL && i != WORD_CQ_HEAD && i != WORD_CQ_TAIL)
            store_release_u32(sweep_word(d->page, i), truth->words[i]);
    store_release_u32(sweep_word(d->page, WORD_CQ_TAIL), cq_tail);
    store_release_u32(sweep_word(d->page, WORD_CQ_HEAD), cq_tail);
}

/* However it is: the kernel discards what is queued and publishes its tail. */
static inline void sweep_repair_blindly(struct sweep_drive *d)
{
    struct sweep_truth truth = sweep_truth_of(&d->page->header);
    for (uint32_t i = 0; i < 20; i++) {
        struct ring_header *h = &d->page->header;
        sweep_repair(d, &truth, load_acquire_u32(&h->sq_head), load_acquire_u32(&h->cq_tail));
        if (d->machine->enter(0, 0) == 0 && load_acquire_u32(&h->sq_head) == h->sq_tail && load_acquire_u32(&h->cq_tail) == h->cq_head)
            return;
    }
    sweep_expect(d, 1, 0, "a ring that cannot be repaired");
}

static inline void sweep_ring_works(struct sweep_drive *d)
{
    struct ring_cqe cqe = { .result = INT32_MIN };
    uint64_t own = sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = d->user_data++ });
    d->got_count = 0;
    sweep_expect(d, (int64_t)d->machine->enter(0, 0), 1, "completions of the NOP afterwards");
    sweep_collect(d);
    sweep_expect(d, sweep_take(d, own, &cqe), true, "the NOP afterwards completes");
    sweep_expect(d, cqe.result, 0, "the NOP afterwards");
    sweep_expect(d, d->got_count, 0, "completions that belong to nothing");
}

/* False when the lies are no lies, and nothing happened. */
static inline bool sweep_header_one(struct sweep_drive *d, const struct sweep_header *s)
{
    d->failed = false;
    for (uint32_t attempt = 0; attempt < 1000; attempt++) {
        struct sweep_outlook o;
        sweep_leave_unread(d, s->unread);
        struct sweep_truth truth = sweep_truth_of(&d->page->header);
        struct sweep_truth with_tail = truth;
        with_tail.words[WORD_SQ_TAIL] += s->queued;
        if (sweep_lie(&with_tail, s->first) == with_tail.words[s->first / SWEEP_FALSES] ||
            (s->second < SWEEP_LIES && sweep_lie(&with_tail, s->second) == with_tail.words[s->second / SWEEP_FALSES])) {
            sweep_repair(d, &truth, truth.words[WORD_SQ_HEAD], truth.words[WORD_CQ_TAIL]);
            return false;
        }
        uint64_t first = d->user_data;
        d->user_data += RING_SQ_ENTRIES;
        sweep_fill_slots(d, truth.words[WORD_SQ_HEAD], first);
        sweep_look_out(&truth, s, &o);
        if (!sweep_store_header(d, &truth, &o, first)) {
            sweep_repair_blindly(d);
            continue;
        }
        sweep_expect(d, (int64_t)d->machine->enter(0, 0), o.available, "the answer of cap_enter");
        sweep_check_header(d, &truth, s, &o, first);
        if (d->failed)
            sweep_repair_blindly(d);
        else
            sweep_repair(d, &truth, o.sq_head, truth.words[WORD_CQ_TAIL] + o.taken);
        sweep_ring_works(d);
        return true;
    }
    sweep_expect(d, 1, 0, "a state that cannot be stored: something serves the ring each time");
    return true;
}

typedef void sweep_header_report_fn(uint64_t position, const struct sweep_header *s, const struct sweep_failure *f);


static inline void sweep_header_batch(struct sweep_drive *d, struct sweep_totals *totals, uint8_t *bits, sweep_header_report_fn *report)
{
    while (totals->header_done < totals->header_wanted && totals->failures < 5 && totals->header_position < SWEEP_HEADER_POSITIONS) {
        struct sweep_header s;
        uint64_t position = totals->header_position++;
        if (!sweep_header_at(position, totals->seed, &s) || !sweep_header_one(d, &s))
            continue;
        totals->repeated += !sweep_mark(bits, sweep_header_key(position, totals->seed, &s));
        totals->header_done++;
        if (!d->failed)
            continue;
        totals->failures++;
        report(position, &s, &d->failure);
    }
}
