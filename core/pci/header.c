/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Header and base address registers: see pci.h. */
#include "core/base/bytes.h"
#include "core/pci/pci_space.h"

enum header_offset {
    AT_VENDOR = 0x00,
    AT_DEVICE = 0x02,
    AT_COMMAND = 0x04,
    AT_REVISION = 0x08,
    AT_INTERFACE = 0x09,
    AT_SUBCLASS = 0x0a,
    AT_CLASS = 0x0b,
    AT_TYPE = 0x0e,
    AT_BARS = 0x10,
    AT_PRIMARY = 0x18,
    AT_SECONDARY = 0x19,
    AT_SUBORDINATE = 0x1a,
    AT_SUBSYSTEM_VENDOR = 0x2c,
    AT_SUBSYSTEM = 0x2e,
    AT_PIN = 0x3d,
};

#define TYPE_MASK 0x7fu
#define TYPE_MULTIFUNCTION 0x80u

#define BAR_IO 1u
#define BAR_IO_BITS 3u /* type and reserved */
#define BAR_MEMORY_BITS 15u
#define BAR_MEMORY_TYPE 6u
#define BAR_MEMORY_64 4u
#define BAR_PREFETCHABLE 8u

#define IO_END 0x10000u

bool pci_space_len_ok(size_t len)
{
    return len == PCI_SPACE_BYTES || len == PCIE_SPACE_BYTES;
}

static enum pci_error read_type_1(const uint8_t *space, struct pci_header *out)
{
    out->bar_count = 2;
    out->primary = space[AT_PRIMARY];
    out->secondary = space[AT_SECONDARY];
    out->subordinate = space[AT_SUBORDINATE];
    if (out->primary == 0 && out->secondary == 0 && out->subordinate == 0)
        return PCI_OK;
    return out->primary < out->secondary && out->secondary <= out->subordinate ? PCI_OK : PCI_BAD_BUSES;
}

enum pci_error pci_header_read(const uint8_t *space, size_t len, struct pci_header *out)
{
    *out = (struct pci_header){ 0 };
    if (!pci_space_len_ok(len))
        return PCI_BAD_LENGTH;
    out->vendor = load_le16(space + AT_VENDOR);
    if (out->vendor == 0xffff || out->vendor == 0)
        return PCI_ABSENT;
    out->device = load_le16(space + AT_DEVICE);
    out->command = load_le16(space + AT_COMMAND);
    out->status = load_le16(space + PCI_AT_STATUS);
    out->revision = space[AT_REVISION];
    out->interface = space[AT_INTERFACE];
    out->subclass = space[AT_SUBCLASS];
    out->class_code = space[AT_CLASS];
    out->type = space[AT_TYPE] & TYPE_MASK;
    out->multifunction = (space[AT_TYPE] & TYPE_MULTIFUNCTION) != 0;
    out->interrupt_pin = space[AT_PIN];
    out->has_capabilities = (out->status & PCI_STATUS_CAPABILITIES) != 0;
    if (out->type == 1)
        return read_type_1(space, out);
    if (out->type != 0)
        return PCI_UNKNOWN_HEADER;
    out->bar_count = PCI_BARS_MAX;
    out->subsystem_vendor = load_le16(space + AT_SUBSYSTEM_VENDOR);
    out->subsystem = load_le16(space + AT_SUBSYSTEM);
    return PCI_OK;
}

/*
 * The address in `value`, the writable bits of it in `mask`; `top` is the mask of all bits that there can be. What passes is an
 * aligned range of a power of two, so it ends within `top`.
 */
static enum pci_error size_bar(uint64_t value, uint64_t mask, uint64_t top, struct pci_bar *bar)
{
    if (mask == 0)
        return PCI_BAR_NO_SIZE;
    bar->size = mask & (~mask + 1);
    bar->address = value;
    if (mask != (top & ~(bar->size - 1)))
        return PCI_BAR_BAD_SIZE;
    return (value & (bar->size - 1)) != 0 ? PCI_BAR_UNALIGNED : PCI_OK;
}

/* The upper half of an I/O register may be all ones or not be there. */
static enum pci_error read_io(uint32_t value, uint32_t mask, struct pci_bar *bar)
{
    if (((value | mask) & BAR_IO_BITS) != BAR_IO)
        return PCI_BAR_BAD_TYPE;
    bar->kind = PCI_BAR_IO;
    uint32_t top = mask >> 16 != 0 ? 0xffffffffu : 0xffffu;
    enum pci_error error = size_bar(value & ~BAR_IO_BITS, mask & ~BAR_IO_BITS, top, bar);
    if (error != PCI_OK)
        return error;
    return bar->address + bar->size <= IO_END ? PCI_OK : PCI_BAR_OUTSIDE;
}

