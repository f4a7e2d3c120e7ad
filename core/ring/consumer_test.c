/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of core/ring/consumer.c: every operation in every state that the
 * machine can reach, with the right caller, a stale one and strangers, judged
 * by a table that says which state follows.
 */
#include "core/ring/consumer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define THREAD 11u
#define POLLER 22u

/* The reachable combinations of owner, mode and pending start. */
enum situation { IDLE, SYSCALL, STARTING_HELD, STARTING, RUNNING, SLEEPING, STOPPING, SITUATIONS };

enum operation {
    ACQUIRE, ACQUIRE_POLL, RELEASE, REQUEST_START, CANCEL, FINALIZE, MARK_RUNNING, MARK_SLEEPING,
    REQUEST_STOP, STOP, REFRESH, TEARDOWN, OPERATIONS
};

/* A following situation, or a refusal. */
#define OWNED (-(int)RING_CONSUMER_ALREADY_OWNED)
#define NOT_OWNER (-(int)RING_CONSUMER_NOT_OWNER)

/* With the current owner (for IDLE and STARTING: a system-call owner of the past). */
static const int next[OPERATIONS][SITUATIONS] = {
    /*                 IDLE       SYSCALL        STARTING_HELD  STARTING  RUNNING    SLEEPING   STOPPING */
    [ACQUIRE] =       {SYSCALL,   OWNED,         OWNED,         OWNED,    OWNED,     OWNED,     OWNED},
    [ACQUIRE_POLL] =  {OWNED,     OWNED,         OWNED,         OWNED,    OWNED,     OWNED,     OWNED},
    [RELEASE] =       {NOT_OWNER, IDLE,          STARTING,      NOT_OWNER, IDLE,     IDLE,      IDLE},
    [REQUEST_START] = {OWNED,     STARTING_HELD, OWNED,         OWNED,    OWNED,     OWNED,     OWNED},
    [CANCEL] =        {NOT_OWNER, NOT_OWNER,     SYSCALL,       IDLE,     NOT_OWNER, NOT_OWNER, NOT_OWNER},
    [FINALIZE] =      {OWNED,     OWNED,         OWNED,         RUNNING,  OWNED,     OWNED,     OWNED},
    [MARK_RUNNING] =  {NOT_OWNER, NOT_OWNER,     NOT_OWNER,     NOT_OWNER, RUNNING,  RUNNING,   NOT_OWNER},
    [MARK_SLEEPING] = {NOT_OWNER, NOT_OWNER,     NOT_OWNER,     NOT_OWNER, SLEEPING, SLEEPING,  NOT_OWNER},
    [REQUEST_STOP] =  {NOT_OWNER, NOT_OWNER,     NOT_OWNER,     NOT_OWNER, STOPPING, STOPPING,  STOPPING},
    [STOP] =          {NOT_OWNER, NOT_OWNER,     NOT_OWNER,     NOT_OWNER, IDLE,     IDLE,      IDLE},
    [REFRESH] =       {IDLE,      SYSCALL,       STARTING_HELD, STARTING, RUNNING,   SLEEPING,  STOPPING},
    [TEARDOWN] =      {IDLE,      IDLE,          IDLE,          IDLE,     IDLE,      IDLE,      STOPPING},
};

static struct ring_consumer machine;
static struct ring_owner owner;

static enum situation observe(void)
{
    switch (machine.mode) {
    case RING_MODE_SYSCALL:
        return machine.owner.kind == RING_OWNER_NONE ? IDLE : SYSCALL;
    case RING_MODE_STARTING:
        return machine.owner.kind == RING_OWNER_NONE ? STARTING : STARTING_HELD;
    case RING_MODE_RUNNING:
        return RUNNING;
    case RING_MODE_SLEEPING:
        return SLEEPING;
    case RING_MODE_STOPPING:
        return STOPPING;
    }
    return SITUATIONS;
}

/* Brings a fresh machine there; `owner` is the current owner, or the last one. */
static void go_to(enum situation goal)
{
    ring_consumer_init(&machine);
    assert_int_equal(ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &owner), 0);
    if (goal >= STARTING_HELD)
        assert_int_equal(ring_consumer_request_start(&machine, &owner, POLLER, 4), 0);
    if (goal == IDLE || goal >= STARTING)
        assert_int_equal(ring_consumer_release(&machine, &owner), 0);
    if (goal >= RUNNING)
        assert_int_equal(ring_consumer_finalize_start(&machine, POLLER, &owner), 0);
    if (goal == SLEEPING)
        assert_int_equal(ring_consumer_mark_sleeping(&machine, &owner), 0);
    if (goal == STOPPING)
        assert_int_equal(ring_consumer_request_stop(&machine, &owner), 0);
    assert_int_equal(observe(), goal);
    assert_true(ring_consumer_is_valid(&machine));
}

