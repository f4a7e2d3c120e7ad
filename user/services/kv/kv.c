/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key-value service: Store and Namespace behind the endpoint `kv`, on
 * memory from `frame_allocator`. What a caller reaches is decided by its facet
 * alone: the interface it was granted as, or a receiver cookie (generation 1):
 *
 *     Store, Namespace    all of them
 *     cookie, index 2     the store, for reading
 *     cookie, index 3     the namespace, for reading
 *     cookies from 4 on   namespaces that `sub` hands out
 *
 * For the last ones it holds facets of its own endpoint, imports of itself
 * named sub0, sub1, ... with those cookies as badges. A namespace that was
 * handed out stays; the same prefix gives the same facet.
 */
#include "kv.h"

#define FIRST_SUB 4u

static struct capos_client frames;
static struct kv_namespace root, subs[KV_SUBS_MAX];
static uint32_t sub_facets[KV_SUBS_MAX], sub_count, facet_count;

static enum capn_outcome put(void *env, void *object, const struct capos_store_put_params *in,
                             struct capos_store_put_results *out)
{
    static uint8_t hash[SHA256_BYTES];
    (void)object;
    if (in->data.len > KV_BLOB_BYTES_MAX)
        return capos_call_exception(env, CAPN_INVALID_ARGUMENT, "a blob has up to 61,440 bytes");
    if (!kv_blob_put(&frames, in->data, hash))
        return capos_call_exception(env, CAPN_OVERLOADED, "no room for another blob");
    out->hash = (struct capn_data){ hash, sizeof hash };
    return CAPN_DONE;
}

static enum capn_outcome get(void *env, void *object, const struct capos_store_get_params *in,
                             struct capos_store_get_results *out)
{
    (void)object;
    return kv_blob_find(in->hash, &out->data) ? CAPN_DONE : capos_call_exception(env, CAPN_FAILED, "no such blob");
}

static enum capn_outcome has(void *env, void *object, const struct capos_store_has_params *in,
                             struct capos_store_has_results *out)
{
    struct capn_data data;
    (void)env, (void)object;
    out->exists = kv_blob_find(in->hash, &data);
    return CAPN_DONE;
}

static enum capn_outcome drop(void *env, void *object, const struct capos_store_delete_params *in,
                              struct capos_store_delete_results *out)
{
    (void)object, (void)out;
    return kv_blob_drop(in->hash) ? CAPN_DONE : capos_call_exception(env, CAPN_FAILED, "no such blob");
}

static const struct capos_store_ops store = { .put = put, .get = get, .has = has, .delete = drop };
static const struct capos_store_ops store_reader = { .get = get, .has = has };
static struct capos_namespace_ops names_reader;

static struct capos_served objects[FIRST_SUB + KV_SUBS_MAX] = {
    { CAPOS_STORE_INTERFACE_ID, capos_store_serve, &store, NULL, 0 },
    { CAPOS_NAMESPACE_INTERFACE_ID, capos_namespace_serve, &kv_namespace_methods, &root, 0 },
    { CAPOS_STORE_INTERFACE_ID, capos_store_serve, &store_reader, NULL, 1 },
    { CAPOS_NAMESPACE_INTERFACE_ID, capos_namespace_serve, &names_reader, &root, 1 },
};

bool kv_sub_facet(struct capn_text prefix, uint32_t *cap_id)
{
    for (uint32_t i = 0; i < sub_count; i++) {
        *cap_id = sub_facets[i];
        if (text_equal(subs[i].prefix, subs[i].prefix_len, prefix.bytes, prefix.len))
            return true;
    }
    if (sub_count == facet_count)
        return false;
    subs[sub_count].prefix_len = prefix.len;
    memcpy(subs[sub_count].prefix, prefix.bytes, prefix.len);
    objects[FIRST_SUB + sub_count] = (struct capos_served){ CAPOS_NAMESPACE_INTERFACE_ID, capos_namespace_serve,
                                                            &kv_namespace_methods, &subs[sub_count], 1 };
    *cap_id = sub_facets[sub_count++];
    return true;
}

static void find_facets(void)
{
    for (facet_count = 0; facet_count < KV_SUBS_MAX; facet_count++) {
        char name[] = { 's', 'u', 'b', (char)('0' + facet_count), '\0' };
        const struct capset_entry *entry = capos_capset_find(name);
        if (entry == NULL)
            break;
        sub_facets[facet_count] = entry->cap_id;
    }
}

int main(int argc, char **argv)
{
    struct capos_server server = { .objects = objects, .object_count = FIRST_SUB + KV_SUBS_MAX };
    (void)argc, (void)argv;
    if (capos_server_open(&server, "kv") != CAPOS_OK ||
        capos_client_open(&frames, "frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) != CAPOS_OK) {
        capos_print("kv: needs the endpoint `kv` and `frame_allocator`\n");
        return 1;
    }
    names_reader = (struct capos_namespace_ops){ .resolve = kv_namespace_methods.resolve, .list = kv_namespace_methods.list };
    find_facets();
    enum capos_status status = capos_serve(&server);
    capos_print("kv: %s\n", capos_status_text(status));
    return status == CAPOS_OK ? 0 : 1;
}
