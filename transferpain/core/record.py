"""`done` of a folder: when it was finished, and the size and SHA-256 of each file, so that no damage goes unseen."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from transferpain.core.errors import DamagedFile
from transferpain.core.file_state import file_state, has_settled
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import file_hash, fingerprint, make_way

DONE = "done"
# Up to 2.0 it held the time alone.
FORMER = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\n?")
REMEMBERED = 1 << 16


def is_time(text: str) -> bool:
    """Tell whether a text is a time as `now` writes it."""
    return bool(FORMER.fullmatch(text))


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_record(folder: Path, names: Iterable[str], **facts: Any) -> None:
    """Write `done` over files of a folder, which are on the disk already.

    Args:
        names: of the files, relative to the folder.
        facts: JSON types, what else it holds.
    """
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": file_hash(folder / name)} for name in names}
    make_way(folder / DONE)
    write_stamped(folder / DONE, {"finished": now(), "files": files, **facts})


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return what `done` of a folder holds; `None` if there is none, or it is of the former form.

    Raises:
        OSError: if it cannot be read.
        DamagedFile: if it is.
        UserError: if a later version wrote it.
    """
    path = folder / DONE
    if not path.exists() or is_former(folder):
        return None
    record = read_stamped(path)
    files = record.get("files")
    if not isinstance(files, dict) or not all(isinstance(stated, dict) for stated in files.values()):
        raise DamagedFile(f"{path} is damaged.", rule="It holds the size and the SHA-256 of each file beside it.")
    return record


def contents_of(record: dict[str, Any]) -> str:
    """Return a fingerprint of the files that a record states: that of the same files is the same, whenever written."""
    return fingerprint(record["files"])


def foreign(record: Mapping[str, Any], folder: Path, run: str = "") -> str:
    """Return whose a fold's record is, if it states another run, or another fold, than the one in whose folder it is.

    Args:
        run: the name of the run; any where it is empty.
    """
    of = str(record.get("of", ""))
    place = f"{run}/{folder.name}" if run else folder.name
    return f"those of {of}" if of and not f"/{of}".endswith(f"/{place}") else ""


def is_former(folder: Path) -> bool:
    """Tell whether `done` of a folder is of the former form, which states no files."""
    path = folder / DONE
    return path.is_file() and bool(FORMER.fullmatch(path.read_text(encoding="utf-8", errors="replace")))


def fault_of(folder: Path, record: dict[str, Any]) -> str:
    """Return which file of a folder is not as its record says, and how; "" where all are."""
    for name, stated in record["files"].items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        size = path.stat().st_size
        if size != stated.get("bytes"):
            return f"{name} has {size} bytes, not {stated.get('bytes')}"
        if hash_now(path) != stated.get("sha256"):
            return f"{name} is not the file that was written"
    return ""


def hash_now(path: Path) -> str:
    """Return the SHA-256 of a file; one that has long been there, and has not changed, is read once by a process."""
    state = file_state(path)
    return _hash_of_state(path, tuple(state)) if has_settled([state]) else file_hash(path)


@lru_cache(maxsize=REMEMBERED)
def _hash_of_state(path: Path, _state: tuple[int, ...]) -> str:
    return file_hash(path)
