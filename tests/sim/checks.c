/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's examination of itself finds what it is there for: each program
 * breaks one invariant behind the kernel's back and switches the machine off;
 * the verdict names it. And what else is seldom seen: thread-local storage at
 * the start, a panic's report, checks after each exit, a quiet start.
 */
#include "kernel/state.h"
#include "tests/sim/kit.h"

static struct process *me(void)
{
    return process_find(1);
}

static void switch_off(void)
{
    struct capos_client power = guest_open("power_control");
    (void)capos_power_control_power_off(&power, &(struct capos_power_control_power_off_params){ 0 }, NULL);
}

#define BREAKS(name, statement) \
    PROGRAM(name)               \
    {                           \
        statement;              \
        switch_off();           \
    }

static uint64_t frame_at(uint64_t va)
{
    struct machine_page page;
    CHECK(machine_aspace_lookup(&me()->aspace.machine, va, &page));
    return page.frame;
}

static uint64_t *charge(enum cap_resource resource)
{
    return &process_ledger(me())->pairs[resource].used;
}

BREAKS(lost_frame, kernel.frames.classes[kernel.frames.total - 2 - kernel.boot.package_len / PAGE_SIZE - 1] = FRAME_ANON)
BREAKS(two_owners, (machine_aspace_unmap(&me()->aspace.machine, USER_STACK_BASE + PAGE_SIZE),
                    machine_aspace_map(&me()->aspace.machine, USER_STACK_BASE + PAGE_SIZE, frame_at(USER_STACK_BASE + 2 * PAGE_SIZE), 3)))
BREAKS(kernel_frame, kernel.frames.classes[frame_at(USER_STACK_BASE + PAGE_SIZE)] = FRAME_KERNEL)
BREAKS(writable_code, machine_aspace_protect(&me()->aspace.machine, USER_IMAGE_BASE, 7))
BREAKS(table_charge, ++*charge(CAP_RESOURCE_PAGE_TABLE_PAGES))
BREAKS(image_charge, ++*charge(CAP_RESOURCE_IMAGE_PAGES))
BREAKS(reserved_charge, ++*charge(CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES))
BREAKS(slot_charge, ++*charge(CAP_RESOURCE_CAP_SLOTS))
BREAKS(page_charge, ++*charge(CAP_RESOURCE_FRAME_GRANT_PAGES))
BREAKS(call_charge, ++*charge(CAP_RESOURCE_OUTSTANDING_CALLS))
BREAKS(over_release, process_ledger(me())->over_releases = 1)
BREAKS(committed, ++me()->aspace.committed)
BREAKS(lost_thread, ++kernel.processes.threads.in_use)
BREAKS(lost_process, ++kernel.processes.pool.in_use)
BREAKS(lost_waiter, ++kernel.parks.count)
BREAKS(in_order, (void)0)

/* After the last process has gone: the same by counts. */
PROGRAM(loses_frame)
{
    kernel.boot.free_frames++;
}

PROGRAM(loses_epoch)
{
    kernel.epochs.in_use++;
}

PROGRAM(panics)
{
    kernel.cpus[0].current = NULL;
}

/* ---- thread-local storage ------------------------------------------------------------------- */

static struct capos_named_blob programs[3];
static uint8_t with_tls[2 * 4112];

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, 8);
}

/* The first program again, with a second header: 16 bytes of data and 24 of zeros. */
static void add_tls(struct capos_system_manifest *manifest)
{
    CHECK(capos_named_blob_list_get(&manifest->binaries, 0, &programs[0]) == CAPN_OK);
    memcpy(with_tls, programs[0].data.bytes, programs[0].data.len);
    uint8_t *header = with_tls + 64 + 56;
    with_tls[56] = 2;
    header[0] = 7;
    header[4] = 4;
    put64(header + 8, 512);
    put64(header + 16, USER_IMAGE_BASE + 0x4000);
    put64(header + 24, USER_IMAGE_BASE + 0x4000);
    put64(header + 32, 16);
    put64(header + 40, 40);
    put64(header + 48, 16);
    memcpy(with_tls + 512, "thread-local....", 16);
    programs[0].data.bytes = with_tls;
    manifest->binaries = capn_list_over(programs, 1, sizeof programs[0]);
}

