/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SystemMonitor: counters of the whole system, read-only. Long lists come in
 * pages that fit the caller's result buffer. Rows are filled and encoded
 * within one dispatch, under the kernel lock, in the one array below.
 */
#include "kernel/ipc/call.h"
#include "kernel/log/audit.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "schema/generated/capos_dispatch.h"

#define AUDIT_PAGE_RECORDS 64u /* at most, in one reply */

static union {
    struct capos_process_record processes[PROCESSES_MAX];
    struct capos_hold_record holds[CAP_SLOTS_MAX];
    struct capos_ledger_record ledgers[CAP_RESOURCE_COUNT];
    struct capos_cpu_record cpus[MACHINE_CPUS_MAX];
    struct capos_audit_record audit[AUDIT_PAGE_RECORDS];
} rows;

/* ---- pages -------------------------------------------------------------------- */

struct page_budget {
    uint32_t bytes;   /* of the result buffer, left */
    uint32_t records; /* left */
};

#define WORDS_OF(name) (CAPOS_##name##_DATA_WORDS + CAPOS_##name##_POINTER_WORDS)
/* Segment table, root pointer, results struct, list tag. */
#define REPLY_BYTES(results) (8u * (3u + WORDS_OF(results)))

static struct page_budget page_begin(const struct call *call, uint32_t max_records, uint32_t reply_bytes)
{
    uint32_t room = call_reply_room(call);
    return (struct page_budget){.bytes = room > reply_bytes ? room - reply_bytes : 0,
                                .records = max_records == 0 ? UINT32_MAX : max_records};
}

/* What a text takes beside its pointer. */
static uint32_t text_words(struct capn_text text)
{
    return text.len == 0 ? 0 : (text.len + 8) / 8;
}

/* Takes a record off the budget; false when it does not fit. */
static bool page_take(struct page_budget *page, uint32_t words)
{
    uint32_t bytes = 8 * words;
    if (page->records == 0 || page->bytes < bytes)
        return false;
    page->records--;
    page->bytes -= bytes;
    return true;
}

/* Not even one record fits: the general answer to a small buffer. */
static enum capn_outcome page_too_small(struct call *call, uint32_t bytes)
{
    enum capn_outcome outcome;
    (void)call_reply_fits(call, call_reply_room(call) + bytes, 0, &outcome);
    return outcome;
}

/* ---- methods ---------------------------------------------------------------------- */

static enum capos_process_record_state state_of(const struct process *process)
{
    if (process->state == PROCESS_NEW)
        return CAPOS_PROCESS_RECORD_STATE_STARTING;
    if (process->state == PROCESS_ENDING)
        return CAPOS_PROCESS_RECORD_STATE_EXITED;
    for (const struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process)
        if (thread->state == THREAD_RUNNING || thread->state == THREAD_RUNNABLE)
            return CAPOS_PROCESS_RECORD_STATE_RUNNING;
    return CAPOS_PROCESS_RECORD_STATE_BLOCKED;
}

static struct capos_process_record record_of(struct process *process)
{
    const struct cap_ledger *ledger = process_ledger(process);
    return (struct capos_process_record){
        .pid = process->pid,
        .name = {.bytes = process->name, .len = process->name_len},
        .state = state_of(process),
        .exit_code = process->exit_code,
        .threads = process->thread_count,
        .cpu_time_ns = sched_process_time(process),
        .memory_pages = cap_ledger_used(ledger, CAP_RESOURCE_IMAGE_PAGES) + process->aspace.committed,
        .cap_count = (uint32_t)cap_ledger_used(ledger, CAP_RESOURCE_CAP_SLOTS),
        .parent_pid = process->parent_pid,
    };
}

/* The cursor is the last pid already given. */
static enum capn_outcome processes(void *env, void *object, const struct capos_system_monitor_processes_params *in,
                                   struct capos_system_monitor_processes_results *out)
{
    (void)object;
    struct page_budget page =
        page_begin(env, in->max_records, REPLY_BYTES(SYSTEM_MONITOR_PROCESSES_RESULTS));
    uint32_t cursor = in->cursor, count = 0;
    struct process *process;
    while (count < PROCESSES_MAX && (process = process_next(&cursor)) != NULL) {
        struct capos_process_record record = record_of(process);
        if (!page_take(&page, WORDS_OF(PROCESS_RECORD) + text_words(record.name))) {
            if (count == 0)
                return page_too_small(env, 8 * WORDS_OF(PROCESS_RECORD));
            out->next_cursor = rows.processes[count - 1].pid;
            break;
        }
        rows.processes[count++] = record;
    }
    out->records = capn_list_of_array(rows.processes, count);
    return CAPN_DONE;
}

