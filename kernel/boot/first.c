/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The first process, as the boot package describes it: decode, check, load,
 * grant. The package's bytes are untrusted; core/manifest and core/elf judge
 * them. See boot.h.
 */
#include "core/base/bytes.h"
#include "core/manifest/manifest.h"
#include "kernel/boot/boot.h"
#include "kernel/boot/sources.h"
#include "kernel/objects/sessions.h"
#include "kernel/proc/process.h"
#include "kernel/state.h"

/* Used once, under the lock; too large for the stack. */
static struct manifest manifest;
static struct manifest_report report;
static struct capset_entry entries[MANIFEST_CAPS_MAX];

static void refuse_str(const char *kind, const char *text)
{
    boot_refuse(kind, text, text_len(text));
}

static void refuse_grant(const struct manifest_source *source, const char *text)
{
    char storage[80];
    struct text_buf kind = text_buf_over(storage, sizeof storage - 1);
    text_buf_append_str(&kind, "grant ");
    text_buf_append_str(&kind, source->name);
    text_buf_append_str(&kind, ":");
    storage[kind.len] = '\0';
    refuse_str(storage, text);
}

static void decode(void)
{
    const struct boot_state *boot = &kernel.boot;
    if (manifest_decode_kernel(boot->package, boot->package_len, &manifest, &report) != MANIFEST_OK)
        boot_refuse("manifest", report.text, report.text_len);
    if (manifest.init_builtin)
        refuse_str("elf", "no program is built into this kernel");
}

static struct process *load(void)
{
    const struct manifest_binary *binary = &manifest.binaries[manifest.init_index];
    struct process_spec spec = {
        .name = binary->name.bytes,
        .name_len = binary->name.len,
        .elf = binary->data.bytes,
        .elf_len = binary->data.len,
    };
    struct process *process;
    struct process_refusal why;
    struct resource_profile profile;
    if (account_profile_of_binary(binary->name, &profile))
        spec.profile = &profile;
    if (!process_create(&spec, &process, &why))
        refuse_str("elf", why.text);
    return process;
}

static void grant(struct process *process, const struct manifest_cap *cap, struct capset_entry *entry)
{
    struct source_request request = {
        .number = cap->source->ordinal, .interface_id = cap->interface_id, .disclosure = cap->disclosure};
    struct source_refusal why;
    if (cap->name.len > CAPSET_NAME_BYTES)
        refuse_grant(cap->source, "capability name too long");
    if (!source_grant(&request, process, entry, &why))
        refuse_grant(cap->source, why.text);
    entry->name_len = cap->name.len;
    if (cap->name.len > 0) /* an empty text may have no bytes */
        memcpy(entry->name, cap->name.bytes, cap->name.len);
}

struct process *boot_first_process(void)
{
    session_boot();
    decode();
    struct process *process = load();
    for (uint32_t i = 0; i < manifest.init_cap_count; i++)
        grant(process, &manifest.init_caps[i], &entries[i]);
    struct process_refusal why;
    if (!process_seal(process, entries, manifest.init_cap_count, &why))
        refuse_str("elf", why.text);
    return process;
}
