/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The objects that tell about the machine and the system: clock, banner, log, audit, monitor, power, randomness. */
#include "abi/limits.h"
#include "core/manifest/sources.h"
#include "tests/sim/kit.h"

PROGRAM(clock_known)
{
    struct capos_client clock = guest_open("wall_clock");
    struct capos_wall_clock_wall_time_results a, b;
    EXPECT(capos_wall_clock_wall_time(&clock, NULL, &a) == CAPOS_OK);
    (void)guest_enter(1, 2500000000);
    EXPECT(capos_wall_clock_wall_time(&clock, NULL, &b) == CAPOS_OK);
    CHECK(a.utc_seconds == 1700000000 + (int64_t)(a.monotonic_ns / 1000000000) && a.utc_nanos == a.monotonic_ns % 1000000000);
    EXPECT(b.utc_seconds == a.utc_seconds + 2 || b.utc_seconds == a.utc_seconds + 3);
    CHECK(a.provenance == CAPOS_CLOCK_PROVENANCE_MEASURED_BOOT_MONOTONIC);
}

PROGRAM(clock_unknown)
{
    struct capos_client clock = guest_open("wall_clock");
    struct capos_wall_clock_wall_time_results a;
    EXPECT(capos_wall_clock_wall_time(&clock, NULL, &a) == CAPOS_OK);
    CHECK(a.utc_seconds == (int64_t)(a.monotonic_ns / 1000000000) && a.provenance == CAPOS_CLOCK_PROVENANCE_UNTRUSTED);
}

PROGRAM(banner)
{
    struct capos_client info = guest_open("system_info");
    struct capos_system_info_motd_results motd;
    struct capos_system_info_hostname_results name;
    EXPECT(capos_system_info_motd(&info, NULL, &motd) == CAPOS_OK && capn_text_equal(motd.text, capn_text_of("Welcome.\nTwo lines.")));
    EXPECT(capos_system_info_hostname(&info, NULL, &name) == CAPOS_OK && capn_text_equal(name.name, capn_text_of("sim-host")));
}

PROGRAM(no_banner)
{
    struct capos_client info = guest_open("system_info");
    struct capos_system_info_motd_results motd;
    struct capos_system_info_hostname_results name;
    EXPECT(capos_system_info_motd(&info, NULL, &motd) == CAPOS_OK && motd.text.len == 0);
    EXPECT(capos_system_info_hostname(&info, NULL, &name) == CAPOS_OK && name.name.len == 0);
}

static void with_banner(struct capos_system_manifest *manifest)
{
    manifest->has_kernel_params = true;
    manifest->kernel_params.motd = capn_text_of("Welcome.\nTwo lines.");
    manifest->kernel_params.hostname = capn_text_of("sim-host");
}

static void log_warnings(struct capos_system_manifest *manifest)
{
    manifest->has_kernel_params = true;
    manifest->kernel_params.log_level = CAPOS_LOG_LEVEL_WARN;
}

static bool write_log(struct capos_client *sink, enum capos_log_level level, const char *text)
{
    struct capos_log_sink_write_params in = { .has_record = true,
        .record = { .level = level, .component = capn_text_of("c"), .message = capn_text_of(text) } };
    struct capos_log_sink_write_results got = { 0 };
    EXPECT(capos_log_sink_write(sink, &in, &got) == CAPOS_OK);
    return got.accepted;
}

PROGRAM(threshold)
{
    struct capos_client sink = guest_open("log_sink"), reader = guest_open("log_reader");
    CHECK(!write_log(&sink, CAPOS_LOG_LEVEL_DEBUG, "too low") && !write_log(&sink, CAPOS_LOG_LEVEL_INFO, "too low"));
    CHECK(write_log(&sink, CAPOS_LOG_LEVEL_WARN, "enough") && write_log(&sink, CAPOS_LOG_LEVEL_ERROR, "more"));
    struct capos_log_reader_read_results got;
    EXPECT(capos_log_reader_read(&reader, &(struct capos_log_reader_read_params){ .max_records = 16 }, &got) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&got.records), 2);
    struct capos_log_sink_write_params odd = { .has_record = true, .record = { .level = (enum capos_log_level)4 } };
    EXPECT(capos_log_sink_write(&sink, &odd, &(struct capos_log_sink_write_results){ 0 }) == CAPOS_EXCEPTION);
    EXPECT(sink.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    struct capos_log_reader_read_params filter = { .has_filter = true, .filter = { .min_level = (enum capos_log_level)4 } };
    EXPECT(capos_log_reader_read(&reader, &filter, &got) == CAPOS_EXCEPTION);
    EXPECT(reader.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
}

/* H72: a flood stays in its ring; readers see that they missed something. */
PROGRAM(flood)
{
    static char text[5000];
    memset(text, 'l', sizeof text - 1);
    struct capos_client sink = guest_open("log_sink"), reader = guest_open("log_reader");
    for (uint32_t i = 0; i < LOG_RECORDS_MAX + 50; i++)
        CHECK(write_log(&sink, CAPOS_LOG_LEVEL_INFO, i % 7 == 0 ? text : "short"));
    struct capos_log_reader_read_params in = { .cursor = 1, .max_records = 999 };
    struct capos_log_reader_read_results got;
    uint64_t dropped = 0, seen = 0;
    do {
        EXPECT(capos_log_reader_read(&reader, &in, &got) == CAPOS_OK);
        CHECK(capn_list_len(&got.records) <= LOG_READ_RECORDS_MAX);
        for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
            struct capos_log_record record;
            CHECK(capos_log_record_list_get(&got.records, i, &record) == CAPN_OK && record.message.len <= LOG_MESSAGE_BYTES_MAX);
        }
        seen += capn_list_len(&got.records);
        dropped += got.dropped;
        in.cursor = got.next_cursor;
    } while (capn_list_len(&got.records) > 0);
    CHECK_EQ(seen, LOG_RECORDS_MAX);
    CHECK(dropped == 50 || dropped == 49);
}

