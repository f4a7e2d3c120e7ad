/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The formatter behind capos_print: see capos/print.h for what it knows. */
#include "capos/print.h"

#include <stdbool.h>
#include <stdint.h>

struct directive {
    bool left, zero, precise;
    unsigned width, precision;
    unsigned longs; /* 0 int, 1 long or size_t, 2 long long */
    char kind;
};

static const char *parse_number(const char *at, unsigned *out)
{
    for (*out = 0; *at >= '0' && *at <= '9'; at++)
        *out = *out < 10000 ? *out * 10 + (unsigned)(*at - '0') : *out;
    return at;
}

static const char *parse(const char *at, struct directive *d, va_list *args)
{
    *d = (struct directive){ 0 };
    for (; *at == '-' || *at == '0'; at++) {
        d->left = d->left || *at == '-';
        d->zero = d->zero || *at == '0';
    }
    at = parse_number(at, &d->width);
    if (*at == '.') {
        d->precise = true;
        if (at[1] == '*') {
            int given = va_arg(*args, int);
            d->precision = given < 0 ? 0 : (unsigned)given;
            at += 2;
        } else {
            at = parse_number(at + 1, &d->precision);
        }
    }
    for (; *at == 'l' || *at == 'z'; at++)
        d->longs++;
    d->kind = *at;
    return *at == '\0' ? at : at + 1;
}

static void pad(struct text_buf *buf, char with, size_t have, unsigned want)
{
    for (size_t i = have; i < want; i++)
        text_buf_append(buf, &with, 1);
}

static void put(struct text_buf *buf, const struct directive *d, const char *bytes, size_t len)
{
    size_t at = 0;
    bool zero = d->zero && !d->left && d->kind != 's' && d->kind != 'c';
    if (zero && len > 0 && bytes[0] == '-')
        text_buf_append(buf, bytes, at = 1);
    if (!d->left)
        pad(buf, zero ? '0' : ' ', len, d->width);
    text_buf_append(buf, bytes + at, len - at);
    if (d->left)
        pad(buf, ' ', len, d->width);
}

static void put_unsigned(struct text_buf *buf, const struct directive *d, uint64_t value, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned base = d->kind == 'x' ? 16 : 10;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        digits[--at] = '-';
    put(buf, d, digits + at, sizeof digits - at);
}

static void put_text(struct text_buf *buf, const struct directive *d, const char *text)
{
    size_t len = 0;
    if (text == NULL) {
        text = "(null)";
        len = 6;
    } else {
        while ((!d->precise || len < d->precision) && text[len] != '\0')
            len++;
    }
    put(buf, d, text, len);
}

static void put_directive(struct text_buf *buf, const struct directive *d, va_list *args)
{
    if (d->kind == 's') {
        put_text(buf, d, va_arg(*args, const char *));
    } else if (d->kind == 'c') {
        char c = (char)va_arg(*args, int);
        put(buf, d, &c, 1);
    } else if (d->kind == 'd' || d->kind == 'i') {
        int64_t value = d->longs == 0 ? va_arg(*args, int) : va_arg(*args, long);
        put_unsigned(buf, d, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
    } else if (d->kind == 'u' || d->kind == 'x') {
        put_unsigned(buf, d, d->longs == 0 ? va_arg(*args, unsigned) : va_arg(*args, unsigned long), false);
    } else if (d->kind != '\0') {
        text_buf_append(buf, &d->kind, 1);
    }
}

void capos_vformat(struct text_buf *buf, const char *format, va_list args)
{
    va_list rest;
    va_copy(rest, args);
    while (*format != '\0') {
        size_t plain = 0;
        while (format[plain] != '\0' && format[plain] != '%')
            plain++;
        text_buf_append(buf, format, plain);
        format += plain;
        if (*format == '\0')
            break;
        struct directive d;
        format = parse(format + 1, &d, &rest);
        put_directive(buf, &d, &rest);
    }
    va_end(rest);
}

void capos_format(struct text_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    capos_vformat(buf, format, args);
    va_end(args);
}
