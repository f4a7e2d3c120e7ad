/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Rights that must be neither wider nor narrower than they are said to be:
 * sources for launched programs, minted facets, whose RECV may be cancelled,
 * buffers whose end is not there, charges of what waits; and what must not be
 * left behind: a typed secret, what a service knew of the session before,
 * records of calls that were refused.
 */
#include "core/manifest/sources.h"
#include "tests/sim/session_kit.h"
#include "tests/sim/thread_kit.h"

/* ---- launched programs --------------------------------------------------------------------- */

static bool is_for_launched(uint32_t number)
{
    switch (number) {
    case CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR:
    case CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY:
    case CAPOS_KERNEL_CAP_SOURCE_TIMER:
    case CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL:
    case CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER:
    case CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE:
        return true;
    default:
        return false;
    }
}

/* Every number that a grant can state, but for endpoints, of which workers may have one. */
PROGRAM(launches)
{
    struct capos_client session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    uint32_t refused = 0;
    for (uint32_t number = 0; number < 65536; number += number < 300 ? 1 : 997) {
        if (is_for_launched(number) || number == CAPOS_KERNEL_CAP_SOURCE_ENDPOINT)
            continue;
        struct capos_cap_grant grant = KERNEL("k", number, 1);
        SAYS("kernel source is not for launched programs", launch_refusal(&bundle, "returns", grant));
        refused++;
    }
    CHECK(refused > 300);
    struct capos_cap_grant grants[] = { TIMER_GRANT("a"), KERNEL("b", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID) };
    struct kit_child child = launch(&bundle, "returns", grants, 2);
    CHECK_EQ(kit_wait(&child), 0);
}

PROGRAM(returns)
{
}

/* ---- facets ---------------------------------------------------------------------------------- */

static bool may_end;

PROGRAM(stays)
{
    while (!may_end)
        sim_pause();
}

/* What an owner mints for a child can be copied by it, and is no move. */
PROGRAM(mints)
{
    struct capos_client ep = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET_AS("a", ep, 77, 9) };
    struct kit_child child = kit_spawn("stays", grants, 1);
    uint32_t cursor = 0, found = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&newest()->table, &cursor, &row)) {
        found++;
        CHECK(row.hold.interface_id == 77 && row.hold.badge == 9);
        CHECK_EQ(row.hold.transfer_mode, CAP_MODE_COPY);
        CHECK_EQ(row.hold.origin, CAP_ORIGIN_SPAWN_GRANT);
        CHECK_EQ(row.hold.disclosure_scope, 5);
    }
    CHECK_EQ(found, 1);
    may_end = true;
    CHECK_EQ(kit_wait(&child), 0);
}

/* ---- receives ---------------------------------------------------------------------------------- */

#define RECEIVED 700u

static struct ring_sqe cancel_sqe(uint64_t target)
{
    return (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = guest_open("ep").cap_id, .pipeline_dep = target };
}

THREAD(cancels_another)
{
    (void)arg;
    CHECK_EQ(guest_run(cancel_sqe(RECEIVED)).result, CAP_ERR_INVALID_REQUEST);
}

/* A RECV is the thread's that submitted it. */
PROGRAM(receives)
{
    kit_map_thread_area();
    struct ring_sqe recv = ep_recv_sqe(guest_open("ep").cap_id);
    recv.user_data = RECEIVED;
    ep_start(recv);
    struct capos_client other = kit_thread(cancels_another, 0);
    uint64_t join = ep_start(guest_call_sqe(other.cap_id, CAPOS_THREAD_HANDLE_JOIN_METHOD,
                                            guest_encode(&capos_thread_handle_join_method, NULL)));
    CHECK(ep_await(join).result > 0);
    CHECK(ep_is_pending(RECEIVED));
    CHECK_EQ(ep_run(cancel_sqe(RECEIVED)).result, 0);
    CHECK_EQ(ep_await(RECEIVED).result, CAP_ERR_INVOKE_FAILED);
}

