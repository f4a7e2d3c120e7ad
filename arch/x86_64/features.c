/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Decisions from a processor's identification; see features.h. Trusts nothing but the bits. */
#include "arch/x86_64/features.h"

static bool bit(uint32_t word, unsigned n)
{
    return (word >> n & 1u) != 0;
}

enum cpu_vendor cpu_vendor_of(uint32_t ebx, uint32_t edx, uint32_t ecx)
{
    if (ebx == 0x756e6547u && edx == 0x49656e69u && ecx == 0x6c65746eu) /* GenuineIntel */
        return CPU_VENDOR_INTEL;
    if (ebx == 0x68747541u && edx == 0x69746e65u && ecx == 0x444d4163u) /* AuthenticAMD */
        return CPU_VENDOR_AMD;
    return CPU_VENDOR_OTHER;
}

void cpu_decode_signature(uint32_t eax, struct cpu_identity *id)
{
    uint32_t family = eax >> 8 & 0xf;
    uint32_t model = eax >> 4 & 0xf;
    if (family == 6 || family == 15)
        model |= (eax >> 16 & 0xf) << 4;
    if (family == 15)
        family += eax >> 20 & 0xff;
    id->family = family;
    id->model = model;
}

struct cpu_features cpu_features_of(const struct cpu_identity *id)
{
    uint32_t bits = id->ext8_eax & 0xff;
    bool xsave = bit(id->leaf1_ecx, 26) && (id->xsave_components & 3u) == 3u;
    return (struct cpu_features){
        .smep = bit(id->leaf7_ebx, 7),
        .smap = bit(id->leaf7_ebx, 20),
        .umip = bit(id->leaf7_ecx, 2),
        .global_pages = bit(id->leaf1_edx, 13),
        .machine_check = bit(id->leaf1_edx, 7),
        .xsave = xsave,
        .avx = xsave && bit(id->leaf1_ecx, 28) && bit(id->xsave_components, 2),
        .rdrand = bit(id->leaf1_ecx, 30),
        .rdseed = bit(id->leaf7_ebx, 18),
        .invariant_tsc = bit(id->ext7_edx, 8),
        .physical_bits = bits < 36 ? 36 : bits > 52 ? 52 : bits,
        /* CPUID 8000_0008 EBX bit 2: the processor always restores the error pointers. */
        .fpu_pointers_leak = id->vendor == CPU_VENDOR_AMD && !bit(id->ext8_ebx, 2),
    };
}
