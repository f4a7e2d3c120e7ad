/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The tables of caller-session numbers: numbers.h. */
#include "core/session/numbers.h"

#include <stddef.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const uint16_t kinds[] = {
    [CAPOS_PRINCIPAL_KIND_HUMAN] = 1,
    [CAPOS_PRINCIPAL_KIND_OPERATOR] = 2,
    [CAPOS_PRINCIPAL_KIND_SERVICE] = 3,
    [CAPOS_PRINCIPAL_KIND_GUEST] = 4,
    [CAPOS_PRINCIPAL_KIND_ANONYMOUS] = 5,
    [CAPOS_PRINCIPAL_KIND_PSEUDONYMOUS] = 6,
};

static const uint16_t strengths[] = {
    [CAPOS_AUTH_STRENGTH_NONE] = 0,
    [CAPOS_AUTH_STRENGTH_LOCAL_PRESENCE] = 0, /* this, hardware keys and several parties have no number */
    [CAPOS_AUTH_STRENGTH_PASSWORD] = 1,
    [CAPOS_AUTH_STRENGTH_HARDWARE_KEY] = 0,
    [CAPOS_AUTH_STRENGTH_MULTI_PARTY] = 0,
    [CAPOS_AUTH_STRENGTH_PUBLIC_KEY] = 2,
};

static const char *const profiles[] = {
    [SESSION_PROFILE_NONE] = "",
    [SESSION_PROFILE_ANONYMOUS] = "anonymous",
    [SESSION_PROFILE_GUEST] = "guest",
    [SESSION_PROFILE_OPERATOR] = "operator",
    [SESSION_PROFILE_SYSTEM] = "system",
};

static uint16_t number_in(const uint16_t *table, size_t count, uint32_t value)
{
    return value < count ? table[value] : 0;
}

/* The first value with that number. */
static bool value_in(const uint16_t *table, size_t count, uint16_t number, uint32_t *value)
{
    for (uint32_t i = 0; i < count; i++)
        if (table[i] == number) {
            *value = i;
            return true;
        }
    return false;
}

uint16_t session_kind_number(enum capos_principal_kind kind)
{
    return number_in(kinds, COUNT(kinds), (uint32_t)kind);
}

uint16_t session_auth_number(enum capos_auth_strength strength)
{
    return number_in(strengths, COUNT(strengths), (uint32_t)strength);
}

bool session_kind_of_number(uint16_t number, enum capos_principal_kind *kind)
{
    uint32_t value;
    bool found = value_in(kinds, COUNT(kinds), number, &value);
    if (found)
        *kind = (enum capos_principal_kind)value;
    return found;
}

bool session_auth_of_number(uint16_t number, enum capos_auth_strength *strength)
{
    uint32_t value;
    bool found = value_in(strengths, COUNT(strengths), number, &value);
    if (found)
        *strength = (enum capos_auth_strength)value;
    return found;
}

const char *session_profile_name(enum session_profile profile)
{
    return (uint32_t)profile < COUNT(profiles) ? profiles[profile] : "other";
}