static enum pci_error read_memory32(uint32_t value, uint32_t mask, struct pci_bar *bar)
{
    bar->kind = PCI_BAR_MEMORY32;
    return size_bar(value & ~BAR_MEMORY_BITS, mask & ~BAR_MEMORY_BITS, 0xffffffffu, bar);
}

static enum pci_error read_memory64(const uint8_t *at, const uint32_t *masks, struct pci_bar *bar)
{
    uint64_t value = load_le64(at) & ~(uint64_t)BAR_MEMORY_BITS;
    uint64_t mask = ((uint64_t)masks[1] << 32 | masks[0]) & ~(uint64_t)BAR_MEMORY_BITS;
    bar->kind = PCI_BAR_MEMORY64;
    return size_bar(value, mask, UINT64_MAX, bar);
}

/* One register, or two for 64 bits; `left` registers are there from this one on. */
static enum pci_error read_bar(const uint8_t *at, const uint32_t *masks, uint32_t left, struct pci_bar *bar)
{
    uint32_t value = load_le32(at), mask = masks[0];
    if (value == 0 && mask == 0)
        return PCI_OK;
    uint32_t type_bits = (value & BAR_IO) != 0 ? BAR_IO_BITS : BAR_MEMORY_BITS;
    if (((value ^ mask) & type_bits) != 0)
        return PCI_BAR_TYPE_CHANGED;
    if ((value & BAR_IO) != 0)
        return read_io(value, mask, bar);
    bar->prefetchable = (value & BAR_PREFETCHABLE) != 0;
    if ((value & BAR_MEMORY_TYPE) == 0)
        return read_memory32(value, mask, bar);
    if ((value & BAR_MEMORY_TYPE) != BAR_MEMORY_64)
        return PCI_BAR_BAD_TYPE;
    if (left < 2)
        return PCI_BAR_NO_HIGH_HALF;
    return read_memory64(at, masks, bar);
}

static bool overlap(const struct pci_bar *a, const struct pci_bar *b)
{
    if (b->size == 0 || a->address == 0 || b->address == 0 || (a->kind == PCI_BAR_IO) != (b->kind == PCI_BAR_IO))
        return false;
    return a->address <= b->address + (b->size - 1) && b->address <= a->address + (a->size - 1);
}

static bool overlaps_earlier(const struct pci_bars *bars, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (overlap(&bars->bars[index], &bars->bars[i]))
            return true;
    }
    return false;
}

enum pci_error pci_bars_read(const uint8_t *space, size_t len, const uint32_t masks[PCI_BARS_MAX], struct pci_bars *out)
{
    struct pci_header header;
    *out = (struct pci_bars){ 0 };
    enum pci_error error = pci_header_read(space, len, &header);
    for (uint32_t i = 0; error == PCI_OK && i < header.bar_count; i++) {
        struct pci_bar *bar = &out->bars[i];
        out->bad = i;
        error = read_bar(space + AT_BARS + 4 * i, &masks[i], header.bar_count - i, bar);
        if (error == PCI_OK && bar->size != 0 && overlaps_earlier(out, i))
            error = PCI_BAR_OVERLAP;
        if (error == PCI_OK && bar->kind == PCI_BAR_MEMORY64)
            out->bars[++i].kind = PCI_BAR_HIGH_HALF;
    }
    return error;
}

enum pci_error pci_window_check(const struct pci_bars *bars, const struct pci_window *window, uint64_t align)
{
    if (window->bar >= PCI_BARS_MAX)
        return PCI_WINDOW_NO_BAR;
    const struct pci_bar *bar = &bars->bars[window->bar];
    if (bar->kind != PCI_BAR_MEMORY32 && bar->kind != PCI_BAR_MEMORY64)
        return PCI_WINDOW_NO_BAR;
    if (window->bytes == 0)
        return PCI_WINDOW_EMPTY;
    if (window->offset >= bar->size || window->bytes > bar->size - window->offset)
        return PCI_WINDOW_OUTSIDE;
    return (window->offset & (align - 1)) == 0 ? PCI_OK : PCI_WINDOW_UNALIGNED;
}

bool pci_windows_overlap(const struct pci_window *a, const struct pci_window *b)
{
    return a->bar == b->bar && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}
