/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Messages that are not Cap'n Proto, or more of it than there is (hostile
 * inputs H26 to H28, C rows of docs/security/hostile-input.md), as parameters
 * of several methods of the kernel. Each must be refused as a whole, without
 * effect: "failed", "params do not decode".
 */
#include "hostile.h"

#define WORDS 16u

#define HEADER(words) ((uint64_t)(words) << 32) /* one segment */
#define STRUCT(offset, data, pointers)                                                                                        \
    (((uint64_t)((uint32_t)(offset) << 2)) | (uint64_t)(data) << 32 | (uint64_t)(pointers) << 48)
#define LIST(offset, size, count) (1 | (uint64_t)((uint32_t)(offset) << 2) | (uint64_t)(size) << 32 | (uint64_t)(count) << 35)
#define FAR(offset, segment) (2 | (uint64_t)(offset) << 3 | (uint64_t)(segment) << 32)
#define DOUBLE_FAR(offset, segment) (6 | (uint64_t)(offset) << 3 | (uint64_t)(segment) << 32)
#define CAPABILITY(index) (3 | (uint64_t)(index) << 32)
#define BYTE_LIST 2
#define COMPOSITE 7

struct message {
    const char *what;
    uint64_t words[WORDS];
    uint32_t bytes;
};

/* Refused by every method with parameters: the table of segments and the root pointer. */
static const struct message frames[] = {
    { "no bytes", { 0 }, 0 },
    { "a part of the table", { HEADER(3) }, 4 },
    { "a table and nothing", { HEADER(3) }, 8 },
    { "2^32 segments", { 0xffffffff, 0 }, 16 },
    { "513 segments", { 512, 0 }, 16 },
    { "2 segments, one size", { 1 | HEADER(1), 0 }, 8 },
    { "a segment larger than the message", { HEADER(100), STRUCT(0, 2, 2), 0, 0, 0, 0 }, 48 },
    { "a segment of 2^29 words", { HEADER(0x20000000), STRUCT(0, 2, 2), 0, 0, 0, 0 }, 48 },
    { "a segment of 2^32 - 1 words", { HEADER(0xffffffff), STRUCT(0, 2, 2), 0, 0, 0, 0 }, 48 },
    { "two segments whose sizes wrap", { 1 | HEADER(0xffffffff), 6, STRUCT(0, 2, 2), 0, 0, 0 }, 48 },
    { "a first segment of no words", { HEADER(0) }, 8 },
    { "not a multiple of words", { HEADER(3), STRUCT(0, 1, 1), 0, 0 }, 31 },
    { "root is a list", { HEADER(5), LIST(0, BYTE_LIST, 8), 0, 0, 0, 0 }, 48 },
    { "root is a capability", { HEADER(5), CAPABILITY(0), 0, 0, 0, 0 }, 48 },
    { "root has reserved bits", { HEADER(5), 3 | 4, 0, 0, 0, 0 }, 48 },
    { "root behind the end", { HEADER(5), STRUCT(4, 2, 2), 0, 0, 0, 0 }, 48 },
    { "root far behind the end", { HEADER(5), STRUCT(0x1fffffff, 2, 2), 0, 0, 0, 0 }, 48 },
    { "root before the beginning", { HEADER(5), STRUCT(-2, 2, 2), 0, 0, 0, 0 }, 48 },
    { "root far before the beginning", { HEADER(5), STRUCT(0x20000000, 2, 2), 0, 0, 0, 0 }, 48 },
    { "root larger than the message", { HEADER(5), STRUCT(0, 65535, 65535), 0, 0, 0, 0 }, 48 },
    { "root with a pointer behind the end", { HEADER(5), STRUCT(0, 2, 3), 0, 0, 0, 0 }, 48 },
    { "far root, no such segment", { HEADER(5), FAR(0, 1), 0, 0, 0, 0 }, 48 },
    { "far root, last segment of all", { HEADER(5), FAR(0, 0xffffffff), 0, 0, 0, 0 }, 48 },
    { "far root behind the end", { HEADER(5), FAR(5, 0), 0, 0, 0, 0 }, 48 },
    { "far root to itself", { HEADER(5), FAR(0, 0), 0, 0, 0, 0 }, 48 },
    { "far root to a far pointer", { HEADER(5), FAR(1, 0), FAR(0, 0), 0, 0, 0 }, 48 },
    { "double far root to itself", { HEADER(5), DOUBLE_FAR(0, 0), CAPABILITY(0), 0, 0, 0 }, 48 },
    { "double far root, half a landing pad", { HEADER(5), DOUBLE_FAR(4, 0), 0, 0, 0, FAR(0, 0) }, 48 },
    { "double far root, pad is no far pointer", { HEADER(5), DOUBLE_FAR(1, 0), STRUCT(0, 1, 0), STRUCT(0, 1, 0), 0, 0 }, 48 },
    { "double far root, pad is double far", { HEADER(5), DOUBLE_FAR(1, 0), DOUBLE_FAR(1, 0), LIST(0, 2, 1), 0, 0 }, 48 },
    { "double far root, tag is a capability", { HEADER(5), DOUBLE_FAR(1, 0), FAR(0, 0), CAPABILITY(0), 0, 0 }, 48 },
    { "two segments that point at each other", { 1 | HEADER(2), 2, FAR(0, 1), 0, FAR(0, 0), 0 }, 48 },
};

