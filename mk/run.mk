# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Booting: the shell, one program, the GRUB image.

.PHONY: run
