/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the proofs of the message reader share: an arbitrary message, an
 * arbitrary valid view of it, and the words of the body read in another way
 * than the reader does. Included behind the production sources.
 */
#pragma once

#ifndef WORDS
#define WORDS 6u /* of the body */
#endif

static struct capn_message message;
static struct capn_message before;
static struct capn_struct view;
static bool utf8_answer;

/* Stands for the check of core/base/text.c: any answer, and the text must be inside the body. */
bool utf8_valid(const char *bytes, size_t len)
{
    const uint8_t *first = (const uint8_t *)bytes;
    assert(first >= message.body && len <= (size_t)(message.body + WORDS * CAPN_WORD - first));
    utf8_answer = nondet_bool();
    return utf8_answer;
}

/* The bytes, cut into one or two segments, so that the last ends with the memory. */
static void any_message(const uint8_t *body)
{
    uint32_t first = nondet_u32();
    assume(first <= WORDS);
    message.body = body;
    message.segment_count = nondet_bool() ? 2 : 1;
    message.words_left = nondet_u64();
    message.nesting = nondet_u32();
    message.segments[0].start = 0;
    message.segments[0].words = message.segment_count == 2 ? first : WORDS;
    message.segments[1].start = first;
    message.segments[1].words = WORDS - first;
    before = message;
}

/* A struct of any size anywhere in a segment, as the functions below make them. */
static void any_view(const uint8_t *body)
{
    uint32_t data_at = nondet_u32();
    any_message(body);
    view.message = &message;
    view.segment = nondet_bool() ? 1 : 0;
    assume(view.segment < message.segment_count);
    uint32_t words = message.segments[view.segment].words;
    view.pointers = nondet_u32();
    view.pointer_count = nondet_u16();
    view.data_bytes = nondet_u32();
    view.nesting = nondet_u16();
    assume(view.pointers <= words && view.pointer_count <= words - view.pointers);
    assume(data_at <= words && view.data_bytes <= (words - data_at) * CAPN_WORD);
    view.data = message.body + (message.segments[view.segment].start + data_at) * CAPN_WORD;
}

static uint64_t word_of(uint32_t segment, uint64_t word)
{
    uint64_t value = 0;
    const uint8_t *at = message.body + (message.segments[segment].start + word) * CAPN_WORD;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/* The place of `words` words is in the segment. */
static bool fits(uint32_t segment, int64_t at, uint64_t words)
{
    int64_t size = message.segments[segment].words;
    return at >= 0 && at <= size && words <= (uint64_t)(size - at);
}

/* The budget after `words` more words were visited. */
static uint64_t left_after(uint64_t left, uint64_t words)
{
    return words <= left ? left - words : 0;
}

/* What the pointer in `slot` names, by the function that the proof above is about; the message stays as it is. */
static enum capn_error resolved(uint32_t slot, struct object *object, uint64_t *left)
{
    enum capn_error error = resolve(&message, view.segment, view.pointers + slot, object);
    *left = message.words_left;
    message.words_left = before.words_left;
    return error;
}
