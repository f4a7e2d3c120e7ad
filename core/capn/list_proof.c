/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lists of messages, for every content of the bytes: whatever list is made
 * from an arbitrary valid view lies in its segment and has the shape that the
 * second half assumes, where one element of an arbitrary valid list is read.
 * Nothing outside the body is read, and the answers are exactly those that the
 * encoding demands.
 */
#include "core/base/base_proof.h"
#include "core/capn/list.c"
#include "core/capn/read.c"
#include "core/capn/capn_proof.h"

/* A list as capn_get_list makes it, whose elements begin at word `first` of its segment. */
static bool is_valid_list(const struct capn_list *list, uint32_t first)
{
    if (list->message != &message || list->segment >= message.segment_count)
        return false;
    uint64_t words = message.segments[list->segment].words;
    if (first > words || list->elements != message.body + ((uint64_t)message.segments[list->segment].start + first) * CAPN_WORD)
        return false;
    if ((uint64_t)list->count * list->step > (words - first) * 64)
        return false;
    bool bits = list->step == 1 && list->data_bytes == 0 && list->pointer_count == 0;
    bool plain = list->pointer_count == 0 && list->step == list->data_bytes * 8 && list->data_bytes <= 8 &&
                 (list->data_bytes & (list->data_bytes - 1)) == 0;
    bool structs = list->data_bytes % 8 == 0 && list->data_bytes <= UINT16_MAX * CAPN_WORD &&
                   list->step == list->data_bytes * 8 + list->pointer_count * 64u &&
                   list->pointers == first + list->data_bytes / 8;
    return bits || plain || structs;
}

/* May elements of `bytes` bytes of data and `pointers` pointers be read as `expected`? Bits stand for bits only. */
static enum capn_error fit(enum capn_element expected, bool bits, uint32_t bytes, uint32_t pointers)
{
    static const uint8_t needed[] = {0, 0, 1, 2, 4, 8, 0, 0};
    if (expected == CAPN_ELEMENT_BIT)
        return bits ? CAPN_OK : CAPN_NOT_BITS;
    if (bits || needed[expected] > bytes || (expected == CAPN_ELEMENT_POINTER && pointers == 0))
        return CAPN_BAD_LIST;
    return CAPN_OK;
}

/* What a pointer that was followed may name. */
static void any_object(const uint8_t *body, struct object *object)
{
    any_message(body);
    object->word = nondet_u64();
    object->segment = nondet_bool() ? 1 : 0;
    object->target = (int64_t)nondet_u64();
    assume(object->segment < message.segment_count);
    assume(object->target >= -((int64_t)1 << 31) && object->target <= (int64_t)1 << 31);
}

/* PROOF plain_elements_lie_in_their_segment
 * of: read_plain_list
 * bound: a body of 6 words in 1 or 2 segments; every content, list pointer, target and budget
 * next: 16 words: twice the time
 * unwind: 9
 */
void plain_elements_lie_in_their_segment(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    static const uint8_t bits_of[] = {0, 1, 8, 16, 32, 64, 64};
    struct object object;
    any_object(body, &object);
    uint32_t found = object.word >> 32 & 7;
    assume(found != 7);
    struct capn_list out = {.message = &message, .segment = (uint16_t)object.segment};
    enum capn_error error = read_plain_list(&message, &object, &out);
    uint64_t count = object.word >> 35, bits = count * bits_of[found], words = bits / 64 + (bits % 64 != 0);
    uint64_t cost = bits_of[found] == 0 ? count : words;
    if (!fits(object.segment, object.target, words)) {
        probe(1);
        assert(error == (words == 0 ? CAPN_EMPTY_OUT_OF_BOUNDS : CAPN_OUT_OF_BOUNDS));
        assert(message.words_left == before.words_left);
        return;
    }
    assert(message.words_left == left_after(before.words_left, cost));
    if (cost > before.words_left) {
        probe(2);
        assert(error == CAPN_TRAVERSAL);
        return;
    }
    probe(3);
    assert(error == CAPN_OK && is_valid_list(&out, (uint32_t)object.target) && out.segment == object.segment);
    assert(out.count == count && out.step == bits_of[found] && out.pointer_count == (found == 6));
    assert(out.data_bytes == (found == 6 ? 0 : bits_of[found] / 8u));
}

