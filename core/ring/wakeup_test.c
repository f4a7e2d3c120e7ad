/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/ring/wakeup.c by one thread; what two do at once is tests/loom/c/ring.c, model wakeup. */
#include "core/ring/wakeup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ring_page page;
static struct ring_state state_;
static struct ring_parked_queue queue;
static struct ring_parked record;
static const struct ring_view ring = {&state_, &page, &queue};

static int set_up(void **state)
{
    (void)state;
    ring_init_page(&page, &state_);
    ring_parked_init(&queue);
    return 0;
}

static void an_empty_queue_lets_it_sleep(void **state)
{
    (void)state;
    assert_true(ring_poll_may_sleep(&ring));
    assert_int_equal(page.header.sq_flags, RING_SQ_NEED_WAKEUP);
    assert_int_equal(state_.sq_flags, RING_SQ_NEED_WAKEUP);
    assert_int_equal(page.header.sq_head, 0);
    assert_int_equal(state_.drain_tail, 0);
}

static void an_entry_keeps_it_awake(void **state)
{
    (void)state;
    page.header.sq_tail = 1;
    assert_false(ring_poll_may_sleep(&ring));
    assert_int_equal(page.header.sq_flags, 0);
    assert_int_equal(state_.sq_flags, 0);
    assert_true(ring_has_new_work(&state_, &page)); /* nothing was consumed */
}

static void an_entry_that_was_consumed_does_not(void **state)
{
    (void)state;
    struct ring_sqe sqe;
    page.header.sq_tail = 1;
    assert_true(ring_begin_drain(&state_, &page));
    assert_true(ring_next_sqe(&state_, &page, &sqe));
    ring_consume(&state_, &page);
    assert_true(ring_poll_may_sleep(&ring));
}

static void an_entry_whose_completion_has_no_room_does_not(void **state)
{
    (void)state;
    page.header.sq_tail = 1;
    page.header.cq_tail = state_.cq_tail = RING_CQ_ENTRIES;
    assert_true(ring_poll_may_sleep(&ring));
    assert_int_equal(page.header.sq_flags, RING_SQ_NEED_WAKEUP);
    page.header.cq_head = 1;
    assert_false(ring_poll_may_sleep(&ring));
    assert_int_equal(page.header.sq_flags, 0);
}

static void nor_does_one_behind_a_parked_completion(void **state)
{
    (void)state;
    struct ring_cqe cqe = {.user_data = 1};
    page.header.sq_tail = 1;
    page.header.cq_tail = state_.cq_tail = RING_CQ_ENTRIES;
    assert_false(ring_post_or_park(&ring, &record, &cqe));
    page.header.cq_head = RING_CQ_ENTRIES;
    assert_true(ring_poll_may_sleep(&ring));
}

static void waking_clears_the_flag(void **state)
{
    (void)state;
    assert_true(ring_poll_may_sleep(&ring));
    ring_poll_wakes(&ring);
    assert_int_equal(page.header.sq_flags, 0);
    assert_int_equal(state_.sq_flags, 0);
}

static void what_the_program_wrote_there_goes(void **state)
{
    (void)state;
    page.header.sq_flags = UINT32_MAX;
    assert_true(ring_poll_may_sleep(&ring));
    assert_int_equal(page.header.sq_flags, RING_SQ_NEED_WAKEUP);
    page.header.sq_flags = UINT32_MAX;
    ring_poll_wakes(&ring);
    assert_int_equal(page.header.sq_flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_queue_lets_it_sleep, set_up),
        cmocka_unit_test_setup(an_entry_keeps_it_awake, set_up),
        cmocka_unit_test_setup(an_entry_that_was_consumed_does_not, set_up),
        cmocka_unit_test_setup(an_entry_whose_completion_has_no_room_does_not, set_up),
        cmocka_unit_test_setup(nor_does_one_behind_a_parked_completion, set_up),
        cmocka_unit_test_setup(waking_clears_the_flag, set_up),
        cmocka_unit_test_setup(what_the_program_wrote_there_goes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
