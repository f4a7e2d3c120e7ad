#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of the checks: each must fail on what it is there for. Works on a small tree of its own with copies of the tools.

Prints one line per test in the protocol of tools/run_tests.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPDX = "/* SPDX-License-Identifier: MIT OR Apache-2.0 */\n"
TEST = SPDX + """#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "core/x/y.h"
static void one(void **state) { (void)state; assert_int_equal(twice(2), 4); }
int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""


class Tree:
    """A folder with the tools, the Makefile and one core file with its test, known to git."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(os.path.join(ROOT, "tools"), os.path.join(folder, "tools"),
                        ignore=shutil.ignore_patterns("capnpc-c", "__pycache__", "capos_host", "*_test.py"))
        shutil.copytree(os.path.join(ROOT, "mk"), os.path.join(folder, "mk"))
        for name in ("tests/compat", "tests/loom", "tests/differential/upstream", "user/third_party/monocypher"):
            os.makedirs(os.path.join(folder, name))
        for name in ("Makefile", "LICENSE-MIT", "LICENSE-APACHE", "tests/compat/Cargo.lock",
                     "tests/loom/Cargo.lock", "tests/differential/upstream/Cargo.lock", "user/third_party/monocypher/Cargo.lock"):
            shutil.copy(os.path.join(ROOT, name), os.path.join(folder, name))
        self.write("core/x/y.h", SPDX + "#pragma once\nint twice(int n);\n")
        self.write("core/x/y.c", SPDX + '#include "core/x/y.h"\n\nint twice(int n)\n{\n    return n * 2;\n}\n')
        self.write("core/x/y_test.c", TEST)
        subprocess.run(["git", "init", "-q", folder], check=True)

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def read(self, path):
        with open(os.path.join(self.folder, path), encoding="utf-8") as stream:
            return stream.read()

    def run(self, *words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(words, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120)
        return done.returncode, done.stdout

    def expect(self, status, text, *words):
        got, output = self.run(*words)
        assert got == status and text in output, f"status {got}, wanted {status} and {text!r}: {output[-400:]}"


def stages(tree, *lines):
    tree.write("tools/stages", "".join(line + "\n" for line in lines))


def test_runner_counts(tree):
    stages(tree, "a | 5 | lines | echo ok one 0.1; echo not ok two 0.1 broken; echo noise", "b | 5 | status | true")
    tree.expect(1, "2 passed, 1 failed", "tools/run_tests")
    tree.expect(0, "1 passed, 0 failed", "tools/run_tests", "b")


def test_runner_fails_a_silent_or_crashing_stage(tree):
    stages(tree, "quiet | 5 | lines | true", "crash | 5 | lines | echo ok one 0; kill -9 $$")
    tree.expect(1, "not ok quiet", "tools/run_tests", "quiet")
    tree.expect(1, "not ok crash", "tools/run_tests", "crash")


def test_runner_tells_and_ends_slow_stages(tree):
    stages(tree, "slow | 1 | status | sleep 1.2", "hangs | 1 | status | sleep 100")
    tree.expect(0, "OVER BUDGET", "tools/run_tests", "slow")
    tree.expect(1, "not ok hangs", "tools/run_tests", "hangs")


def test_unit_tests_are_found_and_can_fail(tree):
    tree.expect(0, "ok core/x/y:one", "make", "-s", "core-tests")
    tree.write("core/x/y.c", tree.read("core/x/y.c").replace("n * 2", "n * 3"))
    tree.expect(2, "not ok core/x/y:one", "make", "-s", "core-tests")


def test_sanitizers_end_a_unit_test(tree):
    tree.write("core/x/y.c", tree.read("core/x/y.c").replace("n * 2", "n << (n + 40)"))
    tree.expect(2, "shift exponent", "make", "-s", "core-tests")


def test_mutants_survivor_is_told(tree):
    block = "name: m\nfile: core/x/y.c\nfrom: n * 2\nto: {}\n"
    for to, status, text in (("n * 3", 0, "ok mutant:core/x/y:m"), ("2 * n", 2, "survived"), ("n * ", 2, "does not build")):
        tree.write("core/x/y.mutants", block.format(to))
        tree.expect(status, text, "make", "-s", "test-mutants")
    tree.write("core/x/y.mutants", block.format("1").replace("n * 2", "not there"))
    tree.expect(2, "occurs 0 times", "make", "-s", "test-mutants")
    tree.write("core/x/y.mutants", block.format("n * 3"))
    tree.write("core/x/y_test.c", TEST.replace("twice(2), 4", "twice(2), 5"))
    tree.expect(2, "fails without a mutant", "make", "-s", "test-mutants")


def test_anchors(tree):
    """A quotation that the source no longer has, or has twice, is told, wherever its list stands."""
    block = "name: m\nfile: core/x/y.c\nfrom: {}\nto: 1\n"
    for path in ("core/x/y.mutants", "tests/loom/z.mutants", "tests/tsan/races.planted"):
        tree.write(path, block.format("n * 2"))
    tree.write("tools/sanitize.planted", "")     # it quotes sources that are not in this tree
    tree.write("core/x/y_proof.mutants", block.format("{\\n    return n"))
    tree.expect(0, "ok anchors 0 4 quotations", "tools/anchors")
    tree.write("tests/loom/z.mutants", block.format("n * 4"))
    tree.expect(1, "tests/loom/z.mutants: `m`: 0 times in core/x/y.c", "tools/anchors")
    tree.write("tests/loom/z.mutants", block.format("n"))
    tree.expect(1, "times in core/x/y.c", "tools/anchors")
    tree.write("tests/loom/z.mutants", block.format("n * 2").replace("core/x/y.c", "core/x/z.c"))
    tree.expect(1, "0 times in core/x/z.c", "tools/anchors")


def test_mutants_rotate(tree):
    tree.write("core/x/y.mutants", "name: one\nfile: core/x/y.c\nfrom: n * 2\nto: n * 3\n\nname: two\nfile: core/x/y.c\nfrom: n * 2\nto: n * 4\n")
    seen = []
    for message in ("first", "second"):
        tree.run("git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", message)
        status, output = tree.run("make", "-s", "test-mutants", "ROTATE=1")
        assert status == 0 and "# 1 mutants of 2, 0 not caught" in output, output[-400:]
        seen.append(re.search(r"ok mutant:core/x/y:(\w+)", output)[1])
    assert sorted(seen) == ["one", "two"], seen


def test_long_run_goes_on(tree):
    tree.write("tools/stages_long", "a | 5 | lines | echo a >>ran; echo ok one 0\nb | 5 | lines | echo b >>ran; test -e fixed && echo ok two 0\n")
    tree.run("git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m")
    tree.expect(1, "1 passed, 1 failed", "tools/run_tests", "--long")
    tree.write("fixed", "")
    tree.expect(0, "== a: has passed at this commit", "tools/run_tests", "--long")
    tree.expect(0, "2 passed, 0 failed", "tools/run_tests", "--long")
    assert tree.read("ran") == "a\nb\nb\n", tree.read("ran")
    tree.run("git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "next")
    tree.run("tools/run_tests", "--long")
    assert tree.read("ran") == "a\nb\nb\na\nb\n", tree.read("ran")


def test_flake_is_found(tree):
    """A scenario that fails at its third run, one that is fast and one that is slow."""
    for name in ("sound", "slow", "fails"):
        tree.write(f"tests/smoke/{name}/scenario.toml", "")
    tree.write("tests/smoke/runner", "#!/bin/sh\nbad=0\nfor name; do\n  echo $name >>ran; n=$(grep -c $name ran); t=0.5; [ $name = slow ] && t=3.0\n"
               "  if [ $name = fails ] && [ $n = 3 ]; then echo not ok smoke:$name:smp2 $t broken; echo '#   its console'; bad=1\n"
               "  else echo ok smoke:$name:smp2 $t; fi\ndone\nexit $bad\n")
    os.chmod(os.path.join(tree.folder, "tests/smoke/runner"), 0o755)
    tree.run("git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m")
    tree.expect(0, "0 flakes", "tools/flake", "--runs", "2", "--fast-runs", "5", "sound", "slow")
    assert (tree.read("ran").count("sound"), tree.read("ran").count("slow")) == (5, 2), tree.read("ran")
    tree.expect(1, "not ok flake:fails:run-3", "tools/flake", "--runs", "2", "--fast-runs", "5")
    status, output = tree.run("tools/flake", "--runs", "2", "--fast-runs", "5")
    assert status == 1 and "flake: fails:smp2, run 3" in output and " 0 to go" in output, output
    log = re.search(r"run 3: (\S+)", output)[1]
    assert "its console" in tree.read(log) and tree.read("ran").count("fails") == 5


def test_size_limits(tree):
    tree.expect(0, "ok size:function-longest", "tools/size")
    tree.write("core/x/y.c", SPDX + "int twice(int n)\n{\n" + "    n++; /* one */\n" * 81 + "    return n;\n}\n")
    tree.expect(1, "not ok size:function-longest 0 limit 80: core/x/y.c:twice (82)", "tools/size")
    tree.write("core/x/y.c", SPDX + "\n" * 600)
    tree.expect(1, "not ok size:file-longest", "tools/size")


def test_arrows(tree):
    tree.write("kernel/machine.h", SPDX)
    tree.write("core/ring/index.h", SPDX)
    tree.expect(0, "ok arrows:includes-of-core", "tools/arrows")
    for path, include in (("core/x/z.c", '"kernel/machine.h"'), ("core/x/z.c", '"core/../kernel/machine.h"'), ("core/x/z.c", "<stdio.h>"), ("core/x/z.c", '"y.h"'),
                          ("user/z.c", '"core/ring/index.h"'), ("user/z.c", '"kernel/machine.h"'), ("user/tests/z.c", '"core/ring/index.h"'),
                          ("tests/hostile/z.h", '"core/ring/index.h"'), ("tests/hostile/z.h", '"kernel/machine.h"'), ("tests/hostile/z.h", "<stdio.h>")):
        tree.write(path, f"{SPDX}#include {include}\n")
        tree.expect(1, f"{path} includes {include}", "tools/arrows")
        tree.write(path, f"{SPDX}/* #include {include} */\n")
    tree.expect(0, "ok arrows:includes-of-user", "tools/arrows")


def test_tree_of_another_owner(tree):
    if os.getuid() == 0:
        for folder, _, _ in os.walk(tree.folder):
            os.chown(folder, 12345, 12345)
    tree.expect(0, "ok arrows:includes-of-core", "tools/arrows")


def test_core_keeps_no_state(tree):
    tree.write("core/x/y.c", tree.read("core/x/y.c") + "int counter;\n")
    tree.run("make", "-s", "CFLAGS.core/x/y.c=-w", "build/kernel-obj/core/x/y.o")
    tree.expect(1, "core/x/y.o: counter", "tools/arrows")


def test_dependencies(tree):
    tree.expect(0, "ok deps:crates", "tools/deps-check")
    lock = tree.read("tests/compat/Cargo.lock")
    tree.write("tests/compat/Cargo.lock", lock.replace('checksum = "2', 'checksum = "3', 1))
    tree.expect(1, "differs from tools/lock.toml", "tools/deps-check")
    tree.write("tests/compat/Cargo.lock", lock)
    tree.write("core/x/y.h", "#pragma once\n")
    tree.expect(1, "core/x/y.h: no line", "tools/deps-check")


INVENTORY = "docs/security/panic-surface.md"


def test_panic_surface(tree):
    row = "| `kernel/a.c` | panic broken | SQE, none | because nobody ever calls it | `core/x/y_test` |\n"
    tree.write("kernel/a.c", SPDX + 'void f(void)\n{\n    kernel_panic("broken", 0);\n}\n')
    tree.write(INVENTORY, row)
    tree.expect(0, "ok panic-surface:rows 0 1 places", "tools/panic-surface")
    tree.write(INVENTORY, row + row)
    tree.expect(1, "panic broken: the row has no place", "tools/panic-surface")
    tree.write(INVENTORY, row.replace("broken", "other"))
    tree.expect(1, "panic broken: has no row", "tools/panic-surface")
    for good, bad, complaint in (("y_test", "z_test", "no such test"), ("SQE, none", "SQE, moon", "no class of input"),
                                 ("`core/x/y_test`", "a person", "names no test"), ("because nobody ever calls it", "no", "no reason")):
        tree.write(INVENTORY, row.replace(good, bad))
        tree.expect(1, complaint, "tools/panic-surface")


def test_panic_surface_finds_every_kind(tree):
    places = [("f(1)", None), ('kernel_panic(name, 0)', "panic ... in f"), ("assert(a)", "assert in f"), ("__builtin_unreachable()", "unreachable in f"),
              ("__builtin_trap()", "trap in f"), ("abort()", "abort in f"), ("for (;;) g()", "loop in f"), ("while (true) g()", "loop in f"),
              ("a = a / b", "division in f"), ("a = a % b->c", "division in f"), ("a = a / 8", None), ("a = a / sizeof b", None),
              ('__asm__ volatile("ud2")', "ud2 in f"), ('log("ud2 / a")', None), ("/* kernel_panic(a) */", None)]
    tree.write(INVENTORY, "")
    for room in ("core/x", "kernel", "arch/x86_64"):
        for code, what in places:
            tree.write(room + "/a.c", SPDX + f"void f(void)\n{{\n    {code};\n}}\n")
            if what:
                tree.expect(1, f"{room}/a.c: {what}: has no row", "tools/panic-surface")
            else:
                tree.expect(0, "0 places", "tools/panic-surface")
        os.remove(os.path.join(tree.folder, room, "a.c"))
    tree.write("kernel/a.h", SPDX + "_Noreturn void f(void);\n")
    tree.write("kernel/a.c", SPDX + "void f(void)\n{\n    g();\n}\n")
    tree.expect(1, "kernel/a.c: noreturn f: has no row", "tools/panic-surface")
    os.remove(os.path.join(tree.folder, "kernel/a.h"))
    tree.write("arch/x86_64/a.S", "f:\n    ud2\n1:  hlt\n")
    tree.expect(1, "arch/x86_64/a.S: hlt in f: has no row", "tools/panic-surface")


def test_claims(tree):
    page = "docs/security/page.md"
    tree.write("tests/sim/a.c", 'static const struct sim_test tests[] = { { .name = "works" } };\n')
    tree.write("tests/smoke/s/scenario.toml", "")
    good = "`sim.works`, `sim.w*.cpus2`, `smoke:s`, `core/x/y_test`, `core/x`, stages `unit` and `sim`, stage `smoke`, `make claims`, `tools/claims`"
    tree.write(page, good)
    tree.expect(0, "ok claims:docs/security/page.md 0 9 names", "tools/claims")
    for bad in ("`sim.fails`", "`smoke:t`", "`core/x/z_test`", "`core/z`", "stage `no-stage`", "stages `unit` and `no-stage`", "`make nothing`"):
        tree.write(page, good + bad)
        tree.expect(1, "no such test", "tools/claims")
    tree.write(page, good + "`tools/nothing`")
    tree.expect(1, "no such path: tools/nothing", "tools/claims")


def test_assurance(tree):
    claim = '[[claim]]\nid = "a"\ngroup = "g"\ntext = "t"\ncode = [{}]\nevidence = [{}]\n'
    page, code = "docs/verification/claims.toml", '"core/x/y.c:twice"'
    tree.write("tests/sim/a.c", 'static const struct sim_test tests[] = { { .name = "works" } };\n')
    tree.write("tests/smoke/s/scenario.toml", "")
    tree.write("core/x/y_proof.c", SPDX + "/* PROOF doubles\n * of: twice\n */\n")
    tree.write("core/x/y.mutants", "name: m\nfile: core/x/y.c\nfrom: n * 2\nto: n * 3\n")
    good = '"unit:core/x/y", "unit:core/x/y:one", "sim.works", "smoke:s", "proof:core/x/y:doubles", "mutants:core/x/y", "auto:core/x", "stage:unit", "make:core-tests"'
    stages(tree, "unit | 5 | lines | make -s -j2 core-tests")
    tree.write("tools/stages_long", "unit | 5 | lines | make -s no-tests\n")
    tree.write(page, claim.format(code, good))
    tree.expect(1, "tools/stages_long calls a target that is not there: make -s no-tests", "tools/assurance")
    tree.write("tools/stages_long", "unit | 5 | lines | make -s core-tests\n")
    tree.expect(0, "ok assurance:a 0 9 pieces", "tools/assurance")
    tree.expect(0, "ok assurance:a", "tools/assurance", "--check")
    for bad in ("unit:core/x/z", "unit:core/x/y:two", "sim.fails", "smoke:t", "proof:core/x/y:triples", "proof:core/x/z:doubles", "mutants:core/x/z",
                "auto:core/z", "stage:none", "make:none", "loom:none", "fuzz:core/x/y", "word"):
        tree.write(page, claim.format(code, f'{good}, "{bad}"'))
        tree.expect(1, f"no such evidence: {bad}", "tools/assurance")
    for text, complaint in ((claim.format(code, ""), "no evidence"), (claim.format("", good), "no code"), (claim.format('"core/x/y.c:thrice"', good), "no such code"),
                            (claim.format('"core/x/z.c"', good), "no such code"), (claim.format(code, '"mutants:core/x/y"'), "nothing that runs"),
                            (claim.format(code, good) * 2, "not its own")):
        tree.write(page, text)
        tree.expect(1, complaint, "tools/assurance")
    tree.write(page, claim.format(code, '"unit:core/x/y"'))
    tree.expect(1, "is not what the claims say", "tools/assurance", "--check")
    tree.write("build/test-results.txt", "unit\tok\tcore/x/y:one\t0.5\n")
    tree.expect(0, "", "tools/assurance")
    assert "| `unit:core/x/y` | 1 of 1 passed, 0.5 s |" in tree.read("docs/verification/assurance.md")
    tree.write("build/test-results.txt", "unit\tok\tcore/x/y:one\t0.7\n")
    tree.expect(0, "ok assurance:a", "tools/assurance", "--check")


def test_coverage(tree):
    shutil.copytree(os.path.join(ROOT, "arch/host"), os.path.join(tree.folder, "arch/host"))
    tree.write("arch/host/build.mk", tree.read("arch/host/build.mk").replace(" core-tests sim ", " core-tests "))
    tree.write("core/x/y.c", tree.read("core/x/y.c").replace("return n * 2;", "if (n == 77)\n        return 0;\n    return n * 2;"))
    tree.write("core/x/y_test.c", TEST.replace("(void)state;", "(void)state; assert_int_equal(twice(77), 0);"))
    tree.expect(0, "ok coverage:core-branches 0 100.0 %", "make", "-s", "coverage", "GATE=1")
    tree.write("core/x/y_test.c", TEST)
    tree.expect(2, "not ok coverage:core-branches", "make", "-s", "coverage", "GATE=1")
    tree.expect(0, "branches      1/2", "make", "-s", "coverage", "MISSING=core")
    tree.write("core/x/y.c", tree.read("core/x/y.c").replace("n * 2", "n * 3"))
    tree.expect(2, "not ok core/x/y:one", "make", "-s", "coverage")     # a test that fails is no run to count


def test_quotas(tree):
    paths = ["abi/limits.h", "kernel/proc/profile.h", "docs/security/authority-accounting.md"]
    with open(os.path.join(ROOT, "tools/quotas"), encoding="utf-8") as stream:
        paths += re.findall(r'"((?:kernel|core|abi)/[a-z_/]+\.h)"', stream.read())
    for path in dict.fromkeys(paths):
        with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
            tree.write(path, stream.read())
    tree.expect(0, "ok quotas", "tools/quotas")
    page = tree.read(paths[2])
    for name in ("OUTSTANDING_CALLS_MAX", "timer_waiters", "ASPACE_REGIONS_MAX"):
        row = next(line for line in page.splitlines() if line.startswith("| `" + name))
        tree.write(paths[2], page.replace(row, row.rpartition("| `")[0] + "| nothing |"))     # a row without a test
        tree.expect(1, name, "tools/quotas")
    tree.write(paths[2], page)
    tree.write(paths[0], tree.read(paths[0]) + "#define MORE_THINGS_MAX 5u\n")
    tree.expect(1, "no test is named for MORE_THINGS_MAX", "tools/quotas")


def test_claims_of_a_run(tree):
    page, stages = "docs/security/page.md", tree.read("tools/stages")
    tree.write("tests/sim/a.c", '{ .name = "works" }')
    tree.write("tests/smoke/s/scenario.toml", "")
    tree.write(page, "`sim.works`, `smoke:s`, `core/x/y_test`, stage `plain`, stage `claims`")
    tree.write("tools/stages", "a | 5 | lines | printf 'ok sim.works.cpus2 0\\nok smoke:s:smp1 0\\nok core/x/y:one 0\\n'\n"
                               "plain | 5 | status | true\nclaims | 5 | lines | tools/claims --ran\n")
    tree.expect(1, "has not run: sim.works", "tools/claims", "--ran")
    tree.expect(0, "ok claims:docs/security/page.md", "tools/run_tests")
    tree.expect(0, "ok claims:docs/security/page.md", "tools/run_tests", "claims")     # others' lines stay
    for there, gone in (("sim.works.cpus2", "sim.others"), ("ok smoke:s:smp1", "skip smoke:s:smp1"), ("core/x/y:one", "core/x/yy:one")):
        tree.write("tools/stages", tree.read("tools/stages").replace(there, gone))
        tree.expect(1, "has not run", "tools/run_tests")
        tree.write("tools/stages", tree.read("tools/stages").replace(gone, there))
    tree.write("tools/stages", stages)


def test_bootstrap_refuses_another_series(tree):
    lock = tree.read("tools/lock.toml")
    tree.expect(0, "", "tools/bootstrap", "run")
    tree.write("tools/lock.toml", lock.replace('capnproto = { version = "0.9.', 'capnproto = { version = "0.8.'))
    tree.expect(1, "capnproto", "tools/bootstrap", "run")
    tree.write("tools/lock.toml", lock.replace('capnproto = { version = "0.9.2-2"', 'capnproto = { version = "0.9.1-1"'))
    tree.expect(0, "warning: capnproto", "tools/bootstrap", "run")


def test_bounds_of_proofs(tree):
    """docs/verification/bounds.md against the comments of the proofs: a row that is missing, stale or of no proof is told."""
    proof = SPDX + "/* PROOF doubles\n * of: twice\n * bound: none: every number\n */\nvoid doubles(void)\n{\n    probe(1);\n}\n"
    tree.write("core/x/y_proof.c", proof)
    bounds = "docs/verification/bounds.md"
    tree.expect(1, "core/x/y:doubles has no row", "tools/prove", "--check")
    tree.expect(0, "1 proofs", "tools/prove", "--check", "--table", bounds)
    tree.expect(0, f"ok proof:{bounds}", "tools/prove", "--check")
    tree.write("core/x/y_proof.c", proof.replace("every number", "every even number"))
    tree.expect(1, "the row of core/x/y:doubles says something else", "tools/prove", "--check")
    tree.write("core/x/y_proof.c", proof)
    tree.write(bounds, tree.read(bounds) + "| `core/x/y:gone` | `twice` | none: x |  | 2 | | |\n")
    tree.expect(1, "core/x/y:gone is no proof", "tools/prove", "--check")
    tree.write("core/x/y_proof.c", proof.replace(" * of: twice\n", ""))
    tree.expect(1, "doubles: no {'of'}", "tools/prove", "--check")
    tree.write("core/x/y_proof.c", proof.replace("    probe(1);\n", ""))
    tree.expect(1, "doubles has no probe", "tools/prove", "--check")


def main():
    tests = [(name.removeprefix("test_"), test) for name, test in globals().items() if name.startswith("test_")]
    failed = False
    for name, test in tests:
        start, why = time.monotonic(), ""
        with tempfile.TemporaryDirectory(prefix="capos-checks-") as folder:
            try:
                test(Tree(folder))
            except Exception as error:  # any failure of a test is its result
                why = " " + (" ".join(str(error).split()) or type(error).__name__)[:500]
        failed |= bool(why)
        print(f"{'not ok' if why else 'ok'} checks:{name} {time.monotonic() - start:.3f}{why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
