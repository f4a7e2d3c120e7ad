/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Commands that tell about authority, all from SystemMonitor: who holds what now, and how it came about. */
#include "schema/generated/capos_names.h"
#include "shell.h"

#define PROCESSES_SHOWN 64
#define HOLDS_AT_ONCE 16
#define EVENTS_AT_ONCE 16
#define NS_PER_US 1000u

/* A page of text that is printed when the reply it is made from is no longer needed. */
static char page[HOLDS_AT_ONCE * 256];

static void print_page(const struct text_buf *buf)
{
    for (size_t at = 0; at < buf->len; at += 1000)
        capos_print("%.*s", (int)(buf->len - at < 1000 ? buf->len - at : 1000), page + at);
}

static const char *of(const char *const *texts, uint32_t count, uint32_t value)
{
    return value < count ? texts[value] : "?";
}

static void append_interface(struct text_buf *buf, uint64_t id)
{
    const char *name = capos_interface_name(id);
    if (name != NULL)
        capos_format(buf, "%s", name);
    else
        capos_format(buf, "0x%lx", id);
}

/* ---- graph ---------------------------------------------------------------------- */

struct shown {
    uint32_t pid, parent;
    char name[65];
};

static struct shown shown[PROCESSES_SHOWN];

static bool list_processes(struct capos_client *monitor, uint32_t *count)
{
    struct capos_system_monitor_processes_params in = { .cursor = 0, .max_records = 0 };
    struct capos_system_monitor_processes_results got;
    *count = 0;
    do {
        if (!shell_ok("graph", monitor, capos_system_monitor_processes(monitor, &in, &got)))
            return false;
        for (uint32_t i = 0; i < capn_list_len(&got.records) && *count < PROCESSES_SHOWN; i++) {
            struct capos_process_record row;
            struct shown *to = &shown[(*count)++];
            if (capos_process_record_list_get(&got.records, i, &row) != CAPN_OK)
                return false;
            uint32_t len = row.name.len < 64 ? row.name.len : 64;
            *to = (struct shown){ .pid = row.pid, .parent = row.parent_pid };
            if (len > 0)
                memcpy(to->name, row.name.bytes, len);
        }
        in.cursor = got.next_cursor;
    } while (in.cursor != 0);
    return true;
}

static void append_hold(struct text_buf *buf, const struct capos_hold_record *hold)
{
    static const char *const origins[] = { "from the kernel", "granted at spawn", "by a message", "by a reply", "as parent" };
    static const char *const modes[] = { "stays", "copy", "move" };
    capos_format(buf, "  |- %.*s [%x] ", hold->name.len > 0 ? (int)hold->name.len : 1,
                 hold->name.len > 0 ? hold->name.bytes : "-", hold->cap_id);
    append_interface(buf, hold->interface_id);
    capos_format(buf, " -> object %lu  (%s, %s", hold->object_id, of(modes, 3, (uint32_t)hold->transfer_mode),
                 of(origins, 5, (uint32_t)hold->origin));
    if (hold->badge != 0)
        capos_format(buf, ", badge 0x%lx", hold->badge);
    capos_format(buf, "%s)\n", hold->revoked ? ", revoked" : "");
}

static bool show_holds(struct capos_client *monitor, uint32_t pid)
{
    struct capos_system_monitor_holds_params in = { .pid = pid, .cursor = 0, .max_records = HOLDS_AT_ONCE };
    struct capos_system_monitor_holds_results got;
    do {
        struct text_buf buf = text_buf_over(page, sizeof page);
        struct capos_hold_record hold;
        if (!shell_ok("graph", monitor, capos_system_monitor_holds(monitor, &in, &got)))
            return false;
        for (uint32_t i = 0; i < capn_list_len(&got.records); i++)
            if (capos_hold_record_list_get(&got.records, i, &hold) == CAPN_OK)
                append_hold(&buf, &hold);
        in.cursor = got.next_cursor;
        print_page(&buf);
    } while (in.cursor != 0);
    return true;
}

