/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What several processors share, in threads of the host. `state kernel COUNT`: ledger, log ring, park table and timers under
 * kernel/lock.c, and a processor that loses its patience with it. `state user COUNT`: mutex, condition variable and once of
 * libcapos over plain memory. Nothing but the locks orders anything.
 */
#include <stdbool.h>

#include "abi/atomic.h"
#include "capos/park.h"
#include "core/cap/ledger.h"
#include "core/logring/logring.h"
#include "core/park/park.h"
#include "kernel/lock.h"
#include "tests/tsan/race.h"
#include "tests/tsan/stand_in.h"
#include "words.h"

#define THREADS 4u

static uint32_t count;

/* ---- under the kernel's lock ------------------------------------------------------------- */

static struct lock lock;
static struct cap_ledger ledger;
static struct logring log_ring;
static struct park_table parks;
static struct park_waiter waiters[THREADS];
static uint64_t plain;

static void work_locked(uint32_t self, uint32_t round)
{
    struct logring_page read;
    struct logring_entry entry = { .tick = round, .pid = self, .level = LOGRING_INFO, .component = "race", .component_len = 4,
                                   .message = "works", .message_len = 5 };
    CHECK(cap_ledger_reserve(&ledger, CAP_RESOURCE_PAGE_TABLE_PAGES, 1 + self) == CAP_OK);
    CHECK(logring_write(&log_ring, &entry) != NULL);
    logring_read(&log_ring, &(struct logring_query){ .cursor = log_ring.next - 1, .max_records = 1 }, &read);
    CHECK(read.count == 1 && read.records[0]->pid == self);
    CHECK(park_enqueue(&parks, &waiters[self], park_key_private(1 + round % 3, 64)));
    CHECK(park_remove(&parks, &waiters[self]));
    cap_ledger_release(&ledger, CAP_RESOURCE_PAGE_TABLE_PAGES, 1 + self);
    plain++;
}

static void *work(void *argument)
{
    uint32_t self = (uint32_t)(uintptr_t)argument;
    stand_in_cpu(self);
    for (uint32_t round = 0; round < count; round++) {
        lock_acquire(&lock);
        work_locked(self, round);
        lock_release(&lock);
    }
    return NULL;
}

static uint32_t step;

static void *hold(void *argument)
{
    (void)argument;
    stand_in_cpu(0);
    lock_acquire(&lock);
    step_done(&step);
    while (__atomic_load_n(&lock.impatient, __ATOMIC_RELAXED) == 0)
        (void)syscall(SYS_sched_yield);
    plain++;
    lock_release(&lock);
    return NULL;
}

static void *lose_patience(void *argument)
{
    (void)argument;
    stand_in_cpu(1);
    step_await(&step, 1);
    lock_acquire(&lock);
    plain++;
    lock_release(&lock);
    return NULL;
}

static uint64_t run_kernel(void)
{
    void *(*const all[])(void *) = { work, work, work, work };
    void *(*const two[])(void *) = { hold, lose_patience };
    lock_init(&lock, "test", LOCK_RANK_KERNEL);
    cap_ledger_init(&ledger, 64, 64);
    logring_init(&log_ring, LOGRING_DEBUG);
    park_table_init(&parks);
    run_threads(all, THREADS);
    run_threads(two, 2);
    CHECK(plain == THREADS * count + 2 && cap_ledger_is_empty(&ledger) && parks.count == 0 && lock.impatient == 0);
    return plain;
}

/* ---- the locks of libcapos ------------------------------------------------------------------ */

int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    (void)timeout_ns;
    word_sleep(word, expected);
    return CAPOS_PARK_WOKEN;
}

void capos_word_wake(const uint32_t *word, uint32_t most)
{
    (void)most;
    word_wake(word);
}

static struct capos_mutex mutex;
static struct capos_condition condition;
static struct capos_once once;
static uint32_t made, turn;

static void make(void)
{
    made++;
}

/* Each waits for its turn and passes it on. */
static void *take_turns(void *argument)
{
    uint32_t self = (uint32_t)(uintptr_t)argument;
    if (self == THREADS - 1)
        step_await(&step, 1); /* finds it done, whatever the schedule */
    capos_once(&once, make);
    CHECK(made == 1);
    step_done(&step);
    for (uint32_t round = 0; round < count; round++) {
        capos_mutex_lock(&mutex);
        while (turn % THREADS != self)
            capos_condition_wait(&condition, &mutex);
        turn++;
        plain++;
        if (round % 2 == 0)
            capos_condition_broadcast(&condition);
        capos_mutex_unlock(&mutex);
        if (round % 2 != 0)
            capos_condition_broadcast(&condition);
    }
    return NULL;
}

static void *count_up(void *argument)
{
    (void)argument;
    for (uint32_t round = 0; round < 8 * count; round++) {
        if (!capos_mutex_try_lock(&mutex))
            capos_mutex_lock(&mutex);
        plain++;
        capos_mutex_unlock(&mutex);
    }
    return NULL;
}

static uint64_t run_user(void)
{
    void *(*const turns[])(void *) = { take_turns, take_turns, take_turns, take_turns };
    void *(*const counters[])(void *) = { count_up, count_up, count_up, count_up };
    run_threads(turns, THREADS);
    run_threads(counters, THREADS);
    CHECK(plain == 9ull * THREADS * count && mutex.word == 0);
    return plain;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    count = (uint32_t)strtoul(argv[2], NULL, 10);
    uint64_t done = strcmp(argv[1], "kernel") == 0 ? run_kernel() : run_user();
    printf("operations %llu\n", (unsigned long long)done);
    return 0;
}
