/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls through an endpoint and the capabilities they carry, as no honest
 * program makes them (hostile inputs H14, H16 to H20, H41, H43 to H45, H48,
 * H48a, H50 to H54, H57). The first process owns the endpoint and calls itself;
 * children share its ownership or have a facet.
 */
#include "hostile.h"

#include "abi/limits.h"

#define BINARY "hostile_calls"
#define GOOD 44 /* exit code of a child that found what it should */
#define REPLY_BYTES 128u
#define CALLS 80u

static uint32_t ep;
static _Alignas(8) uint8_t received[512];
static _Alignas(8) uint8_t replies[CALLS][REPLY_BYTES];
static _Alignas(8) uint8_t params[4 + 8 * 17];

static uint64_t start(struct ring_sqe sqe)
{
    uint64_t ticket = 0;
    check(capos_ring_submit(capos_ring(), &sqe, &ticket) == CAPOS_OK, "submit");
    capos_cap_enter(0, 0);
    return ticket;
}

static int32_t end_of(uint64_t ticket)
{
    struct capos_completion done = { 0 };
    enum capos_status status = capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &done);
    return status == CAPOS_OK ? done.result : (int32_t)status;
}

/* A call of 4 bytes that carries `count` capabilities. */
static struct ring_sqe call_with(const struct ring_transfer_descriptor *caps, uint16_t count)
{
    memcpy(params, "abcd", 4);
    if (count > 0)
        memcpy(params + 4, caps, count * sizeof *caps);
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = ep, .addr = (uintptr_t)params, .len = 4, .xfer_cap_count = count,
                              .result_addr = (uintptr_t)replies[0], .result_len = REPLY_BYTES };
}

static struct capos_completion receive(void)
{
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received, .result_len = sizeof received };
    struct capos_completion done = { 0 };
    check(capos_ring_run(capos_ring(), &recv, &done) == CAPOS_OK, "receive");
    return done;
}

static int32_t answer(uint32_t call_id, uint32_t len)
{
    return run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = ep, .call_id = call_id, .addr = (uintptr_t)params,
                                        .len = len });
}

/* Nothing is queued: a receive waits in vain. */
static bool queue_is_empty(void)
{
    struct capos_received message;
    return capos_endpoint_receive(ep, received, sizeof received, 0, &message) == CAPOS_TIMED_OUT;
}

/* ---- answers ---------------------------------------------------------------------------------------- */

static int64_t run_sharer(const char *what)
{
    struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_held("endpoint", ep, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
    };
    return run_task(BINARY, what, grants, 3);
}

static int64_t run_client(const char *what)
{
    struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_held("endpoint", ep, CAPOS_ENDPOINT_INTERFACE_ID),
    };
    grants[1].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    grants[1].badge = UINT64_MAX;
    return run_task(BINARY, what, grants, 2);
}

static void check_answers(void)
{
    uint64_t call = start(call_with(NULL, 0));
    struct capos_completion got = receive();
    static const uint32_t wrong[] = { 0x80000000, UINT32_MAX, 0x00010000 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect("H17", answer(got.call_id + wrong[i], 4), CAP_ERR_INVOKE_FAILED, "RETURN of an unknown call");
    expect("H17", answer(got.call_id - 1, 4), CAP_ERR_INVOKE_FAILED, "RETURN of an earlier call");
    expect("H18", run_sharer("steal"), GOOD, "another owner answers a call that this one received: 300 ids, each -4");
    expect("H20", run_client("facet"), GOOD, "RETURN, RECV and CANCEL through a facet: each -4");
    expect("H19", answer(got.call_id, 4), 0, "RETURN");
    expect("H19", answer(got.call_id, 4), CAP_ERR_INVOKE_FAILED, "RETURN again");
    expect("H19", end_of(call), 4, "the caller's one completion");
    expect_true("H19", capos_ring_wait_any(capos_ring(), 0) == CAPOS_TIMED_OUT, "and no other");
}

static void check_buffers(void)
{
    uint64_t call = start(call_with(NULL, 0));
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received, .result_len = 55 };
    expect("H48", run_entry(recv), CAP_ERR_INVALID_RESULT_BUFFER, "RECV of 55 bytes");
    recv.result_len = 56;
    expect("H48", run_entry(recv), CAP_ERR_INVALID_RESULT_BUFFER, "RECV without room for the params");
    struct capos_completion got = receive();
    expect("H48", got.result, 60, "the call was still first");
    expect("H48a", answer(got.call_id, REPLY_BYTES + 1), CAP_ERR_INVALID_RESULT_BUFFER, "RETURN larger than the caller's buffer");
    expect("H48a", end_of(call), CAP_ERR_INVALID_RESULT_BUFFER, "the caller's completion");
    expect("H48a", answer(got.call_id, 4), CAP_ERR_INVOKE_FAILED, "the call is over");
    uint64_t waiting = start((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received,
                                                .result_len = sizeof received });
    expect("H50", run_sharer("cancel"), GOOD, "CANCEL of another process's receive: 300 targets, each -1");
    expect("H50", run_entry((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = ep, .pipeline_dep = waiting }), 0, "CANCEL");
    expect("H50", end_of(waiting), CAP_ERR_INVOKE_FAILED, "the receive");
}