/* PROOF structs_of_a_list_lie_in_their_segment
 * of: read_struct_list
 * bound: a body of 6 words in 1 or 2 segments; every content, list pointer, target and budget
 * next: 16 words: twice the time
 * unwind: 9
 * solver: boolector
 */
void structs_of_a_list_lie_in_their_segment(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct object object;
    any_object(body, &object);
    struct capn_list out = {.message = &message, .segment = (uint16_t)object.segment};
    enum capn_error error = read_struct_list(&message, &object, &out);
    uint64_t words = object.word >> 35;
    if (!fits(object.segment, object.target, words + 1)) {
        probe(1);
        assert(error == CAPN_OUT_OF_BOUNDS && message.words_left == before.words_left);
        return;
    }
    if (words >= before.words_left) {
        probe(2);
        assert(error == CAPN_TRAVERSAL && message.words_left == 0);
        return;
    }
    uint64_t tag = word_of(object.segment, (uint64_t)object.target);
    uint32_t count = (uint32_t)(tag >> 2 & 0x3fffffff), data_words = tag >> 32 & 0xffff, pointers = (uint32_t)(tag >> 48);
    uint64_t each = (uint64_t)data_words + pointers, cost = words + 1 + (each == 0 ? count : 0);
    if ((tag & 3) != 0 || count * each > words) {
        probe(3);
        assert(error == CAPN_BAD_LIST && message.words_left == before.words_left - words - 1);
        return;
    }
    assert(message.words_left == left_after(before.words_left, cost));
    if (cost > before.words_left) {
        probe(4);
        assert(error == CAPN_TRAVERSAL);
        return;
    }
    probe(5);
    assert(error == CAPN_OK && is_valid_list(&out, (uint32_t)object.target + 1) && out.segment == object.segment);
    assert(out.count == count && out.data_bytes == data_words * 8 && out.pointer_count == pointers);
}

/* PROOF a_list_is_what_its_pointer_names
 * of: capn_get_list, elements_fit
 * bound: a body of 6 words in 1 or 2 segments; every content, view, slot, budget, nesting and expected element; lists of bytes
 *  and bits, the other sizes of elements are in the proofs above and below
 * next: every size of elements: 10 to 25 s
 * unwind: 9
 * solver: boolector
 */
void a_list_is_what_its_pointer_names(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct object object;
    struct capn_list out, same = {0};
    uint64_t left;
    any_view(body);
    uint32_t slot = nondet_u32(), expected = nondet_u32();
    assume(expected <= 7);
    bool there = slot < view.pointer_count && word_of(view.segment, view.pointers + slot) != 0;
    enum capn_error followed = there ? resolved(slot, &object, &left) : CAPN_OK;
    uint32_t found = there && followed == CAPN_OK ? object.word >> 32 & 7 : 2;
    assume(found == 1 || found == 2);
    enum capn_error error = capn_get_list(&view, slot, (enum capn_element)expected, &out);
    assert(message.words_left <= before.words_left);
    if (!there) {
        probe(1);
        assert(error == CAPN_OK && out.message == NULL && out.count == 0 && out.elements == NULL);
    } else if (view.nesting == 0) {
        probe(2);
        assert(error == CAPN_TOO_DEEP);
    } else if (followed != CAPN_OK) {
        probe(3);
        assert(error == followed);
    } else if ((object.word & 3) != 1) {
        probe(4);
        assert(error == ((object.word & 3) == 3 ? CAPN_CAPABILITY : CAPN_WRONG_KIND));
    } else {
        uint64_t spent = message.words_left;
        message.words_left = left;
        enum capn_error read = read_plain_list(&message, &object, &same);
        enum capn_error last = fit((enum capn_element)expected, found == 1, found - 1, 0);
        assert(message.words_left == spent && error == (read != CAPN_OK ? read : last));
        if (error == CAPN_OK) {
            probe(5);
            assert(out.message == &message && out.segment == object.segment && out.nesting == view.nesting - 1);
            assert(out.elements == same.elements && out.count == same.count && out.step == same.step);
        }
    }
}

