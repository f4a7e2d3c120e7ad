/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs started from the shell. A job is a ProcessHandle that the shell
 * holds; `kill` can end nothing else.
 */
#include "core/manifest/sources.h"
#include "shell.h"

#define JOBS_MAX 16
#define GRANTS_MAX 24

struct job {
    bool used;
    char name[65];
    struct capos_process process;
};

static struct job jobs[JOBS_MAX];

static struct job *job_named(const char *command, const char *text)
{
    uint32_t number;
    if (shell_number(text, &number) && number >= 1 && number <= JOBS_MAX && jobs[number - 1].used)
        return &jobs[number - 1];
    shell_say("%s: no job `%s`; `jobs` lists them", command, text);
    return NULL;
}

static int job_number(const struct job *job)
{
    return (int)(job - jobs) + 1;
}

/* True when the job has ended (and was reported). */
static bool poll_job(struct job *job, uint64_t timeout_ns)
{
    int64_t code;
    enum capos_status status = capos_process_wait(&job->process, timeout_ns, &code);
    if (status == CAPOS_TIMED_OUT)
        return false;
    if (status == CAPOS_OK)
        shell_say("job %d (%s) exited with code %ld", job_number(job), job->name, code);
    else
        shell_say("job %d (%s): wait: %s", job_number(job), job->name, capos_status_text(status));
    capos_process_close(&job->process);
    job->used = false;
    return true;
}

void shell_report_exits(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].used)
            poll_job(&jobs[i], 0);
    }
}

/* NAME[=SOURCE]: the source is a kernel source, of which the child gets its own, or a capability this shell holds. */
static bool parse_grant(char *text, struct capos_cap_grant *grant)
{
    char *source = text;
    while (*source != '\0' && *source != '=')
        source++;
    if (*source == '=')
        *source++ = '\0';
    else
        source = text;
    const struct capset_entry *held = capos_capset_find(source);
    const struct manifest_source *kernel = manifest_source_by_name(source, text_len(source));
    if (kernel != NULL)
        *grant = capos_grant_kernel(text, (enum capos_kernel_cap_source)kernel->ordinal, kernel->interface_id);
    else if (held != NULL)
        *grant = capos_grant_held(text, held->cap_id, held->interface_id);
    else
        shell_say("spawn: `%s` is neither held by this shell nor a kernel source", source);
    return kernel != NULL || held != NULL;
}

static bool parse_grants(int argc, char **argv, struct capos_cap_grant *grants, uint32_t *count)
{
    for (int i = 2; i < argc; i += 2) {
        if (!text_equal(argv[i], text_len(argv[i]), "--grant", 7) || i + 1 == argc) {
            shell_say("usage: spawn NAME [--grant NAME[=SOURCE]]...");
            return false;
        }
        if (*count == GRANTS_MAX) {
            shell_say("spawn: more than %d grants", GRANTS_MAX);
            return false;
        }
        if (!parse_grant(argv[i + 1], &grants[(*count)++]))
            return false;
    }
    return true;
}

static struct job *free_job(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (!jobs[i].used)
            return &jobs[i];
    }
    return NULL;
}

void shell_spawn(int argc, char **argv)
{
    static struct capos_cap_grant grants[GRANTS_MAX];
    uint32_t count = 0;
    struct capos_client spawner;
    struct job *job = free_job();
    if (argc < 2) {
        shell_say("usage: spawn NAME [--grant NAME[=SOURCE]]...");
        return;
    }
    if (job == NULL) {
        shell_say("spawn: %d jobs are running already", JOBS_MAX);
        return;
    }
    if (!parse_grants(argc, argv, grants, &count) ||
        !shell_open(&spawner, "process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID))
        return;
    enum capos_status status = capos_process_spawn(&spawner, argv[1], grants, count, &job->process);
    if (!shell_ok("spawn", &spawner, status))
        return;
    struct text_buf name = text_buf_over(job->name, sizeof job->name - 1);
    text_buf_append_str(&name, argv[1]);
    job->name[name.len] = '\0';
    job->used = true;
    shell_say("job %d (%s) started", job_number(job), job->name);
}

void shell_jobs(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        shell_say("jobs takes no arguments");
        return;
    }
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].used && !poll_job(&jobs[i], 0))
            shell_say("job %d (%s) running", i + 1, jobs[i].name);
    }
}

void shell_wait(int argc, char **argv)
{
    if (argc != 2) {
        shell_say("usage: wait JOB");
        return;
    }
    struct job *job = job_named("wait", argv[1]);
    if (job != NULL)
        poll_job(job, CAP_ENTER_WAIT_FOREVER);
}

void shell_kill(int argc, char **argv)
{
    if (argc != 2) {
        shell_say("usage: kill JOB");
        return;
    }
    struct job *job = job_named("kill", argv[1]);
    if (job == NULL)
        return;
    if (shell_ok("kill", &job->process.handle, capos_process_terminate(&job->process)))
        poll_job(job, CAP_ENTER_WAIT_FOREVER);
}