PROGRAM(has_tls)
{
    uint64_t tp = me()->threads->start.fs_base;
    CHECK_EQ(tp % 16, 0);
    uint64_t self;
    memcpy(&self, sim_user(tp, 8, true), 8);
    CHECK_EQ(self, tp);
    uint64_t block = tp - 48; /* 40 rounded up to the alignment */
    CHECK(memcmp(sim_user(block, 16, true), "thread-local....", 16) == 0);
    for (uint64_t i = 16; i < 48; i++)
        CHECK_EQ(*(uint8_t *)sim_user(block + i, 1, true), 0);
    CHECK_EQ(block, 0x1100000);
    CHECK(sim_user(tp + 63, 1, true) != NULL && sim_user(0x1101000, 1, false) == NULL);
}

PROGRAM(child)
{
    kit_ring_works();
}

PROGRAM(checked_exits)
{
    for (int i = 0; i < 3; i++) {
        struct kit_child one = kit_spawn("child", NULL, 0);
        EXPECT(kit_wait(&one) == 0);
    }
}

/* The console is still sending when the last process has gone. */
PROGRAM(ends_while_console_sends)
{
    static char text[8000];
    struct capos_client console = guest_open("console");
    memset(text, '.', sizeof text);
    struct capos_console_write_params in = { .data = { (const uint8_t *)text, sizeof text } };
    EXPECT(capos_console_write(&console, &in, NULL) == CAPOS_OK);
}

#define BROKEN(title, program, text) \
    { .name = title, .init = program, .grants = { { "power_control", NULL } }, .never_exits = true, .broken = true, .verdict = text, .only_cpus = 1 }
#define LEDGERS(text) "check ledgers " text " of pid 1\n"

static const struct sim_test tests[] = {
    { .name = "check.in-order", .init = in_order, .grants = { { "power_control", NULL } }, .never_exits = true,
      .verdict = "check page-tables ok\ncheck user-tables ok\ncheck ledgers ok\ncheck processes ok\n" },
    BROKEN("check.lost-frame", lost_frame, "check page-tables lost frames of class"),
    BROKEN("check.two-owners", two_owners, "check page-tables frame has two owners at"),
    BROKEN("check.kernel-frame", kernel_frame, "check page-tables frame of the kernel's is mapped at"),
    BROKEN("check.writable-code", writable_code, "check page-tables writable and executable page at"),
    BROKEN("check.table-charge", table_charge, "check page-tables page-table frames and their charges differ\n"),
    BROKEN("check.committed", committed, "check page-tables committed pages and their count differ"),
    BROKEN("check.image-charge", image_charge, LEDGERS("image pages do not match their ledger")),
    BROKEN("check.reserved-charge", reserved_charge, LEDGERS("virtual reservations do not match their ledger")),
    BROKEN("check.slot-charge", slot_charge, LEDGERS("capability table does not match its ledger")),
    BROKEN("check.page-charge", page_charge, LEDGERS("capability table does not match its ledger")),
    BROKEN("check.call-charge", call_charge, LEDGERS("outstanding calls do not match their ledger")),
    BROKEN("check.over-release", over_release, "check ledgers "),
    BROKEN("check.lost-thread", lost_thread, "check processes thread records are lost\n"),
    BROKEN("check.lost-process", lost_process, "check processes process records are lost\n"),
    BROKEN("check.lost-waiter", lost_waiter, "check parks waiters in PARK and their table differ\n"),
    { .name = "check.fewer-frames", .init = loses_frame, .broken = true, .only_cpus = 1, .verdict = "check processes frames are lost\n" },
    { .name = "check.epochs", .init = loses_epoch, .broken = true, .only_cpus = 1, .verdict = "check processes epoch cells are lost\n" },
    { .name = "panic", .init = panics, .never_exits = true, .end = SIM_PANIC, .broken = true, .only_cpus = 1,
      .verdict = "system call of a thread that is not running" },
    { .name = "thread-local", .init = has_tls, .change = add_tls, .every_fault = true },
    { .name = "checked-exits", .init = checked_exits, .grants = { { "process_spawner", NULL } }, .programs = { { "child", child } },
      .cmdline = "quiet capos.check=1", .not_console = "ready after", .verdict = "frames free=" },
    { .name = "checked-end", .init = ends_while_console_sends, .grants = { { "console", NULL } }, .cmdline = "quiet capos.check=1",
      .verdict = "frames free=" },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
