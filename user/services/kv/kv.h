/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The parts of the key-value service: blobs under their SHA-256 (Store) and
 * names for them (Namespace). Everything is bounded; a limit that is reached
 * is answered with `overloaded` and changes nothing. One thread, no locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capos/capos.h"
#include "core/drbg/sha256.h"

#define KV_BLOBS_MAX 96u         /* each keeps a memory object: a slot of this process's table */
#define KV_BLOB_BYTES_MAX 61440u /* with its framing a blob passes in one call */
#define KV_NAMES_MAX 128u
#define KV_NAME_BYTES_MAX 64u    /* with the prefix of its namespace */
#define KV_SUBS_MAX 8u

/* blobs.c. The bytes stay where they are until the blob is dropped. False: there is none. */
bool kv_blob_find(struct capn_data hash, struct capn_data *out);
/* Stores a copy in memory objects from `frames`, once for equal bytes. False: no room; nothing has changed. */
bool kv_blob_put(struct capos_client *frames, struct capn_data data, uint8_t hash[SHA256_BYTES]);
bool kv_blob_drop(struct capn_data hash);

/* A namespace: all names that begin with a prefix, seen without it. */
struct kv_namespace {
    uint32_t prefix_len;
    char prefix[KV_NAME_BYTES_MAX];
};

/* names.c: Namespace; the object is a struct kv_namespace. */
extern const struct capos_namespace_ops kv_namespace_methods;

/* kv.c: the facet that leads to the namespace of this prefix, made on first use. False: all are in use. */
bool kv_sub_facet(struct capn_text prefix, uint32_t *cap_id);
