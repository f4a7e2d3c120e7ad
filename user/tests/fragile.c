/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A service that dies in the middle of every fourth call, and (with `service`
 * in place of `fragile`) its client, which asks again: the manifest starts the
 * service again on the endpoint that init holds.
 */
#include "check.h"
#include "user/services/adder/generated/adder_client.h"
#include "user/services/adder/generated/adder_dispatch.h"

static enum capn_outcome add(void *env, void *object, const struct adder_add_params *in, struct adder_add_results *out)
{
    static int served;
    (void)env, (void)object;
    if (++served == 4)
        capos_exit(7);
    out->sum = in->a + in->b;
    return CAPN_DONE;
}

static int client(void)
{
    struct capos_client fragile = granted("service", ADDER_INTERFACE_ID);
    uint32_t answered = 0, lost = 0;
    while (answered < 9) {
        struct adder_add_results sum = { 0 };
        enum capos_status status = adder_add(&fragile, &(struct adder_add_params){ .a = answered, .b = 1 }, &sum);
        if (status == CAPOS_OK) {
            check(sum.sum == answered + 1, "sum %ld", sum.sum);
            answered++;
            continue;
        }
        check_exception(status, &fragile, CAP_EXCEPTION_DISCONNECTED, "endpoint receiver exited", "the call that killed it");
        if (check_failures > 0 || ++lost > 9)
            break;
    }
    check(lost == 2, "%u calls lost", lost);
    return finish("fragile");
}

int main(int argc, char **argv)
{
    static const struct adder_ops methods = { .add = add };
    static struct capos_served objects[] = { { .interface_id = ADDER_INTERFACE_ID, .serve = adder_serve, .ops = &methods } };
    struct capos_server server = { .objects = objects, .object_count = 1 };
    (void)argc, (void)argv;
    if (capos_capset_find("service") != NULL)
        return client();
    return capos_server_open(&server, "fragile") == CAPOS_OK && capos_serve(&server) == CAPOS_OK ? 0 : 1;
}
