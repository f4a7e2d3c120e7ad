/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Telnet filter: takes the bytes of a connection and gives what was typed,
 * without commands, negotiations and subnegotiations (RFC 854, RFC 855). A
 * pure state machine owned by whoever owns the connection; it answers
 * nothing, so every option stays as it was. Input is untrusted: any byte in
 * any state is fine. It stands in front of the line editor (core/line), which
 * handles CR, LF and NUL.
 *
 *   state      byte          gives  next
 *   DATA       255 IAC       -      IAC
 *              other         byte   DATA
 *   IAC        255           255    DATA
 *              250 SB        -      SB
 *              251 to 254    -      OPTION    WILL, WONT, DO, DONT
 *              other         -      DATA      a command of two bytes, known or not
 *   OPTION     any           -      DATA      255 too: it is the number of an option
 *   SB         any           -      SB_DATA   255 too (RFC 861, extended options)
 *   SB_DATA    255           -      SB_IAC
 *              other         -      SB_DATA
 *   SB_IAC     240 SE        -      DATA
 *              other         -      SB_DATA   255 is an escaped 255
 *
 * A byte gives at most one byte, its own value: what comes out is a
 * subsequence of what went in. A subnegotiation has no limit of length and is
 * not kept; one that never ends silences the connection and costs nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum telnet_state {
    TELNET_DATA = 0,
    TELNET_IAC,
    TELNET_OPTION,
    TELNET_SB,
    TELNET_SB_DATA,
    TELNET_SB_IAC,
};

/* All zero is a connection that has seen no byte yet. */
struct telnet_filter {
    enum telnet_state state;
};

void telnet_filter_init(struct telnet_filter *filter);

/* True: this byte belongs to the data. */
bool telnet_filter_step(struct telnet_filter *filter, uint8_t byte);

/*
 * The data among `len` bytes, moved to `out`, which has room for `len` and may be `bytes` itself but not overlap it otherwise.
 * Returns how many there are. The border between two calls may be anywhere.
 */
size_t telnet_filter_data(struct telnet_filter *filter, const uint8_t *bytes, size_t len, uint8_t *out);
