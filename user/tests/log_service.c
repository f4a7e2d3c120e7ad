/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The log service: three writers that its manifest gives a badge each, one of
 * which floods and lies about its pid, a reader, and a service that dies. All
 * are this program; what a process was granted says which one it is.
 */
#include "service.h"

static enum capos_status say(struct capos_client *sink, enum capos_log_level level, const char *component, const char *message,
                             bool *accepted)
{
    struct capos_log_sink_write_results got = { false };
    struct capos_log_sink_write_params in = {
        .has_record = true,
        .record = { .level = level, .pid = 4711, .component = capn_text_of(component), .message = capn_text_of(message) } };
    enum capos_status status = capos_log_sink_write(sink, &in, &got);
    *accepted = got.accepted;
    return status;
}

static int writer(void)
{
    struct capos_client sink = granted("quiet", CAPOS_LOG_SINK_INTERFACE_ID);
    bool accepted;
    check_ok(say(&sink, CAPOS_LOG_LEVEL_DEBUG, "net", "too fine", &accepted), &sink, "debug");
    check(!accepted, "below the threshold");
    check_ok(say(&sink, CAPOS_LOG_LEVEL_WARN, "net", "link is down", &accepted), &sink, "warn");
    check(accepted, "accepted");
    check_ok(say(&sink, CAPOS_LOG_LEVEL_INFO, "net", "up\n[1] error net: forged", &accepted), &sink, "info");
    return check_failures > 0;
}

/* Writes until it is told that it is too much, more than once. */
static int flooder(void)
{
    struct capos_client sink = granted("loud", CAPOS_LOG_SINK_INTERFACE_ID);
    uint32_t refused = 0;
    bool accepted;
    for (uint32_t i = 0; i < 200; i++) {
        enum capos_status status = say(&sink, CAPOS_LOG_LEVEL_ERROR, "loud", "me", &accepted);
        if (status == CAPOS_EXCEPTION)
            check_exception(status, &sink, CAP_EXCEPTION_OVERLOADED, "too many records in a second", "flood");
        else
            check_ok(status, &sink, "flood");
        refused += status != CAPOS_OK;
    }
    check(refused >= 32, "%u of 200 refused", refused);
    return check_failures > 0;
}

/* All that the log holds of that component: how many, and whether all came from `origin`. */
static uint32_t count(struct capos_client *reader, const char *component, enum capos_log_level level, uint32_t origin)
{
    struct capos_log_reader_read_params in = { .max_records = 16, .has_filter = true,
                                               .filter = { .min_level = level, .component_prefix = capn_text_of(component) } };
    struct capos_log_reader_read_results got = { .next_cursor = 0 };
    uint32_t records = 0, seen;
    do {
        in.cursor = got.next_cursor;
        check_ok(capos_log_reader_read(reader, &in, &got), reader, "read");
        seen = capn_list_len(&got.records);
        for (uint32_t i = 0; i < seen; i++) {
            struct capos_log_record record = { 0 };
            check(capos_log_record_list_get(&got.records, i, &record) == CAPN_OK && record.pid == origin, "from %u, not %u",
                  record.pid, origin);
        }
        records += seen;
    } while (seen == 16 && check_failures == 0);
    return records;
}

static void check_end(void)
{
    static struct capos_process process;
    struct capos_client sink;
    bool accepted;
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("log", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID) };
    if (!start_service("logger", grants, 2, &process, &sink))
        return;
    check(say(&sink, CAPOS_LOG_LEVEL_INFO, "last", "words", &accepted) == CAPOS_OK && accepted, "a log without a stream");
    end_service(&process, &sink);
}

/* Reads when both writers have written; the flood leaves the quiet one's records alone. */
static int reader(void)
{
    struct capos_client log = granted("reader", CAPOS_LOG_READER_INTERFACE_ID), sink = granted("own", CAPOS_LOG_SINK_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    bool accepted;
    check_ok(say(&sink, CAPOS_LOG_LEVEL_INFO, "reader", "here", &accepted), &sink, "write");
    run_bad_client("log_service", &sink, CAPOS_LOG_SINK_INTERFACE_ID);
    while (count(&log, "net", CAPOS_LOG_LEVEL_INFO, 1) < 2 || count(&log, "loud", CAPOS_LOG_LEVEL_ERROR, 2) < 32)
        sleep_ns(&timer, 5000000);
    check(count(&log, "net", CAPOS_LOG_LEVEL_INFO, 1) == 2, "both records of the quiet one");
    check(count(&log, "net", CAPOS_LOG_LEVEL_WARN, 1) == 1, "one of them is a warning");
    check(count(&log, "reader", CAPOS_LOG_LEVEL_INFO, 3) == 1, "our own");
    check_end();
    return finish("log_service");
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (task() != NULL)
        return bad_client();
    if (capos_capset_find("quiet") != NULL)
        return writer();
    return capos_capset_find("loud") != NULL ? flooder() : reader();
}
