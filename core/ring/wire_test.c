/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of core/ring/wire.c. The matrix stands here a second time, cell by
 * cell in the notation of the document, and a small interpreter of that
 * notation judges every field value of every opcode.
 */
#include "core/ring/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum field {
    FLAGS, METHOD, CAP, USER, ADDRESS, LENGTH, RESULT_LENGTH, RESULT_ADDRESS, DEP, FIELD, XFER,
    CALL, DISCLOSED, FIELDS
};

static const uint8_t opcodes[9] = {0, 1, 2, 3, 5, 6, 7, 8, 9};

/* "any", "0", "!0", or a list of the allowed values in hexadecimal; "&7": a subset of these bits. */
static const char *const matrix[FIELDS][9] = {
    /*                  CALL      RETURN   RECV   RELEASE NOP  CANCEL BENCH    PARK   UNPARK */
    [FLAGS] =          {"0 20",  "0 10",  "0",   "0",    "0",  "0",   "0",     "20",  "0"},
    [METHOD] =         {"any",   "0",     "0",   "0",    "0",  "0",   "0 1",   "0",   "0"},
    [CAP] =            {"any",   "any",   "any", "any",  "0",  "any", "any",   "any", "any"},
    [USER] =           {"any",   "any",   "any", "any",  "any","any", "any",   "any", "any"},
    [ADDRESS] =        {"any",   "any",   "0",   "0",    "0",  "0",   "!0",    "any", "any"},
    [LENGTH] =         {"any",   "any",   "0",   "0",    "0",  "0",   "any",   "any", "any"},
    [RESULT_LENGTH] =  {"any",   "0",     "any", "0",    "0",  "0",   "0",     "0",   "0"},
    [RESULT_ADDRESS] = {"any",   "0",     "any", "0",    "0",  "0",   "0",     "0",   "0"},
    [DEP] =            {"0",     "0",     "0",   "0",    "0",  "!0",  "0",     "any", "0"},
    [FIELD] =          {"0",     "0",     "0",   "0",    "0",  "0",   "0",     "0",   "0"},
    [XFER] =           {"any",   "xfer",  "0",   "0",    "0",  "0",   "0",     "0",   "0"},
    [CALL] =           {"owner", "any",   "0",   "0",    "0",  "0",   "0",     "!0",  "0"},
    [DISCLOSED] =      {"&7",    "0",     "0",   "0",    "0",  "0",   "0",     "0",   "0"},
};

static uint64_t field_value(const struct ring_sqe *sqe, enum field field)
{
    const uint64_t values[FIELDS] = {
        [FLAGS] = sqe->flags, [METHOD] = sqe->method_id, [CAP] = sqe->cap_id,
        [USER] = sqe->user_data, [ADDRESS] = sqe->addr, [LENGTH] = sqe->len,
        [RESULT_LENGTH] = sqe->result_len, [RESULT_ADDRESS] = sqe->result_addr,
        [DEP] = sqe->pipeline_dep, [FIELD] = sqe->pipeline_field, [XFER] = sqe->xfer_cap_count,
        [CALL] = sqe->call_id, [DISCLOSED] = sqe->session_disclosure,
    };
    return values[field];
}

/* Bits per field: values are cut to them. */
static const uint8_t widths[FIELDS] = {8, 16, 32, 64, 64, 32, 32, 64, 64, 16, 16, 32, 64};

static void set_field(struct ring_sqe *sqe, enum field field, uint64_t value)
{
    switch (field) {
    case FLAGS: sqe->flags = (uint8_t)value; break;
    case METHOD: sqe->method_id = (uint16_t)value; break;
    case CAP: sqe->cap_id = (uint32_t)value; break;
    case USER: sqe->user_data = value; break;
    case ADDRESS: sqe->addr = value; break;
    case LENGTH: sqe->len = (uint32_t)value; break;
    case RESULT_LENGTH: sqe->result_len = (uint32_t)value; break;
    case RESULT_ADDRESS: sqe->result_addr = value; break;
    case DEP: sqe->pipeline_dep = value; break;
    case FIELD: sqe->pipeline_field = (uint16_t)value; break;
    case XFER: sqe->xfer_cap_count = (uint16_t)value; break;
    case CALL: sqe->call_id = (uint32_t)value; break;
    case DISCLOSED: sqe->session_disclosure = value; break;
    case FIELDS: break;
    }
}

static bool in_list(const char *list, uint64_t value)
{
    uint64_t listed = 0;
    for (;; list++) {
        if (*list >= '0' && *list <= '9') {
            listed = listed * 16 + (uint64_t)(*list - '0');
            continue;
        }
        if (listed == value)
            return true;
        if (*list == '\0')
            return false;
        listed = 0;
    }
}

