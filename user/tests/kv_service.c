/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key-value service through the facets that its manifest hands out: a
 * store, a namespace, readers of both, namespaces within; limits, a client
 * that misbehaves, and a second service of its own that dies.
 */
#include "core/drbg/sha256.h"
#include "service.h"

#define BLOBS 96u

static struct capos_client store, names, reader, lookup;

static struct capn_data data_of(const char *text)
{
    return (struct capn_data){ (const uint8_t *)text, (uint32_t)text_len(text) };
}

/* Stores and keeps the hash. */
static enum capos_status put(struct capn_data data, uint8_t hash[SHA256_BYTES])
{
    struct capos_store_put_results got = { .hash = { 0 } };
    enum capos_status status = capos_store_put(&store, &(struct capos_store_put_params){ data }, &got);
    if (status == CAPOS_OK && got.hash.len == SHA256_BYTES)
        memcpy(hash, got.hash.bytes, SHA256_BYTES);
    return status;
}

static void check_get(struct capos_client *from, const uint8_t *hash, struct capn_data wanted)
{
    struct capos_store_get_results got = { .data = { 0 } };
    check_ok(capos_store_get(from, &(struct capos_store_get_params){ { hash, SHA256_BYTES } }, &got), from, "get");
    check(got.data.len == wanted.len && memcmp(got.data.bytes, wanted.bytes, wanted.len) == 0, "the blob of %u bytes", wanted.len);
}

static bool has(const uint8_t *hash)
{
    struct capos_store_has_results got = { false };
    check_ok(capos_store_has(&store, &(struct capos_store_has_params){ { hash, SHA256_BYTES } }, &got), &store, "has");
    return got.exists;
}

static enum capos_status drop(struct capos_client *from, const uint8_t *hash)
{
    return capos_store_delete(from, &(struct capos_store_delete_params){ { hash, SHA256_BYTES } }, NULL);
}

static void check_store(void)
{
    static uint8_t large[16000];
    uint8_t hash[SHA256_BYTES], again[SHA256_BYTES];
    struct capos_store_get_results got;
    check_ok(put(data_of("abc"), hash), &store, "put");
    check(load_le32(hash) == 0xbf1678ba && load_le32(hash + 28) == 0xad1500f2, "the hash of abc");
    check(put(data_of("abc"), again) == CAPOS_OK && memcmp(hash, again, sizeof hash) == 0, "the same again");
    check_get(&store, hash, data_of("abc"));
    check_get(&reader, hash, data_of("abc"));
    check(has(hash), "it is there");
    check_exception(drop(&reader, hash), &reader, CAP_EXCEPTION_UNIMPLEMENTED, "unknown method", "a reader cannot delete");
    struct capos_store_put_results none;
    check_exception(capos_store_put(&reader, &(struct capos_store_put_params){ data_of("x") }, &none), &reader,
                    CAP_EXCEPTION_UNIMPLEMENTED, "unknown method", "a reader cannot put");
    check_ok(drop(&store, hash), &store, "delete");
    check(!has(hash), "it is gone");
    check_exception(drop(&store, hash), &store, CAP_EXCEPTION_FAILED, "no such blob", "delete again");
    check_exception(capos_store_get(&store, &(struct capos_store_get_params){ { hash, 31 } }, &got), &store,
                    CAP_EXCEPTION_FAILED, "no such blob", "a hash that is too short");
    memset(large, 0x5a, sizeof large);
    check_ok(put((struct capn_data){ large, sizeof large }, hash), &store, "a large blob");
    check_get(&store, hash, (struct capn_data){ large, sizeof large });
    check_ok(drop(&store, hash), &store, "delete it");
    check_ok(put(data_of(""), hash), &store, "an empty blob");
    check_get(&store, hash, data_of(""));
    check_ok(drop(&store, hash), &store, "delete it");
}

/* The service refuses one blob too many and goes on. */
static void check_limit(void)
{
    static uint8_t hashes[BLOBS][SHA256_BYTES];
    uint8_t hash[SHA256_BYTES];
    for (uint32_t i = 0; i < BLOBS; i++)
        check_ok(put((struct capn_data){ (const uint8_t *)&i, sizeof i }, hashes[i]), &store, "fill");
    check_exception(put(data_of("one more"), hash), &store, CAP_EXCEPTION_OVERLOADED, "no room for another blob", "one too many");
    for (uint32_t i = 0; i < BLOBS; i++) {
        check_get(&store, hashes[i], (struct capn_data){ (const uint8_t *)&i, sizeof i });
        check_ok(drop(&store, hashes[i]), &store, "empty");
    }
    check_ok(put(data_of("one more"), hash), &store, "room again");
}

static enum capos_status bind(struct capos_client *ns, const char *name, const uint8_t *hash, uint32_t len)
{
    return capos_namespace_bind(ns, &(struct capos_namespace_bind_params){ capn_text_of(name), { hash, len } }, NULL);
}