/* ---- capabilities --------------------------------------------------------------------------------------- */

static void check_descriptors(void)
{
    struct capos_client object = new_object(), gone = new_object();
    uint32_t timer = granted("timer", CAPOS_TIMER_INTERFACE_ID).cap_id;
    check(capos_release(gone.cap_id) == CAPOS_OK, "release");
    const struct {
        const char *row, *what;
        int32_t code;
        uint16_t count;
        struct ring_transfer_descriptor caps[2];
    } cases[] = {
        { "H41", "mode 0", -7, 1, { { object.cap_id, 0, 0 } } }, { "H41", "mode 3", -7, 1, { { object.cap_id, 3, 0 } } },
        { "H41", "mode 4", -7, 1, { { object.cap_id, 4, 0 } } }, { "H41", "mode 257", -7, 1, { { object.cap_id, 257, 0 } } },
        { "H41", "mode 65535", -7, 1, { { object.cap_id, 65535, 0 } } }, { "H41", "reserved", -7, 1, { { object.cap_id, 1, 1 } } },
        { "H41", "reserved, second", -7, 2, { { object.cap_id, 1, 0 }, { object.cap_id, 1, 0x8000 } } },
        { "H43", "copy of a console", -6, 1, { { hostile_console.cap_id, 1, 0 } } },
        { "H43", "move of a console", -6, 1, { { hostile_console.cap_id, 2, 0 } } },
        { "H43", "copy of a timer", -6, 1, { { timer, 1, 0 } } }, { "H43", "move of a timer", -6, 1, { { timer, 2, 0 } } },
        { "H43", "copy of an endpoint's ownership", -6, 1, { { ep, 1, 0 } } },
        { "H43", "move of a memory object, copy of a console", -6, 2, { { object.cap_id, 2, 0 }, { hostile_console.cap_id, 1, 0 } } },
        { "H43a", "an id never issued", -7, 1, { { 0x00fffff0, 1, 0 } } }, { "H43a", "all ones", -7, 1, { { UINT32_MAX, 2, 0 } } },
        { "H43a", "a released id", -7, 2, { { object.cap_id, 2, 0 }, { gone.cap_id, 1, 0 } } },
        { "H43a", "a forged generation", -7, 1, { { object.cap_id ^ 0x05000000, 1, 0 } } },
        { "H44", "moved twice", -7, 2, { { object.cap_id, 2, 0 }, { object.cap_id, 2, 0 } } },
        { "H44", "copied and moved", -7, 2, { { object.cap_id, 1, 0 }, { object.cap_id, 2, 0 } } },
        { "H44", "moved and copied", -7, 2, { { object.cap_id, 2, 0 }, { object.cap_id, 1, 0 } } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].row, run_entry(call_with(cases[i].caps, cases[i].count)), cases[i].code, cases[i].what);
    expect_true("H44", queue_is_empty(), "no call was queued");
    expect("H44", capos_release(object.cap_id), 0, "nothing is locked: a release of what they named");
}

