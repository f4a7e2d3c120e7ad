/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoints, rule by rule: messages, codes and their order, queues and
 * ceilings, CANCEL, RETURN. Most programs here are client and server in one:
 * an owner may call its own endpoint. Ends are in endpoint_ends.c,
 * capabilities in endpoint_transfer.c.
 */
#include "kernel/objects/endpoint.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

static uint32_t ep(void)
{
    return guest_open("ep").cap_id;
}

/* ---- messages ----------------------------------------------------------------------------- */

PROGRAM(round_trip)
{
    uint64_t call = ep_start_call(ep(), 7, "hello");
    CHECK(ep_is_pending(call));
    struct ring_cqe got = ep_recv(ep());
    ep_expect_message(&got, 7, "hello");
    struct endpoint_message header = ep_header();
    struct caller_session none = { 0 };
    CHECK_EQ(header.interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
    CHECK(memcmp(&header.session, &none, sizeof none) == 0);
    CHECK(got.badge == 0 && got.flags == 0 && got.cap_count == 0);
    CHECK(ep_is_pending(call));
    CHECK_EQ(ep_return(ep(), got.call_id, "answer"), 0);
    struct ring_cqe done = ep_await(call);
    CHECK(done.result == 6 && done.call_id == 0 && done.badge == 0 && done.flags == 0);
    ep_expect_bytes(CALL_BUFFER, "answer");
    /* The receive first, then the call; without params and without a result. */
    uint64_t recv = ep_start(ep_recv_sqe(ep()));
    CHECK(ep_is_pending(recv));
    struct ring_sqe empty = { .opcode = RING_OP_CALL, .cap_id = ep(), .method_id = 65535, .session_disclosure = 7 };
    call = ep_start(empty);
    got = ep_await(recv);
    ep_expect_message(&got, 65535, "");
    header = ep_header();
    CHECK(memcmp(&header.session, &none, sizeof none) == 0);
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = ep(), .call_id = got.call_id }).result, 0);
    CHECK_EQ(ep_await(call).result, 0);
}

/* The call keeps its own copy of what it sent. */
PROGRAM(copied_once)
{
    uint64_t call = ep_start_call(ep(), 1, "before");
    ep_put(GUEST_PARAMS, "XXXXXX", 6);
    uint64_t other = ep_start_call(ep(), 2, "second");
    struct ring_cqe got = ep_recv(ep());
    ep_expect_message(&got, 1, "before");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    got = ep_recv(ep());
    ep_expect_message(&got, 2, "second");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK(ep_await(call).result == 0 && ep_await(other).result == 0);
}

PROGRAM(in_order)
{
    uint64_t calls[20];
    uint32_t ids[16], last = 0;
    for (int i = 0; i < 20; i++)
        calls[i] = ep_start_call(ep(), (uint16_t)i, "");
    for (int i = 0; i < 16; i++) {
        struct ring_cqe got = ep_recv(ep());
        CHECK_EQ(ep_header().method_id, i);
        CHECK(got.call_id != last);
        ids[i] = last = got.call_id;
    }
    /* The ceiling of calls in flight: nothing more is delivered, nothing is refused. */
    uint64_t recv = ep_start(ep_recv_sqe(ep()));
    CHECK(ep_is_pending(recv));
    CHECK_EQ(ep_return(ep(), ids[9], "nine"), 0);
    CHECK_EQ(ep_await(calls[9]).result, 4);
    struct ring_cqe got = ep_await(recv);
    CHECK_EQ(ep_header().method_id, 16);
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    for (int i = 15; i >= 0; i--)
        CHECK_EQ(ep_return(ep(), ids[i], ""), i == 9 ? CAP_ERR_INVOKE_FAILED : 0);
    for (int i = 17; i < 20; i++) {
        got = ep_recv(ep());
        CHECK_EQ(ep_header().method_id, i);
        CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    }
    for (int i = 0; i < 20; i++)
        if (i != 9)
            CHECK_EQ(ep_await(calls[i]).result, 0);
}

/* ---- buffers of a RECV ------------------------------------------------------------------------ */