static bool cell_allows(const char *cell, const struct ring_sqe *sqe, uint64_t value)
{
    if (strcmp(cell, "any") == 0)
        return true;
    if (strcmp(cell, "!0") == 0)
        return value != 0;
    if (strcmp(cell, "&7") == 0)
        return value < 8;
    if (strcmp(cell, "owner") == 0)
        return (value != 0) == (sqe->flags == 0x20);
    if (strcmp(cell, "xfer") == 0)
        return sqe->flags != 0x10 || value == 0;
    return in_list(cell, value);
}

static int oracle(const struct ring_sqe *sqe)
{
    if (sqe->opcode == 4)
        return -5;
    for (size_t column = 0; column < 9; column++) {
        if (opcodes[column] != sqe->opcode)
            continue;
        for (unsigned int field = 0; field < FIELDS; field++) {
            uint64_t value = field_value(sqe, (enum field)field);
            if (!cell_allows(matrix[field][column], sqe, value))
                return -1;
        }
        return 0;
    }
    return -1;
}

/* The plainest valid entry of an opcode. */
static struct ring_sqe valid_sqe(size_t column)
{
    struct ring_sqe sqe = {.opcode = opcodes[column], .user_data = 1};
    if (sqe.opcode == RING_OP_CANCEL)
        sqe.pipeline_dep = 5;
    if (sqe.opcode == RING_OP_PARK_BENCH)
        sqe.addr = 0x1000;
    if (sqe.opcode == RING_OP_PARK) {
        sqe.flags = 0x20;
        sqe.call_id = 1;
    }
    return sqe;
}

static uint32_t accepted;
static uint32_t refused;

static void judge(const struct ring_sqe *sqe)
{
    int expected = oracle(sqe);
    assert_int_equal(ring_wire_check_measurement(sqe), expected);
    assert_int_equal(ring_wire_check(sqe), sqe->opcode == 7 ? -1 : expected);
    accepted += expected == 0;
    refused += expected == -1;
}

static void every_opcode_has_a_valid_entry(void **state)
{
    (void)state;
    for (size_t column = 0; column < 9; column++) {
        struct ring_sqe sqe = valid_sqe(column);
        assert_int_equal(oracle(&sqe), 0);
        judge(&sqe);
    }
}

/* Each bit of each field alone, and all bits, on top of each valid entry. */
static void every_field_value_is_judged(void **state)
{
    (void)state;
    for (size_t column = 0; column < 9; column++) {
        for (unsigned int field = 0; field < FIELDS; field++) {
            struct ring_sqe sqe = valid_sqe(column);
            set_field(&sqe, (enum field)field, 0);
            judge(&sqe);
            set_field(&sqe, (enum field)field, UINT64_MAX);
            judge(&sqe);
            for (uint8_t bit = 0; bit < widths[field]; bit++) {
                set_field(&sqe, (enum field)field, 1ull << bit);
                judge(&sqe);
            }
        }
    }
    assert_true(accepted > 1000 && refused > 1000);
}

/* Two fields at a time find the rules that tie fields together. */
static void every_pair_of_fields_is_judged(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 2, 7, 8, 0x10, 0x20, 0x30, 1ull << 40, UINT64_MAX};
    const size_t count = sizeof(values) / sizeof(values[0]);
    for (size_t column = 0; column < 9; column++) {
        for (unsigned int pair = 0; pair < FIELDS * FIELDS; pair++) {
            for (size_t choice = 0; choice < count * count; choice++) {
                struct ring_sqe sqe = valid_sqe(column);
                set_field(&sqe, (enum field)(pair / FIELDS), values[choice / count]);
                set_field(&sqe, (enum field)(pair % FIELDS), values[choice % count]);
                judge(&sqe);
            }
        }
    }
}

static void flags_take_exactly_the_listed_values(void **state)
{
    (void)state;
    for (size_t column = 0; column < 9; column++) {
        for (unsigned int flags = 0; flags < 256; flags++) {
            struct ring_sqe sqe = valid_sqe(column);
            sqe.flags = (uint8_t)flags;
            judge(&sqe);
            sqe.call_id = 9;
            judge(&sqe);
        }
    }
}

static void unknown_opcodes_are_refused_whatever_they_hold(void **state)
{
    (void)state;
    struct ring_sqe zero = {.opcode = 0};
    struct ring_sqe full;
    memset(&full, 0xff, sizeof(full));
    for (unsigned int opcode = 0; opcode < 256; opcode++) {
        zero.opcode = full.opcode = (uint8_t)opcode;
        judge(&zero);
        judge(&full);
    }
    zero.opcode = 4;
    assert_int_equal(ring_wire_check(&zero), -5);
    zero.opcode = 10;
    assert_int_equal(ring_wire_check(&zero), -1);
}

