"""A folder that many processes use at once, or one alone; the system opens the locks of a process that was killed."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from transferpain.core.errors import UserError

FOLDER_LOCK = ".lock"
# Names what `--lock` chose, for the processes that this one starts, too.
VARIABLE = "TRANSFERPAIN_LOCK"
# What file systems answer that have no locks.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
# A lock is made where it is missing; one that is a link is not followed, and a pipe in its place is not waited for.
PLAIN = os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


def locks_are_off() -> bool:
    """Tell whether the user has said, by `--lock none`, that one process alone works here."""
    return os.environ.get(VARIABLE, "").lower() == "none"


def has_no_locks(error: Exception) -> bool:
    """Tell whether an error says that a file system has no locks."""
    return isinstance(error, NotImplementedError) or getattr(error, "errno", None) in NO_LOCKS


def no_locks(lock: Path | str) -> UserError:
    """Return the error of a file system without locks."""
    return UserError(
        f"The file system of {lock} has no locks.",
        rule="A lock keeps two processes from writing one run, or one cache.",
        todo="Name a folder on another file system with --workspace (TRANSFERPAIN_ASSETS for the files of models); or, "
        "where one process alone works in it, put `--lock none` before the command: transferpain --lock none run ...",
    )


@contextmanager
def using_folder(folder: Path, on_wait: Callable[[], object]) -> Iterator[None]:
    """Use a folder beside other processes; wait for one that has it alone, see `alone`.

    Where the lock can neither be made nor read, as in a folder that may not be written to, nothing is held.

    Args:
        folder: it is made if it is missing.
        on_wait: called once if a process has to be waited for.

    Raises:
        UserError: if its file system has no locks.
    """
    handle = None
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if not locks_are_off():
            handle = os.open(folder / FOLDER_LOCK, os.O_RDONLY | PLAIN, 0o666)
    try:
        if handle is not None:
            try:
                _lock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB, folder)
            except BlockingIOError:
                on_wait()
                _lock(handle, fcntl.LOCK_SH, folder)
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
        UserError: if its file system has no locks.
    """
    with ExitStack() as held:
        for lock in [] if locks_are_off() else locks:
            handle = os.open(lock, os.O_RDWR | PLAIN, 0o666)
            held.callback(os.close, handle)
            try:
                _lock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, lock)
            except BlockingIOError as error:
                raise BlockingIOError(error.errno, error.strerror, str(lock)) from error
        yield


def _lock(handle: int, how: int, path: Path) -> None:
    try:
        fcntl.flock(handle, how)
    except OSError as error:
        if has_no_locks(error):
            raise no_locks(path) from error
        raise
