/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the short way through cap_enter (kernel/ipc/fast.c) asks before it answers, question by question: an entry that the
 * general way would refuse, park, queue or answer otherwise must get that answer, and must not have been taken by the short
 * way; an ordinary one must have been. Every test runs on both ways (harness.c), which must tell the same events; what is in
 * memory afterwards is said here. One program holds the endpoint and does what the other asks for, step by step.
 */
#include "core/cap/id.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

static struct guest *self(void)
{
    return *sim_local();
}

/* ---- which way was it? ----------------------------------------------------------------------- */

/* One entry that must, or must not, have taken the short way to its end. */
static uint64_t enter_by(bool short_way, uint32_t min_complete, uint64_t timeout_ns)
{
    uint64_t before = kernel.trace.short_ways;
    uint64_t got = guest_enter(min_complete, timeout_ns);
    CHECK_EQ(kernel.trace.short_ways - before, short_way && !fault_wants_all_points());
    return got;
}

static uint64_t start_by(bool short_way, struct ring_sqe sqe)
{
    uint64_t id = guest_submit(sqe);
    (void)enter_by(short_way, 0, 0);
    return id;
}

#define SHORT(...) start_by(true, __VA_ARGS__)
#define GENERAL(...) start_by(false, __VA_ARGS__)

/* Refused with that code, on the general way. */
static void refused(struct ring_sqe sqe, int32_t code)
{
    CHECK_EQ(ep_await(GENERAL(sqe)).result, code);
}

/* ---- the other side ---------------------------------------------------------------------------- */

static struct {
    void (*step)(void); /* what it is to do; NULL: done */
    struct ring_sqe recv;
    uint64_t recv_id;
    struct ring_cqe got;
    bool stop;
} server;

static uint32_t own(void)
{
    return guest_open("own").cap_id;
}

PROGRAM(serves)
{
    while (!server.stop) {
        if (server.step != NULL) {
            server.step();
            server.step = NULL;
        }
        sim_pause();
    }
}

static void serve(void (*step)(void))
{
    server.step = step;
    while (server.step != NULL)
        sim_pause();
}

static void receive(void)
{
    server.recv_id = SHORT(server.recv);
}

static void take(void)
{
    server.got = ep_await(server.recv_id);
}

static struct ring_sqe answer_sqe(const char *text)
{
    return ep_return_sqe(own(), server.got.call_id, text, (uint32_t)strlen(text));
}

static void answer(void)
{
    take();
    CHECK_EQ(ep_run(answer_sqe("")).result, 0);
}

static uint32_t facet;
static struct kit_child server_child;

static void begin(void)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT("own"),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("serves"), .binary_name = capn_text_of("serves"),
                                                     .grants = capn_list_over(grants, 2, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    facet = guest_take_cap(2).cap_id;
    server_child = (struct kit_child){ guest_take_cap(0), guest_take_cap(1) };
    server.recv = (struct ring_sqe){ .opcode = RING_OP_RECV, .result_addr = RECV_BUFFER, .result_len = 0x4000 };
}

static void set_recv(void)
{
    server.recv.cap_id = own();
}

static void end(void)
{
    server.stop = true;
    CHECK_EQ(kit_wait(&server_child), 0);
}

static struct ring_sqe empty_call(void)
{
    return ep_call_sqe(facet, 7, "", 0);
}

static struct ring_sqe call_with(uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        *kit_byte(GUEST_PARAMS + i) = (uint8_t)(i * 7 + 1);
    struct ring_sqe sqe = empty_call();
    sqe.len = len;
    return sqe;
}

/* Pages of nothing, of pages that may only be read. */
static uint64_t nowhere(void)
{
    return 0x7000000;
}

static uint64_t read_only(void)
{
    struct capos_client object = kit_memory(1);
    return kit_map(&object, 1, PROT_READ_BIT);
}

/* ---- CALL ---------------------------------------------------------------------------------------- */

static uint32_t expected_len;

