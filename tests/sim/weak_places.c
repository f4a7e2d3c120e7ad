/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Places where automatic mutants of the kernel survived: refusals of a full
 * region list, a woken thread on another processor, the lines of a fault,
 * what the monitor says of processors.
 */
#include "abi/limits.h"
#include "kernel/proc/process.h"
#include "kernel/state.h"
#include "tests/sim/thread_kit.h"

#define AREA 0x200000000ull
#define FILLER 0x300000000ull
#define FOREVER UINT64_MAX
#define WORD (GUEST_SPARE + 0)

static bool overloaded(const struct capos_client *client, enum capos_status status)
{
    return status == CAPOS_EXCEPTION && client->exception.type == CAP_EXCEPTION_OVERLOADED;
}

static bool writable(uint64_t va)
{
    return sim_user(va, PAGE_SIZE, true) != NULL;
}

static enum capos_status vm_protect(struct capos_client *vm, uint64_t va, uint32_t prot)
{
    struct capos_virtual_memory_protect_params in = { .addr = va, .size = PAGE_SIZE, .prot = prot };
    return capos_virtual_memory_protect(vm, &in, NULL);
}

static enum capos_status vm_reserve(struct capos_client *vm, uint64_t va)
{
    struct capos_virtual_memory_reserve_params in = { .hint = va, .size = PAGE_SIZE };
    return capos_virtual_memory_reserve(vm, &in, &(struct capos_virtual_memory_reserve_results){ 0 });
}

static enum capos_status vm_unmap(struct capos_client *vm, uint64_t va)
{
    return capos_virtual_memory_unmap(vm, &(struct capos_virtual_memory_unmap_params){ .addr = va, .size = PAGE_SIZE }, NULL);
}

/* Four pages of an object at AREA, four of its own memory behind a gap. */
static struct capos_client map_both(struct capos_client *vm)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    CHECK_EQ(capos_frame_allocator_alloc_contiguous(
                 &allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 4 }, &got), CAPOS_OK);
    struct capos_client object = guest_take_cap(got.handle_index);
    struct capos_memory_object_map_params map = { .hint = AREA, .size = 4 * PAGE_SIZE, .prot = 3 };
    CHECK_EQ(capos_memory_object_map(&object, &map, &(struct capos_memory_object_map_results){ 0 }), CAPOS_OK);
    struct capos_virtual_memory_map_params own = { .hint = AREA + 8 * PAGE_SIZE, .size = 4 * PAGE_SIZE, .prot = 3 };
    CHECK_EQ(capos_virtual_memory_map(vm, &own, &(struct capos_virtual_memory_map_results){ 0 }), CAPOS_OK);
    return object;
}

/* What needs an entry in the full list is refused and changes nothing: neither pages nor what is known of them. */
PROGRAM(full_list)
{
    struct capos_client vm = guest_open("virtual_memory"), object = map_both(&vm);
    uint64_t count = 0, inside = AREA + PAGE_SIZE, own = AREA + 9 * PAGE_SIZE;
    while (count < 1000 && vm_reserve(&vm, FILLER + count * 2 * PAGE_SIZE) == CAPOS_OK)
        count++;
    struct capos_memory_object_protect_params protect = { .addr = inside, .size = PAGE_SIZE, .prot = 1 };
    struct capos_memory_object_unmap_params unmap = { .addr = inside, .size = PAGE_SIZE };
    CHECK(overloaded(&object, capos_memory_object_protect(&object, &protect, NULL)));
    CHECK(writable(inside));
    CHECK(overloaded(&object, capos_memory_object_unmap(&object, &unmap, NULL)));
    CHECK(writable(inside));
    CHECK(overloaded(&vm, vm_unmap(&vm, own)));
    CHECK(writable(own));
    for (uint64_t i = 0; i < 4; i++)
        CHECK_EQ(vm_unmap(&vm, FILLER + i * 2 * PAGE_SIZE), CAPOS_OK);
    CHECK_EQ(capos_memory_object_protect(&object, &protect, NULL), CAPOS_OK);
    CHECK(!writable(inside) && writable(AREA) && writable(inside + PAGE_SIZE));
    CHECK_EQ(vm_protect(&vm, own, 1), CAPOS_OK);
    CHECK(!writable(own) && writable(own - PAGE_SIZE) && writable(own + PAGE_SIZE));
}

