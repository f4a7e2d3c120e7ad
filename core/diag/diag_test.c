/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of bounded diagnostics: each rule of 19.3 to 19.7 by hand, then random
 * sequences in which the printed lines and counts must add up to the events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/diag/diag.h"

#define MS 1000000u
#define SECOND 1000000000u
#define OUTPUT_BYTES 65536u

/* ---- what was printed ------------------------------------------------------------------ */

static struct {
    char bytes[OUTPUT_BYTES];
    size_t len;
    uint64_t lines;      /* of events */
    uint64_t summaries;
    uint64_t suppressed; /* their sum */
    uint64_t of_pid[16]; /* lines and counts */
    bool full;           /* the sink takes nothing */
    struct diag *interrupt; /* an event comes while a line is being written */
} out;

static struct diag diag;
static const struct diag initial = DIAG_INITIAL;
static const struct diag_sink sink;

static struct diag_event event_of(uint32_t pid, enum diag_class class, int32_t code)
{
    return (struct diag_event){.key = {.pid = pid, .generation = pid + 100u, .class = class, .code = code},
                               .text = "text", .text_len = 4};
}

static void account(const char *line)
{
    unsigned long long number = 1;
    const char *pid = strstr(line, "pid=");
    assert_int_equal(strncmp(line, "[diag] ", 7), 0);
    assert_non_null(pid);
    if (sscanf(line, "[diag] suppressed=%llu", &number) == 1 || sscanf(line, "[diag] suppressed>=%llu", &number) == 1) {
        out.summaries++;
        out.suppressed += number;
    } else {
        out.lines++;
    }
    out.of_pid[strtoul(pid + 4, NULL, 10) % 16] += number;
}

static bool write_line(void *context, const char *bytes, size_t len)
{
    char line[DIAG_LINE_BYTES];
    assert_ptr_equal(context, &out);
    assert_true(len < sizeof line);
    if (out.full)
        return false;
    memcpy(line, bytes, len);
    line[len] = 0;
    account(line);
    if (out.len + len + 2 > sizeof out.bytes)
        out.len = 0;
    memcpy(out.bytes + out.len, line, len);
    out.len += len;
    out.bytes[out.len++] = '\n';
    out.bytes[out.len] = 0;
    if (out.interrupt != NULL) {
        struct diag_event event = event_of(9, DIAG_FAULT, 0);
        assert_true(diag_report(out.interrupt, &event, 0, &sink));
        assert_true(diag_tick(out.interrupt, 0, &sink));
        diag_exit(out.interrupt, 9, 109, 0, &sink);
    }
    return true;
}

static const struct diag_sink sink = {.write = write_line, .context = &out};

static int setup(void **state)
{
    (void)state;
    memset(&out, 0, sizeof out);
    diag = initial;
    return 0;
}

static void forget_output(void)
{
    out.len = 0;
    out.bytes[0] = 0;
}

static void expect_output(const char *wanted)
{
    assert_string_equal(out.bytes, wanted);
    forget_output();
}

static bool report(uint32_t pid, enum diag_class class, uint64_t now)
{
    struct diag_event event = event_of(pid, class, -1);
    return diag_report(&diag, &event, now, &sink);
}

/* How many lines `count` events at `now` give. */
static uint64_t burst(uint32_t pid, enum diag_class class, uint32_t count, uint64_t now)
{
    uint64_t before = out.lines;
    for (uint32_t i = 0; i < count; i++)
        (void)report(pid, class, now);
    return out.lines - before;
}

static uint64_t pending(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= DIAG_ENTRIES; i++)
        sum += diag.entries[i].suppressed;
    return sum;
}

/* ---- forms --------------------------------------------------------------------------------- */

static void test_forms(void **state)
{
    (void)state;
    struct diag_event event = event_of(7, DIAG_CAP_LOOKUP, -4);
    assert_false(diag_report(&diag, &event, 0, &sink));
    event.subject = "CALL";
    event.detail = 0x1f;
    assert_false(diag_report(&diag, &event, 0, &sink));
    expect_output("[diag] pid=7 class=cap-lookup code=-4 text\n"
                  "[diag] pid=7 class=cap-lookup code=-4 CALL user_data=0x1f: text\n");
    assert_int_equal(diag.entries[DIAG_ENTRIES].suppressed, 0);
}

