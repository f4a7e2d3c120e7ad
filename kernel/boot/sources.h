/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Kernel sources: what boot gives the first process, and what a spawn grant may
 * ask the kernel for. sources.c holds the one table of them; a new capability
 * interface that processes can start with is a line there. Under the kernel lock.
 * Source: docs/kernel-semantics.md, "Kernel sources".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/capset.h"
#include "abi/errors.h"

struct process;

struct source_request {
    uint32_t number;       /* of the schema, or one of ours (core/manifest/sources.h) */
    uint64_t interface_id; /* must be the source's */
    uint8_t disclosure;    /* of the caller's session, by calls through the hold; bits of SESSION_DISCLOSURE_MASK */
};

/* text stays valid until the next refusal. */
struct source_refusal {
    enum cap_exception_type type;
    const char *text;
};

/* Makes the object and puts it into the process's table; fills cap_id and interface_id of *entry. */
bool source_grant(const struct source_request *request, struct process *process, struct capset_entry *entry,
                  struct source_refusal *why);