PROGRAM(small_receives)
{
    struct ring_sqe recv = ep_recv_sqe(ep());
    recv.result_len = 55;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_len = 0;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_len = 56;
    recv.result_addr = USER_CAPSET_BASE; /* not writable */
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_addr = USER_HALF_LIMIT - 8;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_addr = RECV_BUFFER;
    /* A receive that waits and is too small when the call comes: it fails, the call stays first. */
    recv.result_len = 60;
    uint64_t waiting = ep_start(recv);
    uint64_t call = ep_start_call(ep(), 3, "12345");
    uint64_t behind = ep_start_call(ep(), 4, "");
    CHECK_EQ(ep_await(waiting).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_len = 61;
    struct ring_cqe got = ep_run(recv);
    ep_expect_message(&got, 3, "12345");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    got = ep_recv(ep());
    ep_expect_message(&got, 4, "");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK(ep_await(call).result == 0 && ep_await(behind).result == 0);
}

/* The buffer goes while the RECV, or the call, waits. */
PROGRAM(buffers_go)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_results at = { 0 };
    struct capos_virtual_memory_unmap_params gone = { .size = PAGE_SIZE };
    EXPECT(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .size = PAGE_SIZE, .prot = 3 }, &at) == CAPOS_OK);
    struct ring_sqe recv = ep_recv_sqe(ep()), call = ep_call_sqe(ep(), 1, "x", 1);
    recv.result_addr = at.addr;
    recv.result_len = PAGE_SIZE;
    uint64_t waiting = ep_start(recv);
    gone.addr = at.addr;
    EXPECT(capos_virtual_memory_unmap(&vm, &gone, NULL) == CAPOS_OK);
    call = ep_call_sqe(ep(), 1, "x", 1);
    uint64_t first = ep_start(call);
    CHECK_EQ(ep_await(waiting).result, CAP_ERR_INVALID_RESULT_BUFFER);
    struct ring_cqe got = ep_recv(ep());
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK_EQ(ep_await(first).result, 0);
    EXPECT(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .size = PAGE_SIZE, .prot = 3 }, &at) == CAPOS_OK);
    call = ep_call_sqe(ep(), 1, "x", 1);
    call.result_addr = at.addr;
    call.result_len = 64;
    first = ep_start(call);
    got = ep_recv(ep());
    gone.addr = at.addr;
    EXPECT(capos_virtual_memory_unmap(&vm, &gone, NULL) == CAPOS_OK);
    CHECK_EQ(ep_return(ep(), got.call_id, "late"), CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_await(first).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_return(ep(), got.call_id, ""), CAP_ERR_INVOKE_FAILED);
}

/* ---- ceilings ------------------------------------------------------------------------------------ */

static void drain(uint32_t cap, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_EQ(ep_return(cap, ep_recv(cap).call_id, ""), 0);
}

PROGRAM(receive_ceiling)
{
    uint64_t ids[16];
    for (int i = 0; i < 16; i++)
        ids[i] = ep_start(ep_recv_sqe(ep()));
    CHECK_EQ(ep_run(ep_recv_sqe(ep())).result, CAP_ERR_INVOKE_FAILED);
    uint64_t call = ep_start_call(ep(), 1, "a");
    struct ring_cqe got = ep_await(ids[0]);
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK_EQ(ep_await(call).result, 0);
    uint64_t again = ep_start(ep_recv_sqe(ep()));
    CHECK(ep_is_pending(again) && ep_is_pending(ids[1]));
    CHECK_EQ(ep_run(ep_recv_sqe(ep())).result, CAP_ERR_INVOKE_FAILED);
}

/* Nine endpoints could take 144 receives; the process has records for 128 (ours). */
PROGRAM(receives_of_a_process)
{
    static const char *const names[] = { "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8" };
    for (int i = 0; i < 128; i++)
        (void)ep_start(ep_recv_sqe(guest_open(names[i / 16]).cap_id));
    CHECK_EQ(ep_run(ep_recv_sqe(guest_open("e8").cap_id)).result, CAP_ERR_INVOKE_FAILED);
    uint64_t call = ep_start_call(guest_open("e3").cap_id, 1, "");
    CHECK(ep_is_pending(call));
    CHECK(ep_is_pending(ep_start(ep_recv_sqe(guest_open("e8").cap_id))));
    CHECK_EQ(guest_release(guest_open("e3").cap_id), 0);
    CHECK_EQ(ep_await(call).result, CAP_ERR_APPLICATION_EXCEPTION);
}

