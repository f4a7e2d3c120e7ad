/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Diagnostics: diagnose.h. The one struct diag, its timer, and what an answer
 * says. A line for which the console has no room is counted like one without
 * a token, so that a full console delays nobody.
 */
#include "kernel/log/diagnose.h"

#include "core/ring/wire.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/objects/endpoint.h"
#include "kernel/state.h"

static struct diag diag = DIAG_INITIAL;
static uint32_t timer = TIMER_NONE; /* runs while something is counted */

#define TEXT(literal) {literal, sizeof literal - 1}

/* A context: for lines that wait for room. */
static bool write_line(void *context, const char *bytes, size_t len)
{
    struct log_line line;
    if (context == NULL && output_room() <= len)
        return false;
    text_buf_append(log_begin(&line), bytes, len);
    log_console(&line);
    return true;
}

static const struct diag_sink passing = {.write = write_line}, waiting = {.write = write_line, .context = &timer};

static void on_timer(void *context);

static void arm(bool wanted)
{
    if (wanted && timer == TIMER_NONE)
        timer = timer_start_reserved(machine_now_ns() + DIAG_SECOND_NS, on_timer, NULL);
}

static void on_timer(void *context)
{
    (void)context;
    timer = TIMER_NONE;
    arm(diag_tick(&diag, machine_now_ns(), &passing));
}

void diagnose(struct process *process, const struct ring_sqe *sqe, enum diag_class class, int32_t code,
              struct capn_text text)
{
    static const char *const names[] = {"CALL", "RETURN", "RECV", "RELEASE", "FINISH", "NOP", "CANCEL", "PARK_BENCH", "PARK", "UNPARK"};
    struct diag_event event = {.key = {.class = class, .code = code}, .text = text.bytes, .text_len = text.len};
    if (process != NULL) {
        event.key.pid = process->pid;
        event.key.generation = process->generation;
        event.budget = &process->log_budget;
        event.budget->limit = process->profile.log_bytes;
    }
    if (sqe != NULL) {
        event.subject = sqe->opcode < sizeof names / sizeof names[0] ? names[sqe->opcode] : "unknown opcode";
        event.detail = sqe->user_data;
    }
    arm(diag_report(&diag, &event, machine_now_ns(), &passing));
}

/* Why no capability served the entry. It changed nothing, so a second look finds the same. */
static const char *lookup_text(const struct process *process, const struct ring_sqe *sqe, enum diag_class *class)
{
    const struct cap_slot *slot;
    enum cap_error error = cap_table_lookup(&process->table, sqe->cap_id, &slot);
    *class = DIAG_CAP_LOOKUP;
    if (error != CAP_OK)
        return cap_error_text(error);
    if (sqe->opcode == RING_OP_RELEASE)
        return cap_error_text(CAP_TRANSFER_PENDING);
    if (sqe->opcode == RING_OP_CALL) {
        *class = DIAG_QUOTA;
        return cap_error_text(CAP_EXHAUSTED_SCRATCH_BYTES); /* IN-23 */
    }
    if (endpoint_owned(slot->object) == NULL)
        return "capability is not of the kind that this needs";
    *class = DIAG_ENDPOINT;
    return sqe->opcode == RING_OP_RECV ? "too many receives" : "no such call or receive here";
}

void diagnose_answer(struct process *process, const struct ring_sqe *sqe, int32_t result)
{
    static const struct {
        enum diag_class class;
        struct capn_text text;
    } answers[] = {
        [-CAP_ERR_INVALID_REQUEST] = {DIAG_SQE_INVALID, TEXT("invalid request")},
        [-CAP_ERR_INVALID_PARAMS_BUFFER] = {DIAG_USER_BUFFER, TEXT("params are not in readable memory")},
        [-CAP_ERR_INVALID_RESULT_BUFFER] = {DIAG_USER_BUFFER, TEXT("result buffer is too small or not in writable memory")},
        [-CAP_ERR_UNSUPPORTED_OPCODE] = {DIAG_SQE_INVALID, TEXT("unsupported opcode")},
        [-CAP_ERR_TRANSFER_NOT_SUPPORTED] = {DIAG_TRANSFER, TEXT("transfer is not allowed")},
        [-CAP_ERR_INVALID_TRANSFER_DESCRIPTOR] = {DIAG_TRANSFER, TEXT("invalid transfer descriptor")},
        [-CAP_ERR_TRANSFER_ABORTED] = {DIAG_TRANSFER, TEXT("transfer was undone")},
    };
    if (result < CAP_ERR_TRANSFER_ABORTED || result >= 0)
        return;
    enum diag_class class = answers[-result].class;
    struct capn_text text = answers[-result].text;
    bool names_one = sqe->opcode == RING_OP_RELEASE || sqe->opcode == RING_OP_CANCEL;
    bool well_formed = result == CAP_ERR_INVALID_REQUEST && ring_wire_check(sqe) == RING_WIRE_OK;
    if (result == CAP_ERR_INVOKE_FAILED || (well_formed && names_one)) {
        text = capn_text_of(lookup_text(process, sqe, &class));
    } else if (well_formed && (sqe->opcode == RING_OP_CALL || sqe->opcode == RING_OP_RETURN)) {
        class = DIAG_QUOTA;
        text = (struct capn_text)TEXT("more bytes than the profile's scratch limit");
    }
    diagnose(process, sqe, class, result, text);
}

void diagnose_exit(const struct process *process)
{
    diag_exit(&diag, process->pid, process->generation, machine_now_ns(), &passing);
    if (kernel.processes.count == 1)
        diagnose_flush(); /* it is the last one */
}

void diagnose_flush(void)
{
    timer_stop(timer);
    timer = TIMER_NONE;
    diag_flush(&diag, machine_now_ns(), &waiting);
}
