/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Processes killed at random moments, for as many seconds as the first
 * argument says (3), with the second one as seed: while they map and protect
 * memory, start threads that park, spawn with moved grants, call with
 * capabilities, wait in pipes. Each is replaced at once. What the killed one
 * worked with must notice: nobody is waited for that does not come. At the end
 * every frame and kernel object is back.
 */
#include "check.h"

#include "abi/atomic.h"

#define KILLS_MIN 15u   /* on a slow machine */
#define TRIES 1000000u /* of a worker, if nobody kills it */

static uint64_t state;

static uint32_t pick(uint32_t bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

/* So that the first process gets to kill often, whatever the machine. */
static void rest(void)
{
    if (pick(3) == 0)
        (void)capos_cap_enter(1, pick(4) * 1000000);
}

/* ---- workers: each goes on until it is killed, or until the other side is gone ------------------------------ */

static bool new_memory(uint32_t pages, struct capos_client *object)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_frame_allocator_alloc_contiguous_results got;
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = pages };
    return capos_frame_allocator_alloc_contiguous(&allocator, &in, &got) == CAPOS_OK &&
           capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, object) == CAPOS_OK;
}

static void map_and_protect(void)
{
    struct capos_client object;
    struct capos_memory_object_map_results at;
    uint32_t pages = 1 + pick(20);
    if (!new_memory(pages, &object))
        return;
    if (capos_memory_object_map(&object, &(struct capos_memory_object_map_params){ .size = pages * 4096, .prot = 3 }, &at) == CAPOS_OK) {
        *(volatile uint8_t *)(uintptr_t)at.addr = 1;
        (void)capos_memory_object_protect(&object, &(struct capos_memory_object_protect_params){ .addr = at.addr, .size = 4096, .prot = 1 }, NULL);
        if (pick(16) > 0) /* else it stays mapped without a capability */
            (void)capos_memory_object_unmap(&object, &(struct capos_memory_object_unmap_params){ .addr = at.addr, .size = pages * 4096 }, NULL);
    }
    capos_client_close(&object);
}

static void reserve_and_commit(void)
{
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_map_results at;
    if (capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .size = 16 * 4096, .prot = 3 }, &at) != CAPOS_OK)
        return;
    *(volatile uint8_t *)(uintptr_t)(at.addr + 8 * 4096) = 1;
    (void)capos_virtual_memory_decommit(&vm, &(struct capos_virtual_memory_decommit_params){ .addr = at.addr + 4096, .size = 4096 }, NULL);
    (void)capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){ .addr = at.addr, .size = 16 * 4096 }, NULL);
}

static void use_memory(void)
{
    for (uint32_t i = 0; i < TRIES; i++, rest()) {
        map_and_protect();
        reserve_and_commit();
    }
}

static uint32_t word, space;

static int64_t parks(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 20; i++)
        (void)capos_park(space, &word, load_acquire_u32(&word), 2000000);
    return 0;
}

static void use_threads(void)
{
    space = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id;
    for (uint32_t i = 0; i < TRIES; i++, rest()) {
        struct capos_thread threads[3];
        uint32_t count = 0;
        while (count < 3 && capos_thread_start(&threads[count], parks, NULL, NULL) == CAPOS_OK)
            count++;
        for (uint32_t n = 0; n < 40; n++) {
            __atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
            (void)capos_unpark(space, &word, 1 + pick(3));
        }
        for (int64_t code; count > 0; count--)
            (void)capos_thread_join(&threads[count - 1], &code);
    }
}

static void use_children(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    for (uint32_t i = 0; i < TRIES; i++, rest()) {
        struct capos_process child;
        struct capos_client object;
        int64_t code;
        if (!new_memory(2, &object))
            continue;
        struct capos_cap_grant grants[] = { capos_grant_held("memory", object.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID), MONITOR_GRANT };
        grants[0].mode = pick(2) == 0 ? CAPOS_CAP_GRANT_MODE_MOVE : CAPOS_CAP_GRANT_MODE_RAW;
        bool spawned = capos_process_spawn(&spawner, "quick_exit", grants, 2, &child) == CAPOS_OK;
        if (spawned) {
            if (pick(2) == 0)
                (void)capos_process_wait(&child, CAP_ENTER_WAIT_FOREVER, &code);
            capos_process_close(&child);
        }
        if (!spawned || grants[0].mode == CAPOS_CAP_GRANT_MODE_RAW)
            (void)capos_release(object.cap_id);
    }
}

