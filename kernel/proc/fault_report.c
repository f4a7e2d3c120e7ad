/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reports of user faults: see fault_report.h. */
#include "kernel/proc/fault_report.h"

#include "kernel/log/diagnose.h"
#include "kernel/log/log.h"
#include "kernel/proc/process.h"
#include "schema/generated/capos_names.h"

static void append_hex(struct text_buf *text, const char *key, uint64_t value)
{
    text_buf_append_str(text, key);
    text_buf_append_hex(text, value);
}

static struct text_buf *begin(struct log_line *line, const struct process *process)
{
    struct text_buf *text = log_begin(line);
    text_buf_append_str(text, "[fault] pid=");
    text_buf_append_u64(text, process->pid);
    text_buf_append_str(text, " ");
    return text;
}

static void report_where(const struct process *process, const struct thread *thread, const struct machine_fault *fault)
{
    struct log_line line;
    struct text_buf *text = begin(&line, process);
    text_buf_append(text, process->name, process->name_len);
    text_buf_append_str(text, ": ");
    text_buf_append_str(text, fault->name);
    if (fault->address != 0 || fault->write || fault->execute) {
        text_buf_append_str(text, fault->write ? " (write)" : fault->execute ? " (execute)" : " (read)");
        append_hex(text, " at ", fault->address);
    }
    log_console(&line);
    text = begin(&line, process);
    text_buf_append_str(text, "thread ");
    text_buf_append_u64(text, thread->tid);
    append_hex(text, ", rip ", fault->instruction);
    append_hex(text, ", rsp ", fault->stack);
    append_hex(text, ", error code ", fault->code);
    log_console(&line);
}

static void report_call(const struct process *process, const struct thread_last_call *call)
{
    struct log_line line;
    struct text_buf *text = begin(&line, process);
    if (call->interface_id == 0) {
        text_buf_append_str(text, "no capability was called yet");
        log_console(&line);
        return;
    }
    const char *interface = capos_interface_name(call->interface_id);
    const char *method = capos_method_name(call->interface_id, call->method_id);
    text_buf_append_str(text, "last capability call: ");
    if (interface != NULL)
        text_buf_append_str(text, interface);
    else
        text_buf_append_hex(text, call->interface_id);
    text_buf_append_str(text, ".");
    if (method != NULL)
        text_buf_append_str(text, method);
    else
        text_buf_append_u64(text, call->method_id);
    text_buf_append_str(text, call->running ? " (not answered yet)" : " (answered)");
    log_console(&line);
}

static void report_verdict(const struct process *process, const struct machine_fault *fault)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, "fault pid=");
    text_buf_append_u64(text, process->pid);
    text_buf_append_str(text, " vector=");
    text_buf_append_u64(text, fault->vector);
    append_hex(text, " error=", fault->code);
    append_hex(text, " address=", fault->address);
    append_hex(text, " rip=", fault->instruction);
    text_buf_append_str(text, " name=");
    text_buf_append(text, process->name, process->name_len);
    log_verdict(&line);
}

void fault_report(const struct thread *thread, const struct machine_fault *fault)
{
    report_where(thread->process, thread, fault);
    report_call(thread->process, &thread->last_call);
    diagnose(thread->process, NULL, DIAG_FAULT, 0, capn_text_of(fault->name));
    report_verdict(thread->process, fault);
}
