/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs that are bytes, not a seed: what the fuzzer (tests/sim/fuzz) makes,
 * its corpus, and a fixed number of mixtures of that from a fixed generator.
 * The first byte decides the machine's own choices; the others are the step
 * language. Used by the fuzzer and by `random`, which runs the corpus in
 * `make sim`, and `random inputs FILE...` to repeat a finding.
 */
#pragma once

#include <dirent.h>

#include "tests/sim/random/run.h"

#define INPUT_MAX 16384u
#define INPUT_TURNS 1500u
#define INPUT_STEPS_MAX 400000u
#define INPUT_CORPUS "tests/sim/fuzz/corpus"
#define INPUT_FILES_MAX 256u
#define INPUT_MIXTURES 40u

/* To be called once the machine is up, before its next step. */
static inline void take_input(const uint8_t *bytes, size_t len)
{
    input.bytes = bytes;
    input.len = len;
    input.at = 1;
    input.left = INPUT_TURNS;
    host.random = (len > 0 ? bytes[0] : 0u) * 0x9e3779b97f4a7c15ull + 1;
}

struct input_file {
    uint8_t bytes[INPUT_MAX];
    size_t len;
};

static inline bool read_input(const char *path, struct input_file *file)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return false;
    file->len = fread(file->bytes, 1, sizeof file->bytes, stream);
    fclose(stream);
    return true;
}

/* The beginning of one and the end of another, with some bytes changed. */
static inline void mix_inputs(const struct input_file *a, const struct input_file *b, struct input_file *out)
{
    size_t cut = a->len == 0 ? 0 : pick(65535) % a->len;
    size_t rest = b->len - (cut < b->len ? cut : b->len);
    memcpy(out->bytes, a->bytes, cut);
    memcpy(out->bytes + cut, b->bytes + (b->len - rest), rest);
    out->len = cut + rest;
    for (uint32_t i = 0; i < 12 && out->len > 0; i++)
        out->bytes[pick(65535) % out->len] = next_byte();
}

static inline int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the corpus in their order. */
static inline uint32_t list_corpus(char *paths[INPUT_FILES_MAX])
{
    DIR *folder = opendir(INPUT_CORPUS);
    uint32_t count = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL && count < INPUT_FILES_MAX;) {
        char path[512];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, INPUT_CORPUS "/%s", entry->d_name);
        paths[count++] = strdup(path);
    }
    if (folder != NULL)
        closedir(folder);
    qsort(paths, count, sizeof paths[0], by_name);
    return count;
}
