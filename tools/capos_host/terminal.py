# SPDX-License-Identifier: MIT OR Apache-2.0
"""The terminal of the person: keys go to the guest one by one and unechoed. One key ends the run: Ctrl-C, or Ctrl-] when the
guest has a terminal of its own, in which Ctrl-C cancels a line."""
import os
import select
import sys
import termios
import time

_INPUT, _LOCAL = 0, 3       # indices into termios' list
_CONTROL = 6
_END_KEY = b"\x1d"          # Ctrl-]
_END_OF_INPUT = b"\x04"     # Ctrl-D


class Terminal:
    """Context: standard input as a source of console input, restored at the end."""

    def __init__(self, guest_has_terminal, fd=0):
        self.fd, self.saved, self.closed = fd, None, False
        self.line_open = False      # the last byte read was not a line's end
        self.guest_has_terminal = guest_has_terminal

    def __enter__(self):
        try:
            if os.isatty(self.fd):
                if os.tcgetpgrp(self.fd) != os.getpgrp():
                    self.closed = True          # in the background: the terminal is another's
                    return self
                self.saved = termios.tcgetattr(self.fd)
                mode = termios.tcgetattr(self.fd)
                mode[_INPUT] &= ~(termios.ICRNL | termios.INLCR | termios.IXON)
                mode[_LOCAL] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
                if self.guest_has_terminal:
                    mode[_LOCAL] &= ~termios.ISIG
                mode[_CONTROL][termios.VMIN], mode[_CONTROL][termios.VTIME] = 1, 0
                termios.tcsetattr(self.fd, termios.TCSANOW, mode)
            else:
                os.fstat(self.fd)
        except OSError:
            self.closed = True                  # no standard input at all
        return self

    def __exit__(self, *_):
        if self.saved is not None:
            termios.tcsetattr(self.fd, termios.TCSADRAIN, self.saved)

    def read(self):
        """Bytes that are there. At the end of input, once, what a person types to say so: Ctrl-D on a line of its own; the
        source is closed then. The end key interrupts."""
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            data = b""
        if self.saved is not None and _END_KEY in data:
            raise KeyboardInterrupt
        if not data:
            self.closed = True
            data = _END_OF_INPUT if not self.line_open else b"\r" + _END_OF_INPUT
        self.line_open = data[-1:] not in b"\r\n"
        return data


class Output:
    """Standard output. A slow reader is waited for until the deadline; one that is gone does not end the program."""

    def __init__(self, deadline, fd=1):
        self.fd, self.deadline = fd, deadline
        self.lost = "no standard output" if sys.stdout is None else None    # why output is dropped, or None

    def show(self, data):
        while data and self.lost is None:
            wait = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
            try:
                if not select.select([], [self.fd], [], wait)[1]:
                    return
                data = data[os.write(self.fd, data[:select.PIPE_BUF]):]     # so much fits without blocking
            except OSError as error:
                self.lost = error.strerror
