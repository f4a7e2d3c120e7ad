# SPDX-License-Identifier: MIT OR Apache-2.0
"""Our side of tools/bench: user/bench under QEMU with counted instructions, and with the counting plugin where events are asked for."""
import collections
import os
import re
import subprocess
import tempfile

from bench_events import MARKS, build_plugin, per_operation, read_events, rows_of
from capos_host.machine import CPUS  # noqa: F401  (tools/bench names the processors)

POSTURES = {"isolated": "page-table isolation on", "shared": "off"}
CALIBRATION = 2001          # 1,000 times dec and jnz, and the mov before
GRANTS = ("console", "boot_package", "timer", "process_spawner", "endpoint", "frame_allocator", "virtual_memory", "park_space",
          "thread_spawner", "thread_control", "system_monitor")
KERNEL = "build/kernel.elf"
CALIBRATING = {"clock_calibrate", "hpet_window", "pit_window", "take_sample"}

Row = collections.namedtuple("Row", "least median most crossings cr3 invalidations", defaults=(None, None, None))


def run(command, counted=True, plugin=(), source="events"):
    """(console output, the plugin's records) of one run of ./capos with these arguments; lines, if it is not the plugin `events`."""
    environment = dict(os.environ)
    if counted:
        environment["CAPOS_ICOUNT"] = "shift=0,sleep=off"
    with tempfile.TemporaryDirectory(prefix="capos-bench-") as folder:
        records = os.path.join(folder, "records")
        if plugin:
            wrapper, options = os.path.join(folder, "qemu"), ",".join([os.path.abspath(build_plugin(source)), f"out={records}", *filter(None, plugin)])
            with open(wrapper, "w", encoding="utf-8") as stream:
                stream.write(f'#!/bin/sh\nexec {environment.get("CAPOS_QEMU", "qemu-system-x86_64")} "$@" -plugin "{options}"\n')
            os.chmod(wrapper, 0o755)
            environment["CAPOS_QEMU"] = wrapper
        done = subprocess.run(["./capos", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", env=environment)
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(command)} ended with status {done.returncode}\n{done.stdout[-2000:]}")
        if source != "events":
            with open(records, encoding="utf-8") as stream:
                return done.stdout, stream.readlines()
        return done.stdout, read_events(records) if plugin else None


def _program(posture, arguments, smp=1):
    command = ["run", "build/user/bench", "--with", "bench=build/user/bench", "--with", "quick_exit=build/user/quick_exit",
               "--with", "waits=build/user/waits",
               "--cpu", posture, "--smp", str(smp), "--timeout", "600"]
    for grant in GRANTS:
        command += ["--grant", grant]
    return command + (["--", *arguments] if arguments else [])


def measure(posture, row=None, events=False):
    """({name: Row}, figures that are no counts) of one run of all rows, or of one."""
    output, records = run(_program(posture, [row] if row else []), plugin=(MARKS,) if events else ())
    if "bench: done" not in output:
        raise SystemExit(f"bench: user/bench did not get through\n{output[-2000:]}")
    counted = per_operation(output, records.marks) if events else {}
    rows = {name: Row(*figures, *counted.get(name, ())) for name, (_, _, *figures) in rows_of(output).items()}
    rows.pop("timing_overhead")
    calibration = rows.pop("calib_1000_dec_jnz", None)
    if calibration and calibration.least != CALIBRATION:
        raise SystemExit(f"bench: 1,000 loops took {calibration.least} ticks: the counter counts no instructions")
    return rows, dict(re.findall(r"^F (\w+) (\d+)", output, re.MULTILINE))


def profile(row, posture):
    """(console output, lines of the plugin tools/qemu_profile/profile.c) of one row's run."""
    output, lines = run(_program(posture, [row]), plugin=("",), source="profile")
    return output, lines


def _symbols():
    listed = subprocess.run(["nm", "-n", KERNEL], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [(int(parts[0], 16), parts[2]) for parts in map(str.split, listed.splitlines()) if len(parts) == 3]


def _entry(path):
    header = subprocess.run(["readelf", "-h", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.search(r"Entry point address:\s+(0x[0-9a-f]+)", header)[1], 16)


def boot(posture):
    """Instructions from the kernel's first to the first of a user program, without and with the timer's calibration, and to the shell's.

    The shell's machine: init starts the shell. A program's first instruction is one that the kernel returns to.
    """
    symbols = _symbols()
    spans = [(at, symbols[i + 1][0]) for i, (at, name) in enumerate(symbols[:-1]) if name.split(".")[0] in CALIBRATING]
    if not any(name.split(".")[0] == "clock_calibrate" for _, name in symbols):
        raise SystemExit(f"bench: {KERNEL} has no clock_calibrate: the calibration cannot be told apart")
    kernel = dict((name, at) for at, name in symbols)["pvh_entry"]
    init, shell = _entry("build/user/init.elf"), _entry("build/user/shell.elf")
    plugin = [f"at={kernel:#x}", f"fresh={init:#x}", f"fresh={shell:#x}", *(f"range={start:#x}-{end:#x}" for start, end in spans)]
    _, records = run(["boot", "build/user/shell-package.bin", "--cpu", posture, "--smp", "1", "--timeout", "600"], plugin=plugin)
    start = records.hits[kernel][0]
    return {"boot_user": records.hits[init][0] - start - records.ranged, "boot_calibration": records.ranged,
            "boot_shell": records.hits[shell][0] - start - records.ranged}


def image_size():
    """Bytes of the kernel's code and constant data, initialised and zeroed data."""
    sizes = subprocess.run(["size", KERNEL], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[1].split()
    return tuple(map(int, sizes[:3]))
