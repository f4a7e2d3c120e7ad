/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a RECV delivers: this header, then the params, then the records of
 * transferred capabilities. Source: docs/abi.md, "Message delivered to RECV"
 * and "Caller session record". Data and assertions only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CALLER_SESSION_LIVE 1u
#define CALLER_SESSION_STALE 2u

/* All zero: no session. */
struct caller_session {
    uint64_t scoped_ref;
    uint64_t scoped_ref_hi;
    uint64_t epoch;
    uint32_t flags;
    uint32_t disclosed_fields; /* bits of SESSION_DISCLOSURE_MASK */
    uint16_t principal_kind;
    uint16_t auth_strength;
    uint16_t profile_class;
    uint16_t reserved;
};

/* flags of a message. Ours: no call, but the news that a service object has no holder any more (docs/service-endpoint.md). */
#define ENDPOINT_MESSAGE_RELEASED 1u
#define ENDPOINT_RELEASED_METHOD 0xffffu

struct endpoint_message {
    uint64_t interface_id;
    uint16_t method_id;
    uint16_t flags;
    uint32_t params_len;
    struct caller_session session;
};

_Static_assert(sizeof(struct caller_session) == 40, "caller session size");
_Static_assert(offsetof(struct caller_session, principal_kind) == 32, "caller session fields");
_Static_assert(sizeof(struct endpoint_message) == 56, "message header size");
_Static_assert(offsetof(struct endpoint_message, session) == 16, "message header fields");
