/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Puts a program image into an empty address space: segments, TLS block and
 * stack of the first thread. Trusts nothing in the image. On a failure pages
 * may already be mapped; the caller destroys the space.
 * Source: docs/kernel-semantics.md, "Loader"; docs/abi.md, "Thread-local storage".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/elf/load_plan.h"
#include "kernel/mm/aspace.h"

/* The parser's and the plan's refusals; `plan` is valid on ELF_OK. */
enum elf_error loader_plan(const uint8_t *elf, uint64_t len, uint64_t commit_limit, struct elf_load_plan *plan);
/* ELF_OK, ELF_NO_FRAMES or ELF_MEMORY_LIMIT. */
enum elf_error loader_map(struct aspace *as, const uint8_t *elf, const struct elf_load_plan *plan);
