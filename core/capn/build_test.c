/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the builder: exact bytes, counting past a full buffer, and its own refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/capn/build.h"
#include "core/capn/wire_words_test.h"

#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ })

/* The message in `bytes` has exactly the segment words given. */
static void assert_words(const uint8_t *bytes, size_t len, uint32_t count, const uint64_t *words)
{
    assert_int_equal(len, 8 + 8 * (size_t)count);
    assert_int_equal(load_le32(bytes), 0);
    assert_int_equal(load_le32(bytes + 4), count);
    for (uint32_t i = 0; i < count; i++)
        assert_true(load_le64(bytes + 8 + 8 * (size_t)i) == words[i]);
}

/* ProcessSpawner.spawn's params: the worked example of the interface list. */
static enum capn_error build_spawn(uint8_t *bytes, size_t capacity, size_t *len)
{
    struct capn_builder builder;
    capn_builder_init(&builder, bytes, capacity);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 3);
    capn_set_text(&root, 0, capn_text_of("a"));
    capn_set_text(&root, 1, capn_text_of("b"));
    struct capn_list_builder grants = capn_set_struct_list(&root, 2, 2, 3, 2);
    struct capn_struct_builder grant = capn_list_builder_at(&grants, 0);
    capn_set_u32(&grant, 0, 5);
    capn_set_u64(&grant, 8, 0x913ae02202463262);
    capn_set_text(&grant, 0, capn_text_of("con"));
    grant = capn_list_builder_at(&grants, 1);
    capn_set_u64(&grant, 8, 0x9ac15f2e068e4b7b);
    capn_set_text(&grant, 0, capn_text_of("t"));
    struct capn_struct_builder source = capn_set_struct(&grant, 1, 1, 0);
    capn_set_u16(&source, 0, 1);
    capn_set_u16(&source, 2, 15);
    return capn_builder_finish(&builder, len);
}

static const uint64_t spawn_words[] = {
    0x0003000000000000, 0x0000001200000009, 0x0000001200000009, 0x0000005700000009, 0x61, 0x62, 0x0002000300000008, 5,
    0x913ae02202463262, 0, 0x0000002200000019, 0, 0, 0x9ac15f2e068e4b7b, 0, 0x0000001200000009, 0x0000000100000008, 0x6e6f63,
    0x74, 0x000f0001,
};

static void spawn_example(void **state)
{
    (void)state;
    uint8_t bytes[256];
    size_t len;
    memset(bytes, 0xa5, sizeof bytes);
    assert_int_equal(build_spawn(bytes, sizeof bytes, &len), CAPN_OK);
    /* The strings of the list's elements follow the list in the order they were set; so does the source of the second. */
    assert_int_equal(len, 8 + sizeof spawn_words);
    assert_memory_equal(bytes, BYTES(0, 0, 0, 0, 20, 0, 0, 0), 8);
    for (size_t i = 0; i < 10; i++)
        assert_true(load_le64(bytes + 8 + 8 * i) == spawn_words[i]);
    assert_words(bytes, len, 20, spawn_words);
    assert_int_equal(bytes[len], 0xa5);
}

/* Too small by any amount: nothing is written behind the buffer and the needed size is told. */
static void counts_past_the_end(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 8 + sizeof spawn_words; capacity++) {
        uint8_t *bytes = capacity == 0 ? NULL : malloc(capacity);
        size_t len = 0;
        assert_int_equal(build_spawn(bytes, capacity, &len), CAPN_NO_SPACE);
        assert_int_equal(len, 8 + sizeof spawn_words);
        free(bytes);
    }
    uint8_t *bytes = malloc(8 + sizeof spawn_words);
    size_t len;
    assert_int_equal(build_spawn(bytes, 8 + sizeof spawn_words, &len), CAPN_OK);
    free(bytes);
}

/* Results of ProcessSpawner.spawn and of Timer.now, and Timer-like struct nesting of TerminalSession.readLine. */
static void worked_examples(void **state)
{
    (void)state;
    uint8_t bytes[128];
    size_t len;
    struct capn_builder builder;
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 0);
    capn_set_u16(&root, 0, 0);
    capn_set_u16(&root, 2, 1);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_int_equal(len, 24);
    assert_memory_equal(bytes,
                        BYTES(0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0), 24);

    capn_builder_init(&builder, bytes, sizeof bytes);
    root = capn_builder_root(&builder, 2, 0);
    capn_set_u64(&root, 0, 0x1122334455667788);
    capn_set_i64(&root, 8, -3);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 3, (uint64_t[]){ 0x0000000200000000, 0x1122334455667788, 0xfffffffffffffffd });

    capn_builder_init(&builder, bytes, sizeof bytes);
    root = capn_builder_root(&builder, 0, 1);
    struct capn_struct_builder request = capn_set_struct(&root, 0, 1, 1);
    capn_set_u32(&request, 0, 64);
    capn_set_bool(&request, 32, true);
    capn_set_bool(&request, 32, false);
    capn_set_bool(&request, 48, true);
    capn_set_text(&request, 0, capn_text_of("> "));
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 5,
                 (uint64_t[]){ 0x0001000000000000, 0x0001000100000000, 0x0001000000000040, 0x0000001a00000001, 0x203e });
}

