# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The concurrency checker (docs/verification/concurrency.md). A model is a row of tests/loom/src/models.rs with its threads in
# tests/loom/c, its C sources in tests/loom/run and its weakenings in tests/loom/NAME.mutants.

.PHONY: loom test-ring-loom test-lock-loom test-locks-loom test-park-loom test-sched-loom test-ref-loom test-diag-loom
loom: ## interleavings of the kernel's and libcapos' shared state, by Loom, and the weakenings it must find (LONG=1: deeper)
	@tests/loom/run $(if $(LONG),--long)

test-ring-loom: ## the same of the ring, completions and the sleeping poller only
test-lock-loom: ## of the kernel lock and translation flushes
test-locks-loom: ## of the mutex, condition and once of libcapos
test-park-loom: ## of PARK and UNPARK, from program to kernel
test-sched-loom: ## of processors that idle and are kicked
test-ref-loom: ## of reference counts
test-diag-loom: ## of the lock of the reports, for which nobody waits
test-ring-loom test-lock-loom test-locks-loom test-park-loom test-sched-loom test-ref-loom test-diag-loom:
	@tests/loom/run $(if $(LONG),--long) --list $(patsubst test-%-loom,%,$@)
