"""Calls the command line in processes that are forked from one which has imported the libraries already.

What a process can be to a test, this one is: it has its own memory, session, limits, signals and exit code. Only the
seconds are gone that the interpreter and TensorFlow need to start, which a test of a long run has paid for each of
its calls. That the installed program starts is seen by the tests that call it with `tests.command_line.transferpain`.

The worker processes of a forked program are forked as well, see `tests.forked_workers`.
"""

import atexit
import gc
import importlib
import os
import pickle
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.forkserver import read_signed, write_signed
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from tests import forked_workers
from tests.command_line import clean_environment
from tests.forked_workers import SERVED, SPAWNED
from transferpain.experiments.executors.worker import PRELOADED

PREPARED = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3"}  # they count when TensorFlow is imported
MOST_BYTES = 1 << 16  # of a request
MOST_DESCRIPTORS = 64  # that come with one
PROGRAM = "transferpain.cli.app"
LIGHT = "transferpain.experiments.study"  # for commands that need no TensorFlow
CODE = "-c"  # in place of a module: what is run is the only argument, as by `python -c`

FORKERS: dict[str, socket.socket] = {}  # processes that programs are forked from, by what they have imported
STARTING = threading.Lock()  # two threads that ask at once have one of them: without a way to it, one ends


class ForkedProgram:
    """A started `transferpain ARGUMENTS`: its process, and what it has written so far.

    Args:
        environment: variables to add.
        folder: in which it begins; this process' own by default.
        preexec_fn: called in the process before the program begins; it is pickled. Nothing is executed anew, so what
            counts from then on, such as a dropped capability, needs the installed program. Its workers are started,
            not forked, for they have its limits.
        new_session: whether it leads a process group of its own, as a command that a terminal starts; its workers are
            started, not forked, for they belong to the group.
        preload: a module; what it imports is there already.
        module: run as `python -m MODULE ARGUMENTS` instead of the command line; `CODE`: as `python -c ARGUMENT`.
    """

    def __init__(
        self,
        *arguments: object,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
        preexec_fn: Callable[[], object] | None = None,
        new_session: bool = False,
        preload: str = PRELOADED,
        module: str | None = None,
    ):
        request = {
            "arguments": [str(argument) for argument in arguments],
            "environment": clean_environment() | (environment or {}),
            "folder": str(folder or os.getcwd()),
            "preexec_fn": preexec_fn,
            "new_session": new_session,
            "preload": preload,
            "module": module,
        }
        self._written = {1: bytearray(), 2: bytearray()}
        pipes = {number: os.pipe() for number in self._written}
        status, child_status = os.pipe()
        given = [pipes[1][1], pipes[2][1], child_status]
        socket.send_fds(_forker(preload), [pickle.dumps(request)], given)
        for number in given:
            os.close(number)
        self._readers = [
            threading.Thread(target=self._read, args=(number, pipe[0]), daemon=True) for number, pipe in pipes.items()
        ]
        for reader in self._readers:
            reader.start()
        self.returncode: int | None = None
        self._status = status
        self.pid = read_signed(status)
        self._waiting = threading.Thread(target=self._take_status, daemon=True)
        self._waiting.start()

    def _read(self, number: int, pipe: int) -> None:
        while content := os.read(pipe, 1 << 16):
            self._written[number] += content
        os.close(pipe)

    def _take_status(self) -> None:
        code = read_signed(self._status)
        os.close(self._status)
        self.returncode = code

    @property
    def stdout(self) -> str:
        return self._written[1].decode(errors="replace")

    @property
    def stderr(self) -> str:
        return self._written[2].decode(errors="replace")

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or `None` while the process runs."""
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the process and of what it writes; return its exit code."""
        for thread in (self._waiting, *self._readers):
            thread.join()
        return self.returncode


def forked(*arguments: object, **options: Any) -> subprocess.CompletedProcess:
    """Run `transferpain ARGUMENTS` to its end, as `tests.command_line.transferpain` does; see `ForkedProgram`."""
    program = ForkedProgram(*arguments, **options)
    code = program.wait()
    return subprocess.CompletedProcess(arguments, code, program.stdout, program.stderr)


