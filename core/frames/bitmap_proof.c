/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The frame bitmap: one operation on any bitmap whose free count is right. The
 * count itself is shown as a difference: an operation changes it by exactly
 * the bits that it changes.
 */
#include "core/base/base_proof.h"
#include "core/base/bytes.c"
#include "core/frames/bitmap.c"

#define BYTES 2u
#define FRAMES 11u /* not a multiple of 8: the last byte has padding bits */

static uint8_t bits[BYTES];
static uint8_t before[BYTES];
static struct frames_bitmap map;

static void any_bitmap(void)
{
    map = (struct frames_bitmap){.bits = bits, .total = FRAMES, .free = 0, .hint = nondet_size()};
    for (uint32_t i = 0; i < BYTES; i++) {
        bits[i] = nondet_u8();
        before[i] = bits[i];
    }
    for (uint32_t i = 0; i < FRAMES; i++)
        map.free += (bits[i / 8] >> (i % 8) & 1) == 0;
}

static bool was_used(size_t frame)
{
    return (before[frame / 8] >> (frame % 8) & 1) != 0;
}

static bool is_used(size_t frame)
{
    return (bits[frame / 8] >> (frame % 8) & 1) != 0;
}

static size_t any_frame(void)
{
    size_t frame = nondet_size();
    assume(frame < FRAMES);
    return frame;
}

/* PROOF allocation_takes_one_free_frame
 * of: frames_bitmap_alloc, find_free, frames_bitmap_mark_used
 * bound: 11 frames in 2 bytes: a whole byte and the padded last byte, the hint in either
 * next: 19 frames: about twelve times the time
 * unwind: 13
 */
void allocation_takes_one_free_frame(void)
{
    any_bitmap();
    size_t free = map.free;
    size_t frame = FRAMES;
    size_t other = any_frame();
    if (frames_bitmap_alloc(&map, &frame) == FRAMES_OK) {
        probe(1);
        assert(frame < FRAMES && !was_used(frame) && is_used(frame));
        assert(map.free == free - 1 && map.hint == frame + 1);
        assert(other == frame || is_used(other) == was_used(other));
    } else {
        probe(2);
        assert(free == 0 && was_used(other) && is_used(other) && map.free == 0 && frame == FRAMES);
    }
}

/* PROOF a_frame_is_marked_once
 * of: frames_bitmap_mark_used, frames_bitmap_used, bit_used
 * bound: 11 frames in 2 bytes: one byte is touched; every number of a frame, also outside the map
 * next: 19 frames: nothing new
 * unwind: 13
 */
void a_frame_is_marked_once(void)
{
    any_bitmap();
    size_t free = map.free, frame = nondet_size(), other = any_frame();
    assert(frames_bitmap_used(&map, frame) == (frame >= FRAMES || was_used(frame)));
    frames_bitmap_mark_used(&map, frame);
    assert(other == frame ? is_used(other) : is_used(other) == was_used(other));
    if (frame >= FRAMES || was_used(frame)) {
        probe(1);
        assert(map.free == free);
    } else {
        probe(2);
        assert(map.free == free - 1);
    }
}

/* PROOF release_frees_one_used_frame
 * of: frames_bitmap_release
 * bound: 11 frames: a release writes one byte
 * next: 19 frames: about twice the time
 * unwind: 13
 */
void release_frees_one_used_frame(void)
{
    any_bitmap();
    size_t free = map.free;
    size_t hint = map.hint;
    size_t frame = nondet_size();
    size_t other = any_frame();
    enum frames_error error = frames_bitmap_release(&map, frame);
    if (frame >= FRAMES) {
        probe(1);
        assert(error == FRAMES_OUT_OF_RANGE && map.free == free && is_used(other) == was_used(other));
    } else if (!was_used(frame)) {
        probe(2);
        assert(error == FRAMES_DOUBLE_FREE && map.free == free && is_used(other) == was_used(other));
    } else {
        probe(3);
        assert(error == FRAMES_OK && !is_used(frame) && map.free == free + 1);
        assert(other == frame || is_used(other) == was_used(other));
    }
    assert(map.hint == hint);
}