PROGRAM(audit)
{
    static char text[300];
    static uint8_t id[300];
    memset(text, 'a', sizeof text - 1);
    struct capos_client log = guest_open("audit_log");
    struct capos_audit_log_record_params in = { .terminal_event_id = { id, sizeof id }, .session_id = { id, 1 },
        .profile = capn_text_of(text), .auth_method = capn_text_of("p") };
    for (int i = 0; i < 300; i++) {
        in.event_type = (enum capos_audit_event_type)(i % 5);
        in.result_class = (enum capos_audit_result_class)(i % 4);
        in.reason_class = (enum capos_audit_reason_class)(i % 8);
        EXPECT(capos_audit_log_record(&log, &in, NULL) == CAPOS_OK);
    }
    for (int wrong = 0; wrong < 3; wrong++) {
        in.event_type = (enum capos_audit_event_type)(wrong == 0 ? 5 : 0);
        in.result_class = (enum capos_audit_result_class)(wrong == 1 ? 4 : 0);
        in.reason_class = (enum capos_audit_reason_class)(wrong == 2 ? 8 : 0);
        EXPECT(capos_audit_log_record(&log, &in, NULL) == CAPOS_EXCEPTION);
        EXPECT(log.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    }
}

PROGRAM(idle)
{
    (void)guest_enter(1, CAP_ENTER_WAIT_FOREVER);
}

/* Pages of a list join without gap or repetition, whatever the size of a page. */
PROGRAM(monitor)
{
    struct capos_client monitor = guest_open("system_monitor");
    for (int i = 0; i < 9; i++)
        (void)kit_spawn("idle", NULL, 0);
    for (uint32_t size = 0; size < 12; size++) {
        struct capos_system_monitor_processes_params in = { .max_records = size };
        struct capos_system_monitor_processes_results got;
        uint32_t expected = 1;
        do {
            EXPECT(capos_system_monitor_processes(&monitor, &in, &got) == CAPOS_OK);
            for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
                struct capos_process_record record;
                CHECK_EQ(capos_process_record_list_get(&got.records, i, &record), CAPN_OK);
                CHECK_EQ(record.pid, expected++);
                CHECK(record.parent_pid == (record.pid == 1 ? 0 : 1) && record.threads == 1);
            }
            in.cursor = got.next_cursor;
        } while (in.cursor != 0);
        CHECK_EQ(expected, 11);
        struct capos_system_monitor_holds_params ask = { .pid = 1, .max_records = size };
        struct capos_system_monitor_holds_results holds;
        uint32_t count = 0;
        do {
            EXPECT(capos_system_monitor_holds(&monitor, &ask, &holds) == CAPOS_OK);
            count += capn_list_len(&holds.records);
            ask.cursor = holds.next_cursor;
        } while (ask.cursor != 0);
        CHECK_EQ(count, 2 + 18);
    }
    struct capos_system_monitor_ledgers_results ledgers;
    EXPECT(capos_system_monitor_ledgers(&monitor, &(struct capos_system_monitor_ledgers_params){ .pid = 1 }, &ledgers) == CAPOS_OK);
    struct capos_ledger_record slots;
    CHECK(capos_ledger_record_list_get(&ledgers.records, 0, &slots) == CAPN_OK && slots.used == 20 && slots.limit == CAP_SLOTS_MAX);
    struct capos_system_monitor_cpus_results cpus;
    EXPECT(capos_system_monitor_cpus(&monitor, NULL, &cpus) == CAPOS_OK && capn_list_len(&cpus.records) >= 1);
    struct capos_system_monitor_memory_results memory;
    EXPECT(capos_system_monitor_memory(&monitor, NULL, &memory) == CAPOS_OK);
    CHECK(memory.ring_frames == 10 && memory.object_frames == 0 && memory.free_frames < memory.total_frames);
    EXPECT(capos_system_monitor_ledgers(&monitor, &(struct capos_system_monitor_ledgers_params){ .pid = 99 }, &ledgers) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&monitor, CAP_EXCEPTION_FAILED, "no such process"));
    struct capos_system_monitor_holds_results holds;
    EXPECT(capos_system_monitor_holds(&monitor, &(struct capos_system_monitor_holds_params){ .pid = 99 }, &holds) == CAPOS_EXCEPTION);
    /* A buffer without room for one record. */
    for (uint32_t room = 0; room < 400; room += 8) {
        struct ring_sqe sqe = guest_call_sqe(monitor.cap_id, CAPOS_SYSTEM_MONITOR_PROCESSES_METHOD,
            guest_encode(&capos_system_monitor_processes_method, &(struct capos_system_monitor_processes_params){ 0 }));
        sqe.result_len = room;
        int32_t result = guest_run(sqe).result;
        EXPECT(result == CAP_ERR_APPLICATION_EXCEPTION || result == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED ||
               (result > 0 && result <= (int32_t)room));
    }
}

