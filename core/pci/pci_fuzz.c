/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as a configuration space: 24 bytes of what the registers read
 * back, then 256 or 4,096 bytes of space, zeros where the input ends. Whatever
 * passes keeps its promises, and nothing outside the space is read.
 */
#include "core/base/base_fuzz.h"
#include "core/base/bytes.h"
#include "core/pci/pci.h"

static void check_bars(const struct pci_header *header, const struct pci_bars *bars)
{
    for (uint32_t i = 0; i < PCI_BARS_MAX; i++) {
        const struct pci_bar *bar = &bars->bars[i];
        if (bar->kind == PCI_BAR_NONE || bar->kind == PCI_BAR_HIGH_HALF) {
            FUZZ_CHECK(bar->size == 0 && bar->address == 0);
            FUZZ_CHECK(bar->kind == PCI_BAR_NONE || bars->bars[i - 1].kind == PCI_BAR_MEMORY64);
            continue;
        }
        FUZZ_CHECK(i < header->bar_count && bar->size >= 4 && (bar->size & (bar->size - 1)) == 0);
        FUZZ_CHECK(bar->address % bar->size == 0 && bar->address + (bar->size - 1) >= bar->address);
        FUZZ_CHECK(bar->kind != PCI_BAR_IO || bar->address + bar->size <= 0x10000);
        FUZZ_CHECK(bar->kind != PCI_BAR_MEMORY32 || bar->address + bar->size <= 0x100000000);
        FUZZ_CHECK(bar->kind != PCI_BAR_MEMORY64 || bars->bars[i + 1].kind == PCI_BAR_HIGH_HALF);
        for (uint32_t k = 0; k < i; k++) {
            const struct pci_bar *other = &bars->bars[k];
            if (other->size == 0 || other->address == 0 || bar->address == 0 || (other->kind == PCI_BAR_IO) != (bar->kind == PCI_BAR_IO))
                continue;
            FUZZ_CHECK(bar->address > other->address + (other->size - 1) || other->address > bar->address + (bar->size - 1));
        }
    }
}

static void check_window(const struct pci_bars *bars, const struct pci_window *window)
{
    FUZZ_CHECK(window->bar < PCI_BARS_MAX);
    const struct pci_bar *bar = &bars->bars[window->bar];
    FUZZ_CHECK(bar->kind == PCI_BAR_MEMORY32 || bar->kind == PCI_BAR_MEMORY64);
    FUZZ_CHECK(window->bytes > 0 && window->bytes <= bar->size && window->offset <= bar->size - window->bytes);
}

/* Entries are in the space, none twice, and none reaches into another. */
static void check_list(const struct pci_cap *items, uint32_t count, uint32_t first, uint32_t end)
{
    for (uint32_t i = 0; i < count; i++) {
        FUZZ_CHECK(items[i].offset >= first && items[i].offset % 4 == 0 && items[i].room >= 4);
        FUZZ_CHECK((uint32_t)items[i].offset + items[i].room <= end);
        for (uint32_t k = 0; k < count; k++)
            FUZZ_CHECK(k == i || items[k].offset < items[i].offset || items[k].offset >= items[i].offset + items[i].room);
    }
}

static void check_virtio(const uint8_t *space, const struct pci_caps *caps, const struct pci_bars *bars)
{
    struct pci_virtio virtio;
    if (pci_virtio_read(space, caps, bars, &virtio) != PCI_OK)
        return;
    check_window(bars, &virtio.common);
    check_window(bars, &virtio.notify);
    check_window(bars, &virtio.interrupt);
    if (virtio.device.bytes != 0)
        check_window(bars, &virtio.device);
    FUZZ_CHECK(virtio.common.bytes >= 56 && virtio.common.offset % 4 == 0 && virtio.notify.offset % 2 == 0);
    FUZZ_CHECK(!pci_windows_overlap(&virtio.common, &virtio.notify));
    FUZZ_CHECK(virtio.notify_step != 1 && (virtio.notify_step & (virtio.notify_step - 1)) == 0);
    for (uint32_t queue = 0; queue < 0x10000; queue += 1 + queue / 3) {
        uint64_t at;
        if (pci_virtio_doorbell(&virtio, (uint16_t)queue, &at) == PCI_OK)
            FUZZ_CHECK(at >= virtio.notify.offset && at + 2 <= virtio.notify.offset + virtio.notify.bytes && at % 2 == 0);
    }
}

static void check_capabilities(const uint8_t *space, size_t len, const struct pci_bars *bars)
{
    struct pci_caps caps;
    struct pci_msi msi;
    struct pci_msix msix;
    if (pci_caps_read(space, len, &caps) != PCI_OK)
        return;
    FUZZ_CHECK(caps.count <= PCI_CAPS_MAX);
    check_list(caps.items, caps.count, 0x40, 256);
    if (pci_msi_read(space, &caps, &msi) == PCI_OK)
        FUZZ_CHECK(msi.vectors >= 1 && msi.vectors <= 32 && (msi.vectors & (msi.vectors - 1)) == 0);
    if (pci_msix_read(space, &caps, bars, &msix) == PCI_OK) {
        check_window(bars, &msix.table);
        check_window(bars, &msix.pending);
        FUZZ_CHECK(msix.table.bytes == 16u * msix.vectors && msix.pending.bytes * 8 >= msix.vectors);
        FUZZ_CHECK(!pci_windows_overlap(&msix.table, &msix.pending));
    }
    check_virtio(space, &caps, bars);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint32_t masks[PCI_BARS_MAX];
    struct pci_header header;
    struct pci_bars bars;
    struct pci_extended_caps extended;
    uint8_t head[sizeof masks] = { 0 };
    memcpy(head, bytes, len < sizeof head ? len : sizeof head);
    for (uint32_t i = 0; i < PCI_BARS_MAX; i++)
        masks[i] = load_le32(head + 4 * i);
    size_t given = len > sizeof head ? len - sizeof head : 0, space_len = given > PCI_SPACE_BYTES ? PCIE_SPACE_BYTES : PCI_SPACE_BYTES;
    uint8_t *space = calloc(1, space_len); /* exactly that long: an access behind it is found */
    FUZZ_CHECK(space != NULL);
    if (given != 0)
        memcpy(space, bytes + sizeof head, given < space_len ? given : space_len);
    if (pci_header_read(space, space_len, &header) == PCI_OK) {
        FUZZ_CHECK(header.bar_count == (header.type == 0 ? 6 : 2) && header.type <= 1);
        FUZZ_CHECK(header.vendor == PCI_VIRTIO_VENDOR || pci_virtio_kind(&header) == 0);
        if (pci_bars_read(space, space_len, masks, &bars) == PCI_OK) {
            check_bars(&header, &bars);
            check_capabilities(space, space_len, &bars);
        }
    }
    if (pci_extended_caps_read(space, space_len, &extended) == PCI_OK) {
        FUZZ_CHECK(extended.count <= PCI_EXTENDED_MAX);
        check_list(extended.items, extended.count, 0x100, 4096);
    }
    free(space);
    return 0;
}
