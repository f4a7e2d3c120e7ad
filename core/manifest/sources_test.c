/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the table of kernel sources against the schema's numbers and the rules of the manifest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/manifest/sources.h"
#include "schema/generated/capos.h"

static void complete_and_unique(void **state)
{
    (void)state;
    assert_int_equal(manifest_source_count(), CAPOS_KERNEL_CAP_SOURCE_COUNT + 6);
    for (size_t i = 0; i < manifest_source_count(); i++) {
        const struct manifest_source *source = manifest_source_at(i);
        bool upstream = i < CAPOS_KERNEL_CAP_SOURCE_COUNT;
        assert_int_equal(source->ordinal, upstream ? i : 0x8000 + i - CAPOS_KERNEL_CAP_SOURCE_COUNT);
        assert_int_equal(source->upstream, upstream);
        assert_ptr_equal(manifest_source_by_name(source->name, strlen(source->name)), source);
        assert_ptr_equal(manifest_source_by_ordinal(source->ordinal), source);
        assert_true(source->interface_id != 0);
    }
    assert_null(manifest_source_at(manifest_source_count()));
    assert_null(manifest_source_by_ordinal(50));
    assert_null(manifest_source_by_ordinal(0x7fff));
    assert_null(manifest_source_by_ordinal(0x8006));
    assert_null(manifest_source_by_name("consol", 6));
    assert_null(manifest_source_by_name("consolee", 8));
    assert_null(manifest_source_by_name("", 0));
}

static const struct manifest_source *named(const char *name)
{
    return manifest_source_by_name(name, strlen(name));
}

static void numbers_and_interfaces(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t ordinal;
        uint64_t interface_id;
    } known[] = {
        { "console", 0, 0x913ae02202463262 },
        { "endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID },
        { "terminal_session", CAPOS_KERNEL_CAP_SOURCE_TERMINAL_SESSION, 0x93484e804b83f366 },
        { "null", 13, 0x6e756c6c63617030 },
        { "timer", 15, 0x9ac15f2e068e4b7b },
        { "ssh_development_host_key", 20, CAPOS_SSH_HOST_KEY_INTERFACE_ID },
        { "chat_endpoint", 24, CAPOS_ENDPOINT_INTERFACE_ID },
        { "scheduling_policy", 27, CAPOS_SCHEDULING_POLICY_CAP_INTERFACE_ID },
        { "dmapool", CAPOS_KERNEL_CAP_SOURCE_DMA_POOL, 0xa1f40e988fe22d6d },
        { "directory", 33, CAPOS_DIRECTORY_INTERFACE_ID },
        { "read_only_fs_root", 41, CAPOS_DIRECTORY_INTERFACE_ID },
        { "persistent_store", 42, CAPOS_STORE_INTERFACE_ID },
        { "writable_fs_root", 43, CAPOS_DIRECTORY_INTERFACE_ID },
        { "block_device_target", 44, CAPOS_BLOCK_DEVICE_INTERFACE_ID },
        { "installable_image_source", 45, CAPOS_DIRECTORY_INTERFACE_ID },
        { "cpu_isolation_pool_grant_secondary", 47, CAPOS_CPU_ISOLATION_POOL_GRANT_INTERFACE_ID },
        { "nic", 49, CAPOS_NIC_INTERFACE_ID },
        { "system_monitor", 0x8000, CAPOS_SYSTEM_MONITOR_INTERFACE_ID },
        { "power_control", 0x8001, CAPOS_POWER_CONTROL_INTERFACE_ID },
        { "stdio", 0x8002, CAPOS_STD_IO_INTERFACE_ID },
        { "service_endpoint", 0x8004, CAPOS_ENDPOINT_INTERFACE_ID },
        { "session_minter", 0x8005, CAPOS_SESSION_MINTER_INTERFACE_ID },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_non_null(named(known[i].name));
        assert_int_equal(named(known[i].name)->ordinal, known[i].ordinal);
        assert_true(named(known[i].name)->interface_id == known[i].interface_id);
    }
}

static void rules(void **state)
{
    (void)state;
    assert_int_equal(named("null")->rule, MANIFEST_SOURCE_MEASUREMENT);
    assert_int_equal(named("park_bench")->rule, MANIFEST_SOURCE_MEASUREMENT);
    assert_int_equal(named("virtual_memory")->rule, MANIFEST_SOURCE_ADDRESS_SPACE);
    assert_int_equal(named("park_space")->rule, MANIFEST_SOURCE_ADDRESS_SPACE);
    assert_int_equal(named("terminal_session")->rule, MANIFEST_SOURCE_SESSION);
    assert_int_equal(named("tcp_listen_authority")->rule, MANIFEST_SOURCE_TCP_LISTEN);
    assert_int_equal(named("ssh_development_host_key")->rule, MANIFEST_SOURCE_SSH_KEY);
    assert_int_equal(named("authorized_key_store")->rule, MANIFEST_SOURCE_BY_INIT);
    assert_int_equal(named("restricted_shell_launcher")->rule, MANIFEST_SOURCE_BY_INIT);
    assert_int_equal(named("block_device_target")->rule, MANIFEST_SOURCE_BLOCK_TARGET);
    size_t plain = 0;
    for (size_t i = 0; i < manifest_source_count(); i++)
        plain += manifest_source_at(i)->rule == MANIFEST_SOURCE_PLAIN;
    assert_int_equal(plain, manifest_source_count() - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete_and_unique),
        cmocka_unit_test(numbers_and_interfaces),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
