/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Our side of the comparison of boot manifests: one call reads a manifest as
 * the kernel or as init does and writes what came out, one value a line, or
 * the path and the printed line of the refusal. src/manifest.rs writes the same lines from
 * upstream's structs. Texts and data stand as length and digest. One thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/manifest/internal.h"
#include "core/plan/plan.h"

struct lines {
    char *at;
    size_t left;
};

uint32_t manifest_lines(const uint8_t *bytes, size_t len, uint32_t view, char *out, size_t room);

__attribute__((format(printf, 2, 3))) static void line(struct lines *out, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    int len = vsnprintf(out->at, out->left, form, values);
    va_end(values);
    size_t used = len > 0 && (size_t)len < out->left ? (size_t)len : out->left;
    out->at += used;
    out->left -= used;
}

/* FNV-1a. */
static unsigned long long digest(const void *bytes, uint32_t len)
{
    const uint8_t *at = bytes;
    unsigned long long hash = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

#define TEXT "%u:%llx"
#define OF(value) (unsigned)(value).len, digest((value).bytes, (value).len)

static void caps(struct lines *out, const struct manifest_cap *cap)
{
    line(out, "cap " TEXT " ", OF(cap->name));
    if (cap->source != NULL)
        line(out, "kernel %s", cap->source->name);
    else
        line(out, "service " TEXT " " TEXT, OF(cap->service), OF(cap->export));
    line(out, " %llx %llu %u\n", (unsigned long long)cap->interface_id, (unsigned long long)cap->badge, (unsigned)cap->disclosure);
}

static void sources(struct lines *out, const struct capn_list *list)
{
    for (uint32_t i = 0; i < capn_list_len(list); i++) {
        enum capos_kernel_cap_source source;
        if (capos_kernel_cap_source_list_get(list, i, &source) == CAPN_OK)
            line(out, " source %u", (unsigned)source);
    }
    line(out, "\n");
}

static void accounts(struct lines *out, const struct capos_system_config *params)
{
    for (uint32_t i = 0; i < capn_list_len(&params->seed_accounts); i++) {
        struct capos_manifest_seed_account a;
        if (capos_manifest_seed_account_list_get(&params->seed_accounts, i, &a) != CAPN_OK)
            continue;
        line(out, "account " TEXT " " TEXT " %u " TEXT " " TEXT " " TEXT " " TEXT, OF(a.name), OF(a.principal_id), (unsigned)a.kind,
             OF(a.display_name), OF(a.resource_profile), OF(a.policy_profile), OF(a.service_binary));
        for (uint32_t k = 0; k < capn_list_len(&a.credential_refs); k++) {
            struct capn_data ref;
            if (capn_list_data_at(&a.credential_refs, k, &ref) == CAPN_OK)
                line(out, " credential " TEXT, OF(ref));
        }
        sources(out, &a.direct_caps);
    }
    for (uint32_t i = 0; i < capn_list_len(&params->initial_role_bindings); i++) {
        struct capos_manifest_role_binding r;
        if (capos_manifest_role_binding_list_get(&params->initial_role_bindings, i, &r) == CAPN_OK)
            line(out, "role " TEXT " " TEXT "\n", OF(r.principal_id), OF(r.role));
    }
}

static void profiles(struct lines *out, const struct capos_system_config *params)
{
    for (uint32_t i = 0; i < capn_list_len(&params->resource_profiles); i++) {
        struct capos_manifest_resource_profile p;
        if (capos_manifest_resource_profile_list_get(&params->resource_profiles, i, &p) != CAPN_OK)
            continue;
        const uint64_t numbers[] = { p.home_quota_bytes, p.temp_quota_bytes, p.process_limit, p.thread_limit, p.cap_limit,
                                     p.memory_commit_limit_bytes, p.frame_grant_limit_pages, p.endpoint_queue_limit,
                                     p.in_flight_call_limit, p.ring_scratch_limit_bytes, p.reply_scratch_limit_bytes,
                                     p.log_quota_bytes_per_window, p.cpu_budget_us_per_window, p.cpu_window_us,
                                     p.timer_waiter_limit };
        line(out, "profile " TEXT " " TEXT " " TEXT, OF(p.name), OF(p.network_profile), OF(p.launcher_profile));
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            line(out, " %llu", (unsigned long long)numbers[k]);
        line(out, "\n");
    }
}

static void grants(struct lines *out, const char *name, const struct capn_list *list)
{
    for (uint32_t i = 0; i < capn_list_len(list); i++) {
        struct capos_cpu_isolation_pool_grant_binding g;
        if (capos_cpu_isolation_pool_grant_binding_list_get(list, i, &g) == CAPN_OK)
            line(out, "%s %llu %u\n", name, (unsigned long long)g.bound_account_id, g.bound_pool_id);
    }
}

static void keys(struct lines *out, const struct capos_system_config *params)
{
    const struct capos_ssh_development_host_key *host = &params->ssh_development_host_key;
    if (params->has_ssh_development_host_key)
        line(out, "hostkey " TEXT " " TEXT " " TEXT " " TEXT " " TEXT "\n", OF(host->non_production_label), OF(host->algorithm),
             OF(host->private_key_seed), OF(host->public_key), OF(host->fingerprint_sha256));
    for (uint32_t i = 0; i < capn_list_len(&params->authorized_ssh_keys); i++) {
        struct capos_authorized_ssh_key k;
        if (capos_authorized_ssh_key_list_get(&params->authorized_ssh_keys, i, &k) != CAPN_OK)
            continue;
        line(out, "key " TEXT " " TEXT " " TEXT " " TEXT " " TEXT " %llu " TEXT " " TEXT, OF(k.key_id), OF(k.principal_id),
             OF(k.algorithm), OF(k.public_key), OF(k.fingerprint_sha256), (unsigned long long)k.disabled_at_ms, OF(k.source),
             OF(k.comment));
        for (uint32_t s = 0; s < capn_list_len(&k.allowed_shell_profiles); s++) {
            struct capn_text shell;
            if (capn_list_text_at(&k.allowed_shell_profiles, s, &shell) == CAPN_OK)
                line(out, " shell " TEXT, OF(shell));
        }
        line(out, "\n");
    }
}

static void key_source(struct lines *out, const struct capos_key_source_bootstrap_config *config)
{
    static const struct capos_development_software_key_source_config none;
    const struct capos_development_software_key_source_config *software =
        config->has_development_software ? &config->development_software : &none;
    line(out, "keysource %u %d " TEXT " " TEXT, (unsigned)config->deployment_profile, software->enabled, OF(software->identifier),
         OF(software->non_production_label));
    for (uint32_t i = 0; i < capn_list_len(&software->allowed_purposes); i++) {
        enum capos_key_purpose purpose;
        if (capos_key_purpose_list_get(&software->allowed_purposes, i, &purpose) == CAPN_OK)
            line(out, " %u", (unsigned)purpose);
    }
    line(out, "\n");
}

static void uart(struct lines *out, const struct capos_uart_config *u)
{
    line(out, "uart %u %u %u %u %u\n", (unsigned)u->port, u->baud, (unsigned)u->data_bits, (unsigned)u->stop_bits,
         (unsigned)u->parity);
}

static void params(struct lines *out, const struct capos_system_config *p)
{
    static const struct capos_key_source_bootstrap_config disabled;
    line(out, "params %u " TEXT " %d " TEXT " " TEXT " %u\n", (unsigned)p->log_level, OF(p->console_password_verifier_phc),
         p->allow_local_development_shell, OF(p->motd), OF(p->hostname), (unsigned)p->dma_backend_policy);
    uart(out, &p->console_uart);
    uart(out, &p->terminal_uart);
    line(out, "lifetimes %llu %llu %llu\n", (unsigned long long)p->session_lifetimes.operator_ms,
         (unsigned long long)p->session_lifetimes.guest_ms, (unsigned long long)p->session_lifetimes.anonymous_ms);
    accounts(out, p);
    profiles(out, p);
    keys(out, p);
    for (uint32_t i = 0; i < capn_list_len(&p->cpu_isolation_pools); i++) {
        struct capos_cpu_isolation_pool_descriptor d;
        if (capos_cpu_isolation_pool_descriptor_list_get(&p->cpu_isolation_pools, i, &d) == CAPN_OK)
            line(out, "pool %u " TEXT " %u %u\n", d.pool_id, OF(d.pool_cpu_mask), d.pool_max_leases, d.pool_max_leases_per_account);
    }
    grants(out, "grant", &p->cpu_isolation_pool_grants);
    grants(out, "minter", &p->cpu_isolation_grant_minter_allowlist);
    key_source(out, p->has_key_source_bootstrap ? &p->key_source_bootstrap : &disabled);
    if (p->has_block_device_target)
        line(out, "disk %u %u %u %u\n", (unsigned)p->block_device_target.pci.segment, (unsigned)p->block_device_target.pci.bus,
             (unsigned)p->block_device_target.pci.device, (unsigned)p->block_device_target.pci.function);
}

static void base(struct lines *out, struct manifest *m, bool with_data)
{
    for (uint32_t i = 0; i < m->binary_count; i++)
        line(out, "binary " TEXT " %u %llx\n", OF(m->binaries[i].name), m->binaries[i].data.len,
             with_data ? digest(m->binaries[i].data.bytes, m->binaries[i].data.len) : 0);
    line(out, "init " TEXT "\n", OF(m->init_binary));
    for (uint32_t i = 0; i < m->init_cap_count; i++)
        caps(out, &m->init_caps[i]);
    manifest_renew_budget(m);
    params(out, &m->params);
}

static void services(struct lines *out, struct manifest_plan *plan, struct manifest_report *report)
{
    const struct capos_manifest_extension_points *e = &plan->base.extensions;
    for (uint32_t s = 0; s < plan->service_count; s++) {
        manifest_renew_budget(&plan->base);
        const struct manifest_service *service = &plan->services[s];
        line(out, "service " TEXT " " TEXT " %u\n", OF(service->name), OF(service->binary), (unsigned)service->restart);
        for (uint32_t k = 0; k < capn_list_len(&service->caps); k++) {
            struct manifest_cap cap;
            if (manifest_plan_cap(plan, s, k, &cap, report) == MANIFEST_OK)
                caps(out, &cap);
        }
        for (uint32_t k = 0; k < capn_list_len(&service->exports); k++) {
            struct capn_text name;
            if (manifest_plan_export(plan, s, k, &name, report) == MANIFEST_OK)
                line(out, "export " TEXT "\n", OF(name));
        }
    }
    if (plan->has_exit_service)
        line(out, "exit " TEXT "\n", OF(plan->exit_service));
    line(out, "extend %d %u %llu %d %d %d", e->allow_additional_services, e->max_additional_services,
         (unsigned long long)e->min_overlay_epoch, e->allow_network_settings, e->allow_runtime_settings,
         e->allow_account_store_location);
    sources(out, &e->allowed_service_caps);
}

/* view: 0 the kernel, 1 the kernel without data of binaries, 2 init. 0 accepted, otherwise the kind of the error. */
uint32_t manifest_lines(const uint8_t *bytes, size_t len, uint32_t view, char *out, size_t room)
{
    static struct manifest_plan plan;
    static struct manifest_report report;
    struct lines lines = { out, room };
    struct manifest *kernel = &plan.base;
    enum manifest_error error = view == 0   ? manifest_decode_kernel(bytes, len, kernel, &report)
                                : view == 1 ? manifest_decode_kernel_names(bytes, len, kernel, &report)
                                            : manifest_decode_plan(bytes, len, &plan, &report);
    if (error != MANIFEST_OK) {
        line(&lines, "%.*s\n%.*s", (int)report.path_len, report.path, (int)report.text_len, report.text);
        return error;
    }
    base(&lines, kernel, view != 2);
    if (view == 2)
        services(&lines, &plan, &report);
    return MANIFEST_OK;
}
