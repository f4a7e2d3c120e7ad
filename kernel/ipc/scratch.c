/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The message buffers of a process: kernel/ipc/internal.h. Each is one run of
 * frames, because decoders read one string of bytes. The charge is what was
 * asked for, in steps of 8 bytes (docs/kernel-semantics.md, SC-01, IN-18).
 */
#include "kernel/ipc/internal.h"

#include <stddef.h>

#include "abi/layout.h"
#include "kernel/fault.h"
#include "kernel/mm/frames.h"
#include "kernel/proc/process.h"

uint8_t *scratch_bytes(const struct scratch_buffer *buffer)
{
    return buffer->pages == 0 ? NULL : machine_frame_address(buffer->frame);
}

static bool scratch_move(struct scratch_buffer *buffer, uint32_t pages)
{
    uint64_t frame;
    if (fault_point(FAULT_SCRATCH) || !frames_alloc_run(FRAME_SCRATCH, pages, &frame))
        return false;
    if (buffer->pages > 0)
        frames_free_run(FRAME_SCRATCH, buffer->frame, buffer->pages);
    buffer->frame = frame;
    buffer->pages = pages;
    return true;
}

/* `bytes` is 1..RING_SCRATCH_MAX. */
uint8_t *scratch_reserve(struct process *process, struct scratch_buffer *buffer, uint32_t bytes)
{
    uint32_t charge = (bytes + 7u) & ~7u;
    if (charge <= buffer->charged)
        return scratch_bytes(buffer);
    uint32_t growth = charge - buffer->charged;
    struct cap_ledger *ledger = process_ledger(process);
    if (cap_ledger_reserve(ledger, CAP_RESOURCE_SCRATCH_BYTES, growth) != CAP_OK)
        return NULL;
    uint32_t pages = (uint32_t)((charge + PAGE_SIZE - 1) / PAGE_SIZE);
    if (pages > buffer->pages && !scratch_move(buffer, pages)) {
        cap_ledger_release(ledger, CAP_RESOURCE_SCRATCH_BYTES, growth);
        return NULL;
    }
    buffer->charged = charge;
    return scratch_bytes(buffer);
}

void scratch_free(struct process *process, struct scratch_buffer *buffer)
{
    if (buffer->pages > 0)
        frames_free_run(FRAME_SCRATCH, buffer->frame, buffer->pages);
    cap_ledger_release(process_ledger(process), CAP_RESOURCE_SCRATCH_BYTES, buffer->charged);
    *buffer = (struct scratch_buffer){0};
}

uint8_t *call_keep(struct call *pending, uint32_t len)
{
    return scratch_reserve(pending->process, &pending->held, len);
}

void call_unkeep(struct call *pending)
{
    scratch_free(pending->process, &pending->held);
}
