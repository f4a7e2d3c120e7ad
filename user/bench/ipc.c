/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoint round trips with a server in another process. The message is one
 * struct with one Data field, built and read with the runtime that generated
 * code uses, inside the measured loop; the server sends the same bytes back.
 */
#include "bench.h"

#define BYTES_MAX 4096u
#define MESSAGE_MAX (BYTES_MAX + 64u)
#define METHOD_GIVE_BACK 1u /* the answer moves back the capability that came */
#define BATCH 15u /* calls in one entry into the kernel, beside the receive of the other side */

static struct ring_page *page;
static uint32_t facet, sent_cap;
static uint8_t data[BYTES_MAX];
static _Alignas(8) uint8_t request[MESSAGE_MAX], reply[MESSAGE_MAX];

/* One struct with one Data field of `bytes` bytes; its length. */
static uint32_t build_message(uint8_t *to, uint32_t bytes)
{
    struct capn_builder builder;
    size_t len = 0;
    capn_builder_init(&builder, to, MESSAGE_MAX);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
    capn_set_data(&root, 0, (struct capn_data){ .bytes = data, .len = bytes });
    must(capn_builder_finish(&builder, &len) == CAPN_OK, "building the message", bytes);
    return (uint32_t)len;
}

static uint32_t read_message(const uint8_t *from, uint32_t len)
{
    struct capn_message message;
    struct capn_struct root;
    struct capn_data got = { 0 };
    must(capn_message_open(&message, from, len, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
         capn_root(&message, &root) == CAPN_OK && capn_get_data(&root, 0, &got) == CAPN_OK, "reading the message", len);
    return got.len;
}

static void round_trip(void *argument)
{
    uint32_t bytes = (uint32_t)(uintptr_t)argument, len = 0;
    if (bytes > 0)
        len = build_message(request, bytes);
    const struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = facet, .addr = (uintptr_t)request, .len = len,
                                   .result_addr = (uintptr_t)reply, .result_len = sizeof reply };
    int32_t result = run_sqe(page, &call);
    must(result == (int32_t)len, "echo", result);
    if (bytes > 0)
        must(read_message(reply, (uint32_t)result) == bytes, "echoed bytes", result);
}

static void batch(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < BATCH; i++) {
        *next_sqe(page) = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet, .user_data = i };
        publish(page);
    }
    must(reap(page, BATCH) == 0, "batch", 0);
}

/* A call that carries a copy of a capability, which the server drops. */
static void with_capability(void *argument)
{
    static struct ring_transfer_descriptor descriptor;
    (void)argument;
    descriptor = (struct ring_transfer_descriptor){ .cap_id = sent_cap, .transfer_mode = TRANSFER_MODE_COPY };
    const struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = facet, .addr = (uintptr_t)&descriptor, .len = 0,
                                   .xfer_cap_count = 1 };
    int32_t result = run_sqe(page, &call);
    must(result == 0, "call with a capability", result);
}

/* Our own capability goes with the call, and the one that comes back takes its place. */
static void moved_capability(void *argument)
{
    static struct ring_transfer_descriptor descriptor;
    static struct ring_result_cap back;
    (void)argument;
    descriptor = (struct ring_transfer_descriptor){ .cap_id = sent_cap, .transfer_mode = TRANSFER_MODE_MOVE };
    const struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = facet, .method_id = METHOD_GIVE_BACK,
                                   .addr = (uintptr_t)&descriptor, .len = 0, .xfer_cap_count = 1,
                                   .result_addr = (uintptr_t)&back, .result_len = sizeof back };
    int32_t result = run_sqe(page, &call);
    must(result == 0, "call that moves a capability", result);
    sent_cap = back.cap_id;
}

