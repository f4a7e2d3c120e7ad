/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading and writing Probes with core/capn: see ours.h. */
#include "tests/differential/capn/ours.h"

#include "core/capn/build.h"
#include "core/capn/read.h"

#define PROBE_DATA_WORDS 3u
#define PROBE_POINTERS 12u

enum probe_slot { TEXT, BLOB, CHILD, BITS, BYTES, SHORTS, WORDS, LONGS, TEXTS, BLOBS, CHILDREN, VOIDS };

static const struct {
    enum probe_slot slot;
    enum capn_element element;
} number_lists[] = {
    { BITS, CAPN_ELEMENT_BIT },        { BYTES, CAPN_ELEMENT_BYTE },        { SHORTS, CAPN_ELEMENT_TWO_BYTES },
    { WORDS, CAPN_ELEMENT_FOUR_BYTES }, { LONGS, CAPN_ELEMENT_EIGHT_BYTES },
};

const char *ours_error_text(int error)
{
    return capn_error_text((enum capn_error)error);
}

/* Has the message a word that may be the tag of a list of structs with 2^29 elements or more? */
static bool has_wide_tag(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at + CAPN_WORD <= len; at += CAPN_WORD)
        if ((bytes[at] & 3) == 0 && (bytes[at + 3] & 0x80) != 0)
            return true;
    return false;
}

int ours_is_stricter(int error, const uint8_t *bytes, size_t len)
{
    return (error == CAPN_BAD_LIST && has_wide_tag(bytes, len)) || error == CAPN_BAD_UTF8 || error == CAPN_TOO_MANY_SEGMENTS || error == CAPN_EMPTY_OUT_OF_BOUNDS
        || error == CAPN_NOT_BITS;
}

static enum capn_error read_numbers(const struct capn_struct *from, uint64_t *digest)
{
    for (size_t n = 0; n < sizeof number_lists / sizeof *number_lists; n++) {
        struct capn_list list;
        enum capn_element element = number_lists[n].element;
        enum capn_error error = capn_get_list(from, number_lists[n].slot, element, &list);
        if (error != CAPN_OK)
            return error;
        *digest = digest_add(*digest, capn_list_len(&list));
        for (uint32_t i = 0; i < capn_list_len(&list); i++) {
            uint64_t value = element == CAPN_ELEMENT_BIT         ? capn_list_bool_at(&list, i)
                             : element == CAPN_ELEMENT_BYTE      ? capn_list_u8_at(&list, i)
                             : element == CAPN_ELEMENT_TWO_BYTES ? capn_list_u16_at(&list, i)
                             : element == CAPN_ELEMENT_FOUR_BYTES ? capn_list_u32_at(&list, i)
                                                                  : capn_list_u64_at(&list, i);
            *digest = digest_add(*digest, value);
        }
    }
    return CAPN_OK;
}

static enum capn_error read_blobs(const struct capn_struct *from, uint64_t *digest)
{
    struct capn_list list;
    enum capn_error error = capn_get_list(from, TEXTS, CAPN_ELEMENT_POINTER, &list);
    if (error != CAPN_OK)
        return error;
    *digest = digest_add(*digest, capn_list_len(&list));
    for (uint32_t i = 0; i < capn_list_len(&list); i++) {
        struct capn_text text;
        if ((error = capn_list_text_at(&list, i, &text)) != CAPN_OK)
            return error;
        *digest = digest_bytes(*digest, text.bytes, text.len);
    }
    if ((error = capn_get_list(from, BLOBS, CAPN_ELEMENT_POINTER, &list)) != CAPN_OK)
        return error;
    *digest = digest_add(*digest, capn_list_len(&list));
    for (uint32_t i = 0; i < capn_list_len(&list); i++) {
        struct capn_data data;
        if ((error = capn_list_data_at(&list, i, &data)) != CAPN_OK)
            return error;
        *digest = digest_bytes(*digest, data.bytes, data.len);
    }
    return CAPN_OK;
}

static enum capn_error read_fields(const struct capn_struct *from, uint64_t *digest)
{
    struct capn_text text;
    struct capn_data data;
    *digest = digest_add(*digest, (uint64_t)capn_get_bool(from, 0) << 1 | capn_get_bool(from, 1));
    *digest = digest_add(*digest, capn_get_u8(from, 1));
    *digest = digest_add(*digest, capn_get_u16(from, 2));
    *digest = digest_add(*digest, capn_get_u32(from, 4));
    *digest = digest_add(*digest, capn_get_u64(from, 8));
    *digest = digest_add(*digest, (uint64_t)capn_get_i64(from, 16));
    enum capn_error error = capn_get_text(from, TEXT, &text);
    if (error != CAPN_OK)
        return error;
    *digest = digest_bytes(*digest, text.bytes, text.len);
    if ((error = capn_get_data(from, BLOB, &data)) != CAPN_OK)
        return error;
    *digest = digest_bytes(*digest, data.bytes, data.len);
    return CAPN_OK;
}

