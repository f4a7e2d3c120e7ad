# SPDX-License-Identifier: MIT OR Apache-2.0
"""A kernel with a slowdown in it, for `tools/bench planted`: some instructions more in every entry of a program into the kernel."""
import contextlib
import os
import re
import shutil
import subprocess
import tempfile

ROW = "enter_empty"         # the way in and out and nothing else
FILE, FUNCTION = "kernel/entry.c", "kernel_on_syscall"
LOOPS = 25                  # of four instructions or so


@contextlib.contextmanager
def kernel():
    """The environment in which ./capos runs that kernel. The tree is not changed: a copy is."""
    with tempfile.TemporaryDirectory(prefix="capos-planted-") as folder:
        listed = subprocess.run(["git", "ls-files", "-z", "--", "Makefile", "mk", "abi", "core", "kernel", "arch", "schema", "user", "tools"],
                                stdout=subprocess.PIPE, check=True).stdout
        for path in listed.decode().split("\0"):
            if path and os.path.exists(path):
                os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
                shutil.copy2(path, os.path.join(folder, path))
        with open(os.path.join(folder, FILE), encoding="utf-8") as stream:
            text = stream.read()
        text, found = re.subn(rf"^((?:_Noreturn|enum|static|struct|void|bool|u?int\w*)\b[^\n;]*\b{FUNCTION}\([^;{{]*\)\n{{\n)",
                              rf"\1    for (volatile int planted = 0; planted < {LOOPS}; planted++) {{\n    }}\n", text, flags=re.MULTILINE)
        if found != 1:
            raise SystemExit(f"bench: {found} definitions of {FUNCTION} in {FILE}: the slowdown cannot be planted")
        with open(os.path.join(folder, FILE), "w", encoding="utf-8") as stream:
            stream.write(text)
        subprocess.run(["make", "-s", "-j2", "-C", folder, "build/kernel.elf"], check=True, stdout=subprocess.DEVNULL)
        yield {"CAPOS_KERNEL": os.path.join(folder, "build/kernel.elf")}
