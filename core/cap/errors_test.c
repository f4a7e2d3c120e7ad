/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/errors.c: texts and codes, written down again from the specification. */
#include "core/cap/fixture_test.h"

#define ANY 99

struct expectation {
    enum cap_error error;
    const char *text; /* NULL: ours, not fixed */
    int lookup_call;
    int lookup_other;
    int release;
    int transfer;
    int after_prepare;
    enum cap_exception_type type;
};

#define EXHAUSTED(error, name) \
    {error, "capability resource exhausted: " name, -4, -4, -1, -8, -8, CAP_EXCEPTION_OVERLOADED}

static const struct expectation table[] = {
    {CAP_OK, "ok", 0, 0, 0, 0, 0, ANY},
    {CAP_NOT_FOUND, "capability not found", -4, -4, -1, -7, -8, CAP_EXCEPTION_FAILED},
    {CAP_STALE_GENERATION, "stale capability reference", -4, -4, -1, -7, -8,
     CAP_EXCEPTION_FAILED},
    {CAP_REVOKED, "capability has been revoked", -4, -4, 0, -7, -8, CAP_EXCEPTION_FAILED},
    {CAP_NOT_LIVE, NULL, -9, -4, 0, -7, -8, CAP_EXCEPTION_FAILED},
    {CAP_TABLE_FULL, "capability table full", -4, -4, -1, -8, -8, CAP_EXCEPTION_OVERLOADED},
    {CAP_TRANSFER_NOT_ALLOWED, "capability hold is not transferable", -4, -4, -1, -6, -8,
     CAP_EXCEPTION_FAILED},
    {CAP_TRANSFER_PENDING, "capability transfer is already pending", -4, -4, -1, -8, -8,
     CAP_EXCEPTION_FAILED},
    {CAP_INVALID_TRANSFER_ORIGIN, "invalid capability transfer origin", -4, -4, -1, -8, -8,
     CAP_EXCEPTION_FAILED},
    {CAP_INVALID_TRANSFER_TOKEN, "invalid provisional transfer token", -4, -4, -1, -8, -8,
     CAP_EXCEPTION_FAILED},
    {CAP_INTERFACE_RELABEL, NULL, -4, -4, -1, -6, -8, CAP_EXCEPTION_FAILED},
    {CAP_RECEIVER_COOKIE_RELABEL, NULL, -4, -4, -1, -6, -8, CAP_EXCEPTION_FAILED},
    {CAP_TRANSACTION_FULL, NULL, -4, -4, -1, -7, -8, CAP_EXCEPTION_FAILED},
    {CAP_INVALID_DESCRIPTOR, NULL, -4, -4, -1, -7, -8, CAP_EXCEPTION_FAILED},
    EXHAUSTED(CAP_EXHAUSTED_CAP_SLOTS, "cap slots"),
    EXHAUSTED(CAP_EXHAUSTED_OUTSTANDING_CALLS, "outstanding calls"),
    EXHAUSTED(CAP_EXHAUSTED_SCRATCH_BYTES, "scratch bytes"),
    EXHAUSTED(CAP_EXHAUSTED_FRAME_GRANT_PAGES, "frame grant pages"),
    EXHAUSTED(CAP_EXHAUSTED_VIRTUAL_RESERVATION_PAGES, "virtual reservation pages"),
    EXHAUSTED(CAP_EXHAUSTED_PAGE_TABLE_PAGES, "page table pages"),
    EXHAUSTED(CAP_EXHAUSTED_IMAGE_PAGES, "image pages"),
    EXHAUSTED(CAP_EXHAUSTED_TABLE_STORAGE, "cap table storage"),
    EXHAUSTED(CAP_EXHAUSTED_OBJECT_EPOCHS, "object epochs"),
    EXHAUSTED(CAP_EXHAUSTED_OBJECT_COLLECTION, "cap object collection"),
};

static void every_error_has_its_text_and_codes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(table) / sizeof(table[0]), CAP_ERROR_COUNT);
    for (size_t i = 0; i < CAP_ERROR_COUNT; i++) {
        const struct expectation *e = &table[i];
        assert_int_equal(e->error, i);
        if (e->text != NULL)
            assert_string_equal(cap_error_text(e->error), e->text);
        else
            assert_true(strlen(cap_error_text(e->error)) > 0);
        assert_int_equal(cap_error_lookup_code(e->error, true), e->lookup_call);
        assert_int_equal(cap_error_lookup_code(e->error, false), e->lookup_other);
        assert_int_equal(cap_error_release_code(e->error), e->release);
        assert_int_equal(cap_error_transfer_code(e->error, false), e->transfer);
        assert_int_equal(cap_error_transfer_code(e->error, true), e->after_prepare);
        assert_int_equal(cap_error_is_exhausted(e->error), e->type == CAP_EXCEPTION_OVERLOADED);
        if (e->type != ANY)
            assert_int_equal(cap_error_exception_type(e->error), e->type);
    }
}

static void unknown_error_has_a_text(void **state)
{
    (void)state;
    assert_non_null(cap_error_text(CAP_ERROR_COUNT));
    assert_false(cap_error_is_exhausted(CAP_ERROR_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_text_and_codes),
        cmocka_unit_test(unknown_error_has_a_text),
    };
    return cmocka_run_group_tests_name("cap_errors", tests, NULL, NULL);
}