static void test_class_names(void **state)
{
    (void)state;
    static const char *const names[] = {"other", "sqe-invalid", "user-buffer", "cap-lookup", "transfer", "endpoint",
                                        "quota", "ring-corrupt", "fault", "spawn", "manifest"};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char wanted[80];
        struct diag_event event = event_of(1, (enum diag_class)i, 0);
        assert_false(diag_report(&diag, &event, 0, &sink));
        snprintf(wanted, sizeof wanted, "[diag] pid=1 class=%s code=0 text\n", names[i]);
        expect_output(wanted);
    }
    assert_int_equal(DIAG_CLASS_COUNT, sizeof names / sizeof names[0]);
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    static char text[400];
    memset(text, 'x', sizeof text);
    struct diag_event event = event_of(UINT32_MAX, DIAG_RING_CORRUPT, INT32_MIN);
    event.text = text;
    event.text_len = sizeof text;
    assert_false(diag_report(&diag, &event, 0, &sink));
    assert_int_equal(out.len, DIAG_LINE_BYTES); /* the LF included */
}

/* ---- buckets ---------------------------------------------------------------------------------- */

/* Each part of a key makes another one, and the others do not. */
static void test_parts_of_a_key(void **state)
{
    static const struct diag_key first = {.pid = 1, .generation = 7, .class = DIAG_QUOTA, .code = -1};
    struct diag_key keys[] = {first, first, first, first, first};
    (void)state;
    keys[1].pid = 2;
    keys[2].generation = 8;
    keys[3].class = DIAG_SPAWN;
    keys[4].code = -2;
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct diag_event event = {.key = keys[i], .text = "text", .text_len = 4};
        uint64_t before = out.lines;
        for (uint32_t n = 0; n < DIAG_BURST + 3; n++)
            (void)diag_report(&diag, &event, 0, &sink);
        assert_int_equal(out.lines - before, i < 4 ? DIAG_BURST : 0); /* 32 lines of all keys */
        assert_int_equal(pending(), i < 4 ? (i + 1) * 3 : 4 * 3 + DIAG_BURST + 3);
    }
}

/* LA-09: eight lines, then one summary of 56. */
static void test_sixty_four(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_SQE_INVALID, 8, 5 * SECOND), 8);
    assert_int_equal(pending(), 0);
    assert_int_equal(burst(1, DIAG_SQE_INVALID, 56, 5 * SECOND + 100 * MS), 0);
    assert_int_equal(pending(), 56);
    forget_output();
    assert_false(diag_tick(&diag, 5 * SECOND + 1234 * MS, &sink));
    expect_output("[diag] suppressed=56 pid=1 class=sqe-invalid code=-1 window_ms=1134\n");
    assert_int_equal(pending(), 0);
    assert_false(diag_tick(&diag, 9 * SECOND, &sink)); /* told once */
    expect_output("");
}

static void test_key_refill(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_QUOTA, 20, SECOND), 8);
    assert_int_equal(burst(1, DIAG_QUOTA, 5, SECOND + 249 * MS + 999999), 0);
    assert_int_equal(burst(1, DIAG_QUOTA, 5, SECOND + 250 * MS), 1);
    /* what is left of a refill is not lost */
    assert_int_equal(burst(1, DIAG_QUOTA, 5, SECOND + 740 * MS), 1);
    assert_int_equal(burst(1, DIAG_QUOTA, 5, SECOND + 750 * MS), 1);
    assert_int_equal(burst(1, DIAG_QUOTA, 50, 60 * (uint64_t)SECOND), 8); /* never more than the burst */
}

