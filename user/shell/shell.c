/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The read-split-run loop of the shell, its command table, and its way of speaking. */
#include "shell.h"

static struct capos_client terminal;
static bool leaving;

static void shell_help(int argc, char **argv);
static void shell_poweroff(int argc, char **argv);
static void shell_exit(int argc, char **argv);

static const struct shell_command commands[] = {
    { "help", "help [COMMAND]", "list the commands, or tell how one is used", shell_help },
    { "ps", "ps", "processes: state, CPU time, memory", shell_ps },
    { "caps", "caps", "what this shell holds: name, interface, origin, transfer mode", shell_caps },
    { "graph", "graph [PID]", "who holds what: each process with its capabilities and their objects", shell_graph },
    { "audit", "audit", "grants, transfers, revocations, starts, ends and refusals, as the kernel saw them", shell_audit },
    { "quota", "quota [PID]", "each ledger of a process (default: this shell): used and limit", shell_quota },
    { "spawn", "spawn NAME [--grant NAME[=SOURCE]]...", "start a program of the boot package with exactly these grants",
      shell_spawn },
    { "programs", "programs", "programs of the boot package", shell_programs },
    { "jobs", "jobs", "programs started here", shell_jobs },
    { "wait", "wait JOB", "wait until a job has ended", shell_wait },
    { "kill", "kill JOB", "end a job started here", shell_kill },
    { "log", "log [debug|info|warn|error]", "retained log records, from a level upwards", shell_log },
    { "mem", "mem", "physical memory by use", shell_mem },
    { "time", "time", "time of day and since boot", shell_time },
    { "exit", "exit", "leave this shell", shell_exit },
    { "poweroff", "poweroff", "switch the machine off", shell_poweroff },
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

void shell_say(const char *format, ...)
{
    char line[512];
    struct text_buf buf = text_buf_over(line, sizeof line);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    struct capos_terminal_session_write_line_params in = { .text = { line, (uint32_t)buf.len } };
    capos_terminal_session_write_line(&terminal, &in, &(struct capos_terminal_session_write_line_results){ 0 });
}

bool shell_open(struct capos_client *client, const char *name, uint64_t interface_id)
{
    if (capos_client_open(client, name, interface_id) == CAPOS_OK)
        return true;
    shell_say("this shell was not granted `%s`", name);
    return false;
}

bool shell_ok(const char *command, const struct capos_client *client, enum capos_status status)
{
    if (status == CAPOS_EXCEPTION)
        shell_say("%s: %.*s", command, (int)client->exception.len, client->exception.text);
    else if (status != CAPOS_OK)
        shell_say("%s: %s", command, capos_status_text(status));
    return status == CAPOS_OK;
}

bool shell_number(const char *text, uint32_t *out)
{
    uint32_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > (UINT32_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint32_t)(*text - '0');
    }
    *out = value;
    return true;
}

static bool same(const char *a, const char *b)
{
    return text_equal(a, text_len(a), b, text_len(b));
}

static const struct shell_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (same(commands[i].name, name))
            return &commands[i];
    }
    shell_say("unknown command `%s`; `help` lists the commands", name);
    return NULL;
}

static void shell_help(int argc, char **argv)
{
    if (argc == 2) {
        const struct shell_command *command = find_command(argv[1]);
        if (command != NULL)
            shell_say("usage: %s -- %s", command->usage, command->summary);
        return;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        shell_say("  %-40s %s", commands[i].usage, commands[i].summary);
}

static void shell_exit(int argc, char **argv)
{
    (void)argv;
    if (argc == 1)
        leaving = true;
    else
        shell_say("exit takes no arguments");
}

static void shell_poweroff(int argc, char **argv)
{
    struct capos_client power;
    (void)argv;
    if (argc != 1) {
        shell_say("poweroff takes no arguments");
        return;
    }
    if (!shell_open(&power, "power_control", CAPOS_POWER_CONTROL_INTERFACE_ID))
        return;
    struct capos_power_control_power_off_params in = { .status = 0 };
    shell_ok("poweroff", &power,
             capos_power_control_power_off(&power, &in, &(struct capos_power_control_power_off_results){ 0 }));
}

/* Splits at blanks, in place. -1: too many words. */
static int split(char *line, char **words)
{
    int count = 0;
    for (char *at = line; *at != '\0';) {
        while (*at == ' ' || *at == '\t')
            *at++ = '\0';
        if (*at == '\0')
            break;
        if (count == SHELL_WORDS_MAX)
            return -1;
        words[count++] = at;
        while (*at != '\0' && *at != ' ' && *at != '\t')
            at++;
    }
    return count;
}

static void run_line(char *line)
{
    char *words[SHELL_WORDS_MAX];
    int count = split(line, words);
    if (count < 0) {
        shell_say("more than %d words in one line", SHELL_WORDS_MAX);
        return;
    }
    const struct shell_command *command = count == 0 ? NULL : find_command(words[0]);
    if (command != NULL)
        command->run(count, words);
}

/* False: the terminal is gone. */
static bool read_and_run(void)
{
    struct capos_terminal_session_read_line_params in = {
        .has_request = true,
        .request = { .prompt = capn_text_of("capos> "), .max_bytes = 256, .echo = CAPOS_LINE_ECHO_VISIBLE,
                     .allow_empty = true },
    };
    struct capos_terminal_session_read_line_results got;
    if (capos_terminal_session_read_line(&terminal, &in, &got) != CAPOS_OK || got.status == CAPOS_LINE_STATUS_CLOSED)
        return false;
    if (got.status != CAPOS_LINE_STATUS_SUBMITTED)
        return true;
    char line[257];
    uint32_t len = got.line.len < sizeof line - 1 ? got.line.len : sizeof line - 1;
    if (len > 0)
        memcpy(line, got.line.bytes, len);
    line[len] = '\0';
    run_line(line);
    return true;
}

static void greet(void)
{
    struct capos_client info;
    struct capos_system_info_motd_results motd;
    if (capos_client_open(&info, "system_info", CAPOS_SYSTEM_INFO_INTERFACE_ID) == CAPOS_OK &&
        capos_system_info_motd(&info, &(struct capos_system_info_motd_params){ 0 }, &motd) == CAPOS_OK &&
        motd.text.len > 0)
        shell_say("%.*s", (int)motd.text.len, motd.text.bytes);
    shell_say("This shell holds %u capabilities. `caps` shows them, `help` lists the commands.", capos_capset_count());
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (capos_client_open(&terminal, "terminal", CAPOS_TERMINAL_SESSION_INTERFACE_ID) != CAPOS_OK) {
        capos_print("shell: needs a TerminalSession granted as `terminal`\n");
        return 1;
    }
    greet();
    while (!leaving && read_and_run())
        shell_report_exits();
    return 0;
}
