# SPDX-License-Identifier: MIT OR Apache-2.0
"""`capos`: run one program on the kernel, or boot a package.

A run is judged by the verdict port alone (docs/verdict-port.md); what a program prints on its console is shown and believed
in nothing. Every message of the command itself is one line on standard error that begins with `capos:`.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from . import graph, package, sources
from .machine import CPU, CPUS, HALT_STATUS, Boot, Machine
from .terminal import Output, Terminal

STATUS_USAGE, STATUS_TIME_OUT, STATUS_PANIC, STATUS_REFUSED, STATUS_INTERRUPTED = 2, 124, 125, 126, 130
MEMORY_MIN_M = 4
KERNEL = os.environ.get("CAPOS_KERNEL") or os.path.join(package.ROOT, "build", "kernel.elf")
USAGE = """usage: capos run PROGRAM [--grant NAME[=SOURCE]]... [--with NAME=ELF]... [--smp N] [--memory SIZE]
                 [--cpu CPU] [--mitigations auto|off|on] [--timeout S] [-- ARGS]
       capos boot PACKAGE [--smp N] [--memory SIZE] [--cpu CPU] [--mitigations auto|off|on] [--timeout S]
       capos graph [PACKAGE] [--format text|dot|svg] [--check] [--after MS] [--output FILE]
                 [--smp N] [--memory SIZE] [--cpu CPU] [--mitigations auto|off|on] [--timeout S]
       capos COMMAND --help"""


class Refused(Exception):
    """A program, a file or a grant that is not taken."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        say(message)
        sys.exit(STATUS_USAGE)


def say(message):
    """One line, whatever bytes of a name or a file are in the message."""
    text = "".join(character if character.isprintable() else "?" for character in message)
    print(f"capos: {text}", file=sys.stderr, flush=True)


def memory_size(text):
    if not re.fullmatch(r"[1-9][0-9]{0,6}[MG]?", text):
        raise argparse.ArgumentTypeError(f"bad size {text!r}; use for example 256M or 1G")
    if not text.endswith("G") and int(text.rstrip("M")) < MEMORY_MIN_M:
        raise argparse.ArgumentTypeError(f"bad size {text!r}; no kernel starts in less than {MEMORY_MIN_M}M")
    return text if text[-1] in "MG" else text + "M"


def cpu_count(text):
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError(f"bad number of processors {text!r}; 1 to 16")
    return int(text)


def cpu_model(text):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.,+=-]*", text):
        raise argparse.ArgumentTypeError(f"bad processor {text!r}")
    return text


def make_boot(parsed, *files, options="", **others):
    """The machine that the options ask for."""
    if parsed.mitigations is not None:
        options = f"{options} mitigations={parsed.mitigations}".strip()
    if parsed.quota:
        options = f"{options} capos.quota=1".strip()
    return Boot(*files, smp=parsed.smp, memory=parsed.memory, cpu=parsed.cpu, options=options, **others)


