/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Defences from a processor's identification; see mitigations.h. Trusts nothing but the bits. */
#include "arch/x86_64/mitigations.h"

/* IA32_ARCH_CAPABILITIES */
#define RDCL_NO 0
#define IBRS_ALL 1
#define MDS_NO 5
#define TAA_NO 8
#define BHI_NO 20
#define RFDS_CLEAR 28

static bool bit(uint64_t word, unsigned n)
{
    return (word >> n & 1u) != 0;
}

/* In-order Atoms and the Knights family do not speculate past the check. */
static bool intel_is_immune(uint32_t family, uint32_t model)
{
    static const uint8_t models[] = {0x1c, 0x26, 0x27, 0x35, 0x36, 0x37, 0x4a, 0x4c, 0x4d, 0x57, 0x5a, 0x6e, 0x85};
    if (family < 6)
        return true;
    for (size_t i = 0; i < sizeof models; i++)
        if (family == 6 && models[i] == model)
            return true;
    return false;
}

/* Valid only where the capabilities register exists. */
static bool capability(const struct cpu_identity *id, unsigned n)
{
    return bit(id->leaf7_edx, 29) && bit(id->arch_capabilities, n);
}

/* MD_CLEAR: VERW clears the buffers. MDS, TAA (needs TSX), and RFDS with a bit of its own. */
static bool needs_clear_buffers(const struct cpu_identity *id)
{
    if (capability(id, RFDS_CLEAR))
        return true;
    bool by_tsx = bit(id->leaf7_ebx, 11) && !capability(id, TAA_NO);
    return bit(id->leaf7_edx, 10) && (!capability(id, MDS_NO) || by_tsx);
}

static enum mitigations_reason reason_for_auto(const struct cpu_identity *id)
{
    if (id->vendor == CPU_VENDOR_AMD)
        return MITIGATIONS_AMD;
    bool safe = capability(id, RDCL_NO), immune = id->vendor == CPU_VENDOR_INTEL && intel_is_immune(id->family, id->model);
    if (!safe && !immune)
        return id->vendor == CPU_VENDOR_INTEL ? MITIGATIONS_MELTDOWN : MITIGATIONS_UNKNOWN;
    if (needs_clear_buffers(id))
        return MITIGATIONS_BUFFERS;
    return safe ? MITIGATIONS_RDCL_NO : MITIGATIONS_IMMUNE_MODEL;
}

static uint32_t spec_ctrl_of(const struct cpu_identity *id, enum mitigations_wish wish)
{
    bool amd = id->vendor == CPU_VENDOR_AMD;
    uint32_t value = 0;
    if (capability(id, IBRS_ALL) && bit(id->leaf7_edx, 26))
        value |= SPEC_CTRL_IBRS | (bit(id->leaf7_2_edx, 4) ? SPEC_CTRL_BHI_DIS_S : 0);
    if (bit(id->leaf7_edx, 26) && bit(id->leaf7_2_edx, 2))
        value |= SPEC_CTRL_RRSBA_DIS_S;
    if (bit(id->leaf7_edx, 27) || (amd && bit(id->ext8_ebx, 15)))
        value |= SPEC_CTRL_STIBP;
    if (wish == MITIGATIONS_ON && (bit(id->leaf7_edx, 31) || (amd && bit(id->ext8_ebx, 24))))
        value |= SPEC_CTRL_SSBD;
    return value;
}

enum mitigations_wish mitigations_wish_of(const char *value, size_t len)
{
    if (text_equal(value, len, "off", 3))
        return MITIGATIONS_OFF;
    return text_equal(value, len, "on", 2) ? MITIGATIONS_ON : MITIGATIONS_AUTO;
}

struct mitigations mitigations_for(const struct cpu_identity *id, enum mitigations_wish wish)
{
    struct mitigations m = {.wish = wish, .reason = MITIGATIONS_REFUSED};
    if (wish == MITIGATIONS_OFF)
        return m;
    bool amd = id->vendor == CPU_VENDOR_AMD;
    m.reason = wish == MITIGATIONS_ON ? MITIGATIONS_ASKED : reason_for_auto(id);
    m.isolate = m.reason <= MITIGATIONS_BUFFERS;
    m.buffers_cleared = m.isolate && (bit(id->leaf7_edx, 10) || capability(id, RFDS_CLEAR));
    m.automatic_ibrs = amd && bit(id->ext21_eax, 8);
    m.spec_ctrl = spec_ctrl_of(id, wish);
    /* IBRS alone keeps user code from choosing targets, but not from choosing among those of the kernel (BHI). */
    bool bhi_is_safe = capability(id, BHI_NO) || (m.spec_ctrl & SPEC_CTRL_BHI_DIS_S) != 0;
    bool predictor_is_safe = m.automatic_ibrs || ((m.spec_ctrl & SPEC_CTRL_IBRS) != 0 && bhi_is_safe);
    m.retpolines = wish == MITIGATIONS_ON || !predictor_is_safe;
    m.fill_return_stack = true;
    m.predictor_barrier = bit(id->leaf7_edx, 26) || (amd && bit(id->ext8_ebx, 12));
    return m;
}

void mitigations_tell(const struct mitigations *m, struct text_buf *out)
{
    static const char *const reasons[] = {
        [MITIGATIONS_ASKED] = "isolated (asked for)",
        [MITIGATIONS_REFUSED] = "shared (asked for)",
        [MITIGATIONS_MELTDOWN] = "isolated (Intel without RDCL_NO)",
        [MITIGATIONS_UNKNOWN] = "isolated (unknown vendor)",
        [MITIGATIONS_BUFFERS] = "isolated (buffers to clear)",
        [MITIGATIONS_AMD] = "shared (AMD)",
        [MITIGATIONS_RDCL_NO] = "shared (RDCL_NO)",
        [MITIGATIONS_IMMUNE_MODEL] = "shared (immune model)",
    };
    const struct {
        bool on;
        const char *name;
    } others[] = {
        {m->buffers_cleared, ", buffers cleared"},
        {m->retpolines, ", retpolines"},
        {m->fill_return_stack, ", return stack filled"},
        {m->predictor_barrier, ", predictor barrier"},
        {m->automatic_ibrs, ", automatic IBRS"},
        {(m->spec_ctrl & SPEC_CTRL_IBRS) != 0, ", IBRS"},
        {(m->spec_ctrl & SPEC_CTRL_STIBP) != 0, ", STIBP"},
        {(m->spec_ctrl & SPEC_CTRL_SSBD) != 0, ", SSBD"},
        {(m->spec_ctrl & SPEC_CTRL_RRSBA_DIS_S) != 0, ", RRSBA_DIS_S"},
        {(m->spec_ctrl & SPEC_CTRL_BHI_DIS_S) != 0, ", BHI_DIS_S"},
    };
    text_buf_append_str(out, m->wish == MITIGATIONS_ON ? "on" : m->wish == MITIGATIONS_OFF ? "off" : "auto");
    text_buf_append_str(out, ": page tables ");
    text_buf_append_str(out, reasons[m->reason]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].on)
            text_buf_append_str(out, others[i].name);
}
