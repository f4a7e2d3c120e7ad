# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The concurrency checker. A model is a file of tests/loom/src, a row of MODELS there, its C sources in tests/loom/build.rs and
# its weakenings in tests/loom/NAME.mutants.

.PHONY: loom
loom: ## every interleaving of the lock-free C, by Loom, and the weakenings it must find
	@tests/loom/run
