/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Commands that only look: SystemMonitor, LogReader, the clocks and the boot package. */
#include "schema/generated/capos_names.h"
#include "shell.h"

#define NS_PER_MS 1000000u

static bool no_arguments(int argc, char **argv)
{
    if (argc > 1)
        shell_say("%s takes no arguments", argv[0]);
    return argc == 1;
}

static bool open_monitor(struct capos_client *monitor)
{
    return shell_open(monitor, "system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
}

static void show_process(const struct capos_process_record *p)
{
    static const char *const states[] = { "starting", "running", "blocked", "exited" };
    uint32_t state = (uint32_t)p->state;
    shell_say("%5u %6u  %-9s %10lu.%03lu %8lu  %4u  %.*s", p->pid, p->parent_pid,
              state < sizeof states / sizeof states[0] ? states[state] : "?", p->cpu_time_ns / NS_PER_MS / 1000,
              p->cpu_time_ns / NS_PER_MS % 1000, p->memory_pages * 4, p->cap_count, (int)p->name.len, p->name.bytes);
}

void shell_ps(int argc, char **argv)
{
    struct capos_client monitor;
    if (!no_arguments(argc, argv) || !open_monitor(&monitor))
        return;
    shell_say("%5s %6s  %-9s %14s %8s  %4s  %s", "PID", "PARENT", "STATE", "CPU s", "KiB", "CAPS", "NAME");
    struct capos_system_monitor_processes_params in = { .cursor = 0, .max_records = 8 };
    struct capos_system_monitor_processes_results got;
    do {
        if (!shell_ok("ps", &monitor, capos_system_monitor_processes(&monitor, &in, &got)))
            return;
        struct capos_process_record rows[8];
        uint32_t count = capn_list_len(&got.records) < 8 ? capn_list_len(&got.records) : 8;
        char names[8][64];
        /* The views die with the next call, which shell_say makes: keep the names. */
        for (uint32_t i = 0; i < count; i++) {
            if (capos_process_record_list_get(&got.records, i, &rows[i]) != CAPN_OK)
                return;
            uint32_t len = rows[i].name.len < 64 ? rows[i].name.len : 64;
            memcpy(names[i], rows[i].name.bytes, len);
            rows[i].name = (struct capn_text){ names[i], len };
        }
        for (uint32_t i = 0; i < count; i++)
            show_process(&rows[i]);
        in.cursor = got.next_cursor;
    } while (got.next_cursor != 0);
}

static const char *origin_text(enum capos_hold_origin origin)
{
    static const char *const texts[] = { "kernel", "spawn grant", "IPC transfer", "result", "parent endpoint" };
    return (uint32_t)origin < sizeof texts / sizeof texts[0] ? texts[(uint32_t)origin] : "?";
}

static const char *mode_text(enum capos_hold_transfer_mode mode)
{
    static const char *const texts[] = { "none", "copy", "move" };
    return (uint32_t)mode < sizeof texts / sizeof texts[0] ? texts[(uint32_t)mode] : "?";
}

static void show_hold(const struct capos_hold_record *hold)
{
    char name[CAPSET_NAME_BYTES + 1] = "-";
    for (uint32_t i = 0; i < capos_capset_count(); i++) {
        const struct capset_entry *entry = capos_capset_entry(i);
        if (entry->cap_id != hold->cap_id)
            continue;
        memcpy(name, entry->name, CAPSET_NAME_BYTES);
        name[entry->name_len < CAPSET_NAME_BYTES ? entry->name_len : CAPSET_NAME_BYTES] = '\0';
    }
    const char *interface = capos_interface_name(hold->interface_id);
    shell_say("%-20s %8x  %-20s %-15s %-8s %s", name, hold->cap_id, interface == NULL ? "?" : interface,
              origin_text(hold->origin), mode_text(hold->transfer_mode), hold->revoked ? "revoked" : "");
}

void shell_caps(int argc, char **argv)
{
    struct capos_client monitor;
    if (!no_arguments(argc, argv) || !open_monitor(&monitor))
        return;
    shell_say("%-20s %8s  %-20s %-15s %-8s", "NAME", "ID", "INTERFACE", "ORIGIN", "TRANSFER");
    struct capos_system_monitor_holds_params in = { .pid = capos_pid(), .cursor = 0, .max_records = 16 };
    struct capos_system_monitor_holds_results got;
    do {
        if (!shell_ok("caps", &monitor, capos_system_monitor_holds(&monitor, &in, &got)))
            return;
        struct capos_hold_record rows[16];
        uint32_t count = capn_list_len(&got.records) < 16 ? capn_list_len(&got.records) : 16;
        for (uint32_t i = 0; i < count; i++) {
            if (capos_hold_record_list_get(&got.records, i, &rows[i]) != CAPN_OK)
                return;
        }
        for (uint32_t i = 0; i < count; i++)
            show_hold(&rows[i]);
        in.cursor = got.next_cursor;
    } while (got.next_cursor != 0);
}

void shell_quota(int argc, char **argv)
{
    struct capos_client monitor;
    struct capos_system_monitor_ledgers_params in = { .pid = capos_pid() };
    struct capos_system_monitor_ledgers_results got;
    if (argc > 2 || (argc == 2 && !shell_number(argv[1], &in.pid))) {
        shell_say("usage: quota [PID]");
        return;
    }
    if (!open_monitor(&monitor) || !shell_ok("quota", &monitor, capos_system_monitor_ledgers(&monitor, &in, &got)))
        return;
    char table[1024];
    struct text_buf buf = text_buf_over(table, sizeof table);
    capos_format(&buf, "%-28s %10s %10s", "LEDGER", "USED", "LIMIT");
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_ledger_record row;
        if (capos_ledger_record_list_get(&got.records, i, &row) != CAPN_OK)
            return;
        capos_format(&buf, "\n%-28.*s %10lu %10lu", (int)row.resource.len, row.resource.bytes, row.used, row.limit);
    }
    capos_print("%.*s\n", (int)buf.len, table);
}

