/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Starting processors one after the other by INIT and start-up messages (Intel
 * SDM 3, 8.4.4). A CPU that does not come up is put back to sleep by another
 * INIT and does not count. Those that do wait in idle until smp_open.
 */
#include "arch/x86_64/smp.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "core/base/bytes.h"

#define INIT_WAIT_US 10000u
#define STARTUP_WAIT_US 300u
#define ONLINE_WAIT_US 500000u

extern uint8_t ap_blob[], ap_blob_end[], ap_blob_stack[], ap_blob_cpu[];
_Noreturn void ap_main(struct cpu *cpu);

static uint32_t is_open;

void smp_open(void)
{
    __atomic_store_n(&is_open, 1, __ATOMIC_SEQ_CST);
    for (uint32_t i = 1; i < cpus_found; i++)
        apic_send(cpus[i].apic_id, VECTOR_KICK);
}

bool smp_is_open(void)
{
    return __atomic_load_n(&is_open, __ATOMIC_ACQUIRE) != 0;
}

/* First C code of an application processor, on its own stack and the boot tables. */
_Noreturn void ap_main(struct cpu *cpu)
{
    write_cr3(kernel_root);
    cpu_setup(cpu, cpu->index);
    apic_init_local();
    __atomic_store_n(&cpu->online, 1, __ATOMIC_RELEASE);
    entry_resume_with((struct machine_resume){0});
}

static bool wait_online(const struct cpu *cpu, uint64_t us)
{
    for (uint64_t end = machine_now_ns() + us * 1000; machine_now_ns() < end; spin_pause())
        if (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE) != 0)
            return true;
    return false;
}

static void set_word(const uint8_t *label, uint64_t value)
{
    memcpy((uint8_t *)phys_pointer(AP_PAGE) + (label - ap_blob), &value, sizeof value);
}

static bool start(struct cpu *cpu, uint32_t index, uint32_t id)
{
    cpu->index = index;
    cpu->apic_id = id;
    kernel_map_stacks(index);
    cpu_build_window(cpu);
    set_word(ap_blob_stack, kernel_stack_top(index, STACK_KERNEL));
    set_word(ap_blob_cpu, (uint64_t)(uintptr_t)cpu);
    apic_send_init(id);
    __atomic_store_n(&cpu->online, 0, __ATOMIC_RELAXED); /* a CPU given up before may have come late */
    clock_wait_us(INIT_WAIT_US);
    apic_send_startup(id, AP_PAGE >> PAGE_SHIFT);
    if (wait_online(cpu, STARTUP_WAIT_US))
        return true;
    apic_send_startup(id, AP_PAGE >> PAGE_SHIFT);
    if (wait_online(cpu, ONLINE_WAIT_US))
        return true;
    apic_send_init(id);
    return false;
}

void smp_start(const struct acpi_madt *madt)
{
    memcpy(phys_pointer(AP_PAGE), ap_blob, (size_t)(ap_blob_end - ap_blob));
    for (uint32_t i = 0; madt != NULL && i < madt->cpu_count; i++) {
        const struct acpi_cpu *found = &madt->cpus[i];
        if (!found->enabled || found->apic_id == apic_id() || found->apic_id > 0xfe || cpus_found == MACHINE_CPUS_MAX)
            continue;
        if (start(&cpus[cpus_found], cpus_found, found->apic_id))
            cpus_found++;
    }
    kernel_map_drop_identity();
}

void machine_kick(uint32_t cpu)
{
    if (cpu < cpus_found && smp_is_open())
        apic_send(cpus[cpu].apic_id, VECTOR_KICK);
}
