/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The audit log records what moves authority and what is refused, in order, and is read in pages; the graph's lines. */
#include "tests/sim/endpoint_kit.h"

static struct capos_client monitor;
static uint64_t cursor;

/* The next record; false at the end. */
static bool next(struct capos_audit_record *record)
{
    struct capos_system_monitor_audit_params in = { .cursor = cursor, .max_records = 1 };
    struct capos_system_monitor_audit_results got = { 0 };
    EXPECT(capos_system_monitor_audit(&monitor, &in, &got) == CAPOS_OK);
    cursor = got.next_cursor;
    if (capn_list_len(&got.records) == 0)
        return false;
    CHECK(capos_audit_record_list_get(&got.records, 0, record) == CAPN_OK);
    CHECK_EQ(got.next_cursor, record->sequence + 1);
    CHECK_EQ(got.dropped, 0);
    return true;
}

static bool is(struct capn_text text, const char *wanted)
{
    return text.len == strlen(wanted) && memcmp(text.bytes, wanted, text.len) == 0;
}

static void expect(enum capos_audit_kind kind, uint32_t pid, uint32_t peer, const char *text, int64_t code)
{
    struct capos_audit_record record;
    CHECK(next(&record));
    CHECK_EQ(record.kind, kind);
    CHECK_EQ(record.pid, pid);
    CHECK_EQ(record.peer_pid, peer);
    if (!is(record.text, text))
        harness_note("text `%.*s`", (int)record.text.len, record.text.bytes);
    CHECK(is(record.text, text));
    CHECK_EQ(record.code, code);
}

static void expect_cap(enum capos_audit_kind kind, uint32_t peer, uint32_t cap_id, uint64_t interface_id, int64_t code)
{
    struct capos_audit_record record;
    CHECK(next(&record));
    CHECK_EQ(record.kind, kind);
    CHECK_EQ(record.pid, 1);
    CHECK_EQ(record.peer_pid, peer);
    CHECK_EQ(record.cap_id, cap_id);
    CHECK_EQ(record.interface_id, interface_id);
    CHECK(record.object_id != 0);
    CHECK_EQ(record.code, code);
}

static void nothing_more(void)
{
    struct capos_audit_record record;
    CHECK(!next(&record));
}

/* ---- events ------------------------------------------------------------------------------ */

static void check_boot(void)
{
    static const char *const names[] = { "system_monitor", "process_spawner", "audit_log", "console", "endpoint" };
    cursor = 0;
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect(CAPOS_AUDIT_KIND_GRANT, 0, 1, names[i], 0);
    expect(CAPOS_AUDIT_KIND_SPAWN, 0, 1, "first", 0);
    nothing_more();
}

static void check_child(void)
{
    struct capos_client console = guest_open("console");
    struct capos_cap_grant grants[] = { HELD("theirs", console, CAPOS_CAP_GRANT_MODE_RAW), TIMER_GRANT("clock") };
    struct kit_child child = kit_spawn("idle", grants, 2);
    expect(CAPOS_AUDIT_KIND_GRANT, 1, 2, "theirs", 0);
    expect(CAPOS_AUDIT_KIND_GRANT, 1, 2, "clock", 0);
    expect(CAPOS_AUDIT_KIND_SPAWN, 1, 2, "idle", 0);
    nothing_more();
    CHECK_EQ(ep_revoke(&child.manager, 1), CAPOS_OK);
    expect_cap(CAPOS_AUDIT_KIND_REVOKE, 2, 1, CAPOS_TIMER_INTERFACE_ID, 0);
    CHECK_EQ(ep_revoke(&child.manager, 77), CAPOS_EXCEPTION); /* nothing was revoked */
    nothing_more();
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ(kit_wait(&child), EXIT_CODE_TERMINATED);
    expect(CAPOS_AUDIT_KIND_EXIT, 2, 0, "idle", EXIT_CODE_TERMINATED);
    kit_forget(&child);
}

static void check_refused_spawn(void)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child;
    CHECK_EQ(kit_try_spawn(&spawner, "no such", NULL, 0, &child), CAPOS_EXCEPTION);
    expect(CAPOS_AUDIT_KIND_DENIAL, 1, 0, "unknown program", 0);
    struct capos_cap_grant twice[] = { TIMER_GRANT("clock"), TIMER_GRANT("clock") };
    CHECK_EQ(kit_try_spawn(&spawner, "idle", twice, 2, &child), CAPOS_EXCEPTION);
    expect(CAPOS_AUDIT_KIND_DENIAL, 1, 0, "duplicate grant name", 0);
    nothing_more(); /* no grant of a process that never was */
}