/* ---- a woken thread runs where there is nothing to do, also when who woke it does not stop ------------------------- */

static volatile uint32_t parked, has_run;

THREAD(sleeper)
{
    (void)arg;
    parked = 1;
    CHECK_EQ(kit_park(WORD, 0, FOREVER), 0);
    has_run = 1;
}

PROGRAM(wakes_and_spins)
{
    kit_map_thread_area();
    struct capos_client handle = kit_thread(sleeper, 0);
    while (parked == 0 || kernel.parks.count != 1)
        sim_pause();
    for (uint32_t i = 0; i < 200; i++)
        sim_pause(); /* the other processor has nothing left to do */
    CHECK_EQ(kit_unpark(WORD, 1), 1);
    for (uint32_t i = 0; i < 20000 && has_run == 0; i++)
        sim_pause();
    CHECK_EQ(has_run, 1);
    CHECK_EQ(kit_join(&handle), 0);
}

/* ---- what a fault leaves on the console and in the verdict ---------------------------------------------------------- */

PROGRAM(faults_at_once)
{
    sim_fault(0xdead000, true);
}

PROGRAM(faults_after_a_call)
{
    struct capos_client timer = guest_open("timer");
    CHECK_EQ(capos_timer_now(&timer, NULL, &(struct capos_timer_now_results){ 0 }), CAPOS_OK);
    sim_fault(0xbeef008, false);
}

PROGRAM(faults_in_a_call)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_sleep_params in = { .duration_ns = 1000000000 };
    guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &in)));
    CHECK_EQ(guest_enter(0, 0), 0);
    sim_fault(0xbeef008, false);
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fprintf(stderr, "missing: %s\nin:\n%s\n", part, text);
    CHECK(strstr(text, part) != NULL);
}

static void judge_at_once(const struct sim_result *result)
{
    expect_in(result->console, "[fault] pid=1 first: page fault (write) at 0xdead000\n");
    expect_in(result->console, "[fault] pid=1 thread 1, rip 0x");
    expect_in(result->console, "[fault] pid=1 no capability was called yet\n");
    expect_in(result->console, "[diag] pid=1 class=fault code=0 page fault\n");
    expect_in(result->verdict, "fault pid=1 vector=");
    expect_in(result->verdict, " address=0xdead000 rip=0x");
}

static void judge_after_a_call(const struct sim_result *result)
{
    expect_in(result->console, "[fault] pid=1 first: page fault (read) at 0xbeef008\n");
    expect_in(result->console, "[fault] pid=1 last capability call: Timer.now (answered)\n");
}

static void judge_in_a_call(const struct sim_result *result)
{
    expect_in(result->console, "[fault] pid=1 last capability call: Timer.sleep (not answered yet)\n");
}

/* ---- processors ------------------------------------------------------------------------------------------------------- */

PROGRAM(asks_about_processors)
{
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_cpus_results got;
    uint32_t running = 0;
    CHECK_EQ(capos_system_monitor_cpus(&monitor, NULL, &got), CAPOS_OK);
    CHECK_EQ(capn_list_len(&got.records), machine_cpu_count());
    for (uint32_t i = 0; i < machine_cpu_count(); i++) {
        struct capos_cpu_record record;
        CHECK_EQ(capos_cpu_record_list_get(&got.records, i, &record), CAPN_OK);
        CHECK_EQ(record.cpu, i);
        CHECK_EQ(record.online, kernel.cpus[i].online);
        CHECK(record.current_pid <= 1 && (record.online || record.busy_ns == 0));
        CHECK(record.idle_ns + record.busy_ns <= machine_now_ns());
        running += record.current_pid;
    }
    CHECK_EQ(running, 1); /* who asks */
}

