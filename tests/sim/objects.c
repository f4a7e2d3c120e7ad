/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Each kernel object through typed calls on the simulated machine, refusals included. */
#include <string.h>

#include "tests/sim/guest.h"
#include "tests/sim/harness.h"

#define PROGRAM(name)                                                       \
    static void name##_body(void);                                          \
    static int64_t name(uint64_t ring, uint64_t pid, uint64_t capset)       \
    {                                                                       \
        struct guest guest;                                                 \
        guest_start(&guest, ring, pid, capset);                             \
        name##_body();                                                      \
        return 0;                                                           \
    }                                                                       \
    static void name##_body(void)

#define REFUSED(client, type, text, call)                                   \
    do {                                                                    \
        EXPECT(call == CAPOS_EXCEPTION);                                    \
        EXPECT(guest_exception_is(&(client), type, text));                  \
    } while (0)

#define INVALID(client, call)                                               \
    do {                                                                    \
        EXPECT(call == CAPOS_EXCEPTION);                                    \
        EXPECT((client).exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);  \
    } while (0)

PROGRAM(console)
{
    struct capos_client console = guest_open("console");
    struct capos_console_write_line_params line = { .text = capn_text_of("a line") };
    EXPECT(capos_console_write_line(&console, &line, NULL) == CAPOS_OK);
    struct capos_console_write_params bytes = { .data = { (const uint8_t *)"raw\n", 4 } };
    EXPECT(capos_console_write(&console, &bytes, NULL) == CAPOS_OK);
    /* Unknown methods are judged before the params, even without any. */
    struct ring_cqe cqe = guest_run((struct ring_sqe){ .opcode = RING_OP_CALL, .method_id = 99, .cap_id = console.cap_id,
                                                       .result_addr = GUEST_RESULTS, .result_len = 512 });
    EXPECT(cqe.result == CAP_ERR_APPLICATION_EXCEPTION);
    /* A void call needs no result buffer. */
    struct ring_sqe bare = guest_call_sqe(console.cap_id, CAPOS_CONSOLE_WRITE_METHOD, guest_encode(&capos_console_write_method, &bytes));
    bare.result_addr = 0;
    bare.result_len = 0;
    EXPECT(guest_run(bare).result == 0);
}

PROGRAM(timer)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_now_results before, after;
    EXPECT(capos_timer_now(&timer, NULL, &before) == CAPOS_OK);
    EXPECT(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 5000000 }, NULL) == CAPOS_OK);
    EXPECT(capos_timer_now(&timer, NULL, &after) == CAPOS_OK);
    CHECK(after.monotonic_ns >= before.monotonic_ns + 5000000 && after.tick == after.monotonic_ns / 10000000);
    /* Eight sleepers, the ninth is refused, and all eight complete. */
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 });
    uint64_t ids[9];
    for (int i = 0; i < 9; i++)
        ids[i] = guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
    int slept = 0, refused = 0;
    for (int i = 0; i < 9; i++) {
        struct ring_cqe cqe = guest_wait();
        slept += cqe.result == 0;
        refused += cqe.result == CAP_ERR_APPLICATION_EXCEPTION && cqe.user_data == ids[8];
    }
    EXPECT(slept == 8 && refused == 1);
    /* cap_enter does not come back early, and 0 does not block. */
    EXPECT(capos_timer_now(&timer, NULL, &before) == CAPOS_OK);
    EXPECT(guest_enter(1, 3000000) == 0);
    EXPECT(capos_timer_now(&timer, NULL, &after) == CAPOS_OK);
    EXPECT(after.monotonic_ns >= before.monotonic_ns + 3000000);
}

PROGRAM(frames)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_frame_results got;
    REFUSED(allocator, CAP_EXCEPTION_INVALID_ARGUMENT, "count is zero",
            capos_frame_allocator_alloc_contiguous(&allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ 0 },
                                                   &(struct capos_frame_allocator_alloc_contiguous_results){ 0 }));
    uint32_t ids[256], count = 0;
    while (capos_frame_allocator_alloc_frame(&allocator, NULL, &got) == CAPOS_OK)
        ids[count++] = guest_take_cap(got.handle_index).cap_id;
    CHECK_EQ(count, 256 - 2);
    CHECK(guest_exception_is(&allocator, CAP_EXCEPTION_OVERLOADED, "failed to reserve MemoryObject cap slot"));
    CHECK_EQ(guest_release(ids[100]), 0);
    CHECK_EQ(capos_frame_allocator_alloc_frame(&allocator, NULL, &got), CAPOS_OK);
    CHECK(guest_take_cap(0).cap_id != ids[100]); /* same slot, next generation */
    CHECK_EQ(capos_frame_allocator_alloc_frame(&allocator, NULL, &got), CAPOS_EXCEPTION);
    struct capos_client console = guest_open("console");
    CHECK_EQ(capos_console_write_line(&console, &(struct capos_console_write_line_params){ 0 }, NULL), CAPOS_OK);
}

