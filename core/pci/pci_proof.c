/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PCI configuration space, for every content: a step of a capability list
 * stays in the space and never comes to a place again, so that the walk ends;
 * a base address register that passes is aligned, sized and in its space; a
 * window that passes lies in its BAR; and the readers of MSI, MSI-X and virtio
 * read nothing outside the space.
 */
#include "core/base/base_proof.h"
#include "core/pci/header.c"
#include "core/pci/capability.c"

void *malloc(size_t size);
void free(void *block);

static uint64_t nondet_word(void)
{
    return nondet_u64();
}

/* PROOF a_step_of_a_list
 * of: visit
 * bound: none: every pointer below 4,096, every set of places already seen; each step adds a place, and there are 1,024
 * unwind: 17
 */
void a_step_of_a_list(void)
{
    struct visited visited, before;
    for (uint32_t i = 0; i < 16; i++)
        visited.bits[i] = before.bits[i] = nondet_word();
    uint32_t at = nondet_u32(), first = nondet_bool() ? FIRST_OFFSET : FIRST_EXTENDED;
    assume(at < PCIE_SPACE_BYTES);
    uint32_t word = at / 4 / 64;
    uint64_t bit = (uint64_t)1 << (at / 4 % 64);
    enum pci_error error = visit(&visited, at, first);
    if (error == PCI_OK) {
        probe(1);
        assert(at % 4 == 0 && at >= first && at + 4 <= PCIE_SPACE_BYTES);
        assert((before.bits[word] & bit) == 0 && visited.bits[word] == (before.bits[word] | bit));
    } else if (error == PCI_CAP_LOOP) {
        probe(2);
        assert((before.bits[word] & bit) != 0);
    } else {
        probe(3);
        assert(at % 4 != 0 || at < first);
    }
    uint32_t other = nondet_u32();
    assume(other < 16);
    assert(other == word || visited.bits[other] == before.bits[other]);
}

/* PROOF a_register_of_32_bits
 * of: read_io, read_memory32, size_bar
 * bound: none: every value, every mask, both spaces
 * solver: boolector
 */
void a_register_of_32_bits(void)
{
    uint32_t value = nondet_u32(), mask = nondet_u32();
    struct pci_bar bar = {0};
    bool io = nondet_bool();
    enum pci_error error = io ? read_io(value, mask, &bar) : read_memory32(value, mask, &bar);
    if (error != PCI_OK) {
        probe(1);
        /* Whatever the size: a register that is as it should be was not refused. */
        uint32_t shift = nondet_u32(), low = io ? 3 : 15;
        assume(shift >= (io ? 2 : 4) && shift <= (io ? 15 : 31));
        uint32_t below = ((uint32_t)1 << shift) - 1, address = value & ~low;
        bool writable = (mask & ~low) == (~below & 0xffffffffu) || (io && (mask & ~low) == (~below & 0xffffu));
        bool typed = !io || ((value & 3) == 1 && (mask & 3) == 1 && address <= 0xffff);
        assert(!writable || !typed || (address & below) != 0);
        return;
    }
    probe(2);
    assert(bar.size != 0 && (bar.size & (bar.size - 1)) == 0 && bar.size >= (io ? 4 : 16));
    assert((bar.address & (bar.size - 1)) == 0);
    assert(bar.address + bar.size <= (io ? 0x10000u : 0x100000000u));
    /* All bits of the address from the size on can be written, none below. */
    uint32_t bit = nondet_u32();
    assume(bit >= 4 && bit < 16);
    assert(((mask >> bit & 1) != 0) == (bar.size <= (uint64_t)1 << bit));
}

/* PROOF a_register_of_64_bits
 * of: read_memory64, size_bar
 * bound: none: every value, every mask
 * unwind: 9
 * solver: boolector
 */
