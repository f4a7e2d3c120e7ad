# SPDX-License-Identifier: MIT OR Apache-2.0
"""The fixed sample of automatic mutants, tools/automutants.sample: written from the last run of tools/automutants, judged in
every `make test`. A line for each mutant: id, path, function, operator, verdict and, when it was caught, by which test.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

import csource  # noqa: E402
import automutants_bench as bench  # noqa: E402
import automutants_ops as ops  # noqa: E402
from mutants_bench import SIM, benches, judge  # noqa: E402

SAMPLE = "tools/automutants.sample"
GOALS = {"core": 85, "kernel": 70}      # per cent
COUNT, JOBS = 40, 2
LOST_SHARE = 4                          # one in so many may be gone from the sources
HEAD = """# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A share of the automatic mutants, written by `make automutants-sample` from the last `make automutants`; `make test` judges it
# (tools/automutants check). id | path | function | operator | verdict | test
"""


def write(log, mutants, count, digest):
    """Mutants in the order of a hash, that have a verdict which counts, `count` for each of core and kernel; those that hang, and
    those that only the kill sweep catches, take too long."""
    ranked = sorted(mutants, key=lambda mutant: digest("sample" + mutant.id))
    with open(SAMPLE, "w", encoding="utf-8") as out:
        out.write(HEAD)
        for top in GOALS:
            chosen = []
            for mutant in ranked:
                entry = log.entries.get(mutant.id)
                if entry and mutant.path.startswith(top + "/") and entry["verdict"] in ("caught", "survived", "unreached") \
                        and entry["file"] == digest(csource.read(mutant.path)) and entry["by"] != "sim:kill:kill:0":
                    chosen.append(entry)
            for entry in sorted(chosen[:count], key=lambda entry: (entry["path"], entry["line"])):
                verdict = "caught" if entry["verdict"] in ("caught", "hung") else "alive"
                fields = entry["id"], entry["path"], entry["function"], entry["operator"], verdict, entry["by"]
                out.write(" | ".join(fields).rstrip(" |") + "\n")
    return 0


def read():
    for line in csource.read(SAMPLE).splitlines():
        if line and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            yield dict(zip(("id", "path", "function", "operator", "verdict", "by"), fields + [""]))


def as_mutant(row, mutant, text):
    """The form that mutants_bench judges."""
    kind, where, *rest = row["by"].split(":")
    place = {"test": where + "_test.c"} if kind == "unit" else {"test": f"{SIM}{where}.c", "case": rest[0] or None}
    return {"name": f"{mutant.line}:{row['operator']}:{row['id']}", "list": row["path"].removesuffix(".c"), "file": row["path"],
            "text": mutant.apply(text), "to": f"line {mutant.line}: {mutant.after}", **place}


def check(_options):
    rows, found, texts = list(read()), {}, {}
    following = ops.enumerators_of(bench.headers())
    for path in sorted({row["path"] for row in rows}):
        if os.path.exists(path):
            texts[path] = csource.read(path)
            found |= {mutant.id: mutant for mutant in ops.mutants(path, texts[path], following)}
    lost = [row for row in rows if row["id"] not in found]
    jobs = [as_mutant(row, found[row["id"]], texts[row["path"]]) for row in rows if row["id"] in found and row["verdict"] == "caught"]
    bench_of, caught, failed = benches(jobs), 0, 0
    scores = {top: [0, sum(row["verdict"] == "alive" for row in rows if row["path"].startswith(top + "/") and row["id"] in found)]
              for top in GOALS}
    with ThreadPoolExecutor(JOBS) as pool:
        for mutant, (line, bad) in zip(jobs, pool.map(lambda job: judge(bench_of[job["test"].startswith(SIM)], job, None), jobs)):
            scores[mutant["file"].split("/")[0]][bad] += 1
            failed += bad
            caught += not bad
            print(line.replace("mutant:", "automutant:", 1), flush=True)
    for top, (good, bad) in scores.items():
        share = 100 * good / max(good + bad, 1)
        why = "" if share >= GOALS[top] else f" {share:.0f} % is below the goal of {GOALS[top]} %"
        failed += bool(why)
        print(f"{'not ok' if why else 'ok'} automutants:score-{top} 0{why}")
        print(f"# {top}: {good} of {good + bad} in the sample caught, {share:.0f} %, goal {GOALS[top]} %")
    if len(lost) * LOST_SHARE > len(rows):
        failed += 1
        print(f"not ok automutants:sample 0 {len(lost)} of {len(rows)} are gone from the sources: make automutants automutants-sample")
    else:
        print("ok automutants:sample 0")
        print(f"# {len(lost)} of {len(rows)} are gone from the sources")
    return 1 if failed or not caught else 0