/* A buffer that begins in memory and does not end there is refused at once, not when a message comes. */
PROGRAM(half_a_buffer)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_results at = { 0 };
    CHECK_EQ(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .hint = 0x200000000, .size = PAGE_SIZE, .prot = 3 }, &at), CAPOS_OK);
    struct ring_sqe recv = ep_recv_sqe(guest_open("ep").cap_id);
    recv.result_addr = at.addr + PAGE_SIZE - 100;
    recv.result_len = 101;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_addr = at.addr;
    recv.result_len = 0x4000;
    CHECK_EQ(ep_run(recv).result, CAP_ERR_INVALID_RESULT_BUFFER);
    recv.result_len = PAGE_SIZE;
    recv.user_data = RECEIVED;
    ep_start(recv);
    CHECK(ep_is_pending(RECEIVED));
    CHECK_EQ(ep_run(cancel_sqe(RECEIVED)).result, 0);
}

/* ---- owners ------------------------------------------------------------------------------------ */

#define COOKIE(generation, index) (0x51c0ull << 48 | (uint64_t)(generation) << 24 | (index))

/* A second owner comes and goes; the first is told of objects without holder as before. */
PROGRAM(owns_with_another)
{
    struct capos_client own = guest_open("srv");
    struct capos_cap_grant raw = HELD("srv", own, CAPOS_CAP_GRANT_MODE_RAW), object = FACET_AS("o", own, 77, COOKIE(1, 5));
    struct kit_child child = kit_spawn("returns", &raw, 1);
    CHECK_EQ(kit_wait(&child), 0);
    child = kit_spawn("returns", &object, 1);
    CHECK_EQ(kit_wait(&child), 0);
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    struct ring_cqe got;
    CHECK(ep_has(recv, &got));
    CHECK(got.badge == COOKIE(1, 5) && ep_header().flags == ENDPOINT_MESSAGE_RELEASED);
}

/* Objects of an endpoint that is gone are nothing to the one that has come into its record. */
static uint32_t stage;

