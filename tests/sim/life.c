/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Process life on the simulated machine: start state, exits, faults, spawn, wait, terminate, ten thousand cycles. */
#include <string.h>

#include "tests/sim/guest.h"
#include "tests/sim/harness.h"

static int64_t exits_with_seven(uint64_t ring, uint64_t pid, uint64_t capset)
{
    CHECK_EQ(ring, USER_RING_BASE);
    CHECK_EQ(pid, 1);
    CHECK_EQ(capset, USER_CAPSET_BASE);
    return 7;
}

static int64_t without_authority(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    CHECK_EQ(capset, 0);
    CHECK(sim_user(USER_CAPSET_BASE, 1, false) == NULL);
    for (uint32_t id = 0; id < 300; id++)
        CHECK_EQ(guest_run(guest_call_sqe(id, 0, 0)).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(sim_syscall(SYSCALL_RETIRED_WRITE, 0, 0), SYSCALL_REJECTED);
    for (uint64_t number = 3; number < 100; number++)
        CHECK_EQ(sim_syscall(number, 1, 1), SYSCALL_REJECTED);
    CHECK_EQ(guest_enter(0, 0), 0);
    return 0;
}

static int64_t faults(uint64_t ring, uint64_t pid, uint64_t capset)
{
    (void)ring;
    (void)pid;
    (void)capset;
    sim_fault(0xdead000, true);
}

static int64_t sees_its_capset(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    const struct capset_page *page = guest.capset;
    CHECK_EQ(page->magic, CAPSET_MAGIC);
    CHECK_EQ(page->version, 1);
    CHECK_EQ(page->count, 2);
    CHECK_EQ(page->entries[0].cap_id, 0);
    CHECK_EQ(page->entries[0].interface_id, CAPOS_TIMER_INTERFACE_ID);
    CHECK(memcmp(page->entries[0].name, "clock", 6) == 0 && page->entries[0].name_len == 5);
    CHECK_EQ(page->entries[1].interface_id, CAPOS_CONSOLE_INTERFACE_ID);
    CHECK(sim_user(capset, 1, true) == NULL);
    return 0;
}

static struct capos_client spawn(struct capos_client *spawner, const char *binary, const struct capos_cap_grant *grants,
                                 uint32_t count)
{
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("child"), .binary_name = capn_text_of(binary),
                                                     .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_process_spawner_spawn_results got;
    enum capos_status status = capos_process_spawner_spawn(spawner, &in, &got);
    if (status == CAPOS_EXCEPTION)
        harness_note("spawn: %.*s", (int)spawner->exception.len, spawner->exception.text);
    EXPECT(status == CAPOS_OK);
    CHECK_EQ(got.handle_index, 0);
    CHECK_EQ(got.capability_manager_index, 1);
    struct capos_client handle = guest_take_cap(0);
    CHECK_EQ(handle.interface_id, CAPOS_PROCESS_HANDLE_INTERFACE_ID);
    uint32_t manager = guest_take_cap(1).cap_id;
    CHECK_EQ(guest_release(manager), 0);
    return handle;
}

static int64_t wait_for(struct capos_client *handle)
{
    struct capos_process_handle_wait_results got;
    EXPECT(capos_process_handle_wait(handle, NULL, &got) == CAPOS_OK);
    return got.exit_code;
}

static int64_t child_returns_pid(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    return (int64_t)pid;
}

static int64_t child_waits_for_ever(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    while (guest_enter(1, CAP_ENTER_WAIT_FOREVER) != SYSCALL_REJECTED)
        continue;
    return 0;
}

static int64_t child_spins(uint64_t ring, uint64_t pid, uint64_t capset)
{
    (void)ring;
    (void)capset;
    while (pid != 0)
        sim_pause();
    return 0;
}

static int64_t parent(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_client child = spawn(&spawner, "pid", NULL, 0);
    CHECK_EQ(wait_for(&child), 2);
    CHECK_EQ(wait_for(&child), 2);
    EXPECT(capos_process_handle_terminate(&child, NULL, NULL) == CAPOS_OK);
    CHECK_EQ(guest_release(child.cap_id), 0);
    static const char *const stubborn[] = { "waits", "spins" };
    for (int i = 0; i < 2; i++) {
        child = spawn(&spawner, stubborn[i], NULL, 0);
        EXPECT(capos_process_handle_terminate(&child, NULL, NULL) == CAPOS_OK);
        CHECK_EQ((uint64_t)wait_for(&child), (uint64_t)EXIT_CODE_TERMINATED);
        CHECK_EQ(guest_release(child.cap_id), 0);
    }
    child = spawn(&spawner, "faults", NULL, 0);
    CHECK_EQ((uint64_t)wait_for(&child), (uint64_t)EXIT_CODE_FAULT);
    return 0;
}

static int64_t second_wait(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_client child = spawn(&spawner, "waits", NULL, 0);
    struct ring_sqe wait = guest_call_sqe(child.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0);
    wait.result_addr = GUEST_SPARE;
    wait.result_len = 64;
    uint64_t first = guest_submit(wait);
    struct capos_process_handle_wait_results got;
    CHECK_EQ(capos_process_handle_wait(&child, NULL, &got), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&child, CAP_EXCEPTION_OVERLOADED, "process wait already registered"));
    uint64_t second = guest_submit(guest_call_sqe(child.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0));
    for (int i = 0; i < 2; i++) {
        struct ring_cqe cqe = guest_wait();
        CHECK(cqe.user_data == first || cqe.user_data == second);
        CHECK_EQ(cqe.result, cqe.user_data == first ? 24 : 0);
    }
    return 0;
}

