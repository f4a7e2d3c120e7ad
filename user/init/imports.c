/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What services give each other. An exported endpoint belongs to its service,
 * and init gets a facet of it with the spawn, for the importers: plain, with
 * badge 0. When init holds an endpoint named SERVICE.EXPORT, that one is the
 * service's: it outlives a restart, its importers may start before the
 * service, and each gets the interface and the badge that its import asks for.
 * An import of anything else is a fresh capability of the same kernel source.
 */
#include "init.h"

#define EXPORTS_MAX 64u
#define BADGE_OF_SOURCE UINT64_MAX

struct exported {
    uint32_t service;
    struct capn_text name;
    bool held;   /* init owns it; else cap_id is the facet of the last start */
    bool live;
    uint32_t cap_id;
};

static struct exported exports[EXPORTS_MAX];
static uint32_t export_count;
static uint32_t order[MANIFEST_SERVICES_MAX];
static struct manifest_report report;

static bool is_endpoint(const struct manifest_cap *cap)
{
    return cap->source != NULL && cap->source->interface_id == CAPOS_ENDPOINT_INTERFACE_ID;
}

static struct exported *find_export(uint32_t service, struct capn_text name)
{
    for (uint32_t i = 0; i < export_count; i++)
        if (exports[i].service == service && capn_text_equal(exports[i].name, name))
            return &exports[i];
    return NULL;
}

/* Cap k of service s, which the decoder has accepted before. */
static struct manifest_cap cap_of(const struct manifest_plan *plan, uint32_t s, uint32_t k)
{
    struct manifest_cap cap = { 0 };
    (void)manifest_plan_cap(plan, s, k, &cap, &report);
    return cap;
}

/* What the import names; NULL when it is no endpoint. *from is the cap behind it. */
static struct exported *import_of(const struct manifest_plan *plan, const struct manifest_cap *import,
                                  struct manifest_cap *from)
{
    uint32_t service;
    if (manifest_plan_import(plan, import, &service, from, &report) != MANIFEST_OK || !is_endpoint(from))
        return NULL;
    return find_export(service, from->name);
}

/* ---- before anything starts ---------------------------------------------------------- */

static const struct capset_entry *held_endpoint(const struct manifest_service *service, struct capn_text name)
{
    char text[CAPSET_NAME_BYTES + 1];
    struct text_buf buf = text_buf_over(text, sizeof text);
    capos_format(&buf, "%.*s.%.*s", (int)service->name.len, service->name.bytes, (int)name.len, name.bytes);
    for (uint32_t i = 0; i < capos_capset_count(); i++) {
        const struct capset_entry *entry = capos_capset_entry(i);
        if (entry->interface_id == CAPOS_ENDPOINT_INTERFACE_ID && text_equal(entry->name, entry->name_len, text, buf.len))
            return entry;
    }
    return NULL;
}

static bool note_exports(const struct manifest_plan *plan, uint32_t s)
{
    const struct manifest_service *service = &plan->services[s];
    for (uint32_t e = 0; e < capn_list_len(&service->exports); e++) {
        struct exported export = { .service = s };
        if (manifest_plan_export(plan, s, e, &export.name, &report) != MANIFEST_OK)
            return false;
        if (export_count == EXPORTS_MAX) {
            capos_print("init: more than %u exports\n", EXPORTS_MAX);
            return false;
        }
        const struct capset_entry *entry = held_endpoint(service, export.name);
        if (entry != NULL)
            export = (struct exported){ s, export.name, true, true, entry->cap_id };
        exports[export_count++] = export;
    }
    return true;
}

static void refuse(const struct manifest_service *service, const struct manifest_cap *import, const char *why)
{
    capos_print("init: service `%.*s` imports `%.*s` of service `%.*s` as `%.*s`: %s\n", (int)service->name.len,
                service->name.bytes, (int)import->export.len, import->export.bytes, (int)import->service.len,
                import->service.bytes, (int)import->name.len, import->name.bytes, why);
}

/* A plain facet has one interface and one badge. */
static bool check_labels(const struct manifest_plan *plan, uint32_t s)
{
    for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
        struct manifest_cap cap = cap_of(plan, s, k), from;
        const struct exported *export = cap.source == NULL ? import_of(plan, &cap, &from) : NULL;
        bool plain = cap.badge == 0 && (cap.interface_id == 0 || cap.interface_id == CAPOS_ENDPOINT_INTERFACE_ID);
        if (export == NULL || export->held || plain)
            continue;
        refuse(&plan->services[s], &cap, "an interface or a badge needs an endpoint that init holds as SERVICE.EXPORT");
        return false;
    }
    return true;
}

