/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls that take long and hold up nobody: writes that the console's buffer
 * has no room for, and the prompt that waits behind them; and what becomes of
 * them when their process ends.
 */
#include "tests/sim/kit.h"

#define CHUNK 12000u /* with its message, what a guest's params buffer holds */
#define CHUNKS 4u    /* three times the output buffer */

static char in_order[CHUNKS * CHUNK + 16], before_prompt[3 * CHUNK + 16];

static char *fill(char *to, char letter)
{
    memset(to, letter, CHUNK);
    return to + CHUNK;
}

static uint64_t submit_bytes(const struct capos_client *console, const void *bytes, uint32_t len)
{
    struct capos_console_write_params in = { .data = { bytes, len } };
    struct ring_sqe sqe = guest_call_sqe(console->cap_id, CAPOS_CONSOLE_WRITE_METHOD, guest_encode(&capos_console_write_method, &in));
    sqe.result_addr = 0;
    sqe.result_len = 0;
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0); /* the params are the next one's */
    return id;
}

static uint64_t submit_chunk(const struct capos_client *console, char letter)
{
    static char chunk[CHUNK];
    (void)fill(chunk, letter);
    return submit_bytes(console, chunk, CHUNK);
}

static void sleep_ns(uint64_t ns)
{
    struct capos_client timer = guest_open("timer");
    EXPECT(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = ns }, NULL) == CAPOS_OK);
}

/* In the order of their submission, each whole. Meanwhile a sleeper is woken. */
PROGRAM(writes_wait)
{
    struct capos_client console = guest_open("console"), timer = guest_open("timer");
    struct capos_timer_sleep_params nap = { .duration_ns = 30000000 };
    uint64_t ids[CHUNKS + 1], sleep = 0, done = 0;
    struct ring_cqe cqe;
    for (uint32_t i = 0; i < CHUNKS; i++)
        ids[i] = submit_chunk(&console, (char)('a' + i));
    sleep = guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &nap)));
    while (guest_take(&cqe) || (cqe = guest_wait(), true)) {
        if (cqe.user_data == sleep)
            break;
        EXPECT(cqe.user_data == ids[done] && cqe.result == 0);
        done++;
    }
    EXPECT(cqe.result >= 0);
    CHECK(done < CHUNKS || harness_faulting()); /* it did not wait for the console */
    ids[CHUNKS] = submit_bytes(&console, "end\n", 4); /* there is room for this, but it has to wait for its turn */
    for (; done <= CHUNKS; done++) {
        cqe = guest_wait();
        EXPECT(cqe.user_data == ids[done] && cqe.result == 0);
    }
}

PROGRAM(writes_and_hangs)
{
    struct capos_client console = guest_open("c");
    for (uint32_t i = 0; i < CHUNKS; i++)
        submit_chunk(&console, 'x');
    submit_bytes(&console, "never\n", 6);
    for (;;)
        (void)guest_enter(64, CAP_ENTER_WAIT_FOREVER);
}

/* The rest of its writes is dropped, and the next one's turn comes. */
PROGRAM(killed_writer)
{
    struct capos_client console = guest_open("console");
    struct capos_cap_grant c = CONSOLE_GRANT("c");
    struct kit_child child = kit_spawn("writes_and_hangs", &c, 1);
    sleep_ns(10000000);
    uint64_t id = submit_bytes(&console, "after\n", 6);
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    struct ring_cqe cqe = guest_wait();
    EXPECT(cqe.user_data == id && cqe.result == 0);
    EXPECT(kit_wait(&child) == EXIT_CODE_TERMINATED);
    EXPECT(capos_console_write_line(&console, &(struct capos_console_write_line_params){ .text = capn_text_of("and on") }, NULL) == CAPOS_OK);
}

/* A runtime that dies says why in one call that it does not wait for. */
PROGRAM(writes_and_dies)
{
    struct capos_client console = guest_open("c");
    for (uint32_t i = 0; i < CHUNKS; i++)
        submit_chunk(&console, 'x');
    submit_bytes(&console, "not the last\n", 13);
    submit_bytes(&console, "panicked\n", 9);
    guest_exit(101);
}

PROGRAM(last_words)
{
    struct capos_cap_grant c = CONSOLE_GRANT("c");
    struct kit_child child = kit_spawn("writes_and_dies", &c, 1);
    EXPECT(kit_wait(&child) == 101);
}

/* The prompt comes after the writes that were there first, and before the later ones; so does the echo. */
PROGRAM(prompt_waits)
{
    struct capos_client console = guest_open("console"), terminal = guest_open("terminal");
    struct capos_terminal_session_read_line_params in = { .has_request = true,
        .request = { .max_bytes = 20, .prompt = capn_text_of("? ") } };
    uint64_t ids[4] = { submit_chunk(&console, 'a'), submit_chunk(&console, 'b') };
    struct ring_sqe sqe = guest_call_sqe(terminal.cap_id, CAPOS_TERMINAL_SESSION_READ_LINE_METHOD,
                                         guest_encode(&capos_terminal_session_read_line_method, &in));
    ids[3] = guest_submit(sqe);
    (void)guest_enter(0, 0);
    ids[2] = submit_chunk(&console, 'c');
    for (uint32_t i = 0; i < 4; i++) {
        struct ring_cqe cqe = guest_wait();
        EXPECT(cqe.user_data == ids[i] && cqe.result >= 0);
    }
}

static const struct sim_test tests[] = {
    { .name = "writes-wait", .init = writes_wait, .grants = { { "console", NULL }, { "timer", NULL } }, .console = in_order,
      .every_fault = true, .seeds = 5 },
    { .name = "killed-writer", .init = killed_writer, .programs = { { "writes_and_hangs", writes_and_hangs } }, .seeds = 5,
      .grants = { { "console", NULL }, { "timer", NULL }, { "process_spawner", NULL } }, .console = "xafter\nand on\n", .not_console = "never" },
    { .name = "last-words", .init = last_words, .programs = { { "writes_and_dies", writes_and_dies } }, .seeds = 5,
      .grants = { { "process_spawner", NULL } }, .console = "xpanicked\n", .not_console = "not the last" },
    { .name = "prompt-waits", .init = prompt_waits, .grants = { { "console", NULL }, { "terminal", "terminal_session" } }, .seeds = 5,
      .console = before_prompt, .typed = "hello\n" },
};

int main(int argc, char **argv)
{
    char *at = in_order;
    for (uint32_t i = 0; i < CHUNKS; i++)
        at = fill(at, (char)('a' + i));
    memcpy(at, "end\n", 5);
    at = fill(fill(before_prompt, 'a'), 'b');
    memcpy(at, "? ", 2);
    memcpy(fill(at + 2, 'c'), "hello\r\n", 8);
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
