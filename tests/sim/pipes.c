/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pipes: what reads and writes answer at once and after waiting, sizes, ends
 * that close in every way, two processes, the memory and who pays for it.
 */
#include <string.h>

#include "tests/sim/kit.h"

struct ends {
    struct capos_client reader, writer;
};

static struct ends make(uint32_t bytes)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_create_pipe_params in = { .buffer_bytes = bytes };
    struct capos_process_spawner_create_pipe_results got = { 0 };
    EXPECT(capos_process_spawner_create_pipe(&spawner, &in, &got) == CAPOS_OK);
    CHECK(got.read_index != got.write_index);
    struct ends ends = { guest_take_cap(got.read_index), guest_take_cap(got.write_index) };
    CHECK_EQ(ends.reader.interface_id, CAPOS_PIPE_INTERFACE_ID);
    CHECK_EQ(ends.writer.interface_id, CAPOS_PIPE_INTERFACE_ID);
    return ends;
}

static void forget(struct ends *ends)
{
    CHECK_EQ(guest_release(ends->reader.cap_id), 0);
    CHECK_EQ(guest_release(ends->writer.cap_id), 0);
}

static uint32_t put(struct capos_client *writer, const char *bytes, uint32_t len)
{
    struct capos_pipe_write_params in = { .data = { (const uint8_t *)bytes, len } };
    struct capos_pipe_write_results got = { 0 };
    EXPECT(capos_pipe_write(writer, &in, &got) == CAPOS_OK);
    return got.bytes_written;
}

/* Does a read of `max` give exactly this? */
static void expect_bytes(struct capos_client *reader, uint32_t max, const char *bytes, uint32_t len, bool eof)
{
    struct capos_pipe_read_params in = { .max_len = max };
    struct capos_pipe_read_results got = { 0 };
    EXPECT(capos_pipe_read(reader, &in, &got) == CAPOS_OK);
    EXPECT(got.data.len == len && got.eof == eof);
    CHECK(len == 0 || memcmp(got.data.bytes, bytes, len) == 0);
}

/* ---- calls that wait: submitted, answered into the spare area ------------------------------ */

#define READ_AT GUEST_SPARE
#define WRITE_AT (GUEST_SPARE + 0x400)

static uint64_t submit_read(const struct capos_client *reader, uint32_t max)
{
    struct capos_pipe_read_params in = { .max_len = max };
    struct ring_sqe sqe = guest_call_sqe(reader->cap_id, CAPOS_PIPE_READ_METHOD, guest_encode(&capos_pipe_read_method, &in));
    sqe.result_addr = READ_AT;
    sqe.result_len = 0x400;
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0);
    return id;
}

static uint64_t submit_write(const struct capos_client *writer, const char *bytes, uint32_t len)
{
    struct capos_pipe_write_params in = { .data = { (const uint8_t *)bytes, len } };
    struct ring_sqe sqe = guest_call_sqe(writer->cap_id, CAPOS_PIPE_WRITE_METHOD, guest_encode(&capos_pipe_write_method, &in));
    sqe.result_addr = WRITE_AT;
    sqe.result_len = 64;
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0);
    return id;
}

static void nothing_came(void)
{
    struct ring_cqe cqe;
    EXPECT(!guest_take(&cqe));
}

/* Completions come in any order; those of others are kept. */
static int32_t outcome_of(uint64_t id)
{
    static struct ring_cqe kept[8];
    struct ring_cqe cqe;
    for (uint32_t i = 0; i < 8; i++)
        if (kept[i].user_data == id) {
            kept[i].user_data = 0;
            return kept[i].result;
        }
    while ((cqe = guest_wait()).user_data != id) {
        uint32_t free = 0;
        while (kept[free].user_data != 0)
            free++;
        CHECK(free < 8);
        kept[free] = cqe;
    }
    return cqe.result;
}

/* Ends an end while a call waits. */
static void close_meanwhile(const struct capos_client *end)
{
    EXPECT(outcome_of(guest_submit(guest_call_sqe(end->cap_id, CAPOS_PIPE_CLOSE_METHOD, 0))) == 0);
}

static void release_meanwhile(const struct capos_client *end)
{
    CHECK_EQ(outcome_of(guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = end->cap_id })), 0);
}

