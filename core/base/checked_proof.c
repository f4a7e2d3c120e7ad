/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Checked arithmetic against exact arithmetic in 128 bits, for all operands.
 */
#include "core/base/base_proof.h"
#include "core/base/checked.h"

typedef unsigned __int128 wide;

/* PROOF add_and_subtract
 * of: checked_add_u64, checked_add_u32, checked_sub_u64
 * bound: none: all operands
 */
void add_and_subtract(void)
{
    uint64_t a = nondet_u64();
    uint64_t b = nondet_u64();
    uint64_t out = 7;
    if (checked_add_u64(a, b, &out)) {
        probe(1);
        assert(out == (wide)a + b);
    } else {
        probe(2);
        assert((wide)a + b > UINT64_MAX && out == 7);
    }
    out = 7;
    if (checked_sub_u64(a, b, &out)) {
        probe(3);
        assert(b <= a && out == a - b);
    } else {
        probe(4);
        assert(b > a && out == 7);
    }
    uint32_t c = nondet_u32();
    uint32_t d = nondet_u32();
    uint32_t narrow = 7;
    if (checked_add_u32(c, d, &narrow)) {
        probe(5);
        assert(narrow == (uint64_t)c + d);
    } else {
        probe(6);
        assert((uint64_t)c + d > UINT32_MAX && narrow == 7);
    }
}

/* PROOF multiply
 * of: checked_mul_u32
 * bound: none: all operands
 */
void multiply(void)
{
    uint32_t a = nondet_u32();
    uint32_t b = nondet_u32();
    uint32_t out = 7;
    if (checked_mul_u32(a, b, &out)) {
        probe(1);
        assert(out == (uint64_t)a * b);
    } else {
        probe(2);
        assert((uint64_t)a * b > UINT32_MAX && out == 7);
    }
}

/* PROOF multiply_by_a_size
 * of: checked_mul_u64
 * bound: one operand at most 65,535, the other any: what the callers multiply by (counts times sizes); 64 by 64 bits does not close
 * next: 2^20: about four times the time
 */
void multiply_by_a_size(void)
{
    uint64_t a = nondet_u64();
    uint64_t b = nondet_u16();
    uint64_t out = 7;
    if (checked_mul_u64(a, b, &out)) {
        probe(1);
        assert(out == (wide)a * b);
    } else {
        probe(2);
        assert((wide)a * b > UINT64_MAX && out == 7);
    }
}

/* PROOF align_saturate_power
 * of: checked_align_up_u64, saturating_add_u64, is_power_of_two_u64
 * bound: none: all operands
 */
void align_saturate_power(void)
{
    uint64_t value = nondet_u64();
    uint8_t shift = nondet_u8();
    assume(shift < 64);
    uint64_t align = (uint64_t)1 << shift;
    uint64_t out = 7;
    if (checked_align_up_u64(value, align, &out)) {
        probe(1);
        assert(out >= value && out - value < align && (out & (align - 1)) == 0);
    } else {
        probe(2);
        assert(value > UINT64_MAX - (align - 1) && out == 7);
    }
    uint64_t other = nondet_u64();
    wide sum = (wide)value + other;
    uint64_t saturated = saturating_add_u64(value, other);
    assert(saturated == (sum > UINT64_MAX ? UINT64_MAX : (uint64_t)sum));
    assert(is_power_of_two_u64(align));
    if (is_power_of_two_u64(value)) {
        probe(3);
        uint8_t bit = nondet_u8();
        uint8_t second = nondet_u8();
        assume(bit < 64 && second < 64 && bit != second);
        assert(value != 0 && !((value >> bit & 1) == 1 && (value >> second & 1) == 1));
    } else {
        probe(4);
        assert(value != align);
    }
}
