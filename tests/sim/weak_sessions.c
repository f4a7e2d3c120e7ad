/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The life of a session's record: it is there as long as a process of the
 * session, its UserSession or its launcher is, whichever goes last, and gone
 * with the last.
 */
#include "tests/sim/session_kit.h"

#define MANAGER { "session_manager", NULL, 0 }
#define BROKER { "authority_broker", NULL, 0 }

static bool may_end;

PROGRAM(stays)
{
    while (!may_end)
        sim_pause();
}

static uint32_t records(void)
{
    return kernel.sessions.table.used;
}

static const struct session *session_of(struct process *process)
{
    CHECK(process != NULL && process->session != NULL);
    return process->session;
}

/* Everything but the process is given up first. */
PROGRAM(process_last)
{
    CHECK_EQ(records(), 0);
    struct capos_client session = guest_session();
    CHECK_EQ(records(), 1);
    struct bundle bundle = bundle_of(&session, "guest");
    struct kit_child child = launch(&bundle, "stays", NULL, 0);
    const struct session *record = session_of(newest());
    uint64_t serial = session_serial(record);
    CHECK_EQ(guest_release(session.cap_id), 0);
    CHECK_EQ(guest_release(bundle.session.cap_id), 0);
    CHECK_EQ(guest_release(bundle.launcher.cap_id), 0);
    CHECK(records() == 1 && session_serial(record) == serial && session_is_live_now(record));
    struct capos_client other = anonymous_session(); /* takes another place */
    CHECK(records() == 2 && session_serial(record) == serial);
    may_end = true;
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(records(), 1);
    CHECK_EQ(guest_release(other.cap_id), 0);
    CHECK_EQ(records(), 0);
}

/* Two processes come and go; what is held goes on. */
PROGRAM(process_first)
{
    struct capos_client session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    may_end = true;
    for (int i = 0; i < 3; i++) {
        struct kit_child child = launch(&bundle, "stays", NULL, 0);
        CHECK_EQ(kit_wait(&child), 0);
        CHECK_EQ(records(), 1);
    }
    struct capos_user_session_info_results info;
    CHECK_EQ(capos_user_session_info(&session, NULL, &info), CAPOS_OK);
    CHECK_EQ(guest_release(bundle.launcher.cap_id), 0);
    CHECK_EQ(guest_release(bundle.session.cap_id), 0);
    CHECK_EQ(records(), 1);
    CHECK_EQ(capos_user_session_info(&session, NULL, &info), CAPOS_OK);
    CHECK_EQ(guest_release(session.cap_id), 0);
    CHECK_EQ(records(), 0);
}

static const struct sim_test tests[] = {
    { .name = "session-process-last", .init = process_last, .grants = { MANAGER, BROKER }, .programs = { { "stays", stays } }, .change = seed },
    { .name = "session-process-first", .init = process_first, .grants = { MANAGER, BROKER }, .programs = { { "stays", stays } },
      .change = seed },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
