/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Frame ledger: see ledger.h. */
#include "core/frames/ledger.h"

#include "core/base/checked.h"

void frames_ledger_init(struct frames_ledger *ledger, uint64_t *storage, size_t capacity)
{
    *ledger = (struct frames_ledger){ .entries = storage, .capacity = capacity };
}

/* The place of a frame, or count. */
static size_t place_of(const struct frames_ledger *ledger, uint64_t frame)
{
    size_t i = 0;

    while (i < ledger->count && ledger->entries[i] != frame)
        i++;
    return i;
}

bool frames_ledger_contains(const struct frames_ledger *ledger, uint64_t frame)
{
    return place_of(ledger, frame) < ledger->count;
}

enum frames_ledger_error frames_ledger_track(struct frames_ledger *ledger, uint64_t frame)
{
    return frames_ledger_track_range(ledger, frame, 1, 0);
}

enum frames_ledger_error frames_ledger_untrack(struct frames_ledger *ledger, uint64_t frame)
{
    size_t at = place_of(ledger, frame);

    if (at == ledger->count)
        return FRAMES_LEDGER_NOT_TRACKED;
    ledger->count--;
    ledger->entries[at] = ledger->entries[ledger->count];
    return FRAMES_LEDGER_OK;
}

bool frames_ledger_pop(struct frames_ledger *ledger, uint64_t *frame)
{
    if (ledger->count == 0)
        return false;
    ledger->count--;
    *frame = ledger->entries[ledger->count];
    return true;
}

/* Is some entry one of start + i * stride? The range does not wrap. */
static bool any_in_range(const struct frames_ledger *ledger, uint64_t start, uint64_t last, uint64_t stride)
{
    for (size_t i = 0; i < ledger->count; i++) {
        uint64_t entry = ledger->entries[i];
        if (entry < start || entry > last)
            continue;
        if (stride == 0 || (entry - start) % stride == 0)
            return true;
    }
    return false;
}

enum frames_ledger_error frames_ledger_track_range(struct frames_ledger *ledger, uint64_t start, size_t n,
                                                   uint64_t stride)
{
    uint64_t span;
    uint64_t last;

    if (n == 0)
        return FRAMES_LEDGER_OK;
    if (n > ledger->capacity - ledger->count)
        return FRAMES_LEDGER_QUOTA;
    if (!checked_mul_u64(n - 1, stride, &span) || !checked_add_u64(start, span, &last))
        return FRAMES_LEDGER_QUOTA;
    if ((stride == 0 && n > 1) || any_in_range(ledger, start, last, stride))
        return FRAMES_LEDGER_ALREADY_TRACKED;
    for (size_t i = 0; i < n; i++)
        ledger->entries[ledger->count++] = start + i * stride;
    return FRAMES_LEDGER_OK;
}
