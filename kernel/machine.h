/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a machine must provide, and what it calls. This is the whole border
 * between the machine-independent kernel and arch/x86_64 or arch/host.
 *
 * The kernel is event-style: one stack per CPU, no kernel threads. A machine
 * enters the kernel through one of the kernel_on_* functions with interrupts
 * off; the function does bounded work under the kernel lock and returns what
 * to run next. A blocked thread is a record, never a suspended kernel stack.
 *
 * Every machine_* function but machine_now_ns, machine_cpu, machine_cpu_count,
 * machine_relax, machine_kick and the panic group must be called with the
 * kernel lock held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/bootinfo/bootinfo.h"
/* Found through the machine's own include path: struct machine_context (user
 * registers and FPU state of one thread) and struct machine_aspace (root of
 * one user address space). Opaque to the kernel but for their size. */
#include "machine/types.h"

#define MACHINE_CPUS_MAX 16u
#define MACHINE_NO_DEADLINE UINT64_MAX

/* A user address: a claim, not a right. Only the copy functions accept it. */
struct user_ptr {
    uint64_t addr;
};

/* ---- time ---------------------------------------------------------------- */

/* Monotonic nanoseconds since boot; never goes backwards on any CPU. */
uint64_t machine_now_ns(void);
/* Seconds since 1970 at boot, read from the firmware clock; false if there is none. */
bool machine_boot_wall_seconds(int64_t *seconds);
/* Arms this CPU's one-shot timer: kernel_on_timer is called at or after the
 * deadline. A deadline in the past fires at once; MACHINE_NO_DEADLINE disarms. */
void machine_set_timer(uint64_t deadline_ns);

/* ---- processors ------------------------------------------------------------ */

uint32_t machine_cpu(void);       /* index of the calling CPU, 0 is the boot CPU */
uint32_t machine_cpu_count(void); /* CPUs that take part, 1..MACHINE_CPUS_MAX; fixed after boot */
/* Makes another CPU enter kernel_on_kick soon, whatever it is doing. */
void machine_kick(uint32_t cpu);
/* One step of a spin wait; also serves translation-flush requests of other CPUs,
 * so a CPU that spins with interrupts off cannot block a flush. */
void machine_relax(void);

/* The defences against speculation that are on, and why: one line. */
void machine_describe_mitigations(struct text_buf *out);

/* ---- memory ------------------------------------------------------------------ */

/* Kernel address of a physical page frame (frame number = physical address / 4096). */
void *machine_frame_address(uint64_t frame);

/* Where page-table frames come from. take() hands out a zeroed frame and
 * charges its owner, false when refused; give() takes it back. */
struct machine_table_source {
    bool (*take)(void *owner, uint64_t *frame);
    void (*give)(void *owner, uint64_t frame);
    void *owner;
};

struct machine_page {
    uint64_t frame;
    uint32_t prot;  /* PROT_*_BIT; 0 = entry keeps its frame but nobody may touch it */
    bool user;      /* reachable from user mode; always true for entries the kernel made */
};

/* An empty user address space. False when the source refused a table frame. */
bool machine_aspace_init(struct machine_aspace *as, struct machine_table_source source);
/* Gives all table frames back. The kernel has unmapped every page before, and
 * no CPU has the space active. */
void machine_aspace_destroy(struct machine_aspace *as);
/* Maps one page that is not mapped. Write and execute together never arrive here.
 * False when a table frame was refused; nothing has changed then. */
bool machine_aspace_map(struct machine_aspace *as, uint64_t va, uint64_t frame, uint32_t prot);
/* Entry of a mapped page; false when nothing is mapped at va. */
bool machine_aspace_lookup(const struct machine_aspace *as, uint64_t va, struct machine_page *page);
/* The first entry at or after *va and below end: *va becomes its address. Steps over missing
 * tables at once, so a sparse range costs what is in it. False: there is none. */
bool machine_aspace_next(const struct machine_aspace *as, uint64_t *va, uint64_t end, struct machine_page *page);
/* Removes a mapped page, or changes its protection. No flush: the caller calls
 * machine_aspace_flush before it reuses a frame or returns to user mode. */
void machine_aspace_unmap(struct machine_aspace *as, uint64_t va);
void machine_aspace_protect(struct machine_aspace *as, uint64_t va, uint32_t prot);
/* Returns when no CPU holds a stale translation of [va, va + pages * 4096). */
void machine_aspace_flush(struct machine_aspace *as, uint64_t va, uint64_t pages);
/* Gives back the table frames that the range, at least a page, reached and in which nothing is mapped any more; at most
 * one for each 512 GiB may stay. Flushes what it takes away. */
void machine_aspace_trim(struct machine_aspace *as, uint64_t va, uint64_t pages);

typedef bool machine_visit_fn(void *context, uint64_t va, const struct machine_page *page);
/* Calls visit for every user entry in rising order until it returns false. The
 * visitor may unmap the page it is shown, and no other. */