/* Guessing numbers leaves a trace, and cannot fill the log. */
static void check_guesses(void)
{
    for (uint32_t i = 1; i <= 100; i++)
        CHECK_EQ(guest_run(guest_call_sqe(1000 + i, 0, 0)).result, CAP_ERR_INVOKE_FAILED);
    for (uint32_t i = 1; i <= 64; i *= 2) {
        struct capos_audit_record record;
        CHECK(next(&record));
        CHECK(record.kind == CAPOS_AUDIT_KIND_DENIAL && record.pid == 1 && record.code == CAP_ERR_INVOKE_FAILED);
        CHECK_EQ(record.cap_id, 1000 + i);
    }
    nothing_more();
}

/* What may not be handed on: the same, whoever would have got it. */
static void check_refused_transfer(void)
{
    uint32_t endpoint = guest_find("endpoint")->cap_id;
    struct ring_transfer_descriptor own = COPY_OF(monitor.cap_id);
    struct capos_audit_record record;
    for (uint32_t i = 101; i <= 128; i++) /* the others were guesses */
        CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(endpoint, 1, "abcd", 4), &own, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK(next(&record));
    CHECK(record.kind == CAPOS_AUDIT_KIND_DENIAL && record.pid == 1 && record.code == CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(record.cap_id, endpoint);
    nothing_more();
}

static void check_transfer(void)
{
    uint32_t endpoint = guest_find("endpoint")->cap_id;
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_create_pipe_results made;
    CHECK_EQ(capos_process_spawner_create_pipe(&spawner, &(struct capos_process_spawner_create_pipe_params){ 0 }, &made), CAPOS_OK);
    struct ring_transfer_descriptor caps[] = { COPY_OF(guest_take_cap(made.read_index).cap_id),
                                               MOVE_OF(guest_take_cap(made.write_index).cap_id) };
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(endpoint, 1, "abcd", 4), caps, 2));
    nothing_more(); /* nothing has been handed over */
    struct ring_cqe got = ep_recv(endpoint);
    struct ring_result_cap copied = ep_record(RECV_BUFFER, &got, 0), moved = ep_record(RECV_BUFFER, &got, 1);
    expect_cap(CAPOS_AUDIT_KIND_TRANSFER, 1, copied.cap_id, CAPOS_PIPE_INTERFACE_ID, 0);
    expect_cap(CAPOS_AUDIT_KIND_TRANSFER, 1, moved.cap_id, CAPOS_PIPE_INTERFACE_ID, 1);
    CHECK_EQ(ep_return(endpoint, got.call_id, "done"), 0);
    CHECK_EQ(ep_await(call).result, 4);
    nothing_more();
    struct ring_transfer_descriptor not_ours[] = { COPY_OF(999) };
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(endpoint, 1, "abcd", 4), not_ours, 1)).result, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
}

static void check_said(void)
{
    struct capos_client log = guest_open("audit_log");
    struct capos_audit_record record;
    struct capos_audit_log_record_params in = {
        .event_type = CAPOS_AUDIT_EVENT_TYPE_BROKER, .result_class = CAPOS_AUDIT_RESULT_CLASS_DENIED,
        .reason_class = CAPOS_AUDIT_REASON_CLASS_POLICY, .session_id = { (const uint8_t *)"id", 2 },
        .profile = capn_text_of("operator"), .auth_method = capn_text_of("a method whose name is longer than it may be"),
        .volatile_ = true };
    CHECK_EQ(capos_audit_log_record(&log, &in, NULL), CAPOS_OK);
    CHECK(next(&record));
    CHECK(record.kind == CAPOS_AUDIT_KIND_PROGRAM && record.pid == 1 && record.has_event);
    CHECK(record.event.event_type == in.event_type && record.event.result_class == in.result_class);
    CHECK(record.event.reason_class == in.reason_class && record.event.volatile_);
    CHECK(record.event.session_id.len == 2 && memcmp(record.event.session_id.bytes, "id", 2) == 0);
    CHECK(record.event.terminal_event_id.len == 0 && record.event.principal_id.len == 0);
    CHECK(is(record.event.profile, "operator") && is(record.event.auth_method, "a method whose name is longer th"));
    nothing_more();
}

PROGRAM(idle)
{
    (void)guest_enter(1, CAP_ENTER_WAIT_FOREVER);
}

#define AUDIT_GRANTS { "system_monitor", NULL }, { "process_spawner", NULL }, { "audit_log", NULL }, { "console", NULL }, { "endpoint", NULL }

PROGRAM(events)
{
    monitor = guest_open("system_monitor");
    check_boot();
    check_child();
    check_refused_spawn();
    check_guesses();
    check_refused_transfer();
    check_transfer();
    check_said();
}

/* ---- pages --------------------------------------------------------------------------------- */

static void read_page(uint64_t from, uint32_t max, struct capos_system_monitor_audit_results *got)
{
    struct capos_system_monitor_audit_params in = { .cursor = from, .max_records = max };
    CHECK_EQ(capos_system_monitor_audit(&monitor, &in, got), CAPOS_OK);
}