_Noreturn void bench_server(uint32_t endpoint)
{
    static _Alignas(8) uint8_t buffer[MESSAGE_MAX + 256];
    struct ring_page *ring = own_page();
    const struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = endpoint, .result_addr = (uintptr_t)buffer,
                                   .result_len = sizeof buffer };
    const struct endpoint_message *message = (const struct endpoint_message *)buffer;
    must(capos_cap_enter(0, 0) == 0, "server", 0);
    *next_sqe(ring) = recv;
    publish(ring);
    for (;;) {
        while (__atomic_load_n(&ring->header.cq_tail, __ATOMIC_ACQUIRE) == ring->header.cq_head)
            capos_cap_enter(1, CAP_ENTER_WAIT_FOREVER);
        const struct ring_cqe got = ring->cqes[ring->header.cq_head & RING_CQ_MASK];
        __atomic_store_n(&ring->header.cq_head, ring->header.cq_head + 1, __ATOMIC_RELEASE);
        if (got.user_data == 1)
            continue; /* a RETURN or a RELEASE that ended */
        if (got.result < 0)
            capos_exit(0);
        struct ring_sqe *answer = next_sqe(ring);
        *answer = (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = endpoint, .user_data = 1,
                                             .call_id = got.call_id, .addr = (uintptr_t)(buffer + sizeof *message),
                                             .len = message->params_len };
        const struct ring_result_cap *cap = (const struct ring_result_cap *)(buffer + got.result);
        struct ring_transfer_descriptor back = { .transfer_mode = TRANSFER_MODE_MOVE };
        if (message->method_id == METHOD_GIVE_BACK) {
            back.cap_id = cap->cap_id;
            answer->addr = (uintptr_t)&back;
            answer->xfer_cap_count = 1;
        }
        if (message->params_len > 0)
            must(read_message(buffer + sizeof *message, message->params_len) > 0, "server", message->params_len);
        publish(ring);
        uint32_t ends = 2; /* the answer, and the next call */
        if (got.cap_count > 0 && message->method_id != METHOD_GIVE_BACK) {
            ends++;
            *next_sqe(ring) = (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = cap->cap_id, .user_data = 1 };
            publish(ring);
        }
        *next_sqe(ring) = recv;
        publish(ring);
        capos_cap_enter(ends, CAP_ENTER_WAIT_FOREVER);
    }
}

void bench_ipc(void)
{
    page = own_page();
    static struct capos_process server;
    struct capos_client spawner = bench_open("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_client endpoint = bench_open("endpoint", CAPOS_ENDPOINT_INTERFACE_ID);
    struct capos_client frames = bench_open("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID), object;
    struct capos_frame_allocator_alloc_contiguous_params one = { .count = 1 };
    struct capos_frame_allocator_alloc_contiguous_results got;
    /* The child serves and keeps the endpoint alive; this process holds the owner's side and calls through it. */
    struct capos_cap_grant owner = capos_grant_held("serve", endpoint.cap_id, endpoint.interface_id);
    must(capos_process_spawn(&spawner, "bench", &owner, 1, &server) == CAPOS_OK, "spawn of the server", 0);
    facet = endpoint.cap_id;
    must(capos_frame_allocator_alloc_contiguous(&frames, &one, &got) == CAPOS_OK &&
         capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) == CAPOS_OK, "a capability to send", 0);
    sent_cap = object.cap_id;
    bench_row("ipc_rt_0", round_trip, (void *)0, 1);
    bench_row("ipc_rt_64", round_trip, (void *)64, 1);
    bench_row("ipc_rt_960", round_trip, (void *)960, 1);
    bench_row("ipc_rt_4096", round_trip, (void *)4096, 1);
    bench_row("ipc_batch_15_per_call", batch, NULL, BATCH);
    bench_row("ipc_rt_copy_cap_drop", with_capability, NULL, 1);
    bench_row("ipc_rt_move_cap", moved_capability, NULL, 1);
    must(capos_process_terminate(&server) == CAPOS_OK, "end of the server", 0);
    capos_process_close(&server);
}
