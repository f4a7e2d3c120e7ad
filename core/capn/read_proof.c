/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reader of messages, for every content of the bytes: one pointer followed
 * from an arbitrary valid view of an arbitrary message of one or two segments.
 * Shown is that nothing outside the body is read, that a result lies in its
 * segment, that the answer is exactly the one the encoding demands (written
 * down here a second time), and that the budget and the nesting only go down,
 * so that every walk ends. A valid view gives valid views: the invariant is
 * kept by induction over any sequence of calls.
 */
#include "core/base/base_proof.h"
#include "core/capn/read.c"
#include "core/capn/capn_proof.h"

/* PROOF a_pointer_is_followed
 * of: resolve, enter_pad, follow_double_far, check_object, spend, offset_of
 * bound: a body of 6 words in 1 or 2 segments; every content, budget and place of the pointer
 * next: 16 words: twice the time
 * unwind: 9
 */
void a_pointer_is_followed(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct object object;
    any_message(body);
    uint32_t segment = nondet_bool() ? 1 : 0, at = nondet_u32();
    assume(segment < message.segment_count && at < message.segments[segment].words);
    enum capn_error error = resolve(&message, segment, at, &object);
    uint64_t word = word_of(segment, at);
    if ((word & 3) == 2) {
        uint32_t pad_words = (word & 4) != 0 ? 2 : 1;
        uint64_t pad_segment = word >> 32;
        uint32_t pad = (uint32_t)(word >> 3) & 0x1fffffff;
        if (pad_segment >= message.segment_count) {
            probe(1);
            assert(error == CAPN_UNKNOWN_SEGMENT && message.words_left == before.words_left);
            return;
        }
        segment = (uint32_t)pad_segment;
        if (!fits(segment, pad, pad_words)) {
            probe(2);
            assert(error == CAPN_OUT_OF_BOUNDS && message.words_left == before.words_left);
            return;
        }
        assert(message.words_left == left_after(before.words_left, pad_words));
        if (before.words_left < pad_words) {
            probe(3);
            assert(error == CAPN_TRAVERSAL);
            return;
        }
        word = word_of(segment, pad);
        if (pad_words == 2) {
            uint64_t named = word >> 32;
            if (named >= message.segment_count) {
                probe(4);
                assert(error == CAPN_UNKNOWN_SEGMENT);
            } else if ((word & 3) != 2) {
                probe(5);
                assert(error == CAPN_BAD_FAR);
            } else {
                probe(6);
                assert(error == CAPN_OK && object.segment == named && object.word == word_of(segment, pad + 1ull));
                assert(object.target == (int64_t)((word >> 3) & 0x1fffffff));
            }
            return;
        }
        probe(7);
        at = pad;
    } else {
        probe(8);
        assert(message.words_left == before.words_left);
    }
    assert(error == CAPN_OK && object.segment == segment && object.word == word);
    assert(object.target == (int64_t)at + 1 + ((int32_t)(uint32_t)word >> 2));
}

/* PROOF a_struct_lies_in_its_segment
 * of: capn_get_struct, read_struct, resolve_kind, expect_kind, capn_has, struct_data_words, struct_pointer_count, word_at
 * bound: a body of 6 words in 1 or 2 segments; every content, view, slot, budget and nesting
 * next: 16 words: twice the time
 * unwind: 9
 * solver: boolector
 */
void a_struct_lies_in_its_segment(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct object object;
    struct capn_struct out;
    uint64_t left;
    any_view(body);
    uint32_t slot = nondet_u32();
    bool there = slot < view.pointer_count && word_of(view.segment, view.pointers + slot) != 0;
    enum capn_error expected = there ? resolved(slot, &object, &left) : CAPN_OK;
    enum capn_error error = capn_get_struct(&view, slot, &out);
    assert(message.words_left <= before.words_left);
    if (!there) {
        probe(1);
        assert(error == CAPN_OK && out.message == NULL && out.data_bytes == 0 && out.pointer_count == 0);
        return;
    }
    if (view.nesting == 0) {
        probe(2);
        assert(error == CAPN_TOO_DEEP);
        return;
    }
    if (expected != CAPN_OK) {
        probe(3);
        assert(error == expected);
        return;
    }
    if ((object.word & 3) != 0) {
        probe(4);
        assert(error == ((object.word & 3) == 3 ? CAPN_CAPABILITY : CAPN_WRONG_KIND));
        return;
    }
    uint64_t data_words = object.word >> 32 & 0xffff, pointers = object.word >> 48;
    if (!fits(object.segment, object.target, data_words + pointers)) {
        probe(5);
        assert(error == (data_words + pointers == 0 ? CAPN_EMPTY_OUT_OF_BOUNDS : CAPN_OUT_OF_BOUNDS));
        return;
    }
    assert(message.words_left == left_after(left, data_words + pointers));
    if (data_words + pointers > left) {
        probe(6);
        assert(error == CAPN_TRAVERSAL);
        return;
    }
    probe(7);
    assert(error == CAPN_OK && out.message == &message && out.segment == object.segment);
    assert(out.nesting == view.nesting - 1 && out.data_bytes == data_words * 8 && out.pointer_count == pointers);
    assert(out.data == message.body + ((uint64_t)message.segments[object.segment].start + (uint64_t)object.target) * 8);
    assert(out.pointers == (uint64_t)object.target + data_words);
}

