"""`inputs.json` of a report: what its page was made of, by which code, and its files; all must stand."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from transferpain.core.paths import inside
from transferpain.core.progress import note
from transferpain.core.schema import stamp
from transferpain.core.store import (
    DAY_SECONDS,
    TEMPORARY,
    file_hash,
    json_text,
    make_way,
    read_json,
    sync_folder,
    temporary_folder,
    write_json,
)

INPUTS, PAGE = "inputs.json", "index.html"
PACKAGE = Path(__file__).parents[1]
BUILT = (".pyc", ".pyo")  # of the same code with other bytes


def stands(report: Path, inputs: dict[str, Any]) -> bool:
    """Tell whether a report was made of these inputs by this code, and each of its files is what was written then.

    Args:
        report: its folder.
        inputs: JSON types.
    """
    record = _record(report)
    files, code = record.pop("files", None), record.pop("code", None)
    return (
        code == code_hash()
        and record == json.loads(json_text(stamp(inputs)))
        and bool(files)
        and not changed_files(report)
    )


def changed_files(report: Path) -> list[str]:
    """Return which files of a report are lost, or not what was written."""
    return [name for name, content in written_files(report).items() if _hash(report, name) != content]


def note_changed(report: Path) -> None:
    """Say which files of a report are lost or changed, before it is written anew."""
    if changed := changed_files(report):
        note(f"The report {report.name} is written anew: lost, or not what was written: {', '.join(changed)}")


def written_files(report: Path) -> dict[str, str]:
    """Return name -> SHA-256 of the files that a report was written with; none where nobody wrote that down."""
    files = _record(report).get("files")
    return {str(name): str(content) for name, content in files.items()} if isinstance(files, dict) else {}


@contextmanager
def written_anew(report: Path, inputs: dict[str, Any] | None = None) -> Iterator[Path]:
    """Yield an empty folder for the files of a report, which take the places of those of the former one in the end.

    Files of the former report that this one has not go, so that no table of other runs is left beside the page. What
    the toolkit did not write stays. The page comes last but the record.

    Args:
        report: the report's folder.
        inputs: JSON types, what it is made of; None where it is written whenever it is asked for.

    Raises:
        UserError: if a former file lies outside the folder.
    """
    _remove_leftovers(report)
    with temporary_folder(report) as fresh:
        yield fresh
        names = sorted((path.name for path in fresh.iterdir()), key=lambda name: (name == PAGE, name))
        files = {name: file_hash(fresh / name) for name in names}
        for name in names:
            make_way(report / name)
            (fresh / name).replace(report / name)
        for name in sorted({*written_files(report)} - {*names}):
            if inside(report, report / name).is_file():
                (report / name).unlink(missing_ok=True)
        sync_folder(report)
        make_way(report / INPUTS)
        write_json(report / INPUTS, stamp({**(inputs or {}), "code": code_hash(), "files": files}))


@cache
def code_hash() -> str:
    """Return a SHA-256 over every file of the package: another version may draw another page of the same runs."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix not in BUILT:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(PACKAGE).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _record(report: Path) -> dict[str, Any]:
    try:
        record = read_json(report / INPUTS)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _hash(report: Path, name: str) -> str:
    try:
        return file_hash(inside(report, report / name))
    except (OSError, ValueError):
        return ""


def _remove_leftovers(report: Path) -> None:
    """Remove what killed processes left; a younger one may be another process's."""
    for path in report.glob(f"{TEMPORARY}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.lstat().st_mtime > DAY_SECONDS:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
