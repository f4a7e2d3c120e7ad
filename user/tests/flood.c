/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two processes write 60,000 bytes each in one call. Meanwhile a third one
 * sleeps and wakes; how often is counted, not how late: with a kernel that
 * writes while it holds the processor it would be woken twice.
 */
#include "check.h"

#define BYTES 60000u
#define LINE 80u
#define WAKES_MIN 50u

/* More than the typed clients send in one call. */
static int32_t write_bytes(const struct capos_client *console, const uint8_t *bytes, uint32_t count)
{
    static _Alignas(8) uint8_t params[BYTES + 64];
    struct capn_builder builder;
    size_t len;
    capn_builder_init(&builder, params, sizeof params);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
    capn_set_data(&root, 0, (struct capn_data){ bytes, count });
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params");
    return run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = console->cap_id, .method_id = CAPOS_CONSOLE_WRITE_METHOD,
                                        .addr = (uintptr_t)params, .len = (uint32_t)len });
}

static void write_letters(uint8_t letter)
{
    static uint8_t bytes[BYTES];
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    memset(bytes, letter, sizeof bytes);
    for (uint32_t i = LINE - 1; i < BYTES; i += LINE)
        bytes[i] = '\n';
    memcpy(bytes, "begin ", 6);
    memcpy(bytes + BYTES - 4, "end", 3);
    int32_t result = write_bytes(&console, bytes, BYTES);
    check(result == 0, "60000 bytes: %d", result);
}

int main(void)
{
    if (task() != NULL) {
        write_letters((uint8_t)*task());
        return check_failures == 0 ? 0 : 1;
    }
    struct capos_process writers[2];
    struct capos_cap_grant console = CONSOLE_GRANT;
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    bool spawned = spawn_task("flood", "a", &console, 1, &writers[0]) && spawn_task("flood", "b", &console, 1, &writers[1]);
    if (!spawned)
        return finish("flood");
    uint32_t wakes = 0, ended = 0;
    int64_t code = -1;
    while (ended < 2) {
        enum capos_status status = capos_process_wait(&writers[ended], 0, &code);
        if (status == CAPOS_TIMED_OUT) {
            sleep_ns(&timer, 1000000);
            wakes++;
            continue;
        }
        check(status == CAPOS_OK && code == 0, "writer: %s, code %ld", capos_status_text(status), (long)code);
        ended++;
    }
    check(wakes >= WAKES_MIN, "woken %u times while 120000 bytes were written", wakes);
    return finish("flood");
}
