/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of the Telnet filter: every state with every byte against a table
 * written apart from the code, and round trips: streams put together of data,
 * commands, negotiations and subnegotiations give their data back, however
 * they are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/telnet/telnet.h"

#define STATES 6

/* How to come to each state, and how to tell which one it is: none of two states give the same answers. */
static const struct {
    const char *name;
    const char *way;
    size_t len;
} ways[STATES] = {
    { "data", "", 0 },
    { "iac", "\xff", 1 },
    { "option", "\xff\xfb", 2 },
    { "sb", "\xff\xfa", 2 },
    { "sb data", "\xff\xfa\x01", 3 },
    { "sb iac", "\xff\xfa\x01\xff", 4 },
};

/* What bytes do: classes of bytes, since all of one class are alike in every state. */
enum class { PLAIN, SE, COMMAND, SB, NEGOTIATION, IAC, CLASSES };

static enum class class_of(unsigned byte)
{
    if (byte < 240)
        return PLAIN;
    if (byte == 240)
        return SE;
    if (byte < 250)
        return COMMAND;
    return byte == 250 ? SB : byte == 255 ? IAC : NEGOTIATION;
}

/* [state][class]: '+' gives the byte, '-' nothing; then the next state. */
static const char table[STATES][CLASSES][3] = {
    /*            PLAIN  SE    COMMAND SB  NEGOTIATION IAC */
    [0] = { "+0", "+0", "+0", "+0", "+0", "-1" },
    [1] = { "-0", "-0", "-0", "-3", "-2", "+0" },
    [2] = { "-0", "-0", "-0", "-0", "-0", "-0" },
    [3] = { "-4", "-4", "-4", "-4", "-4", "-4" },
    [4] = { "-4", "-4", "-4", "-4", "-4", "-5" },
    [5] = { "-4", "-0", "-4", "-4", "-4", "-4" },
};

static void come_to(struct telnet_filter *filter, unsigned state)
{
    telnet_filter_init(filter);
    for (size_t i = 0; i < ways[state].len; i++)
        assert_false(telnet_filter_step(filter, (uint8_t)ways[state].way[i]));
    assert_int_equal(filter->state, state);
}

static void test_every_state_with_every_byte(void **state)
{
    (void)state;
    for (unsigned from = 0; from < STATES; from++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            const char *row = table[from][class_of(byte)];
            struct telnet_filter filter;
            come_to(&filter, from);
            bool given = telnet_filter_step(&filter, (uint8_t)byte);
            if (given != (row[0] == '+') || filter.state != (unsigned)(row[1] - '0'))
                fail_msg("%s, byte %u: %s, state %u", ways[from].name, byte, given ? "given" : "kept", (unsigned)filter.state);
        }
    }
}

/* What is outside shows the state too: the same table without a look into the struct. */
static void test_states_as_seen_from_outside(void **state)
{
    /* Four bytes after the way to each state, and what they give. */
    static const struct {
        const char *bytes;
        const char *given[STATES];
    } probes[] = {
        { "a\xff\xf0z", { "az", "z", "z", "z", "z", "z" } },
        { "\xff\xf0yz", { "yz", "\xff\xf0yz", "\xf0yz", "", "yz", "" } },
        { "\xf0xyz", { "\xf0xyz", "xyz", "xyz", "", "", "xyz" } },
        { "\xfb\xfbyz", { "\xfb\xfbyz", "yz", "\xfbyz", "", "", "" } },
        { "\xff\xff\xf0z", { "\xff\xf0z", "\xff" "z", "z", "z", "", "z" } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        for (unsigned from = 0; from < STATES; from++) {
            struct telnet_filter filter;
            uint8_t out[4];
            come_to(&filter, from);
            size_t count = telnet_filter_data(&filter, (const uint8_t *)probes[i].bytes, 4, out);
            if (count != strlen(probes[i].given[from]) || memcmp(out, probes[i].given[from], count) != 0)
                fail_msg("probe %zu, %s: %zu bytes", i, ways[from].name, count);
        }
    }
}

static void check(const char *in, size_t in_len, const char *expected, size_t expected_len)
{
    struct telnet_filter filter;
    uint8_t out[64];
    assert_true(in_len <= sizeof out);
    telnet_filter_init(&filter);
    assert_int_equal(telnet_filter_data(&filter, (const uint8_t *)in, in_len, out), expected_len);
    assert_memory_equal(out, expected, expected_len);
}

#define CHECK(in, expected) check(in, sizeof(in) - 1, expected, sizeof(expected) - 1)

static void test_what_clients_send(void **state)
{
    (void)state;
    CHECK("ls\r\n", "ls\r\n");
    CHECK("ls\r\0", "ls\r\0");
    CHECK("\xff\xfd\x01\xff\xfd\x03" "go", "go");           /* DO ECHO, DO SUPPRESS-GO-AHEAD */
    CHECK("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0" "x", "x"); /* WILL NAWS and a size of 80 by 24 */
    CHECK("\xff\xfa\x1f\0\xff\xff\0\x18\xff\xf0" "x", "x"); /* 255 columns */
    CHECK("\xff\xfa\x18\0xterm\xff\xf0", "");
    CHECK("a\xff\xf1" "b\xff\xf4" "c\xff\xf9" "d", "abcd");      /* NOP, interrupt, go ahead */
    CHECK("\xff\xff\xff\xff", "\xff\xff");
    CHECK("\xff\xfb\xff" "x", "x");                           /* WILL EXTENDED-OPTIONS-LIST */
    CHECK("\xff\xfa\xff\x01\xff\xf0" "x", "x");
    CHECK("\xff\xfa\xff\xf0" "x\xff\xf0" "y", "y");                 /* IAC is the option, SE not the end */
    CHECK("\xff\xfa\x01\xff\xfb" "x\xff\xf0" "y", "y");            /* another command inside: dropped */
    CHECK("\xff" "a\xff\0b", "b");
}

static void test_a_new_connection_knows_nothing_of_the_last(void **state)
{
    (void)state;
    for (unsigned from = 0; from < STATES; from++) {
        struct telnet_filter filter, zero = { 0 };
        come_to(&filter, from);
        telnet_filter_init(&filter);
        assert_int_equal(filter.state, TELNET_DATA);
        assert_true(telnet_filter_step(&filter, 'x'));
        assert_true(telnet_filter_step(&zero, 'x'));
    }
}

/* Round trips. */

static uint64_t seed;

static uint32_t below(uint32_t end)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % end;
}

