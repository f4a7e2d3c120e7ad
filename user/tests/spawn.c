/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ProcessSpawner: a child gets exactly its grants in their order, and every
 * spawn that must be refused is refused with the right exception and leaves
 * nothing behind (hostile inputs H58 and H60 to H63).
 */
#include "check.h"

#include "abi/limits.h"

static struct capos_client spawner, monitor, frames;

/* The child: checks the CapSet that the parent promised; 1..n is the first entry that is wrong. */
static int check_own_capset(void)
{
    static const char *const names[] = { "do:capset", "a", "the-longest-name-is-of-32-bytes!", "copy of console", "z" };
    static const uint64_t interfaces[] = { CAPOS_TIMER_INTERFACE_ID, CAPOS_CONSOLE_INTERFACE_ID, CAPOS_LOG_READER_INTERFACE_ID,
                                           CAPOS_CONSOLE_INTERFACE_ID, CAPOS_SYSTEM_INFO_INTERFACE_ID };
    if (capos_capset_count() != 5)
        return 10;
    for (uint32_t i = 0; i < 5; i++) {
        const struct capset_entry *entry = capos_capset_entry(i);
        if (!text_equal(entry->name, entry->name_len, names[i], text_len(names[i])) || entry->interface_id != interfaces[i])
            return (int)i + 1;
    }
    struct capos_client console;
    struct capos_console_write_line_params in = { .text = capn_text_of("the child's copy of the console") };
    if (capos_client_open(&console, "copy of console", CAPOS_CONSOLE_INTERFACE_ID) != CAPOS_OK ||
        capos_console_write_line(&console, &in, NULL) != CAPOS_OK)
        return 20;
    return 0;
}

static void check_grants(void)
{
    const struct capset_entry *console = capos_capset_find("console");
    struct capos_cap_grant more[] = {
        capos_grant_kernel("a", CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_kernel("the-longest-name-is-of-32-bytes!", CAPOS_KERNEL_CAP_SOURCE_LOG_READER,
                           CAPOS_LOG_READER_INTERFACE_ID),
        capos_grant_held("copy of console", console->cap_id, console->interface_id),
        capos_grant_kernel("z", CAPOS_KERNEL_CAP_SOURCE_SYSTEM_INFO, CAPOS_SYSTEM_INFO_INTERFACE_ID),
    };
    int64_t code = run_task("spawn", "capset", more, 4);
    check(code == 0, "the child's CapSet: %ld", code);
}

static void refused(const char *binary, const struct capos_cap_grant *grants, uint32_t count, enum cap_exception_type type,
                    const char *text, const char *what)
{
    struct capos_process child;
    check_exception(capos_process_spawn(&spawner, binary, grants, count, &child), &spawner, type, text, what);
}

static void check_names(void)
{
    struct capos_cap_grant twice[] = { CONSOLE_GRANT, CONSOLE_GRANT };
    struct capos_cap_grant unnamed = CONSOLE_GRANT, long_name = CONSOLE_GRANT;
    unnamed.name = capn_text_of("");
    long_name.name = capn_text_of("a name that has more than thirty-two bytes");
    refused("no such program", NULL, 0, CAP_EXCEPTION_FAILED, NULL, "H58 unknown binary");
    refused("", NULL, 0, CAP_EXCEPTION_FAILED, NULL, "empty binary name");
    refused("quick_exit", twice, 2, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "H60 duplicate names");
    refused("quick_exit", &unnamed, 1, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "empty name");
    refused("quick_exit", &long_name, 1, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "long name");
    static struct capos_cap_grant many[CAPSET_ENTRIES_MAX + 1];
    static char names[CAPSET_ENTRIES_MAX + 1][8];
    for (uint32_t i = 0; i <= CAPSET_ENTRIES_MAX; i++) {
        struct text_buf buf = text_buf_over(names[i], sizeof names[i] - 1);
        capos_format(&buf, "cap%u", i);
        many[i] = capos_grant_kernel(names[i], CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    }
    refused("quick_exit", many, CAPSET_ENTRIES_MAX + 1, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "86 grants");
    struct capos_process child;
    check_ok(capos_process_spawn(&spawner, "quick_exit", many, CAPSET_ENTRIES_MAX, &child), &spawner, "85 grants");
    check(exit_code_of(&child) == 42, "the child of 85 grants");
}

static void check_sources(void)
{
    struct capos_cap_grant grant = capos_grant_held("m", 0x00fffff0, CAPOS_CONSOLE_INTERFACE_ID);
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_FAILED, "capability not found", "unknown capability");
    const struct capset_entry *held = capos_capset_find("frame_allocator");
    grant = capos_grant_held("m", held->cap_id, held->interface_id);
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_FAILED, "capability hold is not transferable", "H61 not transferable");
    grant.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_FAILED, "capability hold is not transferable", "H61 move");
    held = capos_capset_find("console");
    grant = capos_grant_held("m", held->cap_id, CAPOS_TIMER_INTERFACE_ID);
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_FAILED, NULL, "H62 relabelled interface");
    grant = capos_grant_held("m", held->cap_id, held->interface_id);
    grant.mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_UNIMPLEMENTED, "capability is not an endpoint", "a facet of what is no endpoint");
    grant = CONSOLE_GRANT;
    grant.badge = 5;
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "kernel source with a badge");
    grant = capos_grant_kernel("m", CAPOS_KERNEL_CAP_SOURCE_NIC, CAPOS_NIC_INTERFACE_ID);
    refused("quick_exit", &grant, 1, CAP_EXCEPTION_FAILED, "kernel source nic is not available", "source that is not built");
    grant.source.kernel = (enum capos_kernel_cap_source)0x7fff;
    check(capos_process_spawn(&spawner, "quick_exit", &grant, 1, &(struct capos_process){ 0 }) == CAPOS_EXCEPTION,
          "source that nobody knows");
}

