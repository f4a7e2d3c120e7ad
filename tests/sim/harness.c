/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See harness.h: builds the boot package, forks, runs, judges. */
#include "tests/sim/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/capn/build.h"
#include "kernel/state.h"
#include "schema/generated/capos.h"

#define SWEEP_STEPS_MAX (1u << 19)
#define SWEEP_JOBS 2

static bool faulting;

/* Shared by the processes of one fault sweep. */
static struct {
    uint64_t failed;                  /* a point whose failing the kernel did not survive */
    uint64_t total;
    uint64_t before[SWEEP_STEPS_MAX]; /* points passed before each step */
} *sweep;
static uint32_t sweep_step, sweep_running;
static struct {
    pid_t pid; /* 0 = free */
    uint64_t point;
} sweep_jobs[SWEEP_JOBS];
static uint64_t sweep_point; /* in a process that lets one fail */

#ifdef CAPOS_COVERAGE
void __gcov_dump(void);
#else
static void __gcov_dump(void)
{
}
#endif

_Noreturn void harness_leave(int status)
{
    __gcov_dump(); /* _exit would lose the counts */
    _exit(status);
}

_Noreturn void harness_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    harness_leave(1);
}

void harness_equal(const char *file, int line, const char *what, uint64_t a, uint64_t b)
{
    if (a == b)
        return;
    fprintf(stderr, "%s:%d: %s: %lld (0x%llx) and %lld (0x%llx)\n", file, line, what, (long long)a,
            (unsigned long long)a, (long long)b, (unsigned long long)b);
    harness_leave(1);
}

