# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Checks of the tree and the test run.

.PHONY: test check test-mutants size deps-check arrows both-compilers smoke sim run-no-authority

test: ## pass every gate: installs what is missing, one line per test
	@tools/bootstrap test
	@tools/run_tests

check: ## the fast stages, for daily work
	@tools/run_tests --fast

test-mutants: ## weaken the code line by line: every weakening must be caught (T=path of lists)
	@$(MAKE) -s unit-build T=
	@tools/mutants --only "$(T)" $(if $(BUDGET),--budget $(BUDGET))