static int64_t unknown_binary(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("x"), .binary_name = capn_text_of("no such") };
    struct capos_process_spawner_spawn_results got;
    CHECK_EQ(capos_process_spawner_spawn(&spawner, &in, &got), CAPOS_EXCEPTION);
    CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_FAILED);
    struct capos_cap_grant twice[2] = { { .name = capn_text_of("a"), .interface_id = CAPOS_TIMER_INTERFACE_ID,
                                          .has_source = true, .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL,
                                          .kernel = CAPOS_KERNEL_CAP_SOURCE_TIMER } } };
    twice[1] = twice[0];
    in.binary_name = capn_text_of("pid");
    in.grants = capn_list_over(twice, 2, sizeof twice[0]);
    CHECK_EQ(capos_process_spawner_spawn(&spawner, &in, &got), CAPOS_EXCEPTION);
    CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_INVALID_ARGUMENT);
    /* A held capability that is no endpoint and not transferable. */
    struct capos_cap_grant held = { .name = capn_text_of("s"), .cap_id = spawner.cap_id, .interface_id = spawner.interface_id };
    in.grants = capn_list_over(&held, 1, sizeof held);
    CHECK_EQ(capos_process_spawner_spawn(&spawner, &in, &got), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_FAILED, "capability hold is not transferable"));
    return 0;
}

static int64_t spawn_often(int64_t times)
{
    struct capos_client spawner = guest_open("process_spawner");
    for (int64_t i = 0; i < times; i++) {
        struct capos_client child = spawn(&spawner, "pid", NULL, 0);
        CHECK_EQ(wait_for(&child), i + 2);
        CHECK_EQ(guest_release(child.cap_id), 0);
    }
    return 0;
}

static int64_t ten_thousand(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    return spawn_often(10000);
}

static int64_t five_hundred(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    return spawn_often(500);
}

static const struct sim_test tests[] = {
    { .name = "exit-code", .init = exits_with_seven, .grants = { { "timer", NULL } }, .exit_code = 7 },
    { .name = "no-authority", .init = without_authority },
    { .name = "fault-ends-process", .init = faults, .exit_code = EXIT_CODE_FAULT },
    { .name = "capset", .init = sees_its_capset, .grants = { { "clock", "timer" }, { "console", NULL } } },
    { .name = "spawn-wait-terminate", .init = parent, .grants = { { "process_spawner", NULL } },
      .programs = { { "pid", child_returns_pid }, { "waits", child_waits_for_ever }, { "spins", child_spins }, { "faults", faults } },
      .every_fault = true },
    { .name = "second-wait", .init = second_wait, .grants = { { "process_spawner", NULL } },
      .programs = { { "waits", child_waits_for_ever } } },
    { .name = "spawn-refusals", .init = unknown_binary, .grants = { { "process_spawner", NULL } },
      .programs = { { "pid", child_returns_pid } } },
    { .name = "ten-thousand-spawns", .init = ten_thousand, .grants = { { "process_spawner", NULL } },
      .programs = { { "pid", child_returns_pid } }, .only_cpus = 2 },
    { .name = "spawns", .init = five_hundred, .grants = { { "process_spawner", NULL } }, .programs = { { "pid", child_returns_pid } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
