/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The line editor: any byte in any state. The invariant (the line is not
 * longer than its limit, the limit not more than the storage, and the bytes
 * behind the line are zero) is kept, and event, echo and line are exactly
 * those of docs/interfaces.md. Holds for every sequence of bytes by induction.
 */
#include "abi/limits.h"
#include "core/base/base_proof.h"

/* Storage of a line; the code takes each byte of it alike. */
#undef TERMINAL_LINE_BYTES_MAX
#define TERMINAL_LINE_BYTES_MAX 8u

#include "core/line/line.c"

static uint32_t old_len, at; /* `at` stands for each of the stored bytes */
static uint8_t old_byte;

/* The values of `line`, which has none yet, are those of any valid state. */
static void any_state(struct line_editor *line)
{
    at = nondet_u32();
    line->hidden = nondet_bool();
    line->allow_empty = nondet_bool();
    line->after_cr = nondet_bool();
    assume(line->len <= line->limit && line->limit <= 8 && at < 8);
    assume(at < line->len || line->bytes[at] == 0);
    old_len = line->len;
    old_byte = line->bytes[at];
}

static bool echoes(const struct line_echo *echo, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < 4; i++) {
        if (i < len && echo->bytes[i] != (uint8_t)text[i])
            return false;
    }
    return echo->len == len;
}

/* PROOF one_byte_in_any_state
 * of: line_feed, end_line, erase, append, print
 * bound: storage of 8 bytes for a line; every byte but the cancelling one, which the next proof has; every state
 * next: the 256 bytes of the system: half a minute
 * unwind: 5
 */
void one_byte_in_any_state(void)
{
    struct line_editor line; /* without a value: any */
    any_state(&line);
    const uint32_t limit = line.limit;
    const bool hidden = line.hidden, allow_empty = line.allow_empty, after_cr = line.after_cr;
    uint8_t byte = nondet_u8();
    struct line_echo echo;
    assume(byte != 3);
    enum line_event event = line_feed(&line, byte, &echo);
    assert(line.limit == limit && line.hidden == hidden && line.allow_empty == allow_empty);
    assert(line.after_cr == (byte == 0 ? after_cr : byte == 13));
    assert(line.len <= line.limit && (at < line.len || line.bytes[at] == 0));
    if (byte == 13 || (byte == 10 && !after_cr)) {
        probe(1);
        assert(event == (old_len != 0 || allow_empty ? LINE_SUBMITTED : LINE_PROMPT) && echoes(&echo, "\r\n", 2));
        assert(line.len == old_len && line.bytes[at] == old_byte);
    } else if (byte == 4) {
        probe(2);
        assert(event == (old_len == 0 ? LINE_CLOSED : LINE_NONE) && echo.len == 0);
        assert(line.len == old_len && line.bytes[at] == old_byte);
    } else if ((byte == 8 || byte == 127) && old_len != 0) {
        probe(3);
        assert(event == LINE_NONE && line.len == old_len - 1 && echoes(&echo, "\b \b", hidden ? 0 : 3));
        assert(line.bytes[at] == (at == line.len ? 0 : old_byte));
    } else if (byte >= 32 && byte != 127 && old_len < limit) {
        const char same[4] = {(char)byte, 0, 0, 0};
        probe(4);
        assert(event == LINE_NONE && line.len == old_len + 1 && echoes(&echo, same, hidden ? 0 : 1));
        assert(line.bytes[at] == (at == old_len ? byte : old_byte));
    } else {
        probe(5);
        assert(event == LINE_NONE && echo.len == 0 && line.len == old_len && line.bytes[at] == old_byte);
    }
}

/* PROOF a_line_is_cancelled
 * of: line_feed, line_wipe, print
 * bound: storage of 8 bytes for a line; every state
 * next: the 256 bytes of the system: half a minute
 * unwind: 5
 */
void a_line_is_cancelled(void)
{
    struct line_editor line; /* without a value: any */
    struct line_echo echo;
    any_state(&line);
    const uint32_t limit = line.limit;
    assert(line_feed(&line, 3, &echo) == LINE_CANCELLED && echoes(&echo, "^C\r\n", 4));
    probe(1);
    assert(line.len == 0 && line.bytes[at] == 0 && line.limit == limit && !line.after_cr);
}

/* PROOF a_line_begins_empty
 * of: line_begin, line_wipe, line_init
 * bound: storage of 8 bytes for a line; every state, every limit
 * next: the 256 bytes of the system: 4 s
 */
void a_line_begins_empty(void)
{
    struct line_editor line; /* without a value: any */
    any_state(&line);
    const bool after_cr = line.after_cr;
    uint32_t limit = nondet_u32();
    bool hidden = nondet_bool(), allow_empty = nondet_bool();
    line_begin(&line, limit, hidden, allow_empty);
    assert(line.len == 0 && line.bytes[at] == 0 && line.hidden == hidden && line.allow_empty == allow_empty);
    assert(line.after_cr == after_cr);
    if (limit <= 8) {
        probe(1);
        assert(line.limit == limit);
    } else {
        probe(2);
        assert(line.limit == 8);
    }
    line_init(&line);
    assert(line.len == 0 && line.limit == 0 && !line.after_cr && line.bytes[at] == 0);
}
