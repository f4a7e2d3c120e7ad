/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The shell's parts. It holds nothing but what the manifest grants it; a
 * command whose capability is missing says so by name.
 */
#pragma once

#include "capos/capos.h"

#define SHELL_WORDS_MAX 32

struct shell_command {
    const char *name;
    const char *usage;
    const char *summary;
    void (*run)(int argc, char **argv);
};

/* show.c: what the system tells */
void shell_ps(int argc, char **argv);
void shell_caps(int argc, char **argv);
void shell_quota(int argc, char **argv);
void shell_mem(int argc, char **argv);
void shell_log(int argc, char **argv);
void shell_time(int argc, char **argv);
void shell_programs(int argc, char **argv);

/* authority.c: who holds what, and how it came about */
void shell_graph(int argc, char **argv);
void shell_audit(int argc, char **argv);

/* jobs.c: child processes */
void shell_spawn(int argc, char **argv);
void shell_jobs(int argc, char **argv);
void shell_wait(int argc, char **argv);
void shell_kill(int argc, char **argv);
/* Prints the exits of jobs that ended since the last call. */
void shell_report_exits(void);

/* shell.c */
void shell_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Opens a granted capability, or prints that `name` is not granted. */
bool shell_open(struct capos_client *client, const char *name, uint64_t interface_id);
/* Prints "COMMAND: STATUS [type: text]" when status is not CAPOS_OK; true when it is. */
bool shell_ok(const char *command, const struct capos_client *client, enum capos_status status);
/* A decimal number that fits 32 bits. */
bool shell_number(const char *text, uint32_t *out);