static void test_time_goes_backwards(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_QUOTA, 10, 10 * (uint64_t)SECOND), 8);
    assert_int_equal(burst(1, DIAG_QUOTA, 10, SECOND), 0);
    assert_int_equal(burst(1, DIAG_QUOTA, 10, 10 * (uint64_t)SECOND + 249 * MS), 0);
    forget_output();
    assert_false(diag_tick(&diag, 1, &sink));
    expect_output("[diag] suppressed=22 pid=1 class=quota code=-1 window_ms=0\n");
    assert_int_equal(burst(1, DIAG_QUOTA, 3, 10 * (uint64_t)SECOND), 0);
    assert_true(diag_tick(&diag, 0, &sink)); /* no second has passed since the summary */
    expect_output("");
}

static void test_keys_are_apart(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_QUOTA, 10, SECOND), 8);
    assert_int_equal(burst(1, DIAG_SPAWN, 4, SECOND), 4);
    assert_int_equal(burst(2, DIAG_QUOTA, 4, SECOND), 4);
    struct diag_event event = event_of(1, DIAG_QUOTA, -9);
    assert_false(diag_report(&diag, &event, SECOND, &sink));
    event.key.generation++;
    assert_false(diag_report(&diag, &event, SECOND, &sink));
    assert_int_equal(pending(), 2);
}

static void test_global_bucket(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(burst(i + 1, DIAG_QUOTA, 8, SECOND), 8);
    assert_int_equal(burst(9, DIAG_QUOTA, 8, SECOND + 31249999), 0);
    assert_int_equal(burst(9, DIAG_QUOTA, 8, SECOND + 31250000), 0); /* the summary of the eight took it */
    assert_int_equal(burst(8, DIAG_QUOTA, 8, SECOND + 62500000), 1);
    assert_int_equal(burst(9, DIAG_QUOTA, 8, 3 * (uint64_t)SECOND), 8);
    assert_int_equal(diag.global.tokens, 32 - 8 - 1); /* a summary took one again */
}

static void count_codes(uint32_t pid, uint32_t codes, uint32_t events)
{
    for (uint32_t code = 0; code < codes; code++)
        for (uint32_t i = 0; i < events; i++) {
            struct diag_event event = event_of(pid, DIAG_QUOTA, -(int32_t)code);
            diag.global.tokens = 0;
            diag.global.last_ns = SECOND;
            assert_true(diag_report(&diag, &event, SECOND, &sink));
        }
}

static struct diag_entry *entry_of(uint32_t pid)
{
    for (uint32_t i = 0; i < DIAG_ENTRIES; i++)
        if (diag.entries[i].used && diag.entries[i].key.pid == pid)
            return &diag.entries[i];
    return NULL;
}

/* ---- summaries ---------------------------------------------------------------------------------- */

static void test_summary_before_line(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_QUOTA, 10, SECOND), 8);
    forget_output();
    assert_int_equal(burst(1, DIAG_QUOTA, 2, SECOND + 250 * MS), 1);
    expect_output("[diag] suppressed=2 pid=1 class=quota code=-1 window_ms=250\n[diag] pid=1 class=quota code=-1 text\n");
    assert_int_equal(burst(1, DIAG_QUOTA, 2, SECOND + 500 * MS), 1);
    assert_int_equal(burst(1, DIAG_QUOTA, 1, SECOND + 1249 * MS), 1);
    expect_output("[diag] pid=1 class=quota code=-1 text\n[diag] pid=1 class=quota code=-1 text\n");
    assert_int_equal(burst(1, DIAG_QUOTA, 1, SECOND + 1250 * MS), 1);
    expect_output("[diag] suppressed=2 pid=1 class=quota code=-1 window_ms=1000\n[diag] pid=1 class=quota code=-1 text\n");
}

/* The summary took the last token of all: the line is counted, for the next summary. */
static void test_summary_takes_last_token(void **state)
{
    (void)state;
    assert_int_equal(burst(1, DIAG_QUOTA, 10, SECOND), 8);
    diag.global = (struct diag_bucket){.last_ns = SECOND + 250 * MS, .tokens = 1};
    forget_output();
    assert_true(report(1, DIAG_QUOTA, SECOND + 250 * MS));
    expect_output("[diag] suppressed=2 pid=1 class=quota code=-1 window_ms=250\n");
    assert_int_equal(diag.global.tokens, 0);
    assert_int_equal(pending(), 1);
}

