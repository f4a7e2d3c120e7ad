/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of the kill sweep (tests/sim/kill.c) are made of: several
 * operations under way at once, every completion of one that was started and
 * none twice, and refusals that are legal only while somebody has been killed.
 * For tests/sim only; over endpoint_kit.h and thread_kit.h.
 */
#pragma once

#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

/* Somebody was killed in this run: others may be refused what they ask for, in defined ways. */
extern bool kill_happened;

#define ACTOR_OPERATIONS 24

struct actor {
    struct guest guest; /* first: sim_local points here */
    struct {
        uint64_t user_data; /* 0 = free */
        bool done;
        struct ring_cqe cqe;
    } operations[ACTOR_OPERATIONS];
};

static inline struct actor *actor_self(void)
{
    return *sim_local();
}

#define ACTOR(name)                                                         \
    static void name##_body(void);                                          \
    static int64_t name(uint64_t ring, uint64_t pid, uint64_t capset)       \
    {                                                                       \
        struct actor actor = { 0 };                                         \
        guest_start(&actor.guest, ring, pid, capset);                       \
        name##_body();                                                      \
        return 0;                                                           \
    }                                                                       \
    static void name##_body(void)

#define ACTOR_THREAD(name)                                                  \
    static void name##_body(uint64_t arg);                                  \
    static int64_t name(uint64_t arg, uint64_t tid, uint64_t ring)          \
    {                                                                       \
        struct actor actor = { 0 };                                         \
        guest_thread_start(&actor.guest, tid, ring);                        \
        name##_body(arg);                                                   \
        kit_exit_thread(0);                                                 \
    }                                                                       \
    static void name##_body(uint64_t arg)

/* Submits and enters; the number to wait for. */
static inline uint64_t actor_start(struct ring_sqe sqe)
{
    struct actor *self = actor_self();
    uint32_t i = 0;
    while (self->operations[i].user_data != 0)
        CHECK(++i < ACTOR_OPERATIONS);
    uint64_t id = guest_submit(sqe);
    self->operations[i].user_data = id;
    self->operations[i].done = false;
    (void)guest_enter(0, 0);
    return id;
}

static inline void actor_collect(void)
{
    struct actor *self = actor_self();
    struct ring_cqe cqe;
    while (guest_take(&cqe)) {
        uint32_t i = 0;
        while (self->operations[i].user_data != cqe.user_data || self->operations[i].done)
            CHECK(++i < ACTOR_OPERATIONS); /* of nothing that was started, or the second one */
        CHECK(cqe.reserved == 0 && cqe.result >= CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
        self->operations[i].done = true;
        self->operations[i].cqe = cqe;
    }
}

static inline struct ring_cqe actor_await(uint64_t id)
{
    struct actor *self = actor_self();
    uint32_t i = 0;
    while (self->operations[i].user_data != id)
        CHECK(++i < ACTOR_OPERATIONS);
    for (actor_collect(); !self->operations[i].done; actor_collect())
        CHECK(guest_enter(1, CAP_ENTER_WAIT_FOREVER) <= RING_CQ_ENTRIES);
    self->operations[i].user_data = 0;
    return self->operations[i].cqe;
}

static inline struct ring_cqe actor_run(struct ring_sqe sqe)
{
    return actor_await(actor_start(sqe));
}

/* The one error that a peer may see because somebody was killed: the peer is gone. Anything else fails the run. */
static inline bool actor_went_well(const struct ring_cqe *cqe)
{
    if (cqe->result >= 0)
        return true;
    if (!kill_happened || (cqe->result != CAP_ERR_APPLICATION_EXCEPTION && cqe->result != CAP_ERR_INVOKE_FAILED &&
                           cqe->result != CAP_ERR_INVALID_TRANSFER_DESCRIPTOR))
        harness_note("pid %u: a completion with %d", (unsigned)actor_self()->guest.pid, cqe->result);
    CHECK(kill_happened && (cqe->result == CAP_ERR_APPLICATION_EXCEPTION || cqe->result == CAP_ERR_INVOKE_FAILED ||
                            cqe->result == CAP_ERR_INVALID_TRANSFER_DESCRIPTOR));
    return false;
}

/* A typed call: refused only because somebody was killed. For a thread with nothing else under way. */
static inline bool actor_ok(enum capos_status status, const struct capos_client *client)
{
    if (status == CAPOS_OK)
        return true;
    if (!kill_happened)
        harness_note("pid %u: %d %.*s", (unsigned)actor_self()->guest.pid, (int)status, (int)client->exception.len, client->exception.text);
    CHECK(kill_happened && (status == CAPOS_EXCEPTION || (int)status == CAP_ERR_INVOKE_FAILED));
    return false;
}

/* Gives back what may be gone already, because whoever was killed took it along. */
static inline void actor_release(uint32_t cap_id)
{
    int32_t result = actor_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = cap_id }).result;
    CHECK(result == 0);
}
