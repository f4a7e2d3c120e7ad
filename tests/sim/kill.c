/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Kill any process at any step. Seven processes do everything that processes do
 * with each other: calls that copy and move capabilities, service objects and
 * the news of their end, a pipe, spawns with grants, threads that park, memory
 * that is mapped, protected and taken away, sleeps, a session and what it
 * starts. At each step of a run the machine is forked and one of them killed
 * there, by an entry of a CPU chosen at random; the others go on. Then:
 *
 *   - the kernel's examination of itself says ok at once, and again at the end;
 *   - every object has as many references as a recount finds;
 *   - nobody blocks on something that does not exist any more;
 *   - everybody else comes to an end of its own, with errors from a short list;
 *   - at the end every frame, object, record and charge is back.
 *
 * kill.at kills each process that lives at the k-th step of the run; kill.every
 * kills somebody at every k-th step, all through it; k goes from 1 to 1,000. One run does a share of the
 * places, another one each day (KILL_OF=40, KILL_SHARE=the day); `make kill-sweep` does them all.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cap/transfer.h"
#include "kernel/check/check.h"
#include "kernel/objects/endpoint.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "tests/sim/kill_programs.h"

#define LAST_STEP 1000u
#define JOBS 2

bool kill_happened;

/* ---- the machine ------------------------------------------------------------------------------ */

static struct capos_manifest_seed_account account;
static struct capos_manifest_resource_profile profile;

static void seed_guest(struct capos_system_manifest *manifest)
{
    profile = (struct capos_manifest_resource_profile){ .name = capn_text_of("small"), .thread_limit = 3, .cap_limit = 40,
                                                        .ring_scratch_limit_bytes = 1u << 20 };
    account = (struct capos_manifest_seed_account){ .name = capn_text_of("guest"), .kind = CAPOS_PRINCIPAL_KIND_GUEST,
                                                    .resource_profile = capn_text_of("small"),
                                                    .principal_id = { (const uint8_t *)"gggggggggggggggggggggggggggggggg", 32 } };
    manifest->has_kernel_params = true;
    manifest->kernel_params.seed_accounts = capn_list_over(&account, 1, sizeof account);
    manifest->kernel_params.resource_profiles = capn_list_over(&profile, 1, sizeof profile);
}

static const struct sim_test machine = {
    .name = "kill", .init = first, .change = seed_guest,
    .grants = { { "process_spawner", NULL }, { "timer", NULL }, { "mail", "endpoint" }, { "session_manager", NULL }, { "authority_broker", NULL } },
    .programs = { { "server", server }, { "client", client }, { "holder", holder }, { "worker", worker }, { "guest", guest },
                  { "poster", poster } },
};
static const char *const victims[] = { "server", "client", "holder", "worker", "guest", "poster", "first" };
#define VICTIMS (sizeof victims / sizeof victims[0])

/* ---- what must hold right after ------------------------------------------------------------------- */

#define OBJECTS_MAX 2048

static struct {
    const struct object *object;
    uint32_t refs;
} counted[OBJECTS_MAX];
static uint32_t counted_len;

static void count_reference(const struct object *object)
{
    uint32_t i = 0;
    while (i < counted_len && counted[i].object != object)
        i++;
    CHECK(i < OBJECTS_MAX);
    if (i == counted_len)
        counted[counted_len++].object = object;
    counted[i].refs++;
}

static void count_call(const struct call *call)
{
    if (call->state == CALL_PENDING)
        count_reference(call->object);
    for (uint32_t i = 0; call->state == CALL_PENDING && call->transfers != NULL && i < call->transfers->length; i++)
        if (call->transfers->present[i])
            count_reference(call->transfers->entries[i].object);
}

