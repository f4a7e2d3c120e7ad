# SPDX-License-Identifier: MIT OR Apache-2.0
"""Boot packages: one Cap'n Proto message, a SystemManifest, made by the standard `capnp` compiler.

A manifest is a constant named `manifest` in a .capnp file; programs are pulled in with `embed`. Paths that begin with a
slash are looked up from the root of the tree. For `capos run` the file is written on the fly.
"""
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAX_BYTES = 5 * 1024 * 1024     # limit of the boot package
MANIFEST_BYTES = 65536          # room kept for what is not programs
MAX_BINARIES = 64
MAX_NAME_BYTES = 64             # of a binary
MAX_CAP_NAME_BYTES = 32         # of a capability in a CapSet


class PackageError(Exception):
    """A package that cannot be made; the text says why, in one line."""


def quote(text):
    """A Cap'n Proto string literal."""
    escapes = {"\\": "\\\\", '"': '\\"'}
    return '"' + "".join(escapes.get(c) or (c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}") for c in text) + '"'


def text_value(text):
    return f"(text = {quote(text)})"


def list_value(values):
    return "(list = [" + ", ".join(values) + "])"


def record_value(**fields):
    return "(fields = [" + ", ".join(f"(name = {quote(name)}, value = {value})" for name, value in fields.items()) + "])"


def manifest_text(program_name, grants, binaries, arguments):
    """The source text of a manifest. grants: [(name, source)]; binaries: {name: path for embed}."""
    caps = [record_value(name=text_value(name), source=record_value(kernel=text_value(source))) for name, source in grants]
    config = record_value(
        init=record_value(binary=text_value(program_name), caps=list_value(caps)),
        services=list_value([]),
        args=list_value([text_value(argument) for argument in arguments]))
    blobs = ",\n    ".join(f"(name = {quote(name)}, data = embed {quote(path)})" for name, path in binaries.items())
    return ("@0xc0fec0fec0fec0fe;\n"
            'using Schema = import "/schema/capos.capnp";\n\n'
            "const manifest :Schema.SystemManifest = (\n"
            f"  schemaVersion = 1,\n  binaries = [\n    {blobs}],\n  initConfig = {config});\n")


def evaluate(manifest_file, output):
    """Turn the constant `manifest` of manifest_file into the bytes of a boot package."""
    with open(output, "wb") as stream:
        try:
            done = subprocess.run(["capnp", "eval", "--binary", "-I" + ROOT, manifest_file, "manifest"],
                                  stdout=stream, stderr=subprocess.PIPE, text=True, errors="replace")
        except FileNotFoundError:
            raise PackageError("the capnp compiler is missing; run tools/bootstrap run") from None
    if done.returncode != 0:
        os.unlink(output)
        raise PackageError("capnp: " + " ".join(done.stderr.split()))
    size = os.path.getsize(output)
    if size > MAX_BYTES:
        raise PackageError(f"the boot package has {size} bytes; the limit is {MAX_BYTES}")


def leave_out_debug_information(copies):
    """Strip copies of programs whose debug information alone would break the package's limit. What is loaded stays."""
    for copy in copies:
        subprocess.run(["strip", "--strip-all", copy], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def check_sizes(sizes):
    """Refuse programs that do not fit; sizes: {name: bytes}."""
    if sum(sizes.values()) > MAX_BYTES:
        each = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise PackageError(f"a boot package holds {MAX_BYTES} bytes; too large even without debug information: {each}")


def build(folder, program_name, files, grants, arguments):
    """Make a package in folder (a temporary one). files: {binary name: ELF path}. Returns its path."""
    embedded, copies = {}, []
    for index, (name, path) in enumerate(files.items()):
        embedded[name] = f"binary{index}"
        copies.append(os.path.join(folder, embedded[name]))
        shutil.copyfile(path, copies[-1])
    if sum(map(os.path.getsize, copies)) > MAX_BYTES - MANIFEST_BYTES:
        leave_out_debug_information(copies)
        check_sizes({name: os.path.getsize(copy) for name, copy in zip(files, copies)})
    manifest = os.path.join(folder, "manifest.capnp")
    with open(manifest, "w", encoding="utf-8") as stream:
        stream.write(manifest_text(program_name, grants, embedded, arguments))
    output = os.path.join(folder, "package.bin")
    evaluate(manifest, output)
    return output
