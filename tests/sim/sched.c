/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads and time: nobody starves beside programs that never give way,
 * sleepers wake in the order of their deadlines, and a machine whose first
 * process ends takes all others with it.
 */
#include <string.h>

#include "guest.h"
#include "harness.h"

static struct capos_client spawn(struct capos_client *spawner, const char *binary, const struct capos_cap_grant *grant)
{
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(binary), .binary_name = capn_text_of(binary),
                                                     .grants = capn_list_over(grant, grant != NULL, sizeof *grant) };
    struct capos_process_spawner_spawn_results got;
    enum capos_status status = capos_process_spawner_spawn(spawner, &in, &got);
    if (status == CAPOS_EXCEPTION)
        harness_note("spawn: %.*s", (int)spawner->exception.len, spawner->exception.text);
    EXPECT(status == CAPOS_OK);
    return guest_take_cap(got.handle_index);
}

static int64_t exit_code_of(struct capos_client *handle)
{
    struct capos_process_handle_wait_results got = {0};
    EXPECT(capos_process_handle_wait(handle, NULL, &got) == CAPOS_OK);
    return got.exit_code;
}

static int64_t spins(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    while (guest.pid != 0)
        sim_pause();
    return 0;
}

/* Alternates between work and short sleeps. */
static int64_t works(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client timer = guest_open("timer");
    for (int i = 0; i < 20; i++) {
        EXPECT(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 }, NULL) == CAPOS_OK);
        for (int j = 0; j < 10; j++)
            sim_pause();
    }
    return 5;
}

/* More programs that never give way than there are CPUs, and two that must still finish. */
static int64_t nobody_starves(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    struct capos_client spinners[6];
    guest_start(&guest, ring, pid, capset);
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant timer = { .name = capn_text_of("timer"), .interface_id = CAPOS_TIMER_INTERFACE_ID,
                                     .has_source = true, .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL,
                                                 .kernel = CAPOS_KERNEL_CAP_SOURCE_TIMER } };
    for (int i = 0; i < 6; i++)
        spinners[i] = spawn(&spawner, "spins", NULL);
    struct capos_client a = spawn(&spawner, "works", &timer);
    struct capos_client b = spawn(&spawner, "works", &timer);
    CHECK_EQ(exit_code_of(&a), 5);
    CHECK_EQ(exit_code_of(&b), 5);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(capos_process_handle_terminate(&spinners[i], NULL, NULL), CAPOS_OK);
        CHECK_EQ(exit_code_of(&spinners[i]), EXIT_CODE_TERMINATED);
    }
    return 0;
}

static int64_t sleepers(uint64_t ring, uint64_t pid, uint64_t capset)
{
    static const uint64_t ms[8] = { 40, 10, 30, 10, 80, 5, 30, 60 };
    static const uint64_t order[8] = { 5, 1, 3, 2, 6, 0, 7, 4 };
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client timer = guest_open("timer");
    uint64_t first = 0;
    for (uint64_t i = 0; i < 8; i++) {
        struct capos_timer_sleep_params in = { .duration_ns = ms[i] * 1000000 };
        uint32_t len = guest_encode(&capos_timer_sleep_method, &in);
        uint64_t id = guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
        first = i == 0 ? id : first;
        CHECK_EQ(guest_enter(0, 0), 0);
    }
    CHECK_EQ(guest_enter(8, UINT64_MAX), 8);
    for (int i = 0; i < 8; i++) {
        struct ring_cqe cqe;
        CHECK(guest_take(&cqe));
        CHECK_EQ(cqe.user_data - first, order[i]);
    }
    return 0;
}

static int64_t leaves_children(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    guest_start(&guest, ring, pid, capset);
    struct capos_client spawner = guest_open("process_spawner");
    for (int i = 0; i < 5; i++)
        (void)spawn(&spawner, "spins", NULL);
    for (int i = 0; i < 20; i++)
        sim_pause();
    return 3;
}

static const struct sim_test tests[] = {
    { .name = "nobody-starves", .init = nobody_starves, .grants = { { "process_spawner", NULL } },
      .programs = { { "spins", spins }, { "works", works } } },
    { .name = "sleepers", .init = sleepers, .grants = { { "timer", NULL } } },
    { .name = "leaves-children", .init = leaves_children, .grants = { { "process_spawner", NULL } },
      .programs = { { "spins", spins } }, .exit_code = 3 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
