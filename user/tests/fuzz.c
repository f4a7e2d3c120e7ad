/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random entries against every capability it was granted: random fields, and
 * valid messages with a few bits flipped. Nothing is expected of the answers;
 * the kernel has to survive, and its own checks at the end have to hold. The
 * sequence follows from the seed, the argument (default 1).
 */
#include "check.h"

#include "abi/atomic.h"

#define ENTRIES 30000u
#define MESSAGE_BYTES 512u
#define MESSAGES 64u

static struct ring_page *page;
static uint64_t state;
static _Alignas(4096) uint8_t scratch[33 * 4096]; /* params, and results of everything: the largest may begin in the middle */
static struct {
    uint64_t interface_id;
    uint16_t method;
    uint32_t len;
    _Alignas(8) uint8_t bytes[MESSAGE_BYTES];
} messages[MESSAGES];
static uint32_t message_count;

static uint64_t random_u64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(random_u64() >> 33) % limit;
}

/* ---- valid messages --------------------------------------------------------------------- */

static void add(const struct capos_method *method, const void *in)
{
    struct capn_builder builder;
    size_t len = 0;
    if (message_count == MESSAGES)
        return;
    capn_builder_init(&builder, messages[message_count].bytes, MESSAGE_BYTES);
    struct capn_struct_builder root =
        capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        method->encode(root, in);
    if (capn_builder_finish(&builder, &len) != CAPN_OK)
        return;
    messages[message_count].interface_id = method->interface_id;
    messages[message_count].method = method->ordinal;
    messages[message_count++].len = (uint32_t)len;
}

static void add_memory(void)
{
    for (uint32_t prot = 0; prot < 8; prot += 3) {
        add(&capos_virtual_memory_map_method, &(struct capos_virtual_memory_map_params){ .size = 8192, .prot = prot });
        add(&capos_virtual_memory_map_method,
            &(struct capos_virtual_memory_map_params){ .hint = 0x40000000, .size = 65536, .prot = prot });
        add(&capos_virtual_memory_protect_method,
            &(struct capos_virtual_memory_protect_params){ .addr = 0x40001000, .size = 8192, .prot = prot });
        add(&capos_virtual_memory_commit_method,
            &(struct capos_virtual_memory_commit_params){ .addr = 0x40002000, .size = 8192, .prot = prot });
        add(&capos_memory_object_map_method,
            &(struct capos_memory_object_map_params){ .hint = 0x50000000, .size = 4096, .prot = prot });
    }
    add(&capos_virtual_memory_unmap_method,
        &(struct capos_virtual_memory_unmap_params){ .addr = 0x40003000, .size = 12288 });
    add(&capos_virtual_memory_decommit_method,
        &(struct capos_virtual_memory_decommit_params){ .addr = 0x40001000, .size = 16384 });
    add(&capos_virtual_memory_reserve_method, &(struct capos_virtual_memory_reserve_params){ .hint = 0x40000000, .size = 65536 });
    add(&capos_memory_object_unmap_method, &(struct capos_memory_object_unmap_params){ .addr = 0x50000000, .size = 4096 });
    add(&capos_frame_allocator_alloc_frame_method, NULL);
    add(&capos_frame_allocator_alloc_contiguous_method, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 5 });
}

static void add_others(void)
{
    static struct capos_cap_grant grants[3];
    grants[0] = CONSOLE_GRANT;
    grants[1] = capos_grant_held("held", 0, CAPOS_CONSOLE_INTERFACE_ID);
    grants[2] = capos_grant_held("memory", 12, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    for (uint32_t count = 0; count <= 3; count++)
        add(&capos_process_spawner_spawn_method,
            &(struct capos_process_spawner_spawn_params){ .name = capn_text_of("q"), .binary_name = capn_text_of("quick_exit"),
                                                          .grants = capn_list_of_array(grants, count) });
    grants[2].mode = CAPOS_CAP_GRANT_MODE_MOVE;
    add(&capos_process_spawner_spawn_method,
        &(struct capos_process_spawner_spawn_params){ .name = capn_text_of("q"), .binary_name = capn_text_of("quick_exit"),
                                                      .grants = capn_list_of_array(grants, 3) });
    add(&capos_process_handle_wait_method, NULL);
    add(&capos_process_handle_terminate_method, NULL);
    add(&capos_capability_manager_list_method, NULL);
    add(&capos_capability_manager_revoke_method, &(struct capos_capability_manager_revoke_params){ .cap_id = 0 });
    add(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 100000 });
    add(&capos_timer_now_method, NULL);
    add(&capos_entropy_source_fill_method, &(struct capos_entropy_source_fill_params){ .bytes = 64 });
    add(&capos_boot_package_read_manifest_method, &(struct capos_boot_package_read_manifest_params){ .max_bytes = 4096 });
    add(&capos_system_monitor_processes_method, &(struct capos_system_monitor_processes_params){ .max_records = 5 });
    add(&capos_system_monitor_holds_method, &(struct capos_system_monitor_holds_params){ .pid = 1, .max_records = 50 });
    add(&capos_system_monitor_memory_method, NULL);
    add(&capos_log_sink_write_method,
        &(struct capos_log_sink_write_params){ .has_record = true,
                                               .record = { .component = capn_text_of("c"), .message = capn_text_of("m") } });
    add(&capos_log_reader_read_method, &(struct capos_log_reader_read_params){ .max_records = 16 });
    add(&capos_terminal_session_read_line_method,
        &(struct capos_terminal_session_read_line_params){ .has_request = true, .request = { .max_bytes = 10 } });
}

