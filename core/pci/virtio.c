/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Capabilities of a virtio device: see pci.h. */
#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/pci/pci_space.h"

#define KIND_OF_MODERN 0x1040u
#define MODERN_END 0x1080u
#define TRANSITIONAL 0x1000u

/* Of a capability, from its beginning. */
enum field_offset {
    AT_LENGTH = 2,
    AT_KIND = 3,
    AT_BAR = 4,
    AT_OFFSET = 8,
    AT_BYTES = 12,
    AT_STEP = 16,
};

enum kind {
    KIND_COMMON = 1,
    KIND_NOTIFY = 2,
    KIND_INTERRUPT = 3,
    KIND_DEVICE = 4,
};

#define CAP_BYTES 16u
#define NOTIFY_BYTES 20u
#define COMMON_MIN 56u /* up to queue_device */
#define DOORBELL_BYTES 2u

uint16_t pci_virtio_kind(const struct pci_header *header)
{
    if (header->vendor != PCI_VIRTIO_VENDOR || header->type != 0)
        return 0;
    if (header->device >= KIND_OF_MODERN && header->device < MODERN_END)
        return (uint16_t)(header->device - KIND_OF_MODERN);
    return header->device >= TRANSITIONAL && header->device < KIND_OF_MODERN ? header->subsystem : 0;
}

/* The window of one kind: where it goes, how it must be aligned, and how long it is at least. */
static struct pci_window *window_of(struct pci_virtio *virtio, uint32_t kind, uint32_t *align, uint32_t *least)
{
    *align = 4;
    *least = 1;
    switch (kind) {
    case KIND_COMMON:
        *least = COMMON_MIN;
        return &virtio->common;
    case KIND_NOTIFY:
        *align = DOORBELL_BYTES;
        *least = DOORBELL_BYTES;
        return &virtio->notify;
    case KIND_INTERRUPT:
        *align = 1;
        return &virtio->interrupt;
    case KIND_DEVICE:
        return &virtio->device;
    default:
        return NULL;
    }
}

static enum pci_error read_step(const uint8_t *at, uint32_t length, struct pci_virtio *out)
{
    if (length < NOTIFY_BYTES)
        return PCI_CAP_SHORT;
    out->notify_step = load_le32(at + AT_STEP);
    return out->notify_step == 0 || (out->notify_step > 1 && is_power_of_two_u64(out->notify_step)) ? PCI_OK : PCI_VIRTIO_BAD_STEP;
}

static enum pci_error read_part(const uint8_t *space, const struct pci_cap *cap, const struct pci_bars *bars,
                                struct pci_virtio *out)
{
    const uint8_t *at = space + cap->offset;
    uint32_t align, least;
    if (cap->room < CAP_BYTES || at[AT_LENGTH] < CAP_BYTES || at[AT_LENGTH] > cap->room)
        return PCI_CAP_SHORT;
    struct pci_window *window = window_of(out, at[AT_KIND], &align, &least);
    if (window == NULL || window->bytes != 0)
        return PCI_OK;
    if (at[AT_BAR] >= PCI_BARS_MAX || bars->bars[at[AT_BAR]].kind == PCI_BAR_IO)
        return PCI_OK;
    *window = (struct pci_window){ at[AT_BAR], load_le32(at + AT_OFFSET), load_le32(at + AT_BYTES) };
    enum pci_error error = pci_window_check(bars, window, align);
    if (error == PCI_OK && window->bytes < least)
        error = PCI_VIRTIO_SHORT;
    if (error == PCI_OK && window == &out->notify)
        error = read_step(at, at[AT_LENGTH], out);
    return error;
}

static bool parts_overlap(const struct pci_virtio *virtio)
{
    const struct pci_window *parts[] = { &virtio->common, &virtio->notify, &virtio->interrupt, &virtio->device };
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (parts[i]->bytes != 0 && pci_windows_overlap(parts[i], parts[k]))
                return true;
        }
    }
    return false;
}

enum pci_error pci_virtio_read(const uint8_t *space, const struct pci_caps *caps, const struct pci_bars *bars,
                               struct pci_virtio *out)
{
    *out = (struct pci_virtio){ 0 };
    for (uint32_t i = 0; i < caps->count; i++) {
        if (caps->items[i].id != PCI_CAP_VENDOR)
            continue;
        enum pci_error error = read_part(space, &caps->items[i], bars, out);
        if (error != PCI_OK)
            return error;
    }
    if (out->common.bytes == 0 || out->notify.bytes == 0 || out->interrupt.bytes == 0)
        return PCI_NOT_FOUND;
    return parts_overlap(out) ? PCI_WINDOW_OVERLAP : PCI_OK;
}

enum pci_error pci_virtio_doorbell(const struct pci_virtio *virtio, uint16_t notify_offset, uint64_t *out)
{
    uint64_t at = (uint64_t)notify_offset * virtio->notify_step;
    if (virtio->notify.bytes < DOORBELL_BYTES || at > virtio->notify.bytes - DOORBELL_BYTES)
        return PCI_WINDOW_OUTSIDE;
    *out = virtio->notify.offset + at;
    return PCI_OK;
}
