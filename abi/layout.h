/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User address space of every process, in bytes. Source: docs/abi.md,
 * "User address space". Data only.
 */
#pragma once

#define PAGE_SIZE 4096ull
#define PAGE_SHIFT 12

#define USER_IMAGE_BASE 0x200000ull
#define USER_IMAGE_LIMIT 0xff0000ull /* first byte past the image; the guard below the stack starts here */
#define USER_STACK_BASE 0x1000000ull
#define USER_STACK_PAGES 16ull
#define USER_STACK_TOP 0x1010000ull
#define USER_STACK_ENTRY (USER_STACK_TOP - 8)
#define USER_TLS_BASE 0x1100000ull
#define USER_TLS_LIMIT 0x1200000ull
#define USER_RING_BASE 0x1200000ull
#define USER_RING_STRIDE 0x2000ull
#define USER_CAPSET_BASE 0x1300000ull
#define USER_MAP_BASE 0x1301000ull       /* lowest address of anonymous and object mappings */
#define USER_MAP_LIMIT 0x7ffffffff000ull /* first byte past the highest mapping; the page above stays unmapped */
#define USER_HALF_LIMIT 0x800000000000ull

/* Protection bits of every mapping method. */
#define PROT_NONE_BITS 0u
#define PROT_READ_BIT 1u
#define PROT_WRITE_BIT 2u
#define PROT_EXEC_BIT 4u
#define PROT_ALL_BITS 7u