/* ---- what the end of a process and of the machine leaves in the verdict ------------------------------------------------ */

PROGRAM(child)
{
    kit_ring_works();
}

PROGRAM(has_a_child)
{
    struct kit_child one = kit_spawn("child", NULL, 0);
    CHECK_EQ(kit_wait(&one), 0);
}

/* Every line is there: harness_check_verdict looks at those that are. */
static void judge_lines(const struct sim_result *result)
{
    static const char ledger[] = " caps=0 calls=0 scratch=0 frames=0 vres=0 tables=0 image=0\n";
    char line[160];
    expect_in(result->console, "capOS: ready after ");
    expect_in(result->console, ", processors: ");
    expect_in(result->verdict, "capos-verdict 1\n");
    expect_in(result->verdict, "init pid=1 name=first\n");
    expect_in(result->verdict, "exit pid=2 code=0 ");
    expect_in(result->verdict, "exit pid=1 code=0 ");
    for (int pid = 1; pid <= 2; pid++) {
        snprintf(line, sizeof line, "ledger pid=%d%s", pid, ledger);
        expect_in(result->verdict, line);
        snprintf(line, sizeof line, "[quota] pid=%d exit ledger caps=0 calls=0 scratch=0 frames=0 vres=0\n", pid);
        expect_in(result->console, line);
    }
    expect_in(result->verdict, "check page-tables ok\ncheck user-tables ok\ncheck ledgers ok\ncheck processes ok\ncheck parks ok\nframes free=");
}

/* With capos.check=1 the examination at a process's end tells what is wrong then, though it is right again later. */
PROGRAM(wrong_for_a_while)
{
    struct cap_ledger_pair *calls = &process_find(1)->table.ledger.pairs[CAP_RESOURCE_OUTSTANDING_CALLS];
    struct kit_child one = kit_spawn("child", NULL, 0);
    calls->used++;
    CHECK_EQ(kit_wait(&one), 0);
    calls->used--;
}

static void judge_wrong(const struct sim_result *result)
{
    expect_in(result->verdict, "check ledgers outstanding calls do not match their ledger of pid 1\n");
    expect_in(result->verdict, "check ledgers ok\n");
}

static const struct sim_test tests[] = {
    { .name = "full-region-list", .init = full_list, .grants = { { "virtual_memory", NULL }, { "frame_allocator", NULL } } },
    { .name = "woken-elsewhere", .init = wakes_and_spins, .grants = { { "park_space", NULL }, THREAD_GRANTS }, .only_cpus = 2, .seeds = 8 },
    { .name = "fault-lines", .init = faults_at_once, .exit_code = EXIT_CODE_FAULT, .judge = judge_at_once },
    { .name = "fault-lines-after-call", .init = faults_after_a_call, .grants = { { "timer", NULL } }, .exit_code = EXIT_CODE_FAULT,
      .judge = judge_after_a_call },
    { .name = "fault-lines-in-call", .init = faults_in_a_call, .grants = { { "timer", NULL } }, .exit_code = EXIT_CODE_FAULT,
      .judge = judge_in_a_call },
    { .name = "lines-of-the-end", .init = has_a_child, .grants = { { "process_spawner", NULL } }, .programs = { { "child", child } },
      .cmdline = "capos.quota=1", .judge = judge_lines },
    { .name = "checked-at-an-end", .init = wrong_for_a_while, .grants = { { "process_spawner", NULL } },
      .programs = { { "child", child } }, .cmdline = "quiet capos.check=1", .broken = true, .judge = judge_wrong },
    { .name = "monitor-cpus", .init = asks_about_processors, .grants = { { "system_monitor", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
