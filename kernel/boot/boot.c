/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From the machine's kernel_boot to a first process that is ready to run. Any
 * failure here is before programs run: it is told in one line and the machine
 * is switched off; nothing panics. Source: docs/kernel-semantics.md, BM-01 to BM-06.
 */
#include "kernel/boot/boot.h"

#include "abi/layout.h"
#include "kernel/check/check.h"
#include "kernel/halt.h"
#include "kernel/log/diagnose.h"
#include "kernel/log/graph.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/object.h"
#include "kernel/state.h"

/* One epoch cell for every slot of every table, for capabilities in waiting calls, and for those of the running request. */
#define EPOCH_CELLS(processes) ((processes) * (CAP_SLOTS_MAX + TRAVELLING_CAPS_MAX) + TRANSFER_DESCRIPTORS_MAX)
#define FRAMES_PER_PROCESS 512u /* of free memory: what the kernel keeps for a process takes a tenth of it */

void boot_refuse(const char *kind, const char *text, size_t len)
{
    struct log_line line;
    struct text_buf *out = log_begin(&line);
    text_buf_append_str(out, "manifest rejected: ");
    text_buf_append(out, text, len);
    log_console(&line);
    out = log_begin(&line);
    text_buf_append_str(out, "refused ");
    text_buf_append_str(out, kind);
    text_buf_append_str(out, " ");
    text_buf_append(out, text, len);
    log_verdict(&line);
    diagnose(NULL, NULL, DIAG_MANIFEST, 0, (struct capn_text){.bytes = text, .len = (uint32_t)len});
    kernel_halt(HALT_REFUSED, "boot refused");
}

static void refuse_str(const char *kind, const char *text)
{
    boot_refuse(kind, text, text_len(text));
}

/* Is the word there? */
static bool has_option(const struct boot_info *info, const char *word)
{
    size_t rest;
    return bootinfo_option(info, word, &rest) != NULL && rest == 0;
}

static void request_graph(const struct boot_info *info)
{
    size_t len;
    const char *value = bootinfo_option(info, "capos.graph=", &len);
    if (value != NULL)
        graph_request(value, len);
}

/* How many processes there is room for: at least PROCESSES_MIN, on a machine that has them in memory at all. */
static uint32_t process_capacity(void)
{
    uint64_t wanted = frames_free_count() / FRAMES_PER_PROCESS;
    return wanted < PROCESSES_MIN ? PROCESSES_MIN : wanted < PROCESSES_MAX ? (uint32_t)wanted : PROCESSES_MAX;
}

static bool take_epochs(uint32_t processes)
{
    uint64_t first;
    uint64_t pages = (EPOCH_CELLS(processes) * sizeof(struct cap_epoch) + PAGE_SIZE - 1) >> PAGE_SHIFT;
    if (!frames_alloc_run(FRAME_KERNEL, pages, &first))
        return false;
    cap_epoch_pool_init(&kernel.epochs, machine_frame_address(first), EPOCH_CELLS(processes));
    return true;
}

static bool take_timers(uint32_t processes)
{
    uint64_t first;
    uint32_t shared = processes * TIMERS_PER_PROCESS, all = shared + TIMERS_RESERVED;
    if (!frames_alloc_run(FRAME_KERNEL, (all * (sizeof(struct timer) + sizeof(uint32_t)) + PAGE_SIZE - 1) >> PAGE_SHIFT, &first))
        return false;
    struct timer *items = machine_frame_address(first);
    timers_init(&kernel.timers, items, (uint32_t *)(void *)(items + all), shared);
    return true;
}

static void take_memory(void)
{
    bool ok = frames_init(&kernel.frames, &kernel.boot.info);
    uint32_t processes = process_capacity();
    ok = ok && take_epochs(processes) &&
         pool_init(&kernel.processes.pool, "processes", sizeof(struct process), processes) &&
         pool_init(&kernel.processes.threads, "threads", sizeof(struct thread), processes * THREADS_PER_PROCESS_MAX) &&
         object_pool_init(processes) && take_timers(processes);
    if (!ok)
        refuse_str("memory", "not enough memory for the kernel's own records");
    kernel.processes.capacity = processes;
    output_use_timer(true);
}

static void take_package(void)
{
    struct boot_state *boot = &kernel.boot;
    if (boot->info.module_count != 1)
        refuse_str("manifest", "exactly one boot module is required");
    const uint8_t *page = machine_frame_address(boot->info.module_start >> PAGE_SHIFT);
    boot->package = page + boot->info.module_start % PAGE_SIZE;
    boot->package_len = boot->info.module_len;
}

static void report_ready(const struct process *init)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, "boot-ns=");
    text_buf_append_u64(text, kernel.boot.ready_ns);
    text_buf_append_str(text, " cpus=");
    text_buf_append_u64(text, machine_cpu_count());
    log_verdict(&line);
    check_report_frames(kernel.boot.free_frames);
    text = log_begin(&line);
    text_buf_append_str(text, "init pid=");
    text_buf_append_u64(text, init->pid);
    text_buf_append_str(text, " name=");
    text_buf_append(text, init->name, init->name_len);
    log_verdict(&line);
    text = log_begin(&line);
    text_buf_append_str(text, "mitigations ");
    machine_describe_mitigations(text);
    log_verdict(&line);
    if (has_option(&kernel.boot.info, "quiet"))
        return;
    text = log_begin(&line);
    text_buf_append_str(text, "capOS: mitigations ");
    machine_describe_mitigations(text);
    log_console(&line);
    text = log_begin(&line);
    text_buf_append_str(text, "capOS: ready after ");
    text_buf_append_u64(text, kernel.boot.ready_ns / 1000000);
    text_buf_append_str(text, " ms, processors: ");
    text_buf_append_u64(text, machine_cpu_count());
    text_buf_append_str(text, ", free memory: ");
    text_buf_append_u64(text, frames_free_count() * PAGE_SIZE >> 20);
    text_buf_append_str(text, " MiB");
    log_console(&line);
}

void kernel_boot(const struct boot_info *info)
{
    lock_init(&kernel.lock, "kernel", LOCK_RANK_KERNEL);
    lock_acquire(&kernel.lock);
    log_verdict_text("capos-verdict 1");
    kernel.boot.info = *info;
    kernel.boot.check_requested = has_option(info, "capos.check=1");
    kernel.boot.quota_requested = has_option(info, "capos.quota=1");
    kernel.boot.wall_known = machine_boot_wall_seconds(&kernel.boot.wall_seconds);
    take_memory();
    take_package();
    kernel.boot.free_frames = frames_free_count();
    struct process *init = boot_first_process();
    kernel.boot.ready_ns = machine_now_ns();
    report_ready(init);
    request_graph(info);
    process_start(init);
    lock_release(&kernel.lock);
}
