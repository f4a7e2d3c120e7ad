/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random programs on the simulated machine, compared with a reference model
 * after every step (tests/sim/random/). Twenty fixed seeds; SEED=n adds one,
 * STEPS=n sets how long each runs, SECONDS=n goes on from free seeds for that
 * long, two at a time. A seed that fails prints the command that repeats it.
 * `random faults` lets each fault point of shorter runs fail (random/faults.h):
 * all of them, or of every SHARE the one that OFFSET says, or POINT alone.
 * `random inputs FILE...` runs what the fuzzer wrote (random/inputs.h).
 */
#include "tests/sim/random/faults.h"
#include "tests/sim/random/inputs.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define FIXED_SEEDS 20u
#define TURNS 5000u
#define QUICK_TURNS 2500u /* `random quick`, for tools/mutants */
#define MEMORY_BYTES (24ull << 20)

/* Of all runs; shared by their processes. */
static struct totals {
    uint64_t steps, machine_steps, checks, codes[16];
} *totals;

static uint64_t this_seed;
static bool free_seeds; /* too many to print those that pass */

_Noreturn void random_fail(int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "seed %llu, step %llu, time %llu, fault point %llu, line %d: ", (unsigned long long)this_seed,
            (unsigned long long)W.step, (unsigned long long)machine_now_ns(), (unsigned long long)W.fault_point, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    for (uint64_t i = W.logged > 15 ? W.logged - 15 : 0; i <= W.logged; i++) { /* the last one may be under way */
        const struct ring_sqe *sqe = &W.log[i % 16].sqe;
        fprintf(stderr, "  pid %u tid %u: %llu: op %u flags %u cap %x method %u addr %llx len %u to %llx len %u dep %llx caps %u call %u: %d\n",
                W.log[i % 16].pid, W.log[i % 16].tid, (unsigned long long)sqe->user_data, sqe->opcode, sqe->flags, sqe->cap_id,
                sqe->method_id, (unsigned long long)sqe->addr, sqe->len, (unsigned long long)sqe->result_addr, sqe->result_len,
                (unsigned long long)sqe->pipeline_dep, sqe->xfer_cap_count, sqe->call_id, W.log[i % 16].result);
    }
    for (uint32_t i = 8; i > 0 && W.dispatching != NULL; i--) {
        const struct ring_cqe *cqe = &W.dispatching->page->cqes[(W.dispatching->k->ring.state.cq_tail - i) & RING_CQ_MASK];
        fprintf(stderr, "  completion %llu: %d\n", (unsigned long long)cqe->user_data, cqe->result);
    }
    harness_leave(1);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

static void run_machine(struct sim_config *config)
{
    static const struct sim_test test = {
        .init = worker,
        .grants = { { .name = "endpoint" }, { .name = "frame_allocator" }, { .name = "virtual_memory" }, { .name = "process_spawner" },
                    { .name = "timer" }, { .name = "thread_spawner" }, { .name = "thread_control" }, { .name = "park_space" },
                    { .name = "console" } },
        .programs = { { "worker", worker } },
    };
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    config->package = package;
    config->package_len = harness_package(&test, package);
    config->memory_bytes = MEMORY_BYTES;
    struct sim_result result = sim_run(config);
    if (W.faulting && W.step == 0 && result.end == SIM_OFF && result.status != 0)
        return; /* the boot was refused */
    if (result.end != SIM_OFF || result.status != 0)
        random_fail(__LINE__, "the machine ended with %d: %s", (int)result.end, result.console);
    harness_check_verdict(result.verdict);
    __atomic_fetch_add(&totals->steps, W.step, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->machine_steps, result.steps, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->checks, W.checks, __ATOMIC_RELAXED);
    for (int i = 0; i < 16; i++)
        __atomic_fetch_add(&totals->codes[i], W.seen_codes[i], __ATOMIC_RELAXED);
}

static void run_seed(uint64_t seed, uint64_t turns, void (*before_step)(uint64_t))
{
    struct sim_config config = { .seed = seed, .cpus = 1u << seed % 3, .before_step = before_step };
    this_seed = seed;
    input.random = seed * 0x9e3779b97f4a7c15ull + 1;
    input.left = turns;
    run_machine(&config);
}

/* ---- two at a time ------------------------------------------------------------------------------------------- */

static struct {
    pid_t pid;
    uint64_t seed;
    double since;
} jobs[2];

static bool await(uint64_t turns)
{
    int status;
    pid_t child = wait(&status);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    for (int i = 0; i < 2; i++) {
        if (jobs[i].pid != child)
            continue;
        char variant[32], reason[96];
        snprintf(variant, sizeof variant, ".seed%llu", (unsigned long long)jobs[i].seed);
        snprintf(reason, sizeof reason, "repeat: make sim-random SEED=%llu STEPS=%llu", (unsigned long long)jobs[i].seed,
                 (unsigned long long)turns);
        if (!free_seeds || !ok)
            harness_report("random", variant, ok, jobs[i].since, reason);
        jobs[i].pid = 0;
    }
    return ok;
}

static bool start(uint64_t seed, uint64_t turns)
{
    bool ok = true;
    while (jobs[0].pid != 0 && jobs[1].pid != 0)
        ok &= await(turns);
    int i = jobs[0].pid == 0 ? 0 : 1;
    jobs[i].seed = seed;
    jobs[i].since = harness_now();
    jobs[i].pid = fork();
    if (jobs[i].pid == 0) {
        run_seed(seed, turns, between);
        harness_leave(0);
    }
    return ok;
}

static bool finish_jobs(uint64_t turns)
{
    bool ok = true;
    while (jobs[0].pid != 0 || jobs[1].pid != 0)
        ok &= await(turns);
    return ok;
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

#define FAULT_SEEDS 4u
#define FAULT_TURNS 160u

static bool run_apart(uint64_t seed, uint64_t turns, void (*before_step)(uint64_t))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        run_seed(seed, turns, before_step);
        while (fault_running > 0 && !W.faulting)
            await_fault_job();
        harness_leave(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_faults(uint64_t turns, uint64_t only)
{
    bool all = true;
    uint64_t points = 0;
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (plan == MAP_FAILED)
        abort();
    for (uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : FAULT_SEEDS); seed++) {
        char variant[40], reason[112];
        double since = harness_now();
        memset(plan, 0, sizeof *plan);
        bool ok = run_apart(seed, turns, note_points) && run_apart(seed, turns, fork_at_chosen) && plan->failed == 0;
        snprintf(variant, sizeof variant, ".faults.seed%llu", (unsigned long long)seed);
        snprintf(reason, sizeof reason, "repeat: SEED=%llu STEPS=%llu POINT=%llu build/sim/random faults", (unsigned long long)seed,
                 (unsigned long long)turns, (unsigned long long)plan->failed);
        all &= harness_report("random", variant, ok, since, reason);
        points += plan->done;
    }
    printf("# random: %llu fault points failed, each in a run of its own\n", (unsigned long long)points);
    return all;
}

/* ---- inputs of the fuzzer ---------------------------------------------------------------------------------------- */

static const struct input_file *next_input;

static void between_inputs(uint64_t faults_passed)
{
    if (kernel.boot.free_frames != 0 && input.bytes == NULL)
        take_input(next_input->bytes, next_input->len);
    between(faults_passed);
}

static bool run_input(const struct input_file *file)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct sim_config config = { .seed = 1, .cpus = 2, .before_step = between_inputs, .max_steps = INPUT_STEPS_MAX };
        next_input = file;
        run_machine(&config);
        harness_leave(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* These files, or the corpus and mixtures of it. */
static bool run_inputs(char **paths, uint32_t count)
{
    static char *corpus[INPUT_FILES_MAX];
    static struct input_file files[INPUT_FILES_MAX], mixture;
    char reason[600] = "no corpus";
    double since = harness_now();
    uint32_t ran = 0, mixtures = count > 0 ? 0 : INPUT_MIXTURES;
    if (count == 0)
        count = list_corpus(corpus);
    bool ok = count > 0 && count <= INPUT_FILES_MAX;
    for (uint32_t i = 0; ok && i < count; i++, ran++) {
        const char *path = (paths != NULL ? paths : corpus)[i];
        snprintf(reason, sizeof reason, "repeat: build/sim/random inputs %s", path);
        ok = read_input(path, &files[i]) && run_input(&files[i]);
    }
    input.random = 20261125;
    for (uint32_t i = 0; ok && i < mixtures; i++, ran++) {
        const struct input_file *a = &files[pick(count)];
        mix_inputs(a, &files[pick(count)], &mixture);
        snprintf(reason, sizeof reason, "mixture %u of " INPUT_CORPUS, i);
        ok = run_input(&mixture);
    }
    printf("# random: %u inputs of the fuzzer\n", ran);
    return harness_report("random", ".inputs", ok, since, reason);
}

int main(int argc, char **argv)
{
    uint64_t turns = from_environment("STEPS", TURNS), only = from_environment("SEED", 0);
    uint64_t seconds = from_environment("SECONDS", 0), seed = 0;
    const char *filter = argc > 1 ? argv[1] : "";
    double since = harness_now();
    bool ok = true;
    if (strstr("random", filter) == NULL && strcmp(filter, "quick") != 0 && strcmp(filter, "faults") != 0 &&
        strcmp(filter, "inputs") != 0)
        return 0;
    turns = strcmp(filter, "quick") == 0 ? QUICK_TURNS : turns;
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        abort();
    if (strcmp(filter, "faults") == 0) {
        fault_share = from_environment("SHARE", 1);
        fault_offset = from_environment("OFFSET", 0) % fault_share;
        fault_only = from_environment("POINT", 0);
        return run_faults(from_environment("STEPS", FAULT_TURNS), only) ? 0 : 1;
    }
    if (strcmp(filter, "inputs") == 0)
        return run_inputs(argc > 2 ? argv + 2 : NULL, argc > 2 ? (uint32_t)argc - 2 : 0) ? 0 : 1;
    free_seeds = seconds > 0;
    if (seconds > 0)
        for (seed = (uint64_t)time(NULL) * 1000; ok && harness_now() - since < (double)seconds; seed++)
            ok &= start(seed, turns);
    else if (only > FIXED_SEEDS || (only > 0 && getenv("STEPS") != NULL))
        ok &= start(only, turns);
    else
        for (seed = 1; ok && seed <= FIXED_SEEDS; seed++)
            ok &= start(seed, turns);
    ok &= finish_jobs(turns);
    if (seconds == 0 && seed > 0 && strcmp(filter, "quick") != 0)
        ok &= run_inputs(NULL, 0);
    double took = harness_now() - since;
    printf("# random: %llu steps, %llu kernel entries and checks, %.0f steps and %.0f entries a second\n", (unsigned long long)totals->steps,
           (unsigned long long)totals->checks, (double)totals->steps / took, (double)totals->checks / took);
    printf("# random: results 0 and more: %llu", (unsigned long long)totals->codes[0]);
    for (int i = 1; i <= 10; i++)
        printf(", %d: %llu", -i, (unsigned long long)totals->codes[i]);
    printf("\n");
    return ok ? 0 : 1;
}
