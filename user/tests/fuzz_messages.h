/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Params for the fuzz test (user/tests/fuzz.c): valid messages made by the
 * generated encoders, and the list of every method that the kernel serves, for
 * messages of the right shape with anything in them. The messages belong to
 * the process and do not change once they are made.
 */
#pragma once

#include "check.h"

#define MESSAGE_BYTES 512u
#define MESSAGES 100u

static struct message {
    const struct capos_method *method;
    uint32_t len;
    _Alignas(8) uint8_t bytes[MESSAGE_BYTES];
} messages[MESSAGES];
static uint32_t message_count;

static const struct capos_method *const methods[] = {
    &capos_console_write_method, &capos_console_write_line_method, &capos_terminal_session_write_method,
    &capos_terminal_session_write_line_method, &capos_terminal_session_read_line_method, &capos_std_io_write_method,
    &capos_std_io_read_method, &capos_std_io_close_method, &capos_entropy_source_fill_method,
    &capos_frame_allocator_alloc_frame_method, &capos_frame_allocator_alloc_contiguous_method, &capos_memory_object_info_method,
    &capos_memory_object_map_method, &capos_memory_object_unmap_method, &capos_memory_object_protect_method,
    &capos_virtual_memory_map_method, &capos_virtual_memory_unmap_method, &capos_virtual_memory_protect_method,
    &capos_virtual_memory_reserve_method, &capos_virtual_memory_commit_method, &capos_virtual_memory_decommit_method,
    &capos_timer_now_method, &capos_timer_sleep_method, &capos_wall_clock_wall_time_method, &capos_process_spawner_spawn_method,
    &capos_process_spawner_create_pipe_method, &capos_process_handle_wait_method, &capos_process_handle_terminate_method,
    &capos_thread_control_get_fs_base_method, &capos_thread_control_set_fs_base_method, &capos_thread_spawner_create_method,
    &capos_thread_handle_join_method, &capos_thread_handle_exit_code_method, &capos_boot_package_manifest_size_method,
    &capos_boot_package_read_manifest_method, &capos_system_info_motd_method, &capos_system_info_hostname_method,
    &capos_audit_log_record_method, &capos_log_sink_write_method, &capos_log_reader_read_method, &capos_pipe_read_method,
    &capos_pipe_write_method, &capos_pipe_close_method, &capos_pipe_is_closed_method, &capos_capability_manager_list_method,
    &capos_capability_manager_revoke_method, &capos_session_manager_login_method, &capos_session_manager_guest_method,
    &capos_session_manager_anonymous_method, &capos_session_manager_ssh_public_key_method, &capos_user_session_info_method,
    &capos_user_session_audit_context_method, &capos_user_session_logout_method, &capos_authority_broker_shell_bundle_method,
    &capos_authority_broker_remote_client_bundle_method, &capos_restricted_launcher_spawn_method,
    &capos_restricted_launcher_list_binaries_method, &capos_restricted_launcher_spawn_worker_method,
    &capos_credential_store_console_password_status_method, &capos_credential_store_verify_console_password_method,
    &capos_credential_store_console_bootstrap_policy_method, &capos_credential_store_create_console_password_method,
    &capos_system_monitor_processes_method, &capos_system_monitor_ledgers_method, &capos_system_monitor_memory_method,
    &capos_system_monitor_cpus_method, &capos_system_monitor_holds_method, &capos_system_monitor_audit_method,
};
#define METHODS (sizeof methods / sizeof methods[0])

static void add(const struct capos_method *method, const void *in)
{
    struct capn_builder builder;
    size_t len = 0;
    if (message_count == MESSAGES)
        return;
    capn_builder_init(&builder, messages[message_count].bytes, MESSAGE_BYTES);
    struct capn_struct_builder root =
        capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        method->encode(root, in);
    if (capn_builder_finish(&builder, &len) != CAPN_OK)
        return;
    messages[message_count].method = method;
    messages[message_count++].len = (uint32_t)len;
}

