/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the log ring: cuts, threshold, wrap-around, cursor rules, filter, a seeded reader that must miss nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/text.h"
#include "core/logring/logring.h"

static struct logring ring;
static struct logring_page page;

static int setup(void **state)
{
    (void)state;
    memset(&ring, 0xee, sizeof ring);
    logring_init(&ring, LOGRING_INFO);
    return 0;
}

static const struct logring_record *write(uint64_t tick, uint16_t level, const char *component, const char *message)
{
    const struct logring_entry entry = {
        .tick = tick, .pid = 9, .level = level, .component = component, .component_len = strlen(component),
        .message = message, .message_len = strlen(message),
    };
    return logring_write(&ring, &entry);
}

static void fill(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        assert_non_null(write(i, LOGRING_INFO, "net", "m"));
}

static void read_from(uint64_t cursor, uint32_t max)
{
    const struct logring_query query = { .cursor = cursor, .max_records = max };
    memset(&page, 0xee, sizeof page);
    logring_read(&ring, &query, &page);
}

static void test_write_and_read(void **state)
{
    (void)state;
    read_from(0, 16);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next_cursor, 0);
    const struct logring_record *stored = write(77, LOGRING_WARN, "init", "hello");
    assert_non_null(stored);
    read_from(0, 16);
    assert_int_equal(page.count, 1);
    assert_ptr_equal(page.records[0], stored);
    assert_int_equal(page.next_cursor, 1);
    assert_int_equal(page.dropped, 0);
    assert_int_equal(stored->tick, 77);
    assert_int_equal(stored->pid, 9);
    assert_int_equal(stored->level, LOGRING_WARN);
    assert_int_equal(stored->component_len, 4);
    assert_memory_equal(stored->component, "init", 5);
    assert_int_equal(stored->message_len, 5);
    assert_memory_equal(stored->message, "hello", 6);
}

static void test_threshold(void **state)
{
    (void)state;
    assert_null(write(1, LOGRING_DEBUG, "a", "b"));
    assert_int_equal(ring.next, 0);
    assert_non_null(write(1, LOGRING_INFO, "a", "b"));
    assert_int_equal(ring.next, 1);
}

static void test_texts_are_cut(void **state)
{
    char component[40];
    char message[200];

    (void)state;
    memset(component, 'c', sizeof component);
    memset(message, 'm', sizeof message);
    memcpy(component + 31, "\xc3\xa9", 2); /* a character across the end */
    memcpy(message + 158, "\xe2\x82\xac", 3);
    component[39] = 0;
    message[199] = 0;
    const struct logring_record *r = write(1, LOGRING_INFO, component, message);
    assert_non_null(r);
    assert_int_equal(r->component_len, 31);
    assert_int_equal(r->message_len, 158);
    assert_true(utf8_valid(r->component, r->component_len) && utf8_valid(r->message, r->message_len));
    memset(component, 'c', sizeof component - 1);
    memset(message, 'm', sizeof message - 1);
    r = write(1, LOGRING_INFO, component, message);
    assert_non_null(r);
    assert_int_equal(r->component_len, 32);
    assert_int_equal(r->message_len, 160);
    r = write(1, LOGRING_INFO, "", "");
    assert_non_null(r);
    assert_int_equal(r->component_len + r->message_len, 0);
}

static void test_pages_of_sixteen(void **state)
{
    (void)state;
    fill(20);
    read_from(0, 1000);
    assert_int_equal(page.count, 16);
    assert_int_equal(page.records[15]->tick, 15);
    assert_int_equal(page.next_cursor, 16);
    read_from(16, 16);
    assert_int_equal(page.count, 4);
    assert_int_equal(page.next_cursor, 20);
    read_from(3, 2);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.records[0]->tick, 3);
    assert_int_equal(page.next_cursor, 5);
}

