/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stream framing: see message.h. Pure; trusts nothing in the bytes. */
#include "core/capn/message.h"

#include "core/base/bytes.h"

static const char *const error_texts[CAPN_ERROR_COUNT] = {
    [CAPN_OK] = "no error",
    [CAPN_TRUNCATED] = "message is cut short",
    [CAPN_TOO_MANY_SEGMENTS] = "too many segments",
    [CAPN_OUT_OF_BOUNDS] = "pointer out of bounds",
    [CAPN_EMPTY_OUT_OF_BOUNDS] = "pointer to an empty object out of bounds",
    [CAPN_UNKNOWN_SEGMENT] = "pointer to an unknown segment",
    [CAPN_BAD_FAR] = "bad landing pad of a far pointer",
    [CAPN_WRONG_KIND] = "pointer of the wrong kind",
    [CAPN_CAPABILITY] = "capability where data is expected",
    [CAPN_BAD_LIST] = "list of the wrong element size",
    [CAPN_NOT_BITS] = "list of bits expected",
    [CAPN_NO_NUL] = "text without NUL",
    [CAPN_BAD_UTF8] = "text is not UTF-8",
    [CAPN_TOO_DEEP] = "nesting too deep",
    [CAPN_TRAVERSAL] = "traversal limit exceeded",
    [CAPN_BAD_INDEX] = "list index out of range",
    [CAPN_UNKNOWN_ENUM] = "enum value not in schema",
    [CAPN_UNKNOWN_UNION] = "union member not in schema",
    [CAPN_NO_SPACE] = "message does not fit its buffer",
    [CAPN_TOO_LARGE] = "message too large",
    [CAPN_BAD_FIELD] = "field outside its struct",
};

const char *capn_error_text(enum capn_error error)
{
    return (unsigned)error < CAPN_ERROR_COUNT ? error_texts[error] : "unknown error";
}

/* Fills the segment list from the sizes behind the count; *words is their sum. */
static enum capn_error read_table(struct capn_message *out, const uint8_t *sizes, uint64_t *words)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < out->segment_count; i++) {
        uint32_t size = load_le32(sizes + 4 * (size_t)i);
        if (sum > UINT32_MAX - (uint64_t)size)
            return CAPN_TRUNCATED; /* no buffer of ours is that long: 32 GiB */
        out->segments[i] = (struct capn_segment){ .start = (uint32_t)sum, .words = size };
        sum += size;
    }
    *words = sum;
    return CAPN_OK;
}

enum capn_error capn_message_open(struct capn_message *out, const uint8_t *bytes, size_t len, struct capn_limits limits,
                                  size_t *size)
{
    if (len < CAPN_WORD)
        return CAPN_TRUNCATED;
    uint64_t count = (uint64_t)load_le32(bytes) + 1;
    if (count > limits.max_segments || count > CAPN_SEGMENTS_MAX)
        return CAPN_TOO_MANY_SEGMENTS;
    uint64_t table_bytes = (count / 2 + 1) * CAPN_WORD;
    if (len < table_bytes)
        return CAPN_TRUNCATED;
    out->segment_count = (uint32_t)count;
    out->nesting = limits.max_nesting;
    out->words_left = limits.max_traversal_words;
    uint64_t words;
    enum capn_error error = read_table(out, bytes + 4, &words);
    if (error != CAPN_OK)
        return error;
    if (words > (len - table_bytes) / CAPN_WORD)
        return CAPN_TRUNCATED;
    out->body = bytes + table_bytes;
    if (size != NULL)
        *size = (size_t)(table_bytes + words * CAPN_WORD);
    return CAPN_OK;
}