/* The wire form: segment table, root pointer, data word, pointer, bytes. */
static void check_read_reply(uint64_t id, const char *bytes, uint32_t len, bool eof)
{
    EXPECT(outcome_of(id) == (int32_t)(32 + (len + 7) / 8 * 8));
    CHECK_EQ(*kit_byte(READ_AT + 16), eof);
    for (uint32_t i = 0; i < len; i++)
        CHECK_EQ(*kit_byte(READ_AT + 32 + i), (uint8_t)bytes[i]);
}

static void check_write_reply(uint64_t id, uint32_t written)
{
    EXPECT(outcome_of(id) == 24);
    CHECK_EQ(*kit_byte(WRITE_AT + 16) | *kit_byte(WRITE_AT + 17) << 8, written);
}

/* ---- one process --------------------------------------------------------------------------- */

static void check_direction(struct ends *ends)
{
    struct capos_pipe_write_results wrote;
    struct capos_pipe_read_results got;
    struct capos_pipe_write_params in = { .data = { (const uint8_t *)"x", 1 } };
    EXPECT(capos_pipe_write(&ends->reader, &in, &wrote) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&ends->reader, CAP_EXCEPTION_INVALID_ARGUMENT, "this end of the pipe is read from"));
    EXPECT(capos_pipe_read(&ends->writer, &(struct capos_pipe_read_params){ 1 }, &got) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&ends->writer, CAP_EXCEPTION_INVALID_ARGUMENT, "this end of the pipe is written to"));
}

static bool is_closed(struct capos_client *end)
{
    struct capos_pipe_is_closed_results got = { 0 };
    EXPECT(capos_pipe_is_closed(end, NULL, &got) == CAPOS_OK);
    return got.closed;
}

static void close_end(struct capos_client *end)
{
    EXPECT(capos_pipe_close(end, NULL, NULL) == CAPOS_OK);
    CHECK(is_closed(end));
    EXPECT(capos_pipe_close(end, NULL, NULL) == CAPOS_OK); /* again: nothing happens */
}

PROGRAM(at_once)
{
    struct ends ends = make(5);
    check_direction(&ends);
    CHECK(!is_closed(&ends.reader) && !is_closed(&ends.writer));
    CHECK_EQ(put(&ends.writer, "", 0), 0);
    CHECK_EQ(put(&ends.writer, "abc", 3), 3);
    CHECK_EQ(put(&ends.writer, "defgh", 5), 2); /* what fits */
    expect_bytes(&ends.reader, 0, "", 0, false);
    expect_bytes(&ends.reader, 4, "abcd", 4, false);
    CHECK_EQ(put(&ends.writer, "xyz", 3), 3);
    close_end(&ends.writer);
    CHECK(!is_closed(&ends.reader));
    CHECK_EQ(put(&ends.writer, "more", 4), 0);
    expect_bytes(&ends.reader, 3, "exy", 3, false); /* over the wrap */
    expect_bytes(&ends.reader, 3, "z", 1, false);
    expect_bytes(&ends.reader, 3, "", 0, true);
    expect_bytes(&ends.reader, 0, "", 0, true);
    forget(&ends);
    ends = make(5);
    CHECK_EQ(put(&ends.writer, "abcde", 5), 5);
    close_end(&ends.reader);
    CHECK(!is_closed(&ends.writer));
    CHECK_EQ(put(&ends.writer, "f", 1), 0); /* no exception, and no waiting although it is full */
    expect_bytes(&ends.reader, 3, "", 0, true);
    forget(&ends);
}

static void check_waiting_read(struct ends *ends)
{
    struct capos_pipe_read_results got;
    uint64_t id = submit_read(&ends->reader, 3);
    nothing_came();
    EXPECT(capos_pipe_read(&ends->reader, &(struct capos_pipe_read_params){ 1 }, &got) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&ends->reader, CAP_EXCEPTION_OVERLOADED, "pipe read already pending"));
    struct ring_sqe nop = { .opcode = RING_OP_NOP };
    CHECK_EQ(guest_run(nop).result, 0);
    uint64_t written = submit_write(&ends->writer, "abcd", 4);
    check_write_reply(written, 4);
    check_read_reply(id, "abc", 3, false);
    expect_bytes(&ends->reader, 9, "d", 1, false);
}