PROGRAM(keeps_object)
{
    while (stage < 2)
        sim_pause();
    struct ring_cqe got = ep_run(ep_call_sqe(guest_open("o").cap_id, 1, "abcd", 4));
    ep_expect_exception(&got, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited");
}

PROGRAM(comes_after)
{
    uint32_t own = guest_open("e").cap_id;
    uint64_t recv = ep_start(ep_recv_sqe(own));
    stage = 1;
    while (stage < 3)
        sim_pause();
    CHECK(ep_is_pending(recv));
}

PROGRAM(reuses_record)
{
    struct capos_client own = guest_open("srv");
    struct capos_cap_grant object = FACET_AS("o", own, 77, COOKIE(1, 5));
    struct capos_cap_grant after = KERNEL("e", MANIFEST_SOURCE_SERVICE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    const struct cap_slot *slot;
    struct cap_row row;
    uint32_t cursor = 0;
    CHECK_EQ(cap_table_lookup(&self_process()->table, own.cap_id, &slot), CAP_OK);
    const void *before = slot->object;
    stage = 0;
    struct kit_child keeper = kit_spawn("keeps_object", &object, 1);
    CHECK_EQ(guest_release(own.cap_id), 0);
    struct kit_child other = kit_spawn("comes_after", &after, 1);
    CHECK(cap_table_next_occupied(&newest()->table, &cursor, &row));
    CHECK(row.object == before); /* else this shows nothing */
    while (stage < 1)
        sim_pause();
    stage = 2;
    CHECK_EQ(kit_wait(&keeper), 0);
    stage = 3;
    CHECK_EQ(kit_wait(&other), 0);
}

/* ---- parked on a page that goes with its thread ------------------------------------------------- */

#define FOREVER UINT64_MAX
#define RING_WORD(slot) (USER_RING_BASE + (slot) * USER_RING_STRIDE + PAGE_SIZE - 4)

static bool may_leave;

THREAD(leaves)
{
    (void)arg;
    while (!may_leave)
        sim_pause();
}

THREAD(parks_on_ring)
{
    kit_exit_thread(kit_park(arg, *kit_word(arg), FOREVER));
}

PROGRAM(parks_on_rings)
{
    kit_map_thread_area();
    struct capos_client leaver = kit_thread(leaves, 0), parked = kit_thread(parks_on_ring, RING_WORD(1));
    while (kernel.parks.count == 0)
        sim_pause();
    may_leave = true;
    CHECK_EQ(kit_join(&leaver), 0);
    CHECK_EQ(kit_join(&parked), 3);
}

/* ---- memory objects ------------------------------------------------------------------------------ */

PROGRAM(maps_from_within)
{
    struct capos_client object = kit_memory(3);
    struct capos_memory_object_map_results at;
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = 1 };
    for (in.offset = 1; in.offset < PAGE_SIZE; in.offset *= 2)
        REFUSED(object, capos_memory_object_map(&object, &in, &at), CAP_EXCEPTION_INVALID_ARGUMENT, "invalid address range");
    in.offset = PAGE_SIZE;
    CHECK_EQ(capos_memory_object_map(&object, &in, &at), CAPOS_OK);
}

/* What a waiting call is about to copy is charged to the caller, all of it. */
PROGRAM(waits_with_memory)
{
    struct capos_client a = kit_memory(3), b = kit_memory(5), c = kit_memory(2);
    uint32_t ep = guest_open("ep").cap_id;
    const struct cap_ledger *ledger = process_ledger(self_process());
    uint64_t before = cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES);
    struct ring_transfer_descriptor caps[] = { COPY_OF(a.cap_id), MOVE_OF(b.cap_id), COPY_OF(c.cap_id) };
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep, 1, "abcd", 4), caps, 3));
    CHECK(ep_is_pending(call));
    CHECK_EQ(cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), before + 5);
    struct ring_cqe got = ep_recv(ep);
    CHECK_EQ(got.cap_count, 3);
    CHECK_EQ(cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), before + 5); /* the copies are there */
    CHECK_EQ(ep_return(ep, got.call_id, ""), 0);
    CHECK_EQ(ep_await(call).result, 0);
}

/* The mapping carries the charge of an object that is not held, and gives it back when a hold comes again. */
PROGRAM(holds_again)
{
    struct capos_client object = kit_memory(3);
    uint32_t ep = guest_open("ep").cap_id;
    const struct cap_ledger *ledger = process_ledger(self_process());
    uint64_t held = cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES);
    uint64_t at = kit_map(&object, 3, 1);
    struct ring_transfer_descriptor copy[] = { COPY_OF(object.cap_id) };
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep, 1, "abcd", 4), copy, 1));
    CHECK_EQ(guest_release(object.cap_id), 0);
    CHECK_EQ(cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), held + 3); /* the waiting copy's, and the mapping's */
    struct ring_cqe got = ep_recv(ep);
    struct ring_result_cap record = ep_record(RECV_BUFFER, &got, 0);
    CHECK_EQ(cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), held);
    CHECK_EQ(self_process()->aspace.mapping_pages, 0);
    CHECK_EQ(guest_release(record.cap_id), 0);
    CHECK_EQ(cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), held);
    CHECK_EQ(self_process()->aspace.mapping_pages, 3);
    CHECK_EQ(ep_return(ep, got.call_id, ""), 0);
    CHECK(ep_await(call).result == 0 && sim_user(at, 3 * PAGE_SIZE, false) != NULL);
}

