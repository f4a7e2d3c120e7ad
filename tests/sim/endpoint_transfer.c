/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Capabilities in CALL params and RETURN results: what arrives, each failure
 * of the table of TX-14 with the state it leaves, and random transfers between
 * processes against a model that only knows sets (issue: transfer graphs).
 */
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

static uint32_t ep(void)
{
    return guest_open("ep").cap_id;
}

static uint64_t used(uint32_t pid, enum cap_resource resource)
{
    return cap_ledger_used(process_ledger(process_find(pid)), resource);
}

static uint64_t pid(void)
{
    return ((struct guest *)*sim_local())->pid;
}

/* A memory object that may be copied and moved, of that many pages. */
static uint32_t memory(uint32_t pages)
{
    return kit_memory(pages).cap_id;
}

static int32_t try_call(const struct ring_transfer_descriptor *caps, uint16_t count)
{
    return ep_run(ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), caps, count)).result;
}

/* ---- what arrives --------------------------------------------------------------------------- */

static const struct cap_slot *slot_of(uint32_t id)
{
    const struct cap_slot *slot = NULL;
    CHECK_EQ(cap_table_lookup_raw(&process_find((uint32_t)pid())->table, id, &slot), CAP_OK);
    return slot;
}

/* To itself: a copy is a second capability, a move a new one for the old. */
PROGRAM(arrives)
{
    uint32_t a = memory(1), b = memory(2);
    struct ring_transfer_descriptor caps[] = { COPY_OF(a), MOVE_OF(b), COPY_OF(a) };
    uint64_t slots = used(1, CAP_RESOURCE_CAP_SLOTS), pages = used(1, CAP_RESOURCE_FRAME_GRANT_PAGES);
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), caps, 3));
    /* Reserved, but usable; H16 */
    CHECK(kit_is_held(b));
    CHECK_EQ(guest_release(b), (uint64_t)CAPOS_INVALID_REQUEST);
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), slots);
    struct ring_cqe got = ep_recv(ep());
    ep_expect_message(&got, 1, "abcd");
    CHECK(got.cap_count == 3 && got.flags == CQE_FLAG_TRANSFER_RESULT_CAPS);
    uint32_t ids[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct ring_result_cap record = ep_record(RECV_BUFFER, &got, i);
        CHECK_EQ(record.interface_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
        ids[i] = record.cap_id;
        CHECK(kit_is_held(ids[i]));
        CHECK_EQ(slot_of(ids[i])->hold.origin, CAP_ORIGIN_IPC_TRANSFER);
    }
    CHECK(kit_is_held(a) && !kit_is_held(b) && ids[0] != ids[2]);
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), slots + 2);
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages + 2);
    CHECK_EQ(guest_release(b), (uint64_t)CAPOS_INVALID_REQUEST);
    /* Back in the result. */
    struct ring_transfer_descriptor back[] = { MOVE_OF(ids[1]), COPY_OF(ids[0]) };
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep(), got.call_id, "wxyz", 4), back, 2)).result, 0);
    struct ring_cqe done = ep_await(call);
    CHECK(done.result == 4 && done.cap_count == 2 && done.flags == CQE_FLAG_TRANSFER_RESULT_CAPS);
    ep_expect_bytes(CALL_BUFFER, "wxyz");
    uint32_t moved = ep_record(CALL_BUFFER, &done, 0).cap_id, copied = ep_record(CALL_BUFFER, &done, 1).cap_id;
    CHECK(kit_is_held(moved) && kit_is_held(copied) && !kit_is_held(ids[1]) && kit_is_held(ids[0]));
    CHECK_EQ(slot_of(moved)->hold.origin, CAP_ORIGIN_RESULT_CAP);
    uint32_t all[] = { a, ids[0], ids[2], moved, copied };
    for (int i = 0; i < 5; i++)
        CHECK_EQ(guest_release(all[i]), 0);
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), slots - 2);
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages - 3);
}

