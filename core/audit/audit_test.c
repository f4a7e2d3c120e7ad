/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/audit/audit.c. */
#include "core/audit/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct audit_log audit;
static const struct audit_record *record;
static const struct audit_event *event;

static int start(void **state)
{
    (void)state;
    memset(&audit, 0, sizeof audit);
    return 0;
}

static void append(uint32_t pid)
{
    audit_append(&audit, &(struct audit_record){.kind = AUDIT_SPAWN, .pid = pid, .sequence = 77}, NULL);
}

static void append_event(uint16_t what)
{
    audit_append(&audit, &(struct audit_record){.kind = AUDIT_PROGRAM}, &(struct audit_event){.event = what});
}

static void test_empty(void **state)
{
    (void)state;
    uint64_t cursor = 0;
    assert_false(audit_next(&audit, &cursor, &record, &event));
    assert_int_equal(cursor, 1);
    cursor = 900;
    assert_false(audit_next(&audit, &cursor, &record, &event));
    assert_int_equal(cursor, 1);
}

static void test_merged_in_order(void **state)
{
    (void)state;
    append(1);
    append_event(2);
    append_event(3);
    append(4);
    append_event(5);
    uint64_t cursor = 0;
    for (uint32_t i = 1; i <= 5; i++) {
        assert_true(audit_next(&audit, &cursor, &record, &event));
        assert_int_equal(record->sequence, i);
        assert_int_equal(cursor, i + 1);
        bool kernel = i == 1 || i == 4;
        assert_int_equal(event == NULL, kernel);
        assert_int_equal(kernel ? record->pid : event->event, i);
    }
    assert_false(audit_next(&audit, &cursor, &record, &event));
    assert_int_equal(cursor, 6);
    cursor = 4;
    assert_true(audit_next(&audit, &cursor, &record, &event));
    assert_int_equal(record->pid, 4);
}

/* A flood of programs' records leaves those of the kernel, and the other way round. */
static void test_rings_drop_their_own_oldest(void **state)
{
    (void)state;
    append(1);
    for (uint32_t i = 0; i < AUDIT_EVENTS_MAX + 10; i++)
        append_event((uint16_t)i);
    uint64_t cursor = 0;
    assert_true(audit_next(&audit, &cursor, &record, &event));
    assert_int_equal(record->pid, 1);
    for (uint32_t i = 10; i < AUDIT_EVENTS_MAX + 10; i++) {
        assert_true(audit_next(&audit, &cursor, &record, &event));
        assert_non_null(event);
        assert_int_equal(event->event, i);
        assert_int_equal(record->sequence, i + 2);
    }
    assert_false(audit_next(&audit, &cursor, &record, &event));
    for (uint32_t i = 0; i < AUDIT_RECORDS_MAX; i++)
        append(2);
    cursor = 0;
    assert_true(audit_next(&audit, &cursor, &record, &event));
    assert_non_null(event);
    assert_int_equal(event->event, 10);
    uint32_t kernel = 0;
    while (audit_next(&audit, &cursor, &record, &event))
        kernel += event == NULL;
    assert_int_equal(kernel, AUDIT_RECORDS_MAX);
}

static void test_texts(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'a', sizeof text);
    memcpy(text + 31, "\xc3\xa9", 2);
    memcpy(text + 46, "\xc3\xa9", 2);
    assert_int_equal(audit_keep_bytes(text, 80).len, 32);
    assert_int_equal(audit_keep_bytes(text, 31).len, 31);
    assert_int_equal(audit_keep_bytes(text, 50).len, 32);
    assert_int_equal(audit_keep_bytes(NULL, 0).len, 0);
    assert_memory_equal(audit_keep_bytes("z", 1).bytes, "z", 1);
    assert_memory_equal(audit_keep_bytes("xyz", 3).bytes, "xyz", 3);
    assert_int_equal(audit_keep_text(text, 80).len, 31);
    assert_int_equal(audit_keep_text(text, 5).len, 5);
    struct audit_record long_text = {0};
    audit_set_text(&long_text, text, 80);
    assert_int_equal(long_text.text_len, 46);
    audit_set_text(&long_text, "short", 5);
    assert_int_equal(long_text.text_len, 5);
    assert_memory_equal(long_text.text, "short", 5);
}

static void test_denials(void **state)
{
    (void)state;
    uint32_t recorded = 0;
    assert_false(audit_denial_counts(0));
    for (uint32_t i = 1; i <= 1000; i++)
        recorded += audit_denial_counts(i);
    assert_int_equal(recorded, 10);
    assert_true(audit_denial_counts(1) && audit_denial_counts(2) && audit_denial_counts(0x80000000u));
    assert_false(audit_denial_counts(3) || audit_denial_counts(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, start),
        cmocka_unit_test_setup(test_merged_in_order, start),
        cmocka_unit_test_setup(test_rings_drop_their_own_oldest, start),
        cmocka_unit_test_setup(test_texts, start),
        cmocka_unit_test_setup(test_denials, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
