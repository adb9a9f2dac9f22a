"""Whether a machine sees what this one sees: the files, their locks, the toolkit, the data.

A file is written where the works will write, and asked for on each machine. There a lock that is held here must be
held too, of a file as of one of its bytes: else two machines would train one fold, or embed one clip. And a file that
is written there must be seen here.
"""

import errno
import fcntl
import hashlib
import os
import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import transferpain
from transferpain.core.errors import UserError
from transferpain.core.locks import has_no_locks, no_locks
from transferpain.core.paths import name_in_path
from transferpain.core.store import file_hash, open_to_write
from transferpain.data.places import Places
from transferpain.experiments.environment import installed_version, project_commit

PREFIX = ".look-"
# Of the file one byte of which is locked: on a network's file system a lock of a whole file is one of all its bytes.
BYTES = "-bytes"
# Another version of one of these computes other bits.
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "opencv-python", "mediapipe")


@dataclass(frozen=True)
class Look:
    """What a machine is asked to look at.

    Attributes:
        file: that was written, and is locked; so is the first byte of the file beside it.
        token: what stands in it.
        back: that the machine is to write the token to.
        data_root, workspace: as of `Places`.
        datasets: whose index is read.
        folders: that must be there besides.
    """

    file: str
    token: str
    back: str
    data_root: str
    workspace: str
    datasets: tuple[str, ...]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a machine has seen.

    Attributes:
        problem: of the file or its lock, "" if there is none.
        toolkit: the version and commit of the toolkit, and versions of packages that change bits.
        data: dataset -> the hash of its index, or why it cannot be read.
    """

    problem: str
    toolkit: dict[str, str]
    data: dict[str, str]


def toolkit_here() -> dict[str, str]:
    """Return the toolkit's version, commit and code, and versions of packages that change bits."""
    versions = {name: installed_version(name) or "not installed" for name in PACKAGES}
    own = {"transferpain": transferpain.__version__, "commit": project_commit(), "code": _code_here()}
    return own | {"Python": platform.python_version(), **versions}


def _code_here() -> str:
    """Return a hash of the package's modules: it tells two checkouts of one commit apart of which one was changed."""
    home, digest = Path(transferpain.__file__).parent, hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home).as_posix()} {file_hash(path)}\n".encode())
    return digest.hexdigest()[:16]


def data_here(places: Places, datasets: Sequence[str]) -> dict[str, str]:
    """Return dataset -> the hash of its index, or why it cannot be read."""
    found = {}
    for name in datasets:
        try:
            found[name] = places.index(name).hash
        except UserError as error:
            found[name] = error.what
    return found


def look_here(look: Look) -> dict[str, Any]:
    """Look at what is asked for, and return the values of `Seen`; not in the process that asks, which has the locks."""
    places = Places(Path(look.data_root), Path(look.workspace))
    problem = _problem_of_file(look) or _problem_of_folders(look)
    # Without the folder, what the toolkit would say of the data says nothing more.
    data = {} if problem else data_here(places, look.datasets)
    return asdict(Seen(problem, toolkit_here(), data))


def _problem_of_folders(look: Look) -> str:
    return "; ".join(f"the folder {folder} is not there" for folder in look.folders if not os.path.isdir(folder))


def _problem_of_file(look: Look) -> str:
    folder = Path(look.file).parent
    try:
        handle = os.open(look.file, os.O_RDWR | os.O_NOFOLLOW)
    except OSError as error:
        return f"the folder {folder} is not the one that is seen here: {error.strerror}"
    try:
        if os.read(handle, 1000).decode(errors="replace") != look.token:
            return f"the folder {folder} is not the one that is seen here: the file in it is another"
        if problem := _problem_of_locks(handle, look):
            return problem
    finally:
        os.close(handle)
    try:
        with open_to_write(Path(look.back), "wb") as file:
            file.write(look.token.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = "it may not be written to" if error.errno in (errno.EACCES, errno.EROFS) else error.strerror
        return f"the folder {folder} cannot be used: {reason}"
    return ""


def _problem_of_locks(handle: int, look: Look) -> str:
    folder = Path(look.file).parent
    try:
        if _takes(lambda how: fcntl.flock(handle, how)):
            return f"locks in {folder} do not hold between machines: a file could be locked that is locked here"
        with open(look.file + BYTES, "rb+") as beside:
            if _takes(lambda how: fcntl.lockf(beside, how, 1)):
                return f"locks in {folder} do not hold between machines: a byte could be locked that is locked here"
    except OSError as error:
        if has_no_locks(error):
            return f"the file system of {folder} has no locks"
        return f"the file in {folder} could not be locked: {error.strerror}"
    return ""


def _takes(lock: Callable[[int], None]) -> bool:
    """Tell whether a lock can be had."""
    try:
        lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as systems call it of bytes
        return False
    return True


@contextmanager
def looks(
    places: Places, datasets: Sequence[str], nodes: Sequence[str], folders: Sequence[Path] = ()
) -> Iterator[dict[str, Look]]:
    """Write and lock a file in the workspace, and yield node -> what it is asked to look at; the files go in the end.

    Args:
        folders: that must be there besides.

    Raises:
        UserError: if the file system of the workspace has no locks.
    """
    token = secrets.token_hex(16)
    folder = (places.workspace / "cache").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{PREFIX}{token}"
    beside = Path(f"{file}{BYTES}")
    back = {node: folder / f"{PREFIX}{token}-{name_in_path(node)}" for node in nodes}
    try:
        with open_to_write(file, "wb") as held, open_to_write(beside, "wb") as byte:
            for written in (held, byte):
                written.write(token.encode())
                written.flush()
                os.fsync(written.fileno())
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(byte, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
            where = (str(places.data_root.resolve()), str(places.workspace.resolve()))
            more = (tuple(datasets), tuple(map(str, folders)))
            yield {node: Look(str(file), token, str(path), *where, *more) for node, path in back.items()}
    except OSError as error:
        if has_no_locks(error):
            raise no_locks(file) from error
        raise
    finally:
        for path in (file, beside, *back.values()):
            with suppress(OSError):
                path.unlink()


def differences(look: Look, seen: Seen, toolkit: Mapping[str, str], data: Mapping[str, str]) -> list[str]:
    """Say what a machine sees otherwise, a sentence part each; nothing if it sees what this one sees.

    Args:
        look: what it was asked; the file that it wrote must be there.
        toolkit, data: of this machine.
    """
    if seen.problem:
        return [seen.problem]
    found = []
    try:
        arrived = Path(look.back).read_text(encoding="utf-8") == look.token
    except OSError:
        arrived = False
    if not arrived:
        found.append(f"what it writes to {Path(look.back).parent} is not seen here")
    for name, here in toolkit.items():
        # A commit is told by git, which not every machine has; what counts is the code.
        if name != "commit" and seen.toolkit.get(name) != here:
            found.append(f"{_named(name, seen.toolkit)}, here {_named(name, toolkit)}")
    for name, here in data.items():
        if seen.data.get(name) != here:
            found.append(f"the data of {name} are others: {seen.data.get(name, 'not seen')}, here {here}")
    return found


def _named(name: str, toolkit: Mapping[str, str]) -> str:
    if name == "code":
        return f"the toolkit's code {toolkit.get(name)} of commit {toolkit.get('commit')}"
    return f"{name} {toolkit.get(name, 'not known')}"
