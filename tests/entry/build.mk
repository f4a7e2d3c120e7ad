# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The way into the kernel, disturbed: NMIs, machine checks and faults in the middle of entry.S.

.PHONY: entry-path print-kernel-flags print-kernel-objects
entry-path: $(KERNEL_ELF) $(B)/user/registers $(B)/user/hello $(B)/user/spin $(B)/user/kept_words $(B)/user/kept_words.elf $(B)/user/odd_flags $(B)/user/stack_words $(B)/user/stack_words.elf ## NMIs, a machine check, double faults within the entry path; user tables and what is left in them, seen from outside
	@tests/entry/run; a=$$?; tests/entry/seen && exit $$a

# For tests/entry/run.
print-kernel-flags:
	@echo $(KERNEL_CFLAGS)
print-kernel-objects:
	@echo $(KERNEL_OBJ)
