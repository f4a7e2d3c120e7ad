/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any sequence of changes of an address space against a map page by page. */
#include "core/base/base_fuzz.h"

#include "core/region/region.h"

#define ENTRIES 12u
#define PAGES 64u /* of the window that the changes fall into */
#define BASE USER_MAP_BASE

/* What the page is: 0 nothing, else kind, tag and protection in one number. */
static uint32_t model[PAGES];

static void check_set(const struct region_set *set)
{
    FUZZ_CHECK(set->count <= ENTRIES);
    for (uint32_t i = 0; i < set->count; i++) {
        FUZZ_CHECK(set->entries[i].pages > 0 && set->entries[i].start % PAGE_SIZE == 0);
        FUZZ_CHECK(i == 0 || region_end(&set->entries[i - 1]) <= set->entries[i].start);
    }
    for (uint32_t page = 0; page < PAGES; page++) {
        const struct region *region = region_find(set, BASE + (uint64_t)page * PAGE_SIZE + 17);
        uint32_t is = region == NULL ? 0 : 1u + (uint32_t)region->tag * 8 + region->prot;
        FUZZ_CHECK(is == model[page]);
    }
}

static bool any_used(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        if (model[i] != 0)
            return true;
    return false;
}

static void step(struct region_set *set, struct fuzz_input *input)
{
    uint32_t what = fuzz_below(input, 3), first = fuzz_below(input, PAGES), count = 1 + fuzz_below(input, PAGES - first);
    uint64_t start = BASE + (uint64_t)first * PAGE_SIZE;
    const struct region region = {.start = start, .pages = count, .tag = fuzz_below(input, 4), .kind = REGION_ANON,
                                  .prot = (uint8_t)fuzz_below(input, 8)};
    enum region_error error = what == 0   ? region_insert(set, &region)
                              : what == 1 ? region_remove(set, start, count)
                                          : region_protect(set, start, count, region.prot);
    if (what == 0)
        FUZZ_CHECK(error == REGION_FULL || (error == REGION_OCCUPIED) == any_used(first, count));
    else
        FUZZ_CHECK(error == REGION_OK || error == REGION_FULL);
    for (uint32_t i = first; error == REGION_OK && i < first + count; i++) {
        if (what == 0)
            model[i] = 1u + (uint32_t)region.tag * 8 + region.prot;
        if (what == 1)
            model[i] = 0;
        if (what == 2 && model[i] != 0)
            model[i] = 1u + (model[i] - 1) / 8 * 8 + region.prot;
    }
    check_set(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct region storage[ENTRIES];
    struct fuzz_input input = {bytes, len};
    struct region_set set;
    memset(model, 0, sizeof model);
    region_set_init(&set, storage, ENTRIES);
    while (input.left > 0)
        step(&set, &input);
    return 0;
}