static void check_waiting_write(struct ends *ends)
{
    struct capos_pipe_write_results wrote;
    struct capos_pipe_write_params in = { .data = { (const uint8_t *)"x", 1 } };
    CHECK_EQ(put(&ends->writer, "12345", 5), 5);
    uint64_t id = submit_write(&ends->writer, "67890", 5);
    nothing_came();
    EXPECT(capos_pipe_write(&ends->writer, &in, &wrote) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&ends->writer, CAP_EXCEPTION_OVERLOADED, "pipe write already pending"));
    uint64_t read = submit_read(&ends->reader, 2);
    check_read_reply(read, "12", 2, false);
    check_write_reply(id, 2); /* as much as became free */
    expect_bytes(&ends->reader, 9, "34567", 5, false);
}

PROGRAM(waits)
{
    struct ends ends = make(5);
    check_waiting_read(&ends);
    check_waiting_write(&ends);
    uint64_t id = submit_read(&ends.reader, 3);
    nothing_came();
    close_meanwhile(&ends.writer);
    check_read_reply(id, "", 0, true);
    forget(&ends);
    ends = make(1);
    CHECK_EQ(put(&ends.writer, "ab", 2), 1);
    id = submit_write(&ends.writer, "c", 1);
    nothing_came();
    close_meanwhile(&ends.reader);
    check_write_reply(id, 0);
    forget(&ends);
}

/* The last capability of an end goes: the same as close, for the other end and for a call of its own that waits. */
PROGRAM(released)
{
    struct ends ends = make(0);
    uint64_t id = submit_read(&ends.reader, 3);
    nothing_came();
    release_meanwhile(&ends.writer);
    check_read_reply(id, "", 0, true);
    CHECK_EQ(guest_release(ends.reader.cap_id), 0);
    ends = make(1);
    CHECK_EQ(put(&ends.writer, "a", 1), 1);
    id = submit_write(&ends.writer, "b", 1);
    nothing_came();
    release_meanwhile(&ends.reader);
    check_write_reply(id, 0);
    CHECK_EQ(guest_release(ends.writer.cap_id), 0);
    ends = make(0);
    id = submit_read(&ends.reader, 3);
    nothing_came();
    release_meanwhile(&ends.reader);
    check_read_reply(id, "", 0, true);
    CHECK_EQ(put(&ends.writer, "c", 1), 0);
    CHECK_EQ(guest_release(ends.writer.cap_id), 0);
}

/* ---- sizes and memory ------------------------------------------------------------------------ */

static uint64_t frames_charged(void)
{
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_ledgers_params in = { .pid = (uint32_t)((struct guest *)*sim_local())->pid };
    struct capos_system_monitor_ledgers_results got;
    struct capos_ledger_record row;
    EXPECT(capos_system_monitor_ledgers(&monitor, &in, &got) == CAPOS_OK);
    CHECK(capos_ledger_record_list_get(&got.records, 3, &row) == CAPN_OK);
    return row.used;
}

static uint32_t capacity_of(struct ends *ends)
{
    static char bytes[16000];
    uint32_t total = 0, step = sizeof bytes;
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    while (step == sizeof bytes) {
        step = put(&ends->writer, bytes, sizeof bytes);
        total += step;
    }
    return total;
}

PROGRAM(sizes)
{
    static const struct {
        uint32_t asked, bytes, pages;
    } rows[] = { { 1, 1, 2 },        { 0, 4096, 2 },       { 4096, 4096, 2 },       { 4097, 4097, 3 },
                 { 65536, 65536, 17 }, { 65537, 65536, 17 }, { UINT32_MAX, 65536, 17 } };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ends ends = make(rows[i].asked);
        CHECK_EQ(frames_charged(), 2 * rows[i].pages); /* each end to its holder */
        CHECK_EQ(capacity_of(&ends), rows[i].bytes);
        forget(&ends);
        CHECK_EQ(frames_charged(), 0);
    }
}

static int32_t read_into(const struct capos_client *reader, uint32_t room)
{
    struct capos_pipe_read_params in = { .max_len = UINT32_MAX };
    struct ring_sqe sqe = guest_call_sqe(reader->cap_id, CAPOS_PIPE_READ_METHOD, guest_encode(&capos_pipe_read_method, &in));
    sqe.result_len = room;
    return guest_run(sqe).result;
}

static uint64_t submit_full_read(const struct capos_client *reader)
{
    struct capos_pipe_read_params in = { .max_len = UINT32_MAX };
    struct ring_sqe sqe = guest_call_sqe(reader->cap_id, CAPOS_PIPE_READ_METHOD, guest_encode(&capos_pipe_read_method, &in));
    sqe.result_len = 8192;
    return guest_submit(sqe);
}

