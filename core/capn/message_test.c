/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of stream framing: segment tables, whole and cut short, and the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/capn/message.h"
#include "core/capn/wire_words_test.h"

static void one_segment(void **state)
{
    (void)state;
    struct wire wire = wire_of(1, (uint32_t[]){ 2 }, (uint64_t[]){ 0, 7 });
    struct capn_message message;
    size_t size;
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_PARAMS, &size), CAPN_OK);
    assert_int_equal(size, 24);
    assert_int_equal(message.segment_count, 1);
    assert_int_equal(message.segments[0].start, 0);
    assert_int_equal(message.segments[0].words, 2);
    assert_ptr_equal(message.body, wire.bytes + 8);
    assert_int_equal(message.nesting, 32);
    assert_int_equal(message.words_left, 16384);
    wire_free(&wire);
}

static void several_segments(void **state)
{
    (void)state;
    for (uint32_t count = 2; count <= 64; count++) {
        uint32_t sizes[64];
        uint64_t words[64 * 2] = { 0 };
        for (uint32_t i = 0; i < count; i++)
            sizes[i] = i % 3;
        struct wire wire = wire_of(count, sizes, words);
        struct capn_message message;
        size_t size;
        assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_PARAMS, &size), CAPN_OK);
        assert_int_equal(size, wire.len);
        assert_int_equal(message.segment_count, count);
        uint32_t start = 0;
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(message.segments[i].words, sizes[i]);
            assert_int_equal(message.segments[i].start, start);
            start += sizes[i];
        }
        assert_ptr_equal(message.body + (size_t)start * 8, wire.bytes + wire.len);
        wire_free(&wire);
    }
}

/* Every proper prefix is refused, bytes behind the message are not looked at. */
static void cut_short(void **state)
{
    (void)state;
    struct wire wire = wire_of(3, (uint32_t[]){ 1, 0, 2 }, (uint64_t[]){ 1, 2, 3 });
    for (size_t len = 0; len < wire.len; len++) {
        struct capn_message message;
        struct wire prefix = { .storage = malloc(len + 1) };
        memcpy(prefix.storage + 1, wire.bytes, len);
        assert_int_equal(capn_message_open(&message, prefix.storage + 1, len, CAPN_LIMITS_PARAMS, NULL), CAPN_TRUNCATED);
        wire_free(&prefix);
    }
    uint8_t longer[256] = { 0 };
    struct capn_message message;
    size_t size;
    memcpy(longer, wire.bytes, wire.len);
    assert_int_equal(capn_message_open(&message, longer, sizeof longer, CAPN_LIMITS_PARAMS, &size), CAPN_OK);
    assert_int_equal(size, wire.len);
    wire_free(&wire);
}

static void too_many_segments(void **state)
{
    (void)state;
    uint32_t sizes[65] = { 0 };
    struct wire wire = wire_of(65, sizes, (uint64_t[]){ 0 });
    struct capn_message message;
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_PARAMS, NULL), CAPN_TOO_MANY_SEGMENTS);
    /* A caller's limit above the struct's room does not help. */
    struct capn_limits wide = { 1000, 32, 16384 }, narrow = { 2, 32, 16384 };
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, wide, NULL), CAPN_TOO_MANY_SEGMENTS);
    store_le32(wire.bytes, 2);
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, narrow, NULL), CAPN_TOO_MANY_SEGMENTS);
    store_le32(wire.bytes, 1);
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, narrow, NULL), CAPN_OK);
    store_le32(wire.bytes, 0xffffffff);
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, wide, NULL), CAPN_TOO_MANY_SEGMENTS);
    wire_free(&wire);
}

/* Sizes whose sum wraps 32 bits must not look small. */
static void huge_sizes(void **state)
{
    (void)state;
    struct wire wire = wire_of(2, (uint32_t[]){ 1, 1 }, (uint64_t[]){ 0, 0 });
    struct capn_message message;
    store_le32(wire.bytes + 4, 0xffffffff);
    store_le32(wire.bytes + 8, 3);
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_MANIFEST, NULL), CAPN_TRUNCATED);
    store_le32(wire.bytes + 8, 0xffffffff);
    assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_MANIFEST, NULL), CAPN_TRUNCATED);
    wire_free(&wire);
}

static void texts(void **state)
{
    (void)state;
    for (int i = 0; i < CAPN_ERROR_COUNT; i++) {
        assert_non_null(capn_error_text((enum capn_error)i));
        assert_string_not_equal(capn_error_text((enum capn_error)i), "unknown error");
    }
    assert_string_equal(capn_error_text(CAPN_ERROR_COUNT), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_segment), cmocka_unit_test(several_segments), cmocka_unit_test(cut_short),
        cmocka_unit_test(too_many_segments), cmocka_unit_test(huge_sizes), cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
