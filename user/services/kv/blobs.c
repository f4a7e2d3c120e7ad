/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blobs, each in a memory object of its own: kv.h. Bytes are written once, before anybody can ask for them. */
#include "kv.h"

#include "abi/layout.h"

struct blob {
    bool used;
    uint8_t hash[SHA256_BYTES];
    uint32_t len;
    uint64_t mapped; /* bytes; 0 for the empty blob, which has no memory */
    uint8_t *bytes;
    struct capos_client memory;
};

static struct blob blobs[KV_BLOBS_MAX];

static struct blob *find(struct capn_data hash)
{
    for (uint32_t i = 0; i < KV_BLOBS_MAX && hash.len == SHA256_BYTES; i++)
        if (blobs[i].used && memcmp(blobs[i].hash, hash.bytes, SHA256_BYTES) == 0)
            return &blobs[i];
    return NULL;
}

static struct blob *free_place(void)
{
    for (uint32_t i = 0; i < KV_BLOBS_MAX; i++)
        if (!blobs[i].used)
            return &blobs[i];
    return NULL;
}

/* Memory for blob->len bytes. False: the kernel has none for us. */
static bool get_memory(struct capos_client *frames, struct blob *blob)
{
    struct capos_frame_allocator_alloc_contiguous_results got;
    struct capos_memory_object_map_results mapping;
    blob->mapped = ((uint64_t)blob->len + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    if (blob->mapped == 0)
        return true;
    struct capos_frame_allocator_alloc_contiguous_params pages = { .count = (uint32_t)(blob->mapped / PAGE_SIZE) };
    if (capos_frame_allocator_alloc_contiguous(frames, &pages, &got) != CAPOS_OK ||
        capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &blob->memory) != CAPOS_OK)
        return false;
    struct capos_memory_object_map_params all = { .size = blob->mapped, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    if (capos_memory_object_map(&blob->memory, &all, &mapping) != CAPOS_OK) {
        capos_client_close(&blob->memory);
        return false;
    }
    blob->bytes = (uint8_t *)(uintptr_t)mapping.addr;
    return true;
}

bool kv_blob_find(struct capn_data hash, struct capn_data *out)
{
    const struct blob *blob = find(hash);
    if (blob == NULL)
        return false;
    *out = (struct capn_data){ blob->bytes, blob->len };
    return true;
}

bool kv_blob_put(struct capos_client *frames, struct capn_data data, uint8_t hash[SHA256_BYTES])
{
    struct sha256 sha;
    sha256_init(&sha);
    sha256_update(&sha, data.bytes, data.len);
    sha256_final(&sha, hash);
    if (find((struct capn_data){ hash, SHA256_BYTES }) != NULL)
        return true;
    struct blob *blob = free_place();
    struct blob made = { .used = true, .len = data.len };
    if (blob == NULL || data.len > KV_BLOB_BYTES_MAX || !get_memory(frames, &made))
        return false;
    memcpy(made.hash, hash, SHA256_BYTES);
    if (data.len > 0)
        memcpy(made.bytes, data.bytes, data.len);
    *blob = made;
    return true;
}

bool kv_blob_drop(struct capn_data hash)
{
    struct blob *blob = find(hash);
    if (blob == NULL)
        return false;
    if (blob->mapped > 0) {
        struct capos_memory_object_unmap_params all = { .addr = (uintptr_t)blob->bytes, .size = blob->mapped };
        (void)capos_memory_object_unmap(&blob->memory, &all, NULL);
        capos_client_close(&blob->memory);
    }
    *blob = (struct blob){ .used = false };
    return true;
}