/* A5, FG-04: mappings pay while nobody holds the object, and no longer; a map that is refused changes nothing. */
PROGRAM(held_again)
{
    struct capos_client object = kit_memory(1000);
    struct ring_transfer_descriptor copy = COPY_OF(object.cap_id);
    struct capos_memory_object_map_params occupied = { .hint = kit_map(&object, 1, 3), .size = PAGE_SIZE, .prot = 3 };
    uint64_t pages = used(1, CAP_RESOURCE_FRAME_GRANT_PAGES);
    (void)ep_start(ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), &copy, 1));
    CHECK_EQ(guest_release(object.cap_id), 0);
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages + 1000); /* FG-05 */
    struct ring_cqe got = ep_recv(ep());
    ep_expect_message(&got, 1, "abcd");
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
    object.cap_id = ep_record(RECV_BUFFER, &got, 0).cap_id;
    EXPECT(capos_memory_object_map(&object, &occupied, NULL) == CAPOS_EXCEPTION);
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
    CHECK_EQ(guest_release(object.cap_id), 0);
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
}

/* H39 to H44, H46: the descriptors are refused, nothing is locked, nothing is queued. */
PROGRAM(bad_descriptors)
{
    uint32_t a = memory(1), b = memory(1), console = guest_open("console").cap_id, timer = guest_open("timer").cap_id;
    uint32_t gone = memory(1);
    CHECK_EQ(guest_release(gone), 0);
    const struct {
        int32_t code;
        uint16_t count;
        struct ring_transfer_descriptor caps[2];
    } cases[] = {
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { { a, 0, 0 } } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { { a, 3, 0 } } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { { a, 4, 0 } } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { { a, 0x101, 0 } } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { { a, 1, 1 } } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 2, { MOVE_OF(a), COPY_OF(a) } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 2, { COPY_OF(a), MOVE_OF(a) } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 2, { MOVE_OF(a), MOVE_OF(a) } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 2, { MOVE_OF(b), COPY_OF(250) } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 2, { MOVE_OF(b), MOVE_OF(gone) } },
        { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, 1, { COPY_OF(UINT32_MAX) } },
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), COPY_OF(console) } },
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), MOVE_OF(console) } },
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), COPY_OF(timer) } },
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), MOVE_OF(timer) } },
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), COPY_OF(ep()) } }, /* an owner's hold */
        { CAP_ERR_TRANSFER_NOT_SUPPORTED, 2, { MOVE_OF(b), MOVE_OF(ep()) } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_EQ(try_call(cases[i].caps, cases[i].count), cases[i].code);
    /* The region: too many, misaligned, wrapping, unreadable. */
    struct ring_transfer_descriptor one = COPY_OF(a);
    struct ring_sqe call = ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), &one, 1);
    call.xfer_cap_count = 17;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
    call.xfer_cap_count = 1;
    for (uint32_t len = 1; len < 4; len++) {
        call.len = len;
        CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
    }
    call.len = 0;
    call.addr = UINT64_MAX - 3;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
    call.addr = 0x1000;
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    /* A kernel object takes none; it goes on working. */
    call = ep_with_caps(ep_call_sqe(timer, 0, "", 0), &one, 1);
    CHECK_EQ(ep_run(call).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK(kit_is_held(timer));
    /* Nothing is locked, nothing is queued, nothing is charged. */
    CHECK_EQ(used(1, CAP_RESOURCE_OUTSTANDING_CALLS), 0);
    CHECK_EQ(guest_release(a), 0);
    CHECK_EQ(guest_release(b), 0);
    uint64_t recv = ep_start(ep_recv_sqe(ep()));
    CHECK(ep_is_pending(recv));
}

