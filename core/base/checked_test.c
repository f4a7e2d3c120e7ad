/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/base/checked.h and nospec.h: every pair of boundary values against arithmetic that is wide enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/checked.h"
#include "core/base/nospec.h"

__extension__ typedef unsigned __int128 wide;

#define KEPT 0x5a5a5a5au

static const uint64_t values[] = {
    0, 1, 2, 3, 7, 8, 4095, 4096, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
    0x8000000000000000, 0xfffffffffffff000, 0xfffffffffffffffe, 0xffffffffffffffff,
};
#define COUNT (sizeof values / sizeof values[0])

static void check_64(bool accepted, uint64_t result, bool fits, wide exact)
{
    assert_int_equal(accepted, fits);
    assert_true(result == (fits ? (uint64_t)exact : KEPT)); /* left alone when refused */
}

static void of_64_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            uint64_t a = values[i], b = values[k], out = KEPT;
            bool accepted = checked_add_u64(a, b, &out);
            check_64(accepted, out, (wide)a + b <= UINT64_MAX, (wide)a + b);
            out = KEPT;
            accepted = checked_sub_u64(a, b, &out);
            check_64(accepted, out, a >= b, (wide)a - b);
            out = KEPT;
            accepted = checked_mul_u64(a, b, &out);
            check_64(accepted, out, (wide)a * b <= UINT64_MAX, (wide)a * b);
            assert_true(saturating_add_u64(a, b) == ((wide)a + b > UINT64_MAX ? UINT64_MAX : a + b));
        }
    }
}

static void of_32_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            uint32_t a = (uint32_t)values[i], b = (uint32_t)values[k], out = KEPT;
            uint64_t sum = (uint64_t)a + b, product = (uint64_t)a * b;
            assert_int_equal(checked_add_u32(a, b, &out), sum <= UINT32_MAX);
            assert_int_equal(out, sum <= UINT32_MAX ? sum : KEPT);
            out = KEPT;
            assert_int_equal(checked_mul_u32(a, b, &out), product <= UINT32_MAX);
            assert_int_equal(out, product <= UINT32_MAX ? product : KEPT);
        }
    }
}

static void alignment_and_powers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (unsigned shift = 0; shift < 64; shift++) {
            uint64_t align = 1ull << shift, out = KEPT;
            wide up = ((wide)values[i] + align - 1) / align * align;
            bool accepted = checked_align_up_u64(values[i], align, &out);
            check_64(accepted, out, (wide)values[i] + align - 1 <= UINT64_MAX, up);
        }
    }
    assert_false(is_power_of_two_u64(0));
    for (unsigned shift = 0; shift < 64; shift++) {
        assert_true(is_power_of_two_u64(1ull << shift));
        for (unsigned other = 0; other < shift; other++)
            assert_false(is_power_of_two_u64(1ull << shift | 1ull << other));
    }
}

static void masked_index(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            uint32_t index = (uint32_t)values[i], count = (uint32_t)values[k];
            assert_int_equal(index_nospec(index, count), index < count ? index : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_64_bits),
        cmocka_unit_test(of_32_bits),
        cmocka_unit_test(alignment_and_powers),
        cmocka_unit_test(masked_index),
    };
    return cmocka_run_group_tests_name("base_checked", tests, NULL, NULL);
}
