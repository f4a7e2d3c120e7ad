/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * LogSink: appends a record to the system log and shows it on the console.
 * Everything in the record but its tick is the producer's claim.
 * Source: docs/kernel-semantics.md, LG-01, LG-02.
 */
#include "kernel/ipc/call.h"
#include "kernel/log/log.h"
#include "kernel/objects/log.h"
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/objects.h"
#include "kernel/sched/sched.h"
#include "schema/generated/capos_dispatch.h"

struct logring *log_ring(void)
{
    static struct logring ring;
    static bool ready;
    struct boot_manifest manifest;
    if (!ready) {
        bool readable = boot_manifest_open(&manifest);
        logring_init(&ring, readable ? (uint16_t)manifest.root.kernel_params.log_level : LOGRING_DEBUG);
        ready = true;
    }
    return &ring;
}

static void show(const struct logring_record *record)
{
    static const char *const levels[] = {"debug ", "info ", "warn ", "error "};
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, levels[record->level]);
    text_buf_append(text, record->component, record->component_len);
    text_buf_append_str(text, ": ");
    text_buf_append(text, record->message, record->message_len);
    log_console(&line);
}

static enum capn_outcome write(void *env, void *object, const struct capos_log_sink_write_params *in,
                               struct capos_log_sink_write_results *out)
{
    (void)object;
    const struct capos_log_record *said = &in->record;
    if (!capos_log_level_known(said->level))
        return call_invalid(env, "unknown log level");
    struct logring_entry entry = {
        .tick = sched_ticks(),
        .pid = said->pid,
        .level = (uint16_t)said->level,
        .component = said->component.bytes,
        .component_len = said->component.len,
        .message = said->message.bytes,
        .message_len = said->message.len,
    };
    const struct logring_record *kept = logring_write(log_ring(), &entry);
    if (kept != NULL)
        show(kept);
    out->accepted = kept != NULL;
    return CAPN_DONE;
}

static const struct capos_log_sink_ops methods = {.write = write};

const struct object_ops log_sink_ops = {
    .interface_id = CAPOS_LOG_SINK_INTERFACE_ID,
    .label = "log_sink",
    .methods = &methods,
    .serve = capos_log_sink_serve,
};
