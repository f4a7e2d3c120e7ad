/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SHA-256 and HMAC-SHA-256. Contexts belong to the caller and hold secrets:
 * the final functions wipe them. Time depends on lengths only, not on the
 * bytes. Messages up to 2^61 bytes. Source: FIPS 180-4; FIPS 198-1.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u
#define SHA256_BLOCK_BYTES 64u

struct sha256 {
    uint32_t state[8];
    uint64_t len; /* bytes taken so far; the rest of a block waits in `block` */
    uint8_t block[SHA256_BLOCK_BYTES];
};

void sha256_init(struct sha256 *ctx);
void sha256_update(struct sha256 *ctx, const void *bytes, size_t len);
void sha256_final(struct sha256 *ctx, uint8_t digest[SHA256_BYTES]);

struct hmac_sha256 {
    struct sha256 inner;
    struct sha256 outer;
};

void hmac_sha256_init(struct hmac_sha256 *ctx, const uint8_t *key, size_t key_len);
void hmac_sha256_update(struct hmac_sha256 *ctx, const void *bytes, size_t len);
void hmac_sha256_final(struct hmac_sha256 *ctx, uint8_t tag[SHA256_BYTES]);

/* Zeroes memory in a way the compiler keeps. */
void sha256_wipe(void *bytes, size_t len);
