/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Faults of a program (H68): each ends its process with code -2, and nothing else. */
#include "check.h"

#include "abi/layout.h"

#define KERNEL_ADDRESS 0xffffffff80100000ull

static volatile uint64_t low_address = 0x10; /* volatile: the compiler must not see what happens */

static void jump_to(uint64_t address)
{
    void (*function)(void);
    memcpy(&function, &address, sizeof function);
    function();
}

static void null_read(void) { (void)*(volatile uint32_t *)low_address; }
static void null_write(void) { *(volatile uint32_t *)low_address = 1; }
static void null_jump(void) { jump_to(0); }
static void kernel_read(void) { (void)*(volatile uint64_t *)KERNEL_ADDRESS; }
static void kernel_write(void) { *(volatile uint64_t *)KERNEL_ADDRESS = 0; }
static void kernel_jump(void) { jump_to(KERNEL_ADDRESS); }
static void capset_write(void) { *(volatile uint64_t *)USER_CAPSET_BASE = 0; }
static void code_write(void) { *(volatile uint8_t *)(uintptr_t)&null_read = 0x90; }
static void non_canonical_read(void) { (void)*(volatile uint64_t *)0x8000000000000000ull; }
static void non_canonical_jump(void) { jump_to(0x0000800000000000ull); }
static void ring_jump(void) { jump_to(USER_RING_BASE); }
static void guard_write(void) { *(volatile uint8_t *)(USER_STACK_BASE - 1) = 0; }
static void last_page(void) { (void)*(volatile uint8_t *)(USER_HALF_LIMIT - 1); }
static void invalid_opcode(void) { __asm__ volatile("ud2"); }
static void privileged(void) { __asm__ volatile("hlt"); }
static void interrupts_off(void) { __asm__ volatile("cli"); }
static void port_output(void) { __asm__ volatile("outb %%al, $0xf4" ::"a"(0x10)); }
static void port_input(void) { __asm__ volatile("inb $0x60, %%al" ::: "eax"); }
static void verdict_port(void) { __asm__ volatile("outb %%al, %%dx" ::"a"('h'), "d"(0x2f8)); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void software_interrupt(void) { __asm__ volatile("int $0x80"); }
static void page_fault_gate(void) { __asm__ volatile("int $14"); }
static void double_fault_gate(void) { __asm__ volatile("int $8"); }
static void single_step(void) { __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc"); }
static void read_control_register(void) { __asm__ volatile("mov %%cr3, %%rax" ::: "rax"); }
static void read_model_register(void) { __asm__ volatile("rdmsr" ::"c"(0xc0000080) : "eax", "edx"); }
static void read_counter(void) { __asm__ volatile("rdpmc" ::"c"(0) : "eax", "edx"); }
static void write_segment_base(void) { __asm__ volatile("wrgsbase %0" ::"r"(0x200000ull)); }
static void trap_instruction(void) { __asm__ volatile(".byte 0xf1"); }
static void stack_overflow(void) { __asm__ volatile("1: push %%rax; jmp 1b" ::: "memory"); }
static void bad_stack(void) { __asm__ volatile("mov $0x10, %%rsp; push %%rax" ::: "memory"); }
static void load_segment(void) { __asm__ volatile("mov %0, %%ds" ::"r"(0x10)); }

static void divide(void)
{
    __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
}

static void floating_point(void)
{
    uint16_t control = 0x340; /* no exception is masked */
    __asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait" ::"m"(control) : "st");
}

static void data_jump(void)
{
    static uint8_t code[] = { 0xc3 };
    jump_to((uintptr_t)code);
}

static void stack_jump(void)
{
    volatile uint8_t code[16] = { 0xc3 };
    jump_to((uintptr_t)code);
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    { "null-read", null_read }, { "null-write", null_write }, { "null-jump", null_jump },
    { "kernel-read", kernel_read }, { "kernel-write", kernel_write }, { "kernel-jump", kernel_jump },
    { "capset-write", capset_write }, { "code-write", code_write }, { "non-canonical-read", non_canonical_read },
    { "non-canonical-jump", non_canonical_jump }, { "ring-jump", ring_jump }, { "data-jump", data_jump },
    { "stack-jump", stack_jump }, { "guard-write", guard_write }, { "last-page", last_page }, { "divide", divide },
    { "invalid-opcode", invalid_opcode }, { "hlt", privileged }, { "cli", interrupts_off }, { "out", port_output },
    { "int3", breakpoint }, { "int80", software_interrupt }, { "int14", page_fault_gate }, { "int8", double_fault_gate },
    { "single-step", single_step }, { "cr3", read_control_register }, { "rdmsr", read_model_register },
    { "x87-divide", floating_point }, { "stack-overflow", stack_overflow },
    { "bad-stack", bad_stack }, { "load-ds", load_segment }, { "in", port_input }, { "out-verdict", verdict_port },
    { "rdpmc", read_counter }, { "wrgsbase", write_segment_base }, { "int1", trap_instruction },
};

#define FAULTS (sizeof faults / sizeof faults[0])

int main(void)
{
    for (size_t i = 0; task() != NULL && i < FAULTS; i++) {
        if (task_is(faults[i].name)) {
            faults[i].run();
            return 1; /* it should not have come back */
        }
    }
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    run_task("faults", faults[0].name, NULL, 0);
    uint64_t before = free_frames(&monitor);
    for (size_t i = 0; i < FAULTS; i++) {
        int64_t code = run_task("faults", faults[i].name, NULL, 0);
        check(code == EXIT_CODE_FAULT, "%s ended with %ld", faults[i].name, code);
    }
    check(free_frames(&monitor) == before, "frames after all faults");
    return finish("faults");
}
