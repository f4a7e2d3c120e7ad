/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The order of the boot. First on the tables of boot.S, where the first 4 GiB
 * are mapped and firmware is read; then on the final tables and the boot
 * CPU's own stack. Ends in the machine-independent kernel.
 */
#include "arch/x86_64/start.h"

#include <stddef.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/early.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/rtc.h"
#include "arch/x86_64/serial.h"
#include "arch/x86_64/smp.h"
#include "core/acpi/acpi.h"
#include "core/base/bytes.h"
#include "kernel/halt.h"
#include "kernel/log/log.h"

#define WINDOW_END (1ull << 32) /* what the boot tables map */
#define PVH_INFO_BYTES 56u      /* version 1; a version 0 structure lies in readable memory just the same */
#define MULTIBOOT2_INFO_MAX 0x100000u

static struct boot_info info;
static struct acpi_info acpi;
static bool has_acpi;

_Noreturn void start_refuse(const char *why)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, "capos: boot refused: ");
    text_buf_append_str(text, why);
    log_console(&line);
    log_verdict_text("capos-verdict 1");
    text = log_begin(&line);
    text_buf_append_str(text, "refused boot ");
    text_buf_append_str(text, why);
    log_verdict(&line);
    log_verdict_text("halt status=1 boot refused");
    machine_power_off(HALT_REFUSED);
}

/* Firmware and loader memory, as long as the boot tables are loaded. */
static const uint8_t *window(void *context, uint64_t paddr, uint64_t len)
{
    (void)context;
    return paddr <= WINDOW_END && len <= WINDOW_END - paddr ? phys_pointer(paddr) : NULL;
}

static const struct phys_window boot_window = {window, NULL};

static void read_boot_info(uint32_t protocol, uint64_t paddr)
{
    const uint8_t *from = phys_pointer(paddr);
    enum bootinfo_error error;
    if (protocol == BOOTINFO_PVH) {
        error = bootinfo_parse_pvh(from, PVH_INFO_BYTES, &boot_window, &info);
    } else if (protocol == BOOTINFO_MULTIBOOT2) {
        uint32_t size = load_le32(from);
        error = bootinfo_parse_multiboot2(from, size < MULTIBOOT2_INFO_MAX ? size : MULTIBOOT2_INFO_MAX, &info);
    } else {
        start_refuse("started by neither PVH nor Multiboot2");
    }
    if (error != BOOTINFO_OK)
        start_refuse(bootinfo_error_text(error));
    has_acpi = info.rsdp_len != 0 && acpi_parse(info.rsdp, info.rsdp_len, &boot_window, &acpi) == ACPI_OK;
}

static const struct acpi_madt *madt(void)
{
    return has_acpi && acpi.madt_error == ACPI_OK ? &acpi.madt : NULL;
}

/* On the boot CPU's own stack. */
static void start_kernel(struct cpu *cpu)
{
    apic_init(madt());
    apic_init_local();
    cpu->apic_id = apic_id();
    cpu->online = 1;
    clock_calibrate(has_acpi && acpi.hpet_error == ACPI_OK ? acpi.hpet_address : 0);
    rtc_read_at_boot();
    power_init(has_acpi && acpi.fadt_error == ACPI_OK ? &acpi.fadt : NULL);
    smp_start(madt());
    if (madt() != NULL && apic_route_isa(madt(), SERIAL_CONSOLE_IRQ, VECTOR_SERIAL))
        serial_enable_input();
    if (!early_reserve_all(&info))
        start_refuse("the memory map has too many ranges");
    kernel_boot(&info);
    cpu->started = true;
    smp_open();
    entry_resume_with(kernel_on_cpu_start());
}

_Noreturn void start_boot_cpu(uint32_t protocol, uint64_t info_paddr)
{
    clock_mark_boot();
    serial_init();
    read_boot_info(protocol, info_paddr);
    cpu_identify(&info);
    cpu_build_idt();
    early_init(&info);
    kernel_map_build(&info);
    kernel_map_stacks(0);
    cpu_build_window(&cpus[0]);
    cpu_setup(&cpus[0], 0);
    entry_on_stack(kernel_stack_top(0, STACK_KERNEL), start_kernel, &cpus[0]);
}