/* H51, and ten thousand calls that nobody takes. */
PROGRAM(flood)
{
    uint64_t queued[32];
    for (int i = 0; i < 32; i++)
        queued[i] = ep_start_call(ep(), (uint16_t)i, "q");
    for (int i = 0; i < 10000; i++) {
        struct ring_cqe cqe = ep_run(ep_call_sqe(ep(), 99, "q", 1));
        if (i % 1000 == 0)
            ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "endpoint queue full");
        CHECK_EQ(cqe.result, CAP_ERR_APPLICATION_EXCEPTION);
    }
    for (int i = 0; i < 32; i++) {
        CHECK(ep_is_pending(queued[i]));
        struct ring_cqe got = ep_recv(ep());
        ep_expect_message(&got, (uint16_t)i, "q");
        CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
        CHECK_EQ(ep_await(queued[i]).result, 0);
    }
    kit_ring_works();
}

PROGRAM(outstanding)
{
    uint32_t second = guest_open("ep2").cap_id;
    uint64_t calls[64];
    for (int i = 0; i < 64; i++)
        calls[i] = ep_start_call(i % 2 == 0 ? ep() : second, 1, "12345678");
    struct ring_cqe cqe = ep_run(ep_call_sqe(guest_open("ep3").cap_id, 1, "", 0));
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: outstanding calls");
    struct ring_sqe tight = ep_call_sqe(guest_open("ep3").cap_id, 1, "", 0);
    tight.result_len = 8;
    CHECK_EQ(ep_run(tight).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    struct ring_cqe got = ep_recv(ep());
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK_EQ(ep_await(calls[0]).result, 0);
    calls[0] = ep_start_call(guest_open("ep3").cap_id, 1, "");
    CHECK(ep_is_pending(calls[0]));
    drain(guest_open("ep3").cap_id, 1);
    drain(ep(), 31);
    drain(second, 32);
    for (int i = 0; i < 64; i++)
        CHECK_EQ(ep_await(calls[i]).result, 0);
}

static struct ring_sqe large_call(uint32_t len)
{
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = ep(), .addr = USER_STACK_BASE, .len = len,
                              .result_addr = CALL_BUFFER, .result_len = CALL_BUFFER_BYTES };
}

/* EN-06: bytes in the queue, and a caller whose scratch is used up. */
PROGRAM(bytes_ceiling)
{
    uint64_t calls[2];
    for (int i = 0; i < 2; i++)
        calls[i] = ep_start(large_call(65536));
    struct ring_cqe cqe = ep_run(large_call(8));
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "endpoint queue full");
    CHECK_EQ(ep_run(large_call(65537)).result, CAP_ERR_INVALID_REQUEST);
    CHECK(ep_is_pending(calls[0]) && ep_is_pending(calls[1]));
    uint32_t second = guest_open("ep2").cap_id;
    struct ring_sqe more = large_call(65536);
    more.cap_id = second;
    CHECK(ep_is_pending(ep_start(more))); /* 64 KiB of input buffer and 192 KiB that wait: all there may be */
    more.len = 8;
    cqe = ep_run(more);
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: scratch bytes");
    more.len = 0;
    CHECK(ep_is_pending(ep_start(more)));
    CHECK(ep_run(ep_recv_sqe(ep())).result == CAP_ERR_INVALID_RESULT_BUFFER);
}