static void check_read_of(uint64_t id, int32_t bytes)
{
    CHECK_EQ(outcome_of(id), bytes);
}

/* A read gives what its reply has room for, and loses nothing. */
PROGRAM(fits)
{
    struct ends ends = make(65536);
    CHECK_EQ(capacity_of(&ends), 65536);
    CHECK_EQ(read_into(&ends.reader, 8192), 8192); /* 8160 bytes */
    CHECK_EQ(*kit_byte(GUEST_RESULTS + 32 + 8159), 8159 % 256);
    CHECK_EQ(read_into(&ends.reader, 40), 40);
    CHECK_EQ(*kit_byte(GUEST_RESULTS + 32), 8160 % 256);
    CHECK_EQ(read_into(&ends.reader, 47), 40);
    CHECK_EQ(*kit_byte(GUEST_RESULTS + 32), 8168 % 256);
    CHECK(read_into(&ends.reader, 39) < 0);
    CHECK_EQ(read_into(&ends.reader, 48), 48);
    CHECK_EQ(*kit_byte(GUEST_RESULTS + 32), 8176 % 256);
    CHECK_EQ(*kit_byte(GUEST_RESULTS + 32 + 15), (8176 + 15) % 256);
    CHECK_EQ(capacity_of(&ends), 8160 + 8 + 8 + 16); /* full again */
    static const char more[6000];
    uint64_t id = submit_write(&ends.writer, more, sizeof more);
    nothing_came();
    check_read_of(submit_full_read(&ends.reader), 8192);
    check_write_reply(id, 4032); /* what a waiting write has kept */
    forget(&ends);
}

/* Frame grants bound how many there are; a refused one leaves nothing. */
PROGRAM(many)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_create_pipe_results got;
    struct capos_process_spawner_create_pipe_params in = { .buffer_bytes = 65536 };
    uint32_t made = 0;
    while (capos_process_spawner_create_pipe(&spawner, &in, &got) == CAPOS_OK)
        made++;
    CHECK(spawner.exception.type == CAP_EXCEPTION_OVERLOADED);
    CHECK_EQ(frames_charged(), 34 * made);
    CHECK(made > 100);
}

/* ---- two processes ----------------------------------------------------------------------------- */

#define STREAM_BYTES 100000u

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

PROGRAM(producer)
{
    struct capos_client out = guest_open("out");
    static char bytes[7000];
    for (uint32_t at = 0, step; at < STREAM_BYTES; at += step) {
        uint32_t len = STREAM_BYTES - at < sizeof bytes ? STREAM_BYTES - at : sizeof bytes;
        for (uint32_t i = 0; i < len; i++)
            bytes[i] = (char)pattern(at + i);
        step = put(&out, bytes, len);
        EXPECT(step > 0);
    }
}

PROGRAM(consumer)
{
    struct capos_client in = guest_open("in");
    struct capos_pipe_read_params params = { .max_len = 5000 };
    struct capos_pipe_read_results got = { 0 };
    for (uint32_t at = 0; !got.eof; at += got.data.len) {
        EXPECT(capos_pipe_read(&in, &params, &got) == CAPOS_OK);
        for (uint32_t i = 0; i < got.data.len; i++)
            CHECK_EQ(got.data.bytes[i], pattern(at + i));
        EXPECT(!got.eof || at == STREAM_BYTES);
    }
}

