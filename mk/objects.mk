# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Lists of sources and the rules that make objects of them.

# Production sources below the folders $(1): what is not a test, a proof, a fuzz target or a concurrency test.
production = $(sort $(shell find $(1) -name '*.c' \
	! -name '*_test.c' ! -name '*_fuzz.c' ! -name '*_proof.c' ! -name '*_loom.c' 2>/dev/null))
objects = $(patsubst %.c,$(B)/$(1)/%.o,$(patsubst %.S,$(B)/$(1)/%.o,$(2)))

CORE_SRC := $(call production,core)
# What the kernel does not use, or not yet, stays out of its image; tools/size counts the trusted base by this list.
NOT_IN_KERNEL := core/plan/% core/frames/ledger.c core/endpoint/valid.c core/telnet/% core/pci/% core/ring/wakeup.c
KERNEL_CORE_SRC := $(filter-out $(NOT_IN_KERNEL),$(CORE_SRC))
KERNEL_SRC := $(call production,kernel)
SCHEMA_SRC := $(filter-out %_client.c,$(call production,schema/generated))
SCHEMA_CLIENT_SRC := $(filter %_client.c,$(call production,schema/generated))

$(B)/kernel-obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_CFLAGS) $(KERNEL_LTO) $(CFLAGS.$<) -MMD -MP -c $< -o $@

$(B)/kernel-obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) -I. -g -MMD -MP -c $< -o $@

$(B)/user-obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(USER_CFLAGS) $(CFLAGS.$<) -MMD -MP -c $< -o $@

$(B)/user-obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) -I. -g -MMD -MP -c $< -o $@

$(B)/test-obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(CFLAGS.$<) -MMD -MP -c $< -o $@

$(B)/host-obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) $(CFLAGS.$<) -MMD -MP -c $< -o $@

# The memory primitives must not be compiled into calls of themselves; hosted programs have the C library's.
CFLAGS.core/base/bytes.c = -fno-builtin $(if $(findstring clang,$(CC)),,-fno-tree-loop-distribute-patterns)
HOSTED_CORE_SRC := $(filter-out core/base/bytes.c,$(CORE_SRC))

# The same sources by the other compiler, to be warning-free under both.
CLANG_ONLY := -Wno-ignored-optimization-argument

$(B)/clang-kernel-obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(filter-out $(THUNKS_GCC),$(KERNEL_CFLAGS)) $(THUNKS_CLANG) $(filter-out -fno-tree-%,$(CFLAGS.$<)) $(CLANG_ONLY) -MMD -MP -c $< -o $@

$(B)/clang-user-obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(USER_CFLAGS) $(filter-out -fno-tree-%,$(CFLAGS.$<)) $(CLANG_ONLY) -MMD -MP -c $< -o $@
