/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls with buffers that are not there, not the program's, or not what they
 * should be (hostile inputs H1 to H13, H15, H26 to H31, H39, H40, H42, H70).
 */
#include "hostile.h"

static struct capos_client console, timer, memory, package, frames;
static _Alignas(8) uint8_t message[64]; /* Console.write of "ok\n" */
static size_t message_len;

static int32_t write_from(uint64_t addr, uint64_t len)
{
    return run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = console.cap_id, .addr = addr, .len = (uint32_t)len });
}

static int32_t now_into(uint64_t addr, uint32_t len)
{
    return run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = timer.cap_id, .result_addr = addr, .result_len = len });
}

static void make_message(void)
{
    struct capn_builder builder;
    capn_builder_init(&builder, message, sizeof message);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
    capn_set_data(&root, 0, (struct capn_data){ (const uint8_t *)"ok\n", 3 });
    check(capn_builder_finish(&builder, &message_len) == CAPN_OK, "message");
}

static void check_addresses(void)
{
    expect("H1", write_from(UNMAPPED, message_len), -2, "params unmapped");
    expect("H1", write_from(8, message_len), -2, "params in page 0");
    expect("H2", now_into(UNMAPPED, 64), -3, "result unmapped");
    expect("H3", write_from(KERNEL_ADDRESS, message_len), -2, "params in the kernel half");
    expect("H4", now_into(KERNEL_ADDRESS, 64), -3, "result in the kernel half");
    expect("H5", write_from(USER_HALF_LIMIT, message_len), -2, "params not canonical");
    expect("H5", write_from(0x8000000000000000ull, message_len), -2, "params not canonical");
    expect("H5", write_from(UINT64_MAX - 8, 64), -2, "params wrap");
    expect("H5", write_from(USER_HALF_LIMIT - 8, 64), -2, "params pass the limit");
    expect("H5", now_into(UINT64_MAX - 8, 64), -3, "result wraps");
    expect("H5", now_into(USER_HALF_LIMIT - 8, 64), -3, "result passes the limit");
    expect("H3", write_from(KERNEL_ADDRESS, 0), -9 - 1, "no params at a kernel address"); /* decoding fails, no room to say so */
    expect("H4", now_into(KERNEL_ADDRESS, 0), -10, "no result at a kernel address");
}

