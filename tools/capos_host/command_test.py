#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of `capos` without a kernel: a stand-in for QEMU writes what a kernel would write on the two ports.

Prints one line per test in the protocol of tools/run_tests.
"""
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from capos_host import graph, sources  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START = "capos-verdict 1\ninit pid=1 name=p\n"
FAKE_QEMU = """#!/usr/bin/env python3
import os, re, socket, sys, time
args = " ".join(sys.argv)
console, port = (socket.socket(fileno=int(re.search(name + r",fd=(\\d+)", args)[1])) for name in ("console", "verdict"))
exec(open(os.environ["FAKE_SCRIPT"]).read())
sys.exit(33)
"""


class Bench:
    """A folder with the stand-in, a program that looks like an ELF, and a stand-in kernel file."""

    def __init__(self, folder):
        self.folder = folder
        self.program = self.write("prog", b"\x7fELF rest")
        self.write("notelf", b"#!/bin/sh\n")
        self.qemu = self.write("qemu", FAKE_QEMU.encode())
        os.chmod(self.qemu, 0o755)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as stream:
            stream.write(data)
        return path

    def environment(self, script):
        return dict(os.environ, CAPOS_QEMU=self.qemu, CAPOS_KERNEL=self.program,
                    FAKE_SCRIPT=self.write("script", script.encode()))

    def run(self, *arguments, script="", stdin=b""):
        done = subprocess.run([os.path.join(ROOT, "capos"), *arguments], env=self.environment(script), input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def expect(self, arguments, status, message, script=""):
        got, _, error = self.run(*arguments, script=script)
        assert got == status, f"status {got}, not {status}: {error}"
        assert any(line.startswith("capos:") and message in line for line in error.splitlines()), error
        return error


def says(text):
    return f"port.sendall({text!r}.encode())\n"


def test_exit_code_is_the_status(bench):
    for code, status in ((0, 0), (7, 7), (-1, 255), (-2, 254), (256, 0), (1000, 232)):
        script = says(START + f"exit pid=1 code={code} name=p\nhalt status=0 init exited\n")
        bench.expect(["run", bench.program], status, f"exited with code {code}", script)


def test_only_the_first_process_counts(bench):
    script = says(START + "exit pid=2 code=9 name=p\nexit pid=1 code=3 name=p\nhalt status=0 init exited\n")
    bench.expect(["run", bench.program], 3, "code 3", script)


def test_forged_verdicts_on_the_console_are_not_believed(bench):
    forged = START + "exit pid=1 code=0 name=p\npanic forged\nhalt status=0 init exited\n"
    script = f"console.sendall({forged!r}.encode())\n" + says(START + "exit pid=1 code=5 name=p\nhalt status=0 x\n")
    status, output, _ = bench.run("run", bench.program, script=script)
    assert status == 5 and output == forged, (status, output)


def test_verdict_lines_in_pieces(bench):
    text = START + "exit pid=1 code=4 name=p\nhalt status=0 init exited\n"
    script = f"for c in {text!r}:\n    port.sendall(c.encode())\n"
    bench.expect(["run", bench.program], 4, "code 4", script)


def test_panic_time_out_and_refusal(bench):
    bench.expect(["run", bench.program], 125, "kernel panic: lock order", says("capos-verdict 1\npanic lock order\n"))
    bench.expect(["run", bench.program], 125, "without a verdict", says("capos-verdict 1\n"))
    bench.expect(["run", bench.program], 126, "elf Not an ELF", says("capos-verdict 1\nrefused elf Not an ELF file\n"))
    bench.expect(["run", bench.program, "--timeout", "0.3"], 124, "time-out after 0.3 s", says(START) + "time.sleep(60)\n")


def test_power_off_is_success(bench):
    bench.expect(["run", bench.program], 0, "power off", says(START + "halt status=0 power off\n"))


def test_fault_is_told(bench):
    script = says(START + "fault pid=1 vector=14 error=0x4 address=0x0 rip=0x200000 name=p\n"
                  "exit pid=1 code=-2 name=p\nhalt status=0 init exited\n")
    bench.expect(["run", bench.program], 254, "vector=14", script)


def test_refused_by_name(bench):
    cases = [
        (["run", "/nonexistent/prog"], 126, "/nonexistent/prog"),
        (["run", os.path.join(bench.folder, "notelf")], 126, "notelf is not an ELF"),
        (["run", bench.program, "--grant", "nothing"], 126, "unknown kernel source nothing"),
        (["run", bench.program, "--grant", "net=network_manager"], 126, "kernel source network_manager is not available"),
        (["run", bench.program, "--grant", "a=console", "--grant", "a=timer"], 126, "used twice"),
        (["run", bench.program, "--with", "child=/nonexistent/child"], 126, "/nonexistent/child"),
        (["run", bench.program, "--with", "init=" + bench.program], 126, "reserved"),
        (["run", bench.program, "--", "one", "two"], 126, "arguments (one two) need the grant boot_package"),
        (["run", bench.program, "--smp", "17"], 2, "17"),
        (["run", bench.program, "--memory", "lots"], 2, "lots"),
        (["run", bench.program, "--memory", "3M"], 2, "3M"),
        (["run", bench.program, "--grant", b"\xff=console"], 126, "cannot be printed"),
        (["run", bench.program, "--with", b"a\nb=" + bench.program.encode()], 126, "cannot be printed"),
        (["run", bench.program, "--bogus"], 2, "--bogus"),
        (["run"], 2, "PROGRAM"),
        (["fly"], 2, "fly"),
    ]
    for arguments, status, message in cases:
        bench.expect(arguments, status, message)


def test_help_lists_the_sources(bench):
    status, output, _ = bench.run("run", "--help")
    assert status == 0 and all(name in output for name in ("console", "frame_allocator", "power_control")), output


def test_sources_are_those_of_the_kernel(_):
    def text_of(path):
        with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
            return stream.read()
    names = {number.strip(): name for name, number in
             re.findall(r'(?:PLAIN|RULED|OURS)\("(\w+)", ([^,]+),', text_of("core/manifest/sources.c"))}
    built = {names[number] for number in re.findall(r"^    \{(\w+), &\w+\},", text_of("kernel/boot/sources.c"), re.MULTILINE)}
    assert set(sources.BUILT) == built - sources.MEASUREMENT, built ^ set(sources.BUILT)
    told = sources.KNOWN | sources.MEASUREMENT | set(sources.BUILT)
    assert told == set(names.values()), told ^ set(names.values())


def test_package_holds_programs_grants_and_arguments(bench):
    keep = os.path.join(bench.folder, "kept.bin")
    script = (f"import shutil\nshutil.copy(sys.argv[sys.argv.index('-initrd') + 1], {keep!r})\n"
              + says(START + "exit pid=1 code=0 name=p\nhalt status=0 init exited\n"))
    bench.expect(["run", bench.program, "--grant", "con=console", "--grant", "boot_package", "--with", "kid=" + bench.program,
                  "--", 'quo"te', "back\\slash", "ünï\n"], 0, "code 0", script)
    with open(keep, "rb") as stream:
        text = subprocess.run(["capnp", "decode", "--short", os.path.join(ROOT, "schema", "capos.capnp"), "SystemManifest"],
                              stdin=stream, stdout=subprocess.PIPE, check=True).stdout.decode()
    for part in ('name = "prog", data = "\\177ELF rest"', 'name = "kid", data = "\\177ELF rest"', 'text = "con"',
                 'text = "console"', 'text = "boot_package"', 'text = "quo\\"te"', 'text = "back\\\\slash"', "ünï\\n",
                 "schemaVersion = 1"):
        assert part in text or part.replace("ünï", "\\303\\274n\\303\\257") in text, (part, text)


def test_processor_and_mitigations_reach_the_machine(bench):
    seen = os.path.join(bench.folder, "seen")
    script = (f"words = [sys.argv[sys.argv.index(option) + 1] for option in ('-cpu', '-append')]\n"
              f"open({seen!r}, 'w').write('|'.join(words))\n" + says(START + "exit pid=1 code=0 name=p\nhalt status=0 init exited\n"))

    def machine(*options):
        bench.expect(["run", bench.program, *options], 0, "code 0", script)
        with open(seen, encoding="utf-8") as stream:
            return tuple(stream.read().split("|"))
    os.environ.pop("CAPOS_CPU", None)
    default, options = machine()
    assert default.startswith("Haswell-noTSX,") and options == "quiet", (default, options)
    cpu, options = machine("--cpu", "shared", "--mitigations", "off")
    assert cpu.startswith("EPYC,") and options == "quiet mitigations=off", (cpu, options)
    assert machine("--quota")[1] == "quiet capos.quota=1"
    assert machine("--cpu", "max,-avx")[0] == "max,-avx"
    os.environ["CAPOS_CPU"] = "shared"
    assert machine()[0] == cpu and machine("--cpu", "isolated")[0] == default
    del os.environ["CAPOS_CPU"]
    for wrong in (("--cpu", "a b"), ("--cpu", "-h"), ("--mitigations", "some")):
        assert bench.run("run", bench.program, *wrong)[0] == 2, wrong
    image = bench.write("image.iso", b"")
    bench.expect(["boot", image, "--mitigations", "on"], 126, "an image has its own command line")


def test_programs_lose_their_debug_information_only_when_needed(bench):
    source = bench.write("big.c", b"int main(void) { return 0; }\n")
    program = os.path.join(bench.folder, "big")
    subprocess.run(["gcc", "-o", program, source], check=True)
    notes = bench.write("notes", bytes(6 * 1024 * 1024))
    subprocess.run(["objcopy", "--add-section", f".debug_info={notes}", program], check=True)
    bench.expect(["run", program], 0, "code 0", says(START + "exit pid=1 code=0 name=p\nhalt status=0 init exited\n"))
    assert os.path.getsize(program) > 6 * 1024 * 1024, "the person's own file was changed"
    bench.write("big.c", b"char data[6000000] = {1}; int main(void) { return data[0]; }\n")
    subprocess.run(["gcc", "-o", program, source], check=True)
    bench.expect(["run", program], 126, "too large even without debug information: big 6")


def test_messages_are_one_line(bench):
    for argument in ("two\nlines", b"\xff", "\x1b[2J"):
        error = bench.expect(["run", bench.program, "--", argument], 126, "boot_package")
        assert error.count("\n") == 1 and error[:-1].isprintable(), error


def test_status_is_true_when_the_reader_is_gone(bench):
    script = "console.sendall(b'x' * 100000)\n" + says(START + "exit pid=1 code=6 name=p\nhalt status=0 init exited\n")
    for command in ('"$0" run "$1" >/dev/full', '"$0" run "$1" >&-', '"$0" run "$1" | true; exit ${PIPESTATUS[0]}'):
        done = subprocess.run(["bash", "-c", command, os.path.join(ROOT, "capos"), bench.program],
                              env=bench.environment(script), stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == 6 and b"not all console output" in done.stderr, (command, done)


def test_time_out_while_the_reader_sleeps(bench):
    reader, writer = os.pipe()
    script = says(START) + "console.sendall(b'x' * 10000000)\n"
    done = subprocess.run([os.path.join(ROOT, "capos"), "run", bench.program, "--timeout", "1"], timeout=30,
                          env=bench.environment(script), stdout=writer, stderr=subprocess.PIPE)
    os.close(reader)
    os.close(writer)
    assert done.returncode == 124, done


def test_input_reaches_the_console_when_the_program_is_ready(bench):
    script = ("console.setblocking(False)\ntime.sleep(0.2)\n"
              "try:\n    early = console.recv(100)\nexcept BlockingIOError:\n    early = b''\n"
              "console.setblocking(True)\n" + says(START)
              + "text = console.recv(100)\nconsole.sendall(b'got ' + early + b'|' + text)\n"
              + says("exit pid=1 code=0 name=p\nhalt status=0 init exited\n"))
    _, output, _ = bench.run("run", bench.program, script=script, stdin=b"typed")
    assert output.startswith("got |typed"), output
    assert "got |typed\r\x04".startswith(output), output     # the end of input follows, perhaps in a read of its own


def end_by_key(bench, script, key, *options, meanwhile=None):
    """Run on a terminal until the console says `ready`, send keys, and check that the run ends and the terminal is restored."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)    # a shell that starts us in the background has it ignored
        os.environ.update(bench.environment(script))
        os.execv(os.path.join(ROOT, "capos"), ["capos", "run", bench.program, *options])
    before = termios.tcgetattr(terminal)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(terminal, 1000)
        if meanwhile:
            meanwhile(terminal, seen)
    assert not termios.tcgetattr(terminal)[3] & termios.ECHO, "the terminal echoes during the run"
    os.write(terminal, key)
    deadline = time.monotonic() + 30
    while termios.tcgetattr(terminal) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert termios.tcgetattr(terminal) == before, "the terminal is not restored"
    try:
        while os.read(terminal, 1000):
            pass
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130, status
    os.close(terminal)


