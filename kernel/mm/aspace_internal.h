/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files behind aspace.h share. Nobody else includes this. */
#pragma once

#include "kernel/mm/aspace.h"

/* Known protection bits, and not write together with execute. */
bool aspace_prot_ok(uint32_t prot);
enum aspace_error aspace_region_error(enum region_error error);
enum frame_class aspace_class_of(enum region_kind kind);
/* After machine_aspace_map has failed: for want of frames, or by the ledger? */
enum aspace_error aspace_map_error(const struct aspace *as);
/* Maps zeroed frames of `class` where nothing is mapped; all or nothing. Charges nothing. */
enum aspace_error aspace_back(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot, enum frame_class class);
/* Removes whatever is mapped in the range, waits for the flush, then frees the
 * frames, unless class is FRAME_OBJECT, whose frames are the object's. Returns how many pages there were. */
uint64_t aspace_strip(struct aspace *as, uint64_t va, uint64_t pages, enum frame_class class);
/* Changes the protection of all mapped pages of the range, and flushes. */
void aspace_set_prot(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot);
/* The object that a region of kind REGION_OBJECT shows. */
struct object *aspace_region_object(const struct region *region);
/* A region that maps `object` is gone: if it was the last, charge and reference go too. */
void aspace_object_unmapped(struct aspace *as, struct object *object, bool charged);
/* Does this region's object get its charge from being mapped? */
bool aspace_region_charged(const struct region *region);