/* Refused by every method whose first pointer is a text, data or list of bytes. Word 2 of the message is that pointer. */
static const struct message pointers[] = {
    { "a struct", { HEADER(6), STRUCT(0, 0, 3), STRUCT(2, 1, 0), 0, 0, 0, 0 }, 56 },
    { "a capability", { HEADER(6), STRUCT(0, 0, 3), CAPABILITY(0), 0, 0, 0, 0 }, 56 },
    { "a capability of all ones", { HEADER(6), STRUCT(0, 0, 3), CAPABILITY(0xffffffff), 0, 0, 0, 0 }, 56 },
    { "a list of words", { HEADER(6), STRUCT(0, 0, 3), LIST(2, 5, 1), 0, 0, 0x61, 0 }, 56 },
    { "a list of bits", { HEADER(6), STRUCT(0, 0, 3), LIST(2, 1, 8), 0, 0, 0x61, 0 }, 56 },
    { "a list of nothing, 2^29 times", { HEADER(6), STRUCT(0, 0, 3), LIST(2, 0, 0x1fffffff), 0, 0, 0x61, 0 }, 56 },
    { "a list of pointers", { HEADER(6), STRUCT(0, 0, 3), LIST(2, 6, 1), 0, 0, 0, 0 }, 56 },
    { "a list longer than the message", { HEADER(6), STRUCT(0, 0, 3), LIST(2, BYTE_LIST, 17), 0, 0, 0, 0 }, 56 },
    { "a list of 2^29 - 1 bytes", { HEADER(6), STRUCT(0, 0, 3), LIST(2, BYTE_LIST, 0x1fffffff), 0, 0, 0, 0 }, 56 },
    { "a list behind the end", { HEADER(6), STRUCT(0, 0, 3), LIST(100, BYTE_LIST, 1), 0, 0, 0, 0 }, 56 },
    { "a list far behind the end", { HEADER(6), STRUCT(0, 0, 3), LIST(0x1fffffff, BYTE_LIST, 1), 0, 0, 0, 0 }, 56 },
    { "a list before the beginning", { HEADER(6), STRUCT(0, 0, 3), LIST(-4, BYTE_LIST, 1), 0, 0, 0, 0 }, 56 },
    { "a composite list, tag behind the end", { HEADER(6), STRUCT(0, 0, 3), LIST(4, COMPOSITE, 0), 0, 0, 0, 0 }, 56 },
    { "a composite list, tag is a list", { HEADER(6), STRUCT(0, 0, 3), LIST(2, COMPOSITE, 1), 0, 0, LIST(0, 2, 1), 0 }, 56 },
    { "a composite list, more elements than words", { HEADER(6), STRUCT(0, 0, 3), LIST(2, COMPOSITE, 1), 0, 0, STRUCT(5, 1, 0), 0 }, 56 },
    { "a composite list whose size wraps", { HEADER(6), STRUCT(0, 0, 3), LIST(2, COMPOSITE, 0), 0, 0, STRUCT(0x3fffffff, 65535, 65535), 0 }, 56 },
    { "a composite list of 2^29 empty structs", { HEADER(6), STRUCT(0, 0, 3), LIST(2, COMPOSITE, 0), 0, 0, STRUCT(0x1fffffff, 0, 0), 0 }, 56 },
    { "far to itself", { HEADER(6), STRUCT(0, 0, 3), FAR(1, 0), 0, 0, 0, 0 }, 56 },
    { "far to the next, which is far to it", { HEADER(6), STRUCT(0, 0, 3), FAR(2, 0), FAR(1, 0), 0, 0, 0 }, 56 },
    { "far, no such segment", { HEADER(6), STRUCT(0, 0, 3), FAR(1, 7), 0, 0, 0, 0 }, 56 },
    { "far behind the end", { HEADER(6), STRUCT(0, 0, 3), FAR(0x1fffffff, 0), 0, 0, 0, 0 }, 56 },
    { "double far to itself", { HEADER(6), STRUCT(0, 0, 3), DOUBLE_FAR(1, 0), 0, 0, 0, 0 }, 56 },
    { "reserved pointer kind", { HEADER(6), STRUCT(0, 0, 3), 0xfffffff7, 0, 0, 0, 0 }, 56 },
};

