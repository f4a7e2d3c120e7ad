/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Page tables of address spaces, with and without isolation, in memory of this
 * process: physical addresses are chosen so that the direct map leads there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/aspace.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/early.h"
#include "arch/x86_64/paging.h"

#define FRAMES 64u
#define HIGH 0x7f0000000000ull /* top-level entry 254 */

static _Alignas(4096) uint64_t memory[FRAMES][TABLE_ENTRIES];
static unsigned used, allowed;
static int taken; /* by the address space */

uint64_t kernel_root;
struct cpu cpus[MACHINE_CPUS_MAX];
uint32_t cpus_found;
struct mitigations mitigations;

uint64_t early_frame(void)
{
    assert_true(used < FRAMES);
    return (uint64_t)(uintptr_t)memory[used++] - DIRECT_MAP;
}

static bool take(void *owner, uint64_t *frame)
{
    (void)owner;
    if (allowed == 0)
        return false;
    allowed--;
    taken++;
    *frame = early_frame() >> PAGE_SHIFT;
    return true;
}

static void give(void *owner, uint64_t frame)
{
    (void)owner;
    (void)frame;
    taken--;
}

static struct machine_aspace as;

static void set_up(bool isolate)
{
    memset(memory, 0, sizeof memory);
    memset(cpus, 0, sizeof cpus);
    used = 0;
    taken = 0;
    allowed = FRAMES;
    cpus_found = 3;
    mitigations = (struct mitigations){.isolate = isolate};
    kernel_root = early_frame();
    ((uint64_t *)phys_pointer(kernel_root))[511] = 0x1234000 | PTE_PRESENT;
    for (uint32_t i = 0; i < cpus_found && isolate; i++)
        window_init(&cpus[i].window);
    assert_true(machine_aspace_init(&as, (struct machine_table_source){take, give, NULL}));
}

static uint64_t top_of(uint64_t root, unsigned index)
{
    return ((const uint64_t *)phys_pointer(root))[index];
}

static void shared_tables_run_user_code(void **state)
{
    (void)state;
    set_up(false);
    assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT | PROT_EXEC_BIT));
    assert_int_equal(top_of(as.root, 0) & PTE_NO_EXECUTE, 0);
    assert_int_equal(top_of(as.root, 511), 0x1234000 | PTE_PRESENT);
    assert_int_equal(*aspace_entry(&as, 0x400000) & ~PTE_KEPT & ~(7ull << PTE_PROT_SHIFT), 0x77000 | PTE_PRESENT | PTE_USER);
}

static void isolated_tables_run_it_only_where_the_cpu_shows_them(void **state)
{
    (void)state;
    set_up(true);
    cpus[1].aspace = &as;
    assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT | PROT_EXEC_BIT));
    assert_true(machine_aspace_map(&as, HIGH, 0x78, PROT_READ_BIT | PROT_WRITE_BIT));
    assert_int_equal(as.tops, 255);
    for (unsigned i = 0; i < TABLE_KERNEL_HALF; i += 254) {
        uint64_t entry = top_of(as.root, i);
        assert_true((entry & PTE_NO_EXECUTE) != 0);
        assert_int_equal(top_of(cpus[1].window.root, i), entry & ~PTE_NO_EXECUTE);
        assert_int_equal(top_of(cpus[0].window.root, i), 0);
        assert_int_equal(top_of(cpus[2].window.root, i), 0);
    }
    assert_int_equal(top_of(cpus[1].window.root, 511), 0); /* of the kernel's half nothing */
}

static void tops_never_shrink(void **state)
{
    (void)state;
    set_up(true);
    assert_true(machine_aspace_map(&as, HIGH, 0x78, PROT_READ_BIT));
    assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT));
    assert_int_equal(as.tops, 255);
}

static void an_entry_nobody_may_touch_names_no_memory(void **state)
{
    (void)state;
    const uint64_t frame = 0x12345;
    struct machine_page page;
    set_up(false);
    assert_true(machine_aspace_map(&as, 0x400000, frame, PROT_READ_BIT | PROT_WRITE_BIT));
    machine_aspace_protect(&as, 0x400000, PROT_NONE_BITS);
    uint64_t entry = *aspace_entry(&as, 0x400000);
    assert_int_equal(entry & PTE_PRESENT, 0);
    assert_int_equal((entry & PTE_FRAME) >> PAGE_SHIFT, ~frame & (PTE_FRAME >> PAGE_SHIFT));
    assert_true(machine_aspace_lookup(&as, 0x400000, &page));
    assert_int_equal(page.frame, frame);
    assert_int_equal(page.prot, 0);
    machine_aspace_protect(&as, 0x400000, PROT_NONE_BITS); /* not turned back by doing it twice */
    assert_true(machine_aspace_lookup(&as, 0x400000, &page));
    assert_int_equal(page.frame, frame);
    machine_aspace_protect(&as, 0x400000, PROT_READ_BIT);
    assert_int_equal(*aspace_entry(&as, 0x400000) & PTE_FRAME, frame << PAGE_SHIFT);
    machine_aspace_unmap(&as, 0x400000);
    assert_false(machine_aspace_lookup(&as, 0x400000, &page));
}

