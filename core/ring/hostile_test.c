/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A ring whose user rewrites its header at random between the kernel's steps.
 * Whatever the user does: each consumed entry gives exactly one completion,
 * completions go out in the order in which they arose, none overwrites one
 * that the user has not consumed, a drain takes at most 16 entries, and the
 * kernel writes nothing but its own words and the slots that it fills.
 */
#include "core/ring/parked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define STEPS 60000u
#define RECORDS 64u

struct operation {
    struct ring_parked parked;
    bool busy;
};

static struct ring_page page;
static struct ring_page before;
static struct ring_state ring_state;
static struct ring_parked_queue queue;
static const struct ring_view ring = {&ring_state, &page, &queue};
static struct operation operations[RECORDS];
static uint64_t waiting[RECORDS]; /* operations that have not completed: numbers of records */
static uint32_t waiting_count;
static uint64_t rng;
static uint64_t consumed; /* entries taken */
static uint64_t created;  /* completions that arose, numbered from 0 */
static uint64_t posted;   /* completions seen in the queue */
static uint32_t reached[6];

static uint32_t random_below(uint32_t bound)
{
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (uint32_t)((rng * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

static struct operation *free_operation(void)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        if (!operations[i].busy)
            return &operations[i];
    }
    return NULL;
}

static void complete(struct operation *operation)
{
    struct ring_cqe cqe = {.user_data = created, .badge = ~created};
    created++;
    operation->busy = !ring_post_or_park(&ring, &operation->parked, &cqe);
    reached[0] += operation->busy;
}

/* Parked completions first, then entries: some complete at once, some later. */
static void kernel_drains(void)
{
    struct ring_parked *record;
    struct ring_sqe sqe;
    uint32_t taken = 0;
    while ((record = ring_flush_one(&ring)) != NULL) {
        ((struct operation *)record)->busy = false;
        reached[1]++;
    }
    if (!ring_begin_drain(&ring_state, &page))
        reached[2]++;
    while (ring_may_consume(&ring) && ring_next_sqe(&ring_state, &page, &sqe)) {
        struct operation *operation = free_operation();
        if (operation == NULL)
            break;
        ring_consume(&ring_state, &page);
        consumed++;
        taken++;
        operation->busy = true;
        if (random_below(2) == 0)
            complete(operation);
        else
            waiting[waiting_count++] = (uint64_t)(operation - operations);
    }
    assert_true(taken <= RING_SQ_ENTRIES);
    reached[3] += taken == RING_SQ_ENTRIES;
}

static void kernel_finishes(uint32_t count)
{
    for (; count > 0 && waiting_count > 0; count--) {
        uint32_t at = random_below(waiting_count);
        uint64_t number = waiting[at];
        waiting[at] = waiting[--waiting_count];
        complete(&operations[number]);
    }
}

static void user_submits(void)
{
    uint32_t pending = page.header.sq_tail - page.header.sq_head;
    uint32_t count = random_below(18) - (pending <= 16 ? pending : 0); /* now and then too many */
    if (count > 17)
        return;
    for (uint32_t i = 0; i < count; i++) {
        page.sqes[page.header.sq_tail & 15].user_data = i;
        page.header.sq_tail++;
    }
}

static void user_consumes(void)
{
    uint32_t available = ring_state.cq_tail - page.header.cq_head;
    if (available > 32)
        page.header.cq_head = ring_state.cq_tail; /* the runtime's repair */
    else
        page.header.cq_head += random_below(available + 1);
}

static void user_attacks(void)
{
    uint32_t word = random_below(32);
    uint32_t *words[] = {&page.header.sq_head, &page.header.sq_tail, &page.header.cq_head,
                         &page.header.cq_tail};
    uint32_t *target = word < 20 ? words[word % 4] : &page.header.reserved[word % 19];
    if (word >= 28)
        target = word % 2 == 0 ? &page.header.sq_mask : &page.header.cqe_offset;
    switch (random_below(3)) {
    case 0:
        *target += random_below(5) - 2;
        break;
    case 1:
        *target += random_below(80) - 40;
        break;
    default:
        *target = random_below(0x7fffffff) * 2 + random_below(2);
        break;
    }
}

/* Compares the page with what it was: own words and freshly filled slots may differ, nothing else. */
static void check_kernel_step(uint32_t old_tail)
{
    uint32_t tail = ring_state.cq_tail;
    bool filled[RING_CQ_ENTRIES] = {false};
    assert_true(tail - old_tail <= RING_CQ_ENTRIES);
    if (tail != old_tail) {
        assert_true(tail - page.header.cq_head <= RING_CQ_ENTRIES);
        assert_int_equal(page.header.cq_tail, tail);
    }
    for (uint32_t at = old_tail; at != tail; at++) {
        const struct ring_cqe *cqe = &page.cqes[at & 31];
        assert_int_equal(cqe->user_data, posted);
        assert_int_equal(cqe->badge, ~posted);
        posted++;
        filled[at & 31] = true;
    }
    for (uint32_t i = 0; i < RING_CQ_ENTRIES; i++) {
        if (!filled[i])
            assert_memory_equal(&page.cqes[i], &before.cqes[i], sizeof(page.cqes[i]));
    }
    struct ring_header header = page.header;
    header.sq_head = before.header.sq_head;
    header.cq_tail = before.header.cq_tail;
    header.cq_overflow = before.header.cq_overflow;
    assert_memory_equal(&header, &before.header, sizeof(header));
    assert_memory_equal(page.sqes, before.sqes, sizeof(page.sqes));
    assert_memory_equal(page.unused, before.unused, sizeof(page.unused));
}

static void check_nothing_is_lost(void)
{
    assert_int_equal(posted + queue.count, created);
    assert_int_equal(created + waiting_count, consumed);
    assert_true(ring_available(&ring_state, &page) <= RING_CQ_ENTRIES);
}

static void kernel_step(void)
{
    uint32_t old_tail = ring_state.cq_tail;
    before = page;
    if (random_below(3) == 0)
        kernel_drains();
    else
        kernel_finishes(random_below(12));
    check_kernel_step(old_tail);
    check_nothing_is_lost();
}

/* The user comes to its senses: everything that was parked or waiting arrives. */
static void settle(void)
{
    while (waiting_count > 0 || queue.count > 0) {
        uint32_t old_tail = ring_state.cq_tail;
        page.header.cq_head = ring_state.cq_tail;
        before = page;
        kernel_finishes(1);
        while (ring_flush_one(&ring) != NULL)
            continue;
        check_kernel_step(old_tail);
    }
    assert_int_equal(posted, consumed);
}

static void start(uint64_t seed)
{
    rng = seed * 0x9e3779b97f4a7c15ull;
    memset(operations, 0, sizeof(operations));
    waiting_count = 0;
    consumed = created = posted = 0;
    ring_init_page(&page, &ring_state);
    ring_parked_init(&queue);
    uint32_t origin = 0u - 40u; /* the indices wrap early in the run */
    ring_state.sq_head = ring_state.cq_tail = origin;
    page.header.sq_head = page.header.sq_tail = origin;
    page.header.cq_head = page.header.cq_tail = origin;
}

/* `attacks` of 100 user steps are attacks. */
static void run(uint64_t seed, uint32_t attacks)
{
    start(seed);
    for (uint32_t step = 0; step < STEPS; step++) {
        if (random_below(2) == 0)
            kernel_step();
        else if (random_below(100) < attacks)
            user_attacks();
        else if (random_below(2) == 0)
            user_submits();
        else
            user_consumes();
        if (ring_cq_is_corrupted(&ring_state, &page)) {
            reached[4]++;
            assert_int_equal(ring_cq_room(&ring_state, &page), 0);
            assert_int_equal(ring_available(&ring_state, &page), RING_CQ_ENTRIES);
        }
    }
    settle();
    reached[5] += consumed > 1000;
}

static void hostile_user_loses_and_forges_nothing(void **state)
{
    (void)state;
    memset(reached, 0, sizeof(reached));
    run(1, 5);
    run(2, 40);
    run(3, 90);
    for (size_t i = 0; i < sizeof(reached) / sizeof(reached[0]); i++)
        assert_true(reached[i] > 0);
}

/* Without attacks nothing is ever discarded: every submitted entry is consumed. */
static void friendly_user_gets_every_answer(void **state)
{
    (void)state;
    uint64_t submitted = 0;
    start(4);
    for (uint32_t step = 0; step < STEPS; step++) {
        if (page.header.sq_tail - page.header.sq_head < 16 && random_below(2) == 0) {
            page.header.sq_tail++;
            submitted++;
        }
        if (random_below(4) == 0)
            user_consumes();
        kernel_step();
    }
    assert_int_equal(ring_state.corruptions, 0);
    assert_int_equal(submitted - (page.header.sq_tail - ring_state.sq_head), consumed);
    settle();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_user_loses_and_forges_nothing),
        cmocka_unit_test(friendly_user_gets_every_answer),
    };
    return cmocka_run_group_tests_name("ring_hostile", tests, NULL, NULL);
}
