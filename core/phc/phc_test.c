/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/phc/phc.c: the order of the checks, each limit, what is found in a good text. */
#include "core/phc/phc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAIL "$c2FsdHNhbHQ$aGFzaGhhc2g"
#define V19(costs) "$argon2id$v=19$" costs TAIL

static enum phc_error parse(const char *text)
{
    struct phc out = { .memory_kib = 8, .passes = 1, .lanes = 1 }; /* not what a missing cost means */
    return phc_parse(capn_text_of(text), &out);
}

static void order(void **state)
{
    char long_text[513];
    struct phc out;
    (void)state;
    assert_int_equal(parse(""), PHC_EMPTY);
    memset(long_text, '$', sizeof long_text);
    assert_int_equal(phc_parse((struct capn_text){ long_text, 513 }, &out), PHC_TOO_LONG);
    assert_int_equal(phc_parse((struct capn_text){ long_text, 512 }, &out), PHC_NOT_ARGON2ID);
    memset(long_text, 'x', sizeof long_text);
    assert_int_equal(phc_parse((struct capn_text){ long_text, 513 }, &out), PHC_TOO_LONG);
    assert_int_equal(phc_parse((struct capn_text){ long_text, 512 }, &out), PHC_NOT_PHC);
    assert_int_equal(parse("$"), PHC_NOT_PHC);
    assert_int_equal(parse("x$argon2id$v=19$m=8,t=1,p=1" TAIL), PHC_NOT_PHC);
    assert_int_equal(parse("$argon2i$v=19$m=99999,t=1,p=1"), PHC_NOT_ARGON2ID);
    assert_int_equal(parse("$argon2id$v=19$m=99999,t=x,p=1" TAIL), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=99999,t=1,p=1")), PHC_ABOVE_LIMITS);
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(parse(V19("m=19456,t=4,p=1")), PHC_OK);
    assert_int_equal(parse(V19("m=19457,t=4,p=1")), PHC_ABOVE_LIMITS);
    assert_int_equal(parse(V19("m=19456,t=5,p=1")), PHC_ABOVE_LIMITS);
    assert_int_equal(parse(V19("m=19456,t=4,p=2")), PHC_ABOVE_LIMITS);
    assert_int_equal(parse(V19("m=8,t=1,p=1")), PHC_OK);
    assert_int_equal(parse(V19("m=7,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,t=0,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,t=1,p=0")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=15,t=1,p=2")), PHC_UNREADABLE); /* eight for each lane */
    assert_int_equal(parse(V19("m=16,t=1,p=2")), PHC_ABOVE_LIMITS);
    assert_int_equal(parse(V19("m=4294967304,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=18446744073709551624,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=08,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=4294967295,t=1,p=1")), PHC_ABOVE_LIMITS); /* the largest number that is one */
    assert_int_equal(parse(V19("m=4294967296,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=1/,t=1,p=1")), PHC_UNREADABLE); /* the characters beside the digits */
    assert_int_equal(parse(V19("m=1:,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=,t=1,p=1")), PHC_UNREADABLE);
}

static void parts(void **state)
{
    struct phc out;
    (void)state;
    assert_int_equal(phc_parse(capn_text_of(V19("t=3,p=1,m=4096")), &out), PHC_OK);
    assert_int_equal(out.version, 19);
    assert_int_equal(out.memory_kib, 4096);
    assert_int_equal(out.passes, 3);
    assert_int_equal(out.lanes, 1);
    assert_true(capn_text_equal(out.salt, capn_text_of("c2FsdHNhbHQ")));
    assert_true(capn_text_equal(out.hash, capn_text_of("aGFzaGhhc2g")));
    assert_int_equal(phc_parse(capn_text_of("$argon2id$m=8,t=1,p=1" TAIL), &out), PHC_OK);
    assert_int_equal(out.version, 16);
    assert_int_equal(phc_parse(capn_text_of("$argon2id$v=16$m=8,t=1,p=1" TAIL), &out), PHC_OK);
    assert_int_equal(out.version, 16);
    assert_int_equal(parse("$argon2id$v=18$m=8,t=1,p=1" TAIL), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,t=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,t=1,p=1,")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,m=8,t=1,p=1")), PHC_UNREADABLE);
    assert_int_equal(parse(V19("m=8,t=1,p=1,q=1")), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$$aGFzaA"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdA=$aGFzaA"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA$"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id"), PHC_UNREADABLE);
}

/* What no password can be checked against is refused here, not when somebody logs in. */
static void encoding(void **state)
{
    char text[200];
    static const struct {
        int salt, hash; /* characters */
        enum phc_error error;
    } lengths[] = {
        { 4, 6, PHC_OK },    { 3, 6, PHC_UNREADABLE },  { 5, 6, PHC_UNREADABLE },  { 64, 86, PHC_OK },
        { 66, 86, PHC_UNREADABLE }, { 64, 87, PHC_UNREADABLE }, { 64, 4, PHC_UNREADABLE }, { 64, 9, PHC_UNREADABLE },
        { 64, 85, PHC_UNREADABLE }, { 63, 7, PHC_OK },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char run[100];
        memset(run, 'A', sizeof run);
        snprintf(text, sizeof text, "$argon2id$v=19$m=8,t=1,p=1$%.*s$%.*s", lengths[i].salt, run, lengths[i].hash, run);
        assert_int_equal(parse(text), lengths[i].error);
    }
    /* The bits behind the last whole byte: four after two characters, two after three. */
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaA"), PHC_OK);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdR$aGFzaA"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdY$aGFzaA"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaGE"), PHC_OK);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaGF"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaG+"), PHC_UNREADABLE);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaG4"), PHC_OK);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFzaG8"), PHC_OK);
    assert_int_equal(parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdQ$aGFza/"), PHC_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(order), cmocka_unit_test(limits), cmocka_unit_test(parts),
                                        cmocka_unit_test(encoding) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
