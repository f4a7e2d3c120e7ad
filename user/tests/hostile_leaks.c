/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program finds in memory and registers that the kernel hands it is its
 * own or zero (L rows of docs/security/hostile-input.md): registers of a fresh
 * thread and after system calls, fresh pages, the ring, the CapSet, bytes of a
 * buffer that an answer does not cover.
 */
#include "hostile.h"

#define BINARY "hostile_leaks"
#define GOOD 44
#define RW (PROT_READ_BIT | PROT_WRITE_BIT)
#define REGISTERS 15u

/* RAX RBX RCX RDX RSI RDI RBP R8..R15, then XMM0..15, then MXCSR, the x87 control word, FS and GS selectors and the flags. */
struct state {
    uint64_t gpr[REGISTERS];
    uint64_t xmm[32];
    uint32_t mxcsr, control;
    uint64_t selectors, flags;
    uint32_t done;
};

static struct state seen;

/* A thread's first instructions, its state in RDI: store everything, then spin until the process ends the thread. */
__asm__(".text\nhostile_fresh:\n"
        "mov %rax, 0(%rdi); mov %rbx, 8(%rdi); mov %rcx, 16(%rdi); mov %rdx, 24(%rdi); mov %rsi, 32(%rdi); mov %rdi, 40(%rdi)\n"
        "mov %rbp, 48(%rdi); mov %r8, 56(%rdi); mov %r9, 64(%rdi); mov %r10, 72(%rdi); mov %r11, 80(%rdi); mov %r12, 88(%rdi)\n"
        "mov %r13, 96(%rdi); mov %r14, 104(%rdi); mov %r15, 112(%rdi)\n"
        "movdqu %xmm0, 120(%rdi); movdqu %xmm1, 136(%rdi); movdqu %xmm2, 152(%rdi); movdqu %xmm3, 168(%rdi)\n"
        "movdqu %xmm4, 184(%rdi); movdqu %xmm5, 200(%rdi); movdqu %xmm6, 216(%rdi); movdqu %xmm7, 232(%rdi)\n"
        "movdqu %xmm8, 248(%rdi); movdqu %xmm9, 264(%rdi); movdqu %xmm10, 280(%rdi); movdqu %xmm11, 296(%rdi)\n"
        "movdqu %xmm12, 312(%rdi); movdqu %xmm13, 328(%rdi); movdqu %xmm14, 344(%rdi); movdqu %xmm15, 360(%rdi)\n"
        "stmxcsr 376(%rdi); fnstcw 380(%rdi)\n"
        "xor %eax, %eax; mov %ds, %ax; mov %rax, 384(%rdi); mov %es, %ax; or %rax, 384(%rdi); mov %fs, %ax; or %rax, 384(%rdi)\n"
        "mov %gs, %ax; or %rax, 384(%rdi); pushfq; pop %rax; mov %rax, 392(%rdi); mov %rdi, %rbx\n"
        "movl $1, 400(%rbx)\n"
        "1: mov $32, %edi; mov $-1, %rsi; mov $2, %eax; syscall; jmp 1b\n");
extern const uint8_t hostile_fresh[];
_Static_assert(__builtin_offsetof(struct state, xmm) == 120 && __builtin_offsetof(struct state, mxcsr) == 376 &&
                   __builtin_offsetof(struct state, selectors) == 384 && __builtin_offsetof(struct state, done) == 400, "hostile_fresh");

/* Fills registers with what must not be found elsewhere, segments too, and enters the kernel to let others run. */
static int fill_and_enter(void)
{
    for (uint32_t i = 0; i < 200; i++)
        __asm__ volatile("mov $0x5ec4e700, %%eax; movd %%eax, %%xmm0; pshufd $0, %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm1; movdqa %%xmm0, %%xmm7;"
                         "movdqa %%xmm0, %%xmm15; mov $0x23, %%eax; mov %%eax, %%ds; mov %%eax, %%es; mov %%eax, %%gs;"
                         "mov $0x5ec4e7, %%ebx; mov %%rbx, %%rbp; mov %%rbx, %%r8; mov %%rbx, %%r12; mov %%rbx, %%r15; fld1; fldpi;"
                         "mov $1, %%edi; mov $300000, %%esi; mov $2, %%eax; syscall; fninit" : : : "rax", "rbx", "rcx", "rdi", "rsi", "r8", "r11",
                         "r12", "r15", "xmm0", "xmm1", "xmm7", "xmm15", "memory", "cc");
    return GOOD;
}