/* A descriptor of a call that waits: the source is taken; the copy is of what was there; a revoked one aborts. */
PROGRAM(while_waiting)
{
    uint32_t a = memory(1), b = memory(1);
    struct ring_transfer_descriptor move = MOVE_OF(a), copy = COPY_OF(a), other = COPY_OF(b);
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), &move, 1));
    CHECK_EQ(try_call(&move, 1), CAP_ERR_TRANSFER_ABORTED);
    CHECK_EQ(try_call(&copy, 1), CAP_ERR_TRANSFER_ABORTED);
    /* H47: memory may change, the kernel has its copy. */
    ep_put(GUEST_PARAMS, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    uint64_t second = ep_start(ep_with_caps(ep_call_sqe(ep(), 2, "efgh", 4), &other, 1));
    CHECK_EQ(guest_release(b), 0); /* a copy of it is on its way all the same */
    struct ring_cqe got = ep_recv(ep());
    ep_expect_message(&got, 1, "abcd");
    uint32_t moved = ep_record(RECV_BUFFER, &got, 0).cap_id;
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    got = ep_recv(ep());
    ep_expect_message(&got, 2, "efgh");
    CHECK(kit_is_held(ep_record(RECV_BUFFER, &got, 0).cap_id) && kit_is_held(moved) && !kit_is_held(a));
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK(ep_await(call).result == 0 && ep_await(second).result == 0);
}

/* The buffer of a RECV holds message and records, or the call stays first, whole. */
PROGRAM(room_for_records)
{
    uint32_t a = memory(1), b = memory(1);
    struct ring_transfer_descriptor caps[] = { COPY_OF(a), MOVE_OF(b) };
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep(), 1, "abcd", 4), caps, 2));
    struct ring_sqe recv = ep_recv_sqe(ep());
    uint64_t slots = used(1, CAP_RESOURCE_CAP_SLOTS);
    recv.result_len = 60 + 31;
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), slots);
    CHECK(kit_is_held(b));
    recv.result_len = 60 + 32;
    struct ring_cqe got = ep_run(recv);
    CHECK(got.result == 60 && got.cap_count == 2);
    b = ep_record(RECV_BUFFER, &got, 1).cap_id;
    /* A RETURN whose records do not fit ends the call, and the server keeps what it meant to give. */
    struct ring_transfer_descriptor back = MOVE_OF(b);
    CHECK_EQ(ep_return(ep(), got.call_id, ""), 0);
    CHECK_EQ(ep_await(call).result, 0);
    struct ring_sqe small = ep_call_sqe(ep(), 1, "", 0);
    small.result_len = 4 + 15;
    call = ep_start(small);
    got = ep_recv(ep());
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep(), got.call_id, "wxyz", 4), &back, 1)).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_await(call).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_return(ep(), got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    small.result_len = 4 + 16;
    call = ep_start(small);
    got = ep_recv(ep());
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep(), got.call_id, "wxyz", 4), &back, 1)).result, 0);
    struct ring_cqe done = ep_await(call);
    CHECK_EQ(guest_release(ep_record(CALL_BUFFER, &done, 0).cap_id), 0);
}

/* A RETURN with descriptors that are no good leaves the call in flight. */
PROGRAM(bad_returns)
{
    uint32_t a = memory(1), timer = guest_open("timer").cap_id;
    uint64_t call = ep_start_call(ep(), 1, "");
    struct ring_cqe got = ep_recv(ep());
    const struct {
        int32_t code;
        struct ring_transfer_descriptor cap;
    } cases[] = { { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, { a, 0, 0 } }, { CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, COPY_OF(240) },
                  { CAP_ERR_TRANSFER_NOT_SUPPORTED, COPY_OF(timer) } };
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep(), got.call_id, "abcd", 4), &cases[i].cap, 1)).result, cases[i].code);
    struct ring_transfer_descriptor good = MOVE_OF(a);
    struct ring_sqe ret = ep_with_caps(ep_return_sqe(ep(), got.call_id, "abcd", 4), &good, 1);
    ret.addr = USER_STACK_TOP - 4;
    CHECK_EQ(ep_run(ret).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    CHECK(ep_is_pending(call));
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep(), got.call_id, "abcd", 4), &good, 1)).result, 0);
    CHECK_EQ(ep_await(call).cap_count, 1);
}

