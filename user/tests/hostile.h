/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the hostile programs share. Each case prints one line,
 *
 *     [hostile] H7 ok -2 params cross into a page that is not there
 *     [hostile] H7 FAILED 0, not -2: params cross ...
 *
 * through the console capability held since start; that call is the proof that the kernel still serves this process, so
 * its completion is checked. Where a case ends its process, a witness process that runs all the while makes the call: it
 * writes to its console, counts, sleeps, and each case waits until it has done so twice more.
 *
 * The rows are those of docs/kernel-semantics.md, "Hostile-input table"; M, C and N rows are of docs/security/hostile-input.md.
 */
#pragma once

#include "check.h"

#include "abi/atomic.h"
#include "abi/layout.h"

#define KERNEL_ADDRESS 0xffffffff80210000ull /* in the kernel's code */
#define NO_KERNEL_ADDRESS 0xffffffffbf000000ull /* nothing is mapped there */
#define UNMAPPED 0x100000ull /* below the image */

static struct capos_client hostile_console;
static unsigned hostile_cases, hostile_calls;

static inline void hostile_begin(void)
{
    hostile_console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
}

static inline void hostile_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void hostile_line(const char *format, ...)
{
    char text[240];
    struct text_buf buf = text_buf_over(text, sizeof text);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    struct capos_console_write_line_params in = { .text = { text, (uint32_t)buf.len } };
    hostile_cases++;
    if (capos_console_write_line(&hostile_console, &in, NULL) == CAPOS_OK)
        hostile_calls++;
    else
        check_failures++;
}

/* One case of a row: the code that came, and the code that the specification wants. */
static inline void expect(const char *row, int64_t got, int64_t wanted, const char *what)
{
    check_count++;
    if (got == wanted) {
        hostile_line("[hostile] %s ok %ld %s", row, got, what);
        return;
    }
    check_failures++;
    hostile_line("[hostile] %s FAILED %ld, not %ld: %s", row, got, wanted, what);
}

static inline void expect_true(const char *row, bool holds, const char *what)
{
    expect(row, holds, true, what);
}

/* Exception `type` of a typed call; `text` NULL: any text. */
static inline void expect_exception(const char *row, enum capos_status status, const struct capos_client *client,
                                    enum cap_exception_type type, const char *text)
{
    const struct capn_exception *e = &client->exception;
    bool same = status == CAPOS_EXCEPTION && e->type == (uint16_t)type &&
                (text == NULL || text_equal(e->text, e->len, text, text_len(text)));
    check_count++;
    check_failures += !same;
    hostile_line("[hostile] %s %s %d type %u `%.*s`%s%s", row, same ? "ok" : "FAILED", (int)status, e->type,
                 status == CAPOS_EXCEPTION ? (int)e->len : 0, e->text, same ? "" : ", not ", same || text == NULL ? "" : text);
}

static inline int hostile_finish(const char *test)
{
    check(run_nop() == 0, "a NOP at the end");
    capos_print("[hostile] %s: %u cases, %u console calls completed\n", test, hostile_cases, hostile_calls);
    check(hostile_cases == hostile_calls, "every case was followed by a console call");
    return finish(test);
}

/* ---- memory that processes share --------------------------------------------------------------- */

static inline void *map_object(struct capos_client *object)
{
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_memory_object_map(object, &in, &at), object, "map the shared page");
    return (void *)at.addr;
}

/* One page as an object that may be copied and moved. */
static inline struct capos_client new_object(void)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_client object = { .cap_id = UINT32_MAX };
    struct capos_frame_allocator_alloc_frame_results got;
    check_ok(capos_frame_allocator_alloc_frame(&allocator, NULL, &got), &allocator, "a frame");
    check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) == CAPOS_OK, "its object");
    return object;
}

static inline uint64_t map_pages(uint64_t hint, uint64_t pages, uint32_t prot)
{
    struct capos_client memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_map_params in = { .hint = hint, .size = pages * PAGE_SIZE, .prot = prot };
    struct capos_virtual_memory_map_results out = { 0 };
    check_ok(capos_virtual_memory_map(&memory, &in, &out), &memory, "map");
    return out.addr;
}

