# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The long soak: eight processes call, transfer, cancel and are killed and replaced, on 1, 2 and 4 processors. At the end all
# frames and kernel objects are back; calls and slots (retired ones too) go with the processes, whose ends the simulation
# examines one by one (endpoint-soak). CI runs three seconds of it.

SECONDS_OF_SOAK := $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),120)

.PHONY: soak
soak: all ## eight processes call, transfer, cancel and die for two minutes, on 1, 2 and 4 processors (SECONDS=n)
	@tests/soak/run $(SECONDS_OF_SOAK)
