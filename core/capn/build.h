/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Writing a message of one segment into a buffer of the caller. Objects are
 * laid out in the order in which they are made: root pointer, root struct,
 * then what the setters add. When the buffer is too small the builder writes
 * nothing more but keeps counting, so capn_builder_finish can say how many
 * bytes the message needs. Errors stick: setters return nothing, the first
 * error is read with capn_builder_error or at the end.
 * Empty texts, data and lists stay null pointers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/capn/read.h"

#define CAPN_HEADER_BYTES 8u

struct capn_builder {
    uint8_t *bytes;
    size_t capacity;  /* bytes */
    uint64_t words;   /* of the segment, whether they fitted or not */
    enum capn_error error;
};

struct capn_struct_builder {
    struct capn_builder *builder;
    uint8_t *data;  /* NULL when the struct did not fit */
    uint64_t at;    /* word in the segment */
    uint16_t data_words;
    uint16_t pointer_count;
};

struct capn_list_builder {
    struct capn_builder *builder;
    uint8_t *elements; /* NULL when the list did not fit */
    uint64_t at;       /* word in the segment of the first element */
    uint32_t count;
    uint16_t data_words; /* of one element */
    uint16_t pointer_count;
};

/* `bytes` may be NULL when capacity is 0: then the builder only counts. The buffer need not be zeroed or aligned. */
void capn_builder_init(struct capn_builder *builder, uint8_t *bytes, size_t capacity);
/* Makes the root struct; once per message, first. Without it the root pointer is null. */
struct capn_struct_builder capn_builder_root(struct capn_builder *builder, uint16_t data_words, uint16_t pointer_count);
/* Records an error of the calling code, for instance of a list element that does not decode. */
void capn_builder_fail(struct capn_builder *builder, enum capn_error error);
/* The error so far. CAPN_NO_SPACE gives way to any other error. */
enum capn_error capn_builder_error(const struct capn_builder *builder);
/* Writes the segment table. *len is the message's length, or with CAPN_NO_SPACE the length it needs. */
enum capn_error capn_builder_finish(struct capn_builder *builder, size_t *len);

/* Data fields; offsets as in read.h. */
void capn_set_u8(const struct capn_struct_builder *to, uint32_t at, uint8_t value);
void capn_set_u16(const struct capn_struct_builder *to, uint32_t at, uint16_t value);
void capn_set_u32(const struct capn_struct_builder *to, uint32_t at, uint32_t value);
void capn_set_u64(const struct capn_struct_builder *to, uint32_t at, uint64_t value);
void capn_set_i64(const struct capn_struct_builder *to, uint32_t at, int64_t value);
void capn_set_bool(const struct capn_struct_builder *to, uint32_t bit, bool value);

/* Pointer fields, each set at most once. */
void capn_set_text(const struct capn_struct_builder *to, uint32_t slot, struct capn_text value);
void capn_set_data(const struct capn_struct_builder *to, uint32_t slot, struct capn_data value);
struct capn_struct_builder capn_set_struct(const struct capn_struct_builder *to, uint32_t slot, uint16_t data_words,
                                           uint16_t pointer_count);
/* A list of structs; fill each element that capn_list_builder_at gives. */
struct capn_list_builder capn_set_struct_list(const struct capn_struct_builder *to, uint32_t slot, uint32_t count,
                                              uint16_t data_words, uint16_t pointer_count);
struct capn_struct_builder capn_list_builder_at(const struct capn_list_builder *list, uint32_t i);
/* Whole lists, copied from a list in either mode. `element` is BIT, BYTE, TWO_BYTES, FOUR_BYTES or EIGHT_BYTES. */
void capn_set_text_list(const struct capn_struct_builder *to, uint32_t slot, const struct capn_list *values);
void capn_set_data_list(const struct capn_struct_builder *to, uint32_t slot, const struct capn_list *values);
void capn_set_number_list(const struct capn_struct_builder *to, uint32_t slot, enum capn_element element,
                          const struct capn_list *values);
