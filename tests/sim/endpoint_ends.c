/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who gets what when somebody at an endpoint goes away (EN-29): the owner, the
 * client, a thread of either, the owner's hold. Everybody who waits is told
 * once, nothing waits for ever, and the ledgers are zero at the end.
 */
#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

/* Told by a program to the test; every program shares the host's memory. */
static uint32_t reached;
static uint32_t id_of_parent;

static void wait_for(uint32_t mark)
{
    while (reached < mark)
        sim_pause();
}

/* ---- the server goes ------------------------------------------------------------------------ */

/* Takes three calls, answers one, and ends in the way its last grant says. */
PROGRAM(takes_and_goes)
{
    uint32_t own = guest_open("own").cap_id;
    struct ring_cqe first = ep_recv(own), second = ep_recv(own);
    CHECK(second.call_id != first.call_id);
    CHECK_EQ(ep_return(own, second.call_id, "second"), 0);
    (void)ep_start(ep_recv_sqe(own)); /* takes the third */
    wait_for(1);
    if (guest_find("release") != NULL) {
        CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = own }).result, 0);
        CHECK_EQ(ep_run(ep_recv_sqe(own)).result, CAP_ERR_INVOKE_FAILED);
        CHECK_EQ(ep_return(own, first.call_id, ""), CAP_ERR_INVOKE_FAILED);
        reached = 2;
        for (;;)
            sim_pause();
    }
    if (guest_find("fault") != NULL)
        sim_fault(0x10, true);
    if (guest_find("wait") != NULL)
        for (;;)
            sim_pause();
}

enum way { BY_EXIT, BY_RELEASE, BY_FAULT, BY_TERMINATE, BY_REVOKE };

/* 20 calls: one answered, two received, the rest queued. All but the one end with the same exception, and so does the next. */
static void server_goes(enum way way)
{
    static const char *const names[] = { "exit", "release", "fault", "wait", "wait" };
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT("own"), TIMER_GRANT(names[way]) };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("server"), .binary_name = capn_text_of("takes_and_goes"),
                                                     .grants = capn_list_over(grants, 2, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    reached = 0;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct kit_child child = { guest_take_cap(0), guest_take_cap(1) };
    uint32_t facet = guest_take_cap(2).cap_id;
    uint64_t calls[20];
    for (int i = 0; i < 20; i++)
        calls[i] = ep_start_call(facet, (uint16_t)i, "question");
    struct ring_cqe cqe = ep_await(calls[1]);
    EXPECT(cqe.result == 6);
    ep_expect_bytes(CALL_BUFFER, "second");
    if (way == BY_TERMINATE)
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    if (way == BY_REVOKE)
        EXPECT(ep_revoke(&child.manager, 0) == CAPOS_OK);
    reached = 1;
    const char *text = way == BY_REVOKE ? "capability has been revoked" : "endpoint owner exited";
    for (int i = 0; i < 20; i++) {
        if (i == 1)
            continue;
        cqe = ep_await(calls[i]);
        ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, text);
    }
    /* The facet lives, the endpoint does not. */
    cqe = ep_run(ep_call_sqe(facet, 1, "x", 1));
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited");
    if (way == BY_RELEASE || way == BY_REVOKE)
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    (void)kit_wait(&child);
    kit_forget(&child);
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = facet }).result, 0);
}

PROGRAM(servers_go)
{
    for (enum way way = BY_EXIT; way <= BY_REVOKE; way++)
        server_goes(way);
}

/* A caller without room for the exception is told all the same. */
PROGRAM(no_room)
{
    struct capos_client own = guest_open("ep");
    struct ring_sqe call = ep_call_sqe(own.cap_id, 1, "", 0);
    call.result_len = 10;
    uint64_t queued = ep_start(call), recv = ep_start(ep_recv_sqe(own.cap_id));
    (void)ep_await(recv);
    uint64_t second = ep_start(call);
    uint64_t waiting = ep_start(ep_recv_sqe(guest_open("ep2").cap_id));
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = own.cap_id }).result, 0);
    CHECK_EQ(ep_await(queued).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    CHECK_EQ(ep_await(second).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = guest_open("ep2").cap_id }).result, 0);
    CHECK_EQ(ep_await(waiting).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_run(call).result, CAP_ERR_INVOKE_FAILED); /* the id names nothing any more */
}

