/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads, futexes, pages, programs and sleeping. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

/* Two words on lines of their own. 0: nothing; 1: the other side's turn; 2: the end. */
struct turns {
    _Alignas(64) volatile uint32_t there;
    _Alignas(64) volatile uint32_t back;
};

static struct turns turns;

static void wait_for_turn(volatile uint32_t *word)
{
    while (*word == 0)
        call6(SYS_futex, (long)word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, 0, 0);
}

static void give_turn(volatile uint32_t *word, uint32_t value)
{
    *word = value;
    call6(SYS_futex, (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}

static void *echo_turns(void *argument)
{
    for (;;) {
        wait_for_turn(&turns.there);
        if (turns.there == 2)
            return argument;
        turns.there = 0;
        give_turn(&turns.back, 1);
    }
}

static void exchange_turns(void *argument)
{
    (void)argument;
    give_turn(&turns.there, 1);
    wait_for_turn(&turns.back);
    turns.back = 0;
}

static void *nothing(void *argument)
{
    return argument;
}

static void thread_and_join(void *argument)
{
    pthread_t thread;
    must(pthread_create(&thread, NULL, nothing, argument) == 0, "pthread_create", -errno);
    pthread_join(thread, NULL);
}

static void map_touch_unmap(void *argument)
{
    long at = call6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(at > 0, argument, at);
    *(volatile char *)at = 1;
    call3(SYS_munmap, at, 4096, 0);
}

static void run_program(void *argument)
{
    char *const arguments[] = { argument, (char[]){ "noop" }, NULL }, *const environment[] = { NULL };
    int status = 0, child = vfork();
    if (child == 0) {
        execve(argument, arguments, environment);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && status == 0, "program", status);
}

/* How much longer than asked a sleep of one millisecond takes, in nanoseconds: it is no count of work. */
static void sleeps(void)
{
    enum { ROUNDS = 100 };
    const struct timespec wanted = { .tv_nsec = 1000000 };
    long most = 0, sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        nanosleep(&wanted, NULL);
        clock_gettime(CLOCK_MONOTONIC, &to);
        long late = (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec - wanted.tv_nsec;
        most = late > most ? late : most;
        sum += late;
    }
    printf("F late_mean_ns %ld\nF late_max_ns %ld\n", sum / ROUNDS, most);
}

static long free_bytes(void)
{
    char line[128];
    long kilobytes = -1;
    FILE *file = fopen("/proc/meminfo", "r");
    must(file != NULL, "/proc/meminfo", -errno);
    while (kilobytes < 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemFree: %ld kB", &kilobytes) != 1)
            kilobytes = -1;
    fclose(file);
    return kilobytes * 1024;
}

/* Memory of one more process that waits: the mean of many, none of which shares pages with the others but those of its program. */
static void memory_of_process(void)
{
    enum { CHILDREN = 512 };
    int children[CHILDREN];
    long before = free_bytes();
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = vfork();
        if (children[i] == 0) {
            execve("/wait", (char *const[]){ "/wait", NULL }, (char *const[]){ NULL });
            _exit(127);
        }
        must(children[i] > 0, "vfork", -errno);
    }
    usleep(100000);
    printf("F process_bytes %ld\n", (before - free_bytes()) / CHILDREN);
    for (int i = 0; i < CHILDREN; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
}

void bench_processes(void)
{
    pthread_t other;
    must(pthread_create(&other, NULL, echo_turns, NULL) == 0, "pthread_create", -errno);
    bench_row("futex_ping_pong", exchange_turns, NULL, 1);
    give_turn(&turns.there, 2);
    pthread_join(other, NULL);
    bench_row("mmap_touch_munmap", map_touch_unmap, "mmap", 1);
    bench_row("thread_create_join", thread_and_join, NULL, 1);
    bench_row("vfork_exec_wait", run_program, (char[]){ "/tiny" }, 1);
    sleeps();
    memory_of_process();
}
