# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The long soak: eight processes call, transfer, cancel and are killed and replaced, on 1, 2 and 4 processors. At the end all
# frames and kernel objects are back, and the kernel's examination of itself (capos.check) finds every call and slot accounted
# for; slots that are retired after 256 lives are part of a table that goes with its process. CI runs three seconds of it.

SECONDS_OF_SOAK := $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),120)

.PHONY: soak
soak: all ## eight processes call, transfer, cancel and die for two minutes, on 1, 2 and 4 processors (SECONDS=n)
	@tests/soak/run $(SECONDS_OF_SOAK)
