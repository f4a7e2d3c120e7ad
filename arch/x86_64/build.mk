# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The kernel image. What else belongs into it comes from the shared lists.

X86_SRC := $(call production,arch/x86_64)
X86_ASM := $(sort $(wildcard arch/x86_64/*.S))
KERNEL_OBJ := $(call objects,kernel-obj,$(X86_SRC) $(X86_ASM) $(KERNEL_SRC) $(KERNEL_CORE_SRC) $(SCHEMA_SRC))

$(KERNEL_ELF): $(KERNEL_OBJ) arch/x86_64/kernel.ld
	@echo 'ld $@'
	@ld -nostdlib -static -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --gc-sections --build-id=none \
	  -T arch/x86_64/kernel.ld $(KERNEL_OBJ) -o $@
