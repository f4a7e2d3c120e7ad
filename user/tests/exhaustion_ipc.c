/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a process may have under way in endpoints and pipes: every limit driven until it answers. */
#include "exhaustion.h"

#define BINARY "exhaustion_ipc"
#define ENDPOINTS 9u
#define LARGE 65000u
#define SERVICE_OBJECTS 64u
#define RECEIVES 128u
#define COOKIE(i) (0x51c0000001000000ull + (i))

static uint32_t endpoints[ENDPOINTS];
static struct waiting_call calls[80];
static struct capos_client monitor, allocator, spawner;
static unsigned failures_before;

static void answered(const char *what, uint64_t driven, const char *refused)
{
    failures_before = check_failures;
    say("%s driven=%lu refused=%s", what, driven, refused);
    say_held(what);
}

static void recovered(const char *what)
{
    if (check_failures == failures_before)
        say("%s recovered", what);
}

/* ---- calls -------------------------------------------------------------------------------------- */

/* Calls of `endpoint` from number `first` on, until one is answered at once or `max` wait. How many wait. */
static uint32_t fill(uint32_t endpoint, uint32_t first, uint32_t max)
{
    for (uint32_t i = 0; i < max; i++) {
        uint64_t word = first + i;
        start_call(&calls[first + i], endpoint, 1, &word, 1);
        if (has_ended(&calls[first + i], 0))
            return i;
    }
    return max;
}

/* Receives one call into a buffer that holds the largest; its call id, 0 without. */
static uint32_t receive(uint32_t endpoint)
{
    static _Alignas(8) uint8_t buffer[CAPOS_RECEIVE_BYTES];
    struct capos_received got = { 0 };
    if (capos_endpoint_receive(endpoint, buffer, sizeof buffer, 0, &got) != CAPOS_OK)
        return 0;
    for (uint16_t i = 0; i < got.cap_count; i++) {
        uint32_t id;
        uint64_t interface_id;
        capos_received_cap(&got, i, &id, &interface_id);
        check(capos_release(id) == CAPOS_OK, "a capability that came with a call");
    }
    return got.call_id;
}

static void answer(uint32_t endpoint, uint32_t call_id)
{
    check(call_id != 0 && capos_endpoint_return(endpoint, call_id, &(struct capos_answer){ 0 }) == CAPOS_OK, "answer");
}

/* Serves and awaits the calls `first` to `first + count - 1`. */
static void drain(uint32_t endpoint, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        answer(endpoint, receive(endpoint));
        check(has_ended(&calls[i], CAP_ENTER_WAIT_FOREVER) && calls[i].done.result == 0, "call %u: %d", i, calls[i].done.result);
    }
}

static void queue(void)
{
    uint32_t count = fill(endpoints[0], 0, 64);
    answered("endpoint-queue", count, call_refusal(&calls[count]));
    drain(endpoints[0], 0, 1);
    check(fill(endpoints[0], count, 1) == 1, "in the place of the one that was served");
    drain(endpoints[0], 1, count);
    recovered("endpoint-queue");
}

static void outstanding(void)
{
    uint32_t count = fill(endpoints[0], 0, PROFILE_DEFAULT_ENDPOINT_QUEUE);
    count += fill(endpoints[1], count, PROFILE_DEFAULT_ENDPOINT_QUEUE);
    count += fill(endpoints[2], count, 1);
    answered("outstanding-calls", count, call_refusal(&calls[count]));
    drain(endpoints[0], 0, 1);
    check(fill(endpoints[2], count, 1) == 1, "in the place of the one that was served");
    drain(endpoints[2], count, 1);
    drain(endpoints[0], 1, PROFILE_DEFAULT_ENDPOINT_QUEUE - 1);
    drain(endpoints[1], PROFILE_DEFAULT_ENDPOINT_QUEUE, PROFILE_DEFAULT_ENDPOINT_QUEUE);
    recovered("outstanding-calls");
}

