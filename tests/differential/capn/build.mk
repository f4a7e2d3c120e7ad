# SPDX-License-Identifier: MIT OR Apache-2.0
#
# core/capn against the official Cap'n Proto library.

CAPN_DIFF := $(B)/differential/capn
CAPN_DIFF_DIR := $(B)/differential/capn-obj
CAPN_DIFF_SRC := tests/differential/capn/ours.c $(wildcard core/capn/message.c core/capn/read.c core/capn/list.c \
	core/capn/build.c core/base/bytes.c core/base/text.c)

.PHONY: differential-capn

$(CAPN_DIFF_DIR)/probe.capnp.c++: tests/differential/capn/probe.capnp
	@mkdir -p $(@D)
	@capnp compile -oc++:$(@D) --src-prefix=tests/differential/capn $<

$(CAPN_DIFF_DIR)/probe.o: $(CAPN_DIFF_DIR)/probe.capnp.c++
	@g++ -std=c++17 -O1 -g $(SANITIZERS) -x c++ -c $< -o $@

$(CAPN_DIFF_DIR)/capn_diff.o: tests/differential/capn/capn_diff.cc $(CAPN_DIFF_DIR)/probe.capnp.c++
	@g++ -std=c++17 -O1 -g -Wall -Wextra -Werror -I. -I$(CAPN_DIFF_DIR) $(SANITIZERS) -MMD -MP -c $< -o $@

$(CAPN_DIFF): $(CAPN_DIFF_DIR)/capn_diff.o $(CAPN_DIFF_DIR)/probe.o $(call objects,test-obj,$(CAPN_DIFF_SRC))
	@g++ $(SANITIZERS) $^ -lcapnp -lkj -o $@

differential-capn: $(CAPN_DIFF) ## Cap'n Proto runtime against the official library, 200,000 mutated messages (MUTATIONS=n)
	@env $(if $(MUTATIONS),MUTATIONS=$(MUTATIONS)) $(CAPN_DIFF)