static void test_cursor_rules(void **state)
{
    (void)state;
    fill(256);
    read_from(0, 0);
    assert_int_equal(page.next_cursor, 0);
    assert_int_equal(page.dropped, 0);
    fill(44);
    assert_int_equal(logring_overwritten(&ring), 44);
    read_from(0, 0); /* nothing consumed, the cursor is clamped */
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next_cursor, 44);
    assert_int_equal(page.dropped, 44);
    read_from(40, 1);
    assert_int_equal(page.records[0]->tick, 44);
    assert_int_equal(page.next_cursor, 45);
    assert_int_equal(page.dropped, 4);
    read_from(44, 1);
    assert_int_equal(page.dropped, 0);
    read_from(299, 5);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.records[0]->tick, 43);
    read_from(UINT64_MAX, 5);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next_cursor, 300);
    assert_int_equal(page.dropped, 0);
}

static void test_filter(void **state)
{
    struct logring_query query = { .max_records = 1, .min_level = LOGRING_WARN, .prefix = "net", .prefix_len = 3 };

    (void)state;
    write(0, LOGRING_ERROR, "disk", "");
    write(1, LOGRING_INFO, "net", "");
    write(2, LOGRING_ERROR, "ne", "");
    write(3, LOGRING_WARN, "net.tcp", "");
    write(4, LOGRING_WARN, "disk", "");
    write(5, LOGRING_ERROR, "net", "");
    write(6, LOGRING_INFO, "net", "");
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.records[0]->tick, 3);
    assert_int_equal(page.next_cursor, 4);
    query.cursor = 4;
    query.max_records = 5;
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.records[0]->tick, 5);
    assert_int_equal(page.next_cursor, 7); /* past the one filtered out at the end */
}

/* Nor into the zeros behind a shorter name: a text may hold them. */
static void test_prefix_with_zeros(void **state)
{
    (void)state;
    struct logring_query query = { .max_records = 1, .prefix = "ab\0", .prefix_len = 3 };
    const struct logring_entry entry = { .level = LOGRING_ERROR, .component = "ab", .component_len = 2 };
    assert_non_null(logring_write(&ring, &entry));
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 0);
    query.prefix_len = 2;
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 1);
}

/* The prefix must not run on into the message. */
static void test_long_prefix(void **state)
{
    char text[34];
    struct logring_query query = { .max_records = 1, .prefix = text, .prefix_len = 33 };

    (void)state;
    memset(text, 'c', 33);
    text[33] = 0;
    assert_non_null(write(0, LOGRING_INFO, text, "ccc"));
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 0);
    query.prefix_len = 32;
    logring_read(&ring, &query, &page);
    assert_int_equal(page.count, 1);
}

/* A reader that follows its cursor sees each record once, or has it counted as dropped. */
static void test_reader_misses_nothing(void **state)
{
    uint64_t seed = 9;
    uint64_t written = 0;
    uint64_t seen = 0;
    uint64_t dropped = 0;
    uint64_t cursor = 0;

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (uint64_t n = (seed >> 40) % 36; n > 0; n--)
            write(written++, LOGRING_INFO, "x", "y");
        read_from(cursor, (uint32_t)(seed >> 50) % 20);
        assert_true(page.count <= 16);
        cursor = page.next_cursor;
        dropped += page.dropped;
        for (uint32_t i = 0; i < page.count; i++)
            assert_int_equal(page.records[i]->tick, cursor - page.count + i);
        seen += page.count;
        assert_int_equal(seen + dropped, cursor);
    }
    assert_true(dropped > 1000 && seen > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_write_and_read, setup),
        cmocka_unit_test_setup(test_threshold, setup),
        cmocka_unit_test_setup(test_texts_are_cut, setup),
        cmocka_unit_test_setup(test_pages_of_sixteen, setup),
        cmocka_unit_test_setup(test_cursor_rules, setup),
        cmocka_unit_test_setup(test_filter, setup),
        cmocka_unit_test_setup(test_long_prefix, setup),
        cmocka_unit_test_setup(test_prefix_with_zeros, setup),
        cmocka_unit_test_setup(test_reader_misses_nothing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