/* Refused by methods whose first pointer is a text. */
static const struct message texts[] = {
    { "no NUL at the end", { HEADER(4), STRUCT(0, 0, 1), LIST(0, BYTE_LIST, 4), 0x64636261 }, 32 },
    { "no bytes, so no NUL", { HEADER(4), STRUCT(0, 0, 1), LIST(0, BYTE_LIST, 0), 0, 0 }, 40 },
};

/* A list of grants that is one too large for what is there, deep, or its own element: for spawn. */
static const struct message grants[] = {
    { "elements that are their own list", { HEADER(11), STRUCT(0, 0, 3), 0, 0, LIST(0, COMPOSITE, 5), STRUCT(1, 3, 2), 0, 0, 0,
                                            LIST(-6, COMPOSITE, 5), STRUCT(-2, 0, 1) }, 96 },
    { "a source that is its own element", { HEADER(11), STRUCT(0, 0, 3), 0, 0, LIST(0, COMPOSITE, 5), STRUCT(1, 3, 2), 0, 0, 0,
                                            LIST(-7, BYTE_LIST, 1), STRUCT(-5, 65535, 65535) }, 96 },
    { "names that are lists of structs", { HEADER(11), STRUCT(0, 0, 3), 0, 0, LIST(0, COMPOSITE, 5), STRUCT(1, 3, 2), 0, 0, 0,
                                           LIST(-6, COMPOSITE, 5), 0 }, 96 },
    { "2^29 grants without size", { HEADER(6), STRUCT(0, 0, 3), 0, 0, LIST(0, COMPOSITE, 0), STRUCT(0x1fffffff, 0, 0), 0 }, 56 },
    { "2^29 grants of nothing", { HEADER(6), STRUCT(0, 0, 3), 0, 0, LIST(0, 0, 0x1fffffff), 0, 0 }, 56 },
    { "grants of bits", { HEADER(6), STRUCT(0, 0, 3), 0, 0, LIST(0, 1, 8), 0, 0 }, 56 },
};

#define COUNT(array) (sizeof array / sizeof array[0])

static _Alignas(8) uint8_t reply[256];

/* 0 when it is exactly the refusal of a message that does not decode; else the code, or the exception's type + 1. */
static int32_t refusal(const char *cap, uint16_t method, const void *bytes, uint32_t len)
{
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = capos_capset_find(cap)->cap_id, .method_id = method,
                            .addr = (uintptr_t)bytes, .len = len, .result_addr = (uintptr_t)reply, .result_len = sizeof reply };
    static const char refused[] = "params do not decode";
    struct capn_message m;
    struct capn_struct root;
    struct capn_text text = { 0 };
    int32_t result = run_entry(sqe);
    if (result != CAP_ERR_APPLICATION_EXCEPTION)
        return result == 0 ? 1000 : result;
    if (capn_message_open(&m, reply, sizeof reply, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK || capn_root(&m, &root) != CAPN_OK ||
        capn_get_text(&root, 0, &text) != CAPN_OK)
        return 999;
    bool same = text_equal(text.bytes, text.len, refused, sizeof refused - 1);
    return same && capn_get_u16(&root, 0) == CAP_EXCEPTION_FAILED ? 0 : capn_get_u16(&root, 0) + 1;
}

static void try_on(const char *row, const char *cap, uint16_t method, const struct message *messages, size_t count)
{
    char what[120];
    for (size_t i = 0; i < count; i++) {
        struct text_buf buf = text_buf_over(what, sizeof what - 1);
        capos_format(&buf, "%s, method %u: %s", cap, method, messages[i].what);
        what[buf.len] = '\0';
        expect(row, refusal(cap, method, messages[i].words, messages[i].bytes), 0, what);
    }
}

