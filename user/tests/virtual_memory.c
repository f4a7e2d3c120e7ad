/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* VirtualMemory: reserve, commit, decommit, protect, unmap, their refusals (H64, H65) and ledgers. */
#include "check.h"

#include "abi/layout.h"
#include "abi/limits.h"

#define RW (PROT_READ_BIT | PROT_WRITE_BIT)

static struct capos_client vm, monitor;

static enum capos_status map(uint64_t hint, uint64_t size, uint32_t prot, uint64_t *addr)
{
    struct capos_virtual_memory_map_params in = { .hint = hint, .size = size, .prot = prot };
    struct capos_virtual_memory_map_results got = { 0 };
    enum capos_status status = capos_virtual_memory_map(&vm, &in, &got);
    *addr = got.addr;
    return status;
}

static enum capos_status reserve(uint64_t hint, uint64_t size, uint64_t *addr)
{
    struct capos_virtual_memory_reserve_params in = { .hint = hint, .size = size };
    struct capos_virtual_memory_reserve_results got = { 0 };
    enum capos_status status = capos_virtual_memory_reserve(&vm, &in, &got);
    *addr = got.addr;
    return status;
}

static enum capos_status commit(uint64_t addr, uint64_t size, uint32_t prot)
{
    struct capos_virtual_memory_commit_params in = { .addr = addr, .size = size, .prot = prot };
    return capos_virtual_memory_commit(&vm, &in, NULL);
}

static enum capos_status decommit(uint64_t addr, uint64_t size)
{
    struct capos_virtual_memory_decommit_params in = { .addr = addr, .size = size };
    return capos_virtual_memory_decommit(&vm, &in, NULL);
}

static enum capos_status protect(uint64_t addr, uint64_t size, uint32_t prot)
{
    struct capos_virtual_memory_protect_params in = { .addr = addr, .size = size, .prot = prot };
    return capos_virtual_memory_protect(&vm, &in, NULL);
}

static enum capos_status unmap(uint64_t addr, uint64_t size)
{
    struct capos_virtual_memory_unmap_params in = { .addr = addr, .size = size };
    return capos_virtual_memory_unmap(&vm, &in, NULL);
}

static void ok(enum capos_status status, const char *what)
{
    check_ok(status, &vm, what);
}

static void refused(enum capos_status status, const char *what)
{
    check_exception(status, &vm, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, what);
}

static bool all_zero(uint64_t addr, uint64_t size)
{
    for (uint64_t at = addr; at < addr + size; at += 8) {
        if (*(volatile uint64_t *)at != 0)
            return false;
    }
    return true;
}

static void check_states(void)
{
    uint64_t a;
    ok(map(0, 4 * PAGE_SIZE, RW, &a), "map");
    check(a >= USER_MAP_BASE && a % PAGE_SIZE == 0, "address %lx", a);
    check(all_zero(a, 4 * PAGE_SIZE), "fresh memory is zero");
    memset((void *)a, 0x77, 4 * PAGE_SIZE);
    ok(decommit(a + PAGE_SIZE, PAGE_SIZE), "decommit the second page");
    ok(decommit(a + PAGE_SIZE, PAGE_SIZE), "decommit it again");
    refused(commit(a, 2 * PAGE_SIZE, RW), "commit of a committed page");
    refused(protect(a, 2 * PAGE_SIZE, RW), "protect over an uncommitted page");
    ok(commit(a + PAGE_SIZE, PAGE_SIZE, RW), "commit it");
    check(all_zero(a + PAGE_SIZE, PAGE_SIZE), "a committed page is zero");
    check(*(volatile uint8_t *)a == 0x77 && *(volatile uint8_t *)(a + 2 * PAGE_SIZE) == 0x77, "its neighbours stay");
    ok(protect(a, PAGE_SIZE, PROT_NONE_BITS), "protect none");
    ok(protect(a, PAGE_SIZE, PROT_READ_BIT), "protect read");
    check(*(volatile uint8_t *)a == 0x77, "protect keeps the bytes");
    ok(protect(a, PAGE_SIZE, PROT_READ_BIT | PROT_EXEC_BIT), "protect read and execute");
    ok(unmap(a + PAGE_SIZE, PAGE_SIZE), "unmap out of the middle");
    refused(commit(a + PAGE_SIZE, PAGE_SIZE, RW), "commit without a reservation");
    ok(unmap(a, PAGE_SIZE), "unmap the first page");
    ok(unmap(a + 2 * PAGE_SIZE, 2 * PAGE_SIZE), "unmap the rest");
    refused(unmap(a, PAGE_SIZE), "unmap twice");
}

