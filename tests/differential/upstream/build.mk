# SPDX-License-Identifier: MIT OR Apache-2.0
#
# core/ against the published crates capos-lib and capos-config: same input, same answer.

.PHONY: differential-upstream
differential-upstream: ## core/ against upstream's published crates, with wrong copies as a control; LONG=1 for 500 million inputs
	@tests/differential/upstream/run
