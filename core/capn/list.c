/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Elements of lists, on the wire and over C arrays, and texts: see read.h. Pure; a wire list was checked when it was made. */
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/capn/read.h"

struct capn_text capn_text_of(const char *str)
{
    return (struct capn_text){ .bytes = str, .len = (uint32_t)text_len(str) };
}

bool capn_text_equal(struct capn_text a, struct capn_text b)
{
    return text_equal(a.bytes, a.len, b.bytes, b.len);
}

struct capn_text capn_text_take(struct capn_text *rest, char end)
{
    struct capn_text part = { rest->bytes, 0 };
    while (part.len < rest->len && rest->bytes[part.len] != end)
        part.len++;
    uint32_t used = part.len < rest->len ? part.len + 1 : part.len;
    *rest = (struct capn_text){ rest->bytes + used, rest->len - used };
    return part;
}

struct capn_list capn_list_over(const void *array, uint32_t count, uint32_t stride)
{
    return (struct capn_list){ .elements = array, .count = count, .step = stride };
}

uint32_t capn_list_len(const struct capn_list *list)
{
    return list->count;
}

const void *capn_list_array_at(const struct capn_list *list, uint32_t i)
{
    if (list->message != NULL || i >= list->count)
        return NULL;
    return (const uint8_t *)list->elements + (size_t)i * list->step;
}

/* Element i of a wire list seen as a struct; a plain element is a struct of one field. Not for bits. */
static struct capn_struct element_view(const struct capn_list *list, uint32_t i)
{
    size_t offset = (size_t)i * list->step / 8;
    return (struct capn_struct){
        .message = list->message,
        .data = (const uint8_t *)list->elements + offset,
        .data_bytes = list->data_bytes,
        .pointers = list->pointers + (uint32_t)(offset / CAPN_WORD),
        .pointer_count = list->pointer_count,
        .segment = list->segment,
        .nesting = list->nesting,
    };
}

enum capn_error capn_list_struct_at(const struct capn_list *list, uint32_t i, struct capn_struct *out)
{
    if (i >= list->count)
        return CAPN_BAD_INDEX;
    if (list->message == NULL)
        return CAPN_WRONG_KIND;
    if (list->nesting == 0)
        return CAPN_TOO_DEEP;
    *out = element_view(list, i);
    out->nesting--;
    return CAPN_OK;
}

enum capn_error capn_list_text_at(const struct capn_list *list, uint32_t i, struct capn_text *out)
{
    if (i >= list->count)
        return CAPN_BAD_INDEX;
    if (list->message == NULL) {
        memcpy(out, capn_list_array_at(list, i), sizeof *out);
        return CAPN_OK;
    }
    struct capn_struct element = element_view(list, i);
    return capn_get_text(&element, 0, out);
}

enum capn_error capn_list_data_at(const struct capn_list *list, uint32_t i, struct capn_data *out)
{
    if (i >= list->count)
        return CAPN_BAD_INDEX;
    if (list->message == NULL) {
        memcpy(out, capn_list_array_at(list, i), sizeof *out);
        return CAPN_OK;
    }
    struct capn_struct element = element_view(list, i);
    return capn_get_data(&element, 0, out);
}

/* Array elements are in the machine's byte order, which is little-endian like the wire. */
static uint64_t load_bytes(const uint8_t *bytes, uint32_t size)
{
    uint64_t value = 0;
    for (uint32_t i = size < 8 ? size : 8; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

uint64_t capn_list_u64_at(const struct capn_list *list, uint32_t i)
{
    if (i >= list->count)
        return 0;
    if (list->message == NULL)
        return load_bytes(capn_list_array_at(list, i), list->step);
    struct capn_struct element = element_view(list, i);
    return load_bytes(element.data, element.data_bytes);
}

uint32_t capn_list_u32_at(const struct capn_list *list, uint32_t i)
{
    return (uint32_t)capn_list_u64_at(list, i);
}

uint16_t capn_list_u16_at(const struct capn_list *list, uint32_t i)
{
    return (uint16_t)capn_list_u64_at(list, i);
}

uint8_t capn_list_u8_at(const struct capn_list *list, uint32_t i)
{
    return (uint8_t)capn_list_u64_at(list, i);
}

bool capn_list_bool_at(const struct capn_list *list, uint32_t i)
{
    if (i >= list->count)
        return false;
    if (list->message == NULL)
        return capn_list_u64_at(list, i) != 0;
    uint64_t bit = (uint64_t)i * list->step;
    return ((((const uint8_t *)list->elements)[bit / 8] >> (bit % 8)) & 1) != 0;
}