/* Received and not answered. */
static void in_flight(void)
{
    uint32_t ids[PROFILE_DEFAULT_IN_FLIGHT + 1] = { 0 }, count = 0, waiting = fill(endpoints[0], 0, PROFILE_DEFAULT_IN_FLIGHT + 1);
    while (count < waiting && (ids[count] = receive(endpoints[0])) != 0)
        count++;
    answered("in-flight", count, "no message comes");
    answer(endpoints[0], ids[0]);
    ids[0] = receive(endpoints[0]);
    for (uint32_t i = 0; i < count; i++)
        answer(endpoints[0], ids[i]);
    for (uint32_t i = 0; i < waiting; i++)
        check(has_ended(&calls[i], CAP_ENTER_WAIT_FOREVER) && calls[i].done.result == 0, "call %u", i);
    recovered("in-flight");
}

/* Messages that wait lie in memory of their sender's: first the endpoint's bytes end, then the sender's. */
static void bytes(void)
{
    static _Alignas(8) uint8_t params[LARGE];
    uint32_t count = 0, at[4] = { 0 };
    for (uint32_t e = 0; e < 2; e++) {
        struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = endpoints[e], .addr = (uintptr_t)params, .len = LARGE };
        for (;; count++) {
            sqe.result_addr = (uintptr_t)calls[count].reply;
            sqe.result_len = sizeof calls[count].reply;
            check(capos_ring_submit(capos_ring(), &sqe, &calls[count].ticket) == CAPOS_OK, "submit");
            capos_cap_enter(0, 0);
            if (has_ended(&calls[count], 0))
                break;
            at[count] = endpoints[e];
        }
        answered(e == 0 ? "endpoint-bytes" : "scratch-bytes", count * LARGE, call_refusal(&calls[count]));
    }
    for (uint32_t i = 0; i < count; i++)
        drain(at[i], i, 1);
    check(fill(endpoints[0], 0, 1) == 1, "a call afterwards");
    drain(endpoints[0], 0, 1);
    recovered("endpoint-bytes");
    recovered("scratch-bytes");
}

/* Capabilities of calls that wait, 16 with each. */
static void travelling(void)
{
    static struct {
        uint64_t word;
        struct ring_transfer_descriptor caps[TRANSFER_DESCRIPTORS_MAX];
    } params;
    struct capos_client object;
    uint32_t count = 0;
    check_ok(try_frame(&allocator, &object), &allocator, "a frame");
    for (uint32_t i = 0; i < TRANSFER_DESCRIPTORS_MAX; i++)
        params.caps[i] = (struct ring_transfer_descriptor){ .cap_id = object.cap_id, .transfer_mode = TRANSFER_MODE_COPY };
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = endpoints[0], .addr = (uintptr_t)&params, .len = sizeof params.word,
                            .xfer_cap_count = TRANSFER_DESCRIPTORS_MAX };
    for (; count < 10; count++) {
        sqe.result_addr = (uintptr_t)calls[count].reply;
        sqe.result_len = sizeof calls[count].reply;
        check(capos_ring_submit(capos_ring(), &sqe, &calls[count].ticket) == CAPOS_OK, "submit");
        capos_cap_enter(0, 0);
        if (has_ended(&calls[count], 0))
            break;
    }
    answered("travelling-capabilities", count * TRANSFER_DESCRIPTORS_MAX, call_refusal(&calls[count]));
    drain(endpoints[0], 0, count);
    capos_client_close(&object);
    recovered("travelling-capabilities");
}

/* ---- receives ------------------------------------------------------------------------------------- */

static uint64_t posted[RECEIVES];
static uint8_t receive_buffer[64];

/* False: refused at once. */
static bool post(uint32_t endpoint, uint64_t *ticket, int32_t *result)
{
    struct capos_completion done;
    check(capos_endpoint_post(endpoint, receive_buffer, sizeof receive_buffer, ticket) == CAPOS_OK, "post");
    capos_cap_enter(0, 0);
    if (capos_ring_wait(capos_ring(), *ticket, 0, &done) != CAPOS_OK)
        return true;
    *result = done.result;
    return false;
}