static void check_executable_memory(void)
{
    static const uint8_t code[] = { 0xb8, 0x2a, 0, 0, 0, 0xc3 }; /* mov eax, 42; ret */
    uint64_t a;
    ok(map(0, PAGE_SIZE, RW, &a), "map for code");
    memcpy((void *)a, code, sizeof code);
    ok(protect(a, PAGE_SIZE, PROT_READ_BIT | PROT_EXEC_BIT), "make it executable");
    int (*function)(void);
    memcpy(&function, &a, sizeof function);
    check(function() == 42, "code runs where the rights allow it");
    ok(unmap(a, PAGE_SIZE), "unmap the code");
}

static void check_refusals(void)
{
    uint64_t a, b;
    refused(map(0, PAGE_SIZE, PROT_WRITE_BIT | PROT_EXEC_BIT, &a), "H64 write and execute");
    refused(map(0, PAGE_SIZE, 8, &a), "unknown right");
    refused(map(0, 0, RW, &a), "no bytes");
    refused(map(0, 1, RW, &a), "part of a page");
    refused(map(PAGE_SIZE / 2, PAGE_SIZE, RW, &a), "unaligned hint");
    refused(map(USER_RING_BASE, PAGE_SIZE, RW, &a), "hint on the ring");
    refused(map(USER_MAP_LIMIT - PAGE_SIZE, 2 * PAGE_SIZE, RW, &a), "past the ceiling");
    refused(map(0xffff800000000000, PAGE_SIZE, RW, &a), "kernel half");
    static const uint64_t fixed[] = { USER_IMAGE_BASE, USER_STACK_TOP - PAGE_SIZE, USER_RING_BASE, USER_CAPSET_BASE, 0 };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        refused(unmap(fixed[i], PAGE_SIZE), "H65 unmap of a fixed page");
        refused(protect(fixed[i], PAGE_SIZE, RW), "protect of a fixed page");
        refused(decommit(fixed[i], PAGE_SIZE), "decommit of a fixed page");
    }
    ok(reserve(0, 2 * PAGE_SIZE, &a), "reserve");
    refused(map(a, PAGE_SIZE, RW, &b), "occupied hint");
    refused(protect(a, PAGE_SIZE, RW), "protect of a reserved page");
    refused(commit(a + 1, PAGE_SIZE, RW), "unaligned commit");
    refused(commit(a, 3 * PAGE_SIZE, RW), "commit past the reservation");
    refused(commit(a, PAGE_SIZE, PROT_WRITE_BIT | PROT_EXEC_BIT), "commit write and execute");
    refused(unmap(a, UINT64_MAX & ~(PAGE_SIZE - 1)), "range that wraps");
    ok(unmap(a, 2 * PAGE_SIZE), "unmap a reservation");
}

static void check_limits(void)
{
    uint64_t a, b;
    check_exception(map(0, (FRAME_GRANT_PAGES_MAX + 1) * PAGE_SIZE, RW, &a), &vm, CAP_EXCEPTION_OVERLOADED, NULL,
                    "4097 pages at once");
    ok(reserve(0, VIRTUAL_RESERVATION_PAGES_MAX * PAGE_SIZE, &a), "1 GiB reserved");
    check_exception(reserve(0, PAGE_SIZE, &b), &vm, CAP_EXCEPTION_OVERLOADED, NULL, "a page more");
    ok(commit(a + 100 * PAGE_SIZE, 16 * PAGE_SIZE, RW), "commit inside");
    check(all_zero(a + 100 * PAGE_SIZE, 16 * PAGE_SIZE), "zero inside");
    ok(unmap(a, VIRTUAL_RESERVATION_PAGES_MAX * PAGE_SIZE), "unmap all of it");
}

int main(void)
{
    vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    check_states();
    check_executable_memory();
    uint64_t ledgers = ledger_sum(&monitor);
    check_states();
    check_executable_memory();
    check_refusals();
    check_limits();
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    return finish("virtual_memory");
}
