/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libFuzzer over the step language of the random simulation
 * (tests/sim/random/steps.h): an input is what the programs do, the first byte
 * the number of CPUs and the machine's own choices. Kernel state is static, so
 * a machine is booted once, in a process of its own (the nursery), and each
 * input runs in a copy of that; its coverage counters come back through shared
 * memory. An input fails when the kernel and the model disagree, a check of
 * the kernel's fails, a sanitizer reports, or the machine panics or hangs.
 */
#include "tests/sim/random/inputs.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/host/host.h"

#define MEMORY_BYTES (24ull << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The counters of this program's instrumented code; the linker's. */
extern uint8_t __start___sancov_cntrs, __stop___sancov_cntrs;

static struct shared {
    uint8_t input[INPUT_MAX];
    size_t len;
    uint8_t counters[1 << 20];
} *shared;

static int to_nursery[2], from_nursery[2];
static pid_t nursery;

_Noreturn void random_fail(int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "step %llu, line %d: ", (unsigned long long)W.step, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _exit(1);
}

static size_t counter_bytes(void)
{
    return (size_t)(&__stop___sancov_cntrs - &__start___sancov_cntrs);
}

/* Takes orders: each makes a copy of this machine that goes on with the input. */
static void attend(void)
{
    char order, answer;
    while (read(to_nursery[0], &order, 1) == 1) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            take_input(shared->input, shared->len);
            memset(&__start___sancov_cntrs, 0, counter_bytes());
            return;
        }
        waitpid(child, &status, 0);
        answer = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!answer)
            fprintf(stderr, "the input's machine ended with wait status %x\n", (unsigned)status);
        if (write(from_nursery[1], &answer, 1) != 1)
            break;
    }
    _exit(0);
}

static bool attended;

static void between_inputs(uint64_t faults_passed)
{
    if (kernel.boot.free_frames != 0 && !attended) {
        attended = true;
        attend();
    }
    between(faults_passed);
}

static _Noreturn void live_in_nursery(void)
{
    static const struct sim_test test = {
        .init = worker,
        .grants = { { .name = "endpoint" }, { .name = "frame_allocator" }, { .name = "virtual_memory" }, { .name = "process_spawner" },
                    { .name = "timer" }, { .name = "thread_spawner" }, { .name = "thread_control" }, { .name = "park_space" },
                    { .name = "console" } },
        .programs = { { "worker", worker } },
    };
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    struct sim_config config = { .seed = 1, .cpus = 2, .package = package, .package_len = harness_package(&test, package),
                                 .before_step = between_inputs, .memory_bytes = MEMORY_BYTES, .max_steps = INPUT_STEPS_MAX };
    struct sim_result result = sim_run(&config);
    if (result.end != SIM_OFF || result.status != 0)
        random_fail(__LINE__, "the machine ended with %d: %s", (int)result.end, result.console);
    harness_check_verdict(result.verdict);
    memcpy(shared->counters, &__start___sancov_cntrs, counter_bytes());
    _exit(0);
}

static void found_nursery(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe(to_nursery) != 0 || pipe(from_nursery) != 0 || counter_bytes() > sizeof shared->counters)
        abort();
    nursery = fork();
    if (nursery == 0) {
        close(to_nursery[1]);
        signal(SIGALRM, SIG_DFL);
        live_in_nursery();
    }
}

/* libFuzzer's timer interrupts. */
static char await_answer(void)
{
    char answer = 0;
    ssize_t got;
    do
        got = read(from_nursery[0], &answer, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? answer : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char order = 1;
    if (nursery == 0)
        found_nursery();
    shared->len = size < INPUT_MAX ? size : INPUT_MAX;
    if (shared->len > 0)
        memcpy(shared->input, data, shared->len);
    memset(shared->counters, 0, counter_bytes());
    if (write(to_nursery[1], &order, 1) != 1 || await_answer() != 1)
        __builtin_trap();
    memcpy(&__start___sancov_cntrs, shared->counters, counter_bytes());
    return 0;
}