/* An endpoint made for a process of a smaller profile. */
PROGRAM(small_profile)
{
    const struct cap_slot *slot;
    CHECK_EQ(cap_table_lookup(&process_find(1)->table, ep(), &slot), CAP_OK);
    struct endpoint_object *endpoint = slot->object;
    CHECK(endpoint->message_max == 65536 && endpoint->state.limits.queued == 32 && endpoint->state.limits.in_flight == 16);
    endpoint->message_max = 10;
    endpoint->state.limits = (struct endpoint_limits){ .queued = 2, .in_flight = 1, .bytes = 15 };
    struct ring_cqe cqe = ep_run(ep_call_sqe(ep(), 1, "12345678901", 11));
    ep_expect_exception(&cqe, CAP_EXCEPTION_FAILED, "endpoint message too large");
    uint64_t first = ep_start_call(ep(), 1, "1234567890");
    cqe = ep_run(ep_call_sqe(ep(), 2, "123456", 6));
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "endpoint queue full");
    uint64_t second = ep_start_call(ep(), 3, "12345");
    cqe = ep_run(ep_call_sqe(ep(), 4, "", 0));
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "endpoint queue full");
    struct ring_cqe got = ep_recv(ep());
    uint64_t recv = ep_start(ep_recv_sqe(ep()));
    CHECK_EQ(ep_run(ep_recv_sqe(ep())).result, CAP_ERR_INVOKE_FAILED);
    CHECK(ep_is_pending(recv));
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    got = ep_await(recv);
    ep_expect_message(&got, 3, "12345");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK(ep_await(first).result == 0 && ep_await(second).result == 0);
}

/* ---- RETURN -------------------------------------------------------------------------------------- */

