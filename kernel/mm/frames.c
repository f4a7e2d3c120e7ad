/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Physical frames: see frames.h. */
#include "kernel/mm/frames.h"

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "kernel/state.h"

/* The first usable range that has room for `pages` behind frame 0; 0 = none. */
static uint64_t find_room(const struct boot_info *info, uint64_t pages)
{
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct bootinfo_range *range = &info->ranges[i];
        uint64_t first = range->start == 0 ? 1 : range->start >> PAGE_SHIFT;
        uint64_t end = range->end >> PAGE_SHIFT;
        if (range->type != BOOTINFO_USABLE || end <= first)
            continue;
        uint64_t module_first = info->module_start >> PAGE_SHIFT;
        uint64_t module_end = (info->module_start + info->module_len + PAGE_SIZE - 1) >> PAGE_SHIFT;
        bool holds_module = info->module_len != 0 && module_first < end && module_end > first;
        if (holds_module && module_first >= first && module_first - first >= pages)
            return first;
        if (holds_module)
            first = module_end;
        if (end > first && end - first >= pages)
            return first;
    }
    return 0;
}

static void claim(struct frames *frames, uint64_t first, uint64_t end, enum frame_class class)
{
    for (uint64_t frame = first; frame < end && frame < frames->total; frame++) {
        if (class == FRAME_FREE)
            frames_bitmap_mark_free(&frames->bitmap, frame);
        else
            frames_bitmap_mark_used(&frames->bitmap, frame);
        frames->classes[frame] = (uint8_t)class;
    }
}

bool frames_init(struct frames *frames, const struct boot_info *info)
{
    uint64_t total = bootinfo_usable_end(info) >> PAGE_SHIFT;
    uint64_t bitmap_pages = (frames_bitmap_bytes(total) + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t class_pages = (total + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t first = find_room(info, bitmap_pages + class_pages);
    if (first == 0)
        return false;
    frames->total = total;
    frames->classes = machine_frame_address(first + bitmap_pages);
    memset(frames->classes, FRAME_RESERVED, total);
    frames_bitmap_init(&frames->bitmap, machine_frame_address(first), total);
    for (uint32_t i = 0; i < info->range_count; i++)
        if (info->ranges[i].type == BOOTINFO_USABLE)
            claim(frames, info->ranges[i].start >> PAGE_SHIFT, info->ranges[i].end >> PAGE_SHIFT, FRAME_FREE);
    claim(frames, 0, 1, FRAME_RESERVED);
    claim(frames, first, first + bitmap_pages + class_pages, FRAME_KERNEL);
    if (info->module_len != 0)
        claim(frames, info->module_start >> PAGE_SHIFT,
              (info->module_start + info->module_len + PAGE_SIZE - 1) >> PAGE_SHIFT, FRAME_MODULE);
    return true;
}

/* Unrolled, because it runs for every frame that is taken and again for every one given back. */
static void clear_frame(uint64_t frame)
{
    uint64_t *word = machine_frame_address(frame);
    for (size_t i = 0; i < PAGE_SIZE / sizeof *word; i += 8) {
        word[i] = 0;
        word[i + 1] = 0;
        word[i + 2] = 0;
        word[i + 3] = 0;
        word[i + 4] = 0;
        word[i + 5] = 0;
        word[i + 6] = 0;
        word[i + 7] = 0;
    }
}

static void hand_out(enum frame_class class, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        clear_frame(first + i);
        kernel.frames.classes[first + i] = (uint8_t)class;
    }
    trace_event(TRACE_FRAME_ALLOC, first, n | (uint64_t)class << 32);
}

bool frames_alloc(enum frame_class class, uint64_t *frame)
{
    size_t found;
    if (fault_point(FAULT_FRAME) || frames_bitmap_alloc(&kernel.frames.bitmap, &found) != FRAMES_OK)
        return false;
    hand_out(class, found, 1);
    *frame = found;
    return true;
}

bool frames_alloc_run(enum frame_class class, uint64_t n, uint64_t *first)
{
    size_t found;
    if (fault_point(FAULT_FRAME_RUN) || frames_bitmap_alloc_run(&kernel.frames.bitmap, n, &found) != FRAMES_OK)
        return false;
    hand_out(class, found, n);
    *first = found;
    return true;
}

void frames_free(enum frame_class class, uint64_t frame)
{
    if (frames_class(frame) != class)
        kernel_panic("frame freed by another than its owner", frame);
    clear_frame(frame);
    kernel.frames.classes[frame] = FRAME_FREE;
    if (frames_bitmap_release(&kernel.frames.bitmap, frame) != FRAMES_OK)
        kernel_panic("frame was free already", frame);
    trace_event(TRACE_FRAME_FREE, frame, 1 | (uint64_t)class << 32);
}

void frames_free_run(enum frame_class class, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        frames_free(class, first + i);
}

uint64_t frames_free_count(void)
{
    return kernel.frames.bitmap.free;
}

enum frame_class frames_class(uint64_t frame)
{
    return frame < kernel.frames.total ? (enum frame_class)kernel.frames.classes[frame] : FRAME_RESERVED;
}
