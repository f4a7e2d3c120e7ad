/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a caller of objects (the kernel's invocation path, a server loop) and
 * the generated dispatch functions share. A generated function
 *
 *     enum capn_outcome capos_IFACE_dispatch(const struct capos_IFACE_handlers *handlers, void *object,
 *                                            struct capn_call_context *call);
 *
 * judges the method number first (capn_call_unknown_method, even without
 * params), then decodes the params (capn_call_params, the generated decoder;
 * capn_call_params_refused on any error), calls
 * handler(call->env, object, &params, &results), and on CAPN_DONE encodes
 * the results between capn_call_reply_begin and capn_call_reply_end. A void
 * method ends with capn_call_reply_none (style Z) or
 * capn_call_reply_empty_message (style M). The outcome of the handler is the
 * outcome of the dispatch, save that a reply which does not encode becomes an
 * exception.
 * Source: docs/abi.md, "Void results" and "Application exceptions".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/capn/build.h"
#include "core/capn/read.h"

enum capn_outcome {
    CAPN_DONE,      /* results are there */
    CAPN_PENDING,   /* the handler keeps the call and completes it later */
    CAPN_EXCEPTION, /* call->exception says why */
    CAPN_TRANSPORT, /* call->transport is the result code of the completion */
};

/* Numbers of the schema's ExceptionType. */
enum capn_exception_type {
    CAPN_FAILED = 0,
    CAPN_OVERLOADED = 1,
    CAPN_DISCONNECTED = 2,
    CAPN_UNIMPLEMENTED = 3,
    CAPN_INVALID_ARGUMENT = 4,
};

#define CAPN_EXCEPTION_TEXT_MAX 96u /* bytes */

struct capn_exception {
    uint16_t type;
    uint16_t len;
    char text[CAPN_EXCEPTION_TEXT_MAX]; /* UTF-8, not NUL-terminated */
};

struct capn_call_context {
    void *env; /* the kernel's or server's own record of the call; handlers get it as their first argument */
    uint16_t method;
    const uint8_t *params; /* does not change during the call */
    size_t params_len;     /* 0: fine only for methods without params */
    uint8_t *reply;        /* scratch of the caller */
    size_t reply_capacity;
    size_t reply_len;      /* CAPN_DONE: bytes of the message in `reply`, 0 for style Z and when it did not fit */
    size_t reply_needed;   /* CAPN_DONE: bytes the message needs; above reply_capacity it did not fit */
    int32_t transport;
    struct capn_exception exception;
};

/* Sets the exception (text cut to its buffer) and returns CAPN_EXCEPTION, so that a handler can return it. */
enum capn_outcome capn_call_exception(struct capn_call_context *call, enum capn_exception_type type, const char *text);
/* The same with a number behind the text, as in "result buffer too small: 24". */
enum capn_outcome capn_call_exception_number(struct capn_call_context *call, enum capn_exception_type type,
                                             const char *text, uint64_t number);
/* unimplemented, "unknown method" */
enum capn_outcome capn_call_unknown_method(struct capn_call_context *call);
/* failed, "params do not decode" */
enum capn_outcome capn_call_params_refused(struct capn_call_context *call);

/* The root of the params under CAPN_LIMITS_PARAMS. *message is storage for the reader and must outlive *root. */
enum capn_error capn_call_params(const struct capn_call_context *call, struct capn_message *message,
                                 struct capn_struct *root);

struct capn_struct_builder capn_call_reply_begin(struct capn_call_context *call, struct capn_builder *builder,
                                                 uint16_t data_words, uint16_t pointer_count);
enum capn_outcome capn_call_reply_end(struct capn_call_context *call, struct capn_builder *builder);
enum capn_outcome capn_call_reply_none(struct capn_call_context *call);
enum capn_outcome capn_call_reply_empty_message(struct capn_call_context *call);

/* Writes a CapException message; CAPN_NO_SPACE and the needed length as capn_builder_finish. */
enum capn_error capn_exception_encode(const struct capn_exception *exception, uint8_t *bytes, size_t capacity, size_t *len);
