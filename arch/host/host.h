/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shared by the files of arch/host, and by nobody else. */
#pragma once

#include <setjmp.h>

#include "arch/host/sim.h"

struct host_cpu {
    struct machine_resume now;  /* what it runs */
    uint64_t timer;             /* deadline, MACHINE_NO_DEADLINE = off */
    bool kicked;
    bool started;
};

struct host {
    struct sim_config config;
    uint64_t random;
    uint64_t now_ns;
    uint32_t cpu;               /* the one that executes */
    struct host_cpu cpus[MACHINE_CPUS_MAX];
    uint8_t *memory;
    uint64_t frames;
    struct boot_info boot;
    const char *typed;
    bool console_ready;         /* the kernel has waited for it */
    bool console_behind;        /* it did not take all that it was offered last */
    struct sim_did did;
    jmp_buf end;
    struct sim_result result;
};

extern struct host host;

/* program.c: runs a context until it enters the kernel or pauses. */
enum host_step { HOST_SYSCALL, HOST_PAUSE, HOST_FAULT };
struct host_request {
    enum host_step step;
    uint64_t number, arg0, arg1;
    struct machine_fault fault;
};
struct host_request host_program_step(struct machine_resume run);

/* common.c: the function whose entry address that is, NULL without one; another stack to go on with; a stack on which body
 * begins. */
sim_program_fn *host_program_at(uint64_t entry);
void host_switch(void **save, void *load);
void *host_stack(unsigned char *stack, size_t bytes, void (*body)(void));

/* memory.c: host address behind a user address, NULL when it is not mapped so. */
uint8_t *host_user_byte(const struct machine_aspace *as, uint64_t va, bool write);
void host_memory_init(void);
_Noreturn void host_end(enum sim_end end, uint32_t status);
