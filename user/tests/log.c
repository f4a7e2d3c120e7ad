/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* LogSink, LogReader and AuditLog: cut texts, cursor, filter, dropped records (H72), audit records. */
#include "check.h"

#include "abi/limits.h"

static struct capos_client sink, reader;
static char texts[400];

static bool write_record(enum capos_log_level level, const char *component, struct capn_text message)
{
    struct capos_log_sink_write_params in = {
        .has_record = true,
        .record = { .tick = 1, .level = level, .component = capn_text_of(component), .pid = 77, .message = message },
    };
    struct capos_log_sink_write_results got = { 0 };
    check_ok(capos_log_sink_write(&sink, &in, &got), &sink, "write");
    return got.accepted;
}

static struct capos_log_reader_read_results read_from(uint64_t cursor, uint32_t max, enum capos_log_level level,
                                                      const char *prefix)
{
    struct capos_log_reader_read_params in = { .cursor = cursor, .max_records = max, .has_filter = true,
                                               .filter = { .min_level = level, .component_prefix = capn_text_of(prefix) } };
    struct capos_log_reader_read_results got = { 0 };
    check_ok(capos_log_reader_read(&reader, &in, &got), &reader, "read");
    return got;
}

static void check_cut_texts(void)
{
    struct capos_log_record record = { 0 };
    check(write_record(CAPOS_LOG_LEVEL_WARN, "a-component-name-of-more-than-32-bytes", (struct capn_text){ texts, 300 }),
          "a long record is accepted");
    struct capos_log_reader_read_results got = read_from(0, 16, CAPOS_LOG_LEVEL_WARN, "a-component");
    check(capn_list_len(&got.records) == 1, "%u records of that component", capn_list_len(&got.records));
    check(capos_log_record_list_get(&got.records, 0, &record) == CAPN_OK, "the record");
    check(record.component.len == LOG_COMPONENT_BYTES_MAX && record.message.len == LOG_MESSAGE_BYTES_MAX,
          "cut to %u and %u bytes", record.component.len, record.message.len);
    check(record.pid == 77 && record.level == CAPOS_LOG_LEVEL_WARN && record.tick != 1, "fields: pid %u tick %lu", record.pid,
          record.tick);
}

static void check_filter_and_cursor(void)
{
    for (int i = 0; i < 20; i++)
        write_record(i % 2 == 0 ? CAPOS_LOG_LEVEL_ERROR : CAPOS_LOG_LEVEL_INFO, "filter", capn_text_of("message"));
    struct capos_log_reader_read_results got = read_from(0, 100, CAPOS_LOG_LEVEL_DEBUG, "filter");
    check(capn_list_len(&got.records) <= LOG_READ_RECORDS_MAX, "%u records in one reply", capn_list_len(&got.records));
    uint32_t errors = 0;
    uint64_t cursor = 0;
    for (int round = 0; round < 300; round++) {
        got = read_from(cursor, 3, CAPOS_LOG_LEVEL_ERROR, "filter");
        check(capn_list_len(&got.records) <= 3, "at most three were asked for");
        errors += capn_list_len(&got.records);
        if (got.next_cursor == cursor)
            break;
        cursor = got.next_cursor;
    }
    check(errors == 10, "%u errors of this component", errors);
    got = read_from(0, 0, CAPOS_LOG_LEVEL_DEBUG, "");
    check(capn_list_len(&got.records) == 0, "no records when none are asked for");
}

static void check_flood(void)
{
    uint64_t before = read_from(0, 0, CAPOS_LOG_LEVEL_DEBUG, "").dropped;
    for (uint32_t i = 0; i < LOG_RECORDS_MAX + 50; i++)
        write_record(CAPOS_LOG_LEVEL_INFO, "flood", capn_text_of("x"));
    struct capos_log_reader_read_results got = read_from(0, 16, CAPOS_LOG_LEVEL_DEBUG, "");
    check(got.dropped >= before + 50, "H72 %lu dropped before, %lu after", before, got.dropped);
    uint32_t kept = 0;
    uint64_t cursor = 0;
    for (uint32_t count; kept <= 1000; kept += count) {
        got = read_from(cursor, 16, CAPOS_LOG_LEVEL_DEBUG, "");
        count = capn_list_len(&got.records);
        cursor = got.next_cursor;
        if (count == 0)
            break;
    }
    check(kept == LOG_RECORDS_MAX, "%u records are retained", kept);
}

static void check_audit(void)
{
    struct capos_client audit = granted("audit_log", CAPOS_AUDIT_LOG_INTERFACE_ID);
    static const uint8_t id[32] = { 1, 2, 3 };
    struct capos_audit_log_record_params in = {
        .event_type = CAPOS_AUDIT_EVENT_TYPE_SHELL_LAUNCH, .result_class = CAPOS_AUDIT_RESULT_CLASS_DENIED,
        .reason_class = CAPOS_AUDIT_REASON_CLASS_SPAWN, .session_id = { id, 32 }, .profile = capn_text_of("operator"),
        .volatile_ = true,
    };
    check_ok(capos_audit_log_record(&audit, &in, NULL), &audit, "record");
    in.principal_id = (struct capn_data){ (const uint8_t *)texts, sizeof texts };
    in.auth_method = (struct capn_text){ texts, sizeof texts };
    check_ok(capos_audit_log_record(&audit, &in, NULL), &audit, "record with long ids");
    check_ok(capos_audit_log_record(&audit, &(struct capos_audit_log_record_params){ 0 }, NULL), &audit, "empty record");
}

int main(void)
{
    sink = granted("log_sink", CAPOS_LOG_SINK_INTERFACE_ID);
    reader = granted("log_reader", CAPOS_LOG_READER_INTERFACE_ID);
    memset(texts, 'm', sizeof texts);
    check_cut_texts();
    check_filter_and_cursor();
    check_flood();
    check_audit();
    return finish("log");
}
