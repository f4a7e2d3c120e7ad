/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/ring/index.c: indices, corruption, wrap-around, what the kernel reads and writes. */
#include "core/ring/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ring_page page;
static struct ring_state ring;

/* Every test runs with indices that start here, so that all of them also cross 2^32. */
static const uint32_t origins[] = {0, UINT32_MAX - 5, UINT32_MAX, 0x80000000u};
#define ORIGINS (sizeof(origins) / sizeof(origins[0]))

static void start_at(uint32_t origin)
{
    memset(&page, 0xff, sizeof(page));
    ring_init_page(&page, &ring);
    ring.sq_head = ring.cq_tail = ring.drain_tail = origin;
    page.header.sq_head = page.header.sq_tail = origin;
    page.header.cq_head = page.header.cq_tail = origin;
}

static void submit(uint64_t user_data)
{
    page.sqes[page.header.sq_tail & 15] = (struct ring_sqe){.opcode = 5, .user_data = user_data};
    page.header.sq_tail++;
}

static struct ring_cqe completion(uint64_t user_data)
{
    return (struct ring_cqe){.user_data = user_data, .result = 3, .badge = 9, .call_id = 4};
}

static void fresh_page_is_the_published_one(void **state)
{
    (void)state;
    static const uint32_t expected[13] = {0, 0, 15, 16, 0, 0, 0, 31, 32, 0, 0, 128, 1152};
    uint32_t words[1024];
    memset(&page, 0xff, sizeof(page));
    memset(&ring, 0xff, sizeof(ring));
    ring_init_page(&page, &ring);
    memcpy(words, &page, sizeof(words));
    for (size_t i = 0; i < 1024; i++)
        assert_int_equal(words[i], i < 13 ? expected[i] : 0);
    assert_int_equal(ring.sq_head | ring.cq_tail | ring.sq_flags | ring.cq_overflow, 0);
    assert_int_equal(ring_cq_room(&ring, &page), 32);
    assert_int_equal(ring_available(&ring, &page), 0);
    assert_false(ring_has_new_work(&ring, &page));
}

static void entries_come_in_order_up_to_the_tail_read_once(void **state)
{
    (void)state;
    for (size_t o = 0; o < ORIGINS; o++) {
        struct ring_sqe sqe;
        start_at(origins[o]);
        assert_true(ring_begin_drain(&ring, &page));
        assert_false(ring_next_sqe(&ring, &page, &sqe));
        for (uint64_t i = 0; i < 16; i++)
            submit(100 + i);
        assert_false(ring_next_sqe(&ring, &page, &sqe)); /* not in this drain */
        assert_true(ring_has_new_work(&ring, &page));
        assert_true(ring_begin_drain(&ring, &page)); /* exactly 16 is legal */
        for (uint64_t i = 0; i < 16; i++) {
            assert_true(ring_next_sqe(&ring, &page, &sqe));
            assert_int_equal(sqe.user_data, 100 + i);
            ring_consume(&ring, &page);
            assert_int_equal(page.header.sq_head, (uint32_t)(origins[o] + i + 1));
            submit(200 + i); /* a producer that never stops does not prolong the drain */
        }
        assert_false(ring_next_sqe(&ring, &page, &sqe));
        assert_int_equal(ring.corruptions, 0);
    }
}

static void head_entry_can_stay_queued(void **state)
{
    (void)state;
    struct ring_sqe sqe;
    start_at(7);
    submit(1);
    assert_true(ring_begin_drain(&ring, &page));
    assert_true(ring_next_sqe(&ring, &page, &sqe));
    assert_int_equal(page.header.sq_head, 7);
    page.sqes[7].user_data = 2; /* its owner takes it back */
    assert_true(ring_begin_drain(&ring, &page));
    assert_true(ring_next_sqe(&ring, &page, &sqe));
    assert_int_equal(sqe.user_data, 2);
}

