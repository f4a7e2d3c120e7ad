/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Translation flush on every CPU that has a space active. There is one request
 * at a time, because the requester holds the kernel lock. A target serves it
 * from the interrupt, or from machine_relax while it spins for that lock; both
 * may happen, the bit in `pending` decides. No CPU but a target clears its bit.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/aspace.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"

#define FLUSH_PAGES_MAX 32u /* more than this: all user translations */

static struct {
    uint32_t pending; /* bit per CPU; release by the requester, acquire by the targets */
    uint64_t va, pages;
} request;

static void flush_here(uint64_t va, uint64_t pages)
{
    if (pages > FLUSH_PAGES_MAX) {
        write_cr3(read_cr3());
        return;
    }
    for (uint64_t i = 0; i < pages; i++)
        invalidate_page(va + i * PAGE_SIZE);
}

void flush_serve(void)
{
    uint32_t bit = 1u << this_cpu()->index;
    if ((__atomic_load_n(&request.pending, __ATOMIC_ACQUIRE) & bit) == 0)
        return;
    flush_here(request.va, request.pages);
    __atomic_fetch_and(&request.pending, ~bit, __ATOMIC_RELEASE);
}

void machine_aspace_flush(struct machine_aspace *as, uint64_t va, uint64_t pages)
{
    uint32_t own = 1u << this_cpu()->index;
    uint32_t others = as->cpus & ~own;
    if ((as->cpus & own) != 0)
        flush_here(va, pages);
    if (others == 0)
        return;
    request.va = va;
    request.pages = pages;
    /* Sequentially consistent: the changed entries are visible before a target is told. */
    __atomic_store_n(&request.pending, others, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < cpus_found; i++)
        if ((others & 1u << i) != 0)
            apic_send(cpus[i].apic_id, VECTOR_FLUSH);
    while (__atomic_load_n(&request.pending, __ATOMIC_ACQUIRE) != 0)
        spin_pause();
}

void machine_relax(void)
{
    spin_pause();
    flush_serve();
}
