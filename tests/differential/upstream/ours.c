/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Our side of the differential test: one table of functions over plain
 * structs. The program is linked with it; a negative control loads another
 * copy, linked with one changed source, and uses its table instead. Owns the
 * objects it makes; the test calls it from one thread and passes only valid
 * pointers.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cap/transfer.h"
#include "core/drbg/session_ref.h"
#include "core/elf/elf.h"
#include "core/frames/bitmap.h"
#include "core/line/line.h"
#include "core/phc/phc.h"
#include "core/ring/wire.h"
#include "core/telnet/telnet.h"

/* Capabilities: two tables over one pool of epoch cells. */
#define TABLES 2u
#define OBJECTS 24u
#define CELLS 2048u
#define PREPARED 8u

struct object {
    uint64_t id;
    uint32_t pages;
    uint32_t live;
    uint32_t first;
};

struct world {
    struct object objects[OBJECTS];
    struct cap_table tables[TABLES];
    struct cap_epoch_pool pool;
    struct cap_prepared prepared[PREPARED];
    struct cap_token tokens[PREPARED];
    struct cap_epoch cells[CELLS];
    struct cap_slot slots[TABLES][CAP_SLOTS_MAX];
};

/* What an operation says about one capability. */
struct seen {
    uint32_t id;
    uint32_t object; /* index */
    struct cap_hold hold;
};

static uint64_t object_id(const void *object)
{
    return ((const struct object *)object)->id;
}

static enum cap_error object_live(const void *object)
{
    return ((const struct object *)object)->live != 0 ? CAP_OK : CAP_NOT_LIVE;
}

static uint32_t object_pages(const void *object)
{
    return ((const struct object *)object)->pages;
}

static bool object_first(const void *object)
{
    return ((const struct object *)object)->first != 0;
}

static const struct cap_object_ops object_ops = {
    .object_id = object_id, .live = object_live, .frame_pages = object_pages, .released_first = object_first
};

static void world_reset(struct world *w, const uint32_t *pages)
{
    memset(w, 0, sizeof *w);
    for (uint32_t i = 0; i < OBJECTS; i++)
        w->objects[i] = (struct object){ .id = i + 1, .pages = pages[i], .live = 1, .first = i % 5 == 2 };
    cap_epoch_pool_init(&w->pool, w->cells, CELLS);
    for (uint32_t i = 0; i < TABLES; i++) {
        const struct cap_table_config config = { .slots = w->slots[i], .capacity = CAP_SLOTS_MAX, .epochs = &w->pool,
                                                 .ops = &object_ops, .table_id = i + 1, .page_table_pages = 1,
                                                 .image_pages = 1 };
        cap_table_init(&w->tables[i], &config);
    }
}

static struct world *world_new(void)
{
    return malloc(sizeof(struct world));
}

static void world_live(struct world *w, uint32_t object, uint32_t live)
{
    w->objects[object].live = live;
}

static uint32_t index_of(const struct world *w, const void *object)
{
    return (uint32_t)((const struct object *)object - w->objects);
}

static uint32_t cap_insert(struct world *w, uint32_t table, uint32_t object, const struct cap_hold *hold, struct seen *out)
{
    return cap_table_insert(&w->tables[table], &w->objects[object], hold, &out->id);
}

static uint32_t cap_lookup(struct world *w, uint32_t table, uint32_t id, struct seen *out)
{
    const struct cap_slot *slot = NULL;
    enum cap_error error = cap_table_lookup(&w->tables[table], id, &slot);
    if (error == CAP_OK)
        *out = (struct seen){ id, index_of(w, slot->object), slot->hold };
    return error;
}

static uint32_t cap_lookup_raw(struct world *w, uint32_t table, uint32_t id, struct seen *out)
{
    const struct cap_slot *slot = NULL;
    enum cap_error error = cap_table_lookup_raw(&w->tables[table], id, &slot);
    if (error == CAP_OK)
        *out = (struct seen){ id, index_of(w, slot->object), slot->hold };
    return error;
}

static uint32_t report_removed(const struct world *w, enum cap_error error, const struct cap_removed *removed,
                               struct seen *out)
{
    if (error == CAP_OK)
        *out = (struct seen){ 0, index_of(w, removed->object), removed->hold };
    return error;
}

static uint32_t cap_remove(struct world *w, uint32_t table, uint32_t id, struct seen *out)
{
    struct cap_removed removed;
    enum cap_error error = cap_table_remove(&w->tables[table], id, &removed);
    return report_removed(w, error, &removed, out);
}

static uint32_t cap_revoke(struct world *w, uint32_t table, uint32_t id, uint64_t *epoch)
{
    return cap_table_revoke(&w->tables[table], id, epoch);
}

