/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Frame bitmap: see bitmap.h. Whole bytes of used frames are skipped at once. */
#include "core/frames/bitmap.h"

#include "core/base/bytes.h"

static bool bit_used(const struct frames_bitmap *map, size_t frame)
{
    return (map->bits[frame / 8] >> (frame % 8) & 1) != 0;
}

size_t frames_bitmap_bytes(size_t total)
{
    return total / 8 + (total % 8 != 0);
}

void frames_bitmap_init(struct frames_bitmap *map, uint8_t *bits, size_t total)
{
    *map = (struct frames_bitmap){ .bits = bits, .total = total };
    memset(bits, 0xff, frames_bitmap_bytes(total));
}

bool frames_bitmap_used(const struct frames_bitmap *map, size_t frame)
{
    return frame >= map->total || bit_used(map, frame);
}

void frames_bitmap_mark_used(struct frames_bitmap *map, size_t frame)
{
    if (frames_bitmap_used(map, frame))
        return;
    map->bits[frame / 8] |= (uint8_t)(1u << (frame % 8));
    map->free--;
}

void frames_bitmap_mark_free(struct frames_bitmap *map, size_t frame)
{
    (void)frames_bitmap_release(map, frame);
}

/* The first free frame in [from, to), or `to`. */
static size_t find_free(const struct frames_bitmap *map, size_t from, size_t to)
{
    size_t at = from;

    while (at < to) {
        if (at % 8 == 0 && map->bits[at / 8] == 0xff) {
            at += 8;
            continue;
        }
        if (!bit_used(map, at))
            return at;
        at++;
    }
    return to;
}

enum frames_error frames_bitmap_alloc(struct frames_bitmap *map, size_t *frame)
{
    size_t hint = map->hint < map->total ? map->hint : 0;

    if (map->free == 0)
        return FRAMES_NONE_FREE;
    size_t found = find_free(map, hint, map->total);
    if (found == map->total)
        found = find_free(map, 0, hint);
    frames_bitmap_mark_used(map, found);
    map->hint = found + 1;
    *frame = found;
    return FRAMES_OK;
}

/* The lowest start at or after `from` of n free frames, or total. */
static size_t find_run(const struct frames_bitmap *map, size_t from, size_t n)
{
    size_t start = find_free(map, from, map->total);
    size_t at = start;

    while (at < map->total) {
        if (bit_used(map, at)) {
            start = find_free(map, at, map->total);
            at = start;
            continue;
        }
        at++;
        if (at - start == n)
            return start;
    }
    return map->total;
}

enum frames_error frames_bitmap_alloc_run(struct frames_bitmap *map, size_t n, size_t *first)
{
    if (n == 0 || n > map->free)
        return FRAMES_NONE_FREE;
    size_t start = find_run(map, map->hint, n);
    if (start == map->total)
        start = find_run(map, 0, n);
    if (start == map->total)
        return FRAMES_NONE_FREE;
    for (size_t i = 0; i < n; i++)
        frames_bitmap_mark_used(map, start + i);
    map->hint = start + n;
    *first = start;
    return FRAMES_OK;
}

enum frames_error frames_bitmap_release(struct frames_bitmap *map, size_t frame)
{
    if (frame >= map->total)
        return FRAMES_OUT_OF_RANGE;
    if (!bit_used(map, frame))
        return FRAMES_DOUBLE_FREE;
    map->bits[frame / 8] &= (uint8_t)~(1u << (frame % 8));
    map->free++;
    return FRAMES_OK;
}
