# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Compatibility: programs on the published crates, the runtime's own smoke program among them, unmodified.

.PHONY: test-compat
test-compat: $(KERNEL_ELF) ## run programs on the published crates, unmodified
	@tests/compat/run