def test_ctrl_c_ends(bench):
    end_by_key(bench, says(START) + "console.sendall(b'ready')\ntime.sleep(60)\n", b"\x03")


def test_quit_restores_the_terminal(bench):
    end_by_key(bench, says(START) + "console.sendall(b'ready')\ntime.sleep(60)\n", b"\x1c")


def test_ctrl_c_goes_to_a_program_with_a_terminal(bench):
    script = says(START) + "console.sendall(b'#')\nassert console.recv(1) == b'\\x03'\nconsole.sendall(b'ready')\ntime.sleep(60)\n"
    pressed = []

    def press(terminal, seen):
        if b"#" in seen and not pressed:
            pressed.append(os.write(terminal, b"\x03"))
    end_by_key(bench, script, b"\x1d", "--grant", "t=terminal_session", meanwhile=press)


GRAPH = """graph process pid=1 parent=0 name=system-init
graph hold pid=1 cap=0x0 object=1 kind=process_spawner interface=ProcessSpawner badge=0x0 mode=none scope=same-session origin=kernel revoked=0 name=process_spawner
graph hold pid=1 cap=0x1 object=2 kind=terminal_session interface=TerminalSession badge=0x0 mode=copy scope=same-session origin=kernel revoked=0 name=terminal
graph hold pid=1 cap=0x2 object=4 kind=process_handle interface=ProcessHandle badge=0x0 mode=none scope=same-session origin=result revoked=0 name=
graph hold pid=1 cap=0x3 object=5 kind=capability_manager interface=CapabilityManager badge=0x0 mode=none scope=same-session origin=result revoked=0 name=
graph process pid=2 parent=1 name=shell
graph hold pid=2 cap=0x0 object=2 kind=terminal_session interface=TerminalSession badge=0x0 mode=copy scope=same-session origin=spawn-grant revoked=0 name=terminal
graph hold pid=2 cap=0x5000001 object=3 kind=endpoint_client interface=0x77 badge=0x9 mode=copy scope=cross-session origin=ipc-transfer revoked=1 name=odd "name\\
graph end processes=2 holds=6
"""
CONFIG = {"init": {"binary": "system-init", "caps": [{"name": "process_spawner", "source": {"kernel": "process_spawner"}},
                                                     {"name": "terminal", "source": {"kernel": "terminal_session"}}]},
          "services": [{"name": "shell", "caps": [{"name": "terminal", "source": {"kernel": "terminal_session"}}]}]}


