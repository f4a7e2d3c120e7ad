/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User buffers as the frames that they lie in, for copies from one process to another without a stop in between. What is
 * found is good until the kernel changes a mapping. Under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "kernel/mm/aspace.h"

#define USER_PAGES 3u /* that one buffer may lie in */

struct user_pages {
    uint8_t *at[USER_PAGES];
    uint32_t offset; /* of the first byte, in the first */
    uint32_t count;
};

/* Every byte of a buffer that is not empty: present, user-accessible and, when asked, writable. False too when it lies in
 * more pages. */
static inline bool user_pages_find(const struct aspace *as, uint64_t va, uint64_t len, bool write, struct user_pages *out)
{
    uint64_t count = (va % PAGE_SIZE + len + PAGE_SIZE - 1) / PAGE_SIZE;
    out->offset = va % PAGE_SIZE;
    out->count = (uint32_t)count;
    return count <= USER_PAGES && machine_user_pages(&as->machine, (struct user_ptr){va}, (uint32_t)count, write, out->at);
}

/* No frame in common? Memory can be mapped twice, and in two processes. */
static inline bool user_pages_apart(const struct user_pages *a, const struct user_pages *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++)
            if (a->at[i] == b->at[k])
                return false;
    return true;
}

struct user_place {
    uint8_t *at;
    uint32_t left; /* bytes in a row */
};

static inline struct user_place user_pages_at(const struct user_pages *pages, uint32_t at)
{
    at += pages->offset;
    return (struct user_place){pages->at[at / PAGE_SIZE] + at % PAGE_SIZE, (uint32_t)(PAGE_SIZE - at % PAGE_SIZE)};
}

/* To `at` of one buffer from the beginning of another; the two are apart. */
static inline void user_pages_copy(const struct user_pages *to, uint32_t at, const struct user_pages *from, uint32_t len)
{
    for (uint32_t done = 0; done < len;) {
        struct user_place out = user_pages_at(to, at + done), in = user_pages_at(from, done);
        uint32_t part = len - done < out.left ? len - done : out.left;
        part = part < in.left ? part : in.left;
        memcpy(out.at, in.at, part);
        done += part;
    }
}
