/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes from a connection, cut anywhere: what comes out is what a second
 * description of the protocol, which looks at the whole stream instead of
 * keeping a state, takes for data. Then the input as a script of events
 * (data, commands, negotiations, subnegotiations): their data comes back.
 */
#include "core/base/base_fuzz.h"

#include "core/telnet/telnet.h"

#define LONGEST 16384u

/* The index behind the subnegotiation whose option stands at `at`, or len. */
static size_t behind_subnegotiation(const uint8_t *bytes, size_t len, size_t at)
{
    for (at++; at + 1 < len; at++) {
        if (bytes[at] != 255)
            continue;
        if (bytes[at + 1] == 240)
            return at + 2;
        at++;
    }
    return len;
}

/* The data of a whole stream, by looking ahead. */
static size_t expected_data(const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t count = 0;
    for (size_t at = 0; at < len;) {
        if (bytes[at] != 255) {
            out[count++] = bytes[at++];
        } else if (at + 1 == len) {
            break;
        } else if (bytes[at + 1] == 255) {
            out[count++] = 255;
            at += 2;
        } else if (bytes[at + 1] == 250) {
            at = at + 2 < len ? behind_subnegotiation(bytes, len, at + 2) : len;
        } else {
            at += bytes[at + 1] > 250 ? 3 : 2;
        }
    }
    return count;
}

static void any_bytes(const uint8_t *bytes, size_t len)
{
    static uint8_t expected[LONGEST], out[LONGEST];
    struct telnet_filter filter;
    size_t wanted = expected_data(bytes, len, expected), count = 0;
    telnet_filter_init(&filter);
    for (size_t at = 0; at < len;) {
        size_t chunk = 1 + bytes[at] % 7u;
        chunk = chunk < len - at ? chunk : len - at;
        size_t given = telnet_filter_data(&filter, bytes + at, chunk, out + count);
        FUZZ_CHECK(given <= chunk && filter.state <= TELNET_SB_IAC);
        count += given;
        at += chunk;
        FUZZ_CHECK(count <= wanted && memcmp(out, expected, count) == 0);
    }
    FUZZ_CHECK(count == wanted);
}

/* Feeds one event byte by byte; true when none of it was given. */
static bool silent(struct telnet_filter *filter, const uint8_t *bytes, size_t len)
{
    bool given = false;
    for (size_t i = 0; i < len; i++)
        given |= telnet_filter_step(filter, bytes[i]);
    return !given && filter->state == TELNET_DATA;
}

static bool subnegotiation_is_silent(struct telnet_filter *filter, struct fuzz_input *input)
{
    const uint8_t head[] = { 255, 250, (uint8_t)fuzz_take(input, 1) };
    bool given = false;
    for (size_t i = 0; i < sizeof head; i++)
        given |= telnet_filter_step(filter, head[i]);
    for (uint32_t left = (uint32_t)fuzz_take(input, 1); left > 0; left--) {
        uint8_t byte = (uint8_t)fuzz_take(input, 1);
        given |= telnet_filter_step(filter, byte) || (byte == 255 && telnet_filter_step(filter, byte));
        given |= filter->state != TELNET_SB_DATA;
    }
    return silent(filter, (const uint8_t[]){ 255, 240 }, 2) && !given;
}

static void events(struct fuzz_input input)
{
    struct telnet_filter filter;
    telnet_filter_init(&filter);
    while (input.left > 0) {
        uint8_t kind = (uint8_t)fuzz_take(&input, 1), byte = (uint8_t)fuzz_take(&input, 1);
        if (kind % 4 == 0) {
            FUZZ_CHECK(silent(&filter, (const uint8_t[]){ 255, (uint8_t)(byte % 250) }, 2));
        } else if (kind % 4 == 1) {
            FUZZ_CHECK(silent(&filter, (const uint8_t[]){ 255, (uint8_t)(251 + kind / 4 % 4), byte }, 3));
        } else if (kind % 4 == 2) {
            FUZZ_CHECK(subnegotiation_is_silent(&filter, &input));
        } else {
            FUZZ_CHECK(byte != 255 || !telnet_filter_step(&filter, byte));
            FUZZ_CHECK(telnet_filter_step(&filter, byte) && filter.state == TELNET_DATA);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > LONGEST)
        return 0;
    any_bytes(bytes, len);
    events((struct fuzz_input){ bytes, len });
    return 0;
}
