/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Region set: see region.h. Searches are binary; changes move array tails. */
#include "core/region/region.h"

#include <stddef.h>

#include "core/base/bytes.h"

static bool range_ok(uint64_t start, uint64_t pages)
{
    return pages != 0 && start % PAGE_SIZE == 0 && start < USER_HALF_LIMIT &&
           pages <= (USER_HALF_LIMIT - start) / PAGE_SIZE;
}

void region_set_init(struct region_set *set, struct region *storage, uint32_t capacity)
{
    *set = (struct region_set){ .entries = storage, .capacity = capacity };
}

enum region_error region_check_range(uint64_t addr, uint64_t size, uint64_t *pages)
{
    if (size % PAGE_SIZE != 0 || !range_ok(addr, size / PAGE_SIZE))
        return REGION_INVALID;
    *pages = size / PAGE_SIZE;
    return REGION_OK;
}

uint32_t region_first(const struct region_set *set, uint64_t addr)
{
    uint32_t low = 0;
    uint32_t high = set->count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (region_end(&set->entries[mid]) > addr)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

const struct region *region_find(const struct region_set *set, uint64_t addr)
{
    uint32_t i = region_first(set, addr);
    return i < set->count && set->entries[i].start <= addr ? &set->entries[i] : NULL;
}

/* Makes room at index `at`; the caller has checked the capacity. */
static void open_entry(struct region_set *set, uint32_t at)
{
    memmove(&set->entries[at + 1], &set->entries[at], (set->count - at) * sizeof set->entries[0]);
    set->count++;
}

/* Drops the entries [from, to). */
static void close_entries(struct region_set *set, uint32_t from, uint32_t to)
{
    memmove(&set->entries[from], &set->entries[to], (set->count - to) * sizeof set->entries[0]);
    set->count -= to - from;
}

/* Both cut at an address strictly inside the region. */
static void keep_head(struct region *region, uint64_t addr)
{
    region->pages = (addr - region->start) / PAGE_SIZE;
}

static void keep_tail(struct region *region, uint64_t addr)
{
    uint64_t cut = (addr - region->start) / PAGE_SIZE;

    region->start = addr;
    region->pages -= cut;
    region->object_page += (uint32_t)cut;
}

enum region_error region_insert(struct region_set *set, const struct region *region)
{
    if (!range_ok(region->start, region->pages))
        return REGION_INVALID;
    uint32_t at = region_first(set, region->start);
    if (at < set->count && set->entries[at].start < region_end(region))
        return REGION_OCCUPIED;
    if (set->count == set->capacity)
        return REGION_FULL;
    open_entry(set, at);
    set->entries[at] = *region;
    return REGION_OK;
}

enum region_error region_find_gap(const struct region_set *set, uint64_t pages, uint64_t *start)
{
    uint64_t at = USER_MAP_BASE;
    uint32_t i = region_first(set, at);

    if (pages == 0)
        return REGION_INVALID;
    for (; i < set->count && set->entries[i].start < USER_MAP_LIMIT; i++) {
        const struct region *r = &set->entries[i];
        if (r->start > at && (r->start - at) / PAGE_SIZE >= pages)
            break;
        at = region_end(r);
    }
    if (at >= USER_MAP_LIMIT || (USER_MAP_LIMIT - at) / PAGE_SIZE < pages)
        return REGION_NO_SPACE;
    *start = at;
    return REGION_OK;
}

enum region_error region_place(struct region_set *set, uint64_t hint, const struct region *region, uint64_t *start)
{
    struct region placed = *region;

    placed.start = hint;
    if (hint == 0) {
        enum region_error err = region_find_gap(set, region->pages, &placed.start);
        if (err != REGION_OK)
            return err;
    } else if (!range_ok(hint, region->pages) || hint < USER_MAP_BASE || region_end(&placed) > USER_MAP_LIMIT) {
        return REGION_INVALID;
    }
    enum region_error err = region_insert(set, &placed);
    if (err == REGION_OK)
        *start = placed.start;
    return err;
}

enum region_error region_remove(struct region_set *set, uint64_t start, uint64_t pages)
{
    if (!range_ok(start, pages))
        return REGION_INVALID;
    uint64_t end = start + pages * PAGE_SIZE;
    uint32_t from = region_first(set, start);
    if (from < set->count && set->entries[from].start < start) {
        if (region_end(&set->entries[from]) > end) {
            if (set->count == set->capacity)
                return REGION_FULL;
            open_entry(set, from + 1);
            set->entries[from + 1] = set->entries[from];
        }
        keep_head(&set->entries[from], start);
        from++;
    }
    uint32_t to = from;
    while (to < set->count && region_end(&set->entries[to]) <= end)
        to++;
    if (to < set->count && set->entries[to].start < end)
        keep_tail(&set->entries[to], end);
    close_entries(set, from, to);
    return REGION_OK;
}

/* Is `addr` inside a region but not its start? */
static bool needs_split(const struct region_set *set, uint64_t addr)
{
    const struct region *r = region_find(set, addr);
    return r != NULL && r->start < addr;
}

static void split_at(struct region_set *set, uint64_t addr)
{
    uint32_t at = region_first(set, addr);

    if (!needs_split(set, addr))
        return;
    open_entry(set, at + 1);
    set->entries[at + 1] = set->entries[at];
    keep_head(&set->entries[at], addr);
    keep_tail(&set->entries[at + 1], addr);
}

/* Joins the two regions that meet at `addr` when nothing tells them apart. */
static void join_at(struct region_set *set, uint64_t addr)
{
    uint32_t at = region_first(set, addr);

    if (at == 0 || at == set->count)
        return;
    struct region *low = &set->entries[at - 1];
    const struct region *high = &set->entries[at];
    if (region_end(low) != high->start || low->kind != high->kind || low->tag != high->tag ||
        low->prot != high->prot || low->object_page + low->pages != high->object_page)
        return;
    low->pages += high->pages;
    close_entries(set, at, at + 1);
}

enum region_error region_protect(struct region_set *set, uint64_t start, uint64_t pages, uint8_t prot)
{
    if (!range_ok(start, pages))
        return REGION_INVALID;
    uint64_t end = start + pages * PAGE_SIZE;
    uint32_t splits = (uint32_t)needs_split(set, start) + (uint32_t)needs_split(set, end);
    if (splits > set->capacity - set->count)
        return REGION_FULL;
    split_at(set, start);
    split_at(set, end);
    uint32_t from = region_first(set, start);
    uint32_t to = from;
    for (; to < set->count && set->entries[to].start < end; to++)
        set->entries[to].prot = prot;
    /* From the top, so that the indices below stay right. */
    for (uint32_t i = to; i > from; i--)
        join_at(set, region_end(&set->entries[i - 1]));
    join_at(set, start);
    return REGION_OK;
}

bool region_covered(const struct region_set *set, uint64_t start, uint64_t pages, enum region_kind kind,
                    const uint64_t *tag)
{
    if (!range_ok(start, pages))
        return false;
    uint64_t end = start + pages * PAGE_SIZE;
    uint64_t at = start;
    for (uint32_t i = region_first(set, start); at < end; i++) {
        if (i >= set->count)
            return false;
        const struct region *r = &set->entries[i];
        if (r->start > at || r->kind != kind || (tag != NULL && r->tag != *tag))
            return false;
        at = region_end(r);
    }
    return true;
}

uint64_t region_pages_of(const struct region_set *set, enum region_kind kind)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        if (set->entries[i].kind == kind)
            pages += set->entries[i].pages;
    }
    return pages;
}
