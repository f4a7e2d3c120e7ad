/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timer and WallClock: monotonic time, sleeps that are never too short, their limit (H73), time of day. */
#include "check.h"

#include "abi/limits.h"

static struct capos_client timer;
static _Alignas(8) uint8_t params[TIMER_SLEEP_WAITERS_MAX + 1][32];
static _Alignas(8) uint8_t replies[TIMER_SLEEP_WAITERS_MAX + 1][128];

static uint64_t start_sleep(size_t i, uint64_t ns)
{
    struct capn_builder builder;
    size_t len;
    uint64_t ticket = 0;
    capn_builder_init(&builder, params[i], sizeof params[i]);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 0);
    capn_set_u64(&root, 0, ns);
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params");
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = timer.cap_id, .method_id = CAPOS_TIMER_SLEEP_METHOD,
                            .addr = (uintptr_t)params[i], .len = (uint32_t)len, .result_addr = (uintptr_t)replies[i],
                            .result_len = sizeof replies[i] };
    check(capos_ring_submit(capos_ring(), &sqe, &ticket) == CAPOS_OK, "submit");
    return ticket;
}

static void check_clock(void)
{
    uint64_t last = now_ns(&timer);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = now_ns(&timer);
        check(now >= last, "time went back from %lu to %lu", last, now);
        last = now;
    }
    struct capos_timer_now_results now = { 0 };
    uint64_t tick = 0;
    do {
        check_ok(capos_timer_now(&timer, NULL, &now), &timer, "now");
        tick = tick == 0 ? now.tick : tick;
    } while (now.tick == tick);
    check(now.tick > tick, "ticks go up");
}

static void check_sleeps(void)
{
    static const uint64_t durations[] = { 0, 1, 1000, 1000000, 20000000 };
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        uint64_t before = now_ns(&timer);
        sleep_ns(&timer, durations[i]);
        uint64_t after = now_ns(&timer);
        check(after - before >= durations[i], "a sleep of %lu ns took %lu", durations[i], after - before);
    }
    uint64_t before = now_ns(&timer);
    check(capos_cap_enter(1, 5000000) == 0, "cap_enter gives 0 at its time-out");
    uint64_t waited = now_ns(&timer) - before;
    check(waited >= 5000000, "cap_enter waited %lu ns of 5000000", waited);
}

/* The longest first: completions come by their time, not by their order. */
static void check_limit_and_order(void)
{
    uint64_t tickets[TIMER_SLEEP_WAITERS_MAX + 1];
    struct capos_completion done;
    uint64_t begin = now_ns(&timer);
    for (size_t i = 0; i < TIMER_SLEEP_WAITERS_MAX; i++)
        tickets[i] = start_sleep(i, (400 - 40 * i) * 1000000);
    tickets[TIMER_SLEEP_WAITERS_MAX] = start_sleep(TIMER_SLEEP_WAITERS_MAX, 1);
    check(capos_ring_wait(capos_ring(), tickets[TIMER_SLEEP_WAITERS_MAX], CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK &&
          done.result == CAP_ERR_APPLICATION_EXCEPTION, "H73 the ninth sleep is refused: %d", done.result);
    const uint8_t *reply = replies[TIMER_SLEEP_WAITERS_MAX];
    check(load_le16(reply + 16) == CAP_EXCEPTION_OVERLOADED, "the ninth sleep: exception type %u", load_le16(reply + 16));
    uint64_t last = 0;
    for (size_t i = TIMER_SLEEP_WAITERS_MAX; i-- > 0;) {
        check(capos_ring_wait(capos_ring(), tickets[i], CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK && done.result == 0,
              "sleep %zu: %d", i, done.result);
        uint64_t now = now_ns(&timer);
        check(now - begin >= (400 - 40 * i) * 1000000 && now >= last, "sleep %zu ended after %lu ns", i, now - begin);
        last = now;
    }
}

static void check_wall_clock(void)
{
    struct capos_client clock = granted("wall_clock", CAPOS_WALL_CLOCK_INTERFACE_ID);
    struct capos_wall_clock_wall_time_results a = { 0 }, b = { 0 };
    uint64_t before = now_ns(&timer);
    check_ok(capos_wall_clock_wall_time(&clock, NULL, &a), &clock, "wallTime");
    sleep_ns(&timer, 30000000);
    check_ok(capos_wall_clock_wall_time(&clock, NULL, &b), &clock, "wallTime");
    check(a.monotonic_ns >= before && b.monotonic_ns <= now_ns(&timer), "the two clocks have one base");
    check(a.provenance == CAPOS_CLOCK_PROVENANCE_MEASURED_BOOT_MONOTONIC, "provenance %u", (unsigned)a.provenance);
    check(a.utc_seconds > 1700000000 && a.utc_nanos < 1000000000, "%ld s %u ns", a.utc_seconds, a.utc_nanos);
    int64_t wall = (b.utc_seconds - a.utc_seconds) * 1000000000 + (int64_t)b.utc_nanos - (int64_t)a.utc_nanos;
    check(wall == (int64_t)(b.monotonic_ns - a.monotonic_ns), "time of day advances with the monotonic clock: %ld", wall);
}

int main(void)
{
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    check_clock();
    check_sleeps();
    check_limit_and_order();
    check_wall_clock();
    return finish("timer");
}
