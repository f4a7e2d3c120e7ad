/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Defences for processors that the tests cannot run on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/mitigations.h"

#define HAS_CAPABILITIES (1u << 29)
#define HAS_IBRS (1u << 26)
#define HAS_STIBP (1u << 27)
#define HAS_SSBD (1u << 31)
#define HAS_MD_CLEAR (1u << 10)

static struct cpu_identity intel(uint32_t model)
{
    return (struct cpu_identity){.vendor = CPU_VENDOR_INTEL, .family = 6, .model = model};
}

static struct cpu_identity amd(void)
{
    return (struct cpu_identity){.vendor = CPU_VENDOR_AMD, .family = 0x17};
}

/* A processor of the last generation: no Meltdown, no MDS, enhanced IBRS, BHI_NO. */
static struct cpu_identity recent_intel(void)
{
    struct cpu_identity id = intel(0xcf);
    id.leaf7_edx = HAS_CAPABILITIES | HAS_IBRS | HAS_STIBP | HAS_SSBD | HAS_MD_CLEAR;
    id.arch_capabilities = 1u << 0 | 1u << 1 | 1u << 5 | 1u << 8 | 1u << 20;
    return id;
}

static struct mitigations automatic(struct cpu_identity id)
{
    return mitigations_for(&id, MITIGATIONS_AUTO);
}

static void the_word_is_off_or_on_or_auto(void **state)
{
    (void)state;
    assert_int_equal(mitigations_wish_of("off", 3), MITIGATIONS_OFF);
    assert_int_equal(mitigations_wish_of("on", 2), MITIGATIONS_ON);
    assert_int_equal(mitigations_wish_of("auto", 4), MITIGATIONS_AUTO);
    assert_int_equal(mitigations_wish_of("offer", 5), MITIGATIONS_AUTO);
    assert_int_equal(mitigations_wish_of("", 0), MITIGATIONS_AUTO);
    assert_int_equal(mitigations_wish_of(NULL, 0), MITIGATIONS_AUTO);
}

static void isolation_follows_vendor_model_and_rdcl_no(void **state)
{
    (void)state;
    struct cpu_identity haswell = intel(0x3c);
    assert_int_equal(automatic(haswell).reason, MITIGATIONS_MELTDOWN);
    assert_true(automatic(haswell).isolate);
    haswell.arch_capabilities = 1; /* without the enumeration bit it means nothing */
    assert_true(automatic(haswell).isolate);
    haswell.leaf7_edx = HAS_CAPABILITIES;
    assert_int_equal(automatic(haswell).reason, MITIGATIONS_RDCL_NO);
    assert_false(automatic(haswell).isolate);
    assert_int_equal(automatic(intel(0x1c)).reason, MITIGATIONS_IMMUNE_MODEL);
    assert_false(automatic(intel(0x1c)).isolate);
    assert_int_equal(automatic(amd()).reason, MITIGATIONS_AMD);
    assert_false(automatic(amd()).isolate);
    struct cpu_identity other = {.vendor = CPU_VENDOR_OTHER, .family = 6, .model = 0x1c};
    assert_int_equal(automatic(other).reason, MITIGATIONS_UNKNOWN);
    assert_true(automatic(other).isolate);
    other.leaf7_edx = HAS_CAPABILITIES;
    other.arch_capabilities = 1;
    assert_false(automatic(other).isolate);
}

static void buffers_that_need_clearing_need_the_isolated_way_out(void **state)
{
    (void)state;
    struct cpu_identity id = intel(0x55); /* RDCL_NO, but not MDS_NO */
    id.leaf7_edx = HAS_CAPABILITIES | HAS_MD_CLEAR;
    id.arch_capabilities = 1u << 0;
    assert_int_equal(automatic(id).reason, MITIGATIONS_BUFFERS);
    assert_true(automatic(id).isolate && automatic(id).buffers_cleared);
    id.arch_capabilities |= 1u << 5; /* MDS_NO */
    assert_false(automatic(id).isolate || automatic(id).buffers_cleared);
    id.leaf7_ebx = 1u << 11; /* TSX: TAA */
    assert_true(automatic(id).isolate);
    id.arch_capabilities |= 1u << 8; /* TAA_NO */
    assert_false(automatic(id).isolate);
    id.arch_capabilities |= 1u << 28; /* RFDS_CLEAR */
    assert_true(automatic(id).isolate && automatic(id).buffers_cleared);
    struct cpu_identity old = intel(0x3c);
    assert_false(automatic(old).buffers_cleared);
    old.leaf7_edx = HAS_MD_CLEAR;
    assert_true(automatic(old).buffers_cleared);
}