static void test_tick_needs_tokens(void **state)
{
    (void)state;
    (void)burst(1, DIAG_QUOTA, 10, SECOND);
    (void)burst(2, DIAG_QUOTA, 10, SECOND);
    diag.global = (struct diag_bucket){.last_ns = SECOND, .tokens = 0};
    forget_output();
    assert_true(diag_tick(&diag, SECOND, &sink));
    expect_output("");
    assert_true(diag_tick(&diag, SECOND + 32 * MS, &sink));
    assert_int_equal(out.summaries, 1);
    assert_false(diag_tick(&diag, SECOND + 64 * MS, &sink));
    assert_int_equal(out.summaries, 2);
    assert_int_equal(out.suppressed, 4);
}

/* With one token at each tick every key gets its turn. */
static void test_tick_takes_turns(void **state)
{
    (void)state;
    uint64_t now = SECOND;
    for (uint32_t round = 0; round < 6; round++, now += SECOND) {
        for (uint32_t pid = 1; pid <= 3; pid++)
            for (uint32_t i = 0; i < 9; i++)
                (void)report(pid, DIAG_QUOTA, now);
        diag.global = (struct diag_bucket){.last_ns = now, .tokens = 1};
        memset(out.of_pid, 0, sizeof out.of_pid);
        (void)diag_tick(&diag, now, &sink);
        uint64_t told = 0;
        for (uint32_t pid = 1; pid <= 3; pid++)
            told += out.of_pid[pid] > 0;
        assert_int_equal(told, 1);
        diag.global.tokens = 0; /* events print nothing: only the tick tells */
        diag.global.last_ns = now + SECOND;
    }
    for (uint32_t i = 0; i < DIAG_ENTRIES; i++)
        assert_true(!diag.entries[i].used || diag.entries[i].summary_ns != 0);
}

static void test_saturation(void **state)
{
    (void)state;
    (void)burst(1, DIAG_QUOTA, 9, SECOND);
    for (uint32_t i = 0; i < DIAG_ENTRIES; i++)
        if (diag.entries[i].suppressed > 0)
            diag.entries[i].suppressed = UINT32_MAX - 2;
    assert_int_equal(burst(1, DIAG_QUOTA, 1, SECOND), 0);
    assert_int_equal(pending(), UINT32_MAX - 1);
    (void)burst(1, DIAG_QUOTA, 5, SECOND);
    assert_int_equal(pending(), UINT32_MAX);
    forget_output();
    (void)diag_tick(&diag, SECOND, &sink);
    expect_output("[diag] suppressed>=4294967295 pid=1 class=quota code=-1 window_ms=0\n");
    (void)burst(1, DIAG_QUOTA, 1, SECOND);
    assert_int_equal(pending(), 1);
}

static void test_full_sink(void **state)
{
    (void)state;
    out.full = true;
    assert_int_equal(burst(1, DIAG_QUOTA, 3, SECOND), 0);
    assert_int_equal(pending(), 3);
    assert_true(diag_tick(&diag, SECOND, &sink));
    diag_exit(&diag, 1, 101, SECOND + 5 * MS, &sink);
    assert_int_equal(pending(), 3);
    out.full = false;
    assert_false(diag_tick(&diag, 2 * (uint64_t)SECOND, &sink));
    expect_output("[diag] suppressed=3 pid=1 class=quota code=-1 window_ms=1000\n");
    assert_int_equal(diag.global.tokens, DIAG_GLOBAL_BURST - 1);
}

/* Eleven keys stay for the tick; the rest, which has no key, goes to the overflow entry. */
static void test_exit_without_room(void **state)
{
    (void)state;
    count_codes(1, 14, 2);
    out.full = true;
    diag_exit(&diag, 1, 101, SECOND, &sink);
    assert_int_equal(pending(), 28);
    assert_int_equal(diag.entries[DIAG_ENTRIES].suppressed, 6);
    out.full = false;
    diag_exit(&diag, 1, 101, SECOND, &sink);
    assert_int_equal(out.summaries, 11);
    assert_int_equal(pending(), 6);
    assert_null(entry_of(1));
}

