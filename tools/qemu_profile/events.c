/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A plugin of QEMU that counts what an instruction count hides: loads of CR3,
 * invalidations of pages, and crossings between user mode and the kernel (the
 * halves of the address space; both directions count). Writes to out=FILE
 *
 *     M address crossings cr3 invalidations    a program read the time-stamp counter: the counts so far (marks=LIMIT: of
 *                                              instructions below this address; without it none)
 *     A address instructions                   one of the first executions of at=ADDRESS, and the instructions before it
 *                                              (fresh=ADDRESS: only where the kernel has just returned to it)
 *     P processor instructions user            at the end: executed, and of these in user=FROM-TO
 *     T instructions                           at the end: executed in all range=FROM-TO
 *
 * Counts of M are for machines of one processor.
 */
#include "plugin.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = 1;

enum { PROCESSORS = 16, ADDRESSES = 8, HITS = 8, RANGES = 8 };
enum event { EVENT_NONE, EVENT_CR3, EVENT_INVALIDATION, EVENT_COUNTER };

struct range {
    uint64_t from, to;
};

/* A translated block: what of its instructions is counted at each execution. */
struct block {
    uint32_t instructions, user, ranged;
    bool kernel;
};

struct processor {
    uint64_t instructions, user, ranged;
    bool kernel, returned; /* where it is; the kernel was there one block before */
};

static struct processor processors[PROCESSORS];
static uint64_t crossings, cr3_loads, invalidations, marks;
static struct {
    uint64_t address, hits;
    bool fresh;
} watched[ADDRESSES];
static struct range user, ranges[RANGES];
static unsigned watched_count, range_count;
static FILE *out;

static bool inside(struct range range, uint64_t address)
{
    return address >= range.from && address < range.to;
}

static void on_block(unsigned cpu, void *data)
{
    const struct block *block = data;
    struct processor *processor = &processors[cpu % PROCESSORS];
    if (processor->kernel != block->kernel)
        crossings++;
    processor->returned = processor->kernel && !block->kernel;
    processor->kernel = block->kernel;
    processor->instructions += block->instructions;
    processor->user += block->user;
    processor->ranged += block->ranged;
}

static void on_cr3(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    cr3_loads++;
}

static void on_invalidation(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    invalidations++;
}

static void on_counter(unsigned cpu, void *data)
{
    (void)cpu;
    fprintf(out, "M %" PRIxPTR " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", (uintptr_t)data, crossings, cr3_loads, invalidations);
}

static void on_watched(unsigned cpu, void *data)
{
    unsigned index = (unsigned)(uintptr_t)data;
    const struct processor *processor = &processors[cpu % PROCESSORS];
    if (watched[index].fresh && !processor->returned)
        return;
    if (watched[index].hits++ < HITS)
        fprintf(out, "A %" PRIx64 " %" PRIu64 "\n", watched[index].address, processor->instructions);
}

static enum event classify(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    bool extended = false; /* REX.R: another register than the byte says */
    if (size > 0 && (bytes[0] & 0xf0) == 0x40) {
        extended = (bytes[0] & 4) != 0;
        at = 1;
    }
    if (size >= at + 2 && bytes[at] == 0x0f && bytes[at + 1] == 0x31)
        return EVENT_COUNTER;
    if (size < at + 3 || bytes[at] != 0x0f)
        return EVENT_NONE;
    unsigned middle = bytes[at + 2] >> 3 & 7;
    if (bytes[at + 1] == 0x22 && middle == 3 && !extended)
        return EVENT_CR3;
    if (bytes[at + 1] == 0x01 && middle == 7 && bytes[at + 2] < 0xc0)
        return EVENT_INVALIDATION;
    return EVENT_NONE;
}

static void watch(struct insn *insn, uint64_t address)
{
    for (unsigned i = 0; i < watched_count; i++)
        if (watched[i].address == address)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_watched, 0, (void *)(uintptr_t)i);
    switch (classify(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn))) {
    case EVENT_CR3:
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_cr3, 0, NULL);
        break;
    case EVENT_INVALIDATION:
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_invalidation, 0, NULL);
        break;
    case EVENT_COUNTER:
        if (address < marks)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_counter, 0, (void *)(uintptr_t)address);
        break;
    case EVENT_NONE:
        break;
    }
}

static void on_translation(plugin_id id, struct tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    (void)id;
    if (block == NULL)
        abort();
    block->instructions = (uint32_t)qemu_plugin_tb_n_insns(tb);
    block->kernel = qemu_plugin_tb_vaddr(tb) >> 63 != 0;
    for (uint32_t i = 0; i < block->instructions; i++) {
        struct insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        block->user += inside(user, address);
        for (unsigned r = 0; r < range_count; r++)
            block->ranged += inside(ranges[r], address);
        watch(insn, address);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, block);
}

static void on_end(plugin_id id, void *data)
{
    uint64_t total = 0;
    (void)id;
    (void)data;
    for (unsigned i = 0; i < PROCESSORS; i++) {
        total += processors[i].ranged;
        if (processors[i].instructions > 0)
            fprintf(out, "P %u %" PRIu64 " %" PRIu64 "\n", i, processors[i].instructions, processors[i].user);
    }
    fprintf(out, "T %" PRIu64 "\n", total);
    fclose(out);
}

static struct range range_of(const char *text)
{
    struct range range = { 0, 0 };
    char *end = NULL;
    range.from = strtoull(text, &end, 0);
    if (*end == '-')
        range.to = strtoull(end + 1, NULL, 0);
    return range;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        if (value++ == NULL)
            return 1;
        if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(value, "w");
        else if (strncmp(argv[i], "marks=", 6) == 0)
            marks = strtoull(value, NULL, 0);
        else if (strncmp(argv[i], "user=", 5) == 0)
            user = range_of(value);
        else if (strncmp(argv[i], "range=", 6) == 0 && range_count < RANGES)
            ranges[range_count++] = range_of(value);
        else if ((strncmp(argv[i], "at=", 3) == 0 || strncmp(argv[i], "fresh=", 6) == 0) && watched_count < ADDRESSES) {
            watched[watched_count].fresh = argv[i][0] == 'f';
            watched[watched_count++].address = strtoull(value, NULL, 0);
        }
        else
            return 1;
    }
    if (out == NULL)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
