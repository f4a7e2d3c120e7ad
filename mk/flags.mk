# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Compiler flags. One list of warnings for everything; four sets of code generation flags.

CC := gcc

STRICT_FLAGS := -std=c17 -Wall -Wextra -Wconversion -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wswitch-enum -Werror

# The kernel runs without vector registers (they belong to the user), on its own stacks, in the top 2 GiB.
KERNEL_CFLAGS := $(STRICT_FLAGS) -I. -Iarch/x86_64/include -O2 -g -ffreestanding -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only \
	-mcmodel=kernel -fstack-protector-strong -mstack-protector-guard=global -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fcf-protection=none

# Indirect calls and jumps of the kernel go through the thunks of arch/x86_64/barriers.S; each compiler has its own words for that.
THUNKS_GCC := -mindirect-branch=thunk-extern -mindirect-branch-register
THUNKS_CLANG := -mretpoline -mretpoline-external-thunk
KERNEL_CFLAGS += -fno-jump-tables $(THUNKS_GCC)

# The image is optimised as a whole. The objects hold ordinary code as well, for whoever looks at one of them.
KERNEL_LTO := -flto -ffat-lto-objects

# Programs are static, linked at a fixed address below 16 MiB.
USER_CFLAGS := $(STRICT_FLAGS) -I. -O2 -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	-fno-omit-frame-pointer -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fcf-protection=none

# Tools that run while building.
HOST_CFLAGS := $(STRICT_FLAGS) -I. -O1 -g -D_GNU_SOURCE

# Tests that run on the host: every finding of a sanitizer ends the test.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
TEST_CFLAGS := $(STRICT_FLAGS) -I. -Iarch/host/include -O1 -g -D_GNU_SOURCE -fno-omit-frame-pointer $(SANITIZERS)
