/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Child processes: spawn, wait without blocking the ring, terminate. */
#include "capos/process.h"

#include "capos/ring.h"
#include "schema/generated/capos_client.h"

struct capos_cap_grant capos_grant_held(const char *name, uint32_t cap_id, uint64_t interface_id)
{
    return (struct capos_cap_grant){ .name = capn_text_of(name), .cap_id = cap_id, .interface_id = interface_id,
                                     .mode = CAPOS_CAP_GRANT_MODE_RAW };
}

struct capos_cap_grant capos_grant_kernel(const char *name, enum capos_kernel_cap_source source, uint64_t interface_id)
{
    return (struct capos_cap_grant){
        .name = capn_text_of(name), .interface_id = interface_id, .mode = CAPOS_CAP_GRANT_MODE_RAW, .has_source = true,
        .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = source },
    };
}

enum capos_status capos_process_start(struct capos_client *spawner, const struct capos_process_spawner_spawn_params *in,
                                      struct capos_process *out)
{
    struct capos_process_spawner_spawn_results got;
    *out = (struct capos_process){ 0 };
    enum capos_status status = capos_process_spawner_spawn(spawner, in, &got);
    if (status != CAPOS_OK)
        return status;
    return capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &out->handle);
}

enum capos_status capos_process_spawn(struct capos_client *spawner, const char *binary, const struct capos_cap_grant *grants,
                                      uint32_t grant_count, struct capos_process *out)
{
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(binary), .binary_name = capn_text_of(binary),
                                                     .grants = capn_list_of_array(grants, grant_count) };
    return capos_process_start(spawner, &in, out);
}

static enum capos_status start_wait(struct capos_process *process)
{
    struct ring_sqe sqe = {
        .opcode = RING_OP_CALL, .method_id = CAPOS_PROCESS_HANDLE_WAIT_METHOD, .cap_id = process->handle.cap_id,
        .result_addr = (uintptr_t)process->answer, .result_len = sizeof process->answer,
    };
    enum capos_status status = capos_ring_submit(capos_ring(), &sqe, &process->ticket);
    process->waiting = status == CAPOS_OK;
    return status;
}

static enum capos_status read_answer(const struct capos_process *process, int32_t result, int64_t *exit_code)
{
    struct capn_message message;
    struct capn_struct root;
    struct capos_process_handle_wait_results results;
    if (result < 0)
        return (enum capos_status)result;
    if ((size_t)result > sizeof process->answer ||
        capn_message_open(&message, process->answer, (size_t)result, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK ||
        capn_root(&message, &root) != CAPN_OK || capos_process_handle_wait_results_decode(root, &results) != CAPN_OK)
        return CAPOS_BAD_REPLY;
    *exit_code = results.exit_code;
    return CAPOS_OK;
}

enum capos_status capos_process_wait(struct capos_process *process, uint64_t timeout_ns, int64_t *exit_code)
{
    struct capos_completion done;
    enum capos_status status = process->waiting ? CAPOS_OK : start_wait(process);
    if (status == CAPOS_OK)
        status = capos_ring_wait(capos_ring(), process->ticket, timeout_ns, &done);
    if (status != CAPOS_OK)
        return status;
    process->waiting = false;
    return read_answer(process, done.result, exit_code);
}

enum capos_status capos_process_terminate(struct capos_process *process)
{
    return capos_process_handle_terminate(&process->handle, NULL, NULL);
}

void capos_process_close(struct capos_process *process)
{
    capos_client_close(&process->handle);
}
