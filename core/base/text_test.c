/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/base/text.h; UTF-8 against the definition by code points, exhaustively where that is possible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/text.h"

static void expect(const struct text_buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->bytes, text, buf->len);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *decimal, *hex;
    } rows[] = {
        { 0, "0", "0x0" },
        { 9, "9", "0x9" },
        { 10, "10", "0xa" },
        { 15, "15", "0xf" },
        { 16, "16", "0x10" },
        { 81985529216486895u, "81985529216486895", "0x123456789abcdef" },
        { UINT64_MAX, "18446744073709551615", "0xffffffffffffffff" },
    };
    static const struct {
        int64_t value;
        const char *text;
    } with_sign[] = { { 0, "0" }, { 1, "1" }, { -1, "-1" }, { -10, "-10" }, { INT64_MAX, "9223372036854775807" }, { INT64_MIN, "-9223372036854775808" } };
    char storage[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text_buf decimal = text_buf_over(storage, sizeof storage);
        text_buf_append_u64(&decimal, rows[i].value);
        expect(&decimal, rows[i].decimal);
        struct text_buf hex = text_buf_over(storage, sizeof storage);
        text_buf_append_hex(&hex, rows[i].value);
        expect(&hex, rows[i].hex);
    }
    for (size_t i = 0; i < sizeof with_sign / sizeof with_sign[0]; i++) {
        struct text_buf buf = text_buf_over(storage, sizeof storage);
        text_buf_append_i64(&buf, with_sign[i].value);
        expect(&buf, with_sign[i].text);
    }
}

/* Full to the last byte is not cut; one more is, for good, and nothing is written behind the capacity. */
static void fills_and_cuts(void **state)
{
    (void)state;
    char storage[6] = "......";
    struct text_buf buf = text_buf_over(storage, 5);
    assert_true(buf.len == 0 && buf.capacity == 5 && !buf.truncated);
    text_buf_append_str(&buf, "ab");
    text_buf_append(&buf, NULL, 0);
    text_buf_append_str(&buf, "cde");
    expect(&buf, "abcde");
    assert_false(buf.truncated);
    text_buf_append_str(&buf, "");
    assert_false(buf.truncated);
    text_buf_append_str(&buf, "f");
    expect(&buf, "abcde");
    assert_true(buf.truncated);
    assert_int_equal(storage[5], '.');

    struct text_buf split = text_buf_over(storage, 5);
    text_buf_append_str(&split, "abc\xe2\x82\xac"); /* a character of three bytes in a room of two */
    expect(&split, "abc");
    assert_true(split.truncated);
    struct text_buf exact = text_buf_over(storage + 1, 3);
    text_buf_append_str(&exact, "a\xff" "b"); /* what fits is taken as it is */
    assert_true(exact.len == 3 && !exact.truncated && memcmp(storage + 1, "a\xff" "b", 3) == 0);
    memcpy(storage + 1, "bc", 2);
    text_buf_append_str(&split, "d"); /* would fit, but comes too late */
    expect(&split, "abc");
}

static void equal_texts(void **state)
{
    (void)state;
    assert_true(text_equal("abc", 3, "abc", 3));
    assert_true(text_equal("abcd", 3, "abce", 3));
    assert_false(text_equal("abc", 3, "abd", 3));
    assert_false(text_equal("abc", 3, "abc", 2));
    assert_false(text_equal("abc", 2, "abc", 3));
    assert_true(text_equal(NULL, 0, NULL, 0));
    assert_true(text_equal("a", 0, NULL, 0));
    assert_false(text_equal("a", 0, "a", 1));
    assert_int_equal(text_len(""), 0);
    assert_int_equal(text_len("abc"), 3);
}

/* Length of the well-formed character that begins bytes[0..len): what some code point's one encoding is. */
static size_t by_definition(const uint8_t *bytes, size_t len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t need = bytes[0] < 0x80 ? 1 : (bytes[0] & 0xe0) == 0xc0 ? 2 : (bytes[0] & 0xf0) == 0xe0 ? 3 : (bytes[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (need == 0 || need > len)
        return 0;
    uint32_t point = need == 1 ? bytes[0] : bytes[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if (bytes[i] >> 6 != 2)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    return point < least[need] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0 : need;
}

static void check_character(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    size_t need = by_definition(bytes, len), whole = 0;
    while (whole < len && by_definition(bytes + whole, len - whole) != 0)
        whole += by_definition(bytes + whole, len - whole);
    assert_int_equal(utf8_valid(text, len), whole == len);
    for (size_t limit = 0; limit <= len + 1; limit++) {
        size_t cut = 0, step;
        while (cut < len && (step = by_definition(bytes + cut, len - cut)) != 0 && cut + step <= limit)
            cut += step;
        assert_int_equal(utf8_cut(text, len, limit), cut);
    }
    assert_true(need <= len);
}

/* All of one and two bytes; longer ones with every first and second byte, and the borders of what may follow. */
static void characters(void **state)
{
    (void)state;
    static const uint8_t borders[] = { 0x00, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xff };
    uint8_t bytes[4];
    for (unsigned first = 0; first < 256; first++) {
        bytes[0] = (uint8_t)first;
        check_character(bytes, 1);
        for (unsigned second = 0; second < 256; second++) {
            bytes[1] = (uint8_t)second;
            check_character(bytes, 2);
            for (size_t third = 0; third < sizeof borders; third++) {
                bytes[2] = borders[third];
                check_character(bytes, 3);
                for (size_t fourth = 0; fourth < sizeof borders; fourth++) {
                    bytes[3] = borders[fourth];
                    check_character(bytes, 4);
                }
            }
        }
    }
    assert_true(utf8_valid("", 0));
    assert_int_equal(utf8_cut("abc", 3, 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(fills_and_cuts),
        cmocka_unit_test(equal_texts),
        cmocka_unit_test(characters),
    };
    return cmocka_run_group_tests_name("base_text", tests, NULL, NULL);
}