PROGRAM(memory_object)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    EXPECT(capos_frame_allocator_alloc_contiguous(
               &allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 3 }, &got) == CAPOS_OK);
    struct capos_client object = guest_take_cap(got.handle_index);
    CHECK_EQ(object.interface_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    struct capos_memory_object_info_results info;
    EXPECT(capos_memory_object_info(&object, NULL, &info) == CAPOS_OK);
    CHECK(info.page_count == 3 && info.size_bytes == 3 * PAGE_SIZE);
    struct capos_memory_object_map_results at;
    struct capos_memory_object_map_params map = { .size = 2 * PAGE_SIZE, .offset = PAGE_SIZE, .prot = 3 };
    EXPECT(capos_memory_object_map(&object, &map, &at) == CAPOS_OK);
    CHECK(at.addr >= USER_MAP_BASE && at.addr % PAGE_SIZE == 0);
    uint8_t *page = sim_user(at.addr, PAGE_SIZE, true);
    CHECK(page != NULL && page[0] == 0 && page[PAGE_SIZE - 1] == 0);
    page[5] = 42;
    struct capos_memory_object_map_results again;
    EXPECT(capos_memory_object_map(&object, &map, &again) == CAPOS_OK);
    CHECK_EQ(*(uint8_t *)sim_user(again.addr + 5, 1, false), 42);
    map.hint = at.addr;
    INVALID(object, capos_memory_object_map(&object, &map, &again)); /* occupied */
    map = (struct capos_memory_object_map_params){ .size = PAGE_SIZE, .prot = 6 };
    INVALID(object, capos_memory_object_map(&object, &map, &again)); /* write and execute */
    map = (struct capos_memory_object_map_params){ .size = 2 * PAGE_SIZE, .offset = 2 * PAGE_SIZE, .prot = 1 };
    INVALID(object, capos_memory_object_map(&object, &map, &again)); /* past the object */
    map = (struct capos_memory_object_map_params){ .prot = 1 };
    INVALID(object, capos_memory_object_map(&object, &map, &again)); /* size 0 */
    struct capos_memory_object_protect_params ro = { .addr = at.addr, .size = PAGE_SIZE, .prot = 1 };
    EXPECT(capos_memory_object_protect(&object, &ro, NULL) == CAPOS_OK);
    CHECK(sim_user(at.addr, 1, true) == NULL && sim_user(at.addr, 1, false) != NULL);
    /* The mapping outlives the capability. */
    CHECK_EQ(guest_release(object.cap_id), 0);
    CHECK_EQ(*(uint8_t *)sim_user(at.addr + 5, 1, false), 42);
}

