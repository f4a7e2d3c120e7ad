/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The simulated machine as tests see it: memory, CPUs, clock and console in
 * one Linux process, one host thread, and one seed that decides every choice
 * (which CPU steps next, when a timer fires, when a kick arrives). The same
 * seed gives the same run.
 *
 * Simulated programs are C functions. They run as coroutines and enter the
 * kernel only through sim_syscall; sim_pause is "user code runs on", a place
 * where an interrupt may come. Their memory is their process's: sim_user gives
 * the host address of mapped user memory, NULL of what the program may not
 * touch (a real one would fault: call sim_fault then).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/machine.h"

#define SIM_PROGRAMS_MAX 32

/* A program's body; its return value is its exit code. Arguments as the registers of a real one. */
typedef int64_t sim_program_fn(uint64_t ring, uint64_t pid_or_tid, uint64_t capset);

struct sim_config {
    uint64_t seed;
    uint32_t cpus;          /* 1..MACHINE_CPUS_MAX; 0 = 1 */
    uint64_t memory_bytes;  /* 0 = 32 MiB */
    const uint8_t *package; /* boot package, becomes the boot module */
    size_t package_len;
    uint64_t max_steps;     /* 0 = 20 million; a run that needs more has hung */
    uint64_t fail_at;       /* the fault point that fails, 0 = none (kernel/fault.h) */
    const char *typed;      /* console input, delivered when everything idles, a line at a time */
#define SIM_TYPED_WAIT "~\n" /* a line of `typed` that is not typed: time passes first, to the next deadline */
    bool no_wall_clock;     /* a machine whose firmware does not tell the time */
    bool no_entropy;        /* one without a generator */
    const char *cmdline;    /* the kernel's command line */
    bool general_way;       /* no entry takes the short way through cap_enter (kernel/ipc/fast.c) */
    /* Called once between kernel_boot and the first step; may look into the kernel. */
    void (*after_boot)(void);
    /* Called before kernel_boot and before each step with the fault points passed so far. A good place to fork: the
     * child goes on with this very run. */
    void (*before_step)(uint64_t faults_passed);
    /* Called when the kernel first asks for the boot package's memory; may change its bytes and shorten it. */
    void (*at_package)(uint8_t *package, uint64_t *len);
};

enum sim_end {
    SIM_OFF,    /* machine_power_off; status says how */
    SIM_REBOOT,
    SIM_PANIC,
    SIM_HUNG,   /* every CPU idle without a timer, or max_steps reached */
};

struct sim_result {
    enum sim_end end;
    uint32_t status;
    uint64_t steps;
    uint64_t fault_points;      /* passed in the whole run */
    uint64_t digest;            /* of all trace events */
    uint64_t short_ways;        /* entries that took the short way */
    const char *console;        /* NUL-terminated; valid until the process ends */
    const char *verdict;
};

/* Lets the nth fault point of the run fail (a point already passed: none). For before_step. */
void sim_fail_at(uint64_t nth);

/* Between steps: that CPU enters the kernel, runs `act` under its lock as a program's entry there would, and leaves. False,
 * and nothing happened, when the CPU has not started yet. For before_step. */
bool sim_enter(uint32_t cpu, void (*act)(void *), void *context);

/* What the machine did last. For before_step. */
struct sim_did {
    enum { SIM_DID_NOTHING, SIM_DID_OTHER, SIM_DID_TIMER, SIM_DID_PAUSE, SIM_DID_SYSCALL, SIM_DID_FAULT } kind;
    uint32_t cpu;
    const struct thread *ran; /* current of that CPU before the step, NULL = none; may be gone */
    uint64_t number, arg;     /* of a system call */
};
const struct sim_did *sim_last_step(void);

/* Runs a whole machine from kernel_boot to its end. Once per host process: kernel state is static. */
struct sim_result sim_run(const struct sim_config *config);

/* Makes `fn` startable: *elf and *len are the image to put into the boot package. Before sim_run. */
void sim_program(sim_program_fn *fn, const uint8_t **elf, size_t *len);

/* The entry address of `fn` for a thread of a simulated program. */
uint64_t sim_entry(sim_program_fn *fn);

/* ---- for program functions only ------------------------------------------------ */

uint64_t sim_syscall(uint64_t number, uint64_t arg0, uint64_t arg1);
void sim_pause(void);
/* Ends the calling thread with a simulated page fault at `address`; does not return. */
_Noreturn void sim_fault(uint64_t address, bool write);
/* Host address of user memory of the running program; NULL unless all of it is mapped so. */
void *sim_user(uint64_t va, size_t len, bool write);
/* A pointer of the running thread's own, NULL when it starts. */
void **sim_local(void);
/* A number from the run's own generator. */
uint64_t sim_random(void);
