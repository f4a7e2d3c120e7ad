# SPDX-License-Identifier: MIT OR Apache-2.0
#
# core/telnet against libtelnet.

TELNET_DIFF := $(B)/differential/telnet
TELNET_DIFF_SRC := tests/differential/telnet/telnet_diff.c tests/differential/telnet/theirs.c core/telnet/telnet.c

.PHONY: differential-telnet

$(TELNET_DIFF): $(call objects,test-obj,$(TELNET_DIFF_SRC))
	@mkdir -p $(@D)
	@$(CC) $(SANITIZERS) $^ -ltelnet -o $@

differential-telnet: $(TELNET_DIFF) ## the Telnet filter against libtelnet, 1.5 million streams; LONG=1 for 30 million
	@$(TELNET_DIFF)