/* Many pointers to one large text: each is right, all together are more than may be read. */
static void check_bomb(void)
{
    static uint64_t words[8000];
    uint32_t elements = 1000, text_words = 2500, total = 5 + 1 + 5 * elements + text_words;
    memset(words, 0, sizeof words);
    words[0] = HEADER(total - 1);
    words[1] = STRUCT(0, 0, 3);
    words[4] = LIST(0, COMPOSITE, 5 * elements);
    words[5] = STRUCT(elements, 3, 2);
    for (uint32_t i = 0; i < elements; i++) {
        uint32_t at = 6 + 5 * i + 3;
        words[at] = LIST(6 + 5 * elements - at - 1, BYTE_LIST, 8 * text_words);
    }
    memset(&words[6 + 5 * elements], 'a', 8 * text_words - 1);
    int32_t code = refusal("process_spawner", CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, words, total * 8);
    expect_true("C5", code >= 0 && code != 1000, "a thousand names of 20,000 bytes in one place");
    /* Strings and lists inside each other as deep as the message is long. */
    memset(words, 0, sizeof words);
    words[0] = HEADER(COUNT(words) - 1);
    for (uint32_t i = 1; i < COUNT(words) - 1; i++)
        words[i] = STRUCT(0, 0, 1);
    expect("C5", refusal("console", CAPOS_CONSOLE_WRITE_METHOD, words, sizeof words), 0, "console: 8,000 structs inside each other");
    expect("C5", refusal("log_sink", CAPOS_LOG_SINK_WRITE_METHOD, words, sizeof words), 0, "log_sink: 8,000 structs inside each other");
    for (uint32_t i = 2; i < COUNT(words) - 1; i++)
        words[i] = LIST(0, 6, 1);
    expect("C5", refusal("console", CAPOS_CONSOLE_WRITE_METHOD, words, sizeof words), 0, "console: 8,000 lists inside each other");
}

/* Every single byte of a good message is changed, every length is tried: whatever it is then, the kernel goes on. */
static void check_every_byte(void)
{
    static const uint64_t good[] = { HEADER(5), STRUCT(0, 0, 3), LIST(2, BYTE_LIST, 2), LIST(1, BYTE_LIST, 2), 0, 0x0078 };
    uint64_t changed[COUNT(good)];
    static const uint8_t values[] = { 0x01, 0x80, 0xff };
    uint32_t tried = 0;
    for (uint32_t at = 0; at < sizeof good; at++) {
        for (size_t v = 0; v < COUNT(values); v++) {
            memcpy(changed, good, sizeof good);
            ((uint8_t *)changed)[at] ^= values[v];
            tried += refusal("process_spawner", CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, changed, sizeof good) != 1000;
        }
        tried += refusal("process_spawner", CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, good, at) == 0;
    }
    expect("C6", tried, 4 * sizeof good, "spawn: every byte changed, every length tried");
}

int main(void)
{
    hostile_begin();
    static const struct {
        const char *cap;
        uint16_t method;
        bool pointer, text;
    } targets[] = {
        { "console", CAPOS_CONSOLE_WRITE_METHOD, true, false }, { "console", CAPOS_CONSOLE_WRITE_LINE_METHOD, true, true },
        { "process_spawner", CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, true, true }, { "timer", CAPOS_TIMER_SLEEP_METHOD, false, false },
        { "frame_allocator", CAPOS_FRAME_ALLOCATOR_ALLOC_CONTIGUOUS_METHOD, false, false },
        { "virtual_memory", CAPOS_VIRTUAL_MEMORY_MAP_METHOD, false, false }, { "log_sink", CAPOS_LOG_SINK_WRITE_METHOD, false, false },
        { "boot_package", CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD, false, false },
    };
    for (size_t i = 0; i < COUNT(targets); i++) {
        try_on("C1", targets[i].cap, targets[i].method, frames, COUNT(frames));
        if (targets[i].pointer)
            try_on("C2", targets[i].cap, targets[i].method, pointers, COUNT(pointers));
        if (targets[i].text)
            try_on("C3", targets[i].cap, targets[i].method, texts, COUNT(texts));
    }
    try_on("C4", "process_spawner", CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, grants, COUNT(grants));
    check_bomb();
    check_every_byte();
    return hostile_finish("hostile_capn");
}
