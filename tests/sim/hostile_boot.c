/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random bytes as boot package and as programs. The machine runs up to the
 * moment in which the kernel first looks at the package; from there each try
 * is a process of its own with a package changed in its own way. It must end
 * in a clean refusal or in a working boot whose accounts balance; a panic, a
 * hang or a sanitizer's finding is a failure. Programs are changed between the
 * spawns of one run, in the package's memory.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/elf/elf.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

#define TRIES 1000
#define JOBS 2
#define ELF_TRIES 3000

static uint64_t dice;

static uint64_t roll(uint64_t sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (dice >> 11) % sides;
}

static void seed_dice(uint64_t seed, uint64_t number)
{
    dice = (seed * 0x9e3779b97f4a7c15ull) ^ (number * 0xbf58476d1ce4e5b9ull) ^ 0x94d049bb133111ebull;
    for (int i = 0; i < 8; i++)
        (void)roll(2);
}

static uint64_t odd_value(void)
{
    static const uint64_t values[] = { 0, 1, 2, 7, 8, 55, 56, 57, 64, 255, 4095, 4096, 4097, 0x1fffff, 0x200000, 0xff0000,
                                       0xfeffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ffffffff000, 0x800000000000,
                                       0xffff800000000000, 0x7fffffffffffffff, 0xfffffffffffff000, UINT64_MAX };
    return roll(3) == 0 ? roll(UINT64_MAX) : values[roll(sizeof values / sizeof values[0])];
}

/* ---- programs that live with whatever they are given ------------------------------------------ */

PROGRAM(tries_everything)
{
    for (uint32_t id = 0; id < 6; id++) {
        for (uint16_t method = 0; method < 3; method++) {
            struct ring_sqe sqe = guest_call_sqe(id, method, 0);
            sqe.result_len = 256;
            guest_submit(sqe);
        }
        (void)guest_enter(0, 0);
        for (struct ring_cqe cqe; guest_take(&cqe);)
            continue;
    }
}

PROGRAM(tolerant_init)
{
    struct kit_child child;
    const struct capset_entry *spawner = guest_find("process_spawner");
    if (spawner != NULL && spawner->interface_id == CAPOS_PROCESS_SPAWNER_INTERFACE_ID) {
        struct capos_client client = { .cap_id = spawner->cap_id, .interface_id = spawner->interface_id };
        struct capos_process_handle_wait_results got;
        if (kit_try_spawn(&client, "child", NULL, 0, &child) == CAPOS_OK)
            (void)capos_process_handle_wait(&child.handle, NULL, &got);
    }
}

/* ---- packages ------------------------------------------------------------------------------------ */

static struct {
    uint64_t failed, booted, refused;
} *tally;
static uint64_t try_number; /* in the process of one try; 0 = the one that makes them */
static uint32_t running;
static struct {
    pid_t pid;
    uint64_t number;
} jobs[JOBS];

/* A place that holds something, so that the empty pages of the programs do not draw all fire. */
static uint64_t busy_place(const uint8_t *package, uint64_t len)
{
    for (int i = 0; i < 200; i++) {
        uint64_t at = roll(roll(2) == 0 && len > 1024 ? 1024 : len);
        if (package[at] != 0)
            return at;
    }
    return roll(len);
}

static void change_elf(uint8_t *package, uint64_t len)
{
    uint64_t start = roll(len);
    for (uint64_t i = 0; i + 124 < len; i++) {
        uint8_t *at = package + (start + i) % (len - 124);
        if (memcmp(at, "\x7f" "ELF", 4) == 0) {
            uint64_t value = odd_value();
            memcpy(at + roll(120), &value, 1 + roll(4));
            return;
        }
    }
}

