# SPDX-License-Identifier: MIT OR Apache-2.0
"""tools/bench scaling: the same work on 1, 2 and 4 processors, ours beside Linux's. Indicative: wall clocks of one host.

As many processes (threads, pairs of a client and a server) as processors each do the whole work. QEMU gives each processor a
thread of the host (MTTCG); the time is the guest's, the median of RUNS. Speed-up: work done in the time that one took for
one. The plugin counts in a run of its own what each processor executed of the program. GOAL holds only where the host has two
idle processors, which is looked at first; LOADED=1 measures all the same.
"""
import os
import re
import statistics
import time

import bench_capos
import bench_linux

GRANTS = ("console", "timer", "process_spawner", "system_monitor", "thread_spawner", "thread_control", "park_space", "virtual_memory",
          "boot_package", "frame_allocator")
LINE = re.compile(r"^S (\w+) workers=(\d+) ns=(\d+)", re.MULTILINE)
FLAT = re.compile(r"^C (\w+)=(\d+) ticks=(\d+)", re.MULTILINE)
PROCESSORS, RUNS = (1, 2, 4), 5
GOAL_ROW, GOAL = ("primes_processes", 2), 1.9
BALANCE = 0.05
USER = "user=0x200000-0x10000000"       # where a program's instructions lie


def command(arguments=(), smp=1, posture="isolated"):
    line = ["run", "build/user/scaling", "--with", "scaling=build/user/scaling", "--smp", str(smp), "--memory", "1G", "--cpu", posture,
            "--timeout", "900"]
    for grant in GRANTS:
        line += ["--grant", grant]
    return line + (["--", *arguments] if arguments else [])


def flat():
    """{what: [(how many, instructions of a call)]}: beside so many processes, among so many capabilities."""
    output, _ = bench_capos.run(command())
    found = {}
    for what, count, ticks in FLAT.findall(output):
        found.setdefault(what, []).append((int(count), int(ticks)))
    return found


def host_is_idle():
    """Whether two processors of the host had nothing to do during two seconds."""
    def times():
        with open("/proc/stat", encoding="utf-8") as stream:
            return [list(map(int, line.split()[1:])) for line in stream if re.match(r"cpu\d", line)]
    before = times()
    time.sleep(2)
    idle = 0
    for old, new in zip(before, times()):
        spent = [b - a for a, b in zip(old, new)]
        idle += spent[3] > 0.95 * sum(spent)
    return idle >= 2


def _ours(smp):
    return bench_capos.run(command([str(smp)], smp), counted=False)[0]


def _medians(run, smp):
    seen = {}
    for _ in range(RUNS):
        for name, workers, ns in LINE.findall(run(smp)):
            if int(workers) != smp:
                raise SystemExit(f"bench: {workers} workers on {smp} processors")
            seen.setdefault(name, []).append(int(ns))
    return {name: statistics.median(values) for name, values in seen.items()}


def _balance(smp):
    """The program's instructions on each processor."""
    _, records = bench_capos.run(command([str(smp)], smp), counted=False, plugin=(USER,))
    return [user for _, (_, user) in sorted(records.processors.items())]


def run():
    if not host_is_idle() and not os.environ.get("LOADED"):
        raise SystemExit("bench: the host is busy or has one processor: these figures would say nothing (LOADED=1 measures all the same)")
    package, _, sha256 = bench_linux.newest_kernel()
    image, initrd = bench_linux.fetch_kernel(package, sha256), bench_linux.build_programs()

    def linux(smp):
        return bench_linux.boot(image, initrd, "console=ttyS0 quiet panic=-1 -- scaling", "isolated", smp=smp, counted=False)[0]

    print("| work, once per processor | processors | ours, ms | speed-up | Linux, ms | speed-up |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    ours, theirs, failed = {}, {}, False
    for smp in PROCESSORS:
        ours[smp], theirs[smp] = _medians(_ours, smp), _medians(linux, smp)
        for name, ns in ours[smp].items():
            gain, other = smp * ours[1][name] / ns, smp * theirs[1][name] / theirs[smp][name]
            print(f"| {name} | {smp} | {ns / 1e6:,.0f} | {gain:.2f} | {theirs[smp][name] / 1e6:,.0f} | {other:.2f} |", flush=True)
            if (name, smp) == GOAL_ROW and gain < GOAL:
                print(f"# {name} on {smp} processors: {gain:.2f}, the goal is {GOAL}")
                failed = True
    for smp in PROCESSORS[1:]:
        counts = _balance(smp)
        spread = (max(counts) - min(counts)) / max(counts)
        print(f"# instructions of programs on each of {smp} processors: {', '.join(f'{count:,}' for count in counts)}; they differ by {spread:.1%}")
        if spread > BALANCE:
            print(f"# that is more than {BALANCE:.0%}")
            failed = True
    return 1 if failed else 0
