/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Transfer rules that need no table: session scopes, facets, receiver cookies,
 * descriptors (core/cap/transfer.h).
 */
#include "core/cap/transfer.h"

#define COOKIE_MARKER 0x51c0u

bool cap_sessions_equal(uint64_t a, uint64_t b)
{
    return a == b;
}

bool cap_scope_allows(uint8_t scope, bool same_session, bool service_regrant)
{
    if (same_session || scope == CAP_SCOPE_CROSS_SESSION)
        return true;
    return scope == CAP_SCOPE_SERVICE_REGRANT && service_regrant;
}

enum cap_error cap_facet_resolve(const struct cap_hold *source, bool may_mint,
                                 const struct cap_facet *requested, struct cap_facet *out)
{
    struct cap_facet wanted = *requested;
    if (wanted.badge == CAP_BADGE_PRESERVE)
        wanted.badge = source->badge;
    if (!may_mint && wanted.interface_id != source->interface_id)
        return CAP_INTERFACE_RELABEL;
    if (!may_mint && wanted.badge != source->badge)
        return CAP_RECEIVER_COOKIE_RELABEL;
    *out = wanted;
    return CAP_OK;
}

bool cap_cookie_make(uint32_t generation, uint32_t index, uint64_t *cookie)
{
    if (generation == 0 || generation > 0xffffff || index > 0xffffff)
        return false;
    *cookie = (uint64_t)COOKIE_MARKER << 48 | (uint64_t)generation << 24 | index;
    return true;
}

bool cap_cookie_split(uint64_t cookie, uint32_t *generation, uint32_t *index)
{
    uint32_t found = (uint32_t)(cookie >> 24) & 0xffffff;
    if (cookie >> 48 != COOKIE_MARKER || found == 0)
        return false;
    *generation = found;
    *index = (uint32_t)cookie & 0xffffff;
    return true;
}

static bool descriptor_is_valid(const struct ring_transfer_descriptor *descriptor)
{
    bool mode_known = descriptor->transfer_mode == TRANSFER_MODE_COPY ||
                      descriptor->transfer_mode == TRANSFER_MODE_MOVE;
    return mode_known && descriptor->reserved == 0;
}

enum cap_error cap_descriptors_check(const struct ring_transfer_descriptor *descriptors,
                                     uint32_t count)
{
    if (count > TRANSFER_DESCRIPTORS_MAX)
        return CAP_INVALID_DESCRIPTOR;
    for (uint32_t i = 0; i < count; i++) {
        if (!descriptor_is_valid(&descriptors[i]))
            return CAP_INVALID_DESCRIPTOR;
        for (uint32_t j = 0; j < i; j++) {
            bool moves = descriptors[i].transfer_mode == TRANSFER_MODE_MOVE ||
                         descriptors[j].transfer_mode == TRANSFER_MODE_MOVE;
            if (moves && descriptors[i].cap_id == descriptors[j].cap_id)
                return CAP_INVALID_DESCRIPTOR;
        }
    }
    return CAP_OK;
}
