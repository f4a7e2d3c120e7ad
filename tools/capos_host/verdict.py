# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reading the verdict port; docs/verdict-port.md is the protocol."""
import re

VERSION = "1"
EXIT = re.compile(r"^exit pid=(\d+) code=(-?\d+) name=(.*)$")
INIT = re.compile(r"^init pid=(\d+) name=(.*)$")
HALT = re.compile(r"^halt status=(\d+) ?(.*)$")


class Verdict:
    """What the kernel has reported so far."""

    def __init__(self):
        self.lines = []         # every complete line
        self.started = False    # the first process is ready: the console takes input
        self.code = None        # exit code of the first process
        self.fault = None       # the first process's fault line
        self.panic = None
        self.refused = None
        self.halt = None        # (status, reason)
        self.failed_checks = []
        self.wrong_version = None
        self._init_pid = None
        self._partial = b""

    def feed(self, data):
        """Take bytes from the port. Returns the lines that they complete."""
        *complete, self._partial = (self._partial + data).split(b"\n")
        lines = [line.decode("ascii", "replace").rstrip("\r") for line in complete]
        for line in lines:
            self._take(line)
        self.lines += lines
        return lines

    def _take(self, line):
        word, _, rest = line.partition(" ")
        if word == "capos-verdict":
            self.wrong_version = rest if rest != VERSION else None
        elif word == "init" and (match := INIT.match(line)):
            self.started, self._init_pid = True, match[1]
        elif word == "exit" and (match := EXIT.match(line)):
            if match[1] == self._init_pid and self.code is None:
                self.code = int(match[2])
        elif word == "fault" and rest.startswith(f"pid={self._init_pid} "):
            self.fault = rest
        elif word == "panic":
            self.panic = self.panic or rest or "no text"
        elif word == "refused":
            self.refused = self.refused or rest
        elif word == "check" and not rest.endswith(" ok"):
            self.failed_checks.append(rest)
        elif word == "halt" and (match := HALT.match(line)):
            self.halt = (int(match[1]), match[2])