/* ---- two processes ----------------------------------------------------------------------------- */

static uint32_t reached;

static void fill_table(void)
{
    uint32_t spare = memory(1);
    struct ring_transfer_descriptor copy = COPY_OF(spare);
    while (used((uint32_t)pid(), CAP_RESOURCE_CAP_SLOTS) < CAP_SLOTS_MAX) {
        uint64_t call = ep_start(ep_with_caps(ep_call_sqe(guest_open("self").cap_id, 1, "", 0), &copy, 1));
        CHECK_EQ(ep_return(guest_open("self").cap_id, ep_recv(guest_open("self").cap_id).call_id, ""), 0);
        CHECK_EQ(ep_await(call).result, 0);
    }
}

/* A server without a free slot. Its waiting RECV stays, through two refused calls, and takes the third. */
PROGRAM(full_server)
{
    uint32_t own = guest_open("own").cap_id;
    fill_table();
    uint64_t recv = ep_start(ep_recv_sqe(own));
    reached = 1;
    struct ring_cqe got = ep_await(recv);
    ep_expect_message(&got, 3, "plain");
    CHECK_EQ(used((uint32_t)pid(), CAP_RESOURCE_CAP_SLOTS), CAP_SLOTS_MAX);
    CHECK_EQ(ep_return(own, got.call_id, ""), 0);
}

/* H45 */
PROGRAM(receiver_full)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT("own"), ENDPOINT_GRANT("self"),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("full"), .binary_name = capn_text_of("full_server"),
                                                     .grants = capn_list_over(grants, 3, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    reached = 0;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct kit_child child = { guest_take_cap(0), guest_take_cap(1) };
    uint32_t facet = guest_take_cap(2).cap_id, a = memory(3);
    while (reached == 0)
        sim_pause();
    uint64_t pages = used(1, CAP_RESOURCE_FRAME_GRANT_PAGES);
    struct ring_transfer_descriptor caps[] = { MOVE_OF(a) }, facets[] = { COPY_OF(facet) };
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet, 1, "abcd", 4), caps, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet, 2, "abcd", 4), facets, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(kit_is_held(a));
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
    CHECK_EQ(ep_run(ep_call_sqe(facet, 3, "plain", 5)).result, 0);
    CHECK_EQ(guest_release(a), 0);
    CHECK_EQ(kit_wait(&child), 0);
}

/* A client without a free slot: the server's RETURN aborts, its call stays in flight, it answers without. */
PROGRAM(full_client)
{
    fill_table();
    CHECK_EQ(ep_run(ep_call_sqe(guest_open("srv").cap_id, 1, "", 0)).result, 5);
}

PROGRAM(caller_full)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0), ENDPOINT_GRANT("self"),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = kit_spawn("full_client", grants, 3);
    uint32_t a = memory(1);
    struct ring_cqe got = ep_recv(own.cap_id);
    EXPECT(got.result > 0);
    struct ring_transfer_descriptor cap = MOVE_OF(a);
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(own.cap_id, got.call_id, "abcd", 4), &cap, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(kit_is_held(a));
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "plain"), 0);
    CHECK_EQ(guest_release(a), 0);
    CHECK_EQ(kit_wait(&child), 0);
}

/* A call whose capability is revoked while it waits is finished; the receive stays for the next. */
PROGRAM(sends_revoked)
{
    uint32_t srv = guest_open("srv").cap_id;
    struct ring_transfer_descriptor caps[] = { COPY_OF(guest_open("mem").cap_id) };
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(srv, 1, "abcd", 4), caps, 1)), next = ep_start_call(srv, 2, "next");
    reached = 1;
    CHECK_EQ(ep_await(call).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK_EQ(ep_await(next).result, 0);
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(srv, 1, "abcd", 4), caps, 1)).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
}

