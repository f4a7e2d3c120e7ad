/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * LogReader: pages through the retained records of the system log.
 * Source: docs/kernel-semantics.md, LG-03.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/log.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

/* Filled and encoded within one dispatch, under the kernel lock. */
static struct capos_log_record rows[LOG_READ_RECORDS_MAX];

static struct capos_log_record row_of(const struct logring_record *record)
{
    return (struct capos_log_record){
        .tick = record->tick,
        .level = (enum capos_log_level)record->level,
        .component = {.bytes = record->component, .len = record->component_len},
        .pid = record->pid,
        .message = {.bytes = record->message, .len = record->message_len},
    };
}

static enum capn_outcome read(void *env, void *object, const struct capos_log_reader_read_params *in,
                              struct capos_log_reader_read_results *out)
{
    (void)object;
    if (!capos_log_level_known(in->filter.min_level))
        return call_invalid(env, "unknown log level");
    struct logring_query query = {
        .cursor = in->cursor,
        .max_records = in->max_records,
        .min_level = (uint16_t)in->filter.min_level,
        .prefix = in->filter.component_prefix.bytes,
        .prefix_len = in->filter.component_prefix.len,
    };
    struct logring_page page;
    logring_read(log_ring(), &query, &page);
    for (uint32_t i = 0; i < page.count; i++)
        rows[i] = row_of(page.records[i]);
    out->records = capn_list_of_array(rows, page.count);
    out->next_cursor = page.next_cursor;
    out->dropped = page.dropped;
    return CAPN_DONE;
}

static const struct capos_log_reader_ops methods = {.read = read};

const struct object_ops log_reader_ops = {
    .interface_id = CAPOS_LOG_READER_INTERFACE_ID,
    .label = "log_reader",
    .methods = &methods,
    .serve = capos_log_reader_serve,
};