/* PROOF the_root
 * of: capn_root
 * bound: a body of 6 words in 1 or 2 segments; every content, budget and nesting of up to 2^16 - 1
 * next: 16 words: twice the time
 * unwind: 9
 */
void the_root(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct capn_struct out, same;
    any_message(body);
    assume(message.nesting <= UINT16_MAX);
    enum capn_error error = capn_root(&message, &out);
    if (message.segments[0].words == 0) {
        probe(1);
        assert(error == CAPN_OUT_OF_BOUNDS);
    } else if (before.words_left == 0) {
        probe(2);
        assert(error == CAPN_TRAVERSAL);
    } else if (word_of(0, 0) == 0) {
        probe(3);
        assert(error == CAPN_OK && out.message == NULL && out.data_bytes == 0 && out.pointer_count == 0);
        assert(message.words_left == before.words_left - 1);
    } else {
        uint64_t left = message.words_left;
        message.words_left = before.words_left - 1;
        assert(error == read_struct(&message, 0, 0, before.nesting, &same) && left == message.words_left);
        if (error == CAPN_OK) {
            probe(4);
            assert(out.data == same.data && out.pointers == same.pointers && out.data_bytes == same.data_bytes);
            assert(out.pointer_count == same.pointer_count && out.nesting == same.nesting && out.message == &message);
            assert(out.segment == same.segment);
        }
    }
}

/* PROOF fields_of_the_data_section
 * of: capn_get_u8, capn_get_u16, capn_get_u32, capn_get_u64, capn_get_i64, capn_get_bool, has_bytes
 * bound: a body of 6 words in 1 or 2 segments; every content, view and offset
 * next: 16 words: twice the time
 * unwind: 9
 */
void fields_of_the_data_section(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    any_view(body);
    uint32_t at = nondet_u32(), bit = nondet_u32();
    uint64_t expected = 0;
    for (uint32_t i = 0; i < 8; i++)
        expected |= i < view.data_bytes && at < view.data_bytes - i ? (uint64_t)view.data[at + i] << (8 * i) : 0;
    uint64_t room = at < view.data_bytes ? view.data_bytes - at : 0;
    assert(capn_get_u8(&view, at) == (room >= 1 ? (uint8_t)expected : 0));
    assert(capn_get_u16(&view, at) == (room >= 2 ? (uint16_t)expected : 0));
    assert(capn_get_u32(&view, at) == (room >= 4 ? (uint32_t)expected : 0));
    assert(capn_get_u64(&view, at) == (room >= 8 ? expected : 0));
    assert(capn_get_i64(&view, at) == (int64_t)(room >= 8 ? expected : 0));
    if (bit >> 3 < view.data_bytes) {
        probe(1);
        assert(capn_get_bool(&view, bit) == ((view.data[bit >> 3] & 1 << (bit & 7)) != 0));
    } else {
        probe(2);
        assert(!capn_get_bool(&view, bit));
    }
}

/* PROOF texts_and_data
 * of: capn_get_text, capn_get_data, read_bytes
 * bound: a body of 6 words in 1 or 2 segments; every content, view, slot and budget
 * next: 16 words: twice the time
 * unwind: 9
 */
void texts_and_data(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct object object;
    struct capn_data data;
    struct capn_text text;
    uint64_t left;
    any_view(body);
    uint32_t slot = nondet_u32();
    bool wants_text = nondet_bool();
    bool there = slot < view.pointer_count && word_of(view.segment, view.pointers + slot) != 0;
    enum capn_error expected = there ? resolved(slot, &object, &left) : CAPN_OK;
    enum capn_error error = wants_text ? capn_get_text(&view, slot, &text) : capn_get_data(&view, slot, &data);
    assert(message.words_left <= before.words_left);
    if (!there) {
        probe(1);
        assert(error == CAPN_OK && (wants_text ? text.len : data.len) == 0);
        return;
    }
    if (expected != CAPN_OK) {
        probe(2);
        assert(error == expected);
        return;
    }
    if ((object.word & 3) != 1) {
        probe(3);
        assert(error == ((object.word & 3) == 3 ? CAPN_CAPABILITY : CAPN_WRONG_KIND));
        return;
    }
    uint64_t len = object.word >> 35, words = len / 8 + (len % 8 != 0);
    if ((object.word >> 32 & 7) != 2) {
        probe(4);
        assert(error == CAPN_BAD_LIST);
    } else if (!fits(object.segment, object.target, words)) {
        probe(5);
        assert(error == (words == 0 ? CAPN_EMPTY_OUT_OF_BOUNDS : CAPN_OUT_OF_BOUNDS));
    } else if (words > left) {
        probe(6);
        assert(error == CAPN_TRAVERSAL && message.words_left == 0);
    } else {
        const uint8_t *first = message.body + ((uint64_t)message.segments[object.segment].start + (uint64_t)object.target) * 8;
        assert(message.words_left == left - words);
        if (!wants_text) {
            probe(7);
            assert(error == CAPN_OK && data.bytes == first && data.len == len);
        } else if (len == 0 || first[len - 1] != 0) {
            probe(8);
            assert(error == CAPN_NO_NUL);
        } else if (!utf8_answer) {
            probe(9);
            assert(error == CAPN_BAD_UTF8);
        } else {
            probe(10);
            assert(error == CAPN_OK && (const uint8_t *)text.bytes == first && text.len == len - 1);
        }
    }
}
