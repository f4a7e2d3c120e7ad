/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ring client against a page whose kernel side the test plays: on each
 * cap_enter it takes every queued entry and posts what the test has prepared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capos/ring.h"
#include "capos/syscall.h"

static struct ring_page page;
static struct capos_ring ring;
static uint32_t entered;
static uint64_t last_timeout;
static struct ring_sqe taken[RING_SQ_ENTRIES];
static uint32_t taken_count;
static struct ring_cqe planned[64]; /* posted one group per cap_enter */
static uint32_t planned_count, planned_at, group = 1;
static uint64_t refusals[4];
static uint32_t refusal_count;

static void post(struct ring_cqe cqe)
{
    page.cqes[page.header.cq_tail & RING_CQ_MASK] = cqe;
    page.header.cq_tail++;
}

uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    assert_int_equal(number, SYSCALL_CAP_ENTER);
    (void)arg0;
    assert_true(entered++ < 1000); /* a client that goes round and round */
    last_timeout = arg1;
    if (refusal_count > 0)
        return refusals[--refusal_count];
    while (page.header.sq_head != page.header.sq_tail && taken_count < RING_SQ_ENTRIES)
        taken[taken_count++] = page.sqes[page.header.sq_head++ & RING_SQ_MASK];
    for (uint32_t i = 0; i < group && planned_at < planned_count; i++)
        post(planned[planned_at++]);
    return page.header.cq_tail - page.header.cq_head;
}

static void plan(uint64_t user_data, int32_t result)
{
    planned[planned_count++] = (struct ring_cqe){ .user_data = user_data, .result = result };
}

static int setup(void **state)
{
    (void)state;
    memset(&page, 0, sizeof page);
    page.header.sq_mask = RING_SQ_MASK;
    page.header.sq_entries = RING_SQ_ENTRIES;
    page.header.cq_mask = RING_CQ_MASK;
    page.header.cq_entries = RING_CQ_ENTRIES;
    page.header.sqe_offset = RING_SQE_OFFSET;
    page.header.cqe_offset = RING_CQE_OFFSET;
    entered = taken_count = planned_count = planned_at = refusal_count = 0;
    group = 1;
    return capos_ring_init(&ring, &page) == CAPOS_OK ? 0 : -1;
}

static void foreign_page_is_refused(void **state)
{
    (void)state;
    uint32_t *const fields[] = { &page.header.sq_mask, &page.header.sq_entries, &page.header.cq_mask,
                                 &page.header.cq_entries, &page.header.sqe_offset, &page.header.cqe_offset };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i] ^= 1;
        assert_int_equal(capos_ring_init(&ring, &page), CAPOS_RING_BROKEN);
        *fields[i] ^= 1;
    }
}

static void entries_carry_fresh_tickets(void **state)
{
    (void)state;
    uint64_t first, second;
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = 7, .user_data = 99 };
    assert_int_equal(capos_ring_submit(&ring, &sqe, &first), CAPOS_OK);
    assert_int_equal(capos_ring_submit(&ring, &sqe, &second), CAPOS_OK);
    assert_int_not_equal(first, second);
    assert_int_not_equal(first, 0);
    assert_int_equal(page.header.sq_tail, 2);
    assert_int_equal(page.sqes[0].user_data, first);
    assert_int_equal(page.sqes[1].user_data, second);
    assert_int_equal(page.sqes[1].cap_id, 7);
    assert_int_equal(entered, 0);
}

static void full_queue_is_refused_here(void **state)
{
    (void)state;
    uint64_t ticket;
    struct ring_sqe sqe = { .opcode = RING_OP_NOP };
    for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
        assert_int_equal(capos_ring_submit(&ring, &sqe, &ticket), CAPOS_OK);
    assert_int_equal(capos_ring_submit(&ring, &sqe, &ticket), CAPOS_RING_FULL);
    assert_int_equal(page.header.sq_tail, RING_SQ_ENTRIES);
}

static void indices_wrap(void **state)
{
    (void)state;
    page.header.sq_head = page.header.sq_tail = UINT32_MAX;
    page.header.cq_head = page.header.cq_tail = UINT32_MAX;
    for (uint64_t i = 1; i <= 40; i++) {
        struct capos_completion done;
        plan(i, (int32_t)i);
        taken_count = 0;
        assert_int_equal(capos_ring_run(&ring, &(struct ring_sqe){ .opcode = RING_OP_NOP }, &done), CAPOS_OK);
        assert_int_equal(done.result, i);
        planned_count = planned_at = 0;
    }
    assert_int_equal(page.header.sq_tail, 39);
    assert_int_equal(page.header.cq_head, 39);
}