/* ---- two owners --------------------------------------------------------------------------------- */

PROGRAM(second_owner)
{
    uint32_t own = guest_open("own").cap_id;
    struct ring_cqe got = ep_recv(own);
    ep_expect_message(&got, 1, "first");
    CHECK_EQ(ep_return(own, id_of_parent, ""), CAP_ERR_INVOKE_FAILED); /* H18: the other owner received that one */
    (void)ep_start(ep_recv_sqe(own));
    reached = 1;
    wait_for(2);
    if (guest_find("release") != NULL) {
        CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = own }).result, 0);
        reached = 3;
        for (;;)
            sim_pause();
    }
}

/* One of two owners goes: the calls that it received end, the others and the endpoint go on. */
static void one_of_two(const char *how)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { HELD("own", own, CAPOS_CAP_GRANT_MODE_RAW), TIMER_GRANT(how) };
    reached = 0;
    uint64_t zero = ep_start_call(own.cap_id, 0, "zero");
    id_of_parent = ep_recv(own.cap_id).call_id;
    uint64_t first = ep_start_call(own.cap_id, 1, "first");
    struct kit_child child = kit_spawn("second_owner", grants, 2);
    while (reached == 0)
        sim_pause();
    EXPECT(reached == 1);
    uint64_t second = ep_start_call(own.cap_id, 2, "second"); /* goes to the child's waiting RECV */
    uint64_t third = ep_start_call(own.cap_id, 3, "third");
    CHECK(ep_is_pending(first));
    reached = 2;
    struct ring_cqe cqe = ep_await(first);
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint receiver exited");
    cqe = ep_await(second);
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint receiver exited");
    struct ring_cqe got = ep_recv(own.cap_id);
    ep_expect_message(&got, 3, "third");
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "fine"), 0);
    CHECK_EQ(ep_await(third).result, 4);
    CHECK_EQ(ep_return(own.cap_id, id_of_parent, "mine"), 0);
    CHECK_EQ(ep_await(zero).result, 4);
    (void)capos_process_handle_terminate(&child.handle, NULL, NULL);
    (void)kit_wait(&child);
    kit_forget(&child);
}

PROGRAM(two_owners)
{
    one_of_two("exit");
    one_of_two("release");
}

/* ---- the client goes -------------------------------------------------------------------------------- */

PROGRAM(asks_and_goes)
{
    uint32_t facet = guest_open("srv").cap_id;
    for (int i = 0; i < 6; i++)
        (void)ep_start_call(facet, (uint16_t)i, "from a client that goes");
    reached = 1;
    wait_for(2);
    if (guest_find("fault") != NULL)
        sim_fault(0x20, false);
    if (guest_find("wait") != NULL)
        for (;;)
            sim_pause();
}

/* H53, H54: a late RETURN meets an unknown call id, queued calls are gone, other clients are served. */
static void client_goes(const char *how)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 5), TIMER_GRANT(how) };
    reached = 0;
    struct kit_child child = kit_spawn("asks_and_goes", grants, 2);
    uint32_t ids[3];
    for (int i = 0; i < 3; i++) {
        struct ring_cqe got = ep_recv(own.cap_id);
        EXPECT(got.result > 0);
        CHECK_EQ(got.badge, 5);
        ids[i] = got.call_id;
    }
    while (reached == 0)
        sim_pause();
    CHECK_EQ(ep_return(own.cap_id, ids[0], "early"), 0);
    uint64_t mine = ep_start_call(own.cap_id, 9, "mine");
    if (how[0] == 'w')
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    reached = 2;
    (void)kit_wait(&child);
    CHECK_EQ(ep_return(own.cap_id, ids[1], "late"), CAP_ERR_INVOKE_FAILED);
    struct ring_cqe got = ep_recv(own.cap_id);
    ep_expect_message(&got, 9, "mine");
    for (int i = 0; i < 3; i++)
        CHECK(got.call_id != ids[i]);
    CHECK_EQ(ep_return(own.cap_id, ids[2], "later"), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "fine"), 0);
    CHECK_EQ(ep_await(mine).result, 4);
    kit_forget(&child);
}

