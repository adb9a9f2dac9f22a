"""The form of files that are read again: each carries its number as `schema`, and former forms are read as today's.

One number stands for all of them, and grows when one of them changes its form. Tables lie in a
folder whose `experiment.yaml` carries it. A bundle's manifest has its own, `format`, for all files of the bundle; a
twin's mark has `generator_version`; caches have it in their keys.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.store import read_json, write_json

SCHEMA = 2
OLDEST = 1  # that is read; what carries no number is of this one

Upgrades = Mapping[int, Callable[[Any], Any]]


def stamp(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a file holds with the number of today's form."""
    return {"schema": SCHEMA} | content


def write_stamped(path: Path, content: dict[str, Any]) -> None:
    """Write `content`, stamped, atomically as indented JSON with sorted keys."""
    write_json(path, stamp(content))


def read_stamped(path: Path, upgrades: Upgrades | None = None) -> dict[str, Any]:
    """Read a JSON object in the form of today, without its number; see `as_today`.

    Raises:
        DamagedFile: if the file is no JSON object.
        UserError: as `as_today`.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise DamagedFile(f"The file {path} is damaged.", rule="It holds a JSON object.", todo="Have it written anew.")
    return as_today(content, path, upgrades)


def as_today(content: Any, path: Path, upgrades: Upgrades | None = None) -> Any:
    """Return what a file holds in the form of today, without its number.

    Args:
        content: what stands in the file; anything but a mapping carries no number.
        path: the file.
        upgrades: number of a form -> makes it the next one; a form that is not named differs in nothing.

    Raises:
        UserError: if the file is of a form that this version does not know.
    """
    number = OLDEST
    if isinstance(content, dict):
        number = content.get("schema", OLDEST)
        content = {key: value for key, value in content.items() if key != "schema"}
    if type(number) is not int or not OLDEST <= number <= SCHEMA:
        raise UserError(
            f"{path} is of a form that this version does not know.",
            rule=f"This version reads files of schema {OLDEST} to {SCHEMA}.",
            received=f"schema {number}",
            todo="Use the version of transferpain that wrote it, or a later one.",
        )
    for former in range(number, SCHEMA):
        content = (upgrades or {}).get(former, _unchanged)(content)
    return content


def _unchanged(content: Any) -> Any:
    return content
