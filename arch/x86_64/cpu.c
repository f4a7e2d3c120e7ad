/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Processor set-up. Bits of control registers, descriptors and MSRs as in the
 * Intel SDM 3, chapters 2, 3, 5 and 6. User code cannot choose its segment
 * bases (FSGSBASE stays off), but loading a selector clears them: thread.c.
 */
#include "arch/x86_64/cpu.h"

#include "arch/x86_64/asm.h"
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/paging.h"
#include "core/base/bytes.h"

#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_AM (1ull << 18)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)

#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP (1ull << 11)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

#define EFER_SCE (1ull << 0)
#define EFER_NXE (1ull << 11)
#define EFER_AIBRSE (1ull << 21) /* AMD APM 2, 3.1.7 */

#define IST_DOUBLE_FAULT 1
#define IST_NMI 2
#define IST_MACHINE_CHECK 3

_Static_assert(__builtin_offsetof(struct machine_context, rax) == CTX_RAX, "entry.S");
_Static_assert(__builtin_offsetof(struct machine_context, rbp) == CTX_RBP, "entry.S");
_Static_assert(__builtin_offsetof(struct machine_context, r8) == CTX_R8, "entry.S");
_Static_assert(__builtin_offsetof(struct machine_context, r15) == CTX_R15, "entry.S");
_Static_assert(__builtin_offsetof(struct machine_context, rip) == CTX_RIP, "entry.S");
_Static_assert(__builtin_offsetof(struct machine_context, by_syscall) == CTX_BY_SYSCALL, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, self) == CPU_SELF, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, context) == CPU_CONTEXT, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, stack) == CPU_STACK, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, user_rsp) == CPU_USER_RSP, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, kernel_root) == CPU_KERNEL_ROOT, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, user_root) == CPU_USER_ROOT, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, found_root) == CPU_FOUND_ROOT, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, stopping) == CPU_STOPPING, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, selector) == CPU_SELECTOR, "entry.S");
_Static_assert(__builtin_offsetof(struct cpu, aspace) == 2 * PAGE_SIZE, "the window is two pages");
_Static_assert(__builtin_offsetof(struct mitigations, isolate) == 0, "entry.S");
_Static_assert(sizeof(struct cpu) == CPU_BYTES, "entry.S");
_Static_assert(MACHINE_CPUS_MAX == STACK_CPU_MASK + 1 && (STACKS_BASE >> STACK_STRIDE_SHIFT & STACK_CPU_MASK) == 0, "entry.S");
_Static_assert(sizeof(struct tss) == 104, "hardware");

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

__attribute__((section(".bss.entry"))) struct cpu cpus[MACHINE_CPUS_MAX];
uint32_t cpus_found = 1;
struct cpu_features cpu_features;
struct mitigations mitigations;
uintptr_t __stack_chk_guard; /* boot.S */
__attribute__((section(".late_rodata"), aligned(4096))) static struct gate idt[256];

extern uint8_t image_start[], entry_text_end[], entry_vectors_isolated[], entry_vectors_shared[];
extern uint8_t thunks_start[], thunks_end[];
void entry_syscall_isolated(void);
void entry_syscall_shared(void);
void entry_nmi(void);
void entry_double_fault(void);
void entry_machine_check(void);
_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
    kernel_panic("kernel stack overrun", (uint64_t)(uintptr_t)__builtin_return_address(0));
}

/* Where retpolines are not needed: the direct jump at the end of each thunk (barriers.S) goes to its start. */
static void make_thunks_direct(void)
{
    for (uint8_t *thunk = thunks_start; thunk < thunks_end; thunk += THUNK_BYTES)
        memcpy(thunk, thunk + THUNK_DIRECT, THUNK_BYTES - THUNK_DIRECT);
}

