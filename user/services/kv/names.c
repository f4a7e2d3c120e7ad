/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names bound to hashes, in namespaces that are prefixes of one another: kv.h. A name need not lead to a blob. */
#include "kv.h"

struct binding {
    uint32_t len; /* 0: free */
    char name[KV_NAME_BYTES_MAX];
    uint8_t hash[SHA256_BYTES];
};

static struct binding bindings[KV_NAMES_MAX];

/* The prefix and the name behind it. False: too long. */
static bool full_name(const struct kv_namespace *ns, struct capn_text name, struct binding *out)
{
    if (name.len > KV_NAME_BYTES_MAX - ns->prefix_len)
        return false;
    memcpy(out->name, ns->prefix, ns->prefix_len);
    if (name.len > 0)
        memcpy(out->name + ns->prefix_len, name.bytes, name.len);
    out->len = ns->prefix_len + name.len;
    return true;
}

static struct binding *find(const struct binding *wanted)
{
    for (uint32_t i = 0; i < KV_NAMES_MAX; i++)
        if (bindings[i].len == wanted->len && memcmp(bindings[i].name, wanted->name, wanted->len) == 0)
            return &bindings[i];
    return NULL;
}

static enum capn_outcome resolve(void *env, void *object, const struct capos_namespace_resolve_params *in,
                                 struct capos_namespace_resolve_results *out)
{
    struct binding wanted;
    const struct binding *found = in->name.len > 0 && full_name(object, in->name, &wanted) ? find(&wanted) : NULL;
    if (found == NULL)
        return capos_call_exception(env, CAPN_FAILED, "name not bound");
    out->hash = (struct capn_data){ found->hash, SHA256_BYTES };
    return CAPN_DONE;
}

static enum capn_outcome bind(void *env, void *object, const struct capos_namespace_bind_params *in,
                              struct capos_namespace_bind_results *out)
{
    struct binding wanted;
    (void)out;
    if (in->name.len == 0 || !full_name(object, in->name, &wanted))
        return capos_call_exception(env, CAPN_INVALID_ARGUMENT, "a name has 1 to 64 bytes with its prefix");
    if (in->hash.len != SHA256_BYTES)
        return capos_call_exception(env, CAPN_INVALID_ARGUMENT, "a hash has 32 bytes");
    struct binding *place = find(&wanted);
    if (place == NULL)
        place = find(&(struct binding){ .len = 0 });
    if (place == NULL)
        return capos_call_exception(env, CAPN_OVERLOADED, "no room for another name");
    memcpy(wanted.hash, in->hash.bytes, SHA256_BYTES);
    *place = wanted;
    return CAPN_DONE;
}

static enum capn_outcome list(void *env, void *object, const struct capos_namespace_list_params *in,
                              struct capos_namespace_list_results *out)
{
    static struct capn_text names[KV_NAMES_MAX];
    const struct kv_namespace *ns = object;
    uint32_t count = 0;
    (void)env, (void)in;
    for (uint32_t i = 0; i < KV_NAMES_MAX; i++)
        if (bindings[i].len > ns->prefix_len && memcmp(bindings[i].name, ns->prefix, ns->prefix_len) == 0)
            names[count++] = (struct capn_text){ bindings[i].name + ns->prefix_len, bindings[i].len - ns->prefix_len };
    out->names = capn_list_of_array(names, count);
    return CAPN_DONE;
}

static enum capn_outcome sub(void *env, void *object, const struct capos_namespace_sub_params *in,
                             struct capos_namespace_sub_results *out)
{
    struct binding prefix;
    uint32_t cap_id;
    (void)out;
    if (!full_name(object, in->prefix, &prefix))
        return capos_call_exception(env, CAPN_INVALID_ARGUMENT, "a prefix has up to 64 bytes");
    if (!kv_sub_facet((struct capn_text){ prefix.name, prefix.len }, &cap_id))
        return capos_call_exception(env, CAPN_OVERLOADED, "no facet left for another namespace");
    (void)capos_call_give(env, cap_id, false);
    return CAPN_DONE;
}

const struct capos_namespace_ops kv_namespace_methods = { .resolve = resolve, .bind = bind, .list = list, .sub = sub };