/* One for each object that a process maps, however often. */
static void count_mappings(const struct aspace *as)
{
    for (uint32_t i = 0; i < as->regions.count; i++) {
        bool first_one = as->regions.entries[i].kind == REGION_OBJECT;
        for (uint32_t j = 0; j < i && first_one; j++)
            first_one = as->regions.entries[j].kind != REGION_OBJECT || as->regions.entries[j].tag != as->regions.entries[i].tag;
        uint64_t offset;
        if (first_one)
            count_reference(aspace_object_at(as, as->regions.entries[i].start, &offset));
    }
}

static void count_process(struct process *process)
{
    uint32_t cursor = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&process->table, &cursor, &row)) {
        count_reference(row.object);
        const struct endpoint_object *endpoint = endpoint_owned(row.object);
        for (const struct endpoint_facet *facet = endpoint == NULL ? NULL : endpoint->released; facet != NULL; facet = facet->next)
            count_reference(&facet->object);
    }
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        count_call(&process->calls.records[i]);
    for (uint32_t i = 0; i < PENDING_RECEIVES_MAX; i++)
        count_call(&process->calls.receives[i]);
    count_mappings(&process->aspace);
}

static void recount(void)
{
    uint32_t cursor = 0;
    counted_len = 0;
    memset(counted, 0, sizeof counted);
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        count_process(process);
    for (uint32_t i = 0; i < counted_len; i++)
        if (counted[i].object->refs != counted[i].refs) {
            harness_note("%s object %llu", counted[i].object->ops->label, (unsigned long long)counted[i].object->id);
            CHECK_EQ(counted[i].object->refs, counted[i].refs);
        }
    CHECK_EQ(object_live_count(), counted_len);
}

/* Does something under way in this record still have a reason to end some day? */
static bool can_end(const struct call *call, const struct thread *thread)
{
    if (call->state == CALL_FREE || call->thread != thread)
        return false;
    CHECK(call->state != CALL_RUNNING); /* between entries */
    if (call->state == CALL_PENDING && call->object->ops->is_live != NULL)
        CHECK(call->object->ops->is_live(call->object)); /* waits for what has gone */
    return true;
}

static void check_waiting(const struct process *process, const struct thread *thread)
{
    bool reason = thread->timer != TIMER_NONE || thread->park.waiter.queued || thread->state != THREAD_BLOCKED;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        reason |= can_end(&process->calls.records[i], thread);
    for (uint32_t i = 0; i < PENDING_RECEIVES_MAX; i++)
        reason |= can_end(&process->calls.receives[i], thread);
    if (!reason)
        harness_note("thread %u of `%.*s` blocks, and nothing can wake it", thread->tid, (int)process->name_len, process->name);
    CHECK(reason);
}

static void examine(void)
{
    uint32_t cursor = 0;
    CHECK(check_all(CHECK_FAILURES));
    recount();
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        for (const struct thread *thread = process->threads; thread != NULL && process->state == PROCESS_LIVE; thread = thread->next_in_process)
            check_waiting(process, thread);
}

/* ---- killing ------------------------------------------------------------------------------------ */

/* What one series of kills does. */
static struct plan {
    uint64_t seed;
    uint32_t cpus;
    uint32_t share, of; /* of all places, every `of`th, beginning with that one */
    const char *victim; /* or: this one only, at that step */
    uint32_t step;
    uint32_t every;     /* or: somebody at every so many steps, again and again; no fork */
} plan;

static struct {
    uint64_t killed;
    uint32_t failed_step; /* 0 = none */
    const char *failed_victim;
} *tally; /* shared with the machine's process */

static struct {
    pid_t pid; /* 0 = free */
    uint32_t which, step;
} jobs[JOBS];
static uint32_t step, places, examine_in;
static bool in_child;

static bool is_called(const struct process *process, const char *name)
{
    if (process->pid == 1)
        return strcmp(name, "first") == 0;
    return strlen(name) == process->name_len && memcmp(name, process->name, process->name_len) == 0;
}

static struct process *find_victim(const char *name)
{
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        if (process->state == PROCESS_LIVE && is_called(process, name))
            return process;
    return NULL;
}

