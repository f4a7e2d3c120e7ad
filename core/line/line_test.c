/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the line editor: every rule by an input script, and seeded bytes against the invariants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/line/line.h"

static struct line_editor line;
static char shown[2048];
static size_t shown_len;

static int setup(void **state)
{
    (void)state;
    memset(&line, 0xee, sizeof line);
    line_init(&line);
    line_begin(&line, 256, false, false);
    shown_len = 0;
    return 0;
}

/* Feeds all bytes, collects the echo, and returns the last event that was not NONE. */
static enum line_event feed(const char *bytes, size_t len)
{
    enum line_event last = LINE_NONE;
    struct line_echo echo;

    for (size_t i = 0; i < len; i++) {
        enum line_event event = line_feed(&line, (uint8_t)bytes[i], &echo);
        assert_true(echo.len <= sizeof echo.bytes && shown_len + echo.len < sizeof shown);
        memcpy(shown + shown_len, echo.bytes, echo.len);
        shown_len += echo.len;
        if (event != LINE_NONE)
            last = event;
    }
    shown[shown_len] = 0;
    return last;
}

#define FEED(text) feed(text, sizeof(text) - 1)

static void assert_line(const char *text)
{
    assert_int_equal(line.len, strlen(text));
    assert_memory_equal(line.bytes, text, line.len);
}

static void test_submits(void **state)
{
    (void)state;
    assert_int_equal(FEED("help"), LINE_NONE);
    assert_int_equal(FEED("\r"), LINE_SUBMITTED);
    assert_line("help");
    assert_string_equal(shown, "help\r\n");
}

/* From the space on everything is text; below it nothing is but what edits. */
static void test_first_text(void **state)
{
    (void)state;
    assert_int_equal(FEED("a\x1f" " b~\x80\xff"), LINE_NONE);
    assert_line("a b~\x80\xff");
    assert_string_equal(shown, "a b~\x80\xff");
}

/* CR, LF and CR LF each end one line; the LF of a CR LF may come after the next line began. */
static void test_line_ends(void **state)
{
    (void)state;
    assert_int_equal(FEED("a\n"), LINE_SUBMITTED);
    line_begin(&line, 256, false, true);
    assert_int_equal(FEED("b\r"), LINE_SUBMITTED);
    line_begin(&line, 256, false, true);
    shown_len = 0;
    assert_int_equal(FEED("\n"), LINE_NONE);
    assert_string_equal(shown, "");
    assert_int_equal(FEED("\n"), LINE_SUBMITTED);
    assert_int_equal(line.len, 0);
    line_begin(&line, 256, false, true);
    assert_int_equal(FEED("\r"), LINE_SUBMITTED);
    line_begin(&line, 256, false, true);
    assert_int_equal(FEED("\r"), LINE_SUBMITTED); /* two CRs are two lines */
    line_begin(&line, 256, false, true);
    assert_int_equal(FEED("x\n"), LINE_SUBMITTED); /* the byte between broke the pair */
    assert_line("x");
}

static void test_empty_line(void **state)
{
    (void)state;
    assert_int_equal(FEED("\r"), LINE_PROMPT);
    assert_string_equal(shown, "\r\n");
    assert_int_equal(FEED("\n"), LINE_NONE);
    assert_int_equal(FEED("a\b\r"), LINE_PROMPT);
    line_begin(&line, 256, false, true);
    assert_int_equal(FEED("\n"), LINE_NONE); /* still the LF of that CR */
    assert_int_equal(FEED("\n"), LINE_SUBMITTED);
    assert_line("");
}

static void test_cancel(void **state)
{
    (void)state;
    assert_int_equal(FEED("secret\x03"), LINE_CANCELLED);
    assert_string_equal(shown, "secret^C\r\n");
    assert_int_equal(line.len, 0);
    for (size_t i = 0; i < sizeof line.bytes; i++)
        assert_int_equal(line.bytes[i], 0);
}