/* H17, H19 and RETURN with ids that were never given out or are used up. */
PROGRAM(stale_returns)
{
    CHECK_EQ(ep_return(ep(), 0, ""), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_return(ep(), 1, ""), CAP_ERR_INVOKE_FAILED);
    uint64_t call = ep_start_call(ep(), 1, "");
    CHECK_EQ(ep_return(ep(), 1, ""), CAP_ERR_INVOKE_FAILED); /* queued, not received */
    struct ring_cqe got = ep_recv(ep());
    uint32_t wrong[] = { 0, got.call_id - 1, got.call_id + 1, UINT32_MAX };
    for (int i = 0; i < 4; i++)
        CHECK_EQ(ep_return(ep(), wrong[i], ""), CAP_ERR_INVOKE_FAILED);
    CHECK(ep_is_pending(call));
    CHECK_EQ(ep_return(guest_open("ep2").cap_id, got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_return(guest_open("console").cap_id, got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_return(200, got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    struct ring_sqe bad = ep_return_sqe(ep(), got.call_id, "abcd", 4);
    bad.addr = 0x1000;
    CHECK_EQ(ep_run(bad).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    bad.addr = USER_HALF_LIMIT - 2;
    CHECK_EQ(ep_run(bad).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    bad.len = 65537;
    CHECK_EQ(ep_run(bad).result, CAP_ERR_INVALID_REQUEST);
    CHECK(ep_is_pending(call));
    CHECK_EQ(ep_return(ep(), got.call_id, "once"), 0);
    CHECK_EQ(ep_return(ep(), got.call_id, "twice"), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_await(call).result, 4);
    ep_expect_bytes(CALL_BUFFER, "once");
    kit_ring_works();
}

/* H48a and exceptions. */
PROGRAM(large_returns)
{
    struct ring_sqe call = ep_call_sqe(ep(), 1, "", 0);
    call.result_len = 5;
    ep_put(CALL_BUFFER, "-----", 5);
    uint64_t id = ep_start(call);
    struct ring_cqe got = ep_recv(ep());
    CHECK_EQ(ep_return(ep(), got.call_id, "123456"), CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_await(id).result, CAP_ERR_INVALID_RESULT_BUFFER);
    ep_expect_bytes(CALL_BUFFER, "-----");
    CHECK_EQ(ep_return(ep(), got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    id = ep_start(call);
    got = ep_recv(ep());
    CHECK_EQ(ep_return(ep(), got.call_id, "12345"), 0);
    CHECK_EQ(ep_await(id).result, 5);
    /* The payload of an exception is the server's business. */
    id = ep_start(call);
    got = ep_recv(ep());
    struct ring_sqe exception = ep_return_sqe(ep(), got.call_id, "oops!", 5);
    exception.flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    CHECK_EQ(ep_run(exception).result, 0);
    CHECK_EQ(ep_await(id).result, CAP_ERR_APPLICATION_EXCEPTION);
    ep_expect_bytes(CALL_BUFFER, "oops!");
    id = ep_start(call);
    got = ep_recv(ep());
    exception = ep_return_sqe(ep(), got.call_id, "longer", 6);
    exception.flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    exception.xfer_cap_count = 1;
    CHECK_EQ(ep_run(exception).result, CAP_ERR_INVALID_REQUEST);
    exception.xfer_cap_count = 0;
    CHECK_EQ(ep_run(exception).result, 0);
    CHECK_EQ(ep_await(id).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    ep_expect_bytes(CALL_BUFFER, "oops!");
}

/* ---- CANCEL --------------------------------------------------------------------------------------- */

static struct ring_sqe cancel_sqe(uint32_t cap, uint64_t target)
{
    return (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = cap, .pipeline_dep = target };
}

PROGRAM(cancels)
{
    struct ring_sqe recv = ep_recv_sqe(ep());
    struct ring_cqe cqe;
    CHECK_EQ(ep_run(cancel_sqe(ep(), 5)).result, CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(ep_run(cancel_sqe(ep(), 0)).result, CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(ep_run(cancel_sqe(200, 5)).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_run(cancel_sqe(guest_open("console").cap_id, 5)).result, CAP_ERR_INVOKE_FAILED);
    /* Two with one name: the oldest; its completion comes before the CANCEL's. */
    recv.user_data = 900;
    ep_start(recv);
    recv.result_addr = CALL_BUFFER;
    recv.result_len = CALL_BUFFER_BYTES;
    ep_start(recv);
    guest_submit(cancel_sqe(ep(), 900));
    CHECK_EQ(guest_enter(0, 0), 2);
    CHECK(guest_take(&cqe) && cqe.user_data == 900 && cqe.result == CAP_ERR_INVOKE_FAILED && cqe.call_id == 0);
    CHECK(guest_take(&cqe) && cqe.user_data != 900 && cqe.result == 0);
    CHECK_EQ(ep_run(cancel_sqe(guest_open("ep2").cap_id, 900)).result, CAP_ERR_INVALID_REQUEST);
    /* What has received a message is not cancelled. */
    struct ring_sqe call = ep_call_sqe(ep(), 1, "abc", 3);
    call.result_addr = RECV_BUFFER;
    uint64_t id = ep_start(call);
    CHECK_EQ(ep_run(cancel_sqe(ep(), 900)).result, CAP_ERR_INVALID_REQUEST);
    cqe = ep_await(900);
    CHECK_EQ(cqe.result, 59);
    CHECK_EQ(ep_return(ep(), cqe.call_id, ""), 0);
    CHECK_EQ(ep_await(id).result, 0);
}

/* A CANCEL with one completion left: nothing is lost. */
PROGRAM(cancel_without_room)
{
    struct ring_sqe recv = ep_recv_sqe(ep());
    struct ring_cqe cqe;
    recv.user_data = 900;
    ep_start(recv);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 16; i++)
            guest_submit(round == 1 && i == 15 ? cancel_sqe(ep(), 900) : (struct ring_sqe){ .opcode = RING_OP_NOP });
        (void)guest_enter(0, 0);
    }
    int others = 0, cancelled = 0;
    for (int i = 0; i < 33; i++) {
        if (!guest_take(&cqe)) {
            (void)guest_enter(0, 0);
            CHECK(guest_take(&cqe));
        }
        if (cqe.user_data == 900) {
            CHECK_EQ(cqe.result, CAP_ERR_INVOKE_FAILED);
            cancelled++;
        } else {
            CHECK_EQ(cqe.result, 0);
            others++;
        }
    }
    CHECK(cancelled == 1 && others == 32 && guest_enter(0, 0) == 0);
    kit_ring_works();
}

/* ---- order of checks -------------------------------------------------------------------------------- */

PROGRAM(check_order)
{
    struct ring_sqe call = ep_call_sqe(ep(), 1, "abcd", 4);
    call.session_disclosure = 8;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_REQUEST);
    call.session_disclosure = 0;
    call.result_addr = USER_CAPSET_BASE;
    call.xfer_cap_count = 1; /* its mode is bad, which is judged after the buffers */
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_RESULT_BUFFER);
    call.addr = USER_STACK_TOP - 4; /* params are there, the descriptor is not */
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    call.cap_id = 200;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVOKE_FAILED);
    call.addr = USER_HALF_LIMIT - 4;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    call.addr = 3;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
    call.len = 65537;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_REQUEST);
    /* RECV judges its buffer before the capability, RETURN the capability before its buffer. */
    struct ring_sqe recv = ep_recv_sqe(200);
    recv.result_len = 55;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    struct ring_sqe ret = ep_return_sqe(ep(), 77, "abcd", 4);
    ret.addr = 0x1000;
    CHECK_EQ(ep_run(ret).result, CAP_ERR_INVOKE_FAILED);
}

/* ---- facets ------------------------------------------------------------------------------------------- */

/* A child with facets: what the server sees is the hold's, whatever the entry says. */
PROGRAM(facet_client)
{
    struct capos_client a = guest_open("a"), b = guest_open("b");
    CHECK(a.interface_id == CAPOS_TIMER_INTERFACE_ID && b.interface_id == CAPOS_ENDPOINT_INTERFACE_ID);
    CHECK_EQ(ep_run(ep_recv_sqe(a.cap_id)).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_return(a.cap_id, 1, ""), CAP_ERR_INVOKE_FAILED); /* H20 */
    CHECK_EQ(ep_run(cancel_sqe(a.cap_id, 1)).result, CAP_ERR_INVOKE_FAILED);
    struct ring_cqe cqe = ep_run(ep_call_sqe(a.cap_id, 5, "abc", 3));
    CHECK(cqe.result == 2 && cqe.badge == 0x51c0000001000007 && cqe.call_id == 0);
    ep_expect_bytes(CALL_BUFFER, "ok");
    cqe = ep_run(ep_call_sqe(b.cap_id, 6, "def", 3));
    CHECK(cqe.result == 2 && cqe.badge == 0);
}

PROGRAM(facets)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET_AS("a", own, CAPOS_TIMER_INTERFACE_ID, 0x51c0000001000007),
                                        FACET("b", own, UINT64_MAX) };
    grants[0].mode = CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
    struct kit_child child = kit_spawn("facet_client", grants, 2);
    struct ring_cqe got = ep_recv(own.cap_id);
    EXPECT(got.result > 0);
    ep_expect_message(&got, 5, "abc");
    CHECK(got.badge == 0x51c0000001000007 && ep_header().interface_id == CAPOS_TIMER_INTERFACE_ID);
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "ok"), 0);
    got = ep_recv(own.cap_id);
    ep_expect_message(&got, 6, "def");
    CHECK(got.badge == 0 && ep_header().interface_id == CAPOS_ENDPOINT_INTERFACE_ID);
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "ok"), 0);
    CHECK_EQ(kit_wait(&child), 0);
    kit_forget(&child);
}

