/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * EntropySource: bytes from one HMAC_DRBG, seeded and reseeded from the
 * hardware generator. When the hardware does not deliver, the answer is
 * unavailable, never weak bytes.
 */
#include "abi/limits.h"
#include "core/base/bytes.h"
#include "core/drbg/drbg.h"
#include "kernel/ipc/call.h"
#include "kernel/machine.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

#define SEED_WORDS 8u /* 512 bits: twice the strength, in case a source delivers less than it says */
#define REQUESTS_PER_SEED 256u
#define REPLY_OVERHEAD_BYTES 32u /* segment table, root pointer, status, data pointer */

static struct {
    struct drbg drbg;
    uint32_t left; /* requests until the next seed */
    uint8_t bytes[REPLY_SCRATCH_MAX]; /* of the reply being made */
} entropy;

static bool gather(uint64_t *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!machine_entropy(&words[i]))
            return false;
    return true;
}

static bool seed(void)
{
    uint64_t words[SEED_WORDS], nonce[SEED_WORDS], boot_time = machine_now_ns();
    if (!gather(words, SEED_WORDS) || !gather(nonce, SEED_WORDS))
        return false;
    struct drbg_input from = {.bytes = (const uint8_t *)words, .len = sizeof words};
    struct drbg_input once = {.bytes = (const uint8_t *)nonce, .len = sizeof nonce};
    struct drbg_input personal = {.bytes = (const uint8_t *)&boot_time, .len = sizeof boot_time};
    enum drbg_error error = entropy.drbg.reseed_counter == 0 ? drbg_instantiate(&entropy.drbg, from, once, personal)
                                                             : drbg_reseed(&entropy.drbg, from, once);
    sha256_wipe(words, sizeof words);
    sha256_wipe(nonce, sizeof nonce);
    entropy.left = error == DRBG_OK ? REQUESTS_PER_SEED : 0;
    return error == DRBG_OK;
}

static bool generate(uint32_t len)
{
    if (entropy.left == 0 && !seed())
        return false;
    entropy.left--;
    return drbg_generate(&entropy.drbg, entropy.bytes, len, (struct drbg_input){0}) == DRBG_OK;
}

/* Rejects requests whose reply cannot be delivered before spending bytes on them. */
static bool fits(struct call *call, uint32_t len, enum capn_outcome *outcome)
{
    uint32_t padded = len > UINT32_MAX - REPLY_OVERHEAD_BYTES - 7 ? UINT32_MAX - REPLY_OVERHEAD_BYTES : (len + 7) & ~7u;
    return call_reply_fits(call, REPLY_OVERHEAD_BYTES + padded, 0, outcome);
}

static enum capn_outcome fill(void *env, void *object, const struct capos_entropy_source_fill_params *in,
                              struct capos_entropy_source_fill_results *out)
{
    (void)object;
    enum capn_outcome outcome;
    if (!fits(env, in->bytes, &outcome))
        return outcome;
    if (!generate(in->bytes)) {
        out->status = CAPOS_ENTROPY_STATUS_UNAVAILABLE;
        return CAPN_DONE;
    }
    out->status = CAPOS_ENTROPY_STATUS_OK;
    out->data = (struct capn_data){.bytes = entropy.bytes, .len = in->bytes};
    return CAPN_DONE;
}

static const struct capos_entropy_source_ops methods = {.fill = fill};

const struct object_ops entropy_source_ops = {
    .interface_id = CAPOS_ENTROPY_SOURCE_INTERFACE_ID,
    .label = "entropy_source",
    .methods = &methods,
    .serve = capos_entropy_source_serve,
};
