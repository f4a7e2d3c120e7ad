# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Checks of the tree and the test run.

.PHONY: test check

test: ## pass every gate: installs what is missing, one line per test
	@tools/bootstrap test
	@tools/run_tests

check: ## the fast stages, for daily work
	@tools/run_tests --fast