/* ---- calls within calls ---------------------------------------------------------------------------------- */

/* Serves `mine`; the answer to a number is one more than `other`'s answer to the number below, down to 0. */
static void serve_recursively(uint32_t mine, uint32_t other, int calls)
{
    uint64_t outer[16];
    uint32_t ids[16];
    int depth = 0;
    uint64_t recv = ep_start(ep_recv_sqe(mine));
    while (calls > 0) {
        struct ring_cqe cqe;
        CHECK(guest_enter(1, CAP_ENTER_WAIT_FOREVER) > 0 && guest_take(&cqe));
        if (cqe.user_data == recv) {
            uint8_t number;
            EXPECT(cqe.result == 57);
            ep_get(RECV_BUFFER + 56, &number, 1);
            if (number == 0) {
                CHECK_EQ(ep_return(mine, cqe.call_id, "\1"), 0);
                calls--;
            } else {
                number--;
                ids[depth] = cqe.call_id;
                outer[depth++] = ep_start(ep_call_sqe(other, 0, &number, 1));
            }
            recv = ep_start(ep_recv_sqe(mine));
        } else if (depth > 0 && cqe.user_data == outer[depth - 1]) {
            uint8_t answer;
            CHECK_EQ(cqe.result, 1);
            ep_get(CALL_BUFFER, &answer, 1);
            answer++;
            CHECK_EQ(ep_run(ep_return_sqe(mine, ids[--depth], &answer, 1)).result, 0);
            calls--;
        } else {
            ep_keep(&cqe);
        }
    }
}

