/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bounded text without allocation. A text_buf fills to its capacity, is cut
 * at a UTF-8 character boundary, remembers that it was cut, and accepts
 * nothing more after that. The storage belongs to the caller; the text is
 * not NUL-terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_buf {
    char *bytes;
    size_t len;
    size_t capacity;
    bool truncated;
};

struct text_buf text_buf_over(char *storage, size_t capacity);
void text_buf_append(struct text_buf *buf, const char *bytes, size_t len);
void text_buf_append_str(struct text_buf *buf, const char *str);
void text_buf_append_u64(struct text_buf *buf, uint64_t value);
void text_buf_append_i64(struct text_buf *buf, int64_t value);
/* Lower-case hexadecimal with the prefix 0x and no leading zeros. */
void text_buf_append_hex(struct text_buf *buf, uint64_t value);

size_t text_len(const char *str);
bool text_equal(const char *a, size_t a_len, const char *b, size_t b_len);
/* Strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool utf8_valid(const char *bytes, size_t len);
/* The longest prefix of at most `limit` bytes that ends between characters of valid UTF-8. */
size_t utf8_cut(const char *bytes, size_t len, size_t limit);