/* The copy cannot be paid for: the message's memory goes back. */
PROGRAM(cannot_pay)
{
    struct capos_client object = kit_memory(3);
    uint32_t ep = guest_open("ep").cap_id;
    struct cap_ledger_pair *pairs = self_process()->table.ledger.pairs;
    struct ring_transfer_descriptor copy[] = { COPY_OF(object.cap_id) };
    struct ring_sqe sqe = ep_with_caps(ep_call_sqe(ep, 1, "abcd", 4), copy, 1);
    uint64_t most = pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max;
    kit_ring_works();
    for (int i = 0; i < 3; i++) {
        uint64_t frames = frames_free_count(), scratch = pairs[CAP_RESOURCE_SCRATCH_BYTES].used;
        pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max = pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].used + 2;
        struct ring_cqe got = ep_run(sqe);
        pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max = most;
        ep_expect_exception(&got, CAP_EXCEPTION_OVERLOADED, cap_error_text(CAP_EXHAUSTED_FRAME_GRANT_PAGES));
        CHECK(i == 0 || (frames_free_count() == frames && pairs[CAP_RESOURCE_SCRATCH_BYTES].used == scratch));
    }
    uint64_t call = ep_start(sqe);
    CHECK(ep_is_pending(call));
}

/* What a waiting call brings has died meanwhile: it arrives nowhere, and the receiver goes on. */
PROGRAM(brings_dead)
{
    struct capos_client dying = guest_open("ep2");
    uint32_t ep = guest_open("ep").cap_id;
    struct ring_transfer_descriptor copy[] = { COPY_OF(dying.cap_id) };
    struct cap_slot *slot = &self_process()->table.slots[cap_id_index(dying.cap_id)];
    slot->hold.transfer_mode = CAP_MODE_COPY; /* as a facet of it would have */
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(ep, 1, "abcd", 4), copy, 1));
    CHECK(ep_is_pending(call));
    CHECK_EQ(guest_release(dying.cap_id), 0);
    uint64_t used = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS);
    uint64_t recv = ep_start(ep_recv_sqe(ep));
    CHECK_EQ(ep_await(call).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(ep_is_pending(recv));
    CHECK_EQ(cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS), used);
}

/* ---- refusals that leave nothing ---------------------------------------------------------------- */

PROGRAM(cannot_sleep)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_sleep_params in = { .duration_ns = 1000000 };
    struct process *self = self_process();
    uint32_t shared = kernel.timers.shared;
    uint64_t calls = cap_ledger_used(process_ledger(self), CAP_RESOURCE_OUTSTANDING_CALLS);
    for (int i = 0; i < 100; i++) { /* more than there are records for calls */
        kernel.timers.shared = 0;
        REFUSED(timer, capos_timer_sleep(&timer, &in, NULL), CAP_EXCEPTION_OVERLOADED, "no timer left");
        kernel.timers.shared = shared;
        CHECK_EQ(cap_ledger_used(process_ledger(self), CAP_RESOURCE_OUTSTANDING_CALLS), calls);
        CHECK_EQ(self->sleepers, 0);
    }
    CHECK_EQ(capos_timer_sleep(&timer, &in, NULL), CAPOS_OK);
}

/* There is room for one of the two capabilities of the answer: no child is begun. */
PROGRAM(cannot_answer)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child;
    struct process *self = self_process();
    struct cap_ledger_pair *slots = &self->table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS];
    uint64_t most = slots->max;
    uint32_t pid = kernel.processes.next_pid;
    slots->max = slots->used + 1;
    CHECK_EQ(kit_try_spawn(&spawner, "returns", NULL, 0, &child), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, cap_error_text(CAP_EXHAUSTED_CAP_SLOTS)));
    CHECK_EQ(kernel.processes.next_pid, pid);
    slots->max = most;
    child = kit_spawn("returns", NULL, 0);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(kernel.processes.next_pid, pid + 1);
}