PROGRAM(recursive_b)
{
    serve_recursively(guest_open("mine").cap_id, guest_open("other").cap_id, 4);
}

/* A calls B calls A, eight deep; and the reply to each is the right one. */
PROGRAM(recursion)
{
    struct capos_client own = guest_open("ep"), spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT("mine"), FACET("other", own, 0) };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("b"), .binary_name = capn_text_of("recursive_b"),
                                                     .grants = capn_list_over(grants, 2, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct capos_client handle = guest_take_cap(got.handle_index), b = guest_take_cap(2);
    CHECK_EQ(b.interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
    uint8_t number = 7;
    struct ring_sqe first = ep_call_sqe(b.cap_id, 0, &number, 1);
    first.result_addr = GUEST_SPARE;
    uint64_t call = ep_start(first);
    serve_recursively(own.cap_id, b.cap_id, 4);
    CHECK_EQ(ep_await(call).result, 1);
    CHECK_EQ(*kit_byte(GUEST_SPARE), 8);
    struct capos_process_handle_wait_results end = { 0 };
    EXPECT(capos_process_handle_wait(&handle, NULL, &end) == CAPOS_OK);
    CHECK_EQ(end.exit_code, 0);
}

#define EP { "ep", "endpoint" }
#define EP2 { "ep2", "endpoint" }
#define CONSOLE { "console", NULL }
#define SPAWNER { "process_spawner", NULL }

static const struct sim_test tests[] = {
    { .name = "endpoint-round-trip", .init = round_trip, .grants = { EP } },
    { .name = "endpoint-chat-source", .init = round_trip, .grants = { { "ep", "chat_endpoint" } } },
    { .name = "endpoint-params-copied-once", .init = copied_once, .grants = { EP } },
    { .name = "endpoint-order", .init = in_order, .grants = { EP } },
    { .name = "endpoint-small-receives", .init = small_receives, .grants = { EP } },
    { .name = "endpoint-buffers-go", .init = buffers_go, .grants = { EP, { "virtual_memory", NULL } } },
    { .name = "endpoint-receive-ceiling", .init = receive_ceiling, .grants = { EP } },
    { .name = "endpoint-receives-of-a-process", .init = receives_of_a_process,
      .grants = { { "e0", "endpoint" }, { "e1", "endpoint" }, { "e2", "endpoint" }, { "e3", "endpoint" }, { "e4", "endpoint" },
                  { "e5", "endpoint" }, { "e6", "endpoint" }, { "e7", "endpoint" }, { "e8", "endpoint" } } },
    { .name = "endpoint-ten-thousand-calls", .init = flood, .grants = { EP }, .only_cpus = 1 },
    { .name = "endpoint-outstanding-calls", .init = outstanding, .grants = { EP, EP2, { "ep3", "endpoint" } } },
    { .name = "endpoint-bytes-ceiling", .init = bytes_ceiling, .grants = { EP, EP2 } },
    { .name = "endpoint-small-profile", .init = small_profile, .grants = { EP } },
    { .name = "endpoint-stale-returns", .init = stale_returns, .grants = { EP, EP2, CONSOLE } },
    { .name = "endpoint-large-returns", .init = large_returns, .grants = { EP } },
    { .name = "endpoint-cancel", .init = cancels, .grants = { EP, EP2, CONSOLE } },
    { .name = "endpoint-cancel-without-room", .init = cancel_without_room, .grants = { EP } },
    { .name = "endpoint-check-order", .init = check_order, .grants = { EP } },
    { .name = "endpoint-facets", .init = facets, .grants = { EP, SPAWNER }, .programs = { { "facet_client", facet_client } }, .seeds = 3 },
    { .name = "endpoint-recursion", .init = recursion, .grants = { EP, SPAWNER }, .programs = { { "recursive_b", recursive_b } }, .seeds = 3 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