/* ---- the byte budget ---------------------------------------------------------------------------- */

static void test_byte_budget(void **state)
{
    (void)state;
    struct diag_budget budget = {.limit = 2 * 44 + 43}; /* a line has 44 bytes with its LF */
    struct diag_event event = event_of(1, DIAG_SQE_INVALID, -1);
    event.budget = &budget;
    assert_false(diag_report(&diag, &event, SECOND, &sink));
    assert_int_equal(out.len, 44);
    assert_false(diag_report(&diag, &event, SECOND, &sink));
    assert_true(diag_report(&diag, &event, SECOND, &sink));
    assert_true(diag_report(&diag, &event, SECOND + 999999999, &sink));
    assert_int_equal(out.lines, 2);
    assert_int_equal(pending(), 2);
    (void)diag_report(&diag, &event, 2 * (uint64_t)SECOND, &sink);
    assert_int_equal(out.lines, 3);
    assert_int_equal(budget.used, 44);
    assert_int_equal(budget.limit, 2 * 44 + 43);
    budget = (struct diag_budget){.limit = 43};
    (void)diag_report(&diag, &event, 9 * (uint64_t)SECOND, &sink);
    assert_int_equal(out.lines, 3);
    budget.limit = 44;
    (void)diag_report(&diag, &event, 9 * (uint64_t)SECOND, &sink);
    assert_int_equal(out.lines, 4);
    budget.limit = 0; /* none */
    budget.used = UINT64_MAX;
    (void)diag_report(&diag, &event, 9 * (uint64_t)SECOND, &sink);
    assert_int_equal(out.lines, 5);
}

/* ---- the table ------------------------------------------------------------------------------------ */

/* Pids whose keys begin in the same place; the first one's entry is alone there. */
static void find_neighbours(uint32_t *pids, uint32_t count)
{
    uint32_t found = 0, place = 0;
    for (uint32_t pid = 1; found < count; pid++) {
        diag = initial;
        (void)report(pid, DIAG_QUOTA, 0);
        uint32_t at = (uint32_t)(entry_of(pid) - diag.entries);
        if (found == 0)
            place = at;
        if (at == place)
            pids[found++] = pid;
    }
    (void)setup(NULL);
}

static void test_eviction(void **state)
{
    (void)state;
    uint32_t pids[10];
    find_neighbours(pids, 10);
    for (uint32_t i = 0; i < 8; i++)
        (void)burst(pids[i], DIAG_QUOTA, 1, SECOND + i * MS);
    (void)burst(pids[0], DIAG_QUOTA, 1, 2 * (uint64_t)SECOND); /* refilled lately */
    (void)burst(pids[1], DIAG_QUOTA, 9, SECOND + MS);          /* has a count */
    assert_non_null(entry_of(pids[2]));
    assert_int_equal(burst(pids[8], DIAG_QUOTA, 1, 2 * (uint64_t)SECOND), 1);
    assert_null(entry_of(pids[2])); /* the oldest without a count */
    assert_non_null(entry_of(pids[0]));
    assert_int_equal(entry_of(pids[1])->suppressed, 2);
    assert_non_null(entry_of(pids[8]));
    /* a free one is taken first */
    *entry_of(pids[3]) = (struct diag_entry){.used = false};
    (void)report(pids[9], DIAG_QUOTA, 2 * (uint64_t)SECOND);
    for (uint32_t i = 4; i < 10; i++)
        assert_non_null(entry_of(pids[i]));
}

static void test_overflow_entry(void **state)
{
    (void)state;
    uint32_t pids[10];
    find_neighbours(pids, 10);
    for (uint32_t i = 0; i < 8; i++) {
        diag.global.tokens = 32;
        (void)burst(pids[i], DIAG_QUOTA, 9, SECOND);
    }
    diag.global.tokens = 32;
    uint64_t before = pending();
    assert_int_equal(burst(pids[8], DIAG_QUOTA, 3, SECOND), 3); /* said with its own key */
    assert_int_equal(burst(pids[9], DIAG_SPAWN, 1, SECOND), 1);
    assert_int_equal(burst(pids[9], DIAG_QUOTA, 8, SECOND), 8 - 3);
    assert_int_equal(pending() - before, 3);
    forget_output();
    for (uint32_t i = 0; i < DIAG_ENTRIES; i++)
        diag.entries[i].suppressed = 0;
    assert_false(diag_tick(&diag, SECOND, &sink));
    expect_output("[diag] suppressed=3 pid=0 class=other code=0 window_ms=0\n");
}

