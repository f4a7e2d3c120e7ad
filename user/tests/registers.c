/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a thread has in its registers stays: general registers over system
 * calls, vector registers over system calls, pre-emption and moves between
 * processors, while other processes do the same with other values.
 */
#include "check.h"

#define ROUNDS 40u

/* Loads every preserved register from pattern[0..12], enters the kernel, stores what is there to seen[0..12]. */
static void system_call_with(const uint64_t pattern[13], uint64_t seen[13])
{
    __asm__ volatile("push %%rbp; push %%rbx; push %[seen]\n"
                     "mov %[from], %%rcx\n"
                     "mov 0(%%rcx), %%rbx; mov 8(%%rcx), %%rbp; mov 16(%%rcx), %%rdx; mov 24(%%rcx), %%r8\n"
                     "mov 32(%%rcx), %%r9; mov 40(%%rcx), %%r10; mov 48(%%rcx), %%r12; mov 56(%%rcx), %%r13\n"
                     "mov 64(%%rcx), %%r14; mov 72(%%rcx), %%r15\n"
                     "xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax\n"
                     "syscall\n"
                     "mov (%%rsp), %%rcx\n"
                     "mov %%rbx, 0(%%rcx); mov %%rbp, 8(%%rcx); mov %%rdx, 16(%%rcx); mov %%r8, 24(%%rcx)\n"
                     "mov %%r9, 32(%%rcx); mov %%r10, 40(%%rcx); mov %%r12, 48(%%rcx); mov %%r13, 56(%%rcx)\n"
                     "mov %%r14, 64(%%rcx); mov %%r15, 72(%%rcx); mov %%rdi, 80(%%rcx); mov %%rsi, 88(%%rcx)\n"
                     "mov %%rax, 96(%%rcx)\n"
                     "pop %%rcx; pop %%rbx; pop %%rbp\n"
                     :
                     : [from] "a"(pattern), [seen] "D"(seen)
                     : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

static void check_general_registers(uint64_t seed)
{
    uint64_t pattern[13], seen[13] = { 0 };
    for (size_t i = 0; i < 13; i++)
        pattern[i] = i < 10 ? (seed + i) * 0x9e3779b97f4a7c15ull : 0;
    system_call_with(pattern, seen);
    for (size_t i = 0; i < 13; i++)
        check(seen[i] == pattern[i], "register %zu is %lx after a system call, not %lx", i, seen[i], pattern[i]);
}

static bool has_avx(void)
{
    uint32_t a = 1, b, c = 0, d, low, high;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c >> 27 & 3) != 3)
        return false; /* no AVX, or the kernel has not switched it on */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

/* Loads xmm0..15 (or ymm0..15) from `from`, works for `loops` rounds or enters the kernel, and stores them. */
#define VECTOR_FUNCTION(name, move, reg, stride, work)                                                               \
    static void name(const uint8_t *from, uint8_t *to, uint64_t loops)                                               \
    {                                                                                                                \
        __asm__ volatile(                                                                                            \
            ".set i, 0\n .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n " move " \\n*" stride "(%0), %%" reg "\\n\n .endr\n" \
            work "\n"                                                                                                \
            ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n " move " %%" reg "\\n, \\n*" stride "(%1)\n .endr\n"      \
            : "+r"(from), "+r"(to), "+r"(loops)                                                                      \
            :                                                                                                        \
            : "memory", "cc", "rax", "rcx", "r11", "rdi", "rsi", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",      \
              "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");                  \
    }

#define SPIN "1: dec %2; jnz 1b"
#define ENTER "xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax; syscall"

VECTOR_FUNCTION(sse_spin, "movdqu", "xmm", "16", SPIN)
VECTOR_FUNCTION(sse_enter, "movdqu", "xmm", "16", ENTER)
VECTOR_FUNCTION(avx_spin, "vmovdqu", "ymm", "32", SPIN)
VECTOR_FUNCTION(avx_enter, "vmovdqu", "ymm", "32", ENTER)

static void check_vectors(uint64_t seed, bool avx, uint64_t loops)
{
    static uint8_t pattern[512], seen[512];
    for (size_t i = 0; i < 512; i++)
        pattern[i] = (uint8_t)(seed * 31 + i * 7 + i / 16);
    for (int way = 0; way < 2; way++) {
        size_t len = avx ? 512 : 256;
        memset(seen, 0, sizeof seen);
        if (avx)
            (way == 0 ? avx_spin : avx_enter)(pattern, seen, loops);
        else
            (way == 0 ? sse_spin : sse_enter)(pattern, seen, loops);
        check(memcmp(pattern, seen, len) == 0, "vector registers after %s", way == 0 ? "spinning" : "a system call");
    }
}

/* The x87 and SSE control words, and a value on the x87 stack. */
static void check_control_words(uint16_t control, uint32_t mxcsr, uint64_t loops)
{
    uint16_t control_seen = 0;
    uint32_t mxcsr_seen = 0;
    double value = (double)mxcsr + 0.5, value_seen = 0;
    __asm__ volatile("fldcw %[c]; ldmxcsr %[m]; fldl %[v]\n"
                     "1: dec %[loops]; jnz 1b\n"
                     "fstpl %[vs]; fnstcw %[cs]; stmxcsr %[ms]\n"
                     : [cs] "=m"(control_seen), [ms] "=m"(mxcsr_seen), [vs] "=m"(value_seen), [loops] "+r"(loops)
                     : [c] "m"(control), [m] "m"(mxcsr), [v] "m"(value)
                     : "cc", "st");
    check(control_seen == control && mxcsr_seen == mxcsr && value_seen == value, "control words %x %x are %x %x", control, mxcsr,
          control_seen, mxcsr_seen);
}

static void check_fresh_state(void)
{
    uint16_t control = 0;
    uint32_t mxcsr = 0;
    __asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
    check(control == 0x37f && mxcsr == 0x1f80, "a process starts with control words %x %x", control, mxcsr);
}

static void work(uint64_t seed, bool avx)
{
    static const uint16_t controls[] = { 0x37f, 0x27f, 0x77f, 0xb7f };
    static const uint32_t mxcsrs[] = { 0x1f80, 0x3f80, 0x5f80, 0x9f80 };
    for (uint64_t round = 0; round < ROUNDS; round++) {
        check_general_registers(seed + round);
        check_vectors(seed + round, false, 100000);
        if (avx)
            check_vectors(seed + round, true, 100000);
        check_control_words(controls[seed % 4], mxcsrs[seed % 4], 100000);
    }
}

int main(void)
{
    static const char *const seeds[] = { "1", "2", "3" };
    check_fresh_state();
    bool avx = has_avx();
    if (task() != NULL) {
        work((uint64_t)(task()[0] - '0'), avx);
        return finish("registers of a child");
    }
    struct capos_process children[3];
    for (size_t i = 0; i < 3; i++)
        spawn_task("registers", seeds[i], (const struct capos_cap_grant[]){ CONSOLE_GRANT }, 1, &children[i]);
    work(100, avx);
    for (size_t i = 0; i < 3; i++)
        check(exit_code_of(&children[i]) == 0, "child %zu", i);
    capos_print("vectors of %u bytes\n", avx ? 32u : 16u);
    return finish("registers");
}
