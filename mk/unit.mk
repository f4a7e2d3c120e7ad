# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Unit tests. Every *_test.c in core/, kernel/, arch/, user/ and tools/ is a cmocka program of its own, found by its name.
# It links the archive of core/ and the generated code, the file that it stands beside (PATH.c of PATH_test.c, outside
# core/), and what EXTRA.PATH_test names.

.PHONY: core-tests unit unit-build

CORE_TEST_LIB := $(B)/libcore-test.a
UNIT_SRC := $(sort $(shell find core kernel arch user tools -name '*_test.c' 2>/dev/null))
UNIT_TESTS := $(patsubst %.c,$(B)/unit/%,$(UNIT_SRC))
ifneq ($(T),)
UNIT_TESTS := $(filter $(B)/unit/$(T)%,$(UNIT_TESTS))
endif

$(CORE_TEST_LIB): $(call objects,test-obj,$(HOSTED_CORE_SRC) $(SCHEMA_SRC) $(SCHEMA_CLIENT_SRC))
	@rm -f $@
	@ar rcs $@ $^

# The file that $(1) (PATH_test) stands beside, when the archive does not have it already.
beside = $(filter-out $(CORE_SRC),$(wildcard $(1:_test=.c)))

define unit_rule
$(B)/unit/$(1): $(B)/test-obj/$(1).o $(call objects,test-obj,$(call beside,$(1)) $(EXTRA.$(1))) $(CORE_TEST_LIB)
	@mkdir -p $$(@D)
	@$(CC) $(SANITIZERS) $$^ -lcmocka -o $$@
	@echo $$^ >$$@.link
endef
$(foreach test,$(UNIT_SRC:.c=),$(eval $(call unit_rule,$(test))))

unit-build: $(UNIT_TESTS)

core-tests: unit-build ## unit tests under ASan and UBSan; T=core/ring runs those below one path
	@tools/run_unit $(UNIT_TESTS)

unit: core-tests

# For tools/mutants.
.PHONY: print-test-flags print-core-objects
print-test-flags:
	@echo $(TEST_CFLAGS) $(USER_INCLUDES)
print-core-objects:
	@echo $(call objects,test-obj,$(HOSTED_CORE_SRC) $(SCHEMA_SRC) $(SCHEMA_CLIENT_SRC))
