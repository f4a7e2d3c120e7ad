#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of the scenario runner: it must fail on what a scenario forbids. A stand-in for QEMU plays the kernel.

Prints one line per test in the protocol of tools/run_tests.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOOD = ["capos-verdict 1", "frames free=100", "init pid=1 name=p", "exit pid=1 code=0 name=p",
        "ledger pid=1 caps=0 calls=0 scratch=0 frames=0 vres=0", "check page-tables ok", "check user-tables ok", "frames free=100",
        "halt status=0 init exited"]
FAKE_QEMU = """#!/usr/bin/env python3
import re, socket, sys
args = " ".join(sys.argv)
console, port = (socket.socket(fileno=int(re.search(name + r",fd=(\\d+)", args)[1])) for name in ("console", "verdict"))
for line in {before!r}:
    port.sendall(line.encode() + b"\\n")
console.sendall({output!r}.encode())
if {echo}:
    console.sendall(b"heard " + console.recv(100) + b"\\n")
for line in {after!r}:
    port.sendall(line.encode() + b"\\n")
sys.exit(33)
"""


class Tree:
    """A folder with the command, the runner and a program, in which one scenario is run."""

    def __init__(self, folder):
        self.folder = folder
        for path in ("tools/capos_host", "schema"):
            shutil.copytree(os.path.join(ROOT, path), os.path.join(folder, path))
        os.makedirs(os.path.join(folder, "tests/smoke/s"))
        for path in ("capos", "tests/smoke/runner"):
            shutil.copy(os.path.join(ROOT, path), os.path.join(folder, path))
        with open(os.path.join(folder, "p"), "wb") as stream:
            stream.write(b"\x7fELF")

    def run(self, scenario="", output="one\ntwo\n", verdict=GOOD, echo=False):
        """Run a scenario; returns the runner's status and output."""
        with open(os.path.join(self.folder, "tests/smoke/s/scenario.toml"), "w", encoding="utf-8") as stream:
            stream.write(f'title = "t"\nprogram = "p"\nsmp = [2]\n{scenario}\n')
        qemu = os.path.join(self.folder, "qemu")
        with open(qemu, "w", encoding="utf-8") as stream:
            stream.write(FAKE_QEMU.format(before=verdict[:3], output=output, echo=echo, after=verdict[3:]))
        os.chmod(qemu, 0o755)
        environment = dict(os.environ, CAPOS_QEMU=qemu, CAPOS_KERNEL=os.path.join(self.folder, "p"))
        done = subprocess.run(["tests/smoke/runner"], cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout

    def passes(self, *arguments, **options):
        status, output = self.run(*arguments, **options)
        assert status == 0 and output.startswith("ok smoke:s:smp2 "), output

    def fails(self, why, *arguments, **options):
        status, output = self.run(*arguments, **options)
        assert status == 1 and output.startswith("not ok smoke:s:smp2 ") and why in output, (why, output)


def without(line):
    return [kept for kept in GOOD if kept != line]


def replaced(old, new):
    return [line.replace(old, new) for line in GOOD]


def test_lines_in_order(tree):
    tree.passes('lines = ["one", "~^t.o$"]')
    tree.fails("no line 'three'", 'lines = ["one", "three"]')
    tree.fails("no line 'one' in its place", 'lines = ["two", "one"]')
    tree.fails("no line 'on'", 'lines = ["on"]')


def test_forbidden(tree):
    tree.fails("forbidden line 'two'", 'forbidden = ["^tw"]')


def test_rows(tree):
    shown = "[hostile] H7 ok -2 this\n[hostile] H8 FAILED 0, not -2: that\n"
    tree.passes('rows = ["H7"]', output=shown)
    tree.fails("no case of H8", 'rows = ["H7", "H8"]', output=shown)


def test_events(tree):
    line, summary = "[diag] pid=2 class=quota code=-9 CALL user_data=0x1: full\n", "[diag] suppressed=56 pid=2 class=quota code=-9 window_ms=7\n"
    other = "[diag] suppressed=4 pid=0 class=other code=0 window_ms=900\n"
    said = "partly " + 8 * line + summary + other
    wanted = 'events = [{{ pid = 2, class = "quota", code = -9, {} }}, {{ count = {} }}]'
    tree.passes(wanted.format("count = 64, printed = 8", 68), output=said)
    tree.passes(wanted.format("least = 64", 68), output=said)
    tree.passes(wanted.format("count = 64, summaries = 1", 68), output=said)
    tree.fails(": 1 summaries", wanted.format("count = 64, summaries = 2", 68), output=said)
    tree.fails("tells of 64", wanted.format("count = 65", 68), output=said)
    tree.fails("tells of 68", wanted.format("count = 64", 64), output=said)
    tree.fails("tells of 64", wanted.format("least = 65", 68), output=said)
    tree.fails("8 in lines of their own", wanted.format("printed = 7", 68), output=said)
    tree.fails("500 lines", "events = []", output=500 * line)
    tree.fails("500 summaries", "events = []", output=500 * summary + line)
    tree.fails("300 lines", "events = []", output="".join(line.replace("pid=2", f"pid={pid}") for pid in range(300)))
    tree.fails("not in the form", "events = []", output=summary.replace("code=-9 ", ""))
    tree.fails("more than 160 bytes", "events = []", output=line.replace("full", 120 * "x"))


def test_status_and_message(tree):
    five = replaced("code=0", "code=5")
    tree.fails("exit status 5, not 0", verdict=five)
    tree.passes('status = 5\nmessage = "code 5"', verdict=five)
    tree.fails("standard error has no 'code 6'", 'status = 5\nmessage = "code 6"', verdict=five)


def test_verdict_lines(tree):
    tree.passes('verdict = ["~^exit pid=1 code=0", "halt status=0 init exited"]')
    tree.fails("verdict port has no line", 'verdict = ["fault pid=1"]')


def test_invariants(tree):
    tree.fails("caps=1", verdict=replaced("caps=0", "caps=1"))
    tree.fails("W+X page", verdict=replaced("page-tables ok", "page-tables W+X page"))
    tree.fails("did not check its page tables", verdict=without("check page-tables ok"))
    leaking = list(GOOD)
    leaking[7] = "frames free=99"
    tree.fails("frames before and after", verdict=leaking)


def test_panic_and_silence(tree):
    tree.fails("exit status 125", verdict=GOOD[:3] + ["panic oh"])
    tree.fails("exit status 125", verdict=GOOD[:3])
    tree.passes('status = 125\nmessage = "kernel panic: oh"', verdict=GOOD[:3] + ["panic oh"])


def test_typed_steps(tree):
    steps = 'steps = [{ expect = "two" }, { send = "hello\\r" }, { expect = "~heard h.llo" }]'
    tree.passes(steps, echo=True)
    tree.fails("never showed '~heard nothing'", steps.replace("heard h.llo", "heard nothing"), echo=True)


def test_bad_scenario(tree):
    tree_status, output = tree.run('colour = "red"')
    assert tree_status == 1 and "unknown fields ['colour']" in output, output


def main():
    tests = [(name.removeprefix("test_"), test) for name, test in globals().items() if name.startswith("test_")]
    failed = False
    for name, test in tests:
        start, why = time.monotonic(), ""
        with tempfile.TemporaryDirectory(prefix="capos-runner-test-") as folder:
            try:
                test(Tree(folder))
            except Exception as error:  # any failure of a test is its result
                why = " " + (" ".join(str(error).split()) or type(error).__name__)[:500]
        failed |= bool(why)
        print(f"{'not ok' if why else 'ok'} smoke-runner:{name} {time.monotonic() - start:.3f}{why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