PROGRAM(clients_go)
{
    client_goes("exit");
    client_goes("fault");
    client_goes("wait");
}

/* A client whose end makes room in flight: what others queued is delivered to a receive that waits. */
PROGRAM(fills_flight)
{
    for (int i = 0; i < 16; i++)
        (void)ep_start_call(guest_open("srv").cap_id, 1, "");
    reached = 1;
    wait_for(2);
}

PROGRAM(room_in_flight)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grant = FACET("srv", own, 0);
    struct kit_child child = kit_spawn("fills_flight", &grant, 1);
    for (int i = 0; i < 16; i++)
        EXPECT(ep_recv(own.cap_id).result == 56);
    while (reached == 0)
        sim_pause();
    uint64_t mine = ep_start_call(own.cap_id, 2, "mine"), recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK(ep_is_pending(recv));
    reached = 2;
    struct ring_cqe got = ep_await(recv);
    ep_expect_message(&got, 2, "mine");
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    CHECK_EQ(ep_await(mine).result, 0);
    EXPECT(kit_wait(&child) == 0);
}

/* A facet that is released or revoked while a call is in flight: the call goes on. */
PROGRAM(lets_go)
{
    uint32_t facet = guest_open("srv").cap_id;
    uint64_t call = ep_start_call(facet, 1, "x"), queued = ep_start_call(facet, 2, "y");
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = facet }).result, 0);
    reached = 1;
    CHECK_EQ(ep_await(call).result, 2);
    CHECK_EQ(ep_await(queued).result, 2);
    uint32_t other = guest_open("other").cap_id;
    call = ep_start_call(other, 3, "z");
    reached = 2;
    CHECK_EQ(ep_await(call).result, 2);
    struct ring_cqe cqe = ep_run(ep_call_sqe(other, 4, "", 0));
    CHECK_EQ(cqe.result, CAP_ERR_INVOKE_FAILED);
}

PROGRAM(facets_go)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0), FACET("other", own, 1) };
    struct kit_child child = kit_spawn("lets_go", grants, 2);
    while (reached == 0)
        sim_pause();
    for (int i = 0; i < 2; i++)
        CHECK_EQ(ep_return(own.cap_id, ep_recv(own.cap_id).call_id, "ok"), 0);
    while (reached == 1)
        sim_pause();
    struct ring_cqe got = ep_recv(own.cap_id);
    CHECK_EQ(got.badge, 1);
    EXPECT(ep_revoke(&child.manager, 1) == CAPOS_OK);
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "ok"), 0);
    CHECK_EQ(kit_wait(&child), 0);
    /* Revoking a facet did nothing to the endpoint: its epoch was its own. */
    uint64_t mine = ep_start_call(own.cap_id, 1, "");
    CHECK_EQ(ep_return(own.cap_id, ep_recv(own.cap_id).call_id, ""), 0);
    CHECK_EQ(ep_await(mine).result, 0);
}

/* ---- a thread goes -------------------------------------------------------------------------------------- */

static int64_t receives_and_goes(uint64_t arg, uint64_t tid, uint64_t ring)
{
    struct guest guest;
    guest_thread_start(&guest, tid, ring);
    uint32_t own = (uint32_t)arg;
    struct ring_sqe recv = ep_recv_sqe(own);
    recv.result_addr = GUEST_SPARE + 0x100;
    recv.result_len = 0x400;
    struct ring_cqe got = ep_run(recv);
    EXPECT(got.result == 56);
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = own, .method_id = 77 };
    (void)ep_start(call); /* queued; gone with the thread */
    recv.user_data = 555;
    reached = got.call_id;
    kit_exit_thread(0);
}