static void end_process(void *process)
{
    process_end(process, EXIT_CODE_TERMINATED);
}

/*
 * By the entry of some CPU, which need not be the one that the victim runs on; or in the middle of one, as when a batch of
 * entries ends somebody and goes on: what comes next meets a process that is ending but still there.
 */
static void kill_now(struct process *victim)
{
    kill_happened = true;
    if (sim_random() % 3 == 0) {
        lock_acquire(&kernel.lock);
        end_process(victim);
        lock_release(&kernel.lock);
        machine_kick((uint32_t)(sim_random() % plan.cpus));
    } else {
        for (uint32_t cpu = (uint32_t)(sim_random() % plan.cpus), i = 0; i < plan.cpus; i++)
            if (sim_enter((cpu + i) % plan.cpus, end_process, victim))
                break;
    }
    examine();
    examine_in = 8; /* once more, when every CPU has let go of it */
}

static void await_one(void)
{
    int status;
    pid_t child = waitpid(-1, &status, 0);
    for (uint32_t i = 0; i < JOBS; i++) {
        if (child < 0 || jobs[i].pid != child)
            continue;
        jobs[i].pid = 0;
        if (tally->failed_step == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            tally->failed_step = jobs[i].step;
            tally->failed_victim = victims[jobs[i].which];
        }
    }
}

static uint32_t free_job(void)
{
    uint32_t i = 0;
    while (i < JOBS && jobs[i].pid != 0)
        i++;
    return i;
}

/* The machine goes on in a process of its own, without the victim. */
static void fork_and_kill(struct process *victim, uint32_t which)
{
    if (free_job() == JOBS)
        await_one();
    if (tally->failed_step != 0)
        return;
    tally->killed++;
    uint32_t job = free_job();
    jobs[job].which = which;
    jobs[job].step = step;
    jobs[job].pid = fork();
    if (jobs[job].pid != 0)
        return;
    in_child = true;
    kill_now(victim);
}

static bool is_chosen(uint32_t which)
{
    if (plan.victim != NULL)
        return strcmp(plan.victim, victims[which]) == 0 && step == plan.step;
    return places++ % plan.of == plan.share;
}

static void kill_somebody(void)
{
    for (uint32_t i = 0, at = (uint32_t)sim_random(); i < VICTIMS - 1; i++) { /* but the first process */
        struct process *victim = find_victim(victims[(at + i) % (VICTIMS - 1)]);
        if (victim == NULL)
            continue;
        tally->killed++;
        kill_now(victim);
        return;
    }
}

static void at_each_step(uint64_t faults_passed)
{
    (void)faults_passed;
    step++;
    if (examine_in > 0 && --examine_in == 0)
        examine();
    if (plan.every != 0) {
        if (find_victim("first") != NULL && step % plan.every == 0)
            kill_somebody();
        return;
    }
    for (uint32_t i = 0; i < VICTIMS && !in_child; i++) {
        struct process *victim = find_victim(victims[i]);
        if (victim != NULL && (step <= LAST_STEP || plan.victim != NULL) && is_chosen(i))
            fork_and_kill(victim, i);
    }
}

/* ---- runs ------------------------------------------------------------------------------------------- */

static void run_machine(void)
{
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    struct sim_config config = { .seed = plan.seed, .cpus = plan.cpus, .package = package, .before_step = at_each_step,
                                 .package_len = harness_package(&machine, package), .max_steps = 200000 };
    struct sim_result result = sim_run(&config);
    if (getenv("SIM_SHOW") != NULL)
        fprintf(stderr, "--- console\n%s\n--- verdict\n%s", result.console, result.verdict);
    if (result.end != SIM_OFF) {
        harness_note("the machine ended with %d after %llu steps:\n%s", (int)result.end, (unsigned long long)result.steps, result.verdict);
        harness_leave(1); /* somebody waits for ever */
    }
    harness_check_verdict(result.verdict);
    CHECK(kill_happened || result.steps > LAST_STEP);
    CHECK(strstr(result.verdict, "exit pid=1 code=0 ") != NULL || (kill_happened && strstr(result.verdict, "exit pid=1 code=-1 ") != NULL));
    while (!in_child && free_job() != 0)
        await_one();
}

