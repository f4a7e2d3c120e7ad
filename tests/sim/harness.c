/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See harness.h: builds the boot package, forks, runs, judges. */
#include "tests/sim/harness.h"

#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/capn/build.h"
#include "schema/generated/capos.h"

#define PACKAGE_BYTES (1u << 18)

static bool faulting;

_Noreturn void harness_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    _exit(1);
}

void harness_equal(const char *file, int line, const char *what, uint64_t a, uint64_t b)
{
    if (a == b)
        return;
    fprintf(stderr, "%s:%d: %s: %lld (0x%llx) and %lld (0x%llx)\n", file, line, what, (long long)a,
            (unsigned long long)a, (long long)b, (unsigned long long)b);
    _exit(1);
}

void harness_note(const char *format, ...)
{
    va_list args;
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

static size_t build_package(const struct sim_test *test, uint8_t *out)
{
    static struct capos_cue_field sources[24], caps[24][2], init[2], config[1];
    static struct capos_cue_value cap_values[24];
    static struct capos_named_blob blobs[9];
    uint32_t cap_count = 0, blob_count = 0;
    for (; cap_count < 24 && test->grants[cap_count].name != NULL; cap_count++) {
        const struct sim_grant *grant = &test->grants[cap_count];
        sources[cap_count] = field("kernel", text_value(grant->source == NULL ? grant->name : grant->source));
        caps[cap_count][0] = field("name", text_value(grant->name));
        caps[cap_count][1] = field("source", RECORD(&sources[cap_count], 1));
        cap_values[cap_count] = RECORD(caps[cap_count], 2);
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
    struct capn_builder builder;
    capn_builder_init(&builder, out, PACKAGE_BYTES);
    struct capn_struct_builder root =
        capn_builder_root(&builder, CAPOS_SYSTEM_MANIFEST_DATA_WORDS, CAPOS_SYSTEM_MANIFEST_POINTER_WORDS);
    if (capos_system_manifest_encode(root, &manifest) != CAPN_OK || capn_builder_finish(&builder, &len) != CAPN_OK)
        abort();
    return len;
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
    for (const char *at = result->verdict; (at = strstr(at, "check ")) != NULL; at++) {
        const char *end = strchr(at, '\n');
        CHECK(end != NULL && end - at > 3 && memcmp(end - 3, " ok", 3) == 0);
    }
    for (const char *at = result->verdict; (at = strstr(at, "ledger ")) != NULL; at++)
        CHECK(strstr(at, "caps=0 calls=0 scratch=0 frames=0 vres=0") != NULL);
}

static uint64_t run_once(const struct sim_test *test, uint64_t seed, uint32_t cpus, uint64_t fail_at)
{
    static uint8_t package[PACKAGE_BYTES];
    faulting = fail_at != 0;
    struct sim_config config = { .seed = seed, .cpus = cpus, .package = package, .package_len = build_package(test, package),
                                 .memory_bytes = test->memory_bytes, .fail_at = fail_at, .typed = test->typed };
    struct sim_result result = sim_run(&config);
    if (getenv("SIM_SHOW") != NULL)
        fprintf(stderr, "--- console\n%s\n--- verdict\n%s", result.console, result.verdict);
    judge(test, &result);
    return result.fault_points;
}

/* In a child process, because kernel state is static. Returns the fault points passed, or UINT64_MAX. */
static uint64_t run_apart(const struct sim_test *test, uint64_t seed, uint32_t cpus, uint64_t fail_at)
{
    int channel[2];
    uint64_t points = UINT64_MAX;
    int status;
    if (pipe(channel) != 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        points = run_once(test, seed, cpus, fail_at);
        _exit(write(channel[1], &points, sizeof points) == sizeof points ? 0 : 1);
    }
    close(channel[1]);
    bool got = read(channel[0], &points, sizeof points) == sizeof points;
    close(channel[0]);
    waitpid(child, &status, 0);
    return got && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? points : UINT64_MAX;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool report(const char *name, const char *variant, bool ok, double since, const char *reason)
{
    printf(ok ? "ok sim.%s%s %.3f\n" : "not ok sim.%s%s %.3f %s\n", name, variant, now() - since, reason);
    fflush(stdout);
    return ok;
}

static bool run_test(const struct sim_test *test, uint64_t seed)
{
    static const uint32_t cpu_counts[] = { 1, 2, 4 };
    bool all = true;
    uint64_t points = 0;
    for (size_t i = 0; i < 3; i++) {
        char variant[32], reason[64];
        double since = now();
        uint64_t passed = run_apart(test, seed, cpu_counts[i], 0);
        snprintf(variant, sizeof variant, ".cpus%u", cpu_counts[i]);
        snprintf(reason, sizeof reason, "SEED=%llu", (unsigned long long)seed);
        all &= report(test->name, variant, passed != UINT64_MAX, since, reason);
        points = i == 0 ? passed : points;
    }
    if (!test->every_fault || points == UINT64_MAX)
        return all;
    double since = now();
    for (uint64_t at = 1; at <= points; at++) {
        char reason[64];
        snprintf(reason, sizeof reason, "SEED=%llu fault point %llu of %llu", (unsigned long long)seed,
                 (unsigned long long)at, (unsigned long long)points);
        if (run_apart(test, seed, 1, at) == UINT64_MAX)
            return report(test->name, ".faults", false, since, reason);
    }
    return report(test->name, ".faults", true, since, "") && all;
}

int harness_main(int argc, char **argv, const struct sim_test *tests, size_t count)
{
    const char *seed_text = getenv("SEED");
    uint64_t seed = seed_text == NULL ? 1 : strtoull(seed_text, NULL, 0);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || strstr(tests[i].name, argv[1]) != NULL)
            all &= run_test(&tests[i], seed);
    }
    return all ? 0 : 1;
}
