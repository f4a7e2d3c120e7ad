/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How authority travels: grants of every mode, refused spawns that leave no trace, revocation, replies that do not arrive. */
#include "tests/sim/kit.h"

static struct capos_client spawner;

static enum capos_status try_spawn(const char *binary, const struct capos_cap_grant *grants, uint32_t count)
{
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("child"), .binary_name = capn_text_of(binary),
                                                     .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_process_spawner_spawn_results got;
    return capos_process_spawner_spawn(&spawner, &in, &got);
}

static void refused(enum cap_exception_type type, const char *text, const struct capos_cap_grant *grants, uint32_t count)
{
    CHECK_EQ(try_spawn("says_hello", grants, count), CAPOS_EXCEPTION);
    if (!guest_exception_is(&spawner, type, text))
        harness_note("got: %.*s", (int)spawner.exception.len, spawner.exception.text);
    CHECK(guest_exception_is(&spawner, type, text));
}

static int64_t wait_for(struct capos_client *handle)
{
    struct capos_process_handle_wait_results got;
    EXPECT(capos_process_handle_wait(handle, NULL, &got) == CAPOS_OK);
    return got.exit_code;
}

static struct capos_client memory_object(uint32_t pages)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    EXPECT(capos_frame_allocator_alloc_contiguous(
               &allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = pages }, &got) == CAPOS_OK);
    return guest_take_cap(got.handle_index);
}

static bool is_held(uint32_t cap_id)
{
    return guest_run(guest_call_sqe(cap_id, 99, 0)).result != CAP_ERR_INVOKE_FAILED;
}

PROGRAM(says_hello)
{
    struct capos_client console = guest_open("con");
    EXPECT(capos_console_write_line(&console, &(struct capos_console_write_line_params){ .text = capn_text_of("hello") }, NULL) == CAPOS_OK);
}

PROGRAM(fills_memory)
{
    struct capos_client memory = guest_open("mem");
    struct capos_memory_object_map_results at;
    EXPECT(capos_memory_object_map(&memory, &(struct capos_memory_object_map_params){ .size = 4096, .prot = 3 }, &at) == CAPOS_OK);
    memset(sim_user(at.addr, 4096, true), 0x77, 4096);
}

PROGRAM(grants)
{
    spawner = guest_open("process_spawner");
    struct capos_client console = guest_open("console"), memory = memory_object(2);
    struct capos_cap_grant con = HELD("con", console, CAPOS_CAP_GRANT_MODE_RAW);
    EXPECT(try_spawn("says_hello", &con, 1) == CAPOS_OK);
    struct capos_client child = guest_take_cap(0);
    EXPECT(wait_for(&child) == 0);
    /* A raw grant of memory shares it. */
    struct capos_memory_object_map_results at;
    EXPECT(capos_memory_object_map(&memory, &(struct capos_memory_object_map_params){ .size = 4096, .prot = 3 }, &at) == CAPOS_OK);
    struct capos_cap_grant shared = HELD("mem", memory, CAPOS_CAP_GRANT_MODE_RAW);
    EXPECT(try_spawn("fills_memory", &shared, 1) == CAPOS_OK);
    child = guest_take_cap(0);
    EXPECT(wait_for(&child) == 0);
    CHECK_EQ(*(uint8_t *)sim_user(at.addr + 9, 1, false), 0x77);
    CHECK(is_held(memory.cap_id));
    /* A move takes it away; the mapping stays, and so does its charge. */
    struct capos_cap_grant moved = HELD("mem", memory, CAPOS_CAP_GRANT_MODE_MOVE);
    EXPECT(try_spawn("fills_memory", &moved, 1) == CAPOS_OK);
    child = guest_take_cap(0);
    EXPECT(wait_for(&child) == 0);
    CHECK(!is_held(memory.cap_id));
    CHECK_EQ(guest_release(memory.cap_id), (uint64_t)CAPOS_INVALID_REQUEST);
    CHECK_EQ(*(uint8_t *)sim_user(at.addr + 9, 1, false), 0x77);
}