PROGRAM(revoked_on_the_way)
{
    struct capos_client own = guest_open("ep"), object = kit_memory(1);
    struct capos_cap_grant grants[] = { FACET("srv", own, 0), HELD("mem", object, CAPOS_CAP_GRANT_MODE_RAW) };
    reached = 0;
    struct kit_child child = kit_spawn("sends_revoked", grants, 2);
    while (reached == 0)
        sim_pause();
    EXPECT(ep_revoke(&child.manager, 1) == CAPOS_OK);
    struct ring_cqe got = ep_recv(own.cap_id);
    ep_expect_message(&got, 2, "next");
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(guest_release(object.cap_id), 0); /* the same epoch: revoked here as well, still to be released */
}

/* The sender ends between prepare and delivery; the server ends with the call in its queue. */
PROGRAM(sends_and_goes)
{
    struct ring_transfer_descriptor caps[] = { MOVE_OF(memory(2)), COPY_OF(memory(1)) };
    (void)ep_start(ep_with_caps(ep_call_sqe(guest_open("srv").cap_id, 1, "abcd", 4), caps, 2));
    reached = 1;
}

PROGRAM(sender_goes)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = kit_spawn("sends_and_goes", grants, 2);
    EXPECT(kit_wait(&child) == 0);
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK(ep_is_pending(recv));
    /* A move that waits when the endpoint goes comes back. */
    uint32_t a = memory(1), ep2 = guest_open("ep2").cap_id;
    struct ring_transfer_descriptor cap = MOVE_OF(a);
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep2, 1, "abcd", 4), &cap, 1));
    CHECK_EQ(guest_release(a), (uint64_t)CAPOS_INVALID_REQUEST);
    CHECK_EQ(guest_release(ep2), 0);
    struct ring_cqe cqe = ep_await(call);
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited");
    CHECK_EQ(guest_release(a), 0);
}

/* Capabilities in calls that wait are bounded; beyond the bound the call is refused and nothing is locked. */
PROGRAM(many_on_the_way)
{
    struct ring_transfer_descriptor caps[16];
    for (int i = 0; i < 16; i++)
        caps[i] = (struct ring_transfer_descriptor)COPY_OF(memory(1));
    for (int i = 0; i < 4; i++)
        CHECK(ep_is_pending(ep_start(ep_with_caps(ep_call_sqe(ep(), 1, "", 0), caps, 16))));
    struct ring_cqe cqe = ep_run(ep_with_caps(ep_call_sqe(ep(), 1, "", 0), caps, 1));
    ep_expect_exception(&cqe, CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: scratch bytes");
    for (int i = 0; i < 16; i++)
        CHECK_EQ(guest_release(caps[i].cap_id), 0); /* alive in the calls */
    struct ring_cqe got = ep_recv(ep());
    CHECK_EQ(got.cap_count, 16);
    for (uint32_t i = 0; i < 16; i++)
        CHECK_EQ(guest_release(ep_record(RECV_BUFFER, &got, i).cap_id), 0);
}

/* ---- spawn grants of endpoints ------------------------------------------------------------------- */

PROGRAM(idle)
{
}

static void refused_as(enum cap_exception_type type, const char *text, struct capos_cap_grant grant)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child;
    EXPECT(kit_try_spawn(&spawner, "idle", &grant, 1, &child) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&spawner, type, text));
}

static void refused(const char *text, struct capos_cap_grant grant)
{
    refused_as(CAP_EXCEPTION_FAILED, text, grant);
}