static void receives(void)
{
    struct capos_completion done;
    int32_t result = 0;
    uint64_t ticket;
    uint32_t count = 0;
    while (count < RECEIVES && post(endpoints[0], &posted[count], &result))
        count++;
    check(result == CAP_ERR_INVOKE_FAILED, "one receive too many of an endpoint: %d", result);
    answered("endpoint-receives", count, "-4");
    result = 0;
    for (uint32_t e = 1; e < ENDPOINTS - 1; e++)
        for (uint32_t i = 0; i < PROFILE_DEFAULT_IN_FLIGHT && post(endpoints[e], &posted[count], &result); i++)
            count++;
    check(result == 0 && !post(endpoints[ENDPOINTS - 1], &ticket, &result) && result == CAP_ERR_INVOKE_FAILED,
          "one receive too many of a process: %d", result);
    answered("receives", count, "-4");
    for (uint32_t i = 0; i < count; i++)
        check(capos_endpoint_cancel(endpoints[i / PROFILE_DEFAULT_IN_FLIGHT], posted[i], &done) == CAPOS_OK &&
              done.result == CAP_ERR_INVOKE_FAILED, "cancel %u", i);
    check(post(endpoints[0], &ticket, &result), "a receive afterwards");
    check(capos_endpoint_cancel(endpoints[0], ticket, &done) == CAPOS_OK, "and its end");
    recovered("endpoint-receives");
    recovered("receives");
}

/* ---- objects of a service ---------------------------------------------------------------------------- */