static void only_a_predictor_that_is_safe_by_itself_saves_the_retpolines(void **state)
{
    (void)state;
    struct cpu_identity id = recent_intel();
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_IBRS | SPEC_CTRL_STIBP);
    assert_false(automatic(id).retpolines);
    assert_true(automatic(id).predictor_barrier);
    assert_true(automatic(id).fill_return_stack);
    id.arch_capabilities &= ~(1ull << 20); /* BHI_NO */
    assert_true(automatic(id).retpolines);
    id.leaf7_2_edx = 1u << 4; /* may be switched off instead */
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_IBRS | SPEC_CTRL_STIBP | SPEC_CTRL_BHI_DIS_S);
    assert_false(automatic(id).retpolines);
    id.leaf7_2_edx = 1u << 2;
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_IBRS | SPEC_CTRL_STIBP | SPEC_CTRL_RRSBA_DIS_S);
    assert_true(automatic(id).retpolines);
    id = recent_intel();
    id.leaf7_2_edx = 1u << 4;
    id.arch_capabilities &= ~(1ull << 1); /* IBRS_ALL */
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_STIBP);
    assert_true(automatic(id).retpolines);
    id = recent_intel();
    id.leaf7_edx &= ~HAS_IBRS; /* the register is not there */
    id.leaf7_2_edx = 1u << 4 | 1u << 2;
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_STIBP);
    assert_false(automatic(id).predictor_barrier);
    assert_true(automatic(id).retpolines);
    assert_true(automatic(intel(0x3c)).retpolines);
    assert_int_equal(automatic(intel(0x3c)).spec_ctrl, 0);
}

static void amd_has_bits_of_its_own(void **state)
{
    (void)state;
    struct cpu_identity id = amd();
    assert_true(automatic(id).retpolines);
    assert_int_equal(automatic(id).spec_ctrl, 0);
    id.ext8_ebx = 1u << 12 | 1u << 15 | 1u << 24;
    id.ext21_eax = 1u << 8;
    assert_true(automatic(id).predictor_barrier);
    assert_int_equal(automatic(id).spec_ctrl, SPEC_CTRL_STIBP);
    assert_true(automatic(id).automatic_ibrs);
    assert_false(automatic(id).retpolines);
    struct mitigations all = mitigations_for(&id, MITIGATIONS_ON);
    assert_int_equal(all.spec_ctrl, SPEC_CTRL_STIBP | SPEC_CTRL_SSBD);
    id.vendor = CPU_VENDOR_INTEL; /* there the same bits mean nothing */
    assert_false(automatic(id).predictor_barrier || automatic(id).automatic_ibrs);
    assert_int_equal(mitigations_for(&id, MITIGATIONS_ON).spec_ctrl, 0);
}

static void off_is_nothing_and_on_is_everything(void **state)
{
    (void)state;
    struct cpu_identity id = recent_intel();
    struct mitigations none = mitigations_for(&id, MITIGATIONS_OFF);
    assert_int_equal(none.reason, MITIGATIONS_REFUSED);
    assert_false(none.isolate || none.buffers_cleared || none.retpolines || none.fill_return_stack ||
                 none.predictor_barrier || none.automatic_ibrs || none.spec_ctrl != 0);
    struct mitigations all = mitigations_for(&id, MITIGATIONS_ON);
    assert_int_equal(all.reason, MITIGATIONS_ASKED);
    assert_true(all.isolate && all.buffers_cleared && all.retpolines && all.fill_return_stack && all.predictor_barrier);
    assert_int_equal(all.spec_ctrl, SPEC_CTRL_IBRS | SPEC_CTRL_STIBP | SPEC_CTRL_SSBD);
    id = amd();
    assert_true(mitigations_for(&id, MITIGATIONS_ON).isolate);
}

static void told(struct mitigations m, const char *expected)
{
    char storage[300];
    struct text_buf text = text_buf_over(storage, sizeof storage);
    mitigations_tell(&m, &text);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.len);
}

static void the_line_says_what_is_on_and_why(void **state)
{
    (void)state;
    struct cpu_identity id = recent_intel();
    told(mitigations_for(&id, MITIGATIONS_OFF), "off: page tables shared (asked for)");
    told(mitigations_for(&id, MITIGATIONS_ON),
         "on: page tables isolated (asked for), buffers cleared, retpolines, return stack filled, predictor barrier, IBRS, STIBP, SSBD");
    told(automatic(id), "auto: page tables shared (RDCL_NO), return stack filled, predictor barrier, IBRS, STIBP");
    told(automatic(intel(0x3c)), "auto: page tables isolated (Intel without RDCL_NO), retpolines, return stack filled");
    id.leaf7_2_edx = 1u << 4 | 1u << 2;
    told(automatic(id), "auto: page tables shared (RDCL_NO), return stack filled, predictor barrier, IBRS, STIBP, RRSBA_DIS_S, BHI_DIS_S");
    told(automatic(amd()), "auto: page tables shared (AMD), retpolines, return stack filled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_is_off_or_on_or_auto),
        cmocka_unit_test(isolation_follows_vendor_model_and_rdcl_no),
        cmocka_unit_test(buffers_that_need_clearing_need_the_isolated_way_out),
        cmocka_unit_test(only_a_predictor_that_is_safe_by_itself_saves_the_retpolines),
        cmocka_unit_test(amd_has_bits_of_its_own),
        cmocka_unit_test(off_is_nothing_and_on_is_everything),
        cmocka_unit_test(the_line_says_what_is_on_and_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