static uint32_t nonzero(const void *from, uint64_t bytes)
{
    uint32_t count = 0;
    for (uint64_t i = 0; i < bytes; i++)
        count += ((const volatile uint8_t *)from)[i] != 0;
    return count;
}

static void check_fresh_thread(void)
{
    static _Alignas(16) uint8_t stack[4096];
    struct capos_client spawner = granted("thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID), handle;
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_thread_spawner_create_params in = { .entry = (uintptr_t)hostile_fresh, .stack_top = (uintptr_t)stack + sizeof stack,
                                                     .arg = (uintptr_t)&seen };
    struct capos_thread_spawner_create_results got;
    check_ok(capos_thread_spawner_create(&spawner, &in, &got), &spawner, "create");
    check(capos_reply_take(got.handle_index, CAPOS_THREAD_HANDLE_INTERFACE_ID, &handle) == CAPOS_OK, "its handle");
    while (load_acquire_u32(&seen.done) == 0)
        sleep_ns(&timer, 100000);
    uint64_t others = 0, vectors = 0;
    for (uint32_t i = 0; i < REGISTERS; i++)
        others |= i == 3 || i == 4 || i == 5 ? 0 : seen.gpr[i]; /* RDX, RSI, RDI: ring, thread id, argument */
    for (uint32_t i = 0; i < 32; i++)
        vectors |= seen.xmm[i];
    expect("L1", (int64_t)others, 0, "general registers of a fresh thread");
    expect_true("L1", seen.gpr[5] == (uintptr_t)&seen && seen.gpr[4] > 1 && seen.gpr[3] > USER_RING_BASE && seen.gpr[3] < USER_CAPSET_BASE,
                "but its three arguments");
    expect("L1", (int64_t)vectors, 0, "vector registers of a fresh thread");
    expect("L1", seen.mxcsr, 0x1f80, "its MXCSR");
    expect("L1", seen.control & 0xffff, 0x37f, "its x87 control word");
    expect("L1", (int64_t)seen.selectors, 0, "its segment selectors");
    expect("L1", (int64_t)(seen.flags & 0x3fffff & ~0x8d5ull), 0x202, "its flags");
    const uint8_t *ring = (const uint8_t *)seen.gpr[3];
    expect("L2", nonzero(ring + RING_SQE_OFFSET, PAGE_SIZE - RING_SQE_OFFSET), 0, "bytes in the ring of a fresh thread");
    expect("L2", nonzero(ring + 52, RING_SQE_OFFSET - 52), 0, "reserved bytes of its header");
}

/* A system call that returns at once, and one that waits, must leave no kernel value in the two registers they may change. */
static void check_system_call(void)
{
    for (uint32_t wait = 0; wait < 2; wait++) {
        uint64_t rcx = 0, r11 = 0, rax;
        __asm__ volatile("mov %[ns], %%esi; mov %[wait], %%edi; mov $2, %%eax; syscall; mov %%rcx, %[rcx]; mov %%r11, %[r11]"
                         : [rcx] "=&r"(rcx), [r11] "=&r"(r11), "=&a"(rax) : [wait] "r"(wait), [ns] "r"(wait * 3000000)
                         : "rcx", "r11", "rdi", "rsi", "memory");
        expect_true("L3", rcx < USER_HALF_LIMIT && r11 <= 0x3fffff, wait ? "RCX and R11 after a wait" : "RCX and R11 after a system call");
    }
}

/* In a process that has not used its memory yet, after others have. */
static int look_at_own(void)
{
    const struct capset_page *capset = (const struct capset_page *)USER_CAPSET_BASE;
    const uint8_t *behind = (const uint8_t *)(USER_CAPSET_BASE + __builtin_offsetof(struct capset_page, entries) +
                                              sizeof(struct capset_entry) * capset->count);
    uint64_t page = map_pages(0, 8, RW);
    hostile_begin();
    expect("L4", nonzero((const void *)USER_STACK_BASE, 8 * PAGE_SIZE), 0, "bytes in the lower half of a fresh stack");
    expect("L4", nonzero(behind, USER_CAPSET_BASE + PAGE_SIZE - (uintptr_t)behind), 0, "bytes behind the last entry of the CapSet");
    expect("L4", nonzero((const void *)page, 8 * PAGE_SIZE), 0, "bytes in fresh pages");
    struct capos_client object = new_object();
    expect("L4", nonzero(map_object(&object), PAGE_SIZE), 0, "bytes in a fresh memory object");
    return check_failures == 0 ? GOOD : 1;
}

/* Fills pages, stack and objects, and ends without giving anything back. */
static int fill_memory(void)
{
    uint64_t pages = map_pages(0, 256, RW);
    memset((void *)pages, 0xee, 256 * PAGE_SIZE);
    memset((void *)USER_STACK_BASE, 0xee, 12 * PAGE_SIZE);
    struct capos_client object = new_object();
    memset(map_object(&object), 0xee, PAGE_SIZE);
    return GOOD;
}

/* Every byte of a result buffer that the answer does not cover is as it was. */
static void check_buffers(void)
{
    static _Alignas(8) uint8_t room[1024];
    static const uint64_t none[] = { 2ull << 32, 1ull << 32, UINT64_MAX };
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID), console = hostile_console;
    const struct {
        const char *what;
        struct ring_sqe sqe;
        int32_t code;
        uint32_t written;
    } calls[] = {
        { "a result", { .cap_id = timer.cap_id, .method_id = CAPOS_TIMER_NOW_METHOD }, 32, 32 },
        { "an exception", { .cap_id = console.cap_id, .method_id = 77 }, CAP_ERR_APPLICATION_EXCEPTION, 48 },
        { "another exception", { .cap_id = console.cap_id, .addr = (uintptr_t)none, .len = 20 }, CAP_ERR_APPLICATION_EXCEPTION, 56 },
        { "a refusal", { .cap_id = 0x00fffff0 }, CAP_ERR_INVOKE_FAILED, 0 },
        { "an empty result", { .cap_id = console.cap_id, .addr = (uintptr_t)none, .len = 0 }, CAP_ERR_APPLICATION_EXCEPTION, 56 },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct ring_sqe sqe = calls[i].sqe;
        memset(room, 0xa5, sizeof room);
        sqe.result_addr = (uintptr_t)room + 256;
        sqe.result_len = 512;
        expect("L5", run_entry(sqe), calls[i].code, calls[i].what);
        uint32_t touched = 0;
        for (uint32_t k = 0; k < sizeof room; k++)
            touched += room[k] != 0xa5 && (k < 256 || k >= 256 + calls[i].written);
        expect("L5", touched, 0, "bytes before and behind it that changed");
    }
}

int main(void)
{
    if (task() != NULL && task_is("fill registers"))
        return fill_and_enter();
    if (task() != NULL)
        return task_is("fill memory") ? fill_memory() : look_at_own();
    hostile_begin();
    static struct capos_process fillers[2];
    struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_kernel("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
    };
    for (uint32_t i = 0; i < 2; i++)
        spawn_task(BINARY, "fill registers", NULL, 0, &fillers[i]);
    check_fresh_thread();
    check_system_call();
    for (uint32_t i = 0; i < 2; i++)
        check(exit_code_of(&fillers[i]) == GOOD, "a filler");
    for (uint32_t i = 0; i < 3; i++) {
        check(run_task(BINARY, "fill memory", grants, 3) == GOOD, "fill memory");
        expect("L4", run_task(BINARY, "look", grants, 3), GOOD, "a process after one that filled its memory");
    }
    check_buffers();
    return hostile_finish("hostile_leaks");
}
