# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Tests of the schema, of the plugin and of the generated code.

SCHEMA_TEST := $(B)/unit/tests/schema/generated_test
SCHEMA_TEST_LIB := $(B)/libcore-test.a
ROUND_TRIP := $(B)/tests/schema/round_trip

.PHONY: schema-tests

CFLAGS.tests/schema/generated_test.c := -Iuser/libcapos/include

$(SCHEMA_TEST): $(B)/test-obj/tests/schema/generated_test.o $(SCHEMA_TEST_LIB)
	@mkdir -p $(@D)
	@$(CC) $(SANITIZERS) $^ -lcmocka -o $@

$(B)/capos.request: schema/capos.capnp
	@mkdir -p $(@D)
	@capnp compile -o- $< >$@

$(B)/tests/schema/codecs.c: $(B)/capnpc-c $(B)/capos.request
	@mkdir -p $(@D)
	@$(B)/capnpc-c --codecs <$(B)/capos.request >$@

$(B)/tests/schema/codecs.o: $(B)/tests/schema/codecs.c
	@$(CC) $(TEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/tests/schema/round_trip.o: tests/schema/round_trip.cc
	@mkdir -p $(@D)
	@g++ -std=c++17 -O1 -g -Wall -Wextra -Werror -I. $(SANITIZERS) -MMD -MP -c $< -o $@

$(ROUND_TRIP): $(B)/tests/schema/round_trip.o $(B)/tests/schema/codecs.o $(B)/test-obj/tests/schema/recode.o $(SCHEMA_TEST_LIB)
	@g++ $(SANITIZERS) $^ -lcapnp -lkj -o $@

schema-tests: $(SCHEMA_TEST) $(ROUND_TRIP) $(B)/capos.request ## plugin and generated code: worked examples, calls, round trips of every struct
	@tests/schema/plugin_test.sh $(B)/capnpc-c
	@tools/run_unit $(SCHEMA_TEST)
	@$(ROUND_TRIP) $(B)/capos.request