/* ---- ends ------------------------------------------------------------------------------------------ */

static void test_exit_tells_all(void **state)
{
    (void)state;
    count_codes(1, 11, 3);
    count_codes(2, 1, 5);
    diag_exit(&diag, 1, 101, SECOND, &sink); /* without any token */
    assert_int_equal(out.summaries, 11);
    assert_int_equal(out.of_pid[1], 33);
    assert_int_equal(out.of_pid[2], 0);
    assert_null(strstr(out.bytes, "class=other"));
    assert_null(entry_of(1));
    assert_int_equal(entry_of(2)->suppressed, 5);
    diag_exit(&diag, 2, 777, SECOND, &sink); /* another life */
    assert_int_equal(entry_of(2)->suppressed, 5);
}

static void test_exit_merges(void **state)
{
    (void)state;
    count_codes(1, 13, 2);
    forget_output();
    diag_exit(&diag, 1, 101, SECOND + 7 * MS, &sink);
    assert_int_equal(out.summaries, 12);
    assert_int_equal(out.suppressed, 26);
    assert_non_null(strstr(out.bytes, "[diag] suppressed=4 pid=1 class=other code=0 window_ms=7\n"));
    assert_int_equal(pending(), 0);
}

/* The earliest of the merged counts says when it began. */
static void test_merge_keeps_first(void **state)
{
    (void)state;
    count_codes(1, 13, 2);
    for (uint32_t i = 0, seen = 0; i < DIAG_ENTRIES; i++) {
        if (diag.entries[i].suppressed == 0)
            continue;
        seen++;
        diag.entries[i].first_ns = SECOND - (seen == 12 ? 500 : seen == 13 ? 200 : 0) * MS;
    }
    diag_exit(&diag, 1, 101, SECOND, &sink);
    assert_non_null(strstr(out.bytes, "[diag] suppressed=4 pid=1 class=other code=0 window_ms=500\n"));
}

static void test_flush(void **state)
{
    (void)state;
    count_codes(1, 14, 2);
    diag.busy = 1; /* the owner will never come back */
    struct diag_event event = event_of(3, DIAG_QUOTA, -1);
    assert_true(diag_report(&diag, &event, SECOND, &sink));
    forget_output();
    diag_flush(&diag, SECOND, &sink);
    assert_int_equal(out.summaries, 15);
    assert_int_equal(out.suppressed, 29);
    assert_non_null(strstr(out.bytes, "[diag] suppressed=1 pid=0 class=other code=0 window_ms=0\n"));
    diag_flush(&diag, SECOND, &sink);
    assert_int_equal(out.summaries, 15);
}

/* An interrupt in the middle of it: nothing waits, what cannot be said is counted. */
static void test_contended(void **state)
{
    (void)state;
    out.interrupt = &diag;
    (void)burst(1, DIAG_QUOTA, 3, SECOND);
    out.interrupt = NULL;
    assert_int_equal(diag.contended, 3);
    assert_int_equal(out.lines, 3);
    forget_output();
    assert_false(diag_tick(&diag, SECOND, &sink));
    expect_output("[diag] suppressed=3 pid=0 class=other code=0 window_ms=0\n");
    assert_int_equal(diag.contended, 0);
    assert_int_equal(diag.busy, 0);
}