/* An answer has no place to go: nothing is done. */
PROGRAM(answers_nowhere)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_params in = { .hint = 0x200000000, .size = PAGE_SIZE, .prot = 3 };
    struct ring_sqe sqe = guest_call_sqe(vm.cap_id, CAPOS_VIRTUAL_MEMORY_MAP_METHOD, guest_encode(&capos_virtual_memory_map_method, &in));
    const uint64_t nowhere[] = { USER_CAPSET_BASE, USER_IMAGE_BASE, 0x300000000 };
    for (int i = 0; i < 3; i++) {
        sqe.result_addr = nowhere[i];
        sqe.result_len = 64;
        CHECK_EQ(guest_run(sqe).result, CAP_ERR_INVALID_RESULT_BUFFER);
        CHECK(sim_user(0x200000000, 1, false) == NULL);
    }
    sqe.result_addr = GUEST_SPARE;
    CHECK(guest_run(sqe).result > 0 && sim_user(0x200000000, 1, true) != NULL);
}

/* An exception fits the buffer or is not written; what is behind the buffer stays. */
PROGRAM(hears_exceptions)
{
    uint8_t *bytes = kit_byte(GUEST_SPARE);
    uint32_t whole = 0;
    for (uint32_t len = 0; len <= 200; len += 4) {
        struct ring_sqe sqe = guest_call_sqe(guest_open("timer").cap_id, 99, 0);
        sqe.result_addr = GUEST_SPARE;
        sqe.result_len = len;
        memset(bytes, 0xa5, 256);
        int32_t result = guest_run(sqe).result;
        CHECK(result == CAP_ERR_APPLICATION_EXCEPTION || result == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
        CHECK(whole == 0 || result == CAP_ERR_APPLICATION_EXCEPTION);
        if (whole == 0 && result == CAP_ERR_APPLICATION_EXCEPTION)
            whole = len;
        for (uint32_t i = result == CAP_ERR_APPLICATION_EXCEPTION ? len : 0; i < 256; i++)
            CHECK_EQ(bytes[i], 0xa5);
    }
    CHECK(whole > 16);
}

/* ---- a small profile ----------------------------------------------------------------------------- */

static void small_replies(void)
{
    process_find(1)->profile.reply_scratch = 512;
}

/* A list comes in pages that fit the profile, however large the caller's buffer is; the buffer must be there to its end. */
PROGRAM(gets_small_replies)
{
    struct capos_client monitor = guest_open("system_monitor"), vm = guest_open("virtual_memory");
    struct capos_system_monitor_holds_params ask = { .pid = 1 };
    struct capos_system_monitor_holds_results got;
    uint32_t records = 0;
    do {
        CHECK_EQ(capos_system_monitor_holds(&monitor, &ask, &got), CAPOS_OK);
        CHECK(capn_list_len(&got.records) > 0 && capn_list_len(&got.records) < 8);
        records += capn_list_len(&got.records);
        ask.cursor = got.next_cursor;
    } while (ask.cursor != 0);
    CHECK_EQ(records, 8);
    CHECK(self_process()->scratch.reply.charged <= 512);
    struct capos_virtual_memory_map_results at = { 0 };
    CHECK_EQ(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .hint = 0x200000000, .size = PAGE_SIZE, .prot = 3 }, &at), CAPOS_OK);
    struct ring_sqe sqe = guest_call_sqe(guest_open("timer").cap_id, CAPOS_TIMER_NOW_METHOD, guest_encode(&capos_timer_now_method, NULL));
    sqe.result_addr = at.addr;
    sqe.result_len = PAGE_SIZE + 1;
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_INVALID_RESULT_BUFFER);
    sqe.result_len = PAGE_SIZE;
    CHECK(guest_run(sqe).result > 0);
}

/* ---- sessions ------------------------------------------------------------------------------------ */

PROGRAM(calls_once)
{
    EXPECT(ep_run(asking_sqe("a", 1, 7)).result == 0);
}

