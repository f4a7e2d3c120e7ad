/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes typed at a terminal: the line stays within its limit, and what is echoed is what is in it. */
#include "core/base/base_fuzz.h"

#include "core/line/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    static struct line_editor line;
    line_init(&line);
    while (input.left > 0) {
        uint32_t limit = (uint32_t)fuzz_take(&input, 2);
        uint32_t how = (uint32_t)fuzz_take(&input, 1);
        bool hidden = how % 2 == 1, allow_empty = how / 2 % 2 == 1;
        enum line_event event = LINE_NONE;
        line_begin(&line, limit, hidden, allow_empty);
        FUZZ_CHECK(line.len == 0 && line.limit <= TERMINAL_LINE_BYTES_MAX);
        while (input.left > 0 && (event == LINE_NONE || event == LINE_PROMPT)) {
            struct line_echo echo;
            uint32_t before = line.len;
            uint8_t byte = (uint8_t)fuzz_take(&input, 1);
            event = line_feed(&line, byte, &echo);
            FUZZ_CHECK(echo.len <= sizeof echo.bytes && line.len <= line.limit);
            FUZZ_CHECK(line.len <= before + 1 && (line.len + 1 >= before || event == LINE_CANCELLED));
            if (line.len == before + 1) {
                FUZZ_CHECK(line.bytes[before] == byte && byte >= 0x20 && byte != 0x7f);
                FUZZ_CHECK(hidden ? echo.len == 0 : echo.len == 1 && echo.bytes[0] == byte);
            }
        }
        FUZZ_CHECK(event != LINE_SUBMITTED || allow_empty || line.len > 0);
        FUZZ_CHECK(event != LINE_CANCELLED || line.len == 0);
    }
    return 0;
}
