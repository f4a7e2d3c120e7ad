/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Token buckets by key, and the counts of what they held back: diag.h. */
#include "core/diag/diag.h"

#include "core/base/text.h"

/* In the order of enum diag_class. */
static const char *const class_names[DIAG_CLASS_COUNT] = {
    "other", "sqe-invalid", "user-buffer", "cap-lookup", "transfer", "endpoint",
    "quota", "ring-corrupt", "fault", "spawn", "manifest"};

static uint64_t passed(uint64_t since, uint64_t now)
{
    return now > since ? now - since : 0;
}

/* ---- the lock: nobody waits for it --------------------------------------------------- */

static bool try_lock(struct diag *diag)
{
    return __atomic_exchange_n(&diag->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static bool unlock(struct diag *diag, bool answer)
{
    __atomic_store_n(&diag->busy, 0, __ATOMIC_RELEASE);
    return answer;
}

/* ---- buckets and keys ------------------------------------------------------------------ */

static void refill(struct diag_bucket *bucket, uint32_t capacity, uint64_t period, uint64_t now)
{
    if (passed(bucket->last_ns, now) < period)
        return;
    uint64_t whole = (now - bucket->last_ns) / period;
    bucket->last_ns += whole * period;
    bucket->tokens = whole < capacity - bucket->tokens ? bucket->tokens + (uint32_t)whole : capacity;
}

static bool key_equal(const struct diag_key *a, const struct diag_key *b)
{
    return a->generation == b->generation && a->pid == b->pid && a->class == b->class && a->code == b->code;
}

static uint32_t home_of(const struct diag_key *key)
{
    uint64_t mixed = key->generation * 0x9e3779b97f4a7c15u + key->pid;
    mixed = (mixed ^ (uint64_t)key->class << 32 ^ (uint32_t)key->code) * 0xd6e8feb86659fd93u;
    return (uint32_t)(mixed >> 40) % DIAG_ENTRIES;
}

/* Is `entry` a better place for a new key? Free before the one refilled longest ago; one with a count is none. */
static bool is_better(const struct diag_entry *entry, const struct diag_entry *than)
{
    if (!entry->used)
        return than == NULL || than->used;
    return entry->suppressed == 0 && (than == NULL || (than->used && entry->bucket.last_ns < than->bucket.last_ns));
}

static struct diag_entry *find(struct diag *diag, const struct diag_key *key, uint64_t now)
{
    struct diag_entry *place = NULL;
    uint32_t home = home_of(key);
    for (uint32_t i = 0; i < DIAG_PROBES; i++) {
        struct diag_entry *entry = &diag->entries[(home + i) % DIAG_ENTRIES];
        if (entry->used && key_equal(&entry->key, key))
            return entry;
        if (is_better(entry, place))
            place = entry;
    }
    if (place == NULL)
        return &diag->entries[DIAG_ENTRIES];
    *place = (struct diag_entry){.key = *key, .used = true, .bucket = {.last_ns = now, .tokens = DIAG_BURST}};
    return place;
}

/* ---- counts -------------------------------------------------------------------------------- */

static void count(struct diag_entry *entry, uint64_t events, uint64_t now)
{
    if (entry->suppressed == 0)
        entry->first_ns = now;
    entry->suppressed = events < UINT32_MAX - entry->suppressed ? entry->suppressed + (uint32_t)events : UINT32_MAX;
}

static void merge(struct diag_entry *into, const struct diag_entry *from)
{
    count(into, from->suppressed, from->first_ns);
    if (from->first_ns < into->first_ns)
        into->first_ns = from->first_ns;
}

static void collect_contended(struct diag *diag, uint64_t now)
{
    count(&diag->entries[DIAG_ENTRIES], __atomic_exchange_n(&diag->contended, 0, __ATOMIC_RELAXED), now);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void append_key(struct text_buf *line, const char *before, const struct diag_key *key)
{
    text_buf_append_str(line, before);
    text_buf_append_u64(line, key->pid);
    text_buf_append_str(line, " class=");
    text_buf_append_str(line, class_names[key->class]);
    text_buf_append_str(line, " code=");
    text_buf_append_i64(line, key->code);
    text_buf_append_str(line, " ");
}

static struct text_buf form_line(char storage[DIAG_LINE_BYTES], const struct diag_event *event)
{
    struct text_buf line = text_buf_over(storage, DIAG_LINE_BYTES - 1);
    append_key(&line, "[diag] pid=", &event->key);
    if (event->subject != NULL) {
        text_buf_append_str(&line, event->subject);
        text_buf_append_str(&line, " user_data=");
        text_buf_append_hex(&line, event->detail);
        text_buf_append_str(&line, ": ");
    }
    text_buf_append(&line, event->text, event->text_len);
    return line;
}

static bool say_summary(struct diag_entry *entry, uint64_t now, const struct diag_sink *sink)
{
    char storage[DIAG_LINE_BYTES];
    struct text_buf line = text_buf_over(storage, sizeof storage - 1);
    text_buf_append_str(&line, entry->suppressed < UINT32_MAX ? "[diag] suppressed=" : "[diag] suppressed>=");
    text_buf_append_u64(&line, entry->suppressed);
    append_key(&line, " pid=", &entry->key);
    text_buf_append_str(&line, "window_ms=");
    text_buf_append_u64(&line, passed(entry->first_ns, now) / 1000000);
    if (!sink->write(sink->context, line.bytes, line.len))
        return false;
    entry->suppressed = 0;
    entry->summary_ns = now;
    return true;
}

static bool is_due(const struct diag_entry *entry, uint64_t now)
{
    return entry->suppressed > 0 && (entry->summary_ns == 0 || passed(entry->summary_ns, now) >= DIAG_SECOND_NS);
}

static bool budget_allows(struct diag_budget *budget, uint64_t bytes, uint64_t now)
{
    if (budget == NULL || budget->limit == 0)
        return true;
    if (passed(budget->window_ns, now) >= DIAG_SECOND_NS)
        *budget = (struct diag_budget){.limit = budget->limit, .window_ns = now};
    return bytes <= budget->limit && budget->used <= budget->limit - bytes;
}

/* ---- events -------------------------------------------------------------------------------------- */

/* The buckets have tokens. A due summary goes first; if that took the last token of all keys, the line has to wait. */
static bool try_print(struct diag *diag, struct diag_entry *entry, const struct diag_event *event, uint64_t now,
                      const struct diag_sink *sink)
{
    char storage[DIAG_LINE_BYTES];
    struct text_buf line = form_line(storage, event);
    if (!budget_allows(event->budget, line.len + 1, now))
        return false;
    if (is_due(entry, now) && say_summary(entry, now, sink) && --diag->global.tokens == 0)
        return false;
    if (!sink->write(sink->context, line.bytes, line.len))
        return false;
    if (event->budget != NULL)
        event->budget->used += line.len + 1;
    entry->bucket.tokens--;
    diag->global.tokens--;
    return true;
}

bool diag_report(struct diag *diag, const struct diag_event *event, uint64_t now, const struct diag_sink *sink)
{
    if (!try_lock(diag)) {
        __atomic_fetch_add(&diag->contended, 1, __ATOMIC_RELAXED);
        return true;
    }
    struct diag_entry *entry = find(diag, &event->key, now);
    refill(&entry->bucket, DIAG_BURST, DIAG_REFILL_NS, now);
    refill(&diag->global, DIAG_GLOBAL_BURST, DIAG_GLOBAL_REFILL_NS, now);
    entry->detail = event->detail;
    if (entry->bucket.tokens == 0 || diag->global.tokens == 0 || !try_print(diag, entry, event, now, sink))
        count(entry, 1, now);
    return unlock(diag, entry->suppressed > 0);
}

/* ---- flushes ----------------------------------------------------------------------------------------- */

bool diag_tick(struct diag *diag, uint64_t now, const struct diag_sink *sink)
{
    bool waits = false;
    if (!try_lock(diag))
        return true;
    collect_contended(diag, now);
    refill(&diag->global, DIAG_GLOBAL_BURST, DIAG_GLOBAL_REFILL_NS, now);
    uint32_t first = diag->next;
    for (uint32_t i = 0; i <= DIAG_ENTRIES; i++) {
        uint32_t at = (first + i) % (DIAG_ENTRIES + 1);
        struct diag_entry *entry = &diag->entries[at];
        if (is_due(entry, now) && diag->global.tokens > 0 && say_summary(entry, now, sink)) {
            diag->global.tokens--;
            diag->next = (at + 1) % (DIAG_ENTRIES + 1);
        }
        waits |= entry->suppressed > 0;
    }
    return unlock(diag, waits);
}

void diag_exit(struct diag *diag, uint32_t pid, uint64_t generation, uint64_t now, const struct diag_sink *sink)
{
    if (!try_lock(diag))
        return;
    struct diag_entry rest = {.key = {.pid = pid, .generation = generation}};
    uint32_t lines = 0;
    for (uint32_t i = 0; i < DIAG_ENTRIES; i++) {
        struct diag_entry *entry = &diag->entries[i];
        if (!entry->used || entry->key.pid != pid || entry->key.generation != generation)
            continue;
        bool alone = entry->suppressed > 0 && ++lines < DIAG_EXIT_LINES; /* the last line is for the rest */
        if (alone && !say_summary(entry, now, sink))
            continue;
        if (entry->suppressed > 0)
            merge(&rest, entry);
        *entry = (struct diag_entry){.used = false};
    }
    if (rest.suppressed > 0 && !say_summary(&rest, now, sink))
        merge(&diag->entries[DIAG_ENTRIES], &rest);
    (void)unlock(diag, true);
}

void diag_flush(struct diag *diag, uint64_t now, const struct diag_sink *sink)
{
    collect_contended(diag, now);
    for (uint32_t i = 0; i <= DIAG_ENTRIES; i++)
        if (diag->entries[i].suppressed > 0)
            (void)say_summary(&diag->entries[i], now, sink);
}
