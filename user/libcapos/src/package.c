/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Walking the boot package: see package.h. */
#include "package.h"

#include "core/base/bytes.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"

static bool read_bytes(struct package_walker *w, uint64_t at, uint8_t *out, uint32_t len)
{
    while (len > 0) {
        if (at < w->window_at || at - w->window_at >= w->window_len) {
            struct capos_boot_package_read_manifest_params in = { .offset = at, .max_bytes = PACKAGE_WINDOW_BYTES };
            struct capos_boot_package_read_manifest_results got;
            if (capos_boot_package_read_manifest(&w->package, &in, &got) != CAPOS_OK || got.data.len == 0 ||
                got.data.len > PACKAGE_WINDOW_BYTES)
                return false;
            memcpy(w->window, got.data.bytes, got.data.len);
            w->window_at = at;
            w->window_len = got.data.len;
        }
        uint32_t from = (uint32_t)(at - w->window_at);
        uint32_t take = w->window_len - from < len ? w->window_len - from : len;
        memcpy(out, w->window + from, take);
        out += take;
        at += take;
        len -= take;
    }
    return true;
}

bool package_read_word(struct package_walker *w, uint32_t segment, uint64_t word, uint64_t *out)
{
    uint8_t bytes[8];
    if (segment >= w->segment_count || word >= w->segment_words[segment] ||
        !read_bytes(w, w->segment_start[segment] + word * 8, bytes, 8))
        return false;
    *out = load_le64(bytes);
    return true;
}

bool package_open(struct package_walker *w)
{
    uint8_t bytes[4];
    w->window_len = 0;
    if (capos_client_open(&w->package, "boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID) != CAPOS_OK ||
        !read_bytes(w, 0, bytes, 4) || load_le32(bytes) >= PACKAGE_SEGMENTS_MAX)
        return false;
    w->segment_count = load_le32(bytes) + 1;
    uint64_t at = (4 + 4 * (uint64_t)w->segment_count + 7) & ~7ull;
    for (uint32_t i = 0; i < w->segment_count; i++) {
        if (!read_bytes(w, 4 + 4 * (uint64_t)i, bytes, 4))
            return false;
        w->segment_words[i] = load_le32(bytes);
        w->segment_start[i] = at;
        at += 8 * (uint64_t)w->segment_words[i];
    }
    return true;
}

/* Follows far pointers; leaves in *pointer the final pointer and in segment/base the place its offset counts from. */
static bool resolve_far(struct package_walker *w, uint32_t *segment, uint64_t *base, uint64_t *pointer)
{
    if ((*pointer & 3) != 2)
        return true;
    bool double_far = (*pointer & 4) != 0;
    *segment = (uint32_t)(*pointer >> 32);
    uint64_t pad = (uint32_t)*pointer >> 3;
    if (!package_read_word(w, *segment, pad, pointer))
        return false;
    *base = pad + 1;
    if (!double_far)
        return (*pointer & 3) != 2;
    uint64_t far = *pointer;
    if ((far & 7) != 2 || !package_read_word(w, *segment, pad + 1, pointer))
        return false;
    *segment = (uint32_t)(far >> 32);
    *base = (uint32_t)far >> 3;
    return true;
}

bool package_follow(struct package_walker *w, uint32_t segment, uint64_t word, uint32_t kind, struct package_target *out)
{
    uint64_t pointer, base = word + 1;
    if (!package_read_word(w, segment, word, &pointer) || pointer == 0 || !resolve_far(w, &segment, &base, &pointer) ||
        (pointer & 3) != kind)
        return false;
    int64_t offset = (int32_t)pointer >> 2;
    *out = (struct package_target){ .segment = segment, .word = base + (uint64_t)offset };
    if (kind == 0) {
        out->data_words = (uint16_t)(pointer >> 32);
        out->pointer_count = (uint16_t)(pointer >> 48);
        return true;
    }
    out->count = (uint32_t)(pointer >> 35);
    if ((pointer >> 32 & 7) != CAPN_ELEMENT_STRUCT)
        return true;
    uint64_t tag;
    if (!package_read_word(w, segment, out->word, &tag))
        return false;
    out->word++;
    out->count = (uint32_t)tag >> 2;
    out->data_words = (uint16_t)(tag >> 32);
    out->pointer_count = (uint16_t)(tag >> 48);
    return true;
}

uint64_t package_element(const struct package_target *list, uint32_t i)
{
    return list->word + (uint64_t)i * (uint64_t)(list->data_words + list->pointer_count);
}

bool package_text(struct package_walker *w, uint32_t segment, uint64_t word, char *out, uint32_t room)
{
    struct package_target text;
    if (!package_follow(w, segment, word, 1, &text) || text.count == 0 || text.count > room ||
        text.segment >= w->segment_count ||
        !read_bytes(w, w->segment_start[text.segment] + text.word * 8, (uint8_t *)out, text.count))
        return false;
    return out[text.count - 1] == '\0';
}

bool package_root(struct package_walker *w, struct package_target *out)
{
    return package_follow(w, 0, 0, 0, out);
}
