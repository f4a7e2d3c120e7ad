/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of core/pci share. For core/pci itself. */
#pragma once

#include "core/pci/pci.h"

#define PCI_AT_STATUS 0x06u
#define PCI_STATUS_CAPABILITIES 0x10u

bool pci_space_len_ok(size_t len);
/* The only capability of this id. */
enum pci_error pci_cap_only(const struct pci_caps *caps, uint16_t id, const struct pci_cap **out);
