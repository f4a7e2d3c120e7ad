# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The same sources once more under other sanitizers, each set with a build folder of its own. docs/verification/sanitizers.md
# says what runs under what.

.PHONY: sanitizer-host-tests-tsan

# The race detector. It does not know fences; nothing here is ordered by one alone.
TSAN_VARIABLES := B=build/tsan SANITIZERS="-fsanitize=thread -Wno-tsan"

sanitizer-host-tests-tsan: ## real threads over rings, locks and the hosted kernel under ThreadSanitizer, and planted races (SHARE=1: CI's; TIMES=n each planted race; N="NAME ...": only these)
	@$(MAKE) -s -j2 $(TSAN_VARIABLES) tsan-build
	@tests/tsan/run --make '$(TSAN_VARIABLES)' $(if $(SHARE),--share) $(if $(TIMES),--times $(TIMES)) $(N)
