/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The console's output buffer: see output.h. A ring with indices that run freely. */
#include "kernel/log/output.h"

#include "kernel/hooks.h"
#include "kernel/machine.h"
#include "kernel/sched/timers.h"

#define PAUSE_NS_MIN 250000u /* a UART sends 3 bytes in this time, of the 16 that it takes at once */
#define ROOM_AGAIN (OUTPUT_BYTES / 2)

static struct {
    bool by_timer; /* else synchronously */
    uint32_t timer; /* TIMER_NONE when there is nothing to do */
    bool wanted;
    uint32_t first; /* sent so far, modulo 2^32 */
    uint32_t last;  /* taken so far */
    uint8_t bytes[OUTPUT_BYTES];
} output;

static uint32_t used(void)
{
    return output.last - output.first;
}

uint32_t output_room(void)
{
    return OUTPUT_BYTES - used();
}

/* What the device takes without waiting. */
static size_t send(void)
{
    uint32_t at = output.first % OUTPUT_BYTES;
    uint32_t straight = OUTPUT_BYTES - at < used() ? OUTPUT_BYTES - at : used();
    size_t sent = straight > 0 ? machine_console_write(output.bytes + at, straight) : 0;
    output.first += (uint32_t)sent;
    return sent;
}

/* The same after waiting. A device that stays dead loses bytes instead of stopping the kernel. */
static void send_patiently(void)
{
    if (send() > 0)
        return;
    machine_console_wait();
    if (send() == 0)
        output.first = output.last;
}

static void on_timer(void *context);

/* Half of the time at most goes into sending. */
static void arm(uint64_t started)
{
    uint64_t now = machine_now_ns(), took = now - started;
    output.timer = timer_start_reserved(now + (took > PAUSE_NS_MIN ? took : PAUSE_NS_MIN), on_timer, NULL);
}

static void send_and_arm(void)
{
    uint64_t started = machine_now_ns();
    (void)send();
    if (used() > 0 || output.wanted)
        arm(started);
}

static void on_timer(void *context)
{
    (void)context;
    output.timer = TIMER_NONE;
    send_and_arm();
    if (!output.wanted || output_room() < ROOM_AGAIN)
        return;
    output.wanted = false;
    console_drained();
}

static void start(void)
{
    if (!output.by_timer)
        output_flush();
    else if (output.timer == TIMER_NONE)
        send_and_arm();
}

static uint32_t put(const uint8_t *bytes, size_t len)
{
    uint32_t taken = 0;
    for (; taken < len && output_room() > 0; taken++)
        output.bytes[output.last++ % OUTPUT_BYTES] = bytes[taken];
    return taken;
}

void output_use_timer(bool use)
{
    output.by_timer = use;
    if (used() > OUTPUT_BYTES)
        output.first = output.last; /* another processor was stopped in the middle of it */
}

void output_say(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        uint32_t taken = put(at, len);
        at += taken;
        len -= taken;
        if (len > 0)
            send_patiently();
    }
    start();
}

uint32_t output_take(const void *bytes, uint32_t len)
{
    uint32_t taken = put(bytes, len);
    output.wanted |= taken < len;
    start();
    return taken;
}

void output_want_room(void)
{
    output.wanted = true;
    start();
}

void output_flush(void)
{
    while (used() > 0)
        send_patiently();
    if (output.by_timer)
        timer_stop(output.timer);
    output.timer = TIMER_NONE;
}
