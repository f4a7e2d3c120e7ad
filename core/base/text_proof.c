/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * UTF-8 and bounded text, for every content: nothing behind the bytes is read
 * or written, a character is accepted exactly when the standard's table of
 * well-formed sequences has it, and a cut falls between characters.
 */
#include "core/base/base_proof.h"
#include "core/base/text.c"

#define BYTES 5u

static bool follows(uint8_t byte)
{
    return byte >= 0x80 && byte <= 0xbf;
}

/* Length of the character at the start by its code point: shortest form, no surrogate, at most U+10FFFF. 0: none. */
static size_t character(const uint8_t *s, size_t len)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc0 && s[0] < 0xe0 && len >= 2 && follows(s[1]))
        return (uint32_t)(s[0] & 0x1f) << 6 >= 0x80 ? 2 : 0;
    if (s[0] >= 0xe0 && s[0] < 0xf0 && len >= 3 && follows(s[1]) && follows(s[2])) {
        uint32_t code = (uint32_t)(s[0] & 0xf) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3fu);
        return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0;
    }
    if (s[0] >= 0xf0 && s[0] < 0xf8 && len >= 4 && follows(s[1]) && follows(s[2]) && follows(s[3])) {
        uint32_t code = (uint32_t)(s[0] & 7) << 18 | (uint32_t)(s[1] & 0x3f) << 12 | (uint32_t)(s[2] & 0x3f) << 6;
        return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

/* PROOF one_character
 * of: utf8_char
 * bound: none: every content; a character has at most 4 bytes
 * unwind: 5
 */
void one_character(void)
{
    uint8_t bytes[BYTES]; /* without a value: any */
    size_t len = nondet_size();
    assume(len >= 1 && len <= BYTES);
    const uint8_t *start = bytes + (BYTES - len); /* so that the text ends with the memory */
    size_t expected = character(start, len);
    assert(utf8_char(start, len) == expected);
    if (expected == 0)
        probe(1);
    if (expected == 1)
        probe(2);
    if (expected == 4)
        probe(3);
}

/* PROOF a_cut_between_characters
 * of: utf8_cut, utf8_valid
 * bound: texts of up to 5 bytes, every content and limit: a character of each length and a rest
 * next: 8 bytes: four times the time
 * unwind: 7
 */
void a_cut_between_characters(void)
{
    uint8_t bytes[BYTES]; /* without a value: any */
    size_t len = nondet_size(), limit = nondet_size(), at = 0;
    assume(len <= BYTES);
    const uint8_t *start = bytes + (BYTES - len);
    size_t cut = utf8_cut((const char *)start, len, limit);
    while (at < cut) {
        size_t step = utf8_char(start + at, len - at);
        assert(step != 0);
        at += step;
    }
    assert(at == cut && cut <= len && cut <= limit);
    assert(utf8_valid((const char *)start, len) == (utf8_cut((const char *)start, len, len) == len));
    if (cut == len) {
        probe(1);
    } else if (utf8_char(start + cut, len - cut) == 0) {
        probe(2);
    } else {
        probe(3);
        assert(cut + utf8_char(start + cut, len - cut) > limit);
    }
}

/* PROOF text_stays_in_its_buffer
 * of: text_buf_append, text_buf_over
 * bound: buffers and texts of up to 4 bytes
 * next: 8 bytes: four times the time
 * unwind: 7
 */
void text_stays_in_its_buffer(void)
{
    char storage[4], from[4]; /* without a value: any */
    size_t capacity = nondet_size(), len = nondet_size(), at = nondet_size();
    assume(capacity <= 4 && len <= 4 && at < 4);
    struct text_buf buf = text_buf_over(storage + (4 - capacity), capacity);
    buf.len = nondet_size();
    buf.truncated = nondet_bool();
    assume(buf.len <= capacity);
    const struct text_buf old = buf;
    const char before = storage[at];
    text_buf_append(&buf, from, len);
    size_t room = capacity - old.len, kept = len <= room ? len : utf8_cut(from, len, room);
    size_t first = 4 - capacity + old.len; /* where the text goes in the storage */
    assert(buf.bytes == old.bytes && buf.capacity == capacity);
    if (old.truncated) {
        probe(1);
        assert(buf.truncated && buf.len == old.len && storage[at] == before);
        return;
    }
    assert(buf.len == old.len + kept && buf.truncated == (kept != len));
    if (at >= first && at - first < kept) {
        probe(2);
        assert(storage[at] == from[at - first]);
    } else {
        probe(3);
        assert(storage[at] == before);
    }
}
