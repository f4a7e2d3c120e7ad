# SPDX-License-Identifier: MIT OR Apache-2.0
"""Names of tests in documents: which words are such names, whether the tree has the test, and whether it ran.

A name stands between backquotes. `sim.NAME`, `smoke:NAME`, `compat:NAME`, `proof:NAME` and other `WORD:NAME` are lines of the
test run (without the processors behind them; * stands for anything); `core/x/y_test`, `core/x/y` and `core/x` are the unit
tests of a file or folder; words behind "stage" or "stages" are stages of tools/stages; `make NAME` is a target. Tests that ran are
those of the record that tools/run_tests keeps in build/test-results.txt, one line "STAGE VERDICT NAME" for each.
"""
import fnmatch
import glob
import os
import re

import csource

ROOT = csource.ROOT
RECORD = os.path.join(ROOT, "build", "test-results.txt")
KINDS = ("smoke", "compat", "proof", "checks", "capos", "smoke-runner", "hostile-rows", "tutorial", "arrows", "size", "deps",
         "fuzz-guest", "claims", "panic-surface")
UNIT_ROOMS = ("core/", "kernel/", "arch/", "user/", "tools/")
_QUOTED = re.compile(r"`([^`\n]+)`")
_STAGES = re.compile(r"\bstage( `[a-z0-9-]+`)|\bstages((?:,? (?:and )?`[a-z0-9-]+`)+)")
_LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def _read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _names(folder, pattern):
    return {os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(ROOT, folder, pattern))}


class Known:
    """What the tree has."""

    def __init__(self):
        self.stages = {line.split("|")[0].strip().lstrip("*") for line in _read("tools/stages").splitlines()
                       if "|" in line and not line.startswith("#")}
        makefiles = ["Makefile"] + [path for path in csource.files(".mk")]
        self.targets = set()
        for path in makefiles:
            for match in re.finditer(r"^([A-Za-z][\w -]*):(?!=)", _read(path), re.MULTILINE):
                self.targets |= set(match[1].split())
        self.smoke = _names("tests/smoke", "*/scenario.toml")
        self.units = {path.removesuffix("_test.c") for path in csource.files("_test.c")}
        self.proofs = {path.removesuffix("_proof.c") for path in csource.files("_proof.c")}
        self.sim = set()
        for path in csource.files(".c"):
            if not path.startswith("tests/sim/"):
                continue
            words = _LITERAL.findall(_read(path))
            self.sim |= set(words)
            for tail in [word.split("%")[0].rstrip(".") for word in words if word.startswith(".") and len(word) > 1]:
                self.sim |= {word + tail for word in words if re.fullmatch(r"[a-z0-9-]+", word)}

    def has(self, name):
        if name.startswith("sim."):
            plain = re.sub(r"\.(cpus[124]|faults)$", "", name[4:])
            return bool(fnmatch.filter(self.sim, plain)) or plain == "*"
        kind, _, rest = name.partition(":")
        if kind == "smoke":
            return bool(fnmatch.filter(self.smoke, rest.split(":")[0]))
        if kind == "proof":
            return any(fnmatch.fnmatch(path, rest.split(":")[0] + "*") for path in self.proofs)
        if kind == "stage":
            return rest in self.stages
        if kind == "make":
            return rest in self.targets
        if kind == "unit":
            return any(path == rest or path.startswith(rest + "/") for path in self.units)
        return True     # whether such a line was printed, only a run can tell


class Record:
    """What ran last, by stage."""

    def __init__(self):
        self.stages, self.names = set(), set()
        if os.path.exists(RECORD):
            for line in _read("build/test-results.txt").splitlines():
                stage, verdict, name = line.split("\t")[:3]
                if verdict == "ok":
                    self.stages.add(stage)
                    self.names.add(name)

    def has(self, name):
        kind, _, rest = name.partition(":")
        if kind == "make":
            return True
        if kind == "stage":
            return rest in self.stages or rest == "claims"      # which is the one that asks
        if kind == "unit":
            return any(re.match(re.escape(rest) + "[:/]", ran) for ran in self.names)
        return any(fnmatch.fnmatchcase(ran, name) or fnmatch.fnmatchcase(ran, name + "[.:]*") for ran in self.names)


def claims_of(text):
    """The names of tests in a document, in the form WORD:NAME or sim.NAME."""
    for group in _STAGES.findall(text):
        for name in _QUOTED.findall("".join(group)):
            yield "stage:" + name
    for word in _QUOTED.findall(text):
        make = re.fullmatch(r"make ([a-z][a-z0-9-]*)(?: [A-Z_]+=\S+)*", word)
        if make:
            yield "make:" + make[1]
        elif re.fullmatch(r"sim\.[a-z0-9*][a-z0-9.*-]*", word) and not word.endswith((".c", ".h")):
            yield word
        elif re.fullmatch("(?:" + "|".join(KINDS) + r"):[A-Za-z0-9*_./:-]+", word):
            yield word
        elif word.startswith(UNIT_ROOMS) and re.fullmatch(r"[a-z0-9_./-]*[a-z0-9_]_test(?:\.c)?", word):
            yield "unit:" + word.removesuffix(".c").removesuffix("_test")
        elif re.fullmatch(r"core/[a-z]+(?:/[a-z0-9_]+)?", word):
            yield "unit:" + word


def paths_of(text):
    """Files and folders of the tree that a document names."""
    for word in _QUOTED.findall(text):
        if re.fullmatch(r"(?:abi|arch|core|docs|kernel|mk|schema|tests|tools|user)/[\w./*-]+", word) and not word.endswith("_test"):
            yield word


def path_exists(path):
    return bool(glob.glob(os.path.join(ROOT, path))) or bool(glob.glob(os.path.join(ROOT, path + "_test.c")))
