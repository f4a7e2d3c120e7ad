/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The framing of a message, for every content and length of the bytes: only
 * the segment table is read, and only where it is; an accepted message has its
 * segments one behind the other inside the bytes, and a message is refused
 * only when its table or a segment ends behind them or it has too many.
 */
#include "core/base/base_proof.h"
#include "core/capn/message.c"

#define TABLE 16u /* bytes of it that are there: up to 3 segments */

/* PROOF segments_lie_in_the_bytes
 * of: capn_message_open, read_table
 * bound: up to 3 segments of any size in bytes of any length, any content and limits otherwise
 * next: 64 segments, which is all: about a minute
 * unwind: 5
 * solver: boolector
 */
void segments_lie_in_the_bytes(void)
{
    uint8_t bytes[TABLE]; /* without a value: any */
    struct capn_message out;
    struct capn_limits limits = {nondet_u32(), nondet_u32(), nondet_u64()};
    size_t len = nondet_size(), size = 0;
    uint64_t count = (uint64_t)load_le32(bytes) + 1, words = 0;
    bool allowed = count <= limits.max_segments && count <= 64;
    assume(count <= 3 || !allowed);
    enum capn_error error = capn_message_open(&out, bytes, len, limits, &size);
    if (len >= 8 && !allowed) {
        probe(1);
        assert(error == CAPN_TOO_MANY_SEGMENTS);
        return;
    }
    uint64_t table = count % 2 == 0 ? 8 + count * 4 : 4 + count * 4;
    if (len < 8 || len < table) {
        probe(2);
        assert(error == CAPN_TRUNCATED);
        return;
    }
    for (uint32_t i = 0; i < 3; i++)
        words += i < count ? load_le32(bytes + 4 + 4 * i) : 0;
    if (words > (len - table) / 8 || words > UINT32_MAX) {
        probe(3);
        assert(error == CAPN_TRUNCATED);
        return;
    }
    probe(4);
    assert(error == CAPN_OK && out.segment_count == count && out.body == bytes + table && size == table + words * 8);
    assert(out.nesting == limits.max_nesting && out.words_left == limits.max_traversal_words);
    uint32_t i = nondet_u32();
    assume(i < count);
    assert(out.segments[i].words == load_le32(bytes + 4 + 4 * i));
    assert((uint64_t)out.segments[i].start + out.segments[i].words == (i + 1 < count ? out.segments[i + 1].start : words));
    assert(out.segments[0].start == 0);
}