static void service_objects(void)
{
    static struct capos_cap_grant grants[1 + SERVICE_OBJECTS + 1];
    static char names[1 + SERVICE_OBJECTS + 1][8];
    struct capos_client service = granted("service", CAPOS_ENDPOINT_INTERFACE_ID);
    struct capos_process child;
    grants[0] = capos_grant_kernel("do:wait", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    for (uint32_t i = 1; i <= SERVICE_OBJECTS + 1; i++) {
        struct text_buf buf = text_buf_over(names[i], sizeof names[i] - 1);
        capos_format(&buf, "o%u", i);
        grants[i] = capos_grant_held(names[i], service.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
        grants[i].mode = CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
        grants[i].badge = COOKIE(i);
    }
    enum capos_status status = capos_process_spawn(&spawner, BINARY, grants, SERVICE_OBJECTS + 2, &child);
    answered("service-objects", SERVICE_OBJECTS, refusal(status, &spawner));
    for (uint32_t i = 0; i < SERVICE_OBJECTS; i++)
        check(receive(service.cap_id) != 0, "news of object %u of the spawn that failed", i);
    check_ok(capos_process_spawn(&spawner, BINARY, grants, SERVICE_OBJECTS + 1, &child), &spawner, "as many as there may be");
    check(capos_process_terminate(&child) == CAPOS_OK && exit_code_of(&child) == EXIT_CODE_TERMINATED, "the child's end");
    for (uint32_t i = 0; i < SERVICE_OBJECTS; i++)
        check(receive(service.cap_id) != 0, "news of object %u", i);
    recovered("service-objects");
}

/* ---- pipes ------------------------------------------------------------------------------------------- */

struct ends {
    struct capos_client reader, writer;
};

static enum capos_status new_pipe(uint32_t size, struct ends *out)
{
    struct capos_process_spawner_create_pipe_params in = { .buffer_bytes = size };
    struct capos_process_spawner_create_pipe_results got = { 0 };
    enum capos_status status = capos_process_spawner_create_pipe(&spawner, &in, &got);
    if (status == CAPOS_OK)
        status = capos_reply_take(got.read_index, CAPOS_PIPE_INTERFACE_ID, &out->reader);
    return status == CAPOS_OK ? capos_reply_take(got.write_index, CAPOS_PIPE_INTERFACE_ID, &out->writer) : status;
}

static void close_pipe(struct ends *pipe)
{
    capos_client_close(&pipe->reader);
    capos_client_close(&pipe->writer);
}

/* Each end charges the whole pipe, 17 pages. */
static void pipes(void)
{
    static struct ends made[64];
    struct capos_client half;
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    check_ok(try_frames(&allocator, FRAME_GRANT_PAGES_MAX / 2, &half), &allocator, "half of the pages");
    while (count < 64 && (status = new_pipe(65536, &made[count])) == CAPOS_OK)
        count++;
    answered("pipes", count, refusal(status, &spawner));
    close_pipe(&made[0]);
    check_ok(new_pipe(65536, &made[0]), &spawner, "in the place of the one that was closed");
    for (uint32_t i = 0; i < count; i++)
        close_pipe(&made[i]);
    capos_client_close(&half);
    recovered("pipes");
}

/* A full pipe takes one waiting write, an empty one one waiting read. */
static void pipe_waiters(void)
{
    struct ends pipe;
    const uint64_t wanted = 64;
    static uint8_t full[4096];
    struct capos_pipe_write_params in = { .data = { full, sizeof full } };
    struct capos_pipe_write_results got = { 0 };
    check_ok(new_pipe(4096, &pipe), &spawner, "createPipe");
    start_call(&calls[0], pipe.reader.cap_id, CAPOS_PIPE_READ_METHOD, &wanted, 1);
    start_call(&calls[1], pipe.reader.cap_id, CAPOS_PIPE_READ_METHOD, &wanted, 1);
    check(!has_ended(&calls[0], 0) && has_ended(&calls[1], 0), "one read waits");
    answered("pipe-readers", 1, call_refusal(&calls[1]));
    check_ok(capos_pipe_write(&pipe.writer, &in, &got), &pipe.writer, "write");
    check(has_ended(&calls[0], CAP_ENTER_WAIT_FOREVER) && calls[0].done.result > 0, "the read that waited");
    recovered("pipe-readers");
    check_ok(capos_pipe_write(&pipe.writer, &in, &got), &pipe.writer, "what is left of the room"); /* 64 bytes */
    static _Alignas(8) uint64_t write_params[] = { 3ull << 32, 1ull << 48, 1 | (8ull << 3 | 2) << 32, 0x0102030405060708 };
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = pipe.writer.cap_id, .method_id = CAPOS_PIPE_WRITE_METHOD,
                            .addr = (uintptr_t)write_params, .len = sizeof write_params };
    for (uint32_t i = 2; i < 4; i++) {
        sqe.result_addr = (uintptr_t)calls[i].reply;
        sqe.result_len = sizeof calls[i].reply;
        check(capos_ring_submit(capos_ring(), &sqe, &calls[i].ticket) == CAPOS_OK, "submit");
        capos_cap_enter(0, 0);
    }
    check(!has_ended(&calls[2], 0) && has_ended(&calls[3], 0), "one write waits");
    answered("pipe-writers", 1, call_refusal(&calls[3]));
    struct capos_pipe_read_results out = { 0 };
    check_ok(capos_pipe_read(&pipe.reader, &(struct capos_pipe_read_params){ .max_len = 512 }, &out), &pipe.reader, "read");
    check(has_ended(&calls[2], CAP_ENTER_WAIT_FOREVER) && calls[2].done.result > 0, "the write that waited");
    close_pipe(&pipe);
    recovered("pipe-writers");
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

int main(void)
{
    struct capos_completion never;
    char name[] = "e0";
    if (task() != NULL)
        for (;;)
            capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
    begin("exhaustion");
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    for (uint32_t e = 0; e < ENDPOINTS; e++, name[1]++)
        endpoints[e] = granted(name, CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    say("ipc start profile=default caps=%u", capos_capset_count());
    static void (*const cases[])(void) = { queue, outstanding, in_flight, bytes, travelling, receives, service_objects, pipes,
                                           pipe_waiters };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t ledgers = ledger_sum(&monitor);
        cases[i]();
        check(ledger_sum(&monitor) == ledgers, "case %zu: the ledgers are not back", i);
    }
    return end("ipc");
}
