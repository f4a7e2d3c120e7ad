/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of kernel sources: see sources.h. */
#include "kernel/boot/sources.h"

#include <stddef.h>

#include "core/base/bytes.h"
#include "core/manifest/sources.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"

struct source {
    uint32_t number;
    struct object *(*create)(struct process *holder);
};

static const struct source sources[] = {
    {0, console_create},
    {2, frame_allocator_create},
    {3, virtual_memory_create},
    {4, process_spawner_create},
    {5, boot_package_create},
    {6, terminal_session_create},
    {7, entropy_source_create},
    {11, audit_log_create},
    {12, system_info_create},
    {13, null_create},
    {15, timer_create},
    {36, wall_clock_create},
    {38, log_sink_create},
    {39, log_reader_create},
    {MANIFEST_SOURCE_SYSTEM_MONITOR, system_monitor_create},
    {MANIFEST_SOURCE_POWER_CONTROL, power_control_create},
    {MANIFEST_SOURCE_STD_IO, stdio_create},
};

static const struct source *find(uint32_t number)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (sources[i].number == number)
            return &sources[i];
    return NULL;
}

bool source_is_available(uint32_t number)
{
    return find(number) != NULL;
}

static const char *unavailable_text(uint32_t number)
{
    static char storage[96];
    const struct manifest_source *known =
        number <= UINT16_MAX ? manifest_source_by_ordinal((uint16_t)number) : NULL;
    struct text_buf text = text_buf_over(storage, sizeof storage - 1);
    text_buf_append_str(&text, "kernel source ");
    if (known != NULL)
        text_buf_append_str(&text, known->name);
    else
        text_buf_append_u64(&text, number);
    text_buf_append_str(&text, " is not available");
    storage[text.len] = '\0';
    return storage;
}

static bool refuse(struct source_refusal *why, enum cap_exception_type type, const char *text)
{
    *why = (struct source_refusal){type, text};
    return false;
}

bool source_grant(const struct source_request *request, struct process *process, struct capset_entry *entry,
                  struct source_refusal *why)
{
    const struct source *source = find(request->number);
    if (source == NULL)
        return refuse(why, CAP_EXCEPTION_FAILED, unavailable_text(request->number));
    struct object *object = source->create(process);
    if (object == NULL)
        return refuse(why, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    bool ok = false;
    if (object->ops->interface_id != request->interface_id) {
        refuse(why, CAP_EXCEPTION_FAILED, cap_error_text(CAP_INTERFACE_RELABEL));
    } else {
        enum cap_error error = object_insert(&process->table, object, &entry->cap_id);
        ok = error == CAP_OK;
        if (!ok)
            refuse(why, cap_error_exception_type(error), cap_error_text(error));
    }
    entry->interface_id = object->ops->interface_id;
    object_drop(object);
    return ok;
}