def seconds(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or float(text) <= 0:
        raise argparse.ArgumentTypeError(f"bad time {text!r}; seconds, more than 0")
    return float(text)


def add_machine_options(parser):
    parser.add_argument("--smp", metavar="N", type=cpu_count, default=1, help="processors, 1 to 16 (1)")
    parser.add_argument("--memory", metavar="SIZE", type=memory_size, default="256M", help="memory, for example 256M (256M)")
    parser.add_argument("--cpu", metavar="CPU", type=cpu_model,
                        help=f"the processor: {', '.join(sorted(CPUS))} or a model of QEMU's ($CAPOS_CPU, else {CPU})")
    parser.add_argument("--mitigations", choices=("auto", "off", "on"),
                        help="defences against speculation: what the processor needs (auto), none, all")
    parser.add_argument("--quota", action="store_true", help="tell at the end of each process what its ledger still shows")
    parser.add_argument("--timeout", metavar="S", type=seconds, help="end the run after S seconds (never)")


def run_parser():
    parser = Parser(
        prog="capos run", formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        usage=USAGE.split("\n       capos boot")[0].removeprefix("usage: "),
        description="Boot the kernel with PROGRAM, a static ELF, as the only process, holding only the grants named here.",
        epilog="kernel sources (SOURCE defaults to NAME):\n" + sources.table() + """

exit status: the program's exit code modulo 256 (the full code stands on standard error); 2 wrong usage; 124 time-out;
125 kernel panic; 126 refused program or grant; 130 ended by a key.
Ctrl-C ends the run; when terminal_session is granted Ctrl-C goes to the program and Ctrl-] ends the run.
ARGS are stored in the boot package; only a program that is granted boot_package can read them.""")
    parser.add_argument("program", metavar="PROGRAM", help="a static ELF file")
    parser.add_argument("--grant", metavar="NAME[=SOURCE]", action="append", default=[],
                        help="give the program the capability SOURCE under NAME")
    parser.add_argument("--with", metavar="NAME=ELF", dest="extra", action="append", default=[],
                        help="put a further program into the boot package under NAME")
    add_machine_options(parser)
    return parser


def check_name(what, name, limit):
    if not name.isprintable():      # nor is what is not UTF-8
        raise Refused(f"{what} {name!r}: the name has characters that cannot be printed")
    if len(name.encode()) > limit:
        raise Refused(f"{what} {name}: the name has more than {limit} bytes")


def parse_grants(texts):
    """[(name, source)] from --grant options."""
    grants = []
    for text in texts:
        name, separator, source = text.partition("=")
        source = source if separator else name
        if not name or not source:
            raise Refused(f"grant {text!r}: use NAME or NAME=SOURCE")
        check_name("grant", name, package.MAX_CAP_NAME_BYTES)
        if name in (known for known, _ in grants):
            raise Refused(f"grant {name}: the name is used twice")
        if (why := sources.refusal(source)) is not None:
            raise Refused(f"grant {name}: {why}")
        grants.append((name, source))
    return grants


def check_file(name, path):
    """A program's file must be there and look like an ELF; the kernel judges the rest."""
    try:
        with open(path, "rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise Refused(f"program {name}: {path}: {error.strerror}") from None
    if magic != b"\x7fELF":
        raise Refused(f"program {name}: {path} is not an ELF file")


def parse_files(program, extras):
    """(name of the program, {binary name: path})"""
    files = {}
    for text in extras:
        name, separator, path = text.partition("=")
        if not separator or not name or not path:
            raise Refused(f"--with {text!r}: use NAME=ELF")
        check_name("--with", name, package.MAX_NAME_BYTES)
        if name == "init":
            raise Refused("--with init: the name is reserved")
        if name in files:
            raise Refused(f"--with {name}: the name is used twice")
        files[name] = path
    own = re.sub(r"[^A-Za-z0-9._-]", "_", os.path.basename(program)).removesuffix(".elf")[:package.MAX_NAME_BYTES - 8]
    if own in files or own in ("init", ""):
        own += "-program"
    while own in files:
        own += "_"
    files = {own: program, **files}
    if len(files) > package.MAX_BINARIES:
        raise Refused(f"{len(files)} programs; a boot package holds {package.MAX_BINARIES}")
    for name, path in files.items():
        check_file(name, path)
    return own, files


def check_arguments(arguments, grants):
    if arguments and "boot_package" not in (source for _, source in grants):
        raise Refused(f"arguments ({' '.join(arguments)}) need the grant boot_package: without it the program cannot read them")
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Refused(f"argument {argument!r} is not UTF-8") from None


def need_kernel():
    """Brings the kernel up to date, unless CAPOS_KERNEL names another one."""
    if "CAPOS_KERNEL" in os.environ:
        return
    done = subprocess.run(["make", "-s", "-j2", "-C", package.ROOT, "build/kernel.elf"], stdin=subprocess.DEVNULL,
                          stdout=sys.stderr)
    if done.returncode != 0:
        raise Refused("the kernel could not be built")


def verdict_log():
    """A function that keeps the verdict lines in the file CAPOS_VERDICT_LOG, for test runners; or None."""
    path = os.environ.get("CAPOS_VERDICT_LOG")
    if not path:
        return None
    log = open(path, "w", encoding="ascii", errors="replace", buffering=1)
    return lambda lines: log.writelines(line + "\n" for line in lines)


def attend(boot, timeout, guest_has_terminal):
    """Run a machine with the terminal as its console. Returns (machine, QEMU's status, its last error line)."""
    deadline = None if timeout is None else time.monotonic() + timeout
    output = Output(deadline)
    machine = Machine(boot, output.show, verdict_log())
    try:
        with Terminal(guest_has_terminal) as terminal:
            if guest_has_terminal and terminal.saved is not None:
                say("Ctrl-] ends the machine")
            source = (terminal.fd, lambda: machine.send(terminal.read()))
            while machine.pump(deadline, None if terminal.closed else source):
                pass
    finally:
        status, error = machine.end()
    if output.lost:
        say(f"not all console output could be shown: {output.lost}")
    return machine, status, error


def judge(machine, status, error, timeout):
    """The exit status of the command, with its line on standard error."""
    verdict = machine.verdict
    for failed in verdict.failed_checks:
        say(f"the kernel's check failed: {failed}")
    if verdict.wrong_version:
        say(f"the kernel speaks version {verdict.wrong_version} of the verdict port")
    if verdict.panic is not None:
        say(f"kernel panic: {verdict.panic}")
        return STATUS_PANIC
    if verdict.refused is not None:
        say(f"refused: {verdict.refused}")
        return STATUS_REFUSED
    if verdict.code is not None and (verdict.halt or machine.timed_out):
        fault = f" after a fault ({verdict.fault})" if verdict.fault else ""
        say(f"program exited with code {verdict.code}{fault}")
        return verdict.code % 256
    if machine.timed_out:
        say(f"time-out after {timeout:g} s")
        return STATUS_TIME_OUT
    if verdict.halt and verdict.halt[0] == 0 and status == HALT_STATUS:
        say(verdict.halt[1])
        return 0
    if machine.stuck:
        say("the kernel did not halt after the program's exit")
    else:
        say(f"the machine ended without a verdict (QEMU status {status}{': ' + error if error else ''})")
    return STATUS_PANIC


def run(argv):
    options, arguments = argv, []
    if "--" in argv:
        split = argv.index("--")
        options, arguments = argv[:split], argv[split + 1:]
    parsed = run_parser().parse_args(options)
    grants = parse_grants(parsed.grant)
    name, files = parse_files(parsed.program, parsed.extra)
    check_arguments(arguments, grants)
    need_kernel()
    with tempfile.TemporaryDirectory(prefix="capos-run-") as folder:
        boot = make_boot(parsed, KERNEL, package.build(folder, name, files, grants, arguments), options="quiet")
        has_terminal = "terminal_session" in (source for _, source in grants)
        return judge(*attend(boot, parsed.timeout, has_terminal), parsed.timeout)


def boot_package(argv):
    parser = Parser(prog="capos boot", allow_abbrev=False, description="Boot a prepared package or image.")
    parser.add_argument("package", metavar="PACKAGE", help="a file made by tools/package, or a BIOS image NAME.iso")
    add_machine_options(parser)
    parsed = parser.parse_args(argv)
    if not os.path.isfile(parsed.package):
        raise Refused(f"package {parsed.package}: no such file")
    if parsed.package.endswith(".iso"):
        if parsed.mitigations is not None:
            raise Refused("--mitigations: an image has its own command line")
        boot = make_boot(parsed, image=parsed.package)
    else:
        need_kernel()
        boot = make_boot(parsed, KERNEL, parsed.package)
    return judge(*attend(boot, parsed.timeout, True), parsed.timeout)


def need_shell_package():
    path = os.path.join(package.ROOT, "build", "user", "shell-package.bin")
    done = subprocess.run(["make", "-s", "-j2", "-C", package.ROOT, "build/user/shell-package.bin"], stdin=subprocess.DEVNULL,
                          stdout=sys.stderr)
    if done.returncode != 0:
        raise Refused("the shell's boot package could not be built")
    return path


def milliseconds(text):
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"bad time {text!r}; milliseconds")
    return int(text)


def graph_parser():
    parser = Parser(
        prog="capos graph", formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        description="Boot a package and show who holds what: process -> capability -> object.",
        epilog="""The system is looked at when nothing can run any more for the first time, which is when all services wait for
something; with --after, that many milliseconds after the first process began; when that ends earlier, just before.

exit status: 0; 1 when --check finds a difference; 2 wrong usage; 124 time-out; 125 kernel panic; 126 refused.""")
    parser.add_argument("package", metavar="PACKAGE", nargs="?",
                        help="a boot package, or a manifest NAME.capnp to make one from (the package of `make run`)")
    parser.add_argument("--format", choices=sorted(graph.FORMATS), default="text", help="text (default), dot, or svg (by graphviz)")
    parser.add_argument("--check", action="store_true", help="compare with what the manifest grants: no more, no less")
    parser.add_argument("--after", metavar="MS", type=milliseconds, help="look after MS milliseconds instead")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    add_machine_options(parser)
    return parser


def graph_package(path, folder):
    """The boot package to look at."""
    if path is None:
        return need_shell_package()
    if not os.path.isfile(path):
        raise Refused(f"package {path}: no such file")
    if not path.endswith(".capnp"):
        return path
    made = os.path.join(folder, "package.bin")
    package.evaluate(path, made)
    return made


def write_graph(shown, parsed):
    drawing = graph.FORMATS[parsed.format](shown)
    if parsed.output is None:
        sys.stdout.write(drawing)
        sys.stdout.flush()
    else:
        with open(parsed.output, "w", encoding="utf-8") as stream:
            stream.write(drawing)


def show_graph(argv):
    parsed = graph_parser().parse_args(argv)
    need_kernel()
    with tempfile.TemporaryDirectory(prefix="capos-graph-") as folder:
        path = graph_package(parsed.package, folder)
        when = "idle" if parsed.after is None else parsed.after
        boot = make_boot(parsed, KERNEL, path, options=f"quiet capos.graph={when}")
        shown, machine, status, error = graph.take(boot, parsed.timeout, verdict_log())
        if not shown.complete:
            if machine.timed_out:
                say("the system never became idle; --after MS looks at it all the same")
            return judge(machine, status, error, parsed.timeout) or STATUS_PANIC
        write_graph(shown, parsed)
        wrong = graph.differences(graph.configuration(path), shown) if parsed.check else []
    for line in wrong:
        say(line)
    if parsed.check and not wrong:
        say("the graph is exactly what the manifest grants")
    return 1 if wrong else 0


def end_by_signal(*_):
    raise KeyboardInterrupt


def main(argv):
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0 if argv else STATUS_USAGE
    commands = {"run": run, "boot": boot_package, "graph": show_graph}
    if argv[0] not in commands:
        say(f"unknown command {argv[0]}; `capos --help` lists them")
        return STATUS_USAGE
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ending, end_by_signal)
    try:
        return commands[argv[0]](argv[1:])
    except (Refused, package.PackageError, graph.GraphError) as error:
        say(f"{error}")
        return STATUS_REFUSED
    except FileNotFoundError as error:
        say(f"{error.filename}: not found; run tools/bootstrap run")
        return STATUS_PANIC
    except OSError as error:
        say(f"{error.filename or 'the host'}: {error.strerror}")
        return STATUS_PANIC
    except KeyboardInterrupt:
        say("ended")
        return STATUS_INTERRUPTED
