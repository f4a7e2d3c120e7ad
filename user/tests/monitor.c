/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SystemMonitor: what it says of this process, of memory and of the processors agrees with what this process knows. */
#include "check.h"

static struct capos_client monitor;

static void check_processes(void)
{
    struct capos_system_monitor_processes_params in = { .max_records = 1 };
    struct capos_system_monitor_processes_results got;
    uint32_t seen = 0, own = 0;
    do {
        check_ok(capos_system_monitor_processes(&monitor, &in, &got), &monitor, "processes");
        struct capos_process_record row = { 0 };
        if (capn_list_len(&got.records) != 1 || capos_process_record_list_get(&got.records, 0, &row) != CAPN_OK)
            break;
        seen++;
        if (row.pid == capos_pid()) {
            own++;
            check(text_equal(row.name.bytes, row.name.len, "monitor", 7), "own name `%.*s`", (int)row.name.len, row.name.bytes);
            check(row.state == CAPOS_PROCESS_RECORD_STATE_RUNNING && row.threads == 1, "own state %u", (unsigned)row.state);
            check(row.cap_count >= capos_capset_count() && row.memory_pages > 16, "%u caps, %lu pages", row.cap_count,
                  row.memory_pages);
        }
        in.cursor = got.next_cursor;
    } while (got.next_cursor != 0);
    check(own == 1 && seen == 2, "%u processes, this one %u times", seen, own);
}

static void check_holds(void)
{
    struct capos_system_monitor_holds_params in = { .pid = capos_pid(), .max_records = 2 };
    struct capos_system_monitor_holds_results got;
    uint32_t found = 0, rows = 0;
    do {
        check_ok(capos_system_monitor_holds(&monitor, &in, &got), &monitor, "holds");
        for (uint32_t i = 0; i < capn_list_len(&got.records); i++, rows++) {
            struct capos_hold_record row = { 0 };
            check(capos_hold_record_list_get(&got.records, i, &row) == CAPN_OK, "hold");
            for (uint32_t k = 0; k < capos_capset_count(); k++) {
                const struct capset_entry *entry = capos_capset_entry(k);
                if (entry->cap_id == row.cap_id && entry->interface_id == row.interface_id)
                    found += row.origin == CAPOS_HOLD_ORIGIN_KERNEL && !row.revoked;
            }
        }
        in.cursor = got.next_cursor;
    } while (got.next_cursor != 0);
    check(found == capos_capset_count() && rows >= found, "%u of %u capabilities in %u rows", found, capos_capset_count(), rows);
    in = (struct capos_system_monitor_holds_params){ .pid = 4000000000, .max_records = 2 };
    check_exception(capos_system_monitor_holds(&monitor, &in, &got), &monitor, CAP_EXCEPTION_FAILED, NULL, "unknown process");
}

static void check_memory_and_ledgers(void)
{
    struct capos_system_monitor_memory_results m = { 0 };
    check_ok(capos_system_monitor_memory(&monitor, NULL, &m), &monitor, "memory");
    check(m.total_frames == m.free_frames + m.kernel_frames + m.page_table_frames + m.object_frames + m.image_frames +
                                m.ring_frames,
          "the uses add up: %lu of %lu frames are free", m.free_frames, m.total_frames);
    check(m.ring_frames == 1 && m.image_frames > 16, "%lu rings, %lu frames of images",
          m.ring_frames, m.image_frames);
    struct capos_system_monitor_ledgers_params in = { .pid = capos_pid() };
    struct capos_system_monitor_ledgers_results got;
    check_ok(capos_system_monitor_ledgers(&monitor, &in, &got), &monitor, "ledgers");
    check(capn_list_len(&got.records) >= 5, "%u ledgers", capn_list_len(&got.records));
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_ledger_record row = { 0 };
        check(capos_ledger_record_list_get(&got.records, i, &row) == CAPN_OK && row.used <= row.limit && row.resource.len > 0,
              "ledger %u: %lu of %lu", i, row.used, row.limit);
    }
}

static void check_cpus(void)
{
    struct capos_system_monitor_cpus_results got;
    uint32_t online = 0, here = 0;
    check_ok(capos_system_monitor_cpus(&monitor, NULL, &got), &monitor, "cpus");
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_cpu_record row = { 0 };
        check(capos_cpu_record_list_get(&got.records, i, &row) == CAPN_OK, "cpu");
        online += row.online;
        here += row.current_pid == capos_pid();
    }
    check(here == 1, "this process runs on %u processors", here);
    capos_print("%u processors online\n", online);
}

int main(void)
{
    struct capos_process child;
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    if (task() != NULL) {
        struct capos_completion never;
        capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
    }
    if (spawn_task("monitor", "wait", (const struct capos_cap_grant[]){ MONITOR_GRANT }, 1, &child)) {
        check_processes();
        check(capos_process_terminate(&child) == CAPOS_OK && exit_code_of(&child) == EXIT_CODE_TERMINATED, "terminate");
    }
    check_holds();
    check_memory_and_ledgers();
    check_cpus();
    return finish("monitor");
}
