/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Setting and comparing memory in freestanding builds, and
 * the loads and stores of little-endian numbers. The primitives have the names
 * of library functions, which the prover knows, so they get other names here.
 */
#include "core/base/base_proof.h"

#define memcpy proved_memcpy
#define memmove proved_memmove
#define memset proved_memset
#define memcmp proved_memcmp
#include "core/base/bytes.c"
#include "core/base/bytes.h"

#define ROOM 9u /* one word at a time and a rest */

/* PROOF bytes_are_set_and_compared
 * of: memset, memcmp
 * bound: up to 9 bytes anywhere in 9 bytes: whole words and a rest
 * next: 24 bytes: ten times the time
 * unwind: 10
 */
void bytes_are_set_and_compared(void)
{
    uint8_t one[ROOM], two[ROOM]; /* without a value: any */
    size_t n = nondet_size(), at = nondet_size(), into = nondet_size();
    int byte = nondet_i32();
    assume(n <= ROOM && at < ROOM && into <= ROOM - n);
    int order = memcmp(one + (ROOM - n), two + (ROOM - n), n);
    int expected = 0;
    for (size_t i = ROOM; i-- > 0;)
        expected = i < ROOM - n || one[i] == two[i] ? expected : one[i] < two[i] ? -1 : 1;
    assert((order > 0) - (order < 0) == expected);
    const uint8_t before = one[at];
    assert(memset(one + into, byte, n) == one + into);
    if (at >= into && at - into < n) {
        probe(1);
        assert(one[at] == (uint8_t)byte);
    } else {
        probe(2);
        assert(one[at] == before);
    }
}

/* PROOF little_endian
 * of: load_le16, load_le32, load_le64, store_le16, store_le32, store_le64
 * bound: none: every content and number
 * unwind: 9
 */
void little_endian(void)
{
    uint8_t bytes[8]; /* without a value: any */
    uint64_t number = nondet_u64(), value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    assert(load_le16(bytes) == (uint16_t)value && load_le32(bytes) == (uint32_t)value && load_le64(bytes) == value);
    store_le64(bytes, number);
    assert(bytes[0] == (uint8_t)number && bytes[7] == (uint8_t)(number >> 56) && load_le64(bytes) == number);
    store_le32(bytes, (uint32_t)value);
    assert(load_le32(bytes) == (uint32_t)value && bytes[4] == (uint8_t)(number >> 32));
    store_le16(bytes, (uint16_t)(number >> 16));
    assert(load_le16(bytes) == (uint16_t)(number >> 16) && bytes[2] == (uint8_t)(value >> 16));
    probe(1);
}
