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

/* grants.c: what service number s is to get, from its caps in their order. False: said why. */
bool init_grants_of(const struct manifest_plan *plan, uint32_t s, struct capos_cap_grant *grants, uint32_t *count);

/* services.c: starts all, waits, restarts by their policies. The exit code of init. */
int init_run_services(const struct manifest_plan *plan);
