# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Booting: the shell, the GRUB image.

.PHONY: run run-login iso

SHELL_PACKAGE := $(B)/user/shell-package.bin
SMP ?= 2
MEMORY ?= 256M
CPU_MODEL ?= isolated
MITIGATIONS ?= auto

# A second make, so that nothing is built before the tools for it are there.
run: ## install what is missing, build, boot in QEMU and end at the shell (SMP=n, MEMORY=size, CPU_MODEL=shared, MITIGATIONS=auto|off|on)
	@tools/bootstrap run
	@$(MAKE) -s -j$$(nproc) $(KERNEL_ELF) $(SHELL_PACKAGE)
	@./capos boot $(SHELL_PACKAGE) --smp $(SMP) --memory $(MEMORY) --cpu $(CPU_MODEL) --mitigations $(MITIGATIONS)

# Behind a log-in: account root, password "open sesame". Fetches Monocypher, so it needs what the tests need.
run-login: ## boot the shell behind a log-in (docs/security/credentials.md)
	@tools/bootstrap test
	@$(MAKE) -s -j$$(nproc) $(KERNEL_ELF) $(B)/user/login-package.bin
	@./capos boot $(B)/user/login-package.bin --smp $(SMP) --memory $(MEMORY)

$(B)/user/login-package.bin: user/manifests/login.capnp user/manifests/caps.capnp schema/capos.capnp $(PROGRAMS) $(B)/user/credentials
	tools/package $< $@

# A BIOS image: GRUB loads the kernel by its Multiboot2 header, with a boot package as its one module.
$(B)/capos.iso: $(KERNEL_ELF) $(SHELL_PACKAGE) tools/image
	tools/image $(KERNEL_ELF) $(SHELL_PACKAGE) $@

iso: $(B)/capos.iso ## build/capos.iso: a GRUB image that boots under a BIOS
