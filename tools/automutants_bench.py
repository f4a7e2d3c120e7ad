# SPDX-License-Identifier: MIT OR Apache-2.0
"""What tools/automutants builds and runs: one program with every unit test of core/ and every simulation test, the map of
which test reaches which line, and the verdict on one mutant.

The program is tools/automutants_driver.c and the tests, each with its main function renamed. A mutant is compiled, put before
the archive of core and kernel in the link, and the tests that reach its line run until one fails.
"""
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections import defaultdict

sys.dont_write_bytecode = True

import csource  # noqa: E402

# A file of simulation tests that does more than its tests, and the argument that makes it do so.
WHOLE = {"kill": "kill", "hostile_boot": "hostile-packages", "timers": "", "random": "quick"}
KITS = ("guest", "harness")
PLAIN, SANITIZED = "-w", "-w -fsanitize=address,undefined -fno-sanitize-recover=all"
MAPPED = "-w -O0 -fno-pie -fsanitize-coverage=trace-pc"


def run(words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **more)


def need(words, **more):
    done = run(words, **more)
    if done.returncode != 0:
        raise SystemExit("automutants: " + " ".join(words)[:200] + "\n" + done.stdout[-2000:])
    return done.stdout


class Bench:
    """One set of flags: objects, the tests' program, the compiler's command line."""

    def __init__(self, folder, flags, link=()):
        self.folder, self.given, self.link_flags = folder, flags, list(link)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        self.make = lambda *goals: need(["make", "-s", "-j2", f"B={folder}", f"SANITIZERS={flags}", *goals], env=environment)
        self.flags = [word for word in self.make("print-sim-flags").split() if word not in ("-g", "-Werror")]
        self.units = [path[:-2] for path in csource.files("_test.c") if path.startswith("core/")]
        self.sims = sorted(os.path.basename(path)[:-2] for path in csource.files(".c") if os.path.dirname(path) == "tests/sim")
        self.sims = [name for name in self.sims if re.search(r"^int main\(", csource.read(f"tests/sim/{name}.c"), re.MULTILINE)]

    def object(self, path):
        return f"{self.folder}/sim-obj/{path}.o"

    def build(self):
        """Compile what is missing; link the program without a mutant. Returns it."""
        tests = [*self.units, *(f"tests/sim/{name}" for name in self.sims), "tests/sim/guest"]
        self.make(f"{self.folder}/sim/libkernel.a", *map(self.object, tests))
        self.objects = [self.object("tests/sim/guest")]
        rows = []
        for path in tests[:-1]:
            name = "main_" + re.sub(r"\W", "_", path)
            renamed = f"{self.folder}/renamed/{name}.o"
            os.makedirs(os.path.dirname(renamed), exist_ok=True)
            need(["objcopy", "--redefine-sym", f"main={name}", self.object(path), renamed])
            self.objects.append(renamed)
            if path.startswith("tests/sim/"):
                short = os.path.basename(path)
                whole = json.dumps(WHOLE[short]) if short in WHOLE else "0"
                harness = "1" if "harness_main(" in csource.read(path + ".c") else "0"
                rows.append((name, f"sim:{short}", whole, harness))
            else:
                rows.append((name, "unit:" + path.removesuffix("_test"), "0", "0"))
        table = f"{self.folder}/table.c"
        with open(table, "w", encoding="utf-8") as out:
            out.write("struct one { const char *id; int (*main)(int, char **); const char *whole; _Bool tests; };\n")
            out.writelines(f"int {name}(int, char **);\n" for name, *_ in rows)
            out.write("extern const struct one automutants[];\nconst struct one automutants[] = {\n")
            out.writelines(f'    {{ "{ident}", {name}, {whole}, {harness} }},\n' for name, ident, whole, harness in rows)
            out.write("    { 0 },\n};\n")
        plain = [word for word in self.flags if "sanitize-coverage" not in word]
        for source in (table, "tools/automutants_driver.c"):
            output = f"{self.folder}/renamed/{os.path.basename(source)}.o"
            need(["gcc", *plain, "-DMAP" if "MAP" in self.folder.upper() else "-DNO_MAP", "-c", source, "-o", output])
            self.objects.append(output)
        program = f"{self.folder}/program"
        self.link([], program)
        return program

    def link(self, first, output):
        done = run(["gcc", "-fuse-ld=gold", *[word for word in self.given.split() if word.startswith("-fsanitize=")], *self.link_flags,
                    *first, *self.objects, f"{self.folder}/sim/libkernel.a", "-lcmocka", "-o", output])
        if done.returncode != 0:
            raise SystemExit("automutants: link failed\n" + done.stdout[-2000:])

    def compile(self, path, text, output, *more):
        """False: it does not compile."""
        words = ["gcc", *self.flags, "-w", "-g0", *more, "-x", "c", "-", "-c", "-o", output]
        return subprocess.run(words, input=f'# 1 "{path}"\n{text}', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                              check=False).returncode == 0

    def judge(self, built, order):
        """Link the object file and run tests [(id, limit)]: ("caught" or "hung", id) or None."""
        with tempfile.TemporaryDirectory(prefix="capos-auto-") as folder:
            program = os.path.join(folder, "program")
            self.link([built], program)
            environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", GLIBC_TUNABLES="glibc.malloc.hugetlb=1")
            done = run([os.path.abspath(program), "run", *(f"{test}={limit}" for test, limit in order)], cwd=folder, env=environment)
        words = done.stdout.split()
        if done.returncode == 0:
            return None
        if done.returncode != 1 or len(words) < 2:
            raise SystemExit("automutants: " + done.stdout[-500:])
        return words[-2], words[-1].split("=")[0]


