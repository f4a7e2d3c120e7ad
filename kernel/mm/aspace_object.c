/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mappings of memory objects in an address space: MO-05 to MO-08, FG-03, FG-04.
 * See aspace.h. The tag of a region is the object's address, with the lowest
 * bit set while the mappings carry the object's charge. The space holds one
 * reference on an object that it maps, however many regions there are.
 */
#include "kernel/mm/aspace.h"

#include "core/base/checked.h"
#include "kernel/fault.h"
#include "kernel/mm/aspace_internal.h"
#include "kernel/object.h"
#include "kernel/proc/process.h"

#define TAG_CHARGED 1ull

static uint64_t tag_of(const struct object *object)
{
    return (uint64_t)(uintptr_t)object;
}

struct object *aspace_region_object(const struct region *region)
{
    return (struct object *)(uintptr_t)(region->tag & ~TAG_CHARGED);
}

bool aspace_region_charged(const struct region *region)
{
    return (region->tag & TAG_CHARGED) != 0;
}

/* Some region that maps the object, NULL without. */
static const struct region *any_mapping(const struct aspace *as, const struct object *object)
{
    for (uint32_t i = 0; i < as->regions.count; i++) {
        const struct region *region = &as->regions.entries[i];
        if (region->kind == REGION_OBJECT && aspace_region_object(region) == object)
            return region;
    }
    return NULL;
}

static void set_charged(struct aspace *as, const struct object *object, bool charged)
{
    for (uint32_t i = 0; i < as->regions.count; i++) {
        struct region *region = &as->regions.entries[i];
        if (region->kind == REGION_OBJECT && aspace_region_object(region) == object)
            region->tag = tag_of(object) | (charged ? TAG_CHARGED : 0);
    }
}

static uint32_t pages_of(const struct object *object)
{
    return object->ops->frame_pages != NULL ? object->ops->frame_pages(object) : 0;
}

static void return_charge(struct aspace *as, const struct object *object)
{
    as->mapping_pages -= pages_of(object);
    cap_ledger_release(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages_of(object));
}

/* Does the process hold it, by whatever capability? */
static bool is_held(const struct aspace *as, const struct object *object)
{
    const struct cap_table *table = &as->process->table;
    for (uint32_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].object == object)
            return true;
    return false;
}

void aspace_object_released(struct aspace *as, const struct object *object)
{
    const struct region *region = any_mapping(as, object);
    if (region == NULL || aspace_region_charged(region) || is_held(as, object))
        return;
    /* The hold that has just gone returned as much, so this fits. */
    if (cap_ledger_reserve(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages_of(object)) != CAP_OK)
        return;
    as->mapping_pages += pages_of(object);
    set_charged(as, object, true);
}

void aspace_object_held(struct aspace *as, const struct object *object)
{
    const struct region *region = any_mapping(as, object);
    if (region == NULL || !aspace_region_charged(region))
        return;
    return_charge(as, object);
    set_charged(as, object, false);
}

static enum aspace_error map_pages(struct aspace *as, uint64_t va, uint64_t first_frame, uint64_t pages, uint32_t prot)
{
    for (uint64_t i = 0; i < pages; i++) {
        if (!machine_aspace_map(&as->machine, va + i * PAGE_SIZE, first_frame + i, prot)) {
            enum aspace_error error = aspace_map_error(as);
            aspace_strip(as, va, i, FRAME_OBJECT);
            return error;
        }
    }
    return ASPACE_OK;
}

enum aspace_error aspace_map_object(struct aspace *as, const struct aspace_memory *memory,
                                    const struct aspace_mapping *mapping, uint64_t *addr)
{
    uint64_t pages;
    uint64_t end;
    if (!aspace_prot_ok(mapping->prot))
        return ASPACE_INVALID_PROT;
    if (mapping->offset % PAGE_SIZE != 0 || region_check_range(mapping->hint, mapping->size, &pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    if (!checked_add_u64(mapping->offset, mapping->size, &end) || end > memory->pages * PAGE_SIZE)
        return ASPACE_OUTSIDE_OBJECT;
    bool first = any_mapping(as, memory->object) == NULL;
    uint64_t object_page = mapping->offset >> PAGE_SHIFT;
    struct region region = {
        .pages = pages,
        .tag = tag_of(memory->object),
        .object_page = (uint32_t)object_page,
        .kind = REGION_OBJECT,
        .prot = (uint8_t)mapping->prot,
    };
    uint64_t at;
    enum aspace_error error = ASPACE_NO_REGION;
    if (!fault_point(FAULT_REGION))
        error = aspace_region_error(region_place(&as->regions, mapping->hint, &region, &at));
    if (error != ASPACE_OK)
        return error;
    error = map_pages(as, at, memory->first_frame + object_page, pages, mapping->prot);
    if (error != ASPACE_OK) {
        region_remove(&as->regions, at, pages); /* a whole region: needs no entry */
        return error;
    }
    if (first)
        object_hold(memory->object);
    *addr = at;
    return ASPACE_OK;
}

void aspace_object_unmapped(struct aspace *as, struct object *object, bool charged)
{
    if (any_mapping(as, object) != NULL)
        return;
    if (charged)
        return_charge(as, object);
    object_drop(object);
}

/* Is the range wholly in mappings of this object? */
static enum aspace_error check_mapped(struct aspace *as, const struct object *object, uint64_t addr, uint64_t size,
                                      uint64_t *pages)
{
    if (region_check_range(addr, size, pages) != REGION_OK)
        return ASPACE_INVALID_RANGE;
    const struct region *region = any_mapping(as, object);
    if (region == NULL || !region_covered(&as->regions, addr, *pages, REGION_OBJECT, &region->tag))
        return ASPACE_NOT_RESERVED;
    return ASPACE_OK;
}

enum aspace_error aspace_unmap_object(struct aspace *as, struct object *object, uint64_t addr, uint64_t size)
{
    uint64_t pages;
    enum aspace_error error = check_mapped(as, object, addr, size, &pages);
    if (error != ASPACE_OK)
        return error;
    error = fault_point(FAULT_REGION) ? ASPACE_NO_REGION
                                      : aspace_region_error(region_remove(&as->regions, addr, pages));
    if (error != ASPACE_OK)
        return error;
    aspace_strip(as, addr, pages, FRAME_OBJECT);
    aspace_object_unmapped(as, object, false); /* the caller holds it */
    return ASPACE_OK;
}

enum aspace_error aspace_protect_object(struct aspace *as, const struct object *object, uint64_t addr, uint64_t size,
                                        uint32_t prot)
{
    uint64_t pages;
    if (!aspace_prot_ok(prot))
        return ASPACE_INVALID_PROT;
    enum aspace_error error = check_mapped(as, object, addr, size, &pages);
    if (error != ASPACE_OK)
        return error;
    error = fault_point(FAULT_REGION) ? ASPACE_NO_REGION
                                      : aspace_region_error(region_protect(&as->regions, addr, pages, (uint8_t)prot));
    if (error != ASPACE_OK)
        return error;
    aspace_set_prot(as, addr, pages, prot);
    return ASPACE_OK;
}

const struct object *aspace_object_at(const struct aspace *as, uint64_t addr, uint64_t *offset)
{
    const struct region *region = region_find(&as->regions, addr);
    if (region == NULL || region->kind != REGION_OBJECT)
        return NULL;
    *offset = ((uint64_t)region->object_page << PAGE_SHIFT) + (addr - region->start);
    return aspace_region_object(region);
}
