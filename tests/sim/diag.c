/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Diagnostics of the whole kernel: what is printed and counted adds up to what was done wrong, whoever does it, however
 * it ends; when a count is told; what a profile's byte budget holds back.
 */
#include "core/diag/diag.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

#define NOBODYS 0x12345u
#define PIDS 8u

/* ---- what the console tells ------------------------------------------------------------------ */

static uint64_t done[PIDS]; /* by the programs, by their pids */

struct told {
    uint64_t lines, counted;
};

/* Of the lines that contain ` KEY `. */
static struct told told_of(const char *console, const char *key)
{
    struct told told = { 0 };
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s ", key);
    for (const char *at = console; (at = strstr(at, "[diag] ")) != NULL; at += 7) {
        unsigned long long number = 0;
        const char *end = strchr(at, '\n'), *found = strstr(at, wanted);
        CHECK(end != NULL && end - at < (int)DIAG_LINE_BYTES);
        if (found == NULL || found > end)
            continue;
        if (sscanf(at, "[diag] suppressed=%llu ", &number) == 1)
            told.counted += number;
        else
            told.lines++;
    }
    return told;
}

static uint64_t sum_of(const char *console, const char *key)
{
    struct told told = told_of(console, key);
    return told.lines + told.counted;
}

static void adds_up(const struct sim_result *result)
{
    uint64_t all = 0;
    for (uint32_t pid = 1; pid < PIDS; pid++) {
        char key[32];
        snprintf(key, sizeof key, "pid=%u", pid);
        CHECK_EQ(sum_of(result->console, key), done[pid]);
        all += done[pid];
    }
    CHECK_EQ(sum_of(result->console, ""), all);
}

/* ---- doing wrong -------------------------------------------------------------------------------- */

static void wrong(struct ring_sqe sqe, int32_t wanted)
{
    CHECK_EQ(guest_run(sqe).result, wanted);
    done[((struct guest *)*sim_local())->pid]++;
}

static void malformed(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        wrong((struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1 }, CAP_ERR_INVALID_REQUEST);
}

static void sleep_ms(uint64_t ms)
{
    struct capos_client timer = guest_open("timer");
    EXPECT(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = ms * 1000000 }, NULL) == CAPOS_OK);
}

static void say(const char *text)
{
    struct capos_client console = guest_open("console");
    EXPECT(capos_console_write_line(&console, &(struct capos_console_write_line_params){ .text = capn_text_of(text) }, NULL) == CAPOS_OK);
}

static void one_wrong_thing(void)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = guest_open("console").cap_id };
    switch (sim_random() % 8) {
    case 0:
        malformed(1);
        break;
    case 1:
        wrong((struct ring_sqe){ .opcode = RING_OP_FINISH }, CAP_ERR_UNSUPPORTED_OPCODE);
        break;
    case 2:
        wrong((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = NOBODYS }, CAP_ERR_INVOKE_FAILED);
        break;
    case 3:
        wrong((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = NOBODYS }, CAP_ERR_INVALID_REQUEST);
        break;
    case 4:
        call.addr = 0x100000;
        call.len = 8;
        wrong(call, CAP_ERR_INVALID_PARAMS_BUFFER);
        break;
    case 5:
        call.result_addr = 0x100000;
        call.result_len = 8;
        wrong(call, CAP_ERR_INVALID_RESULT_BUFFER);
        break;
    case 6:
        call.addr = GUEST_PARAMS;
        call.xfer_cap_count = 1;
        wrong(call, CAP_ERR_TRANSFER_NOT_SUPPORTED);
        break;
    default:
        kit_ring_works();
        sleep_ms(sim_random() % 400);
        break;
    }
}

PROGRAM(goes_wrong)
{
    for (uint32_t i = 0; i < 150; i++)
        one_wrong_thing();
}

PROGRAM(all_go_wrong)
{
    struct capos_cap_grant grants[] = { CONSOLE_GRANT("console"), TIMER_GRANT("timer") };
    struct kit_child children[4];
    for (uint32_t i = 0; i < 4; i++)
        children[i] = kit_spawn("goes_wrong", grants, 2);
    for (uint32_t i = 0; i < 20; i++)
        one_wrong_thing();
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(kit_wait(&children[i]) == 0);
    (void)capos_process_handle_terminate(&children[3].handle, NULL, NULL); /* in the middle of it, or after its end */
}

/* ---- when it is told ------------------------------------------------------------------------------ */