/* FA-01: a holder that is not the owner passes on what it has, with its own name and badge or none. */
PROGRAM(passes_on)
{
    struct capos_client srv = guest_open("srv");
    struct capos_cap_grant same = FACET_AS("srv", srv, CAPOS_TIMER_INTERFACE_ID, 9), kept = FACET_AS("srv", srv, CAPOS_TIMER_INTERFACE_ID, UINT64_MAX);
    refused("capability interface cannot be relabelled", (struct capos_cap_grant)FACET_AS("srv", srv, CAPOS_CONSOLE_INTERFACE_ID, 9));
    refused("receiver cookie cannot be relabelled", (struct capos_cap_grant)FACET_AS("srv", srv, CAPOS_TIMER_INTERFACE_ID, 8));
    refused("receiver cookie cannot be relabelled", (struct capos_cap_grant)FACET_AS("srv", srv, CAPOS_TIMER_INTERFACE_ID, 0));
    struct capos_cap_grant raw = kept;
    raw.mode = CAPOS_CAP_GRANT_MODE_RAW;
    raw.interface_id = CAPOS_ENDPOINT_INTERFACE_ID;
    refused("capability interface cannot be relabelled", raw);
    raw.interface_id = CAPOS_TIMER_INTERFACE_ID;
    raw.badge = 1234; /* ignored */
    struct capos_cap_grant all[] = { same, kept, raw };
    for (int i = 0; i < 3; i++) {
        struct kit_child child = kit_spawn("calls_once", &all[i], 1);
        CHECK_EQ(kit_wait(&child), 0);
        kit_forget(&child);
    }
    struct capos_cap_grant moved = raw;
    moved.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    struct kit_child child = kit_spawn("calls_once", &moved, 1);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK(ep_run(ep_call_sqe(srv.cap_id, 1, "", 0)).result == CAP_ERR_INVOKE_FAILED);
}

PROGRAM(calls_once)
{
    struct ring_cqe cqe = ep_run(ep_call_sqe(guest_open("srv").cap_id, 1, "", 0));
    CHECK(cqe.result == 0 && cqe.badge == 9);
}