static bool run_apart(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        run_machine();
        harness_leave(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && tally->failed_step == 0;
}

static bool kill_once_each(void)
{
    char reason[160];
    double since = harness_now();
    tally->failed_step = 0;
    tally->killed = 0;
    bool ok = run_apart();
    char variant[32];
    snprintf(variant, sizeof variant, ".at.cpus%u", plan.cpus);
    if (tally->failed_step != 0)
        snprintf(reason, sizeof reason, "repeat: KILL=%s:%u CPUS=%u SEED=%llu build/sim/kill", tally->failed_victim,
                 tally->failed_step, plan.cpus, (unsigned long long)plan.seed);
    else
        snprintf(reason, sizeof reason, "without a kill; SEED=%llu", (unsigned long long)plan.seed);
    ok = harness_report("kill", variant, ok && (plan.victim != NULL || tally->killed > 0), since, reason);
    printf("# %llu kills\n", (unsigned long long)tally->killed);
    fflush(stdout);
    return ok;
}

static bool kill_all_the_time(uint32_t first_one, uint32_t of, uint32_t last)
{
    char reason[160] = "nobody was killed", variant[32];
    double since = harness_now();
    bool ok = true;
    tally->failed_step = 0;
    tally->killed = 0;
    for (plan.every = first_one == 0 ? of : first_one; plan.every <= last && ok; plan.every += of) {
        ok = run_apart();
        if (!ok)
            snprintf(reason, sizeof reason, "repeat: KILL=every:%u CPUS=%u SEED=%llu build/sim/kill", plan.every, plan.cpus,
                     (unsigned long long)plan.seed);
    }
    plan.every = 0;
    snprintf(variant, sizeof variant, ".every.cpus%u", plan.cpus);
    ok = harness_report("kill", variant, ok && tally->killed > 0, since, reason);
    printf("# %llu kills\n", (unsigned long long)tally->killed);
    fflush(stdout);
    return ok;
}

static uint32_t number_of(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 0);
}

/* KILL=victim:step or KILL=every:k, as a failure prints it. */
static bool repeat(const char *what)
{
    const char *colon = strchr(what, ':');
    uint32_t number = colon == NULL ? 0 : (uint32_t)strtoul(colon + 1, NULL, 0);
    if (strncmp(what, "every:", 6) == 0)
        return kill_all_the_time(number, 1, number);
    for (uint32_t i = 0; i < VICTIMS; i++)
        if (colon != NULL && strlen(victims[i]) == (size_t)(colon - what) && memcmp(victims[i], what, strlen(victims[i])) == 0)
            plan.victim = victims[i];
    plan.step = number;
    return plan.victim != NULL && kill_once_each();
}

int main(int argc, char **argv)
{
    static const uint32_t cpu_counts[] = { 1, 2, 4 };
    bool all = true;
    uint32_t day = argc < 2 ? (uint32_t)(time(NULL) / 86400) : 3, of = number_of("KILL_OF", argc < 2 ? 40 : 120);
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED)
        abort();
    plan = (struct plan){ .seed = harness_seed(), .cpus = number_of("CPUS", 1), .of = of, .share = number_of("KILL_SHARE", day) % of };
    if (getenv("KILL") != NULL)
        return repeat(getenv("KILL")) ? 0 : 1;
    for (uint32_t i = 0; i < 3; i++) {
        plan.cpus = cpu_counts[i];
        if (argc < 2 || strstr("kill.at", argv[1]) != NULL)
            all &= kill_once_each();
        if (argc < 2 || strstr("kill.every", argv[1]) != NULL)
            all &= kill_all_the_time(plan.share, of, LAST_STEP);
    }
    return all ? 0 : 1;
}
