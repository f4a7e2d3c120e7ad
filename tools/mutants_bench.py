# SPDX-License-Identifier: MIT OR Apache-2.0
"""How tools/mutants and `tools/automutants check` judge a mutant: changed in a copy, what depends on it compiled again, one
unit test or simulation test linked and run.
"""
import contextlib
import os
import re
import shlex
import signal
import subprocess
import tempfile
import time

TEST_TIMEOUT_S = 30
SIM = "tests/sim/"


class Broken(Exception):
    """A mutant that says nothing: it does not apply, compile, or have a test."""


def changed_text(mutant):
    missing = {"name", "file", "from", "to"} - set(mutant)
    if missing:
        raise Broken(f"no {', '.join(sorted(missing))}")
    try:
        with open(mutant["file"], encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        raise Broken(f"no file {mutant['file']}") from None
    if text.count(mutant["from"]) != 1:
        raise Broken(f"`from` occurs {text.count(mutant['from'])} times in {mutant['file']}")
    return text.replace(mutant["from"], mutant["to"])


def dependents(source, objects):
    """The objects among those given that are made from source or include it, by their dependency files."""
    for name in objects:
        with open(name[:-2] + ".d", encoding="utf-8") as stream:
            if source in stream.read().replace("\\\n", " ").split():
                yield name


def ask_make(target):
    return subprocess.run(["make", "-s", target], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


class Bench:
    """The compiler's flags and what each unit test links, read once. The archive is of core/ and the generated code."""
    objects, programs, libraries = "build/test-obj/", "build/unit/", ["-lcmocka"]

    def __init__(self):
        self.flags = ask_make("print-test-flags")
        self.archive = ask_make("print-core-objects")
        self.sound = {}

    def need_sound(self, mutant, folder):
        """The test as it was built must pass where mutants run, or being caught means nothing."""
        test = mutant["test"], mutant.get("case")
        if test not in self.sound:
            program = self.programs + mutant["test"].removesuffix(".c").removeprefix(SIM)
            self.sound[test] = not is_caught(os.path.abspath(program), folder, test[1])
        if not self.sound[test]:
            raise Broken(f"{mutant['test']} fails without a mutant")

    def linked(self, test):
        """Objects that the test links, and the archive."""
        link = "build/unit/" + test.removesuffix(".c") + ".link"
        try:
            with open(link, encoding="utf-8") as stream:
                return stream.read().split()
        except FileNotFoundError:
            raise Broken(f"{test} has not been built") from None

    def build(self, mutant, folder):
        """Apply the mutant in an overlay folder and link its test there; returns the program."""
        text = mutant.get("text") or changed_text(mutant)
        changed = os.path.join(folder, mutant["file"])
        os.makedirs(os.path.dirname(changed))
        with open(changed, "w", encoding="utf-8") as stream:
            stream.write(text)
        inputs = self.linked(mutant["test"])
        own = [name for name in inputs if name.endswith(".o")]
        affected = list(dependents(mutant["file"], own + self.archive))
        if not affected:
            raise Broken(f"{mutant['test']} does not use {mutant['file']}")
        rebuilt = [self.compile(name, mutant["file"], folder) for name in affected]
        program = os.path.join(folder, "program")
        kept = [name for name in own if name not in affected]
        self.command(["gcc", "-fsanitize=address,undefined", *rebuilt, *kept,
                      *(name for name in inputs if name.endswith(".a")), *self.libraries, "-o", program])
        return program

    def compile(self, name, changed, folder):
        source = name.removeprefix(self.objects).removesuffix(".o") + ".c"
        output = os.path.join(folder, source.replace("/", "_") + ".o")
        path = os.path.join(folder, source) if source == changed else source
        machine = ["-iquote", "arch/x86_64/include"] if source.startswith("arch/x86_64/") else []
        self.command(["gcc", "-I" + folder, *machine, *self.flags, "-iquote", os.path.dirname(source), "-w", "-g0", "-O0", "-c", path,
                      "-o", output])
        return output

    @staticmethod
    def command(words):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0:
            errors = [line for line in done.stdout.splitlines() if "error" in line or "undefined" in line]
            raise Broken("does not build: " + (errors or [shlex.join(words)])[0])


class SimBench(Bench):
    """The same for the simulation: its archive is the whole kernel."""
    objects, programs, libraries = "build/sim-obj/", "build/sim/", []

    def __init__(self):
        self.flags = ask_make("print-sim-flags")
        self.archive = ask_make("print-sim-objects")
        self.sound = {}

    def linked(self, test):
        return [self.objects + name.removesuffix(".c") + ".o" for name in (test, SIM + "guest.c", SIM + "harness.c")] \
            + ["build/sim/libkernel.a"]


def is_caught(program, folder, case=None):
    """Whether the test fails, crashes or hangs. Simulation tests run in processes of their own: all of them end with this."""
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="stdout", ASAN_OPTIONS="detect_leaks=0")
    test = subprocess.Popen([program] + ([case] if case else []), env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return test.wait(timeout=TEST_TIMEOUT_S) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(test.pid, signal.SIGKILL)
        test.wait()


def judge(bench, mutant, deadline):
    """The line of one mutant, and whether it is a failure."""
    label = f"mutant:{mutant['list']}:" + re.sub(r"[^A-Za-z0-9_.-]+", "-", mutant.get("name", "nameless"))
    start = time.monotonic()
    if deadline is not None and start > deadline:
        return f"skip {label} out of budget", False
    with tempfile.TemporaryDirectory(prefix="capos-mutant-") as folder:
        try:
            program = bench.build(mutant, folder)
            bench.need_sound(mutant, folder)
            caught = is_caught(program, folder, mutant.get("case"))
            why = "" if caught else " survived: " + mutant["to"]
        except Broken as broken:
            why = f" {broken}"
    return f"{'not ok' if why else 'ok'} {label} {time.monotonic() - start:.1f}{why}", bool(why)


def benches(mutants):
    """{for simulation tests?: Bench}, of the kinds that the mutants need."""
    return {sim: SimBench() if sim else Bench() for sim in {mutant["test"].startswith(SIM) for mutant in mutants}}
