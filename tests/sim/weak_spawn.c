/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a spawn leaves: the program's bytes at their addresses and zeros behind
 * them; and what one that fails half-way leaves: nothing, and a reason.
 */
#include "kernel/proc/process.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

#define DATA_VA (USER_IMAGE_BASE + 0x8123u)
#define DATA_OFFSET 0x1123u
#define DATA_BYTES 5000u
#define DATA_SPAN 9000u
#define FILE_BYTES (DATA_OFFSET + DATA_BYTES)

static struct capos_named_blob blobs[5];
static uint8_t with_data[FILE_BYTES], short_file[40];

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 31 + 7 + i / 256);
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, 8);
}

/* The second program again with a segment of data that begins and ends within pages; the third cut off. */
static void change(struct capos_system_manifest *manifest)
{
    for (uint32_t i = 0; i < 3; i++)
        CHECK(capos_named_blob_list_get(&manifest->binaries, i, &blobs[i]) == CAPN_OK);
    memcpy(with_data, blobs[1].data.bytes, blobs[1].data.len);
    memcpy(short_file, blobs[2].data.bytes, sizeof short_file);
    uint8_t *header = with_data + 64 + 56;
    with_data[56] = 2;
    header[0] = 1; /* PT_LOAD */
    header[4] = 6; /* readable and writable */
    put64(header + 8, DATA_OFFSET);
    put64(header + 16, DATA_VA);
    put64(header + 24, DATA_VA);
    put64(header + 32, DATA_BYTES);
    put64(header + 40, DATA_SPAN);
    put64(header + 48, PAGE_SIZE);
    for (uint32_t i = 0; i < DATA_BYTES; i++)
        with_data[DATA_OFFSET + i] = pattern(i);
    blobs[1].data = (struct capn_data){ with_data, sizeof with_data };
    blobs[2].data = (struct capn_data){ short_file, sizeof short_file };
    manifest->binaries = capn_list_over(blobs, 3, sizeof blobs[0]);
}

PROGRAM(has_data)
{
    uint64_t first = DATA_VA - DATA_VA % PAGE_SIZE, end = (DATA_VA + DATA_SPAN + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    for (uint64_t va = first; va < end; va++) {
        const uint8_t *byte = sim_user(va, 1, true);
        CHECK(byte != NULL);
        bool inside = va >= DATA_VA && va < DATA_VA + DATA_BYTES;
        CHECK_EQ(*byte, inside ? pattern((uint32_t)(va - DATA_VA)) : 0);
    }
    CHECK(sim_user(end, 1, false) == NULL && sim_user(first - 1, 1, false) == NULL);
    CHECK(sim_user(USER_IMAGE_BASE, 1, false) != NULL && sim_user(USER_IMAGE_BASE, 1, true) == NULL);
}

static void expect_nothing_left(uint32_t records, uint64_t frames)
{
    CHECK_EQ(kernel.processes.pool.in_use, records);
    CHECK_EQ(frames_free_count(), frames);
}

static struct capos_client taken[64];
static uint32_t taken_count;

static void take_frames_but(uint64_t left)
{
    taken_count = 0;
    for (uint64_t pages = frames_free_count(); pages > 0;) {
        if (frames_free_count() <= left)
            return;
        if (pages > frames_free_count() - left)
            pages = frames_free_count() - left;
        CHECK(taken_count < 64);
        if (kit_try_memory((uint32_t)pages, &taken[taken_count]) == CAPOS_OK)
            taken_count++;
        else
            pages /= 2;
    }
}

PROGRAM(spawns)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child = kit_spawn("has_data", NULL, 0);
    CHECK_EQ(kit_wait(&child), 0);
    kit_forget(&child);
    uint32_t records = (uint32_t)kernel.processes.pool.in_use;
    uint64_t frames = frames_free_count();
    CHECK_EQ(kit_try_spawn(&spawner, "cut_off", NULL, 0, &child), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_FAILED, "ELF too small"));
    expect_nothing_left(records, frames);
    /* All but a few frames are taken: each spawn gets a little further. */
    for (uint64_t left = 0; left < 40; left++) {
        take_frames_but(left);
        CHECK_EQ(frames_free_count(), left);
        records = (uint32_t)kernel.processes.pool.in_use;
        frames = frames_free_count();
        enum capos_status status = kit_try_spawn(&spawner, "has_data", NULL, 0, &child);
        if (status == CAPOS_OK) {
            CHECK_EQ(kit_wait(&child), 0);
            kit_forget(&child);
            CHECK(left > 20);
        } else {
            CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "out of physical frames"));
            expect_nothing_left(records, frames);
        }
        for (uint32_t i = 0; i < taken_count; i++)
            CHECK_EQ(guest_release(taken[i].cap_id), 0);
    }
}

static const struct sim_test tests[] = {
    { .name = "spawned-image", .init = spawns, .grants = { { "process_spawner", NULL }, { "frame_allocator", NULL } },
      .programs = { { "has_data", has_data }, { "cut_off", has_data } }, .change = change,
      .memory_bytes = 24u << 20 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