static int apply(enum operation operation, const struct ring_owner *as, uint64_t poll_id)
{
    struct ring_owner got;
    switch (operation) {
    case ACQUIRE:
        return (int)ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &got);
    case ACQUIRE_POLL:
        return (int)ring_consumer_acquire(&machine, RING_OWNER_SQPOLL, POLLER, &got);
    case RELEASE:
        return (int)ring_consumer_release(&machine, as);
    case REQUEST_START:
        return (int)ring_consumer_request_start(&machine, as, poll_id, 7);
    case CANCEL:
        return (int)ring_consumer_cancel_start(&machine, poll_id);
    case FINALIZE:
        return (int)ring_consumer_finalize_start(&machine, poll_id, &got);
    case MARK_RUNNING:
        return (int)ring_consumer_mark_running(&machine, as);
    case MARK_SLEEPING:
        return (int)ring_consumer_mark_sleeping(&machine, as);
    case REQUEST_STOP:
        return (int)ring_consumer_request_stop(&machine, as);
    case STOP:
        return (int)ring_consumer_stop(&machine, as);
    case REFRESH:
        return (int)ring_consumer_refresh_admission(&machine, 7);
    case TEARDOWN:
        (void)ring_consumer_release_for_teardown(&machine);
        return 0;
    case OPERATIONS:
        break;
    }
    return -1;
}

static void assert_unchanged(const struct ring_consumer *before)
{
    assert_memory_equal(before, &machine, sizeof(machine));
}

static void every_operation_in_every_situation(void **state)
{
    (void)state;
    for (unsigned int operation = 0; operation < OPERATIONS; operation++) {
        for (unsigned int from = 0; from < SITUATIONS; from++) {
            int expected = next[operation][from];
            go_to((enum situation)from);
            struct ring_consumer before = machine;
            int error = apply((enum operation)operation, &owner, POLLER);
            if (expected < 0) {
                assert_int_equal(error, -expected);
                assert_unchanged(&before);
            } else {
                if (error != 0 || (int)observe() != expected)
                    fail_msg("operation %u in situation %u: error %d, then %d", operation, from,
                             error, (int)observe());
            }
            assert_true(ring_consumer_is_valid(&machine));
        }
    }
}

/* Other kind, other id, other generation, nobody. */
static void only_the_exact_owner_may(void **state)
{
    (void)state;
    static const enum operation owned[] = {RELEASE, REQUEST_START, MARK_RUNNING, MARK_SLEEPING,
                                           REQUEST_STOP, STOP};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        for (unsigned int from = 0; from < SITUATIONS; from++) {
            for (unsigned int wrong = 0; wrong < 4; wrong++) {
                go_to((enum situation)from);
                struct ring_owner as = owner;
                as.kind = wrong != 0                       ? as.kind
                          : as.kind == RING_OWNER_SYSCALL ? RING_OWNER_SQPOLL
                                                          : RING_OWNER_SYSCALL;
                as.id += wrong == 1;
                as.generation += wrong == 2;
                if (wrong == 3)
                    as = (struct ring_owner){.kind = RING_OWNER_NONE};
                bool stale = wrong == 2 && owned[i] == RELEASE &&
                             machine.owner.kind != RING_OWNER_NONE;
                struct ring_consumer before = machine;
                int error = apply(owned[i], &as, POLLER);
                assert_int_equal(error, owned[i] == REQUEST_START ? RING_CONSUMER_ALREADY_OWNED
                                        : stale ? RING_CONSUMER_STALE_GENERATION
                                                : RING_CONSUMER_NOT_OWNER);
                assert_unchanged(&before);
                assert_false(ring_consumer_can_consume(&machine, &as));
                assert_false(ring_consumer_can_complete(&machine, &as));
                assert_false(ring_consumer_should_quiesce(&machine, &as));
                assert_false(ring_consumer_is_sqpoll_running_as(&machine, &as));
            }
        }
    }
}

