/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Program arguments: `args`, a list of texts in the boot manifest's initConfig.
 * Anything unexpected in the package means: no arguments.
 */
#include "start.h"

#include "core/base/text.h"
#include "package.h"
#include "schema/generated/capos.h"

/* The union tag of the CueValue at `word`. */
static bool cue_tag(struct package_walker *w, uint32_t segment, uint64_t word, uint16_t *tag)
{
    uint64_t first;
    if (!package_read_word(w, segment, word, &first))
        return false;
    *tag = (uint16_t)first;
    return true;
}

/* The fields of initConfig. */
static bool find_fields(struct package_walker *w, struct package_target *fields)
{
    struct package_target root, config;
    uint16_t tag;
    return package_root(w, &root) && root.pointer_count >= 2 &&
           package_follow(w, root.segment, root.word + root.data_words + 1, 0, &config) &&
           cue_tag(w, config.segment, config.word, &tag) && tag == CAPOS_CUE_VALUE_FIELDS &&
           package_follow(w, config.segment, config.word + config.data_words, 1, fields) && fields->pointer_count >= 2;
}

static bool find_args(struct package_walker *w, struct package_target *args)
{
    struct package_target fields, value;
    uint16_t tag;
    if (!find_fields(w, &fields))
        return false;
    for (uint32_t i = 0; i < fields.count; i++) {
        uint64_t at = package_element(&fields, i) + fields.data_words;
        char name[sizeof "args"];
        uint64_t raw;
        if (!package_read_word(w, fields.segment, at, &raw)) /* more elements than the package has words: nothing to walk */
            return false;
        if (!package_text(w, fields.segment, at, name, sizeof name) || !text_equal(name, text_len(name), "args", 4))
            continue;
        return package_follow(w, fields.segment, at + 1, 0, &value) && cue_tag(w, value.segment, value.word, &tag) &&
               tag == CAPOS_CUE_VALUE_LIST && package_follow(w, value.segment, value.word + value.data_words, 1, args) &&
               args->pointer_count >= 1;
    }
    return false;
}

static bool copy_argument(struct package_walker *w, const struct package_target *args, uint32_t i,
                          struct capos_arguments *out, uint32_t *used)
{
    uint16_t tag;
    uint64_t at = package_element(args, i);
    char *to = out->bytes + *used;
    if (!cue_tag(w, args->segment, at, &tag) || tag != CAPOS_CUE_VALUE_TEXT)
        return false;
    uint64_t pointer = at + args->data_words, raw;
    if (!package_read_word(w, args->segment, pointer, &raw))
        return false;
    if (raw == 0) { /* the empty text may be a null pointer */
        if (*used == CAPOS_ARGS_BYTES)
            return false;
        *to = '\0';
    } else if (!package_text(w, args->segment, pointer, to, CAPOS_ARGS_BYTES - *used)) {
        return false;
    }
    out->values[out->count++] = to;
    *used += (uint32_t)text_len(to) + 1;
    return true;
}

void capos_arguments_load(struct capos_arguments *arguments)
{
    static struct package_walker walker;
    struct package_target args;
    *arguments = (struct capos_arguments){ .count = 1 };
    arguments->values[0] = arguments->bytes; /* the empty text */
    if (!package_open(&walker) || !find_args(&walker, &args))
        return;
    uint32_t used = 1;
    for (uint32_t i = 0; i < args.count && arguments->count < CAPOS_ARGS_MAX; i++) {
        if (!copy_argument(&walker, &args, i, arguments, &used)) {
            arguments->count = 1;
            arguments->values[1] = NULL;
            return;
        }
    }
}
