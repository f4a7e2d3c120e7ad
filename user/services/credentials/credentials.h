/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of the credential service: credentials.c tells what it is. */
#pragma once

#include "capos/capos.h"
#include "console.h"

#define PRINCIPAL_BYTES 32u

/* manifest.c: the boot manifest, read once into memory of its own, which stays. Messages go to the console. */
bool manifest_load(struct capos_client *memory);
/* Empty when none is configured. */
struct capn_text manifest_verifier(void);
bool manifest_development_shell(void);
/*
 * The account that a selector names, by its name in any spelling that has the same normal form or by its principal; false
 * when there is none, or the selector is nonsense.
 */
bool manifest_account(const struct capos_login_selector *selector, struct capos_manifest_seed_account *out);
/* May it log in with the console password? */
bool manifest_has_console_password(const struct capos_manifest_seed_account *account);
/* Is that key one with which the account may have an operator session? */
bool manifest_allows_key(const struct capos_manifest_seed_account *account, struct capn_text algorithm, struct capn_data key);

/* hashing.c: Monocypher. Memory for a hash comes from virtual_memory and goes back after it. */
void hashing_open(struct capos_client *memory, struct capos_client *entropy);
extern const struct console_engine hashing_engine;
/* Ed25519. */
bool hashing_signature_ok(struct capn_data key, struct capn_data message, struct capn_data signature);
