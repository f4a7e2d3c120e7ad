/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Clock, CPUs, console and the scheduler of the simulation: sim_run takes one
 * random enabled step after another until the machine ends. Time moves a
 * little with every step and jumps to the next deadline when all CPUs idle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "kernel/fault.h"
#include "kernel/state.h"

#define OUTPUT_BYTES (4u << 20)

struct host host;

static char console_text[OUTPUT_BYTES + 1];
static char verdict_text[OUTPUT_BYTES + 1];
static size_t console_len, verdict_len;

/* xorshift64*: small, and the same everywhere. */
uint64_t sim_random(void)
{
    host.random ^= host.random >> 12;
    host.random ^= host.random << 25;
    host.random ^= host.random >> 27;
    return host.random * 0x2545f4914f6cdd1dull;
}

uint64_t machine_now_ns(void)
{
    return host.now_ns;
}

bool machine_boot_wall_seconds(int64_t *seconds)
{
    *seconds = 1700000000;
    return !host.config.no_wall_clock;
}

void machine_set_timer(uint64_t deadline_ns)
{
    host.cpus[host.cpu].timer = deadline_ns;
}

uint32_t machine_cpu(void)
{
    return host.cpu;
}

uint32_t machine_cpu_count(void)
{
    return host.config.cpus;
}

void machine_kick(uint32_t cpu)
{
    host.cpus[cpu].kicked = true;
}

void machine_aspace_flush(struct machine_aspace *as, uint64_t va, uint64_t pages)
{
    /* There are no translations to go stale: every access walks the tables. */
    (void)as;
    (void)va;
    (void)pages;
}

void machine_relax(void)
{
    /* One host thread: a CPU that waits for another one waits for ever. */
    kernel_panic("spin in a one-thread simulation", host.cpu);
}

void machine_activate(struct machine_resume next)
{
    host.cpus[host.cpu].now = next;
}

static void keep(char *text, size_t *len, const void *bytes, size_t count)
{
    size_t room = OUTPUT_BYTES - *len;
    size_t take = count < room ? count : room;
    if (take > 0)
        memcpy(text + *len, bytes, take);
    *len += take;
    text[*len] = '\0';
}

#define CONSOLE_BYTES_AT_ONCE 128u

/* Fast mostly, slow at times; a few lines at once, so that they leave the schedule of a seed as it is. */
size_t machine_console_write(const void *bytes, size_t len)
{
    size_t most = len > CONSOLE_BYTES_AT_ONCE && sim_random() % 4 == 0 ? sim_random() % CONSOLE_BYTES_AT_ONCE : CONSOLE_BYTES_AT_ONCE;
    most = host.console_ready ? CONSOLE_BYTES_AT_ONCE : most;
    most = most < len ? most : len;
    keep(console_text, &console_len, bytes, most);
    host.console_ready = false;
    host.console_behind = most < len;
    return most;
}

void machine_console_wait(void)
{
    host.console_ready = true;
}

void machine_verdict_write(const void *bytes, size_t len)
{
    keep(verdict_text, &verdict_len, bytes, len);
}

bool machine_entropy(uint64_t *word)
{
    *word = sim_random();
    return !host.config.no_entropy;
}

_Noreturn void host_end(enum sim_end end, uint32_t status)
{
    host.result.end = end;
    host.result.status = status;
    longjmp(host.end, 1);
}

_Noreturn void machine_power_off(uint32_t status)
{
    host_end(status == 2 ? SIM_PANIC : SIM_OFF, status);
}

_Noreturn void machine_reboot(void)
{
    host_end(SIM_REBOOT, 0);
}

void machine_stop_others(void)
{
}

/* Gives the CPU its next piece of user code, or nothing when it idles. */
static void run_user(struct host_cpu *cpu)
{
    struct machine_resume run = cpu->now;
    struct host_request request = host_program_step(run);
    host.did.kind = request.step == HOST_SYSCALL ? SIM_DID_SYSCALL : request.step == HOST_FAULT ? SIM_DID_FAULT : SIM_DID_PAUSE;
    host.did.number = request.number;
    host.did.arg = request.arg0;
    if (request.step == HOST_SYSCALL)
        cpu->now = kernel_on_syscall(run.context, request.number, request.arg0, request.arg1);
    else if (request.step == HOST_FAULT)
        cpu->now = kernel_on_fault(&request.fault);
}