/* kind: 0 IPC copy, 1 IPC move, 2 to 4 the grants. */
static uint32_t cap_prepare(struct world *w, uint32_t table, uint32_t id, uint32_t kind, uint32_t place)
{
    struct cap_prepared *out = &w->prepared[place];
    if (kind >= 2)
        return cap_grant_prepare(&w->tables[table], id, (enum cap_grant_kind)(kind - 2), out);
    return cap_transfer_prepare(&w->tables[table], id, kind == 1, CAP_ORIGIN_IPC_TRANSFER, out);
}

static void cap_drop(struct world *w, uint32_t place)
{
    cap_prepared_drop(&w->pool, &w->prepared[place]);
}

static uint32_t cap_place(struct world *w, uint32_t table, uint32_t place, uint32_t *id)
{
    enum cap_error error = cap_transfer_insert(&w->tables[table], &w->prepared[place], &w->tokens[place]);
    if (error == CAP_OK)
        *id = w->tokens[place].cap_id;
    return error;
}

static uint32_t cap_commit(struct world *w, uint32_t table, uint32_t place, uint32_t *id)
{
    return cap_transfer_commit(&w->tables[table], &w->tokens[place], id);
}

static uint32_t cap_rollback(struct world *w, uint32_t table, uint32_t place, struct seen *out)
{
    struct cap_removed removed;
    enum cap_error error = cap_transfer_rollback(&w->tables[table], &w->tokens[place], &removed);
    return report_removed(w, error, &removed, out);
}

static uint32_t cap_unmove(struct world *w, uint32_t table, uint32_t id)
{
    return cap_move_rollback(&w->tables[table], id);
}

static uint32_t cap_moved(struct world *w, uint32_t table, uint32_t id, struct seen *out)
{
    struct cap_removed removed;
    enum cap_error error = cap_move_commit(&w->tables[table], id, &removed);
    return report_removed(w, error, &removed, out);
}

static uint32_t cap_preflight(struct world *w, uint32_t table, uint32_t count)
{
    return cap_table_preflight(&w->tables[table], count);
}

static uint64_t cap_used(struct world *w, uint32_t table, uint32_t resource)
{
    return cap_ledger_used(&w->tables[table].ledger, (enum cap_resource)resource);
}

static uint32_t cap_reserve(struct world *w, uint32_t table, uint32_t resource, uint64_t amount)
{
    return cap_ledger_reserve(&w->tables[table].ledger, (enum cap_resource)resource, amount);
}

static void cap_release(struct world *w, uint32_t table, uint32_t resource, uint64_t amount)
{
    cap_ledger_release(&w->tables[table].ledger, (enum cap_resource)resource, amount);
}

/* The live capabilities; with `release` the objects in the order of their release hooks. */
static uint32_t cap_list(struct world *w, uint32_t table, uint32_t release, struct seen *out)
{
    struct cap_release_cursor order = { 0 };
    uint32_t cursor = 0;
    uint32_t count = 0;
    struct cap_row row;
    while (release != 0 ? cap_table_next_release(&w->tables[table], &order, &row)
                        : cap_table_next_live(&w->tables[table], &cursor, &row))
        out[count++] = (struct seen){ row.id, index_of(w, row.object), row.hold };
    return count;
}

static uint32_t cap_clear(struct world *w, uint32_t table)
{
    return (uint32_t)cap_table_clear(&w->tables[table]).pairs[CAP_RESOURCE_CAP_SLOTS].used;
}

static uint32_t facet(const struct cap_hold *source, bool may_mint, const struct cap_facet *requested,
                      struct cap_facet *out)
{
    return cap_facet_resolve(source, may_mint, requested, out);
}

static uint32_t descriptors(const struct ring_transfer_descriptor *all, uint32_t count)
{
    return cap_descriptors_check(all, count);
}

static uint32_t phc_check(const char *bytes, uint32_t len)
{
    struct phc out;
    return phc_parse((struct capn_text){ bytes, len }, &out);
}

static int32_t sqe_check(const struct ring_sqe *sqe)
{
    return ring_wire_check(sqe);
}

static int32_t sqe_check_measurement(const struct ring_sqe *sqe)
{
    return ring_wire_check_measurement(sqe);
}

static uint32_t elf_check(const uint8_t *bytes, size_t len, struct elf_image *out)
{
    return elf_parse(bytes, len, out);
}

static const char *elf_text(uint32_t error)
{
    return elf_error_text((enum elf_error)error);
}

static uint32_t frame_alloc(struct frames_bitmap *map, size_t *frame)
{
    return frames_bitmap_alloc(map, frame);
}

