/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random programs in which one allocation or copy fails: the run of a seed up
 * to each fault point, then on in a process of its own with that point failing.
 * The model stops there; what it had recounted is recounted after every step,
 * the programs do as they please for a while and end, and nothing may be left.
 */
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/random/run.h"

#define FAULT_STEPS_MAX 8192u
#define FAULT_JOBS 2u

static struct fault_plan {
    uint64_t before[FAULT_STEPS_MAX]; /* points passed before each step of the machine */
    uint32_t steps;
    uint64_t done, failed; /* the first point whose failing went wrong */
} *plan;

static struct {
    pid_t pid;
    uint64_t point;
} fault_jobs[FAULT_JOBS];
static uint32_t fault_step, fault_running;
static uint64_t fault_share = 1, fault_offset, fault_only;

static void note_points(uint64_t passed)
{
    between(passed);
    if (plan->steps < FAULT_STEPS_MAX)
        plan->before[plan->steps++] = passed;
}

static void await_fault_job(void)
{
    int status;
    pid_t child = wait(&status);
    for (uint32_t i = 0; i < FAULT_JOBS; i++) {
        if (fault_jobs[i].pid != child)
            continue;
        fault_jobs[i].pid = 0;
        fault_running--;
        plan->done++;
        if (plan->failed == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            plan->failed = fault_jobs[i].point;
    }
}

static bool is_chosen(uint64_t point)
{
    return fault_only != 0 ? point == fault_only : point % fault_share == fault_offset;
}

static void fork_at_chosen(uint64_t passed)
{
    between(passed);
    uint32_t step = fault_step++;
    uint64_t last = step + 1 < plan->steps ? plan->before[step + 1] : 0;
    for (uint64_t point = passed + 1; point <= last && !W.faulting && plan->failed == 0; point++) {
        if (!is_chosen(point))
            continue;
        if (fault_running == FAULT_JOBS)
            await_fault_job();
        uint32_t job = fault_jobs[0].pid == 0 ? 0 : 1;
        fault_jobs[job].point = point;
        fault_jobs[job].pid = fork();
        fault_running++;
        if (fault_jobs[job].pid == 0) {
            W.faulting = true;
            W.fault_point = point;
            fault_running = 0;
            sim_fail_at(point);
            harness_log_faults();
        }
    }
}