static void check_reserved_move(void)
{
    struct capos_client object = new_object(), second;
    struct ring_transfer_descriptor move = { object.cap_id, TRANSFER_MODE_MOVE, 0 };
    uint64_t call = start(call_with(&move, 1));
    expect("H16", capos_release(object.cap_id), CAP_ERR_INVALID_REQUEST, "RELEASE of what is on its way");
    expect("H16", run_entry(call_with(&move, 1)), CAP_ERR_TRANSFER_ABORTED, "a second move of it");
    struct capos_completion got = receive();
    expect("H16", got.cap_count, 1, "the transfer went on");
    struct capos_received message;
    uint32_t id = UINT32_MAX;
    uint64_t interface_id = 0;
    if (capos_endpoint_read(received, sizeof received, &got, &message) == CAPOS_OK && message.cap_count == 1)
        capos_received_cap(&message, 0, &id, &interface_id);
    second = capos_client_for(id, interface_id);
    struct capos_memory_object_info_results info = { 0 };
    check_ok(capos_memory_object_info(&second, NULL, &info), &second, "the moved object");
    expect("H16", answer(got.call_id, 4), 0, "RETURN");
    expect("H16", end_of(call), 4, "the call");
    expect("H16", capos_release(object.cap_id), CAP_ERR_INVALID_REQUEST, "the old id is gone");
    expect("H16", capos_release(id), 0, "the new one is not");
}

static void check_full_table(void)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID), object = new_object();
    struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_held("endpoint", ep, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
    };
    struct ring_transfer_descriptor move = { object.cap_id, TRANSFER_MODE_MOVE, 0 };
    static struct capos_process full;
    if (!spawn_task(BINARY, "full", grants, 3, &full))
        return;
    /* The first call says that its table is full and it receives. */
    int32_t ready = run_entry(call_with(NULL, 0));
    check(ready == 4, "the receiver is ready: %d", ready);
    sleep_ns(&timer, 5000000);
    expect("H45", run_entry(call_with(&move, 1)), CAP_ERR_TRANSFER_ABORTED, "a move into a full table");
    struct capos_memory_object_info_results info = { 0 };
    check_ok(capos_memory_object_info(&object, NULL, &info), &object, "H45 the sender keeps it");
    expect("H45", capos_release(object.cap_id), 0, "the sender keeps it, unlocked");
    expect("H45", run_entry(call_with(NULL, 0)), 4, "the receiver goes on");
    expect("H45", exit_code_of(&full), GOOD, "and ends as it should");
}

/* Its own capability, revoked by its parent in the form of the manager of a child that holds the same object. */
static void check_revoked(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), manager, object = new_object();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_cap_grant grants[] = { capos_grant_kernel("do:sleep", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
                                        capos_grant_held("object", object.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID) };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("child"), .binary_name = capn_text_of(BINARY),
                                                     .grants = capn_list_of_array(grants, 2) };
    struct capos_process_spawner_spawn_results got;
    static struct capos_process process;
    check_ok(capos_process_spawner_spawn(&spawner, &in, &got), &spawner, "spawn");
    check(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &process.handle) == CAPOS_OK &&
          capos_reply_take(got.capability_manager_index, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID, &manager) == CAPOS_OK, "results");
    struct capos_capability_manager_revoke_params revoke = { .cap_id = 1 };
    check_ok(capos_capability_manager_revoke(&manager, &revoke, NULL), &manager, "revoke");
    uint64_t ledgers = ledger_sum(&monitor);
    expect("H14", run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = object.cap_id }), CAP_ERR_INVOKE_FAILED,
           "CALL on a revoked id");
    struct ring_transfer_descriptor caps[] = { { object.cap_id, TRANSFER_MODE_COPY, 0 }, { object.cap_id, TRANSFER_MODE_MOVE, 0 } };
    expect("H43a", run_entry(call_with(&caps[0], 1)), CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, "copy of a revoked id");
    expect("H43a", run_entry(call_with(&caps[1], 1)), CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, "move of a revoked id");
    expect_true("H14", ledger_sum(&monitor) == ledgers, "its slot is still charged");
    expect("H14", capos_release(object.cap_id), 0, "RELEASE of a revoked id");
    expect_true("H14", ledger_sum(&monitor) != ledgers, "now it is not");
    check(capos_process_terminate(&process) == CAPOS_OK && exit_code_of(&process) == EXIT_CODE_TERMINATED, "the child's end");
    capos_client_close(&manager);
}

