/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the load plan: refusals L1, L2, L4, L6 with their edges, page counts, TLS placement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/layout.h"
#include "core/elf/load_plan.h"

static struct elf_image image;
static struct elf_load_plan plan;

static int good(void **state)
{
    (void)state;
    memset(&image, 0, sizeof image);
    memset(&plan, 0xee, sizeof plan);
    image.entry = 0x200010;
    image.segment_count = 3;
    image.segments[0] = (struct elf_segment){ 0x200000, 0x1000, 0x1000, 0x1000, 5 };
    image.segments[1] = (struct elf_segment){ 0x201000, 0, 0x2000, 0, 4 };
    image.segments[2] = (struct elf_segment){ 0x202800, 0x1000, 0x3800, 0x10, 6 };
    image.has_tls_header = true;
    return 0;
}

static void set_tls(uint64_t vaddr, uint64_t memsz, uint64_t align)
{
    image.tls = (struct elf_tls){
        .vaddr = vaddr, .memsz = memsz, .offset = 0x3000, .filesz = memsz / 2, .align = align
    };
}

static enum elf_error run(void)
{
    return elf_plan_load(&image, ELF_COMMIT_UNLIMITED, &plan);
}

static void test_plans_pages(void **state)
{
    (void)state;
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.entry, 0x200010);
    assert_int_equal(plan.segment_count, 3);
    assert_int_equal(plan.segments[0].first_page, 0x200000);
    assert_int_equal(plan.segments[0].pages, 1);
    assert_true(plan.segments[0].executable);
    assert_false(plan.segments[0].writable);
    assert_int_equal(plan.segments[1].pages, 0);
    assert_int_equal(plan.segments[2].first_page, 0x202000);
    assert_int_equal(plan.segments[2].pages, 2);
    assert_true(plan.segments[2].writable);
    assert_false(plan.segments[2].executable);
    assert_int_equal(plan.segments[2].file.filesz, 0x10);
    assert_int_equal(plan.image_pages, 3);
    assert_int_equal(plan.tls.tp, 0);
    assert_int_equal(plan.tls.pages, 0);
}

static void test_zero_bytes_inside_a_page_map_nothing(void **state)
{
    (void)state;
    image.segments[1].vaddr = 0x201800;
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.segments[1].pages, 0);
}

static void test_refuses_writable_and_executable(void **state)
{
    (void)state;
    image.segments[2].flags = 7;
    image.segments[0].vaddr = 0x1000; /* L1 comes before L2 */
    assert_int_equal(run(), ELF_WRITABLE_AND_EXECUTABLE);
    assert_string_equal(elf_error_text(ELF_WRITABLE_AND_EXECUTABLE), "segment is writable and executable");
}

static void test_refuses_outside_the_image_region(void **state)
{
    (void)state;
    image.segments[0].vaddr = 0x1ff000;
    set_tls(0, 0x200000, 8); /* L2 comes before L4 */
    assert_int_equal(run(), ELF_OUTSIDE_IMAGE_REGION);
    assert_string_equal(elf_error_text(ELF_OUTSIDE_IMAGE_REGION), "segment outside process image region");
    good(NULL);
    image.segments[2] = (struct elf_segment){ 0xfef000, 0x1000, 0x3000, 0, 6 };
    assert_int_equal(run(), ELF_OK);
    image.segments[2].memsz = 0x1001;
    assert_int_equal(run(), ELF_OUTSIDE_IMAGE_REGION);
    image.segments[2] = (struct elf_segment){ USER_HALF_LIMIT - 1, 1, 0, 0, 6 };
    assert_int_equal(run(), ELF_OUTSIDE_IMAGE_REGION);
}

static void test_tls_formula(void **state)
{
    (void)state;
    set_tls(0x202000, 4, 4); /* a lone u32: addressed at tp - 4 */
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1100008);
    assert_int_equal(plan.tls.image_va, 0x1100004);
    assert_int_equal(plan.tls.offset, 0x3000);
    assert_int_equal(plan.tls.filesz, 2);
    assert_int_equal(plan.tls.pages, 1);
    set_tls(0x202000, 0x21, 64);
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1100040);
    assert_int_equal(plan.tls.image_va, 0x1100000);
    set_tls(0x202004, 0x21, 16); /* start not aligned: padding follows the end of the template */
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1100030);
    assert_int_equal(plan.tls.image_va, 0x1100030 - 0x2c);
    set_tls(0x202003, 5, 0); /* no alignment named: none in the size */
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1100008);
    assert_int_equal(plan.tls.image_va, 0x1100003);
}

static void test_tls_pages_reach_past_tp(void **state)
{
    (void)state;
    set_tls(0x202000, 4096 - 64, 8);
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.pages, 1);
    set_tls(0x202000, 4096 - 56, 8);
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.pages, 2);
}

static void test_refuses_large_tls(void **state)
{
    (void)state;
    set_tls(0x200000, 0x100000 - 64, 8);
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1200000 - 64);
    assert_int_equal(plan.tls.pages, 256);
    set_tls(0x200000, 0x100000 - 63, 8);
    assert_int_equal(run(), ELF_TLS_TOO_LARGE);
    set_tls(0x200000, USER_HALF_LIMIT - 0x200000, 8);
    assert_int_equal(run(), ELF_TLS_TOO_LARGE);
    set_tls(0x200000, 8, 4096);
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.tp, 0x1101000);
    assert_int_equal(plan.tls.pages, 2);
    set_tls(0x200000, 8, 8192);
    assert_int_equal(run(), ELF_TLS_TOO_LARGE);
    assert_string_equal(elf_error_text(ELF_TLS_TOO_LARGE), "TLS segment too large");
    set_tls(0x200000, 0, 8192); /* no image, so no limit on it */
    assert_int_equal(run(), ELF_OK);
    assert_int_equal(plan.tls.pages, 0);
}

static void test_commit_limit(void **state)
{
    (void)state;
    assert_int_equal(elf_plan_load(&image, 3 * 4096, &plan), ELF_OK);
    assert_int_equal(elf_plan_load(&image, 3 * 4096 - 1, &plan), ELF_MEMORY_LIMIT);
    assert_int_equal(elf_plan_load(&image, 0, &plan), ELF_MEMORY_LIMIT);
    assert_string_equal(elf_error_text(ELF_MEMORY_LIMIT), "process memory limit exceeded");
    assert_string_equal(elf_error_text(ELF_NO_FRAMES), "out of physical frames");
    set_tls(0x200000, 8, 8192);
    assert_int_equal(elf_plan_load(&image, 0, &plan), ELF_TLS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_plans_pages, good),
        cmocka_unit_test_setup(test_zero_bytes_inside_a_page_map_nothing, good),
        cmocka_unit_test_setup(test_refuses_writable_and_executable, good),
        cmocka_unit_test_setup(test_refuses_outside_the_image_region, good),
        cmocka_unit_test_setup(test_tls_formula, good),
        cmocka_unit_test_setup(test_tls_pages_reach_past_tp, good),
        cmocka_unit_test_setup(test_refuses_large_tls, good),
        cmocka_unit_test_setup(test_commit_limit, good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
