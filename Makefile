# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Everything is started from here; `make help` lists the targets. All output goes to build/.
#
# Rooms add themselves by a fragment named build.mk (list below). The contract of a fragment:
#
#   * It is included from the root: every path in it is written from the root, outputs are under $(B)/.
#   * It names its targets after its room, and documents each target a person may type by a comment that starts with two
#     hashes on the target's line; `make help` prints those.
#   * It may append to:
#       ALL           files that `make` (all) builds
#       PROGRAMS      user programs (ELF files under $(B)/user/), part of ALL
#       RUN_NEEDS     files that `make run` needs beside the kernel
#   * It may use, from mk/flags.mk and mk/objects.mk:
#       STRICT_FLAGS, KERNEL_CFLAGS, USER_CFLAGS, HOST_CFLAGS (host tools), TEST_CFLAGS (host tests: ASan and UBSan)
#       CORE_SRC, KERNEL_SRC, SCHEMA_SRC    the production C files of core/, kernel/ and schema/generated/; the clients, which
#                     are code of user programs, are SCHEMA_CLIENT_SRC
#       $(B)/kernel-obj/PATH.o, $(B)/user-obj/PATH.o, $(B)/test-obj/PATH.o, $(B)/host-obj/PATH.o
#                     made from PATH.c (kernel-obj and user-obj also from PATH.S) with the four sets of flags; dependencies
#                     are tracked.  $(call objects,kernel-obj,FILES) turns a list of sources into a list of objects.
#       CFLAGS.PATH.c flags for one file in every set, to be set by the room that owns the file
#       $(CORE_TEST_LIB)   core/ and schema/generated/ as an archive for host tests
#       EXTRA.PATH_test    sources that the unit test PATH_test.c links besides that archive and PATH.c
#   * Order of inclusion is not promised: use variables of other fragments in recipes and with := only for own ones.
#   * Stages of `make test` are not declared here but in tools/stages, a line each.

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:

B := build
.PRECIOUS: $(foreach set,kernel clang-kernel user clang-user test host sim,$(B)/$(set)-obj/%.o)
PYTHON := python3
KERNEL_ELF := $(B)/kernel.elf

include mk/flags.mk
include mk/objects.mk

-include $(wildcard schema/build.mk kernel/build.mk arch/x86_64/build.mk arch/host/build.mk user/build.mk)
-include $(wildcard tests/*/build.mk tests/*/*/build.mk)

include mk/unit.mk
include mk/fuzz.mk
include mk/sanitize.mk
include mk/run.mk
include mk/checks.mk

.PHONY: all help clean bootstrap
all: $(KERNEL_ELF) $(PROGRAMS) $(ALL) ## build the kernel and the programs (the default)

help: ## list the targets
	@grep -hE '^[a-z][a-zA-Z0-9_-]*:.*## ' $(MAKEFILE_LIST) | grep -v '^build/' | sort -u | \
	  awk -F ':.*## ' '{ printf "  %-36s %s\n", $$1, $$2 }'

bootstrap: ## install what `make run` and `make test` need (Debian 12)
	@tools/bootstrap test

clean: ## remove build/
	rm -rf $(B)

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
