/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every method of every object that a program can get from the kernel, with
 * parameters that are well formed and filled with numbers at the ends (N1 of
 * docs/security/hostile-input.md). What an object answers is its own affair; it
 * must be a result or an exception. One process for each object, and
 * what it took must come back when it ends.
 */
#include "hostile.h"

#define BINARY "hostile_methods"
#define GOOD 44
#define METHODS 16u
#define DATA_WORDS 8u
#define POINTERS 4u
#define PENDING_MAX 48u /* a process may have 64 calls under way */

static const uint64_t values[] = { 0, 1, 4095, 4096, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, USER_MAP_LIMIT - PAGE_SIZE,
                                   USER_HALF_LIMIT, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX };
static const uint32_t rooms[] = { 0, 24, 256, 65536 };

#define COUNT(array) (sizeof array / sizeof array[0])

static const struct {
    const char *name;
    uint32_t source;
    uint64_t interface_id;
    int64_t end;
} targets[] = {
    { "Console", CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID, GOOD },
    { "Endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID, GOOD },
    { "FrameAllocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID, GOOD },
    { "VirtualMemory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID, GOOD },
    { "ProcessSpawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID, GOOD },
    { "BootPackage", CAPOS_KERNEL_CAP_SOURCE_BOOT_PACKAGE, CAPOS_BOOT_PACKAGE_INTERFACE_ID, GOOD },
    { "EntropySource", CAPOS_KERNEL_CAP_SOURCE_ENTROPY_SOURCE, CAPOS_ENTROPY_SOURCE_INTERFACE_ID, GOOD },
    { "CredentialStore", CAPOS_KERNEL_CAP_SOURCE_CREDENTIAL_STORE, CAPOS_CREDENTIAL_STORE_INTERFACE_ID, GOOD },
    { "SessionManager", CAPOS_KERNEL_CAP_SOURCE_SESSION_MANAGER, CAPOS_SESSION_MANAGER_INTERFACE_ID, GOOD },
    { "AuthorityBroker", CAPOS_KERNEL_CAP_SOURCE_AUTHORITY_BROKER, CAPOS_AUTHORITY_BROKER_INTERFACE_ID, GOOD },
    { "AuditLog", CAPOS_KERNEL_CAP_SOURCE_AUDIT_LOG, CAPOS_AUDIT_LOG_INTERFACE_ID, GOOD },
    { "SystemInfo", CAPOS_KERNEL_CAP_SOURCE_SYSTEM_INFO, CAPOS_SYSTEM_INFO_INTERFACE_ID, GOOD },
    { "Timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID, GOOD },
    /* They may take away what the process itself stands on. */
    { "ThreadControl", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID, DIES },
    { "ThreadSpawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID, DIES },
    { "ParkSpace", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID, GOOD },
    { "WallClock", CAPOS_KERNEL_CAP_SOURCE_WALL_CLOCK, CAPOS_WALL_CLOCK_INTERFACE_ID, GOOD },
    { "LogSink", CAPOS_KERNEL_CAP_SOURCE_LOG_SINK, CAPOS_LOG_SINK_INTERFACE_ID, GOOD },
    { "LogReader", CAPOS_KERNEL_CAP_SOURCE_LOG_READER, CAPOS_LOG_READER_INTERFACE_ID, GOOD },
    { "SystemMonitor", CAPOS_KERNEL_CAP_SOURCE_SYSTEM_MONITOR, CAPOS_SYSTEM_MONITOR_INTERFACE_ID, GOOD },
    { "SharedParkSpace", CAPOS_KERNEL_CAP_SOURCE_SHARED_PARK_SPACE, CAPOS_SHARED_PARK_SPACE_INTERFACE_ID, GOOD },
    { "MemoryObject", 0, CAPOS_MEMORY_OBJECT_INTERFACE_ID, GOOD },
    { "Pipe", 0, CAPOS_PIPE_INTERFACE_ID, GOOD },
    { "ProcessHandle", 0, CAPOS_PROCESS_HANDLE_INTERFACE_ID, GOOD },
    { "CapabilityManager", 0, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID, GOOD },
};

/* ---- the child -------------------------------------------------------------------------------------------- */

static _Alignas(8) uint8_t reply[65536];
static uint32_t pending, calls;

/* Words of data all alike, pointers null or, with `text`, to an empty text. */
static uint32_t make_message(uint64_t *words, uint64_t value, bool text)
{
    uint32_t n = 2;
    for (uint32_t i = 0; i < DATA_WORDS; i++)
        words[n++] = value;
    for (uint32_t i = 0; i < POINTERS; i++, n++)
        words[n] = text ? 1 | (uint64_t)(POINTERS - 1 - i) << 2 | 2ull << 32 | 1ull << 35 : 0;
    words[n++] = 0;
    words[0] = (uint64_t)(n - 1) << 32;
    words[1] = (uint64_t)DATA_WORDS << 32 | (uint64_t)POINTERS << 48;
    return 8 * n;
}

/* False: the answer is neither a result nor an exception. */
static bool try_call(uint32_t id, uint16_t method, uint64_t value, uint32_t variant)
{
    static uint64_t words[PENDING_MAX + 1][DATA_WORDS + POINTERS + 3];
    struct capos_completion done;
    uint64_t ticket;
    uint32_t room = rooms[variant / 2];
    uint64_t *message = words[pending];
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = id, .method_id = method, .addr = (uintptr_t)message,
                            .len = make_message(message, value, variant % 2 != 0), .result_addr = (uintptr_t)reply, .result_len = room };
    if (pending == PENDING_MAX)
        return true;
    calls++;
    if (capos_ring_submit(capos_ring(), &sqe, &ticket) != CAPOS_OK)
        return false;
    if (capos_ring_wait(capos_ring(), ticket, 0, &done) != CAPOS_OK) {
        pending++;
        return true;
    }
    bool good = done.result >= 0 ? (uint32_t)done.result + 16u * done.cap_count <= room
                                 : done.result == CAP_ERR_APPLICATION_EXCEPTION || done.result == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED;
    if (!good)
        capos_print("method %u value %lx room %u: %d, %u capabilities\n", method, value, room, done.result, done.cap_count);
    for (uint32_t i = 0; i < done.cap_count && done.result >= 0; i++) {
        struct ring_result_cap record;
        memcpy(&record, reply + done.result + 16 * i, sizeof record);
        good = capos_release(record.cap_id) == CAPOS_OK && good;
    }
    return good;
}

static uint32_t target_id(uint32_t n)
{
    struct capos_process_spawner_spawn_results got;
    if (capos_capset_find("target") != NULL)
        return capos_capset_find("target")->cap_id;
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), manager, handle;
    struct capos_cap_grant grant = capos_grant_kernel("do:sleep", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("sleeper"), .binary_name = capn_text_of(BINARY),
                                                     .grants = capn_list_of_array(&grant, 1) };
    check_ok(capos_process_spawner_spawn(&spawner, &in, &got), &spawner, "spawn");
    check(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &handle) == CAPOS_OK &&
          capos_reply_take(got.capability_manager_index, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID, &manager) == CAPOS_OK, "results");
    return targets[n].interface_id == CAPOS_PROCESS_HANDLE_INTERFACE_ID ? handle.cap_id : manager.cap_id;
}

static int child(uint32_t n)
{
    uint32_t id = target_id(n);
    bool good = true;
    for (uint16_t method = 0; method < METHODS; method++) {
        if (targets[n].interface_id == CAPOS_THREAD_CONTROL_INTERFACE_ID && method == CAPOS_THREAD_CONTROL_EXIT_THREAD_METHOD)
            continue;
        if (targets[n].interface_id == CAPOS_CONSOLE_INTERFACE_ID && method == CAPOS_CONSOLE_WRITE_METHOD)
            continue; /* what it writes would stand between the lines of others */
        for (size_t v = 0; v < COUNT(values); v++)
            for (uint32_t variant = 0; variant < 2 * COUNT(rooms); variant++)
                good = try_call(id, method, values[v], variant) && good;
    }
    /* What waits on the child itself must not wait for ever. */
    if (targets[n].interface_id == CAPOS_PROCESS_HANDLE_INTERFACE_ID) {
        struct capos_client handle = capos_client_for(id, CAPOS_PROCESS_HANDLE_INTERFACE_ID);
        check_ok(capos_process_handle_terminate(&handle, NULL, NULL), &handle, "terminate");
    }
    return good && check_failures == 0 && calls > 0 ? GOOD : 1;
}

/* ---- the parent ---------------------------------------------------------------------------------------------- */

static struct capos_cap_grant grant_of(uint32_t n, const struct capos_client *object, const struct capos_client *pipe)
{
    if (targets[n].interface_id == CAPOS_MEMORY_OBJECT_INTERFACE_ID)
        return capos_grant_held("target", object->cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    if (targets[n].interface_id == CAPOS_PIPE_INTERFACE_ID)
        return capos_grant_held("target", pipe->cap_id, CAPOS_PIPE_INTERFACE_ID);
    if (targets[n].interface_id == CAPOS_PROCESS_HANDLE_INTERFACE_ID || targets[n].interface_id == CAPOS_CAPABILITY_MANAGER_INTERFACE_ID)
        return capos_grant_kernel("process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    return capos_grant_kernel("target", (enum capos_kernel_cap_source)targets[n].source, targets[n].interface_id);
}

int main(void)
{
    if (task() != NULL && task_is("sleep"))
        for (;;)
            capos_cap_enter(RING_CQ_ENTRIES, CAP_ENTER_WAIT_FOREVER);
    if (task() != NULL)
        return task_is("witness") ? witness_run() : child(task_number());
    hostile_begin();
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), object = new_object(), ends[2];
    struct capos_process_spawner_create_pipe_results pipe = { 0 };
    witness_start(BINARY);
    check_ok(capos_process_spawner_create_pipe(&spawner, &(struct capos_process_spawner_create_pipe_params){ 0 }, &pipe), &spawner, "createPipe");
    check(capos_reply_take(pipe.read_index, CAPOS_PIPE_INTERFACE_ID, &ends[0]) == CAPOS_OK &&
          capos_reply_take(pipe.write_index, CAPOS_PIPE_INTERFACE_ID, &ends[1]) == CAPOS_OK, "both ends");
    for (uint32_t n = 0; n < COUNT(targets); n++) {
        struct capos_cap_grant grants[] = { grant_of(n, &object, &ends[n % 2]),
                                            capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID) };
        int64_t end = run_numbered(BINARY, n, grants, 2);
        expect_witnessed("N1", end, targets[n].end == DIES && end == GOOD ? GOOD : targets[n].end, targets[n].name);
    }
    witness_end();
    return hostile_finish("hostile_methods");
}
