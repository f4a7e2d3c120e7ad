/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions seen from a service: what it learns of its callers, callers whose
 * session is over, and what sessions keep apart. The first process is in no
 * session: the service of all others.
 */
#include "tests/sim/session_kit.h"

/* ---- what a service learns ------------------------------------------------------------------- */

/* Each mask on `a`, then all fields on `b`; the method says which. */
PROGRAM(asks)
{
    for (uint16_t mask = 0; mask <= 7; mask++)
        EXPECT(ep_run(asking_sqe("a", mask, mask)).result == 0);
    EXPECT(ep_run(asking_sqe("b", 7, 7)).result == 0);
    CHECK_EQ(ep_run(asking_sqe("a", 8, 8)).result, CAP_ERR_INVALID_REQUEST);
}

static bool same_ref(const struct caller_session *a, const struct caller_session *b)
{
    return a->scoped_ref == b->scoped_ref && a->scoped_ref_hi == b->scoped_ref_hi && a->epoch == b->epoch;
}

static void check_ref(const struct caller_session *seen, const char *name, const struct session *session)
{
    struct session_ref ref;
    const struct cap_slot *slot;
    CHECK_EQ(cap_table_lookup(&process_find(1)->table, guest_open(name).cap_id, &slot), CAP_OK);
    session_ref_derive(kernel.sessions.secret, slot->hold.object_id, session->id, SESSION_ID_BYTES, &ref);
    CHECK(seen->scoped_ref == ref.low && seen->scoped_ref_hi == ref.high && seen->epoch == ref.epoch);
}

/* Serves one program that asks; what it saw last on each endpoint. */
static void serve_asking(uint16_t kind, uint16_t profile, const struct session *session, struct caller_session seen[2])
{
    uint16_t method;
    for (uint16_t mask = 0; mask <= 7; mask++) {
        struct caller_session now = serve_one("ep", &method);
        CHECK_EQ(method, mask);
        CHECK_EQ(now.flags, CALLER_SESSION_LIVE);
        CHECK_EQ(now.disclosed_fields, mask & 5);
        CHECK_EQ(now.principal_kind, (mask & 1) != 0 ? kind : 0);
        CHECK_EQ(now.auth_strength, 0);
        CHECK_EQ(now.profile_class, (mask & 4) != 0 ? profile : 0);
        CHECK_EQ(now.reserved, 0);
        CHECK(mask == 0 || same_ref(&now, &seen[0]));
        check_ref(&now, "ep", session);
        seen[0] = now;
    }
    seen[1] = serve_one("ep2", &method);
    check_ref(&seen[1], "ep2", session);
    CHECK_EQ(seen[1].disclosed_fields, 0);
    CHECK_EQ(seen[1].principal_kind | seen[1].profile_class, 0);
    CHECK(!same_ref(&seen[0], &seen[1]));
}

PROGRAM(discloses)
{
    struct capos_client ep = guest_open("ep"), ep2 = guest_open("ep2");
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), FACET("b", ep2, 2) };
    struct caller_session seen[3][2];
    static const struct caller_session none;
    for (int round = 0; round < 3; round++) {
        struct capos_client session = round == 1 ? anonymous_session() : guest_session();
        struct bundle bundle = bundle_of(&session, round == 1 ? "anonymous" : "guest");
        struct kit_child child = launch(&bundle, "asks", grants, 2);
        const struct session *record = newest()->session;
        const struct session known = *record; /* the program may end while it is compared */
        if (round == 2) { /* the program alone keeps it */
            CHECK_EQ(guest_release(session.cap_id) | guest_release(bundle.session.cap_id) | guest_release(bundle.launcher.cap_id), 0);
            CHECK(record->serial != 0 && record->refs == 1);
        }
        serve_asking(round == 1 ? 5 : 4, round == 1 ? 1 : 2, &known, seen[round]);
        CHECK_EQ(kit_wait(&child), 0);
        for (int before = 0; before < round; before++)
            CHECK(!same_ref(&seen[before][0], &seen[round][0]) && !same_ref(&seen[before][1], &seen[round][1]));
    }
    /* Its own calls come from no session, whatever they ask for. */
    uint64_t call = ep_start(asking_sqe("ep", 1, 7));
    uint16_t method;
    struct caller_session mine = serve_one("ep", &method);
    CHECK(memcmp(&mine, &none, sizeof none) == 0);
    CHECK_EQ(ep_await(call).result, 0);
}

