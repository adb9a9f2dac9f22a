"""A folder that many processes use at once, or one alone; the system opens the locks of a process that was killed."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

FOLDER_LOCK = ".lock"


@contextmanager
def using_folder(folder: Path, on_wait: Callable[[], object]) -> Iterator[None]:
    """Use a folder beside other processes; wait for one that has it alone, see `alone`.

    Where the lock can neither be made nor read, as in a folder that may not be written to, nothing is held.

    Args:
        folder: it is made if it is missing.
        on_wait: called once if a process has to be waited for.
    """
    handle = None
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / FOLDER_LOCK, os.O_CREAT | os.O_RDONLY, 0o644)
    try:
        if handle is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def alone(locks: Iterable[Path]) -> Iterator[None]:
    """Hold files that stand for what processes use: nobody else holds one of them meanwhile.

    Raises:
        BlockingIOError: if a process holds one of them; its `filename` is that one.
        OSError: if a lock cannot be opened.
    """
    with ExitStack() as held:
        for lock in locks:
            handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
            held.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BlockingIOError(error.errno, error.strerror, str(lock)) from error
        yield