static void add_memory(void)
{
    for (uint32_t prot = 0; prot < 8; prot += 3) {
        add(&capos_virtual_memory_map_method, &(struct capos_virtual_memory_map_params){ .size = 8192, .prot = prot });
        add(&capos_virtual_memory_map_method,
            &(struct capos_virtual_memory_map_params){ .hint = 0x40000000, .size = 65536, .prot = prot });
        add(&capos_virtual_memory_protect_method,
            &(struct capos_virtual_memory_protect_params){ .addr = 0x40001000, .size = 8192, .prot = prot });
        add(&capos_virtual_memory_commit_method,
            &(struct capos_virtual_memory_commit_params){ .addr = 0x40002000, .size = 8192, .prot = prot });
        add(&capos_memory_object_map_method,
            &(struct capos_memory_object_map_params){ .hint = 0x50000000, .size = 4096, .prot = prot });
        add(&capos_memory_object_protect_method,
            &(struct capos_memory_object_protect_params){ .addr = 0x50000000, .size = 4096, .prot = prot });
    }
    add(&capos_virtual_memory_unmap_method,
        &(struct capos_virtual_memory_unmap_params){ .addr = 0x40003000, .size = 12288 });
    add(&capos_virtual_memory_decommit_method,
        &(struct capos_virtual_memory_decommit_params){ .addr = 0x40001000, .size = 16384 });
    add(&capos_virtual_memory_reserve_method, &(struct capos_virtual_memory_reserve_params){ .hint = 0x40000000, .size = 65536 });
    add(&capos_memory_object_unmap_method, &(struct capos_memory_object_unmap_params){ .addr = 0x50000000, .size = 4096 });
    add(&capos_memory_object_info_method, NULL);
    add(&capos_frame_allocator_alloc_frame_method, NULL);
    add(&capos_frame_allocator_alloc_contiguous_method, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 5 });
    add(&capos_frame_allocator_alloc_contiguous_method, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 700 });
    add(&capos_virtual_memory_map_method, &(struct capos_virtual_memory_map_params){ .size = 2u << 20, .prot = 3 });
}

static void add_processes(void)
{
    static struct capos_cap_grant grants[4];
    grants[0] = CONSOLE_GRANT;
    grants[1] = capos_grant_held("held", 0, CAPOS_TIMER_INTERFACE_ID);
    grants[2] = capos_grant_held("memory", 40, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    grants[3] = capos_grant_kernel("own", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    for (uint32_t count = 0; count <= 4; count++)
        add(&capos_process_spawner_spawn_method,
            &(struct capos_process_spawner_spawn_params){ .name = capn_text_of("q"), .binary_name = capn_text_of("quick_exit"),
                                                          .grants = capn_list_of_array(grants, count) });
    grants[2].mode = CAPOS_CAP_GRANT_MODE_MOVE;
    add(&capos_process_spawner_spawn_method,
        &(struct capos_process_spawner_spawn_params){ .name = capn_text_of("q"), .binary_name = capn_text_of("quick_exit"),
                                                      .grants = capn_list_of_array(grants, 3) });
    add(&capos_restricted_launcher_spawn_method,
        &(struct capos_restricted_launcher_spawn_params){ .name = capn_text_of("l"), .binary_name = capn_text_of("quick_exit") });
    add(&capos_process_spawner_create_pipe_method, &(struct capos_process_spawner_create_pipe_params){ .buffer_bytes = 100 });
    add(&capos_process_handle_wait_method, NULL);
    add(&capos_process_handle_terminate_method, NULL);
    add(&capos_capability_manager_list_method, NULL);
    for (uint32_t id = 0; id < 3; id++)
        add(&capos_capability_manager_revoke_method, &(struct capos_capability_manager_revoke_params){ .cap_id = id });
    add(&capos_thread_handle_join_method, NULL);
    add(&capos_thread_handle_exit_code_method, NULL);
}

static void add_others(void)
{
    static const uint8_t some[200];
    add(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 100000 });
    add(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 1ull << 62 });
    add(&capos_timer_now_method, NULL);
    add(&capos_entropy_source_fill_method, &(struct capos_entropy_source_fill_params){ .bytes = 64 });
    add(&capos_boot_package_read_manifest_method, &(struct capos_boot_package_read_manifest_params){ .max_bytes = 4096 });
    add(&capos_system_monitor_processes_method, &(struct capos_system_monitor_processes_params){ .max_records = 5 });
    add(&capos_system_monitor_holds_method, &(struct capos_system_monitor_holds_params){ .pid = 1, .max_records = 50 });
    add(&capos_system_monitor_memory_method, NULL);
    add(&capos_log_sink_write_method,
        &(struct capos_log_sink_write_params){ .has_record = true,
                                               .record = { .component = capn_text_of("c"), .message = capn_text_of("m") } });
    add(&capos_log_reader_read_method, &(struct capos_log_reader_read_params){ .max_records = 16 });
    add(&capos_terminal_session_read_line_method,
        &(struct capos_terminal_session_read_line_params){ .has_request = true, .request = { .max_bytes = 10 } });
    add(&capos_pipe_write_method, &(struct capos_pipe_write_params){ .data = { some, 60 } });
    add(&capos_pipe_write_method, &(struct capos_pipe_write_params){ .data = { some, sizeof some } });
    add(&capos_pipe_read_method, &(struct capos_pipe_read_params){ .max_len = 80 });
    add(&capos_pipe_close_method, NULL);
    add(&capos_session_manager_guest_method, NULL);
    add(&capos_session_manager_anonymous_method, NULL);
    add(&capos_authority_broker_shell_bundle_method,
        &(struct capos_authority_broker_shell_bundle_params){ .session_cap_id = 30, .profile = capn_text_of("guest") });
    add(&capos_user_session_info_method, NULL);
    add(&capos_user_session_logout_method, NULL);
}

static void make_messages(void)
{
    add_memory();
    add_processes();
    add_others();
}
