/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* ProcessHandle: one wait at a time, terminate in every state, handles released early, children that outlive theirs. */
#include "check.h"

static void sleep_for_ever(void)
{
    struct capos_completion never;
    capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
}

static int child(void)
{
    if (task_is("spin"))
        for (;;)
            __asm__ volatile("pause");
    if (task_is("sleep"))
        sleep_for_ever();
    struct capos_client timer = granted("do:late", CAPOS_TIMER_INTERFACE_ID);
    sleep_ns(&timer, 30000000);
    return 77;
}

static void check_second_wait(void)
{
    static struct capos_process process;
    int64_t code;
    if (!spawn_task("lifecycle", "sleep", NULL, 0, &process))
        return;
    check(capos_process_wait(&process, 0, &code) == CAPOS_TIMED_OUT, "the child still runs");
    struct capos_process_handle_wait_results got;
    struct capos_client handle = capos_client_for(process.handle.cap_id, process.handle.interface_id);
    check_exception(capos_process_handle_wait(&handle, NULL, &got), &handle, CAP_EXCEPTION_OVERLOADED,
                    "process wait already registered", "second wait");
    check(capos_process_terminate(&process) == CAPOS_OK, "terminate");
    check(exit_code_of(&process) == EXIT_CODE_TERMINATED, "the code of a terminated process");
}

static void check_terminate(void)
{
    static const char *const tasks[] = { "spin", "sleep", "late" };
    for (size_t i = 0; i < 3; i++) {
        struct capos_process process;
        if (!spawn_task("lifecycle", tasks[i], NULL, 0, &process))
            continue;
        check(capos_process_terminate(&process) == CAPOS_OK, "terminate %s", tasks[i]);
        check(capos_process_terminate(&process) == CAPOS_OK, "terminate %s again", tasks[i]);
        int64_t code = exit_code_of(&process);
        check(code == EXIT_CODE_TERMINATED, "%s ended with %ld", tasks[i], code);
    }
}

static uint32_t process_count(struct capos_client *monitor)
{
    struct capos_system_monitor_processes_params in = { .max_records = 20 };
    struct capos_system_monitor_processes_results got = { 0 };
    check_ok(capos_system_monitor_processes(monitor, &in, &got), monitor, "processes");
    return capn_list_len(&got.records);
}

/* Releasing a handle does not end the child: it goes on to its own end. */
static void check_orphan(struct capos_client *monitor, struct capos_client *timer)
{
    struct capos_process process;
    uint32_t before = process_count(monitor);
    if (!spawn_task("lifecycle", "late", NULL, 0, &process))
        return;
    capos_process_close(&process);
    check(process_count(monitor) == before + 1, "the child goes on without a handle");
    while (process_count(monitor) > before)
        sleep_ns(timer, 5000000);
}

static void check_many(void)
{
    static struct capos_process children[12];
    uint32_t ended = 0;
    for (size_t i = 0; i < 12; i++)
        spawn_task("lifecycle", "late", NULL, 0, &children[i]);
    for (size_t i = 12; i-- > 0;) {
        int64_t code = exit_code_of(&children[i]);
        check(code == 77, "child %zu ended with %ld", i, code);
        ended += code == 77;
    }
    check(ended == 12, "%u of 12 children", ended);
}

int main(void)
{
    if (task() != NULL)
        return child();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    check_second_wait();
    uint64_t before = free_frames(&monitor), ledgers = ledger_sum(&monitor);
    check_second_wait();
    check_terminate();
    check_orphan(&monitor, &timer);
    check_many();
    uint64_t after = free_frames(&monitor);
    check(after == before, "%lu frames free before, %lu after", before, after);
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    return finish("lifecycle");
}