/* ---- too many ------------------------------------------------------------------------------------------ */

static void check_flood(void)
{
    static uint64_t tickets[CALLS];
    uint32_t refused = 0, served = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        struct ring_sqe call = call_with(NULL, 0);
        struct capos_completion done;
        call.result_addr = (uintptr_t)replies[i];
        tickets[i] = start(call);
        if (capos_ring_wait(capos_ring(), tickets[i], 0, &done) != CAPOS_OK)
            continue;
        tickets[i] = 0;
        refused += done.result == CAP_ERR_APPLICATION_EXCEPTION && replies[i][16] == CAP_EXCEPTION_OVERLOADED;
    }
    for (uint32_t i = 0; i < CALLS - refused; i++)
        served += answer(receive().call_id, 4) == 0;
    for (uint32_t i = 0; i < CALLS; i++)
        served -= tickets[i] != 0 && end_of(tickets[i]) != 4;
    expect("H51", refused, CALLS - PROFILE_DEFAULT_ENDPOINT_QUEUE, "calls beyond the ceiling, each overloaded");
    expect("H51", served, PROFILE_DEFAULT_ENDPOINT_QUEUE, "queued calls, each served");
}

static void check_table_end(void)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    static struct capos_client objects[CAP_SLOTS_MAX];
    struct capos_frame_allocator_alloc_frame_results got;
    struct capos_memory_object_info_results info = { 0 };
    uint32_t count = 0;
    enum capos_status status;
    while ((status = capos_frame_allocator_alloc_frame(&allocator, NULL, &got)) == CAPOS_OK && count < CAP_SLOTS_MAX)
        check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &objects[count++]) == CAPOS_OK, "take");
    expect_exception("H52", status, &allocator, CAP_EXCEPTION_OVERLOADED, "failed to reserve MemoryObject cap slot");
    bool work = true;
    for (uint32_t i = 0; i < count; i++)
        work = work && capos_memory_object_info(&objects[i], NULL, &info) == CAPOS_OK && info.page_count == 1;
    expect_true("H52", work && count > 200, "the earlier ids work");
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
}

/* ---- ends --------------------------------------------------------------------------------------------------- */

/* The only owner of an endpoint ends, with one call received and one queued. */
static void check_owner_ends(void)
{
    struct capos_client facet, timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_cap_grant owner = capos_grant_kernel("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    struct capos_process server;
    uint64_t calls[2];
    if (!spawn_task(BINARY, "receive and stay", &owner, 1, &server))
        return;
    check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &facet) == CAPOS_OK, "the parent's facet");
    for (uint32_t i = 0; i < 2; i++) {
        struct ring_sqe call = call_with(NULL, 0);
        call.cap_id = facet.cap_id;
        call.result_addr = (uintptr_t)replies[i];
        calls[i] = start(call);
    }
    sleep_ns(&timer, 5000000);
    check(capos_process_terminate(&server) == CAPOS_OK && exit_code_of(&server) == EXIT_CODE_TERMINATED, "the server's end");
    for (uint32_t i = 0; i < 2; i++) {
        expect("H53", end_of(calls[i]), CAP_ERR_APPLICATION_EXCEPTION, i == 0 ? "a received call" : "a queued call");
        expect("H53", replies[i][16], CAP_EXCEPTION_DISCONNECTED, "its exception: disconnected");
    }
    struct ring_sqe call = call_with(NULL, 0);
    call.cap_id = facet.cap_id;
    expect("H53", run_entry(call), CAP_ERR_APPLICATION_EXCEPTION, "a call to a dead endpoint");
    capos_client_close(&facet);
}