/* ---- random entries ------------------------------------------------------------------------ */

static uint64_t random_address(void)
{
    static const uint64_t odd[] = { 0, 0x1000, 0x200000, 0xff0000, 0xfff000, 0x1010000, 0x1300000, 0x1300ff8, 0x40000000,
                                    0x40001ff0, 0x50000000, 0x7fffffffeff8, 0x7ffffffff000, 0x800000000000, 0xffffffff80000000,
                                    0xfffffffffffffff0 };
    if (below(3) > 0)
        return (uintptr_t)scratch + below(sizeof scratch / 2);
    return odd[below(sizeof odd / sizeof odd[0])];
}

static uint32_t random_length(void)
{
    static const uint32_t odd[] = { 0, 1, 7, 8, 16, 24, 32, 64, 128, 512, 4096, 16384, 65535, 65536, 65537, UINT32_MAX };
    return odd[below(sizeof odd / sizeof odd[0])];
}

/* Capabilities that replies brought. */
static uint32_t brought[64];

/* The newest completion: a message's user_data is the address of its result. */
static void note_brought_caps(void)
{
    const struct ring_cqe *cqe = &page->cqes[(load_acquire_u32(&page->header.cq_tail) - 1) & RING_CQ_MASK];
    uint64_t at = cqe->user_data + (uint64_t)cqe->result;
    if (cqe->cap_count == 0 || at < (uintptr_t)scratch || at + 32 > (uintptr_t)scratch + sizeof scratch)
        return;
    for (uint16_t i = 0; i < cqe->cap_count && i < 2; i++)
        brought[below(64)] = load_le32((const uint8_t *)at + 16 * i);
}

static uint32_t random_cap(void)
{
    if (below(3) > 0)
        return brought[below(64)];
    return below(8) > 0 ? below(40) | below(below(2) ? 1 : 12) << 24 : (uint32_t)random_u64();
}

static struct ring_sqe random_entry(void)
{
    struct ring_sqe sqe = { .opcode = (uint8_t)(below(4) > 0 ? 0 : below(12)), .method_id = (uint16_t)below(8),
                            .cap_id = random_cap(), .user_data = random_u64(), .addr = random_address(),
                            .len = random_length(), .result_len = random_length(), .result_addr = random_address() };
    if (below(6) == 0) {
        sqe.flags = (uint8_t)(below(2) << 5);
        sqe.call_id = below(3);
        sqe.xfer_cap_count = (uint16_t)below(20);
        sqe.pipeline_dep = below(2);
    }
    return sqe;
}

/* A valid message, now and then with bits flipped, for a capability of its interface or for any. */
static struct ring_sqe random_message(void)
{
    uint32_t which = below(message_count);
    struct ring_sqe sqe = { .method_id = messages[which].method, .cap_id = random_cap(),
                            .addr = (uintptr_t)scratch + below(64), .len = messages[which].len,
                            .result_addr = (uintptr_t)scratch + 4096 + below(4096), .result_len = below(2) ? 16384 : random_length() };
    sqe.user_data = sqe.result_addr;
    for (uint32_t i = 0; i < capos_capset_count(); i++) {
        if (capos_capset_entry(i)->interface_id == messages[which].interface_id)
            sqe.cap_id = capos_capset_entry(i)->cap_id;
    }
    memcpy((void *)sqe.addr, messages[which].bytes, messages[which].len);
    for (uint32_t flips = below(3) > 0 ? 0 : below(6); flips > 0; flips--)
        scratch[sqe.addr - (uintptr_t)scratch + below(sqe.len)] ^= (uint8_t)(1u << below(8));
    return sqe;
}

/* What the bootstrap capabilities are needed for later must survive: no RELEASE of the first few. */
static void submit(struct ring_sqe sqe)
{
    if (sqe.opcode == RING_OP_RELEASE && (sqe.cap_id & 0xffffff) < capos_capset_count())
        sqe.opcode = RING_OP_NOP;
    page->sqes[page->header.sq_tail & RING_SQ_MASK] = sqe;
    store_release_u32(&page->header.sq_tail, page->header.sq_tail + 1);
    uint64_t entered = capos_cap_enter(0, 0);
    if (entered == CAP_ENTER_THREAD_OWNED_HEAD)
        store_relaxed_u32(&page->header.sq_head, page->header.sq_head + 1); /* the kernel discards the rest */
    note_brought_caps();
    if (below(4) == 0)
        store_release_u32(&page->header.cq_head, load_acquire_u32(&page->header.cq_tail));
    if (below(200) == 0)
        capos_cap_enter(below(3), 50000);
}

int main(int argc, char **argv)
{
    state = argc > 1 ? (uint64_t)argv[1][0] * 0x9e3779b97f4a7c15 : 0x9e3779b97f4a7c15;
    page = capos_ring()->page;
    add_memory();
    add_others();
    for (uint32_t i = 0; i < ENTRIES; i++)
        submit(below(4) == 0   ? (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = random_cap() }
               : below(3) == 0 ? random_entry()
                               : random_message());
    store_release_u32(&page->header.cq_head, load_acquire_u32(&page->header.cq_tail));
    return 0;
}
