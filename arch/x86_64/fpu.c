/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * x87, SSE and AVX state of threads, switched eagerly: the registers of a CPU
 * always belong to its current context, and the kernel itself is compiled
 * without them. XSAVE in the standard format where present, else FXSAVE.
 */
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "core/base/bytes.h"

#define XCR0_X87_SSE 3u
#define XCR0_AVX 4u

static uint64_t components; /* XCR0; 0 = FXSAVE. Same value on every CPU. */

void fpu_setup(void)
{
    components = 0;
    if (!cpu_features.xsave)
        return;
    uint64_t wanted = XCR0_X87_SSE | (cpu_features.avx ? XCR0_AVX : 0);
    write_xcr0(wanted);
    if (cpuid(0xd, 0).ebx <= MACHINE_FPU_BYTES)
        components = wanted;
    else
        write_xcr0(XCR0_X87_SSE); /* what FXSAVE covers */
}

/* Legacy area: FCW at 0, MXCSR at 24. A zero XSAVE header means every component in its initial state. */
void fpu_init_state(struct machine_context *context)
{
    memset(context->fpu, 0, sizeof context->fpu);
    store_le16(context->fpu, 0x37f);
    store_le32(context->fpu + 24, 0x1f80);
}

void fpu_save(struct machine_context *context)
{
    if (components != 0)
        __asm__ volatile("xsave64 %0"
                         : "+m"(context->fpu)
                         : "a"((uint32_t)components), "d"(0)
                         : "memory");
    else
        __asm__ volatile("fxsave64 %0" : "=m"(context->fpu) : : "memory");
}

/* Where the restore leaves the last x87 instruction and data pointers alone, overwrite them with ours. */
static void hide_fpu_pointers(void)
{
    static const float zero = 0;
    __asm__ volatile("fnclex; emms; flds %0; fstp %%st(0)" : : "m"(zero));
}

void fpu_load(const struct machine_context *context)
{
    if (cpu_features.fpu_pointers_leak)
        hide_fpu_pointers();
    if (components != 0)
        __asm__ volatile("xrstor64 %0" : : "m"(context->fpu), "a"((uint32_t)components), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 %0" : : "m"(context->fpu) : "memory");
}
