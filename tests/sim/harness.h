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

struct sim_grant {
    const char *name;
    const char *source; /* NULL: as name */
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
    int64_t exit_code;                  /* of init */
    bool never_exits;                   /* init ends the machine instead */
    enum sim_end end;                   /* SIM_OFF unless said otherwise */
    uint64_t memory_bytes;
    bool every_fault;                   /* also once per fault point, that one failing */
};

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
/* True in a run in which one allocation or copy fails on purpose: refusals are then legal. */
bool harness_faulting(void);

/* For programs: a refusal is legal while a fault is injected; the program then ends quietly. */
#define EXPECT(condition)                                               \
    do {                                                                \
        if (!(condition))                                               \
            harness_expect(__FILE__, __LINE__, #condition);             \
    } while (0)
_Noreturn void harness_expect(const char *file, int line, const char *what);
