/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of kernel cap sources: see sources.h. */
#include "core/manifest/sources.h"

#include "core/base/text.h"
#include "schema/generated/capos.h"

#define RULED(name, ordinal, interface_id, rule) { name, interface_id, ordinal, true, rule }
#define PLAIN(name, ordinal, interface_id) RULED(name, ordinal, interface_id, MANIFEST_SOURCE_PLAIN)
#define OURS(name, ordinal, interface_id) { name, interface_id, ordinal, false, MANIFEST_SOURCE_PLAIN }

static const struct manifest_source sources[] = {
    PLAIN("console", 0, CAPOS_CONSOLE_INTERFACE_ID),
    PLAIN("endpoint", 1, CAPOS_ENDPOINT_INTERFACE_ID),
    PLAIN("frame_allocator", 2, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
    RULED("virtual_memory", 3, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID, MANIFEST_SOURCE_ADDRESS_SPACE),
    PLAIN("process_spawner", 4, CAPOS_PROCESS_SPAWNER_INTERFACE_ID),
    PLAIN("boot_package", 5, CAPOS_BOOT_PACKAGE_INTERFACE_ID),
    RULED("terminal_session", 6, CAPOS_TERMINAL_SESSION_INTERFACE_ID, MANIFEST_SOURCE_SESSION),
    PLAIN("entropy_source", 7, CAPOS_ENTROPY_SOURCE_INTERFACE_ID),
    PLAIN("credential_store", 8, CAPOS_CREDENTIAL_STORE_INTERFACE_ID),
    PLAIN("session_manager", 9, CAPOS_SESSION_MANAGER_INTERFACE_ID),
    PLAIN("authority_broker", 10, CAPOS_AUTHORITY_BROKER_INTERFACE_ID),
    PLAIN("audit_log", 11, CAPOS_AUDIT_LOG_INTERFACE_ID),
    PLAIN("system_info", 12, CAPOS_SYSTEM_INFO_INTERFACE_ID),
    RULED("null", 13, MANIFEST_NULL_INTERFACE_ID, MANIFEST_SOURCE_MEASUREMENT),
    RULED("park_bench", 14, CAPOS_PARK_BENCH_INTERFACE_ID, MANIFEST_SOURCE_MEASUREMENT),
    PLAIN("timer", 15, CAPOS_TIMER_INTERFACE_ID),
    PLAIN("thread_control", 16, CAPOS_THREAD_CONTROL_INTERFACE_ID),
    PLAIN("thread_spawner", 17, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
    RULED("park_space", 18, CAPOS_PARK_SPACE_INTERFACE_ID, MANIFEST_SOURCE_ADDRESS_SPACE),
    PLAIN("network_manager", 19, CAPOS_NETWORK_MANAGER_INTERFACE_ID),
    RULED("ssh_development_host_key", 20, CAPOS_SSH_HOST_KEY_INTERFACE_ID, MANIFEST_SOURCE_SSH_KEY),
    RULED("tcp_listen_authority", 21, CAPOS_TCP_LISTEN_AUTHORITY_INTERFACE_ID, MANIFEST_SOURCE_TCP_LISTEN),
    RULED("authorized_key_store", 22, CAPOS_AUTHORIZED_KEY_STORE_INTERFACE_ID, MANIFEST_SOURCE_BY_INIT),
    RULED("restricted_shell_launcher", 23, CAPOS_RESTRICTED_SHELL_LAUNCHER_INTERFACE_ID, MANIFEST_SOURCE_BY_INIT),
    PLAIN("chat_endpoint", 24, CAPOS_ENDPOINT_INTERFACE_ID),
    PLAIN("device_mmio", 25, CAPOS_DEVICE_MMIO_INTERFACE_ID),
    PLAIN("interrupt", 26, CAPOS_INTERRUPT_INTERFACE_ID),
    PLAIN("scheduling_policy", 27, CAPOS_SCHEDULING_POLICY_CAP_INTERFACE_ID),
    PLAIN("dmapool", 28, CAPOS_DMA_POOL_INTERFACE_ID),
    PLAIN("hardware_audit_log", 29, CAPOS_HARDWARE_AUDIT_LOG_INTERFACE_ID),
    PLAIN("scheduling_context", 30, CAPOS_SCHEDULING_CONTEXT_INTERFACE_ID),
    PLAIN("cpu_isolation_lease", 31, CAPOS_CPU_ISOLATION_LEASE_INTERFACE_ID),
    PLAIN("file", 32, CAPOS_FILE_INTERFACE_ID),
    PLAIN("directory", 33, CAPOS_DIRECTORY_INTERFACE_ID),
    PLAIN("store", 34, CAPOS_STORE_INTERFACE_ID),
    PLAIN("namespace", 35, CAPOS_NAMESPACE_INTERFACE_ID),
    PLAIN("wall_clock", 36, CAPOS_WALL_CLOCK_INTERFACE_ID),
    PLAIN("manual", 37, CAPOS_MANUAL_INTERFACE_ID),
    PLAIN("log_sink", 38, CAPOS_LOG_SINK_INTERFACE_ID),
    PLAIN("log_reader", 39, CAPOS_LOG_READER_INTERFACE_ID),
    PLAIN("block_device", 40, CAPOS_BLOCK_DEVICE_INTERFACE_ID),
    PLAIN("read_only_fs_root", 41, CAPOS_DIRECTORY_INTERFACE_ID),
    PLAIN("persistent_store", 42, CAPOS_STORE_INTERFACE_ID),
    PLAIN("writable_fs_root", 43, CAPOS_DIRECTORY_INTERFACE_ID),
    RULED("block_device_target", 44, CAPOS_BLOCK_DEVICE_INTERFACE_ID, MANIFEST_SOURCE_BLOCK_TARGET),
    PLAIN("installable_image_source", 45, CAPOS_DIRECTORY_INTERFACE_ID),
    PLAIN("cpu_isolation_pool_grant", 46, CAPOS_CPU_ISOLATION_POOL_GRANT_INTERFACE_ID),
    PLAIN("cpu_isolation_pool_grant_secondary", 47, CAPOS_CPU_ISOLATION_POOL_GRANT_INTERFACE_ID),
    PLAIN("cpu_isolation_grant_minter", 48, CAPOS_CPU_ISOLATION_GRANT_MINTER_INTERFACE_ID),
    PLAIN("nic", 49, CAPOS_NIC_INTERFACE_ID),
    OURS("system_monitor", MANIFEST_SOURCE_SYSTEM_MONITOR, CAPOS_SYSTEM_MONITOR_INTERFACE_ID),
    OURS("power_control", MANIFEST_SOURCE_POWER_CONTROL, CAPOS_POWER_CONTROL_INTERFACE_ID),
    OURS("stdio", MANIFEST_SOURCE_STD_IO, CAPOS_STD_IO_INTERFACE_ID),
    OURS("shared_park_space", MANIFEST_SOURCE_SHARED_PARK_SPACE, CAPOS_SHARED_PARK_SPACE_INTERFACE_ID),
    OURS("service_endpoint", MANIFEST_SOURCE_SERVICE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
    OURS("session_minter", MANIFEST_SOURCE_SESSION_MINTER, CAPOS_SESSION_MINTER_INTERFACE_ID),
};

size_t manifest_source_count(void)
{
    return sizeof sources / sizeof *sources;
}

const struct manifest_source *manifest_source_at(size_t i)
{
    return i < manifest_source_count() ? &sources[i] : NULL;
}

const struct manifest_source *manifest_source_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < manifest_source_count(); i++) {
        if (text_equal(sources[i].name, text_len(sources[i].name), name, len))
            return &sources[i];
    }
    return NULL;
}

const struct manifest_source *manifest_source_by_ordinal(uint16_t ordinal)
{
    for (size_t i = 0; i < manifest_source_count(); i++) {
        if (sources[i].ordinal == ordinal)
            return &sources[i];
    }
    return NULL;
}
