/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the frame bitmap: each rule, and seeded runs against a plain array of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/frames/bitmap.h"

#define TOTAL 37u /* not a multiple of 8: the last byte has padding bits */

static uint8_t bits[6];
static struct frames_bitmap map;

static int all_free(void **state)
{
    (void)state;
    memset(bits, 0, sizeof bits);
    frames_bitmap_init(&map, bits, TOTAL);
    for (size_t i = 0; i < TOTAL; i++)
        frames_bitmap_mark_free(&map, i);
    return 0;
}

static void test_layout_and_init(void **state)
{
    (void)state;
    assert_int_equal(frames_bitmap_bytes(TOTAL), 5);
    assert_int_equal(frames_bitmap_bytes(40), 5);
    assert_int_equal(frames_bitmap_bytes(0), 0);
    frames_bitmap_init(&map, bits, TOTAL);
    assert_int_equal(map.free, 0);
    assert_int_equal(bits[5], 0);
    frames_bitmap_mark_free(&map, 11);
    assert_int_equal(bits[1], 0xff & ~8);
    assert_int_equal(map.free, 1);
    assert_false(frames_bitmap_used(&map, 11));
    assert_true(frames_bitmap_used(&map, 12));
    assert_true(frames_bitmap_used(&map, TOTAL));
}

static void test_next_fit_and_wrap(void **state)
{
    size_t frame;

    (void)state;
    for (size_t i = 0; i < TOTAL; i++) {
        assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_OK);
        assert_int_equal(frame, i);
    }
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_NONE_FREE);
    assert_int_equal(frames_bitmap_release(&map, 3), FRAMES_OK);
    assert_int_equal(frames_bitmap_release(&map, 30), FRAMES_OK);
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_OK); /* wrapped: the hint was at the end */
    assert_int_equal(frame, 3);
    assert_int_equal(frames_bitmap_release(&map, 3), FRAMES_OK); /* the hint stays at 4 */
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_OK);
    assert_int_equal(frame, 30);
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_OK);
    assert_int_equal(frame, 3);
    assert_int_equal(map.free, 0);
}

static void test_runs(void **state)
{
    size_t first;

    (void)state;
    assert_int_equal(frames_bitmap_alloc_run(&map, 0, &first), FRAMES_NONE_FREE);
    assert_int_equal(frames_bitmap_alloc_run(&map, TOTAL + 1, &first), FRAMES_NONE_FREE);
    assert_int_equal(frames_bitmap_alloc_run(&map, 10, &first), FRAMES_OK);
    assert_int_equal(first, 0);
    assert_int_equal(frames_bitmap_alloc_run(&map, 20, &first), FRAMES_OK);
    assert_int_equal(first, 10);
    assert_int_equal(map.hint, 30);
    for (size_t i = 2; i < 9; i++)
        assert_int_equal(frames_bitmap_release(&map, i), FRAMES_OK);
    /* 7 free at 2..8 and 7 at 30..36: the part after the hint is tried first. */
    assert_int_equal(frames_bitmap_alloc_run(&map, 7, &first), FRAMES_OK);
    assert_int_equal(first, 30);
    assert_int_equal(map.hint, TOTAL);
    assert_int_equal(frames_bitmap_alloc_run(&map, 7, &first), FRAMES_OK);
    assert_int_equal(first, 2);
    assert_int_equal(map.free, 0);
}

