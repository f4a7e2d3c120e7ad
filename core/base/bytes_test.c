/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of core/base/bytes.c, whose functions are renamed here so that they
 * stand beside the C library's, and of the accessors in bytes.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bytes.h"

void *own_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *own_memmove(void *dst, const void *src, size_t n);
void *own_memset(void *dst, int byte, size_t n);
int own_memcmp(const void *a, const void *b, size_t n);
#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#include "core/base/bytes.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define SPAN 64u

static uint8_t source[SPAN], got[SPAN], wanted[SPAN];

static void fill(void)
{
    for (size_t i = 0; i < SPAN; i++) {
        source[i] = (uint8_t)(i * 37 + 11);
        got[i] = wanted[i] = (uint8_t)(i * 91 + 5);
    }
}

static void compare(void)
{
    for (size_t i = 0; i < SPAN; i++)
        assert_int_equal(got[i], wanted[i]);
}

/* Every place and length: what is asked for is copied, and not a byte beside it. */
static void copies_exactly(void **state)
{
    (void)state;
    for (size_t to = 0; to < 12; to++) {
        for (size_t from = 0; from < 12; from++) {
            for (size_t n = 0; n <= 40; n++) {
                fill();
                assert_ptr_equal(own_memcpy(got + to, source + from, n), got + to);
                for (size_t i = 0; i < n; i++)
                    wanted[to + i] = source[from + i];
                compare();
            }
        }
    }
}

static void moves_over_itself(void **state)
{
    (void)state;
    for (size_t to = 0; to < 24; to++) {
        for (size_t from = 0; from < 24; from++) {
            for (size_t n = 0; n <= 40; n++) {
                fill();
                for (size_t i = 0; i < n; i++)
                    wanted[to + i] = (uint8_t)((from + i) * 91 + 5);
                assert_ptr_equal(own_memmove(got + to, got + from, n), got + to);
                compare();
            }
        }
    }
}

static void sets_exactly(void **state)
{
    (void)state;
    static const int values[] = { 0, 1, 0x80, 0xff, 0x1a5, -1 };
    for (size_t to = 0; to < 12; to++) {
        for (size_t n = 0; n <= 40; n++) {
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                fill();
                assert_ptr_equal(own_memset(got + to, values[v], n), got + to);
                for (size_t i = 0; i < n; i++)
                    wanted[to + i] = (uint8_t)values[v];
                compare();
            }
        }
    }
}

/* The first byte that differs decides, as unsigned; what lies behind the length does not. */
static void compares_like_bytes(void **state)
{
    (void)state;
    static const uint8_t pairs[][2] = { { 0, 1 }, { 0x7f, 0x80 }, { 0, 0xff }, { 1, 0xfe } };
    for (size_t n = 0; n <= 20; n++) {
        memset(got, 7, SPAN);
        memset(wanted, 7, SPAN);
        wanted[n] = 8;
        assert_int_equal(own_memcmp(got, wanted, n), 0);
        for (size_t at = 0; at < n; at++) {
            for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++) {
                memset(got, 7, SPAN);
                memset(wanted, 7, SPAN);
                got[at] = pairs[p][0];
                wanted[at] = pairs[p][1];
                if (at + 1 < n)
                    got[at + 1] = 9; /* too late to count */
                assert_true(own_memcmp(got, wanted, n) < 0);
                assert_true(own_memcmp(wanted, got, n) > 0);
            }
        }
    }
}

static void little_endian(void **state)
{
    (void)state;
    static const uint8_t bytes[9] = { 0xff, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8 };
    assert_int_equal(load_le16(bytes + 1), 0x9281);
    assert_int_equal(load_le32(bytes + 1), 0xb4a39281u);
    assert_true(load_le64(bytes + 1) == 0xf8e7d6c5b4a39281u);
    for (size_t width = 2; width <= 8; width *= 2) {
        fill();
        memcpy(wanted + 3, bytes + 1, width);
        if (width == 2)
            store_le16(got + 3, 0x9281);
        else if (width == 4)
            store_le32(got + 3, 0xb4a39281u);
        else
            store_le64(got + 3, 0xf8e7d6c5b4a39281u);
        compare();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_exactly),      cmocka_unit_test(moves_over_itself), cmocka_unit_test(sets_exactly),
        cmocka_unit_test(compares_like_bytes), cmocka_unit_test(little_endian),
    };
    return cmocka_run_group_tests_name("base_bytes", tests, NULL, NULL);
}