static enum capn_outcome ledgers(void *env, void *object, const struct capos_system_monitor_ledgers_params *in,
                                 struct capos_system_monitor_ledgers_results *out)
{
    (void)object;
    struct process *process = process_find(in->pid);
    if (process == NULL)
        return call_exception(env, CAP_EXCEPTION_FAILED, "no such process");
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++) {
        enum cap_resource resource = (enum cap_resource)i;
        rows.ledgers[i] = (struct capos_ledger_record){
            .resource = capn_text_of(cap_resource_name(resource)),
            .used = cap_ledger_used(process_ledger(process), resource),
            .limit = cap_ledger_max(process_ledger(process), resource)};
    }
    out->records = capn_list_of_array(rows.ledgers, CAP_RESOURCE_COUNT);
    return CAPN_DONE;
}

static enum capn_outcome memory(void *env, void *object, const struct capos_system_monitor_memory_params *in,
                                struct capos_system_monitor_memory_results *out)
{
    (void)env, (void)object, (void)in;
    uint64_t used[FRAME_CLASSES] = {0};
    for (uint64_t frame = 0; frame < kernel.frames.total; frame++)
        used[frames_class(frame)]++;
    out->total_frames = kernel.frames.total - used[FRAME_RESERVED];
    out->free_frames = frames_free_count();
    out->kernel_frames = used[FRAME_KERNEL] + used[FRAME_MODULE] + used[FRAME_SCRATCH];
    out->page_table_frames = used[FRAME_TABLE];
    out->object_frames = used[FRAME_OBJECT];
    out->image_frames = used[FRAME_IMAGE] + used[FRAME_CAPSET] + used[FRAME_ANON];
    out->ring_frames = used[FRAME_RING];
    out->kernel_objects = object_live_count();
    return CAPN_DONE;
}

static struct capos_cpu_record cpu_record(uint32_t cpu, uint64_t now)
{
    const struct cpu_state *state = &kernel.cpus[cpu];
    uint64_t idle = state->idle_ns;
    if (state->online && state->current == NULL)
        idle += now - state->idle_started;
    return (struct capos_cpu_record){
        .cpu = cpu,
        .online = state->online,
        .current_pid = state->current != NULL ? state->current->process->pid : 0,
        .idle_ns = idle,
        .busy_ns = state->online && now > idle ? now - idle : 0,
        .ticks = state->online ? sched_ticks() : 0,
    };
}

static enum capn_outcome cpus(void *env, void *object, const struct capos_system_monitor_cpus_params *in,
                              struct capos_system_monitor_cpus_results *out)
{
    (void)env, (void)object, (void)in;
    uint32_t count = machine_cpu_count();
    for (uint32_t cpu = 0; cpu < count; cpu++)
        rows.cpus[cpu] = cpu_record(cpu, machine_now_ns());
    out->records = capn_list_of_array(rows.cpus, count);
    return CAPN_DONE;
}

static struct capos_hold_record hold_record(const struct process *process, const struct cap_row *row)
{
    const struct object *object = row->object;
    const struct cap_slot *slot;
    return (struct capos_hold_record){
        .cap_id = row->id,
        .object_id = object->id,
        .interface_id = row->hold.interface_id,
        .label = capn_text_of(object->ops->label),
        .origin = (enum capos_hold_origin)row->hold.origin,
        .transfer_mode = (enum capos_hold_transfer_mode)row->hold.transfer_mode,
        .transfer_scope = (enum capos_hold_transfer_scope)row->hold.transfer_scope,
        .badge = row->hold.badge,
        .revoked = cap_table_lookup(&process->table, row->id, &slot) == CAP_REVOKED,
        .name = process_cap_name(process, row->id),
    };
}