/* PROOF elements_stand_for_expected_ones
 * of: capn_get_list, elements_fit
 * bound: a body of 5 words: a list right behind its pointer, 4 words long, of a struct or of any other element but bits
 * next: far pointers: 10 to 25 s, and where they lead is in the proofs above
 * unwind: 9
 * solver: boolector
 */
void elements_stand_for_expected_ones(void)
{
    uint8_t body[5 * CAPN_WORD]; /* without a value: any */
    struct capn_list out;
    message.body = body;
    message.segment_count = 1;
    message.words_left = 1000;
    message.segments[0].words = 5;
    struct capn_struct root = {.message = &message, .data = body, .pointer_count = 1, .nesting = 7};
    uint32_t expected = nondet_u32();
    uint64_t word = load_le64(body), tag = load_le64(body + CAPN_WORD);
    uint32_t found = word >> 32 & 7;
    bool structs = found == 7;
    assume(expected <= 7 && found != 1 && (uint32_t)word == 1 && word >> 35 == (structs ? 3 : 4));
    assume((uint32_t)tag == 4); /* one element, read only in a list of structs */
    uint32_t data_words = tag >> 32 & 0xffff, pointers = (uint32_t)(tag >> 48);
    enum capn_error error = capn_get_list(&root, 0, (enum capn_element)expected, &out);
    if (structs && data_words + pointers > 3) {
        probe(1);
        assert(error == CAPN_BAD_LIST);
        return;
    }
    uint32_t bytes = structs ? data_words * 8 : found >= 2 && found <= 5 ? 1u << (found - 2) : 0;
    assert(error == fit((enum capn_element)expected, false, bytes, structs ? pointers : found == 6));
    if (error == CAPN_OK) {
        probe(2);
        assert(is_valid_list(&out, structs ? 2 : 1) && out.nesting == 6 && out.data_bytes == bytes);
        assert(out.count == (structs ? 1 : 4) && out.pointer_count == (structs ? pointers : found == 6));
    } else {
        probe(3);
    }
}

/* Any list that a message can hold; its first word. */
static uint32_t any_list(const uint8_t *body, struct capn_list *list)
{
    uint32_t first = nondet_u32();
    any_message(body);
    list->message = &message;
    list->segment = nondet_bool() ? 1 : 0;
    list->count = nondet_u32();
    list->step = nondet_u32();
    list->data_bytes = nondet_u32();
    list->pointers = nondet_u32();
    list->pointer_count = nondet_u16();
    list->nesting = nondet_u16();
    assume(list->segment < message.segment_count && first <= WORDS);
    list->elements = message.body + (message.segments[list->segment].start + first) * CAPN_WORD;
    assume(is_valid_list(list, first));
    return first;
}

/* PROOF an_element_lies_in_its_list
 * of: capn_list_struct_at, element_view
 * bound: a body of 6 words in 1 or 2 segments; every list and index
 * next: 16 words: twice the time
 * unwind: 9
 */
void an_element_lies_in_its_list(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct capn_list list;
    uint32_t first = any_list(body, &list), i = nondet_u32();
    assume(list.step != 1); /* bits have no view */
    enum capn_error error = capn_list_struct_at(&list, i, &view);
    assert(capn_list_len(&list) == list.count && capn_list_array_at(&list, i) == NULL);
    if (i >= list.count) {
        probe(1);
        assert(error == CAPN_BAD_INDEX);
    } else if (list.nesting == 0) {
        probe(2);
        assert(error == CAPN_TOO_DEEP);
    } else {
        uint64_t offset = (uint64_t)i * list.step / 8;
        probe(3);
        assert(error == CAPN_OK && view.message == &message && view.segment == list.segment);
        assert(view.nesting == list.nesting - 1);
        assert(view.data == (const uint8_t *)list.elements + offset && view.data_bytes == list.data_bytes);
        const struct capn_segment *segment = &message.segments[list.segment];
        assert(view.data + view.data_bytes <= body + (segment->start + segment->words) * 8);
        assert(view.pointer_count == list.pointer_count);
        if (view.pointer_count != 0) {
            probe(4);
            assert(view.pointers == first + offset / 8 + list.data_bytes / 8);
            assert(view.pointers + view.pointer_count <= message.segments[list.segment].words);
        }
    }
}

