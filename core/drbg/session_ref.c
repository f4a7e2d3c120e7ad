/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Caller-session references: see session_ref.h. */
#include "core/drbg/session_ref.h"

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/drbg/sha256.h"

static const char ref_label[] = "capos:endpoint-caller-session-ref:v2";
static const char epoch_label[] = "capos:endpoint-caller-session-epoch:v2";

static uint64_t never_zero(uint64_t word)
{
    return word == 0 ? 1 : word;
}

void session_ref_derive(const uint8_t secret[SESSION_REF_SECRET_BYTES], uint64_t scope, const uint8_t *session_id,
                        size_t session_id_len, struct session_ref *out)
{
    const char *const labels[2] = { ref_label, epoch_label };
    uint8_t tags[2][SHA256_BYTES];
    uint8_t numbers[16];

    store_le64(numbers, scope);
    store_le64(numbers + 8, session_id_len);
    for (size_t i = 0; i < 2; i++) {
        struct hmac_sha256 mac;
        hmac_sha256_init(&mac, secret, SESSION_REF_SECRET_BYTES);
        hmac_sha256_update(&mac, labels[i], text_len(labels[i]));
        hmac_sha256_update(&mac, numbers, sizeof numbers);
        hmac_sha256_update(&mac, session_id, session_id_len);
        hmac_sha256_final(&mac, tags[i]);
    }
    out->low = never_zero(load_le64(tags[0]));
    out->high = never_zero(load_le64(tags[0] + 8));
    out->epoch = never_zero(load_le64(tags[1]));
}
