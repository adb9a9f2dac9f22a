"""How a process of the toolkit starts and ends: quiet libraries, signals that unwind, errors that are messages."""

import logging
import os
import select
import signal
import sys
from typing import NoReturn, TextIO

from transferpain.core.errors import UserError
from transferpain.core.faults import in_our_words, in_the_way
from transferpain.core.privacy import hide_names

AGAIN_SECONDS = 0.5
STREAMS = ("stdin", "stdout", "stderr")
NO_THREAD = "can't start new thread"
PACKAGE = "transferpain"
# The status of a process that ends because it was asked to.
STOPPED = 130


class Stopped(BaseException):
    """Ctrl-C, or a cluster's request to end; not a `KeyboardInterrupt`, which the library would answer itself."""


def stop(*_: object) -> None:
    """Answer a signal: everything unwinds, temporary files go, finished ones stay.

    Libraries swallow what is raised in a destructor or a callback of theirs, so it is raised again until it unwinds.
    """
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    if not is_unwinding():
        raise Stopped


def is_unwinding() -> bool:
    """Tell whether `Stopped`, or an error on top of it, is being handled by what was interrupted."""
    return comes_of_a_stop(sys.exc_info()[1])


def comes_of_a_stop(error: BaseException | None) -> bool:
    """Tell whether an error is `Stopped` or stands on top of it, as where a library written in C met it."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__context__
    return error is not None


def say_what_was_swallowed(swallowed: "sys.UnraisableHookArgs") -> None:
    """Show an error that nobody could catch, but none that comes of a stop: that is raised again."""
    if not comes_of_a_stop(swallowed.exc_value):
        sys.__unraisablehook__(swallowed)


def stop_is_answered() -> None:
    """Say that `Stopped` was caught on purpose: it is not raised again."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def end_at_once() -> NoReturn:
    """End this process with status 0 when nothing is left to do.

    Libraries take seconds to tidy up what the system frees anyway, and wait for threads that nobody needs any more.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def prepare() -> None:
    """Silence what no user can act on, and let Ctrl-C and a request to end raise `Stopped`.

    To be called before TensorFlow or MediaPipe is imported: later their variables do not count.
    """
    open_closed_streams()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GLOG_minloglevel", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, stop)
    sys.unraisablehook = say_what_was_swallowed


def open_closed_streams() -> None:
    """Give standard input, output and error to nothing where they are closed, as under some schedulers.

    Else the next files that are opened would get their numbers, and messages would be written into them.
    """
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken, and those below are open by now.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            # As Python's own, it stays open until the end.
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def is_read(stream: TextIO) -> bool:
    """Tell whether what is written to a stream still arrives; `False` for a pipe whose reader has gone."""
    asked = select.poll()
    asked.register(stream.fileno(), select.POLLOUT)
    return not any(event & select.POLLERR for _, event in asked.poll(0))


def message_of(error: Exception) -> str:
    """Return what the user reads: a `UserError` as it is, a failed file operation with its file, a lack of memory.

    A value that breaks a schema is told in our words. Empty for anything else, which only a developer can act on.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and (said := in_the_way(error)):
        return (
            f"A folder could not be made: {hide_names(said)}.\n"
            "What was finished is kept. Make the folder that the link leads to, move what stands there away, or name "
            "another folder; then give the same command again."
        )
    if isinstance(error, ModuleNotFoundError) and not (error.name or PACKAGE).startswith(PACKAGE):
        return (
            f"A library is not installed: {error.name}\n"
            "What was finished is kept. Install the libraries of this version with `make setup`, then give the same "
            "command again."
        )
    if (said := in_our_words(error)) is not error:
        return f"A value is not as it must be: {said}"
    if isinstance(error, MemoryError) or NO_THREAD in str(error):
        return (
            f"There is too little memory: {str(error) or 'none is left'}\n"
            "What was finished is kept. Free memory, raise its limit (ulimit -v) or lower training.batch or "
            "features.batch, then give the same command again."
        )
    if not isinstance(error, OSError):
        return ""
    where = f" ({hide_names(str(error.filename))})" if error.filename else ""
    return (
        f"A file could not be read or written: {error.strerror or error}{where}\n"
        "What was finished is kept. Check space and permissions, then give the same command again."
    )
