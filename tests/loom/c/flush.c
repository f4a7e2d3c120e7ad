/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* arch/x86_64/flush.c as it is, and a way to its private request. */
#include "arch/x86_64/flush.c"

#include "check.h"
#include "world.h"

uint32_t *flush_pending_word(void)
{
    request.pending = 0;
    return &request.pending;
}

void flush_watch(void)
{
    mc_plain(&request.va, sizeof request.va + sizeof request.pages, "flush request");
}