void a_register_of_64_bits(void)
{
    uint8_t at[8];
    uint32_t masks[2] = {nondet_u32(), nondet_u32()};
    struct pci_bar bar = {0};
    for (uint32_t i = 0; i < 8; i++)
        at[i] = nondet_u8();
    enum pci_error error = read_memory64(at, masks, &bar);
    if (error != PCI_OK) {
        probe(1);
        return;
    }
    probe(2);
    assert(bar.size >= 16 && (bar.size & (bar.size - 1)) == 0 && (bar.address & (bar.size - 1)) == 0);
    assert(bar.address + (bar.size - 1) >= bar.address);
    uint32_t bit = nondet_u32();
    assume(bit >= 4 && bit < 64);
    uint64_t mask = (uint64_t)masks[1] << 32 | masks[0];
    assert(((mask >> bit & 1) != 0) == (bar.size <= (uint64_t)1 << bit));
}

static struct pci_bars any_bars(void)
{
    struct pci_bars bars;
    for (uint32_t i = 0; i < PCI_BARS_MAX; i++) {
        uint32_t kind = nondet_u32();
        assume(kind <= PCI_BAR_HIGH_HALF);
        bars.bars[i] = (struct pci_bar){(enum pci_bar_kind)kind, false, nondet_u64(), nondet_u64()};
    }
    return bars;
}

/* PROOF a_window_in_its_bar
 * of: pci_window_check
 * bound: none: every window, every six BARs, every alignment below 64 KiB
 * unwind: 7
 * solver: boolector
 */
void a_window_in_its_bar(void)
{
    struct pci_bars bars = any_bars();
    struct pci_window window = {nondet_u8(), nondet_u64(), nondet_u64()};
    uint32_t shift = nondet_u32();
    assume(shift < 16);
    uint64_t align = (uint64_t)1 << shift;
    enum pci_error error = pci_window_check(&bars, &window, align);
    bool memory = window.bar < 6 && (bars.bars[window.bar].kind == PCI_BAR_MEMORY32 || bars.bars[window.bar].kind == PCI_BAR_MEMORY64);
    uint64_t size = memory ? bars.bars[window.bar].size : 0;
    bool inside = memory && window.bytes != 0 && window.offset < size && window.bytes <= size - window.offset;
    if (error == PCI_OK) {
        probe(1);
        assert(inside && (window.offset & (align - 1)) == 0);
    } else {
        probe(2);
        assert(!inside || (window.offset & (align - 1)) != 0);
    }
}

/* PROOF msi_and_msix_in_the_space
 * of: pci_msi_read, pci_msix_read, msix_window, pci_cap_only, pci_cap_find
 * bound: lists of 0 to 2 capabilities anywhere in the space, every content; more are the same entries again
 * next: 3 capabilities: about twice the time
 * unwind: 7
 * solver: boolector
 */
void msi_and_msix_in_the_space(void)
{
    uint8_t *space = malloc(PCI_SPACE_BYTES);
    assume(space != NULL);
    struct pci_caps caps = {.count = nondet_u32()};
    assume(caps.count <= 2);
    for (uint32_t i = 0; i < 2; i++) {
        struct pci_cap *cap = &caps.items[i];
        *cap = (struct pci_cap){nondet_u16(), nondet_u16(), nondet_u16(), 0};
        assume(cap->offset >= FIRST_OFFSET && cap->offset <= 0xfc && cap->offset % 4 == 0);
        assume(cap->room >= 4 && cap->room <= PCI_SPACE_BYTES - cap->offset);
    }
    struct pci_bars bars = any_bars();
    if (nondet_bool()) {
        struct pci_msi msi;
        if (pci_msi_read(space, &caps, &msi) == PCI_OK) {
            probe(1);
            assert(msi.vectors >= 1 && msi.vectors <= 32 && (msi.vectors & (msi.vectors - 1)) == 0);
        }
    } else {
        struct pci_msix msix;
        if (pci_msix_read(space, &caps, &bars, &msix) == PCI_OK) {
            probe(2);
            uint64_t size = bars.bars[msix.table.bar].size;
            assert(msix.vectors >= 1 && msix.vectors <= 2048 && msix.table.bytes == 16u * msix.vectors);
            assert(msix.table.offset < size && msix.table.bytes <= size - msix.table.offset);
            assert(msix.pending.bytes * 8 >= msix.vectors);
            assert(bars.bars[msix.pending.bar].size - msix.pending.bytes >= msix.pending.offset);
        }
    }
    free(space);
}
