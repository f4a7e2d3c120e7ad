/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All unit tests of core/ and all simulation tests in one program, so that a
 * mutant is linked once. tools/automutants compiles this file, renames the
 * main functions of the tests and generates `tests`.
 *
 *     program list              a line for each test: its id
 *     program run ID=SECONDS... runs them in this order, each in a process of
 *                               its own with that limit, until one fails:
 *                               prints "caught ID" or "hung ID" and ends with 1
 *     program map ID FILE       (compiled with -DMAP) runs one, writes the
 *                               addresses of the blocks that ran to FILE
 *
 * An id is unit:PATH or sim:FILE:TEST:VARIANT; VARIANT is the number of CPUs
 * or "faults". What a file of simulation tests does beside its tests is one
 * more, sim:FILE:ARGUMENT:0, which calls its main function.
 */
#define harness_main harness_main_of_one /* the driver has one that chooses exactly */
#include "tests/sim/harness.c"
#undef harness_main
int harness_main(int argc, char **argv, const struct sim_test *tests, size_t count);

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

struct one {
    const char *id; /* unit:PATH, or sim:FILE */
    int (*main)(int argc, char **argv);
    const char *whole; /* to be run as one test, with this argument ("" = none); NULL = only its tests */
    bool tests;        /* calls harness_main */
};
extern const struct one automutants[];

static const char *wanted_test, *wanted_variant; /* NULL: list */
static const char *listing;

static void list_tests(const struct sim_test *tests, size_t count)
{
    static const char *const cpus[] = { "1", "2", "4" };
    for (size_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < 3; c++) {
            if (tests[i].only_cpus == 0 || tests[i].only_cpus == (uint32_t)atoi(cpus[c]))
                printf("%s:%s:%s\n", listing, tests[i].name, cpus[c]);
        }
        if (tests[i].every_fault)
            printf("%s:%s:faults\n", listing, tests[i].name);
    }
}

static bool run_variant(const struct sim_test *test)
{
    if (strcmp(wanted_variant, "faults") == 0)
        return run_faults(test, 1);
    uint32_t seeds = test->seeds == 0 ? 1 : test->seeds;
    for (uint64_t n = 0; n < seeds; n++) {
        if (!run_apart(test, 1 + n * 1000003, (uint32_t)atoi(wanted_variant), NULL))
            return false;
    }
    return true;
}

int harness_main(int argc, char **argv, const struct sim_test *tests, size_t count)
{
    if (listing != NULL) {
        list_tests(tests, count);
        return 0;
    }
    if (wanted_variant == NULL || strcmp(wanted_variant, "0") == 0)
        return harness_main_of_one(argc, argv, tests, count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tests[i].name, wanted_test) == 0)
            return run_variant(&tests[i]) ? 0 : 1;
    }
    return 1;
}

static const struct one *find(const char *id, size_t *len)
{
    for (const struct one *one = automutants; one->id != NULL; one++) {
        *len = strlen(one->id);
        if (strncmp(one->id, id, *len) == 0 && (id[*len] == '\0' || id[*len] == ':' || id[*len] == '='))
            return one;
    }
    fprintf(stderr, "no such test: %s\n", id);
    exit(2);
}

/* In the child. */
static _Noreturn void become(const char *id)
{
    static char copy[256], none[] = "test";
    size_t len;
    const struct one *one = find(id, &len);
    char *arguments[3] = { none, NULL, NULL };
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", id[len] == ':' ? id + len + 1 : "");
    copy[strcspn(copy, "=")] = '\0';
    if (copy[0] != '\0') {
        char *colon = strchr(copy, ':');
        *colon = '\0';
        wanted_test = copy;
        wanted_variant = colon + 1;
        arguments[argc] = copy[0] == '\0' ? NULL : copy;
        argc += copy[0] != '\0';
    }
    setenv("CMOCKA_MESSAGE_OUTPUT", "stdout", 1);
    int status = one->main(argc, arguments);
    fflush(NULL);
    _exit(status);
}

/* 0 passed, 1 failed, 2 took too long. */
static int run_limited(const char *id, unsigned seconds)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit cpu = { seconds, seconds + 1 };
        setpgid(0, 0);
        setrlimit(RLIMIT_CPU, &cpu);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        if (getenv("SHOW") == NULL) {
            dup2(null, 1);
            dup2(null, 2);
        }
        become(id);
    }
    double since = harness_now();
    while (waitpid(child, &status, WNOHANG) == 0) {
        struct timespec pause = { 0, 300000 };
        if (harness_now() - since > seconds * 10) {
            kill(-child, SIGKILL);
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return 2;
        }
        nanosleep(&pause, NULL);
    }
    kill(-child, SIGKILL); /* what it left behind */
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return 2;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static int list(void)
{
    static char program[] = "test", nothing[] = "no test has this name";
    char *arguments[] = { program, nothing, NULL };
    for (const struct one *one = automutants; one->id != NULL; one++) {
        if (strncmp(one->id, "unit:", 5) == 0)
            puts(one->id);
        if (one->whole != NULL)
            printf("%s:%s:0\n", one->id, one->whole);
        listing = one->id;
        if (one->tests)
            one->main(2, arguments);
        listing = NULL;
    }
    return 0;
}

#ifdef MAP
extern const char __executable_start, etext;
static uint8_t *blocks; /* shared: one byte for each address of the text */
void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
    if (blocks != NULL)
        blocks[(const char *)__builtin_return_address(0) - &__executable_start] = 1;
}

static int map(const char *id, const char *path)
{
    size_t bytes = (size_t)(&etext - &__executable_start);
    blocks = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FILE *out = fopen(path, "wb");
    if (blocks == MAP_FAILED || out == NULL)
        abort();
    int verdict = run_limited(id, 60);
    for (size_t i = 0; i < bytes; i++) {
        uint32_t address = (uint32_t)((uintptr_t)&__executable_start + i);
        if (blocks[i] != 0)
            fwrite(&address, sizeof address, 1, out);
    }
    fclose(out);
    return verdict;
}
#endif

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list();
#ifdef MAP
    if (argc == 4 && strcmp(argv[1], "map") == 0)
        return map(argv[2], argv[3]);
#endif
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        int verdict = run_limited(argv[i], equals == NULL ? 60 : (unsigned)atoi(equals + 1));
        if (verdict != 0) {
            printf("%s %s\n", verdict == 1 ? "caught" : "hung", argv[i]);
            return 1;
        }
    }
    return 0;
}
