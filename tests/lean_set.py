"""Hides packages from the processes of a test, and from those that they start, as if they were not installed."""

import os
import sys
from pathlib import Path

OUTSIDE_LEAN = ("torch", "face_alignment", "openvino", "fastapi", "starlette", "uvicorn", "cryptography")
SITE = "from tests.lean_set import hide\n\nhide({hidden!r})\n"
ROOT = Path(__file__).parents[1]


class Refuse:
    """Tells Python that there are no such modules."""

    def __init__(self, hidden: tuple[str, ...]):
        self.hidden = hidden

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide(hidden: tuple[str, ...] = OUTSIDE_LEAN) -> None:
    """Let this process find none of the hidden top-level modules, and forget those that it has."""
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[name]
    sys.meta_path.insert(0, Refuse(hidden))


def lean_environment(folder: Path, hidden: tuple[str, ...] = OUTSIDE_LEAN) -> dict[str, str]:
    """Return the variables with which Python finds none of the hidden modules, whatever is installed.

    Args:
        folder: an empty one, where what Python reads at its start is written to.
        hidden: top-level modules.
    """
    (folder / "sitecustomize.py").write_text(SITE.format(hidden=hidden), encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT)))}