static void only_the_pending_poller_may_start(void **state)
{
    (void)state;
    go_to(STARTING);
    struct ring_consumer before = machine;
    assert_int_equal(apply(FINALIZE, &owner, POLLER + 1), RING_CONSUMER_ALREADY_OWNED);
    assert_int_equal(apply(CANCEL, &owner, POLLER + 1), RING_CONSUMER_NOT_OWNER);
    assert_unchanged(&before);
    go_to(IDLE);
    assert_int_equal(apply(FINALIZE, &owner, 0), RING_CONSUMER_ALREADY_OWNED);
    assert_int_equal(apply(CANCEL, &owner, 0), RING_CONSUMER_NOT_OWNER);
}

static void predicates_follow_the_table(void **state)
{
    (void)state;
    static const struct {
        bool consume, complete, quiesce, running;
        enum ring_enter_role role;
    } expected[SITUATIONS] = {
        [IDLE] = {false, false, false, false, RING_ENTER_ACQUIRE},
        [SYSCALL] = {true, true, false, false, RING_ENTER_BUSY},
        [STARTING_HELD] = {true, true, true, false, RING_ENTER_BUSY},
        [STARTING] = {false, false, false, false, RING_ENTER_BUSY},
        [RUNNING] = {true, true, false, true, RING_ENTER_POLLED},
        [SLEEPING] = {false, false, false, true, RING_ENTER_POLLED},
        [STOPPING] = {false, true, true, false, RING_ENTER_POLLED},
    };
    for (unsigned int at = 0; at < SITUATIONS; at++) {
        go_to((enum situation)at);
        assert_int_equal(ring_consumer_can_consume(&machine, &owner), expected[at].consume);
        assert_int_equal(ring_consumer_can_complete(&machine, &owner), expected[at].complete);
        assert_int_equal(ring_consumer_should_quiesce(&machine, &owner), expected[at].quiesce);
        assert_int_equal(ring_consumer_is_sqpoll_running(&machine), expected[at].running);
        assert_int_equal(ring_consumer_is_sqpoll_running_as(&machine, &owner),
                         expected[at].running);
        assert_int_equal(ring_consumer_enter_role(&machine), expected[at].role);
    }
}

static void start_carries_batch_and_generations(void **state)
{
    (void)state;
    struct ring_owner poller;
    ring_consumer_init(&machine);
    assert_int_equal(machine.max_batch, 16);
    assert_int_equal(machine.next_owner_generation, 1);
    assert_int_equal(machine.admission_generation, 1);
    assert_int_equal(ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &owner), 0);
    assert_int_equal(owner.kind, RING_OWNER_SYSCALL);
    assert_int_equal(owner.id, THREAD);
    assert_int_equal(owner.generation, 1);
    assert_int_equal(ring_consumer_request_start(&machine, &owner, POLLER, 3), 0);
    assert_int_equal(machine.max_batch, 3);
    assert_int_equal(machine.admission_generation, 2);
    assert_int_equal(ring_consumer_refresh_admission(&machine, 9), 0);
    assert_int_equal(machine.max_batch, 9);
    assert_int_equal(machine.admission_generation, 3);
    assert_int_equal(ring_consumer_release(&machine, &owner), 0);
    assert_int_equal(ring_consumer_finalize_start(&machine, POLLER, &poller), 0);
    assert_int_equal(machine.max_batch, 3); /* the batch of the start, not of the refresh */
    assert_int_equal(poller.kind, RING_OWNER_SQPOLL);
    assert_int_equal(poller.id, POLLER);
    assert_int_equal(poller.generation, 2);
}

static void batches_are_1_to_16(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, 17, UINT32_MAX};
    go_to(SYSCALL);
    struct ring_consumer before = machine;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ring_consumer_refresh_admission(&machine, bad[i]),
                         RING_CONSUMER_INVALID_BATCH);
        assert_int_equal(ring_consumer_request_start(&machine, &owner, POLLER, bad[i]),
                         RING_CONSUMER_INVALID_BATCH);
    }
    struct ring_owner stranger = {.kind = RING_OWNER_SYSCALL, .id = 1, .generation = 1};
    assert_int_equal(ring_consumer_request_start(&machine, &stranger, POLLER, 0),
                     RING_CONSUMER_INVALID_BATCH); /* judged before the owner */
    assert_unchanged(&before);
    assert_int_equal(ring_consumer_refresh_admission(&machine, 1), 0);
    assert_int_equal(ring_consumer_refresh_admission(&machine, 16), 0);
}