/* ---- what a spawn grant says of disclosure -------------------------------------------------------- */

PROGRAM(tells)
{
    EXPECT(ep_run(asking_sqe("a", 1, 7)).result == 0);
}

/* What a program in a session discloses through that grant. */
static uint32_t disclosed_through(struct bundle *bundle, const char *served, struct capos_cap_grant grant)
{
    uint16_t method;
    struct kit_child child = launch(bundle, "tells", &grant, 1);
    struct caller_session seen = serve_one(served, &method);
    CHECK_EQ(seen.flags, CALLER_SESSION_LIVE);
    CHECK_EQ(kit_wait(&child), 0);
    return seen.disclosed_fields;
}

static struct capos_cap_grant with_scope(struct capos_cap_grant grant, uint16_t scope)
{
    grant.disclosure_scope = scope;
    return grant;
}

static void refuses_scope(struct capos_cap_grant grant, enum cap_exception_type type, const char *text)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child none;
    REFUSED(spawner, kit_try_spawn(&spawner, "owns", &grant, 1, &none), type, text);
    CHECK(is_recorded(text));
}

/* Owns an endpoint whose scope came with the grant, and says what its caller discloses. */
PROGRAM(owns)
{
    if (guest_find("own") != NULL)
        CHECK_EQ(serve_one("own", &(uint16_t){ 0 }).disclosed_fields, 6);
}

#define WIDER "disclosure scope is wider than one's own"

PROGRAM(scopes)
{
    struct capos_client ep = guest_open("ep"), ep2 = guest_open("ep2"), session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant facet = FACET("a", ep, 1), other = FACET("a", ep2, 1);
    CHECK_EQ(disclosed_through(&bundle, "ep", facet), 5);
    CHECK_EQ(disclosed_through(&bundle, "ep", with_scope(facet, 4)), 4);
    CHECK_EQ(disclosed_through(&bundle, "ep", with_scope(facet, 8)), 0);
    CHECK_EQ(disclosed_through(&bundle, "ep2", other), 0);
    CHECK_EQ(disclosed_through(&bundle, "ep2", with_scope(other, 8)), 0);
    refuses_scope(with_scope(facet, 7), CAP_EXCEPTION_FAILED, WIDER);
    refuses_scope(with_scope(other, 1), CAP_EXCEPTION_FAILED, WIDER);
    refuses_scope(with_scope(facet, 9), CAP_EXCEPTION_INVALID_ARGUMENT, "unknown disclosure scope");
    refuses_scope(with_scope(facet, 0x8000), CAP_EXCEPTION_INVALID_ARGUMENT, "unknown disclosure scope");

    /* A boot service says it for a fresh endpoint; the facet that comes back has the same scope, a raw copy no more. */
    struct capos_cap_grant own = with_scope((struct capos_cap_grant)ENDPOINT_GRANT("own"), 6);
    struct kit_child owner = kit_spawn("owns", &own, 1);
    struct capos_client peer = guest_take_cap(2);
    struct capos_cap_grant raw = HELD("a", peer, CAPOS_CAP_GRANT_MODE_RAW);
    refuses_scope(with_scope(raw, 7), CAP_EXCEPTION_FAILED, WIDER);
    struct kit_child child = launch(&bundle, "tells", &raw, 1);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(kit_wait(&owner), 0);
}

/* In a session nobody widens anything. */
PROGRAM(widens)
{
    struct capos_client spawner = conjure(&process_spawner_ops);
    struct capos_cap_grant own = with_scope((struct capos_cap_grant)ENDPOINT_GRANT("own"), 1);
    struct kit_child none;
    REFUSED(spawner, kit_try_spawn(&spawner, "owns", &own, 1, &none), CAP_EXCEPTION_FAILED, WIDER);
    own.disclosure_scope = 8;
    own.name = capn_text_of("unasked");
    CHECK_EQ(kit_try_spawn(&spawner, "owns", &own, 1, &none), CAPOS_OK);
    CHECK_EQ(kit_wait(&none), 0);
}

