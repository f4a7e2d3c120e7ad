/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See recode.h. The plain struct lives on the heap at its exact size, filled with a pattern that decode must overwrite. */
#include "tests/schema/recode.h"

#include <stdlib.h>
#include <string.h>

uint64_t codec_id(size_t index) { return codecs[index].id; }
const char *codec_name(size_t index) { return codecs[index].name; }
unsigned codec_data_words(size_t index) { return codecs[index].data_words; }
unsigned codec_pointer_words(size_t index) { return codecs[index].pointer_words; }

static long encode(const struct codec *codec, const void *value, uint8_t *out, size_t capacity)
{
    struct capn_builder builder;
    size_t len = 0;

    capn_builder_init(&builder, out, capacity);
    (void)codec->encode(capn_builder_root(&builder, codec->data_words, codec->pointer_words), value);
    enum capn_error error = capn_builder_finish(&builder, &len);
    return error == CAPN_OK ? (long)len : -(long)error;
}

long recode(size_t index, const uint8_t *in, size_t len, uint8_t *out, size_t capacity)
{
    const struct codec *codec = &codecs[index];
    struct capn_message message;
    struct capn_struct root;
    long result;

    enum capn_error error = capn_message_open(&message, in, len, CAPN_LIMITS_PARAMS, NULL);
    if (error == CAPN_OK)
        error = capn_root(&message, &root);
    if (error != CAPN_OK)
        return -(long)error;
    void *value = malloc(codec->size);
    memset(value, 0x01, codec->size); /* a valid bool, and not the default of anything */
    error = codec->decode(root, value);
    result = error == CAPN_OK ? encode(codec, value, out, capacity) : -(long)error;
    free(value);
    return result;
}
