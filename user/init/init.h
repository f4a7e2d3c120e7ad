/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The parts of init, the first process: it reads the boot manifest, checks the
 * whole plan before anything starts, starts the services with exactly their
 * grants and stays until they have ended. It trusts nothing in the manifest
 * and holds nothing but what the manifest gives it.
 */
#pragma once

#include "capos/capos.h"
#include "core/plan/plan.h"

/* manifest.c: the bytes of the boot package in memory of our own, never given back. False: said why. */
bool init_read_manifest(struct capn_data *out);
/* manifest.c: decodes and checks all of it, imports included. False: said why. */
bool init_check_manifest(struct capn_data bytes, struct manifest_plan *out);

/* imports.c: notes all exports and finds an order of starts in which every import is there. False: said why. */
bool init_check_imports(const struct manifest_plan *plan);
/* imports.c: the service to start as number n. */
uint32_t init_start_order(uint32_t n);
/* imports.c: the grant for an import. */
struct capos_cap_grant init_grant_import(const struct manifest_plan *plan, const struct manifest_cap *import);
/* imports.c: init's own hold of the endpoint that service s exports as `cap`, or NULL. */
const struct capset_entry *init_held_export(const struct manifest_plan *plan, uint32_t s, const struct manifest_cap *cap);
/* imports.c: right after the spawn of service s, takes the facets of its exports from the reply. */
void init_take_exports(const struct manifest_plan *plan, uint32_t s);
/* imports.c: service s has ended; what it exported ends with it, save what the next start goes on with. */
void init_end_exports(uint32_t s, bool restarts);
/* imports.c: is everything there that service s imports? */
bool init_imports_live(const struct manifest_plan *plan, uint32_t s);

/* grants.c: what service number s is to get, from its caps in their order. False: said why. */
bool init_grants_of(const struct manifest_plan *plan, uint32_t s, struct capos_cap_grant *grants, uint32_t *count);

/* services.c: starts all, waits, restarts by their policies. The exit code of init. */
int init_run_services(const struct manifest_plan *plan);
