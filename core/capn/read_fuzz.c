/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as a message, and any walk through it: what the reader hands out
 * lies inside the message, and the walk ends within the traversal budget.
 */
#include "core/base/base_fuzz.h"

#include "core/capn/read.h"

static const uint8_t *begin, *end;

static void check_inside(const void *at, uint64_t bytes)
{
    FUZZ_CHECK(bytes == 0 || ((const uint8_t *)at >= begin && (const uint8_t *)at + bytes <= end));
}

static void read_numbers(const struct capn_struct *from, struct fuzz_input *walk)
{
    uint32_t at = (uint32_t)fuzz_take(walk, 2);
    volatile uint64_t sink = capn_get_u8(from, at) + capn_get_u16(from, at) + capn_get_u32(from, at) + capn_get_u64(from, at);
    sink += capn_get_bool(from, at);
    (void)sink;
    check_inside(from->data, from->data_bytes);
}

static void read_bytes(const struct capn_struct *from, uint32_t slot)
{
    struct capn_text text;
    struct capn_data data;
    if (capn_get_text(from, slot, &text) == CAPN_OK)
        check_inside(text.bytes, text.len);
    if (capn_get_data(from, slot, &data) == CAPN_OK)
        check_inside(data.bytes, data.len);
}

/* Takes one element of a list; a struct becomes the place where the walk stands. */
static void read_list(struct capn_struct *at, uint32_t slot, struct fuzz_input *walk)
{
    struct capn_list list;
    enum capn_element element = (enum capn_element)fuzz_below(walk, 8);
    if (capn_get_list(at, slot, element, &list) != CAPN_OK)
        return;
    uint32_t count = capn_list_len(&list), i = (uint32_t)fuzz_take(walk, 2);
    volatile uint64_t sink = capn_list_u64_at(&list, i) + capn_list_u8_at(&list, i) + capn_list_bool_at(&list, i);
    struct capn_struct inner;
    struct capn_text text;
    (void)sink;
    if (element == CAPN_ELEMENT_POINTER && capn_list_text_at(&list, i, &text) == CAPN_OK) {
        FUZZ_CHECK(i < count);
        check_inside(text.bytes, text.len);
    }
    if (element == CAPN_ELEMENT_STRUCT && capn_list_struct_at(&list, i, &inner) == CAPN_OK) {
        FUZZ_CHECK(i < count);
        *at = inner;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct capn_message message;
    struct capn_struct at, inner;
    size_t size = 0;
    if (len < 32)
        return 0;
    struct fuzz_input walk = {bytes, 32};
    begin = bytes + 32;
    end = bytes + len;
    if (capn_message_open(&message, begin, len - 32, CAPN_LIMITS_PARAMS, &size) != CAPN_OK)
        return 0;
    FUZZ_CHECK(size <= len - 32 && message.segment_count <= CAPN_SEGMENTS_MAX);
    if (capn_root(&message, &at) != CAPN_OK)
        return 0;
    for (uint32_t step = 0; step < 64 && walk.left > 0; step++) {
        uint32_t what = fuzz_below(&walk, 4), slot = (uint32_t)fuzz_take(&walk, 1);
        if (what == 0)
            read_numbers(&at, &walk);
        if (what == 1)
            read_bytes(&at, slot);
        if (what == 2)
            read_list(&at, slot, &walk);
        if (what == 3 && capn_get_struct(&at, slot, &inner) == CAPN_OK)
            at = inner;
    }
    return 0;
}
