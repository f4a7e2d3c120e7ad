/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The login front end of the console: asks for an account and its password,
 * and runs the shell in the session that the credential service opens for it,
 * with the terminal and a timer and nothing else. When the shell ends the
 * session is ended and the next one may come. Without a configured password
 * the first visitor sets one, for this boot. Control-C at the account's prompt
 * ends it.
 *
 * Needs terminal, store and manager (facets of the credential service),
 * authority_broker and audit_log. It is trusted with the password on its way.
 */
#include "capos/capos.h"

#define LINE_BYTES 256u
#define SHELL "shell"

struct line {
    char bytes[LINE_BYTES + 1];
    uint32_t len;
};

static struct capos_client terminal, store, manager, broker, audit;

static void say_text(struct capn_text text)
{
    struct capos_terminal_session_write_line_params in = { .text = text };
    (void)capos_terminal_session_write_line(&terminal, &in, NULL);
}

static void say(const char *text)
{
    say_text(capn_text_of(text));
}

/* Cancelled lines and a closed terminal are false. */
static bool ask(const char *prompt, enum capos_line_echo echo, struct line *out)
{
    struct capos_terminal_session_read_line_params in = {
        .has_request = true,
        .request = { .prompt = capn_text_of(prompt), .max_bytes = LINE_BYTES, .echo = echo, .allow_empty = false } };
    struct capos_terminal_session_read_line_results got;
    if (capos_terminal_session_read_line(&terminal, &in, &got) != CAPOS_OK || got.status != CAPOS_LINE_STATUS_SUBMITTED ||
        got.line.len > LINE_BYTES)
        return false;
    out->len = got.line.len;
    memcpy(out->bytes, got.line.bytes, got.line.len);
    return true;
}

static void forget(struct line *line)
{
    volatile char *bytes = line->bytes;
    for (uint32_t i = 0; i < sizeof line->bytes; i++)
        bytes[i] = 0;
    line->len = 0;
}

static struct capn_data data_of(const struct line *line)
{
    return (struct capn_data){ (const uint8_t *)line->bytes, line->len };
}

static void record(enum capos_audit_event_type event, bool ok, enum capos_audit_reason_class reason)
{
    struct capos_audit_log_record_params in = {
        .event_type = event, .result_class = ok ? CAPOS_AUDIT_RESULT_CLASS_OK : CAPOS_AUDIT_RESULT_CLASS_FAILED,
        .reason_class = reason, .profile = capn_text_of("operator") };
    (void)capos_audit_log_record(&audit, &in, NULL);
}

/* ---- the first visitor ------------------------------------------------------------------------------ */

static bool set_password(void)
{
    static struct line first, second;
    struct capos_credential_store_create_console_password_params in;
    struct capos_credential_store_create_console_password_results got;
    say("No password is configured. The one you choose now lasts until the machine is switched off.");
    if (!ask("new password: ", CAPOS_LINE_ECHO_HIDDEN, &first) || !ask("once more: ", CAPOS_LINE_ECHO_HIDDEN, &second))
        return false;
    in.password = data_of(&first);
    bool same = text_equal(first.bytes, first.len, second.bytes, second.len);
    bool made = same && capos_credential_store_create_console_password(&store, &in, &got) == CAPOS_OK;
    say(made ? "The password is set." : same ? "The password was refused." : "These two differ.");
    forget(&first);
    forget(&second);
    return true;
}

static bool is_configured(void)
{
    struct capos_credential_store_console_password_status_results got = { .configured = false };
    return capos_credential_store_console_password_status(&store, NULL, &got) == CAPOS_OK && got.configured;
}

/* ---- a visit ------------------------------------------------------------------------------------------ */