/* Calls that carry an object each; ends when nobody serves any more. */
static void call(void)
{
    struct capos_client server = granted("server", CAPOS_ENDPOINT_INTERFACE_ID), object;
    static _Alignas(8) uint8_t bytes[256];
    for (uint32_t i = 0; i < TRIES && new_memory(1, &object); i++, rest()) {
        struct ring_transfer_descriptor cap = { .cap_id = object.cap_id, .transfer_mode = (uint16_t)(1 + pick(2)) };
        memcpy(bytes + 8, &cap, sizeof cap);
        int32_t result = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = server.cap_id, .addr = (uintptr_t)bytes, .len = 8,
                                                      .xfer_cap_count = 1, .result_addr = (uintptr_t)bytes + 64, .result_len = 192 });
        if (result < 0)
            return;
        if (cap.transfer_mode == TRANSFER_MODE_COPY)
            (void)capos_release(object.cap_id);
    }
}

static void serve(void)
{
    uint32_t own = granted("own", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    static _Alignas(8) uint8_t bytes[256];
    for (uint32_t i = 0; i < TRIES; i++) {
        struct capos_completion done;
        struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = own, .result_addr = (uintptr_t)bytes, .result_len = sizeof bytes };
        if (capos_ring_run(capos_ring(), &recv, &done) != CAPOS_OK || done.result < 0)
            continue;
        struct ring_result_cap record;
        memcpy(&record, bytes + done.result, sizeof record);
        if (pick(4) > 0)
            (void)run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own, .call_id = done.call_id, .addr = (uintptr_t)bytes, .len = 8 });
        if (done.cap_count > 0)
            (void)capos_release(record.cap_id);
    }
}

static void write_end(void)
{
    struct capos_client end = granted("pipe", CAPOS_PIPE_INTERFACE_ID);
    struct capos_pipe_write_results got = { .bytes_written = 1 };
    static const uint8_t bytes[100];
    while (got.bytes_written > 0 && capos_pipe_write(&end, &(struct capos_pipe_write_params){ .data = { bytes, 1 + pick(100) } }, &got) == CAPOS_OK)
        rest();
}

static void read_end(void)
{
    struct capos_client end = granted("pipe", CAPOS_PIPE_INTERFACE_ID);
    struct capos_pipe_read_results got = { 0 };
    while (!got.eof && capos_pipe_read(&end, &(struct capos_pipe_read_params){ .max_len = 1 + pick(100) }, &got) == CAPOS_OK)
        continue;
}

/* ---- the first process -------------------------------------------------------------------------------------- */

enum role { MEMORY, THREADS, CHILDREN, SERVER, CALLER, OTHER_CALLER, WRITER, READER, ROLES };

static const struct {
    const char *name;
    void (*work)(void);
} roles[ROLES] = { { "memory", use_memory }, { "threads", use_threads }, { "children", use_children }, { "server", serve },
                   { "caller", call }, { "other_caller", call }, { "writer", write_end }, { "reader", read_end } };

static struct worker {
    struct capos_process process;
    struct capos_client facet; /* of the server */
    bool runs;
} workers[ROLES];

#define GRANT(name, SOURCE, INTERFACE) capos_grant_kernel(name, CAPOS_KERNEL_CAP_SOURCE_##SOURCE, CAPOS_##INTERFACE##_INTERFACE_ID)

static bool begin(enum role role, struct capos_cap_grant *special)
{
    char name[CAPSET_NAME_BYTES] = TASK_PREFIX;
    struct text_buf buf = text_buf_over(name + sizeof TASK_PREFIX - 1, sizeof name - sizeof TASK_PREFIX);
    text_buf_append_str(&buf, roles[role].name);
    struct capos_cap_grant grants[10] = {
        GRANT("", TIMER, TIMER), GRANT("frame_allocator", FRAME_ALLOCATOR, FRAME_ALLOCATOR),
        GRANT("virtual_memory", VIRTUAL_MEMORY, VIRTUAL_MEMORY), GRANT("thread_spawner", THREAD_SPAWNER, THREAD_SPAWNER),
        GRANT("thread_control", THREAD_CONTROL, THREAD_CONTROL), GRANT("park_space", PARK_SPACE, PARK_SPACE),
        GRANT("process_spawner", PROCESS_SPAWNER, PROCESS_SPAWNER) };
    uint32_t count = 7;
    grants[0].name = (struct capn_text){ name, (uint32_t)(sizeof TASK_PREFIX - 1 + buf.len) };
    if (special != NULL)
        grants[count++] = *special;
    if (role == SERVER)
        grants[count++] = GRANT("own", ENDPOINT, ENDPOINT);
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(roles[role].name), .binary_name = capn_text_of("kill_storm"),
                                                     .grants = capn_list_of_array(grants, count) };
    workers[role].runs = capos_process_start(&spawner, &in, &workers[role].process) == CAPOS_OK;
    if (workers[role].runs && role == SERVER)
        check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &workers[role].facet) == CAPOS_OK, "parent endpoint");
    return workers[role].runs;
}