static void test_run_never_wraps(void **state)
{
    size_t first;

    (void)state;
    assert_int_equal(frames_bitmap_alloc_run(&map, 33, &first), FRAMES_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(frames_bitmap_release(&map, i), FRAMES_OK);
    assert_int_equal(map.free, 8);
    assert_int_equal(frames_bitmap_alloc_run(&map, 5, &first), FRAMES_NONE_FREE);
    assert_int_equal(map.hint, 33);
    assert_int_equal(map.free, 8);
}

static void test_release_errors(void **state)
{
    size_t frame;
    uint8_t before[6];

    (void)state;
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_OK);
    memcpy(before, bits, sizeof before);
    assert_int_equal(frames_bitmap_release(&map, TOTAL), FRAMES_OUT_OF_RANGE);
    assert_int_equal(frames_bitmap_release(&map, SIZE_MAX), FRAMES_OUT_OF_RANGE);
    assert_int_equal(frames_bitmap_release(&map, 1), FRAMES_DOUBLE_FREE);
    frames_bitmap_mark_used(&map, 0);
    frames_bitmap_mark_used(&map, TOTAL);
    assert_int_equal(map.free, TOTAL - 1);
    assert_memory_equal(before, bits, sizeof before);
    assert_int_equal(frames_bitmap_release(&map, 0), FRAMES_OK);
    frames_bitmap_mark_free(&map, 0);
    assert_int_equal(map.free, TOTAL);
}

static void test_no_frames_at_all(void **state)
{
    size_t frame;

    (void)state;
    frames_bitmap_init(&map, bits, 0);
    assert_int_equal(frames_bitmap_alloc(&map, &frame), FRAMES_NONE_FREE);
    assert_int_equal(frames_bitmap_alloc_run(&map, 1, &frame), FRAMES_NONE_FREE);
    assert_int_equal(frames_bitmap_release(&map, 0), FRAMES_OUT_OF_RANGE);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

struct model {
    bool used[TOTAL];
    size_t hint;
};

/* The lowest start of n free frames at or after `from`, by trying each. */
static size_t model_run(const struct model *m, size_t from, size_t n)
{
    for (size_t start = from; start + n <= TOTAL; start++) {
        size_t i = 0;
        while (i < n && !m->used[start + i])
            i++;
        if (i == n)
            return start;
    }
    return TOTAL;
}

static void model_alloc(struct model *m, size_t n)
{
    size_t got = 99;
    size_t want = model_run(m, m->hint, n);
    enum frames_error err = n == 1 ? frames_bitmap_alloc(&map, &got) : frames_bitmap_alloc_run(&map, n, &got);

    if (want == TOTAL)
        want = model_run(m, 0, n);
    if (want == TOTAL || n == 0) {
        assert_int_equal(err, FRAMES_NONE_FREE);
        return;
    }
    assert_int_equal(err, FRAMES_OK);
    assert_int_equal(got, want);
    memset(m->used + want, 1, n);
    m->hint = want + n;
}

static void model_release(struct model *m, size_t frame)
{
    enum frames_error err = frames_bitmap_release(&map, frame);

    if (frame >= TOTAL) {
        assert_int_equal(err, FRAMES_OUT_OF_RANGE);
        return;
    }
    assert_int_equal(err, m->used[frame] ? FRAMES_OK : FRAMES_DOUBLE_FREE);
    m->used[frame] = false;
}

static void test_against_model(void **state)
{
    struct model m = { .hint = 0 };
    uint64_t seed = 42;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t r = next_random(&seed);
        if (r % 8 < 2)
            model_alloc(&m, (r >> 8) % 6);
        else if (r % 8 == 2)
            model_alloc(&m, 1);
        else
            model_release(&m, (r >> 8) % (TOTAL + 2));
        size_t free = 0;
        for (size_t i = 0; i < TOTAL; i++) {
            assert_int_equal(frames_bitmap_used(&map, i), m.used[i]);
            free += !m.used[i];
        }
        assert_int_equal(map.free, free);
        assert_int_equal(bits[4] >> 5, 7); /* padding bits stay used */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_layout_and_init, all_free),
        cmocka_unit_test_setup(test_next_fit_and_wrap, all_free),
        cmocka_unit_test_setup(test_runs, all_free),
        cmocka_unit_test_setup(test_run_never_wraps, all_free),
        cmocka_unit_test_setup(test_release_errors, all_free),
        cmocka_unit_test_setup(test_no_frames_at_all, all_free),
        cmocka_unit_test_setup(test_against_model, all_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
