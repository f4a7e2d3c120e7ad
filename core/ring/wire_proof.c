/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The wire check accepts exactly what the matrix of docs/abi.md says: every
 * one of the 2^512 entries. The matrix is written here a second time, column
 * by column as it stands in the document, and in another form than the code's.
 */
#include "core/base/base_proof.h"
#include "core/ring/wire.c"

static struct ring_sqe any_sqe(void)
{
    return (struct ring_sqe){nondet_u8(),  nondet_u8(),  nondet_u16(), nondet_u32(), nondet_u64(), nondet_u64(), nondet_u32(),
                             nondet_u32(), nondet_u64(), nondet_u64(), nondet_u16(), nondet_u16(), nondet_u32(), nondet_u64()};
}

static bool call_is_well_formed(const struct ring_sqe *e)
{
    if (e->flags == 0x20)
        return e->call_id != 0 && e->pipeline_dep == 0 && e->pipeline_field == 0 && e->session_disclosure <= 7;
    return e->flags == 0 && e->call_id == 0 && e->pipeline_dep == 0 && e->pipeline_field == 0 && e->session_disclosure <= 7;
}

static bool result_and_pipeline_are_zero(const struct ring_sqe *e)
{
    return e->result_len == 0 && e->result_addr == 0 && e->pipeline_field == 0 && e->session_disclosure == 0;
}

/* What RELEASE, NOP and CANCEL have in common. */
static bool only_names_something(const struct ring_sqe *e)
{
    return e->flags == 0 && e->method_id == 0 && e->addr == 0 && e->len == 0 && result_and_pipeline_are_zero(e) &&
           e->xfer_cap_count == 0 && e->call_id == 0;
}

static bool is_well_formed(const struct ring_sqe *e)
{
    switch (e->opcode) {
    case 0:
        return call_is_well_formed(e);
    case 1:
        return (e->flags == 0 || (e->flags == 0x10 && e->xfer_cap_count == 0)) && e->method_id == 0 &&
               result_and_pipeline_are_zero(e) && e->pipeline_dep == 0;
    case 2:
        return e->flags == 0 && e->method_id == 0 && e->addr == 0 && e->len == 0 && e->pipeline_dep == 0 &&
               e->pipeline_field == 0 && e->xfer_cap_count == 0 && e->call_id == 0 && e->session_disclosure == 0;
    case 3:
        return only_names_something(e) && e->pipeline_dep == 0;
    case 5:
        return only_names_something(e) && e->pipeline_dep == 0 && e->cap_id == 0;
    case 6:
        return only_names_something(e) && e->pipeline_dep != 0;
    case 8:
        return e->flags == 0x20 && e->method_id == 0 && result_and_pipeline_are_zero(e) && e->xfer_cap_count == 0 &&
               e->call_id != 0;
    case 9:
        return e->flags == 0 && e->method_id == 0 && result_and_pipeline_are_zero(e) && e->pipeline_dep == 0 &&
               e->xfer_cap_count == 0 && e->call_id == 0;
    default:
        return false;
    }
}

/* PROOF accepts_exactly_the_matrix
 * of: ring_wire_check, ring_wire_check_measurement, special_rules_hold, fields_in_use
 * bound: none: every entry
 */
void accepts_exactly_the_matrix(void)
{
    const struct ring_sqe sqe = any_sqe();
    int32_t result = (int32_t)ring_wire_check(&sqe);
    if (is_well_formed(&sqe)) {
        probe(1);
        assert(result == 0);
    } else if (sqe.opcode == 4) {
        probe(2);
        assert(result == -5);
    } else {
        probe(3);
        assert(result == -1);
    }
}

/* PROOF measurement_adds_one_opcode
 * of: ring_wire_check_measurement
 * bound: none: every entry
 */
void measurement_adds_one_opcode(void)
{
    const struct ring_sqe sqe = any_sqe();
    int32_t result = (int32_t)ring_wire_check_measurement(&sqe);
    if (sqe.opcode != 7) {
        probe(1);
        assert(result == (int32_t)ring_wire_check(&sqe));
        return;
    }
    bool well_formed = sqe.flags == 0 && sqe.method_id <= 1 && sqe.addr != 0 && result_and_pipeline_are_zero(&sqe) &&
                       sqe.pipeline_dep == 0 && sqe.xfer_cap_count == 0 && sqe.call_id == 0;
    probe(2);
    assert(result == (well_formed ? 0 : -1));
}

/* PROOF tick_and_owner
 * of: ring_wire_is_foreign, ring_wire_is_tick_safe
 * bound: none: every well-formed entry, every thread; of PARK_BENCH every entry
 */
void tick_and_owner(void)
{
    const struct ring_sqe sqe = any_sqe();
    uint32_t thread = nondet_u32();
    assume(is_well_formed(&sqe) || sqe.opcode == 7); /* 7 is there in measurement builds */
    bool owned = (sqe.opcode == 0 && sqe.flags == 0x20) || sqe.opcode == 8;
    assert(sqe.opcode == 7 || ring_wire_is_foreign(&sqe, thread) == (owned && sqe.call_id != thread));
    if (ring_wire_is_tick_safe(&sqe)) {
        probe(1);
        assert(sqe.opcode == 1 || sqe.opcode == 2 || sqe.opcode == 3 || sqe.opcode == 5 || sqe.opcode == 6);
    } else {
        probe(2);
        assert(sqe.opcode == 0 || sqe.opcode == 7 || sqe.opcode == 8 || sqe.opcode == 9);
    }
}
