/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Anonymous memory of an address space: VM-01 to VM-08. See aspace.h. */
#include "kernel/mm/aspace.h"

#include "kernel/fault.h"
#include "kernel/mm/aspace_internal.h"

enum aspace_error aspace_reserve(struct aspace *as, uint64_t hint, uint64_t size, uint64_t *addr)
{
    uint64_t pages;
    if (region_check_range(hint, size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (cap_ledger_reserve(as->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES, pages) != CAP_OK)
        return ASPACE_RESERVATIONS;
    struct region region = {.pages = pages, .tag = ++as->reservations, .kind = REGION_ANON};
    enum aspace_error error = ASPACE_NO_REGION;
    if (!fault_point(FAULT_REGION))
        error = aspace_region_error(region_place(&as->regions, hint, &region, addr));
    if (error != ASPACE_OK)
        cap_ledger_release(as->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES, pages);
    return error;
}

static bool all_mapped(const struct aspace *as, uint64_t addr, uint64_t pages)
{
    struct machine_page page;
    for (uint64_t i = 0; i < pages; i++)
        if (!machine_aspace_lookup(&as->machine, addr + i * PAGE_SIZE, &page))
            return false;
    return true;
}

static bool none_mapped(const struct aspace *as, uint64_t addr, uint64_t pages)
{
    struct machine_page page;
    return !machine_aspace_next(&as->machine, &addr, addr + pages * PAGE_SIZE, &page);
}

enum aspace_error aspace_commit(struct aspace *as, uint64_t addr, uint64_t size, uint32_t prot)
{
    uint64_t pages;
    if (region_check_range(addr, size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (!aspace_prot_ok(prot))
        return ASPACE_INVALID_PROT;
    const struct region *region = region_find(&as->regions, addr);
    if (region == NULL || region->kind != REGION_ANON || addr + size > region_end(region))
        return ASPACE_NOT_RESERVED;
    if (!none_mapped(as, addr, pages))
        return ASPACE_COMMITTED;
    if (cap_ledger_reserve(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages) != CAP_OK)
        return ASPACE_FRAME_GRANTS;
    enum aspace_error error = aspace_back(as, addr, pages, prot, FRAME_ANON);
    if (error != ASPACE_OK) {
        cap_ledger_release(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages);
        return error;
    }
    as->committed += pages;
    return ASPACE_OK;
}

static void uncommit(struct aspace *as, uint64_t addr, uint64_t pages)
{
    if (as->committed == 0)
        return;
    uint64_t removed = aspace_strip(as, addr, pages, FRAME_ANON);
    as->committed -= removed;
    cap_ledger_release(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, removed);
}

enum aspace_error aspace_decommit(struct aspace *as, uint64_t addr, uint64_t size)
{
    uint64_t pages;
    if (region_check_range(addr, size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (!region_covered(&as->regions, addr, pages, REGION_ANON, NULL))
        return ASPACE_NOT_RESERVED;
    uncommit(as, addr, pages);
    return ASPACE_OK;
}

enum aspace_error aspace_unmap(struct aspace *as, uint64_t addr, uint64_t size)
{
    uint64_t pages;
    if (region_check_range(addr, size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (!region_covered(&as->regions, addr, pages, REGION_ANON, NULL))
        return ASPACE_NOT_RESERVED;
    enum aspace_error error = ASPACE_NO_REGION;
    if (!fault_point(FAULT_REGION))
        error = aspace_region_error(region_remove(&as->regions, addr, pages));
    if (error != ASPACE_OK)
        return error;
    uncommit(as, addr, pages);
    cap_ledger_release(as->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES, pages);
    return ASPACE_OK;
}

enum aspace_error aspace_map(struct aspace *as, uint64_t hint, uint64_t size, uint32_t prot, uint64_t *addr)
{
    if (!aspace_prot_ok(prot))
        return ASPACE_INVALID_PROT;
    uint64_t at;
    enum aspace_error error = aspace_reserve(as, hint, size, &at);
    if (error != ASPACE_OK)
        return error;
    error = aspace_commit(as, at, size, prot);
    if (error == ASPACE_OK) {
        *addr = at;
        return ASPACE_OK;
    }
    region_remove(&as->regions, at, size >> PAGE_SHIFT); /* a whole region: needs no entry */
    cap_ledger_release(as->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES, size >> PAGE_SHIFT);
    return error;
}

enum aspace_error aspace_protect(struct aspace *as, uint64_t addr, uint64_t size, uint32_t prot)
{
    uint64_t pages;
    if (region_check_range(addr, size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (!aspace_prot_ok(prot))
        return ASPACE_INVALID_PROT;
    if (!region_covered(&as->regions, addr, pages, REGION_ANON, NULL))
        return ASPACE_NOT_RESERVED;
    if (!all_mapped(as, addr, pages))
        return ASPACE_NOT_COMMITTED;
    aspace_set_prot(as, addr, pages, prot);
    return ASPACE_OK;
}
