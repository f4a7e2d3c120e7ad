/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The memory primitives of freestanding builds. Simple loops: correctness
 * first, and the compiler turns none of them back into a call of themselves
 * (built with -fno-tree-loop-distribute-patterns and -fno-builtin). Hosted
 * builds leave this file out and use the C library.
 */
#include "core/base/bytes.h"

/* The direction flag is clear wherever C runs. */
#if defined(__x86_64__) && !defined(__CPROVER__)
#define STRING_INSTRUCTIONS
#endif

/* From here on one instruction moves the words: below it would take longer to start than a loop. */
#define STRING_BYTES 64u

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    uint8_t *d = dst;
    const uint8_t *s = src;
#ifdef STRING_INSTRUCTIONS
    if (n >= STRING_BYTES) {
        size_t words = n / 8;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
        n %= 8;
    }
#endif
    while (n >= 8) {
        uint64_t word;
        __builtin_memcpy(&word, s, 8);
        __builtin_memcpy(d, &word, 8);
        d += 8;
        s += 8;
        n -= 8;
    }
    while (n-- > 0)
        *d++ = *s++;
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    uint8_t *d = dst;
    const uint8_t *s = src;
    if ((uintptr_t)d - (uintptr_t)s >= n)
        return memcpy(dst, src, n);
    while (n-- > 0)
        d[n] = s[n];
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    uint8_t *d = dst;
    uint64_t pattern = 0x0101010101010101ull * (uint8_t)byte;
#ifdef STRING_INSTRUCTIONS
    if (n >= STRING_BYTES) {
        size_t words = n / 8;
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
        n %= 8;
    }
#endif
    while (n >= 8) {
        __builtin_memcpy(d, &pattern, 8);
        d += 8;
        n -= 8;
    }
    while (n-- > 0)
        *d++ = (uint8_t)byte;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (; n > 0; n--, x++, y++) {
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return 0;
}
