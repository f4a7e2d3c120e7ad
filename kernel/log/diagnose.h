/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What programs did wrong, as lines on the console that begin with [diag]: at
 * most so many, and a count of the rest (core/diag). Nothing waits for it and no answer depends on
 * it. Under the kernel lock, in any context. Source: docs/kernel-semantics.md, section 19.
 */
#pragma once

#include "abi/ring.h"
#include "core/capn/read.h"
#include "core/diag/diag.h"

struct process;

/* One event. `process` NULL: no process's. `sqe` NULL: no entry's. */
void diagnose(struct process *process, const struct ring_sqe *sqe, enum diag_class class, int32_t code,
              struct capn_text text);
/* The event behind a negative result of an entry, if it has one; exceptions have theirs elsewhere. */
void diagnose_answer(struct process *process, const struct ring_sqe *sqe, int32_t result);
/* Everything of the process has been given back. */
void diagnose_exit(const struct process *process);
/* The end of the machine, also one that panics. */
void diagnose_flush(void);
