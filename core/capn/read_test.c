/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the reader: every value kind, far pointers, the schema evolution rules, and hostile messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/capn/read.h"
#include "core/capn/wire_words_test.h"

#define WORDS(...) ((uint64_t[]){ __VA_ARGS__ })
#define COUNT(...) ((uint32_t)(sizeof((uint64_t[]){ __VA_ARGS__ }) / 8))
/* Opens a message of one segment with the words given; `wire`, `message` and `root` are the test's. */
#define OPEN(...) open_words(&fix, 1, &(uint32_t){ COUNT(__VA_ARGS__) }, WORDS(__VA_ARGS__))
#define OPEN2(first, second, ...) open_words(&fix, 2, (uint32_t[]){ first, second }, WORDS(__VA_ARGS__))

struct fixture {
    struct wire wire;
    struct capn_message message;
    struct capn_struct root;
};

static enum capn_error open_words(struct fixture *fix, uint32_t segments, const uint32_t *sizes, const uint64_t *words)
{
    wire_free(&fix->wire);
    fix->wire = wire_of(segments, sizes, words);
    assert_int_equal(capn_message_open(&fix->message, fix->wire.bytes, fix->wire.len, CAPN_LIMITS_PARAMS, NULL), CAPN_OK);
    return capn_root(&fix->message, &fix->root);
}

#define FIXTURE            \
    struct fixture fix = { 0 }; \
    (void)state
#define DONE wire_free(&fix.wire)

static void data_fields(void **state)
{
    FIXTURE;
    assert_int_equal(OPEN(W_STRUCT(0, 2, 0), 0x8877665544332211, 0xfffffffffffffffe), CAPN_OK);
    assert_int_equal(capn_get_u8(&fix.root, 0), 0x11);
    assert_int_equal(capn_get_u8(&fix.root, 7), 0x88);
    assert_int_equal(capn_get_u16(&fix.root, 2), 0x4433);
    assert_int_equal(capn_get_u32(&fix.root, 4), 0x88776655);
    assert_true(capn_get_u64(&fix.root, 0) == 0x8877665544332211);
    assert_true(capn_get_i64(&fix.root, 8) == -2);
    assert_true(capn_get_bool(&fix.root, 0));
    assert_false(capn_get_bool(&fix.root, 1));
    assert_true(capn_get_bool(&fix.root, 63));
    assert_false(capn_get_bool(&fix.root, 64));
    assert_true(capn_get_bool(&fix.root, 65));
    /* Behind the end everything is zero. */
    assert_int_equal(capn_get_u8(&fix.root, 16), 0);
    assert_int_equal(capn_get_u16(&fix.root, 15), 0);
    assert_int_equal(capn_get_u32(&fix.root, 13), 0);
    assert_true(capn_get_u64(&fix.root, 16) == 0);
    assert_true(capn_get_u64(&fix.root, 9) == 0);
    assert_int_equal(capn_get_u32(&fix.root, 0xfffffffe), 0);
    assert_false(capn_get_bool(&fix.root, 128));
    DONE;
}

