/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A pipe: one operation on any pipe. Bytes come out in the order in which they
 * went in, none is lost, none comes twice, and nothing outside the storage is
 * touched. Positions count from the oldest byte.
 */
#include "core/base/base_proof.h"
#include "core/pipe/pipe.c"

#define MOST 3u

/* In place of core/base/bytes.c: as many bytes as there are at most, so that the prover sees no loop. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    uint8_t *to = dst;
    const uint8_t *from = src;
    assert(n <= MOST);
    if (n > 0)
        to[0] = from[0];
    if (n > 1)
        to[1] = from[1];
    if (n > 2)
        to[2] = from[2];
    return dst;
}

static struct pipe pipe;
static struct pipe old;
static uint8_t storage[MOST], before[MOST];
static uint8_t bytes[MOST + 1], given[MOST + 1];

static void any_pipe(void)
{
    uint8_t capacity = nondet_u8(), first = nondet_u8(), len = nondet_u8();
    assume(capacity >= 1 && capacity <= MOST && first < capacity && len <= capacity);
    pipe.capacity = capacity;
    pipe.first = first;
    pipe.len = len;
    pipe.reader_closed = nondet_bool();
    pipe.writer_closed = nondet_bool();
    old = pipe;
    for (uint32_t i = 0; i < MOST; i++) {
        storage[i] = nondet_u8();
        before[i] = storage[i];
    }
    for (uint32_t i = 0; i <= MOST; i++) {
        bytes[i] = nondet_u8();
        given[i] = bytes[i];
    }
}

/* Index of a position below the capacity. */
static uint32_t index_of(uint32_t first, uint32_t position)
{
    uint32_t sum = first + position;
    return sum < old.capacity ? sum : sum - old.capacity;
}

static uint32_t below(uint32_t limit)
{
    uint32_t value = nondet_u8();
    assume(value < limit);
    return value;
}

static void assert_shape(void)
{
    assert(pipe.capacity == old.capacity && pipe.first < pipe.capacity && pipe.len <= pipe.capacity);
    assert(pipe.reader_closed == old.reader_closed && pipe.writer_closed == old.writer_closed);
}

/* PROOF what_is_put_stands_last
 * of: pipe_put, lesser
 * bound: capacities of 1 to 3, up to 4 bytes at once: every place of the wrap, and more than fits
 * next: 4 and 5: about three times the time
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void what_is_put_stands_last(void)
{
    any_pipe();
    uint32_t len = below(MOST + 2);
    uint32_t room = old.capacity - old.len;
    uint32_t count = pipe_put(&pipe, storage, bytes, len);
    if (old.reader_closed || old.writer_closed) {
        probe(1);
        assert(count == 0);
    } else if (len > room) {
        probe(2);
        assert(count == room);
    } else {
        probe(3);
        assert(count == len);
    }
    assert(pipe.first == old.first && pipe.len == old.len + count);
    uint32_t place = below(MOST);
    assume(place < old.capacity);
    if (place >= old.len && place < pipe.len)
        assert(storage[index_of(old.first, place)] == given[place - old.len]);
    else
        assert(storage[index_of(old.first, place)] == before[index_of(old.first, place)]);
    assert_shape();
}

/* PROOF what_is_taken_stood_first
 * of: pipe_take, lesser
 * bound: capacities of 1 to 3, up to 4 bytes at once: every place of the wrap, and more than there is
 * next: 4 and 5: about three times the time
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void what_is_taken_stood_first(void)
{
    any_pipe();
    uint32_t len = below(MOST + 2);
    uint32_t count = pipe_take(&pipe, storage, bytes, len);
    if (old.reader_closed) {
        probe(1);
        assert(count == 0);
    } else if (len > old.len) {
        probe(2);
        assert(count == old.len);
    } else {
        probe(3);
        assert(count == len);
    }
    assert(pipe.len == old.len - count && pipe.first == index_of(old.first, count));
    uint32_t place = below(MOST + 1);
    assert(bytes[place] == (place < count ? before[index_of(old.first, place)] : given[place]));
    assert(place >= MOST || storage[place] == before[place]);
    assert_shape();
}

/* PROOF nobody_waits_for_what_never_comes
 * of: pipe_answers_read, pipe_answers_write, pipe_at_end
 * bound: capacities of 1 to 3: only comparisons of the counters
 * next: none is needed
 * unwind: 5
 */
void nobody_waits_for_what_never_comes(void)
{
    any_pipe();
    bool closed = old.reader_closed || old.writer_closed;
    if (pipe_answers_read(&pipe)) {
        probe(1);
        assert(closed || old.len > 0);
    } else {
        probe(2);
        assert(!closed && old.len == 0);
    }
    if (pipe_answers_write(&pipe)) {
        probe(3);
        assert(closed || old.len < old.capacity);
    } else {
        probe(4);
        assert(!closed && old.len == old.capacity);
    }
    if (pipe_at_end(&pipe)) {
        probe(5);
        assert(pipe_answers_read(&pipe) && pipe_take(&pipe, storage, bytes, 1) == 0 && (old.reader_closed || old.writer_closed));
    } else {
        probe(6);
        assert(!old.reader_closed && (!old.writer_closed || old.len > 0));
    }
}

/* PROOF a_new_pipe_is_empty
 * of: pipe_init, pipe_capacity, lesser
 * bound: none: every request
 * unwind: 5
 */
void a_new_pipe_is_empty(void)
{
    any_pipe();
    uint32_t requested = nondet_u32();
    uint32_t capacity = pipe_capacity(requested);
    if (requested == 0) {
        probe(1);
        assert(capacity == 4096);
    } else if (requested > 65536) {
        probe(2);
        assert(capacity == 65536);
    } else {
        probe(3);
        assert(capacity == requested);
    }
    pipe_init(&pipe, capacity);
    assert(pipe.capacity == capacity && pipe.first == 0 && pipe.len == 0 && !pipe.reader_closed && !pipe.writer_closed);
}
