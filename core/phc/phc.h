/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Verifiers of passwords as text, the PHC form of Argon2id. Pure; the kernel
 * checks with it what the boot manifest says, the service that hashes reads it.
 * Nothing here hashes. Source: docs/kernel-semantics.md, "Console credential"
 * and 10.7.
 */
#pragma once

#include <stdint.h>

#include "core/capn/read.h"

#define PHC_BYTES_MAX 512u
#define PHC_MEMORY_KIB_MAX 19456u
#define PHC_PASSES_MAX 4u
#define PHC_LANES_MAX 1u
/* Characters. A salt is what the PHC form allows; a hash has 4 (RFC 9106) to 64 bytes. */
#define PHC_SALT_MIN 4u
#define PHC_SALT_MAX 64u
#define PHC_HASH_MIN 6u
#define PHC_HASH_MAX 86u
#define PHC_VERSION_OLD 16u /* what a text without a version means */

/* In the order in which they are looked for. */
enum phc_error {
    PHC_OK = 0,
    PHC_EMPTY,
    PHC_TOO_LONG,
    PHC_NOT_PHC,
    PHC_NOT_ARGON2ID,
    PHC_UNREADABLE, /* version, costs, salt or hash */
    PHC_ABOVE_LIMITS,
};

struct phc {
    uint32_t version; /* 16 or 19 */
    uint32_t memory_kib, passes, lanes; /* at least 8 for each lane, 1, 1 */
    struct capn_text salt, hash; /* unpadded base64 that can be decoded; parts of the text */
};

/* $argon2id$[v=19$]m=..,t=..,p=..$SALT$HASH. *out is complete for PHC_OK and PHC_ABOVE_LIMITS. */
enum phc_error phc_parse(struct capn_text text, struct phc *out);
