/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HMAC_DRBG with SHA-256: the kernel's random bytes, stretched from an
 * entropy source. The caller owns the state, serialises the calls, and vouches
 * for the entropy given; nothing here reads hardware. Security strength 256
 * bits. Source: NIST SP 800-90A Rev. 1, section 10.1.2 and table 2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drbg/sha256.h"

#define DRBG_ENTROPY_BYTES_MIN 32u
#define DRBG_NONCE_BYTES_MIN 16u
#define DRBG_INPUT_BYTES_MAX 65536u /* of each seed part; the standard allows more */
#define DRBG_REQUEST_BYTES_MAX 65536u
#define DRBG_RESEED_INTERVAL (1ull << 48) /* requests */

enum drbg_error {
    DRBG_OK = 0,
    DRBG_NOT_READY,       /* never instantiated, or wiped */
    DRBG_TOO_LITTLE,      /* entropy or nonce below the minimum */
    DRBG_TOO_LONG,        /* an input or a request above its maximum */
    DRBG_RESEED_REQUIRED, /* the interval is used up */
};

struct drbg_input {
    const uint8_t *bytes; /* may be NULL when len is 0 */
    size_t len;
};

/* Zeroed memory is a valid state: not ready. */
struct drbg {
    uint8_t key[SHA256_BYTES];
    uint8_t value[SHA256_BYTES];
    uint64_t reseed_counter; /* requests since the last seed, plus 1; 0 when not ready */
};

/* A refusal leaves the state alone. `personal` may be empty. */
enum drbg_error drbg_instantiate(struct drbg *drbg, struct drbg_input entropy, struct drbg_input nonce,
                                 struct drbg_input personal);
enum drbg_error drbg_reseed(struct drbg *drbg, struct drbg_input entropy, struct drbg_input extra);

/* Exactly len bytes, or an error and no byte. `extra` may be empty. Work is linear in len. */
enum drbg_error drbg_generate(struct drbg *drbg, uint8_t *out, size_t len, struct drbg_input extra);

void drbg_wipe(struct drbg *drbg);
