/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Program arguments: `args`, a list of texts in the boot manifest's initConfig.
 * The manifest holds whole programs, far more than a heap, so this walks the
 * message through BootPackage.readManifest a window at a time instead of
 * loading it. Anything unexpected in the message means: no arguments.
 */
#include "start.h"

#include "capos/client.h"
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"

#define WINDOW_BYTES 1024u
#define SEGMENTS_MAX 64u

struct walker {
    struct capos_client package;
    uint64_t window_at; /* offset of the window in the manifest */
    uint32_t window_len;
    uint8_t window[WINDOW_BYTES];
    uint32_t segment_count;
    uint64_t segment_start[SEGMENTS_MAX]; /* byte offsets */
    uint32_t segment_words[SEGMENTS_MAX];
};

/* Where a pointer leads: a struct, or a list whose elements have the same shape. */
struct target {
    uint32_t segment;
    uint64_t word;
    uint32_t count;  /* list: elements, or bytes of a byte list */
    uint16_t data_words, pointer_count;
};

static bool read_bytes(struct walker *w, uint64_t at, uint8_t *out, uint32_t len)
{
    while (len > 0) {
        if (at < w->window_at || at - w->window_at >= w->window_len) {
            struct capos_boot_package_read_manifest_params in = { .offset = at, .max_bytes = WINDOW_BYTES };
            struct capos_boot_package_read_manifest_results got;
            if (capos_boot_package_read_manifest(&w->package, &in, &got) != CAPOS_OK || got.data.len == 0 ||
                got.data.len > WINDOW_BYTES)
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

static bool read_word(struct walker *w, uint32_t segment, uint64_t word, uint64_t *out)
{
    uint8_t bytes[8];
    if (segment >= w->segment_count || word >= w->segment_words[segment] ||
        !read_bytes(w, w->segment_start[segment] + word * 8, bytes, 8))
        return false;
    *out = load_le64(bytes);
    return true;
}

static bool open_message(struct walker *w)
{
    uint8_t bytes[4];
    if (!read_bytes(w, 0, bytes, 4) || load_le32(bytes) >= SEGMENTS_MAX)
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
static bool resolve_far(struct walker *w, uint32_t *segment, uint64_t *base, uint64_t *pointer)
{
    if ((*pointer & 3) != 2)
        return true;
    bool double_far = (*pointer & 4) != 0;
    *segment = (uint32_t)(*pointer >> 32);
    uint64_t pad = (uint32_t)*pointer >> 3;
    if (!read_word(w, *segment, pad, pointer))
        return false;
    *base = pad + 1;
    if (!double_far)
        return (*pointer & 3) != 2;
    uint64_t far = *pointer;
    if ((far & 7) != 2 || !read_word(w, *segment, pad + 1, pointer))
        return false;
    *segment = (uint32_t)(far >> 32);
    *base = (uint32_t)far >> 3;
    return true;
}

static bool follow(struct walker *w, uint32_t segment, uint64_t word, uint32_t kind, struct target *out)
{
    uint64_t pointer, base = word + 1;
    if (!read_word(w, segment, word, &pointer) || pointer == 0 || !resolve_far(w, &segment, &base, &pointer) ||
        (pointer & 3) != kind)
        return false;
    int64_t offset = (int32_t)pointer >> 2;
    *out = (struct target){ .segment = segment, .word = base + (uint64_t)offset };
    if (kind == 0) {
        out->data_words = (uint16_t)(pointer >> 32);
        out->pointer_count = (uint16_t)(pointer >> 48);
        return true;
    }
    out->count = (uint32_t)(pointer >> 35);
    if ((pointer >> 32 & 7) != CAPN_ELEMENT_STRUCT)
        return true;
    uint64_t tag;
    if (!read_word(w, segment, out->word, &tag))
        return false;
    out->word++;
    out->count = (uint32_t)tag >> 2;
    out->data_words = (uint16_t)(tag >> 32);
    out->pointer_count = (uint16_t)(tag >> 48);
    return true;
}

static uint64_t element(const struct target *list, uint32_t i)
{
    return list->word + (uint64_t)i * (uint64_t)(list->data_words + list->pointer_count);
}

/* The union tag of the CueValue at `word`. */
static bool cue_tag(struct walker *w, uint32_t segment, uint64_t word, uint16_t *tag)
{
    uint64_t first;
    if (!read_word(w, segment, word, &first))
        return false;
    *tag = (uint16_t)first;
    return true;
}

static bool find_args(struct walker *w, struct target *args)
{
    struct target root, config, fields, name, value;
    uint16_t tag;
    if (!follow(w, 0, 0, 0, &root) || root.pointer_count < 2 ||
        !follow(w, root.segment, root.word + root.data_words + 1, 0, &config) ||
        !cue_tag(w, config.segment, config.word, &tag) || tag != CAPOS_CUE_VALUE_FIELDS ||
        !follow(w, config.segment, config.word + config.data_words, 1, &fields) || fields.pointer_count < 2)
        return false;
    for (uint32_t i = 0; i < fields.count; i++) {
        uint64_t at = element(&fields, i) + fields.data_words;
        uint8_t bytes[5];
        if (!follow(w, fields.segment, at, 1, &name) || name.count != 5 ||
            !read_bytes(w, w->segment_start[name.segment] + name.word * 8, bytes, 5) || memcmp(bytes, "args", 5) != 0)
            continue;
        return follow(w, fields.segment, at + 1, 0, &value) && cue_tag(w, value.segment, value.word, &tag) &&
               tag == CAPOS_CUE_VALUE_LIST && follow(w, value.segment, value.word + value.data_words, 1, args) &&
               args->pointer_count >= 1;
    }
    return false;
}

static bool copy_argument(struct walker *w, const struct target *args, uint32_t i, struct capos_arguments *out, uint32_t *used)
{
    uint16_t tag;
    struct target text;
    uint64_t at = element(args, i);
    if (!cue_tag(w, args->segment, at, &tag) || tag != CAPOS_CUE_VALUE_TEXT ||
        !follow(w, args->segment, at + args->data_words, 1, &text) || text.count == 0 ||
        text.count > CAPOS_ARGS_BYTES - *used || text.segment >= w->segment_count)
        return false;
    char *to = out->bytes + *used;
    if (!read_bytes(w, w->segment_start[text.segment] + text.word * 8, (uint8_t *)to, text.count) ||
        to[text.count - 1] != '\0')
        return false;
    out->values[out->count++] = to;
    *used += text.count;
    return true;
}

void capos_arguments_load(struct capos_arguments *arguments)
{
    static struct walker walker;
    struct target args;
    *arguments = (struct capos_arguments){ 0 };
    if (capos_client_open(&walker.package, "boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID) != CAPOS_OK ||
        !open_message(&walker) || !find_args(&walker, &args))
        return;
    uint32_t used = 0;
    for (uint32_t i = 0; i < args.count && i < CAPOS_ARGS_MAX; i++) {
        if (!copy_argument(&walker, &args, i, arguments, &used)) {
            *arguments = (struct capos_arguments){ 0 };
            return;
        }
    }
}
