/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What generated code says about methods: how a client encodes a call and
 * decodes its result, how an object answers. All instances are constants of
 * the generated files. The void pointers are the method's params or results
 * struct (struct capos_IFACE_METHOD_params, _results).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/capn/build.h"
#include "core/capn/dispatch.h"
#include "core/capn/read.h"

/* What a successful completion carries (docs/abi.md, "Void results"). */
enum capos_reply_style {
    CAPOS_REPLY_MESSAGE = 0,       /* a message with the results */
    CAPOS_REPLY_NONE = 1,          /* style Z: zero bytes */
    CAPOS_REPLY_EMPTY_MESSAGE = 2, /* style M: a message whose root struct has no fields */
};

/* The server's side. Lets a call be completed long after its handler returned. */
struct capos_method_reply {
    uint8_t style; /* enum capos_reply_style */
    uint16_t data_words;
    uint16_t pointer_words;
    enum capn_error (*encode)(struct capn_struct_builder to, const void *results); /* NULL unless CAPOS_REPLY_MESSAGE */
};

/* The client's side. */
struct capos_method {
    uint64_t interface_id;
    uint16_t ordinal;
    uint8_t reply_style;
    uint16_t params_data_words;
    uint16_t params_pointer_words;
    enum capn_error (*encode)(struct capn_struct_builder to, const void *params); /* NULL: no fields */
    enum capn_error (*decode)(struct capn_struct from, void *results);            /* NULL: no fields */
    const char *name; /* Interface.method, as in the schema */
};
