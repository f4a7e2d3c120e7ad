/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The life of the services: started exporters first, waited for all
 * at once on the ring, restarted by their policies. Init ends when the
 * service that `exitWhenServiceExits` names has ended, or when all have.
 */
#include "init.h"

#define RESTART_PAUSE_NS 100000000u /* so that a service that fails at once does not take a processor to itself */

struct running_service {
    bool runs;
    struct capos_process process;
};

static struct running_service running[MANIFEST_SERVICES_MAX];
static struct capos_client spawner;

static bool start(const struct manifest_plan *plan, uint32_t s)
{
    static struct capos_cap_grant grants[MANIFEST_CAPS_MAX];
    const struct manifest_service *service = &plan->services[s];
    uint32_t count;
    if (!init_grants_of(plan, s, grants, &count))
        return false;
    struct capos_process_spawner_spawn_params in = { .name = service->name, .binary_name = service->binary,
                                                     .grants = capn_list_of_array(grants, count) };
    enum capos_status status = capos_process_start(&spawner, &in, &running[s].process);
    running[s].runs = status == CAPOS_OK;
    if (status == CAPOS_OK)
        init_take_exports(plan, s);
    if (status == CAPOS_EXCEPTION)
        capos_print("init: service `%.*s` cannot start: %.*s\n", (int)service->name.len, service->name.bytes,
                    (int)spawner.exception.len, spawner.exception.text);
    else if (status != CAPOS_OK)
        capos_print("init: service `%.*s` cannot start: %s\n", (int)service->name.len, service->name.bytes,
                    capos_status_text(status));
    return status == CAPOS_OK;
}

static bool is_exit_service(const struct manifest_plan *plan, uint32_t s)
{
    return plan->has_exit_service && capn_text_equal(plan->services[s].name, plan->exit_service);
}

static bool wants_restart(const struct manifest_service *service, int64_t code)
{
    return service->restart == MANIFEST_RESTART_ALWAYS || (service->restart == MANIFEST_RESTART_ON_FAILURE && code != 0);
}

/* A service has ended. False: init cannot go on. */
static bool ended(const struct manifest_plan *plan, uint32_t s, int64_t code)
{
    const struct manifest_service *service = &plan->services[s];
    bool wanted = wants_restart(service, code), again = wanted && init_imports_live(plan, s);
    running[s].runs = false;
    capos_process_close(&running[s].process);
    init_end_exports(s, again);
    if (again || code != 0)
        capos_print("init: service `%.*s` ended with code %ld%s\n", (int)service->name.len, service->name.bytes, code,
                    again ? "; it is started again" : wanted ? "; what it imports has ended" : "");
    if (!again)
        return true;
    capos_ring_wait_any(capos_ring(), RESTART_PAUSE_NS);
    return start(plan, s);
}

/* Sleeps until a service ends. False: none runs. */
static bool wait_for_end(const struct manifest_plan *plan, uint32_t *which, int64_t *code)
{
    for (;;) {
        bool any = false;
        for (uint32_t s = 0; s < plan->service_count; s++) {
            if (!running[s].runs)
                continue;
            any = true;
            enum capos_status status = capos_process_wait(&running[s].process, 0, code);
            if (status == CAPOS_TIMED_OUT)
                continue;
            *which = s;
            *code = status == CAPOS_OK ? *code : (int64_t)status;
            return true;
        }
        if (!any)
            return false;
        capos_ring_wait_any(capos_ring(), CAP_ENTER_WAIT_FOREVER);
    }
}

int init_run_services(const struct manifest_plan *plan)
{
    uint32_t which;
    int64_t code;
    if (plan->service_count > 0 &&
        capos_client_open(&spawner, "process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID) != CAPOS_OK) {
        capos_print("init: needs process_spawner\n");
        return 1;
    }
    for (uint32_t n = 0; n < plan->service_count; n++) {
        if (!start(plan, init_start_order(n)))
            return 1;
    }
    while (wait_for_end(plan, &which, &code)) {
        if (is_exit_service(plan, which))
            capos_exit(code);
        if (!ended(plan, which, code))
            return 1;
    }
    return 0;
}