static void check_pages(void)
{
    uint64_t last = map_pages(USER_MAP_LIMIT - PAGE_SIZE, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    expect("H6", now_into(last + PAGE_SIZE - 32, 32), 32, "result ends at the mapping ceiling");
    expect("H6", now_into(last + PAGE_SIZE - 24, 32), -3, "result passes the mapping ceiling");
    uint64_t page = map_pages(0, 1, PROT_READ_BIT | PROT_WRITE_BIT);
    memcpy((void *)(page + PAGE_SIZE - 16), message, 16);
    uint64_t after;
    if (capos_virtual_memory_reserve(&memory, &(struct capos_virtual_memory_reserve_params){ .hint = page + PAGE_SIZE,
                                                                                            .size = PAGE_SIZE },
                                     &(struct capos_virtual_memory_reserve_results){ 0 }) != CAPOS_OK)
        capos_print("the page behind is taken\n");
    after = page + PAGE_SIZE;
    expect("H7", write_from(page + PAGE_SIZE - 16, message_len), -2, "params cross into a page that is not there");
    expect("H7", now_into(page + PAGE_SIZE - 16, 64), -3, "result crosses into a page that is not there");
    expect("H9", write_from(after, message_len), -2, "params on a reserved page");
    static uint8_t before[PAGE_SIZE];
    memcpy(before, (const void *)USER_CAPSET_BASE, PAGE_SIZE);
    expect("H8", now_into(USER_CAPSET_BASE + 1024, 64), -3, "result on the CapSet page");
    expect_true("H8", memcmp(before, (const void *)USER_CAPSET_BASE, PAGE_SIZE) == 0, "the page is unchanged");
    expect("H8", now_into((uintptr_t)&make_message & ~15ull, 64), -3, "result on code");
    uint64_t none = map_pages(0, 1, PROT_NONE_BITS);
    expect("H9", write_from(none, message_len), -2, "params on a page without rights");
    expect("H9", now_into(none, 64), -3, "result on a page without rights");
    uint64_t readable = map_pages(0, 1, PROT_READ_BIT);
    expect("H8", now_into(readable, 64), -3, "result on a read-only page");
    expect("H1", write_from(USER_STACK_TOP, 16), -2, "params above the stack");
    expect("H1", write_from(USER_STACK_BASE - PAGE_SIZE, 16), -2, "params in the guard below the stack");
}

static void check_accepted_places(void)
{
    struct ring_page *ring = capos_ring()->page;
    memcpy(ring->unused, message, message_len);
    expect("H10", write_from((uintptr_t)ring->unused, message_len), 0, "params on the ring page");
    expect("H10", now_into((uintptr_t)ring->unused + 512, 32), 32, "result on the ring page");
    static uint8_t shifted[80];
    for (size_t by = 1; by < 8; by++) {
        memcpy(shifted + by, message, message_len);
        expect("H10", write_from((uintptr_t)shifted + by, message_len), 0, "unaligned params");
        expect("H10", now_into((uintptr_t)shifted + by, 32), 32, "unaligned result");
    }
}

static void check_ids(void)
{
    struct capos_frame_allocator_alloc_frame_results got;
    struct capos_client first, second;
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = 0x00fffff0, .method_id = 0 };
    expect("H11", run_entry(call), -4, "id never issued");
    check(capos_frame_allocator_alloc_frame(&frames, NULL, &got) == CAPOS_OK &&
          capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &first) == CAPOS_OK, "a frame");
    expect("H12", capos_release(first.cap_id), 0, "release");
    call.cap_id = first.cap_id;
    expect("H12", run_entry(call), -4, "released id");
    expect("H15", capos_release(first.cap_id), -1, "second release");
    check(capos_frame_allocator_alloc_frame(&frames, NULL, &got) == CAPOS_OK &&
          capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &second) == CAPOS_OK, "another frame");
    check((second.cap_id & 0xffffff) == (first.cap_id & 0xffffff) && second.cap_id != first.cap_id,
          "the slot is used again with another generation: %x, %x", first.cap_id, second.cap_id);
    expect("H13", run_entry(call), -4, "stale generation");
    expect("H15", capos_release(first.cap_id), -1, "stale release");
    struct capos_memory_object_info_results info = { 0 };
    check(capos_memory_object_info(&second, NULL, &info) == CAPOS_OK && info.page_count == 1, "the new object is untouched");
    capos_client_close(&second);
}