void harness_note(const char *format, ...)
{
    va_list args;
    if (faulting)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

_Noreturn void harness_expect(const char *file, int line, const char *what)
{
    if (!faulting)
        harness_fail(file, line, what);
    for (;;)
        sim_syscall(1, 77, 0);
}

bool harness_faulting(void)
{
    return faulting;
}

static struct capos_cue_value text_value(const char *text)
{
    return (struct capos_cue_value){ .which = CAPOS_CUE_VALUE_TEXT, .text = capn_text_of(text) };
}

static struct capos_cue_field field(const char *name, struct capos_cue_value value)
{
    return (struct capos_cue_field){ .name = capn_text_of(name), .has_value = true, .value = value };
}

#define RECORD(fields_array, n)                                                                       \
    ((struct capos_cue_value){ .which = CAPOS_CUE_VALUE_FIELDS, .fields = capn_list_over((fields_array), (n), \
                                                                                         sizeof(struct capos_cue_field)) })

/* A list of names; kept for each mask, because the manifest is encoded later. */
static struct capos_cue_value disclosed(uint32_t mask)
{
    static const char *const names[] = { "principal_kind", "auth_strength", "profile_class" };
    static struct capos_cue_value kept[8][3];
    uint32_t count = 0;
    for (uint32_t i = 0; i < 3; i++)
        if ((mask & 1u << i) != 0)
            kept[mask][count++] = text_value(names[i]);
    return (struct capos_cue_value){ .which = CAPOS_CUE_VALUE_LIST, .list = capn_list_over(kept[mask], count, sizeof kept[0][0]) };
}

size_t harness_package(const struct sim_test *test, uint8_t *out)
{
    static struct capos_cue_field sources[24], caps[24][3], init[2], config[1];
    static struct capos_cue_value cap_values[24];
    static struct capos_named_blob blobs[9];
    uint32_t cap_count = 0, blob_count = 0;
    for (; cap_count < 24 && test->grants[cap_count].name != NULL; cap_count++) {
        const struct sim_grant *grant = &test->grants[cap_count];
        sources[cap_count] = field("kernel", text_value(grant->source == NULL ? grant->name : grant->source));
        caps[cap_count][0] = field("name", text_value(grant->name));
        caps[cap_count][1] = field("source", RECORD(&sources[cap_count], 1));
        caps[cap_count][2] = field("disclosureScope", disclosed(grant->disclosure));
        cap_values[cap_count] = RECORD(caps[cap_count], 3);
    }
    const uint8_t *elf;
    size_t len;
    sim_program(test->init, &elf, &len);
    blobs[blob_count++] = (struct capos_named_blob){ capn_text_of("first"), { elf, (uint32_t)len } };
    for (; blob_count <= 8 && test->programs[blob_count - 1].name != NULL; blob_count++) {
        sim_program(test->programs[blob_count - 1].fn, &elf, &len);
        blobs[blob_count] = (struct capos_named_blob){ capn_text_of(test->programs[blob_count - 1].name), { elf, (uint32_t)len } };
    }
    init[0] = field("binary", text_value("first"));
    init[1] = field("caps", (struct capos_cue_value){ .which = CAPOS_CUE_VALUE_LIST,
                                                      .list = capn_list_over(cap_values, cap_count, sizeof cap_values[0]) });
    config[0] = field("init", RECORD(init, 2));
    struct capos_system_manifest manifest = { .schema_version = 1, .binaries = capn_list_over(blobs, blob_count, sizeof blobs[0]),
                                              .has_init_config = true, .init_config = RECORD(config, 1) };
    if (test->change != NULL)
        test->change(&manifest);
    struct capn_builder builder;
    capn_builder_init(&builder, out, HARNESS_PACKAGE_BYTES);
    struct capn_struct_builder root =
        capn_builder_root(&builder, CAPOS_SYSTEM_MANIFEST_DATA_WORDS, CAPOS_SYSTEM_MANIFEST_POINTER_WORDS);
    if (capos_system_manifest_encode(root, &manifest) != CAPN_OK || capn_builder_finish(&builder, &len) != CAPN_OK)
        abort();
    return len;
}

void harness_check_verdict(const char *verdict)
{
    for (const char *at = verdict; (at = strstr(at, "check ")) != NULL; at++) {
        const char *end = strchr(at, '\n');
        if (end == NULL || memcmp(end - 3, " ok", 3) != 0)
            fprintf(stderr, "%.*s\n", end == NULL ? 80 : (int)(end - at), at);
        CHECK(end != NULL && end - at > 3 && memcmp(end - 3, " ok", 3) == 0);
    }
    for (const char *at = verdict; (at = strstr(at, "ledger ")) != NULL; at++)
        CHECK(strstr(at, "caps=0 calls=0 scratch=0 frames=0 vres=0 tables=0 image=0\n") ==
              strstr(at, " caps=") + 1);
}

/* What the kernel's own lines say: exits as expected, all ledgers zero, all checks ok. */
static void judge(const struct sim_test *test, const struct sim_result *result)
{
    char expected[64];
    snprintf(expected, sizeof expected, "exit pid=1 code=%lld ", (long long)test->exit_code);
    if (result->end != test->end)
        fprintf(stderr, "the machine ended with %d (status %u) after %llu steps\n", (int)result->end, result->status,
                (unsigned long long)result->steps);
    CHECK(result->end == test->end);
    CHECK(faulting || test->never_exits || strstr(result->verdict, expected) != NULL);
    CHECK(test->console == NULL || faulting || strstr(result->console, test->console) != NULL);
    CHECK(test->not_console == NULL || strstr(result->console, test->not_console) == NULL);
    CHECK(test->verdict == NULL || faulting || strstr(result->verdict, test->verdict) != NULL);
    if (test->judge != NULL && !faulting)
        test->judge(result);
    if (!test->broken)
        harness_check_verdict(result->verdict);
}

/* ---- fault sweeps: one run that forks at each fault point; the child goes on with that point failing --------------- */

static void note_step(uint64_t passed)
{
    if (sweep_step < SWEEP_STEPS_MAX)
        sweep->before[sweep_step++] = passed;
    sweep->total = passed;
}

static void await_one(void)
{
    int status;
    pid_t child = waitpid(-1, &status, 0);
    for (uint32_t i = 0; i < SWEEP_JOBS; i++) {
        if (child < 0 || sweep_jobs[i].pid != child)
            continue;
        sweep_jobs[i].pid = 0;
        sweep_running--;
        if (sweep->failed == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            sweep->failed = sweep_jobs[i].point;
    }
}

extern const char __executable_start; /* the linker's */

#define LOGGED_FRAMES 16u

static void log_fault(enum fault_site site)
{
    char line[32 + LOGGED_FRAMES * 12];
    int len = snprintf(line, sizeof line, "%s %d", program_invocation_short_name, (int)site);
    const uintptr_t *frame = __builtin_frame_address(0);
    for (uint32_t i = 0; i < LOGGED_FRAMES && frame[0] > (uintptr_t)frame; i++) {
        len += snprintf(line + len, sizeof line - (size_t)len, " %llx", (unsigned long long)(frame[1] - (uintptr_t)&__executable_start));
        if (frame[0] - (uintptr_t)frame > 1u << 16)
            break; /* the stack of another part */
        frame = (const uintptr_t *)frame[0];
    }
    line[len++] = '\n';
    int file = open(getenv("SIM_FAULT_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0 || write(file, line, (size_t)len) != len)
        abort();
    close(file);
}

void harness_log_faults(void)
{
    if (getenv("SIM_FAULT_LOG") != NULL)
        kernel.faults.observer = log_fault;
}

static void fork_at_points(uint64_t passed)
{
    uint64_t last = sweep_step + 1 < SWEEP_STEPS_MAX ? sweep->before[sweep_step + 1] : 0;
    sweep_step++;
    for (uint64_t point = passed + 1; point <= last && sweep_point == 0 && sweep->failed == 0; point++) {
        if (sweep_running == SWEEP_JOBS)
            await_one();
        uint32_t job = 0;
        while (sweep_jobs[job].pid != 0)
            job++;
        sweep_jobs[job].point = point;
        sweep_jobs[job].pid = fork();
        sweep_running++;
        if (sweep_jobs[job].pid == 0) {
            faulting = true;
            sweep_point = point;
            sim_fail_at(point);
            harness_log_faults();
        }
    }
}

/* What the run that ended last did; shared with the processes of the runs. */
static struct run {
    uint64_t digest, steps, short_ways;
    uint64_t output; /* bytes on console and verdict port */
} *last_run;
static bool general_way; /* of the run to come */

static void run_once(const struct sim_test *test, uint64_t seed, uint32_t cpus, void (*before_step)(uint64_t))
{
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    struct sim_config config = { .seed = seed, .cpus = cpus, .package = package,
                                 .package_len = harness_package(test, package), .memory_bytes = test->memory_bytes,
                                 .typed = test->typed, .before_step = before_step, .cmdline = test->cmdline,
                                 .after_boot = test->after_boot, .no_wall_clock = test->no_wall_clock, .no_entropy = test->no_entropy,
                                 .general_way = general_way || before_step != NULL }; /* on which all fault points lie */
    struct sim_result result = sim_run(&config);
    if (last_run != NULL)
        *last_run = (struct run){ result.digest, result.steps, result.short_ways, strlen(result.console) + strlen(result.verdict) };
    if (getenv("SIM_SHOW") != NULL)
        fprintf(stderr, "--- console\n%s\n--- verdict\n%s", result.console, result.verdict);
    if (sweep != NULL && sweep_point == 0)
        sweep->before[sweep_step < SWEEP_STEPS_MAX ? sweep_step : SWEEP_STEPS_MAX - 1] = result.fault_points;
    judge(test, &result);
}

/* In a child process, because kernel state is static. */
static bool run_apart(const struct sim_test *test, uint64_t seed, uint32_t cpus, void (*before_step)(uint64_t))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        run_once(test, seed, cpus, before_step);
        while (sweep_running > 0 && sweep_point == 0)
            await_one();
        harness_leave(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

double harness_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t harness_seed(void)
{
    const char *text = getenv("SEED");
    return text == NULL ? 1 : strtoull(text, NULL, 0);
}

bool harness_report(const char *name, const char *variant, bool ok, double since, const char *reason)
{
    printf(ok ? "ok sim.%s%s %.3f\n" : "not ok sim.%s%s %.3f %s\n", name, variant, harness_now() - since, reason);
    fflush(stdout);
    return ok;
}

static bool run_faults(const struct sim_test *test, uint64_t seed)
{
    char reason[80];
    double since = harness_now();
    sweep = mmap(NULL, sizeof *sweep, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sweep == MAP_FAILED)
        abort();
    bool ok = run_apart(test, seed, 1, note_step);
    ok = ok && run_apart(test, seed, 1, fork_at_points) && sweep->failed == 0;
    snprintf(reason, sizeof reason, "SEED=%llu fault point %llu of %llu", (unsigned long long)seed,
             (unsigned long long)sweep->failed, (unsigned long long)sweep->total);
    munmap(sweep, sizeof *sweep);
    sweep = NULL;
    return harness_report(test->name, ".faults", ok, since, reason);
}

/* Both ways through cap_enter: the same events in the same order, the same steps, as much output. */
static bool run_both(const struct sim_test *test, uint64_t seed, uint32_t cpus)
{
    last_run = mmap(NULL, sizeof *last_run, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (last_run == MAP_FAILED)
        abort();
    bool ok = run_apart(test, seed, cpus, NULL);
    struct run quick = *last_run;
    general_way = true;
    ok = ok && run_apart(test, seed, cpus, NULL);
    general_way = false;
    if (ok && (quick.digest != last_run->digest || quick.steps != last_run->steps || quick.output != last_run->output ||
               last_run->short_ways != 0)) {
        fprintf(stderr, "%s: short way and general way differ (%llu and %llu steps)\n", test->name,
                (unsigned long long)quick.steps, (unsigned long long)last_run->steps);
        ok = false;
    }
    if (getenv("SIM_WAYS") != NULL)
        fprintf(stderr, "%s: %llu entries took the short way\n", test->name, (unsigned long long)quick.short_ways);
    munmap(last_run, sizeof *last_run);
    last_run = NULL;
    return ok;
}

static bool run_test(const struct sim_test *test, uint64_t first_seed)
{
    if (getenv("SIM_FAULTS_ONLY") != NULL)
        return !test->every_fault || run_faults(test, first_seed);
    static const uint32_t cpu_counts[] = { 1, 2, 4 };
    bool all = true;
    uint32_t seeds = test->seeds == 0 ? 1 : test->seeds;
    for (size_t i = 0; i < 3; i++) {
        char variant[32], reason[64] = "";
        if (test->only_cpus != 0 && test->only_cpus != cpu_counts[i])
            continue;
        double since = harness_now();
        bool ok = true;
        for (uint64_t n = 0; n < seeds && ok; n++) {
            uint64_t seed = first_seed + n * 1000003;
            ok = n == 0 ? run_both(test, seed, cpu_counts[i]) : run_apart(test, seed, cpu_counts[i], NULL);
            snprintf(reason, sizeof reason, "SEED=%llu", (unsigned long long)seed);
        }
        snprintf(variant, sizeof variant, ".cpus%u", cpu_counts[i]);
        all &= harness_report(test->name, variant, ok, since, reason);
    }
    if (test->every_fault && all)
        all &= run_faults(test, first_seed);
    return all;
}

int harness_main(int argc, char **argv, const struct sim_test *tests, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || strstr(tests[i].name, argv[1]) != NULL)
            all &= run_test(&tests[i], harness_seed());
    }
    return all ? 0 : 1;
}
