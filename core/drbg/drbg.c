/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HMAC_DRBG: see drbg.h. */
#include "core/drbg/drbg.h"

#include "core/base/bytes.h"

/* value = HMAC(key, value), with the key already taken in: half of the work, and the same for many values. */
static void next_value(struct drbg *drbg, const struct hmac_sha256 *keyed)
{
    struct hmac_sha256 mac = *keyed;

    hmac_sha256_update(&mac, drbg->value, sizeof drbg->value);
    hmac_sha256_final(&mac, drbg->value);
}

/* key = HMAC(key, value || round || parts), value = HMAC(key, value) */
static void mix(struct drbg *drbg, uint8_t round, const struct drbg_input *parts, size_t count)
{
    struct hmac_sha256 mac;

    hmac_sha256_init(&mac, drbg->key, sizeof drbg->key);
    hmac_sha256_update(&mac, drbg->value, sizeof drbg->value);
    hmac_sha256_update(&mac, &round, 1);
    for (size_t i = 0; i < count; i++)
        hmac_sha256_update(&mac, parts[i].bytes, parts[i].len);
    hmac_sha256_final(&mac, drbg->key);
    hmac_sha256_init(&mac, drbg->key, sizeof drbg->key);
    next_value(drbg, &mac);
    sha256_wipe(&mac, sizeof mac);
}

/* The update function of the standard: the second round only when there is data. */
static void update(struct drbg *drbg, const struct drbg_input *parts, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += parts[i].len;
    mix(drbg, 0x00, parts, count);
    if (total != 0)
        mix(drbg, 0x01, parts, count);
}

enum drbg_error drbg_instantiate(struct drbg *drbg, struct drbg_input entropy, struct drbg_input nonce,
                                 struct drbg_input personal)
{
    const struct drbg_input parts[3] = { entropy, nonce, personal };

    if (entropy.len < DRBG_ENTROPY_BYTES_MIN || nonce.len < DRBG_NONCE_BYTES_MIN)
        return DRBG_TOO_LITTLE;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].len > DRBG_INPUT_BYTES_MAX)
            return DRBG_TOO_LONG;
    }
    memset(drbg->key, 0x00, sizeof drbg->key);
    memset(drbg->value, 0x01, sizeof drbg->value);
    update(drbg, parts, 3);
    drbg->reseed_counter = 1;
    return DRBG_OK;
}

enum drbg_error drbg_reseed(struct drbg *drbg, struct drbg_input entropy, struct drbg_input extra)
{
    const struct drbg_input parts[2] = { entropy, extra };

    if (drbg->reseed_counter == 0)
        return DRBG_NOT_READY;
    if (entropy.len < DRBG_ENTROPY_BYTES_MIN)
        return DRBG_TOO_LITTLE;
    if (entropy.len > DRBG_INPUT_BYTES_MAX || extra.len > DRBG_INPUT_BYTES_MAX)
        return DRBG_TOO_LONG;
    update(drbg, parts, 2);
    drbg->reseed_counter = 1;
    return DRBG_OK;
}

enum drbg_error drbg_generate(struct drbg *drbg, uint8_t *out, size_t len, struct drbg_input extra)
{
    struct hmac_sha256 keyed;

    if (drbg->reseed_counter == 0)
        return DRBG_NOT_READY;
    if (len > DRBG_REQUEST_BYTES_MAX || extra.len > DRBG_INPUT_BYTES_MAX)
        return DRBG_TOO_LONG;
    if (drbg->reseed_counter > DRBG_RESEED_INTERVAL)
        return DRBG_RESEED_REQUIRED;
    if (extra.len != 0)
        update(drbg, &extra, 1);
    hmac_sha256_init(&keyed, drbg->key, sizeof drbg->key);
    for (size_t done = 0; done < len;) {
        size_t take = len - done < SHA256_BYTES ? len - done : SHA256_BYTES;
        next_value(drbg, &keyed);
        memcpy(out + done, drbg->value, take);
        done += take;
    }
    sha256_wipe(&keyed, sizeof keyed);
    update(drbg, &extra, 1);
    drbg->reseed_counter++;
    return DRBG_OK;
}

void drbg_wipe(struct drbg *drbg)
{
    sha256_wipe(drbg, sizeof *drbg);
}