PROGRAM(virtual_memory)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_results at;
    struct capos_virtual_memory_map_params map = { .hint = 0x100000000, .size = 4 * PAGE_SIZE, .prot = 3 };
    EXPECT(capos_virtual_memory_map(&vm, &map, &at) == CAPOS_OK);
    CHECK_EQ(at.addr, 0x100000000);
    uint8_t *page = sim_user(at.addr + PAGE_SIZE, PAGE_SIZE, true);
    CHECK(page != NULL && page[7] == 0);
    page[7] = 9;
    EXPECT(capos_virtual_memory_protect(
               &vm, &(struct capos_virtual_memory_protect_params){ .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE }, NULL) == CAPOS_OK);
    CHECK(sim_user(at.addr + PAGE_SIZE, 1, false) == NULL);
    EXPECT(capos_virtual_memory_protect(&vm, &(struct capos_virtual_memory_protect_params){
               .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE, .prot = 1 }, NULL) == CAPOS_OK);
    CHECK_EQ(*(uint8_t *)sim_user(at.addr + PAGE_SIZE + 7, 1, false), 9);
    EXPECT(capos_virtual_memory_decommit(&vm, &(struct capos_virtual_memory_decommit_params){
               .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE }, NULL) == CAPOS_OK);
    CHECK(sim_user(at.addr + PAGE_SIZE, 1, false) == NULL);
    EXPECT(capos_virtual_memory_commit(&vm, &(struct capos_virtual_memory_commit_params){
               .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE, .prot = 3 }, NULL) == CAPOS_OK);
    CHECK_EQ(*(uint8_t *)sim_user(at.addr + PAGE_SIZE + 7, 1, true), 0);
    /* Unmap from the middle splits the reservation. */
    EXPECT(capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){
               .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE }, NULL) == CAPOS_OK);
    INVALID(vm, capos_virtual_memory_commit(&vm, &(struct capos_virtual_memory_commit_params){
                    .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE, .prot = 3 }, NULL));
    CHECK(sim_user(at.addr, 1, true) != NULL && sim_user(at.addr + 2 * PAGE_SIZE, 1, true) != NULL);
    static const uint64_t fixed[] = { USER_IMAGE_BASE, USER_STACK_BASE, USER_RING_BASE, USER_CAPSET_BASE };
    for (int i = 0; i < 4; i++)
        INVALID(vm, capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){
                        .addr = fixed[i], .size = PAGE_SIZE }, NULL));
    map = (struct capos_virtual_memory_map_params){ .size = PAGE_SIZE, .prot = 6 };
    INVALID(vm, capos_virtual_memory_map(&vm, &map, &at));
    map = (struct capos_virtual_memory_map_params){ .hint = USER_MAP_LIMIT, .size = PAGE_SIZE, .prot = 1 };
    INVALID(vm, capos_virtual_memory_map(&vm, &map, &at));
    map = (struct capos_virtual_memory_map_params){ .hint = USER_MAP_LIMIT - PAGE_SIZE, .size = PAGE_SIZE, .prot = 1 };
    EXPECT(capos_virtual_memory_map(&vm, &map, &at) == CAPOS_OK);
    map = (struct capos_virtual_memory_map_params){ .size = 4097 * PAGE_SIZE, .prot = 1 };
    EXPECT(capos_virtual_memory_map(&vm, &map, &at) == CAPOS_EXCEPTION);
    EXPECT(vm.exception.type == CAP_EXCEPTION_OVERLOADED);
    struct capos_virtual_memory_reserve_results reserved;
    EXPECT(capos_virtual_memory_reserve(&vm, &(struct capos_virtual_memory_reserve_params){ .size = 200000 * PAGE_SIZE },
                                        &reserved) == CAPOS_OK);
    EXPECT(capos_virtual_memory_reserve(&vm, &(struct capos_virtual_memory_reserve_params){ .size = 70000 * PAGE_SIZE },
                                        &reserved) == CAPOS_EXCEPTION);
    EXPECT(vm.exception.type == CAP_EXCEPTION_OVERLOADED);
}

PROGRAM(entropy)
{
    struct capos_client source = guest_open("entropy_source");
    struct capos_entropy_source_fill_results a;
    uint8_t first[32];
    EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = 32 }, &a) == CAPOS_OK);
    CHECK(a.status == CAPOS_ENTROPY_STATUS_OK && a.data.len == 32);
    memcpy(first, a.data.bytes, 32);
    EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = 32 }, &a) == CAPOS_OK);
    CHECK(a.data.len == 32 && memcmp(first, a.data.bytes, 32) != 0);
}

PROGRAM(logs)
{
    struct capos_client sink = guest_open("log_sink"), reader = guest_open("log_reader");
    struct capos_log_sink_write_params in = { .has_record = true,
        .record = { .level = CAPOS_LOG_LEVEL_WARN, .component = capn_text_of("net"), .pid = 99, .message = capn_text_of("slow") } };
    struct capos_log_sink_write_results accepted;
    EXPECT(capos_log_sink_write(&sink, &in, &accepted) == CAPOS_OK && accepted.accepted);
    struct capos_log_reader_read_params ask = { .max_records = 16, .has_filter = true,
        .filter = { .min_level = CAPOS_LOG_LEVEL_WARN, .component_prefix = capn_text_of("ne") } };
    struct capos_log_reader_read_results got;
    EXPECT(capos_log_reader_read(&reader, &ask, &got) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&got.records), 1);
    struct capos_log_record record;
    CHECK_EQ(capos_log_record_list_get(&got.records, 0, &record), CAPN_OK);
    CHECK(record.pid == 99 && capn_text_equal(record.message, capn_text_of("slow")));
}