PROGRAM(lets_widen)
{
    struct capos_client session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct kit_child child = launch(&bundle, "widens", NULL, 0);
    CHECK_EQ(kit_wait(&child), 0);
}

/* ---- stale callers ---------------------------------------------------------------------------- */

/* Two calls wait at once; a third comes when its session is over. */
PROGRAM(outstays)
{
    /* In one entry: between two of them the session may end. */
    uint64_t first = guest_submit(asking_sqe("a", 1, 7)), second = guest_submit(asking_sqe("a", 2, 7));
    (void)guest_enter(0, 0);
    CHECK_EQ(ep_await(first).result, 0);
    CHECK_EQ(ep_await(second).result, 0);
    struct ring_cqe refused = ep_run(asking_sqe("a", 3, 0));
    ep_expect_exception(&refused, CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    /* Within the session nobody asks. */
    CHECK_EQ(ep_run(asking_sqe("peer", 9, 7)).result, 0);
}

PROGRAM(works)
{
    struct ring_cqe got = ep_recv(guest_open("own").cap_id);
    struct endpoint_message header = ep_header();
    CHECK_EQ(header.method_id, 9);
    CHECK_EQ(header.session.flags, CALLER_SESSION_STALE);
    CHECK(header.session.scoped_ref != 0 && header.session.disclosed_fields == 0);
    CHECK_EQ(ep_return(guest_open("own").cap_id, got.call_id, ""), 0);
}

static struct kit_child launch_worker(struct bundle *bundle, const struct capos_cap_grant *grants, uint32_t count,
                                      struct capos_client *endpoint)
{
    struct capos_restricted_launcher_spawn_worker_params in = {
        .name = capn_text_of("worker"), .binary_name = capn_text_of("works"), .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_restricted_launcher_spawn_worker_results got = { 0 };
    EXPECT(capos_restricted_launcher_spawn_worker(&bundle->launcher, &in, &got) == CAPOS_OK);
    CHECK_EQ(((struct guest *)*sim_local())->cap_count, 2);
    CHECK_EQ(got.handle_index, 0);
    *endpoint = guest_take_cap(1);
    CHECK_EQ(endpoint->interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
    return (struct kit_child){ .handle = guest_take_cap(0) };
}

PROGRAM(goes_stale)
{
    struct capos_client ep = guest_open("ep"), session = guest_session(), peer;
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    struct kit_child worker = launch_worker(&bundle, &own, 1, &peer);
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), HELD("peer", peer, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child child = launch(&bundle, "outstays", grants, 2);
    uint16_t method;
    CHECK_EQ(serve_one("ep", &method).flags, CALLER_SESSION_LIVE);
    CHECK_EQ(method, 1);
    CHECK_EQ(logout(&session), CAPOS_OK);
    struct caller_session late = serve_one("ep", &method);
    CHECK_EQ(method, 2);
    CHECK_EQ(late.flags, CALLER_SESSION_STALE);
    CHECK_EQ(late.disclosed_fields, 7);
    CHECK_EQ(late.principal_kind, 4);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(kit_wait(&worker), 0);
}

/* ---- apart ------------------------------------------------------------------------------------- */

static uint32_t own_memory(void)
{
    return kit_memory(1).cap_id;
}

/* In its session it may hand things round, across the border it may not. */
PROGRAM(hands_round)
{
    uint32_t page = own_memory();
    struct ring_transfer_descriptor copy = COPY_OF(page), move = MOVE_OF(page);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("a", 1, 0), &copy, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("a", 1, 0), &move, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(guest_release(page), 0);
    page = own_memory();
    struct ring_transfer_descriptor again = MOVE_OF(page);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("peer", 1, 0), &again, 1)).result, 4);
    CHECK(!kit_is_held(page));
    /* The service's answer brings nothing either. */
    struct ring_cqe answer = ep_run(asking_sqe("a", 2, 0));
    CHECK(answer.result == 4 && answer.cap_count == 0);
}