static void default_struct(void **state)
{
    FIXTURE;
    struct capn_struct inner;
    struct capn_text text = { "x", 1 };
    struct capn_data data = { (const uint8_t *)"x", 1 };
    struct capn_list list = { .count = 1 };
    assert_int_equal(OPEN(0), CAPN_OK);
    assert_true(capn_get_u64(&fix.root, 0) == 0);
    assert_false(capn_has(&fix.root, 0));
    assert_int_equal(capn_get_struct(&fix.root, 0, &inner), CAPN_OK);
    assert_int_equal(capn_get_text(&inner, 3, &text), CAPN_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(capn_get_data(&inner, 3, &data), CAPN_OK);
    assert_int_equal(data.len, 0);
    assert_int_equal(capn_get_list(&inner, 3, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_len(&list), 0);
    /* The empty struct as encoders write it. */
    assert_int_equal(OPEN(0xfffffffc), CAPN_OK);
    assert_false(capn_has(&fix.root, 0));
    /* No word at all is no root. */
    assert_int_equal(open_words(&fix, 1, (uint32_t[]){ 0 }, WORDS(0)), CAPN_OUT_OF_BOUNDS);
    DONE;
}

/* TerminalSession.readLine's params, the worked example: prompt "> ", 64 bytes, hidden, empty allowed. */
static void worked_example(void **state)
{
    FIXTURE;
    struct capn_struct request;
    struct capn_text prompt;
    assert_int_equal(OPEN(0x0001000000000000, 0x0001000100000000, 0x0001000100000040, 0x0000001a00000001, 0x203e), CAPN_OK);
    assert_int_equal(capn_get_struct(&fix.root, 0, &request), CAPN_OK);
    assert_int_equal(capn_get_u32(&request, 0), 64);
    assert_true(capn_get_bool(&request, 48));
    assert_int_equal(capn_get_text(&request, 0, &prompt), CAPN_OK);
    assert_true(capn_text_equal(prompt, capn_text_of("> ")));
    assert_false(capn_text_equal(prompt, capn_text_of("> x")));
    DONE;
}

static void text_rules(void **state)
{
    FIXTURE;
    struct capn_text text;
    struct capn_data data;
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 3), 0x006968), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_OK);
    assert_true(capn_text_equal(text, capn_text_of("hi")));
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 1), 0), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 2), 0x006968), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_NO_NUL);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_OK);
    assert_int_equal(data.len, 2);
    assert_int_equal(data.bytes[1], 'i');
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 0), 0), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_NO_NUL);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 3), 0x00ffc3), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_BAD_UTF8);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 3), 0x00a9c3), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_OK);
    /* The bytes of a text are a list of bytes and nothing else. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 3, 1), 0), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_BAD_LIST);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_STRUCT(0, 1, 0), 0), CAPN_OK);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_WRONG_KIND);
    DONE;
}

static void bounds(void **state)
{
    FIXTURE;
    struct capn_struct inner;
    struct capn_data data;
    struct capn_list list;
    assert_int_equal(OPEN(W_STRUCT(0, 1, 0)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(-2, 1, 0)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0x1fffffff, 0xffff, 0xffff)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(-0x20000000, 0, 0)), CAPN_EMPTY_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(1, 0, 0)), CAPN_EMPTY_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 0)), CAPN_OK);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_STRUCT(0, 1, 0)), CAPN_OK);
    assert_int_equal(capn_get_struct(&fix.root, 0, &inner), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 9), 0), CAPN_OK);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 8), 0), CAPN_OK);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_OK);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, CAPN_LIST_MAX), 0), CAPN_OK);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 1, 65), 0), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BIT, &list), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 6, 2), 0), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_POINTER, &list), CAPN_OUT_OF_BOUNDS);
    /* A list of structs whose tag would lie behind the end. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 0)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_STRUCT(1, 1, 0)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OUT_OF_BOUNDS);
    DONE;
}

static void kinds(void **state)
{
    FIXTURE;
    struct capn_struct inner;
    struct capn_list list;
    struct capn_text text;
    assert_int_equal(OPEN(W_CAP(0)), CAPN_CAPABILITY);
    assert_int_equal(OPEN(W_LIST(0, 2, 0)), CAPN_WRONG_KIND);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 3), W_CAP(7), W_LIST(1, 2, 1), W_STRUCT(0, 1, 0), 0), CAPN_OK);
    assert_true(capn_has(&fix.root, 0));
    assert_int_equal(capn_get_struct(&fix.root, 0, &inner), CAPN_CAPABILITY);
    assert_int_equal(capn_get_text(&fix.root, 0, &text), CAPN_CAPABILITY);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_CAPABILITY);
    assert_int_equal(capn_get_struct(&fix.root, 1, &inner), CAPN_WRONG_KIND);
    assert_int_equal(capn_get_list(&fix.root, 2, CAPN_ELEMENT_STRUCT, &list), CAPN_WRONG_KIND);
    DONE;
}

static void far_pointers(void **state)
{
    FIXTURE;
    /* Single far: the pad's offset counts from the pad. */
    assert_int_equal(OPEN2(1, 3, W_FAR(1, 1), 5, W_STRUCT(0, 1, 0), 6), CAPN_OK);
    assert_true(capn_get_u64(&fix.root, 0) == 6);
    assert_int_equal(OPEN2(1, 3, W_FAR(1, 1), 5, W_STRUCT(-2, 1, 0), 6), CAPN_OK);
    assert_true(capn_get_u64(&fix.root, 0) == 5);
    /* Double far: the tag behind the pad describes the object. */
    assert_int_equal(OPEN2(4, 1, W_DOUBLE_FAR(0, 1), W_FAR(1, 0), W_STRUCT(0, 1, 0), 0, 9), CAPN_OK);
    assert_true(capn_get_u64(&fix.root, 0) == 9);
    /* Far within the message's only segment is legal too. */
    assert_int_equal(OPEN(W_FAR(0, 1), W_STRUCT(0, 1, 0), 4), CAPN_OK);
    assert_true(capn_get_u64(&fix.root, 0) == 4);
    /* Pads and objects outside their segments. */
    assert_int_equal(OPEN2(1, 2, W_FAR(2, 0), W_STRUCT(0, 1, 0), 0), CAPN_UNKNOWN_SEGMENT);
    assert_int_equal(OPEN2(1, 2, W_FAR(0xffffffff, 0), W_STRUCT(0, 1, 0), 0), CAPN_UNKNOWN_SEGMENT);
    assert_int_equal(OPEN2(1, 2, W_FAR(1, 2), W_STRUCT(0, 1, 0), 0), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN2(1, 2, W_FAR(1, 0x1fffffff), W_STRUCT(0, 1, 0), 0), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN2(1, 1, W_FAR(1, 0), W_STRUCT(0, 1, 0)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN2(2, 1, W_DOUBLE_FAR(1, 0), 1, W_FAR(0, 1)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN2(2, 2, W_DOUBLE_FAR(1, 0), 1, W_FAR(0, 2), W_STRUCT(0, 1, 0)), CAPN_OUT_OF_BOUNDS);
    assert_int_equal(OPEN2(2, 2, W_DOUBLE_FAR(1, 0), 1, W_FAR(2, 0), W_STRUCT(0, 1, 0)), CAPN_UNKNOWN_SEGMENT);
    assert_int_equal(OPEN2(2, 2, W_DOUBLE_FAR(1, 0), 1, W_STRUCT(0, 1, 0), W_STRUCT(0, 1, 0)), CAPN_BAD_FAR);
    /* A pad that is itself far is a chain, which there is not. */
    assert_int_equal(OPEN2(2, 2, W_FAR(1, 0), 1, W_FAR(1, 1), W_STRUCT(0, 0, 0)), CAPN_WRONG_KIND);
    assert_int_equal(OPEN2(2, 2, W_DOUBLE_FAR(1, 0), 1, W_FAR(0, 1), W_FAR(0, 1)), CAPN_WRONG_KIND);
    assert_int_equal(OPEN2(2, 2, W_DOUBLE_FAR(1, 0), 1, W_FAR(0, 1), W_CAP(1)), CAPN_CAPABILITY);
    assert_int_equal(OPEN(W_FAR(0, 0)), CAPN_WRONG_KIND);
    DONE;
}

static void far_list(void **state)
{
    FIXTURE;
    struct capn_list list;
    struct capn_struct element;
    struct capn_data data;
    assert_int_equal(OPEN2(3, 6, W_STRUCT(0, 0, 2), W_FAR(1, 0), W_FAR(1, 4), W_LIST(0, 7, 2), W_STRUCT(2, 1, 0), 11, 12,
                           W_LIST(0, 2, 2), 0x6968), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_len(&list), 2);
    assert_int_equal(capn_list_struct_at(&list, 1, &element), CAPN_OK);
    assert_true(capn_get_u64(&element, 0) == 12);
    assert_int_equal(capn_list_struct_at(&list, 2, &element), CAPN_BAD_INDEX);
    assert_int_equal(capn_get_data(&fix.root, 1, &data), CAPN_OK);
    assert_memory_equal(data.bytes, "hi", 2);
    DONE;
}

static void struct_lists(void **state)
{
    FIXTURE;
    struct capn_list list;
    struct capn_struct element;
    struct capn_text text;
    /* Two elements S(1,1) with a spare word at the end. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 5), W_STRUCT(2, 1, 1), 21, W_LIST(3, 2, 2), 22, W_LIST(2, 2, 2), 0,
                          'a', 'b'), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_len(&list), 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(capn_list_struct_at(&list, i, &element), CAPN_OK);
        assert_true(capn_get_u64(&element, 0) == 21 + i);
        assert_true(capn_get_u64(&element, 8) == 0);
        assert_int_equal(capn_get_text(&element, 0, &text), CAPN_OK);
        assert_int_equal(text.bytes[0], 'a' + (int)i);
    }
    /* Elements that overrun the words, and a tag that is no struct. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_STRUCT(2, 1, 0), 1, 2), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_BAD_LIST);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_LIST(1, 1, 0), 1), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_BAD_LIST);
    /* The element count has 30 bits, whatever their top. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_STRUCT(-1, 1, 0), 1), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_BAD_LIST);
    DONE;
}

/* Elements of a list seen through the other element sizes the evolution rules allow. */
static void upgrades(void **state)
{
    FIXTURE;
    struct capn_list list;
    struct capn_struct element;
    struct capn_text text;
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 3, 3), 0x000300020001), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_struct_at(&list, 2, &element), CAPN_OK);
    assert_int_equal(capn_get_u16(&element, 0), 3);
    assert_int_equal(capn_get_u32(&element, 0), 0); /* not the neighbour's bytes */
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BYTE, &list), CAPN_OK);
    assert_int_equal(capn_list_u8_at(&list, 1), 2);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_FOUR_BYTES, &list), CAPN_BAD_LIST);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_POINTER, &list), CAPN_BAD_LIST);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BIT, &list), CAPN_NOT_BITS);
    /* Structs read as numbers and as texts. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 4), W_STRUCT(2, 1, 1), 7, W_LIST(2, 2, 2), 8, W_LIST(1, 2, 2), 'a',
                          'b'), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_TWO_BYTES, &list), CAPN_OK);
    assert_int_equal(capn_list_u16_at(&list, 1), 8);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_POINTER, &list), CAPN_OK);
    assert_int_equal(capn_list_text_at(&list, 1, &text), CAPN_OK);
    assert_int_equal(text.bytes[0], 'b');
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BIT, &list), CAPN_NOT_BITS);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_STRUCT(1, 0, 1), 0), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BYTE, &list), CAPN_BAD_LIST);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 1), W_STRUCT(1, 1, 0), 0), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_POINTER, &list), CAPN_BAD_LIST);
    /* Bits never become structs or numbers. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 1, 10), 0x202), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_BAD_LIST);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BYTE, &list), CAPN_BAD_LIST);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_BIT, &list), CAPN_OK);
    assert_true(capn_list_bool_at(&list, 9));
    assert_false(capn_list_bool_at(&list, 8));
    assert_false(capn_list_bool_at(&list, 10));
    DONE;
}

static void text_lists(void **state)
{
    FIXTURE;
    struct capn_list list;
    struct capn_struct element;
    struct capn_text text;
    struct capn_data data;
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 6, 3), W_LIST(2, 2, 2), 0, W_LIST(1, 2, 1), 'a', 'b'), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_POINTER, &list), CAPN_OK);
    assert_int_equal(capn_list_text_at(&list, 0, &text), CAPN_OK);
    assert_true(capn_text_equal(text, capn_text_of("a")));
    assert_int_equal(capn_list_text_at(&list, 1, &text), CAPN_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(capn_list_text_at(&list, 2, &text), CAPN_NO_NUL);
    assert_int_equal(capn_list_data_at(&list, 2, &data), CAPN_OK);
    assert_int_equal(data.bytes[0], 'b');
    assert_int_equal(capn_list_text_at(&list, 3, &text), CAPN_BAD_INDEX);
    assert_int_equal(capn_list_data_at(&list, 3, &data), CAPN_BAD_INDEX);
    assert_null(capn_list_array_at(&list, 0));
    /* A list of pointers read as structs of one pointer. */
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_struct_at(&list, 0, &element), CAPN_OK);
    assert_int_equal(capn_get_text(&element, 0, &text), CAPN_OK);
    assert_int_equal(text.bytes[0], 'a');
    DONE;
}

