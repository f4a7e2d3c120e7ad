/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A plugin of QEMU that counts executed guest instructions by translation
 * block and by the calls that led to it, and writes, when the machine ends,
 *
 *     address instructions executions caller;caller;...
 *
 * for each. The callers are addresses of first instructions, outermost first.
 * They are known in the kernel, which begins each entry with an empty stack;
 * programs switch stacks in ways that cannot be seen from here, so theirs are
 * left out. For machines of one processor.
 */
#include "plugin.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = 1;

enum ending { ENDS_OTHERWISE, ENDS_WITH_CALL, ENDS_WITH_RETURN };
enum { DEPTH_MAX = 64, BUCKETS = 1 << 16 };

/* Executions of a block below one caller. */
struct count {
    uint64_t executions;
    struct frame *frame;
    struct block *block;
    struct count *next;
};

/* A function on the stack: where it begins, and the frame that called it. */
struct frame {
    uint64_t address;
    struct frame *caller;
    struct frame *next; /* in its bucket */
    unsigned depth;
};

struct block {
    uint64_t address, behind; /* the instruction after it: where its call returns to */
    uint32_t instructions;
    enum ending ending;
    bool kernel;
    struct count *counts;
    struct block *next;
};

static struct frame outermost;
static struct frame *frames[BUCKETS];
static struct block *blocks;
static const char *path;
static struct {
    struct frame *frame;
    uint64_t returns[DEPTH_MAX];
    bool in_kernel, called;
} now = { .frame = &outermost };

static struct frame *frame_below(struct frame *caller, uint64_t address)
{
    struct frame **bucket = &frames[(address ^ (uintptr_t)caller >> 4) % BUCKETS], *frame = *bucket;
    while (frame != NULL && (frame->caller != caller || frame->address != address))
        frame = frame->next;
    if (frame != NULL)
        return frame;
    frame = calloc(1, sizeof *frame);
    if (frame == NULL)
        abort();
    *frame = (struct frame){ .address = address, .caller = caller, .next = *bucket, .depth = caller->depth + 1 };
    *bucket = frame;
    return frame;
}

/* The frames to which a return to this address leads; all stay when none called from before it (a jump by way of a return). */
static void return_to(uint64_t address)
{
    struct frame *frame = now.frame;
    while (frame->caller != NULL && now.returns[frame->depth] != address)
        frame = frame->caller;
    if (frame->caller != NULL)
        now.frame = frame->caller;
}

static void enter(const struct block *block)
{
    static enum ending last;
    static uint64_t behind;
    if (block->kernel != now.in_kernel) {
        now.in_kernel = block->kernel;
        now.frame = &outermost;
    } else if (block->kernel && last == ENDS_WITH_CALL && block->address != behind && now.frame->depth + 1 < DEPTH_MAX) {
        now.frame = frame_below(now.frame, block->address);
        now.returns[now.frame->depth] = behind;
    } else if (block->kernel && last == ENDS_WITH_RETURN) {
        return_to(block->address);
    }
    last = block->ending;
    behind = block->behind;
}

static void on_execution(unsigned cpu, void *data)
{
    struct block *block = data;
    (void)cpu;
    enter(block);
    struct count *count = block->counts;
    while (count != NULL && count->frame != now.frame)
        count = count->next;
    if (count == NULL) {
        count = calloc(1, sizeof *count);
        if (count == NULL)
            abort();
        *count = (struct count){ .frame = now.frame, .block = block, .next = block->counts };
        block->counts = count;
    }
    count->executions++;
}

static enum ending ending_of(const struct insn *insn)
{
    const uint8_t *bytes = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn), at = 0;
    while (at + 1 < size && ((bytes[at] & 0xf0) == 0x40 || bytes[at] == 0xf2 || bytes[at] == 0xf3 || bytes[at] == 0x3e))
        at++; /* prefixes */
    if (bytes[at] == 0xe8 || (bytes[at] == 0xff && at + 1 < size && (bytes[at + 1] >> 3 & 7) == 2))
        return ENDS_WITH_CALL;
    return bytes[at] == 0xc3 || bytes[at] == 0xc2 ? ENDS_WITH_RETURN : ENDS_OTHERWISE;
}

static void on_translation(plugin_id id, struct tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    (void)id;
    if (block == NULL)
        abort();
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = (uint32_t)qemu_plugin_tb_n_insns(tb);
    block->kernel = block->address >> 63 != 0;
    const struct insn *last = qemu_plugin_tb_get_insn(tb, block->instructions - 1);
    block->ending = ending_of(last);
    block->behind = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, 0, block);
}

static void write_callers(FILE *stream, const struct frame *frame)
{
    if (frame->caller == NULL)
        return;
    write_callers(stream, frame->caller);
    fprintf(stream, "%" PRIx64 ";", frame->address);
}

static void on_end(plugin_id id, void *data)
{
    FILE *stream = fopen(path, "w");
    (void)id;
    (void)data;
    if (stream == NULL)
        return;
    for (const struct block *block = blocks; block != NULL; block = block->next) {
        for (const struct count *count = block->counts; count != NULL; count = count->next) {
            fprintf(stream, "%" PRIx64 " %" PRIu32 " %" PRIu64 " ", block->address, block->instructions, count->executions);
            write_callers(stream, count->frame);
            fputc('\n', stream);
        }
    }
    fclose(stream);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0)
            path = argv[i] + 4;
    if (path == NULL)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
