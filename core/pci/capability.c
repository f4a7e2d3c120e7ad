/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Lists of capabilities, MSI and MSI-X: see pci.h. */
#include "core/base/bytes.h"
#include "core/pci/pci_space.h"

#define AT_POINTER 0x34u
#define FIRST_OFFSET 0x40u
#define FIRST_EXTENDED 0x100u
#define POINTER_LOW_BITS 3u

#define MSI_CONTROL 2u
#define MSI_ENABLE 0x0001u
#define MSI_CAPABLE_SHIFT 1
#define MSI_CAPABLE_MASK 7u
#define MSI_CAPABLE_MAX 5u
#define MSI_WIDE 0x0080u
#define MSI_MASKABLE 0x0100u
#define MSI_BYTES 10u
#define MSI_WIDE_BYTES 4u      /* the upper half of the address */
#define MSI_MASKABLE_BYTES 10u /* padding, mask and pending bits */

#define MSIX_BYTES 12u
#define MSIX_CONTROL 2u
#define MSIX_TABLE 4u
#define MSIX_PENDING 8u
#define MSIX_COUNT_MASK 0x07ffu
#define MSIX_MASKED 0x4000u
#define MSIX_ENABLE 0x8000u
#define MSIX_BAR_MASK 7u
#define MSIX_ENTRY_BYTES 16u

/* Where the list has been: a bit for each dword of the space. */
struct visited {
    uint64_t bits[PCIE_SPACE_BYTES / 4 / 64];
};

/* Takes a pointer of the list that is not its end: inside, aligned, and for the first time. */
static enum pci_error visit(struct visited *visited, uint32_t at, uint32_t first)
{
    if ((at & POINTER_LOW_BITS) != 0)
        return PCI_CAP_UNALIGNED;
    if (at < first)
        return PCI_CAP_IN_HEADER;
    uint64_t *word = &visited->bits[at / 4 / 64];
    uint64_t bit = (uint64_t)1 << at / 4 % 64;
    if ((*word & bit) != 0)
        return PCI_CAP_LOOP;
    *word |= bit;
    return PCI_OK;
}

/* Each capability ends where the next one above it begins. */
static void measure(struct pci_cap *items, uint32_t count, uint32_t end)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t above = end;
        for (uint32_t k = 0; k < count; k++) {
            if (items[k].offset > items[i].offset && items[k].offset < above)
                above = items[k].offset;
        }
        items[i].room = (uint16_t)(above - items[i].offset);
    }
}

enum pci_error pci_caps_read(const uint8_t *space, size_t len, struct pci_caps *out)
{
    struct visited visited = { { 0 } };
    *out = (struct pci_caps){ 0 };
    if (!pci_space_len_ok(len))
        return PCI_BAD_LENGTH;
    if ((space[PCI_AT_STATUS] & PCI_STATUS_CAPABILITIES) == 0)
        return PCI_OK;
    for (uint32_t at = space[AT_POINTER]; at != 0; at = space[at + 1]) {
        enum pci_error error = visit(&visited, at, FIRST_OFFSET);
        if (error != PCI_OK)
            return error;
        out->items[out->count++] = (struct pci_cap){ .id = space[at], .offset = (uint16_t)at };
    }
    measure(out->items, out->count, PCI_SPACE_BYTES);
    return PCI_OK;
}

enum pci_error pci_extended_caps_read(const uint8_t *space, size_t len, struct pci_extended_caps *out)
{
    struct visited visited = { { 0 } };
    *out = (struct pci_extended_caps){ 0 };
    if (!pci_space_len_ok(len))
        return PCI_BAD_LENGTH;
    if (len == PCI_SPACE_BYTES)
        return PCI_OK;
    uint32_t word = load_le32(space + FIRST_EXTENDED);
    if (word == 0 || word == 0xffffffffu)
        return PCI_OK;
    for (uint32_t at = FIRST_EXTENDED; at != 0; at = word >> 20) {
        enum pci_error error = visit(&visited, at, FIRST_EXTENDED);
        if (error != PCI_OK)
            return error;
        if (out->count == PCI_EXTENDED_MAX)
            return PCI_CAP_TOO_MANY;
        word = load_le32(space + at);
        out->items[out->count++] =
            (struct pci_cap){ .id = (uint16_t)word, .offset = (uint16_t)at, .version = (uint8_t)(word >> 16 & 15) };
    }
    measure(out->items, out->count, PCIE_SPACE_BYTES);
    return PCI_OK;
}