void machine_aspace_each(const struct machine_aspace *as, machine_visit_fn *visit, void *context);
/* Walks the kernel's own half as seen from this space: nothing writable and
 * executable, nothing user-accessible, stack guards unmapped. False: why says what. */
bool machine_kernel_half_is_valid(const struct machine_aspace *as, struct text_buf *why);

/* Where user code runs on tables of its own: does each CPU's show of the kernel only what entering it needs, and
 * of the address space all? True where they are the kernel's. */
bool machine_user_tables_are_valid(struct text_buf *why);

/* Copies between kernel memory and user memory of `as`, which need not be the
 * active one. All or nothing is NOT promised for the bytes, the result is:
 * false when any byte of the range is not mapped for user access (read, or
 * write). Never faults the kernel. */
bool machine_copy_in(struct machine_aspace *as, void *dst, struct user_ptr src, size_t len);
bool machine_copy_out(struct machine_aspace *as, struct user_ptr dst, const void *src, size_t len);
/* Kernel addresses of `count`, at least 1, user pages, from that of `at` on. False unless all are present, user-accessible and, when
 * asked, writable. Good until the kernel changes a mapping. */
bool machine_user_pages(const struct machine_aspace *as, struct user_ptr at, uint32_t count, bool write, uint8_t **pages);
/* Is every byte present, user-accessible and, when asked, writable? */
bool machine_user_range_ok(const struct machine_aspace *as, struct user_ptr at, uint64_t len, bool write);

/* ---- threads ------------------------------------------------------------------- */

struct machine_start {
    uint64_t entry;
    uint64_t stack;
    uint64_t args[3]; /* RDI, RSI, RDX */
    uint64_t fs_base;
};

/* Registers of a thread that has not run yet: those of `start`, everything
 * else zero, a clean FPU state (FCW 0x37F, MXCSR 0x1F80). */
void machine_context_init(struct machine_context *context, const struct machine_start *start);
/* The value the thread sees as the result of its system call. */
void machine_context_set_result(struct machine_context *context, uint64_t value);
/* The thread, which is inside a system call, makes the same call again when it runs next. */
void machine_context_repeat_syscall(struct machine_context *context, uint64_t number);
uint64_t machine_context_fs_base(const struct machine_context *context);
void machine_context_set_fs_base(struct machine_context *context, uint64_t fs_base);

/* What this CPU does after the kernel: user code, or idle when context is NULL. */
struct machine_resume {
    struct machine_context *context;
    struct machine_aspace *aspace;
};

/* Makes this CPU ready for `next` (FPU state saved and loaded, address space
 * switched). Called under the kernel lock as the last act of every kernel_on_*.
 * With a NULL context the CPU runs on the kernel's own tables afterwards, so the
 * thread and the space it ran before may be destroyed. */
void machine_activate(struct machine_resume next);

/* ---- devices --------------------------------------------------------------------- */

/* Bytes that the console takes now, without waiting: from none to all, and few enough that the call is short. */
size_t machine_console_write(const void *bytes, size_t len);
/* Waits until it takes at least one; for a bounded time, a console may be dead. */
void machine_console_wait(void);
/* The second serial port, which no capability reaches (docs/verdict-port.md). */
void machine_verdict_write(const void *bytes, size_t len);
/* 64 bits from the hardware generator; false = unavailable, never weak bits. */
bool machine_entropy(uint64_t *word);

/* Ends the machine. status 0 = orderly. Do not need the lock; do not return. */
_Noreturn void machine_power_off(uint32_t status);
_Noreturn void machine_reboot(void);
/* Panic: stops the other CPUs. Takes no lock, may be called from anywhere. */
void machine_stop_others(void);

/* ---- what the machine calls -------------------------------------------------------- */

struct machine_fault {
    const char *name;        /* "page fault", "general protection", ... static text */
    uint32_t vector;         /* exception number of the machine */
    uint64_t address;        /* faulting address of a page fault, else 0 */
    uint64_t instruction;    /* user instruction pointer */
    uint64_t stack;          /* user stack pointer */
    uint64_t code;           /* hardware error code */
    bool write, execute;     /* of a page fault */
};

/* Boot CPU, once, before any other entry: interrupts off, one CPU. The usable
 * ranges of `info` leave out what the machine keeps: kernel image, stacks, page
 * tables, AP trampoline, and anything machine_frame_address cannot reach. */
void kernel_boot(const struct boot_info *info);
/* First entry of each CPU (boot CPU included) after kernel_boot. */
struct machine_resume kernel_on_cpu_start(void);
struct machine_resume kernel_on_syscall(struct machine_context *context, uint64_t number, uint64_t arg0, uint64_t arg1);
struct machine_resume kernel_on_timer(bool from_user);
struct machine_resume kernel_on_kick(void);
/* An exception raised by user code. */
struct machine_resume kernel_on_fault(const struct machine_fault *fault);
struct machine_resume kernel_on_console_input(const uint8_t *bytes, size_t len);
/* A broken invariant: prints the report (lock-free), ends the machine. */
_Noreturn void kernel_panic(const char *what, uint64_t detail);
