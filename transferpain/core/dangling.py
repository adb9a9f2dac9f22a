"""Links that lead nowhere: a folder or file behind one seems not to be there, and cannot be made either."""

import os
from pathlib import Path


def dangling_link(path: Path) -> str:
    """Return in words which link on the way to a path leads nowhere, the path's own included; "" where none does."""
    for one in (path, *path.parents):
        if os.path.islink(one) and not os.path.exists(one):
            return f"{one} is a link to {os.readlink(one)}, which is not there"
    return ""
