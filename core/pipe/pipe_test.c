/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/pipe/pipe.c: all sizes of a small pipe against a plain queue. */
#include "core/pipe/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SMALL 5u

static struct pipe pipe;
static uint8_t storage[SMALL];

static void test_capacity(void **state)
{
    (void)state;
    assert_int_equal(pipe_capacity(0), 4096);
    assert_int_equal(pipe_capacity(1), 1);
    assert_int_equal(pipe_capacity(65536), 65536);
    assert_int_equal(pipe_capacity(65537), 65536);
    assert_int_equal(pipe_capacity(UINT32_MAX), 65536);
}

static void test_empty_and_full(void **state)
{
    (void)state;
    uint8_t out[8];
    pipe_init(&pipe, SMALL);
    assert_false(pipe_answers_read(&pipe));
    assert_true(pipe_answers_write(&pipe));
    assert_false(pipe_at_end(&pipe));
    assert_int_equal(pipe_take(&pipe, storage, out, 8), 0);
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"abcdefg", 7), SMALL);
    assert_true(pipe_answers_read(&pipe));
    assert_false(pipe_answers_write(&pipe));
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"x", 1), 0);
    assert_int_equal(pipe_take(&pipe, storage, out, 1), 1);
    assert_true(pipe_answers_write(&pipe));
    assert_int_equal(out[0], 'a');
    assert_int_equal(pipe_take(&pipe, storage, out, 8), 4);
    assert_memory_equal(out, "bcde", 4);
}

/* Every pair of sizes from every position of the ring. */
static void test_wraps(void **state)
{
    (void)state;
    uint8_t next_in = 0, next_out = 0, bytes[8], out[8];
    uint32_t stored = 0;
    pipe_init(&pipe, SMALL);
    for (uint32_t step = 0; step < 2000; step++) {
        uint32_t put = step % 7, take = step / 7 % 6;
        for (uint32_t i = 0; i < put; i++)
            bytes[i] = (uint8_t)(next_in + i);
        uint32_t expected = put < SMALL - stored ? put : SMALL - stored;
        assert_int_equal(pipe_put(&pipe, storage, bytes, put), expected);
        next_in = (uint8_t)(next_in + expected);
        stored += expected;
        expected = take < stored ? take : stored;
        assert_int_equal(pipe_take(&pipe, storage, out, take), expected);
        for (uint32_t i = 0; i < expected; i++)
            assert_int_equal(out[i], next_out++);
        stored -= expected;
        assert_int_equal(pipe.len, stored);
    }
}

static void test_writer_closes(void **state)
{
    (void)state;
    uint8_t out[8];
    pipe_init(&pipe, SMALL);
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"ab", 2), 2);
    pipe.writer_closed = true;
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"c", 1), 0);
    assert_false(pipe_at_end(&pipe));
    assert_true(pipe_answers_read(&pipe));
    assert_true(pipe_answers_write(&pipe));
    assert_int_equal(pipe_take(&pipe, storage, out, 8), 2);
    assert_memory_equal(out, "ab", 2);
    assert_true(pipe_at_end(&pipe));
    assert_true(pipe_answers_read(&pipe));
}

static void test_full_pipe_of_a_closed_writer(void **state)
{
    (void)state;
    pipe_init(&pipe, SMALL);
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"abcde", 5), 5);
    pipe.writer_closed = true;
    assert_true(pipe_answers_write(&pipe));
}

static void test_reader_closes(void **state)
{
    (void)state;
    uint8_t out[8];
    pipe_init(&pipe, SMALL);
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"abcde", 5), 5);
    pipe.reader_closed = true;
    assert_true(pipe_answers_write(&pipe));
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"c", 1), 0);
    assert_int_equal(pipe_take(&pipe, storage, out, 8), 0);
    assert_true(pipe_at_end(&pipe));
    pipe_init(&pipe, SMALL);
    pipe.reader_closed = true;
    assert_true(pipe_answers_read(&pipe));
    assert_int_equal(pipe_put(&pipe, storage, (const uint8_t *)"c", 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_empty_and_full),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_writer_closes),
        cmocka_unit_test(test_full_pipe_of_a_closed_writer),
        cmocka_unit_test(test_reader_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
