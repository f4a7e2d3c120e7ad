/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The formatter: each directive, widths, cut text. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capos/print.h"

static char out[256];

static const char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *formatted(const char *format, ...)
{
    struct text_buf buf = text_buf_over(out, sizeof out - 1);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    out[buf.len] = '\0';
    return out;
}

static void plain_text_and_percent(void **state)
{
    (void)state;
    assert_string_equal(formatted("no directives"), "no directives");
    assert_string_equal(formatted("100%% sure"), "100% sure");
    assert_string_equal(formatted("%s", ""), "");
}

static void signed_numbers(void **state)
{
    (void)state;
    assert_string_equal(formatted("%d %i", 0, -17), "0 -17");
    assert_string_equal(formatted("%d", INT_MIN), "-2147483648");
    assert_string_equal(formatted("%ld %lld", LONG_MIN, LLONG_MAX), "-9223372036854775808 9223372036854775807");
}

static void unsigned_numbers(void **state)
{
    (void)state;
    assert_string_equal(formatted("%u %x", UINT_MAX, 0xbeefu), "4294967295 beef");
    assert_string_equal(formatted("%lu %zu", ULONG_MAX, (size_t)7), "18446744073709551615 7");
    assert_string_equal(formatted("%lx", 0xffffffffffffffffUL), "ffffffffffffffff");
}

static void widths(void **state)
{
    (void)state;
    assert_string_equal(formatted("[%5d][%-5d][%05d]", 42, 42, 42), "[   42][42   ][00042]");
    assert_string_equal(formatted("[%05d][%5s][%-5s]", -42, "ab", "ab"), "[-0042][   ab][ab   ]");
    assert_string_equal(formatted("[%3u]", 12345u), "[12345]");
}

static void texts(void **state)
{
    (void)state;
    assert_string_equal(formatted("%c%c", 'o', 'k'), "ok");
    assert_string_equal(formatted("[%.*s]", 3, "abcdef"), "[abc]");
    assert_string_equal(formatted("[%.2s][%6.2s]", "abcdef", "abcdef"), "[ab][    ab]");
    char unterminated[3] = { 'x', 'y', 'z' };
    assert_string_equal(formatted("%.*s", 3, unterminated), "xyz");
    const char *volatile nothing = NULL;
    assert_string_equal(formatted("%s", nothing), "(null)");
}

static void cut_at_the_end_of_the_buffer(void **state)
{
    (void)state;
    struct text_buf buf = text_buf_over(out, 4);
    capos_format(&buf, "%d", 123456);
    assert_int_equal(buf.len, 4);
    assert_true(buf.truncated);
    assert_memory_equal(out, "1234", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_and_percent), cmocka_unit_test(signed_numbers), cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(widths), cmocka_unit_test(texts), cmocka_unit_test(cut_at_the_end_of_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
