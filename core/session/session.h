/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions: on whose account processes run. A record says who came in, how,
 * and until when; nothing in it changes while it is used, except that it can be
 * ended early. Records are counted references: a session stays known, live or
 * stale, as long as something refers to it, then its place is free.
 *
 * The caller owns the table and the secret, serialises all calls, and gives
 * the time: milliseconds since boot. Nothing blocks or allocates. Sizes are
 * ours. Source: docs/kernel-semantics.md, SE-01 to SE-06, EN-20, EN-21.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/endpoint.h"
#include "abi/ring.h"
#include "core/drbg/session_ref.h"
#include "core/session/numbers.h"

#define SESSIONS_MAX 128u
#define SESSIONS_PER_CREATOR 16u /* so nobody who may create them takes them all */
#define SESSION_ID_BYTES 16u
#define SESSION_PRINCIPAL_BYTES 32u
#define SESSION_NAME_BYTES 96u

enum session_error {
    SESSION_OK = 0,
    SESSION_CREATOR_FULL, /* the creator has SESSIONS_PER_CREATOR */
    SESSION_TABLE_FULL,
};

struct session {
    uint64_t serial; /* names it among all sessions of a boot; 0 = free place */
    uint64_t creator;
    uint32_t refs;
    bool ended; /* by logout */
    uint8_t id[SESSION_ID_BYTES];
    uint8_t principal[SESSION_PRINCIPAL_BYTES];
    uint8_t name_len;
    char name[SESSION_NAME_BYTES]; /* for people */
    enum capos_principal_kind kind;
    enum capos_auth_strength auth;
    enum session_profile profile;
    uint64_t created_ms;
    uint64_t expires_ms; /* the first moment at which it is stale */
};

/* All zero: empty. */
struct session_table {
    struct session records[SESSIONS_MAX];
    uint64_t last_serial;
    uint32_t used;
};

struct session_request {
    uint64_t creator;   /* whose quota; any number that names the creator for ever */
    uint64_t now_ms;
    uint64_t lifetime_ms;
    const uint8_t *principal; /* SESSION_PRINCIPAL_BYTES, or NULL: one of its own is made */
    const char *name;   /* UTF-8; cut to SESSION_NAME_BYTES */
    uint32_t name_len;
    enum capos_principal_kind kind;
    enum capos_auth_strength auth;
    enum session_profile profile;
};

/* A new session with one reference. Its id is derived from the secret, so it can neither be guessed nor come twice. */
enum session_error session_open(struct session_table *table, const uint8_t secret[SESSION_REF_SECRET_BYTES],
                                const struct session_request *request, struct session **out);
void session_hold(struct session *session);
/* The last one frees the place. NULL is allowed. */
void session_drop(struct session_table *table, struct session *session);

/* From now on it is stale. */
void session_end(struct session *session);
bool session_is_live(const struct session *session, uint64_t now_ms);
/* 0 for NULL: no session. */
uint64_t session_serial(const struct session *session);

/* How long a session of that profile lives, ms. A config without a number, and NULL, mean the defaults; 0 = no such session. */
uint64_t session_lifetime_ms(const struct capos_session_lifetime_config *config, enum session_profile profile);

/*
 * What a service learns of its caller. `mask`: fields that the call asks for
 * and the hold discloses. NULL: all zero. A value without a number shows as 0.
 */
void session_describe(const struct session *session, const struct session_ref *ref, uint64_t now_ms, uint32_t mask,
                      struct caller_session *out);
