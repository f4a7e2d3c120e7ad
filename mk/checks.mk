# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Checks of the tree and the test run.

.PHONY: test check test-mutants size deps-check arrows both-compilers smoke run-no-authority

test: ## pass every gate: installs what is missing, one line per test
	@tools/bootstrap test
	@tools/run_tests

check: ## the fast stages, for daily work
	@tools/run_tests --fast

test-mutants: ## weaken the code line by line: every weakening must be caught (T=path of lists)
	@$(MAKE) -s unit-build $(if $(SIM_TESTS),sim-build) T=
	@tools/mutants --only "$(T)" $(if $(ROTATE),--rotate) $(if $(BUDGET),--budget $(BUDGET))

.PHONY: test-long automutants automutants-sample automutants-check assurance assurance-check flake
test-long: ## everything that `make test` does a share of: hours, stage by stage; goes on where it stopped at this commit
	@tools/bootstrap test
	@tools/run_tests --long

automutants: ## change core/ and kernel/ automatically, token by token: scores and survivors (T=path, SHARE=n of each room, MINUTES=n; goes on)
	@tools/automutants run $(if $(T),--only $(T)) $(if $(SHARE),--share $(SHARE)) $(if $(TRUST),--trust) \
	  $(if $(MINUTES),--seconds $$(($(MINUTES) * 60))) --survivors

automutants-sample: # after a run: the share of it that `make test` repeats
	@tools/automutants sample

automutants-check: ## the fixed sample of automatic mutants: what was caught is caught, and the scores reach the goals
	@$(MAKE) -s unit-build sim-build T=
	@tools/automutants check

assurance: ## each security claim with its code, its evidence and the last figures: docs/verification/assurance.md; fails without evidence
	@tools/assurance

assurance-check:
	@tools/assurance --check

flake: all credentials $(B)/capos.iso ## the QEMU scenarios RUNS=20 times, 100 times what takes under 2 s; goes on at this commit (S="NAME ...", MINUTES=n)
	@tools/flake $(if $(RUNS),--runs $(RUNS)) $(if $(MINUTES),--seconds $$(($(MINUTES) * 60))) $(S)

# Every production source under both compilers. What only user programs link is compiled for them.
BOTH_KERNEL := $(CORE_SRC) $(KERNEL_SRC) $(call production,arch/x86_64) $(SCHEMA_SRC)
BOTH_USER := $(call production,user) $(SCHEMA_CLIENT_SRC)

both-compilers: $(call objects,kernel-obj,$(BOTH_KERNEL)) $(call objects,clang-kernel-obj,$(BOTH_KERNEL)) ## kernel, core and SDK are free of warnings under gcc and clang
both-compilers: $(call objects,user-obj,$(BOTH_USER)) $(call objects,clang-user-obj,$(BOTH_USER))

smoke: all credentials $(B)/capos.iso ## the QEMU scenarios (S="NAME ...": only these)
	@tests/smoke/runner $(S)

size: ## code lines per room, lengths of functions and files, and their limits
	@tools/size

arrows: ## check the directions of dependencies between rooms
	@tools/arrows

deps-check: ## check the lock file: versions, checksums, licences
	@tools/deps-check

run-no-authority: all ## boot the service that holds nothing and show that it can do nothing
	@tests/smoke/runner --show no-authority

.PHONY: run-untrusted-exhaustion
run-untrusted-exhaustion: all ## quotas driven to their limits in three passes, every line shown
	@tests/smoke/runner --show exhaustion-core exhaustion-captable exhaustion-frames

.PHONY: run-untrusted-hostile
HOSTILE := $(notdir $(wildcard tests/smoke/hostile-*)) kernel-probe ring-wire ring-queue bad-elf faults syscall-state no-authority
run-untrusted-hostile: all ## hostile input, case by case, with what came of each (docs/security/hostile-input.md)
	@tests/hostile_rows && tests/smoke/runner --show $(HOSTILE)

.PHONY: kani-lib proof-bounds
kani-lib: ## the proofs of core/, each with its probes, removals and mutants (T=path of proofs; QUICK=1: a rotating share of these)
	@tools/prove $(if $(QUICK),,--all) $(T)

proof-bounds: ## run the proofs and write docs/verification/bounds.md (T=path: only these)
	@tools/prove --quick --table docs/verification/bounds.md $(T)

.PHONY: bench bench-check bench-record bench-scaling profile
bench: all $(SHELL_PACKAGE) ## instructions per operation beside Linux, seL4 and the goals, also as CSV and SVG in build/bench (ROW=name: only this row, ours)
	@tools/bench table $(ROW)

bench-check: all $(SHELL_PACKAGE) ## the same against bench/baseline.toml: 5 % above it, or 15 % above the best ever, fails; then with a planted slowdown
	@tools/bench check; a=$$?; tools/bench planted && exit $$a

bench-record: all $(SHELL_PACKAGE) # after a change that is meant: the commit names the row and the reason
	@tools/bench record

bench-scaling: all ## the same work on 1, 2 and 4 processors, beside Linux, on an idle host (LOADED=1: also on a busy one)
	@LOADED=$(LOADED) tools/bench scaling

profile: all ## where the instructions of a row go, by function (WORKLOAD=row, SVG=file)
	@tools/profile $(WORKLOAD) $(if $(SVG),--svg $(SVG))

.PHONY: panic-surface-check claims
panic-surface-check: ## every place that can stop the kernel has its row in docs/security/panic-surface.md, and the row its tests
	@tools/panic-surface

claims: ## the tests that docs/security/ and SPECIFICATION.md name exist (`make test` ends by asking whether they ran)
	@tools/claims

.PHONY: quotas
quotas: ## every limit has a row in docs/security/authority-accounting.md that names a test
	@tools/quotas

.PHONY: fuzz-guest kill-storm
fuzz-guest: all ## random entries from several processes against the running kernel (FUZZ_SECONDS=60, 0 = until one fails; FUZZ_SEED=n FUZZ_SMP=n FUZZ_RUNS=n FUZZ_ROUNDS=n)
	@tests/smoke/fuzz-guest

SECONDS ?= 60
kill-storm: all ## processes that die at random moments, on 1, 2 and 4 processors (SECONDS=60 each)
	@for smp in 1 2 4; do ./capos run $(B)/user/kill_storm $(addprefix --grant ,boot_package console process_spawner system_monitor timer) \
	  --with quick_exit=$(B)/user/quick_exit --smp $$smp --quota --timeout $$(($(SECONDS) * 10 + 60)) -- $(SECONDS) || exit 1; done
