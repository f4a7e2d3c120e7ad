# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The kernel image. What else belongs into it comes from the shared lists.

X86_SRC := $(call production,arch/x86_64)
X86_ASM := $(sort $(wildcard arch/x86_64/*.S))
KERNEL_OBJ := $(call objects,kernel-obj,$(X86_SRC) $(X86_ASM) $(KERNEL_SRC) $(KERNEL_CORE_SRC) $(SCHEMA_SRC))

# Calls that the compiler makes up by itself (memcpy, the stack guard's) must find ordinary code.
CFLAGS.core/base/bytes.c += -fno-lto
CFLAGS.arch/x86_64/cpu.c += -fno-lto
KERNEL_LINK := $(CC) $(KERNEL_CFLAGS) -flto -flto-partition=one -nostdlib -static -no-pie -Wl,-z,max-page-size=4096,-z,noexecstack \
	-Wl,--no-warn-rwx-segments,--gc-sections,--build-id=none -T arch/x86_64/kernel.ld

$(KERNEL_ELF): $(KERNEL_OBJ) arch/x86_64/kernel.ld
	@echo 'ld $@'
	@$(KERNEL_LINK) $(KERNEL_OBJ) -o $@

EXTRA.arch/x86_64/aspace_test := arch/x86_64/window.c
# The tests of this room must not find the simulated machine's types.
$(foreach file,$(wildcard arch/x86_64/*.c),$(eval CFLAGS.$(file) += -iquote arch/x86_64/include))

.PHONY: entry-cost
entry-cost: all ## instructions of an entry into the kernel: processors with shared and isolated page tables, mitigations off and as needed
	@for cpu in shared isolated; do for word in off auto; do \
	  printf '%-9s %-5s ' $$cpu $$word; \
	  CAPOS_ICOUNT=shift=0,sleep=off ./capos run $(B)/user/entry_cost --grant console --grant endpoint --grant process_spawner \
	    --cpu $$cpu --mitigations $$word --timeout 60 2>&1 | grep '^entry-cost:' || exit 1; \
	done; done
