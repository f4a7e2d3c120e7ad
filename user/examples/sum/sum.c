/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client of the adder: needs `adder` (an import of its endpoint) and a stream to print to. */
#include "capos/capos.h"
#include "user/services/adder/generated/adder_client.h"

static int fail(const char *what, enum capos_status status, const struct capos_client *adder)
{
    bool told = status == CAPOS_EXCEPTION;
    capos_print("sum: %s: %s %.*s\n", what, capos_status_text(status), told ? (int)adder->exception.len : 0,
                adder->exception.text);
    return 1;
}

int main(int argc, char **argv)
{
    struct capos_client adder;
    struct adder_add_results added;
    struct adder_accumulate_results total = { 0 };
    (void)argc, (void)argv;
    if (capos_client_open(&adder, "adder", ADDER_INTERFACE_ID) != CAPOS_OK) {
        capos_print("sum: needs `adder`\n");
        return 1;
    }
    enum capos_status status = adder_add(&adder, &(struct adder_add_params){ .a = 20, .b = 22 }, &added);
    if (status != CAPOS_OK)
        return fail("add", status, &adder);
    for (int64_t value = 1; value <= 10; value++) {
        status = adder_accumulate(&adder, &(struct adder_accumulate_params){ .value = value }, &total);
        if (status != CAPOS_OK)
            return fail("accumulate", status, &adder);
    }
    capos_print("sum: 20 + 22 = %ld, and my total is %ld\n", added.sum, total.total);
    return 0;
}