void shell_mem(int argc, char **argv)
{
    struct capos_client monitor;
    struct capos_system_monitor_memory_results m;
    if (!no_arguments(argc, argv) || !open_monitor(&monitor) ||
        !shell_ok("mem", &monitor,
                  capos_system_monitor_memory(&monitor, &(struct capos_system_monitor_memory_params){ 0 }, &m)))
        return;
    shell_say("total %lu KiB, free %lu KiB", m.total_frames * 4, m.free_frames * 4);
    shell_say("kernel %lu KiB, page tables %lu KiB, images and stacks %lu KiB, rings %lu KiB, objects' memory %lu KiB",
              m.kernel_frames * 4, m.page_table_frames * 4, m.image_frames * 4, m.ring_frames * 4, m.object_frames * 4);
    shell_say("kernel objects %lu", m.kernel_objects);
}

static bool level_of(const char *text, enum capos_log_level *level)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    for (uint32_t i = 0; i < 4; i++) {
        if (text_equal(text, text_len(text), names[i], text_len(names[i]))) {
            *level = (enum capos_log_level)i;
            return true;
        }
    }
    return false;
}

static void format_record(struct text_buf *buf, const struct capos_log_record *r)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    uint32_t level = (uint32_t)r->level;
    capos_format(buf, "%10lu %-5s pid=%u %.*s: %.*s\n", r->tick, level < 4 ? names[level] : "?", r->pid,
                 (int)r->component.len, r->component.bytes, (int)r->message.len, r->message.bytes);
}

void shell_log(int argc, char **argv)
{
    struct capos_client reader;
    struct capos_log_reader_read_params in = { .cursor = 0, .max_records = 16, .has_filter = true };
    if (argc > 2 || (argc == 2 && !level_of(argv[1], &in.filter.min_level))) {
        shell_say("usage: log [debug|info|warn|error]");
        return;
    }
    if (!shell_open(&reader, "log_reader", CAPOS_LOG_READER_INTERFACE_ID))
        return;
    for (uint32_t shown = 0, count = 1; count > 0; shown += count) {
        struct capos_log_reader_read_results got;
        if (!shell_ok("log", &reader, capos_log_reader_read(&reader, &in, &got)))
            return;
        static char page[16 * 256];
        struct text_buf buf = text_buf_over(page, sizeof page);
        count = capn_list_len(&got.records);
        uint64_t next = got.next_cursor;
        for (uint32_t i = 0; i < count; i++) {
            struct capos_log_record record;
            if (capos_log_record_list_get(&got.records, i, &record) == CAPN_OK)
                format_record(&buf, &record);
        }
        for (size_t at = 0; at < buf.len; at += 1000)
            capos_print("%.*s", (int)(buf.len - at < 1000 ? buf.len - at : 1000), page + at);
        if (count == 0 && shown == 0)
            shell_say("no log records");
        in.cursor = next;
    }
}

void shell_time(int argc, char **argv)
{
    struct capos_client clock;
    struct capos_timer_now_results now;
    struct capos_wall_clock_wall_time_results wall;
    if (!no_arguments(argc, argv))
        return;
    if (shell_open(&clock, "timer", CAPOS_TIMER_INTERFACE_ID) &&
        shell_ok("time", &clock, capos_timer_now(&clock, &(struct capos_timer_now_params){ 0 }, &now)))
        shell_say("up %lu.%03lu s, tick %lu", now.monotonic_ns / NS_PER_MS / 1000, now.monotonic_ns / NS_PER_MS % 1000,
                  now.tick);
    if (shell_open(&clock, "wall_clock", CAPOS_WALL_CLOCK_INTERFACE_ID) &&
        shell_ok("time", &clock, capos_wall_clock_wall_time(&clock, &(struct capos_wall_clock_wall_time_params){ 0 }, &wall)))
        shell_say("%ld seconds since 1970 UTC, %s", wall.utc_seconds,
                  wall.provenance == CAPOS_CLOCK_PROVENANCE_UNTRUSTED ? "untrusted" : "from the firmware clock at boot");
}

void shell_programs(int argc, char **argv)
{
    char name[CAPOS_PROGRAM_NAME_BYTES];
    uint32_t size;
    struct capos_client package;
    if (!no_arguments(argc, argv) || !shell_open(&package, "boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID))
        return;
    for (uint32_t i = 0; capos_package_program(i, name, &size) == CAPOS_OK; i++)
        shell_say("%-32s %6u KiB", name, (size + 1023) / 1024);
}
