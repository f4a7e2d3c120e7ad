/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two halves of the differential test that use core/capn: writing a
 * random Probe (probe.capnp) and reading one. The C++ program does both again
 * with the official library and compares. Both sides draw the same random
 * numbers in the same order and visit the fields in the same order.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Random numbers: the state is a word of the caller's. */
static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline uint32_t draw_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(draw(state) % limit);
}

/* A digest of values in the order of the visit. */
static inline uint64_t digest_add(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001b3 + (digest >> 29);
}

static inline uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t len)
{
    digest = digest_add(digest, len);
    for (size_t i = 0; i < len; i++)
        digest = digest_add(digest, ((const uint8_t *)bytes)[i]);
    return digest;
}

/* How many elements a random list gets, and how deep random structs nest. */
#define LIST_MAX 5u
#define TEXT_MAX 12u
#define DEPTH_MAX 3u

struct verdict {
    int error; /* enum capn_error */
    uint64_t digest;
};

/* Reads the whole message under the limits for params. */
struct verdict ours_read(const uint8_t *bytes, size_t len);
/* Writes the random Probe of `seed`; returns an enum capn_error. */
int ours_build(uint64_t seed, uint8_t *bytes, size_t capacity, size_t *len);
const char *ours_error_text(int error);
/* Refusals that the official library does not share: text that is not UTF-8, more than 64 segments, a pointer to an object
 * without words that leads out of its segment, and a list of other elements read as bits (the library then takes bits from
 * the wrong places); a list of structs whose tag counts 2^29 elements or more (it ignores the highest of the 30 bits; we take the
 * count as it stands and refuse the list). */
int ours_is_stricter(int error, const uint8_t *bytes, size_t len);

#ifdef __cplusplus
}
#endif
