# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The hosted kernel: core, kernel and generated code with arch/host, under ASan and UBSan, with fault points and trace
# events; and the simulation tests that link it.

SIM_CFLAGS := $(TEST_CFLAGS) -Iarch/host/include -Iuser/libcapos/include -DCAPOS_FAULT_INJECTION -DCAPOS_TRACE -DCAPOS_DEBUG
SIM_KERNEL_SRC := $(filter-out core/base/bytes.c,$(CORE_SRC)) $(KERNEL_SRC) $(SCHEMA_SRC) schema/generated/capos_client.c $(wildcard arch/host/*.c)
SIM_TESTS := $(patsubst tests/sim/%.c,%,$(filter-out tests/sim/guest.c tests/sim/harness.c,$(wildcard tests/sim/*.c)))

$(B)/sim-obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(SIM_CFLAGS) -MMD -MP -c $< -o $@

$(B)/sim/libkernel.a: $(call objects,sim-obj,$(SIM_KERNEL_SRC))
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

$(B)/sim/%: $(B)/sim-obj/tests/sim/%.o $(B)/sim-obj/tests/sim/guest.o $(B)/sim-obj/tests/sim/harness.o $(B)/sim/libkernel.a
	$(CC) $(SANITIZERS) -o $@ $^

SEED ?= 1

.PHONY: sim sim-build coverage
sim-build: $(addprefix $(B)/sim/,$(SIM_TESTS))
sim: sim-build ## run the simulation tests (SEED=n chooses the run)
	@printf '%s\n' $(SIM_TESTS) | xargs -P 2 -I NAME env SEED=$(SEED) $(B)/sim/NAME

# Random programs against a reference model; the 20 seeds of CI and the corpus of the fuzzer are part of `make sim`.
.PHONY: sim-random
sim-random: $(B)/sim/random ## random programs on the simulated machine: 20 fixed seeds, or SEED=n STEPS=n, or SECONDS=n from free seeds
	@env $(if $(filter command line,$(origin SEED)),SEED=$(SEED)) $(if $(STEPS),STEPS=$(STEPS)) $(if $(SECONDS),SECONDS=$(SECONDS)) $(B)/sim/random

# Each allocation and each copy of the simulated kernel fails, one run each; CI lets a share of the random programs' points fail,
# another one with each commit.
.PHONY: sim-faults sim-faults-share
sim-faults: sim-build ## every allocation and copy of the simulated kernel fails once, and which places in the source did, a few minutes
	@tools/sim-faults
sim-faults-share: $(B)/sim/random
	@SHARE=12 OFFSET=$$(git rev-list --count HEAD 2>/dev/null || echo 0) $(B)/sim/random faults

# libFuzzer over the random programs: the whole hosted kernel, by clang.
SIM_FUZZ_CFLAGS = $(FUZZ_CFLAGS) -D_GNU_SOURCE -D__SANITIZE_ADDRESS__=1 -Iarch/host/include -Iuser/libcapos/include -DCAPOS_FAULT_INJECTION \
	-DCAPOS_TRACE -DCAPOS_DEBUG -Wno-unused-function
SIM_FUZZ_SRC := $(SIM_KERNEL_SRC) tests/sim/harness.c tests/sim/guest.c tests/sim/fuzz/random_fuzzer.c

$(B)/sim-fuzz-obj/%.o: %.c
	@mkdir -p $(@D)
	@clang $(SIM_FUZZ_CFLAGS) -MMD -MP -c $< -o $@

$(B)/fuzz/sim-random: $(call objects,sim-fuzz-obj,$(SIM_FUZZ_SRC))
	@mkdir -p $(@D)
	@clang -fsanitize=fuzzer,address,undefined $^ -o $@

.PHONY: sim-fuzz
SIM_FUZZ_OPTIONS := -max_len=8192 -rss_limit_mb=2048 -timeout=30 -print_final_stats=1 -detect_leaks=0 -artifact_prefix=build/fuzz-findings/sim-random-
sim-fuzz: $(B)/fuzz/sim-random ## libFuzzer over the random programs of the simulation (FUZZ_SECONDS=60)
	@mkdir -p build/fuzz-findings build/fuzz-corpus/sim-random
	@$(B)/fuzz/sim-random $(SIM_FUZZ_OPTIONS) -max_total_time=$(FUZZ_SECONDS) build/fuzz-corpus/sim-random tests/sim/fuzz/corpus

# Every step of 1 to 1,000, every process that lives then, and somebody at every k-th step, on 1, 2 and 4 CPUs.
.PHONY: kill-sweep
kill-sweep: $(B)/sim/kill ## kill each process at each of 1,000 steps on the simulated machine, half an hour (SEED=n; CI does a share)
	@KILL_OF=1 SEED=$(SEED) $(B)/sim/kill

# For tools/mutants.
.PHONY: print-sim-flags print-sim-objects
print-sim-flags:
	@echo $(SIM_CFLAGS)
print-sim-objects:
	@echo $(call objects,sim-obj,$(SIM_KERNEL_SRC))

# The same tests and those of core/, without sanitizers and with counters.
COVERAGE_B := build/coverage
coverage: ## lines and branches that the unit and simulation tests run, per room (MISSING=path lists the others, GATE=1 compares core with its goals)
	@mkdir -p $(COVERAGE_B) && find $(COVERAGE_B) -name '*.gcda' -delete
	@$(MAKE) -s B=$(COVERAGE_B) SANITIZERS="--coverage -fprofile-update=atomic -DCAPOS_COVERAGE -Wno-maybe-uninitialized" core-tests sim \
	  >$(COVERAGE_B)/tests.log 2>&1 || { grep -v '^ok' $(COVERAGE_B)/tests.log | tail -60; exit 1; }
	@tools/coverage $(if $(MISSING),--missing $(MISSING)) $(if $(GATE),--gate) $(COVERAGE_B)