static void change_package(uint8_t *package, uint64_t *len)
{
    uint64_t value = odd_value(), at;
    switch (roll(8)) {
    case 0:
        *len = roll(4) == 0 ? roll(64) : roll(*len + 1);
        return;
    case 1:
        *len = roll(5000);
        for (uint64_t i = 0; i < *len; i++)
            package[i] = (uint8_t)roll(256);
        return;
    case 2:
        for (uint64_t i = 0; i < *len; i++)
            if (roll(100) == 0)
                package[i] = (uint8_t)roll(256);
        return;
    case 3:
        change_elf(package, *len);
        return;
    default:
        for (uint64_t n = 1 + roll(4); n > 0; n--) {
            at = busy_place(package, *len);
            if (roll(2) == 0) {
                package[at] ^= (uint8_t)(1u << roll(8));
            } else {
                at = at / 8 * 8;
                value = roll(2) == 0 ? odd_value() : value;
                if (at + 8 <= *len)
                    memcpy(package + at + roll(2) * 4, &value, 4);
            }
        }
    }
}

static void await_one(void)
{
    int status;
    pid_t child = waitpid(-1, &status, 0);
    for (uint32_t i = 0; i < JOBS; i++) {
        if (jobs[i].pid != child)
            continue;
        jobs[i].pid = 0;
        running--;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            tally->failed = tally->failed == 0 ? jobs[i].number : tally->failed;
    }
}

static void try_packages(uint8_t *package, uint64_t *len)
{
    const char *only = getenv("TRY");
    uint64_t first = only == NULL ? 1 : strtoull(only, NULL, 0), last = only == NULL ? TRIES : first;
    for (uint64_t number = first; number <= last && tally->failed == 0; number++) {
        if (running == JOBS)
            await_one();
        uint32_t job = 0;
        while (jobs[job].pid != 0)
            job++;
        jobs[job].number = number;
        jobs[job].pid = fork();
        running++;
        if (jobs[job].pid == 0) {
            try_number = number;
            seed_dice(harness_seed(), number);
            change_package(package, len);
            return;
        }
    }
    while (running > 0)
        await_one();
    harness_leave(0);
}

static void judge_try(const struct sim_result *result)
{
    if (getenv("SIM_SHOW") != NULL)
        fprintf(stderr, "--- console\n%s\n--- verdict\n%s", result->console, result->verdict);
    CHECK_EQ(result->end, SIM_OFF);
    if (result->status == 0) {
        harness_check_verdict(result->verdict);
        CHECK(strstr(result->verdict, "exit pid=1 ") != NULL && strstr(result->verdict, "check processes ok") != NULL);
        __atomic_add_fetch(&tally->booted, 1, __ATOMIC_RELAXED);
    } else {
        CHECK_EQ(result->status, 1);
        CHECK(strstr(result->console, "manifest rejected: ") != NULL && strstr(result->verdict, "\nrefused ") != NULL);
        __atomic_add_fetch(&tally->refused, 1, __ATOMIC_RELAXED);
    }
}

static const struct sim_test boot = {
    .name = "hostile-packages", .init = tolerant_init,
    .grants = { { "process_spawner", NULL }, { "console", NULL }, { "timer", NULL }, { "frame_allocator", NULL } },
    .programs = { { "child", tries_everything }, { "spare", tries_everything } },
};

static bool hostile_packages(void)
{
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    double since = harness_now();
    int status;
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED)
        abort();
    pid_t child = fork();
    if (child == 0) {
        struct sim_config config = { .seed = harness_seed(), .package = package, .package_len = harness_package(&boot, package),
                                     .memory_bytes = 16u << 20, .max_steps = 200000, .at_package = try_packages };
        struct sim_result result = sim_run(&config);
        judge_try(&result);
        harness_leave(0);
    }
    waitpid(child, &status, 0);
    char reason[128];
    snprintf(reason, sizeof reason, "SEED=%llu TRY=%llu, %llu refused, %llu booted", (unsigned long long)harness_seed(),
             (unsigned long long)tally->failed, (unsigned long long)tally->refused, (unsigned long long)tally->booted);
    fprintf(stderr, "hostile-packages: %s\n", reason);
    bool single = getenv("TRY") != NULL;
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0 && tally->failed == 0 &&
              (single || (tally->refused > TRIES / 4 && tally->booted > TRIES / 20));
    return harness_report(boot.name, "", ok, since, reason);
}

