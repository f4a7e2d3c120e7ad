/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the fuzz targets share: a reader of the input that never runs out (it
 * gives zeros), and a check that stays on in every build. A target must call
 * nothing that keeps state from one input to the next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct fuzz_input {
    const uint8_t *bytes;
    size_t left;
};

static inline uint64_t fuzz_take(struct fuzz_input *input, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | (input->left > 0 ? *input->bytes : 0);
        if (input->left > 0) {
            input->bytes++;
            input->left--;
        }
    }
    return value;
}

/* A number below `end`, which is not 0. */
static inline uint32_t fuzz_below(struct fuzz_input *input, uint32_t end)
{
    return (uint32_t)fuzz_take(input, 4) % end;
}

#define FUZZ_CHECK(holds) fuzz_check((holds), #holds, __FILE__, __LINE__)

static inline void fuzz_check(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}