/* ---- the witness ----------------------------------------------------------------------------------- */

struct witness_page {
    uint32_t beats; /* console calls that completed */
    uint32_t stop;
};

static volatile struct witness_page *witness_page;
static struct capos_process witness_process;
static struct capos_client witness_object;

/* As a child. */
static inline int witness_run(void)
{
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    struct capos_client timer = granted("do:witness", CAPOS_TIMER_INTERFACE_ID);
    struct capos_client object = granted("beats", CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    struct witness_page *page = map_object(&object);
    while (load_acquire_u32(&page->stop) == 0) {
        struct capos_console_write_params in = { .data = { (const uint8_t *)"", 0 } };
        if (capos_console_write(&console, &in, NULL) != CAPOS_OK)
            return 3;
        fetch_add_u32(&page->beats, 1);
        sleep_ns(&timer, 300000);
    }
    return 44;
}

static inline uint32_t witness_beats(void)
{
    return load_acquire_u32((const uint32_t *)(uintptr_t)&witness_page->beats);
}

/* Until the witness has begun and completed a console call after now; false: it does not go on. */
static inline bool witness_goes_on(void)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    uint32_t before = witness_beats();
    for (uint32_t i = 0; i < 20000; i++) {
        if (witness_beats() - before >= 2)
            return true;
        sleep_ns(&timer, 300000);
    }
    return false;
}

static inline void witness_start(const char *binary)
{
    witness_object = new_object();
    witness_page = map_object(&witness_object);
    struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_held("beats", witness_object.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID),
    };
    (void)spawn_task(binary, "witness", grants, 2, &witness_process);
    check(witness_goes_on(), "the witness does not start"); /* what it needs it has now, so frames can be counted */
}

/* A case that ended the process it ran in. */
static inline void expect_witnessed(const char *row, int64_t got, int64_t wanted, const char *what)
{
    uint32_t before = witness_beats();
    check(witness_goes_on(), "the witness has stopped after %s", what);
    check_count++;
    check_failures += got != wanted;
    if (got == wanted)
        hostile_line("[hostile] %s ok %ld %s; witness %u -> %u", row, got, what, before, witness_beats());
    else
        hostile_line("[hostile] %s FAILED %ld, not %ld: %s; witness %u -> %u", row, got, wanted, what, before, witness_beats());
}

/* ---- cases that need a process of their own: they go by numbers -------------------------------------- */

#define BACK 77 /* the attack was allowed and did nothing to others */
#define DIES EXIT_CODE_FAULT
/* One of the two, depending on the processor (docs/security/hostile-input.md says where and why). */
#define EITHER INT64_MIN

static inline uint32_t task_number(void)
{
    uint32_t n = 0;
    for (const char *text = task(); *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (uint32_t)(*text - '0');
    return n;
}

static inline int64_t run_numbered(const char *binary, uint32_t n, const struct capos_cap_grant *grants, uint32_t count)
{
    char name[16];
    struct text_buf buf = text_buf_over(name, sizeof name - 1);
    capos_format(&buf, "%u", n);
    name[buf.len] = '\0';
    return run_task(binary, name, grants, count);
}

static inline void expect_end(const char *row, int64_t end, int64_t wanted, const char *what)
{
    if (wanted == EITHER)
        wanted = end == BACK ? BACK : DIES;
    expect_witnessed(row, end, wanted, what);
}

static inline void witness_end(void)
{
    store_release_u32((uint32_t *)(uintptr_t)&witness_page->stop, 1);
    int64_t code = exit_code_of(&witness_process);
    check(code == 44, "the witness ended with %ld", code);
    struct capos_memory_object_unmap_params in = { .addr = (uintptr_t)witness_page, .size = PAGE_SIZE };
    check_ok(capos_memory_object_unmap(&witness_object, &in, NULL), &witness_object, "unmap the witness's page");
    capos_client_close(&witness_object);
}