PROGRAM(reboots)
{
    struct capos_client power = guest_open("power_control");
    (void)capos_power_control_reboot(&power, NULL, NULL);
    CHECK(harness_faulting());
}

PROGRAM(no_randomness)
{
    struct capos_client source = guest_open("entropy_source");
    struct capos_entropy_source_fill_results got;
    EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = 16 }, &got) == CAPOS_OK);
    CHECK(got.status == CAPOS_ENTROPY_STATUS_UNAVAILABLE && got.data.len == 0);
}

PROGRAM(much_randomness)
{
    struct capos_client source = guest_open("entropy_source");
    struct capos_entropy_source_fill_results got;
    EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = 0 }, &got) == CAPOS_OK && got.data.len == 0);
    static const uint32_t too_many[] = { GUEST_RESULTS_BYTES, 65536, 1u << 31, UINT32_MAX };
    for (int i = 0; i < 4; i++)
        EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = too_many[i] }, &got) == CAPOS_EXCEPTION);
    for (uint32_t i = 0; i < 600; i++) /* past two new seeds */
        EXPECT(capos_entropy_source_fill(&source, &(struct capos_entropy_source_fill_params){ .bytes = i % 64 + 1 }, &got) == CAPOS_OK &&
               got.status == CAPOS_ENTROPY_STATUS_OK && got.data.len == i % 64 + 1);
}

PROGRAM(nothing)
{
    struct capos_client null = guest_open("null");
    CHECK_EQ(guest_run(guest_call_sqe(null.cap_id, 0, 0)).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(guest_release(null.cap_id), 0);
}

/* Not for init (docs/kernel-semantics.md, M56), but a child may have it. */
PROGRAM(gives_nothing)
{
    struct capos_cap_grant null = KERNEL("null", CAPOS_KERNEL_CAP_SOURCE_NULL, CAPOS_TIMER_INTERFACE_ID);
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child;
    CHECK_EQ(kit_try_spawn(&spawner, "nothing", &null, 1, &child), CAPOS_EXCEPTION); /* not its interface */
    CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_FAILED);
    null.interface_id = MANIFEST_NULL_INTERFACE_ID;
    child = kit_spawn("nothing", &null, 1);
    CHECK_EQ(kit_wait(&child), 0);
}

static const struct sim_test tests[] = {
    { .name = "wall-clock", .init = clock_known, .grants = { { "wall_clock", NULL } }, .every_fault = true },
    { .name = "no-wall-clock", .init = clock_unknown, .grants = { { "wall_clock", NULL } }, .no_wall_clock = true },
    { .name = "banner", .init = banner, .grants = { { "system_info", NULL } }, .change = with_banner, .every_fault = true },
    { .name = "no-banner", .init = no_banner, .grants = { { "system_info", NULL } } },
    { .name = "log-threshold", .init = threshold, .grants = { { "log_sink", NULL }, { "log_reader", NULL } }, .change = log_warnings,
      .console = "warn c: enough", .not_console = "too low" },
    { .name = "log-flood", .init = flood, .grants = { { "log_sink", NULL }, { "log_reader", NULL } } },
    { .name = "audit", .init = audit, .grants = { { "audit_log", NULL } } },
    { .name = "monitor-pages", .init = monitor, .grants = { { "system_monitor", NULL }, { "process_spawner", NULL } },
      .programs = { { "idle", idle } } },
    { .name = "reboot", .init = reboots, .grants = { { "power_control", NULL } }, .never_exits = true, .end = SIM_REBOOT,
      .verdict = "halt status=0 reboot" },
    { .name = "no-randomness", .init = no_randomness, .grants = { { "entropy_source", NULL } }, .no_entropy = true },
    { .name = "much-randomness", .init = much_randomness, .grants = { { "entropy_source", NULL } } },
    { .name = "null", .init = gives_nothing, .grants = { { "process_spawner", NULL } }, .programs = { { "nothing", nothing } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