static bool log_in(const struct line *account, const struct line *password, struct capos_client *session)
{
    struct capos_session_manager_login_params in = {
        .method = capn_text_of("password"), .has_selector = true,
        .selector = { .kind = CAPOS_LOGIN_SELECTOR_KIND_ACCOUNT_NAME, .value = data_of(account) },
        .proof = data_of(password), .has_source = true, .source = { .source = capn_text_of("console") } };
    struct capos_session_manager_login_results got;
    enum capos_status status = capos_session_manager_login(&manager, &in, &got);
    if (status == CAPOS_OK)
        return capos_reply_take(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID, session) == CAPOS_OK;
    if (status == CAPOS_EXCEPTION)
        say_text((struct capn_text){ manager.exception.text, (uint32_t)manager.exception.len });
    else
        say(capos_status_text(status));
    return false;
}

static bool open_launcher(const struct capos_client *session, struct capos_client *launcher)
{
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session->cap_id,
                                                             .profile = capn_text_of("operator") };
    struct capos_authority_broker_shell_bundle_results got;
    bool ok = capos_authority_broker_shell_bundle(&broker, &in, &got) == CAPOS_OK &&
              capos_reply_take(got.launcher_index, CAPOS_RESTRICTED_LAUNCHER_INTERFACE_ID, launcher) == CAPOS_OK;
    record(CAPOS_AUDIT_EVENT_TYPE_BROKER, ok, CAPOS_AUDIT_REASON_CLASS_NONE);
    return ok;
}

static bool start_shell(struct capos_client *launcher, struct capos_client *handle)
{
    const struct capos_cap_grant grants[] = {
        capos_grant_held("terminal", terminal.cap_id, CAPOS_TERMINAL_SESSION_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
    };
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of(SHELL), .binary_name = capn_text_of(SHELL),
                                                         .grants = capn_list_of_array(grants, 2) };
    struct capos_restricted_launcher_spawn_results got;
    bool ok = capos_restricted_launcher_spawn(launcher, &in, &got) == CAPOS_OK &&
              capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, handle) == CAPOS_OK;
    record(CAPOS_AUDIT_EVENT_TYPE_SHELL_LAUNCH, ok, CAPOS_AUDIT_REASON_CLASS_SPAWN);
    return ok;
}

static void run_session(struct capos_client *session)
{
    struct capos_client launcher, handle;
    struct capos_process_handle_wait_results ended;
    if (!open_launcher(session, &launcher)) {
        say("no shell for this session");
        return;
    }
    if (start_shell(&launcher, &handle)) {
        (void)capos_process_handle_wait(&handle, NULL, &ended);
        capos_client_close(&handle);
    } else {
        say("the shell could not be started");
    }
    capos_client_close(&launcher);
    bool over = capos_user_session_logout(session, NULL, NULL) == CAPOS_OK;
    record(CAPOS_AUDIT_EVENT_TYPE_SESSION, over, CAPOS_AUDIT_REASON_CLASS_NONE);
    say("logged out");
}

/* False: nobody wants in any more. */
static bool receive_visitor(void)
{
    static struct line account, password;
    struct capos_client session;
    if (!is_configured())
        return set_password();
    if (!ask("login: ", CAPOS_LINE_ECHO_VISIBLE, &account))
        return false;
    if (!ask("password: ", CAPOS_LINE_ECHO_HIDDEN, &password))
        return true;
    bool in = log_in(&account, &password, &session);
    forget(&password);
    if (in) {
        run_session(&session);
        capos_client_close(&session);
    }
    return true;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (capos_client_open(&terminal, "terminal", CAPOS_TERMINAL_SESSION_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&store, "store", CAPOS_CREDENTIAL_STORE_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&manager, "manager", CAPOS_SESSION_MANAGER_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&broker, "authority_broker", CAPOS_AUTHORITY_BROKER_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&audit, "audit_log", CAPOS_AUDIT_LOG_INTERFACE_ID) != CAPOS_OK) {
        capos_print("login: needs terminal, store, manager, authority_broker and audit_log\n");
        return 1;
    }
    while (receive_visitor())
        ;
    return 0;
}
