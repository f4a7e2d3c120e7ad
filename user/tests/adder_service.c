/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The adder with a client that behaves, one that does not, and its end. */
#include "service.h"
#include "user/services/adder/generated/adder_client.h"

int main(int argc, char **argv)
{
    static struct capos_process process;
    struct capos_client adder;
    struct adder_add_results sum = { 0 };
    struct adder_total_results total = { 0 };
    struct capos_cap_grant grants[] = {
        CONSOLE_GRANT, capos_grant_kernel("adder", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID) };
    (void)argc, (void)argv;
    if (task() != NULL)
        return bad_client();
    if (!start_service("adder", grants, 2, &process, &adder))
        return finish("adder_service");
    for (int round = 0; round < 3; round++) {
        run_bad_client("adder_service", &adder, CAPOS_ENDPOINT_INTERFACE_ID);
        check_ok(adder_add(&adder, &(struct adder_add_params){ 40, 2 }, &sum), &adder, "add");
        check(sum.sum == 42, "the sum is %ld", sum.sum);
    }
    check_exception(adder_add(&adder, &(struct adder_add_params){ INT64_MAX, 1 }, &sum), &adder, CAP_EXCEPTION_INVALID_ARGUMENT,
                    "the sum does not fit", "overflow");
    struct adder_accumulate_results got;
    check_ok(adder_accumulate(&adder, &(struct adder_accumulate_params){ 7 }, &got), &adder, "accumulate");
    check_ok(adder_accumulate(&adder, &(struct adder_accumulate_params){ -2 }, &got), &adder, "accumulate");
    check_ok(adder_total(&adder, NULL, &total), &adder, "total");
    check(total.total == 5 && total.calls == 2, "the total: %ld after %lu", total.total, total.calls);
    end_service(&process, &adder);
    return finish("adder_service");
}
