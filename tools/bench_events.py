# SPDX-License-Identifier: MIT OR Apache-2.0
"""The plugins of tools/qemu_profile: building them, and reading what events.c wrote."""
import collections
import os
import re
import statistics
import subprocess

ROW = re.compile(r"^R (\w+) n=(\d+) per=(\d+) min=([\d.]+) p50=([\d.]+) p90=([\d.]+) max=([\d.]+) mean=([\d.]+)", re.MULTILINE)
MARKS = "marks=0x7f0000000000"      # user programs; the vDSO of Linux lies above

Events = collections.namedtuple("Events", "marks hits processors ranged")


def build_plugin(name="events"):
    """Path of the plugin, compiled when its source is newer."""
    plugin, source = f"build/tools/qemu_{name}.so", f"tools/qemu_profile/{name}.c"
    if not os.path.exists(plugin) or os.path.getmtime(plugin) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(plugin), exist_ok=True)
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", plugin, source], check=True)
    return plugin


def read_events(path):
    marks, hits, processors, ranged = [], collections.defaultdict(list), {}, 0
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            kind, *fields = line.split()
            if kind == "M":
                marks.append((int(fields[0], 16), *map(int, fields[1:])))
            elif kind == "A":
                hits[int(fields[0], 16)].append(int(fields[1]))
            elif kind == "P":
                processors[int(fields[0])] = (int(fields[1]), int(fields[2]))
            elif kind == "T":
                ranged = int(fields[0])
    return Events(marks, hits, processors, ranged)


def rows_of(output):
    """{row: (samples, operations in a sample, min, median, max)} of a program's lines; the last three by operation."""
    return {name: (int(n), int(per), float(least), float(median), float(most))
            for name, n, per, least, median, _, most, _ in ROW.findall(output)}


def per_operation(output, marks):
    """{row: (crossings, loads of CR3, invalidations)}, medians: each sample of a row reads the counter twice.

    The two places are those of the loop that measures, the most frequent ones.
    """
    places = [place for place, _ in collections.Counter(mark[0] for mark in marks).most_common(2)]
    marks = [mark for mark in marks if mark[0] in places]
    found, at = {}, 0
    for name, (samples, per, *_) in rows_of(output).items():
        mine = marks[at:at + 2 * samples]
        at += 2 * samples
        if len(mine) < 2 * samples:
            raise SystemExit(f"bench: {name}: {len(mine)} readings of the counter instead of {2 * samples}")
        pairs = list(zip(mine[::2], mine[1::2]))
        found[name] = tuple(statistics.median(end[i] - start[i] for start, end in pairs) / per for i in (1, 2, 3))
    if at != len(marks):
        raise SystemExit(f"bench: {len(marks) - at} readings of the counter belong to no row")
    return found