static void check_bound(struct capos_client *ns, const char *name, uint8_t first)
{
    struct capos_namespace_resolve_results got = { .hash = { 0 } };
    check_ok(capos_namespace_resolve(ns, &(struct capos_namespace_resolve_params){ capn_text_of(name) }, &got), ns, name);
    check(got.hash.len == SHA256_BYTES && got.hash.bytes[0] == first, "`%s` is bound", name);
}

static enum capos_status sub(struct capos_client *ns, const char *prefix, struct capos_client *out)
{
    struct capos_namespace_sub_results got;
    enum capos_status status = capos_namespace_sub(ns, &(struct capos_namespace_sub_params){ capn_text_of(prefix) }, &got);
    return status == CAPOS_OK ? capos_reply_take(0, CAPOS_NAMESPACE_INTERFACE_ID, out) : status;
}

static uint32_t count_names(struct capos_client *ns, const char *wanted)
{
    struct capos_namespace_list_results got = { .names = { 0 } };
    struct capn_text name;
    check_ok(capos_namespace_list(ns, NULL, &got), ns, "list");
    bool found = false;
    for (uint32_t i = 0; i < capn_list_len(&got.names); i++)
        found |= capn_list_text_at(&got.names, i, &name) == CAPN_OK && capn_text_equal(name, capn_text_of(wanted));
    check(found, "`%s` is listed", wanted);
    return capn_list_len(&got.names);
}

static void check_names(void)
{
    uint8_t hash[SHA256_BYTES] = { 1 }, other[SHA256_BYTES] = { 2 };
    struct capos_client etc, deep, same, none;
    struct capos_namespace_resolve_results got;
    check_ok(bind(&names, "motd", hash, sizeof hash), &names, "bind");
    check_bound(&names, "motd", 1);
    check_ok(bind(&names, "motd", other, sizeof other), &names, "bind again");
    check_bound(&lookup, "motd", 2);
    check_exception(bind(&names, "short", hash, 31), &names, CAP_EXCEPTION_INVALID_ARGUMENT, "a hash has 32 bytes", "short hash");
    check_exception(bind(&names, "", hash, 32), &names, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "no name");
    check_exception(bind(&lookup, "new", hash, 32), &lookup, CAP_EXCEPTION_UNIMPLEMENTED, "unknown method", "a reader cannot bind");
    check(sub(&names, "etc/", &etc) == CAPOS_OK, "a namespace within");
    check_ok(bind(&etc, "host", hash, sizeof hash), &etc, "bind within");
    check_bound(&names, "etc/host", 1);
    check_exception(capos_namespace_resolve(&etc, &(struct capos_namespace_resolve_params){ capn_text_of("motd") }, &got), &etc,
                    CAP_EXCEPTION_FAILED, "name not bound", "what is outside");
    check(count_names(&names, "etc/host") == 2 && count_names(&etc, "host") == 1, "lists");
    check(sub(&etc, "ssh/", &deep) == CAPOS_OK && bind(&deep, "key", other, 32) == CAPOS_OK, "one within that");
    check_bound(&names, "etc/ssh/key", 2);
    check(sub(&names, "etc/", &same) == CAPOS_OK, "the same prefix again");
    check_bound(&same, "host", 1);
    check(sub(&names, "var/", &none) == CAPOS_EXCEPTION && names.exception.type == CAP_EXCEPTION_OVERLOADED, "no facet left");
    capos_client_close(&etc);
    capos_client_close(&deep);
    capos_client_close(&same);
}

static void check_end(void)
{
    static struct capos_process process;
    uint8_t hash[SHA256_BYTES];
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("kv", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    if (!start_service("kv", grants, 2, &process, &store))
        return;
    check_ok(put(data_of("lost with its service"), hash), &store, "put");
    check(has(hash), "it is there");
    end_service(&process, &store);
}

int main(int argc, char **argv)
{
    uint8_t hash[SHA256_BYTES];
    (void)argc, (void)argv;
    if (task() != NULL)
        return bad_client();
    store = granted("store", CAPOS_STORE_INTERFACE_ID);
    names = granted("names", CAPOS_NAMESPACE_INTERFACE_ID);
    reader = granted("reader", CAPOS_STORE_INTERFACE_ID);
    lookup = granted("lookup", CAPOS_NAMESPACE_INTERFACE_ID);
    check_store();
    check_names();
    check_limit();
    check_ok(put(data_of("kept"), hash), &store, "put");
    run_bad_client("kv_service", &store, CAPOS_STORE_INTERFACE_ID);
    run_bad_client("kv_service", &names, CAPOS_NAMESPACE_INTERFACE_ID);
    check_get(&store, hash, data_of("kept"));
    check_end();
    return finish("kv_service");
}
