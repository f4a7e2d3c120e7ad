/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Decoding a message into its plain struct and encoding that struct again, for any struct of the
 * schema by number. The C side of the round-trip test; its other side is C++ (round_trip.cc).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#else
#include "core/capn/build.h"
#include "core/capn/read.h"

struct codec {
    uint64_t id;
    const char *name;
    size_t size; /* of the plain struct */
    uint16_t data_words;
    uint16_t pointer_words;
    enum capn_error (*decode)(struct capn_struct from, void *out);
    enum capn_error (*encode)(struct capn_struct_builder to, const void *in);
};

extern const struct codec codecs[];
#endif

extern const size_t codec_count;

uint64_t codec_id(size_t index);
const char *codec_name(size_t index);
unsigned codec_data_words(size_t index);
unsigned codec_pointer_words(size_t index);
/* Length of the new message, or minus the number of the enum capn_error. */
long recode(size_t index, const uint8_t *in, size_t len, uint8_t *out, size_t capacity);

#ifdef __cplusplus
}
#endif