#define STREAM 4096

static struct {
    uint8_t bytes[STREAM + 64];
    size_t len;
    uint8_t data[STREAM + 64];
    size_t data_len;
} stream;

static void put(unsigned byte)
{
    stream.bytes[stream.len++] = (uint8_t)byte;
}

/* One byte of data or of a subnegotiation: 255 is doubled. */
static unsigned put_escaped(void)
{
    unsigned byte = below(4) == 0 ? 238 + below(18) : below(256);
    put(byte);
    if (byte == 255)
        put(byte);
    return byte;
}

static void put_subnegotiation(void)
{
    put(255);
    put(250);
    put(below(4) == 0 ? 238 + below(18) : below(256)); /* the option, 255 is not doubled here */
    for (uint32_t i = below(20); i > 0; i--)
        put_escaped();
    put(255);
    put(240);
}

static void put_event(void)
{
    switch (below(5)) {
    case 0: /* a command of two bytes */
        put(255);
        put(241 + below(9));
        return;
    case 1: /* a negotiation */
        put(255);
        put(251 + below(4));
        put(below(4) == 0 ? 238 + below(18) : below(256));
        return;
    case 2:
        put_subnegotiation();
        return;
    default:
        for (uint32_t i = 1 + below(8); i > 0; i--)
            stream.data[stream.data_len++] = (uint8_t)put_escaped();
    }
}

static void make_stream(void)
{
    stream.len = stream.data_len = 0;
    for (uint32_t events = below(60); events > 0 && stream.len < STREAM; events--)
        put_event();
}

/* Chunks of any length, each in place. */
static size_t filter_in_chunks(uint32_t longest)
{
    struct telnet_filter filter;
    size_t given = 0;
    telnet_filter_init(&filter);
    for (size_t at = 0; at < stream.len;) {
        uint8_t chunk[STREAM + 64];
        size_t len = below(longest + 1);
        len = len < stream.len - at ? len : stream.len - at;
        memcpy(chunk, stream.bytes + at, len);
        size_t count = telnet_filter_data(&filter, chunk, len, chunk);
        assert_true(count <= len && given + count <= stream.data_len);
        assert_memory_equal(chunk, stream.data + given, count);
        given += count;
        at += len;
    }
    assert_int_equal(filter.state, TELNET_DATA);
    return given;
}

static void test_round_trips(void **state)
{
    (void)state;
    seed = 854;
    for (unsigned round = 0; round < 20000; round++) {
        static const uint32_t longest[] = { 1, 2, 3, 16, STREAM };
        make_stream();
        assert_int_equal(filter_in_chunks(longest[round % 5]), stream.data_len);
    }
}

/* A subnegotiation that is never closed gives nothing, however long it is. */
static void test_silence_without_end(void **state)
{
    struct telnet_filter filter;
    (void)state;
    come_to(&filter, 4);
    seed = 855;
    for (unsigned i = 0; i < 200000; i++) {
        unsigned byte = below(240);
        assert_false(telnet_filter_step(&filter, (uint8_t)byte));
    }
    assert_false(telnet_filter_step(&filter, 255));
    assert_false(telnet_filter_step(&filter, 240));
    assert_true(telnet_filter_step(&filter, 'x'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_with_every_byte),
        cmocka_unit_test(test_states_as_seen_from_outside),
        cmocka_unit_test(test_what_clients_send),
        cmocka_unit_test(test_a_new_connection_knows_nothing_of_the_last),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_silence_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
