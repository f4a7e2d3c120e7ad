#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Images for the test program bad_elf: user/tests/bad_elf.py FOLDER

Writes one file per case and a manifest.capnp that packs them. A refused image is named by its row in the loading rules
(docs/kernel-semantics.md, "ELF loading") and, behind a blank, the text it must be refused with; an image that must run and
end with code 42 is named "ok ...".
"""
import os
import struct
import sys

CODE = bytes.fromhex("bf2a000000" "b801000000" "0f05")      # exit(42)
BASE = 0x200000
LIMIT = 0xff0000
USER_LIMIT = 1 << 47
TOP = (1 << 64) - 1
PT_LOAD, PT_TLS, PT_NOTE = 1, 7, 4
R, W, X = 4, 2, 1


def segment(kind=PT_LOAD, flags=R | X, offset=0x1000, address=BASE, file_size=len(CODE), memory_size=None, align=0x1000):
    memory_size = file_size if memory_size is None else memory_size
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, 0, file_size, memory_size, align)


def image(segments=None, entry=BASE, header=(), table_offset=64, entry_size=56, count=None, size=0x2000, stride=None):
    """header: [(offset, bytes)] patched over the ELF header."""
    segments = [segment()] if segments is None else segments
    data = bytearray(size)
    data[0x1000:0x1000 + len(CODE)] = CODE
    data[0:64] = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 2, 0x3e, 1, entry, table_offset, 0, 0, 64,
                             entry_size, len(segments) if count is None else count, 0, 0, 0)
    for number, one in enumerate(segments):
        at = 64 + number * (stride or entry_size)
        data[at:at + 56] = one
    for at, patch in header:
        data[at:at + len(patch)] = patch
    return bytes(data[:size])


def data_segment(**fields):
    return segment(**{"flags": R | W, "address": BASE + 0x10000, "file_size": 8, **fields})


def tls(**fields):
    return segment(**{"kind": PT_TLS, "flags": R, "address": BASE + 0x10000, "file_size": 8, "align": 8, **fields})


CASES = {
    "E1 ELF too small": image()[:63],
    "E1b ELF too small": b"\x7fELF",
    "E2 bad ELF magic": image(header=[(0, b"\x7fELG")]),
    "E3 not ELF64": image(header=[(4, b"\x01")]),
    "E4 not little-endian": image(header=[(5, b"\x02")]),
    "E5 bad ELF version": image(header=[(6, b"\x00")]),
    "E6 not x86_64": image(header=[(18, b"\x03\x00")]),
    "E7 not ET_EXEC": image(header=[(16, b"\x03\x00")]),
    "E8 phentsize too small": image(entry_size=55, stride=56),
    "E9 overflow": image(table_offset=TOP - 8),
    "E10 program headers out of bounds": image(count=200),
    "E10b program headers out of bounds": image(table_offset=0x2000),
    "E12 segment file/virtual page offset mismatch": image([segment(address=BASE + 8)]),
    "E13 segment alignment is not a power of two": image([segment(align=3)]),
    "E14 segment outside user address space": image([segment(address=USER_LIMIT)]),
    "E14b segment outside user address space": image([segment(memory_size=USER_LIMIT)]),
    "E14c segment outside user address space": image([segment(memory_size=TOP)]),
    "E15 offset + filesz overflow": image([segment(offset=TOP - 0xfff, file_size=0x2000, memory_size=0x2000)]),
    "E16 segment file data out of bounds": image([segment(file_size=0x1001, memory_size=0x2000)]),
    "E17 memsz < filesz": image([segment(memory_size=4)]),
    "E18 multiple PT_TLS segments": image([segment(), tls(), tls()]),
    "E19 TLS segment outside user address space": image([segment(), tls(address=USER_LIMIT)]),
    "E20 offset + filesz overflow": image([segment(), tls(offset=TOP - 7, file_size=16)]),
    "E21 TLS file data out of bounds": image([segment(), tls(offset=0x1ff9)]),
    "E22 TLS memsz < filesz": image([segment(), tls(memory_size=7)]),
    "E23 TLS alignment is not a power of two": image([segment(), tls(align=24)]),
    "E24 no PT_LOAD segments": image([]),
    "E24b no PT_LOAD segments": image([segment(kind=PT_NOTE)]),
    "E25 overlapping PT_LOAD segments": image([segment(), segment(address=BASE + 0x800, offset=0x1800, flags=R)]),
    "E25b overlapping PT_LOAD segments": image([segment(memory_size=0x3000), segment(address=BASE + 0x2000, flags=R)]),
    "E26 entry point outside user address space": image(entry=USER_LIMIT),
    "E27 entry point not in any executable segment": image(entry=BASE + len(CODE)),
    "E27b entry point not in any executable segment": image([segment(flags=R)]),
    "E27c entry point not in any executable segment": image(entry=0),
    "L1 segment is writable and executable": image([segment(flags=R | W | X)]),
    "L2 segment outside process image region": image([segment(), data_segment(address=BASE - 0x1000)]),
    "L2b segment outside process image region": image([segment(), data_segment(address=LIMIT)]),
    "L2c segment outside process image region": image([segment(), data_segment(memory_size=LIMIT)]),
    "L3 too many PT_LOAD segments": image([segment()] + [data_segment(address=BASE + 0x10000 * n) for n in range(1, 33)],
                                          size=0x3000),
    "L4 TLS segment too large": image([segment(), tls(memory_size=0x100000)]),
    "L4b TLS segment too large": image([segment(), tls(align=0x2000)]),
    "ok plain": image(),
    "ok larger header entries": image([segment(), data_segment()], entry_size=72),
    "ok other header types": image([segment(kind=PT_NOTE, align=3), segment()]),
    "ok empty segment": image([segment(), data_segment(file_size=0)]),
    "ok empty TLS": image([segment(), tls(address=0, offset=0, file_size=0, align=0)]),
    "ok TLS": image([segment(), tls(memory_size=100, align=64)]),
    "ok address inside a page": image([segment(), data_segment(address=BASE + 0x10123, offset=0x1123)]),
    "ok last page of the region": image([segment(), data_segment(address=LIMIT - 0x1000)]),
    "ok 32 segments": image([segment()] + [data_segment(address=BASE + 0x10000 * n) for n in range(1, 32)], size=0x3000),
    "ok alignment of zero": image([segment(align=0)]),
}

# What runs the cases; the path is looked up from the root of the tree.
RUNNER = "/build/user/bad_elf"


def grant(name):
    def text(value):
        return f'(text = "{value}")'
    source = f'(fields = [(name = "kernel", value = {text(name)})])'
    return f'(fields = [(name = "name", value = {text(name)}), (name = "source", value = {source})])'


def main():
    folder = sys.argv[1]
    blobs = [f'(name = "bad_elf", data = embed "{RUNNER}")']
    for number, (name, data) in enumerate(CASES.items()):
        assert len(name) <= 64, name
        with open(os.path.join(folder, f"case{number}"), "wb") as stream:
            stream.write(data)
        blobs.append(f'(name = "{name}", data = embed "case{number}")')
    caps = ", ".join(grant(name) for name in ("console", "process_spawner", "system_monitor", "boot_package"))
    with open(os.path.join(folder, "manifest.capnp"), "w", encoding="ascii") as stream:
        stream.write('@0xd2a7c1f60b9e4835;\nusing Schema = import "/schema/capos.capnp";\n'
                     "const manifest :Schema.SystemManifest = (schemaVersion = 1,\n  binaries = [\n    "
                     + ",\n    ".join(blobs) + "],\n  initConfig = (fields = [(name = \"init\", value = (fields = ["
                     '(name = "binary", value = (text = "bad_elf")), '
                     f'(name = "caps", value = (list = [{caps}]))]))]));\n')


if __name__ == "__main__":
    main()