static void expect_params(void)
{
    take();
    CHECK_EQ(server.got.result, (int32_t)(56 + expected_len));
    struct endpoint_message header;
    ep_get(server.recv.result_addr, &header, sizeof header);
    CHECK(header.method_id == 7 && header.params_len == expected_len && header.flags == 0);
    CHECK_EQ(header.interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
    for (uint32_t i = 0; i < expected_len; i++) {
        const uint8_t *byte = sim_user(server.recv.result_addr + 56 + i, 1, false);
        CHECK(byte != NULL && *byte == (uint8_t)(i * 7 + 1));
    }
    CHECK_EQ(ep_await(SHORT(answer_sqe("well"))).result, 0);
}

static void meet(uint32_t len, bool short_way)
{
    serve(receive);
    expected_len = len;
    uint64_t call = start_by(short_way, call_with(len));
    serve(expect_params);
    CHECK_EQ(ep_await(call).result, 4);
    ep_expect_bytes(CALL_BUFFER, "well");
}

static void charge(void)
{
    set_recv();
    server.recv_id = guest_submit(server.recv);
    (void)guest_enter(0, 0);
}

static void answer_general(void)
{
    take();
    struct ring_sqe sqe = answer_sqe("");
    sqe.len = CALL_BUFFER_BYTES;
    CHECK_EQ(ep_await(GENERAL(sqe)).result, 0); /* the server's input buffer is charged for the first time */
}

/* Input buffers of both sides are charged once; from then on payloads go the short way (SC-01). */
static void warm(void)
{
    serve(charge);
    uint64_t call = GENERAL(call_with(8192));
    serve(answer_general);
    CHECK_EQ(ep_await(call).result, CALL_BUFFER_BYTES);
}

PROGRAM(ordinary)
{
    static const uint32_t lens[] = { 1, 7, 8, 64, 960, 4040, 4096, 8000 };
    begin();
    warm();
    for (uint32_t offset = 0; offset < 3; offset++) {
        server.recv.result_addr = RECV_BUFFER + (uint64_t[]){ 0, 4096 - 20, 4096 - 56 }[offset];
        server.recv.result_len = 0x3000;
        meet(0, true);
        for (uint32_t i = 0; i < 7 - offset; i++)
            meet(lens[i], true);
    }
    meet(8200, false); /* more than was charged */
    end();
}

static uint32_t scratch_of(uint32_t pid)
{
    return process_find(pid)->profile.ring_scratch;
}

/* A caller whom a waiting RECV would take; what is wrong with the entry is what is answered. */
PROGRAM(bad_calls)
{
    begin();
    warm();
    serve(receive);
    struct ring_sqe sqe = empty_call();
    sqe.flags = SQE_FLAG_THREAD_OWNED;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.pipeline_dep = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.pipeline_field = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.call_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.session_disclosure = 1ull << 63;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    struct capos_client large = kit_memory(20);
    sqe = empty_call(), sqe.result_addr = kit_map(&large, 20, PROT_READ_BIT | PROT_WRITE_BIT), sqe.result_len = scratch_of(1) + 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = empty_call(), sqe.xfer_cap_count = 1, sqe.addr = GUEST_SPARE; /* no such capability */
    CHECK(ep_await(GENERAL(sqe)).result < 0);
    sqe = call_with(8), sqe.addr = nowhere();
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = call_with(8), sqe.addr = nowhere() - 4;
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = call_with(8), sqe.addr = 1ull << 63 | GUEST_PARAMS;
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = empty_call(), sqe.result_addr = nowhere();
    refused(sqe, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = empty_call(), sqe.result_addr = read_only(), sqe.result_len = 8;
    refused(sqe, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = empty_call(), sqe.cap_id = cap_id_make((uint8_t)(cap_id_generation(facet) + 1), cap_id_index(facet));
    refused(sqe, CAP_ERR_INVOKE_FAILED);
    uint64_t good = SHORT(empty_call());
    serve(answer);
    CHECK_EQ(ep_await(good).result, 0);
    end();
}

/* Of a hold that was revoked nothing is left, whoever waits behind it (the epoch). */
PROGRAM(revoked_hold)
{
    begin();
    warm();
    serve(receive);
    struct cap_slot *slot = NULL;
    CHECK_EQ(cap_table_lookup(&process_find(1)->table, facet, (const struct cap_slot **)(void *)&slot), CAP_OK);
    slot->epoch->value++; /* as a revocation does, but for what it does to the endpoint itself */
    struct ring_cqe cqe = ep_await(GENERAL(empty_call()));
    CHECK(cqe.result < 0);
    slot->epoch->value--;
    uint64_t good = SHORT(empty_call());
    serve(answer);
    CHECK_EQ(ep_await(good).result, 0);
    end();
}

static void receive_general(void)
{
    server.recv_id = GENERAL(server.recv);
}

/* The receiver's buffer is judged when the message comes. */
static void bad_buffer(void)
{
    struct capos_client object = kit_memory(1);
    struct capos_memory_object_unmap_params in = { .size = PAGE_SIZE };
    in.addr = kit_map(&object, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    server.recv.result_addr = in.addr, server.recv.result_len = 256;
    receive();
    CHECK_EQ(capos_memory_object_unmap(&object, &in, NULL), CAPOS_OK);
}

static void protected_buffer(void)
{
    struct capos_client object = kit_memory(1);
    struct capos_memory_object_protect_params in = { .size = PAGE_SIZE, .prot = PROT_READ_BIT };
    in.addr = kit_map(&object, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    server.recv.result_addr = in.addr, server.recv.result_len = 256;
    receive();
    CHECK_EQ(capos_memory_object_protect(&object, &in, NULL), CAPOS_OK);
}

static void expect_bad_receive(void)
{
    take();
    CHECK_EQ(server.got.result, CAP_ERR_INVALID_RESULT_BUFFER);
}

static void small_buffer(void)
{
    server.recv.result_addr = RECV_BUFFER;
    server.recv.result_len = 60;
    receive();
}

PROGRAM(bad_receivers)
{
    static void (*const bad[])(void) = { bad_buffer, protected_buffer, small_buffer };
    begin();
    warm();
    for (size_t i = 0; i < 3; i++) {
        serve(bad[i]);
        uint64_t call = GENERAL(call_with(8));
        serve(expect_bad_receive); /* the call waits for the next one */
        server.recv.result_addr = RECV_BUFFER, server.recv.result_len = 0x4000;
        serve(receive_general);
        serve(answer);
        CHECK_EQ(ep_await(call).result, 0);
    }
    end();
}

/* ---- the other side's ring ----------------------------------------------------------------------- */

static void nops(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
        if (i % 8 == 7 || i + 1 == count)
            (void)guest_enter(0, 0);
    }
}

static uint32_t unread(void)
{
    return self()->page->header.cq_tail - self()->page->header.cq_head;
}

static void fill(void)
{
    receive();
    nops(RING_CQ_ENTRIES - unread());
}

static void read_all(void)
{
    CHECK_EQ(unread(), RING_CQ_ENTRIES);
    answer();
}

static uint32_t true_head;

static void garble(void)
{
    receive();
    true_head = self()->page->header.cq_head;
    self()->page->header.cq_head = true_head + 5; /* more read than was posted */
}

static void mend(void)
{
    self()->page->header.cq_head = true_head;
    answer();
}

/* Two that wait: the first completion is parked, then there is room, but what is parked comes first. */
static uint64_t recvs[2];

static void receive_twice(void)
{
    recvs[0] = SHORT(server.recv);
    recvs[1] = SHORT(server.recv);
    nops(RING_CQ_ENTRIES - unread());
}

static void expect_in_order(void)
{
    struct ring_cqe cqe, got[2];
    uint32_t seen = 0;
    (void)guest_enter(0, 0);
    while (guest_take(&cqe)) {
        if (cqe.user_data != recvs[0] && cqe.user_data != recvs[1])
            continue;
        CHECK(seen < 2 && cqe.user_data == recvs[seen]);
        got[seen++] = cqe;
    }
    CHECK_EQ(seen, 2);
    for (uint32_t i = 0; i < 2; i++) {
        server.got = got[i];
        CHECK_EQ(ep_run(answer_sqe("")).result, 0);
    }
}

PROGRAM(no_room)
{
    begin();
    warm();
    serve(fill);
    uint64_t call = GENERAL(empty_call());
    serve(read_all);
    CHECK_EQ(ep_await(call).result, 0);
    serve(garble);
    call = GENERAL(empty_call());
    serve(mend);
    CHECK_EQ(ep_await(call).result, 0);
    serve(receive_twice);
    uint64_t first = GENERAL(empty_call());
    process_find(2)->threads->ring.page->header.cq_head += 4; /* it reads some, and does not come to the kernel */
    uint64_t second = GENERAL(empty_call());
    serve(expect_in_order);
    CHECK_EQ(ep_await(first).result, 0);
    CHECK_EQ(ep_await(second).result, 0);
    end();
}

/* A wait with an end: its timer has to be stopped. */
static void wait_with_timer(void)
{
    server.recv_id = guest_submit(server.recv);
    CHECK_EQ(guest_enter(1, 900000000ull), 1);
    answer();
}

PROGRAM(timed_receiver)
{
    begin();
    warm();
    server.step = wait_with_timer;
    while (kernel.timers.count == 0 || process_find(2)->threads->state != THREAD_BLOCKED)
        sim_pause();
    uint64_t call = ep_start(empty_call());
    CHECK_EQ(kernel.timers.count, 0);
    CHECK_EQ(ep_await(call).result, 0);
    while (server.step != NULL)
        sim_pause();
    end();
}

/* ---- limits and turns ------------------------------------------------------------------------------ */

static uint64_t calls[64];
static uint32_t ids[64], taken_count;

static void take_one(void)
{
    take();
    ids[taken_count++] = server.got.call_id;
}

static void answer_first(void)
{
    CHECK_EQ(ep_await(GENERAL((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own(), .call_id = ids[0] })).result, 0);
}

static void answer_rest(void)
{
    for (uint32_t i = 1; i < taken_count; i++)
        CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own(), .call_id = ids[i] }).result, 0);
}

/* As many in flight as may be: a call waits although somebody receives, and an answer lets it in (EN-05). */
PROGRAM(in_flight_ceiling)
{
    uint32_t limit = PROFILE_DEFAULT_IN_FLIGHT;
    begin();
    warm();
    for (uint32_t i = 0; i < limit; i++) {
        serve(receive);
        calls[i] = SHORT(empty_call());
        serve(take_one);
    }
    CHECK_EQ(cap_ledger_used(process_ledger(process_find(1)), CAP_RESOURCE_OUTSTANDING_CALLS), limit);
    serve(receive);
    calls[limit] = GENERAL(empty_call());
    calls[limit + 1] = GENERAL(empty_call());
    serve(answer_first); /* one of the two comes in with it */
    serve(take_one);
    CHECK_EQ(ep_await(calls[0]).result, 0);
    serve(answer_rest);
    taken_count = 0;
    serve(receive_general); /* the other one */
    serve(answer);
    for (uint32_t i = 1; i < limit + 2; i++)
        CHECK_EQ(ep_await(calls[i]).result, 0);
    CHECK_EQ(cap_ledger_used(process_ledger(process_find(1)), CAP_RESOURCE_OUTSTANDING_CALLS), 0);
    end();
}

/* ---- RECV and RETURN --------------------------------------------------------------------------------- */

static void bad_receives(void)
{
    struct ring_sqe sqe = server.recv;
    sqe.addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.len = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.method_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.flags = SQE_FLAG_THREAD_OWNED;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.pipeline_dep = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.call_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.session_disclosure = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = server.recv, sqe.result_len = 55;
    refused(sqe, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = server.recv, sqe.result_addr = nowhere();
    refused(sqe, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = server.recv, sqe.result_addr = read_only(), sqe.result_len = 64;
    refused(sqe, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = server.recv, sqe.cap_id = guest_open("frame_allocator").cap_id;
    refused(sqe, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(cap_id_index(own()), 0); /* to which the guard against speculation turns what lies beyond the table */
    sqe = server.recv, sqe.cap_id = cap_id_make(cap_id_generation(own()), CAP_ID_INDEX_MAX);
    refused(sqe, CAP_ERR_INVOKE_FAILED);
}

static void bad_returns(void)
{
    take();
    struct ring_sqe good = answer_sqe("ok"), sqe = good;
    sqe.method_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.result_len = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.result_addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.pipeline_dep = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.pipeline_field = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.session_disclosure = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.flags = SQE_FLAG_THREAD_OWNED;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = good, sqe.call_id++;
    refused(sqe, CAP_ERR_INVOKE_FAILED);
    sqe = good, sqe.cap_id = guest_open("frame_allocator").cap_id;
    refused(sqe, CAP_ERR_INVOKE_FAILED);
    sqe = good, sqe.addr = nowhere();
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    CHECK_EQ(ep_await(SHORT(good)).result, 0);
}

static void answer_too_long(void)
{
    take();
    CHECK_EQ(ep_await(GENERAL(answer_sqe("nine chars"))).result, CAP_ERR_INVALID_RESULT_BUFFER);
}

/* An exception is an answer of another kind. */
static void answer_exception(void)
{
    take();
    struct ring_sqe sqe = answer_sqe("ok");
    sqe.flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    CHECK_EQ(ep_await(GENERAL(sqe)).result, 0);
}

PROGRAM(bad_servers)
{
    begin();
    warm();
    serve(bad_receives);
    serve(receive);
    uint64_t call = SHORT(empty_call());
    serve(bad_returns);
    CHECK_EQ(ep_await(call).result, 2);
    serve(receive);
    struct ring_sqe sqe = empty_call();
    sqe.result_len = 8;
    call = SHORT(sqe);
    serve(answer_too_long);
    CHECK_EQ(ep_await(call).result, CAP_ERR_INVALID_RESULT_BUFFER);
    serve(receive);
    call = SHORT(empty_call());
    serve(answer_exception);
    CHECK_EQ(ep_await(call).result, CAP_ERR_APPLICATION_EXCEPTION);
    call = GENERAL(empty_call()); /* nobody receives: it waits, and the next RECV must take it */
    serve(receive_general);
    serve(answer);
    CHECK_EQ(ep_await(call).result, 0);
    refused((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = facet, .result_addr = RECV_BUFFER, .result_len = 64 },
            CAP_ERR_INVOKE_FAILED); /* a facet is no owner */
    end();
}

/* The caller's buffer is judged again when the answer comes, and its queue. */
static void answer_badly(void)
{
    take();
    CHECK_EQ(ep_await(GENERAL(answer_sqe("ok"))).result, CAP_ERR_INVALID_RESULT_BUFFER);
}

static void answer_later(void)
{
    take();
    CHECK_EQ(ep_await(GENERAL(answer_sqe("ok"))).result, 0);
}

PROGRAM(callers_change)
{
    struct capos_client object = kit_memory(1);
    begin();
    warm();
    for (int i = 0; i < 2; i++) {
        uint64_t at = kit_map(&object, 1, PROT_READ_BIT | PROT_WRITE_BIT);
        struct capos_memory_object_unmap_params gone = { .addr = at, .size = PAGE_SIZE };
        struct capos_memory_object_protect_params fixed = { .addr = at, .size = PAGE_SIZE, .prot = PROT_READ_BIT };
        serve(receive);
        struct ring_sqe sqe = empty_call();
        sqe.result_addr = at, sqe.result_len = 64;
        uint64_t call = SHORT(sqe);
        CHECK_EQ(i == 0 ? capos_memory_object_unmap(&object, &gone, NULL) : capos_memory_object_protect(&object, &fixed, NULL), CAPOS_OK);
        serve(answer_badly);
        CHECK_EQ(ep_await(call).result, CAP_ERR_INVALID_RESULT_BUFFER);
    }
    serve(receive);
    uint64_t call = SHORT(empty_call());
    nops(RING_CQ_ENTRIES - unread());
    serve(answer_later);
    CHECK_EQ(unread(), RING_CQ_ENTRIES);
    CHECK_EQ(ep_await(call).result, 2);
    end();
}

/* ---- buffers that are the same memory -------------------------------------------------------------------- */

static struct capos_client shared_object;
static uint64_t shared_at;

static void map_shared(void)
{
    struct capos_client object = { .cap_id = ep_record(server.recv.result_addr, &server.got, 0).cap_id,
                                   .interface_id = CAPOS_MEMORY_OBJECT_INTERFACE_ID };
    shared_at = kit_map(&object, 4, PROT_READ_BIT | PROT_WRITE_BIT);
    CHECK_EQ(ep_run(answer_sqe("")).result, 0);
}

static void take_and_map(void)
{
    take();
    map_shared();
}

static void receive_shared(void)
{
    server.recv.result_addr = shared_at + 40;
    server.recv.result_len = 0x2000;
    receive();
}

static void expect_whole(void)
{
    take();
    for (uint32_t i = 0; i < 5000; i++)
        CHECK_EQ(*kit_byte(shared_at + 96 + i), (uint8_t)(i * 7 + 1));
    for (uint32_t i = 0; i < 4000; i++)
        *kit_byte(shared_at + i) = (uint8_t)(i * 5 + 3);
    struct ring_sqe sqe = answer_sqe("");
    sqe.addr = shared_at, sqe.len = 4000;
    CHECK_EQ(ep_await(GENERAL(sqe)).result, 0);
}

/* A message is what the sender's memory held, also when it arrives in the same memory a little further on. */
PROGRAM(same_memory)
{
    shared_object = kit_memory(4);
    uint64_t at = kit_map(&shared_object, 4, PROT_READ_BIT | PROT_WRITE_BIT);
    struct ring_transfer_descriptor copied = COPY_OF(shared_object.cap_id);
    begin();
    warm();
    serve(receive);
    uint64_t call = GENERAL(ep_with_caps(empty_call(), &copied, 1));
    serve(take_and_map);
    CHECK_EQ(ep_await(call).result, 0);
    for (uint32_t i = 0; i < 5000; i++)
        *kit_byte(at + i) = (uint8_t)(i * 7 + 1);
    serve(receive_shared);
    struct ring_sqe sqe = empty_call();
    sqe.addr = at, sqe.len = 5000, sqe.result_addr = at + 100, sqe.result_len = 0x2000;
    call = GENERAL(sqe);
    serve(expect_whole);
    CHECK_EQ(ep_await(call).result, 4000);
    for (uint32_t i = 0; i < 4000; i++)
        CHECK_EQ(*kit_byte(at + 100 + i), (uint8_t)(i * 5 + 3));
    end();
}

/* ---- NOP and the ring itself ---------------------------------------------------------------------------- */

PROGRAM(plain_rings)
{
    const struct ring_sqe nop = { .opcode = RING_OP_NOP };
    struct ring_header *header = &self()->page->header;
    struct ring_sqe sqe;
    CHECK_EQ(ep_await(SHORT(nop)).result, 0);
    sqe = nop, sqe.flags = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.method_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.cap_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.len = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.result_addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.pipeline_dep = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.xfer_cap_count = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = nop, sqe.session_disclosure = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);

    nops(RING_CQ_ENTRIES - 1);
    (void)guest_submit(nop);
    (void)guest_submit(nop);
    (void)enter_by(false, 0, 0); /* one of them has no room and stays */
    CHECK_EQ(header->sq_tail - header->sq_head, 1);
    CHECK_EQ(unread(), RING_CQ_ENTRIES);
    struct ring_cqe cqe;
    while (guest_take(&cqe))
        CHECK_EQ(cqe.result, 0);
    CHECK_EQ(enter_by(true, 0, 0), 1);
    CHECK(guest_take(&cqe) && cqe.result == 0);

    CHECK_EQ(enter_by(true, 0, 5), 0);
    CHECK_EQ(enter_by(true, 5, 0), 0);
    CHECK_EQ(enter_by(false, 1, 5), 0); /* it waits, with an end */
    header->cq_head += 3;
    CHECK_EQ(enter_by(false, 0, 0), RING_CQ_ENTRIES);
    header->cq_head -= 3;
    header->cq_tail += 3;
    CHECK_EQ(enter_by(true, 0, 0), 0);
    CHECK_EQ(header->cq_tail, header->cq_head); /* repaired */
    header->sq_head++;
    (void)enter_by(false, 0, 0); /* reported, and begins anew */
    CHECK_EQ(header->sq_head, header->sq_tail);
    header->sq_tail += RING_SQ_ENTRIES + 1;
    CHECK_EQ(enter_by(false, 0, 0), 0);
    CHECK_EQ(header->sq_head, header->sq_tail);
    CHECK_EQ(unread(), 0);
    kit_ring_works();
}

/* ---- PARK and UNPARK ---------------------------------------------------------------------------------------- */

#define WORD GUEST_SPARE
#define FOREVER UINT64_MAX

static struct guest *parker;
static uint32_t parker_step; /* 1: parks for ever, 2: with a full queue, 3: with an end, 5: no more */

static void settle_parker(uint32_t step)
{
    parker_step = step;
    while (kernel.parks.count == 0)
        sim_pause();
}

THREAD(parks)
{
    (void)arg;
    parker = self();
    for (uint32_t step = 0; step != 5;) {
        if (parker_step == step) {
            sim_pause();
            continue;
        }
        step = parker_step;
        if (step == 5)
            break;
        uint64_t id = guest_submit(kit_park_sqe("park_space", WORD, 0, step == 3 ? 900000000ull : FOREVER));
        (void)guest_enter(0, 0);
        if (step == 2)
            nops(RING_CQ_ENTRIES - unread());
        while (kernel.parks.count != 0) /* it does not wait in the kernel */
            sim_pause();
        CHECK_EQ(ep_await(id).result, 0);
    }
}

PROGRAM(parking)
{
    struct ring_sqe park = kit_park_sqe("park_space", WORD, 0, FOREVER), wake = kit_unpark_sqe("park_space", WORD, 1), sqe;
    kit_map_thread_area();
    sqe = park, sqe.flags = 0;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.method_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.result_len = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.result_addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.pipeline_field = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.session_disclosure = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = park, sqe.addr += 2;
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = park, sqe.addr = nowhere();
    refused(sqe, CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = park, sqe.cap_id = guest_open("thread_spawner").cap_id;
    refused(sqe, CAP_ERR_INVOKE_FAILED);
    sqe = park, sqe.len = 1;
    refused(sqe, 1);
    sqe = park, sqe.pipeline_dep = 0;
    refused(sqe, 2);
    sqe = wake, sqe.method_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.flags = SQE_FLAG_THREAD_OWNED;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.result_addr = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.pipeline_dep = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.call_id = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.session_disclosure = 1;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.len = 0;
    refused(sqe, CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.len = 2;
    refused(sqe, 0);
    CHECK_EQ(ep_await(SHORT(wake)).result, 0);
    uint64_t first = SHORT(park);
    refused(park, CAP_ERR_INVALID_REQUEST); /* one at a time */
    CHECK_EQ(ep_await(GENERAL(wake)).result, 1); /* oneself */
    CHECK_EQ(ep_await(first).result, 0);

    struct capos_client thread = kit_thread(parks, 0);
    settle_parker(1);
    CHECK_EQ(ep_await(SHORT(wake)).result, 1);
    settle_parker(2);
    while (parker->page->header.cq_tail - parker->page->header.cq_head != RING_CQ_ENTRIES)
        sim_pause();
    CHECK_EQ(ep_await(GENERAL(wake)).result, 1); /* its completion is parked in turn */
    settle_parker(3);
    uint32_t timers = kernel.timers.count;
    CHECK_EQ(ep_await(GENERAL(wake)).result, 1);
    CHECK_EQ(kernel.timers.count, timers - 1);
    parker_step = 5;
    CHECK_EQ(kit_join(&thread), 0);
}

#define EP { "ep", "endpoint" }
#define SPAWNER { "process_spawner", NULL }
#define FRAMES { "frame_allocator", NULL }
#define SERVED(test_name, program) \
    { .name = "fast-" test_name, .init = program, .grants = { EP, SPAWNER, FRAMES }, .programs = { { "serves", serves } } }

static const struct sim_test tests[] = {
    SERVED("ordinary", ordinary),
    SERVED("bad-calls", bad_calls),
    SERVED("revoked-hold", revoked_hold),
    SERVED("bad-receivers", bad_receivers),
    SERVED("no-room", no_room),
    SERVED("timed-receiver", timed_receiver),
    SERVED("in-flight-ceiling", in_flight_ceiling),
    SERVED("bad-servers", bad_servers),
    SERVED("callers-change", callers_change),
    SERVED("same-memory", same_memory),
    { .name = "fast-plain-rings", .init = plain_rings },
    { .name = "fast-parking", .init = parking, .grants = { { "park_space", NULL }, THREAD_GRANTS } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
