/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What both plugins use of QEMU 7.2's plugin interface, version 1: Debian ships no header for it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint64_t plugin_id;
struct tb;
struct insn;
size_t qemu_plugin_tb_n_insns(const struct tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct tb *tb);
struct insn *qemu_plugin_tb_get_insn(const struct tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct insn *insn);
size_t qemu_plugin_insn_size(const struct insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*callback)(plugin_id, struct tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct tb *tb, void (*callback)(unsigned, void *), int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct insn *insn, void (*callback)(unsigned, void *), int flags, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*callback)(plugin_id, void *), void *data);

extern int qemu_plugin_version;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);
