#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of tests/smoke/fuzz-guest: what it must take for a failure, and that it says how to repeat one. A stand-in for QEMU plays the
kernel, as in runner_test.py. One line per test in the protocol of tools/run_tests.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import runner_test  # noqa: E402

WELL = "fuzz: seed {}, round 1 of 1: 7 answered, 8 refused so far\nfuzz: all checks hold\n"
HANGS = "#!/bin/sh\nexec sleep 60\n"


class Tree(runner_test.Tree):
    def __init__(self, folder):
        super().__init__(folder)
        shutil.copy(os.path.join(runner_test.ROOT, "tests/smoke/fuzz-guest"), os.path.join(folder, "tests/smoke"))
        os.makedirs(os.path.join(folder, "tests/smoke/fuzz"))
        with open(os.path.join(folder, "tests/smoke/fuzz/scenario.toml"), "w", encoding="utf-8") as stream:
            stream.write('title = "t"\nprogram = "p"\ngrants = ["boot_package"]\nforbidden = ["^FAILED"]\n')

    def fuzz(self, output=WELL.format(5), verdict=runner_test.GOOD, qemu=None, **more):
        path = os.path.join(self.folder, "qemu")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(qemu or runner_test.FAKE_QEMU.format(before=verdict[:3], output=output, echo=False, after=verdict[3:]))
        os.chmod(path, 0o755)
        environment = dict(os.environ, CAPOS_QEMU=path, CAPOS_KERNEL=os.path.join(self.folder, "p"), FUZZ_SEED="5", FUZZ_RUNS="1",
                           FUZZ_ROUNDS="1", FUZZ_SMP="2", FUZZ_TIMEOUT="2", **more)
        done = subprocess.run(["tests/smoke/fuzz-guest"], cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout

    def fails(self, why, **options):
        status, output = self.fuzz(**options)
        repeat = "repeat: make fuzz-guest FUZZ_RUNS=1 FUZZ_SEED=5 FUZZ_SMP=2 FUZZ_ROUNDS=1"
        assert status == 1 and output.startswith("not ok fuzz-guest:smp2:seed5 ") and why in output and repeat in output, output
        assert os.path.exists(os.path.join(self.folder, "build/fuzz-guest/seed5-smp2"))


def test_good_run(tree):
    status, output = tree.fuzz()
    assert status == 0 and output.startswith("ok fuzz-guest:smp2:seed5 "), output


def test_one_processor_is_seeded(tree):
    status, output = tree.fuzz(**{"qemu": '#!/bin/sh\necho "$@" >"$(dirname "$0")/words"\nexit 1\n'})
    assert status == 1, output
    environment = dict(os.environ, CAPOS_QEMU=os.path.join(tree.folder, "qemu"), CAPOS_KERNEL=os.path.join(tree.folder, "p"), FUZZ_SEED="5",
                       FUZZ_RUNS="1", FUZZ_SMP="1")
    subprocess.run(["tests/smoke/fuzz-guest"], cwd=tree.folder, env=environment, stdout=subprocess.DEVNULL, timeout=60)
    with open(os.path.join(tree.folder, "words"), encoding="utf-8") as words:
        assert "-seed 5 " in words.read()


def test_lost_frame(tree):
    tree.fails("frames before and after", verdict=[line.replace("free=100", "free=99") if n > 4 else line
                                                   for n, line in enumerate(runner_test.GOOD)])


def test_broken_ledger(tree):
    tree.fails("verdict port: ledger pid=1", verdict=runner_test.replaced("calls=0", "calls=1"))


def test_failed_check(tree):
    tree.fails("check", verdict=runner_test.replaced("check page-tables ok", "check page-tables lost frames"))


def test_lost_in_a_round(tree):
    tree.fails("forbidden line", output="FAILED: seed 5, round 1: frames or objects are lost\n" + WELL.format(5))


def test_end_before_the_end(tree):
    tree.fails("the console has no line", output="fuzz: all checks hold\n")


def test_hang(tree):
    tree.fails("exit status 124", qemu=HANGS)


def main():
    tests = [(name.removeprefix("test_"), test) for name, test in globals().items() if name.startswith("test_")]
    failed = False
    for name, test in tests:
        start, why = time.monotonic(), ""
        with tempfile.TemporaryDirectory(prefix="capos-fuzz-test-") as folder:
            try:
                test(Tree(folder))
            except Exception as error:  # any failure of a test is its result
                why = " " + (" ".join(str(error).split()) or type(error).__name__)[:500]
        failed |= bool(why)
        print(f"{'not ok' if why else 'ok'} smoke-runner:fuzz_{name} {time.monotonic() - start:.3f}{why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