static void test_erase(void **state)
{
    (void)state;
    assert_int_equal(FEED("\x08\x7f"), LINE_NONE);
    assert_string_equal(shown, "");
    assert_int_equal(FEED("ab\x08" "c\x7f" "d\r"), LINE_SUBMITTED);
    assert_line("ad");
    assert_string_equal(shown, "ab\b \bc\b \bd\r\n");
    line_begin(&line, 256, false, false);
    assert_int_equal(FEED("\xc3\xa9\x7f\r"), LINE_SUBMITTED); /* one byte, not one character */
    assert_line("\xc3");
}

static void test_hidden(void **state)
{
    (void)state;
    line_begin(&line, 256, true, false);
    assert_int_equal(FEED("pw\x7f" "x\r"), LINE_SUBMITTED);
    assert_line("px");
    assert_string_equal(shown, "\r\n");
    line_wipe(&line);
    assert_int_equal(line.len, 0);
    assert_int_equal(line.bytes[0], 0);
    line_begin(&line, 256, true, false);
    shown_len = 0;
    assert_int_equal(FEED("\x03"), LINE_CANCELLED);
    assert_string_equal(shown, "^C\r\n");
}

static void test_ignored_bytes(void **state)
{
    (void)state;
    assert_int_equal(FEED("a\0b\x01\x1b\x09\x1f\x04" "c"), LINE_NONE);
    assert_string_equal(shown, "abc");
    assert_int_equal(FEED("\r\0\n"), LINE_SUBMITTED); /* NUL does not part CR from LF */
    assert_line("abc");
    assert_string_equal(shown, "abc\r\n");
}

static void test_close(void **state)
{
    (void)state;
    assert_int_equal(FEED("a\x7f\x04"), LINE_CLOSED);
}

static void test_limits(void **state)
{
    char many[300];

    (void)state;
    memset(many, 'x', sizeof many);
    line_begin(&line, 1000, false, false);
    assert_int_equal(feed(many, sizeof many), LINE_NONE);
    assert_int_equal(line.len, 256);
    assert_int_equal(shown_len, 256);
    assert_int_equal(FEED("\x7fy\r"), LINE_SUBMITTED);
    assert_int_equal(line.len, 256);
    assert_int_equal(line.bytes[255], 'y');
    line_begin(&line, 3, false, false);
    assert_int_equal(FEED("abcd\r"), LINE_SUBMITTED);
    assert_line("abc");
    line_begin(&line, 0, false, true);
    assert_int_equal(FEED("\na\n"), LINE_SUBMITTED);
    assert_line("");
}

static void test_begin_forgets(void **state)
{
    (void)state;
    FEED("old\r");
    line_begin(&line, 256, false, false);
    assert_int_equal(line.len, 0);
    assert_int_equal(line.bytes[0], 0);
}

static void test_random_bytes(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        struct line_echo echo;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t r = seed >> 33;
        uint8_t byte = r % 3 == 0 ? (uint8_t)(r >> 8 & 31) : (uint8_t)(r >> 8);
        enum line_event event = line_feed(&line, byte, &echo);
        assert_true(line.len <= line.limit && line.limit <= 256 && echo.len <= 4);
        assert_true(event != LINE_SUBMITTED || line.len > 0 || line.allow_empty);
        if (line.hidden)
            assert_true(echo.len == 0 || echo.bytes[echo.len - 1] == '\n');
        if (event != LINE_NONE && event != LINE_PROMPT)
            line_begin(&line, (uint32_t)(r >> 16 & 511), (r >> 25 & 1) != 0, (r >> 26 & 1) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_submits, setup),
        cmocka_unit_test_setup(test_first_text, setup),       cmocka_unit_test_setup(test_line_ends, setup),
        cmocka_unit_test_setup(test_empty_line, setup),    cmocka_unit_test_setup(test_cancel, setup),
        cmocka_unit_test_setup(test_erase, setup),         cmocka_unit_test_setup(test_hidden, setup),
        cmocka_unit_test_setup(test_ignored_bytes, setup), cmocka_unit_test_setup(test_close, setup),
        cmocka_unit_test_setup(test_limits, setup),        cmocka_unit_test_setup(test_begin_forgets, setup),
        cmocka_unit_test_setup(test_random_bytes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