def forked_code(code: str, **options: Any) -> str:
    """Run Python code to its end, as `python -c` does, and return what it printed; it must succeed and say no more."""
    result = forked(code, preload=LIGHT, module=CODE, **options)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def heavy_modules(code: str, heavy: set[str]) -> set[str]:
    """Return which top-level modules of `heavy` a process has imported after `code`.

    Those that it was forked with count as well, so that none of them hides an import.
    """
    tell = "import sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    return set(forked_code(f"{code}\n{tell}").split()) & heavy


def fork_workers() -> None:
    """Let workers that this process spawns be forked, once a process is there that programs are forked from."""
    forked_workers.install(lambda: FORKERS.get(PRELOADED), SPAWNED)


def _forker(preload: str) -> socket.socket:
    """Start the process that programs are forked from, and return the way to it; it ends with this process."""
    with STARTING:
        if preload in FORKERS:
            return FORKERS[preload]
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        serving = f"from tests.forked_program import serve; serve({there.fileno()}, {preload!r})"
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        environment = clean_environment() | PREPARED | {"PYTHONPATH": root}
        command = [sys.executable, "-c", serving]
        subprocess.Popen(command, pass_fds=[there.fileno()], env=environment, stdin=subprocess.DEVNULL)
        there.close()
        FORKERS[preload] = here
        return here


def serve(descriptor: int, preload: str) -> None:
    """Fork a program for each request that comes, until nobody can send one any more."""
    for module in (preload, PROGRAM, "typer.rich_utils"):
        importlib.import_module(module)
    if preload == PRELOADED:
        _import_detector()
    gc.freeze()  # a search for garbage would copy the memory that a program shares with this process
    requests = socket.socket(fileno=descriptor)
    of_programs, asking = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with DefaultSelector() as selector:
        for one in (requests, of_programs):
            selector.register(one, EVENT_READ)
        while True:
            for key, _ in selector.select():
                message, given, _, _ = socket.recv_fds(key.fileobj, MOST_BYTES, MOST_DESCRIPTORS)
                if not message:
                    return
                if os.fork() == 0:
                    for one in (requests, of_programs, selector):
                        one.close()
                    _watch(pickle.loads(message), asking, *given)
                    return
                for number in given:
                    os.close(number)
            while _reap():
                pass


def _import_detector() -> None:
    from transferpain.inputs.faces.mediapipe_tasks import starting_mediapipe

    with starting_mediapipe():
        importlib.import_module("mediapipe.tasks.python.vision")


def _reap() -> bool:
    """Take leave of a child that has ended, if there is one."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _watch(
    request: dict[str, Any], asking: socket.socket, stdout: int, stderr: int, status: int, *of_worker: int
) -> None:
    """Fork the program itself, and report its number, then its exit code; returns in the program alone, at its end."""
    program = os.fork()
    if program == 0:
        os.close(status)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.close(stdout)
        os.close(stderr)
        if of_worker:
            _settle(request)
            request["preexec_fn"]()
            forked_workers.install(lambda: asking, SPAWNED)
            forked_workers.be_worker(*of_worker)
        if not request["new_session"] and request["preexec_fn"] is None:
            for kind in (SPAWNED, SERVED) if request["preload"] == PRELOADED else (SPAWNED,):
                forked_workers.install(lambda: asking, kind)
        _run(request)
        return
    for number in (stdout, stderr, asking.fileno(), *of_worker):
        os.close(number)
    with suppress(BrokenPipeError):  # who asked for it may be gone
        write_signed(status, program)
        write_signed(status, os.waitstatus_to_exitcode(os.waitpid(program, 0)[1]))
    os._exit(0)


def _run(request: dict[str, Any]) -> None:
    """Run the program; returns, or raises, only where the interpreter has to say how it ended."""
    code: object = 0
    try:
        _become(request)
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            raise
    # What an interpreter does at its end, but for taking apart all that was imported: that takes longer than a command.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _settle(request: dict[str, Any]) -> None:
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])


def _become(request: dict[str, Any]) -> None:
    from transferpain.cli.app import main
    from transferpain.core.progress import console

    if request["new_session"]:
        os.setsid()
    _settle(request)
    console.__init__(
        stderr=True, emoji=False
    )  # it asks once, when it is made, what the environment says of the terminal
    if request["preexec_fn"]:
        request["preexec_fn"]()
    sys.argv = [request["module"] or "transferpain", *request["arguments"]]
    if request["module"] == CODE:
        exec(request["arguments"][0], {"__name__": "__main__"})
    elif request["module"]:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    else:
        main()
