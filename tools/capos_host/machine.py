# SPDX-License-Identifier: MIT OR Apache-2.0
"""One QEMU: the processor is emulated (TCG), COM1 is the console, COM2 the verdict port, both sockets of this process."""
import ctypes
import os
import select
import signal
import socket
import subprocess
import time

from .verdict import Verdict

HALT_STATUS = 33            # QEMU's status when the guest writes 0x10 to the debug-exit device
HALT_GRACE_S = 30           # for a kernel that has reported the first process's exit and does not halt
_PR_SET_PDEATHSIG = 1
# Processors by a name: one that needs page-table isolation, and one that does not. Both without what QEMU's translator
# lacks, so that it warns of nothing. The first is the default, although under that translator a load of CR3 is dear: QEMU lets
# far calls and interrupt returns of user code reach their stack with the kernel's rights, and only separate tables contain that.
CPUS = {"isolated": "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid,-erms,+smap,+umip",
        "shared": "EPYC,-rdseed,-sha-ni,-fxsr-opt,+umip"}
CPU = "isolated"


class Boot:
    """What to boot: kernel and package files (PVH), or an image for a BIOS."""

    def __init__(self, kernel=None, package=None, image=None, smp=1, memory="256M", options="", cpu=None):
        self.kernel, self.package, self.image, self.smp, self.memory = kernel, package, image, smp, memory
        self.options = options      # the kernel's command line
        self.cpu = cpu or os.environ.get("CAPOS_CPU") or CPU        # of CPUS, or any that QEMU knows

    def arguments(self, console_fd, verdict_fd):
        arguments = [
            os.environ.get("CAPOS_QEMU", "qemu-system-x86_64"),
            "-machine", os.environ.get("CAPOS_MACHINE", "q35"), "-accel", "tcg",
            "-cpu", CPUS.get(self.cpu, self.cpu),
            "-smp", str(self.smp), "-m", self.memory,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-chardev", f"socket,id=console,fd={console_fd}", "-serial", "chardev:console",
            "-chardev", f"socket,id=verdict,fd={verdict_fd}", "-serial", "chardev:verdict",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if "CAPOS_ICOUNT" in os.environ:    # time that counts instructions
            arguments += ["-icount", os.environ["CAPOS_ICOUNT"]]
        if self.image:
            return arguments + ["-cdrom", self.image]
        return arguments + ["-kernel", self.kernel, "-initrd", self.package, "-append", self.options]


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """A running QEMU. `verdict` grows while pump() runs; console bytes go to the on_console function."""

    def __init__(self, boot, on_console, on_verdict=None):
        self.verdict = Verdict()
        self.timed_out = False
        self.stuck = False
        self._on_console, self._on_verdict = on_console, on_verdict
        self._to_console = b""
        self._exit_seen = None
        self.console, console_peer = socket.socketpair()
        self.port, port_peer = socket.socketpair()
        with console_peer, port_peer:
            fds = (console_peer.fileno(), port_peer.fileno())
            self.process = subprocess.Popen(boot.arguments(*fds), pass_fds=fds, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                                            preexec_fn=_die_with_parent)
        self.console.setblocking(False)
        self._open = {self.console, self.port}

    def send(self, data):
        """Queue bytes for the guest's console."""
        self._to_console += data

    @property
    def wants_input(self):
        return self.verdict.started and not self._to_console

    def pump(self, deadline=None, source=None):
        """Move bytes once, waiting until something happens. source: (fd, function that reads it) of console input.

        Returns False when QEMU has closed both ports or the deadline (time.monotonic) has passed.
        """
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            self.timed_out = True
            return False
        if self._exit_seen and now >= self._exit_seen + HALT_GRACE_S:
            self.stuck = True
            return False
        readers = list(self._open) + ([source[0]] if source and self.wants_input else [])
        writers = [self.console] if self._to_console and self.console in self._open else []
        wait = 1.0 if deadline is None else min(1.0, deadline - now)
        ready, writable, _ = select.select(readers, writers, [], wait)
        if self.console in writable:
            self._write()
        for stream in ready:
            if stream is self.console or stream is self.port:
                self._read(stream)
            else:
                source[1]()
        return bool(self._open)

    def _write(self):
        try:
            self._to_console = self._to_console[self.console.send(self._to_console):]
        except OSError:
            self._to_console = b""

    def _read(self, stream):
        try:
            data = stream.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._open.discard(stream)
        elif stream is self.console:
            self._on_console(data)
        else:
            lines = self.verdict.feed(data)
            if self.verdict.code is not None and self._exit_seen is None:
                self._exit_seen = time.monotonic()
            if self._on_verdict:
                self._on_verdict(lines)

    def end(self):
        """End QEMU if it still runs. Returns (its status, the last line of its standard error)."""
        if self._open:
            self.process.kill()
        error = self.process.stderr.read().decode("utf-8", "replace").strip()
        self.process.stderr.close()
        self.console.close()
        self.port.close()
        return self.process.wait(), error.splitlines()[-1] if error else ""