void cpu_identify(const struct boot_info *info)
{
    struct cpuid leaf0 = cpuid(0, 0);
    struct cpuid leaf1 = cpuid(1, 0);
    struct cpuid leaf7 = leaf0.eax >= 7 ? cpuid(7, 0) : (struct cpuid){0};
    uint32_t extended = cpuid(0x80000000, 0).eax;
    struct cpu_identity id = {
        .vendor = cpu_vendor_of(leaf0.ebx, leaf0.edx, leaf0.ecx),
        .leaf1_ecx = leaf1.ecx,
        .leaf1_edx = leaf1.edx,
        .leaf7_ebx = leaf7.ebx,
        .leaf7_ecx = leaf7.ecx,
        .leaf7_edx = leaf7.edx,
        .leaf7_2_edx = leaf7.eax >= 2 ? cpuid(7, 2).edx : 0,
        .xsave_components = leaf0.eax >= 0xd ? cpuid(0xd, 0).eax : 0,
        .ext7_edx = extended >= 0x80000007 ? cpuid(0x80000007, 0).edx : 0,
        .ext8_eax = extended >= 0x80000008 ? cpuid(0x80000008, 0).eax : 0,
        .ext8_ebx = extended >= 0x80000008 ? cpuid(0x80000008, 0).ebx : 0,
        .ext21_eax = extended >= 0x80000021 ? cpuid(0x80000021, 0).eax : 0,
        .arch_capabilities = (leaf7.edx >> 29 & 1) != 0 ? read_msr(MSR_ARCH_CAPABILITIES) : 0,
    };
    cpu_decode_signature(leaf1.eax, &id);
    cpu_features = cpu_features_of(&id);
    size_t len = 0;
    const char *wish = bootinfo_option(info, "mitigations=", &len);
    mitigations = mitigations_for(&id, mitigations_wish_of(wish, len));
    if (!mitigations.retpolines)
        make_thunks_direct();
}

void machine_describe_mitigations(struct text_buf *out)
{
    mitigations_tell(&mitigations, out);
}

static void set_gate(unsigned vector, uint64_t handler, uint8_t ist, uint8_t dpl)
{
    idt[vector] = (struct gate){
        .offset_low = (uint16_t)(handler & 0xffff),
        .offset_middle = (uint16_t)(handler >> 16 & 0xffff),
        .offset_high = (uint32_t)(handler >> 32),
        .selector = SEL_KERNEL_CODE,
        .ist = ist,
        .type = (uint8_t)(0x8e | dpl << 5), /* present interrupt gate: interrupts off on entry */
    };
}

void cpu_build_idt(void)
{
    const uint8_t *entry_vectors = mitigations.isolate ? entry_vectors_isolated : entry_vectors_shared;
    for (unsigned v = 0; v < 256; v++)
        set_gate(v, (uint64_t)(uintptr_t)entry_vectors + 16 * v, 0, 0);
    set_gate(2, (uint64_t)(uintptr_t)entry_nmi, IST_NMI, 0);
    set_gate(3, (uint64_t)(uintptr_t)entry_vectors + 16 * 3, 0, 3);
    set_gate(4, (uint64_t)(uintptr_t)entry_vectors + 16 * 4, 0, 3);
    set_gate(8, (uint64_t)(uintptr_t)entry_double_fault, IST_DOUBLE_FAULT, 0);
    set_gate(18, (uint64_t)(uintptr_t)entry_machine_check, IST_MACHINE_CHECK, 0);
}

static void load_segments(struct cpu *cpu)
{
    uint64_t base = (uint64_t)(uintptr_t)&cpu->tss;
    cpu->tss.rsp[0] = (uint64_t)(uintptr_t)(&cpu->entry_words + 1);
    cpu->tss.ist[IST_DOUBLE_FAULT - 1] = kernel_stack_top(cpu->index, STACK_DOUBLE_FAULT);
    cpu->tss.ist[IST_NMI - 1] = kernel_stack_top(cpu->index, STACK_NMI);
    cpu->tss.ist[IST_MACHINE_CHECK - 1] = kernel_stack_top(cpu->index, STACK_MACHINE_CHECK);
    cpu->tss.io_map = sizeof cpu->tss;
    cpu->gdt[1] = 0x00af9b000000ffff;
    cpu->gdt[2] = 0x00cf93000000ffff;
    cpu->gdt[4] = 0x00cff3000000ffff;
    cpu->gdt[5] = 0x00affb000000ffff;
    cpu->gdt[6] = (sizeof cpu->tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    cpu->gdt[7] = base >> 32;
    struct table_pointer gdtr = {sizeof cpu->gdt - 1, (uint64_t)(uintptr_t)cpu->gdt};
    struct table_pointer idtr = {sizeof idt - 1, (uint64_t)(uintptr_t)idt};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1: movl %3, %%ss\n\t"
                     "movl %4, %%ds\n\t movl %4, %%es\n\t movl %4, %%fs\n\t movl %4, %%gs\n\t"
                     "lidt %1\n\t"
                     "lldt %w4\n\t"
                     "ltr %w5"
                     :
                     : "m"(gdtr), "m"(idtr), "i"(SEL_KERNEL_CODE), "r"(SEL_KERNEL_DATA), "r"(0), "r"(SEL_TSS)
                     : "rax", "memory");
}