/* LA-09: eight lines; the rest within a second or two, while the process goes on. */
PROGRAM(told_by_the_tick)
{
    malformed(64);
    sleep_ms(2100);
    say("later");
    malformed(10);
    say("last");
    sleep_ms(10);
}

static void tick_told(const struct sim_result *result)
{
    static char before[8192];
    const char *later = strstr(result->console, "later\n");
    adds_up(result);
    CHECK(later != NULL && (size_t)(later - result->console) < sizeof before);
    memcpy(before, result->console, (size_t)(later - result->console));
    struct told told = told_of(before, "pid=1 class=sqe-invalid code=-1");
    CHECK_EQ(told.lines + told.counted, 64);
    CHECK(told.lines >= 8 && told.counted > 0);
    CHECK(strstr(before, "user_data=0x1: invalid request\n") != NULL);
}

PROGRAM(switches_off)
{
    struct capos_client power = guest_open("power_control");
    malformed(40);
    (void)capos_power_control_power_off(&power, &(struct capos_power_control_power_off_params){ 0 }, NULL);
}

PROGRAM(panics)
{
    malformed(40);
    kernel.cpus[0].current = NULL;
}

/* After what it panicked about, and every count. */
static void told_in_panic(const struct sim_result *result)
{
    const char *panic = strstr(result->console, "PANIC: ");
    const char *count = strstr(result->console, "[diag] suppressed=");
    adds_up(result);
    CHECK(panic != NULL && count != NULL);
}

/* ---- what is told by others than the dispatcher ------------------------------------------------------ */

/* Completions that come later: a receive too small for its message, an answer too large for its caller. */
PROGRAM(late_ones)
{
    uint32_t ep = guest_find("ep")->cap_id;
    struct ring_sqe small = ep_recv_sqe(ep);
    small.result_len = sizeof(struct endpoint_message);
    uint64_t receive = ep_start(small);
    struct ring_sqe call = ep_call_sqe(ep, 1, "four", 4);
    call.result_len = 2;
    uint64_t sent = ep_start(call);
    CHECK_EQ(ep_await(receive).result, CAP_ERR_INVALID_RESULT_BUFFER);
    struct ring_cqe got = ep_run(ep_recv_sqe(ep));
    CHECK_EQ(ep_run(ep_return_sqe(ep, got.call_id, "long", 4)).result, CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(ep_await(sent).result, CAP_ERR_INVALID_RESULT_BUFFER);
    done[1] += 3;
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = ep, .call_id = 77 }).result, CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = ep, .pipeline_dep = 77 }).result, CAP_ERR_INVALID_REQUEST);
    done[1] += 2;
}

static void late_told(const struct sim_result *result)
{
    adds_up(result);
    CHECK_EQ(told_of(result->console, "pid=1 class=user-buffer code=-3 RECV").lines, 1);
    CHECK_EQ(told_of(result->console, "pid=1 class=user-buffer code=-3 CALL").lines, 1);
    CHECK_EQ(told_of(result->console, "pid=1 class=user-buffer code=-3 RETURN").lines, 1);
    CHECK_EQ(told_of(result->console, "pid=1 class=endpoint code=-4 RETURN").lines, 1);
    CHECK_EQ(told_of(result->console, "pid=1 class=endpoint code=-1 CANCEL").lines, 1);
}

PROGRAM(sleeps_long)
{
    sleep_ms(500);
}

/* A reply whose place has been unmapped while the call waited. */
PROGRAM(waited)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_results at = { 0 };
    EXPECT(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .size = PAGE_SIZE, .prot = 3 }, &at) == CAPOS_OK);
    struct capos_cap_grant grants[] = { TIMER_GRANT("timer") };
    struct kit_child child = kit_spawn("sleeps_long", grants, 1);
    struct ring_sqe wait = guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0);
    wait.result_addr = at.addr;
    wait.result_len = PAGE_SIZE;
    uint64_t id = ep_start(wait);
    EXPECT(capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){ .addr = at.addr, .size = PAGE_SIZE }, NULL) == CAPOS_OK);
    CHECK_EQ(ep_await(id).result, CAP_ERR_INVALID_RESULT_BUFFER);
    done[1]++;
}

/* A message buffer that the ledger refuses, told as an exception where there is room for one and with -4 elsewhere. */
static void tiny_ledger(void)
{
    process_ledger(process_find(1))->pairs[CAP_RESOURCE_SCRATCH_BYTES].max = 4000;
}

