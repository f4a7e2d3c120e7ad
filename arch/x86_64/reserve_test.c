/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reserving memory: every way in which a hole can lie to a range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/reserve.h"

static struct boot_info map_of(uint64_t start, uint64_t end)
{
    struct boot_info info = {.range_count = 3};
    info.ranges[0] = (struct bootinfo_range){0x1000, 0x2000, BOOTINFO_RESERVED};
    info.ranges[1] = (struct bootinfo_range){start, end, BOOTINFO_USABLE};
    info.ranges[2] = (struct bootinfo_range){0x100000, 0x200000, BOOTINFO_USABLE};
    return info;
}

static void check(const struct boot_info *info, uint32_t i, uint64_t start, uint64_t end)
{
    assert_true(info->range_count > i);
    assert_int_equal(info->ranges[i].start, start);
    assert_int_equal(info->ranges[i].end, end);
    assert_int_equal(info->ranges[i].type, BOOTINFO_USABLE);
}

static void hole_in_the_middle_splits(void **state)
{
    (void)state;
    struct boot_info info = map_of(0x10000, 0x20000);
    assert_true(reserve_range(&info, 0x14000, 0x16000));
    assert_int_equal(info.range_count, 4);
    check(&info, 1, 0x10000, 0x14000);
    check(&info, 2, 0x16000, 0x20000);
    check(&info, 3, 0x100000, 0x200000);
}

static void hole_at_an_end_shrinks(void **state)
{
    (void)state;
    struct boot_info info = map_of(0x10000, 0x20000);
    assert_true(reserve_range(&info, 0x10000, 0x11000));
    assert_true(reserve_range(&info, 0x1f000, 0x20000));
    assert_int_equal(info.range_count, 3);
    check(&info, 1, 0x11000, 0x1f000);
}

static void hole_over_several_ranges_removes_and_shrinks(void **state)
{
    (void)state;
    struct boot_info info = map_of(0x10000, 0x20000);
    assert_true(reserve_range(&info, 0, 0x180000));
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.ranges[0].type, BOOTINFO_RESERVED);
    assert_int_equal(info.ranges[0].end, 0x2000);
    check(&info, 1, 0x180000, 0x200000);
}

static void hole_beside_a_range_changes_nothing(void **state)
{
    (void)state;
    struct boot_info info = map_of(0x10000, 0x20000);
    assert_true(reserve_range(&info, 0x20000, 0x100000));
    assert_true(reserve_range(&info, 0x8000, 0x10000));
    assert_true(reserve_range(&info, 0x30000, 0x40000));
    assert_int_equal(info.range_count, 3);
    check(&info, 1, 0x10000, 0x20000);
    check(&info, 2, 0x100000, 0x200000);
}

static void a_full_table_refuses_the_split_only(void **state)
{
    (void)state;
    struct boot_info info = {.range_count = BOOTINFO_RANGES_MAX};
    for (uint32_t i = 0; i < BOOTINFO_RANGES_MAX; i++)
        info.ranges[i] = (struct bootinfo_range){i * 0x10000ull, i * 0x10000ull + 0x8000, BOOTINFO_USABLE};
    assert_true(reserve_range(&info, 0x10000, 0x11000));
    assert_false(reserve_range(&info, 0x22000, 0x23000));
    assert_int_equal(info.range_count, BOOTINFO_RANGES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hole_in_the_middle_splits),
        cmocka_unit_test(hole_at_an_end_shrinks),
        cmocka_unit_test(hole_over_several_ranges_removes_and_shrinks),
        cmocka_unit_test(hole_beside_a_range_changes_nothing),
        cmocka_unit_test(a_full_table_refuses_the_split_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
