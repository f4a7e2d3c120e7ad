# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Programs for the race detector: built by mk/sanitize.mk, which says with what (B and SANITIZERS).

TSAN_CFLAGS := -Iuser/libcapos/include -Iuser/libcapos/src
TSAN_KERNEL := $(filter-out core/base/bytes.c,$(CORE_SRC)) $(KERNEL_SRC) $(SCHEMA_SRC) schema/generated/capos_client.c \
	arch/host/common.c arch/host/memory.c arch/x86_64/flush.c $(wildcard arch/host/threads/*.c)
TSAN_MACHINE := tests/tsan/machine.c tests/tsan/guest.c tests/sim/harness.c user/libcapos/src/ring.c user/libcapos/src/sync.c

$(B)/sim-obj/arch/x86_64/flush.o: private SIM_CFLAGS += -iquote tests/tsan/pc
$(B)/sim-obj/tests/tsan/%.o $(B)/sim-obj/user/libcapos/src/%.o: private SIM_CFLAGS += $(TSAN_CFLAGS)

$(B)/tsan/machine: $(call objects,sim-obj,$(TSAN_MACHINE) $(TSAN_KERNEL))
	@mkdir -p $(@D)
	@$(CC) $(SANITIZERS) $^ -lpthread -o $@
	@echo $^ >$@.link

$(B)/tsan/rings: $(call objects,sim-obj,tests/tsan/rings.c user/libcapos/src/ring.c core/ring/index.c core/ring/parked.c)
	@mkdir -p $(@D)
	@$(CC) $(SANITIZERS) $^ -lpthread -o $@
	@echo $^ >$@.link

$(B)/tsan/state: $(call objects,sim-obj,tests/tsan/state.c tests/tsan/stand_in.c user/libcapos/src/sync.c kernel/lock.c \
		kernel/state.c core/cap/ledger.c core/base/text.c core/logring/logring.c core/park/park.c)
	@mkdir -p $(@D)
	@$(CC) $(SANITIZERS) $^ -lpthread -o $@
	@echo $^ >$@.link

.PHONY: tsan-build
tsan-build: $(B)/tsan/machine $(B)/tsan/rings $(B)/tsan/state

# For tests/tsan/run.
.PHONY: print-tsan-compiler
print-tsan-compiler:
	@echo $(CC) -iquote tests/tsan/pc $(SIM_CFLAGS) $(TSAN_CFLAGS)