static uint64_t sequence_at(const struct capos_system_monitor_audit_results *got, uint32_t i)
{
    struct capos_audit_record record;
    CHECK(capos_audit_record_list_get(&got->records, i, &record) == CAPN_OK);
    return record.sequence;
}

PROGRAM(pages)
{
    struct capos_client spawner = guest_open("process_spawner"), log = guest_open("audit_log");
    struct capos_system_monitor_audit_results got;
    struct kit_child child;
    monitor = guest_open("system_monitor");
    read_page(0, 2, &got);
    CHECK_EQ(capn_list_len(&got.records), 2);
    CHECK_EQ(got.next_cursor, 3);
    read_page(5000, 0, &got);
    CHECK_EQ(capn_list_len(&got.records), 0);
    CHECK_EQ(got.next_cursor, 7);
    CHECK_EQ(got.dropped, 0);
    CHECK_EQ(capos_audit_log_record(&log, &(struct capos_audit_log_record_params){ 0 }, NULL), CAPOS_OK); /* the 7th */
    for (uint32_t i = 0; i < 600; i++)
        CHECK_EQ(kit_try_spawn(&spawner, "no such", NULL, 0, &child), CAPOS_EXCEPTION);
    /* The kernel's first 6 and 88 of the refusals are gone; what a program said is not. */
    read_page(0, 2, &got);
    CHECK_EQ(capn_list_len(&got.records), 2);
    CHECK_EQ(sequence_at(&got, 0), 7);
    CHECK_EQ(sequence_at(&got, 1), 8 + 88);
    CHECK_EQ(got.dropped, 6 + 88);
    read_page(got.next_cursor, 0, &got);
    CHECK_EQ(capn_list_len(&got.records), 64);
    CHECK_EQ(got.dropped, 0);
    uint32_t rest = 511 - 64;
    for (; capn_list_len(&got.records) > 0; rest -= capn_list_len(&got.records))
        read_page(got.next_cursor, 0, &got);
    CHECK_EQ(rest, 0);
}

/* As many as the buffer has room for, not a byte more; none at all is refused. */
PROGRAM(small_buffers)
{
    monitor = guest_open("system_monitor");
    uint32_t last = 0;
    for (uint32_t room = 56; room < 1200; room += 8) {
        struct capos_system_monitor_audit_params in = { 0 };
        struct ring_sqe sqe = guest_call_sqe(monitor.cap_id, CAPOS_SYSTEM_MONITOR_AUDIT_METHOD,
                                             guest_encode(&capos_system_monitor_audit_method, &in));
        sqe.result_len = room;
        int32_t result = guest_run(sqe).result;
        CHECK(result == CAP_ERR_APPLICATION_EXCEPTION || result == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED ||
              (result > 0 && (uint32_t)result <= room));
        CHECK(result < 0 || (uint32_t)result >= last);
        last = result < 0 ? last : (uint32_t)result;
    }
    CHECK(last > 500);
}

/* ---- the graph -------------------------------------------------------------------------------- */

PROGRAM(parent_of_idle)
{
    struct capos_client console = guest_open("console");
    struct capos_cap_grant grants[] = { HELD("theirs", console, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child child = kit_spawn("idle", grants, 1);
    (void)guest_enter(1, 50000000);
    kit_forget(&child);
}

#define GRAPH_OF(cpus_option, option_text, wanted)                                                                  \
    { .name = "graph-" cpus_option, .init = parent_of_idle, .grants = { AUDIT_GRANTS }, .programs = { { "idle", idle } }, \
      .cmdline = option_text, .verdict = wanted }

static const struct sim_test tests[] = {
    { .name = "audit-events", .init = events, .grants = { AUDIT_GRANTS }, .programs = { { "idle", idle } } },
    { .name = "audit-pages", .init = pages, .grants = { AUDIT_GRANTS }, .programs = { { "idle", idle } } },
    { .name = "audit-small-buffers", .init = small_buffers, .grants = { AUDIT_GRANTS } },
    GRAPH_OF("idle", "quiet capos.graph=idle",
             "graph hold pid=2 cap=0x0 object=4 kind=console interface=Console badge=0x0 mode=copy scope=same-session "
             "origin=spawn-grant revoked=0 name=theirs\ngraph end processes=2 holds=8\n"),
    GRAPH_OF("after-ms", "capos.graph=20 quiet", "graph end processes=2 holds=8\n"),
    GRAPH_OF("before-end", "capos.graph=100000 quiet", "graph end processes=2 holds=6\nexit pid=1"),
    GRAPH_OF("bad-value", "capos.graph=soon", "graph end processes=2 holds=8\n"),
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
