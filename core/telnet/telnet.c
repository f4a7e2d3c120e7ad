/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Telnet filter: see telnet.h. */
#include "core/telnet/telnet.h"

enum telnet_byte {
    BYTE_SE = 240,
    BYTE_SB = 250,
    BYTE_WILL = 251,
    BYTE_DONT = 254,
    BYTE_IAC = 255,
};

void telnet_filter_init(struct telnet_filter *filter)
{
    *filter = (struct telnet_filter){ TELNET_DATA };
}

/* The state after IAC and `byte`. */
static enum telnet_state after_iac(uint8_t byte)
{
    if (byte == BYTE_SB)
        return TELNET_SB;
    return byte >= BYTE_WILL && byte <= BYTE_DONT ? TELNET_OPTION : TELNET_DATA;
}

bool telnet_filter_step(struct telnet_filter *filter, uint8_t byte)
{
    switch (filter->state) {
    case TELNET_DATA:
        filter->state = byte == BYTE_IAC ? TELNET_IAC : TELNET_DATA;
        return byte != BYTE_IAC;
    case TELNET_IAC:
        filter->state = after_iac(byte);
        return byte == BYTE_IAC;
    case TELNET_OPTION:
        filter->state = TELNET_DATA;
        return false;
    case TELNET_SB:
        filter->state = TELNET_SB_DATA;
        return false;
    case TELNET_SB_DATA:
        filter->state = byte == BYTE_IAC ? TELNET_SB_IAC : TELNET_SB_DATA;
        return false;
    case TELNET_SB_IAC:
        filter->state = byte == BYTE_SE ? TELNET_DATA : TELNET_SB_DATA;
        return false;
    }
    return false;
}

size_t telnet_filter_data(struct telnet_filter *filter, const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];
        if (telnet_filter_step(filter, byte))
            out[count++] = byte;
    }
    return count;
}
