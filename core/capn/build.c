/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Message builder: see build.h. Pure save for the caller's buffer; trusts the sizes and slots, not the lengths. */
#include "core/capn/build.h"

#include "core/base/bytes.h"

/* Largest distance between a pointer and its object: 29 bits and a sign. */
#define OFFSET_MAX 0x1fffffffu

void capn_builder_fail(struct capn_builder *builder, enum capn_error error)
{
    if (builder->error == CAPN_OK || builder->error == CAPN_NO_SPACE)
        builder->error = error;
}

enum capn_error capn_builder_error(const struct capn_builder *builder)
{
    return builder->error;
}

/* Takes zeroed words at the end of the segment; NULL, but counted, when they do not fit. */
static uint8_t *take(struct capn_builder *builder, uint64_t words, uint64_t *at)
{
    size_t room = builder->capacity < CAPN_HEADER_BYTES ? 0 : (builder->capacity - CAPN_HEADER_BYTES) / CAPN_WORD;
    *at = builder->words;
    builder->words += words;
    if (builder->words > room) {
        if (builder->error == CAPN_OK)
            builder->error = CAPN_NO_SPACE;
        return NULL;
    }
    uint8_t *bytes = builder->bytes + CAPN_HEADER_BYTES + *at * CAPN_WORD;
    memset(bytes, 0, (size_t)words * CAPN_WORD);
    return bytes;
}

void capn_builder_init(struct capn_builder *builder, uint8_t *bytes, size_t capacity)
{
    uint64_t at;
    *builder = (struct capn_builder){ .bytes = bytes, .capacity = capacity };
    take(builder, 1, &at); /* the root pointer */
}

enum capn_error capn_builder_finish(struct capn_builder *builder, size_t *len)
{
    if (builder->words > UINT32_MAX)
        capn_builder_fail(builder, CAPN_TOO_LARGE);
    *len = (size_t)(CAPN_HEADER_BYTES + builder->words * CAPN_WORD);
    if (builder->error == CAPN_OK) {
        store_le32(builder->bytes, 0);
        store_le32(builder->bytes + 4, (uint32_t)builder->words);
    }
    return builder->error;
}

/* The place of a data field, NULL when the struct did not fit or has no such field. */
static uint8_t *field(const struct capn_struct_builder *to, uint32_t at, uint32_t size)
{
    uint32_t bytes = (uint32_t)to->data_words * CAPN_WORD;
    if (at > bytes || size > bytes - at) {
        capn_builder_fail(to->builder, CAPN_BAD_FIELD);
        return NULL;
    }
    return to->data == NULL ? NULL : to->data + at;
}

