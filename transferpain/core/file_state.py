"""What tells that a file is still the one that was read, without reading it again."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

# File systems note times in steps of up to two seconds: a file that changed within them may change again unseen.
STEP_NANOSECONDS = 2 * 10**9


def file_state(file: Path | os.DirEntry) -> list[int]:
    """Return a file's inode, its size, and when its content and its status changed last, in nanoseconds.

    The time of change can be set back, and whoever replaces a file may keep its size; the inode and the time at which
    the system last noted a change of either cannot be set.

    Raises:
        OSError: if there is no such file.
    """
    status = file.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def has_settled(states: Iterable[list[int]]) -> bool:
    """Tell whether files changed so long ago that another change would show in their states."""
    latest = max((max(mtime, ctime) for _, _, mtime, ctime in states), default=0)
    return time.time_ns() - latest > STEP_NANOSECONDS
