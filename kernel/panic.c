/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The end for a kernel that no longer trusts itself. Takes no lock, reads only
 * what a report needs, and does not come back. docs/security/panic-surface.md lists
 * every place that may call it.
 */
#include "kernel/halt.h"
#include "kernel/log/diagnose.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/state.h"

/* One CPU reports. Another one that panics meanwhile waits for its end; a panic of the report itself cuts it short. */
static void become_reporter(void)
{
    uint32_t reporter = 0, own = machine_cpu() + 1;
    if (__atomic_compare_exchange_n(&kernel.panicking, &reporter, own, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return;
    if (reporter == own)
        machine_power_off(HALT_PANIC);
    for (;;)
        machine_relax();
}

static void append_report(struct text_buf *text, const char *what, uint64_t detail)
{
    text_buf_append_str(text, what);
    text_buf_append_str(text, " (");
    text_buf_append_hex(text, detail);
    text_buf_append_str(text, ") on cpu ");
    text_buf_append_u64(text, machine_cpu());
}

static void append_running(struct text_buf *text)
{
    const struct thread *thread = cpu_state()->current;
    if (thread == NULL) {
        text_buf_append_str(text, "no process was running");
        return;
    }
    text_buf_append_str(text, "pid=");
    text_buf_append_u64(text, thread->process->pid);
    text_buf_append_str(text, " thread ");
    text_buf_append_u64(text, thread->tid);
    text_buf_append_str(text, " was running: ");
    text_buf_append(text, thread->process->name, thread->process->name_len);
}

void kernel_panic(const char *what, uint64_t detail)
{
    struct log_line line;
    struct text_buf *text;
    become_reporter();
    machine_stop_others();
    output_use_timer(false);
    text = log_begin(&line);
    text_buf_append_str(text, "PANIC: ");
    append_report(text, what, detail);
    log_console(&line);
    text = log_begin(&line);
    text_buf_append_str(text, "panic ");
    append_report(text, what, detail);
    log_verdict(&line);
    append_running(log_begin(&line));
    log_console(&line);
    diagnose_flush();
    log_verdict_text("halt status=2 panic");
    machine_power_off(HALT_PANIC);
}
