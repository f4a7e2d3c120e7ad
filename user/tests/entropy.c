/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* EntropySource: exactly as many bytes as asked for, never the same twice, or `unavailable` with none. */
#include "check.h"

static uint8_t bytes[2][480];

static enum capos_entropy_status fill(struct capos_client *entropy, uint32_t count, uint8_t *out)
{
    struct capos_entropy_source_fill_params in = { .bytes = count };
    struct capos_entropy_source_fill_results got = { .status = CAPOS_ENTROPY_STATUS_UNAVAILABLE };
    check_ok(capos_entropy_source_fill(entropy, &in, &got), entropy, "fill");
    uint32_t wanted = got.status == CAPOS_ENTROPY_STATUS_OK ? count : 0;
    check(got.data.len == wanted, "asked for %u, got %u bytes", count, got.data.len);
    if (got.data.len == wanted && wanted > 0)
        memcpy(out, got.data.bytes, wanted);
    return got.status;
}

static uint32_t ones_in(const uint8_t *from, size_t len)
{
    uint32_t ones = 0;
    for (size_t bit = 0; bit < 8 * len; bit++)
        ones += from[bit / 8] >> bit % 8 & 1u;
    return ones;
}

int main(void)
{
    struct capos_client entropy = granted("entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    static const uint32_t counts[] = { 0, 1, 7, 8, 31, 32, 33, 255, 480 };
    if (fill(&entropy, 480, bytes[0]) == CAPOS_ENTROPY_STATUS_UNAVAILABLE) {
        capos_print("entropy: unavailable on this machine\n");
        return finish("entropy");
    }
    fill(&entropy, 480, bytes[1]);
    check(memcmp(bytes[0], bytes[1], 480) != 0, "two fills are equal");
    uint32_t ones = ones_in(bytes[0], sizeof bytes[0]) + ones_in(bytes[1], sizeof bytes[1]);
    check(ones > 3400 && ones < 4280, "%u of 7680 bits are set", ones);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        fill(&entropy, counts[i], bytes[0]);
    return finish("entropy");
}