def block_lines(program):
    """{address behind the call that marks a block: the lines (path, number) of the block}"""
    lines, here, mark, marking = defaultdict(set), None, None, False
    place = re.compile(r"(\S+\.[ch]):(\d+)(?: |$)")
    for row in need(["objdump", "-d", "-l", "--no-show-raw-insn", program]).splitlines():
        if row.startswith(" "):
            if marking:
                mark, marking = int(row.split(":", 1)[0], 16), False
            if here and mark:
                lines[mark].add(here)
            marking = "<__sanitizer_cov_trace_pc>" in row
        elif row.endswith(">:"):
            here = mark = None
        elif match := place.match(row):
            path = os.path.relpath(match[1], csource.ROOT) if match[1].startswith("/") else os.path.normpath(match[1])
            here = (path, int(match[2])) if path.startswith(("core/", "kernel/")) else None
    return lines


def source_of(test):
    """The file of a test, by its id."""
    kind, where = test.split(":")[:2]
    return where + "_test.c" if kind == "unit" else f"tests/sim/{where}.c"


def measure(program, test, folder, lines):
    """(CPU seconds, {(path, line)}) of one run."""
    blocks = f"{folder}/blocks"
    before = os.times()
    done = run([program, "map", test, blocks])
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(f"automutants: {test} fails without a mutant")
    with open(blocks, "rb") as stream:
        data = stream.read()
    ran = set()
    for (address,) in struct.iter_unpack("<I", data):
        ran |= lines.get(address, set())
    return after.children_user + after.children_system - before.children_user - before.children_system, ran


def make_map(folder, progress, old=None):
    """{"seconds": {test: s}, "lines": {path: {line: [tests]}}, "tests": {test: hash of its file}}, by one run of each test; of
    tests whose file is the same as in `old` that map's."""
    bench = Bench(folder, MAPPED, link=("-no-pie",))
    program = bench.build()
    lines = block_lines(program)
    tests = {line: hashlib.sha256(csource.read(source_of(line)).encode()).hexdigest()[:16]
             for line in need([program, "list"]).splitlines() if line.startswith(("unit:", "sim:"))}
    kept = {test for test, mark in tests.items() if old and old["tests"].get(test) == mark}
    seconds, reached = {test: old["seconds"][test] for test in kept}, defaultdict(lambda: defaultdict(list))
    for path, numbers in (old["lines"] if kept else {}).items():
        for number, names in numbers.items():
            reached[path][int(number)] = [name for name in names if name in kept]
    todo = [test for test in tests if test not in kept]
    for count, test in enumerate(todo):
        if count % 50 == 0:
            progress(f"map: {count} of {len(todo)} tests")
        twin = test[:-2] + ":2" if test.endswith(":4") else None    # two processors reach what four do
        if test.endswith(":2") and test[:-2] + ":4" in tests:
            continue
        used, ran = measure(program, test, folder, lines)
        for name in [test, twin] if twin in tests else [test]:
            seconds[name] = round(used, 3)
            for path, number in ran:
                reached[path][number].append(name)
    for found in lines.values():
        for path, number in found:
            reached[path].setdefault(number, [])
    return {"seconds": seconds, "lines": reached, "tests": tests}


def sources():
    return [path for path in csource.files(".c") if path.startswith(("core/", "kernel/")) and not csource.is_evidence(path)
            and path != "core/base/bytes.c"]


def headers():
    found = [path for path in csource.files(".h", ".c") if path.startswith(("core/", "kernel/", "abi/"))] + ["schema/generated/capos.h"]
    return [csource.read(path) for path in found]


def everything():
    """What a verdict depends on: paths of the sources, tests and tools."""
    paths = [path for path in csource.files(".c", ".h") if path.startswith(("core/", "kernel/", "abi/", "schema/", "arch/host/", "tests/sim/"))]
    return sorted(paths + glob.glob("tools/automutants*"))
