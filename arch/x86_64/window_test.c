/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What user code's tables show, and that the check finds what they must not
 * show. Physical addresses are chosen so that the direct map leads to memory
 * of this process: address - DIRECT_MAP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/early.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/window.h"

#define FRAMES 64u
#define TEXT 0xffffffff80001000ull
#define RECORD 0xffffffff80400000ull
#define STACK 0xffffff0000040000ull

static _Alignas(4096) uint64_t memory[FRAMES][TABLE_ENTRIES];
static unsigned used;

static uint64_t paddr_of(const void *p)
{
    return (uint64_t)(uintptr_t)p - DIRECT_MAP;
}

uint64_t early_frame(void)
{
    assert_true(used < FRAMES);
    return paddr_of(memory[used++]);
}

static struct window w;
static uint64_t top[TABLE_ENTRIES]; /* of an address space, as the kernel's root has it */
static char storage[200];
static struct text_buf why;

static int set_up(void **state)
{
    (void)state;
    memset(memory, 0, sizeof memory);
    memset(top, 0, sizeof top);
    used = 0;
    why = text_buf_over(storage, sizeof storage);
    window_init(&w);
    window_add(&w, TEXT, 0x201000, 0);
    window_add(&w, RECORD, 0x600000, PTE_WRITE | PTE_NO_EXECUTE);
    window_add(&w, STACK, 0x700000, PTE_WRITE | PTE_NO_EXECUTE);
    top[0] = 0x800000 | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NO_EXECUTE;
    top[3] = 0x900000 | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NO_EXECUTE;
    return 0;
}

static uint64_t *own(void)
{
    return phys_pointer(w.root);
}

static void refused(unsigned tops, const char *reason)
{
    why.len = 0;
    assert_false(window_is_valid(&w, top, tops, &why));
    assert_memory_equal(why.bytes, reason, strlen(reason));
}

static void holds(unsigned tops)
{
    why.len = 0;
    assert_true(window_is_valid(&w, top, tops, &why));
    assert_int_equal(why.len, 0);
}

static void pages_are_where_and_what_was_asked(void **state)
{
    (void)state;
    assert_int_equal(*table_entry(w.root, TEXT, 0), 0x201000 | PTE_PRESENT);
    assert_int_equal(*table_entry(w.root, RECORD, 0), 0x600000 | PTE_PRESENT | PTE_WRITE | PTE_NO_EXECUTE);
    assert_int_equal(*table_entry(w.root, TEXT + 0x1000, 0), 0);
    assert_int_equal(w.count, 3);
    for (unsigned i = 0; i < TABLE_KERNEL_HALF; i++)
        assert_int_equal(own()[i], 0);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        assert_int_equal(own()[i] & PTE_USER, 0);
    holds(0);
}

static void user_half_is_shown_and_may_run(void **state)
{
    (void)state;
    window_show(&w, top, 4);
    assert_int_equal(own()[0], top[0] & ~PTE_NO_EXECUTE);
    assert_int_equal(own()[3], top[3] & ~PTE_NO_EXECUTE);
    assert_int_equal(own()[1], 0);
    holds(4);
    window_show(&w, top, 1); /* a smaller space: nothing of the larger one stays */
    assert_int_equal(own()[3], 0);
    holds(1);
    window_show(&w, NULL, 0);
    assert_int_equal(own()[0], 0);
    holds(0);
}

static void new_entries_are_shown_at_once_and_go_with_their_space(void **state)
{
    (void)state;
    window_show(&w, top, 1);
    window_show_one(&w, 3, top[3]);
    assert_int_equal(own()[3], top[3] & ~PTE_NO_EXECUTE);
    holds(4);
    window_show(&w, top, 1);
    holds(1);
    window_show_one(&w, 255, top[3]);
    window_show_one(&w, 7, top[3]);
    window_show(&w, NULL, 0);
    holds(0);
}

static void bits_of_the_processor_do_not_matter(void **state)
{
    (void)state;
    window_show(&w, top, 4);
    own()[0] |= 0x20;
    top[3] |= 0x20;
    *table_entry(w.root, RECORD, 0) |= 0x60;
    holds(4);
}

static void a_kernel_page_in_the_user_tables_is_found(void **state)
{
    (void)state;
    *table_entry(w.root, TEXT + 0x1000, 0) = 0x202000 | PTE_PRESENT;
    refused(0, "user tables show the kernel at 0xffffffff80002000");
}

static void all_memory_in_the_user_tables_is_found(void **state)
{
    (void)state;
    *table_entry(w.root, DIRECT_MAP, 1) = PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NO_EXECUTE;
    refused(0, "user tables show the kernel at 0xffff800000000000");
}

static void another_frame_behind_a_window_page_is_found(void **state)
{
    (void)state;
    *table_entry(w.root, STACK, 0) += 0x1000;
    refused(0, "user tables show the kernel at 0xffffff0000040000");
}

static void more_rights_than_asked_are_found(void **state)
{
    (void)state;
    *table_entry(w.root, RECORD, 0) &= ~PTE_NO_EXECUTE;
    refused(0, "user tables show the kernel at 0xffffffff80400000");
    *table_entry(w.root, RECORD, 0) |= PTE_NO_EXECUTE | PTE_USER;
    refused(0, "user tables show the kernel at 0xffffffff80400000");
}

static void a_window_page_that_is_missing_is_found(void **state)
{
    (void)state;
    *table_entry(w.root, STACK, 0) = 0;
    refused(0, "window page missing");
}

static void another_user_half_is_found(void **state)
{
    (void)state;
    refused(1, "user tables differ from their address space at 0x0");
    window_show(&w, top, 4);
    refused(1, "user tables differ from their address space at 0x18000000000");
}

static void user_pages_that_run_on_the_kernels_tables_are_found(void **state)
{
    (void)state;
    window_show(&w, top, 4);
    top[3] &= ~PTE_NO_EXECUTE;
    refused(4, "the kernel's tables let user pages run at 0x18000000000");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_are_where_and_what_was_asked),
        TEST(user_half_is_shown_and_may_run),
        TEST(new_entries_are_shown_at_once_and_go_with_their_space),
        TEST(bits_of_the_processor_do_not_matter),
        TEST(a_kernel_page_in_the_user_tables_is_found),
        TEST(all_memory_in_the_user_tables_is_found),
        TEST(another_frame_behind_a_window_page_is_found),
        TEST(more_rights_than_asked_are_found),
        TEST(a_window_page_that_is_missing_is_found),
        TEST(another_user_half_is_found),
        TEST(user_pages_that_run_on_the_kernels_tables_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
