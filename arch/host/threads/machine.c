/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Clock, processors, interrupts and console of the machine of threads: see threads.h. (Not kernel/state.h: the kernel and the
 * host's threads both have a sched_yield.)
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "abi/layout.h"
#include "arch/host/threads/threads.h"

#define OUTPUT_BYTES (4u << 20)
#define NAP_NS 20000000ull /* the longest sleep of an idle CPU at once */

void flush_serve(void); /* arch/x86_64/flush.c */

struct host host;

static struct threads_cpu cpus[MACHINE_CPUS_MAX];
static pthread_t cpu_threads[MACHINE_CPUS_MAX];
static _Thread_local struct threads_cpu *own_cpu;
static uint64_t start_ns;
static uint32_t ended; /* atomic */
static char console_text[OUTPUT_BYTES + 1];
static char verdict_text[OUTPUT_BYTES + 1];
static size_t console_len, verdict_len;

__attribute__((noinline)) struct threads_cpu *threads_cpu(void)
{
    __asm__ volatile("" ::: "memory");
    return own_cpu;
}

uint64_t sim_random(void)
{
    struct threads_cpu *cpu = threads_cpu();
    cpu->random ^= cpu->random >> 12;
    cpu->random ^= cpu->random << 25;
    cpu->random ^= cpu->random >> 27;
    return cpu->random * 0x2545f4914f6cdd1dull;
}

/* ---- time ------------------------------------------------------------------------- */

static uint64_t host_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

uint64_t machine_now_ns(void)
{
    return (host_ns() - start_ns) * THREADS_SPEED;
}

bool machine_boot_wall_seconds(int64_t *seconds)
{
    *seconds = 1700000000;
    return true;
}

void machine_set_timer(uint64_t deadline_ns)
{
    threads_cpu()->timer = deadline_ns;
}

/* ---- processors ---------------------------------------------------------------------- */

uint32_t machine_cpu(void)
{
    return threads_cpu()->index;
}

uint32_t machine_cpu_count(void)
{
    return host.config.cpus;
}

/* Relaxed, and a bare system call: an interrupt orders nothing. */
void machine_kick(uint32_t cpu)
{
    __atomic_store_n(&cpus[cpu].kicked, 1, __ATOMIC_RELAXED);
    syscall(SYS_futex, &cpus[cpu].kicked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool threads_ended(void)
{
    return __atomic_load_n(&ended, __ATOMIC_RELAXED) != 0;
}

void threads_spin(void)
{
    struct threads_cpu *cpu = threads_cpu();
    if (threads_ended())
        longjmp(cpu->end, 1);
    syscall(SYS_sched_yield);
}

bool threads_interrupted(struct threads_cpu *cpu)
{
    flush_serve();
    return __atomic_load_n(&cpu->kicked, __ATOMIC_RELAXED) != 0 || cpu->timer <= machine_now_ns() || threads_ended();
}

static void sleep_until_kicked(struct threads_cpu *cpu)
{
    uint64_t now = machine_now_ns();
    uint64_t left = cpu->timer <= now ? 0 : (cpu->timer - now) / THREADS_SPEED;
    struct timespec time = { .tv_nsec = (long)(left < NAP_NS ? left : NAP_NS) };
    syscall(SYS_futex, &cpu->kicked, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
}

static void run_user(struct threads_cpu *cpu)
{
    struct machine_resume run = cpu->now;
    struct host_request request = threads_run(cpu);
    if (request.step == HOST_PAUSE)
        return;
    cpu->entries++;
    if (request.step == HOST_SYSCALL)
        cpu->now = kernel_on_syscall(run.context, request.number, request.arg0, request.arg1);
    else
        cpu->now = kernel_on_fault(&request.fault);
}

static void step(struct threads_cpu *cpu)
{
    bool user = cpu->now.context != NULL;
    flush_serve();
    if (sim_random() % 16 == 0)
        syscall(SYS_sched_yield); /* another order than usual */
    if (__atomic_exchange_n(&cpu->kicked, 0, __ATOMIC_RELAXED) != 0) {
        cpu->entries++;
        cpu->now = kernel_on_kick();
    } else if (cpu->timer <= machine_now_ns()) {
        cpu->entries++;
        cpu->timer = MACHINE_NO_DEADLINE;
        cpu->now = kernel_on_timer(user);
    } else if (user) {
        run_user(cpu);
    } else {
        sleep_until_kicked(cpu);
    }
}

static void *run_cpu(void *argument)
{
    struct threads_cpu *cpu = argument;
    own_cpu = cpu;
    if (setjmp(cpu->end) == 0) {
        cpu->now = kernel_on_cpu_start();
        while (!threads_ended())
            step(cpu);
    }
    return NULL;
}

/* ---- translations ------------------------------------------------------------------------ */

void threads_drop(uint64_t va)
{
    struct translation *translation = &threads_cpu()->translations[(va >> PAGE_SHIFT) % TRANSLATIONS];
    if (translation->va == (va & ~(PAGE_SIZE - 1)))
        translation->va = 1;
}

void threads_drop_all(void)
{
    struct threads_cpu *cpu = threads_cpu();
    for (unsigned i = 0; i < TRANSLATIONS; i++)
        cpu->translations[i].va = 1;
}

uint8_t *threads_translate(struct threads_cpu *cpu, uint64_t va, bool write)
{
    struct translation *translation = &cpu->translations[(va >> PAGE_SHIFT) % TRANSLATIONS];
    uint64_t page = va & ~(PAGE_SIZE - 1);
    if (translation->va != page || (write && !translation->write)) {
        uint8_t *bytes = host_user_byte(cpu->now.aspace, page, write);
        if (bytes == NULL)
            return NULL;
        *translation = (struct translation){ page, bytes, write };
    }
    return translation->bytes + (va - page);
}

/* As on the PC: who may hold translations of a space is known to it, under the lock. */
void machine_activate(struct machine_resume next)
{
    struct threads_cpu *cpu = threads_cpu();
    struct machine_aspace *space = next.context != NULL ? next.aspace : NULL;
    if (cpu->space == space)
        return;
    if (space != NULL)
        space->cpus |= 1u << cpu->index;
    threads_drop_all();
    if (cpu->space != NULL)
        cpu->space->cpus &= ~(1u << cpu->index);
    cpu->space = space;
}

/* ---- devices ------------------------------------------------------------------------------- */

static void keep(char *text, size_t *len, const void *bytes, size_t count)
{
    size_t room = OUTPUT_BYTES - *len;
    size_t take = count < room ? count : room;
    memcpy(text + *len, bytes, take);
    *len += take;
}

size_t machine_console_write(const void *bytes, size_t len)
{
    size_t most = len < 64 ? len : 64;
    keep(console_text, &console_len, bytes, most);
    return most;
}

void machine_console_wait(void)
{
}

void machine_verdict_write(const void *bytes, size_t len)
{
    keep(verdict_text, &verdict_len, bytes, len);
}

bool machine_entropy(uint64_t *word)
{
    *word = sim_random();
    return true;
}

/* ---- the end, and the whole -------------------------------------------------------------------- */

_Noreturn void host_end(enum sim_end end, uint32_t status)
{
    host.result.end = end;
    host.result.status = status;
    __atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < host.config.cpus; i++)
        machine_kick(i);
    longjmp(threads_cpu()->end, 1);
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

static void prepare(const struct sim_config *config)
{
    host.config = *config;
    host.config.cpus = config->cpus == 0 ? 1 : config->cpus;
    start_ns = host_ns();
    for (uint32_t i = 0; i < host.config.cpus; i++) {
        cpus[i] = (struct threads_cpu){ .index = i, .timer = MACHINE_NO_DEADLINE, .random = config->seed * 2 + 1 + i * 7919 };
        own_cpu = &cpus[i];
        threads_drop_all();
    }
    own_cpu = &cpus[0];
    host_memory_init();
    threads_programs_init();
}

static void run_all(void)
{
    kernel_boot(&host.boot);
    if (host.config.after_boot != NULL)
        host.config.after_boot();
    for (uint32_t i = 0; i < host.config.cpus; i++)
        if (pthread_create(&cpu_threads[i], NULL, run_cpu, &cpus[i]) != 0)
            abort();
    for (uint32_t i = 0; i < host.config.cpus; i++) {
        pthread_join(cpu_threads[i], NULL);
        host.result.steps += cpus[i].entries;
    }
}

struct sim_result sim_run(const struct sim_config *config)
{
    prepare(config);
    if (setjmp(cpus[0].end) == 0)
        run_all();
    host.result.console = console_text;
    host.result.verdict = verdict_text;
    return host.result;
}
