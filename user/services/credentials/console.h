/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The console password: what is configured, checking it, making it once. The
 * hash and the random numbers come from outside, so that all of this runs in a
 * test. Memory is the caller's; nothing blocks but what the engine does.
 * Source: docs/kernel-semantics.md, "Console credential".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/capn/read.h"
#include "schema/generated/capos.h"

#define CONSOLE_PASSWORD_BYTES_MAX 256u
#define CONSOLE_SALT_BYTES 16u
#define CONSOLE_FIELD_BYTES 64u /* of a salt and of a hash, decoded; ours */

struct console_verifier {
    uint32_t memory_kib, passes;
    uint32_t salt_len, hash_len; /* at least 8 and 4 */
    uint8_t salt[CONSOLE_FIELD_BYTES];
    uint8_t hash[CONSOLE_FIELD_BYTES];
};

struct console_engine {
    /* Argon2id, version 19, one lane, with the salt and costs of the verifier; hash_len bytes. False: no memory for it. */
    bool (*hash)(const struct console_verifier *with, struct capn_data password, uint8_t *out);
    /* False: no entropy. */
    bool (*salt)(uint8_t out[CONSOLE_SALT_BYTES]);
};

enum console_origin {
    CONSOLE_NONE,
    CONSOLE_BOOT,    /* of the manifest */
    CONSOLE_CREATED, /* since then; gone with this process */
};

struct console_credential {
    const struct console_engine *engine;
    enum console_origin origin;
    bool readable; /* the verifier below is good */
    struct console_verifier verifier;
};

/* `phc`: the manifest's text, empty = none. One that cannot be read, or not be computed, stays configured and is no use. */
void console_open(struct console_credential *console, const struct console_engine *engine, struct capn_text phc);
bool console_is_configured(const struct console_credential *console);
bool console_is_volatile(const struct console_credential *console);
enum capos_credential_check_status console_verify(const struct console_credential *console, struct capn_data password);
/* NULL, or why it is refused; then nothing has changed. */
const char *console_create(struct console_credential *console, struct capn_data password);
