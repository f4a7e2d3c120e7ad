/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The boot package as a message that is walked through
 * BootPackage.readManifest a window at a time: it holds whole programs, far
 * more than a heap. Everything in it is untrusted; each function gives false
 * on anything that does not fit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capos/client.h"

#define PACKAGE_WINDOW_BYTES 1024u
#define PACKAGE_SEGMENTS_MAX 64u

struct package_walker {
    struct capos_client package;
    uint64_t window_at; /* offset of the window in the manifest */
    uint32_t window_len;
    uint8_t window[PACKAGE_WINDOW_BYTES];
    uint32_t segment_count;
    uint64_t segment_start[PACKAGE_SEGMENTS_MAX]; /* byte offsets */
    uint32_t segment_words[PACKAGE_SEGMENTS_MAX];
};

/* Where a pointer leads: a struct, or a list whose elements have the same shape. */
struct package_target {
    uint32_t segment;
    uint64_t word;
    uint32_t count;  /* list: elements, or bytes of a byte list */
    uint16_t data_words, pointer_count;
};

/* Opens the package through the CapSet entry `boot_package`. False: not granted, or not a message. */
bool package_open(struct package_walker *w);
bool package_read_word(struct package_walker *w, uint32_t segment, uint64_t word, uint64_t *out);
/* Follows the pointer at `word` to a struct (kind 0) or a list (kind 1). */
bool package_follow(struct package_walker *w, uint32_t segment, uint64_t word, uint32_t kind, struct package_target *out);
/* The word where element i of a list of structs begins. */
uint64_t package_element(const struct package_target *list, uint32_t i);
/* Copies the text that the pointer at `word` leads to, with its NUL. False: longer than `room` bytes. */
bool package_text(struct package_walker *w, uint32_t segment, uint64_t word, char *out, uint32_t room);
/* The root struct, a SystemManifest. */
bool package_root(struct package_walker *w, struct package_target *out);