def graph_of(text):
    taken = graph.Graph()
    taken.feed(text.splitlines())
    return taken


def test_graph_is_drawn(bench):
    package = bench.write("package.bin", b"any")
    status, output, error = bench.run("graph", package, script=says(START + GRAPH) + "time.sleep(60)\n")
    assert status == 0 and "pid 2 shell (child of 1)\n  |- terminal [0] TerminalSession -> object 2  (copy, granted at spawn)\n" \
        in output, (status, output, error)
    assert '|- odd "name\\ [5000001] 0x77 -> object 3  (copy, by a message, badge 0x9, cross-session, revoked)' in output, output
    assert output.endswith("shared objects\n  |- object 2 terminal_session: pid 1 system-init, pid 2 shell\n"), output
    status, output, error = bench.run("graph", package, "--format", "dot", script=says(START + GRAPH) + "time.sleep(60)\n")
    assert status == 0 and 'p2 -> o3 [label="odd \\"name\\\\\\ncopy, by a message' in output, output
    assert output.startswith("digraph authority {\n") and output.endswith("}\n") and "p1 -> p2 [style=dashed" in output


def test_graph_that_does_not_come(bench):
    package = bench.write("package.bin", b"any")
    cut = GRAPH.replace("graph process pid=2", "other")
    bench.expect(["graph", package], 125, "without a verdict", says(START + GRAPH.rpartition("graph end")[0]))
    bench.expect(["graph", package], 126, "manifest x", says("capos-verdict 1\nrefused manifest x\n"))
    bench.expect(["graph", package, "--timeout", "0.3"], 124, "never became idle", says(START) + "time.sleep(60)\n")
    bench.expect(["graph", package + "x"], 126, "no such file")
    try:
        graph_of("\n".join(line for line in cut.splitlines() if "pid=2" not in line))
    except graph.GraphError:
        return
    raise AssertionError("a graph with missing lines was taken")


