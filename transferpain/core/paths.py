"""Names from elsewhere as parts of paths, and paths that stay below the folder that they belong to."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from transferpain.core.errors import UserError

# What names in paths are made of; a leading dot would hide them, or lead elsewhere.
UNSAFE_BYTE = re.compile(rb"[^A-Za-z0-9_.-]|^\.")
LONGEST_NAME = 100


def name_in_path(text: str) -> str:
    """Return text from elsewhere (a subject, a fold) as one part of a path; different texts give different names.

    Up to `LONGEST_NAME` letters, digits, `_`, `-` and dots stay as they are. Of all else, and of a dot in front, the
    UTF-8 bytes are written `%2F`. Where that is longer, its beginning is kept, and 16 hexadecimal digits of the text's
    SHA-256 follow: such a name is longer than any other can be.
    """
    content = text.encode(errors="surrogatepass")  # names of files may hold what is no text
    name = UNSAFE_BYTE.sub(lambda found: b"%%%02X" % found[0][0], content).decode("ascii") or "%"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(content).hexdigest()[:16]}"


def inside(root: Path, path: Path) -> Path:
    """Return `path` if it lies below `root`, wherever links lead.

    Raises:
        UserError: if it lies anywhere else, or is `root` itself.
    """
    if root.resolve() not in path.resolve().parents:
        raise UserError(
            "A path leads out of the folder that it belongs to.",
            rule=f"Nothing is written or removed outside {root}.",
            received=path,
            todo="Remove the link, or correct the name that leads there.",
        )
    return path


def everything_below(folder: Path) -> Iterator[Path]:
    """Yield the path of whatever stands below a folder, however deep; links are not followed.

    What cannot be looked into is passed over.
    """
    waiting = [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))


def below(root: Path, name: str) -> Path:
    """Return the path that a file of settings names below `root`; a link that the user has laid there is followed.

    Raises:
        UserError: if the name leads out of `root`.
    """
    top = Path(os.path.abspath(root))
    path = Path(os.path.normpath(top / name))
    if top not in (path, *path.parents):
        raise UserError(
            "A path leads out of the folder that it belongs to.",
            rule=f"It is relative to {root}, and nothing is written outside it.",
            received=name,
            todo="Name a folder below, or lay a link there.",
        )
    return root / path.relative_to(top)
