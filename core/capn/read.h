/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reading values out of a message. A struct capn_struct is a view: it was
 * checked against its segment when it was made, so the data getters cannot
 * fail; fields behind its end read as zero. Pointer getters follow one
 * pointer, check it and spend the message's budget. Texts, data and lists
 * point into the message's bytes. A null pointer gives the default: empty
 * text, data or list, or a struct without fields.
 * Everything in the bytes is untrusted; the slot and offset numbers are not
 * (generated code has them from the schema).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/capn/message.h"

/* UTF-8, no NUL counted. `bytes` may be NULL when len is 0. */
struct capn_text {
    const char *bytes;
    uint32_t len;
};

struct capn_data {
    const uint8_t *bytes;
    uint32_t len;
};

/* A C string as text; for string literals and other trusted NUL-terminated strings. */
struct capn_text capn_text_of(const char *str);
bool capn_text_equal(struct capn_text a, struct capn_text b);
/* The part of *rest up to the next `end`, which is taken away with it; all of it when there is none. */
struct capn_text capn_text_take(struct capn_text *rest, char end);

/* An all-zero capn_struct is the default struct. */
struct capn_struct {
    struct capn_message *message;
    const uint8_t *data;
    uint32_t data_bytes;
    uint32_t pointers; /* word in `segment` of the first pointer */
    uint16_t pointer_count;
    uint16_t segment;
    uint16_t nesting; /* pointers that may still be followed from here */
};

/* Element sizes as on the wire. */
enum capn_element {
    CAPN_ELEMENT_VOID = 0,
    CAPN_ELEMENT_BIT = 1,
    CAPN_ELEMENT_BYTE = 2,
    CAPN_ELEMENT_TWO_BYTES = 3,
    CAPN_ELEMENT_FOUR_BYTES = 4,
    CAPN_ELEMENT_EIGHT_BYTES = 5,
    CAPN_ELEMENT_POINTER = 6, /* Text, Data */
    CAPN_ELEMENT_STRUCT = 7,
};

/*
 * A list is in one of two modes. On the wire: message is set, the elements are read when asked for. Over a C array: made by
 * capn_list_of_array, message is NULL; the array belongs to who made the list. An all-zero capn_list is the empty list.
 */
struct capn_list {
    struct capn_message *message;
    const void *elements;
    uint32_t count;
    uint32_t step;       /* from one element to the next: bits on the wire, bytes in an array */
    uint32_t data_bytes; /* of one element; the rest is as in struct capn_struct */
    uint32_t pointers;   /* word in `segment` of the first element's first pointer */
    uint16_t pointer_count;
    uint16_t segment;
    uint16_t nesting;
};

/* The root struct. A null root pointer is the default struct; a first segment of no words is an error. */
enum capn_error capn_root(struct capn_message *message, struct capn_struct *out);

/* Data fields: `at` is the offset in bytes in the data section, a bool's the offset in bits. Fields behind the end are 0. */
uint8_t capn_get_u8(const struct capn_struct *from, uint32_t at);
uint16_t capn_get_u16(const struct capn_struct *from, uint32_t at);
uint32_t capn_get_u32(const struct capn_struct *from, uint32_t at);
uint64_t capn_get_u64(const struct capn_struct *from, uint32_t at);
int64_t capn_get_i64(const struct capn_struct *from, uint32_t at);
bool capn_get_bool(const struct capn_struct *from, uint32_t bit);

/* Pointer fields: `slot` counts pointers. On failure *out is not written. */
bool capn_has(const struct capn_struct *from, uint32_t slot); /* a pointer that is there and not null */
enum capn_error capn_get_struct(const struct capn_struct *from, uint32_t slot, struct capn_struct *out);
enum capn_error capn_get_text(const struct capn_struct *from, uint32_t slot, struct capn_text *out);
enum capn_error capn_get_data(const struct capn_struct *from, uint32_t slot, struct capn_data *out);
/* `expected` is the element size of the schema; a list that was upgraded to structs, or is read as structs, is accepted. */
enum capn_error capn_get_list(const struct capn_struct *from, uint32_t slot, enum capn_element expected,
                              struct capn_list *out);

/* Lists, both modes. */
#define capn_list_of_array(array, n) capn_list_over((array), (n), sizeof *(array))
struct capn_list capn_list_over(const void *array, uint32_t count, uint32_t stride);
uint32_t capn_list_len(const struct capn_list *list);
/* Texts and data; the C array is one of struct capn_text or struct capn_data. */
enum capn_error capn_list_text_at(const struct capn_list *list, uint32_t i, struct capn_text *out);
enum capn_error capn_list_data_at(const struct capn_list *list, uint32_t i, struct capn_data *out);
/* Numbers; behind the end they are 0. The C array may have any integer or enum type of 1, 2, 4 or 8 bytes. */
uint64_t capn_list_u64_at(const struct capn_list *list, uint32_t i);
uint32_t capn_list_u32_at(const struct capn_list *list, uint32_t i);
uint16_t capn_list_u16_at(const struct capn_list *list, uint32_t i);
uint8_t capn_list_u8_at(const struct capn_list *list, uint32_t i);
bool capn_list_bool_at(const struct capn_list *list, uint32_t i);

/* On the wire only: element i as a struct (CAPN_WRONG_KIND for an array). */
enum capn_error capn_list_struct_at(const struct capn_list *list, uint32_t i, struct capn_struct *out);
/* Over an array only: the address of element i, NULL on the wire and behind the end. */
const void *capn_list_array_at(const struct capn_list *list, uint32_t i);