PROGRAM(takes)
{
    uint32_t own = guest_open("own").cap_id;
    struct ring_cqe got = ep_recv(own);
    CHECK_EQ(got.cap_count, 1);
    CHECK(kit_is_held(ep_record(RECV_BUFFER, &got, 0).cap_id));
    CHECK_EQ(ep_return(own, got.call_id, "fine"), 0);
    got = ep_recv(own);
    CHECK_EQ(got.cap_count, 0);
    CHECK_EQ(ep_return(own, got.call_id, "done"), 0);
}

PROGRAM(apart)
{
    struct capos_client ep = guest_open("ep"), session = guest_session(), peer;
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_restricted_launcher_spawn_worker_params in = { .name = capn_text_of("w"), .binary_name = capn_text_of("takes") };
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    in.grants = capn_list_over(&own, 1, sizeof own);
    struct capos_restricted_launcher_spawn_worker_results got;
    CHECK_EQ(capos_restricted_launcher_spawn_worker(&bundle.launcher, &in, &got), CAPOS_OK);
    struct kit_child worker = { .handle = guest_take_cap(0) };
    peer = guest_take_cap(1);
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), HELD("peer", peer, CAPOS_CAP_GRANT_MODE_RAW),
                                        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = launch(&bundle, "hands_round", grants, 3);
    struct ring_transfer_descriptor copy = COPY_OF(own_memory());
    struct ring_cqe call = ep_recv(ep.cap_id);
    CHECK_EQ(call.cap_count, 0);
    struct ring_sqe answer = ep_return_sqe(ep.cap_id, call.call_id, "have", 4);
    CHECK_EQ(ep_run(ep_with_caps(answer, &copy, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_return(ep.cap_id, call.call_id, "none"), 0);
    CHECK_EQ(kit_wait(&child), 0);
    struct ring_transfer_descriptor again = COPY_OF(own_memory());
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(peer.cap_id, 1, "abcd", 4), &again, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_run(ep_call_sqe(peer.cap_id, 1, "abcd", 4)).result, 4);
    CHECK_EQ(kit_wait(&worker), 0);
}

/* ---- H46: a copy of a same-session hold across the border ------------------------------------------------ */

static void check_stays(uint32_t cap_id, uint64_t slots)
{
    CHECK(kit_is_held(cap_id));
    CHECK_EQ(cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS), slots);
}

/* Out of the session by a CALL; in by the RETURN that answers it; out again by a CALL that nobody receives yet. */
PROGRAM(h46_inside)
{
    uint32_t page = own_memory();
    uint64_t slots = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS);
    struct ring_transfer_descriptor copy = COPY_OF(page), move = MOVE_OF(page);
    for (int i = 0; i < 2; i++) {
        struct ring_cqe got = ep_run(ep_with_caps(asking_sqe("a", 1, 0), i == 0 ? &copy : &move, 1));
        CHECK_EQ(got.result, -6);
        CHECK_EQ(got.cap_count, 0);
        check_stays(page, slots);
    }
    struct ring_cqe answer = ep_run(asking_sqe("a", 2, 0));
    CHECK_EQ(answer.result, 4);
    CHECK_EQ(answer.cap_count, 0);
    check_stays(page, slots);
}

/* The service of no session: its answer brings nothing in, and neither does a grant of a launcher used from a session. */
PROGRAM(h46)
{
    struct capos_client ep = guest_open("ep"), session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant grants[] = { FACET("a", ep, 1),
                                        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = launch(&bundle, "h46_inside", grants, 2);
    struct ring_cqe call = ep_recv(ep.cap_id);
    CHECK_EQ(call.cap_count, 0);
    CHECK_EQ(ep_header().method_id, 2);
    uint32_t page = own_memory();
    uint64_t slots = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS);
    struct ring_transfer_descriptor copy = COPY_OF(page), move = MOVE_OF(page);
    for (int i = 0; i < 2; i++) {
        struct ring_sqe answer = ep_return_sqe(ep.cap_id, call.call_id, "have", 4);
        CHECK_EQ(ep_run(ep_with_caps(answer, i == 0 ? &copy : &move, 1)).result, -6);
        check_stays(page, slots);
    }
    CHECK_EQ(ep_return(ep.cap_id, call.call_id, "none"), 0);
    CHECK_EQ(kit_wait(&child), 0);
}