PROGRAM(monitor)
{
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_processes_results processes;
    EXPECT(capos_system_monitor_processes(&monitor, &(struct capos_system_monitor_processes_params){ .max_records = 16 },
                                          &processes) == CAPOS_OK);
    struct capos_process_record self;
    CHECK_EQ(capn_list_len(&processes.records), 1);
    CHECK_EQ(capos_process_record_list_get(&processes.records, 0, &self), CAPN_OK);
    CHECK(self.pid == 1 && self.parent_pid == 0 && self.cap_count == 1 && self.threads == 1);
    struct capos_system_monitor_holds_results holds;
    EXPECT(capos_system_monitor_holds(&monitor, &(struct capos_system_monitor_holds_params){ .pid = 1, .max_records = 16 },
                                      &holds) == CAPOS_OK);
    struct capos_hold_record hold;
    CHECK_EQ(capn_list_len(&holds.records), 1);
    CHECK_EQ(capos_hold_record_list_get(&holds.records, 0, &hold), CAPN_OK);
    CHECK(hold.interface_id == CAPOS_SYSTEM_MONITOR_INTERFACE_ID && hold.origin == CAPOS_HOLD_ORIGIN_KERNEL);
}

PROGRAM(power_off)
{
    struct capos_client power = guest_open("power_control");
    capos_power_control_power_off(&power, &(struct capos_power_control_power_off_params){ 0 }, NULL);
    CHECK(harness_faulting());
}

PROGRAM(terminal)
{
    struct capos_client terminal = guest_open("terminal");
    struct capos_terminal_session_read_line_params in = { .has_request = true,
        .request = { .prompt = capn_text_of("> "), .max_bytes = 64 } };
    struct capos_terminal_session_read_line_results got;
    EXPECT(capos_terminal_session_read_line(&terminal, &in, &got) == CAPOS_OK);
    CHECK(got.status == CAPOS_LINE_STATUS_SUBMITTED && got.line.len == 5 && memcmp(got.line.bytes, "hello", 5) == 0);
    EXPECT(capos_terminal_session_read_line(&terminal, &in, &got) == CAPOS_OK);
    CHECK(got.status == CAPOS_LINE_STATUS_CANCELLED && got.line.len == 0);
}

PROGRAM(boot_package)
{
    struct capos_client package = guest_open("boot_package");
    struct capos_boot_package_manifest_size_results size;
    EXPECT(capos_boot_package_manifest_size(&package, NULL, &size) == CAPOS_OK && size.size > 4000);
    struct capos_boot_package_read_manifest_results part;
    EXPECT(capos_boot_package_read_manifest(&package, &(struct capos_boot_package_read_manifest_params){ .max_bytes = 4096 },
                                            &part) == CAPOS_OK && part.data.len == 4096);
    EXPECT(capos_boot_package_read_manifest(&package, &(struct capos_boot_package_read_manifest_params){
               .offset = size.size, .max_bytes = 10 }, &part) == CAPOS_OK && part.data.len == 0);
    EXPECT(capos_boot_package_read_manifest(&package, &(struct capos_boot_package_read_manifest_params){
               .offset = UINT64_MAX, .max_bytes = 10 }, &part) == CAPOS_OK && part.data.len == 0);
}

static const struct sim_test tests[] = {
    { .name = "console", .init = console, .grants = { { "console", NULL } }, .console = "a line\nraw\n", .every_fault = true },
    { .name = "timer", .init = timer, .grants = { { "timer", NULL } }, .every_fault = true },
    { .name = "frame-allocator", .init = frames, .grants = { { "frame_allocator", NULL }, { "console", NULL } } },
    { .name = "memory-object", .init = memory_object, .grants = { { "frame_allocator", NULL } }, .every_fault = true },
    { .name = "virtual-memory", .init = virtual_memory, .grants = { { "virtual_memory", NULL } }, .every_fault = true },
    { .name = "entropy", .init = entropy, .grants = { { "entropy_source", NULL } }, .every_fault = true },
    { .name = "log", .init = logs, .grants = { { "log_sink", NULL }, { "log_reader", NULL } }, .every_fault = true },
    { .name = "system-monitor", .init = monitor, .grants = { { "system_monitor", NULL } }, .every_fault = true },
    { .name = "power-control", .init = power_off, .grants = { { "power_control", NULL } }, .never_exits = true },
    { .name = "terminal", .init = terminal, .grants = { { "terminal", "terminal_session" } }, .typed = "hello\nab\003\n" },
    { .name = "boot-package", .init = boot_package, .grants = { { "boot_package", NULL } }, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
