/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Under a profile that is small in everything: each of its numbers is what
 * answers (docs/kernel-semantics.md, RP-01). The numbers are those of
 * tests/smoke/exhaustion-profile/manifest.capnp.
 */
#include "exhaustion.h"

#define PROCESSES 2u
#define THREADS 3u
#define CAPS 24u
#define FRAMES 40u
#define QUEUE 3u
#define IN_FLIGHT 2u
#define RING_BYTES 2048u
#define SLEEPERS 2u

static struct waiting_call calls[8];
static struct capos_client allocator, spawner, timer;
static uint32_t endpoint;

static void answered(const char *what, uint64_t driven, uint64_t wanted, const char *refused)
{
    check(driven == wanted, "%s: %lu, not %lu", what, driven, wanted);
    say("%s driven=%lu refused=%s", what, driven, refused);
    say_held(what);
}

static void slots_and_frames(void)
{
    static struct capos_client objects[CAPS];
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < CAPS && (status = try_frame(&allocator, &objects[count])) == CAPOS_OK)
        count++;
    answered("caps", capos_capset_count() + count, CAPS, refusal(status, &allocator));
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
    count = 0;
    while (count < CAPS && (status = try_frames(&allocator, 8, &objects[count])) == CAPOS_OK)
        count++;
    answered("frames", count * 8, FRAMES, refusal(status, &allocator));
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
}

static void endpoint_limits(void)
{
    static uint8_t buffer[256];
    struct capos_received got;
    uint32_t count = 0, ids[QUEUE] = { 0 }, taken = 0;
    for (; count < 8; count++) {
        uint64_t word = count;
        start_call(&calls[count], endpoint, 1, &word, 1);
        if (has_ended(&calls[count], 0))
            break;
    }
    answered("endpoint-queue", count, QUEUE, call_refusal(&calls[count]));
    for (; taken < QUEUE && capos_endpoint_receive(endpoint, buffer, sizeof buffer, 0, &got) == CAPOS_OK; taken++)
        ids[taken] = got.call_id;
    answered("in-flight", taken, IN_FLIGHT, "no message comes");
    for (uint32_t i = 0; i < count; i++) {
        if (i >= taken && capos_endpoint_receive(endpoint, buffer, sizeof buffer, 0, &got) == CAPOS_OK)
            ids[i] = got.call_id;
        check(capos_endpoint_return(endpoint, ids[i], &(struct capos_answer){ 0 }) == CAPOS_OK, "answer %u", i);
        check(has_ended(&calls[i], CAP_ENTER_WAIT_FOREVER) && calls[i].done.result == 0, "call %u", i);
    }
}

static void ring_bytes(void)
{
    static _Alignas(8) uint8_t params[RING_BYTES + 8] = { [4] = 1 }; /* a message of one word */
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = timer.cap_id, .method_id = CAPOS_TIMER_NOW_METHOD,
                            .addr = (uintptr_t)params, .len = RING_BYTES, .result_addr = (uintptr_t)calls[0].reply,
                            .result_len = sizeof calls[0].reply };
    int32_t allowed = run_entry(sqe);
    check(allowed > 0, "as many bytes as there may be: %d", allowed);
    sqe.len++;
    int32_t result = run_entry(sqe);
    answered("ring-scratch", RING_BYTES, RING_BYTES, result == CAP_ERR_INVALID_REQUEST ? "-1" : "another answer");
}

static void reply_bytes(void)
{
    struct capos_client source = granted("entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    struct capos_entropy_source_fill_params in = { .bytes = 256 - 24 };
    struct capos_entropy_source_fill_results got = { 0 };
    enum capos_status status = capos_entropy_source_fill(&source, &in, &got);
    say("reply-scratch refused=%s", status == CAPOS_EXCEPTION ? type_name(source.exception.type) : capos_status_text(status));
    in.bytes = 256 - 32;
    check_ok(capos_entropy_source_fill(&source, &in, &got), &source, "a reply of 256 bytes");
    say_held("reply-scratch");
}

static void sleepers(void)
{
    const uint64_t ns = 200000000;
    uint32_t count = 0;
    for (; count < 8; count++) {
        start_call(&calls[count], timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, &ns, 1);
        if (has_ended(&calls[count], 0))
            break;
    }
    answered("timer-waiters", count, SLEEPERS, call_refusal(&calls[count]));
    for (uint32_t i = 0; i < count; i++)
        check(has_ended(&calls[i], CAP_ENTER_WAIT_FOREVER) && calls[i].done.result == 0, "sleeper %u", i);
}

static uint32_t go;

static int64_t waits(void *argument)
{
    (void)argument;
    struct capos_completion never;
    while (load_acquire_u32(&go) == 0)
        capos_ring_wait(capos_ring(), 0, 2000000, &never);
    return 5;
}

static void threads(void)
{
    static uint8_t stacks[8][4096];
    static struct capos_thread started[8];
    struct capos_client creator = granted("thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID);
    struct capos_thread_spawner_create_params in = { .entry = USER_IMAGE_BASE, .stack_top = USER_STACK_TOP };
    uint32_t count = 1;
    for (; count < 8; count++) {
        struct capos_thread_options options = { stacks[count], sizeof stacks[count] };
        if (capos_thread_start(&started[count], waits, NULL, &options) != CAPOS_OK)
            break;
    }
    enum capos_status status = capos_thread_spawner_create(&creator, &in, &(struct capos_thread_spawner_create_results){ 0 });
    answered("threads", count, THREADS, refusal(status, &creator));
    store_release_u32(&go, 1);
    for (uint32_t i = 1; i < count; i++) {
        int64_t code = 0;
        check(capos_thread_join(&started[i], &code) == CAPOS_OK && code == 5, "thread %u", i);
    }
}

static void processes(void)
{
    static struct capos_process children[8], none;
    struct capos_cap_grant grant = capos_grant_kernel("do:wait", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < 8 && (status = capos_process_spawn(&spawner, "untrusted", &grant, 1, &children[count])) == CAPOS_OK)
        count++;
    answered("processes", count, PROCESSES, refusal(status, &spawner));
    for (uint32_t i = 0; i < count; i++)
        check(capos_process_terminate(&children[i]) == CAPOS_OK && exit_code_of(&children[i]) == EXIT_CODE_TERMINATED, "ends");
    check_ok(capos_process_spawn(&spawner, "untrusted", &grant, 1, &none), &spawner, "a child afterwards");
    check(capos_process_terminate(&none) == CAPOS_OK && exit_code_of(&none) == EXIT_CODE_TERMINATED, "its end");
}

/* Fewer bytes than one line has: all are counted. The scenario adds up. */
static void log_bytes(void)
{
    uint32_t errors = 0;
    for (uint32_t i = 0; i < 100; i++)
        errors += run_entry((struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1 }) == CAP_ERR_INVALID_REQUEST;
    answered("log-bytes", errors, 100, "in summaries");
}

int main(void)
{
    struct capos_completion never;
    if (task() != NULL)
        for (;;)
            capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
    begin("exhaustion");
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    say("profile start profile=tight caps=%u", capos_capset_count());
    slots_and_frames();
    endpoint_limits();
    ring_bytes();
    reply_bytes();
    sleepers();
    threads();
    processes();
    log_bytes();
    return end("profile");
}
