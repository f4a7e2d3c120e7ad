# SPDX-License-Identifier: MIT OR Apache-2.0
"""`capos graph`: who holds what in a booted system, as the kernel reports it on the verdict port.

Process -> capability -> object, as text, as DOT, or drawn by graphviz as SVG. `--check` compares it with what the manifest of
the package grants.
"""
import json
import os
import re
import subprocess
import time
from collections import Counter

from . import package, sources
from .machine import Machine

PROCESS = re.compile(r"^graph process pid=(\d+) parent=(\d+) name=(.*)$")
HOLD = re.compile(r"^graph hold pid=(?P<pid>\d+) cap=0x(?P<cap>[0-9a-f]+) object=(?P<object>\d+) kind=(?P<kind>\S+) "
                  r"interface=(?P<interface>\S+) badge=0x(?P<badge>[0-9a-f]+) mode=(?P<mode>\S+) scope=(?P<scope>\S+) "
                  r"origin=(?P<origin>\S+) revoked=(?P<revoked>[01]) name=(?P<name>.*)$")
END = re.compile(r"^graph end processes=(\d+) holds=(\d+)$")
MODES = {"none": "stays"}
ORIGINS = {"kernel": "from the kernel", "spawn-grant": "granted at spawn", "ipc-transfer": "by a message",
           "result": "by a reply", "parent-endpoint": "as parent"}
SERVICE_RESULTS = ("CapabilityManager", "ProcessHandle")    # what a spawn gives the parent


class GraphError(Exception):
    """A graph that cannot be had, drawn or compared; the text says why, in one line."""


class Process:
    def __init__(self, pid, parent, name):
        self.pid, self.parent, self.name, self.holds = int(pid), int(parent), name, []


class Graph:
    """The processes in the order of pids, each with its holds in the order of slots."""

    def __init__(self):
        self.processes = {}
        self.complete = False

    def feed(self, lines):
        for line in lines:
            if self.complete or not line.startswith("graph "):
                continue
            if match := PROCESS.match(line):
                self.processes[int(match[1])] = Process(*match.groups())
            elif match := HOLD.match(line):
                self.processes[int(match["pid"])].holds.append(match.groupdict())
            elif match := END.match(line):
                self.complete = True
                if (len(self.processes), sum(len(p.holds) for p in self.processes.values())) != (int(match[1]), int(match[2])):
                    raise GraphError("lines of the graph are missing")


def take(boot, timeout, on_verdict=None):
    """Boot and read the graph. Returns (graph, machine, QEMU's status, its last error line)."""
    graph = Graph()

    def read(lines):
        graph.feed(lines)
        if on_verdict:
            on_verdict(lines)
    deadline = None if timeout is None else time.monotonic() + timeout
    machine = Machine(boot, lambda data: None, read)
    try:
        while not graph.complete and machine.pump(deadline):
            pass
    finally:
        status, error = machine.end()
    return graph, machine, status, error


# ---- drawing --------------------------------------------------------------------------


def hold_words(hold):
    """What distinguishes a hold: mode, origin, badge, revocation."""
    words = [MODES.get(hold["mode"], hold["mode"]), ORIGINS.get(hold["origin"], hold["origin"])]
    if int(hold["badge"], 16):
        words.append("badge 0x" + hold["badge"])
    if hold["scope"] != "same-session":
        words.append(hold["scope"])
    return words + (["revoked"] if hold["revoked"] == "1" else [])


def text(graph):
    lines = []
    holders = {}
    for process in graph.processes.values():
        lines.append(f"pid {process.pid} {process.name} (child of {process.parent})")
        for hold in process.holds:
            lines.append(f"  |- {hold['name'] or '-'} [{hold['cap']}] {hold['interface']} -> object {hold['object']}"
                         f"  ({', '.join(hold_words(hold))})")
            holders.setdefault(hold["object"], (hold["kind"], {}))[1][process.pid] = process.name
    shared = {number: entry for number, entry in holders.items() if len(entry[1]) > 1}
    if shared:
        lines.append("shared objects")
    for number, (kind, by) in shared.items():
        lines.append(f"  |- object {number} {kind}: " + ", ".join(f"pid {pid} {name}" for pid, name in by.items()))
    return "\n".join(lines) + "\n"