/* A session that takes the place of one that is gone is somebody else to a service that knew that one. */
PROGRAM(forgets_sessions)
{
    struct capos_client ep = guest_open("ep");
    struct capos_cap_grant grant = FACET("a", ep, 1);
    const struct session *places[3];
    struct caller_session seen[3];
    uint16_t method;
    for (int round = 0; round < 3; round++) {
        struct capos_client session = guest_session();
        struct bundle bundle = bundle_of(&session, "guest");
        struct kit_child child = launch(&bundle, "calls_once", &grant, 1);
        places[round] = newest()->session;
        seen[round] = serve_one("ep", &method);
        CHECK_EQ(kit_wait(&child), 0);
        CHECK_EQ(guest_release(child.handle.cap_id) | guest_release(bundle.session.cap_id) | guest_release(bundle.launcher.cap_id) |
                 guest_release(bundle.info.cap_id) | guest_release(session.cap_id), 0);
        CHECK_EQ(kernel.sessions.table.used, 0);
        for (int before = 0; before < round; before++) {
            CHECK(places[before] == places[round]);
            CHECK(seen[before].scoped_ref != seen[round].scoped_ref && seen[before].scoped_ref_hi != seen[round].scoped_ref_hi);
        }
    }
}

/* ---- time ------------------------------------------------------------------------------------------ */

THREAD(works)
{
    for (uint64_t i = 0; i < arg; i++)
        sim_pause();
}

/* What a thread has used stays its process's when it ends. */
PROGRAM(counts_time)
{
    kit_map_thread_area();
    const struct process *self = self_process();
    uint64_t before = self->cpu_time;
    struct capos_client thread = kit_thread(works, 50);
    CHECK_EQ(kit_join(&thread), 0);
    CHECK(self->thread_count == 1 && self->cpu_time > before);
}

/* Moments that no clock reaches: neither comes round. */
PROGRAM(waits_for_ever)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_sleep_params in = { .duration_ns = UINT64_MAX };
    CHECK(machine_now_ns() > 2);
    uint64_t sleep = ep_start(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &in)));
    uint64_t park = ep_start(kit_park_sqe("park_space", GUEST_SPARE, *kit_word(GUEST_SPARE), FOREVER - 1));
    in.duration_ns = 5000000;
    uint64_t short_sleep = ep_start(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &in)));
    (void)ep_await(short_sleep);
    CHECK(ep_is_pending(sleep) && ep_is_pending(park));
}

/* ---- secrets --------------------------------------------------------------------------------------- */

extern const char __data_start[], _end[];

/* Anywhere in the variables of kernel and test (frames are elsewhere). Byte by byte: also between them. */
__attribute__((no_sanitize("address", "undefined"))) static bool is_left(const char *secret, size_t len)
{
    const volatile char *end = _end;
    for (const volatile char *at = __data_start; at + len <= end; at++) {
        size_t i = 0;
        while (i < len && at[i] == secret[i])
            i++;
        if (i == len)
            return true;
    }
    return false;
}

static struct capos_line_request hidden_request(void)
{
    return (struct capos_line_request){ .max_bytes = 99, .echo = CAPOS_LINE_ECHO_HIDDEN };
}

/* The reply is looked at in the program's memory: decoding would copy it. */
PROGRAM(reads_secret)
{
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = hidden_request() };
    struct ring_sqe sqe = guest_call_sqe(guest_open("terminal").cap_id, CAPOS_TERMINAL_SESSION_READ_LINE_METHOD,
                                         guest_encode(&capos_terminal_session_read_line_method, &in));
    struct ring_cqe cqe = guest_run(sqe);
    CHECK(cqe.result > 0);
    uint64_t at = sqe.result_addr;
    while (memcmp(kit_byte(at), "Q7-sEcReT", 9) != 0)
        CHECK(++at < sqe.result_addr + (uint32_t)cqe.result);
    CHECK(!is_left("Q7-sEcReT", 9));
}

PROGRAM(reads_half)
{
    struct capos_client terminal = guest_open("t");
    struct capos_terminal_session_read_line_results got;
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = hidden_request() };
    (void)capos_terminal_session_read_line(&terminal, &in, &got);
}

