/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Argon2id and Ed25519 by Monocypher: credentials.h. The only file that knows the library. */
#include <monocypher-ed25519.h>
#include <monocypher.h>

#include "abi/layout.h"
#include "credentials.h"

#define KEY_BYTES 32u
#define SIGNATURE_BYTES 64u

static struct capos_client *memory, *entropy;

void hashing_open(struct capos_client *virtual_memory, struct capos_client *entropy_source)
{
    memory = virtual_memory;
    entropy = entropy_source;
}

static bool hash(const struct console_verifier *with, struct capn_data password, uint8_t *out)
{
    struct capos_virtual_memory_map_params area = {
        .size = ((uint64_t)with->memory_kib * 1024 + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1),
        .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_map_results got;
    if (capos_virtual_memory_map(memory, &area, &got) != CAPOS_OK)
        return false;
    crypto_argon2_config config = { .algorithm = CRYPTO_ARGON2_ID, .nb_blocks = with->memory_kib,
                                    .nb_passes = with->passes, .nb_lanes = 1 };
    crypto_argon2_inputs inputs = { .pass = password.bytes, .salt = with->salt, .pass_size = password.len,
                                    .salt_size = with->salt_len };
    crypto_argon2(out, with->hash_len, (void *)(uintptr_t)got.addr, config, inputs, crypto_argon2_no_extras);
    struct capos_virtual_memory_unmap_params all = { .addr = got.addr, .size = area.size };
    (void)capos_virtual_memory_unmap(memory, &all, NULL);
    return true;
}

static bool salt(uint8_t out[CONSOLE_SALT_BYTES])
{
    struct capos_entropy_source_fill_params in = { .bytes = CONSOLE_SALT_BYTES };
    struct capos_entropy_source_fill_results got;
    if (capos_entropy_source_fill(entropy, &in, &got) != CAPOS_OK || got.data.len != CONSOLE_SALT_BYTES)
        return false;
    memcpy(out, got.data.bytes, CONSOLE_SALT_BYTES);
    return true;
}

const struct console_engine hashing_engine = { .hash = hash, .salt = salt };

bool hashing_signature_ok(struct capn_data key, struct capn_data message, struct capn_data signature)
{
    return key.len == KEY_BYTES && signature.len == SIGNATURE_BYTES &&
           crypto_ed25519_check(signature.bytes, key.bytes, message.bytes, message.len) == 0;
}