const struct pci_cap *pci_cap_find(const struct pci_caps *caps, uint16_t id, uint32_t from)
{
    for (uint32_t i = from; i < caps->count; i++) {
        if (caps->items[i].id == id)
            return &caps->items[i];
    }
    return NULL;
}

enum pci_error pci_cap_only(const struct pci_caps *caps, uint16_t id, const struct pci_cap **out)
{
    const struct pci_cap *cap = pci_cap_find(caps, id, 0);
    if (cap == NULL)
        return PCI_NOT_FOUND;
    *out = cap;
    return pci_cap_find(caps, id, (uint32_t)(cap - caps->items) + 1) == NULL ? PCI_OK : PCI_CAP_TWICE;
}

enum pci_error pci_msi_read(const uint8_t *space, const struct pci_caps *caps, struct pci_msi *out)
{
    const struct pci_cap *cap;
    *out = (struct pci_msi){ 0 };
    enum pci_error error = pci_cap_only(caps, PCI_CAP_MSI, &cap);
    if (error != PCI_OK)
        return error;
    if (cap->room < MSI_BYTES)
        return PCI_CAP_SHORT;
    uint32_t control = load_le16(space + cap->offset + MSI_CONTROL);
    uint32_t capable = control >> MSI_CAPABLE_SHIFT & MSI_CAPABLE_MASK;
    out->offset = cap->offset;
    out->enabled = (control & MSI_ENABLE) != 0;
    out->wide = (control & MSI_WIDE) != 0;
    out->maskable = (control & MSI_MASKABLE) != 0;
    if (cap->room < MSI_BYTES + (out->wide ? MSI_WIDE_BYTES : 0) + (out->maskable ? MSI_MASKABLE_BYTES : 0))
        return PCI_CAP_SHORT;
    if (capable > MSI_CAPABLE_MAX)
        return PCI_MSI_BAD_COUNT;
    out->vectors = (uint8_t)(1u << capable);
    return PCI_OK;
}

static struct pci_window msix_window(const uint8_t *at, uint32_t bytes)
{
    uint32_t word = load_le32(at);
    return (struct pci_window){ .bar = (uint8_t)(word & MSIX_BAR_MASK), .offset = word & ~MSIX_BAR_MASK, .bytes = bytes };
}

enum pci_error pci_msix_read(const uint8_t *space, const struct pci_caps *caps, const struct pci_bars *bars,
                             struct pci_msix *out)
{
    const struct pci_cap *cap;
    *out = (struct pci_msix){ 0 };
    enum pci_error error = pci_cap_only(caps, PCI_CAP_MSIX, &cap);
    if (error != PCI_OK)
        return error;
    if (cap->room < MSIX_BYTES)
        return PCI_CAP_SHORT;
    uint32_t control = load_le16(space + cap->offset + MSIX_CONTROL);
    uint32_t vectors = (control & MSIX_COUNT_MASK) + 1;
    out->offset = cap->offset;
    out->vectors = (uint16_t)vectors;
    out->enabled = (control & MSIX_ENABLE) != 0;
    out->masked = (control & MSIX_MASKED) != 0;
    out->table = msix_window(space + cap->offset + MSIX_TABLE, vectors * MSIX_ENTRY_BYTES);
    out->pending = msix_window(space + cap->offset + MSIX_PENDING, (vectors + 63) / 64 * 8);
    error = pci_window_check(bars, &out->table, 1); /* the low bits are the BAR's number: 8 divides the offset */
    if (error == PCI_OK)
        error = pci_window_check(bars, &out->pending, 1);
    if (error == PCI_OK && pci_windows_overlap(&out->table, &out->pending))
        error = PCI_WINDOW_OVERLAP;
    return error;
}
