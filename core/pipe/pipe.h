/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One direction of bytes between two ends: a bounded ring, and what the ends
 * still want. Pure; the owner (kernel/objects/pipe.c) provides the storage of
 * `capacity` bytes with each call and serialises them. Lengths come from
 * programs and are cut, never trusted. Source: docs/interfaces.md, Pipe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of the ring, bytes; ours where the interface leaves them open. */
#define PIPE_BYTES_DEFAULT 4096u
#define PIPE_BYTES_MAX 65536u

struct pipe {
    uint32_t capacity; /* 1..PIPE_BYTES_MAX */
    uint32_t first;    /* index of the oldest byte */
    uint32_t len;      /* bytes stored */
    bool reader_closed;
    bool writer_closed;
};

/* The capacity that a request gets: 0 is the default, too much the most there is. */
uint32_t pipe_capacity(uint32_t requested);

/* An empty pipe with both ends open. */
void pipe_init(struct pipe *pipe, uint32_t capacity);

/* Stores the first of `len` bytes; how many. 0 when full, and when either end is closed. */
uint32_t pipe_put(struct pipe *pipe, uint8_t *storage, const uint8_t *bytes, uint32_t len);

/* Takes at most `len` bytes out, oldest first; how many. 0 when empty, and when the reader is closed. */
uint32_t pipe_take(struct pipe *pipe, const uint8_t *storage, uint8_t *bytes, uint32_t len);

/* Would a read, a write be answered now, or has it to wait? */
bool pipe_answers_read(const struct pipe *pipe);
bool pipe_answers_write(const struct pipe *pipe);

/* Nothing is there and nothing will come. */
bool pipe_at_end(const struct pipe *pipe);
