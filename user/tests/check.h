/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the test programs share. A test prints a line for each failed check
 * and one at the end, and exits 0 only if every check held. A test that needs
 * other processes spawns its own binary again and tells it what to do by the
 * name of its first capability, "do:TASK".
 */
#pragma once

#include "capos/capos.h"

#define TASK_PREFIX "do:"
#define TASK_GRANTS_MAX 8u

static unsigned check_count, check_failures;

static inline void check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void check(bool holds, const char *format, ...)
{
    check_count++;
    if (holds)
        return;
    check_failures++;
    char text[200];
    struct text_buf buf = text_buf_over(text, sizeof text);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    capos_print("FAILED: %.*s\n", (int)buf.len, text);
}

static inline int finish(const char *test)
{
    if (check_failures > 0)
        capos_print("%s: %u of %u checks failed\n", test, check_failures, check_count);
    else
        capos_print("%s: all checks hold\n", test);
    return check_failures > 0 ? 1 : 0;
}

/* ---- calls ------------------------------------------------------------------------- */

/* The entry as it stands, to its completion; the result code, or the client's own status when there is none. */
static inline int32_t run_entry(struct ring_sqe sqe)
{
    struct capos_completion done;
    enum capos_status status = capos_ring_run(capos_ring(), &sqe, &done);
    return status == CAPOS_OK ? done.result : (int32_t)status;
}

static inline int32_t run_nop(void)
{
    return run_entry((struct ring_sqe){ .opcode = RING_OP_NOP });
}

static inline struct capos_client granted(const char *name, uint64_t interface_id)
{
    struct capos_client client = { .cap_id = UINT32_MAX };
    check(capos_client_open(&client, name, interface_id) == CAPOS_OK, "`%s` is not granted", name);
    return client;
}

static inline void check_ok(enum capos_status status, const struct capos_client *client, const char *what)
{
    check(status == CAPOS_OK, "%s: %s %.*s", what, capos_status_text(status),
          status == CAPOS_EXCEPTION ? (int)client->exception.len : 0, client->exception.text);
}

/* `text` NULL: any text. */
static inline void check_exception(enum capos_status status, const struct capos_client *client,
                                   enum cap_exception_type type, const char *text, const char *what)
{
    const struct capn_exception *e = &client->exception;
    bool same = status == CAPOS_EXCEPTION && e->type == (uint16_t)type &&
                (text == NULL || text_equal(e->text, e->len, text, text_len(text)));
    check(same, "%s: %s, type %u `%.*s`", what, capos_status_text(status), e->type,
          status == CAPOS_EXCEPTION ? (int)e->len : 0, e->text);
}

/* ---- processes ------------------------------------------------------------------------ */

/* What this process is to do; NULL in the first one. */
static inline const char *task(void)
{
    static char text[CAPSET_NAME_BYTES + 1];
    const struct capset_entry *entry = capos_capset_entry(0);
    size_t prefix = sizeof TASK_PREFIX - 1;
    if (entry == NULL || entry->name_len < prefix || memcmp(entry->name, TASK_PREFIX, prefix) != 0)
        return NULL;
    memcpy(text, entry->name + prefix, entry->name_len - prefix);
    return text;
}

static inline bool task_is(const char *name)
{
    return task() != NULL && text_equal(task(), text_len(task()), name, text_len(name));
}

/* Spawns `binary` to do `what`, with the grants given behind it. The task's own capability is a Timer. */
static inline bool spawn_task(const char *binary, const char *what, const struct capos_cap_grant *more, uint32_t count,
                              struct capos_process *out)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_cap_grant grants[1 + TASK_GRANTS_MAX];
    char name[CAPSET_NAME_BYTES + 1] = TASK_PREFIX;
    struct text_buf buf = text_buf_over(name + sizeof TASK_PREFIX - 1, CAPSET_NAME_BYTES - sizeof TASK_PREFIX + 1);
    text_buf_append_str(&buf, what);
    grants[0] = capos_grant_kernel(name, CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    for (uint32_t i = 0; i < count && i < TASK_GRANTS_MAX; i++)
        grants[1 + i] = more[i];
    enum capos_status status = capos_process_spawn(&spawner, binary, grants, 1 + count, out);
    check_ok(status, &spawner, what);
    return status == CAPOS_OK;
}

/* Waits for ever; INT64_MIN + 1 when the wait itself fails. */
static inline int64_t exit_code_of(struct capos_process *process)
{
    int64_t code = INT64_MIN + 1;
    enum capos_status status = capos_process_wait(process, CAP_ENTER_WAIT_FOREVER, &code);
    check(status == CAPOS_OK, "wait: %s", capos_status_text(status));
    capos_process_close(process);
    return code;
}

static inline int64_t run_task(const char *binary, const char *what, const struct capos_cap_grant *more, uint32_t count)
{
    struct capos_process process;
    return spawn_task(binary, what, more, count, &process) ? exit_code_of(&process) : INT64_MIN + 2;
}

#define CONSOLE_GRANT capos_grant_kernel("console", CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID)
#define MONITOR_GRANT \
    capos_grant_kernel("system_monitor", CAPOS_KERNEL_CAP_SOURCE_SYSTEM_MONITOR, CAPOS_SYSTEM_MONITOR_INTERFACE_ID)

/* ---- time and counters ------------------------------------------------------------------- */

static inline uint64_t now_ns(struct capos_client *timer)
{
    struct capos_timer_now_results now = { 0 };
    check_ok(capos_timer_now(timer, NULL, &now), timer, "Timer.now");
    return now.monotonic_ns;
}

static inline void sleep_ns(struct capos_client *timer, uint64_t ns)
{
    check_ok(capos_timer_sleep(timer, &(struct capos_timer_sleep_params){ .duration_ns = ns }, NULL), timer, "Timer.sleep");
}

static inline uint64_t free_frames(struct capos_client *monitor)
{
    struct capos_system_monitor_memory_results memory = { 0 };
    check_ok(capos_system_monitor_memory(monitor, NULL, &memory), monitor, "SystemMonitor.memory");
    return memory.free_frames;
}

/*
 * This process's use of every resource, summed with weights so that no two differences cancel easily. Without the scratch
 * bytes: the kernel keeps the buffers of this very call as large as the largest call so far.
 */
static inline uint64_t ledger_sum(struct capos_client *monitor)
{
    struct capos_system_monitor_ledgers_results got;
    struct capos_system_monitor_ledgers_params in = { .pid = capos_pid() };
    uint64_t sum = 0;
    if (capos_system_monitor_ledgers(monitor, &in, &got) != CAPOS_OK)
        return UINT64_MAX;
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_ledger_record row;
        if (capos_ledger_record_list_get(&got.records, i, &row) == CAPN_OK &&
            !text_equal(row.resource.bytes, row.resource.len, "scratch bytes", 13))
            sum = sum * 1000003 + row.used;
    }
    return sum;
}