static void empty_things(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t len;
    struct capn_builder builder;
    struct capn_list none = { 0 };
    /* No root at all, and a root without fields. */
    capn_builder_init(&builder, bytes, sizeof bytes);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 1, (uint64_t[]){ 0 });
    capn_builder_init(&builder, bytes, sizeof bytes);
    capn_builder_root(&builder, 0, 0);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 1, (uint64_t[]){ 0xfffffffc });
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 2);
    capn_set_text(&root, 0, (struct capn_text){ 0 });
    capn_set_data(&root, 0, (struct capn_data){ 0 });
    capn_set_struct_list(&root, 0, 0, 1, 1);
    capn_set_text_list(&root, 0, &none);
    capn_set_data_list(&root, 0, &none);
    capn_set_number_list(&root, 0, CAPN_ELEMENT_BYTE, &none);
    capn_set_struct(&root, 1, 0, 0);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 3, (uint64_t[]){ 0x0002000000000000, 0, 0xfffffffc });
}

static void whole_lists(void **state)
{
    (void)state;
    uint8_t bytes[256];
    size_t len;
    struct capn_builder builder;
    struct capn_list numbers = capn_list_of_array(((const uint16_t[]){ 1, 2, 3, 4, 5 }), 5);
    struct capn_list bools = capn_list_of_array(((const bool[]){ 1, 0, 0, 0, 0, 0, 0, 0, 0, 1 }), 10);
    struct capn_list longs = capn_list_of_array(((const uint64_t[]){ 0x8000000000000001 }), 1);
    struct capn_list texts = capn_list_of_array(((const struct capn_text[]){ { "a", 1 }, { NULL, 0 } }), 2);
    struct capn_list datas = capn_list_of_array(((const struct capn_data[]){ { BYTES(1, 2, 3, 4, 5, 6, 7, 8), 8 } }), 1);
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 5);
    capn_set_number_list(&root, 0, CAPN_ELEMENT_TWO_BYTES, &numbers);
    capn_set_number_list(&root, 1, CAPN_ELEMENT_BIT, &bools);
    capn_set_number_list(&root, 2, CAPN_ELEMENT_EIGHT_BYTES, &longs);
    capn_set_text_list(&root, 3, &texts);
    capn_set_data_list(&root, 4, &datas);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_words(bytes, len, 15,
                 (uint64_t[]){ W_STRUCT(0, 0, 5), W_LIST(4, 3, 5), W_LIST(5, 1, 10), W_LIST(5, 5, 1), W_LIST(5, 6, 2),
                               W_LIST(7, 6, 1), 0x0004000300020001, 5, 0x201, 0x8000000000000001, W_LIST(1, 2, 2), 0, 'a',
                               W_LIST(0, 2, 8), 0x0807060504030201 });
}

/* Lists of every size of number, long enough for every place in a word: each value comes back, and no word is longer. */
static void numbers_come_back(void **state)
{
    (void)state;
    enum { COUNT = 37 };
    bool bits[COUNT];
    uint8_t small[COUNT];
    uint16_t medium[COUNT];
    uint32_t wide[COUNT];
    uint64_t longest[COUNT];
    uint8_t bytes[1024];
    size_t len;
    for (uint32_t i = 0; i < COUNT; i++) {
        longest[i] = (i + 1) * 0x9e3779b97f4a7c15u;
        bits[i] = i % 3 == 0 || i % 7 == 2;
        small[i] = (uint8_t)longest[i];
        medium[i] = (uint16_t)longest[i];
        wide[i] = (uint32_t)longest[i];
    }
    struct capn_list lists[] = { capn_list_of_array(bits, COUNT), capn_list_of_array(small, COUNT), capn_list_of_array(medium, COUNT),
                                 capn_list_of_array(wide, COUNT), capn_list_of_array(longest, COUNT) };
    struct capn_builder builder;
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 5);
    for (uint32_t slot = 0; slot < 5; slot++)
        capn_set_number_list(&root, slot, (enum capn_element)(CAPN_ELEMENT_BIT + slot), &lists[slot]);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    assert_int_equal(len, 8 + 8 + 5 * 8 + (1 + 5 + 10 + 19 + 37) * 8);
    struct capn_message message;
    struct capn_struct from;
    struct capn_list list;
    assert_int_equal(capn_message_open(&message, bytes, len, CAPN_LIMITS_PARAMS, NULL), CAPN_OK);
    assert_int_equal(capn_root(&message, &from), CAPN_OK);
    for (uint32_t slot = 0; slot < 5; slot++) {
        assert_int_equal(capn_get_list(&from, slot, (enum capn_element)(CAPN_ELEMENT_BIT + slot), &list), CAPN_OK);
        assert_int_equal(capn_list_len(&list), COUNT);
        for (uint32_t i = 0; i < COUNT; i++) {
            uint64_t got = slot == 0   ? capn_list_bool_at(&list, i)
                           : slot == 1 ? capn_list_u8_at(&list, i)
                           : slot == 2 ? capn_list_u16_at(&list, i)
                           : slot == 3 ? capn_list_u32_at(&list, i)
                                       : capn_list_u64_at(&list, i);
            uint64_t wanted = slot == 0 ? bits[i] : slot == 1 ? small[i] : slot == 2 ? medium[i] : slot == 3 ? wide[i] : longest[i];
            assert_true(got == wanted);
        }
    }
}

