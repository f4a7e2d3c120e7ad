/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The caller-session record inside a RECV header, and the header itself.
 * Source: docs/abi.md, "Endpoint IPC" and "Caller session record". Data and
 * assertions only.
 */
#pragma once

#include <stdint.h>

#define CALLER_SESSION_LIVE 1u
#define CALLER_SESSION_STALE 2u

struct caller_session {
    uint64_t scoped_ref;
    uint64_t scoped_ref_hi;
    uint64_t epoch;
    uint32_t flags;
    uint32_t disclosed_fields;
    uint16_t principal_kind;
    uint16_t auth_strength;
    uint16_t profile_class;
    uint16_t reserved;
};

struct endpoint_message_header {
    uint64_t interface_id;
    uint16_t method_id;
    uint16_t flags;
    uint32_t params_len;
    struct caller_session session;
};

_Static_assert(sizeof(struct caller_session) == 40, "caller session size");
_Static_assert(sizeof(struct endpoint_message_header) == 56, "endpoint header size");
