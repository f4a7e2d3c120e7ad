/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes of pending calls: see kept.h. */
#include "kernel/ipc/kept.h"

#include "kernel/ipc/internal.h"

uint8_t *call_keep(struct call *pending, uint32_t len)
{
    return scratch_reserve(pending->process, &pending->held, len);
}

void call_unkeep(struct call *pending)
{
    scratch_free(pending->process, &pending->held);
}
