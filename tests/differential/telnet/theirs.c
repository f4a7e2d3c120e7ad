/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libtelnet as the oracle: see theirs.h. */
#include "tests/differential/telnet/theirs.h"

#include <libtelnet.h>
#include <stdlib.h>
#include <string.h>

static telnet_t *connection;
static size_t count;
uint8_t theirs_data[THEIRS_MAX];

static void event(telnet_t *telnet, telnet_event_t *what, void *user)
{
    (void)telnet;
    (void)user;
    if (what->type != TELNET_EV_DATA)
        return;
    if (what->data.size > THEIRS_MAX - count)
        abort();
    memcpy(theirs_data + count, what->data.buffer, what->data.size);
    count += what->data.size;
}

void theirs_open(void)
{
    count = 0;
    connection = telnet_init(NULL, event, 0, NULL);
    if (connection == NULL)
        abort();
}

size_t theirs_feed(const uint8_t *bytes, size_t len)
{
    telnet_recv(connection, (const char *)bytes, len);
    return count;
}

void theirs_close(void)
{
    telnet_free(connection);
}