/* A list read from a message can be given to the builder; one that does not decode fails the message. */
static void copies_wire_lists(void **state)
{
    (void)state;
    uint8_t bytes[128];
    size_t len;
    struct capn_message message;
    struct capn_struct from;
    struct capn_list list;
    struct capn_builder builder;
    struct wire wire = wire_of(1, (uint32_t[]){ 5 },
                               (uint64_t[]){ W_STRUCT(0, 0, 1), W_LIST(0, 6, 2), 0, W_LIST(0, 2, 2), 'q' });
    for (int broken = 0; broken < 2; broken++) {
        if (broken)
            wire.bytes[8 + 32 + 1] = 'q';
        assert_int_equal(capn_message_open(&message, wire.bytes, wire.len, CAPN_LIMITS_PARAMS, NULL), CAPN_OK);
        assert_int_equal(capn_root(&message, &from), CAPN_OK);
        assert_int_equal(capn_get_list(&from, 0, CAPN_ELEMENT_POINTER, &list), CAPN_OK);
        capn_builder_init(&builder, bytes, sizeof bytes);
        struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
        capn_set_text_list(&root, 0, &list);
        assert_int_equal(capn_builder_finish(&builder, &len), broken ? CAPN_NO_NUL : CAPN_OK);
        if (!broken)
            assert_memory_equal(bytes, wire.bytes, wire.len);
    }
    /* The pointers of a data list are judged as well. */
    store_le64(wire.bytes + 8 + 24, W_CAP(0));
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
    capn_set_data_list(&root, 0, &list);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_CAPABILITY);
    wire_free(&wire);
}

static void refusals(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t len;
    struct capn_builder builder;
    struct capn_struct_builder root;
#define REFUSED(error, capacity, call)                                   \
    do {                                                                 \
        capn_builder_init(&builder, bytes, capacity);                    \
        root = capn_builder_root(&builder, 1, 1);                        \
        call;                                                            \
        assert_int_equal(capn_builder_error(&builder), error);           \
        assert_int_equal(capn_builder_finish(&builder, &len), error);    \
    } while (0)
    REFUSED(CAPN_OK, sizeof bytes, capn_set_u64(&root, 0, 1));
    REFUSED(CAPN_OK, sizeof bytes, capn_set_bool(&root, 63, true));
    REFUSED(CAPN_BAD_FIELD, sizeof bytes, capn_set_u64(&root, 1, 1));
    REFUSED(CAPN_BAD_FIELD, sizeof bytes, capn_set_u8(&root, 8, 1));
    REFUSED(CAPN_BAD_FIELD, sizeof bytes, capn_set_bool(&root, 64, true));
    REFUSED(CAPN_BAD_FIELD, sizeof bytes, capn_set_text(&root, 1, capn_text_of("x")));
    REFUSED(CAPN_BAD_FIELD, sizeof bytes, capn_set_struct(&root, 1, 1, 0));
    REFUSED(CAPN_TOO_LARGE, sizeof bytes, capn_set_struct_list(&root, 0, CAPN_LIST_MAX, 2, 0));
    REFUSED(CAPN_TOO_LARGE, sizeof bytes, capn_set_struct_list(&root, 0, 0x80000000, 0, 0));
    REFUSED(CAPN_TOO_LARGE, sizeof bytes, capn_set_data(&root, 0, ((struct capn_data){ bytes, 0x20000000 })));
    /* Only what fits the wire format is NO_SPACE; another error is told in its place. */
    REFUSED(CAPN_NO_SPACE, sizeof bytes, capn_set_data(&root, 0, ((struct capn_data){ bytes, CAPN_LIST_MAX })));
    REFUSED(CAPN_BAD_FIELD, 8, capn_set_u8(&root, 8, 1));
    REFUSED(CAPN_UNKNOWN_ENUM, 8, (capn_builder_fail(&builder, CAPN_UNKNOWN_ENUM), capn_set_u8(&root, 9, 0)));
    struct capn_list_builder list;
    REFUSED(CAPN_BAD_INDEX, sizeof bytes,
            (list = capn_set_struct_list(&root, 0, 1, 1, 0), root = capn_list_builder_at(&list, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spawn_example), cmocka_unit_test(counts_past_the_end), cmocka_unit_test(worked_examples),
        cmocka_unit_test(empty_things),  cmocka_unit_test(whole_lists),         cmocka_unit_test(copies_wire_lists),
        cmocka_unit_test(refusals),      cmocka_unit_test(numbers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
