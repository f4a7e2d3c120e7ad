/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions as the kernel keeps them: the one table (core/session), the secret
 * that never leaves it, and what each session gives its processes. A process
 * refers to at most one session, from its creation to its end. References are
 * also held by UserSession and RestrictedLauncher objects. Under the kernel lock.
 * Source: docs/kernel-semantics.md, "Sessions, disclosure, credentials, audit", PL-15, RP-03.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/endpoint.h"
#include "core/session/session.h"
#include "kernel/proc/profile.h"

struct process;

/* What a service gets to see of a session: derived once, then kept for the scope asked for last. */
struct session_view {
    uint64_t scope; /* 0 = none */
    struct session_ref ref;
};

struct sessions {
    struct session_table table;
    uint8_t secret[SESSION_REF_SECRET_BYTES];
    bool available; /* the secret is drawn */
    /* By place in the table: */
    struct session_view views[SESSIONS_MAX];
    struct resource_profile profiles[SESSIONS_MAX];
};

/* Once, at boot. Without entropy there are no sessions. */
void session_boot(void);

/* A new session whose processes get that profile. */
enum session_error session_create(const struct session_request *request, const struct resource_profile *profile,
                                  struct session **out);
void session_release(struct session *session);
const struct resource_profile *session_profile_of(const struct session *session);

uint64_t session_now_ms(void);
bool session_is_live_now(const struct session *session);
/* True for a process whose session is over; a process without a session has nothing that could be. */
bool session_is_stale_for(const struct process *process);

/* The record that a service, known by `scope`, gets of the session; all zero for NULL. */
struct caller_session session_seen_by(struct session *session, uint64_t scope, uint64_t mask);
