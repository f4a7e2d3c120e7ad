/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the two boot-protocol parsers share; nobody else includes this. A
 * parser collects raw ranges with bootinfo_add_range in any order, then calls
 * bootinfo_finish once.
 */
#pragma once

#include "core/bootinfo/bootinfo.h"

/* `type` as the protocols number it (they agree): 1 usable, 3 ACPI, 4 NVS, 5 unusable, else reserved. */
enum bootinfo_error bootinfo_add_range(struct boot_info *info, uint64_t start, uint64_t len, uint32_t type);

/* Keeps the first module that is not empty. */
void bootinfo_add_module(struct boot_info *info, uint64_t start, uint64_t len);

/* Normalises the ranges and checks what depends on them. */
enum bootinfo_error bootinfo_finish(struct boot_info *info);