static void every_table_is_given_back(void **state)
{
    (void)state;
    for (int isolate = 0; isolate < 2; isolate++) {
        set_up(isolate != 0);
        assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT));
        assert_true(machine_aspace_map(&as, HIGH, 0x78, PROT_READ_BIT));
        assert_int_equal(taken, 7);
        machine_aspace_unmap(&as, 0x400000);
        machine_aspace_unmap(&as, HIGH);
        machine_aspace_destroy(&as);
        assert_int_equal(taken, 0);
    }
}

static unsigned flushes;

void machine_aspace_flush(struct machine_aspace *space, uint64_t va, uint64_t pages)
{
    assert_ptr_equal(space, &as);
    assert_true(va == 0x400000 && pages >= 1);
    assert_int_equal(taken, 7); /* nothing was given back yet */
    assert_null(aspace_entry(&as, 0x400000));
    flushes++;
}

/* The root and a table under each top-level entry stay; tables with a page in them stay. */
static void empty_tables_are_given_back(void **state)
{
    (void)state;
    struct machine_page page;
    set_up(true);
    flushes = 0;
    assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT));
    assert_true(machine_aspace_map(&as, 0x401000, 0x76, PROT_READ_BIT));
    assert_true(machine_aspace_map(&as, HIGH, 0x78, PROT_READ_BIT));
    assert_int_equal(taken, 7);
    machine_aspace_unmap(&as, 0x400000);
    machine_aspace_trim(&as, 0x400000, 1);
    assert_int_equal(flushes, 0);
    assert_true(machine_aspace_lookup(&as, 0x401000, &page));
    machine_aspace_unmap(&as, 0x401000);
    machine_aspace_trim(&as, 0x400000, 2);
    assert_int_equal(flushes, 1);
    assert_int_equal(taken, 5);
    assert_true(machine_aspace_lookup(&as, HIGH, &page));
    assert_int_equal(page.frame, 0x78);
    machine_aspace_trim(&as, 0x400000, 2); /* nothing is left to give */
    assert_int_equal(flushes, 1);
    assert_true(machine_aspace_map(&as, 0x400000, 0x79, PROT_READ_BIT));
    assert_int_equal(taken, 7);
    machine_aspace_unmap(&as, 0x400000);
    machine_aspace_unmap(&as, HIGH);
    machine_aspace_destroy(&as);
    assert_int_equal(taken, 0);
}

/* A table of pages goes alone while its neighbour has a page. */
static void neighbours_keep_what_they_share(void **state)
{
    (void)state;
    struct machine_page page;
    set_up(false);
    flushes = 0;
    assert_true(machine_aspace_map(&as, 0x400000, 0x77, PROT_READ_BIT));
    assert_true(machine_aspace_map(&as, 0x600000, 0x78, PROT_READ_BIT));
    assert_true(machine_aspace_map(&as, HIGH, 0x79, PROT_READ_BIT));
    taken--; /* as the flush counts them */
    machine_aspace_unmap(&as, 0x400000);
    machine_aspace_trim(&as, 0x400000, 1024); /* also the table that has its first entry in use */
    assert_int_equal(flushes, 1);
    assert_int_equal(taken, 6);
    assert_true(machine_aspace_lookup(&as, 0x600000, &page));
    assert_int_equal(page.frame, 0x78);
}

static void a_refused_table_changes_nothing(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        set_up(true);
        cpus[0].aspace = &as;
        allowed = n;
        assert_false(machine_aspace_map(&as, HIGH, 0x78, PROT_READ_BIT));
        assert_int_equal(taken, 1);
        assert_int_equal(as.tops, 0);
        assert_int_equal(top_of(as.root, 254), 0);
        assert_int_equal(top_of(cpus[0].window.root, 254), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_tables_run_user_code),
        cmocka_unit_test(isolated_tables_run_it_only_where_the_cpu_shows_them),
        cmocka_unit_test(tops_never_shrink),
        cmocka_unit_test(an_entry_nobody_may_touch_names_no_memory),
        cmocka_unit_test(every_table_is_given_back),
        cmocka_unit_test(a_refused_table_changes_nothing),
        cmocka_unit_test(empty_tables_are_given_back),
        cmocka_unit_test(neighbours_keep_what_they_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
