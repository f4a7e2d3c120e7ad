/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trace events: see trace.h. */
#include "kernel/trace.h"

#ifdef CAPOS_TRACE
#include "kernel/state.h"

static uint64_t mixed(uint64_t digest, uint64_t word)
{
    digest = (digest ^ word) * 0x9e3779b97f4a7c15ull;
    return digest ^ digest >> 29;
}

void trace_short_way(void)
{
    kernel.trace.short_ways++;
}

void trace_event(enum trace_id id, uint64_t a, uint64_t b)
{
    struct trace_state *trace = &kernel.trace;
    if (trace->next_sequence == 0)
        trace->next_sequence = 1;
    const struct thread *current = cpu_state()->current;
    uint64_t sequence = trace->next_sequence++;
    trace->digest = mixed(mixed(mixed(trace->digest, (uint64_t)id << 32 | machine_cpu()), a), b);
    trace->records[sequence % TRACE_RECORDS] = (struct trace_record){
        .sequence = sequence,
        .id = (uint16_t)id,
        .cpu = (uint16_t)machine_cpu(),
        .pid = current != NULL ? current->process->pid : 0,
        .a = a,
        .b = b,
    };
}

bool trace_read(uint64_t sequence, struct trace_record *out)
{
    const struct trace_record *record = &kernel.trace.records[sequence % TRACE_RECORDS];
    if (sequence == 0 || record->sequence != sequence)
        return false;
    *out = *record;
    return true;
}
#else
/* A translation unit may not be empty. */
extern int trace_is_off;
#endif
