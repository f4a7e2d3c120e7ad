/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Password verifiers: phc.h. */
#include "core/phc/phc.h"

#include <stdbool.h>

#define VERSION_NEW 19u
#define LANE_KIB_MIN 8u

static bool decimal(struct capn_text text, uint32_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.bytes[0] == '0'))
        return false;
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *out = (uint32_t)value;
    return value <= UINT32_MAX;
}

/* The value of a base64 digit, 64 for what is none. */
static uint32_t digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t value = 0;
    while (value < 64 && digits[value] != c)
        value++;
    return value;
}

/* Unpadded base64 that can be decoded: whole bytes, and nothing in the bits behind the last one. */
static bool is_base64(struct capn_text text, uint32_t min, uint32_t max)
{
    static const uint32_t unused_bits[] = { 0, 0, 0xf, 0x3 };
    uint32_t last = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        last = digit(text.bytes[i]);
        if (last == 64)
            return false;
    }
    return text.len >= min && text.len <= max && text.len % 4 != 1 && (last & unused_bits[text.len % 4]) == 0;
}

/* m=..,t=..,p=.. in any order, each once. */
static bool parse_costs(struct capn_text text, struct phc *out)
{
    uint32_t *const costs[] = { &out->memory_kib, &out->passes, &out->lanes };
    bool seen[3] = { false };
    if (text.len != 0 && text.bytes[text.len - 1] == ',')
        return false;
    while (text.len != 0) {
        struct capn_text part = capn_text_take(&text, ',');
        uint32_t which = part.len < 2 || part.bytes[1] != '=' ? 3
                         : part.bytes[0] == 'm'               ? 0
                         : part.bytes[0] == 't'               ? 1
                         : part.bytes[0] == 'p'               ? 2
                                                              : 3;
        if (which == 3 || seen[which] || !decimal((struct capn_text){ part.bytes + 2, part.len - 2 }, costs[which]))
            return false;
        seen[which] = true;
    }
    return seen[0] && seen[1] && seen[2] && out->passes > 0 && out->lanes > 0 &&
           out->memory_kib / LANE_KIB_MIN >= out->lanes;
}

/* Behind the name. */
static bool parse_rest(struct capn_text text, struct phc *out)
{
    struct capn_text part = capn_text_take(&text, '$');
    out->version = PHC_VERSION_OLD;
    if (part.len > 2 && part.bytes[0] == 'v' && part.bytes[1] == '=') {
        if (!decimal((struct capn_text){ part.bytes + 2, part.len - 2 }, &out->version) ||
            (out->version != PHC_VERSION_OLD && out->version != VERSION_NEW))
            return false;
        part = capn_text_take(&text, '$');
    }
    out->salt = capn_text_take(&text, '$');
    out->hash = text;
    return parse_costs(part, out) && is_base64(out->salt, PHC_SALT_MIN, PHC_SALT_MAX) &&
           is_base64(out->hash, PHC_HASH_MIN, PHC_HASH_MAX);
}

enum phc_error phc_parse(struct capn_text text, struct phc *out)
{
    if (text.len == 0)
        return PHC_EMPTY;
    if (text.len > PHC_BYTES_MAX)
        return PHC_TOO_LONG;
    if (capn_text_take(&text, '$').len != 0 || text.len == 0)
        return PHC_NOT_PHC;
    if (!capn_text_equal(capn_text_take(&text, '$'), capn_text_of("argon2id")))
        return PHC_NOT_ARGON2ID;
    if (!parse_rest(text, out))
        return PHC_UNREADABLE;
    bool fits = out->memory_kib <= PHC_MEMORY_KIB_MAX && out->passes <= PHC_PASSES_MAX && out->lanes <= PHC_LANES_MAX;
    return fits ? PHC_OK : PHC_ABOVE_LIMITS;
}
