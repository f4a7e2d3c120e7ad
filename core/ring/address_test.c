/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/ring/address.c. */
#include "core/ring/address.h"

#include "abi/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SCRATCH 65536u
#define LIMIT 0x800000000000ull

static void ranges_end_at_the_user_half(void **state)
{
    (void)state;
    assert_true(USER_HALF_LIMIT == LIMIT);
    assert_true(ring_range_is_user(0, 0));
    assert_true(ring_range_is_user(UINT64_MAX, 0));
    assert_true(ring_range_is_user(LIMIT, 0));
    assert_true(ring_range_is_user(0, 1));
    assert_true(ring_range_is_user(LIMIT - 8, 8));
    assert_false(ring_range_is_user(LIMIT - 8, 9));
    assert_false(ring_range_is_user(LIMIT, 1));
    assert_false(ring_range_is_user(0xffff800000000000ull, 1)); /* kernel half */
    assert_false(ring_range_is_user(0x900000000000ull, 1));     /* not canonical */
    assert_false(ring_range_is_user(UINT64_MAX, 1));            /* ends at 2^64 */
    assert_false(ring_range_is_user(UINT64_MAX, 2));
    assert_false(ring_range_is_user(8, UINT64_MAX));
}

static const struct {
    const char *what;
    struct ring_sqe sqe;
    int32_t expected;
} cases[] = {
    {"empty call", {.opcode = 0}, 0},
    {"zero length at any address", {.opcode = 0, .addr = UINT64_MAX, .result_addr = LIMIT}, 0},
    {"params as long as the scratch", {.opcode = 0, .addr = 4096, .len = SCRATCH}, 0},
    {"params too long", {.opcode = 0, .addr = 4096, .len = SCRATCH + 1}, -1},
    {"result as long as the scratch", {.opcode = 0, .result_len = SCRATCH}, 0},
    {"result too long", {.opcode = 0, .result_len = SCRATCH + 1}, -1},
    {"size before descriptors", {.opcode = 0, .len = SCRATCH + 1, .xfer_cap_count = 17}, -1},
    {"16 descriptors", {.opcode = 0, .addr = 4096, .xfer_cap_count = 16}, 0},
    {"17 descriptors", {.opcode = 0, .addr = 4096, .xfer_cap_count = 17}, -7},
    {"descriptors aligned to 4", {.opcode = 0, .addr = 4093, .len = 7, .xfer_cap_count = 1}, 0},
    {"descriptors aligned to 2", {.opcode = 0, .addr = 4096, .len = 6, .xfer_cap_count = 1}, -7},
    {"alignment without descriptors", {.opcode = 0, .addr = 4096, .len = 6}, 0},
    {"descriptor start wraps",
     {.opcode = 0, .addr = UINT64_MAX - 3, .len = 8, .xfer_cap_count = 1}, -7},
    {"descriptor end wraps",
     {.opcode = 0, .addr = UINT64_MAX - 7, .len = 0, .xfer_cap_count = 1}, -7},
    {"descriptors before addresses",
     {.opcode = 0, .addr = LIMIT, .len = 2, .xfer_cap_count = 1}, -7},
    {"params end at the limit", {.opcode = 0, .addr = LIMIT - 16, .len = 16}, 0},
    {"params pass the limit", {.opcode = 0, .addr = LIMIT - 16, .len = 17}, -2},
    {"params wrap", {.opcode = 0, .addr = UINT64_MAX, .len = 16}, -2},
    {"descriptors end at the limit",
     {.opcode = 0, .addr = LIMIT - 16, .len = 8, .xfer_cap_count = 1}, 0},
    {"descriptors pass the limit",
     {.opcode = 0, .addr = LIMIT - 16, .len = 8, .xfer_cap_count = 2}, -2},
    {"descriptors alone beyond the limit",
     {.opcode = 0, .addr = LIMIT, .xfer_cap_count = 1}, -2},
    {"result ends at the limit",
     {.opcode = 0, .result_addr = LIMIT - 16, .result_len = 16}, 0},
    {"result passes the limit",
     {.opcode = 0, .result_addr = LIMIT - 16, .result_len = 17}, -3},
    {"result wraps", {.opcode = 0, .result_addr = UINT64_MAX - 1, .result_len = 2}, -3},
    {"params before result",
     {.opcode = 0, .addr = LIMIT, .len = 1, .result_addr = LIMIT, .result_len = 1}, -2},
    {"return too long", {.opcode = 1, .len = SCRATCH + 1}, -1},
    {"return with 17 descriptors", {.opcode = 1, .xfer_cap_count = 17}, -7},
    {"return outside", {.opcode = 1, .addr = LIMIT, .len = 1}, -2},
    {"return", {.opcode = 1, .addr = 4096, .len = 100, .xfer_cap_count = 2}, 0},
    {"receive without scratch limit",
     {.opcode = 2, .result_addr = 4096, .result_len = UINT32_MAX}, 0},
    {"smallest receive", {.opcode = 2, .result_addr = LIMIT - 56, .result_len = 56}, 0},
    {"receive without room for the header",
     {.opcode = 2, .result_addr = 4096, .result_len = 55}, -3},
    {"receive of nothing", {.opcode = 2}, -3},
    {"receive outside", {.opcode = 2, .result_addr = LIMIT - 55, .result_len = 56}, -3},
    {"release", {.opcode = 3, .cap_id = UINT32_MAX}, 0},
    {"nop", {.opcode = 5}, 0},
    {"cancel", {.opcode = 6, .pipeline_dep = UINT64_MAX}, 0},
    {"park", {.opcode = 8, .addr = 4096}, 0},
    {"park at 2 mod 4", {.opcode = 8, .addr = 4098}, -2},
    {"park on the last word", {.opcode = 8, .addr = LIMIT - 4}, 0},
    {"park outside", {.opcode = 8, .addr = LIMIT}, -2},
    {"park at the end of all", {.opcode = 8, .addr = UINT64_MAX - 3}, -2},
    {"park expects 0", {.opcode = 8, .addr = 4096, .len = 0}, 0},
    {"unpark", {.opcode = 9, .addr = 4096, .len = 1}, 0},
    {"unpark nobody", {.opcode = 9, .addr = 4098, .len = 0}, -1},
    {"unpark misaligned", {.opcode = 9, .addr = 4097, .len = 1}, -2},
};

static void every_case_gets_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t got = ring_address_check(&cases[i].sqe, SCRATCH);
        if (got != cases[i].expected)
            fail_msg("%s: %d instead of %d", cases[i].what, got, cases[i].expected);
    }
}

static void small_scratch_narrows_both_sides(void **state)
{
    (void)state;
    struct ring_sqe sqe = {.opcode = RING_OP_CALL, .addr = 4096, .len = 512};
    assert_int_equal(ring_address_check(&sqe, 512), 0);
    assert_int_equal(ring_address_check(&sqe, 511), -1);
    sqe.len = 0;
    sqe.result_len = 512;
    assert_int_equal(ring_address_check(&sqe, 512), 0);
    assert_int_equal(ring_address_check(&sqe, 511), -1);
    assert_int_equal(ring_address_check(&sqe, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_end_at_the_user_half),
        cmocka_unit_test(every_case_gets_its_code),
        cmocka_unit_test(small_scratch_narrows_both_sides),
    };
    return cmocka_run_group_tests_name("ring_address", tests, NULL, NULL);
}
