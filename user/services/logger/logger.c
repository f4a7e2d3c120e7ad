/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The log service: LogSink for everybody, LogReader for who may read, behind
 * the endpoint `log`. A record's pid is replaced by the badge of the facet it
 * came through, which its sender cannot choose: that is its origin. Records
 * below `info` are not kept. An origin may write ORIGIN_RECORDS per second; what
 * is more is counted and said once, so that nobody pushes out the others'
 * records. Needs `timer`; kept records also go to the stream it was granted.
 */
#include "capos/capos.h"
#include "schema/generated/capos_names.h"

#define KEPT_MAX 256u
#define ORIGINS_MAX 32u
#define ORIGIN_RECORDS 32u
#define COMPONENT_BYTES 32u
#define MESSAGE_BYTES 160u
#define READ_MAX 16u
#define SECOND_NS 1000000000u

struct kept {
    struct capos_log_record record; /* its texts are the arrays below */
    char component[COMPONENT_BYTES];
    char message[MESSAGE_BYTES];
};

struct origin {
    uint64_t badge;
    uint32_t written; /* in this second */
    uint32_t refused;
};

static struct kept kept[KEPT_MAX];
static uint64_t written; /* since the start; the newest is at (written - 1) % KEPT_MAX */
static struct origin origins[ORIGINS_MAX];
static uint32_t origin_count;
static struct capos_client timer;

static struct capn_text copy_text(char *to, size_t room, struct capn_text from)
{
    uint32_t len = (uint32_t)utf8_cut(from.bytes, from.len, room);
    if (len > 0)
        memcpy(to, from.bytes, len);
    return (struct capn_text){ to, len };
}

static struct kept *keep(const struct capos_log_record *in, uint64_t badge)
{
    struct capos_timer_now_results now = { 0 };
    struct kept *to = &kept[written++ % KEPT_MAX];
    (void)capos_timer_now(&timer, NULL, &now);
    to->record = (struct capos_log_record){
        .tick = now.tick, .level = in->level, .pid = (uint32_t)badge,
        .component = copy_text(to->component, sizeof to->component, in->component),
        .message = copy_text(to->message, sizeof to->message, in->message),
    };
    return to;
}

/* Control characters could forge other lines. */
static void show(const struct kept *entry)
{
    char line[MESSAGE_BYTES + COMPONENT_BYTES];
    struct text_buf buf = text_buf_over(line, sizeof line);
    const struct capos_log_record *r = &entry->record;
    capos_format(&buf, "%.*s: %.*s", (int)r->component.len, r->component.bytes, (int)r->message.len, r->message.bytes);
    for (size_t i = 0; i < buf.len; i++)
        line[i] = (unsigned char)line[i] < ' ' || line[i] == 0x7f ? '?' : line[i];
    capos_print("[%u] %s %.*s\n", r->pid, capos_log_level_name(r->level), (int)buf.len, line);
}

/* NULL: more origins than there is room for. */
static struct origin *origin_of(uint64_t badge)
{
    for (uint32_t i = 0; i < origin_count; i++)
        if (origins[i].badge == badge)
            return &origins[i];
    if (origin_count == ORIGINS_MAX)
        return NULL;
    origins[origin_count] = (struct origin){ .badge = badge };
    return &origins[origin_count++];
}

static enum capn_outcome write_record(void *env, void *object, const struct capos_log_sink_write_params *in,
                                      struct capos_log_sink_write_results *out)
{
    struct capos_call *call = env;
    (void)object;
    if (!in->has_record || !capos_log_level_known(in->record.level))
        return capos_call_exception(call, CAPN_INVALID_ARGUMENT, "no record, or an unknown level");
    struct origin *origin = origin_of(call->received.badge);
    if (origin == NULL)
        return capos_call_exception(call, CAPN_OVERLOADED, "too many origins");
    if (in->record.level < CAPOS_LOG_LEVEL_INFO)
        return CAPN_DONE;
    if (origin->written == ORIGIN_RECORDS) {
        origin->refused++;
        return capos_call_exception(call, CAPN_OVERLOADED, "too many records in a second");
    }
    origin->written++;
    show(keep(&in->record, origin->badge));
    out->accepted = true;
    return CAPN_DONE;
}

static void next_second(struct capos_server *server)
{
    (void)server;
    for (uint32_t i = 0; i < origin_count; i++) {
        if (origins[i].refused > 0)
            capos_print("[%lu] %u records refused\n", origins[i].badge, origins[i].refused);
        origins[i].written = origins[i].refused = 0;
    }
}

static bool wanted(const struct capos_log_record *record, const struct capos_log_reader_read_params *in)
{
    struct capn_text prefix = in->filter.component_prefix;
    return !in->has_filter || (record->level >= in->filter.min_level && record->component.len >= prefix.len &&
                               (prefix.len == 0 || memcmp(record->component.bytes, prefix.bytes, prefix.len) == 0));
}

static enum capn_outcome read_records(void *env, void *object, const struct capos_log_reader_read_params *in,
                                      struct capos_log_reader_read_results *out)
{
    static struct capos_log_record found[READ_MAX];
    uint64_t oldest = written > KEPT_MAX ? written - KEPT_MAX : 0, at = in->cursor < oldest ? oldest : in->cursor;
    uint32_t count = 0, most = in->max_records < READ_MAX ? in->max_records : READ_MAX;
    (void)env, (void)object;
    for (; at < written && count < most; at++)
        if (wanted(&kept[at % KEPT_MAX].record, in))
            found[count++] = kept[at % KEPT_MAX].record;
    out->records = capn_list_of_array(found, count);
    out->next_cursor = at < written ? at : written;
    out->dropped = oldest;
    return CAPN_DONE;
}

int main(int argc, char **argv)
{
    static const struct capos_log_sink_ops sink = { .write = write_record };
    static const struct capos_log_reader_ops reader = { .read = read_records };
    static struct capos_served objects[] = {
        { CAPOS_LOG_SINK_INTERFACE_ID, capos_log_sink_serve, &sink, NULL, 0 },
        { CAPOS_LOG_READER_INTERFACE_ID, capos_log_reader_serve, &reader, NULL, 0 },
    };
    struct capos_server server = { .objects = objects, .object_count = 2, .tick_ns = SECOND_NS, .tick = next_second };
    (void)argc, (void)argv;
    if (capos_server_open(&server, "log") != CAPOS_OK ||
        capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID) != CAPOS_OK) {
        capos_print("logger: needs the endpoint `log` and `timer`\n");
        return 1;
    }
    enum capos_status status = capos_serve(&server);
    capos_print("logger: %s\n", capos_status_text(status));
    return status == CAPOS_OK ? 0 : 1;
}