/* ---- programs ---------------------------------------------------------------------------------------- */

#define ELF_BYTES 4112u

static uint8_t *elf_in_package(void)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } package = { .in = kernel.boot.package };
    uint8_t *last = NULL;
    for (uint64_t i = 0; i + ELF_BYTES <= kernel.boot.package_len; i += 8)
        if (memcmp(package.out + i, "\x7f" "ELF", 4) == 0)
            last = package.out + i;
    CHECK(last != NULL);
    return last;
}

/* Header and up to four program headers, whole fields at a time. */
static void change_program(uint8_t *elf)
{
    for (uint64_t n = roll(5); n > 0; n--) {
        uint64_t value = odd_value();
        uint64_t header = roll(5);
        if (header == 0) {
            uint64_t at = roll(64);
            memcpy(elf + at, &value, 1 + roll(2));
        } else {
            uint64_t field = roll(8);
            uint32_t type = roll(2) == 0 ? 1 : roll(2) == 0 ? 7 : (uint32_t)value;
            uint8_t *at = elf + 64 + 56 * (header - 1);
            if (field == 7)
                memcpy(at, &type, 4);
            else
                memcpy(at + 4 + field * 8 - (field > 0 ? 4 : 0), &value, field == 0 ? 4 : 8);
        }
    }
    if (roll(2) == 0)
        elf[56] = (uint8_t)roll(6); /* number of program headers */
}

static bool is_loader_text(const struct capos_client *client)
{
    for (unsigned i = 1; i < ELF_ERROR_COUNT; i++) {
        const char *text = elf_error_text((enum elf_error)i);
        if (client->exception.len == strlen(text) && memcmp(client->exception.text, text, strlen(text)) == 0)
            return true;
    }
    return false;
}

PROGRAM(spawns_hostile)
{
    static uint8_t good[ELF_BYTES];
    static bool started;
    if (started)
        return; /* a changed entry point may lead here */
    started = true;
    struct capos_client spawner = guest_open("process_spawner"), monitor = guest_open("system_monitor");
    struct capos_system_monitor_memory_results before, after;
    uint8_t *elf = elf_in_package();
    memcpy(good, elf, ELF_BYTES);
    seed_dice(harness_seed(), 0);
    CHECK_EQ(kit_try_spawn(&spawner, "no such program", NULL, 0, &(struct kit_child){ 0 }), CAPOS_EXCEPTION);
    CHECK_EQ(capos_system_monitor_memory(&monitor, NULL, &before), CAPOS_OK);
    uint32_t refused = 0;
    for (int i = 0; i < ELF_TRIES; i++) {
        struct kit_child child;
        change_program(elf);
        enum capos_status status = kit_try_spawn(&spawner, "child", NULL, 0, &child);
        memcpy(elf, good, ELF_BYTES);
        if (status == CAPOS_OK) {
            (void)kit_wait(&child);
            kit_forget(&child);
        } else {
            CHECK(status == CAPOS_EXCEPTION && is_loader_text(&spawner));
            CHECK(spawner.exception.type == CAP_EXCEPTION_FAILED || spawner.exception.type == CAP_EXCEPTION_OVERLOADED);
            refused++;
        }
    }
    CHECK_EQ(capos_system_monitor_memory(&monitor, NULL, &after), CAPOS_OK);
    CHECK_EQ(after.free_frames, before.free_frames);
    CHECK(refused > ELF_TRIES / 4 && refused < ELF_TRIES);
}

static const struct sim_test tests[] = {
    { .name = "hostile-programs", .init = spawns_hostile, .grants = { { "process_spawner", NULL }, { "system_monitor", NULL } },
      .programs = { { "child", tries_everything } } },
};

int main(int argc, char **argv)
{
    bool ok = argc > 1 && strstr(boot.name, argv[1]) == NULL ? true : hostile_packages();
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]) == 0 && ok ? 0 : 1;
}
