# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares two outputs of capnpc-c --layout.

usage: compare_layouts.py OURS REFERENCE LEFT_OUT

Fails unless
  * every interface of the reference is in ours with the same id;
  * exactly LEFT_OUT types of the reference are not in ours, none of them an interface and none
    mentioned by a type that both have (they serve the interfaces that ours names without methods);
  * for every type that both have, all lines agree in both directions: ids, method ordinals, struct
    sizes, field ordinals, types and locations, union tags, enumerants.
Types that only ours has are listed and not compared; so are the fields of ADDED, which stand in padding of the reference.
"""
import re
import sys

ADDED = {"field CapGrant.disclosureScope @6 UInt16 d6"}


def owner(line):
    """The top-level type a line belongs to."""
    words = line.split()
    subject = words[0] if words[1] == "=" else words[1]
    return subject.split(".")[0]


def load(path):
    types = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            types.setdefault(owner(line), set()).add(line.strip())
    return types


def is_interface(lines):
    return any(line.startswith("interface ") for line in lines)


def references(types, name):
    """Types that the lines of one type mention."""
    found = set()
    for line in types[name]:
        for word in re.findall(r"\w+", line):
            if word in types and word != name:
                found.add(word)
    return found


def main():
    ours, reference = load(sys.argv[1]), load(sys.argv[2])
    problems = []
    compared = 0
    bare = set()
    for name in sorted(reference):
        if name not in ours:
            continue
        mine, theirs = ours[name] - ADDED, reference[name]
        if is_interface(mine) and len(mine) == 1 and len(theirs) > 1:
            bare.add(name)
            theirs = {line for line in theirs if line.startswith("interface ")}
        compared += len(theirs)
        problems += [f"missing here: {line}" for line in sorted(theirs - mine)]
        problems += [f"not in the reference: {line}" for line in sorted(mine - theirs)]
    absent = {name for name in reference if name not in ours}
    needed = set().union(*(references(reference, name) for name in ours if name in reference and name not in bare))
    problems += [f"missing here: {name}" for name in sorted(absent) if is_interface(reference[name]) or name in needed]
    if len(absent) != int(sys.argv[3]):
        problems.append(f"{len(absent)} types of the reference are left out, not {sys.argv[3]}")
    for problem in problems:
        print(problem)
    additions = sorted(name for name in ours if name not in reference)
    print(f"{compared} facts of {len(set(ours) & set(reference))} types compared, {len(problems)} differences; "
          f"{len(bare)} interfaces by id only, {len(absent)} types left out")
    print("only here: " + " ".join(additions) + "; " + "; ".join(sorted(ADDED)))
    return 1 if problems or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
