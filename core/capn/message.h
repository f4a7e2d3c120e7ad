/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cap'n Proto stream framing: finds the segments of one unpacked message in
 * a byte string. The bytes come from anywhere, have any alignment, and must
 * not change while the message is read; what follows the message is ignored.
 * The caller owns struct capn_message. Readers (core/capn/read.h) hold a
 * pointer to it and spend its traversal budget, so two threads must not read
 * through one struct at the same time. Nothing allocates or blocks.
 * Source of the layout and of the limits: docs/abi.md, "Message framing".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CAPN_WORD 8u            /* bytes */
#define CAPN_SEGMENTS_MAX 64u   /* what struct capn_message can hold */
#define CAPN_LIST_MAX 0x1fffffffu /* elements, and words of a list of structs: 29 bits on the wire */

enum capn_error {
    CAPN_OK = 0,
    CAPN_TRUNCATED,           /* the table or a segment ends behind the bytes given */
    CAPN_TOO_MANY_SEGMENTS,
    CAPN_OUT_OF_BOUNDS,       /* an object lies outside its segment */
    CAPN_EMPTY_OUT_OF_BOUNDS, /* an object of zero words does */
    CAPN_UNKNOWN_SEGMENT,     /* a far pointer names a segment that is not there */
    CAPN_BAD_FAR,             /* the first word of a double-far landing pad is no far pointer */
    CAPN_WRONG_KIND,          /* a list where a struct is expected or the reverse, or a stray far pointer */
    CAPN_CAPABILITY,          /* a capability where data is expected */
    CAPN_BAD_LIST,            /* element size that does not fit the expected one, elements overrun the list */
    CAPN_NOT_BITS,            /* a list of bits was expected, which other element sizes cannot stand for */
    CAPN_NO_NUL,              /* text without its NUL */
    CAPN_BAD_UTF8,
    CAPN_TOO_DEEP,
    CAPN_TRAVERSAL,           /* traversal budget spent */
    CAPN_BAD_INDEX,           /* element number beyond the end of a list */
    CAPN_UNKNOWN_ENUM,        /* number outside an enum of the schema: for generated decoders */
    CAPN_UNKNOWN_UNION,       /* tag outside a union of the schema: for generated decoders */
    CAPN_NO_SPACE,            /* builder: the buffer is too small, the needed size is known */
    CAPN_TOO_LARGE,           /* builder: does not fit a message at all */
    CAPN_BAD_FIELD,           /* builder: field outside its struct, a mistake of the calling code */
    CAPN_ERROR_COUNT,
};

/* A short English phrase without a full stop; "unknown error" for a number outside the enum. */
const char *capn_error_text(enum capn_error error);

struct capn_limits {
    uint32_t max_segments; /* at most CAPN_SEGMENTS_MAX counts */
    uint32_t max_nesting;  /* pointers followed from the root, the root pointer being the first */
    uint64_t max_traversal_words;
};

/* Params of calls to kernel objects, results and endpoint messages that we decode. */
#define CAPN_LIMITS_PARAMS ((struct capn_limits){ 64, 32, 16384 })
/* The boot manifest. */
#define CAPN_LIMITS_MANIFEST ((struct capn_limits){ 64, 32, 67108864 })

struct capn_segment {
    uint32_t start; /* words behind `body` */
    uint32_t words;
};

struct capn_message {
    const uint8_t *body; /* first byte of segment 0 */
    uint64_t words_left; /* traversal budget */
    uint32_t segment_count;
    uint32_t nesting;
    struct capn_segment segments[CAPN_SEGMENTS_MAX];
};

/*
 * Checks the segment table of the message at bytes[0..len). On success *size (may be NULL) is the length of the message in
 * bytes, table included. On failure *out must not be used.
 */
enum capn_error capn_message_open(struct capn_message *out, const uint8_t *bytes, size_t len, struct capn_limits limits,
                                  size_t *size);