static void set_bytes(const struct capn_struct_builder *to, uint32_t at, uint32_t size, uint64_t value)
{
    uint8_t *bytes = field(to, at, size);
    for (uint32_t i = 0; bytes != NULL && i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

void capn_set_u8(const struct capn_struct_builder *to, uint32_t at, uint8_t value)
{
    set_bytes(to, at, 1, value);
}

void capn_set_u16(const struct capn_struct_builder *to, uint32_t at, uint16_t value)
{
    set_bytes(to, at, 2, value);
}

void capn_set_u32(const struct capn_struct_builder *to, uint32_t at, uint32_t value)
{
    set_bytes(to, at, 4, value);
}

void capn_set_u64(const struct capn_struct_builder *to, uint32_t at, uint64_t value)
{
    set_bytes(to, at, 8, value);
}

void capn_set_i64(const struct capn_struct_builder *to, uint32_t at, int64_t value)
{
    set_bytes(to, at, 8, (uint64_t)value);
}

void capn_set_bool(const struct capn_struct_builder *to, uint32_t bit, bool value)
{
    uint8_t *byte = field(to, bit / 8, 1);
    uint8_t mask = (uint8_t)(1u << (bit % 8));
    if (byte != NULL)
        *byte = (uint8_t)(value ? *byte | mask : *byte & ~mask);
}

/* Stores the pointer at `slot` unless its struct did not fit. `rest` holds kind and size, the offset leads to `target`. */
static void set_pointer(const struct capn_struct_builder *to, uint32_t slot, uint64_t target, uint64_t rest)
{
    uint64_t offset = target - (to->at + to->data_words + slot) - 1;
    if (rest == 0)
        offset = 0x3fffffff; /* a struct without words points at its own pointer's place, which is in bounds anywhere */
    if (slot >= to->pointer_count)
        capn_builder_fail(to->builder, CAPN_BAD_FIELD);
    else if (offset > OFFSET_MAX && rest != 0)
        capn_builder_fail(to->builder, CAPN_TOO_LARGE);
    else if (to->data != NULL)
        store_le64(to->data + ((size_t)to->data_words + slot) * CAPN_WORD, rest | offset << 2);
}

/* Takes a plain list; NULL when it does not fit. */
static uint8_t *set_list(const struct capn_struct_builder *to, uint32_t slot, enum capn_element element, uint64_t count,
                         uint32_t bits)
{
    uint64_t at;
    if (count > CAPN_LIST_MAX) {
        capn_builder_fail(to->builder, CAPN_TOO_LARGE);
        return NULL;
    }
    uint8_t *bytes = take(to->builder, (count * bits + 63) / 64, &at);
    set_pointer(to, slot, at, 1 | (uint64_t)element << 32 | count << 35);
    return bytes;
}

void capn_set_text(const struct capn_struct_builder *to, uint32_t slot, struct capn_text value)
{
    if (value.len == 0)
        return;
    uint8_t *bytes = set_list(to, slot, CAPN_ELEMENT_BYTE, (uint64_t)value.len + 1, 8);
    if (bytes != NULL)
        memcpy(bytes, value.bytes, value.len);
}

void capn_set_data(const struct capn_struct_builder *to, uint32_t slot, struct capn_data value)
{
    if (value.len == 0)
        return;
    uint8_t *bytes = set_list(to, slot, CAPN_ELEMENT_BYTE, value.len, 8);
    if (bytes != NULL)
        memcpy(bytes, value.bytes, value.len);
}

struct capn_struct_builder capn_set_struct(const struct capn_struct_builder *to, uint32_t slot, uint16_t data_words,
                                           uint16_t pointer_count)
{
    struct capn_struct_builder made = { .builder = to->builder, .data_words = data_words, .pointer_count = pointer_count };
    made.data = take(to->builder, (uint64_t)data_words + pointer_count, &made.at);
    set_pointer(to, slot, made.at, (uint64_t)data_words << 32 | (uint64_t)pointer_count << 48);
    return made;
}

struct capn_struct_builder capn_builder_root(struct capn_builder *builder, uint16_t data_words, uint16_t pointer_count)
{
    /* The root pointer is the one field of a struct at word 0. */
    struct capn_struct_builder holder = { .builder = builder, .pointer_count = 1 };
    if (builder->error == CAPN_OK)
        holder.data = builder->bytes + CAPN_HEADER_BYTES;
    return capn_set_struct(&holder, 0, data_words, pointer_count);
}

struct capn_list_builder capn_set_struct_list(const struct capn_struct_builder *to, uint32_t slot, uint32_t count,
                                              uint16_t data_words, uint16_t pointer_count)
{
    struct capn_list_builder list = {
        .builder = to->builder, .count = count, .data_words = data_words, .pointer_count = pointer_count
    };
    uint64_t at, words = (uint64_t)count * ((uint64_t)data_words + pointer_count);
    if (count == 0)
        return list;
    if (count > CAPN_LIST_MAX || words > CAPN_LIST_MAX) {
        capn_builder_fail(to->builder, CAPN_TOO_LARGE);
        list.count = 0;
        return list;
    }
    uint8_t *tag = take(to->builder, words + 1, &at);
    set_pointer(to, slot, at, 1 | (uint64_t)CAPN_ELEMENT_STRUCT << 32 | words << 35);
    list.at = at + 1;
    if (tag != NULL) {
        store_le64(tag, (uint64_t)count << 2 | (uint64_t)data_words << 32 | (uint64_t)pointer_count << 48);
        list.elements = tag + CAPN_WORD;
    }
    return list;
}

struct capn_struct_builder capn_list_builder_at(const struct capn_list_builder *list, uint32_t i)
{
    uint64_t offset = (uint64_t)i * ((uint64_t)list->data_words + list->pointer_count);
    if (i >= list->count) {
        capn_builder_fail(list->builder, CAPN_BAD_INDEX);
        return (struct capn_struct_builder){ .builder = list->builder };
    }
    return (struct capn_struct_builder){
        .builder = list->builder,
        .data = list->elements == NULL ? NULL : list->elements + offset * CAPN_WORD,
        .at = list->at + offset,
        .data_words = list->data_words,
        .pointer_count = list->pointer_count,
    };
}

/* A list of pointers, seen as elements of one pointer each. */
static struct capn_list_builder set_pointer_list(const struct capn_struct_builder *to, uint32_t slot, uint32_t count)
{
    struct capn_list_builder list = { .builder = to->builder, .count = count, .pointer_count = 1 };
    list.at = to->builder->words;
    list.elements = set_list(to, slot, CAPN_ELEMENT_POINTER, count, 64);
    return list;
}

/* A list of texts, or of data. */
static void set_blob_list(const struct capn_struct_builder *to, uint32_t slot, const struct capn_list *values, bool texts)
{
    uint32_t count = capn_list_len(values);
    if (count == 0)
        return;
    struct capn_list_builder list = set_pointer_list(to, slot, count);
    for (uint32_t i = 0; i < count; i++) {
        struct capn_struct_builder element = capn_list_builder_at(&list, i);
        struct capn_text text = { 0 };
        struct capn_data data = { 0 };
        enum capn_error error = texts ? capn_list_text_at(values, i, &text) : capn_list_data_at(values, i, &data);
        if (error != CAPN_OK)
            capn_builder_fail(to->builder, error);
        capn_set_text(&element, 0, text);
        capn_set_data(&element, 0, data);
    }
}

void capn_set_text_list(const struct capn_struct_builder *to, uint32_t slot, const struct capn_list *values)
{
    set_blob_list(to, slot, values, true);
}

void capn_set_data_list(const struct capn_struct_builder *to, uint32_t slot, const struct capn_list *values)
{
    set_blob_list(to, slot, values, false);
}

void capn_set_number_list(const struct capn_struct_builder *to, uint32_t slot, enum capn_element element,
                          const struct capn_list *values)
{
    static const uint8_t bits[] = { 0, 1, 8, 16, 32, 64, 0, 0 };
    uint32_t count = capn_list_len(values), size = bits[element] / 8u;
    if (count == 0)
        return;
    uint8_t *bytes = set_list(to, slot, element, count, bits[element]);
    if (bytes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (element == CAPN_ELEMENT_BIT)
            bytes[i / 8] |= (uint8_t)(capn_list_bool_at(values, i) << (i % 8));
        for (uint32_t b = 0; b < size; b++)
            bytes[(size_t)i * size + b] = (uint8_t)(capn_list_u64_at(values, i) >> (8 * b));
    }
}