/* The cursor is the index of the first slot to look at. */
static enum capn_outcome holds(void *env, void *object, const struct capos_system_monitor_holds_params *in,
                               struct capos_system_monitor_holds_results *out)
{
    (void)object;
    struct process *process = process_find(in->pid);
    if (process == NULL)
        return call_exception(env, CAP_EXCEPTION_FAILED, "no such process");
    struct page_budget page = page_begin(env, in->max_records, REPLY_BYTES(SYSTEM_MONITOR_HOLDS_RESULTS));
    uint32_t cursor = in->cursor, count = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&process->table, &cursor, &row)) {
        struct capos_hold_record record = hold_record(process, &row);
        if (!page_take(&page, WORDS_OF(HOLD_RECORD) + text_words(record.label) + text_words(record.name))) {
            if (count == 0)
                return page_too_small(env, 8 * WORDS_OF(HOLD_RECORD));
            out->next_cursor = cap_id_index(row.id);
            break;
        }
        rows.holds[count++] = record;
    }
    out->records = capn_list_of_array(rows.holds, count);
    return CAPN_DONE;
}

static struct capn_data data_of(const struct audit_text *text)
{
    return (struct capn_data){.bytes = (const uint8_t *)text->bytes, .len = text->len};
}

static struct capn_text text_of(const struct audit_text *text)
{
    return (struct capn_text){.bytes = text->bytes, .len = text->len};
}

static struct capos_audit_event event_row(const struct audit_event *event)
{
    return (struct capos_audit_event){
        .event_type = (enum capos_audit_event_type)event->event,
        .result_class = (enum capos_audit_result_class)event->result,
        .reason_class = (enum capos_audit_reason_class)event->reason,
        .terminal_event_id = data_of(&event->terminal),
        .session_id = data_of(&event->session),
        .principal_id = data_of(&event->principal),
        .profile = text_of(&event->profile),
        .auth_method = text_of(&event->method),
        .volatile_ = event->volatile_,
    };
}

/* Every id and text as long as it can be. */
#define AUDIT_EVENT_WORDS (WORDS_OF(AUDIT_EVENT) + 5 * (AUDIT_ID_BYTES / 8 + 1))

static struct capos_audit_record audit_row(const struct audit_record *record, const struct audit_event *event)
{
    struct capos_audit_record row = {
        .sequence = record->sequence,
        .monotonic_ns = record->time_ns,
        .kind = (enum capos_audit_kind)record->kind,
        .pid = record->pid,
        .peer_pid = record->peer,
        .cap_id = record->cap_id,
        .object_id = record->object_id,
        .interface_id = record->interface_id,
        .code = record->code,
        .text = {.bytes = record->text, .len = record->text_len},
        .has_event = event != NULL,
    };
    if (event != NULL)
        row.event = event_row(event);
    return row;
}

static enum capn_outcome audit(void *env, void *object, const struct capos_system_monitor_audit_params *in,
                               struct capos_system_monitor_audit_results *out)
{
    (void)object;
    struct page_budget page = page_begin(env, in->max_records, REPLY_BYTES(SYSTEM_MONITOR_AUDIT_RESULTS));
    uint64_t cursor = in->cursor > 0 ? in->cursor : 1, next = cursor;
    uint32_t count = 0;
    const struct audit_record *record;
    const struct audit_event *event;
    while (count < AUDIT_PAGE_RECORDS && audit_next(audit_log(), &next, &record, &event)) {
        struct capos_audit_record row = audit_row(record, event);
        uint32_t words = WORDS_OF(AUDIT_RECORD) + text_words(row.text) + (event != NULL ? AUDIT_EVENT_WORDS : 0);
        if (!page_take(&page, words)) {
            if (count == 0)
                return page_too_small(env, 8 * words);
            break;
        }
        rows.audit[count++] = row;
    }
    out->records = capn_list_of_array(rows.audit, count);
    out->next_cursor = count > 0 ? rows.audit[count - 1].sequence + 1 : next;
    out->dropped = out->next_cursor > cursor ? out->next_cursor - cursor - count : 0;
    return CAPN_DONE;
}

static const struct capos_system_monitor_ops methods = {
    .processes = processes,
    .ledgers = ledgers,
    .memory = memory,
    .cpus = cpus,
    .holds = holds,
    .audit = audit,
};

const struct object_ops system_monitor_ops = {
    .interface_id = CAPOS_SYSTEM_MONITOR_INTERFACE_ID,
    .label = "system_monitor",
    .methods = &methods,
    .serve = capos_system_monitor_serve,
};
