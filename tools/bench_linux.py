# SPDX-License-Identifier: MIT OR Apache-2.0
"""The Linux side of tools/bench: Debian's newest 6.1 kernel with the programs of bench/linux/ as its only user land.

The kernel comes from the package archive by name (apt-get download, which checks the archive's signature); what it is stands in
the results. It is never installed. Counts are the same on every host, so results are kept below build/bench and measured again
only when the kernel, the programs, the emulator or this file change.
"""
import glob
import hashlib
import json
import os
import re
import subprocess
import tempfile

from bench_events import MARKS, build_plugin, per_operation, read_events, rows_of
from capos_host.machine import CPUS

FOLDER = "build/bench"
SOURCES = sorted(glob.glob("bench/linux/*.[chS]"))
PACKAGE = re.compile(r"^linux-image-6\.1\.0-(\d+)-amd64$", re.MULTILINE)
FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"]
LIMIT_S = 900


class Unavailable(Exception):
    """Linux cannot be measured here, and why."""


def _run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **options).stdout


def newest_kernel():
    """(package, version, sha256 of the package) of the newest kernel of the series that the archive offers."""
    try:
        names = PACKAGE.findall(_run("apt-cache", "pkgnames", "linux-image-6.1.0-"))
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"no package archive: {error}") from error
    if not names:
        raise Unavailable("the package archive offers no linux-image-6.1.0-*-amd64 (apt-get update?)")
    package = f"linux-image-6.1.0-{max(map(int, names))}-amd64"
    shown = _run("apt-cache", "show", "--no-all-versions", package)
    fields = dict(re.findall(r"^(Version|SHA256): (.*)$", shown, re.MULTILINE))
    return package, fields["Version"], fields["SHA256"]


def fetch_kernel(package, sha256):
    """Path of the kernel's image, taken out of the package."""
    image = os.path.join(FOLDER, package, "vmlinuz")
    if os.path.exists(image):
        return image
    with tempfile.TemporaryDirectory(prefix="capos-linux-") as folder:
        print(f"# fetching {package}", flush=True)
        subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        archive, = glob.glob(os.path.join(folder, "*.deb"))
        with open(archive, "rb") as stream:
            if hashlib.sha256(stream.read()).hexdigest() != sha256:
                raise Unavailable(f"{package}: not the checksum of the archive's index")
        subprocess.run(["dpkg-deb", "-x", archive, os.path.join(folder, "root")], check=True)
        found, = glob.glob(os.path.join(folder, "root/boot/vmlinuz-*"))
        os.makedirs(os.path.dirname(image), exist_ok=True)
        with open(found, "rb") as source, open(image + ".new", "wb") as target:
            target.write(source.read())
    os.rename(image + ".new", image)
    return image


def archive_of(files):
    """An initramfs (cpio, format newc) of {path: bytes}; a path without bytes is a directory."""
    parts = []
    for number, (path, data) in enumerate([*files.items(), ("TRAILER!!!", b"")], start=1):
        mode = 0o040755 if data is None else 0o100755 if path != "TRAILER!!!" else 0
        data, name = data or b"", path.encode() + b"\0"
        header = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        entry = b"070701" + b"".join(b"%08X" % value for value in header) + name
        entry += b"\0" * (-len(entry) % 4) + data
        parts.append(entry + b"\0" * (-len(entry) % 4))
    return b"".join(parts)


def build_programs():
    """Compiles bench/linux/; path of the initramfs."""
    init, tiny, wait, initrd = (os.path.join(FOLDER, "linux", name) for name in ("init", "tiny", "wait", "initrd"))
    os.makedirs(os.path.dirname(init), exist_ok=True)
    units = [source for source in SOURCES if source.endswith(".c")]
    subprocess.run(["gcc", *FLAGS, "-static", "-no-pie", "-s", "-pthread", "-Wl,-e,bench_start", "-o", init, *units], check=True)
    for program, options in ((tiny, []), (wait, ["-DWAIT"])):
        subprocess.run(["gcc", *options, "-nostdlib", "-static", "-no-pie", "-s", "-Wl,--build-id=none", "-Wl,-z,noseparate-code",
                        "-o", program, "bench/linux/tiny.S"], check=True)
    files = {"dev": None, "proc": None, "sys": None}
    for path in (init, tiny, wait):
        with open(path, "rb") as stream:
            files[os.path.basename(path)] = stream.read()
    with open(initrd, "wb") as stream:
        stream.write(archive_of(files))
    return initrd


