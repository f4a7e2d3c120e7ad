/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process supervisor. Its arguments are what it keeps alive, each with a
 * restart budget: NAME:MOST:MILLISECONDS starts program NAME, and again
 * whenever it fails, at most MOST times in any such time; then it gives up.
 * Ends when nothing runs any more; its exit code is how many it gave up.
 * Children get a console and a timer, nothing of what the supervisor holds:
 * process_spawner, boot_package, timer, console.
 */
#include "capos/capos.h"
#include "user/services/supervisor/budget.h"

#define CHILDREN_MAX 16u
#define PAUSE_NS 5000000u /* before a restart, so that a program that fails at once does not take a processor to itself */

struct child {
    char name[CAPOS_PROGRAM_NAME_BYTES];
    struct budget budget;
    struct capos_process process;
    uint32_t starts;
    bool runs;
    bool given_up;
};

static struct child children[CHILDREN_MAX];
static uint32_t child_count;
static struct capos_client spawner, timer;

static bool read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct child *child = &children[child_count];
        uint32_t len;
        if (child_count == CHILDREN_MAX || !budget_parse(argv[i], &child->budget, &len) || len >= sizeof child->name) {
            capos_print("supervisor: `%s` is not NAME:MOST:MILLISECONDS (up to 16 of them, MOST up to 16)\n", argv[i]);
            return false;
        }
        memcpy(child->name, argv[i], len);
        child_count++;
    }
    return true;
}

static void give_up(struct child *child, const char *why)
{
    child->given_up = true;
    capos_print("supervisor: %s: given up after %u starts: %s\n", child->name, child->starts, why);
}

static void start(struct child *child)
{
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("console", CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID) };
    enum capos_status status = capos_process_spawn(&spawner, child->name, grants, 2, &child->process);
    child->starts++;
    child->runs = status == CAPOS_OK;
    if (status != CAPOS_OK)
        give_up(child, status == CAPOS_EXCEPTION ? "it cannot be started" : capos_status_text(status));
}

static void ended(struct child *child, int64_t code)
{
    struct capos_timer_now_results now = { 0 };
    child->runs = false;
    capos_process_close(&child->process);
    if (code == 0) {
        capos_print("supervisor: %s: done\n", child->name);
        return;
    }
    (void)capos_timer_now(&timer, NULL, &now);
    if (!budget_spend(&child->budget, now.monotonic_ns)) {
        give_up(child, "its budget is spent");
        return;
    }
    capos_print("supervisor: %s: ended with code %ld, restart %u of %u\n", child->name, code, child->budget.used,
                child->budget.most);
    (void)capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = PAUSE_NS }, NULL);
    start(child);
}

/* Looks at every child once, which also starts the wait for its end. *again: one has ended, and may run anew. False: none runs. */
static bool look(bool *again)
{
    bool any = false;
    *again = false;
    for (uint32_t i = 0; i < child_count; i++) {
        int64_t code;
        if (!children[i].runs)
            continue;
        any = true;
        enum capos_status status = capos_process_wait(&children[i].process, 0, &code);
        if (status == CAPOS_TIMED_OUT)
            continue;
        *again = true;
        ended(&children[i], status == CAPOS_OK ? code : (int64_t)status);
    }
    return any;
}

int main(int argc, char **argv)
{
    int given_up = 0;
    bool again;
    if (capos_client_open(&spawner, "process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID) != CAPOS_OK) {
        capos_print("supervisor: needs process_spawner and timer\n");
        return 1;
    }
    if (!read_arguments(argc, argv))
        return 1;
    for (uint32_t i = 0; i < child_count; i++)
        start(&children[i]);
    while (look(&again))
        if (!again)
            (void)capos_ring_wait_any(capos_ring(), CAP_ENTER_WAIT_FOREVER);
    for (uint32_t i = 0; i < child_count; i++)
        given_up += children[i].given_up;
    capos_print("supervisor: nothing runs any more; given up: %d\n", given_up);
    return given_up;
}