static int32_t exception_of(struct ring_sqe sqe, uint8_t *reply, uint16_t *type, struct capn_text *text)
{
    struct capn_message m;
    struct capn_struct root;
    int32_t result = run_entry(sqe);
    *type = UINT16_MAX;
    if (result == -9 && capn_message_open(&m, reply, sqe.result_len, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
        capn_root(&m, &root) == CAPN_OK && capn_get_text(&root, 0, text) == CAPN_OK)
        *type = capn_get_u16(&root, 0);
    return result;
}

static void expect_failed(const char *row, struct ring_sqe sqe, const char *text, const char *what)
{
    static _Alignas(8) uint8_t reply[128];
    uint16_t type;
    struct capn_text got = { 0 };
    sqe.opcode = RING_OP_CALL;
    sqe.result_addr = (uintptr_t)reply;
    sqe.result_len = sizeof reply;
    int32_t result = exception_of(sqe, reply, &type, &got);
    bool same = type == CAP_EXCEPTION_FAILED && text_equal(got.bytes, got.len, text, text_len(text));
    check(same, "%s: type %u `%.*s`", what, type, (int)got.len, got.bytes);
    expect(row, result, CAP_ERR_APPLICATION_EXCEPTION, what);
}

static void check_bad_messages(void)
{
    static const char refused[] = "params do not decode";
    expect_failed("H26", (struct ring_sqe){ .cap_id = console.cap_id }, refused, "no params");
    for (uint32_t len = 1; len < message_len; len++)
        expect_failed("H27", (struct ring_sqe){ .cap_id = console.cap_id, .addr = (uintptr_t)message, .len = len }, refused,
                      "truncated params");
    static const uint64_t cyclic[] = { 0x0000000200000000, 0x0001000000000000, 0x0000000000000002 | 8 };
    expect_failed("H28", (struct ring_sqe){ .cap_id = console.cap_id, .addr = (uintptr_t)cyclic, .len = sizeof cyclic }, refused,
                  "a far pointer to itself");
    static const uint64_t capability[] = { 0x0000000200000000, 0x0001000000000000, 0x0000000000000003 };
    expect_failed("H28", (struct ring_sqe){ .cap_id = console.cap_id, .addr = (uintptr_t)capability, .len = sizeof capability },
                  refused, "a capability where data belongs");
    static const uint64_t outside[] = { 0x0000000200000000, 0x0001000000000000, 0x0000080200000fff };
    expect_failed("H28", (struct ring_sqe){ .cap_id = console.cap_id, .addr = (uintptr_t)outside, .len = sizeof outside }, refused,
                  "data outside the message");
    static const uint64_t read_params[] = { 0x0000000300000000, 0x0000000200000000, 0, 4096 };
    expect_failed("H29", (struct ring_sqe){ .cap_id = package.cap_id, .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD,
                                     .addr = (uintptr_t)read_params, .len = sizeof read_params },
                  "result buffer too small: 4120", "a reply that does not fit");
}

static void check_sizes_and_descriptors(void)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = console.cap_id, .addr = (uintptr_t)message,
                             .len = (uint32_t)message_len };
    static _Alignas(8) uint8_t reply[40];
    memset(reply, 0x5a, sizeof reply);
    expect("H29", now_into((uintptr_t)reply, 31), -10, "no room for the exception either");
    for (size_t i = 0; i < sizeof reply; i++)
        check(reply[i] == 0x5a, "a truncated exception writes nothing");
    expect("H30", run_entry(call), 0, "no result buffer");
    call.len = 65537;
    expect("H31", run_entry(call), -1, "params too long");
    call.len = (uint32_t)message_len;
    call.result_addr = (uintptr_t)reply;
    call.result_len = 65537;
    expect("H31", run_entry(call), -1, "result too long");
    static _Alignas(8) uint8_t with_descriptor[96];
    memcpy(with_descriptor, message, message_len);
    struct ring_transfer_descriptor d = { .cap_id = console.cap_id, .transfer_mode = TRANSFER_MODE_COPY };
    memcpy(with_descriptor + message_len, &d, sizeof d);
    call = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = console.cap_id, .addr = (uintptr_t)with_descriptor,
                              .len = (uint32_t)message_len, .xfer_cap_count = 1 };
    expect("H42", run_entry(call), -6, "a descriptor for a kernel object");
    call.xfer_cap_count = 17;
    expect("H39", run_entry(call), -7, "17 descriptors");
    call.xfer_cap_count = 1;
    call.len--;
    expect("H40", run_entry(call), -7, "misaligned descriptors");
    call.addr = UINT64_MAX - 15;
    call.len = 8;
    expect("H40", run_entry(call), -7, "descriptors that wrap");
    call.addr = UNMAPPED;
    expect("H42", run_entry(call), -6, "the target is judged before the descriptors");
}

/* What fails must not have happened: same capabilities, same memory. */
static void check_effects(void)
{
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    static _Alignas(8) uint8_t room[64];
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = frames.cap_id, .method_id = CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD };
    uint64_t ledgers = ledger_sum(&monitor), free = free_frames(&monitor);
    call.result_addr = UNMAPPED;
    call.result_len = 64;
    expect("H2", run_entry(call), CAP_ERR_INVALID_RESULT_BUFFER, "a frame, result unmapped");
    call.result_addr = (uintptr_t)room;
    call.result_len = 16;
    expect("H29", run_entry(call), CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, "a frame, no room for the answer");
    expect_true("H29", ledger_sum(&monitor) == ledgers && free_frames(&monitor) == free, "neither frame was taken");
}

static void check_beyond_the_end(void)
{
    static const uint64_t offsets[] = { 1ull << 32, 1ull << 63, UINT64_MAX };
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct capos_boot_package_read_manifest_params in = { .offset = offsets[i], .max_bytes = 4096 };
        struct capos_boot_package_read_manifest_results out = { 0 };
        check_ok(capos_boot_package_read_manifest(&package, &in, &out), &package, "readManifest");
        expect("H70", out.data.len, 0, "manifest bytes beyond the end");
    }
}

int main(void)
{
    hostile_begin();
    console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    package = granted("boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID);
    frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    make_message();
    check_addresses();
    check_pages();
    check_accepted_places();
    check_ids();
    check_bad_messages();
    check_sizes_and_descriptors();
    check_effects();
    check_beyond_the_end();
    return hostile_finish("hostile_pointers");
}
