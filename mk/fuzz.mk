# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Fuzz targets. Every *_fuzz.c is a libFuzzer program of its own, found by its name; it links core/ and the generated code, all
# built by clang with AddressSanitizer and UndefinedBehaviorSanitizer and instrumented for coverage.

.PHONY: fuzz fuzz-replay fuzz-build fuzz-coverage

FUZZ_SRC := $(sort $(shell find core kernel user -name '*_fuzz.c' 2>/dev/null))
FUZZ_TARGETS := $(patsubst %.c,$(B)/fuzz/%,$(FUZZ_SRC))
FUZZ_SANITIZERS ?= address,undefined
FUZZ_CFLAGS := $(STRICT_FLAGS) -Wno-ignored-optimization-argument -I. -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZERS) -fno-sanitize-recover=all $(FUZZ_EXTRA)
FUZZ_SECONDS ?= 60

$(B)/fuzz-obj/%.o: %.c
	@mkdir -p $(@D)
	@clang $(FUZZ_CFLAGS) $(CFLAGS.$<) -MMD -MP -c $< -o $@

$(B)/libcore-fuzz.a: $(call objects,fuzz-obj,$(HOSTED_CORE_SRC) $(SCHEMA_SRC))
	@rm -f $@
	@ar rcs $@ $^

$(FUZZ_TARGETS): $(B)/fuzz/%: $(B)/fuzz-obj/%.o $(B)/libcore-fuzz.a
	@mkdir -p $(@D)
	@clang -fsanitize=fuzzer,$(FUZZ_SANITIZERS) $(FUZZ_EXTRA) $^ -o $@

fuzz-build: $(FUZZ_TARGETS)

fuzz: fuzz-build ## every fuzz target from a free seed (FUZZ_SECONDS=60 each, T=path: only these)
	@tools/fuzz run --seconds $(FUZZ_SECONDS) $(T)

fuzz-replay: fuzz-build ## every fuzz target: its corpus, then a fixed number of inputs from a fixed seed (RUNS=n)
	@tools/fuzz replay $(if $(RUNS),--runs $(RUNS)) $(T)

# Objects of their own, with the counters of the compiler's source coverage.
FUZZ_COVERAGE := $(B)/fuzz-coverage

fuzz-coverage: ## what each fuzz target reaches of its own sources, with an HTML report under build/fuzz-coverage/html (RUNS=n)
	@$(MAKE) -s B=$(FUZZ_COVERAGE) FUZZ_EXTRA="-fprofile-instr-generate -fcoverage-mapping" fuzz-build
	@tools/fuzz-coverage --build $(FUZZ_COVERAGE) $(if $(RUNS),--runs $(RUNS))

-include $(shell find $(B)/fuzz-obj -name '*.d' 2>/dev/null)
