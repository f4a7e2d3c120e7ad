/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The numbers in a caller-session record, for every value: as specified, and
 * back again where there is a number.
 */
#include "core/base/base_proof.h"
#include "core/session/numbers.c"

/* PROOF kinds_and_strengths_have_their_numbers
 * of: session_kind_number, session_auth_number, number_in
 * bound: none: every value, also unknown ones
 */
void kinds_and_strengths_have_their_numbers(void)
{
    uint32_t value = nondet_u32();
    uint16_t kind = session_kind_number((enum capos_principal_kind)value);
    uint16_t auth = session_auth_number((enum capos_auth_strength)value);
    if (value < CAPOS_PRINCIPAL_KIND_COUNT) {
        probe(1);
        assert(kind == value + 1);
        assert(auth == (value == CAPOS_AUTH_STRENGTH_PASSWORD ? 1 : value == CAPOS_AUTH_STRENGTH_PUBLIC_KEY ? 2 : 0));
    } else {
        probe(2);
        assert(kind == 0 && auth == 0);
    }
}

/* PROOF numbers_lead_back
 * of: session_kind_of_number, session_auth_of_number, value_in
 * bound: none: every number
 * unwind: 8
 */
void numbers_lead_back(void)
{
    uint16_t number = nondet_u16();
    enum capos_principal_kind kind = CAPOS_PRINCIPAL_KIND_PSEUDONYMOUS;
    enum capos_auth_strength auth = CAPOS_AUTH_STRENGTH_MULTI_PARTY;
    if (session_kind_of_number(number, &kind)) {
        probe(1);
        assert(number >= 1 && number <= 6 && session_kind_number(kind) == number);
    } else {
        probe(2);
        assert((number == 0 || number > 6) && kind == CAPOS_PRINCIPAL_KIND_PSEUDONYMOUS);
    }
    if (session_auth_of_number(number, &auth)) {
        probe(3);
        assert(number <= 2 && session_auth_number(auth) == number && (number != 0 || auth == CAPOS_AUTH_STRENGTH_NONE));
    } else {
        probe(4);
        assert(number > 2 && auth == CAPOS_AUTH_STRENGTH_MULTI_PARTY);
    }
}

/* PROOF profiles_have_names
 * of: session_profile_name
 * bound: none: every number
 */
void profiles_have_names(void)
{
    static const char first[] = {0, 'a', 'g', 'o', 's'};
    uint32_t profile = nondet_u32();
    const char *name = session_profile_name((enum session_profile)profile);
    if (profile < sizeof first) {
        probe(1);
        assert(name == profiles[profile] && name[0] == first[profile]);
    } else {
        probe(2);
        assert(name[0] == 'o' && name[1] == 't' && name[5] == 0);
    }
}
