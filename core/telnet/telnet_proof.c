/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The Telnet filter: one step from any state with any byte does what the
 * table of RFC 854 says, written here in another form; and a chunk of any
 * content stays in its buffers and gives a subsequence of what came.
 */
#include "core/base/base_proof.h"
#include "core/telnet/telnet.c"

/* PROOF one_step_of_any_state
 * of: telnet_filter_step, after_iac
 * bound: none: every state, every byte; a stream is steps
 */
void one_step_of_any_state(void)
{
    uint32_t state = nondet_u32();
    uint8_t byte = nondet_u8();
    assume(state <= 5);
    struct telnet_filter filter = {(enum telnet_state)state};
    bool given = telnet_filter_step(&filter, byte);
    uint32_t next = filter.state;
    /* Data is what is not IAC, and an IAC behind an IAC that stands in data. */
    assert(given == ((state == 0 && byte != 255) || (state == 1 && byte == 255)));
    assert(next <= 5);
    /* The table by columns: which state follows which. */
    assert((next == 1) == (state == 0 && byte == 255));
    assert((next == 2) == (state == 1 && (byte == 251 || byte == 252 || byte == 253 || byte == 254)));
    assert((next == 3) == (state == 1 && byte == 250));
    assert((next == 4) == (state == 3 || (state == 4 && byte != 255) || (state == 5 && byte != 240)));
    assert((next == 5) == (state == 4 && byte == 255));
    if (given)
        probe(1);
    if (next == 2)
        probe(2);
    if (next == 3)
        probe(3);
    if (state == 3 && byte == 255)
        probe(4);
    if (state == 5 && next == 0)
        probe(5);
    if (state == 2)
        probe(6);
}

#define CHUNK 4u

/* PROOF a_chunk_in_place
 * of: telnet_filter_data, telnet_filter_step
 * bound: chunks of 0 to 4 bytes of any content in any state, in place; the loop does the same for each byte
 * next: 6 bytes: 13 seconds instead of 3
 * unwind: 6
 */
void a_chunk_in_place(void)
{
    uint32_t state = nondet_u32();
    size_t len = nondet_size();
    uint8_t in[CHUNK], buffer[CHUNK];
    assume(state <= 5 && len <= CHUNK);
    for (size_t i = 0; i < CHUNK; i++)
        in[i] = buffer[i] = nondet_u8();
    struct telnet_filter filter = {(enum telnet_state)state}, stepped = filter;
    size_t count = telnet_filter_data(&filter, buffer, len, buffer), given = 0;
    for (size_t i = 0; i < len; i++) {
        if (telnet_filter_step(&stepped, in[i])) {
            assert(given < count && buffer[given] == in[i]);
            given++;
        }
    }
    assert(given == count && count <= len && filter.state == stepped.state);
    for (size_t i = len; i < CHUNK; i++)
        assert(buffer[i] == in[i]);
    if (count == CHUNK)
        probe(1);
    if (count > 0 && count < len)
        probe(2);
    if (len == 0)
        probe(3);
}

/* PROOF a_new_connection
 * of: telnet_filter_init
 * bound: none: every state before
 */
void a_new_connection(void)
{
    uint32_t state = nondet_u32();
    assume(state <= 5);
    struct telnet_filter filter = {(enum telnet_state)state};
    telnet_filter_init(&filter);
    probe(1);
    assert(filter.state == TELNET_DATA);
}