static bool type_line(bool time_can_pass)
{
    if (host.typed == NULL || *host.typed == '\0')
        return false;
    if (strncmp(host.typed, SIM_TYPED_WAIT, sizeof SIM_TYPED_WAIT - 1) == 0) {
        host.typed += sizeof SIM_TYPED_WAIT - 1;
        if (time_can_pass)
            return false;
    }
    const char *end = strchr(host.typed, '\n');
    size_t len = end == NULL ? strlen(host.typed) : (size_t)(end - host.typed) + 1;
    const uint8_t *bytes = (const uint8_t *)host.typed;
    host.typed += len;
    host.cpus[host.cpu].now = kernel_on_console_input(bytes, len);
    return true;
}

static void step_cpu(struct host_cpu *cpu)
{
    bool user = cpu->now.context != NULL;
    host.did = (struct sim_did){ .kind = SIM_DID_OTHER, .cpu = host.cpu, .ran = kernel.cpus[host.cpu].current };
    if (!cpu->started) {
        cpu->started = true;
        cpu->now = kernel_on_cpu_start();
    } else if (cpu->kicked && (!user || sim_random() % 2 == 0)) {
        cpu->kicked = false;
        cpu->now = kernel_on_kick();
    } else if (cpu->timer <= host.now_ns) {
        cpu->timer = MACHINE_NO_DEADLINE;
        host.did.kind = SIM_DID_TIMER;
        cpu->now = kernel_on_timer(user);
    } else if (user) {
        run_user(cpu);
    }
}

static bool can_step(const struct host_cpu *cpu)
{
    return !cpu->started || cpu->kicked || cpu->timer <= host.now_ns || cpu->now.context != NULL;
}

/* Everything idles: jump to the next deadline, or type, or give up. */
static void advance(void)
{
    uint64_t next = MACHINE_NO_DEADLINE;
    for (uint32_t i = 0; i < host.config.cpus; i++)
        next = host.cpus[i].timer < next ? host.cpus[i].timer : next;
    if ((next == MACHINE_NO_DEADLINE || !host.console_behind) && type_line(next != MACHINE_NO_DEADLINE))
        return; /* a person types when the output has stopped */
    if (next == MACHINE_NO_DEADLINE)
        host_end(SIM_HUNG, 0);
    host.now_ns = next;
}

const struct sim_did *sim_last_step(void)
{
    return &host.did;
}

void sim_fail_at(uint64_t nth)
{
    kernel.faults.fail_at = nth;
}

bool sim_enter(uint32_t cpu, void (*act)(void *), void *context)
{
    if (cpu >= host.config.cpus || !host.cpus[cpu].started)
        return false;
    host.cpu = cpu;
    lock_acquire(&kernel.lock);
    act(context);
    lock_release(&kernel.lock);
    host.cpus[cpu].now = kernel_on_kick();
    return true;
}

static void before_step(void)
{
    if (host.config.before_step != NULL)
        host.config.before_step(kernel.faults.passed);
}

static void one_step(void)
{
    uint32_t able[MACHINE_CPUS_MAX], count = 0;
    for (uint32_t i = 0; i < host.config.cpus; i++) {
        if (can_step(&host.cpus[i]))
            able[count++] = i;
    }
    host.now_ns += sim_random() % 20000;
    host.did = (struct sim_did){ .kind = SIM_DID_OTHER };
    if (count == 0) {
        advance();
        return;
    }
    host.cpu = able[sim_random() % count];
    step_cpu(&host.cpus[host.cpu]);
}

struct sim_result sim_run(const struct sim_config *config)
{
    host.config = *config;
    host.config.cpus = config->cpus == 0 ? 1 : config->cpus;
    host.random = config->seed * 2 + 1;
    host.typed = config->typed;
    for (uint32_t i = 0; i < MACHINE_CPUS_MAX; i++)
        host.cpus[i].timer = MACHINE_NO_DEADLINE;
    host_memory_init();
    uint64_t limit = config->max_steps == 0 ? 20000000 : config->max_steps;
    if (setjmp(host.end) == 0) {
        fault_arm(config->fail_at);
        kernel.faults.all_points = config->general_way;
        before_step();
        kernel_boot(&host.boot);
        if (config->after_boot != NULL)
            config->after_boot();
        for (host.result.steps = 0; host.result.steps < limit; host.result.steps++) {
            before_step();
            one_step();
        }
        host_end(SIM_HUNG, 1);
    }
    host.result.fault_points = kernel.faults.passed;
    host.result.digest = kernel.trace.digest;
    host.result.short_ways = kernel.trace.short_ways;
    host.result.console = console_text;
    host.result.verdict = verdict_text;
    return host.result;
}
