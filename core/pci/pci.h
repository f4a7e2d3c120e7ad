/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PCI configuration space: what a device says of itself, checked. A function
 * works on a copy of the space, 256 bytes (PCI) or 4,096 (PCI Express), that
 * does not change while it runs; the copy may hold anything, since a device
 * is not trusted. Pure: nothing here touches hardware, whoever owns the copy
 * reads it and does the sizing writes. A result is valid only after PCI_OK.
 *
 * Order of use: pci_header_read; pci_bars_read with what the base address
 * registers read back after all ones were written to them (memory and I/O
 * decoding off, the old values written back); pci_caps_read; then MSI, MSI-X
 * and virtio, which look at the capabilities and say which part of which BAR
 * they mean. A part is never outside its BAR.
 *
 * Sources: PCI Local Bus 3.0, 6.1, 6.2.5, 6.7, 6.8; PCI Express Base 3.0, 7.9;
 * VIRTIO 1.2, 4.1.2 and 4.1.4. Where these allow what no device does and a
 * driver cannot check, the space is refused; the enum says what.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_SPACE_BYTES 256u
#define PCIE_SPACE_BYTES 4096u
#define PCI_BARS_MAX 6u
#define PCI_CAPS_MAX 48u     /* dwords from 0x40 to 0xff: the list cannot be longer */
#define PCI_EXTENDED_MAX 64u /* ours; of 960 dwords */

enum pci_error {
    PCI_OK = 0,
    PCI_BAD_LENGTH,       /* of the space: neither 256 nor 4,096 */
    PCI_ABSENT,           /* vendor 0xffff: no device answers; or 0 */
    PCI_UNKNOWN_HEADER,   /* neither type 0 nor type 1 */
    PCI_BAD_BUSES,        /* a bridge whose buses are neither 0 nor primary < secondary <= subordinate */
    PCI_BAR_TYPE_CHANGED, /* the bits that say the type read back differently */
    PCI_BAR_BAD_TYPE,     /* a reserved type of memory, or a reserved bit of I/O */
    PCI_BAR_NO_HIGH_HALF, /* 64 bits wide in the last register */
    PCI_BAR_NO_SIZE,      /* a type or an address, but no bit of the address can be written */
    PCI_BAR_BAD_SIZE,     /* the writable bits of the address are not the upper ones */
    PCI_BAR_UNALIGNED,    /* the address has bits below the size */
    PCI_BAR_OUTSIDE,      /* behind 64 KiB of I/O; memory ends where its address does */
    PCI_BAR_OVERLAP,      /* with an earlier one of the same space */
    PCI_CAP_IN_HEADER,    /* a pointer below 0x40 (extended: 0x100) */
    PCI_CAP_UNALIGNED,    /* a pointer with one of its two lowest bits: reserved, 0 in every device */
    PCI_CAP_LOOP,         /* the list comes to the same place twice */
    PCI_CAP_TOO_MANY,     /* more than PCI_EXTENDED_MAX */
    PCI_CAP_SHORT,        /* no room for what its kind has: the next one, or the end, comes before */
    PCI_CAP_TWICE,        /* MSI or MSI-X */
    PCI_NOT_FOUND,        /* no capability of this kind; virtio: a part that every device has */
    PCI_MSI_BAD_COUNT,    /* more than 32 vectors */
    PCI_WINDOW_NO_BAR,    /* in a BAR that is not there, is I/O, or is a high half */
    PCI_WINDOW_EMPTY,
    PCI_WINDOW_OUTSIDE,   /* not within its BAR */
    PCI_WINDOW_UNALIGNED, /* not where its kind must begin */
    PCI_WINDOW_OVERLAP,   /* with another of the same capability */
    PCI_VIRTIO_SHORT,     /* a part smaller than its registers */
    PCI_VIRTIO_BAD_STEP,  /* notify multiplier neither 0 nor a power of two from 2 on */
    PCI_ERROR_COUNT,
};

struct pci_header {
    uint16_t vendor, device;
    uint16_t command, status;
    uint8_t revision;
    uint8_t class_code, subclass, interface;
    uint8_t type;       /* 0 a device, 1 a bridge */
    bool multifunction; /* means something in function 0 only */
    uint8_t bar_count;  /* 6 or 2 */
    uint16_t subsystem_vendor, subsystem; /* type 0 */
    uint8_t primary, secondary, subordinate; /* type 1; all 0: nobody has numbered the buses yet */
    uint8_t interrupt_pin;  /* 0 none, 1 to 4; others as they are */
    bool has_capabilities;
};

