# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The same sources once more under other sanitizers, each set with a build folder of its own, by the rules that are there
# (B, CC, SANITIZERS). docs/verification/sanitizers.md says what runs under what; tools/sanitize runs it.

.PHONY: sanitizer-host-tests sanitizer-host-tests-tsan sanitizer-host-tests-msan sanitizer-share

# What clang says of tests beyond the flags of the project.
CLANG_TEST_FLAGS := -Wno-missing-field-initializers -Wno-string-concatenation -Wno-ignored-optimization-argument

# Stricter than the builds of `make test`: also frames that have returned, bounds of local arrays.
ASAN_VARIABLES := B=build/asan CC=clang SANITIZERS="-fsanitize=address,undefined,local-bounds \
	-fsanitize-address-use-after-return=always -fno-sanitize-recover=all $(CLANG_TEST_FLAGS)"

# An optimiser that computes the second half of `a && b` early looks to this sanitizer like a use of what `a` did not set.
MSAN_VARIABLES := B=build/msan CC=clang SANITIZERS="-fsanitize=memory -fno-sanitize-recover=all -mllvm -bonus-inst-threshold=0 \
	$(CLANG_TEST_FLAGS)" FUZZ_SANITIZERS="memory -mllvm -bonus-inst-threshold=0"

# The race detector. It does not know fences; nothing here is ordered by one alone.
TSAN_VARIABLES := B=build/tsan SANITIZERS="-fsanitize=thread -Wno-tsan"

sanitizer-host-tests: ## every host suite and the hosted kernel under ASan and UBSan, by gcc and by clang, and planted findings (N="NAME ...": only these suites, or planted)
	@tools/sanitize asan $(N) --make '$(ASAN_VARIABLES)'

sanitizer-host-tests-msan: ## unit tests, fuzz targets and the hosted kernel under MemorySanitizer, and planted findings (SHARE=1: CI's; N="NAME ...": only these suites, or planted)
	@tools/sanitize msan $(N) --make '$(MSAN_VARIABLES)' $(if $(SHARE),--share)

sanitizer-host-tests-tsan: ## real threads over rings, locks and the hosted kernel under ThreadSanitizer, and planted races (SHARE=1: CI's; TIMES=n each planted race; N="NAME ...": only these)
	@$(MAKE) -s -j2 $(TSAN_VARIABLES) tsan-build
	@tests/tsan/run --make '$(TSAN_VARIABLES)' $(if $(SHARE),--share) $(if $(TIMES),--times $(TIMES)) $(N)

sanitizer-share: ## CI's share of the sanitizers beyond the stages unit, sim and fuzz
	@$(MAKE) -s sanitizer-host-tests-tsan SHARE=1; a=$$?; $(MAKE) -s sanitizer-host-tests-msan SHARE=1 && exit $$a

# For tools/sanitize.
.PHONY: print-test-compiler
print-test-compiler:
	@echo $(CC) $(TEST_CFLAGS) $(USER_INCLUDES)