def entry_of(path):
    return int(re.search(r"Entry point address:\s+(0x[0-9a-f]+)", _run("readelf", "-h", path))[1], 16)


def boot(image, initrd, options, cpu, smp=1, counted=True, plugin=()):
    """(console output, the plugin's records) of one run."""
    with tempfile.TemporaryDirectory(prefix="capos-linux-") as folder:
        records = os.path.join(folder, "records")
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", CPUS[cpu], "-smp", str(smp), "-m", "1G",
                   "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", image, "-initrd", initrd, "-append", options]
        if counted:
            command += ["-icount", "shift=0,sleep=off"]
        if plugin:
            command += ["-plugin", ",".join([os.path.abspath(build_plugin()), f"out={records}", *plugin])]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=LIMIT_S)
        if "bench: done" not in done.stdout:
            raise Unavailable(f"Linux with {options!r} did not get through\n{done.stdout[-1500:]}")
        return done.stdout, read_events(records) if plugin else None


def _key(kernel, *inputs):
    digest = hashlib.sha256(json.dumps([kernel, CPUS, _run("qemu-system-x86_64", "--version"), *inputs]).encode())
    for path in [*SOURCES, "tools/bench_linux.py", "tools/bench_events.py", "tools/qemu_profile/events.c", "tools/qemu_profile/plugin.h"]:
        with open(path, "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def kept(name, kernel, measure):
    """What measure() gives, from build/bench/NAME.json if nothing changed since."""
    path, key = os.path.join(FOLDER, f"{name}.json"), _key(kernel)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
        if found["key"] == key:
            return found["result"]
    result = measure()
    os.makedirs(FOLDER, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump({"key": key, "result": result}, stream, indent=1)
    return result


ADDRESSES = {"decompressor": 0x100000, "kernel": 0x1000000}     # of a kernel that does not move itself (nokaslr)


def measure(cpu):
    """{package, version, sha256, rows: {name: [least, median, most, crossings, cr3, invalidations]}, figures: {name: number}}."""
    package, version, sha256 = newest_kernel()
    image, initrd = fetch_kernel(package, sha256), build_programs()

    def run():
        print(f"# measuring {package} {version} (about a minute; kept in {FOLDER})", flush=True)
        output, records = boot(image, initrd, "console=ttyS0 quiet panic=-1", cpu, plugin=(MARKS,))
        counted = per_operation(output, records.marks)
        rows = {name: [*figures, *counted[name]] for name, (_, _, *figures) in rows_of(output).items()}
        figures = {name: int(value) for name, value in re.findall(r"^F (\w+) (\d+)", output, re.MULTILINE)}
        first = entry_of(os.path.join(FOLDER, "linux/init"))
        _, records = boot(image, initrd, "console=ttyS0 quiet panic=-1 nokaslr -- boot", cpu,
                          plugin=[f"at={at:#x}" for at in (*ADDRESSES.values(), first)])
        at = {name: records.hits[address][0] for name, address in ADDRESSES.items()}
        rows["boot_user"] = [records.hits[first][0] - at["kernel"]] * 3 + [None] * 3
        figures["decompression"] = at["kernel"] - at["decompressor"]
        return {"package": package, "version": version, "sha256": sha256, "rows": rows, "figures": figures}

    return kept(f"linux-{cpu}", [package, version, sha256], run)


def sizes(image, ours, linux):
    """(what, ours, Linux's) of the figures that are no instruction counts."""
    theirs = linux["figures"]
    kernel = os.path.getsize(os.path.join(FOLDER, linux["package"], "vmlinuz"))
    yield "kernel image, bytes of code and constants / data / zeroed", " / ".join(f"{part:,}" for part in image), f"{kernel:,} compressed"
    for name, what in (("process_bytes", "memory of one more process that waits, bytes"),
                       ("late_mean_ns", "a sleep of 1 ms ends late by, mean ns"), ("late_max_ns", "the same, at most")):
        yield what, f"{int(ours[name]):,}" if name in ours else "-", f"{theirs[name]:,}" if name in theirs else "-"
    yield "calibration of timers at boot, instructions", f"{ours['boot_calibration']:,}", "part of its boot"
