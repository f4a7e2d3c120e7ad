/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The boot manifest as objects need it: opened anew for each use, because a
 * reader spends its message's traversal budget. Its bytes were validated at
 * boot and never change.
 */
#pragma once

#include <stdbool.h>

#include "schema/generated/capos.h"

struct boot_manifest {
    struct capn_message message;
    struct capos_system_manifest root;
};

/* False only when boot accepted a manifest that does not decode. */
bool boot_manifest_open(struct boot_manifest *manifest);
/* The program of that name; false when there is none. Valid for ever. */
bool boot_manifest_binary(struct capn_text name, struct capn_data *elf);
