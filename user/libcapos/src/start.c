/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The first code of a program: checks what the kernel handed over, makes the
 * ring client, calls main and exits with its result. Exit code 120 means that
 * the hand-over is not of this ABI.
 */
#include "start.h"

#include "abi/layout.h"
#include "capos/syscall.h"

int main(int argc, char **argv);
_Noreturn void _start(uint64_t ring, uint64_t pid, uint64_t capset);

const struct capset_page *capos_start_capset;
static uint32_t start_pid;
static struct capos_arguments arguments;

uint32_t capos_pid(void)
{
    return start_pid;
}

static bool capset_is_valid(uint64_t address)
{
    if (address == 0)
        return true;
    if (address != USER_CAPSET_BASE)
        return false;
    const struct capset_page *page = (const struct capset_page *)address;
    return page->magic == CAPSET_MAGIC && page->version == CAPSET_VERSION && page->count <= CAPSET_ENTRIES_MAX;
}

_Noreturn void _start(uint64_t ring, uint64_t pid, uint64_t capset)
{
    if (ring != USER_RING_BASE || !capset_is_valid(capset))
        capos_exit(EXIT_CODE_BOOTSTRAP);
    capos_start_capset = (const struct capset_page *)capset;
    start_pid = (uint32_t)pid;
    if (capos_ring_init(capos_ring(), (struct ring_page *)ring) != CAPOS_OK)
        capos_exit(EXIT_CODE_BOOTSTRAP);
    capos_arguments_load(&arguments);
    capos_exit(main(arguments.count, arguments.values));
}
