/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/ring/parked.c. */
#include "core/ring/parked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ring_page page;
static struct ring_state state_;
static struct ring_parked_queue queue;
static struct ring_parked records[100];
static const struct ring_view ring = {&state_, &page, &queue};

static int set_up(void **state)
{
    (void)state;
    ring_init_page(&page, &state_);
    ring_parked_init(&queue);
    return 0;
}

static bool complete(uint64_t user_data)
{
    struct ring_cqe cqe = {.user_data = user_data, .result = -4};
    return ring_post_or_park(&ring, &records[user_data], &cqe);
}

/* The user takes `count` completions, which must be first, first + 1, ... */
static void consume(uint32_t count, uint64_t first)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_not_equal(page.header.cq_head, page.header.cq_tail);
        assert_int_equal(page.cqes[page.header.cq_head & 31].user_data, first + i);
        assert_int_equal(page.cqes[page.header.cq_head & 31].result, -4);
        page.header.cq_head++;
    }
}

static uint32_t flush(uint64_t first)
{
    uint32_t count = 0;
    for (struct ring_parked *record; (record = ring_flush_one(&ring)) != NULL; count++) {
        assert_ptr_equal(record, &records[first + count]);
        assert_null(record->next);
    }
    return count;
}

static void completions_park_in_order_when_there_is_no_room(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(complete(i), i < 32);
    assert_int_equal(queue.count, 8);
    assert_int_equal(page.header.cq_overflow, 8);
    assert_false(ring_may_consume(&ring));
    assert_int_equal(flush(32), 0);
    consume(3, 0);
    assert_false(ring_may_consume(&ring)); /* room, but older completions wait */
    assert_int_equal(flush(32), 3);
    consume(32, 3);
    assert_int_equal(flush(35), 5);
    assert_int_equal(queue.count, 0);
    assert_true(ring_may_consume(&ring));
    consume(5, 35);
    assert_int_equal(page.header.cq_head, page.header.cq_tail);
    assert_int_equal(page.header.cq_overflow, 8); /* never reset */
}

static void nothing_overtakes_a_parked_completion(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 33; i++)
        (void)complete(i);
    consume(32, 0);
    assert_false(complete(33)); /* room for 32, yet it queues behind number 32 */
    assert_int_equal(flush(32), 2);
    consume(2, 32);
    assert_true(complete(34));
    consume(1, 34);
}

static void room_alone_decides_when_nothing_is_parked(void **state)
{
    (void)state;
    assert_true(ring_may_consume(&ring));
    for (uint64_t i = 0; i < 32; i++)
        assert_true(complete(i));
    assert_false(ring_may_consume(&ring));
    consume(1, 0);
    assert_true(ring_may_consume(&ring));
    page.header.cq_head = 900; /* corrupted: no room at all */
    assert_false(ring_may_consume(&ring));
    assert_false(complete(32));
    assert_int_equal(flush(32), 0);
    page.header.cq_head = page.header.cq_tail;
    assert_int_equal(flush(32), 1);
}

static void teardown_takes_records_back(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 35; i++)
        (void)complete(i);
    for (uint64_t i = 32; i < 35; i++)
        assert_ptr_equal(ring_unpark_one(&queue), &records[i]);
    assert_null(ring_unpark_one(&queue));
    assert_null(queue.tail);
    assert_int_equal(queue.count, 0);
    assert_false(complete(35)); /* the queue is usable again */
    assert_ptr_equal(ring_unpark_one(&queue), &records[35]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(completions_park_in_order_when_there_is_no_room),
        T(nothing_overtakes_a_parked_completion),
        T(room_alone_decides_when_nothing_is_parked),
        T(teardown_takes_records_back),
    };
    return cmocka_run_group_tests_name("ring_parked", tests, NULL, NULL);
}