static void array_lists(void **state)
{
    (void)state;
    enum { BIG = 300 };
    const uint16_t shorts[] = { 1, 0xfffe };
    const uint64_t longs[] = { 1, 0xfedcba9876543210 };
    const bool bools[] = { false, true };
    const struct capn_text texts[] = { { "a", 1 }, { "bc", 2 } };
    const struct capn_data datas[] = { { (const uint8_t *)"xyz", 3 } };
    struct capn_list list = capn_list_of_array(shorts, 2);
    struct capn_text text;
    struct capn_data data;
    struct capn_struct element;
    assert_int_equal(capn_list_len(&list), 2);
    assert_int_equal(capn_list_u16_at(&list, 1), 0xfffe);
    assert_int_equal(capn_list_u16_at(&list, 2), 0);
    assert_ptr_equal(capn_list_array_at(&list, 1), &shorts[1]);
    assert_null(capn_list_array_at(&list, 2));
    assert_int_equal(capn_list_struct_at(&list, 0, &element), CAPN_WRONG_KIND);
    list = capn_list_of_array(longs, 2);
    assert_true(capn_list_u64_at(&list, 1) == longs[1]);
    list = capn_list_of_array(bools, 2);
    assert_true(capn_list_bool_at(&list, 1));
    assert_false(capn_list_bool_at(&list, 0));
    list = capn_list_of_array(((const int[]){ 5, BIG }), 2);
    assert_int_equal(capn_list_u16_at(&list, 1), BIG);
    list = capn_list_of_array(texts, 2);
    assert_int_equal(capn_list_text_at(&list, 1, &text), CAPN_OK);
    assert_true(capn_text_equal(text, texts[1]));
    assert_int_equal(capn_list_text_at(&list, 2, &text), CAPN_BAD_INDEX);
    list = capn_list_of_array(datas, 1);
    assert_int_equal(capn_list_data_at(&list, 0, &data), CAPN_OK);
    assert_ptr_equal(data.bytes, datas[0].bytes);
}