/* Is everything there that service s imports, once those at the front of `order` have started? NULL, or what is missing. */
static const struct exported *missing(const struct manifest_plan *plan, uint32_t s, const bool started[])
{
    for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
        struct manifest_cap cap = cap_of(plan, s, k), from;
        const struct exported *export = cap.source == NULL ? import_of(plan, &cap, &from) : NULL;
        if (export != NULL && !export->held && !started[export->service])
            return export;
    }
    return NULL;
}

/* Exporters first, else as in the manifest. */
static bool find_order(const struct manifest_plan *plan)
{
    bool started[MANIFEST_SERVICES_MAX] = { false };
    for (uint32_t n = 0; n < plan->service_count; n++) {
        uint32_t s = 0, first = MANIFEST_SERVICES_MAX;
        while (s < plan->service_count && (started[s] || missing(plan, s, started) != NULL)) {
            if (!started[s] && first == MANIFEST_SERVICES_MAX)
                first = s;
            s++;
        }
        if (s == plan->service_count) {
            const struct exported *export = missing(plan, first, started);
            const struct manifest_service *service = &plan->services[first], *from = &plan->services[export->service];
            capos_print("init: services wait for each other: `%.*s` imports `%.*s` of `%.*s`; init can hold it as `%.*s.%.*s`\n",
                        (int)service->name.len, service->name.bytes, (int)export->name.len, export->name.bytes,
                        (int)from->name.len, from->name.bytes, (int)from->name.len, from->name.bytes, (int)export->name.len,
                        export->name.bytes);
            return false;
        }
        started[s] = true;
        order[n] = s;
    }
    return true;
}

bool init_check_imports(const struct manifest_plan *plan)
{
    for (uint32_t s = 0; s < plan->service_count; s++)
        if (!note_exports(plan, s))
            return false;
    for (uint32_t s = 0; s < plan->service_count; s++)
        if (!check_labels(plan, s))
            return false;
    return find_order(plan);
}

uint32_t init_start_order(uint32_t n)
{
    return order[n];
}

/* ---- starts and ends --------------------------------------------------------------------- */

static struct capos_cap_grant grant_facet(const struct manifest_cap *import, const struct exported *export)
{
    struct capos_cap_grant grant = capos_grant_held("", export->cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
    grant.name = import->name;
    grant.mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    grant.badge = export->held ? import->badge : BADGE_OF_SOURCE;
    if (export->held && import->interface_id != 0)
        grant.interface_id = import->interface_id;
    return grant;
}

struct capos_cap_grant init_grant_import(const struct manifest_plan *plan, const struct manifest_cap *import)
{
    struct manifest_cap from = { 0 };
    const struct exported *export = import_of(plan, import, &from);
    if (export != NULL)
        return grant_facet(import, export);
    struct capos_cap_grant grant =
        capos_grant_kernel("", (enum capos_kernel_cap_source)from.source->ordinal, from.source->interface_id);
    grant.name = import->name;
    grant.badge = from.badge;
    return grant;
}

const struct capset_entry *init_held_export(const struct manifest_plan *plan, uint32_t s, const struct manifest_cap *cap)
{
    const struct exported *export = is_endpoint(cap) ? find_export(s, cap->name) : NULL;
    return export != NULL && export->held ? held_endpoint(&plan->services[s], cap->name) : NULL;
}

void init_take_exports(const struct manifest_plan *plan, uint32_t s)
{
    uint16_t index = 2; /* behind handle and capability manager */
    for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
        struct manifest_cap cap = cap_of(plan, s, k);
        struct exported *export = is_endpoint(&cap) ? find_export(s, cap.name) : NULL;
        struct capos_client facet;
        if (!is_endpoint(&cap) || (export != NULL && export->held))
            continue;
        if (export != NULL && capos_reply_take(index, CAPOS_ENDPOINT_INTERFACE_ID, &facet) == CAPOS_OK) {
            export->cap_id = facet.cap_id;
            export->live = true;
        }
        index++;
    }
}

void init_end_exports(uint32_t s, bool restarts)
{
    for (uint32_t i = 0; i < export_count; i++) {
        if (exports[i].service != s || !exports[i].live || (exports[i].held && restarts))
            continue;
        exports[i].live = false;
        capos_release(exports[i].cap_id);
    }
}

bool init_imports_live(const struct manifest_plan *plan, uint32_t s)
{
    for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
        struct manifest_cap cap = cap_of(plan, s, k), from;
        const struct exported *export = cap.source == NULL ? import_of(plan, &cap, &from) : NULL;
        if (export != NULL && !export->live)
            return false;
    }
    return true;
}
