/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Physical frames: who uses which. A bitmap (core/frames) decides; beside it
 * one byte per frame says what the frame is used for, so that a checker can
 * find a frame with two owners. Every frame is zero when handed out, and
 * scrubbed when it comes back.
 *
 * State: kernel.frames, under the kernel lock. Frames are numbers (physical
 * address / 4096). The usable ranges of boot_info are what the machine gives
 * away: it has taken out the kernel image and whatever it keeps for itself.
 * Nothing here blocks; every allocation can fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/bootinfo/bootinfo.h"
#include "core/frames/bitmap.h"

enum frame_class {
    FRAME_FREE = 0,
    FRAME_RESERVED, /* not usable memory, or kept by the machine */
    FRAME_KERNEL,   /* pools and other memory the kernel took at boot */
    FRAME_MODULE,   /* the boot package */
    FRAME_TABLE,    /* page tables of user address spaces */
    FRAME_IMAGE,    /* program image, stack, TLS */
    FRAME_RING,
    FRAME_CAPSET,
    FRAME_ANON,     /* committed anonymous memory */
    FRAME_OBJECT,   /* memory objects: may be mapped more than once */
    FRAME_SCRATCH,  /* message buffers */
    FRAME_CLASSES,
};

struct frames {
    struct frames_bitmap bitmap;
    uint8_t *classes; /* enum frame_class, one per frame */
    uint64_t total;   /* frames described: highest usable + 1 */
};

/* Takes bitmap and class bytes out of usable memory. False: no room for them. */
bool frames_init(struct frames *frames, const struct boot_info *info);

/* A zeroed frame. False when none is free. */
bool frames_alloc(enum frame_class class, uint64_t *frame);
/* n zeroed frames in a row. False for n = 0 and when there is no such run. */
bool frames_alloc_run(enum frame_class class, uint64_t n, uint64_t *first);
/* Scrubs and frees. `class` must be what the frame was taken as; anything else is a broken kernel. */
void frames_free(enum frame_class class, uint64_t frame);
void frames_free_run(enum frame_class class, uint64_t first, uint64_t n);

uint64_t frames_free_count(void);
/* FRAME_RESERVED for a number outside. */
enum frame_class frames_class(uint64_t frame);