static void entry_is_a_whole_private_copy(void **state)
{
    (void)state;
    struct ring_sqe original;
    struct ring_sqe sqe;
    start_at(3);
    memset(&original, 0x5a, sizeof(original));
    page.sqes[3] = original;
    page.header.sq_tail = 4;
    assert_true(ring_begin_drain(&ring, &page));
    assert_true(ring_next_sqe(&ring, &page, &sqe));
    memset(&page.sqes[3], 0, sizeof(original));
    assert_memory_equal(&sqe, &original, sizeof(sqe));
}

static void too_many_pending_entries_are_discarded(void **state)
{
    (void)state;
    static const uint32_t spans[] = {17, 18, 1000, 0x80000000u, UINT32_MAX};
    for (size_t o = 0; o < ORIGINS; o++) {
        for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
            struct ring_sqe sqe;
            uint32_t tail = origins[o] + spans[i];
            start_at(origins[o]);
            page.header.sq_tail = tail;
            assert_false(ring_begin_drain(&ring, &page));
            assert_int_equal(ring.sq_head, tail);
            assert_int_equal(page.header.sq_head, tail);
            assert_int_equal(page.header.sq_tail, tail);
            assert_int_equal(ring.corruptions, 1);
            assert_false(ring_next_sqe(&ring, &page, &sqe));
            submit(5);
            assert_true(ring_begin_drain(&ring, &page)); /* works again */
            assert_true(ring_next_sqe(&ring, &page, &sqe));
            assert_int_equal(sqe.user_data, 5);
        }
    }
}

static void changed_head_discards_whatever_the_span(void **state)
{
    (void)state;
    struct ring_sqe sqe;
    start_at(10);
    submit(1);
    submit(2);
    page.header.sq_head = 11; /* skips one entry: small, and still not ours */
    assert_false(ring_begin_drain(&ring, &page));
    assert_int_equal(ring.sq_head, 12);
    assert_int_equal(page.header.sq_head, 12);
    assert_false(ring_next_sqe(&ring, &page, &sqe));
    page.header.sq_head = 11; /* with nothing pending, too */
    assert_false(ring_begin_drain(&ring, &page));
    assert_int_equal(page.header.sq_head, 12);
}

static void completions_fill_the_queue_and_stop(void **state)
{
    (void)state;
    for (size_t o = 0; o < ORIGINS; o++) {
        start_at(origins[o]);
        for (uint32_t i = 0; i < 32; i++) {
            struct ring_cqe cqe = completion(i);
            assert_int_equal(ring_cq_room(&ring, &page), 32 - i);
            assert_int_equal(ring_available(&ring, &page), i);
            assert_true(ring_post(&ring, &page, &cqe));
            assert_int_equal(page.header.cq_tail, (uint32_t)(origins[o] + i + 1));
            assert_memory_equal(&page.cqes[(origins[o] + i) & 31], &cqe, sizeof(cqe));
        }
        struct ring_page before = page;
        struct ring_cqe extra = completion(999);
        assert_int_equal(ring_cq_room(&ring, &page), 0);
        assert_false(ring_cq_is_corrupted(&ring, &page)); /* exactly 32 is legal */
        assert_false(ring_post(&ring, &page, &extra));
        assert_memory_equal(&before, &page, sizeof(page));
        page.header.cq_head++;
        assert_true(ring_post(&ring, &page, &extra));
        assert_int_equal(page.cqes[origins[o] & 31].user_data, 999);
        assert_false(ring_post(&ring, &page, &extra));
    }
}

