/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two structs whose memory the kernel supplies and the machine owns. The
 * kernel never looks inside. Field order of machine_context is known to
 * entry.S through offsets.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Standard-format XSAVE area for x87, SSE and AVX: 512 + 64 + 256 bytes (Intel SDM 1, 13.4). */
#define MACHINE_FPU_BYTES 832u

struct machine_context {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags, rsp;
    uint64_t by_syscall; /* 1: entered by SYSCALL, so SYSRET may leave */
    uint64_t fs_base;
    _Alignas(64) uint8_t fpu[MACHINE_FPU_BYTES];
};

struct machine_aspace {
    uint64_t root; /* physical address of the top-level table */
    uint32_t tops; /* top-level entries of the user half in use are below this */
    uint32_t cpus; /* bit per CPU that has the space active; changes under the kernel lock */
    bool (*take)(void *owner, uint64_t *frame);
    void (*give)(void *owner, uint64_t frame);
    void *owner;
};
