/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SHA-256 and HMAC-SHA-256: see sha256.h. Written from FIPS 180-4, section 6.2. */
#include "core/drbg/sha256.h"

#include "core/base/bytes.h"

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void sha256_wipe(void *bytes, size_t len)
{
    volatile uint8_t *p = bytes;

    while (len-- > 0)
        *p++ = 0;
}

static void expand(const uint8_t *block, uint32_t w[64])
{
    for (unsigned t = 0; t < 16; t++)
        w[t] = load_be32(block + 4 * t);
    for (unsigned t = 16; t < 64; t++) {
        uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t v[8]; /* a to h of the standard */

    expand(block, w);
    memcpy(v, state, sizeof v);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + round_constants[t] + w[t];
        uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
    sha256_wipe(w, sizeof w);
}

void sha256_init(struct sha256 *ctx)
{
    /* Of the square roots of the first 8 primes. */
    static const uint32_t start[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    memcpy(ctx->state, start, sizeof start);
    ctx->len = 0;
}

void sha256_update(struct sha256 *ctx, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    while (len > 0) {
        size_t held = ctx->len % SHA256_BLOCK_BYTES;
        size_t take = SHA256_BLOCK_BYTES - held < len ? SHA256_BLOCK_BYTES - held : len;
        memcpy(ctx->block + held, p, take);
        ctx->len += take;
        p += take;
        len -= take;
        if (held + take == SHA256_BLOCK_BYTES)
            compress(ctx->state, ctx->block);
    }
}

void sha256_final(struct sha256 *ctx, uint8_t digest[SHA256_BYTES])
{
    static const uint8_t padding[SHA256_BLOCK_BYTES] = { 0x80 };
    uint64_t bits = ctx->len * 8;
    size_t held = ctx->len % SHA256_BLOCK_BYTES;
    uint8_t length[8];

    store_be32(length, (uint32_t)(bits >> 32));
    store_be32(length + 4, (uint32_t)(bits & 0xffffffff));
    sha256_update(ctx, padding, held < 56 ? 56 - held : 120 - held);
    sha256_update(ctx, length, sizeof length);
    for (unsigned i = 0; i < 8; i++)
        store_be32(digest + 4 * i, ctx->state[i]);
    sha256_wipe(ctx, sizeof *ctx);
}

static void start_keyed(struct sha256 *ctx, const uint8_t block[SHA256_BLOCK_BYTES], uint8_t pad)
{
    uint8_t padded[SHA256_BLOCK_BYTES];

    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ pad;
    sha256_init(ctx);
    sha256_update(ctx, padded, sizeof padded);
    sha256_wipe(padded, sizeof padded);
}

void hmac_sha256_init(struct hmac_sha256 *ctx, const uint8_t *key, size_t key_len)
{
    uint8_t block[SHA256_BLOCK_BYTES] = { 0 };

    if (key_len > SHA256_BLOCK_BYTES) {
        sha256_init(&ctx->inner);
        sha256_update(&ctx->inner, key, key_len);
        sha256_final(&ctx->inner, block);
    } else if (key_len > 0) {
        memcpy(block, key, key_len);
    }
    start_keyed(&ctx->inner, block, 0x36);
    start_keyed(&ctx->outer, block, 0x5c);
    sha256_wipe(block, sizeof block);
}

void hmac_sha256_update(struct hmac_sha256 *ctx, const void *bytes, size_t len)
{
    sha256_update(&ctx->inner, bytes, len);
}

void hmac_sha256_final(struct hmac_sha256 *ctx, uint8_t tag[SHA256_BYTES])
{
    uint8_t inner[SHA256_BYTES];

    sha256_final(&ctx->inner, inner);
    sha256_update(&ctx->outer, inner, sizeof inner);
    sha256_final(&ctx->outer, tag);
    sha256_wipe(inner, sizeof inner);
}
