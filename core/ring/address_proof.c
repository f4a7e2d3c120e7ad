/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User ranges and descriptor regions, for all addresses and lengths: the check
 * accepts exactly the ranges that do not wrap and end at or below the user
 * limit, by a definition in wider arithmetic, and its codes come in the order
 * of docs/abi.md.
 */
#include "core/base/base_proof.h"
#include "core/ring/address.c"

typedef unsigned __int128 wide;

#define USER_LIMIT ((wide)0x800000000000u)

static bool is_inside(uint64_t addr, wide len)
{
    return len == 0 || (wide)addr + len <= USER_LIMIT;
}

/* PROOF user_ranges
 * of: ring_range_is_user
 * bound: none: all addresses, all lengths
 */
void user_ranges(void)
{
    uint64_t addr = nondet_u64();
    uint64_t len = nondet_u64();
    if (ring_range_is_user(addr, len)) {
        probe(1);
        assert(is_inside(addr, len));
        uint64_t offset = nondet_u64();
        assume(offset < len);
        probe(2);
        assert(addr + offset >= addr && addr + offset < (uint64_t)USER_LIMIT);
    } else {
        probe(3);
        assert(!is_inside(addr, len));
    }
}

static int32_t expected(const struct ring_sqe *e, uint32_t scratch, bool is_call)
{
    wide descriptors = (wide)8 * e->xfer_cap_count;
    wide start = (wide)e->addr + e->len;
    if (e->len > scratch || (is_call && e->result_len > scratch))
        return -1;
    if (e->xfer_cap_count > 16)
        return -7;
    if (e->xfer_cap_count > 0 && (start % 4 != 0 || start + descriptors >> 64 != 0))
        return -7;
    if (!is_inside(e->addr, (wide)e->len + descriptors))
        return -2;
    return is_call && !is_inside(e->result_addr, e->result_len) ? -3 : 0;
}

/* PROOF call_and_return
 * of: ring_address_check, check_call, descriptors_are_sound, input_is_user
 * bound: none: every CALL and RETURN, every scratch size
 */
void call_and_return(void)
{
    struct ring_sqe sqe = {.addr = nondet_u64(), .len = nondet_u32(), .xfer_cap_count = nondet_u16()};
    uint32_t scratch = nondet_u32();
    bool is_call = nondet_bool();
    sqe.opcode = is_call ? RING_OP_CALL : RING_OP_RETURN;
    if (is_call) {
        sqe.result_addr = nondet_u64();
        sqe.result_len = nondet_u32();
    }
    int32_t code = ring_address_check(&sqe, scratch);
    assert(code == expected(&sqe, scratch, is_call));
    if (code == 0)
        probe(1);
    if (code == -1)
        probe(2);
    if (code == -2)
        probe(3);
    if (code == -3)
        probe(4);
    if (code == -7)
        probe(5);
}

/* PROOF receive_and_park
 * of: ring_address_check, check_recv, check_park_word
 * bound: none: every entry of RECV, PARK and UNPARK
 */
void receive_and_park(void)
{
    const struct ring_sqe sqe = {.opcode = nondet_u8(), .addr = nondet_u64(), .len = nondet_u32(), .result_len = nondet_u32(),
                                 .result_addr = nondet_u64()};
    assume(sqe.opcode != RING_OP_CALL && sqe.opcode != RING_OP_RETURN);
    int32_t code = ring_address_check(&sqe, nondet_u32());
    bool word_is_good = sqe.addr % 4 == 0 && is_inside(sqe.addr, 4);
    if (sqe.opcode == RING_OP_RECV) {
        probe(1);
        assert(code == (is_inside(sqe.result_addr, sqe.result_len) && sqe.result_len >= 56 ? 0 : -3));
    } else if (sqe.opcode == RING_OP_PARK) {
        probe(2);
        assert(code == (word_is_good ? 0 : -2));
    } else if (sqe.opcode == RING_OP_UNPARK) {
        probe(3);
        assert(code == (sqe.len == 0 ? -1 : word_is_good ? 0 : -2));
    } else {
        probe(4);
        assert(code == 0);
    }
}
