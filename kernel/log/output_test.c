/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The console's buffer before a device that has died: the kernel loses bytes and goes on. The device and the timers are this file's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/hooks.h"
#include "kernel/log/output.h"
#include "kernel/machine.h"
#include "kernel/sched/timers.h"

static size_t taken, takes; /* bytes so far; at most, from now on */
static unsigned waits;

size_t machine_console_write(const void *bytes, size_t len)
{
    (void)bytes;
    size_t now = len < takes ? len : takes;
    taken += now;
    takes -= now;
    return now;
}

void machine_console_wait(void)
{
    waits++;
    assert_true(waits < 100); /* else it waits for ever */
}

uint64_t machine_now_ns(void)
{
    return 0;
}

uint32_t timer_start_reserved(uint64_t deadline, timer_fire_fn *fire, void *context)
{
    (void)deadline, (void)fire, (void)context;
    return 1;
}

void timer_stop(uint32_t id)
{
    (void)id;
}

void console_drained(void)
{
}

/* What lies in the buffer is lost, after one wait each time; what comes later is sent when the device is back. */
static void test_dead_device(void **state)
{
    (void)state;
    static uint8_t bytes[3 * OUTPUT_BYTES];
    output_use_timer(false);
    takes = 10;
    output_say(bytes, 100);
    assert_int_equal(taken, 10);
    assert_int_equal(output_room(), OUTPUT_BYTES);
    output_say(bytes, sizeof bytes);
    output_flush();
    assert_int_equal(taken, 10);
    assert_int_equal(output_room(), OUTPUT_BYTES);
    assert_in_range(waits, 1, 10);
    takes = SIZE_MAX;
    output_say(bytes, 7);
    output_flush();
    assert_int_equal(taken, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dead_device)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
