# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reading the tree's C files: which there are, what they include, and their code without comments."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EVIDENCE = ("_test", "_fuzz", "_proof", "_loom")
_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def files(*suffixes):
    """Paths, from the root, of the tree's files with these suffixes: what git has or would add, whoever owns the tree."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted({path for path in listed.split("\0")
                   if path.endswith(suffixes) and os.path.exists(os.path.join(ROOT, path))})


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
        return stream.read()


def is_evidence(path):
    """Tests, proofs, fuzz targets and concurrency tests."""
    return os.path.splitext(path)[0].endswith(EVIDENCE)


def without_comments(text):
    """The text with every comment replaced by blanks; lines keep their numbers, literals stay."""
    def blank(match):
        return match[0] if match[0][0] in "\"'" else "\n" * match[0].count("\n") or " "
    return _TOKEN.sub(blank, text)


def code_lines(text):
    return [line for line in without_comments(text).splitlines() if line.strip()]


def includes(text):
    """[(True for the quoted form, path)]"""
    return [(kind == '"', path) for kind, path in _INCLUDE.findall(without_comments(text))]


def functions(text):
    """(name, code lines of the body) of each function: its braces stand alone at the beginning of a line."""
    name, body, inside = None, 0, False
    for line in without_comments(text).splitlines():
        if inside:
            if line.startswith("}"):
                yield name, body
                inside = False
            else:
                body += bool(line.strip())
        elif line.rstrip() == "{" and name:
            inside, body = True, 0
        elif match := re.match(r"[A-Za-z_][^;=]*?\b([A-Za-z_]\w*)\(", line):
            name = match[1]
            if re.search(r"\)\s*\{.*\}\s*$", line):
                yield name, 1
        elif line.startswith("}"):
            name = None