void shell_graph(int argc, char **argv)
{
    struct capos_client monitor;
    struct shown only = { 0 };
    uint32_t count;
    if (argc > 2 || (argc == 2 && !shell_number(argv[1], &only.pid))) {
        shell_say("usage: graph [PID]");
        return;
    }
    if (!shell_open(&monitor, "system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID) || !list_processes(&monitor, &count))
        return;
    bool found = argc == 1;
    for (uint32_t i = 0; i < count; i++) {
        if (argc == 2 && shown[i].pid != only.pid)
            continue;
        found = true;
        shell_say("pid %u %s (child of %u)", shown[i].pid, shown[i].name, shown[i].parent);
        if (!show_holds(&monitor, shown[i].pid))
            return;
    }
    if (!found)
        shell_say("graph: no process %u", only.pid);
}

/* ---- audit ---------------------------------------------------------------------- */

static void append_capability(struct text_buf *buf, const struct capos_audit_record *r)
{
    if (r->text.len > 0)
        capos_format(buf, "%.*s ", (int)r->text.len, r->text.bytes);
    capos_format(buf, "[%x] ", r->cap_id);
    append_interface(buf, r->interface_id);
    capos_format(buf, " -> object %lu", r->object_id);
}

static void append_said(struct text_buf *buf, const struct capos_audit_event *e)
{
    static const char *const events[] = { "auth", "setup", "session", "broker", "shell launch" };
    static const char *const results[] = { "ok", "denied", "unavailable", "failed" };
    capos_format(buf, "%s %s, reason %u, profile `%.*s`, method `%.*s`", of(events, 5, (uint32_t)e->event_type),
                 of(results, 4, (uint32_t)e->result_class), (uint32_t)e->reason_class, (int)e->profile.len, e->profile.bytes,
                 (int)e->auth_method.len, e->auth_method.bytes);
}

static void append_event(struct text_buf *buf, const struct capos_audit_record *r)
{
    static const char *const kinds[] = { "grant", "transfer", "revoke", "spawn", "exit", "denial", "program" };
    uint64_t us = r->monotonic_ns / NS_PER_US;
    capos_format(buf, "%5lu %5lu.%06lu %-8s pid %u", r->sequence, us / 1000000, us % 1000000, of(kinds, 7, (uint32_t)r->kind),
                 r->pid);
    if (r->peer_pid != 0)
        capos_format(buf, " -> pid %u", r->peer_pid);
    capos_format(buf, ": ");
    if (r->has_event)
        append_said(buf, &r->event);
    else if (r->kind == CAPOS_AUDIT_KIND_EXIT)
        capos_format(buf, "%.*s, code %ld", (int)r->text.len, r->text.bytes, r->code);
    else if (r->kind == CAPOS_AUDIT_KIND_DENIAL && r->code != 0)
        capos_format(buf, "[%x] answered %ld", r->cap_id, r->code);
    else if (r->kind == CAPOS_AUDIT_KIND_DENIAL || r->kind == CAPOS_AUDIT_KIND_SPAWN)
        capos_format(buf, "%.*s", (int)r->text.len, r->text.bytes);
    else
        append_capability(buf, r);
    capos_format(buf, "%s\n", r->kind == CAPOS_AUDIT_KIND_TRANSFER && r->code != 0 ? " (moved)" : "");
}

void shell_audit(int argc, char **argv)
{
    struct capos_client monitor;
    struct capos_system_monitor_audit_params in = { .cursor = 0, .max_records = EVENTS_AT_ONCE };
    struct capos_system_monitor_audit_results got;
    (void)argv;
    if (argc > 1) {
        shell_say("audit takes no arguments");
        return;
    }
    if (!shell_open(&monitor, "system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID))
        return;
    for (uint32_t count = 1; count > 0;) {
        struct text_buf buf = text_buf_over(page, sizeof page);
        struct capos_audit_record record;
        if (!shell_ok("audit", &monitor, capos_system_monitor_audit(&monitor, &in, &got)))
            return;
        count = capn_list_len(&got.records);
        in.cursor = got.next_cursor;
        if (got.dropped > 0)
            capos_format(&buf, "(%lu records are no longer kept)\n", got.dropped);
        for (uint32_t i = 0; i < count; i++)
            if (capos_audit_record_list_get(&got.records, i, &record) == CAPN_OK)
                append_event(&buf, &record);
        print_page(&buf);
    }
}
