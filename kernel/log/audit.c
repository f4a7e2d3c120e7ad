/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The audit log: audit.h. */
#include "kernel/log/audit.h"

#include "kernel/machine.h"
#include "kernel/proc/process.h"

static struct audit_log audit;

const struct audit_log *audit_log(void)
{
    return &audit;
}

static void append(struct audit_record record)
{
    record.time_ns = machine_now_ns();
    audit_append(&audit, &record, NULL);
}

static struct audit_record about(enum audit_kind kind, uint32_t pid, uint32_t peer)
{
    return (struct audit_record){.kind = (uint8_t)kind, .pid = pid, .peer = peer};
}

static void set_hold(struct audit_record *record, uint32_t cap_id, const struct cap_hold *hold)
{
    record->cap_id = cap_id;
    record->object_id = hold->object_id;
    record->interface_id = hold->interface_id;
}

void audit_started(struct process *process)
{
    uint32_t cursor = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&process->table, &cursor, &row)) {
        struct audit_record grant = about(AUDIT_GRANT, process->parent_pid, process->pid);
        struct capn_text name = process_cap_name(process, row.id);
        set_hold(&grant, row.id, &row.hold);
        audit_set_text(&grant, name.bytes, name.len);
        append(grant);
    }
    struct audit_record spawn = about(AUDIT_SPAWN, process->parent_pid, process->pid);
    audit_set_text(&spawn, process->name, process->name_len);
    append(spawn);
}

void audit_exited(const struct process *process)
{
    struct audit_record record = about(AUDIT_EXIT, process->pid, 0);
    record.code = process->exit_code;
    audit_set_text(&record, process->name, process->name_len);
    append(record);
}

void audit_transferred(const struct process *sender, uint32_t receiver, uint32_t cap_id, const struct cap_hold *hold,
                       bool moved)
{
    struct audit_record record = about(AUDIT_TRANSFER, sender->pid, receiver);
    set_hold(&record, cap_id, hold);
    record.code = moved;
    append(record);
}

void audit_revoked(const struct process *by, const struct process *holder, uint32_t cap_id, const struct cap_hold *hold)
{
    struct audit_record record = about(AUDIT_REVOKE, by->pid, holder->pid);
    set_hold(&record, cap_id, hold);
    append(record);
}

void audit_refused(const struct process *process, const char *text, size_t len)
{
    struct audit_record record = about(AUDIT_DENIAL, process->pid, 0);
    audit_set_text(&record, text, len);
    append(record);
}

void audit_refused_often(struct process *process, const char *text, size_t len)
{
    if (audit_denial_counts(++process->denials))
        audit_refused(process, text, len);
}

void audit_answered(struct process *process, uint32_t cap_id, int32_t result)
{
    if ((result != CAP_ERR_INVOKE_FAILED && result != CAP_ERR_TRANSFER_NOT_SUPPORTED &&
         result != CAP_ERR_INVALID_TRANSFER_DESCRIPTOR) ||
        !audit_denial_counts(++process->denials))
        return;
    struct audit_record record = about(AUDIT_DENIAL, process->pid, 0);
    record.cap_id = cap_id;
    record.code = result;
    append(record);
}

void audit_said(const struct process *process, const struct audit_event *event)
{
    struct audit_record record = about(AUDIT_PROGRAM, process->pid, 0);
    record.time_ns = machine_now_ns();
    audit_append(&audit, &record, event);
}