/* The nesting limit bounds the recursion. */
static enum capn_error read_probe(const struct capn_struct *from, uint64_t *digest)
{
    struct capn_struct child;
    struct capn_list list;
    enum capn_error error;
    if ((error = read_fields(from, digest)) != CAPN_OK || (error = read_numbers(from, digest)) != CAPN_OK
        || (error = read_blobs(from, digest)) != CAPN_OK)
        return error;
    if ((error = capn_get_list(from, VOIDS, CAPN_ELEMENT_VOID, &list)) != CAPN_OK)
        return error;
    *digest = digest_add(*digest, capn_list_len(&list));
    if ((error = capn_get_list(from, CHILDREN, CAPN_ELEMENT_STRUCT, &list)) != CAPN_OK)
        return error;
    *digest = digest_add(*digest, capn_list_len(&list));
    for (uint32_t i = 0; i < capn_list_len(&list); i++) {
        if ((error = capn_list_struct_at(&list, i, &child)) != CAPN_OK || (error = read_probe(&child, digest)) != CAPN_OK)
            return error;
    }
    if (!capn_has(from, CHILD))
        return CAPN_OK;
    *digest = digest_add(*digest, 1);
    if ((error = capn_get_struct(from, CHILD, &child)) != CAPN_OK)
        return error;
    return read_probe(&child, digest);
}

struct verdict ours_read(const uint8_t *bytes, size_t len)
{
    struct capn_message message;
    struct capn_struct root;
    struct verdict verdict = { 0 };
    enum capn_error error = capn_message_open(&message, bytes, len, CAPN_LIMITS_PARAMS, NULL);
    if (error == CAPN_OK)
        error = capn_root(&message, &root);
    if (error == CAPN_OK)
        error = read_probe(&root, &verdict.digest);
    verdict.error = error;
    return verdict;
}

static void build_numbers(const struct capn_struct_builder *to, uint64_t *state)
{
    for (size_t n = 0; n < sizeof number_lists / sizeof *number_lists; n++) {
        uint64_t values[LIST_MAX];
        bool bools[LIST_MAX];
        uint32_t count = draw_below(state, LIST_MAX);
        for (uint32_t i = 0; i < count; i++) {
            values[i] = draw(state);
            bools[i] = values[i] & 1;
        }
        struct capn_list list =
            number_lists[n].slot == BITS ? capn_list_of_array(bools, count) : capn_list_of_array(values, count);
        capn_set_number_list(to, number_lists[n].slot, number_lists[n].element, &list);
    }
}

static uint32_t random_text(uint64_t *state, char *out)
{
    uint32_t len = draw_below(state, TEXT_MAX);
    for (uint32_t i = 0; i < len; i++)
        out[i] = (char)('a' + draw_below(state, 26));
    return len;
}

static void build_blobs(const struct capn_struct_builder *to, uint64_t *state)
{
    char storage[LIST_MAX][TEXT_MAX];
    struct capn_text texts[LIST_MAX];
    struct capn_data blobs[LIST_MAX];
    uint32_t count = draw_below(state, LIST_MAX);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = (struct capn_text){ storage[i], random_text(state, storage[i]) };
    struct capn_list list = capn_list_of_array(texts, count);
    capn_set_text_list(to, TEXTS, &list);
    count = draw_below(state, LIST_MAX);
    for (uint32_t i = 0; i < count; i++)
        blobs[i] = (struct capn_data){ (const uint8_t *)storage[i], random_text(state, storage[i]) };
    list = capn_list_of_array(blobs, count);
    capn_set_data_list(to, BLOBS, &list);
}

static void build_fields(const struct capn_struct_builder *to, uint64_t *state)
{
    char storage[TEXT_MAX];
    capn_set_bool(to, 0, draw(state) & 1);
    capn_set_bool(to, 1, draw(state) & 1);
    capn_set_u8(to, 1, (uint8_t)draw(state));
    capn_set_u16(to, 2, (uint16_t)draw(state));
    capn_set_u32(to, 4, (uint32_t)draw(state));
    capn_set_u64(to, 8, draw(state));
    capn_set_i64(to, 16, (int64_t)draw(state));
    uint32_t len = random_text(state, storage);
    capn_set_text(to, TEXT, (struct capn_text){ storage, len });
    len = random_text(state, storage);
    capn_set_data(to, BLOB, (struct capn_data){ (const uint8_t *)storage, len });
}

static void build_probe(const struct capn_struct_builder *to, uint64_t *state, uint32_t depth)
{
    build_fields(to, state);
    build_numbers(to, state);
    build_blobs(to, state);
    if (depth == DEPTH_MAX)
        return;
    uint32_t count = draw_below(state, 3);
    struct capn_list_builder list = capn_set_struct_list(to, CHILDREN, count, PROBE_DATA_WORDS, PROBE_POINTERS);
    for (uint32_t i = 0; i < count; i++) {
        struct capn_struct_builder child = capn_list_builder_at(&list, i);
        build_probe(&child, state, depth + 1);
    }
    if (draw(state) & 1) {
        struct capn_struct_builder child = capn_set_struct(to, CHILD, PROBE_DATA_WORDS, PROBE_POINTERS);
        build_probe(&child, state, depth + 1);
    }
}

int ours_build(uint64_t seed, uint8_t *bytes, size_t capacity, size_t *len)
{
    struct capn_builder builder;
    capn_builder_init(&builder, bytes, capacity);
    struct capn_struct_builder root = capn_builder_root(&builder, PROBE_DATA_WORDS, PROBE_POINTERS);
    build_probe(&root, &seed, 0);
    return capn_builder_finish(&builder, len);
}
