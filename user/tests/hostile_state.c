/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Faults by memory, stack, arithmetic and floating point, system calls with
 * registers that no compiler makes and at places where no instruction may
 * stand (hostile inputs H68, H69; M rows of docs/security/hostile-input.md).
 * Each runs in a process of its own while a witness counts on.
 */
#include "hostile.h"

#define BINARY "hostile_state"
#define NON_CANONICAL 0x0000800000000000ull
#define DIRECT_MAP 0xffff800000000000ull
#define LEFT 33 /* exit code of what leaves by itself */

typedef void attack_fn(uint64_t a);

#define ATTACK(name, code)                                                                                                    \
    static void name(uint64_t a)                                                                                              \
    {                                                                                                                         \
        __asm__ volatile(code : "+a"(a) : : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");     \
    }

/* ---- H68: memory ------------------------------------------------------------------------------------- */

ATTACK(do_read, "movb (%%rax), %%cl")
ATTACK(do_write, "movb $0, (%%rax)")
ATTACK(do_add, "lock incq (%%rax)")
ATTACK(do_jump, "jmp *%%rax")
ATTACK(do_call, "call *%%rax")
ATTACK(do_ret, "push %%rax; ret")
ATTACK(do_fxsave, "fxsave (%%rax)")
ATTACK(do_xsave, "mov %%rax, %%rcx; mov $7, %%eax; xor %%edx, %%edx; xsave (%%rcx)")
ATTACK(do_cmpxchg16b, "mov %%rax, %%rdi; xor %%eax, %%eax; xor %%edx, %%edx; lock cmpxchg16b (%%rdi)")
ATTACK(do_clflush, "clflush (%%rax)")
ATTACK(do_stack_code, "movb $0xc3, -64(%%rsp); lea -64(%%rsp), %%rax; call *%%rax")

static void do_data_code(uint64_t a)
{
    static uint8_t code[] = { 0xc3 };
    do_call(a + (uintptr_t)code);
}

static void do_heap_code(uint64_t a)
{
    uint8_t *code = capos_alloc(16);
    code[0] = 0xc3;
    do_call(a + (uintptr_t)code);
}

static void do_mapped_code(uint64_t a)
{
    uint64_t page = map_pages(0, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    *(uint8_t *)page = 0xc3;
    do_call(page + a);
}

static void do_write_code(uint64_t a)
{
    do_write(a + (uintptr_t)&do_write_code);
}

static void do_write_constant(uint64_t a)
{
    static const char text[] = "constant";
    do_write(a + (uintptr_t)text);
}

/* ---- M4: the stack --------------------------------------------------------------------------------- */

ATTACK(do_push_forever, "1: push %%rax; jmp 1b")
ATTACK(do_call_forever, "1: call 1b")
ATTACK(do_push_at, "mov %%rax, %%rsp; push %%rax")
ATTACK(do_call_at, "mov %%rax, %%rsp; call 1f; 1: nop")
ATTACK(do_int3_at, "mov %%rax, %%rsp; int3")
ATTACK(do_fault_at, "mov %%rax, %%rsp; movb $0, 0x10")
ATTACK(do_spin_at, "mov %%rsp, %%rbx; mov %%rax, %%rsp; mov $30000000, %%rcx; 1: dec %%rcx; jnz 1b; mov %%rbx, %%rsp")
ATTACK(do_enter_far, "lea -128(%%rsp), %%rsp; mov $2048, %%ecx; 1: enter $0xfff0, $31; dec %%ecx; jnz 1b")

/* ---- M5: arithmetic and floating point ----------------------------------------------------------------- */

ATTACK(do_div8, "mov $1, %%eax; xor %%ecx, %%ecx; div %%cl")
ATTACK(do_div64, "mov $1, %%eax; xor %%edx, %%edx; xor %%ecx, %%ecx; div %%rcx")
ATTACK(do_div_overflow, "mov $-1, %%rdx; mov $-1, %%rax; mov $1, %%ecx; div %%rcx")
ATTACK(do_idiv_overflow, "mov $1, %%eax; shl $63, %%rax; cqo; mov $-1, %%rcx; idiv %%rcx")
#define X87(name, code) ATTACK(name, "fninit; movw $0x340, -64(%%rsp); fldcw -64(%%rsp); " code)
X87(do_x87_zero, "fld1; fldz; fdivrp; fwait")
X87(do_x87_invalid, "fldz; fldz; fdivp; fwait")
X87(do_x87_stack, "fstp %%st(0); fwait")
X87(do_x87_overflow, "fldl2e; fscale; mov $60, %%ecx; 1: fmul %%st(0), %%st(0); dec %%ecx; jnz 1b; fwait")
X87(do_x87_inexact, "fld1; fldpi; fdivrp; fwait")
/* Pending: the exception is there, but nobody asked for it. It must not hit the kernel or the next thread. */
X87(do_x87_pending, "fld1; fldz; fdivrp; xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax; syscall;"
                    "mov $1, %%edi; mov $3000000, %%esi; mov $2, %%eax; syscall; mov $30000000, %%ecx; 1: dec %%ecx; jnz 1b; fnclex; fninit")
X87(do_x87_pending_dies, "fld1; fldz; fdivrp; mov $1, %%edi; mov $3000000, %%esi; mov $2, %%eax; syscall; fwait")
#define SSE(name, code) ATTACK(name, "movl $0, -64(%%rsp); ldmxcsr -64(%%rsp); " code "; movl $0x1f80, -64(%%rsp); ldmxcsr -64(%%rsp)")
SSE(do_sse_zero, "mov $1, %%ecx; cvtsi2sd %%ecx, %%xmm0; xorps %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0")
SSE(do_sse_invalid, "xorps %%xmm0, %%xmm0; xorps %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0")
SSE(do_sse_inexact, "mov $1, %%ecx; cvtsi2sd %%ecx, %%xmm0; mov $3, %%ecx; cvtsi2sd %%ecx, %%xmm1; divsd %%xmm1, %%xmm0")
ATTACK(do_mxcsr, "movl $0xffffffff, -64(%%rsp); ldmxcsr -64(%%rsp)")
ATTACK(do_movaps, "lea -65(%%rsp), %%rcx; and $-16, %%rcx; movaps %%xmm0, 1(%%rcx)")
ATTACK(do_unaligned_16b, "lea -65(%%rsp), %%rdi; xor %%eax, %%eax; xor %%edx, %%edx; lock cmpxchg16b (%%rdi)")
ATTACK(do_alignment, "pushfq; orq $0x40000, (%%rsp); popfq; lea -65(%%rsp), %%rcx; and $-16, %%rcx; mov 1(%%rcx), %%rdx;"
                     "pushfq; andq $~0x40000, (%%rsp); popfq")

static _Alignas(64) uint8_t state[4096];

/* A register image that cannot be: reserved bits of MXCSR, of the header. */
static void do_fxrstor(uint64_t a)
{
    memset(state, (int)a, sizeof state);
    __asm__ volatile("fxrstor (%0)" : : "r"(state) : "memory");
}

static void do_xrstor(uint64_t a)
{
    __asm__ volatile("xsave (%0)" : : "r"(state), "a"(7), "d"(0) : "memory");
    memset(state + 512, (int)a, 64);
    __asm__ volatile("xrstor (%0)" : : "r"(state), "a"(-1), "d"(-1) : "memory");
}

/* ---- M6: system calls at the ends of memory ------------------------------------------------------------ */

#define CODE_BYTES 32u

/* xor edi,edi; mov esi,ESI; mov eax,EAX; syscall, so that the byte behind it is `end`. */
static void run_before(uint64_t end, uint64_t page, uint32_t edi, uint32_t esi, uint32_t number)
{
    uint8_t code[] = { 0xbf, 0, 0, 0, 0, 0xbe, 0, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0x0f, 0x05 };
    memcpy(code + 1, &edi, 4);
    memcpy(code + 6, &esi, 4);
    memcpy(code + 11, &number, 4);
    memcpy((void *)(end - sizeof code), code, sizeof code);
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_protect_params in = { .addr = page, .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_EXEC_BIT };
    check_ok(capos_virtual_memory_protect(&vm, &in, NULL), &vm, "protect");
    do_jump(end - sizeof code);
}

static void run_at_ceiling(uint32_t edi, uint32_t esi, uint32_t number)
{
    uint64_t page = map_pages(USER_MAP_LIMIT - PAGE_SIZE, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    run_before(page + PAGE_SIZE, page, edi, esi, number);
}

static void do_ceiling_enter(uint64_t a) { run_at_ceiling((uint32_t)a, 2000000, SYSCALL_CAP_ENTER); }
static void do_ceiling_unknown(uint64_t a) { run_at_ceiling(0, 0, (uint32_t)a); }
static void do_ceiling_exit(uint64_t a) { run_at_ceiling((uint32_t)a, 0, SYSCALL_EXIT); }

static void do_last_of_page(uint64_t a)
{
    uint64_t page = map_pages(0, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    run_before(page + PAGE_SIZE + a, page, 0, 0, SYSCALL_CAP_ENTER);
}

/* One byte of SYSCALL is on the page, the other would be behind it. */
static void do_half_a_syscall(uint64_t a)
{
    uint64_t page = map_pages(0, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    *(uint8_t *)(page + PAGE_SIZE - 1) = 0x0f;
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_protect_params in = { .addr = page, .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_EXEC_BIT };
    check_ok(capos_virtual_memory_protect(&vm, &in, NULL), &vm, "protect");
    do_jump(page + PAGE_SIZE - 1 + a);
}

/* ---- M7: string instructions over the end --------------------------------------------------------------- */

ATTACK(do_movs, "mov %%rax, %%rdi; mov %%rsp, %%rsi; mov $-1, %%rcx; rep movsb")
ATTACK(do_movs_down, "mov %%rax, %%rdi; mov %%rsp, %%rsi; mov $-1, %%rcx; std; rep movsb; cld")
ATTACK(do_stos, "mov %%rax, %%rdi; mov $-1, %%rcx; mov $-1, %%rax; rep stosq")
ATTACK(do_lods, "mov %%rax, %%rsi; mov $-1, %%rcx; rep lodsq")

/* ---- H69: registers at a system call ----------------------------------------------------------------------- */

/* The stack pointer must come back as it was. */
ATTACK(do_syscall_stack, "mov %%rsp, %%rbx; mov %%rax, %%rsp; mov %%rax, %%r8; xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax;"
                         "syscall; cmp %%rsp, %%r8; mov %%rbx, %%rsp; je 1f; ud2; 1: test %%rax, %%rax; jz 2f; ud2; 2:")
ATTACK(do_syscall_stack_wait, "mov %%rsp, %%rbx; mov %%rax, %%rsp; mov %%rax, %%r8; mov $1, %%edi; mov $2000000, %%esi; mov $2, %%eax;"
                              "syscall; cmp %%rsp, %%r8; mov %%rbx, %%rsp; je 1f; ud2; 1: test %%rax, %%rax; jz 2f; ud2; 2:")
ATTACK(do_syscall_flags, "xor %%edi, %%edi; xor %%esi, %%esi; pushfq; or %%rax, (%%rsp); mov $2, %%eax; popfq; syscall; cld;"
                         "pushfq; andq $~0x44100, (%%rsp); popfq; test %%rax, %%rax; jz 1f; ud2; 1:")
ATTACK(do_syscall_flags_wait, "mov $1, %%edi; mov $2000000, %%esi; pushfq; or %%rax, (%%rsp); mov $2, %%eax; popfq; syscall; cld;"
                              "pushfq; andq $~0x44100, (%%rsp); popfq; test %%rax, %%rax; jz 1f; ud2; 1:")
ATTACK(do_spin_flags, "pushfq; or %%rax, (%%rsp); popfq; mov $30000000, %%rcx; 1: dec %%rcx; jnz 1b; cld;"
                      "pushfq; andq $~0x44100, (%%rsp); popfq")
ATTACK(do_exit_flags, "mov $33, %%edi; pushfq; or %%rax, (%%rsp); mov $1, %%eax; popfq; syscall")

/* ---- the table ----------------------------------------------------------------------------------------------- */

struct attack {
    const char *row, *what;
    attack_fn *run;
    uint64_t argument;
    int64_t end;
};

#define PLACE(name, address)                                                                                                  \
    { "H68", "read " name, do_read, address, DIES }, { "H68", "write " name, do_write, address, DIES },                       \
        { "H68", "locked increment " name, do_add, address, DIES }, { "H68", "jump to " name, do_jump, address, DIES },       \
        { "H68", "return to " name, do_ret, address, DIES }, { "H68", "xsave to " name, do_xsave, address, DIES }
#define STACK(name, address)                                                                                                  \
    { "H69", "cap_enter on stack " name, do_syscall_stack, address, BACK },                                                   \
        { "H69", "wait on stack " name, do_syscall_stack_wait, address, BACK },                                               \
        { "H69", "interrupts on stack " name, do_spin_at, address, BACK }, { "M4", "push on stack " name, do_push_at, address, DIES }, \
        { "M4", "call on stack " name, do_call_at, address, DIES }, { "M4", "int3 on stack " name, do_int3_at, address, DIES }, \
        { "M4", "page fault on stack " name, do_fault_at, address, DIES }
#define FLAGS(name, flags)                                                                                                    \
    { "H69", "cap_enter with " name, do_syscall_flags, flags, BACK }, { "H69", "wait with " name, do_syscall_flags_wait, flags, BACK }, \
        { "H69", "interrupts with " name, do_spin_flags, flags, BACK }, { "H69", "exit with " name, do_exit_flags, flags, LEFT }

static const struct attack attacks[] = {
    PLACE("the kernel's code", KERNEL_ADDRESS), PLACE("no kernel page", NO_KERNEL_ADDRESS), PLACE("the direct map", DIRECT_MAP),
    PLACE("the last bytes of all", UINT64_MAX - 4095), PLACE("page 0", 0x10), PLACE("below the image", UNMAPPED),
    PLACE("the page that is never mapped", USER_MAP_LIMIT), PLACE("non-canonical memory", NON_CANONICAL),
    PLACE("non-canonical memory, upper end", 0xffff7fffffffff00ull), PLACE("the guard below the stack", USER_STACK_BASE - 4096),
    PLACE("another thread's ring", USER_RING_BASE + USER_RING_STRIDE), PLACE("the APIC", 0xfee00000), PLACE("the configuration space", 0xb0000000),
    { "H68", "write the CapSet", do_write, USER_CAPSET_BASE, DIES }, { "H68", "execute the CapSet", do_jump, USER_CAPSET_BASE, DIES },
    { "H68", "execute the ring", do_jump, USER_RING_BASE, DIES }, { "H68", "execute thread-local memory", do_jump, USER_TLS_BASE, DIES },
    { "H68", "execute the stack", do_stack_code, 0, DIES }, { "H68", "execute data", do_data_code, 0, DIES },
    { "H68", "execute the heap", do_heap_code, 0, DIES }, { "H68", "execute writable memory", do_mapped_code, 0, DIES },
    { "H68", "write code", do_write_code, 0, DIES }, { "H68", "write constants", do_write_constant, 0, DIES },
    { "H68", "fxsave to the kernel", do_fxsave, KERNEL_ADDRESS, DIES }, { "H68", "cmpxchg16b on the kernel", do_cmpxchg16b, KERNEL_ADDRESS, DIES },
    { "H68", "clflush of the kernel", do_clflush, KERNEL_ADDRESS, EITHER }, { "H68", "call to the kernel", do_call, KERNEL_ADDRESS, DIES },

    STACK("0", 0), STACK("8", 8), STACK("of the kernel", KERNEL_ADDRESS), STACK("that is not canonical", NON_CANONICAL),
    STACK("at the last byte", UINT64_MAX), STACK("in the CapSet", USER_CAPSET_BASE + 0x800), STACK("in code", USER_IMAGE_BASE + 8),
    { "H69", "cap_enter on stack in the ring", do_syscall_stack, USER_RING_BASE + 0x900, BACK },
    { "H69", "cap_enter on an odd stack", do_syscall_stack, USER_STACK_BASE + 3, BACK },
    { "M4", "push without end", do_push_forever, 0, DIES }, { "M4", "call without end", do_call_forever, 0, DIES },
    { "M4", "enter without end", do_enter_far, 0, DIES },

    FLAGS("direction", 0x400), FLAGS("alignment", 0x40000), FLAGS("nested task", 0x4000), FLAGS("identification", 0x200000),
    FLAGS("I/O privilege 3", 0x3000), FLAGS("all of them", 0x247cd5),
    { "H69", "cap_enter, single step", do_syscall_flags, 0x100, DIES }, { "H69", "wait, single step", do_syscall_flags_wait, 0x100, DIES },
    { "H69", "single step", do_spin_flags, 0x100, DIES }, { "H69", "exit, single step", do_exit_flags, 0x100, LEFT },

    { "M5", "divide, 8 bits", do_div8, 0, DIES }, { "M5", "divide, 64 bits", do_div64, 0, DIES },
    { "M5", "quotient too large", do_div_overflow, 0, DIES }, { "M5", "lowest number divided by -1", do_idiv_overflow, 0, DIES },
    { "M5", "x87 divide by zero", do_x87_zero, 0, DIES }, { "M5", "x87 invalid", do_x87_invalid, 0, DIES },
    { "M5", "x87 stack underflow", do_x87_stack, 0, EITHER }, { "M5", "x87 overflow", do_x87_overflow, 0, DIES },
    { "M5", "x87 inexact", do_x87_inexact, 0, DIES }, { "M5", "x87 exception that stays pending", do_x87_pending, 0, BACK },
    { "M5", "x87 exception, fwait after a wait", do_x87_pending_dies, 0, DIES },
    { "M5", "SSE divide by zero", do_sse_zero, 0, EITHER }, { "M5", "SSE invalid", do_sse_invalid, 0, EITHER },
    { "M5", "SSE inexact", do_sse_inexact, 0, EITHER }, { "M5", "reserved bits of MXCSR", do_mxcsr, 0, EITHER },
    { "M5", "unaligned movaps", do_movaps, 0, EITHER }, { "M5", "unaligned cmpxchg16b", do_unaligned_16b, 0, DIES },
    { "M5", "alignment check", do_alignment, 0, EITHER }, { "M5", "fxrstor of ones", do_fxrstor, 0xff, EITHER },
    { "M5", "fxrstor of zeros", do_fxrstor, 0, BACK }, { "M5", "xrstor with a bad header", do_xrstor, 0xff, DIES },

    { "M6", "cap_enter, returns to the mapping ceiling", do_ceiling_enter, 0, DIES },
    { "M6", "wait, returns to the mapping ceiling", do_ceiling_enter, 1, DIES },
    { "M6", "unknown call, returns to the mapping ceiling", do_ceiling_unknown, 99, DIES },
    { "M6", "exit below the mapping ceiling", do_ceiling_exit, LEFT, LEFT },
    { "M6", "cap_enter, returns to no page", do_last_of_page, 0, DIES }, { "M6", "half a system call", do_half_a_syscall, 0, DIES },
    { "M6", "jump to the last user byte", do_jump, USER_HALF_LIMIT - 1, DIES },

    { "M7", "rep movsb to the end of the stack", do_movs, USER_STACK_TOP - 64, DIES },
    { "M7", "rep movsb down to the guard", do_movs_down, USER_STACK_BASE + 64, DIES },
    { "M7", "rep stosq through the ring", do_stos, USER_RING_BASE, DIES }, { "M7", "rep stosq into the kernel", do_stos, KERNEL_ADDRESS, DIES },
    { "M7", "rep lodsq from the kernel", do_lods, KERNEL_ADDRESS, DIES },
};

#define ATTACKS (sizeof attacks / sizeof attacks[0])

int main(void)
{
    if (task() != NULL && task_is("witness"))
        return witness_run();
    if (task() != NULL) {
        const struct attack *attack = &attacks[task_number() % ATTACKS];
        attack->run(attack->argument);
        return check_failures > 0 ? 1 : BACK;
    }
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_cap_grant memory = capos_grant_kernel("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY,
                                                       CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    hostile_begin();
    witness_start(BINARY);
    (void)run_numbered(BINARY, 0, &memory, 1);
    uint64_t frames = free_frames(&monitor);
    for (uint32_t i = 0; i < ATTACKS; i++)
        expect_end(attacks[i].row, run_numbered(BINARY, i, &memory, 1), attacks[i].end, attacks[i].what);
    check(free_frames(&monitor) == frames, "frames after all attacks");
    witness_end();
    return hostile_finish("hostile_state");
}
