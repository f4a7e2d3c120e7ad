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
    const struct object_ops *ops;
};

static const struct source sources[] = {
    {0, &console_ops},
    {1, &endpoint_ops},
    {2, &frame_allocator_ops},
    {3, &virtual_memory_ops},
    {4, &process_spawner_ops},
    {5, &boot_package_ops},
    {6, &terminal_session_ops},
    {7, &entropy_source_ops},
    {8, &credential_store_ops},
    {9, &session_manager_ops},
    {10, &authority_broker_ops},
    {11, &audit_log_ops},
    {12, &system_info_ops},
    {13, &null_ops},
    {15, &timer_ops},
    {24, &endpoint_ops}, /* chat_endpoint */
    {16, &thread_control_ops},
    {17, &thread_spawner_ops},
    {18, &park_space_ops},
    {36, &wall_clock_ops},
    {38, &log_sink_ops},
    {39, &log_reader_ops},
    {MANIFEST_SOURCE_SYSTEM_MONITOR, &system_monitor_ops},
    {MANIFEST_SOURCE_POWER_CONTROL, &power_control_ops},
    {MANIFEST_SOURCE_STD_IO, &stdio_ops},
    {MANIFEST_SOURCE_SHARED_PARK_SPACE, &shared_park_space_ops},
    {MANIFEST_SOURCE_SERVICE_ENDPOINT, &service_endpoint_ops},
    {MANIFEST_SOURCE_SESSION_MINTER, &session_minter_ops},
};

static const struct source *find(uint32_t number)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (sources[i].number == number)
            return &sources[i];
    return NULL;
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
    struct object *object = object_new(source->ops);
    if (object == NULL)
        return refuse(why, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    bool ok = false;
    if (object->ops->interface_id != request->interface_id) {
        refuse(why, CAP_EXCEPTION_FAILED, cap_error_text(CAP_INTERFACE_RELABEL));
    } else {
        if (object->ops->granted != NULL)
            object->ops->granted(object, process);
        enum cap_error error = object_insert(&process->table, object, request->disclosure, &entry->cap_id);
        ok = error == CAP_OK;
        if (!ok)
            refuse(why, cap_error_exception_type(error), cap_error_text(error));
    }
    entry->interface_id = object->ops->interface_id;
    object_drop(object);
    return ok;
}