static enum capos_status take_frame(struct capos_client *out)
{
    struct capos_frame_allocator_alloc_frame_results got;
    enum capos_status status = capos_frame_allocator_alloc_frame(&frames, NULL, &got);
    return status == CAPOS_OK ? capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, out) : status;
}

/* A memory object can be copied to a child and moved to it; a refused spawn moves nothing. */
static void check_copy_and_move(void)
{
    struct capos_client object;
    struct capos_memory_object_info_results info;
    struct capos_process child;
    check_ok(take_frame(&object), &frames, "a frame");
    struct capos_cap_grant grant = capos_grant_held("m", object.cap_id, object.interface_id);
    check_ok(capos_process_spawn(&spawner, "quick_exit", &grant, 1, &child), &spawner, "copy");
    check(exit_code_of(&child) == 42, "the child with a copy");
    check_ok(capos_memory_object_info(&object, NULL, &info), &object, "the copied object stays");
    grant.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    struct capos_cap_grant both[] = { grant, grant };
    refused("quick_exit", both, 2, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "move with duplicate names");
    refused("no such program", &grant, 1, CAP_EXCEPTION_FAILED, NULL, "move to a child that is not there");
    check_ok(capos_memory_object_info(&object, NULL, &info), &object, "a refused move moves nothing");
    check_ok(capos_process_spawn(&spawner, "quick_exit", &grant, 1, &child), &spawner, "move");
    check(exit_code_of(&child) == 42, "the child with the object");
    check(capos_memory_object_info(&object, NULL, &info) == CAPOS_NO_SUCH_CAP, "a moved object is gone");
}

static void check_full_table(void)
{
    static struct capos_client objects[CAP_SLOTS_MAX];
    uint32_t count = 0;
    while (count < CAP_SLOTS_MAX && take_frame(&objects[count]) == CAPOS_OK)
        count++;
    refused("quick_exit", NULL, 0, CAP_EXCEPTION_OVERLOADED, NULL, "H63 no slot for the results");
    capos_client_close(&objects[0]);
    refused("quick_exit", NULL, 0, CAP_EXCEPTION_OVERLOADED, NULL, "H63 one slot for two results");
    for (uint32_t i = 1; i < count; i++)
        capos_client_close(&objects[i]);
}

int main(void)
{
    if (task_is("capset"))
        return check_own_capset();
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    check_grants();
    check_names(); /* the kernel keeps the buffers of the largest call: let them grow before frames are counted */
    uint64_t before = free_frames(&monitor), ledgers = ledger_sum(&monitor);
    check_names();
    check_sources();
    check_copy_and_move();
    check_full_table();
    uint64_t after = free_frames(&monitor);
    check(after == before, "%lu frames free before, %lu after", before, after);
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    return finish("spawn");
}