static uint32_t frame_alloc_run(struct frames_bitmap *map, size_t n, size_t *frame)
{
    return frames_bitmap_alloc_run(map, n, frame);
}

static uint32_t frame_release(struct frames_bitmap *map, size_t frame)
{
    return frames_bitmap_release(map, frame);
}

static uint32_t line_step(struct line_editor *line, uint8_t byte, struct line_echo *echo)
{
    return line_feed(line, byte, echo);
}

uint32_t manifest_lines(const uint8_t *bytes, size_t len, uint32_t view, char *out, size_t room); /* ours_manifest.c */

/* The order is that of the declaration in src/ours.rs. */
struct ours {
    int32_t (*sqe)(const struct ring_sqe *);
    int32_t (*sqe_measurement)(const struct ring_sqe *);
    uint32_t (*elf)(const uint8_t *, size_t, struct elf_image *);
    const char *(*elf_text)(uint32_t);
    void (*frames_init)(struct frames_bitmap *, uint8_t *, size_t);
    bool (*frames_used)(const struct frames_bitmap *, size_t);
    void (*frames_mark_used)(struct frames_bitmap *, size_t);
    void (*frames_mark_free)(struct frames_bitmap *, size_t);
    uint32_t (*frames_alloc)(struct frames_bitmap *, size_t *);
    uint32_t (*frames_alloc_run)(struct frames_bitmap *, size_t, size_t *);
    uint32_t (*frames_release)(struct frames_bitmap *, size_t);
    void (*line_init)(struct line_editor *);
    void (*line_begin)(struct line_editor *, uint32_t, bool, bool);
    uint32_t (*line_feed)(struct line_editor *, uint8_t, struct line_echo *);
    uint32_t (*phc)(const char *, uint32_t);
    struct world *(*world_new)(void);
    void (*world_reset)(struct world *, const uint32_t *);
    void (*world_live)(struct world *, uint32_t, uint32_t);
    uint32_t (*insert)(struct world *, uint32_t, uint32_t, const struct cap_hold *, struct seen *);
    uint32_t (*lookup)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*lookup_raw)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*remove)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*revoke)(struct world *, uint32_t, uint32_t, uint64_t *);
    uint32_t (*prepare)(struct world *, uint32_t, uint32_t, uint32_t, uint32_t);
    void (*drop)(struct world *, uint32_t);
    uint32_t (*place)(struct world *, uint32_t, uint32_t, uint32_t *);
    uint32_t (*commit)(struct world *, uint32_t, uint32_t, uint32_t *);
    uint32_t (*rollback)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*unmove)(struct world *, uint32_t, uint32_t);
    uint32_t (*moved)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*preflight)(struct world *, uint32_t, uint32_t);
    uint64_t (*used)(struct world *, uint32_t, uint32_t);
    uint32_t (*reserve)(struct world *, uint32_t, uint32_t, uint64_t);
    void (*release)(struct world *, uint32_t, uint32_t, uint64_t);
    uint32_t (*list)(struct world *, uint32_t, uint32_t, struct seen *);
    uint32_t (*clear)(struct world *, uint32_t);
    void (*session_ref)(const uint8_t *, uint64_t, const uint8_t *, size_t, struct session_ref *);
    uint32_t (*facet)(const struct cap_hold *, bool, const struct cap_facet *, struct cap_facet *);
    bool (*scope_allows)(uint8_t, bool, bool);
    uint32_t (*descriptors)(const struct ring_transfer_descriptor *, uint32_t);
    bool (*telnet_step)(struct telnet_filter *, uint8_t);
    size_t (*telnet_data)(struct telnet_filter *, const uint8_t *, size_t, uint8_t *);
    uint32_t (*manifest)(const uint8_t *, size_t, uint32_t, char *, size_t);
};

extern const struct ours ours_table;
const struct ours ours_table = {
    sqe_check, sqe_check_measurement, elf_check, elf_text,
    frames_bitmap_init, frames_bitmap_used, frames_bitmap_mark_used, frames_bitmap_mark_free,
    frame_alloc, frame_alloc_run, frame_release,
    line_init, line_begin, line_step, phc_check,
    world_new, world_reset, world_live,
    cap_insert, cap_lookup, cap_lookup_raw, cap_remove, cap_revoke, cap_prepare, cap_drop, cap_place, cap_commit,
    cap_rollback, cap_unmove, cap_moved, cap_preflight, cap_used, cap_reserve, cap_release, cap_list, cap_clear,
    session_ref_derive, facet, cap_scope_allows, descriptors,
    telnet_filter_step, telnet_filter_data, manifest_lines,
};
