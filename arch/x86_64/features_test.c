/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Processor decisions, for machines that the tests cannot run on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/features.h"

static struct cpu_identity intel(uint32_t model)
{
    return (struct cpu_identity){.vendor = CPU_VENDOR_INTEL, .family = 6, .model = model};
}

static void vendor_needs_all_three_words(void **state)
{
    (void)state;
    assert_int_equal(cpu_vendor_of(0x756e6547, 0x49656e69, 0x6c65746e), CPU_VENDOR_INTEL);
    assert_int_equal(cpu_vendor_of(0x68747541, 0x69746e65, 0x444d4163), CPU_VENDOR_AMD);
    assert_int_equal(cpu_vendor_of(0x756e6547, 0x49656e69, 0x444d4163), CPU_VENDOR_OTHER);
}

static void signature_has_extended_fields(void **state)
{
    (void)state;
    struct cpu_identity id = {0};
    cpu_decode_signature(0x000306c3, &id); /* Haswell */
    assert_int_equal(id.family, 6);
    assert_int_equal(id.model, 0x3c);
    cpu_decode_signature(0x00870f10, &id); /* Zen 2 */
    assert_int_equal(id.family, 0x17);
    assert_int_equal(id.model, 0x71);
    cpu_decode_signature(0x00000543, &id); /* family 5: no extended model */
    assert_int_equal(id.family, 5);
    assert_int_equal(id.model, 4);
}

static void avx_needs_xsave_and_its_component(void **state)
{
    (void)state;
    struct cpu_identity id = intel(0x3c);
    id.leaf1_ecx = 1u << 28;
    id.xsave_components = 7;
    assert_false(cpu_features_of(&id).avx);
    id.leaf1_ecx |= 1u << 26;
    assert_true(cpu_features_of(&id).avx);
    id.xsave_components = 3;
    assert_true(cpu_features_of(&id).xsave);
    assert_false(cpu_features_of(&id).avx);
    id.xsave_components = 1;
    assert_false(cpu_features_of(&id).xsave);
}

static void each_feature_has_its_bit(void **state)
{
    (void)state;
    struct cpu_identity none = {0};
    struct cpu_features f = cpu_features_of(&none);
    assert_false(f.smep || f.smap || f.umip || f.global_pages || f.machine_check || f.rdrand || f.rdseed || f.invariant_tsc);
    struct cpu_identity id = {.leaf1_ecx = 1u << 30, .leaf1_edx = 1u << 13 | 1u << 7,
                              .leaf7_ebx = 1u << 7 | 1u << 18 | 1u << 20, .leaf7_ecx = 1u << 2, .ext7_edx = 1u << 8};
    f = cpu_features_of(&id);
    assert_true(f.smep && f.smap && f.umip && f.global_pages && f.machine_check && f.rdrand && f.rdseed && f.invariant_tsc);
}

static void physical_address_length_is_bounded(void **state)
{
    (void)state;
    struct cpu_identity id = {0};
    assert_int_equal(cpu_features_of(&id).physical_bits, 36);
    id.ext8_eax = 0x3028;
    assert_int_equal(cpu_features_of(&id).physical_bits, 40);
    id.ext8_eax = 0x30ff;
    assert_int_equal(cpu_features_of(&id).physical_bits, 52);
}

static void only_older_amd_leaks_fpu_pointers(void **state)
{
    (void)state;
    struct cpu_identity id = {.vendor = CPU_VENDOR_AMD};
    assert_true(cpu_features_of(&id).fpu_pointers_leak);
    id.ext8_ebx = 1u << 2;
    assert_false(cpu_features_of(&id).fpu_pointers_leak);
    id = intel(0x3c);
    assert_false(cpu_features_of(&id).fpu_pointers_leak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vendor_needs_all_three_words),
        cmocka_unit_test(signature_has_extended_fields),
        cmocka_unit_test(avx_needs_xsave_and_its_component),
        cmocka_unit_test(each_feature_has_its_bit),
        cmocka_unit_test(physical_address_length_is_bounded),
        cmocka_unit_test(only_older_amd_leaks_fpu_pointers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
