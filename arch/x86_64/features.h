/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a processor can do, decided from its identification (what it needs: mitigations.h). Pure:
 * no instruction is executed here, so the decisions are tested on the host
 * (features_test.c), also those that the test machines cannot show.
 * Bit positions: Intel SDM 2 (CPUID), AMD APM 3 appendix E.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum cpu_vendor { CPU_VENDOR_OTHER, CPU_VENDOR_INTEL, CPU_VENDOR_AMD };

struct cpu_identity {
    enum cpu_vendor vendor;
    uint32_t family, model;
    uint32_t leaf1_ecx, leaf1_edx;
    uint32_t leaf7_ebx, leaf7_ecx, leaf7_edx;
    uint32_t ext8_eax, ext8_ebx;   /* 0x80000008 */
    uint32_t ext7_edx;             /* 0x80000007 */
    uint32_t ext21_eax;            /* 0x80000021 */
    uint32_t leaf7_2_edx;          /* 7.2 EDX */
    uint32_t xsave_components;     /* 0xD.0 EAX */
    uint64_t arch_capabilities;    /* MSR 0x10A, 0 where absent */
};

struct cpu_features {
    bool smep, smap, umip, global_pages, machine_check;
    bool xsave, avx; /* avx only with xsave */
    bool rdrand, rdseed;
    bool invariant_tsc;
    uint32_t physical_bits; /* length of a physical address, 36..52 */
    bool fpu_pointers_leak; /* FXRSTOR and XRSTOR leave the last instruction pointer of x87 alone */
};

/* vendor_words: EBX, EDX, ECX of leaf 0. */
enum cpu_vendor cpu_vendor_of(uint32_t ebx, uint32_t edx, uint32_t ecx);
/* Family and model as displayed, from EAX of leaf 1. */
void cpu_decode_signature(uint32_t eax, struct cpu_identity *id);
struct cpu_features cpu_features_of(const struct cpu_identity *id);
