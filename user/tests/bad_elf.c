/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Spawns every program of its boot package (H59): those named "ROW TEXT" must
 * be refused with that text, those named "ok ..." must run and end with 42.
 * tests/bad_elf.py makes them. No frame may be lost by either.
 */
#include "hostile.h"

static void try_program(struct capos_client *spawner, const char *name)
{
    struct capos_process child;
    const char *text = name;
    while (*text != '\0' && *text != ' ')
        text++;
    text += *text == ' ';
    enum capos_status status = capos_process_spawn(spawner, name, NULL, 0, &child);
    if (name[0] != 'o') {
        expect_exception("H59", status, spawner, CAP_EXCEPTION_FAILED, text);
        return;
    }
    check_ok(status, spawner, name);
    if (status == CAPOS_OK) {
        int64_t code = exit_code_of(&child);
        check(code == 42, "%s ended with %ld", name, code);
    }
}

int main(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    char name[CAPOS_PROGRAM_NAME_BYTES];
    uint32_t size, tried = 0;
    uint64_t ledgers = 0;
    hostile_begin();
    for (uint32_t i = 1; capos_package_program(i, name, &size) == CAPOS_OK; i++, tried++) {
        uint64_t before = free_frames(&monitor);
        ledgers = i == 1 ? ledger_sum(&monitor) : ledgers;
        try_program(&spawner, name);
        uint64_t after = free_frames(&monitor);
        check(after == before, "%s: %lu frames free before, %lu after", name, before, after);
    }
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    capos_print("%u images tried\n", tried);
    return hostile_finish("bad_elf");
}