static void impossible_cq_head_means_no_room_until_repaired(void **state)
{
    (void)state;
    static const uint32_t shifts[] = {1, 2, 0x7fffffffu, 0x80000000u, UINT32_MAX - 33};
    for (size_t o = 0; o < ORIGINS; o++) {
        for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
            struct ring_cqe cqe = completion(1);
            start_at(origins[o]);
            page.header.cq_head = origins[o] + shifts[i]; /* ahead of everything posted */
            assert_true(ring_cq_is_corrupted(&ring, &page));
            assert_int_equal(ring_cq_room(&ring, &page), 0);
            assert_int_equal(ring_available(&ring, &page), 32);
            assert_false(ring_post(&ring, &page, &cqe));
            assert_int_equal(page.header.cq_head, origins[o] + shifts[i]);
            page.header.cq_head = page.header.cq_tail;
            assert_int_equal(ring_cq_room(&ring, &page), 32);
            assert_true(ring_post(&ring, &page, &cqe));
            assert_int_equal(ring_available(&ring, &page), 1);
        }
    }
    start_at(0);
    page.header.cq_head = (uint32_t)-33;
    assert_true(ring_cq_is_corrupted(&ring, &page));
    page.header.cq_head = (uint32_t)-32;
    assert_false(ring_cq_is_corrupted(&ring, &page));
}

/* The user rewrites everything that the kernel wrote: nothing changes but the page. */
static void rewritten_constants_change_nothing(void **state)
{
    (void)state;
    struct ring_sqe sqe;
    struct ring_cqe cqe = completion(6);
    start_at(40);
    submit(1);
    page.header.sq_mask = 0;
    page.header.sq_entries = page.header.cq_entries = 0;
    page.header.cq_mask = UINT32_MAX;
    page.header.sqe_offset = page.header.cqe_offset = UINT32_MAX;
    page.header.cq_tail = 12345;
    page.header.sq_flags = UINT32_MAX;
    assert_true(ring_begin_drain(&ring, &page));
    assert_true(ring_next_sqe(&ring, &page, &sqe));
    assert_int_equal(sqe.user_data, 1);
    assert_true(ring_post(&ring, &page, &cqe));
    assert_int_equal(page.cqes[8].user_data, 6);
    assert_int_equal(page.header.cq_tail, 41);
}

static void changed_cq_tail_moves_no_completion(void **state)
{
    (void)state;
    struct ring_cqe cqe = completion(77);
    start_at(0);
    page.header.cq_tail = 9;
    assert_true(ring_post(&ring, &page, &cqe));
    assert_memory_equal(&page.cqes[0], &cqe, sizeof(cqe));
    assert_int_equal(page.header.cq_tail, 1);
}

static void counters_saturate(void **state)
{
    (void)state;
    start_at(0);
    ring_count_overflow(&ring, &page);
    assert_int_equal(page.header.cq_overflow, 1);
    ring.cq_overflow = UINT32_MAX - 1;
    ring_count_overflow(&ring, &page);
    ring_count_overflow(&ring, &page);
    assert_int_equal(ring.cq_overflow, UINT32_MAX);
    assert_int_equal(page.header.cq_overflow, UINT32_MAX);
    ring.corruptions = UINT32_MAX;
    page.header.sq_tail = 50;
    assert_false(ring_begin_drain(&ring, &page));
    assert_int_equal(ring.corruptions, UINT32_MAX);
}

static void need_wakeup_is_published(void **state)
{
    (void)state;
    start_at(0);
    ring_set_need_wakeup(&ring, &page, true);
    assert_int_equal(page.header.sq_flags, 1);
    assert_int_equal(ring.sq_flags, 1);
    ring_set_need_wakeup(&ring, &page, false);
    assert_int_equal(page.header.sq_flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_page_is_the_published_one),
        cmocka_unit_test(entries_come_in_order_up_to_the_tail_read_once),
        cmocka_unit_test(head_entry_can_stay_queued),
        cmocka_unit_test(entry_is_a_whole_private_copy),
        cmocka_unit_test(too_many_pending_entries_are_discarded),
        cmocka_unit_test(changed_head_discards_whatever_the_span),
        cmocka_unit_test(completions_fill_the_queue_and_stop),
        cmocka_unit_test(impossible_cq_head_means_no_room_until_repaired),
        cmocka_unit_test(rewritten_constants_change_nothing),
        cmocka_unit_test(changed_cq_tail_moves_no_completion),
        cmocka_unit_test(counters_saturate),
        cmocka_unit_test(need_wakeup_is_published),
    };
    return cmocka_run_group_tests_name("ring_index", tests, NULL, NULL);
}
