/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reads lines from `stdio` and gives them back until an empty one, or the end of input. */
#include "capos/capos.h"

int main(void)
{
    struct capos_client stdio;
    if (capos_client_open(&stdio, "stdio", CAPOS_STD_IO_INTERFACE_ID) != CAPOS_OK) {
        capos_print("echo: needs `stdio`\n");
        return 1;
    }
    struct capos_std_io_read_params in = { .has_request = true,
                                           .request = { .prompt = capn_text_of("echo> "), .max_bytes = 256,
                                                        .allow_empty = true } };
    struct capos_std_io_read_results got;
    while (capos_std_io_read(&stdio, &in, &got) == CAPOS_OK && got.status == CAPOS_LINE_STATUS_SUBMITTED && got.text.len > 0) {
        char line[256];
        uint32_t len = got.text.len < sizeof line ? got.text.len : sizeof line;
        memcpy(line, got.text.bytes, len); /* the reply is gone once we print */
        capos_print("%.*s\n", (int)len, line);
    }
    return 0;
}
