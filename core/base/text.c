/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bounded text: see text.h. Pure; trusts only its own arguments' sizes. */
#include "core/base/text.h"

#include "core/base/bytes.h"

struct text_buf text_buf_over(char *storage, size_t capacity)
{
    return (struct text_buf){ .bytes = storage, .len = 0, .capacity = capacity, .truncated = false };
}

void text_buf_append(struct text_buf *buf, const char *bytes, size_t len)
{
    if (buf->truncated)
        return;
    size_t room = buf->capacity - buf->len;
    size_t take = len <= room ? len : utf8_cut(bytes, len, room);
    if (take != 0)
        memcpy(buf->bytes + buf->len, bytes, take);
    buf->len += take;
    buf->truncated = take != len;
}

void text_buf_append_str(struct text_buf *buf, const char *str)
{
    text_buf_append(buf, str, text_len(str));
}

void text_buf_append_u64(struct text_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    text_buf_append(buf, digits + at, sizeof digits - at);
}

void text_buf_append_i64(struct text_buf *buf, int64_t value)
{
    if (value < 0) {
        text_buf_append(buf, "-", 1);
        text_buf_append_u64(buf, 0 - (uint64_t)value);
    } else {
        text_buf_append_u64(buf, (uint64_t)value);
    }
}

void text_buf_append_hex(struct text_buf *buf, uint64_t value)
{
    char digits[18];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    digits[--at] = 'x';
    digits[--at] = '0';
    text_buf_append(buf, digits + at, sizeof digits - at);
}

size_t text_len(const char *str)
{
    size_t len = 0;
    while (str[len] != '\0')
        len++;
    return len;
}

bool text_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* Length of the valid character at the start of bytes[0..len), 0 if there is none. */
static size_t utf8_char(const uint8_t *bytes, size_t len)
{
    uint8_t lead = bytes[0];
    if (lead < 0x80)
        return 1;
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || need > len)
        return 0;
    uint8_t low = 0x80, high = 0xbf;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return need;
}

bool utf8_valid(const char *bytes, size_t len)
{
    return utf8_cut(bytes, len, len) == len;
}

size_t utf8_cut(const char *bytes, size_t len, size_t limit)
{
    size_t at = 0;
    while (at < len && at < limit) {
        size_t step = utf8_char((const uint8_t *)bytes + at, len - at);
        if (step == 0 || at + step > limit)
            break;
        at += step;
    }
    return at;
}
