/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The adder: adds, and keeps a running total for each badge that its facets
 * were granted with. Needs the endpoint `adder`; `console` is for the reports.
 * It believes callers nothing but their badge, which the kernel vouches for.
 */
#include "capos/capos.h"
#include "user/services/adder/generated/adder_dispatch.h"

#define TOTALS_MAX 16u

struct total {
    bool used;
    uint64_t badge;
    int64_t value;
    uint64_t calls;
};

static struct total totals[TOTALS_MAX];

/* NULL: all places are taken. */
static struct total *total_of(uint64_t badge)
{
    for (uint32_t i = 0; i < TOTALS_MAX; i++) {
        if (totals[i].used && totals[i].badge != badge)
            continue;
        totals[i].used = true;
        totals[i].badge = badge;
        return &totals[i];
    }
    return NULL;
}

static enum capn_outcome add(void *env, void *object, const struct adder_add_params *in, struct adder_add_results *out)
{
    (void)object;
    if (__builtin_add_overflow(in->a, in->b, &out->sum))
        return capos_call_exception(env, CAPN_INVALID_ARGUMENT, "the sum does not fit");
    return CAPN_DONE;
}

static enum capn_outcome accumulate(void *env, void *object, const struct adder_accumulate_params *in,
                                    struct adder_accumulate_results *out)
{
    struct capos_call *call = env;
    struct total *total = total_of(call->received.badge);
    (void)object;
    if (total == NULL)
        return capos_call_exception(call, CAPN_OVERLOADED, "no room for another total");
    if (__builtin_add_overflow(total->value, in->value, &out->total))
        return capos_call_exception(call, CAPN_INVALID_ARGUMENT, "the total does not fit");
    total->value = out->total;
    total->calls++;
    return CAPN_DONE;
}

static enum capn_outcome total(void *env, void *object, const struct adder_total_params *in, struct adder_total_results *out)
{
    struct capos_call *call = env;
    struct total *mine = total_of(call->received.badge);
    (void)object, (void)in;
    if (mine == NULL)
        return capos_call_exception(call, CAPN_OVERLOADED, "no room for another total");
    out->total = mine->value;
    out->calls = mine->calls;
    return CAPN_DONE;
}

static const struct adder_ops methods = { .add = add, .accumulate = accumulate, .total = total };

int main(int argc, char **argv)
{
    static struct capos_served objects[] = { { .interface_id = ADDER_INTERFACE_ID, .serve = adder_serve, .ops = &methods } };
    struct capos_server server = { .objects = objects, .object_count = 1 };
    (void)argc, (void)argv;
    if (capos_server_open(&server, "adder") != CAPOS_OK) {
        capos_print("adder: needs the endpoint `adder`\n");
        return 1;
    }
    capos_print("adder: serving\n");
    enum capos_status status = capos_serve(&server);
    capos_print("adder: %s\n", capos_status_text(status));
    return status == CAPOS_OK ? 0 : 1;
}