enum pci_error pci_header_read(const uint8_t *space, size_t len, struct pci_header *out);

enum pci_bar_kind {
    PCI_BAR_NONE = 0,
    PCI_BAR_IO,
    PCI_BAR_MEMORY32,
    PCI_BAR_MEMORY64,
    PCI_BAR_HIGH_HALF, /* belongs to the one before */
};

struct pci_bar {
    enum pci_bar_kind kind;
    bool prefetchable;
    uint64_t address; /* 0: nobody has given it one yet; such a BAR overlaps nothing */
    uint64_t size;    /* a power of two */
};

struct pci_bars {
    uint32_t bad; /* after an error: the index of the BAR that is refused */
    struct pci_bar bars[PCI_BARS_MAX];
};

/* masks[i]: what register i reads after all ones were written to it. The expansion ROM is not looked at. */
enum pci_error pci_bars_read(const uint8_t *space, size_t len, const uint32_t masks[PCI_BARS_MAX], struct pci_bars *out);

/* A part of a memory BAR. */
struct pci_window {
    uint8_t bar;
    uint64_t offset; /* from the BAR's address */
    uint64_t bytes;
};

/* Whether the window lies in its BAR and begins at a multiple of `align`, a power of two. */
enum pci_error pci_window_check(const struct pci_bars *bars, const struct pci_window *window, uint64_t align);
/* For windows that passed the check. */
bool pci_windows_overlap(const struct pci_window *a, const struct pci_window *b);

enum pci_cap_id {
    PCI_CAP_POWER = 0x01,
    PCI_CAP_MSI = 0x05,
    PCI_CAP_VENDOR = 0x09,
    PCI_CAP_EXPRESS = 0x10,
    PCI_CAP_MSIX = 0x11,
};

struct pci_cap {
    uint16_t id;
    uint16_t offset; /* in the space */
    uint16_t room;   /* bytes up to the next capability above it, or the end */
    uint8_t version; /* extended only */
};

struct pci_caps {
    uint32_t count;
    struct pci_cap items[PCI_CAPS_MAX]; /* in the order of the list */
};

struct pci_extended_caps {
    uint32_t count;
    struct pci_cap items[PCI_EXTENDED_MAX];
};

enum pci_error pci_caps_read(const uint8_t *space, size_t len, struct pci_caps *out);
/* None in a space of 256 bytes, and none when the first word is 0 or all ones. */
enum pci_error pci_extended_caps_read(const uint8_t *space, size_t len, struct pci_extended_caps *out);
/* The first of this id from index `from` on, or NULL. */
const struct pci_cap *pci_cap_find(const struct pci_caps *caps, uint16_t id, uint32_t from);

struct pci_msi {
    uint16_t offset;
    uint8_t vectors; /* 1 to 32, a power of two */
    bool enabled, wide, maskable; /* wide: takes addresses of 64 bits */
};

struct pci_msix {
    uint16_t offset;
    uint16_t vectors; /* 1 to 2,048 */
    bool enabled, masked;
    struct pci_window table; /* 16 bytes a vector */
    struct pci_window pending; /* 8 bytes for 64 vectors */
};

enum pci_error pci_msi_read(const uint8_t *space, const struct pci_caps *caps, struct pci_msi *out);
enum pci_error pci_msix_read(const uint8_t *space, const struct pci_caps *caps, const struct pci_bars *bars,
                             struct pci_msix *out);

#define PCI_VIRTIO_VENDOR 0x1af4u

struct pci_virtio {
    struct pci_window common; /* at least 56 bytes: the registers of VIRTIO 1.0 */
    struct pci_window notify;
    struct pci_window interrupt;
    struct pci_window device; /* bytes 0: the device has no configuration of its own */
    uint32_t notify_step;     /* bytes from one queue's doorbell to the next one's, 0: all share one */
};

/* The kind of virtio device (1 network, 2 block), also of a transitional one; 0: not a virtio device. */
uint16_t pci_virtio_kind(const struct pci_header *header);
/*
 * The first capability of each kind counts (VIRTIO 4.1.4); those of reserved kinds or BARs, and those in I/O space, are not looked
 * at. The windows of one device do not overlap.
 */
enum pci_error pci_virtio_read(const uint8_t *space, const struct pci_caps *caps, const struct pci_bars *bars,
                               struct pci_virtio *out);
/* Where in its BAR the doorbell of a queue is, from the queue's notify offset, which the device says: two bytes. */
enum pci_error pci_virtio_doorbell(const struct pci_virtio *virtio, uint16_t notify_offset, uint64_t *out);
