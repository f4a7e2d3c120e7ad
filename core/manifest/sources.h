/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The caps that a kernel can mint, by the names that boot manifests use. The
 * upstream sources have the numbers of the schema's KernelCapSource; ours
 * begin at 0x8000 and are in no upstream schema, so they can be granted by
 * name only. A name in this table is no promise that this kernel has the
 * source. Constant data. Source: docs/interfaces.md, "KernelCapSource".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_SOURCE_SYSTEM_MONITOR 0x8000u
#define MANIFEST_SOURCE_POWER_CONTROL 0x8001u
#define MANIFEST_SOURCE_STD_IO 0x8002u
#define MANIFEST_SOURCE_SHARED_PARK_SPACE 0x8003u
#define MANIFEST_SOURCE_SERVICE_ENDPOINT 0x8004u
#define MANIFEST_SOURCE_SESSION_MINTER 0x8005u
#define MANIFEST_NULL_INTERFACE_ID UINT64_C(0x6e756c6c63617030)

/* What the checks of a manifest know about a source. */
enum manifest_source_rule {
    MANIFEST_SOURCE_PLAIN,
    MANIFEST_SOURCE_MEASUREMENT,   /* not for init */
    MANIFEST_SOURCE_ADDRESS_SPACE, /* bound to one process: not exported */
    MANIFEST_SOURCE_SESSION,       /* terminal_session: one holder, not exported */
    MANIFEST_SOURCE_TCP_LISTEN,    /* the badge is a port; a service needs init to hold the same */
    MANIFEST_SOURCE_SSH_KEY,       /* needs its section in kernelParams, and init to hold the same */
    MANIFEST_SOURCE_BY_INIT,       /* a service needs init to hold the same */
    MANIFEST_SOURCE_BLOCK_TARGET,  /* needs its section in kernelParams */
};

struct manifest_source {
    const char *name;
    uint64_t interface_id;
    uint16_t ordinal;
    bool upstream;
    enum manifest_source_rule rule;
};

size_t manifest_source_count(void);
/* In the order of the ordinals; NULL behind the end. */
const struct manifest_source *manifest_source_at(size_t i);
/* NULL for a name or ordinal that no source has. */
const struct manifest_source *manifest_source_by_name(const char *name, size_t len);
const struct manifest_source *manifest_source_by_ordinal(uint16_t ordinal);
