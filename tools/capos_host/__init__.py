# SPDX-License-Identifier: MIT OR Apache-2.0
"""The host's side of capOS: boot packages, starting QEMU, reading verdicts. Python's standard library only."""
