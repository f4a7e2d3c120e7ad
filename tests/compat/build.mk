# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Compatibility: the smoke program of the published runtime crate, unmodified.

.PHONY: test-compat
test-compat: $(KERNEL_ELF) ## boot the smoke program of crate capos-rt 0.1.0, unmodified
	@tests/compat/run