/* ---- random sequences: LA-01, LA-07 ---------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

struct world {
    uint64_t now;
    uint64_t events;
    struct diag_budget budgets[16];
};

static void random_event(struct world *world)
{
    uint32_t pid = 1 + below(15);
    struct diag_event event = event_of(pid, (enum diag_class)(1 + below(DIAG_CLASS_COUNT - 1)), -(int32_t)below(4));
    event.budget = &world->budgets[pid];
    event.subject = below(2) == 0 ? "CALL" : NULL;
    for (uint32_t times = below(8) == 0 ? below(200) : 1; times > 0; times--, world->events++)
        (void)diag_report(&diag, &event, world->now, &sink);
}

static void random_step(struct world *world)
{
    uint32_t pid = 1 + below(15), kind = below(100);
    if (kind < 60)
        random_event(world);
    else if (kind < 80)
        world->now += below(300 * MS);
    else if (kind < 84)
        world->now -= world->now < SECOND ? 0 : below(SECOND);
    else if (kind < 90)
        (void)diag_tick(&diag, world->now, &sink);
    else if (kind < 95)
        (void)diag_exit(&diag, pid, pid + 100u, world->now, &sink);
    else if (kind < 97)
        out.interrupt = out.interrupt == NULL ? &diag : NULL;
    else
        out.full = !out.full;
}

/* Interrupting events are counted as well: one for each line written meanwhile. */
static void check_conservation(const struct world *world, uint64_t interrupting)
{
    uint64_t told = out.lines + out.suppressed + pending() + diag.contended;
    assert_int_equal(told, world->events + interrupting);
}

static void test_conservation(void **state)
{
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct world world = {.now = SECOND};
        uint64_t interrupting = 0;
        (void)setup(state);
        random_state = seed;
        for (uint32_t pid = 0; pid < 16; pid += 3)
            world.budgets[pid].limit = 50 + below(400);
        for (uint32_t step = 0; step < 600; step++) {
            bool interrupted = out.interrupt != NULL;
            uint64_t written = out.lines + out.summaries;
            random_step(&world);
            if (interrupted && out.interrupt != NULL)
                interrupting += out.lines + out.summaries - written;
            check_conservation(&world, interrupting);
        }
        out.full = false;
        out.interrupt = NULL;
        diag_flush(&diag, world.now, &sink);
        assert_int_equal(out.lines + out.suppressed, world.events + interrupting);
    }
}

/* One key, events all the time: never more than a burst and the refills, however the times fall. */
static void test_bounded(void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        uint64_t now = 0;
        (void)setup(state);
        random_state = seed;
        for (uint32_t step = 0; step < 5000; step++) {
            now += below(40 * MS);
            (void)report(1, DIAG_QUOTA, now);
            if (below(30) == 0)
                (void)diag_tick(&diag, now, &sink);
            assert_true(out.lines <= DIAG_BURST + now / DIAG_REFILL_NS);
            assert_true(out.summaries <= 1 + now / DIAG_SECOND_NS);
        }
        assert_true(out.lines >= now / DIAG_REFILL_NS); /* and not less: what may be said is */
    }
}

/* Of all keys together: 32 and 32 a second, summaries included. */
static void test_all_bounded(void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct world world = {.now = 0};
        (void)setup(state);
        random_state = seed;
        for (uint32_t step = 0; step < 2000; step++) {
            world.now += below(20 * MS);
            random_event(&world);
            if (below(50) == 0)
                (void)diag_tick(&diag, world.now, &sink);
            assert_true(out.lines + out.summaries <= DIAG_GLOBAL_BURST + world.now / DIAG_GLOBAL_REFILL_NS);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_forms), TEST(test_class_names), TEST(test_long_text_is_cut), TEST(test_sixty_four), TEST(test_parts_of_a_key),
        TEST(test_key_refill), TEST(test_time_goes_backwards), TEST(test_keys_are_apart), TEST(test_global_bucket),
        TEST(test_summary_before_line), TEST(test_summary_takes_last_token), TEST(test_tick_needs_tokens),
        TEST(test_tick_takes_turns), TEST(test_saturation), TEST(test_full_sink), TEST(test_exit_without_room), TEST(test_byte_budget),
        TEST(test_eviction), TEST(test_overflow_entry), TEST(test_exit_tells_all), TEST(test_exit_merges),
        TEST(test_merge_keeps_first), TEST(test_flush), TEST(test_contended),
        TEST(test_conservation), TEST(test_bounded), TEST(test_all_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
