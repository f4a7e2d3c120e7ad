/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A plugin of QEMU that counts executed guest instructions by translation
 * block, and writes `address instructions executions` for each block when the
 * machine ends. With from= and to= it counts only between the first
 * executions of two addresses. The declarations are those of QEMU 7.2's plugin
 * interface, version 1: Debian ships no header for it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct tb;
struct insn;
size_t qemu_plugin_tb_n_insns(const struct tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*callback)(plugin_id, struct tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct tb *tb, void (*callback)(unsigned, void *), int flags, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*callback)(plugin_id, void *), void *data);

int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

struct block {
    uint64_t address;
    uint64_t count;
    uint32_t instructions;
    struct block *next;
};

static struct block *blocks;
static const char *path;
static uint64_t from, to;
static bool counting = true;

static void on_execution(unsigned cpu, void *data)
{
    struct block *block = data;
    (void)cpu;
    if (block->address == from)
        counting = true;
    if (block->address == to)
        counting = false;
    block->count += counting;
}

static void on_translation(plugin_id id, struct tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    (void)id;
    if (block == NULL)
        return;
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = (uint32_t)qemu_plugin_tb_n_insns(tb);
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, 0, block);
}

static void on_end(plugin_id id, void *data)
{
    FILE *stream = fopen(path, "w");
    (void)id;
    (void)data;
    if (stream == NULL)
        return;
    for (const struct block *block = blocks; block != NULL; block = block->next)
        if (block->count > 0)
            fprintf(stream, "%" PRIx64 " %" PRIu32 " %" PRIu64 "\n", block->address, block->instructions, block->count);
    fclose(stream);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            path = argv[i] + 4;
        if (strncmp(argv[i], "from=", 5) == 0)
            from = strtoull(argv[i] + 5, NULL, 0);
        if (strncmp(argv[i], "to=", 3) == 0)
            to = strtoull(argv[i] + 3, NULL, 0);
    }
    if (path == NULL)
        return 1;
    counting = from == 0;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