static void enable_system_calls(struct cpu *cpu)
{
    write_msr(MSR_GS_BASE, (uint64_t)(uintptr_t)cpu);
    write_msr(MSR_KERNEL_GS_BASE, 0);
    write_msr(MSR_FS_BASE, 0);
    uint64_t entry = (uint64_t)(uintptr_t)(mitigations.isolate ? entry_syscall_isolated : entry_syscall_shared);
    write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE | EFER_NXE | (mitigations.automatic_ibrs ? EFER_AIBRSE : 0));
    if (mitigations.spec_ctrl != 0)
        write_msr(MSR_SPEC_CTRL, mitigations.spec_ctrl);
    write_msr(MSR_STAR, (uint64_t)SEL_USER_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, entry);
    write_msr(MSR_CSTAR, entry);      /* no 32-bit code segment exists */
    write_msr(MSR_SFMASK, 0x257fd5);  /* every flag */
    write_msr(MSR_SYSENTER_CS, 0);    /* SYSENTER faults */
}

static void set_control_registers(void)
{
    uint64_t cr0 = read_cr0() & ~(CR0_EM | CR0_TS | CR0_CD | CR0_NW);
    write_cr0(cr0 | CR0_MP | CR0_NE | CR0_WP | CR0_AM);
    /* Isolated: no translation of the kernel's may outlive the load of the user's root. */
    bool global = cpu_features.global_pages && !mitigations.isolate;
    write_cr4(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | (global ? CR4_PGE : 0) |
              (cpu_features.machine_check ? CR4_MCE : 0) |
              (cpu_features.umip ? CR4_UMIP : 0) | (cpu_features.xsave ? CR4_OSXSAVE : 0) |
              (cpu_features.smep ? CR4_SMEP : 0) | (cpu_features.smap ? CR4_SMAP : 0));
}

static void show_image(struct window *window, const uint8_t *start, const uint8_t *end, uint64_t rights)
{
    for (uint64_t va = (uint64_t)(uintptr_t)start; va < (uint64_t)(uintptr_t)end; va += PAGE_SIZE)
        window_add(window, va, va - KERNEL_BASE, rights);
}

void cpu_build_window(struct cpu *cpu)
{
    static const enum stack_kind stacks[] = {STACK_DOUBLE_FAULT, STACK_NMI, STACK_MACHINE_CHECK};
    struct window *window = &cpu->window;
    if (!mitigations.isolate)
        return;
    window_init(window);
    show_image(window, image_start, entry_text_end, 0);
    show_image(window, (const uint8_t *)idt, (const uint8_t *)idt + sizeof idt, PTE_NO_EXECUTE);
    show_image(window, (const uint8_t *)cpu, (const uint8_t *)&cpu->self, PTE_WRITE | PTE_NO_EXECUTE);
    show_image(window, (const uint8_t *)&cpu->self, (const uint8_t *)&cpu->aspace, PTE_NO_EXECUTE);
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        uint64_t page = kernel_stack_top(cpu->index, stacks[i]) - PAGE_SIZE;
        window_add(window, page, kernel_map_paddr(page), PTE_WRITE | PTE_NO_EXECUTE);
    }
}

bool machine_user_tables_are_valid(struct text_buf *why)
{
    for (uint32_t i = 0; i < cpus_found && mitigations.isolate; i++) {
        const struct machine_aspace *as = cpus[i].aspace;
        if (!window_is_valid(&cpus[i].window, as != NULL ? phys_pointer(as->root) : NULL, as != NULL ? as->tops : 0, why))
            return false;
    }
    return true;
}

void cpu_setup(struct cpu *cpu, uint32_t index)
{
    cpu->self = cpu;
    cpu->kernel_root = kernel_root;
    cpu->user_root = cpu->window.root;
    cpu->selector = SEL_KERNEL_DATA;
    cpu->index = index;
    cpu->stack = kernel_stack_top(index, STACK_KERNEL);
    cpu->deadline = MACHINE_NO_DEADLINE;
    load_segments(cpu);
    enable_system_calls(cpu);
    set_control_registers();
    fpu_setup();
}
