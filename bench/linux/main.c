/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the rows share, and the order in which they run. Words on the kernel's command line after `--` are our arguments. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>

static uint64_t samples[SAMPLES], overhead;

/* The true entry point: the counter at the first user instruction, before the C library runs. */
uint64_t first_tick = 1; /* not in .bss, which is cleared later */
__asm__(".text\n.globl bench_start\nbench_start:\n"
        "mov %rdx, %r8\nrdtsc\nshl $32, %rdx\nor %rdx, %rax\nmov %rax, first_tick(%rip)\nmov %r8, %rdx\njmp _start\n");

static _Noreturn void end_machine(void)
{
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}

_Noreturn void bench_fail(const char *what, long value)
{
    printf("FAILED %s: %ld %s\n", what, value, value < 0 ? strerror((int)-value) : "");
    end_machine();
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void bench_row(const char *name, bench_fn *fn, void *argument, unsigned per)
{
    double sum = 0;
    for (unsigned i = 0; i < WARM_UP; i++)
        fn(argument);
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t start = ticks();
        fn(argument);
        uint64_t taken = ticks() - start;
        samples[i] = taken > overhead ? taken - overhead : 0;
        sum += (double)samples[i];
    }
    qsort(samples, SAMPLES, sizeof *samples, by_value);
    printf("R %s n=%u per=%u min=%.1f p50=%.1f p90=%.1f max=%.1f mean=%.1f\n", name, SAMPLES, per,
           (double)samples[0] / per, (double)samples[SAMPLES / 2] / per, (double)samples[SAMPLES * 9 / 10] / per,
           (double)samples[SAMPLES - 1] / per, sum / SAMPLES / per);
}

int bench_child(bench_fn *body, void *argument)
{
    fflush(stdout);
    int child = fork();
    must(child >= 0, "fork", -errno);
    if (child == 0) {
        body(argument);
        _exit(0);
    }
    return child;
}

static void show(const char *path)
{
    char text[4096];
    int file = open(path, O_RDONLY);
    ssize_t len = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (len > 0)
        printf("I %s: %.*s%s", path, (int)len, text, text[len - 1] == '\n' ? "" : "\n");
    if (file >= 0)
        close(file);
}

static void nothing(void *argument)
{
    (void)argument;
}

static void thousand_loops(void *argument)
{
    (void)argument;
    __asm__ volatile("mov $1000, %%ecx\n1: dec %%ecx\n jnz 1b" : : : "ecx", "cc");
}

static void open_console(void)
{
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; console >= 0 && fd < 3; fd++)
        dup2(console, fd);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "noop") == 0)
        return 0;
    open_console();
    printf("\nB first_user_instruction=%lu\n", first_tick);
    show("/proc/version");
    show("/proc/cmdline");
    show("/sys/devices/system/cpu/vulnerabilities/meltdown");
    show("/sys/devices/system/cpu/vulnerabilities/spectre_v2");
    if (argc > 1 && strcmp(argv[1], "boot") == 0) {
        show("/proc/meminfo");
    } else if (argc > 1 && strcmp(argv[1], "scaling") == 0) {
        bench_scaling();
    } else {
        bench_row("timing_overhead", nothing, NULL, 1);
        overhead = samples[SAMPLES / 2];
        bench_row("calib_1000_dec_jnz", thousand_loops, NULL, 1);
        bench_calls();
        bench_channels();
        bench_processes();
    }
    printf("bench: done\n");
    end_machine();
}
