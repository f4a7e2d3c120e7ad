/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every instruction that a program must not use, every interrupt vector, port
 * and segment (hostile input H68, M rows of docs/security/hostile-input.md).
 * Each runs in a process of its own, which ends with code -2 or, where the
 * processor allows the instruction, goes on as if nothing had happened; a
 * witness counts on meanwhile.
 */
#include "hostile.h"

#define BINARY "hostile_machine"

/*
 * EITHER: allowed by the processor, but QEMU 7.2's translator makes far calls, far returns and IRET of user mode touch the
 * stack with the kernel's rights, which supervisor-mode access prevention refuses.
 */

/* Instructions that tell where the kernel's tables are: refused by processors that can (UMIP). */
#define DIES_WITH_UMIP (INT64_MIN + 1)

typedef void attack_fn(uint64_t a);

/* The argument is in RAX. What comes back need not find any register as it was. */
#define ATTACK(name, code)                                                                                                    \
    static void name(uint64_t a)                                                                                              \
    {                                                                                                                         \
        __asm__ volatile(code : "+a"(a) : : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");     \
    }

/* ---- privileged and absent instructions --------------------------------------------------------------- */

ATTACK(do_hlt, "hlt")
ATTACK(do_cli, "cli")
ATTACK(do_sti, "sti")
ATTACK(do_clts, "clts")
ATTACK(do_invd, "invd")
ATTACK(do_wbinvd, "wbinvd")
ATTACK(do_invlpg, "invlpg (%%rax)")
ATTACK(do_invpcid, "xor %%ecx, %%ecx; lea -64(%%rsp), %%rax; invpcid (%%rax), %%rcx")
ATTACK(do_lgdt, "lgdt -64(%%rsp)")
ATTACK(do_lidt, "lidt -64(%%rsp)")
ATTACK(do_lldt, "lldt %%ax")
ATTACK(do_ltr, "ltr %%ax")
ATTACK(do_lmsw, "lmsw %%ax")
ATTACK(do_smsw, "smsw %%rax")
ATTACK(do_sgdt, "sgdt -64(%%rsp)")
ATTACK(do_sidt, "sidt -64(%%rsp)")
ATTACK(do_sldt, "sldt %%rax")
ATTACK(do_str, "str %%rax")
ATTACK(do_rdmsr, "mov %%eax, %%ecx; rdmsr")
ATTACK(do_wrmsr, "mov %%eax, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; wrmsr")
ATTACK(do_rdpmc, "xor %%ecx, %%ecx; rdpmc")
ATTACK(do_swapgs, "swapgs")
ATTACK(do_sysret, "lea 1f(%%rip), %%rcx; mov $0x202, %%r11d; sysretq; 1:")
ATTACK(do_sysret32, "mov $0x200000, %%ecx; mov $0x202, %%r11d; .byte 0x0f, 0x07")
ATTACK(do_sysenter, "sysenter")
ATTACK(do_sysexit, "lea 1f(%%rip), %%rdx; mov %%rsp, %%rcx; .byte 0x48, 0x0f, 0x35; 1:")
ATTACK(do_rsm, "rsm")
ATTACK(do_xsetbv, "xor %%ecx, %%ecx; mov $1, %%eax; xor %%edx, %%edx; xsetbv")
ATTACK(do_rdfsbase, "rdfsbase %%rax")
ATTACK(do_rdgsbase, "rdgsbase %%rax")
ATTACK(do_wrfsbase, "wrfsbase %%rax")
ATTACK(do_wrgsbase, "wrgsbase %%rax")
ATTACK(do_rdpkru, "xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xee")
ATTACK(do_wrpkru, "xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; .byte 0x0f, 0x01, 0xef")
ATTACK(do_stac, "stac")
ATTACK(do_clac, "clac")
ATTACK(do_monitor, "mov %%rsp, %%rax; xor %%ecx, %%ecx; xor %%edx, %%edx; monitor")
ATTACK(do_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; mwait")
ATTACK(do_vmcall, "vmcall")
ATTACK(do_vmxoff, "vmxoff")
ATTACK(do_vmlaunch, "vmlaunch")
ATTACK(do_vmrun, "xor %%eax, %%eax; vmrun")
ATTACK(do_vmload, "xor %%eax, %%eax; vmload")
ATTACK(do_vmsave, "xor %%eax, %%eax; vmsave")
ATTACK(do_stgi, "stgi")
ATTACK(do_clgi, "clgi")
ATTACK(do_invlpga, "xor %%eax, %%eax; xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xdf")
ATTACK(do_skinit, "xor %%eax, %%eax; skinit")
ATTACK(do_getsec, "xor %%eax, %%eax; xor %%ebx, %%ebx; .byte 0x0f, 0x37")
ATTACK(do_ud0, ".byte 0x0f, 0xff, 0xc0")
ATTACK(do_ud1, ".byte 0x0f, 0xb9, 0xc0")
ATTACK(do_ud2, "ud2")
ATTACK(do_into, ".byte 0xce")
ATTACK(do_bound, ".byte 0x62, 0x00, 0x00, 0x00, 0x00, 0x00")
ATTACK(do_salc, ".byte 0xd6")
ATTACK(do_far_call_immediate, ".byte 0x9a, 0, 0, 0x20, 0, 0x08, 0")
ATTACK(do_lock_nop, ".byte 0xf0, 0x90")
ATTACK(do_f00f, ".byte 0xf0, 0x0f, 0xc7, 0xc8") /* lock cmpxchg8b %eax */
ATTACK(do_too_long, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90")
ATTACK(do_int1, ".byte 0xf1")
ATTACK(do_int3, "int3")
ATTACK(do_cr0_read, "mov %%cr0, %%rax")
ATTACK(do_cr0_write, "mov %%rax, %%cr0")
ATTACK(do_cr2_read, "mov %%cr2, %%rax")
ATTACK(do_cr2_write, "mov %%rax, %%cr2")
ATTACK(do_cr3_read, "mov %%cr3, %%rax")
ATTACK(do_cr3_write, "mov %%rax, %%cr3")
ATTACK(do_cr4_read, "mov %%cr4, %%rax")
ATTACK(do_cr4_write, "mov %%rax, %%cr4")
ATTACK(do_cr8_read, "mov %%cr8, %%rax")
ATTACK(do_cr8_write, "mov %%rax, %%cr8")
ATTACK(do_dr0_read, "mov %%dr0, %%rax")
ATTACK(do_dr0_write, "mov %%rax, %%dr0")
ATTACK(do_dr1_write, "mov %%rax, %%dr1")
ATTACK(do_dr2_write, "mov %%rax, %%dr2")
ATTACK(do_dr3_write, "mov %%rax, %%dr3")
ATTACK(do_dr6_read, "mov %%dr6, %%rax")
ATTACK(do_dr6_write, "mov %%rax, %%dr6")
ATTACK(do_dr7_read, "mov %%dr7, %%rax")
ATTACK(do_dr7_write, "mov $0x3ff, %%eax; mov %%rax, %%dr7")

/* ---- ports --------------------------------------------------------------------------------------------- */

ATTACK(do_inb, "mov %%eax, %%edx; inb %%dx, %%al")
ATTACK(do_inw, "mov %%eax, %%edx; inw %%dx, %%ax")
ATTACK(do_inl, "mov %%eax, %%edx; inl %%dx, %%eax")
ATTACK(do_outb, "mov %%eax, %%edx; mov $0x10, %%al; outb %%al, %%dx")
ATTACK(do_outw, "mov %%eax, %%edx; mov $0x2000, %%ax; outw %%ax, %%dx")
ATTACK(do_outl, "mov %%eax, %%edx; mov $0x10, %%eax; outl %%eax, %%dx")
ATTACK(do_insb, "mov %%eax, %%edx; lea -64(%%rsp), %%rdi; mov $1, %%ecx; rep insb")
ATTACK(do_outsb, "mov %%eax, %%edx; lea -64(%%rsp), %%rsi; mov $1, %%ecx; rep outsb")
ATTACK(do_insl, "mov %%eax, %%edx; lea -64(%%rsp), %%rdi; insl")
ATTACK(do_outsl, "mov %%eax, %%edx; lea -64(%%rsp), %%rsi; outsl")
ATTACK(do_in_immediate, "inb $0x60, %%al")
ATTACK(do_out_immediate, "outb %%al, $0xf4")

/* ---- segments -------------------------------------------------------------------------------------------- */

ATTACK(do_ds, "mov %%eax, %%ds")
ATTACK(do_es, "mov %%eax, %%es")
ATTACK(do_gs, "mov %%eax, %%gs")
ATTACK(do_ss, "mov %%eax, %%ss")
/* Loading FS clears its base, on which thread-local variables depend: leave without C. */
ATTACK(do_fs, "mov %%eax, %%fs; mov $77, %%edi; mov $1, %%eax; syscall")
ATTACK(do_lss, "movl %%esp, -64(%%rsp); movw %%ax, -60(%%rsp); lss -64(%%rsp), %%esp") /* stacks are below 4 GiB */
ATTACK(do_pop_fs, "push %%rax; pop %%fs; mov $77, %%edi; mov $1, %%eax; syscall")
ATTACK(do_far_jump, "lea 1f(%%rip), %%rcx; mov %%rcx, -64(%%rsp); mov %%ax, -56(%%rsp); .byte 0x48, 0xff, 0x6c, 0x24, 0xc0; 1:")
ATTACK(do_far_jump32, "lea 1f(%%rip), %%rcx; mov %%ecx, -64(%%rsp); mov %%ax, -60(%%rsp); ljmp *-64(%%rsp); 1:")
ATTACK(do_far_call, "lea 1f(%%rip), %%rcx; mov %%rcx, -64(%%rsp); mov %%ax, -56(%%rsp); mov %%rsp, %%rbx; .byte 0x48, 0xff, 0x5c, 0x24, 0xc0;"
                    "1: mov %%rbx, %%rsp")
ATTACK(do_far_return, "lea 1f(%%rip), %%rcx; push %%rax; push %%rcx; lretq; 1:")
ATTACK(do_far_return32, "lea 1f(%%rip), %%rcx; sub $8, %%rsp; mov %%ecx, (%%rsp); mov %%eax, 4(%%rsp); lretl; 1:")
ATTACK(do_far_call_kernel_stack, "lea 1f(%%rip), %%rcx; mov %%rcx, -64(%%rsp); movw $0x2b, -56(%%rsp); lea -64(%%rsp), %%rcx;"
                                 "mov %%rax, %%rsp; .byte 0x48, 0xff, 0x19; 1: ud2")
ATTACK(do_far_return_kernel_stack, "mov %%rax, %%rsp; lretq")
ATTACK(do_iret_kernel_stack, "mov %%rax, %%rsp; iretq")
/* verr, verw, lar, lsl of a kernel selector: refused without a fault, so nothing is learned. */
ATTACK(do_look, "mov %%eax, %%ecx; verr %%cx; jz 2f; verw %%cx; jz 2f; lar %%ecx, %%edx; jz 2f; lsl %%ecx, %%edx; jz 2f; jmp 1f;"
                "2: ud2; 1:")

/* ---- iret --------------------------------------------------------------------------------------------- */

#define IRET(name, cs, ss, flags, rip)                                                                                       \
    ATTACK(name, "mov %%rsp, %%rbx; lea 1f(%%rip), %%rcx; mov $" #ss ", %%edx; push %%rdx; push %%rbx; mov $" #flags ", %%edx;" \
                 "push %%rdx; mov $" #cs ", %%edx; push %%rdx; " rip "; push %%rcx; iretq; 1: mov %%rbx, %%rsp")
#define HERE "nop"
IRET(do_iret, 0x2b, 0x23, 0x202, HERE)
IRET(do_iret_kernel_cs, 0x08, 0x10, 0x202, HERE)
IRET(do_iret_kernel_cs_rpl3, 0x0b, 0x23, 0x202, HERE)
IRET(do_iret_kernel_cs_user_ss, 0x08, 0x23, 0x202, HERE)
IRET(do_iret_kernel_ss, 0x2b, 0x10, 0x202, HERE)
IRET(do_iret_null_ss, 0x2b, 0, 0x202, HERE)
IRET(do_iret_null_ss3, 0x2b, 3, 0x202, HERE)
IRET(do_iret_null_cs, 0, 0x23, 0x202, HERE)
IRET(do_iret_data_cs, 0x23, 0x23, 0x202, HERE)
IRET(do_iret_code_ss, 0x2b, 0x2b, 0x202, HERE)
IRET(do_iret_tss_cs, 0x33, 0x23, 0x202, HERE)
IRET(do_iret_ldt_cs, 0x2f, 0x23, 0x202, HERE)
IRET(do_iret_far_cs, 0xfffb, 0x23, 0x202, HERE)
IRET(do_iret_non_canonical, 0x2b, 0x23, 0x202, "mov $1, %%ecx; shl $47, %%rcx")
IRET(do_iret_kernel_rip, 0x2b, 0x23, 0x202, "mov $0xffffffff80210000, %%rcx")
/* IOPL 3, interrupts off, virtual-8086, RF, VIF, VIP: what user mode may not set stays as it was, so a CLI still faults. */
IRET(do_iret_all_flags, 0x2b, 0x23, 0x3b3002, HERE)
IRET(do_iret_iopl_cli, 0x2b, 0x23, 0x3000, "lea 2f(%%rip), %%rcx; jmp 3f; 2: cli; 3: nop")
ATTACK(do_iret_nested, "pushfq; orq $0x4000, (%%rsp); popfq; mov %%rsp, %%rbx; lea 1f(%%rip), %%rcx; push $0x23; push %%rbx; push $0x202;"
                       "push $0x2b; push %%rcx; iretq; 1: mov %%rbx, %%rsp")
ATTACK(do_popf_iopl_cli, "pushfq; orq $0x3000, (%%rsp); popfq; cli")
ATTACK(do_popf_iopl_in, "pushfq; orq $0x3000, (%%rsp); popfq; inb $0x60, %%al")
ATTACK(do_popf_if, "pushfq; andq $~0x200, (%%rsp); popfq; pushfq; pop %%rcx; test $0x200, %%ecx; jnz 1f; ud2; 1:")

/* ---- after a MOV SS the next instruction belongs to it -------------------------------------------------- */

ATTACK(do_ss_syscall, "mov %%ss, %%ecx; xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax; mov %%ecx, %%ss; syscall")
ATTACK(do_ss_trap_syscall, "mov %%ss, %%ebx; xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax; pushfq; orq $0x100, (%%rsp); popfq;"
                           "mov %%ebx, %%ss; syscall; nop; nop")
ATTACK(do_ss_int3, "mov %%ss, %%ecx; mov %%ecx, %%ss; int3")
ATTACK(do_ss_int80, "mov %%ss, %%ecx; mov %%ecx, %%ss; int $0x80")
ATTACK(do_ss_trap_int3, "mov %%ss, %%ecx; pushfq; orq $0x100, (%%rsp); popfq; mov %%ecx, %%ss; int3")
ATTACK(do_ss_fault, "mov %%ss, %%ecx; mov %%ecx, %%ss; movb $0, 0x10")

/* ---- allowed: of the processor itself, nothing of others --------------------------------------------------- */

ATTACK(do_rdtsc, "rdtsc")
ATTACK(do_rdtscp, "rdtscp")
ATTACK(do_cpuid, "xor %%eax, %%eax; xor %%ecx, %%ecx; cpuid")
ATTACK(do_xgetbv, "xor %%ecx, %%ecx; xgetbv")
ATTACK(do_prefetch, "prefetcht0 (%%rax); prefetchnta (%%rax); prefetchw (%%rax)")
ATTACK(do_fences, "mfence; lfence; sfence; pause; nop")
ATTACK(do_clflush, "clflush (%%rsp)")
ATTACK(do_enter, "mov %%rsp, %%rcx; mov %%rbp, %%rbx; enter $64, $0; mov %%rbx, %%rbp; mov %%rcx, %%rsp")
ATTACK(do_rcx_r11, "mov %%rax, %%rcx; mov %%rax, %%r11; xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax; syscall")

/* ---- the table ---------------------------------------------------------------------------------------------- */

struct attack {
    const char *what;
    attack_fn *run;
    uint64_t argument;
    int64_t end;
};

#define PORTS(port)                                                                                                           \
    { "inb " #port, do_inb, port, DIES }, { "inl " #port, do_inl, port, DIES }, { "outb " #port, do_outb, port, DIES },      \
        { "outw " #port, do_outw, port, DIES }, { "outl " #port, do_outl, port, DIES }
#define SELECTOR(name, value, outcome)                                                                                        \
    { "mov ds " name, do_ds, value, outcome }, { "mov es " name, do_es, value, outcome },                                    \
        { "mov fs " name, do_fs, value, outcome }, { "mov gs " name, do_gs, value, outcome },                                 \
        { "pop fs " name, do_pop_fs, value, outcome }
#define FAR(name, value, outcome)                                                                                             \
    { "far jump " name, do_far_jump, value, outcome }, { "far jump, 32 bits " name, do_far_jump32, value, outcome },         \
        { "far call " name, do_far_call, value, outcome }, { "far return " name, do_far_return, value, outcome },             \
        { "far return, 32 bits " name, do_far_return32, value, outcome }

static const struct attack attacks[] = {
    { "hlt", do_hlt, 0, DIES }, { "cli", do_cli, 0, DIES }, { "sti", do_sti, 0, DIES }, { "clts", do_clts, 0, DIES },
    { "invd", do_invd, 0, DIES }, { "wbinvd", do_wbinvd, 0, DIES }, { "invlpg", do_invlpg, USER_RING_BASE, DIES },
    { "invlpg kernel", do_invlpg, KERNEL_ADDRESS, DIES }, { "invpcid", do_invpcid, 0, DIES }, { "lgdt", do_lgdt, 0, DIES },
    { "lidt", do_lidt, 0, DIES }, { "lldt", do_lldt, 0, DIES }, { "ltr", do_ltr, 0x30, DIES }, { "lmsw", do_lmsw, 0, DIES },
    { "smsw", do_smsw, 0, DIES_WITH_UMIP }, { "sgdt", do_sgdt, 0, DIES_WITH_UMIP }, { "sidt", do_sidt, 0, DIES_WITH_UMIP }, { "sldt", do_sldt, 0, DIES_WITH_UMIP },
    { "str", do_str, 0, DIES_WITH_UMIP }, { "rdmsr EFER", do_rdmsr, 0xc0000080, DIES }, { "rdmsr LSTAR", do_rdmsr, 0xc0000082, DIES },
    { "rdmsr of none", do_rdmsr, 0xdeadbeef, DIES }, { "wrmsr EFER", do_wrmsr, 0xc0000080, DIES },
    { "wrmsr LSTAR", do_wrmsr, 0xc0000082, DIES }, { "wrmsr FS base", do_wrmsr, 0xc0000100, DIES },
    { "wrmsr GS base", do_wrmsr, 0xc0000101, DIES }, { "wrmsr APIC base", do_wrmsr, 0x1b, DIES },
    { "rdpmc", do_rdpmc, 0, DIES }, { "swapgs", do_swapgs, 0, DIES }, { "sysretq", do_sysret, 0, DIES },
    { "sysretl", do_sysret32, 0, DIES }, { "sysenter", do_sysenter, 0, DIES }, { "sysexit", do_sysexit, 0, DIES },
    { "rsm", do_rsm, 0, DIES }, { "xsetbv", do_xsetbv, 0, DIES }, { "rdfsbase", do_rdfsbase, 0, DIES },
    { "rdgsbase", do_rdgsbase, 0, DIES }, { "wrfsbase", do_wrfsbase, KERNEL_ADDRESS, DIES },
    { "wrgsbase", do_wrgsbase, KERNEL_ADDRESS, DIES }, { "rdpkru", do_rdpkru, 0, DIES }, { "wrpkru", do_wrpkru, 0, DIES },
    { "stac", do_stac, 0, DIES }, { "clac", do_clac, 0, DIES }, { "monitor", do_monitor, 0, DIES }, { "mwait", do_mwait, 0, DIES },
    { "vmcall", do_vmcall, 0, DIES }, { "vmxoff", do_vmxoff, 0, DIES }, { "vmlaunch", do_vmlaunch, 0, DIES },
    { "vmrun", do_vmrun, 0, DIES }, { "vmload", do_vmload, 0, DIES }, { "vmsave", do_vmsave, 0, DIES },
    { "stgi", do_stgi, 0, DIES }, { "clgi", do_clgi, 0, DIES }, { "invlpga", do_invlpga, 0, DIES }, { "skinit", do_skinit, 0, DIES },
    { "getsec", do_getsec, 0, DIES }, { "ud0", do_ud0, 0, DIES }, { "ud1", do_ud1, 0, DIES }, { "ud2", do_ud2, 0, DIES },
    { "into", do_into, 0, DIES }, { "bound", do_bound, 0, DIES }, { "salc", do_salc, 0, DIES },
    { "far call, immediate", do_far_call_immediate, 0, DIES }, { "lock nop", do_lock_nop, 0, DIES },
    { "lock cmpxchg8b eax", do_f00f, 0, DIES }, { "16 bytes of instruction", do_too_long, 0, DIES }, { "int1", do_int1, 0, DIES },
    { "int3", do_int3, 0, DIES },
    { "read cr0", do_cr0_read, 0, DIES }, { "write cr0", do_cr0_write, 0, DIES }, { "read cr2", do_cr2_read, 0, DIES },
    { "write cr2", do_cr2_write, 0, DIES }, { "read cr3", do_cr3_read, 0, DIES }, { "write cr3", do_cr3_write, 0x1000, DIES },
    { "read cr4", do_cr4_read, 0, DIES }, { "write cr4", do_cr4_write, 0, DIES }, { "read cr8", do_cr8_read, 0, DIES },
    { "write cr8", do_cr8_write, 15, DIES }, { "read dr0", do_dr0_read, 0, DIES }, { "write dr0", do_dr0_write, KERNEL_ADDRESS, DIES },
    { "write dr1", do_dr1_write, KERNEL_ADDRESS, DIES }, { "write dr2", do_dr2_write, KERNEL_ADDRESS, DIES },
    { "write dr3", do_dr3_write, KERNEL_ADDRESS, DIES }, { "read dr6", do_dr6_read, 0, DIES }, { "write dr6", do_dr6_write, 0, DIES },
    { "read dr7", do_dr7_read, 0, DIES }, { "write dr7", do_dr7_write, 0, DIES },

    PORTS(0x20), PORTS(0x21), PORTS(0x40), PORTS(0x60), PORTS(0x64), PORTS(0x70), PORTS(0x80), PORTS(0xb2), PORTS(0xf4),
    PORTS(0x2f8), PORTS(0x3f8), PORTS(0x604), PORTS(0xcf8), PORTS(0xcf9), PORTS(0xcfc), PORTS(0xffff),
    { "inw 0x1f0", do_inw, 0x1f0, DIES }, { "rep insb 0x3f8", do_insb, 0x3f8, DIES }, { "rep outsb 0x3f8", do_outsb, 0x3f8, DIES },
    { "insl 0xcfc", do_insl, 0xcfc, DIES }, { "outsl 0xcfc", do_outsl, 0xcfc, DIES }, { "in, immediate", do_in_immediate, 0, DIES },
    { "out, immediate", do_out_immediate, 0x10, DIES },

    SELECTOR("kernel code", 0x08, DIES), SELECTOR("kernel code, rpl 3", 0x0b, DIES), SELECTOR("kernel data", 0x10, DIES),
    SELECTOR("kernel data, rpl 3", 0x13, DIES), SELECTOR("empty descriptor", 0x1b, DIES), SELECTOR("task state", 0x33, DIES),
    SELECTOR("upper half of it", 0x3b, DIES), SELECTOR("behind the table", 0x43, DIES), SELECTOR("local table", 0x0f, DIES),
    SELECTOR("last of all", 0xffff, DIES), SELECTOR("null", 0, BACK), SELECTOR("null, rpl 3", 3, BACK),
    SELECTOR("user data", 0x23, BACK), SELECTOR("user code", 0x2b, BACK),
    { "mov ss user data", do_ss, 0x23, BACK }, { "mov ss null", do_ss, 0, DIES }, { "mov ss null, rpl 3", do_ss, 3, DIES },
    { "mov ss kernel data", do_ss, 0x10, DIES }, { "mov ss user code", do_ss, 0x2b, DIES },
    { "mov ss user data, rpl 0", do_ss, 0x20, DIES }, { "mov ss behind the table", do_ss, 0x43, DIES },
    { "lss kernel data", do_lss, 0x10, DIES }, { "lss user data", do_lss, 0x23, BACK },
    FAR("kernel code", 0x08, DIES), FAR("kernel code, rpl 3", 0x0b, DIES), FAR("task state", 0x33, DIES),
    FAR("user data", 0x23, DIES), FAR("null", 0, DIES), FAR("empty descriptor", 0x1b, DIES), FAR("user code", 0x2b, EITHER),
    { "far call, kernel code as stack", do_far_call_kernel_stack, KERNEL_ADDRESS, DIES },
    { "far return, no kernel address as stack", do_far_return_kernel_stack, NO_KERNEL_ADDRESS, DIES },
    { "iret, no kernel address as stack", do_iret_kernel_stack, NO_KERNEL_ADDRESS, DIES },
    { "verr, verw, lar, lsl kernel code", do_look, 0x08, BACK }, { "verr, verw, lar, lsl kernel data", do_look, 0x10, BACK },
    { "verr, verw, lar, lsl task state", do_look, 0x30, BACK }, { "verr, verw, lar, lsl behind the table", do_look, 0x48, BACK },

    { "iret", do_iret, 0, EITHER }, { "iret to kernel code", do_iret_kernel_cs, 0, DIES },
    { "iret to kernel code, rpl 3", do_iret_kernel_cs_rpl3, 0, DIES },
    { "iret to kernel code with user stack", do_iret_kernel_cs_user_ss, 0, DIES },
    { "iret with kernel stack", do_iret_kernel_ss, 0, DIES }, { "iret with null stack", do_iret_null_ss, 0, DIES },
    { "iret with null stack, rpl 3", do_iret_null_ss3, 0, DIES }, { "iret to null code", do_iret_null_cs, 0, DIES },
    { "iret to data", do_iret_data_cs, 0, DIES }, { "iret with code as stack", do_iret_code_ss, 0, DIES },
    { "iret to task state", do_iret_tss_cs, 0, DIES }, { "iret to local table", do_iret_ldt_cs, 0, DIES },
    { "iret behind the table", do_iret_far_cs, 0, DIES }, { "iret, not canonical", do_iret_non_canonical, 0, DIES },
    { "iret to a kernel address", do_iret_kernel_rip, 0, DIES }, { "iret with every flag", do_iret_all_flags, 0, EITHER },
    { "iret with IOPL 3, then cli", do_iret_iopl_cli, 0, DIES }, { "iret with nested task", do_iret_nested, 0, DIES },
    { "popf with IOPL 3, then cli", do_popf_iopl_cli, 0, DIES }, { "popf with IOPL 3, then in", do_popf_iopl_in, 0, DIES },
    { "popf with interrupts off", do_popf_if, 0, BACK },

    { "mov ss, then syscall", do_ss_syscall, 0, BACK }, { "mov ss, then syscall, single step", do_ss_trap_syscall, 0, DIES },
    { "mov ss, then int3", do_ss_int3, 0, DIES }, { "mov ss, then int 0x80", do_ss_int80, 0, DIES },
    { "mov ss, then int3, single step", do_ss_trap_int3, 0, DIES }, { "mov ss, then a page fault", do_ss_fault, 0, DIES },

    { "rdtsc", do_rdtsc, 0, BACK }, { "rdtscp", do_rdtscp, 0, EITHER }, { "cpuid", do_cpuid, 0, BACK }, { "xgetbv", do_xgetbv, 0, EITHER },
    { "prefetch kernel", do_prefetch, KERNEL_ADDRESS, BACK }, { "fences", do_fences, 0, BACK }, { "clflush", do_clflush, 0, BACK },
    { "enter", do_enter, 0, BACK }, { "syscall with rcx and r11 of the kernel", do_rcx_r11, KERNEL_ADDRESS, BACK },
};

#define ATTACKS (sizeof attacks / sizeof attacks[0])
#define VECTORS 256u

/* 256 functions of 16 bytes: int n, then exit(77). */
__asm__(".text\n.balign 16\nhostile_interrupts:\n"
        ".set vector, 0\n.rept 256\n.balign 16\n.byte 0xcd, vector\nmov $77, %edi\nmov $1, %eax\nsyscall\n"
        ".set vector, vector + 1\n.endr\n");
extern const uint8_t hostile_interrupts[];

static int attack(uint32_t n)
{
    if (n < ATTACKS) {
        attacks[n].run(attacks[n].argument);
        return BACK;
    }
    uint64_t address = (uintptr_t)hostile_interrupts + 16 * (uint64_t)(n - ATTACKS);
    void (*function)(void);
    memcpy(&function, &address, sizeof function);
    function();
    return BACK;
}

static bool has_umip(void)
{
    uint32_t a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < 7)
        return false;
    a = 7;
    c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c >> 2 & 1) != 0;
}

int main(void)
{
    if (task() != NULL)
        return task_is("witness") ? witness_run() : attack(task_number());
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    hostile_begin();
    witness_start(BINARY);
    (void)run_numbered(BINARY, 0, NULL, 0);
    uint64_t frames = free_frames(&monitor);
    for (uint32_t i = 0; i < ATTACKS; i++) {
        int64_t end = attacks[i].end == DIES_WITH_UMIP ? (has_umip() ? DIES : BACK) : attacks[i].end;
        expect_end(end == DIES ? "M1" : "M2", run_numbered(BINARY, i, NULL, 0), end, attacks[i].what);
    }
    for (uint32_t vector = 0; vector < VECTORS; vector++) {
        char what[16];
        struct text_buf buf = text_buf_over(what, sizeof what - 1);
        capos_format(&buf, "int %u", vector);
        what[buf.len] = '\0';
        expect_end("M3", run_numbered(BINARY, (uint32_t)ATTACKS + vector, NULL, 0), DIES, what);
    }
    check(free_frames(&monitor) == frames, "frames after all attacks");
    witness_end();
    return hostile_finish(BINARY);
}
