/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Service objects from their grant to the news that nobody holds them: a child
 * calls two and ends, the server hears of both, and of nothing else.
 */
#include "check.h"
#include "schema/generated/capos_dispatch.h"

static uint32_t calls[2], released[2];

static enum capn_outcome now(void *env, void *object, const struct capos_timer_now_params *in,
                             struct capos_timer_now_results *out)
{
    (void)env, (void)in;
    out->tick = ++*(uint32_t *)object;
    return CAPN_DONE;
}

static const struct capos_timer_ops methods = { .now = now };
static struct capos_served objects[] = {
    { .interface_id = CAPOS_TIMER_INTERFACE_ID, .serve = capos_timer_serve, .ops = &methods, .object = &calls[0], .generation = 1 },
    { .interface_id = CAPOS_TIMER_INTERFACE_ID, .serve = capos_timer_serve, .ops = &methods, .object = &calls[1], .generation = 9 },
};

static void on_released(struct capos_server *server, uint32_t index)
{
    released[index]++;
    capos_served_revoke(server, index);
    server->stop = released[0] + released[1] == 2;
}

static int hold(void)
{
    struct capos_client first = granted("first", CAPOS_TIMER_INTERFACE_ID), second = granted("second", CAPOS_TIMER_INTERFACE_ID);
    struct capos_timer_now_results got = { 0 };
    check_ok(capos_timer_now(&first, NULL, &got), &first, "first");
    check(got.tick == 1, "tick %u", (unsigned)got.tick);
    capos_client_close(&first);
    check_ok(capos_timer_now(&second, NULL, &got), &second, "second");
    check_ok(capos_timer_now(&second, NULL, &got), &second, "second again");
    check(got.tick == 2, "tick %u", (unsigned)got.tick);
    return check_failures > 0;
}

int main(void)
{
    if (task() != NULL)
        return hold();
    struct capos_server server = { .objects = objects, .object_count = 2, .released = on_released };
    check(capos_server_open(&server, "own") == CAPOS_OK, "own");
    struct capos_cap_grant grants[] = { capos_grant_held("first", server.endpoint, CAPOS_TIMER_INTERFACE_ID),
                                        capos_grant_held("second", server.endpoint, CAPOS_TIMER_INTERFACE_ID), CONSOLE_GRANT };
    for (uint32_t i = 0; i < 2; i++) {
        grants[i].mode = CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
        grants[i].badge = capos_served_cookie(&server, i);
    }
    struct capos_process child;
    spawn_task("releases", "hold", grants, 3, &child);
    check(capos_serve(&server) == CAPOS_OK, "serve");
    check(exit_code_of(&child) == 0, "the child");
    check(calls[0] == 1 && calls[1] == 2, "calls %u %u", calls[0], calls[1]);
    check(released[0] == 1 && released[1] == 1, "released %u %u", released[0], released[1]);
    return finish("releases");
}