PROGRAM(refusals)
{
    spawner = guest_open("process_spawner");
    struct capos_client console = guest_open("console"), memory = memory_object(1);
    struct capos_cap_grant con = HELD("con", console, CAPOS_CAP_GRANT_MODE_RAW);
    struct capos_cap_grant two[2] = { con, con };
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "duplicate grant name", two, 2);
    two[1].name = capn_text_of("");
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "empty grant name", two, 2);
    two[1].name = capn_text_of("a name of more than thirty-two by");
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "grant name too long", two, 2);
    two[1] = (struct capos_cap_grant)KERNEL("t", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    two[1].badge = 7;
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "kernel source takes no badge", two, 2);
    two[1] = (struct capos_cap_grant)KERNEL("e", CAPOS_KERNEL_CAP_SOURCE_NIC, CAPOS_NIC_INTERFACE_ID);
    refused(CAP_EXCEPTION_FAILED, "kernel source nic is not available", two, 2);
    two[1] = (struct capos_cap_grant)HELD("x", console, CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT);
    refused(CAP_EXCEPTION_UNIMPLEMENTED, "capability is not an endpoint", two, 2);
    two[1].mode = CAPOS_CAP_GRANT_MODE_RAW;
    two[1].interface_id++;
    CHECK_EQ(try_spawn("says_hello", two, 2), CAPOS_EXCEPTION);
    CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_FAILED);
    two[1] = (struct capos_cap_grant)HELD("x", console, CAPOS_CAP_GRANT_MODE_RAW);
    two[1].cap_id = 200;
    refused(CAP_EXCEPTION_FAILED, "capability not found", two, 2);
    /* The same source moved twice: the first move is undone. */
    struct capos_cap_grant moves[2] = { HELD("a", memory, CAPOS_CAP_GRANT_MODE_MOVE), HELD("b", memory, CAPOS_CAP_GRANT_MODE_MOVE) };
    refused(CAP_EXCEPTION_FAILED, "capability transfer is already pending", moves, 2);
    CHECK(is_held(memory.cap_id));
    CHECK_EQ(guest_release(memory.cap_id), 0);
    static struct capos_cap_grant many[86];
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "too many grants", many, 86);
    /* A reply that could not arrive: nothing is spawned. */
    uint32_t len = guest_encode(&capos_process_spawner_spawn_method,
                                &(struct capos_process_spawner_spawn_params){ .binary_name = capn_text_of("says_hello") });
    struct ring_sqe sqe = guest_call_sqe(spawner.cap_id, CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, len);
    sqe.result_len = 55;
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    /* The next pid is the next one: no refusal above left a process behind. */
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_processes_results processes;
    EXPECT(capos_system_monitor_processes(&monitor, &(struct capos_system_monitor_processes_params){ 0 }, &processes) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&processes.records), 1);
}

PROGRAM(blocks)
{
    struct capos_client timer = guest_open("timer");
    while (capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 }, NULL) == CAPOS_OK)
        continue;
    CHECK_EQ(guest_run(guest_call_sqe(timer.cap_id, 0, 0)).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(guest_release(timer.cap_id), 0); /* a revoked capability can be released */
    CHECK_EQ(guest_release(timer.cap_id), (uint64_t)CAPOS_INVALID_REQUEST);
}

PROGRAM(revocation)
{
    spawner = guest_open("process_spawner");
    struct capos_cap_grant grant = KERNEL("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    EXPECT(try_spawn("blocks", &grant, 1) == CAPOS_OK);
    struct capos_client child = guest_take_cap(0), manager = guest_take_cap(1);
    CHECK_EQ(manager.interface_id, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID);
    struct capos_capability_manager_list_results list;
    EXPECT(capos_capability_manager_list(&manager, NULL, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 1);
    struct capos_capability_info info;
    CHECK_EQ(capos_capability_info_list_get(&list.capabilities, 0, &info), CAPN_OK);
    CHECK(info.id == 0 && info.interface_id == CAPOS_TIMER_INTERFACE_ID && capn_text_equal(info.label, capn_text_of("timer")));
    struct capos_capability_manager_revoke_params what = { .cap_id = 0 };
    EXPECT(capos_capability_manager_revoke(&manager, &what, NULL) == CAPOS_OK);
    EXPECT(wait_for(&child) == 0);
    EXPECT(capos_capability_manager_list(&manager, NULL, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 0);
    CHECK_EQ(capos_capability_manager_revoke(&manager, &what, NULL), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&manager, CAP_EXCEPTION_FAILED, "capability not found"));
}

/* Result capabilities that do not arrive are taken back, slot and frames. */
PROGRAM(lost_replies)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct ring_sqe sqe = guest_call_sqe(allocator.cap_id, CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD, 0);
    for (int i = 0; i < 300; i++) {
        sqe.result_len = 39;
        CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    }
    struct capos_client first = memory_object(1);
    CHECK(is_held(first.cap_id));
    CHECK_EQ(guest_release(first.cap_id), 0);
}

static const struct sim_test tests[] = {
    { .name = "grant-modes", .init = grants, .grants = { { "process_spawner", NULL }, { "console", NULL }, { "frame_allocator", NULL } },
      .programs = { { "says_hello", says_hello }, { "fills_memory", fills_memory } }, .console = "hello\n", .every_fault = true },
    { .name = "refused-grants", .init = refusals,
      .grants = { { "process_spawner", NULL }, { "console", NULL }, { "frame_allocator", NULL }, { "system_monitor", NULL } },
      .programs = { { "says_hello", says_hello } } },
    { .name = "revocation", .init = revocation, .grants = { { "process_spawner", NULL } }, .programs = { { "blocks", blocks } } },
    { .name = "lost-replies", .init = lost_replies, .grants = { { "frame_allocator", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