PROGRAM(no_scratch)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = guest_find("console")->cap_id, .addr = GUEST_PARAMS, .len = 5000,
                             .result_addr = GUEST_RESULTS, .result_len = 200 };
    wrong(call, CAP_ERR_APPLICATION_EXCEPTION);
    call.result_len = 16;
    wrong(call, CAP_ERR_INVOKE_FAILED);
    call.len = 0;
    call.method_id = 99; /* an exception like any: no event */
    CHECK_EQ(guest_run(call).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
}

static void no_scratch_told(const struct sim_result *result)
{
    adds_up(result);
    CHECK_EQ(told_of(result->console, "pid=1 class=quota code=-9 CALL").lines, 1);
    CHECK_EQ(told_of(result->console, "pid=1 class=quota code=-4 CALL").lines, 1);
}

/* ---- budgets ---------------------------------------------------------------------------------------- */

static void two_lines_a_second(void)
{
    process_find(1)->profile.log_bytes = 2 * 74; /* of 74 bytes with their LF */
}

PROGRAM(few_bytes)
{
    malformed(9); /* user_data of one digit */
}

static void few_told(const struct sim_result *result)
{
    adds_up(result);
    CHECK_EQ(told_of(result->console, "pid=1").lines, 2);
}

static struct capos_manifest_seed_account accounts[1];
static struct capos_manifest_resource_profile profiles[1];

static void seed_silent_guests(struct capos_system_manifest *manifest)
{
    profiles[0] = (struct capos_manifest_resource_profile){ .name = capn_text_of("silent"), .log_quota_bytes_per_window = 1 };
    accounts[0] = (struct capos_manifest_seed_account){
        .name = capn_text_of("guest"), .principal_id = { (const uint8_t *)"gggggggggggggggggggggggggggggggg", 32 },
        .kind = CAPOS_PRINCIPAL_KIND_GUEST, .display_name = capn_text_of("Guest"), .resource_profile = capn_text_of("silent") };
    manifest->has_kernel_params = true;
    manifest->kernel_params.seed_accounts = capn_list_over(accounts, 1, sizeof accounts[0]);
    manifest->kernel_params.resource_profiles = capn_list_over(profiles, 1, sizeof profiles[0]);
}

PROGRAM(malformed_three)
{
    malformed(3);
}

/* A profile of the manifest reaches who is started under it; logQuotaBytesPerWindow 1: not a single line. */
PROGRAM(launches_silent)
{
    struct capos_client manager = guest_open("session_manager"), broker = guest_open("authority_broker");
    struct capos_session_manager_guest_results session = { 0 };
    struct capos_authority_broker_shell_bundle_results bundle = { 0 };
    struct capos_restricted_launcher_spawn_results launched = { 0 };
    EXPECT(capos_session_manager_guest(&manager, NULL, &session) == CAPOS_OK);
    struct capos_authority_broker_shell_bundle_params who = { .session_cap_id = guest_take_cap(session.session_index).cap_id,
                                                              .profile = capn_text_of("guest") };
    EXPECT(capos_authority_broker_shell_bundle(&broker, &who, &bundle) == CAPOS_OK);
    struct capos_client launcher = guest_take_cap(bundle.launcher_index);
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of("x"), .binary_name = capn_text_of("malformed_three") };
    EXPECT(capos_restricted_launcher_spawn(&launcher, &in, &launched) == CAPOS_OK);
    struct kit_child child = { .handle = guest_take_cap(launched.handle_index) };
    EXPECT(kit_wait(&child) == 0);
    in.binary_name = capn_text_of("nothing");
    CHECK_EQ(capos_restricted_launcher_spawn(&launcher, &in, &launched), CAPOS_EXCEPTION);
    done[1]++;
}

static void silent_told(const struct sim_result *result)
{
    adds_up(result);
    CHECK_EQ(told_of(result->console, "pid=2").lines, 0);
    CHECK_EQ(told_of(result->console, "pid=1 class=spawn code=-9 CALL").lines, 1);
}

/* ---- ends --------------------------------------------------------------------------------------------- */

/* LA-06: a fault's report comes whatever was said before. */
PROGRAM(talks_and_faults)
{
    for (uint32_t i = 0; i < 40; i++) {
        malformed(1);
        wrong((struct ring_sqe){ .opcode = RING_OP_FINISH }, CAP_ERR_UNSUPPORTED_OPCODE);
        wrong((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = NOBODYS }, CAP_ERR_INVALID_REQUEST);
        wrong((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = NOBODYS }, CAP_ERR_INVOKE_FAILED);
    }
    done[1]++; /* the fault itself */
    sim_fault(0x123456, true);
}