/* The process lives on: what its thread had received ends, what it had asked is gone, the endpoint is open. */
PROGRAM(thread_goes)
{
    struct capos_client own = guest_open("ep");
    kit_map_thread_area();
    struct capos_client handle = kit_thread(receives_and_goes, own.cap_id);
    uint64_t call = ep_start_call(own.cap_id, 1, "");
    struct ring_cqe cqe = ep_await(call);
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint receiver exited");
    CHECK_EQ(ep_return(own.cap_id, reached, ""), CAP_ERR_INVOKE_FAILED);
    (void)kit_join(&handle);
    call = ep_start_call(own.cap_id, 2, "still");
    struct ring_cqe got = ep_recv(own.cap_id);
    ep_expect_message(&got, 2, "still");
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    CHECK_EQ(ep_await(call).result, 0);
}

/* ---- service objects (docs/service-endpoint.md) ------------------------------------------------------ */

#define COOKIE(generation, index) (0x51c0ull << 48 | (uint64_t)(generation) << 24 | (index))

/* Holds three objects; calls through one, releases it while the call is queued, and ends with the others. */
PROGRAM(holds_objects)
{
    uint32_t first = guest_open("o1").cap_id;
    uint64_t call = ep_start_call(first, 4, "last words");
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = first }).result, 0);
    reached = 1;
    CHECK_EQ(ep_await(call).result, 0);
    wait_for(2);
}

static void expect_release(const struct ring_cqe *got, uint64_t badge)
{
    struct endpoint_message header = ep_header();
    CHECK(got->result == 56 && got->badge == badge && got->cap_count == 0 && got->call_id != 0);
    CHECK(header.flags == ENDPOINT_MESSAGE_RELEASED && header.method_id == ENDPOINT_RELEASED_METHOD && header.params_len == 0);
    CHECK_EQ(header.interface_id, CAPOS_TIMER_INTERFACE_ID);
}

PROGRAM(tells_releases)
{
    struct capos_client own = guest_open("srv"), plain = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET_AS("o1", own, CAPOS_TIMER_INTERFACE_ID, COOKIE(1, 1)),
                                        FACET_AS("o2", own, CAPOS_TIMER_INTERFACE_ID, COOKIE(7, 2)),
                                        FACET_AS("o3", own, CAPOS_TIMER_INTERFACE_ID, 3), /* no cookie: nobody is told */
                                        FACET_AS("o4", plain, CAPOS_TIMER_INTERFACE_ID, COOKIE(1, 4)) };
    reached = 0;
    struct kit_child child = kit_spawn("holds_objects", grants, 4);
    while (reached == 0)
        sim_pause();
    /* The call through the released object first: it still holds it. */
    struct ring_cqe got = ep_recv(own.cap_id);
    ep_expect_message(&got, 4, "last words");
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK(ep_is_pending(recv));
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    got = ep_await(recv);
    expect_release(&got, COOKIE(1, 1));
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), CAP_ERR_INVOKE_FAILED);
    /* News wait for a RECV, one that is large enough. */
    reached = 2;
    EXPECT(kit_wait(&child) == 0);
    uint64_t mine = ep_start_call(own.cap_id, 9, "mine");
    got = ep_recv(own.cap_id);
    expect_release(&got, COOKIE(7, 2));
    got = ep_recv(own.cap_id);
    ep_expect_message(&got, 9, "mine");
    CHECK_EQ(ep_return(own.cap_id, got.call_id, ""), 0);
    CHECK_EQ(ep_await(mine).result, 0);
    uint64_t none = ep_start(ep_recv_sqe(plain.cap_id));
    recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK(ep_is_pending(none) && ep_is_pending(recv));
}

/* News under failures: whatever fails, an object is told of at most once, and only once its holder is gone. */
PROGRAM(lets_one_go)
{
    EXPECT(guest_release(guest_open("o1").cap_id) == CAPOS_OK);
}