static void check_ends(void)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID), object = new_object();
    struct capos_cap_grant grants[] = { capos_grant_held("endpoint", ep, CAPOS_ENDPOINT_INTERFACE_ID) };
    static struct capos_process client;
    /* A client with one call received and one queued. */
    grants[0].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    grants[0].badge = UINT64_MAX;
    spawn_task(BINARY, "two calls", grants, 1, &client);
    struct capos_completion got = receive();
    sleep_ns(&timer, 5000000);
    check(capos_process_terminate(&client) == CAPOS_OK && exit_code_of(&client) == EXIT_CODE_TERMINATED, "the client's end");
    struct ring_transfer_descriptor move = { object.cap_id, TRANSFER_MODE_MOVE, 0 };
    memcpy(params + 4, &move, sizeof move);
    expect("H54", run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = ep, .call_id = got.call_id,
                                               .addr = (uintptr_t)params, .len = 4, .xfer_cap_count = 1 }),
           CAP_ERR_INVOKE_FAILED, "RETURN to a client that has ended");
    expect("H54", capos_release(object.cap_id), 0, "the server keeps what it would have moved");
    expect_true("H53", queue_is_empty(), "the queued call of a client that has ended is gone");
    /* A server that ends with one call received; the endpoint has another owner. */
    grants[0].mode = CAPOS_CAP_GRANT_MODE_RAW;
    grants[0].badge = 0;
    spawn_task(BINARY, "receive", grants, 1, &client);
    uint64_t call = start(call_with(NULL, 0));
    expect("H53", end_of(call), CAP_ERR_APPLICATION_EXCEPTION, "a call whose receiver has ended");
    expect("H53", replies[0][16], CAP_EXCEPTION_DISCONNECTED, "its exception: disconnected");
    expect("H53", exit_code_of(&client), GOOD, "the receiver");
    check_owner_ends();
    expect("H57", run_task(BINARY, "no console", NULL, 0), GOOD, "a process without console: 300 ids, each -4");
}

/* ---- children ----------------------------------------------------------------------------------------------- */

static int steal(void)
{
    for (uint32_t id = 0; id < 300; id++)
        if (answer(id, 4) != CAP_ERR_INVOKE_FAILED)
            return 1;
    return GOOD;
}

static int cancel(void)
{
    for (uint64_t target = 1; target <= 300; target++)
        if (run_entry((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = ep, .pipeline_dep = target }) != CAP_ERR_INVALID_REQUEST)
            return 1;
    return GOOD;
}

static int facet(void)
{
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received, .result_len = sizeof received };
    struct ring_sqe cancel_it = { .opcode = RING_OP_CANCEL, .cap_id = ep, .pipeline_dep = 1 };
    if (run_entry(recv) != CAP_ERR_INVOKE_FAILED || run_entry(cancel_it) != CAP_ERR_INVOKE_FAILED)
        return 1;
    return steal();
}

static int fill_table(void)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_frame_allocator_alloc_frame_results got;
    struct capos_client object;
    while (capos_frame_allocator_alloc_frame(&allocator, NULL, &got) == CAPOS_OK)
        if (capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) != CAPOS_OK)
            return 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct capos_completion call = receive();
        if (call.cap_count != 0 || answer(call.call_id, 4) != 0)
            return 3;
    }
    return GOOD;
}

static int no_console(void)
{
    for (uint32_t id = 1; id <= 300; id++)
        if (run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = id }) != CAP_ERR_INVOKE_FAILED)
            return 1;
    return GOOD;
}

static int child(void)
{
    const struct capset_entry *entry = capos_capset_find("endpoint");
    ep = entry != NULL ? entry->cap_id : UINT32_MAX;
    if (task_is("steal"))
        return steal();
    if (task_is("cancel"))
        return cancel();
    if (task_is("facet"))
        return facet();
    if (task_is("full"))
        return fill_table();
    if (task_is("no console"))
        return no_console();
    if (task_is("receive"))
        return receive().call_id != 0 ? GOOD : 1;
    if (task_is("receive and stay"))
        (void)receive();
    if (task_is("two calls")) {
        start(call_with(NULL, 0));
        start(call_with(NULL, 0));
    }
    for (;;)
        capos_cap_enter(RING_CQ_ENTRIES, CAP_ENTER_WAIT_FOREVER);
}

int main(void)
{
    if (task() != NULL)
        return child();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    hostile_begin();
    ep = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    uint64_t ledgers = ledger_sum(&monitor);
    check_answers();
    check_buffers();
    check_descriptors();
    check_reserved_move();
    check_full_table();
    check_revoked();
    check_flood();
    check_table_end();
    check_ends();
    check(ledger_sum(&monitor) == ledgers, "all ledgers are where they were");
    return hostile_finish("hostile_calls");
}
