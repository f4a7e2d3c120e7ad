/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The orderly end of the machine: see halt.h. */
#include "kernel/halt.h"

#include "kernel/check/check.h"
#include "kernel/log/diagnose.h"
#include "kernel/log/graph.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/state.h"

static void report_halt(enum halt_status status, const char *reason)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, "halt status=");
    text_buf_append_u64(text, (uint64_t)status);
    text_buf_append_str(text, " ");
    text_buf_append_str(text, reason);
    log_verdict(&line);
}

void kernel_halt(enum halt_status status, const char *reason)
{
    diagnose_flush();
    output_flush();
    if (status == HALT_OK) {
        check_all(CHECK_REPORT);
        check_report_frames(frames_free_count());
    }
    report_halt(status, reason);
    machine_power_off((uint32_t)status);
}

void kernel_power_off(void)
{
    graph_before_end();
    kernel_halt(HALT_OK, "power off");
}

void kernel_reboot(void)
{
    graph_before_end();
    diagnose_flush();
    output_flush();
    check_all(CHECK_REPORT);
    check_report_frames(frames_free_count());
    report_halt(HALT_OK, "reboot");
    machine_reboot();
}

void halt_end_all(void)
{
    kernel.halting = true;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        process_end(process, EXIT_CODE_TERMINATED);
}
