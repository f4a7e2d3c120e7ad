/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes a log record of each level and says which were accepted; prints the host name and the banner. */
#include "capos/capos.h"

int main(void)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    struct capos_client sink, info;
    struct capos_log_sink_write_results got = { 0 };
    struct capos_system_info_hostname_results host;
    struct capos_system_info_motd_results motd;
    if (capos_client_open(&sink, "log_sink", CAPOS_LOG_SINK_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&info, "system_info", CAPOS_SYSTEM_INFO_INTERFACE_ID) != CAPOS_OK)
        return 1;
    for (uint32_t level = 0; level < 4; level++) {
        char text[32];
        struct text_buf buf = text_buf_over(text, sizeof text);
        capos_format(&buf, "words at %s", names[level]);
        struct capos_log_sink_write_params in = {
            .has_record = true,
            .record = { .level = (enum capos_log_level)level, .component = capn_text_of("log_level"), .pid = capos_pid(),
                        .message = { text, (uint32_t)buf.len } },
        };
        if (capos_log_sink_write(&sink, &in, &got) != CAPOS_OK)
            return 2;
        capos_print("%s: %s\n", names[level], got.accepted ? "accepted" : "dropped");
    }
    if (capos_system_info_hostname(&info, NULL, &host) != CAPOS_OK)
        return 3;
    capos_print("host %.*s\n", (int)host.name.len, host.name.bytes);
    if (capos_system_info_motd(&info, NULL, &motd) != CAPOS_OK)
        return 4;
    capos_print("motd %.*s\n", (int)motd.text.len, motd.text.bytes);
    return 0;
}
