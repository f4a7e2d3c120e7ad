/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Look-ups in the CapSet page, whose address start-up checked. */
#include "capos/capset.h"

#include "core/base/text.h"
#include "start.h"

uint32_t capos_capset_count(void)
{
    return capos_start_capset == NULL ? 0 : capos_start_capset->count;
}

const struct capset_entry *capos_capset_entry(uint32_t i)
{
    return i < capos_capset_count() ? &capos_start_capset->entries[i] : NULL;
}

const struct capset_entry *capos_capset_find(const char *name)
{
    size_t len = text_len(name);
    for (uint32_t i = 0; i < capos_capset_count(); i++) {
        const struct capset_entry *entry = capos_capset_entry(i);
        size_t entry_len = entry->name_len < CAPSET_NAME_BYTES ? entry->name_len : CAPSET_NAME_BYTES;
        if (text_equal(entry->name, entry_len, name, len))
            return entry;
    }
    return NULL;
}