/* The entries on either side of each border between the classes, written out: without the matrix above and its interpreter. */
static void borders_between_the_classes(void **state)
{
    static const struct {
        const char *name;
        struct ring_sqe sqe;
        int expected, measurement;
    } borders[] = {
        {"the last opcode before FINISH", {.opcode = 3}, 0, 0},
        {"FINISH, well-formed or not", {.opcode = 4, .flags = 0xff, .pipeline_field = 1}, -5, -5},
        {"the first opcode behind FINISH", {.opcode = 5}, 0, 0},
        {"a NOP of a capability", {.opcode = 5, .cap_id = 1}, -1, -1},
        {"the measurement opcode, well-formed", {.opcode = 7, .addr = 1, .method_id = 1}, -1, 0},
        {"the measurement opcode with method 2", {.opcode = 7, .addr = 1, .method_id = 2}, -1, -1},
        {"the last known opcode", {.opcode = 9}, 0, 0},
        {"the first unknown opcode", {.opcode = 10}, -1, -1},
        {"the last unknown opcode", {.opcode = 255}, -1, -1},
        {"a CALL for a thread", {.opcode = 0, .flags = 0x20, .call_id = 1}, 0, 0},
        {"a CALL for no thread, flagged", {.opcode = 0, .flags = 0x20}, -1, -1},
        {"a CALL for a thread, not flagged", {.opcode = 0, .call_id = 1}, -1, -1},
        {"a CALL with all disclosure bits", {.opcode = 0, .session_disclosure = 7}, 0, 0},
        {"a CALL with one more", {.opcode = 0, .session_disclosure = 8}, -1, -1},
        {"a CALL with the highest", {.opcode = 0, .session_disclosure = 1ull << 63}, -1, -1},
        {"a RETURN with capabilities", {.opcode = 1, .xfer_cap_count = 1}, 0, 0},
        {"an exception with capabilities", {.opcode = 1, .flags = 0x10, .xfer_cap_count = 1}, -1, -1},
        {"an exception without", {.opcode = 1, .flags = 0x10}, 0, 0},
        {"a RECV with capabilities", {.opcode = 2, .xfer_cap_count = 1}, -1, -1},
        {"a CANCEL of nothing", {.opcode = 6}, -1, -1},
        {"a CANCEL of something", {.opcode = 6, .pipeline_dep = 1}, 0, 0},
        {"a PARK by a thread", {.opcode = 8, .flags = 0x20, .call_id = 1}, 0, 0},
        {"a PARK by none", {.opcode = 8, .flags = 0x20}, -1, -1},
        {"a PARK without its flag", {.opcode = 8, .call_id = 1}, -1, -1},
        {"an UNPARK with PARK's flag", {.opcode = 9, .flags = 0x20}, -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof borders / sizeof *borders; i++) {
        int got = (int)ring_wire_check(&borders[i].sqe), measured = (int)ring_wire_check_measurement(&borders[i].sqe);
        if (got != borders[i].expected || measured != borders[i].measurement)
            fail_msg("%s: %d, on a measurement kernel %d", borders[i].name, got, measured);
    }
}

static void foreign_entries_are_those_of_other_threads(void **state)
{
    (void)state;
    struct ring_sqe sqe = {.opcode = RING_OP_CALL, .flags = 0x20, .call_id = 7};
    assert_false(ring_wire_is_foreign(&sqe, 7));
    assert_true(ring_wire_is_foreign(&sqe, 8));
    sqe.flags = 0;
    assert_false(ring_wire_is_foreign(&sqe, 8)); /* RETURN: call_id is an endpoint call */
}

static void tick_answers_only_what_needs_no_thread(void **state)
{
    (void)state;
    for (unsigned int opcode = 0; opcode < 256; opcode++) {
        struct ring_sqe sqe = {.opcode = (uint8_t)opcode};
        bool needs_thread = opcode == 0 || opcode == 7 || opcode == 8 || opcode == 9;
        assert_int_equal(ring_wire_is_tick_safe(&sqe), !needs_thread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opcode_has_a_valid_entry),
        cmocka_unit_test(every_field_value_is_judged),
        cmocka_unit_test(every_pair_of_fields_is_judged),
        cmocka_unit_test(flags_take_exactly_the_listed_values),
        cmocka_unit_test(unknown_opcodes_are_refused_whatever_they_hold),
        cmocka_unit_test(borders_between_the_classes),
        cmocka_unit_test(foreign_entries_are_those_of_other_threads),
        cmocka_unit_test(tick_answers_only_what_needs_no_thread),
    };
    return cmocka_run_group_tests_name("ring_wire", tests, NULL, NULL);
}