/* PROOF numbers_and_bits_of_a_list
 * of: capn_list_u64_at, capn_list_u32_at, capn_list_u16_at, capn_list_u8_at, capn_list_bool_at, load_bytes
 * bound: a body of 6 words in 1 or 2 segments; every list and index
 * next: 16 words: twice the time
 * unwind: 9
 */
void numbers_and_bits_of_a_list(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct capn_list list;
    (void)any_list(body, &list);
    uint32_t i = nondet_u32();
    const uint8_t *bytes = list.elements;
    if (list.step == 1) {
        bool bit = capn_list_bool_at(&list, i);
        if (i < list.count) {
            probe(1);
            assert(bit == ((bytes[i >> 3] & 1 << (i & 7)) != 0));
        } else {
            probe(2);
            assert(!bit);
        }
        return;
    }
    uint64_t value = capn_list_u64_at(&list, i), expected = 0;
    if (i < list.count) {
        probe(3);
        for (uint32_t k = 0; k < 8; k++)
            expected |= k < list.data_bytes ? (uint64_t)bytes[(uint64_t)i * list.step / 8 + k] << (8 * k) : 0;
    }
    assert(value == expected);
    assert(capn_list_u32_at(&list, i) == (uint32_t)expected && capn_list_u16_at(&list, i) == (uint16_t)expected);
    assert(capn_list_u8_at(&list, i) == (uint8_t)expected);
}

/* PROOF texts_of_a_list
 * of: capn_list_text_at, capn_list_data_at
 * bound: a body of 6 words in 1 or 2 segments; every list and index; a text is read as texts_and_data shows it
 * next: 16 words: twice the time
 * unwind: 9
 * solver: boolector
 */
void texts_of_a_list(void)
{
    uint8_t body[WORDS * CAPN_WORD]; /* without a value: any */
    struct capn_list list;
    struct capn_data data, same = {0};
    struct capn_text text;
    (void)any_list(body, &list);
    uint32_t i = nondet_u32();
    bool wants_text = nondet_bool();
    assume(list.step != 1);
    enum capn_error error = wants_text ? capn_list_text_at(&list, i, &text) : capn_list_data_at(&list, i, &data);
    if (i >= list.count) {
        probe(1);
        assert(error == CAPN_BAD_INDEX && message.words_left == before.words_left);
        return;
    }
    view = element_view(&list, i);
    message.words_left = before.words_left;
    enum capn_error expected = capn_get_data(&view, 0, &same);
    if (wants_text && expected == CAPN_OK && same.bytes != NULL) {
        probe(2);
        assert(error == CAPN_OK || error == CAPN_NO_NUL || error == CAPN_BAD_UTF8);
        assert(error != CAPN_OK || ((const uint8_t *)text.bytes == same.bytes && text.len == same.len - 1));
    } else {
        probe(3);
        assert(error == expected);
        assert(error != CAPN_OK || wants_text || (data.bytes == same.bytes && data.len == same.len));
    }
}

/* PROOF numbers_over_arrays
 * of: capn_list_over, capn_list_array_at, capn_list_u64_at, capn_list_bool_at, capn_list_struct_at, load_bytes
 * bound: arrays of 16 bytes, elements of 1, 2, 4, 8 or 16 bytes: an element is read alone
 * next: 64 bytes: twice the time
 * unwind: 9
 */
void numbers_over_arrays(void)
{
    uint8_t array[16]; /* without a value: any */
    struct capn_struct out;
    uint32_t stride = 1u << (nondet_u32() % 5), i = nondet_u32();
    struct capn_list list = capn_list_over(array, (uint32_t)sizeof array / stride, stride);
    const uint8_t *at = capn_list_array_at(&list, i);
    uint64_t value = capn_list_u64_at(&list, i), expected = 0;
    assert(capn_list_struct_at(&list, i, &out) == (i < list.count ? CAPN_WRONG_KIND : CAPN_BAD_INDEX));
    if (i >= sizeof array / stride) {
        probe(1);
        assert(at == NULL && value == 0 && !capn_list_bool_at(&list, i));
        return;
    }
    probe(2);
    assert(at == array + i * stride);
    for (uint32_t k = 0; k < 8; k++)
        expected |= k < stride ? (uint64_t)array[i * stride + k] << (8 * k) : 0;
    assert(value == expected && capn_list_bool_at(&list, i) == (expected != 0));
}