/* The reader dies while half of the secret is typed. */
PROGRAM(ends_reader)
{
    struct capos_client terminal = guest_open("terminal");
    struct capos_cap_grant grant = HELD("t", terminal, CAPOS_CAP_GRANT_MODE_RAW);
    struct kit_child child = kit_spawn("reads_half", &grant, 1);
    for (int i = 0; i < 100 && !is_left("Q7-sEcR", 7); i++)
        (void)guest_enter(1, 1000000);
    CHECK(is_left("Q7-sEcR", 7)); /* in the line that is being typed: the search finds what is there */
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ(kit_wait(&child), EXIT_CODE_TERMINATED);
    CHECK(!is_left("Q7-sEcR", 7));
}

static const struct sim_test tests[] = {
    { .name = "rights-launched-sources", .init = launches, .grants = { MANAGER, BROKER }, .programs = { { "returns", returns } },
      .change = seed, .only_cpus = 1 },
    { .name = "rights-minted", .init = mints, .grants = { EP, { "process_spawner", NULL } }, .programs = { { "stays", stays } } },
    { .name = "rights-cancel", .init = receives, .grants = { EP, THREAD_GRANTS } },
    { .name = "rights-half-a-buffer", .init = half_a_buffer, .grants = { EP, { "virtual_memory", NULL } } },
    { .name = "rights-object-offset", .init = maps_from_within, .grants = { { "frame_allocator", NULL } } },
    { .name = "rights-waiting-memory", .init = waits_with_memory, .grants = { EP, { "frame_allocator", NULL } } },
    { .name = "rights-held-again", .init = holds_again, .grants = { EP, { "frame_allocator", NULL } } },
    { .name = "rights-cannot-pay", .init = cannot_pay, .grants = { EP, { "frame_allocator", NULL } } },
    { .name = "rights-nowhere", .init = answers_nowhere, .grants = { { "virtual_memory", NULL } } },
    { .name = "rights-exceptions", .init = hears_exceptions, .grants = { { "timer", NULL } } },
    { .name = "rights-dead-on-arrival", .init = brings_dead, .grants = { EP, { "ep2", "endpoint" } } },
    { .name = "rights-no-timer", .init = cannot_sleep, .grants = { { "timer", NULL } } },
    { .name = "rights-no-answer", .init = cannot_answer, .grants = { { "process_spawner", NULL } }, .programs = { { "returns", returns } } },
    { .name = "rights-second-owner", .init = owns_with_another, .grants = { { "srv", "service_endpoint" }, { "process_spawner", NULL } },
      .programs = { { "returns", returns } } },
    { .name = "rights-used-again", .init = reuses_record, .grants = { { "srv", "service_endpoint" }, { "process_spawner", NULL } },
      .programs = { { "keeps_object", keeps_object }, { "comes_after", comes_after } } },
    { .name = "rights-park-on-ring", .init = parks_on_rings, .grants = { THREAD_GRANTS, { "park_space", NULL } } },
    { .name = "rights-small-replies", .init = gets_small_replies, .after_boot = small_replies,
      .grants = { { "system_monitor", NULL }, { "virtual_memory", NULL }, { "timer", NULL }, { "a", "console" }, { "b", "console" },
                  { "c", "console" }, { "d", "console" }, { "e", "console" } } },
    { .name = "rights-session-place", .init = forgets_sessions, .grants = { MANAGER, BROKER, EP_ALL },
      .programs = { { "calls_once", calls_once } }, .change = seed },
    { .name = "rights-thread-time", .init = counts_time, .grants = { THREAD_GRANTS } },
    { .name = "rights-for-ever", .init = waits_for_ever, .grants = { { "timer", NULL }, { "park_space", NULL } } },
    { .name = "rights-secret-line", .init = reads_secret, .grants = { { "terminal", "terminal_session" } }, .typed = "Q7-sEcReT\n" },
    { .name = "rights-secret-half", .init = ends_reader, .grants = { { "terminal", "terminal_session" }, { "process_spawner", NULL } },
      .programs = { { "reads_half", reads_half } }, .typed = "Q7-sEcR" },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
