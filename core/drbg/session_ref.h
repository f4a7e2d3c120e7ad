/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Caller-session references: the opaque words by which one endpoint service
 * knows one session again, without learning who it is. Derived with a boot
 * secret that never leaves the kernel; another scope or session gives other
 * words. A reference is no authority. Pure. Source: docs/kernel-semantics.md,
 * SE-04 to SE-06.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SESSION_REF_SECRET_BYTES 32u

/* No word is ever 0. */
struct session_ref {
    uint64_t low;
    uint64_t high;
    uint64_t epoch;
};

void session_ref_derive(const uint8_t secret[SESSION_REF_SECRET_BYTES], uint64_t scope, const uint8_t *session_id,
                        size_t session_id_len, struct session_ref *out);