static void generations_run_out_at_zero(void **state)
{
    (void)state;
    ring_consumer_init(&machine);
    machine.next_owner_generation = UINT64_MAX;
    assert_int_equal(ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &owner), 0);
    assert_true(owner.generation == UINT64_MAX);
    assert_true(ring_consumer_is_valid(&machine));
    machine.admission_generation = UINT64_MAX;
    assert_int_equal(ring_consumer_request_start(&machine, &owner, POLLER, 1), 0);
    assert_int_equal(machine.admission_generation, 0);
    assert_int_equal(ring_consumer_refresh_admission(&machine, 1),
                     RING_CONSUMER_GENERATION_EXHAUSTED);
    assert_int_equal(ring_consumer_release(&machine, &owner), 0);
    struct ring_consumer before = machine;
    assert_int_equal(ring_consumer_finalize_start(&machine, POLLER, &owner),
                     RING_CONSUMER_GENERATION_EXHAUSTED);
    assert_unchanged(&before);
    assert_int_equal(ring_consumer_cancel_start(&machine, POLLER), 0);
    assert_int_equal(ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &owner),
                     RING_CONSUMER_GENERATION_EXHAUSTED);
    go_to(SYSCALL);
    machine.admission_generation = 0;
    assert_int_equal(ring_consumer_request_start(&machine, &owner, POLLER, 1),
                     RING_CONSUMER_GENERATION_EXHAUSTED);
    assert_int_equal(observe(), SYSCALL);
}

static void teardown_returns_the_old_owner(void **state)
{
    (void)state;
    for (unsigned int from = 0; from < SITUATIONS; from++) {
        go_to((enum situation)from);
        struct ring_owner expected = machine.owner;
        if (from == STOPPING)
            expected = (struct ring_owner){.kind = RING_OWNER_NONE};
        struct ring_owner old = ring_consumer_release_for_teardown(&machine);
        assert_int_equal(old.kind, expected.kind);
        assert_int_equal(old.id, expected.id);
        assert_int_equal(old.generation, expected.generation);
    }
}

static void stop_request_is_sticky(void **state)
{
    (void)state;
    go_to(STOPPING);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ring_consumer_mark_running(&machine, &owner), RING_CONSUMER_NOT_OWNER);
        assert_int_equal(ring_consumer_mark_sleeping(&machine, &owner), RING_CONSUMER_NOT_OWNER);
        assert_int_equal(observe(), STOPPING);
    }
    assert_int_equal(ring_consumer_stop(&machine, &owner), 0);
    assert_int_equal(ring_consumer_acquire(&machine, RING_OWNER_SYSCALL, THREAD, &owner), 0);
}

static void checker_sees_damage(void **state)
{
    (void)state;
#define DAMAGE(from, statement)                                                                    \
    do {                                                                                           \
        go_to(from);                                                                               \
        statement;                                                                                 \
        assert_false(ring_consumer_is_valid(&machine));                                            \
    } while (0)
    DAMAGE(SYSCALL, machine.mode = RING_MODE_RUNNING);
    DAMAGE(RUNNING, machine.mode = RING_MODE_SYSCALL);
    DAMAGE(IDLE, machine.mode = RING_MODE_STOPPING);
    DAMAGE(IDLE, machine.start_pending = true);
    DAMAGE(STARTING, machine.start_pending = false);
    DAMAGE(STARTING, machine.pending_batch = 17);
    DAMAGE(SYSCALL, machine.max_batch = 0);
    DAMAGE(SYSCALL, machine.owner.generation = machine.next_owner_generation);
#undef DAMAGE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_in_every_situation),
        cmocka_unit_test(only_the_exact_owner_may),
        cmocka_unit_test(only_the_pending_poller_may_start),
        cmocka_unit_test(predicates_follow_the_table),
        cmocka_unit_test(start_carries_batch_and_generations),
        cmocka_unit_test(batches_are_1_to_16),
        cmocka_unit_test(generations_run_out_at_zero),
        cmocka_unit_test(teardown_returns_the_old_owner),
        cmocka_unit_test(stop_request_is_sticky),
        cmocka_unit_test(checker_sees_damage),
    };
    return cmocka_run_group_tests_name("ring_consumer", tests, NULL, NULL);
}
