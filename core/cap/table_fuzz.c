/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any sequence of insertions, removals, transfers and revocations over two
 * tables: both stay valid after each step, an id that was removed never
 * resolves again, and a revoked object never does.
 */
#include "core/base/base_fuzz.h"

#include "core/cap/transfer.h"

#define SLOTS 16u
#define CELLS 40u
#define OBJECTS 8u
#define DEAD_IDS 64u

struct object {
    uint64_t id;
    bool revoked;
};

struct world {
    struct cap_table tables[2];
    struct cap_slot slots[2][SLOTS];
    struct cap_epoch cells[CELLS];
    struct cap_epoch_pool pool;
    struct object objects[OBJECTS];
    uint32_t ids[2][SLOTS * 2];
    uint32_t dead[2][DEAD_IDS];
    uint32_t dead_count[2];
};

static uint64_t object_id(const void *object)
{
    return ((const struct object *)object)->id;
}

static enum cap_error live(const void *object)
{
    (void)object;
    return CAP_OK;
}

static uint32_t pages(const void *object)
{
    return (uint32_t)((const struct object *)object)->id % 3;
}

static const struct cap_object_ops ops = {.object_id = object_id, .live = live, .frame_pages = pages};

static void start(struct world *w)
{
    memset(w, 0, sizeof *w);
    cap_epoch_pool_init(&w->pool, w->cells, CELLS);
    for (uint32_t t = 0; t < 2; t++) {
        const struct cap_table_config config = {.slots = w->slots[t], .capacity = SLOTS, .epochs = &w->pool, .ops = &ops,
                                                .table_id = t + 1};
        cap_table_init(&w->tables[t], &config);
    }
    for (uint32_t i = 0; i < OBJECTS; i++)
        w->objects[i].id = i + 1;
}

static void bury(struct world *w, uint32_t t, uint32_t id)
{
    w->dead[t][w->dead_count[t]++ % DEAD_IDS] = id;
}

static void transfer(struct world *w, uint32_t t, uint32_t id, bool is_move, bool commit)
{
    struct cap_prepared prepared;
    struct cap_token token;
    struct cap_removed removed;
    uint32_t fresh;
    if (cap_transfer_prepare(&w->tables[t], id, is_move, CAP_ORIGIN_IPC_TRANSFER, &prepared) != CAP_OK)
        return;
    bool inserted = cap_transfer_insert(&w->tables[1 - t], &prepared, &token) == CAP_OK;
    if (inserted && commit) {
        FUZZ_CHECK(cap_transfer_commit(&w->tables[1 - t], &token, &fresh) == CAP_OK);
        w->ids[1 - t][fresh % (SLOTS * 2)] = fresh;
        if (is_move) {
            FUZZ_CHECK(cap_move_commit(&w->tables[t], id, &removed) == CAP_OK);
            bury(w, t, id);
        }
    } else {
        if (inserted) {
            FUZZ_CHECK(cap_transfer_rollback(&w->tables[1 - t], &token, &removed) == CAP_OK);
            bury(w, 1 - t, token.cap_id);
        }
        if (is_move)
            FUZZ_CHECK(cap_move_rollback(&w->tables[t], id) == CAP_OK);
    }
    cap_prepared_drop(&w->pool, &prepared);
}

static void step(struct world *w, struct fuzz_input *input)
{
    uint32_t t = fuzz_below(input, 2), at = fuzz_below(input, SLOTS * 2), id = w->ids[t][at];
    struct object *object = &w->objects[fuzz_below(input, OBJECTS)];
    struct cap_hold hold = {.interface_id = 1, .transfer_mode = (uint16_t)fuzz_below(input, 3)};
    struct cap_removed removed;
    uint64_t epoch;
    switch (fuzz_below(input, 4)) {
    case 0:
        if (!object->revoked && cap_table_insert(&w->tables[t], object, &hold, &id) == CAP_OK)
            w->ids[t][id % (SLOTS * 2)] = id;
        break;
    case 1:
        if (cap_table_remove(&w->tables[t], id, &removed) == CAP_OK)
            bury(w, t, id);
        break;
    case 2:
        transfer(w, t, id, fuzz_below(input, 2) == 1, fuzz_below(input, 4) != 0);
        break;
    default:
        if (fuzz_below(input, 8) == 0 && cap_table_revoke_object(&w->tables[t], object->id, &epoch) == CAP_OK)
            FUZZ_CHECK(epoch != 0);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world;
    struct fuzz_input input = {bytes, len};
    start(&world);
    for (uint32_t n = 0; n < 200 && input.left > 0; n++) {
        step(&world, &input);
        FUZZ_CHECK(cap_epoch_pool_is_valid(&world.pool));
        for (uint32_t t = 0; t < 2; t++) {
            const struct cap_slot *slot;
            FUZZ_CHECK(cap_table_is_valid(&world.tables[t], 0, 0));
            for (uint32_t i = 0; i < DEAD_IDS && i < world.dead_count[t]; i++)
                FUZZ_CHECK(cap_table_lookup(&world.tables[t], world.dead[t][i], &slot) != CAP_OK);
        }
    }
    return 0;
}