def quote(words):
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def dot(graph):
    lines = ["digraph authority {", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=11];',
             '  edge [fontname="sans-serif", fontsize=9];']
    objects = {}
    for process in graph.processes.values():
        label = quote(f"{process.name}\npid {process.pid}")
        lines.append(f"  p{process.pid} [shape=box, style=filled, fillcolor=lightsteelblue, label={label}];")
        if process.parent in graph.processes:
            lines.append(f"  p{process.parent} -> p{process.pid} [style=dashed, arrowhead=empty, label=spawned];")
        for hold in process.holds:
            objects[hold["object"]] = hold["kind"]
            label = quote("\n".join([hold["name"] or hold["interface"], ", ".join(hold_words(hold))]))
            style = ", color=gray" if hold["revoked"] == "1" else ""
            lines.append(f"  p{process.pid} -> o{hold['object']} [label={label}{style}];")
    lines += [f"  o{number} [shape=ellipse, label={quote(f'{kind}{chr(10)}object {number}')}];" for number, kind in objects.items()]
    return "\n".join(lines + ["}"]) + "\n"


def svg(graph):
    try:
        done = subprocess.run(["dot", "-Tsvg"], input=dot(graph), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        raise GraphError("graphviz draws the SVG and is missing: run tools/bootstrap test, or use --format dot") from None
    if done.returncode != 0:
        raise GraphError("dot: " + " ".join(done.stderr.split()))
    return done.stdout


FORMATS = {"text": text, "dot": dot, "svg": svg}


# ---- what the manifest grants -------------------------------------------------------------


def plain(value):
    """A CueValue as Python has it."""
    if "fields" in value:
        return {field["name"]: plain(field["value"]) for field in value["fields"]}
    if "list" in value:
        return [plain(item) for item in value["list"]]
    return value.get("text", next(iter(value.values()), None))


def configuration(path):
    """initConfig of a boot package."""
    with open(path, "rb") as stream:
        done = subprocess.run(["capnp", "convert", "binary:json", os.path.join(package.ROOT, "schema/capos.capnp"), "SystemManifest"],
                              stdin=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise GraphError("capnp: " + " ".join(done.stderr.decode("utf-8", "replace").split()))
    return plain(json.loads(done.stdout)["initConfig"])


def granted(owner, caps):
    """[(name, source)] of a list of capabilities in a manifest."""
    for cap in caps:
        source = cap["source"]
        if not isinstance(source, dict) or "kernel" not in source:
            raise GraphError(f"{owner}: {cap['name']} does not come from the kernel; such grants are not compared")
        yield cap["name"], source["kernel"]


def row(name, interface, origin):
    return f"{name or '-'} {interface}, {ORIGINS[origin]}"


def expected(config):
    """{process name: Counter of rows}: what each process must hold when all services run, and nothing else."""
    init = config["init"]
    own = list(granted("init", init.get("caps", [])))
    forwards_terminal = any(source == "terminal_session" for _, source in own)
    rows = {init["binary"]: Counter(row(name, sources.BUILT.get(source, source), "kernel") for name, source in own)}
    for service in config.get("services", []):
        caps = Counter()
        for name, source in granted(service["name"], service.get("caps", [])):
            forwarded = source == "terminal_session" and forwards_terminal
            caps[row(name, sources.BUILT.get(source, source), "spawn-grant" if forwarded else "kernel")] += 1
            if source in ("endpoint", "chat_endpoint"):
                rows[init["binary"]][row("", "Endpoint", "parent-endpoint")] += 1
        rows[service["name"]] = caps
        for interface in SERVICE_RESULTS:
            rows[init["binary"]][row("", interface, "result")] += 1
    return rows


def actual(graph):
    rows = {}
    for process in graph.processes.values():
        name = process.name if process.name not in rows else f"{process.name} (pid {process.pid})"
        rows[name] = Counter(row(hold["name"], hold["interface"], hold["origin"]) for hold in process.holds)
    return rows


def differences(config, graph):
    """Lines; none when the graph is exactly what the manifest grants."""
    want, have = expected(config), actual(graph)
    lines = [f"process {name} runs and is not in the manifest" for name in have if name not in want]
    lines += [f"process {name} of the manifest does not run" for name in want if name not in have]
    for name in want.keys() & have.keys():
        lines += [f"{name} holds more: {what}" for what in (have[name] - want[name]).elements()]
        lines += [f"{name} lacks: {what}" for what in (want[name] - have[name]).elements()]
    return sorted(lines)
