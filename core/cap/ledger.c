/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The resource ledger: core/cap/ledger.h.
 */
#include "core/cap/ledger.h"

#include "core/base/checked.h"

static const char *const names[CAP_RESOURCE_COUNT] = {
    [CAP_RESOURCE_CAP_SLOTS] = "cap slots",
    [CAP_RESOURCE_OUTSTANDING_CALLS] = "outstanding calls",
    [CAP_RESOURCE_SCRATCH_BYTES] = "scratch bytes",
    [CAP_RESOURCE_FRAME_GRANT_PAGES] = "frame grant pages",
    [CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES] = "virtual reservation pages",
    [CAP_RESOURCE_PAGE_TABLE_PAGES] = "page table pages",
    [CAP_RESOURCE_IMAGE_PAGES] = "image pages",
};

void cap_ledger_init(struct cap_ledger *ledger, uint64_t page_table_pages, uint64_t image_pages)
{
    ledger->pairs[CAP_RESOURCE_PAGE_TABLE_PAGES].max = page_table_pages;
    ledger->pairs[CAP_RESOURCE_IMAGE_PAGES].max = image_pages;
    cap_ledger_reset(ledger);
}

void cap_ledger_reset(struct cap_ledger *ledger)
{
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++)
        ledger->pairs[i].used = 0;
    ledger->pairs[CAP_RESOURCE_CAP_SLOTS].max = CAP_SLOTS_MAX;
    ledger->pairs[CAP_RESOURCE_OUTSTANDING_CALLS].max = OUTSTANDING_CALLS_MAX;
    ledger->pairs[CAP_RESOURCE_SCRATCH_BYTES].max = SCRATCH_BYTES_MAX;
    ledger->pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max = FRAME_GRANT_PAGES_MAX;
    ledger->pairs[CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES].max = VIRTUAL_RESERVATION_PAGES_MAX;
    ledger->over_releases = 0;
}

enum cap_error cap_resource_exhausted(enum cap_resource resource)
{
    return (enum cap_error)((unsigned int)CAP_EXHAUSTED_CAP_SLOTS + (unsigned int)resource);
}

enum cap_error cap_ledger_preflight(const struct cap_ledger *ledger, enum cap_resource resource,
                                    uint64_t amount)
{
    const struct cap_ledger_pair *pair = &ledger->pairs[resource];
    uint64_t sum;
    if (amount == 0)
        return CAP_OK;
    if (!checked_add_u64(pair->used, amount, &sum) || sum > pair->max)
        return cap_resource_exhausted(resource);
    return CAP_OK;
}

enum cap_error cap_ledger_reserve(struct cap_ledger *ledger, enum cap_resource resource,
                                  uint64_t amount)
{
    enum cap_error error = cap_ledger_preflight(ledger, resource, amount);
    if (error == CAP_OK)
        ledger->pairs[resource].used += amount;
    return error;
}

void cap_ledger_release(struct cap_ledger *ledger, enum cap_resource resource, uint64_t amount)
{
    struct cap_ledger_pair *pair = &ledger->pairs[resource];
    if (amount > pair->used) {
        ledger->over_releases++;
        amount = pair->used;
    }
    pair->used -= amount;
}

uint64_t cap_ledger_used(const struct cap_ledger *ledger, enum cap_resource resource)
{
    return ledger->pairs[resource].used;
}

uint64_t cap_ledger_max(const struct cap_ledger *ledger, enum cap_resource resource)
{
    return ledger->pairs[resource].max;
}

const char *cap_resource_name(enum cap_resource resource)
{
    return names[resource];
}

bool cap_ledger_is_empty(const struct cap_ledger *ledger)
{
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++) {
        if (ledger->pairs[i].used != 0)
            return false;
    }
    return true;
}