/* A grant from one session into another: the spawn is refused with the text of -6, and nothing has moved. */
PROGRAM(h46_grants)
{
    struct capos_client manager = conjure(&session_manager_ops), broker = conjure(&authority_broker_ops), other = { 0 };
    struct bundle bundle;
    CHECK_EQ(try_guest(&manager, &other), CAPOS_OK);
    CHECK_EQ(try_bundle(&broker, other.cap_id, "guest", &bundle), CAPOS_OK);
    struct capos_client page;
    CHECK_EQ(kit_try_memory(1, &page), CAPOS_OK);
    uint64_t slots = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS);
    struct capos_cap_grant copy = HELD("page", page, CAPOS_CAP_GRANT_MODE_RAW), move = HELD("page", page, CAPOS_CAP_GRANT_MODE_MOVE);
    SAYS(cap_error_text(CAP_TRANSFER_NOT_ALLOWED), launch_refusal(&bundle, "tells", copy));
    SAYS(cap_error_text(CAP_TRANSFER_NOT_ALLOWED), launch_refusal(&bundle, "tells", move));
    check_stays(page.cap_id, slots);
}

PROGRAM(h46_grantor)
{
    struct capos_client session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant frames = KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct kit_child child = launch(&bundle, "h46_grants", &frames, 1);
    CHECK_EQ(kit_wait(&child), 0);
}

/* ---- every failure on the way ----------------------------------------------------------------------- */

PROGRAM(asks_once)
{
    struct ring_cqe got = ep_run(asking_sqe("a", 1, 7));
    CHECK(got.result == 0 || harness_faulting());
    if (got.result != 0) /* somebody waits for it */
        CHECK_EQ(ep_run(asking_sqe("a", 1, 7)).result, 0);
}

PROGRAM(fragile)
{
    struct capos_client ep = guest_open("ep"), session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant grant = FACET("a", ep, 1);
    struct kit_child child = launch(&bundle, "asks_once", &grant, 1);
    struct ring_cqe got = ep_recv(ep.cap_id);
    EXPECT(got.result > 0);
    EXPECT(ep_return(ep.cap_id, got.call_id, "") == 0);
    CHECK_EQ(ep_header().session.flags, CALLER_SESSION_LIVE);
    EXPECT(kit_wait(&child) == 0);
}

#define EP { "ep", "endpoint", 5 }
#define EP_ALL { "ep", "endpoint", 7 }
#define MANAGER { "session_manager", NULL, 0 }

static const struct sim_test tests[] = {
    { .name = "session-disclosure", .init = discloses, .grants = { MANAGER, BROKER, EP, { "ep2", "endpoint", 0 } },
      .programs = { { "asks", asks } }, .change = seed, .seeds = 2 },
    { .name = "session-stale-caller", .init = goes_stale, .grants = { MANAGER, BROKER, EP_ALL },
      .programs = { { "outstays", outstays }, { "works", works } }, .change = seed, .seeds = 2 },
    { .name = "session-apart", .init = apart, .grants = { MANAGER, BROKER, EP, FRAMES },
      .programs = { { "hands_round", hands_round }, { "takes", takes } }, .change = seed, .seeds = 2 },
    { .name = "session-H46-cross-session-copy", .init = h46, .grants = { MANAGER, BROKER, EP, FRAMES },
      .programs = { { "h46_inside", h46_inside } }, .change = seed, .seeds = 2 },
    { .name = "session-H46-cross-session-grant", .init = h46_grantor, .grants = { MANAGER, BROKER },
      .programs = { { "h46_grants", h46_grants }, { "tells", tells } }, .change = seed },
    { .name = "session-scope-of-grants", .init = scopes,
      .grants = { MANAGER, BROKER, EP, { "ep2", "endpoint", 0 }, { "process_spawner", NULL, 0 } },
      .programs = { { "tells", tells }, { "owns", owns } }, .change = seed },
    { .name = "session-scope-from-within", .init = lets_widen, .grants = { MANAGER, BROKER },
      .programs = { { "widens", widens }, { "owns", owns } }, .change = seed },
    { .name = "session-fragile", .init = fragile, .grants = { MANAGER, BROKER, EP }, .programs = { { "asks_once", asks_once } },
      .change = seed, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