static void completions_of_others_are_kept(void **state)
{
    (void)state;
    uint64_t a, b, c;
    struct capos_completion done;
    struct ring_sqe sqe = { .opcode = RING_OP_NOP };
    capos_ring_submit(&ring, &sqe, &a);
    capos_ring_submit(&ring, &sqe, &b);
    capos_ring_submit(&ring, &sqe, &c);
    plan(c, 30);
    plan(b, 20);
    plan(a, 10);
    group = 3;
    assert_int_equal(capos_ring_wait(&ring, a, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_OK);
    assert_int_equal(done.result, 10);
    assert_int_equal(ring.early_count, 2);
    assert_int_equal(capos_ring_wait(&ring, c, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_OK);
    assert_int_equal(done.result, 30);
    assert_int_equal(capos_ring_wait(&ring, b, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_OK);
    assert_int_equal(done.result, 20);
    assert_int_equal(ring.early_count, 0);
    assert_int_equal(entered, 1);
}

static void waiting_for_any_sees_kept_ones(void **state)
{
    (void)state;
    uint64_t a, b;
    struct capos_completion done;
    struct ring_sqe sqe = { .opcode = RING_OP_NOP };
    capos_ring_submit(&ring, &sqe, &a);
    capos_ring_submit(&ring, &sqe, &b);
    assert_int_equal(capos_ring_wait_any(&ring, 1000), CAPOS_TIMED_OUT);
    plan(a, 1);
    assert_int_equal(capos_ring_wait_any(&ring, CAP_ENTER_WAIT_FOREVER), CAPOS_OK);
    assert_int_equal(capos_ring_wait(&ring, b, 0, &done), CAPOS_TIMED_OUT);
    entered = 0;
    assert_int_equal(capos_ring_wait_any(&ring, CAP_ENTER_WAIT_FOREVER), CAPOS_OK);
    assert_int_equal(entered, 0);
    assert_int_equal(capos_ring_wait(&ring, a, 0, &done), CAPOS_OK);
    assert_int_equal(capos_ring_wait_any(&ring, 1000), CAPOS_TIMED_OUT);
}

static void all_fields_are_handed_over(void **state)
{
    (void)state;
    uint64_t ticket;
    struct capos_completion done;
    capos_ring_submit(&ring, &(struct ring_sqe){ .opcode = RING_OP_CALL }, &ticket);
    planned[planned_count++] = (struct ring_cqe){ .user_data = ticket, .result = 24, .cap_count = 2, .badge = 5, .call_id = 6,
                                                  .flags = CQE_FLAG_TRANSFER_RESULT_CAPS };
    assert_int_equal(capos_ring_wait(&ring, ticket, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_OK);
    assert_int_equal(done.cap_count, 2);
    assert_int_equal(done.flags, CQE_FLAG_TRANSFER_RESULT_CAPS);
    assert_int_equal(done.badge, 5);
    assert_int_equal(done.call_id, 6);
}

static void time_out_and_later_success(void **state)
{
    (void)state;
    uint64_t ticket;
    struct capos_completion done;
    capos_ring_submit(&ring, &(struct ring_sqe){ .opcode = RING_OP_CALL }, &ticket);
    assert_int_equal(capos_ring_wait(&ring, ticket, 1000, &done), CAPOS_TIMED_OUT);
    assert_int_equal(last_timeout, 1000);
    plan(ticket, 3);
    assert_int_equal(capos_ring_wait(&ring, ticket, 0, &done), CAPOS_OK);
    assert_int_equal(done.result, 3);
}

static void special_answers_of_the_kernel(void **state)
{
    (void)state;
    uint64_t ticket;
    struct capos_completion done;
    capos_ring_submit(&ring, &(struct ring_sqe){ .opcode = RING_OP_NOP }, &ticket);
    plan(ticket, 0);
    refusals[0] = CAP_ENTER_CONSUMER_BUSY;
    refusals[1] = CAP_ENTER_THREAD_OWNED_HEAD;
    refusal_count = 2;
    assert_int_equal(capos_ring_wait(&ring, ticket, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_OK);
    assert_int_equal(entered, 3);
    refusals[0] = SYSCALL_REJECTED;
    refusal_count = 1;
    assert_int_equal(capos_ring_wait(&ring, ticket, CAP_ENTER_WAIT_FOREVER, &done), CAPOS_RING_BROKEN);
}

static void sleeping_poller_is_woken(void **state)
{
    (void)state;
    uint64_t ticket;
    page.header.sq_flags = RING_SQ_NEED_WAKEUP;
    capos_ring_submit(&ring, &(struct ring_sqe){ .opcode = RING_OP_NOP }, &ticket);
    assert_int_equal(entered, 1);
    assert_int_equal(last_timeout, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(foreign_page_is_refused, setup),
        cmocka_unit_test_setup(entries_carry_fresh_tickets, setup),
        cmocka_unit_test_setup(full_queue_is_refused_here, setup),
        cmocka_unit_test_setup(indices_wrap, setup),
        cmocka_unit_test_setup(completions_of_others_are_kept, setup),
        cmocka_unit_test_setup(waiting_for_any_sees_kept_ones, setup),
        cmocka_unit_test_setup(all_fields_are_handed_over, setup),
        cmocka_unit_test_setup(time_out_and_later_success, setup),
        cmocka_unit_test_setup(special_answers_of_the_kernel, setup),
        cmocka_unit_test_setup(sleeping_poller_is_woken, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