PROGRAM(releases_swept)
{
    struct capos_client own = guest_open("srv");
    struct capos_cap_grant grants[] = { FACET_AS("o1", own, CAPOS_TIMER_INTERFACE_ID, COOKIE(1, 1)),
                                        FACET_AS("o2", own, CAPOS_TIMER_INTERFACE_ID, COOKIE(7, 2)) };
    struct kit_child child = kit_spawn("lets_one_go", grants, 2);
    bool told[2] = { false, false };
    for (int i = 0; i < 2; i++) {
        struct ring_cqe got = run_unless_failed(ep_recv_sqe(own.cap_id));
        EXPECT(got.result == 56);
        CHECK(got.badge == COOKIE(1, 1) || got.badge == COOKIE(7, 2));
        CHECK(!told[got.badge == COOKIE(7, 2)]);
        told[got.badge == COOKIE(7, 2)] = true;
        expect_release(&got, got.badge);
    }
    EXPECT(kit_wait(&child) == 0);
}

/* 64 at most, counting those that were not told; the owner may go with news untold. */
PROGRAM(releases_pile_up)
{
    static char names[33][3];
    struct capos_cap_grant grants[33];
    struct capos_client own = guest_open("srv"), spawner = guest_open("process_spawner");
    for (uint32_t i = 0; i < 33; i++) {
        memcpy(names[i], (char[]){ (char)('a' + i / 10), (char)('0' + i % 10), 0 }, 3);
        grants[i] = (struct capos_cap_grant)FACET_AS(names[i], own, CAPOS_TIMER_INTERFACE_ID, COOKIE(1, i));
    }
    struct kit_child child;
    for (int round = 0; round < 2; round++) {
        child = kit_spawn("ends_at_once", grants, 32);
        EXPECT(kit_wait(&child) == 0);
        kit_forget(&child);
    }
    EXPECT(kit_try_spawn(&spawner, "ends_at_once", grants, 1, &child) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "too many service objects"));
    struct ring_cqe got = ep_recv(own.cap_id);
    expect_release(&got, COOKIE(1, 0));
    child = kit_spawn("ends_at_once", grants, 1);
    EXPECT(kit_wait(&child) == 0);
    for (uint32_t i = 1; i < 65; i++) {
        got = ep_recv(own.cap_id);
        CHECK(got.badge == COOKIE(1, i % 32));
        if (i < 40)
            continue;
        CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = own.cap_id }).result, 0);
        return;
    }
}

PROGRAM(ends_at_once)
{
}

#define EP { "ep", "endpoint" }
#define EP2 { "ep2", "endpoint" }
#define SPAWNER { "process_spawner", NULL }

static const struct sim_test tests[] = {
    { .name = "endpoint-server-goes", .init = servers_go, .grants = { SPAWNER }, .programs = { { "takes_and_goes", takes_and_goes } }, .seeds = 4 },
    { .name = "endpoint-end-without-room", .init = no_room, .grants = { EP, EP2 } },
    { .name = "endpoint-two-owners", .init = two_owners, .grants = { EP, SPAWNER }, .programs = { { "second_owner", second_owner } }, .seeds = 4 },
    { .name = "endpoint-client-goes", .init = clients_go, .grants = { EP, SPAWNER }, .programs = { { "asks_and_goes", asks_and_goes } }, .seeds = 4 },
    { .name = "endpoint-room-in-flight", .init = room_in_flight, .grants = { EP, SPAWNER }, .programs = { { "fills_flight", fills_flight } }, .seeds = 2 },
    { .name = "endpoint-facet-goes", .init = facets_go, .grants = { EP, SPAWNER }, .programs = { { "lets_go", lets_go } }, .seeds = 4 },
    { .name = "service-object-releases", .init = tells_releases, .grants = { { "srv", "service_endpoint" }, EP, SPAWNER },
      .programs = { { "holds_objects", holds_objects } }, .seeds = 4 },
    { .name = "service-object-faults", .init = releases_swept, .grants = { { "srv", "service_endpoint" }, SPAWNER },
      .programs = { { "lets_one_go", lets_one_go } }, .every_fault = true },
    { .name = "service-object-ceiling", .init = releases_pile_up, .grants = { { "srv", "service_endpoint" }, SPAWNER },
      .programs = { { "ends_at_once", ends_at_once } }, .seeds = 2 },
    { .name = "endpoint-thread-goes", .init = thread_goes, .grants = { EP, THREAD_GRANTS }, .seeds = 4 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
