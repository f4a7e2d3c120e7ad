/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests on the simulated machine. A test is a set of programs and grants; each
 * runs in a host process of its own, once per seed and CPU count, and prints
 * one line. A failed CHECK anywhere, kernel panic, hang, sanitizer report or
 * failed kernel check ends it as failed.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "arch/host/sim.h"
#include "schema/generated/capos.h"

struct sim_grant {
    const char *name;
    const char *source; /* NULL: as name */
    uint32_t disclosure; /* bits of the hold's disclosure scope */
};

struct sim_test {
    const char *name;
    sim_program_fn *init;
    struct sim_grant grants[24];        /* of init; ends with a NULL name */
    struct {
        const char *name;
        sim_program_fn *fn;
    } programs[8];                      /* that init can spawn */
    const char *typed;                  /* console input */
    const char *console;                /* text that must appear, NULL = any */
    const char *not_console;            /* text that must not */
    const char *verdict;                /* text that must appear on the verdict port */
    int64_t exit_code;                  /* of init */
    bool broken;                        /* the checks are to fail */
    bool never_exits;                   /* init ends the machine instead */
    enum sim_end end;                   /* SIM_OFF unless said otherwise */
    uint64_t memory_bytes;
    bool every_fault;                   /* also once per fault point, that one failing */
    uint32_t seeds;                     /* runs per number of CPUs, 0 = 1 */
    uint32_t only_cpus;                 /* 0: on 1, 2 and 4 */
    void (*change)(struct capos_system_manifest *manifest); /* before it is encoded */
    void (*after_boot)(void);           /* arch/host/sim.h, as the next three */
    bool no_wall_clock, no_entropy;
    const char *cmdline;
    void (*judge)(const struct sim_result *result); /* more to check at the end; not when a fault was injected */
};

/* The boot package of a test, for tests that do something else with it. Returns its length; at most HARNESS_PACKAGE_BYTES. */
#define HARNESS_PACKAGE_BYTES (1u << 18)
size_t harness_package(const struct sim_test *test, uint8_t *out);
/* Does every line of the kernel's examination of itself say ok, and every ledger zero? Ends the process otherwise. */
void harness_check_verdict(const char *verdict);
/* One line in the protocol of tools/run_tests. */
bool harness_report(const char *name, const char *variant, bool ok, double since, const char *reason);
/* Ends a forked process. */
_Noreturn void harness_leave(int status);
double harness_now(void);
uint64_t harness_seed(void);

/* Runs the tests whose name contains argv[1] (if given); SEED in the environment, default 1. */
int harness_main(int argc, char **argv, const struct sim_test *tests, size_t count);

#define CHECK(condition)                                                \
    do {                                                                \
        if (!(condition))                                               \
            harness_fail(__FILE__, __LINE__, #condition);               \
    } while (0)
#define CHECK_EQ(a, b) harness_equal(__FILE__, __LINE__, #a " == " #b, (uint64_t)(a), (uint64_t)(b))

_Noreturn void harness_fail(const char *file, int line, const char *what);
void harness_equal(const char *file, int line, const char *what, uint64_t a, uint64_t b);
void harness_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* With SIM_FAULT_LOG in the environment, the stack of every point that this process lets fail is added to that file: one
 * line of return addresses, relative to the program, innermost first. For tools/sim-faults. */
void harness_log_faults(void);
/* True in a run in which one allocation or copy fails on purpose: refusals are then legal. */
bool harness_faulting(void);

/* For programs: a refusal is legal while a fault is injected; the program then ends quietly. */
#define EXPECT(condition)                                               \
    do {                                                                \
        if (!(condition))                                               \
            harness_expect(__FILE__, __LINE__, #condition);             \
    } while (0)
_Noreturn void harness_expect(const char *file, int line, const char *what);
