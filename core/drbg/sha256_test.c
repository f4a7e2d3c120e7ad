/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Known answers: FIPS 180-4 examples, RFC 4231 cases 1 to 7, padding edges, and feeding in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/drbg/sha256.h"

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    char text[65];

    for (size_t i = 0; i < 32; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

static void digest(const void *bytes, size_t len, uint8_t out[32])
{
    struct sha256 ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, bytes, len);
    sha256_final(&ctx, out);
}

static void test_fips_examples(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];
    uint8_t out[32];

    (void)state;
    digest("abc", 3, out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest(two_blocks, 56, out);
    assert_hex(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof million);
    digest(million, sizeof million, out);
    assert_hex(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Around the point where the length no longer fits the last block; bytes 0, 1, 2, ... */
static void test_padding_edges(void **state)
{
    static const struct {
        size_t len;
        const char *hex;
    } cases[] = {
        { 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { 55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59" },
        { 56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562" },
        { 63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488" },
        { 64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108" },
        { 65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781" },
        { 119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6" },
        { 120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c" },
    };
    uint8_t bytes[120];
    uint8_t out[32];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        digest(bytes, cases[i].len, out);
        assert_hex(out, cases[i].hex);
    }
}

static void test_pieces_equal_the_whole(void **state)
{
    uint8_t bytes[300];
    uint8_t want[32];
    uint8_t got[32];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    digest(bytes, sizeof bytes, want);
    for (size_t step = 1; step < 150; step++) {
        struct sha256 ctx;
        sha256_init(&ctx);
        for (size_t at = 0; at < sizeof bytes; at += step)
            sha256_update(&ctx, bytes + at, step < sizeof bytes - at ? step : sizeof bytes - at);
        sha256_final(&ctx, got);
        assert_memory_equal(got, want, 32);
    }
}

static void test_final_wipes(void **state)
{
    struct hmac_sha256 mac;
    const struct hmac_sha256 zero = { 0 };
    uint8_t out[32];

    (void)state;
    hmac_sha256_init(&mac, (const uint8_t *)"key", 3);
    hmac_sha256_update(&mac, "secret", 6);
    hmac_sha256_final(&mac, out);
    assert_memory_equal(&mac, &zero, sizeof mac);
}

static void hmac(const uint8_t *key, size_t key_len, const void *bytes, size_t len, const char *hex)
{
    struct hmac_sha256 mac;
    uint8_t out[32];

    hmac_sha256_init(&mac, key, key_len);
    hmac_sha256_update(&mac, bytes, len);
    hmac_sha256_final(&mac, out);
    assert_hex(out, hex);
}

static void test_rfc4231(void **state)
{
    static const char long_data[] = "This is a test using a larger than block-size key and a larger than block-size "
                                    "data. The key needs to be hashed before being used by the HMAC algorithm.";
    uint8_t key[131];
    uint8_t data[50];

    (void)state;
    memset(key, 0x0b, 20);
    hmac(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac((const uint8_t *)"k", 1, "message", 7, "9831a5afefa770d5fe6c985f6c343796ca3d27651d69e24864f1f9948debfacf");
    hmac((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28,
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    hmac(key, 20, data, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac(key, 131, long_data, 152, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    for (size_t i = 0; i < 25; i++)
        key[i] = (uint8_t)(i + 1);
    memset(data, 0xcd, sizeof data);
    hmac(key, 25, data, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    memset(key, 0x0c, 20);
    hmac(key, 20, "Test With Truncation", 20, "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fips_examples), cmocka_unit_test(test_padding_edges),
        cmocka_unit_test(test_pieces_equal_the_whole), cmocka_unit_test(test_final_wipes),
        cmocka_unit_test(test_rfc4231),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
