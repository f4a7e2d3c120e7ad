/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For the tests of core/pci: configuration spaces put together from the
 * standards' tables, as a machine emulator's devices look: a virtio network
 * card, and a bridge. The test owns the struct image and changes it.
 */
#pragma once

#include <string.h>

#include "core/base/bytes.h"
#include "core/pci/pci.h"

struct image {
    uint8_t space[PCIE_SPACE_BYTES];
    uint32_t masks[PCI_BARS_MAX];
};

static inline void put_bar(struct image *image, uint32_t index, uint32_t value, uint32_t mask)
{
    store_le32(image->space + 0x10 + 4 * index, value);
    image->masks[index] = mask;
}

/* A capability's first two bytes. */
static inline void put_cap(struct image *image, uint8_t at, uint8_t id, uint8_t next)
{
    image->space[at] = id;
    image->space[at + 1] = next;
}

static inline void put_virtio(struct image *image, uint8_t at, uint8_t next, uint8_t kind, const uint32_t window[3])
{
    uint8_t *cap = image->space + at;
    put_cap(image, at, PCI_CAP_VENDOR, next);
    cap[2] = kind == 2 || kind == 5 ? 20 : 16;
    cap[3] = kind;
    cap[4] = (uint8_t)window[0];
    store_le32(cap + 8, window[1]);
    store_le32(cap + 12, window[2]);
}

static inline void put_extended(struct image *image, uint32_t at, uint16_t id, uint8_t version, uint32_t next)
{
    store_le32(image->space + at, (uint32_t)id | (uint32_t)version << 16 | next << 20);
}

/*
 * A modern virtio network card: BAR1 4 KiB with MSI-X (3 vectors), BAR4 of 64 bits and 16 KiB with the four windows.
 * List: 0x98 MSI-X, 0x84 access, 0x70 notify, 0x60 device, 0x50 interrupt, 0x40 common.
 */
static inline struct image image_of_network_card(void)
{
    struct image image = { { 0 }, { 0 } };
    uint8_t *s = image.space;
    store_le16(s, 0x1af4);
    store_le16(s + 2, 0x1041);
    store_le16(s + 4, 0x0103);
    store_le16(s + 6, 0x0010);
    s[8] = 1;
    s[0x0b] = 2;
    store_le16(s + 0x2c, 0x1af4);
    store_le16(s + 0x2e, 0x1100);
    s[0x34] = 0x98;
    s[0x3d] = 1;
    put_bar(&image, 1, 0xfebd1000, 0xfffff000);
    put_bar(&image, 4, 0xfe00000c, 0xffffc00c);
    put_bar(&image, 5, 0, 0xffffffff);
    put_cap(&image, 0x98, PCI_CAP_MSIX, 0x84);
    store_le16(s + 0x9a, 2);
    store_le32(s + 0x9c, 1);
    store_le32(s + 0xa0, 0x801);
    put_virtio(&image, 0x84, 0x70, 5, (const uint32_t[]){ 0, 0, 0 });
    put_virtio(&image, 0x70, 0x60, 2, (const uint32_t[]){ 4, 0x3000, 0x1000 });
    store_le32(s + 0x80, 4);
    put_virtio(&image, 0x60, 0x50, 4, (const uint32_t[]){ 4, 0x2000, 0x1000 });
    put_virtio(&image, 0x50, 0x40, 3, (const uint32_t[]){ 4, 0x1000, 0x1000 });
    put_virtio(&image, 0x40, 0, 1, (const uint32_t[]){ 4, 0, 0x1000 });
    return image;
}

/* A PCI Express root port from bus 0 to buses 1 to 3: MSI with a mask, Express, two extended capabilities. */
static inline struct image image_of_bridge(void)
{
    struct image image = { { 0 }, { 0 } };
    uint8_t *s = image.space;
    store_le16(s, 0x1b36);
    store_le16(s + 2, 0x000c);
    store_le16(s + 4, 0x0107);
    store_le16(s + 6, 0x0010);
    s[0x0a] = 4;
    s[0x0b] = 6;
    s[0x0e] = 0x81;
    s[0x19] = 1;
    s[0x1a] = 3;
    s[0x34] = 0x54;
    put_bar(&image, 0, 0xfebf0000, 0xfffff000);
    put_cap(&image, 0x54, PCI_CAP_EXPRESS, 0x48);
    store_le16(s + 0x56, 0x0042);
    put_cap(&image, 0x48, PCI_CAP_MSIX, 0x94);
    store_le32(s + 0x4c, 0);
    store_le32(s + 0x50, 0x800);
    put_cap(&image, 0x94, PCI_CAP_MSI, 0);
    store_le16(s + 0x96, 0x0186); /* 8 vectors, 64 bits, maskable */
    put_extended(&image, 0x100, 1, 2, 0x148);
    put_extended(&image, 0x148, 0x0d, 1, 0);
    return image;
}