static void end(enum role role)
{
    struct worker *worker = &workers[role];
    if (!worker->runs)
        return;
    check(capos_process_terminate(&worker->process) == CAPOS_OK, "terminate");
    int64_t code = exit_code_of(&worker->process);
    check(code == 0 || code == EXIT_CODE_TERMINATED, "%s ended with %d", roles[role].name, (int)code);
    worker->runs = false;
    if (role == SERVER)
        check(capos_release(worker->facet.cap_id) == CAPOS_OK, "release");
}

/* A caller holds a facet of the server that serves now; without one it is not started. */
static void begin_caller(enum role role)
{
    struct capos_cap_grant facet = capos_grant_held("server", workers[SERVER].facet.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
    facet.mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    facet.badge = UINT64_MAX;
    if (workers[SERVER].runs)
        (void)begin(role, &facet);
}

/* Both at once, each with its end. */
static void begin_pipe(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), reader, writer;
    struct capos_process_spawner_create_pipe_results got;
    enum capos_status status = capos_process_spawner_create_pipe(&spawner, &(struct capos_process_spawner_create_pipe_params){ .buffer_bytes = 64 }, &got);
    check_ok(status, &spawner, "createPipe");
    if (status != CAPOS_OK || capos_reply_take(got.read_index, CAPOS_PIPE_INTERFACE_ID, &reader) != CAPOS_OK ||
        capos_reply_take(got.write_index, CAPOS_PIPE_INTERFACE_ID, &writer) != CAPOS_OK)
        return;
    struct capos_cap_grant ends[] = { capos_grant_held("pipe", writer.cap_id, CAPOS_PIPE_INTERFACE_ID), capos_grant_held("pipe", reader.cap_id, CAPOS_PIPE_INTERFACE_ID) };
    (void)begin(WRITER, &ends[0]);
    (void)begin(READER, &ends[1]);
    capos_client_close(&writer);
    capos_client_close(&reader);
}

static void replace(enum role role)
{
    end(role);
    if (role == CALLER || role == OTHER_CALLER)
        begin_caller(role);
    else if (role == WRITER || role == READER) {
        end(role == WRITER ? READER : WRITER); /* which has noticed, or is about to */
        begin_pipe();
    } else
        (void)begin(role, NULL);
}

static uint64_t objects(struct capos_client *monitor)
{
    struct capos_system_monitor_memory_results memory = { 0 };
    check_ok(capos_system_monitor_memory(monitor, NULL, &memory), monitor, "SystemMonitor.memory");
    return memory.kernel_objects;
}

static void end_all(struct capos_client *timer)
{
    for (uint32_t i = 0; i < ROLES; i++)
        end((enum role)i);
    sleep_ns(timer, 100000000); /* children of those killed end by themselves */
}

static uint64_t number(const char *digits)
{
    uint64_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

int main(int argc, char **argv)
{
    for (uint32_t i = 0; i < ROLES; i++)
        if (task_is(roles[i].name)) {
            state = capos_pid() * 0x9e3779b97f4a7c15ull;
            roles[i].work();
            return check_failures > 0 ? 5 : 0;
        }
    uint64_t seconds = argc > 1 ? number(argv[1]) : 3, kills = 0;
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    state = argc > 2 ? number(argv[2]) * 2 + 1 : now_ns(&timer) | 1;
    capos_print("kill_storm: seed %lu, %lu s\n", (unsigned long)(state / 2), (unsigned long)seconds);
    for (uint32_t i = 0; i < ROLES; i++) /* the buffers of this process are as large as they get */
        replace((enum role)i);
    end_all(&timer);
    uint64_t frames = free_frames(&monitor), kept = objects(&monitor), deadline = now_ns(&timer) + seconds * 1000000000ull;
    for (uint32_t i = 0; i < ROLES; i++)
        replace((enum role)i);
    for (; (now_ns(&timer) < deadline || kills < KILLS_MIN) && check_failures == 0; kills++) {
        sleep_ns(&timer, 50000 + pick(200) * pick(200) * 200);
        replace((enum role)pick(ROLES));
    }
    end_all(&timer);
    capos_print("kill_storm: %lu killed\n", (unsigned long)kills);
    check(free_frames(&monitor) == frames, "frames: %lu, before %lu", (unsigned long)free_frames(&monitor), (unsigned long)frames);
    check(objects(&monitor) == kept, "objects: %lu, before %lu", (unsigned long)objects(&monitor), (unsigned long)kept);
    return finish("kill_storm");
}
