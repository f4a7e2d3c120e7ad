/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The authority graph on the verdict port: graph.h. */
#include "kernel/log/graph.h"

#include "core/base/checked.h"
#include "kernel/log/log.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "schema/generated/capos_names.h"

#define NS_PER_MS 1000000u

static struct {
    bool wanted;
    uint32_t timer; /* TIMER_NONE: when idle */
} graph;

static void append_pair(struct text_buf *text, const char *key, uint64_t value)
{
    text_buf_append_str(text, key);
    text_buf_append_u64(text, value);
}

static void append_text(struct text_buf *text, const char *key, const char *value)
{
    text_buf_append_str(text, key);
    text_buf_append_str(text, value);
}

static void report_process(const struct process *process)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "graph process pid=", process->pid);
    append_pair(text, " parent=", process->parent_pid);
    text_buf_append_str(text, " name=");
    text_buf_append(text, process->name, process->name_len);
    log_verdict(&line);
}

static void append_hold(struct text_buf *text, const struct cap_hold *hold)
{
    static const char *const modes[] = {"none", "copy", "move"};
    static const char *const scopes[] = {"same-session", "cross-session", "service-regrant"};
    static const char *const origins[] = {"kernel", "spawn-grant", "ipc-transfer", "result", "parent-endpoint"};
    const char *interface = capos_interface_name(hold->interface_id);
    text_buf_append_str(text, " interface=");
    if (interface != NULL)
        text_buf_append_str(text, interface);
    else
        text_buf_append_hex(text, hold->interface_id);
    text_buf_append_str(text, " badge=");
    text_buf_append_hex(text, hold->badge);
    append_text(text, " mode=", modes[hold->transfer_mode]);
    append_text(text, " scope=", scopes[hold->transfer_scope]);
    append_text(text, " origin=", origins[hold->origin]);
}

static void report_hold(const struct process *process, const struct cap_row *row)
{
    const struct object *object = row->object;
    const struct cap_slot *slot;
    struct capn_text name = process_cap_name(process, row->id);
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "graph hold pid=", process->pid);
    text_buf_append_str(text, " cap=");
    text_buf_append_hex(text, row->id);
    append_pair(text, " object=", object->id);
    append_text(text, " kind=", object->ops->label);
    append_hold(text, &row->hold);
    append_pair(text, " revoked=", cap_table_lookup(&process->table, row->id, &slot) == CAP_REVOKED);
    text_buf_append_str(text, " name=");
    text_buf_append(text, name.bytes, name.len);
    log_verdict(&line);
}

static void report(void)
{
    uint32_t cursor = 0, holds = 0;
    struct process *process;
    timer_stop(graph.timer);
    graph.wanted = false;
    while ((process = process_next(&cursor)) != NULL) {
        uint32_t slot = 0;
        struct cap_row row;
        report_process(process);
        for (; cap_table_next_occupied(&process->table, &slot, &row); holds++)
            report_hold(process, &row);
    }
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "graph end processes=", kernel.processes.count);
    append_pair(text, " holds=", holds);
    log_verdict(&line);
}

static void on_timer(void *context)
{
    (void)context;
    graph.timer = TIMER_NONE; /* it has fired */
    report();
}

void graph_request(const char *value, size_t len)
{
    uint64_t ms = 0;
    graph.wanted = true;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        ms = saturating_add_u64(ms < UINT32_MAX ? ms * 10 : ms, (uint64_t)(value[i] - '0'));
    }
    if (len > 0)
        graph.timer = timer_start(saturating_add_u64(machine_now_ns(), ms * NS_PER_MS), on_timer, NULL);
}

static bool is_all_idle(void)
{
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
        if (kernel.cpus[cpu].current != NULL || kernel.cpus[cpu].queue.count > 0)
            return false;
    return true;
}

void graph_on_idle(void)
{
    if (graph.wanted && graph.timer == TIMER_NONE && is_all_idle())
        report();
}

void graph_before_end(void)
{
    if (graph.wanted)
        report();
}