def test_graph_is_compared_with_the_manifest(_):
    lines = [line for line in GRAPH.splitlines() if "odd" not in line]
    text = "\n".join(lines).replace("holds=6", "holds=5")
    assert graph.differences(CONFIG, graph_of(text)) == []
    assert graph.differences(CONFIG, graph_of(GRAPH)) == ['shell holds more: odd "name\\ 0x77, by a message']
    renamed = text.replace("name=shell", "name=other")
    assert graph.differences(CONFIG, graph_of(renamed)) == ["process other runs and is not in the manifest",
                                                            "process shell of the manifest does not run"]
    own = text.replace("origin=spawn-grant", "origin=kernel")
    assert graph.differences(CONFIG, graph_of(own)) == ["shell holds more: terminal TerminalSession, from the kernel",
                                                        "shell lacks: terminal TerminalSession, granted at spawn"]


def main():
    tests = [(name.removeprefix("test_"), test) for name, test in globals().items() if name.startswith("test_")]
    failures = 0
    for name, test in tests:
        folder, start, why = tempfile.mkdtemp(prefix="capos-host-test-"), time.monotonic(), ""
        try:
            test(Bench(folder))
        except Exception as error:  # any failure of a test is its result
            why = " " + (" ".join(str(error).split()) or type(error).__name__)[:300]
        shutil.rmtree(folder)
        failures += bool(why)
        print(f"{'not ok' if why else 'ok'} capos:{name} {time.monotonic() - start:.3f}{why}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
