"""What reaches the disk, and when: records syncs and renames while they are done."""

import os
from pathlib import Path

PASSING = (".partial-", ".replaced-", ".lock")  # names that nobody misses


class Disk:
    """What this process synced, and what was not on the disk when a file or folder was renamed.

    Attributes:
        synced: path -> its state when it was last synced.
        moved: target -> what was not on the disk of the file or folder that got this name.
        around: target -> what was not on the disk of all that stood beside it.
    """

    def __init__(self, monkeypatch):
        self.synced: dict[Path, tuple] = {}
        self.moved: dict[Path, list[str]] = {}
        self.around: dict[Path, list[str]] = {}
        self._fsync, self._replace = os.fsync, os.replace
        monkeypatch.setattr(os, "fsync", self.sync)
        monkeypatch.setattr(os, "replace", self.replace)

    def sync(self, handle: int) -> None:
        self._fsync(handle)
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        self.synced[path] = self.state(path)

    def replace(self, source: Path, target: Path, **places) -> None:
        self.moved[Path(target)] = self.unsynced(Path(source))
        self.around[Path(target)] = self.unsynced(Path(target).parent)
        below = {path: self.synced[path] for path in self.synced if Path(source) in (path, *path.parents)}
        self._replace(source, target, **places)
        self.synced |= {Path(target) / path.relative_to(source): state for path, state in below.items()}

    def unsynced(self, place: Path) -> list[str]:
        """Return the files and folders below `place`, and itself, that have changed since they were synced."""
        paths = [path for path in (place, *place.rglob("*")) if ".partial-" not in str(path.relative_to(place))]
        paths = [path for path in paths if not path.name.startswith(".lock")]
        return [str(path) for path in paths if self.synced.get(path, (path.stat().st_ino,)) != self.state(path)]

    @staticmethod
    def state(path: Path) -> tuple:
        """Return what changes with a file's content, or with the names in a folder that are no temporary ones."""
        facts = path.stat()
        if path.is_dir():
            return facts.st_ino, *sorted(name for name in os.listdir(path) if not name.startswith(PASSING))
        return facts.st_ino, facts.st_size, facts.st_mtime_ns
