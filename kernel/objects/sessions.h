/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the objects around sessions share: SessionManager, SessionMinter,
 * UserSession, AuthorityBroker, RestrictedLauncher. Under the kernel lock.
 */
#pragma once

#include <stdbool.h>

#include "core/capn/dispatch.h"
#include "core/session/numbers.h"
#include "kernel/object.h"
#include "kernel/proc/profile.h"
#include "schema/generated/capos.h"

struct call;
struct session;

/* New objects with a reference to the session and one of their own; NULL when the pool is exhausted. */
struct object *user_session_create(struct session *session);
struct object *restricted_launcher_create(struct session *session);
/* The session behind a UserSession; NULL for all other objects. */
struct session *user_session_of(const struct object *object);

/*
 * False: the session is over, and *outcome the refusal. Everything that was
 * derived from a session asks this first; what creates or furnishes sessions
 * asks it about its caller's.
 */
bool session_must_live(struct call *call, const struct session *session, enum capn_outcome *outcome);
/* A refusal of policy: `failed`, and one record in the audit log (AU-05). */
enum capn_outcome session_denied(struct call *call, const char *text);

/* May the caller have another session, and will it learn of it? False: *outcome is the refusal. */
bool session_may_start(struct call *call, enum capn_outcome *outcome);

struct account;
struct session_start {
    const struct account *account;
    enum capos_auth_strength auth;
    enum session_profile profile;
    uint8_t transfer_mode; /* enum cap_transfer_mode, of the UserSession */
};
/* A new session in the caller's account, and its UserSession as result capability *index. */
enum capn_outcome session_start(struct call *call, const struct session_start *start, uint16_t *index);

/* A seeded account of the boot manifest, and the profile of its processes. Texts and data are valid for ever. */
struct account {
    struct capos_manifest_seed_account seed;
    struct resource_profile profile;
};

/* The first account of that kind, and the one with that principal; false when there is none. */
bool account_find(enum capos_principal_kind kind, struct account *out);
bool account_find_principal(struct capn_data id, struct account *out);
/* The profile of the service account that names the program as its binary; false when none does. */
bool account_profile_of_binary(struct capn_text binary, struct resource_profile *out);
/* Of the manifest; zeros where it says nothing. */
struct capos_session_lifetime_config account_session_lifetimes(void);
