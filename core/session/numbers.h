/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The numbers of principal kinds, authentication strengths and profile classes
 * in a caller-session record, which differ from the enums of the schema. Pure;
 * kernel and services. Source: docs/kernel-semantics.md, EN-21, EN-22.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "schema/generated/capos.h"

enum session_profile {
    SESSION_PROFILE_NONE = 0, /* not disclosed */
    SESSION_PROFILE_ANONYMOUS = 1,
    SESSION_PROFILE_GUEST = 2,
    SESSION_PROFILE_OPERATOR = 3,
    SESSION_PROFILE_SYSTEM = 4,
    SESSION_PROFILE_OTHER = 0xffff,
};

/* 0 for a value that has no number; for strengths that is also the number of `none`. */
uint16_t session_kind_number(enum capos_principal_kind kind);
uint16_t session_auth_number(enum capos_auth_strength strength);

/* The way back. False for 0 in place of a kind, and for numbers that mean nothing. */
bool session_kind_of_number(uint16_t number, enum capos_principal_kind *kind);
bool session_auth_of_number(uint16_t number, enum capos_auth_strength *strength);

/* The name of the profile; "" for none, "other" for numbers that are not known here. Static storage. */
const char *session_profile_name(enum session_profile profile);