PROGRAM(facet_grants)
{
    struct capos_client own = guest_open("ep"), object = kit_memory(1);
    refused_as(CAP_EXCEPTION_UNIMPLEMENTED, "capability is not an endpoint", (struct capos_cap_grant)FACET("x", object, 0));
    struct capos_cap_grant moved = HELD("x", own, CAPOS_CAP_GRANT_MODE_MOVE);
    refused("capability hold is not transferable", moved);
    struct capos_cap_grant named = HELD("x", own, CAPOS_CAP_GRANT_MODE_RAW);
    named.interface_id++;
    refused("capability interface cannot be relabelled", named);
    struct capos_cap_grant grants[] = { FACET_AS("srv", own, CAPOS_TIMER_INTERFACE_ID, 9),
        KERNEL("process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID) };
    struct kit_child child = kit_spawn("passes_on", grants, 2);
    for (int i = 0; i < 4; i++) {
        struct ring_cqe got = ep_recv(own.cap_id);
        EXPECT(got.result == 56);
        struct endpoint_message header = ep_header();
        CHECK(got.badge == 9 && header.interface_id == CAPOS_TIMER_INTERFACE_ID);
        CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    }
    CHECK_EQ(kit_wait(&child), 0);
}

/* PL-11: a facet for the parent of each endpoint of the child, behind handle and manager, in order; at most 14. */
PROGRAM(owns_many)
{
    static const char *const names[] = { "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "ea", "eb", "ec", "ed" };
    for (uint16_t i = 0; i < 14; i++) {
        struct ring_cqe got = ep_recv(guest_open(names[i]).cap_id);
        EXPECT(got.result == 56);
        CHECK_EQ(ep_header().method_id, i);
        CHECK_EQ(ep_return(guest_open(names[i]).cap_id, got.call_id, ""), 0);
    }
}

PROGRAM(parent_endpoints)
{
    static char names[15][3];
    static struct capos_cap_grant grants[16];
    struct capos_client spawner = guest_open("process_spawner");
    for (int i = 0; i < 15; i++) {
        memcpy(names[i], (char[]){ 'e', "0123456789abcdef"[i], 0 }, 3);
        grants[i] = (struct capos_cap_grant)ENDPOINT_GRANT(names[i]);
    }
    grants[3] = (struct capos_cap_grant)KERNEL(names[3], CAPOS_KERNEL_CAP_SOURCE_CHAT_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    struct kit_child child;
    EXPECT(kit_try_spawn(&spawner, "owns_many", grants, 15, &child) == CAPOS_EXCEPTION);
    EXPECT(spawner.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    uint64_t slots = used(1, CAP_RESOURCE_CAP_SLOTS);
    grants[14] = (struct capos_cap_grant)TIMER_GRANT("t");
    EXPECT(kit_try_spawn(&spawner, "owns_many", grants, 15, &child) == CAPOS_OK);
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), slots + 16);
    uint32_t facets[14];
    for (uint16_t i = 0; i < 14; i++) {
        struct capos_client facet = guest_take_cap((uint16_t)(i + 2));
        CHECK_EQ(facet.interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
        facets[i] = facet.cap_id;
        CHECK_EQ(slot_of(facets[i])->hold.origin, CAP_ORIGIN_SPAWNER_ENDPOINT);
        CHECK_EQ(slot_of(facets[i])->hold.transfer_mode, CAP_MODE_COPY);
    }
    for (uint16_t i = 0; i < 14; i++)
        CHECK_EQ(ep_run(ep_call_sqe(facets[i], i, "", 0)).result, 0);
    CHECK_EQ(kit_wait(&child), 0);
}

#define EP { "ep", "endpoint" }
#define EP2 { "ep2", "endpoint" }
#define SPAWNER { "process_spawner", NULL }
#define FRAMES { "frame_allocator", NULL }

static const struct sim_test tests[] = {
    { .name = "transfer-arrives", .init = arrives, .grants = { EP, FRAMES } },
    { .name = "transfer-held-again", .init = held_again, .grants = { EP, FRAMES } },
    { .name = "transfer-bad-descriptors", .init = bad_descriptors, .grants = { EP, FRAMES, { "console", NULL }, { "timer", NULL } } },
    { .name = "transfer-while-waiting", .init = while_waiting, .grants = { EP, FRAMES } },
    { .name = "transfer-room-for-records", .init = room_for_records, .grants = { EP, FRAMES } },
    { .name = "transfer-bad-returns", .init = bad_returns, .grants = { EP, FRAMES, { "timer", NULL } } },
    { .name = "transfer-receiver-full", .init = receiver_full, .grants = { FRAMES, SPAWNER }, .programs = { { "full_server", full_server } }, .seeds = 2 },
    { .name = "transfer-caller-full", .init = caller_full, .grants = { EP, FRAMES, SPAWNER }, .programs = { { "full_client", full_client } }, .seeds = 2 },
    { .name = "transfer-revoked-on-the-way", .init = revoked_on_the_way, .grants = { EP, FRAMES, SPAWNER },
      .programs = { { "sends_revoked", sends_revoked } }, .seeds = 2 },
    { .name = "transfer-sender-goes", .init = sender_goes, .grants = { EP, EP2, FRAMES, SPAWNER }, .programs = { { "sends_and_goes", sends_and_goes } }, .seeds = 2 },
    { .name = "transfer-many-on-the-way", .init = many_on_the_way, .grants = { EP, FRAMES } },
    { .name = "transfer-facet-grants", .init = facet_grants, .grants = { EP, FRAMES, SPAWNER },
      .programs = { { "passes_on", passes_on }, { "calls_once", calls_once }, { "idle", idle } }, .seeds = 2 },
    { .name = "transfer-parent-endpoints", .init = parent_endpoints, .grants = { SPAWNER }, .programs = { { "owns_many", owns_many } }, .seeds = 2 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