PROGRAM(between_two)
{
    struct ends ends = make(3000);
    struct capos_cap_grant out[] = { HELD("out", ends.writer, CAPOS_CAP_GRANT_MODE_MOVE) };
    struct capos_cap_grant in[] = { HELD("in", ends.reader, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child from = kit_spawn("producer", out, 1), to = kit_spawn("consumer", in, 1);
    CHECK_EQ(guest_release(ends.reader.cap_id), 0);
    EXPECT(kit_wait(&to) == 0);
    EXPECT(kit_wait(&from) == 0);
    kit_forget(&from);
    kit_forget(&to);
}

/* Reads or writes until it is killed. */
PROGRAM(reads_forever)
{
    struct capos_client in = guest_open("in");
    (void)submit_read(&in, 3);
    (void)guest_enter(1, CAP_ENTER_WAIT_FOREVER);
    guest_exit(1);
}

PROGRAM(writes_forever)
{
    struct capos_client out = guest_open("out");
    (void)put(&out, "abcde", 5);
    (void)submit_write(&out, "fgh", 3);
    (void)guest_enter(1, CAP_ENTER_WAIT_FOREVER);
    guest_exit(1);
}

static void let_it_wait(void)
{
    for (int i = 0; i < 2000; i++)
        sim_pause();
}

static void kill_it(struct kit_child *child)
{
    EXPECT(capos_process_handle_terminate(&child->handle, NULL, NULL) == CAPOS_OK);
    EXPECT(kit_wait(child) == EXIT_CODE_TERMINATED);
    kit_forget(child);
}

PROGRAM(killed_while_waiting)
{
    struct ends ends = make(5);
    struct capos_cap_grant in[] = { HELD("in", ends.reader, CAPOS_CAP_GRANT_MODE_RAW) };
    struct capos_cap_grant out[] = { HELD("out", ends.writer, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child child = kit_spawn("reads_forever", in, 1);
    let_it_wait();
    kill_it(&child);
    child = kit_spawn("writes_forever", out, 1);
    let_it_wait();
    kill_it(&child);
    expect_bytes(&ends.reader, 9, "abcde", 5, false); /* what had not been accepted is gone with its writer */
    uint64_t id = submit_read(&ends.reader, 3);
    nothing_came();
    check_write_reply(submit_write(&ends.writer, "z", 1), 1);
    check_read_reply(id, "z", 1, false);
    out[0].mode = CAPOS_CAP_GRANT_MODE_MOVE;
    child = kit_spawn("writes_forever", out, 1);
    let_it_wait();
    kill_it(&child); /* the only writer */
    expect_bytes(&ends.reader, 9, "abcde", 5, false);
    expect_bytes(&ends.reader, 9, "", 0, true);
    CHECK_EQ(guest_release(ends.reader.cap_id), 0);
}

/* A revoked end is closed: nobody waits for what cannot come. */
PROGRAM(revoked)
{
    struct ends ends = make(5);
    struct capos_cap_grant out[] = { HELD("out", ends.writer, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child child = kit_spawn("writes_forever", out, 1);
    let_it_wait();
    uint32_t theirs = 0;
    struct capos_capability_manager_list_results list;
    struct capos_capability_info info;
    EXPECT(capos_capability_manager_list(&child.manager, NULL, &list) == CAPOS_OK);
    CHECK(capos_capability_info_list_get(&list.capabilities, 0, &info) == CAPN_OK);
    theirs = info.id;
    struct capos_capability_manager_revoke_params in = { .cap_id = theirs };
    EXPECT(capos_capability_manager_revoke(&child.manager, &in, NULL) == CAPOS_OK);
    EXPECT(kit_wait(&child) == 1); /* its write was answered */
    expect_bytes(&ends.reader, 9, "abcde", 5, false);
    expect_bytes(&ends.reader, 9, "", 0, true);
    CHECK(!kit_is_held(ends.writer.cap_id));
    forget(&ends);
    kit_forget(&child);
}

#define BASIC { "process_spawner", NULL }, { "system_monitor", NULL }

static const struct sim_test tests[] = {
    { .name = "pipe-at-once", .init = at_once, .grants = { BASIC }, .every_fault = true },
    { .name = "pipe-waits", .init = waits, .grants = { BASIC }, .every_fault = true },
    { .name = "pipe-released", .init = released, .grants = { BASIC }, .every_fault = true },
    { .name = "pipe-sizes", .init = sizes, .grants = { BASIC } },
    { .name = "pipe-fits", .init = fits, .grants = { BASIC } },
    { .name = "pipe-many", .init = many, .grants = { BASIC } },
    { .name = "pipe-between-two", .init = between_two, .grants = { BASIC }, .seeds = 4,
      .programs = { { "producer", producer }, { "consumer", consumer } } },
    { .name = "pipe-killed", .init = killed_while_waiting, .grants = { BASIC }, .seeds = 4,
      .programs = { { "reads_forever", reads_forever }, { "writes_forever", writes_forever } } },
    { .name = "pipe-spawn-faults", .init = killed_while_waiting, .grants = { BASIC }, .every_fault = true, .only_cpus = 1,
      .programs = { { "reads_forever", reads_forever }, { "writes_forever", writes_forever } } },
    { .name = "pipe-revoked", .init = revoked, .grants = { BASIC }, .seeds = 2, .programs = { { "writes_forever", writes_forever } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