/* Eight keys of another process take every token; what this one does wrong is told at its end all the same. */
PROGRAM(noisy)
{
    for (uint32_t i = 0; i < 40; i++)
        for (uint32_t kind = 0; kind < 2; kind++)
            one_wrong_thing();
}

PROGRAM(malformed_many)
{
    malformed(20);
}

PROGRAM(heard_at_the_end)
{
    struct capos_cap_grant grants[] = { CONSOLE_GRANT("console"), TIMER_GRANT("timer") };
    struct kit_child noise = kit_spawn("noisy", grants, 2), child = kit_spawn("malformed_many", NULL, 0);
    EXPECT(kit_wait(&child) == 0);
    say("gone");
    EXPECT(kit_wait(&noise) == 0);
}

static void heard(const struct sim_result *result)
{
    static char before[16384];
    const char *gone = strstr(result->console, "gone\n");
    adds_up(result);
    CHECK(gone != NULL && (size_t)(gone - result->console) < sizeof before);
    memcpy(before, result->console, (size_t)(gone - result->console));
    CHECK_EQ(sum_of(before, "pid=3"), 20);
}

static void refuse_manifest(struct capos_system_manifest *manifest)
{
    manifest->schema_version = 7;
}

PROGRAM(never_runs)
{
}

/* ---- the ring ----------------------------------------------------------------------------------------- */

PROGRAM(spoiled_ring)
{
    struct ring_header *header = &((struct guest *)*sim_local())->page->header;
    header->sq_tail += 40;
    (void)guest_enter(0, 0);
    done[1]++;
    uint32_t head = header->cq_head;
    header->cq_head = head + 1;
    CHECK_EQ(guest_enter(0, 0), RING_CQ_ENTRIES);
    done[1]++;
    header->cq_head = head;
    kit_ring_works();
}

static void spoiled_told(const struct sim_result *result)
{
    CHECK(sum_of(result->console, "pid=1 class=ring-corrupt code=0") >= 2); /* a timer's interrupt may see it too */
}

#define CLOCKED { "console", NULL }, { "timer", NULL }

static const struct sim_test tests[] = {
    { .name = "diag-adds-up", .init = all_go_wrong, .programs = { { "goes_wrong", goes_wrong } }, .seeds = 10,
      .grants = { CLOCKED, { "process_spawner", NULL } }, .judge = adds_up },
    { .name = "diag-tick", .init = told_by_the_tick, .grants = { CLOCKED }, .judge = tick_told, .seeds = 5 },
    { .name = "diag-power-off", .init = switches_off, .grants = { { "power_control", NULL } }, .never_exits = true, .judge = adds_up },
    { .name = "diag-panic", .init = panics, .never_exits = true, .end = SIM_PANIC, .broken = true, .only_cpus = 1, .judge = told_in_panic },
    { .name = "diag-late", .init = late_ones, .grants = { { "ep", "endpoint" } }, .judge = late_told },
    { .name = "diag-waited", .init = waited, .programs = { { "sleeps_long", sleeps_long } }, .judge = adds_up,
      .grants = { { "process_spawner", NULL }, { "virtual_memory", NULL } } },
    { .name = "diag-no-scratch", .init = no_scratch, .grants = { { "console", NULL } }, .after_boot = tiny_ledger, .judge = no_scratch_told },
    { .name = "diag-few-bytes", .init = few_bytes, .after_boot = two_lines_a_second, .judge = few_told },
    { .name = "diag-silent-profile", .init = launches_silent, .programs = { { "malformed_three", malformed_three } },
      .grants = { { "session_manager", NULL }, { "authority_broker", NULL } }, .change = seed_silent_guests, .judge = silent_told },
    { .name = "diag-fault", .init = talks_and_faults, .exit_code = EXIT_CODE_FAULT, .console = "[fault] pid=1 thread 1, rip", .judge = adds_up },
    { .name = "diag-heard", .init = heard_at_the_end, .programs = { { "noisy", noisy }, { "malformed_many", malformed_many } },
      .grants = { CLOCKED, { "process_spawner", NULL } }, .judge = heard, .seeds = 5 },
    { .name = "diag-manifest", .init = never_runs, .change = refuse_manifest, .never_exits = true, .broken = true, .only_cpus = 1,
      .console = "[diag] pid=0 class=manifest code=0 " },
    { .name = "diag-ring", .init = spoiled_ring, .judge = spoiled_told, .seeds = 5 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
