# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The sweep of hostile entries and ring headers; docs/security/hostile-sweep.md.

.PHONY: hostile-sweep sweep-mutants
SWEEP_SEED := $(or $(SEED),1)
# What it does: with LONG=1 more, with ENTRY=n or HEADER=n that one again.
SWEEP_ARGS = $(if $(ENTRY),entry $(ENTRY),$(if $(HEADER),header $(HEADER),250000 50000)) $(SWEEP_SEED)
SWEEP_SMP = $(if $(LONG),1 2,$(SMP))

hostile-sweep: all ## 50,000 distinct entries and 10,000 ring headers against the specification, in QEMU (LONG=1: 250,000 and 50,000; SEED=n)
	@tools/arrows | grep -e includes-of-tests-hostile
ifeq ($(or $(LONG),$(ENTRY),$(HEADER)),)
	@tests/smoke/runner --show hostile-sweep
else
	@for n in $(SWEEP_SMP); do \
	  ./capos run $(B)/user/sweep $(patsubst %,--grant %,boot_package console process_spawner frame_allocator endpoint timer) \
	    --smp $$n --cpu isolated --timeout 3600 -- $(SWEEP_ARGS) || exit 1; done
endif

sweep-mutants: ## weakenings of the kernel that the sweep must notice, on the simulated machine
	@$(MAKE) -s sim-build
	@tools/mutants --only tests/sim/sweep
	@tools/mutants --list tests/hostile/weakenings
