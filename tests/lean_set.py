"""Hides packages from the processes of a test, and from those that they start, as if they were not installed."""

from pathlib import Path

OUTSIDE_LEAN = ("torch", "face_alignment", "openvino", "fastapi", "starlette", "uvicorn", "cryptography")
SITE = """import sys

HIDDEN = {hidden!r}


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Refuse())
"""


def lean_environment(folder: Path, hidden: tuple[str, ...] = OUTSIDE_LEAN) -> dict[str, str]:
    """Return the variables with which Python finds none of the hidden modules, whatever is installed.

    Args:
        folder: an empty one, where what Python reads at its start is written to.
        hidden: top-level modules.
    """
    (folder / "sitecustomize.py").write_text(SITE.format(hidden=hidden), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}
