/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of console.c: every row of the table "Console credential", with a hash that a person can follow. */
#include "console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool has_memory, has_entropy;
static struct console_verifier last;
static int hashed;

/* The password's bytes, then the salt's, round and round. */
static bool hash(const struct console_verifier *with, struct capn_data password, uint8_t *out)
{
    last = *with;
    hashed++;
    for (uint32_t i = 0; i < with->hash_len; i++)
        out[i] = i < password.len ? password.bytes[i] : with->salt[i % with->salt_len];
    return has_memory;
}

static bool salt(uint8_t out[CONSOLE_SALT_BYTES])
{
    memcpy(out, "0123456789abcdef", CONSOLE_SALT_BYTES);
    return has_entropy;
}

static const struct console_engine engine = { hash, salt };

static struct capn_data pass(const char *text)
{
    return (struct capn_data){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

static struct capn_data bytes(uint32_t len)
{
    static const uint8_t many[300] = { 'p' };
    return (struct capn_data){ many, len };
}

static void opened(struct console_credential *console, const char *phc)
{
    has_memory = has_entropy = true;
    hashed = 0;
    console_open(console, &engine, capn_text_of(phc));
}

/* Salt "saltsalt", hash "passs": what the hash above makes of "pass". */
#define GOOD "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3M"

#define SUCCESS CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS
#define DENIED CAPOS_CREDENTIAL_CHECK_STATUS_DENIED
#define UNAVAILABLE CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE

static void none(void **state)
{
    struct console_credential console;
    (void)state;
    opened(&console, "");
    assert_false(console_is_configured(&console) || console_is_volatile(&console));
    assert_int_equal(console_verify(&console, bytes(257)), DENIED);
    assert_int_equal(console_verify(&console, bytes(256)), UNAVAILABLE);
    assert_int_equal(console_verify(&console, bytes(0)), UNAVAILABLE);
    assert_int_equal(hashed, 0);
}

static void boot(void **state)
{
    struct console_credential console;
    (void)state;
    opened(&console, GOOD);
    assert_true(console_is_configured(&console));
    assert_false(console_is_volatile(&console));
    assert_int_equal(console.verifier.hash_len, 5);
    assert_int_equal(console_verify(&console, pass("pass")), SUCCESS);
    assert_int_equal(last.memory_kib, 64);
    assert_int_equal(last.passes, 3);
    assert_int_equal(last.salt_len, 8);
    assert_memory_equal(last.salt, "saltsalt", 8);
    assert_int_equal(console_verify(&console, pass("pasS")), DENIED);
    assert_int_equal(console_verify(&console, pass("Pass")), DENIED);
    assert_int_equal(console_verify(&console, pass("passt")), DENIED);
    assert_int_equal(console_verify(&console, pass("")), DENIED);
    assert_int_equal(hashed, 5);
    assert_int_equal(console_verify(&console, bytes(257)), DENIED);
    assert_int_equal(hashed, 5);
    has_memory = false;
    assert_int_equal(console_verify(&console, pass("pass")), UNAVAILABLE);
}

/* The hash is taken from the text, every letter of the alphabet included. */
static void decoding(void **state)
{
    struct console_credential console;
    (void)state;
    opened(&console, "$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$++//Ab9z");
    assert_true(console.readable);
    assert_int_equal(console.verifier.salt_len, 16);
    for (uint8_t i = 0; i < 16; i++)
        assert_int_equal(console.verifier.salt[i], i);
    assert_int_equal(console.verifier.hash_len, 6);
    assert_memory_equal(console.verifier.hash, "\xfb\xef\xff\x01\xbf\x73", 6);
}

static void unreadable(void **state)
{
    static const char *const texts[] = {
        "x", "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3Q",
        "$argon2id$v=16$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3Q",   /* a version that is not computed here */
        "$argon2id$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3Q",
        "$argon2id$v=19$m=19457,t=3,p=1$c2FsdHNhbHQ$cGFzc3Q",
        "$argon2id$v=19$m=64,t=3,p=2$c2FsdHNhbHQ$cGFzc3Q",
        "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbA$cGFzc3Q",    /* seven bytes of salt */
        "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$cGFz",      /* three bytes of hash */
        "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3QxA", /* no such length */
        "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$cGFzc3R",   /* bits behind the end */
        "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 65 bytes */,
    };
    struct console_credential console;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        opened(&console, texts[i]);
        assert_true(console_is_configured(&console));
        assert_false(console_is_volatile(&console));
        assert_int_equal(console_verify(&console, bytes(257)), DENIED);
        assert_int_equal(console_verify(&console, pass("pass")), UNAVAILABLE);
        assert_string_equal(console_create(&console, pass("new")), "console password is already configured");
    }
    assert_int_equal(hashed, 0);
}

static void creating(void **state)
{
    struct console_credential console;
    (void)state;
    opened(&console, "");
    assert_string_equal(console_create(&console, pass("")), "password is empty");
    assert_string_equal(console_create(&console, bytes(257)), "password is too long");
    has_entropy = false;
    assert_string_equal(console_create(&console, pass("new")), "console password cannot be created: no entropy");
    has_entropy = true;
    has_memory = false;
    assert_string_equal(console_create(&console, pass("new")), "console password cannot be created: no memory");
    has_memory = true;
    assert_false(console_is_configured(&console));
    assert_int_equal(console_verify(&console, pass("new")), UNAVAILABLE);
    assert_null(console_create(&console, bytes(256)));
    assert_true(console_is_configured(&console) && console_is_volatile(&console));
    assert_int_equal(console_verify(&console, bytes(256)), SUCCESS);
    assert_int_equal(last.memory_kib, 9216);
    assert_int_equal(last.passes, 4);
    assert_memory_equal(last.salt, "0123456789abcdef", 16);
    assert_int_equal(last.salt_len, 16);
    assert_int_equal(last.hash_len, 32);
    assert_int_equal(console_verify(&console, pass("new")), DENIED);
    assert_string_equal(console_create(&console, pass("")), "password is empty");
    assert_string_equal(console_create(&console, pass("other")), "console password is already configured");
    assert_int_equal(console_verify(&console, bytes(256)), SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(none), cmocka_unit_test(boot), cmocka_unit_test(decoding),
                                        cmocka_unit_test(unreadable), cmocka_unit_test(creating) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
