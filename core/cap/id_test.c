/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/id.h and core/base/nospec.h. */
#include "core/cap/fixture_test.h"
#include "core/base/nospec.h"

static void ids_go_round(void **state)
{
    (void)state;
    static const uint32_t indices[] = {0, 1, 255, 0x123456, 0xffffff};
    for (uint32_t generation = 0; generation < 256; generation++) {
        for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
            uint32_t id = cap_id_make((uint8_t)generation, indices[i]);
            assert_int_equal(cap_id_index(id), indices[i]);
            assert_int_equal(cap_id_generation(id), generation);
        }
    }
    assert_int_equal(CAP_ID_INDEX_MAX, 0xffffff);
    assert_int_equal(cap_id_make(0, 0), 0);
    assert_int_equal(cap_id_make(0xab, 0x123456), 0xab123456);
}

static void masked_index_stays_inside(void **state)
{
    (void)state;
    assert_int_equal(index_nospec(0, 1), 0);
    assert_int_equal(index_nospec(255, 256), 255);
    assert_int_equal(index_nospec(256, 256), 0);
    assert_int_equal(index_nospec(UINT32_MAX, 256), 0);
    assert_int_equal(index_nospec(UINT32_MAX - 1, UINT32_MAX), UINT32_MAX - 1);
    assert_int_equal(index_nospec(3, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_go_round),
        cmocka_unit_test(masked_index_stays_inside),
    };
    return cmocka_run_group_tests_name("cap_id", tests, NULL, NULL);
}