/* A struct that points at itself: the nesting limit ends the walk. */
static void cycles(void **state)
{
    FIXTURE;
    struct capn_struct at;
    struct capn_list list;
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_STRUCT(-1, 0, 1)), CAPN_OK);
    at = fix.root;
    for (int i = 1; i < 32; i++)
        assert_int_equal(capn_get_struct(&at, 0, &at), CAPN_OK);
    assert_int_equal(capn_get_struct(&at, 0, &at), CAPN_TOO_DEEP);
    /* A list in a cycle costs one step as the list and one as the element. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(-1, 6, 1)), CAPN_OK);
    at = fix.root;
    for (int i = 1; i < 31; i += 2) {
        assert_int_equal(capn_get_list(&at, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
        assert_int_equal(capn_list_struct_at(&list, 0, &at), CAPN_OK);
    }
    assert_int_equal(capn_get_list(&at, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_struct_at(&list, 0, &at), CAPN_TOO_DEEP);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_STRUCT(-1, 0, 1)), CAPN_OK);
    fix.root.nesting = 0;
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_TOO_DEEP);
    DONE;
}

static void traversal(void **state)
{
    FIXTURE;
    struct capn_data data;
    struct capn_list list;
    /* Root pointer 1, root struct 1, each read of the data 1. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 2, 8), 0), CAPN_OK);
    for (int i = 0; i < 16384 - 2; i++)
        assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_OK);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_TRAVERSAL);
    assert_int_equal(capn_get_data(&fix.root, 0, &data), CAPN_TRAVERSAL);
    /* Elements without a size are not free. */
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 0, 16383)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_VOID, &list), CAPN_TRAVERSAL);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 0, 16382)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_VOID, &list), CAPN_OK);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 0), W_STRUCT(16382, 0, 0)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_TRAVERSAL);
    assert_int_equal(OPEN(W_STRUCT(0, 0, 1), W_LIST(0, 7, 0), W_STRUCT(16381, 0, 0)), CAPN_OK);
    assert_int_equal(capn_get_list(&fix.root, 0, CAPN_ELEMENT_STRUCT, &list), CAPN_OK);
    assert_int_equal(capn_list_len(&list), 16381);
    /* A landing pad counts. */
    assert_int_equal(OPEN(W_FAR(0, 1), W_STRUCT(0, 1, 0), 4), CAPN_OK);
    assert_int_equal(fix.message.words_left, 16384 - 3);
    DONE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_fields),  cmocka_unit_test(default_struct), cmocka_unit_test(worked_example),
        cmocka_unit_test(text_rules),   cmocka_unit_test(bounds),         cmocka_unit_test(kinds),
        cmocka_unit_test(far_pointers), cmocka_unit_test(far_list),       cmocka_unit_test(struct_lists),
        cmocka_unit_test(upgrades),     cmocka_unit_test(text_lists),     cmocka_unit_test(array_lists),
        cmocka_unit_test(cycles),       cmocka_unit_test(traversal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
