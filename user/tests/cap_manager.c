/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* CapabilityManager: the parent lists and revokes what its child holds (H14); the child finds out by its calls. */
#include "check.h"

/* Asks the clock until the capability is revoked, then looks at what is left of it. */
static int child(void)
{
    struct capos_client timer, other;
    struct capos_timer_now_results now;
    enum capos_status status;
    if (capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&other, "do:watch", CAPOS_TIMER_INTERFACE_ID) != CAPOS_OK)
        return 1;
    do
        status = capos_timer_now(&timer, NULL, &now);
    while (status == CAPOS_OK);
    if (status != CAPOS_NO_SUCH_CAP)
        return 2;
    if (capos_timer_now(&timer, NULL, &now) != CAPOS_NO_SUCH_CAP)
        return 3;
    if (capos_release(timer.cap_id) != CAPOS_OK || capos_release(timer.cap_id) != CAPOS_INVALID_REQUEST)
        return 4;
    return 55;
}

static uint32_t find(struct capos_client *manager, uint64_t interface_id, uint32_t nth)
{
    struct capos_capability_manager_list_results got;
    check_ok(capos_capability_manager_list(manager, NULL, &got), manager, "list");
    for (uint32_t i = 0; i < capn_list_len(&got.capabilities); i++) {
        struct capos_capability_info info = { 0 };
        check(capos_capability_info_list_get(&got.capabilities, i, &info) == CAPN_OK && info.label.len > 0, "row %u", i);
        if (info.interface_id == interface_id && nth-- == 0)
            return info.id;
    }
    return UINT32_MAX;
}

static uint32_t list_length(struct capos_client *manager)
{
    struct capos_capability_manager_list_results got = { 0 };
    check_ok(capos_capability_manager_list(manager, NULL, &got), manager, "list");
    return capn_list_len(&got.capabilities);
}

static enum capos_status revoke(struct capos_client *manager, uint32_t id)
{
    struct capos_capability_manager_revoke_params in = { .cap_id = id };
    return capos_capability_manager_revoke(manager, &in, NULL);
}

int main(void)
{
    if (task() != NULL)
        return child();
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), manager;
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("do:watch", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID), CONSOLE_GRANT,
    };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("child"), .binary_name = capn_text_of("cap_manager"),
                                                     .grants = capn_list_of_array(grants, 3) };
    struct capos_process_spawner_spawn_results got;
    struct capos_process process = { 0 };
    check_ok(capos_process_spawner_spawn(&spawner, &in, &got), &spawner, "spawn");
    check(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &process.handle) == CAPOS_OK &&
          capos_reply_take(got.capability_manager_index, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID, &manager) == CAPOS_OK,
          "the two result capabilities");
    check(list_length(&manager) == 3, "the child holds %u capabilities", list_length(&manager));
    check_exception(revoke(&manager, 0x00fffff0), &manager, CAP_EXCEPTION_FAILED, "capability not found", "unknown id");
    uint32_t id = find(&manager, CAPOS_TIMER_INTERFACE_ID, 1);
    check_ok(revoke(&manager, id), &manager, "revoke");
    int64_t code = exit_code_of(&process);
    check(code == 55, "the child ended with %ld", code);
    check(list_length(&manager) == 0, "an ended process holds nothing");
    capos_client_close(&manager);
    return finish("cap_manager");
}
