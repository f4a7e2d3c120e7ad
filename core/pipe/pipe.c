/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pipe: see pipe.h. */
#include "core/pipe/pipe.h"

#include "core/base/bytes.h"

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t pipe_capacity(uint32_t requested)
{
    return requested == 0 ? PIPE_BYTES_DEFAULT : lesser(requested, PIPE_BYTES_MAX);
}

void pipe_init(struct pipe *pipe, uint32_t capacity)
{
    *pipe = (struct pipe){.capacity = capacity};
}

uint32_t pipe_put(struct pipe *pipe, uint8_t *storage, const uint8_t *bytes, uint32_t len)
{
    if (pipe->reader_closed || pipe->writer_closed)
        return 0;
    uint32_t count = lesser(len, pipe->capacity - pipe->len);
    uint32_t at = (pipe->first + pipe->len) % pipe->capacity;
    uint32_t before_wrap = lesser(count, pipe->capacity - at);
    if (count == 0)
        return 0;
    memcpy(storage + at, bytes, before_wrap);
    memcpy(storage, bytes + before_wrap, count - before_wrap);
    pipe->len += count;
    return count;
}

uint32_t pipe_take(struct pipe *pipe, const uint8_t *storage, uint8_t *bytes, uint32_t len)
{
    if (pipe->reader_closed)
        return 0;
    uint32_t count = lesser(len, pipe->len);
    uint32_t before_wrap = lesser(count, pipe->capacity - pipe->first);
    if (count == 0)
        return 0;
    memcpy(bytes, storage + pipe->first, before_wrap);
    memcpy(bytes + before_wrap, storage, count - before_wrap);
    pipe->first = (pipe->first + count) % pipe->capacity;
    pipe->len -= count;
    return count;
}

bool pipe_answers_read(const struct pipe *pipe)
{
    return pipe->len > 0 || pipe->writer_closed || pipe->reader_closed;
}

bool pipe_answers_write(const struct pipe *pipe)
{
    return pipe->len < pipe->capacity || pipe->reader_closed || pipe->writer_closed;
}

bool pipe_at_end(const struct pipe *pipe)
{
    return pipe->reader_closed || (pipe->writer_closed && pipe->len == 0);
}
