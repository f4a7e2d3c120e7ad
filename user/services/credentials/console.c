/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The console password: console.h. */
#include "console.h"

#include "core/base/bytes.h"
#include "core/phc/phc.h"

#define ARGON2_VERSION 19u
#define SALT_MIN 8u
/* Of passwords made here; ours. As much memory as a process may have beside the largest manifest, and all passes. */
#define CREATED_MEMORY_KIB 9216u
#define CREATED_PASSES PHC_PASSES_MAX
#define CREATED_HASH_BYTES 32u

static uint32_t sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : 63;
}

/* Unpadded base64 that phc_parse() has checked. False: too long. */
static bool decode(struct capn_text text, uint8_t out[CONSOLE_FIELD_BYTES], uint32_t *len)
{
    uint32_t bits = 0, held = 0;
    *len = text.len * 6 / 8;
    if (*len > CONSOLE_FIELD_BYTES)
        return false;
    for (uint32_t i = 0, at = 0; i < text.len; i++) {
        held = held << 6 | sextet(text.bytes[i]);
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        out[at++] = (uint8_t)(held >> bits);
        held &= (1u << bits) - 1;
    }
    return true;
}

static bool read_verifier(struct capn_text text, struct console_verifier *out)
{
    struct phc phc;
    if (phc_parse(text, &phc) != PHC_OK || phc.version != ARGON2_VERSION)
        return false;
    out->memory_kib = phc.memory_kib;
    out->passes = phc.passes;
    return decode(phc.salt, out->salt, &out->salt_len) && decode(phc.hash, out->hash, &out->hash_len) &&
           out->salt_len >= SALT_MIN;
}

void console_open(struct console_credential *console, const struct console_engine *engine, struct capn_text phc)
{
    *console = (struct console_credential){ .engine = engine, .origin = phc.len > 0 ? CONSOLE_BOOT : CONSOLE_NONE };
    console->readable = read_verifier(phc, &console->verifier);
}

bool console_is_configured(const struct console_credential *console)
{
    return console->origin != CONSOLE_NONE;
}

bool console_is_volatile(const struct console_credential *console)
{
    return console->origin == CONSOLE_CREATED;
}

/* In a time that depends on the length alone. */
static bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    volatile uint8_t difference = 0;
    for (uint32_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (a[i] ^ b[i]));
    return difference == 0;
}

static bool is_too_long(struct capn_data password)
{
    return password.len > CONSOLE_PASSWORD_BYTES_MAX;
}

enum capos_credential_check_status console_verify(const struct console_credential *console, struct capn_data password)
{
    uint8_t hash[CONSOLE_FIELD_BYTES];
    if (is_too_long(password))
        return CAPOS_CREDENTIAL_CHECK_STATUS_DENIED;
    if (!console->readable || !console->engine->hash(&console->verifier, password, hash))
        return CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE;
    bool right = same_bytes(hash, console->verifier.hash, console->verifier.hash_len);
    return right ? CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS : CAPOS_CREDENTIAL_CHECK_STATUS_DENIED;
}

const char *console_create(struct console_credential *console, struct capn_data password)
{
    struct console_verifier made = { .memory_kib = CREATED_MEMORY_KIB, .passes = CREATED_PASSES,
                                     .salt_len = CONSOLE_SALT_BYTES, .hash_len = CREATED_HASH_BYTES };
    if (password.len == 0)
        return "password is empty";
    if (is_too_long(password))
        return "password is too long";
    if (console->origin != CONSOLE_NONE)
        return "console password is already configured";
    if (!console->engine->salt(made.salt))
        return "console password cannot be created: no entropy";
    if (!console->engine->hash(&made, password, made.hash))
        return "console password cannot be created: no memory";
    console->verifier = made;
    console->readable = true;
    console->origin = CONSOLE_CREATED;
    return NULL;
}
